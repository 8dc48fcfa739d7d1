"""Verbs for what is searched: the workspace, its cameras, its footage."""

from __future__ import annotations

import argparse
import os
import signal
import sys
import threading
import time
from pathlib import Path
from typing import get_args

from core import footage
from core.casebook import JobState, NewJob
from core.casebook.jobs import LEASE_S
from core.cli.terminal import Verbs, actor, answer, opened, show, workspace_dir, write
from core.types import Camera, parse_time
from core.worker import Worker
from core.workspace import Window, Workspace


def add(verbs: Verbs) -> None:
    """Hang the verbs of this module on the parser."""
    one = verbs.add("init", init, models=True)
    one.add_argument("directory", nargs="?", metavar="DIR")
    one.add_argument("--pack", metavar="NAME")

    verbs.group("camera", "Cameras and their recorders' clocks")
    one = verbs.add("add", camera_add, group="camera")
    one.add_argument("--id", required=True)
    one.add_argument("--name")
    one.add_argument("--lat", type=float)
    one.add_argument("--lon", type=float)
    one.add_argument("--recorder", help="recorders share one clock; default: one of its own")
    one.add_argument("--clock-offset", type=float, metavar="S", help="added to reach true time")
    one.add_argument("--clock-sigma", type=float, metavar="S", help="how sure that is")
    one.add_argument("--heading", type=float, metavar="DEG")
    one.add_argument("--view-range", type=float, metavar="M", default=30.0)
    one = verbs.add("clock", camera_clock, group="camera")
    one.add_argument("--recorder", required=True, metavar="ID")
    one.add_argument("--showed", required=True, metavar="ISO8601", help="the recorder's screen")
    one.add_argument("--true", required=True, metavar="ISO8601", help="a phone at that moment")
    one.add_argument("--told", action="store_true", help="said by the owner, not photographed")
    verbs.add("export", camera_export, group="camera").add_argument("file", metavar="FILE.csv")
    verbs.add("import", camera_import, group="camera").add_argument("file", metavar="FILE.csv")
    verbs.add("list", camera_list, group="camera")

    one = verbs.add("ingest", ingest)
    one.add_argument("source", metavar="SOURCE", help="a video, or a folder of pictures")
    one.add_argument("--camera", required=True)
    one.add_argument("--start", required=True, metavar="ISO8601", help="as the camera's clock said")
    one.add_argument("--fps", type=float, default=5.0, help="frames looked at a second")
    one.add_argument("--from", dest="begin", metavar="T", help="true time: only what shows it")
    one.add_argument("--to", dest="end", metavar="T")
    one.add_argument("--queue", action="store_true", help="leave it to `dongseon worker`")

    verbs.add("reindex", reindex)

    one = verbs.add("worker", worker)
    one.add_argument("--once", action="store_true", help="end when nothing waits any more")
    one.add_argument("--threads", type=int, metavar="N", help="for the models; default: all cores")
    one.add_argument("--watch-folder", action="append", default=[], metavar="DIR",
                     help="read what appears there, from now on; may be given again")  # fmt: skip
    one.add_argument("--lease", type=float, default=LEASE_S, metavar="S",
                     help="another worker takes over so long after this one died")  # fmt: skip
    one.add_argument("--attached", action="store_true", help="end when standard input closes")


def init(args: argparse.Namespace) -> int:
    """Make a workspace."""
    path = Path(args.directory) if args.directory else workspace_dir(args.workspace)
    made = Workspace.create(path, args.pack, args.models)
    values = {"workspace": str(path), "pack": made.pack}
    return answer(args, values, f"workspace {path} with the model pack {made.pack}")


def camera_add(args: argparse.Namespace) -> int:
    """Add or correct a camera."""
    from core.cameralist import recorder

    ws = opened(args)
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
    ws.add_camera(camera, clock, by=actor())
    return answer(args, {"camera": camera.id}, f"camera {camera.id}")


def camera_clock(args: argparse.Namespace) -> int:
    """Correct a recorder's clock by what it and a phone showed at one moment."""
    from core.clockcheck import check_clock

    recorder = check_clock(
        opened(args),
        args.recorder,
        parse_time(args.showed),
        parse_time(args.true),
        now_s=time.time(),
        how="told" if args.told else "photo",
        by=actor(),
    )
    offset_s, sigma_s = recorder.clock_offset_s, recorder.clock_sigma_s
    values = {"recorder": recorder.id, "clock_offset_s": offset_s, "clock_sigma_s": sigma_s,
              "how": recorder.how}  # fmt: skip
    return answer(args, values, f"recorder {recorder.id}: {offset_s:+.0f} s, +-{sigma_s:.0f} s")


def camera_export(args: argparse.Namespace) -> int:
    """Write every camera into a CSV table that `camera import` reads."""
    from core.cameralist import table

    ws = opened(args)
    whole = table(ws.cameras(), ws.recorders())
    ws.casebook.log_export(None, "cameras", whole, by=actor())
    write(args.file, whole.decode("utf-8"))
    return answer(args, {"cameras": list(ws.cameras())}, f"{len(ws.cameras())} cameras")


def camera_import(args: argparse.Namespace) -> int:
    """Add or correct every camera of a CSV table."""
    cameras = [camera.id for camera in opened(args).import_cameras(args.file, by=actor())]
    return answer(args, {"cameras": cameras}, f"{len(cameras)} cameras: {', '.join(cameras)}")


def camera_list(args: argparse.Namespace) -> int:
    """Show the cameras."""
    cameras = opened(args).cameras()
    values = {"cameras": [vars(camera) for camera in cameras.values()]}
    lines = [f"{c.id:<12} {c.name}  {c.lat}, {c.lon}" for c in cameras.values()]
    return answer(args, values, "\n".join(lines) or "no cameras yet")


def ingest(args: argparse.Namespace) -> int:
    """Look for people in one recording, or in the part of it that shows a window of time."""
    ws = opened(args)
    between = (
        parse_time(args.begin) if args.begin else None,
        parse_time(args.end) if args.end else None,
    )
    if args.queue:
        return _queue(args, ws, between)
    steps = ws.ingest(
        args.source,
        camera=args.camera,
        start=args.start,
        fps=args.fps,
        between=between,
        by=actor(),
    )
    last = show(steps, Path(args.source).name)
    assert last is not None
    values = {
        "camera": args.camera,
        "seconds": round(last.total, 2),
        "tracklets": ws.counts()[args.camera],
        "new_tracklets": last.tracklets,
        "state": str(last.text),
    }
    text = f"{args.source}: {last.text}, {last.tracklets} people in {last.total:.0f} s"
    return answer(args, values, text)


def reindex(args: argparse.Namespace) -> int:
    """Describe footage anew that other models described, from the pictures that were kept."""
    ws = opened(args)
    last = show(ws.recordings.reindex(by=actor()), "reindex", unit="clips")
    assert last is not None
    values = {"clips": int(last.total), "people": last.tracklets}
    text = f"{values['clips']} clips, {values['people']} people described anew"
    return answer(args, values, text)


def _queue(args: argparse.Namespace, ws: Workspace, between: Window) -> int:
    """Put the recording into the queue."""
    stamp, path = footage.state(args.source), str(Path(args.source).resolve())
    asked = NewJob(args.camera, path, parse_time(args.start), args.fps, between, stamp)
    job = ws.jobs.add(asked, by=actor())
    return answer(args, {"job": job}, f"job {job}: `dongseon worker` reads it")


def worker(args: argparse.Namespace) -> int:
    """Read the recordings of the queue, and those that appear in watched folders, until stopped."""
    if args.threads:
        os.environ["DONGSEON_THREADS"] = str(args.threads)
    stop = threading.Event()
    for signal_ in (signal.SIGTERM, signal.SIGINT):
        signal.signal(signal_, lambda *_: stop.set())
    if args.attached:
        threading.Thread(target=_until_closed, args=(stop,), daemon=True).start()
    ws = opened(args)
    for folder in args.watch_folder:
        ws.casebook.folders.watch(str(footage.existing(folder).resolve()), by=actor())
    turns = Worker(ws, stop=stop, lease_s=args.lease).run(once=args.once)
    jobs = ws.jobs.all()
    ws.close()
    states = {state: sum(job.state == state for job in jobs) for state in get_args(JobState)}
    text = ", ".join(f"{n} {state}" for state, n in states.items() if n)
    return answer(args, {"turns": turns, "jobs": states}, text or "no jobs")


def _until_closed(stop: threading.Event) -> None:
    """Stop when whoever started this process is gone: then its end of the pipe is closed."""
    while os.read(sys.stdin.fileno(), 1):  # holds no lock that the end of the process waits for
        pass
    stop.set()
