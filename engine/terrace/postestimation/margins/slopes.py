"""Simple slopes and Johnson-Neyman regions: how the effect of one variable depends on another.

The region of significance of Johnson & Neyman (1936) in the form of Bauer & Curran (2005): the values of the
moderator at which the simple slope differs from zero at the level of the fit.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import pairwise

import numpy as np
import numpy.typing as npt

from terrace.data.dataset import Dataset
from terrace.data.value import Value
from terrace.design.estimability import combined
from terrace.errors import SpecError
from terrace.postestimation.margins.at import keys_of
from terrace.postestimation.margins.margins import Margins, margins
from terrace.postestimation.margins.rows import Averages, Key
from terrace.postestimation.tests.combinations import Estimate, combine, confidence_level, covariance
from terrace.postestimation.tests.notestimable import why_not
from terrace.results.fit import FitResult
from terrace.results.labels import short_labels
from terrace.results.plot import Axis, Marks, Plot, PlotPanel
from terrace.results.table import Column, Row, Table
from terrace.statistics.distributions import confidence_quantile
from terrace.wording import two

FloatArray = npt.NDArray[np.float64]


def simple_slopes(
    fit: FitResult,
    data: Dataset,
    x: str,
    moderator: str,
    values: Sequence[float] | None = None,
    *,
    level: float | None = None,
    small: bool = False,
) -> Margins:
    """Effects of `x` at values of the moderator, everything else as observed.

    ``values`` default to the mean and one standard deviation on either side of it; for a factor to its levels.
    Raises `SpecError` where the model has no interaction of the two.
    """
    averages = Averages(fit, data)
    _need_interaction(averages, x, moderator)
    chosen: Sequence[Value] = list(values) if values is not None else _usual(averages, moderator)
    return margins(fit, data, at={moderator: chosen}, dydx=x, level=level, small=small)


def predicted_lines(
    fit: FitResult,
    data: Dataset,
    x: str,
    moderator: str,
    values: Sequence[float] | None = None,
    *,
    points: int = 25,
    level: float | None = None,
) -> Margins:
    """Predictions over the range of `x`, one line a value of the moderator: the plot of an interaction.

    Draw it with `margins_plot`, x on the axis.
    """
    averages = Averages(fit, data)
    _need_interaction(averages, x, moderator)
    key = keys_of(averages, x)[0]
    chosen: Sequence[Value] = list(values) if values is not None else _usual(averages, moderator)
    if key[0] == "factor":
        along: Sequence[Value] = averages.levels(x)
    else:
        v = averages.part((key, None))
        along = [float(a) for a in np.linspace(v.min(), v.max(), points)]
    return margins(fit, data, at={x: along, moderator: chosen}, level=level)


def _usual(averages: Averages, name: str) -> list[Value]:
    key = keys_of(averages, name)[0]
    if key[0] == "factor":
        return averages.levels(name)
    v, w = averages.part((key, None)), averages.weights
    mean = float(v @ w / w.sum())
    sd = math.sqrt(float(w @ (v - mean) ** 2) / (float(w.sum()) - 1.0))
    return [mean - sd, mean, mean + sd]


def _need_interaction(averages: Averages, x: str, moderator: str) -> None:
    for name in (x, moderator):
        keys_of(averages, name)
    if x == moderator:
        raise SpecError(f"{x} cannot moderate itself.", code="no-interaction", subject=x)
    for term in averages.fit.spec.fixed:
        if {x, moderator} <= {f.name for f in term.factors}:
            return
    raise SpecError(
        f"The model has no interaction of {x} and {moderator}: the effect of {x} is the same everywhere.",
        code="no-interaction",
        subject=moderator,
        advice=f"Add c.{x}#c.{moderator} to the model.",
    )


@dataclass(frozen=True)
class JohnsonNeyman:
    """Where the slope of ``x`` differs from zero.

    ``bounds`` are the values of the moderator at which it begins or ceases to; ``regions`` the intervals where
    it does, with infinite ends; ``observed`` the range in the sample. ``at`` (k,) and ``curve`` (k,) with
    ``lower`` and ``upper`` are the slope over the plotted range.
    """

    x: str
    moderator: str
    level: float
    bounds: tuple[float, ...]
    regions: tuple[tuple[float, float], ...]
    observed: tuple[float, float]
    at: FloatArray
    curve: FloatArray
    lower: FloatArray
    upper: FloatArray
    outcome: str
    called: Mapping[str, str] = field(default_factory=dict)

    def name(self, name: str) -> str:
        """The label of a variable where it is short, or its name."""
        return self.called.get(name) or name


def johnson_neyman(
    fit: FitResult, data: Dataset, x: str, moderator: str, *, level: float | None = None, small: bool = False
) -> JohnsonNeyman:
    """The region of significance of a simple slope over a continuous moderator.

    Raises `SpecError` where there is no interaction, the moderator is a factor, or ``x`` is a factor of more
    than two levels.
    """
    averages = Averages(fit, data)
    _need_interaction(averages, x, moderator)
    chosen = confidence_level(fit, level)
    m_key, x_key = keys_of(averages, moderator)[0], keys_of(averages, x)[0]
    if m_key[0] == "factor":
        raise SpecError(
            f"{moderator} is a factor, but a region needs a continuous moderator.", code="moderator-factor",
            subject=moderator, advice=f"Use simple slopes at each level of {moderator}.",
        )  # fmt: skip
    if x_key[0] == "factor" and len(averages.levels(x)) != 2:
        raise SpecError(
            f"{x} has more than two levels, so it has no single effect.", code="effect-factor", subject=x,
            advice="Use simple slopes, or a factor with two levels.",
        )  # fmt: skip
    values = averages.part((m_key, None))
    low, high = float(values.min()), float(values.max())
    rows = _Rows(averages, x_key, m_key)
    bounds = _bounds(fit, rows, low, high, chosen, small)
    regions = _regions(fit, rows, bounds, chosen, small, (low, high))
    shown = [b for b in bounds if low - (high - low) <= b <= high + (high - low)]
    at = np.linspace(min([low, *shown]), max([high, *shown]), 121)
    found = combine(fit, np.array([rows(v) for v in at]), level=chosen, small=small)
    return JohnsonNeyman(
        x, moderator, chosen, tuple(bounds), regions, (low, high), at, _column(found, "value"),
        _column(found, "lower"), _column(found, "upper"), fit.outcome, short_labels(data),
    )  # fmt: skip


class _Rows:
    """The averaged row of the slope at a value of the moderator; polynomial in it, so few averages are needed."""

    def __init__(self, averages: Averages, x: Key, m: Key) -> None:
        degree = max(sum(f.name == m[1] for f in t.factors) for t in averages.fit.spec.fixed)
        values = averages.part((m, None))
        self.center, self.scale = float(values.mean()), float(np.ptp(values)) or 1.0
        nodes = np.linspace(-1.0, 1.0, degree + 1)
        self.rows, parts = [], []
        for u in nodes:
            set_ = {m: self.center + self.scale * u}
            if x[0] == "continuous":
                row, excess = averages.row(set_, slope=x)
            else:
                base = averages.base(x[1])
                other = next(v for v in averages.levels(x[1]) if v != base)
                (up, over), (down, under) = (averages.row(set_ | {x: {v: 1.0}}) for v in (other, base))
                row, excess = up - down, combined(np.array([[1.0, -1.0]]), np.array([over, under]))[0]
            self.rows.append(row)
            parts.append(excess)
        if missing := why_not(averages.fit, np.array(parts)):
            raise SpecError(
                f"The slope of {x[1]} over {m[1]} cannot be estimated, so it has no region.",
                code="not-estimable",
                subject=x[1],
                advice=" ".join(missing),
            )
        self.weights = np.linalg.inv(np.vander(nodes, degree + 1, increasing=True))
        self.linear = degree == 1

    def __call__(self, value: float) -> FloatArray:
        u = (value - self.center) / self.scale
        powers = u ** np.arange(len(self.rows))
        return np.asarray((powers @ self.weights) @ np.array(self.rows))


def _bounds(fit: FitResult, rows: _Rows, low: float, high: float, level: float, small: bool) -> list[float]:
    if rows.linear and not small:
        a, b = rows(0.0), rows(1.0) - rows(0.0)
        beta, v, c = fit.model.beta, covariance(fit), confidence_quantile(level) ** 2
        p = [(b @ beta) ** 2 - c * (b @ v @ b), 2 * ((a @ beta) * (b @ beta) - c * (a @ v @ b)),
             (a @ beta) ** 2 - c * (a @ v @ a)]  # fmt: skip
        roots = np.roots(p)
        return sorted(float(r.real) for r in roots if abs(r.imag) < 1e-9 * (1 + abs(r.real)))
    from scipy.optimize import brentq

    def excess(value: float) -> float:
        (e,) = combine(fit, rows(value)[None], level=level, small=small)
        if e.se is None or e.stat is None:
            return math.nan
        return abs(e.stat) - confidence_quantile(level, e.df)

    width = high - low
    grid = np.linspace(low - 2 * width, high + 2 * width, 501)
    found = np.array([excess(float(g)) for g in grid])
    out = []
    for k in np.flatnonzero(np.sign(found[:-1]) * np.sign(found[1:]) < 0):
        out.append(float(brentq(excess, grid[k], grid[k + 1], xtol=1e-12, rtol=1e-12)))
    return out


def _regions(
    fit: FitResult, rows: _Rows, bounds: list[float], level: float, small: bool, observed: tuple[float, float]
) -> tuple[tuple[float, float], ...]:
    ends = [-math.inf, *bounds, math.inf]
    width = observed[1] - observed[0]
    out = []
    for a, b in pairwise(ends):
        if math.isinf(a) and math.isinf(b):
            inside = sum(observed) / 2
        elif math.isinf(a):
            inside = b - width
        elif math.isinf(b):
            inside = a + width
        else:
            inside = (a + b) / 2
        (e,) = combine(fit, rows(inside)[None], level=level, small=small)
        if e.p is not None and e.p < 1 - level / 100:
            out.append((a, b))
    return tuple(out)


def _column(found: Sequence[Estimate], name: str) -> FloatArray:
    return np.array([math.nan if getattr(e, name) is None else getattr(e, name) for e in found], dtype=np.float64)


def johnson_neyman_table(found: JohnsonNeyman) -> Table:
    """The regions as rows: where they begin and end."""
    rows = []
    for k, (a, b) in enumerate(found.regions, start=1):
        ends = tuple("unbounded" if math.isinf(v) else v for v in (a, b))
        rows.append(Row(f"Region {k}", ends))
    if not rows:
        rows.append(Row("None", (None, None)))
    low, high = found.observed
    x, moderator, outcome = (found.name(n) for n in (found.x, found.moderator, found.outcome))
    notes = [
        f"Values of {moderator} at which the effect of {x} on {outcome} differs from zero at the "
        f"{100 - found.level:g}% level.",
        f"Observed: {two(low)} to {two(high)}.",
    ]
    if found.bounds and not any(low <= b <= high for b in found.bounds):
        notes.append("All bounds lie outside the observed values.")
    columns = (Column("from", "From"), Column("to", "To"))
    return Table("Johnson-Neyman regions", columns, tuple(rows), moderator, tuple(notes), "johnson-neyman")


def johnson_neyman_plot(found: JohnsonNeyman) -> Plot:
    """The simple slope over the moderator with its interval, and the bounds of significance."""
    x, moderator, outcome = (found.name(n) for n in (found.x, found.moderator, found.outcome))
    marks = [
        Marks("hline", np.empty(0), np.array([0.0]), role="reference"),
        Marks("band", found.at, found.curve, found.lower, found.upper, role="fit"),
        Marks("line", found.at, found.curve, role="fit", label=f"Effect of {x}"),
    ]
    inside = [b for b in found.bounds if found.at[0] <= b <= found.at[-1]]
    if inside:
        marks.append(Marks("vline", np.array(inside), np.empty(0), role="highlight", label="Bound", dashed=True))
    low, high = found.observed
    if low > found.at[0] or high < found.at[-1]:
        marks.append(Marks("vline", np.array([low, high]), np.empty(0), role="reference", label="Observed range"))
    panel = PlotPanel(Axis(moderator), Axis(f"Effect of {x} on {outcome}"), tuple(marks))
    return Plot(
        f"Effect of {x} over {moderator}", (panel,), "johnson-neyman",
        note=f"Band: {found.level:g}% confidence interval at each value.",
    )  # fmt: skip
