"""A head as a textured mesh with ARKit shapes, proved by reading it back and drawing it again."""

from dataclasses import dataclass
from os import PathLike
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from studio.core.avatar import Avatar, Meshed, render_frame
from studio.core.errors import UserError
from studio.core.framing import portrait_camera
from studio.core.gaussians.camera import Camera
from studio.core.heads.identity import N_MESH_LANDMARKS
from studio.core.heads.mesh_file import HeadMesh, read_mesh, write_mesh
from studio.core.jobs import Job, Stopwatch, share
from studio.core.media.files import atomic_path
from studio.core.media.provenance import PROGRAM, STATEMENT
from studio.core.motion.motion import Motion
from studio.core.perception.masks import convex
from studio.core.render.zbuffer import corner_shares, nearest_triangles
from studio.core.training.metrics import psnr

_SIZE = 512  # px of the frame that is compared
_GREY = (0.5, 0.5, 0.5)


@dataclass(frozen=True)
class MeshReport:
    """A finished, verified mesh.

    Attributes
    ----------
    face_psnr
        dB of the mesh, drawn again, against the studio's own frame: the face, at rest, in the portrait's view. Hair
        and clothes are paint on a mesh, so nothing else is compared.
    """

    path: Path
    vertices: int
    shapes: int
    bytes: int
    face_psnr: float


def export_mesh(avatar: Avatar, out_path: str | PathLike[str]) -> Job[MeshReport]:
    """Write an avatar's head as a GLB: mesh, texture and one morph target for every ARKit shape.

    Raises
    ------
    UserError
        If the suffix is not .glb, the avatar has no mesh, or the file cannot be written.
    """
    if Path(out_path).suffix.lower() != ".glb":
        raise UserError("A mesh is written as GLB; end the name in .glb.")
    if not isinstance(avatar, Meshed):
        raise UserError(f"A head of the engine '{avatar.engine}' has no mesh; export splats (.ply, .spz) instead.")
    watch = Stopwatch()
    with atomic_path(out_path) as temporary:
        mesh = yield from share(avatar.mesh(), watch, 0.0, 0.9)
        yield watch.progress(0.9, "writing the mesh")
        write_mesh(mesh, temporary, title=PROGRAM, comment=STATEMENT)
        again = read_mesh(temporary)
        yield watch.progress(0.95, "drawing it again")
        likeness = _face_psnr(avatar, again)
        size = temporary.stat().st_size
    yield watch.progress(1.0, "done")
    return MeshReport(Path(out_path), len(again.vertices), len(again.shapes), size, likeness)


def _face_psnr(avatar: Avatar, mesh: HeadMesh) -> float:
    camera = portrait_camera(avatar, _SIZE)
    wanted = render_frame(avatar, Motion.arkit(0.0, None), camera, _GREY)[..., :3]
    picture, drawn = draw_mesh(mesh, camera)
    landmarks = camera.project(mesh.vertices[:N_MESH_LANDMARKS].astype(np.float64))[:, :2]
    face = convex(drawn.shape, landmarks) & drawn
    return psnr(picture, wanted, face) if face.any() else 0.0


def draw_mesh(mesh: HeadMesh, camera: Camera) -> tuple[NDArray[np.float32], NDArray[np.bool_]]:
    """Return the mesh at rest as a picture ``[H,W,3]``, and where it is ``[H,W]``."""
    projected = camera.project(mesh.vertices.astype(np.float64)).astype(np.float32)
    faces = mesh.faces.astype(np.int32)
    nearest = nearest_triangles(projected, faces, camera.height, camera.width)
    row, column = np.nonzero(nearest >= 0)
    corners = faces[nearest[row, column]]
    a, b, c = (projected[corners[:, k], :2].astype(np.float64) for k in range(3))
    place = np.column_stack([column, row]) + 0.5
    # On a plane in space it is 1/z that is linear in the picture.
    shares = corner_shares(place, a, b, c) / projected[corners, 2]
    shares /= shares.sum(1, keepdims=True)
    uv = (mesh.uv[corners] * shares[..., None]).sum(1)
    side = np.array(mesh.texture.shape[1::-1])
    u, v = np.clip((uv * side).astype(int), 0, side - 1).T
    picture = np.full((camera.height, camera.width, 3), _GREY, np.float32)
    picture[row, column] = mesh.texture[v, u] / np.float32(255)
    return picture, nearest >= 0
