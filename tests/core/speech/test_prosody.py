import numpy as np
import pytest

from studio.core.motion.idle import IdleMotion, Prosody
from studio.core.speech.prosody import ProsodyFollower


def talk(seconds: float = 40.0, seed: int = 0, emphasis: float = 1.0) -> tuple[np.ndarray, np.ndarray]:
    """Phrases of 2.4 s with a stressed syllable each 0.8 s, pauses of 1.2 s; return prosody ``[T,7]`` and voice."""
    follower = ProsodyFollower(seed)
    rows, voices = [], []
    for k in range(int(seconds * 100)):
        t = k / 100
        voice = float(t % 3.6 < 2.4)
        syllable = max(np.sin(2 * np.pi * t / 0.2), 0.0)
        stressed = (t % 0.8) < 0.2
        above = -8 + (14 if stressed else 6) * syllable
        voiced = bool(voice) and syllable > 0.2
        rows.append(follower.push(voice, above, voiced, 84.0 + 4 * stressed, emphasis))
        voices.append(voice)
    return np.array(rows), np.array(voices)


def test_heads_nod_on_stressed_syllables() -> None:
    rows, voice = talk()
    nod = rows[:, Prosody._fields.index("nod")]
    peaks = np.flatnonzero((nod[1:-1] > nod[:-2]) & (nod[1:-1] >= nod[2:]) & (nod[1:-1] > 0.1)) + 1
    assert 25 <= len(peaks) <= 60
    late = (peaks / 100) % 0.8
    assert np.median(late) < 0.35
    assert nod[voice == 0][80:].max() < nod.max()


def test_nothing_twitches() -> None:
    rows, _ = talk()
    smooth = rows[:, [0, 1, 2, 4]]
    assert np.abs(np.diff(smooth, axis=0)).max() <= 0.1 + 1e-6
    assert np.abs(np.diff(rows[:, 1], n=2)).max() < 0.025
    assert (rows[:, :5] >= 0).all()
    assert (rows[:, :5] <= 1).all()


def test_blinks_prefer_the_ends_of_phrases() -> None:
    rows, _ = talk(200.0)
    starts = np.flatnonzero((rows[1:, 3] > 0) & (rows[:-1, 3] == 0)) / 100
    assert 12 <= len(starts) / (200 / 60) <= 30
    assert np.diff(starts).min() > 0.9
    after = (starts % 3.6) - 2.4
    assert np.mean((after > 0) & (after < 0.4)) > 0.4


def test_turns_draw_the_gaze_away_and_let_it_come_back() -> None:
    rows, _ = talk()
    look = np.degrees(np.hypot(rows[:, 5], rows[:, 6]))
    assert 2 < look.max() < 17
    assert (look < 0.1).mean() > 0.4


def test_emphasis_scales_and_silence_is_still() -> None:
    none, usual = talk(12.0, emphasis=0.0)[0], talk(12.0)[0]
    assert none[:, :3].max() == 0
    assert usual[:, :3].max(axis=0).min() > 0.1
    follower = ProsodyFollower(1)
    assert all(follower.push(0.0, -20.0, False, 0.0, 1.0) == Prosody() for _ in range(3000))


def test_seeds_differ_and_repeat() -> None:
    a, b, c = (talk(20.0, seed)[0] for seed in (2, 2, 3))
    np.testing.assert_array_equal(a, b)
    assert np.abs(a - c).max() > 0.1


@pytest.mark.parametrize("amount", [0.5, 1.0])
def test_a_talking_head_neither_freezes_nor_jerks(amount: float) -> None:
    rows, _ = talk(40.0)
    idle = IdleMotion(4)
    poses = np.concatenate([idle.at(k / 100, Prosody(*rows[k]), amount).head_pose for k in range(len(rows))])
    turn = np.degrees(poses[:, :3])
    speed = np.diff(turn, axis=0) * 100
    assert np.abs(speed).max() < 35
    assert np.abs(np.diff(speed, axis=0)).max() * 100 < 700
    for second in np.split(turn, 40):
        assert np.ptp(second, axis=0).max() > 0.03
