"""A model beside the one that it was made from: estimates of both, criteria, the test between them, what to know.

What a form shows while a model is built, before it is kept. Nothing is estimated here: all numbers are those of the
two fits and of `icc`, `information_criteria` and `lrtest`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from math import sqrt
from typing import Literal

import numpy as np

from terrace.design.design import Design, RandomBlock
from terrace.errors import SpecError
from terrace.postestimation.tests.lrtest import Comparison, lrtest
from terrace.postestimation.variance.icc import icc
from terrace.results.advice_words import advice_in_words
from terrace.results.criteria import information_criteria, parameter_counts
from terrace.results.fit import FitResult, FixedEffect, RandomParameter
from terrace.results.tables_terms import INTERCEPT, parameter_label, term_name, times
from terrace.wording import two

Z95 = 1.959963984540054
"""The 97.5% point of the normal distribution: 95% of random slopes lie so many SDs around their mean."""
_INCOMPARABLE = {
    "reml-fixed": "REML with other fixed effects than {parent}: the p values of the terms are valid, but AIC, BIC and "
    "the likelihood-ratio test cannot compare these models unless both are fitted by ML",
    "ml-and-reml": "{parent} was fitted by {method}: AIC, BIC and the likelihood-ratio test need the same method",
    "different-samples": "{parent} used other rows ({rows}, this model {now}): AIC, BIC and the likelihood-ratio test "
    "need the same rows",
    "pseudolikelihood": "With robust standard errors or sampling weights there is no likelihood-ratio test",
}


@dataclass(frozen=True, slots=True)
class Line:
    """One estimate in both models; None where a model does not have it, a text where it has no number.

    ``term`` is its name in commands. ``changed`` is True where only one of two models has it.
    """

    term: str
    label: str
    parent: float | str | None
    now: float | str | None
    p: float | None = None
    kind: Literal["fixed", "random"] = "fixed"
    changed: bool = False


@dataclass(frozen=True, slots=True)
class Correlation:
    """An intraclass correlation in both models, as `icc` gives it; ``at`` says where, in a model with slopes."""

    label: str
    at: str
    parent: float | None
    now: float | None


@dataclass(frozen=True, slots=True)
class Against:
    """The likelihood-ratio test between the models. ``p`` is that of the boundary mixture where it is known.

    ``smaller`` is True where the model of now is nested in the parent.
    """

    stat: float
    df: int
    p: float
    mixture: bool
    smaller: bool


@dataclass(frozen=True, slots=True)
class Check:
    """A line of what to know: ``good``, ``note`` or ``warning``."""

    state: Literal["good", "note", "warning"]
    text: str


@dataclass(frozen=True, slots=True)
class Beside:
    """All of it. ``aic`` and ``bic`` are pairs (parent, now); the first is None where they cannot be compared."""

    lines: tuple[Line, ...]
    correlations: tuple[Correlation, ...]
    aic: tuple[float | None, float]
    bic: tuple[float | None, float]
    against: Against | None
    checks: tuple[Check, ...]


def beside(
    fit: FitResult, parent: FitResult | None = None, parent_name: str = "the model before",
    labels: Mapping[str, str] | None = None,
) -> Beside:  # fmt: skip
    """A fit beside its parent, which is left aside where it has another outcome.

    ``labels`` are those of variables by name; what has none goes by its name.
    """
    labels = labels or {}
    if parent is not None and parent.spec.outcome != fit.spec.outcome:
        parent = None
    test, trouble = (None, "") if parent is None else _tested(fit, parent)
    against = _against(test, fit, parent) if test is not None and parent is not None else None
    counts = parameter_counts([fit] if parent is None else [parent, fit])
    now = information_criteria(fit, counts[-1])
    before = None
    if parent is not None and trouble in ("", "not-converged"):
        before = information_criteria(parent, counts[0])
    checks = [*_soundness(fit), *_slopes(fit, labels), *_rows(fit)]
    if parent is not None and trouble in _INCOMPARABLE:
        checks.append(Check("note", _reason(trouble, fit, parent, parent_name)))
    elif before is not None:
        checks.append(_preferred(before.bic, now.bic, parent_name))
    return Beside(
        tuple(_lines(fit, parent, labels)),
        tuple(_correlations(fit, parent, labels)),
        (None if before is None else before.aic, now.aic),
        (None if before is None else before.bic, now.bic),
        against,
        tuple(checks),
    )


# --- estimates ----------------------------------------------------------------------------------------------
def _lines(fit: FitResult, parent: FitResult | None, labels: Mapping[str, str]) -> Iterator[Line]:
    now, before = _effects(fit), {} if parent is None else _effects(parent)
    for term in _together(now, before):
        e, old = now.get(term), before.get(term)
        some = e or old
        assert some is not None
        yield Line(
            term, effect_label(some, labels), _shown(old), _shown(e), None if e is None else e.p,
            changed=parent is not None and (e is None or old is None),
        )  # fmt: skip
    random, earlier = _parameters(fit), {} if parent is None else _parameters(parent)
    several = len({r.level for r in (*random.values(), *earlier.values())} - {"Residual"}) > 1
    for term in _together(random, earlier):
        r, was = random.get(term), earlier.get(term)
        one = r or was
        assert one is not None
        yield Line(
            term, variance_label(one, labels, with_level=several), None if was is None else was.shown,
            None if r is None else r.shown, None, "random", parent is not None and (r is None or was is None),
        )  # fmt: skip


def _effects(fit: FitResult) -> dict[str, FixedEffect]:
    """The coefficients by name, the intercept first; also terms that were left out, which have no number."""
    kept = [e for e in fit.fixed if e.in_model or e.kind in ("omitted", "empty")]
    return {e.term: e for e in sorted(kept, key=lambda e: e.term != "_cons")}


def _parameters(fit: FitResult) -> dict[str, RandomParameter]:
    """The covariance parameters by level and name: of each level variances before covariances, intercepts first."""
    levels = list(dict.fromkeys(r.level for r in fit.random))

    def place(r: RandomParameter) -> tuple[bool, int, bool, bool]:
        return r.level == "Residual", levels.index(r.level), not r.name.startswith("var("), "_cons" not in r.name

    return {f"{r.level}:{r.name}": r for r in sorted(fit.random, key=place)}


def _together(now: Mapping[str, object], before: Mapping[str, object]) -> list[str]:
    """The names of now in order, and those that only the parent has behind the one that they follow there."""
    out = list(now)
    last = -1
    for name in before:
        if name in now:
            last = out.index(name)
        else:
            last += 1
            out.insert(last, name)
    return out


def _shown(e: FixedEffect | None) -> float | str | None:
    if e is None:
        return None
    return e.shown if e.in_model else {"omitted": "left out", "empty": "no rows"}.get(e.kind, e.kind)


def effect_label(e: FixedEffect, labels: Mapping[str, str]) -> str:
    """``SES, within school``, ``Sector: Catholic × SES``: a coefficient by the labels of its variables."""
    name = term_name(e)
    if e.term == "_cons":
        return INTERCEPT
    values = iter(name.labels)
    parts = [labels.get(p.name) or p.name for p in name.parts]
    return times(f"{part}: {next(values)}" if p.level else part for part, p in zip(parts, name.parts))


def variance_label(r: RandomParameter, labels: Mapping[str, str], *, with_level: bool = False) -> str:
    """``Intercept variance``, ``Slope variance, SES``, ``Residual variance``; with the level on request."""
    kind, _, rest = r.name.partition("(")
    inside = [x for x in rest.rstrip(")").split(",") if x]
    names = ["intercept" if x == "_cons" else labels.get(x) or x.removeprefix("R.") for x in inside]
    if r.level == "Residual":
        return "Residual variance" if r.name in ("var(Residual)", "var(e)") else f"Residual, {parameter_label(r)}"
    if kind == "var" and inside == ["_cons"]:
        text = "Intercept variance"
    elif kind == "var" and len(inside) == 1 and inside[0].startswith("R."):
        text = f"Variance, {names[0]}"
    elif kind == "var" and len(inside) == 1:
        text = f"Slope variance, {names[0]}"
    elif kind == "cov" and len(inside) == 2:
        text = f"Covariance, {' and '.join(sorted(names, key=lambda n: n != 'intercept'))}"
    else:
        text = parameter_label(r)
    return f"{text} ({labels.get(r.level) or r.level})" if with_level and r.level != "_all" else text


# --- numbers ------------------------------------------------------------------------------------------------
def _correlations(fit: FitResult, parent: FitResult | None, labels: Mapping[str, str]) -> Iterator[Correlation]:
    before = {} if parent is None else _icc(parent)
    for label, value in _icc(fit).items():
        yield Correlation(label, _where(fit.model.design, labels), before.get(label), value)


def _icc(fit: FitResult) -> dict[str, float | None]:
    try:
        return {e.label: e.value for e in icc(fit)}
    except SpecError:  # a model that has none
        return {}


def _where(design: Design, labels: Mapping[str, str]) -> str:
    """Where the variance between groups is taken in a model with slopes: ``mean SES``, or ``SES = 0``."""
    slopes = dict.fromkeys(n for b in design.blocks if b.factor is None for n in b.names if n != "_cons")
    if not slopes:
        return ""
    if len(slopes) > 1:
        return "slopes at 0"
    (name,) = slopes
    column = next((k for k, c in enumerate(design.x_info) if c.name == name), None)
    x = None if column is None or not len(design.x) else design.x[:, column]
    centred = x is not None and abs(float(x.mean())) <= 1e-8 * float(np.abs(x).max() or 1.0)
    title = labels.get(name) or name
    return f"mean {title}" if centred else f"{title} = 0"


def _tested(fit: FitResult, parent: FitResult) -> tuple[Comparison | None, str]:
    """The test between them, or None and why their likelihoods cannot be compared, as `lrtest` names it.

    The reason is empty where they can, though there is no test.
    """
    try:
        return lrtest(parent, fit, "parent", "now"), ""
    except SpecError as error:
        return None, "" if error.code in ("not-nested", "not-identified") else error.code


def _against(test: Comparison, fit: FitResult, parent: FitResult) -> Against | None:
    smaller, larger = sorted((fit, parent), key=lambda f: f.n_parameters)
    if not nested(smaller, larger):
        return None
    return Against(test.stat, test.df, test.best_p, test.mixture is not None, smaller is fit)


def nested(smaller: FitResult, larger: FitResult) -> bool:
    """True where each parameter of the smaller model is one of the larger by its form: same or fewer columns, effects
    and a structure that the larger one contains. Where that cannot be seen it is False."""
    a, b = smaller.model.design, larger.model.design
    if not {c.name for c in a.x_info} <= {c.name for c in b.x_info} or smaller.constraints != larger.constraints:
        return False
    same = (a.residuals.key, a.residuals.by_variable) == (b.residuals.key, b.residuals.by_variable)
    if not same and a.residuals.n_params > 1:  # one variance is a case of every structure
        return False
    return all(any(_inside(block, other) for other in b.blocks) for block in a.blocks if block.names)


def _inside(block: RandomBlock, other: RandomBlock) -> bool:
    if (block.level.name, block.factor) != (other.level.name, other.factor) or not set(block.names) <= set(other.names):
        return False
    if block.structure.key == other.structure.key and set(block.names) == set(other.names):
        return True
    if other.structure.free or len(other.names) == 1:
        return True
    plain = len(block.names) == 1 or (block.structure.diagonal and not block.structure.tied)
    return plain and other.structure.diagonal and not other.structure.tied


# --- what to know -------------------------------------------------------------------------------------------
def _rows(fit: FitResult) -> Iterator[Check]:
    rows, used = len(fit.sample), int(np.count_nonzero(fit.sample))
    if 0 < used < rows and fit.spec.filter:
        yield Check("note", f"{used:,} of {rows:,} rows are used; the filter is {fit.spec.filter}")
    elif 0 < used < rows:
        yield Check("note", f"{used:,} of {rows:,} rows are used; the others are missing or left out by a condition")


def _soundness(fit: FitResult) -> Iterator[Check]:
    for told in advice_in_words(fit):
        yield Check("warning", str(told))
    if fit.converged and not fit.boundary and not any(r.boundary for r in fit.random):
        if fit.spec.random and not any(w.code == "not-identified" for w in fit.warnings):
            yield Check("good", "The fit is sound: no variance is at its limit")
    elif not fit.warnings:
        yield Check("warning", "A variance is at its limit" if fit.converged else "The search did not converge")


def _slopes(fit: FitResult, labels: Mapping[str, str]) -> Iterator[Check]:
    """Where 95% of random slopes lie: β ± 1.96 SD, for a slope whose mean is one coefficient."""
    effects = {e.term: e for e in fit.fixed if e.in_model and e.kind != "unidentified"}
    found = [r for r in fit.random if r.level != "Residual" and r.name.startswith("var(") and r.name[4:-1] in effects]
    for r in found:
        name = r.name[4:-1]
        inside = any(name in (f.name for f in t.factors) and len(t.factors) > 1 for t in fit.spec.fixed)
        if name == "_cons" or inside or not r.identified or r.boundary:
            continue
        mean, reach = effects[name].coef, Z95 * sqrt(r.estimate)
        of = f" of {labels.get(name) or name}" if sum(x.name != "var(_cons)" for x in found) > 1 else ""
        yield Check("good", f"95% of slopes{of} lie between {two(mean - reach)} and {two(mean + reach)}")


def _preferred(before: float, now: float, parent_name: str) -> Check:
    if now <= before:
        return Check("good", f"BIC prefers this model: {now:,.1f} against {before:,.1f}")
    return Check("note", f"BIC prefers {parent_name}: {before:,.1f} against {now:,.1f}")


def _reason(code: str, fit: FitResult, parent: FitResult, parent_name: str) -> str:
    text = _INCOMPARABLE[code].format(
        parent=parent_name, method=parent.spec.method.upper(), rows=f"{parent.scalars['N']:,}",
        now=f"{fit.scalars['N']:,}",
    )  # fmt: skip
    return text[:1].upper() + text[1:]
