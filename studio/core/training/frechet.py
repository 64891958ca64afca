"""FID and FVD, where the user brings their networks: how far two sets of pictures or clips lie apart as wholes.

Heusel et al. 2017 (arXiv:1706.08500) and Unterthiner et al. 2018 (arXiv:1812.01717). Both want thousands of samples;
with fewer, the distance of a set from itself is far from 0, and figures compare only at equal counts.
"""

from collections.abc import Iterable

import numpy as np
import torch
import torch.nn.functional as F
from numpy.typing import NDArray
from torch import Tensor

from studio.core.training.user_weights import load_torchscript, why_missing

_I3D_SIDE, _I3D_FRAMES = 224, 10


def why_no_fid() -> str | None:
    """Say what FID lacks here, or None."""
    return why_missing("inception")


def why_no_fvd() -> str | None:
    """Say what FVD lacks here, or None."""
    return why_missing("i3d")


def fid_features(pictures: Iterable[NDArray[np.uint8]]) -> NDArray[np.float64]:
    """Return Inception's features ``[N,2048]`` of pictures ``[H,W,3]``.

    Raises
    ------
    UserError
        If the network is missing.
    """
    network = load_torchscript("inception")
    with torch.no_grad():
        found = [network(_channels_first(picture)[None], return_features=True) for picture in pictures]
    return torch.cat(found).double().numpy()


def fvd_features(clips: Iterable[NDArray[np.uint8]]) -> NDArray[np.float64]:
    """Return I3D's features ``[N,400]`` of clips ``[T,H,W,3]`` of at least 10 frames; they are scaled to 224 px.

    Raises
    ------
    UserError
        If the network is missing.
    ValueError
        If a clip is too short.
    """
    network, found = load_torchscript("i3d"), []
    for clip in clips:
        if len(clip) < _I3D_FRAMES:
            raise ValueError(f"a clip of {len(clip)} frames is too short for I3D; it takes {_I3D_FRAMES} or more")
        frames = torch.stack([_channels_first(frame) for frame in clip]).float() / 127.5 - 1
        frames = F.interpolate(frames, (_I3D_SIDE, _I3D_SIDE), mode="bilinear", align_corners=False)
        with torch.no_grad():
            video = frames.transpose(0, 1)[None]
            found.append(network(video, rescale=False, resize=False, return_features=True))
    return torch.cat(found).double().numpy()


def frechet_distance(made: NDArray[np.float64], real: NDArray[np.float64]) -> float:
    """Return the Fréchet distance of the Gaussians that fit two sets of features ``[N,D]``.

    |μ₁ − μ₂|² + tr(Σ₁ + Σ₂ − 2 (Σ₁Σ₂)^½).

    Raises
    ------
    ValueError
        If a set has fewer than two samples.
    """
    if min(len(made), len(real)) < 2:
        raise ValueError("a set of fewer than two samples has no covariance")
    # With Σ = AᵀA, the eigenvalues of Σ₁Σ₂ are the squared singular values of A₁A₂ᵀ. This asks for no root of Σ₁Σ₂,
    # which is singular, and may have none, whenever a set has fewer samples than features.
    a, b = (np.linalg.qr(one - one.mean(0), mode="r") / np.sqrt(len(one) - 1) for one in (made, real))
    apart = np.square(made.mean(0) - real.mean(0)).sum()
    return float(apart + np.square(a).sum() + np.square(b).sum() - 2 * np.linalg.svd(a @ b.T, compute_uv=False).sum())


def _channels_first(picture: NDArray[np.uint8]) -> Tensor:
    return torch.from_numpy(np.ascontiguousarray(picture)).permute(2, 0, 1)
