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


def test_what_follows_from_the_others_is_left_out_and_told(frame: pd.DataFrame) -> None:
    texts = {1: "a = b", 2: "_cons = 1", 3: "2*a + 2*_cons = 2*b + 2"}
    both = terrace.fit("mixed y a b || g:, constraints(1/3)", frame, constraints=texts)
    alone = terrace.fit("mixed y a b || g:, constraints(1 2)", frame, constraints=texts)
    assert both.ll == alone.ll and both.constraints == alone.constraints == ("a = b", "_cons = 1")
    assert both.matrices["Cns"].shape == (2, 6)
    assert [w.code for w in both.warnings] == ["fixed-constraint"] and texts[3] in both.warnings[0].message


@pytest.mark.parametrize(
    ("texts", "named"),
    [
        ({1: "a = 1", 2: "b = 2", 3: "a + b = 4"}, "Constraint 3"),
        ({1: "a = 1", 2: "a = 2"}, "Constraint 2"),
        ({1: "a = a + 1"}, "Constraint 1"),
        ({1: "b = 2", 2: "0.c = 1"}, "Constraint 2"),
    ],
)
def test_a_contradiction_names_the_constraint(frame: pd.DataFrame, texts: dict[int, str], named: str) -> None:
    numbers = " ".join(map(str, texts))
    with pytest.raises(SpecError, match=named):
        terrace.fit(f"mixed y a b i.c || g:, constraints({numbers})", frame, constraints=texts)


def test_base_levels_are_zero_in_constraints(frame: pd.DataFrame) -> None:
    for text in ("1.c = 0b.c", "1.c = 0", "_b[1.c]", "[y]1.c = [y]0bn.c"):
        fit = terrace.fit("mixed y a i.c || g:, constraints(1)", frame, constraints={1: text})
        merged = terrace.fit("mixed y a d || g:", frame.assign(d=frame.c == 2))
        assert fit.ll == pytest.approx(merged.ll, abs=1e-9)
        assert coefficients(fit)["1.c"] == pytest.approx(0, abs=1e-12)


def test_a_bound_coefficient_says_so_in_its_row(frame: pd.DataFrame) -> None:
    fit = terrace.fit("mixed y a b || g:, constraints(1)", frame, constraints={1: "a = 0.75"})
    lines = str(fit).split("\n")
    (row,) = [line for line in lines if line.startswith("a ")]
    assert row.split() == ["a", ".75", "(constrained)"]
    assert len(row) <= max(map(len, lines))
    assert "constrained" in fit.tables()[0].plain()["rows"][1]
