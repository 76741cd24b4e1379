"""``replace`` row by row, against loops in plain Python."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
import pandas as pd
import pytest
from data_support import dataset, ok, refused, session_on
from hypothesis import given
from hypothesis import strategies as st

from terrace.session.commands.helpers import stepwise

NAN = math.nan
Rule = Callable[[list[float], list[float], int, int], float]
"""The new value of x in a row, from x so far, z, the row's number and the first row of its group."""


def before(x: list[float], i: int, first: int, k: int = 1) -> float:
    return x[i - k] if i - k >= first else NAN


CASES: dict[str, Rule] = {
    "x[_n-1] + z": lambda x, z, i, f: before(x, i, f) + z[i],
    "x[_n-1]*0.5 - z/2": lambda x, z, i, f: before(x, i, f) * 0.5 - z[i] / 2,
    "cond(missing(x), x[_n-1], x)": lambda x, z, i, f: before(x, i, f) if math.isnan(x[i]) else x[i],
    "cond(_n == 1, z, x[_n-1] + 1)": lambda x, z, i, f: z[i] if i == f else before(x, i, f) + 1,
    "x[_n-2] + x[_n-1]": lambda x, z, i, f: before(x, i, f, 2) + before(x, i, f),
    "max(x[_n-1], z)": lambda x, z, i, f: np.fmax(before(x, i, f), z[i]),
    "x[1]": lambda x, z, i, f: x[f],
    "x[_n+1]": lambda x, z, i, f: x[i + 1] if i + 1 < len(x) else NAN,
    "(x[_n-1] > z)*2 + !(x[_n-1] == 1)": lambda x, z, i, f: (
        2.0 * (before(x, i, f) > z[i] or (math.isnan(before(x, i, f)) and not math.isnan(z[i])))
        + float(before(x, i, f) != 1)
    ),
    "x[_n-1]/x": lambda x, z, i, f: NAN if x[i] == 0 else before(x, i, f) / x[i],
}
numbers = st.one_of(st.just(NAN), st.integers(-3, 3).map(float))


@given(
    st.lists(st.tuples(numbers, numbers, st.integers(0, 2)), min_size=1, max_size=25), st.sampled_from(sorted(CASES))
)
def test_replace_is_a_loop(rows: list[tuple[float, float, int]], expression: str) -> None:
    rows = sorted(rows, key=lambda r: r[2])
    x, z, g = ([float(r[k]) for r in rows] for k in range(3))
    for by in ("", "by g: "):
        if expression == "x[_n+1]" and by:
            continue
        s = session_on(dataset(x=x, z=z, g=g))
        ok(s, f"{by}replace x = {expression}")
        expected = list(x)
        for i in range(len(x)):
            first = g.index(g[i]) if by else 0
            value = CASES[expression](expected, z, i, first)
            expected[i] = NAN if math.isinf(value) else float(value)
        np.testing.assert_allclose(s.data.numeric("x"), expected, err_msg=f"{by}{expression}")


@given(st.lists(numbers, min_size=1, max_size=15), st.sampled_from(["x[_n-1] + 1", "cond(x > 0, x[_n-1], -x)"]))
def test_both_ways_are_one(x: list[float], expression: str) -> None:
    results = []
    for slow in (False, True):
        s = session_on(dataset(x=x))
        with pytest.MonkeyPatch.context() as patch:
            if slow:
                patch.setattr(stepwise, "replaced_in_order", _unsuited)
            ok(s, f"replace x = {expression} if _n > 1 | x < 3")
        results.append(s.data.numeric("x"))
    np.testing.assert_array_equal(*results)


def _unsuited(*_: object) -> None:
    raise stepwise.Unsuited


def test_text_and_conditions_that_look_back() -> None:
    s = session_on(dataset(t=pd.Series(["a", None, None, "b", None], dtype="str"), n=[1.0, 2, 3, 4, 5]))
    ok(s, 'replace t = t[_n-1] if t == ""')
    assert s.data.frame["t"].tolist() == ["a", "a", "a", "b", "b"]
    ok(s, 'replace t = t[_n-1] + "x" if _n > 1')
    assert s.data.frame["t"].tolist()[-1] == "axxxx"
    ok(s, "replace n = 0 if n[_n-1] == 0 | _n == 2")
    assert s.data.numeric("n").tolist() == [1, 0, 0, 0, 0]
    assert refused(s, "replace n = t[_n-1] + n[_n-1]") == "type-mismatch"


def test_a_long_chain_takes_one_pass() -> None:
    n = 200_000  # in passes over the column this would take hours
    s = session_on(dataset(x=np.ones(n)))
    ok(s, "replace x = x[_n-1] + 1 if _n > 1")
    assert s.data.numeric("x")[-1] == n
