"""The commands that take motion from a video: `avatar-studio track`, `reenact` and `personalize`."""

from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from studio import console
from studio.console import JsonFlag
from studio.core.errors import UserError

if TYPE_CHECKING:
    from studio.core.tracking.gains import FaceGains

motion_app = typer.Typer()

WhichFace = Annotated[
    int, typer.Option("--face", min=1, max=4, help="Which face, where several are seen: 1 is the largest.")
]


@motion_app.command()
def track(
    video: Annotated[Path, typer.Argument(metavar="VIDEO", help="A clip of one face.")],
    out: Annotated[
        Path,
        typer.Option(
            "-o", "--out", metavar="M.npz|M.csv",
            help="The track to write: .npz for reenact, .csv (ARKit, as Live Link Face writes it) for other programs.",
        ),
    ],
    refine: Annotated[
        Path | None,
        typer.Option(
            metavar="A.avatar", help="Correct every frame by what this avatar of the same person looks like there."
        ),
    ] = None,
    face: WhichFace = 1,
    as_json: JsonFlag = False,
) -> None:  # fmt: skip
    """Track the face in a video: head pose, 52 ARKit expressions, gaze."""
    import numpy as np

    from studio.core.media.files import check_writable
    from studio.core.motion.track import save_track, write_arkit_csv
    from studio.core.project.archive import load_avatar
    from studio.core.tracking.clip import track_clip
    from studio.core.tracking.refine import refine_track

    suffix = out.suffix.lower()
    if suffix not in (".npz", ".csv"):
        raise UserError(f"'{out.name}' should end with .npz or .csv; name the file so.")
    check_writable(out)
    avatar = None if refine is None else load_avatar(refine)
    with console.native_messages_in_log(), console.progress(as_json) as show:
        tracked = console.finish(track_clip(video, face=face), show)
        found = tracked.track
        if avatar is not None:
            found = console.finish(refine_track(avatar, found, video), show)
    if suffix == ".npz":
        save_track(found, out)
    else:
        write_arkit_csv(found.motion, out)
    for sentence in tracked.notes:
        console.note(sentence, as_json)
    error = float(np.nanmedian(tracked.error) * 100)
    result = {
        "track": str(out),
        "frames": len(found.motion),
        "duration": found.duration,
        "lost": int(np.isnan(tracked.error).sum()),
        "error": error,
        "confidence": float(np.median(found.motion.confidence)),
        "notes": tracked.notes,
    }
    console.answer(
        result,
        f"Wrote {out}: {result['frames']} frames, {found.duration:.2f} s; landmarks met to {error:.1f} % of the "
        "distance between the eyes",
        as_json,
    )


@motion_app.command()
def reenact(
    avatar_file: Annotated[Path, typer.Argument(metavar="A.avatar", help="A built avatar.")],
    source: Annotated[Path, typer.Argument(metavar="VIDEO|M.npz", help="A clip of one face, or a track of it.")],
    out: Annotated[Path, typer.Option("-o", "--out", metavar="C.mp4", help="The clip to write.")],
    framing: Annotated[
        str,
        typer.Option(
            help="avatar: moves from its own rest, in its own framing. video: placed and as large as in the video."
        ),
    ] = "avatar",
    audio: Annotated[str, typer.Option(help="keep the video's sound, or none.")] = "keep",
    size: Annotated[int, typer.Option(help="Side of the square clip in pixels, with --framing avatar.")] = 512,
    background: Annotated[str, typer.Option(help="plate or #rrggbb.")] = "plate",
    gain: Annotated[
        list[str] | None,
        typer.Option(
            metavar="CHANNEL=VALUE",
            help="Multiply channels whose names begin so, as in jaw=1.2 or eyeBlinkLeft=0; head=0.5 turns the head "
            "half as far, with --framing avatar. May be given again.",
        ),
    ] = None,
    refine: Annotated[
        bool, typer.Option("--refine", help="Correct every frame by the avatar's looks; the same person's only.")
    ] = False,
    face: WhichFace = 1,
    as_json: JsonFlag = False,
) -> None:
    """Let the face in a video, or a track of it, drive an avatar: nothing but its motion passes."""
    from studio.core.avatar import parse_background
    from studio.core.media.files import check_writable
    from studio.core.project.archive import load_avatar
    from studio.core.reenactment import reenact_clip

    if out.suffix.lower() != ".mp4":
        raise UserError(f"'{out.name}' should end with .mp4; name the file so.")
    check_writable(out)
    gains = _parsed_gains(gain or [])
    behind = parse_background(background)
    if isinstance(behind, str) and behind == "transparent":
        raise UserError("A clip cannot be transparent; use the background plate or a colour.")
    avatar = load_avatar(avatar_file)
    console.tell_consent(avatar, as_json)
    with console.native_messages_in_log(), console.progress(as_json) as show:
        # The job checks both words, so that every caller hears the same sentence.
        job = reenact_clip(avatar, source, out, framing, audio, size, behind, gains, refine=refine, face=face)  # pyright: ignore[reportArgumentType]
        report = console.finish(job, show)
    for sentence in report.notes:
        console.note(sentence, as_json)
    console.answer(
        asdict(report) | {"path": str(out)},
        f"Wrote {out}: {report.frames} frames, {report.duration:.2f} s, in {report.seconds:.1f} s",
        as_json,
    )


@motion_app.command()
def personalize(
    avatar_file: Annotated[Path, typer.Argument(metavar="A.avatar", help="A built avatar.")],
    sources: Annotated[
        list[Path], typer.Argument(metavar="VIDEO|PICTURE...", help="A clip, or several pictures, of its person.")
    ],
    out: Annotated[Path, typer.Option("-o", "--out", metavar="B.avatar", help="The better avatar to write.")],
    minutes: Annotated[float, typer.Option(min=0.1, max=600, help="Learn for at most so long.")] = 8.0,
    same_person: Annotated[
        bool, typer.Option("--same-person", help="Say that the clip shows the avatar's person, however it looks.")
    ] = False,
    face: WhichFace = 1,
    as_json: JsonFlag = False,
) -> None:
    """Learn a clip, or several pictures, of an avatar's person: what the portrait did not show, and how it moves.

    Stopped or killed, the same command goes on where it was.
    """
    from studio.core.media.files import check_writable
    from studio.core.personalize import personalize_avatar
    from studio.core.project.archive import load_avatar, save_avatar

    if out.suffix.lower() != ".avatar":
        raise UserError(f"'{out.name}' should end with .avatar; name the file so.")
    check_writable(out)
    avatar = load_avatar(avatar_file)
    if not avatar.consent.stated:
        console.note("This avatar was built without stated consent.", as_json)
    kept_in = out.with_name(f".{out.name}.learning")
    with console.native_messages_in_log(), console.progress(as_json) as show:
        done = console.finish(personalize_avatar(avatar, sources, minutes, same_person, kept_in, face=face), show)
    save_avatar(done.avatar, out)
    for sentence in done.notes:
        console.note(sentence, as_json)
    result = {
        "avatar": str(out), "before": done.before, "now": done.now, "seconds": done.seconds, "notes": done.notes,
    }  # fmt: skip
    console.answer(
        result,
        f"Wrote {out}: {done.before:.1f} → {done.now:.1f} dB on frames held back, in {done.seconds:.0f} s",
        as_json,
    )


def _parsed_gains(words: list[str]) -> "FaceGains":
    """Return the gains that ``CHANNEL=VALUE`` words ask for.

    Raises
    ------
    UserError
        If one is not written so, names no channel, or is out of range.
    """
    from studio.core.tracking.gains import FaceGains

    channels: dict[str, float] = {}
    for word in words:
        name, _, value = word.partition("=")
        try:
            channels[name.strip()] = float(value)
        except ValueError as error:
            raise UserError(f"'{word}' is no gain; write one like jaw=1.2 or head=0.5.") from error
    gains = FaceGains(channels={name: value for name, value in channels.items() if name != "head"})
    gains.of_channels()  # refuses what names no channel, before anything is tracked
    return gains.with_head(channels["head"]) if "head" in channels else gains
