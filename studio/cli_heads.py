"""The commands of `avatar-studio heads`: the head models a user added."""

from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from studio import console
from studio.console import JsonFlag

if TYPE_CHECKING:
    from studio.core.heads.library import HeadInfo

heads_app = typer.Typer(help="Add, list and remove head models: FLAME, ICT-FaceKit.")


@heads_app.command()
def add(
    path: Annotated[
        Path, typer.Argument(metavar="PATH", help="A FLAME file (.pkl, .npz) or ICT-FaceKit's folder FaceXModel.")
    ],
    name: Annotated[str | None, typer.Option(metavar="NAME", help="What to call it.")] = None,
    as_json: JsonFlag = False,
) -> None:
    """Add a head model of your own; its file is read once and not needed again."""
    from studio.core.heads import library

    with console.progress(as_json) as show:
        info = console.finish(library.add(path, name), show)
    console.note(info.licence, as_json)
    console.answer(asdict(info), f"Added the head '{info.name}': {_about(info)}", as_json)


@heads_app.command("list")
def list_heads(as_json: JsonFlag = False) -> None:
    """List the heads that were added."""
    from studio.core.heads import library

    found = library.installed()
    text = "\n".join(f"{info.name:<20}{_about(info)}" for info in found)
    console.answer(
        {"heads": [asdict(info) for info in found]},
        text or "No heads were added; add one with: avatar-studio heads add PATH",
        as_json,
    )


@heads_app.command()
def remove(
    name: Annotated[str, typer.Argument(metavar="NAME", help="As heads list shows it.")], as_json: JsonFlag = False
) -> None:
    """Remove a head that was added; the file it came from is not touched."""
    from studio.core.heads import library

    library.remove(name)
    console.answer({"removed": name}, f"Removed the head '{name}'", as_json)


def _about(info: "HeadInfo") -> str:
    mapped = f", ARKit by {info.expressions_from}" if info.expressions_from else ""
    return (
        f"{info.kind}, {info.vertices} vertices, {info.identities} identities, {info.expressions} expressions{mapped}"
    )
