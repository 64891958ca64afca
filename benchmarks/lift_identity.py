"""Identity: how far a turned view is from its portrait for a network that recognises people."""

import numpy as np
from lift_tracking import find_landmarks
from lift_views import NEUTRAL, view
from numpy.typing import NDArray

from studio.core.avatar import Avatar
from studio.core.evaluate.recognition import FaceEmbedder
from studio.core.perception.portrait import Portrait

ANGLES = (15, 30, 45)


def identity_figures(
    embed: FaceEmbedder, own: NDArray, portrait: Portrait, avatar: Avatar, middle: NDArray
) -> dict[str, float]:
    """Return the distance of the neutral views at ±15°, ±30°, ±45° from the portrait's embedding `own` ``[128]``.

    `middle` ``[2]`` px is where the face is in the views. The larger of the two sides counts, or the one on which
    dlib finds the face; NaN where it finds it on neither. ``tracked …`` is the same with the face placed by the
    landmarks of the tracker, in the portrait and in the views: dlib's own fall off many a head turned by 45°.
    """
    figures = {}
    tracked_own = embed.tracked(np.round(portrait.rgb * 255).astype(np.uint8), portrait.landmarks)
    for angle in ANGLES:
        sides: dict[str, list[float]] = {"id": [], "tracked": []}
        for yaw in (-angle, angle):
            picture = view(avatar, NEUTRAL, yaw)
            landmarks = find_landmarks(picture, middle)
            tracked = None if landmarks is None else embed.tracked(picture, landmarks)
            for name, found, home in (("id", embed(picture, middle), own), ("tracked", tracked, tracked_own)):
                distance = np.nan if found is None else float(np.linalg.norm(found - home))
                sides[name].append(distance)
                figures[f"{name} {yaw:+d}"] = distance
        for name, (left, right) in sides.items():
            figures[f"{name} {angle}"] = float(np.fmax(left, right))
    return figures
