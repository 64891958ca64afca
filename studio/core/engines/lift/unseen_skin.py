"""Skin that the portrait does not show well: cheeks that turn away, ears, the jaw's underside and the neck.

It goes on, out of sight, behind what the portrait shows well, so that no gap there lets the background through.

The built-in head is fitted to the landmarks where they are seen and to a symmetric face where they are not, laid a
little behind the seen surface, and coloured by the other half of the face and by what is next to it.
"""

import cv2
import numpy as np
from numpy.typing import NDArray

from studio.core.engines.lift.outline import held_in
from studio.core.engines.lift.relief import Relief
from studio.core.engines.lift.rig import FlatPart
from studio.core.engines.lift.skin_mesh import SkinMesh, skin_mesh
from studio.core.heads.anatomy import smoothstep, to_face, to_head
from studio.core.heads.fitting import HeadPose
from studio.core.heads.full import FullHead
from studio.core.heads.identity import N_MESH_LANDMARKS
from studio.core.heads.shapes import FaceShapes
from studio.core.heads.symmetry import symmetric_landmarks
from studio.core.heads.template import SHAPE_NAMES, lip_side
from studio.core.perception.masks import distance_inside, pixels_at, sampled, spread
from studio.core.perception.portrait import Portrait
from studio.core.perception.regions import FACE, HAIR, SKIN
from studio.core.render.zbuffer import nearest_triangles

# Cosines between normal and view. Of landmarks: a symmetric face's below the first, the portrait's above the second.
_GUESSED, _FOUND = 0.1, 0.45
# Of skin: below the first nothing is seen of it, above the second everything.
_GRAZING, _FACING = 0.25, 0.5
# m: how far unseen skin stays behind the seen one where both are, and how far the fit may be off the relief.
_BEHIND, _OFF = 0.0015, 0.03
# m: a Gaussian of skin reaches about so far.
_RIM = 0.003
# m in depth by which a vertex may lie behind the nearest triangle and still count as seen.
_SAME = 0.004
# m: skin this far outside the matte is drawn in; what lies further out is left out.
_DRAWN_IN = 0.009
# m: what is drawn in ends so far inside.
_INSET = 0.0022
# Logarithms of colour by which bare skin off the face may differ from the face's: in hue, and lighter.
_HUE, _LIGHTER = 0.3, 0.3
# Largest change of light between the halves of a face, as a logarithm; colours below the floor are noise.
_GAIN, _FLOOR = 1.0, 0.03
# Shares of light that the underside of the jaw and the back of an ear lose.
_UNDERSIDE, _EAR_BACK = 0.3, 0.35
# Share of light that reaches what hair or clothes cover.
_UNDER = 0.7
# In the face frame: where the head's upright axis begins, and the levels between which the neck begins and its foot
# ends. The foot is drawn in to the axis by this share, and what is covered, on neck and back, by that, elsewhere less.
_CENTRE, _NECK, _BACK, _FOOT = (0.0, -0.35, -1.35), (0.7, 1.0), (0.9, 1.4), (1.4, 2.1)
_TUCK, _INNER, _FRONT = 0.3, 0.12, 0.4
# What is drawn in goes over into what is not within the root of so many edges of the mesh.
_EVENED = 9.0
_OPACITY = 0.97
# Standard deviation over the distance to the neighbours, the most it may grow over the mean head's, and over a
# surfel's thickness, m.
_SPREAD, _STRETCH, _THICKNESS = 0.85, 2.2, 0.0004


def completed_landmarks(landmarks: NDArray, pose: HeadPose) -> NDArray[np.float64]:
    """Return landmarks ``[478,3]`` m with a symmetric face's where they face away from the portrait's camera."""
    view = pose.camera.position
    view /= np.linalg.norm(view)
    cos = np.ones(len(landmarks))
    cos[:N_MESH_LANDMARKS] = skin_mesh().normals[:N_MESH_LANDMARKS] @ view
    symmetric = symmetric_landmarks(landmarks, smoothstep(-0.1, 0.6, cos) ** 2, view)
    own = smoothstep(_GUESSED, _FOUND, cos)[:, None]
    return own * landmarks + (1 - own) * symmetric


def unseen_skin(
    portrait: Portrait,
    pose: HeadPose,
    relief: Relief,
    whole: FullHead,
    regions: NDArray[np.uint8],
    shapes: FaceShapes,
) -> FlatPart:
    """Return the skin that the portrait does not show; at rest it lies behind what the portrait does show.

    Parameters
    ----------
    whole
        The template on the `completed_landmarks`.
    regions
        ``[H,W]``; see `find_regions`.
    shapes
        The shapes that move the seen skin.
    """
    mesh = skin_mesh()
    points = whole.neutral[mesh.vertices].astype(np.float64)
    shown, seen = _seen(mesh, portrait, pose, regions, points)
    points, pixels, inside, drawn = _behind_picture(mesh, portrait, pose, relief, points, seen)
    own = sampled(portrait.own_colors, pixels).astype(np.float64)
    bare = _bare(mesh, regions, pixels, own, shown)
    known = seen * (bare > 0.5)
    covered = ~mesh.bare | (bare < 0.5)
    # Behind the temples a skull wider than the person has the hair shell instead.
    keep = mesh.head & inside & (mesh.bare | ~drawn | (to_face(points)[:, 2] > -_BACK[0]))
    color = _colors(mesh, own, known) * _shade(mesh, mesh.vertex_normals(points), known)[:, None]
    hair, share = _hair(mesh, regions, pixels, own, shown)
    share *= covered * (1 - smoothstep(*_NECK, to_face(points)[:, 1]))
    color += share[:, None] * (_UNDER * hair - color)
    points = _drawn_in(mesh, points, covered)

    tangents = mesh.tangents(points)[keep]
    length = np.linalg.norm(tangents, axis=2, keepdims=True)
    tangents *= _SPREAD * np.minimum(1, _STRETCH * mesh.size[keep, None, None] / np.maximum(length, 1e-9))
    tangents = held_in(portrait, pose, points[keep], tangents)
    place = to_face(points[keep])
    side = lip_side(place, shapes.landmarks)
    fade = smoothstep(0, 1, mesh.fade[keep])
    fields = shapes.skin(place, side)
    return FlatPart(
        place,
        _THICKNESS,
        _OPACITY,
        color[keep],
        shapes.jaw_weight(place, side) * fade,
        {name: fields[name] * fade[:, None] for name in SHAPE_NAMES},
        tangents=tangents,
        # (0, 0) would say that it has no pixel.
        pixels=np.maximum(pixels[keep], 0.5),
    )


def _seen(
    mesh: SkinMesh, portrait: Portrait, pose: HeadPose, regions: NDArray[np.uint8], points: NDArray
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return whether the portrait shows a vertex's place ``[V]`` 0..1, and how well it shows the skin there ``[V]``."""
    height, width = portrait.alpha.shape
    projected = pose.camera.project(points)
    painted = nearest_triangles(projected.astype(np.float32), mesh.faces, height, width)
    framed = (projected[:, :2] > 1).all(1) & (projected[:, :2] < [width - 1, height - 1]).all(1)
    cell = pixels_at(projected[:, :2], painted.shape)
    triangle = painted[cell]
    front = projected[mesh.faces[np.maximum(triangle, 0)], 2].mean(1)
    first = framed & ((triangle < 0) | (projected[:, 2] < front + _SAME)) & (portrait.alpha[cell] > 0.9)
    view = pose.camera.position - points
    cos = (mesh.vertex_normals(points) * view).sum(1) / np.linalg.norm(view, axis=1)
    skin = np.isin(regions[cell], [FACE, SKIN])
    return first * smoothstep(0, _GRAZING, cos), first * skin * smoothstep(_GRAZING, _FACING, cos)


def _behind_picture(
    mesh: SkinMesh, portrait: Portrait, pose: HeadPose, relief: Relief, points: NDArray, seen: NDArray
) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.bool_], NDArray[np.bool_]]:
    """Lay the skin against the back of the seen surface and inside the matte.

    Returns
    -------
    The points ``[V,3]`` m, their pixels ``[V,2]``, which are inside ``[V]``, and which had to be drawn in ``[V]``.
    """
    pixels = pose.camera.project(points)[:, :2]
    near = pose.nearness(pose.camera.project(points)[:, 2])
    off = np.clip((relief.at(pixels) - near) * pose.px - _BEHIND, -_OFF, _OFF) / pose.px
    # Skin next to what is seen follows it, over some three centimetres.
    near += mesh.diffused(off[:, None], seen, pull=1.0, rest=0.005)[:, 0]

    height, width = portrait.alpha.shape
    solid = distance_inside(portrait.alpha > 0.5) * pose.px > _INSET
    y, x = np.mgrid[:height, :width] + np.float32(0.5)
    nearest, distance = spread(np.stack([x, y], -1), solid)
    cell = pixels_at(pixels, solid.shape)
    inside = (pixels > 0).all(1) & (pixels < [width, height]).all(1) & (distance[cell] * pose.px < _DRAWN_IN)
    drawn = ~solid[cell]
    pixels = np.where((inside & drawn)[:, None], nearest[cell], pixels)
    # Not even its rim may come out beside a nose.
    reach = 2 * round(_RIM / pose.px) + 1
    hidden = np.asarray(cv2.erode(relief.nearness, np.ones((reach, reach), np.uint8)), np.float32)
    near = np.minimum(near, sampled(hidden, pixels) - _BEHIND / pose.px)
    return pose.lift(pixels, near), pixels, inside, drawn


def _bare(
    mesh: SkinMesh, regions: NDArray[np.uint8], pixels: NDArray, colors: NDArray, shown: NDArray
) -> NDArray[np.float64]:
    """Return how likely each vertex is bare ``[V]``: by what the portrait shows there, on the other side, or beside."""
    label = regions[pixels_at(pixels, regions.shape)]
    skin = np.isin(label, [FACE, SKIN])
    skin &= mesh.face | _skin_colored(colors, mesh.face & (shown > 0.5) & (label == FACE))
    other = 0.3 * shown[mesh.mirror]
    told = (shown * skin + other * skin[mesh.mirror]) / np.maximum(shown + other, 0.1)
    bare = mesh.diffused(told[:, None], shown + other, pull=1.0)[:, 0]
    for sign in (-1, 1):
        # Half an ear is none: hair lies over it or it does not.
        ear = mesh.ear == sign
        bare[ear] = bare[ear].mean()
    return bare


def _hair(
    mesh: SkinMesh, regions: NDArray[np.uint8], pixels: NDArray, colors: NDArray, shown: NDArray
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return the colours ``[V,3]`` of the hair over each vertex or over those next to it, and how much lies there."""
    hair = shown * (regions[pixels_at(pixels, regions.shape)] == HAIR)
    share = mesh.diffused((hair > 0.5)[:, None], shown, pull=1.0)[:, 0]
    return mesh.diffused(colors, hair, pull=1.0), smoothstep(0.3, 0.7, share)


def _drawn_in(mesh: SkinMesh, points: NDArray, covered: NDArray[np.bool_]) -> NDArray[np.float64]:
    """Draw the neck's foot ``[V,3]`` m in, so that it ends inside the torso, and what is `covered` behind its cover."""
    place = to_face(points)
    x, y, z = place.T
    back = smoothstep(*_BACK, -z)
    under = np.maximum(_FRONT, np.maximum(back, smoothstep(*_NECK, y)))
    # The chin is as low as the nape's foot.
    share = np.maximum(_TUCK * smoothstep(*_FOOT, y) * back, _INNER * under * (covered & (mesh.ear == 0)))
    share = mesh.diffused(share[:, None], np.ones(len(share)), pull=_EVENED)[:, 0]
    centre = np.column_stack([0 * x, np.maximum(y, _CENTRE[1]), 0 * z + _CENTRE[2]])
    return to_head(centre + (1 - share)[:, None] * (place - centre))


def _skin_colored(colors: NDArray, face: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Tell which colours ``[V,3]`` may be of the skin that is seen on the `face` ``[V]``, and not of a collar."""
    if not face.any():
        return np.ones(len(colors), bool)
    change = np.log(colors + _FLOOR) - np.log(np.median(colors[face], 0) + _FLOOR)
    lighter = change.mean(1)
    return (np.abs(change - lighter[:, None]).max(1) < _HUE) & (lighter < _LIGHTER)


def _colors(mesh: SkinMesh, own: NDArray, seen: NDArray) -> NDArray[np.float64]:
    """Return colours ``[V,3]``: `own` ``[V,3]`` where seen ``[V]``, else the other side's, else what is next to it."""
    other, mirrored = own[mesh.mirror], seen[mesh.mirror]
    # How this half is lit is told where both are seen, and changes slowly.
    ratio = np.log((own + _FLOOR) / (other + _FLOOR))
    gain = mesh.diffused(ratio, smoothstep(0.05, 0.4, np.minimum(seen, mirrored)), pull=8.0)
    guess = (other + _FLOOR) * np.exp(np.clip(gain, -_GAIN, _GAIN)) - _FLOOR
    # What is seen badly goes by the other side where that is seen well.
    mirrored = mirrored * (1 - seen)
    weight = seen + mirrored
    known = (seen[:, None] * own + mirrored[:, None] * guess) / np.maximum(weight, 1e-3)[:, None]
    beside = mesh.diffused(known, weight**2, pull=0.3)
    share = smoothstep(0.1, 0.5, weight)[:, None]
    return share * known + (1 - share) * beside


def _shade(mesh: SkinMesh, normals: NDArray, seen: NDArray) -> NDArray[np.float64]:
    """Return how much light reaches what is not seen ``[V]``: little under the jaw and behind the ears."""
    below = _UNDERSIDE * smoothstep(0.2, 0.8, -normals[:, 1]) * ~mesh.face
    behind = _EAR_BACK * smoothstep(0.0, 0.8, -normals[:, 2]) * (mesh.ear != 0)
    return np.asarray(1 - (1 - seen) * np.maximum(below, behind), np.float64)
