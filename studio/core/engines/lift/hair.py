"""The hidden hair: a shell around the skull, as thick as the portrait shows it, in the colours beside it.

The shell is a surface over a capsule around the head's upright axis: rows run from the crown down to the nape,
columns once around the head. Each ray leaves the axis; along it the portrait tells where hair ends, by its depth where
it is seen and by its outline where it is not.
"""

from dataclasses import dataclass
from functools import lru_cache

import cv2
import numpy as np
import scipy.sparse as sp
import scipy.sparse.linalg as sla
from numpy.typing import NDArray
from scipy.interpolate import LinearNDInterpolator
from scipy.spatial import KDTree

from studio.core.engines.lift.relief import Relief
from studio.core.engines.lift.surface import SPREAD, Surfels
from studio.core.heads.anatomy import INTEROCULAR, smoothstep, to_face, to_head
from studio.core.heads.fitting import HeadPose
from studio.core.heads.full import FullHead
from studio.core.perception.masks import pixels_at, sampled, spread
from studio.core.perception.portrait import Portrait
from studio.core.perception.regions import FACE, HAIR, SKIN

# Lengths are interocular distances in the face frame. Cells are this large; the capsule's axis runs down from its
# centre to where the shell ends, over the shoulders.
_CELL = 0.04
_CENTRE = np.array([0.0, -0.35, -1.25])
_LOWEST = 2.1
_EQUATOR = 1.35
# Hair is searched for so far outside the skull, in such steps, and grows no thicker where nothing shows it.
_REACH, _STEP = 1.6, 0.03
_THICKEST = 0.9
# What is seen at a flatter angle than this has colours too squeezed to paint with, and what is seen at a flatter one
# than that gets the shell behind it.
_PAINTS, _COVERED = 0.35, 0.5
# A band of seen hair narrower than this (cells) repeats itself visibly.
_NARROW = 8
# Matte that is the person's own colour. Hair so far inside its edge (cells across) is hair for sure, and what is like
# so great a share of it is, too.
_FIRM, _INNER, _FEW = 0.9, 7, 0.03
# With fewer seen cells of hair than this a head is bald.
_BALD = 200
# Rows around the crown that are blurred.
_CROWN = 14
# The shell lies so far inside what it continues, and its Gaussians overlap by this factor.
_BEHIND, _CLOSER = 0.05, 1.2
# Above a hairline that is not seen hair grows thicker over this length, from this thickness.
_TAPER, _STUBBLE = 0.5, 0.08
# No Gaussian is longer than so many cells.
_LONGEST = 1.6
# On the bare head the hairline runs from above the ears down to the nape.
_EAR_LEVEL, _NAPE = 0.35, 1.30


@dataclass(frozen=True, eq=False)
class _Capsule:
    """Rays ``[R,C]``: `origin` on the axis and unit `direction`, in the face frame; column 0 faces backwards."""

    origin: NDArray[np.float64]
    direction: NDArray[np.float64]

    @staticmethod
    @lru_cache(maxsize=1)
    def make() -> "_Capsule":
        columns = round(2 * np.pi * _EQUATOR / _CELL)
        top = round(np.pi / 2 * _EQUATOR / _CELL)
        down = np.arange(0, _LOWEST - _CENTRE[1], _CELL)
        polar = np.concatenate([(np.arange(top) + 0.5) / top * np.pi / 2, np.full(len(down), np.pi / 2)])
        # The angle is measured from straight back, positive to the head's left.
        around = (np.arange(columns) + 0.5) / columns * 2 * np.pi
        origin = np.zeros((len(polar), columns, 3)) + _CENTRE
        origin[top:, :, 1] += down[:, None]
        direction = np.stack(
            [
                np.sin(polar)[:, None] * np.sin(around),
                np.broadcast_to(-np.cos(polar)[:, None], (len(polar), columns)),
                -np.sin(polar)[:, None] * np.cos(around),
            ],
            -1,
        )
        return _Capsule(origin, direction.astype(np.float64))

    def place(self, points: NDArray) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Return the row and column ``[n,2]`` of points ``[n,3]``, and their distance from the axis ``[n]``."""
        columns = self.direction.shape[1]
        top = int((self.direction[:, 0, 1] < -1e-9).sum())
        x, y, z = (points - _CENTRE).T
        across = np.hypot(x, z)
        polar = np.arctan2(across, -y)
        above = y < 0
        row = np.where(above, polar / (np.pi / 2) * top - 0.5, top + y / _CELL)
        column = (np.arctan2(x, -z) / (2 * np.pi) * columns - 0.5) % columns
        return np.column_stack([row, column]), np.where(above, np.hypot(across, y), across)

    def at(self, radius: NDArray) -> NDArray[np.float64]:
        """Return the points ``[R,C,3]`` at these distances along the rays ``[R,C]``."""
        return self.origin + self.direction * radius[..., None]


def hair_shell(
    portrait: Portrait, pose: HeadPose, relief: Relief, whole: FullHead, regions: NDArray[np.uint8]
) -> Surfels:
    """Return Gaussians for the hair, hat or bald skull that the portrait does not show."""
    capsule, skull = _Capsule.make(), _skull(whole)
    radius = _radius(capsule, skull, portrait, pose, relief, regions)
    points = capsule.at(radius)
    cosine = _facing(points, pose)
    pixels = pose.camera.project(to_head(points.reshape(-1, 3)))[:, :2]
    label = regions[pixels_at(pixels, regions.shape)].reshape(radius.shape)
    inner = np.asarray(cv2.erode(portrait.alpha, np.ones((5, 5), np.uint8)), np.float32)
    firm = sampled(inner, pixels).reshape(radius.shape) > _FIRM
    painted = (cosine > _PAINTS) & firm
    hair = painted & (label == HAIR)
    if hair.sum() < _BALD:
        hair = painted & (label == SKIN)
    photo = sampled(portrait.own_colors, pixels).reshape(*radius.shape, 3)
    if hair.any():
        # An ear between strands, background seen through them, a jaw taken for hair.
        bare = painted & ((label == FACE) | (label == SKIN))
        background = sampled(portrait.plate, pixels).reshape(photo.shape)
        hair = _hair_colored(photo, hair, bare, background)
    colors = _painted(photo, hair)
    covers = _covers(capsule, radius, label, cosine)
    hidden = (cosine < _COVERED) & covers
    points = capsule.at(_tapered(radius, skull, covers, cosine) - _BEHIND)
    return _laid(points, _behind(points[hidden], pose, relief), hidden, colors)


def _behind(points: NDArray[np.float64], pose: HeadPose, relief: Relief) -> NDArray[np.float64]:
    """Return points ``[n,3]`` drawn back along the portrait's rays to behind what is seen there."""
    projected = pose.camera.project(to_head(points))
    nearness = pose.nearness(projected[:, 2])
    behind = relief.at(projected[:, :2]) - _BEHIND * INTEROCULAR / pose.px
    return to_face(pose.lift(projected[:, :2], np.minimum(nearness, behind)))


@lru_cache(maxsize=1)  # asked for the coarse head and for the finished one
def _skull(whole: FullHead) -> NDArray[np.float64]:
    """Return how far the template's skin, without its ears, is from the axis along each ray ``[R,C]``."""
    capsule = _Capsule.make()
    skin = to_face(whole.neutral[whole.of("skin")])
    x, y, z = skin.T
    temple = np.abs(x[(y < -0.5) & (y > -0.9)]).max()
    ear = (np.abs(x) > 0.9 * temple) & (y > -0.35) & (y < 1.05) & (z > -2.1) & (z < -0.9)
    skin = skin[~ear]
    place, radius = capsule.place(skin)
    rows, columns = capsule.direction.shape[:2]
    around = np.concatenate([place + [0, turn * columns] for turn in (-1, 0, 1)])
    near = (around[:, 1] > -12) & (around[:, 1] < columns + 12)
    wanted = np.indices((rows, columns)).reshape(2, -1).T
    method = LinearNDInterpolator(around[near], np.tile(radius, 3)[near])
    found = method(wanted).reshape(rows, columns)
    known = ~np.isnan(found)
    return cv2.GaussianBlur(spread(found, known)[0], (0, 0), 1.5)


def _radius(
    capsule: _Capsule,
    skull: NDArray[np.float64],
    portrait: Portrait,
    pose: HeadPose,
    relief: Relief,
    regions: NDArray[np.uint8],
) -> NDArray[np.float64]:
    """Return how far the shell is from the axis along each ray ``[R,C]``."""
    coarse = _Capsule(capsule.origin[::2, ::2], capsule.direction[::2, ::2])
    bone = skull[::2, ::2]
    steps = np.concatenate([np.linspace(-0.3, 0, 10, endpoint=False), np.arange(0, _REACH, _STEP)])
    r = bone[..., None] + steps
    points = coarse.origin[:, :, None] + coarse.direction[:, :, None] * r[..., None]
    projected = pose.camera.project(to_head(points.reshape(-1, 3)))
    pixels = projected[:, :2]
    nearness = pose.nearness(projected[:, 2])
    height, width = portrait.alpha.shape
    beside = (pixels < 0).any(1) | (pixels >= [width, height]).any(1)
    label = regions[pixels_at(pixels, regions.shape)]
    solid = (label == HAIR) | ((label != 0) & (np.broadcast_to(steps, r.shape).ravel() < _STEP))
    inside = (solid & (nearness <= relief.at(pixels)) & ~beside).reshape(r.shape)
    outside = ~inside
    first = np.where(outside.any(-1), outside.argmax(-1), len(steps) - 1)
    last = np.maximum(first - 1, 0)
    thick = steps[last]
    ends_in_picture = ~np.take_along_axis(beside.reshape(r.shape), first[..., None], -1)[..., 0]

    toward = _toward(pose, coarse.at(bone))
    cosine = (coarse.direction * toward).sum(-1)
    found = np.take_along_axis(label.reshape(r.shape), last[..., None], -1)[..., 0]
    bare = (found == FACE) | (found == SKIN)
    known = ends_in_picture & (cosine > -0.15) & (found != 0) & (first > 0)
    thick = np.where(bare, np.minimum(thick, 0.0), thick)
    if not known.any():
        return skull
    guessed = np.clip(_harmonic(np.clip(thick, -0.3, _THICKEST), known), -0.3, _THICKEST)
    # The portrait's outline bounds what is behind it.
    bounded = np.where(known, thick, np.where(ends_in_picture, np.minimum(guessed, thick), guessed))
    radius = bone + bounded
    # Hair hangs straight down from the widest part of the head.
    down = int((coarse.direction[:, 0, 1] < -1e-9).sum())
    reach = np.maximum.accumulate(np.where(np.arange(len(radius))[:, None] < down + 8, radius, 0), 0)
    hanging = (np.arange(len(radius))[:, None] >= down) & ~known
    radius = np.where(hanging, np.minimum(radius, np.maximum(reach, bone)), radius)
    # It lies closer to the neck towards its end.
    level = coarse.origin[:, :1, 1]
    radius = np.where(known, radius, bone + (radius - bone) * (1 - 0.6 * smoothstep(_NAPE, _LOWEST, level)))
    radius = _wrapped_blur(radius, 1.2)
    return np.asarray(cv2.resize(radius, skull.shape[::-1], interpolation=cv2.INTER_LINEAR), np.float64)


def _toward(pose: HeadPose, points: NDArray) -> NDArray[np.float64]:
    """Return unit vectors ``[...,3]`` from points in the face frame to the portrait's camera."""
    away = to_face(pose.camera.position) - points
    return away / np.linalg.norm(away, axis=-1, keepdims=True)


def _facing(points: NDArray, pose: HeadPose) -> NDArray[np.float64]:
    """Return the cosine ``[R,C]`` between the shell's outward normal and the way to the portrait's camera."""
    down = np.gradient(points, axis=0)
    along = 0.5 * (np.roll(points, -1, 1) - np.roll(points, 1, 1))
    normal = np.cross(down, along)
    normal /= np.maximum(np.linalg.norm(normal, axis=-1, keepdims=True), 1e-9)
    return (normal * _toward(pose, points)).sum(-1)


def _harmonic(values: NDArray, known: NDArray[np.bool_]) -> NDArray[np.float64]:
    """Fill what is not known ``[R,C]`` so that it bends least; columns go round."""
    rows, columns = values.shape
    number = np.arange(rows * columns).reshape(rows, columns)
    right = np.stack([number, np.roll(number, -1, 1)], -1).reshape(-1, 2)
    below = np.stack([number[:-1], number[1:]], -1).reshape(-1, 2)
    links = np.concatenate([right, below])
    both = np.concatenate([links, links[:, ::-1]])
    adjacent = sp.csr_matrix((np.ones(len(both)), both.T), (rows * columns,) * 2)
    laplacian = sp.diags(np.asarray(adjacent.sum(1)).ravel()) - adjacent
    held = sp.diags(np.where(known, 10.0, 1e-6).ravel())
    solved = sla.spsolve((laplacian + held).tocsc(), (np.where(known, 10.0, 0) * values).ravel())
    return np.asarray(solved, np.float64).reshape(rows, columns)


def _wrapped_blur(values: NDArray, sigma: float) -> NDArray:
    pad = int(4 * sigma) + 1
    wide = np.concatenate([values[:, -pad:], values, values[:, :pad]], 1)
    return cv2.GaussianBlur(wide, (0, 0), sigma, borderType=cv2.BORDER_REPLICATE)[:, pad:-pad]


def _covers(capsule: _Capsule, radius: NDArray, label: NDArray[np.uint8], cosine: NDArray) -> NDArray[np.bool_]:
    """Return where the shell is hair or scalp ``[R,C]``: as seen, as seen on the other side, or as heads are."""
    y = capsule.at(radius)[..., 1]
    angle = np.abs(np.arctan2(capsule.direction[..., 0], -capsule.direction[..., 2]))
    angle[capsule.direction[..., 1] < -1 + 1e-9] = 0
    back = smoothstep(np.radians(35), np.radians(80), angle)
    front = smoothstep(np.radians(95), np.radians(125), angle)
    hairline = _NAPE + (_EAR_LEVEL - _NAPE) * back - (_EAR_LEVEL + 0.75) * front
    scalp = y < hairline
    seen = (cosine > 0.2) & (label != 0)
    hair = label == HAIR
    other = seen[:, ::-1], hair[:, ::-1]
    # Below the hairline hair hangs behind where it hangs at the side.
    nearest = np.zeros_like(hair)
    columns = hair.shape[1]
    index = np.arange(columns)
    for row in range(len(hair)):
        at = np.flatnonzero(seen[row])
        if len(at):
            apart = np.abs(index[:, None] - at)
            nearest[row] = hair[row, at[np.minimum(apart, columns - apart).argmin(1)]]
    beside = angle > np.radians(80)
    guessed = np.where(other[0] & beside, other[1], scalp | (nearest & (angle < np.radians(100))))
    # Before the ears and below them all hair is seen; bits of shell there would show where the jaw opens.
    return np.where(seen, hair, guessed) & ~(beside & (y > _EAR_LEVEL))


def _tapered(
    radius: NDArray[np.float64], skull: NDArray[np.float64], covers: NDArray[np.bool_], cosine: NDArray
) -> NDArray[np.float64]:
    """Return the shell's distance from the axis ``[R,C]`` drawn in to the skin above an unseen hairline."""
    above = np.zeros(radius.shape)
    reach = np.full(radius.shape[1], np.inf)
    for row in reversed(range(len(radius))):
        reach = np.where(covers[row], reach + _CELL, 0)
        above[row] = reach
    thin = (1 - smoothstep(0, _TAPER, above)) * smoothstep(0.2, -0.2, cosine)
    return radius - thin * np.maximum(radius - skull - _STUBBLE, 0)


def _hair_colored(
    photo: NDArray[np.float32], hair: NDArray[np.bool_], bare: NDArray[np.bool_], background: NDArray[np.float32]
) -> NDArray[np.bool_]:
    """Return which `hair` ``[R,C]`` looks more like its inner part than like bare skin or like its background."""
    inner = cv2.erode(hair.astype(np.uint8), np.ones((_INNER, _INNER), np.uint8)) > 0
    colors = photo[hair]
    other = np.linalg.norm(colors - background[hair], axis=-1)
    if bare.any():
        other = np.minimum(other, _from_many(colors, photo[bare]))
    like = hair.copy()
    like[hair] = _from_many(colors, photo[inner] if inner.any() else colors) < other
    return like


def _from_many(colors: NDArray[np.float32], others: NDArray[np.float32]) -> NDArray[np.float64]:
    """Return how far colours ``[m,3]`` are from the nearest few of some others ``[n,3]``: ``[m]``."""
    few = max(1, round(_FEW * len(others)))
    return KDTree(others).query(colors, few)[0].reshape(len(colors), few)[:, -1]


def _painted(photo: NDArray[np.float32], seen: NDArray[np.bool_]) -> NDArray[np.float32]:
    """Return colours ``[R,C,3]`` of the whole shell: seen bands of hair continue behind as their mirror images."""
    rows, columns = seen.shape
    colors = photo.copy()
    filled = np.zeros(rows, bool)
    index = np.arange(columns)
    for row in range(rows):
        runs = [run for run in _runs(seen[row]) if run[1] - run[0] >= _NARROW]
        if not runs:
            continue
        filled[row] = True
        mine = np.zeros(columns, bool)
        for first, end in runs:
            mine[np.arange(first, end) % columns] = True
        starts, ends = np.array(runs).T
        # For every column the band that ends to its left and the one that starts to its right.
        left_gap = (index[:, None] - ends) % columns
        right_gap = (starts - 1 - index[:, None]) % columns
        left, right = left_gap.argmin(1), right_gap.argmin(1)
        to_left, to_right = left_gap[index, left], right_gap[index, right]
        from_left = (ends[left] - 1 - _there_and_back(to_left, (ends - starts)[left])) % columns
        from_right = (starts[right] + _there_and_back(to_right, (ends - starts)[right])) % columns
        share = smoothstep(0.3, 0.7, to_left / np.maximum(to_left + to_right, 1))[:, None]
        invented = (1 - share) * photo[row, from_left] + share * photo[row, from_right]
        colors[row] = np.where(mine[:, None], photo[row], invented)
    _swirl(colors, seen)
    known = np.flatnonzero(filled)
    if not len(known):
        colors[:] = np.median(photo[seen], 0) if seen.any() else np.median(photo.reshape(-1, 3), 0)
        return colors
    for row in np.flatnonzero(~filled):
        after = known[-1] if row > known[-1] else known[np.searchsorted(known, row)]
        away = abs(row - after) - 1
        source = after - _there_and_back(np.array(away), np.array(min(len(known), 24))) if row > after else after
        colors[row] = colors[max(int(source), known[0])]
    return colors


def _swirl(colors: NDArray[np.float32], seen: NDArray[np.bool_]) -> None:
    """Blur what was invented around the crown, where bands would meet in a star."""
    for row in range(_CROWN):
        soft = _wrapped_blur(colors[row][None], _CROWN - row)[0]
        colors[row] = np.where(seen[row][:, None], colors[row], soft)


def _runs(row: NDArray[np.bool_]) -> list[tuple[int, int]]:
    """Return first and end of each run of True in a ring; an end may lie past the ring's."""
    if row.all():
        return [(0, len(row))]
    start = int(np.argmin(row))
    rolled = np.roll(row, -start).astype(np.int8)
    change = np.diff(np.concatenate([[0], rolled, [0]]))
    return [
        (int(a + start), int(b + start))
        for a, b in zip(np.flatnonzero(change == 1), np.flatnonzero(change == -1), strict=True)
    ]


def _there_and_back(step: NDArray, length: NDArray) -> NDArray:
    """Return 0, 1, … length − 1, length − 1, …, 1, 0, 0, 1, … at each step."""
    step = step % (2 * length)
    return np.where(step < length, step, 2 * length - 1 - step)


def _laid(
    grid: NDArray[np.float64], points: NDArray[np.float64], chosen: NDArray[np.bool_], colors: NDArray[np.float32]
) -> Surfels:
    """Lay Gaussians at `points` ``[n,3]``, as large as the `chosen` ``[R,C]`` cells of the `grid` ``[R,C,3]``."""
    corners = to_head(grid)
    along = 0.5 * (np.roll(corners, -1, 1) - np.roll(corners, 1, 1))
    down = np.gradient(corners, axis=0)
    tangents = np.stack([along, down], 2)[chosen]
    # Where the shell is ragged its cells are long: they must not reach through what is seen.
    length = np.linalg.norm(tangents, axis=2, keepdims=True)
    tangents *= SPREAD * _CLOSER * np.minimum(1, _LONGEST * _CELL * INTEROCULAR / np.maximum(length, 1e-9))
    n = int(chosen.sum())
    return Surfels(
        to_head(points).astype(np.float32),
        tangents.astype(np.float32),
        np.full(n, 0.2 * _CELL * INTEROCULAR, np.float32),
        np.full(n, 0.97, np.float32),
        np.clip(colors[chosen], 0, 1).astype(np.float32),
        np.zeros((n, 2), np.float32),
        np.ones(n, np.float32),
        np.zeros(n, bool),
    )
