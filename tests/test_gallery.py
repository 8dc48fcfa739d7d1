"""Facts about the gallery: what goes in comes out, whole or not at all, and is found exactly."""

from __future__ import annotations

import errno
import json
import os
import subprocess
import sys
import time
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from core import rank
from core.errors import BadInput, DongseonError, ModelError, NotFound
from core.gallery import Gallery, clipfile
from core.types import ATTRIBUTES, Clip, Description, Tracklet, Vectors, note

MODELS = {"body-a": "b" * 64, "face-a": "f" * 64, "judge": "j" * 64}
DIM = {"body": 16, "face": 8}
DAY_S = 86_400.0
NOON = 1_777_636_800.0  # 2026-05-01T12:00:00Z


def unit(random: np.random.Generator, n: int, dim: int) -> np.ndarray:
    rows = random.normal(size=(n, dim))
    return (rows / np.linalg.norm(rows, axis=1, keepdims=True)).astype(np.float32)


def make_clip(camera: str = "c01", name: str = "k1", start: float = NOON, sha: str = "a") -> Clip:
    gaps = ((start + 5.0, start + 6.5),)
    return Clip(name, camera, f"/v/{name}.mp4", sha * 64, start, 600.0, (640, 360), gaps)


def make_tracklet(clip: Clip, n: int, enter: float, seed: int = 0, last: float = 2.0) -> Tracklet:
    random = np.random.default_rng([seed, n])
    t = clip.start_s + enter + np.linspace(0.0, last, 5)
    box = random.uniform(0, 300, (5, 4))
    crops = tuple(random.bytes(200 + 10 * k) for k in range(3))
    inside = random.uniform(0, 50, (3, 4))
    name = f"{clip.camera_id}/{clip.id}/{n}"
    score, quality = random.uniform(0.3, 1, 5), np.array([0.5, np.nan, 1.0])
    return Tracklet(name, t, box, score, np.array([0, 2, 4]), inside, crops, quality)


def describe(tracklet: Tracklet, seed: int = 0, face: bool = True) -> Description:
    random = np.random.default_rng([seed, int(tracklet.id.split("/")[2]), 7])

    def vectors(kind, n, low, high):
        sizes = random.uniform(low, high, n)
        quality = random.uniform(0.1, 1, n)
        return Vectors(kind, unit(random, n, DIM[kind]), quality, sizes, np.arange(n))

    found = {"body-a": vectors("body", 3, 60, 200)}
    missing = {}
    if face:
        found["face-a"] = vectors("face", 3, 10, 90)
    else:
        missing["face"] = note("the largest face is {px} px wide", px=9)
    values = len(ATTRIBUTES["upper_color"])
    judged = {"upper_color": random.dirichlet(np.ones(values)).astype(np.float32)}
    return Description(tracklet.id, found, judged, missing, "judge")


def fill(gallery: Gallery, clip: Clip, enters=(0.0, 60.0, 120.0), seed: int = 0, faces=True):
    tracklets = [make_tracklet(clip, n, at, seed) for n, at in enumerate(enters)]
    about = [describe(t, seed, faces) for t in tracklets]
    gallery.write(clip, tracklets, about, MODELS)
    return tracklets, about


def same_tracklet(a: Tracklet, b: Tracklet) -> bool:
    names = ("t_s", "box", "score", "crop_at", "crop_box", "crop_quality")
    arrays = all(np.array_equal(getattr(a, n), getattr(b, n), equal_nan=True) for n in names)
    return arrays and (a.id, a.crops) == (b.id, b.crops)


def same_vectors(a: Vectors, b: Vectors) -> bool:
    names = ("rows", "quality", "size_px", "crop")
    equal = all(np.array_equal(getattr(a, n), getattr(b, n), equal_nan=True) for n in names)
    return equal and a.kind == b.kind


def same_description(a: Description, b: Description) -> bool:
    return (
        a.of_id == b.of_id
        and a.vectors.keys() == b.vectors.keys()
        and all(same_vectors(a.vectors[m], b.vectors[m]) for m in a.vectors)
        and (a.judge, a.attributes.keys()) == (b.judge, b.attributes.keys())
        and all(np.array_equal(a.attributes[k], b.attributes[k]) for k in a.attributes)
        and dict(a.missing) == dict(b.missing)
    )


@pytest.fixture
def gallery(tmp_path: Path) -> Gallery:
    return Gallery(tmp_path / "gallery")


def files(gallery: Gallery) -> list[Path]:
    return sorted(gallery.root.rglob("*.parquet"))


# Round trips.


def test_what_is_written_is_read_back(gallery):
    clip = make_clip()
    tracklets, about = fill(gallery, clip)
    fresh = Gallery(gallery.root)
    assert fresh.clips() == [clip]
    assert fresh.count() == 3
    assert fresh.models() == {name: {sha} for name, sha in MODELS.items()}
    for tracklet, description in zip(tracklets, about, strict=True):
        assert same_tracklet(fresh.tracklet(tracklet.id), tracklet)
        assert same_description(fresh.description(tracklet.id), description)
        assert fresh.crop(tracklet.id, 2) == tracklet.crops[2]
    backwards = [t.id for t in reversed(tracklets)]
    assert [t.id for t in fresh.tracklets(backwards)] == backwards
    cameras, enter, leave = fresh.spans(backwards)
    assert cameras == ["c01"] * 3
    assert list(enter) == [t.enter_s for t in reversed(tracklets)]
    assert list(leave) == [t.leave_s for t in reversed(tracklets)]


def test_the_bare_and_the_missing_survive(gallery):
    clip = make_clip()
    bare = Tracklet(f"c01/{clip.id}/0", [NOON], [[0, 0, 1, 1]], [0.5], [], [], ())
    nan = Vectors("face", [[1.0, 0.0]], [np.nan], [np.nan], [0])
    none = Vectors("body", np.empty((0, 4)), [], [], [])
    about = Description(bare.id, {"face-a": nan, "body-a": none}, {}, {"body": note("no {a}", a=1)})
    gallery.write(clip, [bare], [about], MODELS)
    assert same_tracklet(gallery.tracklet(bare.id), bare)
    assert same_description(gallery.description(bare.id), about)
    assert len(gallery.scores("body-a", np.ones((1, 4)))) == 0
    found = gallery.scores("face-a", [[1.0, 0.0]])
    assert found.cosine.tolist() == [[1.0]]
    assert np.isnan(found.pooled_px[0])
    assert np.isnan(found.quality[0])
    with pytest.raises(NotFound, match="0 pictures"):
        gallery.crop(bare.id)


def test_a_tracklet_never_described_has_an_empty_description(gallery):
    clip = make_clip()
    gallery.write(clip, [make_tracklet(clip, 4, 0.0)], [], MODELS)
    assert same_description(gallery.description("c01/k1/4"), Description("c01/k1/4"))


def test_a_clip_with_no_one_in_it_is_finished(gallery):
    clip = make_clip()
    gallery.write(clip, [], [], MODELS)
    assert gallery.clips() == [clip]
    assert gallery.find_sha256("a" * 64) == clip
    assert gallery.count() == 0
    assert gallery.count(between={"c01": (0.0, 1e12)}) == 0
    assert gallery.select().num_rows == 0
    assert len(gallery.scores("body-a", np.ones((2, 16)))) == 0
    assert gallery.damaged() == []


def test_an_empty_gallery_answers(gallery):
    assert gallery.clips() == []
    assert gallery.models() == {}
    assert gallery.find_sha256("a" * 64) is None
    assert gallery.select(columns=("tracklet_id", "day")).column_names == ["tracklet_id", "day"]
    found = gallery.top("body-a", np.ones((2, 16)), 5)
    assert (len(found), found.cosine.shape) == (0, (2, 0))
    assert found.tracklet_id.tolist() == found.camera_id.tolist() == []


def test_words_and_paths_of_any_kind_survive(gallery):
    clip = replace(make_clip(), path="/v/서울 \udcff\n'\".mp4")
    tracklet = make_tracklet(clip, 0, 0.0)
    why = {"face": note("{who!r} is {px:.1f} px", who="홍길동", px=np.float32(7.5))}
    gallery.write(clip, [tracklet], [Description(tracklet.id, missing=why)], MODELS)
    assert gallery.clips() == [clip]
    assert str(gallery.description(tracklet.id).missing["face"]) == str(why["face"])


def test_many_tracklets_span_several_row_groups(gallery):
    clip = make_clip()
    tracklets, _ = fill(gallery, clip, enters=np.linspace(0, 500, 70))
    groups = pq.ParquetFile(files(gallery)[0]).metadata
    assert groups.num_row_groups >= 5
    assert gallery.crop(tracklets[69].id, 1) == tracklets[69].crops[1]
    assert gallery.count() == 70
    assert len(gallery.scores("face-a", np.ones((1, 8)))) == 70


def test_the_file_says_what_it_is(gallery):
    clip = make_clip()
    fill(gallery, clip)
    said = pq.read_metadata(files(gallery)[0]).metadata
    assert json.loads(said[b"dongseon.clip"])["id"] == clip.id
    assert json.loads(said[b"dongseon.models"]) == MODELS
    assert json.loads(said[b"dongseon.schema"]) == 1
    assert json.loads(said[b"dongseon.counts"])["tracklets"] == 3


# Whole or not at all.


def test_the_day_is_the_utc_date_of_the_clips_start(gallery):
    path = gallery.write(make_clip(start=NOON + 11.9 * 3600), [], [], MODELS)
    assert path.relative_to(gallery.root).as_posix() == "camera=c01/day=2026-05-01/k1.parquet"


def test_what_a_killed_writer_left_is_ignored_then_cleaned(gallery):
    path = gallery.write(make_clip(), [], [], MODELS)
    old, new = path.parent / ".k2-0123abcd.tmp", path.parent / ".k3-0123abcd.tmp"
    for left in (old, new):
        left.write_bytes(b"PAR1 half a file")
    os.utime(old, (time.time() - 7200, time.time() - 7200))
    assert len(Gallery(gallery.root).clips()) == 1
    Gallery(gallery.root).clean()
    assert not old.exists()
    assert new.exists()  # its writer may still be alive


def test_the_same_clip_again_replaces_the_first(gallery):
    fill(gallery, make_clip(), seed=1)
    gallery.scores("body-a", np.ones((1, 16)))
    again, _ = fill(gallery, make_clip(), enters=(0.0,), seed=2)
    assert len(files(gallery)) == 1
    assert gallery.count() == 1
    assert same_tracklet(gallery.tracklet("c01/k1/0"), again[0])
    assert len(gallery.scores("body-a", np.ones((1, 16)))) == 1


def test_a_clip_whose_clock_was_corrected_moves_to_its_day(gallery):
    fill(gallery, make_clip())
    moved = make_clip(start=NOON + DAY_S)
    fill(gallery, moved)
    assert len(files(gallery)) == 1
    assert gallery.clips() == [moved]


def test_of_two_copies_after_a_crash_the_newer_counts(gallery):
    fill(gallery, make_clip(start=NOON + DAY_S), enters=(0.0,))
    kept = files(gallery)[0].read_bytes()
    later = files(gallery)[0]
    fill(gallery, make_clip(), enters=(0.0, 9.0))
    later.write_bytes(kept)
    os.utime(later, (time.time() - 100, time.time() - 100))
    fresh = Gallery(gallery.root)
    assert fresh.count() == fresh.select().num_rows == 2
    assert len(fresh.scores("body-a", np.ones((1, 16)))) == 2
    fresh.delete("k1")
    assert files(gallery) == []


def test_one_clip_id_cannot_be_two_cameras(gallery):
    gallery.write(make_clip("c01"), [], [], MODELS)
    with pytest.raises(BadInput, match="already in the gallery at camera c01"):
        gallery.write(make_clip("c02"), [], [], MODELS)


def test_deleting_a_clip_leaves_no_trace_of_its_vectors(gallery):
    fill(gallery, make_clip())
    fill(gallery, make_clip(name="k2", start=NOON + 900, sha="c"))
    gallery.scores("face-a", np.ones((1, 8)))
    assert list((gallery.root / ".index").rglob("*.npy"))
    gallery.delete("k1")
    assert not list((gallery.root / ".index").rglob("*.npy"))
    assert [c.id for c in gallery.clips()] == ["k2"]
    found = gallery.scores("face-a", np.ones((1, 8)))
    assert {name.split("/")[1] for name in found.tracklet_id} == {"k2"}
    with pytest.raises(NotFound):
        gallery.tracklet("c01/k1/0")
    with pytest.raises(NotFound, match="clip k1"):
        gallery.delete("k1")


def test_deleting_the_file_deletes_the_clip(gallery):
    fill(gallery, make_clip())
    gallery.scores("body-a", np.ones((1, 16)))
    files(gallery)[0].unlink()
    assert gallery.count() == 0
    assert len(gallery.scores("body-a", np.ones((1, 16)))) == 0
    gallery.clean()
    assert not list((gallery.root / ".index").rglob("*.npy"))


def test_a_full_disk_is_said_and_leaves_nothing(gallery, monkeypatch):
    def full(handle):
        raise OSError(errno.ENOSPC, "No space left on device")

    clip = make_clip()
    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(DongseonError, match="the disk is full"):
        fill(gallery, clip)
    assert [p for p in gallery.root.rglob("*") if p.is_file()] == []
    monkeypatch.undo()
    fill(gallery, clip)
    monkeypatch.setattr(os, "fsync", full)  # searching needs no room: the matrix stays in memory
    assert len(gallery.scores("body-a", np.ones((1, 16)))) == 3


@pytest.mark.skipif(sys.platform == "win32", reason="needs resource limits")
def test_a_write_that_stops_half_way_leaves_the_old_clip(gallery):
    tracklets, _ = fill(gallery, make_clip(), enters=(0.0,))
    program = """
import resource, sys
sys.path.insert(0, sys.argv[2])
import test_gallery as t
resource.setrlimit(resource.RLIMIT_FSIZE, (20_000, 20_000))
try:
    t.fill(t.Gallery(t.Path(sys.argv[1])), t.make_clip(), enters=range(200))
except t.DongseonError as error:
    print(error)
"""
    with run(program, gallery.root) as writer:
        assert "the disk is full" in writer.stdout.read()
    assert same_tracklet(gallery.tracklet("c01/k1/0"), tracklets[0])
    assert not list(gallery.root.rglob(".*.tmp"))


def run(program: str, root: Path) -> subprocess.Popen:
    command = [sys.executable, "-W", "error", "-c", program, str(root), str(Path(__file__).parent)]
    where = Path(__file__).parents[1]
    return subprocess.Popen(command, cwd=where, stdout=subprocess.PIPE, text=True)


def test_a_reader_is_never_blocked_or_broken_by_a_writer(gallery):
    still, _ = fill(gallery, make_clip(name="still"))
    program = """
import sys, time
sys.path.insert(0, sys.argv[2])
import test_gallery as t
gallery, turn = t.Gallery(t.Path(sys.argv[1])), 0
print("ready", flush=True)
end = time.time() + 2
while time.time() < end or turn < 8:
    n = 1 + turn % 3
    t.fill(gallery, t.make_clip(name="busy", sha="c"), enters=range(n), seed=turn)
    if turn % 4 == 3:
        gallery.delete("busy")
    turn += 1
print(turn)
"""
    seen, reader = set(), Gallery(gallery.root)
    with run(program, gallery.root) as writer:
        assert writer.stdout.readline() == "ready\n"
        while writer.poll() is None:
            seen.add(look(reader, still[0]))
        assert int(writer.stdout.read()) >= 8
    assert writer.returncode == 0
    assert seen <= {0, 1, 2, 3}
    assert len(seen) > 1  # the reader did see the gallery change
    assert reader.damaged() == []


def look(reader: Gallery, still: Tracklet) -> int:
    """Tracklets of the clip being written; those of the other clip are all there, once."""
    assert same_tracklet(reader.tracklet(still.id), still)
    assert reader.count() >= 3
    rows = reader.select(columns=("tracklet_id",)).column(0).to_pylist()
    top = reader.top("body-a", np.ones((1, 16)), 100).tracklet_id.tolist()
    for names in (rows, top):
        assert sum(name.startswith("c01/still/") for name in names) == 3
        assert len(set(names)) == len(names)
    return len(top) - 3


# Tracklet by tracklet.


def test_a_writer_makes_what_write_makes(gallery, tmp_path):
    clip = make_clip()
    tracklets, about = fill(gallery, clip, enters=np.linspace(0, 500, 70))
    other = Gallery(tmp_path / "other")
    with other.writer(replace(clip, gaps=()), MODELS) as writer:
        for tracklet, description in zip(tracklets, about, strict=True):
            writer.add(tracklet, description)
            assert files(other) == []
        assert len(writer) == 70
        writer.set_gaps(clip.gaps)
    assert files(other)[0].read_bytes() == files(gallery)[0].read_bytes()
    with pytest.raises(ValueError, match="finished"):
        writer.add(make_tracklet(clip, 99, 0.0))


def test_full_row_groups_do_not_wait_for_the_end(gallery):
    clip, sizes = make_clip(), []
    with gallery.writer(clip, MODELS) as writer:
        for n in range(200):
            tracklet = make_tracklet(clip, n, float(n))
            writer.add(tracklet, describe(tracklet))
            sizes.append(sum(p.stat().st_size for p in gallery.root.rglob("*.tmp")))
    assert sizes[-1] > 0.5 * files(gallery)[0].stat().st_size
    groups = clipfile.footer(files(gallery)[0]).groups
    assert [n for kind, _, n in groups if kind == "track"] == [32] * 6 + [8]
    assert [n for kind, _, n in groups if kind != "track"] == [200] * 3


def test_a_heavy_row_group_does_not_wait_for_its_rows(gallery):
    clip = make_clip()
    picture = bytes(3_000_000)
    with gallery.writer(clip, MODELS) as writer:
        for n in range(9):
            light = make_tracklet(clip, n, 0.0)
            writer.add(replace(light, crops=(picture,) * 3))
    groups = clipfile.footer(files(gallery)[0]).groups
    assert groups == tuple(("track", "", n) for n in (2, 2, 2, 2, 1))
    assert gallery.crop("c01/k1/8", 2) == picture


@pytest.mark.parametrize("error", [KeyError, KeyboardInterrupt, GeneratorExit])
def test_a_block_that_fails_leaves_nothing_or_the_old_clip(gallery, error):
    def fail(clip: Clip) -> None:
        with gallery.writer(clip, MODELS) as writer:
            for n in range(40):
                writer.add(make_tracklet(clip, n, 0.0, seed=9))
            raise error

    with pytest.raises(error):
        fail(make_clip())
    assert [p for p in gallery.root.rglob("*") if p.is_file()] == []
    tracklets, _ = fill(gallery, make_clip())
    with pytest.raises(error):
        fail(make_clip())
    assert same_tracklet(gallery.tracklet(tracklets[0].id), tracklets[0])
    assert [p for p in gallery.root.rglob("*") if p.is_file()] == files(gallery)


def test_what_changed_while_a_clip_was_written_is_seen_at_its_end(gallery):
    clip = make_clip()
    with (
        pytest.raises(BadInput, match="already in the gallery at camera c02"),
        gallery.writer(clip, MODELS),
    ):
        Gallery(gallery.root).write(make_clip("c02"), [], [], MODELS)
    gallery.delete("k1")
    other = {**MODELS, "face-a": "0" * 64}
    with (
        pytest.raises(ModelError, match="face-a"),
        gallery.writer(clip, MODELS),
    ):
        Gallery(gallery.root).write(make_clip(name="k2"), [], [], other)
    assert [p.stem for p in files(gallery)] == ["k2"]


@pytest.mark.skipif(sys.platform == "win32", reason="an open file cannot be removed there anyway")
def test_a_clip_that_is_written_for_hours_is_not_cleaned_away(gallery):
    clip = make_clip()
    with gallery.writer(clip, MODELS) as writer:
        (temporary,) = gallery.root.rglob("*.tmp")
        os.utime(temporary, (time.time() - 7200, time.time() - 7200))
        Gallery(gallery.root).clean()
        writer.add(make_tracklet(clip, 0, 0.0))
    assert gallery.count() == 1


def test_a_place_that_cannot_be_written_is_said_before_the_work_begins(gallery):
    gallery.root.mkdir()
    (gallery.root / "camera=c01").write_text("a file")
    with (
        pytest.raises(DongseonError, match="cannot be written"),
        gallery.writer(make_clip(), MODELS),
    ):
        pytest.fail("the block was entered")


# Choosing.

CAMERAS = ("c01", "c02", "c03")


@pytest.fixture(scope="module")
def spread(tmp_path_factory) -> tuple[Gallery, list[Tracklet]]:
    """Three cameras, three days, one clip over midnight and one tracklet that stays long."""
    gallery, kept = Gallery(tmp_path_factory.mktemp("spread")), []
    for i, camera in enumerate(CAMERAS):
        for day in range(3):
            start = NOON + day * DAY_S + (11.95 * 3600 if i == 0 else 0.0)
            clip = make_clip(camera, f"{camera}-{day}", start, sha="abcdef123"[3 * i + day])
            tracklets = [make_tracklet(clip, n, 90.0 * n) for n in range(5)]
            tracklets.append(make_tracklet(clip, 5, 10.0, last=500.0))
            gallery.write(clip, tracklets, [describe(t, 3 * i + day) for t in tracklets], MODELS)
            kept += tracklets
    return gallery, kept


def brute_force(kept: list[Tracklet], cameras, between: Mapping | None) -> list[str]:
    found = []
    for t in kept:
        low, high = (between or {}).get(t.camera_id, (-np.inf, np.inf))
        wanted = (cameras is None or t.camera_id in cameras) and (
            between is None or t.camera_id in between
        )
        if wanted and t.leave_s >= low and t.enter_s <= high:
            found.append(t.id)
    return sorted(found)


moments = st.one_of(
    st.floats(NOON - 10, NOON + 3 * DAY_S),
    st.integers(0, 700).map(lambda s: NOON + 11.95 * 3600 + s),
    st.integers(0, 2).map(lambda d: NOON + d * DAY_S + 90.0),
)
windows = st.tuples(moments, moments).map(lambda w: (min(w), max(w)))
betweens = st.none() | st.dictionaries(st.sampled_from((*CAMERAS, "nowhere")), windows)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(cameras=st.none() | st.sets(st.sampled_from((*CAMERAS, "nowhere"))), between=betweens)
def test_cameras_and_windows_choose_what_brute_force_chooses(spread, cameras, between):
    gallery, kept = spread
    expected = brute_force(kept, cameras, between)
    rows = gallery.select(cameras, between, columns=("tracklet_id",)).column(0).to_pylist()
    assert sorted(rows) == expected
    found = gallery.scores("body-a", np.eye(16)[:2], cameras, between)
    assert sorted(found.tracklet_id) == expected
    assert gallery.count(cameras, between) == len(expected)


def test_rows_come_in_order_with_the_columns_asked_for(spread):
    gallery, _kept = spread
    table = gallery.select(["c02"], None, "body", ("day", "enter_s", "camera", "rows", "dim"))
    assert table.column_names == ["day", "enter_s", "camera", "rows", "dim"]
    assert table.num_rows == 18
    assert table["enter_s"].to_pylist() == sorted(table["enter_s"].to_pylist())
    assert set(table["camera"].to_pylist()) == {"c02"}
    assert len(table["rows"][0].as_py()) == 3 * table["dim"][0].as_py()
    judged = gallery.select(kind="attributes", columns=("attributes",), model="judge")
    assert [k for k, _ in judged["attributes"][0].as_py()] == ["upper_color"]
    assert gallery.select(kind="body", model="other").num_rows == 0


def test_wrong_questions_are_refused(spread):
    gallery, _ = spread
    with pytest.raises(BadInput, match="no column"):
        gallery.select(columns=("tracklet_id, read_text('/etc/passwd')",))
    with pytest.raises(BadInput, match="no kind"):
        gallery.select(kind="faces' OR 1=1 --")
    for window in ((2.0, 1.0), (np.nan, 1.0)):
        with pytest.raises(BadInput, match="ends before it begins"):
            gallery.select(between={"c01": window})
        with pytest.raises(BadInput, match="ends before it begins"):
            gallery.scores("body-a", np.ones((1, 16)), between={"c01": window})
    assert gallery.select(cameras=["c01' OR '1'='1"]).num_rows == 0
    assert gallery.count(between={"c01": (-np.inf, np.inf)}) == 18


def test_a_folder_named_like_a_pattern_is_only_a_name(tmp_path):
    (tmp_path / "real").mkdir()
    (tmp_path / "link").symlink_to(tmp_path / "real")
    for name in ("case [1] *?", "it's", "실종", "link"):
        gallery = Gallery(tmp_path / name)
        fill(gallery, make_clip())
        assert gallery.select().num_rows == 3
        assert len(gallery.scores("body-a", np.ones((1, 16)))) == 3


# Scores.


def expected_pool(vectors: Vectors) -> tuple[np.ndarray, float]:
    use = np.ones(len(vectors), bool)
    if vectors.kind == "face":
        bins = np.array([rank.size_bin("face", px) for px in vectors.size_px])
        use = bins == bins.max()
    pooled = rank.pool(vectors.rows[use], vectors.quality[use])
    return pooled, float(np.mean(vectors.size_px[use]))


@pytest.mark.parametrize("model", ["body-a", "face-a"])
def test_scores_are_the_cosines_of_the_pooled_vectors(spread, model):
    gallery, kept = spread
    random = np.random.default_rng(5)
    probe = unit(random, 3, 16 if model == "body-a" else 8)
    found = gallery.scores(model, probe, sha256=MODELS[model])
    assert sorted(found.tracklet_id) == sorted(t.id for t in kept)
    spans = {t.id: (t.enter_s, t.leave_s) for t in kept}
    for i, name in enumerate(found.tracklet_id):
        pooled, px = expected_pool(gallery.description(str(name)).vectors[model])
        assert found.cosine[:, i] == pytest.approx(probe @ pooled, abs=1e-6)
        assert found.pooled_px[i] == pytest.approx(px)
        assert (found.enter_s[i], found.leave_s[i]) == spans[name]
        assert found.camera_id[i] == name.split("/")[0]
    assert found.cosine.dtype == np.float32
    assert not np.isnan(found.quality).any()


def test_the_top_is_the_head_of_all_scores(spread):
    gallery, _kept = spread
    probe = unit(np.random.default_rng(6), 2, 16)
    every = gallery.scores("body-a", probe)
    order = np.argsort(-every.cosine.max(axis=0))
    for k in (0, 1, 7, 10_000):
        top = gallery.top("body-a", probe, k)
        assert top.tracklet_id.tolist() == every.tracklet_id[order[:k]].tolist()
        assert np.array_equal(top.cosine, every.cosine[:, order[:k]])
        assert np.array_equal(top.camera_id, every.camera_id[order[:k]])


def test_two_models_scores_join_by_key(spread):
    gallery, _ = spread
    body = gallery.scores("body-a", np.eye(16)[:1])
    face = gallery.scores("face-a", np.eye(8)[:1], cameras=["c02"])
    _, at, of = np.intersect1d(body.key, face.key, return_indices=True)
    assert len(at) == 18
    assert body.tracklet_id[at].tolist() == face.tracklet_id[of].tolist()


def test_identical_people_are_all_kept(gallery):
    clip = make_clip()
    tracklets = [make_tracklet(clip, n, 0.0) for n in range(6)]
    one = Vectors("body", np.eye(4)[:1], [1.0], [100.0], [0])
    about = [Description(t.id, {"body-a": one}) for t in tracklets]
    gallery.write(clip, tracklets, about, MODELS)
    top = gallery.top("body-a", np.eye(4)[:1], 4)
    assert len(set(top.tracklet_id)) == 4
    assert len(gallery.scores("body-a", np.eye(4)[:1])) == 6
    assert gallery.top("body-a", np.eye(4)[:1], 4).tracklet_id.tolist() == list(top.tracklet_id)


def test_who_shows_no_face_is_absent_from_face_scores(gallery):
    clip = make_clip()
    tracklets = [make_tracklet(clip, n, 0.0) for n in range(2)]
    about = [describe(tracklets[0], face=False), describe(tracklets[1])]
    gallery.write(clip, tracklets, about, MODELS)
    assert gallery.scores("face-a", np.ones((1, 8))).tracklet_id.tolist() == ["c01/k1/1"]
    assert len(gallery.scores("body-a", np.ones((1, 16)))) == 2


def test_a_face_is_pooled_over_its_largest_width_bin(gallery):
    clip = make_clip()
    tracklet = make_tracklet(clip, 0, 0.0)
    face = Vectors("face", np.eye(4), [1, 1, 1, 1], [12.0, 41.0, 60.0, 30.0], np.arange(4))
    gallery.write(clip, [tracklet], [Description(tracklet.id, {"face-a": face})], MODELS)
    found = gallery.scores("face-a", np.eye(4))
    assert found.cosine[:, 0] == pytest.approx([0, 0.5**0.5, 0.5**0.5, 0])
    assert found.pooled_px[0] == 50.5


def test_the_matrix_is_memory_mapped_and_in_time_order(spread):
    gallery, _ = spread
    gallery.scores("body-a", np.ones((1, 16)))
    for part in Gallery(gallery.root).matrix("body-a", between={"c01": (NOON, NOON + 9e9)}):
        assert part.camera_id == "c01"
        assert part.sha256 == MODELS["body-a"]
        assert not part.matrix.flags.owndata
        assert not part.matrix.flags.writeable
        assert np.all(np.diff(part.enter_s) >= 0)
        assert np.linalg.norm(part.matrix, axis=1) == pytest.approx(1, abs=1e-5)


def test_the_index_follows_the_clips(gallery):
    fill(gallery, make_clip())
    assert len(gallery.scores("body-a", np.ones((1, 16)))) == 3
    other = Gallery(gallery.root)
    fill(other, make_clip(name="k2", start=NOON + 900, sha="c"))
    for one in (gallery, other, Gallery(gallery.root)):
        assert len(one.scores("body-a", np.ones((1, 16)))) == 6
    assert len(list((gallery.root / ".index").rglob("*.npy"))) == 1  # the older matrix is gone


def test_a_lost_or_damaged_index_only_costs_time(gallery):
    fill(gallery, make_clip())
    expected = gallery.scores("body-a", np.ones((1, 16))).cosine
    for suffix in (".npy", ".npz"):
        for path in list((gallery.root / ".index").rglob(f"*{suffix}")):
            path.write_bytes(path.read_bytes()[:90])
        assert np.array_equal(
            Gallery(gallery.root).scores("body-a", np.ones((1, 16))).cosine, expected
        )
        for path in list((gallery.root / ".index").rglob(f"*{suffix}")):
            path.unlink()
        assert np.array_equal(
            Gallery(gallery.root).scores("body-a", np.ones((1, 16))).cosine, expected
        )


# Models never meet.


def test_another_file_of_a_model_is_refused(gallery):
    fill(gallery, make_clip())
    other = {**MODELS, "face-a": "0" * 64}
    with pytest.raises(ModelError, match=r"face-a: describe it anew"):
        gallery.write(make_clip(name="k2", sha="c"), [], [], other)
    gallery.write(make_clip(sha="c"), [], [], other)  # its only clip, made again: a re-index
    gallery.write(make_clip(name="k2", sha="c"), [], [], {"new": "1" * 64})
    assert gallery.models()["face-a"] == {"0" * 64}


def test_vectors_of_two_files_never_meet(gallery, tmp_path):
    fill(gallery, make_clip())
    with pytest.raises(ModelError):
        gallery.scores("body-a", np.ones((1, 16)), sha256="0" * 64)
    with pytest.raises(ModelError):
        gallery.scores("body-a", np.ones((1, 17)))
    for camera, day in (("c02", 0), ("c01", 0)):  # copied in from elsewhere, past the check
        clip = make_clip(camera, "alien", NOON + day * DAY_S, "c")
        elsewhere = Gallery(tmp_path / "elsewhere" / camera)
        tracklets = [make_tracklet(clip, 0, 0.0)]
        about = [describe(t) for t in tracklets]
        path = elsewhere.write(clip, tracklets, about, {**MODELS, "body-a": "0" * 64})
        target = gallery.root / path.relative_to(elsewhere.root)
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(path.read_bytes())
        with pytest.raises(ModelError):
            gallery.scores("body-a", np.ones((1, 16)))
        assert len(gallery.models()["body-a"]) == 2
        target.unlink()
    assert len(gallery.scores("body-a", np.ones((1, 16)))) == 3


def test_a_probe_that_is_not_a_number_is_refused(gallery):
    with pytest.raises(BadInput):
        gallery.scores("body-a", [[np.nan, 1.0]])


def test_a_clip_takes_only_its_own(gallery):
    clip, other = make_clip(), make_clip("c02")
    mine, theirs = make_tracklet(clip, 0, 0.0), make_tracklet(other, 0, 0.0)
    for tracklets, about, models in (
        ([theirs], [], MODELS),
        ([mine, mine], [], MODELS),
        ([mine], [describe(theirs)], MODELS),
        ([mine], [describe(mine)], {"body-a": "b" * 64}),
    ):
        with pytest.raises(ValueError, match=r"c0[12]|k1|face-a"):
            gallery.write(clip, tracklets, about, models)
    assert files(gallery) == []


# Strange names, damaged files.


@pytest.mark.parametrize(
    "name", ["../x/1", "c01/../1", "c01/k1/..", "c01/k1", "c01/k1/0/0", "", "/etc/passwd", "a/b/\0"]
)
def test_ids_cannot_leave_the_gallery(gallery, name):
    fill(gallery, make_clip())
    for ask in (gallery.tracklet, gallery.description, gallery.crop):
        with pytest.raises(BadInput):
            ask(name)
    with pytest.raises(BadInput):
        gallery.spans([name])
    with pytest.raises(BadInput):
        gallery.delete("../k1")


@pytest.mark.parametrize("name", ["c09/k1/0", "c01/k9/0", "c01/k1/99"])
def test_what_is_not_there_is_not_found(gallery, name):
    fill(gallery, make_clip())
    for ask in (gallery.tracklet, gallery.description, gallery.crop):
        with pytest.raises(NotFound, match="is not in the gallery"):
            ask(name)


def test_strange_folders_and_files_are_not_looked_at(gallery):
    path = gallery.write(make_clip(), [], [], MODELS)
    data = path.read_bytes()
    for strange in (
        "camera=..",
        "camera=",
        "camera=<script>",
        "camera=c01;drop",
        "camera=c01/day=2026-13-45",
        "camera=c01/day=20260501",
        "camera=c02/day=..x",
        "other/day=2026-05-01",
    ):
        folder = gallery.root / strange
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "k1.parquet").write_bytes(data)
        nested = folder / "day=2026-05-01"
        nested.mkdir(exist_ok=True)
        if strange != "camera=c01":
            (nested / "k1.parquet").write_bytes(data)
    (path.parent / "a b.parquet").write_bytes(data)
    (path.parent / "notes.txt").write_text("hello")
    (gallery.root / "camera=c05").write_text("a file")
    (gallery.root / "camera=c06").symlink_to(gallery.root / "camera=c01")
    (path.parent / "k7.parquet").symlink_to(path)
    fresh = Gallery(gallery.root)
    assert len(fresh.clips()) == 1
    assert fresh.damaged() == []
    assert fresh.select().num_rows == 0
    assert len(fresh.scores("body-a", np.ones((1, 16)))) == 0


def test_a_clip_under_another_name_is_damaged(gallery):
    path = gallery.write(make_clip(), [], [], MODELS)
    places = ["camera=c01/day=2026-05-01/k2", "camera=c02/day=2026-05-01/k1"]
    places.append("camera=c03/day=2026-05-02/k1")
    for place in places:
        target = gallery.root / f"{place}.parquet"
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(path.read_bytes())
    said = [str(one) for one in gallery.damaged()]
    assert len(said) == 3
    assert len(gallery.clips()) == 1


@pytest.mark.parametrize("harm", ["empty", "cut", "text", "middle", "newer"])
def test_one_damaged_file_does_not_stop_the_others(gallery, harm):
    sound, _ = fill(gallery, make_clip("c01"))
    clip = make_clip("c01", "k2", NOON + 900, "c")
    fill(gallery, clip, seed=3)
    path = next(p for p in files(gallery) if p.stem == "k2")
    data = path.read_bytes()
    middle = (
        data[:200] + bytes(b ^ 0x5A for b in data[200 : len(data) // 2]) + data[len(data) // 2 :]
    )
    newer = data.replace(b"dongseon.schema\x18\x011", b"dongseon.schema\x18\x019")
    harmed = {"empty": b"", "cut": data[:-500], "text": b"hello", "middle": middle, "newer": newer}
    assert harmed[harm] != data
    path.write_bytes(harmed[harm])
    for one in (Gallery(gallery.root), gallery):
        found = one.scores("body-a", np.ones((1, 16)))
        assert {n.split("/")[1] for n in found.tracklet_id} == {"k1"}
        table = one.select(columns=("tracklet_id", "t_s", "crops"))
        assert {n.split("/")[1] for n in table["tracklet_id"].to_pylist()} == {"k1"}
        assert [str(path) in str(said) for said in one.damaged()] == [True]
        with pytest.raises(DongseonError, match="newer" if harm == "newer" else "damaged") as error:
            one.tracklets([t.id for t in sound] + ["c01/k2/0"])
        assert str(path) in str(error.value)
        assert same_tracklet(one.tracklet(sound[0].id), sound[0])
    gallery.delete("k2")
    fill(gallery, clip, seed=3)
    assert gallery.damaged() == []
    assert gallery.count() == len(gallery.scores("body-a", np.ones((1, 16)))) == 6


def test_the_right_file_put_back_is_searched_again(gallery):
    fill(gallery, make_clip())
    path = files(gallery)[0]
    data = path.read_bytes()
    path.write_bytes(b"")
    assert len(gallery.damaged()) == 1
    assert gallery.count() == 0
    path.write_bytes(data)
    assert gallery.damaged() == []
    assert len(gallery.scores("body-a", np.ones((1, 16)))) == 3
