"""`python -m core.citizens city | demo-data | cases | stills | frames`: cities, who is looked for,
detector pictures.
"""

from __future__ import annotations

import argparse
import os
import sys
import time
from pathlib import Path
from typing import Any

import cv2

from core.citizens import deliver
from core.citizens.chance import SPLITS
from core.citizens.city import Sizes
from core.citizens.daylight import HOURS, WEATHERS
from core.errors import BadInput

DEMO_SEED = 7
DEMO = Sizes(minutes=1.0, walkers=9, cases=4, absent=1, size=(1280, 720), story=True, door=True)
"""What is shipped in data/demo."""


def add(verbs: Any) -> None:
    """Hang the verbs on the parser; each sets `run`."""
    common = argparse.ArgumentParser(add_help=False)
    common.add_argument("out", type=Path, help="folder")
    common.add_argument("--assets", help="MakeHuman data folder; default $DONGSEON_MAKEHUMAN")
    common.add_argument("--workers", type=int, default=2, help="processes")
    common.add_argument("--json", action="store_true", help="print one JSON object")
    one = verbs.add_parser("city", parents=[common], help="a city: films, cases, truth")
    one.set_defaults(run=city)
    one.add_argument("--seed", type=int, default=0)
    one.add_argument("--cameras", type=int, default=10)
    one.add_argument("--minutes", type=float, default=5.0)
    one.add_argument("--walkers", type=int, default=60, help="people seen by each camera")
    one.add_argument("--cases", type=int, default=10)
    one.add_argument("--absent", type=int, default=0, help="of the cases, nowhere in the footage")
    one.add_argument("--hour", choices=HOURS, default="day")
    one.add_argument("--weather", choices=WEATHERS, default="dry")
    one.add_argument("--fps", type=int, default=8)
    one.add_argument("--width", type=int, default=960)
    one.add_argument("--split", choices=SPLITS, default="test")
    one.add_argument("--door", action="store_true", help="one camera more, at a shop's door that "
                     "the first missing person walks up to: faces show")  # fmt: skip
    one.add_argument("--quick", action="store_true", help="sooner done: small people of fewer "
                     "triangles, the grain cut out of one field")  # fmt: skip
    one = verbs.add_parser("demo-data", parents=[common], help="the demo city of data/demo")
    one.set_defaults(run=demo_data)
    one = verbs.add_parser("cases", parents=[common], help="many missing persons put to a city")
    one.set_defaults(run=cases)
    one.add_argument("--city", type=Path, required=True, metavar="DIR")
    one.add_argument("--present", type=int, default=60, help="who walk in it")
    one.add_argument("--absent", type=int, default=60, help="who never were there")
    one.add_argument("--seed", type=int, default=0)
    one = verbs.add_parser("stills", parents=[common], help="a contact sheet of a city's cameras")
    one.set_defaults(run=stills)
    one.add_argument("--city", type=Path, required=True, metavar="DIR")
    one = verbs.add_parser("frames", parents=[common], help="detector pictures with boxes")
    one.set_defaults(run=frames)
    one.add_argument("--count", type=int, default=200, help="how many pictures")
    one.add_argument("--split", choices=SPLITS, default="train")
    one.add_argument("--seed", type=int, default=0)
    one.add_argument("--masks", action="store_true", help="also which pixels are whose")
    one.add_argument("--near", action="store_true", help="one or two people near the camera, "
                     "with masks, instead of the streets of a city")  # fmt: skip


def city(args: argparse.Namespace) -> dict[str, object]:
    """Make a city of any size."""
    sizes = Sizes(
        args.cameras, args.minutes, args.walkers, args.cases, args.absent, args.hour, args.weather,
        args.fps, (args.width, round(args.width * 9 / 32) * 2), args.split,
        quick=args.quick, door=args.door,
    )  # fmt: skip
    return _make(args, args.seed, sizes)


def demo_data(args: argparse.Namespace) -> dict[str, object]:
    """Make the demo city again."""
    return _make(args, DEMO_SEED, DEMO)


def _make(args: argparse.Namespace, seed: int, sizes: Sizes) -> dict[str, object]:
    _assets(args)
    start = time.monotonic()
    for step in deliver.make(seed, sizes, args.out, args.workers):
        sys.stderr.write(f"{time.monotonic() - start:7.1f} s  {step}\n")
    size = sum(file.stat().st_size for file in args.out.rglob("*") if file.is_file())
    return {
        "folder": str(args.out),
        "megabytes": round(size / 1e6, 2),
        "seconds": round(time.monotonic() - start, 1),
        "cpu_seconds": round(sum(os.times()[:4]), 1),
    }


def cases(args: argparse.Namespace) -> dict[str, object]:
    """Put many missing persons to a city that was made."""
    from core.citizens import askings

    _assets(args)
    start = time.monotonic()
    for step in askings.make(args.city, args.out, args.present, args.absent, args.seed):
        sys.stderr.write(f"{time.monotonic() - start:7.1f} s  {step}\n")
    seconds = round(time.monotonic() - start, 1)
    return {"folder": str(args.out), "cases": args.present + args.absent, "seconds": seconds}


def stills(args: argparse.Namespace) -> dict[str, object]:
    """Write a contact sheet (PNG or JPEG by its name) of a city that was filmed."""
    from core.citizens import stills as stills_of

    image = stills_of.sheet(args.city)
    kind, quality = args.out.suffix or ".png", [cv2.IMWRITE_JPEG_QUALITY, 85]
    done, data = cv2.imencode(kind, image[:, :, ::-1], quality)
    if not done:
        raise BadInput("{path} cannot be written as a picture", path=str(args.out))
    args.out.write_bytes(data.tobytes())
    return {"sheet": str(args.out), "size": [image.shape[1], image.shape[0]]}


def frames(args: argparse.Namespace) -> dict[str, object]:
    """Make a data set of frames."""
    from core.citizens import closeups, frameset

    _assets(args)
    start = time.monotonic()
    told = args.out, args.count, args.split, args.seed, args.workers
    manifest = closeups.make(*told) if args.near else frameset.make(*told, masks=args.masks)
    seconds = round(time.monotonic() - start, 1)
    return {"manifest": str(manifest), "pictures": args.count, "seconds": seconds}


def _assets(args: argparse.Namespace) -> None:
    """Worker processes find the assets by the environment."""
    if args.assets:
        os.environ["DONGSEON_MAKEHUMAN"] = str(Path(args.assets).resolve())
