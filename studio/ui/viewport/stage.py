"""`Stage`: the large place in the middle; drop zone, picture or living head."""

from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QEvent, QObject, QPointF, Qt, QTimer, Signal
from PySide6.QtGui import QMouseEvent, QResizeEvent, QWheelEvent
from PySide6.QtWidgets import QStackedLayout, QVBoxLayout, QWidget

from studio.core.orbit import Orbit
from studio.ui import theme
from studio.ui.viewport.cards import ConsentCard, EmptyStage, GuessedLegend, RecoveryCard
from studio.ui.viewport.gl_interop import Pixels, on_host
from studio.ui.viewport.guides import Guides
from studio.ui.viewport.learning_card import LearningCard
from studio.ui.viewport.picture import PictureView
from studio.ui.viewport.preflight_card import PreflightCard
from studio.ui.viewport.source_preview import SourcePreview
from studio.ui.viewport.texture_view import TextureView
from studio.ui.viewport.video_card import VideoCard
from studio.ui.viewport.view import make_view, square_within

if TYPE_CHECKING:
    from studio.core.perception.handles import Handles
    from studio.core.perception.preflight import Preflight
    from studio.ui.viewport.handles_page import HandlesPage

NOTCH = 120.0  # eighths of a degree in one wheel click


class Stage(QWidget):
    """Shows one of its pages and turns pointer gestures into intent."""

    turned = Signal(object)
    """The `Orbit` that a gesture asks for."""
    said = Signal(str)
    """A sentence about how frames reach the screen from now on."""
    painted = Signal()
    """The frame of `show_frame` is on screen."""
    handles_placed = Signal(object)
    """`Handles` for the picture of `place_handles`, or None."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("stage")
        self.setAccessibleName(self.tr("Stage"))
        self.view, self.why_painted = make_view(self)
        self.view.widget.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.view.widget.setAccessibleName(self.tr("Head"))
        self.view.widget.installEventFilter(self)
        if isinstance(self.view, TextureView):
            self.view.said.connect(self.said)
        self.empty = EmptyStage()
        self.picture = PictureView()
        self._pages = QStackedLayout()
        for page in (self.empty, self.picture, self.view.widget):
            self._pages.addWidget(page)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addLayout(self._pages)
        self.guides = Guides(self.view.widget)
        self.consent = ConsentCard(self)
        self.video = VideoCard(self)
        self.recovery = RecoveryCard(self)
        for card in (self.consent, self.video, self.recovery):
            card.hide()
        self.preview = SourcePreview(self)
        self.learning = LearningCard(self)
        self.legend = GuessedLegend(self)
        self.legend.move(2 * theme.GRID, 2 * theme.GRID)
        self.legend.hide()
        self.preflight = PreflightCard(self)
        self.preflight.move(2 * theme.GRID, 2 * theme.GRID)
        self.preflight.hide()
        self._tinted = False
        self.orbit = Orbit()
        self.handles: HandlesPage | None = None
        self._shown: Pixels | None = None
        self._grip: QPointF | None = None
        self._holding = False
        self._unpainted = False
        # It fires once the window was painted and handed to the display.
        self._after_paint = QTimer(self, singleShot=True, interval=0)
        self._after_paint.timeout.connect(self.painted)

    def show_empty(self) -> None:
        """Invite to drop something."""
        self._shown = None
        self._holding = False
        self._turn_to(self.empty)

    def show_picture(self, rgb: NDArray[np.float32], boxes: NDArray | None = None) -> None:
        """Show a still picture, with faces to choose from if there are boxes, until `show_head`."""
        self._holding = True
        self.preflight.hide()
        self.picture.show_picture(rgb, boxes)
        self._turn_to(self.picture)

    def show_preflight(self, seen: "Preflight", scale: float) -> None:
        """Say what was seen of the face in the still picture, which has `scale` px per px of its file."""
        if self._pages.currentWidget() is self.picture:
            self.picture.mark(seen.box)
            self.preflight.tell(seen, scale)
            self.preflight.show()
            self.preflight.raise_()

    def place_handles(self, rgb: NDArray[np.float32], handles: "Handles") -> None:
        """Let the user say where the face is in a picture, beginning with these handles."""
        if self.handles is None:
            # Few pictures need it, and it brings what fits faces along.
            from studio.ui.viewport.handles_page import HandlesPage

            self.handles = HandlesPage()
            self.handles.answered.connect(self.handles_placed)
            self._pages.addWidget(self.handles)
        self._holding = True
        self._turn_to(self.handles)
        self.handles.start(rgb, handles)

    @property
    def shown(self) -> NDArray[np.uint8] | None:
        """The frame on screen, ``[H,W,4]``; the next frame may overwrite it."""
        return None if self._shown is None else on_host(self._shown)

    def show_frame(self, rgba: Pixels, opaque: bool = True) -> None:
        """Take a frame of the head, which must not change until the next one; a held picture stays before it."""
        self._shown = rgba
        self._unpainted = True
        self.view.show_frame(rgba, opaque)
        if not self._holding:
            self._turn_to(self.view.widget)

    def explain_tint(self, tinted: bool, guessed: float | None) -> None:
        """Say what the tint on the head means, if there is one; see `GuessedLegend.tell`."""
        self._tinted = tinted
        if tinted:
            self.legend.tell(guessed)
        self._show_legend()

    def _show_legend(self) -> None:
        self.legend.setVisible(self._tinted and self._pages.currentWidget() is self.view.widget)

    def show_head(self, thumbnail: NDArray[np.uint8] | None = None) -> None:
        """Let go of a still picture: frames replace it, a thumbnail ``[H,W,3]`` until the first."""
        self._holding = False
        if self._shown is None and thumbnail is not None:
            self.picture.show_picture(thumbnail / np.float32(255))
            self._turn_to(self.picture)

    def back_to_head(self) -> None:
        """Replace a still picture by the frame that was on screen before it, if there is one."""
        self._holding = False
        self._turn_to(self.empty if self._shown is None else self.view.widget)

    def ask_consent(self, people: list[tuple[Path, int | None]]) -> None:
        """Show or hide the consent card."""
        self.consent.ask(people)
        self._place_card()

    def ask_about_video(self, path: Path, choices: tuple[str, ...]) -> None:
        """Ask what a video is for."""
        self.video.ask(path, choices)
        self._place_card()

    def offer_recovery(self, name: str, when: str) -> None:
        """Show the card about a project that a crash left behind; "" for one without a name."""
        self.recovery.offer(name, when)
        self._place_card()

    def withdraw_recovery(self) -> None:
        """Hide that card."""
        self.recovery.hide()

    def _turn_to(self, page: QWidget) -> None:
        if self._pages.currentWidget() is not page:
            self._pages.setCurrentWidget(page)
            self.preflight.hide()
            self._show_legend()
            for card in (self.preview, self.legend, self.learning, self.recovery, self.consent, self.video):
                card.raise_()

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Keep the card in its place."""
        super().resizeEvent(event)
        self._place_card()

    def _place_card(self) -> None:
        self.preview.place()
        self.learning.place()
        for card in (self.consent, self.video, self.recovery):
            card.move((self.width() - card.width()) // 2, self.height() - card.height() - 24)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Turn gestures on the head into orbits."""
        kind = event.type()
        if kind == QEvent.Type.Resize:
            self.guides.resize(self.view.widget.size())
        if kind == QEvent.Type.Paint and self._unpainted:
            self._unpainted = False
            self._after_paint.start()
        if kind == QEvent.Type.MouseButtonPress and isinstance(event, QMouseEvent):
            self._grip = event.position()
            self.view.widget.setFocus()
        elif kind == QEvent.Type.MouseMove and isinstance(event, QMouseEvent):
            self._drag(event)
        elif kind == QEvent.Type.MouseButtonRelease:
            self._grip = None
        elif kind == QEvent.Type.MouseButtonDblClick:
            self._grip = None
            self._turn(Orbit())
        elif kind == QEvent.Type.Wheel and isinstance(event, QWheelEvent):
            x, y = self._fraction(event.position())
            self._turn(self.orbit.wheeled(event.angleDelta().y() / NOTCH, x - 0.5, y - 0.5))
        else:
            return super().eventFilter(watched, event)
        return True

    def _drag(self, event: QMouseEvent) -> None:
        if self._grip is None:
            return
        (x0, y0), (x1, y1) = self._fraction(self._grip), self._fraction(event.position())
        self._grip = event.position()
        if event.buttons() & Qt.MouseButton.LeftButton:
            self._turn(self.orbit.dragged(x1 - x0, y1 - y0))
        elif event.buttons() & Qt.MouseButton.MiddleButton:
            self._turn(self.orbit.moved(x1 - x0, y1 - y0))

    def _turn(self, orbit: Orbit) -> None:
        self.orbit = orbit
        self.turned.emit(orbit)

    def _fraction(self, point: QPointF) -> tuple[float, float]:
        left, top, side = square_within(self.view.widget.width(), self.view.widget.height())
        side = max(side, 1)  # a view that a window pressed to nothing may still hold the pointer
        return (point.x() - left) / side, (point.y() - top) / side
