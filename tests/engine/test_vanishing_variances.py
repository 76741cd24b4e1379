"""Residual variances of by() groups that go to zero and take the likelihood along: refused, and nothing else is.

The dense likelihood is evaluated on the way to zero, with every choice of random effects that stay.
"""

from __future__ import annotations

import os
from itertools import chain, combinations
from unittest import mock

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from oracle_support import dataset, session_on
from scipy import optimize, stats

import terrace
from terrace.covariance.registry import RESIDUALS
from terrace.covariance.residual.exchangeable import Exchangeable
from terrace.data.readers.frames import as_dataset
from terrace.design import vanishing
from terrace.design.design import Design, build_design
from terrace.design.vanishing_times import refuse_vanishing_times
from terrace.errors import FitError
from terrace.inference.boundary import singular_directions
from terrace.language.mixed import parse_mixed
from terrace.optimise import fit as searches
from terrace.postestimation.diagnose.checklist import checklist

MANY = settings(max_examples=int(os.environ.get("TERRACE_EXAMPLES", "60")))
SOME = settings(max_examples=int(os.environ.get("TERRACE_EXAMPLES", "25")))
FORMS = {
    "|| id:": (("id", None),),
    "|| id: x": (("id", "x"), ("id", None)),
    "|| reg: || id:": (("reg", None), ("id", None)),
    "|| reg: x || id: x": (("reg", "x"), ("reg", None), ("id", "x"), ("id", None)),
    "|| _all: R.item || id:": (("item", None), ("id", None)),
    "": (),
}
OUTCOMES = ("noise", "groups", "items", "line", "line in groups", "zero", "regions")


def small_frame(seed: int, outcome: str) -> pd.DataFrame:
    """A few rows, of which those with m = 0, and sometimes those with m = 1, have an outcome of little variety."""
    rng = np.random.default_rng(seed)
    size = rng.integers(1, 5, rng.integers(4, 9))
    ids = np.repeat(np.arange(len(size)), size)
    n = len(ids)
    m = rng.integers(0, 3, n) if rng.random() < 0.5 else np.repeat(rng.integers(0, 3, len(size)), size)
    frame = pd.DataFrame({"id": ids, "reg": ids // 3, "item": rng.integers(0, 3, n), "m": m})
    frame["x"], frame["z"] = rng.integers(-9, 10, n), rng.integers(-9, 10, n)
    noise = rng.integers(-99, 100, n)
    line = {"line": 3 * frame["x"], "line in groups": 3 * frame["x"]}.get(outcome, 0)
    groups = {"groups": ids, "line in groups": ids, "items": frame["item"], "regions": ids // 3}.get(outcome, 0 * ids)
    plain = line + rng.integers(-50, 50, n)[groups]
    which = [0] if rng.random() < 0.6 else [0, 1]
    frame["y"] = np.where((outcome != "noise") & np.isin(frame["m"], which), plain, noise)
    return frame


def likelihood(frame: pd.DataFrame, x: np.ndarray, effects: list[np.ndarray], errors: np.ndarray, reml: bool) -> float:
    """The log (restricted) likelihood with effects of unit variance and errors of this covariance, at the best β."""
    v = errors + sum((z @ z.T for z in effects), np.zeros((len(x), len(x))))
    half = np.linalg.cholesky(v)
    xs, ys = np.linalg.solve(half, x), np.linalg.solve(half, frame["y"].to_numpy(float) / 1000)
    q, r = np.linalg.qr(xs)
    rest = ys - q @ (q.T @ ys)
    out = -np.log(np.diag(half)).sum() - 0.5 * float(rest @ rest)
    return float(out - (np.log(np.abs(np.diag(r))).sum() if reml else 0.0))


def rises(frame: pd.DataFrame, fixed: list[str], form: str, reml: bool) -> bool:
    """Whether the dense likelihood goes on to rise as residual variances of some by() groups go to zero."""
    x = np.column_stack([*(frame[name] for name in fixed), np.ones(len(frame))]).astype(float)
    effects = []
    for factor, slope in FORMS[form]:
        z = (frame[factor].to_numpy()[:, None] == np.unique(frame[factor])).astype(float)
        effects.append(z if slope is None else z * frame[slope].to_numpy()[:, None])
    levels = np.unique(frame["m"])

    def subsets(of: list | np.ndarray, least: int) -> chain:
        return chain.from_iterable(combinations(list(of), k) for k in range(least, len(of) + 1))

    for some in subsets(levels, 1):
        if len(some) == len(levels):
            continue  # nothing of the whole sample is looked at here
        small = np.isin(frame["m"], some)
        for stay in subsets(effects, 0):
            # one degree of freedom is worth half the way on the logarithmic scale
            errors = (np.diag(np.where(small, np.exp(log), 1.0)) for log in (-18.0, -26.0))
            far, farther = (likelihood(frame, x, list(stay), v, reml) for v in errors)
            if farther > far + 2.0:
                return True
    return False


@MANY
@given(
    seed=st.integers(0, 2**31), outcome=st.sampled_from(OUTCOMES), form=st.sampled_from(list(FORMS)),
    fixed=st.sampled_from([[], ["x"], ["x", "z"]]), reml=st.booleans(), first=st.sampled_from([3, 2000]),
)
def test_refused_is_what_has_no_maximum(
    seed: int, outcome: str, form: str, fixed: list[str], reml: bool, first: int
) -> None:
    frame = small_frame(seed, outcome)
    command = f"mixed y {' '.join(fixed)} {form}, residuals(independent, by(m)) {'reml' if reml else 'ml'}"
    data = as_dataset(frame)
    try:
        design = build_design(parse_mixed(command, tuple(frame)), data)
    except FitError:
        return
    if design.residuals.n_by == 1 or design.dropped or design.dropped_random:
        return
    wanted = rises(frame, fixed, form, reml)
    try:
        with mock.patch.object(vanishing, "FIRST", first):
            vanishing.refuse_vanishing(design, reml=reml, unions=True)
    except FitError as error:
        assert error.code == "exact-fit"
        assert wanted, str(error)
    else:
        assert not wanted


# --- residuals with a covariance of their own for each pair of times --------------------------------------------------
WEIGHTS = {"repeated": (1, -1, 0, 0), "later": (1, -1, 0, 0), "sum": (1, 1, -1, 0), "line": (0, 1, -1, 0),
           "same": (0, 1, 0, 0), "noise": (1, -1, 0, 0)}  # fmt: skip


def waves(seed: int, kind: str, groups: int, lost: float, part: bool) -> pd.DataFrame:
    """Groups seen at four times, at one of which the outcome follows from that at others, where m = 0 or everywhere."""
    rng = np.random.default_rng(seed)
    y, x = rng.integers(-99, 100, (groups, 4)).astype(float), rng.integers(-9, 10, (groups, 4))
    own = slice(None, None, 2) if part else slice(None)
    made = {"repeated": (1, y[:, 0]), "later": (1, y[:, 0] + 3), "sum": (2, y[:, 0] + y[:, 1]),
            "line": (2, y[:, 1] + 5 * (x[:, 2] - x[:, 1])), "same": (1, 7 + 0 * y[:, 0])}  # fmt: skip
    if kind in made:
        time, value = made[kind]
        y[own, time] = value[own]
    frame = pd.DataFrame({"id": np.repeat(np.arange(groups), 4), "t": np.tile(np.arange(4), groups), "x": x.ravel()})
    frame["y"], frame["m"], frame["school"] = y.ravel(), frame["id"] % 2, frame["id"] // 5
    return frame[rng.random(len(frame)) >= lost].reset_index(drop=True)


def rises_along(frame: pd.DataFrame, design: Design, c: np.ndarray, reml: bool, part: bool) -> bool:
    """Whether the dense likelihood goes on to rise as the residuals of each group with all times of c, weighted by c,
    go to zero."""

    def ll(log: float) -> float:
        v = sum((b.z @ b.z.T * np.equal.outer(b.codes, b.codes) for b in design.blocks), np.zeros((len(frame),) * 2))
        r = np.eye(4) + (np.exp(log) - 1.0) * np.outer(c, c) / (c @ c)
        for _, rows in frame.groupby("id"):
            cells = rows["t"].to_numpy()
            own = np.eye(4) if part and rows["m"].iloc[0] else r
            v[np.ix_(rows.index, rows.index)] += own[np.ix_(cells, cells)]
        return likelihood(frame, design.x, [], v, reml)

    return ll(-16.0) > ll(-10.0) + 2.0


@SOME
@given(
    seed=st.integers(0, 2**31), kind=st.sampled_from(list(WEIGHTS)), lost=st.sampled_from([0.0, 0.08]),
    fixed=st.sampled_from(["x", "i.t", "x i.t"]), above=st.sampled_from(["", "|| school: ", "|| school: x "]),
    reml=st.booleans(), part=st.booleans(), structure=st.sampled_from(["unstructured", "banded 1", "banded 2"]),
)
def test_refused_is_an_outcome_that_follows_from_other_times(
    seed: int, kind: str, lost: float, fixed: str, above: str, reml: bool, part: bool, structure: str
) -> None:
    if kind == "line" and "x" in above and "x" not in fixed:
        return  # what random effects reproduce is left to the search
    frame = waves(seed, kind, 60, lost, part)
    by = " by(m)" if part else ""
    command = f"mixed y {fixed} {above}|| id:, nocons residuals({structure}, t(t){by}) {'reml' if reml else 'ml'}"
    design = build_design(parse_mixed(command, tuple(frame)), as_dataset(frame))
    c = np.array(WEIGHTS[kind], dtype=float)
    wanted = rises_along(frame, design, c, reml, part) and (structure != "banded 1" or np.ptp(np.flatnonzero(c)) < 2)
    try:
        refuse_vanishing_times(design, design.x, design.y, reml=reml)
    except FitError as error:
        assert error.code == "exact-fit"
        assert wanted, str(error)
    else:
        assert not wanted


@pytest.mark.parametrize(
    "residuals", ["unstructured, t(t)", "banded 2, t(t)", "banded 1, t(t)", "unstructured, t(t) by(m)"]
)
@pytest.mark.parametrize("kind", ["repeated", "sum", "line", "same"])
def test_no_numbers_where_the_residual_covariance_goes_to_a_singular_matrix(kind: str, residuals: str) -> None:
    """Also where the structure has no such matrix by itself, but comes close to one."""
    command = f"mixed y x i.t || id:, nocons residuals({residuals})"
    try:
        fit = terrace.fit(command, waves(1, kind, 40, 0.05, False))
    except FitError as error:
        assert error.code == "exact-fit"
        times = " and ".join(str(k) for k in np.flatnonzero(WEIGHTS[kind])).replace("0 and 1 and 2", "0, 1 and 2")
        assert f"here t = {times}" in error.message
    else:
        assert (kind, residuals) == ("sum", "banded 1, t(t)") and fit.state == "failed"


# --- what is said -----------------------------------------------------------------------------------------------------
def subjects(**changed: object) -> pd.DataFrame:
    """Thirty subjects with five rows each; the outcome has two digits and does not vary within those with m = 0."""
    rng = np.random.default_rng(3)
    s = np.repeat(np.arange(30), 5)
    frame = pd.DataFrame({"s": s, "t": np.tile(np.arange(5), 30), "m": s % 2, "x": rng.normal(size=150)})
    own, noise = np.round(5 + rng.normal(size=30), 2)[s], np.round(rng.normal(size=150), 2)
    return frame.assign(y=np.where(frame["m"] == 0, own, own + noise), noise=own + noise, own=own).assign(**changed)


@pytest.mark.parametrize("method", ["ml", "reml"])
@pytest.mark.parametrize(
    "residuals",
    ["independent,", "ar 1, t(t)", "ma 1, t(t)", "unstructured, t(t)", "exchangeable,", "toeplitz 1, t(t)",
     "exponential, t(t)", "banded 1, t(t)"],
)
def test_an_outcome_that_does_not_vary_in_one_part_is_told_in_plain_words(residuals: str, method: str) -> None:
    for model in ("mixed y x || s:", "mixed y || g: || s: x"):
        with pytest.raises(FitError, match="y does not vary within s where m = 0: all rows of a group have the same"):
            terrace.fit(f"{model}, residuals({residuals} by(m)) {method}", subjects(g=lambda d: d["s"] // 5))


@pytest.mark.parametrize("residuals", ["ar 1, t(t)", "exponential, t(t)", "exchangeable,", "toeplitz, t(t)"])
def test_correlations_of_one_are_as_a_random_intercept(residuals: str) -> None:
    with pytest.raises(FitError, match="y does not vary within s where m = 0"):
        terrace.fit(f"mixed y x || s:, nocons residuals({residuals} by(m))", subjects())


def test_residuals_that_cannot_hold_a_constant_have_their_maximum() -> None:
    fit = terrace.fit("mixed y x || s:, nocons residuals(ma 1, t(t) by(m))", subjects())
    assert fit.converged and min(p.estimate for p in fit.random) > 0.1


def test_the_parts_are_named() -> None:
    frame = subjects(one=lambda d: (d.index == 7).astype(int))
    told = {
        "mixed y x || s:, residuals(independent, by(one))": "Where one = 1 there is only one row, which the fixed",
        "mixed same x || s:, residuals(independent, by(m))": "same has the same value in all rows where m = 0",
        "mixed line x || s:, residuals(independent, by(m))": "The fixed effects reproduce line exactly where m = 0",
        "mixed both x || s:, residuals(independent, by(m))": "fixed effects and the random effects reproduce both",
        "mixed twice x || s:, residuals(independent, by(t))": "twice does not vary within s where t = 0 or 1",
    }
    frame = frame.assign(
        y=frame["noise"], same=np.where(frame["m"] == 0, 3.0, frame["noise"]),
        line=np.where(frame["m"] == 0, 1 + 2 * frame["x"], frame["noise"]),
        both=np.where(frame["m"] == 0, frame["own"] + 2 * frame["x"], frame["noise"]),
        twice=np.where(frame["t"] == 1, np.roll(frame["noise"], 1), frame["noise"]),
    )
    for command, text in told.items():
        with pytest.raises(FitError, match=text):
            terrace.fit(command, frame)
    assert terrace.fit("mixed y x || s:, residuals(independent, by(one)) reml", frame).converged
    for method in ("ml", "reml"):
        assert terrace.fit(f"mixed noise x || s:, residuals(independent, by(t)) {method}", frame).converged


@pytest.mark.parametrize("method", ["ml", "reml"])
def test_frequency_weights_are_copies(method: str) -> None:
    """One row a group leaves no degrees of freedom; a row that counts twice does, as two rows alike do."""
    frame = subjects(f=lambda d: 1 + (d["m"] == 0) * (d["s"] > 20), y=lambda d: d["noise"] + (d["m"] == 0) * d["x"])
    frame = frame[(frame["m"] == 1) | (frame["t"] == 0)].drop(columns="own").reset_index(drop=True)
    command = "mixed y x{} || s:, residuals(independent, by(m))" + f" {method}"
    assert terrace.fit(command.format(""), frame).converged
    twice = frame.loc[np.repeat(frame.index, frame["f"])].reset_index(drop=True)
    for text, data in ((command.format(" [fweight=f]"), frame), (command.format(""), twice)):
        with pytest.raises(FitError, match="y does not vary within s where m = 0"):
            terrace.fit(text, data)


@pytest.mark.parametrize("method", ["ml", "reml"])
def test_a_variance_beyond_reach_is_refused(method: str) -> None:
    frame = subjects(y=lambda d: np.where(d["m"] == 0, d["own"] + 1e-6 * d["noise"], d["noise"]))
    with pytest.raises(FitError, match="residual variance where m = 0 cannot be estimated"):
        terrace.fit(f"mixed y x || s:, residuals(independent, by(m)) {method}", frame)
    within = frame.assign(y=np.where(frame["m"] == 0, frame["own"] + 1e-3 * frame["x"] ** 2, frame["noise"]))
    assert terrace.fit(f"mixed y x || s:, residuals(independent, by(m)) {method}", within).converged


# --- after a search that failed ---------------------------------------------------------------------------------------
def test_a_failed_search_says_nothing_of_a_maximum() -> None:
    """Small samples, of which many come to the edge of the parameter space before they come to their maximum."""
    singular = 0
    for seed in range(16):
        rng = np.random.default_rng(seed)
        s = np.repeat(np.arange(6), 4)
        frame = pd.DataFrame({"s": s, "t": np.tile(np.arange(4), 6), "x": rng.normal(size=24)})
        frame["y"] = 1 + frame["x"] + rng.normal(size=6)[s] + rng.normal(size=24)
        with mock.patch.object(searches, "RESTART_ITERATIONS", 6):
            fit = terrace.fit("mixed y x || s: x, residuals(independent, by(t)) iterate(6)", frame)
        if fit.converged:
            continue
        singular += bool(singular_directions(fit.model.objective, fit.model.optimum.point))
        assert [w.code for w in fit.warnings] == ["not-converged"] and "leave out by(t)" in fit.warnings[0].advice
        assert fit.state == "failed" and not fit.boundary
        assert not any(p.boundary for p in fit.random) and all(p.identified for p in fit.random)
        assert not {c.code for c in checklist(fit, as_dataset(frame))} & {"boundary", "identification"}
    assert singular >= 2


def test_a_variance_of_zero_is_zero_and_its_profile_ends_where_the_dense_likelihood_says() -> None:
    """Independent: the likelihood of 15 groups of five, maximised over the other parameters with this one held."""
    rng = np.random.default_rng(1)
    u = rng.normal(size=15)
    frame = pd.DataFrame({"id": np.repeat(np.arange(15), 5), "m": np.tile([0, 1, 1, 1, 1], 15)})
    frame["y"] = 1 + u[frame["id"]] + np.where(frame["m"] == 1, 0.7 * rng.normal(size=75), 0.0)
    session = session_on(dataset(frame))
    fit = session.run("mixed y || id:, residuals(independent, by(m))").fit
    assert fit is not None and fit.converged
    zero = next(p for p in fit.random if p.group == "0")
    assert (zero.estimate, zero.se, zero.boundary) == (0.0, None, True)

    y = frame["y"].to_numpy().reshape(15, 5)

    def lost(free: np.ndarray, held: float) -> float:
        mean, between, within = free[0], np.exp(free[1]), np.exp(free[2])
        v = between + np.diag([held, *[within] * 4])
        return -float(stats.multivariate_normal([mean] * 5, v).logpdf(y).sum())

    def best(held: float) -> float:
        tight = {"xatol": 1e-9, "fatol": 1e-10, "maxiter": 4000}
        return -optimize.minimize(lost, [1.0, -1.0, -1.0], (held,), "Nelder-Mead", options=tight).fun

    assert best(1e-10) == pytest.approx(fit.ll, abs=1e-6)
    upper = optimize.brentq(lambda v: fit.ll - best(v) - stats.chi2.ppf(0.95, 1) / 2, 1e-6, 1.0, xtol=1e-9)
    row = next(r for r in session.run("estat profile").tables[0].rows if r.label.startswith("0:"))
    found = row.values[1]
    assert isinstance(found, tuple) and found[0] == 0 and found[1] == pytest.approx(upper, rel=1e-4)


@pytest.mark.parametrize("reml", [False, True])
@pytest.mark.parametrize("residuals", ["ar 1, t(t)", "ar 2, t(t)", "exchangeable"])
def test_an_outcome_that_alternates_is_refused(residuals: str, reml: bool) -> None:
    """Sums that may vanish: the dense likelihood goes up by half of their number with each unit of -log(1 - |ρ|)."""
    rng = np.random.default_rng(3)
    frame = pd.DataFrame({"id": np.repeat(np.arange(9), 4), "t": np.tile(np.arange(4.0), 9)})
    frame["x"] = rng.normal(size=9)[frame["id"]]
    frame["y"] = rng.normal(size=9)[frame["id"]] * (-1.0) ** frame["t"]
    command = f"mixed y x || id:, residuals({residuals})" + " reml" * reml
    with pytest.raises(FitError, match="sums of y within the groups") as refused:
        terrace.fit(command, as_dataset(frame))
    assert refused.value.code == "exact-fit"
    frame.loc[5, "y"] += 0.1  # one sum that does not follow is enough
    try:
        terrace.fit(command, as_dataset(frame))
    except FitError as error:
        assert error.code != "exact-fit"


def test_a_largest_group_alone_is_no_reason_to_refuse() -> None:
    """Its sum always follows from the fixed part; what is found is the maximum that the dense likelihood has inside."""
    rng = np.random.default_rng(5)
    frame = pd.DataFrame({"id": np.repeat(np.arange(12), [6, *[4] * 11])})
    frame["x"] = rng.normal(size=50)
    frame["y"] = frame["x"] + rng.normal(size=12)[frame["id"]] + rng.normal(size=50)
    fit = terrace.fit("mixed y x || id:, noconstant residuals(exchangeable)", as_dataset(frame))
    other = terrace.fit("mixed y x || id:", as_dataset(frame))  # the same model, where the correlation is positive
    assert fit.state == "converged" and fit.ll == pytest.approx(other.ll, abs=1e-6)


def test_sums_that_a_structure_says_may_vanish_do() -> None:
    """c'R*c beside the trace of R*, where the correlations are near their lower end."""
    at = np.array([0.0, 1.0, 3.0, 4.0])
    near = {"ar": np.array([-1 + 1e-7]), "exchangeable": np.array([-1 / 3 + 1e-7])}
    for key, structure in RESIDUALS.items():
        bound = structure(at, structure.usual_order or 1)
        sums = bound.vanishing_sums(at, 4)
        assert (sums.shape[1] > 0) == (key in near), key
        if key in near:
            matrix = bound.relative(near[key], at, 0)[0]
            assert np.linalg.matrix_rank(sums) == sums.shape[1]
            assert np.diag(sums.T @ matrix @ sums).max() < 1e-5
    assert Exchangeable(at).vanishing_sums(at, 5).shape[1] == 0  # a larger group stops it before
