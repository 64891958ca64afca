"""Depth from landmarks: what a turned face hides does not show through what is before it."""

from dataclasses import replace

import numpy as np
import pytest
from scipy.spatial.transform import Rotation

from studio.core.engines.lift.relief import lifted_landmarks, solve_relief
from studio.core.heads.anatomy import to_face
from studio.core.heads.depth import landmark_nearness
from studio.core.heads.full import FullHead
from studio.core.heads.template import mean_landmarks
from studio.core.perception.portrait import Portrait
from studio.core.perception.regions import FACE

# Landmarks along the side of the nose that shows.
_FLANK = {45: [196, 3, 51, 45, 44], -45: [419, 248, 281, 275, 274]}


@pytest.mark.parametrize("yaw", _FLANK)
def test_a_turned_nose_has_no_pits(small_portrait: Portrait, yaw: int) -> None:
    height, width = small_portrait.alpha.shape
    unit = 0.2 * height
    turned = Rotation.from_euler("y", yaw, degrees=True).apply(to_face(mean_landmarks())) * [1, 1, -1]
    landmarks = (turned * unit + [width / 2, height / 2, 0]).astype(np.float32)
    portrait = replace(small_portrait, landmarks=landmarks, alpha=np.ones((height, width), np.float32))
    whole = FullHead(lifted_landmarks(portrait))
    relief = solve_relief(portrait, whole, np.full((height, width), FACE, np.uint8))
    flank = _FLANK[yaw]
    missing = (landmark_nearness(landmarks)[flank] - relief.at(landmarks[flank, :2])) / unit
    # Pits were 0.12 to 0.38 deep; the relief's smoothing takes 0.06 off a nose.
    assert missing.max() < 0.1
