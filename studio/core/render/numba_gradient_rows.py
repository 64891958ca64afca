"""Gradients of one splat over some rows of a tile: 8 or 16 columns at once, with C=3 or any number of channels.

The tile buffer holds planes of pixels: transmittance, what is still to come, the gradient of alpha, then
the gradient of each channel; `numba_backward` says what they are for.
"""

import numba
import numpy as np
from llvmlite import ir
from numba import types
from numba.extending import intrinsic

from studio.core.render.numba_projection import ALPHA_MAX, ALPHA_MIN, TILE
from studio.core.render.numba_runtime import KERNEL

# Columns of a slot: moments of v = alpha dL/dalpha over the pixels, then the gradient of each channel.
SUM_V, SUM_VX, SUM_VY, SUM_VXX, SUM_VXY, SUM_VYY, SUM_COLOR = range(7)

# Columns of a plan: the polynomial of `row_polynomial`, the first pixel's place relative to the splat, its colour.
Q0, Q1, Q2, DQ0, DQ1, DDQ0, DX, DY, PLAN_RED, PLAN_GREEN, PLAN_BLUE = range(11)

LANES, HALF_LANES = 16, 8
"""px handled at once; half of them for small splats and for the last few columns of wide ones."""
EIGHT = 8
"""Channels handled at once where there are not three; the tile buffer has spare planes to make that whole."""
PLANE = TILE * TILE + LANES
"""Values per plane of the tile buffer; with a multiple of 4096 bytes all planes would share their cache lines."""
TO_COME, ALPHA_GRADIENT, COLOR_GRADIENT = 1, 2, 3
"""Planes of the tile buffer after transmittance; one for the gradient of each channel."""

u64 = np.uint64
f32 = np.float32
carray = numba.carray  # pyright: ignore[reportPrivateImportUsage]
_TILE, _PLANE = u64(TILE), u64(PLANE)


@intrinsic(prefer_literal=True)
def lane_sums(typingctx, count):
    """Return a pointer to `count` (a literal) float32 values on the stack.

    LLVM sees that nothing else points there and keeps sums over the rows of a splat in vector
    registers, which it cannot do with an array.
    """

    def codegen(context, builder, signature, args):
        with builder.goto_entry_block():
            array = builder.alloca(ir.ArrayType(ir.FloatType(), count.literal_value))
            array.align = 64
        return builder.bitcast(array, ir.FloatType().as_pointer())

    return types.CPointer(types.float32)(count), codegen


@numba.njit(inline="always")
def splat_alpha(exponent):
    """Return min(exp(exponent), `ALPHA_MAX`); exponents under −5.6 (alpha 1/270) count as −5.6.

    exp(x) is p(x/8)^8 with p the minimax polynomial over [-0.7, 0]. Degree 5 would do, but LLVM then
    unrolls the loop over 8 lanes before it gets to vectorise it, which is ten times slower.
    """
    y = max(exponent, f32(-5.6)) * f32(1 / 8)
    p = f32(0.000974991837) * y + f32(0.007949696001)
    p = p * y + f32(0.041483567159)
    p = p * y + f32(0.166620880414)
    p = p * y + f32(0.499994455806)
    p = p * y + f32(0.999999743550)
    p = p * y + f32(0.999999998016)
    p = p * p
    p = p * p
    return min(p * p, f32(ALPHA_MAX))


@numba.njit(inline="always")
def pixel_gradient(tile, p, alpha, gain):
    """Pass one splat at one pixel, whose g · c is `gain`; returns its blending weight and v."""
    seen = alpha >= f32(ALPHA_MIN)
    transmittance = tile[p]
    weight = alpha * transmittance if seen else f32(0)
    to_come = tile[p + _PLANE] - weight * gain
    tile[p] = transmittance - weight
    tile[p + _PLANE] = to_come
    v = alpha * (transmittance * gain - to_come / (f32(1) - alpha))
    return weight, v if seen & (alpha < f32(ALPHA_MAX)) else f32(0)


def _moments_kernel(lanes: int):
    """Build the function that adds the lane sums of v, v dy, v dy² to a slot."""
    L = u64(lanes)

    @numba.njit(**KERNEL)
    def add_moments(slot, sums, dx):
        v, vx, vy, vxx, vxy, vyy = f32(0), f32(0), f32(0), f32(0), f32(0), f32(0)
        for lane in range(L):
            x = dx + f32(lane)
            v += sums[lane]
            vx += sums[lane] * x
            vy += sums[lane + L]
            vxx += sums[lane] * x * x
            vxy += sums[lane + L] * x
            vyy += sums[lane + u64(2) * L]
        slot[SUM_V] += v
        slot[SUM_VX] += vx
        slot[SUM_VY] += vy
        slot[SUM_VXX] += vxx
        slot[SUM_VXY] += vxy
        slot[SUM_VYY] += vyy

    return add_moments


def _rgb_kernel(lanes: int):
    """Build the function that adds up the gradients of `lanes` columns of one splat, C=3."""
    L, count = u64(lanes), 6 * lanes
    add_moments = _moments_kernel(lanes)

    @numba.njit(**KERNEL)
    def gradient_rgb(tile, slot, offset, rows, plan):
        sums = carray(lane_sums(count), count)  # pyright: ignore[reportCallIssue]
        for k in range(u64(count)):
            sums[k] = f32(0)
        q0, q1, q2, dq0, dq1, ddq0 = plan[Q0], plan[Q1], plan[Q2], plan[DQ0], plan[DQ1], plan[DDQ0]
        red, green, blue, dy = plan[PLAN_RED], plan[PLAN_GREEN], plan[PLAN_BLUE], plan[DY]
        for _ in range(rows):
            for lane in range(L):
                x, p = f32(lane), offset + lane
                g0, g1 = tile[p + u64(3) * _PLANE], tile[p + u64(4) * _PLANE]
                g2 = tile[p + u64(5) * _PLANE]
                gain = tile[p + u64(2) * _PLANE] + g0 * red + g1 * green + g2 * blue
                weight, v = pixel_gradient(tile, p, splat_alpha(q0 + x * (q1 + q2 * x)), gain)
                sums[lane] += v
                sums[lane + L] += v * dy
                sums[lane + u64(2) * L] += v * dy * dy
                sums[lane + u64(3) * L] += weight * g0
                sums[lane + u64(4) * L] += weight * g1
                sums[lane + u64(5) * L] += weight * g2
            q0 += dq0
            dq0 += ddq0
            q1 += dq1
            offset += _TILE
            dy += f32(1)
        add_moments(slot, sums, plan[DX])
        grad_red, grad_green, grad_blue = f32(0), f32(0), f32(0)
        for lane in range(L):
            grad_red += sums[lane + u64(3) * L]
            grad_green += sums[lane + u64(4) * L]
            grad_blue += sums[lane + u64(5) * L]
        slot[SUM_COLOR] += grad_red
        slot[SUM_COLOR + 1] += grad_green
        slot[SUM_COLOR + 2] += grad_blue

    return gradient_rgb


_add_moments = _moments_kernel(LANES)
_L, _THREE_ROWS, _EIGHT_ROWS = u64(LANES), 3 * LANES, EIGHT * LANES


@numba.njit(**KERNEL)
def gradient_channels(tile, slot, offset, rows, plan, color, channels, weights):
    """Add up the gradients of 16 columns of one splat with any number of channels.

    Eight channels at a time: LLVM unrolls loops over the lanes that do less before it gets to vectorise them.

    Parameters
    ----------
    color
        Of the splat, padded with zeros to a multiple of `EIGHT`.
    weights
        ``[32*16]`` scratch.
    """
    sums = carray(lane_sums(_THREE_ROWS), _THREE_ROWS)  # pyright: ignore[reportCallIssue]
    for k in range(u64(_THREE_ROWS)):
        sums[k] = f32(0)
    gains = carray(lane_sums(LANES), LANES)  # pyright: ignore[reportCallIssue]
    q0, q1, q2, dq0, dq1, ddq0 = plan[Q0], plan[Q1], plan[Q2], plan[DQ0], plan[DQ1], plan[DDQ0]
    dy = plan[DY]
    row, weight_row = offset, u64(0)
    for _ in range(rows):
        for lane in range(_L):
            gains[lane] = tile[row + lane + u64(ALPHA_GRADIENT) * _PLANE]
        plane = row + u64(COLOR_GRADIENT) * _PLANE
        for c in range(0, channels, EIGHT):
            c0, c1, c2, c3 = color[c], color[c + 1], color[c + 2], color[c + 3]
            c4, c5, c6, c7 = color[c + 4], color[c + 5], color[c + 6], color[c + 7]
            for lane in range(_L):
                p = plane + lane
                gain = tile[p] * c0 + tile[p + _PLANE] * c1
                gain += tile[p + u64(2) * _PLANE] * c2 + tile[p + u64(3) * _PLANE] * c3
                gain += tile[p + u64(4) * _PLANE] * c4 + tile[p + u64(5) * _PLANE] * c5
                gain += tile[p + u64(6) * _PLANE] * c6 + tile[p + u64(7) * _PLANE] * c7
                gains[lane] += gain
            plane += u64(EIGHT) * _PLANE
        for lane in range(_L):
            x = f32(lane)
            weight, v = pixel_gradient(tile, row + lane, splat_alpha(q0 + x * (q1 + q2 * x)), gains[lane])
            weights[weight_row + lane] = weight
            sums[lane] += v
            sums[lane + _L] += v * dy
            sums[lane + u64(2) * _L] += v * dy * dy
        q0 += dq0
        dq0 += ddq0
        q1 += dq1
        row += _TILE
        weight_row += _L
        dy += f32(1)
    _add_moments(slot, sums, plan[DX])
    eight = carray(lane_sums(_EIGHT_ROWS), _EIGHT_ROWS)  # pyright: ignore[reportCallIssue]
    plane = offset + u64(COLOR_GRADIENT) * _PLANE
    for c in range(0, channels, EIGHT):
        for k in range(u64(_EIGHT_ROWS)):
            eight[k] = f32(0)
        row, weight_row = plane, u64(0)
        for _ in range(rows):
            for lane in range(_L):
                p, weight = row + lane, weights[weight_row + lane]
                eight[lane] += weight * tile[p]
                eight[lane + _L] += weight * tile[p + _PLANE]
                eight[lane + u64(2) * _L] += weight * tile[p + u64(2) * _PLANE]
                eight[lane + u64(3) * _L] += weight * tile[p + u64(3) * _PLANE]
                eight[lane + u64(4) * _L] += weight * tile[p + u64(4) * _PLANE]
                eight[lane + u64(5) * _L] += weight * tile[p + u64(5) * _PLANE]
                eight[lane + u64(6) * _L] += weight * tile[p + u64(6) * _PLANE]
                eight[lane + u64(7) * _L] += weight * tile[p + u64(7) * _PLANE]
            row += _TILE
            weight_row += _L
        t0, t1, t2, t3, t4, t5, t6, t7 = f32(0), f32(0), f32(0), f32(0), f32(0), f32(0), f32(0), f32(0)
        for lane in range(_L):
            t0 += eight[lane]
            t1 += eight[lane + _L]
            t2 += eight[lane + u64(2) * _L]
            t3 += eight[lane + u64(3) * _L]
            t4 += eight[lane + u64(4) * _L]
            t5 += eight[lane + u64(5) * _L]
            t6 += eight[lane + u64(6) * _L]
            t7 += eight[lane + u64(7) * _L]
        totals = (t0, t1, t2, t3, t4, t5, t6, t7)
        for k in range(min(EIGHT, channels - c)):
            slot[SUM_COLOR + c + k] += totals[k]
        plane += u64(EIGHT) * _PLANE


gradient_rgb, gradient_rgb_half = _rgb_kernel(LANES), _rgb_kernel(HALF_LANES)
