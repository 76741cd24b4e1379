"""Data from a Python program: whatever pandas makes a frame of is taken by the fit, or refused in plain words."""

from __future__ import annotations

import datetime as dt
import uuid
from collections import namedtuple
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest

import terrace
from terrace.data.dataset import Dataset
from terrace.data.readers.frames import as_dataset
from terrace.errors import DataError, TerraceError

N = 24
RNG = np.random.default_rng(4)
ID = np.repeat(np.arange(6), 4)
X = RNG.normal(size=N).round(2)
Y = (X + RNG.normal(size=6)[ID] + RNG.normal(size=N)).round(3)
BERLIN = pd.Timestamp("2020-10-25", tz="Europe/Berlin")  # the day whose clock shows two o'clock twice
MODEL = "mixed y x || id:"
FRAME = pd.DataFrame({"y": Y, "x": X, "id": ID})
WANTED = terrace.fit(MODEL, FRAME).ll

Row = namedtuple("Row", "y x id")


@dataclass
class Record:
    y: float
    x: float
    id: int


ROWS = list(zip(Y.tolist(), X.tolist(), ID.tolist(), strict=True))


@pytest.mark.parametrize(
    "data",
    [
        pytest.param(FRAME, id="frame"),
        pytest.param(FRAME.set_index("id"), id="named-index"),
        pytest.param(FRAME.set_index(["id", "x"]), id="named-levels"),
        pytest.param(FRAME.sample(frac=1, random_state=1), id="shuffled-index"),
        pytest.param({"y": Y, "x": X, "id": ID}, id="dict-of-arrays"),
        pytest.param({"y": Y.tolist(), "x": tuple(X), "id": ID.tolist()}, id="dict-of-lists"),
        pytest.param({"y": FRAME["y"], "x": X, "id": pd.Index(ID)}, id="dict-of-series-arrays-indexes"),
        pytest.param({"y": FRAME["y"][::-1], "x": FRAME["x"], "id": FRAME["id"]}, id="aligned-series"),
        pytest.param({"y": (v for v in Y), "x": X, "id": pd.array(ID)}, id="dict-of-iterators"),
        pytest.param({"y": Y, "x": X, "id": ID, "all": 1}, id="dict-with-a-single-value"),
        pytest.param([{"y": y, "x": x, "id": i} for y, x, i in ROWS], id="records"),
        pytest.param(({"y": y, "x": x, "id": i} for y, x, i in ROWS), id="records-from-a-generator"),
        pytest.param([Row(*r) for r in ROWS], id="named-tuples"),
        pytest.param([Record(*r) for r in ROWS], id="dataclasses"),
        pytest.param([pd.Series(dict(zip("yxz", r, strict=True))).rename({"z": "id"}) for r in ROWS], id="series"),
        pytest.param(np.array(ROWS, dtype=[("y", float), ("x", float), ("id", int)]), id="structured-array"),
        pytest.param(FRAME.to_records(index=False), id="record-array"),
        pytest.param(pa.table(FRAME), id="arrow-table"),
        pytest.param(pa.table(FRAME).to_reader(), id="arrow-reader"),
        pytest.param(FRAME.convert_dtypes(), id="nullable-types"),
        pytest.param(FRAME.convert_dtypes(dtype_backend="pyarrow"), id="arrow-types"),
        pytest.param(FRAME.astype(object), id="objects"),
        pytest.param(FRAME.astype({"id": "category"}), id="categories"),
        pytest.param(FRAME.astype(pd.SparseDtype(float, 0.0)), id="sparse"),
        pytest.param(FRAME.map(Decimal), id="decimals"),
        pytest.param(FRAME.map(Fraction), id="fractions"),
        pytest.param(FRAME.assign(id=[f"g{i}" for i in ID]), id="text"),
        pytest.param(FRAME.assign(id=[f"g{i}".encode() for i in ID]), id="bytes"),
        pytest.param(FRAME.assign(id=[uuid.UUID(int=int(i) << 64) for i in ID]), id="uuids"),
        pytest.param(FRAME.assign(id=pd.Timestamp("2020-01-01") + pd.to_timedelta(ID, "h")), id="times"),
        pytest.param(FRAME.assign(id=BERLIN + pd.to_timedelta(ID, "h")), id="times-of-a-zone"),
        pytest.param(FRAME.assign(id=pd.Timestamp(0) + pd.to_timedelta(10**18 + ID, "ns")), id="nanoseconds"),
        pytest.param(FRAME.assign(id=pd.to_timedelta(10**18 + ID, "ns")), id="nanosecond-lengths"),
        pytest.param(FRAME.assign(id=pd.PeriodIndex.from_ordinals(ID, freq="M")), id="months"),
        pytest.param(FRAME.assign(id=pd.PeriodIndex.from_ordinals(ID, freq="W")), id="weeks"),
        pytest.param(FRAME.assign(id=pd.cut(ID, [-1, 0, 1, 2, 3, 4, 5])), id="intervals"),
        pytest.param(FRAME.assign(id=[dt.date(1, 1, 1 + i) for i in ID]), id="first-days"),
        pytest.param(FRAME.assign(id=[dt.time(int(i)) for i in ID]), id="times-of-day"),
        pytest.param(FRAME.assign(junk=[[k] for k in range(N)]), id="a-column-of-lists-that-is-not-used"),
    ],
)
def test_one_table_in_many_forms_gives_one_fit(data: Any) -> None:
    assert terrace.fit(MODEL, data).ll == pytest.approx(WANTED, rel=1e-9)


def test_arrays_without_names_are_called_v1_and_on() -> None:
    model = "mixed v1 v2 || v3:"
    for data in (np.array(ROWS), ROWS, FRAME.to_numpy(dtype=object), [list(r) for r in ROWS]):
        assert terrace.fit(model, data).ll == pytest.approx(WANTED, rel=1e-9)
    assert as_dataset(FRAME["y"]).names == ("y",)
    assert as_dataset(np.arange(3)).names == ("v1",)


def test_names_in_several_levels_and_names_that_are_no_text() -> None:
    frame = FRAME.set_axis(pd.MultiIndex.from_tuples([("y", ""), ("x", ""), ("id", "")]), axis=1)
    assert terrace.fit(MODEL, frame).ll == pytest.approx(WANTED, rel=1e-9)
    frame = FRAME.set_axis(pd.MultiIndex.from_tuples([("y", "a"), ("x", "b"), ("id", 1)]), axis=1)
    assert as_dataset(frame).names == ("y_a", "x_b", "id_1")
    frame = FRAME.set_axis([2020, None, dt.date(2020, 1, 1)], axis=1)
    assert as_dataset(frame).names == ("_2020", "None", "_2020_01_01")


def test_an_index_that_is_named_like_a_column_gives_way_to_it() -> None:
    frame = FRAME.set_axis(pd.Index(np.zeros(N), name="id"), axis=0)
    assert terrace.fit(MODEL, frame).ll == pytest.approx(WANTED, rel=1e-9)
    assert "id: the column is used, and the index with the same name is left out." in as_dataset(frame).notes


def test_truth_values_and_missing_ones() -> None:
    frame = FRAME.assign(x=[True, False, None, pd.NA] * 6)
    fit = terrace.fit(MODEL, frame)
    assert fit.scalars["N"] == N / 2
    assert terrace.fit(MODEL, FRAME.assign(x=X > 0)).ll == pytest.approx(
        terrace.fit(MODEL, FRAME.assign(x=(X > 0).astype(float))).ll, rel=1e-12
    )


# --- refusals -----------------------------------------------------------------------------------------------
def at(row: int, value: Any, column: str = "x") -> pd.DataFrame:
    """The frame with one value in a row, counted from 1 as people do."""
    values = FRAME[column].astype(object).tolist()
    values[row - 1] = value
    objects = np.empty(N, dtype=object)
    objects[:] = values
    return FRAME.assign(**{column: pd.Series(objects, dtype=object)})


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (at(17, "<0.1"), ("x holds text", "'<0.1' in row 17", "number")),
        (at(17, "<0.1", "y"), ("y holds text", "'<0.1' in row 17")),
        (at(3, [1, 2]), ("x cannot be used", "row 3 holds a list")),
        (at(3, {"a": 1}), ("x cannot be used", "row 3 holds a table")),
        (at(3, np.arange(2)), ("x cannot be used", "row 3 holds an array")),
        (at(3, {1, 2}, "id"), ("id cannot be used", "row 3 holds a set")),
        (at(3, 1j), ("x cannot be used", "row 3 holds a complex number")),
        (FRAME.assign(x=X + 1j), ("x cannot be used", "row 1 holds a complex number")),
        (at(5, object(), "id"), ("id cannot be used", "row 5 holds an object of the type object")),
        (at(5, b"\xff", "id"), ("id cannot be used", "row 5 holds bytes")),
        (at(5, "0", "id"), ("id cannot be used", "row 5 holds 0 as text", "row 1", "as a number")),
        (at(5, "\ud800", "id"), ("id cannot be used", "row 5 holds text that is not valid Unicode")),
        (at(9, np.inf), ("x is infinite", "row 9")),
        (at(9, Decimal("-Infinity"), "y"), ("y is infinite", "row 9")),
        (pd.concat([FRAME, FRAME[["id"]]], axis=1), ("2 columns", "'id'", "3 and 4")),
        (FRAME.assign(x=[dt.timedelta(1), "long"] * 12), ("x holds text", "row")),
        (FRAME.assign(x=pd.NaT), ("No row is complete", "x")),
        ({"y": Y, "x": X, "id": ID[:-1]}, ("y has 24 values", "id has 23")),
        ({"y": Y, "x": X, "id": np.c_[ID, ID]}, ("id has several columns",)),
        ({"y": 1, "x": 2, "id": 3}, ("y has one value",)),
        ({}, ("no columns",)),
        ([], ("no columns",)),
        (pd.DataFrame(), ("no columns",)),
        (FRAME.head(0), ("no rows",)),
        (pa.table({"y": pa.array([], pa.float64())}), ("no rows",)),
        (np.zeros((2, 2, 2)), ("3 dimensions",)),
        (None, ("None was passed",)),
        (3, ("3 was passed",)),
        ("rows.csv", ("'rows.csv'", "not a table")),
        (Path("rows.csv"), ("rows.csv", "the name of a file")),
        (object(), ("object", "not a table")),
        (pd.DataFrame, ("no data",)),
        (FRAME.set_axis(["y", "x", "ID"], axis=1), ("'id'",)),
    ],
)
def test_refused_in_plain_words(data: Any, words: tuple[str, ...]) -> None:
    with pytest.raises(TerraceError) as caught:
        terrace.fit(MODEL, data)
    error = caught.value
    said = f"{error.message} {error.advice}"
    for word in words:
        assert word in said, f"{word!r} is not in: {said}"
    assert error.message.endswith((".", "?")) and "Traceback" not in said and "dtype" not in said


def test_a_column_that_cannot_be_used_harms_no_other() -> None:
    data = as_dataset(at(3, [1], "x"))
    assert data.names == ("y", "id") and "x: left out, row 3 holds a list." in data.notes
    assert terrace.fit("mixed y || id:", data).ll == terrace.fit("mixed y || id:", FRAME).ll
    with pytest.raises(DataError, match="x cannot be used: row 3 holds a list"):
        terrace.fit(MODEL, data)


def test_a_dataset_whose_numbers_would_be_merged_is_refused() -> None:
    ids = pd.DataFrame({"y": Y, "id": ID + 2**53})
    data = Dataset(ids, (terrace.Variable("y"), terrace.Variable("id")))
    with pytest.raises(DataError, match="id holds whole numbers of more digits"):
        terrace.fit("mixed y || id:", data)
    assert terrace.fit("mixed y || id:", ids).groups[0].n_groups == 6
