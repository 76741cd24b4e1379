"""A plot on its side: values to the right, categories from the top."""

from __future__ import annotations

from dataclasses import replace

from terrace.results.plot import Axis, MarkKind, Marks, Plot, PlotPanel

_LYING = ("bars", "box", "interval", "band")
_RULES: dict[MarkKind, MarkKind] = {"hline": "vline", "vline": "hline"}
_TEXTS = {"above": "right", "right": "above"}


def flipped(plot: Plot) -> Plot:
    """The plot with its axes exchanged; the new y axis runs from its smallest value at the top."""
    shared = "".join({"x": "y", "y": "x"}[a] for a in plot.shared)
    return replace(plot, panels=tuple(map(_panel, plot.panels)), shared=shared)


def _panel(panel: PlotPanel) -> PlotPanel:
    return replace(panel, x=panel.y, y=_downwards(panel.x), marks=tuple(map(_marks, panel.marks)))


def _downwards(axis: Axis) -> Axis:
    if axis.limits is None:
        return axis
    return replace(axis, limits=(max(axis.limits), min(axis.limits)))


def _marks(m: Marks) -> Marks:
    if m.kind in _LYING:
        return replace(m, horizontal=not m.horizontal)
    return replace(m, kind=_RULES.get(m.kind, m.kind), x=m.y, y=m.x, text=_TEXTS.get(m.text, m.text))
