"""What is made of parameters that the data do not identify: nothing is shown that differs between points of the same
likelihood, and all is that does not. The points are found, and the numbers there, by dense matrices."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd
import pytest
from identification_support import MODEL, data

import terrace
from terrace.data.readers.frames import as_dataset
from terrace.errors import SpecError, TerraceError
from terrace.postestimation.diagnose import plots
from terrace.postestimation.diagnose.influence import influence
from terrace.postestimation.margins.margins import margins
from terrace.postestimation.predict.columns import effects, fitted, linear, linear_se, predict, random_effects
from terrace.postestimation.predict.uncertainty import prediction
from terrace.postestimation.tests.lrtest import lrtest
from terrace.postestimation.variance.reliability import reliability, reliability_table
from terrace.results.fit import FitResult

Array = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Point:
    """What dense matrices give at one Σ (2 × 2, of the columns z) and σ²."""

    ll: float
    beta: Array
    u: Array  # (groups, 2)
    error: Array  # (groups, 2): the SE of u - û
    fitted: Array


def dense(frame: pd.DataFrame, x: Array, z: Array, sigma: Array, sigma2: float, reml: bool = True) -> Point:
    g, y = frame.g.to_numpy(), frame.y.to_numpy()
    wide = np.concatenate([z * (g == k)[:, None] for k in range(g.max() + 1)], axis=1)
    big = np.kron(np.eye(g.max() + 1), sigma)
    v = wide @ big @ wide.T + sigma2 * np.eye(len(y))
    w = np.linalg.inv(v)
    a = x.T @ w @ x
    beta = np.linalg.solve(a, x.T @ w @ y)
    r = y - x @ beta
    ll = -0.5 * (np.linalg.slogdet(v)[1] + r @ w @ r + reml * np.linalg.slogdet(a)[1])
    p = w - (w @ x @ np.linalg.solve(a, x.T @ w) if reml else 0.0)
    u = big @ wide.T @ w @ r
    spread = np.sqrt(np.maximum(np.diag(big - big @ wide.T @ p @ wide @ big), 0.0))
    return Point(float(ll), beta, u.reshape(-1, 2), spread.reshape(-1, 2), x @ beta + wide @ u)


def flat_points(frame: pd.DataFrame, fit: FitResult, known: int) -> list[Point]:
    """Points of the flat set where all of Σ but one variance (``known``) can be anything that makes it a covariance
    matrix."""
    values = {r.name: r.estimate for r in fit.random}
    tau = values["var(x)" if known == 0 else "var(_cons)"]
    z = np.column_stack([frame.x, np.ones(len(frame))])
    out = []
    for c, more in ((0.0, 0.0), (0.3, 0.4), (-0.5, 0.1), (0.2, 3.0)):
        sigma = np.full((2, 2), c)
        sigma[known, known], sigma[1 - known, 1 - known] = tau, c * c / tau + more
        out.append(dense(frame, np.asarray(fit.model.design.x), z, sigma, values["var(Residual)"]))
    return out


def differ(values: list[Array]) -> npt.NDArray[np.bool_]:
    stacked = np.array(values)
    return np.ptp(stacked, axis=0) > 1e-6 * (1.0 + np.abs(stacked).max(axis=0))


# --- fixed effects that the flat set of the likelihood moves ----------------------------------------------------------
# of Σ only one variance is known: that of the slopes where i.g takes up all intercepts, that of the intercepts where
# i.g#c.x takes up all slopes
MOVING: dict[str, tuple[str, int, set[str]]] = {
    "intercepts": ("mixed y x i.g || g: x, cov(un) reml", 0, {"x"}),
    "intercepts without a base": ("mixed y x ibn.g, nocons || g: x, cov(un) reml", 0, {"x"}),
    "slopes": ("mixed y i.g#c.x || g: x, cov(un) reml", 1, {"_cons"}),
    "slopes and another covariate": ("mixed y i.g#c.x i.t || g: x, cov(un) reml", 1, {"_cons", "1.t"}),
}


@pytest.mark.parametrize("name", MOVING)
def test_coefficients_that_move_along_the_flat_set_have_no_estimate(name: str) -> None:
    command, known, kept = MOVING[name]
    frame = data()
    fit = terrace.fit(command, frame)
    points = flat_points(frame, fit, known)
    assert [p.ll for p in points] == pytest.approx([points[0].ll] * len(points), abs=1e-9)
    moves = dict(zip((c.name for c in fit.model.design.x_info), differ([p.beta for p in points])))
    assert {c for c, moving in moves.items() if not moving} == kept
    for e in (e for e in fit.fixed if e.term in moves):
        assert (e.kind == "unidentified") == moves[e.term]
        if moves[e.term]:
            assert np.isnan(e.coef)
            assert (e.se, e.p, e.lb) == (None, None, None)
            assert e.shown == "not identified"
        else:
            at = [c.name for c in fit.model.design.x_info].index(e.term)
            assert e.coef == pytest.approx(points[0].beta[at], rel=1e-6)
            assert e.se is not None
    told = [str(w) for w in fit.warnings if w.code == "not-identified"]
    count = sum(e.kind == "unidentified" and ".g" in e.term for e in fit.fixed)
    assert any(f"{count} levels of i" in text and "cov(x,_cons)" in text for text in told)
    assert "not identified" in str(fit)


def test_variances_alone_move_no_coefficient() -> None:
    fit = terrace.fit("mixed y x i.g || g:, reml", data())
    assert {e.kind for e in fit.fixed} == {"base", "estimated"}


def test_what_is_made_of_moving_coefficients_is_not_estimable() -> None:
    frame = data()
    fit = terrace.fit("mixed y x i.g || g: x, cov(un) reml", frame)
    dataset = as_dataset(frame)
    assert not margins(fit, dataset, ["g"]).estimable.any()
    slope = margins(fit, dataset, dydx="x")
    assert slope.estimable.all()
    x = next(e for e in fit.fixed if e.term == "x")
    assert slope.margins == pytest.approx([x.coef])
    assert not any(np.isfinite(margins(fit, dataset, ["g"]).margins))
    assert np.isnan(linear(fit, dataset)).all()
    assert np.isnan(linear_se(fit, dataset)).all()
    # the test of all terms is of what is left: the slope alone
    assert fit.scalars["df_m"] == 1
    assert fit.scalars["chi2"] == pytest.approx((x.coef / x.se) ** 2, rel=1e-9)


def test_a_covariance_beside_a_variance_of_zero_moves_nothing() -> None:
    """It can be nothing but zero; of Σ only the variance of the intercepts is open, and that moves no estimate."""
    frame = data()
    rng = np.random.default_rng(1)
    frame["y"] = rng.normal(size=8)[frame.g] + 0.5 * frame.x + rng.normal(size=len(frame))
    fit = terrace.fit(MODEL, frame)
    assert fit.random[0].estimate == 0.0
    assert [r.identified for r in fit.random] == [True, False, False, True]
    x, z = np.asarray(fit.model.design.x), np.column_stack([frame.x, np.ones(len(frame))])
    points = [dense(frame, x, z, np.diag([0.0, v]), fit.random[-1].estimate) for v in (0.0, 0.5, 4.0)]
    assert [p.ll for p in points] == pytest.approx([points[0].ll] * 3, abs=1e-9)
    assert not differ([p.beta for p in points]).any()
    names = [c.name for c in fit.model.design.x_info]
    estimates = {e.term: e.coef for e in fit.fixed if e.kind == "estimated"}
    assert [estimates[n] for n in names] == pytest.approx(list(points[0].beta), rel=1e-6)
    (found,) = random_effects(fit)
    assert np.isnan(found.values).tolist() == differ([p.u for p in points]).tolist()
    assert np.isnan(found.se).tolist() == differ([p.error for p in points]).tolist()


def test_what_is_open_is_what_some_outcome_would_move() -> None:
    """Not only the one direction in which these data happen to move β̂: a test of several coefficients has no df by
    chance."""
    frame = data()
    fit = terrace.fit("mixed y x i.g || g: x, cov(un) reml", frame)
    assert fit.model.design.unsettled is not None
    points = flat_points(frame, fit, 0)
    span = fit.model.design.unsettled
    # every move of the dense estimates lies in the space that is said to be open, and the space is no larger
    # than what other outcomes move
    moves = np.array([p.beta - points[0].beta for p in points[1:]]).T
    left = moves - span @ np.linalg.lstsq(span, moves, rcond=None)[0]
    assert np.abs(left).max() < 1e-8 * np.abs(moves).max()
    rng = np.random.default_rng(5)
    others = []
    for _ in range(12):
        other = frame.assign(y=rng.normal(size=len(frame)))
        z = np.column_stack([frame.x, np.ones(len(frame))])
        both = [
            dense(other, np.asarray(fit.model.design.x), z, np.array([[0.4, c], [c, 2.0]]), 1.0).beta for c in (0, 0.5)
        ]
        others.append(both[1] - both[0])
    assert np.linalg.matrix_rank(np.array(others), tol=1e-8) == span.shape[1]


# --- predicted effects ------------------------------------------------------------------------------------------------
@pytest.mark.parametrize("name", MOVING)
def test_effects_and_their_errors_are_those_that_do_not_move(name: str) -> None:
    command, known, _ = MOVING[name]
    frame = data()
    fit = terrace.fit(command, frame)
    points = flat_points(frame, fit, known)
    (found,) = random_effects(fit)
    for ours, theirs in ((found.values, [p.u for p in points]), (found.se, [p.error for p in points])):
        moves = differ(theirs)
        assert moves.any() and not moves.all()
        assert np.isnan(ours).tolist() == moves.tolist()
        assert ours[~moves] == pytest.approx(theirs[0][~moves], rel=1e-5, abs=1e-8)
    dataset = as_dataset(frame)
    assert not differ([p.fitted for p in points]).any()
    assert fitted(fit, dataset) == pytest.approx(points[0].fitted, rel=1e-6)
    both = prediction(fit, dataset)
    assert both.value == pytest.approx(points[0].fitted, rel=1e-6)
    assert np.isfinite(both.se).all()


def test_effects_that_nobody_shows_are_missing_for_them_only() -> None:
    """Of each group the data know the effect of its own sex; that of the other hangs on the covariance."""
    frame = data(groups=30)
    fit = terrace.fit("mixed y i.sex || g: ibn.sex, nocons cov(un)", frame)
    a, b = (r.estimate for r in fit.random[:2])
    z = np.column_stack([frame.sex == 0, frame.sex == 1]).astype(float)
    sigma2 = fit.random[-1].estimate
    x = np.asarray(fit.model.design.x)
    points = [
        dense(frame, x, z, np.array([[a, c], [c, b]]), sigma2, reml=False) for c in (0.0, 0.3 * a**0.5 * b**0.5)
    ]
    moves = differ([p.u for p in points])
    assert moves.sum() == 30
    found = effects(fit)[0].values
    assert np.isnan(found).tolist() == moves.tolist()
    assert found[~moves] == pytest.approx(points[0].u[~moves], rel=1e-5)
    dataset = as_dataset(frame)
    columns = predict(fit, dataset, "reffects", reses=True)
    assert [int(np.isnan(c.values).sum()) for c in columns] == [90, 90, 0, 0]


def test_a_variance_that_fixed_effects_take_up_leaves_effects_at_zero_without_errors() -> None:
    frame = data()
    fit = terrace.fit("mixed y x i.g || g:, reml", frame)
    (found,) = random_effects(fit)
    assert found.values == pytest.approx(np.zeros((8, 1)), abs=1e-9)
    assert np.isnan(found.se).all()


def test_graphs_of_effects_leave_out_what_is_not_identified() -> None:
    frame = data(groups=30)
    fit = terrace.fit("mixed y i.sex || g: ibn.sex, nocons cov(un)", frame)
    picture = plots.caterpillar(fit, term="0.sex")
    assert sum(len(m.x) for p in picture.panels for m in p.marks if m.kind == "interval") == 15
    fit = terrace.fit("mixed y x i.g || g: x, cov(un) reml", data())
    with pytest.raises(TerraceError, match=r"cov\(x,_cons\)"):
        plots.caterpillar(fit, term="_cons")
    assert len(plots.qq(fit, of="effects").panels) == 1


# --- what else is computed from variances -----------------------------------------------------------------------------
def test_reliabilities_of_known_variances_stay() -> None:
    frame = data()
    fit = terrace.fit("mixed y x i.g || g: x, cov(un) reml", frame)
    (found,) = reliability(fit)
    assert found.identified.tolist() == [True, False]
    rows = {r.code: r.values for r in reliability_table(fit).rows}
    assert rows["_cons"] == ("not identified", None, None, None)
    # λ = τ/(τ + v), v of least squares with an intercept in each group
    tau, sigma2 = fit.random[0].estimate, fit.random[-1].estimate
    v = sigma2 / frame.groupby("g").x.apply(lambda x: ((x - x.mean()) ** 2).sum()).to_numpy()
    assert found.values[:, 0] == pytest.approx(tau / (tau + v), rel=1e-6)


def test_influence_is_on_the_coefficients_that_have_estimates() -> None:
    frame = data()
    fit = terrace.fit("mixed y x i.g || g: x, cov(un) reml", frame)
    found = influence(fit, as_dataset(frame), "observation")
    assert found.names == ("x",)
    assert np.isfinite(found.cooks).all()


def test_the_test_against_the_linear_model_is_of_what_is_identified() -> None:
    frame = data()
    none = terrace.fit("mixed y x i.g || g:, reml", frame)
    assert none.comparison is None
    assert "chi2_c" not in none.scalars
    assert any("no likelihood-ratio test" in str(w) for w in none.warnings)
    assert "LR test" not in str(none)
    # a variance alone is left of Σ: half of χ²(0), half of χ²(1), as for that variance by itself
    one = terrace.fit("mixed y x i.g || g: x, cov(un) reml", frame)
    same = terrace.fit("mixed y x i.g || g: x, nocons reml", frame)
    assert one.comparison is not None and same.comparison is not None
    assert one.comparison.label == "chibar2(01)"
    assert one.comparison.stat == pytest.approx(same.comparison.stat, abs=1e-6)
    assert one.comparison.p == pytest.approx(same.comparison.p, rel=1e-5)
    linear_model = terrace.fit("mixed y x i.g, reml", frame)
    assert lrtest(linear_model, one, "linear", "one").df == 1
    with pytest.raises(SpecError, match="no test"):
        lrtest(linear_model, none, "linear", "none")


def test_two_variances_of_which_the_sum_is_known_are_tested_as_one() -> None:
    frame = data(groups=30).assign(h=lambda d: d.g)
    two = terrace.fit("mixed y x || h: || g:, reml", frame)
    one = terrace.fit("mixed y x || g:, reml", frame)
    assert not any(r.identified for r in two.random[:2])
    assert two.comparison is not None and one.comparison is not None
    assert (two.comparison.label, two.comparison.df) == ("chibar2(01)", 1)
    assert two.comparison.stat == pytest.approx(one.comparison.stat, abs=1e-6)


# --- other designs ----------------------------------------------------------------------------------------------------
def test_the_mean_over_balanced_groups_does_not_move() -> None:
    """What the covariance adds to the groups' intercepts are their shares of x'Py = 0."""
    frame = data()
    fit = terrace.fit(MODEL, frame)
    points = flat_points(frame, fit, 0)
    mean = np.asarray(fit.model.design.x).mean(axis=0)
    found = margins(fit, as_dataset(frame))
    assert found.estimable.all()
    assert found.margins == pytest.approx([mean @ points[0].beta])
    assert not differ([np.array([mean @ p.beta]) for p in points]).any()


def test_crossed_effects_levels_below_and_constraints_leave_the_groups_to_move() -> None:
    """What moves is what moves in dense estimates: the coefficients of the groups and nothing else."""
    rng = np.random.default_rng(2)
    frame = data(groups=6, size=20)
    frame["h"] = frame.g * 5 + np.arange(len(frame)) % 5
    frame["k"] = rng.integers(0, 7, len(frame))
    frame["w"] = rng.normal(size=len(frame))
    frame["y"] += rng.normal(size=30)[frame.h] + rng.normal(size=7)[frame.k]
    for random in ("|| g: x, cov(un) || h:", "|| _all: R.k || g: x, cov(un)"):
        fit = terrace.fit(f"mixed y x w i.g {random}, reml", frame)
        assert {e.term for e in fit.fixed if e.kind == "estimated"} == {"x", "w"}, random
        x, g = np.asarray(fit.model.design.x), frame.g.to_numpy()
        values = {(r.level, r.name): r.estimate for r in fit.random}
        other = frame.h if "h:" in random else frame.k
        below = next(v for (level, _), v in values.items() if level in ("h", "_all"))
        same = np.equal.outer(g, g)
        rest = below * np.equal.outer(other.to_numpy(), other.to_numpy())
        rest = rest + values["Residual", "var(Residual)"] * np.eye(120)
        betas = []
        for c in (0.0, 0.4):
            slopes, both = np.outer(frame.x, frame.x), np.add.outer(frame.x.to_numpy(), frame.x.to_numpy())
            v = rest + same * (values["g", "var(x)"] * slopes + c * both + 2.0)
            w = np.linalg.inv(v)
            betas.append(np.linalg.solve(x.T @ w @ x, x.T @ w @ frame.y))
        moves = differ(betas)
        names = [c.name for c in fit.model.design.x_info]
        assert {n for n, m in zip(names, moves) if not m} == {"x", "w"}
        assert fit.fixed[0].coef == pytest.approx(betas[0][names.index("x")], rel=1e-5)
    fit = terrace.fit("mixed y x w i.g || g: x, cov(un) reml constraints(1)", frame, constraints={1: "x = w"})
    kinds = {e.term: e.kind for e in fit.fixed}
    assert kinds["x"] == kinds["w"] != "unidentified"
    assert kinds["2.g"] == kinds["_cons"] == "unidentified"
