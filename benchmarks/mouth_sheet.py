"""Mouth crops every 40 ms under the waveform, closures marked: to look at what the figures of speech cannot say.

    python benchmarks/mouth_sheet.py A.avatar SPEECH.flac -o sheet.png [--start 0 --seconds 6]
        [--file | --live] [--face]

The mouth is the live driver's, all sound known; with `--file` that of a clip; with `--live` the pixels that the real
window painted while the recording was played into its microphone (a null sink of PulseAudio; xvfb-run gives a display),
each under the sound that the microphone heard. `--face` shows the whole face, with head, eyes and brows.

A bar over a crop says how far the lips are sealed; the line over the bars is the jaw. A TextGrid beside the recording
puts its p, b, m, f and v under the waveform.
"""

import studio  # noqa: F401 - first of all: it keeps numpy's OpenBLAS to one thread

# isort: split
import argparse
from dataclasses import replace
from pathlib import Path

import numpy as np
import scipy.signal
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont

from studio.core.avatar import Avatar
from studio.core.frame_stream import allocate, stream
from studio.core.framing import square_camera
from studio.core.gaussians.camera import Camera
from studio.core.heads.arkit import ARKIT_INDEX
from studio.core.media.audio import load_audio
from studio.core.motion.motion import Motion
from studio.core.orbit import Orbit
from studio.core.project.archive import load_avatar
from studio.core.speech.recording import motion_frames
from studio.core.speech.settings import SpeechSettings
from studio.core.speech.stream import SpeechDriver

RATE = 16_000
STEP = 0.04  # s
ROW = 25  # crops of the mouth: a second
CELL, FACE = 72, 150  # px, width and height of a crop of the mouth, and of the face
ROOM = 1.9  # of a crop, over the width of what moves when the lips pucker
WAVE, TRACK = 36, 26  # px
SIZE = 256  # px of the square picture in which the mouth is looked for
JAW, CLOSE = ARKIT_INDEX["jawOpen"], ARKIT_INDEX["mouthClose"]
_ABOVE_RUMBLE = scipy.signal.butter(2, 60, "highpass", fs=RATE, output="sos")
INK, PAPER, WARM, COLD = "#d8dbe2", "#16181d", "#e69f00", "#56b4e9"


def mouth_motion(samples: NDArray[np.float32], settings: SpeechSettings, times: NDArray[np.float64]) -> list[Motion]:
    """Return the mouth at each time, s, the head at rest: what moves is only speech."""
    driver = SpeechDriver(settings)
    driver.push(np.concatenate([samples, np.zeros(RATE // 5, np.float32)]))
    return [driver.read(time) for time in times]


def clip_motion(
    samples: NDArray[np.float32], settings: SpeechSettings, times: NDArray[np.float64], lively: bool
) -> list[Motion]:
    """Return what a clip shows at each time, s; the head at rest unless it is `lively`."""
    frames = list(motion_frames([samples], 1 / STEP, settings))
    shown = [frames[min(round(time / STEP), len(frames) - 1)] for time in times]
    return shown if lively else [replace(frame, head_pose=np.zeros_like(frame.head_pose)) for frame in shown]


def mouth_box(avatar: Avatar, camera: Camera) -> tuple[float, float, float]:
    """Return left, top and side, px, of the square of a view that holds the mouth: what moves when the lips pucker."""
    frames = [Motion.neutral(), Motion.arkit(mouthPucker=1.0)]
    memory = allocate(avatar, camera, 2)
    rest, puckered = list(stream(avatar, frames, camera, "plate", memory.pop))
    moved = np.abs(rest[..., :3].astype(int) - puckered[..., :3]).sum(axis=2)
    rows, columns = np.nonzero(moved > 0.4 * moved.max())
    (left, right), (top, bottom) = np.percentile(columns, (3, 97)), np.percentile(rows, (3, 97))
    side = ROOM * (right - left)
    return (left + right - side) / 2, (top + bottom - 0.9 * side) / 2, side


def crops(avatar: Avatar, frames: list[Motion], face: bool) -> list[Image.Image]:
    """Render the mouth, or the face, of every frame."""
    camera = Orbit().camera(avatar, FACE)
    if not face:
        left, top, side = mouth_box(avatar, square_camera(avatar, SIZE))
        camera = square_camera(avatar, SIZE).cropped(left, top, side, side, CELL, CELL)
    memory = allocate(avatar, camera, 1)
    cells = []
    for rgba in stream(avatar, frames, camera, "plate", memory.pop):
        cells.append(Image.fromarray(rgba[..., :3].copy()))
        memory.append(rgba)
    return cells


def live_crops(
    avatar: Path, samples: NDArray[np.float32], settings: SpeechSettings, times: NDArray[np.float64], face: bool
) -> tuple[NDArray[np.float32], list[Motion], list[Image.Image]]:
    """Return what the microphone heard ``[S]``, and for each time, s, the motion and the pixels that were painted."""
    from mouth_live import watch

    shown, heard, seen = watch(avatar, samples, settings)
    size = seen[0].rgb.shape[0]
    left, top, side = mouth_box(shown, Orbit().camera(shown, size))
    box = (0, 0, size, size) if face else (left, top, left + side, top + side)
    nearest = [min(seen, key=lambda frame: abs(frame.second - time)) for time in times]
    far = max(abs(frame.second - time) for frame, time in zip(nearest, times, strict=True))
    late = [1000 * frame.late for frame in seen]
    print(
        f"{len(seen) / max(seen[-1].second - seen[0].second, 1e-9):.0f} frames/s; a crop shows sound at most "
        f"{1000 * far:.0f} ms beside its own; painted {np.median(late):.0f} ms after its sound, at most {max(late):.0f}"
    )
    cell = FACE if face else CELL
    pictures = [Image.fromarray(frame.rgb).resize((cell, cell), Image.Resampling.LANCZOS, box) for frame in nearest]
    return heard, [frame.motion for frame in nearest], pictures


def labials(recording: Path) -> list[tuple[float, float, str]]:
    """Return the spans of p, b, m, f and v that a TextGrid beside the recording marks."""
    grid = recording.with_suffix(".TextGrid")
    if not grid.exists():
        return []
    lines = [line.strip().strip('"') for line in grid.read_text(encoding="utf-8").splitlines()]
    start = lines.index("phones") + 4
    rows = [(lines[k], lines[k + 1], lines[k + 2].upper()) for k in range(start, len(lines) - 2, 3)]
    return [(float(a), float(b), label) for a, b, label in rows if label in ("P", "B", "M", "F", "V")]


def sheet(
    samples: NDArray[np.float32],
    times: NDArray[np.float64],
    frames: list[Motion],
    cells: list[Image.Image],
    spans: list[tuple[float, float, str]],
) -> Image.Image:
    """Lay the crops out, a second a row, each row under its waveform."""
    width = cells[0].width
    columns = ROW * CELL // width
    height = WAVE + TRACK + cells[0].height + 6
    rows = -(-len(cells) // columns)
    page = Image.new("RGB", (columns * width, rows * height), PAPER)
    draw = ImageDraw.Draw(page)
    font = ImageFont.load_default(10)
    samples = np.asarray(scipy.signal.sosfilt(_ABOVE_RUMBLE, samples))
    loudest = float(np.abs(samples[round(times[0] * RATE) : round((times[-1] + STEP) * RATE)]).max()) or 1.0
    for i, (time, frame, cell) in enumerate(zip(times, frames, cells, strict=True)):
        x, y = i % columns * width, i // columns * height
        page.paste(cell, (x, y + WAVE + TRACK))
        # A crop shows the middle of the 40 ms that are drawn over it.
        chunk = samples[max(round((time - STEP / 2) * RATE), 0) : round((time + STEP / 2) * RATE)]
        for column, part in enumerate(np.array_split(chunk, width)):
            if len(part):
                low, high = part.min() / loudest, part.max() / loudest
                middle = y + WAVE / 2
                draw.line((x + column, middle - high * WAVE / 2, x + column, middle - low * WAVE / 2), COLD)
        jaw, close = (float(frame.code[0, k]) for k in (JAW, CLOSE))
        base = y + WAVE + TRACK
        if close > 0:
            draw.rectangle((x + 8, base - TRACK * close / max(jaw, 1e-3), x + width - 8, base), "#7a5200")
        draw.line((x, base - TRACK * jaw, x + width, base - TRACK * jaw), WARM, 2)
        for start, end, label in spans:
            if start < time + STEP / 2 and end > time - STEP / 2:
                draw.text((x + 2, y), label, WARM, font)
        if i % columns == 0:
            draw.text((x + 12, y), f"{time:.1f} s", INK, font)
    return page


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("avatar", type=Path)
    parser.add_argument("recording", type=Path)
    parser.add_argument("-o", "--out", type=Path, required=True)
    parser.add_argument("--start", type=float, default=0.0)
    parser.add_argument("--seconds", type=float, default=6.0)
    parser.add_argument("--file", action="store_true", help="as a clip shows it")
    parser.add_argument("--live", action="store_true", help="as the window paints it, from a virtual microphone")
    parser.add_argument("--face", action="store_true", help="the whole face")
    parser.add_argument("--look-ahead", type=float, default=0.08)
    parser.add_argument("--gain", type=float, default=1.0)
    parser.add_argument("--smoothing", type=float, default=0.0)
    options = parser.parse_args()

    samples = load_audio(options.recording)
    end = min(options.start + options.seconds, len(samples) / RATE)
    times = np.arange(options.start, end, STEP)
    settings = SpeechSettings(look_ahead=options.look_ahead, gain=options.gain, smoothing=options.smoothing)
    spans = labials(options.recording)
    if options.live:
        first = round(options.start * RATE)
        samples = samples[first : round(end * RATE)]
        times = times - options.start
        spans = [(start - options.start, end - options.start, label) for start, end, label in spans]
        samples, frames, cells = live_crops(options.avatar, samples, settings, times, options.face)
    else:
        if options.file or options.face:
            frames = clip_motion(samples, settings, times, options.face)
        else:
            frames = mouth_motion(samples, settings, times)
        cells = crops(load_avatar(options.avatar), frames, options.face)
    sheet(samples, times, frames, cells, spans).save(options.out)


if __name__ == "__main__":
    main()
