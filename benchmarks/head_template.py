"""How well the template's 52 shapes agree with a published blendshape head.

    python benchmarks/head_template.py --data ../shared/data

Two heads are judged: the face template of `lift`, and the skin of the whole head. The other head is ICT-FaceKit (MIT),
``DATA/ict_facekit/ict_facekit.npz``; it is measured, and nothing of it is part of the project. Neutral heads are
aligned by a similarity through the 51 standard landmarks inside the face; then each shape at 1 is compared. Lengths
are interocular distances (IOD).

cosine   of the stacked displacement vectors of the 68 standard landmarks; mean >= 0.8
ratio    of their root mean squares, template over ICT; each 0.6 to 1.6
spill    share of the template's displacement energy on skin further than 0.15 IOD from all skin that ICT moves by at
         least 5 % of its most; each <= 0.05
dense    cosine over all vertices inside the face oval, each against the ICT vertex nearest to it after warping the
         landmarks onto each other; for information, because the 68 landmarks leave the cheeks out
ICT rms  of the 68 landmarks' displacement in ICT, thousandths of an IOD

mouthClose is defined relative to jawOpen: on ICT it is the shape itself, on the template what it adds to jawOpen = 1.
ICT halves cheekPuff and browInnerUp; the halves are added. It has no tongueOut, so that shape is not compared; its
eyeLook shapes move lids only, so the angle by which eyes turn is not compared either.
Exits with 1 where a bar is missed.
"""

import argparse
import json
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from scipy.interpolate import RBFInterpolator
from scipy.spatial import KDTree

from studio.core.heads.anatomy import FACE_OVAL, INTEROCULAR, to_face
from studio.core.heads.arkit import ARKIT_INDEX, ARKIT_NAMES
from studio.core.heads.full import FullHead
from studio.core.heads.head import HeadParams
from studio.core.heads.standard68 import ON_FACE_MESH
from studio.core.heads.template import TemplateHead, mean_landmarks

COSINE, RATIO, SPILL = 0.8, (0.6, 1.6), 0.05
_REACH, _MOVES = 0.15, 0.05
# Vertices of the other head's face and neck; sockets, teeth and eyes follow.
_ICT_SKIN = 11248

_INNER = slice(17, 68)
ON_FACE = list(ON_FACE_MESH)


@dataclass(frozen=True, eq=False)
class OtherHead:
    """ICT-FaceKit in our face frame: `skin` ``[V,3]``, `landmarks` ``[68]``, displacement ``[V,3]`` by ARKit name."""

    skin: NDArray[np.float64]
    landmarks: NDArray[np.int64]
    shapes: dict[str, NDArray[np.float64]]


@dataclass(frozen=True)
class Score:
    """One shape's row; NaN where it cannot be measured."""

    name: str
    cosine: float = np.nan
    ratio: float = np.nan
    spill: float = np.nan
    dense: float = np.nan
    rms: float = np.nan

    @property
    def missed(self) -> str:
        """The bars missed, "" where none is."""
        bad = [] if np.isnan(self.ratio) or RATIO[0] <= self.ratio <= RATIO[1] else ["ratio"]
        return " ".join(bad + (["spill"] if self.spill > SPILL else []))


def load_other_head(folder: Path) -> OtherHead:
    """Read the packed ICT head and align it to the mean face."""
    data = np.load(folder / "ict_facekit.npz")
    indices = json.loads((folder / "vertex_indices.json").read_text(encoding="utf-8"))
    landmarks = np.array(indices["idx_to_landmark_verts"])
    neutral = data["neutral"].astype(np.float64)
    scale, rotation, shift = similarity(neutral[landmarks[_INNER]], mean_landmarks()[ON_FACE][_INNER])
    skin = to_face(neutral[:_ICT_SKIN] @ rotation.T * scale + shift)
    face_axes = np.array([1.0, -1, 1]) / INTEROCULAR
    packed = dict(zip(data["expression_names"].tolist(), data["expression"], strict=True))
    shapes = {}
    for name in ARKIT_NAMES:
        halves = [name, name.replace("Left", "_L").replace("Right", "_R"), f"{name}_L", f"{name}_R"]
        found = [packed[half][:_ICT_SKIN].astype(np.float64) for half in dict.fromkeys(halves) if half in packed]
        if found:
            shapes[name] = sum(found) @ rotation.T * scale * face_axes
    return OtherHead(skin, landmarks, shapes)


def similarity(source: NDArray, target: NDArray) -> tuple[float, NDArray, NDArray]:
    """Return scale, rotation ``[3,3]`` and shift that take points ``[N,3]`` nearest to others (Umeyama 1991)."""
    a, b = source - source.mean(0), target - target.mean(0)
    u, s, vt = np.linalg.svd(b.T @ a)
    sign = np.array([1, 1, np.sign(np.linalg.det(u @ vt))])
    rotation = (u * sign) @ vt
    scale = float((s * sign).sum() / (a**2).sum())
    return scale, rotation, target.mean(0) - scale * rotation @ source.mean(0)


@dataclass(frozen=True, eq=False)
class Skin:
    """What is compared of one of our heads: its skin at rest ``[V,3]`` in the face frame, faces, and how it moves."""

    neutral: NDArray[np.float64]
    faces: NDArray[np.int32]
    posed: Callable[[HeadParams], NDArray]

    @staticmethod
    def of(head: TemplateHead | FullHead) -> "Skin":
        """Return a head's skin; its vertices come first."""
        count = len(head.neutral) if isinstance(head, TemplateHead) else int(head.of("skin").sum())
        faces = head.faces[(head.faces < count).all(1)]
        return Skin(to_face(head.neutral[:count]), faces, lambda params: to_face(head.vertices(params)[:count]))

    def displacement(self, **channels: float) -> NDArray[np.float64]:
        """Return how far the vertices ``[V,3]`` move."""
        code = np.zeros(len(ARKIT_NAMES), np.float32)
        for name, value in channels.items():
            code[ARKIT_INDEX[name]] = value
        zero = np.zeros(3, np.float32)
        return self.posed(HeadParams(zero, code, zero, zero)) - self.neutral

    def shape(self, name: str) -> NDArray[np.float64]:
        """Return what a channel at 1 does ``[V,3]``; mouthClose beside jawOpen."""
        if name == "mouthClose":
            return self.displacement(jawOpen=1.0, mouthClose=1.0) - self.displacement(jawOpen=1.0)
        return self.displacement(**{name: 1.0})


def compare(skin: Skin, other: OtherHead) -> list[Score]:
    """Return one score per channel."""
    neutral = skin.neutral
    warp = RBFInterpolator(neutral[ON_FACE], other.skin[other.landmarks], smoothing=1e-3)
    warped = warp(neutral)
    nearest = np.asarray(KDTree(other.skin).query(warped)[1])
    area = vertex_areas(neutral, skin.faces)
    inside = _inside_oval(neutral)
    scores = []
    for name in ARKIT_NAMES:
        if name not in other.shapes:
            scores.append(Score(name))
            continue
        mine, theirs = skin.shape(name), other.shapes[name]
        a, b = mine[ON_FACE], theirs[other.landmarks]
        moves = np.linalg.norm(theirs, axis=1)
        far = KDTree(other.skin[moves >= _MOVES * moves.max()]).query(warped)[0] > _REACH
        energy = area * (mine**2).sum(1)
        spill = energy[far].sum() / max(energy.sum(), 1e-12)
        scores.append(
            Score(
                name,
                _cosine(a, b),
                float(np.linalg.norm(a) / np.linalg.norm(b)),
                float(spill),
                _cosine(mine[inside], theirs[nearest[inside]]),
                float(1e3 * np.sqrt((b**2).sum(1).mean())),
            )
        )
    return scores


def vertex_areas(points: NDArray, faces: NDArray) -> NDArray[np.float64]:
    """Return the area around each vertex ``[V]``: a third of its triangles'."""
    a, b, c = np.moveaxis(points[faces], 1, 0)
    area = np.linalg.norm(np.cross(b - a, c - a), axis=1) / 6
    total = np.zeros(len(points))
    np.add.at(total, faces.ravel(), np.repeat(area, 3))
    return total


def _inside_oval(points: NDArray) -> NDArray[np.bool_]:
    oval = points[FACE_OVAL, :2]
    angle = np.unwrap(np.arctan2(*(oval[:, None] - points[None, :, :2]).transpose(2, 0, 1)), axis=0)
    return np.abs(angle[-1] - angle[0]) > np.pi


def _cosine(a: NDArray, b: NDArray) -> float:
    length = np.linalg.norm(a) * np.linalg.norm(b)
    return float((a * b).sum() / length) if length > 1e-9 else 0.0


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, required=True, help="the folder that holds ict_facekit/")
    args = parser.parse_args()
    other = load_other_head(args.data / "ict_facekit")
    face, whole = TemplateHead(mean_landmarks()), FullHead()
    passed = [report(title, Skin.of(head), other) for title, head in (("face template", face), ("whole head", whole))]
    sys.exit(int(not all(passed)))


def report(title: str, skin: Skin, other: OtherHead) -> bool:
    """Print one head's table; returns whether it reaches every bar."""
    scores = compare(skin, other)
    print(f"{title}: skin of {len(skin.neutral)} vertices, {len(skin.faces)} triangles\n")
    print("| shape | cosine | ratio | spill | dense | ICT rms | missed |\n|---|---|---|---|---|---|---|")
    for s in scores:
        numbers = (f"{s.cosine:.2f}", f"{s.ratio:.2f}", f"{s.spill:.3f}", f"{s.dense:.2f}", f"{s.rms:.0f}")
        known = numbers if np.isfinite(s.cosine) else ("not in ICT", *["–"] * 4)
        print(f"| {s.name} | {' | '.join(known)} | {s.missed} |")
    cosine = float(np.nanmean([s.cosine for s in scores]))
    misses = [s for s in scores if s.missed]
    print(f"\n{title}: mean cosine {cosine:.3f} (at least {COSINE}), {len(misses)} shapes miss a bar\n")
    return cosine >= COSINE and not misses


if __name__ == "__main__":
    main()
