"""The loop on a tiny recipe: it learns, goes on exactly where it was stopped, and says what it did."""

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.torch import load_file
from tiny_training import TINY, TinyNet, TinyRecipe, tiny_scene, write_shard, write_tiny_set

from studio.core.errors import UserError
from studio.core.jobs import run
from studio.core.media.image import load_picture
from studio.core.training.checkpoint import list_checkpoints, load_weights
from studio.core.training.curve import read_curve
from studio.core.training.loop import train
from studio.core.training.recipe import Settings
from studio.core.training.shards import open_shards


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_tiny_set(tmp_path_factory.mktemp("data"))


def stopped_after(steps: int, data: Path, folder: Path, settings: Settings) -> None:
    job = train(TinyRecipe(), data, folder, settings)
    for _ in range(steps):
        next(job)
    job.close()


def same(a: Path, b: Path) -> bool:
    first, second = load_file(a), load_file(b)
    return first.keys() == second.keys() and all(torch.equal(first[name], second[name]) for name in first)


def test_a_run_learns_and_says_how(data: Path, tmp_path: Path) -> None:
    folder, reports = tmp_path / "run", []
    settings = replace(TINY, steps=40, every=20)
    weights = run(train(TinyRecipe(), data, folder, settings, command="avatar-studio train tiny"), reports.append)
    rows = read_curve(folder / "metrics.csv")
    assert [row["step"] for row in rows] == list(range(40))
    assert rows[0].keys() == {"step", "seconds", "rate", "total", "l1", "near", "norm"}
    assert np.mean([row["l1"] for row in rows[-10:]]) < 0.8 * np.mean([row["l1"] for row in rows[:5]])
    measured = read_curve(folder / "validation.csv")
    assert [row["step"] for row in measured] == [20, 40]
    assert measured[1]["psnr"] > measured[0]["psnr"]
    assert load_picture(folder / "sheets" / "step-00000040.png").rgb.shape == (32, 48, 3)

    manifest = json.loads((folder / "manifest.json").read_text())
    assert (manifest["engine"], manifest["config"], manifest["step"]) == ("tiny", "small", 40)
    assert manifest["command"] == "avatar-studio train tiny"
    assert manifest["data"]["held_out_identities"] == 2
    assert manifest["data"]["may_ship"] is False
    assert len(manifest["loss_curve"]) == 40
    net = TinyNet()
    load_weights(weights, net)
    assert not torch.equal(net.means, TinyNet().means)
    assert [report.fraction for report in reports] == sorted(report.fraction for report in reports)
    assert reports[-1].fraction == 1


def test_people_validated_on_are_left_out(data: Path, tmp_path: Path) -> None:
    entries = open_shards(data).entries
    people = sorted({entry.identity for entry in entries})[:3]
    (tmp_path / "held").mkdir()
    write_shard(tmp_path / "held" / "a.tar", [tiny_scene(90 + k, person) for k, person in enumerate(people)])
    run(train(TinyRecipe(), data, tmp_path / "run", replace(TINY, steps=1), validation=tmp_path / "held"))
    told = json.loads((tmp_path / "run" / "manifest.json").read_text())["data"]
    assert told["held_out_identities"] == 3
    assert told["identities"] == len({entry.identity for entry in entries}) - 3


@pytest.mark.parametrize("stop", [3, 7])
def test_a_stopped_run_goes_on_bit_for_bit(stop: int, data: Path, tmp_path: Path) -> None:
    """The second stop comes after a checkpoint; accumulation and averaging are part of what goes on."""
    settings = replace(TINY, accumulate=2)
    run(train(TinyRecipe(), data, tmp_path / "whole", settings))
    stopped_after(stop, data, tmp_path / "parts", settings)
    assert len(read_curve(tmp_path / "parts" / "metrics.csv")) < 8
    run(train(TinyRecipe(), data, tmp_path / "parts", settings, resume=True))
    whole, parts = (list_checkpoints(tmp_path / name)[-1] for name in ("whole", "parts"))
    assert same(whole, parts)
    assert same(tmp_path / "whole" / "weights.safetensors", tmp_path / "parts" / "weights.safetensors")
    rows = [read_curve(tmp_path / name / "metrics.csv") for name in ("whole", "parts")]
    assert [{**row, "seconds": 0} for row in rows[0]] == [{**row, "seconds": 0} for row in rows[1]]


def test_steps_after_the_last_checkpoint_are_done_again(data: Path, tmp_path: Path) -> None:
    """As after a crash: what was written after the checkpoint counts no more."""
    run(train(TinyRecipe(), data, tmp_path / "run", TINY))
    before = load_file(tmp_path / "run" / "weights.safetensors")
    list_checkpoints(tmp_path / "run")[-1].unlink()
    run(train(TinyRecipe(), data, tmp_path / "run", TINY, resume=True))
    after = load_file(tmp_path / "run" / "weights.safetensors")
    assert all(torch.equal(before[name], after[name]) for name in before)
    assert [row["step"] for row in read_curve(tmp_path / "run" / "metrics.csv")] == list(range(8))
    assert [row["step"] for row in read_curve(tmp_path / "run" / "validation.csv")] == [4, 8]


def test_parts_of_a_batch_add_up_to_it(data: Path, tmp_path: Path) -> None:
    settings = replace(TINY, steps=3)
    for name, accumulate in (("whole", 1), ("parts", 2)):
        run(train(TinyRecipe(dropout=False), data, tmp_path / name, replace(settings, accumulate=accumulate)))
    a, b = (load_file(tmp_path / name / "weights.safetensors") for name in ("whole", "parts"))
    for name in a.keys() - {"seen"}:
        torch.testing.assert_close(a[name], b[name], rtol=1e-4, atol=1e-6)


def test_only_the_newest_checkpoints_are_kept(data: Path, tmp_path: Path) -> None:
    run(train(TinyRecipe(), data, tmp_path / "run", replace(TINY, every=2)))
    assert [path.stem for path in list_checkpoints(tmp_path / "run")] == ["step-00000006", "step-00000008"]


def test_half_precision_learns_too(data: Path, tmp_path: Path) -> None:
    run(train(TinyRecipe(), data, tmp_path / "run", replace(TINY, steps=30, precision="bf16")))
    rows = read_curve(tmp_path / "run" / "metrics.csv")
    assert np.mean([row["l1"] for row in rows[-5:]]) < np.mean([row["l1"] for row in rows[:5]])


def test_time_ends_a_run(data: Path, tmp_path: Path) -> None:
    run(train(TinyRecipe(), data, tmp_path / "run", replace(TINY, steps=None, minutes=1e-4)))
    assert (tmp_path / "run" / "weights.safetensors").exists()


def test_gradients_are_clipped(data: Path, tmp_path: Path) -> None:
    """With plain gradient descent no step can be longer than rate times the largest norm."""

    class Descent(TinyRecipe):
        def optimizer(self, modules: torch.nn.Module) -> torch.optim.Optimizer:
            return torch.optim.SGD(modules.parameters(), lr=1.0)

        def rate(self, step: int, done: float) -> float:
            return 1.0

    settings = replace(TINY, steps=1, clip=1e-3, ema=0.0)
    weights = load_file(run(train(Descent(), data, tmp_path / "run", settings)))
    torch.manual_seed(settings.seed)
    start = Descent().modules().state_dict()
    moved = sum(float((weights[name] - start[name]).square().sum()) for name in start if name != "seen") ** 0.5
    assert moved == pytest.approx(1e-3, rel=1e-3)
    assert read_curve(tmp_path / "run" / "metrics.csv")[0]["norm"] > 1e-3


def test_gradients_that_are_no_numbers_move_nothing_and_end_the_run(data: Path, tmp_path: Path) -> None:
    class Broken(TinyRecipe):
        def losses(self, *args, **kwargs) -> dict[str, torch.Tensor]:
            losses = super().losses(*args, **kwargs)
            return losses | {"total": losses["total"] * float("nan")}

    with pytest.raises(UserError, match="no numbers any more since step 0"):
        run(train(Broken(), data, tmp_path / "run", replace(TINY, steps=100, every=100)))


def test_a_run_is_not_gone_on_with_by_mistake(data: Path, tmp_path: Path) -> None:
    folder = tmp_path / "run"
    run(train(TinyRecipe(), data, folder, replace(TINY, steps=1)))
    with pytest.raises(UserError, match="holds a run already"):
        run(train(TinyRecipe(), data, folder, TINY))
    with pytest.raises(UserError, match="begun with batch 4, not 8"):
        run(train(TinyRecipe(), data, folder, replace(TINY, batch=8), resume=True))
    other = write_tiny_set(tmp_path / "other", scenes=20)
    with pytest.raises(UserError, match="begun with data"):
        run(train(TinyRecipe(), other, folder, TINY, resume=True))


def test_a_damaged_checkpoint_is_told(data: Path, tmp_path: Path) -> None:
    folder = tmp_path / "run"
    run(train(TinyRecipe(), data, folder, replace(TINY, steps=1)))
    path = list_checkpoints(folder)[-1]
    path.write_bytes(path.read_bytes()[:-100])
    with pytest.raises(UserError, match="damaged"):
        run(train(TinyRecipe(), data, folder, TINY, resume=True))


def test_a_folder_that_cannot_be_is_told(data: Path, tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(UserError, match="cannot be made"):
        run(train(TinyRecipe(), data, tmp_path / "file" / "run", TINY))


@pytest.mark.slow
def test_readers_beside_the_training_change_nothing(data: Path, tmp_path: Path) -> None:
    """Two processes read; each has to import everything first."""
    for workers in (0, 2):
        run(train(TinyRecipe(), data, tmp_path / str(workers), replace(TINY, workers=workers)))
    assert same(tmp_path / "0" / "weights.safetensors", tmp_path / "2" / "weights.safetensors")


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"steps": None}, "how long"),
        ({"minutes": 1.0}, "how long"),
        ({"batch": 0}, "begin at 1"),
        ({"accumulate": 3}, "divide"),
    ],
)
def test_settings_that_make_no_sense_are_refused(changes: dict, message: str, data: Path, tmp_path: Path) -> None:
    with pytest.raises(UserError, match=message):
        run(train(TinyRecipe(), data, tmp_path / "run", replace(TINY, **changes)))
