"""The language of the window: the system's where there is a translation of it, or the chosen one."""

from pathlib import Path

from PySide6.QtCore import QCoreApplication, QLibraryInfo, QLocale, QTranslator

from studio.ui.theme import RESOURCES

FOLDER = RESOURCES / "translations"
SOURCE = "en"


def noted(context: str, text: str) -> str:
    """Return a text of a table, which `tools/translations.py` finds by this; it is translated where it is shown."""
    return text


def names() -> dict[str, str]:
    """Return the languages there are by code, each in its own words."""
    translated = sorted(path.stem for path in FOLDER.glob("*.qm"))
    return {SOURCE: "English", **{code: QLocale(code).nativeLanguageName() for code in translated}}


def wanted(choice: str, system: list[str] | None = None) -> str:
    """Return the code of the language to show for a choice; `system` is what the system would like best, first."""
    if choice != "system":
        return choice if choice in names() else SOURCE
    for tag in QLocale.system().uiLanguages() if system is None else system:
        if (code := tag.replace("_", "-").split("-")[0].lower()) in names():
            return code
    return SOURCE


def install(app: QCoreApplication, choice: str) -> str:
    """Translate every window made from now on; return the code of the language."""
    code = wanted(choice)
    if code == SOURCE:
        return code
    qt = Path(QLibraryInfo.path(QLibraryInfo.LibraryPath.TranslationsPath))
    for file in (FOLDER / f"{code}.qm", qt / f"qtbase_{code}.qm"):
        translator = QTranslator(app)
        if translator.load(str(file)):  # Qt's own words, "Cancel" in a dialog of files, are not everywhere
            app.installTranslator(translator)
    return code
