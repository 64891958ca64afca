import numpy as np

from studio.core.speech.features import HOP, SAMPLE_RATE, MelStream
from studio.core.speech.level import InputLevel


def presence(*parts: tuple[float, float]) -> np.ndarray:
    """Return the presence at every hop of noise that has been `dB` for `seconds`, part after part."""
    rng = np.random.default_rng(0)
    sound = [10 ** (dB / 20) * rng.standard_normal(round(seconds * SAMPLE_RATE)) for seconds, dB in parts]
    level, seen = InputLevel(), []
    for power in MelStream().push(np.concatenate(sound).astype(np.float32)):
        level.push(power, True)
        seen.append(level.presence)
    return np.array(seen)


def hops(seconds: float) -> int:
    return round(seconds * SAMPLE_RATE / HOP)


def test_loud_sound_that_stops_is_gone_within_a_quarter_second() -> None:
    heard = presence((1.0, -62.0), (1.0, -18.0), (1.0, -62.0))
    assert heard[hops(1.2) : hops(2.0)].min() == 1
    assert heard[hops(2.25) :].max() < 0.1


def test_the_silence_of_a_stop_does_not_count_as_an_end() -> None:
    heard = presence((1.0, -62.0), (0.5, -18.0), (0.1, -62.0), (0.5, -18.0))
    assert heard[hops(1.2) :].min() > 0.9
