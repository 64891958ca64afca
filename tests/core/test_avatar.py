import numpy as np
import pytest
from fakes import TinyAvatar
from hypothesis import given
from hypothesis import strategies as st

from studio.core.avatar import parse_background, render_frame
from studio.core.errors import UserError
from studio.core.motion.motion import Motion


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
