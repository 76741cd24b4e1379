"""Merge, append, collapse, reshape, rows and recode against pandas and against plain loops."""

from __future__ import annotations

import math

import numpy as np
import pandas as pd
import pytest
from data_support import dataset, keyed
from hypothesis import given
from hypothesis import strategies as st

from terrace.data.dataset import Dataset, Variable
from terrace.data.transforms import rows
from terrace.data.transforms.collapse import Target, collapse
from terrace.data.transforms.combine import MASTER, MATCHED, USING, append, merge
from terrace.data.transforms.recode import Rule, recode
from terrace.data.transforms.reshape import to_long, to_wide
from terrace.errors import DataError


def same_frames(found: pd.DataFrame, expected: pd.DataFrame) -> None:
    pd.testing.assert_frame_equal(
        found.reset_index(drop=True), expected.reset_index(drop=True), check_dtype=False, check_index_type=False
    )


def plain(frame: pd.DataFrame) -> list[tuple]:
    """Rows as comparable tuples, None for missing."""
    return [tuple(None if pd.isna(v) else v for v in r) for r in frame.itertuples(index=False)]


def unique(data: Dataset, names: list[str]) -> Dataset:
    return data.rows(~data.frame.duplicated(names).to_numpy())


# --- merge -------------------------------------------------------------------------------------------------
keys = st.lists(st.sampled_from(["a", "b", "s"]), min_size=1, max_size=2, unique=True)


@given(keyed(), keyed(), keys, st.sampled_from(["1:1", "m:1", "1:m"]))
def test_merge_is_an_outer_join(master: Dataset, using: Dataset, on: list[str], kind: str) -> None:
    master = unique(master, on) if kind[0] == "1" else master
    using = unique(using, on) if kind[2] == "1" else using
    using = using.select([*on, "y"]).renamed("y", "z")
    found, report = merge(master, using, on, kind)  # type: ignore[arg-type]
    expected = master.frame.merge(using.frame, on=on, how="outer", indicator=True)
    names = [*master.names, "z"]
    assert sorted(plain(found.frame[names]), key=str) == sorted(plain(expected[names]), key=str)
    counts = expected["_merge"].value_counts()
    for code, name in ((MASTER, "left_only"), (USING, "right_only"), (MATCHED, "both")):
        assert report.counts[code] == counts[name] == (found.frame["_merge"] == code).sum()
    left = found.frame[found.frame["_merge"] != USING]
    assert plain(left[list(master.names)].drop_duplicates()) == plain(master.frame.drop_duplicates())  # in its order


@given(keyed(), keyed(), st.frozensets(st.sampled_from([1, 2, 3]), min_size=1))
def test_merge_keeps_what_it_is_told(master: Dataset, using: Dataset, keep: frozenset[int]) -> None:
    using = unique(using, ["b"]).select(["b", "x"])
    whole, report = merge(master, using, ["b"], "m:1")
    part, again = merge(master, using, ["b"], "m:1", keep=keep)
    same_frames(part.frame, whole.frame[whole.frame["_merge"].isin(keep)])
    assert report == again and report.kept_master == ("x",)
    same_frames(whole.frame.loc[whole.frame["_merge"] != USING, ["x"]], master.frame[["x"]])


def test_merge_updates() -> None:
    master = dataset(id=[1.0, 2.0, 3.0], v=[np.nan, 5.0, 6.0], t=["a", None, "c"])
    using = dataset(id=[1.0, 2.0, 3.0, 4.0], v=[7.0, 8.0, np.nan, 9.0], t=["x", "y", "z", "w"])
    found, report = merge(master, using, ["id"], "1:1", update=True)
    assert plain(found.frame[["v", "t"]]) == [(7.0, "a"), (5.0, "y"), (6.0, "c"), (9.0, "w")]
    assert found.frame["_merge"].tolist() == [5, 5, 5, 2] and report.counts[2] == 1
    found, _ = merge(master, using, ["id"], "1:1", update=True, overwrite=True)
    assert plain(found.frame[["v", "t"]]) == [(7.0, "x"), (8.0, "y"), (6.0, "z"), (9.0, "w")]


def test_merge_names_the_value_that_is_not_unique() -> None:
    one = dataset(id=[1.0, 2.0, 2.0])
    with pytest.raises(DataError, match="id = 2 is in 2 rows") as error:
        merge(one, dataset(id=[1.0], z=[3.0]), ["id"], "1:1")
    assert "m:1" in error.value.advice and "data in memory" in error.value.message
    with pytest.raises(DataError, match="using data"):
        merge(dataset(id=[1.0]), one, ["id"], "m:1")
    with pytest.raises(DataError, match="not in the using data"):
        merge(dataset(k=[1.0]), one, ["k"], "1:1")
    with pytest.raises(DataError, match="holds numbers in the data in memory and text"):
        merge(one, dataset(id=["a"]), ["id"], "m:1")


def test_merge_keeps_types_and_descriptions() -> None:
    master = dataset(id=np.array([1, 2], dtype=np.int16), g=np.array([1, 0], dtype=np.int8))
    using = dataset(id=np.array([2, 1], dtype=np.int16), k=np.array([5, 6], dtype=np.int32), s=["u", "v"])
    using = using.with_variable(Variable("k", "A label", value_labels={5: "five"}))
    found, _ = merge(master, using, ["id"], "1:1", generate=None)
    assert found.frame.dtypes.astype(str).tolist()[:3] == ["int16", "int8", "int32"]
    assert found.frame["k"].tolist() == [6, 5] and found.frame["s"].tolist() == ["v", "u"]
    assert found.variable("k").value_labels == {5: "five"} and "_merge" not in found
    alone, _ = merge(master.rows(np.array([0])), using, ["id"], "1:1")
    assert alone.frame["k"].tolist() == [6.0, 5.0] and plain(alone.frame[["g"]]) == [(1,), (None,)]


def test_merge_by_row() -> None:
    found, _ = merge(dataset(a=[1.0, 2.0, 3.0]), dataset(b=[4.0, 5.0]), [], "1:1")
    assert plain(found.frame) == [(1, 4, 3), (2, 5, 3), (3, None, 1)]


@given(keyed(), keyed(), keyed())
def test_append_is_concat(one: Dataset, two: Dataset, three: Dataset) -> None:
    two = two.without(["x"]).renamed("y", "z")
    found = append(one, [two, three], generate="from")
    expected = pd.concat([one.frame, two.frame, three.frame], ignore_index=True)
    expected["from"] = np.repeat([0, 1, 2], [len(one), len(two), len(three)])
    assert plain(found.frame) == plain(expected[list(found.names)])


def test_append_refuses_text_below_numbers() -> None:
    with pytest.raises(DataError, match="v holds numbers"):
        append(dataset(v=[1.0]), [dataset(v=["a"])])
    forced = append(dataset(v=[1.0]), [dataset(v=["a"])], force=True)
    assert plain(forced.frame) == [(1.0,), (None,)]


# --- collapse ----------------------------------------------------------------------------------------------
@given(keyed(least=1), keys)
def test_collapse_is_groupby(data: Dataset, by: list[str]) -> None:
    targets = [Target("m", "mean", "x"), Target("d", "sd", "x"), Target("n", "count", "x"), Target("f", "first", "y")]
    found = collapse(data, targets, by)
    frame = data.frame
    expected = frame.groupby(by, dropna=False, as_index=False).agg(
        m=("x", "mean"), d=("x", "std"), n=("x", "count"), f=("y", lambda v: v.iloc[0])
    )
    assert found.names == (*by, "m", "d", "n", "f") and found.sorted_by == tuple(by)
    assert plain(found.frame[by]) == plain(expected[by])
    numbers = ["m", "d", "n", "f"]
    np.testing.assert_allclose(found.frame[numbers], expected[numbers].astype(float), atol=1e-6)


def test_collapse_describes_and_refuses() -> None:
    data = dataset(g=[1.0, 1.0, 2.0], x=[1.0, 2.0, 4.0], s=["a", None, "c"])
    data = data.with_variable(Variable("x", "A length", format="%8.2f"))
    found = collapse(data, [Target("x", "mean", "x"), Target("s", "lastnm", "s"), Target("n", "count", "s")], ["g"])
    assert plain(found.frame) == [(1, 1.5, "a", 1), (2, 4.0, "c", 1)]
    assert found.variable("x").label == "(mean) A length" and found.variable("x").format == "%8.2f"
    with pytest.raises(DataError, match="s holds text"):
        collapse(data, [Target("s", "mean", "s")], ["g"])
    with pytest.raises(DataError, match="created twice"):
        collapse(data, [Target("x", "mean", "x"), Target("x", "sd", "x")], ["g"])
    complete = collapse(data, [Target("x", "mean", "x"), Target("s", "count", "s")], [], complete=True)
    assert plain(complete.frame) == [(2.5, 2)]


# --- reshape -----------------------------------------------------------------------------------------------
@st.composite
def wide(draw: st.DrawFn) -> Dataset:
    n = draw(st.integers(1, 8))
    rng = np.random.default_rng(draw(st.integers(0, 999)))
    columns: dict[str, object] = {"id": rng.permutation(n).astype(float), "sex": rng.integers(0, 2, n).astype(float)}
    for stub in ("inc", "ue"):
        for year in draw(st.lists(st.sampled_from([0, 7, 80, 81]), min_size=1, max_size=3, unique=True)):
            values = np.round(rng.normal(size=n), 2)
            columns[f"{stub}{year}"] = np.where(rng.random(n) < 0.2, np.nan, values)
    columns["name"] = [f"n{k}" for k in range(n)]
    return dataset(**columns)


@given(wide())
def test_long_is_wide_to_long(data: Dataset) -> None:
    found, report = to_long(data, ["inc", "ue"], ["id"], "year")
    expected = pd.wide_to_long(data.frame, ["inc", "ue"], i="id", j="year").reset_index().sort_values(["id", "year"])
    assert sorted(found.names) == sorted(expected.columns)
    assert plain(found.frame) == plain(expected[list(found.names)])
    assert found.names[:2] == ("id", "year") and report.rows == (len(data), len(found))
    back, _ = to_wide(found, ["inc", "ue"], ["id"], "year")
    for name in data.names:
        again = back.frame.set_index("id")[name] if name != "id" else back.frame["id"]
        once = data.frame.sort_values("id").set_index("id")[name] if name != "id" else data.frame["id"].sort_values()
        assert plain(again.to_frame()) == plain(once.to_frame())


def test_reshape_with_text_and_at() -> None:
    data = dataset(id=[1.0, 2.0], kgm=[70.0, 80.0], kgf=[60.0, np.nan], h1r=["a", "b"], h2r=["c", None])
    found, _ = to_long(data, ["kg"], ["id"], "sex", text=True)
    assert plain(found.frame[["id", "sex", "kg"]]) == [(1, "f", 60), (1, "m", 70), (2, "f", None), (2, "m", 80)]
    found, report = to_long(data, ["h@r"], ["id"], "k")
    assert plain(found.frame[["id", "k", "hr"]]) == [(1, 1, "a"), (1, 2, "c"), (2, 1, "b"), (2, 2, None)]
    assert report.stubs == {"h@r": ("h1r", "h2r")}
    back, _ = to_wide(found, ["h@r"], ["id"], "k")
    assert plain(back.frame[["h1r", "h2r"]]) == [("a", "c"), ("b", None)]


@pytest.mark.parametrize(
    ("call", "text"),
    [
        (lambda: to_long(dataset(id=[1.0, 1.0], x1=[1.0, 2.0]), ["x"], ["id"], "t"), "id = 1 is in 2 rows"),
        (lambda: to_long(dataset(id=[1.0], x1=[1.0], t=[1.0]), ["x"], ["id"], "t"), "variable named t already"),
        (lambda: to_long(dataset(id=[1.0], xa=[1.0]), ["x"], ["id"], "t"), "named x and a number"),
        (lambda: to_long(dataset(id=[1.0], x1=[1.0], x2=["b"]), ["x"], ["id"], "t"), "some hold numbers"),
        (lambda: to_wide(dataset(id=[1.0, 1.0], t=[1.0, 1.0], x=[1.0, 2.0]), ["x"], ["id"], "t"), "t = 1 is in 2"),
        (lambda: to_wide(dataset(id=[1.0], t=[np.nan], x=[1.0]), ["x"], ["id"], "t"), "missing in row 1"),
        (lambda: to_wide(dataset(id=[1.0], t=[1.5], x=[1.0]), ["x"], ["id"], "t"), "holds 1.5"),
        (lambda: to_wide(dataset(i=[1.0, 1.0], t=[1.0, 2.0], x=[1.0, 2.0], z=[3.0, 4.0]), ["x"], ["i"], "t"), "z diff"),
        (lambda: to_wide(dataset(i=[1.0], t=[1.0], x=[1.0], x1=[3.0]), ["x"], ["i"], "t"), "create a variable x1"),
    ],
)  # fmt: skip
def test_reshape_says_what_is_wrong(call: object, text: str) -> None:
    with pytest.raises(DataError, match=text):
        call()  # type: ignore[operator]


# --- rows --------------------------------------------------------------------------------------------------
@given(keyed())
def test_expand_repeats_rows(data: Dataset) -> None:
    times = np.where(data.numeric("x") > 1000, 3.7, data.numeric("x"))
    found = rows.expand(data, times, generate="new")
    number = np.where(np.isnan(times) | (times < 1), 1, np.floor(times)).astype(int)
    assert len(found) == number.sum()
    same_frames(found.frame.iloc[: len(data), :5], data.frame)
    assert found.frame["new"].tolist() == [0] * len(data) + [1] * (number.sum() - len(data))
    expected = data.frame.loc[np.repeat(np.arange(len(data)), number - 1)]
    same_frames(found.frame.iloc[len(data) :, :5], expected)


@given(keyed(least=1), st.sampled_from([["b", "s"], ["a", "b"], ["a", "b", "s"]]))
def test_fillin_completes(data: Dataset, names: list[str]) -> None:
    found = rows.fill_in(data, names)
    old = found.frame[found.frame["_fillin"] == 0]
    assert sorted(map(str, plain(old[list(data.names)]))) == sorted(map(str, plain(data.frame)))
    cells = np.prod([data.frame[n].nunique(dropna=False) for n in names])
    assert found.frame.drop_duplicates(names).shape[0] == cells
    new = found.frame[found.frame["_fillin"] == 1]
    assert new[[n for n in data.names if n not in names]].isna().all().all()
    same_frames(found.frame[names], found.frame[names].sort_values(names, kind="stable", na_position="last"))


@given(keyed(), st.sampled_from([["b"], ["b", "s"], []]))
def test_copies_are_duplicates(data: Dataset, names: list[str]) -> None:
    others, again = rows.copies(data, names)
    by = names or list(data.names)
    size = data.frame.groupby(by, dropna=False)["y"].transform("size") if len(data) else pd.Series(dtype=int)
    np.testing.assert_array_equal(others + 1, size)
    np.testing.assert_array_equal(again, data.frame.duplicated(by))


@given(keyed(), st.booleans())
def test_signed_sort(data: Dataset, missing_first: bool) -> None:
    found = rows.sort_signed(data, [("b", True), ("x", False)])
    expected = data.frame.sort_values(["b", "x"], ascending=[False, True], kind="stable", na_position="last")
    same_frames(found.frame, expected)
    found = rows.sort_signed(data, [("x", True)], missing_first=missing_first)
    place = "first" if missing_first else "last"
    same_frames(found.frame, data.frame.sort_values("x", ascending=False, kind="stable", na_position=place))


def test_reordered() -> None:
    names = ["a", "b", "c", "d"]
    assert rows.reordered(names, ["c", "a"]) == ["c", "a", "b", "d"]
    assert rows.reordered(names, ["a"], last=True) == ["b", "c", "d", "a"]
    assert rows.reordered(names, ["d", "a"], "c") == ["b", "d", "a", "c"]


# --- recode ------------------------------------------------------------------------------------------------
edges = st.sampled_from([-math.inf, -2.0, 0.0, 0.5, 3.0, math.inf])


others = st.sampled_from(["", "else", "missing"])


@given(keyed(), st.lists(st.tuples(edges, edges, st.integers(10, 15)), max_size=4), others)
def test_recode_row_by_row(data: Dataset, ranges: list[tuple[float, float, int]], other: str) -> None:
    rules = [Rule(float(to), ((low, high),)) for low, high, to in ranges]
    if other:
        rules.insert(0, Rule(99.0, other=other))  # type: ignore[arg-type]
    found, done = recode(data.numeric("x"), rules)
    for value, new, hit in zip(data.numeric("x"), found, done):
        expected, fits = value, True
        for low, high, to in ranges:
            if low <= value <= high:
                expected = to
                break
        else:
            if other == "else" or (other == "missing" and math.isnan(value)):
                expected = 99.0
            else:
                fits = False
        assert new == expected or (math.isnan(new) and math.isnan(expected))
        assert hit == fits
