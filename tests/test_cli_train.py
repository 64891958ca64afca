"""`avatar-studio train`, alone, stopped, resumed, and as two processes."""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file
from tiny_training import write_tiny_set

from studio.cli import call
from studio.core.engines import registry

TESTS = Path(__file__).parent

PROGRAM = """
import sys
from studio.cli import main
from studio.core.engines import registry
registry.RECIPES["tiny"] = "tiny_training:tiny_recipe"
main(sys.argv[1:])
"""


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_tiny_set(tmp_path_factory.mktemp("data"))


@pytest.fixture(autouse=True)
def tiny(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(registry.RECIPES, "tiny", "tiny_training:tiny_recipe")


def command(data: Path, folder: Path, *more: str) -> list[str]:
    return ["train", "tiny", "--data", str(data), "-o", str(folder), "--batch", "4", "--device", "cpu", *more]


def started(folder: Path, launcher: list[str], *arguments: str) -> subprocess.Popen:
    """Start a program that knows the tiny recipe."""
    program = folder / "program.py"
    program.write_text(PROGRAM)
    paths = os.pathsep.join([str(TESTS.parent), str(TESTS)])
    environment = {**os.environ, "PYTHONPATH": paths, "OMP_NUM_THREADS": "1", "AVATAR_STUDIO_THREADS": "1"}
    return subprocess.Popen(
        [sys.executable, *launcher, str(program), *arguments],
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def test_train_says_where_the_weights_are(data: Path, tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    out = tmp_path / "run"
    assert call(command(data, out, "--steps", "3", "--every", "2", "--with", "dropout=no", "--json")) == 0
    told = capfd.readouterr()
    answer = json.loads(told.out)
    assert Path(answer["weights"]).exists()
    manifest = json.loads(Path(answer["manifest"]).read_text())
    assert manifest["command"] == (
        f"avatar-studio train tiny --config small --data {data} -o {out} --batch 4 --seed 0 --steps 3 --with dropout=no"
    )
    assert json.loads(told.err.splitlines()[-1])["fraction"] == 1


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["train", "nothing", "--data", ".", "-o", "x", "--steps", "1"], "use one of: tiny"),
        (["train", "tiny", "--data", ".", "-o", "x", "--steps", "1", "--with", "dropout"], "NAME=VALUE"),
        (["train", "tiny", "--data", "nowhere", "-o", "x", "--steps", "1"], "no shards"),
        (["train", "tiny", "--data", ".", "-o", "x"], "either --steps or --minutes"),
        (["train", "tiny", "--data", ".", "-o", "x", "--steps", "1", "--device", "cuda"], "no CUDA device"),
    ],
)
def test_what_cannot_be_trained_is_told(
    arguments: list[str],
    message: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capfd: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(registry, "RECIPES", {"tiny": "tiny_training:tiny_recipe"})
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    assert call(arguments) == 2
    assert message in capfd.readouterr().err
    assert not (tmp_path / "x").exists()


@pytest.mark.skipif(sys.platform == "win32", reason="stops by a signal")
def test_ctrl_c_leaves_a_checkpoint_to_go_on_from(data: Path, tmp_path: Path) -> None:
    out = tmp_path / "run"
    process = started(tmp_path, [], *command(data, out, "--steps", "100000", "--every", "100000"))
    curve = out / "metrics.csv"
    deadline = time.monotonic() + 120
    while not (curve.exists() and len(curve.read_text().splitlines()) > 2) and process.poll() is None:
        assert time.monotonic() < deadline
        time.sleep(0.05)
    process.send_signal(signal.SIGINT)
    _, told = process.communicate(timeout=120)
    assert process.returncode == 130, told
    assert "--resume" in told
    reached = int(json.loads((out / "manifest.json").read_text())["step"])
    assert reached > 0
    assert call(command(data, out, "--steps", str(reached + 2), "--resume")) == 0
    assert json.loads((out / "manifest.json").read_text())["step"] == reached + 2


@pytest.mark.slow
def test_two_processes_train_what_one_does(data: Path, tmp_path: Path) -> None:
    """Data-parallel over torchrun and gloo, with accumulation."""
    more = ["--steps", "6", "--every", "3", "--with", "dropout=no"]
    assert call(command(data, tmp_path / "one", *more)) == 0
    launcher = ["-m", "torch.distributed.run", "--standalone", "--nproc-per-node", "2"]
    process = started(tmp_path, launcher, *command(data, tmp_path / "two", *more, "--accumulate", "2"))
    out, err = process.communicate(timeout=300)
    assert process.returncode == 0, err
    assert out.count("weights.safetensors") == 1
    one, two = (load_file(tmp_path / name / "weights.safetensors") for name in ("one", "two"))
    for name in one.keys() - {"seen"}:
        torch.testing.assert_close(one[name], two[name], rtol=1e-4, atol=1e-6)
    manifest = json.loads((tmp_path / "two" / "manifest.json").read_text())
    assert manifest["command"].startswith("torchrun --nproc-per-node 2 -m studio train tiny")
