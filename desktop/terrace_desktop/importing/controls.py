"""How the file is read: sheet, header, marks, encoding, codes, codebook. Each control makes another `Reading`."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from PySide6.QtCore import QSignalBlocker, Signal
from PySide6.QtGui import QIntValidator
from PySide6.QtWidgets import QCheckBox, QLineEdit, QVBoxLayout, QWidget

from terrace.data.importing.preview import Preview
from terrace.data.importing.reading import Reading
from terrace.data.readers.header import At, first_row
from terrace_desktop.importing.chips import Chips
from terrace_desktop.importing.rows import Rows, choice, fill
from terrace_desktop.results.segments import Segments
from terrace_desktop.ui import dialogs
from terrace_desktop.ui.widgets import button, label, named
from terrace_desktop.ui.words import tr

SEPARATORS = {";": "semicolon", ",": "comma", "\t": "tab"}
ENCODINGS = (
    "utf-8", "cp1252", "iso8859-1", "iso8859-15", "cp1250", "cp1251", "mac_roman", "utf-16", "shift_jis", "gb18030",
)  # fmt: skip
HEADERS = 10  # rows that can be chosen as that of the names


class FileControls(QWidget):
    """`changed` tells the reading that is wanted now."""

    changed = Signal(object)

    def __init__(self) -> None:
        super().__init__()
        self._reading, self._found = Reading(), Reading()
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(8)
        column.addWidget(label(self.tr("How to read the file"), "title"))
        self.rows = Rows()
        column.addLayout(self.rows)
        self._fill_rows()
        self._more_rows()
        self.more = button(self.tr("More settings"), "import_more", self._toggle, variant="link")
        column.addWidget(self.more)
        column.addLayout(self.more_rows)
        self._show_more(False)

    def _fill_rows(self) -> None:
        rows = self.rows
        self.sheet = choice("import_sheet", self.tr("Sheet"))
        self.header = choice("import_header", self.tr("Header row"))
        self.labelled = named(QCheckBox(self.tr("Labels below")), "import_labelled", self.tr("Labels below the names"))
        self.separator = Segments(
            "import_separator", self.tr("Separator"),
            [("semicolon", self.tr("Semicolon")), ("comma", self.tr("Comma")), ("tab", self.tr("Tab")),
             ("other", self.tr("Other"))],
        )  # fmt: skip
        self.other = named(QLineEdit(), "import_other", self.tr("Other separator"))
        self.other.setMaxLength(1)
        self.other.setMaximumWidth(64)
        self.decimal = Segments(
            "import_decimal", self.tr("Decimals"),
            [("comma", self.tr("Comma: 0,5")), ("point", self.tr("Point: 0.5"))],
        )  # fmt: skip
        self.encoding = choice("import_encoding", self.tr("Encoding"))
        self.missing = Chips("import_missing", self.tr("Missing codes"), self.tr("Add"))
        self.codebook = choice("import_codebook", self.tr("Labels from"))
        rows.add("sheet", self.tr("Sheet"), self.sheet)
        rows.add("header", self.tr("Header row"), self.header, self.labelled)
        rows.add("separator", self.tr("Separator"), self.separator)
        rows.add("other", "", self.other)
        rows.add("decimal", self.tr("Decimals"), self.decimal)
        rows.add("encoding", self.tr("Encoding"), self.encoding)
        rows.add("missing", self.tr("Missing codes"), self.missing)
        rows.add("codebook", self.tr("Labels from"), self.codebook)
        self.sheet.activated.connect(lambda: self._tell(sheet=self.sheet.currentData(), names=None, labels=None))
        self.header.activated.connect(self._header_chosen)
        self.labelled.clicked.connect(self._labelled)
        self.separator.chosen.connect(self._separator_chosen)
        self.other.textEdited.connect(lambda text: self._tell(delimiter=text or self._found.delimiter))
        self.decimal.chosen.connect(self._decimal_chosen)
        self.encoding.activated.connect(lambda: self._tell(encoding=self.encoding.currentData()))
        self.missing.changed.connect(lambda texts: self._tell(missing=texts))
        self.codebook.activated.connect(self._codebook_chosen)

    def _more_rows(self) -> None:
        self.more_rows = Rows()
        self.thousands = choice("import_thousands", self.tr("Between thousands"))
        self.dates = choice("import_dates", self.tr("Dates"))
        self.skip = named(QLineEdit(), "import_skip", self.tr("Lines to skip"))
        self.skip.setValidator(QIntValidator(0, 99_999, self.skip))
        self.comment = named(QLineEdit(), "import_comment", self.tr("Comments begin with"))
        self.comment.setPlaceholderText("#")
        self.rows_range = named(QLineEdit(), "import_rows", self.tr("Rows of the file"))
        self.rows_range.setPlaceholderText(self.tr("All, or such as 4:200"))
        self.cells = named(QLineEdit(), "import_cells", self.tr("Range of cells"))
        self.cells.setPlaceholderText(self.tr("All, or such as B3:F20"))
        rows = self.more_rows
        rows.add("dates", self.tr("Dates"), self.dates)
        rows.add("thousands", self.tr("Thousands"), self.thousands)
        rows.add("skip", self.tr("Skip lines"), self.skip)
        rows.add("comment", self.tr("Comments"), self.comment)
        rows.add("rows", self.tr("Rows"), self.rows_range)
        rows.add("cells", self.tr("Cells"), self.cells)
        self.dates.activated.connect(lambda: self._tell(dates=self.dates.currentData()))
        self.thousands.activated.connect(lambda: self._tell(thousands=self.thousands.currentData()))
        self.skip.editingFinished.connect(lambda: self._tell(skip=int(self.skip.text() or 0)))
        self.comment.editingFinished.connect(lambda: self._tell(comment=self.comment.text() or None))
        self.rows_range.editingFinished.connect(self._range_typed)
        self.cells.editingFinished.connect(lambda: self._tell(cells=self.cells.text().strip() or None))

    # --- showing ------------------------------------------------------------------------------------
    def show_preview(self, preview: Preview) -> None:
        """Show how the file is read; nobody is told."""
        self._reading, self._found = preview.reading, preview.found
        found, reading = preview.found, preview.reading
        text = preview.kind == "import delimited"
        for key in ("separator", "decimal", "encoding"):
            self.rows.show_row(key, text)
        self.rows.show_row("sheet", not text)
        fill(self.sheet, [(s, s) for s in preview.sheets], found.sheet)
        self._show_header(found)
        if text:
            self._show_text(found, reading)
        self.rows.show_row("other", text and self.separator.value() == "other")
        self.missing.show_texts(reading.missing)
        self._show_codebook(preview)
        self._show_details(text)

    def begin(self, kind: str, reading: Reading) -> None:
        """A file of which nothing is known yet, or that cannot be read in this way."""
        self._reading = reading
        text = kind == "import delimited"
        for key in ("separator", "decimal", "encoding"):
            self.rows.show_row(key, text)
        self.rows.show_row("sheet", False)
        self.rows.show_row("other", text and self.separator.value() == "other")
        self._show_header(reading if reading.names is not None else replace(reading, names=1))
        if text:
            known = [(name, _encoding(name)) for name in ENCODINGS]
            fill(self.encoding, [(None, self.tr("As found")), *known], reading.encoding)
        self.missing.show_texts(reading.missing)
        fill(self.codebook, [("", self.tr("The file itself")), (None, self.tr("A codebook…"))], reading.codebook)
        self._found = reading
        self._show_details(text)

    def _show_header(self, found: Reading) -> None:
        row = first_row(found.names)
        rows = sorted({*range(1, HEADERS + 1), row} - {0})
        items: list[tuple[object, str]] = [(k, self.tr("Row {0}, names").format(k)) for k in rows]
        below = found.names[1] if isinstance(found.names, tuple) else row + 1
        if row:  # names of groups above the names are a usual habit
            items.insert(rows.index(row) + 1, ((row, below), self.tr("Rows {0} to {1}, joined").format(row, below)))
        fill(self.header, [*items, (0, self.tr("No names"))], found.names or 0)
        self.labelled.setEnabled(bool(row))
        with QSignalBlocker(self.labelled):
            self.labelled.setChecked(bool(found.labels))
        if isinstance(found.labels, tuple):
            self.labelled.setText(self.tr("Labels in rows {0} to {1}").format(*found.labels))
        else:
            self.labelled.setText(self.tr("Labels in row {0}").format(found.labels or _below(found.names)))

    def _show_text(self, found: Reading, reading: Reading) -> None:
        key = SEPARATORS.get(found.delimiter or "", "other")
        self.separator.show_value(key)
        self.decimal.show_value("comma" if found.decimal == "," else "point")
        if key == "other" and not self.other.hasFocus():
            self.other.setText(found.delimiter or "")
        known = dict.fromkeys([found.encoding or "utf-8", *ENCODINGS])
        items = [(name, _encoding(name)) for name in known]
        if reading.encoding is None:
            items[0] = (items[0][0], self.tr("{0}, found by Terrace").format(items[0][1]))
        fill(self.encoding, items, found.encoding)

    def _show_codebook(self, preview: Preview) -> None:
        path = preview.reading.codebook
        items: list[tuple[object, str]] = [("", self.tr("The file itself"))]
        if path:
            n = len(preview.matched.found) if preview.matched is not None else 0
            words = self.tr("{0}, {1} variable(s)", "", n).format(Path(path).name, n)
            items.append((path, words))
        fill(self.codebook, [*items, (None, self.tr("A codebook…"))], path)

    def _show_details(self, text: bool) -> None:
        reading = self._reading
        for key in ("thousands", "skip", "comment", "rows"):
            self.more_rows.show_row(key, text and self._open)
        self.more_rows.show_row("dates", self._open)
        self.more_rows.show_row("cells", not text and self._open)
        orders = [("", self.tr("As their values tell")), ("dmy", self.tr("Day first: 31/12/2024")),
                  ("mdy", self.tr("Month first: 12/31/2024"))]  # fmt: skip
        fill(self.dates, orders, reading.dates)
        marks = [(None, self.tr("As found")), ("", self.tr("None: 1000"))]
        marks += [(mark, f"1{mark}000") for mark in ".,' " if mark != self._found.decimal]
        fill(self.thousands, marks, self._found.thousands)
        if not self.skip.hasFocus():
            self.skip.setText(str(reading.skip))
        if not self.comment.hasFocus():
            self.comment.setText(reading.comment or "")
        if not self.rows_range.hasFocus():
            first, last = reading.rows
            self.rows_range.setText("" if reading.rows == (None, None) else f"{first or ''}:{last or ''}")
        if not self.cells.hasFocus():
            self.cells.setText(reading.cells or "")

    def _toggle(self) -> None:
        self._show_more(not self._open)

    def _show_more(self, on: bool) -> None:
        self._open = on
        self.more.setText(self.tr("Fewer settings") if on else self.tr("More settings"))
        self._show_details(self._found.sheet is None)

    # --- what is wanted -----------------------------------------------------------------------------
    def _tell(self, **wanted: object) -> None:
        reading: Reading = replace(self._reading, **wanted)  # type: ignore[arg-type] # of its own members
        if reading != self._reading:
            self._reading = reading
            self.changed.emit(reading)

    def _header_chosen(self) -> None:
        rows = self.header.currentData()
        labelled = self._found.labels and rows and not isinstance(rows, tuple)  # the rows of labels may be of names now
        self._tell(names=rows, labels=_below(rows) if labelled else 0)

    def _labelled(self, on: bool) -> None:
        names = self._found.names or 0
        self._tell(names=names, labels=_below(names) if on else 0)

    def _separator_chosen(self, key: str) -> None:
        mark = next((m for m, k in SEPARATORS.items() if k == key), None)
        self.rows.show_row("other", mark is None)
        if mark is None:
            self.other.setFocus()
        else:
            self._tell(delimiter=mark)

    def _decimal_chosen(self, key: str) -> None:
        mark = "," if key == "comma" else "."
        thousands = None if self._reading.thousands == mark else self._reading.thousands
        self._tell(decimal=mark, thousands=thousands)

    def _codebook_chosen(self) -> None:
        path = self.codebook.currentData()
        if path is None:
            path = dialogs.ask_data(self, tr("Choose a codebook"), "") or self._reading.codebook
        if path == self._reading.codebook:
            at = self.codebook.findData(path)
            self.codebook.setCurrentIndex(at)
        self._tell(codebook=path)

    def _range_typed(self) -> None:
        text = self.rows_range.text().strip()
        first, colon, last = text.partition(":")
        parts = [int(p) if p.strip().isdigit() else None for p in (first, last)]
        if text and not any(parts):
            self.rows_range.clear()
        self._tell(rows=(parts[0], parts[1] if colon else None))


def _below(names: At) -> int:
    """The row below those of the names."""
    return (names[1] if isinstance(names, tuple) else names or 0) + 1


def _encoding(name: str) -> str:
    return "Windows-1252" if name == "cp1252" else name.upper()
