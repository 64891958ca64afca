"""One step of Adam, taken where each field of Gaussians is free to move."""

import math

import numba
import numpy as np
from numba import prange

from studio.core.render.numba_runtime import KERNEL

# How a field moves: by adding, within bounds; its logarithm; its logit; or as the direction of rows of four.
ADD, LOG, LOGIT, UNIT = range(4)

BETA1, BETA2 = 0.9, 0.999
_EPSILON = np.float32(1e-15)
_SHARE = 4096  # values handed to a thread at once; whole quaternions

u64 = np.uint64
f32 = np.float32


@numba.njit(inline="always")
def growth(x):
    """Return exp(x) - 1 by exp's Padé approximant [2/2]: 0 for 0, within 2e-8 for steps of 0.1, over -1 for any."""
    return x / (f32(1) - x * f32(0.5) + x * x * f32(1 / 12))


@numba.njit(inline="always")
def moved(gradient, first, second, j, rate, first_bias, second_bias):
    """Update the moments of one value and return its step (Kingma & Ba 2015, Algorithm 1)."""
    m = first[j] + f32(1 - BETA1) * (gradient - first[j])
    v = second[j] + f32(1 - BETA2) * (gradient * gradient - second[j])
    first[j] = m
    second[j] = v
    return -rate * first_bias * m / (math.sqrt(v * second_bias) + _EPSILON)


@numba.njit(parallel=True, **KERNEL)
def adam(values, gradients, first, second, kind, rate, first_bias, second_bias, lowest, highest):
    """Move one field against its gradient.

    Parameters
    ----------
    values
        ``[K]`` float32 of the field as it is drawn, moved in place.
    gradients
        ``[K]`` float32 with respect to those values; used up. What has had no gradient yet stays as it is.
    first, second
        ``[K]`` float32 moments, updated.
    kind
        `ADD`, `LOG`, `LOGIT` or `UNIT`.
    rate
        Step size, in the space of `kind`.
    first_bias, second_bias
        1 / (1 - beta^t) of the t-th step.
    lowest, highest
        Bounds of `ADD` for what moves.
    """
    shares = (values.shape[0] + _SHARE - 1) // _SHARE
    for share in prange(shares):
        begin, end = share * _SHARE, min((share + 1) * _SHARE, values.shape[0])
        x, g, m, v = values[begin:end], gradients[begin:end], first[begin:end], second[begin:end]
        count = u64(end - begin)
        if kind == ADD:
            for j in range(count):
                step = moved(g[j], m, v, j, rate, first_bias, second_bias)
                x[j] = x[j] if step == f32(0) else min(max(x[j] + step, lowest), highest)
        elif kind == LOG:
            for j in range(count):
                x[j] += x[j] * growth(moved(g[j] * x[j], m, v, j, rate, first_bias, second_bias))
        elif kind == LOGIT:
            for j in range(count):
                p = x[j]
                slope = p * (f32(1) - p)
                odds = growth(moved(g[j] * slope, m, v, j, rate, first_bias, second_bias))
                x[j] = p + slope * odds / (f32(1) + p * odds)
        else:
            for j in range(count):
                g[j] = moved(g[j], m, v, j, rate, first_bias, second_bias)
            for j in range(u64(0), count, u64(4)):
                a, b, c, d = g[j], g[j + u64(1)], g[j + u64(2)], g[j + u64(3)]
                if a == f32(0) and b == f32(0) and c == f32(0) and d == f32(0):
                    continue
                a, b, c, d = a + x[j], b + x[j + u64(1)], c + x[j + u64(2)], d + x[j + u64(3)]
                norm = f32(1) / math.sqrt(a * a + b * b + c * c + d * d)
                x[j], x[j + u64(1)], x[j + u64(2)], x[j + u64(3)] = a * norm, b * norm, c * norm, d * norm


@numba.njit(parallel=True, **KERNEL)
def vector_adam(values, gradients, first, second, rates, first_bias, second_bias, epsilon):
    """Move vectors against their gradients, each by one step size for all of its components.

    Adam for every component alone would take what a vector hardly depends on, such as the depth of a point seen from
    one side, as far as what it depends on (Ling et al. 2022, VectorAdam).

    Parameters
    ----------
    values, gradients, first
        ``[R,C]`` float32; `values` and the moment `first` are changed in place.
    second
        ``[R]`` float32.
    rates
        ``[P]`` float32 step sizes: that of row r is ``rates[r % P]``.
    first_bias, second_bias
        1 / (1 - β^t).
    epsilon
        Gradients much smaller than this move next to nothing.
    """
    rows, columns, period = values.shape[0], values.shape[1], len(rates)
    for r in prange(rows):
        size = f32(0)
        for c in range(columns):
            size += gradients[r, c] * gradients[r, c]
        second[r] += f32(1 - BETA2) * (size - second[r])
        step = rates[r % period] * first_bias / (math.sqrt(second[r] * second_bias) + epsilon)
        for c in range(columns):
            first[r, c] += f32(1 - BETA1) * (gradients[r, c] - first[r, c])
            values[r, c] -= step * first[r, c]
