"""A range of a number, beside how its values are spread."""

from __future__ import annotations

import datetime as dt
import re

from PySide6.QtCore import QRectF, Qt
from PySide6.QtGui import QPainter, QPaintEvent
from PySide6.QtWidgets import QCheckBox, QGridLayout, QLineEdit, QVBoxLayout, QWidget

from terrace.data.dataset import Dataset
from terrace.data.dates import date_text, is_date_format, is_datetime_format
from terrace.spec.text import number_text
from terrace_desktop.filters.conditions import Range, text_of
from terrace_desktop.filters.facts import Spread, spread
from terrace_desktop.filters.page import Page
from terrace_desktop.filters.work import Ask
from terrace_desktop.ui import theme
from terrace_desktop.ui.widgets import label, named, sized, tell

HIGH = 84  # px of the histogram


class Histogram(QWidget):
    """Bars of how often values occur; those outside the range are pale."""

    def __init__(self) -> None:
        super().__init__()
        named(self, "filter_histogram", self.tr("How the values are spread"))
        self._spread: Spread | None = None
        self._low: float | None = None
        self._high: float | None = None
        sized(self, height=HIGH)
        theme.manager().changed.connect(self.update)

    def show_spread(self, found: Spread) -> None:
        """These values."""
        self._spread = found
        self.update()

    def show_range(self, low: float | None, high: float | None) -> None:
        """What is chosen of them."""
        self._low, self._high = low, high
        self.update()

    def paintEvent(self, event: QPaintEvent) -> None:
        found = self._spread
        if found is None or not len(found.values) or not found.heights.max():
            return
        painter = QPainter(self)
        first, last = float(found.values[0]), float(found.values[-1])
        wide = self.width() / len(found.heights)
        room = self.height() - 3
        painter.fillRect(QRectF(0, self.height() - 1, self.width(), 1), theme.colour("line"))
        for k, height in enumerate(found.heights.tolist()):
            if not height:
                continue
            begin = first + (last - first) * k / len(found.heights)
            end = first + (last - first) * (k + 1) / len(found.heights)
            inside = (self._low is None or end >= self._low) and (self._high is None or begin <= self._high)
            high = max(2.0, room * height / int(found.heights.max()))
            bar = QRectF(k * wide + 0.5, self.height() - 1 - high, max(wide - 1, 1), high)
            painter.fillRect(bar, theme.colour("accent") if inside else theme.colour("outline", 0.45))


class RangePage(Page):
    """From and to, either of which may be left out; `given` stands there to begin with."""

    def __init__(self, dataset: Dataset, name: str, ask: Ask, given: Range | None = None) -> None:
        super().__init__(ask)
        self._dataset, self._name, self._given = dataset, name, given
        self._format = dataset.variable(name).format
        self._spread: Spread | None = None
        self.picture = Histogram()
        self.low = self._line("filter_from", self.tr("From"), None if given is None else given.low)
        self.high = self._line("filter_to", self.tr("To"), None if given is None else given.high)
        self.missing = named(QCheckBox(), "filter_missing", self.tr("Also rows where it is missing"))
        self.missing.setChecked(given is not None and given.missing)
        self.missing.setVisible(self.missing.isChecked())
        self._problem = named(label("", "danger", wrap=True), "filter_range_problem", self.tr("What is wrong"))
        self._problem.hide()
        grid = QGridLayout()
        grid.setSpacing(8)
        for k, (words, line) in enumerate(((self.tr("From"), self.low), (self.tr("To"), self.high))):
            told = label(words, "small")
            told.setBuddy(line)
            grid.addWidget(told, 0, k)
            grid.addWidget(line, 1, k)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(8)
        column.addWidget(self.picture)
        column.addLayout(grid)
        column.addWidget(self.missing)
        column.addWidget(self._problem)
        column.addStretch(1)
        self.missing.toggled.connect(lambda _on: self.changed.emit())
        self.latest.ask("sorting values", lambda: spread(dataset, name), self._show)

    def _line(self, object_name: str, words: str, value: float | None) -> QLineEdit:
        line = named(QLineEdit(), object_name, self.tr("{0}, {1}").format(self._name, words))
        if value is not None:
            line.setText(self._typed_as(value))
        line.textChanged.connect(self._typed)
        line.returnPressed.connect(self.done)
        return line

    def _typed_as(self, value: float) -> str:
        """A bound as one would type it."""
        if not is_date_format(self._format):
            return number_text(value).replace("-", "\N{MINUS SIGN}")
        return date_text(value, "%tc" if is_datetime_format(self._format) else "%td")

    def _show(self, found: Spread) -> None:
        self._spread = found
        if len(found.values):
            for line, value in ((self.low, found.values[0]), (self.high, found.values[-1])):
                line.setPlaceholderText(self._typed_as(float(value)))
        if found.missing:
            words = self.tr("Also {0} row(s) where it is missing", "", found.missing).format(f"{found.missing:,}")
            self.missing.setText(words)
            self.missing.setAccessibleName(words)
            self.missing.show()
        self.picture.show_spread(found)
        self._typed()

    def _typed(self) -> None:
        typed = (line.text().strip() for line in (self.low, self.high))
        wrong = next((t for t in typed if t and number_in(t, self._format) is None), "")
        low, high = self._bounds()
        text = ""
        if wrong:
            dates = is_date_format(self._format)
            said = self.tr("{0} is not a date. Write it like 2020-12-31.") if dates else self.tr("{0} is not a number.")
            text = said.format(wrong)
        elif low is not None and high is not None and low > high:
            text = self.tr("From is above to, so no row is left.")
        tell(self._problem, text)
        self.picture.show_range(low, high)
        self.changed.emit()

    def _bounds(self) -> tuple[float | None, float | None]:
        return number_in(self.low.text(), self._format), number_in(self.high.text(), self._format)

    def condition(self) -> Range | None:
        """The range; None where none is given, or where there is something wrong with it."""
        low, high = self._bounds()
        if (low is None and high is None) or not self._problem.isHidden():
            return None
        given = self._given  # a bound that is as it was stays open where it was
        with_low = given.with_low if given is not None and given.low == low else True
        with_high = given.with_high if given is not None and given.high == high else True
        return Range(self._name, low, high, with_low, with_high, self.missing.isChecked())

    def text(self) -> str:
        condition = self.condition()
        return "" if condition is None else text_of(condition)

    def told(self) -> str:
        if self._spread is None or not self._problem.isHidden():
            return ""
        kept = self._spread.between(*self._bounds()) + (self._spread.missing if self.missing.isChecked() else 0)
        return self.of_rows(kept, self._dataset)

    def begin(self) -> None:
        self.low.setFocus(Qt.FocusReason.OtherFocusReason)


def number_in(text: str, format: str = "") -> float | None:
    """A number as people type it, also with a decimal comma; a date by year, month and day where the format has dates.

    None for anything else.
    """
    plain = text.strip().replace("\N{MINUS SIGN}", "-").replace(",", ".")
    if re.fullmatch(r"[-+]?(\d+\.?\d*|\.\d+)([eE][-+]?\d+)?", plain):
        return float(plain)
    if not is_date_format(format):
        return None
    try:
        since = dt.datetime.fromisoformat(plain) - dt.datetime(1960, 1, 1)
    except (ValueError, TypeError):
        return None
    return since / dt.timedelta(milliseconds=1) if is_datetime_format(format) else float(since.days)
