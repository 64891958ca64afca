"""The command that trains an engine's networks: `avatar-studio train`, alone or under `torchrun -m studio`."""

import os
import shlex
import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, Literal

import typer

from studio import console
from studio.console import JsonFlag
from studio.core.errors import UserError

train_app = typer.Typer()


@train_app.command()
def train(
    engine: Annotated[str, typer.Argument(metavar="ENGINE", help="What to train; a wrong name lists them.")],
    data: Annotated[Path, typer.Option(metavar="DIR", help="A folder of shards, as dataset make writes them.")],
    out: Annotated[Path, typer.Option("-o", "--out", metavar="DIR", help="The run's folder.")],
    validation: Annotated[
        Path | None, typer.Option(metavar="DIR", help="Shards to validate on; by default a tenth of the people.")
    ] = None,
    config: Annotated[
        Literal["small", "paper"], typer.Option(help="The sizes for one machine, or those as published.")
    ] = "small",
    steps: Annotated[int | None, typer.Option(min=1, help="How many steps to train.")] = None,
    minutes: Annotated[
        float | None, typer.Option(help="Or for how long; --steps alone can be repeated exactly.")
    ] = None,
    batch: Annotated[int, typer.Option(min=1, help="Scenes per step, over all processes.")] = 8,
    accumulate: Annotated[int, typer.Option(min=1, help="Parts a batch is computed in where memory is short.")] = 1,
    seed: Annotated[int, typer.Option(min=0, help="Seed of everything random.")] = 0,
    precision: Annotated[Literal["32", "bf16"], typer.Option(help="bf16 is mixed precision.")] = "32",
    ema: Annotated[float, typer.Option(min=0, max=1, help="Decay per step of the averaged weights; 0: none.")] = 0.999,
    every: Annotated[int, typer.Option(min=1, help="Steps between checkpoints, each with a validation.")] = 500,
    workers: Annotated[int, typer.Option(min=0, help="Processes that read data beside the training.")] = 0,
    device: Annotated[Literal["auto", "cpu", "cuda"], typer.Option(help="Where to compute.")] = "auto",
    shipping: Annotated[
        bool, typer.Option("--shipping", help="Learn only from scenes that weights which are shipped may learn from.")
    ] = False,
    options: Annotated[
        list[str] | None, typer.Option("--with", metavar="NAME=VALUE", help="What the engine lets one choose.")
    ] = None,
    resume: Annotated[bool, typer.Option("--resume", help="Go on from the newest checkpoint of the folder.")] = False,
    as_json: JsonFlag = False,
) -> int:
    """Train an engine on a folder of shards; Ctrl-C stops it so that --resume goes on exactly."""
    from studio.core.engines.registry import load_recipe
    from studio.core.jobs import Cancelled, run
    from studio.core.training.loop import train as training
    from studio.core.training.recipe import Settings

    recipe = load_recipe(engine, config, _chosen(options or []))
    settings = Settings(
        steps=steps,
        minutes=minutes,
        batch=batch,
        accumulate=accumulate,
        ema=ema,
        seed=seed,
        precision=precision,
        every=every,
        workers=workers,
        shipping=shipping,
        device=device,
    )
    command = _command(
        *(engine, "--config", config, "--data", str(data), "-o", str(out), "--batch", str(batch), "--seed", str(seed)),
        *(["--steps", str(steps)] if steps is not None else ["--minutes", str(minutes)]),
        *(["--accumulate", str(accumulate)] if accumulate > 1 else []),
        *(["--ema", str(ema)] if ema != 0.999 else []),
        *(["--precision", precision] if precision != "32" else []),
        *(["--shipping"] if shipping else []),
        *(["--validation", str(validation)] if validation is not None else []),
        *(part for option in options or [] for part in ("--with", option)),
    )
    first = os.environ.get("RANK", "0") == "0"
    job = training(recipe, data, out, settings, validation=validation, resume=resume, command=command)
    try:
        with console.progress(as_json) as show, _stopping() as stopped:
            weights = run(job, show if first else None, stopped)
    except Cancelled:
        console.note(f"Go on with the same command and --resume; the run is in {out}.", as_json)
        return 130
    if first:
        manifest = weights.with_name("manifest.json")
        console.answer({"weights": weights, "manifest": manifest}, f"{weights}", as_json)
    return 0


def _chosen(options: list[str]) -> dict[str, str]:
    pairs = [option.partition("=") for option in options]
    if any(not name or not equals for name, equals, _ in pairs):
        raise UserError("An option of the engine is NAME=VALUE; write it as --with NAME=VALUE.")
    return {name: value for name, _, value in pairs}


def _command(*arguments: str) -> str:
    processes = int(os.environ.get("WORLD_SIZE", 1))
    program = f"torchrun --nproc-per-node {os.environ.get('LOCAL_WORLD_SIZE', 1)} -m studio" if processes > 1 else None
    return f"{program or 'avatar-studio'} train {shlex.join(arguments)}"


@contextmanager
def _stopping() -> Iterator[Callable[[], bool] | None]:
    """Let the first Ctrl-C stop the job between two steps; where processes wait for each other, it ends them."""
    if int(os.environ.get("WORLD_SIZE", 1)) > 1:
        yield None
        return
    asked = []
    before = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)}

    def ask(*_: object) -> None:
        if asked:
            raise KeyboardInterrupt
        asked.append(True)

    for number in before:
        signal.signal(number, ask)
    try:
        yield lambda: bool(asked)
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
