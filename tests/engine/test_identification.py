"""What no data of a design can tell: found by rank, named, without standard errors; the rest is as ever."""

from __future__ import annotations

import re
from typing import Any

import numpy as np
import pandas as pd
import pytest

import terrace
from terrace.errors import FitError, SpecError
from terrace.postestimation.diagnose.checklist import checklist
from terrace.postestimation.variance.icc import icc
from terrace.postestimation.variance.r2 import explained


def data(seed: int = 1, groups: int = 40, size: int = 4) -> pd.DataFrame:
    rng = np.random.default_rng(seed)
    g = np.repeat(np.arange(groups), size)
    out = pd.DataFrame({"g": g, "t": np.tile(np.arange(size), groups), "z": g % 2})
    out["x"] = rng.normal(size=len(g))
    out["y"] = rng.normal(size=groups)[g] + 0.5 * out.x + rng.normal(size=len(g))
    return out


def never_meet() -> pd.DataFrame:
    """Nobody is seen both at the first and at the last time."""
    out = data()
    return out[~((out.g % 2 == 0) & (out.t == 3) | (out.g % 2 == 1) & (out.t == 0))]


def two_sexes() -> pd.DataFrame:
    return data().rename(columns={"z": "sex"})


CASES: dict[str, tuple[pd.DataFrame, str, set[str]]] = {
    "group dummies": (data(groups=8), "mixed y x i.g || g:, reml", {"var(_cons)"}),
    "group dummies and a slope": (
        data(groups=8), "mixed y x i.g || g: x, cov(un) reml", {"var(_cons)", "cov(x,_cons)"},
    ),
    "effects that never meet": (two_sexes(), "mixed y i.sex || g: ibn.sex, nocons cov(un)", {"cov(0.sex,1.sex)"}),
    "visits that never meet": (
        never_meet(), "mixed y || g:, nocons residuals(unstructured, t(t)) reml", {"cov(e0,e3)"},
    ),
    "slopes by a factor of the groups": (data(), "mixed y i.z || g: i.z, cov(un) reml", {"var(1.z)", "cov(1.z,_cons)"}),
    "a moving average of two occasions": (
        data()[lambda d: d.t < 2], "mixed y || g:, residuals(ma 1, t(t)) reml", {"var(_cons)", "theta1", "var(e)"},
    ),
    "an intercept beside exchangeable residuals": (
        data(), "mixed y || g:, residuals(exchangeable)", {"var(_cons)", "var(e)", "cov(e)"},
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", CASES)
@pytest.mark.parametrize("seed", [0, 1, 2])
def test_what_is_not_identified_is_named_and_has_no_standard_error(name: str, seed: int) -> None:
    frame, command, unknown = CASES[name]
    rng = np.random.default_rng(seed)
    frame = frame.assign(y=frame.y + seed * rng.normal(size=len(frame)))
    fit = terrace.fit(command, frame)
    assert fit.converged
    assert {p.name for p in fit.random if not p.identified} == unknown
    told = [w for w in fit.warnings if w.code == "not-identified"]
    assert told
    assert all(any(p in str(w) for w in told) for p in unknown)
    for p in (*fit.random, *fit.random_sd, *fit.random_estmetric):
        assert p.se is None or p.se < 100
        assert p.identified or (p.se is None and p.lb is None and p.ub is None)
    assert all(p.se is not None for p in fit.random if p.identified and not p.boundary)
    assert not any(part in unknown for b in fit.boundary for part in b.split(": "))
    assert "not identified" in str(fit)


def test_the_rest_keeps_its_numbers() -> None:
    """Where no group has both effects the model is that of two independent ones."""
    frame = two_sexes()
    free = terrace.fit("mixed y i.sex || g: ibn.sex, nocons cov(un)", frame)
    apart = terrace.fit("mixed y i.sex || g: ibn.sex, nocons cov(independent)", frame)
    assert free.ll == pytest.approx(apart.ll, abs=1e-8)
    known = [p for p in free.random if p.identified]
    for one, other in zip(known, apart.random, strict=True):
        assert one.estimate == pytest.approx(other.estimate, rel=1e-5)
        assert one.se == pytest.approx(other.se, rel=1e-4)


def test_fixed_effects_have_the_standard_errors_of_the_model_without_what_they_take_up() -> None:
    frame = data(groups=8)
    fit = terrace.fit("mixed y x i.g || g:, reml", frame)
    linear = terrace.fit("mixed y x i.g, reml", frame)
    assert fit.ll == pytest.approx(linear.ll, abs=1e-9)
    for one, other in zip(fit.fixed, linear.fixed, strict=True):
        assert one.se == pytest.approx(other.se, rel=1e-9) if one.se is not None else other.se is None


def test_what_is_made_of_it_says_so() -> None:
    frame = data(groups=8)
    fit = terrace.fit("mixed y x i.g || g:, reml", frame)
    dataset = terrace.estimate.as_dataset(frame)
    assert [e.value for e in icc(fit)] == [None]
    with pytest.raises(SpecError, match=r"var\(_cons\)"):
        explained(fit, dataset)
    found = {c.code: c for c in checklist(fit, dataset)}
    assert found["identification"].state == "problem"
    good = terrace.fit("mixed y x || g:, reml", data())
    assert {c.code: c for c in checklist(good, terrace.estimate.as_dataset(data()))}["identification"].state == "good"


def in_pairs() -> pd.DataFrame:
    """Everybody is seen at two of seven times, one after the other."""
    out = data(groups=60, size=2)
    return out.assign(t=out.t + out.g % 6)


def in_two_blocks() -> pd.DataFrame:
    """Seen at the first four times or at the last four."""
    out = data(groups=60)
    return out.assign(t=out.t + 4 * (out.g % 2))


@pytest.mark.parametrize(
    ("frame", "random", "options", "unknown"),
    [
        (in_pairs(), "nocons", ["banded 1", "toeplitz 1", "ar 1", "exchangeable"], 15),
        (in_two_blocks(), "nocons", ["toeplitz 3", "ar 1", "exchangeable"], 16),
        (in_two_blocks(), "", ["ar 1"], 16),  # an intercept takes up what other correlations would tell
        (never_meet(), "nocons", ["banded 2", "toeplitz 2", "ar 1", "exchangeable"], 1),
    ],
)
def test_residuals_that_a_note_names_are_identified_with_these_data(
    frame: pd.DataFrame, random: str, options: list[str], unknown: int
) -> None:
    fit = terrace.fit(f"mixed y || g:, {random} residuals(unstructured, t(t)) reml", frame)
    (note,) = [w for w in fit.warnings if "no group has rows at both times" in w.message]
    assert re.findall(r"residuals\((.*?)\)", note.advice) == options
    assert note.message.startswith(f"{unknown} covariances of the residuals" if unknown > 1 else "cov(e0,e3) is")
    for name in options:
        time = "" if name == "exchangeable" else ", t(t)"
        other = terrace.fit(f"mixed y || g:, {random} residuals({name}{time}) reml", frame)
        assert all(p.identified for p in other.random), name
        assert "not-identified" not in {w.code for w in other.warnings}, name


def test_ordinary_models_are_identified() -> None:
    frame = data().assign(far=lambda d: d.x + 19500)
    for command in (
        "mixed y x i.g || g:",  # the likelihood, other than the restricted one, does know the variance: it is zero
        "mixed y far || g: far, reml",
        "mixed y i.z || g: i.z, reml",
        "mixed y || g:, residuals(ar 1, t(t)) reml",
        "mixed y || g:, residuals(independent, by(z)) reml",
        "mixed y x || g: x, cov(un)",
    ):
        fit = terrace.fit(command, frame)
        assert all(p.identified for p in fit.random), command
        assert "not-identified" not in {w.code for w in fit.warnings}, command


# --- the boundary -----------------------------------------------------------------------------------------------------
def singular(seed: int = 4) -> pd.DataFrame:
    """A quadratic whose three effects come from two."""
    rng = np.random.default_rng(seed)
    g, t = np.repeat(np.arange(36), 18), np.tile(np.arange(6), 108) - 2.5
    u = rng.normal(size=(36, 2))[g]
    y = u[:, 0] + 0.3 * u[:, 1] * t + (0.2 * u[:, 0] - 0.2 * u[:, 1]) * t**2 + rng.normal(size=len(g))
    return pd.DataFrame({"g": g, "t": t, "t2": t**2, "y": y})


def test_a_singular_matrix_is_told_once_by_its_rank_and_combination() -> None:
    fits = [terrace.fit(f"mixed y t t2 || g: {r}, cov(un) reml", singular()) for r in ("t t2", "t2 t")]
    for fit in fits:
        assert fit.boundary == ("g: rank 2 of 3",)
        told = [w for w in fit.warnings if w.code == "boundary"]
        assert len(told) == 1
        assert "rank 2 of 3" in told[0].message
        assert "perfectly correlated" not in str(told[0])
        assert all(p.se is not None for p in fit.random)
        assert all(abs(p.estimate) < 0.9999 for p in fit.random_sd if p.name.startswith("corr"))
        # the combination that it names has no variance
        sigma = np.empty((3, 3))
        names = [p.name[4:-1] for p in fit.random[:3]]
        for p in fit.random[:-1]:
            parts = p.name[4:-1].split(",")
            i, j = (names.index(parts[0]), names.index(parts[-1]))
            sigma[i, j] = sigma[j, i] = p.estimate
        told_as = told[0].message.split("random effects of ")[1].rstrip(").")
        left, right = told_as.replace("−", "-").split(" = ")
        weights = np.zeros(3)
        weights[names.index(left)] = -1.0
        for piece in right.replace("- ", "+ -").split(" + "):
            number, name = piece.split(" × ")
            weights[names.index(name)] += float(number.replace(" ", ""))
        assert weights @ sigma @ weights < 1e-4 * sigma.diagonal().max()


def test_correlations_on_the_boundary_are_exactly_that() -> None:
    rng = np.random.default_rng(3)
    g = np.repeat(np.arange(30), 8)
    x = rng.normal(size=240)
    u = rng.normal(size=30)[g]
    frame = pd.DataFrame({"g": g, "x": x, "y": 1 + u + 0.4 * u * x + rng.normal(size=240)})
    fit = terrace.fit("mixed y x || g: x, cov(un)", frame)
    assert fit.boundary == ("g: corr(x,_cons)",)
    assert fit.random_sd[2].estimate == 1.0
    assert fit.random_estmetric[2].estimate == np.inf
    slope, intercept, covariance, residual = fit.random
    assert covariance.estimate == pytest.approx(np.sqrt(slope.estimate * intercept.estimate), rel=1e-12)
    assert covariance.se is None
    assert None not in (slope.se, intercept.se, residual.se)
    # the standard errors are those of the model of that rank: u_g(1 + c x) with one variance and c free
    rank_one = _rank_one(frame, np.sqrt(intercept.estimate), np.sqrt(slope.estimate), residual.estimate)
    assert [slope.se, intercept.se] == pytest.approx(rank_one, rel=1e-3)


def _rank_one(frame: pd.DataFrame, a: float, b: float, sigma2: float) -> list[float]:
    """SEs of b² and a² by differences of a dense likelihood of u_g(a + bx)."""
    y, x = frame.y.to_numpy(), np.column_stack([np.ones(len(frame)), frame.x])
    same = frame.g.to_numpy()[:, None] == frame.g.to_numpy()

    def ll(p: np.ndarray) -> float:
        z = p[0] + p[1] * x[:, 1]
        v = same * np.outer(z, z) + np.exp(p[2]) * np.eye(len(y))
        w = np.linalg.inv(v)
        beta = np.linalg.solve(x.T @ w @ x, x.T @ w @ y)
        r = y - x @ beta
        return float(-0.5 * (np.linalg.slogdet(v)[1] + r @ w @ r))

    at, h = np.array([a, b, np.log(sigma2)]), 1e-3
    hessian = np.empty((3, 3))
    for i in range(3):
        for j in range(3):
            ei, ej = h * np.eye(3)[i], h * np.eye(3)[j]
            hessian[i, j] = (ll(at + ei + ej) - ll(at + ei - ej) - ll(at - ei + ej) + ll(at - ei - ej)) / (4 * h * h)
    se = np.sqrt(np.diag(np.linalg.inv(-hessian)))
    return [2 * b * se[1], 2 * a * se[0]]


def _by_group(frame: pd.DataFrame) -> np.ndarray:
    """What an intercept and slopes of x and w of each group of its own make of y."""
    out = np.empty(len(frame))
    for rows in frame.groupby("g").indices.values():
        z = np.column_stack([np.ones(len(rows)), frame.x.to_numpy()[rows], frame.w.to_numpy()[rows]])
        out[rows] = z @ np.linalg.lstsq(z, frame.y.to_numpy()[rows], rcond=None)[0]
    return out


@pytest.mark.parametrize(
    "command", ["mixed y x || g:, reml", "mixed y x || g: w, reml", "mixed y x || g: w x, cov(un)"]
)
def test_a_variance_of_zero_has_a_profile_interval_and_the_others_keep_theirs(command: str) -> None:
    from terrace.postestimation.variance.profile import profile

    seen = 0
    for seed in range(12):
        rng = np.random.default_rng(seed)
        g = np.repeat(np.arange(30), 5)
        frame = pd.DataFrame(rng.normal(size=(150, 3)), columns=["x", "w", "y"]).assign(g=g)
        if seed < 4:
            frame["y"] -= 0.9 * _by_group(frame)
        fit = terrace.fit(command, frame)
        for k, p in enumerate(fit.random):
            if not p.boundary:
                assert p.se is not None and p.lb is not None
            elif p.name.startswith("var"):
                seen += 1
                assert p.estimate == 0.0
                assert p.interval == "profile" and p.lb == 0.0
                (found,) = profile(fit, [fit.random_sd[k].name], metric="sd")
                assert fit.random_sd[k].ub == pytest.approx(found.upper, rel=1e-3)
                assert p.ub == pytest.approx(fit.random_sd[k].ub ** 2, rel=1e-9)
    assert seen >= 3


# --- no error variance ------------------------------------------------------------------------------------------------
def balanced(sd: float) -> pd.DataFrame:
    rng = np.random.default_rng(8)
    g = np.repeat(np.arange(12), 4)
    return pd.DataFrame({"g": g, "y": 5 + rng.normal(size=12)[g] + sd * rng.normal(size=48)})


@pytest.mark.parametrize("sd", [1e-2, 1e-4, 1e-6, 1e-7, 1e-8])
@pytest.mark.parametrize("method", ["ml", "reml"])
def test_a_small_error_variance_keeps_its_digits(sd: float, method: str) -> None:
    """Balanced one-way formulas (Searle, Casella & McCulloch 1992, section 4.7)."""
    frame = balanced(sd)
    means = frame.groupby("g").y.mean()
    within = float(((frame.y - means[frame.g].to_numpy()) ** 2).sum() / 36)
    between = float(means.var(ddof=0 if method == "ml" else 1)) - within / 4
    fit = terrace.fit(f"mixed y || g:, {method}", frame)
    assert fit.converged and not fit.boundary
    top, residual = fit.random
    assert residual.estimate == pytest.approx(within, rel=1e-6)
    assert residual.se == pytest.approx(within * np.sqrt(2 / 36), rel=1e-5)
    assert top.estimate == pytest.approx(between, rel=1e-6)


def test_an_outcome_that_does_not_vary_is_told_in_plain_words() -> None:
    frame = balanced(0.0)
    for method in ("ml", "reml"):
        with pytest.raises(FitError, match="y does not vary within g"):
            terrace.fit(f"mixed y || g:, {method}", frame)
    exact = frame.assign(x=np.arange(48.0), y=lambda d: 3 + 2 * d.x)
    with pytest.raises(FitError, match="fixed effects reproduce y exactly"):
        terrace.fit("mixed y x || g:", exact)
    both = exact.assign(y=lambda d: d.y + d.g**2)
    with pytest.raises(FitError, match="fixed effects and the random effects of g reproduce y exactly"):
        terrace.fit("mixed y x || g:", both)


@pytest.mark.parametrize("scale", [1e-100, 1e-80, 1e100])
def test_any_unit_of_the_outcome(scale: float) -> None:
    frame = data()
    plain, small = (terrace.fit("mixed y x || g: x, cov(un) reml", f) for f in (frame, frame.assign(y=frame.y * scale)))
    ratios: list[tuple[Any, Any, float]] = []
    for one, other in zip(plain.random_sd, small.random_sd):
        unit = scale if one.name.startswith("sd") else 1.0
        ratios += [(other.estimate, one.estimate, unit), (other.se, one.se, unit), (other.ub, one.ub, unit)]
    for one, other in zip(plain.random, small.random):
        ratios += [(other.estimate, one.estimate, scale**2), (other.se, one.se, scale**2)]
    for new, old, unit in ratios:
        assert (new is None) == (old is None)
        if old is not None:
            assert new / unit == pytest.approx(old, rel=1e-6)
    assert [e.value for e in icc(small)] == pytest.approx([e.value for e in icc(plain)])


@pytest.mark.parametrize(
    "model",
    ["mixed y t || _all: R.g", "mixed y t || g:, residuals(ar 1, t(t))", "mixed y t || g:, residuals(exchangeable)"],
)
def test_a_constant_outcome_is_told_in_every_form_of_the_model(model: str) -> None:
    frame = balanced(0.0).assign(t=np.tile(np.arange(4), 12))
    with pytest.raises(FitError, match="y does not vary within g"):
        terrace.fit(model, frame)


def test_a_correlation_of_unknown_variances_is_unknown() -> None:
    frame = data().assign(tr=lambda d: d.t + 1)
    fit = terrace.fit("mixed y i.tr || g: ibn.tr, nocons cov(un)", frame)
    assert [p.identified for p in fit.random] == [False] * 4 + [True] * 6 + [False]
    assert not any(p.identified for p in fit.random_sd)
    assert all(p.se is None for p in fit.random_sd)
