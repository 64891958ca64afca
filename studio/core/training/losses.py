"""The structural similarity as a loss; those that see more are in `perceptual`, and L1, L2 and Huber in torch."""

from typing import Any

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from studio.core.render.loss import PhotometricLoss
from studio.core.training.metrics import SIGMA, WINDOW

_C1, _C2 = 0.01**2, 0.03**2


def ssim(pictures: Tensor, truth: Tensor, weights: Tensor | None = None) -> Tensor:
    """Return the mean structural similarity of a batch; a loss is 1 minus it.

    As `metrics.ssim`: Wang et al. 2004, 11×11 windows that lie wholly inside. On the processor by the kernels of
    `render.loss`, ten times as fast as torch's convolutions; only the pictures get a gradient there.

    Parameters
    ----------
    pictures, truth
        ``[B,3,H,W]``, at least 11 px either way.
    weights
        ``[B,H,W]``, not negative: how much windows count, by their middle.
    """
    pictures, truth = pictures.float(), truth.float().detach()
    if weights is not None:
        weights = weights.float().detach()
    if pictures.device.type == "cpu":
        return _Ssim.apply(pictures, truth, weights)  # pyright: ignore[reportReturnType]
    return torch_ssim(pictures, truth, weights)


def torch_ssim(pictures: Tensor, truth: Tensor, weights: Tensor | None = None) -> Tensor:
    """Do the same by torch's convolutions, on any device."""
    taps = torch.exp(-0.5 * ((torch.arange(WINDOW, device=truth.device) - WINDOW // 2) / SIGMA) ** 2)
    taps = taps / taps.sum()
    products = torch.cat([pictures, truth, pictures * pictures, truth * truth, pictures * truth], 1)
    alone = products.flatten(0, 1)[:, None]
    with torch.autocast(truth.device.type, enabled=False):
        blurred = F.conv2d(F.conv2d(alone, taps.view(1, 1, 1, -1)), taps.view(1, 1, -1, 1))
    mean_x, mean_y, square_x, square_y, product = blurred.view(len(products), -1, *blurred.shape[2:]).chunk(5, 1)
    luminance = (2 * mean_x * mean_y + _C1) / (mean_x**2 + mean_y**2 + _C1)
    spread = square_x - mean_x**2 + square_y - mean_y**2
    similarity = luminance * (2 * (product - mean_x * mean_y) + _C2) / (spread + _C2)
    if weights is None:
        return similarity.mean()
    rim = WINDOW // 2
    inside = weights[:, rim:-rim, rim:-rim]
    return ((similarity.mean(1) * inside).sum((1, 2)) / inside.sum((1, 2))).mean()


class _Ssim(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, pictures: Tensor, truth: Tensor, weights: Tensor | None) -> Tensor:
        values, gradients = [], []
        shown, wanted = (t.detach().permute(0, 2, 3, 1).contiguous().numpy() for t in (pictures, truth))
        unused = np.zeros((*shown.shape[1:3], 1), np.float32)
        for i, picture in enumerate(shown):
            loss = PhotometricLoss(
                wanted[i], weights=None if weights is None else weights[i].contiguous().numpy(), ssim_share=1.0
            )
            values.append(1 - loss(picture, unused))
            gradients.append(torch.from_numpy(loss.grad_color))
        if ctx.needs_input_grad[0]:
            ctx.save_for_backward(torch.stack(gradients).permute(0, 3, 1, 2))
        return pictures.new_tensor(values).mean()

    @staticmethod
    @torch.autograd.function.once_differentiable
    def backward(ctx: Any, grad: Tensor) -> tuple[Tensor | None, ...]:
        (of_loss,) = ctx.saved_tensors
        return -grad * of_loss / len(of_loss), None, None
