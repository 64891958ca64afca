"""Rendered heads: their parameters are those of the pictures, and a seed makes the same bytes twice."""

import numpy as np
import pytest

from studio.core.datasets.rendered_heads import RenderedHeads, drawn_landmarks
from studio.core.heads.full import FullHead
from studio.core.heads.head import HeadParams
from studio.core.heads.template import mean_landmarks
from studio.core.training.scene import Scene

NOSE_TIP, CHIN_SKIN = 4, 199


@pytest.fixture(scope="module")
def scenes() -> list[Scene]:
    maker = RenderedHeads(identities=2, takes=1, views=3, size=128)
    return [scene for plan in maker.plans() for scene in maker.scenes(plan) if isinstance(scene, Scene)]


def test_vertices_known_by_the_parameters_are_where_the_depth_says(scenes: list[Scene]) -> None:
    zero = np.zeros(3, np.float32)
    for scene in scenes:
        head = FullHead(scene.extra["landmarks"].astype(np.float64))
        for view in range(len(scene)):
            points = head.vertices(HeadParams(zero, scene.code[view], zero, zero))[[NOSE_TIP, CHIN_SKIN]]
            x, y, z = scene.camera(view).project(points.astype(np.float64)).T
            seen = scene.depth[view][y.astype(int), x.astype(int)].astype(np.float64)
            np.testing.assert_allclose(seen, z, atol=0.012)


def test_a_seed_makes_the_same_bytes(scenes: list[Scene]) -> None:
    maker = RenderedHeads(identities=1, takes=1, views=3, size=128)
    again = next(maker.scenes(maker.plans()[0]))
    assert isinstance(again, Scene)
    assert again.members() == scenes[0].members()


def test_people_differ(scenes: list[Scene]) -> None:
    first, second = scenes
    assert first.identity != second.identity
    apart = np.linalg.norm(first.extra["landmarks"] - second.extra["landmarks"], axis=1)
    assert apart.max() > 0.003
    assert first.ships
    assert first.source == "rendered"


def test_drawn_faces_are_nearly_symmetric_and_of_human_size() -> None:
    for seed in range(5):
        drawn = drawn_landmarks(np.random.default_rng(seed))
        ratio = np.ptp(drawn[:468], axis=0) / np.ptp(mean_landmarks()[:468], axis=0)
        assert ((ratio > 0.75) & (ratio < 1.35)).all()
        assert abs(drawn[NOSE_TIP, 0]) < 0.006
