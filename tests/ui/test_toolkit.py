import sys

from PySide6.QtCore import QObject, Signal


class Bell(QObject):
    rung = Signal()


def test_calls_into_qt_keep_the_references_to_none_and_true(qapp: object) -> None:
    """PySide6 6.12.0 drops one per call on Python 3.11 and aborts the interpreter after a minute of use."""
    bell = Bell()
    before = sys.getrefcount(None), sys.getrefcount(True)
    for _ in range(200):
        bell.rung.emit()
        bell.setObjectName("bell")
    after = sys.getrefcount(None), sys.getrefcount(True)
    assert min(b - a for a, b in zip(before, after, strict=True)) > -100
