"""Pseudo multi-view: portraits lifted by `lift`, changed into other people and filmed from anywhere.

Each portrait is lifted once and kept as an ``.avatar`` beside the shards, so that other takes of it are quick. What
is filmed small needs no large head: the portrait is first scaled so that it holds about as many pixels as the views.
"""

import hashlib
import zlib
from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import lru_cache
from pathlib import Path
from typing import Any, ClassVar

import cv2
import numpy as np

from studio.core.datasets.acting import Shot, chosen_take, shots
from studio.core.datasets.augment import Bend, Colouring, another_person, made_plate, mirrored
from studio.core.datasets.clear import is_clear, names_in
from studio.core.datasets.filming import Credits, film
from studio.core.datasets.maker import Plan, Refused
from studio.core.datasets.spoken import Spoken, told
from studio.core.engines.lift.avatar import LiftAvatar
from studio.core.engines.lift.engine import LiftEngine
from studio.core.errors import NoFaceFoundError, UserError
from studio.core.jobs import run
from studio.core.media.files import opened
from studio.core.media.image import load_picture
from studio.core.motion.motion import Motion
from studio.core.perception.portrait import prepare_portrait
from studio.core.project.archive import load_avatar, save_avatar
from studio.core.standard_crop import SIDE, cropped, standard_camera
from studio.core.training.scene import Scene

PICTURES = {".jpg", ".jpeg", ".png", ".webp"}
AVATARS = "avatars"
# px of the lifted portrait's standard crop per px of a view; for smaller views no smaller head is made.
_FINER, _LEAST_SIZE = 1.18, 256
_OWN_PLATE = 0.6  # share of takes before the portrait's own background
_PER_SHARD = 64


@dataclass(frozen=True, eq=False)
class LiftedPortraits:
    """See `studio.core.datasets.maker.Maker`.

    Attributes
    ----------
    pictures
        One person each; the file's name is the identity.
    avatars
        Folder of the lifted heads.
    takes, views, size
        Takes of an identity, views of a take, px of a view's side.
    spoken
        Recordings for the spoken takes; without any they are acted.
    augmented
        Whether every take shows another person; else it shows the portrait's own before its own background.
    """

    pictures: tuple[Path, ...]
    avatars: Path
    takes: int = 12
    views: int = 8
    size: int = 256
    seed: int = 0
    spoken: tuple[Spoken, ...] = ()
    augmented: bool = True

    @property
    def settings(self) -> dict[str, Any]:
        """What applies to the whole set."""
        return {"source": "lifted", "takes": self.takes, "views": self.views, "size": self.size, "seed": self.seed,
                "augmented": self.augmented, "spoken": told(self.spoken)}  # fmt: skip

    def plans(self) -> list[Plan]:
        """Return a shard or several for each picture."""
        plans = []
        for picture in self.pictures:
            with opened(picture) as file:
                content = hashlib.sha256(file.read()).hexdigest()
            about = {"file": picture.name, "sha256": content, "ships": is_clear(picture)}
            for first in range(0, self.takes, _PER_SHARD):
                part = f"-{first // _PER_SHARD:03d}" if self.takes > _PER_SHARD else ""
                last = min(first + _PER_SHARD, self.takes)
                plans.append(Plan(f"lifted-{identity_of(picture)}{part}", about | {"first": first, "last": last}))
        return plans

    def scenes(self, plan: Plan) -> Iterator[Scene | Refused]:
        """Make the takes of one picture."""
        picture = next(path for path in self.pictures if path.name == plan.about["file"])
        try:
            avatar = lifted(picture, self.avatars, self.size, plan.about["sha256"])
        except Refused as refused:
            yield refused
            return
        yield from self._filmed(avatar, picture, plan)

    def _filmed(self, avatar: LiftAvatar, picture: Path, plan: Plan) -> Iterator[Scene]:
        for take in range(plan.about["first"], plan.about["last"]):
            yield self._scene(avatar, picture, take, plan.about["ships"])

    def _scene(self, avatar: LiftAvatar, picture: Path, take: int, ships: bool) -> Scene:
        identity = identity_of(picture)
        rng = np.random.default_rng([self.seed, zlib.crc32(identity.encode()), take])
        kind, said = chosen_take(rng, self.spoken)
        plate = own_plate(avatar, self.size)
        mirror = False
        if self.augmented:
            colouring = Colouring.drawn(rng)
            avatar = another_person(avatar, Bend.drawn(rng), colouring)
            plate = colouring.applied(plate) if rng.random() < _OWN_PLATE else made_plate(rng, self.size)
            mirror = rng.random() < 0.5
        source = standard_camera(avatar.camera, self.size)
        views = shots(kind, source, avatar.pivot, self.views, rng, said)
        credits = Credits(
            f"lifted-{identity}-{take:05d}", identity, "lifted", ships and (said is None or said.ships), self.seed,
            picture.name,
        )  # fmt: skip
        scene = film(avatar, views, plate, credits)
        return mirrored(scene) if mirror else scene


@dataclass(frozen=True, eq=False)
class PosedPortraits(LiftedPortraits):
    """Portraits as they are, at rest, from fixed sides: what novel views are judged on, never learnt from.

    A take looks from one side, 0 or ±20°, and its other views from −40 to 40° beside that in steps of 10; the
    protocol of `studio.core.evaluate`.
    """

    SOURCES: ClassVar = (0, -20, 20)
    BESIDE: ClassVar = (-40, -30, -20, -10, 10, 20, 30, 40)

    @property
    def settings(self) -> dict[str, Any]:
        """What applies to the whole set."""
        return {"source": "lifted", "posed": True, "size": self.size}

    def plans(self) -> list[Plan]:
        """Return a shard for each picture."""
        return [replace(plan, about=plan.about | {"ships": False}) for plan in super().plans()]

    def _filmed(self, avatar: LiftAvatar, picture: Path, plan: Plan) -> Iterator[Scene]:
        identity, plate = identity_of(picture), own_plate(avatar, self.size)
        camera = standard_camera(avatar.camera, self.size)
        for k, source in enumerate(self.SOURCES):
            yaws = [source, *(source + yaw for yaw in self.BESIDE)]
            cameras = [camera.orbited(avatar.pivot, np.radians(yaw), 0) for yaw in yaws]
            views = [Shot(Motion.neutral(), camera) for camera in cameras]
            credits = Credits(f"lifted-{identity}-{k}", identity, "lifted", False, 0, picture.name)
            yield film(avatar, views, plate, credits)


def identity_of(picture: Path) -> str:
    """Return the name of whom a picture shows: the file's, with whatever is no letter or digit as ``_``."""
    return "".join(c if c.isascii() and (c.isalnum() or c in "_-") else "_" for c in picture.stem)[:100]


def lifted(picture: Path, avatars: Path, size: int, content: str) -> LiftAvatar:
    """Return a portrait's head, lifted now or before.

    Parameters
    ----------
    content
        sha256 of the picture: a head of another one by the same name is not taken.

    Raises
    ------
    Refused
        If the picture cannot be used.
    UserError
        If the head cannot be kept.
    """
    size = max(size, _LEAST_SIZE)
    path = avatars / f"{identity_of(picture)}-{content[:12]}-{size}.avatar"
    return _kept(picture, path, size)


@lru_cache(maxsize=2)
def _kept(picture: Path, path: Path, size: int) -> LiftAvatar:
    if not path.is_file():
        drafted = _drafted(picture, size)
        path.parent.mkdir(parents=True, exist_ok=True)
        save_avatar(drafted, path)
    avatar = load_avatar(path)
    assert isinstance(avatar, LiftAvatar)
    return avatar


def _drafted(picture: Path, size: int) -> LiftAvatar:
    try:
        loaded = load_picture(picture)
        prepared = run(prepare_portrait(loaded.rgb, loaded.alpha, face=1, name=identity_of(picture)))
        face = _FINER * size / SIDE
        if face < prepared.face_height:
            prepared = prepared.scaled(face / prepared.face_height)
        return run(LiftEngine().draft(prepared))
    except NoFaceFoundError as error:
        raise Refused("no face was found") from error
    except UserError as error:
        raise Refused(str(error)) from error


@lru_cache(maxsize=2)
def own_plate(avatar: LiftAvatar, size: int) -> np.ndarray:
    """Return what is behind a head in its standard crop ``[S,S,3]`` float32 0..1; to be read only."""
    return cropped(avatar.plate.astype(np.float32) / 255, avatar.camera, size, cv2.BORDER_REPLICATE)


def chosen_pictures(source: Path, clear_only: bool = False, listed: Path | None = None) -> tuple[Path, ...]:
    """Return the pictures of a folder, in the order of their names.

    Raises
    ------
    UserError
        If there are none, or two have one name but for the suffix.
    """
    names = names_in(listed) if listed is not None else None
    pictures = sorted(path for path in source.iterdir() if path.suffix.lower() in PICTURES) if source.is_dir() else []
    pictures = [p for p in pictures if (names is None or p.name in names) and (not clear_only or is_clear(p))]
    if not pictures:
        raise UserError(f"There are no such pictures in '{source.name}'; give a folder of portraits (JPEG, PNG, WebP).")
    identities = {identity_of(picture) for picture in pictures}
    if len(identities) < len(pictures):
        raise UserError(f"Two pictures in '{source.name}' have the same name; rename one of them.")
    return tuple(pictures)
