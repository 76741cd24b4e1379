"""Rules on the residual structure: its time and group variables, its order, what it repeats."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import numpy as np

from terrace.covariance.registry import RESIDUALS
from terrace.spec import edit
from terrace.spec.counts import residual_parameters
from terrace.spec.model import ModelSpec, RandomEquation
from terrace.spec.problem import Context, Problem
from terrace.spec.validity import WITHOUT_LEVEL
from terrace.wording import plural


def residuals(c: Context) -> Iterator[Problem]:
    """A structure has groups to hold in, times that are times, strata that are constant in groups."""
    r = c.spec.residuals
    plain = edit.set_residual_structure(c.spec, "independent")
    if not RESIDUALS[r.structure].independent and not c.spec.random:
        yield Problem("residuals", "residuals-without-level", WITHOUT_LEVEL, plain, "Use independent")
    if any(not edit.group_name(e) for e in c.spec.random):
        return
    if r.structure in edit.TIMED:
        yield from _time(c, plain)
    if r.by:
        yield from _by(c)
    yield from _order(c)
    yield from _doubled(c)


def suggested_time(c: Context) -> str | None:
    """A variable that can be the time of the structure: declared, or whole numbers once in each group."""
    path = edit.lowest_path(c.spec)
    declared = c.dataset.panel.time if c.dataset.panel is not None else None
    used = dict.fromkeys(f.name for t in edit.terms(c.spec) for f in t.factors)
    for name in filter(None, (declared, *used)):
        if name not in c.dataset or c.facts.profile(name).text or name == c.spec.outcome.name:
            continue
        if _time_kind(c, name) == "" and c.facts.repeated(name, path, c.sample) is None:
            return name
    return None


def _time(c: Context, plain: ModelSpec) -> Iterator[Problem]:
    r = c.spec.residuals
    title = RESIDUALS[r.structure].adjective
    if not r.time:
        guess = suggested_time(c) if c.sample.n else None
        mended = edit.set_residuals(c.spec, time=guess) if guess else plain
        label = f"Use {guess}" if guess else "Use independent"
        message = f"{title} residuals need a time variable."
        yield Problem("residuals:time", "time-missing", message, mended, label)
        return
    p = c.facts.profile(r.time)
    none = edit.set_residuals(c.spec, time=None)
    if p.text:
        message = f"{r.time} holds text. A time must be numeric."
        yield Problem("residuals:time", "time-text", message, none, "Remove it")
        return
    if not p.n or not c.sample.n:
        return
    kind = _time_kind(c, r.time)
    if kind:
        message = f"{title} residuals need {kind} times, but {r.time} has others."
        mended = edit.set_residual_structure(c.spec, "exponential")
        yield Problem("residuals:time", "time-not-integer", message, mended, "Use exponential")
    twice = c.facts.repeated(r.time, edit.lowest_path(c.spec), c.sample)
    if twice is not None:
        message = f"{r.time} {twice[1]} occurs more than once in {twice[0]}."
        yield Problem("residuals:time", "time-repeated", message, none, "Choose another")


def _time_kind(c: Context, name: str) -> str:
    """What times the structure needs and this variable is not; empty where it is."""
    structure, p = RESIDUALS[c.spec.residuals.structure], c.facts.profile(name)
    if not structure.integer_time:
        return ""
    if not p.integer:
        return "whole-number"
    if structure.by_time and p.minimum < 0:
        return "non-negative"
    return ""


def _by(c: Context) -> Iterator[Problem]:
    r = c.spec.residuals
    assert r.by is not None
    none = edit.set_residuals(c.spec, by=None)
    if not c.facts.profile(r.by).n or not c.sample.n:
        return
    if c.facts.groups((r.by,), c.sample).n == 1:
        message = f"{r.by} has one value in the rows used."
        yield Problem("residuals:by", "by-one-group", message, none, "Remove it", "warning")
        return
    path = edit.lowest_path(c.spec)
    if RESIDUALS[r.structure].independent or not path:
        return
    if c.facts.varying(r.by, path, c.sample):
        where = c.facts.first_varying(r.by, path, c.sample)
        message = f"{r.by} varies within {path[-1]} (in {where}), but must be constant there for this structure."
        yield Problem("residuals:by", "by-varies", message, none, "Remove it")


def _order(c: Context) -> Iterator[Problem]:
    r = c.spec.residuals
    if r.order is None or r.structure not in edit.ORDERED:
        return
    structure = RESIDUALS[r.structure]
    most, least = None, structure.least_order
    if r.time and structure.usual_order is None and c.sample.n and c.facts.profile(r.time).n:
        low, high = c.facts.range_in(r.time, c.sample) if c.facts.profile(r.time).integer else (0.0, None)
        span = None if high is None else high - low
        most = structure.most_order(int(np.count_nonzero(c.facts.levels_in(r.time, c.sample))), span)
    if r.order < least or (most is not None and r.order > most):
        rule = f"{least} to {most}" if most is not None else f"at least {least}"
        adjective = RESIDUALS[r.structure].adjective.lower()
        message = f"The order of {adjective} residuals must be {rule} here, not {r.order}."
        # an order of None is "all" for these two, and 1 for the others
        mended = edit.set_residuals(c.spec, order=None if most is not None else 1)
        label = "Use all" if most is not None else "Use 1"
        yield Problem("residuals:order", "order-range", message, mended, label)


def _doubled(c: Context) -> Iterator[Problem]:
    """Residual covariances that say the same as a random intercept of the same groups."""
    r, random = c.spec.residuals, c.spec.random
    n = residual_parameters(c.spec, c.facts, c.sample)
    if c.sample.n and n > c.sample.n:
        message = f"{plural(n, 'residual parameter')} for {plural(c.sample.n, 'row')}."
        mended = edit.set_residual_structure(c.spec, "independent")
        yield Problem("residuals", "more-residuals-than-rows", message, mended, "Use independent")
    structure = RESIDUALS[r.structure]
    if not structure.repeats_intercept(r.order) or not random or not edit.has_intercept(c.spec, len(random) - 1):
        return
    mended = edit.set_random_constant(c.spec, len(random) - 1, False)
    if structure.needs_time and random[-1].terms:
        mended = replace(c.spec, random=(*random[:-1], RandomEquation(random[-1].level, constant=False)))
    message = (
        f"{RESIDUALS[r.structure].adjective} residuals and a random intercept of {random[-1].level} describe the same "
        "covariance: they cannot both be estimated."
    )
    yield Problem("residuals", "residuals-double-intercept", message, mended, "Drop the intercept", "warning")
