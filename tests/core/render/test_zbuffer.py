"""Triangles seen through pixels: the nearest one is found, and only where it is asked for."""

import numpy as np

from studio.core.render.zbuffer import nearest_triangles, nearest_triangles_at

_FAR_AND_NEAR = np.array(
    [[0, 0, 2], [16, 0, 2], [0, 16, 2], [16, 16, 2], [4, 4, 1], [12, 4, 1], [4, 12, 1]], np.float32
)
_FACES = np.array([[0, 1, 2], [1, 3, 2], [4, 5, 6]], np.int32)


def test_the_nearest_triangle_is_found() -> None:
    found = nearest_triangles(_FAR_AND_NEAR, _FACES, 20, 20)
    assert found[5, 5] == 2
    assert found[2, 2] == 0
    assert found[14, 14] == 1
    assert found[18, 18] == -1


def test_pixels_not_asked_about_are_left_out_and_the_others_stay() -> None:
    asked = np.random.default_rng(0).random((20, 20)) < 0.3
    everywhere = nearest_triangles(_FAR_AND_NEAR, _FACES, 20, 20)
    found = nearest_triangles_at(_FAR_AND_NEAR, _FACES, asked)
    assert (found[asked] == everywhere[asked]).all()
    assert (found[~asked] == -1).all()
