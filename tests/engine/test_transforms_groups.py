"""Groups, orders and statistics of groups against pandas and against definitions worked out row by row."""

from __future__ import annotations

import math

import numpy as np
import pandas as pd
import pytest
from data_support import dataset, keyed, r_dataset, r_results
from hypothesis import given
from hypothesis import strategies as st

from terrace.data.dataset import Dataset
from terrace.data.transforms import egen
from terrace.data.transforms.aggregate import ROWWISE, STATISTICS, Cells, position, statistic
from terrace.data.transforms.grouping import Grouping, group, sort_order

keys = st.lists(st.sampled_from(["a", "b", "s"]), min_size=1, max_size=3, unique=True)


def pandas_codes(data: Dataset, names: list[str]) -> np.ndarray:
    return data.frame.groupby(names, dropna=False, sort=True).ngroup().to_numpy()


@given(keyed(), keys)
def test_groups_are_those_of_pandas(data: Dataset, names: list[str]) -> None:
    groups = group(data, names)
    np.testing.assert_array_equal(groups.codes, pandas_codes(data, names))
    assert groups.n_groups == (groups.codes.max() + 1 if len(data) else 0)
    np.testing.assert_array_equal(groups.missing, data.frame[names].isna().any(axis=1))
    np.testing.assert_array_equal(groups.sizes, data.frame.groupby(names, dropna=False).size())
    place = data.frame.groupby(names, dropna=False).cumcount()
    np.testing.assert_array_equal(groups.place, place)
    np.testing.assert_array_equal(groups.first[groups.codes][place == 0], np.flatnonzero(place == 0))
    np.testing.assert_array_equal(groups.order, np.argsort(groups.codes, kind="stable"))


def test_groups_without_variables_and_without_rows() -> None:
    data = dataset(a=[3.0, 1.0])
    assert group(data, []).codes.tolist() == [0, 0] and group(data, []).n_groups == 1
    assert group(data.rows(np.zeros(2, dtype=bool)), ["a"]).n_groups == 0


def test_missing_codes_are_missing() -> None:
    from dataclasses import replace

    data = dataset(a=[-9.0, 1.0, 2.0])
    data = data.with_variable(replace(data.variable("a"), missing_codes=(-9,)))
    assert group(data, ["a"]).codes.tolist() == [2, 0, 1]
    assert group(data, ["a"]).missing.tolist() == [True, False, False]


@given(keyed(), keys)
def test_order_is_that_of_pandas(data: Dataset, names: list[str]) -> None:
    expected = data.frame.sort_values(names, kind="stable", na_position="last").index
    np.testing.assert_array_equal(sort_order(data, names), expected)


@pytest.mark.parametrize(
    ("name", "pandas_name"),
    [("mean", "mean"), ("median", "median"), ("sd", "std"), ("variance", "var"), ("semean", "sem"), ("sum", "sum"),
     ("count", "count"), ("min", "min"), ("max", "max"), ("firstnm", "first"), ("lastnm", "last")],
)  # fmt: skip
@given(data=keyed(least=1))
def test_statistics_are_those_of_pandas(data: Dataset, name: str, pandas_name: str) -> None:
    found = STATISTICS[name](Cells(data.numeric("x"), group(data, ["b"])))
    expected = data.frame.groupby("b")["x"].agg(pandas_name)
    np.testing.assert_allclose(found, expected, rtol=1e-9, atol=1e-9)


def by_definition(values: np.ndarray, w: np.ndarray, p: float) -> float:
    """The percentile with averaging where the cumulated weight hits the target (Hyndman & Fan 1996, type 2)."""
    order = np.argsort(values)
    x, running = values[order], np.cumsum(w[order])
    target = p / 100 * running[-1]
    hit = [i for i in range(len(x)) if math.isclose(running[i], target)]
    if hit and hit[0] + 1 < len(x):
        return float((x[hit[0]] + x[hit[0] + 1]) / 2)
    return float(x[np.searchsorted(running, target - 1e-9)])


@given(keyed(least=1), st.sampled_from([1, 10, 25, 50, 75, 90]), st.booleans())
def test_percentiles_by_definition(data: Dataset, p: int, weighted: bool) -> None:
    w = data.numeric("b") + 1 if weighted else None
    of = statistic(f"p{p}")
    assert of is not None
    groups = group(data, ["b"] if not weighted else ["s"])
    found = of(Cells(data.numeric("y"), groups, w, "fweight"))
    for g in range(groups.n_groups):
        own = groups.codes == g
        expected = by_definition(data.numeric("y")[own], np.ones(own.sum()) if w is None else w[own], p)
        assert found[g] == pytest.approx(expected)


@given(keyed(least=1), st.sampled_from(sorted({*STATISTICS, "p10"} - {"rawsum", "percent", *ROWWISE})))
def test_frequency_weights_are_copies(data: Dataset, name: str) -> None:
    w = data.numeric("b")
    copies = data.rows(np.repeat(np.arange(len(data)), w.astype(int)))
    of = statistic(name)
    assert of is not None
    weighted, copied = of(Cells(data.numeric("x"), group(data, ["s"]), w, "fweight")), of(
        Cells(copies.numeric("x"), group(copies, ["s"]))
    )
    kept = np.bincount(group(data, ["s"]).codes, weights=w) > 0  # groups whose weights are all 0 have no copies
    np.testing.assert_allclose(weighted[kept], copied, rtol=1e-7, atol=1e-7)


def test_analytic_weights_scale_out() -> None:
    data = r_dataset()
    groups = group(data, ["g"])
    one = Cells(data.numeric("y"), groups, data.numeric("p"), "aweight")
    two = Cells(data.numeric("y"), groups, data.numeric("p") * 7.5, "aweight")
    for name in ("mean", "sd", "sum", "count", "median"):
        np.testing.assert_allclose(STATISTICS[name](one), STATISTICS[name](two), rtol=1e-12)
    expected = [r["wmean"] for r in r_results()["by_g"]]
    np.testing.assert_allclose(one.mean, expected, rtol=1e-12)


def test_statistics_are_those_of_r() -> None:
    data = r_dataset()
    cells = Cells(data.numeric("y"), group(data, ["g"]))
    names = {"mean": "mean", "sd": "sd", "median": "median", "p25": "p25", "p90": "p90", "n": "count", "sum": "sum",
             "min": "min", "max": "max", "first": "first", "last": "last"}  # fmt: skip
    for r_name, name in names.items():
        of = statistic(name)
        assert of is not None
        expected = [np.nan if r[r_name] is None else r[r_name] for r in r_results()["by_g"]]
        np.testing.assert_allclose(of(cells), expected, rtol=1e-12, err_msg=name)
    whole = Cells(data.numeric("y"), group(data, []))
    for name in ("skewness", "kurtosis"):
        assert STATISTICS[name](whole)[0] == pytest.approx(r_results()["summary"][name], rel=1e-12)


def test_a_constant_has_no_spread() -> None:
    x = np.full(7, 0.1)
    cells = Cells(x, Grouping(np.zeros(7, dtype=np.int64), 1, np.zeros(7, dtype=bool)))
    assert cells.mean[0] == pytest.approx(0.1) and cells.variance[0] == pytest.approx(0, abs=1e-30)


@given(keyed())
def test_positions(data: Dataset) -> None:
    groups = group(data, ["b"])
    first = data.frame.groupby("b").head(1).index
    assert sorted(position(groups, last=False)) == sorted(first)
    last = data.frame.groupby("b").tail(1).index
    assert sorted(position(groups, last=True)) == sorted(last)


# --- egen --------------------------------------------------------------------------------------------------
@given(keyed(), st.sampled_from(["mean", "median", "sd", "min", "max"]))
def test_spread_is_transform(data: Dataset, name: str) -> None:
    found = egen.spread(name, data.numeric("x"), group(data, ["b"]), np.ones(len(data), dtype=bool))
    expected = data.frame.groupby("b")["x"].transform({"sd": "std"}.get(name, name))
    np.testing.assert_allclose(found, expected.astype(float), rtol=1e-9, atol=1e-9)


@given(keyed(), keys, st.booleans())
def test_tags_are_first_rows(data: Dataset, names: list[str], missing: bool) -> None:
    keep = data.numeric("b") > 0
    found = egen.tag(data, names, keep, missing=missing)
    frame = data.frame[keep]
    if not missing:
        frame = frame[frame[names].notna().all(axis=1)]
    first = frame[~frame.duplicated(names)].index
    np.testing.assert_array_equal(np.flatnonzero(found), first)


@given(keyed(), keys)
def test_group_numbers(data: Dataset, names: list[str]) -> None:
    found, labels = egen.number(data, names, np.ones(len(data), dtype=bool))
    expected = data.frame.groupby(names, dropna=True).ngroup().to_numpy() + 1.0
    np.testing.assert_array_equal(found, np.where(expected == 0, np.nan, expected))
    assert len(labels) == np.nanmax(found, initial=0)


@given(keyed(), st.sampled_from([("average", "average", True), ("track", "min", True), ("field", "min", False)]))
def test_ranks(data: Dataset, case: tuple[str, str, bool]) -> None:
    ties, method, ascending = case
    found = egen.rank(data.numeric("x"), group(data, ["b"]), ties)  # type: ignore[arg-type]
    expected = data.frame.groupby("b")["x"].rank(method=method, ascending=ascending)
    np.testing.assert_array_equal(found, expected.astype(float))


@given(keyed(least=1))
def test_rows_across(data: Dataset) -> None:
    columns = [data.numeric(n) for n in ("a", "x", "y")]
    frame = pd.DataFrame(np.stack(columns, axis=1))
    expected = {
        "rowmean": frame.mean(axis=1),
        "rowtotal": frame.sum(axis=1),
        "rowmin": frame.min(axis=1),
        "rowmax": frame.max(axis=1),
        "rowsd": frame.std(axis=1),
        "rowmedian": frame.median(axis=1),
        "rowmiss": frame.isna().sum(axis=1),
        "rownonmiss": frame.notna().sum(axis=1),
    }
    assert set(expected) == set(egen.ROW_FUNCTIONS)
    for name, values in expected.items():
        np.testing.assert_allclose(egen.across(name, columns), values, rtol=1e-9, atol=1e-6, err_msg=name)


def test_standardized_values() -> None:
    data = r_dataset()
    z = egen.standardize(data.numeric("y"), group(data, []), np.ones(len(data), dtype=bool), 50, 10)
    assert np.nanmean(z) == pytest.approx(50) and np.nanstd(z, ddof=1) == pytest.approx(10)
