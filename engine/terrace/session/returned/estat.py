"""What the ``estat`` commands leave in r(), by the names of the field."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Literal

import numpy as np
import numpy.typing as npt

from terrace.data.value import Value
from terrace.session.returned.tables import number, r_table, square, vector
from terrace.session.state import Matrix, Returned
from terrace.spec.model import DfInformation

if TYPE_CHECKING:
    from terrace.data.dataset import Dataset
    from terrace.results.fit import FitResult
    from terrace.results.table import Table


def icc_returned(fit: FitResult, level: float) -> Returned:
    """r(icc2), r(se2), r(ci2), r(label2), ...: the lowest level is 2, and r(level) the confidence level."""
    from terrace.postestimation.variance.icc import icc

    found = icc(fit, level)
    levels = [v.name for v in fit.model.design.levels if v.name != "_all"]
    # state|region is a level below region; what crosses or differs by group counts on from below
    numbers = [len(levels) + 1 - e.label.count("|") for e in found]
    if len(set(numbers)) < len(numbers):
        numbers = list(range(len(found) + 1, 1, -1))
    scalars: dict[str, float] = {"level": level}
    macros: dict[str, str] = {}
    matrices: dict[str, Matrix] = {}
    for k, e in sorted(zip(numbers, found), key=lambda pair: pair[0]):
        scalars |= {f"icc{k}": number(e.value), f"se{k}": number(e.se)}
        macros[f"label{k}"] = e.label
        matrices[f"ci{k}"] = vector((e.lower, e.upper), ("ll", "ul"), "r1")
    return Returned(scalars, macros, matrices)


_CRITERIA = {"N": "N", "ll0": "ll0", "ll": "ll", "df": "df", "aic": "AIC", "bic": "BIC", "aicc": "AICc", "caic": "CAIC"}


def criteria_returned(table: Table) -> Returned:
    """r(S): one row a model; N, ll0, ll, df, AIC, BIC. Of one model they are scalars as well."""
    columns = [_CRITERIA[c.key] for c in table.columns]
    values = np.array([[number(v) for v in row.values] for row in table.rows])
    s = Matrix(values, tuple(row.label for row in table.rows), tuple(columns))
    one = {k: float(v) for k, v in zip(columns, values[0]) if not np.isnan(v)} if len(values) == 1 else {}
    return Returned(one, {}, {"S": s})


def sd_returned(fit: FitResult, level: float, metric: Literal["sd", "variance"]) -> Returned:
    """r(b), r(V) and r(table) of the standard deviations and correlations, or of the variances and covariances."""
    from terrace.inference.parameters import sd_metric
    from terrace.postestimation.tests.combinations import Estimate
    from terrace.postestimation.variance.parts import random_parameters

    found = random_parameters(fit, level, metric)
    names = [f"{r.level}:{r.name}" for r in found]
    model = fit.model
    v = np.diag([number(r.se) ** 2 if r.se is not None else 0.0 for r in found])
    if len(model.layout) == len(found) and fit.macros.get("cmd") == "mixed":
        whole = sd_metric(model.layout, model.natural)[1] if metric == "sd" else model.natural.vcov
        v = np.where(np.outer(model.natural.identified, model.natural.identified), whole, 0.0)
        gone = np.array([not r.identified for r in found])
        v[gone] = v[:, gone] = np.nan
    estimates = [Estimate(r.estimate, r.se, lower=r.lb, upper=r.ub) for r in found]
    matrices = {"b": vector([r.estimate for r in found], names), "V": square(v, names)}
    return Returned({"level": level}, {}, {**matrices, "table": r_table(names, estimates, level)})


def recovariance_returned(fit: FitResult, correlation: bool, relevel: str | None) -> Returned:
    """r(relevels), the number of levels, and r(Cov2) or r(Corr2), ...: the lowest level is 2."""
    from terrace.postestimation.variance.parts import level_covariance

    levels = list(dict.fromkeys(v.name for v in fit.model.design.levels))
    matrices: dict[str, Matrix] = {}
    for k, name in enumerate(reversed(levels), start=2):
        if relevel not in (None, name):
            continue
        labels, sigma = level_covariance(fit, name, correlation)
        if labels:
            matrices[f"{'Corr' if correlation else 'Cov'}{k}"] = square(sigma, labels)
    return Returned({"relevels": float(len(levels))}, {}, matrices)


def vce_returned(fit: FitResult, correlation: bool) -> Returned:
    """r(V): e(V), or its correlations, missing where there is no variance."""
    v = np.array(fit.matrices["V"])
    if correlation:
        d = np.sqrt(np.diag(v))
        d[d == 0] = np.nan
        v = v / np.outer(d, d)
    return Returned({}, {}, {"V": square(v, fit.matrix_names["V"][0])})


def summary_returned(table: Table) -> Returned:
    """r(stats): one row a variable; mean, sd, min, max."""
    keys = ("mean", "sd", "min", "max")
    at = [[c.key for c in table.columns].index(k) for k in keys]
    values = np.array([[number(r.values[k]) for k in at] for r in table.rows])
    return Returned({}, {}, {"stats": Matrix(values, tuple(r.code for r in table.rows), keys)})


def df_returned(fit: FitResult, table: Table, information: DfInformation) -> Returned:
    """r(dfmethods), r(df) with one row a method, and r(V_df) where kroger is one of them."""
    from terrace.postestimation.variance.parts import adjusted_vcov
    from terrace.results.stored import coefficient_places, spread

    methods = [c.key for c in table.columns]
    at, names = coefficient_places(fit.model.design)
    df = np.full((len(methods), len(names)), np.nan)
    df[:, at] = np.array([[number(v) for v in r.values] for r in table.rows]).T
    matrices = {"df": Matrix(df, tuple(methods), tuple(names))}
    if "kroger" in methods:
        matrices["V_df"] = square(spread(adjusted_vcov(fit, "kroger", information), at, len(names)), names)
    return Returned({}, {"dfmethods": " ".join(methods)}, matrices)


def wcorrelation_returned(
    fit: FitResult, data: Dataset, at: Mapping[str, Value] | None, every: bool = False, ordered: bool = True
) -> Returned:
    """r(sd), r(Corr), r(Cov), and what they are made of: r(Z), r(G) and r(R) with ZGZ' + R."""
    from terrace.postestimation.settled import settled
    from terrace.postestimation.variance.wcorrelation import cluster_parts

    labels, effects, z, _, _ = cluster_parts(fit, data, at, every, ordered)

    def known(compute: Callable[[FitResult], npt.NDArray[np.float64]]) -> npt.NDArray[np.float64]:
        return settled(fit, compute, fit.model.objective.y_scale**2)

    g = known(lambda f: cluster_parts(f, data, at, every, ordered)[3])
    r = known(lambda f: cluster_parts(f, data, at, every, ordered)[4])

    def whole(f: FitResult) -> npt.NDArray[np.float64]:
        *_, g, r = cluster_parts(f, data, at, every, ordered)
        return z @ g @ z.T + r

    v = known(whole)
    d = np.sqrt(np.diag(v))
    return Returned(
        {},
        {},
        {
            "sd": vector(d, labels, "sd"),
            "Corr": square(v / np.outer(d, d), labels),
            "Cov": square(v, labels),
            "G": square(g, effects),
            "Z": Matrix(z, tuple(labels), tuple(effects)),
            "R": square(r, labels),
        },
    )


def side_by_side_returned(fits: Sequence[FitResult], names: Sequence[str], statistics: Sequence[str]) -> Returned:
    """r(names), r(coef) with the coefficients of each model and their variances, and r(stats) of those asked for."""
    from terrace.results.criteria import information_criteria, parameter_counts
    from terrace.results.tables_compare import merged

    rows = merged([list(f.matrix_names["b"][1]) for f in fits])
    coef = np.full((len(rows), 2 * len(fits)), np.nan)
    for j, f in enumerate(fits):
        at = [rows.index(name) for name in f.matrix_names["b"][1]]
        coef[at, 2 * j], coef[at, 2 * j + 1] = f.matrices["b"][0], np.diag(f.matrices["V"])
    columns = tuple(f"{name}:{what}" for name in names for what in ("b", "var"))
    matrices = {"coef": Matrix(coef, tuple(rows), columns)}
    if statistics:
        criteria = [information_criteria(f, k) for f, k in zip(fits, parameter_counts(fits))]
        own = [{**f.scalars, "rank": c.k, "aic": c.aic, "bic": c.bic} for f, c in zip(fits, criteria)]
        values = np.array([[number(numbers.get(s)) for numbers in own] for s in statistics])
        matrices["stats"] = Matrix(values, tuple(statistics), tuple(names))
    return Returned({}, {"names": " ".join(names)}, matrices)


def terms_returned(table: Table) -> Returned:
    """r(chi2) or r(F), r(df), r(df2), r(p): one column a term."""
    rows = [r for r in table.rows if r.kind != "group"]
    names: Sequence[str] = [r.code or r.label for r in rows]
    keys = [{"ddf": "df2"}.get(c.key, c.key) for c in table.columns]
    matrices = {key: vector([r.values[k] for r in rows], names) for k, key in enumerate(keys)}
    return Returned({"k_terms": float(len(names))}, {}, matrices)
