"""Tests and combinations of coefficients: ``test``, ``testparm``, ``lincom``, ``nlcom``."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import replace
from itertools import pairwise
from typing import Literal

import numpy as np

from terrace.design.estimability import estimable
from terrace.errors import CommandError, SpecError
from terrace.inference.tests import WaldTest
from terrace.language.grammar.tokens import Piece, closing, split, words
from terrace.postestimation.tests import coefficients
from terrace.postestimation.tests.adjust import METHODS, adjusted_p
from terrace.postestimation.tests.combinations import (
    Estimate,
    by_f,
    by_t,
    combine,
    confidence_level,
    estimable_hypothesis,
    estimate_columns,
    full_rank,
    joint_test,
    need_small,
    wald_cells,
    wald_columns,
)
from terrace.postestimation.tests.equation_names import with_equations
from terrace.postestimation.tests.linear import (
    Linear,
    coefficient,
    excess_of,
    parse_equation,
    parse_linear,
    show,
    show_hypothesis,
)
from terrace.postestimation.tests.notestimable import marked, why_not
from terrace.results.fit import FitResult
from terrace.results.table import Column, Row, Table

Text = str | Piece
Mtest = Literal["none", "bonferroni", "sidak", "holm"]
UNADJUSTED = "The χ² test is shown because the tested coefficients have different degrees of freedom."


def hypotheses(fit: FitResult, text: Text) -> list[Linear]:
    """The expressions that a ``test`` command sets to zero.

    A list of coefficients (``ses 2.drug``), equations (``a = b = 0``), an expression (``a - b``), or several of
    these in parentheses. Raises `CommandError` at what is none.
    """
    piece = with_equations(fit, Piece.of(text) if isinstance(text, str) else text).strip()
    if not piece:
        raise piece.error("Nothing to test was given.", code="nothing-to-test")
    items = _parenthesised(piece)
    if items is not None:
        return [h for item in items for h in hypotheses(fit, item)]
    if len(split(piece, "=")) > 1 or any(c in str(piece) for c in "+-/") or _multiplies(str(piece)):
        found = parse_equation(fit, piece)
        for h in found:
            if h.is_number and h.constant:
                raise piece.error("This hypothesis contains no coefficient.", code="nothing-to-test")
        return found
    out = []
    for item in words(piece):
        own = coefficients.matches(fit, coefficients._inside(item, fit))
        if not own:
            coefficients.find(fit, item)
        for column in own:
            out.append(coefficient(fit, column))
    return out


def _multiplies(text: str) -> bool:
    return "*" in text and not text.replace("*", "").isidentifier()


def _parenthesised(piece: Piece) -> list[Piece] | None:
    """The insides of ``(a) (b)``; None where the text is not of that form."""
    out: list[Piece] = []
    i = piece.start
    while i < piece.end:
        if piece.source[i].isspace():
            i += 1
            continue
        if piece.source[i] != "(":
            return None
        stop = closing(piece, i)
        out.append(piece.at(i + 1, stop))
        i = stop + 1
    return out


def test_table(
    fit: FitResult,
    text: Text,
    *,
    small: bool = False,
    mtest: Mtest | None = None,
    before: Sequence[Linear] = (),
) -> Table:
    """The Wald test of all hypotheses together; with `small` the F test of the fitted method.

    ``mtest`` puts a row for each hypothesis before it, with p-values adjusted for their number. ``before`` are
    hypotheses that are tested with those of the text.
    """
    found = [*before, *hypotheses(fit, text)]
    return _wald_table(fit, found, "Wald test", small, mtest)


def testparm_table(fit: FitResult, text: Text, *, equal: bool = False, small: bool = False) -> Table:
    """The Wald test that all coefficients of the listed terms are zero, or with `equal` the same."""
    found = hypotheses_of_terms(fit, text, equal=equal)
    return _wald_table(fit, found, "Wald test of terms", small, None, str(text).strip())


def hypotheses_of_terms(fit: FitResult, text: Text, *, equal: bool = False) -> list[Linear]:
    """The expressions that a ``testparm`` command sets to zero. Raises `CommandError` where there are none."""
    piece = Piece.of(text) if isinstance(text, str) else text
    if not piece:
        raise piece.error("Give at least one term.", code="nothing-to-test", advice="Example: testparm i.drug.")
    found = [coefficient(fit, c) for c in coefficients.testable(fit, piece)]
    if equal:
        if len(found) < 2:
            raise piece.error("equal needs at least two coefficients.", code="nothing-to-test")
        found = [h.plus(found[0], -1.0) for h in found[1:]]
    return found


test_table.__test__ = testparm_table.__test__ = False  # type: ignore[attr-defined]  # not a test of pytest; mypy has functions without attributes


def _wald_table(
    fit: FitResult, found: Sequence[Linear], title: str, small: bool, mtest: Mtest | None, label: str = ""
) -> Table:
    if small:
        need_small(fit)
    parts = excess_of(fit, found)
    rows, values = estimable_hypothesis(
        np.array([h.row for h in found]), parts, np.array([-h.constant for h in found])
    )
    kept, _, consistent = full_rank(rows, values) if len(rows) else (rows, values, True)
    if not consistent:
        raise CommandError(
            "The hypotheses contradict one another or cannot hold.",
            code="inconsistent",
            advice="The coefficient of a base level is always 0.",
        )
    test = joint_test(fit, rows, values, small=small) if len(kept) else None
    if not parts.any() and (test is None or not test.rank):
        raise SpecError(
            "There is nothing to test. All these coefficients are fixed, like those of base levels.",
            code="nothing-to-test",
        )
    as_f = by_f([test], small)
    texts = [show_hypothesis(fit, h) for h in found]
    missing = why_not(fit, parts)
    notes = [*missing]
    if missing and test is not None:
        notes.append("The test covers what can be estimated, and df counts it.")
    notes += [f"({k + 1}) {t}" for k, t in enumerate(texts)] if len(found) > 1 or label else []
    if not missing and len(kept) < len(found):
        notes.append(f"df counts the hypotheses that are independent: {len(kept)} of {len(found)}.")
    if small and not as_f:
        notes.append(UNADJUSTED)
    columns = wald_columns(as_f)
    out: list[Row] = []
    if mtest is not None:
        each = [
            joint_test(fit, h.row[None], np.array([-h.constant]), small=as_f) if fine else None
            for h, fine in zip(found, estimable(parts))
        ]
        columns, out = _single_rows(each, texts, columns, as_f, mtest)
    joint = label or (texts[0] if len(found) == 1 else "All together")
    cells = wald_cells(test, as_f)
    if mtest is not None:
        cells = (*cells, None) if mtest != "none" else cells
    out.append(Row(joint, cells, "total" if out else "row"))
    return Table(title, columns, tuple(out), "Hypothesis", tuple(notes), "test")


def _single_rows(
    each: Sequence[WaldTest | None], texts: Sequence[str], columns: tuple[Column, ...], as_f: bool, mtest: Mtest
) -> tuple[tuple[Column, ...], list[Row]]:
    adjusted = adjusted_p(mtest, np.array([math.nan if t is None else t.p for t in each]))
    if mtest != "none":
        columns = (*columns, Column("p_adjusted", f"p, {METHODS[mtest]}", "p"))
    rows = []
    for test, text, p in zip(each, texts, adjusted):
        cells = wald_cells(test, as_f)
        own = None if math.isnan(p) else float(p)
        rows.append(Row(text, (*cells, own) if mtest != "none" else cells))
    return columns, rows


def lincom_table(
    fit: FitResult, text: Text, *, level: float | None = None, small: bool = False, eform: bool = False
) -> Table:
    """A linear combination of coefficients with z or t, p and interval.

    ``eform`` shows exp() of it, as for outcomes that are logarithms: its SE by the delta method, the ends of the
    interval transformed, z and p those of the combination itself.
    """
    piece = Piece.of(text) if isinstance(text, str) else text
    if len(split(piece, "=")) > 1:
        raise piece.error(
            "lincom takes an expression without an = sign.", code="syntax", advice="test takes equations."
        )
    value = parse_linear(fit, with_equations(fit, piece))
    level = confidence_level(fit, level)
    (e,) = combine(fit, value.row[None], offset=value.constant, level=level, small=small)
    notes = why_not(fit, excess_of(fit, [value]))
    if notes:
        e = Estimate(None)
    as_t = by_t([e], small)
    if small and not as_t:
        notes = ("z is shown because the coefficients have different degrees of freedom.",)
    title = "Estimate"
    if eform and e.value is not None:
        title = "exp(b)"
        ends = [None if v is None else math.exp(v) for v in (e.lower, e.upper)]
        by = math.exp(e.value)
        e = replace(e, value=by, se=None if e.se is None else by * e.se, lower=ends[0], upper=ends[1])
    cells = marked(6 if as_t else 5) if e.value is None else e.cells(small=as_t)
    row = Row(show(fit, value), cells, code="(1)")
    columns = estimate_columns(level, small=as_t, title=title)
    return Table("Linear combination", columns, (row,), "Combination", notes, "lincom")


def combinations_of(fit: FitResult, text: Text) -> list[tuple[str, Piece]]:
    """What ``nlcom`` takes: (name, expression); ``_nl_1``, ... where no name was given."""
    piece = with_equations(fit, Piece.of(text) if isinstance(text, str) else text).strip()
    items = _parenthesised(piece)
    named = items is not None and all(len(split(i, ":")) > 1 and _is_label(split(i, ":")[0]) for i in items)
    found: list[tuple[str, Piece]] = []
    if items is not None and (named or len(items) > 1):
        for k, item in enumerate(items):
            head = split(item, ":")[0]
            has_name = _is_label(head) and len(split(item, ":")) > 1
            found.append((str(head).strip(), item.after(head.end + 1)) if has_name else (f"_nl_{k + 1}", item))
    else:
        found.append(("_nl_1", piece))
    return found


def nlcom_table(
    fit: FitResult,
    text: Text,
    *,
    level: float | None = None,
    small: bool = False,
    scalars: Mapping[str, float] | None = None,
) -> Table:
    """Nonlinear combinations by the delta method; ``(name: expression)`` for several.

    ``_b[]`` takes coefficients and covariance parameters, such as ``_b[id:var(_cons)]``. `scalars` are names
    that stand for numbers.
    """
    from terrace.postestimation.tests.nonlinear import nonlinear_estimates, why_no_value

    found = combinations_of(fit, text)
    level = confidence_level(fit, level)
    estimates = nonlinear_estimates(fit, [p for _, p in found], level=level, small=small, scalars=scalars or {})
    as_t = by_t(estimates, small)
    rows = tuple(
        Row(
            str(p).strip() if name.startswith("_nl_") else name,
            marked(6 if as_t else 5) if e.value is None else e.cells(small=as_t),
            code=name,
        )
        for (name, p), e in zip(found, estimates)
    )
    notes = ["Standard errors by the delta method."]
    notes += dict.fromkeys(n for _, p in found for n in why_no_value(fit, p, scalars or {}))
    if not all(name.startswith("_nl_") for name, _ in found):
        notes += [f"{name}: {str(p).strip()}" for name, p in found]
    return Table(
        "Nonlinear combination", estimate_columns(level, small=as_t), rows, "Combination", tuple(notes), "nlcom"
    )


def testnl_table(
    fit: FitResult, text: Text, *, small: bool = False, scalars: Mapping[str, float] | None = None
) -> Table:
    """The Wald test of nonlinear equations by the delta method: ``a = b``, ``(a = b) (c = d = e)``.

    With g(θ) = 0 and G its gradient, g'(GVG')⁻¹g on the rank of GVG' (Greene 2012, section 5.6.3). Raises
    `CommandError` where there is no equation.
    """
    from terrace.postestimation.tests.nonlinear import differences, why_no_value

    piece = with_equations(fit, Piece.of(text) if isinstance(text, str) else text).strip()
    equations = _parenthesised(piece) or [piece]
    pairs: list[tuple[Piece, Piece]] = []
    for item in equations:
        sides = [s.strip() for s in split(item, "=") if str(s).strip()]
        if len(sides) < 2:
            raise item.error(
                "testnl tests equations.", code="syntax", advice="Example: testnl _b[ses]/_b[meanses] = 1."
            )
        pairs += pairwise(sides)
    if small:
        need_small(fit)
    test = differences(fit, pairs, small=small, scalars=scalars or {})
    as_f = by_f([test], small)
    texts = [f"{a} = {b}" for a, b in pairs]
    notes = ["By the delta method."]
    notes += [f"({k + 1}) {t}" for k, t in enumerate(texts)] if len(texts) > 1 else []
    notes += dict.fromkeys(n for a, b in pairs for n in why_no_value(fit, a, scalars or {}, b))
    if test is not None and test.rank < len(pairs):
        notes.append(f"df counts the equations that are independent: {test.rank} of {len(pairs)}.")
    row = Row(texts[0] if len(texts) == 1 else "All together", wald_cells(test, as_f))
    return Table("Wald test of nonlinear equations", wald_columns(as_f), (row,), "Hypothesis", tuple(notes), "testnl")


testnl_table.__test__ = False  # type: ignore[attr-defined]  # as above


def _is_label(piece: Piece) -> bool:
    return str(piece).strip().isidentifier()
