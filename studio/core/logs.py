"""The log file: what a user may attach to a report, so it holds no personal paths and no picture names."""

import logging
import logging.handlers
import os
import re
from pathlib import Path

import platformdirs

from studio.core.errors import UserError

NAME = "avatar-studio"

_MEDIA = r"\.(?:jpe?g|png|webp|avif|tiff?|bmp|gif|heic|wav|flac|mp3|ogg|m4a|mp4|mov|webm|avatar|json)\b"
# The lines of a traceback that say where: without them a report is worth nothing.
_WHERE = re.compile(r'\s*File "[^"\n]*", line \d+')
_ROOT = r"(?<![\w/.…])(?:~?/(?![/\s])|[A-Za-z]:\\|\\\\)"
# Names may hold spaces and quotes, so each of these rather takes too much than too little.
_PRIVATE = tuple(
    re.compile(pattern, re.IGNORECASE)
    for pattern in (
        rf"""(?P<quote>["']){_ROOT}.*(?P=quote)""",
        r"""(?P<quote>["'])[^"']*[/\\][^"']*(?P=quote)""",
        rf"""(?P<quote>["'])(?:(?!(?P=quote)).)*{_MEDIA}(?P=quote)""",
        rf"""{_ROOT}.*{_MEDIA}""",
        rf"""{_ROOT}.*?(?=: |, |["')]|$)""",
        rf"""[^\s"']+{_MEDIA}""",
    )
)


def log_folder() -> Path:
    """Return the folder of the log file; it may not exist yet."""
    return platformdirs.user_log_path(NAME, appauthor=False)


def log_file() -> Path:
    """Return where `start_logging` writes."""
    return log_folder() / f"{NAME}.log"


def start_logging() -> None:
    """Send warnings and errors of every module to the log file; without a writable folder, nowhere."""
    root = logging.getLogger()
    if any(handler.get_name() == NAME for handler in root.handlers):
        return
    try:
        log_folder().mkdir(parents=True, exist_ok=True)
        handler = logging.handlers.RotatingFileHandler(
            log_file(), maxBytes=2**20, backupCount=2, encoding="utf-8", delay=True
        )
    except OSError:
        return
    handler.set_name(NAME)
    handler.setFormatter(_Scrubbed("%(asctime)s %(levelname)s %(name)s: %(message)s"))
    root.addHandler(handler)


def newest(most: int = 200_000) -> str:
    """Return the end of the log as a report may hold it, at most so many characters; "" where nothing was logged.

    Raises
    ------
    UserError
        If it cannot be read.
    """
    try:
        with log_file().open("rb") as file:
            file.seek(max(0, file.seek(0, os.SEEK_END) - most))
            tail = file.read().decode("utf-8", "replace")
    except FileNotFoundError:
        return ""
    except OSError as error:
        raise UserError("The log cannot be read; check the permissions of its folder.") from error
    if len(tail) >= most:
        tail = tail.partition("\n")[2]  # half a line at the cut
    return scrub(tail)


def scrub(text: str) -> str:
    """Return text without names of media files and without absolute paths, save those of tracebacks."""
    return "\n".join(home_as_tilde(line if _WHERE.match(line) else _scrubbed(line)) for line in text.split("\n"))


def home_as_tilde(text: str) -> str:
    """Return text without the home folder or the user's name in a path."""
    home = os.path.expanduser("~")
    if len(home) > 1:
        text = text.replace(home, "~")
    return re.sub(r"(/home/|/Users/|\\Users\\)[^/\\\s'\"]+", r"\1…", text)


def _scrubbed(line: str) -> str:
    for pattern in _PRIVATE:
        line = pattern.sub(_ellipsis, line)
    return line


def _ellipsis(found: re.Match[str]) -> str:
    quote = found.groupdict().get("quote") or ""
    suffix = re.search(_MEDIA + "$", found[0].rstrip("'\""), re.IGNORECASE)
    return f"{quote}…{suffix[0] if suffix else ''}{quote}"


class _Scrubbed(logging.Formatter):
    def format(self, record: logging.LogRecord) -> str:
        return scrub(super().format(record))
