"""The panel of an import: how the file is read, the chosen column, what is lost, and the buttons at its foot."""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QCheckBox, QFrame, QHBoxLayout, QLabel, QScrollArea, QVBoxLayout, QWidget

from terrace.data.importing.preview import Preview
from terrace.data.importing.reading import Reading
from terrace.errors import TerraceError
from terrace_desktop.importing.column import ColumnEditor
from terrace_desktop.importing.controls import FileControls
from terrace_desktop.importing.losses import Losses
from terrace_desktop.ui import theme
from terrace_desktop.ui.icons import set_icon
from terrace_desktop.ui.widgets import (
    ElidedLabel,
    Notice,
    button,
    clear_layout,
    hairline,
    icon_button,
    label,
    named,
    sized,
)


class ImportPanel(QFrame):
    """`changed` tells the reading that is wanted now."""

    changed = Signal(object)
    import_asked = Signal()
    cancel_asked = Signal()

    def __init__(self) -> None:
        super().__init__()
        named(self, "import_panel", self.tr("Import"))
        self.setProperty("role", "import-panel")
        self.file = FileControls()
        self.column = ColumnEditor()
        self.losses = Losses()
        self.problem = QVBoxLayout()
        outer = QVBoxLayout(self)
        outer.setContentsMargins(0, 0, 0, 0)
        outer.setSpacing(0)
        outer.addWidget(self._head())
        outer.addWidget(hairline())
        outer.addWidget(self._body(), 1)
        outer.addWidget(hairline())
        outer.addWidget(self._foot())
        for part in (self.file, self.column, self.losses):
            part.changed.connect(self.changed)

    def _head(self) -> QWidget:
        head = QFrame()
        sized(head, height=theme.HEAD)
        row = QHBoxLayout(head)
        row.setContentsMargins(16, 0, 8, 0)
        row.setSpacing(8)
        sign = QLabel()
        set_icon(sign, "import")
        row.addWidget(sign)
        row.addWidget(label(self.tr("Import"), "heading"))
        self.subtitle = named(ElidedLabel("", "muted"), "import_file", "")
        row.addWidget(self.subtitle, 1)
        row.addWidget(icon_button("close", "import_close", self.tr("Cancel (Esc)"), self.cancel_asked.emit))
        return head

    def _body(self) -> QWidget:
        inner = QWidget()
        column = QVBoxLayout(inner)
        column.setContentsMargins(16, 14, 16, 16)
        column.setSpacing(18)
        column.addLayout(self.problem)
        for part in (self.file, self.column, self.losses):
            column.addWidget(part)
        column.addStretch(1)
        scroll = named(QScrollArea(), "import_scroll", self.tr("How the file is read"))
        scroll.setWidgetResizable(True)
        scroll.setFrameShape(QFrame.Shape.NoFrame)
        scroll.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        scroll.setWidget(inner)
        return scroll

    def _foot(self) -> QWidget:
        foot = QFrame()
        foot.setProperty("role", "import-foot")
        sized(foot, height=theme.FOOT)
        row = QHBoxLayout(foot)
        row.setContentsMargins(16, 0, 16, 0)
        row.setSpacing(12)
        self.remember = named(QCheckBox(self.tr("Remember this")), "import_remember", self.tr("Remember this"))
        self.remember.setToolTip(self.tr("Read this file in the same way next time"))
        self.remember.setChecked(True)
        self.cancel = button(self.tr("Cancel"), "import_cancel", self.cancel_asked.emit, variant="plain")
        self.do_it = button(
            self.tr("Import"), "import_do", self.import_asked.emit, variant="primary",
            tip=self.tr("Import the file (Ctrl+Enter)"),
        )  # fmt: skip
        set_icon(self.do_it, "check", "on_accent")
        self.do_it.setAutoDefault(True)  # Enter presses it: to import a file as it is takes one key
        row.addWidget(self.remember, 1)
        row.addWidget(self.cancel)
        row.addWidget(self.do_it)
        return foot

    def show_file(self, name: str, size: str, kind: str, reading: Reading) -> None:
        """Name and size of the file, before anything of it is known."""
        self.file.begin(kind, reading)
        self.column.hide()
        self.losses.clear()
        self.subtitle.set_text(", ".join(x for x in (name, size) if x))
        self.do_it.setText(self.tr("Import"))
        self.do_it.setEnabled(False)
        self.show_problem(None)

    def show_preview(self, preview: Preview, column: str) -> None:
        """Show a preview, and in it this column."""
        self.show_problem(None)
        self.file.show_preview(preview)
        self.losses.show_preview(preview)
        self.show_column(preview, column)
        n = len(preview.data)
        words = self.tr("Import {0} row(s)", "", n).format(f"{n:,}") if preview.whole else self.tr("Import")
        self.do_it.setText(words)
        self.do_it.setAccessibleName(words)
        self.do_it.setEnabled(True)

    def show_column(self, preview: Preview, name: str) -> None:
        """Show another column."""
        self.column.setVisible(bool(name))
        if name:
            self.column.show_column(preview, name)

    def show_problem(self, error: TerraceError | None, reading: Reading | None = None) -> None:
        """Say why the file cannot be read so; what was chosen can be changed."""
        clear_layout(self.problem)
        if error is None:
            return
        strip = Notice(error.message, kind="error", advice=error.advice)
        if reading is not None and reading != Reading():
            strip.add_button(self.tr("Start over"), "import_reset", lambda: self.changed.emit(Reading()))
        self.problem.addWidget(strip)
        self.do_it.setEnabled(False)
