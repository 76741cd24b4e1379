"""Contrasts, joint tests and tests of terms on unbalanced data, against emmeans and generalised least squares."""

from __future__ import annotations

from functools import cache
from typing import Any

import numpy as np
import pytest
from oracle_support import dataset, r_fit
from post_support import r_results, rows

import terrace
from oracles import rcases
from terrace.data.dataset import Dataset
from terrace.errors import CommandError, SpecError
from terrace.postestimation.margins.margins import margins
from terrace.postestimation.tests.contrast import contrast_table, contrast_tables
from terrace.postestimation.tests.pwcompare import pwcompare_table
from terrace.postestimation.tests.terms import term_table

R = r_results("contrasts")
KEYS = ("estimate", "se", "stat", "p", "lower", "upper")


@cache
def cake() -> Dataset:
    """The unbalanced data of contrasts.R."""
    frame = rcases.frame("cake")
    place = np.arange(1, len(frame) + 1)
    frame = frame[(place % 7 != 3) & ~((frame["recipe"] == 2) & (frame["replicate"] > 9)).to_numpy()]
    return dataset(frame.assign(x=frame["replicate"] % 4 + 0.3 * frame["temperature"]))


@cache
def fit() -> terrace.FitResult:
    return terrace.fit("mixed angle i.recipe##i.temperature c.x##i.recipe || replicate:, reml", cake())


def values(table: Any) -> np.ndarray:
    return np.array([r[1:7] for r in table.plain()["rows"]], dtype=float)


def expected(name: str) -> np.ndarray:
    return np.array([[r[k] for k in KEYS] for r in R[name]])


def close(got: np.ndarray, want: np.ndarray) -> None:
    """Estimates in units of their standard error."""
    se = want[:, 1:2]
    np.testing.assert_allclose(got[:, [0, 1, 4, 5]] / se, want[:, [0, 1, 4, 5]] / se, atol=2e-5)
    np.testing.assert_allclose(got[:, 2], want[:, 2], atol=2e-5)
    np.testing.assert_allclose(got[:, 3], want[:, 3], rtol=2e-3, atol=1e-6)


@pytest.mark.parametrize("operator", ["r", "a", "ar", "g", "h", "j", "q(1/3)"])
def test_operators(operator: str) -> None:
    text = f"{operator}.temperature"
    close(values(contrast_table(fit(), text)), expected(text))


@pytest.mark.parametrize("method", ["bonferroni", "sidak", "scheffe"])
def test_adjustments(method: str) -> None:
    got = values(contrast_table(fit(), "r.temperature", mcompare=method))
    close(got, expected(f"r.temperature, {method}"))


def test_within_levels_of_another_factor() -> None:
    table = contrast_table(fit(), "r.temperature@recipe")
    close(values(table), expected("r.temperature@recipe"))
    assert [(r.label, r.kind) for r in table.rows[:2]] == [("1", "group"), ("(2 vs 1)", "row")]
    assert [r.label for r in table.rows if r.kind == "group"] == ["1", "2", "3"] and table.rows[-1].label == "(6 vs 1)"
    assert table.rows[1].code == "(2 vs 1) 1" and table.rows[-1].code == "(6 vs 1) 3"


def test_differences_of_differences() -> None:
    got = values(contrast_table(fit(), "ar.recipe#r.temperature"))
    # emmeans runs through the first factor fastest
    want = expected("ar.recipe#r.temperature").reshape(5, 2, 6).transpose(1, 0, 2).reshape(10, 6)
    close(got, want)


def test_slopes() -> None:
    close(values(contrast_table(fit(), "r.recipe#c.x")), expected("r.recipe#c.x"))


def test_polynomials_of_unequal_values() -> None:
    """Orthogonal to one another and to the constant, of unit length, and of the right degree."""
    from terrace.postestimation.tests.cell_means import FactorInfo
    from terrace.postestimation.tests.contrast import Part, coefficients_of

    info = FactorInfo("dose", (1.0, 2.0, 5.0, 10.0), 1.0, ("1", "2", "5", "10"))
    matrix, labels = coefficients_of(Part("dose", "p"), info)
    assert labels == ["(linear)", "(quadratic)", "(cubic)"]
    whole = np.vstack([np.full(4, 0.5), matrix])
    np.testing.assert_allclose(whole @ whole.T, np.eye(4), atol=1e-12)
    x = np.array(info.levels)
    assert matrix[0] @ x > 0
    np.testing.assert_allclose(matrix[1:] @ x, 0, atol=1e-10)


@pytest.mark.parametrize("term", ["recipe", "temperature", "recipe#temperature", "recipe#c.x"])
def test_joint_tests(term: str) -> None:
    (table,) = contrast_tables(fit(), term)
    ((_, chi2, df, _),) = table.plain()["rows"]
    assert df == R["joint"][term]["df"]
    assert chi2 == pytest.approx(R["joint"][term]["chi2"], rel=1e-4)


def test_joint_test_does_not_depend_on_the_operator() -> None:
    tests = [
        contrast_tables(fit(), f"{op}.temperature")[1].plain()["rows"][0][1] for op in ("r", "g", "h", "q", "a")
    ]
    np.testing.assert_allclose(tests, tests[0], rtol=1e-8)


def test_type_three_tests() -> None:
    found = rows(term_table(fit(), "III"))
    assert list(found) == ["recipe", "temperature", "recipe#temperature", "x", "c.x#recipe"]
    for name in found:
        want = R["joint"]["recipe#c.x" if name == "c.x#recipe" else name]
        assert found[name][1] == want["df"]
        assert found[name][0] == pytest.approx(want["chi2"], rel=1e-4)


def test_type_two_tests() -> None:
    found = rows(term_table(fit(), "II"))
    for name, want in R["typeII"].items():
        assert found[name][1] == want["df"]
        assert found[name][0] == pytest.approx(want["chi2"], rel=1e-4)


def test_tests_of_terms_do_not_depend_on_the_coding() -> None:
    other = terrace.fit(
        "mixed angle ib3.recipe##ib(last).temperature c.x##ib3.recipe || replicate:, reml", cake()
    )
    for kind in ("II", "III"):
        a, b = rows(term_table(fit(), kind)), rows(term_table(other, kind))  # type: ignore[arg-type]
        for name, cells in a.items():
            assert b[name][0] == pytest.approx(cells[0], rel=1e-5), name


def test_without_a_constant_the_levels_themselves_are_tested() -> None:
    plain = terrace.fit("mixed angle ibn.recipe, noconstant || replicate:", cake())
    ((_, chi2, df, _),) = term_table(plain, "III").plain()["rows"]
    assert df == 3
    assert chi2 == pytest.approx(plain.scalars["chi2"], rel=1e-10)


def test_cells_and_trends_by_margins() -> None:
    found = margins(fit(), cake(), ["recipe#temperature"], at={"x": 1.5})
    want = {(r["r"], r["t"]): r for r in R["cells"]}
    for label, e in zip(found.labels, found.estimates, strict=True):
        r = want[tuple(label.split("#"))]
        assert [e.value, e.se] == pytest.approx([r["estimate"], r["se"]], rel=1e-5)
    trends = margins(fit(), cake(), ["recipe"], dydx="x")
    for e, r in zip(trends.estimates, R["trends"], strict=True):
        assert [e.value, e.se] == pytest.approx([r["estimate"], r["se"]], rel=2e-4, abs=1e-6)


def test_tukey_intervals() -> None:
    got = rows(pwcompare_table(fit(), "temperature", mcompare="tukey"))
    for r in R["tukey"]:
        a, b = (part.replace("t", "") for part in r["label"].split(" - "))
        _, se, _, p, low, high = got[f"{a} vs {b}"]
        assert p == pytest.approx(r["p"], rel=2e-3, abs=2e-6)
        assert [low / se, high / se] == pytest.approx([r["lower"] / se, r["upper"] / se], abs=1e-3)


def test_f_tests_by_the_fitted_method() -> None:
    f = r_fit("mixed distance c.time##i.female || subject: time, cov(un) reml dfmethod(kroger)", "orthodont_gaps")
    table = term_table(f, "III", small=True)
    assert [c.key for c in table.columns] == ["F", "df", "ddf", "p"]
    row = next(e for e in f.fixed if set(e.term.split("#")) == {"c.time", "1.female"})
    got = rows(table)["c.time#female"]
    assert got[0] == pytest.approx(row.stat**2, rel=1e-9)
    assert got[2:] == pytest.approx([row.df, row.p], rel=1e-9)


@pytest.mark.parametrize(
    ("text", "error", "code"),
    [
        ("r.flavour", SpecError, "not-a-factor"),
        ("z.recipe", CommandError, "contrast-operator"),
        ("recipe@", CommandError, "syntax"),
        ("recipe#recipe", SpecError, "syntax"),
        ("r9.recipe", SpecError, "no-such-level"),
        ("q(7).recipe", SpecError, "degree"),
        ("recipe#c.y", SpecError, "not-in-model"),
        ("", CommandError, "syntax"),
    ],
)
def test_errors(text: str, error: type[Exception], code: str) -> None:
    with pytest.raises(error) as caught:
        contrast_table(fit(), text)
    assert caught.value.code == code  # type: ignore[attr-defined]
