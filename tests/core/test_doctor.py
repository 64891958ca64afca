import json
from pathlib import Path

import pytest

from studio.core import assets, doctor
from studio.core.render import numba_runtime


def check(name: str) -> doctor.Check:
    return next(check for check in doctor.report().checks if check.name == name)


def test_report_is_json_and_text() -> None:
    report = doctor.report()
    decoded = json.loads(json.dumps(report.as_dict()))
    assert {c["name"] for c in decoded["checks"]} >= {"renderer", "clip codecs", "assets", "engines"}
    assert len(report.as_text().splitlines()) == len(report.checks)


def test_the_main_job_works_here() -> None:
    broken = [c for c in doctor.report().checks if c.verdict == "broken"]
    assert broken == []


def test_damaged_assets_are_found(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "a.bin").write_bytes(b"changed")
    (tmp_path / "manifest.json").write_text(json.dumps({"a.bin": {"sha256": "0" * 64}}))
    monkeypatch.setattr(doctor, "ASSETS", tmp_path)
    assert tmp_path != assets.ASSETS
    assert check("assets").verdict == "broken"
    assert "a.bin" in check("assets").found


def test_an_unwritable_data_folder_is_found(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(doctor.os, "access", lambda path, mode: False)
    assert check("data folder").verdict == "broken"


def test_the_home_folder_is_not_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.delenv("XDG_DATA_HOME")
    text = doctor.report().as_text()
    assert str(tmp_path) not in text
    assert "~" in text


def test_one_broken_look_does_not_hide_the_others(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(doctor, "ASSETS", Path("/nowhere"))
    assert check("assets").verdict == "broken"
    assert check("clip codecs").verdict == "ok"


def test_the_renderers_cache_is_looked_up_where_it_is(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("NUMBA_CACHE_DIR", raising=False)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    assert check("renderer cache").verdict == "limited"
    folder = Path(numba_runtime.cache_folder())
    assert folder.is_relative_to(tmp_path)
    folder.mkdir(parents=True)
    (folder / "kernel.nbi").touch()
    assert check("renderer cache").found == "1 compiled kernels"
