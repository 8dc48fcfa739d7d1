"""Facts about long recordings: cut on a grid, nobody lost or doubled where two pieces meet."""

from __future__ import annotations

import math
import random
import subprocess
import sys
import time
from contextlib import closing
from pathlib import Path

import numpy as np
import pytest
import tiny
from everything import contents

from core import pieces
from core.casebook import Casebook
from core.errors import BadInput, FootageError, Unfinished
from core.footage import Film
from core.types import Camera, Clip, Recorder
from core.workspace import Workspace

START = "2026-05-01T09:00:00+09:00"
START_S = 1777593600.0
FPS = 5.0
PIECE_S = 8.0
LENGTH_S = 42.0
posix = pytest.mark.skipif(sys.platform == "win32", reason="needs POSIX signals")

CHILD = """
import sys
from core.workspace import Workspace
path, film, *order = sys.argv[1:]
ws = Workspace.open(path)
plan = ws.recordings.plan(film, camera="c1", start_s=1777593600.0, by="")
for n in map(int, order) if order else range(len(plan.wanted)):
    if plan.wanted[n] in ws.recordings.left(plan):
        for _ in ws.recordings.look(plan, plan.wanted[n]):
            print(".", flush=True)
            sys.stdin.readline()
ws.recordings.note_done(plan)
ws.close()
"""


def film(**changes) -> Film:
    values = {
        "path": "x",
        "sha256": "ab" * 32,
        "size": (8, 6),
        "duration_s": 100.0,
        "gaps": (),
        "frames": 100,
        "kind": "video",
        "timing": "stamps",
    }
    return Film(**{**values, **changes})


def cut(made: Film, piece_s: float = 600.0) -> list[Clip]:
    return [one.clip for one in pieces.cut(made, "c1", "x", 1000.0, piece_s)]


@pytest.fixture(scope="module")
def long_film(tmp_path_factory, make_film) -> Path:
    """People who cross now and then, also over the lines, and one who stands there all the time."""

    def crosser(outfit, top, every_s, take_s, way_px):
        def where(t):
            part = (t % every_s) / take_s
            return (way_px * part if part < 1 else -1000.0, top)

        return outfit, where

    people = [
        crosser(tiny.RED, 118.0, 10.0, 6.0, 290),
        crosser(tiny.GREEN, 10.0, 13.0, 5.0, 220),
        (tiny.TEAL, lambda t: (285.0 + 4 * math.sin(t), 10.0) if 1 < t < 40 else (-1000.0, 10.0)),
    ]
    times = [i / 5 for i in range(int(LENGTH_S * 5))]
    path = tmp_path_factory.mktemp("long") / "long.mp4"
    return make_film(path, times, tiny.FRAME, tiny.figures(people))


def made(path: Path, pack: Path, piece_s: float = PIECE_S) -> Workspace:
    ws = Workspace.create(path, "tiny", [pack], piece_s=piece_s)
    ws.add_camera(Camera("c1", "c1", "c1"), Recorder("c1", 30.0, 1.0, START_S, "photo"))
    return ws


def ingest(ws: Workspace, source: Path, **asked) -> list:
    return list(ws.ingest(source, camera="c1", start=START, fps=FPS, **asked))


@pytest.fixture
def ws(tmp_path, tiny_pack):
    opened = made(tmp_path / "ws", tiny_pack)
    yield opened
    opened.close()


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory, tiny_pack, long_film) -> dict[str, object]:
    """What a workspace holds after all pieces were looked at, one after the other."""
    path = tmp_path_factory.mktemp("undisturbed") / "ws"
    opened = made(path, tiny_pack)
    ingest(opened, long_film)
    opened.close()
    return contents(path)


def seen(ws: Workspace) -> list[tuple[float, ...]]:
    """Every box of every tracklet with its time, in order: (t, x1, y1, x2, y2)."""
    ids = ws.gallery.select(columns=("tracklet_id",)).column(0).to_pylist()
    rows = [
        (float(t), *(float(v) for v in box))
        for one in ws.gallery.tracklets(ids)
        for t, box in zip(one.t_s, one.box, strict=True)
    ]
    return sorted(rows)


# The grid.


def test_a_short_film_is_one_clip_named_by_its_hash():
    for duration_s in (0.2, 600.0, 899.0):
        (clip,) = cut(film(duration_s=duration_s))
        assert (clip.id, clip.from_s, clip.start_s) == ("ab" * 8, 0.0, 1000.0)
        assert clip.duration_s == duration_s
    (piece,) = pieces.cut(film(), "c1", "x", 1000.0)
    assert (piece.read_s, piece.share) == ((0.0, math.inf), pieces.Share())


def test_a_long_film_is_cut_on_a_grid_and_the_last_piece_takes_the_rest():
    clips = cut(film(duration_s=4 * 3600.0 + 100))
    assert [clip.id for clip in clips] == [f"{'ab' * 8}-{n}" for n in range(1, 25)]
    assert [clip.from_s for clip in clips] == [600.0 * n for n in range(24)]
    assert {clip.duration_s for clip in clips[:-1]} == {600.0}
    assert clips[-1].duration_s == 700.0
    assert all(clip.film_start_s == 1000.0 for clip in clips)
    longer = cut(film(duration_s=5 * 3600.0))
    assert longer[:23] == clips[:23]  # the lines do not move with the length


def test_a_gap_over_a_line_is_told_by_both_pieces():
    first, second, third = cut(film(duration_s=1800.0, gaps=((500.0, 1250.0),)))
    assert first.gaps == ((1500.0, 1600.0),)
    assert second.gaps == ((1600.0, 2200.0),)
    assert third.gaps == ((2200.0, 2250.0),)


def test_a_film_that_cannot_be_sought_is_cut_in_four_at_most():
    assert len(cut(film(duration_s=36_000.0, seekable=False))) == 4
    assert len(cut(film(duration_s=1200.0, seekable=False))) == 2


# Where two pieces meet.


def test_everybody_is_seen_once_and_as_in_one_piece(tmp_path, tiny_pack, long_film):
    whole = made(tmp_path / "whole", tiny_pack, 600.0)
    ingest(whole, long_film)
    assert len(whole.clips()) == 1
    expected = seen(whole)
    count = whole.gallery.count()
    whole.close()
    cut_up = made(tmp_path / "cut", tiny_pack)
    ingest(cut_up, long_film)
    assert [clip.from_s for clip in cut_up.clips()] == [0.0, 8.0, 16.0, 24.0, 32.0]
    assert seen(cut_up) == expected
    lines = len(cut_up.clips()) - 1
    assert cut_up.gallery.count() == count + lines  # who stands there is handed on at each line
    cut_up.close()


def test_who_crosses_a_line_is_one_person_and_nobody_proves_a_stranger(ws, long_film):
    ingest(ws, long_film)
    rows = ws.gallery.select(columns=("tracklet_id", "clip_id", "enter_s", "leave_s")).to_pylist()
    ends = {clip.id: clip.end_s for clip in ws.clips()}
    assert any(row["leave_s"] > ends[row["clip_id"]] + 0.5 for row in rows)
    for clip in ws.clips():  # a stranger is somebody seen beside another in one clip
        own = [row for row in rows if row["clip_id"] == clip.id]
        assert len({row["tracklet_id"] for row in own}) == len(own)
        assert all(row["enter_s"] >= clip.start_s for row in own)


def test_pieces_come_out_the_same_in_any_order(tmp_path, tiny_pack, long_film, undisturbed):
    opened = made(tmp_path / "ws", tiny_pack)
    plan = opened.recordings.plan(
        long_film, camera="c1", start_s=START_S, fps=FPS, chance=lambda clip: clip.start_s
    )
    assert [piece.clip.from_s for piece in plan.wanted] == [32.0, 24.0, 16.0, 8.0, 0.0]
    list(opened.recordings.ingest(plan))
    opened.close()
    assert contents(tmp_path / "ws") == undisturbed


# Windows.


def test_only_the_pieces_of_the_window_are_looked_at_and_the_rest_is_added(
    ws, long_film, undisturbed
):
    true_s = START_S + 30  # the clock is half a minute behind
    ingest(ws, long_film, between=(true_s + 19, true_s + 22))
    assert [clip.from_s for clip in ws.clips()] == [8.0, 16.0]  # 2 s of doubt about the clock
    last = ingest(ws, long_film, between=(None, true_s + 9))[-1]
    assert last.total == pytest.approx(16.0)
    assert [clip.from_s for clip in ws.clips()] == [0.0, 8.0, 16.0]
    assert len(ws.casebook.coverage()) == 3
    steps = ingest(ws, long_film)
    assert steps[0].done >= 24.0
    assert steps[-1].tracklets < ws.gallery.count()
    ws.close()
    assert contents(ws.path) == {
        **undisturbed,
        "coverage": sorted(undisturbed["coverage"], key=lambda c: c[:3]),
    }


def test_a_window_beside_the_film_is_said(ws, long_film):
    with pytest.raises(BadInput, match="shows nothing of that time: it runs from 2026-05-01T09:00"):
        ingest(ws, long_film, between=(START_S + 3600, None))
    with pytest.raises(BadInput, match="ends before it begins"):
        ingest(ws, long_film, between=(START_S + 9, START_S))
    assert ws.clips() == []


def test_a_film_is_known_by_its_content_whole_or_in_part(ws, long_film, tmp_path):
    ingest(ws, long_film, between=(None, START_S + 32))
    twin = tmp_path / "other name.mp4"
    twin.write_bytes(long_film.read_bytes())
    ingest(ws, twin)
    assert [clip.from_s for clip in ws.clips()] == [0.0, 8.0, 16.0, 24.0, 32.0]
    assert str(ingest(ws, long_film)[-1].text) == "already in the gallery"
    with pytest.raises(BadInput, match="one recording cannot be two"):
        list(ws.ingest(long_film, camera="c1", start="2026-05-01T09:00:08+09:00"))


def test_another_length_of_pieces_is_refused(tmp_path, tiny_pack, long_film):
    opened = made(tmp_path / "ws", tiny_pack)
    ingest(opened, long_film, between=(None, START_S + 32))
    opened.close()
    settings = tmp_path / "ws" / "workspace.toml"
    settings.write_text(settings.read_text("utf-8").replace("piece_s = 8", "piece_s = 20"), "utf-8")
    opened = Workspace.open(tmp_path / "ws")
    with pytest.raises(BadInput, match="set piece_s"):
        ingest(opened, long_film)
    opened.close()


def test_a_gallery_from_before_the_pieces_counts_as_whole(tmp_path, tiny_pack, long_film):
    opened = made(tmp_path / "ws", tiny_pack, 600.0)
    ingest(opened, long_film)
    opened.close()
    settings = tmp_path / "ws" / "workspace.toml"
    settings.write_text(
        settings.read_text("utf-8").replace("[models]", "piece_s = 8\n[models]", 1), "utf-8"
    )
    opened = Workspace.open(tmp_path / "ws")
    assert str(ingest(opened, long_film)[-1].text) == "already in the gallery"
    assert len(opened.clips()) == 1
    opened.close()


# What knows clips.


def test_a_box_is_found_in_its_piece_and_only_the_stretch_around_it_is_left_out(
    ws, long_film, monkeypatch
):
    monkeypatch.setattr("core.probes.STRETCH_S", 6.0)
    ingest(ws, long_film)
    clip = ws.clips()[2]
    at_s = 22.0  # red is 2 s into its third crossing
    _, boxes = ws.people_at(clip.id, at_s)
    red = max(boxes, key=lambda box: box[1])
    case = ws.new_case("빨강", reason="test")
    ws.draw_box(case, long_film, at_s, red, by="kim")
    (own,) = ws.verdicts(case)
    assert own.startswith(f"c1/{clip.id}/")
    assert ws.casebook.boxes(case)[0].true_s == START_S + 30 + at_s
    ranking = ws.search(case)
    apart = np.maximum(ranking.enter_s - (START_S + 52), START_S + 52 - ranking.leave_s)
    assert own not in ranking.tracklet_id
    assert len(ranking) > 0
    assert apart.min() > 6.0
    assert ranking.searched.footage_s == pytest.approx(LENGTH_S - 12.0)


def test_somebody_followed_over_a_line_is_found_in_a_box_beyond_it(ws, long_film):
    ingest(ws, long_film)
    rows = ws.gallery.select(columns=("tracklet_id", "clip_id", "leave_s")).to_pylist()
    ends = {clip.id: clip.end_s for clip in ws.clips()}
    over = next(row for row in rows if row["leave_s"] > ends[row["clip_id"]] + 0.5)
    one = ws.gallery.tracklet(over["tracklet_id"])
    case = ws.new_case("넘어감", reason="test")
    ws.draw_box(case, long_film, float(one.t_s[-1]) - START_S, one.box[-1].tolist(), by="kim")
    assert list(ws.verdicts(case)) == [one.id]


# A bad day.


def child(path: Path, source: Path, *order: int, stdin=subprocess.DEVNULL) -> subprocess.Popen:
    """A process of its own that reads a film in this order of pieces.

    It prints a line at each step, and waits then for one unless its stdin is closed.
    """
    command = [sys.executable, "-c", CHILD, str(path), str(source), *map(str, order)]
    where = Path(__file__).parents[1]
    return subprocess.Popen(command, cwd=where, stdin=stdin, stdout=subprocess.PIPE, text=True)


@posix
def test_killed_again_and_again_the_gallery_is_as_undisturbed(
    tmp_path, tiny_pack, long_film, undisturbed
):
    made(tmp_path / "ws", tiny_pack).close()
    chance = random.Random(20260501)
    killed = 0
    for _ in range(5):
        with child(tmp_path / "ws", long_film, stdin=subprocess.PIPE) as process:
            for _ in range(chance.randint(4, 22)):
                if process.stdout.readline():
                    process.stdin.write("\n")
                    process.stdin.flush()
            time.sleep(chance.random() * 0.05)
            process.kill()
        killed += process.returncode == -9
    assert killed >= 3
    with child(tmp_path / "ws", long_film) as process:
        process.stdout.read()
    assert process.returncode == 0
    assert contents(tmp_path / "ws") == undisturbed


@posix
def test_two_processes_with_one_recording_put_it_in_once(
    tmp_path, tiny_pack, long_film, undisturbed
):
    made(tmp_path / "ws", tiny_pack).close()
    with (
        child(tmp_path / "ws", long_film) as one,
        child(tmp_path / "ws", long_film, 4, 3, 2, 1, 0) as two,
    ):
        for process in (one, two):
            process.stdout.read()
    assert (one.returncode, two.returncode) == (0, 0)
    assert contents(tmp_path / "ws") == undisturbed


def test_a_search_during_an_ingest_sees_the_finished_pieces(ws, long_film, monkeypatch):
    monkeypatch.setattr("core.probes.STRETCH_S", 6.0)
    with closing(ws.ingest(long_film, camera="c1", start=START, fps=FPS)) as steps:
        assert any(step.done > 20 for step in steps)
        found = search_for_who_stands(ws, long_film)
        assert {name.split("/")[1][-2:] for name in found.tracklet_id} == {"-1", "-2"}
    assert len(ws.clips()) == 2


def search_for_who_stands(ws, long_film):
    case = ws.new_case("서 있는 사람", reason="test")
    ws.draw_box(case, long_film, 30.0, (281, 10, 305, 74), by="kim")
    return ws.search(case)


def test_a_file_that_grows_while_it_is_read_keeps_only_what_was_finished(
    ws, long_film, tmp_path, make_film
):
    growing = tmp_path / "growing.mp4"
    growing.write_bytes(long_film.read_bytes())
    steps = ws.ingest(growing, camera="c1", start=START, fps=FPS)
    assert any(step.done > 10 for step in steps)
    with growing.open("ab") as file:
        file.write(b"\0" * 100)
    with pytest.raises(Unfinished, match="changed while it was read"):
        list(steps)
    assert [clip.from_s for clip in ws.clips()] == [0.0]


def test_a_file_that_goes_away_while_it_is_read_is_said(ws, long_film, tmp_path):
    going = tmp_path / "going.mp4"
    going.write_bytes(long_film.read_bytes())
    steps = ws.ingest(going, camera="c1", start=START, fps=FPS)
    next(steps)
    going.unlink()
    with pytest.raises(FootageError, match="does not exist"):
        list(steps)
    assert ws.clips() == []
    assert list(ws.path.rglob("*.tmp")) == []


def test_a_hole_over_whole_pieces_is_a_gap_and_not_an_error(ws, tmp_path, make_film):
    times = [*(i / 5 for i in range(15)), *(35 + i / 5 for i in range(15))]
    people = tiny.figures([(tiny.RED, lambda t: (20 + 40 * (t % 35), 118.0))])
    holed = make_film(tmp_path / "holed.mp4", times, tiny.FRAME, people)
    ingest(ws, holed)
    assert len(ws.clips()) == 5
    assert sum(b - a for clip in ws.clips() for a, b in clip.gaps) == pytest.approx(32.2, abs=0.5)
    case = ws.new_case("빨강", reason="test")
    ws.draw_box(case, holed, 1.0, (60, 118, 84, 182), by="kim")
    assert ws.gallery.count() == 2


def test_recordings_of_one_camera_may_overlap(ws, long_film, tmp_path, make_film):
    times = [i / 5 for i in range(50)]
    second = make_film(
        tmp_path / "second.mp4", times, tiny.FRAME, tiny.figures([(tiny.RED, tiny.walk(10, 30))])
    )
    ingest(ws, long_film)
    list(ws.ingest(second, camera="c1", start="2026-05-01T09:00:30+09:00", fps=FPS))
    case = ws.new_case("빨강", reason="test")
    ws.draw_box(case, second, 2.0, (70, 118, 94, 182), by="kim")
    searched = ws.search(case).searched
    assert searched.footage_s == pytest.approx(LENGTH_S)  # counted once, less the box's own clip
    assert len({clip.sha256 for clip in ws.clips()}) == 2


def test_a_folder_of_pictures_is_cut_too(ws, tmp_path):
    from PIL import Image

    folder = tmp_path / "pictures"
    folder.mkdir()
    draw = tiny.figures([(tiny.RED, lambda t: (20 + 10 * (t % 28), 118.0))])
    for i in range(27):
        Image.fromarray(draw(0, float(i))).save(folder / f"{1777593600 + i}.png")
    ingest(ws, folder)
    assert [clip.from_s for clip in ws.clips()] == [0.0, 8.0, 16.0]
    moments = [row[0] for row in seen(ws)]
    assert len(set(moments)) == len(moments) >= 25


def test_the_ledger_is_told_once_by_however_many(tmp_path):
    book = Casebook.open(tmp_path / "casebook.sqlite")
    book.save_camera(Camera("c1", "c1", "c1"), Recorder("c1", 60.0))
    spans = [("searched", 100.0, 200.0), ("gap", 120.0, 130.0)]
    for _ in range(3):
        book.ledger.cover_footage("c1", spans)
    assert [(c.state, c.from_s, c.to_s) for c in book.coverage()] == spans
    book.close()
