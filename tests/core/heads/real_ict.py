"""The published ICT-FaceKit head of the shared data."""

import json
from pathlib import Path

import numpy as np

from studio.core.heads.arkit import ARKIT_INDEX
from studio.core.heads.ict import EXTRA_FILES, IctHead, IctModel, arkit_name
from studio.core.heads.obj import read_mesh


def packed_head(folder: Path, n_identities: int) -> IctHead:
    """The head of the packed file; its half floats are good to 0.001 cm."""
    mesh = read_mesh(folder / "generic_neutral_mesh.obj.gz")
    with np.load(folder / "ict_facekit.npz") as file:
        names, shapes, identity = file["expression_names"].tolist(), file["expression"], file["identity"]
    expression = np.zeros((56, *mesh.vertices.shape), np.float32)
    for name, shape in zip(names, shapes, strict=True):
        row = 52 + EXTRA_FILES.index(name) if name in EXTRA_FILES else ARKIT_INDEX[arkit_name(name)]
        expression[row] += shape
    landmarks = json.loads((folder / "vertex_indices.json").read_text())["idx_to_landmark_verts"]
    people = identity[:n_identities].astype(np.float32)
    return IctHead(IctModel(mesh.vertices.astype(np.float32), mesh.faces, people, expression, np.array(landmarks)))
