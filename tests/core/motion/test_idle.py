import numpy as np
import pytest

from studio.core.heads.arkit import ARKIT_INDEX
from studio.core.motion.idle import IdleMotion


def life(seed: int, fps: float, seconds: float, speaking: float = 0.0) -> tuple[np.ndarray, np.ndarray]:
    idle = IdleMotion(seed)
    frames = [idle.at(k / fps, speaking) for k in range(int(seconds * fps))]
    return np.concatenate([f.code for f in frames]), np.concatenate([f.head_pose for f in frames])


def channel(code: np.ndarray, name: str) -> np.ndarray:
    return code[:, ARKIT_INDEX[name]]


def blink_starts(code: np.ndarray, fps: float) -> np.ndarray:
    down = channel(code, "eyeBlinkLeft") > 0.5
    return np.flatnonzero(np.diff(down.astype(int)) == 1) / fps


@pytest.mark.parametrize("seed", range(4))
def test_blinks_are_as_many_as_a_persons_and_irregular(seed: int) -> None:
    code, _ = life(seed, 50, 120)
    starts = blink_starts(code, 50)
    assert 14 <= len(starts) / 2 <= 22
    assert np.std(np.diff(starts)) > 0.5
    np.testing.assert_array_equal(channel(code, "eyeBlinkLeft"), channel(code, "eyeBlinkRight"))


def test_a_blink_shuts_fully_and_closes_faster_than_it_opens() -> None:
    code, _ = life(0, 500, 20)
    lid = channel(code, "eyeBlinkLeft")
    start = int(np.argmax(lid > 0))
    end = start + int(np.argmax(lid[start:] == 0))
    shut = np.flatnonzero(lid[start:end] > 0.999) + start
    assert 0.15 <= (end - start) / 500 <= 0.25
    assert 0 < shut[0] - start < end - shut[-1]


def test_no_blink_is_missed_between_frames_of_a_slow_clip() -> None:
    fast, slow = life(1, 300, 60)[0], life(1, 25, 60)[0]
    assert len(blink_starts(fast, 300)) == len(blink_starts(slow, 25))


def test_frame_rates_agree_where_they_meet() -> None:
    fast, slow = life(2, 60, 10, 0.5), life(2, 20, 10, 0.5)
    for a, b in zip(fast, slow, strict=True):
        np.testing.assert_allclose(a[::3], b, atol=1e-6)


def test_both_eyes_look_the_same_way() -> None:
    code, _ = life(3, 25, 60)
    np.testing.assert_array_equal(channel(code, "eyeLookOutLeft"), channel(code, "eyeLookInRight"))
    np.testing.assert_array_equal(channel(code, "eyeLookInLeft"), channel(code, "eyeLookOutRight"))
    np.testing.assert_array_equal(channel(code, "eyeLookUpLeft"), channel(code, "eyeLookUpRight"))
    assert not (channel(code, "eyeLookOutLeft") * channel(code, "eyeLookInLeft")).any()
    assert 0.03 < channel(code, "eyeLookOutLeft").max() < 0.7


def test_the_gaze_rests_on_one_point_while_the_head_moves() -> None:
    code, pose = life(5, 100, 60)
    eyes = channel(code, "eyeLookOutLeft") - channel(code, "eyeLookInLeft")
    gaze = eyes * np.radians(30) + pose[:, 1]
    still = np.abs(np.diff(gaze)) < 1e-4
    assert still.mean() > 0.85
    assert np.abs(np.diff(pose[:, 1])).mean() > 5 * np.abs(np.diff(gaze))[still].mean()


@pytest.mark.parametrize("speaking", [0.0, 1.0])
def test_the_head_is_neither_frozen_nor_twitching(speaking: float) -> None:
    _, pose = life(6, 60, 60, speaking)
    turn, shift = np.degrees(pose[:, :3]), pose[:, 3:]
    assert turn.std(axis=0).min() > 0.2
    assert np.abs(turn).max() < 9
    assert np.abs(shift).max() < 0.012
    assert np.abs(np.diff(turn, axis=0)).max() * 60 < 25
    for second in np.split(turn, 60):
        assert np.ptp(second, axis=0).max() > 0.02


def test_speaking_moves_the_head_more_and_nods_it() -> None:
    quiet, loud = life(7, 25, 60)[1], life(7, 25, 60, 1.0)[1]
    speed_quiet, speed_loud = (np.abs(np.diff(pose[:, :3], axis=0)).mean() for pose in (quiet, loud))
    assert speed_loud > 1.5 * speed_quiet
    assert loud[:, 0].mean() > quiet[:, 0].mean() + 0.02


def test_brows_rise_only_while_speaking() -> None:
    assert channel(life(8, 25, 30)[0], "browInnerUp").max() == 0
    assert 0.05 < channel(life(8, 25, 30, 1.0)[0], "browInnerUp").max() < 0.4


def test_seeds_differ_and_repeat() -> None:
    a, b, c = life(9, 25, 20), life(9, 25, 20), life(10, 25, 20)
    np.testing.assert_array_equal(a[0], b[0])
    np.testing.assert_array_equal(a[1], b[1])
    assert np.abs(a[1] - c[1]).max() > 0.005
    assert blink_starts(a[0], 25).tolist() != blink_starts(c[0], 25).tolist()


def test_any_moment_may_be_asked_for_first() -> None:
    idle = IdleMotion(11)
    late = idle.at(500.0, 0.3)
    for t in np.arange(0, 100, 3.3):
        idle.at(t)
    np.testing.assert_array_equal(idle.at(500.0, 0.3).code, late.code)
    assert np.isfinite(idle.at(-3.0).code).all()
