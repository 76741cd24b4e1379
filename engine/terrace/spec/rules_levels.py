"""Rules on the levels: groups that are groups, slopes that vary, structures that fit the effects."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise

from terrace.covariance.registry import RESIDUALS, STRUCTURES
from terrace.spec import edit
from terrace.spec.counts import covariance_parameters, default_covariance, effects, group_path
from terrace.spec.edit import ALL
from terrace.spec.problem import Context, Problem
from terrace.wording import plural

FEW_GROUPS = 5
MOST_GROUPS = 0.8
"""A slope that varies within fewer of the groups than this is pointed out."""


def levels(c: Context) -> Iterator[Problem]:
    """Every level in turn, then how they stand to each other."""
    for k, e in enumerate(c.spec.random):
        at = f"level:{k}"
        if not edit.group_name(e):
            gone = edit.remove_level(c.spec, k)
            message = "Choose a group variable."
            yield Problem(f"{at}:group", "group-missing", message, gone, "Remove this level")
            continue
        if "" in group_path(c.spec, k):
            continue  # a hole above makes the groups unknown
        yield from _groups(c, k)
        yield from _slopes(c, k)
        yield from _structure(c, k)
    yield from _order(c)
    yield from _nesting(c)


def _groups(c: Context, k: int) -> Iterator[Problem]:
    e = c.spec.random[k]
    name, path, at = edit.group_name(e), group_path(c.spec, k), f"level:{k}:group"
    gone = edit.remove_level(c.spec, k)
    if name == ALL:
        return
    if not c.facts.profile(name).n:
        if c.facts.rows:
            message = f"{name} is missing in all rows."
            yield Problem(at, "all-missing", message, gone, "Remove this level")
        return
    if not c.sample.n:
        return
    groups = c.facts.groups(path, c.sample)
    if groups.n == 1:
        yield Problem(at, "one-group", f"{name} has one group.", gone, "Remove this level")
    elif groups.n < FEW_GROUPS:
        message = f"{name} has {plural(groups.n, 'group')}, too few to estimate a variance well."
        yield Problem(at, "few-groups", message, severity="note")
    lowest = path == edit.lowest_path(c.spec) or edit.is_crossed(e)
    weighted = c.spec.weight is not None and c.spec.weight.kind == "fweight"
    if groups.max == 1 and groups.n > 1 and lowest and not weighted:
        message = f"Every group of {name} has one row, so groups and residuals cannot be told apart."
        yield Problem(at, "one-row-groups", message, gone, "Remove this level")


def _slopes(c: Context, k: int) -> Iterator[Problem]:
    e, path = c.spec.random[k], group_path(c.spec, k)
    fixed = {edit.term_key(t) for t in c.spec.fixed}
    for s, term in enumerate(e.terms):
        at = f"level:{k}:slope:{s}"
        gone = edit.remove_slope(c.spec, k, s)
        names = [f.name for f in dict.fromkeys(term.factors)]
        what = " × ".join(names)
        texts = [f.name for f in term.factors if f.kind == "continuous" and c.facts.profile(f.name).text]
        bad = next((n for n in names if n == c.spec.outcome.name), None)
        if bad:
            message = f"{bad} is the outcome, so it cannot have a slope."
            yield Problem(at, "outcome-is-slope", message, gone, "Remove it")
            continue
        if texts:
            message = f"{texts[0]} holds text. It can be added as a factor."
            mended = edit.set_kind(c.spec, texts[0], "factor")
            yield Problem(at, "text-predictor", message, mended, f"Use i.{texts[0]}")
            continue
        if not c.sample.n or any(not c.facts.profile(n).n for n in names):
            continue
        varying = max(c.facts.varying(n, path, c.sample) for n in names)
        groups = c.facts.groups(path, c.sample).n
        inside = path[-1] if path else "the data"
        if varying == 0:
            message = (
                f"{what} does not vary within {inside}, so its slope only lets the variance between groups change "
                "with it."
            )
            yield Problem(at, "slope-constant", message, gone, "Remove it", "warning")
            continue
        if varying < MOST_GROUPS * groups:
            message = (
                f"{what} varies within {varying:,} of {groups:,} groups of {inside}. "
                "Its random slope depends on these alone."
            )
            yield Problem(at, "slope-varies-in-few", message, gone, "Remove it", "warning")
        if edit.term_key(term) not in fixed:
            message = f"{what} has a random slope but no fixed effect, so its slopes vary around 0."
            mended = edit.add_term(c.spec, term)
            yield Problem(at, "slope-without-fixed", message, mended, f"Add {what}", "warning")


def _structure(c: Context, k: int) -> Iterator[Problem]:
    e = c.spec.random[k]
    at = f"level:{k}:covariance"
    if edit.is_crossed(e):
        if e.terms:
            message = "Crossed effects take no random slopes."
            mended = edit.set_crossed(c.spec, k, e.level)
            yield Problem(f"level:{k}", "crossed-slopes", message, mended, "Remove the slopes")
        if e.covariance is not None and not STRUCTURES[e.covariance].of_values:
            message = f"R.{e.factor} has one variance for all its values. Use identity or exchangeable."
            mended = edit.set_covariance(c.spec, k, None)
            yield Problem(at, "crossed-covariance", message, mended, "Use identity")
        return
    if e.level == ALL and not e.terms and not _holds_residuals(c, k):
        message = "_all is one group. Name the groups, as crossed effects."
        mended = edit.remove_level(c.spec, k)
        yield Problem(f"level:{k}:group", "all-without-factor", message, mended, "Remove this level")
        return
    q = effects(c.spec, k, c.facts, c.sample)
    if q == 0 and not e.terms and not _shares_level(c, k) and not _holds_residuals(c, k):
        message = f"{e.level} has no random effect."
        mended = edit.set_random_constant(c.spec, k, True)
        yield Problem(f"level:{k}", "no-random-effect", message, mended, "Add the intercept")
        return
    if not c.sample.n:
        return
    groups = c.facts.groups(group_path(c.spec, k), c.sample)
    n = covariance_parameters(e.covariance or default_covariance(e), q)
    if groups.n > 1 and n > groups.n:
        message = f"{plural(n, 'covariance parameter')} for {plural(groups.n, 'group')} of {e.level}."
        mended = edit.set_covariance(c.spec, k, "independent")
        label = "Use independent" if not STRUCTURES[e.covariance or default_covariance(e)].diagonal else ""
        yield Problem(at, "more-covariances-than-groups", message, mended if label else None, label,
                      "error" if n > c.sample.n else "warning")  # fmt: skip
    elif groups.max and q > groups.max:
        message = f"{plural(q, 'random effect')} in each group of {e.level}, of at most {plural(groups.max, 'row')}."
        yield Problem(at, "more-effects-than-rows", message, severity="warning")


def _order(c: Context) -> Iterator[Problem]:
    mended = edit.arrange(c.spec)
    if mended == c.spec:
        return
    moved = next(k for k, (a, b) in enumerate(zip(c.spec.random, mended.random, strict=True)) if a != b)
    message = "Levels go from the highest down, with _all first and repeated levels side by side."
    yield Problem(f"level:{moved}", "level-order", message, mended, "Put them in order")


def _nesting(c: Context) -> Iterator[Problem]:
    """Levels that nest the wrong way round are an error; levels that cross are fitted as cells."""
    if not c.sample.n:
        return
    nested = [
        (k, e.level)
        for k, e in enumerate(c.spec.random)
        if not edit.is_crossed(e) and e.level not in ("", ALL) and edit.is_last_of_level(c.spec, k)
    ]
    for (i, upper), (j, lower) in pairwise(nested):
        if not c.facts.profile(upper).n or not c.facts.profile(lower).n:
            continue
        split = c.facts.varying(upper, (lower,), c.sample)
        if not split:
            if c.facts.varying(lower, (upper,), c.sample) == 0:
                gone = edit.remove_level(c.spec, j)
                message = f"{lower} and {upper} form the same groups."
                yield Problem(f"level:{j}:group", "same-groups", message, gone, f"Remove {lower}")
            continue
        if c.facts.varying(lower, (upper,), c.sample) == 0:
            message = f"{upper} is nested in {lower}, so {lower} is the higher level."
            mended = edit.move_level(c.spec, j, i)
            yield Problem(f"level:{j}:group", "levels-swapped", message, mended, f"Move {lower} up")
            continue
        number = c.facts.groups((lower,), c.sample).n
        cells, have = c.facts.groups((upper, lower), c.sample).n, "has" if split == 1 else "have"
        message = (
            f"{split:,} of {plural(number, 'group')} of {lower} {have} rows in several groups of {upper}. "
            f"If nested, they make {plural(cells, 'group')}."
        )
        at = f"level:{j}:group"
        if c.spec.random[i].terms or len(nested) > 2:  # what to cross with what is the user's to say
            yield Problem(at, "levels-cross", message, severity="warning")
        else:
            mended, label = edit.set_crossed(c.spec, i), f"Cross {upper} with {lower}"
            yield Problem(at, "levels-cross", message, mended, label, "warning")


def _shares_level(c: Context, k: int) -> bool:
    level = c.spec.random[k].level
    return any(e.level == level for i, e in enumerate(c.spec.random) if i != k)


def _holds_residuals(c: Context, k: int) -> bool:
    """True where the level is there to group correlated residuals."""
    return not RESIDUALS[c.spec.residuals.structure].independent and k == len(c.spec.random) - 1
