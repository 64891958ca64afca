"""A denoiser of pictures after EDM (Karras et al. 2022): preconditioning, its loss, its noise levels, and its weights.

`read_edm` takes published weights. NVIDIA gives them as pickles, which run code when they are opened and which nothing
here opens: in NVIDIA's own program, write the ``state_dict()`` of the network's ``ema`` with
``safetensors.torch.save_file``, or with ``torch.save``.
"""

import warnings
from pathlib import Path
from pickle import UnpicklingError

import torch
from safetensors import SafetensorError
from safetensors.torch import load_file
from torch import Generator, Tensor, nn

from studio.core.errors import UserError
from studio.core.nets.embeddings import noise_embedding
from studio.core.nets.unet import SongUNet, UNetSize

SIGMA_MIN, SIGMA_MAX, RHO = 0.002, 80.0, 7.0
_SIGMA_DATA = 0.5
_LOG_MEAN, _LOG_SPREAD = -1.2, 1.2

EDM_FFHQ = UNetSize(64, 128, (1, 2, 2, 2), blocks=4, attention=(16,), film=False, dropout=0.05)
"""Size of the published ``edm-ffhq-64x64-uncond`` networks."""
SMALL_DENOISER = UNetSize(64, 32, (1, 2, 3), blocks=1, attention=(16,), film=False)


class Denoiser(nn.Module):
    """Noisy pictures ``[B,3,H,W]`` in -1..1 and their noise in, clean ones out (EDM, equation 7)."""

    def __init__(self, size: UNetSize) -> None:
        super().__init__()
        self.size = size
        self.model = SongUNet(size, 3, 3, size.channels)

    def forward(self, noisy: Tensor, sigma: Tensor) -> Tensor:
        """Return what is behind the noise of standard deviation `sigma` ``[B]``."""
        s = sigma.float()[:, None, None, None]
        total = s**2 + _SIGMA_DATA**2
        label = noise_embedding(sigma.float().log() / 4, self.size.channels)
        out, _ = self.model(noisy / total.sqrt(), label)
        return noisy * _SIGMA_DATA**2 / total + out.float() * s * _SIGMA_DATA / total.sqrt()


def denoising_loss(net: Denoiser, clean: Tensor, generator: Generator) -> Tensor:
    """Return EDM's weighted loss of clean pictures ``[B,3,H,W]`` in -1..1 at noise levels drawn as it says."""
    draw = torch.randn(len(clean), generator=generator, device=clean.device)
    sigma = (draw * _LOG_SPREAD + _LOG_MEAN).exp()
    noise = torch.randn(clean.shape, generator=generator, device=clean.device) * sigma[:, None, None, None]
    weight = (sigma**2 + _SIGMA_DATA**2) / (sigma * _SIGMA_DATA) ** 2
    return (weight[:, None, None, None] * (net(clean + noise, sigma) - clean) ** 2).mean()


def noise_levels(count: int, device: torch.device | None = None) -> Tensor:
    """Return N levels ``[N]`` from the largest to the smallest: EDM's equation 5, Splat-Portrait's 3.

    Splat-Portrait prints the terms in the brackets with exponent ρ; as in EDM they have 1/ρ.
    """
    i = torch.arange(count, dtype=torch.float32, device=device) / (count - 1)
    high, low = SIGMA_MAX ** (1 / RHO), SIGMA_MIN ** (1 / RHO)
    return (high + i * (low - high)) ** RHO


def denoised(net: Denoiser, clean: Tensor, levels: Tensor, generator: Generator) -> Tensor:
    """Noise pictures to the first of `levels` ``[N]`` and lead them back by Euler steps (equation 4); no gradient."""
    with torch.no_grad():
        x = clean + levels[0] * torch.randn(clean.shape, generator=generator, device=clean.device)
        for now, then in zip(levels, torch.cat([levels[1:], levels.new_zeros(1)]), strict=True):
            towards = (x - net(x, now.expand(len(x)))) / now
            x = x + (then - now) * towards
        return x


def read_edm(path: Path, size: UNetSize = EDM_FFHQ) -> Denoiser:
    """Read converted EDM weights (see the module) of a network of the type DDPM++.

    Raises
    ------
    UserError
        If the file is missing, a pickle of anything but tensors, or of another network.
    """
    convert = "convert the published pickle as studio/core/nets/denoiser.py says"
    if not path.exists():
        raise UserError(f"There is no file '{path.name}' with EDM weights; {convert}.")
    try:
        if path.suffix == ".safetensors":
            tensors = load_file(path)
        else:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")  # of a pickle's age; one of tensors alone is read at any
                tensors = torch.load(path, map_location="cpu", weights_only=True)
        # Filters are fixed, and classes for augmentation are not asked for: neither is a weight here.
        weights = {
            name.removeprefix("module."): tensor.float()
            for name, tensor in tensors.items()
            if not name.endswith("resample_filter") and "map_augment" not in name
        }
        net = Denoiser(size)
        net.load_state_dict(weights)
    except (OSError, RuntimeError, AttributeError, TypeError, ValueError, SafetensorError, UnpicklingError) as error:
        raise UserError(f"'{path.name}' holds no EDM weights of this size; {convert}.") from error
    return net.eval().requires_grad_(False)
