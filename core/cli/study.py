"""Verbs for figures: eval, bench, calibrate."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from core.cli import faces
from core.cli.terminal import Verbs, actor, answer, opened, workspace_dir
from core.errors import BadInput

MANIFESTS: Mapping[str, str] = {
    "reid": "path,person_id,camera_id,role",
    "detection": "path,x1,y1,x2,y2",
    "attributes": "path, and a column for each attribute",
}

MEASURED = ("reid", "detection", "attributes")  # what `eval tables` measures on manifests


def add(verbs: Verbs) -> None:
    """Hang the verbs of this module on the parser."""
    verbs.group("eval", "Figures on labelled data")
    runs = {"reid": eval_reid, "detection": eval_detection, "attributes": eval_attributes}
    for name, run in runs.items():
        one = verbs.add(name, run, group="eval", models=True)
        one.add_argument("--manifest", required=True, metavar="M.csv", help=MANIFESTS[name])
        _which(one)
        if name == "detection":
            one.add_argument("--pictures", metavar="DIR", help="the folder the paths are in; "
                             "default: the table's own")  # fmt: skip
            one.add_argument("--beside", metavar="NAME", help="a second model that sees every "
                             "picture right after the first")  # fmt: skip
    one = verbs.add("faces", eval_faces, group="eval", models=True)
    faces.options(one)
    _which(one)
    faces.kisa_options(verbs.add("kisa", eval_kisa, group="eval", models=True))
    one = verbs.add("agreement", eval_agreement, group="eval")
    one.add_argument("first", metavar="FIRST.csv", help="person, and a column for each attribute")
    one.add_argument("second", metavar="SECOND.csv", help="the same by another labeller")
    one = verbs.add("route", eval_route, group="eval", models=True)
    one.add_argument("--city", required=True, action="append", metavar="DIR", help="footage with "
                     "truth; may be given again")  # fmt: skip
    one.add_argument("--problems", type=int, default=10, metavar="N", help="in each city")
    one.add_argument("--probe", choices=("crop", "photos"), default="crop", help="what is "
                     "given: one crop as in the paper, or photos as a family gives")  # fmt: skip
    one.add_argument("--keep", metavar="DIR", help="keep what was ingested for the next run")
    one.add_argument("--pack", metavar="NAME")
    one = verbs.add("openset", eval_openset, group="eval", models=True)
    one.add_argument("--city", required=True, action="append", metavar="DIR", help="footage with "
                     "truth; may be given again")  # fmt: skip
    one.add_argument("--cases", required=True, action="append", metavar="DIR", help="what "
                     "`python -m core.citizens cases` made for it; one for each city")  # fmt: skip
    one.add_argument("--keep", metavar="DIR", help="keep what was ingested for the next run")
    one.add_argument("--fit", action="store_true", help="try the route's constants, too")
    one.add_argument("--pictures", metavar="DIR", help="write reliability diagrams (SVG)")
    one.add_argument("--pack", metavar="NAME")
    one = verbs.add("tracking", eval_tracking, group="eval", models=True)
    one.add_argument("--city", required=True, action="append", metavar="DIR", help="footage with "
                     "truth; may be given again")  # fmt: skip
    one.add_argument("--kept", metavar="DIR", help="read what `eval route --keep DIR` has kept")
    one.add_argument("--fps", type=float, default=5.0, metavar="N", help="frames a second")
    one.add_argument("--pack", metavar="NAME")
    one = verbs.add("tables", eval_tables, group="eval", models=True)
    one.add_argument("answers", nargs="*", metavar="ANSWER.json", help="what `eval reid|detection|"
                     "attributes|route --json` printed")  # fmt: skip
    for name in MEASURED:
        one.add_argument(f"--{name}", action="append", default=[], metavar="M.csv",
                         help="measure on this, too; may be given again")  # fmt: skip
    one.add_argument("--city", action="append", default=[], metavar="DIR", help="with truth")
    _which(one)

    verbs.group("bench", "Times beside a reference measured in the same run")
    for name, run in (("search", bench_search), ("rerank", bench_rerank), ("route", bench_route)):
        one = verbs.add(name, run, group="bench")
        one.add_argument("--n", type=int, metavar="N", help="tracklets, crops or sightings")
    one = verbs.add("ingest", bench_ingest, group="bench", models=True)
    one.add_argument("--video", metavar="FILE", help="default: a made-up film")
    one.add_argument("--pack", metavar="NAME")
    one = verbs.add("faces", bench_faces, group="bench", models=True)
    one.add_argument("--pack", metavar="NAME")
    verbs.add("app", bench_app, group="bench")

    one = verbs.add("calibrate", calibrate, models=True)
    one.add_argument("--model", metavar="NAME", help="with --pictures: fit it for models.toml")
    one.add_argument("--pictures", metavar="DIR", help="labelled pictures; see docs/models.md")
    one.add_argument("--cities", nargs="+", metavar="CITY", help="or films of made-up cities")
    one.add_argument("--keep", metavar="DIR", help="keep what was ingested for the next run")
    one.add_argument("--pack", metavar="NAME", help="that reads the cities' films")
    one.add_argument("--check", metavar="DIR", help="measure on these real people, not fitted")
    one.add_argument("--weaken", type=float, default=1.0, metavar="X",
                     help="all evidence times X, 0 to 1")  # fmt: skip
    one.add_argument("--write", action="store_true", help="use what was fitted for this workspace")
    one.add_argument("--undo", action="store_true", help="go back to what was used before")


def _which(one: argparse.ArgumentParser) -> None:
    one.add_argument("--model", metavar="NAME")
    one.add_argument("--pack", metavar="NAME")


def _model(args: argparse.Namespace, task: str) -> str:
    """The model named, or that of the pack named, or of the default pack.

    Raises BadInput where that pack leaves the task out, with the packs that do not.
    """
    from core import zoo

    if args.model is not None:
        return str(args.model)
    chosen = zoo.pack(args.pack or zoo.default_pack(args.models), args.models)
    if task not in chosen.tasks:
        others = [p.name for p in zoo.packs(args.models).values() if task in p.tasks]
        raise BadInput(
            "the model pack {pack} has no model of the kind {task}: name another pack with --pack "
            "(of those known here: {packs}), or a model with --model",
            pack=chosen.name,
            task=task,
            packs=", ".join(others) or "-",
        )
    return chosen.tasks[task]


# --- eval -----------------------------------------------------------------------------------------


def eval_reid(args: argparse.Namespace) -> int:
    """mAP and CMC of a body model on labelled crops, before and after re-ranking."""
    from core import study

    model = _model(args, "body_embedding")
    values = study.reid(Path(args.manifest), model, args.models, progress=sys.stderr)
    lines = []
    for how in (values, values["whitened"]):
        for name, one in (
            ("crops", how),
            ("re-ranked", how["reranked"]),
            ("tracklets", how["tracklets"]),
            ("re-ranked", how["tracklets"]["reranked"]),
        ):
            ranks = "  ".join(f"rank-{r} {one[f'rank{r}']}" for r in (1, 5, 10, 20))
            lines.append(f"{name:<12} mAP {one['map']}  {ranks}")
        if how is values:
            lines.append("without what everybody under the same camera has in common:")
    other = values["whitened"]["of_other_people"]
    if other:
        lines.append(
            "learned of other people, two halves in turn: "
            f"mAP {other['plain_map']} as they are, {other['whitened_map']} changed; "
            f"rank-1 {other['plain_rank1']}, {other['whitened_rank1']}"
        )
    lines.append(f"{model}: {values['n_query']} queries, {values['n_absent']} absent")
    return answer(args, values, "\n".join(lines))


def eval_faces(args: argparse.Namespace) -> int:
    """Accuracy, EER and TAR of a face model on labelled pairs or a public set."""
    return faces.eval_faces(args, _model(args, "face_embedding"))


def eval_kisa(args: argparse.Namespace) -> int:
    """Error rates after the form of KISA's face test: table 3 of papers/002."""
    named = args.model or [_model(args, "face_embedding")]
    return faces.eval_kisa(args, list(dict.fromkeys(named)))


def eval_detection(args: argparse.Namespace) -> int:
    """AP50 of a person detector, and precision and recall where F1 is best."""
    from core import study

    model = _model(args, "person")
    values = study.detection(Path(args.manifest), model, args.models, sys.stderr,
                             _path(args.pictures), args.beside)  # fmt: skip
    lines = [_found(one) for one in (values, *([values["beside"]] if args.beside else []))]
    if args.beside:
        lines.append(f"seconds {values['ratio']} x {args.beside}")
    lines.append(f"({values['n_boxes']} boxes in {values['n_pictures']} pictures)")
    return answer(args, values, "\n".join(lines))


def _found(one: Mapping[str, Any]) -> str:
    tall = "  ".join(f"{px} px {of['recall']} ({of['n']})"
                     for px, of in one["recall_by_height"].items())  # fmt: skip
    text = f"{one['model']}: AP50 {one['ap50']}  precision {one['precision']}  "
    return f"{text}recall {one['recall']}  {one['seconds']} s a picture\n  by height: {tall}"


def eval_attributes(args: argparse.Namespace) -> int:
    """Accuracy, precision, recall and F1 of an attribute model on labelled crops."""
    from core import study

    values = study.attributes(Path(args.manifest), args.pack, args.models, sys.stderr, args.model)
    lines = [
        f"{name:<14} {one['accuracy']}  ({one['n']})" for name, one in values["by_name"].items()
    ]
    return answer(args, values, "\n".join([*lines, f"F1 {values['f1']}"]))


def eval_agreement(args: argparse.Namespace) -> int:
    """How far two labellers agree on attributes: raw, and Cohen's kappa."""
    from core import study

    values = study.agreement(Path(args.first), Path(args.second))
    lines = ["attribute      n  agreement  kappa  only one could tell"]
    differ = []
    for name, one in values["by_name"].items():
        raw, kappa = (f"{one[key]:.2f}" if one[key] is not None else "-"
                      for key in ("agreement", "kappa"))  # fmt: skip
        lines.append(f"{name:<12} {one['n']:>3}  {raw:>9}  {kappa:>5}  {one['only_one_told']}")
        differ += [f"  {person} {name}: {a} / {b}" for person, a, b in one["differ"]]
    lines += [f"{values['n_people']} people in both, {len(differ)} labels differ", *differ]
    return answer(args, values, "\n".join(lines))


def eval_route(args: argparse.Namespace) -> int:
    """The route test of the paper's table 7 on cities with truth."""
    from core import study

    folders = [Path(folder) for folder in args.city]
    values = study.route_test(folders, args.pack, args.models, args.problems, sys.stderr,
                              _path(args.keep), args.probe)  # fmt: skip
    return answer(args, values, study.route_text(values))


def eval_openset(args: argparse.Namespace) -> int:
    """Many missing persons, present and absent, on cities with truth: what the claims are worth."""
    from core import study

    if len(args.city) != len(args.cases):
        raise BadInput("name one --cases folder for each --city, in the same order")
    cities = [(Path(city), Path(asked)) for city, asked in zip(args.city, args.cases, strict=True)]
    values = study.open_set(cities, args.pack, args.models, sys.stderr, _path(args.keep),
                            fit=args.fit)  # fmt: skip
    if args.pictures is not None:
        study.claims_pictures(values, Path(args.pictures))
    return answer(args, values, study.open_set_text(values))


def eval_tracking(args: argparse.Namespace) -> int:
    """How well people are followed on cities with truth: visits, purity, IDF1, HOTA."""
    from core import study

    folders = [Path(folder) for folder in args.city]
    values = study.track_test(folders, args.pack, args.models, sys.stderr, _path(args.kept),
                              args.fps)  # fmt: skip
    return answer(args, values, study.track_text(values))


def eval_tables(args: argparse.Namespace) -> int:
    """The papers' tables as Markdown: the paper's figure, ours, on which data."""
    from core import study

    given = study.Data(
        {name: [Path(path) for path in getattr(args, name)] for name in MEASURED},
        tuple(Path(folder) for folder in args.city),
        tuple(Path(path) for path in args.answers),
    )
    made = study.tables(given, args.model, args.pack, args.models, progress=sys.stderr)
    return answer(args, made.values, made.text)


def _path(text: str | None) -> Path | None:
    return None if text is None else Path(text)


# --- bench ----------------------------------------------------------------------------------------


def bench_search(args: argparse.Namespace) -> int:
    """Exact search against one matrix-vector product over the same data."""
    from core.study import bench

    return _bench(args, bench.search)


def bench_rerank(args: argparse.Namespace) -> int:
    """Sparse re-ranking against the dense published way."""
    from core.study import bench

    return _bench(args, bench.rerank)


def bench_route(args: argparse.Namespace) -> int:
    """The inferred route against a plain linear system."""
    from core.study import bench

    return _bench(args, bench.route)


def bench_ingest(args: argparse.Namespace) -> int:
    """Ingest against bare decoding and bare models on the same frames."""
    from core.study import bench

    video = None if args.video is None else Path(args.video)
    values = bench.ingest(video, args.pack, args.models)
    return answer(args, values, _told(values))


def bench_faces(args: argparse.Namespace) -> int:
    """Face detector and recogniser by provider, batch and picture size."""
    from core.study import bench

    values = bench.faces(args.pack, args.models)
    lines = [
        f"{row['what']:<10} {row['picture'] or row['input']:<9} batch {row['batch']:<2} "
        f"{row['ms_each']:>8} ms each  {row['model']}, {row['provider']}"
        for row in values["measured"]
    ]
    return answer(args, values, "\n".join(lines))


def bench_app(args: argparse.Namespace) -> int:
    """The first page and a search of a workspace against an empty page."""
    from core.study import bench

    opened(args).close()
    values = bench.app(workspace_dir(args.workspace))
    return answer(args, values, _told(values))


def _bench(args: argparse.Namespace, run: Callable[..., dict[str, Any]]) -> int:
    if args.n is not None and args.n < 10:
        raise BadInput("--n {n} is too small to measure: take 10 or more", n=args.n)
    values = run() if args.n is None else run(args.n)
    return answer(args, values, _told(values))


def _told(values: Mapping[str, Any]) -> str:
    first = f"{values['ratio']} x {values['reference']} ({values['seconds']} s against "
    first += f"{values['reference_seconds']} s)"
    rest = {k: v for k, v in values.items() if k not in ("ratio", "reference", "seconds")}
    return "\n".join([first, *(f"  {key}: {value}" for key, value in rest.items())])


# --- calibrate ------------------------------------------------------------------------------------


def calibrate(args: argparse.Namespace) -> int:
    """Fit score -> evidence: on labelled pictures for models.toml, or for this workspace's site."""
    from core import study

    if (args.model is not None) != (args.pictures is not None) + bool(args.cities):
        raise BadInput(
            "name --model and either --pictures or --cities, or none to calibrate a workspace"
        )
    if args.model is not None:
        cities = [Path(city) for city in args.cities or ()]
        result = study.calibrate(args.model, cities or Path(args.pictures), args.models, sys.stderr,
                                 check=_path(args.check), pack=args.pack,
                                 workspaces=_path(args.keep), weaken=args.weaken)  # fmt: skip
        return answer(args, result.values, result.text)
    if args.undo and args.write:
        raise BadInput("--undo goes back and --write goes on: give one of them")
    ws = opened(args)
    if args.undo:
        result = study.undo_site(ws, by=actor())
    else:
        result = study.fit_site(ws, write=args.write, by=actor())
    return answer(args, result.values, result.text)
