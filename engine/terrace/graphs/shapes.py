"""Layers of ``twoway`` besides points and fits: areas, bars, spikes, ranges, smooth curves, functions, histograms."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

from terrace.data.dataset import Dataset, Variable
from terrace.errors import DataError
from terrace.language.expressions.context import EvalContext
from terrace.language.graphs.twoway import Layer
from terrace.results.plot import MarkKind, Marks, Style
from terrace.statistics import smooth

FloatArray = npt.NDArray[np.float64]
Rows = npt.NDArray[np.int64]
_POINTS = 301
_LOWESS_POINTS = 400


@dataclass(frozen=True)
class Drawn:
    """The marks of one layer in one panel, the rows that they show, and those that had a missing value."""

    marks: tuple[Marks, ...] = ()
    points: int = 0
    missing: int = 0


def upright(values: dict[str, FloatArray], layer: Layer, rows: Rows, series: int) -> Drawn:
    """``area``, ``bar``, ``spike``, ``dropline``: from the base to y."""
    x, y = values[layer.x][rows], values[layer.y[0]][rows]
    seen = np.isfinite(x) & np.isfinite(y)
    x, y, rows = x[seen], y[seen], rows[seen]
    count, missing = len(x), int(np.count_nonzero(~seen))
    if not count:
        return Drawn((), 0, missing)
    look = layer.looks[0]
    fill = Style(look.marker_color or look.line_color, look.line_width)
    base = np.full(count, layer.base)
    if layer.kind == "area":
        return Drawn((Marks("band", x, y, np.minimum(base, y), np.maximum(base, y), series=series, style=fill),
                      Marks("line", x, y, series=series, style=fill)), count, missing)  # fmt: skip
    if layer.kind == "bar":
        width = layer.bar_width or usual_width(x)
        return Drawn((Marks("bars", x, y, base, width=width, series=series, rows=rows, style=fill),), count, missing)
    marker = "none" if layer.kind == "spike" or look.marker.startswith("none") else look.marker
    style = Style(look.line_color or look.marker_color, look.line_width, marker=marker, size=look.marker_size)
    low, high = np.minimum(base, y), np.maximum(base, y)
    return Drawn((Marks("interval", x, y, low, high, series=series, rows=rows, style=style),), count, missing)


def usual_width(x: FloatArray) -> float:
    """Bars as wide as the smallest gap between them."""
    gaps = np.diff(np.unique(x))
    return float(gaps.min()) if len(gaps) else 1.0


def ranges(values: dict[str, FloatArray], layer: Layer, rows: Rows, series: int) -> Drawn:
    """What lies between two y variables at x."""
    x, one, two = values[layer.x][rows], values[layer.y[0]][rows], values[layer.y[1]][rows]
    seen = np.isfinite(x) & np.isfinite(one) & np.isfinite(two)
    x, one, two, rows = x[seen], one[seen], two[seen], rows[seen]
    count, missing = len(x), int(np.count_nonzero(~seen))
    if not count:
        return Drawn((), 0, missing)
    low, high = np.minimum(one, two), np.maximum(one, two)
    look = layer.looks[0]
    style = Style(look.line_color or look.marker_color, look.line_width, look.pattern, look.marker, look.marker_size)
    if layer.kind == "rarea":
        marks = [Marks("band", x, high, low, high, series=series, style=Style(look.marker_color or look.line_color))]
    elif layer.kind == "rbar":
        width = layer.bar_width or usual_width(x)
        marks = [Marks("bars", x, high, low, width=width, series=series, rows=rows, style=style)]
    elif layer.kind in ("rspike", "rcap"):
        ends = Style(style.color, style.thickness, marker="cap" if layer.kind == "rcap" else "none")
        marks = [Marks("interval", x, (low + high) / 2, low, high, series=series, rows=rows, style=ends)]
    else:
        kind: MarkKind = "line" if layer.kind == "rline" else "points"
        marks = [Marks(kind, x, y, series=series, rows=rows, style=style) for y in (one, two)]
    return Drawn(tuple(marks), count, missing)


def lowess(values: dict[str, FloatArray], layer: Layer, rows: Rows, series: int) -> Drawn:
    """The locally weighted curve of y over x."""
    x, y = values[layer.x][rows], values[layer.y[0]][rows]
    seen = np.isfinite(x) & np.isfinite(y)
    missing = int(np.count_nonzero(~seen))
    if np.count_nonzero(seen) < 3:
        return Drawn((), int(np.count_nonzero(seen)), missing)
    at, curve = smooth.lowess(x[seen], y[seen], layer.bandwidth or 0.8, _LOWESS_POINTS)
    return Drawn((_curve(at, curve, layer, series),), int(np.count_nonzero(seen)), missing)


def density(x: FloatArray, layer: Layer, series: int) -> Drawn:
    """The kernel density of the values."""
    known = x[np.isfinite(x)]
    missing = len(x) - len(known)
    width = layer.bandwidth or smooth.usual_bandwidth(known)
    if not width > 0:
        return Drawn((), len(known), missing)
    ends = layer.range_ or (float(known.min()) - width, float(known.max()) + width)
    at = np.linspace(*ends, _POINTS)
    return Drawn((_curve(at, smooth.density(known, at, width, layer.kernel), layer, series),), len(known), missing)


def function(layer: Layer, context: EvalContext, series: int) -> Drawn:
    """y = f(x) over the range; x stands for the places, whatever the data hold."""
    from terrace.language.expressions.entry import evaluate

    assert layer.expression is not None and layer.range_ is not None
    at = np.linspace(*layer.range_, _POINTS)
    places = Dataset(pd.DataFrame({"x": at}), (Variable("x"),))
    y = evaluate(layer.expression, places, context=context)
    if y.dtype == object:
        raise DataError(f"{layer.expression} is text, but a function of x is needed.", code="type-mismatch")
    return Drawn((_curve(at, y, layer, series),), int(np.isfinite(y).sum()), 0)


def histogram(x: FloatArray, layer: Layer, series: int) -> Drawn:
    """The bars of a histogram under other layers."""
    from terrace.graphs.histogram import choose_bins

    assert layer.bins is not None
    known = x[np.isfinite(x)]
    if not len(known):
        return Drawn((), 0, len(x))
    n = len(known)
    bins = choose_bins(known, layer.bins, n)
    scale = {"density": 1 / (n * bins.width), "fraction": 1 / n, "frequency": 1.0, "percent": 100 / n}[layer.bins.scale]
    look = layer.looks[0]
    style = Style(look.marker_color or look.line_color)
    bars = Marks("bars", bins.centres, bins.heights(known) * scale, width=bins.width, series=series, style=style)
    return Drawn((bars,), n, len(x) - n)


def immediate(layer: Layer, series: int) -> Drawn:
    """Points given as numbers."""
    y, x = (np.array([p[k] for p in layer.places]) for k in (0, 1))
    texts = tuple(p[2] for p in layer.places)
    look = layer.looks[0]
    style = Style(look.marker_color, marker=look.marker, size=look.marker_size)
    return Drawn((Marks("points", x, y, series=series, labels=texts, style=style, text="right"),), len(x), 0)


def _curve(x: FloatArray, y: FloatArray, layer: Layer, series: int) -> Marks:
    look = layer.looks[0]
    return Marks("line", x, y, role="fit", series=series, style=Style(look.line_color, look.line_width, look.pattern))
