"""What stands in the window before there are data: open a file, take a sample, or a recent file."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QFrame, QHBoxLayout, QScrollArea, QVBoxLayout, QWidget

from terrace_desktop.ui.widgets import ClickFrame, ElidedLabel, Notice, button, clear_layout, label, named

WIDTH = 760


@dataclass(frozen=True, slots=True)
class SampleCard:
    """What the page shows of a sample."""

    name: str
    title: str
    description: str
    rows: int


def sample_cards() -> list[SampleCard]:
    """The bundled samples, read from their index so that no data library is loaded for the first window."""
    from terrace.data.resources import resource_path

    entries = json.loads(resource_path("samples", "index.json").read_text(encoding="utf-8"))
    return [SampleCard(e["name"], e["title"], e["description"], int(e["rows"])) for e in entries]


class StartPage(QScrollArea):
    """The first page. `show_error` puts the reason on it when a file could not be opened."""

    open_asked = Signal()
    file_asked = Signal(str)
    sample_asked = Signal(str)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        named(self, "start_page", self.tr("Start"))
        self.setWidgetResizable(True)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setFrameShape(QFrame.Shape.NoFrame)
        page = QWidget()
        page.setProperty("surface", "ground")
        self.setWidget(page)
        outer = QHBoxLayout(page)
        outer.setContentsMargins(24, 24, 24, 24)
        inner = QWidget()
        inner.setMaximumWidth(WIDTH)
        outer.addStretch(1)
        outer.addWidget(inner, 20)
        outer.addStretch(1)
        column = QVBoxLayout(inner)
        column.setContentsMargins(0, 24, 0, 0)
        column.setSpacing(8)
        column.addWidget(label(self.tr("Start with data"), "display"))
        told = self.tr(
            "Open a file from Stata, SPSS, SAS, Excel, Parquet or CSV, or drop it here. "
            "Then build a multilevel model with the mouse."
        )
        column.addWidget(label(told, "muted", wrap=True))
        column.addSpacing(8)
        row = QHBoxLayout()
        self.open_button = button(
            self.tr("Open data…"), "start_open", self.open_asked.emit, variant="primary"
        )
        row.addWidget(self.open_button)
        row.addStretch(1)
        column.addLayout(row)
        self._strip = QVBoxLayout()
        self._strip.setContentsMargins(0, 8, 0, 0)
        column.addLayout(self._strip)
        column.addSpacing(16)
        lists = QHBoxLayout()
        lists.setSpacing(32)
        column.addLayout(lists)
        self._samples = self._section(lists, self.tr("Samples"), 3)
        self._recent_head, self._recent = self._headed(lists, self.tr("Recent files"), 2)
        column.addStretch(1)
        for card in sample_cards():
            self._samples.addWidget(self._sample_row(card))
        self._samples.addStretch(1)

    def show_recent(self, paths: list[str]) -> None:
        """List recent files."""
        clear_layout(self._recent)
        for path in paths:
            self._recent.addWidget(self._file_row(path))
        if not paths:
            self._recent.addWidget(label(self.tr("Files you open are listed here."), "muted", wrap=True))
        self._recent.addStretch(1)

    def show_error(self, message: str, advice: str = "") -> None:
        """Say why the file could not be opened; an empty message clears the strip."""
        clear_layout(self._strip)
        if message:
            strip = Notice(message, kind="error", advice=advice)
            strip.add_button(self.tr("Open another file…"), "start_error_open", self.open_asked.emit)
            self._strip.addWidget(strip)

    def _headed(self, lists: QHBoxLayout, text: str, stretch: int) -> tuple[QWidget, QVBoxLayout]:
        holder = QWidget()
        outer = QVBoxLayout(holder)
        outer.setContentsMargins(0, 0, 0, 0)
        outer.setSpacing(8)
        outer.addWidget(label(text, "heading"))
        column = QVBoxLayout()
        column.setSpacing(4)
        outer.addLayout(column, 1)
        lists.addWidget(holder, stretch)
        return holder, column

    def _section(self, lists: QHBoxLayout, text: str, stretch: int) -> QVBoxLayout:
        return self._headed(lists, text, stretch)[1]

    def _sample_row(self, card: SampleCard) -> QWidget:
        rows = self.tr("{0} row(s)", "", card.rows).format(f"{card.rows:,}")
        row = ClickFrame(f"sample_{card.name}", f"{card.title}, {rows}", surface="item")
        box = QVBoxLayout(row)
        box.setContentsMargins(12, 8, 12, 8)
        box.setSpacing(2)
        head = QHBoxLayout()
        head.addWidget(ElidedLabel(card.title, "heading"), 1)
        head.addWidget(label(rows, "small"))
        box.addLayout(head)
        box.addWidget(label(card.description, "muted", wrap=True))
        row.clicked.connect(lambda: self.sample_asked.emit(card.name))
        return row

    def _file_row(self, path: str) -> QWidget:
        name = Path(path).name
        row = ClickFrame(f"recent_{name}", self.tr("Open {0}").format(path), surface="item")
        row.setToolTip(path)
        box = QVBoxLayout(row)
        box.setContentsMargins(12, 8, 12, 8)
        box.setSpacing(2)
        box.addWidget(ElidedLabel(name, "heading"))
        folder = ElidedLabel(str(Path(path).parent), "small", mode=Qt.TextElideMode.ElideMiddle)
        box.addWidget(folder)
        row.clicked.connect(lambda: self.file_asked.emit(path))
        return row
