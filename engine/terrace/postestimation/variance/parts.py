"""What ``estat`` lists of a fit: groups, information criteria, SDs, covariances, degrees of freedom, the sample."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace
from typing import Literal

import numpy as np
import numpy.typing as npt

from terrace.data.dataset import Dataset
from terrace.design.columns import variable_values
from terrace.design.design import RandomBlock
from terrace.design.estimability import settled
from terrace.errors import SpecError
from terrace.inference.df import SmallSample
from terrace.inference.fewclusters import FewClusters
from terrace.inference.small import TITLES, SmallInference, small_inference
from terrace.language.grammar.options import members
from terrace.postestimation.tests.combinations import confidence_level, need_data
from terrace.postestimation.variance.vce import vce_table
from terrace.postestimation.variance.wcorrelation import block_parameters, wcorrelation_table
from terrace.results.criteria import count_notes, information_criteria, parameter_counts
from terrace.results.fit import FitResult, RandomParameter
from terrace.results.table import CellValue, Column, Row, Table
from terrace.results.tables_notes import nearly_zero_notes
from terrace.results.tables_terms import parameter_label
from terrace.spec.model import DfInformation, DfMethod, Factor, ModelSpec

__all__ = [
    "df_table", "group_table", "ic_table", "recovariance", "recovariance_table", "sd_table", "summarize_table",
    "triangle", "vce_table", "wcorrelation_table",
]  # fmt: skip

FloatArray = npt.NDArray[np.float64]


def group_table(fit: FitResult) -> Table:
    """Groups at each level, and the observations in them."""
    if not fit.groups:
        raise SpecError("The model has no groups.", code="no-groups", subject="estat group")
    columns = (
        Column("n_groups", "Groups", "count"),
        Column("min", "Minimum", "count"),
        Column("avg", "Average", "fixed", 1),
        Column("max", "Maximum", "count"),
    )
    rows = tuple(Row(g.level, (g.n_groups, g.min, g.avg, g.max)) for g in fit.groups)
    notes = ("Minimum, average and maximum are observations per group.",)
    return Table("Groups", columns, rows, "Group variable", notes, "group")


def ic_table(
    fit: FitResult | Sequence[FitResult],
    name: str | Sequence[str] = ".",
    *,
    n: float | None = None,
    more: bool = False,
) -> Table:
    """Information criteria of one fit, or of several with their names.

    Parameters count as in `parameter_counts`, also those on the boundary; BIC counts observations, or takes `n` for
    their number.
    ``more`` adds AICc = AIC + 2k(k + 1)/(N - k - 1) (Hurvich & Tsai 1989) and CAIC = -2ℓ + k(ln N + 1) (Bozdogan
    1987). The log likelihood of the null model is that of a regression on the constant alone, ``e(ll_0)``, where the
    fit has one.
    """
    if n is not None and not n > 0:
        raise SpecError(f"n({n:g}) is not a valid number of observations.", code="n", subject="n",
                        advice="Give a number above 0, such as the number of groups.")  # fmt: skip
    fits = [fit] if isinstance(fit, FitResult) else list(fit)
    names = [name] if isinstance(name, str) else list(name)
    columns: tuple[Column, ...] = (
        Column("N", "N", "count"),
        _seven("ll0", "ll(null)"),
        _seven("ll", "ll(model)"),
        Column("df", "df", "count"),
        _seven("aic", "AIC"),
        _seven("bic", "BIC"),
    )
    if more:
        columns = (*columns, _seven("aicc", "AICc"), _seven("caic", "CAIC"))
    rows = []
    for f, title, k in zip(fits, names, parameter_counts(fits), strict=True):
        count = float(f.scalars["N"] or 0) if n is None else n
        _, aic, bic = information_criteria(f, k, count)
        corrected = aic + 2.0 * k * (k + 1) / (count - k - 1) if count > k + 1 else None
        null = f.scalars.get("ll_0")
        values = (f.scalars["N"], math.nan if null is None else null, f.ll, k, aic, bic)
        rows.append(Row(title, (*values, corrected, bic + k) if more else values))
    notes = ["BIC counts observations." if n is None else f"BIC uses {n:,g} as the number of observations."]
    notes += count_notes(fits, names)
    if len({f.spec.method for f in fits}) == 2:
        notes.append("Likelihoods of ML and REML fits cannot be compared.")
    elif len(fits) > 1 and fits[0].spec.method == "reml" and len({_terms(f) for f in fits}) > 1:
        notes.append("REML likelihoods of models with different fixed effects cannot be compared.")
    return Table("Information criteria", columns, tuple(rows), "Model", tuple(notes), "ic")


def _seven(key: str, title: str) -> Column:
    """A column of likelihoods and criteria, with the seven digits that courses print of them."""
    return Column(key, title, "general", display="%9.0g")


def _terms(fit: FitResult) -> frozenset[str]:
    return frozenset(c.name for c in fit.model.design.x_info)


def sd_table(fit: FitResult, level: float | None = None, metric: Literal["sd", "variance"] = "sd") -> Table:
    """Random-effects parameters as standard deviations and correlations, or as variances and covariances."""
    chosen = confidence_level(fit, level)
    found = random_parameters(fit, chosen, metric)
    rows: list[Row] = []
    heading: tuple[str, int] | None = None
    for r in found:
        if (r.level, r.block) != heading and r.level != "Residual":
            rows.append(Row(f"{r.level}: {r.structure}", kind="group"))
        heading = (r.level, r.block)
        ci = None if r.lb is None or r.ub is None else (r.lb, r.ub)
        own = {"sd(Residual)": "SD(Residual)", "var(Residual)": "Var(Residual)"}
        label = own.get(r.name) or parameter_label(r)
        rows.append(Row(label, (r.shown, r.se, ci), indent=int(r.level != "Residual"), code=r.name))
    columns = (Column("estimate", "Estimate"), Column("se", "SE"), Column("ci", f"{chosen:g}% CI", "interval"))
    title = "Random effects as " + (
        "standard deviations and correlations" if metric == "sd" else "variances and covariances"
    )
    return Table(title, columns, tuple(rows), "Parameter", nearly_zero_notes(fit, metric), "sd")


def random_parameters(fit: FitResult, level: float, metric: Literal["sd", "variance"]) -> tuple[RandomParameter, ...]:
    """The random-effects parameters in a metric, with intervals of a confidence level."""
    if level == fit.spec.display.level:
        return fit.random_sd if metric == "sd" else fit.random
    from terrace.results.assemble import random_rows, variance_limits

    model = fit.model
    return random_rows(model.design, model.layout, model.natural, level, metric, variance_limits(model, level))


def recovariance(fit: FitResult, position: int, values: FloatArray | None = None) -> FloatArray:
    """Σ of one equation in the user's units, shape (q, q); for ``R.varname`` of one effect, or of two values.

    ``values`` (k,) stand for all covariance parameters in the place of the estimates.
    """
    block = fit.model.design.blocks[position]
    return block.structure.covariance(block_parameters(fit, position, values))


def recovariance_table(
    fit: FitResult, correlation: bool = False, relevel: str | None = None, display: str = ""
) -> Table:
    """The covariance (correlation) matrix of the random effects, lower triangle; zero between equations.

    ``relevel`` picks one level; with several levels their names stand before those of the effects. ``display`` is the
    format of its numbers.
    """
    blocks = [(k, b) for k, b in enumerate(fit.model.design.blocks) if b.names]
    known = list(dict.fromkeys(b.level.name for _, b in blocks))
    if not blocks:
        raise SpecError("The model has no random effects.", code="no-random-effects", subject="estat recovariance")
    if relevel is not None:
        if relevel not in known:
            raise SpecError(
                f"{relevel} is not a level with random effects in this model.",
                code="no-such-level",
                subject="relevel",
                advice="The levels are " + ", ".join(known) + ".",
            )
        blocks = [(k, b) for k, b in blocks if b.level.name == relevel]
        known = [relevel]
    labels, matrix = _stacked(fit, blocks)
    levels = [lv for lv, _ in labels]
    inside = np.equal.outer(levels, levels)  # equations of one level are independent, so their zeros are known
    unknown = _unknown(fit, blocks, correlation)
    matrix = correlations(matrix) if correlation else matrix
    names = [n if len(known) == 1 else f"{lv}:{n}" for lv, n in labels]
    table = triangle(names, matrix, "correlation" if correlation else "covariance", inside & ~unknown)
    if unknown.any():
        table = replace(table, notes=("Missing entries are not identified by the data.",))
    title = f"Random-effects {'correlation' if correlation else 'covariance'} matrix"
    title += f" for {known[0]}" if len(known) == 1 else ""
    columns = tuple(replace(c, display=display) for c in table.columns)
    return replace(table, title=title, columns=columns, key="recovariance")


def level_covariance(fit: FitResult, level: str, correlation: bool = False) -> tuple[list[str], FloatArray]:
    """The effects of one level over all its equations, and their covariance (correlation) matrix; NaN for what is not
    identified."""
    blocks = [(k, b) for k, b in enumerate(fit.model.design.blocks) if b.names and b.level.name == level]
    labels, matrix = _stacked(fit, blocks)
    matrix = correlations(matrix) if correlation else matrix
    return [name for _, name in labels], np.where(_unknown(fit, blocks, correlation), np.nan, matrix)


def _unknown(fit: FitResult, blocks: Sequence[tuple[int, RandomBlock]], correlation: bool) -> npt.NDArray[np.bool_]:
    """Which entries of the covariance (correlation) matrix of some equations the data do not determine."""
    unknown = _stacked(fit, blocks, fit.model.natural.unknown.astype(float))[1] != 0
    if correlation:
        unknown |= np.logical_or.outer(np.diag(unknown), np.diag(unknown))
    return np.asarray(unknown)


def _stacked(
    fit: FitResult, blocks: Sequence[tuple[int, RandomBlock]], values: FloatArray | None = None
) -> tuple[list[tuple[str, str]], FloatArray]:
    """(level, effect) of some equations, and their covariance matrix, zero between equations; see `recovariance`."""
    labels: list[tuple[str, str]] = []
    parts: list[FloatArray] = []
    for k, b in blocks:
        sigma = recovariance(fit, k, values)
        if b.factor is not None:
            exchangeable = b.structure.n_params == 2
            labels += [(b.level.name, f"{b.factor}, first"), (b.level.name, f"{b.factor}, second")] if (
                exchangeable
            ) else [(b.level.name, f"R.{b.factor}")]
            sigma = sigma[:2, :2] if exchangeable else sigma[:1, :1]
        else:
            labels += [(b.level.name, n) for n in b.names]
        parts.append(sigma)
    matrix = np.zeros((len(labels), len(labels)))
    at = 0
    for sigma in parts:
        own = slice(at, at + len(sigma))
        matrix[own, own] = sigma
        at += len(sigma)
    return labels, matrix


def correlations(matrix: FloatArray) -> FloatArray:
    """The correlations of a covariance matrix, NaN with what does not vary."""
    d = np.sqrt(np.diag(matrix))
    d[d == 0] = np.nan
    out = matrix / np.outer(d, d)
    np.fill_diagonal(out, 1.0)
    return np.asarray(out)


def triangle(
    names: Sequence[str],
    matrix: FloatArray,
    key: str,
    shown: npt.NDArray[np.bool_] | None = None,
    labels: Sequence[str] | None = None,
) -> Table:
    """A symmetric matrix as a table of its lower triangle; NaN, and what is not `shown`, is missing.

    `labels` are for people where the names are for programs.
    """
    labels = names if labels is None else labels
    rows = []
    for i, name in enumerate(names):
        values: list[CellValue] = []
        for j in range(len(names)):
            hide = j > i or (shown is not None and not shown[i, j]) or not np.isfinite(matrix[i, j])
            values.append(None if hide else float(matrix[i, j]))
        rows.append(Row(labels[i], tuple(values), code=name))
    columns = tuple(Column(f"c{j + 1}", labels[j], code=n) for j, n in enumerate(names))
    return Table("", columns, tuple(rows), "", (), key)


def summarize_table(
    fit: FitResult, data: Dataset, names: Sequence[str] = (), *, labels: bool = False
) -> Table:
    """N, mean, SD, minimum and maximum of the model's variables in the estimation sample, or of those named.

    A factor of the model has a row for each of its levels, base level included. ``labels`` adds the labels of the
    variables.
    """
    need_data(fit, data)
    spec = fit.spec
    factors = [spec.outcome]
    for term in spec.fixed:
        factors += term.factors
    for equation in spec.random:
        for term in equation.terms:
            factors += term.factors
    if names:
        own = {f.name: f for f in reversed(factors)}
        factors = [own.get(n, Factor(n)) for n in names]
    rows: list[Row] = []
    seen: set[tuple[str, str, object]] = set()
    for f in factors:
        key = (f.kind, f.name, f.operators)
        if key not in seen:
            seen.add(key)
            rows += _summary_rows(fit, data, f)
    columns: tuple[Column, ...] = (
        Column("N", "N", "count"), Column("mean", "Mean"), Column("sd", "SD"), Column("min", "Minimum"),
        Column("max", "Maximum"),
    )  # fmt: skip
    if labels:
        columns = (*columns, Column("label", "Label", "text"))
        rows = [replace(r, values=(*r.values, data.variable(_variable_of(r.code)).label)) for r in rows]
    notes = ("The rows that the fit used, without weights.",) if fit.model.design.weights.kind else ()
    return Table("Estimation sample", columns, tuple(rows), "Variable", notes, "summarize")


def _variable_of(code: str) -> str:
    return code.rpartition(".")[2]


def _summary_rows(fit: FitResult, data: Dataset, f: Factor) -> list[Row]:
    inside = fit.sample
    if f.kind == "continuous":
        values = variable_values(data, f)[inside]
        operators = "".join(f"{op}{k if k != 1 else ''}" for op, k in f.operators)
        name = f"{operators}.{f.name}" if operators else f.name
        return [_summary(name, name, values)]
    codes, known = data.codes(f.name)
    codes = codes[inside]
    text = data.is_text(f.name)
    rows = []
    for code in np.unique(codes[codes >= 0]):
        token = str(code + 1) if text else str(int(known[code]))
        label = f"{f.name}: {data.level_label(f.name, known[code])}"
        rows.append(_summary(f"{token}.{f.name}", label, (codes == code).astype(np.float64)))
    return rows


def _summary(code: str, label: str, values: FloatArray) -> Row:
    n = len(values)
    sd = float(values.std(ddof=1)) if n > 1 else None
    return Row(label, (n, float(values.mean()), sd, float(values.min()), float(values.max())), code=code)


def _small(fit: FitResult, method: str, information: DfInformation) -> tuple[ModelSpec, SmallInference]:
    """The specification with a method for degrees of freedom, and what it gives."""
    model = fit.model
    known: dict[str, DfMethod] = members(DfMethod)
    if method not in known:
        raise SpecError(
            f"{method} is not a method for degrees of freedom.",
            code="df-method",
            subject="method",
            advice="Choose " + ", ".join(known) + ".",
        )
    if model.n_clusters is not None:
        if isinstance(model.small, SmallInference) and method == fit.spec.df_method:
            return fit.spec, model.small
        if method == "satterthwaite":
            from terrace.inference.small import small_of_robust

            few = small_of_robust(model.design, model.optimum, model.natural, model.beta, model.phi, model.sigma2)
            df = np.array([few.single(row) for row in np.eye(len(model.beta))])
            return replace(fit.spec, df_method="satterthwaite"), SmallInference(method, df, few)
        raise SpecError(
            f"dfmethod({method}) cannot be combined with these robust standard errors.",
            code="df-robust",
            subject="method",
            advice="Choose satterthwaite, or fit the model without vce().",
        )
    to_x = model.bound.lifted(model.objective.back)
    spec = replace(fit.spec, df_method=known[method], df_information=information)
    return spec, small_inference(
        model.design, model.objective, model.optimum, model.natural, model.phi, to_x, spec
    )


def with_method(fit: FitResult, data: Dataset, method: str, information: DfInformation = "eim") -> FitResult:
    """The fit as it would be with ``dfmethod(method)``: nothing is estimated again.

    Raises `SpecError` where the method does not suit the model or its standard errors.
    """
    from terrace.results.build import build_result

    spec, small = _small(fit, method, information)
    adjusted = _adjusted(fit, method, small)
    design = replace(fit.model.design, spec=spec)
    model = replace(fit.model, design=design, small=small, vcov=adjusted)
    return replace(
        build_result(model, spec, data, fit.command, fit.elapsed, []),
        warnings=fit.warnings, n_evaluations=fit.n_evaluations, name=fit.name,
    )  # fmt: skip


def adjusted_vcov(fit: FitResult, method: str, information: DfInformation = "eim") -> FloatArray:
    """The covariance matrix of the coefficients that belongs to a method for degrees of freedom, (p, p)."""
    return _adjusted(fit, method, _small(fit, method, information)[1])


def _adjusted(fit: FitResult, method: str, small: SmallInference) -> FloatArray:
    if method == "kroger" and isinstance(small.sample, SmallSample):
        return small.sample.adjusted
    if isinstance(small.sample, FewClusters):
        return small.sample.vcov
    return fit.model.vcov if fit.model.n_clusters is not None else fit.model.phi


def df_table(fit: FitResult, methods: Sequence[str] = (), information: DfInformation = "eim") -> Table:
    """Degrees of freedom of every coefficient by one or more methods, side by side.

    ``methods`` default to that of the fit; where it has none to Kenward-Roger under REML, Satterthwaite with robust
    standard errors, else residual. Raises `SpecError` where a
    method does not suit the model.
    """
    model = fit.model
    usual = "kroger" if fit.spec.method == "reml" else "residual"
    usual = "satterthwaite" if model.n_clusters is not None else usual
    chosen = list(methods) or [fit.spec.df_method or usual]
    found = [_small(fit, m, information)[1].df for m in chosen]
    fine = settled(model.design)
    rows = [
        Row(c.label, tuple(float(df[k]) if df[k] > 0 and fine[k] else None for df in found), code=c.name)
        for k, c in enumerate(model.design.x_info)
    ]
    columns = tuple(Column(m, TITLES[m], "fixed", 2) for m in chosen)
    notes = ("With the observed information.",) if information == "oim" else ()
    return Table("Degrees of freedom", columns, tuple(rows), "Term", notes, "df")


