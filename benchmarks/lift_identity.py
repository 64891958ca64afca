"""Identity: how far a turned view is from its portrait for a network that recognises people.

`dlib-bin` and `face_recognition_models` are the optional extra ``quality``; without them this measure is skipped.
"""

from importlib import import_module
from importlib.metadata import PackageNotFoundError, files
from importlib.util import find_spec
from typing import Any

import numpy as np
from lift_views import NEUTRAL, view
from numpy.typing import NDArray

from studio.core.avatar import Avatar

ANGLES = (15, 30, 45)
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


def identity_figures(embed: FaceEmbedder, own: NDArray, avatar: Avatar, middle: NDArray) -> dict[str, float]:
    """Return the distance of the neutral views at ±15°, ±30°, ±45° from the portrait's embedding `own` ``[128]``.

    `middle` ``[2]`` px is where the face is in the views. The larger of the two sides counts, or the one on which
    dlib finds the face; NaN where it finds it on neither.
    """
    figures = {}
    for angle in ANGLES:
        distances = []
        for yaw in (-angle, angle):
            found = embed(view(avatar, NEUTRAL, yaw), middle)
            distances.append(np.nan if found is None else float(np.linalg.norm(found - own)))
            figures[f"id {yaw:+d}"] = distances[-1]
        figures[f"id {angle}"] = float(np.fmax(*distances))
    return figures
