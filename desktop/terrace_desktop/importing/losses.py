"""What the file loses or what is changed, as strips of the panel with what can be done about each."""

from __future__ import annotations

from dataclasses import replace
from functools import partial

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QVBoxLayout, QWidget

from terrace.data.importing.changes import Change
from terrace.data.importing.preview import Preview
from terrace.data.importing.reading import Reading
from terrace_desktop.importing.changed import MARKED
from terrace_desktop.ui.widgets import Notice, button, clear_layout, label, named
from terrace_desktop.ui.words import from_engine

MOST = 4  # strips, before the user asks for all


class Losses(QWidget):
    """`changed` tells the reading that mends something, `shown` a variable and its rows to look at."""

    changed = Signal(object)
    shown = Signal(str, object)

    def __init__(self) -> None:
        super().__init__()
        named(self, "import_losses", self.tr("What is lost or changed"))
        self._all = False
        self._preview: Preview | None = None
        self._column = QVBoxLayout(self)
        self._column.setContentsMargins(0, 0, 0, 0)
        self._column.setSpacing(8)

    def show_preview(self, preview: Preview) -> None:
        """Show what is lost or changed in it."""
        self._preview = preview
        self._refill()

    def clear(self) -> None:
        """Nothing is known yet."""
        self._preview, self._all = None, False
        clear_layout(self._column)

    def _refill(self) -> None:
        preview = self._preview
        clear_layout(self._column)
        if preview is None:
            return
        warned = [c for c in preview.changes if c.kind in MARKED]
        for k, change in enumerate(warned if self._all else warned[:MOST]):
            self._column.addWidget(self._strip(k, change, preview.reading))
        more = len(warned) - MOST
        if more > 0 and not self._all:
            words = self.tr("Show {0} more").format(more)
            self._column.addWidget(button(words, "import_all_losses", self._show_all, variant="link"))
        if preview.matched is not None:
            said = label(from_engine(preview.matched.text), "muted", wrap=True)
            self._column.addWidget(named(said, "import_matched", preview.matched.text))
        for change in preview.changes:
            if change.kind == "told" and not change.text.startswith(f"Read as {preview.found.encoding} text"):
                self._column.addWidget(label(from_engine(change.text), "muted", wrap=True))

    def _show_all(self) -> None:
        self._all = True
        self._refill()

    def _strip(self, k: int, change: Change, reading: Reading) -> Notice:
        strip = Notice(change.text, kind="info" if change.kind == "missing" else "notice")
        name = next((n for n, rows in change.cells.items() if len(rows)), "")
        if name:
            shown = partial(self.shown.emit, name, change.cells[name])
            strip.add_button(self.tr("Show them"), f"import_show_{k}", shown)
        for n, (words, mended) in enumerate(self._mending(change, name, reading)):
            strip.add_button(words, f"import_mend_{k}_{n}", partial(self.changed.emit, mended))
        return strip

    def _mending(self, change: Change, name: str, reading: Reading) -> list[tuple[str, Reading]]:
        """What can be done about it: words, and the reading that does."""
        missing = replace(reading, missing=(*reading.missing, change.code)) if change.code else reading
        if change.kind == "suspect":
            return [(self.tr("{0} is missing").format(change.code), missing)]
        if change.kind == "misfit":
            return [
                (self.tr("Read as numbers"), reading.with_type(name, "number")),
                (self.tr("{0} is missing").format(change.code), missing),
            ]
        if change.kind == "doubtful":
            return [
                (self.tr("Day first"), replace(reading, dates="dmy")),
                (self.tr("Month first"), replace(reading, dates="mdy")),
            ]
        if change.kind in ("lost", "rounded") and name in reading.types:
            return [(self.tr("Read as text"), reading.with_type(name, "text"))]
        return []
