"""The cameras that window, clips and sheets share."""

from dataclasses import replace

import numpy as np
import pytest
from fakes import TinyAvatar
from hypothesis import given, settings
from hypothesis import strategies as st

from studio.core.framing import HEAD_FILL, framed_camera, orbit, portrait_camera, square_camera
from studio.core.gaussians.camera import Camera

few = settings(max_examples=60, deadline=None)


@st.composite
def avatars(draw: st.DrawFn) -> TinyAvatar:
    """Any portrait format with a head anywhere in it."""
    width, height = draw(st.integers(64, 2000)), draw(st.integers(64, 2000))
    x = sorted(draw(st.lists(st.floats(0, width), min_size=2, max_size=2)))
    y = sorted(draw(st.lists(st.floats(0, height), min_size=2, max_size=2)))
    camera = Camera.frontal(width, 900.0, 0.9).cropped(0, 0, width, height, width, height)
    box = np.array([x[0], y[0], max(x[1], x[0] + 1), max(y[1], y[0] + 1)])
    return replace(TinyAvatar.make(10), camera=camera, head_box=np.minimum(box, [width, height] * 2))


def shown(own: Camera, view: Camera) -> np.ndarray:
    """Return the rectangle of `own` that `view` shows: x0 y0 x1 y1 px."""
    to_own = own.K @ np.linalg.inv(view.K)
    corners = to_own @ np.array([[0, view.width], [0, view.height], [1, 1.0]])
    return corners[:2].T.ravel()


@few
@given(avatars(), st.integers(16, 1024))
def test_the_square_stays_inside_the_portrait(avatar: TinyAvatar, size: int) -> None:
    camera = square_camera(avatar, size)
    assert (camera.width, camera.height) == (size, size)
    x0, y0, x1, y1 = shown(avatar.camera, camera)
    assert x1 - x0 == pytest.approx(y1 - y0)
    assert min(x0, y0) > -1e-6
    assert x1 < avatar.camera.width + 1e-6
    assert y1 < avatar.camera.height + 1e-6
    np.testing.assert_array_equal(camera.world_to_camera, avatar.camera.world_to_camera)


@few
@given(avatars())
def test_the_head_is_inside_the_square_where_the_portrait_allows(avatar: TinyAvatar) -> None:
    x0, y0, x1, y1 = shown(avatar.camera, square_camera(avatar, 512))
    head = avatar.head_box
    side = min(avatar.camera.width, avatar.camera.height)
    if (head[3] - head[1]) / HEAD_FILL <= side and head[2] - head[0] <= side:
        assert x0 <= head[0] + 1e-6
        assert head[2] <= x1 + 1e-6
        assert y0 <= head[1] + 1e-6
        assert head[3] <= y1 + 1e-6
    # Never smaller than the head needs.
    assert x1 - x0 >= min(side, head[3] - head[1]) - 1e-6


def test_the_head_fills_the_agreed_share_of_a_large_portrait() -> None:
    camera = Camera.frontal(1000, 2000.0, 0.9)
    avatar = replace(TinyAvatar.make(10), camera=camera, head_box=np.array([420.0, 400, 580, 600]))
    x0, y0, x1, y1 = shown(camera, square_camera(avatar, 256))
    assert 200 / (y1 - y0) == pytest.approx(HEAD_FILL)
    assert (x0 + x1) / 2 == pytest.approx(500)
    # The head sits a little above the middle.
    assert 0 < (500 - y0) / (y1 - y0) - 0.4 < 0.1


@few
@given(avatars(), st.integers(16, 1024))
def test_the_portraits_own_view_fits_its_longer_side(avatar: TinyAvatar, size: int) -> None:
    camera = portrait_camera(avatar, size)
    assert max(camera.width, camera.height) == size
    np.testing.assert_allclose(
        shown(avatar.camera, camera), [0, 0, avatar.camera.width, avatar.camera.height], atol=1e-6
    )


def test_an_orbit_is_in_degrees_about_the_pivot() -> None:
    avatar = replace(TinyAvatar.make(10), pivot=np.array([0.01, 0.02, 0.03]))
    camera = square_camera(avatar, 200)
    turned = orbit(avatar, camera, 90, 0)
    forward = avatar.pivot + [0, 0, 0.05]
    # After a quarter turn the head looks to image left.
    assert turned.project(forward[None])[0, 0] < turned.project(avatar.pivot[None])[0, 0] - 5
    np.testing.assert_allclose(turned.project(avatar.pivot[None]), camera.project(avatar.pivot[None]), atol=1e-9)
    back = orbit(avatar, orbit(avatar, camera, 20, 0), -20, 0)
    np.testing.assert_allclose(back.world_to_camera, camera.world_to_camera, atol=1e-12)
    closer = orbit(avatar, camera, 0, 0, zoom=2)
    assert closer.K[0, 0] == pytest.approx(2 * camera.K[0, 0])
    lifted = orbit(avatar, camera, 0, 30)
    assert lifted.project(forward[None])[0, 1] > lifted.project(avatar.pivot[None])[0, 1]


@pytest.mark.parametrize("size", [(160, 90), (90, 160), (100, 80)])
@pytest.mark.parametrize("head_box", [(40.0, 30.0, 88.0, 98.0), (12.0, 12.0, 116.0, 116.0)])
def test_a_picture_of_any_shape_holds_the_whole_head_and_nothing_below_the_portrait(
    size: tuple[int, int], head_box: tuple[float, ...]
) -> None:
    avatar = replace(TinyAvatar.make(10), head_box=np.array(head_box))
    camera = framed_camera(avatar, *size)
    assert (camera.width, camera.height) == size
    unit = avatar.camera.K[0, 0] / camera.K[0, 0]
    assert camera.K[0, 0] == pytest.approx(camera.K[1, 1])
    left, top = avatar.camera.K[:2, 2] - camera.K[:2, 2] * unit
    right, bottom = left + size[0] * unit, top + size[1] * unit
    assert left <= head_box[0] < head_box[2] <= right
    assert top <= head_box[1] < head_box[3] <= bottom
    assert bottom <= avatar.camera.height + 1e-9
