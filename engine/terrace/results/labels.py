"""Which labels of variables and of their values stand for names and codes in tables of models.

A fit has the labels of the day it was fitted in its coefficients. `relabelled` gives them those of other descriptions
of its variables, so that tables, sentences and reports made later say what the variables are called by now.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from terrace.data.dataset import Dataset, Variable
    from terrace.results.fit import FitResult, FixedEffect, RandomParameter

LONGEST = 40
"""Characters of a label that stands for a name in a row of coefficients; with a longer one the row would wrap."""


def short_labels(data: Dataset | None, longest: int = LONGEST) -> dict[str, str]:
    """Labels of at most so many characters by the names of their variables."""
    return {} if data is None else {v.name: v.label for v in data.variables if 0 < len(v.label) <= longest}


def table_labels(fits: Iterable[FitResult], data: Dataset | None) -> dict[str, str]:
    """Labels by the names of variables: of groups all, which have a line of their own, of others the short ones."""
    if data is None:
        return {}
    groups = {name for fit in fits for e in fit.spec.random for name in (e.level, e.factor)}
    of_groups = {v.name: v.label for v in data.variables if v.label and v.name in groups}
    return {**short_labels(data, LONGEST), **of_groups}


def described(data: Dataset, others: Sequence[Variable]) -> Dataset:
    """The data with these descriptions in the place of those of the same names."""
    found = {v.name: v for v in others}
    return replace(data, variables=tuple(found.get(v.name, v) for v in data.variables)) if found else data


def relabelled(fit: FitResult, then: Dataset, now: Dataset) -> FitResult:
    """The fit with the value labels of `now` where its coefficients and groups of by() show those of `then`.

    Both describe the data of the fit, as they were and otherwise.
    """
    if then is now:
        return fit
    by = fit.spec.residuals.by or ""

    def group(r: RandomParameter) -> RandomParameter:
        code = r.name.partition(":")[0]
        return replace(r, group=_level(by, code, r.group, then, now)) if r.group and by in now else r

    random = [tuple(map(group, rows)) for rows in (fit.random, fit.random_sd, fit.random_estmetric)]
    fixed = tuple(_effect(e, then, now) for e in fit.fixed)
    return replace(fit, fixed=fixed, random=random[0], random_sd=random[1], random_estmetric=random[2])


def _effect(effect: FixedEffect, then: Dataset, now: Dataset) -> FixedEffect:
    from terrace.results.tables_terms import term_name, times  # which loads libraries that the window begins without

    name = term_name(effect)
    if not name.is_factor or not all(p.name in now for p in name.parts if p.level):
        return effect
    shown = iter(name.labels)
    parts = (
        f"{p.name}: {_level(p.name, p.level, next(shown), then, now)}" if p.level else p.name for p in name.parts
    )
    return replace(effect, label=times(parts))


def _level(name: str, code: str, shown: str, then: Dataset, now: Dataset) -> str:
    """The label of a level by now; of a variable of text its code is a number that means nothing."""
    if now.is_text(name):
        texts = then.variable(name).value_labels
        return now.level_label(name, next((v for v, text in texts.items() if text == shown), shown))
    try:
        return now.level_label(name, float(code))
    except ValueError:  # a code of another shape, such as .a
        return shown
