"""What this machine can do: the lines of `avatar-studio doctor`, each with its verdict."""

from typing import TYPE_CHECKING

from PySide6.QtCore import Qt
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QGridLayout, QLabel, QPushButton, QWidget

from studio.ui import tasks, theme
from studio.ui.pages.page import Page
from studio.ui.panels.controls import dim
from studio.ui.workers import Urgency

if TYPE_CHECKING:
    from studio.core.doctor import Report
    from studio.ui.director import Director

MARK = 12  # px


class MachinePage(Page):
    """Looks anew whenever it is opened."""

    def __init__(self, director: "Director") -> None:
        super().__init__(self.tr("What this machine can do"))
        self._director = director
        self._report: Report | None = None
        self.told = dim("")
        self.copy = QPushButton(self.tr("Copy"))
        self.copy.setToolTip(self.tr("Put these lines on the clipboard, as text"))
        self.copy.clicked.connect(self._copy)
        self.again = QPushButton(self.tr("Look again"))
        self.again.setToolTip(self.tr("After something was connected or installed"))
        self.again.clicked.connect(self.shown)
        self.tools.addWidget(self.copy)
        self.tools.addWidget(self.again)
        self._lines = QWidget()
        self.grid = QGridLayout(self._lines)
        self.grid.setContentsMargins(0, 0, 0, 0)
        self.grid.setHorizontalSpacing(2 * theme.GRID)
        self.grid.setVerticalSpacing(theme.GRID)
        self.grid.setColumnStretch(2, 1)
        self.body.addWidget(self.told)
        self.body.addWidget(self._lines)
        self.body.addStretch()

    def first(self) -> QWidget:
        """Begin with looking again."""
        return self.again

    def shown(self) -> None:
        """Look at everything."""
        self.told.setText(self.tr("Looking…"))
        self.copy.setEnabled(False)
        jobs = self._director.jobs
        title = self.tr("Looking at this machine")
        ticket = jobs.submit(title, tasks.look_at_machine, Urgency.QUICK, self.show_report, self._failed)
        ticket.progress.connect(lambda progress: self.told.setText(progress.message.capitalize() + "…"))

    def show_report(self, report: "Report") -> None:
        """Show every finding."""
        self._report = report
        self.copy.setEnabled(True)
        limited = sum(check.verdict == "limited" for check in report.checks)
        if report.broken:
            self.told.setText(self.tr("Something is broken; the lines with a cross say what to do."))
        elif limited:
            self.told.setText(self.tr("Everything that is needed works. A dot marks what could be better, and why."))
        else:
            self.told.setText(self.tr("Everything works."))
        while (item := self.grid.takeAt(0)) is not None:
            if (widget := item.widget()) is not None:
                widget.deleteLater()
        words = {"ok": self.tr("Good"), "limited": self.tr("Could be better"), "broken": self.tr("Broken")}
        icons = {"ok": ("tick", "text"), "limited": ("dot", "dim"), "broken": ("close", "bad")}
        for row, check in enumerate(report.checks):
            mark, name, found = QLabel(), QLabel(check.name[:1].upper() + check.name[1:]), QLabel(check.found)
            mark.setPixmap(theme.icon(*icons[check.verdict]).pixmap(MARK, MARK))
            mark.setToolTip(words[check.verdict])
            mark.setAccessibleName(words[check.verdict])
            found.setWordWrap(True)
            found.setProperty("role", "bad" if check.verdict == "broken" else "dim")
            found.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
            for column, label in enumerate((mark, name, found)):
                self.grid.addWidget(label, row, column, Qt.AlignmentFlag.AlignTop)

    def refresh(self) -> None:
        """Redraw the marks in the theme's colours."""
        super().refresh()
        if getattr(self, "_report", None) is not None:
            self.show_report(self._report)  # pyright: ignore[reportArgumentType]

    def _copy(self) -> None:
        if self._report is not None:
            QGuiApplication.clipboard().setText(self._report.as_text())
            self._director.say(self.tr("Copied {n} lines about this machine.").format(n=len(self._report.checks)))

    def _failed(self, error: Exception, sentence: str) -> None:
        self.told.setText(sentence)
