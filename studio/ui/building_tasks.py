"""The window's jobs on the way from a picture to a head: each gets everything as arguments and knows no widget."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from studio.core.avatar import Avatar, Consent
from studio.core.engines.base import BuildOptions
from studio.core.errors import UserError
from studio.core.jobs import Job, Progress
from studio.ui.library import Entry, Library

if TYPE_CHECKING:
    from studio.core.media.image import LoadedPicture
    from studio.core.perception.handles import Handles
    from studio.core.perception.preflight import Preflight


Builder = Callable[..., Job[Avatar]]
"""`studio.core.build.build_avatar`, or a fake of it: path, face=, landmarks=, consent=, options=."""

FaceFinder = Callable[["LoadedPicture"], Job[NDArray[np.float32] | None]]
"""`core_face_finder`, or a fake of it."""

Inspector = Callable[[NDArray[np.float32], int | None], Job["Preflight | None"]]
"""`core_inspector`, or a fake of it."""


def build(
    builder: Builder,
    library: Library,
    picture: Path,
    face: int | None,
    handles: "Handles | None",
    consent: Consent,
    options: BuildOptions,
) -> Job[tuple[Entry, Avatar]]:
    """Build an avatar and keep it in the library at once; `handles` are in the file's pixels."""
    avatar = yield from builder(picture, face=face, landmarks=handles, consent=consent, options=options)
    yield Progress(0.98, "keeping it in the library")
    if consent.stated:
        library.remember_consent(picture, face, consent)
    return library.keep(avatar), avatar


@dataclass(frozen=True, eq=False)
class Survey:
    """What must be known before a picture is built.

    Attributes
    ----------
    rgb
        The picture ``[H,W,3]`` float32.
    consent
        What was stated before about the person.
    boxes
        ``[B,4]`` px where a face has to be chosen first.
    scale
        px of it per px of the file.
    """

    rgb: NDArray[np.float32]
    consent: Consent | None = None
    boxes: NDArray[np.float32] | None = None
    scale: float = 1.0


def survey(library: Library, picture: Path, face: int | None, face_finder: FaceFinder) -> Job[Survey]:
    """Look at a picture: how many people it shows, and what was stated before about the one to build."""
    yield Progress(0.0, "reading the picture")
    from studio.core.media.image import load_picture

    try:
        consent = library.consent_for(picture, face)
    except OSError as error:
        raise UserError(f"'{picture.name}' cannot be read; check the name and the folder.") from error
    loaded = load_picture(picture)
    yield Progress(0.1, "finding the face", preview=loaded.rgb)
    boxes = None
    if consent is None and face is None:
        boxes = yield from face_finder(loaded)
    return Survey(loaded.rgb, consent, boxes, loaded.scale)


def core_face_finder(picture: "LoadedPicture") -> Job[NDArray[np.float32] | None]:
    """Find the face in a picture; return boxes ``[B,4]`` px where there are several to choose from."""
    from studio.core.perception.portrait import FacesFoundError, prepare_portrait

    preparing = prepare_portrait(picture.rgb, picture.alpha)
    try:
        yield next(preparing)
        next(preparing)  # it has found one face by now, or raised
    except FacesFoundError as error:
        return error.boxes
    finally:
        preparing.close()
    return None


def core_inspector(rgb: NDArray[np.float32], face: int | None) -> Job["Preflight | None"]:
    """Look closely at a face of a picture ``[H,W,3]``, counted from 1; None is the largest."""
    yield Progress(0.0, "looking closely")
    from studio.core.perception.landmarks import find_faces
    from studio.core.perception.preflight import inspect_face

    picture = np.round(rgb * 255).astype(np.uint8)
    faces = find_faces(picture)
    yield Progress(0.5, "looking closely")
    at = (face or 1) - 1
    return inspect_face(picture, faces[at]) if at < len(faces) else None


def nobody_to_choose(picture: "LoadedPicture") -> Job[NDArray[np.float32] | None]:
    """Stand in for a face finder where handles say already where the face is."""
    yield Progress(0.9, "taking the face from the handles")
    return None


@dataclass(frozen=True, eq=False)
class Unplaced:
    """A picture on which handles are to be placed.

    Attributes
    ----------
    rgb
        The picture ``[H,W,3]`` float32.
    scale
        px of it per px of the file.
    handles
        To begin with, in px of `rgb`.
    """

    rgb: NDArray[np.float32]
    scale: float
    handles: "Handles"


def begin_handles(path: Path, look: bool = True) -> Job[Unplaced]:
    """Decode a picture and lay handles on its largest face, or in its middle where none is found or looked for."""
    yield Progress(0.0, "reading the picture")
    from studio.core.media.image import load_picture
    from studio.core.perception.handles import fit_landmarks, guess_handles, handles_of
    from studio.core.perception.landmarks import find_faces

    picture = load_picture(path)
    height, width = picture.rgb.shape[:2]
    begin = guess_handles(width, height)
    fit_landmarks(begin, width, height)  # the first fit loads the head, which would hold up the first drag
    faces = find_faces(np.round(picture.rgb * 255).astype(np.uint8)) if look else []
    if faces:
        found = handles_of(faces[0].landmarks)
        try:
            fit_landmarks(found, width, height)
            begin = found
        except UserError:
            pass  # a face half out of the picture: handles lie within
    return Unplaced(picture.rgb, picture.scale, begin)


def core_builder(
    picture: Path,
    *,
    face: int | None,
    consent: Consent,
    landmarks: "Handles | None" = None,
    options: BuildOptions = BuildOptions(),
) -> Job[Avatar]:
    """Build with the engine that the options name; mediapipe and the engine are imported on the job's thread."""
    yield Progress(0.0, "starting")
    from studio.core.build import build_avatar

    chosen = {"engine": options.engine, "consent": consent, "options": options}
    return (yield from build_avatar(picture, face=face, landmarks=landmarks, **chosen))
