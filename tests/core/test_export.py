import os
from dataclasses import replace
from functools import partial

import gsplat_on_cpu
import numpy as np
import pytest
from device_avatar import MovableAvatar, TinyTwin
from fakes import TinyAvatar

from studio.core.avatar import render_frame
from studio.core.errors import UserError
from studio.core.export import SHEET_ROWS, SHEET_YAWS, view_picture, view_sheet
from studio.core.framing import portrait_camera
from studio.core.motion.motion import Motion
from studio.core.render import gsplat_backend


@pytest.fixture(scope="module")
def avatar() -> TinyAvatar:
    return TinyAvatar.make(400)


def test_a_view_without_turning_is_the_portraits_own(avatar: TinyAvatar) -> None:
    own = render_frame(avatar, Motion.neutral(), portrait_camera(avatar, 96))
    np.testing.assert_allclose(view_picture(avatar, size=96) / 255, own, atol=1 / 255)


def test_views_follow_yaw_zoom_expression_and_background(avatar: TinyAvatar) -> None:
    home = view_picture(avatar, size=96, background=(0.0, 0.0, 1.0))
    assert home.shape == (96, 96, 4)
    assert (home[0, 0] == [0, 0, 255, 255]).all()
    closer = view_picture(avatar, size=96, zoom=1.3, background=(0.0, 0.0, 1.0))
    blue = [(picture[..., :3] == [0, 0, 255]).all(-1).sum() for picture in (home, closer)]
    assert blue[1] < blue[0]
    turned = view_picture(avatar, size=96, yaw=30)
    opened = view_picture(avatar, size=96, expression={"jawOpen": 1.0})
    for other in (turned, opened):
        assert (abs(view_picture(avatar, size=96).astype(int) - other) > 40).any()
    assert view_picture(avatar, size=96, background="transparent")[0, 0, 3] == 0


def test_views_and_sheets_show_what_is_guessed_where_the_avatar_knows(avatar: TinyAvatar) -> None:
    known = replace(avatar, seen=avatar.means[:, 1] > 0)
    for view in (partial(view_picture, size=64), partial(view_sheet, size=64)):
        plain, tinted = (view(known, show_guessed=on).astype(int) for on in (False, True))
        assert abs(tinted - plain).max() > 60
        assert np.array_equal(view(avatar), plain)
        with pytest.raises(UserError, match="build it again"):
            view(avatar, show_guessed=True)


class MovesToStandIns(MovableAvatar):
    """Moves to torch's CPU wherever it is sent, and remembers."""

    twins: list[TinyTwin]

    @staticmethod
    def of(avatar: TinyAvatar) -> "MovesToStandIns":
        movable = MovesToStandIns(avatar.means, avatar.colors, avatar.jaw, avatar.plate)
        movable.twins = []
        return movable

    def on(self, device: str) -> TinyTwin:
        assert device == "cuda"
        self.twins.append(super().on("cpu"))
        return self.twins[-1]


def test_views_are_drawn_on_a_gpu_where_there_is_one(monkeypatch: pytest.MonkeyPatch) -> None:
    movable = MovesToStandIns.of(TinyAvatar.make(60))
    view, sheet = view_picture(movable, size=64, yaw=20), view_sheet(movable, 64)
    assert movable.twins == []
    gsplat_on_cpu.install(monkeypatch)
    drawn = view_picture(movable, size=64, yaw=20)
    assert [twin.batches for twin in movable.twins] == [[1]]
    assert abs(drawn.astype(int) - view).max() <= 2
    drawn = view_sheet(movable, 64)
    assert [sum(twin.batches) for twin in movable.twins[1:]] == [len(SHEET_ROWS) * len(SHEET_YAWS)]
    assert abs(drawn.astype(int) - sheet).max() <= 2


def test_where_gsplat_does_not_compile_views_are_drawn_all_the_same(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    movable = MovesToStandIns.of(TinyAvatar.make(60))
    view = view_picture(movable, size=64)
    gsplat_on_cpu.install(monkeypatch)
    monkeypatch.setattr(gsplat_backend, "_loaded", False)
    monkeypatch.setattr(gsplat_backend, "_failure", None)
    monkeypatch.setattr(gsplat_backend, "needs_compiling", lambda: False)
    monkeypatch.setattr(gsplat_backend, "_kernels", lambda: None)
    monkeypatch.setenv("PATH", os.environ["PATH"])  # both are set for the compiler, and put back after the test
    monkeypatch.setenv("CUDA_HOME", os.environ.get("CUDA_HOME", ""))
    with caplog.at_level("INFO", "studio.core.frame_stream"):
        drawn = view_picture(movable, size=64)
    assert movable.twins == []
    assert "finds no CUDA toolkit" in caplog.text
    np.testing.assert_array_equal(drawn, view)


@pytest.mark.parametrize("options", [{"size": 1}, {"size": 10**6}, {"zoom": 0}, {"yaw": 1e9}, {"pitch": 91}])
def test_bad_views_are_refused(avatar: TinyAvatar, options: dict) -> None:
    with pytest.raises(UserError, match="out of range"):
        view_picture(avatar, **options)


def test_a_transparent_sheet_is_refused(avatar: TinyAvatar) -> None:
    with pytest.raises(UserError, match="cannot be transparent"):
        view_sheet(avatar, 64, "transparent")


def test_a_sheet_holds_every_cell(avatar: TinyAvatar) -> None:
    size = 64
    sheet = view_sheet(avatar, size)
    rows, columns = len(SHEET_ROWS), len(SHEET_YAWS)
    top, left = sheet.shape[0] - rows * size, sheet.shape[1] - columns * size
    cells = sheet[top:, left:].reshape(rows, size, columns, size, 3).transpose(0, 2, 1, 3, 4)
    assert sheet.dtype == np.uint8
    assert (abs(cells[0, 3].astype(int) - cells[0, 4]).max(-1) > 40).sum() > 20  # turned
    assert (abs(cells[0, 3].astype(int) - cells[1, 3]).max(-1) > 40).sum() > 20  # jaw open
    assert sheet[:top].max() > 200  # labels
    assert sheet[:, :left].max() > 200
