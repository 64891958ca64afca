"""The commands of `avatar-studio dataset`: what engines are trained on."""

from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from studio import console
from studio.console import JsonFlag
from studio.core.errors import UserError

if TYPE_CHECKING:
    from studio.core.datasets.maker import Maker
    from studio.core.datasets.making import Runner

datasets_app = typer.Typer(help="Make shards that engines are trained on.")


class Source(StrEnum):
    """Where scenes come from."""

    lifted = "lifted"
    rendered = "rendered"


class RunnerName(StrEnum):
    """Who makes the shards."""

    local = "local"
    ray = "ray"


Out = Annotated[Path, typer.Option("-o", "--out", metavar="DIR", help="The folder of the shards.")]
Seed = Annotated[int, typer.Option(min=0, help="The same seed makes the same bytes.")]
Workers = Annotated[int | None, typer.Option(min=1, help="Processes; one for each core by default.")]
RunnerOption = Annotated[
    RunnerName, typer.Option("--runner", help="local, or ray: the cluster of RAY_ADDRESS, or this machine.")
]


@datasets_app.command()
def make(
    out: Out,
    folder: Annotated[
        Path | None, typer.Argument(metavar="SOURCE", help="A folder of portraits; CLEAR.txt in it names what ships.")
    ] = None,
    source: Annotated[
        Source, typer.Option(help="lifted: the portraits of SOURCE; rendered: people who never were.")
    ] = Source.lifted,
    identities: Annotated[int | None, typer.Option(min=1, help="People: at most, or how many are rendered.")] = None,
    takes: Annotated[int, typer.Option(min=1, help="Takes of each person.")] = 12,
    views: Annotated[int, typer.Option(min=1, max=64, help="Views of each take.")] = 8,
    size: Annotated[int, typer.Option(help="Side of a view in pixels: 128 or 256.")] = 256,
    seed: Seed = 0,
    speech: Annotated[
        Path | None, typer.Option(metavar="DIR", help="Recordings that they speak; the sample speech by default.")
    ] = None,
    posed: Annotated[
        bool, typer.Option("--posed", help="Portraits as they are, from fixed sides: to judge on, not to learn from.")
    ] = False,
    clear_only: Annotated[bool, typer.Option("--clear-only", help="Only portraits that CLEAR.txt names.")] = False,
    listed: Annotated[Path | None, typer.Option("--list", metavar="FILE", help="Only portraits that it names.")] = None,
    runner: RunnerOption = RunnerName.local,
    workers: Workers = None,
    as_json: JsonFlag = False,
) -> None:
    """Make a data set of heads with exactly known cameras, expressions and speech."""
    from studio.core.datasets.spoken import hear, recordings_in

    _check_size(size)
    if (folder is None) is (source is Source.lifted):
        raise UserError("A folder of portraits belongs to --source lifted, and only to it; give both or neither.")
    with console.progress(as_json) as show, console.native_messages_in_log():
        spoken = () if posed else tuple(console.finish(hear(recordings_in(speech), seed), show))
        if folder is None:
            from studio.core.datasets.rendered_heads import RenderedHeads

            maker = RenderedHeads(identities or 100, takes, views, size, seed, spoken)
        else:
            from studio.core.datasets.pseudo_multiview import AVATARS, LiftedPortraits, PosedPortraits, chosen_pictures

            pictures = chosen_pictures(folder, clear_only, listed)[:identities]
            kind = PosedPortraits if posed else LiftedPortraits
            maker = kind(pictures, out / AVATARS, takes, views, size, seed, spoken)
        manifest = _made(maker, out, runner, workers, show)
    _tell(manifest, out, as_json)


@datasets_app.command()
def prepare(
    folder: Annotated[
        Path, typer.Argument(metavar="CLIPS", help="A folder of talking videos. CLEAR.txt in it names those that ship.")
    ],
    out: Out,
    views: Annotated[int, typer.Option(min=2, max=64, help="Views of each take.")] = 8,
    size: Annotated[int, typer.Option(help="Side of a view in pixels: 128 or 256.")] = 256,
    runner: RunnerOption = RunnerName.local,
    workers: Workers = None,
    as_json: JsonFlag = False,
) -> None:
    """Track, matte and cut real clips; what is not good enough is left out and counted."""
    from studio.core.datasets.prepare import RealClips, clips_in

    _check_size(size)
    with console.progress(as_json) as show, console.native_messages_in_log():
        manifest = _made(RealClips(folder, clips_in(folder), views, size), out, runner, workers, show)
    _tell(manifest, out, as_json)


def _check_size(size: int) -> None:
    if size not in (128, 256):
        raise UserError(f"Views of {size} pixels are not made; use --size 128 or --size 256.")


def _made(maker: "Maker", out: Path, runner: RunnerName, workers: int | None, show) -> dict:
    from studio.core.datasets.making import make_dataset

    return console.finish(make_dataset(maker, out, _runner(runner, workers)), show)


def _runner(name: RunnerName, workers: int | None) -> "Runner":
    from studio.core.datasets.making import locally

    if name is RunnerName.ray:
        from studio.core.datasets.farm import made_on_ray

        return made_on_ray
    return locally(workers)


def _tell(manifest: dict, out: Path, as_json: bool) -> None:
    left_out = sum(manifest["refused"].values())
    text = (
        f"Wrote {manifest['scenes']} scenes of {manifest['identities']} people to {out} "
        f"({manifest['views']} views, {manifest['bytes'] / 1e6:.0f} MB); left out: {left_out}"
    )
    console.answer({**manifest, "folder": str(out)}, text, as_json)
