"""The report builder in the work panel: title page, style, parts, numbers, and the file."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QFrame, QVBoxLayout, QWidget

from terrace.report import formats
from terrace_desktop.reporting.editing import ReportEditing
from terrace_desktop.reporting.fields import MoreFields, NumberFields, TitleFields
from terrace_desktop.reporting.part_list import PartList
from terrace_desktop.results.segments import Segments
from terrace_desktop.ui.flow import Flow
from terrace_desktop.ui.icons import set_icon
from terrace_desktop.ui.widgets import button, hairline, label, named, tell
from terrace_desktop.ui.work_panel import Head, Keys, done_keys
from terrace_desktop.variables.document_editing import EditingPanel
from terrace_desktop.variables.fields import scrolling

OFFERED = ("docx", "pdf", "html", "tex", "xlsx")
"""Formats that a click chooses; the dialog of the file has all."""


class ReportPanel(EditingPanel):
    """`save_asked` carries the ending of the file that is wanted, `chosen` a part that the user went to."""

    wide = 424
    save_asked = Signal(str)
    chosen = Signal(str)
    turned = Signal(int)  # pages to turn
    formatted = Signal(str)  # the format of the file is another one

    def __init__(self, editing: ReportEditing) -> None:
        super().__init__(editing)
        named(self, "report_panel", self.tr("Report"))
        self.editing = editing
        self._pages = 0
        self.numbers: dict[str, str] = {}
        self.titles, self.figures = TitleFields(editing), NumberFields(editing)
        self.more, self.parts = MoreFields(editing), PartList(editing)
        self.problem = named(label("", "reason", wrap=True), "report_problem", "")
        self.problem.hide()
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(0)
        layout.addWidget(self._middle(), 1)
        layout.addWidget(hairline())
        layout.addWidget(self._foot())
        self.parts.chosen.connect(self.chosen)
        self.parts.rearranged.connect(self.head_changed)
        editing.changed.connect(self.refresh)
        editing.refused.connect(self._refused)

    def _middle(self) -> QWidget:
        page = QFrame()
        page.setProperty("surface", "work")
        column = QVBoxLayout(page)
        column.setContentsMargins(16, 14, 16, 12)
        column.setSpacing(12)
        for w in (self.titles, self.problem):
            column.addWidget(w)
        column.addWidget(self.parts, 1)
        column.addWidget(self.figures)
        column.addWidget(self.more)
        page.setMinimumWidth(200)
        return scrolling(page, "report_scroll", self.tr("Report"))

    def _foot(self) -> QWidget:
        foot = named(QFrame(), "report_foot", self.tr("File of the report"))
        foot.setProperty("surface", "form")
        flow = Flow(across=8, down=6)
        flow.setContentsMargins(12, 10, 16, 10)
        foot.setLayout(flow)
        names = {f.suffix: f.name for f in formats.REPORTS}
        self.format = Segments("report_format", self.tr("Format"), [(s, names[s]) for s in OFFERED])
        self.format.chosen.connect(self.formatted)
        self.save = button(self.tr("Save report"), "report_save", self._save, variant="primary",
                           tip=self.tr("Ctrl+Enter"))  # fmt: skip
        set_icon(self.save, "save", "on_accent")
        flow.addWidget(self.format)
        flow.addWidget(self.save)
        return foot

    # --- as contents of the work panel --------------------------------------------------------------
    def head(self) -> Head:
        pages = self.tr("{0} page(s)", "", self._pages).format(f"{self._pages:,}") if self._pages else ""
        return Head("report", self.tr("Report"), pages)

    def tool(self) -> str:
        return "export"

    def keys(self) -> Keys:
        return {
            **super().keys(), **done_keys(self._save),
            "Ctrl+PgUp": partial(self.turned.emit, -1), "Ctrl+PgDown": partial(self.turned.emit, 1),
        }  # fmt: skip

    def begin(self) -> None:
        line = self.titles.lines["title"]
        line.setFocus(Qt.FocusReason.OtherFocusReason)

    # --- what is shown ------------------------------------------------------------------------------
    def refresh(self) -> None:
        """Show the report as it is now, but not over what is being typed."""
        plan, document = self.editing.plan, self.editing.document
        for part in (self.titles, self.figures, self.more):
            part.show_plan(plan, document)
        self.parts.show_report(self.numbers)
        some = bool(self.editing.parts())
        for w in (self.save, self.parts.add_heading, self.parts.add_text, self.parts.more):
            w.setEnabled(some)
        self.head_changed.emit()

    def show_pages(self, count: int, numbers: Mapping[str, str]) -> None:
        """How many pages there are, and the numbers of tables and figures."""
        self._pages, self.numbers = count, dict(numbers)
        self.parts.show_report(self.numbers)
        self.head_changed.emit()

    def go_to(self, name: str) -> None:
        """A part was clicked in the pages: choose it in the list."""
        self.parts.tree.point_at(name)
        self.parts.tree.setFocus(Qt.FocusReason.OtherFocusReason)

    def _save(self) -> None:
        if self.save.isEnabled():
            self.editing.saver.flush()
            self.save_asked.emit(self.format.value())

    def _refused(self, field: str, why: str) -> None:
        tell(self.parts.problem if field == "parts" else self.problem, why)
