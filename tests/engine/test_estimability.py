"""What can be estimated is the same whatever was left out, and is what brute force finds.

Generated designs with empty cells, in several codings: other bases, another order of the terms, no base levels. The
coefficients mean something else in each, and other columns are left out; no cell, contrast or test may differ.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from oracle_support import dataset

import terrace
from oracles.fullcoding import FullCoding, Term
from terrace.postestimation.predict.columns import linear
from terrace.postestimation.tests.contrast import contrast_tables
from terrace.postestimation.tests.hypotheses import lincom_table, testparm_table
from terrace.postestimation.tests.pwcompare import cell_means, margins_of_cells, pwcompare_table
from terrace.postestimation.tests.terms import term_table
from terrace.results.table import Row, Table

FACTORS = ("a", "b", "c")


@dataclass(frozen=True)
class Design:
    """A fixed part and its data; ``others`` are rows of cells that the data lack among those that they have."""

    terms: tuple[Term, ...]
    frame: pd.DataFrame
    others: pd.DataFrame
    seed: int


@st.composite
def designs(draw: st.DrawFn) -> Design:
    seed = draw(st.integers(0, 2**20))
    rng = np.random.default_rng(seed)
    count = draw(st.sampled_from([1, 2, 2, 2, 3]))
    names = FACTORS[:count]
    sizes = {f: int(rng.integers(2, 4 if count == 3 else 5)) for f in names}
    cells = list(itertools.product(*(range(sizes[f]) for f in names)))
    with_x = draw(st.booleans())
    empty = draw(st.sets(st.sampled_from(cells), max_size=max(0, min(len(cells) - 2, len(cells) // 2))))
    kept = [c for c in cells if c not in empty]
    flat = draw(st.sampled_from([None, *kept])) if with_x else None  # a cell in which the covariate does not vary
    every = [fs for r in range(1, count + 1) for fs in itertools.combinations(names, r)]
    pool: list[Term] = [(fs, ()) for fs in every]
    if with_x:
        pool += [(fs, ("x",)) for fs in [(), *every]]
    if draw(st.booleans()):
        terms = tuple(pool)
    else:
        terms = tuple(draw(st.lists(st.sampled_from(pool), min_size=1, max_size=6, unique=True)))
    rows = []
    for cell in kept:
        for _ in range(int(rng.integers(2, 5))):
            rows.append((*cell, int(rng.integers(1, 7)), 1.25 if cell == flat else round(float(rng.normal()), 3)))
    frame = pd.DataFrame(rows, columns=[*names, "s", "x"])
    lacking = pd.DataFrame([(*c, 1, 0.7) for c in cells], columns=[*names, "s", "x"])
    for f in names:
        lacking = lacking[lacking[f].isin(frame[f].unique())]
    effects = rng.normal(size=7)
    frame["y"] = frame["x"] * 0.4 + sum(frame[f] * rng.normal() for f in names) + effects[frame["s"]]
    frame["y"] += rng.normal(size=len(frame))
    return Design(terms, frame, lacking.reset_index(drop=True), seed)


def written(term: Term, prefix: dict[str, str]) -> str:
    return "#".join([f"{prefix[f]}{f}" for f in term[0]] + [f"c.{x}" for x in term[1]])


def codings(design: Design) -> Iterator[str]:
    """The fixed part as commands write it, in ways that leave out different columns."""
    rng = np.random.default_rng(design.seed)
    factors = sorted({f for fs, _ in design.terms for f in fs})
    for base in ("i.", "ib(last).", "ibn.", "mixed"):
        prefix = dict.fromkeys(factors, base)
        if base == "mixed":
            prefix = {f: f"ib{int(rng.choice(design.frame[f].unique()))}." for f in factors}
        order = rng.permutation(len(design.terms)) if base != "i." else range(len(design.terms))
        yield " ".join(written(design.terms[k], prefix) for k in order)


def fitted(design: Design, fixed: str) -> terrace.FitResult | None:
    return terrace.fit(f"mixed y {fixed} || s:, reml", dataset(design.frame))


def oracle(design: Design, fit: terrace.FitResult) -> FullCoding:
    """Brute force at the variances of the fit."""
    s = design.frame["s"].to_numpy()
    between, within = (r.estimate for r in fit.random)
    v = between * (s[:, None] == s[None, :]) + within * np.eye(len(s))
    return FullCoding(design.terms, design.frame, design.frame["y"].to_numpy(), v)


def possible(design: Design) -> bool:
    """More rows than columns, several levels of what is a factor, and a residual that varies."""
    full = FullCoding(design.terms, design.frame, np.zeros(len(design.frame)), np.eye(len(design.frame)))
    rank = np.linalg.matrix_rank(full.x)
    factors = {f for fs, _ in design.terms for f in fs}
    return (
        rank + 6 < len(design.frame)
        and design.frame["s"].nunique() > 2
        and all(design.frame[f].nunique() > 1 for f in factors)
    )


def same(cells: list[Any], want: tuple[float, float] | None) -> None:
    if want is None:
        assert cells[:5] == ["not estimable", None, None, None, None]
    else:
        value, se = want
        assert cells[0] != "not estimable"
        assert cells[0] == pytest.approx(value, rel=1e-6, abs=1e-6 * max(se, 1e-6))
        assert (cells[1] or 0.0) == pytest.approx(se, rel=1e-6, abs=1e-9)


def same_test(cells: list[Any], want: tuple[float, int], anything: bool = True) -> None:
    chi2, df = want
    if df == 0:
        assert cells[0] == "not estimable" or cells[:2] == [None, 0]
    else:
        assert cells[1] == df
        assert cells[0] == pytest.approx(chi2, rel=1e-5, abs=1e-8)


def groups_of_cells(design: Design) -> list[tuple[tuple[str, ...], tuple[str, ...]]]:
    """Factors whose cells are looked at, with the numbers whose slopes they hold."""
    found = {fs for fs, _ in design.terms if fs}
    factors = tuple(sorted({f for fs in found for f in fs}))
    found |= {(f,) for f in factors}
    numbers = {ns for _, ns in design.terms if ns}
    return [(fs, ns) for fs in sorted(found | {factors}) if fs for ns in [(), *sorted(numbers)]]


def entries(table: Table) -> list[Row]:
    """The rows of a table without the heads between them."""
    return [r for r in table.rows if r.kind != "group"]


@given(designs())
def test_cells_contrasts_and_terms_in_every_coding(design: Design) -> None:
    if not possible(design):
        return
    for fixed in codings(design):
        fit = fitted(design, fixed)
        full = oracle(design, fit)
        for fs, ns in groups_of_cells(design):
            text = "#".join([*fs, *(f"c.{n}" for n in ns)])
            grid = [dict(zip(fs, c)) for c in itertools.product(*(full.levels[f] for f in fs))]
            functions = np.array([full.cell(at, ns) for at in grid])
            for row, function in zip(entries(margins_of_cells(fit, text)), functions, strict=True):
                same(list(row.values), full.estimate(function))
            pairs = [(j, i) for i in range(len(grid)) for j in range(i + 1, len(grid))]
            for row, (j, i) in zip(entries(pwcompare_table(fit, text)), pairs, strict=True):
                same(list(row.values), full.estimate(functions[j] - functions[i]))
            check_contrasts(fit, full, fs, ns, grid, functions)
        check_terms(fit, full)


def check_contrasts(
    fit: terrace.FitResult, full: FullCoding, fs: tuple[str, ...], ns: tuple[str, ...], grid: list[dict[str, float]],
    functions: np.ndarray,
) -> None:
    """Each level less the mean of all, within the cells of the other factors; their joint test; and the interaction."""
    f, *others = fs
    numbers = "".join(f"#c.{n}" for n in ns)
    within = "@" + "#".join(others) if others else ""
    shown, tests = contrast_tables(fit, f"g.{f}{numbers}{within}")
    wanted = []
    for place in itertools.product(*(full.levels[o] for o in others)):
        own = [k for k, at in enumerate(grid) if all(at[o] == v for o, v in zip(others, place))]
        wanted += [functions[k] - functions[own].mean(axis=0) for k in own]
    for row, function in zip(entries(shown), wanted, strict=True):
        same(list(row.values), full.estimate(function))
    last = [r for r in tests.rows if r.kind != "group"][-1]
    same_test(list(last.values), full.joint(np.array(wanted)))
    weights = np.ones((1, 1))
    for name in fs:
        k = len(full.levels[name])
        weights = np.kron(weights, np.eye(k)[1:] - np.eye(k)[:1])
    (table,) = contrast_tables(fit, "#".join(fs) + numbers)
    same_test(list(table.rows[-1].values), full.joint(weights @ functions))


def check_terms(fit: terrace.FitResult, full: FullCoding) -> None:
    for kind, brute in (("III", full.type_three), ("II", full.type_two)):
        got = {r.code: list(r.values) for r in term_table(fit, kind).rows}  # type: ignore[arg-type]
        for fs, ns in full.terms:
            mark = "c." if len(fs) + len(ns) > 1 else ""
            (own,) = [v for k, v in got.items() if sorted(k.split("#")) == sorted([*fs, *(f"{mark}{n}" for n in ns)])]
            same_test(own, brute((fs, ns)))


@given(designs())
def test_coefficients_do_not_depend_on_which_column_was_left_out(design: Design) -> None:
    """With the same bases and another order of the terms, other columns are left out: a combination of coefficients is
    either not estimable in both, or the same in both."""
    if not possible(design):
        return
    prefix = dict.fromkeys(FACTORS, "i.")
    texts = [written(t, prefix) for t in design.terms]
    one, other = fitted(design, " ".join(texts)), fitted(design, " ".join(reversed(texts)))
    names = [c.name for c in one.model.design.columns if c.kind != "base"]
    rng = np.random.default_rng(design.seed)
    pairs = [tuple(rng.choice(names, 2, replace=False)) for _ in range(8)] if len(names) > 1 else []
    for text in (*names, *(f"{p} - {q}" for p, q in pairs)):
        a, b = (list(lincom_table(f, text).rows[0].values) for f in (one, other))
        if a[0] == "not estimable" or b[0] == "not estimable":
            assert a == b, text
        else:
            assert a[:2] == pytest.approx(b[:2], rel=1e-6, abs=1e-7), text
    for text in texts:
        a, b = (list(testparm_table(f, text).rows[-1].values) for f in (one, other))
        assert a[1] == b[1]
        assert (a[0] == b[0]) if a[0] == "not estimable" else a[0] == pytest.approx(b[0], rel=1e-5, abs=1e-8)


@given(designs())
def test_predictions_of_cells_without_rows(design: Design) -> None:
    """Rows that were not fitted are predicted where the data tell what is there, and missing elsewhere."""
    if not possible(design) or not len(design.others):
        return
    for fixed in codings(design):
        fit = fitted(design, fixed)
        full = oracle(design, fit)
        got = linear(fit, dataset(pd.concat([design.frame, design.others])))
        want = [full.estimate(row) for row in full.rows(design.others)]
        inside = full.rows(design.frame) @ full._solved[1]
        np.testing.assert_allclose(got[: len(inside)], inside, rtol=1e-6, atol=1e-6)
        for value, w in zip(got[len(inside) :], want, strict=True):
            assert np.isnan(value) if w is None else value == pytest.approx(w[0], rel=1e-6, abs=1e-6)


@given(designs(), st.sampled_from([(0, 1e-8), (0, 1e9), (20000, 30), (1.7e9, 1e7), (2000, 1), (5, 1000)]))
def test_units_and_origin_of_a_covariate_do_not_matter(design: Design, units: tuple[float, float]) -> None:
    """Dates, years, incomes: the same can be estimated, with the same degrees of freedom."""
    if not possible(design) or not any(numbers for _, numbers in design.terms):
        return
    full = oracle(design, fitted(design, next(codings(design))))
    moved = replace(design, frame=design.frame.assign(x=units[0] + units[1] * design.frame["x"]))
    for fixed in codings(design):
        fit = fitted(moved, fixed)
        for fs, ns in groups_of_cells(design):
            text = "#".join([*fs, *(f"c.{n}" for n in ns)])
            grid = [dict(zip(fs, c)) for c in itertools.product(*(full.levels[f] for f in fs))]
            functions = [full.cell(at, ns) for at in grid]
            wanted = [full.estimable(function) for function in functions]
            assert [r.values[0] != "not estimable" for r in entries(margins_of_cells(fit, text))] == wanted
            wanted = [full.estimable(b - a) for a, b in itertools.combinations(functions, 2)]
            assert [r.values[0] != "not estimable" for r in entries(pwcompare_table(fit, text))] == wanted
        for kind, brute in (("III", full.type_three), ("II", full.type_two)):
            got = {r.code.replace("c.", ""): r.values[1] for r in term_table(fit, kind).rows}  # type: ignore[arg-type]
            for fs, ns in full.terms:
                (df,) = [v for k, v in got.items() if sorted(k.split("#")) == sorted([*fs, *ns])]
                assert (df or 0) == brute((fs, ns))[1]


def test_cells_say_what_they_lack() -> None:
    """The functions of `cell_means` are those of brute force also as rows: excess is zero in the row space only."""
    rng = np.random.default_rng(5)
    frame = pd.DataFrame({"a": rng.integers(0, 3, 60), "b": rng.integers(0, 3, 60), "s": rng.integers(1, 7, 60)})
    frame = frame[(frame["a"] != 1) | (frame["b"] != 2)].assign(x=0.0)
    frame["y"] = frame["a"] + rng.normal(size=len(frame))
    fit = terrace.fit("mixed y i.a##i.b || s:, reml", dataset(frame))
    (cells,) = cell_means(fit, "a#b")
    lacking = [k for k, part in enumerate(cells.excess) if part.any()]
    assert [cells.labels[k] for k in lacking] == ["1#2"]
