"""Build a head and judge what it shows: likeness to the portrait, and the turn a tracker finds."""

import cv2
import numpy as np
from numpy.typing import NDArray

from studio.core.avatar import Consent
from studio.core.engines.lift.avatar import LiftAvatar
from studio.core.engines.lift.engine import LiftEngine
from studio.core.gaussians.camera import Camera
from studio.core.heads.template import mean_landmarks
from studio.core.jobs import Progress, run
from studio.core.perception.landmarks import find_faces
from studio.core.perception.portrait import Portrait
from studio.core.training import metrics

CONSENT = Consent(True, "public domain", "2026-01-01T00:00:00+00:00")


def build(portrait: Portrait, seen: list[Progress] | None = None) -> LiftAvatar:
    """Build a head, noting its reports in `seen`."""
    avatar = run(LiftEngine().reconstruct(portrait, consent=CONSENT), None if seen is None else seen.append)
    assert isinstance(avatar, LiftAvatar)
    return avatar


def psnr(picture: NDArray, wanted: NDArray, weight: NDArray) -> float:
    """Return the peak signal-to-noise ratio in dB of ``[H,W,3]`` pictures where `weight` ``[H,W]`` says."""
    return metrics.psnr(picture[..., :3], wanted, weight)


def found_yaw(picture: NDArray[np.float32], camera: Camera) -> float:
    """Return the degrees by which the largest face in a picture is turned to image left."""
    points = find_faces(np.round(picture[..., :3] * 255).astype(np.uint8))[0].landmarks[:468, :2]
    found, vector, _ = cv2.solvePnP(
        mean_landmarks()[:468], points.astype(np.float64), camera.K, np.zeros(4), flags=cv2.SOLVEPNP_SQPNP
    )
    assert found
    x, _, z = cv2.Rodrigues(vector)[0] @ [0, 0, 1]
    return float(np.degrees(np.arctan2(-x, -z)))


def from_side(avatar: LiftAvatar, yaw: float, camera: Camera | None = None) -> Camera:
    """Return the avatar's own camera, or another, orbited by degrees."""
    return (camera or avatar.camera).orbited(avatar.pivot, np.radians(yaw), 0)
