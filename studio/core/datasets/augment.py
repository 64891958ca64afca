"""Other people out of one: a lifted head is bent, lit and coloured anew at every draw.

All but mirroring is done to the Gaussians, so that every view of a take shows the same new person.
"""

from dataclasses import dataclass, replace

import cv2
import numpy as np
from numba import njit
from numpy.typing import NDArray

from studio.core.engines.lift.avatar import LiftAvatar
from studio.core.heads.anatomy import EYE_MIDPOINT
from studio.core.heads.arkit import ARKIT_INDEX, ARKIT_NAMES
from studio.core.render.numba_runtime import KERNEL
from studio.core.training.mouth_motion import MOUTH_MOTION, mirrored_motion
from studio.core.training.scene import Scene

MIRRORED = np.array(
    [
        ARKIT_INDEX[name.replace("Left", "Right") if "Left" in name else name.replace("Right", "Left")]
        for name in ARKIT_NAMES
    ]
)
"""For each ARKit channel the one of the other side."""

# A bend is a sum of waves: how many, their lengths, m, and how far each moves along any axis, m per m of its length.
_WAVES, _LENGTHS, _BEND = 6, (0.16, 0.45), 0.007
# Standard deviations of the logarithm of width, height and depth.
_STRETCH = np.array([0.045, 0.045, 0.07])
_MOST = 2.0  # standard deviations
# Of the logarithm: each channel's gain, that of all together, and the exponent.
_TINT, _GAIN, _GAMMA = 0.07, 0.09, 0.16
# How much light from one side brightens what faces it and darkens what is turned away.
_LIGHT = 0.22


@dataclass(frozen=True)
class Bend:
    """A smooth map of head space: p -> p * stretch about the eyes, plus waves.

    Attributes
    ----------
    stretch
        ``[3]``.
    waves
        ``[W,3]`` rad per m.
    phases
        ``[W]`` rad.
    moves
        ``[W,3]`` m.
    """

    stretch: NDArray[np.float32]
    waves: NDArray[np.float32]
    phases: NDArray[np.float32]
    moves: NDArray[np.float32]

    @staticmethod
    def drawn(rng: np.random.Generator, strength: float = 1.0, lengths: tuple[float, float] = _LENGTHS) -> "Bend":
        """Draw one; a strength of 0 is the identity, and `lengths` are those of the waves, m."""
        normal = np.clip(rng.normal(size=3), -_MOST, _MOST)
        direction = rng.normal(size=(_WAVES, 3))
        direction /= np.linalg.norm(direction, axis=1, keepdims=True)
        length = rng.uniform(*lengths, (_WAVES, 1))
        moves = strength * _BEND * length * np.clip(rng.normal(size=(_WAVES, 3)), -_MOST, _MOST)
        return Bend(
            np.exp(strength * _STRETCH * normal).astype(np.float32),
            (2 * np.pi / length * direction).astype(np.float32),
            rng.uniform(0, 2 * np.pi, _WAVES).astype(np.float32),
            moves.astype(np.float32),
        )

    def moved(self, points: NDArray[np.float32], tangents: NDArray[np.float32]) -> tuple[NDArray, NDArray]:
        """Return points ``[N,3]`` and what became of their tangents ``[N,2,3]``, both m."""
        phases = points @ self.waves.T + self.phases
        sines, cosines = np.sin(phases), np.cos(phases)
        bent, turned = np.empty_like(points), np.empty_like(tangents)
        eyes = EYE_MIDPOINT.astype(np.float32)
        _bend(points, tangents, eyes, self.stretch, self.waves, sines, cosines, self.moves, bent, turned)
        return bent, turned


# Sines are not taken here: where this is compiled they come out otherwise than where it is loaded from the cache.
@njit(**KERNEL)
def _bend(points, tangents, eyes, stretch, waves, sines, cosines, moves, bent, turned):
    for n in range(len(points)):
        for k in range(3):
            bent[n, k] = eyes[k] + (points[n, k] - eyes[k]) * stretch[k]
            turned[n, 0, k] = tangents[n, 0, k] * stretch[k]
            turned[n, 1, k] = tangents[n, 1, k] * stretch[k]
        for w in range(len(waves)):
            x, y, z = waves[w, 0], waves[w, 1], waves[w, 2]
            u = cosines[n, w] * (tangents[n, 0, 0] * x + tangents[n, 0, 1] * y + tangents[n, 0, 2] * z)
            v = cosines[n, w] * (tangents[n, 1, 0] * x + tangents[n, 1, 1] * y + tangents[n, 1, 2] * z)
            for k in range(3):
                bent[n, k] += sines[n, w] * moves[w, k]
                turned[n, 0, k] += u * moves[w, k]
                turned[n, 1, k] += v * moves[w, k]


@dataclass(frozen=True)
class Colouring:
    """gain * colour ** gamma, and a light from one side."""

    gain: NDArray[np.float32]
    gamma: float
    light: NDArray[np.float32]

    @staticmethod
    def drawn(rng: np.random.Generator, strength: float = 1.0) -> "Colouring":
        """Draw one; 0 is the identity."""
        gain = np.exp(strength * (rng.normal(0, _TINT, 3) + rng.normal(0, _GAIN)))
        gamma = float(np.exp(strength * rng.normal(0, _GAMMA)))
        light = rng.normal(size=3) * [1, 1, 0.3]
        light *= strength * _LIGHT * rng.uniform() / np.linalg.norm(light)
        return Colouring(gain.astype(np.float32), gamma, light.astype(np.float32))

    def applied(self, colors: NDArray[np.float32]) -> NDArray[np.float32]:
        """Return colours ``[...,3]`` 0..1 anew, without the light."""
        return np.clip(np.maximum(colors, 0) ** np.float32(self.gamma) * self.gain, 0, 1)

    def lit(self, colors: NDArray[np.float32], tangents: NDArray[np.float32]) -> NDArray[np.float32]:
        """Return the colours ``[N,3]`` of surfels with tangents ``[N,2,3]`` anew."""
        lit = self.applied(colors)
        _shade(tangents, self.light, lit)
        return lit


@njit(**KERNEL)
def _shade(tangents, light, colors):
    for n in range(len(colors)):
        ux, uy, uz = tangents[n, 0, 0], tangents[n, 0, 1], tangents[n, 0, 2]
        vx, vy, vz = tangents[n, 1, 0], tangents[n, 1, 1], tangents[n, 1, 2]
        x, y, z = uy * vz - uz * vy, uz * vx - ux * vz, ux * vy - uy * vx
        length = max(np.sqrt(x * x + y * y + z * z), np.float32(1e-12))
        # Tangents may turn either way round: seen surfels face the portrait's camera, out of the face.
        facing = -length if z < 0 else length
        shade = np.float32(1) + (x * light[0] + y * light[1] + z * light[2]) / facing
        for k in range(3):
            colors[n, k] = min(max(colors[n, k] * shade, np.float32(0)), np.float32(1))


def another_person(avatar: LiftAvatar, bend: Bend, colouring: Colouring) -> LiftAvatar:
    """Return a head bent and coloured; its plate stays."""
    surfels = avatar.surfels
    means, tangents = bend.moved(surfels.means, surfels.tangents)
    colors = colouring.lit(surfels.colors, surfels.tangents)
    new = replace(surfels, means=means, tangents=tangents, colors=colors)
    return avatar.with_surfels(new, avatar.binding)


def made_plate(rng: np.random.Generator, size: int) -> NDArray[np.float32]:
    """Return a background of nowhere ``[S,S,3]`` 0..1: soft patches of a few colours."""
    cells = int(rng.integers(1, 7))
    # Walls are mostly grey: light and dark vary more than hue.
    grey = rng.uniform(0.05, 0.95) + rng.normal(0, rng.uniform(0.02, 0.25), (cells + 1, cells + 1, 1))
    patches = grey + rng.normal(0, 0.06, 3) + rng.normal(0, rng.uniform(0, 0.05), (cells + 1, cells + 1, 3))
    plate = cv2.resize(patches.astype(np.float32), (size, size), interpolation=cv2.INTER_CUBIC)
    return np.clip(plate, 0, 1).astype(np.float32)


def mirrored(scene: Scene) -> Scene:
    """Return the same take with left and right exchanged."""
    flip = np.diag([-1.0, 1.0, 1.0, 1.0]).astype(np.float32)
    K = scene.K.copy()
    K[:, 0, 2] = scene.size - K[:, 0, 2]
    # A rotation's axis is a pseudovector: its x stays, and a shift's x turns.
    pose = scene.head_pose * np.array([1, -1, -1, -1, 1, 1], np.float32)
    pixels = scene.rgba.view(np.uint32)  # whole ones are exchanged twenty times as fast as bytes
    return replace(
        scene,
        rgba=np.ascontiguousarray(pixels[:, :, ::-1]).view(np.uint8),
        plate=np.ascontiguousarray(scene.plate[:, ::-1]),
        depth=np.ascontiguousarray(scene.depth[:, :, ::-1]),
        world_to_camera=flip @ scene.world_to_camera @ flip,
        K=K,
        code=scene.code[:, MIRRORED],
        head_pose=pose,
        extra={k: mirrored_motion(v) if k == MOUTH_MOTION else v for k, v in scene.extra.items()},
    )
