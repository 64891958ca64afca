"""How near every pixel of the portrait is: landmark depth on the face, an inflated surface around it.

The person is inflated like a balloon pinned to the face: the half-thickness h solves ∇²(h²) = −c with h given on
the face and zero on the head's silhouette, which is exact for a sphere seen from afar. How deep the silhouette lies
tells the template head's own: the plane of the ears for a frontal portrait, the far cheek for a turned one.
"""

from dataclasses import dataclass

import cv2
import numpy as np
import scipy.sparse as sp
import scipy.sparse.linalg as sla
from numpy.typing import NDArray
from scipy.interpolate import LinearNDInterpolator

from studio.core.heads.anatomy import CHIN, smoothstep, to_face
from studio.core.heads.depth import landmark_nearness
from studio.core.heads.full import JOINTS, FullHead
from studio.core.heads.identity import N_MESH_LANDMARKS
from studio.core.perception.masks import convex, distance_inside, pixels_at, resized, sampled, spread
from studio.core.perception.portrait import Portrait
from studio.core.perception.regions import FACE, SKIN
from studio.core.render.zbuffer import depth_map

# The solve runs on a picture in which the face is this high: depth is smooth, and time grows with the area.
_SOLVE_FACE_HEIGHT = 96
# Interocular distances below the eyes of the ears' lobes and of the neck's lower end.
_EAR_LOBE, _NECK_BASE = 0.6, 2.2
# Shares of the face's width: how far below the chin the torso starts and between which levels its outline takes over;
# how thick a torso is, and how far in from its outline; how far hair stands in front of a true balloon.
_NECK_TO_TORSO = (0.1, 0.6)
_TORSO_BELOW_CHIN = 0.25
_TORSO_DEPTH, _TORSO_RADIUS = 0.6, 2.0
_SOLVE_BELOW_CHIN = 1.1
_FULLER_SIDES = 0.05
_TEMPLATE_TRUST = 0.5
# m behind other skin from which on a landmark is hidden by it.
_HIDDEN = 0.004


@dataclass(frozen=True, eq=False)
class Relief:
    """Depth of a portrait, in its own pixels.

    Attributes
    ----------
    nearness
        ``[H,W]`` float32 px towards the camera, measured from the plane of zero landmark depth; continued
        outwards beyond the person.
    rim
        ``[H,W]`` float32 px: how near the silhouette is that a pixel would belong to.
    head
        ``[H,W]`` float32 1 on head and neck, 0 on the torso.
    """

    nearness: NDArray[np.float32]
    rim: NDArray[np.float32]
    head: NDArray[np.float32]

    def at(self, pixels: NDArray) -> NDArray[np.float64]:
        """Return the nearness ``[N]`` px at pixels ``[N,2]``."""
        return sampled(self.nearness, pixels).astype(np.float64)


def lifted_landmarks(portrait: Portrait) -> NDArray[np.float64]:
    """Return the landmarks ``[478,3]`` m in head space, as deep as faces are."""
    return portrait.pose.lift(portrait.landmarks[:, :2].astype(np.float64), landmark_nearness(portrait.landmarks))


def solve_relief(portrait: Portrait, whole: FullHead, regions: NDArray[np.uint8]) -> Relief:
    """Give the portrait depth; `whole` is the template on its landmarks, for what they do not show.

    `regions` ``[H,W]`` are those of `find_regions`: hair is inflated, skin lies where the template's does.
    """
    full_height, full_width = portrait.alpha.shape
    scale = min(1.0, _SOLVE_FACE_HEIGHT / portrait.face_height)
    size = (max(8, round(full_width * scale)), max(8, round(full_height * scale)))
    alpha = resized(portrait.alpha, *size)
    stretch = np.array([size[0] / full_width, size[1] / full_height, scale])
    points = portrait.landmarks[:468] * stretch
    near = scale * landmark_nearness(portrait.landmarks[:468])
    person = alpha > 0.5
    y, x = np.mgrid[: size[1], : size[0]] + 0.5

    rim, template, shown = _template(portrait, whole, size, scale)
    # Asked only inside the hull: outside, the interpolator searches every triangle before it answers NaN.
    hull = convex(alpha.shape, points[:, :2])
    face_near = np.full(alpha.shape, np.nan)
    # Landmarks behind a turned nose would tear pits into it.
    face_near[hull] = LinearNDInterpolator(points[shown, :2], near[shown])(x[hull], y[hull])
    face = cv2.erode((~np.isnan(face_near)).astype(np.uint8), np.ones((3, 3), np.uint8)) > 0
    face &= person
    width = float(np.ptp(points[:, 0]))
    bare = cv2.resize(np.isin(regions, (FACE, SKIN)).astype(np.uint8), size, interpolation=cv2.INTER_NEAREST) > 0
    torso = (y > points[CHIN, 1] + _TORSO_BELOW_CHIN * width) & ~face

    below_chin = (y - points[CHIN, 1]) / width
    # The torso's outline is that of a barrel under the neck, upright however the head is turned.
    neck = portrait.pose.camera.project(whole.joints[[JOINTS.index("neck")]])[0, 2]
    middle = portrait.pose.nearness(neck) * scale
    rim = (rim + (middle - rim) * smoothstep(*_NECK_TO_TORSO, below_chin)).astype(np.float32)
    known = face | (bare & ~torso)
    known_near = np.where(face, np.nan_to_num(face_near), template)
    height = _inflate(person, face, known, torso, below_chin, known_near - rim, width)
    height += _FULLER_SIDES * width * smoothstep(0, 0.3 * width, distance_inside(~known))
    # Take the facets off the triangulation; outside the person the surface is carried on, not down.
    nearness, _ = spread(height + rim, person)
    nearness = cv2.GaussianBlur(nearness, (0, 0), 1.1)

    nearness = resized(nearness, full_width, full_height) / np.float32(scale)
    head = np.clip(resized((~torso).astype(np.float32), full_width, full_height), 0, 1)
    return Relief(nearness, resized(rim, full_width, full_height) / np.float32(scale), head)


def _template(
    portrait: Portrait, whole: FullHead, size: tuple[int, int], scale: float
) -> tuple[NDArray[np.float32], NDArray[np.float32], NDArray[np.bool_]]:
    """Return what the template says.

    Returns
    -------
    How near the head's silhouette is around each pixel ``[H,W]`` and how near its skin is ``[H,W]``, small px; which
    landmarks ``[468]`` no other skin hides.
    """
    pose = portrait.pose
    projected = pose.camera.project(whole.neutral)
    # The bust is wide and low: its silhouette says nothing about the head's.
    below_eyes = to_face(whole.neutral)[:, 1]
    head = whole.of("skin") & (below_eyes < _NECK_BASE)
    faces = whole.faces[head[whole.faces].all(1)]
    projected[:, :2] *= np.array(size) / portrait.alpha.shape[::-1]
    # The silhouette may lie outside the picture.
    margin = max(size) // 2
    projected[:, :2] += margin
    depth = depth_map(projected, faces, size[1] + 2 * margin, size[0] + 2 * margin)
    covered = ~np.isnan(depth)
    # Where skin is seen edge-on, what is a pixel away is far behind and hides nothing.
    behind = np.asarray(cv2.dilate(np.where(covered, depth, np.inf).astype(np.float32), np.ones((3, 3), np.uint8)))
    landmarks = projected[:N_MESH_LANDMARKS]
    shown = landmarks[:, 2] < behind[pixels_at(landmarks[:, :2], behind.shape)] + _HIDDEN
    # The jaw's outline lies before the neck's: only the skull's is the person's.
    level = projected[np.argmin(abs(below_eyes - _EAR_LOBE) + 1e3 * ~head), 1]
    edge = covered & ~(cv2.erode(covered.astype(np.uint8), np.ones((3, 3), np.uint8)) > 0)
    row, column = np.nonzero(edge & (np.arange(len(edge))[:, None] < level))
    near = pose.nearness(depth[row, column]) * scale
    # A plane says how the head is turned; what the ears and the jaw add to it would only be waves in the hair.
    places = np.column_stack([column - margin + 0.5, row - margin + 0.5, np.ones(len(row))])
    plane = np.linalg.lstsq(places, near, rcond=None)[0]
    y, x = np.mgrid[: size[1], : size[0]] + 0.5
    skin = pose.nearness(spread(np.nan_to_num(depth), covered)[0]) * scale
    skin = np.asarray(cv2.GaussianBlur(skin, (0, 0), 1.0), np.float32)[margin:-margin, margin:-margin]
    return (plane[0] * x + plane[1] * y + plane[2]).astype(np.float32), skin, shown


def _inflate(
    person: NDArray[np.bool_],
    face: NDArray[np.bool_],
    known: NDArray[np.bool_],
    torso: NDArray[np.bool_],
    below_chin: NDArray,
    known_height: NDArray,
    width: float,
) -> NDArray[np.float64]:
    """Solve for the height ``[H,W]`` px above the silhouette's depth."""
    padded = cv2.copyMakeBorder(person.astype(np.uint8), 1, 1, 1, 1, cv2.BORDER_REPLICATE)
    inwards = cv2.distanceTransform(padded, cv2.DIST_L2, 5)[1:-1, 1:-1]
    edge = inwards < 1.5
    # A torso is a barrel of elliptic section.
    inwards = np.clip(inwards / (_TORSO_RADIUS * width), 0, 1)
    torso_height = width * _TORSO_DEPTH * np.sqrt(1 - (1 - inwards) ** 2)

    rim = person & edge & ~torso & ~known
    # Far down the torso nothing is left to solve.
    unknown = person & (below_chin < _SOLVE_BELOW_CHIN)
    number = np.full(person.shape, -1)
    count = int(unknown.sum())
    number[unknown] = np.arange(count)
    rows, cols = [], []
    for a, b in ((number[:, :-1], number[:, 1:]), (number[:-1], number[1:])):
        both = (a >= 0) & (b >= 0)
        rows += [a[both], b[both]]
        cols += [b[both], a[both]]
    row, col = np.concatenate(rows), np.concatenate(cols)
    degree = np.bincount(row, minlength=count)
    laplacian = sp.diags(degree.astype(float)) - sp.csr_matrix((np.ones(len(row)), (row, col)), (count, count))

    # Landmark depth drops steeply at the face's rim, where the mesh ends and the head does not: trust it less there.
    inside_face = distance_inside(face) / width
    trust = 10 * np.clip(inside_face / 0.06, 0.1, 1) ** 2
    settle = 0.05 + np.clip((below_chin - _SOLVE_BELOW_CHIN + 0.3) / 0.3, 0, 1)
    weight = np.select([face, known, rim, torso], [trust, _TEMPLATE_TRUST, 1.0, settle], 0.0)
    target = np.select([known, torso], [np.maximum(known_height, 0.0) ** 2, torso_height**2], 0.0)
    # The source makes a free sphere of the head's size; on the torso the target does that.
    source = np.where(known | torso, 0.0, 3.0)
    system = (laplacian + sp.diags(weight[unknown] + 1e-6)).tocsc()
    squared = np.asarray(sla.spsolve(system, (weight * target + source)[unknown]), np.float64)
    height = np.where(person, torso_height, 0.0)
    height[unknown] = np.sqrt(np.maximum(squared, 0))
    return height
