"""A variable in the work panel: name, measure, labels, codes for missing, reference and note, saved as one types."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QHideEvent
from PySide6.QtWidgets import QWidget

from terrace.data.changes import memory_of
from terrace.data.missing import missing_texts
from terrace.data.names import is_legal_name
from terrace.data.value import Value
from terrace_desktop.ui.measures import measure_icon
from terrace_desktop.ui.widgets import tell
from terrace_desktop.ui.work_panel import Head, Keys, done_keys
from terrace_desktop.variables import texts
from terrace_desktop.variables.facts import Listed, base_of, listed, models_with, note_of
from terrace_desktop.variables.page import LABEL, MEASURE, MISSING, NAME, NOTE, REFERENCE, VALUES, VariablePage
from terrace_desktop.variables.values import CODE
from terrace_desktop.variables.values import LABEL as LABEL_COLUMN
from terrace_desktop.work.controller import Controller

if TYPE_CHECKING:
    import pandas as pd

    from terrace.data.dataset import Dataset, Variable
    from terrace_desktop.work.session_port import Snapshot


class VariablePanel(VariablePage):
    """One variable at a time; `done` tells that the user is through."""

    walks = True
    wide = 416
    done = Signal()
    shown = Signal(str)  # another variable

    def __init__(self, controller: Controller, parent: QWidget | None = None) -> None:
        super().__init__(controller, parent)
        self.data: Dataset | None = None
        self._place = 0
        self._counts: tuple[object, pd.Series | None] = (None, None)  # a column, and how often its values stand in it
        self._listing = 0
        self._listed = Listed()
        self._typed: dict[Value, str] = {}
        self._connect()
        controller.changed.connect(self._changed)

    def _connect(self) -> None:
        self.add.clicked.connect(self.add_value)
        self.paste_link.clicked.connect(self._open_paste)
        self.copy_link.clicked.connect(self._open_sources)
        self.name_line.editingFinished.connect(self._rename)
        self.name_line.textEdited.connect(lambda _text: self.say(NAME, self._wrong_name()))
        self.label_line.textEdited.connect(lambda _text: self.saver.later(LABEL, self._label_command))
        self.label_line.editingFinished.connect(self.saver.flush)
        self.measure.chosen.connect(self._measured)
        self.values.table.typed.connect(self._value_typed)
        self.values.table.valued.connect(self._valued)
        self.values.moved.connect(lambda new: self.saver.now(VALUES, texts.order(self.name, new)))
        self.values.removed.connect(self._remove)
        self.codes.changed.connect(self._missing)
        self.reference.activated.connect(self._refer)
        self.note.textChanged.connect(self._noted)
        self.note.left.connect(self.saver.flush)
        self.paste.given.connect(self._pasted)
        self.sources.chosen.connect(self._copied)
        self.saver.refused.connect(self._refused)
        self.saver.saved.connect(self._list)

    # --- as contents of the work panel --------------------------------------------------------------
    def head(self) -> Head:
        v = self.variable()
        if v is None or self.data is None:
            return Head("variables", self.tr("Variable"))
        many = len(self.data.variables)
        return Head(measure_icon(v.measure.value), self.tr("Variable"),
                    self.tr("{0} of {1}").format(f"{self._place + 1:,}", f"{many:,}"))  # fmt: skip

    def keys(self) -> Keys:
        return {
            **super().keys(), **done_keys(self.end),
            "Ctrl+PgUp": partial(self.walk, -1), "Ctrl+PgDown": partial(self.walk, 1),
        }  # fmt: skip

    def begin(self) -> None:
        self.label_line.setFocus(Qt.FocusReason.OtherFocusReason)

    def begin_at(self, field: str) -> None:
        """Put the focus into a field: name, label or values."""
        line = self.name_line if field == NAME else self.label_line
        if field == VALUES and self.values.table.rowCount():
            self.values.type_in(0)
            return
        line.setFocus(Qt.FocusReason.OtherFocusReason)
        line.selectAll()

    def walk(self, step: int) -> None:
        """The variable before or after this one; behind the last comes the first."""
        if self.data is not None and self.data.variables:
            self.show_variable(self.data.names[(self._place + step) % len(self.data.variables)])

    def hideEvent(self, event: QHideEvent) -> None:
        super().hideEvent(event)
        self.saver.flush()

    def end(self) -> None:
        self._rename()
        self.saver.flush()
        self.done.emit()

    # --- what is shown ------------------------------------------------------------------------------
    def variable(self) -> Variable | None:
        """The variable that is shown; None where there is none."""
        return self.data.variable(self.name) if self.data is not None and self.name in self.data else None

    def show_variable(self, name: str) -> None:
        """Show another variable; what was typed for this one is saved."""
        if self.name and name != self.name:
            self._rename()
        self.saver.begin()
        self.data = self.controller.snapshot.dataset
        self.name = name
        self._typed = {}
        self.values.table.show_levels((), orders=False)
        self.paste.hide()
        self.sources.hide()
        for field in self.problems:
            self.say(field, "")
        self._show()
        self.scroller.verticalScrollBar().setValue(0)
        self.shown.emit(name)

    def _changed(self, snapshot: Snapshot, _what: object) -> None:
        """The session has moved on: what the user is typing stays."""
        if not self.name:
            return
        before, self.data = self.data, snapshot.dataset
        if self.data is not None and self.name not in self.data and self.data.variables:
            names = self.data.names
            renamed = before is not None and len(before.names) == len(names)
            self.name = names[min(self._place, len(names) - 1)]
            if not renamed:
                self.saver.begin()
        self._show()

    def _show(self) -> None:
        v, data = self.variable(), self.data
        self.setEnabled(v is not None)
        if v is None or data is None:
            self.head_changed.emit()
            return
        self._place = data.names.index(v.name)
        if not self.name_line.hasFocus() or not self.name_line.isModified():
            self.name_line.setText(v.name)
        if not self.saver.holds(LABEL) and self.label_line.text() != v.label:
            self.label_line.setText(v.label)
        text = data.is_text(v.name)
        self.measure.show_value(v.measure.value)
        self.measure.allow("continuous", not text, self.tr("{0} holds text.").format(v.name))
        fixed = [c for c in map(str, missing_texts(v)) if c.startswith(".")]
        self.codes.show_codes(missing_texts(v), fixed)
        note = note_of(data, v.name)
        if not self.saver.holds(NOTE) and self.note.toPlainText() != note:
            self.note.blockSignals(True)
            self.note.setPlainText(note)
            self.note.blockSignals(False)
        self._show_effects()
        self.foot.refresh()
        self._list()
        self.head_changed.emit()

    def _show_effects(self) -> None:
        data, snapshot = self.data, self.controller.snapshot
        found = [] if data is None else models_with(snapshot.document, data, self.name)
        if not found:
            words = self.tr("No model of the results uses this variable.")
        elif len(found) == 1:
            words = self.tr(
                "A new measure, order, reference or missing code marks {0} as out of date. It is not refitted unless "
                "you ask."
            ).format(found[0].heading)
        else:
            words = self.tr(
                "A new measure, order, reference or missing code marks {0} model(s) as out of date. None is refitted "
                "unless you ask.", "", len(found),
            ).format(len(found))  # fmt: skip
            self.harmful.setToolTip("\n".join(i.heading for i in found))
        tell(self.harmful, words)

    # --- values -------------------------------------------------------------------------------------
    def _list(self) -> None:
        """Find the values and their counts beside the window; an answer to an earlier question is stale."""
        data, name = self.data, self.name
        if data is None or name not in data or self.saver.holds(VALUES):
            return
        self._listing += 1
        asked = self._listing
        categories = data.variable(name).measure.value != "continuous"
        column = (name, memory_of(data.frame[name])) if categories else None
        counts = self._counts[1] if column is not None and column[1] and self._counts[0] == column else None

        def found(result: Listed) -> None:
            if asked == self._listing and not self.saver.holds(VALUES):
                self._counts = (column, result.counts)
                self._show_listed(result)

        self.controller.call_view("counting values", lambda: listed(data, name, counts), found)

    def _show_listed(self, result: Listed) -> None:
        v, data = self.variable(), self.data
        if v is None or data is None:
            return
        self._listed = result
        categories = v.measure.value != "continuous"
        orders = categories and not data.is_text(v.name)
        self.values.table.show_levels(result.levels, orders=orders and len(result.levels) > 1)
        self.values.setVisible(bool(result.levels))
        left = result.total - len(result.levels)
        words = ""
        if not result.levels:
            words = self.tr("No value has a label.")
        elif left > 0 and categories:
            words = self.tr("{0} of {1} values are listed.").format(f"{len(result.levels):,}", f"{result.total:,}")
        tell(self.only_some, words)
        valid = [x for x in result.levels if not x.missing]
        for w in (self.reference, self.reference_title, self.reference_gap):
            w.setVisible(categories and bool(valid))
        self._show_reference()
        tell(self.meaning, self._meaning(v, len(valid)))

    def _show_reference(self) -> None:
        valid = [x for x in self._listed.levels if not x.missing]
        base = base_of(self.controller.snapshot.state, self.name)
        shown = [x.label or x.text for x in valid]
        at = 0
        if isinstance(base, float):
            at = next((k for k, x in enumerate(valid) if x.value == base), 0)
        elif isinstance(base, tuple):
            at = min(int(base[1]) - 1, len(valid) - 1)
        elif base == "last":
            at = len(valid) - 1
        elif base is not None:
            shown.append(self.tr("Most frequent") if base == "freq" else self.tr("None"))
            at = len(valid)
        self.reference.show_texts(shown, at)

    def _meaning(self, v: Variable, levels: int) -> str:
        """One sentence on what the measure means in a model."""
        others = levels - 1
        measure = v.measure.value
        if measure == "continuous":
            return self.tr("Numbers on a scale: one slope in a model.")
        if measure == "identifier":
            return self.tr("Names of units, such as schools: a level of a model.")
        labelled = sum(bool(x.label) for x in self._listed.levels if not x.missing)
        if measure == "ordinal" and labelled < min(2, levels):
            return self.tr("Ordered categories: a slope until the values have labels.")
        if measure == "ordinal":
            told = self.tr("Ordered categories: {0} contrast(s) with the reference category.", "", others)
        else:
            told = self.tr("Categories without an order: {0} contrast(s) with the reference category.", "", others)
        return told.format(f"{others:,}")

    def add_value(self) -> None:
        """A row for a value that is not in the list, to be labelled."""
        values = [x.value for x in self.values.table.levels]
        text = self.data is not None and self.data.is_text(self.name)
        numbers = [float(x.value) for x in self.values.table.levels if not isinstance(x.value, str) and not x.missing]
        new: Value = "" if text else int(max(numbers, default=0.0)) + 1
        while not text and new in values:
            new = int(new) + 1
        self.values.show()
        self.values.type_in(self.values.table.add(new), CODE if text else LABEL_COLUMN)

    def _value_typed(self, value: Value, words: str) -> None:
        self._typed[value] = words.strip()
        self.saver.later(VALUES, self._labels_command)

    def _labels_command(self) -> str:
        typed, self._typed = self._typed, {}
        v = self.variable()
        changed = {k: t for k, t in typed.items() if v is not None and v.value_labels.get(k, "") != t}
        return texts.labels([self.name], changed, modify=True) if changed else ""

    def _valued(self, row: int, typed: str) -> None:
        """The value of a row that was added."""
        table = self.values.table
        value: Value = typed.strip()
        if self.data is not None and not self.data.is_text(self.name):
            try:
                value = texts.number_in(typed)
            except ValueError:
                self.say(VALUES, self.tr("{0} is not a number.").format(typed))
                return
        if any(x.value == value for k, x in enumerate(table.levels) if k != row):
            self.say(VALUES, self.tr("The value {0} is in the list already.").format(typed.strip()))
            return
        self.say(VALUES, "")
        old = table.levels[row]
        table.set_value(row, value)
        if old.label:
            self._typed.pop(old.value, None)
            self._value_typed(value, old.label)

    def _remove(self, row: int) -> None:
        level = self.values.table.levels[row]
        if row in self.values.table.added and not level.label:
            self._list()
        else:
            self._typed.pop(level.value, None)
            self.saver.now(VALUES, texts.labels([self.name], {level.value: ""}, modify=True))

    def _open_paste(self) -> None:
        self.sources.hide()
        self.paste.open([x.value for x in self._listed.levels if not x.missing])

    def _pasted(self, given: dict[Value, str]) -> None:
        self.saver.now(VALUES, texts.labels([self.name], given, modify=True))
        self.values.setFocus(Qt.FocusReason.OtherFocusReason)

    def _open_sources(self) -> None:
        if self.data is not None:
            self.paste.hide()
            self.sources.open(self.data, {self.name}, self.data.is_text(self.name))

    def _copied(self, source: str) -> None:
        self.sources.hide()
        self.saver.now(VALUES, texts.labels_from([self.name], source))
        self.values.setFocus(Qt.FocusReason.OtherFocusReason)

    # --- other fields -------------------------------------------------------------------------------
    def _wrong_name(self) -> str:
        name = self.name_line.text().strip()
        if name == self.name:
            return ""
        if not is_legal_name(name):
            return self.tr("Use letters, digits and underscores, and start with a letter.")
        taken = self.data is not None and name in self.data
        return self.tr("A variable named {0} already exists.").format(name) if taken else ""

    def _rename(self) -> None:
        new = self.name_line.text().strip()
        if not self.name or new == self.name or self._wrong_name():
            return
        self.saver.flush()
        old, self.name = self.name, new  # what is typed from now on is about the new name
        self.name_line.setModified(False)
        self.saver.now(NAME, texts.rename(old, new))

    def _label_command(self) -> str:
        return texts.label(self.name, self.label_line.text().strip())

    def _measured(self, level: str) -> None:
        v = self.variable()
        if v is not None and v.measure.value != level:
            self.saver.now(MEASURE, texts.measure([self.name], level))

    def _missing(self, codes: list[str]) -> None:
        text = self.data is not None and self.data.is_text(self.name)
        try:
            typed = texts.codes_of(codes, text)
        except ValueError as error:
            self.say(MISSING, str(error))
            return
        self.say(MISSING, "")
        self.saver.now(MISSING, texts.missing([self.name], typed))

    def _refer(self, at: int) -> None:
        valid = [x for x in self._listed.levels if not x.missing]
        if at >= len(valid):
            return
        value = valid[at].value
        base = "first" if at == 0 else f"(#{at + 1})" if isinstance(value, str) else texts.code(value)
        self.saver.now(REFERENCE, texts.reference(self.name, base))

    def _noted(self) -> None:
        self.saver.later(NOTE, lambda: texts.note(self.name, self.note.toPlainText()))

    # --- what is wrong ------------------------------------------------------------------------------
    def _refused(self, field: str, why: str) -> None:
        self.say(field if field in self.problems else NOTE, why)
        if field == NAME and self.data is not None and self.name not in self.data:
            self.name = self.data.names[min(self._place, len(self.data.names) - 1)]

