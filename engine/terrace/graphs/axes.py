"""Axes: titles, limits and ticks, from what was asked for, from the variables and from the marks."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from math import ceil, floor, log10

import numpy as np
import numpy.typing as npt

from terrace.data.dataset import Dataset
from terrace.data.dates import is_date_format, is_period_format
from terrace.graphs.ticks import GROUPED, power_text
from terrace.language.graphs.options import AxisOptions
from terrace.results.plot import Axis, Marks
from terrace.wording import true_minus

FloatArray = npt.NDArray[np.float64]
Range = tuple[float, float]
_MOST_LABELLED = 12  # categories on an axis whose value labels stand there unasked
_MARGIN = 0.04


@dataclass(frozen=True)
class AxisPlan:
    """What the axis of a graph is by itself: its title, the variable whose values it carries, fixed parts.

    ``variable`` is empty where the values are not those of one variable; ``ticks`` are categories, ``limits``
    stand whatever the marks are, ``zero`` begins the axis at 0. ``values`` are the distinct values of the
    variable where they are few.
    """

    title: str = ""
    variable: str = ""
    ticks: tuple[tuple[float, str], ...] | None = None
    limits: Range | None = None
    zero: bool = False
    values: tuple[float, ...] = ()


def make_axis(data: Dataset, plan: AxisPlan, asked: AxisOptions, extent: Range | None, fixed: bool) -> Axis:
    """One axis; `extent` is that of the marks.

    With `fixed` the limits are set even where nothing asks for them, as panels on the same scale need.
    """
    title = plan.title if asked.title is None else asked.title
    texts = dict(asked.texts)
    ticks = plan.ticks
    places: Sequence[float] | None = None
    if asked.at is not None:
        places = asked.at
    elif asked.count is not None and extent is not None:
        places = extent if asked.count == 0 else nice_ticks(*extent, asked.count)
    elif ticks is None:
        places = _own_places(data, plan, asked)
    if asked.log:
        places = None if places is None else [v for v in places if v > 0]
    if places is not None and (ticks is None or asked.at is not None):
        ticks = tuple((float(v), texts.get(v) or _text(data, plan.variable, asked, v)) for v in places)
    reach = [] if asked.at is None else list(asked.at)
    if asked.range_ is not None:
        reach += asked.range_
    reach = [v for v in reach if v > 0 or not asked.log]
    limits = plan.limits
    if limits is None and extent is not None and (fixed or reach or plan.zero or asked.reverse):
        limits = padded(min([extent[0], *reach]), max([extent[1], *reach]), asked.log, plan.zero)
    if limits is not None and asked.reverse:
        limits = (limits[1], limits[0])
    return with_scale(Axis(title, ticks, limits, asked.log), data, plan.variable)


def with_scale(axis: Axis, data: Dataset, name: str) -> Axis:
    """The axis with what is to be known of the numbers of a variable: whole ones, or dates."""
    if not name or axis.log or data.is_text(name):
        return axis
    form = data.variable(name).format
    dates = form if is_date_format(form) or is_period_format(form) else ""
    return replace(axis, dates=dates, whole=not dates and are_whole(data.numeric(name)))


def are_whole(values: FloatArray) -> bool:
    """True where all that is there are whole numbers, of two or more."""
    seen = values[np.isfinite(values)]
    return len(seen) > 0 and float(np.ptp(seen)) > 0 and bool((seen == np.rint(seen)).all())


def _own_places(data: Dataset, plan: AxisPlan, asked: AxisOptions) -> Sequence[float] | None:
    """Ticks that the variable wants by itself: its labelled values."""
    if not plan.variable or asked.log:
        return None
    variable = data.variable(plan.variable)
    labelled = asked.value_labels or all(v in variable.value_labels for v in plan.values)
    if variable.value_labels and asked.value_labels is not False and plan.values and labelled:
        return plan.values
    return None


def _text(data: Dataset, name: str, asked: AxisOptions, value: float) -> str:
    if name:
        variable = data.variable(name)
        label = variable.value_labels.get(value)
        if label is not None and asked.value_labels is not False and (asked.at is None or asked.value_labels):
            return label
        if is_date_format(variable.format):
            from terrace.language.number_format import format_number

            return format_number(value, variable.format)
    return number_text(value)


def number_text(value: float) -> str:
    """A number at a tick: as short as it is exact to twelve digits, with a real minus sign and thousands apart."""
    size = abs(value)
    if size >= 1e12 or 0 < size < 1e-4:
        return power_text(value)
    return true_minus(f"{value:{',' if size >= GROUPED else ''}.12g}")


def is_numeric(axis: Axis) -> bool:
    """True where the ticks are numbers, or left to who draws them: categories stand where they are."""
    return axis.ticks is None or all(text == number_text(at) for at, text in axis.ticks)


def nice_ticks(low: float, high: float, count: int) -> list[float]:
    """About `count` round numbers over a range, covering it from within or just outside."""
    if not high > low:
        return [low]
    raw = (high - low) / max(1, count - 1)
    unit = 10.0 ** floor(log10(raw))
    step = next((m * unit for m in (1, 2, 2.5, 5, 10) if m * unit >= raw * 0.999), 10 * unit)
    first, last = floor(low / step + 1e-9), ceil(high / step - 1e-9)
    return [float(round(k * step, 12)) for k in range(first, last + 1)]


def padded(low: float, high: float, log: bool, zero: bool) -> Range:
    """A range with some air at its ends; from 0 with `zero`."""
    if log and low > 0:
        margin = (high / low) ** _MARGIN if high > low else 2.0
        return low / margin, high * margin
    if zero and low >= 0:
        return 0.0, (high or 1.0) * (1 + 2 * _MARGIN)
    margin = _MARGIN * (high - low) if high > low else abs(high) * 0.1 or 0.5
    return low - margin, high + margin


def extent(layers: Iterable[Marks], which: str, log: bool = False) -> Range | None:
    """The smallest and the largest value of marks on an axis, positive ones with `log`; None without any."""
    ends: list[float] = []
    for m in layers:
        for values in _values(m, which):
            seen = values[np.isfinite(values)]
            seen = seen[seen > 0] if log else seen
            if len(seen):
                ends += [float(seen.min()), float(seen.max())]
    return (min(ends), max(ends)) if ends else None


def _values(m: Marks, which: str) -> list[FloatArray]:
    if m.horizontal:
        which = "y" if which == "x" else "x"
    if which == "x":
        if m.kind in ("bars", "box"):
            return [m.x - m.width / 2, m.x + m.width / 2]
        return [m.x]
    out = [np.asarray(m.y, dtype=np.float64).ravel()]
    if m.kind == "bars" and m.lower is None:
        out.append(np.zeros(1))
    return out + [b for b in (m.lower, m.upper) if b is not None]


def few_values(values: FloatArray) -> tuple[float, ...]:
    """The distinct finite values where they are few enough for a tick each, otherwise nothing."""
    distinct = np.unique(values[np.isfinite(values)])
    return tuple(distinct.tolist()) if len(distinct) <= _MOST_LABELLED else ()


def variable_title(data: Dataset, name: str) -> str:
    """The label of a variable, or its name."""
    return data.variable(name).label or name


def variable_titles(data: Dataset, names: Iterable[str]) -> str:
    """The labels of variables, or their names, in a title: each once."""
    return ", ".join(dict.fromkeys(variable_title(data, n) for n in names))
