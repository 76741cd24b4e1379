"""Margins as a table and as a plot."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from terrace.errors import SpecError
from terrace.postestimation.margins.at import Dimension
from terrace.postestimation.margins.margins import Margins
from terrace.postestimation.margins.nonlinear import KINDS
from terrace.postestimation.margins.titles import dimension_text, inside
from terrace.postestimation.tests.combinations import by_t, estimate_columns
from terrace.postestimation.tests.comparisons import comparison_table
from terrace.postestimation.tests.notestimable import marked
from terrace.results.plot import Axis, Marks, Plot, PlotPanel
from terrace.results.table import Row, Table
from terrace.wording import plural

FloatArray = npt.NDArray[np.float64]


def margins_table(found: Margins) -> Table:
    """Margin, SE, z or t, p, interval, one row a margin; or the pairwise comparisons where they were asked for.

    Rows are named for people by what they are at, for programs as in ``1#Private``: the number of the setting,
    then levels.
    """
    if found.pairs:
        return comparison_table(
            [e for _, e in found.pairs], [label for label, _ in found.pairs],
            title=f"Pairwise comparisons of {inside(found.title)}", level=found.level, mcompare=found.mcompare,
            small=found.small, key="margins", notes=_notes(found),
        )  # fmt: skip
    small = by_t(found.estimates, found.small)
    rows: list[Row] = []
    effect = ""
    several = len(set(found.effects)) > 1
    for k, e in enumerate(found.estimates):
        if several and found.effects[k] != effect:
            effect = found.effects[k]
            if any(found.dimensions):
                rows.append(Row(found.words.get(effect, effect), kind="group"))
        cells = e.cells(small=small) if found.estimable[k] else marked(6 if small else 5)
        label = _row_label(found, k)
        rows.append(
            Row(label, cells, indent=int(bool(rows) and rows[0].kind == "group"),
                code=found.labels[k])
        )  # fmt: skip
    columns = estimate_columns(found.level, small=small, title=KINDS[found.kind] if found.effects else "Margin")
    stub = ", ".join(dict.fromkeys(_called(found, d.name) for dims in found.dimensions for d in dims))
    return Table(found.title, columns, tuple(rows), stub, _notes(found), "margins")


def _notes(found: Margins) -> tuple[str, ...]:
    rows = plural(found.n, "row")
    what = "" if found.expression else "Predictions from the fixed effects"
    if found.averaged:
        notes = [f"{what}, averaged over {rows}." if what else f"Averaged over {rows}."]
    else:
        notes = [f"{what} ({rows})." if what else f"Of {rows}."]
    single = found.at if len(found.at) == 1 else ()
    notes += [f"At {text}." for text in single]
    if len(found.at) > 1 and len(found.at) <= 30:
        notes.append("At: " + "; ".join(f"{i}: {t}" for i, t in enumerate(found.at, start=1)) + ".")
    if found.held:
        notes.append(f"At means: {found.held}.")
    notes += found.missing
    if any("." in name for name in found.effects):
        change = "change of ln y" if found.kind == "eydx" else "change"
        notes.append(f"For a factor, {KINDS[found.kind]} is the {change} from the base level.")
    if found.expression or (found.effects and found.kind != "dydx"):
        notes.append("Standard errors by the delta method.")
    return tuple(notes)


def _row_label(found: Margins, k: int) -> str:
    dims = found.dimensions[k]
    if not dims:
        return found.words.get(found.effects[k], found.effects[k]) if found.effects else "Average"
    return ", ".join(dimension_text(d, found.called) for d in dims)


def margins_plot(
    found: Margins,
    x: str | None = None,
    *,
    by: Sequence[str] = (),
    recast: str = "line",
    recastci: str = "interval",
    horizontal: bool = False,
) -> Plot:
    """Margins over one dimension, a line for each combination of the others, bars for the intervals.

    Parameters
    ----------
    x
        The dimension of the axis; by default the first variable of at(), else the first factor.
    by
        Dimensions that have a panel for each of their values.
    recast
        line, connected, scatter or bar.
    recastci
        interval, rarea (a band), rline (two lines), or none.
    horizontal
        The margins along the horizontal axis.
    """
    names = list(dict.fromkeys(d.name for dims in found.dimensions for d in dims))
    kinds = {d.name: d.kind for dims in found.dimensions for d in dims}
    for name in (*([x] if x is not None else []), *by):
        if name not in names:
            raise SpecError(
                f"The margins do not vary over {name}.", code="no-such-dimension", subject=name,
                advice=f"They vary over {', '.join(names)}." if names else "",
            )  # fmt: skip
    free = [n for n in names if n not in by]
    axis = x or next((n for n in free if kinds[n] == "at"), free[0] if free else "")
    if axis in by:
        raise SpecError(f"{axis} cannot be both the axis and the panels.", code="no-such-dimension", subject=axis)
    look = _Look(recast, recastci, horizontal)
    panels = []
    effects = list(dict.fromkeys(found.effects)) or [""]
    for effect in effects:
        groups: dict[str, list[int]] = {}
        for k in range(len(found.labels)):
            if not found.effects or found.effects[k] == effect:
                panel = ", ".join(f"{_called(found, d.name)} = {d.label}" for d in found.dimensions[k] if d.name in by)
                groups.setdefault(panel, []).append(k)
        for panel, own in groups.items():
            title = ", ".join(t for t in (found.words.get(effect, effect) if len(effects) > 1 else "", panel) if t)
            panels.append(_panel(found, own, axis, title, by, look))
    rest = [n for n in free if n != axis]
    note = "" if recastci == "none" else f"{look.words} are {found.level:g}% confidence intervals."
    return Plot(
        found.title, tuple(panels), "margins", min(len(panels), 2), note=note, legend=bool(rest),
        shared="xy" if by and len(effects) == 1 else "",
    )  # fmt: skip


@dataclass(frozen=True, slots=True)
class _Look:
    """How margins and their intervals are drawn."""

    recast: str
    recastci: str
    horizontal: bool

    @property
    def words(self) -> str:
        """What the note calls the intervals."""
        return {"rarea": "Bands", "rline": "Dashed lines"}.get(self.recastci, "Bars")

    def marks(
        self,
        at: FloatArray,
        y: FloatArray,
        low: FloatArray,
        high: FloatArray,
        *,
        series: int,
        label: str,
        texts: tuple[str, ...],
        of: int,
        level: float | None,
        df: FloatArray | None,
    ) -> list[Marks]:
        """The layers of series number `series` of so many, intervals under lines."""
        turned = self.horizontal and self.recast == "bar"
        point = (y, at) if self.horizontal and not turned else (at, y)
        shown: list[Marks] = []
        if self.recast == "bar":
            gap = float(np.diff(np.unique(at)).min()) if len(np.unique(at)) > 1 else 1.0
            width = 0.7 * gap / max(of, 1)
            at = at + (series - (of - 1) / 2) * width
            shown.append(Marks("bars", at, y, width=0.95 * width, label=label, role="fit", series=series,
                               horizontal=turned))  # fmt: skip
        if self.recast in ("line", "connected"):
            shown.append(Marks("line", *point, label=label, role="fit", series=series))
        if self.recast in ("scatter", "connected"):
            own = label if self.recast == "scatter" else ""
            shown.append(Marks("points", *point, label=own, role="fit", series=series))
        spread: list[Marks] = []
        if self.recastci == "rarea":
            spread.append(Marks("band", at, y, low, high, role="fit", series=series, horizontal=self.horizontal,
                                level=level, df=df))  # fmt: skip
        elif self.recastci == "rline":
            for end in (low, high):
                line = (end, at) if self.horizontal else (at, end)
                spread.append(Marks("line", *line, role="fit", series=series, dashed=True, layer="intervals"))
        elif self.recastci == "interval":
            spread.append(Marks("interval", at, y, low, high, role="fit", series=series, labels=texts,
                                horizontal=self.horizontal, level=level, df=df))  # fmt: skip
        return [*spread, *shown] if self.recastci in ("rarea", "rline") else [*shown, *spread]


def _panel(found: Margins, own: list[int], axis: str, title: str, by: Sequence[str], look: _Look) -> PlotPanel:
    series: dict[str, list[int]] = {}
    for k in own:
        rest = [d for d in found.dimensions[k] if d.name != axis and d.name not in by]
        series.setdefault(", ".join(dimension_text(d, found.called) for d in rest), []).append(k)
    where = {k: next((d for d in found.dimensions[k] if d.name == axis), None) for k in own}
    numeric = all(d is not None and d.kind == "at" and isinstance(d.value, float | int) for d in where.values())
    categories = list(dict.fromkeys(d.label if d else "" for d in where.values()))
    marks = []
    # side by side, so that intervals of several lines do not hide one another
    width = 0.0 if numeric or len(series) == 1 or look.recast == "bar" else 0.08
    for number, (label, members) in enumerate(series.items()):
        at = np.array([_place(where[k], numeric, categories) for k in members])
        at = at + width * (number - (len(series) - 1) / 2)
        y = np.array([_or_nan(found.estimates[k].value) for k in members])
        low = np.array([_or_nan(found.estimates[k].lower) for k in members])
        high = np.array([_or_nan(found.estimates[k].upper) for k in members])
        texts = tuple(
            f"{found.labels[k]}: {v:.4g} [{a:.4g}, {b:.4g}]" for k, v, a, b in zip(members, y, low, high)
        )
        marks += look.marks(at, y, low, high, series=number, label=label, texts=texts, of=len(series),
                            level=found.level if found.mcompare == "none" else None,
                            df=_df(found, members))  # fmt: skip
    ticks = None if numeric else tuple((float(i), c) for i, c in enumerate(categories, start=1))
    outcome = _called(found, found.outcome)
    y_title = f"Predicted {outcome}"
    if found.effects:
        y_title = f"Effect on {outcome}" if found.kind == "dydx" else f"{KINDS[found.kind]} of {outcome}"
    elif found.expression:
        y_title = found.expression
    axes = (Axis(_called(found, axis) if axis else "", ticks), Axis(y_title))
    return PlotPanel(*(axes[::-1] if look.horizontal else axes), tuple(marks), title)


def _called(found: Margins, name: str) -> str:
    """The label of a variable, or its name."""
    return found.called.get(name) or name


def _df(found: Margins, members: Sequence[int]) -> FloatArray | None:
    """The degrees of freedom of margins; None where their intervals go by the normal distribution."""
    df = [found.estimates[k].df for k in members]
    return None if None in df else np.array(df, dtype=np.float64)


def _place(d: Dimension | None, numeric: bool, categories: list[str]) -> float:
    if d is None:
        return 1.0
    return float(d.level) if numeric else 1.0 + categories.index(d.label)


def _or_nan(value: float | None) -> float:
    return float("nan") if value is None else float(value)
