"""The loss by which Gaussians are fitted to a picture, and its gradient."""

import numpy as np
from numpy.typing import NDArray

from studio.core.render.numba_runtime import kernel_array, kernel_threads
from studio.core.render.numba_ssim import (
    MARGIN,
    RGB,
    WINDOW,
    alpha_gradient,
    photometric_gradient,
    show,
    ssim_slopes,
    target_moments,
)

SSIM_SHARE = 0.2
"""λ of Kerbl et al. 2023."""


class PhotometricLoss:
    """(1 - λ) L1 + λ (1 - SSIM) against one picture (Kerbl et al. 2023, Eq. 7).

    Both terms are means over pixels and channels, weighted where there are weights; SSIM is averaged over
    the 11×11 windows that lie wholly inside the picture, weighted by their middle. The buffers, and what
    depends on the target alone, are made once.

    Parameters
    ----------
    target
        ``[H,W,3]`` float32 RGB 0..1, at least 11 px either way.
    background
        ``[H,W,3]``: what the raster is shown over; black if None.
    weights
        ``[H,W]``, not negative: how much each pixel counts; alike if None.
    ssim_share
        λ, 0..1.

    Attributes
    ----------
    grad_color, grad_alpha
        ``[H,W,3]`` and ``[H,W,1]``: gradient of the last value with respect to the raster. They are written
        anew by the next one.

    Raises
    ------
    ValueError
        If a shape is wrong, the picture is too small, or no window has weight.
    """

    def __init__(
        self,
        target: NDArray[np.float32],
        *,
        background: NDArray[np.float32] | None = None,
        weights: NDArray[np.float32] | None = None,
        ssim_share: float = SSIM_SHARE,
    ) -> None:
        height, width = target.shape[:2]
        if target.shape != (height, width, RGB) or min(height, width) < WINDOW:
            raise ValueError(f"target has shape {target.shape}; it must be [H,W,3] of at least {WINDOW} px")
        if background is not None and background.shape != target.shape:
            raise ValueError(f"background has shape {background.shape}, expected {target.shape}")
        if weights is not None and weights.shape != (height, width):
            raise ValueError(f"weights have shape {weights.shape}, expected {(height, width)}")
        rows = height, RGB * width
        self.ssim_share = ssim_share
        self._target = kernel_array(target).reshape(rows)
        self._background = np.zeros(rows, np.float32) if background is None else kernel_array(background).reshape(rows)
        weights = np.ones((height, width), np.float32) if weights is None else weights
        self._weights = kernel_array(np.repeat(weights, RGB, axis=1))
        inside = slice(MARGIN // 2, -(MARGIN // 2))
        self._pixel_weight = RGB * float(weights.sum(dtype=np.float64))
        self._window_weight = RGB * float(weights[inside, inside].sum(dtype=np.float64))
        if self._window_weight <= 0:
            raise ValueError("no window has weight")
        self._image = np.empty(rows, np.float32)
        self._moments = np.empty((2, height - MARGIN, RGB * (width - MARGIN)), np.float32)
        self._slopes = np.zeros((3, height + MARGIN, RGB * (width + MARGIN)), np.float32)
        self._ssim_sums, self._l1_sums = np.empty(height - MARGIN), np.empty(height)
        self._gradient = np.empty(rows, np.float32)
        self.grad_color = self._gradient.reshape(target.shape)
        self.grad_alpha = np.zeros((height, width, 1), np.float32)
        self._over_black = background is None
        with kernel_threads() as threads:
            target_moments(self._target, threads, self._moments)

    def __call__(self, color: NDArray[np.float32], alpha: NDArray[np.float32]) -> float:
        """Return the loss of a raster's color ``[H,W,3]`` and alpha ``[H,W,1]``, and write its gradient.

        Raises
        ------
        ValueError
            If a shape is wrong.
        """
        with kernel_threads() as threads:
            return self.on_threads(color, alpha, threads)

    def on_threads(self, color: NDArray[np.float32], alpha: NDArray[np.float32], threads: int) -> float:
        """Do the same for a caller that holds the kernel threads already."""
        for name, array, gradient in (("color", color, self.grad_color), ("alpha", alpha, self.grad_alpha)):
            if array.shape != gradient.shape:
                raise ValueError(f"{name} has shape {array.shape}, expected {gradient.shape}")
        if self._over_black:
            image = kernel_array(color).reshape(self._target.shape)
        else:
            image = self._image
            show(kernel_array(color), kernel_array(alpha), self._background, threads, image)
        pictures = image, self._target
        ssim_slopes(*pictures, self._moments, self._weights, threads, self._slopes, self._ssim_sums)
        shares = (1 - self.ssim_share) / self._pixel_weight, -self.ssim_share / self._window_weight
        shares = np.float32(shares[0]), np.float32(shares[1])
        photometric_gradient(*pictures, self._weights, self._slopes, *shares, threads, self._gradient, self._l1_sums)
        if not self._over_black:
            alpha_gradient(self._gradient, self._background, threads, self.grad_alpha)
        l1 = self._l1_sums.sum() / self._pixel_weight
        ssim = self._ssim_sums.sum() / self._window_weight
        return float((1 - self.ssim_share) * l1 + self.ssim_share * (1 - ssim))
