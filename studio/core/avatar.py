"""The `Avatar` protocol and the one path from an avatar to a picture, as floats or as bytes.

`render_frame` gives floats 0..1, `render_bytes` the bytes that a screen, a clip or a file takes, rounded while
shading. Both draw the same frame. A stream of frames (the live loop, a clip) owns one `FrameBuffers` and hands it in
with every frame::

    buffers = FrameBuffers()
    for ...:
        rgba = render_bytes(avatar, frame, camera, background, buffers=buffers)

The result is fresh memory unless the caller brings `out`, so two results share memory only where a caller asked.
Both can show what is guessed: Gaussians that the portrait did not show are then drawn in a `GuessedTint`.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Any, ClassVar, Protocol, TypeAlias, runtime_checkable

import numpy as np
from numpy.typing import NDArray

from studio.core.errors import UserError
from studio.core.gaussians.camera import Camera
from studio.core.gaussians.gaussians import Gaussians
from studio.core.heads.mesh_file import HeadMesh
from studio.core.jobs import Job
from studio.core.motion.motion import Motion
from studio.core.render.composite import Picture, empty_bytes
from studio.core.render.rasterize import Raster, choose_backend, rasterize
from studio.core.speech.style import SpeakingStyle

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

    def pose(self, frame: Motion, camera: Camera, out: Gaussians | None = None) -> Gaussians:
        """Return the Gaussians ``[N]`` of one motion frame (T=1), for this camera.

        Parameters
        ----------
        out
            An earlier result of any avatar's `pose` that nobody needs any more: its means, quats, scales and
            opacities, which must be nobody else's, are overwritten where they fit. Colours and `seen` belong
            to the avatar and are never written once handed out. An avatar may ignore it.
        """
        ...

    def shade(
        self, raster: Raster, frame: Motion, camera: Camera, background: Background, out: Picture | None = None
    ) -> Picture:
        """Turn a raster into an RGBA picture ``[H,W,4]`` (straight alpha).

        Parameters
        ----------
        out
            ``[H,W,4]`` float32 or uint8, contiguous, to be written and returned; fresh float32 otherwise.
            Whoever has floats for an `out` of bytes rounds them with `studio.core.render.composite.to_bytes`.
        """
        ...

    def state(self) -> AvatarState:
        """Return everything needed to rebuild this avatar exactly."""
        ...


@runtime_checkable
class DeviceAvatar(Avatar, Protocol):
    """An avatar whose constants lie on a torch device: what it poses and shades are tensors there."""

    device: str

    def pose_batch(self, frames: Sequence[Motion], camera: Camera) -> list[Gaussians]:
        """Return the Gaussians of many motion frames, each T=1."""
        ...


@runtime_checkable
class Movable(Protocol):
    """An avatar that can pose and shade on a GPU."""

    def on(self, device: str) -> DeviceAvatar:
        """Return the same avatar on a torch device."""
        ...


@dataclass(frozen=True, eq=False)
class RestFace:
    """Where a tracker finds an avatar's face at rest.

    Attributes
    ----------
    landmarks
        ``[478,3]`` float64 px of the avatar's own camera; z in px, smaller nearer.
    points
        ``[478,3]`` float64 m in head space: the same, as deep as the avatar is drawn there.
    """

    landmarks: NDArray[np.float64]
    points: NDArray[np.float64]


@runtime_checkable
class Personal(Avatar, Protocol):
    """An avatar that learnt how a tracked face moves it, and must be driven by the same measures again."""

    rest_face: RestFace | None
    """None where it has learnt nothing yet."""


@runtime_checkable
class Speaking(Avatar, Protocol):
    """An avatar that can learn how its person speaks."""

    speaking_style: SpeakingStyle

    def with_speaking_style(self, style: SpeakingStyle) -> "Speaking":
        """Return the same head with another way of speaking."""
        ...


def follows_sound(avatar: Avatar | None) -> bool:
    """Tell whether what moves an avatar is `Motion.heard` and the pose of its head: it is of the space "audio"."""
    return avatar is not None and avatar.motion_space == "audio"


def style_of(avatar: Avatar | None) -> SpeakingStyle:
    """Return how an avatar's person speaks; the plain style where that is not known."""
    return avatar.speaking_style if isinstance(avatar, Speaking) else SpeakingStyle()


@runtime_checkable
class Meshed(Avatar, Protocol):
    """An avatar whose head can be told as a mesh."""

    def mesh(self) -> Job[HeadMesh]:
        """Return the head's mesh at rest with its texture and ARKit shapes."""
        ...


def on_fastest_device(avatar: Avatar) -> Avatar:
    """Return an avatar's twin on the GPU where gsplat draws; the avatar itself elsewhere.

    So it is too where the avatar cannot move: it is then posed on the processor, and gsplat draws each frame
    from an uploaded copy and brings it back.
    """
    if choose_backend().name == "gsplat" and isinstance(avatar, Movable):
        return avatar.on("cuda")
    return avatar


class SeenUnknownError(UserError):
    """An avatar does not say which of its Gaussians the portrait showed."""


class GuessedTint:
    """Tints guessed Gaussians and keeps the tinted colours: the frames of an avatar share them."""

    RGB: ClassVar = (0.34, 0.71, 0.91)
    """0..1: sky blue of the palette of Okabe and Ito, Color Universal Design, 2008.

    Mixed in, it changes skin, hair, white, greys and dark blue by at least 13 (CIEDE2000) for every kind of colour
    vision; the palette's other colours come close to one of them for somebody.
    """
    MIXED_IN: ClassVar = 0.6

    def __init__(self) -> None:
        self.share = 0.0
        """0..1 of the newest Gaussians that were guessed."""
        self._made_of: tuple[Any, Any] = (None, None)
        self._colors: Any = None

    def applied_to(self, gaussians: Gaussians) -> Gaussians:
        """Return the same Gaussians, those that were guessed in other colours.

        Raises
        ------
        SeenUnknownError
            If `seen` is None.
        """
        colors, seen = made_of = gaussians.colors, gaussians.seen
        if seen is None:
            raise SeenUnknownError(
                "This avatar does not tell what was seen from what was guessed; build it again to show what is guessed."
            )
        if any(ours is not theirs for ours, theirs in zip(self._made_of, made_of, strict=True)):
            self._made_of, self._colors = made_of, self._tinted(colors, seen)
            self.share = 1 - int(seen.sum()) / max(1, len(seen))
        return replace(gaussians, colors=self._colors)

    def _tinted(self, colors: Any, seen: Any) -> Any:
        """Return colours ``[N,3]``, arrays for arrays and tensors for tensors."""
        library: Any = np
        rgb: Any = np.array(self.RGB, np.float32)
        if not isinstance(colors, np.ndarray):
            import torch

            library, rgb = torch, colors.new_tensor(self.RGB)
        return library.where(seen[:, None], colors, (1 - self.MIXED_IN) * colors + self.MIXED_IN * rgb)


@dataclass(eq=False)
class FrameBuffers:
    """The memory that one stream of frames writes over and over; see the module.

    It belongs to one stream on one thread at a time. It keeps its size from frame to frame and finds a new one when
    the avatar changes.
    """

    gaussians: Gaussians | None = None
    raster: Raster | None = None
    """Both of the newest frame."""
    tint: GuessedTint = field(default_factory=GuessedTint)


def render_frame(
    avatar: Avatar,
    frame: Motion,
    camera: Camera,
    background: Background = "plate",
    backend: str = "auto",
    *,
    show_guessed: bool = False,
    buffers: FrameBuffers | None = None,
    out: NDArray[np.float32] | None = None,
) -> NDArray[np.float32]:
    """Render one frame of an avatar as floats.

    Parameters
    ----------
    show_guessed
        Whether Gaussians that the portrait did not show are tinted.
    buffers
        Of the stream this frame belongs to; without it the memory of the frame is fresh.
    out
        ``[H,W,4]``, contiguous, to be written and returned.

    Returns
    -------
    ``[H,W,4]`` float32 0..1, straight alpha; alpha is 1 everywhere unless `background` is
    ``"transparent"``.

    Raises
    ------
    SeenUnknownError
        If guessed Gaussians are to be shown and the avatar does not tell them from seen ones.
    """
    return _render(avatar, frame, camera, background, backend, show_guessed, buffers, out)


def render_bytes(
    avatar: Avatar,
    frame: Motion,
    camera: Camera,
    background: Background = "plate",
    backend: str = "auto",
    *,
    show_guessed: bool = False,
    buffers: FrameBuffers | None = None,
    out: NDArray[np.uint8] | None = None,
) -> NDArray[np.uint8]:
    """Render one frame of an avatar as bytes: `render_frame` rounded, in fewer passes over memory.

    Returns
    -------
    ``[H,W,4]`` uint8, straight alpha: `out`, or fresh memory, which lies where the avatar's Gaussians do: a
    CUDA tensor for an avatar `on_fastest_device`.

    Raises
    ------
    SeenUnknownError
        As by `render_frame`.
    """
    return _render(avatar, frame, camera, background, backend, show_guessed, buffers, out, in_bytes=True)


def _render(
    avatar: Avatar,
    frame: Motion,
    camera: Camera,
    background: Background,
    backend: str,
    show_guessed: bool,
    buffers: FrameBuffers | None,
    out: Picture | None,
    in_bytes: bool = False,
) -> Picture:
    buffers = FrameBuffers() if buffers is None else buffers
    gaussians = buffers.gaussians = avatar.pose(frame, camera, buffers.gaussians)
    if show_guessed:
        gaussians = buffers.tint.applied_to(gaussians)
    buffers.raster = rasterize(gaussians, camera, backend=backend, out=buffers.raster)
    if out is None and in_bytes:
        out = empty_bytes(buffers.raster)
    return avatar.shade(buffers.raster, frame, camera, background, out)


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
