"""Where the face opens: eyes and mouth in the picture, and what the picture tells of the colours inside."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from studio.core.heads.anatomy import (
    CHEEK,
    FACE_OVAL,
    INTEROCULAR,
    LIPS_OUTER,
    LOWER_CHEEK,
    LOWER_LID,
    LOWER_LIP_INNER,
    SIDES,
    UPPER_LID,
    UPPER_LIP_INNER,
)
from studio.core.heads.fitting import HeadPose
from studio.core.heads.shapes import CLOSED_GAP, FaceShapes
from studio.core.perception.masks import polygon
from studio.core.perception.portrait import Portrait

# Teeth in a picture count as such in a gap at least this high (interocular distances).
_TEETH_GAP = 0.08
# A gap this high shows more of the mouth than teeth.
_WIDE_GAP = 0.25
_DETAIL_MARGIN = 0.14


@dataclass(frozen=True, eq=False)
class Openings:
    """Masks ``[H,W]`` bool in the portrait, and colours ``[3]`` 0..1.

    Attributes
    ----------
    eyes
        Each eye's opening, by side.
    mouth
        Between the lips where the portrait shows the inside; empty for a closed mouth.
    holes
        All of them: no skin there.
    detailed
        Around eyes and mouth, where every pixel gets its own Gaussian.
    face
        Inside the face oval: nothing hidden may be drawn outside it.
    teeth_visible
        True where `mouth` shows teeth.
    wide
        True where the mouth stands wide open.
    lip, tooth
        Typical colours.
    light
        How brightly the face is lit, about 1 for an even studio light.
    """

    eyes: dict[str, NDArray[np.bool_]]
    mouth: NDArray[np.bool_]
    holes: NDArray[np.bool_]
    detailed: NDArray[np.bool_]
    face: NDArray[np.bool_]
    teeth_visible: bool
    wide: bool
    lip: NDArray[np.float64]
    tooth: NDArray[np.float64]
    light: float
    vividness: float
    """0 in a black-and-white picture, 1 in one with natural skin colour."""

    def toned(self, color: NDArray) -> NDArray[np.float64]:
        """Return an invented colour ``[...,3]`` as this picture would show it."""
        grey = np.asarray(color, np.float64).mean(-1, keepdims=True)
        return grey + self.vividness * (color - grey)


def iod_px(pose: HeadPose) -> float:
    """Return the interocular distance in px of the portrait."""
    return INTEROCULAR / pose.px


def find_openings(portrait: Portrait, shapes: FaceShapes, pose: HeadPose) -> Openings:
    """Measure eyes and mouth of a portrait."""
    points, rgb = portrait.landmarks[:, :2].astype(np.float64), portrait.rgb
    shape = portrait.alpha.shape
    unit = iod_px(pose)

    def px(share: float, least: int = 1) -> int:
        return max(least, round(share * unit))

    eyes = {side: polygon(shape, points[UPPER_LID[side] + LOWER_LID[side][::-1]], px(0.012)) for side in SIDES}
    between = points[UPPER_LIP_INNER + LOWER_LIP_INNER[::-1]]
    mouth = polygon(shape, between) if shapes.gap > CLOSED_GAP else np.zeros(shape, bool)

    ring = polygon(shape, points[LIPS_OUTER]) & ~polygon(shape, between, 2)
    circle = px(0.12) * np.array([[np.cos(t), np.sin(t)] for t in np.linspace(0, 2 * np.pi, 24)])
    cheek = np.zeros(shape, bool)
    for side in SIDES:
        for index in (CHEEK[side], LOWER_CHEEK[side]):
            cheek |= polygon(shape, points[index] + circle)
    lip = np.median(rgb[ring], 0) if ring.any() else np.array([0.6, 0.35, 0.33])
    skin_pixels = rgb[cheek]
    skin = np.median(skin_pixels, 0) if len(skin_pixels) else np.array([0.7, 0.55, 0.48])
    light = 0.8 if not len(skin_pixels) else float(np.percentile(skin_pixels.mean(1), 70)) / 0.62
    light = float(np.clip(light, 0.45, 1.15))
    tint = skin / max(float(skin.mean()), 0.05)
    vividness = float(np.clip((skin.max() - skin.min()) / max(float(skin.max()), 0.05) / 0.15, 0, 1))
    tooth = np.clip(np.array([0.84, 0.80, 0.73]) * light**0.7 * tint**0.15, 0, 0.97)
    tooth = tooth.mean() + vividness * (tooth - tooth.mean())

    teeth_visible = False
    if mouth.any():
        inside = rgb[mouth]
        value = inside.max(1)
        saturation = (value - inside.min(1)) / (value + 1e-3)
        lip_saturation = float((lip.max() - lip.min()) / max(lip.max(), 1e-3))
        bright = (value > 0.55 * skin.max()) & (saturation < min(0.42, max(0.8 * lip_saturation, 0.1)))
        if bright.mean() > 0.25 and shapes.gap > _TEETH_GAP:
            teeth_visible = True
            tooth = np.median(inside[bright & (value >= np.median(value[bright]))], 0)
        elif shapes.gap <= _WIDE_GAP:
            # Parted lips without teeth: only the dark slit is a hole.
            mouth[mouth] = value < 0.55 * lip.max()

    detailed = np.zeros(shape, bool)
    for ring_points in (LIPS_OUTER, *(UPPER_LID[s] + LOWER_LID[s] for s in SIDES)):
        low = np.floor(points[ring_points].min(0) - _DETAIL_MARGIN * unit).astype(int)
        high = np.ceil(points[ring_points].max(0) + _DETAIL_MARGIN * unit).astype(int)
        detailed[max(low[1], 0) : max(high[1], 0), max(low[0], 0) : max(high[0], 0)] = True
    holes = mouth.copy()
    for eye in eyes.values():
        holes |= eye
    face = polygon(shape, points[FACE_OVAL], -px(0.02))
    wide = shapes.gap > _WIDE_GAP
    return Openings(eyes, mouth, holes, detailed, face, teeth_visible, wide, lip, tooth, light, vividness)
