"""LPIPS, where the user brings its weights (Zhang et al. 2018, arXiv:1801.03924, version 0.1 with AlexNet)."""

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from studio.core.errors import UserError
from studio.core.training.user_weights import load_user_weights, why_missing

_SHIFT, _SCALE = (-0.030, -0.088, -0.188), (0.458, 0.448, 0.450)
_TAPS = (64, 192, 384, 256, 256)


def why_no_lpips() -> str | None:
    """Say what LPIPS lacks here, or None."""
    return why_missing("alexnet", "lpips-alex")


class Lpips(nn.Module):
    """The distance of pictures ``[B,3,H,W]`` 0..1 as people judge it: 0 for alike ones.

    Raises
    ------
    UserError
        If weights are missing or another network's.
    """

    def __init__(self) -> None:
        super().__init__()
        shapes = ((3, 64, 11, 4, 2), (64, 192, 5, 1, 2), (192, 384, 3, 1, 1), (384, 256, 3, 1, 1), (256, 256, 3, 1, 1))
        self.convolutions = nn.ModuleList(nn.Conv2d(i, o, size, stride, pad) for i, o, size, stride, pad in shapes)
        self.linear = nn.ParameterList(torch.empty(1, channels, 1, 1) for channels in _TAPS)
        features, linear = load_user_weights("alexnet"), load_user_weights("lpips-alex")
        try:
            for index, convolution in zip((0, 3, 6, 8, 10), self.convolutions, strict=True):
                names = {kind: f"features.{index}.{kind}" for kind in ("weight", "bias")}
                convolution.load_state_dict({kind: features[name] for kind, name in names.items()})
            for k, parameter in enumerate(self.linear):
                parameter.data.copy_(linear[f"lin{k}.model.1.weight"])
        except (KeyError, RuntimeError) as error:
            raise UserError(
                "The weights of AlexNet or LPIPS are another network's; get the published files."
            ) from error
        self.shift: Tensor
        self.scale: Tensor
        self.register_buffer("shift", torch.tensor(_SHIFT).view(3, 1, 1))
        self.register_buffer("scale", torch.tensor(_SCALE).view(3, 1, 1))
        self.requires_grad_(False)

    def _features(self, pictures: Tensor) -> list[Tensor]:
        x, found = (2 * pictures - 1 - self.shift) / self.scale, []
        for k, convolution in enumerate(self.convolutions):
            if k in (1, 2):
                x = F.max_pool2d(x, 3, 2)
            x = F.relu(convolution(x))
            found.append(x / (x.square().sum(1, keepdim=True).sqrt() + 1e-10))
        return found

    def forward(self, pictures: Tensor, truth: Tensor) -> Tensor:
        """Return the distance of each pair ``[B]``."""
        pairs = zip(self._features(pictures), self._features(truth), self.linear, strict=True)
        apart = [((a - b).square() * weight).sum(1).mean((1, 2)) for a, b, weight in pairs]
        return torch.stack(apart).sum(0)
