"""The doctor finds what is broken, names it and says the cure; a healthy house has no error."""

from __future__ import annotations

import importlib.metadata
import shutil
import sqlite3

import pytest

from core import doctor
from core.doctor import examine
from core.types import Camera, Recorder
from core.workspace import Workspace


def said(findings, level):
    return [str(finding.text) for finding in findings if finding.level == level]


@pytest.fixture
def installed(monkeypatch):
    """Make it look as if these distributions, and only these, were there."""

    def pretend(**versions):
        names = {name.replace("_", "-"): version for name, version in versions.items()}

        def version(name):
            if name not in names:
                raise importlib.metadata.PackageNotFoundError(name)
            return names[name]

        monkeypatch.setattr(importlib.metadata, "version", version)

    return pretend


def clip_files(workspace):
    return sorted((workspace / "gallery").rglob("*.parquet"))


def test_a_healthy_workspace_has_no_error(tiny_workspace):
    findings = examine(tiny_workspace)
    assert said(findings, "error") == []
    fine = said(findings, "ok")
    for part in ("OpenCV: opencv-python-headless", "ONNX Runtime: ", "2 clips, 2 cameras",
                 "person: tiny_person, sha256 as measured", "body_embedding: tiny_body",
                 "entries is whole"):  # fmt: skip
        assert any(part in line for line in fine), part
    assert not any("not calibrated" in line for line in said(findings, "warn"))


def test_every_finding_is_one_line(tiny_workspace, tmp_path):
    for findings in (examine(tiny_workspace), examine(tmp_path / "nowhere")):
        assert findings
        assert all("\n" not in str(finding.text) for finding in findings)


def test_without_a_workspace_the_installation_is_still_looked_at(tmp_path):
    findings = examine(tmp_path)
    assert said(findings, "error") == []
    (warning,) = said(findings, "warn")
    assert "no workspace" in warning
    assert any("OpenCV" in line for line in said(findings, "ok"))


def test_a_damaged_workspace_is_an_error(tiny_workspace):
    (tiny_workspace / "workspace.toml").write_text("pack = ")
    (error,) = said(examine(tiny_workspace), "error")
    assert "workspace.toml is damaged" in error


@pytest.mark.parametrize("how", ["cut", "middle", "text", "empty"])
def test_a_damaged_clip_file_is_named(tiny_workspace, how):
    path = clip_files(tiny_workspace)[1]
    content = bytearray(path.read_bytes())
    if how == "middle":
        content[len(content) // 3] ^= 0xFF
    damaged = {"cut": content[:-50], "text": b"hello", "empty": b""}.get(how, content)
    path.write_bytes(damaged)
    (error,) = said(examine(tiny_workspace), "error")
    assert path.stem in error


def test_a_deleted_weight_file_is_named_with_the_cure(tiny_pack, tmp_path):
    pack = shutil.copytree(tiny_pack, tmp_path / "pack")
    Workspace.create(tmp_path / "ws", "tiny", [pack]).close()
    assert said(examine(tmp_path / "ws"), "error") == []
    (pack / "tiny_face.onnx").unlink()
    (error,) = said(examine(tmp_path / "ws"), "error")
    assert "tiny_face.onnx" in error
    assert "dongseon models import" in error


def test_a_changed_weight_file_is_named(tiny_pack, tmp_path):
    pack = shutil.copytree(tiny_pack, tmp_path / "pack")
    Workspace.create(tmp_path / "ws", "tiny", [pack]).close()
    (pack / "tiny_body.onnx").write_bytes(bytes(5))
    (error,) = said(examine(tmp_path / "ws"), "error")
    assert "tiny_body.onnx is not the tiny_body that was measured" in error


def test_a_model_without_calibration_is_a_warning(tiny_pack, tmp_path):
    pack = shutil.copytree(tiny_pack, tmp_path / "pack")
    table = (pack / "models.toml").read_text().split("\n")
    plain = [line for line in table if not line.startswith("calibration")]
    (pack / "models.toml").write_text("\n".join(plain))
    Workspace.create(tmp_path / "ws", "tiny", [pack]).close()
    warnings = said(examine(tmp_path / "ws"), "warn")
    for name in ("tiny_body", "tiny_face_embedding"):
        assert any(f"{name} is not calibrated" in line for line in warnings)


def test_a_log_somebody_changed_is_named_with_the_row(tiny_workspace):
    raw = sqlite3.connect(tiny_workspace / "casebook.sqlite", isolation_level=None)
    guards = raw.execute("SELECT name FROM sqlite_master WHERE type = 'trigger'").fetchall()
    for (guard,) in guards:
        raw.execute(f"DROP TRIGGER {guard}")
    raw.execute("UPDATE audit SET at_s = at_s + 1 WHERE n = 2")
    raw.close()
    errors = said(examine(tiny_workspace), "error")
    assert any("log is broken at row 2" in line for line in errors)


@pytest.mark.parametrize(
    ("have", "keep", "gone"),
    [
        (("opencv-python-headless", "opencv-python"), "opencv-python-headless", "opencv-python"),
        (("opencv-python", "opencv-contrib-python"), "opencv-python", "opencv-contrib-python"),
    ],
)
def test_two_opencvs_are_an_error_with_the_cure(installed, tmp_path, have, keep, gone):
    installed(**dict.fromkeys(have, "5.0"), onnxruntime="1.31")
    (error,) = said(examine(tmp_path), "error")
    assert "OpenCV is installed 2 times" in error
    assert f"uv pip uninstall {gone} && uv pip install --reinstall {keep}`" in error


def test_two_runtimes_are_an_error_and_none_as_well(installed, tmp_path):
    installed(opencv_python_headless="5.0", onnxruntime="1.31", onnxruntime_gpu="1.31")
    (error,) = said(examine(tmp_path), "error")
    assert "ONNX Runtime is installed 2 times (onnxruntime, onnxruntime-gpu)" in error
    installed(opencv_python_headless="5.0")
    (error,) = said(examine(tmp_path), "error")
    assert "ONNX Runtime is not installed: run `uv pip sync" in error


def test_lost_footage_missing_places_and_unchecked_clocks_are_warnings(
    tiny_workspace, tiny_films, monkeypatch
):
    ws = Workspace.open(tiny_workspace)
    ws.add_camera(Camera("c1", "문", "c1"), Recorder("c1"))
    path = clip_files(tiny_workspace)
    assert len(path) == len(ws.clips()) == 2
    ws.close()
    warnings = said(examine(tiny_workspace), "warn")
    assert any("no position: c1:" in line for line in warnings)
    assert any("clock not checked: c1" in line for line in warnings)
    assert not any("playback" in line for line in warnings)
    film = tiny_films["c1"]
    aside = film.rename(film.with_suffix(".aside"))
    try:
        warnings = said(examine(tiny_workspace), "warn")
    finally:
        aside.rename(film)
    assert any("1 clips lie no longer where they were" in line for line in warnings)
    monkeypatch.setattr(doctor.shutil, "disk_usage", lambda _: shutil._ntuple_diskusage(9, 8, 1))
    assert any("0 GB of disk" in line for line in said(examine(tiny_workspace), "warn"))
