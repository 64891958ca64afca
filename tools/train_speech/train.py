"""Train a network on shards, in the background if need be: stop it at any time, start it again, nothing is lost."""

import os
import time
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from safetensors.torch import load_file
from torch import Tensor, nn

from studio.core.errors import UserError
from studio.core.speech.network import CHANNELS

from .articulation import OPENINGS, UNKNOWN
from .mixing import Corpus, batch
from .model import LiveNet, Net, RecordingNet
from .noises import noise_bank

_SETTLING = 20  # hops at the beginning of a row that are not judged: the memory starts empty
_WARM_UP, _COOL_DOWN = 100, 0.35  # steps; share of all steps
_AVERAGING = 0.998  # of the weights that are exported
_REFRESH = 50  # steps between looks at the folder
_WEIGHTS = dict(jaw=3.0, close=2.0, round=1.2, spread=1.0, fv=2.0, tongue=0.7, teeth=0.8, speech=0.4)
_CHANNEL_WEIGHTS = torch.tensor([_WEIGHTS[name] for name in CHANNELS])
_EVENTS = [CHANNELS.index("close"), CHANNELS.index("fv")]
_JAW = CHANNELS.index("jaw")
_IS_VOWEL = torch.from_numpy(np.isfinite(OPENINGS))


@dataclass(frozen=True)
class Plan:
    """What to train, on what, and for how long.

    `start` holds weights of the live network to begin with; `recording` trains the other network on top of them.
    """

    checkpoint: Path
    shards: Path
    steps: int
    start: Path | None = None
    recording: bool = False
    rate: float = 1.5e-3
    seed: int = 0
    save_seconds: float = 180.0
    rows: int = 32  # of a batch
    noise_seconds: int = 30  # of every kind


def loss(logits: Tensor, phones: Tensor, channels: Tensor, labels: Tensor, delays: tuple[int, ...]) -> Tensor:
    """Return how wrong the answers are.

    Squared error of every channel, heavier where the target is high and for the jaw of vowels; cross-entropy of
    the two events lips make (closure; lip on teeth); squared error of the change, so that onsets are sharp; and
    cross-entropy of the phone.

    Parameters
    ----------
    logits, phones
        ``[B, T, delays, 8]`` and ``[B, T, symbols]``, the network's.
    channels, labels
        ``[B, T, 8]`` 0..1 and ``[B, T]``, undelayed.
    """
    total = logits.new_zeros(())
    first, count = _SETTLING, labels.shape[1]
    for k, delay in enumerate(delays):
        said = logits[:, first:, k]
        meant = channels[:, first - delay : count - delay]
        opened = _IS_VOWEL[labels[:, first - delay : count - delay]].unsqueeze(-1)
        weights = _CHANNEL_WEIGHTS * (1 + 3 * meant)
        weights = torch.where(opened & (torch.arange(len(CHANNELS)) == _JAW), 2 * weights, weights)
        answer = torch.sigmoid(said)
        total = total + (weights * (answer - meant) ** 2).mean()
        # Where lips are not shut the ear is fooled by other closures: m by n, b by v and d, all by silence.
        sounds = torch.where(opened, 1.0, 2.0)
        events = nn.functional.binary_cross_entropy_with_logits(
            said[..., _EVENTS], meant[..., _EVENTS], weight=torch.maximum(sounds, 1 + 2 * meant[..., _EVENTS])
        )
        change = (answer[:, 2:] - answer[:, :-2]) - (meant[:, 2:] - meant[:, :-2])
        total = total + 0.4 * events + 0.5 * (_CHANNEL_WEIGHTS * change**2).mean()
    last = delays[-1]
    spoken = labels[:, first - last : count - last].flatten()
    guess = nn.functional.cross_entropy(phones[:, first:].flatten(0, 1), spoken, ignore_index=UNKNOWN)
    return total / len(delays) + 0.1 * guess


def build(plan: Plan) -> Net:
    """Return the network of a plan, not yet trained beyond its start.

    Raises
    ------
    UserError
        If a network for recordings is to stand on no live one.
    """
    live = LiveNet()
    if plan.start:
        live.load_state_dict({**live.state_dict(), **load_file(plan.start)})
    elif plan.recording:
        raise UserError("The network for recordings stands on the live one; give its weights with --start.")
    return RecordingNet(live) if plan.recording else live


def learning_rate(plan: Plan, step: int) -> float:
    """Return a rate that rises, stays, and falls to zero over the last part of the plan."""
    left = (plan.steps - step) / (plan.steps * _COOL_DOWN)
    return plan.rate * min(1.0, (step + 1) / _WARM_UP, max(left, 0.0))


def train(plan: Plan, until: int | None = None) -> None:
    """Train to the end of the plan, or to step `until`, from the checkpoint where there is one.

    Prints and saves on the way. On one machine and one set of shards, the seed and the plan decide every weight,
    however often the run was broken off at a checkpoint.
    """
    torch.set_num_threads(1)
    torch.manual_seed(plan.seed)
    net, average = build(plan), build(plan)
    learnt = [weight for weight in net.parameters() if weight.requires_grad]
    optimiser = torch.optim.AdamW(learnt, plan.rate, weight_decay=1e-3)
    step = 0
    if plan.checkpoint.exists():
        saved = torch.load(plan.checkpoint, weights_only=True)
        net.load_state_dict(saved["net"])
        average.load_state_dict(saved["average"])
        optimiser.load_state_dict(saved["optimiser"])
        step = saved["step"]
    else:
        average.load_state_dict(net.state_dict())
    corpus, noises = Corpus(plan.shards), noise_bank(plan.seed, plan.noise_seconds)
    print(f"step {step}, {len(corpus.names)} shards, {corpus.hours:.1f} h", flush=True)

    began = saved_at = time.monotonic()
    done, recent = 0, float("nan")
    end = min(plan.steps, until or plan.steps)
    while step < end:
        if step % _REFRESH == 0:
            corpus.refresh()
        # Every step has its own generator, so that a resumed run draws what an unbroken one would.
        drawn = batch(corpus, noises, np.random.default_rng([plan.seed, step]), plan.rows)
        log_mels, channels, labels = (torch.from_numpy(array) for array in drawn)
        for group in optimiser.param_groups:
            group["lr"] = learning_rate(plan, step)
        with torch.autocast("cpu", torch.bfloat16):
            logits, phones = net(log_mels)
        value = loss(logits.float(), phones.float(), channels, labels, net.delays)
        optimiser.zero_grad()
        value.backward()
        nn.utils.clip_grad_norm_(learnt, 1.0)
        optimiser.step()
        step, done = step + 1, done + 1
        keep = min(_AVERAGING, step / (step + 10))
        with torch.no_grad():
            for mean, weight in zip(average.parameters(), net.parameters(), strict=True):
                mean.lerp_(weight, 1 - keep)
        recent = value.item() if done == 1 else 0.98 * recent + 0.02 * value.item()
        now = time.monotonic()
        if step % 50 == 0:
            print(f"step {step} loss {recent:.4f} {(now - began) / done:.2f} s/step {corpus.hours:.1f} h", flush=True)
        if now - saved_at > plan.save_seconds or step == end:
            saved_at = now
            _save(plan.checkpoint, net, average, optimiser, step)


def _save(path: Path, net: nn.Module, average: nn.Module, optimiser: torch.optim.Optimizer, step: int) -> None:
    part = path.with_suffix(".part")
    states = {"net": net.state_dict(), "average": average.state_dict(), "optimiser": optimiser.state_dict()}
    torch.save({**states, "step": step}, part)
    os.replace(part, path)
