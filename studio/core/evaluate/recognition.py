"""How far two faces are apart for a network that recognises people: dlib's, the optional extra ``quality``."""

from functools import cache
from importlib import import_module
from importlib.metadata import PackageNotFoundError, files
from importlib.util import find_spec
from typing import Any

import numpy as np
from numpy.typing import NDArray

from studio.core.heads.standard68 import ON_FACE_MESH
from studio.core.jobs import Job, Stopwatch
from studio.core.training.metrics import embedding_distance

MISSING = "Identity is not measured: dlib is missing; install it with `pip install -e .[quality]`."


class FaceEmbedder:
    """dlib's face embedding ``[128]``: photos of one person lie about 0.4 apart, of two people over 0.6.

    A face is looked for with the histogram detector and, where that finds none, with the convolutional one; the one
    nearest to where the head is counts.
    """

    def __init__(self) -> None:
        # An optional extra: where it is not installed no import of it can be checked.
        dlib: Any = import_module("dlib")
        models = _model_paths()
        self._dlib = dlib
        self._quick: Any = dlib.get_frontal_face_detector()
        self._thorough: Any = self._load("cnn_face_detection_model_v1", models["mmod_human_face_detector"])
        self._marks: Any = self._load("shape_predictor", models["shape_predictor_68_face_landmarks"])
        self._network: Any = self._load("face_recognition_model_v1", models["dlib_face_recognition_resnet_model_v1"])

    def _load(self, kind: str, path: str) -> Any:
        return getattr(self._dlib, kind)(path)

    def __call__(self, rgb: NDArray[np.uint8], near: NDArray) -> NDArray[np.float64] | None:
        """Embed the face nearest to `near` ``[2]`` px of a picture ``[H,W,3]``; None where none is found."""
        boxes = list(self._quick(rgb)) or [found.rect for found in self._thorough(rgb)]
        if not boxes:
            return None
        box = min(boxes, key=lambda b: np.hypot(b.center().x - near[0], b.center().y - near[1]))
        return np.array(self._network.compute_face_descriptor(rgb, self._marks(rgb, box)))

    def tracked(self, rgb: NDArray[np.uint8], landmarks: NDArray) -> NDArray[np.float64]:
        """Embed the face whose landmarks ``[478,2+]`` px a tracker found in a picture ``[H,W,3]``.

        dlib's own fall off most heads turned by 45°, and what it then embeds is a cheek.
        """
        marks = np.round(landmarks[list(ON_FACE_MESH), :2]).astype(int)
        box = self._dlib.rectangle(*marks.min(0).tolist(), *marks.max(0).tolist())
        points = self._dlib.points([self._dlib.point(x, y) for x, y in marks.tolist()])
        found = self._dlib.full_object_detection(box, points)
        return np.array(self._network.compute_face_descriptor(rgb, found))


def available() -> bool:
    """Tell whether the packages of this measure are installed."""
    return find_spec("dlib") is not None and bool(_model_paths())


def _model_paths() -> dict[str, str]:
    """Find the networks without importing their package, whose import of pkg_resources fails or warns."""
    try:
        packed = files("face_recognition_models") or []
    except PackageNotFoundError:
        return {}
    return {path.stem: str(path.locate()) for path in packed if path.suffix == ".dat"}


@cache
def _embedder() -> FaceEmbedder:
    return FaceEmbedder()


def apart_from(portrait: NDArray[np.uint8], frames: NDArray[np.uint8], landmarks: NDArray) -> Job[dict[str, float]]:
    """Return how far the face in frames ``[T,h,w,3]`` is from that in a picture ``[H,W,3]``.

    Parameters
    ----------
    landmarks
        ``[478,2+]`` px of the picture: where its face is; in the frames it is looked for in the middle of theirs.

    Returns
    -------
    ``identity`` and ``identity worst``, median and largest distance where dlib finds a face; nothing where dlib is not
    installed, or the picture has no face for it.
    """
    if not available():
        return {}
    watch, embed, distances = Stopwatch(), _embedder(), []
    yield watch.progress(0.0, "recognising")
    centre = landmarks[:468, :2].mean(0)
    home = embed(np.ascontiguousarray(portrait), centre)
    if home is None:
        return {}
    there = centre * np.array(frames.shape[2:0:-1]) / portrait.shape[1::-1]
    for k, frame in enumerate(frames):
        yield watch.progress(k / len(frames), "recognising")
        found = embed(np.ascontiguousarray(frame), there)
        if found is not None:
            distances.append(embedding_distance(found, home))
    if not distances:
        return {}
    return {"identity": float(np.median(distances)), "identity worst": max(distances)}
