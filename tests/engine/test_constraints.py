"""Constraints on the fixed effects: against the model in which they are built into the predictors."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

import terrace
from terrace.errors import SpecError


@pytest.fixture(scope="module")
def frame() -> pd.DataFrame:
    rng = np.random.default_rng(4)
    out = pd.DataFrame({"g": np.repeat(np.arange(15), 6), "a": rng.normal(size=90), "b": rng.normal(size=90)})
    out["c"] = rng.integers(0, 3, 90)
    out["y"] = 1 + out.a - 0.5 * out.b + rng.normal(size=15)[out.g] + rng.normal(size=90)
    return out


def coefficients(fit: terrace.FitResult) -> dict[str, float]:
    return {row.term: row.coef for row in fit.fixed}


@pytest.mark.parametrize("method", ["", " reml"])
def test_equal_coefficients_are_the_coefficient_of_the_sum(frame: pd.DataFrame, method: str) -> None:
    bound = terrace.fit(f"mixed y a b || g:, constraints(1){method}", frame, constraints={1: "a = b"})
    summed = terrace.fit(f"mixed y s || g:,{method}", frame.assign(s=frame.a + frame.b))
    # REML of the two differs by the length of the direction, log(2)/2: the column is a + b against (a + b)/√2
    shift = -0.5 * np.log(2.0) if method else 0.0
    assert bound.ll == pytest.approx(summed.ll - shift, abs=1e-8)
    found, expected = coefficients(bound), coefficients(summed)
    assert found["a"] == pytest.approx(expected["s"], rel=1e-9)
    assert found["b"] == pytest.approx(expected["s"], rel=1e-9)
    assert bound.fixed[0].se == pytest.approx(summed.fixed[0].se, rel=1e-8)
    assert bound.scalars["df_m"] == 1


def test_a_fixed_value_is_an_offset(frame: pd.DataFrame) -> None:
    bound = terrace.fit("mixed y a b || g:, constraints(3)", frame, constraints={3: "a = 0.75"})
    offset = terrace.fit("mixed z b || g:", frame.assign(z=frame.y - 0.75 * frame.a))
    assert bound.ll == pytest.approx(offset.ll, abs=1e-9)
    assert coefficients(bound)["a"] == pytest.approx(0.75)
    assert bound.fixed[0].kind == "constrained"
    assert bound.fixed[0].se is None
    np.testing.assert_allclose(
        [row.se for row in bound.fixed[1:]], [row.se for row in offset.fixed], rtol=1e-8
    )


@pytest.mark.parametrize(
    ("text", "row", "value"),
    [
        ("a = b", [1, -1, 0], 0),
        ("2*a + b = 3", [2, 1, 0], 3),
        ("[y]a - [y]b = 1e-1", [1, -1, 0], 0.1),
        ("_b[a] = -_b[_cons]", [1, 0, 1], 0),
        ("a", [1, 0, 0], 0),
        ("a - 1 = b + .5", [1, -1, 0], 1.5),
    ],
)
def test_ways_to_write_a_constraint(frame: pd.DataFrame, text: str, row: list[float], value: float) -> None:
    bound = terrace.fit("mixed y a b || g:, constraints(1)", frame, constraints={1: text})
    beta = bound.model.beta
    assert np.dot(row, beta) == pytest.approx(value, abs=1e-10)
    assert bound.constraints == (text,)
    assert text in str(bound)


def test_levels_of_a_factor(frame: pd.DataFrame) -> None:
    bound = terrace.fit("mixed y a i.c || g:, constraints(1)", frame, constraints={1: "1.c = 2.c"})
    merged = terrace.fit("mixed y a i.d || g:", frame.assign(d=(frame.c > 0).astype(int)))
    assert bound.ll == pytest.approx(merged.ll, abs=1e-9)


@pytest.mark.parametrize(
    ("numbers", "texts", "code"),
    [
        ("7", {1: "a = b"}, "no-such-constraint"),
        ("1", {1: "a = nobody"}, "no-such-coefficient"),
        ("1", {1: "a = * b"}, "constraint-syntax"),
        ("1 2", {1: "a = 1", 2: "a = 2"}, "constraints-contradict"),
    ],
)
def test_errors_name_the_constraint(
    frame: pd.DataFrame, numbers: str, texts: dict[int, str], code: str
) -> None:
    with pytest.raises(SpecError) as caught:
        terrace.fit(f"mixed y a b || g:, constraints({numbers})", frame, constraints=texts)
    assert caught.value.code == code
