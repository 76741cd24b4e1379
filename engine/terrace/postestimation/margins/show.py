"""Margins as a table and as a plot."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from math import floor, log10

import numpy as np
import numpy.typing as npt

from terrace.errors import SpecError
from terrace.postestimation.margins import layout
from terrace.postestimation.margins.at import Dimension
from terrace.postestimation.margins.beneath import Beneath, beneath_note, partial
from terrace.postestimation.margins.margins import Margins
from terrace.postestimation.margins.nonlinear import KINDS
from terrace.postestimation.margins.titles import dimension_text, inside
from terrace.postestimation.tests.combinations import by_t, estimate_columns
from terrace.postestimation.tests.comparisons import comparison_table, pairs
from terrace.postestimation.tests.notestimable import marked
from terrace.results.plot import Axis, Marks, Plot, PlotPanel, Style, thinned
from terrace.results.table import Row, Table
from terrace.results.under_heads import under_heads
from terrace.wording import plural

FloatArray = npt.NDArray[np.float64]


def margins_table(found: Margins) -> Table:
    """Margin, SE, z or t, p, interval, one row a margin under heads for what several are at; or the pairwise
    comparisons where they were asked for.

    Rows are named for people by what they are at, for programs as in ``1#Private``: the number of the setting,
    then levels.
    """
    if found.pairs:
        return comparison_table(
            [e for _, e in found.pairs], _pair_labels(found), codes=[code for code, _ in found.pairs],
            stub=layout.names(found.dimensions, found.called),
            title=f"Pairwise comparisons of {inside(found.title)}", level=found.level, mcompare=found.mcompare,
            small=found.small, key="margins", notes=margins_notes(found),
        )  # fmt: skip
    small = by_t(found.estimates, found.small)
    rows = []
    placed = layout.places(found)
    for k in layout.order(found):
        heads, label = placed[k]
        cells = found.estimates[k].cells(small=small) if found.estimable[k] else marked(6 if small else 5)
        rows.append((heads, Row(label, cells, code=found.labels[k])))
    columns = estimate_columns(found.level, small=small, title=KINDS[found.kind] if found.effects else "Margin")
    return Table(found.title, columns, under_heads(rows), layout.stub(found), margins_notes(found), "margins")


def _pair_labels(found: Margins) -> list[str]:
    """``1, Public vs 0, Public``, in the order of the pairs, which may be sorted."""
    texts, labels = layout.cell_texts(found), found.labels
    words = {f"{labels[j]} vs {labels[i]}": f"{texts[j]} vs {texts[i]}" for j, i in pairs(len(labels))}
    return [words[code] for code, _ in found.pairs]


def margins_notes(found: Margins) -> tuple[str, ...]:
    """What a reader of margins has to know besides what their rows say."""
    rows = plural(found.n, "row")
    what = "" if found.expression else "Predictions from the fixed effects"
    if found.averaged:
        notes = [f"{what}, averaged over {rows}." if what else f"Averaged over {rows}."]
    else:
        notes = [f"{what} ({rows})." if what else f"Of {rows}."]
    common = found.at[0] if len(found.at) == 1 else found.common
    if common:
        notes.append(f"At {common}.")
    if found.held:
        notes.append(f"At means: {found.held}.")
    notes += found.missing
    if any("." in name for name in found.effects):
        change = "change of ln y" if found.kind == "eydx" else "change"
        notes.append(f"For a factor, {KINDS[found.kind]} is the {change} from the base level.")
    if found.expression or (found.effects and found.kind != "dydx"):
        notes.append("Standard errors by the delta method.")
    return tuple(notes)


def margins_plot(
    found: Margins,
    x: str | None = None,
    *,
    by: Sequence[str] = (),
    recast: str = "line",
    recastci: str = "",
    horizontal: bool = False,
    under: Beneath | None = None,
    points: Sequence[str] = (),
    grid: bool = False,
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
        interval, rarea (a band), rline (two lines), or none; by default bands along a continuous variable.
    horizontal
        The margins along the horizontal axis.
    under, points, grid
        The rows beneath the margins, and which layers of points these have: ``raw``, ``residuals``, see `Beneath`;
        with `grid` partial residuals stand at the nearest margin.
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
    if not recastci:
        recastci = "rarea" if recast == "line" and _continuous(found, axis) else "interval"
    look = _Look(recast, recastci, horizontal)
    layers = [_Layer(under, kind, grid, len(points) > 1) for kind in points if under is not None]
    panels = []
    effects = list(dict.fromkeys(found.effects)) or [""]
    for effect in effects:
        groups: dict[str, list[int]] = {}
        for k in range(len(found.labels)):
            if not found.effects or found.effects[k] == effect:
                panel = ", ".join(f"{_called(found, d.name)} = {d.label}" for d in found.dimensions[k] if d.name in by)
                groups.setdefault(panel, []).append(k)
        for panel, own in groups.items():
            title = ", ".join(t for t in (layout.effect_text(found, effect) if len(effects) > 1 else "", panel) if t)
            panels.append(_panel(found, own, axis, title, by, look, layers))
    rest = [n for n in free if n != axis]
    note = "" if recastci == "none" else f"{look.words} are {found.level:g}% confidence intervals."
    notes = [note, *(beneath_note(layer.kind, layer.under, grid) for layer in layers)]
    plot = Plot(
        found.title, tuple(panels), "margins", min(len(panels), 2), note=" ".join(filter(None, notes)),
        legend=bool(rest), shared="xy" if by and len(effects) == 1 else "",
        drawn_from=None if under is None else under.drawn_from,
    )  # fmt: skip
    return thinned(plot, ("raw", "residuals"))


def _continuous(found: Margins, axis: str) -> bool:
    """True where margins are at three or more values of a number, so that a line through them means something."""
    at = {d.value for dims in found.dimensions for d in dims if d.name == axis and d.kind == "at"}
    return len(at) > 2 and all(isinstance(v, float) for v in at) and axis not in found.bases


@dataclass(frozen=True, slots=True)
class _Layer:
    """Points beneath margins: of which rows, of which kind, whether they stand at the nearest margin, and whether
    there are others to be told from."""

    under: Beneath
    kind: str
    grid: bool
    several: bool = False

    def marks(self, found: Margins, members: Sequence[int], axis: str, places: FloatArray, series: int,
              spread: float, horizontal: bool) -> Marks:  # fmt: skip
        """The points of one line; `places` are where its margins stand, `spread` how far points scatter around."""
        under = self.under
        y = under.y if self.kind == "raw" else partial(found, under, members, axis, self.grid)
        own = np.flatnonzero(np.isin(under.nearest, members) & np.isfinite(y))
        if axis in under.values and not (self.grid and self.kind == "residuals"):
            x = under.values[axis][own]
        else:
            where = dict(zip(members, places))
            x = np.array([where[k] for k in under.nearest[own].tolist()])
            if spread and axis not in under.values:  # categories: rows would hide one another
                x = x + np.random.default_rng(series + 1).uniform(-spread, spread, len(x))
        at = (y[own], x) if horizontal else (x, y[own])
        few = len(under.rows) <= 300
        style = Style(marker="circle_hollow") if self.several and self.kind == "residuals" else Style()
        texts = tuple(under.names[k] for k in own) if under.names else ()
        return Marks("points", *at, role="data", series=series, rows=under.rows[own], layer=self.kind, style=style,
                     labels=texts,
                     opacity=45.0 if few else 30.0, points=3.0 if few else 2.4)  # fmt: skip


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
            width = _bar_width(at, of)
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


def _bar_width(at: FloatArray, of: int) -> float:
    """How wide each of so many bars is that stand side by side at places (k,)."""
    gap = float(np.diff(np.unique(at)).min()) if len(np.unique(at)) > 1 else 1.0
    return 0.7 * gap / max(of, 1)


def _panel(
    found: Margins, own: list[int], axis: str, title: str, by: Sequence[str], look: _Look,
    layers: Sequence[_Layer] = (),
) -> PlotPanel:  # fmt: skip
    series: dict[str, list[int]] = {}
    short = _short(found, axis)
    for k in own:
        rest = [short.get(d, d) for d in found.dimensions[k] if d.name != axis and d.name not in by]
        series.setdefault(_series_text(rest, found), []).append(k)
    where = {k: next((d for d in found.dimensions[k] if d.name == axis), None) for k in own}
    numeric = all(d is not None and d.kind == "at" and isinstance(d.value, float | int) for d in where.values())
    categories = list(dict.fromkeys(d.label if d else "" for d in where.values()))
    marks = []
    # side by side, so that intervals of several lines do not hide one another
    width = 0.0 if numeric or len(series) == 1 or look.recast == "bar" else min(0.12, 0.6 / len(series))
    beneath: list[Marks] = []
    for number, (label, members) in enumerate(series.items()):
        at = np.array([_place(where[k], numeric, categories) for k in members])
        at = at + width * (number - (len(series) - 1) / 2)
        apart = _bar_width(at, len(series)) if look.recast == "bar" else width
        places = at + apart * (number - (len(series) - 1) / 2) if look.recast == "bar" else at
        beneath += [layer.marks(found, members, axis, places, number, 0.3 * (apart or 0.4), look.horizontal)
                    for layer in layers]  # fmt: skip
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
    return PlotPanel(*(axes[::-1] if look.horizontal else axes), (*beneath, *marks), title)


def _series_text(rest: Sequence[Dimension], found: Margins) -> str:
    """What a line is called: the one level that sets it apart stands alone where it is a word, also one of at()."""
    if len(rest) == 1 and rest[0].value is not None and rest[0].label[:1].isalpha():
        return rest[0].label
    return ", ".join(dimension_text(d, found.called) for d in rest)


def _short(found: Margins, axis: str) -> dict[Dimension, Dimension]:
    """Numbers that lines are told apart by, shorter where they have many digits, as a mean less its SD does."""
    out: dict[Dimension, Dimension] = {}
    numbers = {d for dims in found.dimensions for d in dims if d.kind == "at" and d.name != axis}
    for name in {d.name for d in numbers}:
        own = [d for d in numbers if d.name == name and isinstance(d.value, float)]
        plain = [d for d in own if d.label == _minus(f"{d.level:.7g}")]
        texts = dict(zip(plain, _short_texts([float(d.value) for d in plain if isinstance(d.value, float)])))
        if len(set(texts.values())) == len(texts):
            out |= {d: replace(d, label=text) for d, text in texts.items()}
    return out


def _short_texts(values: Sequence[float]) -> list[str]:
    """Numbers in three digits where these say all of each; else all with the decimals that tell them well apart."""
    if all(float(f"{v:.3g}") == v for v in values):
        return [_minus(f"{v:.3g}") for v in values]
    gaps = np.diff(np.unique(values))
    step = float(gaps.min()) if len(gaps) else abs(values[0])
    decimals = min(max(0, 1 - floor(log10(step))), 12)
    return [_minus(f"{round(v, decimals) + 0.0:.{decimals}f}") for v in values]


def _minus(text: str) -> str:
    return text.replace("-", "\u2212")


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
