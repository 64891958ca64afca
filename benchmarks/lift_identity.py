"""Identity: how far a turned view is from its portrait for a network that recognises people."""

import numpy as np
from lift_views import NEUTRAL, view
from numpy.typing import NDArray

from studio.core.avatar import Avatar
from studio.core.evaluate.recognition import FaceEmbedder

ANGLES = (15, 30, 45)


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
