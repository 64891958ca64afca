"""Refresh the window's translations: find every text, merge it into resources/translations/*.ts, compile *.qm.

    make translations

It lists what is untranslated; write it into the .ts file (Qt Linguist, `pyside6-linguist`, opens it) and run it again.
`pyside6-lrelease` compiles. `pyside6-lupdate` does not find the texts: it gives those of module functions no context,
and misses the ones within f-strings and in the table of commands.
"""

import ast
import subprocess
import sys
import xml.etree.ElementTree as ElementTree
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from studio.core.heads.arkit import ARKIT_NAMES  # noqa: E402
from studio.ui.panels.face import face_presets, spoken  # noqa: E402

SOURCES = ROOT / "studio" / "ui"
FOLDER = ROOT / "resources" / "translations"

Message = tuple[str, str]
"""Context and text."""


def find_messages(sources: Path = SOURCES) -> list[Message]:
    """Return every text of the window with its context, sorted.

    The context of ``self.tr("…")`` is the class, that of ``tr("…")`` what the module's own `tr` says; tables hold
    ``noted("context", "…")``, and `commands.COMMANDS` its texts as they are.

    Raises
    ------
    ValueError
        If a text is not written out where it is translated, so that nobody could find it.
    """
    found = {("arkit", spoken(name)) for name in ARKIT_NAMES} | {("presets", name) for name in face_presets()}
    for path in sorted(sources.rglob("*.py")):
        tree = ast.parse(path.read_text(encoding="utf-8"))
        found.update(_in_module(tree, str(path.relative_to(sources))))
    return sorted(found)


def _in_module(tree: ast.Module, where: str) -> Iterator[Message]:
    own = next((n for n in tree.body if isinstance(n, ast.FunctionDef) and n.name == "tr"), None)
    context = "" if own is None else _text(next(n for n in ast.walk(own) if isinstance(n, ast.Call)).args[0])
    for scope, call in _calls(tree, ""):
        name = call.func.attr if isinstance(call.func, ast.Attribute) else getattr(call.func, "id", "")
        of_self = isinstance(call.func, ast.Attribute) and getattr(call.func.value, "id", "") == "self"
        arguments = [*call.args, *(word.value for word in call.keywords if word.arg == "tip")]
        if name == "Command" and where == "commands.py":
            yield from ((context, text) for a in (*arguments[1:3], *arguments[4:5]) if (text := _text(a)))
        elif name in ("translate", "noted") and len(arguments) == 2:
            if text := _text(arguments[1]):  # otherwise one of a table
                yield _text(arguments[0]), text
        elif name == "tr" and len(arguments) == 2:
            yield _text(arguments[0]), _written(arguments[1], where, call.lineno)
        elif name == "tr" and of_self:
            yield scope, _written(arguments[0], where, call.lineno)
        elif name == "tr" and isinstance(call.func, ast.Name) and not isinstance(arguments[0], _FROM_TABLE):
            # Without a `tr` of the module it is `tr = self.tr` of a method.
            yield context or scope, _written(arguments[0], where, call.lineno)


# `tr(command.text)`, `tr(NAMES[lane])`: the table says what can be there.
_FROM_TABLE = (ast.Attribute, ast.Subscript)


def _calls(node: ast.AST, scope: str) -> Iterator[tuple[str, ast.Call]]:
    """Walk calls with the class they stand in."""
    for child in ast.iter_child_nodes(node):
        inner = scope
        if isinstance(child, ast.ClassDef):
            inner = child.name
        elif isinstance(child, ast.Call):
            yield scope, child
        yield from _calls(child, inner)


def _text(node: ast.expr) -> str:
    return node.value if isinstance(node, ast.Constant) and isinstance(node.value, str) else ""


def _written(node: ast.expr, where: str, line: int) -> str:
    if not _text(node):
        raise ValueError(f"{where}:{line}: write the text into tr() itself, or noted into its table")
    return _text(node)


def read(path: Path) -> dict[Message, str]:
    """Return translations of a .ts file, "" where there is none."""
    if not path.exists():
        return {}
    return {
        (context.findtext("name", ""), message.findtext("source", "")): message.findtext("translation") or ""
        for context in ElementTree.parse(path).getroot().iter("context")
        for message in context.iter("message")
    }


def write(path: Path, translations: dict[Message, str]) -> None:
    """Write a .ts file, in the order of the messages."""
    root = ElementTree.Element("TS", version="2.1", language=path.stem, sourcelanguage="en")
    contexts: dict[str, ElementTree.Element] = {}
    for (context, source), translation in translations.items():
        if context not in contexts:
            contexts[context] = ElementTree.SubElement(root, "context")
            ElementTree.SubElement(contexts[context], "name").text = context
        message = ElementTree.SubElement(contexts[context], "message")
        ElementTree.SubElement(message, "source").text = source
        attributes = {} if translation else {"type": "unfinished"}
        ElementTree.SubElement(message, "translation", attributes).text = translation
    ElementTree.indent(root, "    ")
    text = ElementTree.tostring(root, encoding="unicode")
    path.write_text(f'<?xml version="1.0" encoding="utf-8"?>\n<!DOCTYPE TS>\n{text}\n', encoding="utf-8")


def merged(messages: list[Message], known: dict[Message, str]) -> dict[Message, str]:
    """Return the messages with what is known of them; a text that has one translation elsewhere takes that."""
    elsewhere: dict[str, set[str]] = {}
    for (_, source), translation in known.items():
        if translation:
            elsewhere.setdefault(source, set()).add(translation)

    def usual(source: str) -> str:
        words = elsewhere.get(source, set())
        return next(iter(words)) if len(words) == 1 else ""

    return {message: known.get(message) or usual(message[1]) for message in messages}


def main() -> int:
    """Refresh every language; return 1 where something is untranslated."""
    messages = find_messages()
    missing = 0
    for path in sorted(FOLDER.glob("*.ts")):
        translations = merged(messages, read(path))
        write(path, translations)
        release = Path(sys.executable).with_name("pyside6-lrelease")
        subprocess.run([release, "-silent", path, "-qm", path.with_suffix(".qm")], check=True)
        open_ = [message for message, translation in translations.items() if not translation]
        missing += len(open_)
        print(f"{path.name}: {len(translations)} texts, {len(open_)} untranslated")
        for context, source in open_:
            print(f"  {context}: {source!r}")
    return 1 if missing else 0


if __name__ == "__main__":
    sys.exit(main())
