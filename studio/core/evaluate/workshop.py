"""What suites share: one avatar of each picture and contender, one track of each clip, all kept in a folder."""

from pathlib import Path

from studio.core.avatar import Avatar, Consent
from studio.core.build import build_with
from studio.core.engines.base import Engine, Trained
from studio.core.engines.registry import ENGINES, load_engine
from studio.core.errors import UserError
from studio.core.evaluate.fingerprint import file_hash, fingerprint, source_hash, weights_hash
from studio.core.evaluate.suite import Contender
from studio.core.jobs import Job
from studio.core.motion.track import Track, load_track, save_track
from studio.core.project.archive import load_avatar, save_avatar
from studio.core.tracking.clip import track_clip

_BUILDING, _TRACKING = "studio.core.build", "studio.core.tracking.clip"


class Workshop:
    """Where avatars and tracks of the bench come from.

    Attributes
    ----------
    folder
        Keeps them, by hashes of all that made them.
    seed
        Of everything random.
    quick
        Whether few frames do.
    """

    def __init__(self, folder: Path, seed: int = 0, quick: bool = False) -> None:
        self.folder, self.seed, self.quick = folder, seed, quick
        for kept in ("avatars", "tracks"):
            (folder / kept).mkdir(parents=True, exist_ok=True)

    def engine(self, contender: Contender) -> Engine:
        """Return a contender's engine in its variant.

        Raises
        ------
        UserError
            If there is no such engine, or it has no variants.
        """
        engine = load_engine(contender.engine)
        if contender.variant is None:
            return engine
        if not isinstance(engine, Trained):
            raise UserError(f"The engine '{contender.engine}' has no trained weights; judge it without --variants.")
        return engine.variant(contender.variant)

    def depends_on(self, contender: Contender) -> dict[str, str]:
        """Return hashes of the code and the weights that build a contender's avatars; nothing for a baseline."""
        if not contender.engine:
            return {}
        module = ENGINES[contender.engine].split(":")[0]
        return {"code": source_hash(module), "weights": weights_hash(contender.engine)}

    def building(self, contender: Contender, picture: Path) -> Job[Avatar]:
        """Build an avatar of the largest face in a picture, kept from now on.

        Raises
        ------
        UserError
            As by `build_with`.
        """
        consent = Consent(True, "bench", "")
        engine = self.engine(contender)
        avatar = yield from build_with(engine, picture, face=1, seed=self.seed, consent=consent)
        save_avatar(avatar, self._avatar_path(contender, picture))
        return avatar

    def avatar(self, contender: Contender, picture: Path) -> Job[Avatar]:
        """Return the avatar of a picture, read back from its file; built where it is not there yet."""
        path = self._avatar_path(contender, picture)
        if not path.is_file():
            yield from self.building(contender, picture)
        return load_avatar(path)

    def size_of(self, contender: Contender, picture: Path) -> int:
        """Return the bytes of a built avatar's file."""
        return self._avatar_path(contender, picture).stat().st_size

    def _avatar_path(self, contender: Contender, picture: Path) -> Path:
        facts = {
            **self.depends_on(contender), "variant": contender.variant, "engine": contender.engine, "seed": self.seed,
            "builder": source_hash(_BUILDING), "picture": file_hash(picture), "name": picture.stem,
        }  # fmt: skip
        return self.folder / "avatars" / f"{fingerprint(facts)}.avatar"

    def track(self, clip: Path) -> Job[Track]:
        """Return the saved track of a clip: all that passes from its pictures to what is driven by it.

        Raises
        ------
        UserError
            If the clip cannot be used or shows no face.
        """
        path = self.folder / "tracks" / f"{fingerprint([file_hash(clip), source_hash(_TRACKING)])}.npz"
        if not path.is_file():
            tracked = yield from track_clip(clip)
            save_track(tracked.track, path)
        return load_track(path)
