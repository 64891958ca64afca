"""From an avatar and the shots of a take to a `Scene`: what the cameras see, and the plate behind."""

from dataclasses import dataclass, replace
from typing import Any

import cv2
import numpy as np
from numba import njit
from numpy.typing import NDArray

from studio.core.avatar import Avatar
from studio.core.datasets.acting import Shot
from studio.core.motion.poses import turned_head
from studio.core.render.numba_runtime import KERNEL
from studio.core.render.rasterize import rasterize
from studio.core.training.mouth_motion import MOUTH_MOTION, mouth_rectangle, stored_motion
from studio.core.training.scene import Scene, Source

# Depth where less than this is covered is more background than head.
_KNOWN = 0.5
_SOLID = 0.9  # covered so far, a surface can be followed
# Views are drawn no smaller than this and then shrunk: the rasteriser blurs by its own pixels, a lens by none.
_LEAST_DRAWN = 256


@dataclass(frozen=True)
class Credits:
    """What a scene says about itself."""

    key: str
    identity: str
    source: Source
    ships: bool
    seed: int = 0
    origin: str = ""


def film(
    avatar: Avatar,
    shots: list[Shot],
    plate: NDArray[np.float32],
    credits: Credits,
    extra: dict[str, Any] | None = None,
) -> Scene:
    """Draw a take; where it is heard, `mouth_motion` is among what it has extra.

    Parameters
    ----------
    plate
        ``[S,S,3]`` 0..1.
    """
    size = plate.shape[0]
    views = len(shots)
    rgba = np.empty((views, size, size, 4), np.uint8)
    depth = np.empty((views, size, size), np.float16)
    matrices = np.empty((views, 4, 4))
    windows = [shot.audio for shot in shots if shot.audio is not None]
    extra = (extra or {}) | ({MOUTH_MOTION: mouth_motion(avatar, shots)} if windows else {})
    gaussians = None
    finer = max(1, _LEAST_DRAWN // size)
    for k, shot in enumerate(shots):
        camera = shot.camera if finer == 1 else shot.camera.scaled(finer)
        gaussians = avatar.pose(shot.frame, camera, gaussians)
        raster = rasterize(gaussians, camera, depth=True)
        assert raster.depth is not None
        color, alpha, far = raster.color, raster.alpha[..., 0], raster.depth[..., 0]
        if finer > 1:
            color, alpha, far = (_shrunk(picture, size) for picture in (color, alpha, far * alpha))
            far /= np.maximum(alpha, 1e-6)
        _to_bytes(color, alpha, rgba[k])
        depth[k] = far * (alpha > _KNOWN)
        # World is head space, and the camera of the shot stands in that of the head at rest.
        matrices[k] = shot.camera.world_to_camera @ turned_head(shot.frame.head_pose[0])
    return Scene(
        key=credits.key,
        identity=credits.identity,
        source=credits.source,
        ships=credits.ships,
        rgba=rgba,
        plate=np.round(np.clip(plate, 0, 1) * 255).astype(np.uint8),
        depth=depth,
        world_to_camera=matrices.astype(np.float32),
        K=np.stack([shot.camera.K for shot in shots]).astype(np.float32),
        times=np.array([shot.frame.times[0] for shot in shots]),
        code=np.clip([shot.frame.code[0] for shot in shots], 0, 1).astype(np.float32),
        head_pose=np.stack([shot.frame.head_pose[0] for shot in shots]).astype(np.float32),
        audio=np.stack(windows).astype(np.float16) if windows else None,
        extra=extra,
        seed=credits.seed,
        origin=credits.origin,
    )


def mouth_motion(avatar: Avatar, shots: list[Shot]) -> NDArray[np.int8]:
    """Follow what each view shows about the mouth to the moments of all; see `studio.core.training.mouth_motion`."""
    # Of the face alone: a torso that stays behind a head that turns would drown the lips.
    faces = [replace(shot.frame, head_pose=np.zeros_like(shot.frame.head_pose)) for shot in shots]
    means = [avatar.pose(face, shot.camera).means for face, shot in zip(faces, shots, strict=True)]
    found = []
    for shot, here in zip(shots, means, strict=True):
        to_camera = shot.camera.world_to_camera[:3, :3] @ turned_head(shot.frame.head_pose[0])[:3, :3]
        gone = np.concatenate([(there - here) @ to_camera.T for there in means], 1).astype(np.float32)
        rows, columns = mouth_rectangle(shot.camera.width)
        width, height = columns.stop - columns.start, rows.stop - rows.start
        camera = shot.camera.cropped(columns.start, rows.start, width, height, width, height)
        raster = rasterize(replace(avatar.pose(shot.frame, shot.camera), colors=gone), camera)
        motion = (raster.color / np.maximum(raster.alpha, _SOLID)).reshape(height, width, len(shots), 3)
        known = np.repeat(raster.alpha > _SOLID, len(shots), 2)
        found.append(stored_motion(motion, known).transpose(2, 0, 1, 3))
    return np.stack(found)


@njit(**KERNEL)
def _to_bytes(color, alpha, rgba):
    for y in range(len(rgba)):
        for x in range(rgba.shape[1]):
            most = min(alpha[y, x], np.float32(1))
            for c in range(3):
                rgba[y, x, c] = np.uint8(min(color[y, x, c], most) * np.float32(255) + np.float32(0.5))
            rgba[y, x, 3] = np.uint8(most * np.float32(255) + np.float32(0.5))


def _shrunk(picture: NDArray[np.float32], size: int) -> NDArray[np.float32]:
    return np.asarray(cv2.resize(picture, (size, size), interpolation=cv2.INTER_AREA), np.float32)
