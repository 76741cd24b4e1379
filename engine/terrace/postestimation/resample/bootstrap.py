"""Parametric bootstrap: intervals of every parameter, and the likelihood-ratio test without an asymptotic law.

New outcomes are drawn from the fitted model and the model is fitted to each, from the estimates on. Intervals
are those of the percentiles (Efron & Tibshirani 1993, chapter 13); the test compares the observed ratio with those
of outcomes drawn from the smaller model, p = (1 + #{LR* >= LR})/(1 + B) (Davison & Hinkley 1997, eq. 4.11;
Halekoh & Højsgaard 2014).
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from terrace.design.estimability import settled
from terrace.errors import Cancelled, FitError, SpecError
from terrace.inference.cells import natural_values
from terrace.inference.parameters import sd_values
from terrace.likelihood.objective import Objective
from terrace.optimise.fit import Optimum, optimise
from terrace.optimise.many import maximise_many
from terrace.optimise.newton import Tolerances
from terrace.optimise.search import SearchSpace, near_singular
from terrace.postestimation.resample.simulate import OutcomeSwap, Simulator
from terrace.postestimation.tests.combinations import confidence_level
from terrace.postestimation.tests.lrtest import lrtest
from terrace.progress import CancelCheck, Progress, ProgressCallback
from terrace.results.fit import NOT_IDENTIFIED, FitResult
from terrace.results.table import CellValue, Column, Row, Table
from terrace.results.tables_terms import parameter_label, term_name
from terrace.spec.model import Maximisation
from terrace.threads import on_one_thread
from terrace.wording import plural

FloatArray = npt.NDArray[np.float64]

# Options that make a search other than the usual one.
SEARCH = ("iterate", "tolerance", "ltolerance", "nrtolerance", "nonrtolerance", "technique", "metric")

# Groups and rows of the replicates that are fitted together: their matrices stay in the cache.
BATCH_GROUPS, BATCH_ROWS = 4_000, 4_000_000


@dataclass(frozen=True)
class Bootstrap:
    """The replicates: ``beta`` (B, p), ``variance`` and ``sd`` (B, k) covariance parameters in both metrics.

    ``failed`` counts replicates whose fit did not converge; they are left out. ``seed`` repeats the draws.
    """

    fit: FitResult
    beta: FloatArray
    variance: FloatArray
    sd: FloatArray
    failed: int
    seed: int

    def interval(self, values: FloatArray, level: float) -> tuple[FloatArray, FloatArray]:
        """Percentile limits of columns of replicates."""
        tail = (1.0 - level / 100.0) / 2.0
        low, high = np.quantile(values, [tail, 1.0 - tail], axis=0)
        return low, high


@on_one_thread
def bootstrap(
    fit: FitResult,
    reps: int = 1000,
    *,
    seed: int | None = None,
    progress: ProgressCallback | None = None,
    cancel: CancelCheck | None = None,
) -> Bootstrap:
    """Replicates of a fit.

    Parameters
    ----------
    reps
        Number of replicates, at least 2.
    seed
        Of the random numbers; drawn where it is not given, and kept in the result.
    progress, cancel
        Called at every replicate; `cancel` returning True raises `Cancelled`.

    Raises
    ------
    SpecError
        For weighted fits. `FitError` where more than half of the replicates cannot be fitted.
    """
    if reps < 2:
        raise SpecError("A bootstrap needs at least two replicates.", code="reps", subject="reps")
    seed = _seed(seed)
    rng = np.random.default_rng(seed)
    simulator, refit = Simulator(fit), Refit(fit)
    watch = _Watch("Bootstrap", reps, progress, cancel)
    found: list[Replicate] = []
    for count in _batches(fit, reps):
        outcomes = []
        for _ in range(count):
            watch.step()
            outcomes.append(simulator.draw(rng))
        found += [one for one in refit.many(np.array(outcomes)) if one is not None]
    beta, variance, sd = ([getattr(one, name) for one in found] for name in ("beta", "natural", "sd"))
    failed = reps - len(beta)
    if failed > reps / 2:
        raise FitError(
            f"{failed} of {reps} replicates could not be fitted.",
            code="bootstrap-failed",
            advice="Simplify the random part. The data do not determine it.",
        )
    return Bootstrap(fit, np.array(beta), np.array(variance), np.array(sd), failed, seed)


def _seed(seed: int | None) -> int:
    return int(np.random.SeedSequence().generate_state(1)[0]) if seed is None else int(seed)


def _batches(fit: FitResult, reps: int) -> Iterator[int]:
    """Numbers of replicates that are fitted together: as many as keep their arrays small."""
    groups = max((block.n_groups for block in fit.model.design.blocks), default=1)
    size = max(1, min(BATCH_GROUPS // groups, BATCH_ROWS // fit.model.design.n))
    for first in range(0, reps, size):
        yield min(size, reps - first)


class _Watch:
    def __init__(
        self, stage: str, count: int, progress: ProgressCallback | None, cancel: CancelCheck | None
    ) -> None:
        self.stage, self.count, self.progress, self.cancel = stage, count, progress, cancel
        self.done, self.begun = 0, time.perf_counter()

    def step(self) -> None:
        if self.cancel is not None and self.cancel():
            raise Cancelled("Bootstrap cancelled. Nothing was changed.")
        if self.progress is not None:
            elapsed = time.perf_counter() - self.begun
            self.progress(Progress(self.stage, self.done, fraction=self.done / self.count, elapsed=elapsed))
        self.done += 1


@dataclass(frozen=True)
class Replicate:
    """One refit: the log likelihood, β (p,), covariance parameters (k,) in both metrics."""

    ll: float
    beta: FloatArray
    natural: FloatArray
    sd: FloatArray


class Refit:
    """Fits the model of a fit to other outcomes, beginning at its estimates."""

    def __init__(self, fit: FitResult, tick: Callable[[], None] | None = None) -> None:
        self.fit, self.tick = fit, tick
        self.swap = OutcomeSwap(fit)
        self.start, self.frames = fit.model.optimum.point.theta, fit.model.optimum.point.frames
        self.options = replace(fit.spec.maximisation, emiterate=None, emonly=False, emlog=False, emdots=False)

    def optimum(self, y: FloatArray, start: FloatArray | None = None) -> Optimum | None:
        """The maximum for one outcome, from the estimates or ``start`` on; None where there is none."""
        objective = self.swap.objective(y)
        try:
            begin = self.start if start is None else start
            found = optimise(objective, self.options, start=begin, frames=self.frames, tick=self.tick)
            if not found.converged:
                found = optimise(objective, self.options, tick=self.tick)
        except np.linalg.LinAlgError:
            return None
        return found if found.converged else None

    def __call__(self, y: FloatArray, start: FloatArray | None = None) -> Replicate | None:
        found = self.optimum(y, start)
        if found is None:
            return None
        o, e = found.space.objective, found.point.evaluation
        return self._replicate(o, found.point.ll, o.beta_natural(e.beta), found.point.psi, e.sigma2 * o.y_scale**2)

    def many(self, y: FloatArray) -> list[Replicate | None]:
        """The replicates of several outcomes, shape (R, n): side by side where the design allows it.

        Outcomes whose search is not a smooth one are fitted again by themselves, as all are where the estimates
        stand close to a singular Σ.
        """
        asked = self.options
        plain = replace(Maximisation(), **{name: getattr(asked, name) for name in SEARCH}) == Maximisation()
        space = SearchSpace(self.swap.base)
        smooth = plain and space.quadratic and not near_singular(space, self.fit.model.optimum.point.psi[None])[0]
        outcomes = self.swap.outcomes(y) if smooth else None
        if outcomes is None:
            return [self(one) for one in y]
        try:
            best = maximise_many(outcomes, self.start, Tolerances(), self.frames)
        except np.linalg.LinAlgError:
            return [self(one) for one in y]
        beta = outcomes.beta_natural(best.beta, np.arange(len(y)))
        sigma2 = best.sigma2 * outcomes.y_scale**2
        return [
            self._replicate(self.swap.base, float(best.ll[k]), beta[k], best.psi[k], float(sigma2[k]))
            if best.converged[k]
            else self(y[k], best.theta[k])
            for k in range(len(y))
        ]

    def _replicate(
        self, objective: Objective, ll: float, beta: FloatArray, psi: FloatArray, sigma2: float
    ) -> Replicate:
        """``psi`` is that of the objective, ``sigma2`` in the user's units."""
        values, _ = natural_values(objective, psi, sigma2)
        return Replicate(ll, self.fit.model.bound.beta(beta), values, sd_values(self.fit.model.layout, values))


def bootstrap_table(found: Bootstrap, *, metric: str | None = None, level: float | None = None) -> Table:
    """Estimate, bias, standard error and percentile interval of every parameter."""
    fit = found.fit
    chosen = confidence_level(fit, level)
    shown = metric or ("variance" if fit.spec.display.metric == "variance" else "sd")
    rows: list[Row] = [Row("Fixed effects", kind="group")] if found.beta.shape[1] else []
    names = [c.name for c in fit.model.design.x_info]
    labels = {e.term: term_name(e).label for e in fit.fixed}
    fine = settled(fit.model.design)
    for k, name in enumerate(names):
        cells = _cells(found, found.beta[:, k], float(fit.model.beta[k]), chosen)
        if not fine[k]:
            cells = (NOT_IDENTIFIED, None, None, None)
        rows.append(Row(labels.get(name, name), cells, indent=1, code=name))
    values = found.variance if shown == "variance" else found.sd
    heading = ""
    for k, r in enumerate(fit.random if shown == "variance" else fit.random_sd):
        if r.level != heading:
            rows.append(Row(r.level, kind="group"))
            heading = r.level
        code = r.name if len(fit.groups) < 2 or r.level == "Residual" else f"{r.level}:{r.name}"
        own = _cells(found, values[:, k], r.estimate, chosen) if r.identified else (r.shown, None, None, None)
        rows.append(Row(parameter_label(r), own, indent=1, code=code))
    columns = (
        Column("estimate", "Estimate"), Column("bias", "Bias"), Column("se", "Bootstrap SE"),
        Column("ci", f"{chosen:g}% CI", "interval"),
    )  # fmt: skip
    notes = [f"Parametric bootstrap, {plural(len(found.beta), 'replicate')}, seed {found.seed}; percentile intervals."]
    if found.failed:
        notes.append(f"{plural(found.failed, 'further replicate')} could not be fitted.")
    return Table("Parametric bootstrap", columns, tuple(rows), "Parameter", tuple(notes), "bootstrap")


def _cells(found: Bootstrap, values: FloatArray, estimate: float, level: float) -> tuple[CellValue, ...]:
    values = values[np.isfinite(values)]
    if len(values) < 2:
        return estimate, None, None, None
    low, high = found.interval(values, level)
    return estimate, float(values.mean() - estimate), float(values.std(ddof=1)), (float(low), float(high))


@dataclass(frozen=True)
class BootstrapTest:
    """The bootstrap likelihood-ratio test: ``stat`` observed, ``null`` (B,) simulated under the smaller model."""

    smaller: str
    larger: str
    stat: float
    df: int
    p: float
    p_chi2: float
    null: FloatArray
    failed: int
    seed: int


@on_one_thread
def bootstrap_lrtest(
    fit_a: FitResult,
    fit_b: FitResult,
    name_a: str,
    name_b: str,
    reps: int = 1000,
    *,
    seed: int | None = None,
    progress: ProgressCallback | None = None,
    cancel: CancelCheck | None = None,
) -> BootstrapTest:
    """Test the smaller of two nested fits by simulating from it and fitting both to each outcome.

    The rules of `lrtest` hold; raises as it does, and as `bootstrap`.
    """
    if reps < 2:
        raise SpecError("A bootstrap needs at least two replicates.", code="reps", subject="reps")
    observed = lrtest(fit_a, fit_b, name_a, name_b)
    small, large = (fit_a, fit_b) if observed.smaller == name_a and observed.larger == name_b else (fit_b, fit_a)
    seed = _seed(seed)
    rng = np.random.default_rng(seed)
    simulator, refit_small, refit_large = Simulator(small), Refit(small), Refit(large)
    # under the null the larger model's own estimates are no good place to begin
    refit_large.start = _inside(large)
    watch = _Watch("Bootstrap test", reps, progress, cancel)
    null = []
    for count in _batches(large, reps):
        outcomes = []
        for _ in range(count):
            watch.step()
            outcomes.append(simulator.draw(rng))
        y = np.array(outcomes)
        for a, b in zip(refit_small.many(y), refit_large.many(y)):
            if a is not None and b is not None:
                null.append(max(2.0 * (b.ll - a.ll), 0.0))
    if len(null) < reps / 2:
        raise FitError(
            f"{reps - len(null)} of {reps} replicates could not be fitted.",
            code="bootstrap-failed",
            advice="Simplify the random part. The data do not determine it.",
        )
    values = np.array(null)
    exceed = int((values >= observed.stat * (1 - 1e-12)).sum())
    p = (1.0 + exceed) / (1.0 + len(values))
    return BootstrapTest(
        observed.smaller, observed.larger, observed.stat, observed.df, p, observed.p, values, reps - len(values), seed
    )


def _inside(fit: FitResult) -> FloatArray:
    """θ of the fit, with variances at zero moved a little inside."""
    theta = fit.model.optimum.point.theta.copy()
    small = np.abs(theta) < 1e-3
    theta[small & fit.model.optimum.space.roots] = 1e-2
    return theta


def bootstrap_lrtest_table(found: BootstrapTest) -> Table:
    """The test as a table: χ², df, the bootstrap p beside that of χ²."""
    columns = (
        Column("chi2", "LR χ²", "statistic"), Column("df", "df", "count"), Column("p", "p, bootstrap", "p"),
        Column("p_chi2", "p, χ²", "p"),
    )  # fmt: skip
    notes = [
        f"Assumption: {found.smaller} nested within {found.larger}".rstrip(".") + ".",
        f"{len(found.null):,} outcomes simulated from {found.smaller}, seed {found.seed}; of their ratios "
        f"{float((found.null < 1e-6).mean()):.0%} are zero.",
    ]
    if found.failed:
        notes.append(f"{plural(found.failed, 'further replicate')} could not be fitted.")
    row = Row(f"{found.smaller} vs {found.larger}", (found.stat, found.df, found.p, found.p_chi2))
    return Table("Bootstrap likelihood-ratio test", columns, (row,), "Models", tuple(notes), "bootstrap-lrtest")
