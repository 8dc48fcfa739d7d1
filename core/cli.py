"""The command line: one verb, one function.

Answers go to stdout (with --json as one object), progress and errors to stderr. Exit code 0 is
done, 2 a wrong input said in one sentence, 1 a fault. No traceback without --debug.
"""

from __future__ import annotations

import argparse
import getpass
import json
import os
import subprocess
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from core.answers import ranking_json, ranking_text, route_json, route_text
from core.errors import BadInput, DongseonError, ModelError, NotFound
from core.types import VERDICTS, Camera, LastSeen, Progress, numbers, parse_time
from core.workspace import Window, Workspace, iso_time

NO_REASON = "command-line search, no reason given"


# --- shared by verbs ------------------------------------------------------------------------------


def workspace_dir(given: str | None) -> Path:
    """--workspace, else DONGSEON_WORKSPACE, else var/default; an empty variable means unset."""
    return Path(given or os.environ.get("DONGSEON_WORKSPACE") or "var/default")


def _open(args: argparse.Namespace) -> Workspace:
    return Workspace.open(workspace_dir(args.workspace))


def _answer(args: argparse.Namespace, values: dict[str, Any], text: str) -> int:
    print(json.dumps(values, ensure_ascii=False, allow_nan=False) if args.json else text)
    return 0


def _actor() -> str:
    try:
        return getpass.getuser()
    except (KeyError, OSError):  # a container's user may have no name
        return "officer"


def _show(steps: Iterator[Progress], label: str) -> Progress | None:
    """Run a long job with a progress bar on stderr; returns its last step."""
    from tqdm import tqdm

    last = None
    with tqdm(desc=label, unit="s", file=sys.stderr, leave=False, delay=0.5) as bar:
        for last in steps:
            bar.total = round(last.total, 1)
            bar.n = min(round(last.done, 1), bar.total)
            bar.set_postfix_str(f"{last.tracklets} people", refresh=False)
            bar.refresh()
    return last


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


# --- verbs ----------------------------------------------------------------------------------------


def init(args: argparse.Namespace) -> int:
    """Make a workspace."""
    path = Path(args.directory) if args.directory else workspace_dir(args.workspace)
    made = Workspace.create(path, args.pack, args.models)
    values = {"workspace": str(path), "pack": made.pack}
    return _answer(args, values, f"workspace {path} with the model pack {made.pack}")


def camera_add(args: argparse.Namespace) -> int:
    """Add or correct a camera."""
    from core.cameralist import recorder

    ws = _open(args)
    camera = Camera(
        args.id,
        args.name or args.id,
        args.recorder or args.id,
        args.lat,
        args.lon,
        args.heading,
        args.view_range,
    )
    known = ws.recorders().get(camera.recorder_id)
    told = args.clock_offset is not None or args.clock_sigma is not None
    clock = (
        recorder(camera.recorder_id, args.clock_offset, args.clock_sigma)
        if told or known is None
        else known
    )
    ws.add_camera(camera, clock, by=_actor())
    return _answer(args, {"camera": camera.id}, f"camera {camera.id}")


def camera_import(args: argparse.Namespace) -> int:
    """Add or correct every camera of a CSV table."""
    cameras = [camera.id for camera in _open(args).import_cameras(args.file, by=_actor())]
    return _answer(args, {"cameras": cameras}, f"{len(cameras)} cameras: {', '.join(cameras)}")


def camera_list(args: argparse.Namespace) -> int:
    """Show the cameras."""
    cameras = _open(args).cameras()
    values = {"cameras": [vars(camera) for camera in cameras.values()]}
    lines = [f"{c.id:<12} {c.name}  {c.lat}, {c.lon}" for c in cameras.values()]
    return _answer(args, values, "\n".join(lines) or "no cameras yet")


def ingest(args: argparse.Namespace) -> int:
    """Look for people in one piece of footage."""
    ws = _open(args)
    steps = ws.ingest(args.source, camera=args.camera, start=args.start, fps=args.fps, by=_actor())
    last = _show(steps, Path(args.source).name)
    assert last is not None
    values = {
        "camera": args.camera,
        "seconds": round(last.total, 2),
        "tracklets": ws.counts()[args.camera],
        "new_tracklets": last.tracklets,
        "state": str(last.text),
    }
    text = f"{args.source}: {last.text}, {last.tracklets} people in {last.total:.0f} s"
    return _answer(args, values, text)


def case_new(args: argparse.Namespace) -> int:
    """Open a case."""
    case = _open(args).new_case(
        args.title,
        photos=args.photo,
        attributes=_pairs(args.attr),
        last_seen=_last_seen(args.last_seen),
        reason=args.reason,
        same_clothes=args.same_clothes,
        by=_actor(),
    )
    return _answer(args, {"case": case}, case)


def case_list(args: argparse.Namespace) -> int:
    """Show the cases."""
    ws = _open(args)
    cases = ws.cases()
    values = {"cases": [{"case": c.id, "title": c.title} for c in cases]}
    lines = [f"{c.id}  {iso_time(c.opened_s, ws.zone)[:16]}  {c.title}" for c in cases]
    return _answer(args, values, "\n".join(lines) or "no cases yet")


def search(args: argparse.Namespace) -> int:
    """Look for a person in the gallery."""
    ws = _open(args)
    case = _search_case(args, ws)
    ranking = ws.search(
        case,
        cameras=args.camera,
        between=_between(args),
        top=args.top,
        mode=args.mode,
        by=_actor(),
    )
    values = ranking_json(case, ranking, ws.zone)
    return _answer(args, values, ranking_text(values))


def _search_case(args: argparse.Namespace, ws: Workspace) -> str:
    """The case named, or a new one for the photos or the drawn box given."""
    ways = sum([args.case is not None, bool(args.photo), args.from_clip is not None])
    if ways != 1:
        raise BadInput("name one of: a case, --photo, or --from-clip with --at and --box")
    if args.case is not None:
        return str(args.case)
    if args.from_clip is not None and (args.at is None or args.box is None):
        raise BadInput("--from-clip needs --at SECONDS and --box x1,y1,x2,y2")
    box = numbers(args.box, 4, "--box") if args.box is not None else []
    if args.from_clip is not None and not Path(args.from_clip).exists():
        raise NotFound("there is no footage at {path}", path=args.from_clip)
    source = Path(args.from_clip or args.photo[0]).name
    case = ws.new_case(
        f"search with {source}"[:200],
        photos=args.photo,
        attributes=_pairs(args.attr),
        reason=args.reason or NO_REASON,
        same_clothes=args.same_clothes,
        by=_actor(),
    )
    if args.from_clip is not None:
        ws.draw_box(case, args.from_clip, args.at, box, by=_actor())
    return case


def judge(args: argparse.Namespace) -> int:
    """Say what you think of a candidate."""
    _open(args).judge(args.case, args.tracklet, args.verdict, by=args.by, why=args.why)
    values = {"case": args.case, "tracklet_id": args.tracklet, "verdict": args.verdict}
    return _answer(args, values, f"{args.tracklet}: {args.verdict}")


def route(args: argparse.Namespace) -> int:
    """Infer the route of a case."""
    from core import routemap

    ws = _open(args)
    inferred = ws.route(args.case, by=_actor())
    if args.html:
        seen = ws.case(args.case).last_seen
        drawn = routemap.route_map(inferred, ws.cameras(), last_seen=seen, assets="inline")
        _write(args.html, routemap.map_html(drawn))
    if args.geojson:
        shapes = routemap.route_geojson(inferred, ws.cameras())
        _write(args.geojson, json.dumps(shapes, ensure_ascii=False, indent=1))
    values = route_json(args.case, inferred, ws.zone)
    return _answer(args, values, route_text(values))


def _write(path: str, text: str) -> None:
    try:
        Path(path).write_text(text, encoding="utf-8")
    except OSError as error:
        raise BadInput("{path} cannot be written: {why}", path=path, why=error.strerror) from None


def models_list(args: argparse.Namespace) -> int:
    """Show packs, files, licences, and what is here."""
    from core import zoo

    values: dict[str, Any] = {"packs": {}}
    lines = []
    known = zoo.rows(args.models)
    for name, pack in zoo.packs(args.models).items():
        absent = {row.name for row in zoo.missing(name, args.models)}
        lines.append(f"{name}: {pack.title}{'' if absent else ' (complete)'}\n  {pack.notice}")
        values["packs"][name] = {"complete": not absent, "files": []}
        for row in (known[model] for model in pack.models):
            state = "missing" if row.name in absent else "here"
            calibrated = "calibrated" if row.calibration else "not calibrated"
            size = f"{row.bytes / 1e6:.1f} MB"
            lines.append(f"  {state:<8} {row.file:<44} {size:>9}  {row.licence}; {calibrated}")
            values["packs"][name]["files"].append(
                {"model": row.name, "file": row.file, "here": row.name not in absent}
            )
    return _answer(args, values, "\n".join(lines))


def models_fetch(args: argparse.Namespace) -> int:
    """Download the missing files of a pack, after asking."""
    from tqdm import tqdm

    from core import zoo

    rows = zoo.missing(args.pack, args.models)
    for row in rows:
        print(f"{row.file}: {row.bytes / 1e6:.1f} MB, {row.licence}", file=sys.stderr)
    if rows and not args.yes:
        if not sys.stdin.isatty():
            raise BadInput("nothing was downloaded: add --yes to agree to these files and licences")
        if input("download these? [y/N] ").strip().lower() not in ("y", "yes"):
            return 0
    for row in rows:
        with tqdm(total=row.bytes, unit="B", unit_scale=True, desc=row.file) as bar:
            zoo.fetch(row, lambda done, total, bar=bar: bar.update(done - bar.n))  # type: ignore[misc]
    fetched = [row.name for row in rows]
    return _answer(
        args, {"fetched": fetched}, f"fetched: {', '.join(fetched) or 'nothing missing'}"
    )


def models_import(args: argparse.Namespace) -> int:
    """Bring weight files from a file or folder."""
    from core import zoo

    names = [row.name for row in zoo.import_files(args.source)]
    return _answer(args, {"imported": names}, f"imported: {', '.join(names)}")


def models_verify(args: argparse.Namespace) -> int:
    """Check the sha256 of every weight file that is here."""
    from core import zoo

    checked = []
    for row in zoo.rows(args.models).values():
        path = zoo.find(row, args.models)
        if path is not None:
            zoo.verify(row, path)
            checked.append(row.name)
    if not checked:
        raise ModelError("no weight file was found: name a folder with --models DIR")
    return _answer(args, {"verified": checked}, f"verified: {', '.join(checked)}")


def serve(args: argparse.Namespace) -> int:
    """Open the app in the browser."""
    path = workspace_dir(args.workspace)
    Workspace.open(path).close()
    return _serve(path, args.port, args.headless)


def _serve(workspace: Path, port: int, headless: bool) -> int:
    page = Path(__file__).parent.parent / "app" / "main.py"
    command = [sys.executable, "-m", "streamlit", "run", str(page)]
    command += ["--server.port", str(port), "--server.headless", str(headless).lower()]
    print(f"http://127.0.0.1:{port}  (Ctrl+C stops it)", file=sys.stderr)
    settings = {**os.environ, "DONGSEON_WORKSPACE": str(workspace.resolve())}
    try:
        return subprocess.call(command, env=settings, cwd=page.parent.parent)
    except KeyboardInterrupt:
        return 0


def try_out(args: argparse.Namespace) -> int:
    """Videos in, a searched workspace out, then the app: to see what it does."""
    from core import trial

    plan = trial.Plan(args.video, args.start, args.place, args.at, args.box)
    path = Path(args.workspace or f"var/try-{plan.name}")
    ws = Workspace.create(path, args.pack, args.models)
    for clip, steps in trial.ingest(ws, plan):
        _show(steps, clip)
    case = trial.open_case(ws, plan)
    found = ranking_json(case, ws.search(case, by=_actor()), ws.zone)
    way = route_json(case, ws.route(case, by=_actor()), ws.zone)
    notices = [str(notice) for notice in plan.notices]
    text = "\n".join([ranking_text(found), route_text(way), *(f"! {one}" for one in notices)])
    values = {"workspace": str(path), **found, "route": way, "notices": notices}
    _answer(args, values, text)
    return 0 if args.no_serve else _serve(path, args.port, args.headless)


def doctor(args: argparse.Namespace) -> int:
    """Check the installation and the workspace."""
    from core.doctor import examine

    findings = examine(workspace_dir(args.workspace))
    marks = {"ok": "  ok ", "warn": "! warn", "error": "X error"}
    lines = [f"{marks[f.level]:<8}{f.text}" for f in findings]
    values = {"findings": [{"level": f.level, "text": str(f.text)} for f in findings]}
    _answer(args, values, "\n".join(lines))
    return 1 if any(f.level == "error" for f in findings) else 0


def audit(args: argparse.Namespace) -> int:
    """Check that the log of everything done is whole."""
    book = _open(args).casebook
    broken = book.verify()
    head = book.head()
    values = {"rows": head.n, "head": head.hash, "broken": broken.n if broken else None}
    if broken is not None:
        raise DongseonError("the log is broken at row {n}: {why}", n=broken.n, why=broken.why)
    return _answer(args, values, f"{head.n} rows, whole; head {head.hash}")


def calibrate(args: argparse.Namespace) -> int:
    """Fit score -> evidence for a model on labelled pictures, and print it for models.toml."""
    from core import study

    result = study.calibrate(args.model, Path(args.pictures), args.models, progress=sys.stderr)
    return _answer(args, result.values, result.text)


def eval_reid(args: argparse.Namespace) -> int:
    """mAP and CMC of a body model on labelled crops."""
    from core import study

    model = _model(args, "body_embedding")
    values = study.reid(Path(args.manifest), model, args.models, progress=sys.stderr)
    ranks = "  ".join(f"rank-{r} {values[f'rank{r}']}" for r in (1, 5, 10, 20))
    text = f"{model}: mAP {values['map']}  {ranks}  ({values['n_query']} queries, "
    return _answer(args, values, f"{text}{values['n_absent']} absent)")


def eval_faces(args: argparse.Namespace) -> int:
    """Accuracy, EER and TAR of a face model on labelled pairs."""
    from core import study

    model = _model(args, "face_embedding")
    values = study.faces(Path(args.manifest), model, args.models, progress=sys.stderr)
    text = f"{model}: accuracy {values['accuracy']}  EER {values['eer']}  "
    text += f"TAR at FAR .01 {values['tar_at_far_0.01']}  by width {values['by_width']}  "
    return _answer(args, values, f"{text}({values['n_face_not_found']} faces not found)")


def _model(args: argparse.Namespace, task: str) -> str:
    """The model named, or that of the pack named, or of the first complete pack."""
    from core import zoo

    if args.model is not None:
        return str(args.model)
    return str(getattr(zoo.pack(args.pack or zoo.default_pack(args.models), args.models), task))


# --- the parser -----------------------------------------------------------------------------------


def parser() -> argparse.ArgumentParser:
    """Every verb with its options."""
    common = argparse.ArgumentParser(add_help=False)
    common.add_argument("--workspace", metavar="DIR", help="default: $DONGSEON_WORKSPACE, "
                        "else var/default")  # fmt: skip
    common.add_argument("--json", action="store_true", help="answer with one JSON object")
    common.add_argument("--debug", action="store_true", help="show tracebacks")
    models = argparse.ArgumentParser(add_help=False)
    models.add_argument("--models", metavar="DIR", action="append", default=[],
                        help="folder with weight files; may be given again")  # fmt: skip

    top = argparse.ArgumentParser(
        prog="dongseon", description="Find a missing person in CCTV: candidates, reasons, route."
    )
    verbs = top.add_subparsers(dest="verb", required=True, metavar="VERB")

    def verb(name: str, run: Any, *parents: argparse.ArgumentParser, into: Any = None) -> Any:
        one = (into or verbs).add_parser(
            name, help=run.__doc__.splitlines()[0], description=run.__doc__,
            parents=[common, *parents], allow_abbrev=False,
        )  # fmt: skip
        one.set_defaults(run=run)
        return one

    def group(name: str, text: str) -> Any:
        return verbs.add_parser(name, help=text).add_subparsers(required=True, metavar="VERB")

    one = verb("init", init, models)
    one.add_argument("directory", nargs="?", metavar="DIR")
    one.add_argument("--pack", metavar="NAME")

    cameras = group("camera", "Cameras and their recorders' clocks")
    one = verb("add", camera_add, into=cameras)
    one.add_argument("--id", required=True)
    one.add_argument("--name")
    one.add_argument("--lat", type=float)
    one.add_argument("--lon", type=float)
    one.add_argument("--recorder", help="recorders share one clock; default: one of its own")
    one.add_argument("--clock-offset", type=float, metavar="S", help="added to reach true time")
    one.add_argument("--clock-sigma", type=float, metavar="S", help="how sure that is")
    one.add_argument("--heading", type=float, metavar="DEG")
    one.add_argument("--view-range", type=float, metavar="M", default=30.0)
    verb("import", camera_import, into=cameras).add_argument("file", metavar="FILE.csv")
    verb("list", camera_list, into=cameras)

    one = verb("ingest", ingest)
    one.add_argument("source", metavar="SOURCE", help="a video, or a folder of pictures")
    one.add_argument("--camera", required=True)
    one.add_argument("--start", required=True, metavar="ISO8601", help="as the camera's clock said")
    one.add_argument("--fps", type=float, default=5.0, help="frames looked at a second")

    cases = group("case", "Cases")
    one = verb("new", case_new, into=cases)
    one.add_argument("--title", required=True)
    one.add_argument("--photo", action="append", default=[], metavar="P")
    one.add_argument("--last-seen", metavar="TIME,LAT,LON[,RADIUS_M]")
    one.add_argument("--reason", required=True)
    _probe_options(one)
    verb("list", case_list, into=cases)

    one = verb("search", search)
    one.add_argument("case", nargs="?", metavar="CASE")
    one.add_argument("--photo", action="append", default=[], metavar="P")
    one.add_argument("--from-clip", metavar="FILE")
    one.add_argument("--at", type=float, metavar="SECONDS_INTO_IT")
    one.add_argument("--box", metavar="x1,y1,x2,y2")
    one.add_argument("--reason", metavar="R")
    one.add_argument("--from", dest="start", metavar="T")
    one.add_argument("--to", dest="end", metavar="T")
    one.add_argument("--camera", nargs="+", action="extend", metavar="ID")
    one.add_argument("--mode", choices=("fused", "overlap"), default="fused")
    one.add_argument("--top", type=int, default=50)
    _probe_options(one)

    one = verb("judge", judge)
    one.add_argument("case", metavar="CASE")
    one.add_argument("tracklet", metavar="TRACKLET")
    one.add_argument("verdict", choices=[v for v in VERDICTS if v != "not_here"])
    one.add_argument("--by", required=True)
    one.add_argument("--why", default="")

    one = verb("route", route)
    one.add_argument("case", metavar="CASE")
    one.add_argument("--html", metavar="FILE", help="a map that opens without a network")
    one.add_argument("--geojson", metavar="FILE")

    packs = group("models", "Weight files")
    verb("list", models_list, models, into=packs)
    one = verb("fetch", models_fetch, models, into=packs)
    one.add_argument("pack", metavar="PACK")
    one.add_argument("--yes", action="store_true", help="agree to the files and their licences")
    verb("import", models_import, into=packs).add_argument("source", metavar="FILE_OR_DIR")
    verb("verify", models_verify, models, into=packs)

    one = verb("try", try_out, models)
    one.add_argument("video", nargs="+", metavar="VIDEO")
    one.add_argument("--pack", metavar="NAME")
    one.add_argument("--start", action="append", metavar="ISO8601", help="one for each video")
    one.add_argument("--place", action="append", metavar="LAT,LON", help="one for each video")
    one.add_argument("--at", type=float, metavar="SECONDS", help="into the first video")
    one.add_argument("--box", metavar="x1,y1,x2,y2", help="the person, in the first video")
    one.add_argument("--no-serve", action="store_true", help="do not open the app afterwards")
    _serve_options(one)

    _serve_options(verb("serve", serve))
    verb("doctor", doctor)
    verb("audit", audit)

    evals = group("eval", "Figures on labelled pictures")
    for name, run, columns in (
        ("reid", eval_reid, "path,person_id,camera_id,role"),
        ("faces", eval_faces, "path_a,path_b,same[,width_b]"),
    ):
        one = verb(name, run, models, into=evals)
        one.add_argument("--manifest", required=True, metavar="M.csv", help=columns)
        one.add_argument("--model", metavar="NAME")
        one.add_argument("--pack", metavar="NAME")

    one = verb("calibrate", calibrate, models)
    one.add_argument("--model", required=True, metavar="NAME")
    one.add_argument("--pictures", required=True, metavar="DIR", help="labelled pictures; see "
                     "docs/models.md")  # fmt: skip
    return top


def _probe_options(one: argparse.ArgumentParser) -> None:
    one.add_argument("--attr", nargs="+", action="extend", default=[], metavar="NAME=VALUE")
    one.add_argument("--same-clothes", action="store_true", help="the photo shows today's clothes")


def _serve_options(one: argparse.ArgumentParser) -> None:
    one.add_argument("--port", type=int, default=8501)
    one.add_argument("--headless", action="store_true", help="do not open a browser")


def main(argv: Sequence[str] | None = None) -> int:
    """Run one verb; returns the exit code."""
    args = parser().parse_args(argv)
    try:
        return int(args.run(args))
    except DongseonError as error:
        if args.debug:
            raise
        print(f"dongseon: {error}", file=sys.stderr)
        return 2 if isinstance(error, BadInput | ModelError) else 1
    except KeyboardInterrupt:
        print("dongseon: stopped; finished footage is kept", file=sys.stderr)
        return 130
    except BrokenPipeError:
        return 0
    except Exception as error:  # the process boundary: a fault is said in one line
        if args.debug:
            raise
        print(f"dongseon: internal fault ({type(error).__name__}: {error}); run with --debug",
              file=sys.stderr)  # fmt: skip
        return 1


if __name__ == "__main__":
    sys.exit(main())
