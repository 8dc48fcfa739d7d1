"""The whole path on real footage: five views of a corridor and one of a room.

Who is who is known: blue in 1 and 2, red in 3 and 4, orange in 5 only, six others in the room. The
corridor's men wear surgical masks. Needs the footage and the public reference weights beside the
project; nothing of them is copied.
"""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from core.cli import main
from core.workspace import Workspace

BESIDE = Path(__file__).parents[2] / "shared"
REAL = Path(os.environ.get("DONGSEON_REAL") or BESIDE / "real")
MODELS = Path(os.environ.get("DONGSEON_MODELS") or BESIDE / "models")
FILMS = [REAL / "corridor" / f"{n}.mp4" for n in range(1, 6)]
FILMS.append(REAL / "intel" / "one-by-one-person-detection.mp4")
BLUE = (FILMS[0], 2.0, "958,532,1181,1070")
RED = (FILMS[2], 2.0, "1022,413,1156,794")
ORANGE = (FILMS[4], 2.0, "522,416,662,794")
ROOM = (FILMS[5], 30.0, "382,4,545,373")
GOOD = ("moderate", "strong")

pytestmark = [
    pytest.mark.real,
    pytest.mark.skipif(
        not (FILMS[0].exists() and (MODELS / "yolox_nano.onnx").exists()),
        reason=f"NOT TESTED on real footage: no films in {REAL} or no weights in {MODELS} "
        "(set DONGSEON_REAL and DONGSEON_MODELS)",
    ),
]


@pytest.fixture(scope="module")
def ws(tmp_path_factory):
    """Six cameras 120 m apart, each clip two minutes after the one before."""
    path = tmp_path_factory.mktemp("real") / "ws"
    return filled(path, ["--pack", "reference", "--models", str(MODELS)], FILMS)


@pytest.fixture(scope="module")
def own(tmp_path_factory):
    """The corridor alone, as the weights in the repository see it."""
    return filled(tmp_path_factory.mktemp("own") / "ws", ["--pack", "builtin"], FILMS[:5])


def filled(path, words, films):
    """A workspace with these films."""
    assert main(["init", str(path), *words]) == 0
    for n, film in enumerate(films):
        place = ["--lat", "37.5665", "--lon", str(126.978 + 0.00136 * n)]
        clock = ["--clock-offset", "0", "--clock-sigma", "2"]
        there = ["--workspace", str(path)]
        assert main(["camera", "add", "--id", f"c{n + 1}", *place, *clock, *there]) == 0
        start = ["--start", f"2026-05-01T09:{2 * n:02d}:00+09:00"]
        assert main(["ingest", str(film), "--camera", f"c{n + 1}", *start, *there]) == 0
    return path


def found(ws, capsys, who):
    """The JSON answer of `search --from-clip`."""
    capsys.readouterr()
    film, at_s, box = who
    command = ["search", "--workspace", str(ws), "--json", "--from-clip", str(film)]
    assert main([*command, "--at", str(at_s), "--box", box]) == 0
    return json.loads(capsys.readouterr().out)


@pytest.mark.parametrize(("who", "camera"), [(BLUE, "c2"), (RED, "c4")])
def test_our_own_weights_put_the_same_man_first(own, capsys, who, camera):
    first = found(own, capsys, who)["candidates"][0]
    assert first["camera_id"] == camera
    assert first["band"] in ("weak", "moderate")  # clothes alone
    assert first["evidence"] > 0.3


def test_our_own_weights_take_nobody_for_the_man_who_was_nowhere_else(own, capsys):
    for one in found(own, capsys, ORANGE)["candidates"]:
        assert one["band"] in ("insufficient", "against")


def test_one_tracklet_for_each_person_who_walks_by(ws):
    opened = Workspace.open(ws)
    assert opened.counts() == {"c1": 1, "c2": 1, "c3": 1, "c4": 1, "c5": 1, "c6": 6}
    opened.close()


@pytest.mark.parametrize(("who", "camera"), [(BLUE, "c2"), (RED, "c4")])
def test_the_same_man_in_another_view_comes_first(ws, capsys, who, camera):
    candidates = found(ws, capsys, who)["candidates"]
    assert candidates[0]["camera_id"] == camera
    assert candidates[0]["band"] in GOOD
    assert [one for one in candidates[1:] if one["band"] in GOOD] == []


@pytest.mark.parametrize("who", [ORANGE, ROOM])
def test_who_was_nowhere_else_gets_no_good_candidate(ws, capsys, who):
    answer = found(ws, capsys, who)
    assert answer["candidates"]
    for one in answer["candidates"]:
        assert one["band"] not in GOOD
        assert one["reasons"]
    assert any("nobody" in warning for warning in answer["warnings"])


def test_a_masked_face_is_no_evidence(ws, capsys):
    for who in (BLUE, RED, ORANGE):
        answer = found(ws, capsys, who)
        assert all(one["face"] is None for one in answer["candidates"])


def test_the_route_has_both_sightings(ws, capsys, tmp_path):
    case = found(ws, capsys, BLUE)["case"]
    html = tmp_path / "map.html"
    there = ["--workspace", str(ws), "--json", "--html", str(html)]
    assert main(["route", case, *there]) == 0
    route = json.loads(capsys.readouterr().out)
    assert [stop["camera_id"] for stop in route["stops"]] == ["c1", "c2"]
    assert route["legs"][0]["feasible"]
    assert html.stat().st_size > 100_000
