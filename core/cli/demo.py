"""Verbs for the made-up world: the demonstration city, and the program that makes such cities."""

from __future__ import annotations

import argparse
import subprocess
import sys
import time
from pathlib import Path

from core.answers import ranking_json, ranking_text, route_json, route_text
from core.cli.serving import serve_options, serve_workspace
from core.cli.terminal import Verbs, actor, answer, mode_option, show

WORKSPACE = "var/demo"


def add(verbs: Verbs) -> None:
    """Hang the verbs of this module on the parser."""
    one = verbs.add("demo", demo, models=True)
    one.add_argument("--pack", metavar="NAME")
    one.add_argument("--data", metavar="DIR", help="another city than data/demo")
    one.add_argument("--case", metavar="ID", help="which missing person; default: the first")
    mode_option(one)
    one.add_argument("--no-serve", action="store_true", help="do not open the app afterwards")
    serve_options(one)
    one = verbs.add("citizens", citizens)
    one.add_argument(
        "rest",
        nargs=argparse.REMAINDER,
        metavar="...",
        help="people, faces, sheet, city, frames, demo-data and their options",
    )


def demo(args: argparse.Namespace) -> int:
    """Build the demonstration city, search its missing person, show the route, open the app."""
    from core import demo as city
    from core.errors import NotFound
    from core.study import delivered

    began = time.monotonic()
    path = Path(args.workspace or WORKSPACE)
    data = Path(args.data) if args.data else city.DATA
    asked = delivered.problems(data)
    chosen = next((one for one in asked if args.case in (None, one["id"])), None)
    if chosen is None:
        raise NotFound(
            "there is no case {case!r} in the demo: take one of {names}",
            case=args.case[:40],
            names=", ".join(one["id"] for one in asked),
        )
    ws = city.build(path, args.models, args.pack, data)
    for camera, steps in city.ingest(ws, data):
        show(steps, camera)
    cases = {one["id"]: city.open_case(ws, one, data) for one in asked}
    case = cases[chosen["id"]]
    ranking = ws.search(case, mode=args.mode, by=actor())
    route = ws.route(case, mode=args.mode, by=actor())
    found, way = ranking_json(case, ranking, ws.zone), route_json(case, route, ws.zone)
    marks = city.score(ws, chosen["id"], ranking, route, data)
    notices = [str(one) for one in city.notices(ws)]
    seconds = round(time.monotonic() - began, 1)
    values = {"workspace": str(path), "pack": ws.pack, **found, "route": way, "notices": notices,
              "score": marks.values if marks else None, "seconds": seconds}  # fmt: skip
    lines = [ranking_text(found), route_text(way)]
    if marks is not None:
        lines.append(
            f"truth: in view {marks.visits} times, {marks.found} of them in the first "
            f"{city.TOP} candidates; {marks.right} of {marks.stops} stops of {city.SURE} or more "
            f"right, they reach {marks.reached} of the {marks.visits}"
        )
    lines += [*(f"! {one}" for one in notices), f"{seconds} s"]
    answer(args, values, "\n".join(lines))
    ws.close()
    return 0 if args.no_serve else serve_workspace(path, args)


def citizens(args: argparse.Namespace) -> int:
    """Make synthetic people, faces, cities (needs the extra `synth` and its assets)."""
    return subprocess.call([sys.executable, "-m", "core.citizens", *args.rest])
