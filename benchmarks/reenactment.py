"""One-shot self-reenactment: the first frame of a clip becomes an avatar that its own clip then drives.

Every 4th of the first 200 frames is compared with the real one on the head box, beside the first frame held still and
beside that frame warped in the plane by the real landmarks. Only a saved track passes from the clip to the avatar.

    python benchmarks/reenactment.py [--clips news garden] [--sheets] [--personalize MINUTES]

With ``--personalize`` the avatar also learns the first 70 % of the clip, and frames of the last 30 % judge all; they
are spread over it, so the jitter is that of frames apart. Both avatars are driven a second time by the track as
`track --refine` corrects it with their own looks: pose and expression of each frame, nothing else.
"""

import argparse
from dataclasses import astuple, fields
from pathlib import Path
from tempfile import TemporaryDirectory

import cv2
import numpy as np
from machine import machine_line
from numpy.typing import NDArray
from PIL import Image
from rich.console import Console
from rich.table import Table

from studio.core.avatar import Avatar
from studio.core.build import build_avatar
from studio.core.evaluate.baselines import still, warped
from studio.core.evaluate.clip_score import Score, score
from studio.core.evaluate.driving import reenacted
from studio.core.evaluate.face_points import N_SKIN, track_landmarks
from studio.core.evaluate.personalisation import JUDGED, unlearnt_frames
from studio.core.evaluate.self_reenactment import EVERY, FRAMES, frames_spread
from studio.core.jobs import run
from studio.core.motion.track import load_track, save_track
from studio.core.personalize import personalize_avatar
from studio.core.project.archive import save_avatar
from studio.core.tracking.clip import track_clip
from studio.core.tracking.refine import refine_track

BETTER_LEARNT = 4.0
BETTER_PSNR, BETTER_SSIM, MOUTH, LANDMARKS = 2.2, 0.07, 0.93, 2.0
_SHOWN, _CELL = 6, 320


def first_avatar(frame: NDArray[np.uint8], folder: Path) -> Avatar:
    """Build an avatar from a clip's first frame."""
    path = folder / "first.png"
    Image.fromarray(frame).save(path)
    return run(build_avatar(path, face=1))


def sheet(real: NDArray, others: list[NDArray], found: list[NDArray]) -> NDArray[np.uint8]:
    """Lay out the real clip and the made ones, one a row, with the landmarks found in each."""
    chosen = np.linspace(0, len(real) - 1, _SHOWN).astype(int)
    rows = []
    for clip, landmarks in zip([real, *others], found, strict=True):
        cells = []
        for i in chosen:
            cell = np.ascontiguousarray(cv2.resize(clip[i], (_CELL, _CELL), interpolation=cv2.INTER_AREA))
            points = landmarks[i, :N_SKIN, :2] * _CELL / clip[i].shape[1::-1]
            for x, y in points[np.isfinite(points).all(1)]:
                cv2.circle(cell, (int(x), int(y)), 0, (0, 255, 120), -1)
            cells.append(cell)
        rows.append(np.hstack(cells))
    return np.vstack(rows).astype(np.uint8)


def measure(path: Path, folder: Path, sheets: bool, minutes: float | None) -> dict[str, Score]:
    """Return the scores of still, warp, avatar and personalised avatar for one clip."""
    times, real = frames_spread(path, FRAMES, EVERY) if minutes is None else unlearnt_frames(path, JUDGED)
    landmarks = run(track_landmarks(real))
    with TemporaryDirectory() as kept:
        avatar = first_avatar(real[0], Path(kept))
        save_track(run(track_clip(path)).track, Path(kept) / "track.npz")
        track = load_track(Path(kept) / "track.npz")
    seconds = 0.0
    if minutes is not None:
        learnt = run(personalize_avatar(avatar, [path], minutes, same_person=True, until=float(times[1])))
        better, seconds = learnt.avatar, learnt.seconds
        folder.mkdir(parents=True, exist_ok=True)
        save_avatar(avatar, folder / f"{path.stem}.avatar")
        save_avatar(better, folder / f"{path.stem}_personal.avatar")
    made = {
        "still": still(real[0], len(real)),
        "2-D warp": run(warped(real[0], landmarks[0], landmarks)),
        "avatar": run(reenacted(avatar, track, times)),
    }
    if minutes is not None:
        made["personal"] = run(reenacted(better, track, times))
        for name, one in (("avatar", avatar), ("personal", better)):
            made[f"{name}, refined"] = run(reenacted(one, run(refine_track(one, track, path, times)), times))
        Console().print(f"{path.stem}: learnt in {seconds:.0f} s, tracking included")
    if sheets:
        shown = list(made.values())[1:]
        found = [landmarks, *(run(track_landmarks(clip)) for clip in shown)]
        plain = [np.full_like(points, np.nan) for points in found]
        folder.mkdir(parents=True, exist_ok=True)
        Image.fromarray(sheet(real, shown, found)).save(folder / f"{path.stem}_landmarks.png")
        Image.fromarray(sheet(real, shown, plain)).save(folder / f"{path.stem}.png")
    return {name: run(score(real, clip, landmarks)) for name, clip in made.items()}


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    parser.add_argument("--data", type=Path, default=Path("../shared/data"))
    parser.add_argument("--clips", nargs="+", default=[""], help="parts of the clips' names; all by default")
    parser.add_argument("--out", type=Path, default=Path("out/reenactment"))
    parser.add_argument("--sheets", action="store_true", help="write contact sheets: real, warp, avatar")
    parser.add_argument("--personalize", type=float, metavar="MINUTES", help="learn the first 70 %% for so long")
    arguments = parser.parse_args()
    everything = sorted((arguments.data / "talking").glob("*.mp4"))
    clips = [path for path in everything if any(part in path.name for part in arguments.clips)]
    if not clips:
        parser.error(f"no clip in {arguments.data / 'talking'} is called so")
    console = Console(width=150)
    table = Table("clip", "", "PSNR dB", "SSIM", "landmarks %", "mouth r", "jitter ×", "AED", "APD °", "lost")
    rows: list[dict[str, Score]] = []
    for path in clips:
        rows.append(measure(path, arguments.out, arguments.sheets, arguments.personalize))
        for name, figures in rows[-1].items():
            cells = [f"{value:.2f}" if isinstance(value, float) else str(value) for value in astuple(figures)]
            cells[1], cells[5] = f"{figures.ssim:.3f}", f"{figures.expression:.3f}"
            table.add_row(path.stem if name == "still" else "", name, *cells)
            console.print(path.stem, name, *cells)
    console.print(table)
    mean = {
        name: {field.name: float(np.mean([getattr(row[name], field.name) for row in rows])) for field in fields(Score)}
        for name in rows[0]
    }
    if arguments.personalize is not None:
        learnt = [row["personal"].psnr - row["avatar"].psnr for row in rows]
        met = min(learnt) >= BETTER_LEARNT
        console.print(
            f"{'met   ' if met else 'MISSED'} personalised {', '.join(f'{x:+.2f}' for x in learnt)} dB over one-shot, "
            f"at least {BETTER_LEARNT:+.0f}", highlight=False,
        )  # fmt: skip
        refined = [row["personal, refined"].psnr - row["avatar, refined"].psnr for row in rows]
        console.print(f"       with refined tracks {', '.join(f'{x:+.2f}' for x in refined)} dB", highlight=False)
    gain = [row["avatar"].psnr - row["2-D warp"].psnr for row in rows]
    bars = {
        f"PSNR {np.mean(gain):+.2f} dB over the warp, at least {BETTER_PSNR:+.1f}": np.mean(gain) >= BETTER_PSNR,
        f"SSIM {mean['avatar']['ssim'] - mean['2-D warp']['ssim']:+.3f}, at least {BETTER_SSIM:+.2f}": (
            mean["avatar"]["ssim"] - mean["2-D warp"]["ssim"] >= BETTER_SSIM
        ),
        f"no clip below the warp (least {min(gain):+.2f} dB)": min(gain) >= 0,
        f"mouth r {mean['avatar']['mouth']:.2f}, at least {MOUTH}": mean["avatar"]["mouth"] >= MOUTH,
        f"landmarks {mean['avatar']['landmarks']:.2f} %, at most {LANDMARKS}": mean["avatar"]["landmarks"] <= LANDMARKS,
    }
    for text, met in bars.items():
        console.print(f"{'met   ' if met else 'MISSED'} {text}", highlight=False)
    console.print(machine_line())


if __name__ == "__main__":
    main()
