"""Footage: times are those of the stamps, damage costs only what it hit, errors are sentences."""

from __future__ import annotations

import math
import os
import shutil
from collections import deque
from collections.abc import Iterable
from contextlib import closing
from fractions import Fraction
from itertools import pairwise
from pathlib import Path

import av
import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image as Pillow

from core import footage
from core.errors import BadInput, FootageError
from core.footage.video import Video, rgb

RATE = 30_000 / 1001
VARIABLE = [0.0, 0.04, 0.1, 0.5, 0.52, 2.0, 2.5, 2.54]
FRAGMENTS = {"movflags": "frag_keyframe+empty_moov"}


def even(rate: float, seconds: float) -> list[float]:
    return [k / rate for k in range(round(rate * seconds))]


def shade(i: int, _t: float) -> NDArray[np.uint8]:
    """A grey that tells the frame's number, 4 levels apart."""
    return np.full((48, 64, 3), 20 + 4 * (i % 50), np.uint8)


def corners(_i: int, _t: float) -> NDArray[np.uint8]:
    """Red top left, green top right, blue bottom left, black bottom right."""
    image = np.zeros((48, 64, 3), np.uint8)
    image[:24, :32, 0] = image[:24, 32:, 1] = image[24:, :32, 2] = 250
    return image


def number(frame: footage.Frame) -> int:
    return round((float(frame.image.mean()) - 20) / 4)


def times(frames: Iterable[footage.Frame]) -> list[float]:
    return [frame.t_s for frame in frames]


def quadrants(image: NDArray[np.uint8]) -> str:
    """R G B or . (black) of the top left, top right, bottom left, bottom right."""
    h, w = image.shape[:2]
    at = [(h // 4, w // 4), (h // 4, 3 * w // 4), (3 * h // 4, w // 4), (3 * h // 4, 3 * w // 4)]
    return "".join(
        "RGB"[int(np.argmax(image[y, x]))] if image[y, x].max() > 99 else "." for y, x in at
    )


def write_sound(path: Path) -> Path:
    with av.open(str(path), "w") as film:
        stream = film.add_stream("aac", rate=8000)
        for k in range(4):
            frame = av.AudioFrame.from_ndarray(np.zeros((1, 1024), np.float32), "fltp", "mono")
            frame.sample_rate, frame.pts, frame.time_base = 8000, 1024 * k, Fraction(1, 8000)
            film.mux(stream.encode(frame))
        film.mux(stream.encode(None))
    return path


def write_picture(path: Path, image: NDArray[np.uint8], orientation: int = 1) -> None:
    picture = Pillow.fromarray(image)
    exif = picture.getexif()
    exif[0x0112] = orientation
    picture.save(path, exif=exif, quality=95)


def album(folder: Path, names: Iterable[str]) -> Path:
    folder.mkdir()
    for i, name in enumerate(names):
        write_picture(folder / name, shade(i, 0))
    return folder


class TestTimes:
    def test_a_rate_of_29_97_does_not_drift(self, tmp_path, make_film):
        expected = [k * 1001 / 30_000 for k in range(3000)]  # 100 s; at 30 fps it is .1 s off
        path = make_film(tmp_path / "a.mp4", expected, (16, 16), gop=250)
        got = times(footage.frames(path, fps=60))
        assert len(got) == 3000
        assert np.abs(np.array(got) - expected).max() < 1e-3
        film = footage.inspect(path)
        assert film.duration_s == pytest.approx(100.1, abs=1e-3)
        assert (film.frames, film.size, film.timing, film.gaps) == (3000, (16, 16), "stamps", ())

    @pytest.mark.parametrize(
        ("ending", "reordered"),
        [(e, b) for e in ("mp4", "mkv", "ts", "flv") for b in (0, 3)] + [("avi", 0)],
    )  # AVI holds decoding times: with reordered frames those of uneven steps are not in it
    def test_variable_steps_keep_their_times(self, tmp_path, make_film, ending, reordered):
        path = make_film(
            tmp_path / f"a.{ending}", VARIABLE, draw=shade, options={"bf": str(reordered)}
        )
        got = list(footage.frames(path, fps=200))
        assert times(got) == pytest.approx(VARIABLE, abs=1.1e-3)
        assert [number(frame) for frame in got] == list(range(len(VARIABLE)))

    def test_avi_with_reordered_frames_at_an_even_rate(self, tmp_path, make_film):
        path = make_film(tmp_path / "a.avi", even(10, 3), draw=shade, options={"bf": "3"})
        got = list(footage.frames(path, fps=50))
        assert times(got) == pytest.approx(even(10, 3), abs=1e-3)
        assert [number(frame) for frame in got] == list(range(30))
        assert footage.inspect(path).timing == "stamps"

    @pytest.mark.parametrize("start", [-1.0, 3.0, 3600.0])
    def test_time_begins_at_the_first_frame(self, tmp_path, make_film, start):
        path = make_film(tmp_path / "a.mp4", [start + t for t in VARIABLE], draw=shade)
        assert times(footage.frames(path, fps=200)) == pytest.approx(VARIABLE, abs=1e-3)
        assert number(footage.frame_at(path, 0.5)) == 3

    def test_a_file_without_stamps_is_said_to_be_assumed(self, tmp_path, make_film):
        path = make_film(tmp_path / "a.h264", even(25, 2), draw=shade)
        film = footage.inspect(path)
        assert (film.timing, film.frames) == ("assumed", 50)
        got = list(footage.frames(path, fps=100, from_s=1.0))
        assert times(got) == pytest.approx([k / 25 for k in range(25, 50)])
        assert number(got[0]) == 25

    def test_motion_jpeg(self, tmp_path, make_film):
        path = make_film(tmp_path / "a.avi", VARIABLE, draw=shade, codec="mjpeg")
        assert times(footage.frames(path, fps=200)) == pytest.approx(VARIABLE, abs=1e-3)

    def test_joined_recordings_follow_one_another(self, tmp_path, make_film):
        one = make_film(tmp_path / "one.ts", even(5, 20), draw=shade)
        both = tmp_path / "both.ts"
        both.write_bytes(one.read_bytes() * 2)
        film = footage.inspect(both)
        assert film.frames == 200
        assert film.duration_s == pytest.approx(40, abs=0.5)
        later = list(footage.frames(both, fps=5, from_s=30, to_s=35))
        assert len(later) == pytest.approx(25, abs=1)
        assert footage.frame_at(both, 30.0).t_s == pytest.approx(30.0, abs=0.1)

    def test_gaps_are_found(self, tmp_path, make_film):
        stamps = even(10, 3) + [8 + t for t in even(10, 2)] + [10.8, 11.9]
        film = footage.inspect(make_film(tmp_path / "a.mp4", stamps))
        assert film.gaps == (pytest.approx((2.9, 8.0)), pytest.approx((10.8, 11.9)))
        slow = footage.inspect(make_film(tmp_path / "b.mp4", [2.0 * k for k in range(9)] + [25.0]))
        assert slow.gaps == ()  # 9 s is under five steps of 2 s


class TestSampling:
    def test_the_first_frame_at_or_after_each_grid_point(self, tmp_path, make_film):
        path = make_film(tmp_path / "a.mp4", even(RATE, 4))
        got = np.array(times(footage.frames(path, fps=5)))
        grid = np.arange(20) / 5
        assert len(got) == 20
        assert np.all(got >= grid - 1e-3)
        assert np.all(got < grid + 1 / RATE)

    def test_never_two_for_one_grid_point_and_none_left_out(self, tmp_path, make_film):
        steps = np.random.default_rng(3).choice([0.01, 0.03, 0.11, 0.19, 0.7], 300)
        stamps = np.cumsum(steps) - steps[0]
        got = times(footage.frames(make_film(tmp_path / "a.mp4", list(stamps)), fps=5))
        slots = np.floor((np.array(got) + 1e-3) * 5)
        assert len(set(slots)) == len(got)
        assert set(slots) == set(np.floor((stamps + 1e-3) * 5))

    @pytest.mark.parametrize("ending", ["mp4", "mkv"])
    def test_a_slow_film_gives_every_frame_once(self, tmp_path, make_film, ending):
        path = make_film(tmp_path / f"a.{ending}", even(RATE / 8, 10), draw=shade)
        got = [number(frame) for frame in footage.frames(path, fps=5)]
        assert got == list(range(37))
        fives = make_film(tmp_path / f"b.{ending}", even(5, 10))
        assert len(list(footage.frames(fives, fps=5))) == 50

    @pytest.mark.parametrize("ending", ["mp4", "mkv", "ts", "avi", "flv"])
    def test_windows_add_up_to_the_whole(self, tmp_path, make_film, ending):
        stamps = [t for t in even(12.5, 24) if not 7.3 < t < 9.9]
        path = make_film(tmp_path / f"a.{ending}", stamps, draw=shade, gop=25)
        whole = [(f.t_s, number(f)) for f in footage.frames(path, fps=3)]
        edges = [0, 0.05, 2.0, 2.34, 7.35, 8.0, 9.95, 10.1, 23.95, math.inf]
        parts = [
            (f.t_s, number(f))
            for a, b in pairwise(edges)
            for f in footage.frames(path, fps=3, from_s=a, to_s=b)
        ]
        assert parts == whole
        assert len(whole) > 55

    @pytest.mark.parametrize("ending", ["mp4", "mkv", "ts", "flv"])
    def test_a_window_is_sought_not_decoded_from_the_start(self, tmp_path, make_film, ending):
        path = make_film(tmp_path / f"a.{ending}", even(10, 60), gop=10, options={"bf": "2"})
        with closing(Video(path)) as video:
            first_s, _ = next(video.moments(50.0))
        assert 46 < first_s <= 50.0
        assert len(list(footage.frames(path, fps=5, from_s=50, to_s=51))) == 5

    def test_nothing_after_the_end(self, tmp_path, make_film):
        path = make_film(tmp_path / "a.ts", even(10, 2))
        assert list(footage.frames(path, from_s=100)) == []

    @pytest.mark.parametrize("wrong", [{"fps": 0}, {"fps": -1}, {"fps": math.nan}, {"to_s": 0}])
    def test_wrong_numbers_are_refused_at_once(self, tmp_path, make_film, wrong):
        path = make_film(tmp_path / "a.mp4", even(10, 1))
        with pytest.raises(BadInput):
            footage.frames(path, **wrong)


class TestFrameAt:
    def test_the_nearest_frame(self, tmp_path, make_film):
        path = make_film(tmp_path / "a.mp4", VARIABLE, draw=shade, gop=3)
        for at_s, nearest in [(0, 0), (0.06, 1), (0.08, 2), (1.2, 4), (1.3, 5), (3.0, 7), (-1, 0)]:
            assert number(footage.frame_at(path, at_s)) == nearest

    @pytest.mark.parametrize("at_s", [-1.5, 5.0, 1e7])
    def test_outside_the_film_is_an_error(self, tmp_path, make_film, at_s):
        path = make_film(tmp_path / "a.mp4", even(10, 3))
        with pytest.raises(FootageError, match=r"runs from 0 to 3\.0 s|begins at 0"):
            footage.frame_at(path, at_s)


class TestTurned:
    @pytest.mark.parametrize(
        ("turn_deg", "expected"), [(0, "RGB."), (90, "G.RB"), (180, ".BGR"), (-90, "BR.G")]
    )
    def test_the_rotation_tag_is_honoured(self, tmp_path, make_film, turn_deg, expected):
        path = make_film(tmp_path / "a.mp4", even(10, 1), draw=corners, turn_deg=turn_deg)
        image = next(iter(footage.frames(path))).image
        assert quadrants(image) == expected
        assert footage.inspect(path).size == image.shape[1::-1]
        clip = footage.cut(path, 0, 1, tmp_path / "cut.mp4")
        assert quadrants(footage.frame_at(clip, 0).image) == expected

    @pytest.mark.parametrize(
        ("matrix", "expected"), [((-1, 0, 0, 1), "GR.B"), ((1, 0, 0, -1), "B.RG"),
                                 ((0, 1, 1, 0), "RBG."), ((0, -1, -1, 0), ".GBR")]
    )  # fmt: skip
    def test_mirrored_pictures(self, matrix, expected):
        frame = av.VideoFrame.from_ndarray(corners(0, 0), format="rgb24")
        assert quadrants(rgb(frame, matrix)) == expected


@pytest.mark.skipif(not Path("/proc/self/statm").exists(), reason="reads Linux's own accounts")
def test_memory_stays_flat(tmp_path, make_film):
    def resident_mb() -> float:
        pages = int(Path("/proc/self/statm").read_text().split()[1])
        return pages * os.sysconf("SC_PAGESIZE") / 1e6

    path = make_film(tmp_path / "a.mp4", even(10, 15), (640, 480), turn_deg=90)
    deque(footage.frames(path, fps=10), maxlen=0)
    before = resident_mb()
    for _ in range(2):
        deque(footage.frames(path, fps=10), maxlen=0)
    assert resident_mb() - before < 60  # 300 frames kept would be 138 MB or more


class TestDamage:
    @pytest.mark.parametrize(
        ("name", "container_options"),
        [("a.ts", {}), ("a.mkv", {}), ("a.mp4", FRAGMENTS), ("b.mp4", {"movflags": "faststart"})],
    )
    def test_a_truncated_file_gives_what_is_there(
        self, tmp_path, make_film, name, container_options
    ):
        path = make_film(
            tmp_path / name, even(10, 20), draw=shade, container_options=container_options
        )
        content = path.read_bytes()
        path.write_bytes(content[: len(content) * 6 // 10])
        got = list(footage.frames(path, fps=20))
        assert 60 < len(got) < 160
        assert [number(f) for f in got[:50]] == list(range(50))
        film = footage.inspect(path)
        assert film.frames < 160
        assert film.duration_s == pytest.approx(got[-1].t_s, abs=1.5)

    def test_an_mp4_that_lost_its_index_is_told_so(self, tmp_path, make_film):
        path = make_film(tmp_path / "a.mp4", even(10, 5))
        path.write_bytes(path.read_bytes()[:-200])
        with pytest.raises(FootageError, match="cut short"):
            footage.inspect(path)

    def test_a_hole_in_the_middle_is_stepped_over(self, tmp_path, make_film):
        path = make_film(tmp_path / "a.ts", even(10, 20), draw=shade, gop=10)
        content = bytearray(path.read_bytes())
        third = len(content) // 3 // 188 * 188
        content[third : 2 * third] = bytes(third)
        path.write_bytes(content)
        got = times(footage.frames(path, fps=10))
        assert got[0] == 0
        assert got[-1] == pytest.approx(19.9, abs=1e-3)
        (gap,) = footage.gaps(got)
        assert 4 < gap[1] - gap[0] < 9

    def test_undecodable_packets_become_a_gap_of_the_samples(self, tmp_path, make_film):
        path = make_film(tmp_path / "a.avi", even(10, 9), draw=shade, codec="mjpeg")
        with av.open(str(path)) as film:
            packets = [(p.pos, p.size) for p in film.demux(video=0) if p.size]
        content = bytearray(path.read_bytes())
        for position, size in packets[30:60]:
            content[position : position + size] = bytes(size)
        path.write_bytes(content)
        got = times(footage.frames(path, fps=10))
        assert footage.gaps(got) == (pytest.approx((2.9, 6.0)),)
        assert footage.inspect(path).frames == 90

    @pytest.mark.parametrize("seed", range(6))
    def test_scattered_damage_never_raises(self, tmp_path, make_film, seed):
        path = make_film(tmp_path / "a.mp4", even(10, 6), draw=corners, container_options=FRAGMENTS)
        content = bytearray(path.read_bytes())
        chance = np.random.default_rng(seed)
        for at in chance.integers(1000, len(content), 30):
            content[at] = chance.integers(256)
        path.write_bytes(content)
        try:
            got = times(footage.frames(path, fps=10))
        except FootageError:
            return
        assert len(set(got)) == len(got)


class TestErrors:
    def test_each_wrong_thing_has_its_sentence(self, tmp_path):
        (tmp_path / "empty.mp4").touch()
        (tmp_path / "text.mp4").write_text("09:00 the person left the house\n" * 200)
        (tmp_path / "text.txt").write_text("09:00 the person left the house\n" * 200)
        (tmp_path / "list.mp4").write_text("#EXTM3U\n#EXTINF:9,\n/etc/passwd\n#EXT-X-ENDLIST\n")
        (tmp_path / "folder").mkdir()
        write_picture(tmp_path / "one.jpg", shade(1, 0))
        write_sound(tmp_path / "sound.mp4")
        for name, sentence in [
            ("none.mp4", "does not exist"),
            ("empty.mp4", "is empty"),
            ("text.mp4", "is not a video"),
            ("text.txt", "is not a video"),
            ("list.mp4", "is not a video"),
            ("one.jpg", "is not a video"),
            ("sound.mp4", "sound only"),
            ("folder", "holds no pictures"),
        ]:
            for call in (footage.inspect, footage.frames, lambda p: footage.frame_at(p, 0)):
                with pytest.raises(FootageError, match=sentence):
                    call(tmp_path / name)

    def test_a_film_without_frames(self, tmp_path, make_film):
        path = make_film(tmp_path / "a.mp4", [0.0], container_options=FRAGMENTS)
        content = path.read_bytes()
        path.write_bytes(content[: content.index(b"moof") - 4])
        with pytest.raises(FootageError, match="holds no pictures"):
            footage.inspect(path)

    def test_streams_are_refused_and_their_passwords_hidden(self):
        with pytest.raises(FootageError, match="stream") as caught:
            footage.inspect("rtsp://lee:s3cr3t@10.0.0.7:554/ch1")
        assert "s3cr3t" not in str(caught.value)
        assert "10.0.0.7" in str(caught.value)

    @pytest.mark.parametrize(
        ("text", "masked"),
        [
            ("rtsp://user:pw@host/a", "rtsp://***@host/a"),
            ("open rtsp://u:p@s/s@host:554 failed", "open rtsp://***@host:554 failed"),
            ("rtsp:/user:pw@host", "rtsp:/***@host"),
            ("rtsp://host/a?user=x&password=pw&c=1", "rtsp://host/a?user=x&password=***&c=1"),
            ("rtsp://host:554/a", "rtsp://host:554/a"),
            ("lee@police.kr", "lee@police.kr"),
        ],
    )
    def test_mask_url(self, text, masked):
        assert footage.mask_url(text) == masked


class TestPictures:
    @pytest.mark.parametrize(
        ("names", "expected"),
        [
            (["20260501_090000_250.jpg", "20260501_090001_000.jpg"], [0, 0.75]),
            (["cam1 2026-05-01T23-59-59.png", "cam1 2026-05-02T00-00-01.png"], [0, 2]),
            (["1777593600.250.jpg", "1777593601.jpg"], [0, 0.75]),
            (["1777593600250.jpeg", "1777593602250.jpeg"], [0, 2]),
            (["20260501_090000_1.jpg", "20260501_090000_2.jpg", "20260501_090001_1.jpg"],
             [0, 0.5, 1]),
        ],
    )  # fmt: skip
    def test_times_in_the_names(self, tmp_path, names, expected):
        folder = album(tmp_path / "a", names)
        assert times(footage.frames(folder, fps=20)) == pytest.approx(expected, abs=1e-6)
        assert footage.inspect(folder).timing == "names"

    def test_times_in_a_list(self, tmp_path):
        folder = album(tmp_path / "a", ["b.jpg", "a.jpg", "c.webp"])
        (folder / "times.csv").write_text("file,seconds\nb.jpg,10\na.jpg,10.5\nc.webp,14\n")
        film = footage.inspect(folder)
        assert (film.kind, film.timing, film.frames) == ("pictures", "times.csv", 3)
        assert film.size == (64, 48)
        assert film.duration_s == pytest.approx(4 + 2)
        got = list(footage.frames(folder))
        assert times(got) == [0, 0.5, 4]
        assert [number(frame) for frame in got] == [0, 1, 2]

    @pytest.mark.parametrize("listing", ["name,when\nb.jpg,1\n", "file,seconds\nb.jpg,soon\n",
                                         "file,seconds\na.jpg,1\n"])  # fmt: skip
    def test_a_wrong_list_is_an_error(self, tmp_path, listing):
        folder = album(tmp_path / "a", ["b.jpg"])
        (folder / "times.csv").write_text(listing)
        with pytest.raises(FootageError, match=r"times\.csv"):
            footage.inspect(folder)

    def test_otherwise_even_steps_in_natural_order(self, tmp_path):
        folder = album(tmp_path / "a", [f"{k}.jpg" for k in range(1, 13)])
        film = footage.inspect(folder, picture_s=0.5)
        assert (film.timing, film.duration_s) == ("assumed", 6.0)
        got = list(footage.frames(folder, fps=5, from_s=2, picture_s=0.5))
        assert [(f.t_s, number(f)) for f in got] == [(k / 2, k) for k in range(4, 12)]
        assert number(footage.frame_at(folder, 3.2)) == 3

    def test_upright_and_over_damage(self, tmp_path):
        folder = tmp_path / "a"
        folder.mkdir()
        write_picture(folder / "1.jpg", corners(0, 0), orientation=6)  # turn right by 90 degrees
        (folder / "2.jpg").write_bytes((folder / "1.jpg").read_bytes()[:300])
        write_picture(folder / "3.jpg", corners(0, 0))
        got = list(footage.frames(folder))
        assert [(f.t_s, quadrants(f.image)) for f in got] == [(0, "BR.G"), (2, "RGB.")]
        assert footage.inspect(folder).size == (48, 64)

    def test_a_cut_of_pictures(self, tmp_path):
        folder = album(tmp_path / "a", [f"{k}.jpg" for k in range(9)])
        clip = footage.cut(folder, 2, 6, tmp_path / "c.mp4")
        assert times(footage.frames(clip)) == pytest.approx([0, 1, 2, 3])


class TestHash:
    def test_the_same_content_has_the_same_hash(self, tmp_path, make_film):
        path = make_film(tmp_path / "a.mp4", even(10, 1))
        other = shutil.copy(path, tmp_path / "b.mp4")
        assert footage.sha256(path) == footage.sha256(other) == footage.inspect(other).sha256
        Path(other).write_bytes(path.read_bytes() + b"\0")
        assert footage.sha256(path) != footage.sha256(other)

    def test_of_a_folder_by_names_and_contents(self, tmp_path):
        one = album(tmp_path / "one", ["a.jpg", "b.jpg"])
        two = album(tmp_path / "two", ["a.jpg", "b.jpg"])
        (two / "Thumbs.db").write_bytes(b"no picture")
        assert footage.sha256(one) == footage.sha256(two)
        (two / "b.jpg").rename(two / "c.jpg")
        assert footage.sha256(one) != footage.sha256(two)


class TestCut:
    def test_a_browser_can_play_it_and_the_times_are_kept(self, tmp_path, make_film):
        stamps = [t for t in even(20, 6) if not 3.5 < t < 4.2]
        path = make_film(tmp_path / "영상 1%2.ts", stamps, draw=shade, gop=30)
        clip = footage.cut(path, 2.0, 5.0, tmp_path / "clip.mp4")
        with av.open(str(clip)) as film:
            stream = film.streams.video[0]
            assert (stream.codec_context.name, stream.codec_context.pix_fmt) == ("h264", "yuv420p")
        content = clip.read_bytes()
        assert content.index(b"moov") < content.index(b"mdat")
        got = list(footage.frames(clip, fps=100))
        expected = [(t, i % 50) for i, t in enumerate(stamps) if 2.0 <= t < 5.0]
        assert times(got) == pytest.approx([t - 2.0 for t, _ in expected], abs=1e-3)
        assert [number(frame) for frame in got] == pytest.approx([n for _, n in expected], abs=1)
        assert footage.inspect(clip).duration_s == pytest.approx(3.0, abs=0.051)
        assert sorted(p.name for p in tmp_path.iterdir()) == ["clip.mp4", "영상 1%2.ts"]

    def test_large_and_odd_pictures_fit(self, tmp_path):
        for size, expected in [((2000, 1001), (1280, 640)), ((641, 361), (640, 360))]:
            folder = tmp_path / f"{size[0]}"
            folder.mkdir()
            write_picture(folder / "1.png", np.full((size[1], size[0], 3), 90, np.uint8))
            clip = footage.cut(folder, 0, 1, tmp_path / "c.mp4")
            assert footage.inspect(clip).size == expected

    def test_what_cannot_be_cut_leaves_nothing_behind(self, tmp_path, make_film):
        path = make_film(tmp_path / "a.mp4", even(10, 1))
        before = path.read_bytes()
        with pytest.raises(FootageError, match="nothing between"):
            footage.cut(path, 50, 60, tmp_path / "b.mp4")
        with pytest.raises(FootageError, match="into itself"):
            footage.cut(path, 0, 1, path)
        with pytest.raises(FootageError, match="cannot be written"):
            footage.cut(path, 0, 1, tmp_path / "none" / "b.mp4")
        with pytest.raises(BadInput, match="before it begins"):
            footage.cut(path, 1, 1, tmp_path / "b.mp4")
        assert [p.name for p in tmp_path.iterdir()] == ["a.mp4"]
        assert path.read_bytes() == before
