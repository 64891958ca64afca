"""How well mattes follow hair: known hair drawn on portraits, laid over known backgrounds, cut out again.

    python benchmarks/matte.py --data ../shared/data [--sheet matte.png]

Truth is made, not traced. A portrait's own cut-out gets some hundred fine strands along its hair line, drawn at four
times the size, so alpha and colours are known at every pixel; it is laid over a background and prepared like any
picture. "quick" is `prepare_portrait`'s matte, "hair" that of `refine_matte`. Measured around the hair:

alpha       mean absolute error, thousandths
gradient    of the matte's slopes, thousandths per px (Rhemann et al. 2009: fuzzy hair is no fine hair)
color       mean absolute error of the person's own colours, weighted by alpha, thousandths
over green  mean absolute error of the person laid over green: what is seen; thousandths
seconds     that `refine_matte` takes
"""

import studio  # noqa: F401 - first of all: it keeps numpy's OpenBLAS to one thread

# isort: split
import argparse
import time
from pathlib import Path

import cv2
import numpy as np
from machine import machine_line
from numpy.typing import NDArray
from skimage import data

from studio.core.jobs import run
from studio.core.media.image import load_picture
from studio.core.perception.masks import grown
from studio.core.perception.portrait import Portrait, prepare_portrait, refine_matte
from studio.core.perception.regions import HAIR
from studio.core.sample import sample_portrait

# Portraits whose own outline is easy, so that what the network finds is not what is measured.
PORTRAITS = ("p02", "p06", "p01", "p04")
COLUMNS = ("alpha", "gradient", "color", "over green")
GREEN = np.array([0, 0.8, 0.2], np.float32)


def backgrounds(height: int, width: int) -> dict[str, NDArray[np.float32]]:
    """Return backgrounds ``[H,W,3]``: even, shaded, blurred and sharp."""
    shade = np.linspace(0.35, 0.75, width, dtype=np.float32)[None, :, None] * np.array([0.7, 0.9, 1], np.float32)
    room = cv2.resize(data.coffee().astype(np.float32) / 255, (width, height), interpolation=cv2.INTER_AREA)
    return {
        "light": np.full((height, width, 3), 0.87, np.float32),
        "dark": np.full((height, width, 3), (0.1, 0.12, 0.16), np.float32),
        "shaded": np.broadcast_to(shade, (height, width, 3)).copy(),
        "blurred": cv2.GaussianBlur(room, (0, 0), 12),
        "sharp": np.asarray(room, np.float32),
    }


def hairy(portrait: Portrait, seed: int) -> tuple[NDArray[np.float32], NDArray[np.float32], NDArray[np.bool_]]:
    """Draw strands along a portrait's hair line.

    Returns
    -------
    Alpha ``[H,W]`` and colours ``[H,W,3]`` of the person with strands, and where the hair is ``[H,W]``.
    """
    random = np.random.default_rng(seed)
    height, width = portrait.alpha.shape
    unit = portrait.face_height
    smooth = cv2.GaussianBlur(portrait.alpha, (0, 0), 0.02 * unit)
    slope = np.stack([cv2.Sobel(smooth, cv2.CV_32F, 1, 0), cv2.Sobel(smooth, cv2.CV_32F, 0, 1)], -1)
    rim = np.argwhere(grown(portrait.regions == HAIR, 3) & (np.abs(smooth - 0.6) < 0.15))
    color = np.asarray(cv2.GaussianBlur(portrait.foreground, (0, 0), 2))

    alpha, colors = portrait.alpha.copy(), portrait.foreground.copy()
    hair = np.zeros(alpha.shape, bool)
    for y, x in rim[random.choice(len(rim), min(len(rim), 260), replace=False)]:
        outwards = -slope[y, x] / (np.linalg.norm(slope[y, x]) + 1e-6)
        along = np.array([-outwards[1], outwards[0]]) * random.choice([-1, 1])
        length, bend = random.uniform(0.03, 0.1) * unit, random.uniform(0.2, 1.2)
        t = np.linspace(-0.3, 1, 16)[:, None]
        path = [x, y] + length * (t * outwards + bend * t**2 * along)
        strand = np.zeros((height * 4, width * 4), np.uint8)
        cv2.polylines(
            strand, [np.round(path * 4).astype(np.int32)], False, (255,), int(random.integers(1, 6)), cv2.LINE_AA
        )
        cover = cv2.resize(strand, (width, height), interpolation=cv2.INTER_AREA).astype(np.float32) / 255
        shade = np.clip(color[y, x] * random.uniform(0.8, 1.2), 0, 1)
        total = cover + (1 - cover) * alpha
        share = (cover / np.maximum(total, 1e-6))[..., None]
        colors = share * shade + (1 - share) * colors
        alpha = total
        hair |= cover > 0
    return alpha, colors.astype(np.float32), grown(hair, 9)


def errors(
    alpha: NDArray, colors: NDArray, true_alpha: NDArray, true_colors: NDArray, where: NDArray[np.bool_]
) -> NDArray[np.float64]:
    """Return the four errors, in thousandths."""

    def slopes(matte: NDArray) -> NDArray:
        smooth = cv2.GaussianBlur(matte, (0, 0), 1.4)
        return np.hypot(cv2.Sobel(smooth, cv2.CV_32F, 1, 0) / 8, cv2.Sobel(smooth, cv2.CV_32F, 0, 1) / 8)

    def over_green(matte: NDArray, color: NDArray) -> NDArray:
        return matte[..., None] * color + (1 - matte[..., None]) * GREEN

    soft = where & (true_alpha > 0.05)
    return 1e3 * np.array(
        [
            np.abs(alpha - true_alpha)[where].mean(),
            np.abs(slopes(alpha) - slopes(true_alpha))[where].mean(),
            np.average(np.abs(colors - true_colors).mean(-1)[soft], weights=true_alpha[soft]),
            np.abs(over_green(alpha, colors) - over_green(true_alpha, true_colors))[where].mean(),
        ]
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, help="folder with portraits/; without it only the sample is used")
    parser.add_argument("--sheet", type=Path, help="write what was cut out, over green: truth, quick, hair")
    options = parser.parse_args()
    files = [sample_portrait()]
    if options.data:
        files += [next((options.data / "portraits").glob(f"{name}_*")) for name in PORTRAITS]
    print(f"{'':22}" + "".join(f"{column:>18}" for column in COLUMNS) + f"{'seconds':>10}")
    tiles, totals = [], []
    for number, file in enumerate(files):
        picture = load_picture(file)
        rgb = picture.rgb[:300, 60:380] if number == 0 else picture.rgb
        portrait = run(prepare_portrait(rgb, face=1))
        alpha, colors, where = hairy(portrait, seed=number)
        for name, plate in backgrounds(*alpha.shape).items():
            laid = alpha[..., None] * colors + (1 - alpha[..., None]) * plate
            # Landmarks and scale stay, so that truth lies pixel on pixel.
            again = run(prepare_portrait(laid.astype(np.float32), landmarks=portrait.landmarks))
            assert again.alpha.shape == alpha.shape
            start = time.perf_counter()
            refined = refine_matte(again)
            seconds = time.perf_counter() - start
            quick = errors(again.alpha, again.foreground, alpha, colors, where)
            hair = errors(refined.alpha, refined.foreground, alpha, colors, where)
            totals.append((quick, hair))
            cells = "".join(f"{a:9.1f} >{b:7.1f}" for a, b in zip(quick, hair, strict=True))
            print(f"{file.stem[:12]:13}{name:9}{cells}{seconds:10.2f}", flush=True)
            tiles.append([(alpha, colors), (again.alpha, again.foreground), (refined.alpha, refined.foreground)])
    quick, hair = np.mean(totals, axis=0)
    print(f"{'mean':22}" + "".join(f"{a:9.1f} >{b:7.1f}" for a, b in zip(quick, hair, strict=True)))
    print(machine_line())
    if options.sheet:
        _sheet(options.sheet, tiles)


def _sheet(path: Path, rows: list[list[tuple[NDArray, NDArray]]]) -> None:
    drawn = []
    for row in rows:
        row = [cv2.resize(a[..., None] * c + (1 - a[..., None]) * GREEN, (480, 480)) for a, c in row]
        drawn.append(np.hstack(row))
    sheet = np.round(np.clip(np.vstack(drawn), 0, 1) * 255).astype(np.uint8)
    cv2.imwrite(str(path), sheet[..., ::-1])


if __name__ == "__main__":
    main()
