"""Project Gaussians to the screen: one packed row per splat, with its box of touched pixels."""

import math

import numba
import numpy as np
from numba import prange
from numpy.typing import NDArray

from studio.core.gaussians.camera import Camera
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
U, V, CONIC_A, CONIC_B, CONIC_C, LOG_OPACITY, DEPTH, RED, GREEN, BLUE, X0, X1, Y0, Y1 = range(14)
SPLAT_WIDTH = 16
"""float32 values per row: one cache line."""

f32 = np.float32
_HUGE = f32(1e10)  # beyond it a value counts as not finite


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
def project(means, quats, scales, opacities, colors, cam, splats, boxes):
    """Project every Gaussian (EWA splatting, Zwicker et al. 2001, with gsplat's conventions).

    Parameters
    ----------
    means, quats, scales, opacities, colors
        As in `Gaussians`; colours are packed into the row only if C=3. An opacity over 1 counts as 1.
    cam
        Of `camera_vector`.
    splats
        ``[N,16]`` float32, written: see the column names above.
    boxes
        ``[N,4]`` int32, written: first and last column, first and last row of the pixels where alpha
        reaches 1/255; empty (1,0,1,0) where the Gaussian is not drawn, which includes every Gaussian
        with a value that is not a finite number.
    """
    one, two, half, zero = f32(1), f32(2), f32(0.5), f32(0)
    v00, v01, v02, v03 = cam[0], cam[1], cam[2], cam[3]
    v10, v11, v12, v13 = cam[4], cam[5], cam[6], cam[7]
    v20, v21, v22, v23 = cam[8], cam[9], cam[10], cam[11]
    fx, fy, cx, cy = cam[12], cam[13], cam[14], cam[15]
    left, right, top, bottom = cam[16], cam[17], cam[18], cam[19]
    last_x, last_y = cam[20] - one, cam[21] - one
    rgb = colors.shape[1] == 3
    for i in prange(means.shape[0]):
        boxes[i, 0] = 1
        boxes[i, 1] = 0
        boxes[i, 2] = 1
        boxes[i, 3] = 0
        mx, my, mz = means[i, 0], means[i, 1], means[i, 2]
        z = v20 * mx + v21 * my + v22 * mz + v23
        opacity = opacities[i]
        if not (z > f32(NEAR) and z < _HUGE and opacity >= f32(ALPHA_MIN) and opacity < _HUGE):
            continue
        color_sum = zero
        for c in range(colors.shape[1]):
            color_sum += colors[i, c]
        if not abs(color_sum) < _HUGE:
            continue
        x = v00 * mx + v01 * my + v02 * mz + v03
        y = v10 * mx + v11 * my + v12 * mz + v13
        rz = one / z

        qw, qx, qy, qz = quats[i, 0], quats[i, 1], quats[i, 2], quats[i, 3]
        s = two / (qw * qw + qx * qx + qy * qy + qz * qz)
        r00, r01, r02 = one - s * (qy * qy + qz * qz), s * (qx * qy - qw * qz), s * (qx * qz + qw * qy)
        r10, r11, r12 = s * (qx * qy + qw * qz), one - s * (qx * qx + qz * qz), s * (qy * qz - qw * qx)
        r20, r21, r22 = s * (qx * qz - qw * qy), s * (qy * qz + qw * qx), one - s * (qx * qx + qy * qy)

        # T = J W: the Jacobian of the projection, rotated into the world.
        jx, jy = fx * rz, fy * rz
        jxz = -jx * min(max(x * rz, left), right)
        jyz = -jy * min(max(y * rz, top), bottom)
        t00, t01, t02 = jx * v00 + jxz * v20, jx * v01 + jxz * v21, jx * v02 + jxz * v22
        t10, t11, t12 = jy * v10 + jyz * v20, jy * v11 + jyz * v21, jy * v12 + jyz * v22
        s0, s1, s2 = scales[i, 0], scales[i, 1], scales[i, 2]
        m00 = (t00 * r00 + t01 * r10 + t02 * r20) * s0
        m01 = (t00 * r01 + t01 * r11 + t02 * r21) * s1
        m02 = (t00 * r02 + t01 * r12 + t02 * r22) * s2
        m10 = (t10 * r00 + t11 * r10 + t12 * r20) * s0
        m11 = (t10 * r01 + t11 * r11 + t12 * r21) * s1
        m12 = (t10 * r02 + t11 * r12 + t12 * r22) * s2
        cov_xx = m00 * m00 + m01 * m01 + m02 * m02 + f32(BLUR)
        cov_xy = m00 * m10 + m01 * m11 + m02 * m12
        cov_yy = m10 * m10 + m11 * m11 + m12 * m12 + f32(BLUR)
        det = cov_xx * cov_yy - cov_xy * cov_xy
        if not (det > zero and det < _HUGE * _HUGE):
            continue

        # alpha = opacity exp(-d²/2) reaches 1/255 at d² = 2 ln(255 opacity): the box's half sides.
        log_opacity = math.log(min(opacity, one))
        reach = max(two * (log_opacity - f32(math.log(ALPHA_MIN))), zero)
        reach_x, reach_y = math.sqrt(reach * cov_xx), math.sqrt(reach * cov_yy)
        u, v = jx * x + cx, jy * y + cy
        x0, x1 = max(math.ceil(u - reach_x - half), zero), min(math.floor(u + reach_x - half), last_x)
        y0, y1 = max(math.ceil(v - reach_y - half), zero), min(math.floor(v + reach_y - half), last_y)
        if not (abs(u) < _HUGE and abs(v) < _HUGE and x0 <= x1 and y0 <= y1):
            continue
        if rgb:
            splats[i, RED] = colors[i, 0]
            splats[i, GREEN] = colors[i, 1]
            splats[i, BLUE] = colors[i, 2]
        inv_det = one / det
        splats[i, U] = u
        splats[i, V] = v
        splats[i, CONIC_A] = cov_yy * inv_det
        splats[i, CONIC_B] = -cov_xy * inv_det
        splats[i, CONIC_C] = cov_xx * inv_det
        splats[i, LOG_OPACITY] = log_opacity
        splats[i, DEPTH] = z
        splats[i, X0] = x0
        splats[i, X1] = x1
        splats[i, Y0] = y0
        splats[i, Y1] = y1
        boxes[i, 0] = np.int32(x0)
        boxes[i, 1] = np.int32(x1)
        boxes[i, 2] = np.int32(y0)
        boxes[i, 3] = np.int32(y1)
