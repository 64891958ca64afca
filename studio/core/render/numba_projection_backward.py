"""Gradients of projection: from sums over pixels back to means, quaternions, scales and opacities."""

import math

import numba
import numpy as np
from numba import prange

from studio.core.render.numba_gradient_rows import (
    SUM_COLOR,
    SUM_V,
    SUM_VX,
    SUM_VXX,
    SUM_VXY,
    SUM_VY,
    SUM_VYY,
)
from studio.core.render.numba_projection import CONIC_A, CONIC_B, CONIC_C
from studio.core.render.numba_runtime import KERNEL

f32 = np.float32


@numba.njit(parallel=True, **KERNEL)
def project_gradients(
    means,
    quats,
    scales,
    opacities,
    cam,
    splats,
    slot_starts,
    slots,
    grad_means,
    grad_quats,
    grad_scales,
    grad_opacities,
    grad_colors,
):
    """Chain the slots of `composite_gradients` through `project`.

    Parameters
    ----------
    means, quats, scales, opacities, cam, splats
        What `project` read and wrote.
    slot_starts, slots
        ``[N+1]`` int64 and ``[M,6+C]`` float32; a splat that was not drawn has no slot.
    grad_means, grad_quats, grad_scales, grad_opacities, grad_colors
        Written; shapes of `Gaussians`. Zero where nothing was drawn.
    """
    one, two, half = f32(1), f32(2), f32(0.5)
    v00, v01, v02, v03 = cam[0], cam[1], cam[2], cam[3]
    v10, v11, v12, v13 = cam[4], cam[5], cam[6], cam[7]
    v20, v21, v22, v23 = cam[8], cam[9], cam[10], cam[11]
    fx, fy = cam[12], cam[13]
    left, right, top, bottom = cam[16], cam[17], cam[18], cam[19]
    for i in prange(means.shape[0]):
        grad_means[i, :] = 0
        grad_quats[i, :] = 0
        grad_scales[i, :] = 0
        grad_opacities[i] = 0
        grad_colors[i, :] = 0
        if slot_starts[i] == slot_starts[i + 1]:
            continue
        sum_v, sum_vx, sum_vy = f32(0), f32(0), f32(0)
        sum_vxx, sum_vxy, sum_vyy = f32(0), f32(0), f32(0)
        for s in range(slot_starts[i], slot_starts[i + 1]):
            sum_v += slots[s, SUM_V]
            sum_vx += slots[s, SUM_VX]
            sum_vy += slots[s, SUM_VY]
            sum_vxx += slots[s, SUM_VXX]
            sum_vxy += slots[s, SUM_VXY]
            sum_vyy += slots[s, SUM_VYY]
            for c in range(grad_colors.shape[1]):
                grad_colors[i, c] += slots[s, SUM_COLOR + c]
        # v is the gradient of the exponent ln(opacity) - (A dx² + 2 B dx dy + C dy²) / 2.
        grad_opacities[i] = sum_v / opacities[i] if opacities[i] <= one else f32(0)
        a, b, c = splats[i, CONIC_A], splats[i, CONIC_B], splats[i, CONIC_C]
        grad_u, grad_v = a * sum_vx + b * sum_vy, b * sum_vx + c * sum_vy
        # The conic is the inverse covariance: dL/dcov = -conic (dL/dconic) conic, both symmetric.
        ga, gb, gc = -half * sum_vxx, -half * sum_vxy, -half * sum_vyy
        p00, p01 = a * ga + b * gb, a * gb + b * gc
        p10, p11 = b * ga + c * gb, b * gb + c * gc
        cov_xx, cov_xy, cov_yy = -(p00 * a + p01 * b), -(p00 * b + p01 * c), -(p10 * b + p11 * c)

        # The forward quantities, as in `project`.
        mx, my, mz = means[i, 0], means[i, 1], means[i, 2]
        x = v00 * mx + v01 * my + v02 * mz + v03
        y = v10 * mx + v11 * my + v12 * mz + v13
        rz = one / (v20 * mx + v21 * my + v22 * mz + v23)
        qw, qx, qy, qz = quats[i, 0], quats[i, 1], quats[i, 2], quats[i, 3]
        norm = one / math.sqrt(qw * qw + qx * qx + qy * qy + qz * qz)
        qw, qx, qy, qz = qw * norm, qx * norm, qy * norm, qz * norm
        r00, r11 = one - two * (qy * qy + qz * qz), one - two * (qx * qx + qz * qz)
        r22 = one - two * (qx * qx + qy * qy)
        r01, r02, r12 = two * (qx * qy - qw * qz), two * (qx * qz + qw * qy), two * (qy * qz - qw * qx)
        r10, r20, r21 = two * (qx * qy + qw * qz), two * (qx * qz - qw * qy), two * (qy * qz + qw * qx)
        jx, jy = fx * rz, fy * rz
        ratio_x, ratio_y = x * rz, y * rz
        slope_x, slope_y = min(max(ratio_x, left), right), min(max(ratio_y, top), bottom)
        jxz, jyz = -jx * slope_x, -jy * slope_y
        t00, t01, t02 = jx * v00 + jxz * v20, jx * v01 + jxz * v21, jx * v02 + jxz * v22
        t10, t11, t12 = jy * v10 + jyz * v20, jy * v11 + jyz * v21, jy * v12 + jyz * v22
        s0, s1, s2 = scales[i, 0], scales[i, 1], scales[i, 2]
        n00, n01 = t00 * r00 + t01 * r10 + t02 * r20, t00 * r01 + t01 * r11 + t02 * r21
        n02 = t00 * r02 + t01 * r12 + t02 * r22
        n10, n11 = t10 * r00 + t11 * r10 + t12 * r20, t10 * r01 + t11 * r11 + t12 * r21
        n12 = t10 * r02 + t11 * r12 + t12 * r22

        # cov = M Mᵀ + blur with M = N S and N = T R: dL/dM = 2 (dL/dcov) M.
        g00, g10 = two * s0 * (cov_xx * n00 + cov_xy * n10), two * s0 * (cov_xy * n00 + cov_yy * n10)
        g01, g11 = two * s1 * (cov_xx * n01 + cov_xy * n11), two * s1 * (cov_xy * n01 + cov_yy * n11)
        g02, g12 = two * s2 * (cov_xx * n02 + cov_xy * n12), two * s2 * (cov_xy * n02 + cov_yy * n12)
        grad_scales[i, 0] = g00 * n00 + g10 * n10
        grad_scales[i, 1] = g01 * n01 + g11 * n11
        grad_scales[i, 2] = g02 * n02 + g12 * n12
        g00, g01, g02 = g00 * s0, g01 * s1, g02 * s2
        g10, g11, g12 = g10 * s0, g11 * s1, g12 * s2

        # dL/dR = Tᵀ dL/dN, then to the unit quaternion, then through its normalisation.
        h00, h01, h02 = t00 * g00 + t10 * g10, t00 * g01 + t10 * g11, t00 * g02 + t10 * g12
        h10, h11, h12 = t01 * g00 + t11 * g10, t01 * g01 + t11 * g11, t01 * g02 + t11 * g12
        h20, h21, h22 = t02 * g00 + t12 * g10, t02 * g01 + t12 * g11, t02 * g02 + t12 * g12
        gw = two * (qz * (h10 - h01) + qy * (h02 - h20) + qx * (h21 - h12))
        gx = two * (qy * (h01 + h10) + qz * (h02 + h20) + qw * (h21 - h12) - two * qx * (h11 + h22))
        gy = two * (qx * (h01 + h10) + qz * (h12 + h21) + qw * (h02 - h20) - two * qy * (h00 + h22))
        gz = two * (qx * (h02 + h20) + qy * (h12 + h21) + qw * (h10 - h01) - two * qz * (h00 + h11))
        along = gw * qw + gx * qx + gy * qy + gz * qz
        grad_quats[i, 0] = (gw - along * qw) * norm
        grad_quats[i, 1] = (gx - along * qx) * norm
        grad_quats[i, 2] = (gy - along * qy) * norm
        grad_quats[i, 3] = (gz - along * qz) * norm

        # dL/dT = dL/dN Rᵀ, then to the entries of the Jacobian and the point in the camera.
        k00, k01 = g00 * r00 + g01 * r01 + g02 * r02, g00 * r10 + g01 * r11 + g02 * r12
        k02 = g00 * r20 + g01 * r21 + g02 * r22
        k10, k11 = g10 * r00 + g11 * r01 + g12 * r02, g10 * r10 + g11 * r11 + g12 * r12
        k12 = g10 * r20 + g11 * r21 + g12 * r22
        grad_jx, grad_jxz = k00 * v00 + k01 * v01 + k02 * v02, k00 * v20 + k01 * v21 + k02 * v22
        grad_jy, grad_jyz = k10 * v10 + k11 * v11 + k12 * v12, k10 * v20 + k11 * v21 + k12 * v22
        grad_jx -= grad_jxz * slope_x
        grad_jy -= grad_jyz * slope_y
        grad_slope_x = -grad_jxz * jx if slope_x == ratio_x else f32(0)
        grad_slope_y = -grad_jyz * jy if slope_y == ratio_y else f32(0)
        grad_slope_x += grad_u * fx
        grad_slope_y += grad_v * fy
        grad_x, grad_y = grad_slope_x * rz, grad_slope_y * rz
        grad_z = -rz * (grad_x * x + grad_y * y + grad_jx * jx + grad_jy * jy)
        grad_means[i, 0] = v00 * grad_x + v10 * grad_y + v20 * grad_z
        grad_means[i, 1] = v01 * grad_x + v11 * grad_y + v21 * grad_z
        grad_means[i, 2] = v02 * grad_x + v12 * grad_y + v22 * grad_z
