"""A model that is fitted again and again: what is kept of the first time must not show in the second."""

from __future__ import annotations

import dataclasses
import threading

import numpy as np
import pandas as pd
import pytest

import terrace
from terrace.data.dataset import Dataset, Measure, Variable
from terrace.deferred import waits
from terrace.results.fit import FitResult

FORMULA = "y ~ x + (x | g)"


def frame(seed: int = 1, groups: int = 12, size: int = 8) -> pd.DataFrame:
    """y, x and g of a model with random slopes."""
    rng = np.random.default_rng(seed)
    g = np.repeat(np.arange(groups), size)
    x = rng.normal(size=len(g))
    y = 1 + x + rng.normal(size=groups)[g] + rng.normal(size=groups)[g] * x + rng.normal(size=len(g))
    return pd.DataFrame({"y": y, "x": x, "g": g + 1})


def numbers(fit: FitResult) -> tuple[float, ...]:
    """What a fit found."""
    return (fit.ll, *(e.coef for e in fit.fixed), *(r.estimate for r in fit.random), *(r.se or 0.0 for r in fit.random))


def test_a_frame_is_fitted_as_its_columns_read_one_by_one() -> None:
    data = frame()
    slow = Dataset(data.astype(np.float64), tuple(map(Variable, data.columns)))
    assert numbers(terrace.fit(FORMULA, data)) == numbers(terrace.fit(FORMULA, slow))


def test_the_same_names_with_text_are_another_plan() -> None:
    data = frame()
    first = terrace.fit(FORMULA, data)
    as_text = data.assign(x=np.where(data.x > 0, "high", "low"))
    assert [e.term for e in terrace.fit("y ~ x + (1 | g)", as_text).fixed if e.in_model] != ["x", "_cons"]
    assert numbers(terrace.fit(FORMULA, data)) == numbers(first)
    assert numbers(terrace.fit(FORMULA, frame(2))) != numbers(first)


def test_the_same_formula_with_other_names_is_read_anew() -> None:
    terrace.fit(FORMULA, frame())
    with pytest.raises(terrace.TerraceError, match="x"):
        terrace.fit(FORMULA, frame().rename(columns={"x": "z"}))
    with pytest.raises(terrace.TerraceError, match="x"):
        terrace.fit("mixed y x || g: x", frame().rename(columns={"x": "z"}))


def test_missing_and_infinite_values_are_seen_in_a_frame_that_was_fine_before() -> None:
    data = frame()
    whole = terrace.fit(FORMULA, data)
    data.loc[3, "x"] = np.nan
    assert terrace.fit(FORMULA, data).scalars["N"] == len(data) - 1
    assert terrace.fit(FORMULA, data.dropna()).ll == terrace.fit(FORMULA, data).ll != whole.ll
    data.loc[3, "x"] = np.inf
    with pytest.raises(terrace.TerraceError, match="infinite"):
        terrace.fit(FORMULA, data)


def test_a_change_of_the_frame_leaves_the_fit_as_it_was() -> None:
    data = frame()
    fit = terrace.fit(FORMULA, data)
    before = fit.model.design.y.copy()
    data.loc[:, "y"] = 0.0
    data["x"] += 1.0
    assert np.array_equal(fit.model.design.y, before)
    assert fit.model.data is not None
    assert np.array_equal(fit.model.data.numeric("y"), before)
    with pytest.raises(ValueError, match="read-only"):
        fit.model.design.y[0] = 1.0


def test_numeric_gives_an_array_of_the_caller() -> None:
    data = frame()
    fit = terrace.fit(FORMULA, data)
    assert fit.model.data is not None
    own = fit.model.data.numeric("y")
    own[:] = 0.0
    assert np.array_equal(fit.model.data.values("y"), data.y)


def test_what_a_frame_measures_is_guessed_when_asked() -> None:
    data = terrace.fit(FORMULA, frame(groups=30)).model.data
    assert data is not None
    assert data.is_plain
    assert data.variable("g").measure is Measure.IDENTIFIER
    assert not data.is_plain
    assert [v.name for v in data.variables] == ["y", "x", "g"]
    # group numbers that a double cannot tell apart are text, as ever
    large = frame().assign(g=lambda d: d.g + 2**60)
    assert terrace.fit(FORMULA, large).groups[0].n_groups == 12


def test_what_waits_is_made_once_and_survives() -> None:
    fit = terrace.fit(FORMULA, frame())
    assert waits(fit, "fixed")
    assert waits(fit, "macros")
    found: list[object] = []
    threads = [threading.Thread(target=lambda: found.append(numbers(fit))) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(set(found)) == 1
    assert fit.fixed is fit.fixed
    with pytest.raises(TypeError):
        fit.scalars["ll"] = 0.0  # type: ignore[index]
    with pytest.raises(ValueError, match="read-only"):
        fit.matrices["b"][0, 0] = 99.0
    with pytest.raises(dataclasses.FrozenInstanceError):
        fit.fixed = ()  # type: ignore[misc]
    named = dataclasses.replace(terrace.fit(FORMULA, frame()), name="again")
    assert numbers(named) == numbers(fit)


def test_a_column_within_groups_shares_nothing_that_differs() -> None:
    """Random slopes of some of the fixed part, in another order, beside those that are not in it."""
    data = frame().assign(z=lambda d: np.random.default_rng(3).normal(size=len(d)))
    commands = "mixed y x z || g: z x, cov(un) reml", "mixed y x || g: z, reml", "mixed y x, nocons || g: x, reml"
    for command in commands:
        fit = terrace.fit(command, data)
        block = fit.model.design.blocks[0]
        for name, column in zip(block.names, block.z.T):
            assert np.array_equal(column, np.ones(len(data)) if name == "_cons" else data[name])
