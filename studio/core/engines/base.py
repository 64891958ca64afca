"""What every engine offers: portrait in, avatar out, as a job."""

from dataclasses import dataclass, field
from typing import ClassVar, Protocol

import numpy as np
from numpy.typing import NDArray

from studio.core.avatar import Avatar, AvatarState, Consent
from studio.core.jobs import Job


@dataclass(frozen=True, eq=False)
class Portrait:
    """A prepared picture: decoded, cropped to a bust where the head was small, measured.

    Attributes
    ----------
    rgb
        ``[H,W,3]`` float32 0..1.
    alpha
        ``[H,W]`` float32 0..1: the person.
    landmarks
        ``[478,3]`` float32 px, z in px towards the camera negative (MediaPipe's face mesh with irises).
    plate
        ``[H,W,3]`` float32 0..1: the background with the person painted out.
    crop
        x, y, width, height of this picture in the file's pixels (after EXIF rotation).
    notes
        Sentences for the user about anything that will hurt quality.
    """

    rgb: NDArray[np.float32]
    alpha: NDArray[np.float32]
    landmarks: NDArray[np.float32]
    plate: NDArray[np.float32]
    crop: tuple[int, int, int, int]
    name: str = "portrait"
    notes: tuple[str, ...] = field(default=())


class Engine(Protocol):
    """One way to build an avatar."""

    name: ClassVar[str]

    def reconstruct(self, portrait: Portrait, seed: int = 0, consent: Consent = Consent()) -> Job[Avatar]:
        """Build an avatar; yields `Progress` whose previews are avatars, coarse first."""
        ...

    def load(self, state: AvatarState) -> Avatar:
        """Rebuild an avatar from its saved state.

        Raises
        ------
        UserError
            If arrays are missing, misshapen or not finite.
        """
        ...
