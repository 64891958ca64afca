"""What is filmed agrees with its cameras, whoever turned: the head, the cameras, or both."""

import numpy as np
import pytest
from fakes import TinyAvatar

from studio.core.datasets.acting import Shot, Take, chosen_take, expression, head_yaw, shots
from studio.core.datasets.filming import Credits, film
from studio.core.datasets.spoken import Spoken
from studio.core.gaussians.camera import Camera
from studio.core.motion.motion import Motion
from studio.core.speech.hidden import HIDDEN_SIZE
from studio.core.standard_crop import standard_camera
from studio.core.training.mouth_motion import MOUTH_MOTION, STEP, motion_in_metres, mouth_rectangle
from studio.core.training.scene import Scene

CREDITS = Credits("a", "a", "rendered", True)
PLATE = np.full((64, 64, 3), 0.25, np.float32)


@pytest.fixture(scope="module")
def spoken() -> Spoken:
    rng = np.random.default_rng(0)
    motion = Motion.from_frames("arkit", np.arange(200) / 25, rng.uniform(0, 0.5, (200, 52)).astype(np.float32))
    return Spoken("a.wav", motion, rng.normal(size=(200, HIDDEN_SIZE)).astype(np.float16), True)


def filmed(take: Take, spoken: Spoken | None = None, seed: int = 0) -> Scene:
    avatar = TinyAvatar.make(3000)
    source = standard_camera(Camera.frontal(64, 300.0, 1.1), 64)
    views = shots(take, source, avatar.pivot, 6, np.random.default_rng(seed), spoken)
    return film(avatar, views, PLATE, CREDITS)


def test_cameras_tell_where_the_head_is_however_it_turned() -> None:
    avatar = TinyAvatar.make(3000)
    camera = Camera.frontal(64, 150.0, 0.8).orbited(avatar.pivot, 0.3, 0.1)
    frames = [Motion.neutral(), Motion.arkit(0, [0.1, 0.5, 0.0, 0.05, 0.0, 0.02])]
    scene = film(avatar, [Shot(frame, camera) for frame in frames], PLATE, CREDITS)
    centres = []
    for view in range(2):
        alpha = scene.rgba[view, ..., 3] / 255
        rows, columns = np.mgrid[:64, :64] + 0.5
        centre = np.array([(columns * alpha).sum(), (rows * alpha).sum()]) / alpha.sum()
        np.testing.assert_allclose(scene.camera(view).project(np.zeros((1, 3)))[0, :2], centre, atol=1.2)
        centres.append(centre)
    assert np.linalg.norm(centres[0] - centres[1]) > 2
    assert scene.rgba[0, 0, 0, 3] == 0
    np.testing.assert_allclose(scene.picture(0)[0, 0], 0.25, atol=0.003)


def test_in_a_still_take_only_the_cameras_move() -> None:
    scene = filmed("still")
    assert (scene.code == scene.code[0]).all()
    assert not scene.head_pose.any()
    assert len({camera.tobytes() for camera in scene.world_to_camera}) == 6
    assert scene.audio is None


@pytest.mark.parametrize("seed", range(4))
def test_the_source_is_seen_from_the_front_and_no_view_from_behind(seed: int, spoken: Spoken) -> None:
    for take in ("still", "acted", "spoken"):
        scene = filmed(take, spoken, seed)
        yaws = [abs(head_yaw(scene.camera(view))) for view in range(len(scene))]
        assert yaws[0] < 8
        assert max(yaws) < 70


def test_in_a_spoken_take_the_head_turns_against_the_torso_and_every_view_is_heard(spoken: Spoken) -> None:
    scene = filmed("spoken", spoken)
    assert scene.audio is not None
    assert scene.audio.shape == (6, 16, HIDDEN_SIZE)
    assert np.abs(scene.head_pose[1:, 1]).max() > 0.1
    assert 0 <= scene.times.min() <= scene.times.max() <= 4
    jaw = scene.code[:, 17]
    assert jaw[0] == jaw.min()


def test_what_a_mouth_shows_is_followed_through_a_spoken_take() -> None:
    avatar = TinyAvatar.make(3000)
    camera = Camera.frontal(64, 150.0, 0.8)
    shut, wide, shifted = Motion.neutral(), Motion.arkit(0, jawOpen=0.5), Motion.arkit(0, [0, 0, 0, 0.02, 0.01, 0])
    cameras = camera, camera.orbited(avatar.pivot, 0.2, 0), camera.orbited(avatar.pivot, 0, 0.5)
    heard = np.zeros((16, HIDDEN_SIZE), np.float32)
    views = [Shot(frame, seen, heard) for frame, seen in zip((shut, wide, shifted), cameras, strict=True)]
    scene = film(avatar, views, PLATE, CREDITS)
    motion = motion_in_metres(scene.extra[MOUTH_MOTION])
    known = np.isfinite(motion)
    assert known.any()
    assert not known.all()
    np.testing.assert_array_equal(motion[0, 0][known[0, 0]], 0)
    np.testing.assert_allclose(motion[0, 2][known[0, 2]], 0, atol=STEP)  # a head that moves has not opened its mouth
    rows, columns = mouth_rectangle(64)
    middle = motion[:, :, :, 31 - columns.start]
    chin, nose = (middle[0, 1, row - rows.start] for row in (46, 30))
    np.testing.assert_allclose(chin, [0, 0.02, 0], atol=4 * STEP)  # 40 mm at jawOpen 1; y is down
    np.testing.assert_allclose(nose, 0, atol=4 * STEP)
    farthest = np.nanmax(motion[2, 1], (0, 1))  # seen from above or below, a chin that sinks comes nearer or goes away
    np.testing.assert_allclose(farthest, 0.02 * scene.world_to_camera[2, :3, :3] @ [0, -1, 0], atol=4 * STEP)


def test_expressions_are_codes() -> None:
    codes = np.stack([expression(np.random.default_rng(seed)) for seed in range(50)])
    assert codes.shape == (50, 52)
    assert 0 <= codes.min() <= codes.max() <= 1
    assert (codes.max(0) > 0.3).mean() > 0.6


def test_nothing_is_spoken_without_recordings(spoken: Spoken) -> None:
    rng = np.random.default_rng(0)
    assert all(chosen_take(rng, ())[0] != "spoken" for _ in range(50))
    assert {chosen_take(rng, [spoken])[0] for _ in range(50)} == {"still", "spoken", "acted"}
