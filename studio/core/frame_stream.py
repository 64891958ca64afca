"""Many frames of one avatar as bytes on the host: one by one on the processor, in batches on a GPU.

On a GPU the frames of a batch are posed and drawn together, rounded there and copied through memory that the
driver may read directly, while the host hands on the batch before.
"""

import logging
from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import repeat
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from studio.core.avatar import (
    Avatar,
    Background,
    DeviceAvatar,
    FrameBuffers,
    GuessedTint,
    on_fastest_device,
    render_bytes,
    render_frame,
)
from studio.core.gaussians.camera import Camera
from studio.core.motion.motion import Motion
from studio.core.render.gsplat_backend import rasterize_batch
from studio.core.render.rasterize import choose_backend, warm_up

log = logging.getLogger(__name__)

Picture: TypeAlias = NDArray[Any]
"""``[H,W,4]`` straight alpha: uint8, or float32 0..1."""

LARGEST_BATCH = 16
_BATCH_BYTES = 1 << 26  # of pictures: 16 of 1024 px, 4 of 2048


def drawn_fastest(avatar: Avatar, say: Callable[[str], None] = log.info) -> Avatar:
    """Return what stands for an avatar where frames are drawn fastest, known to draw there."""
    if choose_backend().name == "gsplat":
        warm_up(say)  # where gsplat does not compile, its last message says so, and numba draws
    return on_fastest_device(avatar)


def batch_size(avatar: Avatar, camera: Camera) -> int:
    """Return how many frames `stream` holds back at most; 1 where frames are drawn one by one."""
    if not isinstance(avatar, DeviceAvatar):
        return 1
    return int(np.clip(_BATCH_BYTES // (4 * camera.width * camera.height), 1, LARGEST_BATCH))


def allocate(avatar: Avatar, camera: Camera, count: int, kind: Any = np.uint8) -> list[Picture]:
    """Return memory for `count` frames ``[H,W,4]``: for an avatar on a GPU such as the driver reads directly.

    `kind` is uint8, or float32 for frames 0..1.
    """
    shape = count, camera.height, camera.width, 4
    if isinstance(avatar, DeviceAvatar):
        import torch

        pinned = torch.device(avatar.device).type == "cuda"
        there = torch.uint8 if kind == np.uint8 else torch.float32
        return list(torch.empty(shape, dtype=there, pin_memory=pinned).numpy())
    return list(np.empty(shape, kind))


def stream(
    avatar: Avatar,
    frames: Iterable[Motion],
    camera: Camera | Iterable[Camera],
    background: Background,
    borrow: Callable[[], Picture],
    *,
    show_guessed: bool = False,
) -> Iterator[Picture]:
    """Render frames in order; `show_guessed` as in `render_frame`.

    Parameters
    ----------
    frames
        One by one, T=1.
    camera
        Of all frames, or one for each, all of one size.
    borrow
        Gives memory ``[H,W,4]`` of `allocate` for one more frame, whose kind decides between bytes and floats; up to
        ``2 * batch_size()`` are out at a time before the first is yielded.

    Yields
    ------
    The borrowed memory, filled; it is the caller's again.
    """
    shots = zip(frames, repeat(camera) if isinstance(camera, Camera) else camera)  # noqa: B905 - `repeat` has no end
    if isinstance(avatar, DeviceAvatar):
        yield from _in_batches(avatar, shots, background, borrow, show_guessed)
        return
    buffers = FrameBuffers()
    for frame, seen_from in shots:
        out = borrow()
        render = render_bytes if out.dtype == np.uint8 else render_frame
        yield render(avatar, frame, seen_from, background, show_guessed=show_guessed, buffers=buffers, out=out)


def render_batch(
    avatar: DeviceAvatar,
    frames: Sequence[Motion],
    camera: Camera,
    background: Background,
    *,
    show_guessed: bool = False,
    kind: Any = np.uint8,
) -> Any:
    """Render frames in one pass of every kernel, but for shading; `show_guessed` as in `render_frame`.

    Returns
    -------
    Tensor ``[B,H,W,4]`` of `kind`, uint8 or float32 0..1, on the avatar's device.
    """
    import torch

    posed = avatar.pose_batch(frames, camera)
    if show_guessed:
        tint = GuessedTint()
        posed = [tint.applied_to(gaussians) for gaussians in posed]
    rasters = rasterize_batch(posed, [camera] * len(frames))
    pictures: Any = torch.empty(
        (len(frames), camera.height, camera.width, 4),
        dtype=torch.uint8 if kind == np.uint8 else torch.float32,
        device=torch.device(avatar.device),
    )
    for frame, raster, picture in zip(frames, rasters, pictures, strict=True):
        avatar.shade(raster, frame, camera, background, picture)
    return pictures


def _batches(avatar: Avatar, shots: Iterable[tuple[Motion, Camera]]) -> Iterator[tuple[list[Motion], Camera]]:
    """Gather what is seen from one place in a row, as far as a batch goes."""
    batch: list[Motion] = []
    seen_from: Camera | None = None
    for frame, camera in shots:
        if seen_from is not None and (camera is not seen_from or len(batch) == batch_size(avatar, seen_from)):
            yield batch, seen_from
            batch = []
        seen_from = camera
        batch.append(frame)
    if seen_from is not None:
        yield batch, seen_from


def _in_batches(
    avatar: DeviceAvatar,
    shots: Iterable[tuple[Motion, Camera]],
    background: Background,
    borrow: Callable[[], Picture],
    show_guessed: bool,
) -> Iterator[Picture]:
    import torch

    on_gpu = torch.device(avatar.device).type == "cuda"
    pending: tuple[list[Picture], Any] = [], None
    for batch, camera in _batches(avatar, shots):
        filled = [borrow() for _ in batch]
        kind = filled[0].dtype
        pictures = render_batch(avatar, batch, camera, background, show_guessed=show_guessed, kind=kind)
        for picture, memory in zip(pictures, filled, strict=True):
            torch.from_numpy(memory).copy_(picture, non_blocking=True)
        copied = None
        if on_gpu:
            copied = torch.cuda.Event()
            copied.record()
        # The batch before has had the time of this one's launches to arrive.
        yield from _arrived(pending)
        pending = filled, copied
    yield from _arrived(pending)


def _arrived(pending: tuple[list[Picture], Any]) -> list[Picture]:
    pictures, copied = pending
    if copied is not None:
        copied.synchronize()
    return pictures
