"""How near every pixel of the portrait is: landmark depth on the face, an inflated surface around it.

The person is inflated like a balloon pinned to the face: the half-thickness h solves ∇²(h²) = −c with h given on
the face and zero on the head's silhouette, which is exact for a sphere seen from afar.
"""

from dataclasses import dataclass

import cv2
import numpy as np
import scipy.sparse as sp
import scipy.sparse.linalg as sla
from numpy.typing import NDArray
from scipy.interpolate import LinearNDInterpolator

from studio.core.heads.anatomy import CHIN, smoothstep
from studio.core.perception.masks import convex, distance_inside, resized, sampled, spread
from studio.core.perception.portrait import Portrait

# The solve runs on a picture in which the face is this high: depth is smooth, and time grows with the area.
_SOLVE_FACE_HEIGHT = 96
# Landmark depth is right for a bare face, but hair and neck keep the sides of an inflated one from falling away, and
# a tracker then finds turned renders turned too little: 0.88 of the angle asked for over 14 training portraits, 0.90
# at a gain of 1.15, 0.96 at 1.3, where noses look long.
_DEPTH_GAIN = 1.2
# Shares of the face's width: from the nose tip back to the ears' plane, where the silhouette lies; how far below the
# chin the torso starts; how thick a torso is; how far hair and cheeks stand in front of a true balloon.
_NOSE_TO_EARS = 1.05
_TORSO_BELOW_CHIN = 0.25
_TORSO_DEPTH = 0.45
_SOLVE_BELOW_CHIN = 1.1
_FULLER_SIDES = 0.10


@dataclass(frozen=True, eq=False)
class Relief:
    """Depth of a portrait, in its own pixels.

    Attributes
    ----------
    nearness
        ``[H,W]`` float32 px towards the camera, measured from the plane of zero landmark depth; continued
        outwards beyond the person.
    rim
        px: nearness of the plane in which the head's silhouette lies.
    head
        ``[H,W]`` float32 1 on head and neck, 0 on the torso.
    """

    nearness: NDArray[np.float32]
    rim: float
    head: NDArray[np.float32]

    def at(self, pixels: NDArray) -> NDArray[np.float64]:
        """Return the nearness ``[N]`` px at pixels ``[N,2]``."""
        return sampled(self.nearness, pixels).astype(np.float64)


def solve_relief(portrait: Portrait) -> Relief:
    """Give the portrait depth."""
    full_height, full_width = portrait.alpha.shape
    scale = min(1.0, _SOLVE_FACE_HEIGHT / portrait.face_height)
    size = (max(8, round(full_width * scale)), max(8, round(full_height * scale)))
    alpha = resized(portrait.alpha, *size)
    stretch = np.array([size[0] / full_width, size[1] / full_height, scale])
    points = portrait.landmarks[:468] * stretch
    person = alpha > 0.5
    y, x = np.mgrid[: size[1], : size[0]] + 0.5

    # Asked only inside the hull: outside, the interpolator searches every triangle before it answers NaN.
    hull = convex(alpha.shape, points[:, :2])
    face_near = np.full(alpha.shape, np.nan)
    face_near[hull] = LinearNDInterpolator(points[:, :2], -_DEPTH_GAIN * points[:, 2])(x[hull], y[hull])
    face = cv2.erode((~np.isnan(face_near)).astype(np.uint8), np.ones((3, 3), np.uint8)) > 0
    face &= person
    width = float(np.ptp(points[:, 0]))
    ears = float(np.nanmax(face_near)) - _NOSE_TO_EARS * width
    torso = (y > points[CHIN, 1] + _TORSO_BELOW_CHIN * width) & ~face

    below_chin = (y - points[CHIN, 1]) / width
    height = _inflate(person, face, torso, below_chin, np.nan_to_num(face_near) - ears, width)
    height += _FULLER_SIDES * width * smoothstep(0, 0.3 * width, distance_inside(~face))
    # Take the facets off the triangulation; outside the person the surface is carried on, not down.
    nearness, _ = spread(height + ears, person)
    nearness = cv2.GaussianBlur(nearness, (0, 0), 1.1)

    nearness = resized(nearness, full_width, full_height) / np.float32(scale)
    head = np.clip(resized((~torso).astype(np.float32), full_width, full_height), 0, 1)
    return Relief(nearness, (ears + _FULLER_SIDES * width) / scale, head)


def _inflate(
    person: NDArray[np.bool_],
    face: NDArray[np.bool_],
    torso: NDArray[np.bool_],
    below_chin: NDArray,
    face_height: NDArray,
    width: float,
) -> NDArray[np.float64]:
    """Solve for the height ``[H,W]`` px above the ears' plane."""
    edge = cv2.copyMakeBorder(person.astype(np.uint8), 1, 1, 1, 1, cv2.BORDER_REPLICATE)
    inwards = cv2.distanceTransform(edge, cv2.DIST_L2, 5)[1:-1, 1:-1]
    rim = person & (inwards < 1.5) & ~torso & ~face
    # A torso is a shallow barrel, highest along its middle.
    torso_height = width * _TORSO_DEPTH * np.sqrt(np.clip(inwards / (1.2 * width), 0, 1) * 0.7 + 0.3)

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
    weight = np.select([face, rim, torso], [trust, 1.0, settle], 0.0)
    target = np.select([face, torso], [np.maximum(face_height, 1.0) ** 2, torso_height**2], 0.0)
    # The source makes a free sphere of the head's size; on the torso the target does that.
    source = np.where(face | torso, 0.0, 3.0)
    system = (laplacian + sp.diags(weight[unknown] + 1e-6)).tocsc()
    squared = np.asarray(sla.spsolve(system, (weight * target + source)[unknown]), np.float64)
    height = np.where(person, torso_height, 0.0)
    height[unknown] = np.sqrt(np.maximum(squared, 0))
    return height
