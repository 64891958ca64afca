"""`Recipe`: what an engine brings so that the loop can train it; and `Settings`, what a run is told."""

from dataclasses import dataclass
from typing import Any, Literal, Protocol

import numpy as np
from numpy.typing import NDArray
from torch import Generator, Tensor, nn
from torch.optim import Optimizer

from studio.core.errors import UserError
from studio.core.training.scene import Scene

Precision = Literal["32", "bf16"]


class Recipe(Protocol):
    """How one engine's networks are trained; it holds sizes and weights of losses, never weights of networks.

    Attributes
    ----------
    name
        The engine, and what of it where it trains in parts: "splat_portrait", "splat_portrait-dynamic".
    config
        "small", which is trained here, or "paper", as published.
    """

    name: str
    config: str

    def modules(self) -> nn.Module:
        """Make everything with parameters, drawn from torch's default generator, on the processor.

        What shall not be learnt has ``requires_grad`` off; it is saved all the same. What is learnt takes part in
        every step.
        """
        ...

    def sample(self, scene: Scene, rng: np.random.Generator) -> dict[str, Tensor]:
        """Turn a scene into tensors of the shapes all scenes give; the loop stacks them to a batch.

        Whatever is drawn here (views, augmentation, backgrounds) depends on the seed and the place in the order of
        samples alone: it is the same on any number of processes and after a resumption.
        """
        ...

    def losses(
        self, modules: nn.Module, batch: dict[str, Tensor], step: int, generator: Generator
    ) -> dict[str, Tensor]:
        """Compute the losses of a batch ``[B,...]``, each the mean over its samples.

        "total" is minimised; all are written to ``metrics.csv``. Noise drawn from `generator`, which is on the
        batch's device, differs from process to process. The forward pass runs under autocast where Settings ask for
        it; `training.rendering` computes in float32 all the same.
        """
        ...

    def optimizer(self, modules: nn.Module) -> Optimizer:
        """Make the optimizer of what is learnt, at its full rates."""
        ...

    def rate(self, step: int, done: float) -> float:
        """Return the factor of the optimizer's rates at a step; `done` is the share 0..1 of the run behind it."""
        ...

    def validate(self, modules: nn.Module, scenes: list[Scene]) -> dict[str, float]:
        """Measure on scenes of identities that are not trained on; called without gradients, with the EMA weights."""
        ...

    def sheet(self, modules: nn.Module, scenes: list[Scene]) -> NDArray[np.uint8]:
        """Draw a sample sheet ``[H,W,3]``; called as `validate` is."""
        ...


@dataclass(frozen=True)
class Settings:
    """How long and how a run trains.

    Attributes
    ----------
    steps, minutes
        When it ends: after so many steps, or so much time on the clock (of all its sessions together). One is given;
        the rate falls towards it. Only with steps does the same seed give the same weights.
    batch
        Scenes per step, over all processes and all accumulated parts.
    accumulate
        Parts a step's batch is computed in, one after the other.
    clip
        Largest norm of the gradient; None never clips.
    ema
        Decay per step of the averaged weights that are validated and shipped; 0 keeps none.
    every
        Steps between checkpoints, which come with a validation and a sheet.
    keep
        Checkpoints kept, the newest.
    validation
        Scenes validated on.
    workers
        Processes that read and augment; 0 reads in the training process.
    shipping
        Learn only from scenes that weights which are shipped may learn from.
    device
        "cpu", "cuda", or "auto": CUDA where it is.
    """

    steps: int | None = None
    minutes: float | None = None
    batch: int = 8
    seed: int = 0
    precision: Precision = "32"
    accumulate: int = 1
    clip: float | None = 1.0
    ema: float = 0.999
    every: int = 500
    keep: int = 2
    validation: int = 16
    workers: int = 0
    shipping: bool = False
    device: Literal["auto", "cpu", "cuda"] = "auto"

    def check(self, processes: int = 1) -> None:
        """Raise a UserError where it makes no sense."""
        if (self.steps is None) == (self.minutes is None):
            raise UserError("Say how long to train: give either --steps or --minutes.")
        if min(self.steps or 1, self.batch, self.accumulate, self.every, self.keep) < 1 or (self.minutes or 1) <= 0:
            raise UserError("Steps, minutes, batch and what else is counted begin at 1; give larger numbers.")
        if self.batch % (processes * self.accumulate):
            raise UserError(
                f"A batch of {self.batch} does not divide into {processes} processes of {self.accumulate} parts each; "
                f"make it a multiple of {processes * self.accumulate}."
            )

    def facts(self) -> dict[str, Any]:
        """Return what a resumed run must share with its beginning."""
        names = ("batch", "seed", "precision", "clip", "ema", "validation", "shipping")
        return {name: getattr(self, name) for name in names}
