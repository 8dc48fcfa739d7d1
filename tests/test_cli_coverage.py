"""The verbs for clocks, coverage and the securing list: JSON keys, exit codes, one sentence."""

from __future__ import annotations

import pytest
from tiny import NINE

from core.casebook import Wish
from core.workspace import Workspace


@pytest.fixture
def case(tiny_workspace) -> str:
    ws = Workspace.open(tiny_workspace)
    made = ws.new_case("t", reason="test", by="kim")
    ws.casebook.ledger.ask(made, Wish(NINE, NINE + 600, "c1"), by="kim")
    ws.close()
    return made


SHOWED = ["--showed", "2026-05-01T09:00:00+09:00", "--true", "2026-05-01T09:03:12+09:00"]


def test_a_clock_check_moves_windows_on_the_list(run, case):
    code, answer, _ = run("camera", "clock", "--recorder", "c1", *SHOWED)
    assert (code, answer["clock_offset_s"], answer["clock_sigma_s"]) == (0, 192, 2)
    code, listed, _ = run("securing", case)
    (one,) = listed["requests"]
    assert code == 0
    assert one["recorder_from"] == "2026-05-01T08:56:00"
    assert one["from"] == "2026-05-01T09:00:00.000+09:00"
    assert one["clock"] == "photo"
    code, answer, _ = run("camera", "clock", "--recorder", "c1", *SHOWED, "--told")
    assert (answer["how"], answer["clock_sigma_s"]) == ("told", 30)


def test_coverage_says_one_state_after_the_other(run, case):
    window = ["--from", "2026-05-01T09:00:00+09:00", "--to", "2026-05-01T10:00:00+09:00"]
    code, answer, _ = run("coverage", case, *window)
    assert code == 0
    assert (answer["cameras_seen"], answer["cameras_total"]) == (2, 2)
    for camera in answer["cameras"]:
        parts = camera["stretches"]
        assert parts[0]["from"] == answer["from"]
        assert parts[-1]["to"] == answer["to"]
        assert [p["to"] for p in parts[:-1]] == [p["from"] for p in parts[1:]]


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["coverage", "2026-0501-nowhere1"], "not known"),
        (["securing", "2026-0501-nowhere1"], "not known"),
        (["camera", "clock", "--recorder", "c99", *SHOWED], "'c99' is not known"),
        (["camera", "clock", "--recorder", "c1", *SHOWED[:2], "--true", "09:00"], "not a time"),
        (["camera", "clock", "--recorder", "c1", *SHOWED[:3], "2026-05-01T09:00:00"], "no zone"),
        (["camera", "clock", "--recorder", "c1", *SHOWED[:3], "2099-01-01T09:00:00Z"], "future"),
    ],
)
def test_a_wrong_input_is_one_sentence(run, words, said):
    code, answer, err = run(*words)
    assert (code, answer) == (2, None)
    assert said in err
    assert err.count("\n") == 1


def test_half_a_window_is_refused(run, case):
    code, _, err = run("coverage", case, "--from", "2026-05-01T09:00:00+09:00")
    assert code == 2
    assert "both --from and --to" in err


def test_cameras_go_out_and_come_back(run, tiny_workspace, tmp_path):
    path = str(tmp_path / "cameras.csv")
    assert run("camera", "export", path)[0] == 0
    ws = Workspace.open(tiny_workspace)
    before = ws.cameras(), ws.recorders()
    assert run("camera", "import", path)[1] == {"cameras": ["c1", "c2"]}
    assert (ws.cameras(), ws.recorders()) == before
    ws.close()
