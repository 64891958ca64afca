"""Teach the jaw's hidden layer how open a vowel is, on top of a network that stays as it is, closures and all.

What the network hears is found once for many passages; the layer then learns from that in minutes. Beside the squared
error of all training, three things are its own: the jaw comes from the articulation table of today, whichever shards
were made with; all vowels count twice; and it comes one hop before its sound.
"""

from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from studio.core.speech.network import CHANNELS, DELAYS, SHAPES, WEIGHTS, speech_weights

from . import articulation, export, mixing
from .mixing import Corpus
from .model import LiveNet
from .noises import noise_bank

ROWS, PASSES = 2560, 6
_BATCH, _RATE, _DECAY = 16, 3e-3, 1e-3
_SETTLING = 30  # hops at the beginning of a row that are not judged
# Who marks or aligns the phones of real speech puts them earlier than synthesisers say they come: the offset of a
# formant tracker, which knows of neither, is -10 ms on synthesised and +10 ms on real speech (speech_sync.py).
_LEADS = 1  # hop
_JAW = CHANNELS.index("jaw")
_IS_VOWEL = np.isfinite(articulation.OPENINGS)


def wanted(channels: NDArray[np.float32], labels: NDArray[np.integer]) -> NDArray[np.float32]:
    """Return the jaw ``[T]`` that the table asks for; where nobody knows the phone, that of `channels` ``[T, 8]``."""
    made = articulation.tracks(articulation.phones_from_labels(labels), len(labels))
    known = np.where((labels == articulation.UNKNOWN)[:, None], channels, made)
    return articulation.opened(known, labels)[:, _JAW]


def shipped() -> LiveNet:
    """Return the live network with the weights of `assets/`."""
    net = LiveNet()
    state = {name: torch.from_numpy(value) for name, value in speech_weights().items()}
    net.load_state_dict({**net.state_dict(), **state})
    return net.requires_grad_(False)


def learn(net: LiveNet, shards: Path, seed: int = 0, rows: int = ROWS, passes: int = PASSES) -> None:
    """Train the jaw's layers of `net` on rows of `shards`; nothing else of it changes."""
    torch.set_num_threads(1)
    torch.manual_seed(seed)
    corpus, noises = Corpus(shards), noise_bank(seed)
    heard, jaws, vowels = [], [], []
    for k in range(rows):
        rng = np.random.default_rng([seed, k])
        power, channels, labels = mixing.passage(corpus, rng)
        labels = labels.astype(int)
        log_mels = mixing.picked_up(power, corpus, noises, rng)
        with torch.no_grad():
            heard.append(net.listen(torch.from_numpy(log_mels)[None])[0].half())
        jaws.append(torch.from_numpy(wanted(channels, labels)))
        vowels.append(torch.from_numpy(_IS_VOWEL[labels]))
        if k % 256 == 255:
            print(f"heard {k + 1} rows of {corpus.hours:.1f} h", flush=True)
    x, jaw, vowel = torch.stack(heard), torch.stack(jaws), torch.stack(vowels).float()
    net.begin_jaw()
    learnt = [*net.jaw1.requires_grad_(True).parameters(), *net.jaw2.requires_grad_(True).parameters()]
    optimiser = torch.optim.AdamW(learnt, _RATE, weight_decay=_DECAY)
    fading = torch.optim.lr_scheduler.LinearLR(optimiser, 1.0, 0.01, total_iters=passes * (rows // _BATCH))
    for one in range(passes):
        total = 0.0
        order = torch.randperm(rows)
        for some in order[: rows // _BATCH * _BATCH].split(_BATCH):
            value = loss(net.jaw(x[some].float()), jaw[some], vowel[some])
            optimiser.zero_grad()
            value.backward()
            optimiser.step()
            fading.step()
            total += value.item()
        print(f"pass {one + 1} of {passes}, loss {total / (rows // _BATCH):.4f}", flush=True)


def ship(shards: Path, seed: int) -> Path:
    """Teach the jaw of the shipped network and put it back into `assets/`."""
    net = shipped()
    learn(net, shards, seed)
    state = net.state_dict()
    before = export.how_made(WEIGHTS).split("; the jaw by ")[0]
    how = f"{before}; the jaw by `jaw`, {ROWS} rows, {PASSES} passes, seed {seed}"
    return export.write(WEIGHTS, {name: state[name].numpy() for name in SHAPES}, how)


def loss(said: Tensor, jaw: Tensor, vowel: Tensor) -> Tensor:
    """Return the squared error of logits ``[B, T, 3]``, heavier where the jaw ``[B, T]`` opens and in vowels."""
    total = said.new_zeros(())
    for k, delay in enumerate(DELAYS):
        late = delay - _LEADS  # of the answer, behind the jaw that it tells
        rows = slice(_SETTLING - late, jaw.shape[1] - late)
        weight = (1 + 3 * jaw[:, rows]) * (1 + vowel[:, rows])
        total = total + (weight * (torch.sigmoid(said[:, _SETTLING:, k]) - jaw[:, rows]) ** 2).mean()
    return total / len(DELAYS)
