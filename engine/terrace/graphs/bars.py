"""``graph bar``, ``hbar`` and ``dot``: statistics of variables over groups, beside each other or stacked."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from terrace.data.dataset import Dataset
from terrace.data.transforms.aggregate import Cells, statistic
from terrace.data.transforms.grouping import Grouping
from terrace.errors import DataError
from terrace.graphs.assemble import Canvas, Drawing, Keyed, finish, ignored_text, panel_text
from terrace.graphs.axes import AxisPlan, number_text, variable_title, variable_titles
from terrace.graphs.box import Groups, combined
from terrace.graphs.flip import flipped
from terrace.graphs.panels import left_out_note, no_panels, split_panels, split_rows
from terrace.language.graphs.bars import Bars
from terrace.results.plot import Marks, Style
from terrace.wording import plural

FloatArray = npt.NDArray[np.float64]
Rows = npt.NDArray[np.int64]
_MOST = 1_000
_ROOM = 0.8
_TITLES = {
    "mean": "Mean", "median": "Median", "p50": "Median", "sd": "SD", "variance": "Variance", "sum": "Sum",
    "count": "Frequency", "percent": "Percent", "min": "Minimum", "max": "Maximum", "semean": "SE of the mean",
    "iqr": "Interquartile range",
}  # fmt: skip


@dataclass(frozen=True)
class _Plan:
    """``series`` are targets with a code of the inner groups; ``outer`` are the categories along the axis."""

    series: tuple[tuple[str, str, int], ...]
    labels: tuple[str, ...]
    inner: Groups
    outer: Groups


def build_bars(data: Dataset, spec: Bars, rows: Rows, weights: FloatArray | None = None, kind: str = "") -> Drawing:
    """Draw the statistics of the rows, one bar a group and variable. `weights` are of shape (rows,), of that kind.

    Raises `DataError` where there is nothing to draw or the bars are too many.
    """
    options = spec.options
    values = {n: data.numeric(n) for _, n in spec.targets if n}
    used = np.zeros(len(data), dtype=bool)
    used[rows] = True
    for o in spec.over:
        used &= data.codes(o.name)[0] >= 0
    if spec.complete:
        for v in values.values():
            used &= np.isfinite(v)
    if values:
        used &= np.any([np.isfinite(v) for v in values.values()], axis=0)
    if not used.any():
        what = f" of {' or '.join(values)}" if values else ""
        raise DataError(f"There is nothing to draw: no row has a value{what}.", code="nothing-to-draw")
    panels = no_panels(len(data)) if options.by is None else split_panels(data, options.by, used)
    used &= panels.codes >= 0
    w = None
    if weights is not None:
        w = np.zeros(len(data))
        w[rows] = weights
    plan = _plan(data, spec, used)
    if len(plan.series) * len(plan.outer.labels) > _MOST:
        raise DataError(
            f"These are {len(plan.series) * len(plan.outer.labels):,} bars, too many to read.",
            code="too-many-bars",
            advice="Use if to choose groups, or put fewer variables in over().",
        )
    each = panels.rows(np.flatnonzero(used))
    heights = [_heights(values, plan, own, w, kind) for own in each]
    order = _order(spec, heights)
    heights = [_shares(h[:, order], spec) for h in heights]
    behind = [_rows_behind(values, plan, own, order) for own in each]
    drawn = tuple(tuple(_layers(h, spec, rows)) for h, rows in zip(heights, behind))
    renamed = dict(spec.over[-1].labels) if len(spec.over[_colours(spec) :]) == 1 else {}
    outer = [renamed.get(int(k) + 1, plan.outer.labels[k]) for k in order]
    ticks = tuple((float(k), label) for k, label in enumerate(outer, start=1))
    axis = ", ".join(variable_title(data, o.name) for o in spec.over[_colours(spec) :][::-1])
    title, value = _titles(data, spec)
    notes = [f"Colours: {variable_title(data, spec.over[0].name)}."] if _colours(spec) else []
    if panels.left_out:
        assert options.by is not None
        notes.append(left_out_note(panels.left_out, options.by.names))
    low = min((float(np.nanmin(h, initial=0.0)) for h in heights), default=0.0)
    canvas = Canvas(
        spec.kind, title, panels, drawn, plan.labels,
        AxisPlan(axis, ticks=ticks, limits=(0.4, len(outer) + 0.6)), AxisPlan(value, zero=low >= 0), tuple(notes),
    )  # fmt: skip
    plots = finish(data, canvas, options)
    if spec.kind != "bar":
        plots = tuple(map(flipped, plots))
    shown = panel_text(panels, options.by.names if options.by else (), len(plots))
    count = sum(int(np.isfinite(h).sum()) for h in heights)
    what = "points" if spec.kind == "dot" else "bars"
    counts = f"{plural(int(used.sum()), 'row')}, {count:,} {what}"
    text = f"Graph drawn: {title[:1].lower() + title[1:]} ({counts}){f'; {shown}' if shown else ''}."
    return Drawing(plots, text, ignored_text(options.ignored))


def _colours(spec: Bars) -> int:
    """1 where the innermost groups are told apart by colours, else 0."""
    if not spec.over:
        return 0
    if spec.coloured is not None:
        return int(spec.coloured and len(spec.targets) == 1)
    return int(len(spec.targets) == 1 and (len(spec.over) > 1 or spec.stack))


def _plan(data: Dataset, spec: Bars, used: npt.NDArray[np.bool_]) -> _Plan:
    names = [o.name for o in spec.over]
    inner = combined(data, names[: _colours(spec)], used)
    outer = combined(data, names[_colours(spec) :][::-1], used)
    series = tuple((how, name, code) for how, name in spec.targets for code in range(len(inner.labels)))
    if _colours(spec):
        renamed = dict(spec.over[0].labels)
        labels = tuple(renamed.get(k, label) for k, label in enumerate(inner.labels, start=1))
    else:
        several = len({how for how, _ in spec.targets}) > 1
        labels = tuple(
            (f"{_TITLES.get(how, how)} of " if several and name else "")
            + (variable_title(data, name) if name else _TITLES[how])
            for how, name in spec.targets
        )
    return _Plan(series, labels, inner, outer)


def _heights(
    values: dict[str, FloatArray], plan: _Plan, rows: Rows, weights: FloatArray | None, kind: str
) -> FloatArray:
    """The statistic of each series in each category, NaN where no row is; shape (series, categories)."""
    out = np.full((len(plan.series), len(plan.outer.labels)), np.nan)
    for s, (how, name, code) in enumerate(plan.series):
        own = rows[plan.inner.codes[rows] == code]
        groups = Grouping(plan.outer.codes[own], len(plan.outer.labels), np.zeros(len(own), dtype=bool))
        x = values[name][own] if name else np.zeros(len(own))
        cells = Cells(x, groups, None if weights is None else weights[own], kind)
        if how == "percent":  # of all rows of the panel, whatever their series
            whole = rows if not name else rows[np.isfinite(values[name][rows])]
            total = len(whole) if weights is None else float(weights[whole].sum())
            found = 100 * cells.count / total if total else cells.count
        else:
            of = statistic(how)
            assert of is not None
            found = of(cells)
        out[s] = np.where(cells.n > 0, found, np.nan)
    return out


def _rows_behind(values: dict[str, FloatArray], plan: _Plan, rows: Rows, order: Rows) -> list[list[Rows]]:
    """The rows of each series in each category, in the order of the axis."""
    out = []
    for _, name, code in plan.series:
        own = rows[plan.inner.codes[rows] == code]
        own = own[np.isfinite(values[name][own])] if name else own
        found = split_rows(own, plan.outer.codes[own], len(plan.outer.labels))
        out.append([found[k] for k in order])
    return out


def _order(spec: Bars, heights: list[FloatArray]) -> Rows:
    """The categories as they stand along the axis: by value, or by what over(, sort()) asks for."""
    count = heights[0].shape[1]
    outer = spec.over[_colours(spec) :]
    if len(outer) != 1 or not (outer[0].sort or outer[0].descending):
        return np.arange(count)
    o = outer[0]
    if not o.sort:
        return np.arange(count)[::-1]
    by = np.nan_to_num(heights[0][min(o.sort, len(heights[0])) - 1], nan=-np.inf)
    return np.argsort(-by if o.descending else by, kind="stable")


def _shares(heights: FloatArray, spec: Bars) -> FloatArray:
    if not spec.percent:
        return heights
    with np.errstate(invalid="ignore", divide="ignore"):
        shares: FloatArray = 100 * heights / np.nansum(heights, axis=0)
        return shares


def _layers(heights: FloatArray, spec: Bars, rows: list[list[Rows]]) -> list[Keyed]:
    count, categories = heights.shape
    colors = dict(spec.colors)
    out: list[Keyed] = []
    at = np.arange(1, categories + 1, dtype=np.float64)
    if spec.kind == "dot":
        shown = np.isfinite(heights).any(axis=0)
        out.append((0, Marks("vline", at[shown], np.empty(0), role="reference", style=Style(pattern="dot"))))
        for s, h in enumerate(heights):
            seen = np.isfinite(h)
            behind = tuple(r for r, k in zip(rows[s], seen) if k)
            look = Style(colors.get(s + 1, ""))
            out.append((s + 1, Marks("points", at[seen], h[seen], series=s, style=look, group_rows=behind)))
        return out
    base = np.zeros(categories)
    below = np.zeros(categories)
    width = _ROOM if spec.stack or count == 1 else _ROOM / count
    if np.nanmin(heights, initial=0.0) < 0:
        out.append((0, Marks("hline", np.empty(0), np.zeros(1), role="reference", style=Style(pattern="solid"))))
    for s, h in enumerate(heights):
        seen = np.isfinite(h)
        x = at if spec.stack or count == 1 else at + (s - (count - 1) / 2) * width
        start = np.where(h < 0, below, base) if spec.stack else np.zeros(categories)
        top = start + np.where(seen, h, 0.0)
        if spec.stack:
            base, below = np.where(seen & (h >= 0), top, base), np.where(seen & (h < 0), top, below)
        own = 1.0 if spec.stack or count == 1 else 0.94
        look = Style(colors.get(s + 1, ""))
        behind = tuple(r for r, k in zip(rows[s], seen) if k)
        out.append((s + 1, Marks("bars", x[seen], top[seen], start[seen], width=width * own, series=s, style=look,
                                 group_rows=behind)))  # fmt: skip
        if spec.labelled:
            place = (start[seen] + top[seen]) / 2 if spec.stack else top[seen]
            texts = tuple(number_text(float(f"{v:.4g}")) for v in h[seen])
            text = "center" if spec.stack else "above"
            out.append(
                (0, Marks("points", x[seen], place, series=s, labels=texts, text=text, style=Style(marker="none")))
            )
    return out


def _titles(data: Dataset, spec: Bars) -> tuple[str, str]:
    """The title for a window, and that of the axis of values."""
    hows = list(dict.fromkeys(h for h, _ in spec.targets))
    names = list(dict.fromkeys(n for _, n in spec.targets if n))
    value = " / ".join(_TITLES.get(h, h) for h in hows)
    if spec.percent:
        value = "Percent"
    elif len(names) == 1 and hows[0] not in ("count", "percent"):
        value += f" of {variable_title(data, names[0])}"
    title = " / ".join(_TITLES.get(h, h) for h in hows)
    title += f" of {variable_titles(data, names)}" if names else ""
    title += f" over {variable_titles(data, [o.name for o in spec.over])}" if spec.over else ""
    return title, value
