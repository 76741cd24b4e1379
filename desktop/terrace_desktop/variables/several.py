"""Several variables in the work panel, changed at once: each change is one command and one step of undo."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import (
    QFrame,
    QGridLayout,
    QHBoxLayout,
    QLineEdit,
    QVBoxLayout,
    QWidget,
)

from terrace.data.missing import missing_texts
from terrace.data.names import is_legal_name
from terrace.data.value import Value
from terrace_desktop.ui import theme
from terrace_desktop.ui.flow import Flow
from terrace_desktop.ui.widgets import button, hairline, label, named, sized, tell
from terrace_desktop.ui.work_panel import FormContent, Head, Keys, done_keys
from terrace_desktop.variables import texts
from terrace_desktop.variables.chooser import LabelSources
from terrace_desktop.variables.facts import listed
from terrace_desktop.variables.fields import Codes, LevelChoice, heading, measure_choice, scrolling
from terrace_desktop.variables.foot import Foot
from terrace_desktop.variables.paste_box import PasteBox
from terrace_desktop.variables.saving import Saver
from terrace_desktop.work.controller import Controller

if TYPE_CHECKING:
    from terrace.data.dataset import Dataset, Variable
    from terrace_desktop.work.session_port import Snapshot

FEW = 12  # names that are written out


class SeveralPanel(FormContent):
    """What the variables have in common, and what to make of all of them; `done` tells that the user is through."""

    wide = 416
    done = Signal()

    def __init__(self, controller: Controller) -> None:
        super().__init__()
        named(self, "several_panel", self.tr("Several variables"))
        self.controller = controller
        self.saver = Saver(self, controller)
        self.data: Dataset | None = None
        self.names: list[str] = []
        self._before: tuple[str, ...] = ()
        self._others: list[str] = []
        self.told = named(label("", wrap=True, selectable=True), "several_names", "")
        self.measure = measure_choice("several_measure", self.tr("Measure"))
        self.paste, self.sources = PasteBox(), LabelSources()
        self.codes = Codes("several_missing", self.tr("Missing codes"), "")
        self.problem = named(label("", "reason", wrap=True), "several_problem", "")
        self.problem.hide()
        self.prefix = named(QLineEdit(), "several_prefix", self.tr("In front of the names"))
        self.suffix = named(QLineEdit(), "several_suffix", self.tr("Behind the names"))
        self.example = named(label("", "small", wrap=True), "several_example", "")
        self.behind = LevelChoice("several_behind", self.tr("Behind"))
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(0)
        layout.addWidget(self._middle(), 1)
        layout.addWidget(hairline())
        self.foot = Foot("several", self.saver, self._end, self.tr("Saved at once"))
        layout.addWidget(self.foot)
        self.measure.chosen.connect(lambda m: self._run(texts.measure(self.names, m)))
        self.codes.changed.connect(self._missing)
        self.paste.given.connect(lambda given: self._run(texts.labels(self.names, given, modify=True)))
        self.sources.chosen.connect(self._copied)
        for line in (self.prefix, self.suffix):
            line.textChanged.connect(lambda _text: self._show_names())
            line.returnPressed.connect(self._rename)
        self.behind.activated.connect(self._move_behind)
        self.saver.refused.connect(lambda _field, why: tell(self.problem, why))
        controller.changed.connect(self._changed)

    # --- building -----------------------------------------------------------------------------------
    def _middle(self) -> QWidget:
        page = QFrame()
        page.setProperty("surface", "work")
        page.setMinimumWidth(200)
        column = QVBoxLayout(page)
        column.setContentsMargins(16, 14, 16, 16)
        column.setSpacing(4)
        column.addWidget(self.told)
        column.addWidget(self.problem)
        column.addSpacing(10)
        column.addWidget(heading(self.tr("Measure")))
        column.addWidget(self.measure)
        column.addSpacing(10)
        column.addWidget(heading(self.tr("Labels of values")))
        row = Flow(across=8, down=2)
        for words, name, do in (
            (self.tr("Paste a list"), "several_paste", self._open_paste),
            (self.tr("Copy from a variable"), "several_copy", self._open_sources),
            (self.tr("Remove"), "several_no_labels", lambda: self._run(texts.labels(self.names, {}))),
        ):
            row.addWidget(button(words, name, do, variant="link"))
        column.addLayout(row)
        for w in (self.paste, self.sources):
            column.addWidget(w)
        column.addSpacing(10)
        column.addWidget(heading(self.tr("Missing codes"), self.codes.add))
        column.addWidget(self.codes)
        column.addSpacing(10)
        column.addWidget(heading(self.tr("Names"), self.prefix))
        column.addLayout(self._naming())
        column.addWidget(self.example)
        column.addSpacing(10)
        column.addWidget(heading(self.tr("Place in the data"), self.behind))
        column.addLayout(self._placing())
        column.addSpacing(16)
        gone = QHBoxLayout()
        self.delete = button("", "several_delete", self._delete)
        gone.addWidget(self.delete)
        gone.addStretch(1)
        column.addLayout(gone)
        column.addStretch(1)
        return scrolling(page, "several_scroll", self.tr("Several variables"))

    def _naming(self) -> QGridLayout:
        grid = QGridLayout()
        grid.setSpacing(8)
        for k, (line, hint) in enumerate(((self.prefix, self.tr("In front")), (self.suffix, self.tr("Behind")))):
            sized(line, height=theme.CONTROL)
            line.setPlaceholderText(hint)
            grid.addWidget(line, 0, k)
        self.rename = button(self.tr("Rename"), "several_rename", self._rename)
        grid.addWidget(self.rename, 0, 2)
        return grid

    def _placing(self) -> QHBoxLayout:
        row = QHBoxLayout()
        row.setSpacing(8)
        for words, name, where in (
            (self.tr("First"), "several_first", "first"), (self.tr("Last"), "several_last", "last"),
        ):  # fmt: skip
            row.addWidget(button(words, name, partial(self._move, where)))
        row.addWidget(label(self.tr("or behind"), "muted"))
        row.addWidget(self.behind, 1)
        return row

    # --- as contents of the work panel --------------------------------------------------------------
    def head(self) -> Head:
        count = len(self.names)
        return Head("variables", self.tr("{0} variable(s)", "", count).format(f"{count:,}"))

    def keys(self) -> Keys:
        return {**super().keys(), **done_keys(self._end)}

    def begin(self) -> None:
        self.prefix.setFocus(Qt.FocusReason.OtherFocusReason)

    def _end(self) -> None:
        self.done.emit()

    # --- what is shown ------------------------------------------------------------------------------
    def show_variables(self, names: list[str]) -> None:
        """Show other variables."""
        self.saver.begin()
        self.data = self.controller.snapshot.dataset
        self.names = list(names)
        self._before = () if self.data is None else self.data.names
        self.prefix.clear()
        self.suffix.clear()
        self.paste.hide()
        self.sources.hide()
        self._show()

    def variables(self) -> list[Variable]:
        """What is known of them."""
        return [] if self.data is None else [self.data.variable(n) for n in self.names]

    def _changed(self, snapshot: Snapshot, _what: object) -> None:
        if not self.names:
            return
        self.data = snapshot.dataset
        now = () if self.data is None else self.data.names
        if now != self._before:
            if len(now) == len(self._before):  # another name, or its own again, stands at the same place
                new = dict(zip(self._before, now, strict=True))
                moved = set(now) == set(self._before)
                self.names = self.names if moved else [new[n] for n in self.names]
            else:
                self.names = [n for n in self.names if n in set(now)]
            self._before = now
        self._show()

    def _show(self) -> None:
        self.setEnabled(bool(self.names))
        self.head_changed.emit()
        self.foot.refresh()
        if self.data is None or not self.names:
            tell(self.told, self.tr("These variables are no longer in the data."))
            return
        tell(self.problem, "")
        more = len(self.names) - FEW
        names = ", ".join(self.names[:FEW])
        tell(self.told, self.tr("{0} and {1} more").format(names, more) if more > 0 else names)
        found = self.variables()
        measures = {v.measure.value for v in found}
        self.measure.show_value(measures.pop() if len(measures) == 1 else "")
        text = any(self.data.is_text(n) for n in self.names)
        self.measure.allow("continuous", not text, self.tr("Some of the variables hold text."))
        codes = {tuple(missing_texts(v)) for v in found}
        self.codes.show_codes(codes.copy().pop() if len(codes) == 1 else ())
        mixed = self.tr("They have different ones; what you add is for all")
        usual = self.tr("Such as −99: kept in the data, left out of analyses")
        self.codes.hint.setText(mixed if len(codes) > 1 else usual)
        chosen = set(self.names)
        self._others = [n for n in self.data.names if n not in chosen]
        self.behind.show_texts(self._others, -1)
        count = len(self.names)
        self.delete.setText(self.tr("Delete {0} variable(s)", "", count).format(f"{count:,}"))
        self.delete.setAccessibleName(self.delete.text())
        self._show_names()

    def _show_names(self) -> None:
        """The first new name, or what is wrong with the new names."""
        new = self._new_names()
        wrong = next((n for n in new if not is_legal_name(n)), "")
        others = set() if self.data is None else set(self.data.names) - set(self.names)
        taken = next((n for n in new if n in others), "")
        same = new == self.names
        self.rename.setEnabled(not (wrong or taken or same))
        if same or not self.names:
            tell(self.example, "")
        elif wrong:
            told = self.tr("{0} cannot be a name: at most 32 letters, digits and underscores.")
            tell(self.example, told.format(wrong))
        elif taken:
            tell(self.example, self.tr("A variable named {0} already exists.").format(taken))
        else:
            tell(self.example, self.tr("{0} becomes {1}").format(self.names[0], new[0]))

    def _new_names(self) -> list[str]:
        return [f"{self.prefix.text().strip()}{n}{self.suffix.text().strip()}" for n in self.names]

    # --- what is done -------------------------------------------------------------------------------
    def _run(self, command: str) -> None:
        self.saver.now("all", command)

    def _missing(self, codes: list[str]) -> None:
        assert self.data is not None
        text = all(self.data.is_text(n) for n in self.names)
        try:
            typed = texts.codes_of(codes, text)
        except ValueError as error:
            tell(self.problem, str(error))
            return
        self._run(texts.missing(self.names, typed))

    def _rename(self) -> None:
        if not self.rename.isEnabled():
            return
        command = texts.renamed(self.names, self.prefix.text().strip(), self.suffix.text().strip())
        self.prefix.clear()
        self.suffix.clear()
        self._run(command)

    def _open_paste(self) -> None:
        self.sources.hide()
        data, name = self.data, self.names[0]
        if data is None:
            return

        def values() -> list[Value]:
            return [x.value for x in listed(data, name).levels if not x.missing]

        self.controller.call_view("counting values", values, self.paste.open)

    def _open_sources(self) -> None:
        if self.data is not None:
            self.paste.hide()
            self.sources.open(self.data, set(), self.data.is_text(self.names[0]))

    def _copied(self, source: str) -> None:
        self.sources.hide()
        self._run(texts.labels_from([n for n in self.names if n != source], source))

    def _move(self, where: str) -> None:
        self._run(texts.move(self.names, where))

    def _move_behind(self, at: int) -> None:
        self._move(f"after({self._others[at]})")

    def _delete(self) -> None:
        self._run(texts.drop(self.names))

