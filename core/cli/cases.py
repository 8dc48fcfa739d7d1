"""Verbs for a case: open it, search, judge, infer the route."""

from __future__ import annotations

import argparse
import json
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from core.answers import ranking_json, ranking_text, route_json, route_text
from core.casebook import Export
from core.cli.terminal import Verbs, actor, answer, mode_option, opened, write
from core.errors import BadInput, NotFound
from core.types import VERDICTS, LastSeen, Route, numbers, parse_time, wants
from core.workspace import Window, Workspace, iso_time

STOP_COLUMNS = {key: key for key in ("stop", "camera", "place", "from", "to", "word", "travel")}
NO_REASON = "command-line search, no reason given"


def add(verbs: Verbs) -> None:
    """Hang the verbs of this module on the parser."""
    verbs.group("case", "Cases")
    one = verbs.add("new", case_new, group="case")
    one.add_argument("--title", required=True)
    one.add_argument("--photo", action="append", default=[], metavar="P")
    one.add_argument("--last-seen", metavar="TIME,LAT,LON[,RADIUS_M]")
    one.add_argument("--reason", required=True)
    _probe_options(one)
    verbs.add("list", case_list, group="case")

    one = verbs.add("search", search)
    one.add_argument("case", nargs="?", metavar="CASE")
    one.add_argument("--photo", action="append", default=[], metavar="P")
    one.add_argument("--from-clip", metavar="FILE")
    one.add_argument("--at", type=float, metavar="SECONDS_INTO_IT")
    one.add_argument("--box", metavar="x1,y1,x2,y2")
    one.add_argument("--reason", metavar="R")
    one.add_argument("--from", dest="start", metavar="T")
    one.add_argument("--to", dest="end", metavar="T")
    one.add_argument("--camera", nargs="+", action="extend", metavar="ID")
    mode_option(one)
    one.add_argument("--top", type=int, default=50)
    _probe_options(one)

    one = verbs.add("judge", judge)
    one.add_argument("case", metavar="CASE")
    one.add_argument("tracklet", metavar="TRACKLET")
    one.add_argument("verdict", choices=[v for v in VERDICTS if v != "not_here"])
    one.add_argument("--by", required=True)
    one.add_argument("--why", default="")

    one = verbs.add("coverage", coverage)
    one.add_argument("case", metavar="CASE")
    one.add_argument("--from", dest="start", metavar="T")
    one.add_argument("--to", dest="end", metavar="T")
    verbs.add("securing", securing).add_argument("case", metavar="CASE")

    one = verbs.add("route", route)
    one.add_argument("case", metavar="CASE")
    mode_option(one)
    one.add_argument("--html", metavar="FILE", help="a map that opens without a network")
    one.add_argument("--geojson", metavar="FILE")
    one.add_argument("--kml", metavar="FILE", help="for other map programs, with times")
    one.add_argument("--csv", metavar="FILE", help="the stops as a table")
    one.add_argument("--svg", metavar="FILE", help="a still picture")
    one.add_argument("--card", metavar="FILE", help="the dispatch card, one page to print")
    one.add_argument("--way", default="best", metavar="KEY", help="best, other2, rival, steady")


def _probe_options(one: argparse.ArgumentParser) -> None:
    one.add_argument("--attr", nargs="+", action="extend", default=[], metavar="NAME=VALUE")
    one.add_argument("--same-clothes", action="store_true", help="the photo shows today's clothes")


def case_new(args: argparse.Namespace) -> int:
    """Open a case."""
    case = opened(args).new_case(
        args.title,
        photos=args.photo,
        attributes=_pairs(args.attr),
        last_seen=_last_seen(args.last_seen),
        reason=args.reason,
        same_clothes=args.same_clothes,
        by=actor(),
    )
    return answer(args, {"case": case}, case)


def case_list(args: argparse.Namespace) -> int:
    """Show the cases."""
    ws = opened(args)
    cases = ws.cases()
    values = {"cases": [{"case": c.id, "title": c.title} for c in cases]}
    lines = [f"{c.id}  {iso_time(c.opened_s, ws.zone)[:16]}  {c.title}" for c in cases]
    return answer(args, values, "\n".join(lines) or "no cases yet")


def search(args: argparse.Namespace) -> int:
    """Look for a person in the gallery."""
    ws = opened(args)
    cameras, between, top, mode = args.camera, _between(args), args.top, args.mode
    ws.need_search(cameras, between, top, mode)  # before a case is opened for it
    case = _search_case(args, ws)
    ranking = ws.search(case, cameras=cameras, between=between, top=top, mode=mode, by=actor())
    values = ranking_json(case, ranking, ws.zone)
    return answer(args, values, ranking_text(values))


def _search_case(args: argparse.Namespace, ws: Workspace) -> str:
    """The case named, or a new one for the photos, the drawn box, or the ticks alone given."""
    ways = sum([args.case is not None, bool(args.photo), args.from_clip is not None])
    if ways > 1 or not (ways or args.attr):
        raise BadInput(
            "name one of: a case, --photo, --from-clip with --at and --box, or --attr alone"
        )
    if args.case is not None:
        return str(args.case)
    if args.from_clip is not None and (args.at is None or args.box is None):
        raise BadInput("--from-clip needs --at SECONDS and --box x1,y1,x2,y2")
    box = numbers(args.box, 4, "--box") if args.box is not None else []
    if args.from_clip is not None and not Path(args.from_clip).exists():
        raise NotFound("there is no footage at {path}", path=args.from_clip)
    if args.from_clip is not None:
        ws.need_box(args.from_clip, args.at, box)  # before a case is opened for it
    if not ways:
        ws.need_ticks(wants(_pairs(args.attr)))
    given = args.from_clip or (args.photo[0] if args.photo else None)
    source = ", ".join(args.attr) if given is None else Path(given).name
    case = ws.new_case(
        f"search with {source}"[:200],
        photos=args.photo,
        attributes=_pairs(args.attr),
        reason=args.reason or NO_REASON,
        same_clothes=args.same_clothes,
        by=actor(),
    )
    if args.from_clip is not None:
        ws.draw_box(case, args.from_clip, args.at, box, by=actor())
    return case


def judge(args: argparse.Namespace) -> int:
    """Say what you think of a candidate."""
    opened(args).judge(args.case, args.tracklet, args.verdict, by=args.by, why=args.why)
    values = {"case": args.case, "tracklet_id": args.tracklet, "verdict": args.verdict}
    return answer(args, values, f"{args.tracklet}: {args.verdict}")


def route(args: argparse.Namespace) -> int:
    """Infer the route of a case."""
    ws = opened(args)
    inferred = ws.route(args.case, mode=args.mode, by=actor())
    if any((args.html, args.geojson, args.kml, args.csv, args.svg, args.card)):
        _write_route(args, ws, inferred)
    values = route_json(args.case, inferred, ws.zone)
    return answer(args, values, route_text(values))


def _write_route(args: argparse.Namespace, ws: Workspace, inferred: Route) -> None:
    """Write the files asked for; all of one way."""
    from core import routemap

    story = routemap.tell(ws, args.case, inferred, now_s=time.time())
    if args.way not in (known := [way.key for way in story.ways]):
        raise BadInput(
            "this route has no way {way}: use one of {known}",
            way=args.way[:40],
            known=", ".join(known),
        )
    way, seen, zone = story.way(args.way), story.last_seen, story.zone
    shown = (way.route, story.cameras)
    files: list[tuple[Export, str | None, Callable[[], str]]] = [
        (
            "map",
            args.html,
            lambda: routemap.map_html(story.draw(way, assets="inline", tiles=False)),
        ),
        (
            "geojson",
            args.geojson,
            lambda: _geojson(routemap.route_geojson(*shown, zone, last_seen=seen)),
        ),
        (
            "kml",
            args.kml,
            lambda: routemap.route_kml(*shown, title=story.title, last_seen=seen, tz=zone),
        ),
        (
            "csv",
            args.csv,
            lambda: routemap.stops_csv(routemap.route_rows(*shown, zone), STOP_COLUMNS),
        ),
        ("svg", args.svg, lambda: routemap.route_svg(*shown, **story.options())),
        ("card", args.card, lambda: routemap.card_html(routemap.dispatch_card(ws, story))),
    ]
    for what, path, made in files:
        if path is not None:
            text = made()
            ws.casebook.log_export(args.case, what, text, by=actor(), way=way.key)
            write(path, text)


def _geojson(shapes: dict[str, Any]) -> str:
    return json.dumps(shapes, ensure_ascii=False, indent=1)


def coverage(args: argparse.Namespace) -> int:
    """How far the footage of every camera has come: one state for every moment."""
    from core.coverage import timeline, timeline_json, timeline_text

    ws, (low, high) = opened(args), _between(args)
    if (low is None) != (high is None):
        raise BadInput("give both --from and --to, or neither")
    between = None if low is None or high is None else (low, high)
    found = timeline(ws, args.case, between, now_s=time.time())
    values = timeline_json(args.case, found, ws.zone)
    return answer(args, values, timeline_text(values))


def securing(args: argparse.Namespace) -> int:
    """Which footage to ask for, by each recorder's own clock, and until when it is kept."""
    from core import securing as listing

    ws = opened(args)
    items = listing.securing(ws, args.case, now_s=time.time())
    values = listing.securing_json(args.case, items, ws.zone)
    return answer(args, values, listing.securing_text(values))


def _pairs(items: Sequence[str]) -> dict[str, str]:
    wrong = next((item for item in items if "=" not in item), None)
    if wrong is not None:
        raise BadInput("{item!r} is not an attribute: write name=value", item=wrong[:40])
    return dict(item.split("=", 1) for item in items)


def _last_seen(text: str | None) -> LastSeen | None:
    """TIME,LAT,LON[,RADIUS] -> LastSeen."""
    if text is None:
        return None
    moment, _, place = text.partition(",")
    at = parse_time(moment)
    values = numbers(place, 3 if place.count(",") == 2 else 2, "--last-seen after the time")
    return LastSeen(at, at, *values)


def _between(args: argparse.Namespace) -> Window:
    low = parse_time(args.start) if args.start else None
    high = parse_time(args.end) if args.end else None
    return low, high
