"""The 52 ARKit shapes as displacement fields on a face, from its landmarks alone.

No blendshape data is used: each shape is a handful of smooth fields around the landmarks that the muscle moves,
in proportion to the face's own mouth width, lid opening and so on. Fields are evaluated at any point near the
skin; a point carries its `side` of the lip cut (−1 upper lip, +1 lower), so that lips part instead of smearing.

Lengths are interocular distances in the face frame (see `anatomy`): x to the head's left, y down, z out.
"""

import numpy as np
from numpy.typing import NDArray

from studio.core.heads.anatomy import (
    BROW,
    BROW_INNER,
    BROW_OUTER,
    CHEEK,
    LOWER_CHEEK,
    LOWER_LID,
    LOWER_LIP_INNER,
    MOUTH_CORNER_LEFT,
    MOUTH_CORNER_RIGHT,
    NOSE_WING,
    SIDES,
    UPPER_LID,
    UPPER_LIP_INNER,
    smoothstep,
)

Field = NDArray[np.float64]

JAW_ANGLE = 0.42
"""rad of jaw rotation at jawOpen = 1."""

# Jaw hinge: below the eye line and behind the lips.
_HINGE_DOWN, _HINGE_BACK = 0.42, 1.40

# A lip gap smaller than this is a closed mouth.
CLOSED_GAP = 0.035


class FaceShapes:
    """The fields of one face.

    Parameters
    ----------
    landmarks
        ``[478,3]`` in the face frame.
    """

    def __init__(self, landmarks: NDArray) -> None:
        q = self.landmarks = np.asarray(landmarks, np.float64)
        corners = q[[MOUTH_CORNER_RIGHT, MOUTH_CORNER_LEFT]]
        self.mouth_x = float(corners[:, 0].mean())
        self.mouth_y = float(corners[:, 1].mean())
        self.half_width = float(corners[1, 0] - corners[0, 0]) / 2
        # The middle of the lips differs from the middle of the corners where the face is turned.
        self.lip_x = float(q[[0, 13, 14, 17], 0].mean())
        self.lip_z = float(q[[13, 14], 2].mean())
        self.gap = float(np.linalg.norm(q[13] - q[14]))
        # A smiling portrait has less smile left.
        self.headroom = float(np.clip(1 - 4 * (self.half_width - 0.42), 0.3, 1))
        self.hinge = np.array([0.0, _HINGE_DOWN, self.lip_z - _HINGE_BACK])
        self._upper_lip = q[UPPER_LIP_INNER]
        self._lower_lip = q[LOWER_LIP_INNER]
        self.lids = {side: Lid(q, side) for side in SIDES}

    # --- the jaw

    def jaw_rotation(self, points: NDArray, amount: float = 1.0) -> Field:
        """Return the displacement ``[n,3]`` of points that follow the jaw wholly."""
        angle = JAW_ANGLE * amount
        c, s = np.cos(angle), np.sin(angle)
        y, z = points[:, 1] - self.hinge[1], points[:, 2] - self.hinge[2]
        return np.column_stack([np.zeros(len(points)), y * c + z * s - y, z * c - y * s - z])

    def jaw_weight(self, points: NDArray, side: NDArray) -> Field:
        """Return how far skin follows the jaw, ``[n]`` 0..1.

        The weight is 1 on the lower lip and 0 on the upper one, and both meet at the mouth corner: the profile
        across the lips is the shape of the opening.
        """
        across = np.abs(points[:, 0] - self.mouth_x)
        t = np.clip(across / self.half_width, 0, 1)
        # Outside the mouth the dividing line runs from the corner up to the ear.
        towards_ear = np.clip((across - self.half_width) / max(0.95 - self.half_width, 0.1), 0, 1)
        line = self.mouth_y + (self.hinge[1] + 0.15 - self.mouth_y) * towards_ear
        base = smoothstep(-0.34, 0.46, points[:, 1] - line)
        closed = 1 - np.clip(1 - t**2.2, 0, 1) ** 0.75
        upper, lower = np.minimum(base, 0.9) * closed, 1 - (1 - base) * closed
        front = smoothstep(0.1, 0.5, points[:, 2] - self.hinge[2])
        return np.where(side < 0, upper, lower) * front

    # --- all other shapes

    def skin(self, points: NDArray, side: NDArray) -> dict[str, Field]:
        """Return the displacement ``[n,3]`` of skin `points` ``[n,3]`` under each shape at 1.

        ``jawOpen`` holds only what the jaw's rotation does not do. ``eyeLook…`` move the lids a little.
        Two correctives are added: ``closeGap`` closes the lips of a portrait whose mouth is open at rest, and
        ``closeJaw`` closes lips that jawOpen = 1 has parted.
        """
        p = np.asarray(points, np.float64)
        fields: dict[str, Field] = {}
        self._mouth(p, side, fields)
        self._lips(p, side, fields)
        self._closing(p, side, fields)
        for name, sign in SIDES.items():
            self._half_mouth(p, side, name, sign, fields)
            self._half_face(p, name, sign, fields)
            self._eye(p, name, fields)
        self._brow_inner(p, fields)
        return fields

    def _mouth(self, p: Field, side: NDArray, out: dict[str, Field]) -> None:
        x, y = p[:, 0], p[:, 1]
        hw, xc, my = self.half_width, self.lip_x, self.mouth_y
        dx = x - xc
        bow = np.clip(1 - (dx / hw) ** 2, 0, 1)
        d = np.zeros_like(p)
        d[:, 1] = -0.05 * (side < 0) * _lobe(p, xc, my, 0.6 * hw, 0.16) * bow
        d[:, 0] = -0.10 * dx * _lobe(p, xc, my + 0.1, 1.2 * hw, 0.4)
        out["jawOpen"] = d

        jaw = self.jaw_weight(p, side)[:, None]
        out["jawForward"] = jaw * [0, 0, 0.10]
        out["jawLeft"] = jaw * [0.12, 0, 0]
        out["jawRight"] = jaw * [-0.12, 0, 0]

        reach = np.exp(-(((dx / max(0.52, 1.25 * hw)) ** 2 + ((y - my) / 0.42) ** 2) ** 1.3))
        tip = np.exp(-0.5 * ((dx / 0.26) ** 2 + ((y - my) / 0.22) ** 2))
        out["mouthPucker"] = np.column_stack([-0.42 * dx * reach, 0.10 * (y - my) * reach, 0.15 * tip])
        # A funnel keeps the lips apart: they turn outwards and the corners come in.
        parted = np.where(side < 0, -0.055, 0.065) * bow * _lobe(p, xc, my, 0.8 * hw, 0.20)
        out["mouthFunnel"] = np.column_stack([-0.26 * dx * reach, parted, 0.13 * tip])

        sway = _lobe(p, xc, my, 0.9 * hw, 0.30)[:, None]
        out["mouthLeft"] = sway * [0.15, 0, -0.01]
        out["mouthRight"] = sway * [-0.15, 0, -0.01]

    def _lips(self, p: Field, side: NDArray, out: dict[str, Field]) -> None:
        hw, xc, my = self.half_width, self.lip_x, self.mouth_y
        upper, lower = side < 0, side > 0
        bow = np.clip(1 - ((p[:, 0] - xc) / (1.05 * hw)) ** 2, 0, 1)
        lower_lip = (lower * bow * _lobe(p, xc, my + 0.06, 0.9 * hw, 0.13))[:, None]
        upper_lip = (upper * bow * _lobe(p, xc, my - 0.05, 0.9 * hw, 0.11))[:, None]
        out["mouthRollLower"] = lower_lip * [0, -0.05, -0.075]
        out["mouthRollUpper"] = upper_lip * [0, 0.04, -0.065]
        chin = _lobe(p, xc, my + 0.28, 0.35, 0.22)[:, None]
        # Closed lips shrug together: the lower one pushes the upper one.
        out["mouthShrugLower"] = lower_lip * [0, -0.05, 0.035] + upper_lip * [0, -0.04, 0.01] + chin * [0, -0.07, 0.02]
        out["mouthShrugUpper"] = upper_lip * [0, -0.06, 0.03] + lower_lip * [0, -0.05, 0.015]
        out["cheekPuff"] = sum(
            _lobe_at(p, self.landmarks[LOWER_CHEEK[name]], 0.26, 0.26)[:, None] * [0.10 * sign, 0.01, 0.09]
            for name, sign in SIDES.items()
        ) + _lobe(p, xc, my, 0.45, 0.22)[:, None] * [0, 0, 0.03]
        out["tongueOut"] = lower_lip * [0, 0.03, 0.01]

    def _closing(self, p: Field, side: NDArray, out: dict[str, Field]) -> None:
        near = 1 - smoothstep(0.05, 0.55, np.abs(p[:, 1] - self.mouth_y))
        share = np.where(side > 0, -0.80, 0.15)[:, None]
        gap = np.zeros_like(p)
        if self.gap > CLOSED_GAP:
            opening = self._across_lips(p[:, 0], np.maximum(self._lower_lip[:, 1] - self._upper_lip[:, 1], 0))
            gap[:, 1] = share[:, 0] * opening * near
        out["closeGap"] = gap
        low, up = np.ones(len(self._lower_lip)), -np.ones(len(self._upper_lip))
        parted = self.jaw_weight(self._lower_lip, low)[:, None] * self.jaw_rotation(self._lower_lip)
        parted -= self.jaw_weight(self._upper_lip, up)[:, None] * self.jaw_rotation(self._upper_lip)
        opening = np.column_stack([self._across_lips(p[:, 0], parted[:, k]) for k in range(3)])
        out["closeJaw"] = np.where(side > 0, -0.74, 0.26)[:, None] * opening * near[:, None]
        out["mouthClose"] = np.zeros_like(p)

    def _across_lips(self, x: NDArray, values: NDArray) -> NDArray:
        """Interpolate a value along the lip line; it vanishes past the corners."""
        return np.interp(x, self._upper_lip[:, 0], values, left=0, right=0)

    def _half_mouth(self, p: Field, side: NDArray, name: str, sign: float, out: dict[str, Field]) -> None:
        hw, xc, my = self.half_width, self.lip_x, self.mouth_y
        corner = self.landmarks[MOUTH_CORNER_RIGHT if name == "Right" else MOUTH_CORNER_LEFT]
        half = smoothstep(-0.1 * hw, hw, (p[:, 0] - xc) * sign)
        soft_half = smoothstep(-0.6 * hw, 0.6 * hw, (p[:, 0] - xc) * sign)
        pull = _lobe(p, corner[0], corner[1], 0.75 * hw, 0.65 * hw) * half

        smile = pull[:, None] * np.array([0.25 * sign, -0.26, -0.16]) * hw
        smile[:, 1] -= (p[:, 1] - my) * 0.15 * _lobe(p, xc + 0.4 * hw * sign, my, 0.6 * hw, 0.16)
        cheek = _lobe(p, corner[0] + 0.20 * sign, corner[1] - 0.48, 0.27, 0.24)[:, None]
        out[f"mouthSmile{name}"] = (smile + cheek * [0.02 * sign, -0.06, 0.06]) * self.headroom

        out[f"mouthFrown{name}"] = pull[:, None] * np.array([0.04 * sign, 0.30, -0.05]) * hw
        out[f"mouthDimple{name}"] = pull[:, None] * np.array([0.20 * sign, -0.03, -0.20]) * hw
        out[f"mouthStretch{name}"] = pull[:, None] * np.array([0.32 * sign, 0.12, -0.16]) * hw

        bow = np.clip(1 - ((p[:, 0] - xc) / (1.05 * hw)) ** 2, 0, 1) * soft_half
        lower_lip = (side > 0) * bow * _lobe(p, xc, my + 0.06, 0.9 * hw, 0.15)
        upper_lip = (side < 0) * bow * _lobe(p, xc, my - 0.05, 0.9 * hw, 0.15)
        nothing = np.zeros(len(p))
        out[f"mouthLowerDown{name}"] = lower_lip[:, None] * [0.01 * sign, 0.12, -0.01]
        out[f"mouthUpperUp{name}"] = upper_lip[:, None] * [0.01 * sign, -0.10, 0.01]
        # Pressed lips grow thinner towards their line and draw back.
        squeeze = -0.16 * (p[:, 1] - my) * (np.abs(lower_lip) + np.abs(upper_lip))
        draw = -0.03 * (lower_lip + upper_lip)
        out[f"mouthPress{name}"] = np.column_stack([nothing, squeeze, draw])

    def _half_face(self, p: Field, name: str, sign: float, out: dict[str, Field]) -> None:
        q = self.landmarks
        squint = _lobe(p, q[CHEEK[name], 0], q[CHEEK[name], 1] - 0.12, 0.26, 0.20)[:, None]
        out[f"cheekSquint{name}"] = squint * [0, -0.07, 0.035]
        wing = _lobe_at(p, q[NOSE_WING[name]], 0.15, 0.17)[:, None]
        bridge = _lobe(p, 0.10 * sign, 0.16, 0.13, 0.16)[:, None]
        out[f"noseSneer{name}"] = wing * [0.015 * sign, -0.065, 0.015] + bridge * [0, -0.03, 0.01]

        brow = q[BROW[name]]
        brow = brow[np.argsort(brow[:, 0])]
        line = np.interp(p[:, 0], brow[:, 0], brow[:, 1])
        above = np.where(
            p[:, 1] > line,
            1 - smoothstep(0.02, 0.28, p[:, 1] - line),
            1 - smoothstep(0.1, 0.7, line - p[:, 1]),
        )
        inner, outer = q[BROW_INNER[name], 0] * sign, q[BROW_OUTER[name], 0] * sign
        along = (p[:, 0] * sign - inner) / max(outer - inner, 0.1)
        whole = smoothstep(-0.35, 0.15, along) * (1 - smoothstep(0.95, 1.4, along)) * above
        tail = smoothstep(0.25, 0.75, along) * (1 - smoothstep(1.0, 1.6, along)) * above
        inwards = whole * (1 - np.clip(along, 0, 1))
        out[f"browDown{name}"] = np.column_stack([-0.05 * sign * inwards, 0.10 * whole, 0.02 * inwards])
        out[f"browOuterUp{name}"] = tail[:, None] * [0, -0.14, 0]

    def _brow_inner(self, p: Field, out: dict[str, Field]) -> None:
        d = np.zeros_like(p)
        for name, sign in SIDES.items():
            brow = self.landmarks[BROW[name]]
            brow = brow[np.argsort(brow[:, 0])]
            x = p[:, 0] * sign
            profile = np.interp(x, [0, 0.12, 0.55, 1.0], [0.6, 1, 0.45, 0]) * (x > 0)
            line = np.interp(p[:, 0], brow[:, 0], brow[:, 1])
            reach = np.where(
                p[:, 1] > line,
                1 - smoothstep(0.02, 0.28, p[:, 1] - line),
                1 - smoothstep(0.1, 0.75, line - p[:, 1]),
            )
            d[:, 1] -= 0.15 * reach * profile
        out["browInnerUp"] = d

    def _eye(self, p: Field, name: str, out: dict[str, Field]) -> None:
        lid = self.lids[name]
        upper, lower, aperture = lid.at(p[:, 0])
        above = p[:, 1] < 0.5 * (upper + lower)
        # Skin is dragged only a little way; the rest of a closed eye is the lid sheet (see lift/eyes.py).
        on_upper = above * (1 - smoothstep(0.01, 0.6 * lid.crease + 0.015, upper - p[:, 1]))
        on_lower = ~above * (1 - smoothstep(0, 0.16, p[:, 1] - lower))
        rise = lid.rise(p[:, 0])
        fall = np.maximum(aperture - rise, 0)
        nothing = np.zeros(len(p))
        out[f"eyeBlink{name}"] = np.column_stack(
            [nothing, on_upper * fall - on_lower * rise, 0.25 * aperture * on_upper]
        )
        out[f"eyeSquint{name}"] = np.column_stack([nothing, aperture * (0.16 * on_upper - 0.34 * on_lower), nothing])
        out[f"eyeWide{name}"] = np.column_stack([nothing, aperture * (-0.20 * on_upper + 0.06 * on_lower), nothing])
        # The upper lid follows the gaze down and up.
        out[f"eyeLookDown{name}"] = np.column_stack([nothing, 0.42 * fall * on_upper, nothing])
        out[f"eyeLookUp{name}"] = np.column_stack([nothing, -0.12 * aperture * on_upper, nothing])
        out[f"eyeLookIn{name}"] = out[f"eyeLookOut{name}"] = np.zeros_like(p)


class Lid:
    """The opening of one eye as two curves over x."""

    def __init__(self, landmarks: NDArray, name: str) -> None:
        upper, lower = landmarks[UPPER_LID[name]], landmarks[LOWER_LID[name]]
        order = np.argsort(upper[:, 0], kind="stable")
        self.x = upper[order, 0]
        self.upper = upper[order, 1]
        self.lower = np.interp(self.x, *lower[np.argsort(lower[:, 0], kind="stable"), :2].T)
        brow = landmarks[BROW[name]]
        brow = brow[np.argsort(brow[:, 0])]
        inside = self.x[2:-2]
        gap = np.interp(inside, self.x, self.upper) - np.interp(inside, brow[:, 0], brow[:, 1])
        self.crease = float(np.clip(np.median(gap), 0.10, 0.34))
        """Height of the movable lid skin above the upper lid."""

    def at(self, x: NDArray) -> tuple[NDArray, NDArray, NDArray]:
        """Return the upper lid's y, the lower lid's y and the aperture (0 outside the eye) at x."""
        upper, lower = np.interp(x, self.x, self.upper), np.interp(x, self.x, self.lower)
        return upper, lower, np.where((x > self.x[0]) & (x < self.x[-1]), np.maximum(lower - upper, 0), 0)

    def rise(self, x: NDArray) -> NDArray:
        """Return how far the lower lid comes up in a blink: lids meet above its rest curve, near the corners' chord."""
        _, lower, aperture = self.at(x)
        chord = np.interp(x, self.x[[0, -1]], self.lower[[0, -1]])
        inside = (x > self.x[0]) & (x < self.x[-1])
        return np.where(inside, 0.05 * aperture + 0.38 * np.maximum(lower - chord, 0), 0)


def _lobe(p: NDArray, x: float, y: float, sx: float, sy: float) -> NDArray[np.float64]:
    """Return a Gaussian bump over the face ``[n]``, 1 at (x, y)."""
    return np.exp(-0.5 * (((p[:, 0] - x) / sx) ** 2 + ((p[:, 1] - y) / sy) ** 2))


def _lobe_at(p: NDArray, centre: NDArray, sx: float, sy: float) -> NDArray[np.float64]:
    return _lobe(p, float(centre[0]), float(centre[1]), sx, sy)
