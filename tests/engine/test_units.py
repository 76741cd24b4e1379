"""Units of variables: a fit in any of them is the same fit, or the variable is named and its unit refused."""

from __future__ import annotations

import warnings
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import terrace
from terrace.data.read import stream
from terrace.errors import TerraceError

POWERS = (-300, -200, -170, -155, -149, -100, -20, 20, 100, 140, 149, 155, 170, 300)
MODELS = (
    "mixed y x z || g: x, cov(un) reml",
    "mixed y c.x##c.z || g: x z",
    "mixed y x || g: x",
    "mixed y x || g:, residuals(independent, by(m)) vce(robust)",
    "mixed y x || g:, residuals(ar 1, t(t))",
    "mixed y x || _all: R.m || g:",
)


def frame() -> pd.DataFrame:
    rng = np.random.default_rng(5)
    g = np.repeat(np.arange(30), 5)
    out = pd.DataFrame({"g": g, "t": np.tile(np.arange(5.0), 30), "m": np.tile([0, 1, 1, 0, 1], 30)})
    out["x"], out["z"], out["w"] = rng.normal(size=150), rng.normal(size=150), rng.uniform(0.5, 2.0, 30)[g]
    noise = np.zeros(150)
    for k, e in enumerate(rng.normal(size=150)):
        noise[k] = e + (0.8 * noise[k - 1] if k % 5 else 0.0)
    out["y"] = 1 + out["x"] + rng.normal(size=30)[g] + rng.normal(size=30)[g] * out["x"] + noise
    return out


def fitted(command: str, data: pd.DataFrame) -> terrace.FitResult:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        return terrace.fit(command, data)


def free_of_units(fit: terrace.FitResult) -> np.ndarray:
    """z statistics and relative standard errors: numbers that no unit changes."""
    rows = [f.stat for f in fit.fixed if f.term != "_cons"]
    rows += [p.se / p.estimate for p in (*fit.random, *fit.random_sd) if p.se is not None and p.estimate]
    return np.array(rows, dtype=float)


@pytest.mark.parametrize("command", MODELS)
@pytest.mark.parametrize("name", ["y", "x"])
def test_every_unit_is_right_or_refused(command: str, name: str) -> None:
    data = frame()
    plain = fitted(command, data)
    right = 0
    for power in POWERS:
        try:
            fit = fitted(command, data.assign(**{name: data[name] * 10.0**power}))
        except TerraceError as error:
            assert error.code == "units" and name in error.subject, error
            assert "Rescale" in error.advice and abs(power) > 140
            continue
        right += 1
        assert fit.converged and [w.code for w in fit.warnings] == [w.code for w in plain.warnings]
        np.testing.assert_allclose(free_of_units(fit), free_of_units(plain), rtol=2e-4)
        moved = {"y": -150, "x": 0}[name] if "reml" not in command else None
        if moved is not None:
            assert fit.ll == pytest.approx(plain.ll + moved * power * np.log(10), rel=1e-9, abs=1e-6)
    assert right >= 5


def test_an_interaction_beyond_all_numbers_is_refused() -> None:
    data = frame()
    for power, text in ((140, "c.x#c.z has values as large as"), (-140, "c.x#c.z has no value larger than")):
        far = data.assign(x=data["x"] * 10.0**power, z=data["z"] * 10.0**power)
        with pytest.raises(TerraceError, match=text) as error:
            fitted("mixed y c.x##c.z || g:", far)
        assert "the variables of c.x#c.z" in error.value.advice
    with pytest.raises(TerraceError, match="beyond the largest number"):
        fitted("mixed y c.x#c.x#c.x || g:", data.assign(x=data["x"] * 1e140))


def test_a_coefficient_beyond_all_numbers_is_refused() -> None:
    data = frame().assign(y=lambda d: d["y"] * 1e100, x=lambda d: d["x"] * 1e-100)
    with pytest.raises(TerraceError, match="so that the coefficient of x is too large"):
        fitted("mixed y x || g:", data)
    with pytest.raises(TerraceError, match="so that the coefficient of x is too large"):
        fitted("mixed y z || g: x", data)


@pytest.mark.parametrize("name", ["y", "x"])
def test_a_file_that_is_streamed_refuses_the_same(tmp_path: Path, name: str) -> None:
    data = frame()
    for power in (-170, -100, 100, 170):
        path = tmp_path / f"{power}.csv"
        data.assign(**{name: data[name] * 10.0**power}).to_csv(path, index=False)
        if abs(power) == 170:
            with pytest.raises(TerraceError, match="double precision") as error:
                fitted("mixed y x || g:", stream(path))
            assert error.value.code == "units" and error.value.subject == name
        else:
            assert fitted("mixed y x || g:", stream(path)).converged


def test_weights_are_right_or_refused() -> None:
    """Weights of whole clusters: their unit multiplies the likelihood and changes nothing else."""
    data = frame()
    command = "mixed y x || g:, pweight(w)"
    plain = fitted(command, data)
    for power in (-300, -170, -20, -6, -3, 3, 9, 20, 170, 300):
        try:
            fit = fitted(command, data.assign(w=data["w"] * 10.0**power))
        except TerraceError as error:
            assert error.code == "units" and error.subject == "w" and abs(power) >= 20
            continue
        np.testing.assert_allclose(free_of_units(fit), free_of_units(plain), rtol=1e-4)
        assert abs(power) < 20


def test_a_unit_of_time_in_which_a_correlation_is_lost_is_told() -> None:
    data = frame()
    command = "mixed y x || g:, residuals(exponential, t(t))"
    plain = fitted(command, data)
    rho = plain.random[1].estimate
    assert 0.1 < rho < 0.9
    for power in (-300, -160, -10, -4, -2, -1, 1, 3, 6, 13, 17, 140, 170, 300):
        try:
            fit = fitted(command, data.assign(t=data["t"] * 10.0**power))
        except TerraceError as error:
            assert error.code == "units" and error.subject == "t" and power >= 170
            continue
        assert fit.ll == pytest.approx(plain.ll, abs=1e-6)
        np.testing.assert_allclose(free_of_units(fit)[0], free_of_units(plain)[0], rtol=1e-4)
        if -4 < power < 13:
            assert fit.random[1].estimate ** 10.0**power == pytest.approx(rho, rel=1e-4)
            assert not fit.warnings and fit.random[1].se
        else:
            assert [(w.code, w.subject) for w in fit.warnings] == [("units-of-time", "t")]
            assert f"so near to {int(power > 0)} that" in fit.warnings[0].message


@pytest.mark.parametrize("power", [-300, -10, 1])
def test_no_correlation_is_none_in_any_unit(power: int) -> None:
    """Residuals that repel each other: the estimate is at the edge, 0."""
    data = frame()
    data["y"] = data["x"] + np.random.default_rng(1).normal(size=30)[data["g"]] + 3 * (-1) ** data["t"]
    fit = fitted("mixed y x || g:, residuals(exponential, t(t))", data.assign(t=data["t"] * 10.0**power))
    assert {w.code for w in fit.warnings} == {"boundary"} and "Residual: rho" in fit.boundary
