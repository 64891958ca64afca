"""A flat picture of a head, driven by clips of the same head."""

from pathlib import Path
from typing import Literal

import cv2
import numpy as np
import pytest
from flat_avatar import FlatAvatar
from numpy.typing import NDArray

from studio.core.avatar import Avatar
from studio.core.errors import UserError
from studio.core.gaussians.camera import Camera
from studio.core.gaussians.gaussians import Gaussians
from studio.core.jobs import run
from studio.core.media.audio import load_audio
from studio.core.media.video import clip_footing, read_frames
from studio.core.media.video_writer import Sound, VideoWriter
from studio.core.motion.motion import Motion
from studio.core.motion.track import save_track
from studio.core.perception.mediapipe_models import face_meshes
from studio.core.reenactment import reenact_clip
from studio.core.sample import sample_speech
from studio.core.speech.features import SAMPLE_RATE
from studio.core.speech.hidden import hidden_states, hidden_window
from studio.core.tracking.clip import track_clip
from studio.core.tracking.gains import FaceGains
from studio.core.tracking.performance import played_by, watch_performance


@pytest.fixture(scope="module")
def picture(bust: NDArray[np.float32]) -> NDArray[np.uint8]:
    return np.round(bust * 255).astype(np.uint8)


@pytest.fixture(scope="module")
def driving(picture: NDArray[np.uint8], tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a clip in which the head moves 3 px to the right in each of eight frames."""
    path = tmp_path_factory.mktemp("driving") / "d.mp4"
    with VideoWriter(path, picture.shape[1], picture.shape[0], 25) as writer:
        for i in range(8):
            move = np.array([[1, 0, 3 * i], [0, 1, 0]], np.float32)
            moved = cv2.warpAffine(picture, move, picture.shape[1::-1], borderMode=cv2.BORDER_REPLICATE)
            writer.write(np.ascontiguousarray(np.asarray(moved, np.uint8)))
    return path


def nose(rgb: NDArray[np.uint8]) -> NDArray[np.float32]:
    return face_meshes(np.ascontiguousarray(rgb))[0][4, :2]


def test_the_head_goes_where_the_driving_one_goes_from_video_or_track(
    tmp_path: Path, picture: NDArray[np.uint8], driving: Path
) -> None:
    avatar: Avatar = FlatAvatar(picture)
    report = run(reenact_clip(avatar, driving, tmp_path / "v.mp4", "video"))
    made = [frame for _, frame in read_frames(tmp_path / "v.mp4")]
    assert (report.frames, report.width, report.height) == (8, picture.shape[1], picture.shape[0])
    assert len(made) == 8
    real = [frame for _, frame in read_frames(driving)]
    for i in (0, 7):
        np.testing.assert_allclose(nose(made[i]), nose(real[i]), atol=3.0)

    save_track(run(track_clip(driving)).track, tmp_path / "m.npz")
    run(reenact_clip(avatar, tmp_path / "m.npz", tmp_path / "t.mp4", "video"))
    again = [frame for _, frame in read_frames(tmp_path / "t.mp4")]
    # The landmark network's threads round differently from run to run: a hair's breadth at edges.
    assert np.abs(np.stack(again).astype(int) - np.stack(made)).mean() < 1.0
    assert np.abs(made[-1].astype(int) - made[0]).mean() > 5.0


def test_in_its_own_framing_the_clip_is_square(tmp_path: Path, picture: NDArray[np.uint8], driving: Path) -> None:
    report = run(reenact_clip(FlatAvatar(picture), driving, tmp_path / "a.mp4", "avatar", size=128))
    assert (report.width, report.height, report.frames) == (128, 128, 8)


def test_an_avatar_without_a_face_says_so_and_leaves_nothing(
    tmp_path: Path, picture: NDArray[np.uint8], driving: Path
) -> None:
    with pytest.raises(UserError, match="No face is found in the avatar"):
        run(reenact_clip(FlatAvatar(np.full_like(picture, 90)), driving, tmp_path / "a.mp4"))
    assert not list(tmp_path.iterdir())


def test_words_that_are_no_framing_are_refused(tmp_path: Path, picture: NDArray[np.uint8], driving: Path) -> None:
    with pytest.raises(UserError, match="avatar or video"):
        run(reenact_clip(FlatAvatar(picture), driving, tmp_path / "a.mp4", "round"))  # pyright: ignore[reportArgumentType]


def test_gains_of_nothing_leave_the_head_at_rest(tmp_path: Path, picture: NDArray[np.uint8], driving: Path) -> None:
    track = run(track_clip(driving)).track
    moved = run(played_by(FlatAvatar(picture), track, FaceGains()))
    still = run(played_by(FlatAvatar(picture), track, FaceGains(head=0.0, eyes=0.0, brows=0.0, lips=0.0)))
    assert np.ptp(moved.head_pose, axis=0).max() > 1e-3
    assert not still.head_pose.any()
    assert np.abs(np.diff(still.code, axis=0)).max() < 1e-6
    report = run(reenact_clip(FlatAvatar(picture), driving, tmp_path / "g.mp4", size=128, track=track))
    assert report.frames == len(track.motion)


def test_a_silent_sound_track_is_left_out_and_told(tmp_path: Path, picture: NDArray[np.uint8]) -> None:
    path = tmp_path / "silent.mp4"
    silence = Sound(iter([np.zeros((48_000, 1), np.float32)]), 48_000, 1)
    with VideoWriter(path, picture.shape[1], picture.shape[0], 25, audio=silence) as writer:
        for _ in range(4):
            writer.write(picture)
    report = run(reenact_clip(FlatAvatar(picture), path, tmp_path / "s.mp4", size=128))
    assert report.frames == 4
    assert any("has no sound" in note and "only silence" in note for note in report.notes)
    assert not clip_footing(tmp_path / "s.mp4").sound


class Listening(FlatAvatar):
    """It follows sound, and keeps what it is told was heard."""

    def __init__(self, rgb: NDArray[np.uint8]) -> None:
        super().__init__(rgb, motion_space="audio")
        self.heard: list[NDArray[np.float32]] = []

    def pose(self, frame: Motion, camera: Camera, out: Gaussians | None = None) -> Gaussians:
        if frame.heard is not None:
            self.heard.append(frame.heard[0])
        return super().pose(frame, camera, out)


@pytest.mark.parametrize("sound", ["keep", "none"])
def test_a_head_that_follows_sound_hears_the_clip(
    tmp_path: Path, picture: NDArray[np.uint8], sound: Literal["keep", "none"]
) -> None:
    path, avatar = tmp_path / "said.mp4", Listening(picture)
    samples = load_audio(sample_speech(), 48_000)[48_000:96_000]
    with VideoWriter(path, picture.shape[1], picture.shape[0], 25, audio=_laid(samples)) as writer:
        for _ in range(25):
            writer.write(picture)
    report = run(reenact_clip(avatar, path, tmp_path / "s.mp4", sound=sound, size=128))
    assert len(avatar.heard) == report.frames == 25
    wanted = hidden_states(load_audio(path, SAMPLE_RATE))
    for k in (0, 20):
        np.testing.assert_allclose(avatar.heard[k], hidden_window(wanted, k / 25), atol=0.05)
    assert np.abs(avatar.heard[20] - avatar.heard[0]).max() > 0.2
    assert clip_footing(tmp_path / "s.mp4").sound == (sound == "keep")


def test_a_head_that_follows_sound_is_told_that_a_clip_is_silent(
    tmp_path: Path, picture: NDArray[np.uint8], driving: Path
) -> None:
    avatar = Listening(picture)
    report = run(reenact_clip(avatar, driving, tmp_path / "s.mp4", size=128))
    assert not avatar.heard
    assert any("follows sound" in note for note in report.notes)


def _laid(samples: NDArray[np.float32]) -> Sound:
    return Sound(iter([samples[:, None]]), 48_000, 1)


def test_a_performance_keeps_small_pictures_with_their_landmarks(driving: Path) -> None:
    performance = run(watch_performance(driving))
    picture, landmarks = performance.strip.at(0.1)
    assert max(picture.shape[:2]) == 320
    assert landmarks is not None
    found = face_meshes(picture)[0]
    np.testing.assert_allclose(landmarks[4], found[4, :2], atol=4)
    assert performance.strip.at(0.1)[0] is picture
    assert performance.strip.at(99.0)[0] is not picture
