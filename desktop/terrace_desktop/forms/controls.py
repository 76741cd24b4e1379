"""The controls of a form, one class a kind of field. Each has `value`, `problem` and the signal `changed`."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

from PySide6.QtCore import QSignalBlocker, Qt, Signal
from PySide6.QtGui import QAction
from PySide6.QtWidgets import (
    QCheckBox,
    QGridLayout,
    QHBoxLayout,
    QLabel,
    QLineEdit,
    QListWidgetItem,
    QMenu,
    QSizePolicy,
    QVBoxLayout,
    QWidget,
)

from terrace.data import formats
from terrace_desktop.builder.fields import Choice
from terrace_desktop.forms.entry import Field
from terrace_desktop.forms.tick_list import TickList
from terrace_desktop.ui.flow import FlowBox
from terrace_desktop.ui.widgets import button, label, named, tool_button
from terrace_desktop.ui.words import from_engine

FEW = 8  # more options than these stand in a list that scrolls
ROWS = 6  # of such a list that are seen at once


class Control(QWidget):
    """One field on the screen."""

    changed = Signal()

    def __init__(self, field: Field) -> None:
        super().__init__()
        self.field = field
        self.setObjectName(f"after_field_{field.key}")
        self.setToolTip(field.tip)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Preferred)

    @property
    def reason(self) -> str:
        """Why the whole field cannot be had; empty where it can."""
        return self.field.closed.get(None, "")

    def value(self) -> Any:
        """What is chosen."""
        raise NotImplementedError

    def set_value(self, value: Any) -> None:
        """Show a value, without a signal."""
        raise NotImplementedError

    def problem(self) -> str:
        """What is wrong with what was typed; empty where nothing is."""
        return ""

    def first(self) -> QWidget:
        """The widget that takes the focus."""
        raise NotImplementedError


def _column(owner: QWidget, spacing: int = 4) -> QVBoxLayout:
    out = QVBoxLayout(owner)
    out.setContentsMargins(0, 0, 0, 0)
    out.setSpacing(spacing)
    return out


class ChoiceControl(Control):
    """One value of several."""

    def __init__(self, field: Field) -> None:
        super().__init__(field)
        self.box: Choice[Any] = Choice(f"after_{field.key}", field.title)
        closed = {k: v for k, v in field.closed.items() if k is not None}
        self.box.set_options(field.options, closed)
        self.box.setSizePolicy(QSizePolicy.Policy.Maximum, QSizePolicy.Policy.Fixed)
        self.box.setEnabled(not self.reason)
        self.box.chosen.connect(lambda _value: self.changed.emit())
        column = _column(self)
        column.addWidget(self.box)
        if self.reason:
            column.addWidget(label(self.reason, "small", wrap=True))
        self.set_value(field.default)

    def value(self) -> Any:
        return self.box.value()

    def set_value(self, value: Any) -> None:
        allowed = [v for v, _ in self.field.options if v not in self.field.closed]
        self.box.set_value(value if value in allowed or not allowed else allowed[0])

    def first(self) -> QWidget:
        return self.box


class SeveralControl(Control):
    """Any of several values: boxes to tick, in a list where they are many."""

    def __init__(self, field: Field) -> None:
        super().__init__(field)
        column = _column(self)
        self.boxes: list[QCheckBox] = []
        self.list: TickList | None = None
        if self.reason:
            column.addWidget(label(self.reason, "small", wrap=True))
        elif len(field.options) <= FEW:
            self._few(column)
        else:
            self._many(column)
        if field.hint and not self.reason:
            column.addWidget(label(field.hint, "small", wrap=True))
        self.set_value(field.default)

    def _few(self, column: QVBoxLayout) -> None:
        holder = FlowBox(across=14, down=4)
        for value, title in self.field.options:
            box = named(QCheckBox(title), f"after_{self.field.key}_{value}", f"{self.field.title}: {title}")
            why = self.field.closed.get(value, "")
            box.setEnabled(not why)
            if why:
                box.setToolTip(why)
                box.setAccessibleDescription(why)
            box.toggled.connect(lambda _on: self.changed.emit())
            self.boxes.append(box)
            holder.flow.addWidget(box)
        column.addWidget(holder)
        for why in dict.fromkeys(w for k, w in self.field.closed.items() if k is not None):
            column.addWidget(label(why, "small", wrap=True))

    def _many(self, column: QVBoxLayout) -> None:
        self.list = named(TickList(), f"after_{self.field.key}", self.field.title)
        self.list.setProperty("role", "ticks")
        self.list.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.list.setTextElideMode(Qt.TextElideMode.ElideRight)
        for value, title in self.field.options:
            item = QListWidgetItem(title)
            item.setData(Qt.ItemDataRole.UserRole, value)
            item.setToolTip(title)
            item.setFlags(Qt.ItemFlag.ItemIsEnabled | Qt.ItemFlag.ItemIsSelectable | Qt.ItemFlag.ItemIsUserCheckable)
            item.setCheckState(Qt.CheckState.Unchecked)
            self.list.addItem(item)
        height = max(self.list.sizeHintForRow(0), 24)
        self.list.setFixedHeight(height * ROWS + 6)
        self.list.itemChanged.connect(lambda _item: self.changed.emit())
        column.addWidget(self.list)
        row = QHBoxLayout()
        row.setSpacing(4)
        for text, name, on in ((self.tr("All"), "all", True), (self.tr("None"), "none", False)):
            b = button(text, f"after_{self.field.key}_{name}", variant="link", accessible=f"{self.field.title}: {text}")
            b.clicked.connect(lambda _c=False, on=on: self._tick_all(on))
            row.addWidget(b)
        row.addStretch(1)
        column.addLayout(row)

    def _tick_all(self, on: bool) -> None:
        self.set_value(tuple(v for v, _ in self.field.options) if on else ())
        self.changed.emit()

    def value(self) -> tuple[Any, ...]:
        if self.list is not None:
            items = [self.list.item(k) for k in range(self.list.count())]
            return tuple(i.data(Qt.ItemDataRole.UserRole) for i in items if i.checkState() == Qt.CheckState.Checked)
        return tuple(v for (v, _), b in zip(self.field.options, self.boxes) if b.isChecked())

    def set_value(self, value: Any) -> None:
        if self.list is not None:
            with QSignalBlocker(self.list):
                for k in range(self.list.count()):
                    item = self.list.item(k)
                    on = item.data(Qt.ItemDataRole.UserRole) in value
                    item.setCheckState(Qt.CheckState.Checked if on else Qt.CheckState.Unchecked)
            return
        for (v, _), box in zip(self.field.options, self.boxes):
            with QSignalBlocker(box):
                box.setChecked(v in value and box.isEnabled())

    def first(self) -> QWidget:
        if self.list is not None:
            return self.list
        return next((b for b in self.boxes if b.isEnabled()), self)


class CheckControl(Control):
    """Yes or no."""

    def __init__(self, field: Field) -> None:
        super().__init__(field)
        self.box = named(QCheckBox(field.title), f"after_{field.key}", field.title)
        self.box.setEnabled(not self.reason)
        self.box.toggled.connect(lambda _on: self.changed.emit())
        column = _column(self, 1)
        column.addWidget(self.box)
        if self.reason:
            self.box.setAccessibleDescription(self.reason)
            told = label(self.reason, "small", wrap=True)
            told.setContentsMargins(23, 0, 0, 0)
            column.addWidget(told)
        self.set_value(field.default)

    def value(self) -> bool:
        return self.box.isChecked()

    def set_value(self, value: Any) -> None:
        with QSignalBlocker(self.box):
            self.box.setChecked(bool(value) and not self.reason)

    def first(self) -> QWidget:
        return self.box


class LineControl(Control):
    """A line of text: numbers, a list of numbers, a name, or an expression with pieces to insert."""

    def __init__(self, field: Field) -> None:
        super().__init__(field)
        self.line = named(QLineEdit(), f"after_{field.key}", field.title)
        self.line.setPlaceholderText(field.hint)
        self.line.textChanged.connect(lambda _text: self.changed.emit())
        self.row = row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(6)
        if field.kind == "number":
            self.line.setFixedWidth(110)
        elif field.kind == "name":
            self.line.setMinimumWidth(140)
            self.line.setMaximumWidth(260)
        row.addWidget(self.line, 1)
        if field.kind in ("number", "name"):
            row.addStretch(1)
        if field.insert:
            self.line.setProperty("mono", True)
            row.addWidget(self._inserter())
        self.set_value(field.default)

    def _inserter(self) -> QWidget:
        insert = self.tr("Insert")
        name = f"after_{self.field.key}_insert"
        out = tool_button(self.tr("Insert ▾"), name, variant="outline", accessible=insert)
        menu = named(QMenu(out), f"after_{self.field.key}_menu", insert)
        menu.setProperty("scrolls", True)
        for text, words in self.field.insert:
            shown = words if words == text else f"{words}   {text}"
            action = QAction(shown.replace("&", "&&"), menu)
            action.triggered.connect(lambda _c=False, t=text: self.insert(t))
            menu.addAction(action)
        out.setMenu(menu)
        return out

    def insert(self, text: str) -> None:
        """Put `text` where the cursor is, with a plus before it where it follows something."""
        before = self.line.text()[: self.line.cursorPosition()].rstrip()
        if self.line.hasSelectedText():
            before = ""
        glue = " + " if before and before[-1] not in "+-*/^(=," else ""
        self.line.insert(glue + text)
        self.line.setFocus()

    def value(self) -> Any:
        text = self.line.text().strip()
        if self.field.kind != "number":
            return text
        if not text or self.problem():
            return None
        number = float(text.replace(",", "."))
        return int(number) if number.is_integer() else number

    def set_value(self, value: Any) -> None:
        with QSignalBlocker(self.line):
            self.line.setText("" if value is None else f"{value:.15g}" if isinstance(value, float) else str(value))

    def problem(self) -> str:
        text, f = self.line.text().strip(), self.field
        if not text:
            return ""
        if f.kind == "numbers":
            from terrace.errors import TerraceError
            from terrace.language.grammar.numlist import parse_numlist
            from terrace.language.grammar.tokens import Piece

            try:
                parse_numlist(Piece.of(text))
            except TerraceError as error:
                return f"{f.title}: {from_engine(error.message)}"
        if f.kind != "number":
            return ""
        try:
            number = float(text.replace(",", "."))
        except ValueError:
            return self.tr("{0}: enter a number.").format(f.title)
        outside = (f.low is not None and number < f.low) or (f.high is not None and number > f.high)
        if math.isnan(number) or outside or (f.whole and not number.is_integer()):
            kind = self.tr("a whole number") if f.whole else self.tr("a number")
            told = self.tr("{0}: enter {1} from {2} to {3}.")
            return told.format(f.title, kind, f"{f.low:,g}", f"{f.high:,.15g}")
        return ""

    def first(self) -> QWidget:
        return self.line


class FileControl(LineControl):
    """A data file: typed, or chosen in a dialog."""

    def __init__(self, field: Field) -> None:
        super().__init__(field)
        browse = button(self.tr("Browse…"), f"after_{field.key}_browse", self._browse)
        self.row.addWidget(browse)

    def _browse(self) -> None:
        from terrace_desktop.ui import dialogs

        path = dialogs.ask_data(self, self.field.title, "")
        if path:
            self.line.setText(path)

    def problem(self) -> str:
        path = Path(self.value()).expanduser()
        return "" if not self.value() or formats.found(path) else self.tr("The file {0} does not exist.").format(path)


class RowsControl(Control):
    """A text for each of several names; empty ones do not count."""

    def __init__(self, field: Field) -> None:
        super().__init__(field)
        self.lines: dict[str, QLineEdit] = {}
        grid = QGridLayout(self)
        grid.setContentsMargins(0, 0, 0, 0)
        grid.setHorizontalSpacing(8)
        grid.setVerticalSpacing(4)
        grid.setColumnStretch(1, 1)
        for k, (name, title) in enumerate(field.options):
            line = named(QLineEdit(), f"after_{field.key}_{name}", f"{field.title}: {title}")
            line.setPlaceholderText(field.hint)
            line.setMaximumWidth(320)
            line.textChanged.connect(lambda _text: self.changed.emit())
            words = QLabel(title)
            words.setTextFormat(Qt.TextFormat.PlainText)
            words.setBuddy(line)
            grid.addWidget(words, k, 0)
            grid.addWidget(line, k, 1)
            self.lines[name] = line
        if field.tip and field.options:
            grid.addWidget(label(field.tip, "small", wrap=True), len(field.options), 0, 1, 2)
        self.set_value(field.default or {})

    def value(self) -> dict[str, str]:
        return {name: line.text() for name, line in self.lines.items()}

    def set_value(self, value: Any) -> None:
        for name, line in self.lines.items():
            with QSignalBlocker(line):
                line.setText(value.get(name, ""))

    def first(self) -> QWidget:
        return next(iter(self.lines.values()), self)


_KINDS: dict[str, type[Control]] = {
    "choice": ChoiceControl,
    "several": SeveralControl,
    "check": CheckControl,
    "rows": RowsControl,
    "file": FileControl,
}


def control_of(field: Field) -> Control:
    """The control of a field."""
    return _KINDS.get(field.kind, LineControl)(field)
