"""An axis whose numbers are those of paper: whole where there is nothing between, dates, no powers of ten unasked."""

from __future__ import annotations

from collections.abc import Sequence

import pyqtgraph as pg

from terrace.graphs.ticks import date_ticks, tick_step, tick_texts
from terrace.results.plot import Axis
from terrace.wording import MINUS

ACROSS = {"dates": 90, "numbers": 64}  # px from one tick to the next at least, along an axis
UP = 40  # px from one tick to the next at least, up an axis


class NumberAxis(pg.AxisItem):  # type: ignore[misc]  # the library has no types
    """The library's axis has ticks at halves of codes, writes 1e+06, and a hyphen before negative numbers."""

    def __init__(self, side: str, spec: Axis | None = None) -> None:
        super().__init__(side)
        self.spec = spec or Axis()
        self._dates: dict[float, str] = {}

    def tickValues(self, minVal: float, maxVal: float, size: float) -> list[tuple[float, list[float]]]:
        """The step of the ticks with their places."""
        low, high = sorted((minVal, maxVal))
        if self.logMode or not high > low:
            found: list[tuple[float, list[float]]] = super().tickValues(minVal, maxVal, size)
            return found
        across = self.orientation in ("bottom", "top")
        most = max(2, int(size / (ACROSS["dates" if self.spec.dates else "numbers"] if across else UP)))
        if self.spec.dates:
            self._dates = dict(date_ticks(low, high, self.spec.dates, most))
            return [((high - low) / most, list(self._dates))]
        step = tick_step(low, high, most, self.spec.whole)
        return [(step, [k * step for k in range(-int(-low // step), int(high // step) + 1)])]

    def tickStrings(self, values: Sequence[float], scale: float, spacing: float) -> list[str]:
        """The texts of ticks at these values."""
        if self.logMode:
            return [text.replace("-", MINUS) for text in super().tickStrings(values, scale, spacing)]
        if self.spec.dates:
            return [self._dates.get(v, "") for v in values]
        return tick_texts([v * scale for v in values])
