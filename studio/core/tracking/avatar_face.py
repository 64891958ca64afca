"""An avatar's face at rest, found by the same landmarks and the same solver that find a driving face.

What the network thinks of a face's axes, or of a mouth half open, is then the same on both sides and cancels.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from studio.core.avatar import Avatar, Personal, RestFace, render_bytes
from studio.core.errors import UserError
from studio.core.motion.motion import Motion
from studio.core.perception.landmarks import MeshTracker, find_faces, read_again
from studio.core.render.rasterize import rasterize
from studio.core.tracking.face_model import STABLE, FaceModel
from studio.core.tracking.identity import fit_identity
from studio.core.tracking.placing import rigid_fit
from studio.core.tracking.solve import FaceSolver, View

SAME_FACE = 0.018
"""Of the interocular distance: a model that fits another face's landmarks better than this is that person's."""
_HEAD_HEIGHT = 360  # px at which the head is looked at, about that of clips
_LONGEST = 1280
_SETTLING = 3  # frames after which a tracker's own crop stands still


@dataclass(frozen=True, eq=False)
class AvatarFace:
    """An avatar's face as a tracker sees it.

    Attributes
    ----------
    model
        Its landmarks at rest and how they move.
    points
        ``[478,3]`` m: its landmarks at rest in the avatar's head space, as deep as it is drawn there.
    shape
        ``[478,3]`` m: the same in the tracker's head space. Where both faces are one person's, the depth is the driving
        face's, which was seen from more sides; the places in the portrait's view are the avatar's own.
    home
        ``[4,4]``: the tracker's head space to the avatar's, by what no expression moves.
    rest_code
        ``[52]``: what its rest shows in the driving face's terms, where both are one person's; else None.
    """

    model: FaceModel
    points: NDArray[np.float64]
    shape: NDArray[np.float64]
    home: NDArray[np.float64]
    rest_code: NDArray[np.float64] | None


def look_at(avatar: Avatar, driving: FaceModel) -> AvatarFace:
    """Track an avatar at rest in its own camera; `driving` is the face that will drive it.

    Raises
    ------
    UserError
        If no face is found in it.
    """
    known = avatar.rest_face if isinstance(avatar, Personal) else None
    rest = known or find_rest_face(avatar)
    shrink = _shrinking(avatar)
    camera, landmarks, points = avatar.camera.scaled(shrink), rest.landmarks * shrink, rest.points
    view = View(float(camera.K[0, 0]), camera.K[:2, 2])
    own = fit_identity(landmarks[None], view)
    as_driver = FaceSolver(driving, view).solve(landmarks)
    home = rigid_fit(driving.rest[STABLE], points[STABLE])
    if as_driver.error >= SAME_FACE:
        inverse = np.linalg.inv(home)
        return AvatarFace(own, points, points @ inverse[:3, :3].T + inverse[:3, 3], home, None)
    depth = driving.rest @ as_driver.rotation[2] + as_driver.translation[2]
    rays = np.column_stack([(landmarks[:, :2] - view.centre) / view.focal, np.ones(len(landmarks))])
    shape = (rays * depth[:, None] - as_driver.translation) @ as_driver.rotation
    return AvatarFace(own, points, shape, home, as_driver.code)


def find_rest_face(avatar: Avatar) -> RestFace:
    """Return where an avatar's face is at rest.

    Raises
    ------
    UserError
        If no face is found in it.
    """
    shrink = _shrinking(avatar)
    camera, neutral = avatar.camera.scaled(shrink), Motion.neutral()
    picture = np.ascontiguousarray(on_host(render_bytes(avatar, neutral, camera))[..., :3])
    faces = find_faces(picture)
    if not faces:
        raise UserError(
            f"No face is found in the avatar '{avatar.name}'; drive it by speech, or build it from another portrait."
        )
    landmarks = read_again(picture, _followed(picture, faces[0].landmarks)).astype(np.float64)
    raster = rasterize(avatar.pose(neutral, camera), camera, depth=True)
    assert raster.depth is not None
    column, row = np.clip(landmarks[:, :2].astype(int), 0, [camera.width - 1, camera.height - 1]).T
    return RestFace(landmarks / shrink, camera.unproject(landmarks[:, :2], on_host(raster.depth)[row, column, 0]))


def _followed(picture: NDArray[np.uint8], landmarks: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return the landmarks ``[478,3]`` px as a clip's are followed, which errs by its own part of a pixel."""
    tracker = MeshTracker()
    try:
        for _ in range(_SETTLING):
            found = tracker.track(picture)
            landmarks = landmarks if found is None else found
    finally:
        tracker.close()
    return landmarks


def _shrinking(avatar: Avatar) -> float:
    height = avatar.head_box[3] - avatar.head_box[1]
    return min(1.0, _HEAD_HEIGHT / max(height, 1.0), _LONGEST / max(avatar.camera.width, avatar.camera.height))


def on_host(picture: Any) -> NDArray:
    """Return an array as it is and a tensor's copy on the host."""
    return picture if isinstance(picture, np.ndarray) else picture.cpu().numpy()
