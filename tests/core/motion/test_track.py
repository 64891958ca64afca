"""Tracks on disk: what is written is read, and nothing else is."""

from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest

from studio.core.errors import UserError
from studio.core.heads.arkit import ARKIT_INDEX
from studio.core.motion.motion import Motion
from studio.core.motion.poses import NECK_JOINT, head_pose_of, placement_matrix, placement_of
from studio.core.motion.track import Track, load_track, save_track, write_arkit_csv


def make(count: int = 3) -> Track:
    rng = np.random.default_rng(0)
    placement = np.column_stack([rng.normal(0, 0.1, (count, 5)), np.full(count, 0.9)])
    code = rng.uniform(0, 1, (count, 52))
    pose = rng.normal(0, 0.1, (count, 6))
    motion = Motion.from_frames("arkit", np.arange(count) / 30, code, pose)
    return Track(motion, placement, np.zeros((count, 4)), rng.normal(0, 0.05, (478, 3)), 900.0, 640, 480, Fraction(30))


def test_a_track_comes_back_as_it_was(tmp_path: Path) -> None:
    track = make()
    save_track(track, tmp_path / "m.npz")
    again = load_track(tmp_path / "m.npz")
    for name in ("code", "head_pose", "times", "confidence"):
        assert np.array_equal(getattr(again.motion, name), getattr(track.motion, name))
    assert np.array_equal(again.placement, track.placement)
    assert np.array_equal(again.rest, track.rest)
    assert (again.focal, again.width, again.height, again.fps) == (900.0, 640, 480, 30)


@pytest.mark.parametrize("damage", ["cut", "empty", "text"])
def test_what_is_no_track_is_refused_in_a_sentence(tmp_path: Path, damage: str) -> None:
    path = tmp_path / "m.npz"
    save_track(make(), path)
    data = path.read_bytes()
    path.write_bytes({"cut": data[: len(data) // 2], "empty": b"", "text": b"hello"}[damage])
    with pytest.raises(UserError, match="track the video again"):
        load_track(path)


def test_a_track_with_values_that_are_no_numbers_is_refused(tmp_path: Path) -> None:
    track = make()
    track.placement[1, 0] = np.nan
    save_track(track, tmp_path / "m.npz")
    with pytest.raises(UserError):
        load_track(tmp_path / "m.npz")


def test_the_csv_is_that_of_capture_apps(tmp_path: Path) -> None:
    motion = Motion.from_frames("arkit", np.array([0.0, 1.5]), np.zeros((2, 52)))
    motion.code[1, ARKIT_INDEX["jawLeft"]] = 0.25
    motion.head_pose[1, 1] = 0.2
    write_arkit_csv(motion, tmp_path / "m.csv")
    head, first, second = (line.split(",") for line in (tmp_path / "m.csv").read_text().splitlines())
    assert head[:4] == ["Timecode", "BlendShapeCount", "EyeBlinkLeft", "EyeLookDownLeft"]
    assert head[16:19] == ["JawForward", "JawRight", "JawLeft"]
    assert len(head) == len(first) == 63
    assert first[:2] == ["00:00:00:00.000", "61"]
    assert second[0] == "00:00:01:30.000"
    assert float(second[head.index("JawLeft")]) == 0.25
    assert float(second[head.index("HeadYaw")]) == pytest.approx(0.2, abs=1e-6)


def test_a_turn_about_the_neck_moves_nothing_there() -> None:
    turn = placement_matrix(np.array([0.1, 0.3, 0, 0, 0, 0]))[:3, :3]
    motion = np.eye(4)
    motion[:3, :3] = np.diag([1.0, -1, -1]) @ turn
    motion[:3, 3] = NECK_JOINT - motion[:3, :3] @ NECK_JOINT
    pose = head_pose_of(motion)
    np.testing.assert_allclose(pose, [0.1, 0.3, 0, 0, 0, 0], atol=1e-6)


def test_a_placement_and_its_matrix_are_inverse() -> None:
    placement = np.array([0.1, -0.4, 0.2, 0.01, 0.02, 0.8])
    matrix = placement_matrix(placement)
    np.testing.assert_allclose(placement_of(matrix[:3, :3], matrix[:3, 3]), placement, atol=1e-12)
