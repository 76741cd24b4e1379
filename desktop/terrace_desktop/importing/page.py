"""The page of an import: the preview of the rows and the lines of the file on the left, the panel on the right."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QFrame, QHBoxLayout, QSplitter, QVBoxLayout, QWidget

from terrace.data.importing.preview import FIRST, Line, Preview
from terrace.data.importing.reading import Reading
from terrace.errors import TerraceError
from terrace_desktop.importing.changed import changed_cells
from terrace_desktop.importing.grid import PreviewGrid
from terrace_desktop.importing.histogram import Shape
from terrace_desktop.importing.lines import FileLines
from terrace_desktop.importing.panel import ImportPanel
from terrace_desktop.ui import theme
from terrace_desktop.ui.widgets import ElidedLabel, hairline, label, named, sized
from terrace_desktop.ui.work_panel import Keys, KeyTaker, done_keys

PANEL = 420  # px
SHORT = 760  # px: a page of less height shows fewer lines of the file
LINES, FEW = 7, 3


class ImportPage(KeyTaker):
    """Shows previews; what is asked of it goes on by the signals of its panel and `column_chosen`."""

    column_chosen = Signal(str)

    def __init__(self) -> None:
        super().__init__()
        named(self, "import_page", self.tr("Import"))
        self.preview: Preview | None = None
        self.name = ""
        self.grid = PreviewGrid()
        self.lines = FileLines()
        self.panel = ImportPanel()
        left = QFrame()
        left.setProperty("surface", "panel")
        column = QVBoxLayout(left)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addWidget(self._head())
        column.addWidget(hairline())
        column.addWidget(self.grid, 1)
        self.strip = QWidget()
        strip = QVBoxLayout(self.strip)
        strip.setContentsMargins(0, 0, 0, 0)
        strip.setSpacing(0)
        strip.addWidget(hairline())
        row = QHBoxLayout()
        row.setContentsMargins(16, 8, 16, 4)
        row.setSpacing(12)
        row.addWidget(label(self.tr("In the file"), "heading"))
        row.addWidget(label(self.tr("Separators are marked; nothing is changed in the file"), "small"), 1)
        strip.addLayout(row)
        strip.addWidget(self.lines)
        self.strip.hide()
        column.addWidget(self.strip)
        split = named(QSplitter(Qt.Orientation.Horizontal), "import_split", self.tr("Preview and how it is read"))
        split.setHandleWidth(1)
        split.setChildrenCollapsible(False)
        split.addWidget(left)
        split.addWidget(self.panel)
        split.setStretchFactor(0, 1)
        split.setStretchFactor(1, 0)
        split.setSizes([1020, PANEL])
        self.panel.setMinimumWidth(384)
        around = QHBoxLayout(self)
        around.setContentsMargins(0, 0, 0, 0)
        around.addWidget(split)
        self.grid.column_chosen.connect(self._chosen)
        self.panel.column.stepped.connect(self._step)
        self.panel.losses.shown.connect(self._show_cells)

    def _head(self) -> QWidget:
        head = QFrame()
        sized(head, height=theme.HEAD)
        row = QHBoxLayout(head)
        row.setContentsMargins(16, 0, 16, 0)
        row.setSpacing(12)
        row.addWidget(label(self.tr("Preview"), "heading"))
        self.told = named(ElidedLabel("", "muted"), "import_told", "")
        row.addWidget(self.told, 1)
        row.addWidget(label(self.tr("Click a column to change it"), "muted"))
        return head

    def keys(self) -> Keys:
        return {**done_keys(self._do), "Esc": self.panel.cancel_asked.emit}

    def _do(self) -> None:
        if self.panel.do_it.isEnabled():
            self.panel.import_asked.emit()

    def begin(self) -> None:
        """The focus on the button that imports: one Enter is all that a file needs that is read as it should be."""
        self.panel.do_it.setFocus(Qt.FocusReason.OtherFocusReason)

    def show_file(self, name: str, size: str, kind: str, reading: Reading) -> None:
        """A file whose preview is not there yet, and how it is to be read."""
        self.preview, self.name = None, ""
        self.told.set_text(self.tr("Reading {0}").format(name))
        self.grid.grid.set_dataset(None)
        self.strip.hide()
        self.panel.show_file(name, size, kind, reading)

    def show_preview(self, preview: Preview) -> None:
        """Show what the file is read as."""
        import numpy as np

        begins = self.preview is None
        self.name = self._still(preview)
        self.preview = preview
        data = preview.data
        first = data if len(data) <= FIRST else data.rows(np.arange(FIRST))
        self.grid.show_rows(first, changed_cells(preview, len(first)), preview.reading.left_out)
        self.grid.choose(data.names.index(self.name) if self.name else -1)
        self.told.set_text(self._rows_told(len(first), preview))
        self.strip.setVisible(bool(preview.lines))
        self._show_lines()
        self.panel.show_preview(preview, self.name)
        if begins:
            self.begin()

    def _still(self, preview: Preview) -> str:
        """The column that was chosen by the name that it has now, else the first."""
        names, before = preview.data.names, self.preview
        if before is not None and self.name in before.data.names:
            written = before.columns[before.data.names.index(self.name)]
            if written in preview.columns:
                return names[preview.columns.index(written)]
        return self.name if self.name in names else next(iter(names), "")

    def _show_lines(self) -> None:
        if self.preview is not None:
            self.lines.show_lines(self.preview.lines[: LINES if self.height() >= SHORT else FEW])

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._show_lines()

    def _rows_told(self, shown: int, preview: Preview) -> str:
        if not preview.whole:
            return self.tr("The first rows; the whole file is being read")
        n = len(preview.data)
        if shown < n:
            return self.tr("The first {0} of {1} rows, as they will be read").format(f"{shown:,}", f"{n:,}")
        return self.tr("All {0} row(s), as they will be read", "", n).format(f"{n:,}")

    def show_problem(self, error: TerraceError, reading: Reading, lines: Sequence[Line]) -> None:
        """Say why the file cannot be read in this way, with the file as it is to see the cause."""
        self.panel.show_problem(error, reading)
        if self.preview is None:
            self.told.set_text(self.tr("Change how the file is read to see it here"))
            self.strip.setVisible(bool(lines))
            self.lines.show_lines(lines)

    def show_shape(self, shape: Shape | None) -> None:
        """Show the distribution of the column."""
        self.panel.column.show_shape(shape)

    def _chosen(self, section: int) -> None:
        if self.preview is None or not 0 <= section < len(self.preview.data.names):
            return
        name = self.preview.data.names[section]
        if name == self.name:
            return
        self.name = name
        self.grid.choose(section)
        self.panel.show_column(self.preview, name)
        self.column_chosen.emit(name)

    def _step(self, step: int) -> None:
        if self.preview is not None and self.name:
            at = self.preview.data.names.index(self.name) + step
            self._chosen(at % len(self.preview.data.names))

    def _show_cells(self, name: str, rows: object) -> None:
        import numpy as np

        if self.preview is not None and name in self.preview.data.names:
            section = self.preview.data.names.index(name)
            self._chosen(section)
            self.grid.show_cells(section, np.asarray(rows))
