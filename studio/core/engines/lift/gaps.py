"""Gaps: where a turned or speaking head would let its background through, and skin that closes them from behind.

What is not seen is laid against what is (`unseen_skin`, `hair`); between the two, where the portrait's outline runs
across a head, little slits stay. The head is looked at from around. Where one sees through it although the template
stands there, Gaussians are put on the line of sight, out of sight of the portrait, with the colour of what is next
to the gap on that picture.
"""

from collections.abc import Sequence
from dataclasses import dataclass, fields, replace
from functools import cached_property

import cv2
import numpy as np
from numpy.typing import NDArray
from scipy.spatial import KDTree

from studio.core.engines.lift.avatar import LiftAvatar
from studio.core.engines.lift.relief import Relief
from studio.core.engines.lift.rig import FlatPart, Rig, jaw_open
from studio.core.engines.lift.skin_mesh import skin_mesh
from studio.core.framing import orbit, square_camera
from studio.core.gaussians.camera import Camera
from studio.core.gaussians.gaussians import Gaussians
from studio.core.heads.anatomy import CHIN, smoothstep, to_face
from studio.core.heads.fitting import HeadPose
from studio.core.heads.full import FullHead
from studio.core.heads.head import HeadParams
from studio.core.heads.shapes import FaceShapes
from studio.core.heads.template import SHAPE_NAMES, lip_side, shape_weights
from studio.core.motion.motion import Motion
from studio.core.perception.masks import distance_inside, pixels_at, sampled, spread
from studio.core.perception.portrait import Portrait
from studio.core.render.raster import Raster
from studio.core.render.rasterize import rasterize, rasterize_vjp
from studio.core.render.zbuffer import corner_shares, nearest_triangles_at

# Degrees of yaw and pitch from which the head is looked at, px of those pictures, and how it holds its mouth.
_VIEWS = ((-45, 0), (-30, 0), (-15, 0), (15, 0), (30, 0), (45, 0), (0, -20), (0, 20))
_SIZE = 512
_FRAMES = (Motion.neutral(), Motion.arkit(jawOpen=0.7))
# Alpha below which something shines through; px of a view by which its own outline is soft.
_SOLID, _EDGE = 0.99, 3
# m: a filling stays so far behind what the portrait shows, and inside its outline; it is looked for so far along the
# line of sight, in such steps: through a head, for beside a neck the portrait shows its background, and what hides
# the view there is what hangs or stands behind. Beyond the skin's share of that no expression reaches.
_BEHIND, _INSET = 0.002, 0.0012
_DEPTH, _STEP, _SKIN_DEPTH = 0.16, 0.001, 0.05
# m by which a filling that shows before solid skin is in the way; px of it in the portrait's own view from which on it
# has the portrait's colour, and the share of it that is too much: what lies close behind a steep surface comes through.
_BEFORE, _SHOWN, _MUCH = 0.0015, 0.1, 0.2
# m: standard deviation, small beside the outline and where the portrait shows it; thickness, and how far apart fillings
# are.
_SPREAD, _FINE, _THICKNESS, _APART = (0.0006, 0.0018), 0.001, 0.0006, 0.0007
_OPACITY = 0.99
# Fillings found at once.
_MOST = 1000
# Share of light that reaches into a gap.
_UNDER = 0.85
# Interocular distances below the chin down to which the neck counts.
_NECK = 0.6


@dataclass(frozen=True, eq=False)
class _Fillings:
    """Points ``[n,3]`` m in head space at rest, their tangents ``[n,2,3]`` m and colours ``[n,3]``.

    They move by a `share` ``[n]`` of what the skin at their place does.
    """

    points: NDArray[np.float64]
    tangents: NDArray[np.float64]
    colors: NDArray[np.float64]
    share: NDArray[np.float64]

    def __len__(self) -> int:
        return len(self.points)

    @property
    def sizes(self) -> NDArray[np.float64]:
        """Their standard deviations ``[n]`` m: they are round."""
        return np.linalg.norm(self.tangents[:, 0], axis=1)

    def __getitem__(self, chosen: NDArray) -> "_Fillings":
        return _Fillings(*(getattr(self, field.name)[chosen] for field in fields(self)))

    @staticmethod
    def concatenate(parts: Sequence["_Fillings"]) -> "_Fillings":
        """Join several sets."""
        return _Fillings(
            *(np.concatenate([getattr(part, field.name) for part in parts]) for field in fields(_Fillings))
        )


@dataclass(frozen=True, eq=False)
class _Sights:
    """Lines of sight that go through gaps.

    Attributes
    ----------
    start
        ``[n,3]`` m in head space, where they meet the template as it is posed, or a thin surface before it.
    ray
        ``[n,3]`` m along the line for each metre of depth.
    rest
        ``[n,3]`` m where that was before an expression moved it.
    frame
        ``[n]``: which of `_FRAMES`.
    across
        ``[n,2,3]``: right and down in the view.
    colors
        ``[n,3]`` of what is next to the gap.
    """

    start: NDArray[np.float64]
    ray: NDArray[np.float64]
    rest: NDArray[np.float64]
    frame: NDArray[np.intp]
    across: NDArray[np.float64]
    colors: NDArray[np.float32]

    def __len__(self) -> int:
        return len(self.start)

    def __getitem__(self, chosen: NDArray) -> "_Sights":
        return _Sights(*(getattr(self, field.name)[chosen] for field in fields(self)))

    @staticmethod
    def concatenate(parts: Sequence["_Sights"]) -> "_Sights":
        """Join lines of sight of several views."""
        return _Sights(*(np.concatenate([getattr(part, field.name) for part in parts]) for field in fields(_Sights)))


@dataclass(frozen=True, eq=False)
class _View:
    """The head as it looks from somewhere; its raster has a depth."""

    frame: Motion
    camera: Camera
    raster: Raster

    @property
    def alpha(self) -> NDArray[np.float32]:
        """``[H,W]``."""
        return self.raster.alpha[..., 0]

    @property
    def depth(self) -> NDArray[np.float32]:
        """``[H,W]`` m."""
        assert self.raster.depth is not None
        return self.raster.depth[..., 0]

    @cached_property
    def silhouette(self) -> NDArray[np.bool_]:
        """What lies inside the outer contours ``[H,W]``, holes filled."""
        contours, _ = cv2.findContours((self.alpha > 0.5).astype(np.uint8), cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_NONE)
        filled = np.zeros(self.alpha.shape, np.uint8)
        cv2.drawContours(filled, contours, -1, (1,), cv2.FILLED)
        return filled > 0

    @cached_property
    def inner(self) -> NDArray[np.bool_]:
        """The silhouette ``[H,W]`` without its soft edge."""
        disc = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (2 * _EDGE + 1, 2 * _EDGE + 1))
        return cv2.erode(self.silhouette.astype(np.uint8), disc) > 0

    @cached_property
    def solid_colors(self) -> NDArray[np.float32]:
        """The colours ``[H,W,3]``, where it is not solid those of the nearest place that is."""
        solid = cv2.erode((self.alpha > _SOLID).astype(np.uint8), np.ones((3, 3), np.uint8)) > 0
        return spread(self.raster.color / np.maximum(self.raster.alpha, 1e-3), solid)[0]

    @cached_property
    def _inwards(self) -> NDArray[np.float32]:
        """How far inside the silhouette ``[H,W]`` px."""
        return distance_inside(self.silhouette)

    def room(self, points: NDArray) -> NDArray[np.float64]:
        """Return how far inside the outline points ``[n,3]`` m are seen here ``[n]`` m; 0 before what is solid."""
        projected = self.camera.project(points)
        at = pixels_at(projected[:, :2], self.alpha.shape)
        before = projected[:, 2] < self.depth[at] - _BEFORE
        inwards = self._inwards[at] * projected[:, 2] / self.camera.K[0, 0]
        return np.where(before & (self.alpha[at] > _SOLID), 0.0, inwards)


def fill_gaps(
    avatar: LiftAvatar,
    portrait: Portrait,
    pose: HeadPose,
    relief: Relief,
    templates: Sequence[FullHead],
    shapes: FaceShapes,
) -> FlatPart | None:
    """Return what closes the gaps of a head, None where there are none.

    Parameters
    ----------
    avatar
        The head as it is without it.
    templates
        Guesses of the head's whole shape; what any of them covers should be solid.
    shapes
        The shapes that move the seen skin.
    """
    cameras = [orbit(avatar, square_camera(avatar, _SIZE), yaw, pitch) for yaw, pitch in _VIEWS]
    views = [
        [_View(frame, camera, rasterize(avatar.pose(frame, camera), camera, depth=True)) for camera in cameras]
        for frame in _FRAMES
    ]
    hidden = _Hidden(portrait, pose, relief, views[0])
    skin = _Skin(avatar.rig, templates[0], shapes, pose.camera)
    parts = []
    faces = [_faces_that_count(template) for template in templates]
    for frame, looks in enumerate(views):
        zero = np.zeros(3, np.float32)
        params = HeadParams(zero, _FRAMES[frame].code[0], zero, zero)
        posed = [template.vertices(params).astype(np.float64) for template in templates]
        for view in looks:
            parts += [_through(view, frame, *head) for head in zip(templates, faces, posed, strict=True)]
    sights, closing = _Sights.concatenate(parts), []
    # What would come before solid skin when it moves as the template does may lie under skin that moves more, or far
    # behind what moves.
    for share in (skin.template_share, lambda points: np.ones(len(points)), lambda points: np.zeros(len(points))):
        found, which = _behind(sights, skin, share(sights.rest), hidden)
        if not len(found):
            continue
        _, first, same = np.unique(
            np.round(found.points / _APART).astype(int), axis=0, return_index=True, return_inverse=True
        )
        found = found[first]
        fits = ~_in_the_way(skin, found, views)
        closing += [found[fits]] if fits.any() else []
        # At rest nothing moves: what has no place there has none in the next round.
        done = sights.frame == 0
        done[which] = fits[same.ravel()]
        sights = sights[~done]
    if not closing:
        return None
    fillings = _Fillings.concatenate(closing)
    weight = _weight(avatar, fillings, pose.camera)
    size = fillings.sizes * pose.camera.K[0, 0] / pose.camera.project(fillings.points)[:, 2]
    kept = np.flatnonzero(weight < _MUCH * 2 * np.pi * size**2)
    if not len(kept):
        return None
    kept = kept[:: -(-len(kept) // _MOST)]
    fillings, shown = fillings[kept], weight[kept] > _SHOWN
    there = sampled(portrait.own_colors, pose.camera.project(fillings.points)[:, :2])
    small = np.minimum(1, _FINE / fillings.sizes)[:, None, None] * fillings.tangents
    fillings = replace(
        fillings,
        tangents=np.where(shown[:, None, None], small, fillings.tangents),
        colors=np.where(shown[:, None], there, fillings.colors),
    )
    return skin.part(fillings)


class _Skin:
    """How skin moves, and what is laid under it."""

    def __init__(self, rig: Rig, whole: FullHead, shapes: FaceShapes, camera: Camera) -> None:
        # No other part is asked where it goes.
        self._rig = Rig(rig.vertices[:0], rig.deltas[:, :0], rig.jaw_weights[:0], rig.hinge)
        self._shapes, self._camera = shapes, camera
        self._template = KDTree(whole.neutral[skin_mesh().vertices])

    def template_share(self, points: NDArray) -> NDArray[np.float64]:
        """Return how much of the skin's motion the template's has next to points ``[n,3]``: ``[n]`` 0..1."""
        return smoothstep(0, 1, skin_mesh().fade[self._template.query(points)[1]])

    def part(self, fillings: _Fillings) -> FlatPart:
        """Let fillings move with the skin, each by its share."""
        place = to_face(fillings.points)
        side = lip_side(place, self._shapes.landmarks)
        moves = self._shapes.skin(place, side)
        return FlatPart(
            place,
            _THICKNESS,
            _OPACITY,
            fillings.colors,
            self._shapes.jaw_weight(place, side) * fillings.share,
            {name: moves[name] * fillings.share[:, None] for name in SHAPE_NAMES},
            tangents=fillings.tangents,
            # (0, 0) would say that it has no pixel.
            pixels=np.maximum(self._camera.project(fillings.points)[:, :2], 0.5),
        )

    def moved(self, fillings: _Fillings) -> list[NDArray[np.float64]]:
        """Return where each of `_FRAMES` takes fillings ``[n,3]`` m."""
        n = len(fillings)
        joined, _ = self._rig.joined([self.part(fillings)])
        codes = [frame.code[0] for frame in _FRAMES]
        displacements = [joined.displacements(shape_weights(code), jaw_open(code))[0] for code in codes]
        return [fillings.points + moved[-n - 1 : -1] for moved in displacements]


def _in_the_way(skin: _Skin, fillings: _Fillings, views: Sequence[Sequence[_View]]) -> NDArray[np.bool_]:
    """Tell which fillings ``[n]`` would be seen in any view before what is solid, or beside the head."""
    wrong = np.zeros(len(fillings), bool)
    for points, looks in zip(skin.moved(fillings), views, strict=True):
        for view in looks:
            wrong |= view.room(points) == 0
    return wrong


def _weight(avatar: LiftAvatar, fillings: _Fillings, camera: Camera) -> NDArray[np.float32]:
    """Return how much of each filling ``[n]`` px shows through the head in a view of it at rest."""
    n = len(fillings.points)
    round_ones = Gaussians(
        fillings.points.astype(np.float32),
        np.tile(np.array([1, 0, 0, 0], np.float32), (n, 1)),
        np.repeat(fillings.sizes[:, None], 3, 1).astype(np.float32),
        np.full(n, _OPACITY, np.float32),
        fillings.colors.astype(np.float32),
        seen=np.zeros(n, bool),
    )
    both = Gaussians.concatenate([avatar.pose(Motion.neutral(), camera), round_ones])
    _, pullback = rasterize_vjp(both, camera)
    return pullback(np.ones((camera.height, camera.width, 3), np.float32), None).colors[-n:, 0]


class _Hidden:
    """What the portrait's own camera does not see: behind the person, inside their outline, that of every view."""

    def __init__(self, portrait: Portrait, pose: HeadPose, relief: Relief, resting: Sequence[_View]) -> None:
        self._pose, self._resting = pose, resting
        self._inwards = distance_inside(portrait.alpha > 0.5) * np.float32(pose.px)
        reach = 2 * round(_SPREAD[0] / pose.px) + 1
        self._near = np.asarray(cv2.erode(relief.nearness, np.ones((reach, reach), np.uint8)), np.float32)

    def room(self, points: NDArray) -> NDArray[np.float32]:
        """Return how far inside all outlines points ``[n,3]`` m are hidden ``[n]`` m; 0 where they are not."""
        projected = self._pose.camera.project(points)
        pixels = projected[:, :2]
        height, width = self._inwards.shape
        framed = (pixels > 0).all(1) & (pixels < [width, height]).all(1)
        near = self._pose.nearness(projected[:, 2])
        behind = near < sampled(self._near, pixels) - _BEHIND / self._pose.px
        room = np.where(framed & behind, self._inwards[pixels_at(pixels, self._inwards.shape)], np.float32(0))
        for view in self._resting:
            some = room > _INSET
            room[some] = np.minimum(room[some], view.room(points[some]))
        return room


def _through(view: _View, frame: int, template: FullHead, faces: NDArray[np.int32], posed: NDArray) -> _Sights:
    """Return the lines of sight through the gaps that a view shows of a template posed as the head is ``[V,3]`` m."""
    camera = view.camera
    projected = camera.project(posed)
    painted = nearest_triangles_at(projected.astype(np.float32), faces, view.inner & (view.alpha < _SOLID))
    row, column = np.nonzero(painted >= 0)
    corners = faces[painted[row, column]]
    pixels = np.column_stack([column, row]) + 0.5
    shares = corner_shares(pixels, *(projected[corners[:, k], :2] for k in range(3)))
    depth = (shares * projected[corners, 2]).sum(1)
    # Where a thin surface stands out before the template, a gap is closed right behind it.
    thin = view.alpha[row, column] > 0.5
    start = camera.unproject(pixels, np.where(thin, np.minimum(depth, view.depth[row, column]), depth))
    return _Sights(
        start,
        camera.unproject(pixels, np.ones(len(row))) - camera.position,
        start - (shares[..., None] * (posed - template.neutral)[corners]).sum(1),
        np.full(len(row), frame),
        np.broadcast_to(camera.world_to_camera[:2, :3], (len(row), 2, 3)),
        view.solid_colors[row, column] if len(row) else np.zeros((0, 3), np.float32),
    )


def _behind(
    sights: _Sights, skin: _Skin, share: NDArray[np.float64], hidden: "_Hidden"
) -> tuple[_Fillings, NDArray[np.intp]]:
    """Return what closes gaps, and of which lines of sight: of each the first place that is hidden, if there is one.

    It moves by this `share` ``[n]`` of what the skin does.
    """
    n = len(sights)
    resting = _Fillings(sights.rest, np.ones((n, 2, 3)), np.ones((n, 3)), share)
    moved = np.choose(sights.frame[:, None], skin.moved(resting)) - sights.rest if n else sights.rest
    points, room = np.zeros_like(sights.start), np.zeros(n)
    for step in np.arange(0, _DEPTH, _STEP):
        left = np.flatnonzero(room == 0)
        tried = sights.start[left] + step * sights.ray[left]
        if step < _SKIN_DEPTH:
            # An expression took the skin here, and the filling with it.
            tried -= moved[left]
        found = hidden.room(tried)
        better = found > _INSET
        points[left[better]], room[left[better]] = tried[better], found[better]
    which = np.flatnonzero(room)
    tangents = np.clip(room[which] / 2, *_SPREAD)[:, None, None] * sights.across[which]
    found = _Fillings(points[which], tangents, _UNDER * sights.colors[which].astype(np.float64), share[which])
    if not len(found):
        return found, which
    # At another depth the skin may move otherwise.
    way = np.choose(sights.frame[which, None], skin.moved(found)) - sights.start[which]
    ray = sights.ray[which] / np.linalg.norm(sights.ray[which], axis=1, keepdims=True)
    closes = np.linalg.norm(np.cross(way, ray), axis=1) < _SPREAD[1]
    return found[closes], which[closes]


def _faces_that_count(whole: FullHead) -> NDArray[np.int32]:
    down = to_face(whole.neutral)[:, 1]
    counts = down < down[CHIN] + _NECK
    return np.ascontiguousarray(whole.faces[counts[whole.faces].all(1)])
