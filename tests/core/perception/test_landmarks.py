import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from studio.core.heads.anatomy import CHIN, FOREHEAD, LOWER_LIP_INNER, UPPER_LID, eye_centres
from studio.core.perception.landmarks import MeshTracker, find_faces, landmark_box, read_again

# Where the astronaut's face is in the picture, px.
FACE = np.array([179, 70, 271, 178])


def to_uint8(rgb: NDArray[np.float32]) -> NDArray[np.uint8]:
    return np.round(rgb * 255).astype(np.uint8)


@pytest.mark.parametrize("scale", [0.6, 1.0, 1.5, 2.0])
def test_the_one_face_is_found_at_any_size(astronaut: NDArray[np.float32], scale: float) -> None:
    picture = to_uint8(astronaut)
    method = cv2.INTER_AREA if scale < 1 else cv2.INTER_LINEAR
    scaled = np.asarray(cv2.resize(picture, None, fx=scale, fy=scale, interpolation=method), np.uint8)
    (face,) = find_faces(scaled)
    (unscaled,) = find_faces(picture)
    np.testing.assert_allclose(face.box / scale, FACE, atol=3)
    assert face.landmarks.shape == (478, 3)
    assert face.height == pytest.approx(108 * scale, rel=0.03)
    off = np.linalg.norm((face.landmarks / scale - unscaled.landmarks)[:, :2], axis=1)
    assert off.max() < 0.02 * unscaled.height


def test_landmarks_are_numbered_and_oriented_as_anatomy_says(astronaut: NDArray[np.float32]) -> None:
    points = find_faces(to_uint8(astronaut))[0].landmarks
    right, left = eye_centres(points)
    assert right[0] < points[1, 0] < left[0]  # the person's right is image left
    assert points[FOREHEAD, 1] < right[1] < points[1, 1] < points[LOWER_LIP_INNER[5], 1] < points[CHIN, 1]
    assert points[1, 2] < points[FOREHEAD, 2]  # the tip of the nose is nearer
    assert points[UPPER_LID["Right"][0], 0] < points[468, 0] < points[UPPER_LID["Right"][-1], 0]  # iris in its eye


def test_two_faces_come_largest_first_and_once_each(bust: NDArray[np.float32]) -> None:
    small = cv2.resize(bust[:, ::-1], None, fx=0.7, fy=0.7, interpolation=cv2.INTER_AREA)
    picture = np.zeros((300, 320 + small.shape[1], 3), np.float32)
    picture[:, :320] = bust
    picture[: len(small), 320:] = small
    first, second = find_faces(to_uint8(picture))
    assert first.height > second.height
    assert first.box[2] < 320 < second.box[0]


def test_no_face_gives_no_face() -> None:
    assert find_faces(np.full((200, 300, 3), 127, np.uint8)) == []


def test_a_tracker_follows_a_moving_face(bust: NDArray[np.float32]) -> None:
    tracker = MeshTracker()
    try:
        assert tracker.track(np.zeros((300, 320, 3), np.uint8)) is None
        (still,) = find_faces(to_uint8(bust))
        for shift in range(0, 20, 4):
            found = tracker.track(np.roll(to_uint8(bust), shift, axis=1))
            assert found is not None
            off = found[:, :2] - still.landmarks[:, :2] - [shift, 0]
            assert np.abs(off.mean(0)).max() < 0.03 * still.height
    finally:
        tracker.close()


def test_a_box_is_drawn_around_landmarks() -> None:
    np.testing.assert_array_equal(landmark_box(np.array([[3, 9, 5], [1, 4, 0], [2, 11, 7]])), [1, 4, 3, 11])


def test_a_second_reading_is_averaged_and_one_of_another_place_is_not(bust: NDArray[np.float32]) -> None:
    picture = to_uint8(bust)
    (face,) = find_faces(picture)
    astray = face.landmarks + np.array([0.02 * face.height, 0, 0], np.float32)
    again = read_again(picture, astray)
    off = [np.linalg.norm((points - face.landmarks)[:, :2], axis=1).mean() for points in (again, astray)]
    assert off[0] < 0.75 * off[1]
    elsewhere = face.landmarks + np.array([0.5 * face.height, 0, 0], np.float32)
    assert read_again(picture, elsewhere) is elsewhere
    assert read_again(np.full_like(picture, 127), astray) is astray
