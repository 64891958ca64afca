from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from fakes import TinyAvatar

from studio.core.errors import UserError
from studio.core.export_splats import LEAST_DB, LEAST_DB_QUANTISED, export_splats
from studio.core.gaussians.splat_file import QUANTISED, SUFFIXES, read_splats
from studio.core.jobs import run
from studio.core.motion.motion import Motion


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_a_file_drawn_again_is_the_frame(tmp_path: Path, suffix: str) -> None:
    report = run(export_splats(TinyAvatar.make(), tmp_path / f"head{suffix}"))
    assert report.psnr >= (LEAST_DB_QUANTISED if suffix in QUANTISED else LEAST_DB)
    assert report.gaussians == len(read_splats(report.path)) == 600
    assert report.bytes == report.path.stat().st_size


def test_a_posed_head_is_written_as_posed(tmp_path: Path) -> None:
    avatar, frame = TinyAvatar.make(), Motion.arkit(0.0, None, jawOpen=1.0)
    rest = run(export_splats(avatar, tmp_path / "rest.ply"))
    posed = run(export_splats(avatar, tmp_path / "posed.ply", frame))
    moved = read_splats(rest.path).means[:, 1] - read_splats(posed.path).means[:, 1]
    np.testing.assert_allclose(moved, avatar.jaw * 0.04, atol=1e-6)


def test_what_is_never_drawn_is_left_out(tmp_path: Path) -> None:
    class HalfGone(TinyAvatar):
        def pose(self, frame, camera, out=None):
            posed = super().pose(frame, camera, out)
            return replace(posed, opacities=np.where(np.arange(len(posed)) % 2, posed.opacities, 0).astype(np.float32))

    tiny = TinyAvatar.make()
    half = HalfGone(tiny.means, tiny.colors, tiny.jaw, tiny.plate, tiny.name, tiny.consent)
    assert run(export_splats(half, tmp_path / "head.spz")).gaussians == 300


def test_a_look_that_no_splat_holds_is_declined_and_leaves_nothing(tmp_path: Path) -> None:
    class Darkened(TinyAvatar):
        def shade(self, raster, frame, camera, background, out=None):
            picture = super().shade(raster, frame, camera, background, out)
            picture[..., :3] *= 0.8
            return picture

    tiny = TinyAvatar.make()
    dark = Darkened(tiny.means, tiny.colors, tiny.jaw, tiny.plate, tiny.name, tiny.consent)
    with pytest.raises(UserError, match="splats cannot hold"):
        run(export_splats(dark, tmp_path / "head.ply"))
    assert not list(tmp_path.iterdir())


def test_an_unknown_format_is_refused_before_anything_is_written(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="no format for splats"):
        run(export_splats(TinyAvatar.make(), tmp_path / "head.stl"))
    assert not list(tmp_path.iterdir())
