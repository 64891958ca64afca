"""Eyes that look around and close: a white with the iris painted out, an iris on top, a lid that unfolds.

Lengths are interocular distances in the face frame.
"""

import cv2
import numpy as np
from numpy.typing import NDArray

from studio.core.engines.lift.mouth import set_back
from studio.core.engines.lift.openings import Openings, iod_px
from studio.core.engines.lift.relief import Relief
from studio.core.engines.lift.rig import Part
from studio.core.heads.anatomy import INTEROCULAR, IRIS, LOWER_LID, SIDES, UPPER_LID, smoothstep, to_head
from studio.core.heads.fitting import HeadPose
from studio.core.heads.shapes import FaceShapes
from studio.core.heads.template import SHAPE_NAMES
from studio.core.perception.masks import distance_inside, pixels_at, polygon, sampled
from studio.core.perception.portrait import Portrait

# How far white and iris lie behind the lids, and how far the iris travels at a full look (about 25 degrees).
_WHITE_BACK, _IRIS_BACK = 0.05, 0.045
_LOOK_ACROSS, _LOOK_UP, _LOOK_DEPTH = 0.085, 0.06, 0.06
# An eye this little open shows nothing to move.
_CLOSED = 0.03
# Gaussians this many px apart or less make a closed surface; a pixel is divided into so many at most.
_CLOSED_UP, _MOST_SAMPLES = 1.3, 4
# How much darker the white is at the lids' edges.
_SHADE = 0.3
# Width of a person's eye; an animal's lashes are smaller with its eyes.
_EYE_WIDTH = 0.48


def build_eyes(
    portrait: Portrait, pose: HeadPose, relief: Relief, shapes: FaceShapes, openings: Openings
) -> list[Part]:
    """Return both eyes' whites, irises, lashes and lids."""
    parts: list[Part] = []
    for side in SIDES:
        eye = _Eye(portrait, pose, relief, shapes, openings, side)
        if eye.open:
            parts += [eye.white(), eye.iris(), eye.lashes(), eye.lid_sheet()]
        else:
            parts.append(eye.as_pictured())
    return parts


class _Eye:
    def __init__(
        self,
        portrait: Portrait,
        pose: HeadPose,
        relief: Relief,
        shapes: FaceShapes,
        openings: Openings,
        side: str,
    ) -> None:
        self.portrait, self.pose, self.relief = portrait, pose, relief
        self.shapes, self.openings, self.side = shapes, openings, side
        self.rgb = portrait.rgb
        self.unit = iod_px(pose)
        self.opening = openings.eyes[side]
        self.pixels = portrait.landmarks[:, :2].astype(np.float64)
        self.ring = self.pixels[UPPER_LID[side] + LOWER_LID[side][::-1]]
        self.lid = shapes.lids[side]
        aperture = self.lid.at(np.linspace(self.lid.x[0], self.lid.x[-1], 20))[2]
        self.open = bool(aperture.max() > _CLOSED) and bool(self.opening.any())
        self.iris_px = self.pixels[IRIS[side][0]]
        self.radius_px = max(1.5, 0.5 * float(np.linalg.norm(self.pixels[IRIS[side][1]] - self.pixels[IRIS[side][3]])))
        self.pitch = pose.px / INTEROCULAR * 0.62

    def _lift(self, pixels: NDArray, back: float) -> NDArray[np.float64]:
        return set_back(self.pose, self.pose.lift(pixels, self.relief.at(pixels)), back)

    def _within_pixel(self) -> NDArray[np.float64]:
        """Return where in a pixel to sample the eye, ``[n,2]`` px from its middle.

        A far eye runs away from the camera: one Gaussian to a pixel would come apart when the head turns.
        """
        corners = self.ring[[0, len(UPPER_LID[self.side]) - 1]]
        slope = float(np.diff(self.relief.at(corners))[0]) / max(float(np.ptp(corners[:, 0])), 1.0)
        samples = int(np.clip(np.ceil(np.hypot(1, slope) / _CLOSED_UP), 1, _MOST_SAMPLES))
        across = (np.arange(samples) + 0.5) / samples - 0.5
        return np.column_stack([across, np.zeros(samples)])

    def _window(self, margin: float) -> tuple[slice, slice]:
        """Return the part of the picture that reaches so many px around the eye."""
        low = np.maximum(np.floor(self.ring.min(0) - margin).astype(int), 0)
        high = np.minimum(np.ceil(self.ring.max(0) + margin).astype(int), np.array(self.opening.shape[::-1]))
        return slice(low[1], high[1]), slice(low[0], high[0])

    def as_pictured(self) -> Part:
        """Return a closed or half-hidden eye as it is."""
        row, column = np.nonzero(self.opening)
        pixels = np.column_stack([column, row]) + 0.5
        return Part(self._lift(pixels, 0.0), self.pitch, 0.97, self.rgb[row, column], seen=True)

    def white(self) -> Part:
        """Return the white: the picture with iris and lashes painted out."""
        blur, edge = 0.05 * self.unit, max(2, round(0.05 * self.unit))
        window = self._window(edge + 5 * blur + 2)
        rgb, opening = self.rgb[window], self.opening[window]

        def eye(grow: int = 0) -> NDArray[np.bool_]:
            return polygon(self.opening.shape, self.ring, grow)[window]

        row, column = np.nonzero(eye(edge))
        y, x = np.mgrid[window] + 0.5
        from_iris = np.hypot(x - self.iris_px[0], y - self.iris_px[1]) / self.radius_px
        clean = eye(-1) & (from_iris > 1.22)
        if clean.sum() > 12:
            brightness = rgb.mean(2)
            base = np.median(rgb[clean & (brightness >= np.percentile(brightness[clean], 35))], 0)
        else:
            base = np.array([0.8, 0.78, 0.76]) * self.openings.light
        known = (opening & (from_iris > 1.2)).astype(np.float32)
        weight = cv2.GaussianBlur(known, (0, 0), blur)[..., None]
        spread = cv2.GaussianBlur(rgb * known[..., None], (0, 0), blur)
        filled = np.where(weight > 0.25, spread / np.maximum(weight, 0.01), base)
        keep = (smoothstep(1.06, 1.2, from_iris) * opening)[..., None]
        # The lids shade it, the upper one more.
        height = distance_inside(eye()) / max(self.radius_px, 1.0)
        shade = (1 - _SHADE + _SHADE * smoothstep(0, 0.7, height))[..., None]
        color = rgb * keep + shade * (0.35 * filled + 0.65 * base) * (1 - keep)
        pixels = np.column_stack([x[row, column], y[row, column]])[:, None] + self._within_pixel()
        points = self._lift(pixels.reshape(-1, 2), _WHITE_BACK)
        # What the iris hides at rest is guessed.
        seen = from_iris[row, column] > 0.9
        samples = pixels.shape[1]
        return Part(points, self.pitch, 0.97, np.repeat(color[row, column], samples, 0), seen=np.repeat(seen, samples))

    def iris(self) -> Part:
        """Return the iris as a whole disc: what the lids hide is completed ring by ring."""
        reach = int(np.ceil(self.radius_px * 1.12))
        y, x = np.mgrid[-reach : reach + 1, -reach : reach + 1]
        away = (np.stack([x, y], -1)[..., None, :] + self._within_pixel()).reshape(-1, 2)
        away = away[np.hypot(*away.T) <= self.radius_px * 1.12]
        pixels = away + self.iris_px
        radius = np.hypot(*away.T) / self.radius_px
        color = sampled(self.rgb, pixels)
        shape = self.opening.shape
        cell = pixels_at(pixels, shape)
        visible = polygon(shape, self.ring, -1)[cell]
        rings = np.minimum((radius * 6).astype(int), 6)
        for ring in range(7):
            here = rings == ring
            hidden = here & ~visible
            if hidden.any():
                known = color[here & visible] if (here & visible).any() else color[visible]
                color[hidden] = np.median(known, 0) if len(known) else 0.1
        points = self._lift(pixels, _IRIS_BACK)
        opacity = 0.97 * (1 - smoothstep(1.02, 1.12, radius))
        return Part(
            points,
            self.pitch,
            opacity,
            color,
            shapes=self._looks(points),
            seen=polygon(shape, self.ring, 1)[cell],
        )

    def _looks(self, points: NDArray) -> dict[str, NDArray]:
        """Return the iris's travel under each look: it stays before the white and behind the lids."""
        out_sign = SIDES[self.side]
        looks = {
            "eyeLookOut": (out_sign * _LOOK_ACROSS, 0.0),
            "eyeLookIn": (-out_sign * _LOOK_ACROSS, 0.0),
            "eyeLookUp": (0.0, -_LOOK_UP),
            "eyeLookDown": (0.0, _LOOK_UP),
        }
        shapes = {}
        for name, (across, down) in looks.items():
            moved = points + [across, down, 0]
            surface = self._lift(self.pose.camera.project(to_head(moved))[:, :2], _IRIS_BACK)
            # A far eye is drawn out into depth, which would fling the iris away.
            nearer = np.clip(surface[:, 2] + 0.008 - points[:, 2], -_LOOK_DEPTH, _LOOK_DEPTH)
            shapes[name + self.side] = np.column_stack([moved[:, :2] - points[:, :2], nearer])
        return shapes

    def _upper_edge(self, u: NDArray) -> NDArray[np.float64]:
        """Return points along the upper lid's edge, from the person's right corner (0) to the left one (1)."""
        curve = self.shapes.landmarks[UPPER_LID[self.side]]
        return np.stack([np.interp(u * (len(curve) - 1), np.arange(len(curve)), curve[:, j]) for j in range(3)], 1)

    def lashes(self) -> Part:
        """Return the lash line, which a blink carries down."""
        u = np.linspace(0.06, 0.94, 70)
        edge = self._upper_edge(u)
        anchor = edge - [0, 0.002, 0]
        side = np.full(len(u), -1.0)
        fields = self.shapes.skin(anchor, side)
        dark = np.percentile(self.rgb[self.opening], 10, axis=0)
        scale = min(1.0, float(self.lid.x[-1] - self.lid.x[0]) / _EYE_WIDTH)
        opacity = 0.4 * np.sin(np.pi * u) ** 0.6
        return Part(
            edge + [0, 0.002, 0.045 * scale],
            0.007 * scale,
            opacity,
            np.broadcast_to(dark, edge.shape),
            self.shapes.jaw_weight(anchor, side),
            {name: fields[name] for name in SHAPE_NAMES},
            revealed_by=f"eyeBlink{self.side}",
        )

    def lid_sheet(self) -> Part:
        """Return the lid's skin, folded in the crease of an open eye and drawn down by a blink.

        Stretching the skin above the eye instead would smear brow and liner over it. Its colour is the picture
        painted in across eye and lashes, so that it meets the skin around it.
        """
        crease, lid = self.lid.crease, self.lid
        outwards = SIDES[self.side]
        u, v = (a.ravel() for a in np.meshgrid(np.linspace(-0.30, 1.30, 90), np.linspace(0, 1, 26)))
        width = lid.x[-1] - lid.x[0]
        # Past the outer corner the sheet goes on, to cover the wing of the lashes.
        over = np.maximum(u - 1, 0) - np.maximum(-u, 0)
        over = np.where(over * outwards > 0, over, over * 0.3) * width
        edge = self._upper_edge(np.clip(u, 0, 1)) + np.outer(over, [1, 0, 0])
        edge[:, 2] -= 0.45 * np.abs(over)
        _, lower, aperture = lid.at(edge[:, 0])
        fold = min(0.075, 0.6 * crease)
        open_y = edge[:, 1] - fold + v * (fold + 0.012 * (1 - np.clip(aperture / 0.05, 0, 1)))
        points = np.column_stack([edge[:, 0], open_y, edge[:, 2] + 0.02])
        fall = v * np.maximum(aperture - lid.rise(edge[:, 0]), 0)
        bulge = 0.25 * aperture * np.sin(np.pi * (0.15 + 0.7 * v))
        closing = np.column_stack([np.zeros(len(u)), fall, bulge])

        closed = np.column_stack([edge[:, 0], edge[:, 1] - fold + v * (lower - edge[:, 1] + fold), edge[:, 2]])
        color = sampled(self._without_eye(), self.pose.camera.project(to_head(closed))[:, :2])
        middle = np.clip(np.sin(np.pi * np.clip(u, 0, 1)) * 2, 0, 1)
        shade = 0.05 * np.sin(np.pi * v) - 0.08 * np.exp(-(((v - 0.12) / 0.10) ** 2)) - 0.06 * v**4
        fade = 1 - smoothstep(0.5, 1, np.maximum(np.maximum(u - 1, -u) / 0.30, 0))
        opacity = 0.95 * smoothstep(0, 0.3, v) * fade
        blink = f"eyeBlink{self.side}"
        return Part(
            points, 0.011, opacity, color * (1 + middle * shade)[:, None], shapes={blink: closing}, revealed_by=blink
        )

    def _without_eye(self) -> NDArray[np.float32]:
        """Return the picture with eye, lashes and liner painted out (only around this eye)."""
        reach = 0.9 * self.unit
        centre = self.ring.mean(0)
        low = np.maximum(np.floor(centre - reach).astype(int), 0)
        high = np.minimum(np.ceil(centre + reach).astype(int), np.array(self.opening.shape[::-1]))
        window = np.s_[low[1] : high[1], low[0] : high[0]]
        grow = max(1, int(min(0.08, 0.55 * self.lid.crease) * self.unit))
        mask = polygon(self.opening.shape, self.ring, grow)[window].astype(np.uint8)
        corner = self.pixels[UPPER_LID[self.side][0 if self.side == "Right" else -1]]
        wing = corner + [SIDES[self.side] * 0.05 * self.unit, -0.01 * self.unit] - low
        axes = (max(1, int(0.12 * self.unit)), max(1, int(0.07 * self.unit)))
        cv2.ellipse(mask, (int(wing[0]), int(wing[1])), axes, 0, 0, 360, (1,), -1)
        patch = np.round(self.rgb[window] * 255).astype(np.uint8)
        filled = cv2.inpaint(patch, mask, 3, cv2.INPAINT_TELEA)
        filled = cv2.GaussianBlur(filled, (0, 0), max(0.5, 0.035 * self.unit))
        out = self.rgb.copy()
        out[window] = np.asarray(filled, np.float32) / 255
        return out
