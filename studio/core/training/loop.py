"""The one training loop: a recipe, shards and settings in; weights, their manifest and a curve out.

On a processor, on one GPU, or as one of many processes that ``torchrun`` started (data-parallel, over any number of
machines). The only module that knows Lightning Fabric.

A run's folder holds ``weights.safetensors`` (averaged where there is an average) and ``manifest.json`` that says where
they come from, ``metrics.csv`` (a row per step), ``validation.csv``, ``sheets/`` and ``checkpoints/``. Every step
draws its random numbers from the seed and its own number, so that a checkpoint is weights, moments and a count.
"""

import os
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from lightning_fabric import Fabric
from torch import Generator, Tensor, nn
from torch.utils.data import DataLoader

from studio.core.errors import UserError
from studio.core.jobs import Job, Progress
from studio.core.media.image import save_png
from studio.core.training.checkpoint import (
    WEIGHTS,
    list_checkpoints,
    load_checkpoint,
    new_folder,
    read_state,
    save_checkpoint,
    save_weights,
)
from studio.core.training.curve import Curve
from studio.core.training.ema import Average
from studio.core.training.manifest import write_manifest
from studio.core.training.recipe import Precision, Recipe, Settings
from studio.core.training.shards import Entry, Samples, open_shards, parts

SAYING = 10.0
"""Seconds between two reports of step and loss."""
MOST_SKIPPED = 20
"""Steps in a row whose gradient is no number, after which a run gives up."""


def train(
    recipe: Recipe,
    data: Path,
    folder: Path,
    settings: Settings,
    *,
    validation: Path | None = None,
    resume: bool = False,
    command: str = "",
) -> Job[Path]:
    """Train a recipe's networks; a report after every step.

    Closing the job writes a checkpoint, from which ``resume`` goes on as if nothing had been.

    Parameters
    ----------
    data
        A folder of shards.
    folder
        Of the run; it is made. A run that is there already must be resumed.
    validation
        A folder of shards to validate on, whose people are left out of `data`; without it, a tenth of the people of
        `data` is held out (`shards.is_held_out`).
    resume
        Go on from its newest checkpoint, if it has one.
    command
        How to do it again, for the manifest.

    Returns
    -------
    The file of weights.

    Raises
    ------
    UserError
        If the settings make no sense, there is no data, the folder's run is another, or the losses go out of bounds.
    """
    fabric = _fabric(settings)
    settings.check(fabric.world_size)
    yield Progress(0.0, "listing samples")
    shards = open_shards(data, shipping=settings.shipping)
    held = None if validation is None else open_shards(validation).entries
    learnt, held_out = shards.split(held)
    if not learnt:
        raise UserError("Every identity of the data is one to validate on; add scenes of more people.")
    torch.manual_seed(settings.seed)
    modules = recipe.modules()
    run = _Run(fabric, recipe, settings, folder, modules, _chosen(held_out or learnt, settings.validation))
    facts = settings.facts() | {"engine": recipe.name, "config": recipe.config, "data": shards.digest}
    run.begin(facts, resume)
    about = command, learnt, held_out
    try:
        loader = _loader(recipe, learnt, settings, run.step, fabric)
        while not run.finished:
            run.take(loader)
            if run.step % settings.every == 0 and not run.finished:
                yield run.progress("validating")
                run.save(facts, about)
            yield run.progress()
        yield run.progress("validating")
        run.save(facts, about)
    except GeneratorExit:
        run.save(facts, about, validated=False)
        raise
    return folder / WEIGHTS


class _Objective(nn.Module):
    """The losses as the forward pass of one module, so that data-parallel training sees all of it.

    Autocast is ours: Fabric's would also round what goes in, cameras and targets.
    """

    def __init__(self, recipe: Recipe, modules: nn.Module, precision: Precision) -> None:
        super().__init__()
        self.learnt, self._losses, self._half = modules, recipe.losses, precision == "bf16"

    def forward(self, batch: dict[str, Tensor], step: int, generator: Generator) -> dict[str, Tensor]:
        with torch.autocast(generator.device.type, torch.bfloat16, enabled=self._half):
            return self._losses(self.learnt, batch, step, generator)


@dataclass
class _Clock:
    """Seconds of all sessions of a run."""

    before: float = 0.0
    start: float = 0.0

    @property
    def seconds(self) -> float:
        return self.before + time.monotonic() - self.start


class _Run:
    """The state of a run and its steps."""

    def __init__(
        self, fabric: Fabric, recipe: Recipe, settings: Settings, folder: Path, modules: nn.Module, shown: list[Entry]
    ) -> None:
        self._fabric, self._recipe, self._settings, self._folder = fabric, recipe, settings, folder
        self._modules, self._shown = modules, shown
        optimizer = recipe.optimizer(modules)
        self._objective, self._optimizer = fabric.setup(_Objective(recipe, modules, settings.precision), optimizer)
        self._rates = [group["lr"] for group in optimizer.param_groups]
        self._average = Average(modules, settings.ema) if settings.ema else None
        self._generator = Generator(fabric.device)
        self._clock = _Clock(start=time.monotonic())
        self._began = self.step = self._skipped = 0
        self.total = float("nan")
        self._told = 0.0
        self._said, self._said_at = "training", float("-inf")

    def begin(self, facts: dict[str, Any], resume: bool) -> None:
        """Start anew, or where the newest checkpoint ends."""
        checkpoints = list_checkpoints(self._folder)
        if checkpoints and not resume:
            raise UserError(f"'{self._folder.name}' holds a run already; add --resume or choose another folder.")
        if checkpoints:
            state = read_state(checkpoints[-1])
            for name, value in facts.items():
                before = state["facts"].get(name)
                if before != value:
                    raise UserError(
                        f"The run in '{self._folder.name}' was begun with {name} {before}, not {value}; resume it with "
                        "the same or train in another folder."
                    )
            load_checkpoint(
                checkpoints[-1],
                self._modules,
                self._average and self._average.modules,
                self._optimizer.optimizer,
            )
            self._began = self.step = state["step"]
            self._clock.before = state["seconds"]
        if self._fabric.is_global_zero:
            new_folder(self._folder / "sheets")
            self._curve = Curve(self._folder / "metrics.csv", self.step)
            # Of the state after a step, while the curve's rows are of the steps themselves.
            self._validation = Curve(self._folder / "validation.csv", self.step + 1)

    @property
    def done(self) -> float:
        """The share of the run that is behind it; the same in every process."""
        if self._settings.steps is not None:
            return self.step / self._settings.steps
        seconds = self._clock.seconds
        if self._fabric.world_size > 1:
            seconds = self._fabric.broadcast(seconds)
        return seconds / (60 * (self._settings.minutes or 1))

    def take(self, loader: Iterator[dict[str, Tensor]]) -> None:
        """Take one step."""
        settings, fabric, done = self._settings, self._fabric, self.done
        seed = np.random.SeedSequence([settings.seed, self.step, fabric.global_rank, 2]).generate_state(1)[0]
        torch.manual_seed(int(seed))
        self._generator.manual_seed(int(seed))
        for group, rate in zip(self._optimizer.param_groups, self._rates, strict=True):
            group["lr"] = rate * self._recipe.rate(self.step, min(done, 1.0))
        self._modules.train()
        sums: dict[str, Tensor] = {}
        for part in range(settings.accumulate):
            batch = fabric.to_device(next(loader))
            with fabric.no_backward_sync(self._objective, enabled=part < settings.accumulate - 1):
                losses = self._objective(batch, self.step, self._generator)
                fabric.backward(losses["total"] / settings.accumulate)
            for name, value in losses.items():
                sums[name] = sums.get(name, 0) + value.detach() / settings.accumulate
        norm = fabric.clip_gradients(
            self._objective, self._optimizer, max_norm=settings.clip or float("inf"), error_if_nonfinite=False
        )
        assert norm is not None  # for the type checker: only other strategies return none
        finite = bool(torch.isfinite(norm))
        if finite:
            self._optimizer.step()
            if self._average is not None:
                self._average.update(self._modules, self.step)
        self._optimizer.zero_grad(set_to_none=True)
        self._skipped = 0 if finite else self._skipped + 1
        if self._skipped > MOST_SKIPPED:
            raise UserError(
                f"The gradients are no numbers any more since step {self.step - MOST_SKIPPED}; lower the rate or train "
                "with --precision 32, from the last checkpoint on."
            )
        figures = torch.stack([*sums.values(), norm]).float()
        if fabric.world_size > 1:
            figures = fabric.all_reduce(figures, reduce_op="mean")
        self._note(dict(zip([*sums, "norm"], figures.tolist(), strict=True)))  # pyright: ignore
        self.step += 1

    def _note(self, figures: dict[str, float]) -> None:
        self.total = figures["total"]
        if not self._fabric.is_global_zero:
            return
        rate = self._optimizer.param_groups[0]["lr"]
        self._curve.add({"step": self.step, "seconds": self._clock.seconds, "rate": rate, **figures})
        if self._clock.seconds - self._told > 1:
            self._curve.flush()
            self._told = self._clock.seconds

    @property
    def finished(self) -> bool:
        """Whether the last step was taken."""
        return self.done >= 1

    def save(
        self, facts: dict[str, Any], about: tuple[str, list[Entry], list[Entry]], *, validated: bool = True
    ) -> None:
        """Write the weights, the checkpoint and what was measured; validate before, unless there is no time."""
        if self._fabric.is_global_zero:
            average = self._average and self._average.modules
            best = average or self._modules
            seconds = self._clock.seconds
            if validated:
                self._validate(best)
            self._curve.flush()
            state = {"step": self.step, "seconds": seconds, "facts": facts}
            save_checkpoint(self._folder, state, self._modules, average, self._optimizer.optimizer, self._settings.keep)
            told = {"engine": facts["engine"], "config": facts["config"], "step": str(self.step)}
            save_weights(self._folder / WEIGHTS, best, told)
            write_manifest(self._folder, self._settings, state, *about)
        self._fabric.barrier()

    @torch.no_grad()
    def _validate(self, modules: nn.Module) -> None:
        was_training = modules.training
        modules.eval()
        scenes = [entry.read() for entry in self._shown]
        self._validation.add({"step": self.step, **self._recipe.validate(modules, scenes)})
        self._validation.flush()
        save_png(self._folder / "sheets" / f"step-{self.step:08d}.png", self._recipe.sheet(modules, scenes))
        modules.train(was_training)

    def progress(self, message: str | None = None) -> Progress:
        """Report how far the run is; what is said of the training changes every few seconds, for logs' sake."""
        if message is None:
            if self._clock.seconds - self._said_at > SAYING:
                self._said_at = self._clock.seconds
                self._said = f"training: step {self.step}, loss {self.total:.4g}"
            message = self._said
        done = min(self.done, 1.0)
        taken, spent = self.step - self._began, time.monotonic() - self._clock.start
        if self._settings.minutes is not None:
            eta = max(0.0, 60 * self._settings.minutes - self._clock.seconds)
        else:
            eta = spent / taken * ((self._settings.steps or 0) - self.step) if taken else None
        return Progress(done, message, eta)


def _fabric(settings: Settings) -> Fabric:
    """Set up for the processes that torchrun started, or for this one."""
    device = settings.device
    if device == "auto":
        device = "cuda" if torch.cuda.is_available() else "cpu"
    if device == "cuda" and not torch.cuda.is_available():
        raise UserError("There is no CUDA device that torch can use; train with --device cpu.")
    local, world = (int(os.environ.get(name, 1)) for name in ("LOCAL_WORLD_SIZE", "WORLD_SIZE"))
    fabric = Fabric(
        accelerator=device,
        devices=local,
        num_nodes=world // local,
        strategy="ddp" if world > 1 else "auto",
    )
    fabric.launch()
    return fabric


def _loader(
    recipe: Recipe, entries: list[Entry], settings: Settings, step: int, fabric: Fabric
) -> Iterator[dict[str, Tensor]]:
    return iter(
        DataLoader(
            Samples(recipe, entries, settings.seed),
            batch_sampler=parts(settings, step, fabric.global_rank, fabric.world_size),  # pyright: ignore
            num_workers=settings.workers,
            multiprocessing_context="spawn" if settings.workers else None,
            pin_memory=fabric.device.type == "cuda",
        )
    )


def _chosen(entries: list[Entry], most: int) -> list[Entry]:
    """Return so many entries of as many identities as there are, the same in every run."""
    order = np.random.default_rng(0).permutation(len(entries))
    seen: dict[str, int] = {}
    ranked = []
    for index in order:
        turn = seen[entries[index].identity] = seen.get(entries[index].identity, 0) + 1
        ranked.append((turn, entries[index]))
    return [entry for _, entry in sorted(ranked, key=lambda pair: pair[0])][:most]
