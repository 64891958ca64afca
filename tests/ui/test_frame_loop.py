import threading
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
import pytest
from fakes import TinyAvatar
from pytestqt.qtbot import QtBot

from studio.core import avatar as avatars
from studio.core.gaussians.camera import Camera
from studio.core.gaussians.gaussians import Gaussians
from studio.core.motion.motion import Motion
from studio.core.orbit import Orbit
from studio.core.render.rasterize import BackendChoice
from studio.ui.viewport.frame_loop import FrameLoop


@pytest.fixture
def loop(qtbot: QtBot) -> Iterator[FrameLoop]:
    made = FrameLoop()
    with qtbot.waitSignal(made.prepared, timeout=60_000):
        made.start()
    yield made
    made.stop()


def test_a_renderer_that_is_held_prepares_itself_when_it_is_released(qtbot: QtBot) -> None:
    loop, prepared = FrameLoop(), []
    loop.prepared.connect(lambda *_: prepared.append(True))
    loop.hold()
    loop.start()
    qtbot.wait(50)
    assert not prepared
    with qtbot.waitSignal(loop.prepared, timeout=60_000):
        loop.release()
    loop.stop()


def test_a_renderer_that_is_held_can_be_stopped(qapp: object) -> None:
    loop = FrameLoop()
    loop.hold()
    loop.start()
    loop.stop()


@dataclass(eq=False)
class SlowAvatar(TinyAvatar):
    """Waits for a gate in every pose."""

    gate: threading.Event = field(default_factory=threading.Event)
    posing: threading.Event = field(default_factory=threading.Event)

    def pose(self, frame: Motion, camera: Camera, out: Gaussians | None = None) -> Gaussians:
        self.posing.set()
        self.gate.wait()
        return super().pose(frame, camera, out)


def slow_avatar() -> SlowAvatar:
    avatar = TinyAvatar.make(200)
    return SlowAvatar(avatar.means, avatar.colors, avatar.jaw, avatar.plate)


def test_a_wish_becomes_a_frame(qtbot: QtBot, loop: FrameLoop) -> None:
    with qtbot.waitSignal(loop.ready):
        loop.show(avatar=TinyAvatar.make(), size=96)
    frame = loop.take()
    assert frame is not None
    assert frame.rgba.shape == (96, 96, 4)
    assert frame.rgba.dtype == np.uint8
    assert loop.take() is None


def test_motion_changes_the_picture(qtbot: QtBot, loop: FrameLoop) -> None:
    pictures = []
    for motion in (Motion.neutral(), Motion.arkit(jawOpen=1.0)):
        with qtbot.waitSignal(loop.ready):
            loop.show(avatar=TinyAvatar.make(), size=96, motion=motion)
        frame = loop.take()
        assert frame is not None
        pictures.append(np.asarray(frame.rgba).astype(int))
    assert np.abs(pictures[0] - pictures[1]).max() > 60


def test_the_newest_wish_wins(qtbot: QtBot, loop: FrameLoop) -> None:
    avatar = slow_avatar()
    loop.show(avatar=avatar, size=32)
    assert avatar.posing.wait(10)
    for yaw in range(1, 21):
        loop.show(orbit=Orbit(yaw=yaw))
    seen = []
    loop.ready.connect(lambda: seen.append(loop.take().scene.orbit.yaw))  # pyright: ignore
    avatar.gate.set()
    qtbot.waitUntil(lambda: bool(seen) and seen[-1] == 20)
    assert seen in ([0, 20], [20])
    assert loop.pace().superseded == 19


def test_a_stream_of_frames_goes_round_in_three_pictures_and_spares_the_shown_one(
    qtbot: QtBot, loop: FrameLoop
) -> None:
    avatar, places = TinyAvatar.make(200), set()
    for k in range(12):
        with qtbot.waitSignal(loop.ready):
            loop.show(avatar=avatar, size=48, orbit=Orbit(yaw=5.0 * k))
        frame = loop.take()
        assert frame is not None
        assert isinstance(frame.rgba, np.ndarray)
        places.add(frame.rgba.ctypes.data)
        as_taken = frame.rgba.copy()
        with qtbot.waitSignal(loop.ready):
            loop.show(orbit=Orbit(yaw=-5.0 * k))
        # Two more are drawn while this one is on screen and nobody takes them.
        drawn = loop.pace().rendered
        loop.show(orbit=Orbit(yaw=2.0))
        qtbot.waitUntil(lambda drawn=drawn: loop.pace().rendered > drawn)
        np.testing.assert_array_equal(frame.rgba, as_taken)
        loop.take()
    assert len(places) <= 3


def test_a_frame_of_an_avatar_that_left_is_not_given_out(qtbot: QtBot, loop: FrameLoop) -> None:
    with qtbot.waitSignal(loop.ready):
        loop.show(avatar=TinyAvatar.make(), size=32)
    other = TinyAvatar.make(300)
    with qtbot.waitSignal(loop.ready):
        loop.show(avatar=other)
        assert loop.take() is None
    frame = loop.take()
    assert frame is not None
    assert frame.scene.avatar is other


def test_a_frame_knows_whether_it_is_opaque(qtbot: QtBot, loop: FrameLoop) -> None:
    for background, opaque in (("plate", True), ((0.0, 0.5, 0.0), True), ("transparent", False)):
        with qtbot.waitSignal(loop.ready):
            loop.show(avatar=TinyAvatar.make(), size=32, background=background)
        frame = loop.take()
        assert frame is not None
        assert frame.opaque is opaque
        assert bool((np.asarray(frame.rgba)[..., 3] == 255).all()) is opaque


def test_a_frame_shows_what_is_guessed_and_how_much_where_the_avatar_knows(qtbot: QtBot, loop: FrameLoop) -> None:
    plain = TinyAvatar.make()
    known = replace(plain, seen=plain.means[:, 1] > 0)
    frames = {}
    for name, avatar, asked in (("off", known, False), ("on", known, True), ("unknown", plain, True)):
        with qtbot.waitSignal(loop.ready):
            loop.show(avatar=avatar, size=64, show_guessed=asked)
        frame = loop.take()
        assert frame is not None
        frames[name] = frame
        assert frame.scene.show_guessed is asked
    pictures = {name: np.asarray(frame.rgba).astype(int) for name, frame in frames.items()}
    assert frames["on"].guessed == pytest.approx(0.5)
    assert frames["off"].guessed is frames["unknown"].guessed is None
    assert np.abs(pictures["on"] - pictures["off"])[36:].max() > 60
    assert np.array_equal(pictures["unknown"], pictures["off"])
    with qtbot.waitSignal(loop.ready):
        loop.show(avatar=known)
    frame = loop.take()
    assert frame is not None
    assert np.array_equal(frame.rgba, pictures["on"])


class Tensor:
    """Looks like what an avatar on a device shades."""

    is_cuda = False

    def __init__(self, picture: np.ndarray) -> None:
        self.picture, self.shape = picture, picture.shape


@dataclass(eq=False)
class Twin(TinyAvatar):
    device: str = "cuda"

    def pose_batch(self, frames: Sequence[Motion], camera: Camera) -> list[Gaussians]:
        return [self.pose(frame, camera) for frame in frames]

    def shade(self, *arguments: Any, **options: Any) -> Any:
        return Tensor(super().shade(*arguments, **options))


@dataclass(eq=False)
class MovableAvatar(TinyAvatar):
    moves: list[str] = field(default_factory=list)

    def on(self, device: str) -> Twin:
        self.moves.append(device)
        return Twin(self.means, self.colors, self.jaw, self.plate)


def test_where_there_is_a_graphics_card_an_avatar_moves_there_once(
    qtbot: QtBot, loop: FrameLoop, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(avatars, "choose_backend", lambda: BackendChoice("gsplat", "a card"))
    tiny = TinyAvatar.make(200)
    avatar = MovableAvatar(tiny.means, tiny.colors, tiny.jaw, tiny.plate)
    for yaw in (0.0, 10.0, 20.0):
        with qtbot.waitSignal(loop.ready):
            loop.show(avatar=avatar, size=32, orbit=Orbit(yaw=yaw))
        frame = loop.take()
        assert frame is not None
        assert isinstance(frame.rgba, Tensor)
    assert avatar.moves == ["cuda"]


def test_a_frame_that_fails_is_said_and_the_next_one_comes(qtbot: QtBot, loop: FrameLoop) -> None:
    shapeless = np.zeros((4, 5), np.float32)
    broken = TinyAvatar(shapeless, shapeless[:, :3], shapeless, shapeless)
    with qtbot.waitSignal(loop.failed) as failure:
        loop.show(avatar=broken)
    assert failure.args is not None
    assert "cannot be drawn" in failure.args[0]
    with qtbot.waitSignal(loop.ready):
        loop.show(avatar=TinyAvatar.make(), size=32)
