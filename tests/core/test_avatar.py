from dataclasses import replace

import numpy as np
import pytest
from fakes import TinyAvatar
from hypothesis import given
from hypothesis import strategies as st

from studio.core.avatar import (
    Background,
    FrameBuffers,
    GuessedTint,
    SeenUnknownError,
    parse_background,
    render_bytes,
    render_frame,
)
from studio.core.errors import UserError
from studio.core.motion.motion import Motion
from studio.core.render.composite import to_bytes


@given(st.integers(0, 0xFFFFFF))
def test_a_colour_is_read(value: int) -> None:
    expected = tuple(int(f"{value:06x}"[i : i + 2], 16) / 255 for i in (0, 2, 4))
    assert parse_background(f"#{value:06x}") == expected
    assert parse_background(f"#{value:06X}") == expected


def test_the_named_backgrounds_are_read() -> None:
    assert parse_background("plate") == "plate"
    assert parse_background("transparent") == "transparent"


@pytest.mark.parametrize(
    "text", ["", "#", "#fff", "#20304", "#2030405", "#20304g", "203040", "red", "Plate", "#-1-1-1"]
)
def test_anything_else_is_refused(text: str) -> None:
    with pytest.raises(UserError, match=r"not a background; use plate, transparent or a colour like #203040\.$"):
        parse_background(text)


def test_a_frame_is_posed_rasterised_and_shaded() -> None:
    avatar, rest = TinyAvatar.make(), Motion.neutral()
    plain = render_frame(avatar, rest, avatar.camera)
    assert plain.shape == (128, 128, 4)
    assert plain.dtype == np.float32
    assert (plain[..., 3] == 1).all()
    clear = render_frame(avatar, rest, avatar.camera, "transparent")
    assert clear[0, 0, 3] == 0
    assert clear[64, 64, 3] > 0.9
    opened = render_frame(avatar, Motion.arkit(jawOpen=1), avatar.camera)
    assert np.abs(opened - plain)[64:].max() > 0.1
    exact = render_frame(avatar, rest, avatar.camera, backend="reference")
    assert np.abs(exact - plain).mean() < 1e-3


@pytest.mark.parametrize("background", ["plate", "transparent", (0.1, 0.4, 0.9)])
def test_bytes_are_the_rounded_floats(background: Background) -> None:
    avatar, frame = TinyAvatar.make(), Motion.arkit(jawOpen=0.5)
    floats = render_frame(avatar, frame, avatar.camera, background)
    assert np.array_equal(render_bytes(avatar, frame, avatar.camera, background), to_bytes(floats))


def test_a_stream_writes_where_it_is_told_and_shares_nothing_else() -> None:
    avatar, buffers = TinyAvatar.make(), FrameBuffers()
    rest, opened = Motion.neutral(), Motion.arkit(jawOpen=1)
    expected = render_bytes(avatar, rest, avatar.camera)
    first = render_bytes(avatar, rest, avatar.camera, buffers=buffers)
    out = np.empty_like(expected)
    assert render_bytes(avatar, opened, avatar.camera, buffers=buffers, out=out) is out
    assert not np.array_equal(out, expected)
    assert np.array_equal(first, expected)
    floats = np.empty((*expected.shape[:2], 4), np.float32)
    assert render_frame(avatar, rest, avatar.camera, buffers=buffers, out=floats) is floats
    assert np.array_equal(to_bytes(floats), expected)


def half_seen() -> TinyAvatar:
    """Return a head whose back was guessed."""
    avatar = TinyAvatar.make()
    return replace(avatar, seen=avatar.means[:, 2] > 0)


@pytest.mark.parametrize("background", ["plate", "transparent"])
def test_what_is_guessed_is_tinted_and_what_is_seen_is_not(background: Background) -> None:
    avatar, rest = half_seen(), Motion.neutral()
    assert avatar.seen is not None
    painted = avatar.colors.copy()
    painted[~avatar.seen] *= 1 - GuessedTint.MIXED_IN
    painted[~avatar.seen] += GuessedTint.MIXED_IN * np.array(GuessedTint.RGB, np.float32)
    for turn in (0.0, 1.5, np.pi):
        camera = avatar.camera.orbited(avatar.pivot, turn, 0.0)
        shown = render_frame(avatar, rest, camera, background, show_guessed=True)
        expected = render_frame(replace(avatar, colors=painted), rest, camera, background)
        np.testing.assert_allclose(shown, expected, atol=1e-6)
        rounded = render_bytes(avatar, rest, camera, background, show_guessed=True)
        assert np.array_equal(rounded, to_bytes(shown))


def test_a_stream_keeps_the_tinted_colours_until_the_avatar_changes() -> None:
    avatar, rest, buffers = half_seen(), Motion.neutral(), FrameBuffers()
    plain, own = render_bytes(avatar, rest, avatar.camera), avatar.colors.copy()
    side = avatar.camera.orbited(avatar.pivot, 1.5, 0.0)
    first = render_bytes(avatar, rest, side, show_guessed=True, buffers=buffers)
    kept = buffers.tint.applied_to(avatar.pose(rest, side)).colors
    assert buffers.tint.applied_to(avatar.pose(Motion.arkit(jawOpen=1), side)).colors is kept
    assert np.array_equal(render_bytes(avatar, rest, side, show_guessed=True, buffers=buffers), first)
    assert np.array_equal(render_bytes(avatar, rest, avatar.camera, buffers=buffers), plain)
    for other in (replace(avatar, colors=avatar.colors[::-1].copy()), replace(avatar, seen=avatar.means[:, 0] > 0)):
        expected = render_bytes(other, rest, side, show_guessed=True)
        assert not np.array_equal(expected, first)
        assert np.array_equal(render_bytes(other, rest, side, show_guessed=True, buffers=buffers), expected)
    assert np.array_equal(avatar.colors, own)


def test_a_tint_tells_how_much_was_guessed() -> None:
    avatar, tint = TinyAvatar.make(50), GuessedTint()
    for count in (50, 40, 0):
        posed = replace(avatar, seen=np.arange(50) < count).pose(Motion.neutral(), avatar.camera)
        tint.applied_to(posed)
        assert tint.share == pytest.approx(1 - count / 50)
    tint.applied_to(posed[:0])
    assert 0 <= tint.share <= 1


def test_an_avatar_that_does_not_know_what_it_guessed_says_so() -> None:
    avatar = TinyAvatar.make()
    with pytest.raises(SeenUnknownError, match=r"build it again to show what is guessed\.$"):
        render_frame(avatar, Motion.neutral(), avatar.camera, show_guessed=True)
