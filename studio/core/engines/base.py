"""What every engine offers: portrait in, avatar out, as a job."""

from dataclasses import dataclass
from typing import ClassVar, Protocol

import numpy as np
from numpy.typing import NDArray

from studio.core.avatar import Avatar, AvatarState, Consent
from studio.core.gaussians.camera import Camera
from studio.core.jobs import Job
from studio.core.motion.motion import Motion
from studio.core.perception.portrait import Portrait


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

    def reconstruct(self, portrait: Portrait, seed: int = 0, consent: Consent = Consent()) -> Job[Avatar]:
        """Build an avatar; yields `Progress` whose previews are avatars, coarse first."""
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
