"""A panel a group: its data, with the line of its predicted effects and that of the average group."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from terrace.data.dataset import Dataset
from terrace.data.known_rows import known_rows
from terrace.errors import SpecError
from terrace.graphs.axes import extent, few_values, number_text, padded, with_scale
from terrace.postestimation.diagnose.group_lines import line_variable, means_by, without
from terrace.postestimation.diagnose.plots import lowest_level
from terrace.postestimation.predict import columns as predict
from terrace.postestimation.tests.combinations import need_data, need_own_rows
from terrace.results.fit import FitResult
from terrace.results.labels import short_labels
from terrace.results.plot import Axis, Marks, Plot, PlotPanel
from terrace.wording import plural

PANELS = 12
MOST = 60  # panels that a page has room for


def trellis_plot(
    fit: FitResult, data: Dataset, x: str = "", *, panels: int = PANELS, seed: int | None = None, group: str = ""
) -> Plot:
    """The groups of the lowest level, each in a panel over `x`: the first ones, or with `seed` some chosen at random.

    The line of a group is its prediction with all other columns at their mean in the group; that of the average group
    is the same without random effects.

    Raises `SpecError` for a number of panels below 1 or above 60.
    """
    need_data(fit, data)
    need_own_rows(fit)
    if not 1 <= panels <= MOST:
        raise SpecError(f"A figure has room for {plural(MOST, 'panel')}.", code="panels", subject="groups",
                        advice=f"Write groups({MOST}) or fewer.")  # fmt: skip
    group, x = group or lowest_level(fit), x or line_variable(fit)
    inside = np.flatnonzero(fit.sample).astype(np.int64)
    codes, known = data.codes(group)
    codes = np.asarray(codes)[inside]
    values, y = data.numeric(x)[inside], data.numeric(fit.outcome)[inside]
    fitted, linear = predict.fitted(fit, data)[inside], predict.linear(fit, data)[inside]
    rest = without(fit, x)
    level = rest - means_by(rest, codes)
    every = np.unique(codes[codes >= 0])
    chosen, note = every[:panels], ""
    if len(every) > panels:
        if seed is not None:
            chosen = np.sort(np.random.default_rng(seed).choice(every, panels, replace=False))
        note = f"{panels} of {len(every):,} groups, " + (
            "the first in order." if seed is None else f"chosen at random (seed {seed}).")
    names = short_labels(data)
    x_axis, y_axis = (with_scale(Axis(data.variable(n).label or n), data, n) for n in (x, fit.outcome))
    out: list[PlotPanel] = []
    for g in chosen:
        own = np.flatnonzero(codes == g)
        own = own[np.argsort(values[own], kind="stable")]
        title = data.level_label(group, known[g])
        at, rows = values[own], inside[own]
        marks = (
            Marks("points", at, y[own], rows=rows, layer="raw", labels=(title,) * len(own)),
            Marks("line", at, (linear - level)[own], role="reference", label="Average group", dashed=True, rows=rows,
                  layer="average", layer_name="Average group"),
            Marks("line", at, (fitted - level)[own], role="fit", label="This group", rows=rows, layer="groups"),
        )  # fmt: skip
        out.append(PlotPanel(x_axis, y_axis, marks, title))
    out = _on_one_scale(out)
    title = f"{names.get(fit.outcome, fit.outcome)} over {names.get(x, x)} by {names.get(group, group)}"
    return Plot(title, tuple(out), "trellis", _columns(len(out)), note=note, legend=True, shared="xy",
                drawn_from=known_rows(data))  # fmt: skip


def _on_one_scale(panels: list[PlotPanel]) -> list[PlotPanel]:
    """The panels with the limits that all of them need."""
    marks = [m for p in panels for m in p.marks]
    x, y = (extent(marks, which) for which in ("x", "y"))
    if x is None or y is None:
        return panels
    ends = padded(*x, False, False), padded(*y, False, False)
    few = few_values(np.concatenate([m.x for m in marks]))
    ticks = tuple((v, number_text(v)) for v in few) or None
    return [replace(p, x=replace(p.x, limits=ends[0], ticks=ticks), y=replace(p.y, limits=ends[1])) for p in panels]


def _columns(panels: int) -> int:
    """So many columns that the figure is about as wide as it is high, or wider, with few empty places."""
    wide = np.sqrt(1.3 * panels)
    near = range(int(np.ceil(np.sqrt(panels))), int(np.ceil(np.sqrt(2 * panels))) + 1)
    return min(near, key=lambda c: (-panels % c, abs(c - wide)))
