"""The speech network in numpy: log-mels in, eight articulatory channels out, 10 ms at a time.

Two causal convolutions, two GRU layers and a head, 404k weights. The head answers three times per hop: what the
mouth did 20, 50 and 80 ms before the end of the newest analysis window. More delay hears more of what follows and is
more often right. It is linear but for the jaw: how open a vowel is takes a hidden layer to tell. A recording is known
to its end: there a third GRU reads what the second one heard from the future back, and a head of its own answers for
every hop itself.
"""

from collections.abc import Mapping
from functools import cache
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from studio.core.assets import load_weights
from studio.core.speech.features import HOP_SECONDS, MELS

WEIGHTS = "speech_v1.safetensors"
DELAYS = (2, 5, 8)  # hops by which each head looks back from the newest hop's end
CHANNELS = ("jaw", "close", "round", "spread", "fv", "tongue", "teeth", "speech")

_CONV, _HIDDEN, _JAW_UNITS = 128, 160, 96
_JAW = CHANNELS.index("jaw")
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
    "jaw1.weight": (_JAW_UNITS, _HIDDEN),
    "jaw1.bias": (_JAW_UNITS,),
    "jaw2.weight": (len(DELAYS), _JAW_UNITS),
    "jaw2.bias": (len(DELAYS),),
}

RECORDING_WEIGHTS = "speech_recording_v1.safetensors"
_BACKWARD = 128
RECORDING_SHAPES: dict[str, tuple[int, ...]] = {
    "gru.weight_ih_l0": (3 * _BACKWARD, _HIDDEN),
    "gru.weight_hh_l0": (3 * _BACKWARD, _BACKWARD),
    "gru.bias_ih_l0": (3 * _BACKWARD,),
    "gru.bias_hh_l0": (3 * _BACKWARD,),
    "head.weight": (len(CHANNELS), _HIDDEN + _BACKWARD),
    "head.bias": (len(CHANNELS),),
}
VOICE_WEIGHTS = "speech_voice_v1.safetensors"
VOICE_SHAPES: dict[str, tuple[int, ...]] = {"voice.weight": (_HIDDEN,), "voice.bias": ()}

# A recording is answered for in blocks of 4 s, each of which hears up to 1.5 s of what follows.
_BLOCK, _AHEAD = 400, 150
LONGEST_WAIT = (_BLOCK + _AHEAD) * HOP_SECONDS
"""s of sound behind a moment after which `RecordingNetwork` has answered for it."""

Weights: TypeAlias = Mapping[str, NDArray[np.float32]]


@cache
def speech_weights() -> dict[str, NDArray[np.float32]]:
    """Return the shipped weights, named and shaped as in `SHAPES`; read once per process."""
    return load_weights(WEIGHTS, SHAPES)


@cache
def recording_weights() -> dict[str, NDArray[np.float32]]:
    """Return what recordings need beside `speech_weights`, named and shaped as in `RECORDING_SHAPES`."""
    return load_weights(RECORDING_WEIGHTS, RECORDING_SHAPES)


@cache
def voice_weights() -> dict[str, NDArray[np.float32]]:
    """Return what tells a voice from music, named and shaped as in `VOICE_SHAPES`."""
    return load_weights(VOICE_WEIGHTS, VOICE_SHAPES)


def _sigmoid(x: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return the sigmoid of `x`, in its place."""
    x *= 0.5
    np.tanh(x, out=x)
    x += 1
    x *= 0.5
    return x


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
        # Windows overlap in memory: what is one row of them begins one frame after the row before.
        step, size = frames.strides
        windows = np.ndarray((count, len(self._matrix)), np.float32, frames, strides=(step, size))
        out = np.ascontiguousarray(windows) @ self._matrix
        out += self._bias
        return np.maximum(out, 0, out=out)


class _GatedRecurrentUnit:
    """One GRU layer in PyTorch's layout (reset, update, new) and its hidden state.

    A sigmoid is half of one more than a hyperbolic tangent of half its argument. The inner halves are in the weights,
    as is the outer one of the reset gate, which scales nothing but the recurrent part of `new`.
    """

    def __init__(self, weights: Weights, layer: int) -> None:
        recurrent = weights[f"gru.weight_hh_l{layer}"]
        size = recurrent.shape[1]
        gated = np.arange(3 * size) < 2 * size
        half = np.where(gated, np.float32(0.5), np.float32(1))
        bias, recurrent_bias = weights[f"gru.bias_ih_l{layer}"], weights[f"gru.bias_hh_l{layer}"]
        self._input = np.ascontiguousarray((half[:, None] * weights[f"gru.weight_ih_l{layer}"]).T)
        self._input_bias = half * (bias + np.where(gated, recurrent_bias, np.float32(0)))
        self._recurrent = np.ascontiguousarray(0.5 * recurrent.T)
        self._new_bias = 0.5 * recurrent_bias[2 * size :]  # reset scales it, so it cannot join the others
        self._hidden = np.zeros(size, np.float32)
        # Of matrices this small the calls cost as much as the sums, so these and their parts are made once.
        self._back = np.empty(3 * size, np.float32)
        self._gates, self._new = self._back[: 2 * size], self._back[2 * size :]
        self._reset, self._update = self._gates[:size], self._gates[size:]

    def push(self, frames: NDArray[np.float32]) -> NDArray[np.float32]:
        projected = frames @ self._input
        projected += self._input_bias
        hidden = self._hidden
        size = len(hidden)
        out = np.empty((len(frames), size), np.float32)
        gates, new = self._gates, self._new
        for own, following in zip(projected, out, strict=True):
            np.dot(hidden, self._recurrent, out=self._back)
            gates += own[: 2 * size]
            np.tanh(gates, out=gates)
            gates += 1
            new += self._new_bias
            new *= self._reset
            new += own[2 * size :]
            np.tanh(new, out=new)
            np.subtract(hidden, new, out=following)
            following *= self._update
            following *= 0.5
            following += new
            hidden = following
        self._hidden = hidden.copy()
        return out


class Listener:
    """Convolutions and GRUs with their memory: what has been heard up to each hop, ``[T, 160]``."""

    def __init__(self, weights: Weights) -> None:
        first = weights["conv1.bias"]
        # Trained with zero frames before the first, so the second layer's past is conv1 of zeros.
        self._layers = [
            _Convolution(weights["conv1.weight"], first, np.zeros(MELS)),
            _Convolution(weights["conv2.weight"], weights["conv2.bias"], np.maximum(first, 0)),
            _GatedRecurrentUnit(weights, 0),
            _GatedRecurrentUnit(weights, 1),
        ]

    def push(self, frames: NDArray[np.float32]) -> NDArray[np.float32]:
        """Return what was heard up to each of the frames ``[T, MELS]``."""
        for layer in self._layers:
            frames = layer.push(frames)
        return frames


class NetworkStream:
    """The network with its memory. One frame at a time or all at once, the answers are the same but for rounding.

    Parameters
    ----------
    weights
        As `SHAPES`; the shipped ones where none are given.

    Attributes
    ----------
    voices
        ``[T]`` 0..1: how surely each frame of the newest push is of a voice rather than of music or noise.
    """

    def __init__(self, weights: Weights | None = None) -> None:
        weights = speech_weights() if weights is None else weights
        self._listener = Listener(weights)
        voice = voice_weights()
        # What is read off the same states is read off at once: channels, whether it is a voice, units of the jaw.
        matrices = weights["head.weight"].T, voice["voice.weight"][:, None], weights["jaw1.weight"].T
        self._matrix = np.concatenate(matrices, axis=1)
        self._bias = np.concatenate([weights["head.bias"], voice["voice.bias"][None], weights["jaw1.bias"]])
        self._jaw, self._jaw_bias = np.ascontiguousarray(weights["jaw2.weight"].T), weights["jaw2.bias"]
        self.voices = np.zeros(0, np.float32)

    def push(self, log_mels: NDArray[np.float32]) -> NDArray[np.float32]:
        """Return channel activations ``[T, len(DELAYS), len(CHANNELS)]`` in 0..1 for frames ``[T, MELS]``."""
        said = self._listener.push(log_mels) @ self._matrix
        said += self._bias
        channels = len(DELAYS) * len(CHANNELS)
        logits, units = said[:, : channels + 1], said[:, channels + 1 :]
        logits[:, _JAW : channels : len(CHANNELS)] += np.maximum(units, 0, out=units) @ self._jaw + self._jaw_bias
        _sigmoid(logits)
        self.voices = logits[:, channels]
        return logits[:, :channels].reshape(-1, len(DELAYS), len(CHANNELS))


class RecordingNetwork:
    """The network for recordings: it also hears what follows, and answers without delay.

    Its blocks lie where they lie however the frames are pushed, and it forgets what it has answered for, so
    that hours need no more memory than seconds.

    Parameters
    ----------
    weights, backward
        As `SHAPES` and `RECORDING_SHAPES`; the shipped ones where none are given.
    """

    def __init__(self, weights: Weights | None = None, backward: Weights | None = None) -> None:
        self._listener = Listener(speech_weights() if weights is None else weights)
        self._backward = recording_weights() if backward is None else backward
        self._head = np.ascontiguousarray(self._backward["head.weight"].T)
        self._heard = np.zeros((0, _HIDDEN), np.float32)

    def push(self, log_mels: NDArray[np.float32]) -> NDArray[np.float32]:
        """Append frames ``[T, MELS]``; return channels ``[T', 8]`` in 0..1 of the hops whose block is complete.

        Row i of all that is returned describes hop i itself. `push` and `finish` together return as many rows as
        there were frames.
        """
        self._heard = np.concatenate([self._heard, self._listener.push(log_mels)])
        answers = [np.zeros((0, len(CHANNELS)), np.float32)]
        while len(self._heard) >= _BLOCK + _AHEAD:
            answers.append(self._answer(_BLOCK))
        return np.concatenate(answers)

    def finish(self) -> NDArray[np.float32]:
        """Return the channels ``[T'', 8]`` of all hops that are left: nothing follows them."""
        answers = [np.zeros((0, len(CHANNELS)), np.float32)]
        while len(self._heard):
            answers.append(self._answer(min(_BLOCK, len(self._heard))))
        return np.concatenate(answers)

    def _answer(self, count: int) -> NDArray[np.float32]:
        heard = self._heard[: _BLOCK + _AHEAD]
        self._heard = self._heard[count:]
        to_come = _GatedRecurrentUnit(self._backward, 0).push(heard[::-1])[::-1]
        both = np.concatenate([heard[:count], to_come[:count]], axis=1)
        return _sigmoid(both @ self._head + self._backward["head.bias"])
