"""Correctives: what rig and colours miss under an expression or a turn, as a small MLP of the frame says.

A clip shows how a cheek darkens when it rises and how a collar slides under a turned neck. The inputs are the first
principal components of the expressions and head poses that the clip holds, and never leave the range that it held, so
poses nobody has seen get no correction nobody has checked. A hidden layer makes a few numbers of them, and each
Gaussian has a place and a colour for each of the numbers. At rest they are all 0.
"""

from dataclasses import dataclass

import numpy as np
from numba import njit, prange
from numpy.typing import NDArray

from studio.core.heads.arkit import ARKIT_NAMES
from studio.core.motion.motion import Motion
from studio.core.render.numba_runtime import KERNEL, kernel_threads

FEATURES = len(ARKIT_NAMES) + 6
"""Numbers of a frame: its code and its head pose."""
MEAN, COLOR = slice(0, 3), slice(3, 6)
"""Columns of a table of corrections: m in head space at rest, and RGB."""
MOST_WEIGHT = 10.0
"""Which no weight of a mixer exceeds."""
# Of a head that learns: inputs of the mixer, its hidden units and its numbers, each of which costs time in every frame.
_INPUTS, _UNITS, _NUMBERS = 8, 16, 6
# A channel at 1 counts as much as a turn of half a radian or a step of a decimetre.
_POSE_SCALE = np.array([2, 2, 2, 10, 10, 10], np.float32)

f32, u64 = np.float32, np.uint64


@dataclass(frozen=True, eq=False)
class Mixer:
    """The MLP: P inputs x to K numbers ``mixing @ [x, tanh(W x + b) − tanh(b)]``, which are 0 where x is.

    Attributes
    ----------
    hidden
        ``[H,P+1]`` float32: W, and in the last column b.
    mixing
        ``[K,P+H]`` float32.
    """

    hidden: NDArray[np.float32]
    mixing: NDArray[np.float32]

    @staticmethod
    def straight(inputs: int, numbers: int, units: int = 0, seed: int = 0) -> "Mixer":
        """Return a mixer whose numbers are the first inputs, with random hidden units that nothing hears yet."""
        rng = np.random.default_rng(seed)
        hidden = rng.normal(0, 1, (units, inputs + 1)).astype(np.float32)
        return Mixer(hidden, np.eye(numbers, inputs + units, dtype=np.float32))

    def __call__(self, inputs: NDArray[np.float32]) -> NDArray[np.float32]:
        """Return the numbers ``[K]`` of inputs ``[P]``."""
        return self.mixing @ self._heard(inputs)

    def pull_back(self, inputs: NDArray[np.float32], grad: NDArray[np.float32]) -> "Mixer":
        """Return the gradients of the weights from those of the numbers ``[K]``."""
        weights, bias = self.hidden[:, :-1], self.hidden[:, -1]
        to_units = grad @ self.mixing[:, len(inputs) :]
        slope, slope_at_rest = (1 - np.tanh(x) ** 2 for x in (weights @ inputs + bias, bias))
        hidden = np.column_stack([np.outer(to_units * slope, inputs), to_units * (slope - slope_at_rest)])
        return Mixer(hidden, np.outer(grad, self._heard(inputs)))

    def _heard(self, inputs: NDArray[np.float32]) -> NDArray[np.float32]:
        bias = self.hidden[:, -1]
        return np.concatenate([inputs, np.tanh(self.hidden[:, :-1] @ inputs + bias) - np.tanh(bias)])


@dataclass(frozen=True, eq=False)
class Correctives:
    """Corrections of N Gaussians by K numbers.

    Attributes
    ----------
    basis
        ``[P,58]`` float32: from a frame's `features` to the mixer's inputs.
    least, most
        ``[P]`` float32: between which the inputs stay; 0 lies between them.
    mixer
        From inputs to numbers.
    table
        ``[N,K,6]`` float32: what each Gaussian gains for each number: mean m at rest, colour RGB.
    """

    basis: NDArray[np.float32]
    least: NDArray[np.float32]
    most: NDArray[np.float32]
    mixer: Mixer
    table: NDArray[np.float32]

    def inputs(self, frame: Motion) -> NDArray[np.float32]:
        """Return the inputs ``[P]`` of one ARKit frame."""
        return np.clip(self.basis @ features(frame), self.least, self.most).astype(np.float32)

    def numbers(self, frame: Motion) -> NDArray[np.float32]:
        """Return the numbers ``[K]`` of one ARKit frame."""
        return self.mixer(self.inputs(frame))

    @staticmethod
    def over(frames: list[Motion], gaussians: int) -> "Correctives":
        """Return correctives for the motion of `frames`, with tables of zeros."""
        seen = np.stack([features(frame) for frame in frames]).astype(np.float64)
        _, sizes, axes = np.linalg.svd(seen, full_matrices=False)
        count = int(min(_INPUTS, (sizes > 1e-3 * max(sizes[0], 1e-9)).sum()))
        basis = (axes[:count] / max(sizes[0] / np.sqrt(len(seen)), 1e-6)).astype(np.float32)
        inputs = seen @ basis.T
        least, most = (bound.astype(np.float32) for bound in (inputs.min(0), inputs.max(0)))
        numbers = min(_NUMBERS, count)
        mixer = Mixer.straight(count, numbers, _UNITS)
        table = np.zeros((gaussians, numbers, 6), np.float32)
        return Correctives(basis, np.minimum(least, 0), np.maximum(most, 0), mixer, table)


def features(frame: Motion) -> NDArray[np.float32]:
    """Return what corrections of one frame are linear in ``[58]``; all 0 at rest."""
    return np.concatenate([frame.code[0], frame.head_pose[0] * _POSE_SCALE])


def correct(
    table: NDArray[np.float32],
    numbers: NDArray[np.float32],
    turns: NDArray[np.float32],
    follow: NDArray[np.uint8],
    means: NDArray[np.float32],
    colors: NDArray[np.float32],
) -> NDArray[np.float32]:
    """Add corrections to posed `means` ``[N,3]``, in place, and return the corrected `colors` ``[N,3]``.

    Parameters
    ----------
    turns
        See `studio.core.engines.lift.neck.head_turns`.
    """
    corrected = np.empty_like(colors)
    with kernel_threads():
        _correct(table, numbers, turns, follow, means, colors, corrected)
    return corrected


def pull_back(
    numbers: NDArray[np.float32],
    turns: NDArray[np.float32],
    follow: NDArray[np.uint8],
    grad_means: NDArray[np.float32],
    grad_colors: NDArray[np.float32],
    grad_table: NDArray[np.float32],
) -> None:
    """Write the gradient ``[N,K,6]`` of `correct`'s table from those of posed means and of colours ``[N,3]``."""
    with kernel_threads():
        _pull_back(numbers, turns, follow, grad_means, grad_colors, grad_table)


@njit(parallel=True, **KERNEL)
def _correct(table, numbers, turns, follow, means, colors, corrected):
    for n in prange(len(means)):
        x, y, z, r, g, b = f32(0), f32(0), f32(0), f32(0), f32(0), f32(0)
        for k in range(u64(len(numbers))):
            w, row = numbers[k], table[n, k]
            x, y, z = x + w * row[0], y + w * row[1], z + w * row[2]
            r, g, b = r + w * row[3], g + w * row[4], b + w * row[5]
        t = turns[follow[n]]
        means[n, 0] += t[0] * x + t[1] * y + t[2] * z
        means[n, 1] += t[3] * x + t[4] * y + t[5] * z
        means[n, 2] += t[6] * x + t[7] * y + t[8] * z
        corrected[n, 0] = min(max(colors[n, 0] + r, f32(0)), f32(1))
        corrected[n, 1] = min(max(colors[n, 1] + g, f32(0)), f32(1))
        corrected[n, 2] = min(max(colors[n, 2] + b, f32(0)), f32(1))


@njit(parallel=True, **KERNEL)
def _pull_back(numbers, turns, follow, grad_means, grad_colors, grad_table):
    for n in prange(len(grad_means)):
        t, g, c = turns[follow[n]], grad_means[n], grad_colors[n]
        x = t[0] * g[0] + t[3] * g[1] + t[6] * g[2]
        y = t[1] * g[0] + t[4] * g[1] + t[7] * g[2]
        z = t[2] * g[0] + t[5] * g[1] + t[8] * g[2]
        for k in range(u64(len(numbers))):
            w, row = numbers[k], grad_table[n, k]
            row[0], row[1], row[2] = w * x, w * y, w * z
            row[3], row[4], row[5] = w * c[0], w * c[1], w * c[2]
