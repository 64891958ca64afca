"""Hair for rendered heads: strands that grow from the scalp, are combed, hang, and lie on head and shoulders.

Lengths are m in head space, but for the hairline, which is in interocular distances of the face frame.
"""

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray
from scipy.spatial import KDTree

from studio.core.heads.anatomy import to_face
from studio.core.heads.full import FullHead
from studio.core.heads.normals import vertex_normals

# Around the head from the front (0) to the back (180°): how low hair grows, y of the face frame, which points down.
_AZIMUTH = np.radians([0, 25, 45, 62, 80, 100, 118, 140, 180])
_HAIRLINE = np.array([-0.80, -0.76, -0.62, -0.15, -0.22, -0.10, 0.75, 1.10, 1.20])
_MIDDLE_Z = -1.15
_SEGMENTS, _SHORTEST = 10, 0.008
_STRANDS = 2400
_WIDTH, _DEPTH = 0.0034, 0.0018  # standard deviations of a strand, really a lock of many
_CLEARANCE = 0.003


@dataclass(frozen=True)
class Hairstyle:
    """How hair grows.

    Attributes
    ----------
    length
        m; 0 is a shaved head.
    lift
        0..1: how far it stands off where it grows.
    weight
        0..1: how much it hangs.
    curl
        0..1.
    comb
        ``[3]``: where to it is combed, in head space.
    receding
        Interocular distances by which the hairline is higher.
    color
        ``[3]`` 0..1.
    """

    length: float
    lift: float
    weight: float
    curl: float
    comb: NDArray[np.float32]
    receding: float
    color: NDArray[np.float32]

    @staticmethod
    def drawn(rng: np.random.Generator) -> "Hairstyle":
        """Draw one."""
        kind = rng.choice(["shaved", "short", "middle", "long"], p=[0.08, 0.4, 0.22, 0.3])
        low, high = {"shaved": (0, 0), "short": (0.015, 0.06), "middle": (0.06, 0.14), "long": (0.16, 0.34)}[kind]
        side = rng.choice([-1.0, 1.0])
        comb = np.array([side * rng.uniform(0, 1.2), rng.uniform(-0.3, 0.5), -rng.uniform(0.1, 1.2)])
        palette = [(0.05, 0.04, 0.04), (0.16, 0.09, 0.05), (0.32, 0.19, 0.10), (0.62, 0.46, 0.27),
                   (0.45, 0.18, 0.08), (0.60, 0.59, 0.58), (0.85, 0.83, 0.80)]  # fmt: skip
        color = np.array(palette[rng.choice(len(palette), p=[0.28, 0.24, 0.16, 0.12, 0.06, 0.08, 0.06])])
        return Hairstyle(
            float(rng.uniform(low, high)),
            float(rng.uniform(0.15, 0.4 if kind == "long" else 0.8)),
            float(rng.uniform(0.3 if kind == "long" else 0.1, 0.6)),
            float(rng.uniform(0, 1) ** 3),
            comb.astype(np.float32),
            float(max(rng.normal(0.02, 0.12), -0.12)),
            np.clip(color * np.exp(rng.normal(0, 0.15)), 0, 1).astype(np.float32),
        )


@dataclass(frozen=True, eq=False)
class Hair:
    """Locks as Gaussians at rest.

    Attributes
    ----------
    means, along
        ``[N,3]`` m: where each is, and half its axis.
    colors
        ``[N,3]`` 0..1, unlit.
    """

    means: NDArray[np.float32]
    along: NDArray[np.float32]
    colors: NDArray[np.float32]

    def __len__(self) -> int:
        return len(self.means)

    @property
    def tangents(self) -> NDArray[np.float32]:
        """The locks' axes along and across ``[N,2,3]`` m, standard deviations."""
        away = self.means - np.array([0, 0, -0.02], np.float32)
        across = np.cross(self.along, away)
        across *= _WIDTH / np.maximum(np.linalg.norm(across, axis=1, keepdims=True), 1e-9)
        return np.stack([self.along, across], 1).astype(np.float32)

    @property
    def thickness(self) -> NDArray[np.float32]:
        """``[N]`` m, a standard deviation."""
        return np.full(len(self), _DEPTH, np.float32)


def on_scalp(points: NDArray, style: Hairstyle) -> NDArray[np.float32]:
    """Return how much of points ``[N,3]`` of the mean head's face frame grows hair ``[N]`` 0..1."""
    x, y, z = points.T
    azimuth = np.arctan2(np.abs(x), z - _MIDDLE_Z)
    line = np.interp(azimuth, _AZIMUTH, _HAIRLINE) - style.receding * np.clip(np.cos(azimuth) + 0.3, 0, 1)
    ear = (np.abs(x) > 1.17) & (y > -0.35)
    return np.where(ear, 0, np.clip((line - y) / 0.10 + 0.5, 0, 1)).astype(np.float32)


def grown(head: FullHead, mean_points: NDArray, style: Hairstyle, rng: np.random.Generator) -> Hair | None:
    """Grow hair on a head; None on a shaved one.

    Parameters
    ----------
    mean_points
        ``[V,3]`` face frame: where the head's vertices are on the mean head.
    """
    if style.length <= 0:
        return None
    skin = head.of("skin")
    scalp = on_scalp(mean_points, style) * skin
    corners = head.faces[scalp[head.faces].min(1) > 0.5]
    edges = head.neutral[corners]
    area = np.linalg.norm(np.cross(edges[:, 1] - edges[:, 0], edges[:, 2] - edges[:, 0]), axis=1)
    chosen = rng.choice(len(corners), _STRANDS, p=area / area.sum())
    share = rng.dirichlet([1, 1, 1], _STRANDS)
    roots = (edges[chosen] * share[..., None]).sum(1)
    normals = vertex_normals(head.neutral, head.faces)
    outward = (normals[corners[chosen]] * share[..., None]).sum(1)

    surface = KDTree(head.neutral[skin])
    at, facing = head.neutral[skin], normals[skin]
    # Locks beside one another go the same way: their whims are smooth over the scalp.
    waves = rng.normal(0, 25, (4, 3))
    whim = np.sin(roots @ waves.T + rng.uniform(0, 6.3, 4)) @ rng.normal(0, 0.35, (4, 3))
    comb = style.comb + whim + rng.normal(0, 0.12, roots.shape)
    comb -= outward * (comb * outward).sum(1, keepdims=True)
    direction = style.lift * outward + comb / np.maximum(np.linalg.norm(comb, axis=1, keepdims=True), 1e-6)
    lengths = style.length * rng.uniform(0.75, 1.1, _STRANDS)
    phase, turns = rng.uniform(0, 6.3, _STRANDS), rng.uniform(40, 120) * style.curl
    tone = np.exp(rng.normal(0, 0.16, (_STRANDS, 1)) + 0.1 * whim[:, :1])
    length = max(style.length / _SEGMENTS, _SHORTEST)
    point, gone = roots + _CLEARANCE * outward, 0.0
    means, along, colors = [], [], []
    while (growing := lengths > gone).any():
        # Stiff where it grows, hanging further out.
        direction += style.weight * np.array([0, -1, 0]) * min(1.0, 0.15 + gone / 0.08)
        swirl = style.curl * np.column_stack([np.cos(phase + turns * gone), 0 * phase, np.sin(phase + turns * gone)])
        direction /= np.maximum(np.linalg.norm(direction, axis=1, keepdims=True), 1e-9)
        step = direction + swirl
        step *= length / np.linalg.norm(step, axis=1, keepdims=True)
        there = point + step
        _, nearest = surface.query(there)
        room = ((there - at[nearest]) * facing[nearest]).sum(1) - _CLEARANCE - 0.02 * style.lift * min(1, gone / 0.05)
        out = np.maximum(-room, 0)[:, None] * facing[nearest]
        there += out
        into = np.minimum((direction * facing[nearest]).sum(1, keepdims=True), 0) * (room < 0)[:, None]
        direction -= into * facing[nearest]
        middle, half = (point + there) / 2, (there - point) * 0.62
        means.append(middle[growing])
        along.append(half[growing])
        lighter = 0.75 + 0.35 * min(1.0, gone / max(style.length, 1e-6))
        colors.append((style.color * tone * lighter)[growing])
        # Locks that would hang before the face end there: combed or cut.
        lengths[_before_face(to_face(there))] = 0
        point, gone = there, gone + length
    whole = (np.concatenate(parts).astype(np.float32) for parts in (means, along, colors))
    return Hair(*whole)


def _before_face(points: NDArray) -> NDArray[np.bool_]:
    x, y, z = points.T
    return (np.abs(x) < 0.85) & (y > -0.42) & (y < 1.7) & (z > -0.15)


@lru_cache(maxsize=1)
def mean_points() -> NDArray[np.float64]:
    """Return the mean head's vertices ``[V,3]`` in the face frame, where places are looked up; to be read only."""
    return to_face(FullHead().neutral.astype(np.float64))
