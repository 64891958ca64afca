"""Perceptual losses: differences of what networks see, with weights a user brings, or a stand-in without any.

Pictures are ``[B,3,H,W]`` 0..1. No gradient reaches the truth.
"""

import math

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from studio.core.errors import UserError
from studio.core.training.user_weights import KNOWN, load_user_weights, why_missing

_IMAGENET = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)
_VGG_FACE = (129.1863, 104.7624, 93.5940)  # its mean picture, RGB 0..255
_VGG16, _VGG19 = (2, 2, 3, 3, 3), (2, 2, 4, 4, 4)
_WIDTHS = (64, 128, 256, 512, 512)


class Perceptual(nn.Module):
    """The sum of what its parts see differently, each weighted alike, as Splat-Portrait adds VGG-19 and VGG-Face.

    Attributes
    ----------
    note
        What stands in for what, for a person; empty where nothing does.
    """

    def __init__(self, parts: list[nn.Module], note: str = "") -> None:
        super().__init__()
        self.parts, self.note = nn.ModuleList(parts), note

    def forward(self, pictures: Tensor, truth: Tensor) -> Tensor:
        """Return the loss of a batch."""
        return torch.stack([part(pictures, truth) for part in self.parts]).sum()


def perceptual_loss(*names: str) -> Perceptual:
    """Make the loss of these networks ("vgg19", "vggface") where all their weights are there, or the stand-in.

    The stand-in is `EdgeEnergy`; `Perceptual.note` then says so, and why.
    """
    missing = why_missing(*names)
    if missing is not None:
        wanted = " and ".join(KNOWN[name].what for name in names)
        return Perceptual([EdgeEnergy()], f"Energies of edges stand in for {wanted}: the loss {missing}.")
    return Perceptual([VggDifference(name) for name in names])


class VggDifference(nn.Module):
    """The mean absolute difference after the first convolution of each of the five blocks, summed (relu1_1 … relu5_1).

    Johnson et al. 2016 with the layers that portrait animators use since Siarohin et al. 2019.

    Parameters
    ----------
    name
        "vgg19" or "vggface"; the latter is VGG-16.

    Raises
    ------
    UserError
        If the weights are missing or another network's.
    """

    def __init__(self, name: str) -> None:
        super().__init__()
        depths = _VGG19 if name == "vgg19" else _VGG16
        self.blocks, channels = nn.ModuleList(), 3
        for width, depth in zip(_WIDTHS, depths, strict=True):
            inputs = [channels, *[width] * (depth - 1)]
            self.blocks.append(nn.ModuleList(nn.Conv2d(i, width, 3, padding=1) for i in inputs))
            channels = width
        weights = load_user_weights(name)
        convolutions = self._convolutions()
        try:
            for convolution, (weight, bias) in zip(convolutions, _in_order(weights)[: len(convolutions)], strict=True):
                convolution.load_state_dict({"weight": weight, "bias": bias})
        except (RuntimeError, ValueError) as error:
            raise UserError(f"The weights of {KNOWN[name].what} are another network's; get them again.") from error
        mean, deviation = _IMAGENET
        if name == "vggface":  # bytes less the mean picture's
            mean, deviation = tuple(m / 255 for m in _VGG_FACE), (1 / 255,) * 3
        self.mean: Tensor
        self.deviation: Tensor
        self.register_buffer("mean", torch.tensor(mean).view(3, 1, 1))
        self.register_buffer("deviation", torch.tensor(deviation).view(3, 1, 1))
        self.scale = 1 / 255 if name == "vggface" else 1.0
        self.requires_grad_(False)

    def _convolutions(self) -> list[nn.Module]:
        return [convolution for block in self.blocks for convolution in block]  # pyright: ignore

    def features(self, pictures: Tensor) -> list[Tensor]:
        """Return what is compared."""
        x, found = (pictures - self.mean) / self.deviation, []
        for index, block in enumerate(self.blocks):
            if index:
                x = F.max_pool2d(x, 2)
            for place, convolution in enumerate(block):  # pyright: ignore
                x = F.relu(convolution(x))
                if place == 0:
                    found.append(x)
                    if index == len(self.blocks) - 1:
                        return found
        raise AssertionError("there is a last block")

    def forward(self, pictures: Tensor, truth: Tensor) -> Tensor:
        """Return the loss of a batch."""
        with torch.no_grad():
            wanted = self.features(truth)
        apart = [(a - b).abs().mean() for a, b in zip(self.features(pictures), wanted, strict=True)]
        return self.scale * torch.stack(apart).sum()


def _in_order(weights: dict[str, Tensor]) -> list[tuple[Tensor, Tensor]]:
    """Return weight and bias of the convolutions as they follow each other in a state dict, whatever their names."""
    kernels = [name for name, tensor in weights.items() if tensor.ndim == 4 and name.endswith("weight")]
    biases = [weights.get(name.removesuffix("weight") + "bias") for name in kernels]
    return [(weights[name], bias) for name, bias in zip(kernels, biases, strict=True) if bias is not None]


class EdgeEnergy(nn.Module):
    """A stand-in that nobody trained: where, how strong and which way the edges are, at four scales.

    Each picture is halved three times; at every size a bank of Gabor filters (8 directions, in quadrature) tells the
    energy of the edges of each direction, and the loss is the mean absolute difference of the energies. A texture that
    moved by a pixel is near, one that was blurred away is far; for colours it is the other way round, which is why L1
    alone blurs. It knows nothing of faces: it is no LPIPS, and figures with it do not compare with papers that used
    VGG.
    """

    DIRECTIONS, SCALES, SIDE = 8, 4, 7

    def __init__(self) -> None:
        super().__init__()
        reach = self.SIDE // 2
        y, x = torch.meshgrid(*[torch.arange(-reach, reach + 1.0)] * 2, indexing="ij")
        envelope = torch.exp(-(x**2 + y**2) / (2 * 1.7**2))
        bank = []
        for k in range(self.DIRECTIONS):
            turn = math.pi * k / self.DIRECTIONS
            phase = 1.6 * (x * math.cos(turn) + y * math.sin(turn))  # rad per px: a wave of 4 px
            for wave in (torch.cos(phase), torch.sin(phase)):
                kernel = envelope * wave
                kernel = kernel - envelope * (kernel.sum() / envelope.sum())  # flat colour has no edge
                bank.append(kernel / kernel.square().sum().sqrt())
        self.register_buffer("bank", torch.stack(bank)[:, None])
        self.bank: Tensor

    def energies(self, pictures: Tensor) -> list[Tensor]:
        """Return the energies ``[3B,8,H,W]`` at each scale, of each channel by itself."""
        x, found = pictures.flatten(0, 1)[:, None], []
        for scale in range(self.SCALES):
            if scale:
                x = F.avg_pool2d(x, 2)
            if min(x.shape[2:]) < self.SIDE:
                break
            even, odd = F.conv2d(x, self.bank).unflatten(1, (self.DIRECTIONS, 2)).unbind(2)
            found.append((even**2 + odd**2 + 1e-4).sqrt())
        return found

    def forward(self, pictures: Tensor, truth: Tensor) -> Tensor:
        """Return the loss of a batch."""
        with torch.no_grad():
            wanted = self.energies(truth)
        apart = [(a - b).abs().mean() for a, b in zip(self.energies(pictures), wanted, strict=True)]
        return torch.stack(apart).mean()
