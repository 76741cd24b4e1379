"""The FitResult of a fitted model: rows, scalars, macros, matrices, warnings."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from functools import cached_property
from typing import TypeVar

import numpy as np
import numpy.typing as npt

from terrace.data.dataset import Dataset
from terrace.deferred import Deferred
from terrace.design.estimability import changes, estimable_part, settled
from terrace.design.weights import row_products
from terrace.frozen import proxy, read_only
from terrace.inference.count import count_parameters
from terrace.inference.fitted import FittedModel
from terrace.inference.mixture import mixture_p, only_variances
from terrace.inference.parameters import estmetric
from terrace.inference.stored_names import stored_names
from terrace.inference.tests import wald
from terrace.optimise.by_gradient import monte_carlo
from terrace.results.advice import collect_advice
from terrace.results.assemble import fixed_rows, group_rows, random_rows, variance_limits
from terrace.results.fit import Comparison, FitResult, FixedEffect, RandomParameter
from terrace.results.stored import Names, coefficient_places, stored_macros, stored_matrices
from terrace.spec.model import ModelSpec
from terrace.statistics.distributions import chi2_upper, f_upper

FloatArray = npt.NDArray[np.float64]
T = TypeVar("T")


def build_result(
    fitted: FittedModel,
    spec: ModelSpec,
    data: Dataset,
    command: str,
    elapsed: float,
    trouble: list[tuple[str, str]],
) -> FitResult:
    """Everything that is shown, stored and exported. Warnings are there at once, tables and stored results when
    somebody asks for them."""
    design, natural = fitted.design, fitted.natural
    parts = _Parts(fitted, spec, data, command)
    return FitResult(
        spec=spec,
        command=command,
        title=parts.title,
        outcome=spec.outcome.name,
        fixed=_later(parts.fixed),
        random=_later(lambda: parts.random("variance")),
        random_sd=_later(lambda: parts.random("sd")),
        random_estmetric=_later(lambda: parts.random("estmetric")),
        groups=_later(lambda: group_rows(design)),
        comparison=_later(lambda: parts.compared[0]),
        scalars=_later(parts.scalars),
        macros=_later(parts.macros),
        matrices=_later(lambda: parts.stored[0]),
        matrix_names=_later(lambda: parts.stored[1]),
        warnings=tuple(collect_advice(fitted, spec, trouble)),
        log=fitted.optimum.log,
        converged=fitted.optimum.converged,
        boundary=natural.boundary,
        sample=design.sample,
        elapsed=elapsed,
        n_evaluations=fitted.optimum.space.evaluations,
        held=fitted,
        constraints=() if fitted.constraints is None else fitted.constraints.texts,
        tier=fitted.objective.tier,
    )


def _later(make: Callable[[], T]) -> T:
    """What a field of a `FitResult` that can wait holds in place of its value."""
    return Deferred(make)  # type: ignore[return-value]


class _Parts:
    """The fields of a result that can wait."""

    def __init__(self, fitted: FittedModel, spec: ModelSpec, data: Dataset, command: str) -> None:
        self.fitted, self.spec, self.command = fitted, spec, command
        self.source, self.sha256 = data.source, data.sha256
        self.level = spec.display.level
        self.title = _title(spec, fitted.design)
        # these search the likelihood where a variance is zero or nearly so, and count as evaluations of the fit
        self.limits = variance_limits(fitted, self.level)

    def fixed(self) -> tuple[FixedEffect, ...]:
        fitted = self.fitted
        return fixed_rows(
            fitted.design, fitted.beta, fitted.vcov, fitted.df, self.level, constrained_terms(fitted)
        )

    def random(self, metric: str) -> tuple[RandomParameter, ...]:
        fitted = self.fitted
        return random_rows(fitted.design, fitted.layout, fitted.natural, self.level, metric, self.limits)

    @cached_property
    def compared(self) -> tuple[Comparison | None, float | None]:
        return _comparison(self.fitted, self.spec)

    def scalars(self) -> Mapping[str, float | int | None]:
        comparison, ll_c = self.compared
        return proxy(_scalars(self.fitted, self.spec, self.fitted.optimum.point.ll, ll_c, comparison))

    def macros(self) -> Mapping[str, str]:
        return proxy(stored_macros(self.fitted, self.spec, self.source, self.sha256, self.command, self.title))

    @cached_property
    def stored(self) -> tuple[Mapping[str, FloatArray], Mapping[str, Names]]:
        matrices, names = stored_matrices(self.fitted, *_stored_vector(self.fitted))
        read_only(*matrices.values())
        return proxy(matrices), proxy(names)


def _title(spec: ModelSpec, design: object) -> str:
    weighted = spec.weight is not None or any(e.pweight or e.fweight for e in spec.random)
    pseudo = (spec.weight is not None and spec.weight.kind == "pweight") or any(e.pweight for e in spec.random)
    if weighted and pseudo:
        return "Mixed-effects regression"
    return f"Mixed-effects {'REML' if spec.method == 'reml' else 'ML'} regression"


def constrained_terms(fitted: FittedModel) -> frozenset[str]:
    """The coefficients that a constraint speaks of."""
    if fitted.constraints is None:
        return frozenset()
    fixed = np.flatnonzero(np.any(fitted.constraints.r != 0, axis=0))
    return frozenset(fitted.design.x_info[k].name for k in fixed)


def model_hypothesis(fitted: FittedModel) -> FloatArray:
    """Rows that test every coefficient but the constant, or what is settled of them, shape (l, p)."""
    keep = [k for k, c in enumerate(fitted.design.x_info) if c.name != "_cons"]
    rows = np.eye(len(fitted.design.x_info))[keep]
    return estimable_part(changes(fitted.design, rows)) @ rows


def linear_ll(fitted: FittedModel) -> float:
    """The log (restricted) likelihood of the same model without random effects, by least squares."""
    o = fitted.objective
    rss, log_det = o.y_scale**2 * o.n_effective, -2.0 * o.log_det_back
    if fitted.design.weights.level:
        rss, log_det = _weighted_least_squares(fitted)
    return -0.5 * (o.nu * (math.log(2 * math.pi * rss / o.nu) + 1.0) + (log_det if o.reml else 0.0))


def _weighted_least_squares(fitted: FittedModel) -> tuple[float, float]:
    """Residual sum of squares and log|X'WX| where groups have weights: the objective scales by rows only."""
    design = fitted.design
    x, y = fitted.bound.x, fitted.bound.y
    root = np.sqrt(row_products(design.weights, len(y)))
    q, r = np.linalg.qr(x * root[:, None])
    residual = y * root
    residual = residual - q @ (q.T @ residual)
    return float(residual @ residual), 2.0 * float(np.log(np.abs(np.diag(r))).sum())


def _comparison(fitted: FittedModel, spec: ModelSpec) -> tuple[Comparison | None, float | None]:
    objective = fitted.objective
    robust = fitted.n_clusters is not None
    extra = objective.n_theta - fitted.n_flat
    if not spec.random or extra == 0 or robust or fitted.design.weights.kind == "pweight":
        return None, None
    ll_c = linear_ll(fitted)
    stat = max(2.0 * (fitted.optimum.point.ll - ll_c), 0.0)
    if extra == 1 and only_variances(fitted):
        tiny = stat < 1e-8 * (1 + abs(ll_c))
        return Comparison("chibar2(01)", stat, 1, 1.0 if tiny else 0.5 * chi2_upper(stat, 1), False), ll_c
    return (
        Comparison(f"chi2({extra})", stat, extra, chi2_upper(stat, extra), True, mixture_p(fitted, stat)),
        ll_c,
    )


def _scalars(
    fitted: FittedModel, spec: ModelSpec, ll: float, ll_c: float | None, comparison: Comparison | None
) -> dict[str, float | int | None]:
    design = fitted.design
    n = design.n
    if design.weights.kind == "fweight":
        n = round(fitted.objective.n_effective)
    count = count_parameters(fitted.objective.p, fitted.layout, fitted.n_flat)
    c = model_hypothesis(fitted)
    test = wald(fitted.beta, fitted.vcov, c)
    s: dict[str, float | int | None] = {
        "N": int(n),
        "k": count.total,
        "k_f": count.fixed,
        "k_r": count.random,
        "k_rs": count.variances,
        "k_rc": count.covariances,
        "k_res": count.residual,
        "nrgroups": design.residuals.n_by,
        "df_m": test.rank,
        "small": 1 if fitted.small is not None else 0,
        "ll": ll,
        "chi2": test.chi2 if test.rank else None,
        "p": test.p if test.rank else None,
        "rank": count.identified,
        "ic": len(fitted.optimum.log) - 1,
        "rc": 0 if fitted.optimum.converged else 430,
        "converged": 1 if fitted.optimum.converged else 0,
    }
    if fitted.n_clusters is not None:
        s["N_clust"] = fitted.n_clusters
    s |= design.residuals.structure.stored()
    s |= monte_carlo(fitted.optimum.point, fitted.objective)
    if comparison is not None:
        s |= {"ll_c": ll_c, "chi2_c": comparison.stat, "df_c": comparison.df, "p_c": comparison.p}
    if fitted.small is not None:
        _small_scalars(s, fitted, c, test.chi2, test.rank)
    return s


def _small_scalars(
    s: dict[str, float | int | None], fitted: FittedModel, c: FloatArray, chi2: float, rank: int
) -> None:
    df = fitted.df
    assert fitted.small is not None and df is not None
    if settled(fitted.design).any():
        df = df[settled(fitted.design)]
        s |= {"df_min": float(df.min()), "df_avg": float(df.mean()), "df_max": float(df.max())}
    if not rank:
        return
    ddf, scale = fitted.small.ddf(c)
    if ddf is None or not ddf > 0:
        return
    f = scale * chi2 / rank
    s |= {"F": f, "ddf_m": ddf, "p": f_upper(f, rank, ddf), "chi2": None}


def _stored_vector(fitted: FittedModel) -> tuple[FloatArray, FloatArray, tuple[str, ...]]:
    """e(b) and e(V): coefficients with base levels and others that are zero, then covariance parameters in the
    stored metric."""
    values, vcov, _ = estmetric(fitted.layout, fitted.natural)
    names = [f"{name}:_cons" for name in stored_names(fitted.design, fitted.layout)]
    at, equations = coefficient_places(fitted.design)
    b = np.zeros(len(equations) + len(values))
    b[at], b[len(equations) :] = fitted.beta, values
    v = np.zeros((len(b), len(b)))
    # Kenward and Roger's adjusted matrix is for small-sample inference only and stands in e(V_df)
    v[np.ix_(at, at)] = fitted.phi if fitted.design.spec.df_method == "kroger" else fitted.vcov
    identified = fitted.natural.identified
    v[len(equations) :, len(equations) :] = np.where(np.outer(identified, identified), vcov, 0.0)
    # what is one of many values that fit as well is missing in its place
    gone = np.zeros(len(b), dtype=bool)
    gone[at] = ~settled(fitted.design)
    gone[len(equations) :] = fitted.natural.unknown_as(fitted.layout, "estmetric")
    b[gone] = v[gone] = v[:, gone] = np.nan
    return b, v, tuple(equations + names)
