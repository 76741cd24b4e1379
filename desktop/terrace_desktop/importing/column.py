"""What one column is: whether it is wanted, its name, label, type, level and missing codes, with its distribution."""

from __future__ import annotations

from PySide6.QtCore import QSignalBlocker, Signal
from PySide6.QtGui import QIcon
from PySide6.QtWidgets import QCheckBox, QHBoxLayout, QLineEdit, QVBoxLayout, QWidget

from terrace.data.dataset import Measure
from terrace.data.importing.made import type_of
from terrace.data.importing.preview import Preview
from terrace.data.importing.reading import Reading
from terrace_desktop.importing.chips import Chips
from terrace_desktop.importing.histogram import Histogram, Shape
from terrace_desktop.importing.rows import Rows, choice, fill
from terrace_desktop.ui.icons import icon
from terrace_desktop.ui.measures import measure_icon, measure_title
from terrace_desktop.ui.widgets import icon_button, label, named, tell

TYPES = ("number", "date", "text")


class ColumnEditor(QWidget):
    """`changed` tells the reading that is wanted now, `stepped` which column: the one before (-1) or after (1)."""

    changed = Signal(object)
    stepped = Signal(int)

    def __init__(self) -> None:
        super().__init__()
        self._reading, self._shown, self._name = Reading(), Reading(), ""
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(8)
        head = QHBoxLayout()
        self.title = label("", "title")
        head.addWidget(self.title, 1)
        before = icon_button("back", "import_before", self.tr("Column before"), lambda: self.stepped.emit(-1))
        after = icon_button("forward", "import_after", self.tr("Next column"), lambda: self.stepped.emit(1))
        head.addWidget(before)
        head.addWidget(after)
        column.addLayout(head)
        words = self.tr("Import this column")
        self.wanted = named(QCheckBox(words), "import_wanted", words)
        column.addWidget(self.wanted)
        rows = Rows()
        self.name = named(QLineEdit(), "import_name", self.tr("Name"))
        self.label = named(QLineEdit(), "import_label", self.tr("Label"))
        self.type = choice("import_type", self.tr("Type"))
        self.measure = choice("import_measure", self.tr("Measure level"))
        self.codes = Chips("import_codes", self.tr("Missing codes of this column"), self.tr("Add"))
        rows.add("name", self.tr("Name"), self.name)
        rows.add("label", self.tr("Label"), self.label)
        rows.add("type", self.tr("Type"), self.type, self.measure)
        rows.add("codes", self.tr("Missing codes"), self.codes)
        column.addLayout(rows)
        self.histogram = Histogram()
        column.addWidget(self.histogram)
        self.counts = named(label("", "muted", wrap=True), "import_counts", "")
        column.addWidget(self.counts)
        self.wanted.clicked.connect(lambda on: self._tell(self._reading.with_left_out(self._name, not on)))
        self.name.editingFinished.connect(self._name_typed)
        self.codes.changed.connect(lambda codes: self._tell(self._reading.with_codes(self._name, codes)))
        self.label.editingFinished.connect(self._label_typed)
        self.type.activated.connect(lambda: self._tell(self._reading.with_type(self._name, self.type.currentData())))
        self.measure.activated.connect(self._measure_chosen)

    def show_column(self, preview: Preview, name: str) -> None:
        """Show what a column is; nobody is told."""
        self._reading = self._shown = preview.reading
        self._name = name
        variable = preview.data.variable(name)
        self.title.setText(self.tr("Column {0}").format(name))
        wanted = name not in preview.reading.left_out
        with QSignalBlocker(self.wanted):
            self.wanted.setChecked(wanted)
        for control in (self.name, self.label, self.type, self.measure, self.codes):
            control.setEnabled(wanted)
        if not self.name.isModified():
            self.name.setText(name)
        written = preview.reading.written(name)
        self.name.setToolTip(self.tr("{0} in the file").format(written) if written != name else "")
        self.codes.show_texts(preview.reading.codes.get(name, ()))
        if not self.label.hasFocus() or self.label.property("of") != name:
            self.label.setText(variable.label)
            self.label.setProperty("of", name)
        words = {"number": self.tr("Number"), "date": self.tr("Date"), "text": self.tr("Text")}
        chosen = preview.reading.types.get(name)
        items: list[tuple[object, str]] = [(t, words[t]) for t in TYPES]
        fill(self.type, items, chosen or type_of(preview.data, name))
        fill(self.measure, [(m.value, measure_title(m.value)) for m in Measure], variable.measure.value)
        for k, m in enumerate(Measure):
            self.measure.setItemIcon(k, QIcon(icon(measure_icon(m.value), "muted")))

    def show_shape(self, shape: Shape | None) -> None:
        """Show the distribution; None while it is not known."""
        self.histogram.show_shape(shape)
        if shape is None:
            return
        said = [
            self.tr("{0} value(s)", "", shape.values).format(f"{shape.values:,}"),
            self.tr("{0} missing").format(f"{shape.missing:,}"),
        ]
        if shape.mean is not None:
            said.append(self.tr("Mean {0}").format(f"{shape.mean:.2f}".replace("-", "−")))
        if shape.sd is not None:
            said.append(self.tr("SD {0}").format(f"{shape.sd:.2f}"))
        if shape.mean is None and shape.different:
            said.append(self.tr("{0} different").format(f"{shape.different:,}"))
        tell(self.counts, "    ".join(said))

    def _measure_chosen(self) -> None:
        self._tell(self._reading.with_measure(self._name, Measure(self.measure.currentData())))

    def _name_typed(self) -> None:
        """Another name, said of the reading that is shown: one that cannot be had leaves nothing behind."""
        new = self.name.text().strip()
        if self._name and self.name.isModified():
            self.name.setModified(False)
            if new:
                self._tell(self._shown.with_name(self._name, new))
            else:
                self.name.setText(self._name)

    def _label_typed(self) -> None:
        if self._name and self.label.isModified():
            self.label.setModified(False)
            self._tell(self._reading.with_label(self._name, self.label.text().strip()))

    def _tell(self, reading: Reading) -> None:
        if reading != self._reading:
            self._reading = reading
            self.changed.emit(reading)
