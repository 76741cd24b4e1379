"""Profile-likelihood intervals of covariance parameters, and of coefficients (see `profile_coefficients`).

The profile P(c) is the highest likelihood among all models in which one parameter (a standard deviation, a
variance, a correlation, ρ, ...) is c. ζ(c) = sign(c - ĉ)√(2(ℓ̂ - P(c))) is compared with normal quantiles (Bates &
Watts 1988, chapter 6; Bates et al. 2015): the interval holds every c with |ζ(c)| < z, and ends at the edge of the
parameter space where ζ does not reach z before it. Under REML the restricted likelihood is profiled.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from terrace.errors import Cancelled, SpecError
from terrace.inference.cells import Cell
from terrace.postestimation.tests.combinations import confidence_level
from terrace.postestimation.variance.profile_coefficients import CoefficientSearch, need_ml
from terrace.postestimation.variance.profile_search import ProfileSearch
from terrace.progress import CancelCheck, Progress, ProgressCallback
from terrace.results.fit import NOT_IDENTIFIED, FitResult, FixedEffect
from terrace.results.plot import Axis, Marks, Plot, PlotPanel
from terrace.results.table import Column, Row, Table
from terrace.results.tables_terms import parameter_label, term_name
from terrace.statistics.distributions import confidence_quantile

FloatArray = npt.NDArray[np.float64]


@dataclass(frozen=True)
class ProfileInterval:
    """The interval of one parameter. ``lower`` or ``upper`` None where the search failed, ``estimate`` NaN where the
    data do not identify the parameter.

    ``at`` (k,) and ``zeta`` (k,) are the points of the profile that were computed, in order. ``group`` is that of
    `RandomParameter`.
    """

    level: str
    name: str
    estimate: float
    lower: float | None
    upper: float | None
    at: FloatArray
    zeta: FloatArray
    confidence: float
    group: str = ""


def profile(
    fit: FitResult,
    names: Sequence[str] | None = None,
    *,
    metric: str | None = None,
    level: float | None = None,
    points: int = 0,
    coefficients: bool = False,
    progress: ProgressCallback | None = None,
    cancel: CancelCheck | None = None,
) -> tuple[ProfileInterval, ...]:
    """Profile-likelihood intervals.

    Parameters
    ----------
    names
        Parameters as in the tables (``sd(_cons)``, ``id:var(_cons)``), or coefficients (``ses``, ``1.sector``); all
        covariance parameters by default.
    coefficients
        All coefficients as well.
    metric
        ``"sd"`` for standard deviations and correlations, ``"variance"``; that of the fit's display by default.
    points
        Further points of each profile between the limits, for a plot.
    progress, cancel
        Called between evaluations; `cancel` returning True raises `Cancelled`.

    Raises
    ------
    SpecError
        For pseudolikelihoods, which have no profile, and unknown names.
    """
    if fit.model.design.weights.kind == "pweight":
        raise SpecError("A pseudolikelihood has no profile intervals.", code="pseudolikelihood", subject="profile")
    chosen = confidence_level(fit, level)
    shown = metric or ("variance" if fit.spec.display.metric == "variance" else "sd")
    other = "sd" if shown == "variance" else "variance"
    if metric is None and names and not _named(fit, names, shown) and _named(fit, names, other):
        shown = other  # sd(ses) asks for a standard deviation
    fixed, which = _which(fit, names, shown, coefficients)
    if fixed:
        need_ml(fit)
    watch = _Watch(len(which) + len(fixed), progress, cancel)
    search = ProfileSearch(fit, watch.tick)
    out = []
    for column in fixed:
        watch.begin(fit.model.design.x_info[column].name)
        out.append(_coefficient_interval(fit, search, column, chosen, points))
        watch.done += 1
    for k in which:
        watch.begin(fit.random[k].name)
        out.append(_interval(fit, search, k, shown, chosen, points))
        watch.done += 1
    return tuple(out)


class _Watch:
    def __init__(self, count: int, progress: ProgressCallback | None, cancel: CancelCheck | None) -> None:
        self.count, self.progress, self.cancel = max(count, 1), progress, cancel
        self.done, self.steps, self.name, self.begun = 0, 0, "", time.perf_counter()

    def begin(self, name: str) -> None:
        self.name, self.steps = name, 0
        self.tick()

    def tick(self) -> None:
        if self.cancel is not None and self.cancel():
            raise Cancelled("Profile cancelled. Nothing was changed.")
        self.steps += 1
        if self.progress is not None:
            # how many evaluations a parameter takes is not known, so its share approaches the end
            share = (self.done + 1.0 - 0.5 ** (self.steps / 60.0)) / self.count
            self.progress(Progress(f"Profile of {self.name}", fraction=share, elapsed=time.perf_counter() - self.begun))


def _which(
    fit: FitResult, names: Sequence[str] | None, metric: str, coefficients: bool
) -> tuple[list[int], list[int]]:
    """The columns of X and the covariance parameters that are meant."""
    source = fit.random if metric == "variance" else fit.random_sd
    every = [k for k, e in enumerate(_coefficients(fit)) if e is not None]
    if names is None:
        return every if coefficients else [], list(range(len(source)))
    fixed = every if coefficients else []
    out = []
    for name in names:
        found = [k for k, r in enumerate(source) if name in (r.name, f"{r.level}:{r.name}")]
        if found:
            out += found
            continue
        fixed += [k for k in _columns(fit, name) if k in every and k not in fixed]
        if not any(k in fixed for k in _columns(fit, name)):
            raise SpecError(
                f"There is no parameter {name} in this model.",
                code="no-such-parameter",
                subject=name,
                advice="There are " + ", ".join(f"{r.level}:{r.name}" for r in source) + ", and the coefficients.",
            )
    return fixed, out


def _named(fit: FitResult, names: Sequence[str], metric: str) -> bool:
    """True where one of the names is that of a covariance parameter in this metric."""
    source = fit.random if metric == "variance" else fit.random_sd
    return any(n in (r.name, f"{r.level}:{r.name}") for n in names for r in source)


def _coefficients(fit: FitResult) -> list[FixedEffect | None]:
    """Of every column of X its coefficient; None where it is not free."""
    known = {e.term: e for e in fit.fixed if e.se is not None}
    return [known.get(c.name) for c in fit.model.design.x_info]


def _columns(fit: FitResult, name: str) -> list[int]:
    """The columns of X that a name of a coefficient or a factor stands for."""
    from terrace.errors import CommandError
    from terrace.language.grammar.tokens import Piece
    from terrace.postestimation.tests.coefficients import matches

    own = [c.name for c in fit.model.design.x_info]
    try:
        return [own.index(c.name) for c in matches(fit, Piece.of(name)) if c.name in own]
    except CommandError:
        return []


def _coefficient_interval(
    fit: FitResult, search: ProfileSearch, column: int, level: float, points: int
) -> ProfileInterval:
    e = _coefficients(fit)[column]
    assert e is not None and e.se is not None
    size = math.sqrt(float(fit.model.phi[column, column]))
    curve = _Curve(CoefficientSearch(fit, search, column).drop, e.coef, size)
    z = confidence_quantile(level)
    ends = [_end(curve, e.coef, size, sign, sign * math.inf, z) for sign in (-1.0, 1.0)]
    curve.fill(ends[0], ends[1], points)
    at = np.array(sorted(curve.known))
    zeta = np.array([curve.known[c] for c in at])
    return ProfileInterval("Fixed effects", e.term, e.coef, ends[0], ends[1], at, zeta, level)


def limits(fit: FitResult, cell: Cell, metric: str) -> tuple[float, float]:
    """The edges of the parameter space in the direction of one parameter."""
    if cell.kind == "variance":
        return 0.0, math.inf
    if cell.kind == "covariance":
        return (-1.0, 1.0) if metric == "sd" else (-math.inf, math.inf)
    return {"tanh": (-1.0, 1.0), "logit": (0.0, 1.0)}.get(cell.scale, (-math.inf, math.inf))


def _interval(
    fit: FitResult, search: ProfileSearch, k: int, metric: str, level: float, points: int
) -> ProfileInterval:
    cell = fit.model.layout[k]
    r = (fit.random if metric == "variance" else fit.random_sd)[k]
    if not r.identified:
        nothing = np.zeros(0)
        return ProfileInterval(r.level, r.name, math.nan, None, None, nothing, nothing, level)
    # a variance is profiled as its standard deviation, which is smoother near zero; squares keep the interval
    square = metric == "variance" and cell.kind == "variance"
    own = "sd" if square else metric
    row = (fit.random_sd if own == "sd" else fit.random)[k]
    z = confidence_quantile(level)
    low, high = limits(fit, cell, own)
    curve = _Curve(lambda c: search.drop(k, own, c), row.estimate, search.typical(k, own))
    ends = []
    for sign, edge in ((-1.0, low), (1.0, high)):
        ends.append(_end(curve, row.estimate, row.se, sign, edge, z))
    curve.fill(ends[0], ends[1], points)
    at = np.array(sorted(curve.known))
    zeta = np.array([curve.known[c] for c in at])
    lower, upper, estimate = ends[0], ends[1], row.estimate
    if square:
        lower, upper = _squared(lower), _squared(upper)
        estimate, at = estimate * estimate, at**2
    return ProfileInterval(row.level, r.name, estimate, lower, upper, at, zeta, level, row.group)


def _squared(value: float | None) -> float | None:
    return None if value is None else value * value


class _Curve:
    """ζ at values of one parameter, remembered; ``typical`` is a size for it."""

    def __init__(self, drop: Callable[[float], float], estimate: float, typical: float) -> None:
        self.drop, self.estimate, self.typical = drop, estimate, typical
        self.known: dict[float, float] = {estimate: 0.0}

    def __call__(self, c: float) -> float:
        if c not in self.known:
            self.known[c] = math.copysign(math.sqrt(2.0 * max(self.drop(c), 0.0)), c - self.estimate)
        return self.known[c]

    def fill(self, low: float | None, high: float | None, points: int) -> None:
        """Work out so many points between the ends, where there are both."""
        if points and low is not None and high is not None:
            for c in np.linspace(low, high, points + 2)[1:-1]:
                self(float(c))


def _end(
    curve: _Curve, estimate: float, se: float | None, sign: float, edge: float, z: float
) -> float | None:
    """Where |ζ| reaches z on one side, or the edge where it does not."""
    span = abs(edge - estimate) if math.isfinite(edge) else math.inf
    near = max(abs(estimate), curve.typical)
    if span <= 1e-6 * near:
        return edge
    # as close to the edge as the likelihood tells it from the edge
    last = edge - sign * min(1e-4 * near, 1e-3 * span) if math.isfinite(edge) else sign * math.inf
    step = min(z * (se or 0.3 * near), 0.5 * span)
    inner, outer = estimate, estimate + sign * step
    for _ in range(60):
        if sign * (outer - last) > 0:
            outer = last
        if abs(curve(outer)) >= z:
            break
        if outer == last:
            return edge
        inner, step = outer, step * 1.6
        outer = inner + sign * step
    else:
        return None
    from scipy.optimize import brentq

    root = brentq(lambda c: abs(curve(c)) - z, inner, outer, xtol=1e-7 * near, rtol=1e-9)
    return float(root)


def _end_text(value: float) -> float | str:
    return "∞" if math.isinf(value) else value


def profile_table(found: Sequence[ProfileInterval], fit: FitResult) -> Table:
    """Estimates with their profile-likelihood intervals, level by level."""
    rows: list[Row] = []
    heading = ""
    for r in found:
        if r.level != heading:
            rows.append(Row(r.level, kind="group"))
            heading = r.level
        ci = None if r.lower is None or r.upper is None else (_end_text(r.lower), _end_text(r.upper))
        estimate: float | str = NOT_IDENTIFIED if math.isnan(r.estimate) else r.estimate
        rows.append(Row(_label(r, fit), (estimate, ci), indent=1, code=r.name))
    level = found[0].confidence if found else 95.0
    notes = [f"Profile {'restricted ' if fit.spec.method == 'reml' else ''}likelihood."]
    if any(r.lower == 0.0 for r in found):
        notes.append("An interval that starts at 0 does not rule out a variance of zero.")
    if any(None in (r.lower, r.upper) and not math.isnan(r.estimate) for r in found):
        notes.append("A missing interval could not be found because the likelihood falls too slowly.")
    columns = (Column("estimate", "Estimate"), Column("ci", f"{level:g}% CI", "interval"))
    return Table("Profile-likelihood intervals", columns, tuple(rows), "Parameter", tuple(notes), "profile")


def _label(r: ProfileInterval, fit: FitResult | None = None) -> str:
    if r.level != "Fixed effects":
        return parameter_label(r)
    e = None if fit is None else next((e for e in fit.fixed if e.term == r.name), None)
    return r.name if e is None else term_name(e).label


def profile_plot(found: Sequence[ProfileInterval]) -> Plot:
    """The log likelihood along each profile, relative to its maximum, with the limits."""
    panels = []
    for r in (r for r in found if len(r.at)):
        z = confidence_quantile(r.confidence)
        keep = np.abs(r.zeta) <= 1.6 * z
        marks = [Marks("line", r.at[keep], -0.5 * r.zeta[keep] ** 2, role="fit"),
                 Marks("points", r.at[keep], -0.5 * r.zeta[keep] ** 2, role="data"),
                 Marks("hline", np.empty(0), np.array([-0.5 * z * z]), role="reference")]  # fmt: skip
        ends = np.array([v for v in (r.lower, r.upper) if v is not None and math.isfinite(v)])
        if len(ends):
            marks.append(Marks("vline", ends, np.empty(0), role="highlight", dashed=True))
        title = _label(r)
        panels.append(PlotPanel(Axis(title), Axis("Log likelihood"), tuple(marks), f"{title}, {r.level}"))
    level = found[0].confidence if found else 95.0
    return Plot(
        "Profile likelihood", tuple(panels), "profile", min(len(panels), 2),
        note=f"Relative to the maximum. The horizontal line marks the {level:g}% interval.",
    )  # fmt: skip
