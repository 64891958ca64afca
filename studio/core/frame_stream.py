"""Many frames of one avatar as bytes on the host: one by one on the processor, in batches on a GPU.

On a GPU the frames of a batch are posed and drawn together, rounded there and copied through memory that the
driver may read directly, while the host hands on the batch before.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import islice
from typing import Any

import numpy as np
from numpy.typing import NDArray

from studio.core.avatar import Avatar, Background, DeviceAvatar, FrameBuffers, GuessedTint, render_bytes
from studio.core.gaussians.camera import Camera
from studio.core.motion.motion import Motion
from studio.core.render.gsplat_backend import rasterize_batch

LARGEST_BATCH = 16
_BATCH_BYTES = 1 << 26  # of pictures: 16 of 1024 px, 4 of 2048


def batch_size(avatar: Avatar, camera: Camera) -> int:
    """Return how many frames `stream` holds back at most; 1 where frames are drawn one by one."""
    if not isinstance(avatar, DeviceAvatar):
        return 1
    return int(np.clip(_BATCH_BYTES // (4 * camera.width * camera.height), 1, LARGEST_BATCH))


def allocate(avatar: Avatar, camera: Camera, count: int) -> list[NDArray[np.uint8]]:
    """Return memory for `count` frames ``[H,W,4]``: for an avatar on a GPU such as the driver reads directly."""
    shape = count, camera.height, camera.width, 4
    if isinstance(avatar, DeviceAvatar):
        import torch

        pinned = torch.device(avatar.device).type == "cuda"
        return list(torch.empty(shape, dtype=torch.uint8, pin_memory=pinned).numpy())
    return list(np.empty(shape, np.uint8))


def stream(
    avatar: Avatar,
    frames: Iterable[Motion],
    camera: Camera,
    background: Background,
    borrow: Callable[[], NDArray[np.uint8]],
    *,
    show_guessed: bool = False,
) -> Iterator[NDArray[np.uint8]]:
    """Render frames in order; `show_guessed` as in `render_frame`.

    Parameters
    ----------
    frames
        One by one, T=1.
    borrow
        Gives memory ``[H,W,4]`` of `allocate` for one more frame; up to ``2 * batch_size()`` are out at a time
        before the first is yielded.

    Yields
    ------
    The borrowed memory, filled; it is the caller's again.
    """
    if isinstance(avatar, DeviceAvatar):
        yield from _in_batches(avatar, frames, camera, background, borrow, show_guessed)
        return
    buffers = FrameBuffers()
    for frame in frames:
        yield render_bytes(avatar, frame, camera, background, show_guessed=show_guessed, buffers=buffers, out=borrow())


def render_batch(
    avatar: DeviceAvatar,
    frames: Sequence[Motion],
    camera: Camera,
    background: Background,
    *,
    show_guessed: bool = False,
) -> Any:
    """Render frames in one pass of every kernel, but for shading; `show_guessed` as in `render_frame`.

    Returns
    -------
    Tensor ``[B,H,W,4]`` uint8 on the avatar's device.
    """
    import torch

    posed = avatar.pose_batch(frames, camera)
    if show_guessed:
        tint = GuessedTint()
        posed = [tint.applied_to(gaussians) for gaussians in posed]
    rasters = rasterize_batch(posed, [camera] * len(frames))
    pictures: Any = torch.empty(
        (len(frames), camera.height, camera.width, 4), dtype=torch.uint8, device=torch.device(avatar.device)
    )
    for frame, raster, picture in zip(frames, rasters, pictures, strict=True):
        avatar.shade(raster, frame, camera, background, picture)
    return pictures


def _in_batches(
    avatar: DeviceAvatar,
    frames: Iterable[Motion],
    camera: Camera,
    background: Background,
    borrow: Callable[[], NDArray[np.uint8]],
    show_guessed: bool,
) -> Iterator[NDArray[np.uint8]]:
    import torch

    iterator, size = iter(frames), batch_size(avatar, camera)
    on_gpu = torch.device(avatar.device).type == "cuda"
    pending: tuple[list[NDArray[np.uint8]], Any] = [], None
    while True:
        batch = list(islice(iterator, size))
        filled = [borrow() for _ in batch]
        copied = None
        if batch:
            pictures = render_batch(avatar, batch, camera, background, show_guessed=show_guessed)
            for picture, memory in zip(pictures, filled, strict=True):
                torch.from_numpy(memory).copy_(picture, non_blocking=True)
            if on_gpu:
                copied = torch.cuda.Event()
                copied.record()
        # The batch before has had the time of this one's launches to arrive.
        before, arrived = pending
        if arrived is not None:
            arrived.synchronize()
        yield from before
        if not batch:
            return
        pending = filled, copied
