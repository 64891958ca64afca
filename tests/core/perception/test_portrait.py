from typing import Any

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from studio.core.errors import UserError
from studio.core.heads.anatomy import LOWER_LID, UPPER_LID
from studio.core.jobs import Progress, run
from studio.core.media.image import load_picture
from studio.core.perception.landmarks import find_faces
from studio.core.perception.masks import convex, grown
from studio.core.perception.portrait import FacesFoundError, Portrait, prepare_portrait, refine_matte
from studio.core.sample import sample_portrait


def prepare(picture: NDArray[np.float32], **options: Any) -> Portrait:
    return run(prepare_portrait(picture, options.pop("alpha", None), **options))


@pytest.fixture(scope="module")
def points(bust: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return the bust's landmarks ``[478,3]`` px."""
    return find_faces(np.round(bust * 255).astype(np.uint8))[0].landmarks


@pytest.fixture(scope="module")
def pair(bust: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return two faces side by side: hers, a little larger, and its mirror image."""
    small = np.asarray(cv2.resize(bust[:, ::-1], None, fx=0.9, fy=0.9, interpolation=cv2.INTER_AREA), np.float32)
    return np.concatenate([bust, np.pad(small, ((300 - len(small), 0), (0, 0), (0, 0)), mode="edge")], axis=1)


def test_a_portrait_is_scaled_to_its_face(portrait: Portrait, points: NDArray[np.float32]) -> None:
    height, width = portrait.alpha.shape
    assert portrait.face_height == pytest.approx(256, abs=2)
    assert (portrait.rgb.shape, portrait.plate.shape, portrait.foreground.shape) == ((height, width, 3),) * 3
    assert portrait.landmarks.shape == (478, 3)
    assert width == pytest.approx(320 * portrait.scale, abs=1)
    np.testing.assert_allclose(portrait.landmarks / portrait.scale, points, atol=0.5)
    for picture in (portrait.rgb, portrait.alpha, portrait.plate, portrait.foreground, portrait.landmarks):
        assert picture.dtype == np.float32
        assert np.isfinite(picture).all()
    assert portrait.alpha.min() >= 0
    assert portrait.alpha.max() <= 1
    assert portrait.name == "astronaut"


def test_a_soft_face_is_noted(portrait: Portrait) -> None:
    assert any("108 px" in note for note in portrait.notes)


def test_the_person_is_solid_and_the_corners_are_not(portrait: Portrait) -> None:
    face = portrait.landmarks[:468, :2]
    inner = convex(portrait.alpha.shape, face.mean(0) + 0.8 * (face - face.mean(0)))
    assert portrait.alpha[inner].min() > 0.95
    assert portrait.alpha[5, 5] < 0.05
    assert portrait.alpha[5, -5] < 0.05
    assert 0.2 < portrait.alpha.mean() < 0.8
    assert portrait.alpha[-20, portrait.alpha.shape[1] // 3] > 0.95  # her shoulder


def test_the_plate_is_the_picture_where_there_is_no_person(portrait: Portrait) -> None:
    background = ~grown(portrait.alpha > 0.02, 41)
    assert background.mean() > 0.1
    assert np.abs(portrait.plate - portrait.rgb)[background].max() < 0.02
    person = portrait.alpha > 0.99
    assert np.abs(portrait.plate - portrait.rgb)[person].mean() > 0.1


def test_matting_gives_the_picture_back(portrait: Portrait) -> None:
    alpha = portrait.alpha[..., None]
    again = alpha * portrait.foreground + (1 - alpha) * portrait.plate
    assert np.abs(again - portrait.rgb).mean() < 0.01


def test_refining_the_matte_changes_hair_and_nothing_solid(portrait: Portrait) -> None:
    refined = refine_matte(portrait)
    assert refined.landmarks is portrait.landmarks
    assert refined.plate is portrait.plate
    for picture, like in ((refined.alpha, portrait.alpha), (refined.foreground, portrait.foreground)):
        assert picture.shape == like.shape
        assert picture.dtype == np.float32
        assert 0 <= picture.min() < picture.max() <= 1
    face = portrait.landmarks[:468, :2]
    inner = convex(portrait.alpha.shape, face.mean(0) + 0.8 * (face - face.mean(0)))
    assert refined.alpha[inner].min() > 0.95
    solid = (refined.alpha == 1) & (portrait.alpha == 1)
    assert np.abs(refined.foreground - portrait.rgb)[solid].mean() < 0.01
    changed = np.abs(refined.alpha - portrait.alpha) > 0.1
    assert 0.002 < changed.mean() < 0.1
    assert not changed[~grown(portrait.regions > 0, round(0.3 * portrait.face_height))].any()


def test_progress_is_reported_in_order(bust: NDArray[np.float32]) -> None:
    seen: list[Progress] = []
    run(prepare_portrait(bust), seen.append)
    fractions = [progress.fraction for progress in seen]
    assert fractions == sorted(fractions)
    assert seen[0].message == "finding the face"


def test_closing_between_steps_is_clean(bust: NDArray[np.float32]) -> None:
    job = prepare_portrait(bust)
    next(job)
    next(job)
    job.close()
    with pytest.raises(StopIteration):
        next(job)


def test_a_picture_without_a_face_is_refused() -> None:
    coffee = load_picture(sample_portrait().with_name("coffee.png"))
    with pytest.raises(UserError, match=r"No face was found; use a picture .*\.$"):
        prepare(coffee.rgb)


def test_a_small_face_is_refused_with_its_size(bust: NDArray[np.float32]) -> None:
    tiny = cv2.resize(bust, None, fx=0.5, fy=0.5, interpolation=cv2.INTER_AREA)
    with pytest.raises(UserError, match=r"only 5\d px high and 64 px are needed; use a larger picture"):
        prepare(np.asarray(tiny, np.float32))


def test_two_faces_ask_which_and_the_number_chooses(pair: NDArray[np.float32]) -> None:
    with pytest.raises(FacesFoundError, match="choose one with --face 1 to --face 2") as caught:
        prepare(pair)
    assert caught.value.boxes.shape == (2, 4)
    for number, box in enumerate(caught.value.boxes, 1):
        chosen = prepare(pair, face=number)
        found = chosen.landmarks[:468, :2] / chosen.scale
        np.testing.assert_allclose([*found.min(0), *found.max(0)], box, atol=1.5)
    assert caught.value.boxes[0, 0] < 320 < caught.value.boxes[1, 0]


@pytest.mark.parametrize("face", [1, 2])
def test_another_person_stays_background(bust: NDArray[np.float32], face: int) -> None:
    between = np.full((300, 60, 3), 0.7, np.float32)
    chosen = prepare(np.concatenate([bust, between, bust[:, ::-1]], axis=1), face=face)
    middle = chosen.alpha.shape[1] // 2
    halves = (chosen.alpha[:, :middle].mean(), chosen.alpha[:, middle:].mean())
    assert min(halves) < 0.01
    assert max(halves) > 0.3
    assert (halves[0] > halves[1]) == (chosen.landmarks[1, 0] < middle)


@pytest.mark.parametrize("face", [0, -1, 3])
def test_a_face_that_is_not_there_is_refused(pair: NDArray[np.float32], face: int) -> None:
    with pytest.raises(UserError, match=f"There is no face {face}: 2 faces were found; choose a number from 1 to 2"):
        prepare(pair, face=face)


def test_a_passer_by_far_smaller_is_no_reason_to_ask(bust: NDArray[np.float32]) -> None:
    small = np.asarray(cv2.resize(bust, None, fx=0.45, fy=0.45, interpolation=cv2.INTER_AREA), np.float32)
    small = np.pad(small, ((0, 300 - len(small)), (0, 0), (0, 0)), mode="edge")
    chosen = prepare(np.concatenate([bust, small], axis=1))
    assert chosen.landmarks[1, 0] / chosen.scale < 320


def test_a_small_face_in_a_large_picture_is_cropped_to_a_bust(bust: NDArray[np.float32]) -> None:
    large = np.pad(bust, ((300, 300), (290, 290), (0, 0)), mode="edge")
    cropped = prepare(large)
    assert any("cropped" in note for note in cropped.notes)
    height, width = cropped.alpha.shape
    assert height == width
    assert cropped.face_height > 0.19 * height
    np.testing.assert_allclose(cropped.landmarks[1, 0], width / 2, atol=0.1 * width)


def test_alpha_of_the_file_is_trusted(bust: NDArray[np.float32]) -> None:
    alpha = np.zeros(bust.shape[:2], np.float32)
    alpha[20:280, 40:300] = 1
    cut = prepare(bust, alpha=alpha)
    x, y = int(60 * cut.scale), int(100 * cut.scale)
    assert cut.alpha[y, x] > 0.9  # background to the network, person to the file
    assert cut.alpha[:20].max() < 0.05
    assert cut.own_alpha
    assert refine_matte(cut) is cut


def test_an_opaque_alpha_says_nothing(bust: NDArray[np.float32], portrait: Portrait) -> None:
    np.testing.assert_array_equal(prepare(bust, alpha=np.ones(bust.shape[:2], np.float32)).alpha, portrait.alpha)


@pytest.mark.parametrize("count", [468, 478])
@pytest.mark.parametrize("width", [2, 3])
def test_landmarks_placed_by_hand_are_completed(
    bust: NDArray[np.float32], points: NDArray[np.float32], portrait: Portrait, count: int, width: int
) -> None:
    placed = prepare(bust, landmarks=points[:count, :width]).landmarks
    np.testing.assert_allclose(placed[:count, :2], portrait.landmarks[:count, :2], atol=1e-3)
    # Irises fall into the eyes, depth is that of a face.
    assert np.abs(placed[468:, :2] - portrait.landmarks[468:, :2]).max() < 0.02 * portrait.face_height
    assert np.abs(placed[:, 2] - portrait.landmarks[:, 2]).max() < 0.15 * portrait.face_height


def test_a_hand_placed_face_needs_no_detector(portrait: Portrait, points: NDArray[np.float32]) -> None:
    grey = np.full((300, 320, 3), 0.5, np.float32)
    placed = prepare(grey, landmarks=points)
    assert placed.face_height == pytest.approx(256, abs=2)
    face = placed.landmarks[:468, :2]
    assert placed.alpha[convex(placed.alpha.shape, face.mean(0) + 0.8 * (face - face.mean(0)))].min() > 0.95


@pytest.mark.parametrize("shape", [(468, 4), (477, 3), (3, 478), (478,), (0, 2)])
def test_landmarks_of_another_layout_are_refused(bust: NDArray[np.float32], shape: tuple[int, ...]) -> None:
    with pytest.raises(UserError, match="468 or 478 rows"):
        prepare(bust, landmarks=np.ones(shape, np.float32))


@pytest.mark.parametrize("value", [np.nan, np.inf, 1e6, -1e4])
def test_landmarks_outside_the_picture_are_refused(
    bust: NDArray[np.float32], points: NDArray[np.float32], value: float
) -> None:
    wild = points.copy()
    wild[30, 1] = value
    with pytest.raises(UserError, match="far outside the picture"):
        prepare(bust, landmarks=wild)


@pytest.mark.parametrize("move", [(330, 0), (-230, 0), (0, 240), (0, -200)])
def test_landmarks_beside_the_picture_are_refused(
    bust: NDArray[np.float32], points: NDArray[np.float32], move: tuple[int, int]
) -> None:
    with pytest.raises(UserError, match="beside the picture"):
        prepare(bust, landmarks=points + np.array([*move, 0], np.float32))


@pytest.mark.parametrize("wrong", ["shuffled", "on a line", "eyes in one place", "deep"])
def test_landmarks_that_outline_no_face_are_refused(
    bust: NDArray[np.float32], points: NDArray[np.float32], wrong: str
) -> None:
    if wrong == "shuffled":
        points = np.random.default_rng(0).permutation(points)
    elif wrong == "on a line":
        points = points * np.array([0, 1, 0], np.float32) + np.array([160, 0, 0], np.float32)
    elif wrong == "deep":
        points = points * np.array([1, 1, 50], np.float32)
    else:
        points = points.copy()
        points[[*UPPER_LID["Right"], *LOWER_LID["Right"], *UPPER_LID["Left"], *LOWER_LID["Left"]]] = [160, 100, 0]
    with pytest.raises(UserError, match="do not outline a face; give them in the face mesh's order"):
        prepare(bust, landmarks=points)


@pytest.mark.parametrize("transparent_rows", [300, 150])
def test_a_transparent_face_is_refused(bust: NDArray[np.float32], transparent_rows: int) -> None:
    alpha = np.ones(bust.shape[:2], np.float32)
    alpha[:transparent_rows] = 0
    with pytest.raises(UserError, match="transparent where the face is; save it again"):
        prepare(bust, alpha=alpha)
