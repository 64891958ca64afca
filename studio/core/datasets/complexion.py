"""Skin, lips, brows, eyes, teeth and clothes for rendered heads: the colour of every point of a head.

Places are looked up on the mean head, in its face frame, so that they go with the face whatever its shape.
"""

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from studio.core.datasets.hairstyles import Hairstyle, on_scalp
from studio.core.heads.anatomy import BROW, CHEEK, LIPS_OUTER, LOWER_LID, SIDES, UPPER_LID, smoothstep, to_face
from studio.core.heads.full import PARTS
from studio.core.heads.template import mean_landmarks
from studio.core.perception.masks import sampled

# From light to dark skin.
_TONES = np.array([(0.93, 0.78, 0.70), (0.85, 0.66, 0.55), (0.70, 0.49, 0.37), (0.50, 0.33, 0.24), (0.29, 0.19, 0.14)])
_IRISES = [(0.30, 0.18, 0.09), (0.18, 0.10, 0.06), (0.36, 0.45, 0.55), (0.32, 0.42, 0.28), (0.45, 0.42, 0.38)]
# The plan of the face that regions are drawn on: px, and half its side in the face frame.
_PLAN, _REACH = 512, 2.2
_FRONT = -0.6  # z: what lies behind is no face


@dataclass(frozen=True)
class Complexion:
    """What a head is coloured like; 0..1 each, but for the seed of its irregularities."""

    skin: NDArray[np.float32]
    lips: NDArray[np.float32]
    brows: float
    iris: NDArray[np.float32]
    teeth: NDArray[np.float32]
    blush: float
    stubble: float
    lashes: float
    freckles: float
    blotches: float
    cloth: NDArray[np.float32]
    neckline: float
    seed: int

    @staticmethod
    def drawn(rng: np.random.Generator) -> "Complexion":
        """Draw one."""
        tone = rng.uniform(0, len(_TONES) - 1)
        skin = np.array([np.interp(tone, range(len(_TONES)), channel) for channel in _TONES.T])
        skin = np.clip(skin * np.exp(rng.normal(0, 0.03, 3)), 0, 1)
        red = skin * [0.85, 0.55, 0.55] + [0.06, 0.0, 0.02]
        lips = skin + rng.uniform(0.35, 1.0) * (red * rng.uniform(0.7, 1.1) - skin)
        if rng.random() < 0.15:  # painted
            lips = np.array([rng.uniform(0.4, 0.8), rng.uniform(0.05, 0.25), rng.uniform(0.1, 0.3)])
        iris = np.array(_IRISES[int(rng.integers(len(_IRISES)))]) * np.exp(rng.normal(0, 0.15, 3))
        grey = rng.uniform(0.05, 0.9)
        cloth = np.clip(grey + rng.normal(0, 0.15, 3), 0.02, 0.95)
        return Complexion(
            skin.astype(np.float32),
            np.clip(lips, 0, 1).astype(np.float32),
            float(rng.uniform(0.3, 1)),
            np.clip(iris, 0, 1).astype(np.float32),
            np.array([0.86, 0.83, rng.uniform(0.66, 0.82)], np.float32),
            float(rng.uniform(0, 0.5)),
            float(rng.uniform(0, 0.5) if rng.random() < 0.3 else 0.0),
            float(rng.uniform(0.3, 1)),
            float(rng.uniform(0, 0.5) if rng.random() < 0.2 else 0.0),
            float(rng.uniform(0.01, 0.045)),
            cloth.astype(np.float32),
            float(rng.uniform(1.75, 2.7)),
            int(rng.integers(2**31)),
        )

    def colors(
        self, points: NDArray, part: NDArray[np.uint8], iris: NDArray[np.uint8], style: Hairstyle
    ) -> NDArray[np.float32]:
        """Return the unlit colours ``[N,3]`` of points ``[N,3]`` of the mean head.

        Parameters
        ----------
        part, iris
            ``[N]`` as of `FullHead`.
        """
        rng = np.random.default_rng(self.seed)
        flat = {"teeth_upper": self.teeth, "teeth_lower": self.teeth * np.float32(0.95), "tongue": (0.62, 0.30, 0.29),
                "gum_upper": (0.62, 0.32, 0.32), "gum_lower": (0.60, 0.31, 0.31), "mouth_bag": (0.24, 0.08, 0.08),
                "eye_left": (0.88, 0.86, 0.84), "eye_right": (0.88, 0.86, 0.84)}  # fmt: skip
        out = np.zeros((len(points), 3))
        for name, color in flat.items():
            out[part == PARTS.index(name)] = color
        eyes = part == PARTS.index("eye_left")
        eyes |= part == PARTS.index("eye_right")
        out[eyes & (iris == 1)] = self.iris
        out[eyes & (iris == 2)] = 0.03
        skin = part == PARTS.index("skin")
        out[skin] = self._skin(points[skin], style, rng)
        return out.astype(np.float32)

    def _skin(self, points: NDArray, style: Hairstyle, rng: np.random.Generator) -> NDArray[np.float64]:
        x, y, z = points.T
        front = (z > _FRONT).astype(np.float64)
        color = np.repeat(self.skin[None].astype(np.float64), len(points), 0)
        broad, narrow, spots, hairs, folds = (Noise.drawn(frequency, rng) for frequency in (1.2, 5, 26, 30, 2.5))
        color *= 1 + self.blotches * (broad.at(points) + 0.6 * narrow.at(points))[:, None]
        landmarks = to_face(mean_landmarks())
        blush = sum(np.exp(-(((points - landmarks[i]) / 0.33) ** 2).sum(1)) for i in (*CHEEK.values(), 4))
        color *= 1 - self.blush * np.asarray(blush)[:, None] * [0.0, 0.25, 0.22]
        if self.freckles:
            color *= 1 - self.freckles * (spots.at(points) > 1.1)[:, None] * front[:, None] * [0.15, 0.25, 0.3]
        if self.stubble:
            beard = smoothstep(0.75, 1.0, y) * smoothstep(-1.1, -0.7, z) * (1 - smoothstep(1.7, 2.0, y))
            beard *= 0.7 + 0.3 * np.clip(hairs.at(points), -1, 1)
            color += (self.stubble * beard * front)[:, None] * (0.6 * style.color - color)
        for region, target, share in self._regions(style):
            mask = sampled(region, _on_plan(points)) * front * share
            color += mask[:, None] * (target - color)
        scalp = on_scalp(points, style) * (0.85 if style.length > 0 else 0.35)
        color += scalp[:, None] * (style.color * 0.8 - color)
        cloth = smoothstep(
            self.neckline - 0.06, self.neckline + 0.06, y - 0.25 * np.abs(x) + 0.35 * np.minimum(z + 1, 0)
        )
        worn = cloth > 0
        fabric = np.clip(self.cloth * (1 + 0.12 * folds.at(points[worn])[:, None]), 0, 1)
        color[worn] += cloth[worn, None] * (fabric - color[worn])
        return color

    def _regions(self, style: Hairstyle) -> list[tuple[NDArray[np.float32], NDArray[np.float32], float]]:
        """Return masks on the plan with their colours and how much these cover."""
        landmarks = to_face(mean_landmarks())
        brow, lash = style.color * np.float32(0.7), np.full(3, 0.04, np.float32)
        regions = [(_filled(landmarks[LIPS_OUTER], 2.5), self.lips, 0.9)]
        for side in SIDES:
            lower = landmarks[BROW[side]]
            upper = lower + [0, -0.13, 0]
            regions.append((_filled(np.concatenate([lower, upper[::-1]]), 3.5), brow, 0.85 * self.brows))
            for lid, width, share in ((UPPER_LID[side], 4, self.lashes), (LOWER_LID[side], 2, 0.5 * self.lashes)):
                regions.append((_line(landmarks[lid], width), lash, 0.8 * share))
        return regions


@dataclass(frozen=True)
class Noise:
    """Smooth noise of about unit variance: a sum of waves ``[W,3]`` with phases ``[W]``, rad."""

    waves: NDArray[np.float64]
    phases: NDArray[np.float64]

    @staticmethod
    def drawn(frequency: float, rng: np.random.Generator, count: int = 12) -> "Noise":
        """Draw some of a frequency in cycles per length."""
        waves = rng.normal(size=(count, 3)) * frequency * 2 * np.pi / np.sqrt(3)
        return Noise(waves, rng.uniform(0, 2 * np.pi, count))

    def at(self, points: NDArray) -> NDArray[np.float32]:
        """Return its value ``[N]`` at points ``[N,3]``."""
        phases = (points @ self.waves.T + self.phases).astype(np.float32)  # the sine of which is a tenth of the work
        return np.float32(np.sqrt(2 / len(self.phases))) * np.sin(phases).sum(1)


def _on_plan(points: NDArray) -> NDArray[np.float32]:
    return ((points[:, :2] / _REACH + 1) * (_PLAN / 2)).astype(np.float32)


def _filled(polygon: NDArray, blur: float) -> NDArray[np.float32]:
    mask = np.zeros((_PLAN, _PLAN), np.float32)
    cv2.fillPoly(mask, [np.round(_on_plan(polygon)).astype(np.int32)], (1.0,))
    return cv2.GaussianBlur(mask, (0, 0), blur).astype(np.float32)


def _line(points: NDArray, width: int) -> NDArray[np.float32]:
    mask = np.zeros((_PLAN, _PLAN), np.float32)
    cv2.polylines(mask, [np.round(_on_plan(points)).astype(np.int32)], False, (1.0,), width)
    return cv2.GaussianBlur(mask, (0, 0), 1.0).astype(np.float32)
