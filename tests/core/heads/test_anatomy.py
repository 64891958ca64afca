import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from studio.core.heads.anatomy import (
    EYE_MIDPOINT,
    INTEROCULAR,
    LOWER_LID,
    LOWER_LIP_INNER,
    SIDES,
    UPPER_LID,
    UPPER_LIP_INNER,
    eye_centres,
    smoothstep,
    to_face,
    to_head,
)
from studio.core.heads.template import mean_landmarks


@given(st.lists(st.tuples(*[st.floats(-1, 1)] * 3), min_size=1, max_size=5))
def test_the_face_frame_and_head_space_undo_each_other(points: list[tuple[float, ...]]) -> None:
    array = np.array(points)
    np.testing.assert_allclose(to_head(to_face(array)), array, atol=1e-12)
    np.testing.assert_allclose(to_face(to_head(array)), array, atol=1e-12)


def test_the_face_frame_is_measured_from_between_the_eyes_with_y_down() -> None:
    np.testing.assert_allclose(to_face(EYE_MIDPOINT), 0)
    left_up_out = EYE_MIDPOINT + np.array([1, 1, 1]) * INTEROCULAR
    np.testing.assert_allclose(to_face(left_up_out), [1, -1, 1])
    assert to_head(np.zeros((2, 5, 3))).shape == (2, 5, 3)


def test_rings_run_from_the_right_corner_to_the_left_one() -> None:
    face = to_face(mean_landmarks())
    for ring in (UPPER_LIP_INNER, LOWER_LIP_INNER, *UPPER_LID.values(), *LOWER_LID.values()):
        assert (np.diff(face[ring, 0]) > 0).all()
    for side, sign in SIDES.items():
        assert UPPER_LID[side][0] == LOWER_LID[side][0]
        assert UPPER_LID[side][-1] == LOWER_LID[side][-1]
        assert (face[UPPER_LID[side], 0] * sign > 0).all()
        assert face[UPPER_LID[side], 1].mean() < face[LOWER_LID[side], 1].mean()
    right, left = eye_centres(face)
    assert right[0] < 0 < left[0]


def test_smoothstep_rises_smoothly_either_way() -> None:
    x = np.linspace(-1, 3, 401)
    up, down = smoothstep(0, 2, x), smoothstep(2, 0, x)
    np.testing.assert_allclose(up + down, 1)
    assert (np.diff(up) >= 0).all()
    assert not up[x <= 0].any()
    assert (up[x >= 2] == 1).all()
    np.testing.assert_allclose(smoothstep(0, 2, np.array([1.0])), 0.5)
    slopes = np.gradient(up, x)
    assert slopes[np.isclose(x, 0) | np.isclose(x, 2)].max() < 0.02
