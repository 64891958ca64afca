"""Log-mel features of speech, one frame per 10 ms hop, streaming and batch by the same code."""

import numpy as np
from numpy.typing import NDArray

SAMPLE_RATE = 16000
HOP = 160  # 10 ms
WINDOW = 400  # 25 ms
FFT = 512
MELS = 64
HOP_SECONDS = HOP / SAMPLE_RATE


def mel_filterbank(low: float = 60.0, high: float = 7800.0) -> NDArray[np.float32]:
    """Return triangular filters ``[MELS, FFT/2+1]`` between `low` and `high` Hz (HTK mel scale)."""

    def mel(hz: NDArray) -> NDArray:
        return 2595 * np.log10(1 + hz / 700)

    corners = 700 * (10 ** (np.linspace(mel(np.array(low)), mel(np.array(high)), MELS + 2) / 2595) - 1)
    frequencies = np.arange(FFT // 2 + 1) * SAMPLE_RATE / FFT
    left, centre, right = corners[:-2, None], corners[1:-1, None], corners[2:, None]
    rising = (frequencies - left) / (centre - left)
    falling = (right - frequencies) / (right - centre)
    return np.maximum(0, np.minimum(rising, falling)).astype(np.float32)


_FILTERS = np.ascontiguousarray(mel_filterbank().T)  # [FFT/2+1, MELS]
_HANN = np.hanning(WINDOW).astype(np.float32)
# A long push is cut into blocks so that its spectra stay in cache: 2000 hops are 20 s.
_BLOCK = 2000


def log_mel(power: NDArray[np.float32]) -> NDArray[np.float32]:
    """Compress mel power to about -2..2; the constants are those the network was trained with."""
    return (np.log(power + np.float32(1e-5)) + 4) / 4


class MelStream:
    """Mel power of a stream: frame i covers the `WINDOW` samples that end at ``(i+1)*HOP``.

    The samples before the first are taken as zeros. How the stream is cut into pushes changes nothing.
    """

    def __init__(self) -> None:
        self._tail = np.zeros(WINDOW - HOP, np.float32)  # samples that later windows still cover

    def push(self, samples: NDArray[np.float32]) -> NDArray[np.float32]:
        """Append samples ``[S]`` and return the power ``[T, MELS]`` of every hop they completed."""
        samples = np.concatenate([self._tail, samples.astype(np.float32, copy=False)])
        count = (len(samples) - (WINDOW - HOP)) // HOP
        self._tail = samples[count * HOP :]
        if count == 0:
            return np.zeros((0, MELS), np.float32)
        # A view; what numpy's stride_tricks take to make one is a tenth of a hop's cost.
        frames = np.ndarray((count, WINDOW), np.float32, samples, strides=(HOP * samples.itemsize, samples.itemsize))
        power = np.empty((count, MELS), np.float32)
        for start in range(0, count, _BLOCK):
            spectrum = np.fft.rfft(frames[start : start + _BLOCK] * _HANN, FFT)
            power[start : start + _BLOCK] = (spectrum * spectrum.conj()).real.astype(np.float32) @ _FILTERS
        return power
