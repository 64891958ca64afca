"""Cross-reenactment: other people's clips drive a portrait, which must stay the person it shows.

Every portrait is driven by every clip in its own framing, from a saved track; the face in the made pictures is compared
with the portrait at rest by dlib's embedding. The mouth's and lids' opening should go with the driving face's, and the
head turn as it does.

    python benchmarks/cross_reenactment.py A.avatar… [--clips expressions] [--sheets]
"""

import argparse
from itertools import islice
from pathlib import Path
from tempfile import TemporaryDirectory

import cv2
import numpy as np
from machine import machine_line
from numpy.typing import NDArray
from PIL import Image
from rich.console import Console
from rich.table import Table

from studio.core.avatar import render_frame
from studio.core.evaluate.driving import reenacted
from studio.core.evaluate.face_points import (
    LOWER_LIDS,
    LOWER_LIP,
    UPPER_LIDS,
    UPPER_LIP,
    opening,
    track_landmarks,
    yaw,
)
from studio.core.evaluate.recognition import MISSING, FaceEmbedder, available
from studio.core.framing import square_camera
from studio.core.jobs import run
from studio.core.media.video import read_frames
from studio.core.motion.motion import Motion
from studio.core.motion.track import Track, load_track, save_track
from studio.core.project.archive import load_avatar
from studio.core.tracking.clip import track_clip
from studio.core.training.metrics import correlation

SAME = 0.42
FRAMES, EVERY, SIZE = 240, 6, 512
_SHOWN, _CELL = 8, 240


def driven(avatar_file: Path, track: Track, times: NDArray) -> tuple[NDArray[np.uint8], NDArray[np.uint8]]:
    """Return the portrait at rest ``[H,W,3]`` and as it is driven ``[T,H,W,3]``."""
    avatar = load_avatar(avatar_file)
    made = run(reenacted(avatar, track, times, "avatar", SIZE))
    rest = np.asarray(render_frame(avatar, Motion.neutral(), square_camera(avatar, SIZE)))[..., :3]
    return np.round(rest * 255).astype(np.uint8), made


def sheet(real: NDArray, made: NDArray) -> NDArray[np.uint8]:
    """Lay the driving clip over the driven portrait."""
    chosen = np.linspace(0, len(real) - 1, _SHOWN).astype(int)

    def row(clip: NDArray) -> NDArray[np.uint8]:
        cells = []
        for i in chosen:
            height, width = clip[i].shape[:2]
            side = min(height, width)
            top, left = (height - side) // 2, (width - side) // 2
            square = np.ascontiguousarray(clip[i][top : top + side, left : left + side])
            cells.append(cv2.resize(square, (_CELL, _CELL), interpolation=cv2.INTER_AREA))
        return np.hstack(cells).astype(np.uint8)

    return np.vstack([row(real), row(made)])


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    parser.add_argument("avatars", type=Path, nargs="+", metavar="A.avatar")
    parser.add_argument("--data", type=Path, default=Path("../shared/data"))
    parser.add_argument("--clips", nargs="+", default=[""], help="parts of the clips' names; all by default")
    parser.add_argument("--out", type=Path, default=Path("out/cross_reenactment"))
    parser.add_argument("--sheets", action="store_true", help="write sheets: driving clip over portrait")
    arguments = parser.parse_args()
    everything = sorted((arguments.data / "driving").glob("*.mp4"))
    clips = [path for path in everything if any(part in path.name for part in arguments.clips)]
    if not clips:
        parser.error(f"no clip in {arguments.data / 'driving'} is called so")
    console = Console(width=140)
    embed = FaceEmbedder() if available() else None
    if embed is None:
        console.print(MISSING)
    table = Table("clip", "avatar", "identity", "worst", "mouth r", "lids r", "turn r", "lost")
    worst = 0.0
    for path in clips:
        every = list(islice(read_frames(path), FRAMES))[::EVERY]
        times, real = np.array([time for time, _ in every]), np.stack([picture for _, picture in every])
        truth = run(track_landmarks(real))
        with TemporaryDirectory() as kept:
            save_track(run(track_clip(path)).track, Path(kept) / "track.npz")
            track = load_track(Path(kept) / "track.npz")
        for file in arguments.avatars:
            rest, made = driven(file, track, times)
            found = run(track_landmarks(made))
            distances = np.array([])
            middle_of = np.array([SIZE / 2, SIZE / 2])
            if embed is not None and (home := embed(rest, middle_of)) is not None:
                others = [embed(picture, middle_of) for picture in made]
                distances = np.array([np.linalg.norm(other - home) for other in others if other is not None])
            middle, most = (float(np.median(distances)), float(distances.max())) if len(distances) else (np.nan, np.nan)
            worst = max(worst, middle if np.isfinite(middle) else 0.0)
            cells = [
                f"{middle:.2f}{' MISSED' if middle > SAME else ''}",
                f"{most:.2f}",
                f"{correlation(opening(truth, UPPER_LIP, LOWER_LIP), opening(found, UPPER_LIP, LOWER_LIP)):.2f}",
                f"{correlation(opening(truth, UPPER_LIDS, LOWER_LIDS), opening(found, UPPER_LIDS, LOWER_LIDS)):.2f}",
                f"{correlation(yaw(truth), yaw(found)):.2f}",
                str(int(np.isnan(found[:, 0, 0]).sum())),
            ]
            table.add_row(path.stem, file.stem, *cells)
            console.print(path.stem, file.stem, *cells)
            if arguments.sheets:
                arguments.out.mkdir(parents=True, exist_ok=True)
                Image.fromarray(sheet(real, made)).save(arguments.out / f"{path.stem}_{file.stem}.png")
    console.print(table)
    console.print(f"identity: median distance from the portrait at rest, at most {SAME} ({worst:.2f})")
    console.print(machine_line())


if __name__ == "__main__":
    main()
