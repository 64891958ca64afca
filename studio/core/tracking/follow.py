"""Which of several faces is meant: the one followed stays followed, though it is out of sight for a while."""

import numpy as np
from numpy.typing import NDArray

from studio.core.perception.landmarks import MeshTracker, face_in, find_faces, landmark_box

MOST_FACES = 4
"""So many faces are told apart; smaller ones are left out."""
PATIENCE = 2.0  # s for which a lost face is waited for before another one may take its place


class FaceFollower:
    """Finds one face in frame after frame: the largest at first, then that one, or another that is pointed at.

    Attributes
    ----------
    changed
        Whether the face of the last frame may be another person's than before.
    """

    def __init__(self) -> None:
        self.changed = False
        self._mesh: MeshTracker | None = None
        self._faces = 1
        self._box: NDArray | None = None
        self._seen_at = 0.0
        self._place: tuple[float, float] | None = None

    def point_at(self, place: tuple[float, float]) -> None:
        """Follow the face at a place of the next frame, parts of its width and height, if there is one."""
        self._place = place

    def __call__(self, rgb: NDArray[np.uint8], time: float) -> NDArray[np.float32] | None:
        """Return the landmarks ``[478,3]`` px in the next frame ``[H,W,3]``, taken at `time` s; None: not seen."""
        self.changed = False
        if self._mesh is None:
            self._mesh = MeshTracker(self._faces)
        found = self._mesh.track_all(rgb)
        if self._place is not None and (face := self._pointed_at(rgb, time)) is not None:
            return face
        if not found:
            return None
        if self._box is not None and time - self._seen_at > PATIENCE:
            self._box = None
        if self._box is None:
            # Only now: while nobody is there, a thorough search in every frame would cost too much.
            faces = find_faces(rgb)
            largest = max(found, key=lambda points: float(np.ptp(points[:, 1])))
            self._box = faces[0].box if faces else landmark_box(largest)
            self.changed = True
            if len(faces) > self._faces:
                found = self._watch(len(faces)).track_all(rgb)
        assert self._box is not None
        nearest = the_one_at(self._box, found, rgb, self._faces)
        if nearest is None:
            if self._faces == 1:
                self._watch(2)  # that is somebody else; the network must go on looking
            return None
        self._box, self._seen_at = landmark_box(nearest), time
        return nearest

    def _pointed_at(self, rgb: NDArray[np.uint8], time: float) -> NDArray[np.float32] | None:
        assert self._place is not None
        (x, y), self._place = np.multiply(self._place, rgb.shape[1::-1]), None
        faces = find_faces(rgb)
        there = [face for face in faces if face.box[0] <= x <= face.box[2] and face.box[1] <= y <= face.box[3]]
        if not there:
            return None
        self._watch(max(len(faces), self._faces))
        self._box, self._seen_at, self.changed = there[0].box, time, True
        return there[0].landmarks

    def close(self) -> None:
        """Release the network and forget the face."""
        if self._mesh is not None:
            self._mesh.close()
        self._mesh, self._faces, self._box = None, 1, None

    def _watch(self, faces: int) -> MeshTracker:
        if self._mesh is not None:
            self._mesh.close()
        self._faces = min(faces, MOST_FACES)
        self._mesh = MeshTracker(self._faces)
        return self._mesh


def the_one_at(
    box: NDArray, found: list[NDArray[np.float32]], rgb: NDArray[np.uint8], faces: int
) -> NDArray[np.float32] | None:
    """Return which of the landmarks ``[478,3]`` px that a tracker of so many `faces` found belong to the face at `box`.

    Of several faces a tracker misses small ones: what it did not find is looked for where it was last.
    """
    nearest = min(found, key=lambda points: apart(landmark_box(points), box), default=None)
    if nearest is not None and apart(landmark_box(nearest), box) < 1.0:
        return nearest
    again = face_in(rgb, box) if faces > 1 else None
    return again if again is not None and apart(landmark_box(again), box) < 1.0 else None


def apart(a: NDArray, b: NDArray | None) -> float:
    """Return how far the centres of two boxes ``[4]`` lie apart, in heights of the second; 0 where there is none."""
    if b is None:
        return 0.0
    return float(np.linalg.norm((a[:2] + a[2:] - b[:2] - b[2:]) / 2) / max(b[3] - b[1], 1e-6))
