"""What every engine offers: portrait in, avatar out, as a job."""

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, Literal, Protocol, get_args, runtime_checkable

import numpy as np
from numpy.typing import NDArray

from studio.core.avatar import Avatar, AvatarState, Consent
from studio.core.errors import UserError
from studio.core.heads.head import BUILT_IN
from studio.core.jobs import Job

if TYPE_CHECKING:
    # The window keeps `BuildOptions` from its start on; it must not wait for what finds people in pictures or tracks.
    from studio.core.motion.track import Track
    from studio.core.perception.portrait import Portrait

Quality = Literal["standard", "high"]
QUALITIES: tuple[Quality, ...] = get_args(Quality)


@dataclass(frozen=True)
class BuildOptions:
    """What the user chooses about a build.

    Attributes
    ----------
    quality
        ``standard`` gives up to 120,000 Gaussians, ``high`` up to 250,000: slower to build and to draw.
    head
        The head whose expressions the avatar has: `BUILT_IN`, or a name of `studio.core.heads.library`.
    engine
        Which engine of `registry.ENGINES` the window builds with. An avatar says so itself: `told` leaves it out.
    """

    quality: Quality = "standard"
    head: str = BUILT_IN
    engine: str = "lift"

    def told(self) -> dict[str, str]:
        """Return what an avatar saves of it, as `from_meta` reads it."""
        return {"quality": self.quality, "head": self.head}

    @classmethod
    def from_meta(cls, meta: dict[str, Any]) -> "BuildOptions":
        """Return what an avatar's saved values say; files of the first version say nothing and had no choice.

        Raises
        ------
        ValueError
            If it is not what an avatar saves.
        """
        told = meta.get("options", {})
        if not isinstance(told, dict) or not told.keys() <= {"quality", "head"}:
            raise ValueError("no options that this program knows")
        if not all(isinstance(text, str) and text.isprintable() for text in told.values()):
            raise ValueError("the options are not texts")
        try:
            return build_options(**told)
        except UserError as error:
            raise ValueError(str(error)) from error


def build_options(quality: str = "standard", head: str = BUILT_IN) -> BuildOptions:
    """Return the options that the user names.

    Raises
    ------
    UserError
        If there is no such quality.
    """
    for known in QUALITIES:
        if quality == known:
            return BuildOptions(known, head)
    raise UserError(f"'{quality}' is no quality; use {' or '.join(QUALITIES)}.")


@dataclass(frozen=True, eq=False)
class Footage:
    """What a clip, or some pictures, show of one person: chosen frames, and where the face is in all of them.

    Attributes
    ----------
    frames
        ``[T,H,W,3]`` uint8: the part of the pictures that is learnt from, at the size it is learnt at.
    mattes
        ``[T,H,W]`` uint8: the person.
    times
        ``[T]`` s of `track`.
    heads
        ``[T,4]`` int: x0 y0 x1 y1 px of each frame around the head, where it is judged.
    held_back
        ``[T]`` bool: frames that are never learnt from, only judged on.
    track
        The face over the whole clip; of pictures, one a second.
    window
        x0 y0 x1 y1: which part of the clip's picture, in its own px, the frames show.
    one_place
        Whether one camera saw all frames before one background; pictures come from anywhere.
    audio
        ``[S]`` float32 mono at 16 kHz, or None where there is no sound.
    """

    frames: NDArray[np.uint8]
    mattes: NDArray[np.uint8]
    times: NDArray[np.float64]
    heads: NDArray[np.int64]
    held_back: NDArray[np.bool_]
    track: "Track"
    window: tuple[float, float, float, float]
    one_place: bool
    audio: NDArray[np.float32] | None = None


@dataclass(frozen=True, eq=False)
class Learning:
    """How far `Engine.adapt` is; the preview of its reports.

    Attributes
    ----------
    avatar
        The best so far.
    before, now
        dB: how near the avatar comes to the frames held back, at the start and at its best.
    real, start, best
        ``[H,W,3]`` uint8: a frame held back, and the avatar in its place at the start and at its best.
    """

    avatar: Avatar
    before: float
    now: float
    real: NDArray[np.uint8]
    start: NDArray[np.uint8]
    best: NDArray[np.uint8]


class Engine(Protocol):
    """One way to build an avatar."""

    name: ClassVar[str]
    drivers: ClassVar[tuple[str, ...]]
    """Import paths of the drivers it brings, as in `registry.ENGINES`; the project's own move any avatar."""
    takes_heads: ClassVar[bool]
    """Whether `BuildOptions.head` may be another than the built-in one."""

    def reconstruct(
        self,
        portrait: "Portrait",
        seed: int = 0,
        consent: Consent = Consent(),
        *,
        options: BuildOptions = BuildOptions(),
    ) -> Job[Avatar]:
        """Build an avatar; yields `Progress` whose previews are avatars, coarse first.

        The avatar's state keeps the options, as `BuildOptions.from_meta` reads them.

        Raises
        ------
        UserError
            If the head is not in the library.
        """
        ...

    def adapt(
        self, avatar: Avatar, footage: Footage, minutes: float, seed: int = 0, kept_in: Path | None = None
    ) -> Job[Avatar]:
        """Make an avatar more like the person in a clip, in about so many minutes; previews are `Learning`.

        It never gets further from the frames held back: where nothing helps the avatar itself comes back. What was
        reached is written to `kept_in` now and then, and a later job of the same avatar and footage goes on there.

        Raises
        ------
        UserError
            If this engine cannot, or the footage is too short.
        """
        ...

    def load(self, state: AvatarState) -> Avatar:
        """Rebuild an avatar from its saved state.

        Raises
        ------
        UserError
            If arrays are missing, misshapen or not finite.
        """
        ...


Variant = Literal["trained", "trained + refined", "random + refined"]
VARIANTS: tuple[Variant, ...] = get_args(Variant)


@runtime_checkable
class Trained(Engine, Protocol):
    """An engine with a trained network, which the bench asks what the network is worth."""

    def variant(self, name: Variant) -> Engine:
        """Return an engine that takes what its network gives as it is, or refines it to the portrait as `lift` does.

        The third begins that refinement from a network of random weights: what training adds must show against it.
        """
        ...
