import numpy as np
import pytest
from fakes import TinyAvatar
from hypothesis import given
from hypothesis import strategies as st

from studio.core.framing import square_camera
from studio.core.orbit import MAX_PITCH, MAX_YAW, MAX_ZOOM, MIN_ZOOM, Orbit

NOSE = np.array([[0.0, 0.0, 0.1]])


def place(orbit: Orbit, point: np.ndarray = NOSE) -> np.ndarray:
    """Return where a head-space point lands, as fractions of the view from its centre."""
    return orbit.camera(TinyAvatar.make(20), 200).project(point)[0, :2] / 200 - 0.5


def test_home_is_the_square_framing() -> None:
    avatar = TinyAvatar.make(20)
    home, square = Orbit().camera(avatar, 256), square_camera(avatar, 256)
    np.testing.assert_allclose(home.K, square.K)
    np.testing.assert_allclose(home.world_to_camera, square.world_to_camera)


def test_the_face_follows_the_pointer() -> None:
    rest = place(Orbit())
    assert place(Orbit().dragged(0.1, 0))[0] > rest[0] + 0.01
    assert place(Orbit().dragged(0, 0.1))[1] > rest[1] + 0.01


@given(st.lists(st.tuples(st.floats(-2, 2), st.floats(-2, 2)), max_size=20))
def test_dragging_stays_within_the_limits(drags: list[tuple[float, float]]) -> None:
    orbit = Orbit()
    for dx, dy in drags:
        orbit = orbit.dragged(dx, dy)
    assert abs(orbit.yaw) <= MAX_YAW
    assert abs(orbit.pitch) <= MAX_PITCH


@given(st.floats(-0.3, 0.3), st.floats(-0.3, 0.3), st.floats(-3, 3))
def test_the_wheel_keeps_what_is_under_the_pointer(x: float, y: float, notches: float) -> None:
    avatar = TinyAvatar.make(20)
    under = np.array([[(x + 0.5) * 200, (y + 0.5) * 200]])
    point = Orbit().camera(avatar, 200).unproject(under, np.array([0.7]))
    assert place(Orbit().wheeled(notches, x, y), point) == pytest.approx([x, y], abs=1e-6)


def test_zoom_has_limits() -> None:
    assert Orbit().wheeled(1000).zoom == MAX_ZOOM
    assert Orbit().wheeled(-1000).zoom == MIN_ZOOM


def test_panning_moves_the_picture_and_never_loses_it() -> None:
    assert place(Orbit().moved(0.1, -0.2)) - place(Orbit()) == pytest.approx([0.1, -0.2])
    far = Orbit().moved(9, 9)
    assert (far.x, far.y) == (0.5, 0.5)


def test_going_closer_changes_the_perspective_and_zooming_does_not() -> None:
    pivot, ear = np.zeros((1, 3)), np.array([[0.1, 0.0, -0.05]])
    home = place(Orbit(), pivot)
    assert place(Orbit(distance=0.6), pivot) == pytest.approx(home)  # it keeps its place
    spread = lambda orbit, point: float(np.abs(place(orbit, point) - place(orbit, pivot))[0])  # noqa: E731
    front, back = np.array([[0.1, 0, 0.08]]), np.array([[0.1, 0, -0.08]])
    ratio = lambda orbit: spread(orbit, front) / spread(orbit, back)  # noqa: E731
    assert ratio(Orbit(zoom=2)) == pytest.approx(ratio(Orbit()))
    assert ratio(Orbit(distance=0.6)) > 1.1 * ratio(Orbit())
    assert spread(Orbit(distance=0.6), ear) > 1.5 * spread(Orbit(), ear)


def test_another_field_of_view_keeps_the_heads_size() -> None:
    avatar, ear = TinyAvatar.make(20), np.array([[0.1, 0.0, 0.0]])
    orbit = Orbit(zoom=1.2, distance=1.1)
    for degrees in (12.0, 18.0, 25.0):
        other = orbit.with_field_of_view(degrees, avatar)
        assert other.field_of_view(avatar) == pytest.approx(degrees)
        pivot = np.zeros((1, 3))
        assert place(other, ear) - place(other, pivot) == pytest.approx(place(orbit, ear) - place(orbit, pivot))
    wide = orbit.with_field_of_view(170, avatar)
    assert wide.zoom >= MIN_ZOOM
    assert wide.distance >= 0.5


def test_a_rolled_camera_leans_the_picture_the_other_way_about_the_head() -> None:
    top, pivot = np.array([[0.0, 0.1, 0.0]]), np.zeros((1, 3))
    rolled = Orbit(roll=90)
    assert place(rolled, pivot) == pytest.approx(place(Orbit(), pivot))
    up = place(Orbit(), top) - place(Orbit(), pivot)
    assert place(rolled, top) - place(rolled, pivot) == pytest.approx([up[1], up[0]], abs=1e-9)
    assert place(rolled, top)[0] < place(rolled, pivot)[0]
