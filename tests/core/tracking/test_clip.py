"""Tracking of whole clips, made from the sample picture and drawings."""

from pathlib import Path

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from studio.core.errors import UserError
from studio.core.jobs import run
from studio.core.media.video_writer import VideoWriter
from studio.core.motion.poses import gently_limited
from studio.core.tracking.clip import track_clip
from studio.core.tracking.covering import MouthWatch


def clip(path: Path, frames: list[NDArray]) -> Path:
    with VideoWriter(path, frames[0].shape[1], frames[0].shape[0], 25) as writer:
        for frame in frames:
            writer.write(np.ascontiguousarray(frame))
    return path


@pytest.fixture(scope="module")
def face(bust: NDArray[np.float32]) -> NDArray[np.uint8]:
    """Return the bust as a frame, its sides even."""
    return np.ascontiguousarray(np.round(bust * 255).astype(np.uint8)[:300, :320])


def shifted(picture: NDArray, right: float) -> NDArray[np.uint8]:
    move = np.array([[1, 0, right], [0, 1, 0]], np.float32)
    return np.asarray(cv2.warpAffine(picture, move, picture.shape[1::-1], borderMode=cv2.BORDER_REPLICATE), np.uint8)


def test_a_head_that_moves_right_is_tracked_there(tmp_path: Path, face: NDArray[np.uint8]) -> None:
    tracked = run(track_clip(clip(tmp_path / "c.mp4", [shifted(face, 2 * i) for i in range(12)])))
    place = tracked.track.placement[:, 3] / tracked.track.placement[:, 5] * tracked.track.focal
    assert place[-1] - place[0] == pytest.approx(22, abs=2.5)
    assert np.nanmedian(tracked.error) < 0.025
    assert tracked.track.motion.confidence.min() > 0.5
    assert np.ptp(tracked.track.shoulders[:, 0]) * tracked.track.focal == pytest.approx(22, abs=3)


def test_two_frames_are_a_clip(tmp_path: Path, face: NDArray[np.uint8]) -> None:
    tracked = run(track_clip(clip(tmp_path / "c.mp4", [face, face])))
    assert len(tracked.track.motion) == 2


def test_no_face_and_a_face_that_leaves(tmp_path: Path, face: NDArray[np.uint8]) -> None:
    nothing = np.full_like(face, 90)
    with pytest.raises(UserError, match="No face was found"):
        run(track_clip(clip(tmp_path / "a.mp4", [nothing] * 3)))
    tracked = run(track_clip(clip(tmp_path / "b.mp4", [face] * 6 + [nothing] * 20 + [face] * 6)))
    lost = np.isnan(tracked.error)
    assert 18 <= lost.sum() <= 24
    assert tracked.track.motion.confidence[lost].max() == 0
    assert np.isfinite(tracked.track.motion.code).all()
    assert any("not seen" in note for note in tracked.notes)


def test_a_clip_cut_short_is_used_as_far_as_it_goes(tmp_path: Path, face: NDArray[np.uint8]) -> None:
    path = clip(tmp_path / "c.mp4", [shifted(face, 13 * i % 37) for i in range(30)])
    data = path.read_bytes()
    path.write_bytes(data[: int(len(data) * 0.85)])
    tracked = run(track_clip(path))
    assert 1 < len(tracked.track.motion) < 30
    assert any("cut short" in note for note in tracked.notes)


def test_a_covered_mouth_is_noticed_and_an_open_one_is_not(face: NDArray[np.uint8]) -> None:
    from studio.core.perception.mediapipe_models import face_meshes

    landmarks = face_meshes(face)[0]
    watch = MouthWatch()
    assert watch(face, landmarks) == 1
    assert watch(shifted(face, 0.4), landmarks) > 0.8
    hand = face.copy()
    x, y = landmarks[13, :2].astype(int)
    for k in range(-4, 5):
        cv2.ellipse(hand, (int(x + 9 * k), int(y)), (5, 26), 10, 0, 360, (196, 150, 125), -1)
        cv2.ellipse(hand, (int(x + 9 * k), int(y)), (5, 26), 10, 0, 360, (120, 84, 70), 1)
    assert watch(hand, landmarks) < 0.4


def test_poses_are_limited_with_grace() -> None:
    pose = np.zeros((200, 6))
    pose[:, 1] = np.linspace(-3, 3, 200)
    held = np.stack([gently_limited(row) for row in pose])[:, 1]
    assert (np.diff(held) >= 0).all()
    assert abs(held).max() <= np.radians(48) + 1e-9
    np.testing.assert_allclose(held[95:105], pose[95:105, 1])
