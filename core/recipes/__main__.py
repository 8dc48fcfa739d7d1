"""`python -m core.recipes OPTIONS`: one training run; started by `dongseon train`.

OPTIONS is one JSON object: the fields of `recipe.Recipe`, `detection.plan.Plan`, `mtcnn.plan.Plan`,
`bareness.plan.Plan`, `detection.teacher.Lesson`, `faces.plan.Plan`, `faces.grid.Grid` or
`faces.landmarks.Search` by its `kind`, and `json` and `debug` of every verb.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Sequence
from typing import Any

from core.errors import BadInput, DongseonError, ModelError
from core.recipes.options import choice
from core.recipes.recipe import KINDS, from_options

EVERY = (
    *KINDS,
    "detection",
    "mtcnn",
    "bareness",
    "pseudo-labels",
    "faces",
    "face-grid",
    "face-landmarks",
)


def done(options: dict[str, Any]) -> tuple[dict[str, Any], str]:
    """Do what is asked for; the card, or what was labelled, and a line for people."""
    kind = options.get("kind", "")
    choice("kind", kind, EVERY)
    if kind == "pseudo-labels":
        from core.recipes.detection import teacher

        made = teacher.label(teacher.from_options(options))
        return made, f"{made['boxes']} boxes in {made['pictures']} pictures; {made['manifest']}"
    if kind == "face-landmarks":
        from core.recipes.faces import landmarks

        made = landmarks.find(landmarks.from_options(options))
        return made, f"{made['faces']} faces in {made['pictures']} pictures; {made['manifest']}"
    if kind == "face-grid":
        from core.recipes.faces import grid

        made = grid.train(grid.from_options(options))
        return made, grid.text(made)
    if kind == "faces":
        from core.recipes.faces.plan import from_options as faces_of

        faces_plan = faces_of(options)
        from core.recipes.faces import training as faces

        card = faces.train(faces_plan)
    elif kind == "detection":
        from core.recipes.detection.plan import from_options as plan_of

        plan = plan_of(options)
        from core.recipes.detection import training

        card = training.train(plan)
    elif kind == "mtcnn":
        from core.recipes.mtcnn import training as cascade
        from core.recipes.mtcnn.plan import from_options as cascade_of

        card = cascade.train(cascade_of(options))
    elif kind == "bareness":
        from core.recipes.bareness import training as judge
        from core.recipes.bareness.plan import from_options as judge_of

        card = judge.train(judge_of(options))
    else:
        recipe = from_options(options)
        from core.recipes import attributes, reid

        card = (reid if recipe.kind == "reid" else attributes).train(recipe)
    return card, _text(card)


def main(argv: Sequence[str] | None = None) -> int:
    """Run it; 0, 2 for wrong input, 1 for a fault, 130 if stopped; one sentence on stderr."""
    words = sys.argv[1:] if argv is None else list(argv)
    options = json.loads(words[0])
    as_json, debug = (bool(options.pop(name, False)) for name in ("json", "debug"))
    try:
        values, text = done(options)
    except DongseonError as error:
        if debug:
            raise
        sys.stderr.write(f"dongseon: {error}\n")
        if type(error).__name__ == "Stopped":
            return 130
        return 2 if isinstance(error, BadInput | ModelError) else 1
    sys.stdout.write((json.dumps(values, ensure_ascii=False) if as_json else text) + "\n")
    return 0


def _text(card: dict[str, Any]) -> str:
    files = ", ".join(one["file"] for one in card["files"])
    measured = "measured" if card["results"] else "not measured"
    return (f"{card['name']}: {card['epochs']} epochs in {card['seconds']} s, last loss "
            f"{card['loss']}, {measured}; wrote {files}, {card['name']}.md")  # fmt: skip


if __name__ == "__main__":
    sys.exit(main())
