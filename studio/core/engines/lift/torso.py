"""What the portrait does not show of neck and torso: their back, and their front behind hair that hangs before it.

The back hangs from the outline, where it meets the seen front, down to the depth of a flat barrel; under the hair it
follows the neck of the built-in head.
"""

from dataclasses import dataclass, replace

import cv2
import numpy as np
from numpy.typing import NDArray
from scipy.spatial.transform import Rotation

from studio.core.engines.lift.outline import held_in
from studio.core.engines.lift.relief import Relief
from studio.core.engines.lift.surface import SPREAD, Surfels, cell_mean, cells_of
from studio.core.engines.lift.surface import block_count as cell_count
from studio.core.heads.anatomy import CHIN, INTEROCULAR, smoothstep, to_face
from studio.core.heads.arkit import ARKIT_NAMES
from studio.core.heads.fitting import HeadPose
from studio.core.heads.full import JOINTS, FullHead
from studio.core.heads.head import HeadParams
from studio.core.perception.masks import spread
from studio.core.perception.portrait import Portrait
from studio.core.perception.regions import CLOTH, HAIR, SKIN
from studio.core.render.zbuffer import depth_map

# It is out of sight and smooth: so many Gaussians are enough, each for 4, 8 or 16 px.
_MOST = 4000
# Lengths are interocular distances. How deep a back lies behind the outline and how far from it it gets there; how far
# behind the eyes and below them the jaw ends; the levels below the eyes where the neck comes out of the hair, and
# between which it becomes the back.
_DEPTH, _REACH = 1.4, 2.2
_JAW_BACK, _JAW_FOOT = -1.3, 1.9
_NAPE, _NECK_ENDS, _BUST = 1.0, (2.5, 3.4), 3.8
# What is skin or clothes so far beside the face is a raised shoulder and no ear.
_EAR = 0.3
# The neck's back lies so far within the built-in head's, which skin may cover, and starts so far from the outline;
# what joins the back to the front there ends so far in. All is blurred so far.
_WITHIN, _ROUND, _CLOSED, _SOFT = 0.1, 0.25, 0.8, 0.15
# What hair hides lies so far behind it, and begins so far above the chin.
_BEHIND_HAIR, _ABOVE_CHIN = 0.3, 0.2
# Colours of the back come from clothes within this distance of the outline, and are blurred so far.
_FROM_SIDES, _BLUR = 0.7, 0.4
# Between these levels a neck's own colours end.
_COLLAR = (2.0, 2.3)
# How much light the back loses.
_SHADE = 0.1
# Cells of less alpha than this are left out; a Gaussian at the edge is smaller by this.
_SOLID, _AT_EDGE = 0.9, 0.7
_OPACITY, _CLOSER, _THICKNESS = 0.97, 1.15, 0.25
# No Gaussian is longer than so many cells, at the rim and further in; so many take the place of half a steep one.
_STEEP, _LONGEST, _MOST_PIECES = 1.5, 6.0, 5


def unseen_torso(portrait: Portrait, relief: Relief, pose: HeadPose, whole: FullHead) -> Surfels:
    """Return the guessed back of neck and torso, and what hair hides of their front; nothing where none is in sight.

    `whole` is the built-in head on the portrait's landmarks, for its neck.
    """
    cells = _Cells.of(portrait, relief)
    neck, level = _neck_back(cells, pose, whole)
    body = _body(cells, portrait, level, INTEROCULAR / pose.px)
    if not body.any():
        return _nothing()
    edge, outline = _edges(body, ~np.isnan(level), cells)
    away = cv2.distanceTransform((~edge).astype(np.uint8), cv2.DIST_L2, 5) * cells.side * pose.px / INTEROCULAR
    behind = _behind(cells, body, edge, outline, away, neck, level, pose)
    colors = _colors(cells, body, outline, away, level, pose)
    back = _laid(cells, behind, body, (1 - _SHADE) * colors, pose)

    chin = portrait.landmarks[CHIN, 1] - _ABOVE_CHIN * INTEROCULAR / pose.px
    hidden = body & (cells.label == HAIR) & (cells.pixels[..., 1] > chin)
    bare = body & np.isin(cells.label, (SKIN, CLOTH))
    if hidden.any() and bare.any():
        beside, _ = spread(cells.color, bare)
        nearness = cells.nearness - _BEHIND_HAIR * INTEROCULAR / pose.px
        back = Surfels.concatenate([back, _laid(cells, nearness, hidden, beside, pose)])
    return replace(back, tangents=held_in(portrait, pose, back.means, back.tangents))


# Of a head that faces the camera; the camera's y points down, its z forwards.
_UPRIGHT = np.diag([1.0, -1.0, -1.0])


@dataclass(frozen=True, eq=False)
class _Cells:
    """The portrait in cells of `side` px: places ``[h,w,2]`` px, what is there, nearness and rim px, label, colour."""

    side: int
    pixels: NDArray[np.float64]
    solid: NDArray[np.bool_]
    torso: NDArray[np.bool_]
    nearness: NDArray[np.float64]
    rim: NDArray[np.float64]
    label: NDArray[np.uint8]
    color: NDArray[np.float32]

    @staticmethod
    def of(portrait: Portrait, relief: Relief) -> "_Cells":
        torso = portrait.alpha * (1 - relief.head)
        side = 16 if torso.sum() > 64 * _MOST else 8 if torso.sum() > 16 * _MOST else 4
        shape = cell_count(torso, side)
        y, x, cell = cells_of(side, np.ones(shape, bool))

        def mean(picture: NDArray) -> NDArray:
            return cell_mean(picture, y, x, cell).reshape(*shape, *picture.shape[2:])

        height, width = portrait.alpha.shape
        row, column = np.minimum(y, height - 1).astype(int), np.minimum(x, width - 1).astype(int)
        return _Cells(
            side,
            np.stack([x, y], -1).reshape(*shape, 2),
            mean(portrait.alpha) > _SOLID,
            mean(1 - relief.head) > 0.5,
            mean(relief.nearness).astype(np.float64),
            mean(relief.rim).astype(np.float64),
            portrait.regions[row, column].reshape(shape),
            mean(portrait.foreground),
        )


def _neck_back(cells: _Cells, pose: HeadPose, whole: FullHead) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return how near the built-in neck's back is ``[h,w]`` px, and its level below the eyes; NaN beside it."""
    # The torso is upright and faces the camera, however the head is turned on it.
    turned = Rotation.from_matrix(_UPRIGHT @ pose.camera.world_to_camera[:3, :3])
    still = np.zeros(3, np.float32)
    rest = HeadParams(still, np.zeros(len(ARKIT_NAMES), np.float32), still, still)
    joint = whole.joints[JOINTS.index("neck")]
    vertices = turned.inv().apply(whole.vertices(rest, turned.as_rotvec()) - joint) + joint
    _, below_eyes, forwards = to_face(whole.neutral).T
    # The jaw is wider than the neck and no part of its back.
    behind = (forwards < _JAW_BACK) | (below_eyes > _JAW_FOOT)
    upright = whole.of("skin") & (below_eyes > _NAPE) & (below_eyes < _BUST) & behind
    # Unseen skin is that of a neck turned as the head is.
    faces = [whole.faces[c[whole.faces].all(1)] for c in (upright, upright & (below_eyes < _COLLAR[0]))]
    projected = pose.camera.project(np.concatenate([vertices, whole.neutral]))
    projected[:, :2] /= cells.side
    # The farthest is the nearest of what is turned round.
    projected[:, 2] *= -1
    depth = -depth_map(projected, np.concatenate([faces[0], faces[1] + len(vertices)]), *cells.solid.shape)
    nearness = pose.nearness(depth.astype(np.float64))
    points = pose.lift(cells.pixels.reshape(-1, 2), np.nan_to_num(nearness).ravel())
    level = np.where(np.isnan(nearness), np.nan, to_face(points)[:, 1].reshape(nearness.shape))
    return nearness, level


def _body(cells: _Cells, portrait: Portrait, level: NDArray, unit: float) -> NDArray[np.bool_]:
    """Return where neck and torso are ``[h,w]``: between the outermost skin and clothes of a row, and on the neck."""
    bare = cells.solid & np.isin(cells.label, (SKIN, CLOTH)) & cells.torso
    between = np.logical_or.accumulate(bare, 1) & np.logical_or.accumulate(bare[:, ::-1], 1)[:, ::-1]
    x, y = np.moveaxis(cells.pixels, -1, 0)
    left, right = np.sort(portrait.landmarks[[234, 454], 0])
    ears = portrait.landmarks[[234, 454], 1].mean()
    raised = (cells.label == CLOTH) | ((cells.label == SKIN) & ((x < left - _EAR * unit) | (x > right + _EAR * unit)))
    return cells.solid & (between | ~np.isnan(level) | (raised & (y > ears)))


def _edges(
    body: NDArray[np.bool_], neck: NDArray[np.bool_], cells: _Cells
) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
    """Return where the back closes ``[h,w]``: at its sides and shoulders; and where it meets the seen front there."""
    inside = np.pad(body | neck, ((0, 0), (1, 1)))
    solid = np.pad(cells.solid, ((0, 0), (1, 1)))
    above = np.pad(cells.solid, ((1, 0), (0, 0)), mode="edge")[:-1]
    outline = body & ~(solid[:, :-2] & solid[:, 2:] & above)
    return outline | (body & ~neck & ~(inside[:, :-2] & inside[:, 2:])), outline


def _behind(
    cells: _Cells,
    body: NDArray[np.bool_],
    edge: NDArray[np.bool_],
    outline: NDArray[np.bool_],
    away: NDArray,
    neck: NDArray,
    level: NDArray,
    pose: HeadPose,
) -> NDArray[np.float64]:
    """Return how near the back is ``[h,w]`` px."""
    unit = INTEROCULAR / pose.px
    # Whatever the front is like at the outline, further in the back is that of a barrel under the neck.
    above_rim, _ = spread((cells.nearness - cells.rim).astype(np.float32), outline if outline.any() else edge)
    inwards = np.clip(away / _REACH, 0, 1)
    torso = cells.rim + above_rim * (1 - smoothstep(0, _CLOSED, away))
    torso -= _DEPTH * unit * (1 - (1 - inwards) ** 2) ** 0.7
    share = np.nan_to_num((1 - smoothstep(*_NECK_ENDS, level)) * smoothstep(0, _ROUND, away))
    within = _WITHIN * unit * (1 - smoothstep(*_COLLAR, np.nan_to_num(level)))
    behind = torso + share * (np.nan_to_num(neck) + within - torso)
    # A Gaussian reaches about half a cell forwards.
    behind = np.minimum(behind, cells.nearness - 0.5 * cells.side)
    sigma = _SOFT * unit / cells.side
    weight, total = (cv2.GaussianBlur(np.where(body, a, 0.0), (0, 0), sigma) for a in (np.ones(body.shape), behind))
    inner = smoothstep(0, _ROUND, away)
    return behind + inner * (total / np.maximum(weight, 1e-9) - behind)


def _colors(
    cells: _Cells, body: NDArray[np.bool_], outline: NDArray[np.bool_], away: NDArray, level: NDArray, pose: HeadPose
) -> NDArray[np.float32]:
    """Return the back's colours ``[h,w,3]``: the front's at the outline, then those of neck or clothes near it."""
    unit = INTEROCULAR / pose.px / cells.side
    bare = body & np.isin(cells.label, (SKIN, CLOTH)) & ~outline
    on_neck = 1 - smoothstep(*_COLLAR, np.nan_to_num(level, nan=np.inf))
    plain = np.zeros_like(cells.color)
    clothes = (cells.label == CLOTH) & (away < _FROM_SIDES)
    for wanted, share in ((on_neck > 0.9, on_neck), (clothes & (on_neck < 0.1), 1 - on_neck)):
        source = next(mask for mask in (bare & wanted, bare, body) if mask.any())
        plain += share[..., None] * cv2.GaussianBlur(spread(cells.color, source)[0], (0, 0), _BLUR * unit)
    own = np.where((cells.label == HAIR)[..., None], plain, cells.color)
    return (own + smoothstep(0, _ROUND, away)[..., None] * (plain - own)).astype(np.float32)


def _laid(
    cells: _Cells, nearness: NDArray, chosen: NDArray[np.bool_], colors: NDArray[np.float32], pose: HeadPose
) -> Surfels:
    """Lay a Gaussian on each of the `chosen` cells ``[h,w]``, and at their rim, where it is steep, several.

    A single one, as long as a steep cell, would reach out before the front: turned views would show its soft end.
    """
    carried, _ = spread(nearness.astype(np.float32), chosen)
    points = pose.lift(cells.pixels.reshape(-1, 2), carried.ravel()).reshape(*chosen.shape, 3)
    size = cells.side * pose.px
    right, down = size * pose.camera.world_to_camera[:2, :3]
    ways = np.stack([_ways(points, chosen, 1, right), _ways(points, chosen, 0, down)], 2)[chosen]
    middle = ways.mean(2)
    length = np.linalg.norm(middle, axis=2)
    steep = length.argmax(1)
    cell = np.arange(len(steep))
    # Nothing may reach out beside the front.
    inner = cv2.erode(cells.solid.astype(np.uint8), np.ones((3, 3), np.uint8))[chosen] > 0
    rim = cv2.erode(chosen.astype(np.uint8), np.ones((5, 5), np.uint8))[chosen] == 0
    longest = np.where(rim, _STEEP, _LONGEST)[:, None] * size
    short = np.minimum(1, longest / np.maximum(length, 1e-9)) * np.where(inner, _CLOSER, _AT_EDGE)[:, None]
    tangents = SPREAD * short[..., None] * middle
    pieces = np.where(rim, np.ceil(length[cell, steep] / (_STEEP * size)).clip(1, _MOST_PIECES), 1).astype(int)

    index, means = [cell[pieces == 1]], [points[chosen][pieces == 1]]
    axes = [tangents[pieces == 1]]
    for count in range(2, _MOST_PIECES + 1):
        mine = cell[pieces == count]
        for side, sign in ((0, -0.5), (1, 0.5)):
            step = sign / count * ways[mine, steep[mine], side]
            for k in range(count):
                index.append(mine)
                means.append(points[chosen][mine] + (k + 0.5) * step)
                axes.append(np.stack([SPREAD * _CLOSER * step, tangents[mine, 1 - steep[mine]]], 1))
    index = np.concatenate(index)
    return Surfels(
        np.concatenate(means).astype(np.float32),
        np.concatenate(axes).astype(np.float32),
        np.full(len(index), _THICKNESS * size, np.float32),
        np.full(len(index), _OPACITY, np.float32),
        np.clip(colors[chosen][index], 0, 1).astype(np.float32),
        cells.pixels[chosen][index].astype(np.float32),
        np.full(len(index), cells.side, np.float32),
        np.zeros(len(index), bool),
    )


def _ways(points: NDArray, inside: NDArray[np.bool_], axis: int, alone: NDArray) -> NDArray[np.float64]:
    """Return the ways from the cell before and to the next one ``[h,w,2,3]``, `alone` ``[3]`` where that is outside."""
    both = np.logical_and(*(np.delete(inside, end, axis) for end in (0, -1)))[..., None]
    way = np.where(both, np.diff(points, axis=axis), alone)
    rim = np.broadcast_to(alone, np.take(points, [0], axis).shape)
    return np.stack([np.concatenate([rim, way], axis), np.concatenate([way, rim], axis)], 2)


def _nothing() -> Surfels:
    shapes = ((0, 3), (0, 2, 3), (0,), (0,), (0, 3), (0, 2), (0,))
    return Surfels(*(np.zeros(shape, np.float32) for shape in shapes), seen=np.zeros(0, bool))
