"""Tracking of whole clips, made from the sample picture and drawings."""

import struct
import tracemalloc
from fractions import Fraction
from pathlib import Path

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from studio.core.errors import UserError
from studio.core.jobs import run
from studio.core.media.video_writer import VideoWriter
from studio.core.motion.poses import gently_limited
from studio.core.tracking.clip import MOUTH, TrackedClip, track_clip
from studio.core.tracking.covering import MouthWatch
from studio.core.tracking.footage import faces_first_seen


def clip(path: Path, frames: list[NDArray], fps: int = 25) -> Path:
    with VideoWriter(path, frames[0].shape[1], frames[0].shape[0], fps) as writer:
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


def covered_mouth(face: NDArray[np.uint8], right: int = 0) -> NDArray[np.uint8]:
    """Lay fingers over the mouth, so many px to the right."""
    from studio.core.perception.mediapipe_models import face_meshes

    x, y = face_meshes(face)[0][13, :2].astype(int)
    covered = face.copy()
    for k in range(-4, 5):
        middle = (int(x + 9 * k + right), int(y))
        cv2.ellipse(covered, middle, (5, 26), 10, 0, 360, (196, 150, 125), -1)
        cv2.ellipse(covered, middle, (5, 26), 10, 0, 360, (120, 84, 70), 1)
    return covered


def test_a_covered_mouth_is_noticed_and_an_open_one_is_not(face: NDArray[np.uint8]) -> None:
    from studio.core.perception.mediapipe_models import face_meshes

    landmarks = face_meshes(face)[0]
    watch = MouthWatch()
    assert watch(face, landmarks) == 1
    assert watch(shifted(face, 0.4), landmarks) > 0.8
    hand = covered_mouth(face)
    assert watch(hand, landmarks) < 0.4


def test_poses_are_limited_with_grace() -> None:
    pose = np.zeros((200, 6))
    pose[:, 1] = np.linspace(-3, 3, 200)
    held = np.stack([gently_limited(row) for row in pose])[:, 1]
    assert (np.diff(held) >= 0).all()
    assert abs(held).max() <= np.radians(48) + 1e-9
    np.testing.assert_allclose(held[95:105], pose[95:105, 1])


def test_a_person_who_walks_through_the_picture_does_not_stretch_the_neck(
    tmp_path: Path, face: NDArray[np.uint8]
) -> None:
    tracked = run(track_clip(clip(tmp_path / "c.mp4", [shifted(face, 4 * i) for i in range(12)])))
    way = np.ptp(tracked.track.placement[:, 3])
    assert way > 0.05
    assert np.ptp(tracked.track.motion.head_pose[:, 3]) < 0.15 * way


def test_shots_have_a_usual_pose_of_their_own(tmp_path: Path, face: NDArray[np.uint8]) -> None:
    near = np.asarray(cv2.resize(face[20:220, 60:273], (320, 300)), np.uint8)
    night = (near * 0.4).astype(np.uint8)
    tracked = run(track_clip(clip(tmp_path / "c.mp4", [face] * 8 + [night] * 8)))
    assert tracked.cuts == (8,)
    assert any("cut" in note for note in tracked.notes)
    assert np.abs(tracked.track.motion.head_pose[:, 3:]).max() < 0.02
    assert np.abs(tracked.track.placement[8, 5] - tracked.track.placement[7, 5]) > 0.1


def uneven_clip(path: Path, frames: list[NDArray], times: list[float]) -> Path:
    """Write frames of any size at any times, s, as fast as can be."""
    import av

    with av.open(str(path), "w") as container:
        stream = container.add_stream("libx264", rate=30, options={"crf": "18", "preset": "ultrafast"})
        stream.height, stream.width = frames[0].shape[:2]
        stream.pix_fmt = "yuv420p"
        stream.time_base = stream.codec_context.time_base = Fraction(1, 1000)
        for frame, time in zip(frames, times, strict=True):
            picture = av.VideoFrame.from_ndarray(np.ascontiguousarray(frame), "rgb24")
            picture.pts, picture.time_base = round(1000 * time), Fraction(1, 1000)
            container.mux(stream.encode(picture))
        container.mux(stream.encode(None))
    return path


def test_a_clip_of_uneven_rate_keeps_its_times(tmp_path: Path, face: NDArray[np.uint8]) -> None:
    times = [0.0, 0.04, 0.08, 0.2, 0.22, 0.3, 0.42, 0.5, 0.52, 0.64]
    path = uneven_clip(tmp_path / "v.mp4", [shifted(face, 40 * time) for time in times], times)
    tracked = run(track_clip(path))
    found = tracked.track.motion.times
    np.testing.assert_allclose(found - found[0], times, atol=2e-3)
    place = tracked.track.placement[:, 3] / tracked.track.placement[:, 5] * tracked.track.focal
    np.testing.assert_allclose(place - place[0], 40 * np.array(times), atol=3.0)


@pytest.fixture(scope="module")
def couple(tmp_path_factory: pytest.TempPathFactory, face: NDArray[np.uint8]) -> Path:
    """Return a clip of two people: the larger walks to the right, the one at the right stands."""
    frames = []
    for i in range(8):
        room = np.full((320, 560, 3), 90, np.uint8)
        room[10:310, :320] = shifted(face, 2 * i)
        room[60:240, 360:552] = cv2.flip(cv2.resize(face, (192, 180), interpolation=cv2.INTER_AREA), 1)
        frames.append(room)
    return clip(tmp_path_factory.mktemp("couple") / "c.mp4", frames)


def columns(tracked: TrackedClip) -> NDArray[np.float64]:
    """Return where the face is, px from the left."""
    track = tracked.track
    return track.width / 2 + track.focal * track.placement[:, 3] / track.placement[:, 5]


def test_of_two_people_the_larger_is_followed_and_told(couple: Path) -> None:
    tracked = run(track_clip(couple))
    column = columns(tracked)
    assert (column < 320).all()
    assert column[-1] - column[0] == pytest.approx(14, abs=3)
    assert any("2 faces; the largest one, number 1 from the left" in note for note in tracked.notes)


def test_of_two_people_the_one_asked_for_is_followed_and_told(couple: Path) -> None:
    tracked = run(track_clip(couple, face=2))
    column = columns(tracked)
    assert (column > 360).all()
    assert np.ptp(column) < 3
    assert any("2 faces; number 2 by size, number 2 from the left" in note for note in tracked.notes)
    rgb, faces = faces_first_seen(couple)
    assert rgb.shape == (320, 560, 3)
    assert [face.box[0] < 320 for face in faces] == [True, False]
    with pytest.raises(UserError, match="no more than 2 faces at once, so there is no face 3"):
        run(track_clip(couple, face=3))


def test_while_a_hand_covers_the_mouth_its_channels_hold(tmp_path: Path, face: NDArray[np.uint8]) -> None:
    covered = covered_mouth(face)
    tracked = run(track_clip(clip(tmp_path / "c.mp4", [face] * 10 + [covered] * 8 + [face] * 6)))
    motion = tracked.track.motion
    assert motion.confidence[11:17].max() < 0.8 * motion.confidence[:9].min()
    moved = np.abs(motion.code[12:17][:, MOUTH] - motion.code[8:9][:, MOUTH])
    assert moved.max() < 0.1


def test_a_clip_that_a_phone_held_upright_wrote_is_turned(tmp_path: Path, face: NDArray[np.uint8]) -> None:
    lying = [np.rot90(shifted(face, 2 * i)) for i in range(8)]
    path = clip(tmp_path / "c.mp4", lying)
    data = bytearray(path.read_bytes())
    # The track's header ends in the matrix that turns its pictures; ISO/IEC 14496-12, 8.3.2.
    matrix = data.index(b"tkhd") + 44
    data[matrix : matrix + 36] = struct.pack(">9i", 0, 1 << 16, 0, -1 << 16, 0, 0, 300 << 16, 0, 1 << 30)
    path.write_bytes(data)
    track = run(track_clip(path)).track
    assert (track.width, track.height) == (320, 300)
    place = track.placement[:, 3] / track.placement[:, 5] * track.focal
    assert place[-1] - place[0] == pytest.approx(14, abs=2.5)


def test_of_4k_at_120_frames_a_second_no_more_is_held_or_looked_at_than_tells(
    tmp_path: Path, face: NDArray[np.uint8]
) -> None:
    count = 8
    large = [cv2.resize(shifted(face, 2 * i), (3840, 2160), interpolation=cv2.INTER_LINEAR) for i in range(count)]
    path = clip(tmp_path / "c.mp4", large, 120)
    of_a_frame = large[0].nbytes
    del large
    tracemalloc.start()
    tracked = run(track_clip(path))
    most = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    track = tracked.track
    assert (track.width, track.height) == (3840, 2160)
    np.testing.assert_allclose(np.diff(track.motion.times), 1 / 60, atol=2e-3)
    assert track.fps == 60
    assert most < 0.25 * count * of_a_frame
    assert [note for note in tracked.notes if "120 frames a second; one of 2 was looked at" in note]
    place = track.placement[:, 3] / track.placement[:, 5] * track.focal
    assert place[-1] - place[0] == pytest.approx(12 * 3840 / 320, rel=0.25)


def test_a_hand_before_the_mouth_in_the_first_frames_is_known_by_the_rest(
    tmp_path: Path, face: NDArray[np.uint8]
) -> None:
    tracked = run(track_clip(clip(tmp_path / "c.mp4", [covered_mouth(face, k % 2) for k in range(6)] + [face] * 14)))
    motion = tracked.track.motion
    assert motion.confidence[:5].max() < 0.8 * motion.confidence[8:].min()
    assert motion.code[:4, MOUTH].max() < 0.2


def test_a_passing_stranger_does_not_take_over(tmp_path: Path, face: NDArray[np.uint8]) -> None:
    frames = []
    for i in range(16):
        room = np.full((320, 560, 3), 90, np.uint8)
        room[10:310, :320] = face
        if 4 <= i < 12:
            other = cv2.flip(cv2.resize(face, (192, 180), interpolation=cv2.INTER_AREA), 1)
            room[60:240, 366 - 2 * i : 558 - 2 * i] = other
        frames.append(room)
    assert np.ptp(columns(run(track_clip(clip(tmp_path / "c.mp4", frames))))) < 3
