"""The orders and statistics that are found by a quick way are those of the plain one."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from terrace.data.dataset import Dataset, Variable
from terrace.data.transforms import egen, grouping, rows
from terrace.statistics import crosstab
from terrace.statistics.correlate import covariance, pairwise


def data_of(**columns: object) -> Dataset:
    frame = pd.DataFrame(columns)
    return Dataset(frame, tuple(Variable(str(name)) for name in frame))


@pytest.mark.parametrize("kind", ["i1", "i2", "i4", "i8", "u1", "u2", "f4", "f8"])
@pytest.mark.parametrize("wide", [False, True])
def test_a_descending_order_is_that_of_pandas(kind: str, wide: bool) -> None:
    """Numbers at both ends of a type: their negatives, or differences, do not fit into it."""
    rng = np.random.default_rng(2)
    if kind[0] == "f":
        values = np.array([0.0, -0.0, np.inf, -np.inf, 1.5, 1.5, -3.25], kind)
    else:
        bounds = np.iinfo(kind)
        low, high = (max(bounds.min, -(2**53)), min(bounds.max, 2**53)) if wide else (0, 9)
        values = np.array([low, high, high, low, *rng.integers(low, high, 40, endpoint=True)], kind)
    data = data_of(x=values, n=np.arange(len(values)))
    found = rows.sort_signed(data, [("x", True)]).frame
    expected = data.frame.sort_values("x", ascending=False, kind="stable").reset_index(drop=True)
    pd.testing.assert_frame_equal(found, expected)


def test_the_first_rows_of_groups_are_found_wherever_they_stand() -> None:
    for first in (0, 10, 4095, 4096, 9000):
        codes = np.zeros(10_000, dtype=np.int64)
        codes[first:] = 1
        codes[-1] = 2
        groups = grouping.Grouping(codes, 3, np.zeros(10_000, dtype=bool))
        expected = [int(np.argmax(codes == g)) if (codes == g).any() else -1 for g in range(3)]
        assert groups.first.tolist() == expected


def test_covariances_add_up_over_blocks_of_rows() -> None:
    rng = np.random.default_rng(3)
    x = rng.normal(size=(20_001, 3)) * [1, 1e6, 1e-6] + [1e9, 0, 3]
    wide = x.astype(np.longdouble)
    d = wide - wide.mean(axis=0)
    sd = np.sqrt((d * d).mean(axis=0))
    found, means, n = covariance(list(x.T), np.ones(len(x), dtype=bool))
    expected = d.T @ d / (len(x) - 1)
    assert n == len(x) and float(np.abs(means - wide.mean(axis=0)).max()) < 1e-6
    assert float(np.abs((found - expected) / np.outer(sd, sd)).max()) < 1e-11
    copies = rng.integers(1, 4, 500)
    wider = np.repeat(x[:500], copies, axis=0)
    one, _, count = covariance(list(x[:500].T), np.ones(500, dtype=bool), copies.astype(float), "fweight")
    other, _, total = covariance(list(wider.T), np.ones(len(wider), dtype=bool))
    assert count == total
    np.testing.assert_allclose(one, other, rtol=0, atol=1e-12 * float(np.abs(other).max()))


@pytest.mark.parametrize("gaps", [(), (1,), (1, 3), (0, 1, 2, 3)])
def test_pairs_have_all_rows_that_both_have(gaps: tuple[int, ...]) -> None:
    rng = np.random.default_rng(4)
    x = rng.normal(size=(400, 4)) + rng.normal(size=(400, 1))
    for k in gaps:
        x[rng.random(400) < 0.2, k] = np.nan
    r, n = pairwise(list(x.T), np.ones(400, dtype=bool))
    np.testing.assert_allclose(r, pd.DataFrame(x).corr().to_numpy(), atol=1e-13)
    there = ~np.isnan(x)
    np.testing.assert_array_equal(n, there.T.astype(float) @ there)


def test_groups_have_labels_where_they_are_wanted() -> None:
    data = data_of(a=[2.0, 1.0, np.nan, 2.0], s=["x", "y", "x", None])
    keep = np.ones(4, dtype=bool)
    numbers, labels = egen.number(data, ["a", "s"], keep, missing=True)
    assert numbers.tolist() == [2, 1, 4, 3] and labels == {1: "1 y", 2: "2 x", 3: "2 .", 4: ". x"}
    bare, none = egen.number(data, ["a", "s"], keep, missing=True, labels=False)
    assert bare.tolist() == numbers.tolist() and none == {}


@pytest.mark.parametrize("kind", ["i1", "u1", "i4", "i8", "u8", "f8"])
@pytest.mark.parametrize("low", [-100, 0, 5])
def test_counted_values_are_those_of_levels(kind: str, low: int) -> None:
    if low < 0 and kind[0] == "u":
        return
    values = np.random.default_rng(5).integers(low, low + 20, 300).astype(kind)
    values[0] = low + 90  # with values between that do not occur
    frame = pd.DataFrame({"x": values})
    variable = Variable("x", value_labels={low + 1: "one more"})
    data, keep = Dataset(frame, (variable,)), np.ones(300, dtype=bool)
    for declared in (variable, Variable("x", missing_codes=(low + 3,))):
        data = data.with_variable(declared)
        for rows_ in (keep, values != low + 2):
            for missing in (False, True):
                own = crosstab.levels(data, "x", rows_, missing=missing)
                found = crosstab.tally(data, "x", rows_, missing=missing)
                assert (found.values, found.labels) == (own.values, own.labels)
                np.testing.assert_array_equal(found.n, crosstab.counts(own))
    expected = frame["x"].value_counts().sort_index()
    found = crosstab.tally(data.with_variable(variable), "x", keep)
    assert found.values == tuple(expected.index) and found.n.tolist() == expected.tolist()
