"""`python -m core.citizens`: data sets and contact sheets of synthetic people, whole cities."""

from __future__ import annotations

import argparse
import json
import sys
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

import cv2
from tqdm import tqdm

from core.citizens import assets, cityverbs, datasets, sheets, varied
from core.citizens.datasets import Faces, People, Plan
from core.citizens.kface import SIZES, KFaces, chosen
from core.citizens.varied import VariedFaces
from core.errors import BadInput, DongseonError


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m core.citizens", description=__doc__)
    verbs = parser.add_subparsers(dest="verb", required=True)
    common = argparse.ArgumentParser(add_help=False)
    common.add_argument("out", type=Path, help="folder (people, faces) or PNG file (sheet)")
    common.add_argument("--assets", help="MakeHuman data folder; default $DONGSEON_MAKEHUMAN")
    common.add_argument("--count", type=int, default=100, help="how many citizens")
    common.add_argument("--split", default="train", choices=("train", "test"))
    common.add_argument("--seed", type=int, default=0)
    common.add_argument("--workers", type=int, default=2, help="processes")
    common.add_argument("--json", action="store_true", help="print one JSON object")
    people = verbs.add_parser("people", parents=[common], help="whole-body crops with attributes")
    people.add_argument("--crops", type=int, default=5, help="crops per citizen and camera")
    people.add_argument("--cameras", type=int, default=2)
    people.add_argument("--pairs", type=int, default=5, help="groups of cameras")
    people.add_argument("--no-night", action="store_true", help="no street lamps, no infrared")
    people.add_argument("--own", type=float, default=0.0, metavar="SHARE",
                        help="of citizens in clothes that nobody else wears")  # fmt: skip
    people.add_argument("--near", type=float, default=1.0, metavar="TIMES",
                        help="people so many times as tall in the pictures")  # fmt: skip
    people.add_argument("--empty", action="store_true", help="leak probe: nobody is drawn")
    faces = verbs.add_parser("faces", parents=[common], help="face crops with landmarks")
    faces.add_argument("--shots", type=int, default=10, help="shots per citizen")
    faces.add_argument("--yaw", type=float, default=50.0, help="largest turn, degrees")
    faces.add_argument("--no-masks", action="store_true")
    faces.add_argument("--varied", action="store_true", help="crops to learn faces from: skin in "
                       "detail, several days, any light, up to 50 degrees")  # fmt: skip
    faces.add_argument("--days", type=int, default=3, help="with --varied: hair, glasses and so on")
    faces.add_argument("--world", type=float, default=0.5, metavar="SHARE", help="with --varied: "
                       "people with ancestors from anywhere")  # fmt: skip
    faces.add_argument("--masked", type=float, default=0.0, metavar="SHARE", help="with --varied: "
                       "days with a mask over mouth and nose")  # fmt: skip
    kface = verbs.add_parser("kface", parents=[common], help="a folder like K-Face's")
    kface.add_argument(
        "--cells",
        default="kisa",
        metavar="kisa|kface|S001/L1/E01/C7,...",
        help="what is drawn: table 3 of papers/002, the whole grid, or these",
    )
    kface.add_argument("--size", choices=tuple(SIZES), default="kisa")
    proof = verbs.add_parser("proof", help="how real and how hard the citizens are, in figures")
    proof.add_argument("--manifest", type=Path, help="a set of `people`: how hard it is")
    proof.add_argument("--empty", type=Path, metavar="MANIFEST",
                       help="the same set made with --empty: may tell nothing")  # fmt: skip
    proof.add_argument("--models", type=Path, help="folder of public models to measure with")
    proof.add_argument("--assets", help="MakeHuman data folder; default $DONGSEON_MAKEHUMAN")
    proof.add_argument("--json", action="store_true", help="print one JSON object")
    sheet = verbs.add_parser("sheet", parents=[common], help="a contact sheet to look at")
    sheet.add_argument("--kind", choices=("people", "faces", "varied"), default="people")
    sheet.add_argument("--cameras", type=int, default=4)
    cityverbs.add(verbs)
    return parser


def _bar(done: Iterator[int], total: int) -> Iterator[int]:
    yield from tqdm(done, total=total, unit="citizen", file=sys.stderr)


def _sheet(args: argparse.Namespace) -> dict[str, object]:
    from core.citizens.render import Renderer

    renderer = Renderer(assets.load(args.assets), supersample=2)
    if args.kind == "faces":
        image = sheets.face_sheet(renderer, Faces(40, 2, args.split, args.seed))
    elif args.kind == "varied":
        image = varied.sheet(renderer, VariedFaces(12, split=args.split, seed=args.seed))
    else:
        plan = People(12, 1, args.cameras, 3, args.split, args.seed)
        image = sheets.people_sheet(renderer, plan)
    ok, data = cv2.imencode(args.out.suffix or ".png", image[:, :, ::-1])
    if not ok:
        raise BadInput("{path} cannot be written as a picture", path=str(args.out))
    args.out.write_bytes(data.tobytes())
    return {"sheet": str(args.out), "size": [image.shape[1], image.shape[0]]}


def _proof(args: argparse.Namespace) -> dict[str, object]:
    from core.citizens import proof
    from core.citizens.render import Renderer

    out: dict[str, object] = {}
    if args.manifest is not None:
        out |= proof.hardness(args.manifest, args.models, args.empty)
    elif args.models is not None:
        renderer = Renderer(assets.load(args.assets), supersample=2)
        out |= proof.faces(renderer, args.models) | proof.bodies(renderer, args.models)
    else:
        raise BadInput("give --manifest, --models, or both")
    return {k: round(v, 4) if isinstance(v, float) else v for k, v in out.items()}


def _set(args: argparse.Namespace) -> dict[str, object]:
    plan: Plan
    if args.verb == "people":
        plan = People(args.count, args.crops, args.cameras, args.pairs, args.split, args.seed,
                      night=not args.no_night, empty=args.empty, own=args.own,
                      near=args.near)  # fmt: skip
        pictures = args.count * args.crops * args.cameras
    elif args.verb == "kface":
        plan = KFaces(args.count, args.cells, args.size, args.split, args.seed)
        pictures = args.count * len(chosen(args.cells))
    elif args.varied:
        plan = VariedFaces(args.count, args.shots, args.days, args.split, args.seed,
                           yaw_deg=args.yaw, world=args.world, masks=args.masked)  # fmt: skip
        pictures = args.count * args.shots
    else:
        plan = Faces(args.count, args.shots, args.split, args.seed, args.yaw,
                     masks=not args.no_masks)  # fmt: skip
        pictures = args.count * args.shots
    start = time.monotonic()
    manifest = datasets.make(plan, args.out, args.assets, args.workers, _bar)
    seconds = time.monotonic() - start
    return {"manifest": str(manifest), "pictures": pictures, "seconds": round(seconds, 1)}


def main(argv: Sequence[str] | None = None) -> int:
    """Run one verb; 0, or 2 for wrong input and 1 for a fault, with one sentence on stderr."""
    args = _parser().parse_args(argv)
    try:
        if "run" in args:
            answer = args.run(args)
        else:
            answer = {"sheet": _sheet, "proof": _proof}.get(args.verb, _set)(args)
    except DongseonError as error:
        sys.stderr.write(f"{error}\n")
        return 2 if isinstance(error, BadInput) else 1
    words = json.dumps(answer) if args.json else "\n".join(f"{k}: {v}" for k, v in answer.items())
    sys.stdout.write(words + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
