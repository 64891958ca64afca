from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from studio.core.media.decoded_sound import RATE, DecodedSound
from studio.core.project.sound_mix import SoundMix
from studio.core.project.timeline import Block, Timeline


@pytest.fixture
def sounds(tmp_path: Path) -> dict[str, DecodedSound]:
    """Two seconds whose samples count their own time: the one upwards, the other steady."""
    made = {}
    for key, values in {"ramp": np.linspace(0, 0.5, 2 * RATE), "steady": np.full(2 * RATE, 0.25)}.items():
        (tmp_path / key).write_bytes(np.round(values * 32768).astype(np.int16).tobytes())
        made[key] = DecodedSound(tmp_path / key, 2 * RATE, 1)
    return made


def block(key: str, start: float, begin: float = 0.0, end: float = 2.0, gain: float = 1.0) -> Block:
    return Block(key, key, key, start, begin, end, ("audio",), gain)


def test_blocks_lie_where_they_were_put_trimmed_and_as_loud_as_asked(sounds: dict[str, DecodedSound]) -> None:
    mix = SoundMix(Timeline(sounds=(block("ramp", 1.0, 0.5, 1.5, 2.0), block("steady", 1.5))), sounds)
    heard = mix.read(0, 4 * RATE)
    second = lambda t: float(heard[round(t * RATE), 0])  # noqa: E731
    assert second(0.9) == 0
    assert second(1.25) == pytest.approx(2 * 0.5 * 0.75 / 2, abs=1e-3)
    assert second(1.75) == pytest.approx(2 * 0.5 * 1.25 / 2 + 0.25, abs=1e-3)
    assert second(2.5) == pytest.approx(0.25, abs=1e-3)
    assert second(3.6) == 0


def test_it_is_the_same_however_it_is_cut(sounds: dict[str, DecodedSound]) -> None:
    mix = SoundMix(Timeline(sounds=(block("ramp", 0.3, 0.5, 1.5), block("steady", 0.4))), sounds)
    whole = mix.read(0, RATE)
    pieces = [mix.read(k, 777) for k in range(0, RATE, 777)]
    np.testing.assert_array_equal(np.concatenate(pieces)[:RATE], whole)


def test_a_block_begins_and_ends_without_a_click(sounds: dict[str, DecodedSound]) -> None:
    heard = SoundMix(Timeline(sounds=(block("steady", 0.5, 0.2, 0.7),)), sounds).read(0, 2 * RATE)
    assert np.abs(np.diff(heard[:, 0])).max() < 0.003


def test_what_is_muted_or_missing_is_silent(sounds: dict[str, DecodedSound]) -> None:
    timeline = Timeline(sounds=(block("steady", 0.0), block("gone", 0.0)))
    mix = SoundMix(timeline, sounds)
    assert mix.missing == ("gone",)
    assert mix.read(RATE, 10).any()
    assert not SoundMix(replace(timeline, muted=frozenset({"audio"})), sounds).read(RATE, 10).any()


def test_many_loud_sounds_stay_within_full_scale(sounds: dict[str, DecodedSound]) -> None:
    mix = SoundMix(Timeline(sounds=tuple(block("steady", 0.0, gain=3.0) for _ in range(4))), sounds)
    assert mix.read(RATE, 100).max() == 1.0
