"""The one window: it lays panels around the stage and connects them to the `Director`."""

import math
from collections.abc import Callable
from functools import partial
from typing import Any

from PySide6.QtCore import Qt
from PySide6.QtGui import (
    QCloseEvent,
    QDragEnterEvent,
    QDragLeaveEvent,
    QDropEvent,
    QGuiApplication,
    QKeyEvent,
)
from PySide6.QtWidgets import (
    QAbstractButton,
    QApplication,
    QMainWindow,
    QPushButton,
    QSplitter,
    QTabWidget,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from studio import __version__
from studio.core.avatar import Avatar
from studio.core.jobs import Job
from studio.core.media.decoded_sound import DecodedSound
from studio.core.project.document import ProjectState
from studio.ui import commands, preferences, tasks, theme
from studio.ui.dialogs import FileDialogs
from studio.ui.director import Director
from studio.ui.dropping import DropHighlight, Incoming, incoming
from studio.ui.export_tasks import SOURCES as EXPORTED
from studio.ui.export_tasks import Source
from studio.ui.pages.pages import PAGES, Pages
from studio.ui.palette import Choice, Palette, menu_choices
from studio.ui.panels.avatars import AvatarsPanel
from studio.ui.panels.build_options import BuildOptionsBox
from studio.ui.panels.camera import CameraPanel
from studio.ui.panels.controls import framed, mirror
from studio.ui.panels.drive import DrivePanel
from studio.ui.panels.export import ExportPanel
from studio.ui.panels.face import FacePanel
from studio.ui.panels.jobs import JobsPanel
from studio.ui.panels.live_out import LiveOutPanel
from studio.ui.project_menu import ProjectMenu
from studio.ui.readings import Readings
from studio.ui.session import SOURCES
from studio.ui.status import LiveIndicator, StatusLine
from studio.ui.timeline.panel import LEAST_HEIGHT, TimelinePanel
from studio.ui.tour import Step, Tour
from studio.ui.viewport.stage import Stage
from studio.ui.workers import Urgency

MINIMUM = (1100, 700)
LANES_HEIGHT = 320  # px of the timeline when it is unfolded


class MainWindow(QMainWindow):
    """Shows what the `Director` knows and tells it what the user wants."""

    def __init__(self, director: Director) -> None:
        super().__init__()
        self.director = director
        self.setWindowIcon(theme.icon("app"))
        self.setMinimumSize(*MINIMUM)
        self.setAcceptDrops(True)
        self.actions_by_name, self._menus = commands.make_menus(self)
        self._recent = self._menus["File"].addMenu(self.tr("Open recent"))
        self._menus["File"].insertMenu(self.actions_by_name["sample"], self._recent)
        self._theme_menu = self._menus["View"].addMenu(self.tr("Theme"))

        listen = mirror(self.actions_by_name["listen"])
        self.stage = Stage()
        self.timeline = TimelinePanel(director.document, self.actions_by_name, self._run_quickly)
        self.avatars, self.jobs = AvatarsPanel(), JobsPanel()
        self.options = BuildOptionsBox()
        self.options.show_options(director.session.options)
        self.drive, self.face = DrivePanel(listen), FacePanel()
        self.camera, self.export = CameraPanel(), ExportPanel()
        self.live_out = LiveOutPanel()
        self.status, self.indicator = StatusLine(), LiveIndicator()
        self.files = FileDialogs(self, director, self.stage, self.export)
        self._lay_out()
        self.pages = Pages(self._middle, director)
        self.finder = Palette(self)
        self._highlight = DropHighlight(self)
        self.tour = Tour(self, self._tour_steps(), director.settings)
        self.readings = Readings(self)
        self._connect_intents()
        self._connect_session()
        self._connect_actions()
        self._safe = ""  # what is said of safe mode, "" while it is not
        self.drive.show_settings(director.session.drive)
        self._enable()
        self.project = ProjectMenu(self, director, self.actions_by_name, self._recent, self.files, self.stage)
        if self.stage.why_painted:
            director.say(self.stage.why_painted)

    def _lay_out(self) -> None:
        left = QSplitter(Qt.Orientation.Vertical)
        add = QPushButton(theme.icon("plus"), self.tr("Drop or open a photo"))
        add.setToolTip(self.actions_by_name["open"].toolTip())
        add.clicked.connect(self.actions_by_name["open"].trigger)
        self._add = add
        people = QWidget()
        column = QVBoxLayout(people)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(theme.GRID)
        column.addWidget(self.avatars, 1)
        column.addWidget(add)
        column.addWidget(self.options)
        left.addWidget(framed(self.tr("Avatars"), people))
        left.addWidget(framed(self.tr("Jobs"), self.jobs))
        left.setSizes([420, 260])

        middle = QSplitter(Qt.Orientation.Vertical)
        middle.addWidget(self.stage)
        middle.addWidget(self.timeline)
        middle.setStretchFactor(0, 1)
        self._beside_timeline = middle
        self._lanes_height = self._kept_lanes_height()
        self.timeline.stays_folded = bool(self.director.settings.value("timeline folded", False, type=bool))
        self.timeline.unfolded.connect(self._make_room_for_lanes)
        middle.splitterMoved.connect(lambda *_: self._note_lanes_height())
        self._middle = QWidget()  # pages lie over it; a splitter would take them for its own
        column = QVBoxLayout(self._middle)
        column.setContentsMargins(0, 0, 0, 0)
        column.addWidget(middle)

        tabs = QTabWidget()
        tabs.setObjectName("panel")
        tabs.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        tabs.setDocumentMode(True)
        for panel, title in (
            (self.drive, self.tr("Drive")),
            (self.face, self.tr("Face")),
            (self.camera, self.tr("Camera")),
            (self.export, self.tr("Export")),
            (self.live_out, self.tr("Live")),
        ):
            panel.setObjectName("panel")
            panel.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
            tabs.addTab(panel, title)
        self.tabs = tabs

        split = QSplitter(Qt.Orientation.Horizontal)
        for widget in (left, self._middle, tabs):
            split.addWidget(widget)
        for handle in (split, left, middle):
            handle.setHandleWidth(theme.GRID)
            handle.setChildrenCollapsible(False)
        left.setMinimumWidth(216)
        tabs.setMinimumWidth(312)
        split.setStretchFactor(1, 1)
        split.setSizes([232, 700, 328])
        root = QWidget()
        column = QVBoxLayout(root)
        column.setContentsMargins(theme.GRID, 0, theme.GRID, 0)
        column.setSpacing(0)
        column.addWidget(split, 1)
        column.addWidget(self.status)
        self.setCentralWidget(root)
        self.menuBar().setCornerWidget(self.indicator, Qt.Corner.TopRightCorner)

    def _kept_lanes_height(self) -> int:
        kept = self.director.settings.value("timeline height", LANES_HEIGHT)
        try:
            return max(LEAST_HEIGHT, int(str(kept)))
        except ValueError:
            return LANES_HEIGHT

    def _make_room_for_lanes(self) -> None:
        split = self._beside_timeline
        split.setSizes([split.height() - self._lanes_height, self._lanes_height])

    def _note_lanes_height(self) -> None:
        if not self.timeline.folded:
            self._lanes_height = self.timeline.height()

    def _connect_intents(self) -> None:
        director, session = self.director, self.director.session
        self.stage.turned.connect(director.playback.take_camera)
        self.stage.said.connect(self._frames_go_another_way)
        self.stage.empty.sample_asked.connect(director.open_sample)
        self.stage.consent.answered.connect(self._consent_answered)
        self.stage.video.answered.connect(director.use_video)
        self.stage.picture.chosen.connect(director.choose_face)
        self.stage.preview.pointed.connect(director.drive.point_at_face)
        self.stage.handles_placed.connect(director.builds.answer_handles)
        self.stage.learning.cancel_wanted.connect(director.personalizing.cancel)
        self.stage.learning.pause_wanted.connect(director.personalizing.pause)
        self.stage.learning.answered.connect(director.personalizing.answer)
        self.timeline.sought.connect(director.playback.seek)
        self.avatars.chosen.connect(director.select)
        self.avatars.save_wanted.connect(self.files.save)
        self.avatars.remove_wanted.connect(director.remove)
        self.options.wanted.connect(director.heads.choose)
        self.options.add_head_wanted.connect(self.files.add_head)
        director.live.serve(self.drive)
        self.face.channel_wanted.connect(director.set_channel)
        self.face.reset_wanted.connect(director.reset_expression)
        self.face.gain_wanted.connect(director.set_gain)
        self.face.expression_wanted.connect(director.set_expression)
        self.face.layers_off_wanted.connect(lambda off: setattr(session, "layers_off", off))
        self.camera.orbit_wanted.connect(director.playback.take_camera)
        work = director.camera_work
        self.camera.field_of_view_wanted.connect(work.use_field_of_view)
        self.camera.view_save_wanted.connect(work.save_view)
        self.camera.view_drop_wanted.connect(work.forget_view)
        self.camera.key_wanted.connect(work.add_key)
        self.camera.key_drop_wanted.connect(work.delete_key)
        self.camera.turn_wanted.connect(work.turn)
        self.camera.picture_wanted.connect(self.files.choose_background)
        self.camera.guides_wanted.connect(lambda on: setattr(session, "show_guides", on))
        self.camera.background_wanted.connect(lambda value: setattr(session, "background", value))
        self.camera.size_wanted.connect(lambda size: setattr(session, "render_size", size))
        self.live_out.camera_wanted.connect(director.live_out.show_camera)
        self.live_out.send_wanted.connect(director.live_out.send)
        self.live_out.hear_wanted.connect(director.live_out.hear)
        director.live_out.camera_changed.connect(self.live_out.show_camera)
        director.live_out.sending_changed.connect(self.live_out.show_sending)
        director.live_out.hearing_changed.connect(self.live_out.show_hearing)
        self.export.clip_wanted.connect(self.files.export_clip)
        self.export.motion_wanted.connect(self.files.export_motion)
        self.export.changed.connect(self._estimate)
        self.export.ready.connect(self._can_export)
        director.document.changed.connect(self._show_exports)
        director.exports.estimated.connect(self.export.show_estimate)
        self.export.still_wanted.connect(self.files.export_still)
        self.export.sheet_wanted.connect(self.files.export_sheet)
        self.export.splats_wanted.connect(self.files.export_splats)
        self.export.mesh_wanted.connect(self.files.export_mesh)
        self.pages.theme_wanted.connect(self.use_theme)
        self.finder.offer(lambda: menu_choices(self.menuBar()))
        self.finder.offer(self._avatar_choices)
        self.finder.offer(self._preset_choices)

    def _connect_session(self) -> None:
        director, events = self.director, self.director.session.events
        for queue in (director.jobs, director.project.jobs):
            queue.submitted.connect(self.jobs.add)
        director.listed.connect(self.avatars.add)
        director.unlisted.connect(self.avatars.drop)
        director.builds.consent_wanted.connect(self.stage.ask_consent)
        director.performances.asked.connect(lambda path: self.stage.ask_about_video(path, director.uses_of_videos))
        director.builds.picture_shown.connect(self.stage.show_picture)
        director.builds.face_wanted.connect(self.stage.show_picture)
        director.faces.wanted.connect(self.stage.show_picture)
        director.faces.left.connect(self._back_to_head)
        director.builds.handles_wanted.connect(self.stage.place_handles)
        director.builds.inspected.connect(self.stage.show_preflight)
        director.personalizing.progressed.connect(self.stage.learning.show_learning)
        director.personalizing.doubted.connect(self.stage.learning.ask)
        director.personalizing.ended.connect(self.stage.learning.clear)
        director.heads.listed.connect(self.options.show_heads)
        self.stage.painted.connect(self.readings.painted)
        director.frames.ready.connect(self._show_frame)
        director.frames.prepared.connect(self._prepared)
        events.status.connect(self.status.say)
        events.options.connect(self.options.show_options)
        events.avatar.connect(self._avatar_changed)
        director.builds.picture_left.connect(self._back_to_head)
        events.selected.connect(self._selected_changed)
        events.orbit.connect(self._orbit_changed)
        events.background.connect(self.camera.show_background)
        events.show_guides.connect(self._show_guides)
        events.expression.connect(lambda motion: self.face.show_expression(motion.code[0]))
        events.drive.connect(self.drive.show_settings)
        for event in (events.listening, events.playing, events.recording, events.show_guessed, events.drive):
            event.connect(self._enable)
        events.playing.connect(self.timeline.show_playing)
        events.recording.connect(self.timeline.show_recording)
        director.playback.sound_ready.connect(self._sound_ready)
        director.document.changed.connect(self._document_changed)

    def _connect_actions(self) -> None:
        director, actions = self.director, self.actions_by_name
        for name, slot in {
            "open": self.files.open,
            "open_sound": self.files.open_sound,
            "handles": self.files.open_for_handles,
            "add_head": self.files.add_head,
            "learn": self.files.learn,
            "sample": director.open_sample,
            "save": lambda: self.files.save(director.session.selected),
            "export_clip": self.files.export_clip,
            "export_motion": self.files.export_motion,
            "export_still": self.files.export_still,
            "export_sheet": self.files.export_sheet,
            "export_splats": self.files.export_splats,
            "export_mesh": self.files.export_mesh,
            "quit": self.close,
            "paste": self._paste,
            "reset_face": director.reset_expression,
            "next": lambda: self._step(1),
            "previous": lambda: self._step(-1),
            "remove": lambda: director.remove(director.session.selected),
            "home": director.look_home,
            "front": lambda: director.look_from("front"),
            "left": lambda: director.look_from("left"),
            "right": lambda: director.look_from("right"),
            "palette": self.finder.toggle,
            "tour": self.tour.begin,
            **{page: partial(self.pages.show, page) for page in PAGES},
            "about": lambda: director.say(self.tr("Avatar Studio {v}").format(v=__version__)),
        }.items():
            actions[name].triggered.connect(lambda _, slot=slot: slot())
        actions["listen"].triggered.connect(director.live.listen)
        actions["play"].triggered.connect(lambda on: director.playback.play(on))
        actions["record"].triggered.connect(director.playback.record)
        actions["pause_take"].triggered.connect(director.playback.pause_recording)
        actions["guessed"].triggered.connect(director.show_guessed)
        actions["guides"].triggered.connect(lambda on: setattr(director.session, "show_guides", on))
        actions["full"].triggered.connect(lambda on: self.showFullScreen() if on else self.showNormal())
        for name, words in commands.THEME_WORDS.items():
            self._theme_menu.addAction(commands.tr(words), lambda name=name: self.use_theme(name))

    # What the session says

    def _show_frame(self) -> None:
        frame = self.director.frames.take()
        if frame is not None:
            self.readings.taken(frame.scene)
            self.director.live_out.give(frame)
            self.stage.show_frame(frame.rgba, frame.opaque)
            self.stage.explain_tint(frame.scene.show_guessed, frame.guessed)

    def _frames_go_another_way(self, sentence: str) -> None:
        self.director.say(sentence)
        self.indicator.setToolTip("\n".join(filter(None, (self.indicator.toolTip(), sentence))))

    def _avatar_changed(self, avatar: Avatar | None) -> None:
        if avatar is None:
            self.stage.show_empty()
        else:
            self.stage.show_head(avatar.thumbnail)
        self.face.show_space("arkit" if avatar is None else avatar.motion_space)
        self._show_angle()
        self._enable()

    def _selected_changed(self, key: str) -> None:
        self.avatars.mark(key)
        if key:
            self.stage.show_head()
            self.director.frames.show()
        self._enable()

    def _document_changed(self, now: ProjectState, before: ProjectState) -> None:
        if now.timeline is not before.timeline:
            self._enable()
        if now.gains != before.gains:
            self.face.show_channel_gains(now.gains)
        if now.views is not before.views:
            self.camera.show_views(now.views)

    def _show_guides(self, on: bool) -> None:
        self.stage.guides.setVisible(on)
        self.camera.guides.setChecked(on)
        self.actions_by_name["guides"].setChecked(on)

    def _orbit_changed(self) -> None:
        self.stage.orbit = self.director.session.orbit
        self.camera.show_orbit(self.director.session.orbit)
        self._show_angle()

    def _show_angle(self) -> None:
        session = self.director.session
        avatar = session.avatar
        self.camera.show_field_of_view(math.nan if avatar is None else session.orbit.field_of_view(avatar))

    def _prepared(self, backend: str, reason: str) -> None:
        reasons = filter(None, (self._safe, reason, self.stage.why_painted))
        named = self.tr("{backend} · safe mode").format(backend=backend) if self._safe else backend
        self.indicator.show_backend(named, "\n".join(reasons))
        if self.status.sentences[-1:] != [self.director.renderer_said]:
            pass  # whatever was said since, of a head or a project that is there already, says more
        elif self._safe:
            self.director.say(self._safe)
        elif self.director.project.welcome:
            self.director.say(self.director.project.welcome)
        elif self.director.session.avatar is None and self.director.entries:
            self.director.say(self.tr("Ready. Choose an avatar, or drop a portrait."))
        elif self.director.session.avatar is None:
            self.director.say(self.tr("Ready. Drop a portrait to begin."))
        else:
            self.director.say(self.tr("Ready."))

    def _enable(self) -> None:
        session, actions = self.director.session, self.actions_by_name
        head = session.avatar is not None
        timeline = self.director.document.state.timeline
        of_a_head = ("learn", "save", "export_still", "export_sheet", "export_splats", "export_mesh")
        for name in (*of_a_head, "home", "front", "left", "right"):
            actions[name].setEnabled(head)
        actions["remove"].setEnabled(bool(session.selected))
        actions["play"].setEnabled(timeline.duration > 0)
        actions["pause_take"].setEnabled(session.recording)
        actions["pause_take"].setChecked(actions["pause_take"].isChecked() and session.recording)
        actions["record"].setChecked(session.recording)
        actions["guessed"].setChecked(session.show_guessed)
        actions["listen"].setChecked(session.listening)
        actions["play"].setChecked(session.playing)
        source = SOURCES.index(session.drive.source)
        begin = self.tr("Start listening"), self.tr("Start watching"), self.tr("Start listening and watching")
        end = self.tr("Stop listening"), self.tr("Stop watching"), self.tr("Stop listening and watching")
        actions["listen"].setText((end if session.listening else begin)[source])
        commands.refresh_icons(actions)
        actions["play"].setIcon(theme.icon("stop", "onAccent") if session.playing else theme.icon("play"))
        self._show_exports()

    def _show_exports(self) -> None:
        exports = self.director.exports
        able: dict[Source, bool] = {source: exports.can_show(source) for source in EXPORTED}
        loop = self.director.document.state.timeline.loop
        self.export.show_state(self.director.session.avatar is not None, able, loop)

    def _can_export(self, able: bool) -> None:
        for name in ("export_clip", "export_motion"):
            self.actions_by_name[name].setEnabled(able)

    def _estimate(self) -> None:
        session = self.director.session
        options = self.export.options(session.background, session.orbit)
        self.director.exports.estimate(self.export.source, self.export.form.name, options)

    def _sound_ready(self, key: str, sound: DecodedSound) -> None:
        drawn = partial(self.timeline.show_waveform, key)
        self._run_quickly(self.tr("Drawing the sound"), partial(tasks.draw_sound, sound), drawn)

    def _run_quickly(self, title: str, start: Callable[[], Job[Any]], done: Callable[[Any], None]) -> None:
        self.director.jobs.submit(title, start, Urgency.QUICK, done, lambda _, sentence: self.director.say(sentence))

    # What the user wants

    def _consent_answered(self, given: bool) -> None:
        self.stage.ask_consent([])
        self.director.builds.answer_consent(given)

    def _back_to_head(self) -> None:
        if self.director.session.avatar is None:
            self.stage.show_empty()
        else:
            self.stage.back_to_head()

    def _paste(self) -> None:
        data = QGuiApplication.clipboard().mimeData()
        self._open(incoming(data), self.tr("There is nothing to paste; copy a picture or files first."))

    def _open(self, what: Incoming, nothing: str = "") -> None:
        if what.paths:
            self.director.open_paths(list(what.paths))
        elif what.image is not None:
            self.director.open_image(what.image)
        if said := " ".join(what.refused) or ("" if what else nothing):
            self.director.say(said)

    def _step(self, by: int) -> None:
        row = self.avatars.list.currentRow() + by
        if 0 <= row < self.avatars.list.count():
            self.avatars.chosen.emit(self.avatars.list.item(row).data(Qt.ItemDataRole.UserRole))

    def _tour_steps(self) -> list[Step]:
        microphone = self.actions_by_name["listen"]
        buttons = [b for b in self.timeline.findChildren(QToolButton) if b.defaultAction() is microphone]
        return [
            Step(
                lambda: self.stage,
                self.tr("Drop a portrait"),
                self.tr("One picture of a person who agrees is enough: in some seconds it is a head that moves."),
            ),
            Step(
                lambda: self.stage,
                self.tr("Turn it"),
                self.tr("Drag to turn the head, wheel to zoom; 1, 2 and 3 look from front, left and right."),
            ),
            Step(
                lambda: buttons[0],
                self.tr("Speak"),
                self.tr("Press the microphone and speak: the mouth follows. Sound never leaves this computer."),
            ),
            Step(
                lambda: self.timeline,
                self.tr("Play and edit"),
                self.tr("Drop a sound and the head says it; record takes here and edit what the face does."),
            ),
            Step(
                lambda: self.tabs,
                self.tr("Export"),
                self.tr("The Export page writes clips, stills, splats and meshes. Ctrl+K finds every command."),
            ),
        ]

    def _preset_choices(self) -> list[Choice]:
        presets, where = self.face.presets, self.tr("Expression")
        wanted = self.director.set_expression
        named = ((presets.itemText(i), presets.itemData(i)) for i in range(presets.count()))
        return [Choice(name, where, partial(wanted, values)) for name, values in named if values is not None]

    def _avatar_choices(self) -> list[Choice]:
        where = self.tr("Avatar")
        entries = reversed(self.director.entries.values())
        return [Choice(entry.name, where, partial(self.director.select, entry.key)) for entry in entries]

    def say_safe(self, crashed: bool) -> None:
        """Say that the window is in safe mode, and why, once it can be used and wherever the renderer is named."""
        why = self.tr("The program did not end well the last time") if crashed else self.tr("You asked for it")
        safe = self.tr("Safe mode: the processor draws, and no device is used until you ask for it. {why}.")
        self._safe = safe.format(why=why)
        self.director.say(self._safe)

    def use_theme(self, name: str) -> None:
        """Dress the window and remember the choice."""
        app = QApplication.instance()
        assert isinstance(app, QApplication)
        preferences.write(self.director.settings, theme=name)
        theme.apply(app, name)
        for part in (self.stage.empty, self.drive, self.face, self.camera, self.timeline):
            part.refresh()
        self._add.setIcon(theme.icon("plus"))
        self.pages.refresh()
        self._enable()
        self.stage.view.widget.update()

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:
        """Say what would be opened; it may fall anywhere on the window."""
        what = incoming(event.mimeData())
        if what or what.refused:
            event.acceptProposedAction()
            self._highlight.invite(what)

    def dragLeaveEvent(self, event: QDragLeaveEvent) -> None:
        """Look as before."""
        self._highlight.hide()

    def dropEvent(self, event: QDropEvent) -> None:
        """Open what fell."""
        self._highlight.hide()
        event.acceptProposedAction()
        self._open(incoming(event.mimeData()))

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Let Enter press the focused button, since Space plays the sound."""
        button = self.focusWidget()
        if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter) and isinstance(button, QAbstractButton):
            button.click()
        else:
            super().keyPressEvent(event)

    def closeEvent(self, event: QCloseEvent) -> None:
        """Vanish at once, then let the threads finish their step."""
        self.readings.stop()
        self.director.settings.setValue("geometry", self.saveGeometry())
        self.director.settings.setValue("timeline height", self._lanes_height)
        # One without anything on it is folded without anybody having wished for it.
        folded = self.timeline.folded and self.director.document.state.timeline.duration > 0
        self.director.settings.setValue("timeline folded", folded)
        self.hide()
        self.director.stop()
        self.stage.view.let_go()
        event.accept()
