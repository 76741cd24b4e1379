"""Options of estat, lrtest and estimates, on the sleep study."""

from __future__ import annotations

import math

import numpy as np
import pytest
from test_session_post_options import refused, row
from test_session_running import ok

from terrace.session.session import Session
from terrace.session.state import State


@pytest.fixture(scope="module")
def state() -> State:
    session = Session()
    ok(session, "sample sleepstudy")
    ok(session, "mixed reaction days || subject: , reml")
    ok(session, "estimates store B")
    ok(session, "mixed reaction days || subject: days, cov(un) reml")
    ok(session, "estimates store A")
    return session.state


def test_information_criteria(state: State) -> None:
    s = Session(state)
    n, _, ll, k, aic, bic, aicc, caic = row(s, "estat ic, n(18) all")
    assert (n, k) == (180, 6) and ll == pytest.approx(-871.8141, abs=1e-4)  # lme4: logLik of the REML fit
    assert aic == pytest.approx(-2 * ll + 12) and bic == pytest.approx(-2 * ll + 6 * math.log(18))
    assert aicc == pytest.approx(aic + 84 / 11) and caic == pytest.approx(bic + 6)
    assert float(ok(s, "display r(BIC)").text) == pytest.approx(bic, abs=1e-3)
    assert row(s, "estat ic")[5] == pytest.approx(-2 * ll + 6 * math.log(180))
    refused(s, "estat ic, n(0)", "n")
    refused(s, "estat ic A", "syntax")


def test_variances_and_what_speaks_of_them(state: State) -> None:
    s = Session(state)
    fit = s.fit
    assert fit is not None
    table = ok(s, "estat sd, variance post").tables[0]
    for r, want in zip([x for x in table.rows if x.kind == "row"], fit.random):
        assert r.values[:2] == (want.estimate, want.se)
    assert row(s, "nlcom _b[subject:var(days)]")[:2] == [fit.random[0].estimate, pytest.approx(fit.random[0].se)]
    assert "_b[subject:var(days)]" in table.notes[-1]
    assert [t.key for t in ok(s, "estat sd, verbose").tables][-1] == "sd"


def test_degrees_of_freedom_are_given_to_the_fit(state: State) -> None:
    """As if it had been fitted with the option."""
    want = Session(state)
    ok(want, "mixed reaction days || subject: , reml dfmethod(kroger)")
    s = Session(state)
    ok(s, "estimates restore B")
    ok(s, "gsort -days")
    refused(s, "test days, small", "no-df-method")
    ok(s, "estat df, method(kroger) post")
    assert ok(s, "mixed").text.split("Mixed-effects")[1] == ok(want, "mixed").text.split("Mixed-effects")[1]
    assert row(s, "test days, small") == pytest.approx(row(want, "test days, small"))
    assert s.fit is not None and s.fit.scalars["ddf_m"] == pytest.approx(want.fit.scalars["ddf_m"])  # type: ignore
    assert ok(s, "count if e(sample) & days == 0").text.strip() == "18"
    ok(s, "predict r, rstandard")  # the fit still knows its rows
    assert np.isfinite(s.data.numeric("r")).all()
    ok(s, "mixed reaction days || subject: , vce(robust)")
    refused(s, "estat df, method(residual) post", "df-robust")
    ok(s, "estat df, post")
    ok(want, "mixed reaction days || subject: , vce(robust) dfmethod(satterthwaite)")
    assert row(s, "test days, small") == pytest.approx(row(want, "test days, small"))
    for a, b in zip(s.fit.fixed, want.fit.fixed, strict=True):  # type: ignore[union-attr]
        assert (a.coef, a.se, a.df, a.p) == pytest.approx((b.coef, b.se, b.df, b.p))


def test_one_cluster(state: State) -> None:
    s = Session(state)
    full = ok(s, "estat wcorrelation, at(subject=309)").tables[0]
    sds = ok(s, "estat wcorrelation, at(subject=309) sd").tables[0]
    correlations = ok(s, "estat wcorrelation, at(subject=309) correlation").tables[0]
    assert [r.values for r in sds.rows] == [r.values[:1] for r in full.rows]
    assert [r.values for r in correlations.rows] == [r.values[1:] for r in full.rows]
    _, listed = ok(s, "estat wcorrelation, at(subject=309) list").tables
    f = s.data.frame
    assert [r.values[-1] for r in listed.rows] == f.loc[f["subject"] == 309, "reaction"].tolist()
    refused(s, "estat wcorrelation, covariance sd", "options-exclude")


def test_summaries_of_some_variables(state: State) -> None:
    s = Session(state)
    table = ok(s, "estat summarize days subject, labels").tables[0]
    assert [r.code for r in table.rows] == ["days", "subject"]
    assert table.rows[0].values[-1] == s.data.variable("days").label
    assert table.rows[1].values[0] == 180


def test_levels_of_the_covariance_matrix(state: State) -> None:
    s = Session(state)
    assert ok(s, "estat recovariance, level(subject)").text == ok(s, "estat recov, relevel(subject)").text
    refused(s, "estat recovariance, level(days)", "no-such-level")


def test_what_is_compared(state: State) -> None:
    s = Session(state)
    test, directory, ic = ok(s, "lrtest A B, stats dir").tables
    assert test.rows[0].values[:2] == (pytest.approx(42.837, abs=1e-3), 2)  # lme4: anova(refit = FALSE)
    assert [r.label for r in directory.rows] == ["A", "B"] and [r.values[3] for r in ic.rows] == [6, 4]
    ok(s, "gsort -reaction")
    ok(s, "mixed reaction days || subject: , reml")
    assert row(s, "lrtest A .") == pytest.approx(row(Session(state), "lrtest A B"))
    ok(s, "mixed reaction days if days < 9 || subject: , reml")
    refused(s, "lrtest A .", "different-samples")


def test_tables_of_stored_estimates(state: State) -> None:
    s = Session(state)
    table = ok(s, "estimates table A B, keep(days) stats(N aic chi2)").tables[0]
    codes = [r.code for r in table.rows]
    assert "days" in codes and "se(days)" in codes and "_cons" not in codes
    assert codes[-3:] == ["N", "aic", "chi2"]
    assert table.rows[-1].values == tuple(f.scalars["chi2"] for f in (s.stored["A"], s.stored["B"]))
    codes = [r.code for r in ok(s, "estimates table A, drop(_cons) nostats").tables[0].rows]
    assert "_cons" not in codes and "se(_cons)" not in codes and "N" not in codes and "days" in codes
    refused(s, "estimates table A, keep(x)", "no-such-coefficient")
    refused(s, "estimates table A, stats(x)", "no-such-result")
    assert "Estimates B" in ok(s, "estimates replay B").text and "days" in ok(s, "estimates replay").text
    described = ok(s, "estimates describe A B").tables[0]
    assert [r.values[0] for r in described.rows] == [s.stored["A"].command, s.stored["B"].command]
