"""What every engine offers: portrait in, avatar out, as a job."""

from typing import ClassVar, Protocol

from studio.core.avatar import Avatar, AvatarState, Consent
from studio.core.jobs import Job
from studio.core.perception.portrait import Portrait


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
