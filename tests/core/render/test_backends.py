"""Which backend draws, on how many threads, and that it is ready."""

import os
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest
from raster_scenes import askew_camera, random_gaussians

from studio.core.errors import UserError
from studio.core.render import gsplat_backend, numba_runtime
from studio.core.render.numba_backend import Workspace
from studio.core.render.rasterize import choose_backend, rasterize, rasterize_vjp, warm_up


@pytest.fixture
def fresh_choice():
    choose_backend.cache_clear()
    yield
    choose_backend.cache_clear()


@pytest.mark.usefixtures("fresh_choice")
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


@pytest.mark.usefixtures("fresh_choice")
def test_with_cuda_gsplat_is_chosen(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(gsplat_backend, "why_unavailable", lambda: None)
    assert choose_backend().name == "gsplat"


def test_reasons_are_told_apart(monkeypatch: pytest.MonkeyPatch) -> None:
    def reason(cuda: str | None, devices: int | None, compiler: bool, torch: bool = True) -> str | None:
        gsplat_backend.why_unavailable.cache_clear()
        monkeypatch.setattr(gsplat_backend, "_cuda_version", lambda folder: cuda)
        monkeypatch.setattr(gsplat_backend, "_cuda_device_count", lambda: devices)
        monkeypatch.setattr(gsplat_backend, "_has_nvcc", lambda: compiler)
        if not torch:
            monkeypatch.setattr(gsplat_backend, "_package_folder", lambda name: None)
        return gsplat_backend.why_unavailable()

    assert reason(None, 1, True) == "the installed torch is built without CUDA"
    assert reason("12.8", None, True) == "no NVIDIA driver found"
    assert reason("12.8", 0, True) == "no CUDA device found"
    assert reason("12.8", 1, False) == "no nvcc found to compile gsplat's CUDA kernels"
    assert reason("12.8", 1, True) is None
    assert reason("12.8", 1, True, torch=False) == "torch is not installed"
    gsplat_backend.why_unavailable.cache_clear()


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
    results = []
    for shares in (1, 2, 7):
        workspace = Workspace()
        raster = workspace.render(gaussians, camera, shares)
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
        assert folder == Path(numba_runtime.cache_folder())
        assert "avatar-studio" in folder.parts
    rasterize(random_gaussians(0), askew_camera(), backend="numba")
    assert list(folder.rglob("numba_compositing.composite_tiles*"))


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
