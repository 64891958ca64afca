"""Picture file in, avatar out: the one build job of the window, the command line and the tests."""

import json
from dataclasses import replace
from os import PathLike
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from studio.core.avatar import Avatar, Consent
from studio.core.engines.base import BuildOptions, Engine
from studio.core.engines.registry import load_engine
from studio.core.errors import UserError
from studio.core.heads import library
from studio.core.heads.head import BUILT_IN
from studio.core.jobs import Job, Progress, Stopwatch, share
from studio.core.media.files import opened
from studio.core.media.image import LoadedPicture, load_picture
from studio.core.perception.animal_matte import colour_matte
from studio.core.perception.handles import Handles, fit_landmarks
from studio.core.perception.portrait import Portrait, prepare_portrait

MAX_LANDMARK_BYTES = 2**20

# Share of the whole that finding the person takes; the rest is the engine's.
_PREPARED = 0.3


def build_avatar(
    picture_path: str | PathLike[str],
    *,
    engine: str = "lift",
    face: int | None = None,
    landmarks: NDArray[np.float32] | Handles | None = None,
    seed: int = 0,
    consent: Consent = Consent(),
    options: BuildOptions = BuildOptions(),
) -> Job[Avatar]:
    """Build an avatar from a picture file.

    Parameters
    ----------
    face
        Which face to take where the picture shows several; 1 is the largest.
    landmarks
        ``[478,3]`` or ``[468,3]`` px, or handles, in the file's pixels (upright), instead of what the detector finds.

    Yields
    ------
    Progress
        Previews are avatars, coarse first.

    Raises
    ------
    UserError
        If the picture or its face cannot be used, or the engine cannot use the head; `FacesFoundError` asks which
        face.
    """
    job = build_with(
        load_engine(engine), picture_path, face=face, landmarks=landmarks, seed=seed, consent=consent, options=options
    )
    return (yield from job)


def build_with(
    maker: Engine,
    picture_path: str | PathLike[str],
    *,
    face: int | None = None,
    landmarks: NDArray[np.float32] | Handles | None = None,
    seed: int = 0,
    consent: Consent = Consent(),
    options: BuildOptions = BuildOptions(),
) -> Job[Avatar]:
    """Build an avatar from a picture file by an engine at hand; see `build_avatar`."""
    if options.head != BUILT_IN:
        library.find(options.head)
        if not maker.takes_heads:
            raise UserError(f"The engine '{maker.name}' has a head of its own; build with the head '{BUILT_IN}'.")
    watch = Stopwatch()
    yield watch.progress(0.0, "reading the picture")
    picture = load_picture(picture_path)
    if isinstance(landmarks, Handles):
        preparing = _prepare_by_handles(picture, landmarks.scaled(picture.scale), _name(picture_path))
    else:
        placed = None if landmarks is None else landmarks * np.float32(picture.scale)
        preparing = prepare_portrait(picture.rgb, picture.alpha, face=face, landmarks=placed, name=_name(picture_path))
    portrait = yield from share(preparing, watch, 0.0, _PREPARED)
    del picture  # a large picture is not needed while the engine works
    building = maker.reconstruct(portrait, seed=seed, consent=consent, options=options)
    return (yield from share(building, watch, _PREPARED, 1.0))


def _prepare_by_handles(picture: LoadedPicture, handles: Handles, name: str) -> Job[Portrait]:
    """Prepare a portrait of whatever the handles say is a head; its matte may need colour, see `colour_matte`."""
    yield Progress(0.0, "fitting the face to the handles")
    height, width = picture.rgb.shape[:2]
    landmarks = fit_landmarks(handles, width, height)
    alpha, notes = picture.alpha, ()
    if alpha is None:
        yield Progress(0.01, "looking for the head's outline")
        alpha = colour_matte(picture.rgb, landmarks)
        if alpha is not None:
            notes = ("The outline was found by colour, since the network that cuts out people was not sure of it.",)
    portrait = yield from prepare_portrait(picture.rgb, alpha, landmarks=landmarks, name=name)
    return replace(portrait, notes=portrait.notes + notes)


def _name(picture_path: str | PathLike[str]) -> str:
    """Name an avatar after its picture; bytes that are no text and what could steer a terminal become "�"."""
    stem = Path(picture_path).stem
    return "".join(c if c.isprintable() else " " if c.isspace() else "�" for c in stem)


def read_landmarks(path: str | PathLike[str]) -> NDArray[np.float32] | Handles:
    """Read handles or landmarks from JSON.

    Handles are ``{"handles": {"eye_outer_right": [x, y], ...}}``, see `Handles`; landmarks a list of 478 or 468
    ``[x, y]`` or ``[x, y, z]`` px, bare or as "landmarks".

    Returns
    -------
    `Handles`, or ``[478,3]`` or ``[468,3]`` float32 px; z is 0 where the file has none.

    Raises
    ------
    UserError
        If the file cannot be read or holds anything else.
    """
    path = Path(path)
    ask = 'it must be JSON with "handles" by name, or a list of 478 (or 468) [x, y] or [x, y, z] in pixels'
    with opened(path) as file:
        data = file.read(MAX_LANDMARK_BYTES + 1)
    if len(data) > MAX_LANDMARK_BYTES:
        raise UserError(f"'{path.name}' is too large for landmarks; {ask}.")
    try:
        values = json.loads(data)
    except (ValueError, RecursionError) as error:
        raise UserError(f"'{path.name}' is not JSON; {ask}.") from error
    if isinstance(values, dict) and "handles" in values:
        return Handles.from_json(values)
    if isinstance(values, dict):
        values = values.get("landmarks")
    try:
        points = np.array(values, np.float64)
    except (ValueError, TypeError, OverflowError) as error:
        raise UserError(f"'{path.name}' does not hold landmarks; {ask}.") from error
    if points.ndim != 2 or len(points) not in (468, 478) or points.shape[1] not in (2, 3):
        raise UserError(f"'{path.name}' does not hold landmarks; {ask}.")
    if not np.isfinite(points).all() or abs(points).max() > 1e5:
        raise UserError(f"'{path.name}' holds landmarks far outside any picture; {ask}.")
    return np.pad(points, ((0, 0), (0, 3 - points.shape[1]))).astype(np.float32)
