"""The jobs that write files for others: each gets everything it needs as arguments and knows no widget."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Literal

import numpy as np
from numpy.typing import NDArray

from studio.core.avatar import Avatar, follows_sound
from studio.core.jobs import Job, Progress
from studio.core.project.timeline import Timeline

if TYPE_CHECKING:
    from studio.core.export_clip import ClipOptions
    from studio.core.export_estimate import Estimate
    from studio.core.motion.motion import Motion
    from studio.core.performance import Performance

TURN_SECONDS = 6.0
Source = Literal["timeline", "turntable"]
SOURCES: tuple[Source, ...] = ("timeline", "turntable")


@dataclass(frozen=True)
class Exported:
    """A finished export: where it lies, and what is to be said of it."""

    path: Path
    said: str = ""


@dataclass(frozen=True, eq=False)
class Shown:
    """What a clip shows, before its recordings are read.

    Attributes
    ----------
    timeline, motions, files
        For "timeline": with its stored motions, and where its sounds lie, by key.
    gains
        By what ARKit channels of the timeline are multiplied.
    expression
        What the sliders ask for, on top.
    """

    source: Source
    expression: "Motion"
    timeline: Timeline = field(default_factory=Timeline)
    gains: Mapping[str, float] = field(default_factory=dict)
    motions: "Mapping[str, Motion]" = field(default_factory=dict)
    files: Mapping[str, str] = field(default_factory=dict)


def perform(shown: Shown, heard: bool = False) -> "Job[Performance]":
    """Read the recordings of what is to be shown; they are `heard` for an avatar of the space "audio"."""
    yield Progress(0.0, "starting")
    from studio.core.performance import Turntable, timeline_played

    if shown.source == "turntable":
        return Turntable(TURN_SECONDS, frame=shown.expression)
    played = timeline_played(shown.timeline, shown.motions, shown.files, shown.expression, shown.gains, heard=heard)
    return (yield from played)


def export_clip(avatar: Avatar, shown: Shown, out: Path, options: "ClipOptions") -> Job[Exported]:
    """Write a clip; what is said is its likeness, and what is wrong with its recordings."""
    performance = yield from perform(shown, follows_sound(avatar))
    from studio.core.export_clip import write_clip

    report = yield from write_clip(avatar, performance, out, options)
    size = f"{report.bytes / 1e6:.1f} MB" if report.bytes > 1e5 else f"{report.bytes / 1e3:.0f} kB"
    said = [f"{report.frames} frames, {size}, read back at {report.psnr:.0f} dB.", *report.notes]
    return Exported(out, " ".join(said))


def estimate_clip(avatar: Avatar, shown: Shown, name: str, options: "ClipOptions") -> "Job[Estimate]":
    """Measure on some frames how long a clip takes and how large it gets."""
    performance = yield from perform(shown, follows_sound(avatar))
    from studio.core.export_estimate import estimate_clip
    from studio.core.media.clip_format import FORMATS

    return (yield from estimate_clip(avatar, performance, FORMATS[name], options))


def export_motion(shown: Shown, out: Path, fps: float, begin: float, end: float | None) -> Job[Exported]:
    """Write how the head moves as ARKit CSV."""
    performance = yield from perform(shown)
    yield Progress(0.3, "following the motion")
    from studio.core.motion.track import write_arkit_csv
    from studio.core.performance import as_motion

    motion = as_motion(performance, fps, begin, end)
    yield Progress(0.9, "writing it")
    write_arkit_csv(motion, out)
    return Exported(out, f"{len(motion)} frames of 52 ARKit channels.")


def export_splats(avatar: Avatar, pose: "Motion", out: Path) -> Job[Exported]:
    """Write the head as splats; what is said is how like the head they are."""
    yield Progress(0.0, "starting")
    from studio.core.export_splats import export_splats

    report = yield from export_splats(avatar, out, pose)
    return Exported(out, f"{report.gaussians} splats, drawn again {report.psnr:.0f} dB.")


def export_mesh(avatar: Avatar, out: Path) -> Job[Exported]:
    """Write the head as a mesh; what is said is how like the head its face is."""
    yield Progress(0.0, "starting")
    from studio.core.export_mesh import export_mesh

    report = yield from export_mesh(avatar, out)
    said = f"{report.vertices} vertices, {report.shapes} shapes, face drawn again {report.face_psnr:.0f} dB."
    return Exported(out, said)


def export_still(avatar: Avatar, pixels: NDArray[np.uint8], out: Path) -> Job[Exported]:
    """Write the picture of an avatar that is on show."""
    yield Progress(0.0, "writing the picture")
    from studio.core.export import credentials_of
    from studio.core.media.image import save_png

    save_png(out, pixels, None, credentials_of(avatar))
    return Exported(out)


def export_sheet(avatar: Avatar, size: int, out: Path) -> Job[Exported]:
    """Write the sheet of views and expressions."""
    yield Progress(0.0, "rendering the sheet")
    from studio.core.export import credentials_of, view_sheet
    from studio.core.media.image import save_png

    sheet = view_sheet(avatar, size)
    yield Progress(0.9, "writing the picture")
    save_png(out, sheet, None, credentials_of(avatar))
    return Exported(out)


def sweep() -> Job[int]:
    """Remove what killed exports left half written; return how many files and folders it was."""
    yield Progress(0.0, "looking for unfinished exports")
    from studio.core.unfinished import sweep

    return len(sweep())
