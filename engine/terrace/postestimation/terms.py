"""Tests of whole terms: type III and type II.

Type III tests the contrasts of a term's cell means, other factors averaged with equal weights (a term with a
continuous part: of slopes), whatever coding the model uses. Type II tests a term with all terms that contain
it left out: with β_T the term's coefficients and β_R those of the containing terms, the hypothesis is
β_T - Φ_TR Φ_RR⁻¹ β_R = 0, which is what generalised least squares without these terms would estimate.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import Literal

import numpy as np
import numpy.typing as npt

from terrace.data.dataset import Dataset
from terrace.errors import SpecError
from terrace.inference.tests import WaldTest
from terrace.postestimation.combinations import covariance, joint_test, need_small, wald_cells, wald_columns
from terrace.postestimation.contrast import Contrast, Part, contrast_rows
from terrace.postestimation.hypotheses import UNADJUSTED
from terrace.results.fit import FitResult
from terrace.results.table import Row, Table
from terrace.results.tables_terms import times
from terrace.spec.model import Term

FloatArray = npt.NDArray[np.float64]
Kind = Literal["II", "III"]


@dataclass(frozen=True, slots=True)
class TermTest:
    """The test of one term; None where nothing of it can be estimated."""

    label: str
    code: str
    test: WaldTest | None


def term_tests(
    fit: FitResult, kind: Kind = "III", *, small: bool = False, data: Dataset | None = None
) -> tuple[TermTest, ...]:
    """Tests of every term of the fixed part, in the order of the model. Raises `SpecError` where it has none."""
    if kind not in ("II", "III"):
        raise SpecError(f"There is no type {kind} test.", code="type", subject="type", advice="Choose II or III.")
    if small:
        need_small(fit)
    out = []
    seen: set[tuple[tuple[str, int], ...]] = set()
    for position, term in enumerate(fit.spec.fixed):
        signature = tuple(sorted(_content(term).items()))
        if signature in seen:
            continue
        seen.add(signature)
        rows = _type_two(fit, position) if kind == "II" else _type_three(fit, term, data)
        label = times(f.name for f in term.factors)
        code = "#".join(f"c.{f.name}" if f.kind == "continuous" and len(term.factors) > 1 else f.name
                        for f in term.factors)  # fmt: skip
        out.append(TermTest(label, code, joint_test(fit, rows, small=small) if len(rows) else None))
    if not out:
        raise SpecError("The model has a constant only, so there are no terms to test.", code="no-terms")
    return tuple(out)


def term_table(fit: FitResult, kind: Kind = "III", *, small: bool = False, data: Dataset | None = None) -> Table:
    """The tests as a table: χ² (with `small` F), df, p."""
    found = term_tests(fit, kind, small=small, data=data)
    as_f = small and all(t.test is None or t.test.ddf is not None for t in found)
    empty = (None,) * (4 if as_f else 3)
    rows = tuple(Row(t.label, wald_cells(t.test, as_f) if t.test else empty, code=t.code) for t in found)
    what = {
        "II": "Each term is tested in the model without the terms that contain it.",
        "III": "Each term is tested in the whole model, other factors averaged with equal weights.",
    }
    notes = [what[kind]]
    if kind == "III" and any(_mixed(t) for t in fit.spec.fixed):
        notes.append("Where a factor interacts with a continuous variable, its test is at zero of that variable.")
    if small and not as_f:
        notes.append(UNADJUSTED)
    return Table(f"Type {kind} tests of terms", wald_columns(as_f), rows, "Term", tuple(notes), "terms")


def _mixed(term: Term) -> bool:
    return len({f.kind for f in term.factors}) == 2


def _content(term: Term) -> Counter[str]:
    """Variables with their powers; a factor counts once."""
    return Counter(f"{f.kind}:{f.operators}:{f.name}" for f in term.factors)


def _type_three(fit: FitResult, term: Term, data: Dataset | None) -> FloatArray:
    parts = tuple(Part(f.name) for f in term.factors if f.kind == "factor")
    numbers = tuple((f.name, f.operators) for f in term.factors if f.kind == "continuous")
    if parts and not _has_contrasts(fit, term):
        # every level has its own coefficient and no constant stands beside them: all of them are tested
        return _own_rows(fit, term)
    found = contrast_rows(fit, Contrast(parts, numbers, (), ""), data)
    rows = found.rows[found.estimable]
    return rows[np.any(np.abs(rows) > 1e-12, axis=1)]


def _has_contrasts(fit: FitResult, term: Term) -> bool:
    """False for a term that stands for its levels themselves: ibn.f without a constant, or f#c.x without x."""
    return any(
        c.kind == "base"
        for c in fit.model.design.columns
        if c.name != "_cons" and _content(fit.spec.fixed[c.term]) == _content(term)
    )


def _own_rows(fit: FitResult, term: Term) -> FloatArray:
    info = fit.model.design.x_info
    own = [k for k, c in enumerate(info) if c.name != "_cons" and _content(fit.spec.fixed[c.term]) == _content(term)]
    return np.eye(len(info))[own]


def _type_two(fit: FitResult, position: int) -> FloatArray:
    info = fit.model.design.x_info
    content = _content(fit.spec.fixed[position])
    own, above = [], []
    for k, column in enumerate(info):
        if column.name == "_cons":
            continue
        other = _content(fit.spec.fixed[column.term])
        if other == content:
            own.append(k)
        elif all(other[v] >= n for v, n in content.items()):
            above.append(k)
    rows = np.eye(len(info))[own]
    if own and above:
        # Φ of the model, not the adjusted one: this is the geometry of the estimates
        phi = covariance(fit)
        rows[:, above] = -np.linalg.solve(phi[np.ix_(above, above)], phi[np.ix_(above, own)]).T
    return rows
