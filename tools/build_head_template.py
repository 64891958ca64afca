"""Make ``assets/head_template.safetensors``: the mean face, the face template of `lift`, and the whole head.

    python tools/build_head_template.py [PICTURES...]

The face is the triangulation of the 478-point face mesh (MediaPipe, Apache-2.0). The mean face is measured: the
median of the landmarks found in PICTURES, made symmetric, in the face frame of `studio.core.heads.anatomy`; without
PICTURES that of the present file is kept. Only pictures that show no real person and whose terms allow it go into the
shipped file. Around the mean face the rest of a head is built by description; see `head_shape`.
"""

import argparse
import hashlib
import json
from itertools import pairwise
from pathlib import Path

import cv2
import numpy as np
from head_shape.assemble import whole_head
from head_shape.face import face_triangles, subdivide
from head_shape.mesh import Faces, Points
from safetensors.numpy import load_file, save_file

from studio.core.heads.anatomy import FACE_OVAL, INTEROCULAR, to_face
from studio.core.heads.fitting import fit_head_pose
from studio.core.perception.landmarks import find_faces

RINGS = 4
TRAINED_ON = (
    "median landmarks of the faces in 45 pictures that show no real person (paintings, statues, cartoons, generated "
    "faces); widths and depths of skull and neck were measured on ICT-FaceKit (MIT) and rounded, none of its vertices "
    "is used"
)


def apron_triangles(first: int) -> Faces:
    """Return the triangles of the rings around the face oval; ring r's vertices start at first + r * len(oval)."""
    n = len(FACE_OVAL)
    rings = [np.array(FACE_OVAL)] + [first + r * n + np.arange(n) for r in range(RINGS)]
    triangles = []
    for inner, outer in pairwise(rings):
        for i in range(n):
            j = (i + 1) % n
            triangles += [(inner[i], outer[i], outer[j]), (inner[i], outer[j], inner[j])]
    return np.array(triangles, np.int32)


def mean_landmarks(pictures: list[Path]) -> Points:
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


def outward(faces: Faces, positions: Points) -> Faces:
    """Wind every triangle counter-clockwise seen from in front of the face."""
    a, b, c = (positions[faces[:, i], :2] for i in range(3))
    area = (b[:, 0] - a[:, 0]) * (c[:, 1] - a[:, 1]) - (b[:, 1] - a[:, 1]) * (c[:, 0] - a[:, 0])
    # y points down in the face frame, so a counter-clockwise triangle has negative area here.
    return np.where((area > 0)[:, None], faces[:, [0, 2, 1]], faces).astype(np.int32)


def face_template(mean: Points) -> dict[str, np.ndarray]:
    """Return the face with its apron, subdivided twice."""
    n_oval = len(FACE_OVAL)
    control = np.zeros((478 + RINGS * n_oval, 3))
    control[:478] = mean
    oval = mean[FACE_OVAL]
    for r in range(RINGS):
        control[478 + r * n_oval : 478 + (r + 1) * n_oval] = oval * (1 + 0.12 * (r + 1))
    base = outward(np.concatenate([face_triangles(), apron_triangles(478)]), control)
    once, parents_a = subdivide(base, len(control))
    twice, parents_b = subdivide(once, len(control) + len(parents_a))
    return {"control_faces": base, "faces": twice, "parents": np.concatenate([parents_a, parents_b])}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("pictures", nargs="*", type=Path)
    parser.add_argument("-o", "--output", type=Path, default=Path("assets/head_template.safetensors"))
    args = parser.parse_args()

    present = Path("assets/head_template.safetensors")
    mean = mean_landmarks(args.pictures) if args.pictures else load_file(present)["mean_landmarks"].astype(np.float64)
    arrays = {"mean_landmarks": mean.astype(np.float32)} | face_template(mean)
    arrays |= {f"head.{name}": array for name, array in whole_head(mean).items()}
    # One entry only: several would be written in any order, and the file's sum would change from run to run.
    metadata = {"unit": f"interocular distance = {INTEROCULAR} m, face frame; {RINGS} rings in the apron"}
    save_file({name: np.ascontiguousarray(a) for name, a in arrays.items()}, args.output, metadata=metadata)
    entry = {
        "bytes": args.output.stat().st_size,
        "licence": "Apache-2.0, as the project; the triangulation is that of MediaPipe's face mesh (Apache-2.0).",
        "made_by": "python tools/build_head_template.py PICTURES",
        "sha256": hashlib.sha256(args.output.read_bytes()).hexdigest(),
        "trained_on": TRAINED_ON,
        "what": "head template v2: mean landmarks, face mesh with apron, and a whole head with eyes, teeth and tongue",
    }
    manifest = args.output.with_name("manifest.json")
    if manifest.exists():
        entries = json.loads(manifest.read_text(encoding="utf-8")) | {args.output.name: entry}
        text = json.dumps(entries, indent=2, sort_keys=True, ensure_ascii=False)
        manifest.write_text(text + "\n", encoding="utf-8")
    counts = [len(arrays[name]) for name in ("head.points", "head.faces")]
    print(f"{args.output}: whole head of {counts[0]} vertices, {counts[1]} triangles; {entry['bytes']} bytes")


if __name__ == "__main__":
    main()
