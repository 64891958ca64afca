"""Faces in a picture: boxes and 478 landmarks with irises, in still and in video mode."""

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from studio.core.perception.mediapipe_models import MeshTracker, detect_boxes, face_meshes

__all__ = ["Face", "MeshTracker", "face_in", "find_faces", "landmark_box", "read_again"]

# The mesh network sees 192 x 192 px of face; a crop larger than this adds nothing but time.
_CROP_SIZE = 512
# Landmarks are found again on a crop this many face boxes wide, so that a small face gets full detail.
_CROP_MARGIN = 2.2
# Readings that differ by less than this part of the face's height are of one face.
_SAME_FACE = 0.05
# In a smaller picture a face the detector misses is no face.
_DETECTOR_SEES = 640


@dataclass(frozen=True, eq=False)
class Face:
    """One face found in a picture.

    Attributes
    ----------
    landmarks
        ``[478,3]`` float32: x, y px; z px, smaller is nearer.
    box
        ``[4]`` float32 x0 y0 x1 y1 px around the landmarks.
    """

    landmarks: NDArray[np.float32]
    box: NDArray[np.float32]

    @property
    def height(self) -> float:
        """Forehead to chin, px."""
        return float(self.box[3] - self.box[1])


def landmark_box(landmarks: NDArray) -> NDArray[np.float32]:
    """Return x0 y0 x1 y1 px around landmarks ``[P,2+]``."""
    return np.concatenate([landmarks[:, :2].min(0), landmarks[:, :2].max(0)]).astype(np.float32)


def find_faces(rgb: NDArray[np.uint8]) -> list[Face]:
    """Find every face in a still picture ``[H,W,3]``, the largest first.

    A detector proposes boxes and the mesh is fitted on a crop around each, so that face size in the picture does
    not matter. Where it proposes none (paintings, cartoons, animals), the mesh searches the whole picture.
    """
    faces: list[Face] = []
    for box in detect_boxes(rgb):
        _add(faces, face_in(rgb, box))
    if not faces and max(rgb.shape[:2]) > _DETECTOR_SEES:
        for box in _boxes_in_tiles(rgb):
            _add(faces, face_in(rgb, box))
    if not faces:
        for rough in face_meshes(_shrunk(rgb)):
            rough = rough * (max(rgb.shape[:2]) / max(_shrunk(rgb).shape[:2]))
            refined = face_in(rgb, landmark_box(rough))
            _add(faces, rough if refined is None else refined)
    return sorted(faces, key=lambda face: -face.height)


def read_again(rgb: NDArray[np.uint8], landmarks: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return the mean of landmarks ``[478,3]`` px found in a picture and a second reading of it.

    The network errs by about a pixel, at the lips most, and differently on another crop. Where the second reading is of
    no face or of another one, the first stays.
    """
    second = face_in(rgb, landmark_box(landmarks))
    if second is None:
        return landmarks
    astray = float(np.linalg.norm((second - landmarks)[:, :2], axis=1).mean())
    return (landmarks + second) / 2 if astray < _SAME_FACE * np.ptp(landmarks[:, 1]) else landmarks


def _boxes_in_tiles(rgb: NDArray[np.uint8]) -> NDArray[np.float32]:
    """Detect faces in overlapping square tiles: the detector looks at 192 px and misses small ones."""
    height, width = rgb.shape[:2]
    side = min(max(height, width) // 2, height, width)
    boxes = [np.zeros((0, 4), np.float32)]
    for top in _tile_starts(height, side):
        for left in _tile_starts(width, side):
            found = detect_boxes(rgb[top : top + side, left : left + side])
            boxes.append(found + np.array([left, top, left, top], np.float32))
    return np.concatenate(boxes)


def _tile_starts(length: int, side: int) -> list[int]:
    return sorted({*range(0, length - side, max(side // 2, 1)), length - side})


def _add(faces: list[Face], landmarks: NDArray[np.float32] | None) -> None:
    """Append a face unless it is the same one again."""
    if landmarks is None:
        return
    face = Face(landmarks, landmark_box(landmarks))
    centre = (face.box[:2] + face.box[2:]) / 2
    for other in faces:
        if np.all(centre > other.box[:2]) and np.all(centre < other.box[2:]):
            return
    faces.append(face)


def face_in(rgb: NDArray[np.uint8], box: NDArray) -> NDArray[np.float32] | None:
    """Return the landmarks ``[478,3]`` px of the face in a box x0 y0 x1 y1 px of a picture, however small; or None."""
    height, width = rgb.shape[:2]
    side = max(box[2] - box[0], box[3] - box[1]) * _CROP_MARGIN
    x0, y0 = (box[:2] + box[2:]) / 2 - side / 2
    scale = min(_CROP_SIZE / side, 4.0)
    size = max(round(side * scale), 32)
    warp = np.array([[scale, 0, -x0 * scale], [0, scale, -y0 * scale]], np.float64)
    filter_ = cv2.INTER_AREA if scale < 1 else cv2.INTER_CUBIC
    crop = cv2.warpAffine(rgb, warp, (size, size), flags=filter_, borderMode=cv2.BORDER_REPLICATE)
    found = face_meshes(np.asarray(crop, np.uint8))
    if not found:
        return None
    landmarks = min(found, key=lambda p: float(np.linalg.norm(p[:, :2].mean(0) - size / 2)))
    landmarks = landmarks / np.float32(scale)
    landmarks[:, :2] += np.array([x0, y0], np.float32)
    centre = landmarks[:, :2].mean(0)
    return landmarks if 0 <= centre[0] < width and 0 <= centre[1] < height else None


def _shrunk(rgb: NDArray[np.uint8], long_side: int = 1024) -> NDArray[np.uint8]:
    scale = long_side / max(rgb.shape[:2])
    if scale >= 1:
        return rgb
    return cv2.resize(rgb, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA).astype(np.uint8)
