"""Verbs that run the product: the app, a trial, the check of the installation, the log."""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from pathlib import Path

from core.answers import ranking_json, ranking_text, route_json, route_text
from core.cli.terminal import Verbs, actor, answer, opened, show, workspace_dir
from core.errors import DongseonError
from core.workspace import Workspace

STOP_S = 20.0  # a worker has so long to put its job back


def add(verbs: Verbs) -> None:
    """Hang the verbs of this module on the parser."""
    one = verbs.add("try", try_out, models=True)
    one.add_argument("video", nargs="+", metavar="VIDEO")
    one.add_argument("--pack", metavar="NAME")
    one.add_argument("--start", action="append", metavar="ISO8601", help="one for each video")
    one.add_argument("--place", action="append", metavar="LAT,LON", help="one for each video")
    one.add_argument("--at", type=float, metavar="SECONDS", help="into the first video")
    one.add_argument("--box", metavar="x1,y1,x2,y2", help="the person, in the first video")
    one.add_argument("--no-serve", action="store_true", help="do not open the app afterwards")
    serve_options(one)

    serve_options(verbs.add("serve", serve))
    verbs.add("doctor", doctor)
    verbs.add("audit", audit)


def serve_options(one: argparse.ArgumentParser) -> None:
    one.add_argument("--port", type=int, default=8501)
    one.add_argument("--headless", action="store_true", help="do not open a browser")
    one.add_argument("--no-worker", action="store_true", help="recordings are read elsewhere")


def serve(args: argparse.Namespace) -> int:
    """Open the app in the browser."""
    path = workspace_dir(args.workspace)
    Workspace.open(path).close()
    return serve_workspace(path, args)


def serve_workspace(workspace: Path, args: argparse.Namespace) -> int:
    """The app, and one worker beside it that ends with this process, however that ends."""
    page = Path(__file__).parents[2] / "app" / "main.py"
    command = [sys.executable, "-m", "streamlit", "run", str(page)]
    command += ["--server.port", str(args.port)]
    command += ["--server.headless", str(args.headless).lower()]
    print(f"http://127.0.0.1:{args.port}  (Ctrl+C stops it)", file=sys.stderr)
    settings = {**os.environ, "DONGSEON_WORKSPACE": str(workspace.resolve())}
    with nullcontext() if args.no_worker else _worker(workspace):
        try:
            return subprocess.call(command, env=settings, cwd=page.parent.parent)
        except KeyboardInterrupt:
            return 0


@contextmanager
def _worker(workspace: Path) -> Iterator[None]:
    """A process that reads the queue; it also ends when our end of its standard input is gone."""
    command = [sys.executable, "-m", "core.cli", "worker", "--attached", "--workspace"]
    worker = subprocess.Popen(
        [*command, str(workspace.resolve())], stdin=subprocess.PIPE, stdout=subprocess.DEVNULL
    )
    try:
        yield
    finally:
        assert worker.stdin is not None
        worker.stdin.close()
        try:
            worker.wait(timeout=STOP_S)
        except subprocess.TimeoutExpired:
            worker.kill()


def try_out(args: argparse.Namespace) -> int:
    """Videos in, a searched workspace out, then the app: to see what it does."""
    from core import trial

    plan = trial.Plan(args.video, args.start, args.place, args.at, args.box)
    path = Path(args.workspace or f"var/try-{plan.name}")
    ws = Workspace.create(path, args.pack, args.models)
    for clip, steps in trial.ingest(ws, plan):
        show(steps, clip)
    case = trial.open_case(ws, plan)
    found = ranking_json(case, ws.search(case, by=actor()), ws.zone)
    way = route_json(case, ws.route(case, by=actor()), ws.zone)
    notices = [str(notice) for notice in plan.notices]
    text = "\n".join([ranking_text(found), route_text(way), *(f"! {one}" for one in notices)])
    values = {"workspace": str(path), **found, "route": way, "notices": notices}
    answer(args, values, text)
    return 0 if args.no_serve else serve_workspace(path, args)


def doctor(args: argparse.Namespace) -> int:
    """Check the installation and the workspace."""
    from core.doctor import examine

    findings = examine(workspace_dir(args.workspace))
    marks = {"ok": "  ok ", "warn": "! warn", "error": "X error"}
    lines = [f"{marks[f.level]:<8}{f.text}" for f in findings]
    values = {"findings": [{"level": f.level, "text": str(f.text)} for f in findings]}
    answer(args, values, "\n".join(lines))
    return 1 if any(f.level == "error" for f in findings) else 0


def audit(args: argparse.Namespace) -> int:
    """Check that the log of everything done is whole."""
    book = opened(args).casebook
    broken = book.verify()
    head = book.head()
    values = {"rows": head.n, "head": head.hash, "broken": broken.n if broken else None}
    if broken is not None:
        raise DongseonError("the log is broken at row {n}: {why}", n=broken.n, why=broken.why)
    return answer(args, values, f"{head.n} rows, whole; head {head.hash}")
