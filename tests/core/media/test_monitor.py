"""The delayed monitor: hours of two clocks that disagree, and a click through two real null sinks."""

import subprocess
import time
from typing import TYPE_CHECKING

import numpy as np
import pytest

from studio.core.media.audio_clock import AudioClock
from studio.core.media.microphone import Microphone
from studio.core.media.monitor import DelayedSound, Monitor

if TYPE_CHECKING:
    from null_sink import NullSink

RATE = 48000


def play(sound: DelayedSound, signal: np.ndarray, delay: int, drift: float = 0.0, block: int = 480) -> np.ndarray:
    """Write a signal and read it `delay` samples later, on a clock that is off."""
    out = []
    for k in range(0, len(signal) - block, block):
        sound.write(k, signal[k : k + block])
        out.append(sound.read(block, k * (1 + drift) - delay))
    return np.concatenate(out)


def test_sound_comes_unchanged_by_the_delay() -> None:
    signal = np.random.default_rng(0).normal(0, 0.1, RATE).astype(np.float32)
    out = play(DelayedSound(RATE), signal, 4800)
    np.testing.assert_allclose(out[10000:], signal[10000 - 4800 : len(out) - 4800], atol=1e-6)


def test_a_clock_that_is_off_bends_the_speed_and_nothing_clicks() -> None:
    t = np.arange(10 * RATE) / RATE
    signal = (0.5 * np.sin(2 * np.pi * 440 * t)).astype(np.float32)
    out = play(DelayedSound(RATE), signal, 4800, drift=-300e-6)[RATE:]
    assert np.abs(np.diff(out)).max() < 1.02 * np.abs(np.diff(signal)).max()
    spectrum = np.abs(np.fft.rfft(out * np.hanning(len(out))))
    assert np.argmax(spectrum) * RATE / len(out) == pytest.approx(440, abs=0.3)
    assert np.sort(spectrum)[-20:].sum() > 0.98 * spectrum.sum()


def test_a_delay_that_jumps_is_a_crossfade() -> None:
    t = np.arange(RATE) / RATE
    signal = (0.5 * np.sin(2 * np.pi * 100 * t)).astype(np.float32)
    sound = DelayedSound(RATE)
    early = play(sound, signal[: RATE // 2], 4800)
    for k in range(RATE // 2, RATE, 480):
        sound.write(k, signal[k : k + 480])
        late = sound.read(480, k - 4800 - 9600)
        early = np.concatenate([early, late])
    assert np.abs(np.diff(early[6000:])).max() < 0.02
    np.testing.assert_allclose(late, signal[k - 14400 : k - 13920], atol=1e-6)


def test_missing_sound_is_silence() -> None:
    sound = DelayedSound(RATE)
    sound.write(0, np.full(4800, 0.5, np.float32))
    assert sound.read(960, 2000)[-1] == pytest.approx(0.5)
    for _ in range(20):
        gone = sound.read(480, 4900)
    assert np.abs(gone).max() == 0
    assert np.abs(np.diff(sound.read(480, 1e9))).max() < 0.01


def test_hours_between_two_devices_keep_the_delay() -> None:
    # 200 samples a second stand for 48000: what is followed is seconds, not samples.
    rate, block, delay, hours = 200, 40, 0.5, 2
    fast, slow = 1.0002, 0.9999  # the quartzes of microphone and output
    microphone, output, sound = AudioClock(rate), AudioClock(rate), DelayedSound(rate)
    jitter = iter(np.random.default_rng(0).normal(0, 0.001, int(3 * hours * 3600 * rate / block)).tolist())
    ramp = np.arange(block, dtype=np.float32)
    captured, behind = 0, []
    for first in range(0, hours * 3600 * rate, block):
        now = first / rate / slow
        while (captured + block) / rate / fast <= now:
            microphone.update(captured, captured / rate / fast + next(jitter))
            sound.write(captured, captured + ramp)  # every sample says its number
            captured += block
        output.update(first, now + 0.03 + next(jitter))
        heard = sound.read(block, microphone.sample_at(output.time_of(first) - delay))
        behind.append(now + 0.03 - heard[0] / rate / fast)
    settled = np.array(behind[300:])
    assert np.abs(settled - delay).max() < 1 / 60
    assert abs(np.mean(settled[-500:]) - np.mean(settled[:500])) < 0.001
    assert hours * 3600 * (fast - slow) > 100 / 60  # by which they part


@pytest.mark.slow  # it tells the time of real sound, which a busy machine delays; benchmarks/live.py --monitor too
def test_a_click_comes_out_as_late_as_it_should(null_sink: "NullSink") -> None:
    null_sink.control("load-module", "module-null-sink", "sink_name=ears", "rate=48000")
    null_sink.control("set-default-sink", "ears")
    microphone, ears = (
        Microphone("Monitor of Null Output (studio.monitor)"),
        Microphone("Monitor of Null Output (ears.monitor)"),
    )
    delay = 0.15
    monitor = Monitor(microphone, lambda: delay)
    player = null_sink.play("--raw", "--format=float32le", "--rate=16000", "--channels=1", program="pacat",
                            stdin=subprocess.PIPE)  # fmt: skip
    assert player.stdin is not None
    microphone.start()
    monitor.start()
    ears.start()
    try:
        into, out = [], []
        heard = [np.zeros(0, np.float32), np.zeros(0, np.float32)]
        deadline, next_click = time.monotonic() + 5, time.monotonic() + 1
        while time.monotonic() < deadline:
            if time.monotonic() > next_click:
                player.stdin.write(np.full(800, 0.5, np.float32).tobytes())
                player.stdin.flush()
                next_click += 0.5
            for k, source in enumerate((microphone, ears)):
                heard[k] = np.concatenate([heard[k], source.read()])
            time.sleep(0.01)
        for source, sound, times in ((microphone, heard[0], into), (ears, heard[1], out)):
            loud = np.abs(sound) > 0.2
            (starts,) = np.nonzero(loud[1:] & ~loud[:-1])
            starts = starts[np.diff(starts, prepend=-16000) > 4000]
            times += [source.clock.time_of(start * source.rate / 16000) for start in starts]
        delays = np.array([min((after - before for after in out if after > before), default=9) for before in into])
        assert len(delays) >= 5
        assert np.median(delays) == pytest.approx(delay, abs=0.02)
    finally:
        for device in (monitor, microphone, ears):
            device.stop()
        player.stdin.close()
