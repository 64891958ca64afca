"""Numbers as many waves, so that a network can tell small differences of them."""

import math

import torch
from torch import Tensor


def wave_embedding(values: Tensor, order: int = 9) -> Tensor:
    """Return sines and cosines of values ``[B,V]`` at the frequencies 2⁰…2^order · π/2: ``[B,V·2·(order+1)]``.

    Source: positional encoding of NeRF, equation 4.
    """
    frequencies = 2.0 ** torch.arange(order + 1, dtype=torch.float32, device=values.device) * (math.pi / 2)
    angles = values.float()[..., None] * frequencies
    return torch.cat([angles.sin(), angles.cos()], -1).flatten(1)


def noise_embedding(noise: Tensor, size: int) -> Tensor:
    """Return the embedding ``[B,size]`` of noise labels ``[B]``: cosines, then sines, as DDPM++ has them.

    In the EDM weights the halves are swapped against "Attention is all you need": sines come first.
    """
    exponents = torch.arange(size // 2, dtype=torch.float32, device=noise.device) / (size // 2 - 1)
    angles = noise.float()[:, None] * (1 / 10000) ** exponents
    return torch.cat([angles.sin(), angles.cos()], 1)
