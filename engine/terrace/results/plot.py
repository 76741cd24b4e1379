"""A plot as data: panels of marks on titled axes, without Qt and without matplotlib.

One description feeds the screen (pyqtgraph) and paper (matplotlib: PNG, SVG, PDF), so that what is exported
is what was seen. Colours are roles; each renderer has its palette for light, dark and print.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

import numpy as np
import numpy.typing as npt

FloatArray = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Marks:
    """One layer. ``x`` and ``y`` have shape (m,); NaN breaks a line.

    ``lower`` and ``upper``, shape (m,), belong to ``band`` and ``interval``; for ``bars`` ``x`` are centres,
    ``width`` is the bar width in data units; for ``hline``/``vline`` only ``y``/``x`` count.
    For ``box``, ``y`` has the five numbers per box in shape (m, 5) and outliers are a layer of points.
    ``rows`` are the data rows behind each mark, shape (m,), for hover and brushing; ``labels`` hover texts.
    ``series`` numbers the colour; ``role`` is its meaning.
    """

    kind: Literal["points", "line", "band", "interval", "bars", "hline", "vline", "box"]
    x: FloatArray
    y: FloatArray
    lower: FloatArray | None = None
    upper: FloatArray | None = None
    width: float = 1.0
    label: str = ""
    role: Literal["data", "fit", "reference", "highlight"] = "data"
    series: int = 0
    dashed: bool = False
    rows: npt.NDArray[np.int64] | None = None
    labels: tuple[str, ...] = ()


@dataclass(frozen=True)
class Axis:
    """``ticks`` replaces the numeric ticks by (position, label) pairs, for categories."""

    title: str = ""
    ticks: tuple[tuple[float, str], ...] | None = None
    limits: tuple[float, float] | None = None
    log: bool = False


@dataclass(frozen=True)
class PlotPanel:
    """One set of axes with its layers, drawn in order."""

    x: Axis
    y: Axis
    marks: tuple[Marks, ...]
    title: str = ""


@dataclass(frozen=True)
class Plot:
    """One figure. ``kind`` names it for programs (``"residual-fitted"``); panels fill rows of `columns`."""

    title: str
    panels: tuple[PlotPanel, ...]
    kind: str = ""
    columns: int = 1
    note: str = ""
    legend: bool = False
    source: str = ""
    options: dict[str, str] = field(default_factory=dict)
