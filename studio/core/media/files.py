"""Files in and out: opened or explained, and written so that a reader sees the old one or the whole new one."""

import errno
import os
import secrets
import shutil
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import BinaryIO

from studio.core.errors import UserError

_FULL = {errno.ENOSPC, errno.EDQUOT}
_FORBIDDEN = {errno.EACCES, errno.EPERM, errno.EROFS}


@contextmanager
def opened(path: str | os.PathLike[str]) -> Iterator[BinaryIO]:
    """Open a file for reading; what the block raises passes through.

    Raises
    ------
    UserError
        If it is missing, a folder, or may not be read.
    """
    path = Path(path)
    try:
        file = path.open("rb")
    except FileNotFoundError as error:
        raise UserError(f"There is no file '{path.name}'; check the name and the folder.") from error
    except IsADirectoryError as error:
        raise UserError(f"'{path.name}' is a folder; choose a file inside it.") from error
    except PermissionError as error:
        raise UserError(f"'{path.name}' may not be read; change its permissions or copy it.") from error
    except OSError as error:
        raise UserError(f"'{path.name}' cannot be opened ({error.strerror}); check the name and the folder.") from error
    with file:
        yield file


@contextmanager
def atomic_path(path: str | os.PathLike[str]) -> Iterator[Path]:
    """Give out a temporary path beside `path` that takes its place when the block ends well.

    The temporary file exists (empty) when the block starts and keeps the suffix of `path`. If the block
    raises anything, `GeneratorExit` and `KeyboardInterrupt` included, the temporary file is removed and
    `path` stays as it was.

    Raises
    ------
    UserError
        If the folder is missing or cannot be written, `path` is a folder, or the disk is full.
    """
    target = Path(path)
    # A fixed short name: the target's own may already be as long as the file system allows.
    temporary = target.parent / f".{secrets.token_hex(6)}.part{target.suffix}"
    try:
        _create(temporary, target)
        yield temporary
        _sync(temporary)
        os.replace(temporary, target)
        _sync(target.parent)
    except OSError as error:
        raise _explained(error, target) from error
    finally:
        with suppress(OSError):
            temporary.unlink(missing_ok=True)


@contextmanager
def atomic_folder(path: str | os.PathLike[str]) -> Iterator[Path]:
    """Give out a temporary folder beside `path` that takes its place when the block ends well.

    If the block raises anything, the temporary folder and what is in it are removed.

    Raises
    ------
    UserError
        If `path` is there already (an empty folder may be), it cannot be written, or the disk is full.
    """
    target = Path(path)
    temporary = target.parent / f".{secrets.token_hex(6)}.part"
    _check_new_folder(target)
    try:
        _create(temporary, target)  # says why, where nothing can be written
        temporary.unlink()
        temporary.mkdir()
        yield temporary
        for written in temporary.iterdir():
            _sync(written)
        if target.is_dir():
            target.rmdir()
        os.replace(temporary, target)
        _sync(target.parent)
    except OSError as error:
        raise _explained(error, target) from error
    finally:
        shutil.rmtree(temporary, ignore_errors=True)


def _check_new_folder(target: Path) -> None:
    if target.is_dir() and not any(target.iterdir()):
        return
    if target.exists():
        raise UserError(f"'{target.name}' is there already; give a folder that is new or empty.")


def check_writable(path: str | os.PathLike[str]) -> None:
    """Find out before a long job whether `path` can be written after it; nothing is left behind.

    Raises
    ------
    UserError
        As `atomic_path`.
    """
    target = Path(path)
    temporary = target.parent / f".{secrets.token_hex(6)}.part"
    try:
        _create(temporary, target)
    finally:
        with suppress(OSError):
            temporary.unlink(missing_ok=True)


def check_new_folder(path: str | os.PathLike[str]) -> None:
    """Find out before a long job whether a folder can be written after it; nothing is left behind.

    Raises
    ------
    UserError
        As `atomic_folder`.
    """
    target = Path(path)
    _check_new_folder(target)
    check_writable(target if not target.is_dir() else target / "0.png")


def _create(temporary: Path, target: Path) -> None:
    """Create the temporary file, or say why the target cannot be written."""
    if len(os.fsencode(target.name)) > 255:
        raise UserError("The file name is too long; choose one of at most 255 bytes.")
    try:
        if target.is_dir():
            raise UserError(f"'{target.name}' is a folder; give the name of a file to write.")
        if not target.parent.is_dir():
            raise UserError(f"There is no folder '{target.parent}' to write to; create it or choose another one.")
        os.close(os.open(temporary, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o666))
    except OSError as error:
        if error.errno in _FULL:
            raise _explained(error, target) from error
        # Odd file systems refuse a new file with any error they like.
        raise UserError(f"'{target.name}' cannot be written in '{target.parent}'; choose another folder.") from error


def _sync(path: Path) -> None:
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _explained(error: OSError, target: Path) -> Exception:
    """Return the sentence for an error that the user can mend, or the error itself."""
    if error.errno in _FULL:
        return UserError(f"The disk is full; free some space and write '{target.name}' again.")
    if error.errno in _FORBIDDEN:
        return UserError(f"'{target.name}' cannot be written in '{target.parent}'; choose another folder.")
    return error
