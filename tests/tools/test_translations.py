"""Every text of the window in every language; `make translations` refreshes and lists what is missing."""

import re
import string
from pathlib import Path

import pytest
from PySide6.QtCore import QTranslator

from tools import translations

REFRESH = "run `make translations` and write what it lists into the .ts file"
LANGUAGES = sorted(translations.FOLDER.glob("*.ts"))


def placeholders(text: str) -> list[tuple[str, str]]:
    return sorted((name, spec or "") for _, name, spec, _ in string.Formatter().parse(text) if name is not None)


@pytest.mark.parametrize("path", LANGUAGES, ids=lambda path: path.stem)
def test_every_text_is_translated(path: Path) -> None:
    known = translations.read(path)
    messages = translations.find_messages()
    missing = [message for message in messages if not known.get(message)]
    assert missing == [], REFRESH
    assert set(known) == set(messages), f"texts are gone; {REFRESH}"


@pytest.mark.parametrize("path", LANGUAGES, ids=lambda path: path.stem)
def test_placeholders_keys_and_kinds_of_files_survive(path: Path) -> None:
    for (context, source), translation in translations.read(path).items():
        if translation:
            where = f"{context}: {source!r} -> {translation!r}"
            assert placeholders(source) == placeholders(translation), where
            assert re.findall(r"\*\.\w+", source) == re.findall(r"\*\.\w+", translation), where
            assert source.endswith("…") == translation.endswith("…"), where
            assert source.endswith(".") == translation.endswith("."), where


@pytest.mark.parametrize("path", LANGUAGES, ids=lambda path: path.stem)
def test_what_qt_reads_is_what_was_written(path: Path) -> None:
    translator = QTranslator()
    assert translator.load(str(path.with_suffix(".qm")))
    for (context, source), translation in translations.read(path).items():
        assert (translator.translate(context, source) or "") == translation, f"{source!r}: {REFRESH}"


def test_texts_are_found_where_they_stand(tmp_path: Path) -> None:
    (tmp_path / "some.py").write_text(
        "def tr(text): return QCoreApplication.translate('mine', text)\n"
        "TABLE = {1: noted('mine', 'of a table')}\n"
        "class A:\n"
        "    def f(self):\n"
        "        self.tr('one')\n"
        "        f'{self.tr(\"in a string\")}'\n"
        "        tr('two' ' and three')\n"
        "        tr(TABLE[1])\n"
    )
    found = set(translations.find_messages(tmp_path))
    assert found >= {("A", "one"), ("A", "in a string"), ("mine", "two and three"), ("mine", "of a table")}
    assert len([context for context, _ in found if context not in ("arkit", "presets")]) == 4
    (tmp_path / "alias.py").write_text("class C:\n    def f(self):\n        tr = self.tr\n        tr('short')\n")
    assert ("C", "short") in translations.find_messages(tmp_path)
    (tmp_path / "other.py").write_text("class B:\n    def f(self, words):\n        self.tr(words)\n")
    with pytest.raises(ValueError, match=r"other.py:3: write the text into tr\(\) itself"):
        translations.find_messages(tmp_path)


def test_what_was_translated_stays_and_what_is_gone_goes(tmp_path: Path) -> None:
    known = {("A", "yes"): "ja", ("A", "gone"): "fort", ("B", "head"): "Kopf <&>"}
    path = tmp_path / "de.ts"
    translations.write(path, translations.merged([("A", "yes"), ("B", "head"), ("C", "head"), ("C", "new")], known))
    assert translations.read(path) == {
        ("A", "yes"): "ja",
        ("B", "head"): "Kopf <&>",
        ("C", "head"): "Kopf <&>",
        ("C", "new"): "",
    }
