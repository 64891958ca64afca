"""Make ``assets/head_template.safetensors``: the topology and mean shape of the head template.

    python tools/build_head_template.py PICTURES...

The face is the triangulation of the 478-point face mesh (MediaPipe, Apache-2.0), surrounded by an apron of rings
that carries expressions out over cheeks, neck and forehead, and subdivided twice. The mean shape is measured: the
mean of the landmarks found in PICTURES, made symmetric, in the face frame of `studio.core.heads.anatomy`. Only
pictures that show no real person and whose terms allow it go into the shipped file.
"""

import argparse
import hashlib
import json
from itertools import pairwise
from pathlib import Path

import cv2
import numpy as np
from safetensors.numpy import save_file

from studio.core.heads.anatomy import FACE_OVAL, INTEROCULAR, to_face
from studio.core.heads.fitting import fit_head_pose
from studio.core.perception.landmarks import find_faces

RINGS = 4


def face_triangles() -> np.ndarray:
    """Return the triangles ``[F,3]`` of the face mesh: every three edges that meet."""
    from mediapipe.python.solutions.face_mesh_connections import FACEMESH_TESSELATION

    neighbours: dict[int, set[int]] = {}
    for a, b in FACEMESH_TESSELATION:
        neighbours.setdefault(a, set()).add(b)
        neighbours.setdefault(b, set()).add(a)
    triangles = {tuple(sorted((a, b, c))) for a, b in FACEMESH_TESSELATION for c in neighbours[a] & neighbours[b]}
    return np.array(sorted(triangles), np.int32)


def apron_triangles(first: int) -> np.ndarray:
    """Return the triangles of the rings around the face oval; ring r's vertices start at first + r * len(oval)."""
    n = len(FACE_OVAL)
    rings = [np.array(FACE_OVAL)] + [first + r * n + np.arange(n) for r in range(RINGS)]
    triangles = []
    for inner, outer in pairwise(rings):
        for i in range(n):
            j = (i + 1) % n
            triangles += [(inner[i], outer[i], outer[j]), (inner[i], outer[j], inner[j])]
    return np.array(triangles, np.int32)


def subdivide(faces: np.ndarray, count: int) -> tuple[np.ndarray, np.ndarray]:
    """Split every triangle in four. Returns faces and, for each new vertex, the two it lies between."""
    edges: dict[tuple[int, int], int] = {}

    def middle(a: int, b: int) -> int:
        return edges.setdefault((min(a, b), max(a, b)), count + len(edges))

    out = []
    for a, b, c in faces.tolist():
        ab, bc, ca = middle(a, b), middle(b, c), middle(c, a)
        out += [(a, ab, ca), (ab, b, bc), (ca, bc, c), (ab, bc, ca)]
    return np.array(out, np.int32), np.array(list(edges), np.int32)


def mean_landmarks(pictures: list[Path]) -> np.ndarray:
    """Return the mean landmarks ``[478,3]`` in the face frame, symmetric in x."""
    shapes = []
    for path in pictures:
        bgr = cv2.imread(str(path))
        faces = [] if bgr is None else find_faces(np.ascontiguousarray(bgr[..., ::-1], np.uint8))
        if faces:
            shapes.append(to_face(fit_head_pose(faces[0].landmarks, bgr.shape[1], bgr.shape[0]).landmarks))
    print(f"{len(shapes)} faces in {len(pictures)} pictures")
    mean = np.median(shapes, axis=0)
    flipped = mean * [-1, 1, 1]
    # The mesh is symmetric, its numbering is not: each point's mirror is the nearest point to its reflection.
    partner = np.argmin(np.linalg.norm(flipped[:, None] - mean[None], axis=-1), axis=1)
    return 0.5 * (mean + flipped[partner])


def outward(faces: np.ndarray, positions: np.ndarray) -> np.ndarray:
    """Wind every triangle counter-clockwise seen from in front of the face."""
    a, b, c = (positions[faces[:, i], :2] for i in range(3))
    area = (b[:, 0] - a[:, 0]) * (c[:, 1] - a[:, 1]) - (b[:, 1] - a[:, 1]) * (c[:, 0] - a[:, 0])
    # y points down in the face frame, so a counter-clockwise triangle has negative area here.
    return np.where((area > 0)[:, None], faces[:, [0, 2, 1]], faces).astype(np.int32)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("pictures", nargs="+", type=Path)
    parser.add_argument("-o", "--output", type=Path, default=Path("assets/head_template.safetensors"))
    args = parser.parse_args()

    mean = mean_landmarks(args.pictures)
    n_oval = len(FACE_OVAL)
    base = np.concatenate([face_triangles(), apron_triangles(478)])
    control = np.zeros((478 + RINGS * n_oval, 3))
    control[:478] = mean
    oval = mean[FACE_OVAL]
    for r in range(RINGS):
        control[478 + r * n_oval : 478 + (r + 1) * n_oval] = oval * (1 + 0.12 * (r + 1))
    base = outward(base, control)
    once, parents_a = subdivide(base, len(control))
    twice, parents_b = subdivide(once, len(control) + len(parents_a))
    save_file(
        {
            "mean_landmarks": mean.astype(np.float32),
            "control_faces": base,
            "faces": twice,
            "parents": np.concatenate([parents_a, parents_b]),
        },
        args.output,
        metadata={"rings": str(RINGS), "unit": f"interocular distance = {INTEROCULAR} m, face frame"},
    )
    entry = {
        "bytes": args.output.stat().st_size,
        "licence": "Apache-2.0, as the project; the triangulation is that of MediaPipe's face mesh (Apache-2.0).",
        "made_by": "python tools/build_head_template.py PICTURES",
        "sha256": hashlib.sha256(args.output.read_bytes()).hexdigest(),
        "trained_on": f"median landmarks of the faces in {len(args.pictures)} pictures that show no real person "
        "(paintings, statues, cartoons, generated faces)",
        "what": "head template v1: face mesh with apron, subdivided twice, and mean landmarks",
    }
    manifest = args.output.with_name("manifest.json")
    entries = json.loads(manifest.read_text(encoding="utf-8")) | {args.output.name: entry}
    text = json.dumps(entries, indent=2, sort_keys=True, ensure_ascii=False)
    manifest.write_text(text + "\n", encoding="utf-8")
    print(f"{args.output}: {len(control) + len(parents_a) + len(parents_b)} vertices, {len(twice)} triangles")


if __name__ == "__main__":
    main()
