"""What a step of a guided model found: its answer in a sentence, the test of each candidate, three numbers, advice.

All numbers are those of the fits that are handed over and of `icc` and `lrtest`. Tests of slopes are likelihood-ratio
tests of models that differ in the random part alone, with the p of the boundary mixture (Self & Liang 1987; Stram &
Lee 1994); 95% of slopes lie at β ± 1.96 SD. Explained variance is the proportion by which a variance is smaller than
in the step before (Bryk and Raudenbush 2002, equation 4.12).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from math import sqrt

from terrace.errors import SpecError
from terrace.postestimation.paper.beside import Z95
from terrace.postestimation.tests.lrtest import lrtest
from terrace.postestimation.tests.terms import term_tests
from terrace.postestimation.variance.icc import icc
from terrace.results.criteria import information_criteria
from terrace.results.fit import FitResult, FixedEffect
from terrace.results.tables_terms import term_name, times
from terrace.spec.guide import Answers, StepKey
from terrace.spec.model import Term
from terrace.wording import enumerated, fixed, p_words, plural, two

LIMIT = 0.05
"""p above which a difference is called not clear."""


@dataclass(frozen=True, slots=True)
class Tested:
    """A candidate of a step: what was found, in a few words, and its p; None where there is no test."""

    text: str
    p: float | None = None


@dataclass(frozen=True, slots=True)
class Number:
    """A number under its heading, and what it is compared with."""

    heading: str
    value: str
    under: str = ""


@dataclass(frozen=True, slots=True)
class Step:
    """The fits of a step: its own, that of the step before, and both by ML; None where there is none."""

    key: StepKey
    answers: Answers
    fit: FitResult
    before: FitResult | None = None
    ml: FitResult | None = None
    ml_before: FitResult | None = None


# --- sentences ----------------------------------------------------------------------------------------------
def answer(step: Step, tested: Mapping[str, Tested], labels: Mapping[str, str] | None = None) -> str:
    """What a step found, in a sentence or two. ``labels`` are those of variables; what has none goes by its name."""
    labels = labels or {}
    if step.key == "null":
        return _null(step.fit, step.answers, labels)
    if step.key == "icc":
        return _icc(step.fit, step.answers)
    if step.key == "predictors":
        return _explained(step)
    if step.key == "growth":
        return _growth(step, labels)
    if step.key == "curve":
        return _curve(step)
    if step.key == "slopes":
        return _slopes(step, tested)
    return _cross(step)


def _null(fit: FitResult, answers: Answers, labels: Mapping[str, str]) -> str:
    counts = _counts(fit)
    groups = enumerated(
        f"the {plural(counts[g], 'group')} of {g}" if g in counts else f"groups of {g}" for g in answers.groups
    )
    mean = _coefficient(fit, ("_cons",))
    name = labels.get(answers.outcome) or answers.outcome
    around = "" if mean is None else f" around a mean of {two(mean.coef)}"
    return f"{name[:1].upper() + name[1:]} differs between {groups}{around}."


def _counts(fit: FitResult) -> dict[str, int]:
    """Numbers of groups by group variable, crossed ones too."""
    found = {g.level: g.n_groups for g in fit.groups}
    for block in fit.model.design.blocks:
        if block.factor is not None:
            found[block.factor] = block.n_groups if block.values is None else len(set(block.values.tolist()))
    return {name: n for name, n in found.items() if n}


def _icc(fit: FitResult, answers: Answers) -> str:
    found = {e.label: e for e in icc(fit)}
    parts, shares = [], []
    for group in answers.groups:
        e = found.get(group)
        if e is None or e.value is None:
            continue
        limits = "" if e.lower is None or e.upper is None else f" [{_share(e.lower)}, {_share(e.upper)}]"
        parts.append(f"{_share(e.value)}{limits}" + (f" for {group}" if len(answers.groups) > 1 else ""))
        shares.append(f"{percent(e.value)} of the variance lies between groups of {group}")
    if not parts:
        return "The intraclass correlation is not identified."
    test = fit.comparison
    p = None if test is None else test.p if test.mixture_p is None else test.mixture_p
    if p is None:
        need = ""
    elif p <= LIMIT:
        need = " A multilevel model is needed."
    else:
        need = f" The groups do not differ clearly ({p_words(p)})."
    return f"ICC {enumerated(parts)}: {enumerated(shares)}.{need}"


def _explained(step: Step) -> str:
    names = list(dict.fromkeys(_added_names(step)))
    if not names or step.before is None:
        return "No predictors."
    shares = []
    for group in step.answers.groups:
        share = _reduction(step.before, step.fit, _intercept_of(group, step.fit))
        if share is not None:
            shares.append(f"{_of_variance(share)} between groups of {group}")
    within = _reduction(step.before, step.fit, ("Residual", ""))
    if within is not None:
        shares.append(f"{_of_variance(within)} within")
    verb = "explains" if len(names) == 1 else "explain"
    return f"{enumerated(names)} {verb} {enumerated(shares)}." if shares else f"{enumerated(names)} added."


def _growth(step: Step, labels: Mapping[str, str]) -> str:
    time, outcome = step.answers.time, step.answers.outcome
    e = _coefficient(step.fit, (time,))
    if e is None:
        return f"The slope of {time} is not identified."
    name = labels.get(outcome) or outcome
    text = f"{name[:1].upper() + name[1:]} changes by {two(e.coef)} for a unit of {time}{_bracket(e.p)}."
    reach = slope_range(step.fit, time)
    return text if reach is None else f"{text} 95% of groups lie between {two(reach[0])} and {two(reach[1])}."


def _curve(step: Step) -> str:
    time = step.answers.time
    e = _coefficient(step.fit, (time, time))
    if not step.answers.curved or e is None:
        return "A straight line."
    if e.p is not None and e.p > LIMIT:
        return f"No clear curve: {two(e.coef)} for {time}²{_bracket(e.p)}."
    return f"Yes, {two(e.coef)} for {time}²{_bracket(e.p)}: the change {'speeds up' if e.coef > 0 else 'slows down'}."


def _slopes(step: Step, tested: Mapping[str, Tested]) -> str:
    names = step.answers.slopes
    if not names:
        return "No slope differs between groups."
    parts = []
    for name in names:
        inside = step.answers.within.get(name, name)
        variance, reach = variance_of(step.fit, step.answers.group, inside), slope_range(step.fit, inside)
        found = tested.get(name)
        clear = found is None or found.p is None or found.p <= LIMIT
        of = f" for {inside}" if len(names) > 1 else ""
        if not variance:
            parts.append(f"No{of}. Its variance is at zero.")
            continue
        lead = f"Yes{of}. Its" if clear else f"Not clearly{of} ({p_words(found.p or 0.0) if found else ''}). Its"
        text = f"{lead} variance is {two(variance)}"
        if reach is not None:
            text += f"; 95% of groups lie between {two(reach[0])} and {two(reach[1])}"
        parts.append(f"{text}.")
    return " ".join(parts)


def _cross(step: Step) -> str:
    if not step.answers.traits or step.before is None:
        return "No trait changes a slope."
    parts = []
    for slope in dict.fromkeys(s for s, _ in step.answers.traits):
        traits = [t for s, t in step.answers.traits if s == slope]
        inside = step.answers.within.get(slope, slope)
        share = _reduction(step.before, step.fit, (step.answers.group, inside))
        verb = "explains" if len(traits) == 1 else "explain"
        if share is None:
            tests = [_term(step.fit, (inside, t)) for t in traits]
            parts.append(f"The slope of {inside} by " + enumerated(f"{t}: {x.text}" for t, x in zip(traits, tests)))
        else:
            parts.append(f"{enumerated(traits)} {verb} {_of_variance(share)} of the slope of {inside}")
    return ". ".join(parts) + "."


# --- tests of candidates ------------------------------------------------------------------------------------
def slope_tested(name: str, group: str, larger: FitResult, smaller: FitResult) -> Tested:
    """The slope of a column that only the larger model has: variance, where 95% of slopes lie, p of the mixture."""
    variance = variance_of(larger, group, name)
    if variance is None:
        return Tested("not identified")
    try:
        test = lrtest(smaller, larger, "without", "with")
    except SpecError as error:
        return Tested(error.message.rstrip("."))
    p = test.best_p
    if not variance:
        return Tested(f"variance at zero, {p_words(p)}", p)
    reach = slope_range(larger, name)
    between = "" if reach is None else f", 95% from {two(reach[0])} to {two(reach[1])}"
    return Tested(f"variance {two(variance)}{between}, {p_words(p)}", p)


def term_tested(fit: FitResult, term: Term) -> Tested:
    """A term of the fixed part: its coefficient and p, or the test of all its coefficients."""
    return _term(fit, tuple(f.name for f in term.factors))


def _term(fit: FitResult, names: tuple[str, ...]) -> Tested:
    found = [e for e in _effects(fit) if sorted(p.name for p in term_name(e).parts) == sorted(names)]
    if not found:
        return Tested("not estimable")
    if len(found) == 1:
        e = found[0]
        for_what = f" for {term_name(e).labels[0]}" if term_name(e).labels else ""
        return Tested(f"{two(e.coef)}{for_what}" + ("" if e.p is None else f", {p_words(e.p)}"), e.p)
    small = any(e.df is not None for e in found)
    for t, spec_term in zip(term_tests(fit, small=small), _distinct(fit.spec.fixed)):
        if sorted(f.name for f in spec_term.factors) == sorted(names) and t.test is not None:
            return Tested(f"{len(found)} coefficients, {p_words(t.test.p)}", t.test.p)
    return Tested(f"{len(found)} coefficients")


def _distinct(terms: Iterable[Term]) -> list[Term]:
    return list({tuple(sorted((f.name, f.kind) for f in t.factors)): t for t in terms}.values())


# --- numbers ------------------------------------------------------------------------------------------------
def numbers(step: Step, before_name: str = "the step before") -> tuple[Number, ...]:
    """A variance that the step is about, AIC by ML, and the likelihood-ratio test by ML against the step before."""
    if step.key == "icc":
        return ()
    out = [_variance_number(step)]
    if step.key == "null":
        out.append(Number("Within groups", _shown(variance_of(step.fit, "Residual", ""))))
    if step.ml is None:
        return tuple(out)
    aic = information_criteria(step.ml).aic
    if step.ml_before is None:
        return (*out, Number("AIC, by ML", fixed(aic, 1)))
    change = aic - information_criteria(step.ml_before).aic
    told = "the same" if abs(change) < 0.05 else f"{fixed(abs(change), 1)} {'lower' if change < 0 else 'higher'}"
    try:
        test = lrtest(step.ml_before, step.ml, "before", "now")
    except SpecError:
        return (*out, Number("AIC, by ML", fixed(aic, 1), "" if _other_rows(step) else told))
    against = Number(f"Against {before_name}", p_words(test.best_p), f"χ²({test.df}) = {test.stat:,.2f}")
    return (*out, Number("AIC, by ML", fixed(aic, 1), told), against)


def _variance_number(step: Step) -> Number:
    group = step.answers.group
    slopes = [step.answers.within.get(s, s) for s in step.answers.slopes]
    if step.key == "cross" and step.answers.traits:
        slopes = [step.answers.within.get(step.answers.traits[0][0], step.answers.traits[0][0])]
    about_slopes = step.key in ("growth", "curve", "slopes", "cross")
    if about_slopes and slopes and variance_of(step.fit, group, slopes[0]) is not None:
        title, place = "Slope variance", (group, slopes[0])
    else:
        title, place = "Between groups", _intercept_of(group, step.fit)
    now = variance_of(step.fit, *place)
    was = None if step.before is None else variance_of(step.before, *place)
    return Number(title, _shown(now), "" if was is None else f"was {two(was)}")


# --- advice -------------------------------------------------------------------------------------------------
def advice(step: Step, tested: Mapping[str, Tested]) -> tuple[str, ...]:
    """What to know before a step is kept: a variance at its limit, a slope that nothing speaks for, other rows."""
    return tuple(_advice(step, tested))


def _advice(step: Step, tested: Mapping[str, Tested]) -> Iterator[str]:
    if not step.fit.converged:
        yield "The search did not converge. Choose fewer slopes or predictors."
    elif step.fit.boundary:
        yield f"At its limit: {', '.join(step.fit.boundary)}. The data do not support this random part; choose less."
    for name in step.answers.slopes if step.key == "cross" else ():
        found, inside = tested.get(f"slope {name}"), step.answers.within.get(name, name)
        if found is not None and found.p is not None and found.p > LIMIT:
            yield (
                f"The traits leave little of the slope variance of {inside}: a test finds no need for it "
                f"({p_words(found.p)})."
            )
    if _other_rows(step):
        assert step.before is not None
        yield (
            f"This step uses {step.fit.scalars['N']:,} rows, the step before {step.before.scalars['N']:,}, because of "
            "missing values: they cannot be compared. Leave these rows out of all steps to compare them."
        )


def _other_rows(step: Step) -> bool:
    return step.before is not None and step.before.scalars["N"] != step.fit.scalars["N"]


# --- parts of fits ------------------------------------------------------------------------------------------
def variance_of(fit: FitResult, level: str, name: str) -> float | None:
    """A variance of random effects, by level and column; that of the residuals without a column. None without it."""
    for r in fit.random:
        wanted = r.name in ("var(Residual)", "var(e)") if level == "Residual" else r.name == f"var({name})"
        if r.level == level and wanted:
            return r.estimate if r.identified else None
    return None


def slope_range(fit: FitResult, name: str) -> tuple[float, float] | None:
    """Where 95% of the slopes of a column lie, where its mean is one coefficient; None otherwise."""
    inside = any(len(t.factors) > 1 and name in {f.name for f in t.factors} for t in fit.spec.fixed)
    e = _coefficient(fit, (name,))
    found = [r for r in fit.random if r.level != "Residual" and r.name == f"var({name})" and r.identified]
    if inside or e is None or not found:
        return None
    reach = Z95 * sqrt(found[0].estimate)
    return e.coef - reach, e.coef + reach


def _intercept_of(group: str, fit: FitResult) -> tuple[str, str]:
    crossed = any(e.factor == group for e in fit.spec.random)
    return ("_all", f"R.{group}") if crossed else (group, "_cons")


def _reduction(before: FitResult, now: FitResult, place: tuple[str, str]) -> float | None:
    """The proportion by which a variance is smaller; None where it cannot be told."""
    was, is_ = variance_of(before, *place), variance_of(now, *place)
    return None if was is None or is_ is None or was <= 0 else 1 - is_ / was


def _added_names(step: Step) -> Iterator[str]:
    old = set() if step.before is None else {e.term for e in step.before.fixed}
    for e in _effects(step.fit):
        if e.term not in old and e.term != "_cons":
            yield times(p.name for p in term_name(e).parts)


def _effects(fit: FitResult) -> list[FixedEffect]:
    return [e for e in fit.fixed if e.in_model and e.kind != "unidentified"]


def _coefficient(fit: FitResult, names: tuple[str, ...]) -> FixedEffect | None:
    """The one coefficient of a continuous term, or of the intercept."""
    for e in _effects(fit):
        parts = term_name(e).parts
        if tuple(sorted(p.name for p in parts)) == tuple(sorted(names)) and not any(p.level for p in parts):
            return e
    return None


# --- words --------------------------------------------------------------------------------------------------
def percent(share: float) -> str:
    """A share as a whole percentage, which is never 0% or 100% unless it is exactly that."""
    if 0 < share < 0.005:
        return "less than 1%"
    return "more than 99%" if 0.995 < share < 1 else f"{100 * share:.0f}%"


def _of_variance(share: float) -> str:
    return f"{percent(share)} of the variance" if share > 0 else "none of the variance"


def _share(value: float) -> str:
    return fixed(value, 2, zero=False)


def _shown(value: float | None) -> str:
    return "–" if value is None else two(value)


def _bracket(p: float | None) -> str:
    return "" if p is None else f" ({p_words(p)})"
