"""A cell without rows: what every command says of it, and how text, HTML, JSON and r() mark it."""

from __future__ import annotations

import itertools
import json
from functools import cache
from typing import Any

import numpy as np
import pandas as pd
import pytest
from oracle_support import dataset, session_on
from post_support import rows
from test_session_running import ok

import terrace
from terrace.data.dataset import Dataset
from terrace.errors import SpecError
from terrace.postestimation.diagnose.checklist import checklist
from terrace.postestimation.margins.margins import margins
from terrace.postestimation.margins.slopes import johnson_neyman, simple_slopes
from terrace.postestimation.paper.apa import paragraph
from terrace.postestimation.predict.columns import linear
from terrace.postestimation.tests.contrast import contrast_tables
from terrace.postestimation.tests.hypotheses import (
    lincom_table,
    nlcom_table,
    test_table,
    testnl_table,
    testparm_table,
)
from terrace.postestimation.tests.terms import term_table
from terrace.report.html.html import table_html
from terrace.session.as_json import outcome_json
from terrace.session.session import Session

MODEL = "mixed y i.p##i.v || s:, reml"
NONE = ["not estimable", None, None, None, None, None]  # an interval has two ends


@cache
def frame() -> pd.DataFrame:
    """Twelve subjects with two rows in each cell of p and v but one, so that estimates are differences of means."""
    rng = np.random.default_rng(8)
    cells = [c for c in itertools.product((1, 2, 3), (0, 1)) if c != (1, 1)]
    out = pd.DataFrame([(s, p, v) for s in range(12) for p, v in cells for _ in range(2)], columns=["s", "p", "v"])
    out["x"] = rng.normal(size=len(out))
    out["y"] = 3 + rng.normal(size=12)[out["s"]] + 0.5 * out["p"] - 0.7 * out["v"] + rng.normal(size=len(out))
    return out


@cache
def data() -> Dataset:
    return dataset(frame())


@cache
def fit(text: str = MODEL) -> terrace.FitResult:
    return terrace.fit(text, data())


def means() -> pd.Series:
    return frame().groupby(["p", "v"])["y"].mean()


@pytest.fixture
def session() -> Session:
    found = session_on(data())
    ok(found, MODEL)
    return found


# --- numbers ---------------------------------------------------------------------------------------------
def test_contrasts_are_differences_of_the_means_that_there_are() -> None:
    m = means()
    se = np.sqrt(2 * fit().random[-1].estimate / 24)  # 24 rows a cell, subjects in all cells alike
    shown, tests = contrast_tables(fit(), "r.v@p")
    got = rows(shown)
    assert got["(1 vs 0) 1"] == NONE
    for p in (2, 3):
        assert got[f"(1 vs 0) {p}"][:2] == pytest.approx([m[p, 1] - m[p, 0], se], rel=1e-9)
    by_row = {r.label: list(r.values) for r in tests.rows}
    assert by_row["1"] == ["not estimable", None, None]
    assert by_row["Joint"][1] == 2
    (table,) = contrast_tables(fit(), "p")
    # of the means over both levels of v only those of 2 and 3 exist
    chi2 = (m[3].mean() - m[2].mean()) ** 2 / (se**2 / 2)
    assert table.plain()["rows"][0][1:3] == pytest.approx([chi2, 1])


def test_coefficients_that_take_up_what_was_left_out_are_no_effects_of_their_name() -> None:
    for text in ("1.v", "2.p#1.v", "3.p#1.v", "1.v + 2.p#1.v + 3.p#1.v"):
        assert rows(lincom_table(fit(), text)) == {"(1)": NONE}
    m = means()
    both = rows(lincom_table(fit(), "1.v + 2.p#1.v"))["(1)"]
    assert both[0] == pytest.approx(m[2, 1] - m[2, 0], rel=1e-9)
    other = rows(lincom_table(fit(), "1.v + 3.p#1.v"))["(1)"]
    assert other[0] == pytest.approx(m[3, 1] - m[3, 0], rel=1e-9)
    assert rows(lincom_table(fit(), "2.p"))["(1)"][0] == pytest.approx(m[2, 0] - m[1, 0], rel=1e-9)


def test_tests_are_of_what_can_be_estimated() -> None:
    alone = test_table(fit(), "1.v")
    assert alone.plain()["rows"][0][1:] == ["not estimable", None, None]
    assert "no rows in a cell" in alone.notes[0]
    both = test_table(fit(), "1.v 2.p")
    assert both.plain()["rows"][0][1:] == test_table(fit(), "2.p").plain()["rows"][0][1:]
    one = testparm_table(fit(), "i.p#i.v").plain()["rows"][0][1:]
    assert one == pytest.approx(test_table(fit(), "2.p#1.v = 3.p#1.v").plain()["rows"][0][1:], rel=1e-9)
    assert one[1] == 1
    single = test_table(fit(), "(1.v = 0) (2.p = 0)", mtest="bonferroni").plain()["rows"]
    assert single[0][1:] == ["not estimable", None, None, None]
    # the one hypothesis that is left is not adjusted for two
    assert single[1][3] == single[1][4]


def test_nonlinear_combinations() -> None:
    m = means()
    got = rows(nlcom_table(fit(), "(a: exp(_b[1.v] + _b[2.p#1.v])) (b: _b[3.p#1.v]^2) (c: _b[2.p]/_b[1.v])"))
    assert got["a"][0] == pytest.approx(np.exp(m[2, 1] - m[2, 0]), rel=1e-9)
    # the gradient of a square vanishes at zero, where left-out coefficients stand
    assert got["b"] == NONE and got["c"] == NONE
    assert testnl_table(fit(), "_b[1.v] = _b[2.p]").plain()["rows"][0][1:] == ["not estimable", None, None]
    assert testnl_table(fit(), "_b[1.v] + _b[2.p#1.v] = _b[2.p]").plain()["rows"][0][2] == 1


def test_margins_whose_difference_exists() -> None:
    """The slope over x in the empty cell is that of its row of the model; the margins there do not exist."""
    f = fit("mixed y i.p##i.v c.x || s:, reml")
    found = margins(f, data(), ["p#v"], at={"x": [0, 2]}, pwcompare=True)
    lacking = [k for k, ok_ in enumerate(found.estimable) if not ok_]
    assert [found.labels[k] for k in lacking] == ["1#1#1", "2#1#1"]
    assert np.isnan(found.vcov[lacking]).all() and np.isnan(found.margins[lacking]).all()
    between = dict(found.pairs)["2#1#1 vs 1#1#1"]
    slope = next(e for e in f.fixed if e.term == "x")
    assert [between.value, between.se] == pytest.approx([2 * slope.coef, 2 * slope.se], rel=1e-9)
    assert dict(found.pairs)["1#1#1 vs 1#1#0"].value is None
    changes = margins(f, data(), ["p"], dydx="v")
    assert list(changes.estimable) == [False, True, True]
    assert margins(f, data(), ["p#v"], dydx="x").estimable.all()


def test_expressions_of_predictions_need_every_prediction() -> None:
    found = margins(fit(), data(), ["p#v"], expression="exp(predict(xb))", pwcompare=True)
    assert [lab for lab, ok_ in zip(found.labels, found.estimable) if not ok_] == ["1#1"]
    assert dict(found.pairs)["1#1 vs 1#0"].value is None and dict(found.pairs)["2#1 vs 2#0"].value is not None
    named = margins(fit(), data(), ["v"], expression="predict(xb) - _b[1.v]")
    assert not named.estimable.any()
    # averaged over the sample as it is, p = 1 would need the cell for the rows with v = 1
    assert list(margins(fit(), data(), ["p"], expression="exp(predict(xb))").estimable) == [False, True, True]


def test_slopes_of_a_covariate_that_does_not_vary_in_a_cell() -> None:
    flat = frame().assign(x=np.where(frame()["p"] == 2, 1.0, frame()["x"]))
    f = terrace.fit("mixed y i.p##c.x || s:, reml", dataset(flat))
    assert list(margins(f, dataset(flat), ["p"], dydx="x").estimable) == [True, False, True]
    assert list(margins(f, dataset(flat), ["p"], at={"x": 1}).estimable) == [True, True, True]
    assert list(margins(f, dataset(flat), ["p"], at={"x": 0}).estimable) == [True, False, True]
    found = simple_slopes(f, dataset(flat), "x", "p")
    assert list(found.estimable) == [True, False, True]
    with pytest.raises(SpecError) as caught:
        johnson_neyman(fit("mixed y i.v##c.x i.p##i.v || s:, reml"), data(), "v", "x")
    assert caught.value.code == "not-estimable"


def test_predictions_of_rows_in_the_cell_are_missing(session: Session) -> None:
    more = pd.concat([frame(), pd.DataFrame({"s": [3], "p": [1], "v": [1], "x": [0.0], "y": [np.nan]})])
    found = session_on(dataset(more))
    ok(found, MODEL)
    out = ok(found, "predict f, fitted")
    assert "1 row in cells without data" in out.text
    values = found.data.numeric("f")
    assert np.isnan(values[-1]) and not np.isnan(values[:-1]).any()
    assert np.isnan(linear(fit(), dataset(more))[-1])


# --- how it is said ---------------------------------------------------------------------------------------
def test_the_fit_says_which_coefficients_take_up_what_was_left_out() -> None:
    (note,) = [a for a in fit().warnings if a.code == "not-estimable"]
    assert "1.v and 2.p#1.v" in note.message
    assert fit().macros["not_estimable"] == "1.v 2.p#1.v"
    assert not any(a.code == "not-estimable" for a in fit("mixed y i.p i.v || s:, reml").warnings)
    repeated = terrace.fit("mixed y x twice || s:", dataset(frame().assign(twice=2 * frame()["x"])))
    (note,) = [a for a in repeated.warnings if a.code == "not-estimable"]
    assert note.subject == "x"


def test_of_many_coefficients_a_note_names_the_terms_and_the_stored_result_each() -> None:
    rng = np.random.default_rng(2)
    g = rng.integers(1, 13, 400)
    pairs = pd.DataFrame({"g": g, "h": (g + 1) // 2, "s": rng.integers(1, 40, 400), "y": rng.normal(size=400)})
    found = terrace.fit("mixed y i.h i.g || s:", dataset(pairs))
    (note,) = [a for a in found.warnings if a.code == "not-estimable"]
    assert "The coefficients of 5 levels of i.h and 5 levels of i.g take up" in note.message
    assert "e(not_estimable)" in note.advice
    assert found.macros["not_estimable"].split() == [
        *(f"{k}.h" for k in range(2, 7)), *(f"{k}.g" for k in (3, 5, 7, 9, 11)),
    ]  # fmt: skip
    dummies = pairs.assign(**{f"d{k}": (g == k) * 1.0 for k in range(1, 13)})
    (note,) = [a for a in terrace.fit("mixed y i.g d1-d12 || s:", dataset(dummies)).warnings if a.code == "collinear"]
    assert all(f"d{k}" in note.message.replace(".", ",").replace(",", " ").split() for k in range(1, 13))
    scarce = dataset(pairs[["g", "s", "y"]].assign(k=(g + rng.integers(0, 2, 400)) % 12))
    found = terrace.fit("mixed y i.g##i.k || s:", scarce)
    (note,) = [a for a in found.warnings if a.code == "empty-cells"]
    empty = sum(c.kind == "empty" for c in found.model.design.columns)
    assert note.message == f"{empty} cells of i.g#i.k have no rows, so their coefficients cannot be estimated."


def test_the_report_and_the_list_of_checks_leave_them_out() -> None:
    text = paragraph(fit(), data())
    assert "p (2 vs. 1), b = " in text
    assert "v (1 vs. 0), b" not in text
    assert "The coefficients of v (1 vs. 0); and p (2 vs. 1) × v (1 vs. 0) cannot be estimated" in text
    (check,) = [c for c in checklist(fit(), data()) if c.code == "not-estimable"]
    assert check.state == "look" and "1.v" in check.found


@pytest.mark.parametrize(
    ("command", "label", "cells"),
    [
        ("margins p#v", "1#1", 5),
        ("margins r.v@p", "(1 vs 0) 1", 5),
        ("margins p#v, pwcompare", "1#1 vs 1#0", 5),
        ("contrast r.v@p", "(1 vs 0) 1", 5),
        ("contrast v", "v", 3),
        ("pwcompare p#v", "1#1 vs 1#0", 5),
        ("pwcompare p#v, cimargins", "1#1", 5),
        ("lincom 1.v", "1.v", 5),
        ("nlcom exp(_b[1.v])", "exp(_b[1.v])", 5),
        ("test 1.v", "1.v = 0", 3),
        ("testnl exp(_b[1.v]) = 1", "exp(_b[1.v]) = 1", 3),
        ("testparm 3.p#1.v", "3.p#1.v", 3),
    ],
)
def test_one_mark_everywhere(session: Session, command: str, label: str, cells: int) -> None:
    outcome = ok(session, command)
    table = next(t for t in outcome.tables if any(label in (r.code, r.label) for r in t.rows))
    (row,) = [r for r in table.rows if label in (r.code, r.label)]
    assert list(row.values[:cells]) == ["not estimable"] + [None] * (cells - 1)
    assert any("Not estimable" in n for t in outcome.tables for n in t.notes)
    said = json.loads(json.dumps(outcome_json(outcome), allow_nan=False))
    assert "not estimable" in json.dumps(said)
    assert "not estimable" in table_html(table)


@pytest.mark.parametrize(
    "command",
    ["lincom 1.v", "lincom 1b.p", "nlcom exp(_b[1.v])", "nlcom exp(_b[1b.p])", "contrast r.v@1.p", "pwcompare p#v",
     "margins p#v", "margins, dydx(v)"],
)  # fmt: skip
@pytest.mark.parametrize("model", ["regress y i.p##i.v", f"{MODEL} dfmethod(kroger)"])
def test_a_row_without_a_standard_error_takes_no_degrees_of_freedom_from_the_table(model: str, command: str) -> None:
    found = session_on(data())
    ok(found, model)
    outcome = ok(found, command + (("" if "," in command else ",") + " small") * model.startswith("mixed"))
    keys = [c.title for c in outcome.tables[0].columns]
    assert keys[2:4] == ["df", "t"]
    assert not any("z is shown" in n for t in outcome.tables for n in t.notes)
    stored: Any = found.state.returned.matrices.get("table")
    assert stored is None or "t" in stored.rows


def test_what_is_stored_of_it_is_missing(session: Session) -> None:
    ok(session, "lincom 1.v")
    assert "estimate" not in session.state.returned.scalars
    ok(session, "test 1.v")
    assert "chi2" not in session.state.returned.scalars
    for command, name in (("pwcompare p#v", "b_vs"), ("contrast r.v@p", "b"), ("margins p#v", "b"),
                          ("margins p#v, pwcompare", "b_vs")):  # fmt: skip
        ok(session, command)
        found: Any = session.state.returned.matrices
        error = found["error" if name == "b" else "error_vs"].values[0]
        assert np.isnan(found[name].values[0][error == 8]).all() and (error == 8).any()
        assert not np.isnan(found[name].values[0][error == 0]).any()


def test_posted_margins_keep_the_others(session: Session) -> None:
    ok(session, "margins p#v, post")
    m = means()
    (table,) = ok(session, "lincom 3.p#1.v - 3.p#0.v").tables
    assert table.rows[0].values[0] == pytest.approx(m[3, 1] - m[3, 0], rel=1e-9)
    (table,) = ok(session, "lincom 1.p#1.v - 1.p#0.v").tables
    assert list(table.rows[0].values) == NONE[:5]


def test_terms_by_type_two() -> None:
    """With every subject in the same cells, the tests are those of the means."""
    got = rows(term_table(fit(), "II"))
    assert [got[t][1] for t in ("p", "v", "p#v")] == [2, 1, 1]
    m, se2 = means(), fit().random[-1].estimate / 24
    gap = (m[2, 1] - m[2, 0]) - (m[3, 1] - m[3, 0])
    assert got["p#v"][0] == pytest.approx(gap**2 / (4 * se2), rel=1e-8)
    v = ((m[2, 1] - m[2, 0]) + (m[3, 1] - m[3, 0])) / 2
    assert got["v"][0] == pytest.approx(v**2 / se2, rel=1e-8)


# --- replicates and imputations: the same name, another comparison --------------------------------------------
def with_one_cluster_in_the_cell() -> pd.DataFrame:
    more = pd.DataFrame({"s": 5, "p": 1, "v": 1, "x": [0.1, -0.4], "y": [2.5, 3.1]})
    return pd.concat([frame(), more], ignore_index=True)


def test_a_replicate_without_the_cell_does_not_count() -> None:
    """Without subject 5 the coefficient is the difference from another cell."""
    session = session_on(dataset(with_one_cluster_in_the_cell()))
    ok(session, "jackknife _b[2.p#1.v], cluster(s): mixed y i.p##i.v || s:")
    assert session.state.returned.scalars["N_misreps"] == 1
    ok(session, "jackknife _b[2.p], cluster(s): mixed y i.p##i.v || s:")
    assert session.state.returned.scalars["N_misreps"] == 0  # that of p among v = 0 is the same


@pytest.mark.parametrize("factor", ["p", "q"])
def test_a_replicate_without_the_base_level_does_not_count(factor: str) -> None:
    """Only cluster 0 has level 1: without it the coefficients are differences from level 2."""
    rng = np.random.default_rng(1)
    g = np.repeat(np.arange(8), 6)
    p = np.where(g == 0, 1, 2 + np.arange(48) % 2)
    names = np.array(["", "a", "b", "c"])[p]
    session = session_on(dataset(pd.DataFrame({"g": g, "p": p, "q": names, "x": rng.normal(size=48)}).assign(
        y=10 * p + rng.normal(size=48))))  # fmt: skip
    for statistic, lost in (
        (f"_b[3.{factor}]", 1), (f"_se[3.{factor}]", 1), ("_b[_cons]", 1), ("_b", 1), ("_b[x]", 0),
    ):  # fmt: skip
        ok(session, f"jackknife {statistic}, cluster(g): regress y i.{factor} x")
        assert session.state.returned.scalars["N_misreps"] == lost, statistic


def test_imputations_with_other_empty_cells_are_not_pooled() -> None:
    whole = frame().assign(_mi_m=0, _mi_id=np.arange(1, len(frame()) + 1))
    parts = [whole.assign(v=whole["v"].astype(float))]
    for m in (1, 2):
        # the rows of p = 1 have v imputed: 0 in the first imputation, 1 in the second
        parts.append(parts[0].assign(_mi_m=m, v=np.where(whole["p"] == 1, m - 1.0, whole["v"])))
    parts[0].loc[parts[0]["p"] == 1, "v"] = np.nan
    session = session_on(dataset(pd.concat(parts)))
    outcome = session.run("mi estimate: mixed y i.p##i.v || s:")
    assert outcome.error is not None and "different cells are empty" in outcome.error[1]
