"""What heads of the space "audio" hear of a timeline."""

from dataclasses import replace

import numpy as np
import pytest
from numpy.typing import NDArray

from studio.core.project.evaluation import Evaluation
from studio.core.project.heard_sounds import HeardSounds
from studio.core.project.timeline import Block, Timeline
from studio.core.speech.hidden import hidden_window, silence


def states(seed: int, seconds: float = 4.0) -> NDArray[np.float32]:
    return np.random.default_rng(seed).normal(size=(round(seconds * 25) + 1, 160)).astype(np.float32)


def sound(start: float, begin: float, end: float, source: str = "a") -> Block:
    return Block(f"{source}{start}", source, "", start, begin, end, ("audio",))


@pytest.mark.parametrize("time", [2.0, 2.52, 3.333])
def test_a_sound_is_heard_where_it_lies(time: float) -> None:
    timeline = Timeline(sounds=(sound(1.5, 0.5, 4.0),))
    heard = HeardSounds(timeline, {"a": states(0)})
    np.testing.assert_allclose(heard.window(time), hidden_window(states(0), time - 1.0), atol=1e-5)
    frame = Evaluation(timeline, {}, heard).motion_at(time)
    assert frame.heard is not None
    np.testing.assert_array_equal(frame.heard[0], heard.window(time))


def test_what_is_cut_off_is_silence() -> None:
    heard = HeardSounds(Timeline(sounds=(sound(1.0, 1.0, 2.0),)), {"a": states(0)})
    window = heard.window(1.0)  # 11 steps before the cut
    np.testing.assert_array_equal(window[:11], np.tile(silence(), (11, 1)))
    np.testing.assert_allclose(window[11:], states(0)[25:30], atol=1e-5)
    np.testing.assert_array_equal(heard.window(9.0), np.tile(silence(), (16, 1)))


def test_of_sounds_that_overlap_the_later_one_is_heard() -> None:
    timeline = Timeline(sounds=(sound(0.0, 0.0, 4.0), sound(1.0, 0.0, 4.0, "b")))
    window = HeardSounds(timeline, {"a": states(0), "b": states(1)}).window(2.0)
    np.testing.assert_allclose(window, hidden_window(states(1), 1.0), atol=1e-5)


@pytest.mark.parametrize("lane", ["audio", "mouth"])
def test_what_is_switched_off_is_not_heard(lane) -> None:
    timeline = Timeline(sounds=(sound(0.0, 0.0, 4.0),))
    quiet = replace(timeline.sounds[0], gain=0.0)
    for changed in (replace(timeline, muted=frozenset({lane})), replace(timeline, sounds=(quiet,))):
        window = HeardSounds(changed, {"a": states(0)}).window(2.0)
        np.testing.assert_array_equal(window, np.tile(silence(), (16, 1)))


def test_nothing_is_told_of_the_sound_unless_asked() -> None:
    assert Evaluation(Timeline(sounds=(sound(0.0, 0.0, 4.0),)), {}).motion_at(2.0).heard is None
