"""The likelihood-ratio test of two fits, with the rules that make it one, and the boundary mixture beside it.

χ² = 2(ℓ_larger - ℓ_smaller) on the difference in parameters. A variance of zero lies on the boundary, where
the χ² is conservative; where the limiting mixture of χ² distributions is known, its p is given as well (Self &
Liang 1987; Stram & Lee 1994). Parameters are counted as they stand in the model, also those estimated at the
boundary, so that df never depends on where an estimate happened to fall.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import comb, hypot

import numpy as np

from terrace.design.design import RandomBlock
from terrace.errors import SpecError
from terrace.results.fit import FitResult
from terrace.results.table import Column, Row, Table
from terrace.statistics.distributions import chi2_upper

BOUNDARY = (
    "The degrees of freedom assume that the null hypothesis is not on the boundary of the parameter space. "
    "If it is, the test is conservative."
)


@dataclass(frozen=True, slots=True)
class Mixture:
    """The limiting distribution: ``weights[k]`` of χ² with ``first + k`` degrees of freedom.

    ``exact`` is False where the weights hold for uncorrelated variance estimates only.
    """

    first: int
    weights: tuple[float, ...]
    exact: bool = True

    def p(self, stat: float) -> float:
        """P(mixture > stat); χ²₀ is the constant 0."""
        tails = ((chi2_upper(stat, df) if df else float(stat <= 0)) for df in range(self.first, self.first + 99))
        return sum(w * t for w, t in zip(self.weights, tails))

    def __str__(self) -> str:
        return " + ".join(f"{w:g}·χ²({self.first + k})" for k, w in enumerate(self.weights) if w)


@dataclass(frozen=True, slots=True)
class Comparison:
    """The test: ``smaller`` nested in ``larger`` (names), the statistic, df, p; ``mixture`` where it is known.

    ``boundary`` is True where the numbers of variances or residual parameters differ.
    """

    smaller: str
    larger: str
    stat: float
    df: int
    p: float
    boundary: bool
    mixture: Mixture | None
    notes: tuple[str, ...]

    @property
    def mixture_p(self) -> float | None:
        """The p of the boundary mixture; None where that is not known."""
        return None if self.mixture is None else self.mixture.p(self.stat)

    @property
    def best_p(self) -> float:
        """The p of the boundary mixture where that is known, else that of χ²."""
        return self.p if self.mixture is None else self.mixture.p(self.stat)


def lrtest(fit_a: FitResult, fit_b: FitResult, name_a: str, name_b: str, force: bool = False) -> Comparison:
    """Compare two fits; the one with fewer parameters is taken as nested in the other.

    Raises `SpecError` where the test does not exist: REML with different fixed parts, ML against REML,
    different outcomes or samples, pseudolikelihoods, equally many parameters. ``force`` skips all but the last.
    """
    if not force:
        _check(fit_a, fit_b, name_a, name_b)
    a, b = fit_a.n_parameters, fit_b.n_parameters
    flat = [name for fit, name in ((fit_a, name_a), (fit_b, name_b)) if fit.n_unidentified]
    if a == b and flat:
        raise SpecError(
            f"{name_a} and {name_b} have the same number of parameters that these data identify, {a}: there is no test "
            "of the others.",
            code="not-identified",
            advice="The notes of " + " and ".join(flat) + " say what is not identified.",
        )
    if a == b:
        raise SpecError(
            f"{name_a} and {name_b} have the same number of parameters, {a}, so neither is nested in the other.",
            code="not-nested",
            advice="Compare them by AIC and BIC: estimates stats.",
        )
    (small, s), (large, g) = ((fit_a, name_a), (fit_b, name_b)) if a < b else ((fit_b, name_b), (fit_a, name_a))
    df = abs(a - b)
    stat = 2.0 * (large.ll - small.ll)
    error = 2.0 * hypot(*(float(fit.scalars.get("mc_ll") or 0.0) for fit in (small, large)))
    notes = []
    if error:
        notes.append(f"The Monte Carlo standard error of χ² is {error:.2g}, from the iterative method.")
    if stat < -1e-6 * (1 + abs(large.ll)) - 4.0 * error:
        notes.append(
            f"{s} has a higher likelihood with fewer parameters. It is not nested in {g}, or {g} did not converge."
        )
    # what the search leaves undetermined of a likelihood is no evidence
    stat = 0.0 if abs(stat) <= 1e-9 * (1 + abs(large.ll)) else stat
    counts = {"k_rs": 1, "k_res": 0}  # those of a linear model, which does not list them
    boundary = any(small.scalars.get(k, usual) != large.scalars.get(k, usual) for k, usual in counts.items())
    if flat:
        notes.append(f"df counts what these data identify of {' and '.join(flat)}.")
    mixture, equality = (None, False) if flat else boundary_mixture(small, large)
    if boundary:
        notes.append(BOUNDARY)
        if equality:
            notes.append("Here it only sets variances equal, which is not on the boundary, so p is valid.")
    if mixture is not None:
        how = "" if mixture.exact else ", exact where the variances are estimated independently"
        notes.append(f"Mixture: {mixture}{how} (Self & Liang 1987; Stram & Lee 1994).")
    return Comparison(s, g, stat, df, chi2_upper(stat, df), boundary, mixture, tuple(notes))


def lrtest_table(fit_a: FitResult, fit_b: FitResult, name_a: str, name_b: str, force: bool = False) -> Table:
    """The test as a table: χ², df, p, and the p of the boundary mixture where that is known."""
    found = lrtest(fit_a, fit_b, name_a, name_b, force)
    columns = [Column("chi2", "LR χ²", "statistic"), Column("df", "df", "count"), Column("p", "p", "p")]
    cells: list[float | int | None] = [found.stat, found.df, found.p]
    if found.mixture is not None:
        columns.append(Column("p_mixture", "p, mixture", "p"))
        cells.append(found.mixture_p)
    row = Row(f"{found.smaller} vs {found.larger}", tuple(cells))
    notes = (f"Assumption: {found.smaller} nested within {found.larger}".rstrip(".") + ".", *found.notes)
    return Table("Likelihood-ratio test", tuple(columns), (row,), "Models", notes, "lrtest")


def _check(a: FitResult, b: FitResult, name_a: str, name_b: str) -> None:
    for fit, name in ((a, name_a), (b, name_b)):
        if fit.model.design.weights.kind == "pweight" or fit.model.n_clusters is not None:
            raise SpecError(
                f"{name} has a pseudolikelihood (sampling weights or robust standard errors), which allows no "
                "likelihood-ratio test.",
                code="pseudolikelihood",
                advice="Use test, or the option force.",
            )
        if not fit.converged:
            raise SpecError(
                f"{name} did not converge, so its likelihood is not a maximum.",
                code="not-converged",
                advice="Fix the fit first, or use the option force.",
            )
    if a.outcome != b.outcome or a.spec.outcome != b.spec.outcome:
        raise SpecError(
            f"The outcomes differ: {a.outcome} in {name_a}, {b.outcome} in {name_b}.", code="different-outcomes"
        )
    ya, yb = a.model.design.y, b.model.design.y
    same = a.scalars["N"] == b.scalars["N"] and len(ya) == len(yb)
    if same and np.array_equal(ya, yb):
        same = a.sample.shape != b.sample.shape or np.array_equal(a.sample, b.sample)
    elif same:  # perhaps the data were sorted in between
        same = np.array_equal(np.sort(ya), np.sort(yb))
    if not same:
        raise SpecError(
            f"{name_a} and {name_b} were fitted to different observations: {a.scalars['N']:,} and "
            f"{b.scalars['N']:,}.",
            code="different-samples",
            advice="Fit both to the rows that have all variables. After the larger model, add if e(sample).",
        )
    if a.spec.method != b.spec.method:
        raise SpecError(
            "One fit is by ML and the other by REML, so their likelihoods cannot be compared.",
            code="ml-and-reml",
            advice="Fit both by the same method.",
        )
    if a.spec.method == "reml" and _columns(a) != _columns(b):
        raise SpecError(
            "REML likelihoods of models with different fixed effects cannot be compared.",
            code="reml-fixed",
            advice="Fit both by ML: leave out the option reml.",
        )


def _columns(fit: FitResult) -> frozenset[str]:
    return frozenset(c.name for c in fit.model.design.x_info)


def boundary_mixture(small: FitResult, large: FitResult) -> tuple[Mixture | None, bool]:
    """The limiting mixture where it is known, and whether the null hypothesis only sets variances equal.

    Known are: independent variances added (binomial weights), and one random effect added to an unstructured
    covariance (50:50 of χ² with q and q + 1 degrees of freedom); interior parameters that come with them add
    their number to every component.
    """
    a, b = small.model.design, large.model.design
    same_residuals = (a.residuals.key, a.residuals.n_params, a.residuals.by_variable) == (
        b.residuals.key, b.residuals.n_params, b.residuals.by_variable,
    )  # fmt: skip
    if not same_residuals or not _columns(small) <= _columns(large):
        return None, _only_by(small, large)
    free = large.model.objective.p - small.model.objective.p
    left = [block for block in a.blocks if block.names]
    variances, steps, added_any = 0, [], False
    for block in (x for x in b.blocks if x.names):
        inside = [o for o in left if _within(o, block)]
        left = [o for o in left if o not in inside]
        had = sum(len(o.names) for o in inside)
        added = len(block.names) - had
        more = block.structure.n_params - sum(o.structure.n_params for o in inside)
        added_any |= bool(added)
        if not added:
            if more < 0:
                return None, False
            free += more
        elif not inside and _diagonal(block):
            if block.factor is not None and block.structure.n_params > 1:
                return None, False
            variances += block.structure.n_params
        elif block.structure.diagonal and not block.structure.tied and all(_diagonal(o) for o in inside):
            variances += added
            free += had - sum(o.structure.n_params for o in inside)
        elif block.structure.free and added == 1 and had:
            steps.append(had)
            free += had * (had + 1) // 2 - sum(o.structure.n_params for o in inside)
        else:
            return None, False
    if left or free < 0 or len(steps) + bool(variances) > 1:
        return None, False
    if steps:
        return Mixture(free + steps[0], (0.5, 0.5)), False
    if variances:
        weights = tuple(comb(variances, k) / 2.0**variances for k in range(variances + 1))
        return Mixture(free, weights, exact=variances == 1), False
    return None, not added_any


def _only_by(small: FitResult, large: FitResult) -> bool:
    """True where all that differs are residual parameters by group, equal in the smaller model."""
    a, b = small.model.design, large.model.design
    same_effects = [(x.level.name, x.factor, x.names, x.structure.key) for x in a.blocks] == [
        (x.level.name, x.factor, x.names, x.structure.key) for x in b.blocks
    ]
    return (
        same_effects
        and a.residuals.key == b.residuals.key
        and not a.residuals.by_variable
        and bool(b.residuals.by_variable)
        and _columns(small) == _columns(large)
    )


def _within(smaller: RandomBlock, larger: RandomBlock) -> bool:
    return (
        smaller.level.name == larger.level.name
        and smaller.factor == larger.factor
        and set(smaller.names) <= set(larger.names)
    )


def _diagonal(block: RandomBlock) -> bool:
    return len(block.names) == 1 or block.structure.diagonal
