"""From layers of marks in panels to plots: axes in common, reference lines, legend, pages, notes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np

from terrace.data.dataset import Dataset
from terrace.graphs.axes import AxisPlan, extent, make_axis
from terrace.graphs.panels import Panels, layout
from terrace.language.graphs.options import AxisOptions, GraphOptions, Rule
from terrace.results.plot import Axis, Marks, Plot, PlotPanel, Style

Keyed = tuple[int, Marks]
"""A layer with the number of its legend key, from 1."""


@dataclass(frozen=True)
class Drawing:
    """What a graph command made: its pages, one line that says what was drawn, and what was not done as asked."""

    plots: tuple[Plot, ...]
    text: str
    warnings: tuple[str, ...] = ()


@dataclass(frozen=True)
class Canvas:
    """A graph before its axes are made. ``layers`` has an entry a panel; ``keys`` label the legend, from key 1.

    ``title`` is the one for a window where the user gives none; ``notes`` follow the user's own.
    """

    kind: str
    title: str
    panels: Panels
    layers: tuple[tuple[Keyed, ...], ...]
    keys: tuple[str, ...]
    x: AxisPlan
    y: AxisPlan
    notes: tuple[str, ...] = ()


def finish(data: Dataset, canvas: Canvas, options: GraphOptions) -> tuple[Plot, ...]:
    """The pages of a graph."""
    labels, order = legend_labels(canvas.keys, options)
    labelled = [[replace(m, label=labels.get(key, "")) for key, m in layers] for layers in canvas.layers]
    drawn = [(*_behind(layers), *reference_lines(options)) for layers in labelled]
    several = len(canvas.panels.titles) > 1
    free = options.by.free if options.by is not None else ""
    x, y = (_axes(data, drawn, plan, asked, which, several and which not in free)
            for plan, asked, which in ((canvas.x, options.x, "x"), (canvas.y, options.y, "y")))  # fmt: skip
    panels = [PlotPanel(x[i], y[i], marks, title) for i, (marks, title) in enumerate(zip(drawn, canvas.panels.titles))]
    columns, pages = layout(len(panels), options.by)
    seen = {m.label for layers in labelled for m in layers if m.label}
    shown = options.legend.shown
    legend = len(seen) > 1 if shown is None else shown and bool(seen)
    if shown is None and options.legend.order is not None:
        legend = bool(seen)
    first = Plot(
        canvas.title if options.title is None else options.title,
        (),
        canvas.kind,
        columns,
        note="\n".join(n for n in (options.note, *canvas.notes) if n),
        legend=legend,
        options={"title": "automatic" if options.title is None else "asked", **options.kept()},
        subtitle=options.subtitle,
        shared="".join(a for a in "xy" if several and a not in free),
        legend_order=tuple(order),
    )
    if len(pages) == 1:
        return (replace(first, panels=tuple(panels)),)
    out = []
    for number, page in enumerate(pages, start=1):
        where = f"Page {number} of {len(pages)}: panels {page.start + 1} to {page.stop} of {len(panels):,}."
        note = "\n".join(n for n in (first.note, where) if n)
        own = {**first.options, "page": f"{number}/{len(pages)}"}
        out.append(replace(first, panels=tuple(panels[page.start : page.stop]), note=note, options=own))
    return tuple(out)


def _behind(layers: Sequence[Marks]) -> list[Marks]:
    """Bands lie behind everything else, whatever the order in which they were typed."""
    return [m for m in layers if m.kind == "band"] + [m for m in layers if m.kind != "band"]


def _axes(
    data: Dataset, drawn: Sequence[tuple[Marks, ...]], plan: AxisPlan, asked: AxisOptions, which: str, common: bool
) -> list[Axis]:
    """The axis of each panel; the same for all where they are in common."""
    if common or len(drawn) == 1:
        every = [m for layers in drawn for m in layers]
        return [make_axis(data, plan, asked, extent(every, which, asked.log), common)] * len(drawn)
    return [make_axis(data, plan, asked, extent(own, which, asked.log), False) for own in drawn]


def reference_lines(options: GraphOptions) -> tuple[Marks, ...]:
    """The layers of ``xline()`` and ``yline()``."""
    return (*_rules(options.x.rules, "vline"), *_rules(options.y.rules, "hline"))


def _rules(rules: Sequence[Rule], kind: Literal["vline", "hline"]) -> list[Marks]:
    out = []
    for rule in rules:
        values, nothing = np.array(rule.values, dtype=np.float64), np.empty(0)
        x, y = (values, nothing) if kind == "vline" else (nothing, values)
        style = Style(rule.color, pattern=rule.pattern)
        solid = rule.pattern == "solid"
        out.append(Marks(kind, x, y, role="reference", dashed=not solid, style=style))
    return out


def legend_labels(keys: Sequence[str], options: GraphOptions) -> tuple[dict[int, str], list[str]]:
    """The label of each key that the legend shows, and their order where one was asked for."""
    legend = options.legend
    texts = dict(enumerate(keys, start=1))
    texts.update({k: t for k, t in legend.labels if k in texts})
    if legend.order is None:
        return texts, []
    chosen = [k for k in legend.order if k in texts]
    return {k: texts[k] for k in chosen}, [texts[k] for k in chosen]


def told_apart(labels: Sequence[str], details: Sequence[str]) -> list[str]:
    """Labels in which those that occur twice carry their detail, or failing that a number."""
    out = [f"{label}, {d}" if labels.count(label) > 1 and d else label for label, d in zip(labels, details)]
    counted: dict[str, int] = {}
    for i, label in enumerate(list(out)):
        if out.count(label) > 1 or label in counted:
            counted[label] = counted.get(label, 0) + 1
            if counted[label] > 1:
                out[i] = f"{label} ({counted[label]})"
    return out


def ignored_text(names: Sequence[str]) -> tuple[str, ...]:
    """A warning that names options which were understood and change nothing here."""
    distinct = list(dict.fromkeys(names))
    if not distinct:
        return ()
    listed = ", ".join(f"{n}()" for n in distinct)
    return (f"{listed} {'has' if len(distinct) == 1 else 'have'} no effect on graphs.",)


def panel_text(panels: Panels, names: Sequence[str], pages: int) -> str:
    """``160 panels by id on 6 pages``; empty where there is one panel."""
    if not names:
        return ""
    count = len(panels.titles)
    text = f"{count:,} panel{'s' if count != 1 else ''} by {', '.join(names)}"
    return text + (f" on {pages} pages" if pages > 1 else "")
