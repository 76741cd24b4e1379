"""Explained variance against the variances that R estimates, and definitions."""

from __future__ import annotations

from functools import cache

import numpy as np
import pandas as pd
import pytest
from oracle_support import dataset, dense_of, generated_fit, r_data
from post_support import rows

import terrace
from oracles.generated import Case, collected
from oracles.rcases import every
from terrace.data.dataset import Dataset
from terrace.errors import SpecError
from terrace.postestimation.variance.r2 import (
    explained,
    level_shares,
    null_fit,
    r2_table,
    random_variance,
    residual_variance,
)

CASES = [pytest.param(c, id=c.id) for c in collected() if c.id.endswith("-ml")]


@cache
def hsb() -> Dataset:
    data = terrace.sample("hsb")
    frame = data.frame
    return data.with_column("cses", (frame["ses"] - frame.groupby("id")["ses"].transform("mean")).to_numpy())


@pytest.mark.parametrize("case", CASES)
def test_variances_are_the_diagonals_of_the_dense_matrices(case: Case) -> None:
    fit, dense = generated_fit(case), dense_of(case)
    values = np.array([p.estimate for p in fit.random])
    r = np.diag(dense.r_matrix(values))
    np.testing.assert_allclose(residual_variance(fit), r, rtol=1e-8)
    np.testing.assert_allclose(random_variance(fit), np.diag(dense.v(values)) - r, rtol=1e-7, atol=1e-12)


def test_marginal_and_conditional() -> None:
    fit = terrace.fit("mixed mathach cses meanses || id: cses, cov(un)", hsb())
    b = {f.term: f.coef for f in fit.fixed}
    frame = hsb().frame
    xb = b["_cons"] + b["cses"] * frame["cses"] + b["meanses"] * frame["meanses"]
    g = {r.name: r.estimate for r in fit.random}
    c = frame["cses"]
    random = (g["var(_cons)"] + 2 * c * g["cov(cses,_cons)"] + c**2 * g["var(cses)"]).mean()
    total = xb.var() + random + g["var(Residual)"]
    found = explained(fit, hsb())
    assert found.marginal == pytest.approx(xb.var() / total, rel=1e-9)
    assert found.conditional == pytest.approx((xb.var() + random) / total, rel=1e-9)


def r_variances(case: str) -> list[float]:
    """The covariance parameters of a model of textbooks.R."""
    (found,) = (c for c in every("textbooks") if c["id"] == case)
    return list(found["random"]["estimate"])


def test_means_as_outcomes() -> None:
    """What mean SES explains of the variance between schools."""
    fit = terrace.fit("mixed mathach meanses || id:, reml", hsb())
    school, residual = level_shares(fit, hsb())
    null, errors = r_variances("hsb-unconditional")
    with_mean, left = r_variances("hsb-means-as-outcomes")
    assert school.reduction == pytest.approx(1 - with_mean / null, rel=1e-6)
    assert school.null == pytest.approx(null, rel=1e-6)
    assert residual.reduction == pytest.approx(1 - left / errors, rel=1e-3)


def test_random_coefficients() -> None:
    """What SES centred in its school explains of the variance within schools."""
    fit = terrace.fit("mixed mathach cses || id: cses, cov(un) reml", hsb())
    assert level_shares(fit, hsb())[-1].reduction == pytest.approx(
        1 - r_variances("hsb-random-coefficients")[-1] / r_variances("hsb-unconditional")[-1], rel=1e-5
    )


def test_prediction_errors_of_two_levels() -> None:
    fit = terrace.fit("mixed mathach ses || id:", hsb())
    null = terrace.fit("mixed mathach || id:", hsb())
    (t1, s1), (t0, s0) = ([r.estimate for r in f.random] for f in (fit, null))
    n = 160 / (1 / hsb().frame.groupby("id").size()).sum()
    school, residual = level_shares(fit, hsb())
    assert residual.predicted == pytest.approx(1 - (t1 + s1) / (t0 + s0), rel=1e-6)
    assert school.predicted == pytest.approx(1 - (t1 + s1 / n) / (t0 + s0 / n), rel=1e-6)


def test_prediction_errors_with_slopes_are_those_without() -> None:
    slopes = terrace.fit("mixed mathach ses || id: ses, cov(un)", hsb())
    plain = terrace.fit("mixed mathach ses || id:", hsb())
    for a, b in zip(level_shares(slopes, hsb()), level_shares(plain, hsb()), strict=True):
        assert a.predicted == pytest.approx(b.predicted, rel=1e-6)
        assert a.model != pytest.approx(b.model, rel=1e-3)


def test_the_null_model_has_the_rows_of_the_fit() -> None:
    fit = terrace.fit("mixed mathach ses if female == 1 || id:", hsb())
    null = null_fit(fit, hsb())
    assert null.scalars["N"] == fit.scalars["N"]
    by_hand = terrace.fit("mixed mathach if female == 1 || id:", hsb())
    assert null.ll == pytest.approx(by_hand.ll, rel=1e-10)


def test_three_levels_and_tables() -> None:
    data = terrace.sample("produc")
    fit = terrace.fit("mixed gsp unemp emp || region: || state:", data)
    overall, levels = r2_table(fit, data)
    assert [r[0] for r in overall.plain()["rows"]] == ["marginal", "conditional"]
    found = rows(levels)
    assert list(found) == ["region", "state", "Residual"]
    null = {r.level: r.estimate for r in null_fit(fit, data).random}
    model = {r.level: r.estimate for r in fit.random}
    for name in found:
        assert found[name][2] == pytest.approx(1 - model[name] / null[name], rel=1e-6)
    frame = data.frame
    states = frame.groupby("region")["state"].nunique()
    per_region = len(states) / (1 / states).sum()
    size = len(states) / (1 / frame.groupby("region").size()).sum()

    def error(v: dict[str, float]) -> float:
        return v["region"] + v["state"] / per_region + v["Residual"] / size

    assert found["region"][3] == pytest.approx(1 - error(model) / error(null), rel=1e-6)


def test_linear_model_has_no_levels() -> None:
    fit = terrace.fit("mixed mathach ses", hsb())
    assert len(r2_table(fit, hsb())) == 1
    with pytest.raises(SpecError, match="no levels"):
        null_fit(fit, hsb())


def test_no_share_of_a_variance_that_one_of_the_models_does_not_have() -> None:
    """Without random intercepts there is no variance of theirs to compare; that of the residuals is compared."""
    data = r_data("sleepstudy")
    slopes = {s.level: s for s in level_shares(terrace.fit("mixed reaction days || subject: days, nocons reml", data),
    data)}
    with_both = terrace.fit("mixed reaction days || subject: days, cov(un) reml", data)
    both = {s.level: s for s in level_shares(with_both, data)}
    assert slopes["subject"].model is None and slopes["subject"].reduction is None
    assert slopes["Residual"].reduction == pytest.approx(1 - slopes["Residual"].model / both["Residual"].null, rel=1e-8)
    assert both["subject"].reduction is not None
    # prediction errors are those of the models with intercepts, whatever the random part is
    assert slopes["subject"].predicted == pytest.approx(both["subject"].predicted, abs=1e-8)
    empty = {s.level: s for s in level_shares(terrace.fit("mixed reaction days || subject:, nocons reml", data), data)}
    assert empty["subject"].reduction is None
    assert empty["subject"].predicted == pytest.approx(both["subject"].predicted, abs=1e-8)


def test_a_null_model_without_intercepts_explains_nothing_of_theirs() -> None:
    data = r_data("sleepstudy")
    null = terrace.fit("mixed reaction || subject: days, nocons reml", data)
    found = {s.level: s for s in level_shares(terrace.fit("mixed reaction days || subject:, reml", data), data, null)}
    assert found["subject"].null is None and found["subject"].reduction is None and found["subject"].predicted is None
    assert found["Residual"].predicted is None


def test_a_variance_of_zero_in_the_null_model_has_no_share() -> None:
    """Groups whose means differ by less than chance: the null model has no variance between them."""
    y = np.array([1.0, -1.0, 0.5, -0.5, 0.75, -0.75] * 10)
    frame = pd.DataFrame({"y": y, "x": np.arange(60) % 7, "g": np.repeat(np.arange(10), 6)})
    data = dataset(frame)
    found = {s.level: s for s in level_shares(terrace.fit("mixed y x || g:", data), data)}
    assert found["g"].null == pytest.approx(0, abs=1e-9) and found["g"].reduction is None
    table = r2_table(terrace.fit("mixed y x || g:", data), data)[1]
    assert table.rows[0].values[2] is None and any("no variance of g" in n for n in table.notes)


# --- invariance: what a share says does not depend on the origin, unit or coding of a covariate ---------------------
def shares_of(command: str, frame: pd.DataFrame) -> list[float]:
    data = dataset(frame)
    fit = terrace.fit(command, data)
    found = explained(fit, data)
    levels = level_shares(fit, data)
    return [found.marginal, found.conditional, *(v for s in levels for v in (s.model, s.reduction, s.predicted))]


@cache
def curves() -> pd.DataFrame:
    rng = np.random.default_rng(3)
    g = np.repeat(np.arange(40), 6)
    x = rng.uniform(0, 5, len(g)).round(2)
    u = rng.normal(size=(40, 3)) * (2.0, 0.8, 0.2)
    y = 1 + x - 0.1 * x**2 + (u[g] * np.column_stack([np.ones_like(x), x - 2, (x - 2) ** 2])).sum(1)
    return pd.DataFrame({"y": y + rng.normal(size=len(g)), "x": x, "g": g, "k": rng.integers(1, 4, len(g))})


@pytest.mark.parametrize("shift", [-2.5, 100.0, 3000.0, 20000.0])
@pytest.mark.parametrize("power", ["c.x", "c.x##c.x"])
def test_shares_do_not_depend_on_the_origin_of_a_covariate(power: str, shift: float) -> None:
    command = f"mixed y {power} || g: {power}, cov(un) reml"
    here = shares_of(command, curves())
    there = shares_of(command, curves().assign(x=curves()["x"] + shift))
    assert there == pytest.approx(here, rel=1e-5, abs=1e-7)
    assert all(-1 < v <= 1 for v in (*here[:2], *here[3:5], *here[6:]))


def test_shares_do_not_depend_on_the_base_level_or_on_how_equations_are_written() -> None:
    """Slopes of a factor: with a base, without, and with an intercept that is left out, the same model."""
    by_base = [shares_of(f"mixed y i.k || g: {slopes} cov(un) reml", curves())
               for slopes in ("i.k,", "ib2.k,", "ibn.k, nocons")]  # fmt: skip
    assert by_base[1] == pytest.approx(by_base[0], rel=1e-5, abs=1e-6)
    assert by_base[2] == pytest.approx(by_base[0], rel=1e-5, abs=1e-6)
    one, two = (shares_of(f"mixed y x {random}, reml", curves()) for random in ("|| g: x", "|| g: || g: x, nocons"))
    assert one == pytest.approx(two, rel=1e-5, abs=1e-7)


def test_the_variance_at_the_means_is_that_of_centred_intercepts() -> None:
    frame = curves().assign(c=curves()["x"] - curves()["x"].mean())
    data = dataset(frame)
    centred = terrace.fit("mixed y c || g: c, cov(un)", data)
    (tau,) = (r.estimate for r in centred.random if r.name == "var(_cons)")
    assert level_shares(terrace.fit("mixed y x || g: x, cov(un)", data), data)[0].model == pytest.approx(tau, rel=1e-6)


def test_what_the_data_do_not_identify_at_the_means_has_no_share() -> None:
    """Nobody has both sexes: the likelihood does not contain their covariance, on which the mean over both depends."""
    frame = curves().assign(sex=curves()["g"] % 2)
    data = dataset(frame)
    fit = terrace.fit("mixed y x i.sex || g: ibn.sex, nocons cov(un) reml", data)
    found = level_shares(fit, data)[0]
    assert np.isnan(found.model) and found.reduction is None and found.predicted is not None
    table = r2_table(fit, data)[1]
    assert any("do not identify the variance of g" in n for n in table.notes)
    assert table.rows[0].values[1:3] == (None, None)
    apart = shares_of("mixed y x i.sex || g: ibn.sex, nocons reml", frame)
    assert np.isfinite(apart).all()
