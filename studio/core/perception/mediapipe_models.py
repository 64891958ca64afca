"""The only module that knows MediaPipe: face boxes, the 478-point face mesh, and a person mask.

The models come inside the ``mediapipe==0.10.21`` wheel; nothing is downloaded. MediaPipe's graphs are not
safe to share between threads, so every call takes one lock and the still-picture graphs are made once.
"""

import ctypes
import os
import threading
import warnings
from functools import lru_cache
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

# MediaPipe logs every graph it builds to stderr; errors still come through.
os.environ.setdefault("GLOG_minloglevel", "2")
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

N_LANDMARKS = 478

_lock = threading.Lock()


@lru_cache(maxsize=1)
def _solutions() -> Any:
    # `import` would hold the interpreter, and with it a window's thread, while this library is loaded.
    package = find_spec("mediapipe")
    assert package is not None
    for folder in package.submodule_search_locations or ():
        for library in Path(folder).glob("python/_framework_bindings*.so"):
            ctypes.CDLL(str(library))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # generated protobuf code warns about itself
        from mediapipe.python import solutions
    return solutions


@lru_cache(maxsize=1)
def _detector() -> Any:
    # Model 1 is the full-range one: it also finds a face of 60 px in a full-body picture.
    return _solutions().face_detection.FaceDetection(model_selection=1, min_detection_confidence=0.4)


@lru_cache(maxsize=1)
def _still_mesh() -> Any:
    # Low confidence on purpose: paintings, cartoons and statues score low and fit well.
    return _solutions().face_mesh.FaceMesh(
        static_image_mode=True, refine_landmarks=True, max_num_faces=4, min_detection_confidence=0.3
    )


@lru_cache(maxsize=1)
def _segmenter() -> Any:
    return _solutions().selfie_segmentation.SelfieSegmentation(model_selection=0)


def _process(graph: Any, rgb: NDArray[np.uint8]) -> Any:
    with _lock, warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return graph.process(np.ascontiguousarray(rgb))


def _points(face: Any, shape: tuple[int, ...]) -> NDArray[np.float32]:
    height, width = shape[:2]
    return np.array([[p.x * width, p.y * height, p.z * width] for p in face.landmark], np.float32)


def detect_boxes(rgb: NDArray[np.uint8]) -> NDArray[np.float32]:
    """Return face boxes ``[B,4]`` x0 y0 x1 y1 px, best first (may be empty)."""
    height, width = rgb.shape[:2]
    found = _process(_detector(), rgb).detections or []
    boxes = []
    for detection in found:
        box = detection.location_data.relative_bounding_box
        boxes.append([box.xmin, box.ymin, box.xmin + box.width, box.ymin + box.height])
    return np.array(boxes, np.float32).reshape(-1, 4) * [width, height, width, height]


def face_meshes(rgb: NDArray[np.uint8]) -> list[NDArray[np.float32]]:
    """Return the landmarks ``[478,3]`` px of every face found in a still picture ``[H,W,3]``."""
    faces = _process(_still_mesh(), rgb).multi_face_landmarks or []
    return [_points(face, rgb.shape) for face in faces]


def person_mask(rgb: NDArray[np.uint8]) -> NDArray[np.float32]:
    """Return the probability ``[H,W]`` 0..1 that a pixel shows a person."""
    return np.asarray(_process(_segmenter(), rgb).segmentation_mask, np.float32)


class MeshTracker:
    """Landmarks of faces over a video; each frame starts from the last.

    Parameters
    ----------
    max_faces
        How many faces are followed; one more than there are costs a search in every frame.
    """

    def __init__(self, max_faces: int = 1) -> None:
        with _lock:
            self._graph = _solutions().face_mesh.FaceMesh(
                static_image_mode=False, refine_landmarks=True, max_num_faces=max_faces
            )

    def track(self, rgb: NDArray[np.uint8]) -> NDArray[np.float32] | None:
        """Return the landmarks ``[478,3]`` px in the next frame ``[H,W,3]``, or None where the face is lost."""
        faces = self.track_all(rgb)
        return faces[0] if faces else None

    def track_all(self, rgb: NDArray[np.uint8]) -> list[NDArray[np.float32]]:
        """Return the landmarks ``[478,3]`` px of each face followed in the next frame ``[H,W,3]``."""
        faces = _process(self._graph, rgb).multi_face_landmarks or []
        return [_points(face, rgb.shape) for face in faces]

    def close(self) -> None:
        """Release the graph."""
        self._graph.close()
