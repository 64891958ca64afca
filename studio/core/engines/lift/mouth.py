"""What is behind the lips: a dark pocket, two rows of teeth with gums, a tongue, and the lips' own inner side.

Lengths are interocular distances in the face frame; k scales the dental arch to the mouth's width. The upper row
belongs to the skull, the lower row and the tongue to the jaw. At rest everything lies behind the lips.
"""

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray
from scipy.spatial import KDTree

from studio.core.engines.lift.openings import Openings
from studio.core.engines.lift.relief import Relief
from studio.core.engines.lift.rig import Part
from studio.core.heads.anatomy import INTEROCULAR, LOWER_LIP_INNER, UPPER_LIP_INNER, smoothstep, to_face, to_head
from studio.core.heads.fitting import HeadPose
from studio.core.heads.shapes import JAW_ANGLE, FaceShapes
from studio.core.heads.template import SHAPE_NAMES, lip_side
from studio.core.perception.masks import grown, pixels_at
from studio.core.perception.portrait import Portrait

# Widths of one side's teeth from the middle outwards, and their heights: upper row, lower row.
_UPPER_WIDTHS = (0.132, 0.104, 0.118, 0.108, 0.108, 0.14)
_UPPER_HEIGHTS = (0.155, 0.135, 0.15, 0.125, 0.115, 0.11)
_LOWER_WIDTHS = (0.085, 0.092, 0.108, 0.11, 0.11, 0.14)
_LOWER_HEIGHTS = (0.13, 0.13, 0.135, 0.12, 0.115, 0.11)
# Shapes under which skin slides over the pocket or sinks towards it.
_SINKING = tuple(
    name for name in SHAPE_NAMES if name.startswith(("mouthSmile", "mouthDimple", "mouthStretch", "mouthFrown"))
) + ("mouthLeft", "mouthRight", "mouthRollLower", "mouthRollUpper")  # fmt: skip
# How fast teeth grow darker along the arch: upper row, lower row.
_DIM = {-1.0: 4.0, 1.0: 7.0}
# The arch bends back with the square of the distance from its middle.
_ARCH = 2.3
# Poses in which nothing of the mouth may come through the skin.
_POSES: tuple[dict[str, float], ...] = (
    {},
    {"jawOpen": 1.0},
    {"mouthSmileLeft": 1.0, "mouthSmileRight": 1.0},
    {"mouthPucker": 1.0},
)
# How far behind the middle of the skin, so thick, a Gaussian stays, in their standard deviations.
_CLEAR, _SKIN = 2.0, 0.0075
# A point is behind skin that lies this close beside it, not behind a gap in it.
_BESIDE = 0.05


class _Mouth:
    """Measures shared by the parts."""

    def __init__(
        self, portrait: Portrait, pose: HeadPose, relief: Relief, shapes: FaceShapes, openings: Openings
    ) -> None:
        self.portrait, self.pose, self.relief = portrait, pose, relief
        self.shapes, self.openings = shapes, openings
        self._skin: tuple[NDArray[np.float64], NDArray[np.float64]] | None = None
        self.k = shapes.half_width / 0.40
        self.x = 0.5 * (shapes.mouth_x + shapes.lip_x)
        self.z = shapes.lip_z - 0.09
        upper, lower = shapes.landmarks[UPPER_LIP_INNER], shapes.landmarks[LOWER_LIP_INNER]
        upper_y, lower_y = np.interp(self.x, *upper[:, :2].T), np.interp(self.x, *lower[:, :2].T)
        self.y = 0.5 * (upper_y + lower_y)
        # Edge of the upper teeth: a little below the lip line, hidden by the lower lip at rest; in a smile
        # where the picture shows them ending.
        self.edge = max(lower_y - 0.01, self.y) if openings.teeth_visible else self.y + 0.075 * self.k

    def arch(self, x: NDArray) -> NDArray:
        return self.z - _ARCH / self.k * (x - self.x) ** 2

    def part(self, points: NDArray, size: float, color: NDArray, jaw: NDArray | float) -> Part:
        """Return an interior part, which puckered lips narrow."""
        inward = -0.42 * (points[:, 0] - self.x)
        nothing = np.zeros(len(points))
        shapes = {
            "mouthPucker": np.column_stack([inward, nothing, nothing - 0.03]),
            "mouthFunnel": np.column_stack([0.6 * inward, nothing, nothing]),
        }
        return Part(points, size, 0.95, self.openings.toned(color), jaw, shapes)

    def inside_face(self, points: NDArray) -> NDArray[np.bool_]:
        pixels = self.pose.camera.project(to_head(points))[:, :2]
        return self.openings.face[pixels_at(pixels, self.openings.face.shape)]

    def skin_depth(self, points: NDArray) -> NDArray:
        """Return z of the skin in front of points."""
        pixels = self.pose.camera.project(to_head(points))[:, :2]
        return to_face(self.pose.lift(pixels, self.relief.at(pixels)))[:, 2]

    def behind_skin(self, part: Part, clear: float) -> Part:
        """Leave out of a part what is outside the face, or not behind the skin in one of `_POSES`.

        A short chin or a muzzle has no room for a whole row of human teeth.
        """
        skin, normals = self._skin_around()
        side = lip_side(skin, self.shapes.landmarks)
        fields, weight = self.shapes.skin(skin, side), self.shapes.jaw_weight(skin, side)
        jaw = np.broadcast_to(np.asarray(part.jaw, np.float64), len(part.points))
        keep = self.inside_face(part.points)
        distance = clear * (np.asarray(part.size, np.float64) + _SKIN)
        for pose in _POSES:
            amount = pose.get("jawOpen", 0.0)
            moved_skin = skin + weight[:, None] * self.shapes.jaw_rotation(skin, amount)
            moved = part.points + jaw[:, None] * self.shapes.jaw_rotation(part.points, amount)
            for name, value in pose.items():
                moved_skin += value * fields[name]
                moved += value * part.shapes.get(name, 0.0)
            turned = _turned(normals, JAW_ANGLE * amount * weight)
            _, nearest = KDTree(moved_skin).query(moved)
            away = moved - moved_skin[nearest]
            out = (away * turned[nearest]).sum(1)
            beside = np.linalg.norm(away - out[:, None] * turned[nearest], axis=1)
            keep &= (out < -distance) | (beside > _BESIDE)
        return replace(
            part,
            points=part.points[keep],
            color=part.color[keep],
            jaw=jaw[keep],
            shapes={name: moved[keep] for name, moved in part.shapes.items()},
        )

    def _skin_around(self) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Return points ``[n,3]`` of the skin around the mouth and their normals ``[n,3]``."""
        if self._skin is None:
            pixels = self.pose.camera.project(to_head(np.array([[self.x, self.y, self.shapes.lip_z]])))[0, :2]
            reach = 1.1 * INTEROCULAR / self.pose.px
            steps = np.linspace(-reach, reach, 91)
            grid = pixels + np.stack(np.meshgrid(steps, steps), -1)
            points = to_face(self.pose.lift(grid.reshape(-1, 2), self.relief.at(grid.reshape(-1, 2))))
            surface = points.reshape(91, 91, 3)
            # Along x and along y: their cross product points out of the face.
            normals = np.cross(np.gradient(surface, axis=1), np.gradient(surface, axis=0)).reshape(-1, 3)
            normals /= np.maximum(np.linalg.norm(normals, axis=1, keepdims=True), 1e-12)
            there = ~self.openings.mouth[pixels_at(grid.reshape(-1, 2), self.openings.mouth.shape)]
            self._skin = points[there], normals[there]
        return self._skin


def _turned(normals: NDArray, angles: NDArray) -> NDArray[np.float64]:
    """Turn normals ``[n,3]`` with the jaw by angles ``[n]`` rad, as `FaceShapes.jaw_rotation` turns points."""
    c, s = np.cos(angles), np.sin(angles)
    y, z = normals[:, 1], normals[:, 2]
    return np.asarray(np.stack([normals[:, 0], y * c + z * s, z * c - y * s], 1), np.float64)


def build_mouth(
    portrait: Portrait, pose: HeadPose, relief: Relief, shapes: FaceShapes, openings: Openings
) -> list[Part]:
    """Return everything behind the lips."""
    mouth = _Mouth(portrait, pose, relief, shapes, openings)
    parts = [_pocket(mouth)]
    # A mouth wide open shows its own teeth and tongue.
    if not openings.wide:
        parts += _row(mouth, _UPPER_WIDTHS, _UPPER_HEIGHTS, mouth.edge, down=-1.0, back=0.0, jaw=0.0, shade=0.93)
        lower_edge = mouth.edge - 0.02 * mouth.k
        parts += _row(mouth, _LOWER_WIDTHS, _LOWER_HEIGHTS, lower_edge, down=1.0, back=-0.045, jaw=1.0, shade=0.80)
        parts.append(_tongue(mouth))
    parts = [mouth.behind_skin(part, _CLEAR) for part in parts]
    parts += [mouth.behind_skin(part, 0.0) for part in _inner_lips(mouth)]
    if openings.teeth_visible or openings.wide:
        parts.append(_inside_in_picture(mouth))
    return parts


def _pocket(mouth: _Mouth) -> Part:
    s, t = (a.ravel() for a in np.meshgrid(np.linspace(-1, 1, 44), np.linspace(-1, 1, 40)))
    k, openings = mouth.k, mouth.openings
    x = mouth.x + 1.02 * mouth.shapes.half_width * s
    y = mouth.y + np.where(t < 0, 0.24, 0.20) * t * k
    lip_z = mouth.shapes.lip_z
    skin = mouth.skin_depth(np.column_stack([x, y, np.full_like(x, lip_z)]))
    # Past a turned face's rim the relief says nothing.
    skin = np.clip(skin, lip_z - 0.5, lip_z + 0.1)
    r = np.maximum(np.abs(s), np.abs(t))
    z = skin - 0.10 - 0.55 * k * np.sqrt(1 - r**3)
    flesh = (np.array([0.55, 0.20, 0.18]) * 0.5 + openings.lip * 0.4) * openings.light
    color = flesh * (0.10 + 0.45 * r**4)[:, None]
    pocket = mouth.part(np.column_stack([x, y, z]), 0.030 * k, color, smoothstep(-0.75, 0.75, t))
    # The pocket goes with the skin before it, but never nearer to it: nothing of it may break through.
    fields = mouth.shapes.skin(np.column_stack([x, y, skin]), np.where(t < 0, -1.0, 1.0))
    for name in _SINKING:
        pocket.shapes[name] = np.minimum(fields[name], [np.inf, np.inf, 0.0])
    return pocket


def _inner_lips(mouth: _Mouth) -> list[Part]:
    """Dark strips that curl back from the lip edges: the thickness of the lips."""
    parts = []
    u = np.linspace(0.03, 0.97, 90)
    for ring, sign in ((UPPER_LIP_INNER, -1.0), (LOWER_LIP_INNER, 1.0)):
        curve = mouth.shapes.landmarks[ring]
        edge = np.stack([np.interp(u * (len(ring) - 1), np.arange(len(ring)), curve[:, j]) for j in range(3)], 1)
        points, anchors, colors = [], [], []
        for v in np.linspace(0, 1, 6):
            points.append(edge + [0, -sign * 0.004, -0.012] + np.array([0, sign * 0.03, -0.10]) * v)
            anchors.append(edge + [0, sign * 0.004, 0])
            colors.append(np.broadcast_to(mouth.openings.lip * (0.80 - 0.55 * v), edge.shape))
        anchor = np.concatenate(anchors)
        side = np.full(len(anchor), sign)
        fields = mouth.shapes.skin(anchor, side)
        jaw = mouth.shapes.jaw_weight(anchor, side)
        shapes = {name: fields[name] for name in SHAPE_NAMES}
        parts.append(Part(np.concatenate(points), 0.012, 0.95, np.concatenate(colors), jaw, shapes))
    return parts


def _row(
    mouth: _Mouth,
    widths: tuple[float, ...],
    heights: tuple[float, ...],
    edge: float,
    *,
    down: float,
    back: float,
    jaw: float,
    shade: float,
) -> list[Part]:
    """Return one row of teeth and its gum; `down` is +1 where roots point down."""
    k, openings = mouth.k, mouth.openings
    points, colors = [], []
    along = np.linspace(0, 0.6, 400)
    length = np.concatenate([[0], np.cumsum(np.hypot(np.diff(along), np.diff(-_ARCH * along**2)))])
    u, v = (a.ravel() for a in np.meshgrid(np.linspace(-1, 1, 9), np.linspace(0, 1, 11)))
    for side in (-1, 1):
        start = 0.0
        for width, height in zip(widths, heights, strict=True):
            x = np.interp(start + width * (0.5 + 0.47 * u * (1 - 0.12 * v)), length, along)
            start += width
            curl = 0.02 * np.abs(u) ** 3 + 0.10 * x**2
            y = edge + down * (curl + v * height) * k
            front = mouth.x + side * x * k
            z = mouth.arch(front) + back - 0.012 * u**2
            dim = (1 - 0.16 * np.abs(u) ** 4) * (1 - 0.16 * v) * np.clip(1.02 - _DIM[down] * x**2, 0.2, 1) * shade
            gum = (v > 0.9)[:, None]
            color = np.where(gum, openings.lip * [0.95, 0.75, 0.75], openings.tooth) * dim[:, None]
            points.append(np.column_stack([front, y, z]))
            colors.append(color)
    teeth = mouth.part(np.concatenate(points), 0.0095 * k, np.concatenate(colors), jaw)

    a, b = (m.ravel() for m in np.meshgrid(np.linspace(-0.34, 0.34, 72), np.linspace(0, 1, 7)))
    x = mouth.x + a * k
    y = edge + down * (0.135 + 0.10 * a**2 + 0.10 * b) * k
    color = openings.lip * [0.9, 0.65, 0.65] * np.clip(0.9 - 3.6 * a**2, 0.2, 1)[:, None]
    gum = mouth.part(np.column_stack([x, y, mouth.arch(x) + back - 0.01]), 0.013 * k, color, jaw)
    return [teeth, gum]


def _tongue(mouth: _Mouth) -> Part:
    k, openings = mouth.k, mouth.openings
    a, b = (m.ravel() for m in np.meshgrid(np.linspace(-1, 1, 30), np.linspace(0, 1, 30)))
    width = 0.20 * np.sqrt(np.clip(1 - (1 - b) ** 3 * 0.8, 0.05, 1))
    x = mouth.x + a * width * k
    y = mouth.edge + (0.05 - 0.06 * np.sin(b * 2.4) + 0.09 * a**2 + 0.012 * np.exp(-((a / 0.12) ** 2))) * k
    z = mouth.z - 0.15 * k - 0.45 * b * k
    flesh = openings.lip * 0.55 + np.array([0.62, 0.30, 0.29]) * 0.45 * openings.light
    part = mouth.part(np.column_stack([x, y, z]), 0.017 * k, flesh * (0.88 - 0.62 * b - 0.2 * a**2)[:, None], 0.92)
    tip = (1 - b)[:, None]
    part.shapes["tongueOut"] = tip * [0.0, 0.04, 0.34 * k]
    return part


def _inside_in_picture(mouth: _Mouth) -> Part:
    """Return what the portrait shows of the mouth, set back along the line of sight, so that its own view stays.

    Between lips that smile these are teeth, which belong to the skull. A mouth wide open shows all there is: its upper
    half goes with the skull, its lower half with the jaw.
    """
    mask = grown(mouth.openings.mouth, 3)
    row, column = np.nonzero(mask)
    color = mouth.portrait.rgb[row, column]
    pixels = np.column_stack([column, row]) + 0.5
    points = set_back(mouth.pose, mouth.pose.lift(pixels, mouth.relief.at(pixels)), 0.06)
    jaw = np.zeros(len(points))
    if mouth.openings.wide:
        upper, lower = (mouth.shapes.landmarks[ring] for ring in (UPPER_LIP_INNER, LOWER_LIP_INNER))
        high, low = (np.interp(points[:, 0], *lip[:, :2].T) for lip in (upper, lower))
        jaw = (points[:, 1] > 0.5 * (high + low)).astype(np.float64)
        shown = np.ones(len(points), bool)
    else:
        value = color.max(1)
        saturation = (value - color.min(1)) / (value + 1e-3)
        shown = (value > 0.45 * mouth.openings.tooth.max()) & (saturation < 0.5)
    return Part(points[shown], mouth.pose.px / INTEROCULAR * 0.62, 0.97, color[shown], jaw[shown], seen=True)


def set_back(pose: HeadPose, points: NDArray, distance: float) -> NDArray[np.float64]:
    """Move head-space points ``[n,3]`` away from the camera along its rays; returns them in the face frame."""
    ray = points - pose.camera.position
    ray /= np.linalg.norm(ray, axis=1, keepdims=True)
    return to_face(points + ray * distance * INTEROCULAR)
