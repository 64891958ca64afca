"""Which backend draws, on how many threads, and that it is ready."""

import os
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import gsplat_on_cpu
import numpy as np
import pytest
from raster_scenes import askew_camera, random_gaussians
from torch.utils import cpp_extension

from studio.core.errors import UserError
from studio.core.render import (
    cpu_machine,
    cuda_machine,
    gsplat_backend,
    kernel_cache,
    numba_backend,
    numba_runtime,
)
from studio.core.render.cuda_machine import Driver
from studio.core.render.numba_backend import Workspace
from studio.core.render.numba_runtime import kernel_threads
from studio.core.render.rasterize import choose_backend, rasterize, rasterize_vjp, warm_up


def test_without_cuda_numba_draws_and_says_why(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(gsplat_backend, "why_unavailable", lambda: "no CUDA device found")
    choice = choose_backend()
    assert str(choice) == "numba: no CUDA device found"
    gaussians, camera = random_gaussians(0), askew_camera()
    automatic = rasterize(gaussians, camera).color
    assert np.array_equal(automatic, rasterize(gaussians, camera, backend="numba").color)
    for draw in (rasterize, rasterize_vjp):
        with pytest.raises(UserError, match="no CUDA device found; use the numba renderer"):
            draw(gaussians, camera, backend="gsplat")


def test_with_cuda_gsplat_is_chosen(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(gsplat_backend, "why_unavailable", lambda: None)
    assert choose_backend().name == "gsplat"


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({}, None),
        ({"package_folder": lambda name: None}, "torch is not installed"),
        ({"driver": lambda: None, "nvidia_cards": lambda: 0}, "no NVIDIA graphics card found"),
        (
            {"driver": lambda: None, "nvidia_cards": lambda: 2},
            "there is an NVIDIA card, but no NVIDIA driver: install it",
        ),
        ({"driver": lambda: None, "nvidia_cards": lambda: None}, "no NVIDIA driver found"),
        ({"driver": lambda: Driver((13, 0), 0, 999)}, "the NVIDIA driver does not start (CUDA error 999)"),
        ({"driver": lambda: Driver((13, 0), 0)}, "the NVIDIA driver offers no CUDA device"),
        ({"torch_cuda": lambda: None}, "the installed torch is built without CUDA: install its CUDA build"),
        (
            {"driver": lambda: Driver((12, 8), 1)},
            "the NVIDIA driver runs CUDA 12.8, torch needs 13.0: update the driver",
        ),
        ({"toolkit": lambda: None}, "no CUDA toolkit found to compile gsplat's kernels: install that of CUDA 13.0"),
        (
            {"toolkit_cuda": lambda home: (12, 4)},
            "nvcc is of CUDA 12.4, but torch of 13.0: install that toolkit",
        ),
        ({"host_compiler": lambda: None}, "no C++ compiler found to compile gsplat's kernels: install one"),
    ],
)
def test_reasons_are_told_apart(monkeypatch: pytest.MonkeyPatch, changes: dict, reason: str | None) -> None:
    machine = {
        "driver": lambda: Driver((13, 1), 1),
        "torch_cuda": lambda: (13, 0),
        "toolkit": lambda: Path("cuda"),
        "toolkit_cuda": lambda home: (13, 0),
        "host_compiler": lambda: "c++",
    }
    for name, value in (machine | changes).items():
        monkeypatch.setattr(cuda_machine, name, value)
    gsplat_backend._why_unavailable_by_machine.cache_clear()
    assert gsplat_backend.why_unavailable() == reason
    gsplat_backend._why_unavailable_by_machine.cache_clear()


def test_a_machine_without_cuda_does_not_wait_for_torch() -> None:
    code = (
        "import sys; from studio.core.render.rasterize import warm_up, choose_backend; warm_up(); "
        "print(choose_backend().name, 'torch' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    name, imported = done.stdout.split()
    assert imported == str(name == "gsplat")


def test_cards_are_counted_on_the_pci_bus(tmp_path: Path) -> None:
    assert cuda_machine.nvidia_cards(tmp_path / "none") is None
    for slot, vendor, kind in [("a", "0x10de", "0x030200"), ("b", "0x10de", "0x040300"), ("c", "0x8086", "0x030000")]:
        (tmp_path / slot).mkdir()
        (tmp_path / slot / "vendor").write_text(f"{vendor}\n")
        (tmp_path / slot / "class").write_text(f"{kind}\n")
    assert cuda_machine.nvidia_cards(tmp_path) == 1


def test_the_toolkit_is_looked_for_where_torch_looks(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "bin").mkdir()
    compiler = tmp_path / "bin" / "nvcc"
    compiler.write_text("#!/bin/sh\necho Cuda compilation tools, release 12.4, V12.4.131\n")
    compiler.chmod(0o755)
    monkeypatch.setenv("CUDA_HOME", str(tmp_path))
    assert cuda_machine.toolkit() is None
    (tmp_path / "include").mkdir()
    (tmp_path / "include" / "cuda_runtime.h").touch()
    assert cuda_machine.toolkit() == tmp_path
    assert cuda_machine.toolkit_cuda(tmp_path) == (12, 4)
    monkeypatch.setenv("CUDA_HOME", str(tmp_path / "none"))
    assert cuda_machine.toolkit() is None
    assert cuda_machine.toolkit_cuda(tmp_path / "none") is None
    monkeypatch.delenv("CUDA_HOME")
    monkeypatch.delenv("CUDA_PATH", raising=False)
    monkeypatch.setenv("PATH", str(tmp_path / "bin"))
    assert cuda_machine.toolkit() == tmp_path


@pytest.fixture
def first_use(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A machine on which gsplat can run and has not been compiled, with stand-ins for its kernels."""
    gsplat_on_cpu.install(monkeypatch)
    monkeypatch.setattr(gsplat_backend, "_loaded", False)
    monkeypatch.setattr(gsplat_backend, "_failure", None)
    monkeypatch.setattr(gsplat_backend, "is_prebuilt", lambda: False)
    monkeypatch.setattr(cpp_extension, "_get_build_directory", lambda name, verbose: str(tmp_path))
    monkeypatch.setenv("PATH", os.environ["PATH"])  # both are set for the compiler, and put back after the test
    monkeypatch.setenv("CUDA_HOME", os.environ.get("CUDA_HOME", ""))


@pytest.mark.usefixtures("first_use")
def test_compiling_is_told_before_and_timed_after(monkeypatch: pytest.MonkeyPatch) -> None:
    heard: list[str] = []
    monkeypatch.setattr(gsplat_backend, "_kernels", lambda: heard.append("compile") or object())
    warm_up(heard.append)
    assert heard[:2] == ["preparing renderer…", "compiling the CUDA renderer: some minutes, and only this once…"]
    assert heard[2] == "compile"
    assert heard[3].startswith("CUDA renderer compiled in ")
    assert heard[4].endswith("(gsplat: CUDA device found)")
    warm_up(heard.append)
    assert heard.count("compile") == 1


@pytest.mark.usefixtures("first_use")
@pytest.mark.parametrize(
    ("outcome", "reason"),
    [
        (RuntimeError("Error building extension 'gsplat_cuda'\nmuch more"), "Error building extension 'gsplat_cuda'"),
        (OSError(), "OSError"),
        (None, "finds no CUDA toolkit"),
    ],
)
def test_where_gsplat_does_not_compile_numba_draws_and_says_why(
    monkeypatch: pytest.MonkeyPatch, outcome: Exception | None, reason: str
) -> None:
    tries: list[None] = []

    def compile_kernels() -> None:
        tries.append(None)
        if outcome is not None:
            raise outcome

    monkeypatch.setattr(gsplat_backend, "_kernels", compile_kernels)
    gaussians, camera = random_gaussians(0), askew_camera()
    with pytest.raises(UserError, match=reason):
        rasterize(gaussians, camera, backend="gsplat")
    assert choose_backend().name == "numba"
    assert reason in choose_backend().reason
    heard: list[str] = []
    warm_up(heard.append)
    assert reason in heard[-1]
    assert "much more" not in heard[-1]
    assert len(tries) == 1


@pytest.mark.usefixtures("first_use")
@pytest.mark.parametrize(
    ("replacement", "reason"),
    [
        (None, "cannot import name '_get_build_directory'"),
        (lambda name: name, "unexpected keyword argument 'verbose'"),
    ],
)
def test_where_torch_builds_otherwise_numba_draws_and_says_why(
    monkeypatch: pytest.MonkeyPatch, replacement: object, reason: str
) -> None:
    if replacement is None:
        monkeypatch.delattr(cpp_extension, "_get_build_directory")
    else:
        monkeypatch.setattr(cpp_extension, "_get_build_directory", replacement)
    heard: list[str] = []
    warm_up(heard.append)
    assert choose_backend().name == "numba"
    assert reason in choose_backend().reason
    assert reason in heard[-1]


def test_unknown_backends_are_refused() -> None:
    with pytest.raises(ValueError, match="no backend 'opengl'"):
        rasterize(random_gaussians(0), askew_camera(), backend="opengl")
    with pytest.raises(ValueError, match="no gradients"):
        rasterize_vjp(random_gaussians(0), askew_camera(), backend="reference")


@pytest.mark.parametrize("text", ["0", "-1", "many", ""])
def test_a_wrong_number_of_threads_is_refused(monkeypatch: pytest.MonkeyPatch, text: str) -> None:
    monkeypatch.setenv("AVATAR_STUDIO_THREADS", text)
    with pytest.raises(UserError, match="AVATAR_STUDIO_THREADS"):
        numba_runtime.thread_count.__wrapped__()


def test_the_environment_sets_the_threads(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AVATAR_STUDIO_THREADS", "1")
    assert numba_runtime.thread_count.__wrapped__() == 1


def test_picture_and_gradients_do_not_depend_on_the_shares_of_the_threads() -> None:
    gaussians, camera = random_gaussians(9, 3000), askew_camera(200, 150)
    whole, pullback = rasterize_vjp(gaussians, camera, backend="numba")
    expected = pullback(np.ones_like(whole.color), np.ones_like(whole.alpha))
    results = [(whole.color, whole.alpha, expected.means, expected.opacities, expected.colors)]
    for shares in (1, 2, 7):
        workspace = Workspace()
        raster = workspace.render(gaussians, camera, shares, named=True)
        gradients = workspace.gradients(
            gaussians, camera, raster, np.ones_like(raster.color), np.ones_like(raster.alpha), shares
        )
        results.append((raster.color, raster.alpha, gradients.means, gradients.opacities, gradients.colors))
    for other in results[1:]:
        for one, two in zip(results[0], other, strict=True):
            assert np.array_equal(one, two)


def test_kernels_are_cached_for_exactly_these_sources() -> None:
    folder = Path(numba_runtime.config.CACHE_DIR)  # pyright: ignore[reportAttributeAccessIssue]
    if os.environ.get("NUMBA_CACHE_DIR"):
        assert folder == Path(os.environ["NUMBA_CACHE_DIR"])
    else:
        assert folder == Path(kernel_cache.cache_folder())
        assert "avatar-studio" in folder.parts
    rasterize(random_gaussians(0), askew_camera(), backend="numba")
    assert list(folder.rglob("numba_tiles.composite_tiles*"))


def test_a_frame_there_was_no_memory_for_does_not_spoil_the_next(monkeypatch: pytest.MonkeyPatch) -> None:
    gaussians, camera, workspace = random_gaussians(4, 500), askew_camera(200, 150), Workspace()

    aligned = numba_backend._cache_aligned

    def refuse(rows: int) -> np.ndarray:
        if rows:
            raise MemoryError
        return aligned(rows)

    with kernel_threads() as threads:
        workspace.project(gaussians, camera, threads)
        monkeypatch.setattr(numba_backend, "_cache_aligned", refuse)
        with pytest.raises(MemoryError):
            workspace.bin(len(gaussians))
        monkeypatch.undo()
        assert len(workspace.tile_rows) == len(workspace.entries)  # kernels do not look
        raster = workspace.render(gaussians, camera, threads)
    assert np.array_equal(raster.color, rasterize(gaussians, camera, backend="numba").color)


def test_a_picture_that_takes_too_much_memory_is_refused_before_it_takes_it(monkeypatch: pytest.MonkeyPatch) -> None:
    gaussians, camera, workspace = random_gaussians(4, 500), askew_camera(200, 150), Workspace()
    huge = replace(gaussians, scales=gaussians.scales * 100)
    with kernel_threads() as threads:
        expected = workspace.render(gaussians, camera, threads)
        room = len(workspace.entries)
        monkeypatch.setattr(cpu_machine, "memory", lambda: 4 * 72 * 2000)
        with pytest.raises(UserError, match="cover the picture so many times over"):
            workspace.render(huge, camera, threads)
        assert len(workspace.entries) == len(workspace.tile_rows) == room
        raster = workspace.render(gaussians, camera, threads)
        monkeypatch.undo()
        covered = workspace.render(huge, camera, threads)
    assert np.array_equal(raster.color, expected.color)
    assert covered.alpha.min() > 0.9
    assert len(workspace.entries) >= 2000


def test_memory_of_a_large_frame_is_released_when_small_ones_follow(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(numba_backend, "PATIENCE", 5)
    gaussians, camera, workspace = random_gaussians(4, 500), askew_camera(200, 150), Workspace()
    scenes = {"large": replace(gaussians, scales=gaussians.scales * 30), "small": gaussians}
    room = []
    with kernel_threads() as threads:
        for name in ["large"] + 4 * ["small"] + 5 * ["small"] + ["large"] + 4 * ["small", "large"]:
            raster = workspace.render(scenes[name], camera, threads)
            expected = Workspace().render(scenes[name], camera, threads)
            assert np.array_equal(raster.color, expected.color)
            assert len(workspace.entries) == len(workspace.tile_rows)
            room.append(len(workspace.entries))
    assert room[:9] == [room[0]] * 9
    assert numba_backend.SLACK * room[9] < room[0]
    assert set(room[10:]) == {room[0]}  # frames that change places do not make room again and again


def test_many_threads_may_draw_at_once() -> None:
    scenes = [(random_gaussians(seed, 200 * seed), askew_camera(40 + 30 * seed, 60)) for seed in range(1, 5)]
    alone = [rasterize(*scene).color for scene in scenes]
    with ThreadPoolExecutor(4) as pool:
        together = list(pool.map(lambda scene: [rasterize(*scene).color for _ in range(10)], scenes))
    for expected, colors in zip(alone, together, strict=True):
        assert all(np.array_equal(expected, color) for color in colors)


def test_warm_up_says_what_it_does() -> None:
    messages: list[str] = []
    seconds = warm_up(messages.append)
    assert messages[0] == "preparing renderer…"
    assert f"{seconds:.1f} s" in messages[-1]
    assert str(choose_backend()) in messages[-1]
