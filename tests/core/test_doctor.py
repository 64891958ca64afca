import json
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace

import pytest

from studio.core import assets, doctor
from studio.core.media import webcam
from studio.core.render import cpu_machine, cuda_machine, gsplat_backend, kernel_cache, numba_runtime


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


def test_a_full_disk_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(doctor.shutil, "disk_usage", lambda path: SimpleNamespace(free=1.2e9))
    assert check("data folder").verdict == "limited"
    assert "1.2 GB free" in check("data folder").found


def test_cameras_are_counted_and_not_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(webcam, "webcams", lambda: ["Anna's telephone", "Integrated Camera"])
    assert (check("cameras").verdict, check("cameras").found) == ("ok", "2 found")
    monkeypatch.setattr(webcam, "webcams", list)
    assert check("cameras").verdict == "limited"


def test_looking_is_a_job_that_reports_each_step() -> None:
    job = doctor.reporting()
    messages = [next(job).message for _ in range(3)]
    job.close()
    assert messages == ["looking at: studio", "looking at: packages", "looking at: processor"]


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
    folder = Path(kernel_cache.cache_folder())
    assert folder.is_relative_to(tmp_path)
    folder.mkdir(parents=True)
    (folder / "kernel.nbi").touch()
    assert check("renderer cache").found == "1 compiled kernels"


def test_what_limits_the_threads_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("AVATAR_STUDIO_THREADS", raising=False)
    monkeypatch.setattr(cpu_machine, "cpu_quota", lambda: 1.5)
    monkeypatch.setattr(cpu_machine, "cores", lambda cpus: 4)
    monkeypatch.setattr(numba_runtime.config, "NUMBA_NUM_THREADS", 4)
    assert check("processor").found.endswith("; drawing on 1: the control group grants 1.5 processors")
    assert check("processor").verdict == "limited"
    monkeypatch.setenv("AVATAR_STUDIO_THREADS", "3")
    assert check("processor").found.endswith("; drawing on 3: AVATAR_STUDIO_THREADS")
    assert check("processor").verdict == "ok"
    monkeypatch.setenv("AVATAR_STUDIO_THREADS", "5")
    assert check("processor").found.endswith("set it to 4 or less.")
    assert check("processor").verdict == "broken"


def test_why_cuda_is_not_used_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(gsplat_backend, "why_unavailable", lambda: "the installed torch is built without CUDA")
    monkeypatch.setattr(cuda_machine, "driver", lambda: None)
    assert check("renderer").found == "numba; CUDA is not used: the installed torch is built without CUDA"
    assert check("graphics card").verdict == "limited"
    monkeypatch.setattr(gsplat_backend, "why_unavailable", lambda: None)
    monkeypatch.setattr(cuda_machine, "driver", lambda: cuda_machine.Driver((13, 0), 1, name="NVIDIA H200"))
    assert check("renderer").found == "gsplat: CUDA device found"
    assert check("graphics card").found == "NVIDIA H200, its driver runs CUDA 13.0"


@pytest.mark.parametrize(
    ("toolkit", "torch", "compiler", "verdict", "found"),
    [
        (None, (13, 0), "c++", "limited", "no CUDA toolkit"),
        ((13, 0), (13, 0), "c++", "ok", "/usr/local/cuda, CUDA 13.0"),
        ((13, 0), None, "c++", "ok", "/usr/local/cuda, CUDA 13.0"),
        ((12, 4), (13, 0), "c++", "limited", "/usr/local/cuda, CUDA 12.4; torch needs CUDA 13.0"),
        ((13, 0), (13, 0), None, "limited", "no C++ compiler"),
    ],
)
def test_what_compiles_the_cuda_renderer_is_told(
    monkeypatch: pytest.MonkeyPatch,
    toolkit: cuda_machine.Version | None,
    torch: cuda_machine.Version | None,
    compiler: str | None,
    verdict: str,
    found: str,
) -> None:
    monkeypatch.setattr(cuda_machine, "toolkit", lambda: Path("/usr/local/cuda") if toolkit else None)
    monkeypatch.setattr(cuda_machine, "toolkit_cuda", lambda home: toolkit)
    monkeypatch.setattr(cuda_machine, "torch_cuda", lambda: torch)
    monkeypatch.setattr(cuda_machine, "host_compiler", lambda: compiler)
    assert check("CUDA compiler").verdict == verdict
    assert found in check("CUDA compiler").found


def test_looking_does_not_wait_for_torch() -> None:
    code = "import sys; from studio.core import doctor; doctor.report(); print('torch' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["False"]
