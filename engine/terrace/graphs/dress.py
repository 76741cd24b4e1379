"""Titles, axes, reference lines and legend, as asked for, on a plot that something else made."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from terrace.data.dataset import Dataset
from terrace.graphs.assemble import legend_labels, reference_lines
from terrace.graphs.axes import AxisPlan, extent, few_values, make_axis, number_text
from terrace.language.graphs.options import AxisOptions, GraphOptions
from terrace.results.plot import Axis, Marks, Plot, PlotPanel


def dress(data: Dataset, plot: Plot, options: GraphOptions) -> Plot:
    """The plot with what the options ask for, and everything else as it was."""
    keys = tuple(dict.fromkeys(m.label for p in plot.panels for m in p.marks if m.label))
    labels, order = legend_labels(keys, options)
    renamed = {key: labels.get(number, "") for number, key in enumerate(keys, start=1)}
    lines = reference_lines(options)
    asked = options.legend.shown
    return replace(
        plot,
        title=plot.title if options.title is None else options.title,
        subtitle=options.subtitle or plot.subtitle,
        note="\n".join(n for n in (options.note, plot.note) if n),
        panels=tuple(_panel(data, p, renamed, lines, options) for p in plot.panels),
        legend=bool(keys) and (plot.legend if asked is None else asked),
        legend_order=tuple(order),
        options={**plot.options, **({} if options.title is None else {"title": "asked"}), **options.kept()},
    )


def ticks_at_values(panel: PlotPanel) -> PlotPanel:
    """The panel with a tick at each value of x where these are few and nothing else is at the ticks."""
    every = [m.x for m in panel.marks if m.kind in ("line", "points", "interval") and len(m.x)]
    values = few_values(np.concatenate(every)) if every else ()
    if panel.x.ticks is not None or not values:
        return panel
    return replace(panel, x=replace(panel.x, ticks=tuple((v, number_text(v)) for v in values)))


def _panel(
    data: Dataset, panel: PlotPanel, renamed: dict[str, str], lines: tuple[Marks, ...], options: GraphOptions
) -> PlotPanel:
    marks = (*(replace(m, label=renamed.get(m.label, "")) for m in panel.marks), *lines)
    x, y = (_axis(data, axis, asked, marks, which) for axis, asked, which in
            ((panel.x, options.x, "x"), (panel.y, options.y, "y")))  # fmt: skip
    return replace(panel, x=x, y=y, marks=marks)


def _axis(data: Dataset, axis: Axis, asked: AxisOptions, marks: tuple[Marks, ...], which: str) -> Axis:
    if asked == AxisOptions():
        return axis
    plan = AxisPlan(axis.title, ticks=axis.ticks, limits=axis.limits)
    made = make_axis(data, plan, asked, extent(marks, which, asked.log), False)
    return replace(made, log=made.log or axis.log)
