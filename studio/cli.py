"""The command line: one command per job; without a command, the window.

Exit codes: 0 done, 2 bad input, 1 a bug (its traceback is in the log file), 130 interrupted. With
``--json`` the result, or the error, is one JSON object on standard output and progress is one JSON object
per line on standard error.
"""

import os
import signal
import sys
from dataclasses import asdict
from pathlib import Path
from typing import Annotated, NoReturn

import typer

from studio import __version__, console
from studio.cli_bench import bench_app
from studio.cli_clips import clips_app
from studio.cli_datasets import datasets_app
from studio.cli_heads import heads_app
from studio.cli_motion import motion_app
from studio.cli_train import train_app
from studio.console import JsonFlag
from studio.core.errors import UserError
from studio.core.jobs import Progress

# Everything heavy is imported by the command that needs it: `--help` must not load torch.

OK, BUG, BAD_INPUT, INTERRUPTED = 0, 1, 2, 130

app = typer.Typer(
    name="avatar-studio",
    help="A living Gaussian-splat head from one picture. Without a command: the window.",
    no_args_is_help=False,
    add_completion=False,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
)

app.add_typer(heads_app, name="heads")
app.add_typer(clips_app)
app.add_typer(datasets_app, name="dataset")
app.add_typer(bench_app)
app.add_typer(motion_app)
app.add_typer(train_app)

Picture = Annotated[Path, typer.Argument(metavar="IMAGE", help="The portrait.")]
AvatarFile = Annotated[Path, typer.Argument(metavar="A.avatar", help="A built avatar.")]


def main(arguments: list[str] | None = None) -> NoReturn:
    """Run the command line and exit."""
    sys.exit(call(sys.argv[1:] if arguments is None else arguments))


def call(arguments: list[str]) -> int:
    """Run the command line and return its exit code."""
    as_json, debug = "--json" in arguments, "--debug" in arguments
    signal.signal(signal.SIGTERM, _interrupt)
    try:
        result = app(args=arguments, prog_name="avatar-studio", standalone_mode=False)
    except UserError as error:
        console.error(str(error), "input", as_json)
        return BAD_INPUT
    except typer.TyperException as error:
        console.error(f"{error.format_message()} See avatar-studio --help.", "usage", as_json)
        return BAD_INPUT
    except Exception as error:
        if debug:
            raise
        console.error(console.bug(error), "bug", as_json)
        return BUG
    if result == INTERRUPTED:  # Typer's answer to Ctrl-C
        console.error("Stopped; nothing is left half written.", "interrupted", as_json)
    return result if isinstance(result, int) else OK


@app.callback(invoke_without_command=True)
def window(
    context: typer.Context,
    sample: Annotated[bool, typer.Option("--sample", help="Open the window on the sample portrait.")] = False,
    safe: Annotated[bool, typer.Option("--safe", help="Open it without graphics drivers and devices.")] = False,
    version: Annotated[bool, typer.Option("--version", help="Show the version.")] = False,
    debug: Annotated[bool, typer.Option("--debug", help="Show the traceback of a bug.")] = False,
) -> int | None:
    """Open the window when no command is given."""
    if version:
        print(f"avatar-studio {__version__}")  # noqa: T201
        raise typer.Exit
    if context.invoked_subcommand is not None:
        return None
    reason = _no_window()
    if reason is not None:
        raise UserError(
            f"The window cannot open: {reason}. Use a command (avatar-studio --help) or avatar-studio demo."
        )
    from studio.core.logs import start_logging
    from studio.ui.app import main as open_window

    start_logging()
    return open_window([], sample, safe)


@app.command()
def build(
    image: Picture,
    out: Annotated[Path, typer.Option("-o", "--out", metavar="A.avatar", help="The avatar to write.")],
    engine: Annotated[str, typer.Option(help="How to build it.")] = "lift",
    face: Annotated[int | None, typer.Option(help="Which of several faces: 1 is the largest.")] = None,
    landmarks: Annotated[
        Path | None,
        typer.Option(
            metavar="F.json",
            help="Where the face is, in pixels of the upright picture; no detector is run. Twelve handles: "
            '{"handles": {"eye_outer_right": [x, y], ...}} with eye_outer_right, eye_inner_right, eye_inner_left, '
            "eye_outer_left, nose_tip, mouth_right, mouth_left, lip_upper, lip_lower, chin, side_right, side_left "
            "(right is the head's own). For round eyes also lid_upper_right, lid_lower_right, lid_upper_left, "
            'lid_lower_left. "muzzle": 0 to 1.5 beside "handles" brings nose and mouth forward. Or a JSON list of 468 '
            "or, with irises, 478 [x, y] or [x, y, z] in the order of MediaPipe's face mesh.",
        ),
    ] = None,
    quality: Annotated[
        str,
        typer.Option(help="standard gives up to 120,000 Gaussians, high up to 250,000: slower to build and to draw."),
    ] = "standard",
    head: Annotated[
        str,
        typer.Option(
            metavar="NAME", help="Whose expressions it has: template is built in, heads list shows those you added."
        ),
    ] = "template",
    seed: Annotated[int, typer.Option(min=0, help="Seed of everything random.")] = 0,
    consent: Annotated[bool, typer.Option("--consent", help="State that the person shown consents.")] = False,
    as_json: JsonFlag = False,
) -> None:
    """Build an avatar from a portrait."""
    from studio.core.avatar import Consent
    from studio.core.build import build_avatar, read_landmarks
    from studio.core.engines.base import build_options
    from studio.core.project.archive import save_avatar

    _check_out(out, ".avatar")
    if landmarks is not None and face is not None:
        raise UserError("Landmarks already say which face it is; leave out --face or --landmarks.")
    options = build_options(quality, head)
    points = None if landmarks is None else read_landmarks(landmarks)
    if not consent:
        console.note("Consent of the person shown was not stated (--consent); the avatar records that.", as_json)
    said = Consent(True, "command line", _now()) if consent else Consent()
    job = build_avatar(image, engine=engine, face=face, landmarks=points, seed=seed, consent=said, options=options)
    with console.native_messages_in_log(), console.progress(as_json) as show:
        avatar = console.finish(job, show)
    save_avatar(avatar, out)
    for note in avatar.notes:
        console.note(note, as_json)
    result = {
        "avatar": str(out),
        "name": avatar.name,
        "engine": avatar.engine,
        "consent": asdict(avatar.consent),
        "options": options.told(),
        "notes": avatar.notes,
    }
    console.answer(result, f"Built {out}", as_json)


@app.command()
def view(
    avatar_file: AvatarFile,
    out: Annotated[Path, typer.Option("-o", "--out", metavar="V.png", help="The picture to write.")],
    yaw: Annotated[float, typer.Option(help="Degrees; positive moves the camera to the head's left.")] = 0.0,
    pitch: Annotated[float, typer.Option(help="Degrees; positive raises the camera.")] = 0.0,
    zoom: Annotated[float, typer.Option(help="Above 1 is closer.")] = 1.0,
    size: Annotated[int | None, typer.Option(help="Longer side in pixels (512), or one cell of a sheet (320).")] = None,
    expression: Annotated[
        str, typer.Option(metavar="NAME=VALUE,...", help="ARKit blendshapes: jawOpen=0.7,eyeBlinkLeft=1.")
    ] = "",
    background: Annotated[str, typer.Option(help="plate, transparent or #rrggbb.")] = "plate",
    sheet: Annotated[bool, typer.Option("--sheet", help="Yaw −45…45 × four expressions.")] = False,
    guessed: Annotated[bool, typer.Option("--guessed", help="Tint what the portrait did not show.")] = False,
    as_json: JsonFlag = False,
) -> None:
    """Show an avatar as a picture."""
    from studio.core.avatar import parse_background
    from studio.core.export import credentials_of, view_picture, view_sheet
    from studio.core.media.image import save_png
    from studio.core.project.archive import load_avatar

    _check_out(out, ".png")
    behind, shapes = parse_background(background), parse_expression(expression)
    if sheet and (yaw or pitch or zoom != 1 or shapes):
        raise UserError(
            "A sheet has its own angles and expressions; leave out --yaw, --pitch, --zoom and --expression, or --sheet."
        )
    avatar = load_avatar(avatar_file)
    console.tell_consent(avatar, as_json)
    if sheet:
        pixels = view_sheet(avatar, 320 if size is None else size, behind, show_guessed=guessed)
    else:
        pixels = view_picture(
            avatar,
            yaw=yaw,
            pitch=pitch,
            zoom=zoom,
            size=512 if size is None else size,
            expression=shapes,
            background=behind,
            show_guessed=guessed,
        )
    save_png(out, pixels, {"Title": f"{avatar.name} (synthetic)"}, credentials_of(avatar))
    console.answer({"picture": str(out), "width": pixels.shape[1], "height": pixels.shape[0]}, f"Wrote {out}", as_json)


@app.command()
def export(
    avatar_file: AvatarFile,
    out: Annotated[
        Path,
        typer.Option(
            "-o",
            "--out",
            metavar="HEAD.ply|.spz|.glb",
            help="Splats: .ply as 3D Gaussian Splatting has it, .spz a quarter as large, .glb with "
            "KHR_gaussian_splatting. With --mesh: .glb.",
        ),
    ],
    mesh: Annotated[
        bool,
        typer.Option("--mesh", help="A bald head as textured triangles with the 52 ARKit shapes, hair painted on."),
    ] = False,
    expression: Annotated[
        str, typer.Option(metavar="NAME=VALUE,...", help="The splats' pose, in ARKit blendshapes; at rest without it.")
    ] = "",
    as_json: JsonFlag = False,
) -> None:
    """Write the head as splats or as a mesh, for other programs."""
    from studio.core.export_mesh import export_mesh
    from studio.core.export_splats import export_splats
    from studio.core.gaussians.splat_file import SUFFIXES
    from studio.core.motion.motion import Motion
    from studio.core.project.archive import load_avatar

    _check_out(out, *((".glb",) if mesh else SUFFIXES))
    shapes = parse_expression(expression)
    if mesh and shapes:
        raise UserError("A mesh has every expression in it, at rest; leave out --expression, or --mesh.")
    avatar = load_avatar(avatar_file)
    console.tell_consent(avatar, as_json)
    with console.progress(as_json) as show:
        if mesh:
            made = console.finish(export_mesh(avatar, out), show)
            said = f"{made.vertices} vertices, {made.shapes} shapes, face drawn again {made.face_psnr:.0f} dB"
        else:
            made = console.finish(export_splats(avatar, out, Motion.arkit(0.0, None, **shapes)), show)
            said = f"{made.gaussians} splats, drawn again {made.psnr:.0f} dB"
    console.answer({**asdict(made), "path": str(out)}, f"Wrote {out}: {said}, {made.bytes / 1e6:.1f} MB", as_json)


@app.command()
def info(avatar_file: AvatarFile, as_json: JsonFlag = False) -> None:
    """Say what an avatar file holds."""
    from studio.core.project.archive import read_header

    header = read_header(avatar_file)
    stated = f"stated ({header.consent.by})" if header.consent.stated else "not stated"
    lines: list[tuple[str, str]] = [
        ("name", header.name),
        ("engine", header.engine),
        ("head", header.options.head),
        ("quality", header.options.quality),
        ("made by", header.program),
        ("created", header.created),
        ("consent", stated),
        ("provenance", header.provenance),
        ("size", f"{header.size / 1e6:.1f} MB, {len(header.arrays)} arrays"),
        *([("speaks", header.style.in_words())] if header.style.agreement else []),
        *(("note", note) for note in header.notes),
    ]
    told = asdict(header) | {"options": header.options.told()}
    console.answer(told, "\n".join(f"{key:<11}{value}" for key, value in lines), as_json)


@app.command()
def inspect(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="A clip, a picture, or a folder of pictures.")],
    as_json: JsonFlag = False,
) -> None:
    """Say where a clip or picture came from: its Content Credentials and its plain metadata."""
    from studio.core.inspection import inspect_file

    found = inspect_file(file)
    console.answer(asdict(found) | {"synthetic": found.says_synthetic}, "\n".join(found.lines()), as_json)


@app.command()
def doctor(as_json: JsonFlag = False) -> None:
    """Say what this machine can do, and why not the rest."""
    from studio.core.doctor import report

    found = report()
    console.answer(found.as_dict(), found.as_text(), as_json)


@app.command()
def demo(
    out: Annotated[Path, typer.Option("-o", "--out", metavar="DIR", help="Folder to write to.")] = Path("out"),
    as_json: JsonFlag = False,
) -> None:
    """Build the sample portrait, let it speak, and say where the results are: no display needed."""
    from studio.core.build import build_avatar
    from studio.core.export import credentials_of, view_sheet
    from studio.core.export_clip import speak_clip
    from studio.core.jobs import Stopwatch
    from studio.core.media.files import check_writable
    from studio.core.media.image import save_png
    from studio.core.project.archive import save_avatar
    from studio.core.sample import CONSENT, sample_portrait, sample_speech

    try:
        out.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise UserError(f"'{out}' cannot be made; choose another folder with -o.") from error
    files = {"avatar": out / "sample.avatar", "sheet": out / "sample_sheet.png", "clip": out / "sample.mp4"}
    for path in files.values():
        check_writable(path)
    seconds: dict[str, float] = {}
    with console.native_messages_in_log(), console.progress(as_json) as show:
        watch = Stopwatch()
        avatar = console.finish(build_avatar(sample_portrait(), consent=CONSENT), show)
        save_avatar(avatar, files["avatar"])
        seconds["avatar"] = watch.elapsed
        show(Progress(0.0, "rendering the view sheet"))
        title = {"Title": f"{avatar.name} (synthetic)"}
        save_png(files["sheet"], view_sheet(avatar), title, credentials_of(avatar))
        seconds["sheet"] = watch.elapsed - seconds["avatar"]
        report = console.finish(speak_clip(avatar, sample_speech(), files["clip"]), show)
        seconds["clip"] = report.seconds
    text = "\n".join(f"{what:<8}{path}  ({seconds[what]:.1f} s)" for what, path in files.items())
    console.answer({**{k: str(v) for k, v in files.items()}, "seconds": seconds}, text, as_json)


def parse_expression(text: str) -> dict[str, float]:
    """Read ``jawOpen=0.7,eyeBlinkLeft=1``.

    Raises
    ------
    UserError
        If a name is unknown (the nearest one is suggested) or a value is not a number from 0 to 1.
    """
    from difflib import get_close_matches

    from studio.core.heads.arkit import ARKIT_NAMES

    shapes: dict[str, float] = {}
    for part in filter(None, (piece.strip() for piece in text.split(","))):
        name, _, number = (piece.strip() for piece in part.partition("="))
        if name not in ARKIT_NAMES:
            lowered = {known.lower(): known for known in ARKIT_NAMES}
            near = get_close_matches(name.lower(), lowered, n=1, cutoff=0.5)
            hint = f"did you mean {lowered[near[0]]}?" if near else "use ARKit names such as jawOpen."
            raise UserError(f"There is no blendshape called '{name}'; {hint}")
        try:
            value = float(number)
        except ValueError:
            value = float("nan")
        if not 0 <= value <= 1:
            raise UserError(f"'{part}' is not an expression; give each name a number from 0 to 1: {name}=0.7")
        shapes[name] = value
    return shapes


def _check_out(path: Path, *suffixes: str) -> None:
    """Refuse a file that could not be written at the end, before anything is made for it."""
    from studio.core.media.files import check_writable

    if path.suffix.lower() not in suffixes:
        raise UserError(f"'{path.name}' should end with {' or '.join(suffixes)}; name the file so.")
    check_writable(path)


def _interrupt(*_: object) -> NoReturn:
    raise KeyboardInterrupt


def _now() -> str:
    from datetime import UTC, datetime

    return datetime.now(UTC).isoformat(timespec="seconds")


def _no_window() -> str | None:
    """Return why no window can be shown, or None."""
    if not sys.platform.startswith("linux") or os.environ.get("QT_QPA_PLATFORM"):
        return None
    if not (os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY")):
        return "there is no display"
    return None
