"""SPSS portable files: what their records of missing values say, which pyreadstat neither tells nor writes."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import numpy as np
import pandas as pd
import pyreadstat
import pytest

from terrace.data.read import read
from terrace.data.write import write
from terrace.errors import DataError

FRAME = pd.DataFrame(
    {
        "X": [1.5, -9.0, np.nan, 123456789.25, -9.1, -8.0],
        "S": ["a", "bb", "", "x y", "NA", "a|b"],
        "DAY": pd.to_datetime(["2020-01-01", "1900-01-01", "2020-01-03", "2020-01-04", None, "2020-01-05"]).date,
        "LOW": [-99.0, -1.0, 0.0, 1.0, 2.0, 97.0],
        "HIGH": [1.0, 2.0, 3.0, 98.0, 99.0, -1.0],
    }
)
RECORDS = {"X": "8-9/8-9.2TTTTTTTTTO/", "S": "82/NA83/a|b", "LOW": "91/837/", "HIGH": "A38/8-1/"}
"""After the number of the record, numbers to base 30: 97 is 37, -9.1 the digits that pyreadstat writes for it."""


def portable(path: Path, records: dict[str, str], *, line: int = 80, old: str = "", new: str = "") -> Path:
    """A file with these records after those of the variables, and with the characters `old` written as `new`."""
    pyreadstat.write_por(FRAME, path, column_labels=dict.fromkeys(FRAME, "Label"))
    raw = path.read_bytes().replace(b"\r\n", b"").decode("latin-1")
    for name, record in records.items():
        begin = raw.index("C5/Label", raw.index(f"{len(name)}/{name}"))
        raw = raw[:begin] + record + raw[begin:]
    raw = raw[:200] + raw[200:].translate(str.maketrans(old, new))
    path.write_bytes("".join(f"{raw[k : k + line].rstrip()}\n" for k in range(0, len(raw), line)).encode("latin-1"))
    return path


@pytest.fixture
def file(tmp_path: Path) -> Path:
    seconds = (pd.Timestamp("1900-01-01") - pd.Timestamp("1582-10-14")) // pd.Timedelta(1, "s")
    return portable(tmp_path / "d.por", RECORDS | {"DAY": f"8{np.base_repr(seconds, 30)}/"})


def test_user_missing_values_are_kept_and_known(file) -> None:
    data = read(file)
    codes = {name: data.variable(name).missing_codes for name in data.names}
    day = (pd.Timestamp("1900-01-01") - pd.Timestamp("1960-01-01")).days
    assert codes == {
        "X": (-9, -9.1), "S": ("NA", "a|b"), "DAY": (day,), "LOW": (-99, -1, 0, 1, 97), "HIGH": (98, 99, -1),
    }  # fmt: skip
    assert data.variable("LOW").missing_ranges == ((-np.inf, 1),) and data.variable("LOW").label == "Label"
    np.testing.assert_array_equal(data.numeric("X"), [1.5, np.nan, np.nan, 123456789.25, np.nan, -8])
    np.testing.assert_array_equal(data.numeric("LOW"), [np.nan] * 4 + [2, np.nan])
    np.testing.assert_array_equal(data.numeric("HIGH"), [1, 2, 3, np.nan, np.nan, np.nan])
    assert data.frame["S"].fillna("").tolist() == FRAME["S"].tolist()  # as they were written


def test_a_file_of_sav_says_the_same(file, tmp_path) -> None:
    write(read(file), tmp_path / "d.sav")
    again, first = read(tmp_path / "d.sav"), read(file)
    pd.testing.assert_frame_equal(again.frame, first.frame)
    for name in first.names:
        assert again.variable(name).missing_codes == first.variable(name).missing_codes
        assert again.variable(name).missing_ranges == first.variable(name).missing_ranges


@pytest.mark.parametrize("line", [80, 1_000_000], ids=["in lines", "in one line"])
def test_a_file_in_characters_of_its_own(line, tmp_path) -> None:
    """The table of the file says which byte stands for which character; lines may have lost blanks at their end."""
    old, new = "/ABCXSab9", "ABCXSab9/"
    plain = portable(tmp_path / "a.por", RECORDS)
    other = portable(tmp_path / "b.por", RECORDS, line=line, old=old, new=new)
    assert plain.read_bytes() != other.read_bytes()
    pd.testing.assert_frame_equal(read(other).frame, read(plain).frame)
    assert read(other).variables == read(plain).variables


def test_without_such_records_nothing_changes(tmp_path) -> None:
    data = read(portable(tmp_path / "d.por", {}))
    assert not any(data.variable(name).missing_codes for name in data.names)
    np.testing.assert_array_equal(data.numeric("LOW"), FRAME["LOW"])


def test_a_damaged_header_is_an_error_in_words(file) -> None:
    raw = file.read_bytes()
    for cut in (300, 470, 560, 700):
        file.write_bytes(raw[:cut])
        with pytest.raises(DataError, match=r"d\.por"):
            read(file)


@pytest.mark.parametrize("record", ["8*/", "8-9", "C-5/", "8-5/", "B1/", "9////"])
def test_odd_records_end_in_an_error_or_in_data(record, tmp_path) -> None:
    """And never in a walk without end: the length of a text may be below zero."""
    path = portable(tmp_path / "d.por", {"S": record})
    try:
        assert len(read(path)) <= len(FRAME)
    except DataError as error:
        assert "d.por" in error.message


@pytest.mark.skipif(shutil.which("Rscript") is None, reason="compares with R's haven")
def test_haven_reads_the_same(file) -> None:
    code = """if (!requireNamespace("haven", quietly = TRUE)) quit()
    d <- haven::read_por(commandArgs(TRUE), user_na = TRUE)
    for (x in c("X", "LOW", "HIGH")) {
      cat(x, sum(is.na(d[[x]])), paste(attr(d[[x]], "na_values"), collapse = ","), attr(d[[x]], "na_range"), "\\n")
    }"""
    said = subprocess.run(["Rscript", "-e", code, str(file)], capture_output=True, text=True, check=True).stdout
    if not said:
        pytest.skip("R has no haven")
    assert [line.split() for line in said.splitlines()] == [
        ["X", "3", "-9,-9.1"],
        ["LOW", "5", "97", "-Inf", "1"], ["HIGH", "3", "-1", "98", "Inf"],
    ]  # fmt: skip
    data = read(file)
    missing = [int(np.isnan(data.numeric(name)).sum()) for name in ("X", "LOW", "HIGH")]
    assert missing == [3, 5, 3]
