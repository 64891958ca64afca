"""A bend carries tangents as it does points, and a mirrored take is what a mirror shows."""

from dataclasses import replace

import numpy as np
from dots import dots_scene

from studio.core.datasets.augment import MIRRORED, Bend, Colouring, made_plate, mirrored
from studio.core.heads.arkit import ARKIT_INDEX


def test_no_strength_changes_nobody() -> None:
    rng = np.random.default_rng(0)
    points, tangents = rng.normal(0, 0.1, (50, 3)).astype(np.float32), rng.normal(0, 1, (50, 2, 3)).astype(np.float32)
    moved, turned = Bend.drawn(rng, strength=0).moved(points, tangents)
    np.testing.assert_allclose(moved, points, atol=1e-6)
    np.testing.assert_allclose(turned, tangents, atol=1e-6)
    colors = rng.uniform(0, 1, (50, 3)).astype(np.float32)
    np.testing.assert_allclose(Colouring.drawn(rng, 0).lit(colors, tangents), colors, atol=1e-6)


def test_tangents_follow_the_surface() -> None:
    rng = np.random.default_rng(1)
    bend = Bend.drawn(rng)
    points = rng.uniform(-0.1, 0.1, (200, 3)).astype(np.float32)
    steps = rng.normal(0, 1, (200, 2, 3)).astype(np.float32)
    moved, turned = bend.moved(points, steps)
    assert np.abs(moved - points).max() > 0.001
    for k in range(2):
        h = np.float32(2e-3)
        ahead, behind = (bend.moved(points + sign * h * steps[:, k], steps)[0] for sign in (1, -1))
        np.testing.assert_allclose((ahead - behind) / (2 * h), turned[:, k], atol=0.02)


def test_a_mirror_exchanges_left_and_right() -> None:
    scene = dots_scene("a", 0, 0)
    pose = np.array([[0.1, 0.3, -0.2, 0.01, 0.02, 0.03]] * 2, np.float32)
    scene = replace(scene, head_pose=pose)
    other = mirrored(scene)
    np.testing.assert_array_equal(other.picture(1), scene.picture(1)[:, ::-1])
    point = np.array([[0.05, 0.02, 0.08]])
    seen, reflected = scene.camera(1).project(point)[0], other.camera(1).project(point * [-1, 1, 1])[0]
    np.testing.assert_allclose(reflected, [scene.size - seen[0], seen[1], seen[2]], atol=1e-4)
    seen, reflected = (s.torso_camera(1).project(point * [x, 1, 1])[0] for s, x in ((scene, 1), (other, -1)))
    np.testing.assert_allclose(reflected, [scene.size - seen[0], seen[1], seen[2]], atol=1e-4)
    left, right = ARKIT_INDEX["mouthSmileLeft"], ARKIT_INDEX["mouthSmileRight"]
    np.testing.assert_array_equal(other.code[:, left], scene.code[:, right])
    assert mirrored(other).members() == scene.members()


def test_every_channel_has_one_on_the_other_side() -> None:
    np.testing.assert_array_equal(np.sort(MIRRORED), np.arange(52))
    np.testing.assert_array_equal(MIRRORED[MIRRORED], np.arange(52))


def test_backgrounds_of_nowhere_differ_and_stay_in_range() -> None:
    first, second = (made_plate(np.random.default_rng(seed), 32) for seed in (0, 1))
    assert first.shape == (32, 32, 3)
    assert 0 <= first.min() <= first.max() <= 1
    assert np.abs(first - second).max() > 0.05
