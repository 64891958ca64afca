"""Regions of the sample portrait, and of faces drawn with hair, hat, bald skull, bare or dark shoulders."""

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from studio.core.heads.anatomy import BROW, CHIN, FACE_OVAL, IRIS, LIPS_OUTER
from studio.core.perception.masks import polygon
from studio.core.perception.portrait import Portrait
from studio.core.perception.regions import BACKGROUND, CLOTH, FACE, HAIR, SKIN, find_regions

TAN, BROWN, RED, NAVY = (0.85, 0.65, 0.55), (0.25, 0.16, 0.1), (0.7, 0.1, 0.1), (0.1, 0.12, 0.3)


class Drawing:
    """A face of flat colours with a little grain; everything is placed in face heights from its middle."""

    def __init__(self, landmarks: NDArray[np.float32]) -> None:
        self.points = landmarks
        oval = landmarks[FACE_OVAL, :2]
        self.middle, self.unit = (oval.min(0) + oval.max(0)) / 2, float(np.ptp(oval[:, 1]))
        self.rgb = np.full((512, 512, 3), 0.5, np.float32)
        self.alpha = np.zeros((512, 512), np.float32)

    def ellipse(self, color: tuple[float, ...], u: float, v: float, across: float, down: float) -> None:
        centre = self.middle + self.unit * np.array([u, v])
        self.fill(centre + self.unit * np.array([across, down]) * circle(), color)

    def fill(self, corners: NDArray, color: tuple[float, ...]) -> None:
        mask = polygon(self.alpha.shape, corners)
        self.rgb[mask] = color
        self.alpha[mask] = 1

    def face(self, skin: tuple[float, ...]) -> None:
        self.fill(self.points[FACE_OVAL, :2], skin)
        for side, ring in BROW.items():
            self.fill(self.points[ring, :2] + [0, -3], BROWN)
            self.ellipse(BROWN, *self.at(self.points[IRIS[side][0], :2]), 0.04, 0.03)
        self.fill(self.points[LIPS_OUTER, :2], RED)

    def at(self, pixel: NDArray) -> tuple[float, float]:
        u, v = (pixel - self.middle) / self.unit
        return float(u), float(v)

    def label(self, u: float, v: float) -> int:
        x, y = (self.middle + self.unit * np.array([u, v])).astype(int)
        return int(self.regions[y, x])

    def done(self, seed: int = 0) -> "Drawing":
        noise = np.random.default_rng(seed).normal(0, 0.02, self.rgb.shape)
        picture = np.clip(cv2.GaussianBlur(self.rgb, (0, 0), 1) + noise, 0, 1).astype(np.float32)
        self.regions = find_regions(picture, self.alpha, self.points)
        return self


def circle() -> NDArray[np.float64]:
    angle = np.linspace(0, 2 * np.pi, 64, endpoint=False)
    return np.column_stack([np.cos(angle), np.sin(angle)])


@pytest.fixture
def drawing(portrait: Portrait) -> Drawing:
    points = portrait.landmarks.copy()
    middle = points[FACE_OVAL, :2].mean(0)
    points[:, :2] = (points[:, :2] - middle) * (190 / portrait.face_height) + [256, 230]
    return Drawing(points)


def test_the_sample_portrait(portrait: Portrait) -> None:
    regions, points = portrait.regions, portrait.landmarks[:, :2]
    assert regions.shape == portrait.alpha.shape
    assert regions.dtype == np.uint8
    np.testing.assert_array_equal(regions == BACKGROUND, portrait.alpha <= 0.5)
    up = (points[10] - points[CHIN]) / np.linalg.norm(points[10] - points[CHIN]) * portrait.face_height
    for place, label in (
        (points[1], FACE),
        (points[61], FACE),
        (points[10] + 0.25 * up, HAIR),
        (points[CHIN] - 0.6 * up, CLOTH),
    ):
        x, y = place.astype(int)
        assert regions[y, x] == label


def test_hair_beside_the_neck_and_a_shirt(drawing: Drawing) -> None:
    drawing.ellipse(BROWN, 0, 0.1, 0.62, 0.95)
    drawing.ellipse(TAN, 0, 0.6, 0.2, 0.4)
    drawing.fill(drawing.middle + drawing.unit * np.array([[-1.2, 1.4], [-0.9, 0.9], [0.9, 0.9], [1.2, 1.4]]), NAVY)
    drawing.face(TAN)
    done = drawing.done()
    assert [done.label(u, v) for u, v in ((0, 0), (0, 0.62), (0, -0.7), (0.5, 0.5), (-0.5, 0.5), (0, 1.2))] == [
        FACE, SKIN, HAIR, HAIR, HAIR, CLOTH
    ]  # fmt: skip


@pytest.mark.parametrize("hat", [RED, NAVY, (0.9, 0.9, 0.9)])
def test_a_hat_is_hair(drawing: Drawing, hat: tuple[float, ...]) -> None:
    drawing.ellipse(hat, 0, -0.45, 0.5, 0.45)
    drawing.ellipse(TAN, 0, 0.6, 0.2, 0.3)
    drawing.face(TAN)
    done = drawing.done()
    assert [done.label(0, v) for v in (0, -0.75, 0.7)] == [FACE, HAIR, SKIN]


def test_a_bald_skull_is_skin(drawing: Drawing) -> None:
    drawing.ellipse(TAN, 0, -0.15, 0.45, 0.62)
    drawing.ellipse(TAN, 0, 0.6, 0.2, 0.4)
    drawing.face(TAN)
    assert drawing.done().label(0, -0.7) == SKIN


def test_a_fringe_is_hair_and_a_beard_is_face(drawing: Drawing) -> None:
    drawing.ellipse(BROWN, 0, -0.15, 0.48, 0.65)
    drawing.face(TAN)
    drawing.ellipse(BROWN, 0, -0.5, 0.3, 0.15)
    drawing.ellipse(BROWN, 0, 0.42, 0.15, 0.06)
    done = drawing.done()
    assert [done.label(0, v) for v in (-0.45, 0, 0.43)] == [HAIR, FACE, FACE]


def test_a_shirt_as_black_as_the_hair_is_cloth(drawing: Drawing) -> None:
    drawing.ellipse(BROWN, 0, -0.2, 0.5, 0.6)
    drawing.ellipse(TAN, 0, 0.55, 0.22, 0.5)
    drawing.fill(drawing.middle + drawing.unit * np.array([[-1.2, 1.4], [-0.9, 0.85], [0.9, 0.85], [1.2, 1.4]]), BROWN)
    drawing.face(TAN)
    done = drawing.done()
    assert [done.label(u, v) for u, v in ((0, -0.65), (0.6, 1.1), (-0.6, 1.1))] == [HAIR, CLOTH, CLOTH]


def test_bare_shoulders_are_skin(drawing: Drawing) -> None:
    drawing.ellipse(BROWN, 0, -0.2, 0.5, 0.6)
    drawing.fill(drawing.middle + drawing.unit * np.array([[-1.2, 1.4], [-0.9, 0.85], [0.9, 0.85], [1.2, 1.4]]), TAN)
    drawing.ellipse(TAN, 0, 0.55, 0.22, 0.5)
    drawing.face(TAN)
    done = drawing.done()
    assert [done.label(u, v) for u, v in ((0, 0.8), (0.6, 1.1), (-0.6, 1.1))] == [SKIN, SKIN, SKIN]
