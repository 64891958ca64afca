"""A scene is the same after its two files were read, and nothing else is taken for one."""

import json
from dataclasses import replace

import numpy as np
import pytest
import safetensors.numpy

from studio.core.errors import UserError
from studio.core.gaussians.camera import Camera
from studio.core.motion.poses import head_pose_of, turned_head
from studio.core.training.scene import Scene


@pytest.fixture
def scene() -> Scene:
    rng = np.random.default_rng(0)
    camera = Camera.frontal(16, 40.0, 1.5)
    cameras = [camera.orbited(np.zeros(3), yaw, 0.0) for yaw in (0.0, 0.5, -0.5)]
    alpha = rng.uniform(0, 1, (3, 16, 16, 1))
    rgb = rng.uniform(0, 1, (3, 16, 16, 3)) * alpha
    return Scene(
        key="000001",
        identity="t002",
        source="lifted",
        ships=True,
        rgba=np.round(np.concatenate([rgb, alpha], -1) * 255).astype(np.uint8),
        plate=rng.integers(0, 256, (16, 16, 3), np.uint8),
        depth=rng.uniform(1, 2, (3, 16, 16)).astype(np.float16),
        world_to_camera=np.stack([c.world_to_camera for c in cameras]).astype(np.float32),
        K=np.stack([c.K for c in cameras]).astype(np.float32),
        times=np.array([0.0, 0.1, 0.2]),
        code=rng.uniform(0, 1, (3, 52)).astype(np.float32),
        head_pose=np.zeros((3, 6), np.float32),
        audio=rng.normal(size=(3, 16, 32)).astype(np.float16),
        extra={"uv": rng.uniform(0, 1, (4, 4, 3)).astype(np.float32)},
        seed=7,
        origin="t002.jpg",
    )


def test_scene_survives_its_files_exactly(scene: Scene) -> None:
    members = scene.members()
    read = Scene.from_members(scene.key, members)
    assert read.members() == members
    for name in ("rgba", "plate", "depth", "world_to_camera", "K", "times", "code", "head_pose", "audio"):
        np.testing.assert_array_equal(getattr(read, name), getattr(scene, name))
    np.testing.assert_array_equal(read.extra["uv"], scene.extra["uv"])
    assert (read.identity, read.source, read.ships, read.seed, read.origin) == ("t002", "lifted", True, 7, "t002.jpg")


def test_a_scene_without_sound_stays_without(scene: Scene) -> None:
    silent = replace(scene, audio=None)
    assert Scene.from_members("a", silent.members()).audio is None


def test_picture_is_the_foreground_over_the_plate(scene: Scene) -> None:
    alpha = scene.rgba[1, ..., 3:] / 255
    expected = scene.rgba[1, ..., :3] / 255 + (1 - alpha) * scene.plate / 255
    np.testing.assert_allclose(scene.picture(1), np.minimum(expected, 1), atol=1e-6)


def test_camera_and_frame_are_those_of_the_view(scene: Scene) -> None:
    np.testing.assert_allclose(scene.camera(1).position[0], 1.5 * np.sin(0.5), atol=1e-6)
    np.testing.assert_array_equal(scene.frame(2).code[0], scene.code[2])


def _changed(scene: Scene, **arrays: np.ndarray) -> dict[str, bytes]:
    members = scene.members()
    tensors = safetensors.numpy.load(members["safetensors"]) | arrays
    return members | {"safetensors": safetensors.numpy.save(tensors)}


@pytest.mark.parametrize(
    "arrays",
    [
        {"rgba": np.zeros((3, 16, 17, 4), np.uint8)},
        {"rgba": np.zeros((3, 16, 16, 4), np.float32)},
        {"plate": np.zeros((8, 8, 3), np.uint8)},
        {"world_to_camera": np.zeros((3, 4, 4), np.float32)},
        {"K": np.zeros((3, 3, 3), np.float32)},
        {"code": np.full((3, 52), 2, np.float32)},
        {"code": np.full((3, 52), np.nan, np.float32)},
        {"times": np.array([0.2, -0.1, 0.0])},
        {"audio": np.zeros((3, 15, 32), np.float16)},
        {"stranger": np.zeros(3)},
    ],
    ids=lambda arrays: " ".join(f"{name}{list(a.shape)}{a.dtype}" for name, a in arrays.items()),
)
def test_arrays_that_are_no_scene_are_refused(scene: Scene, arrays: dict[str, np.ndarray]) -> None:
    with pytest.raises(UserError, match="make the data set again"):
        Scene.from_members(scene.key, _changed(scene, **arrays))


@pytest.mark.parametrize(
    "facts", [{"schema": 99}, {"ships": "yes"}, {"source": "web"}, {"identity": "../x"}, {"seed": -1}, {"origin": 3}]
)
def test_facts_that_are_no_scene_are_refused(scene: Scene, facts: dict) -> None:
    members = scene.members()
    text = json.dumps(json.loads(members["json"]) | facts).encode()
    with pytest.raises(UserError, match="make the data set again"):
        Scene.from_members(scene.key, members | {"json": text})


def test_damaged_and_missing_files_are_refused(scene: Scene) -> None:
    members = scene.members()
    for damaged in ({"json": members["json"]}, members | {"safetensors": b"x" * 40}, members | {"json": b"[" * 60000}):
        with pytest.raises(UserError, match="make the data set again"):
            Scene.from_members(scene.key, damaged)


def test_a_posed_torso_is_drawn_where_its_own_camera_stands(scene: Scene) -> None:
    pose = np.zeros((3, 6), np.float32)
    pose[1] = [0.1, 0.4, -0.05, 0.01, 0.0, 0.02]
    turning = replace(scene, head_pose=pose)
    nose = np.array([[0.0, 0.0, 0.1]])
    moved = nose @ turned_head(pose[1])[:3, :3].T + turned_head(pose[1])[:3, 3]
    np.testing.assert_allclose(turning.torso_camera(1).project(moved), turning.camera(1).project(nose), atol=1e-4)
    np.testing.assert_allclose(head_pose_of(turned_head(pose)), pose, atol=1e-6)
