"""Picture file in, avatar out: the one build job of the window, the command line and the tests."""

import json
from os import PathLike
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from studio.core.avatar import Avatar, Consent
from studio.core.engines.registry import load_engine
from studio.core.errors import UserError
from studio.core.jobs import Job, Stopwatch, share
from studio.core.media.files import opened
from studio.core.media.image import load_picture
from studio.core.perception.portrait import prepare_portrait

MAX_LANDMARK_BYTES = 2**20

# Share of the whole that finding the person takes; the rest is the engine's.
_PREPARED = 0.3


def build_avatar(
    picture_path: str | PathLike[str],
    *,
    engine: str = "lift",
    face: int | None = None,
    landmarks: NDArray[np.float32] | None = None,
    seed: int = 0,
    consent: Consent = Consent(),
) -> Job[Avatar]:
    """Build an avatar from a picture file.

    Parameters
    ----------
    face
        Which face to take where the picture shows several; 1 is the largest.
    landmarks
        ``[478,3]`` or ``[468,3]`` px in the file's pixels (upright), instead of those the detector finds.

    Yields
    ------
    Progress
        Previews are avatars, coarse first.

    Raises
    ------
    UserError
        If the picture or its face cannot be used; `FacesFoundError` asks which face.
    """
    maker = load_engine(engine)
    watch = Stopwatch()
    yield watch.progress(0.0, "reading the picture")
    picture = load_picture(picture_path)
    placed = None if landmarks is None else landmarks * np.float32(picture.scale)
    portrait = yield from share(
        prepare_portrait(picture.rgb, picture.alpha, face=face, landmarks=placed, name=_name(picture_path)),
        watch,
        0.0,
        _PREPARED,
    )
    del picture  # a large picture is not needed while the engine works
    building = maker.reconstruct(portrait, seed=seed, consent=consent)
    return (yield from share(building, watch, _PREPARED, 1.0))


def _name(picture_path: str | PathLike[str]) -> str:
    """Name an avatar after its picture; bytes that are no text and what could steer a terminal become "�"."""
    stem = Path(picture_path).stem
    return "".join(c if c.isprintable() else " " if c.isspace() else "�" for c in stem)


def read_landmarks(path: str | PathLike[str]) -> NDArray[np.float32]:
    """Read landmarks from JSON: a list of 478 or 468 ``[x, y]`` or ``[x, y, z]`` px, bare or as "landmarks".

    Returns
    -------
    ``[478,3]`` or ``[468,3]`` float32 px; z is 0 where the file has none.

    Raises
    ------
    UserError
        If the file cannot be read or holds anything else.
    """
    path = Path(path)
    ask = "it must be a JSON list of 478 (or 468) [x, y] or [x, y, z] in pixels"
    with opened(path) as file:
        data = file.read(MAX_LANDMARK_BYTES + 1)
    if len(data) > MAX_LANDMARK_BYTES:
        raise UserError(f"'{path.name}' is too large for landmarks; {ask}.")
    try:
        values = json.loads(data)
    except (ValueError, RecursionError) as error:
        raise UserError(f"'{path.name}' is not JSON; {ask}.") from error
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
