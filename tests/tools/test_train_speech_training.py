"""The trainer: it learns, it goes on where it stopped, and what it learnt is what ships."""

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from studio.core.errors import UserError
from studio.core.speech.features import MELS
from studio.core.speech.network import CHANNELS, DELAYS, NetworkStream, RecordingNetwork
from tools.train_speech import export as exporting
from tools.train_speech import jaw, shards, voice_or_music
from tools.train_speech.mixing import HOPS, Corpus, batch
from tools.train_speech.model import LiveNet, RecordingNet
from tools.train_speech.noises import noise_bank
from tools.train_speech.train import Plan, learning_rate, loss, train
from tools.train_speech.utterance import Phone


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    rng = np.random.default_rng(0)
    spoken = [Phone(0, 0.2, ""), Phone(0.2, 0.5, "a"), Phone(0.5, 0.6, "b"), Phone(0.6, 1.4, "i"), Phone(1.4, 2, "")]
    examples = [shards.example(0.1 * rng.standard_normal(32000).astype(np.float32), spoken) for _ in range(3)]
    shards.write(tmp_path / "espeak-0000.npz", examples)
    return tmp_path


def test_a_batch_is_of_the_shapes_the_network_takes(folder: Path) -> None:
    drawn = batch(Corpus(folder), noise_bank(0, 4), np.random.default_rng(0), 3)
    assert [array.shape for array in drawn] == [(3, HOPS, MELS), (3, HOPS, len(CHANNELS)), (3, HOPS)]
    assert all(np.isfinite(array).all() for array in drawn)


def test_a_corpus_takes_in_shards_that_come_later(folder: Path) -> None:
    corpus = Corpus(folder)
    before = corpus.hours
    shards.write(folder / "flite-0000.npz", shards.read(folder / "espeak-0000.npz"))
    corpus.refresh()
    assert corpus.hours == pytest.approx(2 * before)


def test_a_voice_is_told_from_music(folder: Path) -> None:
    corpus, music = Corpus(folder), voice_or_music.music_bank(0, 2)
    made = list(voice_or_music.rows(corpus, music, noise_bank(0, 4), 12, seed=0))
    assert all(log_mels.shape == (HOPS, MELS) and voice.shape == (HOPS,) for log_mels, voice in made)
    assert {bool(voice.any()) for _, voice in made} == {True, False}
    rng = np.random.default_rng(0)
    seen = rng.standard_normal((4000, 5)).astype(np.float32)
    weight, bias = voice_or_music.regression(seen, seen[:, 1] - 2 * seen[:, 3] > 0.5)
    told = seen @ weight + bias > 0
    assert np.mean(told == (seen[:, 1] - 2 * seen[:, 3] > 0.5)) > 0.97


def test_the_right_answer_loses_least() -> None:
    channels = torch.rand(1, 100, len(CHANNELS)) * 0.9 + 0.05
    labels = torch.zeros(1, 100, dtype=torch.int64)
    right = torch.stack([torch.logit(channels.roll(d, 1)) for d in DELAYS], 2)
    phones = torch.zeros(1, 100, 3)
    phones[..., 0] = 20
    best = loss(right, phones, channels, labels, DELAYS)
    undelayed = torch.logit(channels)[:, :, None].expand_as(right)
    assert best < loss(undelayed, phones, channels, labels, DELAYS)
    assert best < loss(right + 1, phones, channels, labels, DELAYS)


def test_the_learning_rate_rises_stays_and_falls() -> None:
    plan = Plan(Path("x"), Path("y"), 10_000)
    assert learning_rate(plan, 0) < learning_rate(plan, 50) < learning_rate(plan, 200) == learning_rate(plan, 6000)
    assert learning_rate(plan, 6000) > learning_rate(plan, 9000) > learning_rate(plan, 9999) > 0


def test_training_goes_on_where_it_stopped(folder: Path) -> None:
    plan = Plan(folder / "whole.pt", folder, 4, rows=2, noise_seconds=4)
    train(plan)
    broken = replace(plan, checkpoint=folder / "broken.pt")
    # The plan is the same, only the time was too short: the schedule must not know.
    train(broken, until=2)
    train(broken)
    whole, parts = (torch.load(folder / name, weights_only=True) for name in ("whole.pt", "broken.pt"))
    assert whole["step"] == parts["step"] == 4
    for key, value in whole["net"].items():
        torch.testing.assert_close(parts["net"][key], value)


def test_the_jaw_learns_alone(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(jaw, "noise_bank", lambda seed: noise_bank(seed, 4))
    net = jaw.shipped()
    before = {name: value.clone() for name, value in net.state_dict().items()}
    jaw.learn(net, folder, rows=32, passes=1)
    changed = {name for name, value in net.state_dict().items() if not torch.equal(value, before[name])}
    assert changed == {"jaw1.weight", "jaw1.bias", "jaw2.weight", "jaw2.bias"}


def test_the_right_jaw_loses_least() -> None:
    wanted, vowel = torch.rand(2, 100) * 0.9 + 0.05, torch.zeros(2, 100)
    right = torch.stack([torch.logit(wanted.roll(delay - 1, 1)) for delay in DELAYS], 2)
    assert jaw.loss(right, wanted, vowel) < 1e-6 < jaw.loss(right.roll(1, 1), wanted, vowel)


def test_exported_weights_answer_as_the_network_did(
    folder: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(exporting, "ASSETS", tmp_path)
    (tmp_path / "manifest.json").write_text("{}")
    log_mels = torch.randn(1, 60, MELS) * 0.6 - 0.5

    torch.manual_seed(0)
    live = LiveNet()
    torch.nn.init.normal_(live.jaw2.weight)  # which begins with nothing to add
    torch.save({"average": live.state_dict(), "step": 7}, tmp_path / "live.pt")
    path = exporting.export(tmp_path / "live.pt", [0.35, 0.35, 0.35])
    weights = _read(path)
    with torch.no_grad():
        expected = torch.sigmoid(live(log_mels)[0])[0].numpy()
    np.testing.assert_allclose(NetworkStream(weights).push(log_mels[0].numpy()), expected, atol=1e-4)

    # A threshold above the face's makes `close` smaller, and nothing else.
    shifted = NetworkStream(_read(exporting.export(tmp_path / "live.pt", [0.35, 0.35, 0.6]))).push(log_mels[0].numpy())
    assert (shifted[:, 2, CHANNELS.index("close")] < expected[:, 2, CHANNELS.index("close")]).all()
    np.testing.assert_allclose(shifted[:, :2], expected[:, :2], atol=1e-4)

    recording = RecordingNet(live)
    torch.save({"average": recording.state_dict(), "step": 9}, tmp_path / "recording.pt")
    backward = _read(exporting.export(tmp_path / "recording.pt", [0.35]))
    with torch.no_grad():
        expected = torch.sigmoid(recording(log_mels)[0])[0, :, 0].numpy()
    network = RecordingNetwork(weights, backward)
    answer = np.concatenate([network.push(log_mels[0].numpy()), network.finish()])
    np.testing.assert_allclose(answer, expected, atol=1e-4)
    assert len(json.loads((tmp_path / "manifest.json").read_text())) == 2


def test_export_says_what_is_missing(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="train"):
        exporting.export(tmp_path / "none.pt", [0.5])


def _read(path: Path) -> dict[str, np.ndarray]:
    import safetensors.numpy

    return safetensors.numpy.load_file(path)
