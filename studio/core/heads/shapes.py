"""The 52 ARKit shapes as displacement fields on a face, from its landmarks alone.

No blendshape data is used: each shape is a handful of smooth fields around the landmarks that the muscle moves,
in proportion to the face's own mouth width, lid opening and so on; their reach and strength were judged against a
published head (``benchmarks/head_template.py``). Fields are evaluated at any point near the skin; a point carries its
`side` of the lip cut (−1 upper lip, +1 lower), so that lips part instead of smearing.

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
        # Outside the mouth the dividing line runs from the corner up to the ear.
        towards_ear = np.clip((across - self.half_width) / max(0.95 - self.half_width, 0.1), 0, 1)
        line = self.mouth_y + (self.hinge[1] + 0.15 - self.mouth_y) * towards_ear
        base = smoothstep(-0.34, 0.46, points[:, 1] - line)
        closed = self._closed(points)
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
            self._half_face(p, side, name, sign, fields)
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
        tip = np.exp(-0.5 * ((dx / 0.34) ** 2 + ((y - my) / 0.24) ** 2))
        out["mouthPucker"] = np.column_stack([-0.42 * dx * reach, 0.10 * (y - my) * reach, 0.15 * tip])
        # A funnel keeps the lips apart: they turn outwards and the corners come in.
        parted = np.where(side < 0, -0.055, 0.065) * bow * _lobe(p, xc, my, 0.8 * hw, 0.20)
        out["mouthFunnel"] = np.column_stack([-0.26 * dx * reach, parted, 0.13 * tip])

        # Lips that sway slide around the teeth: the leading corner goes back, the trailing one comes forward.
        sway = _lobe(p, xc, my, 1.3 * hw, 0.32)
        back = np.clip(dx / hw, -1, 1) * 0.5
        out["mouthLeft"] = 0.19 * sway[:, None] * np.column_stack([np.ones_like(x), 0 * x, -back - 0.1])
        out["mouthRight"] = 0.19 * sway[:, None] * np.column_stack([-np.ones_like(x), 0 * x, back - 0.1])

    def _lips(self, p: Field, side: NDArray, out: dict[str, Field]) -> None:
        hw, xc, my = self.half_width, self.lip_x, self.mouth_y
        upper, lower = side < 0, side > 0
        bow = np.clip(1 - ((p[:, 0] - xc) / (1.05 * hw)) ** 2, 0, 1)
        # Rolling in turns a lip about its inner edge: the edge goes back, the outer rim over it.
        under = (lower * bow)[:, None]
        over = (upper * bow)[:, None]
        edge, rim = _lobe(p, xc, my, hw, 0.08)[:, None], _lobe(p, xc, my + 0.13, 0.9 * hw, 0.10)[:, None]
        out["mouthRollLower"] = under * (edge * [0, -0.03, -0.07] + rim * [0, -0.13, -0.03])
        rim = _lobe(p, xc, my - 0.13, 0.9 * hw, 0.10)[:, None]
        out["mouthRollUpper"] = over * (edge * [0, 0.01, -0.075] + rim * [0, 0.07, -0.075])

        chin = _lobe(p, xc, my + 0.38, 0.42, 0.36)[:, None] * self._below(p, side)[:, None]
        lower_lip = under * _lobe(p, xc, my + 0.06, 0.9 * hw, 0.13)[:, None]
        upper_lip = over * _lobe(p, xc, my - 0.05, 0.9 * hw, 0.11)[:, None]
        # Closed lips shrug together: the lower one pushes the upper one.
        out["mouthShrugLower"] = chin * [0, -0.095, 0.055] + lower_lip * [0, -0.03, 0.02] + upper_lip * [0, -0.03, 0.01]
        philtrum = self._above(p, side) * _lobe(p, xc, my - 0.10, 0.30, 0.16)
        contact = under * _lobe(p, xc, my + 0.02, 0.8 * hw, 0.05)[:, None]
        out["mouthShrugUpper"] = philtrum[:, None] * [0, -0.075, 0.012] + contact * [0, -0.05, 0.01]
        puffed = sum(
            _lobe_at(p, self.landmarks[LOWER_CHEEK[name]] + [0, 0.1, 0], 0.34, 0.31)[:, None] * [0.07 * sign, 0, 0.11]
            for name, sign in SIDES.items()
        )
        # Air also lifts the closed lips off the teeth.
        out["cheekPuff"] = puffed + _lobe(p, xc, my, 0.48, 0.30)[:, None] * [0, -0.005, 0.09]
        out["tongueOut"] = lower_lip * [0, 0.03, 0.01]

    def _below(self, p: Field, side: NDArray) -> Field:
        """Return 1 on the lower lip and outside the mouth, 0 on the upper lip's middle, ``[n]``."""
        return np.where(side > 0, 1.0, self._closed(p))

    def _above(self, p: Field, side: NDArray) -> Field:
        return np.where(side < 0, 1.0, self._closed(p))

    def _closed(self, p: Field) -> Field:
        """Return 0 in the middle of the lips and 1 from the corners on: lips part by 1 less this."""
        t = np.clip(np.abs(p[:, 0] - self.mouth_x) / self.half_width, 0, 1)
        return 1 - np.clip(1 - t**2.2, 0, 1) ** 0.75

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

        smile = pull[:, None] * np.array([0.27 * sign, -0.36, -0.28]) * hw
        smile[:, 1] -= (p[:, 1] - my) * 0.15 * _lobe(p, xc + 0.4 * hw * sign, my, 0.6 * hw, 0.16)
        cheek = _lobe(p, corner[0] + 0.24 * sign, corner[1] - 0.42, 0.27, 0.28)[:, None]
        out[f"mouthSmile{name}"] = (smile + cheek * [0.02 * sign, -0.07, 0.06]) * self.headroom

        out[f"mouthFrown{name}"] = pull[:, None] * np.array([0.06 * sign, 0.25, -0.08]) * hw
        # A dimple draws the corner in and the skin below it up.
        under = _lobe(p, corner[0], corner[1] + 0.14, 0.55 * hw, 0.5 * hw) * half
        dimple = pull[:, None] * np.array([0.08 * sign, -0.06, -0.20])
        out[f"mouthDimple{name}"] = (dimple + under[:, None] * [0.06 * sign, -0.14, -0.10]) * hw
        out[f"mouthStretch{name}"] = pull[:, None] * np.array([0.32 * sign, 0.12, -0.24]) * hw

        bow = np.clip(1 - ((p[:, 0] - xc) / (1.05 * hw)) ** 2, 0, 1) * soft_half
        lower_lip = (side > 0) * bow * _lobe(p, xc, my + 0.06, 0.9 * hw, 0.15)
        upper_lip = (side < 0) * bow * _lobe(p, xc, my - 0.05, 0.9 * hw, 0.15)
        beside_chin = _lobe(p, xc + 0.55 * hw * sign, my + 0.22, 0.7 * hw, 0.24) * self._below(p, side) * soft_half
        down = 0.10 * lower_lip[:, None] + 0.035 * beside_chin[:, None]
        out[f"mouthLowerDown{name}"] = down * [0.10 * sign, 1, -0.25]
        # The muscle that shows the upper teeth starts beside the nose and lifts all between.
        beside_nose = _lobe(p, xc + 0.75 * hw * sign, my - 0.22, 0.75 * hw, 0.24) * self._above(p, side) * soft_half
        up = 0.05 * upper_lip[:, None] + 0.085 * beside_nose[:, None]
        out[f"mouthUpperUp{name}"] = up * [0.22 * sign, -1, -0.05]
        # Pressed lips grow thinner towards their line and draw back; the chin comes up against them.
        squeeze = -0.16 * (p[:, 1] - my) * (np.abs(lower_lip) + np.abs(upper_lip))
        draw = -0.03 * (lower_lip + upper_lip)
        lift = _lobe(p, xc + 0.6 * hw * sign, my + 0.40, 0.26, 0.30) * self._below(p, side) * soft_half
        press = np.column_stack([np.zeros(len(p)), squeeze, draw])
        out[f"mouthPress{name}"] = press + lift[:, None] * [0, -0.05, 0.025]

    def _half_face(self, p: Field, side: NDArray, name: str, sign: float, out: dict[str, Field]) -> None:
        q = self.landmarks
        x = p[:, 0] * sign
        # The cheek rises as far down as the jaw and as far up as the lower lid.
        lid = self.lids[name]
        _, lower, _ = lid.at(p[:, 0])
        raised = _lobe(p, q[CHEEK[name], 0] + 0.15 * sign, q[CHEEK[name], 1] + 0.22, 0.36, 0.36)
        raised *= smoothstep(0.15, 0.60, x) * smoothstep(0.02, 0.30, p[:, 1])
        pouch = _lobe(p, float(lid.x.mean()), float(lid.lower.mean()) + 0.10, 0.24, 0.12)
        pouch *= smoothstep(-0.02, 0.03, p[:, 1] - lower)
        out[f"cheekSquint{name}"] = raised[:, None] * [0, -0.06, 0.045] + pouch[:, None] * [-0.01 * sign, -0.03, 0.012]
        # A sneer lifts the wing, the cheek beside it and the upper lip below, and wrinkles the bridge.
        wing_x, wing_y = q[NOSE_WING[name], :2]
        wing = _lobe(p, wing_x + 0.08 * sign, wing_y + 0.20, 0.28, 0.26)
        wing *= self._above(p, side) * smoothstep(-0.18, 0.12, x)
        bridge = _lobe(p, 0.12 * sign, 0.16, 0.12, 0.16) * smoothstep(-0.10, 0.10, x)
        out[f"noseSneer{name}"] = wing[:, None] * [-0.005 * sign, -0.13, 0.006] + bridge[:, None] * [0, -0.03, 0.01]

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
        knit = whole * smoothstep(0, 0.25, along)
        out[f"browDown{name}"] = np.column_stack(
            [-0.03 * sign * inwards - 0.035 * sign * knit, 0.07 * whole, 0.02 * inwards + 0.03 * knit]
        )
        out[f"browOuterUp{name}"] = tail[:, None] * [0.03 * sign, -0.13, -0.04]

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
        x, sign = p[:, 0] - 0.5 * (lid.x[0] + lid.x[-1]), SIDES[name]
        middle = float(lid.lower.mean())
        pouch = _lobe(p, float(lid.x.mean()), middle + 0.14, 0.26, 0.11) * smoothstep(-0.02, 0.05, p[:, 1] - lower)
        out[f"eyeSquint{name}"] = np.column_stack(
            [-0.012 * sign * pouch, aperture * (0.08 * on_upper - 0.22 * on_lower) - 0.025 * pouch, 0.008 * pouch]
        )
        out[f"eyeWide{name}"] = np.column_stack([nothing, aperture * (-0.28 * on_upper + 0.04 * on_lower), nothing])
        # Lids follow the gaze, which pushes the eye's bulge under them.
        out[f"eyeLookDown{name}"] = np.column_stack(
            [nothing, 0.68 * fall * on_upper + 0.15 * aperture * on_lower, nothing]
        )
        out[f"eyeLookUp{name}"] = np.column_stack([nothing, -aperture * (0.30 * on_upper + 0.14 * on_lower), nothing])
        width = float(lid.x[-1] - lid.x[0])
        # Only the lids' edges: gaze moves the eye, not the face.
        beyond = np.where(above, upper - p[:, 1], p[:, 1] - lower)
        near = (1 - smoothstep(0, 0.055, beyond)) * np.exp(-((x / (0.45 * width)) ** 4))
        for gaze, way in (("In", -sign), ("Out", sign)):
            out[f"eyeLook{gaze}{name}"] = near[:, None] * np.column_stack(
                [nothing + 0.024 * way, nothing, -0.05 * way * x / width]
            )


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
