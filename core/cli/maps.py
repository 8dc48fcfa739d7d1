"""Verbs for what maps are drawn on: an imported base map, an agency's own map server."""

from __future__ import annotations

import argparse
from pathlib import Path

from core.cli.terminal import Verbs, answer, opened
from core.errors import BadInput, NotFound


def add(verbs: Verbs) -> None:
    """Hang the verbs of this module on the parser."""
    verbs.group("basemap", "What maps are drawn on")
    one = verbs.add("import", basemap_import, group="basemap")
    one.add_argument("file", metavar="FILE.geojson")
    one = verbs.add("server", basemap_server, group="basemap")
    one.add_argument("url", nargs="?", metavar="URL", help="http://.../{z}/{x}/{y}.png, or WMS")
    one.add_argument("--layers", default="", metavar="L1,L2", help="the WMS layers")
    one.add_argument("--attribution", default="", metavar="TEXT")
    one.add_argument("--none", action="store_true", help="ask no map server any more")
    verbs.add("remove", basemap_remove, group="basemap")
    verbs.add("show", basemap_show, group="basemap")


def basemap_import(args: argparse.Namespace) -> int:
    """Draw maps on the streets and areas of a GeoJSON file."""
    from core import routemap

    ws = opened(args)
    file = Path(args.file)
    try:
        data = file.read_bytes()
    except FileNotFoundError:
        raise NotFound("there is no file {path}", path=file) from None
    except OSError as error:
        raise BadInput("{path} cannot be read: {why}", path=file, why=error.strerror) from None
    kept = routemap.import_base(ws.path, data, ws.cameras().values())
    (south, west), (north, east) = kept.corners
    values = {
        "kinds": dict(kept.kinds),
        "names": kept.names,
        "bounds": [west, south, east, north],
        "cameras_inside": kept.cameras_inside,
        "cameras": kept.cameras,
    }
    kinds = ", ".join(f"{n} {kind}" for kind, n in kept.kinds.items())
    text = f"base map: {kinds}; {kept.names} names"
    text += f"\n{kept.cameras_inside} of {kept.cameras} cameras lie on it"
    return answer(args, values, text)


def basemap_server(args: argparse.Namespace) -> int:
    """Draw maps on the agency's own map server."""
    from core import routemap

    ws = opened(args)
    if (args.url is None) == (not args.none):
        raise BadInput("name the address of a map server, or --none")
    tiles = None if args.none else routemap.Tiles(args.url, args.layers, args.attribution)
    routemap.set_tiles(ws.path, tiles)
    said = f"maps ask {tiles.origin}" if tiles else "maps ask no server"
    return answer(args, {"server": tiles.url if tiles else None}, said)


def basemap_remove(args: argparse.Namespace) -> int:
    """Forget the imported base map."""
    from core import routemap

    routemap.remove_base(opened(args).path)
    return answer(args, {"removed": True}, "base map removed: maps show a metric grid")


def basemap_show(args: argparse.Namespace) -> int:
    """Say what maps are drawn on."""
    from core import routemap

    here = routemap.ground(opened(args).path)
    shapes = len(here.base["features"]) if here.base is not None else 0
    server = here.tiles.url if here.tiles is not None else None
    text = f"base map: {shapes} shapes" if shapes else "no base map: maps show a metric grid"
    return answer(
        args, {"shapes": shapes, "server": server}, text + (f"\nserver: {server}" if server else "")
    )
