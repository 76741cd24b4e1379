"""The one count of parameters: published, computed from the covariance matrix itself, and the same in every coding."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from identification_support import data
from oracle_support import dataset, dense_of, generated_fit, session_on

import terrace
from oracles import generated
from terrace.covariance.registry import RESIDUALS, STRUCTURES
from terrace.postestimation.paper.compare import models_table, side_by_side_table
from terrace.postestimation.tests.lrtest import lrtest
from terrace.postestimation.variance.parts import ic_table
from terrace.results.criteria import RESIDUAL_COUNTED, information_criteria, parameter_counts
from terrace.results.tables import compare_tables
from terrace.spec.check import examine

COUNTS = ("k", "k_f", "k_r", "k_rs", "k_rc", "k_res")


def counts(fit: terrace.FitResult) -> tuple:
    """e(k), e(k_f), e(k_r), e(k_rs), e(k_rc), e(k_res)."""
    return tuple(fit.scalars[name] for name in COUNTS)


@pytest.fixture(scope="module")
def crossed_level() -> terrace.FitResult:
    return terrace.fit("mixed mathach c.ses##i.sector || id: ses, cov(unstr)", terrace.sample("hsb"))


def test_a_boundary_counts_as_published(crossed_level: terrace.FitResult) -> None:
    """A course on High School and Beyond prints 8 parameters, AIC 46579.18 and BIC 46634.22 for this model, whose
    correlation of intercepts and slopes is .99999, and takes the model without random slopes for the worse one."""
    assert crossed_level.boundary
    ((_, n, _, _, k, aic, bic),) = ic_table(crossed_level, ".").plain()["rows"]
    assert (n, k) == (7185, 8)
    np.testing.assert_allclose([aic, bic], [46579.18, 46634.22], atol=0.006)
    assert crossed_level.scalars["rank"] == crossed_level.scalars["k"] == 8


def test_every_table_has_the_same_count(crossed_level: terrace.FitResult) -> None:
    flat = terrace.fit("mixed mathach c.ses##i.sector || id:", terrace.sample("hsb"))
    fits, names = [flat, crossed_level], ["flat", "slopes"]
    assert [r.values[3] for r in ic_table(fits, names).rows] == [6, 8]
    for table in (compare_tables(fits, names), side_by_side_table(fits, names)):
        cells = {r.code: r.values for r in table.rows}
        assert cells["rank"] == (6, 8) and cells["aic"][1] == pytest.approx(46579.18, abs=0.006)
        assert cells["bic"][1] == pytest.approx(46634.22, abs=0.006)
    table = models_table(fits, names)
    rows = [dict(zip((c.key for c in table.columns), r.values)) for r in table.rows]
    assert [r["k"] for r in rows] == [6, 8] and rows[1]["df"] == lrtest(*fits, *names).df == 2
    delta = abs(rows[0]["aic"] - rows[1]["aic"])
    weights = np.array([np.exp(-delta / 2), 1.0])
    np.testing.assert_allclose(sorted(r["weight"] for r in rows), weights / weights.sum())
    shown = {c.key: v for t in crossed_level.tables() if t.key == "fit" for c, v in zip(t.columns, t.rows[0].values)}
    assert shown["k"] == 8 and shown["aic"] == pytest.approx(46579.18, abs=0.006)


@pytest.mark.parametrize(
    ("sample", "command", "expected"),
    [
        # the first is printed by the course on High School and Beyond; the others follow from the same definitions:
        # k = k_f + k_r, the residual SD is one of k_r and of k_rs, and k_res is what a structure adds to it
        ("hsb", "mixed mathach || id:", (3, 1, 2, 2, 0, 0)),
        ("hsb", "mixed mathach ses || id: ses, cov(un)", (6, 2, 4, 3, 1, 0)),
        ("ovary", "mixed follicles sin1 cos1 || mare:, residuals(ar 2, t(time)) reml", (7, 3, 4, 2, 0, 2)),
        ("orthodont", "mixed distance age || id:, residuals(independent, by(female))", (5, 2, 3, 3, 0, 1)),
    ],
)
def test_the_parts(sample: str, command: str, expected: tuple) -> None:
    fit = terrace.fit(command, terrace.sample(sample))
    assert counts(fit) == expected
    assert fit.scalars["k_r"] == len(fit.random) and fit.scalars["rank"] == fit.scalars["k"] == fit.n_parameters


def dimension(case: generated.Case) -> int:
    """Free parameters of a model by its matrices: the rank of X, and that of the derivatives of V at a point inside."""
    dense = dense_of(case)
    inside = np.array([p.estimate for p in generated_fit(case).random])
    slopes = dense.dv(inside).reshape(len(inside), -1)
    slopes = slopes / np.linalg.norm(slopes, axis=1)[:, None]
    return int(np.linalg.matrix_rank(dense.x) + np.linalg.matrix_rank(slopes))


@pytest.mark.parametrize("case", generated.collected(), ids=lambda c: c.id)
def test_the_count_is_the_dimension_of_the_model(case: generated.Case) -> None:
    fit = generated_fit(case)
    assert fit.n_parameters == fit.scalars["k"] == fit.scalars["rank"] == dimension(case)


def test_every_structure_is_counted_by_a_case() -> None:
    tried = {b.structure.key for c in generated.collected() for b in generated_fit(c).model.design.blocks}
    assert set(STRUCTURES) <= tried
    assert set(RESIDUALS) <= {generated_fit(c).model.design.residuals.key for c in generated.collected()}


@pytest.fixture(scope="module")
def without_slopes() -> pd.DataFrame:
    """Groups whose slopes do not differ, so that some codings end at one boundary and some at another."""
    rng = np.random.default_rng(41)
    out = pd.DataFrame({"g": np.repeat(np.arange(14), 8)})
    out["x"] = np.tile(np.arange(8.0), 14)
    out["a"] = rng.integers(1, 4, len(out))
    out["y"] = 2 + 0.3 * out.x + (out.a == 2) + np.repeat(rng.normal(size=14), 8) + rng.normal(size=len(out))
    return out


CODINGS = (
    "mixed y c.x##i.a || g: x, cov(un)",
    "mixed y c.x##ib3.a || g: x, cov(un)",
    "mixed y i.a##c.x || g: x, cov(un)",
    "mixed y i.a c.x i.a#c.x || g: x, cov(un)",
    "mixed y ibn.a a#c.x, noconstant || g: x, cov(un)",
    "mixed y c.z##ib2.a || g: z, cov(un)",
    "mixed y c.w##i.a || g: w, cov(un)",
    "mixed y c.x##i.a x2 || g: x, cov(un)",
)


@pytest.mark.parametrize("method", ["", " reml"])
def test_no_coding_changes_the_count(without_slopes: pd.DataFrame, method: str) -> None:
    frame = without_slopes.assign(z=without_slopes.x - 3.5, w=1000 * without_slopes.x, x2=2 * without_slopes.x)
    fits = [terrace.fit(command + method, frame) for command in CODINGS]
    assert any(f.boundary for f in fits)
    assert {counts(f) for f in fits} == {(10, 6, 4, 3, 1, 0)}
    assert {f.scalars["rank"] for f in fits} == {10}
    shuffled = frame.sample(frac=1.0, random_state=3)
    assert counts(terrace.fit(CODINGS[0] + method, shuffled)) == (10, 6, 4, 3, 1, 0)


def test_constraints_take_parameters_away(without_slopes: pd.DataFrame) -> None:
    session = session_on(dataset(without_slopes))
    session.run("constraint 1 2.a = 3.a")
    free = session.run("mixed y x i.a || g:").fit
    session.run("estimates store free")
    bound = session.run("mixed y x i.a || g:, constraints(1)").fit
    assert free is not None and bound is not None
    assert (free.n_parameters, bound.n_parameters, bound.scalars["k_f"]) == (6, 5, 3)
    assert bound.scalars["rank"] == 5
    outcome = session.run("lrtest free .")
    assert outcome.ok and outcome.tables[0].rows[0].values[1] == 1


def test_robust_standard_errors_change_no_count(without_slopes: pd.DataFrame) -> None:
    few = without_slopes[without_slopes.g < 3]
    robust = terrace.fit("mixed y c.x##i.a || g:, vce(robust)", few)
    # the sandwich of 3 clusters has rank 2 at most; the model has as many parameters as ever
    assert np.linalg.matrix_rank(robust.matrices["V"][:6, :6]) <= 3
    assert robust.scalars["rank"] == robust.scalars["k"] == terrace.fit("mixed y c.x##i.a || g:", few).scalars["k"] == 8


def test_a_regression_beside_mixed_models(without_slopes: pd.DataFrame) -> None:
    session = session_on(dataset(without_slopes))
    line, same, level = (
        (session.run(command), session.fit)[1] for command in ("regress y x", "mixed y x", "mixed y x || g:")
    )
    assert line is not None and level is not None and same is not None
    # alone by the convention of regressions; beside a mixed model so that the criteria of one model are one
    assert parameter_counts([line]) == [2] and parameter_counts([line, level]) == [3, 4]
    alone = ic_table(line, ".")
    assert alone.rows[0].values[3] == 2 and RESIDUAL_COUNTED not in alone.notes
    both = ic_table([line, same, level], ["line", "same", "level"])
    assert both.rows[0].values[2:] == pytest.approx(both.rows[1].values[2:]) and RESIDUAL_COUNTED in both.notes
    assert lrtest(line, level, "line", "level").df == 1


@pytest.mark.parametrize(
    ("more", "less", "left"),
    [
        ("mixed y x || g: || h:", "mixed y x || g:", 1),  # of two intercepts of the same groups only the sum is known
        ("mixed y x i.g || g: x, cov(un) reml", "mixed y x i.g || g: x, nocons reml", 2),  # i.g takes up intercepts
        ("mixed y x || g:, residuals(exchangeable)", "mixed y x || g:", 1),  # a correlation is such an intercept
    ],
)
def test_the_same_model_written_with_fewer_parameters_has_the_same_criteria(more: str, less: str, left: int) -> None:
    frame = data(groups=30).assign(h=lambda d: d.g)
    one, other = terrace.fit(more, frame), terrace.fit(less, frame)
    assert one.ll == pytest.approx(other.ll, abs=1e-6)
    assert (one.scalars["k"], one.scalars["rank"]) == (other.scalars["k"] + left, other.scalars["rank"])
    assert one.n_unidentified == left and other.n_unidentified == 0
    assert information_criteria(one)[1:] == pytest.approx(information_criteria(other)[1:], abs=1e-5)
    note = "Parameters that these data do not identify are not counted: {}."
    assert note.format(left) in ic_table(one, ".").notes and len(ic_table(other, ".").notes) == 1
    for table in (ic_table([one, other], ["a", "b"]), models_table([one, other], ["a", "b"])):
        assert note.format(f"{left} of a") in table.notes


@pytest.mark.parametrize("case", generated.collected(), ids=lambda c: c.id)
def test_the_count_before_the_fit_is_that_of_the_fit(case: generated.Case) -> None:
    """What the model builder announces is what is then counted."""
    fit = generated_fit(case)
    counts = examine(fit.spec, dataset(case.frame)).counts
    assert counts is not None
    assert (counts.fixed, counts.random + counts.residual) == (fit.scalars["k_f"], fit.scalars["k_r"])
    assert counts.total == fit.n_parameters
    if fit.comparison is not None:  # the linear model has one covariance parameter, its residual variance
        assert fit.scalars["df_c"] == fit.scalars["k_r"] - 1
