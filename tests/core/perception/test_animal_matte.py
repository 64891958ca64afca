from pathlib import Path

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from studio.core.jobs import run
from studio.core.media.image import load_picture
from studio.core.perception.animal_matte import colour_matte
from studio.core.perception.handles import Handles, fit_landmarks, guess_handles
from studio.core.perception.landmarks import find_faces
from studio.core.perception.portrait import prepare_portrait

SIDE = 360


@pytest.fixture(scope="module")
def animal() -> tuple[NDArray[np.float32], NDArray[np.bool_]]:
    """Return a picture of an orange head with two ears before green stripes, and where the head is."""
    y, x = np.mgrid[:SIDE, :SIDE]
    rng = np.random.default_rng(0)
    head = (((x - 180) / 105) ** 2 + ((y - 190) / 120) ** 2) < 1
    for side in (-1, 1):
        ear = np.array([[180 + side * 30, 100], [180 + side * 100, 150], [180 + side * 90, 40]], np.int32)
        head |= cv2.fillPoly(np.zeros((SIDE, SIDE), np.uint8), [ear], (1,)) > 0
    picture = np.where(((x // 9) % 2)[..., None] > 0, [0.1, 0.35, 0.15], [0.15, 0.5, 0.3])
    picture[head] = [0.85, 0.45, 0.15]
    for eye in (140, 220):
        picture[(x - eye) ** 2 + (y - 170) ** 2 < 100] = 0.05
    picture = picture + rng.normal(0, 0.03, picture.shape)
    return np.clip(picture, 0, 1).astype(np.float32), head


@pytest.fixture(scope="module")
def landmarks() -> NDArray[np.float32]:
    """Return landmarks on the animal's face."""
    return fit_landmarks(guess_handles(SIDE, SIDE), SIDE, SIDE)


def test_a_head_the_network_does_not_know_is_found_with_its_ears(
    animal: tuple[NDArray[np.float32], NDArray[np.bool_]], landmarks: NDArray[np.float32]
) -> None:
    picture, head = animal
    alpha = colour_matte(picture, landmarks)
    assert alpha is not None
    assert (alpha.shape, alpha.dtype) == (head.shape, np.float32)
    assert 0 <= alpha.min() <= alpha.max() <= 1
    found = alpha > 0.5
    assert (found & head).sum() / (found | head).sum() > 0.95
    assert alpha[70, 96] > 0.9  # an ear
    assert alpha[170, 140] > 0.99  # an eye, of another colour
    again = colour_matte(picture, landmarks)
    assert again is not None
    np.testing.assert_array_equal(again, alpha)


def test_a_person_is_left_to_the_network(bust: NDArray[np.float32]) -> None:
    found = find_faces(np.round(bust * 255).astype(np.uint8))[0]
    assert colour_matte(bust, found.landmarks) is None


def test_the_matte_serves_as_the_pictures_own(
    animal: tuple[NDArray[np.float32], NDArray[np.bool_]], landmarks: NDArray[np.float32]
) -> None:
    picture, head = animal
    portrait = run(prepare_portrait(picture, colour_matte(picture, landmarks), landmarks=landmarks))
    small = cv2.resize(head.astype(np.float32), portrait.alpha.shape[::-1], interpolation=cv2.INTER_AREA)
    assert np.abs(portrait.alpha - small).mean() < 0.03


def test_real_animals_are_cut_out(shared_data: Path) -> None:
    picture = load_picture(shared_data / "portraits" / "p13_dog_512.jpg").rgb
    dog = Handles(
        {
            "eye_outer_right": (139, 213), "eye_inner_right": (184, 207), "eye_inner_left": (326, 216),
            "eye_outer_left": (371, 228), "nose_tip": (252, 298), "mouth_right": (152, 448), "mouth_left": (310, 455),
            "lip_upper": (243, 404), "lip_lower": (243, 408), "chin": (240, 440), "side_right": (92, 262),
            "side_left": (420, 275),
        }
    )  # fmt: skip
    alpha = colour_matte(picture, fit_landmarks(dog, 512, 512))
    assert alpha is not None
    assert alpha[[200, 250, 290], [15, 480, 20]].min() > 0.9  # its ears
    assert alpha[[30, 100, 150], [256, 40, 500]].max() < 0.1  # the wall
