from pathlib import Path

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from studio.core.media.image import load_picture
from studio.core.perception.landmarks import Face, find_faces
from studio.core.perception.preflight import Preflight, inspect_face
from studio.core.sample import sample_portrait

Pixels = NDArray[np.uint8]


def eight_bits(path: Path) -> Pixels:
    return np.round(load_picture(path).rgb * 255).astype(np.uint8)


@pytest.fixture(scope="module")
def sample() -> tuple[Pixels, Face]:
    picture = eight_bits(sample_portrait())
    return picture, find_faces(picture)[0]


def with_patch(picture: Pixels, face: Face, color: tuple[int, int, int], *part: float) -> Pixels:
    """Cover x0 y0 x1 y1, of the face's box, with a noisy colour."""
    covered = picture.copy()
    low, size = face.box[:2], face.box[2:] - face.box[:2]
    (x0, y0), (x1, y1) = (low + part[:2] * size).astype(int), (low + part[2:] * size).astype(int)
    patch = covered[y0:y1, x0:x1]
    patch[:] = np.clip(np.random.default_rng(0).normal(color, 6, patch.shape), 0, 255)
    return covered


def test_the_samples_face_is_good_but_small(sample: tuple[Pixels, Face]) -> None:
    seen = inspect_face(*sample)
    assert seen.fault == "small"
    assert abs(seen.yaw) < 10
    assert seen.height == pytest.approx(sample[1].height)
    np.testing.assert_array_equal(seen.box, sample[1].box)


@pytest.mark.parametrize(
    ("color", "part"),
    [((150, 190, 220), (0.1, 0.6, 0.9, 1.0)), ((15, 15, 18), (0.08, 0.24, 0.92, 0.44))],
    ids=["mask", "dark glasses"],
)
def test_what_covers_a_face_is_seen(
    sample: tuple[Pixels, Face], color: tuple[int, int, int], part: tuple[float, ...]
) -> None:
    picture, face = sample
    assert inspect_face(with_patch(picture, face, color, *part), face).fault == "covered"


def test_blur_is_seen_at_the_size_engines_work_at(sample: tuple[Pixels, Face]) -> None:
    picture, face = sample
    sigma = 3 * face.height / 256
    blurred = cv2.GaussianBlur(picture, (0, 0), sigma).astype(np.uint8)
    assert inspect_face(blurred, face).fault == "blurred"
    larger = cv2.resize(picture, None, fx=3, fy=3, interpolation=cv2.INTER_LANCZOS4).astype(np.uint8)
    grown = Face(face.landmarks * 3, face.box * 3)
    assert inspect_face(larger, grown).fault == ""


def test_the_worst_is_told_first() -> None:
    box = np.zeros(4, np.float32)
    assert Preflight(box, 90, 40, 0.9, 0.4).fault == "covered"
    assert Preflight(box, 90, -40, 0.9, 0.0).fault == "turned"
    assert Preflight(box, 90, 0, 0.9, 0.0).fault == "blurred"


def test_real_portraits(shared_data: Path) -> None:
    faults = {}
    for path in sorted((shared_data / "portraits").glob("p0[1-9]_*")):
        picture = eight_bits(path)
        faults[path.name[:3]] = inspect_face(picture, find_faces(picture)[0]).fault
    assert faults == {
        "p01": "", "p02": "", "p03": "", "p04": "", "p05": "",
        "p06": "small", "p07": "small", "p08": "", "p09": "turned",
    }  # fmt: skip
