import numpy as np
import pytest

from studio.core.heads.arkit import ARKIT_INDEX
from studio.core.speech.articulation import articulate
from studio.core.speech.network import CHANNELS


def pose(gain: float = 1.0, **channels: float) -> dict[str, float]:
    row = np.zeros(len(CHANNELS), np.float32)
    for name, value in channels.items():
        row[CHANNELS.index(name)] = value
    code = articulate(row, gain)
    return {name: float(code[i]) for name, i in ARKIT_INDEX.items()}


def test_silence_is_the_mouth_at_rest() -> None:
    assert articulate(np.zeros(len(CHANNELS))).max() == 0


def test_an_open_vowel_opens_the_jaw_and_leaves_the_lips_apart() -> None:
    a = pose(jaw=0.55)
    assert 0.35 <= a["jawOpen"] <= 0.5
    assert a["mouthClose"] == 0


@pytest.mark.parametrize("jaw", [0.1, 0.3, 0.6])
def test_a_bilabial_seals_the_lips_over_a_raised_jaw(jaw: float) -> None:
    b = pose(jaw=jaw, close=0.8, round=0.5, teeth=0.5)
    assert b["jawOpen"] == pytest.approx(b["mouthClose"], abs=1e-6)
    assert 0 < b["jawOpen"] < 0.25
    assert b["mouthPressLeft"] == b["mouthPressRight"] > 0.2
    assert b["mouthPucker"] == b["mouthLowerDownLeft"] == 0


def test_rounding_puckers_and_spreading_stretches() -> None:
    u, i = pose(jaw=0.2, round=0.6), pose(jaw=0.2, spread=0.6)
    assert u["mouthPucker"] > 0.3 > u["mouthStretchLeft"]
    assert i["mouthStretchLeft"] == i["mouthStretchRight"] > 0.1 > i["mouthPucker"]


def test_labiodentals_bring_the_lower_lip_in() -> None:
    f = pose(jaw=0.2, fv=0.9)
    assert f["mouthRollLower"] > 0.3
    assert f["mouthUpperUpLeft"] > 0.1
    assert f["jawOpen"] < pose(jaw=0.2)["jawOpen"]


def test_any_input_stays_in_range_and_never_closes_more_than_it_opens() -> None:
    channels = np.random.default_rng(0).uniform(0, 1, (2000, len(CHANNELS)))
    for gain in (0.5, 1.0, 3.0):
        code = np.stack([articulate(row, gain) for row in channels])
        assert code.min() >= 0
        assert code.max() <= 1
        assert (code[:, ARKIT_INDEX["mouthClose"]] <= code[:, ARKIT_INDEX["jawOpen"]] + 1e-6).all()
        assert code[:, ARKIT_INDEX["tongueOut"]].max() < 0.15


def test_gain_moves_the_mouth_further() -> None:
    assert pose(2.0, jaw=0.3)["jawOpen"] == pytest.approx(2 * pose(1.0, jaw=0.3)["jawOpen"], rel=1e-5)
