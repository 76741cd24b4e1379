"""Graphs of one distribution (density, normal quantiles), of all pairs of variables, and several graphs on a page."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from math import ceil, sqrt

import numpy as np
import numpy.typing as npt

from terrace.data.dataset import Dataset
from terrace.data.known_rows import KnownRows
from terrace.errors import DataError
from terrace.graphs.assemble import Canvas, Drawing, finish, ignored_text
from terrace.graphs.axes import AxisPlan, variable_title, variable_titles
from terrace.graphs.panels import no_panels
from terrace.language.graphs.options import GraphOptions
from terrace.results.plot import Axis, Marks, Plot, PlotPanel, Style
from terrace.wording import plural

FloatArray = npt.NDArray[np.float64]
_MOST_VARIABLES = 12


def known(data: Dataset, name: str, rows: npt.NDArray[np.int64]) -> FloatArray:
    """The finite values in the rows. Raises `DataError` where there is none."""
    values = data.numeric(name)[rows]
    values = values[np.isfinite(values)]
    if not len(values):
        raise DataError(
            f"There is nothing to draw: no row has a value of {name}.", code="nothing-to-draw", subject=name
        )
    return values


def density_graph(
    data: Dataset, name: str, curves: Sequence[tuple[str, FloatArray, FloatArray]], note: str, options: GraphOptions
) -> Drawing:
    """Curves (label, places, density) of one variable."""
    title = variable_title(data, name)
    layers = tuple((k, Marks("line", x, y, role="fit", series=k - 1)) for k, (_, x, y) in enumerate(curves, start=1))
    canvas = Canvas(
        "kdensity", f"Density of {title}", no_panels(len(data)), (layers,), tuple(c[0] for c in curves),
        AxisPlan(title, name), AxisPlan("Density", zero=True), (note,),
    )  # fmt: skip
    return Drawing(
        finish(data, canvas, options), f"Graph drawn: kernel density of {name}.", ignored_text(options.ignored)
    )


def quantile_graph(data: Dataset, name: str, values: FloatArray, kind: str, options: GraphOptions) -> Drawing:
    """``qnorm``: values against normal quantiles; ``pnorm``: normal probabilities of the values against i/(n + 1)."""
    from scipy.special import ndtr, ndtri

    x = np.sort(values)
    n = len(x)
    mean, sd = float(x.mean()), float(x.std(ddof=1)) if n > 1 else 0.0
    if not sd > 0:
        raise DataError(f"{name} does not vary.", code="nothing-to-draw", subject=name)
    p = np.arange(1, n + 1) / (n + 1)
    title = variable_title(data, name)
    if kind == "qnorm":
        across, up, labels = mean + sd * ndtri(p), x, ("Inverse normal", title)
        line = np.array([min(across[0], x[0]), max(across[-1], x[-1])])
    else:
        across, up = p, ndtr((x - mean) / sd)
        labels, line = ("Empirical P[i] = i/(N+1)", f"Normal F[({name}−m)/s]"), np.array([0.0, 1.0])
    layers = ((0, Marks("line", line, line, role="reference")), (1, Marks("points", across, up)))
    canvas = Canvas(
        kind, f"Normal {'quantiles' if kind == 'qnorm' else 'probabilities'} of {title}", no_panels(len(data)),
        (layers,), (title,), AxisPlan(labels[0]), AxisPlan(labels[1], name if kind == "qnorm" else ""),
    )  # fmt: skip
    plots = finish(data, canvas, options)
    return Drawing(plots, f"Graph drawn: {kind} {name} ({plural(n, 'value')}).", ignored_text(options.ignored))


def lowess_graph(
    data: Dataset, names: tuple[str, str], points: tuple[FloatArray, FloatArray], curve: tuple[FloatArray, FloatArray],
    note: str, options: GraphOptions,
) -> Drawing:  # fmt: skip
    """Points with their locally weighted curve."""
    y, x = names
    layers = ((1, Marks("points", *points)), (2, Marks("line", *curve, role="fit")))
    up, across = variable_title(data, y), variable_title(data, x)
    canvas = Canvas(
        "lowess", f"Lowess of {up} over {across}", no_panels(len(data)), (layers,), (up, "Lowess"),
        AxisPlan(across, x), AxisPlan(up, y), (note,),
    )  # fmt: skip
    text = f"Graph drawn: lowess {y} {x} ({plural(len(points[0]), 'point')})."
    return Drawing(finish(data, canvas, options), text, ignored_text(options.ignored))


def matrix_graph(
    data: Dataset, names: Sequence[str], rows: npt.NDArray[np.int64], style: Style, options: GraphOptions, *, half: bool
) -> Drawing:
    """All pairs of variables against each other, their names on the diagonal."""
    if not 2 <= len(names) <= _MOST_VARIABLES:
        raise DataError(f"graph matrix takes 2 to {_MOST_VARIABLES} variables.", code="variables")
    columns = {n: data.numeric(n)[rows] for n in names}
    complete = np.all([np.isfinite(v) for v in columns.values()], axis=0)
    if not complete.any():
        raise DataError("There is nothing to draw: no row has values of all variables.", code="nothing-to-draw")
    columns = {n: v[complete] for n, v in columns.items()}
    kept = rows[complete]
    limits = {n: _reach(v) for n, v in columns.items()}
    panels = []
    k = len(names)
    for i, row in enumerate(names):
        for j, column in enumerate(names):
            x = Axis("", None if i == k - 1 else (), limits[column])
            y = Axis("", None if j == 0 else (), limits[row])
            middle = np.array([np.mean(limits[row])])
            if i == j:
                label = variable_title(data, row)
                marks = [Marks("points", middle, middle, labels=(label,), text="center", style=Style(marker="none"))]
            elif half and j > i:
                marks = []
                x, y = Axis("", (), limits[column]), Axis("", (), limits[row])
            else:
                marks = [Marks("points", columns[column], columns[row], rows=kept, style=style)]
            panels.append(PlotPanel(x, y, tuple(marks)))
    title = f"Pairs of {variable_titles(data, names)}"
    more = {"title": "automatic" if options.title is None else "asked"}
    plot = Plot(
        options.title or title, tuple(panels), "matrix", k, note=options.note, options={**more, **options.kept()},
        subtitle=options.subtitle,
    )  # fmt: skip
    text = f"Graph drawn: matrix of {' '.join(names)} ({plural(int(complete.sum()), 'point')})."
    return Drawing((plot,), text, ignored_text(options.ignored))


def _reach(values: FloatArray) -> tuple[float, float]:
    low, high = float(values.min()), float(values.max())
    margin = 0.06 * (high - low) or 0.5
    return low - margin, high + margin


def combined_graph(
    plots: Sequence[Plot], options: GraphOptions, *, columns: int | None, rows: int | None, common: str
) -> Drawing:
    """The panels of several graphs on one page; ``common`` holds the axes that all get the same limits on."""
    panels: list[PlotPanel] = []
    for plot in plots:
        own = "" if plot.options.get("title") == "automatic" else plot.title
        for panel in plot.panels:
            heading = ", ".join(t for t in (own, panel.title) if t)
            panels.append(replace(panel, title=heading))
    for which in common:
        panels = _same_limits(panels, which)
    count = len(panels)
    across = columns or (ceil(count / rows) if rows else ceil(sqrt(count)))
    notes = list(dict.fromkeys(n for n in (options.note, *(p.note for p in plots)) if n))
    panels, known = _of_one_dataset(panels, plots)
    plot = Plot(
        options.title or "Combined graphs", tuple(panels), "combine", min(across, count), note="\n".join(notes),
        legend=any(p.legend for p in plots), subtitle=options.subtitle,
        options={"title": "automatic" if options.title is None else "asked", **options.kept()}, drawn_from=known,
    )  # fmt: skip
    text = f"Graph drawn: {plural(len(plots), 'graph')} together ({plural(count, 'panel')})."
    return Drawing((plot,), text, ignored_text(options.ignored))


def _of_one_dataset(panels: list[PlotPanel], plots: Sequence[Plot]) -> tuple[list[PlotPanel], KnownRows | None]:
    """The rows that the graphs were drawn from; without these behind marks where they are not the same for all."""
    known = plots[0].drawn_from
    if known is not None and all(p.drawn_from is not None and known.same(p.drawn_from) for p in plots):
        return panels, known
    return [replace(p, marks=tuple(replace(m, rows=None, group_rows=()) for m in p.marks)) for p in panels], None


def _same_limits(panels: list[PlotPanel], which: str) -> list[PlotPanel]:
    from terrace.graphs.axes import extent

    ends: list[float] = []
    for p in panels:
        axis = p.x if which == "x" else p.y
        reach = axis.limits or extent(p.marks, which, axis.log)
        ends += list(reach) if reach else []
    if not ends:
        return panels
    low, high = min(ends), max(ends)
    room = 0.0 if any((p.x if which == "x" else p.y).limits for p in panels) else 0.04 * (high - low)
    limits = (low - room, high + room)
    if which == "x":
        return [replace(p, x=replace(p.x, limits=limits)) for p in panels]
    return [replace(p, y=replace(p.y, limits=limits)) for p in panels]
