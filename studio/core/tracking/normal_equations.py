"""What Gauss-Newton sums up: the normal equations of all landmarks, and a box-bounded descent on them.

Serial compiled loops: matrices this small gain nothing from a BLAS with threads, and lose much on a busy machine.
"""

import numpy as np
from numba import njit

from studio.core.render.numba_runtime import SAFE_KERNEL

POSE = 7
"""Unknowns before the channels: turn, shift, and the offset of the landmarks' own depth."""


@njit(**SAFE_KERNEL)
def blended(rest, deltas, weights):
    """Return ``rest + Σ weights deltas`` ``[P,3]``."""
    out = rest.copy()
    for k in range(len(weights)):
        w = weights[k]
        if w != 0:
            for i in range(len(rest)):
                for a in range(3):
                    out[i, a] += w * deltas[k, i, a]
    return out


@njit(**SAFE_KERNEL)
def normal_equations(
    points,
    slopes,
    solved,
    R,
    t,
    observed,
    focal,
    centre,
    unit,
    weights,
    huber,
    deep_weight,
    upper,
    lower,
    across,
    scale,
):
    """Return ``H [7+K,7+K]`` and ``g [7+K]`` of one step.

    Parameters
    ----------
    points, slopes
        ``[P,3]`` m and ``[C,P,3]`` m: the landmarks in head space and how fast channels move them; `solved` ``[K]``
        names the channels that are unknown.
    observed
        ``[P,3]`` px, the last column the landmarks' own depth.
    unit
        px of the interocular distance `scale` m, in which residuals are measured.
    upper, lower, across
        ``[Q]``: pairs of landmarks whose distance counts too, and what it counts.
    """
    n, size = len(points), POSE + len(solved)
    ju, jv, jd = np.zeros((n, size)), np.zeros((n, size)), np.zeros(size)
    off, deep = np.empty((n, 2)), np.empty(n)
    H, g = np.zeros((size, size)), np.zeros(size)
    cam = np.empty((n, 3))
    mean, total = 0.0, 0.0
    for i in range(n):
        for a in range(3):
            cam[i, a] = R[a, 0] * points[i, 0] + R[a, 1] * points[i, 1] + R[a, 2] * points[i, 2] + t[a]
        deep[i] = observed[i, 2] * t[2] / focal - cam[i, 2]
        mean += weights[i] * deep[i]
        total += weights[i]
    mean /= total
    d = np.empty((size, 3))
    for i in range(n):
        x, y, z = cam[i, 0] - t[0], cam[i, 1] - t[1], cam[i, 2] - t[2]
        d[:POSE] = 0
        # A small turn w moves a point by w × (R p).
        d[0, 1], d[0, 2], d[1, 0], d[1, 2], d[2, 0], d[2, 1] = -z, y, z, -x, -y, x
        d[3, 0], d[4, 1], d[5, 2] = 1, 1, 1
        for k in range(len(solved)):
            c = solved[k]
            sx, sy, sz = slopes[c, i, 0], slopes[c, i, 1], slopes[c, i, 2]
            for a in range(3):
                d[POSE + k, a] = R[a, 0] * sx + R[a, 1] * sy + R[a, 2] * sz
        far = cam[i, 2]
        u, v = focal * cam[i, 0] / far, focal * cam[i, 1] / far
        off[i, 0] = (observed[i, 0] - centre[0] - u) / unit
        off[i, 1] = (observed[i, 1] - centre[1] - v) / unit
        by_depth = (deep[i] - mean) / scale
        for k in range(size):
            ju[i, k] = (focal * d[k, 0] - u * d[k, 2]) / (far * unit)
            jv[i, k] = (focal * d[k, 1] - v * d[k, 2]) / (far * unit)
            jd[k] = d[k, 2] / scale
        jd[6] = 1
        astray = np.sqrt(off[i, 0] ** 2 + off[i, 1] ** 2)
        w = weights[i] * min(1.0, huber / max(astray, 1e-9))
        wd = deep_weight * weights[i] * min(1.0, 4 * huber / max(abs(by_depth), 1e-9))
        for k in range(size):
            wu, wv, wz = w * ju[i, k], w * jv[i, k], wd * jd[k]
            g[k] += wu * off[i, 0] + wv * off[i, 1] + wz * by_depth
            for m in range(k + 1):
                H[k, m] += wu * ju[i, m] + wv * jv[i, m] + wz * jd[m]
    for q in range(len(upper)):
        a, b = upper[q], lower[q]
        ou, ov = off[b, 0] - off[a, 0], off[b, 1] - off[a, 1]
        for k in range(size):
            ku, kv = across[q] * (ju[b, k] - ju[a, k]), across[q] * (jv[b, k] - jv[a, k])
            g[k] += ku * ou + kv * ov
            for m in range(k + 1):
                H[k, m] += ku * (ju[b, m] - ju[a, m]) + kv * (jv[b, m] - jv[a, m])
    for k in range(size):
        for m in range(k):
            H[m, k] = H[k, m]
    return H, g


@njit(**SAFE_KERNEL)
def gram(slopes, weights, residual):
    """Return ``J W Jᵀ [K,K]`` and ``J W r [K]`` of ``J [K,R]``."""
    count, rows = slopes.shape
    H, g = np.empty((count, count)), np.zeros(count)
    for k in range(count):
        for r in range(rows):
            g[k] += slopes[k, r] * weights[r] * residual[r]
        for m in range(k + 1):
            total = 0.0
            for r in range(rows):
                total += slopes[k, r] * weights[r] * slopes[m, r]
            H[k, m] = H[m, k] = total
    return H, g


@njit(**SAFE_KERNEL)
def descend(H, g, sparse, x, sweeps):
    """Minimise ½ xᵀHx − gᵀx + Σ sparse |x| over 0 ≤ x ≤ 1, starting at `x`, one coordinate at a time.

    Soft thresholding within bounds: Wu and Lange, Coordinate descent algorithms for lasso penalized regression, 2008.
    """
    for _ in range(sweeps):
        change = 0.0
        for i in range(len(x)):
            rest = g[i] - sparse[i] + H[i, i] * x[i]
            for j in range(len(x)):
                rest -= H[i, j] * x[j]
            new = min(max(rest / H[i, i], 0.0), 1.0)
            change = max(change, abs(new - x[i]))
            x[i] = new
        if change < 1e-4:
            break
