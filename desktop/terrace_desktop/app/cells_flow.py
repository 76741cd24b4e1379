"""What is done to cells, rows and variables in the grid: each is one command of the session."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING

from PySide6.QtCore import QMimeData, QObject, QPoint, Signal
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QWidget

from terrace_desktop.app.data_pane import DataPane
from terrace_desktop.grid.block import Block, Cells, new_names
from terrace_desktop.grid.copying import MOST_CELLS, OWN, Copied, copied, exact_texts
from terrace_desktop.grid.pasting import clip_of, place
from terrace_desktop.grid.typing_in import usual_decimal
from terrace_desktop.ui.action import Action
from terrace_desktop.ui.menus import Line, menu_of
from terrace_desktop.ui.words import from_engine, tr
from terrace_desktop.work import commands
from terrace_desktop.work.controller import Controller

if TYPE_CHECKING:
    from terrace.data.dataset import Dataset
    from terrace.session.contract import Outcome

_MANY = 10_000  # rows and names of a command that is not written on the GUI thread


class CellsFlow(QObject):
    """Runs what the grid asks for beside sorting and filtering."""

    told = Signal(str)  # a short message for the status bar

    def __init__(self, window: QWidget, controller: Controller, pane: DataPane) -> None:
        super().__init__(window)
        self.controller = controller
        self.pane = pane
        self.grid = pane.grid
        self.grid.enter_asked.connect(self.enter)
        self.grid.asked.connect(self.do)
        self.grid.copy_asked.connect(self.copy)
        self.grid.menu_asked.connect(self.show_menu)
        self._does: dict[str, Callable[[], object]] = {
            "clear": self.clear, "cut": self.cut, "paste": self.paste, "fill_down": self.fill_down,
            "fill_right": self.fill_right, "find": partial(pane.find_bar.open, False),
            "replace": partial(pane.find_bar.open, True), "insert": self.insert, "delete": self.delete,
        }  # fmt: skip

    def actions(self) -> list[Action]:
        """What the menus offer about cells."""
        open_ = self.controller.has_data
        return [
            Action("cut_cells", tr("Cu&t cells"), self.cut, enabled=open_),
            Action("paste_cells", tr("&Paste into cells"), self.paste, enabled=open_),
            Action("clear_cells", tr("&Clear cells"), self.clear, enabled=open_),
            Action("fill_down", tr("Fill &down"), self.fill_down, enabled=open_),
            Action("fill_right", tr("Fill ri&ght"), self.fill_right, enabled=open_),
            Action("insert_rows", tr("Insert &rows above"), self.insert_rows, enabled=open_),
            Action("insert_variables", tr("Insert &variables before"), self.insert_variables, enabled=open_),
            Action("delete_rows", tr("Delete r&ows"), self.delete_rows, enabled=open_),
            Action("delete_variables", tr("Delete v&ariables"), self.delete_variables, enabled=open_),
            Action("find_cells", tr("&Find in cells…"), partial(self._bar, False), enabled=open_),
            Action("replace_cells", tr("Find and r&eplace…"), partial(self._bar, True), enabled=open_),
            Action("freeze", tr("Free&ze up to this variable"), self.freeze, enabled=open_),
            Action("unfreeze", tr("&Unfreeze"), self.grid.frozen.clear, enabled=open_),
        ]

    def do(self, asked: str) -> None:
        """What a key of the grid asks for."""
        self._does[asked]()

    def _bar(self, replacing: bool) -> None:
        self.pane.show_tab(0)
        self.pane.find_bar.open(replacing)

    # --- entering -----------------------------------------------------------------------------------
    def enter(self, cells: Cells, then: Callable[[Outcome], object] | None = None) -> None:
        """Put cells into the data."""
        dataset = self._dataset()
        if dataset is None:
            return
        def text() -> str:
            return commands.enter(
                commands.names_text(cells.names, dataset.names), cells.rows, cells.block, decimal=cells.decimal,
                exact=cells.exact, before=cells.before,
            )  # fmt: skip

        if len(cells.rows) + len(cells.names) > _MANY:  # the list of rows takes its time
            self.controller.call_view("writing a command", text, partial(self._run, cells, then))
        else:
            self._run(cells, then, text())

    def _run(self, cells: Cells, then: Callable[[Outcome], object] | None, text: str) -> None:
        if len(text) > commands.LONGEST:
            self.told.emit(self.tr("This is too much at once. Use replace or generate, or open it as a file."))
            return

        def done(outcome: Outcome | None) -> None:
            if outcome is None or not outcome.ok:
                return
            if not self._tell_refused(outcome):
                if cells.decimal == ",":
                    self.told.emit(self.tr("The comma was read as the sign before the decimals."))
                if then is not None:
                    then(outcome)

        self.controller.run(text, done)

    def _tell_refused(self, outcome: Outcome) -> bool:
        """Say at the first cell that was refused why; False where none was."""
        refused = outcome.payload.get("refused") or []
        dataset = self._dataset()
        if not refused or dataset is None:
            return False
        first, count = refused[0], len(refused)
        told = self.tr("{0} cell(s) refused. {1}", "", count)
        self.told.emit(told.format(f"{count:,}", from_engine(first["why"])))
        if first["variable"] in dataset and self.grid.go_to_row(first["row"] - 1):
            column = dataset.names.index(first["variable"])
            index = self.grid.grid.index(self.grid.currentIndex().row(), column)
            self.grid.go_to(index)
            self.grid.refuse(index, f"{first['text']}: {from_engine(first['why'])}")
        return True

    def clear(self) -> None:
        """Make the selected cells missing."""
        block = self._block()
        dataset = self._dataset()
        if block is None or dataset is None or not block.cells:
            return
        names = tuple(dataset.names[c] for c in block.columns)
        self.enter(Cells(names, self.grid.grid.data_rows(block.rows()), [[""]], exact=True))

    def fill_down(self) -> None:
        """Copy the first selected row to the others; of one row, that above it."""
        block, dataset = self._block(), self._dataset()
        if block is None or dataset is None or not block.cells:
            return
        rows = block.rows()
        source, rest = (rows[:1] - 1, rows) if len(rows) == 1 else (rows[:1], rows[1:])
        if source[0] < 0:
            return
        from_, to = self.grid.grid.data_rows(source), self.grid.grid.data_rows(rest)
        names = tuple(dataset.names[c] for c in block.columns)
        line = [exact_texts(dataset, name, from_)[0] for name in names]
        self.enter(Cells(names, to, [line], exact=True))

    def fill_right(self) -> None:
        """Copy the first selected column to the others; of one column, that before it."""
        block, dataset = self._block(), self._dataset()
        if block is None or dataset is None or not block.cells:
            return
        columns = list(block.columns)
        source, rest = (columns[0] - 1, columns) if len(columns) == 1 else (columns[0], columns[1:])
        if source < 0 or block.height > MOST_CELLS:
            return
        rows = self.grid.grid.data_rows(block.rows())
        names = tuple(dataset.names[c] for c in rest)

        def done(texts: list[str]) -> None:
            self.enter(Cells(names, rows, [[t] for t in texts], exact=True))

        self.controller.call_view("reading cells", lambda: exact_texts(dataset, dataset.names[source], rows), done)

    # --- the clipboard ------------------------------------------------------------------------------
    def copy(self, then: Callable[[], object] | None = None) -> None:
        """Copy the selected cells, or the marked rows where nothing is selected."""
        import numpy as np

        grid, model, dataset = self.grid, self.grid.grid, self._dataset()
        if dataset is None:
            return
        whole = grid.whole() == "columns"
        if not grid.rectangles() and model.marked is not None:
            columns, rows = list(range(len(dataset.names))), np.flatnonzero(model.marked)
            whole = True
        else:
            block = self._block()
            if block is None:
                return
            columns, rows = list(block.columns), model.data_rows(block.rows())
        cells = len(columns) * len(rows)
        if not cells:
            return
        if cells > MOST_CELLS:
            told = self.tr("Too many cells to copy: {0}. The limit is {1}.")
            self.told.emit(told.format(f"{cells:,}", f"{MOST_CELLS:,}"))
            return
        labels = model.labels

        def done(found: Copied) -> None:
            data = QMimeData()
            data.setText(found.text)
            if found.page:
                data.setHtml(found.page)
                data.setData(OWN, found.own.encode())
            QGuiApplication.clipboard().setMimeData(data)
            self.told.emit(self.tr("{0} cell(s) copied", "", cells).format(f"{cells:,}"))
            if then is not None:
                then()

        self.controller.call_view("copying cells", lambda: copied(dataset, columns, rows, labels, whole), done)

    def cut(self) -> None:
        """Copy the selected cells, and make them missing."""
        self.copy(self.clear)

    def paste(self) -> None:
        """Put what was copied, here or in another program, into the cells from the current one on."""
        dataset, model = self._dataset(), self.grid.grid
        held = QGuiApplication.clipboard().mimeData()
        if dataset is None or held is None:
            return
        own = bytes(held.data(OWN).data()).decode() if held.hasFormat(OWN) else ""
        if len(held.text()) > commands.LONGEST:
            self.told.emit(self.tr("This is too much to paste. Save it as a file and open the file."))
            return
        clip = clip_of(held.text(), held.html() if held.hasHtml() else "", own)
        at = self.grid.currentIndex()
        if clip is None or not at.isValid():
            self.told.emit(self.tr("The clipboard has no cells to paste."))
            return
        block = self._block()
        if block is None:
            return
        whole = self.grid.whole() == "columns"
        top = min([r[0] for r in self.grid.rectangles()] or [at.row()])
        left = min([r[2] for r in self.grid.rectangles()] or [at.column()])
        inside = not model.is_room(at.row(), at.column())
        where = (top, left) if inside else (at.row(), at.column())
        cells, rows = place(
            dataset, clip, where, block if inside else None, whole, model.shown_rows, usual_decimal()
        )
        count = len(rows) * len(cells.names)
        told = self.tr("{0} cell(s) pasted", "", count).format(f"{count:,}")
        if cells.decimal == ",":
            told = self.tr("{0}. The comma was read as the sign before the decimals.").format(told)
        self.enter(replace(cells, rows=model.data_rows(rows)), lambda _outcome: self.told.emit(told))

    # --- rows and variables -------------------------------------------------------------------------
    def insert(self) -> None:
        """Rows or variables, as what is selected."""
        if self.grid.whole() == "columns":
            self.insert_variables()
        else:
            self.insert_rows()

    def delete(self) -> None:
        """The selected rows or variables."""
        if self.grid.whole() == "columns":
            self.delete_variables()
        else:
            self.delete_rows()

    def insert_rows(self) -> None:
        """As many empty rows as are selected, above them."""
        block = self._block()
        if block is not None and block.cells:
            row = int(self.grid.grid.data_rows(block.rows()[:1])[0])
            self.controller.run(f"insobs {block.height}, before({row + 1})", self._select_again())

    def insert_variables(self) -> None:
        """As many empty variables as are selected, before them."""
        block, dataset = self._block(), self._dataset()
        if block is None or dataset is None or not block.columns:
            return
        before = dataset.names[block.columns[0]]
        names = new_names(dataset, len(block.columns))
        if len(names) == 1:
            self.controller.run(f"generate {names[0]} = ., before({before})", self._select_again())
        else:
            rows = self.grid.grid.data_rows(block.rows()[:1])
            self.enter(Cells(names, rows, [[""]], exact=True, before=before), self._select_again())

    def _select_again(self) -> Callable[[Outcome | None], object]:
        """What selects the ranges of now again: what was inserted stands there then."""
        ranges = self.grid.rectangles()
        return lambda outcome: self.grid.select(ranges) if outcome is not None and outcome.ok and ranges else None

    def delete_rows(self) -> None:
        """The rows of the selected cells."""
        block = self._block()
        if block is not None and block.cells:
            self.controller.run(commands.drop_rows(self.grid.grid.data_rows(block.rows())))

    def delete_variables(self) -> None:
        """The variables of the selected cells."""
        block, dataset = self._block(), self._dataset()
        if block is not None and dataset is not None and block.columns:
            names = [dataset.names[c] for c in block.columns]
            self.controller.run(f"drop {commands.names_text(names, dataset.names)}")

    def freeze(self) -> None:
        """Keep the variables up to the current one in sight."""
        column = self.grid.currentIndex().column()
        if 0 <= column < self.grid.grid.variables:
            self.grid.frozen.set_count(column + 1)
            if not self.grid.frozen.isVisible():
                self.told.emit(self.tr("These variables are too wide to freeze. Make the columns narrower."))

    # --- menus --------------------------------------------------------------------------------------
    def column_lines(self, names: list[str]) -> list[Line]:
        """What the menu of a column, or of several, offers about cells."""
        dataset = self._dataset()
        if dataset is None:
            return []
        first, frozen = dataset.names.index(names[0]), self.grid.frozen

        def insert() -> None:
            self.grid.selectColumn(first)
            self.insert_variables()

        held = first < frozen.count
        freeze = Action("freeze", tr("Free&ze up to here"), partial(frozen.set_count, first + 1))
        return [
            Action("insert", tr("&Insert variable before"), insert),
            Action("unfreeze", tr("Unfree&ze"), frozen.clear) if held else freeze,
        ]

    def show_menu(self, at: QPoint) -> None:
        """What can be done with the selected cells."""
        held = self.grid.frozen.count > 0
        groups: list[list[Line]] = [
            [
                Action("cut", self.tr("Cut\tCtrl+X"), self.cut),
                Action("copy", self.tr("Copy\tCtrl+C"), self.copy),
                Action("paste", self.tr("Paste\tCtrl+V"), self.paste),
                Action("clear", self.tr("Clear\tDel"), self.clear),
            ],
            [
                Action("fill_down", self.tr("Fill down\tCtrl+D"), self.fill_down),
                Action("fill_right", self.tr("Fill right\tCtrl+R"), self.fill_right),
            ],
            [
                Action("insert_rows", self.tr("Insert rows above"), self.insert_rows),
                Action("insert_variables", self.tr("Insert variables before"), self.insert_variables),
                Action("delete_rows", self.tr("Delete rows"), self.delete_rows),
                Action("delete_variables", self.tr("Delete variables"), self.delete_variables),
            ],
            [
                Action("replace", self.tr("Find and replace…\tCtrl+H"), partial(self._bar, True)),
                Action("freeze", self.tr("Freeze up to this variable"), self.freeze),
                Action("unfreeze", self.tr("Unfreeze"), self.grid.frozen.clear, enabled=lambda: held),
            ],
        ]
        menu_of(self.grid, "cells_menu", self.tr("Cells"), groups).popup(at)

    # --- what is meant ------------------------------------------------------------------------------
    def _dataset(self) -> Dataset | None:
        return self.grid.grid.dataset

    def _block(self) -> Block | None:
        """What is selected; told where it is no block."""
        block = self.grid.block()
        if block is None:
            self.told.emit(self.tr("Select ranges of the same rows, or of the same variables."))
        return block
