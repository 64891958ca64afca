"""How believable the heads of the `lift` engine are: every portrait against the engine's bars.

    python benchmarks/lift_quality.py --data ../shared/data [--portraits p01 p05] [--out FOLDER] [--sheets]

Each picture of ``DATA/portraits`` is built (the largest face where it shows several; a first build is thrown away, so
that caches are warm) and judged only through what any caller sees: rendered views, alpha, and where the head says its
landmarks are. A picture that cannot be built shows its sentence. ``table.csv`` in FOLDER holds more than the
table; ``--sheets`` adds a contact sheet of each portrait and an overview.

Gaussians    number, at rest
coarse       s from the start of the job to the first avatar preview, bar 2; depends on the machine's load
finished     s from the start of the job to its end, bar 15
PSNR         dB in the matte at the portrait's own pose and working size, see ``build.py``; bar 32
eyes         the same on the lids' openings and a margin of 15 % of their width; bar 28
alpha        lowest alpha inside the head, worst of yaw ±45°, pitch ±20°, neutral and jaw open .7, see
             ``lift_holes.py``; bar 0.98
holes %, uncovered %, strands %   see there; no bars
id 15 30 45  distance of face embeddings, portrait to turned view, larger side, see ``lift_identity.py``; bars
             0.30, 0.42, 0.55 where the face is found
tracked 15 30 45  the same with faces placed by the tracker's landmarks, see there; by the same bars
marks ±30    median / 90th percentile of found landmarks' distance from the head's own, % of the interocular
             distance, see ``lift_tracking.py``; found wherever they are found at 0°, and a median of at most 6
jaw … brow   response of the channel that is played (1: as much as the template head shows), see there; the bar is
             that it is the largest of all five, in every human portrait. ``!`` names what was found instead
"""

import studio  # noqa: F401 - first of all: it keeps numpy's OpenBLAS to one thread

# isort: split
import argparse
import csv
import time
from dataclasses import dataclass
from itertools import combinations
from pathlib import Path
from typing import TypeAlias

import cv2
import numpy as np
from build import psnr
from lift_holes import SOLID, hole_figures
from lift_identity import identity_figures
from lift_tracking import expression_figures, landmark_figures
from lift_views import EXPRESSIONS, NEUTRAL, camera_at, contact_sheet, overview, overview_row
from machine import machine_line
from numpy.typing import NDArray
from PIL import Image
from rich.console import Console
from rich.table import Table

from studio.core.avatar import Avatar, render_frame
from studio.core.build import build_avatar
from studio.core.engines.lift.avatar import LiftAvatar
from studio.core.errors import UserError
from studio.core.evaluate.recognition import MISSING, FaceEmbedder, available
from studio.core.heads.anatomy import LOWER_LID, SIDES, UPPER_LID
from studio.core.heads.full import FullHead
from studio.core.jobs import run
from studio.core.media.image import load_picture
from studio.core.perception.portrait import Portrait, prepare_portrait

Row: TypeAlias = "dict[str, float | str]"

# Their names say so; the bar on expressions is for people, painted ones included.
_NOT_HUMAN = ("cartoon", "illustration", "robot", "dog", "cat")

_EYE_MARGIN = 0.15
_SHORT = {"jawOpen": "jaw", "mouthSmile": "smile", "eyeBlink": "blink", "mouthPucker": "pucker", "browInnerUp": "brow"}


def measure(path: Path, embed: FaceEmbedder | None) -> tuple[Avatar, Row, NDArray | None]:
    """Build one picture and take every figure of it; also return the portrait's own face embedding."""
    avatar, coarse, finished = _built(path)
    picture = load_picture(path)
    portrait = run(prepare_portrait(picture.rgb, picture.alpha, face=1, name=path.stem))
    row: Row = {
        "Gaussians": len(avatar.pose(NEUTRAL, avatar.camera)),
        "coarse": coarse,
        "finished": finished,
        **fidelity(avatar, portrait),
    }
    head = FullHead(head_landmarks(avatar, portrait))
    row |= hole_figures(avatar, head)
    middle = camera_at(avatar, 0).project(head.neutral[:468])[:, :2].mean(0)
    own = None
    if embed is not None:
        own = embed(np.round(portrait.rgb * 255).astype(np.uint8), portrait.landmarks[:468, :2].mean(0))
        row |= {} if own is None else identity_figures(embed, own, portrait, avatar, middle)
    row |= landmark_figures(avatar, head)
    row |= expression_figures(avatar, middle)
    return avatar, row, own


def _built(path: Path) -> tuple[LiftAvatar, float, float]:
    """Build a picture; return the avatar, and the seconds to its coarse head and to its end."""
    start = time.perf_counter()
    coarse = float("nan")
    job = build_avatar(path, face=1)
    while True:
        try:
            report = next(job)
        except StopIteration as done:
            return done.value, coarse, time.perf_counter() - start
        if np.isnan(coarse) and hasattr(report.preview, "pose"):
            coarse = time.perf_counter() - start


def fidelity(avatar: Avatar, portrait: Portrait) -> dict[str, float]:
    """Compare the avatar at its own pose with the prepared picture: the whole person, and the eyes."""
    camera = avatar.camera.fitted(max(portrait.alpha.shape))
    own = render_frame(avatar, NEUTRAL, camera)[..., :3]
    return {
        "PSNR": psnr(own, portrait.rgb, portrait.alpha > 0.5),
        "eyes": psnr(own, portrait.rgb, eye_mask(portrait)),
    }


def eye_mask(portrait: Portrait) -> NDArray[np.bool_]:
    """Return the openings of both eyes in the portrait and a margin of `_EYE_MARGIN` eye widths: ``[H,W]``."""
    mask = np.zeros(portrait.alpha.shape, bool)
    for side in SIDES:
        rim = portrait.landmarks[UPPER_LID[side] + LOWER_LID[side][::-1], :2]
        margin = _EYE_MARGIN * float(np.ptp(rim[:, 0]))
        eye = np.zeros(mask.shape, np.uint8)
        cv2.fillPoly(eye, [np.round(rim - 0.5).astype(np.int32)], (1,))
        disc = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (2 * round(margin) + 1,) * 2)
        mask |= cv2.dilate(eye, disc) > 0
    return mask


def head_landmarks(avatar: LiftAvatar, portrait: Portrait) -> NDArray[np.float64]:
    """Return where the avatar says its landmarks are, ``[478,3]`` m in head space.

    The first 468 vertices of its rig are the face mesh's; the irises, which no measure looks at, are put at the
    portrait's, as deep as the lids.
    """
    mesh = avatar.rig.vertices[:468].astype(np.float64)
    camera = avatar.camera.fitted(max(portrait.alpha.shape))
    depth = np.repeat([camera.project(mesh[UPPER_LID[side]])[:, 2].mean() for side in SIDES], 5)
    return np.concatenate([mesh, camera.unproject(portrait.landmarks[468:, :2], depth)])


@dataclass(frozen=True)
class Bar:
    """What a head must reach: `name`, and the figures of each portrait that miss it."""

    name: str
    missed: dict[str, str]
    judged: int

    def line(self) -> str:
        """Say whether the bar is reached, by how many, and by whom it is missed."""
        if not self.judged:
            return f"[dim]- {self.name}: not measured[/]"
        if not self.missed:
            return f"[green]reached[/] {self.name}: {self.judged} of {self.judged}"
        misses = ", ".join(f"{name} {figure}" for name, figure in self.missed.items())
        return f"[red]missed[/]  {self.name}: {self.judged - len(self.missed)} of {self.judged}; not {misses}"


def bars(rows: dict[str, Row]) -> list[Bar]:
    """Judge every portrait's figures by the bars of the module's table."""

    def limit(name: str, figure: str, bound: float, at_least: bool = False, digits: int = 2) -> Bar:
        figures = {key[:3]: float(row.get(figure, np.nan)) for key, row in rows.items()}
        values = {key: value for key, value in figures.items() if not np.isnan(value)}
        over = {key: f"{v:.{digits}f}" for key, v in values.items() if (v < bound if at_least else v > bound)}
        return Bar(name, over, len(values))

    def found(row: Row, yaw: str) -> bool:
        return not np.isnan(float(row[f"marks {yaw}"]))

    at_rest = {key: row for key, row in rows.items() if found(row, "+0")}
    lost = {key[:3]: "lost" for key, row in at_rest.items() if not (found(row, "-30") and found(row, "+30"))}
    people = {key: row for key, row in rows.items() if not any(word in key for word in _NOT_HUMAN)}
    mistaken = {key[:3]: _mistaken(row) for key, row in people.items() if _mistaken(row)}
    return [
        limit("solid: alpha at least 0.98 inside the head", "alpha", SOLID, at_least=True, digits=3),
        limit("identity: at most 0.30 at ±15°", "id 15", 0.30, digits=3),
        limit("identity: at most 0.42 at ±30°", "id 30", 0.42, digits=3),
        limit("identity: at most 0.55 at ±45°", "id 45", 0.55, digits=3),
        limit("tracked identity: at most 0.30 at ±15°", "tracked 15", 0.30, digits=3),
        limit("tracked identity: at most 0.42 at ±30°", "tracked 30", 0.42, digits=3),
        limit("tracked identity: at most 0.55 at ±45°", "tracked 45", 0.55, digits=3),
        Bar("landmarks found again at ±30°", lost, len(at_rest)),
        limit("landmarks at -30°: median at most 6 %", "marks -30", 6, digits=1),
        limit("landmarks at +30°: median at most 6 %", "marks +30", 6, digits=1),
        limit("eyes: at least 28 dB", "eyes", 28, at_least=True, digits=1),
        Bar("expressions: the right channel is the largest, people", mistaken, len(people)),
        limit("frontal PSNR: at least 32 dB", "PSNR", 32, at_least=True, digits=1),
        limit("coarse head: at most 2 s", "coarse", 2, digits=1),
        limit("finished: at most 15 s", "finished", 15, digits=1),
        limit("Gaussians: at least 60k", "Gaussians", 60_000, at_least=True, digits=0),
        limit("Gaussians: at most 120k", "Gaussians", 120_000, digits=0),
    ]


def _mistaken(row: Row) -> str:
    """Say which expressions were taken for something else, "" for none."""
    taken = {channel: str(row[f"{channel} found"]) for channel in EXPRESSIONS}
    return "+".join(f"{_SHORT[c]}→{_SHORT.get(other, other)}" for c, other in taken.items() if other != c)


def table(rows: dict[str, Row]) -> Table:
    """Lay out the figures, one portrait a row."""
    plain = {"Gaussians": 0, "coarse": 1, "finished": 1, "PSNR": 1, "eyes": 1, "alpha": 3, "holes %": 2,
             "uncovered %": 1, "strands %": 1, "id 15": 2, "id 30": 2, "id 45": 2,
             "tracked 15": 2, "tracked 30": 2, "tracked 45": 2}  # fmt: skip
    out = Table()
    out.add_column("", no_wrap=True)
    for name in (*plain, "marks -30", "marks +30", *_SHORT.values()):
        out.add_column(name.replace(" ", "\n"), justify="right")
    for key, row in rows.items():
        cells = [_text(row.get(name), digits) for name, digits in plain.items()]
        cells += [f"{_text(row[f'marks {y}'], 1)}/{_text(row[f'marks {y} p90'], 0)}" for y in ("-30", "+30")]
        for channel in EXPRESSIONS:
            found = str(row[f"{channel} found"])
            wrong = "" if found == channel else f" !{_SHORT.get(found, found)}"
            cells.append(f"{_text(row[channel], 2)}{wrong}")
        out.add_row(key[:16], *cells)
    return out


def _text(value: float | str | None, digits: int) -> str:
    return "-" if value is None or np.isnan(float(value)) else f"{float(value):.{digits}f}"


def _apart(embeddings: dict[str, NDArray]) -> str:
    """Say how far the portraits lie apart: the identity measure's own check."""
    pairs = {(a, b): float(np.linalg.norm(embeddings[a] - embeddings[b])) for a, b in combinations(embeddings, 2)}
    nearest = min(pairs, key=lambda pair: pairs[pair])
    return (
        f"Identity between two different portraits: median {np.median(list(pairs.values())):.2f}, "
        f"nearest {' and '.join(nearest)} with {pairs[nearest]:.2f}"
    )


def _write_table(path: Path, rows: dict[str, Row], refused: dict[str, str]) -> None:
    names = list(dict.fromkeys(name for row in rows.values() for name in row))
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, ["portrait", *names, "refused"])
        writer.writeheader()
        for key, row in rows.items():
            rounded = {name: f"{value:.4g}" if isinstance(value, float) else value for name, value in row.items()}
            writer.writerow({"portrait": key, **rounded})
        writer.writerows({"portrait": key, "refused": sentence} for key, sentence in refused.items())


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    parser.add_argument("--data", type=Path, default=Path("../shared/data"))
    parser.add_argument("--portraits", nargs="+", default=[""], help="how the names begin: p01 p05; all by default")
    parser.add_argument("--out", type=Path, default=Path("out/lift_quality"))
    parser.add_argument("--sheets", action="store_true", help="write contact sheets")
    arguments = parser.parse_args()
    everything = sorted((arguments.data / "portraits").iterdir())
    pictures = [path for path in everything if path.name.startswith(tuple(arguments.portraits))]
    if not pictures:
        parser.error(f"no picture in {arguments.data / 'portraits'} begins so")
    arguments.out.mkdir(parents=True, exist_ok=True)
    console = Console(width=205)
    embed = FaceEmbedder() if available() else None
    if embed is None:
        console.print(MISSING, markup=False)

    run(build_avatar(everything[0], face=1))  # fills the caches
    rows: dict[str, Row] = {}
    refused: dict[str, str] = {}
    embeddings: dict[str, NDArray] = {}
    cells = {}
    for path in pictures:
        start = time.perf_counter()
        try:
            avatar, rows[path.stem], own = measure(path, embed)
        except UserError as error:
            refused[path.stem] = str(error)
            continue
        if own is not None:
            embeddings[path.stem[:3]] = own
        if arguments.sheets:
            Image.fromarray(contact_sheet(avatar)).save(arguments.out / f"{path.stem}.png")
            cells[path.stem[:3]] = overview_row(avatar)
        console.print(f"[dim]{path.stem}: {time.perf_counter() - start:.0f} s[/]")
        _write_table(arguments.out / "table.csv", rows, refused)
    if cells:
        Image.fromarray(overview(cells)).save(arguments.out / "overview.png")
    _write_table(arguments.out / "table.csv", rows, refused)

    console.print(table(rows))
    for key, sentence in refused.items():
        console.print(f"{key}: {sentence}")
    for bar in bars(rows):
        console.print(bar.line(), highlight=False)
    if len(embeddings) > 1:
        console.print(_apart(embeddings))
    console.print(machine_line())


if __name__ == "__main__":
    main()
