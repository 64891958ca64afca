"""Every action of the window, once: its menu, words, shortcut and icon."""

from collections.abc import Collection
from dataclasses import dataclass
from typing import Literal, get_args

from PySide6.QtCore import QCoreApplication, QObject, Qt
from PySide6.QtGui import QAction, QKeySequence
from PySide6.QtWidgets import QMainWindow, QMenu

from studio.ui import theme
from studio.ui.language import noted

Menu = Literal["File", "Edit", "Avatar", "View", "Timeline", "Live", "Help"]


@dataclass(frozen=True)
class Command:
    """One action; `name` is how the window refers to it."""

    name: str
    menu: Menu
    text: str
    keys: str = ""
    tip: str = ""
    icon: str = ""
    checkable: bool = False
    separated: bool = False
    """A line stands above it in the menu."""
    also: str = ""
    """A second shortcut."""


COMMANDS: tuple[Command, ...] = (
    Command("open", "File", "Open…", "Ctrl+O", "Open portraits, sounds or avatars", "folder"),
    Command("open_sound", "File", "Open sound…", "Ctrl+Shift+O", "Open speech for the head to say", "sound"),
    Command("handles", "File", "Build with handles…", "Ctrl+Shift+H", "Say where the face is: animals, odd drawings"),
    Command("add_head", "File", "Add a head…", "", "Add FLAME or ICT-FaceKit, whose expressions new avatars can have"),
    Command("sample", "File", "Try the sample", "", "Build a head from a public-domain portrait"),
    Command(
        "new_project", "File", "New project", "Ctrl+N", "Begin anew; what is open keeps what is not saved",
        separated=True,
    ),
    Command("open_project", "File", "Open project…", "Ctrl+Alt+O", "Open a project as it was left"),
    Command("save_project", "File", "Save project", "Ctrl+S", "Write the project, with its heads, to its file"),
    Command("save_project_as", "File", "Save project as…", "Ctrl+Shift+S", "Write the project to another file"),
    Command("collect", "File", "Collect media…", "", "Write a project file that also holds its sounds and pictures"),
    Command("save", "File", "Save avatar as…", "Ctrl+Alt+S", "Write the avatar on show to a file", separated=True),
    Command("export_clip", "File", "Export clip…", "Ctrl+E", "Write a clip as the Export panel has it", "export"),
    Command("export_motion", "File", "Export motion…", "", "Write how the head moves in the clip as ARKit CSV"),
    Command("export_still", "File", "Export still…", "Ctrl+Shift+E", "Write the picture on show"),
    Command("export_sheet", "File", "Export view sheet…", "", "Write seven views of four expressions"),
    Command("export_splats", "File", "Export splats…", "", "Write the head, as the sliders pose it: PLY, SPZ, GLB"),
    Command("export_mesh", "File", "Export mesh…", "", "Write a bald, painted head with the 52 ARKit shapes as GLB"),
    Command("quit", "File", "Quit", "Ctrl+Q", "Close the window", separated=True),
    Command("undo", "Edit", "Undo", "Ctrl+Z", "Take the last edit back, also one of an earlier session"),
    Command("redo", "Edit", "Redo", "Ctrl+Shift+Z", "Do again what was taken back"),
    Command("paste", "Edit", "Paste", "Ctrl+V", "Open the picture or the files on the clipboard", separated=True),
    Command("reset_face", "Edit", "Reset face sliders", "Ctrl+R", "Let every slider go back to rest"),
    Command("preferences", "Edit", "Preferences…", "Ctrl+,", "Theme, size, language, renderer, sound", separated=True),
    Command("learn", "Avatar", "Learn a clip…", "", "Learn a clip, or several pictures, of the person on show"),
    Command("next", "Avatar", "Next avatar", "Ctrl+PgDown", "Show the next avatar of the list"),
    Command("previous", "Avatar", "Previous avatar", "Ctrl+PgUp", "Show the previous avatar of the list"),
    Command("remove", "Avatar", "Remove from the library", "", "Take this avatar off the list", separated=True),
    Command("home", "View", "Portrait view", "Home", "Back to the portrait's own view", "reset"),
    Command("front", "View", "Front", "1", "Look from the front"),
    Command("left", "View", "Left", "2", "Look at the head's left side"),
    Command("right", "View", "Right", "3", "Look at the head's right side"),
    Command(
        "guessed", "View", "Show what is guessed", "H", "Tint what the portrait did not show", checkable=True,
        separated=True,
    ),
    Command("guides", "View", "Grid and safe areas", "G", "Thirds and what every screen shows", checkable=True),
    Command("timeline", "View", "Timeline", "Ctrl+T", "Show or fold the lanes below the head", "", True, True),
    Command("full", "View", "Full screen", "F11", "Fill the screen", checkable=True),
    Command("palette", "View", "Find a command…", "Ctrl+K", "Every action and avatar by a few letters", separated=True),
    Command("cut_items", "Timeline", "Cut", "Ctrl+X", "Take the selection away and keep it for pasting"),
    Command("copy_items", "Timeline", "Copy", "Ctrl+C", "Keep the selection for pasting"),
    Command("paste_items", "Timeline", "Paste", "Ctrl+V", "Lay down at the playhead what was cut or copied"),
    Command("duplicate", "Timeline", "Duplicate", "Ctrl+D", "Lay a copy of the selection right after it"),
    Command("delete", "Timeline", "Delete", "Del", "Take the selection away"),
    Command("ripple", "Timeline", "Ripple delete", "Shift+Del", "Take the selection and its time away on all lanes"),
    Command("select_all", "Timeline", "Select all", "Ctrl+A", "Select everything on the timeline"),
    Command("split", "Timeline", "Split", "S", "Cut blocks in two at the playhead", "split", separated=True),
    Command("trim_start", "Timeline", "Begin at the playhead", "[", "Cut off what the selection has before"),
    Command("trim_stop", "Timeline", "End at the playhead", "]", "Cut off what the selection has after"),
    Command("separate", "Timeline", "Separate lanes", "", "Make of the selected takes one take per lane"),
    Command("marker", "Timeline", "Add marker", "M", "Put a marker at the playhead", "marker"),
    Command("rename_marker", "Timeline", "Rename marker…", "F2", "Give the selected marker another name"),
    Command("key", "Timeline", "Add key", "K", "Put a key on opened curves at the playhead", separated=True),
    Command("smooth", "Timeline", "Smooth tangents", "T", "Let the curve run smoothly through keys"),
    Command("linear", "Timeline", "Linear tangents", "L", "Let the curve have corners at the selected keys"),
    Command("flat", "Timeline", "Flat tangents", "Shift+T", "Let the curve be level at the selected keys"),
    Command("snap", "Timeline", "Snap", "N", "Let edges rest at edges, keys, playhead, frames", "magnet", True, True),
    Command("zoom_in", "Timeline", "Zoom in", "+", "Look at a shorter stretch of time; Ctrl+wheel", "zoom-in"),
    Command("zoom_out", "Timeline", "Zoom out", "-", "Look at a longer stretch of time; Ctrl+wheel", "zoom-out"),
    Command("fit", "Timeline", "Fit", "F", "Show the whole timeline", "fit"),
    Command("listen", "Live", "Microphone", "Ctrl+M", "Speak and the head speaks with you", "microphone", True),
    Command("play", "Live", "Play", "Space", "Play the timeline", "play", True),
    Command("record", "Live", "Record", "Ctrl+Shift+R", "Keep how the head moves as a take", "record", True),
    Command("pause_take", "Live", "Pause recording", "Ctrl+Shift+P", "Leave out what comes next", "", True),
    Command("loop", "Live", "Loop", "Ctrl+L", "Play a stretch again and again", "loop", True),
    Command("figures", "Live", "Speed and delay", "", "Frames and delays of the last minute", separated=True),
    Command("shortcuts", "Help", "Keyboard shortcuts", "F1", "Every shortcut, with a search", also="?"),
    Command("tour", "Help", "Show the tour", "", "Five callouts: drop, turn, speak, edit, export"),
    Command("machine", "Help", "What this machine can do", "", "Renderer, card, sound, disk, and why not better"),
    Command("log", "Help", "Log", "", "What went wrong, to be copied for a report"),
    Command("about", "Help", "About", "", "Which version this is"),
)  # fmt: skip

THEME_WORDS = {
    "system": noted("commands", "As the system"),
    "dark": noted("commands", "Dark"),
    "light": noted("commands", "Light"),
    "contrast": noted("commands", "High contrast"),
}


def tr(text: str) -> str:
    """Translate a text of this module."""
    return QCoreApplication.translate("commands", text)


def make_menus(window: QMainWindow) -> tuple[dict[str, QAction], dict[str, QMenu]]:
    """Create every action and menu of the window; return actions by name and menus by title."""
    actions = make_actions(window)
    menus: dict[str, QMenu] = {}
    for command in COMMANDS:
        if command.menu not in menus:
            menus[command.menu] = window.menuBar().addMenu(tr(command.menu))
            menus[command.menu].setToolTipsVisible(True)
        if command.separated:
            menus[command.menu].addSeparator()
        menus[command.menu].addAction(actions[command.name])
    return actions, menus


def make_actions(owner: QObject, menus: Collection[Menu] = get_args(Menu)) -> dict[str, QAction]:
    """Create the actions of some menus by name; those of the timeline have their keys only while it has the focus."""
    actions: dict[str, QAction] = {}
    for command in COMMANDS:
        if command.menu not in menus:
            continue
        action = QAction(tr(command.text), owner)
        action.setCheckable(command.checkable)
        tip = tr(command.tip)
        if command.keys:
            action.setShortcuts([QKeySequence(keys) for keys in (command.keys, command.also) if keys])
            tip += f" ({action.shortcut().toString(QKeySequence.SequenceFormat.NativeText)})"
        if command.menu == "Timeline":
            action.setShortcutContext(Qt.ShortcutContext.WidgetWithChildrenShortcut)
        action.setToolTip(tip)
        action.setStatusTip("")
        actions[command.name] = action
    refresh_icons(actions)
    return actions


def refresh_icons(actions: dict[str, QAction]) -> None:
    """Redraw icons in the theme's colours; a checked button shows them on the accent."""
    for command in COMMANDS:
        if command.icon and command.name in actions:
            action = actions[command.name]
            action.setIcon(theme.icon(command.icon, "onAccent" if action.isChecked() else "text"))
            action.setIconVisibleInMenu(False)
