from pathlib import Path

import numpy as np
import pytest
from sound_files import write_wave

from studio.core.errors import UserError
from studio.core.jobs import run
from studio.core.media.decoded_sound import RATE, decode_sound


def test_any_place_of_a_recording_is_there_at_the_common_rate(tmp_path: Path) -> None:
    rate = 22_050
    tone = 0.5 * np.sin(2 * np.pi * 440 * np.arange(2 * rate) / rate)
    write_wave(tmp_path / "tone.wav", np.stack([tone, 0.5 * tone], axis=1), rate)
    sound = run(decode_sound(tmp_path / "tone.wav", tmp_path))
    assert (sound.channels, sound.samples) == (2, pytest.approx(2 * RATE, abs=2))
    at = np.arange(RATE // 2, RATE) / RATE
    found = sound.read(RATE // 2, RATE // 2)
    np.testing.assert_allclose(found[:, 0], 0.5 * np.sin(2 * np.pi * 440 * at), atol=2e-3)
    np.testing.assert_allclose(found[:, 1], 0.5 * found[:, 0], atol=2e-3)
    np.testing.assert_array_equal(
        sound.read(RATE, 100), np.concatenate([sound.read(RATE, 40), sound.read(RATE + 40, 60)])
    )


def test_outside_there_is_silence_and_one_channel_is_on_both_sides(tmp_path: Path) -> None:
    write_wave(tmp_path / "noise.wav", np.random.default_rng(0).uniform(-0.5, 0.5, (RATE, 1)), RATE)
    sound = run(decode_sound(tmp_path / "noise.wav", tmp_path))
    edge = sound.read(-10, 20)
    assert not edge[:10].any()
    assert np.all(edge[10:, 0] == edge[10:, 1])
    assert edge[10:].any()
    assert not sound.read(sound.samples, 10).any()


def test_a_decoding_that_is_given_up_leaves_nothing(tmp_path: Path) -> None:
    write_wave(tmp_path / "noise.wav", np.random.default_rng(0).uniform(-0.5, 0.5, (RATE, 1)), RATE)
    scratch = tmp_path / "scratch"
    scratch.mkdir()
    job = decode_sound(tmp_path / "noise.wav", scratch)
    next(job)
    job.close()
    (tmp_path / "text.wav").write_text("no sound")
    with pytest.raises(UserError, match="text"):
        run(decode_sound(tmp_path / "text.wav", scratch))
    assert not list(scratch.iterdir())
