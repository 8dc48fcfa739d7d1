"""A sighting becomes a short film that a browser plays, with the person framed, kept in bounds."""

from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path

import av
import numpy as np
import pytest
import tiny

from core import casework
from core.errors import FootageError
from core.playback import FRAME_RGB, LONGEST_S, Frame, Playback, outlined, window
from core.types import Camera, Clip, Tracklet
from core.workspace import Workspace


def red(ws: Workspace) -> tuple[Clip, Tracklet]:
    """The red figure of c1: it walks from left to right, 40 px a second."""
    rows = ws.gallery.select(["c1"], columns=("tracklet_id",)).to_pylist()
    found = ws.gallery.tracklets([row["tracklet_id"] for row in rows])
    walker = next(t for t in found if t.box[-1, 0] > t.box[0, 0])
    return ws.clip(walker.clip_id), walker


def decoded(film: bytes, folder: Path) -> tuple[str, list[np.ndarray]]:
    path = folder / "film.mp4"
    path.write_bytes(film)
    with av.open(str(path)) as opened:
        name = opened.streams.video[0].codec_context.name
        return name, [f.to_ndarray(format="rgb24") for f in opened.decode(video=0)]


def test_the_film_is_h264_and_frames_the_person(tiny_workspace: Path, tmp_path: Path) -> None:
    ws = Workspace.open(tiny_workspace)
    _, tracklet = red(ws)
    shown = casework.excerpt(ws, tracklet.id)
    codec, frames = decoded(shown.film, tmp_path)
    assert codec == "h264"
    assert shown.whole
    assert len(frames) == 60  # all of the short clip, 10 frames a second
    yellow = np.abs(frames[20].astype(int) - FRAME_RGB).sum(axis=2) < 160
    rows, columns = np.nonzero(yellow)
    assert abs(columns.min() - 90) < 8  # where the figure stands at 2.0 s
    assert abs(rows.max() - 182) < 8
    ws.close()


def test_a_sighting_in_a_later_piece_is_cut_from_its_own_place_in_the_film(
    tiny_pack: Path, make_film, tmp_path: Path
) -> None:
    figures = tiny.figures([(tiny.RED, tiny.walk(10, 20))])
    film = make_film(tmp_path / "long.mp4", [i / 10 for i in range(120)], tiny.FRAME, figures)
    ws = Workspace.create(tmp_path / "ws", "tiny", [tiny_pack], piece_s=4.0)
    ws.add_camera(Camera("c1", "c1", "c1"))
    for _ in ws.ingest(film, camera="c1", start="2026-05-01T09:00:00+09:00"):
        pass
    later = max(ws.clips(), key=lambda clip: clip.from_s)
    assert later.from_s > 0
    at_s = later.from_s + 0.5
    tracklet = Tracklet(
        f"c1/{later.id}/9", [later.film_start_s + at_s], [[10, 10, 30, 60]], [0.9], [], [], ()
    )
    shown = Playback(tmp_path / "films").excerpt(later, tracklet)
    _, frames = decoded(shown.film, tmp_path)
    whole = decoded(film.read_bytes(), tmp_path)[1]
    first = round(10 * (shown.from_s - later.film_start_s))
    apart = [np.abs(frames[0].astype(int) - one).mean() for one in whole]
    assert abs(int(np.argmin(apart)) - first) <= 1
    assert Frame(later, tracklet).box_at(at_s) == pytest.approx([10, 10, 30, 60])
    ws.close()


def test_a_film_is_made_once_and_again_after_it_was_lost(tiny_workspace: Path) -> None:
    ws = Workspace.open(tiny_workspace)
    _, tracklet = red(ws)
    first = casework.excerpt(ws, tracklet.id)
    (kept,) = (ws.path / "cache" / "playback").glob("*.mp4")
    made = kept.stat().st_ino
    assert casework.excerpt(ws, tracklet.id) == first
    assert kept.stat().st_ino == made
    kept.unlink()
    assert casework.excerpt(ws, tracklet.id).film[:8] == first.film[:8]
    ws.close()


def test_the_folder_of_films_stays_in_bounds(tiny_workspace: Path, tmp_path: Path) -> None:
    ws = Workspace.open(tiny_workspace)
    clip, tracklet = red(ws)
    folder = tmp_path / "films"
    folder.mkdir()
    for n in range(5):
        (folder / f"old{n}.mp4").write_bytes(bytes(1000))
        os.utime(folder / f"old{n}.mp4", (n, n))
    film = Playback(folder, kept_bytes=1).excerpt(clip, tracklet).film
    assert [f.read_bytes() for f in folder.glob("*.mp4")] == [film]  # the newest always stays
    ws.close()


def test_footage_that_was_moved_is_one_sentence(tiny_workspace: Path, tmp_path: Path) -> None:
    ws = Workspace.open(tiny_workspace)
    clip, tracklet = red(ws)
    with pytest.raises(FootageError, match="put it back there"):
        Playback(tmp_path).excerpt(replace(clip, path=str(tmp_path / "gone.mp4")), tracklet)
    ws.close()


def test_of_a_long_stay_the_part_around_the_best_picture_is_shown(tiny_workspace: Path) -> None:
    ws = Workspace.open(tiny_workspace)
    _, tracklet = red(ws)
    slow = replace(tracklet, t_s=tracklet.t_s[0] + (tracklet.t_s - tracklet.t_s[0]) * 100)
    low, high, whole = window(slow)
    assert not whole
    assert high - low == pytest.approx(LONGEST_S)
    best = slow.t_s[slow.crop_at[int(np.nan_to_num(slow.crop_quality).argmax())]]
    assert low <= best <= high
    ws.close()


def test_a_box_is_drawn_only_while_the_person_is_in_view(tiny_workspace: Path) -> None:
    ws = Workspace.open(tiny_workspace)
    clip, tracklet = red(ws)
    frame = Frame(clip, tracklet)
    image = np.zeros((*tiny.FRAME[::-1], 3), np.uint8)
    assert frame(tracklet.leave_s - clip.start_s + 1.0, image) is image
    middle = (tracklet.t_s[3] + tracklet.t_s[4]) / 2 - clip.start_s
    assert frame.box_at(middle) == pytest.approx(tracklet.box[3:5].mean(axis=0).tolist())
    assert image.max() == 0  # a copy is drawn on
    assert outlined(image, (10, 10, 50, 50)).max() > 0
    ws.close()
