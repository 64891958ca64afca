from PySide6.QtCore import QPoint, QRect, Qt
from pytestqt.qtbot import QtBot

from studio.ui.main_window import MainWindow
from studio.ui.tour import Tour


def test_the_tour_is_shown_once_and_again_from_the_menu(window: MainWindow) -> None:
    tour = window.tour
    assert not tour.isVisible()
    tour.begin_once()
    assert tour.isVisible()
    tour.skip.click()
    assert not tour.isVisible()
    again = Tour(window, tour._steps, window.director.settings)  # as at the next start
    again.begin_once()
    assert not again.isVisible()
    window.actions_by_name["tour"].trigger()
    assert tour.isVisible()
    assert tour.at == 0


def test_every_callout_lies_in_the_window_and_beside_or_in_what_it_means(window: MainWindow) -> None:
    window.resize(window.minimumSize())
    window.tour.begin()
    seen = []
    while window.tour.isVisible():
        assert window.rect().contains(window.tour.geometry())
        target = window.tour._steps[window.tour.at].target()
        around = QRect(target.mapTo(window, QPoint()), target.size())
        assert window.tour._frame.geometry().contains(around)
        if target.width() < window.tour.width():
            assert not window.tour.geometry().intersects(around)
        seen.append(window.tour.accessibleName())
        window.tour.next.click()
    assert len(set(seen)) == 5


def test_the_keyboard_goes_on_back_and_away(window: MainWindow, qtbot: QtBot) -> None:
    window.tour.begin()
    qtbot.keyClick(window.tour, Qt.Key.Key_Right)
    assert window.tour.at == 1
    qtbot.keyClick(window.tour, Qt.Key.Key_Left)
    assert window.tour.at == 0
    qtbot.keyClick(window.tour, Qt.Key.Key_Escape)
    assert not window.tour.isVisible()
