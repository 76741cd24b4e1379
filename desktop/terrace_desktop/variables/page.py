"""The page of a variable in the work panel: its fields, and how they stand."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLabel, QVBoxLayout, QWidget

from terrace_desktop.ui import theme
from terrace_desktop.ui.icons import set_icon
from terrace_desktop.ui.widgets import button, hairline, label, named, sized, tell
from terrace_desktop.ui.work_panel import FormContent
from terrace_desktop.variables.chooser import LabelSources
from terrace_desktop.variables.fields import (
    Codes,
    LevelChoice,
    Line,
    NoteField,
    heading,
    measure_choice,
    scrolling,
)
from terrace_desktop.variables.foot import Foot
from terrace_desktop.variables.paste_box import PasteBox
from terrace_desktop.variables.saving import Saver
from terrace_desktop.variables.values import ValuesView
from terrace_desktop.work.controller import Controller

NAME, LABEL, MEASURE, VALUES, MISSING, REFERENCE, NOTE = (
    "name", "label", "measure", "values", "missing", "reference", "note",
)  # fmt: skip


class VariablePage(FormContent):
    """The fields, without what they do. ``name`` is the variable that is shown."""

    def __init__(self, controller: Controller, parent: QWidget | None = None) -> None:
        super().__init__(parent)  # the panel from the first: see `BuilderForm`
        named(self, "variable_panel", self.tr("Variable"))
        self.controller = controller
        self.name = ""
        self.saver = Saver(self, controller)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(0)
        layout.addWidget(self._middle(), 1)
        layout.addWidget(hairline())
        self.foot = Foot("variable", self.saver, self.end, self.tr("Saved as you type"))
        layout.addWidget(self.foot)

    def end(self) -> None:
        """The user is through."""

    def say(self, field: str, words: str) -> None:
        """What is wrong with a field, under it; nothing where nothing is."""
        tell(self.problems[field], words)

    def _middle(self) -> QWidget:
        waits = self.saver.holds
        self.name_line = Line("variable_name", self.tr("Name"), lambda: self.name_line.text() != self.name)
        self.label_line = Line("variable_label", self.tr("Label"), lambda: waits(LABEL))
        self.measure = measure_choice("variable_measure", self.tr("Measure"))
        self.meaning = named(label("", "small", wrap=True), "variable_meaning", "")
        self.values = ValuesView()
        self.add = button(self.tr("Add value"), "variable_add_value", variant="add")
        set_icon(self.add, "plus", "accent_text")
        self.paste_link = button(self.tr("Paste a list"), "variable_paste", variant="link")
        self.copy_link = button(self.tr("Copy from a variable"), "variable_copy", variant="link")
        self.paste = PasteBox()
        self.sources = LabelSources()
        self.codes = Codes("variable_missing", self.tr("Missing codes"),
                           self.tr("Such as −99: kept in the data, left out of analyses"))  # fmt: skip
        self.reference = LevelChoice("variable_reference", self.tr("Reference category"))
        self.note = NoteField("variable_note", self.tr("Note"), lambda: waits(NOTE))
        self.problems = {
            field: named(label("", "reason", wrap=True), f"variable_{field}_problem", "")
            for field in (NAME, VALUES, MISSING, NOTE)
        }
        for told in self.problems.values():
            told.hide()
        page = QFrame()
        page.setProperty("surface", "work")
        column = QVBoxLayout(page)
        column.setContentsMargins(16, 14, 16, 16)
        column.setSpacing(4)
        column.addLayout(self._names())
        column.addWidget(self.problems[NAME])
        column.addSpacing(10)
        column.addWidget(heading(self.tr("Measure")))
        column.addWidget(self.measure)
        column.addWidget(self.meaning)
        column.addSpacing(10)
        column.addLayout(self._over_values())
        for w in (self.paste, self.sources, self.values):
            column.addWidget(w)
        self.only_some = named(label("", "small", wrap=True), "variable_values_note", "")
        column.addWidget(self.only_some)
        row = QHBoxLayout()
        row.setContentsMargins(18, 0, 0, 0)
        row.addWidget(self.add)
        row.addStretch(1)
        column.addLayout(row)
        column.addWidget(self.problems[VALUES])
        column.addSpacing(10)
        column.addWidget(heading(self.tr("Missing codes"), self.codes.add))
        column.addWidget(self.codes)
        column.addWidget(self.problems[MISSING])
        column.addSpacing(10)
        self.reference_title = heading(self.tr("Reference category"), self.reference)
        column.addWidget(self.reference_title)
        column.addWidget(self.reference)
        self.reference_gap = QWidget()
        self.reference_gap.setFixedHeight(10)
        column.addWidget(self.reference_gap)
        column.addWidget(heading(self.tr("Note"), self.note))
        column.addWidget(self.note)
        column.addWidget(self.problems[NOTE])
        column.addSpacing(10)
        column.addWidget(heading(self.tr("What a change does here")))
        safe = self.tr("Labels change at once in the grid, and in new tables and figures.")
        self.harmless = self._told(column, "check", "variable_effect_labels", safe)
        self.harmful = self._told(column, "info", "variable_effect_models", "")
        column.addStretch(1)
        page.setMinimumWidth(200)
        self.scroller = scrolling(page, "variable_scroll", self.tr("Variable"))
        return self.scroller

    def _names(self) -> QHBoxLayout:
        row = QHBoxLayout()
        row.setSpacing(8)
        for title, line, share in ((self.tr("Name"), self.name_line, 1), (self.tr("Label"), self.label_line, 2)):
            sized(line, height=theme.CONTROL)
            column = QVBoxLayout()
            column.setSpacing(4)
            column.addWidget(heading(title, line))
            column.addWidget(line)
            row.addLayout(column, share)
        return row

    def _over_values(self) -> QHBoxLayout:
        row = QHBoxLayout()
        row.addWidget(heading(self.tr("Values and labels"), self.values), 1)
        row.addWidget(self.paste_link)
        row.addWidget(self.copy_link)
        return row

    def _told(self, column: QVBoxLayout, icon: str, object_name: str, text: str) -> QLabel:
        row = QHBoxLayout()
        row.setSpacing(8)
        mark = QLabel()
        mark.setAlignment(Qt.AlignmentFlag.AlignTop)
        set_icon(mark, icon, "accent_text" if icon == "check" else "muted")
        words = named(label(text, wrap=True), object_name, text)
        row.addWidget(mark)
        row.addWidget(words, 1)
        column.addLayout(row)
        return words
