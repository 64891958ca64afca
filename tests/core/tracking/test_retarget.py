"""Codes of one face on a head whose portrait shows an expression already."""

import numpy as np
import pytest
from numpy.typing import NDArray

from studio.core.heads.anatomy import INTEROCULAR, LOWER_LIP_INNER, UPPER_LIP_INNER
from studio.core.heads.arkit import ARKIT_INDEX, ARKIT_NAMES
from studio.core.heads.template import mean_landmarks
from studio.core.tracking.face_model import FaceModel, canonical
from studio.core.tracking.retarget import Expressions


def code_of(**channels: float) -> NDArray[np.float64]:
    code = np.zeros(len(ARKIT_NAMES))
    for name, value in channels.items():
        code[ARKIT_INDEX[name]] = value
    return code


def opening(points: NDArray) -> float:
    """Return the lips' gap in interocular distances."""
    return float(
        np.linalg.norm(points[UPPER_LIP_INNER[3:8]] - points[LOWER_LIP_INNER[3:8]], axis=1).mean() / INTEROCULAR
    )


@pytest.fixture(scope="module")
def driving() -> FaceModel:
    """Return a face whose lips stand a little apart at rest, as those of people who talk do."""
    points = canonical(mean_landmarks())
    points[LOWER_LIP_INNER[1:-1], 1] -= 0.05 * INTEROCULAR
    return FaceModel.of(points)


def test_a_portrait_that_talks_shuts_its_lips_when_its_person_does(driving: FaceModel) -> None:
    shown = code_of(jawOpen=0.25, mouthFunnel=0.2)
    own = FaceModel.of(driving.points(shown))
    expressions = Expressions(own, driving, shown)
    for played in (code_of(mouthClose=1.0), code_of(), code_of(jawOpen=0.4)):
        made = own.points(expressions(played))
        assert opening(made) == pytest.approx(opening(driving.points(played)), abs=0.025)
    np.testing.assert_allclose(expressions(shown), 0, atol=0.15)


def test_a_rest_that_shows_nothing_plays_codes_as_they_are(driving: FaceModel) -> None:
    code = code_of(jawOpen=0.3, mouthSmileLeft=0.5)
    np.testing.assert_array_equal(Expressions(driving, driving, code_of())(code), code)
