"""Files that R wrote (`oracles/r_files/make.R`, which says what is in them)."""

from __future__ import annotations

import bz2
import gzip
import lzma
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from data_support import ok, session_on

from terrace.data.dataset import Dataset, Measure
from terrace.data.extended import CODES
from terrace.data.read import read
from terrace.errors import DataError

FILES = Path(__file__).resolve().parents[1] / "oracles" / "r_files"


@pytest.fixture(scope="module")
def frame() -> Dataset:
    return read(FILES / "frame.rds")


def test_columns_of_a_data_frame(frame: Dataset) -> None:
    assert len(frame) == 3
    np.testing.assert_array_equal(frame.numeric("id"), [1, np.nan, 3])
    np.testing.assert_array_equal(frame.numeric("x"), [1.5, np.nan, np.nan])
    assert frame.variable("x").label == "An x"
    assert [None if pd.isna(v) else v for v in frame.frame["s"]] == ["å", "b", None]
    np.testing.assert_array_equal(frame.numeric("l"), [1, np.nan, 0])
    np.testing.assert_array_equal(frame.frame[["m_u", "m_v"]].to_numpy(), [[1, 4], [2, 5], [3, 6]])
    assert [None if pd.isna(v) else v for v in frame.frame["long"]] == ["9007199254740993", None, "5"]
    assert "li holds" not in frame.names and "list" in frame.left_out["li"]


def test_factors_keep_the_order_of_their_levels(frame: Dataset) -> None:
    np.testing.assert_array_equal(frame.numeric("f"), [2, 1, np.nan])
    assert dict(frame.variable("f").value_labels) == {1: "low", 2: "mid", 3: "high"}
    assert frame.variable("f").measure is Measure.NOMINAL
    np.testing.assert_array_equal(frame.numeric("o"), [1, 2, 1])
    assert frame.variable("o").measure is Measure.ORDINAL
    np.testing.assert_array_equal(frame.numeric("n"), [10, 30, 20])  # and not 1, 3, 2: levels that are numbers
    assert not frame.variable("n").value_labels


def test_dates_and_times(frame: Dataset) -> None:
    np.testing.assert_array_equal(frame.numeric("day"), [21915, np.nan, 0])
    assert (frame.variable("day").format, frame.variable("oslo").format) == ("%td", "%tc")
    # by the clock in Oslo, in summer and in winter
    shown = pd.to_datetime(["2020-07-01 10:00:00.00", "2020-01-01 10:00:00.25"])
    milliseconds = (shown - pd.Timestamp("1960-01-01")) / pd.Timedelta("1ms")
    np.testing.assert_array_equal(frame.numeric("oslo")[:2], milliseconds)
    np.testing.assert_array_equal(frame.numeric("parts")[[0]], milliseconds[[0]])
    assert "took: its unit is minutes." in frame.notes


def test_labels_and_missing_values_of_haven(frame: Dataset) -> None:
    lab = frame.variable("lab")
    assert (lab.label, dict(lab.value_labels)) == ("A label", {1: "low", 2: "high"})
    np.testing.assert_array_equal(frame.numeric("lab"), [1, np.nan, np.nan])
    assert frame.frame["lab"].tolist() == [1, CODES["a"], -9]
    assert set(lab.missing_codes) == {CODES["a"], -9}


@pytest.mark.parametrize("pack", [gzip.compress, bz2.compress, lzma.compress])
def test_r_compresses_in_three_ways(pack: Callable[[bytes], bytes], frame: Dataset, tmp_path: Path) -> None:
    (tmp_path / "d.rds").write_bytes(pack((FILES / "frame.rds").read_bytes()))
    assert read(tmp_path / "d.rds").frame.equals(frame.frame)


def test_several_objects() -> None:
    data = read(FILES / "several.RData")
    assert data.names == ("row_names", "x") and data.frame["row_names"].tolist() == ["one", "two"]
    assert any("Read first; the other data frame is second." in note for note in data.notes)
    session = session_on(None)
    ok(session, f'use "{FILES / "several.RData"}", object(second)')
    assert session.data.names == ("y",)
    with pytest.raises(DataError, match="'a', it is a vector of 3 whole numbers") as caught:
        read(FILES / "several.RData", object="a")
    assert "first, second" in caught.value.advice


def test_what_is_no_data_frame_is_named() -> None:
    with pytest.raises(DataError, match="a vector of 2 numbers") as caught:
        read(FILES / "vector.rds")
    assert "saveRDS" in caught.value.advice


def test_bytes_are_named_and_no_damage(tmp_path: Path) -> None:
    """``saveRDS(as.raw(1:3), ascii = TRUE)``: rdata does not go on after them, wherever in a file they stand."""
    (tmp_path / "d.rds").write_bytes(b"A\n2\n262657\n131840\n24\n3\n01\n02\n03\n")
    with pytest.raises(DataError, match="holds bytes of R, which Terrace does not read"):
        read(tmp_path / "d.rds")
