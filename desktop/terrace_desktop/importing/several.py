"""The page of several files that are put together: what they share, what differs, and how they are joined."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QColor
from PySide6.QtWidgets import (
    QAbstractItemView,
    QCheckBox,
    QFrame,
    QHBoxLayout,
    QTableWidget,
    QTableWidgetItem,
    QVBoxLayout,
    QWidget,
)

from terrace.data.importing.several import Column, Together, Way
from terrace.errors import TerraceError
from terrace_desktop.importing.rows import Rows, choice, fill
from terrace_desktop.results.segments import Segments
from terrace_desktop.ui import theme
from terrace_desktop.ui.icons import set_icon
from terrace_desktop.ui.widgets import Notice, button, clear_layout, hairline, label, named, sized
from terrace_desktop.ui.words import from_engine
from terrace_desktop.ui.work_panel import Keys, KeyTaker, done_keys

MOST = 6  # sentences of what differs
NUMBER = "file"  # the variable that tells the file of a row


class SeveralPage(KeyTaker):
    """`open_asked` tells the way, the key and the variable that numbers the files."""

    open_asked = Signal(str, str, str)
    cancel_asked = Signal()

    def __init__(self) -> None:
        super().__init__()
        named(self, "several_page", self.tr("Several files"))
        self.files: Together | None = None
        outer = QVBoxLayout(self)
        outer.setContentsMargins(0, 0, 0, 0)
        outer.setSpacing(0)
        body = QVBoxLayout()
        body.setContentsMargins(24, 20, 24, 16)
        body.setSpacing(14)
        self.title = named(label("", "display"), "several_title", "")
        body.addWidget(self.title)
        body.addLayout(self._choices())
        self.table = named(QTableWidget(), "several_table", self.tr("Variables of the files"))
        self.table.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        self.table.setTabKeyNavigation(False)
        self.table.verticalHeader().hide()
        body.addWidget(self.table, 1)
        self.problems = QVBoxLayout()
        self.problems.setSpacing(6)
        body.addLayout(self.problems)
        outer.addLayout(body, 1)
        outer.addWidget(hairline())
        outer.addWidget(self._foot())

    def _choices(self) -> Rows:
        self.way = Segments(
            "several_way", self.tr("How the files are put together"),
            [("append", self.tr("Rows below each other")), ("merge", self.tr("Variables side by side"))],
        )  # fmt: skip
        self.key = choice("several_key", self.tr("Key"))
        self.key.setFixedWidth(280)
        words = self.tr("Number the files in a variable")
        self.number = named(QCheckBox(words), "several_number", words)
        self.rows = Rows()
        self.rows.add("way", self.tr("Put together"), self.way)
        self.rows.add("key", self.tr("Matched by"), self.key)
        self.rows.add("number", "", self.number)
        self.way.chosen.connect(lambda _key: self._refresh())
        self.key.activated.connect(self._refresh)
        return self.rows

    def _foot(self) -> QWidget:
        foot = QFrame()
        foot.setProperty("role", "import-foot")
        sized(foot, height=theme.FOOT)
        row = QHBoxLayout(foot)
        row.setContentsMargins(24, 0, 24, 0)
        row.setSpacing(12)
        row.addStretch(1)
        row.addWidget(button(self.tr("Cancel"), "several_cancel", self.cancel_asked.emit, variant="plain"))
        self.do_it = button(self.tr("Open"), "several_do", self._do, variant="primary")
        set_icon(self.do_it, "check", "on_accent")
        self.do_it.setAutoDefault(True)
        row.addWidget(self.do_it)
        return foot

    def keys(self) -> Keys:
        return {**done_keys(self._do), "Esc": self.cancel_asked.emit}

    # --- what is shown ------------------------------------------------------------------------------
    def show_names(self, paths: list[str]) -> None:
        """Files that are not compared yet."""
        self.files = None
        n = len(paths)
        self.title.setText(self.tr("{0} file(s), put together", "", n).format(n))
        self.table.clear()
        self.table.setRowCount(0)
        self.table.setColumnCount(0)
        clear_layout(self.problems)
        self.do_it.setEnabled(False)

    def show_files(self, files: Together) -> None:
        """Show what the files share, and the way that fits them."""
        self.files = files
        items: list[tuple[object, str]] = [(k.name, k.name) for k in files.keys]
        fill(self.key, items, files.keys[0].name if files.keys else None)
        self.way.show_value(files.way)
        self.way.offer("merge", bool(files.keys))
        self._fill_table()
        self._refresh()
        self.do_it.setFocus(Qt.FocusReason.OtherFocusReason)

    def show_problem(self, error: TerraceError) -> None:
        """Say why the files cannot be compared."""
        clear_layout(self.problems)
        self.problems.addWidget(Notice(error.message, kind="error", advice=error.advice))

    def _way(self) -> Way:
        return "merge" if self.way.value() == "merge" else "append"

    def _refresh(self) -> None:
        files = self.files
        if files is None:
            return
        way, key = self._way(), str(self.key.currentData() or "")
        self.rows.show_row("key", way == "merge")
        self.rows.show_row("number", way == "append")
        clear_layout(self.problems)
        said = files.problems(way, key)
        for k, text in enumerate(said[:MOST]):
            differs = any(text.startswith(f"{c.name} is ") for c in files.columns if c.differs)
            shown = Notice(text) if differs else label(from_engine(text), "muted", wrap=True)
            self.problems.addWidget(named(shown, f"several_problem_{k}", text))
        if len(said) > MOST:
            self.problems.addWidget(label(self.tr("And {0} more").format(len(said) - MOST), "muted"))
        rows = sum(files.rows) if way == "append" else files.rows[0]
        self.do_it.setText(self.tr("Open {0} row(s)", "", rows).format(f"{rows:,}"))
        self.do_it.setEnabled(way == "append" or bool(key))

    def _fill_table(self) -> None:
        files = self.files
        if files is None:
            return
        table = self.table
        names = [
            f"{Path(path).name}\n" + self.tr("{0} row(s)", "", n).format(f"{n:,}")
            for path, n in zip(files.paths, files.rows, strict=True)
        ]
        table.setColumnCount(len(names) + 1)
        table.setHorizontalHeaderLabels([self.tr("Variable"), *names])
        table.setRowCount(len(files.columns))
        for at, column in enumerate(files.columns):
            table.setItem(at, 0, QTableWidgetItem(column.name))
            for k, held in enumerate(column.held):
                table.setItem(at, k + 1, self._cell(column, held))
        table.resizeColumnsToContents()
        for k in range(table.columnCount()):
            table.setColumnWidth(k, min(max(table.columnWidth(k) + 16, 120), 280))

    def _cell(self, column: Column, held: str) -> QTableWidgetItem:
        words = {
            "number": self.tr("number"), "text": self.tr("text"), "date": self.tr("date"), "": self.tr("not there"),
        }  # fmt: skip
        item = QTableWidgetItem(words[held])
        if column.differs and held:
            item.setBackground(QColor(theme.colour("warning_soft")))
            item.setForeground(QColor(theme.colour("warning")))
        elif not held:
            item.setForeground(QColor(theme.colour("muted")))
        return item

    def _do(self) -> None:
        if self.files is None or not self.do_it.isEnabled():
            return
        taken = {c.name for c in self.files.columns}
        number = next(n for n in (NUMBER, f"{NUMBER}_number", f"{NUMBER}_no_") if n not in taken)
        wanted = self._way() == "append" and self.number.isChecked()
        self.open_asked.emit(self._way(), str(self.key.currentData() or ""), number if wanted else "")
