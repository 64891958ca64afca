import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from studio.core.perception.landmarks import find_faces
from studio.core.perception.matting import paint_out, person_matte, settle_edges, settle_hair
from studio.core.perception.regions import BACKGROUND, CLOTH, FACE, HAIR

SIZE = 160


def texture(color: tuple[float, float, float], seed: int) -> NDArray[np.float32]:
    noise = np.random.default_rng(seed).normal(0, 0.3, (SIZE, SIZE, 3))
    return np.clip(cv2.GaussianBlur(noise, (0, 0), 6) + color, 0, 1).astype(np.float32)


@pytest.fixture
def disc() -> NDArray[np.float32]:
    """Return a disc's alpha with an edge 3 px wide."""
    y, x = np.mgrid[:SIZE, :SIZE] + 0.5
    return np.clip((50 - np.hypot(x - SIZE / 2, y - SIZE / 2)) / 3 + 0.5, 0, 1).astype(np.float32)


def test_edges_are_settled_by_colour(disc: NDArray[np.float32]) -> None:
    person, plate = texture((0.8, 0.6, 0.5), 0), texture((0.2, 0.3, 0.6), 1)
    picture = disc[..., None] * person + (1 - disc[..., None]) * plate
    guess = cv2.GaussianBlur(np.roll(disc, 2, axis=1), (0, 0), 4).astype(np.float32)
    settled, colors = settle_edges(picture, guess, plate)
    band = (guess > 0.01) & (guess < 0.99)
    assert np.abs(guess - disc)[band].mean() > 0.1
    assert np.abs(settled - disc)[band].mean() < 0.04
    # And the person's colour there holds no background.
    soft = (disc > 0.2) & (disc < 0.8)
    assert np.abs(colors - person)[soft].mean() < 0.2 * np.abs(picture - person)[soft].mean()


def test_where_person_and_background_look_alike_the_guess_stays(disc: NDArray[np.float32]) -> None:
    same = texture((0.5, 0.5, 0.5), 0)
    guess = cv2.GaussianBlur(disc, (0, 0), 3).astype(np.float32)
    settled, _ = settle_edges(same, guess, same)
    np.testing.assert_allclose(settled, guess, atol=0.05)


@pytest.mark.parametrize("value", [0.0, 1.0])
def test_a_matte_without_edges_stays(value: float) -> None:
    alpha = np.full((SIZE, SIZE), value, np.float32)
    settled, _ = settle_edges(texture((0.8, 0.6, 0.5), 0), alpha, texture((0.2, 0.3, 0.6), 1))
    np.testing.assert_array_equal(settled, alpha)


def test_painting_out_leaves_the_rest_untouched_and_nothing_of_the_person(disc: NDArray[np.float32]) -> None:
    background = texture((0.2, 0.3, 0.6), 1)
    red = np.array([1, 0, 0], np.float32)
    plate = paint_out(disc[..., None] * red + (1 - disc[..., None]) * background, disc)
    outside = cv2.dilate(disc, np.ones((25, 25))) == 0
    np.testing.assert_allclose(plate[outside], background[outside], atol=1e-6)
    assert np.abs(plate - background)[disc == 1].mean() < 0.15
    assert plate[..., 0].max() < 0.6


def test_a_picture_full_of_person_gets_an_even_plate() -> None:
    picture = texture((0.8, 0.6, 0.5), 0)
    plate = paint_out(picture, np.ones((SIZE, SIZE), np.float32))
    assert not np.ptp(plate, axis=(0, 1)).any()
    np.testing.assert_allclose(plate[0, 0], np.median(picture.reshape(-1, 3), 0))


@pytest.fixture
def hairy(disc: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return the disc with strands of about one px around it."""
    strands = np.zeros((SIZE * 4, SIZE * 4), np.uint8)
    for angle in np.linspace(0, 2 * np.pi, 40, endpoint=False):
        for radius, bend in ((45, 0.0), (58, 0.1)):
            start = [(SIZE / 2 + r * f) * 4 for r, f in ((radius, np.cos(angle)), (radius, np.sin(angle)))]
            end = [(SIZE / 2 + (radius + 13) * f(angle + bend)) * 4 for f in (np.cos, np.sin)]
            cv2.line(strands, np.round(start).astype(int).tolist(), np.round(end).astype(int).tolist(), (255,), 4)
    cover = cv2.resize(strands, (SIZE, SIZE), interpolation=cv2.INTER_AREA).astype(np.float32) / 255
    return cover + (1 - cover) * disc


def test_hair_is_found_strand_by_strand_and_holds_no_background(
    disc: NDArray[np.float32], hairy: NDArray[np.float32]
) -> None:
    person, plate = 0.4 * texture((0.5, 0.35, 0.25), 0), texture((0.7, 0.75, 0.8), 1)
    picture = hairy[..., None] * person + (1 - hairy[..., None]) * plate
    first = cv2.GaussianBlur(disc, (0, 0), 3).astype(np.float32)
    regions = np.where(first > 0.5, HAIR, BACKGROUND).astype(np.uint8)
    settled, colors = settle_hair(picture, first, regions, face_height=200)
    strands = hairy - disc > 0.2
    assert strands.sum() > 500
    assert np.abs(settled - hairy)[strands].mean() < 0.3 * np.abs(first - hairy)[strands].mean()
    assert np.abs(colors - person)[strands].mean() < 0.5 * np.abs(picture - person)[strands].mean()


def test_beside_clothes_only_the_edge_itself_is_in_doubt(disc: NDArray[np.float32], hairy: NDArray[np.float32]) -> None:
    person, plate = 0.4 * texture((0.5, 0.35, 0.25), 0), texture((0.7, 0.75, 0.8), 1)
    picture = hairy[..., None] * person + (1 - hairy[..., None]) * plate
    settled, _ = settle_hair(picture, disc, np.where(disc > 0.5, CLOTH, BACKGROUND).astype(np.uint8), 200)
    np.testing.assert_array_equal(settled[cv2.dilate(disc, np.ones((9, 9))) == 0], 0)
    np.testing.assert_array_equal(settled[cv2.erode(disc, np.ones((9, 9))) == 1], 1)


def test_a_face_under_hair_stays_solid(disc: NDArray[np.float32]) -> None:
    noise = np.random.default_rng(0).uniform(0, 1, (SIZE, SIZE, 3)).astype(np.float32)
    y, x = np.mgrid[:SIZE, :SIZE] + 0.5
    face = np.hypot(x - SIZE / 2, y - SIZE / 2) < 48
    regions = np.where(face, FACE, np.where(disc > 0.5, HAIR, BACKGROUND)).astype(np.uint8)
    settled, _ = settle_hair(noise, disc, regions, face_height=200)
    assert settled[np.hypot(x - SIZE / 2, y - SIZE / 2) < 43].min() == 1


@pytest.mark.parametrize("value", [0.0, 1.0])
def test_hair_is_not_looked_for_where_there_is_no_outline(value: float) -> None:
    alpha = np.full((SIZE, SIZE), value, np.float32)
    picture = texture((0.8, 0.6, 0.5), 0)
    settled, colors = settle_hair(picture, alpha, np.full((SIZE, SIZE), HAIR, np.uint8), 200)
    np.testing.assert_array_equal(settled, alpha)
    np.testing.assert_array_equal(colors, picture)


@pytest.mark.parametrize("left", [0, 10, 13, 14])
def test_a_head_that_nearly_fills_its_picture_is_cut_out(bust: NDArray[np.float32], left: int) -> None:
    picture = np.ascontiguousarray(bust[:, left : 331 - left])
    landmarks = find_faces(np.round(picture * 255).astype(np.uint8))[0].landmarks
    alpha = person_matte(picture, landmarks)
    assert alpha.shape == picture.shape[:2]
    x, y = landmarks[1, :2].astype(int)
    assert alpha[y, x] == 1
    assert alpha[3, 3] < 0.05
