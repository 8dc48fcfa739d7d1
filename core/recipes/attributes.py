"""The attribute recipe: crops with labelled attributes in; a calibrated attribute model out.

One softmax head for each attribute of `types.ATTRIBUTES` on a shared backbone, unlabelled cells
masked out: the multi-label model of papers/001, with colours. People kept apart give each head its
temperature; other people kept apart, and every table to measure on, say how far it can be believed.
"""

from __future__ import annotations

import math
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import IO, Any

import numpy as np
from scipy.special import softmax

from core import study
from core.metrics.bootstrap import Interval
from core.recipes import export, networks, reliability, run, samples, training
from core.recipes.export import Exported
from core.recipes.options import shown
from core.recipes.recipe import Recipe
from core.recipes.samples import Samples
from core.types import ATTRIBUTES

Tables = dict[str, dict[str, dict[str, Any]]]  # {table: {attribute: figures}}
APART = "people kept apart"


def train(recipe: Recipe, progress: IO[str] | None = sys.stderr) -> dict[str, Any]:
    """Train (or go on), calibrate, export, measure on every `eval` table, write the card."""
    trained = run.train(recipe, progress)
    out = Path(recipe.out)
    model, figures = finish(trained, recipe.name)
    run.write_table(out, [model])
    results: dict[str, Any] = {"balanced accuracy": figures}
    if recipe.eval:
        results["eval attributes"] = {
            shown(table): study.attributes(
                Path(table), directories=[out], progress=progress, model=recipe.name
            )
            for table in recipe.eval
        }
    return run.write_card(trained, [model], results)


def finish(trained: run.Bodies, name: str) -> tuple[Exported, Tables]:
    """Calibrate, judge on people kept apart and on every `eval` table, write NAME.onnx."""
    recipe, net = trained.recipe, trained.net
    assert trained.apart is not None
    calibrating, judging = trained.apart
    said = training.logits(net, calibrating, recipe)
    temperature = {n: reliability.temperature(x, calibrating.code[n]) for n, x in said.items()}
    tables = {APART: judging}
    tables |= {shown(table): samples.labelled(table, list(said)) for table in recipe.eval}
    judged = {where: _judged(trained, one, temperature) for where, one in tables.items()}
    path = Path(recipe.out) / f"{name}.onnx"
    part = networks.Judge(net, temperature)
    apart = export.export(part, path, recipe.size, list(said), 0)
    heads = {n: list(ATTRIBUTES[n]) for n in said}
    row = export.row(path, "attributes", recipe.size, {"decoder": "attributes", "heads": heads},
                     run.about(trained), _calibration(trained, temperature, judged))  # fmt: skip
    figures = {
        where: {n: {"balanced_accuracy": b.json(), **more} for n, (b, more) in one.items()}
        for where, one in judged.items()
    }
    return Exported(name, path.name, row, apart), figures


def _judged(
    trained: run.Bodies, on: Samples, temperature: Mapping[str, float]
) -> dict[str, tuple[Interval, dict[str, Any]]]:
    """{attribute: (balanced accuracy, likelihood before and after calibration)} on these crops."""
    found, prior = {}, trained.learned.priors()
    for name, x in training.logits(trained.net, on, trained.recipe).items():
        yes = softmax(x / temperature[name], axis=1) > prior[name]
        balanced = reliability.balanced(yes, on.code[name], on.person)
        found[name] = balanced, _likelihoods(x, on.code[name], temperature[name])
    return found


def _calibration(
    trained: run.Bodies,
    temperature: Mapping[str, float],
    judged: Mapping[str, Mapping[str, tuple[Interval, Any]]],
) -> dict[str, Any]:
    """What the product needs to weigh a judgement: shares in training, and what can be believed.

    balanced_accuracy  {attribute: [value, low, high]} of the table where it is judged worst, only
    where it could be measured at all;  worst_on: which table that is
    """
    worst: dict[str, tuple[Interval, str]] = {}
    for where, one in judged.items():
        for name, (balanced, _) in one.items():
            known = math.isfinite(balanced.low)
            if known and (name not in worst or balanced.low < worst[name][0].low):
                worst[name] = balanced, where
    return {
        "prior": {n: [round(float(v), 5) for v in share]
                  for n, share in trained.learned.priors().items()},
        "balanced_accuracy": {n: [round(v, 4) for v in (one.value, one.low, one.high)]
                              for n, (one, _) in worst.items()},
        "worst_on": {n: where for n, (_, where) in worst.items()},
        "temperature": {n: round(t, 4) for n, t in temperature.items()},
    }  # fmt: skip


def _likelihoods(logits: Any, code: Any, temperature: float) -> dict[str, float | None]:
    """Mean negative log likelihood before and after calibration, of people not fitted on."""
    there = np.asarray(code) >= 0
    if not there.any():
        return {"nll_before": None, "nll_after": None}
    x, y = logits[there], code[there]
    return {"nll_before": round(reliability.nll(x, y), 4),
            "nll_after": round(reliability.nll(x / temperature, y), 4)}  # fmt: skip
