"""What an avatar of any engine saves of the portrait it was built from, and how a file's claims are checked."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from studio.core.avatar import AvatarState, Consent
from studio.core.engines.base import BuildOptions
from studio.core.errors import UserError
from studio.core.gaussians.camera import Camera

Shapes = dict[str, tuple[tuple[int | None, ...], type]]
"""By name, the shape and type an array must have; None is any length."""


class FromPortrait(Protocol):
    """An avatar built from one portrait; the arguments are as `studio.core.avatar.Avatar` describes them."""

    name: str
    camera: Camera
    pivot: NDArray[np.float64]
    head_box: NDArray[np.float64]
    plate: NDArray[np.uint8]
    thumbnail: NDArray[np.uint8]
    consent: Consent
    notes: tuple[str, ...]
    options: BuildOptions


def portrait_state(avatar: FromPortrait) -> AvatarState:
    """Return what all of them save, without an engine's name, for `portrait_of`."""
    arrays = {
        "plate": avatar.plate, "thumbnail": avatar.thumbnail,
        "world_to_camera": avatar.camera.world_to_camera, "K": avatar.camera.K,
        "pivot": avatar.pivot, "head_box": avatar.head_box,
    }  # fmt: skip
    meta = {
        "name": avatar.name, "width": avatar.camera.width, "height": avatar.camera.height,
        "notes": list(avatar.notes), "consent": asdict(avatar.consent), "options": avatar.options.told(),
    }  # fmt: skip
    return AvatarState("", arrays, meta)


def portrait_of(state: AvatarState, sides: tuple[int, int]) -> dict[str, Any]:
    """Return the attributes of `FromPortrait`.

    Parameters
    ----------
    sides
        Least and most px that a portrait's side may have.

    Raises
    ------
    KeyError, ValueError, TypeError
        If anything is missing, misshapen, out of range or not finite.
    """
    arrays, meta = state.arrays, state.meta
    height, width = int(meta["height"]), int(meta["width"])
    if not (sides[0] <= min(height, width) and max(height, width) <= sides[1]):
        raise ValueError("larger or smaller than any portrait")
    expected: Shapes = {
        "plate": ((height, width, 3), np.uint8), "thumbnail": ((None, None, 3), np.uint8),
        "world_to_camera": ((4, 4), np.float64), "K": ((3, 3), np.float64),
        "pivot": ((3,), np.float64), "head_box": ((4,), np.float64),
    }  # fmt: skip
    check_arrays(arrays, expected)
    x0, y0, x1, y1 = arrays["head_box"]
    if not (1 <= x1 - x0 <= width and 1 <= y1 - y0 <= height and abs(arrays["pivot"]).max() < 10):
        raise ValueError("the head is outside the picture")
    _check_camera(arrays["world_to_camera"], arrays["K"])
    consent = meta["consent"]
    return {
        "name": str(meta["name"]),
        "camera": Camera(arrays["world_to_camera"], arrays["K"], width, height),
        "consent": Consent(bool(consent["stated"]), str(consent["by"]), str(consent["at"])),
        "notes": tuple(str(note) for note in meta["notes"]),
        "options": BuildOptions.from_meta(meta),
        **{name: arrays[name] for name in ("pivot", "head_box", "plate", "thumbnail")},
    }


def check_arrays(arrays: Mapping[str, NDArray], expected: Shapes) -> None:
    """Raise KeyError or ValueError unless arrays have these shapes and types and are finite."""
    for name, (shape, dtype) in expected.items():
        array = arrays[name]
        if len(array.shape) != len(shape) or any(
            want is not None and got != want for got, want in zip(array.shape, shape, strict=True)
        ):
            raise ValueError(f"{name} has shape {array.shape}")
        if array.dtype != dtype:
            raise ValueError(f"{name} is {array.dtype}")
        if array.dtype.kind == "f" and not np.isfinite(array).all():
            raise ValueError(f"{name} is not finite")


@contextmanager
def damage_told() -> Iterator[None]:
    """Let what goes wrong in reading an avatar's data be one sentence.

    Raises
    ------
    UserError
        Instead of what a damaged file makes the code within raise.
    """
    try:
        yield
    except (KeyError, ValueError, TypeError, IndexError, OverflowError, RuntimeError) as error:
        raise UserError(
            "The avatar's data are damaged; build it again from the portrait, or use another copy of the file."
        ) from error


def _check_camera(world_to_camera: NDArray, K: NDArray) -> None:
    focal = np.array([K[0, 0], K[1, 1]])
    plain = K[0, 1] == K[1, 0] == K[2, 0] == K[2, 1] == 0 and K[2, 2] == 1
    if not (plain and focal.min() > 1 and abs(K[:2]).max() < 1e6):
        raise ValueError("the camera's K is not that of a pinhole")
    rotation, translation = world_to_camera[:3, :3], world_to_camera[:3, 3]
    rigid = np.allclose(rotation @ rotation.T, np.eye(3), atol=1e-6) and np.linalg.det(rotation) > 0
    if not (rigid and abs(translation).max() < 100 and np.array_equal(world_to_camera[3], [0, 0, 0, 1])):
        raise ValueError("the camera's pose is not rigid")
