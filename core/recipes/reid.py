"""The re-identification recipe: labelled crops in; a body model, measured on real crops, out.

Cross-entropy over identities with label smoothing from the first step, the batch-hard triplet loss
once the embedding has left chance, warm-up and cosine; attribute heads on the same backbone where
`attributes` gives them a weight. ResNet-50 is papers/001's baseline, OSNet its choice.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import IO, Any

from core import study
from core.recipes import attributes, run
from core.recipes.options import shown
from core.recipes.recipe import Recipe


def train(recipe: Recipe, progress: IO[str] | None = sys.stderr) -> dict[str, Any]:
    """Train (or go on), export, measure on every `eval` table, write the card; returns it."""
    trained = run.train(recipe, progress)
    out = Path(recipe.out)
    models = [run.body_model(trained)]
    results: dict[str, Any] = {}
    if trained.apart is not None:
        judge, figures = attributes.finish(trained, f"{recipe.name}_attributes")
        models.append(judge)
        results["balanced accuracy"] = figures
    run.write_table(out, models)
    if recipe.eval:
        results["eval reid"] = {
            shown(table): study.reid(Path(table), recipe.name, [out], progress)
            for table in recipe.eval
        }
    return run.write_card(trained, models, results)
