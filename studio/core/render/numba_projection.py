"""Project Gaussians to the screen: one packed row per splat, with its box of touched pixels."""

import numba
import numpy as np
from numba import prange
from numpy.typing import NDArray

from studio.core.gaussians.camera import Camera
from studio.core.render.numba_lanes import (
    WIDTH,
    exp_of,
    floor,
    greater,
    iota,
    lesser,
    load,
    load_columns_3,
    load_columns_4,
    log_of,
    root,
    select_less,
    splat,
    store_rows,
)
from studio.core.render.numba_runtime import SAFE_KERNEL

BLUR = 0.3
"""px², added to the diagonal of the 2D covariance."""
NEAR = 0.01
"""m; what lies nearer to the camera plane is not drawn."""
ALPHA_MIN = 1 / 255
"""Alpha below which a splat does not touch a pixel."""
ALPHA_MAX = 0.999
"""Most a splat can cover of a pixel; gsplat 1.5 has this value, the first implementation had 0.99."""
GUARD_BAND = 0.3
"""The Jacobian is taken no further outside the image than this share of half the field of view."""

# Columns of the packed splat row.
U, V, CONIC_A, CONIC_B, CONIC_C, LOG_OPACITY, DEPTH, RED, GREEN, BLUE, X0, X1, Y0, Y1, INDEX, ROW_RATIO = range(16)
SPLAT_WIDTH = 16
"""float32 values per row: one cache line. ROW_RATIO is exp(−CONIC_C)."""
MOST_SPLATS = 1 << 24
"""The column `INDEX` counts this far exactly."""
TILE = 32
"""px; side of a screen tile."""

f32, u64 = np.float32, np.uint64
_HUGE = f32(1e10)  # beyond it a value counts as not finite
_LOG_ALPHA_MIN = f32(np.log(ALPHA_MIN))


def camera_vector(camera: Camera) -> NDArray[np.float32]:
    """Flatten a camera for the kernels.

    Returns
    -------
    ``[22]`` float32: world_to_camera rows 0–2 (12), fx, fy, cx, cy, the four limits of x/z and y/z
    between which the Jacobian is taken (left, right, top, bottom), width, height.
    """
    (fx, _, cx), (_, fy, cy), _ = camera.K
    width, height = camera.width, camera.height
    band_x, band_y = GUARD_BAND * 0.5 * width / fx, GUARD_BAND * 0.5 * height / fy
    limits = [-cx / fx - band_x, (width - cx) / fx + band_x, -cy / fy - band_y, (height - cy) / fy + band_y]
    return np.array([*camera.world_to_camera[:3].ravel(), fx, fy, cx, cy, *limits, width, height], np.float32)


@numba.njit(parallel=True, **SAFE_KERNEL)
def project(means, quats, scales, opacities, colors, channels, cam, tiles_x, splats, counts):
    """Project every Gaussian (EWA splatting, Zwicker et al. 2001, with gsplat's conventions).

    The Gaussians are dealt to the workers in contiguous shares of whole blocks of 8; see `shares`.

    Parameters
    ----------
    means, quats, scales, opacities, colors
        As in `Gaussians`, flattened. An opacity over 1 counts as 1.
    channels
        C; the colours are packed into the rows only if it is 3.
    cam
        Of `camera_vector`.
    tiles_x
        Tiles per row of the image.
    splats
        ``[N rounded up to whole blocks, 16]`` float32, written: see the column names above. X0 > X1 where
        the Gaussian is not drawn, which includes every Gaussian with a value that is not a finite number.
    counts
        ``[workers, tiles]`` int64, written: how many splats of each worker's share touch each tile.
    """
    n = opacities.shape[0]
    workers = counts.shape[0]
    rows = splats.reshape(-1)
    for w in prange(workers):
        counts[w, :] = 0
        color_sums = np.zeros(WIDTH, np.float32)
        first, last = share(n, w, workers)
        for i in range(first, last, WIDTH):
            if channels != 3:
                sum_colors(colors, channels, i, n, color_sums)
            if i + WIDTH <= n:
                project_block(means, quats, scales, opacities, colors, i, i, channels, color_sums, cam, rows)
            else:
                last_means, last_quats = np.zeros(3 * WIDTH, np.float32), np.ones(4 * WIDTH, np.float32)
                last_scales, last_opacities = np.zeros(3 * WIDTH, np.float32), np.zeros(WIDTH, np.float32)
                last_colors = np.zeros(3 * WIDTH, np.float32)
                last_means[: 3 * (n - i)] = means[3 * i :]
                last_quats[: 4 * (n - i)] = quats[4 * i :]
                last_scales[: 3 * (n - i)] = scales[3 * i :]
                last_opacities[: n - i] = opacities[i:]
                if channels == 3:
                    last_colors[: 3 * (n - i)] = colors[3 * i :]
                project_block(
                    last_means, last_quats, last_scales, last_opacities, last_colors, 0, i, channels, color_sums, cam,
                    rows,
                )  # fmt: skip
            for k in range(i, i + WIDTH):
                if splats[k, X0] <= splats[k, X1]:
                    for ty in range(np.int64(splats[k, Y0]) // TILE, np.int64(splats[k, Y1]) // TILE + 1):
                        for tx in range(np.int64(splats[k, X0]) // TILE, np.int64(splats[k, X1]) // TILE + 1):
                            counts[w, ty * tiles_x + tx] += 1


@numba.njit(**SAFE_KERNEL)
def share(n, worker, workers):
    """Return the first splat of a worker's share and the one after its last, a whole number of blocks."""
    blocks = (n + WIDTH - 1) // WIDTH
    each = (blocks + workers - 1) // workers
    return min(worker * each, blocks) * WIDTH, min((worker + 1) * each, blocks) * WIDTH


@numba.njit(**SAFE_KERNEL)
def sum_colors(colors, channels, first, n, sums):
    """Sum the channels of a block's colours: not finite if one of them is not."""
    for k in range(min(WIDTH, n - first)):
        sums[k] = 0
        for c in range(channels):
            sums[k] += colors[(first + k) * channels + c]


@numba.njit(**SAFE_KERNEL)
def project_block(means, quats, scales, opacities, colors, at, index, channels, color_sums, cam, rows):
    """Project the 8 Gaussians from place `at` of the arrays on and write their rows from row `index` on."""
    zero, one, two, half = splat(f32(0)), splat(f32(1)), splat(f32(2)), splat(f32(0.5))
    huge = splat(_HUGE)
    v00, v01, v02, v03 = splat(cam[0]), splat(cam[1]), splat(cam[2]), splat(cam[3])
    v10, v11, v12, v13 = splat(cam[4]), splat(cam[5]), splat(cam[6]), splat(cam[7])
    v20, v21, v22, v23 = splat(cam[8]), splat(cam[9]), splat(cam[10]), splat(cam[11])

    mx, my, mz = load_columns_3(means, u64(3 * at))
    z = v20 * mx + v21 * my + v22 * mz + v23
    x = v00 * mx + v01 * my + v02 * mz + v03
    y = v10 * mx + v11 * my + v12 * mz + v13
    rz = one / z

    qw, qx, qy, qz = load_columns_4(quats, u64(4 * at))
    s = two / (qw * qw + qx * qx + qy * qy + qz * qz)
    r00, r01, r02 = one - s * (qy * qy + qz * qz), s * (qx * qy - qw * qz), s * (qx * qz + qw * qy)
    r10, r11, r12 = s * (qx * qy + qw * qz), one - s * (qx * qx + qz * qz), s * (qy * qz - qw * qx)
    r20, r21, r22 = s * (qx * qz - qw * qy), s * (qy * qz + qw * qx), one - s * (qx * qx + qy * qy)

    # T = J W: the Jacobian of the projection, rotated into the world.
    jx, jy = splat(cam[12]) * rz, splat(cam[13]) * rz
    jxz = zero - jx * lesser(greater(x * rz, splat(cam[16])), splat(cam[17]))
    jyz = zero - jy * lesser(greater(y * rz, splat(cam[18])), splat(cam[19]))
    t00, t01, t02 = jx * v00 + jxz * v20, jx * v01 + jxz * v21, jx * v02 + jxz * v22
    t10, t11, t12 = jy * v10 + jyz * v20, jy * v11 + jyz * v21, jy * v12 + jyz * v22
    s0, s1, s2 = load_columns_3(scales, u64(3 * at))
    m00 = (t00 * r00 + t01 * r10 + t02 * r20) * s0
    m01 = (t00 * r01 + t01 * r11 + t02 * r21) * s1
    m02 = (t00 * r02 + t01 * r12 + t02 * r22) * s2
    m10 = (t10 * r00 + t11 * r10 + t12 * r20) * s0
    m11 = (t10 * r01 + t11 * r11 + t12 * r21) * s1
    m12 = (t10 * r02 + t11 * r12 + t12 * r22) * s2
    cov_xx = m00 * m00 + m01 * m01 + m02 * m02 + splat(f32(BLUR))
    cov_xy = m00 * m10 + m01 * m11 + m02 * m12
    cov_yy = m10 * m10 + m11 * m11 + m12 * m12 + splat(f32(BLUR))
    # The determinant of M Mᵀ + b I as a sum of squares: that of a needle is all that is left of the difference
    # cov_xx cov_yy - cov_xy², which float32 loses.
    n0, n1, n2 = m01 * m12 - m02 * m11, m02 * m10 - m00 * m12, m00 * m11 - m01 * m10
    blur = splat(f32(BLUR))
    det = n0 * n0 + n1 * n1 + n2 * n2 + blur * (cov_xx + cov_yy - blur)
    inv_det = one / det
    conic_c = cov_xx * inv_det

    # alpha = opacity exp(-d²/2) reaches 1/255 at d² = 2 ln(255 opacity): the box's half sides.
    opacity = load(opacities, u64(at))
    log_opacity = log_of(lesser(opacity, one))
    reach = greater(two * (log_opacity - splat(_LOG_ALPHA_MIN)), zero)
    reach_x, reach_y = root(reach * cov_xx), root(reach * cov_yy)
    u, v = jx * x + splat(cam[14]), jy * y + splat(cam[15])
    x0 = greater(zero - floor(half + reach_x - u), zero)
    y0 = greater(zero - floor(half + reach_y - v), zero)
    x1 = lesser(floor(u + reach_x - half), splat(cam[20]) - one)
    y1 = lesser(floor(v + reach_y - half), splat(cam[21]) - one)

    if channels == 3:
        red, green, blue = load_columns_3(colors, u64(3 * at))
        color_sum = red + green + blue
    else:
        red, green, blue = zero, zero, zero
        color_sum = load(color_sums, u64(0))

    drawn = select_less(splat(f32(NEAR)), z, one, zero)
    drawn = select_less(z, huge, drawn, zero)
    drawn = select_less(opacity, splat(f32(ALPHA_MIN)), zero, drawn)
    drawn = select_less(opacity, huge, drawn, zero)
    drawn = select_less(greater(color_sum, zero - color_sum), huge, drawn, zero)
    drawn = select_less(zero, det, drawn, zero)
    drawn = select_less(det, huge * huge, drawn, zero)
    drawn = select_less(greater(u, zero - u), huge, drawn, zero)
    drawn = select_less(greater(v, zero - v), huge, drawn, zero)
    drawn = select_less(x1, x0, zero, drawn)
    drawn = select_less(y1, y0, zero, drawn)
    x0, x1 = select_less(zero, drawn, x0, one), select_less(zero, drawn, x1, zero)
    y0, y1 = select_less(zero, drawn, y0, one), select_less(zero, drawn, y1, zero)
    store_rows(
        rows,
        u64(index * SPLAT_WIDTH),
        (
            u, v, cov_yy * inv_det, zero - cov_xy * inv_det, conic_c, log_opacity, z,
            red, green, blue, x0, x1, y0, y1, splat(f32(index)) + iota(), exp_of(zero - conic_c),
        ),
    )  # fmt: skip
