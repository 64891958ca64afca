"""Streams of frames: one by one, and in the batches of an avatar on a device (here torch's CPU)."""

import gsplat_on_cpu
import numpy as np
import pytest
import torch
from device_avatar import MovableAvatar, TinyTwin
from fakes import TinyAvatar
from numpy.typing import NDArray

from studio.core import avatar as entry
from studio.core import frame_stream
from studio.core.avatar import DeviceAvatar, Movable, on_fastest_device, render_bytes
from studio.core.frame_stream import allocate, batch_size, stream
from studio.core.framing import square_camera
from studio.core.gaussians.camera import Camera
from studio.core.motion.motion import Motion
from studio.core.render.rasterize import BackendChoice


@pytest.fixture(scope="module")
def avatar() -> TinyAvatar:
    return TinyAvatar.make(80)


@pytest.fixture(params=["cpu", pytest.param("cuda", marks=pytest.mark.gpu)])
def twin(request: pytest.FixtureRequest, avatar: TinyAvatar, monkeypatch: pytest.MonkeyPatch) -> TinyTwin:
    if request.param == "cpu":
        gsplat_on_cpu.install(monkeypatch)
    return TinyTwin.of(avatar, request.param)


def frames(count: int) -> list[Motion]:
    return [Motion.arkit(0.0, [0, 0.1 * k, 0, 0, 0, 0], jawOpen=k / 10) for k in range(count)]


def streamed(avatar: TinyAvatar, wanted: list[Motion], camera: Camera) -> tuple[list[NDArray[np.uint8]], int]:
    """Return the frames and how many pieces of memory were out at most."""
    memory = allocate(avatar, camera, 3 * batch_size(avatar, camera))
    total, least, pictures = len(memory), len(memory), []
    for picture in stream(avatar, wanted, camera, "plate", lambda: memory.pop()):
        least = min(least, len(memory))
        pictures.append(picture.copy())
        memory.append(picture)
    return pictures, total - least


def test_frames_come_one_by_one_from_the_processor(avatar: TinyAvatar) -> None:
    camera = square_camera(avatar, 32)
    assert batch_size(avatar, camera) == 1
    pictures, out = streamed(avatar, frames(4), camera)
    assert out == 1
    for frame, picture in zip(frames(4), pictures, strict=True):
        assert np.array_equal(picture, render_bytes(avatar, frame, camera))


@pytest.mark.parametrize("count", [0, 1, 4, 9])
def test_frames_come_in_batches_from_a_device(
    twin: TinyTwin, avatar: TinyAvatar, monkeypatch: pytest.MonkeyPatch, count: int
) -> None:
    monkeypatch.setattr(frame_stream, "LARGEST_BATCH", 4)
    camera = square_camera(avatar, 24)
    pictures, out = streamed(twin, frames(count), camera)
    assert twin.batches == [4] * (count // 4) + [count % 4] * (count % 4 > 0)
    assert out <= 8
    assert len(pictures) == count
    for frame, picture in zip(frames(count), pictures, strict=True):
        known = render_bytes(avatar, frame, camera, backend="numba")
        assert abs(picture.astype(int) - known).max() <= 2


def test_large_pictures_go_in_small_batches(avatar: TinyAvatar) -> None:
    sizes = [batch_size(TinyTwin.of(avatar), Camera.frontal(size, 100.0, 1.0)) for size in (512, 1024, 2048, 8192)]
    assert sizes == [16, 16, 4, 1]


def test_an_avatar_moves_only_where_gsplat_draws(avatar: TinyAvatar, monkeypatch: pytest.MonkeyPatch) -> None:
    movable = MovableAvatar(avatar.means, avatar.colors, avatar.jaw, avatar.plate)
    assert isinstance(movable, Movable)
    monkeypatch.setattr(entry, "choose_backend", lambda: BackendChoice("numba", "no CUDA device found"))
    assert on_fastest_device(movable) is movable
    monkeypatch.setattr(entry, "choose_backend", lambda: BackendChoice("gsplat", "CUDA device found"))
    moved = on_fastest_device(movable)
    assert isinstance(moved, DeviceAvatar)
    assert moved.device == "cuda"
    assert on_fastest_device(avatar) is avatar


def test_a_twins_frame_is_a_tensor(twin: TinyTwin) -> None:
    shown = render_bytes(twin, Motion.neutral(), square_camera(twin, 24))
    assert isinstance(shown, torch.Tensor)
    assert shown.device.type == twin.device
