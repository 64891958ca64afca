"""L1 and structural similarity of a picture to a target, with the gradient, on the processor.

SSIM as in Wang et al. 2004 (Eq. 13, an 11×11 Gaussian window of 1.5 px), averaged over the windows that lie
wholly inside the picture. RGB rows are taken as they lie in memory, W×3 values, so that one blur across
serves three channels: its taps are 3 values apart. The picture is worked on in blocks whose blurred rows stay
in the processor's own caches; within a block everything is one array with constant offsets, which LLVM turns
into vector code without alias checks.
"""

import numba
import numpy as np
from numba import prange

from studio.core.render.numba_runtime import KERNEL

WINDOW = 11
"""px; side of the window."""
MARGIN = WINDOW - 1
"""px by which the map of windows is smaller than the picture."""
RGB = 3
_SIGMA = 1.5
_GAUSSIAN = np.exp(-0.5 * ((np.arange(WINDOW) - MARGIN // 2) / _SIGMA) ** 2)
_TAPS = tuple(np.float32(tap) for tap in _GAUSSIAN / _GAUSSIAN.sum())
_C1, _C2 = np.float32(0.01**2), np.float32(0.03**2)

BLOCK_ROWS, BLOCK_VALUES = 64, 192
"""Rows and values (three to a pixel) of a block."""
# What stands in the rows of a block's results: three blurred maps, then what they are combined with or into.
_A, _B, _C, _D, _E, _F = (np.uint64(k * BLOCK_VALUES) for k in range(6))

u64 = np.uint64
f32 = np.float32
_VALUES, _BAND = u64(BLOCK_VALUES), u64(3 * BLOCK_VALUES)


@numba.njit(**KERNEL)
def blur_moments_across(x, y, first, count, band, to):
    """Blur x, x² and x y of one row across, from value `first` on."""
    for j in range(u64(count)):
        mean, square, product = f32(0), f32(0), f32(0)
        for k in range(WINDOW):
            p = u64(first) + j + u64(RGB) * u64(k)
            weighted = _TAPS[k] * x[p]
            mean += weighted
            square += weighted * x[p]
            product += weighted * y[p]
        band[to + j] = mean
        band[to + _VALUES + j] = square
        band[to + u64(2) * _VALUES + j] = product


@numba.njit(**KERNEL)
def blur_across(x, first, count, band, to):
    """Blur one row across, from value `first` on."""
    for j in range(u64(count)):
        blurred = f32(0)
        for k in range(WINDOW):
            blurred += _TAPS[k] * x[u64(first) + j + u64(RGB) * u64(k)]
        band[to + j] = blurred


@numba.njit(**KERNEL)
def blur_down(band, start, results):
    """Blur three maps down over 11 rows of the band."""
    for j in range(_BAND):
        blurred = f32(0)
        for k in range(WINDOW):
            blurred += _TAPS[k] * band[start + u64(k) * _BAND + j]
        results[j] = blurred


@numba.njit(**KERNEL)
def copy_values(source, first, target, to, count):
    """Copy part of one row into another array."""
    for j in range(u64(count)):
        target[to + j] = source[u64(first) + j]


@numba.njit(**KERNEL)
def similarity(results, weight, count):
    """Turn blurred x, x², x y and the target's blurred y, y² into the slopes of SSIM with respect to the first three.

    Returns the weighted sum of SSIM over the values. `weight` is the offset of their weights.
    """
    total = f32(0)
    for j in range(u64(count)):
        mx, my = results[_A + j], results[_D + j]
        mxx, mxy, myy = mx * mx, mx * my, my * my
        luminance, luminance_norm = f32(2) * mxy + _C1, mxx + myy + _C1
        structure = f32(2) * (results[_C + j] - mxy) + _C2
        structure_norm = (results[_B + j] - mxx) + (results[_E + j] - myy) + _C2
        w = results[weight + j]
        inverse = w / (luminance_norm * structure_norm)
        ssim = luminance * structure * inverse
        total += ssim
        by_square = -ssim / structure_norm
        by_product = f32(2) * luminance * inverse
        by_mean = f32(2) * (my * structure * inverse - mx * ssim / luminance_norm - mx * by_square) - my * by_product
        results[_A + j] = by_mean
        results[_B + j] = by_square
        results[_C + j] = by_product
    return total


@numba.njit(parallel=True, **KERNEL)
def target_moments(target, workers, moments):
    """Blur a target and its square.

    Parameters
    ----------
    target
        ``[H,3W]`` float32.
    moments
        ``[2,H-10,3W-30]`` float32, written.
    """
    _, height, width = moments.shape
    for w in prange(workers):
        band = np.empty((BLOCK_ROWS + MARGIN) * 3 * BLOCK_VALUES, np.float32)
        results = np.empty(3 * BLOCK_VALUES, np.float32)
        for top in range(w * BLOCK_ROWS, height, workers * BLOCK_ROWS):
            rows = min(BLOCK_ROWS, height - top)
            for left in range(0, width, BLOCK_VALUES):
                count = min(BLOCK_VALUES, width - left)
                for y in range(rows + MARGIN):
                    row = target[top + y]
                    blur_moments_across(row, row, left, count, band, u64(y) * _BAND)
                for y in range(rows):
                    blur_down(band, u64(y) * _BAND, results)
                    for m in range(2):
                        copy_values(results, m * BLOCK_VALUES, moments[m, top + y], u64(left), count)


@numba.njit(parallel=True, **KERNEL)
def ssim_slopes(image, target, moments, weights, workers, slopes, sums):
    """Compare every window of a picture with the target.

    Parameters
    ----------
    image, target, weights
        ``[H,3W]`` float32; the weight of a window is that of its middle.
    moments
        Of `target_moments`.
    slopes
        ``[3,H+10,3W+30]`` float32: derivatives of the weighted sum of SSIM with respect to the blurred x, x² and
        x y are written, the window at (0, 0) to (10, 30); the rim around them is left as it is.
    sums
        ``[H-10]`` float64, written: the weighted sum of SSIM over each row of windows.
    """
    _, height, width = moments.shape
    middle_y, middle_x = MARGIN // 2, RGB * (MARGIN // 2)
    for w in prange(workers):
        band = np.zeros((BLOCK_ROWS + MARGIN) * 3 * BLOCK_VALUES, np.float32)
        results = np.empty(6 * BLOCK_VALUES, np.float32)
        for top in range(w * BLOCK_ROWS, height, workers * BLOCK_ROWS):
            rows = min(BLOCK_ROWS, height - top)
            sums[top : top + rows] = 0
            for left in range(0, width, BLOCK_VALUES):
                count = min(BLOCK_VALUES, width - left)
                for y in range(rows + MARGIN):
                    blur_moments_across(image[top + y], target[top + y], left, count, band, u64(y) * _BAND)
                for y in range(top, top + rows):
                    blur_down(band, u64(y - top) * _BAND, results)
                    copy_values(moments[0, y], left, results, _D, count)
                    copy_values(moments[1, y], left, results, _E, count)
                    copy_values(weights[y + middle_y], left + middle_x, results, _F, count)
                    sums[y] += similarity(results, _F, count)
                    for m in range(3):
                        to = u64(left + RGB * MARGIN)
                        copy_values(results, m * BLOCK_VALUES, slopes[m, y + MARGIN], to, count)


@numba.njit(parallel=True, **KERNEL)
def photometric_gradient(image, target, weights, slopes, l1_share, ssim_share, workers, gradient, sums):
    """Write the gradient of a weighted sum of L1 and SSIM with respect to the picture.

    Parameters
    ----------
    image, target, weights, slopes
        As in `ssim_slopes`; the rim of `slopes` holds zeros.
    l1_share, ssim_share
        What one unit of weighted absolute difference, and of weighted SSIM, adds to the loss.
    gradient
        ``[H,3W]`` float32, written.
    sums
        ``[H]`` float64, written: the weighted sum of absolute differences over each row.
    """
    height, width = image.shape
    for w in prange(workers):
        band = np.zeros((BLOCK_ROWS + MARGIN) * 3 * BLOCK_VALUES, np.float32)
        results = np.empty(6 * BLOCK_VALUES, np.float32)
        for top in range(w * BLOCK_ROWS, height, workers * BLOCK_ROWS):
            rows = min(BLOCK_ROWS, height - top)
            sums[top : top + rows] = 0
            for left in range(0, width, BLOCK_VALUES):
                count = min(BLOCK_VALUES, width - left)
                for y in range(rows + MARGIN):
                    for m in range(3):
                        blur_across(slopes[m, top + y], left, count, band, u64(y) * _BAND + u64(m) * _VALUES)
                for y in range(top, top + rows):
                    blur_down(band, u64(y - top) * _BAND, results)
                    copy_values(image[y], left, results, _D, count)
                    copy_values(target[y], left, results, _E, count)
                    copy_values(weights[y], left, results, _F, count)
                    total = f32(0)
                    for j in range(u64(count)):
                        x, t = results[_D + j], results[_E + j]
                        difference = x - t
                        weighted = l1_share * results[_F + j]
                        total += abs(difference) * results[_F + j]
                        slope = results[_A + j] + f32(2) * x * results[_B + j] + t * results[_C + j]
                        sign = f32(1) if difference > f32(0) else f32(-1) if difference < f32(0) else f32(0)
                        results[_A + j] = weighted * sign + ssim_share * slope
                    sums[y] += total
                    copy_values(results, 0, gradient[y], u64(left), count)


@numba.njit(parallel=True, **KERNEL)
def show(color, alpha, background, workers, image):
    """Put a raster over its background: ``[H,3W]`` image, written, from ``[H,W,3]``, ``[H,W,1]`` and ``[H,3W]``."""
    height, width, _ = color.shape
    for w in prange(workers):
        for y in range(w, height, workers):
            for x in range(width):
                through = f32(1) - alpha[y, x, 0]
                for c in range(RGB):
                    image[y, RGB * x + c] = color[y, x, c] + through * background[y, RGB * x + c]


@numba.njit(parallel=True, **KERNEL)
def alpha_gradient(gradient, background, workers, grad_alpha):
    """Write the gradient with respect to alpha ``[H,W,1]`` of a picture that `show` made."""
    height, width, _ = grad_alpha.shape
    for w in prange(workers):
        for y in range(w, height, workers):
            for x in range(width):
                total = f32(0)
                for c in range(RGB):
                    total -= gradient[y, RGB * x + c] * background[y, RGB * x + c]
                grad_alpha[y, x, 0] = total
