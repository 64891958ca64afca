import numpy as np
import pytest
from fakes import TinyAvatar
from hypothesis import given
from hypothesis import strategies as st

from studio.core.avatar import Background, FrameBuffers, parse_background, render_bytes, render_frame
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
