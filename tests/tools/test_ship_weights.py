"""A run becomes an asset, or is refused."""

import hashlib
import json
from dataclasses import replace
from pathlib import Path

import pytest
from safetensors.torch import load_file
from tiny_training import TINY, TinyNet, TinyRecipe, write_tiny_set

from studio.core.errors import UserError
from studio.core.jobs import run
from studio.core.training.checkpoint import load_weights
from studio.core.training.loop import train
from tools import ship_weights


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_tiny_set(tmp_path_factory.mktemp("data"))


@pytest.fixture
def assets(tmp_path: Path) -> Path:
    (tmp_path / "assets").mkdir()
    (tmp_path / "assets" / "manifest.json").write_text('{"other": {"bytes": 1}}')
    return tmp_path / "assets"


def trained(data: Path, folder: Path, *, shipping: bool) -> Path:
    run(
        train(TinyRecipe(), data, folder, replace(TINY, steps=2, shipping=shipping), command="avatar-studio train tiny")
    )
    return folder


def test_a_run_becomes_an_asset(data: Path, assets: Path, tmp_path: Path) -> None:
    folder = trained(data, tmp_path / "run", shipping=True)
    ship_weights.ship(folder, "tiny.safetensors", "a net", "discs", assets)
    content = (assets / "tiny.safetensors").read_bytes()
    entries = json.loads((assets / "manifest.json").read_text())
    entry = entries["tiny.safetensors"]
    assert entries["other"] == {"bytes": 1}
    assert (entry["bytes"], entry["sha256"]) == (len(content), hashlib.sha256(content).hexdigest())
    assert (entry["made_by"], entry["trained_on"], entry["steps"]) == ("avatar-studio train tiny", "discs", 2)
    assert entry["data"]["may_ship"] is True
    net = TinyNet()
    load_weights(assets / "tiny.safetensors", net)
    exact = load_file(folder / "weights.safetensors")
    assert all(abs(tensor - exact[name]).max() < 1e-3 for name, tensor in net.state_dict().items())


def test_what_must_not_ship_is_refused(
    data: Path, assets: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(UserError, match="no training run"):
        ship_weights.ship(tmp_path, "tiny.safetensors", "", "", assets)
    folder = trained(data, tmp_path / "any", shipping=False)
    with pytest.raises(UserError, match="must not ship"):
        ship_weights.ship(folder, "tiny.safetensors", "", "", assets)
    folder = trained(data, tmp_path / "own", shipping=True)
    monkeypatch.setattr(ship_weights, "MOST_BYTES", 1000)
    with pytest.raises(UserError, match="MB are more"):
        ship_weights.ship(folder, "tiny.safetensors", "", "", assets)
    (folder / "weights.safetensors").write_bytes(b"others")
    with pytest.raises(UserError, match="not those of its manifest"):
        ship_weights.ship(folder, "tiny.safetensors", "", "", assets)
    assert [path.name for path in assets.iterdir()] == ["manifest.json"]
