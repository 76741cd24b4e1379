"""test, testparm, lincom and nlcom against R and against algebra, and their errors."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from oracle_support import r_fit
from post_support import r_results, rows

from terrace.errors import CommandError, DataError, SpecError
from terrace.postestimation.tests import hypotheses as h

MODEL = "mixed distance c.time##i.female || subject: time, cov(un) reml"
R: dict[str, Any] = r_results("hypotheses")
TEXTS = {
    "both": "1.female 1.female#c.time",
    "slopes": "(time) (time + 1.female#c.time = 0)",
    "single": "time + c.time#1.female",
}


def fitted(df: str = "") -> Any:
    return r_fit(MODEL + (f" dfmethod({df})" if df else ""), "orthodont_gaps")


@pytest.mark.parametrize("name", TEXTS)
def test_wald_test_is_that_of_r(name: str) -> None:
    ((_, chi2, df, p),) = h.test_table(fitted(), TEXTS[name]).plain()["rows"]
    assert df == R[name]["df"]
    assert chi2 == pytest.approx(R[name]["chi2"], rel=1e-5)
    assert p == pytest.approx(R[name]["p"], rel=1e-4)


@pytest.mark.parametrize("name", TEXTS)
@pytest.mark.parametrize(("method", "df"), [("satterthwaite", "satterthwaite, oim"), ("kroger", "kroger")])
def test_f_test_is_that_of_r(name: str, method: str, df: str) -> None:
    ((_, f, numerator, ddf, p),) = h.test_table(fitted(df), TEXTS[name], small=True).plain()["rows"]
    expected = R[name][method]
    assert numerator == R[name]["df"]
    assert f == pytest.approx(expected["F"], rel=1e-4)
    assert ddf == pytest.approx(expected["ddf"], rel=1e-3)
    assert p == pytest.approx(expected["p"], rel=2e-3)


def test_large_sample_statements_after_kroger_use_the_unadjusted_covariance() -> None:
    plain = h.lincom_table(fitted(), "time + 1.female#c.time").plain()["rows"]
    after = h.lincom_table(fitted("kroger"), "time + 1.female#c.time").plain()["rows"]
    np.testing.assert_allclose(plain[0][1:], after[0][1:], rtol=1e-9)


def test_lincom_is_that_of_r() -> None:
    ((code, *cells),) = h.lincom_table(fitted("kroger"), "time + 1.female#c.time", small=True).plain()["rows"]
    assert code == "(1)"
    names = ("estimate", "se", "df", "stat", "p", "lower", "upper")
    np.testing.assert_allclose(cells, [R["lincom"][n] for n in names], rtol=1e-4)


def test_nlcom_is_that_of_numerical_derivatives_in_r() -> None:
    table = h.nlcom_table(fitted(), "(ratio: exp(_b[1.female]/10)/_b[_cons]^2)")
    ((code, value, se, *_),) = table.plain()["rows"]
    assert code == "ratio"
    assert value == pytest.approx(R["nlcom"]["estimate"], rel=1e-5)
    assert se == pytest.approx(R["nlcom"]["se"], rel=1e-5)


def test_names_in_any_order_and_with_marks_of_listings() -> None:
    names = ("1.female#c.time", "c.time#1.female", "1o.female#time", "_b[c.time#1.female]", "[distance]1.fem#c.time")
    found = [h.lincom_table(fitted(), n).plain()["rows"][0][1:] for n in names]
    for other in found[1:]:
        assert other == found[0]
    assert found[0][0] == next(f.coef for f in fitted().fixed if set(f.term.split("#")) == {"1.female", "c.time"})


def test_expression_is_linear() -> None:
    f = fitted()
    b = {e.term: e.coef for e in f.fixed}
    ((_, value, *_),) = h.lincom_table(f, "2*(time - 3*1.female)/4 + 1.5e1 - _cons").plain()["rows"]
    assert value == pytest.approx(2 * (b["time"] - 3 * b["1.female"]) / 4 + 15 - b["_cons"], rel=1e-12)


def test_a_chain_of_equalities_is_two_hypotheses() -> None:
    f = fitted()
    ((_, chain, df, _),) = h.test_table(f, "time = 1.female = 0").plain()["rows"]
    ((_, apart, _, _),) = h.test_table(f, "(time = 0) (1.female = 0)").plain()["rows"]
    assert df == 2
    assert chain == pytest.approx(apart, rel=1e-10)


def test_redundant_hypotheses_do_not_count() -> None:
    table = h.test_table(fitted(), "(time = 0) (2*time = 0) (0.female = 0)")
    ((_, _, df, _),) = table.plain()["rows"]
    assert df == 1
    assert any("are independent" in n for n in table.notes)


def test_testparm_finds_the_terms() -> None:
    f = fitted()
    by_term = h.testparm_table(f, "i.female#c.time").plain()["rows"][0][1:]
    assert by_term == h.test_table(f, "1.female#c.time").plain()["rows"][0][1:]
    assert h.testparm_table(f, "i.female##c.time").plain()["rows"][0][2] == 3
    equal = h.testparm_table(f, "time 1.female", equal=True).plain()["rows"][0][1:]
    assert equal == pytest.approx(h.test_table(f, "time = 1.female").plain()["rows"][0][1:], rel=1e-10)


def test_adjusted_single_tests() -> None:
    table = rows(h.test_table(fitted(), "(time) (1.female)", mtest="bonferroni"))
    single = [table["time = 0"], table["1.female = 0"]]
    assert [s[3] for s in single] == pytest.approx([min(1, 2 * s[2]) for s in single])
    assert table["All together"][1] == 2


def test_exact_methods_give_chi2_where_degrees_of_freedom_differ() -> None:
    f = fitted("repeated")
    table = h.test_table(f, "time 1.female", small=True)
    assert [c.key for c in table.columns] == ["chi2", "df", "p"]
    assert table.notes
    same = h.test_table(f, "time 1.female#c.time", small=True)
    assert [c.key for c in same.columns] == ["F", "df", "ddf", "p"]


def test_nlcom_of_covariance_parameters() -> None:
    f = fitted()
    sd = next(r for r in f.random_sd if r.name == "sd(_cons)")
    text = "(a: _b[subject:sd(_cons)]) (b: sqrt(_b[var(_cons)])) (c: exp(_b[lnsd(_cons)])) (d: _b[corr(time,_cons)])"
    table = rows(h.nlcom_table(f, text))
    for name in "abc":
        assert table[name][0] == pytest.approx(sd.estimate, rel=1e-10)
        assert table[name][1] == pytest.approx(sd.se, rel=1e-10)
    corr = next(r for r in f.random_sd if r.name == "corr(time,_cons)")
    assert table["d"][:2] == pytest.approx([corr.estimate, corr.se], rel=1e-10)


def test_every_function_of_nlcom_has_its_derivative() -> None:
    from terrace.postestimation.tests.nonlinear import FUNCTIONS

    for function, slope in FUNCTIONS.values():
        for x in (0.21, 0.7):
            step = 1e-5
            numeric = (function(x + step) - function(x - step)) / (2 * step)
            assert slope(x) == pytest.approx(numeric, rel=1e-8)


@pytest.mark.parametrize(
    ("call", "error", "code"),
    [
        (lambda f: h.test_table(f, "tme"), CommandError, "no-such-coefficient"),
        (lambda f: h.test_table(f, ""), CommandError, "nothing-to-test"),
        (lambda f: h.test_table(f, "1 = 0"), CommandError, "nothing-to-test"),
        (lambda f: h.test_table(f, "(time = 0) (time = 1)"), CommandError, "inconsistent"),
        (lambda f: h.test_table(f, "0.female"), SpecError, "nothing-to-test"),
        (lambda f: h.test_table(f, "time", small=True), SpecError, "no-df-method"),
        (lambda f: h.lincom_table(f, "time*1.female"), CommandError, "not-linear"),
        (lambda f: h.lincom_table(f, "time/0"), CommandError, "not-linear"),
        (lambda f: h.lincom_table(f, "time +"), CommandError, "syntax"),
        (lambda f: h.lincom_table(f, "(time"), CommandError, "brackets"),
        (lambda f: h.lincom_table(f, "time = 0"), CommandError, "syntax"),
        (lambda f: h.testparm_table(f, "x*"), CommandError, "no-such-coefficient"),
        (lambda f: h.nlcom_table(f, "ln(-_b[time]^2)"), DataError, "no-value"),
        (lambda f: h.nlcom_table(f, "_b[nothing]"), CommandError, "no-such-coefficient"),
        (lambda f: h.nlcom_table(f, "_b[var(nothing)]"), CommandError, "no-such-coefficient"),
        (lambda f: h.nlcom_table(f, "foo(_b[time])"), CommandError, "no-such-function"),
    ],
)
def test_errors_say_what_is_wrong(call: Any, error: type[Exception], code: str) -> None:
    with pytest.raises(error) as caught:
        call(fitted())
    assert caught.value.code == code  # type: ignore[attr-defined]
