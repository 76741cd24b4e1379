"""Tests of whole terms: type III and type II.

Type III tests a term in the whole model, whatever its coding: the contrasts of the term's cell means with equal weights
(a term with a continuous part: of slopes), and where cells are empty, what the data determine of the term
(`terrace.postestimation.tests.term_hypotheses`). Type II tests a term with all terms that contain it left out.
"""

from __future__ import annotations

import math
from collections import Counter
from dataclasses import dataclass
from typing import Literal

from terrace.design.estimability import changes, dependent_columns_of, settled
from terrace.errors import SpecError
from terrace.inference.tests import WaldTest
from terrace.postestimation.tests.combinations import (
    by_f,
    estimable_hypothesis,
    joint_test,
    need_small,
    wald_cells,
    wald_columns,
)
from terrace.postestimation.tests.full_coding import content_of, full_coding, nested_factors
from terrace.postestimation.tests.hypotheses import UNADJUSTED
from terrace.postestimation.tests.notestimable import PARTIAL, unsettled_note
from terrace.postestimation.tests.term_hypotheses import type_three, type_two
from terrace.results.fit import FitResult
from terrace.results.table import Row, Table
from terrace.results.tables_terms import times
from terrace.spec.model import Term

Kind = Literal["II", "III"]
_WHAT = {
    "II": "Each term is tested in the model without the terms that contain it.",
    "III": "Each term is tested in the whole model, with other factors averaged with equal weights.",
}
_WHERE_COLUMNS_ARE_LOST = {
    "II": "Each term is tested in the model without the terms that contain it; df counts what can be estimated.",
    "III": "Each term is tested in the whole model. Since cells have no rows, or terms repeat others, the hypotheses "
    "are those that SAS calls type III (Goodnight 1978), and df counts what can be estimated; contrast averages with "
    "equal weights.",
}


@dataclass(frozen=True, slots=True)
class TermTest:
    """The test of one term; None where nothing of it can be estimated, of rank 0 where it has nothing to test."""

    label: str
    code: str
    test: WaldTest | None


def term_tests(fit: FitResult, kind: Kind = "III", *, small: bool = False) -> tuple[TermTest, ...]:
    """Tests of every term of the fixed part, in the order of the model. Raises `SpecError` where it has none."""
    if kind not in ("II", "III"):
        raise SpecError(f"There is no type {kind} test.", code="type", subject="type", advice="Choose II or III.")
    if small:
        need_small(fit)
    out = []
    seen: set[tuple[tuple[str, int], ...]] = set()
    design = fit.model.design
    contents, every = (
        [Counter[str]() if c.name == "_cons" else _content(fit.spec.fixed[c.term]) for c in (*design.x_info, *more)]
        for more in (dependent_columns_of(design), design.lost)
    )
    coding = full_coding(fit) if kind == "III" else None
    for term in fit.spec.fixed:
        signature = tuple(sorted(_content(term).items()))
        if signature in seen:
            continue
        seen.add(signature)
        if coding is None:
            rows = type_two(fit, _content(term), contents)
        else:
            rows = type_three(coding, content_of(term))
        rows, _ = estimable_hypothesis(rows, changes(design, rows))
        there = any(all(c[v] >= n for v, n in _content(term).items()) for c in every)
        test = joint_test(fit, rows, small=small) if len(rows) else None if there else WaldTest(math.nan, 0, math.nan)
        label = times(f.name for f in term.factors)
        code = "#".join(f"c.{f.name}" if f.kind == "continuous" and len(term.factors) > 1 else f.name
                        for f in term.factors)  # fmt: skip
        out.append(TermTest(label, code, test))
    if not out:
        raise SpecError("The model has only a constant, so there are no terms to test.", code="no-terms")
    return tuple(out)


def term_table(fit: FitResult, kind: Kind = "III", *, small: bool = False) -> Table:
    """The tests as a table: χ² (with `small` F), df, p."""
    found = term_tests(fit, kind, small=small)
    as_f = by_f([t.test for t in found], small)
    rows = tuple(Row(t.label, wald_cells(t.test, as_f), code=t.code) for t in found)
    notes = [(_WHERE_COLUMNS_ARE_LOST if fit.model.design.lost else _WHAT)[kind]]
    if kind == "III" and any(_mixed(t) for t in fit.spec.fixed):
        notes.append("If a factor interacts with a continuous variable, its test is at the zero of that variable.")
    if not settled(fit.model.design).all():
        notes += [unsettled_note(fit), PARTIAL]
    elif any(t.test is None for t in found):
        notes.append("Not estimable: the data determine no part of the term by itself.")
        notes += [
            f"Every level of {inner} occurs in only one level of {outer}: i.{outer} i.{outer}#i.{inner} tests {outer} "
            f"by the means of its own levels of {inner}."
            for inner, outer in (nested_factors(full_coding(fit)) if kind == "III" else [])
        ]
    if small and not as_f:
        notes.append(UNADJUSTED)
    return Table(f"Type {kind} tests of terms", wald_columns(as_f), rows, "Term", tuple(notes), "terms")


def _mixed(term: Term) -> bool:
    return len({f.kind for f in term.factors}) == 2


def _content(term: Term) -> Counter[str]:
    """Variables with their powers; a factor counts once."""
    return Counter(f"{f.kind}:{f.operators}:{f.name}" for f in term.factors)
