"""What must not change a fit: the order of rows, the names of groups, the units of measurement.

Also equal models written differently, and that EM climbs. Examples are few: a fit is a fit.
"""

from __future__ import annotations

import os

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from oracle_support import column, dataset, estimated, generated_fit, natural, session_on
from scipy import stats

import terrace
from oracles import generated
from oracles.generated import panel

FEW = settings(max_examples=int(os.environ.get("TERRACE_EXAMPLES", "6")))
COMMANDS = (
    "mixed y x z || id: x, cov(unstructured)",
    "mixed y x z || region: || person: x, reml",
    "mixed y i.g##c.x i.f || id: x, reml",
    "mixed y x z || _all: R.item || id:",
    "mixed y x z || id:, residuals(ar 1, t(t) by(g)) reml",
    "mixed y x z || id:, noconstant residuals(banded 1, t(wave))",
)
seeds = st.integers(0, 2**32 - 1)


def complete() -> pd.DataFrame:
    frame = panel().dropna().reset_index(drop=True)
    # four coarse waves, no two alike within a person, for structures that name their times
    return frame.assign(wave=frame.groupby("id").cumcount() % 4).drop_duplicates(["id", "wave"])


def agree(one: terrace.FitResult, other: terrace.FitResult) -> None:
    """Estimates, standard errors and likelihood, to optimiser accuracy."""
    assert one.ll == pytest.approx(other.ll, rel=1e-9)
    se = column(estimated(other), "se")
    np.testing.assert_allclose(column(estimated(one), "coef") / se, column(estimated(other), "coef") / se, atol=1e-5)
    np.testing.assert_allclose(column(estimated(one), "se"), se, rtol=1e-5)
    np.testing.assert_allclose(natural(one), natural(other), rtol=1e-4, atol=1e-7)


@FEW
@given(seed=seeds, command=st.sampled_from(COMMANDS))
def test_order_of_rows(seed: int, command: str) -> None:
    frame = complete()
    shuffled = frame.sample(frac=1, random_state=seed)
    one, other = terrace.fit(command, dataset(shuffled)), terrace.fit(command, dataset(frame))
    agree(one, other)
    assert one.groups == other.groups
    assert one.sample.sum() == other.sample.sum()


@FEW
@given(seed=seeds, command=st.sampled_from(COMMANDS[:4]))
def test_names_of_groups(seed: int, command: str) -> None:
    """Other numbers, in another order, negative and large; then text."""
    frame = complete()
    rng = np.random.default_rng(seed)
    numbers, words = frame.copy(), frame.copy()
    for name in ("region", "person", "id", "item"):
        old = np.unique(frame[name])
        new = rng.choice(np.arange(-500, 100_000), size=len(old), replace=False)
        numbers[name] = new[np.searchsorted(old, frame[name])]
        words[name] = [f"group {v}" for v in numbers[name]]
    plain = terrace.fit(command, dataset(frame))
    agree(terrace.fit(command, dataset(numbers)), plain)
    agree(terrace.fit(command, dataset(words)), plain)


@pytest.mark.parametrize(
    "residuals",
    ["independent,", "ar 1, t(t)", "exchangeable,", "toeplitz 1, t(t)", "unstructured, t(wave)", "banded 1, t(wave)"],
)
def test_order_of_the_groups_of_by(residuals: str) -> None:
    """Other names for three groups with residuals of their own, so that they are printed in another order."""
    rng = np.random.default_rng(7)
    frame = pd.DataFrame({"id": np.repeat(np.arange(36), 4), "wave": np.tile(np.arange(4), 36)})
    frame["t"], frame["x"], by = frame["wave"], rng.normal(size=144), frame["id"].to_numpy() // 6 % 3
    noise = rng.normal(size=144) * np.array([0.5, 1.0, 2.0])[by]
    frame["y"] = frame["x"] + 0.5 * rng.normal(size=9)[frame["id"] // 4] + noise + 0.3 * np.roll(noise, 1)
    frame["school"] = frame["id"] // 4
    command = f"mixed y x || school: || id:, noconstant residuals({residuals} by(g)) reml"
    one = terrace.fit(command, dataset(frame.assign(g=by)))
    width = (len(one.random) - 1) // 3
    for order in ([2, 0, 1], [1, 2, 0], [2, 1, 0]):
        other = terrace.fit(command, dataset(frame.assign(g=np.array(order)[by])))
        places = [0, *(1 + width * order[k] + j for k in range(3) for j in range(width))]
        assert other.ll == pytest.approx(one.ll, abs=1e-8)
        np.testing.assert_allclose(natural(other)[places], natural(one), rtol=1e-5)
        np.testing.assert_allclose(column(other.random, "se")[places], column(one.random, "se"), rtol=1e-5)
        assert [other.random[k].name.split(":")[1:] for k in places] == [p.name.split(":")[1:] for p in one.random]


@FEW
@given(
    shift=st.floats(-1e4, 1e4),
    scale=st.floats(1e-3, 1e3),
    sign=st.sampled_from((-1, 1)),
    command=st.sampled_from(COMMANDS),
)
def test_units_of_the_outcome(shift: float, scale: float, sign: int, command: str) -> None:
    frame = complete()
    plain = terrace.fit(command, dataset(frame))
    moved = terrace.fit(command, dataset(frame.assign(y=shift + sign * scale * frame["y"])))
    free = plain.scalars["N"] - (len(estimated(plain)) if "reml" in command else 0)
    assert moved.ll == pytest.approx(plain.ll - free * np.log(scale), rel=1e-7, abs=1e-5)
    se = column(estimated(plain), "se")
    np.testing.assert_allclose(column(estimated(moved), "se"), scale * se, rtol=1e-4)
    expected = sign * scale * column(estimated(plain), "coef")
    expected[-1] += shift
    error = (column(estimated(moved), "coef") - expected) / (scale * se)
    assert np.abs(error).max() < 1e-4
    factor = [1.0 if p.name.endswith("rho") else scale**2 for p in plain.random]
    np.testing.assert_allclose(natural(moved) / factor, natural(plain), rtol=1e-3, atol=1e-6)


@FEW
@given(shift=st.floats(-50, 50), scale=st.floats(1e-2, 1e2), reml=st.booleans())
def test_units_of_a_covariate_with_a_random_slope(shift: float, scale: float, reml: bool) -> None:
    """An unstructured covariance absorbs any shift (here in standard deviations) and scale of its covariate."""
    frame = complete()
    command = "mixed y x z || id: x, cov(unstructured)" + (" reml" if reml else "")
    plain = terrace.fit(command, dataset(frame))
    moved = terrace.fit(command, dataset(frame.assign(x=scale * (shift + frame["x"]))))
    # the restricted likelihood counts log|X'V^-1X|, in which the covariate's unit stands
    assert moved.ll == pytest.approx(plain.ll - (np.log(scale) if reml else 0.0), abs=1e-6)
    slope, old = estimated(moved)[0], estimated(plain)[0]
    assert slope.coef * scale == pytest.approx(old.coef, rel=1e-5)
    assert slope.se * scale == pytest.approx(old.se, rel=1e-5)
    var, before = natural(moved), natural(plain)
    assert var[0] * scale**2 == pytest.approx(before[0], rel=1e-3)
    assert var[-1] == pytest.approx(before[-1], rel=1e-4)


@pytest.mark.parametrize("method", ["", "reml"])
def test_a_group_variable_is_a_crossed_factor_over_all_rows(method: str) -> None:
    data = dataset(complete())
    for crossed, nested in (
        ("|| _all: R.id,", "|| id:,"),
        ("|| _all: R.region || _all: R.id,", "|| region: || person:,"),
        ("|| _all: R.item || _all: R.id,", "|| _all: R.item || id:,"),
    ):
        one = terrace.fit(f"mixed y x z {crossed} {method}", data)
        other = terrace.fit(f"mixed y x z {nested} {method}", data)
        agree(one, other)
        np.testing.assert_allclose(column(list(one.random), "se"), column(list(other.random), "se"), rtol=1e-5)


def test_exchangeable_effects_of_a_factor_are_two_levels() -> None:
    """Example 11 of the manual: var(R.person) is the sum of both variances, cov that of the upper level."""
    data = dataset(complete())
    one = terrace.fit("mixed y x z || region: R.person, cov(exchangeable)", data)
    other = terrace.fit("mixed y x z || region: || person:", data)
    assert one.ll == pytest.approx(other.ll, rel=1e-10)
    var, cov, error = natural(one)
    np.testing.assert_allclose([cov, var - cov, error], natural(other), rtol=1e-5)


@pytest.mark.parametrize("command", COMMANDS[:4])
def test_em_climbs(command: str) -> None:
    joint = " " if "," in command.rpartition("||")[2] else ", "
    result = terrace.fit(f"{command}{joint}emonly emiterate(40)", dataset(complete()))
    path = [i.ll for i in result.log if i.phase == "EM"]
    assert len(path) > 5
    assert np.all(np.diff(path) >= -1e-9 * np.abs(path[0]))
    whole = terrace.fit(command, dataset(complete()))
    assert path[-1] <= whole.ll + 1e-8
    assert all(p.se is None for p in result.random)


@pytest.mark.parametrize("reml", ["", " reml"])
def test_em_reaches_a_negative_covariance_of_crossed_effects(reml: str) -> None:
    """Regions in which some values are missing; items of a region compete with each other."""
    rng = np.random.default_rng(4)
    frame = pd.DataFrame({"reg": np.repeat(np.arange(30), 12), "item": np.tile(np.repeat(np.arange(4), 3), 30)})
    effect = rng.normal(size=(30, 4))
    effect -= 0.9 * effect.mean(axis=1, keepdims=True)
    frame["y"] = effect.ravel().repeat(3) + 0.7 * rng.normal(size=360)
    frame = frame[rng.random(360) < 0.75]
    command = f"mixed y || reg: R.item, cov(exchangeable){reml}"
    whole = terrace.fit(command, dataset(frame))
    assert natural(whole)[1] < 0
    result = terrace.fit(f"{command} emonly emiterate(3000) emtolerance(1e-14)", dataset(frame))
    path = np.array([i.ll for i in result.log if i.phase == "EM"])
    assert np.all(np.diff(path) >= -1e-11 * np.abs(path[0]))
    assert path[-1] == pytest.approx(whole.ll, abs=1e-7)
    np.testing.assert_allclose(natural(result), natural(whole), rtol=1e-3)


STORED = [c for c in generated.collected() if c.id.endswith("-reml")]


@pytest.mark.parametrize("case", [pytest.param(c, id=c.id) for c in STORED])
def test_search_from_the_stored_estimates_is_at_its_end(case: generated.Case) -> None:
    """from() takes all parameters in the stored metric, those of the residuals too."""
    whole = generated_fit(case)
    values = " ".join(f"{p.estimate:.17g}" for p in whole.random_estmetric)
    again = terrace.fit(f"{case.command} iterate(0) from({values})", dataset(case.frame))
    assert len(again.log) == 1
    assert again.ll == pytest.approx(whole.ll, abs=1e-8)


SAME_ESTIMATES = (
    "matlog",
    "technique(bfgs)",
    "technique(dfp)",
    "technique(nr 3 bfgs 3)",
    "difficult",
    "emiterate(0)",
    "emiterate(200)",
    "nostderr",
    "level(90)",
    "stddeviations",
    "estmetric",
    "nolog",
)


@pytest.mark.parametrize("command", COMMANDS[:4])
@pytest.mark.parametrize("option", SAME_ESTIMATES)
def test_options_of_the_search_and_of_the_display_keep_the_estimates(option: str, command: str) -> None:
    joint = " " if "," in command.rpartition("||")[2] else ", "
    one = terrace.fit(command + joint + option, dataset(complete()))
    other = terrace.fit(command, dataset(complete()))
    agree(one, other)
    if option == "nostderr":
        assert all(p.se is None for p in one.random)


def test_wider_level_gives_wider_intervals() -> None:
    data = dataset(complete())
    one = terrace.fit(COMMANDS[0] + " level(90)", data)
    other = terrace.fit(COMMANDS[0], data)
    z = stats.norm.ppf(0.95)
    for row in estimated(one):
        assert row.ub - row.coef == pytest.approx(z * row.se, rel=1e-6)
    for narrow, wide in zip(one.random, other.random, strict=True):
        assert wide.lb < narrow.lb < narrow.estimate < narrow.ub < wide.ub


def test_collinear_covariates_are_dropped_with_a_note() -> None:
    frame = complete().assign(twice=lambda f: 2 * f["x"] - 1)
    one = terrace.fit("mixed y x z twice || id: x", dataset(frame))
    other = terrace.fit("mixed y x z || id: x", dataset(frame))
    agree(one, other)
    dropped = [f for f in one.fixed if f.kind == "omitted"]
    assert [f.term for f in dropped] == ["twice"]
    assert dropped[0].coef == 0
    assert any("twice" in str(w) for w in one.warnings)
    assert one.scalars["df_m"] == 2


def test_a_variable_of_the_groups_lets_their_variance_differ() -> None:
    """|| id: z with z constant in groups: the same model as a variance for each value of z, with a note."""
    frame = complete()
    frame["z"] = frame["id"].factorize()[0] % 2
    one = terrace.fit("mixed y x z || id: z", dataset(frame))
    both = terrace.fit("mixed y x z || id: ibn.z, noconstant", dataset(frame))
    assert any(w.code == "slope-constant" and w.subject == "z" for w in one.warnings)
    assert not any(w.code == "slope-constant" for w in both.warnings)
    first, second = ({r.name: r.estimate for r in fit.random} for fit in (one, both))
    assert first["var(z)"] > 0
    assert one.ll == pytest.approx(both.ll, rel=1e-9)
    assert first["var(_cons)"] + first["var(z)"] == pytest.approx(second["var(1.z)"], rel=1e-5)


def test_many_collinear_terms_are_one_note() -> None:
    """Twelve notes that say the same of twelve cells would hide the others."""
    rng = np.random.default_rng(5)
    frame = pd.DataFrame({"f": rng.integers(0, 13, 200), "g": rng.integers(0, 20, 200), "y": rng.normal(size=200)})
    fit = terrace.fit("mixed y i.f##i.f || g:", frame)
    (note,) = [w for w in fit.warnings if w.code == "collinear"]
    assert note.message.startswith("12 terms were left out")
    assert note.message.endswith("12 cells of i.f#i.f.")


def test_collinear_random_slopes_are_dropped_with_a_note() -> None:
    frame = complete().assign(twice=lambda f: 2 * f["x"])
    one = terrace.fit("mixed y x z || id: x twice, cov(unstructured)", dataset(frame))
    agree(one, terrace.fit("mixed y x z || id: x, cov(unstructured)", dataset(frame)))
    assert any("twice" in str(w) for w in one.warnings)


@pytest.mark.parametrize("definition", ["x = z", "x + 2*z = 0.5", "x = 1"])
def test_constraints_are_a_change_of_variables(definition: str) -> None:
    """The same restriction written into the data."""
    frame = complete()
    session = session_on(dataset(frame))
    assert session.run(f"constraint define 1 {definition}").ok
    outcome = session.run("mixed y x z || id:, constraints(1) reml")
    assert outcome.ok, outcome.error
    if definition == "x = z":
        plain = terrace.fit("mixed y s || id:, reml", dataset(frame.assign(s=frame["x"] + frame["z"])))
        slopes = [estimated(plain)[0].coef] * 2
    elif definition == "x = 1":
        plain = terrace.fit("mixed w z || id:, reml", dataset(frame.assign(w=frame["y"] - frame["x"])))
        slopes = [1.0, estimated(plain)[0].coef]
    else:  # x = .5 - 2 z: y - .5 x on z - 2 x
        moved = frame.assign(w=frame["y"] - 0.5 * frame["x"], s=frame["z"] - 2 * frame["x"])
        plain = terrace.fit("mixed w s || id:, reml", dataset(moved))
        slopes = [0.5 - 2 * estimated(plain)[0].coef, estimated(plain)[0].coef]
    result = outcome.fit
    np.testing.assert_allclose([f.coef for f in result.fixed[:2]], slopes, rtol=1e-6)
    np.testing.assert_allclose(natural(result), natural(plain), rtol=1e-5)
    assert result.scalars["rank"] == plain.scalars["rank"]
    if "0.5" not in definition:  # there the model test would contradict the constraint
        assert result.scalars["chi2"] == pytest.approx(plain.scalars["chi2"], rel=1e-6)


def test_a_fit_is_the_same_twice() -> None:
    data = dataset(complete())
    one, other = terrace.fit(COMMANDS[0], data), terrace.fit(COMMANDS[0], data)
    assert one.ll == other.ll
    assert np.array_equal(natural(one), natural(other))
