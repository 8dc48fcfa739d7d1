"""The attribute recipe: crops with labelled attributes in; a calibrated attribute model out.

One softmax head for each attribute of `types.ATTRIBUTES` on a shared backbone, unlabelled cells
masked out: the multi-label model of papers/001, with colours. People kept apart give each head its
temperature, other people kept apart how far it can be believed.
"""

from __future__ import annotations

import math
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import IO, Any

import numpy as np

from core import study
from core.metrics.bootstrap import Interval
from core.recipes import export, networks, reliability, run, training
from core.recipes.export import Exported
from core.recipes.recipe import Recipe, shown
from core.types import ATTRIBUTES


def train(recipe: Recipe, progress: IO[str] | None = sys.stderr) -> dict[str, Any]:
    """Train (or go on), calibrate, export, measure on every `eval` table, write the card."""
    trained = run.train(recipe, progress)
    out = Path(recipe.out)
    model, figures = finish(trained, recipe.name)
    run.write_table(out, [model])
    results: dict[str, Any] = {"people kept apart": figures}
    if recipe.eval:
        results["eval attributes"] = {
            shown(table): study.attributes(
                Path(table), directories=[out], progress=progress, model=recipe.name
            )
            for table in recipe.eval
        }
    return run.write_card(trained, [model], results)


def finish(trained: run.Trained, name: str) -> tuple[Exported, dict[str, Any]]:
    """Calibrate and judge on the people kept apart, write NAME.onnx; its row and its figures."""
    recipe, net = trained.recipe, trained.net
    assert trained.apart is not None
    calibrating, judging = trained.apart
    said = training.logits(net, calibrating, recipe)
    temperature = {n: reliability.temperature(x, calibrating.code[n]) for n, x in said.items()}
    said = training.logits(net, judging, recipe)
    balanced = {
        n: reliability.balanced(x.argmax(axis=1), judging.code[n], judging.person,
                                len(ATTRIBUTES[n]))
        for n, x in said.items()
    }  # fmt: skip
    path = Path(recipe.out) / f"{name}.onnx"
    part = networks.Judge(net, temperature)
    apart = export.export(part, path, recipe.size, list(said), 0)
    heads = {n: list(ATTRIBUTES[n]) for n in said}
    row = export.row(path, "attributes", recipe.size, {"decoder": "attributes", "heads": heads},
                     run.about(trained), _calibration(trained, temperature, balanced))  # fmt: skip
    figures = {n: {"balanced_accuracy": one.json(), "temperature": round(temperature[n], 4),
                   **_likelihoods(said[n], judging.code[n], temperature[n])}
               for n, one in balanced.items()}  # fmt: skip
    return Exported(name, path.name, row, apart), {"held_out": figures}


def _calibration(
    trained: run.Trained, temperature: Mapping[str, float], balanced: Mapping[str, Interval]
) -> dict[str, Any]:
    """What the product needs to weigh a judgement: shares in training, and what can be believed.

    balanced_accuracy  {attribute: [value, low, high]}, only where it could be measured
    """
    known = {n: one for n, one in balanced.items() if math.isfinite(one.low)}
    return {
        "prior": {n: [round(float(v), 5) for v in share]
                  for n, share in trained.learned.priors().items()},
        "balanced_accuracy": {n: [round(v, 4) for v in (one.value, one.low, one.high)]
                              for n, one in known.items()},
        "temperature": {n: round(t, 4) for n, t in temperature.items()},
        "made_from": f"{trained.apart[1].people if trained.apart else 0} people kept apart",
    }  # fmt: skip


def _likelihoods(logits: Any, code: Any, temperature: float) -> dict[str, float | None]:
    """Mean negative log likelihood before and after calibration, of people not fitted on."""
    there = np.asarray(code) >= 0
    if not there.any():
        return {"nll_before": None, "nll_after": None}
    x, y = logits[there], code[there]
    return {"nll_before": round(reliability.nll(x, y), 4),
            "nll_after": round(reliability.nll(x / temperature, y), 4)}  # fmt: skip
