"""Holes: where one sees through a head that should be solid."""

import cv2
import numpy as np
from lift_views import EXPRESSIONS, NEUTRAL, camera_at
from numpy.typing import NDArray

from studio.core.avatar import Avatar
from studio.core.gaussians.camera import Camera
from studio.core.heads.anatomy import CHIN, to_face
from studio.core.heads.full import FullHead
from studio.core.heads.head import HeadParams
from studio.core.motion.motion import Motion
from studio.core.render.rasterize import rasterize

SOLID = 0.98
"""The alpha that counts as solid."""

_VIEWS = ((-45, 0), (45, 0), (0, -20), (0, 20))
"""Yaw and pitch in degrees."""
_FRAMES = (NEUTRAL, EXPRESSIONS["jawOpen"])

_EDGE = 4
"""px of a 512 px view that a silhouette's soft edge may take."""

_NECK = 0.5
"""Interocular distances below the chin down to which the neck counts."""


def hole_figures(avatar: Avatar, head: FullHead) -> dict[str, float]:
    """Measure holes over yaw ±45° and pitch ±20°, neutral and with an open jaw; the worst view counts.

    `head` is the full template in the shape of the avatar's landmarks. What counts of a view is

    - inside the silhouette: within the outer contours of alpha > 0.5, filled, less `_EDGE` px; and
    - inside the head: where the template (face, ears, closed skull, inner mouth, and the neck down to half an
      interocular distance below the chin), posed alike, projects to, as far as it lies, at rest, before or behind
      the person in the avatar's own view (alpha > 0.5, less `_EDGE` px).

    So the second leaves out what may rightly be seen through: gaps between strands outside the skull, arms, the cut
    at the picture's lower border; and, as no point before the portrait's background is the person's, where the
    template stands out from the person: a wide ear over the gap between hair and neck, a jaw beside one. The price is
    that a tear in hair that stands off the skull is not counted; `strands` shows it.

    Returns
    -------
    alpha
        The lowest alpha that counts.
    holes
        % of what counts below `SOLID`.
    uncovered
        % of the template's head (without the silhouette's condition) below alpha 0.5: notches that reach the
        outline, a missing back of the head. Only as exact as the template fits a stylised head.
    strands
        % of the whole silhouette below `SOLID`, more than in the portrait's own view, which shows what gaps are real.
    """
    alpha, inside = _silhouette(avatar, NEUTRAL, camera_at(avatar, 0))
    own = _share_below(alpha, inside)
    own_triangles = _own_triangles(head, camera_at(avatar, 0), alpha)
    lowest, holes, uncovered, strands = 1.0, 0.0, 0.0, 0.0
    for frame in _FRAMES:
        for yaw, pitch in _VIEWS:
            camera = camera_at(avatar, yaw, pitch)
            alpha, inside = _silhouette(avatar, frame, camera)
            covered = head_region(head, frame, camera)
            low, share = hole_share(alpha, inside & head_region(head, frame, camera, own_triangles))
            lowest, holes = min(lowest, low), max(holes, share)
            uncovered = max(uncovered, 100 * float((alpha[_eroded(covered)] < 0.5).mean()))
            strands = max(strands, _share_below(alpha, inside) - own)
    return {"alpha": lowest, "holes %": holes, "uncovered %": uncovered, "strands %": strands}


def hole_share(alpha: NDArray, counted: NDArray[np.bool_]) -> tuple[float, float]:
    """Return the lowest of `alpha` ``[H,W]`` where `counted`, and the % of it below `SOLID`."""
    within = alpha[counted]
    return (float(within.min()), _share_below(alpha, counted)) if within.size else (0.0, 100.0)


def silhouette(alpha: NDArray) -> NDArray[np.bool_]:
    """Return what lies inside the outer contours of `alpha` ``[H,W]`` > 0.5, holes filled, edges eroded."""
    contours, _ = cv2.findContours((alpha > 0.5).astype(np.uint8), cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_NONE)
    filled = np.zeros(alpha.shape, np.uint8)
    cv2.drawContours(filled, contours, -1, (1,), cv2.FILLED)
    return _eroded(filled > 0)


def head_region(
    head: FullHead, frame: Motion, camera: Camera, which: NDArray[np.bool_] | None = None
) -> NDArray[np.bool_]:
    """Return where the template's head and neck, posed by `frame`, project to ``[H,W]``; `which` triangles ``[F]``."""
    zero = np.zeros(3, np.float32)
    vertices = head.vertices(HeadParams(zero, frame.code[0], zero, zero))
    down = to_face(head.neutral)[:, 1]
    counts = down < down[CHIN] + _NECK
    counted = counts[head.faces].all(1) if which is None else counts[head.faces].all(1) & which
    triangles = head.faces[counted]
    # OpenCV's pixel centres lie at whole numbers.
    corners = np.round(camera.project(vertices)[:, :2] - 0.5).astype(np.int32)[triangles]
    region = np.zeros((camera.height, camera.width), np.uint8)
    for corner in corners:
        cv2.fillConvexPoly(region, corner, (1,))
    return region > 0


def _own_triangles(head: FullHead, camera: Camera, alpha: NDArray) -> NDArray[np.bool_]:
    """Return which triangles ``[F]`` lie, at rest, before or behind the person in a view of this `alpha` ``[H,W]``."""
    person = _eroded(alpha > 0.5)
    column, row = np.clip(camera.project(head.neutral)[:, :2].astype(int), 0, [camera.width - 1, camera.height - 1]).T
    return person[row, column][head.faces].all(1)


def _silhouette(avatar: Avatar, frame: Motion, camera: Camera) -> tuple[NDArray, NDArray[np.bool_]]:
    alpha = rasterize(avatar.pose(frame, camera), camera).alpha[..., 0]
    return alpha, silhouette(alpha)


def _share_below(alpha: NDArray, counted: NDArray[np.bool_]) -> float:
    return 100 * float((alpha[counted] < SOLID).mean())


def _eroded(mask: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Take `_EDGE` px off; the picture's border is no edge."""
    disc = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (2 * _EDGE + 1, 2 * _EDGE + 1))
    return cv2.erode(mask.astype(np.uint8), disc) > 0
