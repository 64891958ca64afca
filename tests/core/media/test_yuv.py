import numpy as np
import pytest

from studio.core.media.yuv import to_planes


def planes(height: int, width: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    half = (height // 2, width // 2)
    return np.empty((height, width), np.uint8), np.empty(half, np.uint8), np.empty(half, np.uint8)


@pytest.mark.parametrize(
    ("rgb", "expected"),
    [  # BT.709, studio range
        ((0, 0, 0), (16, 128, 128)),
        ((255, 255, 255), (235, 128, 128)),
        ((255, 0, 0), (63, 102, 240)),
        ((0, 255, 0), (173, 42, 26)),
        ((0, 0, 255), (32, 240, 118)),
        ((128, 128, 128), (126, 128, 128)),
    ],
)
@pytest.mark.parametrize("channels", [3, 4])
def test_known_colours(rgb: tuple[int, ...], expected: tuple[int, ...], channels: int) -> None:
    picture = np.zeros((4, 6, channels), np.uint8)
    picture[..., :3] = rgb
    out = planes(4, 6)
    to_planes(picture, *out)
    for plane, value in zip(out, expected, strict=True):
        assert (plane == value).all()


def test_every_colour_is_within_one_step_of_the_standard() -> None:
    rng = np.random.default_rng(0)
    picture = rng.integers(0, 256, (64, 96, 4), np.uint8)
    out = planes(64, 96)
    to_planes(picture[:, ::-1], *out)  # not contiguous
    rgb = picture[:, ::-1, :3] / 255.0
    luma = rgb @ [0.2126, 0.7152, 0.0722]
    mean = rgb.reshape(32, 2, 48, 2, 3).mean((1, 3))
    grey = mean @ [0.2126, 0.7152, 0.0722]
    exact = (16 + 219 * luma, 128 + 224 * (mean[..., 2] - grey) / 1.8556, 128 + 224 * (mean[..., 0] - grey) / 1.5748)
    for plane, wanted in zip(out, exact, strict=True):
        assert abs(plane - wanted).max() < 0.51
