"""Margins as a table and as a plot."""

from __future__ import annotations

from typing import Any

import numpy as np

from terrace.postestimation.combinations import estimate_columns
from terrace.postestimation.comparisons import comparison_table
from terrace.postestimation.margins import Margins
from terrace.postestimation.margins_at import Dimension
from terrace.postestimation.margins_nonlinear import KINDS
from terrace.results.plot import Axis, Marks, Plot, PlotPanel
from terrace.results.table import Row, Table


def margins_table(found: Margins) -> Table:
    """Margin, SE, z or t, p, interval, one row a margin; or the pairwise comparisons where they were asked for.

    Rows are named for people by what they are at, for programs as in ``1#Private``: the number of the setting,
    then levels.
    """
    if found.pairs:
        return comparison_table(
            [e for _, e in found.pairs], [label for label, _ in found.pairs],
            title=f"Pairwise comparisons of {found.title.lower()}", level=found.level, mcompare=found.mcompare,
            small=found.small, key="margins", notes=_notes(found),
        )  # fmt: skip
    small = found.small and all(e.df is not None for e in found.estimates if e.se is not None)
    rows: list[Row] = []
    effect = ""
    several = len(set(found.effects)) > 1
    for k, e in enumerate(found.estimates):
        if several and found.effects[k] != effect:
            effect = found.effects[k]
            if any(found.dimensions):
                rows.append(Row(effect, kind="group"))
        cells = e.cells()
        if not found.estimable[k]:
            cells = ("not estimable", None, None, None, None)
        label = _row_label(found, k)
        rows.append(
            Row(label, (*cells, e.df) if small else cells, indent=int(bool(rows) and rows[0].kind == "group"),
                code=found.labels[k])
        )  # fmt: skip
    columns = estimate_columns(found.level, small=small, title=KINDS[found.kind] if found.effects else "Margin")
    stub = ", ".join(dict.fromkeys(d.name for dims in found.dimensions for d in dims))
    return Table(found.title, columns, tuple(rows), stub, _notes(found), "margins")


def _notes(found: Margins) -> tuple[str, ...]:
    what = f"Expression {found.expression}" if found.expression else "Linear prediction, fixed portion"
    notes = [f"{what}, over {found.n:,} rows."]
    single = found.at if len(found.at) == 1 else ()
    notes += [f"At {text}." for text in single]
    if len(found.at) > 1 and len(found.at) <= 30:
        notes.append("At: " + "; ".join(f"{i}: {t}" for i, t in enumerate(found.at, start=1)) + ".")
    if not found.estimable.all():
        notes.append("Not estimable: the sample has no rows in a cell that is needed.")
    if any("." in name for name in found.effects):
        change = "change of ln y" if found.kind == "eydx" else "change"
        notes.append(f"For a factor, {KINDS[found.kind]} is the {change} from the base level.")
    if found.expression or (found.effects and found.kind != "dydx"):
        notes.append("Standard errors by the delta method.")
    return tuple(notes)


def _row_label(found: Margins, k: int) -> str:
    dims = found.dimensions[k]
    if not dims:
        return found.effects[k] if found.effects else "Average"
    return ", ".join(map(str, dims))


def margins_plot(found: Margins, x: str | None = None) -> Plot:
    """Margins over one dimension, a line for each combination of the others, bars for the intervals.

    ``x`` names the dimension of the axis; by default the first variable of at(), else the first factor.
    """
    names = list(dict.fromkeys(d.name for dims in found.dimensions for d in dims))
    kinds = {d.name: d.kind for dims in found.dimensions for d in dims}
    if x is not None and x not in names:
        from terrace.errors import SpecError

        raise SpecError(
            f"The margins do not vary over {x}.", code="no-such-dimension", subject=x,
            advice=f"They vary over {', '.join(names)}." if names else "",
        )  # fmt: skip
    axis = x or next((n for n in names if kinds[n] == "at"), names[0] if names else "")
    panels = []
    effects = list(dict.fromkeys(found.effects)) or [""]
    for effect in effects:
        own = [k for k in range(len(found.labels)) if not found.effects or found.effects[k] == effect]
        panels.append(_panel(found, own, axis, effect if len(effects) > 1 else ""))
    rest = [n for n in names if n != axis]
    what = f" of {', '.join(found.variables)}" if found.variables else ""
    return Plot(
        f"{found.title}{what}", tuple(panels), "margins", min(len(panels), 2),
        note=f"Bars are {found.level:g}% confidence intervals.", legend=bool(rest),
    )  # fmt: skip


def _panel(found: Margins, own: list[int], axis: str, title: str) -> PlotPanel:
    series: dict[str, list[int]] = {}
    for k in own:
        rest = [d for d in found.dimensions[k] if d.name != axis]
        series.setdefault(", ".join(map(str, rest)), []).append(k)
    where = {k: next((d for d in found.dimensions[k] if d.name == axis), None) for k in own}
    numeric = all(d is not None and d.kind == "at" and isinstance(d.value, float | int) for d in where.values())
    categories = list(dict.fromkeys(d.label if d else "" for d in where.values()))
    marks = []
    # side by side, so that intervals of several lines do not hide one another
    width = 0.0 if numeric or len(series) == 1 else 0.08
    for number, (label, members) in enumerate(series.items()):
        at = np.array([_place(where[k], numeric, categories) for k in members])
        at = at + width * (number - (len(series) - 1) / 2)
        y = np.array([_or_nan(found.estimates[k].value) for k in members])
        low = np.array([_or_nan(found.estimates[k].lower) for k in members])
        high = np.array([_or_nan(found.estimates[k].upper) for k in members])
        marks.append(Marks("line", at, y, label=label, role="fit", series=number))
        marks.append(
            Marks(
                "interval", at, y, low, high, role="fit", series=number,
                labels=tuple(f"{found.labels[k]}: {v:.4g} [{a:.4g}, {b:.4g}]"
                             for k, v, a, b in zip(members, y, low, high)),
            )
        )  # fmt: skip
    ticks = None if numeric else tuple((float(i), c) for i, c in enumerate(categories, start=1))
    y_title = f"Effect on {found.outcome}" if found.effects else f"Predicted {found.outcome_label or found.outcome}"
    return PlotPanel(Axis(axis, ticks), Axis(y_title), tuple(marks), title)


def _place(d: Dimension | None, numeric: bool, categories: list[str]) -> float:
    if d is None:
        return 1.0
    return float(d.value) if numeric else 1.0 + categories.index(d.label)


def _or_nan(value: Any) -> float:
    return float("nan") if value is None else float(value)
