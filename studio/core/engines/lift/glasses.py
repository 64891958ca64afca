"""Glasses: found by their frame, taken off while the head is built, and put on again as a thing of their own.

Skin under a frame moves with every smile and frown; the frame only turns with the head. Found are dark frames that run
under both eyes and over the nose, which no face without glasses has: over 108 portraits the weakest of three pairs
scores 0.21 and the strongest face without 0.09.
"""

from dataclasses import dataclass, replace

import cv2
import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import map_coordinates

from studio.core.engines.lift.relief import Relief
from studio.core.engines.lift.rig import FlatPart
from studio.core.heads.anatomy import (
    BROW,
    CHEEK,
    INTEROCULAR,
    LOWER_LID,
    SIDES,
    UPPER_LID,
    eye_centres,
    smoothstep,
    to_face,
)
from studio.core.heads.fitting import HeadPose
from studio.core.perception.masks import grown, pixels_at, polygon, sampled
from studio.core.perception.portrait import Portrait
from studio.core.perception.regions import FACE, SKIN

# The part of the picture that is searched, in interocular distances around the point between the eyes, and its px for
# each of them.
_ACROSS, _DOWN, _STEPS = 1.3, 0.7, 64
# A frame's width is at most this.
_WIDTH = 0.17
# Contrast with the skin at which a line may be a frame's, and that of the weakest fifth which makes it one.
_LINE, _FRAME = 0.3, 0.15
# Share of the way from skin to frame at which a pixel is the frame's.
_MIXED = 0.7
# What crosses a brow must have the frame's colour, but for so much.
_ITS_COLOR = 0.1
# The frame stands this far before the skin that it touches, which is so many percent of that behind it.
_BEFORE, _TOUCHING = 0.12, 85
_BEFORE, _TOUCHING = 0.12, 85
# Share of its half width at which it bends back.
_HINGE = 0.8
# Standard deviation of a pixel of the frame, px.
# Share of its half width at which it bends back.
_HINGE = 0.8
# An arm lies this far before the temple.
_ARM = 0.015
# Standard deviation of a pixel of the frame, px, and across it as a share of that.
_SIZE, _THICKNESS = 0.62, 0.5
_SIZE = 0.62
_BROW_UPPER = {"Right": [70, 63, 105, 66, 107], "Left": [336, 296, 334, 293, 300]}


@dataclass(frozen=True, eq=False)
class Glasses:
    """A frame.

    Attributes
    ----------
    mask
        ``[H,W]`` bool: where the portrait shows it.
    bare
        The portrait with the frame painted out.
    worn
        The portrait as it was.
    """

    mask: NDArray[np.bool_]
    bare: Portrait
    worn: Portrait

    def _cells(self) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Return the middles ``[n,2]`` px of cells of the mask and their sides ``[n]`` px: 1 at its edge, 2 inside."""
        inner = cv2.erode(self.mask.astype(np.uint8), np.ones((3, 3), np.uint8))
        inner = inner[: len(inner) // 2 * 2, : inner.shape[1] // 2 * 2]
        whole = inner.reshape(len(inner) // 2, 2, -1, 2).min((1, 3)) > 0
        single = self.mask.copy()
        single[: len(inner), : inner.shape[1]] &= ~np.repeat(np.repeat(whole, 2, 0), 2, 1)
        large, small = np.argwhere(whole)[:, ::-1] * 2 + 1.0, np.argwhere(single)[:, ::-1] + 0.5
        return np.concatenate([large, small]), np.repeat([2.0, 1.0], [len(large), len(small)])

    def part(self, pose: HeadPose, relief: Relief) -> FlatPart:
        """Return the frame, as the portrait shows it and a little before the skin; no expression moves it."""
        pixels, cell = self._cells()
        unit = INTEROCULAR / pose.px
        middle = pixels.mean(0)
        half_width = abs(pixels[:, 0] - middle[0]).max()

        def bend(places: NDArray) -> NDArray[np.float64]:
            x, y = ((places - middle) / unit).T
            return np.column_stack([np.ones_like(x), x, y, x**2])

        # A frame does not follow the hollows that it spans: it is bent like the face, and stands before it.
        near = relief.at(pixels)
        form = np.linalg.lstsq(bend(pixels), near, rcond=None)[0]
        form[0] += np.percentile(near - bend(pixels) @ form, _TOUCHING) + _BEFORE * unit

        def lifted(places: NDArray) -> NDArray[np.float64]:
            before, skin = bend(places) @ form, relief.at(places)
            # Outwards it goes back to its arms, which lie on the temples.
            hinge = smoothstep(_HINGE, 1, abs(places[:, 0] - middle[0]) / half_width)
            return pose.lift(places, before + hinge * np.minimum(skin + _ARM * unit - before, 0))

        steps = np.array([[1.0, 0.0], [0.0, 1.0]])
        tangents = np.stack([0.5 * (lifted(pixels + step) - lifted(pixels - step)) for step in steps], 1)
        return FlatPart(
            to_face(lifted(pixels)),
            pose.px * _SIZE * _THICKNESS,
            0.97,
            sampled(self.worn.foreground, pixels),
            seen=True,
            tangents=tangents * (_SIZE * cell)[:, None, None],
            pixels=pixels,
        )


def find_glasses(portrait: Portrait) -> Glasses | None:
    """Find the frame of a portrait's glasses; None where it wears none that can be told."""
    view = _EyeLevel.of(portrait)
    lines = [view.rim(0), view.rim(1), view.bridge()]
    if min(contrast for _, contrast in lines) < _FRAME:
        return None
    mask = _frame(portrait, view, np.concatenate([places for places, _ in lines]))
    under = mask.astype(np.uint8)

    def painted(picture: NDArray[np.float32]) -> NDArray[np.float32]:
        coarse = np.round(np.clip(picture, 0, 1) * 255).astype(np.uint8)
        filled = np.asarray(cv2.inpaint(coarse, under, 3, cv2.INPAINT_TELEA), np.float32) / 255
        return np.where(mask[..., None], filled, picture)

    bare = replace(portrait, rgb=painted(portrait.rgb), foreground=painted(portrait.foreground))
    return Glasses(mask, bare, portrait)


@dataclass(frozen=True, eq=False)
class _EyeLevel:
    """The picture around the eyes, upright and at one size, and how much darker than around them its lines are."""

    origin: NDArray[np.float64]
    axes: NDArray[np.float64]
    lines: NDArray[np.float32]

    @staticmethod
    def of(portrait: Portrait) -> "_EyeLevel":
        landmarks = portrait.landmarks[:, :2].astype(np.float64)
        right, left = eye_centres(landmarks)
        across = left - right
        axes = np.stack([across, [-across[1], across[0]]])
        origin = 0.5 * (right + left)
        v, u = np.mgrid[-_DOWN : _DOWN : 1 / _STEPS, -_ACROSS : _ACROSS : 1 / _STEPS]
        places = (origin + np.stack([u, v], -1) @ axes - 0.5).astype(np.float32)
        light = portrait.rgb.max(-1)
        blur = 0.5 * float(np.linalg.norm(across)) / _STEPS
        light = np.asarray(cv2.GaussianBlur(light, (0, 0), max(0.3, blur)))
        level = cv2.remap(light, places[..., 0], places[..., 1], cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
        disc = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (round(_WIDTH * _STEPS),) * 2)
        dark = cv2.morphologyEx(level, cv2.MORPH_BLACKHAT, disc)
        column, row = np.clip(
            landmarks[[CHEEK[side] for side in SIDES]].astype(int), 0, np.array(light.shape[::-1]) - 1
        ).T
        return _EyeLevel(origin, axes, np.asarray(dark / max(float(light[row, column].mean()), 0.1), np.float32))

    def rim(self, eye: int) -> tuple[NDArray[np.float64], float]:
        """Return the lower rim of a lens (0: the right eye's) as places ``[n,2]`` px, and its contrast."""
        angle = np.radians(np.arange(0, 181, 3))[:, None]
        radius = np.arange(0.22, 0.62, 1 / _STEPS)
        u, v = eye - 0.5 + np.cos(angle) * radius, 0.03 + 0.9 * np.sin(angle) * radius
        return self._darkest(u, v, np.s_[9:-9])

    def bridge(self) -> tuple[NDArray[np.float64], float]:
        """Return the frame's bridge as places ``[n,2]`` px, and its contrast."""
        v, u = np.meshgrid(np.arange(-0.35, 0.2, 1 / _STEPS), np.arange(-0.16, 0.16, 1 / _STEPS))
        return self._darkest(u, v, np.s_[:])

    def _darkest(self, u: NDArray, v: NDArray, judged: slice) -> tuple[NDArray[np.float64], float]:
        """Follow the darkest line from row to row of a grid of places."""
        dark = map_coordinates(self.lines, [(v + _DOWN) * _STEPS, (u + _ACROSS) * _STEPS], order=1, mode="nearest")
        path = _cheapest_path(np.maximum(_LINE - dark, 0) / _LINE)
        along = np.arange(len(path))
        places = self.origin + np.stack([u[along, path], v[along, path]], -1) @ self.axes
        values = dark[along, path]
        return places[values > _FRAME], float(np.percentile(values[judged], 20))


def _cheapest_path(cost: NDArray) -> NDArray[np.intp]:
    """Return for each row of ``[R,C]`` the column of the cheapest path; from row to row it shifts one at most."""
    total = np.asarray(cost, np.float64).copy()
    for row in range(1, len(total)):
        before = np.pad(total[row - 1], 1, constant_values=np.inf)
        total[row] += np.minimum(before[1:-1], np.minimum(before[:-2], before[2:]) + 0.01)
    path = np.empty(len(total), np.intp)
    path[-1] = total[-1].argmin()
    for row in range(len(total) - 2, -1, -1):
        first = max(path[row + 1] - 1, 0)
        path[row] = first + total[row, first : path[row + 1] + 2].argmin()
    return path


def _frame(portrait: Portrait, view: _EyeLevel, line: NDArray) -> NDArray[np.bool_]:
    """Return the frame ``[H,W]``: what has its colour and hangs together with the `line` ``[n,2]`` px found of it."""
    unit = float(np.linalg.norm(view.axes[0]))
    rgb, landmarks = portrait.rgb, portrait.landmarks[:, :2].astype(np.float64)
    height, width = portrait.alpha.shape
    row, column = pixels_at(line, portrait.alpha.shape)
    frame = np.median(rgb[row, column], 0)
    # What would be seen without it: closing takes every dark thing that is small.
    side = 2 * round(0.22 * unit) + 1
    skin = cv2.morphologyEx(rgb, cv2.MORPH_CLOSE, cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (side, side)))
    way = frame - skin
    share = ((rgb - skin) * way).sum(-1) / np.maximum((way**2).sum(-1), 1e-3)
    y, x = np.mgrid[:height, :width] + 0.5
    u, v = np.moveaxis((np.stack([x, y], -1) - view.origin) @ np.linalg.inv(view.axes), -1, 0)
    at = (line - view.origin) @ np.linalg.inv(view.axes)
    lens = (abs(u) < abs(at[:, 0]).max() + 0.12) & (v > -0.45) & (v < at[:, 1].max() + 0.1)
    mask = (share > _MIXED) & lens & np.isin(portrait.regions, (FACE, SKIN))
    unlike = abs(rgb - frame).max(-1) > _ITS_COLOR
    for name in SIDES:
        eye = polygon(mask.shape, landmarks[UPPER_LID[name] + LOWER_LID[name][::-1]], round(0.10 * unit))
        brow = polygon(mask.shape, landmarks[_BROW_UPPER[name] + BROW[name][::-1]], round(0.01 * unit))
        mask &= ~eye & ~(brow & unlike)
    _, label = cv2.connectedComponents(mask.astype(np.uint8), connectivity=8)
    return grown(np.isin(label, np.setdiff1d(label[row, column], [0])), 5)
