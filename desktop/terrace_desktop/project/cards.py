"""What the start page shows of projects: the one to continue with, recent ones, and work that was rescued."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

from PySide6.QtCore import QSize, Qt, Signal
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLabel, QSizePolicy, QVBoxLayout, QWidget

from terrace_desktop.project.about import About, day_words, holds_words, saved_words
from terrace_desktop.project.pictures import PictureView
from terrace_desktop.project.recent import Recent
from terrace_desktop.project.rescue import Rescued
from terrace_desktop.ui import theme
from terrace_desktop.ui.icons import set_icon
from terrace_desktop.ui.widgets import ClickFrame, ElidedLabel, button, label, named
from terrace_desktop.ui.words import tr

LARGE, SMALL = QSize(304, 216), QSize(204, 136)


class ContinueCard(QFrame):
    """The work of last time, with its picture and one button that goes on with it."""

    continue_asked = Signal()

    def __init__(self, title: str, where: str, about: About, hint: str = "") -> None:
        super().__init__()
        named(self, "start_continue_card", title)
        self.setProperty("surface", "start")
        row = QHBoxLayout(self)
        row.setContentsMargins(16, 16, 16, 16)
        row.setSpacing(24)
        picture = PictureView("start_continue_picture", about.picture, LARGE)
        picture.setMinimumWidth(140)
        picture.setFixedHeight(LARGE.height())
        row.addWidget(picture, 2)
        column = QVBoxLayout()
        column.setSpacing(6)
        heading = named(label(title, "document_title", wrap=True), "start_continue_title", title)
        column.addWidget(heading)
        column.addWidget(label(where, "small", wrap=True))
        column.addSpacing(10)
        if about.draft:
            column.addLayout(_line("model", self.tr("{0} is not kept yet.").format(about.draft)))
        if about.note:
            column.addLayout(_line("note", self.tr("Your last note: {0}").format(about.note)))
        if not about.draft and not about.note:
            column.addLayout(_line("report", holds_words(about)))
        if hint:
            column.addLayout(_line("info", hint))
        column.addStretch(1)
        self.button = button(self.tr("Continue"), "start_continue", self.continue_asked.emit, variant="primary")
        actions = QHBoxLayout()
        actions.addWidget(self.button)
        actions.addStretch(1)
        column.addLayout(actions)
        row.addLayout(column, 3)

    @classmethod
    def of_recent(cls, found: Recent, now: dt.datetime) -> ContinueCard:
        """For a project that was saved."""
        words = saved_words(found.when, now)
        return cls(found.title, f"{Path(found.path).name}, {words[:1].lower()}{words[1:]}", found.about)

    @classmethod
    def of_rescued(cls, found: Rescued, now: dt.datetime) -> ContinueCard:
        """For work that was closed without being saved."""
        where = tr("Not saved, closed {0}").format(day_words(found.when, now, at=True))
        where = f"{Path(found.file).name}. {where}" if found.file else where
        return cls(found.about.title or found.name, where, found.about)


class ProjectCard(ClickFrame):
    """A recent project: picture, title, file, what it holds."""

    def __init__(self, found: Recent, now: dt.datetime) -> None:
        name, day = Path(found.path).name, day_words(found.when, now)
        super().__init__(f"project_{name}", f"{found.title}, {name}, {day}, {holds_words(found.about)}", "start_item")
        self.setToolTip(found.path)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        column = QVBoxLayout(self)
        column.setContentsMargins(8, 8, 8, 12)
        column.setSpacing(2)
        picture = PictureView(f"picture_{name}", found.about.picture, SMALL)
        picture.setFixedHeight(SMALL.height())
        picture.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
        column.addWidget(picture)
        column.addSpacing(8)
        for text, tone in ((found.title, "heading"), (f"{name}, {day}", "small"), (holds_words(found.about), "small")):
            line = ElidedLabel(text, tone)
            line.setContentsMargins(8, 0, 8, 0)
            column.addWidget(line)


class RescueLine(QWidget):
    """One line: what broke off, and what can be done with it."""

    look_asked = Signal()
    discard_asked = Signal()

    def __init__(self, found: Rescued, number: int, now: dt.datetime) -> None:
        super().__init__()
        day = day_words(found.when, now)
        if found.closed:
            told = self.tr("{0} was closed {1} without being saved.").format(found.name, day)
        else:
            told = self.tr("Terrace closed unexpectedly {0}. {1} has changes that were rescued.")
            told = told.format(day, found.name)
        named(self, f"rescue_{number}", told)
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(8)
        sign = QLabel()
        set_icon(sign, "history", "warning")
        row.addWidget(sign)
        self.text = label(told, wrap=True)
        row.addWidget(self.text, 1)
        row.addWidget(button(self.tr("Look at them"), f"rescue_look_{number}", self.look_asked.emit, variant="link"))
        self.drop = button(self.tr("Discard"), f"rescue_discard_{number}", self._discard, variant="link")
        row.addWidget(self.drop)
        self._asked = False

    def _discard(self) -> None:
        """What is discarded is gone, so that it takes two."""
        if self._asked:
            self.discard_asked.emit()
            return
        self._asked = True
        self.drop.setText(self.tr("Discard for good"))
        self.drop.setAccessibleName(self.drop.text())


def _line(icon: str, text: str) -> QHBoxLayout:
    row = QHBoxLayout()
    row.setSpacing(8)
    sign = QLabel()
    sign.setFixedWidth(theme.CONTROL // 2)
    set_icon(sign, icon, "muted")
    row.addWidget(sign, 0, Qt.AlignmentFlag.AlignTop)
    row.addWidget(label(text, wrap=True), 1)
    return row
