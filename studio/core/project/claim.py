"""`Claim`: a folder that belongs to one running program at a time, however the one before it ended."""

import json
import os
import time
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

if os.name == "nt":
    import msvcrt
else:
    import fcntl

NAME = "lock"
_LONGEST = 200  # bytes of a lock file that are read


@dataclass(eq=False)
class Claim:
    """A claimed folder.

    Attributes
    ----------
    crashed
        Whether the program that claimed it before never gave it back.
    """

    folder: Path
    crashed: bool
    _handle: int

    def release(self) -> None:
        """Give the folder back; again is nothing."""
        if self._handle < 0:
            return
        with suppress(OSError):
            (self.folder / NAME).unlink(missing_ok=True)
        os.close(self._handle)
        self._handle = -1


def claim(folder: Path) -> Claim | None:
    """Claim a folder, which is made if it is missing; None while another program has it.

    The system holds the lock and lets go of it when the process ends; the file that stays then tells that it did not
    end well.

    Raises
    ------
    OSError
        If the folder cannot be written.
    """
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / NAME
    while True:
        crashed = path.exists()
        handle = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
        if not lock_file(handle):
            os.close(handle)
            return None
        # Whoever had it may have removed the file between these lines; the lock is then on nothing.
        with suppress(FileNotFoundError):
            if os.path.samestat(os.fstat(handle), path.stat()):
                break
        os.close(handle)
    os.truncate(handle, 0)
    os.write(handle, json.dumps({"pid": os.getpid(), "since": time.time()}).encode())
    return Claim(folder, crashed, handle)


def crashed(folder: Path) -> bool:
    """Return whether the program that claimed a folder ended without giving it back."""
    try:
        handle = os.open(folder / NAME, os.O_RDWR)
    except OSError:
        return False
    try:
        return lock_file(handle)
    finally:
        os.close(handle)


def claimant(folder: Path) -> str:
    """Return who has a folder, for a sentence: "process 4711, since 14:05", or "" where that cannot be read."""
    try:
        with (folder / NAME).open("rb") as file:
            known = json.loads(file.read(_LONGEST))
        return f"process {int(known['pid'])}, since {time.strftime('%H:%M', time.localtime(float(known['since'])))}"
    except (OSError, ValueError, TypeError, KeyError):
        return ""


def lock_file(handle: int) -> bool:
    """Take the system's lock on an open file, which ends with the process, unless somebody has it."""
    try:
        if os.name == "nt":
            # Beyond what is written, which others may read.
            os.lseek(handle, 2 * _LONGEST, os.SEEK_SET)
            msvcrt.locking(handle, msvcrt.LK_NBLCK, 1)
            os.lseek(handle, 0, os.SEEK_SET)
        else:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        return False
    return True
