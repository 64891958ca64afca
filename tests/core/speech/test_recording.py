import tracemalloc
from collections.abc import Iterator

import numpy as np
import pytest

from studio.core.heads.arkit import ARKIT_INDEX
from studio.core.media.audio import load_audio
from studio.core.sample import sample_speech
from studio.core.speech.features import SAMPLE_RATE
from studio.core.speech.network import LONGEST_WAIT
from studio.core.speech.recording import motion_frames, speech_motion
from studio.core.speech.settings import SpeechSettings
from studio.core.speech.stream import SpeechDriver

JAW, PUCKER = ARKIT_INDEX["jawOpen"], ARKIT_INDEX["mouthPucker"]


@pytest.fixture(scope="module")
def speech() -> np.ndarray:
    """Return six seconds of synthesised speech, in two sentences."""
    return load_audio(sample_speech())


@pytest.mark.parametrize(
    ("samples", "fps", "frames"), [(0, 25, 1), (16000, 25, 25), (16001, 25, 26), (100, 25, 1), (16000, 29.97, 30)]
)
def test_a_track_covers_every_moment_of_its_sound(samples: int, fps: float, frames: int) -> None:
    motion = speech_motion(np.zeros(samples, np.float32), fps)
    assert len(motion) == frames
    np.testing.assert_allclose(motion.times, np.arange(frames) / fps)


def test_a_track_is_the_same_for_the_same_seed_only(speech: np.ndarray) -> None:
    a, b, c = (speech_motion(speech[:32000], 25, seed) for seed in (4, 4, 5))
    np.testing.assert_array_equal(a.code, b.code)
    np.testing.assert_array_equal(a.head_pose, b.head_pose)
    assert np.abs(a.head_pose - c.head_pose).max() > 0.005
    np.testing.assert_array_equal(a.code[:, JAW], c.code[:, JAW])


def test_how_a_recording_is_cut_into_blocks_changes_nothing(speech: np.ndarray) -> None:
    cuts = np.sort(np.random.default_rng(0).integers(0, len(speech), 30))
    frames = list(motion_frames(np.split(speech, cuts), 25, seed=3))
    whole = speech_motion(speech, 25, 3)
    assert len(frames) == len(whole)
    assert whole.code[:, JAW].max() > 0.2
    np.testing.assert_allclose(np.concatenate([frame.code for frame in frames]), whole.code, atol=1e-4)
    np.testing.assert_allclose(np.concatenate([frame.head_pose for frame in frames]), whole.head_pose, atol=1e-4)


def test_frames_are_those_of_a_driver_that_has_heard_everything(speech: np.ndarray) -> None:
    driver = SpeechDriver(recording=True)
    driver.push(np.concatenate([speech, np.zeros(round(0.09 * SAMPLE_RATE), np.float32)]))
    driver.finish()
    jaw = [driver.read(t).code[0, JAW] for t in np.arange(0, len(speech) / SAMPLE_RATE, 0.04)]
    np.testing.assert_allclose(speech_motion(speech, 25).code[:, JAW], jaw, atol=1e-4)


def test_frames_come_as_the_sound_is_read(speech: np.ndarray) -> None:
    """A frame is given out as soon as the network has answered for its moment, so nothing piles up."""
    speech = np.tile(speech, 3)
    read = [0]

    def blocks() -> Iterator[np.ndarray]:
        for block in np.split(speech, range(1600, len(speech), 1600)):
            read[0] += len(block)
            yield block

    waits = [read[0] / SAMPLE_RATE - frame.times[0] for frame in motion_frames(blocks(), 25)]
    assert max(waits) < LONGEST_WAIT + 0.3
    assert min(waits) >= 0


def test_long_recordings_need_no_more_memory(speech: np.ndarray) -> None:
    def peak(repeats: int) -> int:
        tracemalloc.start()
        for _ in motion_frames((speech for _ in range(repeats)), 1):
            pass
        peak = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        return peak

    peak(1)  # what is cached when first used
    assert peak(9) < peak(4) + 25_000


def test_what_follows_is_heard(speech: np.ndarray) -> None:
    """The network for recordings rounds the lips otherwise than the live one, and opens them alike."""
    live = SpeechDriver()
    live.push(np.concatenate([speech, np.zeros(SAMPLE_RATE, np.float32)]))
    whole = speech_motion(speech, 25)
    heard = np.concatenate([live.read(t).code for t in whole.times])
    assert 0.7 < np.corrcoef(heard[:, PUCKER], whole.code[:, PUCKER])[0, 1] < 0.999
    assert np.corrcoef(heard[:, JAW], whole.code[:, JAW])[0, 1] > 0.99


def test_the_gain_scales_the_mouth_and_the_look_ahead_does_not_matter(speech: np.ndarray) -> None:
    half, usual, short = (
        speech_motion(speech[:48000], 25, settings=settings).code[:, JAW]
        for settings in (SpeechSettings(gain=0.5), SpeechSettings(), SpeechSettings(look_ahead=0.02))
    )
    assert 0.3 < half.max() / usual.max() < 0.7
    np.testing.assert_array_equal(usual, short)
