"""``regress`` against R's lm, its sandwich, and closed forms; and what follows it."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from data_support import cells, dataset, ok, r_dataset, r_results, refused, session_on

from terrace.errors import SpecError
from terrace.language.mixed import parse_mixed
from terrace.regress import least_squares, regress
from terrace.session.session import Session

COMMANDS = {
    "factors": "regress y x i.a",
    "interaction": "regress y c.x##i.a",
    "simple": "regress y x",
    "robust": "regress y x, vce(robust)",
    "cluster": "regress y x, vce(cluster g)",
    "frequency": "regress y x [fweight = w]",
    "sampling": "regress y x [pweight = p]",
}
NAMES = {"(Intercept)": "_cons", "fa1": "1.a", "fa2": "2.a", "x:fa1": "1.a#c.x", "x:fa2": "2.a#c.x"}


@pytest.fixture
def session() -> Session:
    return session_on(r_dataset())


@pytest.mark.parametrize("case", COMMANDS)
def test_regress_is_lm(session: Session, case: str) -> None:
    ok(session, COMMANDS[case])
    fit = session.fit
    assert fit is not None
    r: dict[str, Any] = r_results()["regress"][case]
    found = {e.term: e for e in fit.fixed if e.kind == "estimated"}
    for k, term in enumerate(r["terms"]):
        e = found.pop(NAMES.get(term, term))
        got = (e.coef, e.se, e.p, e.lb, e.ub)
        assert got == pytest.approx(tuple(r[c][k] for c in ("b", "se", "p", "lb", "ub")), rel=1e-8), term
    assert not found
    names = ["r2", "r2_a", "F", "df_m", "df_r"]
    if case != "sampling":  # there R does not scale the weights to the number of rows
        names += ["rss", "rmse", "ll"]
    for name in names:
        assert fit.scalars[name] == pytest.approx(r[name], rel=1e-8), name
    assert fit.scalars["p"] == pytest.approx(r["p_model"], rel=1e-6)


def test_cluster_is_an_option_of_its_own(session: Session) -> None:
    ok(session, "regress y x, cluster(g)")
    one = session.fit
    ok(session, "regress y x, vce(cluster g)")
    assert one is not None and session.fit is not None
    np.testing.assert_array_equal(one.matrices["V"], session.fit.matrices["V"])
    assert one.scalars["N_clust"] == 6 and "6 clusters in g" in ok(session, "regress").text


def test_a_badly_scaled_line_keeps_its_digits() -> None:
    """Wampler's first polynomial (1970): all coefficients are 1; normal equations lose most digits."""
    x = np.arange(21.0)
    powers = np.stack([x**5, x**4, x**3, x**2, x, np.ones(21)], axis=1)
    ls = least_squares(powers, powers.sum(axis=1), None, 21.0, True)
    np.testing.assert_allclose(ls.beta, 1.0, rtol=1e-7)
    assert ls.rss < 1e-12 * ls.mss


def test_anova_and_fit_tables(session: Session) -> None:
    outcome = ok(session, "regress y x i.a")
    anova, fixed, fit = outcome.tables
    r = r_results()["regress"]["factors"]
    rows = {row.label: row.values for row in anova.rows}
    assert rows["Residual"] == pytest.approx((r["rss"], r["df_r"], r["rss"] / r["df_r"]))
    y = session.data.numeric("y")[session.fit.sample]  # type: ignore[union-attr]
    assert rows["Total"][:2] == pytest.approx((np.sum((y - y.mean()) ** 2), len(y) - 1))
    assert rows["Model"][0] + rows["Residual"][0] == pytest.approx(rows["Total"][0])
    assert [c.key for c in fixed.columns] == ["coef", "se", "df", "stat", "p", "ci"]
    assert fit.rows[0].values[0] == len(y) and fit.columns[1].title == "F(3, 142)"
    assert [t.key for t in ok(session, "regress y x, vce(robust)").tables] == ["fixed", "fit"]


def test_the_page(session: Session) -> None:
    text = ok(session, "regress y x i.a, base").text
    r = r_results()["regress"]["factors"]
    for part in (
        "Source", "Model", "Residual", "Total", f"R-squared          =    {r['r2']:.4f}", "F(3, 142)", "(base)",
        "Number of obs      =       146", "P>|t|",
    ):  # fmt: skip
        assert part in text, part
    assert max(map(len, text.split("\n"))) <= 78
    assert "(base)" not in ok(session, "regress y x i.a").text
    ok(session, "set showbaselevels on")
    assert "(base)" in ok(session, "regress y x i.a").text
    assert "[90% conf." in ok(session, "regress, level(90)").text
    assert "Source" not in ok(session, "regress y x, noheader").text


def test_what_follows(session: Session) -> None:
    ok(session, "regress y x")
    b = session.fit.matrices["b"][0]  # type: ignore[union-attr]
    assert float(ok(session, "di %18.0g _b[x]").text) == pytest.approx(b[0])
    assert float(ok(session, "di %18.0g e(b)[1,2]").text) == pytest.approx(b[1])
    assert float(ok(session, "di %18.0g (e(mss)/e(df_m))/(e(rss)/e(df_r)) - e(F)").text) == pytest.approx(0, abs=1e-8)
    ok(session, "predict fitted")
    ok(session, "predict e, residuals")
    ok(session, "gen gap = y - fitted - e")
    assert ok(session, "count if abs(gap) > 1e-9 & gap < .").text == "0"
    ok(session, "predict se, stdp")
    x = session.data.numeric("x")
    used = session.fit.sample  # type: ignore[union-attr]
    s2 = session.fit.scalars["rmse"] ** 2  # type: ignore[union-attr,operator]
    centred = (x - x[used].mean()) ** 2
    expected = np.sqrt(s2 * (1 / used.sum() + centred / centred[used].sum()))
    np.testing.assert_allclose(session.data.numeric("se")[~np.isnan(x)], expected[~np.isnan(x)], rtol=1e-9)
    ok(session, "estimates store line")
    ok(session, "mixed y x || g:")
    assert "chi2" in ok(session, "lrtest line .").text or "χ²" in ok(session, "lrtest line .").text
    ok(session, "estimates restore line")
    assert "Source" in ok(session, "regress").text
    r = r_results()["regress"]["simple"]
    f = next(iter(cells(ok(session, "test x")).values()))
    assert f == pytest.approx((r["F"], 1, r["df_r"], r["p_model"]))
    estimate, se, df, _, p, interval = next(iter(cells(ok(session, "lincom x")).values()))
    assert (estimate, se, p, df) == pytest.approx((r["b"][1], r["se"][1], r["p"][1], r["df_r"]))
    assert interval == pytest.approx((r["lb"][1], r["ub"][1]))


def test_no_constant_and_no_terms(session: Session) -> None:
    ok(session, "regress y x, noconstant")
    fit = session.fit
    assert fit is not None
    x, y = session.data.numeric("x")[fit.sample], session.data.numeric("y")[fit.sample]
    assert fit.matrices["b"][0, 0] == pytest.approx(x @ y / (x @ x))
    assert fit.scalars["r2"] == pytest.approx((x @ y) ** 2 / (x @ x) / (y @ y))
    ok(session, "regress y")
    fit = session.fit
    assert fit is not None and fit.scalars["F"] is None and fit.scalars["df_m"] == 0
    assert fit.matrices["b"][0, 0] == pytest.approx(session.data.frame["y"].mean())


def test_by_groups_and_collinear_terms(session: Session) -> None:
    outcome = ok(session, "bysort a: regress y x")
    assert outcome.text.count("Source") == 3 and "-> a = 1" in outcome.text
    ok(session, "gen x2 = 2*x")
    text = ok(session, "regress y x x2").text
    assert "omitted" in text and "x2" in text


def test_regress_refuses(session: Session) -> None:
    assert refused(session, "regress") == "no-fit"
    for command, code in {
        "regress q x": "no-such-variable",
        "regress i.a x": "outcome",
        "regress y x, vce(hc9)": "bad-option-value",
        "regress y x, vce(cluster)": "vce",
        "regress y x [aweight = p]": "weight-kind",
        "regress y x if a > 9": "no-observations",
        "regress y x in 1/2": "too-many-parameters",
        "regress y x, nothing": "no-such-option",
    }.items():
        assert refused(session, command) == code, command
    ok(session, "mixed y x || g:")
    assert refused(session, "regress") == "no-fit"
    with pytest.raises(SpecError):
        regress(parse_mixed("mixed y x || g:"), session.data)


def test_one_cluster_is_not_enough() -> None:
    session = session_on(dataset(y=[1.0, 2.0, 4.0], x=[0.0, 1.0, 1.5], g=[1.0, 1.0, 1.0]))
    assert refused(session, "regress y x, cluster(g)") == "one-group"
