"""The log file: what a user may attach to a report, so it holds no personal paths and no picture names."""

import logging
import logging.handlers
import os
import re
from pathlib import Path

import platformdirs

NAME = "avatar-studio"

_OURS = "jpe?g|png|webp|avif|tiff?|bmp|gif|heic|wav|flac|mp3|ogg|m4a|mp4|mov|webm|avatar|json"
# A quoted path or media name, as exception messages carry them; traceback lines ('File "…", line') stay.
_QUOTED = re.compile(rf"""(?<!File )(['"])(?:[^'"\n]*[/\\][^'"\n]*|[^'"\n]+\.(?:{_OURS}))\1""", re.IGNORECASE)
_BARE = re.compile(rf"""(?:(?:[A-Za-z]:\\|/)[^'"\n]*?|[^\s'"]+)(\.(?:{_OURS}))\b""", re.IGNORECASE)


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


def scrub(text: str) -> str:
    """Return text without quoted file names, the home folder or the user's name in a path."""
    text = _QUOTED.sub(lambda match: f"{match[1]}…{Path(match[0][1:-1]).suffix}{match[1]}", text)
    text = _BARE.sub(r"…\1", text)
    home = os.path.expanduser("~")
    if len(home) > 1:
        text = text.replace(home, "~")
    return re.sub(r"(/home/|/Users/|\\Users\\)[^/\\\s'\"]+", r"\1…", text)


class _Scrubbed(logging.Formatter):
    def format(self, record: logging.LogRecord) -> str:
        return scrub(super().format(record))
