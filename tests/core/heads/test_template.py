"""The template's mesh, and how weights follow from an ARKit code."""

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from studio.core.heads.anatomy import FACE_OVAL, INTEROCULAR, eye_centres, to_face
from studio.core.heads.arkit import ARKIT_INDEX, ARKIT_NAMES
from studio.core.heads.head import HeadParams
from studio.core.heads.template import (
    APRON_REACH,
    N_LANDMARKS,
    SHAPE_NAMES,
    TemplateHead,
    apron_rings,
    default_apron,
    mean_landmarks,
    shape_weights,
)

codes = arrays(np.float32, 52, elements=st.floats(0, 1, width=32))


@pytest.fixture(scope="module")
def head() -> TemplateHead:
    return TemplateHead(mean_landmarks())


def params(**channels: float) -> HeadParams:
    expression = np.zeros(52, np.float32)
    for name, value in channels.items():
        expression[ARKIT_INDEX[name]] = value
    zero = np.zeros(3, np.float32)
    return HeadParams(zero, expression, zero, zero)


def test_the_mean_face_is_symmetric_and_of_the_agreed_size() -> None:
    landmarks = mean_landmarks()
    assert landmarks.shape == (N_LANDMARKS, 3)
    right, left = eye_centres(landmarks)
    assert np.linalg.norm(left - right) == pytest.approx(INTEROCULAR, rel=1e-3)
    mirrored = landmarks * [-1, 1, 1]
    nearest = np.linalg.norm(landmarks[:, None] - mirrored[None], axis=2).min(1)
    assert nearest.max() < 0.001


def test_the_mesh_begins_with_the_landmarks_given() -> None:
    landmarks = mean_landmarks() * 1.1 + np.random.default_rng(0).normal(0, 0.001, (N_LANDMARKS, 3))
    apron = default_apron(landmarks) + [0, 0, 0.002]
    head = TemplateHead(landmarks, apron)
    np.testing.assert_allclose(head.neutral[:N_LANDMARKS], landmarks, atol=1e-7)
    np.testing.assert_allclose(head.neutral[N_LANDMARKS : N_LANDMARKS + len(apron)], apron, atol=1e-7)


def test_the_apron_continues_the_oval_outwards_and_back() -> None:
    rings = default_apron(mean_landmarks()).reshape(-1, len(FACE_OVAL), 3)
    assert len(rings) == len(apron_rings())
    assert apron_rings()[-1] == pytest.approx(APRON_REACH)
    face = [to_face(ring) for ring in (mean_landmarks()[FACE_OVAL], *rings)]
    for inner, outer in pairwise(face):
        centre = inner[:, :2].mean(0)
        assert (np.linalg.norm(outer[:, :2] - centre, axis=1) > np.linalg.norm(inner[:, :2] - centre, axis=1)).all()
        assert (outer[:, 2] < inner[:, 2]).all()


def test_faces_use_vertices_and_turn_their_front_outwards(head: TemplateHead) -> None:
    assert head.faces.min() == 0
    assert head.faces.max() < len(head.neutral)
    assert all(len(set(face)) == 3 for face in head.faces.tolist())
    a, b, c = np.moveaxis(head.neutral[head.faces], 1, 0)
    normals = np.cross(b - a, c - a)
    # The face looks along +z.
    assert (normals[:, 2] > 0).all()


def test_every_shape_is_finite_and_ends_before_the_rim(head: TemplateHead) -> None:
    assert head.deltas.shape == (len(SHAPE_NAMES), len(head.neutral), 3)
    assert np.isfinite(head.deltas).all()
    rings = len(apron_rings())
    rim = N_LANDMARKS + (rings - 1) * len(FACE_OVAL) + np.arange(len(FACE_OVAL))
    assert not head.deltas[:, rim].any()
    assert not head.jaw_weights[rim].any()
    assert head.jaw_weights.min() >= 0
    assert head.jaw_weights.max() <= 1


def test_at_rest_the_head_is_neutral(head: TemplateHead) -> None:
    np.testing.assert_array_equal(head.vertices(params()), head.neutral)
    assert head.expression_names == ARKIT_NAMES


def test_shapes_add_up(head: TemplateHead) -> None:
    smile, brow = head.vertices(params(mouthSmileLeft=0.4)), head.vertices(params(browInnerUp=0.9))
    both = head.vertices(params(mouthSmileLeft=0.4, browInnerUp=0.9))
    np.testing.assert_allclose(both - head.neutral, smile + brow - 2 * head.neutral, atol=1e-7)


@given(codes)
def test_the_52_weights_are_the_code_itself(code: np.ndarray) -> None:
    weights = shape_weights(code)
    assert weights.shape == (len(SHAPE_NAMES),)
    assert weights.dtype == np.float32
    np.testing.assert_array_equal(weights[:52], code)
    assert weights.min() >= 0
    assert weights.max() <= 1


@given(codes)
def test_mouth_close_never_closes_more_than_the_jaw_has_opened(code: np.ndarray) -> None:
    jaw = shape_weights(code)[SHAPE_NAMES.index("closeJaw")]
    assert jaw == min(code[ARKIT_INDEX["mouthClose"]], code[ARKIT_INDEX["jawOpen"]])


@pytest.mark.parametrize(
    ("channels", "closed"),
    [
        ({}, 0),
        ({"jawOpen": 1}, 0),
        ({"mouthClose": 0.5}, 0.5),
        ({"mouthPressLeft": 1}, 0.5),
        ({"mouthPressLeft": 1, "mouthPressRight": 1}, 1),
        ({"mouthPucker": 0.4}, 0.5),
        ({"mouthClose": 1, "mouthPucker": 1}, 1),
    ],
)
def test_pressing_and_puckering_close_a_gap_of_the_portrait(channels: dict[str, float], closed: float) -> None:
    gap = shape_weights(params(**channels).expression)[SHAPE_NAMES.index("closeGap")]
    assert gap == pytest.approx(closed)
