"""Verbs for finding faces: detect, eval face-detection, eval activations."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from core.cli.terminal import Verbs, answer, write
from core.errors import BadInput


def add(verbs: Verbs) -> None:
    """Hang the verbs of this module on the parser; the group `eval` is there already."""
    one = verbs.add("detect", detect, models=True)
    one.add_argument("picture", metavar="PICTURE", help="a picture, or FILM.mp4#t=SECONDS")
    one.add_argument("--stages", metavar="OUT.png", help="write what each of the three networks of "
                     "an MTCNN let pass")  # fmt: skip
    _which(one)
    one = verbs.add("face-detection", eval_face_detection, group="eval", models=True)
    one.add_argument("--manifest", metavar="M.csv", help="path,x1,y1,x2,y2 and the five points")
    one.add_argument("--pictures", metavar="PATH", help="in place of a manifest: a folder or a "
                     "film; the faces of --beside stand in for the truth")  # fmt: skip
    one.add_argument("--every", type=float, default=1.0, metavar="SECONDS", help="of a film")
    one.add_argument("--most", type=int, metavar="N", help="pictures, spread evenly over all")
    one.add_argument("--beside", metavar="NAME", help="a second face detector on the same pictures")
    _which(one)
    one = verbs.add("activations", eval_activations, group="eval")
    one.add_argument("runs", nargs="+", metavar="RUN", help="folders of `train mtcnn --nets 1`")
    one.add_argument("--curves", metavar="OUT.svg", help="write the curves as a picture")


def _which(one: argparse.ArgumentParser) -> None:
    one.add_argument("--model", metavar="NAME", help="a face detector; default: that of the pack")
    one.add_argument("--pack", metavar="NAME")


def _model(args: argparse.Namespace) -> str:
    from core import zoo

    if args.model is not None:
        return str(args.model)
    chosen = zoo.pack(args.pack or zoo.default_pack(args.models), args.models)
    if not chosen.face:
        raise BadInput("the model pack {pack} finds no faces: name a face detector with --model",
                       pack=chosen.name)  # fmt: skip
    return chosen.face


def detect(args: argparse.Namespace) -> int:
    """The faces of one picture: boxes, scores, five points; the stages of an MTCNN as a picture."""
    from core.study import facefinding
    from core.study.pictures import read

    model = _model(args)
    image = read(Path(args.picture))
    detector = facefinding.detector(model, args.models)
    faces = detector([image])[0]
    told: list[dict[str, Any]] = [
        {"box": [round(float(v), 1) for v in faces.box[k]],
         "score": round(float(faces.score[k]), 4),
         "points": [[round(float(v), 1) for v in p] for p in faces.landmarks[k]]}
        for k in range(len(faces))
    ]  # fmt: skip
    values: dict[str, Any] = {"model": model, "faces": told}
    lines = [f"{one['score']:.2f}  {one['box']}" for one in told]
    if args.stages is not None:
        counts = facefinding.stages(detector, image, faces, Path(args.stages))
        values["stages"] = counts
        lines.append("  ".join(f"{name} {n}" for name, n in counts.items()) + f": {args.stages}")
    return answer(args, values, "\n".join(lines) or "no face")


def eval_face_detection(args: argparse.Namespace) -> int:
    """How well a face detector finds faces: against truth, or beside another detector."""
    from core.study import facefinding

    if (args.manifest is None) == (args.pictures is None):
        raise BadInput("name either --manifest or --pictures")
    model = _model(args)
    if args.manifest is not None:
        values = facefinding.truth(Path(args.manifest), model, args.models, sys.stderr, args.beside)
        lines = [_found(one) for one in (values, values.get("beside")) if one]
        if args.beside:
            lines.append(f"seconds {values['ratio']} x {args.beside}")
        return answer(args, values, "\n".join(lines))
    if args.beside is None:
        raise BadInput("--pictures have no truth: name a detector to compare with, with --beside")
    if args.every <= 0 or (args.most is not None and args.most < 1):
        raise BadInput("--every must be above 0 and --most 1 or more")
    values = facefinding.agreement_with(Path(args.pictures), model, args.beside, args.models,
                                        sys.stderr, args.every, args.most)  # fmt: skip
    text = (f"{model} beside {args.beside}: best box the same in {values['best']} of "
            f"{values['n_with_face']} pictures; {values['found']} of its {values['n_faces']} faces "
            f"found; {values['extra']} boxes more ({values['extra_each']} a picture of "
            f"{values['n_pictures']}); seconds {values['ratio']} x")  # fmt: skip
    return answer(args, values, text)


def _found(one: Mapping[str, Any]) -> str:
    wide = "  ".join(f"{px} px {of['recall']} ({of['n']})"
                     for px, of in one["recall_by_width"].items())  # fmt: skip
    used = one["in_use"]
    return (f"{one['model']}: AP50 {one['ap50']}  in use: recall {used['recall']}, "
            f"{used['false_each']} false boxes a picture; points off by {one['points_error']} "
            f"widths; {one['seconds']} s a picture\n  by width: {wide} ({one['n_faces']} faces in "
            f"{one['n_pictures']} pictures)")  # fmt: skip


def eval_activations(args: argparse.Namespace) -> int:
    """P-Net by activation: figure 2 of papers/000 on runs that differ in nothing else."""
    from core.study.activating import JUDGED, activations

    found = activations([Path(folder) for folder in args.runs])
    if args.curves is not None:
        write(args.curves, found.curves)
    lines = [
        f"{name:<11} " + "  ".join(f"{text} {one[key]}" for key, text in JUDGED.items())
        for name, one in found.values["by_activation"].items()
    ]
    return answer(args, found.values, "\n".join(lines))
