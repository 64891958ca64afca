"""Distances of sets, and networks that a user might bring for them."""

import warnings
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import Tensor

from studio.core.errors import UserError
from studio.core.training.frechet import fid_features, frechet_distance, fvd_features, why_no_fid, why_no_fvd


class Inception(torch.nn.Module):
    """Three means where Inception has 2048 features."""

    def forward(self, pictures: Tensor, return_features: bool = False) -> Tensor:
        assert return_features
        return pictures.float().mean((2, 3))


class I3d(torch.nn.Module):
    def forward(
        self, clips: Tensor, rescale: bool = True, resize: bool = True, return_features: bool = False
    ) -> Tensor:
        assert (return_features, rescale, resize) == (True, False, False)
        assert clips.shape[3:] == (224, 224)
        return clips.mean((2, 3, 4))


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("AVATAR_STUDIO_WEIGHTS", str(tmp_path))
    return tmp_path


def bring(module: torch.nn.Module, path: Path) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        torch.jit.script(module).save(str(path))  # pyright: ignore


def test_gaussians_at_a_known_distance() -> None:
    rng = np.random.default_rng(0)
    features = rng.normal(size=(400, 3))
    assert frechet_distance(features, features) == pytest.approx(0, abs=1e-6)
    assert frechet_distance(features + [3, 0, 4], features) == pytest.approx(25)
    trace = np.trace(np.cov(features, rowvar=False))
    assert frechet_distance(3 * (features - features.mean(0)), features - features.mean(0)) == pytest.approx(4 * trace)
    with pytest.raises(ValueError, match="fewer than two"):
        frechet_distance(features[:1], features)


def test_sets_of_fewer_samples_than_features() -> None:
    wide, narrow, across = np.zeros((3, 5, 40))
    line = np.array([-2.0, -1, 0, 1, 2])
    wide[:, 0], narrow[:, 0], across[:, 7] = 3 * line, line, line
    spread = line.var(ddof=1)
    assert frechet_distance(wide, narrow) == pytest.approx((3 - 1) ** 2 * spread)
    assert frechet_distance(narrow, across) == pytest.approx(2 * spread)
    assert frechet_distance(wide, np.zeros((5, 40))) == pytest.approx(9 * spread)


def test_features_where_the_networks_are(folder: Path) -> None:
    assert "inception-2015-12-05.pt" in (why_no_fid() or "")
    with pytest.raises(UserError, match="missing"):
        fid_features([])
    bring(Inception(), folder / "inception-2015-12-05.pt")
    bring(I3d(), folder / "i3d_torchscript.pt")
    assert why_no_fid() is None
    assert why_no_fvd() is None
    picture = np.full((20, 30, 3), [10, 20, 255], np.uint8)
    assert fid_features([picture, picture]).tolist() == [[10, 20, 255]] * 2
    clip = np.repeat(picture[None], 12, 0)
    np.testing.assert_allclose(fvd_features([clip])[0], np.array([10, 20, 255]) / 127.5 - 1, atol=1e-5)
    with pytest.raises(ValueError, match="too short"):
        fvd_features([clip[:4]])


def test_what_is_no_program_is_refused(folder: Path) -> None:
    (folder / "inception-2015-12-05.pt").write_bytes(b"nothing")
    with pytest.raises(UserError, match="no TorchScript"):
        fid_features([])
