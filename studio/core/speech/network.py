"""The speech network in numpy: log-mels in, eight articulatory channels out, 10 ms at a time.

Two causal convolutions, two GRU layers and a linear head, 388k weights. The head answers three times per
hop: what the mouth did 20, 50 and 80 ms before the end of the newest analysis window. More delay hears
more of what follows and is more often right.
"""

from functools import cache

import numpy as np
from numpy.typing import NDArray

from studio.core.assets import load_weights
from studio.core.speech.features import MELS

WEIGHTS = "speech_v0.safetensors"
DELAYS = (2, 5, 8)  # hops by which each head looks back from the newest hop's end
CHANNELS = ("jaw", "close", "round", "spread", "fv", "tongue", "teeth", "speech")

_CONV, _HIDDEN = 128, 160
SHAPES: dict[str, tuple[int, ...]] = {
    "conv1.weight": (_CONV, MELS, 5),
    "conv1.bias": (_CONV,),
    "conv2.weight": (_CONV, _CONV, 3),
    "conv2.bias": (_CONV,),
    "gru.weight_ih_l0": (3 * _HIDDEN, _CONV),
    "gru.weight_hh_l0": (3 * _HIDDEN, _HIDDEN),
    "gru.bias_ih_l0": (3 * _HIDDEN,),
    "gru.bias_hh_l0": (3 * _HIDDEN,),
    "gru.weight_ih_l1": (3 * _HIDDEN, _HIDDEN),
    "gru.weight_hh_l1": (3 * _HIDDEN, _HIDDEN),
    "gru.bias_ih_l1": (3 * _HIDDEN,),
    "gru.bias_hh_l1": (3 * _HIDDEN,),
    "head.weight": (len(DELAYS) * len(CHANNELS), _HIDDEN),
    "head.bias": (len(DELAYS) * len(CHANNELS),),
}


@cache
def speech_weights() -> dict[str, NDArray[np.float32]]:
    """Return the shipped weights, named and shaped as in `SHAPES`; read once per process."""
    return load_weights(WEIGHTS, SHAPES)


def _sigmoid(x: NDArray[np.float32]) -> NDArray[np.float32]:
    return 0.5 * (np.tanh(0.5 * x) + 1)


class _Convolution:
    """A causal 1-D convolution with ReLU that keeps the frames its next taps need."""

    def __init__(self, weight: NDArray[np.float32], bias: NDArray[np.float32], context: NDArray) -> None:
        self._taps = weight.shape[2]
        # [out, in, taps] -> [taps * in, out]: one window of frames, oldest first, times this matrix.
        self._matrix = np.ascontiguousarray(weight.transpose(2, 1, 0).reshape(-1, weight.shape[0]))
        self._bias = bias
        self._context = np.tile(context.astype(np.float32), (self._taps - 1, 1))

    def push(self, frames: NDArray[np.float32]) -> NDArray[np.float32]:
        frames = np.concatenate([self._context, frames])
        self._context = frames[len(frames) - self._taps + 1 :]
        count = len(frames) - self._taps + 1
        windows = np.concatenate([frames[k : k + count] for k in range(self._taps)], axis=1)
        return np.maximum(windows @ self._matrix + self._bias, 0)


class _GatedRecurrentUnit:
    """One GRU layer in PyTorch's layout (reset, update, new) and its hidden state."""

    def __init__(self, weights: dict[str, NDArray[np.float32]], layer: int) -> None:
        self._input = np.ascontiguousarray(weights[f"gru.weight_ih_l{layer}"].T)
        self._input_bias = weights[f"gru.bias_ih_l{layer}"]
        self._recurrent = weights[f"gru.weight_hh_l{layer}"]
        self._recurrent_bias = weights[f"gru.bias_hh_l{layer}"]
        self._hidden = np.zeros(_HIDDEN, np.float32)

    def push(self, frames: NDArray[np.float32]) -> NDArray[np.float32]:
        projected = frames @ self._input + self._input_bias
        out = np.empty((len(frames), _HIDDEN), np.float32)
        hidden = self._hidden
        for i, own in enumerate(projected):
            back = self._recurrent @ hidden + self._recurrent_bias
            gates = _sigmoid(own[: 2 * _HIDDEN] + back[: 2 * _HIDDEN])
            reset, update = gates[:_HIDDEN], gates[_HIDDEN:]
            new = np.tanh(own[2 * _HIDDEN :] + reset * back[2 * _HIDDEN :])
            hidden = new + update * (hidden - new)
            out[i] = hidden
        self._hidden = hidden
        return out


class NetworkStream:
    """The network with its memory. One frame at a time or all at once, the answers are the same."""

    def __init__(self) -> None:
        weights = speech_weights()
        first = weights["conv1.bias"]
        # Trained with zero frames before the first, so the second layer's past is conv1 of zeros.
        self._conv1 = _Convolution(weights["conv1.weight"], first, np.zeros(MELS))
        self._conv2 = _Convolution(weights["conv2.weight"], weights["conv2.bias"], np.maximum(first, 0))
        self._gru = [_GatedRecurrentUnit(weights, layer) for layer in (0, 1)]
        self._head = np.ascontiguousarray(weights["head.weight"].T)
        self._head_bias = weights["head.bias"]

    def push(self, log_mels: NDArray[np.float32]) -> NDArray[np.float32]:
        """Return channel activations ``[T, len(DELAYS), len(CHANNELS)]`` in 0..1 for frames ``[T, MELS]``."""
        frames = self._conv2.push(self._conv1.push(log_mels))
        for layer in self._gru:
            frames = layer.push(frames)
        logits = frames @ self._head + self._head_bias
        return _sigmoid(logits).reshape(-1, len(DELAYS), len(CHANNELS))
