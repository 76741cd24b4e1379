"""Residuals at every level: autocorrelation against nlme, shapes and spread against their definitions."""

from __future__ import annotations

import math

import numpy as np
import pytest
from oracle_support import dataset, r_data, r_fit
from post_support import r_results, rows
from scipy import stats

import terrace
from oracles import rcases
from terrace.errors import DataError, SpecError
from terrace.postestimation.diagnose.residual_checks import (
    autocorrelation,
    autocorrelation_plot,
    autocorrelation_table,
    homogeneity,
    residual_covariate_plot,
    residual_values,
    shape,
    shapes,
    shapes_table,
)
from terrace.postestimation.predict.columns import random_effects

MODELS = {
    "ovary": ("mixed follicles sin1 cos1 || mare:, reml", "time"),
    "orthodont": ("mixed distance c.time##i.female || subject: time, cov(un)", "time"),
}


@pytest.mark.parametrize("name", MODELS)
def test_autocorrelation_is_that_of_nlme(name: str) -> None:
    command, time = MODELS[name]
    found = autocorrelation(r_fit(command, name), r_data(name), time)
    np.testing.assert_allclose(found.values, r_results("residuals")[name], atol=2e-6)


def test_lags_in_units_of_time_and_gaps() -> None:
    fit = r_fit(MODELS["orthodont"][0], "orthodont")
    by_age = autocorrelation(fit, r_data("orthodont"), "age")
    assert list(by_age.lags) == [0, 2, 4, 6]
    assert list(by_age.pairs) == [108, 81, 54, 27]
    gaps = r_fit("mixed distance time || subject:", "orthodont_gaps")
    found = autocorrelation(gaps, r_data("orthodont_gaps"), "time", max_lag=2)
    frame = rcases.frame("orthodont_gaps")
    residual = residual_values(gaps, r_data("orthodont_gaps"), "rstandard")
    wide = frame.assign(r=residual).pivot(index="subject", columns="time", values="r")
    products = np.concatenate([(wide[t] * wide[t + 2]).dropna() for t in (1, 2)])
    assert found.pairs[2] == len(products)
    assert found.values[2] == pytest.approx(products.mean() / (residual**2).mean(), rel=1e-9)


def test_autocorrelation_is_shown() -> None:
    found = autocorrelation(r_fit(MODELS["ovary"][0], "ovary"), r_data("ovary"), "time", level=99)
    table = rows(autocorrelation_table(found))
    assert table["1"][0] == found.values[1]
    assert table["1"][1] == pytest.approx(stats.norm.ppf(0.995) / math.sqrt(found.pairs[1]))
    (panel,) = autocorrelation_plot(found).panels
    np.testing.assert_allclose(panel.marks[0].y, found.values)


def test_shapes() -> None:
    fit, data = r_fit("mixed reaction days || subject: days, cov(un)", "sleepstudy"), r_data("sleepstudy")
    found = {s.code: s for s in shapes(fit, data)}
    assert list(found) == ["residual", "subject:days", "subject:_cons"]
    (effects,) = random_effects(fit)
    for k, code in enumerate(("subject:days", "subject:_cons")):
        v = effects.values[:, k]
        assert found[code].skewness == pytest.approx(stats.skew(v))
        assert found[code].kurtosis == pytest.approx(stats.kurtosis(v))
        assert found[code].w == pytest.approx(stats.shapiro(v).statistic)
    assert rows(shapes_table(list(found.values())))["residual"][0] == 180
    assert shape("x", "x", np.ones(5)).p is None


def test_kinds_of_residuals() -> None:
    fit, data = r_fit("mixed reaction days || subject: days, cov(un)", "sleepstudy"), r_data("sleepstudy")
    sd = math.sqrt(fit.random[-1].estimate)
    np.testing.assert_allclose(residual_values(fit, data, "rstandard") * sd, residual_values(fit, data), rtol=1e-9)
    b = {f.term: f.coef for f in fit.fixed}
    frame = rcases.frame("sleepstudy")
    marginal = frame["reaction"] - b["_cons"] - b["days"] * frame["days"]
    np.testing.assert_allclose(residual_values(fit, data, "marginal"), marginal, rtol=1e-9)
    with pytest.raises(SpecError, match="no residuals of kind"):
        residual_values(fit, data, "deviance")  # type: ignore[arg-type]
    with pytest.raises(DataError, match="these data have"):
        residual_values(fit, dataset(frame.head(7)))


def test_homogeneity_of_variances() -> None:
    fit = terrace.fit("mixed mathach || id:", terrace.sample("hsb"))
    frame = terrace.sample("hsb").frame
    s2 = frame.groupby("id")["mathach"].var()
    f = frame.groupby("id").size() - 1.0
    d = (np.log(s2) - (f * np.log(s2)).sum() / f.sum()) / np.sqrt(2 / f)
    found = homogeneity(fit)
    assert found is not None
    assert found.stat == pytest.approx((d**2).sum(), rel=1e-9)
    assert found.df == 159
    assert found.p == pytest.approx(stats.chi2.sf((d**2).sum(), 159), rel=1e-6)


def test_homogeneity_keeps_its_size() -> None:
    """Under equal variances the test rejects about as often as it says."""
    rng = np.random.default_rng(8)
    frame = rcases.frame("hsb")[["school", "ses"]]
    p = []
    for _ in range(12):
        data = dataset(frame.assign(y=rng.standard_normal(len(frame))))
        found = homogeneity(terrace.fit("mixed y ses || school:", data))
        assert found is not None
        p.append(found.p)
    assert stats.kstest(p, "uniform").pvalue > 1e-4
    assert homogeneity(r_fit("mixed distance time || subject:", "orthodont")) is None


def test_residuals_against_a_covariate() -> None:
    fit, data = r_fit("mixed reaction days || subject:", "sleepstudy"), r_data("sleepstudy")
    plot = residual_covariate_plot(fit, data, "days", kind="residuals")
    points = plot.panels[0].marks[0]
    np.testing.assert_allclose(points.y, residual_values(fit, data))
    np.testing.assert_array_equal(points.x, data.numeric("days"))
