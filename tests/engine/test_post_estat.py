"""What estat lists, against the dense oracle, formulas and the data."""

from __future__ import annotations

from functools import cache

import numpy as np
import pytest
from oracle_support import dataset, dense_of, generated_fit, r_data, r_fit
from post_support import rows

import terrace
from oracles.generated import Case, collected
from terrace.errors import DataError, SpecError
from terrace.postestimation.variance import parts as estat
from terrace.postestimation.variance.wcorrelation import marginal_covariance

CASES = [pytest.param(c, id=c.id) for c in collected() if c.id.endswith("-ml")]
SLEEP = "mixed reaction days || subject: days, cov(un)"


@cache
def hsb() -> terrace.FitResult:
    return terrace.fit("mixed mathach c.ses##i.sector || id: ses, cov(un) reml", terrace.sample("hsb"))


@pytest.mark.parametrize("case", CASES)
def test_marginal_covariance_is_the_dense_one(case: Case) -> None:
    fit = generated_fit(case)
    v = dense_of(case).v(np.array([p.estimate for p in fit.random]))
    rows_ = np.random.default_rng(1).permutation(len(v))[:40]
    np.testing.assert_allclose(marginal_covariance(fit, rows_), v[np.ix_(rows_, rows_)], atol=1e-8 * v.max())


def test_wcorrelation_of_the_first_and_of_a_named_cluster() -> None:
    fit, data = r_fit(SLEEP, "sleepstudy"), r_data("sleepstudy")
    g = {p.name: p.estimate for p in fit.random}
    day = np.arange(10.0)
    z = np.column_stack([day, np.ones(10)])
    sigma = np.array([[g["var(days)"], g["cov(days,_cons)"]], [g["cov(days,_cons)"], g["var(_cons)"]]])
    v = z @ sigma @ z.T + g["var(Residual)"] * np.eye(10)
    plain = estat.wcorrelation_table(fit, data, covariance=True).plain()["rows"]
    for i, row in enumerate(plain):
        np.testing.assert_allclose(row[1 : i + 2], v[i, : i + 1], rtol=1e-9)
        assert row[i + 2 :] == [None] * (9 - i)
    sd = np.sqrt(np.diag(v))
    named = estat.wcorrelation_table(fit, data, {"subject": 330}).plain()["rows"]
    np.testing.assert_allclose([r[1] for r in named], sd, rtol=1e-9)
    assert named[7][4] == pytest.approx(v[7, 2] / sd[7] / sd[2], rel=1e-9)
    with pytest.raises(SpecError, match="not a group variable"):
        estat.wcorrelation_table(fit, data, {"days": 3})
    with pytest.raises(DataError, match="No row"):
        estat.wcorrelation_table(fit, data, {"subject": 1})


def test_groups() -> None:
    fit = terrace.fit("mixed gsp unemp || region: || state:", terrace.sample("produc"))
    assert estat.group_table(fit).plain()["rows"] == [
        ["region", 9, 51, pytest.approx(816 / 9), 136],
        ["state", 48, 17, 17.0, 17],
    ]


def test_information_criteria_published() -> None:
    """The course on High School and Beyond prints these for mathach on ses with a random slope."""
    fit = terrace.fit("mixed mathach ses || id: ses, cov(un)", terrace.sample("hsb"))
    ((name, n, ll0, ll, df, aic, bic),) = estat.ic_table(fit, ".").plain()["rows"]
    assert (name, n, ll0, df) == (".", 7185, None, 6)
    np.testing.assert_allclose([ll, aic, bic], [-23318.23, 46648.47, 46689.75], atol=0.006)
    both = estat.ic_table([fit, hsb()], ["a", "b"])
    assert [r.label for r in both.rows] == ["a", "b"]
    assert "cannot be compared" in " ".join(both.notes)


def test_standard_deviations() -> None:
    fit = r_fit(SLEEP, "sleepstudy")
    found = rows(estat.sd_table(fit))
    assert list(found) == ["sd(days)", "sd(_cons)", "corr(days,_cons)", "sd(Residual)"]
    for r in fit.random_sd:
        assert found[r.name] == [r.estimate, r.se, r.lb, r.ub]
    wide = rows(estat.sd_table(fit, level=99))
    assert wide["sd(days)"][2] < found["sd(days)"][2]


def test_recovariance() -> None:
    fit = r_fit(SLEEP, "sleepstudy")
    g = {p.name: p.estimate for p in fit.random}
    table = estat.recovariance_table(fit)
    expected = [["days", g["var(days)"], None], ["_cons", g["cov(days,_cons)"], g["var(_cons)"]]]
    for got, want in zip(table.plain()["rows"], expected, strict=True):
        assert got[0] == want[0]
        np.testing.assert_allclose(np.array(got[1:], float), np.array(want[1:], float), rtol=1e-10)
    corr = estat.recovariance_table(fit, correlation=True).plain()["rows"]
    assert corr[1][1] == pytest.approx(next(r for r in fit.random_sd if r.name.startswith("corr")).estimate)
    with pytest.raises(SpecError, match="not a level"):
        estat.recovariance_table(fit, relevel="school")


@pytest.mark.parametrize("case", [c for c in CASES if "residual" not in c.id and "constant" not in c.id])
def test_recovariance_holds_every_parameter(case: Case) -> None:
    fit = generated_fit(case)
    table = estat.recovariance_table(fit)
    cells = [v for r in table.plain()["rows"] for v in r[1:] if v is not None]
    for p in (r for r in fit.random if r.level != "Residual"):
        assert np.abs(np.array(cells) - p.estimate).min() <= 1e-10 * abs(p.estimate)


def test_covariance_of_the_estimates() -> None:
    fit = r_fit(SLEEP + " reml dfmethod(kroger)", "sleepstudy")
    plain = estat.vce_table(fit).plain()["rows"]
    assert plain[0][1] == pytest.approx(fit.model.phi[0, 0])
    assert plain[1][2] == pytest.approx(fit.model.phi[1, 1])
    whole = estat.vce_table(fit, all_parameters=True, correlation=True)
    assert len(whole.rows) == 6
    assert whole.plain()["rows"][5][6] == pytest.approx(1.0)


def test_summary_of_the_sample() -> None:
    data = terrace.sample("hsb")
    frame = data.frame
    found = rows(estat.summarize_table(hsb(), data))
    assert list(found) == ["mathach", "ses", "0.sector", "1.sector"]
    ses = frame["ses"]
    np.testing.assert_allclose(found["ses"], [7185, ses.mean(), ses.std(), ses.min(), ses.max()], rtol=1e-9)
    assert found["1.sector"][1] == pytest.approx((frame["sector"] == 1).mean())
    with pytest.raises(DataError, match="these data have 10"):
        estat.summarize_table(hsb(), dataset(frame.head(10)))


def test_degrees_of_freedom_side_by_side() -> None:
    fit = r_fit("mixed distance c.time##i.female || subject: time, cov(un) reml", "orthodont_gaps")
    table = estat.df_table(fit, ("residual", "repeated", "anova", "satterthwaite", "kroger"))
    assert [c.key for c in table.columns] == ["residual", "repeated", "anova", "satterthwaite", "kroger"]
    for k, method in enumerate(["residual", "repeated", "anova", "satterthwaite", "kroger"], start=1):
        again = r_fit(
            f"mixed distance c.time##i.female || subject: time, cov(un) reml dfmethod({method})", "orthodont_gaps"
        )
        expected = [f.df for f in again.fixed if f.kind == "estimated"]
        np.testing.assert_allclose([r[k] for r in table.plain()["rows"]], expected, rtol=1e-9)
    ml = r_fit("mixed distance time || subject:", "orthodont_gaps")
    with pytest.raises(SpecError, match="REML"):
        estat.df_table(ml, ("kroger",))
    with pytest.raises(SpecError, match="not a method"):
        estat.df_table(ml, ("kr",))
