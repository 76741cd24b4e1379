"""The fields of a report over and under the list of its parts."""

from __future__ import annotations

from functools import partial

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QFocusEvent, QIntValidator
from PySide6.QtWidgets import QCheckBox, QHBoxLayout, QLayout, QVBoxLayout, QWidget

from terrace.session.document.items import Document
from terrace.session.document.report_plan import LAST_PAGE, ReportPlan
from terrace.session.report_contents import style_of
from terrace_desktop.builder.fields import Choice, Fold
from terrace_desktop.reporting import texts
from terrace_desktop.reporting.editing import ReportEditing
from terrace_desktop.results.segments import Segments
from terrace_desktop.ui import theme
from terrace_desktop.ui.flow import Flow
from terrace_desktop.ui.widgets import label, named, sized
from terrace_desktop.variables.fields import Line, heading

MOST_DECIMALS = 12


class Field(Line):
    """A line of the report, typed into from `entered` to `editingFinished`."""

    entered = Signal()

    def focusInEvent(self, event: QFocusEvent) -> None:
        super().focusInEvent(event)
        if event.reason() not in (Qt.FocusReason.PopupFocusReason, Qt.FocusReason.ActiveWindowFocusReason):
            self.entered.emit()


class Fields(QWidget):
    """A group of fields; each typed text is one step of undo."""

    def __init__(self, editing: ReportEditing, object_name: str, accessible: str) -> None:
        super().__init__()
        named(self, object_name, accessible)
        self.editing = editing
        self.lines: dict[str, Field] = {}

    def line(self, field: str, title: str) -> Field:
        """A line of the title page."""
        out = Field(f"report_{field}", title, lambda: self.editing.saver.holds(field))
        sized(out, height=theme.CONTROL)
        out.setMinimumWidth(60)
        out.entered.connect(self.editing.enter)
        out.textEdited.connect(lambda words: self.editing.type_in(field, texts.text(field, words)))
        step = {"head": "running head"}.get(field, field)
        out.editingFinished.connect(partial(self.editing.leave, f"{step} of the report"))
        self.lines[field] = out
        return out

    def show_line(self, field: str, words: str) -> None:
        """Show what the plan has, but not over what is being typed."""
        line = self.lines[field]
        if not self.editing.saver.holds(field) and " ".join(line.text().split()) != words:
            line.setText(words)

    def choose(self, field: str, value: object) -> None:
        """Run the command of a choice."""
        self.editing.run(field, texts.choice(field, str(value)))


def column(title: str, field: QWidget) -> QVBoxLayout:
    """A field under its heading."""
    out = QVBoxLayout()
    out.setSpacing(4)
    out.addWidget(heading(title, field))
    out.addWidget(field)
    return out


def beside(*parts: QLayout) -> QHBoxLayout:
    """Fields of the same width side by side."""
    out = QHBoxLayout()
    out.setSpacing(8)
    for part in parts:
        out.addLayout(part, 1)
    return out


class TitleFields(Fields):
    """Title, author and affiliation, style and language."""

    def __init__(self, editing: ReportEditing) -> None:
        super().__init__(editing, "report_title_fields", "")
        self.setAccessibleName(self.tr("Title page and style"))
        title = self.line("title", self.tr("Title"))
        author, affiliation = self.line("author", self.tr("Author")), self.line("affiliation", self.tr("Affiliation"))
        self.style_: Choice[str] = Choice("report_style", self.tr("Style"), [
            ("apa", self.tr("APA 7")), ("ama", self.tr("AMA")), ("plain", self.tr("Plain")),
        ])  # fmt: skip
        self.language: Choice[str] = Choice("report_language", self.tr("Language"), [
            ("en", self.tr("English (US)")), ("en-gb", self.tr("English (UK)")),
        ])  # fmt: skip
        self.language.setToolTip(self.tr("What spelling is checked by. The words of the program are English."))
        for field, box in (("style", self.style_), ("language", self.language)):
            box.setSizePolicy(box.sizePolicy().Policy.Expanding, box.sizePolicy().Policy.Fixed)
            sized(box, height=theme.CONTROL)
            box.chosen.connect(partial(self.choose, field))
        rows = QVBoxLayout(self)
        rows.setContentsMargins(0, 0, 0, 0)
        rows.setSpacing(10)
        rows.addLayout(column(self.tr("Title"), title))
        rows.addLayout(beside(column(self.tr("Author"), author), column(self.tr("Affiliation"), affiliation)))
        rows.addLayout(beside(column(self.tr("Style"), self.style_), column(self.tr("Language"), self.language)))

    def show_plan(self, plan: ReportPlan, document: Document) -> None:
        """Show what holds."""
        self.lines["title"].setPlaceholderText(document.title.strip())
        self.show_line("title", plan.title)
        self.show_line("author", plan.author)
        self.show_line("affiliation", plan.affiliation)
        self.style_.set_value(style_of(plan, document))
        self.language.set_value(plan.language)


class NumberFields(Fields):
    """Decimals, and variances or standard deviations."""

    def __init__(self, editing: ReportEditing) -> None:
        super().__init__(editing, "report_number_fields", "")
        self.setAccessibleName(self.tr("Numbers"))
        self.estimates = self._number("decimals", self.tr("Decimals of estimates"), 0)
        self.estimates.setPlaceholderText(self.tr("auto"))
        self.p = self._number("p_decimals", self.tr("Decimals of p values"), 1)
        self.metric_ = Segments("report_metric", self.tr("Variances"),
                               [("variance", self.tr("Variance")), ("sd", self.tr("SD"))])  # fmt: skip
        self.metric_.chosen.connect(partial(self.choose, "metric"))
        first = self._row(self.tr("Decimals"), self.estimates)
        for w in (self.estimates, label(self.tr("estimates"), "muted"), self.p, label(self.tr("p values"), "muted")):
            first.addWidget(w)
        second = self._row(self.tr("Variances"), self.metric_)
        second.addWidget(self.metric_)
        rows = QVBoxLayout(self)
        rows.setContentsMargins(0, 0, 0, 0)
        rows.setSpacing(6)
        rows.addLayout(first)
        rows.addLayout(second)

    def _row(self, title: str, buddy: QWidget) -> QHBoxLayout:
        row = QHBoxLayout()
        row.setSpacing(6)
        row.addWidget(heading(title, buddy))
        row.addStretch(1)
        return row

    def _number(self, field: str, words: str, least: int) -> Field:
        out = Field(f"report_{field}", words, lambda: self.editing.saver.holds(field))
        out.setValidator(QIntValidator(least, MOST_DECIMALS, out))
        sized(out, width=64, height=theme.CONTROL)
        out.entered.connect(self.editing.enter)
        out.textEdited.connect(lambda words: self._typed(field, words))
        out.editingFinished.connect(partial(self.editing.leave, "decimals of the report"))
        self.lines[field] = out
        return out

    def _typed(self, field: str, words: str) -> None:
        if words and not self.lines[field].hasAcceptableInput():
            return
        if field == "decimals":
            self.editing.type_in(field, texts.decimals(int(words) if words else None))
        elif words:
            self.editing.type_in(field, f"report decimals, p({words})")

    def show_plan(self, plan: ReportPlan, document: Document) -> None:
        """Show what holds."""
        self.show_line("decimals", "" if plan.decimals is None else str(plan.decimals))
        self.show_line("p_decimals", str(plan.p_decimals))
        self.metric_.show_value(plan.metric or document.look.metric or "variance")


class MoreFields(Fields):
    """Date, running head, paper, and what the last page holds."""

    def __init__(self, editing: ReportEditing) -> None:
        super().__init__(editing, "report_more_fields", "")
        self.setAccessibleName(self.tr("More about the pages"))
        date, head = self.line("date", self.tr("Date")), self.line("head", self.tr("Running head"))
        self.paper = Segments("report_paper", self.tr("Paper"), [("a4", self.tr("A4")), ("letter", self.tr("Letter"))])
        self.paper.chosen.connect(partial(self.choose, "paper"))
        self.last = {
            "commands": QCheckBox(self.tr("Commands")), "versions": QCheckBox(self.tr("Versions")),
            "hashes": QCheckBox(self.tr("Hashes of the data")),
        }  # fmt: skip
        ticks = QWidget()
        flow = Flow(across=12, down=2)
        ticks.setLayout(flow)
        for name, tick in self.last.items():
            named(tick, f"report_last_{name}", self.tr("Last page: {0}").format(tick.text()))
            tick.clicked.connect(lambda _on=False: self._ticked())
            flow.addWidget(tick)
        paper = QHBoxLayout()
        paper.addWidget(heading(self.tr("Paper"), self.paper))
        paper.addStretch(1)
        paper.addWidget(self.paper)
        self.body = QWidget()
        inside = QVBoxLayout(self.body)
        inside.setContentsMargins(0, 4, 0, 0)
        inside.setSpacing(8)
        inside.addLayout(beside(column(self.tr("Date"), date), column(self.tr("Running head"), head)))
        inside.addLayout(paper)
        inside.addWidget(heading(self.tr("Last page")))
        inside.addWidget(ticks)
        self.fold = Fold(self.tr("Date, paper and last page"), "report_more", self.body)
        rows = QVBoxLayout(self)
        rows.setContentsMargins(0, 0, 0, 0)
        rows.setSpacing(0)
        rows.addWidget(self.fold)
        rows.addWidget(self.body)

    def _ticked(self) -> None:
        self.editing.run("last", texts.last(n for n in LAST_PAGE if self.last[n].isChecked()))

    def show_plan(self, plan: ReportPlan, _document: Document) -> None:
        """Show what holds."""
        self.show_line("date", plan.date)
        self.show_line("head", plan.running_head)
        self.paper.show_value(plan.paper)
        for name, tick in self.last.items():
            tick.setChecked(name in plan.last)
