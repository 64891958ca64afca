"""What a figure depends on, as one hash: files by their content, code by its source and all that it imports."""

import ast
import hashlib
import json
from functools import cache
from importlib.machinery import PathFinder
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from studio.core.assets import ASSETS
from studio.core.engines.registry import ENGINES, PLANNED
from studio.core.errors import UserError

_OURS = "studio"
_BLOCK = 1 << 20


def fingerprint(facts: Any) -> str:
    """Return 20 hex digits for anything that JSON can tell; the same facts give the same ones."""
    return hashlib.sha256(json.dumps(facts, sort_keys=True).encode()).hexdigest()[:20]


def file_hash(path: Path) -> str:
    """Return the SHA-256 of a file's content.

    Raises
    ------
    UserError
        If it cannot be read.
    """
    try:
        status = path.stat()
        return _hash_of(path, status.st_size, status.st_mtime_ns)
    except OSError as error:
        raise UserError(f"'{path.name}' cannot be read ({error.strerror}); check the folder of data.") from error


@cache
def _hash_of(path: Path, _size: int, _changed: int) -> str:
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while block := file.read(_BLOCK):
            digest.update(block)
    return digest.hexdigest()


@cache
def source_hash(module: str) -> str:
    """Return a hash of a module's source and of all of this program's that it imports, directly or not."""
    digest = hashlib.sha256()
    for name, path in sorted(_reachable(module).items()):
        digest.update(name.encode() + path.read_bytes())
    return digest.hexdigest()


def _reachable(module: str) -> dict[str, Path]:
    """Return the files of a module and of all modules of `_OURS` that it imports anywhere, functions included."""
    found: dict[str, Path] = {}
    waiting = [module]
    while waiting:
        name = waiting.pop()
        if name in found or (path := _file_of(name)) is None:
            continue
        found[name] = path
        for node in ast.walk(ast.parse(path.read_bytes())):
            if isinstance(node, ast.Import):
                named = [alias.name for alias in node.names]
            elif isinstance(node, ast.ImportFrom) and node.module:
                named = [node.module, *(f"{node.module}.{alias.name}" for alias in node.names)]
            else:
                continue
            waiting += [one for one in named if one == _OURS or one.startswith(_OURS + ".")]
    return found


def _file_of(name: str) -> Path | None:
    """Return a module's source file; None for what is no module, but a name in one."""
    try:
        parent, _, _ = name.rpartition(".")
        package = find_spec(parent) if parent else None
        places = list(package.submodule_search_locations or ()) if package is not None else None
        spec = PathFinder.find_spec(name, places) if parent else find_spec(name)
    except ImportError:
        return None
    if spec is None or spec.origin is None or not spec.origin.endswith(".py"):
        return None
    return Path(spec.origin)


def weights_hash(engine: str) -> str:
    """Return a hash of the assets that an engine may use: all but those that are named after another engine.

    Raises
    ------
    UserError
        If the list of assets is missing.
    """
    others = {name.replace("-", "_") for name in (*ENGINES, *PLANNED) if name != engine}
    try:
        entries = json.loads((ASSETS / "manifest.json").read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise UserError("The list of assets is missing; install the studio again from a fresh clone.") from error
    return fingerprint({name: entry["sha256"] for name, entry in entries.items() if not name.startswith(tuple(others))})
