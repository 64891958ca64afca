"""Tracks corrected by what an avatar of their person looks like."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from studio.core.avatar import render_bytes
from studio.core.engines.lift.avatar import LiftAvatar
from studio.core.errors import UserError
from studio.core.heads.arkit import ARKIT_INDEX
from studio.core.jobs import run
from studio.core.media.video import read_frames
from studio.core.media.video_writer import VideoWriter
from studio.core.motion.track import Track
from studio.core.reenactment import reenact_clip
from studio.core.tracking.face_model import FaceModel
from studio.core.tracking.refine import refine_track
from studio.core.tracking.retarget import Retarget

JAW = ARKIT_INDEX["jawOpen"]
FRAMES = slice(4, 7)


@pytest.fixture(scope="module")
def clip(small_avatar: LiftAvatar, track: Track, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return three frames of the track, filmed."""
    path = tmp_path_factory.mktemp("refined") / "clip.mp4"
    retarget = Retarget(small_avatar, track, "video")
    with VideoWriter(path, retarget.camera.width, retarget.camera.height, 12) as writer:
        for time in track.motion.times[FRAMES]:
            shot = retarget.at(float(time))
            writer.write(render_bytes(small_avatar, shot.motion, shot.camera))
    return path


def of_frames(track: Track, clip: Path) -> Track:
    """Return the part of a track that was filmed, with the clip's own times."""
    motion = track.motion
    times = np.array([time for time, _ in read_frames(clip)])
    part = replace(
        motion, times=times, code=motion.code[FRAMES], head_pose=motion.head_pose[FRAMES],
        confidence=motion.confidence[FRAMES],
    )  # fmt: skip
    return replace(track, motion=part, placement=track.placement[FRAMES], shoulders=track.shoulders[FRAMES])


def test_what_landmarks_had_wrong_is_put_right(small_avatar: LiftAvatar, track: Track, clip: Path) -> None:
    true = of_frames(track, clip)
    wrong = replace(true, placement=true.placement + [0.015, -0.02, 0.015, 0.001, -0.001, 0])
    code = wrong.motion.code.copy()
    code[1, JAW] += 0.06
    unsure = wrong.motion.confidence.copy()
    unsure[2] = 0.1
    wrong = replace(wrong, motion=replace(wrong.motion, code=code, confidence=unsure))
    found = run(refine_track(small_avatar, wrong, clip))
    model = FaceModel.of(track.rest)
    for i in range(2):
        true_at, before, after = (model.seen_in(x, i)[:, :2] for x in (true, wrong, found))
        assert np.abs(after - true_at).mean() < 0.75 * np.abs(before - true_at).mean()
    # The head turns with its placement, and what was hardly seen stays as it was.
    turned = found.motion.head_pose[:, :3] - wrong.motion.head_pose[:, :3]
    assert np.abs(turned[:2]).max() > 0.005
    assert np.array_equal(found.placement[2], wrong.placement[2])
    assert not turned[2].any()


def test_a_stranger_s_looks_correct_nothing(small_avatar: LiftAvatar, track: Track, clip: Path) -> None:
    other = of_frames(track, clip)
    stranger = replace(other, rest=other.rest * [1.15, 0.9, 1.0])
    with pytest.raises(UserError, match="the person in the clip"):
        run(refine_track(small_avatar, stranger, clip))


def test_a_track_without_its_pictures_cannot_be_refined(small_avatar: LiftAvatar, tmp_path: Path) -> None:
    with pytest.raises(UserError, match="give the video"):
        run(reenact_clip(small_avatar, tmp_path / "m.npz", tmp_path / "c.mp4", refine=True))
