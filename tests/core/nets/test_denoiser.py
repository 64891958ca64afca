import pickle
from pathlib import Path

import pytest
import torch
from safetensors.torch import save_file

from studio.core.errors import UserError
from studio.core.nets.denoiser import (
    EDM_FFHQ,
    SIGMA_MAX,
    SIGMA_MIN,
    Denoiser,
    denoised,
    denoising_loss,
    noise_levels,
    read_edm,
)
from studio.core.nets.unet import UNetSize

TINY = UNetSize(8, 8, (1, 2), blocks=1, attention=(4,), film=False)


def published(net: Denoiser) -> dict[str, torch.Tensor]:
    """Its weights as NVIDIA's program names them: with filters, and with a layer for augmentation."""
    filters = torch.full((1, 1, 2, 2), 0.25)
    extra = {f"model.{block}.conv0.resample_filter": filters.clone() for block in ("enc.4x4_down", "dec.8x8_up")}
    return dict(net.state_dict()) | extra | {"model.map_augment.weight": torch.rand(8, 9)}


def test_levels_fall_as_edm_spaces_them() -> None:
    levels = noise_levels(18)
    assert float(levels[0]) == pytest.approx(SIGMA_MAX, rel=1e-4)
    assert float(levels[-1]) == pytest.approx(SIGMA_MIN, rel=1e-3)
    assert float(levels[9]) == pytest.approx(1.9233, rel=1e-3)  # table of the published sampler at N = 18
    assert (levels.diff() < 0).all()


def test_without_noise_a_picture_stays() -> None:
    picture = torch.rand(1, 3, 8, 8) * 2 - 1
    assert (Denoiser(TINY)(picture, torch.tensor([1e-4])) - picture).abs().max() < 1e-2


def test_it_learns_to_denoise_one_picture() -> None:
    torch.manual_seed(0)
    net, picture = Denoiser(TINY), torch.rand(1, 3, 8, 8) * 2 - 1
    optimizer = torch.optim.Adam(net.parameters(), 5e-3)
    for step in range(150):
        optimizer.zero_grad()
        denoising_loss(net, picture.expand(8, -1, -1, -1), torch.Generator().manual_seed(step)).backward()
        optimizer.step()
    levels = noise_levels(18)[10:]
    again = denoised(net, picture, levels, torch.Generator().manual_seed(1))
    assert (again - picture).abs().mean() < 0.5 * float(levels[0])


@pytest.mark.parametrize("suffix", ["safetensors", "pt"])
def test_published_weights_are_read_from_a_conversion(tmp_path: Path, suffix: str) -> None:
    torch.manual_seed(0)
    net, path = Denoiser(TINY), tmp_path / f"edm.{suffix}"
    tensors = published(net)
    save_file(tensors, path) if suffix == "safetensors" else torch.save(tensors, path)
    read = read_edm(path, TINY)
    noisy, sigma = torch.rand(1, 3, 8, 8), torch.tensor([0.7])
    torch.testing.assert_close(read(noisy, sigma), net.eval()(noisy, sigma))
    assert not any(p.requires_grad for p in read.parameters())


def test_a_pickle_of_anything_else_is_refused_and_never_run(tmp_path: Path) -> None:
    class Harm:
        def __reduce__(self) -> tuple:
            return (tmp_path.joinpath("harmed").touch, ())

    path = tmp_path / "edm-ffhq-64x64-uncond-vp.pkl"
    path.write_bytes(pickle.dumps({"ema": Harm()}))
    with pytest.raises(UserError, match="convert"):
        read_edm(path, TINY)
    assert not (tmp_path / "harmed").exists()
    with pytest.raises(UserError, match="no file"):
        read_edm(tmp_path / "nowhere.pt", TINY)


def test_the_published_size_is_that_of_the_published_weights() -> None:
    """EDM reports 62 million parameters for FFHQ (table 7)."""
    with torch.device("meta"):
        net = Denoiser(EDM_FFHQ)
    assert sum(p.numel() for p in net.parameters()) == pytest.approx(61.8e6, rel=0.01)
