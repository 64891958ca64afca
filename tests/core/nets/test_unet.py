import pytest
import torch

from studio.core.nets.embeddings import noise_embedding, wave_embedding
from studio.core.nets.unet import SongUNet, UNetSize

SIZE = UNetSize(16, 8, (1, 2), blocks=1, attention=(8,))


def test_its_modules_have_the_names_of_the_published_weights() -> None:
    state = SongUNet(SIZE, 3, 3, 8).state_dict()
    for name in (
        "map_layer0.weight", "enc.16x16_conv.weight", "enc.8x8_down.conv0.weight", "enc.8x8_block0.qkv.weight",
        "dec.8x8_in0.proj.bias", "dec.16x16_up.skip.weight", "dec.16x16_block1.affine.bias",
        "dec.16x16_aux_norm.weight", "dec.16x16_aux_conv.weight",
    ):  # fmt: skip
        assert name in state


@pytest.mark.parametrize("patch", [1, 2])
def test_picture_in_picture_and_features_out(patch: int) -> None:
    size = UNetSize(16, 8, (1, 2), blocks=0, attention=(), patch=patch)
    out, features = SongUNet(size, 3, 5, 6)(torch.rand(2, 3, 16, 16), torch.rand(2, 6))
    assert out.shape == (2, 5, 16, 16)
    assert [tuple(f.shape) for f in features] == [(2, 16, 8 // patch, 8 // patch), (2, 8, 16 // patch, 16 // patch)]


@pytest.mark.parametrize("film", [True, False])
def test_the_condition_changes_the_picture(film: bool) -> None:
    torch.manual_seed(0)
    net = SongUNet(UNetSize(16, 8, (1, 2), blocks=1, attention=(8,), film=film), 3, 3, 4)
    with torch.no_grad():
        for parameter in net.parameters():  # blocks begin as their skips, which no condition reaches
            parameter.add_(0.05 * torch.randn_like(parameter))
    picture = torch.rand(1, 3, 16, 16)
    one, other = (net(picture, torch.full((1, 4), value))[0] for value in (0.0, 1.0))
    assert (one - other).abs().max() > 1e-4


def test_gradients_reach_every_parameter() -> None:
    net = SongUNet(SIZE, 3, 3, 8)
    net(torch.rand(1, 3, 16, 16), torch.rand(1, 8))[0].square().mean().backward()
    assert [n for n, p in net.named_parameters() if p.grad is None or not bool((p.grad != 0).any())] == []


def test_embeddings_tell_close_numbers_apart() -> None:
    waves = wave_embedding(torch.tensor([[0.5, 0.1, 0.9], [0.5, 0.1, 0.901]]))
    assert waves.shape == (2, 60)
    assert (waves[0] - waves[1]).abs().max() > 0.3
    assert noise_embedding(torch.tensor([0.1, 2.0]), 16).shape == (2, 16)
