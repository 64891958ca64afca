import time

from PySide6.QtCore import QTimer
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from studio.ui.watchdog import Watchdog


def test_a_stall_is_found_with_its_place_and_a_calm_loop_has_none_so_long(qapp: QApplication, qtbot: QtBot) -> None:
    dog = Watchdog(limit=0.2)

    def idle_in_this_very_place() -> None:
        until = time.monotonic() + 0.5
        while time.monotonic() < until:
            pass

    QTimer.singleShot(0, idle_in_this_very_place)
    qtbot.waitUntil(lambda: any("idle_in_this_very_place" in stall.where for stall in dog.stalls), timeout=20_000)
    worst = max(dog.stalls, key=lambda stall: stall.seconds)
    assert worst.seconds > 0.4
    assert 0 < worst.busy <= worst.seconds + 0.1
    dog.stop()
