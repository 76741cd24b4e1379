"""Names, types and guesses that every reader shares."""

import datetime as dt
from dataclasses import replace
from decimal import Decimal

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from terrace.data.dataset import Dataset, Measure, Panel, Variable
from terrace.data.dates import date_text, from_datetimes, to_datetimes
from terrace.data.names import is_legal_name, legal_names
from terrace.data.plain import plain_values
from terrace.data.readers.build import RawColumn, build_dataset
from terrace.errors import DataError

# --- names -------------------------------------------------------------------------------------------------


@given(st.lists(st.text(max_size=40), max_size=12))
def test_names_become_legal_and_distinct_and_legal_ones_stay(originals) -> None:
    names, notes = legal_names(originals)
    assert len(names) == len(set(names)) == len(originals)
    assert all(map(is_legal_name, names))
    kept = sum(n == o for n, o in zip(names, originals, strict=True))
    assert len(notes) <= len(originals) - kept
    for original in set(originals):
        if is_legal_name(original):
            assert original in names


@pytest.mark.parametrize(
    ("originals", "expected"),
    [
        (["", "a", ""], ["v1", "a", "v3"]),
        (["x", "x", "x"], ["x", "x_2", "x_3"]),
        (["x", "x", "x_2"], ["x", "x_3", "x_2"]),
        (["Math score", "2001", "q1.a", "if"], ["Math_score", "_2001", "q1_a", "if_"]),
        (["a" * 40, "a" * 39], ["a" * 32, "a" * 30 + "_2"]),
        (["größe", "été"], ["größe", "été"]),
        (["%", "v1"], ["v1_2", "v1"]),
    ],
)
def test_names_mended(originals, expected) -> None:
    assert legal_names(originals)[0] == expected


def test_the_name_of_the_file_becomes_the_label() -> None:
    data = build_dataset([RawColumn("Math score", [1.5, 2.5]), RawColumn("a b", [1.5, 2.5], label="given")])
    assert [v.label for v in data.variables] == ["Math score", "given"]
    assert len(data.notes) == 2 and "'Math score'" in data.notes[0]


# --- types -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("values", "expected", "measure"),
    [
        ([True, False, None], [1, 0, np.nan], Measure.NOMINAL),
        (pd.array([1, None, 3], dtype="Int64"), [1, np.nan, 3], None),
        ([Decimal("1.5"), None], [1.5, np.nan], None),
        ([1, 2.5, None], [1, 2.5, np.nan], None),
        ([None, None], [np.nan, np.nan], None),
        ([dt.date(1960, 1, 2), None], [1, np.nan], None),
        (
            pd.Categorical(["lo", "hi", None], categories=["lo", "hi"], ordered=True),
            [1, 2, np.nan],
            Measure.ORDINAL,
        ),
    ],
)
def test_types_become_numbers(values, expected, measure) -> None:
    series, extra = plain_values(pd.Series(values))
    assert series.dtype.kind in "fi"
    np.testing.assert_array_equal(series.to_numpy(dtype=float), expected)
    assert extra.measure is measure


def test_text_keeps_its_values_and_an_empty_one_is_missing() -> None:
    series, _ = plain_values(pd.Series(["a", "", None, "b"], dtype=object))
    assert series.isna().tolist() == [False, True, True, False]
    mixed, _ = plain_values(pd.Series(["a", 2, 3.0], dtype=object))
    assert mixed.tolist() == ["a", "2", "3"]


def test_numbers_too_long_for_a_double_become_text() -> None:
    big = 2**53 + 1
    data = build_dataset([RawColumn("key", np.array([big, big - 1]))])
    assert data.frame["key"].tolist() == [str(big), str(big - 1)]
    assert data.variable("key").measure is Measure.IDENTIFIER
    assert any(note.startswith("key:") for note in data.notes)


@given(st.lists(st.datetimes(dt.datetime(1700, 1, 1), dt.datetime(2200, 1, 1)), min_size=1, max_size=20))
def test_dates_there_and_back(stamps) -> None:
    stamps = [s.replace(microsecond=s.microsecond // 1000 * 1000) for s in stamps]
    numbers, format_ = from_datetimes(pd.Series(stamps))
    back = to_datetimes(numbers, format_)
    assert [s.to_pydatetime() for s in back] == stamps
    assert (format_ == "%td") == all(s.time() == dt.time() for s in stamps)


def test_dates_for_people() -> None:
    assert date_text(0.0, "%td") == "1960-01-01"
    assert date_text(21915.0, "%td") == "2020-01-01"
    assert date_text(-1000.0, "%tc") == "1959-12-31 23:59:59"
    assert date_text(float("nan"), "%td") == ""


# --- measure -----------------------------------------------------------------------------------------------

RNG = np.random.default_rng(3)


@pytest.mark.parametrize(
    ("name", "values", "expected"),
    [
        ("score", RNG.normal(size=50), Measure.CONTINUOUS),
        ("female", RNG.integers(0, 2, 50), Measure.NOMINAL),
        ("group", RNG.integers(1, 5, 50), Measure.NOMINAL),
        ("wave", np.tile(np.arange(5), 10), Measure.CONTINUOUS),
        ("age", np.tile([8, 10, 12, 14, 16], 10), Measure.CONTINUOUS),
        ("dose", np.tile([0, 10, 20], 20), Measure.CONTINUOUS),
        ("id", np.repeat(np.arange(10), 5), Measure.IDENTIFIER),
        ("schid", np.repeat(np.arange(10), 5), Measure.IDENTIFIER),
        ("school", np.repeat(np.arange(10), 5), Measure.IDENTIFIER),
        ("rownumber", np.arange(50), Measure.IDENTIFIER),
        ("year", np.arange(1950, 2000), Measure.CONTINUOUS),
        ("covid", np.linspace(0, 1, 50), Measure.CONTINUOUS),
        ("sector", ["public", "private"] * 25, Measure.NOMINAL),
        ("code", [f"P{i}" for i in range(50)], Measure.IDENTIFIER),
        ("empty", [np.nan] * 50, Measure.CONTINUOUS),
    ],
)
def test_measure_guessed(name, values, expected) -> None:
    data = build_dataset([RawColumn(name, pd.Series(values))])
    assert data.variable(name).measure is expected


def test_what_the_file_says_of_the_measure_wins() -> None:
    data = build_dataset(
        [
            RawColumn("k", [1, 2, 1], measure=Measure.ORDINAL),
            RawColumn("labelled", [1.0, 2.0, 9.0], value_labels={1.0: "one"}),
        ]
    )
    assert data.variable("k").measure is Measure.ORDINAL
    assert data.variable("labelled").measure is Measure.NOMINAL
    assert dict(data.variable("labelled").value_labels) == {1: "one"}


# --- Dataset -----------------------------------------------------------------------------------------------


def small() -> Dataset:
    frame = pd.DataFrame({"g": [1, 1, 2], "t": [1, 2, 1], "y": [1.0, 9.0, 3.0], "s": ["b", None, "a"]})
    variables = (Variable("g"), Variable("t"), Variable("y", missing_codes=(9,)), Variable("s"))
    return Dataset(frame, variables, panel=Panel("g", "t"), sorted_by=("g", "t"))


def test_missing_codes_are_missing_to_an_analysis_only() -> None:
    data = small()
    np.testing.assert_array_equal(data.numeric("y"), [1, np.nan, 3])
    assert data.frame["y"].tolist() == [1, 9, 3]
    codes, levels = data.codes("s")
    assert codes.tolist() == [1, -1, 0] and levels == ("a", "b")


def test_panel_and_sort_order_follow_the_columns() -> None:
    data = small()
    assert data.without(["y"]).panel == Panel("g", "t")
    assert data.without(["t"]).panel is None
    assert data.without(["t"]).sorted_by == ("g",)
    assert data.with_column("t", [3, 2, 1]).sorted_by == ("g",)
    assert data.with_column("new", [3, 2, 1]).sorted_by == ("g", "t")
    assert data.rows(np.array([True, False, True])).sorted_by == ("g", "t")
    assert data.rows(np.array([2, 0])).sorted_by == ()
    renamed = data.renamed("g", "group")
    assert renamed.names == ("group", "t", "y", "s")
    assert (renamed.panel, renamed.sorted_by) == (Panel("group", "t"), ("group", "t"))
    assert data.names[0] == "g"


def test_names_change_places_and_notes_on_variables_follow() -> None:
    data = replace(small(), documents=("g: on g", "x: on nothing", "on all"))
    other = data.with_names({"g": "t", "t": "g"})
    assert other.names == ("t", "g", "y", "s") and other.frame["t"].equals(data.frame["g"].rename("t"))
    assert (other.panel, other.sorted_by) == (Panel("t", "g"), ("t", "g"))
    assert other.documents == ("t: on g", "x: on nothing", "on all")


def test_notes_on_variables_go_with_them() -> None:
    data = replace(small(), documents=("g: on g", "y: on y", "x: on nothing", "on all"))
    assert data.without(["y"]).documents == ("g: on g", "x: on nothing", "on all")
    assert data.select(["y", "t"]).documents == ("y: on y", "x: on nothing", "on all")
    assert data.select(data.names[::-1]).documents == data.documents


@pytest.mark.parametrize("new", ["t", "1a", "a b", "if", "x" * 33])
def test_a_name_that_cannot_be_given(new) -> None:
    with pytest.raises(DataError) as caught:
        small().renamed("g", new)
    assert new in caught.value.message


@pytest.mark.parametrize(
    "values",
    [
        [],
        [np.nan],
        [3.0, np.nan, 1.0, 3.0],
        [0.1, 3.1, 1.1],
        [2.5, 3.5, 2.5],
        [-0.0, 0.0, -4.0],
        [np.inf, 1.0, -np.inf, np.nan],
        [np.inf, np.inf],
        [1e300, -1e300],
        [2.0**60, 2.0**60 + 256.0],
        [5e8, 3.0, 5e8, 4.0],
    ],
)
def test_codes_of_numbers_are_those_of_sorting_them(values: list[float]) -> None:
    """Whole numbers in a narrow range are counted, others sorted: the codes must not tell which."""
    codes, levels = Dataset(pd.DataFrame({"a": np.array(values, dtype=float)}), (Variable("a"),)).codes("a")
    expected = sorted({v for v in values if not np.isnan(v)})
    assert list(levels) == expected
    assert codes.tolist() == [-1 if np.isnan(v) else expected.index(v) for v in values]


@pytest.mark.parametrize("unit", ["s", "ms", "us", "ns"])
def test_whole_milliseconds_stay_whole(unit: str) -> None:
    """Nanoseconds since 1960 have more digits than a double: 410 ms were 409.9998, which equals nothing."""
    ms = np.arange(1_231_808_525_410, 1_231_808_525_410 + 30_000, 1000 if unit == "s" else 7)
    ms = ms // 1000 * 1000 if unit == "s" else ms
    stamps = pd.Series(ms.astype("datetime64[ms]").astype(f"datetime64[{unit}]"))
    numbers, format_ = from_datetimes(stamps)
    assert format_ == "%tc"
    np.testing.assert_array_equal(numbers, ms + 3653 * 86_400_000)
