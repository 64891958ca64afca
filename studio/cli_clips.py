"""The commands that make clips: `avatar-studio speak`, `avatar-studio turntable` and `avatar-studio render`."""

from dataclasses import asdict, replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from studio import console
from studio.console import JsonFlag
from studio.core.errors import UserError

if TYPE_CHECKING:
    from studio.core.export_clip import ClipOptions, ClipReport
    from studio.core.speech.settings import SpeechSettings

clips_app = typer.Typer()

AvatarFile = Annotated[Path, typer.Argument(metavar="A.avatar", help="A built avatar.")]
Fps = Annotated[float, typer.Option(help="Frames per second.")]
Size = Annotated[str, typer.Option(metavar="N|WxH", help="Side of the square clip in pixels, or 1280x720.")]
BackgroundName = Annotated[
    str, typer.Option("--background", help="plate, #rrggbb, or transparent (.mov, .webm and folders).")
]
QualityName = Annotated[str, typer.Option("--quality", help="draft, standard or high.")]
Depth = Annotated[int, typer.Option(help="Bits of the pictures of a folder: 8 or 16.")]
Label = Annotated[bool, typer.Option("--label", help="Show the word synthetic in the corner.")]
_OUT = (
    "The clip to write: .mp4 (H.264), .mov (ProRes 4444, with alpha), .webm (VP9, with alpha), or a name without a "
    "suffix for a folder of PNG pictures."
)


@clips_app.command()
def speak(
    avatar_file: AvatarFile,
    speech: Annotated[
        Path,
        typer.Argument(
            metavar="SPEECH.wav", help="A recording of speech, of seconds or hours: WAV, FLAC, MP3, OGG, M4A or MP4."
        ),
    ],
    out: Annotated[
        Path,
        typer.Option("-o", "--out", metavar="C.mp4|.mov|.webm|FOLDER|M.csv", help=f"{_OUT} .csv: the motion alone."),
    ],
    fps: Fps = 25.0,
    size: Size = "512",
    seed: Annotated[int, typer.Option(min=0, help="Seed of blinks and idle motion.")] = 0,
    background: BackgroundName = "plate",
    quality: QualityName = "standard",
    begin: Annotated[float, typer.Option(min=0, help="Seconds at which the clip begins.")] = 0.0,
    end: Annotated[float | None, typer.Option(min=0, help="Seconds at which it ends; the recording's end.")] = None,
    depth: Depth = 8,
    label: Label = False,
    gain: Annotated[float, typer.Option(min=0, max=2, help="How far the mouth opens and rounds.")] = 1.0,
    closure: Annotated[
        float, typer.Option(min=0, max=2, help="How readily the lips shut on p, b and m; 0 never shuts them.")
    ] = 1.0,
    emphasis: Annotated[
        float, typer.Option(min=0, max=2, help="How much loud and stressed syllables move mouth, head and brows.")
    ] = 1.0,
    smoothing: Annotated[
        float, typer.Option(min=0, max=1, help="How much slower jaw and lip shapes change; lips shut as fast.")
    ] = 0.0,
    sensitivity: Annotated[
        float,
        typer.Option(min=0, max=1, help="How little sound counts as a voice: lower in noise, higher for a soft voice."),
    ] = 0.5,
    as_json: JsonFlag = False,
) -> None:
    """Make a clip of an avatar speaking a recording."""
    from studio.core.export_clip import speak_clip
    from studio.core.project.archive import load_avatar
    from studio.core.speech.settings import SpeechSettings

    settings = SpeechSettings(
        gain=gain, closure=closure, emphasis=emphasis, smoothing=smoothing, sensitivity=sensitivity
    )
    if out.suffix.lower() == ".csv":
        _write_motion(avatar_file, speech, out, settings, seed, fps, begin, end, as_json)
        return
    options = replace(_options(out, size, fps, background, quality, depth, label), begin=begin, end=end)
    avatar = load_avatar(avatar_file)
    console.tell_consent(avatar, as_json)
    with console.progress(as_json) as show:
        report = console.finish(speak_clip(avatar, speech, out, options, settings, seed), show)
    _tell(report, as_json)


@clips_app.command()
def turntable(
    avatar_file: AvatarFile,
    out: Annotated[Path, typer.Option("-o", "--out", metavar="C.mp4|.mov|.webm|FOLDER", help=_OUT)],
    seconds: Annotated[float, typer.Option(min=0.1, max=600, help="How long one turn takes.")] = 6.0,
    sweep: Annotated[
        float, typer.Option(min=0, max=180, help="Degrees to either side; 180 goes all the way round.")
    ] = 45.0,
    pitch: Annotated[float, typer.Option(min=-60, max=60, help="Degrees; positive raises the viewer.")] = 0.0,
    fps: Fps = 25.0,
    size: Size = "512",
    background: BackgroundName = "plate",
    quality: QualityName = "standard",
    depth: Depth = 8,
    label: Label = False,
    as_json: JsonFlag = False,
) -> None:
    """Make a clip that shows an avatar from side to side, its end meeting its beginning."""
    from studio.core.export_clip import write_clip
    from studio.core.performance import Turntable
    from studio.core.project.archive import load_avatar

    options = _options(out, size, fps, background, quality, depth, label)
    avatar = load_avatar(avatar_file)
    console.tell_consent(avatar, as_json)
    with console.progress(as_json) as show:
        report = console.finish(write_clip(avatar, Turntable(seconds, sweep, pitch), out, options), show)
    _tell(report, as_json)


@clips_app.command()
def render(
    project: Annotated[Path, typer.Argument(metavar="PROJECT.astudio", help="A saved project.")],
    out: Annotated[Path, typer.Option("-o", "--out", metavar="C.mp4|.mov|.webm|FOLDER", help=_OUT)],
    fps: Fps = 25.0,
    size: Size = "512",
    background: Annotated[
        str, typer.Option("--background", help="plate, #rrggbb, or transparent; the project's own without it.")
    ] = "",
    quality: QualityName = "standard",
    begin: Annotated[float, typer.Option(min=0, help="Seconds at which the clip begins.")] = 0.0,
    end: Annotated[float | None, typer.Option(min=0, help="Seconds at which it ends; the timeline's end.")] = None,
    depth: Depth = 8,
    label: Label = False,
    as_json: JsonFlag = False,
) -> None:
    """Make a clip of a project's timeline: its takes, curves, sounds and camera."""
    from tempfile import TemporaryDirectory

    from studio.core.avatar import follows_sound
    from studio.core.export_clip import write_clip
    from studio.core.motion.motion import Motion
    from studio.core.performance import timeline_played
    from studio.core.project.archive import load_avatar
    from studio.core.project.links import Places
    from studio.core.project.project_file import open_project

    with TemporaryDirectory(prefix="avatar-studio-") as folder, console.progress(as_json) as show:
        places = Places(Path(folder) / "avatars", Path(folder) / "media")
        opened = console.finish(open_project(project, places), show)
        for remark in opened.remarks:
            console.note(remark, as_json)
        state = opened.state
        behind = background or state.background
        if behind in state.media:
            raise UserError("The project's background is a picture; give another one with --background.")
        options = replace(_options(out, size, fps, behind, quality, depth, label), begin=begin, end=end)
        ref = next((ref for ref in state.avatars if ref.key == state.shown), None)
        if ref is None or not ref.path:
            raise UserError(f"'{project.name}' shows no head; choose one in the window and save it again.")
        avatar = load_avatar(Path(ref.path))
        console.tell_consent(avatar, as_json)
        files = {key: media.path for key, media in state.media.items()}
        expression = Motion.arkit(0.0, None, **state.expression)
        heard = follows_sound(avatar)
        played = timeline_played(state.timeline, opened.motions, files, expression, state.gains, heard=heard)
        report = console.finish(write_clip(avatar, console.finish(played, show), out, options), show)
    _tell(report, as_json)


def _options(out: Path, size: str, fps: float, background: str, quality: str, depth: int, label: bool) -> "ClipOptions":
    """Read what both commands take, and refuse what could not be written at the end."""
    from studio.core.avatar import parse_background
    from studio.core.export_clip import ClipOptions, check_options
    from studio.core.media.clip_format import format_of
    from studio.core.media.files import check_new_folder, check_writable

    form = format_of(out, depth)
    width, _, height = size.lower().partition("x")
    try:
        sides = int(width), int(height or width)
    except ValueError as error:
        raise UserError(f"'{size}' is no size; use 512 or 1280x720.") from error
    options = ClipOptions(
        *sides, fps=fps, background=parse_background(background), depth=depth, label=label,
        quality=quality,  # pyright: ignore[reportArgumentType] - checked next
    )  # fmt: skip
    check_options(options, form)
    (check_writable if form.suffix else check_new_folder)(out)
    return options


def _write_motion(
    avatar_file: Path,
    recording: Path,
    out: Path,
    settings: "SpeechSettings",
    seed: int,
    fps: float,
    begin: float,
    end: float | None,
    as_json: bool,
) -> None:
    from studio.core.media.files import check_writable
    from studio.core.motion.track import write_arkit_csv
    from studio.core.performance import as_motion, speech
    from studio.core.project.archive import read_header

    if not 1 <= fps <= 120:
        raise UserError(f"The fps {fps:g} is out of range; use 1 to 120 frames per second.")
    check_writable(out)
    style = read_header(avatar_file).style
    with console.progress(as_json) as show:
        spoken = console.finish(speech(recording, settings, seed, style), show)
    motion = as_motion(spoken, fps, begin, end)
    write_arkit_csv(motion, out)
    for note in spoken.notes:
        console.note(note, as_json)
    result = {"motion": str(out), "frames": len(motion), "fps": fps}
    console.answer(result, f"Wrote {out}: {len(motion)} frames of 52 ARKit channels", as_json)


def _tell(report: "ClipReport", as_json: bool) -> None:
    from studio.core.media.credentials import missing

    for note in report.notes:
        console.note(note, as_json)
    if not report.signed:
        reason = missing() or "this format holds none"
        console.note(f"No Content Credentials: {reason}. Its metadata says that it is synthetic.", as_json)
    console.answer(
        {**asdict(report), "path": str(report.path), "real_time_factor": report.real_time_factor},
        f"Wrote {report.path}: {report.frames} frames, {report.duration:.2f} s, {report.bytes / 1e6:.1f} MB, "
        f"{report.psnr:.0f} dB, in {report.seconds:.1f} s ({report.real_time_factor:.1f}× real time)",
        as_json,
    )
