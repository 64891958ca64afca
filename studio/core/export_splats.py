"""A head as a file of splats, proved by reading it back and drawing it again."""

from dataclasses import dataclass
from os import PathLike
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from studio.core.avatar import Avatar, render_frame
from studio.core.errors import UserError
from studio.core.framing import portrait_camera
from studio.core.gaussians.camera import Camera
from studio.core.gaussians.gaussians import Gaussians
from studio.core.gaussians.splat_file import QUANTISED, read_splats, write_splats
from studio.core.jobs import Job, Stopwatch
from studio.core.media.files import atomic_path
from studio.core.media.provenance import PROGRAM, STATEMENT
from studio.core.motion.motion import Motion
from studio.core.render.rasterize import rasterize
from studio.core.training.metrics import psnr

LEAST_DB, LEAST_DB_QUANTISED = 45.0, 38.0
"""What a file drawn again must be like the studio's own frame, dB; see `SplatReport.psnr`."""

_SIZE = 512  # px of the frame that is compared
_GREY = (0.5, 0.5, 0.5)
_SHOWS = 1 / 255  # what is less opaque is never drawn


@dataclass(frozen=True)
class SplatReport:
    """A finished, verified file of splats.

    Attributes
    ----------
    psnr
        dB of the file drawn again against the studio's own frame, in the portrait's view over grey.
    """

    path: Path
    gaussians: int
    bytes: int
    psnr: float


def export_splats(avatar: Avatar, out_path: str | PathLike[str], frame: Motion | None = None) -> Job[SplatReport]:
    """Write an avatar as splats: PLY, SPZ or GLB by the suffix of `out_path`.

    Parameters
    ----------
    frame
        The pose to write (T=1); the head at rest without it.

    Raises
    ------
    UserError
        If the format is unknown, the file cannot be written, or the avatar's look cannot be kept as splats: an
        engine that shades with a network shows in its own frames what no splat holds.
    """
    watch = Stopwatch()
    frame = frame if frame is not None else Motion.arkit(0.0, None)
    camera = portrait_camera(avatar, _SIZE)
    with atomic_path(out_path) as temporary:
        yield watch.progress(0.0, "posing the head")
        gaussians = avatar.pose(frame, camera)
        gaussians = gaussians[gaussians.opacities > _SHOWS]
        yield watch.progress(0.2, "writing the splats")
        write_splats(gaussians, temporary, title=PROGRAM, comment=STATEMENT)
        yield watch.progress(0.5, "reading them back")
        again = read_splats(temporary)
        yield watch.progress(0.7, "drawing them again")
        wanted = render_frame(avatar, frame, camera, _GREY)[..., :3]
        likeness = psnr(np.clip(_drawn(again, camera), 0, 1), wanted)
        least = LEAST_DB_QUANTISED if temporary.suffix.lower() in QUANTISED else LEAST_DB
        if likeness < least:
            raise UserError(
                f"As splats this head would look different ({likeness:.0f} dB, {least:.0f} are asked for): "
                f"the engine '{avatar.engine}' adds what splats cannot hold; export a clip or a still instead."
            )
        size = temporary.stat().st_size
    yield watch.progress(1.0, "done")
    return SplatReport(Path(out_path), len(gaussians), size, likeness)


def _drawn(gaussians: Gaussians, camera: Camera) -> NDArray[np.float32]:
    raster = rasterize(gaussians, camera)
    return raster.color + (1 - raster.alpha) * np.float32(_GREY[0])
