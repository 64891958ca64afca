"""How fast and how faithfully portraits become avatars.

    python benchmarks/build.py --data ../shared/data [--only p01]

Every picture of ``DATA/portraits`` is built in a process of its own (so that the peak memory is its own);
caches are warm because a first build is thrown away. Pictures that cannot be used show their sentence.

import      s to import everything the build needs, paid once per start of the program
coarse      s from the start of the job to the first avatar preview
finished    s from the start of the job to its end
peak        MB resident, the whole process
PSNR        dB in the matte at the portrait's own pose, against the picture the engine was given
over plate  the same, rendered transparent and laid over the plate
file        dB in the matte against the file at its own size, where the picture was not cropped
yaw         degrees at which the landmark tracker finds views asked for at -30 and +30
"""

import studio  # noqa: F401 - first of all: it keeps numpy's OpenBLAS to one thread

# isort: split
import argparse
import json
import resource
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
from machine import machine_line
from numpy.typing import NDArray

COLUMNS = ("import", "coarse", "finished", "peak", "PSNR", "over plate", "file", "yaw -30", "yaw +30")


def measure(path: Path) -> dict[str, float]:
    """Build one picture in this process."""
    start = time.perf_counter()
    from studio.core.build import build_avatar
    from studio.core.engines.registry import load_engine

    load_engine("lift")
    imported = time.perf_counter()
    coarse, avatar = None, None
    job = build_avatar(path, face=1)
    while avatar is None:
        try:
            report = next(job)
        except StopIteration as done:
            avatar = done.value
        else:
            if coarse is None and hasattr(report.preview, "pose"):
                coarse = time.perf_counter() - imported
    finished = time.perf_counter() - imported
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    return {
        "import": imported - start,
        "coarse": float("nan") if coarse is None else coarse,
        "finished": finished,
        "peak": peak,
        **fidelity(path, avatar),
        **turned(avatar),
    }


def fidelity(path: Path, avatar) -> dict[str, float]:
    """Compare the avatar at its own pose with the prepared picture and with the file."""
    import cv2

    from studio.core.avatar import render_frame
    from studio.core.jobs import run
    from studio.core.media.image import load_picture
    from studio.core.motion.motion import Motion
    from studio.core.perception.portrait import prepare_portrait

    picture = load_picture(path)
    portrait = run(prepare_portrait(picture.rgb, picture.alpha, face=1, name=path.stem))
    matte = portrait.alpha > 0.5
    height, width = matte.shape
    camera = avatar.camera.fitted(max(height, width))
    own = render_frame(avatar, Motion.neutral(), camera)[..., :3]
    clear = render_frame(avatar, Motion.neutral(), camera, "transparent")
    laid = clear[..., :3] * clear[..., 3:] + portrait.plate * (1 - clear[..., 3:])
    scores = {"PSNR": psnr(own, portrait.rgb, matte), "over plate": psnr(laid, portrait.rgb, matte)}
    file_height, file_width = picture.rgb.shape[:2]
    if abs(file_width / file_height - width / height) < 0.01 and not any("cropped" in n for n in portrait.notes):
        size = (file_width, file_height)
        large = render_frame(avatar, Motion.neutral(), avatar.camera.fitted(max(size)))[..., :3]
        within = cv2.resize(portrait.alpha, size) > 0.5
        scores["file"] = psnr(cv2.resize(large, size), picture.rgb, within)
    return scores


def psnr(a: NDArray, b: NDArray, mask: NDArray[np.bool_]) -> float:
    """Peak signal-to-noise ratio, dB, of pictures ``[H,W,3]`` 0..1, as bytes, where `mask` ``[H,W]`` is True."""
    from studio.core.render.composite import to_bytes
    from studio.core.training import metrics

    return metrics.psnr(to_bytes(a), to_bytes(b), mask)


def turned(avatar) -> dict[str, float]:
    """Find the yaw of turned views by the pose of the mean face under their landmarks."""
    from studio.core.export import view_picture
    from studio.core.framing import portrait_camera
    from studio.core.perception.landmarks import find_faces

    K = portrait_camera(avatar, 768).K

    def yaw_of(asked: float) -> float:
        picture = view_picture(avatar, yaw=asked, size=768)
        faces = find_faces(np.ascontiguousarray(picture[..., :3]))
        return face_yaw(faces[0].landmarks[:468, :2], K) if faces else float("nan")

    home = yaw_of(0)
    return {f"yaw {asked:+d}": yaw_of(asked) - home for asked in (-30, 30)}


def face_yaw(landmarks: NDArray, K: NDArray) -> float:
    """Return the yaw, degrees, at which a camera `K` sees the mean face's landmarks at ``[468,2]`` px."""
    import cv2

    from studio.core.heads.template import mean_landmarks

    placed, rotation, _ = cv2.solvePnP(
        mean_landmarks()[:468], np.ascontiguousarray(landmarks, np.float64), K, np.zeros(4), flags=cv2.SOLVEPNP_SQPNP
    )
    if not placed:
        return float("nan")
    forward = cv2.Rodrigues(rotation)[0][:, 2]  # where the face's own +z, out of the face, points
    return float(np.degrees(np.arctan2(forward[0], -forward[2]))) * -1


def in_own_process(path: Path) -> dict[str, float] | str:
    """Return the figures of one picture, or the sentence that refuses it."""
    done = subprocess.run([sys.executable, __file__, "--one", str(path)], capture_output=True, text=True)
    if done.returncode == 0:
        return json.loads(done.stdout.splitlines()[-1])
    return done.stderr.strip().splitlines()[-1]


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--data", type=Path, default=Path("../shared/data"))
    parser.add_argument("--only", default="", help="take pictures whose name contains this")
    parser.add_argument("--one", type=Path, help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.one is not None:
        from studio.core.errors import UserError

        try:
            print(json.dumps(measure(arguments.one)))
        except UserError as error:
            sys.exit(str(error))
        return
    pictures = sorted(p for p in (arguments.data / "portraits").iterdir() if arguments.only in p.name)
    in_own_process(pictures[0])  # fills the caches
    print(f"{'picture':<36}" + "".join(f"{name:>11}" for name in COLUMNS))
    for path in pictures:
        figures = in_own_process(path)
        if isinstance(figures, str):
            print(f"{path.name:<36}  {figures}", flush=True)
            continue
        cells = (
            f"{figures[name]:>11.{0 if name == 'peak' else 1}f}" if name in figures else f"{'-':>11}"
            for name in COLUMNS
        )
        print(f"{path.name:<36}" + "".join(cells), flush=True)
    print(machine_line())


if __name__ == "__main__":
    main()
