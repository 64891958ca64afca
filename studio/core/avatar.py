"""The `Avatar` protocol and `render_frame`, the only path from an avatar to a picture."""

import re
from dataclasses import dataclass, field
from typing import Any, Protocol, TypeAlias

import numpy as np
from numpy.typing import NDArray

from studio.core.errors import UserError
from studio.core.gaussians.camera import Camera
from studio.core.gaussians.gaussians import Gaussians
from studio.core.motion.motion import Motion
from studio.core.render.rasterize import Raster, rasterize

Background: TypeAlias = "str | tuple[float, float, float] | NDArray[np.float32]"
"""``"plate"``, ``"transparent"``, an RGB colour 0..1, or a picture ``[H,W,3]`` float32 0..1."""


@dataclass(frozen=True)
class AvatarState:
    """What a saved avatar consists of: named arrays and JSON values; no code, no pickles."""

    engine: str
    arrays: dict[str, NDArray] = field(default_factory=dict)
    meta: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Consent:
    """What was said about the depicted person's consent when the avatar was built."""

    stated: bool = False
    by: str = ""
    """Who stated it: "window", "command line", or "public domain" for the sample."""
    at: str = ""
    """ISO 8601 date and time, UTC."""


class Avatar(Protocol):
    """A built head that a motion can pose."""

    name: str
    engine: str
    motion_space: str
    camera: Camera
    """The portrait's own camera, in the portrait's framing."""
    pivot: NDArray[np.float64]
    """``[3]`` m: the point an orbiting camera turns about."""
    head_box: NDArray[np.float64]
    """``[4]`` x0 y0 x1 y1 px of `camera`: the head with its hair, for square framings."""
    thumbnail: NDArray[np.uint8]
    consent: Consent
    notes: tuple[str, ...]
    """Sentences for the user about what will look worse than it could."""

    def pose(self, frame: Motion, camera: Camera) -> Gaussians:
        """Return the Gaussians ``[N]`` of one motion frame (T=1)."""
        ...

    def shade(self, raster: Raster, frame: Motion, camera: Camera, background: Background) -> NDArray[np.float32]:
        """Turn a raster into an RGBA picture ``[H,W,4]`` (straight alpha)."""
        ...

    def state(self) -> AvatarState:
        """Return everything needed to rebuild this avatar exactly."""
        ...


def render_frame(
    avatar: Avatar,
    frame: Motion,
    camera: Camera,
    background: Background = "plate",
    backend: str = "auto",
) -> NDArray[np.float32]:
    """Render one frame of an avatar.

    Returns
    -------
    ``[H,W,4]`` float32 0..1, straight alpha; alpha is 1 everywhere unless `background` is
    ``"transparent"``.
    """
    raster = rasterize(avatar.pose(frame, camera), camera, backend=backend)
    return avatar.shade(raster, frame, camera, background)


def parse_background(text: str) -> Background:
    """Read ``plate``, ``transparent`` or ``#rrggbb``.

    Raises
    ------
    UserError
        If the text is none of them.
    """
    if text in ("plate", "transparent"):
        return text
    if re.fullmatch("#[0-9a-fA-F]{6}", text):
        return tuple(int(text[i : i + 2], 16) / 255 for i in (1, 3, 5))  # pyright: ignore[reportReturnType]
    raise UserError(f"'{text}' is not a background; use plate, transparent or a colour like #203040.")
