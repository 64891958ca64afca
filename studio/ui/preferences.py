"""`Preferences`: what a person set once for every session; kept in the window's settings file."""

import os
from collections.abc import MutableMapping
from dataclasses import asdict, dataclass, fields, replace
from pathlib import Path

from PySide6.QtCore import QSettings

from studio.ui.library import default_folder

THEMES = ("system", "dark", "light", "contrast")
SCALES = (0, 75, 100, 125, 150, 175, 200)
"""%; 0 is the system's."""
RENDERERS = ("auto", "numba", "gsplat")
VIEWS = ("auto", "texture", "painted")


@dataclass(frozen=True)
class Preferences:
    """Every field is a key of the settings file."""

    theme: str = "system"
    scale: int = 0
    """% of the window's size, of `SCALES`."""
    language: str = "system"
    """Code of a translation, "en", or "system"."""
    renderer: str = "auto"
    """Who draws Gaussians."""
    view: str = "auto"
    """How pictures get on screen."""
    threads: int = 0
    """For drawing; 0 takes as many as fit this machine."""
    library: str = ""
    """Folder of the avatars; "" is the usual."""

    @property
    def folder(self) -> Path:
        """Where avatars are kept."""
        return Path(self.library) if self.library else default_folder()

    def prepare(self, environment: MutableMapping[str, str]) -> None:
        """Hand on what is read from the environment at the start; what somebody set there by hand counts more."""
        if self.scale:
            environment.setdefault("QT_SCALE_FACTOR", f"{self.scale / 100:g}")
        if self.renderer != "auto":
            environment.setdefault("AVATAR_STUDIO_RENDERER", self.renderer)
        if self.view != "auto":
            environment.setdefault("AVATAR_STUDIO_VIEW", self.view)
        if 0 < self.threads <= (os.cpu_count() or 1):  # of a machine that had more
            environment.setdefault("AVATAR_STUDIO_THREADS", str(self.threads))


def settings_file() -> Path:
    """Return where the window's settings are kept, whatever the library's folder."""
    return default_folder().parent / "window.ini"


def read(settings: QSettings) -> Preferences:
    """Return what is set; the usual where the settings hold nothing or nonsense."""
    usual = asdict(Preferences())
    found = {}
    for name, value in usual.items():
        try:
            found[name] = type(value)(settings.value(name, value))  # pyright: ignore[reportArgumentType]
        except (TypeError, ValueError):
            continue
    known = {"theme": THEMES, "scale": SCALES, "renderer": RENDERERS, "view": VIEWS}
    for name, values in known.items():
        if found.get(name) not in values:
            found[name] = usual[name]
    found["threads"] = max(0, found.get("threads", 0))
    return Preferences(**found)


def write(settings: QSettings, **changes: object) -> Preferences:
    """Keep changes and return everything that is set then; what is as usual is not kept."""
    preferences = replace(read(settings), **changes)  # pyright: ignore[reportArgumentType]
    for name, usual in asdict(Preferences()).items():
        value = getattr(preferences, name)
        settings.remove(name) if value == usual else settings.setValue(name, value)
    return preferences


def reset(settings: QSettings) -> Preferences:
    """Forget every preference; recent files and the sizes of panels stay."""
    for field in fields(Preferences):
        settings.remove(field.name)
    return Preferences()
