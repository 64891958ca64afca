"""The log, as it may be attached to a report: without names of pictures and without personal paths."""

from typing import TYPE_CHECKING

from PySide6.QtCore import QUrl
from PySide6.QtGui import QDesktopServices, QGuiApplication
from PySide6.QtWidgets import QPlainTextEdit, QPushButton, QWidget

from studio.core.logs import log_folder
from studio.ui import tasks
from studio.ui.pages.page import Page
from studio.ui.panels.controls import dim
from studio.ui.workers import Urgency

if TYPE_CHECKING:
    from studio.core.doctor import Report
    from studio.ui.director import Director

LINES = 500  # shown; a report has more


class LogPage(Page):
    """The newest lines, and a button that copies what a report needs."""

    def __init__(self, director: "Director") -> None:
        super().__init__(self.tr("Log"))
        self._director = director
        self._log = ""
        self.copy = QPushButton(self.tr("Copy log for a report"))
        self.copy.setToolTip(self.tr("Put the log and what this machine can do on the clipboard"))
        self.copy.clicked.connect(self._copy)
        folder = QPushButton(self.tr("Open folder"))
        folder.setToolTip(self.tr("Open the folder with the log files"))
        folder.clicked.connect(self._open_folder)
        self.tools.addWidget(self.copy)
        self.tools.addWidget(folder)
        self.told = dim("")
        self.text = QPlainTextEdit()
        self.text.setReadOnly(True)
        self.text.setAccessibleName(self.tr("Log"))
        self.text.setMinimumHeight(320)
        self.body.addWidget(self.told)
        self.body.addWidget(self.text, 1)

    def first(self) -> QWidget:
        """Begin with copying."""
        return self.copy

    def shown(self) -> None:
        """Read the log."""
        self.copy.setEnabled(True)
        title = self.tr("Reading the log")
        self._director.jobs.submit(title, tasks.read_log, Urgency.QUICK, self.show_log, self._failed)

    def show_log(self, text: str) -> None:
        """Show the newest lines."""
        self._log = text
        whole = self.tr("Warnings and errors, the newest at the end. Names of files and folders are taken out.")
        self.told.setText(whole if text else self.tr("Nothing was logged: no warning and no error."))
        self.text.setPlainText("\n".join(text.rstrip().splitlines()[-LINES:]))
        self.text.verticalScrollBar().setValue(self.text.verticalScrollBar().maximum())

    def _copy(self) -> None:
        self.copy.setEnabled(False)
        title = self.tr("Looking at this machine")
        self._director.jobs.submit(title, tasks.look_at_machine, Urgency.QUICK, self._copied, self._failed)

    def _copied(self, report: "Report") -> None:
        self.copy.setEnabled(True)
        QGuiApplication.clipboard().setText(f"{report.as_text()}\n\n{self._log or self.tr('Nothing was logged.')}\n")
        self._director.say(self.tr("Copied the log and {n} lines about this machine.").format(n=len(report.checks)))

    def _open_folder(self) -> None:
        log_folder().mkdir(parents=True, exist_ok=True)
        QDesktopServices.openUrl(QUrl.fromLocalFile(str(log_folder())))

    def _failed(self, error: Exception, sentence: str) -> None:
        self.copy.setEnabled(True)
        self.told.setText(sentence)
