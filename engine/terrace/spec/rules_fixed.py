"""Rules on the outcome, the fixed part and the rows, with the model that mends each breach."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from terrace.data.dataset import Measure
from terrace.spec import edit
from terrace.spec.model import Factor, Term
from terrace.spec.problem import Context, Problem
from terrace.spec.roles import many_levels
from terrace.wording import plural

NO_TIME = "A time-series operator needs to know the time variable."
"""What the expression language says too; the time is declared by ``xtset`` or ``tsset``."""


def outcome(c: Context) -> Iterator[Problem]:
    """The outcome is a number that varies."""
    name = c.spec.outcome.name
    none = edit.set_outcome(c.spec, "")
    if not name:
        yield Problem("outcome", "outcome-missing", "Choose an outcome.")
        return
    if c.spec.outcome.operators and not _has_time(c):
        yield Problem("outcome", "no-time", NO_TIME, edit.set_outcome(c.spec, name), f"Use {name} itself")
    p = c.facts.profile(name)
    if p.text:
        message = f"{name} holds text. An outcome must be numeric."
        yield Problem("outcome", "outcome-text", message, none, "Remove it")
        return
    if not p.n:
        if c.facts.rows:
            message = f"{name} is missing in all rows."
            yield Problem("outcome", "all-missing", message, none, "Remove it")
        return
    if p.n_infinite:
        yield _infinite("outcome", name, p.n_infinite, p.first_infinite)
    elif c.sample.n and c.facts.constant_in(name, c.sample):
        where = "" if p.constant else " in the rows used"
        message = f"{name} is constant{where}: there is nothing to explain."
        yield Problem("outcome", "outcome-constant", message, none, "Remove it")
    elif c.dataset.variable(name).measure in (Measure.NOMINAL, Measure.IDENTIFIER):
        values = plural(c.facts.n_levels(name), "value")
        message = f"{name} is {c.dataset.variable(name).measure} ({values}). Its numbers are category codes."
        yield Problem("outcome", "outcome-nominal", message, severity="warning")
    if name in {e.level for e in c.spec.random} | {e.factor for e in c.spec.random}:
        message = f"{name} is also a group variable."
        yield Problem("outcome", "outcome-is-group", message, none, "Remove it")


def fixed(c: Context) -> Iterator[Problem]:
    """Predictors are numbers or factors that vary; interactions stand on their main effects."""
    seen: set[str] = set()
    for k, term in enumerate(c.spec.fixed):
        for f in term.factors:
            if not f.drop and f.name not in seen:
                seen.add(f.name)
                yield from _predictor(c, f, f"fixed:{k}")
        if any(f.operators for f in term.factors) and not _has_time(c):
            fixed = c.spec.fixed[:k] + c.spec.fixed[k + 1 :]
            yield Problem(f"fixed:{k}", "no-time", NO_TIME, replace(c.spec, fixed=fixed), "Remove it")
        yield from _margin(c, k, term)
    yield from _kinds(c)
    if not c.spec.constant and not c.spec.fixed:
        mended = edit.set_constant(c.spec, True)
        message = "The fixed part is empty."
        yield Problem("fixed", "fixed-empty", message, mended, "Add the intercept", "warning")


def _has_time(c: Context) -> bool:
    return c.dataset.panel is not None and c.dataset.panel.time is not None


def rows(c: Context) -> Iterator[Problem]:
    """Some rows remain, and more of them than parameters."""
    if not c.facts.rows:
        yield Problem("rows", "no-rows", "The data have no rows.")
        return
    if c.sample.n:
        return
    names = edit.variable_names(c.spec)
    empty = [n for n in names if not c.facts.profile(n).n]
    if c.spec.outcome.name in empty:
        return  # said beside the outcome
    if empty:
        said = {f.name for t in edit.terms(c.spec) for f in t.factors}  # beside their own fields
        said |= {e.level for e in c.spec.random} | {e.factor or "" for e in c.spec.random}
        for name in (n for n in empty if n not in said):
            yield Problem("rows", "all-missing", f"{name} is missing in all rows.")
        return
    if c.spec.condition or c.spec.range_:
        mended = edit.set_rows(c.spec, None)
        message = "The condition leaves no rows."
        yield Problem("rows", "no-rows-left", message, mended, "Use all rows")
        return
    holed = sorted(names, key=lambda n: -c.facts.profile(n).n_missing)[:3]
    message = f"No row has values of all variables. Most often missing: {', '.join(holed)}."
    yield Problem("rows", "no-rows-left", message)


def _predictor(c: Context, f: Factor, field: str) -> Iterator[Problem]:
    name = f.name
    p = c.facts.profile(name)
    gone = edit.remove_variable(c.spec, name)
    if name == c.spec.outcome.name and not f.operators:
        message = f"{name} is the outcome, so it cannot be a predictor."
        yield Problem(field, "outcome-is-predictor", message, gone, "Remove it")
        return
    if p.text and f.kind == "continuous":
        message = f"{name} holds text. It can be added as a factor."
        mended = edit.set_kind(c.spec, name, "factor")
        yield Problem(field, "text-predictor", message, mended, f"Use i.{name}")
        return
    if not p.n:
        if c.facts.rows:
            message = f"{name} is missing in all rows."
            yield Problem(field, "all-missing", message, gone, "Remove it")
        return
    if p.n_infinite:
        yield _infinite(field, name, p.n_infinite, p.first_infinite)
        return
    if c.sample.n and c.facts.constant_in(name, c.sample):
        where = "" if p.constant else " in the rows used"
        message = f"{name} is constant{where}: it has no effect to estimate."
        yield Problem(field, "predictor-constant", message, gone, "Remove it", "warning")
        return
    if f.kind == "factor":
        yield from _factor(c, f, field)
    elif c.dataset.variable(name).measure is Measure.IDENTIFIER:
        message = f"{name} is an identifier, so its slope means little."
        yield Problem(field, "identifier-predictor", message, gone, "Remove it", "warning")


def _factor(c: Context, f: Factor, field: str) -> Iterator[Problem]:
    name = f.name
    levels = c.facts.levels(name)
    named = not isinstance(f.base, tuple) and f.base not in _BASE_WORDS
    if named and f.base not in levels:
        message = f"{name} has no level {f.base} to use as reference."
        lowest = edit.set_base(c.spec, name, "first")
        yield Problem(field, "no-such-level", message, lowest, "Use the lowest")
    if many_levels(c.dataset, name):
        numeric = not c.facts.profile(name).text
        message = f"{name} has {plural(len(levels), 'level')}, with a coefficient for each."
        mended = edit.set_kind(c.spec, name, "continuous") if numeric else None
        label = "Treat as continuous" if numeric else ""
        if c.dataset.variable(name).measure is Measure.IDENTIFIER:
            mended, label = edit.remove_variable(c.spec, name), "Remove it"
        yield Problem(field, "many-levels", message, mended, label, "warning")


def _margin(c: Context, index: int, term: Term) -> Iterator[Problem]:
    """An interaction without its main effects is legal, and seldom meant."""
    names = {f.name for f in term.factors}
    if len(term.factors) < 2 or any(f.kind == "factor" and f.base == "none" for f in term.factors):
        return
    mains = {t.factors[0].name for t in c.spec.fixed if len(t.factors) == 1}  # of either kind
    lacking = [f for f in dict.fromkeys(term.factors) if f.name not in mains and not f.drop]
    if not lacking:
        return
    mended = c.spec
    for f in lacking:
        mended = edit.add_fixed(mended, f)
    what = " × ".join(f.name for f in term.factors) if len(names) > 1 else f"a power of {names.pop()}"
    which = " and ".join(f.name for f in lacking)
    message = f"{what} is in the model without the main effect of {which}."
    yield Problem(f"fixed:{index}", "no-main-effect", message, mended, f"Add {which}", "warning")


def _kinds(c: Context) -> Iterator[Problem]:
    """A variable is a factor or continuous, not both: the model would count it twice."""
    kinds: dict[str, set[str]] = {}
    for term in c.spec.fixed:
        for f in term.factors:
            kinds.setdefault(f.name, set()).add(f.kind)
    for name, found in kinds.items():
        if len(found) < 2:
            continue
        at = next(k for k, t in enumerate(c.spec.fixed) if any(f.name == name for f in t.factors))
        message = f"{name} enters both as continuous and as a factor."
        mended = edit.set_kind(c.spec, name, "factor")
        yield Problem(f"fixed:{at}", "two-kinds", message, mended, f"Use i.{name}", "warning")


def _infinite(field: str, name: str, n: int, first: int) -> Problem:
    values = "an infinite value" if n == 1 else f"{n:,} infinite values"
    message = f"{name} has {values} (first in row {first:,}). Set them to missing in the data."
    return Problem(field, "infinite", message)


_BASE_WORDS = ("first", "last", "freq", "none")
