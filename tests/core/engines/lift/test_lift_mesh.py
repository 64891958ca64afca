from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from fakes import TinyAvatar

from studio.core.engines.lift.avatar import LiftAvatar
from studio.core.errors import UserError
from studio.core.export_mesh import draw_mesh, export_mesh
from studio.core.framing import portrait_camera
from studio.core.heads.anatomy import CHIN
from studio.core.heads.arkit import ARKIT_NAMES
from studio.core.heads.mesh_file import HeadMesh, read_mesh
from studio.core.jobs import run


@pytest.fixture(scope="module")
def exported(avatar: LiftAvatar, tmp_path_factory: pytest.TempPathFactory) -> tuple[float, HeadMesh]:
    report = run(export_mesh(avatar, tmp_path_factory.mktemp("mesh") / "head.glb"))
    return report.face_psnr, read_mesh(report.path)


def test_drawn_again_its_face_is_the_portraits(exported: tuple[float, HeadMesh]) -> None:
    assert exported[0] > 27


def test_has_every_shape_and_the_jaw_takes_the_chin_down(exported: tuple[float, HeadMesh]) -> None:
    shapes = exported[1].shapes
    assert tuple(shapes) == ARKIT_NAMES
    assert all(np.isfinite(shape).all() for shape in shapes.values())
    assert shapes["jawOpen"][CHIN, 1] < -0.01
    assert abs(shapes["eyeBlinkLeft"][CHIN]).max() == 0


def test_a_shape_moves_what_is_drawn(avatar: LiftAvatar, exported: tuple[float, HeadMesh]) -> None:
    mesh, camera = exported[1], portrait_camera(avatar, 256)
    opened = replace(mesh, vertices=mesh.vertices + mesh.shapes["jawOpen"])
    rest, there = draw_mesh(mesh, camera)
    moved, _ = draw_mesh(opened, camera)
    assert there.mean() > 0.1
    assert np.abs(moved - rest).max() > 0.3


def test_a_head_without_a_mesh_declines(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="has no mesh"):
        run(export_mesh(TinyAvatar.make(), tmp_path / "head.glb"))
    assert not list(tmp_path.iterdir())


def test_only_glb_is_written(avatar: LiftAvatar, tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"end the name in \.glb"):
        run(export_mesh(avatar, tmp_path / "head.obj"))
