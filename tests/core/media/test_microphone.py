import builtins
import time
import wave
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pytest

from studio.core.errors import UserError
from studio.core.media.microphone import RATE, Microphone
from studio.core.media.ring import RingBuffer
from studio.core.media.sound_devices import input_devices

if TYPE_CHECKING:
    from null_sink import NullSink


def write_tone(path: Path, frequency: float, seconds: float, amplitude: float = 0.25) -> Path:
    t = np.arange(int(48000 * seconds)) / 48000
    samples = (amplitude * 32767 * np.sin(2 * np.pi * frequency * t)).astype("<i2")
    with wave.open(str(path), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(48000)
        file.writeframes(samples.tobytes())
    return path


def listen(microphone: Microphone, enough: Callable[[np.ndarray], bool], seconds: float = 10.0) -> np.ndarray:
    """Read until `enough` is heard; the microphone itself paces the loop."""
    heard = np.zeros(0, np.float32)
    deadline = time.monotonic() + seconds
    while not enough(heard):
        assert time.monotonic() < deadline, f"heard {len(heard)} samples, peak {np.abs(heard).max(initial=0)}"
        heard = np.concatenate([heard, microphone.read()])
        time.sleep(0.01)
    return heard


def loud(heard: np.ndarray) -> np.ndarray:
    return heard[np.abs(heard) > 0.05]


def test_ring_gives_back_what_was_put_in_across_its_end() -> None:
    ring = RingBuffer(10, 2)
    expected, got = [], []
    for k in range(50):
        block = np.full((k % 7, 2), k, np.float32)
        assert ring.put(block)
        expected.append(block)
        got.append(ring.take())
    np.testing.assert_array_equal(np.concatenate(got), np.concatenate(expected))


def test_ring_drops_what_does_not_fit_and_goes_on() -> None:
    ring = RingBuffer(8, 1)
    assert ring.put(np.ones((6, 1), np.float32))
    assert not ring.put(np.full((3, 1), 2, np.float32))
    assert ring.put(np.full((2, 1), 3, np.float32))
    np.testing.assert_array_equal(ring.take()[:, 0], [1] * 6 + [3] * 2)


def test_without_portaudio_the_sentence_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    real_import = builtins.__import__

    def no_port_audio(name: str, *args: object, **kwargs: object) -> object:
        if name == "sounddevice":
            raise OSError("PortAudio library not found")
        return real_import(name, *args, **kwargs)  # type: ignore[arg-type]

    monkeypatch.setattr(builtins, "__import__", no_port_audio)
    with pytest.raises(UserError, match="libportaudio2"):
        input_devices()


def test_a_tone_arrives_at_its_level_and_frequency(null_sink: "NullSink", tmp_path: Path) -> None:
    assert any(device.default for device in input_devices())
    microphone = Microphone()
    microphone.start()
    try:
        assert microphone.name
        null_sink.play(write_tone(tmp_path / "tone.wav", 1000, 4))
        heard = listen(microphone, lambda heard: len(loud(heard)) > RATE)
        level, lost = microphone.level, microphone.lost
    finally:
        microphone.stop()
    # Not the largest sample: a loaded machine may lose some, which is heard as a click.
    assert np.percentile(np.abs(loud(heard)), 98) == pytest.approx(0.25, rel=0.05)
    assert level == pytest.approx(20 * np.log10(0.25 / np.sqrt(2)), abs=1.5)
    assert not lost
    tone = heard[-RATE // 2 :]
    spectrum = np.abs(np.fft.rfft(tone * np.hanning(len(tone))))
    assert np.argmax(spectrum) * RATE / len(tone) == pytest.approx(1000, abs=4)
    assert microphone.read().size == 0


def test_it_can_be_started_again(null_sink: "NullSink", tmp_path: Path) -> None:
    microphone = Microphone(input_devices()[0].name)
    for _ in range(2):
        microphone.start()
        assert len(listen(microphone, lambda heard: len(heard) > RATE // 10)) > 0
    microphone.stop()


def test_a_device_that_stops_delivering_is_lost(null_sink: "NullSink") -> None:
    microphone = Microphone()
    microphone.start()
    try:
        listen(microphone, lambda heard: len(heard) > RATE // 10)
        null_sink.server.terminate()
        deadline = time.monotonic() + 10
        while not microphone.lost:
            assert time.monotonic() < deadline
            time.sleep(0.02)
    finally:
        microphone.stop()


def test_an_unknown_microphone_names_those_that_are_there(null_sink: "NullSink") -> None:
    with pytest.raises(UserError, match="'Trumpet' is not there; plug it in, or choose one of "):
        Microphone("Trumpet").start()
