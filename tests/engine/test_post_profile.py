"""Profile-likelihood intervals against lme4's, and against the definition on the dense likelihood."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pandas as pd
import pytest
from oracle_support import dense_of, generated_fit, r_fit
from post_support import rows
from scipy import optimize

import terrace
from oracles import rcases
from oracles.generated import EVERY, Case
from terrace.errors import Cancelled, SpecError
from terrace.inference.cells import natural_values
from terrace.inference.zero_limit import profile_limits
from terrace.postestimation.variance import profile_search
from terrace.postestimation.variance.parts import sd_table
from terrace.postestimation.variance.profile import profile, profile_plot, profile_table
from terrace.postestimation.variance.profile_search import ProfileSearch
from terrace.progress import Progress
from terrace.report.text.fit import fit_text
from terrace.results.replay import shown_again
from terrace.results.tables_notes import boundary_note, random_notes

R = [pytest.param(c, id=c["id"]) for c in rcases.every("profile")]
Z2 = 1.959963984540054**2


def case(name: str) -> Case:
    return next(c for c in EVERY if c.id == name)


@pytest.mark.parametrize("expected", R)
def test_intervals_are_those_of_lme4(expected: Any) -> None:
    fit = r_fit(expected["command"], expected["data"])
    found = {(r.level, r.name): r for r in profile(fit, metric="sd", coefficients=True)}
    for p in expected["parameters"]:
        r = found[p["level"] or "Fixed effects", p["name"]]
        spread = p["upper"] - p["lower"]
        # lme4 interpolates between the points of its profile
        assert r.lower == pytest.approx(p["lower"], abs=1e-3 * spread)
        assert r.upper == pytest.approx(p["upper"], abs=1e-3 * spread)


def profiled(case: Case, k: int, value: float, begin: np.ndarray) -> float:
    """The highest dense likelihood with one natural parameter held, by general optimisation."""
    dense = dense_of(case)
    scale = np.maximum(np.abs(begin), 1e-3)

    def lost(x: np.ndarray) -> float:
        full = x * scale
        full[k] = value
        try:
            ll = dense.ll(full)
        except np.linalg.LinAlgError:
            return 1e6
        return -ll if math.isfinite(ll) else 1e6

    x = begin / scale
    for _ in range(3):
        x = optimize.minimize(lost, x, method="Nelder-Mead", options={"xatol": 1e-7, "fatol": 1e-9, "maxiter": 4000}).x
    return -lost(x)


@pytest.mark.parametrize(
    ("name", "k"),
    [("residual-ar1-ml", 0), ("residual-exponential-reml", 0), ("residual-exchangeable-ml", 1),
     ("slope-independent-ml", 0), ("residual-by-ml", 1)],
)  # fmt: skip
def test_at_the_ends_the_likelihood_has_fallen_by_half_the_quantile(name: str, k: int) -> None:
    fit = generated_fit(case(name))
    (found,) = profile(fit, [fit.random[k].name], metric="variance")
    begin = np.array([p.estimate for p in fit.random])
    for end in (found.lower, found.upper):
        assert end is not None
        if end == 0.0:
            continue
        top = profiled(case(name), k, end, begin)
        assert 2 * (fit.ll - top) == pytest.approx(Z2, abs=2e-4)


def test_gradient_of_the_search() -> None:
    for name in ("slope-unstructured-reml", "residual-ar1-by-ml", "crossed-ml"):
        fit = generated_fit(case(name))
        search = ProfileSearch(fit, lambda: None)
        rng = np.random.default_rng(3)
        u = search.center + 0.05 * rng.standard_normal(len(search.center))
        _, slope = search.likelihood(u)
        top, _ = search.likelihood(search.center)
        assert top == pytest.approx(fit.ll, abs=1e-8)
        for i in range(len(u)):
            step = np.zeros(len(u))
            step[i] = 1e-5
            numeric = (search.likelihood(u + step)[0] - search.likelihood(u - step)[0]) / 2e-5
            assert slope[i] == pytest.approx(numeric, rel=1e-5, abs=1e-4)
            for k in range(len(fit.random)):
                for metric in ("sd", "variance"):
                    ends = [search.parameter(u + s, k, metric)[0] for s in (step, -step)]
                    assert search.parameter(u, k, metric)[1][i] == pytest.approx(
                        (ends[0] - ends[1]) / 2e-5, rel=1e-4, abs=1e-7
                    )


def test_a_variance_that_rounding_takes_below_zero_has_a_small_correlation(monkeypatch: pytest.MonkeyPatch) -> None:
    """As at a singular matrix, where the last digits are those of the processor."""
    fit = generated_fit(case("slope-unstructured-reml"))
    search = ProfileSearch(fit, lambda: None)
    names = [p.name for p in fit.random_sd]
    k = next(i for i, name in enumerate(names) if name.startswith("corr"))

    def rounded(*arguments: Any) -> Any:
        values, slopes = natural_values(*arguments)
        values = values.copy()
        values[0], values[k] = -8e-20 * values[0], 1e-14 * values[k]
        return values, slopes

    monkeypatch.setattr(profile_search, "natural_values", rounded)
    value, slope = search.parameter(search.center, k, "sd")
    assert abs(value) < 1e-3
    assert np.all(np.isfinite(slope))


def test_squares_of_standard_deviations_and_levels() -> None:
    fit = r_fit("mixed reaction days || subject: days, cov(un)", "sleepstudy")
    (sd,) = profile(fit, ["sd(days)"], metric="sd")
    (var,) = profile(fit, ["subject:var(days)"], metric="variance")
    assert [var.lower, var.upper] == pytest.approx([sd.lower**2, sd.upper**2], rel=1e-6)  # type: ignore[operator]
    (wide,) = profile(fit, ["sd(days)"], metric="sd", level=99)
    assert wide.lower < sd.lower < sd.upper < wide.upper  # type: ignore[operator]
    assert np.all(np.diff(sd.zeta) > 0)


def test_a_correlation_at_the_boundary_ends_there() -> None:
    """The cross-level model for High School and Beyond, where lme4 warns and nlme stops."""
    fit = terrace.fit("mixed mathach c.ses##i.sector || id: ses, cov(un)", terrace.sample("hsb"))
    found = {r.name: r for r in profile(fit, metric="sd")}
    corr = found["corr(ses,_cons)"]
    assert corr.upper == 1.0
    assert -1.0 < corr.lower < 0.9  # type: ignore[operator]
    assert 0.0 < found["sd(ses)"].lower < found["sd(ses)"].estimate < found["sd(ses)"].upper  # type: ignore[operator]


def test_table_and_plot() -> None:
    fit = r_fit("mixed strength || batch: || cask:", "pastes")
    found = profile(fit, metric="sd", points=8)
    table = profile_table(found, fit)
    assert rows(table)["sd(Residual)"][0] == fit.random_sd[-1].estimate
    assert any("starts at 0" in n for n in table.notes)
    plot = profile_plot(found)
    assert len(plot.panels) == 3
    line = plot.panels[2].marks[0]
    assert line.y.max() == 0.0 and len(line.x) >= 10
    ends = np.interp([found[2].lower, found[2].upper], line.x, line.y)  # type: ignore[list-item]
    np.testing.assert_allclose(ends, -Z2 / 2, atol=0.01)


def test_progress_and_cancel() -> None:
    fit = r_fit("mixed reaction days || subject:", "sleepstudy")
    seen: list[Progress] = []
    profile(fit, progress=seen.append)
    fractions = [p.fraction for p in seen]
    assert fractions == sorted(fractions)  # type: ignore[type-var]
    assert fractions[0] >= 0 and fractions[-1] <= 1  # type: ignore[operator]
    with pytest.raises(Cancelled):
        profile(fit, cancel=lambda: len(seen) > 0)


def test_errors() -> None:
    fit = r_fit("mixed reaction days || subject:", "sleepstudy")
    with pytest.raises(SpecError, match="no parameter"):
        profile(fit, ["sd(days)"])


def profiled_coefficient(case: Case, column: int, value: float, begin: np.ndarray) -> float:
    """The highest dense likelihood with one coefficient held, by general optimisation over the variances."""
    dense = dense_of(case)
    y, x = dense.y - dense.x[:, column] * value, np.delete(dense.x, column, axis=1)

    def lost(t: np.ndarray) -> float:
        v = dense.v(begin * np.exp(t))
        inverse = np.linalg.inv(v)
        b = np.linalg.solve(x.T @ inverse @ x, x.T @ inverse @ y)
        e = y - x @ b
        return 0.5 * float(len(y) * math.log(2 * math.pi) + np.linalg.slogdet(v)[1] + e @ inverse @ e)

    found = optimize.minimize(lost, np.zeros(len(begin)), method="Nelder-Mead", options={"xatol": 1e-8, "fatol": 1e-10})
    return -float(found.fun)


@pytest.mark.parametrize("name", ["intercept-ml", "residual-by-ml", "residual-ar1-ml"])
def test_at_the_ends_for_a_coefficient_too(name: str) -> None:
    fit = generated_fit(case(name))
    names = [c.name for c in fit.model.design.x_info]
    begin = np.array([p.estimate for p in fit.random])
    (found,) = profile(fit, [names[0]])
    assert found.level == "Fixed effects" and found.name == names[0] and found.lower < found.estimate < found.upper
    dense = dense_of(case(name))
    column = int(np.argmin(np.abs(dense.x - fit.model.design.x[:, [0]]).sum(axis=0)))
    for end in (found.lower, found.upper):
        top = profiled_coefficient(case(name), column, end, begin)
        assert 2 * (fit.ll - top) == pytest.approx(Z2, abs=1e-4)


def test_which_coefficients_have_a_profile() -> None:
    data = terrace.sample("orthodont")
    fit = terrace.fit("mixed distance c.age##i.female || id:", data)
    found = profile(fit, ["i.female", "sd(_cons)"])
    assert [r.name for r in found] == ["1.female", "sd(_cons)"]
    assert profile_table(found, fit).rows[1].label == "female: Female"
    assert len(profile(fit, coefficients=True)) == 6
    with pytest.raises(SpecError, match="maximum likelihood only"):
        profile(terrace.fit("mixed distance age || id:, reml", data), ["age"])
    with pytest.raises(SpecError, match="no parameter"):
        profile(fit, ["0.female"])  # a base level is not estimated


@pytest.mark.parametrize("seed", [3, 5, 6, 11])
def test_profiles_of_singular_matrices_leave_the_boundary(seed: int) -> None:
    """Beside a singular Σ the search must not stay where slopes vanish by symmetry: no other start finds more."""
    rng = np.random.default_rng(seed)
    g = np.repeat(np.arange(20), 6)
    x, w = rng.normal(size=(2, 120))
    factor = rng.normal(size=(3, 2)) * rng.choice([0.2, 1], size=(3, 1))
    u = (rng.normal(size=(20, 2)) @ factor.T)[g]
    y = u[:, 0] + u[:, 1] * x + u[:, 2] * w + rng.normal(size=120)
    fit = terrace.fit("mixed y x w || g: x w, cov(un) reml", pd.DataFrame({"g": g, "x": x, "w": w, "y": y}))
    search = ProfileSearch(fit, lambda: None)
    for k, r in enumerate(fit.random_sd[:-1]):
        is_sd = r.name.startswith("sd")
        value = 1.6 * r.estimate + 0.05 if is_sd else float(np.clip(0.6 * r.estimate - 0.2, -0.9, 0.9))
        drop = search.drop(k, "sd", value)
        others = ProfileSearch(fit, lambda: None)
        starts = [others.center + np.append(0.3 * rng.normal(size=len(others.center) - 1), 0.0) for _ in range(4)]
        pushed = [s for start in starts for s in others._pushed(start, k, "sd", value)]
        best = min(others._search(k, "sd", value, s)[0] for s in pushed)
        assert drop < best + 1e-4


@pytest.mark.parametrize(("shift", "scale"), [(500, 1), (2015, 1), (20000, 1), (1.7e9 / 86400, 86400)])
def test_profiles_do_not_depend_on_the_origin_of_a_covariate(shift: float, scale: float) -> None:
    """A variance of slopes is the same from any origin; a covariance with the intercept far from it is a multiple."""
    frame = terrace.sample("sleepstudy").frame.astype(float)
    group = next(c for c in frame if c.startswith("subj"))
    frame["x"] = scale * (frame["days"] + shift)
    fits = [terrace.fit(f"mixed reaction {x} || {group}: {x}, cov(un)", frame) for x in ("days", "x")]
    plain, moved = (profile(f, [f.random[k].name for k in (0, 2, 3)], metric="variance") for f in fits)
    for k, unit in ((0, scale**2), (2, 1.0)):
        assert moved[k].lower * unit == pytest.approx(plain[k].lower, rel=1e-6)
        assert moved[k].upper * unit == pytest.approx(plain[k].upper, rel=1e-6)
    assert -moved[1].lower * scale == pytest.approx(shift * plain[0].upper, rel=0.01)


# --- variances that are nearly zero -----------------------------------------------------------------------------------
SLOPE, RESTRICTED, APART = (
    "mixed y x || g: x, cov(un)", "mixed y x || g: x, cov(un) reml", "mixed y x || g: x, reml",
)  # fmt: skip
CLOSE = [(SLOPE, 43), (SLOPE, 38), (SLOPE, 35), (RESTRICTED, 24), (RESTRICTED, 35), (APART, 28)]
"""With the seeds of data whose var(x) is estimated above zero, but as less than a third of its standard error."""


def without_slopes(seed: int) -> pd.DataFrame:
    """Random intercepts only."""
    rng = np.random.default_rng(seed)
    g = np.repeat(np.arange(40), 5)
    x = rng.normal(size=200)
    return pd.DataFrame({"g": g, "x": x, "y": 1 + 0.5 * x + rng.normal(size=40)[g] + rng.normal(size=200)})


def highest(frame: pd.DataFrame, effects: tuple[str, ...], sd: float, *, reml: bool, apart: bool = False) -> float:
    """The highest dense (restricted) likelihood with one standard deviation, of the first of the ``effects`` beside a
    random intercept, by general optimisation over the other entries of a Cholesky factor and log σ."""
    columns = [frame[e].to_numpy() for e in effects] + [np.ones(len(frame))]
    z, x = np.column_stack(columns), np.column_stack([frame.x, np.ones(len(frame))])
    groups = [(x[rows], z[rows], frame.y.to_numpy()[rows]) for rows in frame.groupby("g").indices.values()]
    q = z.shape[1]
    below = np.tril_indices(q)
    free = np.flatnonzero((below[0] == below[1]) if apart else np.ones(len(below[0])))[1:]

    def lost(t: np.ndarray) -> float:
        factor, entries = np.zeros((q, q)), np.zeros(len(below[0]))
        entries[0], entries[free] = sd, t[:-1]
        factor[below] = entries
        sigma = factor @ factor.T
        a, b, rest = np.zeros((2, 2)), np.zeros(2), len(frame) * math.log(2 * math.pi)
        for own, effect, y in groups:
            inverse = np.linalg.inv(effect @ sigma @ effect.T + math.exp(2 * t[-1]) * np.eye(len(y)))
            a, b = a + own.T @ inverse @ own, b + own.T @ inverse @ y
            rest += float(y @ inverse @ y - np.linalg.slogdet(inverse)[1])
        rest -= float(b @ np.linalg.solve(a, b))
        return 0.5 * (rest + (float(np.linalg.slogdet(a)[1]) - 2 * math.log(2 * math.pi) if reml else 0.0))

    rng = np.random.default_rng(1)
    best = math.inf
    for _ in range(6):
        begin = np.append(0.7 * rng.normal(size=len(free)), 0.0)
        rough = optimize.minimize(lost, begin, method="BFGS").x
        best = min(best, float(optimize.minimize(lost, rough, method="Nelder-Mead",
                                                 options={"xatol": 1e-7, "fatol": 1e-10}).fun))  # fmt: skip
    return -best


@pytest.mark.parametrize(("command", "seed"), CLOSE)
def test_a_variance_beside_zero_has_the_interval_of_its_profile(command: str, seed: int) -> None:
    frame = without_slopes(seed)
    fit = terrace.fit(command, frame)
    variance, sd = fit.random[0], fit.random_sd[0]
    assert variance.name == "var(x)" and variance.estimate > 0 and not variance.boundary
    assert variance.se is not None and variance.se > 3 * variance.estimate
    assert variance.interval == sd.interval == "profile"
    assert fit.random_estmetric[0].interval == "wald"
    (found,) = profile(fit, ["sd(x)"], metric="sd")
    assert (sd.lb, sd.ub) == pytest.approx((found.lower, found.upper), rel=1e-6)
    assert (variance.lb, variance.ub) == pytest.approx((found.lower**2, found.upper**2), rel=1e-6)  # type: ignore[operator]
    assert sd.ub is not None
    kind = {"reml": "reml" in command, "apart": "cov(un)" not in command}
    assert 2 * (fit.ll - highest(frame, ("x",), sd.ub, **kind)) == pytest.approx(Z2, abs=1e-6)
    assert sd.lb == 0.0 and 2 * (fit.ll - highest(frame, ("x",), 0.0, **kind)) < Z2


@pytest.mark.parametrize("seed", [16, 115, 127])
def test_the_higher_of_two_summits_with_correlations_of_either_sign_counts(seed: int) -> None:
    rng = np.random.default_rng(seed)
    g = np.repeat(np.arange(8), 5)
    frame = pd.DataFrame({"x": rng.normal(size=40), "g": g})
    frame["y"] = rng.normal(size=8)[g] + rng.normal(size=40)
    fit = terrace.fit(SLOPE, frame)
    assert fit.random[0].estimate > 0
    optimum = fit.model.optimum
    ends = profile_limits(optimum.space, optimum.point, fit.model.layout[0], 95.0, zero=False)
    assert ends is not None
    assert 2 * (fit.ll - highest(frame, ("x",), ends[1], reml=False)) == pytest.approx(Z2, abs=1e-5)
    (found,) = profile(fit, ["sd(x)"], metric="sd")
    assert found.upper == pytest.approx(ends[1], rel=1e-6)


@pytest.mark.parametrize("seed", [21, 24])
def test_the_search_leaves_a_singular_matrix_that_is_not_the_highest(seed: int) -> None:
    rng = np.random.default_rng(seed)
    g = np.repeat(np.arange(8), 5)
    frame = pd.DataFrame(rng.normal(size=(40, 2)), columns=["x", "w"]).assign(g=g)
    frame["y"] = rng.normal(size=8)[g] + rng.normal(size=40)
    fit = terrace.fit("mixed y x || g: x w, cov(un) reml", frame)
    value = fit.random_sd[1].estimate + 0.6
    dense = fit.ll - highest(frame, ("w", "x"), value, reml=True)
    assert ProfileSearch(fit, lambda: None).drop(1, "sd", value) == pytest.approx(dense, abs=1e-5)


@pytest.mark.parametrize("name", ["sd(days)", "sd(_cons)"])
@pytest.mark.parametrize("command", ["|| subject: days, cov(un)", "|| subject: days, reml"])
def test_both_ends_of_the_profile_of_the_fit_are_those_of_the_search(command: str, name: str) -> None:
    """For a variance that is far from zero, where it is not asked for."""
    fit = r_fit(f"mixed reaction days {command}", "sleepstudy")
    k = [p.name for p in fit.random_sd].index(name)
    optimum = fit.model.optimum
    ends = profile_limits(optimum.space, optimum.point, fit.model.layout[k], 95.0, zero=False)
    (found,) = profile(fit, [name], metric="sd")
    assert found.lower > 0  # type: ignore[operator]
    assert ends == pytest.approx((found.lower, found.upper), rel=1e-6)
    assert fit.random_sd[k].interval == "wald"


def test_all_other_variances_keep_the_log_scale() -> None:
    z, kinds = math.sqrt(Z2), []
    for seed in range(16, 40):
        for p in terrace.fit(APART, without_slopes(seed)).random:
            if p.se is None:
                continue
            kinds.append(p.interval)
            assert (p.interval == "profile") == (p.se > 3 * p.estimate)
            if p.interval == "wald":
                half = z * p.se / p.estimate
                assert (p.lb, p.ub) == pytest.approx((p.estimate * math.exp(-half), p.estimate * math.exp(half)))
    assert kinds.count("profile") >= 2


@pytest.mark.parametrize(("command", "seed"), [(SLOPE, 43), (RESTRICTED, 35)])
def test_the_interval_beside_zero_is_the_same_in_all_units_origins_and_codings(command: str, seed: int) -> None:
    frame = without_slopes(seed)
    plain = terrace.fit(command, frame).random[0]
    others = {
        "units": (frame.assign(y=1000 * frame.y, x=0.1 * frame.x), 1e8),
        "origin": (frame.assign(x=frame.x + 20), 1.0),
        "sign and order": (frame.assign(x=-frame.x, g=-frame.g).sample(frac=1, random_state=1), 1.0),
    }
    for moved, scale in others.values():
        other = terrace.fit(command, moved).random[0]
        assert other.interval == "profile" and other.lb == 0.0
        assert other.ub == pytest.approx(scale * plain.ub, rel=1e-5)  # type: ignore[operator]


def test_an_interval_of_the_profile_beside_zero_is_told() -> None:
    fit = terrace.fit(SLOPE, without_slopes(43))
    told = "{} is nearly zero beside its standard error; its interval is that of the profile likelihood, and the "
    told += "data say almost nothing about its correlations."
    assert told.format("The variance of x") in random_notes(fit)
    assert told.format("The standard deviation of x") in random_notes(fit, metric="sd")
    assert " ".join(fit_text(fit).split()).count(told.format("var(x)")) == 1
    assert sd_table(fit).notes == (told.format("sd(x)"),)
    # the correlation is on the boundary, but no variance
    assert boundary_note(fit) == "On the boundary of the parameter space; no standard error there"
    narrow = shown_again(fit, 80.0, small=True).random[0]
    assert narrow.interval == "profile" and narrow.ub < fit.random[0].ub  # type: ignore[operator]
    apart = terrace.fit(APART, without_slopes(28))
    assert random_notes(apart)[-1].endswith("its interval is that of the profile likelihood.")
    plain = r_fit("mixed reaction days || subject:", "sleepstudy")
    assert not any("nearly zero" in note for note in random_notes(plain))
    robust = terrace.fit(SLOPE + " vce(robust)", without_slopes(43))
    assert all(p.interval == "wald" for p in robust.random)
