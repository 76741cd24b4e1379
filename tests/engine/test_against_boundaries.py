"""Solutions on or beside the edge of the parameter space, where peers stop or warn.

Small random data with few groups: most of their fits end there. The dense likelihood, searched from two starts
over matrices that stay positive semidefinite, must find nothing better.
"""

from __future__ import annotations

import os

import numpy as np
import pandas as pd
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from oracle_support import column, dataset, estimated, natural
from scipy import optimize, stats

import terrace
from oracles.dense import Dense
from oracles.maximise import start
from oracles.model import describe
from oracles.numerics import hessian
from terrace.errors import TerraceError
from terrace.optimise.scan import is_small

FEW = settings(max_examples=int(os.environ.get("TERRACE_EXAMPLES", "8")))
COMMANDS = (
    "mixed y x || id:",
    "mixed y x || id: x",
    "mixed y x || id: x, cov(unstructured)",
    "mixed y x || id: x, cov(exchangeable)",
    "mixed y x || reg: || id:",
    "mixed y x || _all: R.item || id:",
    "mixed y x || id:, residuals(ar 1, t(t))",
)


def small_frame(seed: int) -> pd.DataFrame:
    """Four to fourteen groups of two to eight rows, a seventh of the rows lost; effects large, small or none."""
    rng = np.random.default_rng(seed)
    groups, size = rng.integers(4, 15), rng.integers(2, 9)
    out = pd.DataFrame({"id": np.repeat(np.arange(groups), size), "t": np.tile(np.arange(size), groups)})
    keep = rng.random(len(out)) < 0.85
    out["reg"], out["item"] = out["id"] // 3, rng.integers(0, 5, len(out))
    out["x"] = rng.normal(size=len(out))
    sd = rng.choice([0, 0.3, 1, 3], 4)
    out["y"] = out["x"] + rng.normal(size=len(out)) + sd[0] * rng.normal(size=groups)[out["id"]]
    out["y"] += sd[1] * rng.normal(size=groups)[out["id"]] * out["x"]
    out["y"] += sd[2] * rng.normal(size=groups)[out["reg"]] + sd[3] * rng.normal(size=5)[out["item"]]
    return out[keep].reset_index(drop=True)


def searched(dense: Dense, reach: float = 9) -> float:
    """The best log likelihood of two bounded searches."""
    first = dense.free(start(dense))
    best = -np.inf
    for shift in (0.0, 0.7):
        at = first + shift * np.random.default_rng(1).normal(size=len(first))
        found = optimize.minimize(
            lambda v: -max(dense.ll_free(v), -1e10), at, method="L-BFGS-B", bounds=[(-reach, reach)] * len(at)
        )
        best = max(best, -found.fun)
    return best


def without_errors(dense: Dense, log_sds: tuple[float, ...]) -> list[float]:
    """The best log likelihoods of a few searches with the SD of the errors held at each of some falling values."""
    first = dense.free(start(dense))[:-1]
    starts = [first + shift * np.random.default_rng(k).normal(size=len(first)) for k, shift in enumerate((0, 0.7, 2))]
    out = []
    for log_sd in log_sds:
        found = [
            optimize.minimize(
                lambda v, s: -max(dense.ll_free(np.append(v, s)), -1e10),
                at,
                args=(log_sd,),
                method="L-BFGS-B",
                bounds=[(-25, 25)] * len(first),
            )
            for at in starts
        ]
        best = min(found, key=lambda one: one.fun)
        starts = [*starts[:3], best.x]
        out.append(-float(best.fun))
    return out


def with_reml(command: str) -> str:
    return command + (" " if "," in command.rpartition("||")[2] else ", ") + "reml"


@FEW
@given(seed=st.integers(0, 2**31), command=st.sampled_from(COMMANDS), reml=st.booleans())
@example(239, COMMANDS[2], True)  # highest where the random effects reproduce the outcome
@example(1700, COMMANDS[1], True)  # four groups: no error is left
@example(273, COMMANDS[5], False)  # nine rows: two summits
@example(70, COMMANDS[2], True)  # 41 rows: two summits, nearly equal
@example(3414, COMMANDS[2], False)  # no error is left, and second derivatives lose their digits
@example(214, COMMANDS[2], False)  # six rows: no maximum
@example(112, COMMANDS[5], False)  # eleven rows: none either
@example(1276756, COMMANDS[6], False)  # two pairs, whose sums a line goes through
@example(167, COMMANDS[6], False)  # pairs: the parameters cannot be told apart
def test_nothing_better_is_found(seed: int, command: str, reml: bool) -> None:
    frame = small_frame(seed)
    command = with_reml(command) if reml else command
    try:
        result = terrace.fit(command, dataset(frame))
    except TerraceError as error:
        assert error.code in ("too-many-parameters", "too-many-effects", "one-group", "exact-fit")
        if error.code == "exact-fit":
            some, *more = (searched(Dense(describe(command, ("x", "_cons")), frame), reach) for reach in (5, 7, 9))
            assert some + 1 < more[0] and more[0] + 1 < more[1]
        return
    dense = Dense(describe(command, ("x", "_cons")), frame)
    if natural(result)[-1] < 1e-4 * frame["y"].var():  # false where nothing tells the variance
        # next to no error left: the likelihood has no maximum, or either evaluation loses digits beside it
        assert result.warnings
        return
    assert result.converged
    if any(w.code == "no-maximum" for w in result.warnings):
        # rising on and on as the errors vanish, where a summit without errors would have a limit
        some, *fewer = without_errors(dense, (-4.0, -6.0, -8.0, -10.0))
        assert max(fewer) > some + 1
    else:
        assert result.ll > searched(dense) - 1e-4
    if np.isnan(natural(result)).any():  # two occasions at most: three parameters for two moments
        assert any(w.code == "not-identified" for w in result.warnings)
    elif result.state == "converged":
        assert result.ll == pytest.approx(dense.ll(natural(result)), abs=1e-6)
    else:
        assert result.warnings
        assert any(p.se is None for p in result.random_sd)


def test_likelihood_without_a_maximum_is_told() -> None:
    result = terrace.fit("mixed y x || id: x, cov(unstructured)", dataset(small_frame(214)))
    assert result.converged
    assert [w.code for w in result.warnings if w.code == "no-maximum"] == ["no-maximum"]
    assert result.random[-1].estimate > 0.1


def test_ordinary_data_are_searched_once() -> None:
    """The look over the whole space is for a handful of rows a parameter."""
    rng = np.random.default_rng(1)
    groups = np.repeat(np.arange(18), 10)
    y = rng.normal(size=180) + rng.normal(size=18)[groups]
    data = dataset(pd.DataFrame({"id": groups, "x": rng.normal(size=180), "y": y}))
    few = dataset(small_frame(239))
    command = "mixed y x || id:"
    assert not is_small(terrace.fit(command, data).model.objective)
    assert is_small(terrace.fit(command, few).model.objective)


def between_less_than_chance() -> pd.DataFrame:
    """Group means closer to each other than independent rows would have them."""
    rng = np.random.default_rng(3)
    frame = pd.DataFrame({"id": np.repeat(np.arange(12), 5), "x": rng.normal(size=60)})
    error = rng.normal(size=60)
    frame["y"] = 2 + frame["x"] + error - error.reshape(12, 5).mean(1).repeat(5)
    return frame


@pytest.mark.parametrize("method", ["ml", "reml"])
def test_variance_of_zero_is_the_linear_model(method: str) -> None:
    frame = between_less_than_chance()
    option = ", reml" if method == "reml" else ""
    result = terrace.fit(f"mixed y x || id:{option}", dataset(frame))
    linear = terrace.fit(f"mixed y x{option}", dataset(frame))
    assert result.state == "boundary"
    assert result.converged
    assert any("id" in name for name in result.boundary)
    assert result.ll == pytest.approx(linear.ll, abs=1e-6)
    np.testing.assert_allclose(column(estimated(result), "coef"), column(estimated(linear), "coef"), rtol=1e-5)
    np.testing.assert_allclose(column(estimated(result), "se"), column(estimated(linear), "se"), rtol=1e-5)
    var, error = result.random
    assert var.boundary
    assert var.estimate < 1e-6
    assert var.se is None
    assert error.estimate == pytest.approx(natural(linear)[-1], rel=1e-5)
    assert result.comparison is not None
    assert result.comparison.stat == pytest.approx(0, abs=1e-6)
    assert result.comparison.p == pytest.approx(1)
    free = len(frame) - (2 if method == "reml" else 0)
    ols = np.linalg.lstsq(np.column_stack([frame["x"], np.ones(60)]), frame["y"], rcond=None)[1][0]
    assert error.estimate == pytest.approx(ols / free, rel=1e-5)


def test_linear_model_is_least_squares() -> None:
    """No || at all: maximum likelihood of the error variance, no comparison line."""
    frame = between_less_than_chance()
    result = terrace.fit("mixed y x", dataset(frame))
    x = np.column_stack([frame["x"], np.ones(60)])
    beta, rss = np.linalg.lstsq(x, frame["y"], rcond=None)[:2]
    np.testing.assert_allclose(column(estimated(result), "coef"), beta, rtol=1e-9)
    sigma2 = rss[0] / 60
    assert result.ll == pytest.approx(stats.norm.logpdf(frame["y"] - x @ beta, scale=np.sqrt(sigma2)).sum())
    (error,) = result.random
    assert error.estimate == pytest.approx(sigma2, rel=1e-9)
    assert error.se == pytest.approx(sigma2 * np.sqrt(2 / 60), rel=1e-7)
    assert result.comparison is None


@pytest.mark.parametrize(
    ("seed", "command"), [(23, "mixed y x || _all: R.item || id:"), (34, "mixed y x || id: x, reml")]
)
def test_interval_of_a_variance_beside_zero(seed: int, command: str) -> None:
    result = terrace.fit(command, dataset(small_frame(seed)))
    for row in result.random:
        assert row.lb is None or 0 <= row.lb <= row.estimate <= row.ub


@pytest.mark.parametrize(("origin", "close"), [(2_000, 1e-6), (20_000, 1e-6)])
def test_slope_on_calendar_years(origin: float, close: float) -> None:
    """An unstructured covariance absorbs the origin of its covariate: the likelihood must not move."""
    rng = np.random.default_rng(8)
    frame = pd.DataFrame({"id": np.repeat(np.arange(20), 6), "year": np.tile(np.arange(6), 20)})
    u = rng.normal(size=(20, 2))[frame["id"]]
    frame["y"] = 1 + 0.5 * frame["year"] + u[:, 0] + 0.5 * u[:, 1] * frame["year"] + rng.normal(size=120)
    command = "mixed y year || id: year, cov(unstructured)"
    plain = terrace.fit(command, dataset(frame))
    moved = terrace.fit(command, dataset(frame.assign(year=origin + frame["year"])))
    assert moved.ll == pytest.approx(plain.ll, abs=close)
    assert natural(moved)[0] == pytest.approx(natural(plain)[0], rel=1e-4)
    assert moved.state == "converged"


STRATA = "mixed y x || id: x, residuals(independent, by(t))"


@pytest.mark.parametrize("seed", [2, 19])
def test_error_variance_of_one_stratum_beside_zero(seed: int) -> None:
    frame = small_frame(seed)
    result = terrace.fit(STRATA, dataset(frame))
    dense = Dense(describe(STRATA, ("x", "_cons")), frame)
    assert result.ll == pytest.approx(dense.ll(natural(result)), abs=1e-4)
    assert result.ll > searched(dense) - 1e-3


@pytest.mark.parametrize(("seed", "reml"), [(9, False), (1, True), (46, False), (46, True)])
def test_likelihood_where_the_error_variance_of_one_stratum_vanishes(seed: int, reml: bool) -> None:
    """V itself is well conditioned here: the random effects carry the rows of that stratum."""
    frame = small_frame(seed)
    command = with_reml(STRATA) if reml else STRATA
    result = terrace.fit(command, dataset(frame))
    assert not any(w.code == "not-identified" for w in result.warnings)  # each is, beside that edge
    dense = Dense(describe(command, ("x", "_cons")), frame)
    assert result.ll == pytest.approx(dense.ll(natural(result)), abs=1e-4)


@pytest.mark.parametrize(("seed", "reml"), [(37, True)])
def test_highest_of_several_summits_between_strata(seed: int, reml: bool) -> None:
    frame = small_frame(seed)
    command = with_reml(STRATA) if reml else STRATA
    dense = Dense(describe(command, ("x", "_cons")), frame)
    assert terrace.fit(command, dataset(frame)).ll > searched(dense) - 1e-3


def carried(seed: int, noisy: int, dust: float = 0.0) -> pd.DataFrame:
    """Fifteen subjects with ``noisy`` rows each where m = 1, 2 (of different noise), and before them one row where
    m = 0 that the random intercept carries but for ``dust``."""
    rng = np.random.default_rng(seed)
    m = np.tile(np.append(0, 1 + np.arange(noisy) % 2), 15)
    frame = pd.DataFrame({"id": np.repeat(np.arange(15), 1 + noisy), "m": m, "x": rng.normal(size=len(m))})
    frame["x"] = np.where(m == 0, 0.0, frame["x"])
    noise = rng.normal(size=len(m)) * np.array([dust, 1.0, 1.5])[m]
    return frame.assign(y=1 + 0.5 * frame["x"] + rng.normal(size=15)[frame["id"]] + noise)


CARRIED = "mixed y x || id:, residuals(independent, by(m))"


def relabelled(frame: pd.DataFrame, labels: list[int], command: str) -> tuple[terrace.FitResult, list]:
    """A fit with other numbers for the groups of m, and its residual variances in the order of the old ones."""
    result = terrace.fit(command, dataset(frame.assign(m=np.array(labels)[frame["m"]])))
    own = result.random[-len(labels):]
    return result, [own[k] for k in np.argsort(np.argsort(labels))]


@pytest.mark.parametrize(("seed", "reml"), [(seed, seed % 4 < 2) for seed in range(1, 9)])
def test_which_group_comes_first_does_not_matter(seed: int, reml: bool) -> None:
    """Also where the variance of that group goes to zero, to which others are no finite number. With two rows a subject
    groups are of one size, with four those of m = 0 are the fewest."""
    command = with_reml(CARRIED) if reml else CARRIED
    for noisy, labellings in ((1, ([0, 1], [1, 0])), (4, ([0, 1, 2], [2, 0, 1], [1, 2, 0]))):
        frame = carried(seed, noisy, dust=1e-4 * (seed % 2))
        fits = [relabelled(frame, labels, command) for labels in labellings]
        first, variances = fits[0]
        assert first.converged
        dense = Dense(describe(command, ("x", "_cons")), frame)
        assert first.ll == pytest.approx(dense.ll(natural(first)), abs=1e-6)
        if seed < 3:  # takes its time
            assert first.ll > searched(dense) - 1e-4
        for other, renamed in fits[1:]:
            assert other.converged and other.state == first.state
            assert other.ll == pytest.approx(first.ll, abs=1e-6)
            np.testing.assert_allclose(column(estimated(other), "coef"), column(estimated(first), "coef"), atol=1e-6)
            np.testing.assert_allclose(column(estimated(other), "se"), column(estimated(first), "se"), rtol=1e-5)
            assert [row.boundary for row in renamed] == [row.boundary for row in variances]
            np.testing.assert_allclose(column(renamed, "estimate"), column(variances, "estimate"), rtol=1e-4, atol=1e-6)
            np.testing.assert_allclose(column(renamed, "se"), column(variances, "se"), rtol=1e-4)


def test_a_ratio_to_a_variance_of_zero_has_no_standard_error() -> None:
    for labels in ([0, 1], [1, 0]):
        result, variances = relabelled(carried(3, 1), labels, CARRIED)
        assert [row.boundary for row in variances] == [True, False]
        assert result.random_estmetric[-1].se is None
        assert (result.random_estmetric[-2].se is None) == (labels == [0, 1])


def test_negative_correlation_of_residuals_is_bounded_by_the_groups_of_its_stratum() -> None:
    """Two rows a group allow every correlation above -1, whatever the size of the groups of other strata."""
    rng = np.random.default_rng(5)
    pairs, wide = np.repeat(np.arange(12), 2), 12 + np.repeat(np.arange(8), 6)
    frame = pd.DataFrame({"id": np.concatenate([pairs, wide]), "g": np.repeat([1, 2], [24, 48])})
    first = rng.normal(size=12)
    frame["y"] = np.concatenate([np.column_stack([first, -0.8 * first]).ravel(), np.zeros(48)]) + rng.normal(
        0, 0.5, 72
    )
    command = "mixed y || id:, noconstant residuals(exchangeable, by(g))"
    result = terrace.fit(command, dataset(frame))
    variance, covariance = natural(result)[:2]
    assert covariance / variance < -0.5
    assert result.state == "converged"
    assert result.ll > searched(Dense(describe(command, ("_cons",)), frame)) - 1e-7


def serial(seed: int, groups: int, size: int, theta: tuple[float, ...]) -> pd.DataFrame:
    """Moving averages of white noise within groups."""
    rng = np.random.default_rng(seed)
    q = len(theta)
    noise = rng.normal(size=(groups, size + q))
    y = noise[:, q:] + sum(w * noise[:, q - k - 1 : q - k - 1 + size] for k, w in enumerate(theta))
    times = np.tile(np.arange(size), groups)
    return pd.DataFrame({"id": np.repeat(np.arange(groups), size), "t": times, "y": y.ravel()})


def test_moving_average_at_the_edge_of_invertibility() -> None:
    """Its parameters have no standard error there; that of the variance is taken along the edge."""
    frame = serial(3, 12, 4, (0.8, 1.2))
    command = "mixed y || id:, noconstant residuals(ma 2, t(t))"
    result = terrace.fit(command, dataset(frame))
    theta1, theta2, variance = result.random
    assert theta2.estimate == pytest.approx(1.0, abs=1e-6)
    assert result.state == "boundary"
    assert result.boundary == ("Residual: theta1", "Residual: theta2")
    assert theta1.se is None and theta2.se is None
    dense = Dense(describe(command, ("_cons",)), frame)

    def along(free: np.ndarray) -> float:
        return dense.ll(np.array([free[0], 1.0, np.exp(free[1])]))

    curve = -hessian(along, np.array([theta1.estimate, np.log(variance.estimate)]))
    assert variance.se == pytest.approx(variance.estimate * np.sqrt(np.linalg.inv(curve)[1, 1]), rel=1e-6)


@pytest.mark.parametrize("unit", [1, 1000])
def test_correlation_in_time_that_cannot_be_negative_is_zero(unit: int) -> None:
    frame = serial(1, 10, 5, (-0.6,)).assign(s=lambda f: f["t"] / unit)
    result = terrace.fit("mixed y || id:, noconstant residuals(exponential, t(s))", dataset(frame))
    plain = terrace.fit("mixed y", dataset(frame))
    assert result.state == "boundary"
    assert result.boundary == ("Residual: rho",)
    rho, variance = result.random
    assert rho.se is None and rho.lb is None
    assert result.ll == pytest.approx(plain.ll, abs=1e-7)
    assert (variance.estimate, variance.se) == pytest.approx((plain.random[0].estimate, plain.random[0].se), rel=1e-6)
    assert any("positive correlation" in w.message for w in result.warnings)


@pytest.mark.parametrize("structure", ["identity", "exchangeable"])
def test_common_variance_of_columns_in_very_different_units(structure: str) -> None:
    """What one column adds is nothing beside what the other does: the variance is small for the first alone."""
    rng = np.random.default_rng(12)
    frame = pd.DataFrame({"id": np.repeat(np.arange(15), 5), "x": 1e-6 * rng.normal(size=75)})
    frame["w"] = rng.normal(size=75)
    frame["y"] = rng.normal(size=75) + rng.normal(size=15)[frame["id"]] * frame["w"]
    command = f"mixed y w || id: x w, noconstant cov({structure})"
    result = terrace.fit(command, dataset(frame))
    assert natural(result)[0] > 0.1
    dense = Dense(describe(command, ("w", "_cons")), frame)
    assert result.ll == pytest.approx(dense.ll(natural(result)), abs=1e-8)


def test_common_correlation_at_its_lowest_is_named_as_such() -> None:
    rng = np.random.default_rng(2)
    frame = pd.DataFrame({"id": np.repeat(np.arange(20), 9), "item": np.tile(np.repeat(np.arange(3), 3), 20)})
    effect = rng.normal(size=(20, 3))
    effect -= effect.mean(axis=1, keepdims=True)
    frame["y"] = effect.ravel().repeat(3) + 0.5 * rng.normal(size=180)
    result = terrace.fit("mixed y || id: R.item, cov(exchangeable)", dataset(frame))
    variance, covariance, _ = natural(result)
    assert covariance == pytest.approx(-variance / 2, rel=1e-5)
    assert result.boundary == ("id: corr(R.item)",)
    assert "-1/2" in result.warnings[-1].message


@pytest.mark.parametrize("sd", [1e-3, 1e-5])
def test_small_errors_that_are_well_determined_are_no_boundary(sd: float) -> None:
    rng = np.random.default_rng(0)
    frame = pd.DataFrame({"id": np.repeat(np.arange(30), 8), "x": rng.normal(size=240)})
    error, effect = sd * rng.normal(size=240), rng.normal(size=30)[frame["id"]]
    result = terrace.fit("mixed y x || id:, reml", dataset(frame.assign(y=frame["x"] + effect + error)))
    assert result.state == "converged"
    # within groups, the restricted likelihood is that of the analysis of covariance
    x, e = (v - v.groupby(frame["id"]).transform("mean") for v in (frame["x"], pd.Series(error)))
    rest = e - x * (x @ e) / (x @ x)
    variance = float(rest @ rest) / (240 - 30 - 1)
    assert result.random[-1].estimate == pytest.approx(variance, rel=1e-4)
    assert result.random[-1].se == pytest.approx(variance * np.sqrt(2 / 209), rel=1e-4)


@pytest.mark.parametrize("unit", [1e-6, 1.0, 1e6])
def test_unit_of_time_of_exponential_residuals_is_arbitrary(unit: float) -> None:
    frame = serial(1, 10, 6, (0.9,))
    plain = terrace.fit("mixed y || id:, noconstant residuals(exponential, t(t))", dataset(frame))
    command = "mixed y || id:, noconstant residuals(exponential, t(s))"
    result = terrace.fit(command, dataset(frame.assign(s=unit * frame["t"])))
    assert result.ll == pytest.approx(plain.ll, abs=1e-10)
    (rho, variance), (plain_rho, plain_variance) = result.random, plain.random
    assert (variance.estimate, variance.se) == pytest.approx((plain_variance.estimate, plain_variance.se), rel=1e-7)
    if unit >= 1:  # per microsecond, what is left of a correlation is no number
        assert rho.estimate == pytest.approx(plain_rho.estimate ** (1 / unit), rel=1e-9)
        slope = rho.estimate / plain_rho.estimate / unit
        assert rho.se == pytest.approx(plain_rho.se * slope, rel=1e-6)


def test_residuals_with_more_parameters_than_groups_can_carry_say_so() -> None:
    """Four groups of five times: some combination of the times has no error in any of them."""
    frame = serial(2, 4, 5, (0.5,))
    result = terrace.fit("mixed y || id:, noconstant residuals(unstructured, t(t))", dataset(frame))
    assert result.state == "failed"
    assert "too few groups for residuals(unstructured)" in result.warnings[0].message
