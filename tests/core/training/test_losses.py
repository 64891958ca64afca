"""Losses against what is known of them, with weights a user might bring."""

import pickle
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import Tensor

from studio.core.errors import UserError
from studio.core.training import losses, metrics
from studio.core.training.lpips import Lpips, why_no_lpips
from studio.core.training.perceptual import EdgeEnergy, VggDifference, perceptual_loss
from studio.core.training.user_weights import load_user_weights, weights_folder

VGG = {"vgg19": (2, 2, 4, 4, 4), "vggface": (2, 2, 3, 3, 3)}


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("AVATAR_STUDIO_WEIGHTS", str(tmp_path))
    return tmp_path


def pictures(seed: int = 0, size: int = 32) -> tuple[Tensor, Tensor]:
    """Return pictures ``[2,3,H,W]`` and noisy ones."""
    generator = torch.Generator().manual_seed(seed)
    truth = torch.rand(2, 3, size, size, generator=generator)
    return (truth + 0.1 * torch.randn(truth.shape, generator=generator)).clamp(0, 1), truth


def bring_vgg(folder: Path, name: str) -> None:
    """Write a state dict of the right shapes; one number stands for all of a kernel."""
    state, channels = {}, 3
    for block, depth in enumerate(VGG[name]):
        for k in range(depth):
            width = 64 * 2 ** min(block, 3)
            label = f"conv{block + 1}_{k + 1}"
            state[f"{label}.weight"] = torch.tensor([0.5 / (9 * channels)]).expand(width, channels, 3, 3)
            state[f"{label}.bias"] = torch.zeros(1).expand(width)
            channels = width
    state["fc8.weight"] = torch.zeros(2, 2)
    torch.save(state, folder / {"vgg19": "vgg19-dcbb9e9d.pth", "vggface": "vgg_face_dag.pth"}[name])


def bring_lpips(folder: Path) -> None:
    generator = torch.Generator().manual_seed(1)
    shapes = {0: (64, 3, 11), 3: (192, 64, 5), 6: (384, 192, 3), 8: (256, 384, 3), 10: (256, 256, 3)}
    state = {
        f"features.{k}.weight": torch.randn(o, i, s, s, generator=generator) / s for k, (o, i, s) in shapes.items()
    }
    state |= {f"features.{k}.bias": torch.zeros(o) for k, (o, _, _) in shapes.items()}
    torch.save(state, folder / "alexnet-owt-7be5be79.pth")
    linear = {f"lin{k}.model.1.weight": torch.rand(1, n, 1, 1) for k, n in enumerate((64, 192, 384, 256, 256))}
    torch.save(linear, folder / "alex.pth")


@pytest.mark.parametrize("weighted", [False, True])
def test_ssim_is_the_one_that_is_measured(weighted: bool) -> None:
    shown, truth = pictures()
    weights = torch.rand(2, 32, 32) if weighted else None
    one = [None] * 2 if weights is None else [w.numpy() for w in weights]
    measured = np.mean([
        metrics.ssim(a.permute(1, 2, 0).numpy(), b.permute(1, 2, 0).numpy(), w)
        for a, b, w in zip(shown, truth, one, strict=True)
    ])  # fmt: skip
    assert losses.ssim(shown, truth, weights).item() == pytest.approx(measured, abs=1e-5)
    assert losses.torch_ssim(shown, truth, weights).item() == pytest.approx(measured, abs=1e-5)


@pytest.mark.parametrize("weighted", [False, True])
def test_both_ways_to_ssim_have_one_gradient(weighted: bool) -> None:
    shown, truth = pictures()
    weights = torch.rand(2, 32, 32) if weighted else None
    gradients = []
    for similarity in (losses.ssim, losses.torch_ssim):
        leaf = shown.clone().requires_grad_()
        (1 - similarity(leaf, truth, weights)).backward()
        assert leaf.grad is not None
        gradients.append(leaf.grad)
    torch.testing.assert_close(gradients[0], gradients[1], rtol=1e-3, atol=1e-7)
    assert gradients[0].abs().max() > 1e-5


@pytest.mark.parametrize("make", [EdgeEnergy, lambda: VggDifference("vgg19"), lambda: VggDifference("vggface")])
def test_alike_pictures_are_at_no_distance(make, folder: Path) -> None:
    bring_vgg(folder, "vgg19")
    bring_vgg(folder, "vggface")
    loss = make()
    shown, truth = pictures()
    shown.requires_grad_()
    assert loss(truth, truth).item() == 0
    near, far = loss(0.5 * (shown + truth), truth), loss(shown, truth)
    assert 0 < near.item() < far.item()
    far.backward()
    assert shown.grad is not None
    assert shown.grad.isfinite().all()
    assert shown.grad.abs().max() > 0
    assert not [p for p in loss.parameters() if p.requires_grad]


def test_a_texture_that_moved_is_nearer_than_one_that_is_gone() -> None:
    """Colours say the contrary, which is why L1 alone blurs."""
    stripes = (torch.arange(48) // 2 % 2).float().expand(1, 3, 48, 48)
    moved, gone = stripes.roll(2, -1), torch.full_like(stripes, 0.5)
    assert (moved - stripes).abs().mean() > (gone - stripes).abs().mean()
    loss = EdgeEnergy()
    assert loss(moved, stripes) < 0.1 * loss(gone, stripes)
    assert loss(gone * 0.6, gone).item() == pytest.approx(0, abs=1e-5)


def test_what_stands_in_is_said(folder: Path) -> None:
    bring_vgg(folder, "vggface")
    loss = perceptual_loss("vgg19", "vggface")
    assert isinstance(loss.parts[0], EdgeEnergy)
    assert f"needs torchvision's VGG-19 of ImageNet (vgg19-*.pth) in {folder}" in loss.note
    bring_vgg(folder, "vgg19")
    complete = perceptual_loss("vgg19", "vggface")
    assert complete.note == ""
    assert [type(part) for part in complete.parts] == [VggDifference, VggDifference]
    shown, truth = pictures()
    parts = [VggDifference(name)(shown, truth) for name in ("vgg19", "vggface")]
    assert complete(shown, truth).item() == pytest.approx(float(sum(parts)))


def test_lpips_where_its_weights_are(folder: Path) -> None:
    assert "needs torchvision's AlexNet" in (why_no_lpips() or "")
    with pytest.raises(UserError, match="missing"):
        Lpips()
    bring_lpips(folder)
    assert why_no_lpips() is None
    loss, (shown, truth) = Lpips(), pictures(size=64)
    assert loss(shown, truth).shape == (2,)
    assert loss(truth, truth).abs().max().item() == 0
    assert (loss(0.5 * (shown + truth), truth) < loss(shown, truth)).all()
    (folder / "alex.pth").unlink()
    torch.save({"lin0.model.1.weight": torch.zeros(3)}, folder / "alex.pth")
    with pytest.raises(UserError, match="another network's"):
        Lpips()


def test_wrong_or_hostile_weights_are_refused(folder: Path) -> None:
    path = folder / "vgg19.pth"
    torch.save({"features.0.weight": torch.zeros(64, 3, 3, 3), "features.0.bias": torch.zeros(64)}, path)
    with pytest.raises(UserError, match="another network's"):
        VggDifference("vgg19")
    torch.save([torch.zeros(3)], path)
    with pytest.raises(UserError, match="no state dict"):
        load_user_weights("vgg19")

    class Hostile:
        def __reduce__(self):
            return (Path.touch, (folder / "run",))

    path.write_bytes(pickle.dumps(Hostile()))
    with pytest.raises(UserError, match="cannot be read as weights"):
        load_user_weights("vgg19")
    assert not (folder / "run").exists()


def test_weights_are_looked_for_in_the_users_folder(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("AVATAR_STUDIO_WEIGHTS")
    assert weights_folder().parts[-2:] == ("avatar-studio", "weights")
