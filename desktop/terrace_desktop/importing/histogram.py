"""The distribution of one column, small: bars of a variable of numbers, bars of the most frequent values of others."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from PySide6.QtCore import QRectF, QSize, Qt
from PySide6.QtGui import QPainter, QPaintEvent
from PySide6.QtWidgets import QSizePolicy, QWidget

from terrace_desktop.ui import theme
from terrace_desktop.ui.widgets import named

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

    from terrace.data.dataset import Dataset

_BARS, _VALUES = 24, 6
_HIGH = 76  # px


@dataclass(frozen=True, slots=True)
class Shape:
    """What is drawn and said of a column: heights of bars, ticks as (place from 0 to 1, text), and counts.

    ``mean`` and ``sd`` are None where there is none; ``values`` and ``missing`` count cells, ``different`` values.
    """

    heights: tuple[float, ...]
    ticks: tuple[tuple[float, str], ...]
    values: int
    missing: int
    different: int
    mean: float | None = None
    sd: float | None = None


def shape_of(data: Dataset, name: str) -> Shape:
    """The shape of a column; runs off the GUI thread. Time of a few columns of a million rows: 0.1 s."""
    import numpy as np

    variable = data.variable(name)
    if data.is_text(name) or variable.value_labels or variable.measure.value in ("nominal", "ordinal"):
        codes, levels = data.codes(name)
        known = codes[codes >= 0]
        counts = np.bincount(known, minlength=len(levels))
        order = np.argsort(-counts, kind="stable")[:_VALUES] if variable.measure.value == "nominal" else range(_VALUES)
        kept = [k for k in order if k < len(levels)]
        ticks = [((i + 0.5) / len(kept), data.level_label(name, levels[k])) for i, k in enumerate(kept)]
        heights = tuple(float(counts[k]) for k in kept)
        return Shape(heights, tuple(ticks), len(known), len(codes) - len(known), len(levels))
    bare = variable.format.startswith("%t") or variable.measure.value == "identifier"
    return _of_numbers(data.numeric(name), bare)


def _of_numbers(values: npt.NDArray[np.float64], bare: bool) -> Shape:
    """The shape of numbers; ``bare`` are those, such as dates, of which a mean or a tick would say nothing."""
    import numpy as np

    known = values[np.isfinite(values)]
    if not len(known):
        return Shape((), (), 0, len(values), 0)
    heights, edges = np.histogram(known, bins=_BARS)
    low, high = float(edges[0]), float(edges[-1])
    ticks = [] if bare else _ticks(low, high)
    different = len(np.unique(known)) if len(known) <= 1_000_000 else 0
    sd = float(known.std(ddof=1)) if len(known) > 1 else None
    told = (None, None) if bare else (float(known.mean()), sd)
    missing = len(values) - len(known)
    return Shape(tuple(map(float, heights)), tuple(ticks), len(known), missing, different, *told)


def _ticks(low: float, high: float) -> list[tuple[float, str]]:
    import math

    if high <= low:
        return [(0.5, f"{low:g}")]
    step = 10.0 ** math.floor(math.log10((high - low) / 3))
    step = next(step * m for m in (1, 2, 5, 10) if (high - low) / (step * m) <= 5)
    first = math.ceil(low / step) * step
    out = []
    k = 0
    while (v := first + k * step) <= high + step * 1e-9:
        out.append(((v - low) / (high - low), f"{round(v, 10):g}".replace("-", "−")))
        k += 1
    return out


class Histogram(QWidget):
    """Bars over an axis."""

    def __init__(self) -> None:
        super().__init__()
        named(self, "import_histogram", self.tr("Distribution of the column"))
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self._shape: Shape | None = None

    def show_shape(self, shape: Shape | None) -> None:
        """Draw this."""
        self._shape = shape
        self.update()

    def sizeHint(self) -> QSize:
        return QSize(200, theme.px(_HIGH))

    def paintEvent(self, event: QPaintEvent) -> None:
        shape = self._shape
        if shape is None or not shape.heights:
            return
        painter = QPainter(self)
        painter.setFont(theme.text_font(theme.SMALL))
        foot = painter.fontMetrics().height() + 4
        width, high = float(self.width()), float(self.height() - foot)
        each, top = width / len(shape.heights), max(shape.heights) or 1.0
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(theme.colour("accent"))
        for k, height in enumerate(shape.heights):
            bar = (high - 4) * height / top
            painter.drawRect(QRectF(k * each + 0.5, high - bar, max(1.0, each - 1.0), bar))
        painter.setPen(theme.colour("outline"))
        painter.drawLine(0, int(high), int(width), int(high))
        painter.setPen(theme.colour("muted"))
        room = each - 4 if len(shape.ticks) == len(shape.heights) else 60.0
        for place, text in shape.ticks:
            shown = painter.fontMetrics().elidedText(text, Qt.TextElideMode.ElideRight, int(room))
            wide = painter.fontMetrics().horizontalAdvance(shown)
            x = min(max(0.0, place * width - wide / 2), width - wide)
            painter.drawText(QRectF(x, high + 3, wide + 2, foot), int(Qt.AlignmentFlag.AlignLeft), shown)
        painter.end()
