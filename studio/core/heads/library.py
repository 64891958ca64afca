"""Heads that the user added, in the user's data folder: one safetensors file each, with what is known as JSON in it.

What was published as a pickle or as text is read once, distrustfully, when it is added; the original stays where it is
and is not needed again. A FLAME head is stored with its ARKit map.
"""

import json
import re
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
import safetensors.numpy
from numpy.typing import NDArray
from platformdirs import user_data_path
from safetensors import SafetensorError, safe_open

from studio.core.errors import UserError
from studio.core.heads.arkit_flame import ArkitFlameMap, ArkitShapes, arkit_shapes, fit_map
from studio.core.heads.arkit_skin import ArkitSkin, flame_skin, ict_skin
from studio.core.heads.flame import EXPRESSION_NAMES, FlameHead, FlameModel, read_flame
from studio.core.heads.full import FullHead
from studio.core.heads.head import BUILT_IN
from studio.core.heads.ict import NEUTRAL, IctHead, IctModel, read_ict
from studio.core.heads.standard68 import ON_FACE_MESH
from studio.core.jobs import Job, Progress, Stopwatch, share
from studio.core.media.files import atomic_path

FLAME, ICT = "flame", "ict"

LICENCES = {
    FLAME: "FLAME's licence allows non-commercial research only, unless your copy came under other terms; "
    "heads made with it are bound by it.",
    ICT: "ICT-FaceKit is under the MIT licence.",
}

_SUFFIX = ".safetensors"
_NAME = re.compile(r"[a-z0-9][a-z0-9-]{0,39}")
_MAP = "map."


@dataclass(frozen=True)
class HeadInfo:
    """What a list says about a stored head.

    Attributes
    ----------
    kind
        ``flame`` or ``ict``.
    licence
        One sentence.
    expressions_from
        The head whose ARKit shapes gave a FLAME head its map; "" for a head that has them itself.
    fit
        m root mean square between that head and the FLAME head laid onto it; 0 where there is no map.
    added
        ISO time.
    """

    name: str
    kind: str
    licence: str
    vertices: int
    identities: int
    expressions: int
    expressions_from: str
    fit: float
    added: str


def folder() -> Path:
    """Return where this user's heads are kept."""
    return user_data_path("avatar-studio", appauthor=False) / "heads"


def add(path: Path, name: str | None = None) -> Job[HeadInfo]:
    """Read a FLAME file or ICT-FaceKit's folder and store it, a FLAME head with its ARKit map.

    Raises
    ------
    UserError
        If it is neither, is damaged or hostile, the name is taken or no name, or it cannot be stored.
    """
    path = Path(path)
    try:
        kind, source = _recognised(path)
    except OSError as error:  # of a name too long, or a folder that may not be looked into
        raise UserError(f"'{path.name}' cannot be read ({error.strerror}); check the name and the folder.") from error
    name = _checked_name(_default_name(kind, source) if name is None else name)
    watch = Stopwatch()
    if kind == ICT:
        model = yield from share(read_ict(source), watch, 0.0, 0.9)
        head, arrays = IctHead(model), model.arrays()
        counts = (len(model.identity), len(head.expression_names))
        origin, fit = "", 0.0
    else:
        yield Progress(0.0, "reading the model")
        model = read_flame(source)
        yield watch.progress(0.1, "measuring the ARKit shapes")
        origin, shapes = _arkit_source()
        head = FlameHead(model)
        fitted, match = yield from share(fit_map(head, shapes), watch, 0.2, 0.9)
        arrays = model.arrays()
        arrays |= {_MAP + "codes": fitted.codes, _MAP + "vertices": fitted.vertices.astype(np.int32)}
        arrays |= {_MAP + "landmarks": match.landmark_vertices}
        counts, fit = (model.identity.shape[2], len(EXPRESSION_NAMES)), match.distance
    yield watch.progress(0.9, "storing the head")
    info = HeadInfo(
        name,
        kind,
        LICENCES[kind],
        len(head.neutral),
        *counts,
        origin,
        fit,
        datetime.now(UTC).isoformat(timespec="seconds"),
    )
    _store(info, arrays)
    return info


def installed() -> list[HeadInfo]:
    """Return the stored heads by name; a file that cannot be read is left out and left alone."""
    found = []
    for path in sorted(folder().glob(f"*{_SUFFIX}")):
        try:
            found.append(_info(path))
        except UserError:
            continue
    return found


def find(name: str) -> HeadInfo:
    """Return what is known of a stored head; its arrays are not read.

    Raises
    ------
    UserError
        If there is none of that name, or its file is damaged.
    """
    return _info(_path(name))


def load(name: str) -> FlameHead | IctHead:
    """Return a stored head.

    Raises
    ------
    UserError
        If there is none of that name, or its file is damaged.
    """
    return _made(*_read(name))


def load_map(name: str) -> ArkitFlameMap:
    """Return a stored FLAME head with its map from and to ARKit; the head is the map's ``head``.

    Raises
    ------
    UserError
        As `load`, or if the head has ARKit's shapes itself.
    """
    info, arrays = _read(name)
    if info.kind != FLAME:
        raise UserError(f"The head '{name}' has ARKit's shapes itself; use it without a map.")
    head = _made(info, arrays)
    assert isinstance(head, FlameHead)
    try:
        return ArkitFlameMap(head, arrays[_MAP + "codes"], arrays[_MAP + "vertices"])
    except (KeyError, IndexError, ValueError) as error:
        raise _damaged(name) from error


def load_skin(name: str) -> ArkitSkin:
    """Return the skin of a stored head with ARKit's shapes: an ICT head's own, or by the map of a FLAME head.

    Raises
    ------
    UserError
        As `load`.
    """
    if find(name).kind == ICT:
        head = load(name)
        assert isinstance(head, IctHead)
        return ict_skin(head)
    return flame_skin(load_map(name))


def remove(name: str) -> None:
    """Remove a stored head; the file it was added from is not touched.

    Raises
    ------
    UserError
        If there is none of that name, or it cannot be removed.
    """
    path = _path(name)
    try:
        path.unlink()
    except OSError as error:
        raise UserError(f"The head '{name}' cannot be removed ({error.strerror}); check '{path.parent}'.") from error


def _recognised(path: Path) -> tuple[str, Path]:
    """Return the kind of head a path holds, and the file or folder to read."""
    if path.is_dir():
        for candidate in (path, path / "FaceXModel"):
            if any((candidate / f"{NEUTRAL}{suffix}").is_file() for suffix in ("", ".gz")):
                return ICT, candidate
        raise UserError(
            f"'{path.name}' is no folder of ICT-FaceKit: it holds no {NEUTRAL}; choose its folder FaceXModel, "
            "or a FLAME file."
        )
    if not path.exists():
        raise UserError(f"There is no file or folder '{path.name}'; check the name and the folder.")
    if path.suffix.lower() not in (".pkl", ".npz"):
        raise UserError(
            f"'{path.name}' is no head; choose a FLAME file (.pkl, .npz) or ICT-FaceKit's folder FaceXModel."
        )
    return FLAME, path


def _default_name(kind: str, path: Path) -> str:
    if kind == ICT:
        return ICT
    slug = re.sub(r"[^a-z0-9]+", "-", path.stem.lower()).strip("-")
    return (slug if slug.startswith(FLAME) else f"{FLAME}-{slug}")[:40].rstrip("-")


def _checked_name(name: str) -> str:
    if not _NAME.fullmatch(name) or name == BUILT_IN:
        raise UserError(f"'{name}' is no name for a head; use small letters, digits and dashes, such as flame2023.")
    if (folder() / f"{name}{_SUFFIX}").exists():
        raise UserError(f"There is already a head called '{name}'; remove it first, or give another name with --name.")
    return name


def _arkit_source() -> tuple[str, ArkitShapes]:
    """Return the head that says what ARKit's shapes are: ICT-FaceKit's where one was added, else the built-in one."""
    for info in installed():
        if info.kind == ICT:
            head = load(info.name)
            assert isinstance(head, IctHead)
            return info.name, arkit_shapes(head, head.skin_vertices, head.landmark_vertices)
    head = FullHead()
    return BUILT_IN, arkit_shapes(head, np.flatnonzero(head.of("skin")), np.array(ON_FACE_MESH))


def _store(info: HeadInfo, arrays: dict[str, NDArray]) -> None:
    _checked_name(info.name)  # again: another program may have added one meanwhile
    target = folder() / f"{info.name}{_SUFFIX}"
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise UserError(f"'{target.parent}' cannot be made; check the permissions of the folders above it.") from error
    whole = {name: np.ascontiguousarray(array) for name, array in arrays.items()}
    with atomic_path(target) as temporary:
        temporary.write_bytes(safetensors.numpy.save(whole, {"head": json.dumps(asdict(info))}))


def _path(name: str) -> Path:
    path = folder() / f"{name}{_SUFFIX}"
    if not _NAME.fullmatch(name) or not path.is_file():
        known = ", ".join(info.name for info in installed()) or "none"
        raise UserError(
            f"There is no head called '{name}' (added: {known}); add one with: avatar-studio heads add PATH"
        )
    return path


def _info(path: Path) -> HeadInfo:
    try:
        with safe_open(path, framework="numpy") as file:
            told: Any = json.loads((file.metadata() or {})["head"])
        info = HeadInfo(**told)
        known = info.name == path.stem and info.kind in LICENCES
    except (SafetensorError, OSError, KeyError, TypeError, ValueError, RecursionError) as error:
        raise _damaged(path.stem) from error
    if not known:
        raise _damaged(path.stem)
    return info


def _read(name: str) -> tuple[HeadInfo, dict[str, NDArray]]:
    path = _path(name)
    info = _info(path)
    try:
        return info, safetensors.numpy.load_file(path)
    except (SafetensorError, OSError, ValueError) as error:
        raise _damaged(name) from error


def _made(info: HeadInfo, arrays: dict[str, NDArray]) -> FlameHead | IctHead:
    try:
        if info.kind == ICT:
            return IctHead(IctModel(**arrays))
        model = {key: value for key, value in arrays.items() if not key.startswith(_MAP)}
        return FlameHead(FlameModel(**model), arrays[_MAP + "landmarks"])
    except (TypeError, KeyError, IndexError, ValueError, ArithmeticError) as error:  # arrays of another version
        raise _damaged(info.name) from error


def _damaged(name: str) -> UserError:
    return UserError(f"The stored head '{name}' is damaged; remove it and add it again.")
