"""What every engine offers: portrait in, avatar out, as a job."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar, Literal, Protocol, get_args

import numpy as np
from numpy.typing import NDArray

from studio.core.avatar import Avatar, AvatarState, Consent
from studio.core.errors import UserError
from studio.core.gaussians.camera import Camera
from studio.core.heads.head import BUILT_IN
from studio.core.jobs import Job
from studio.core.motion.motion import Motion

if TYPE_CHECKING:
    # The window keeps `BuildOptions` from its start on; it must not wait for what finds people in pictures.
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
    """

    quality: Quality = "standard"
    head: str = BUILT_IN

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
    """A tracked clip of one person.

    Attributes
    ----------
    frames
        ``[T,H,W,3]`` uint8.
    mattes
        ``[T,H,W]`` uint8: the person.
    motion
        T frames: expressions and head poses.
    audio
        ``[S]`` float32 mono at 16 kHz, or None for a silent clip.
    camera
        The clip's camera.
    """

    frames: NDArray[np.uint8]
    mattes: NDArray[np.uint8]
    motion: Motion
    audio: NDArray[np.float32] | None
    camera: Camera


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

    def adapt(self, avatar: Avatar, footage: Footage) -> Job[Avatar]:
        """Make an avatar more like the person in a clip.

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
