import io
import struct
import zlib
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from studio.core.errors import UserError
from studio.core.media import image as module
from studio.core.media.image import load_picture, save_png


def gradient(width: int = 64, height: int = 48) -> np.ndarray:
    y, x = np.mgrid[:height, :width]
    return np.stack([x * 255 // width, y * 255 // height, (x + y) * 255 // (width + height)], -1).astype(np.uint8)


def expected(pixels: np.ndarray) -> np.ndarray:
    return pixels.astype(np.float32) / 255


def png_of_size(width: int, height: int) -> bytes:
    """A PNG that is only a header: any attempt to decode it fails."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">L", len(data)) + kind + data + struct.pack(">L", zlib.crc32(kind + data))

    header = struct.pack(">LLBBBBB", width, height, 8, 2, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", b"") + chunk(b"IEND", b"")


@pytest.mark.parametrize("suffix", [".png", ".bmp", ".tif", ".webp"])
def test_lossless_formats_are_exact(tmp_path: Path, suffix: str) -> None:
    Image.fromarray(gradient()).save(tmp_path / f"a{suffix}", lossless=True)
    picture = load_picture(tmp_path / f"a{suffix}")
    assert picture.rgb.dtype == np.float32
    np.testing.assert_allclose(picture.rgb, expected(gradient()), atol=1e-6)
    assert picture.alpha is None
    assert picture.scale == 1


def test_content_decides_not_the_name(tmp_path: Path) -> None:
    Image.fromarray(gradient()).save(tmp_path / "a.png", format="JPEG", quality=95)
    assert abs(load_picture(tmp_path / "a.png").rgb - expected(gradient())).mean() < 0.02


@pytest.mark.parametrize("orientation", range(1, 9))
def test_exif_rotation_is_applied(tmp_path: Path, orientation: int) -> None:
    upright = Image.fromarray(gradient())
    undo = {
        1: None,
        2: Image.Transpose.FLIP_LEFT_RIGHT,
        3: Image.Transpose.ROTATE_180,
        4: Image.Transpose.FLIP_TOP_BOTTOM,
        5: Image.Transpose.TRANSPOSE,
        6: Image.Transpose.ROTATE_90,
        7: Image.Transpose.TRANSVERSE,
        8: Image.Transpose.ROTATE_270,
    }[orientation]
    stored = upright if undo is None else upright.transpose(undo)
    exif = Image.Exif()
    exif[0x0112] = orientation
    stored.save(tmp_path / "a.png", exif=exif)
    np.testing.assert_allclose(load_picture(tmp_path / "a.png").rgb, expected(gradient()), atol=1e-6)


def test_alpha_is_kept_and_an_opaque_one_dropped(tmp_path: Path) -> None:
    alpha = gradient()[..., :1]
    Image.fromarray(np.concatenate([gradient(), alpha], -1)).save(tmp_path / "a.png")
    picture = load_picture(tmp_path / "a.png")
    assert picture.alpha is not None
    np.testing.assert_allclose(picture.alpha, expected(alpha[..., 0]), atol=1e-6)
    np.testing.assert_allclose(picture.rgb, expected(gradient()), atol=1e-6)
    Image.fromarray(np.concatenate([gradient(), np.full_like(alpha, 255)], -1)).save(tmp_path / "b.png")
    assert load_picture(tmp_path / "b.png").alpha is None


def test_grey_palette_and_two_levels(tmp_path: Path) -> None:
    grey = gradient()[..., 0]
    Image.fromarray(grey).save(tmp_path / "grey.png")
    np.testing.assert_allclose(load_picture(tmp_path / "grey.png").rgb, expected(np.stack([grey] * 3, -1)), atol=1e-6)
    paletted = Image.fromarray(gradient()).quantize(32)
    paletted.save(tmp_path / "p.png", transparency=3)
    picture = load_picture(tmp_path / "p.png")
    clear = np.asarray(paletted) == 3
    assert picture.alpha is not None
    np.testing.assert_array_equal(picture.alpha == 0, clear)
    Image.fromarray(grey > 100).save(tmp_path / "one.png")
    assert set(np.unique(load_picture(tmp_path / "one.png").rgb)) == {0.0, 1.0}


def test_sixteen_bits_float_and_cmyk(tmp_path: Path) -> None:
    grey = gradient()[..., 0]
    Image.fromarray(grey.astype(np.uint16) * 257).save(tmp_path / "16.png")
    Image.fromarray(grey.astype(np.float32) / 255).save(tmp_path / "f.tif")
    Image.fromarray(gradient()).convert("CMYK").save(tmp_path / "cmyk.jpg", quality=95)
    want = expected(np.stack([grey] * 3, -1))
    for name in ("16.png", "f.tif"):
        np.testing.assert_allclose(load_picture(tmp_path / name).rgb, want, atol=0.003)
    assert abs(load_picture(tmp_path / "cmyk.jpg").rgb - expected(gradient())).mean() < 0.03


def test_an_animation_gives_its_first_frame(tmp_path: Path) -> None:
    frames = [Image.fromarray(np.full((32, 32), value, np.uint8)) for value in (40, 200)]
    frames[0].save(tmp_path / "a.gif", save_all=True, append_images=frames[1:])
    np.testing.assert_allclose(load_picture(tmp_path / "a.gif").rgb, 40 / 255, atol=1e-6)


@pytest.mark.parametrize("size", [(20_000, 10_000), (10_001, 10_000), (1_000_000, 1_000_000)])
def test_too_many_pixels_are_refused_by_the_header(tmp_path: Path, size: tuple[int, int]) -> None:
    (tmp_path / "a.png").write_bytes(png_of_size(*size))
    with pytest.raises(UserError, match="100 megapixels"):
        load_picture(tmp_path / "a.png")


def test_a_tiny_picture_is_refused(tmp_path: Path) -> None:
    Image.fromarray(gradient(200, 2)).save(tmp_path / "a.png")
    with pytest.raises(UserError, match="only 200×2"):
        load_picture(tmp_path / "a.png")


@pytest.mark.parametrize("suffix", [".jpg", ".png", ".webp", ".tif"])
def test_truncation_says_so(tmp_path: Path, suffix: str) -> None:
    path = tmp_path / f"a{suffix}"
    rng = np.random.default_rng(0)
    Image.fromarray(rng.integers(0, 255, (128, 128, 3), dtype=np.uint8)).save(path)
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])
    with pytest.raises(UserError, match=r"cut short|damaged"):
        load_picture(path)


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b"", "an empty file"),
        (b"<?xml version='1.0'?><svg xmlns='http://www.w3.org/2000/svg'/>", "an SVG"),
        (b"\0\0\0\x18ftypheic" + bytes(64), "a HEIC"),
        (b"once upon a time" * 9, "not a picture"),
    ],
)
def test_other_files_are_named_and_formats_suggested(tmp_path: Path, data: bytes, message: str) -> None:
    (tmp_path / "a.jpg").write_bytes(data)
    with pytest.raises(UserError, match=f"{message}.*use a JPEG"):
        load_picture(tmp_path / "a.jpg")


def test_missing_file_and_folder_say_so(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="check the name"):
        load_picture(tmp_path / "a.jpg")
    with pytest.raises(UserError, match="is a folder"):
        load_picture(tmp_path)


@pytest.mark.parametrize("suffix", [".png", ".jpg"])
def test_large_pictures_are_reduced(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, suffix: str) -> None:
    Image.fromarray(gradient(640, 480)).save(tmp_path / f"a{suffix}", quality=95)
    monkeypatch.setattr(module, "LONG_SIDE", 160)
    picture = load_picture(tmp_path / f"a{suffix}")
    assert picture.rgb.shape == (120, 160, 3)
    assert picture.scale == 0.25
    reduced = Image.fromarray(gradient(640, 480)).resize((160, 120), Image.Resampling.BOX)
    assert abs(picture.rgb - expected(np.asarray(reduced))).mean() < 0.02


@pytest.mark.parametrize(
    ("suffix", "kind"),
    [(".png", np.uint8), (".png", np.uint16), (".tif", np.uint8), (".tif", np.uint16), (".jpg", np.uint8)],
)
def test_large_pictures_are_upright(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, suffix: str, kind: type[np.unsignedinteger]
) -> None:
    top = np.iinfo(kind).max
    grey = np.zeros((480, 640), kind)
    grey[:, :320] = top  # bright on the left
    exif = Image.Exif()
    exif[0x0112] = 6  # stored turned: the left column is the top
    Image.fromarray(grey).save(tmp_path / f"a{suffix}", exif=exif)
    monkeypatch.setattr(module, "LONG_SIDE", 160)
    picture = load_picture(tmp_path / f"a{suffix}")
    assert picture.rgb.shape == (160, 120, 3)
    assert picture.scale == 0.25
    assert picture.rgb[:75].min() > 0.9
    assert picture.rgb[85:].max() < 0.1


def test_saved_png_reads_back_and_says_synthetic(tmp_path: Path) -> None:
    rgba = np.concatenate([gradient(), gradient()[..., :1]], -1)
    save_png(tmp_path / "a.png", rgba, {"Title": "somebody"})
    with Image.open(io.BytesIO((tmp_path / "a.png").read_bytes())) as saved:
        np.testing.assert_array_equal(np.asarray(saved), rgba)
        assert saved.info["Software"].startswith("Avatar Studio")
        assert "synthetic" in saved.info["Comment"]
        assert saved.info["Title"] == "somebody"


def test_every_real_portrait_decodes(shared_data: Path) -> None:
    for path in sorted((shared_data / "portraits").iterdir()):
        picture = load_picture(path)
        assert picture.rgb.shape[2] == 3
        assert 0 <= picture.rgb.min() < picture.rgb.max() <= 1
