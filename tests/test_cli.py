"""The command line: words, JSON keys, exit codes. Names are a contract."""

from __future__ import annotations

import hashlib
import json
import os
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import pytest

from core.cli import main, parser
from core.cli.terminal import actor
from core.workspace import Workspace


@pytest.fixture
def box(red_box):
    film, at_s, corners = red_box
    return ["--from-clip", str(film), "--at", str(at_s), "--box", ",".join(map(str, corners))]


def test_a_box_in_footage_gives_candidates_a_route_and_a_map(run, box, tmp_path):
    code, answer, _ = run("search", *box)
    assert code == 0
    assert set(answer) >= {"case", "candidates", "searched", "method"}
    first = answer["candidates"][0]
    assert set(first) >= {
        "tracklet_id", "camera_id", "enter", "leave", "evidence", "face", "body", "attributes",
        "expected_false",
    }  # fmt: skip
    assert first["camera_id"] == "c2"
    assert first["face"] is None  # missing is null, never 0
    assert first["enter"].endswith("+09:00")
    assert set(answer["searched"]) >= {"tracklets", "cameras", "gaps_s"}

    files = ["--html", str(tmp_path / "map.html"), "--geojson", str(tmp_path / "map.geojson")]
    code, route, _ = run("route", answer["case"], *files)
    assert code == 0
    assert set(route) >= {"stops", "legs", "alternatives", "next_cameras"}
    assert [stop["camera_id"] for stop in route["stops"]] == ["c1", "c2"]
    assert "leaflet" in (tmp_path / "map.html").read_text(encoding="utf-8").lower()
    assert json.loads((tmp_path / "map.geojson").read_text())["type"] == "FeatureCollection"


def test_a_case_is_made_searched_and_judged(run, tmp_path, tiny_films):
    photo = tmp_path / "red.png"
    import tiny
    from PIL import Image

    Image.fromarray(tiny.figures([(tiny.RED, lambda t: (130.0, 58.0))])(0, 0.0)).save(photo)
    words = ["case", "new", "--title", "실종 2026-0412", "--photo", str(photo), "--same-clothes"]
    words += ["--attr", "upper_color=red", "bag=none?", "--reason", "어머니 신고"]
    words += ["--last-seen", "2026-05-01T08:55:00+09:00,37.5665,126.978"]
    code, made, _ = run(*words)
    assert code == 0
    code, answer, _ = run("search", made["case"])
    assert code == 0
    for mode in ("fused", "overlap", "clothing"):  # overlap: the tiny pack looks at faces
        for verb in ("search", "route"):
            code, by_mode, _ = run(verb, made["case"], "--mode", mode)
            assert (code, by_mode["method"].split(";")[0]) == (0, mode), verb
            said = any("only clothing" in str(one) for one in by_mode["warnings"])
            assert said == (mode == "clothing"), verb
    best = answer["candidates"][0]["tracklet_id"]
    assert run("judge", made["case"], best, "confirmed", "--by", "lee")[0] == 0
    route = run("route", made["case"])[1]
    assert any(stop["confirmed"] and stop["tracklet_id"] == best for stop in route["stops"])


def test_ingest_again_changes_nothing(run, tiny_films):
    words = ["ingest", str(tiny_films["c1"]), "--camera", "c1", "--start"]
    code, answer, _ = run(*words, "2026-05-01T09:00:00+09:00")
    assert code == 0
    assert answer["tracklets"] == 2
    assert answer["new_tracklets"] == 0


def test_wrong_input_is_one_sentence_and_exit_code_2(run, box, tmp_path):
    text = tmp_path / "text.mp4"
    text.write_text("no film")
    start = ["--start", "2026-05-01T09:00:00+09:00"]
    wrong = {
        "no such file": ["ingest", str(tmp_path / "no.mp4"), "--camera", "c1", *start],
        "not a video": ["ingest", str(text), "--camera", "c1", *start],
        "not a picture": ["search", "--photo", str(text), "--reason", "r"],
        "no photo": ["search", "--photo", str(tmp_path / "no.jpg"), "--reason", "r"],
        "unknown camera": ["ingest", str(text), "--camera", "c9", *start],
        "missing zone": ["ingest", str(text), "--camera", "c1", "--start", "2026-05-01T09:00:00"],
        "no time": ["ingest", str(text), "--camera", "c1", "--start", "yesterday"],
        "unknown attribute": ["search", *box, "--attr", "colour=red"],
        "unknown value": ["search", *box, "--attr", "upper_color=crimson"],
        "no attribute": ["search", *box, "--attr", "red"],
        "box of three": ["search", *box[:-1], "1,2,3"],
        "box outside": ["search", *box[:-1], "5000,5000,5100,5200"],
        "beyond the end": ["search", *box[:2], "--at", "900", *box[4:]],
        "nothing to look for": ["search"],
        "unknown case": ["search", "2026-0000-nothing"],
        "unknown camera in scope": ["search", *box, "--camera", "c9"],
        "swapped place": ["camera", "add", "--id", "c3", "--lat", "126.9", "--lon", "37.5"],
        "half a place": ["camera", "add", "--id", "c3", "--lat", "37.5"],
        "path as id": ["camera", "add", "--id", "../../etc"],
        "no table": ["camera", "import", str(tmp_path / "no.csv")],
        "unknown tracklet": ["judge", "2026-0000-nothing", "c1/x/1", "confirmed", "--by", "lee"],
        "unknown pack": ["models", "fetch", "nonsense"],
        "nothing to import": ["models", "import", str(text)],
    }
    for what, words in wrong.items():
        code, answer, said = run(*words)
        assert code == 2, what
        assert answer is None, what
        assert said.startswith("dongseon: "), what
        assert said.count("\n") == 1, what
        assert "Traceback" not in said, what


def test_a_search_that_cannot_be_made_opens_no_case(run, box):
    before = run("case", "list")[1]
    for words, said in (
        (("--camera", "c9"), "c9"),
        (("--from", "2026-05-01T10:00:00+09:00", "--to", "2026-05-01T09:00:00+09:00"), "ends"),
        (("--top", "0"), "at least 1"),
    ):
        code, _, why = run("search", *box, *words)
        assert (code, said in why) == (2, True)
    assert run("case", "list")[1] == before


@pytest.mark.parametrize(
    ("at_s", "corners", "said"),
    [
        (1.0, (9000, 10, 9100, 300), "holds no person"),
        (1.0, (10, 10, 20), "--box"),
        (9999.0, None, "nothing at 9999.0 s"),
    ],
)
def test_a_box_that_holds_nobody_opens_no_case(run, box, at_s, corners, said):
    before = run("case", "list")[1]
    words = list(box)
    words[words.index("--at") + 1] = str(at_s)
    if corners is not None:
        words[words.index("--box") + 1] = ",".join(map(str, corners))
    code, _, why = run("search", *words)
    assert code != 0
    assert said in why
    assert "Traceback" not in why
    assert run("case", "list")[1] == before


def test_there_is_no_workspace_until_one_is_made(tmp_path, capsys, tiny_pack, monkeypatch):
    nowhere = tmp_path / "nowhere"
    assert main(["case", "list", "--workspace", str(nowhere)]) == 2
    assert "dongseon init" in capsys.readouterr().err
    monkeypatch.setenv("DONGSEON_WORKSPACE", str(nowhere))
    assert main(["init", "--pack", "tiny", "--models", str(tiny_pack)]) == 0
    assert main(["case", "list"]) == 0
    monkeypatch.setenv("DONGSEON_WORKSPACE", "")  # empty means unset
    monkeypatch.chdir(tmp_path)
    assert main(["case", "list"]) == 2


def test_every_verb_has_help(capsys):
    verbs = parser()._subparsers._group_actions[0].choices
    assert {"init", "camera", "ingest", "case", "search", "judge", "route", "models", "try",
            "serve", "doctor", "audit", "calibrate"} <= set(verbs)  # fmt: skip
    for verb in verbs:
        with pytest.raises(SystemExit) as stop:
            main([verb, "--help"])
        assert stop.value.code == 0
        assert capsys.readouterr().out


def test_try_makes_everything_from_videos_and_says_what_it_made_up(
    tmp_path, tiny_pack, tiny_films, capsys
):
    words = ["try", "--no-serve", "--json", "--pack", "tiny", "--models", str(tiny_pack)]
    words += ["--workspace", str(tmp_path / "try"), *map(str, tiny_films.values())]
    assert main([*words, "--at", "2", "--box", "90,118,114,182"]) == 0
    answer = json.loads(capsys.readouterr().out)
    assert answer["candidates"][0]["camera_id"] == "c02"
    assert [stop["camera_id"] for stop in answer["route"]["stops"]] == ["c01", "c02"]
    assert any("made up" in notice for notice in answer["notices"])
    ws = Workspace.open(tmp_path / "try")  # the app shows names, not what was printed
    assert all("가상" in camera.name for camera in ws.cameras().values())
    assert "가상" in ws.case(answer["case"]).title
    ws.close()


def test_the_log_is_checked(run, tiny_workspace):
    code, answer, _ = run("audit")
    assert code == 0
    assert answer["broken"] is None


def test_the_installed_command_starts_quickly_without_heavy_libraries():
    code = "import sys, core.cli; print([m for m in ('cv2', 'onnxruntime', 'streamlit', " \
           "'folium', 'trackers', 'torch') if m in sys.modules])"  # fmt: skip
    said = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True,
        env={**os.environ, "PYTHONPATH": str(Path(__file__).parents[1])},
    )  # fmt: skip
    assert said.stdout.strip() == "[]"


def test_every_file_that_a_verb_writes_is_in_the_log(run, box, tmp_path, tiny_workspace):
    case = run("search", *box)[1]["case"]
    endings = {"html": "map", "geojson": "geojson", "kml": "kml", "csv": "csv", "svg": "svg"}
    files = {ending: tmp_path / f"route.{ending}" for ending in endings}
    words = [word for ending, path in files.items() for word in (f"--{ending}", str(path))]
    assert run("route", case, *words)[0] == 0
    assert run("route", case)[0] == 0  # nothing written, nothing to log
    assert run("camera", "export", str(tmp_path / "cameras.csv"))[0] == 0
    with closing(Workspace.open(tiny_workspace)) as ws:
        rows = [row for row in ws.casebook.trail() if row.action == "export"]
        assert ws.casebook.verify() is None
    assert {row.actor for row in rows} == {actor()}
    assert {(row.subject, row.detail["what"], row.detail["sha256"]) for row in rows} == {
        *((case, what, sha256(files[ending])) for ending, what in endings.items()),
        ("site", "cameras", sha256(tmp_path / "cameras.csv")),
    }


def sha256(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()
