"""From an avatar and the shots of a take to a `Scene`: what the cameras see, and the plate behind."""

from dataclasses import dataclass, replace
from typing import Any

import cv2
import numpy as np
from numba import njit
from numpy.typing import NDArray

from studio.core.avatar import Avatar
from studio.core.datasets.acting import Shot
from studio.core.gaussians.camera import Camera
from studio.core.gaussians.gaussians import Gaussians
from studio.core.motion.poses import turned_head
from studio.core.render.numba_runtime import KERNEL
from studio.core.render.rasterize import rasterize
from studio.core.training.mouth_motion import MOUTH_MOTION, mouth_rectangle, stored_motion
from studio.core.training.scene import Scene, Source

# Depth where less than this is covered is more background than head.
_KNOWN = 0.5
# How far a Gaussian is seen, in standard deviations, and px beyond; m that no part of a head is nearer to a camera.
_REACH, _BEYOND, _NEAREST = 3.5, 2.0, 0.05
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
    moments = face_moments(avatar, shots) if windows else None
    motion = []
    gaussians, raster = None, None
    finer = max(1, _LEAST_DRAWN // size)
    for k, shot in enumerate(shots):
        camera = shot.camera if finer == 1 else shot.camera.scaled(finer)
        gaussians = avatar.pose(shot.frame, camera, gaussians)
        raster = rasterize(gaussians, camera, depth=True, out=raster)
        assert raster.depth is not None
        color, alpha, far = raster.color, raster.alpha[..., 0], raster.depth[..., 0]
        if finer > 1:
            color, alpha, far = (_shrunk(picture, size) for picture in (color, alpha, far * alpha))
            far /= np.maximum(alpha, 1e-6)
        if moments is not None:
            motion.append(mouth_motion(gaussians, shot, moments, moments[k]))
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
        extra=(extra or {}) | ({MOUTH_MOTION: np.stack(motion)} if motion else {}),
        seed=credits.seed,
        origin=credits.origin,
    )


def face_moments(avatar: Avatar, shots: list[Shot]) -> NDArray[np.float32]:
    """Return where the Gaussians are at each of V moments ``[V,N,3]`` m, by the face's own doing alone.

    A torso that stays behind a head that turns would drown the lips.
    """
    faces = [replace(shot.frame, head_pose=np.zeros_like(shot.frame.head_pose)) for shot in shots]
    posed = avatar.pose(faces[0], shots[0].camera)
    moments = np.empty((len(faces), *posed.means.shape), np.float32)
    for moment, face, shot in zip(moments, faces, shots, strict=True):
        posed = avatar.pose(face, shot.camera, posed)
        moment[:] = posed.means
    return moments


def mouth_motion(
    gaussians: Gaussians, shot: Shot, moments: NDArray[np.float32], here: NDArray[np.float32]
) -> NDArray[np.int8]:
    """Follow what one view shows about the mouth to the moments of all; see `studio.core.training.mouth_motion`.

    Parameters
    ----------
    gaussians
        Of the shot.
    moments, here
        Of `face_moments`: all of them, and the shot's own ``[N,3]``.

    Returns
    -------
    ``[V,h,w,3]``.
    """
    rows, columns = mouth_rectangle(shot.camera.width)
    width, height = columns.stop - columns.start, rows.stop - rows.start
    camera = shot.camera.cropped(columns.start, rows.start, width, height, width, height)
    near = _reaching_into(camera, gaussians)
    to_camera = shot.camera.world_to_camera[:3, :3] @ turned_head(shot.frame.head_pose[0])[:3, :3]
    gone = np.empty((len(near), 3 * len(moments)), np.float32)
    _fill_motion(moments, here, near, to_camera.astype(np.float32), gone)
    raster = rasterize(replace(gaussians[near], colors=gone), camera)
    return stored_motion(raster.color, raster.alpha)


def _reaching_into(camera: Camera, gaussians: Gaussians) -> NDArray[np.intp]:
    """Return the numbers of the Gaussians that may touch a picture, and of few that do not."""
    x, y, z = (gaussians.means @ camera.world_to_camera[:3, :3].T.astype(np.float32)).T
    (focal, _, cx), (_, focal_y, cy), _ = camera.K.astype(np.float32)
    dx, dy, dz = camera.world_to_camera[:3, 3].astype(np.float32)
    nearness = 1 / np.maximum(z + dz, np.float32(_NEAREST))
    long, wide, thick = gaussians.scales.T
    reach = _REACH * max(focal, focal_y) * nearness * np.maximum(np.maximum(long, wide), thick) + _BEYOND
    off_x = np.abs((x + dx) * focal * nearness + (cx - camera.width / 2)) - camera.width / 2
    off_y = np.abs((y + dy) * focal_y * nearness + (cy - camera.height / 2)) - camera.height / 2
    return np.flatnonzero(np.maximum(off_x, off_y) < reach)


@njit(**KERNEL)
def _fill_motion(moments, here, near, turn, gone):
    for k in range(len(near)):
        n = near[k]
        for m in range(len(moments)):
            x, y, z = moments[m, n, 0] - here[n, 0], moments[m, n, 1] - here[n, 1], moments[m, n, 2] - here[n, 2]
            for axis in range(3):
                gone[k, 3 * m + axis] = turn[axis, 0] * x + turn[axis, 1] * y + turn[axis, 2] * z


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
