"""Which files weights that are shipped may learn from: those that ``CLEAR.txt`` beside them names.

One file name a line; lines that begin with ``#`` say why.
"""

from functools import lru_cache
from pathlib import Path

from studio.core.errors import UserError
from studio.core.media.files import opened

LIST = "CLEAR.txt"
_MAX_BYTES = 1 << 22


def is_clear(path: Path) -> bool:
    """Tell whether the list beside a file names it; without a list nothing is clear."""
    listed = path.parent / LIST
    return listed.is_file() and path.name in names_in(listed)


@lru_cache
def names_in(listed: Path) -> frozenset[str]:
    """Read a list of file names.

    Raises
    ------
    UserError
        If it cannot be read or is no text.
    """
    with opened(listed) as file:
        data = file.read(_MAX_BYTES + 1)
    try:
        lines = data.decode().splitlines()
    except UnicodeDecodeError as error:
        raise UserError(f"'{listed.name}' is no list of file names; write one name a line, in UTF-8.") from error
    return frozenset(line.strip() for line in lines if line.strip() and not line.startswith("#"))
