"""The notes under the tables of a fit, in sentences: sample, method, tests, what was dropped, boundary."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from terrace.results.advice_words import advice_in_words, in_words
from terrace.results.fit import Comparison, FitResult, GroupSummary
from terrace.results.tables_rows import BOUNDARY_MARK
from terrace.spec.model import Display, Metric
from terrace.wording import enumerated, filter_sentence, plural

DF_TITLES = {
    "residual": "Residual",
    "repeated": "Repeated",
    "anova": "ANOVA",
    "satterthwaite": "Satterthwaite",
    "kroger": "Kenward–Roger",
}
# Notes of these codes say something of the coefficients; the others stand under the random effects.
_FIXED_CODES = ("collinear", "omitted", "empty-cells", "fixed")


def fit_notes(
    fit: FitResult, display: Display | None = None, labels: Mapping[str, str] | None = None
) -> tuple[str, ...]:
    """What a reader needs to judge the fit: sample and groups, method, model test, LR test.

    `display` replaces the options of display of the fit's own specification; ``labels`` stand for names of variables.
    """
    display = display or fit.spec.display
    sample = sample_note(fit, groups=not display.nogroup, labels=labels)
    notes = [sample, filter_note(fit), method_note(fit), model_test_note(fit)]
    if fit.comparison is not None and not display.nolrtest:
        notes.append(comparison_note(fit.comparison))
    return tuple(n for n in notes if n)


def sample_note(fit: FitResult, *, groups: bool = True, labels: Mapping[str, str] | None = None) -> str:
    """``7,185 observations in 160 groups of id (14 to 67, mean 44.9).``"""
    n = plural(fit.scalars["N"] or 0, "observation")
    levels = [g for g in fit.groups if groups and not (g.level == "_all" and g.n_groups == 1)]
    if not levels:
        return f"{n}."
    names = [(labels or {}).get(g.level) or g.level for g in levels]
    first = f"{plural(levels[0].n_groups or 0, 'group')} of {names[0]} ({_sizes(levels[0])})"
    rest = [f"{_count(g.n_groups)} of {name} ({_sizes(g)})" for g, name in zip(levels[1:], names[1:])]
    return f"{n} in {enumerated([first, *rest])}."


def filter_note(fit: FitResult) -> str:
    """``Filter: ses > 0 (6,012 of 7,185 rows).`` of a fit that was restricted by one; else empty."""
    expression = fit.macros.get("filter")
    return filter_sentence(expression, fit.scalars.get("N_filter"), len(fit.sample) or None) if expression else ""


def filters_note(fits: Sequence[FitResult], names: Sequence[str]) -> str:
    """`filter_note` of fits under one table, by their names where they differ; empty where none had a filter."""
    told = [filter_note(f) for f in fits]
    if len(set(told)) == 1:
        return told[0]
    own = [f"{n}: {t.removesuffix('.').replace('Filter: ', 'filter ')}" if t else f"{n}: no filter"
           for n, t in zip(names, told)]  # fmt: skip
    return f"{'; '.join(own)}."


def _sizes(g: GroupSummary) -> str:
    if g.min == g.max:
        return f"{_count(g.min)} each"
    return f"{_count(g.min)} to {_count(g.max)}, mean {g.avg:,.1f}"


def method_note(fit: FitResult) -> str:
    """``REML, log restricted-likelihood −23,320.50. Kenward–Roger degrees of freedom.``"""
    method = "REML" if fit.spec.method == "reml" else "Maximum likelihood"
    parts = [f"{method}, {likelihood_name(fit)[0].lower()}{likelihood_name(fit)[1:]} {_number(fit.ll)}."]
    title = df_title(fit)
    if title:
        parts.append(f"{title} degrees of freedom.")
    if fit.macros.get("clustvar"):
        clusters = fit.scalars.get("N_clust")
        number = f"{_count(clusters)} " if clusters is not None else ""
        how = "" if fit.spec.vce_correction == "cr1" else f" ({fit.spec.vce_correction.upper()})"
        parts.append(f"Standard errors robust{how}, for {number}clusters of {fit.macros['clustvar']}.")
    if not fit.converged:
        parts.append("The fit did not converge, so these numbers are not estimates.")
    return " ".join(parts)


def likelihood_name(fit: FitResult) -> str:
    """``Log likelihood``, ``Log restricted-likelihood`` or, with sampling weights or robust SEs, pseudo."""
    spec = fit.spec
    sampling = (spec.weight is not None and spec.weight.kind == "pweight") or any(
        e.pweight for e in spec.random
    )
    if sampling or spec.vce in ("robust", "cluster"):
        return "Log restricted pseudolikelihood" if spec.method == "reml" else "Log pseudolikelihood"
    return "Log restricted-likelihood" if spec.method == "reml" else "Log likelihood"


def df_title(fit: FitResult) -> str:
    """The name of the method for degrees of freedom, empty where tests are by z."""
    method = fit.spec.df_method
    if method is None:
        return ""
    return DF_TITLES.get(method, fit.macros.get("dftitle", method))


def model_test_note(fit: FitResult) -> str:
    """The test that all coefficients but the intercept are zero."""
    f, chi2, df, p = (fit.scalars.get(k) for k in ("F", "chi2", "df_m", "p"))
    if p is None or df is None:
        return ""
    if f is not None and fit.scalars.get("ddf_m") is not None:
        test = f"F({df:g}, {fit.scalars['ddf_m']:.1f}) = {_number(f)}"
    elif chi2 is not None:
        test = f"Wald χ²({df:g}) = {_number(chi2)}"
    else:
        return ""
    but = " but the intercept" if fit.spec.constant else ""
    return f"Test of all terms{but}: {test}, {_p(p)}."


def conservative_note(fit: FitResult) -> str:
    """What limits the chi-squared test against the linear model: a boundary, or the question whether there is one."""
    if any(r.level != "Residual" for r in fit.random):
        return "the chi2 test is conservative because a variance of zero lies on the boundary of the parameter space."
    return (
        "the degrees of freedom of the chi2 test are right where the linear model lies inside the parameter space; "
        "on its boundary the test is conservative."
    )


def comparison_note(test: Comparison) -> str:
    """The likelihood-ratio test against the linear model, with what limits it."""
    if test.label.startswith("chibar2"):
        return (
            f"Against the linear model: LR = {_number(test.stat)}, {_p(test.p)} "
            "(equal mixture of χ²(0) and χ²(1))."
        )
    limits = ["conservative"] if test.conservative else []
    if test.mixture_p is not None:
        limits.append(f"{_p(test.mixture_p)} by the mixture for a boundary")
    text = f"Against the linear model: LR χ²({test.df}) = {_number(test.stat)}, {_p(test.p)}"
    return text + (f" ({'; '.join(limits)})." if limits else ".")


def fixed_notes(fit: FitResult, labels: Mapping[str, str] | None = None) -> tuple[str, ...]:
    """What happened to coefficients: collinear ones left out, empty cells."""
    bound = tuple(f"Constraint: {text}." for text in fit.constraints)
    return bound + tuple(w.message for w in advice_in_words(fit, labels) if w.code.startswith(_FIXED_CODES))


def random_notes(
    fit: FitResult, warnings: bool = True, metric: Metric = "variance", labels: Mapping[str, str] | None = None
) -> tuple[str, ...]:
    """What happened to the random part: the boundary, what is close to it, convergence."""
    told = advice_in_words(fit, labels) if warnings else ()
    notes = [w.message for w in told if not w.code.startswith(_FIXED_CODES)]
    if any(r.boundary for r in fit.random):
        notes.append(f"{BOUNDARY_MARK} {boundary_note(fit)}.")
    return (*notes, *(in_words(n, labels or {}) for n in nearly_zero_notes(fit, metric)))


def boundary_note(fit: FitResult) -> str:
    """What the mark of a parameter on the boundary means."""
    text = "On the boundary of the parameter space; no standard error there"
    if any(r.interval == "profile" and r.boundary for r in fit.random):
        text += ", and the interval of a variance is that of the profile likelihood"
    return text


def nearly_zero_notes(fit: FitResult, metric: Metric) -> tuple[str, ...]:
    """Variances or standard deviations that are not on the boundary but so close to it that a Wald interval on the log
    scale says nothing."""
    shown = {"variance": fit.random, "sd": fit.random_sd, "estmetric": ()}[metric]
    close = [r for r in shown if r.interval == "profile" and not r.boundary]
    if not close:
        return ()
    several = len({r.level for r in fit.random if r.level != "Residual"}) > 1
    names = enumerated([f"{r.name} at level {r.level}" if several else r.name for r in close])
    its, is_ = ("its", "is") if len(close) == 1 else ("their", "are")
    s, that = ("", "interval is that") if len(close) == 1 else ("s", "intervals are those")
    text = f"{names} {is_} nearly zero beside {its} standard error{s}; {its} {that} of the profile likelihood"
    blocks = {r.block for r in close}
    if any(r.block in blocks and r.name.startswith(("cov", "corr")) for r in shown):
        text += f", and the data say almost nothing about {its} correlations"
    return (text + ".",)


def _count(value: float | int | None) -> str:
    x = float(value or 0)
    return f"{x:,.0f}" if x.is_integer() else f"{x:,.2f}"


def _number(value: float) -> str:
    return f"{value:,.2f}".replace("-", "−")


def _p(p: float) -> str:
    return "p < .001" if p < 0.001 else "p > .999" if p >= 0.9995 else f"p = {p:.3f}".replace("0.", ".", 1)
