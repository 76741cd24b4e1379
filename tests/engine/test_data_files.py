"""What goes into a file comes out of it, for every format that is written."""

import math
import os

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from terrace.data.dataset import Dataset, Measure, Panel, Variable
from terrace.data.formats import WRITTEN
from terrace.data.read import read
from terrace.data.readers.build import from_frame
from terrace.data.samples import sample
from terrace.data.write import write
from terrace.errors import Cancelled, DataError

WITH_LABELS = [ending for ending, known in WRITTEN.items() if known.keeps != "values"]


def described() -> Dataset:
    """A dataset with something of everything."""
    frame = pd.DataFrame(
        {
            "x": [1.5, np.nan, -3e-7, 99.0],
            "k": np.array([1, 2, 1, 2], dtype=np.int8),
            "s": ["a", "=1+1", None, 'ä;,"ö'],
            "f": np.array([1.1, 2.2, 3.3, np.nan], dtype=np.float32),
            "day": [21915.0, np.nan, -1.0, 2.0],
            "moment": [1.893492e12 + 1500, np.nan, 5000.0, 6000.0],
            "big": [2**40, 1, 2, 3],
        }
    )
    variables = (
        Variable("x", "The x, in µm", Measure.CONTINUOUS, format="%8.2f"),
        Variable("k", "", Measure.NOMINAL, {1: "one", 2: "zwei ü"}),
        Variable("s", "Some text", Measure.NOMINAL),
        Variable("f", "Single precision"),
        Variable("day", format="%td"),
        Variable("moment", format="%tc"),
        Variable("big"),
    )
    return Dataset(frame, variables, label="My data", source="made", notes=("a note",))


def assert_same_values(one: Dataset, two: Dataset) -> None:
    assert one.names == two.names
    assert len(one) == len(two)
    for name in one.names:
        assert one.is_text(name) == two.is_text(name), name
        if one.is_text(name):
            assert one.frame[name].isna().tolist() == two.frame[name].isna().tolist()
            assert one.frame[name].dropna().tolist() == two.frame[name].dropna().tolist()
        else:
            np.testing.assert_array_equal(one.numeric(name), two.numeric(name), err_msg=name)


@pytest.mark.parametrize("extension", WRITTEN)
def test_values_survive(tmp_path, extension) -> None:
    data = described()
    back = read(write(data, tmp_path / f"d{extension}").path)
    assert_same_values(data, back)
    assert [v.format for v in back.variables][4:6] == ["%td", "%tc"]
    assert back.source == str(tmp_path / f"d{extension}")


@pytest.mark.parametrize("extension", WITH_LABELS)
def test_labels_survive(tmp_path, extension) -> None:
    data = described()
    back = read(write(data, tmp_path / f"d{extension}").path)
    assert back.label == "My data"
    for before, after in zip(data.variables, back.variables, strict=True):
        assert after.label == before.label
        assert dict(after.value_labels) == dict(before.value_labels)
        assert after.measure is before.measure


@pytest.mark.parametrize("name", ["hsb", "orthodont", "produc"])
@pytest.mark.parametrize("extension", WITH_LABELS)
def test_samples_survive(tmp_path, extension, name) -> None:
    data = sample(name)
    written = write(data, tmp_path / f"{name}{extension}")
    back = read(written.path)
    assert all(n.startswith(f"A {extension} file does not hold levels of measurement (") for n in written.notes)
    assert_same_values(data, back)
    for before, after in zip(data.variables, back.variables, strict=True):
        assert (after.label, dict(after.value_labels)) == (before.label, dict(before.value_labels))


def test_parquet_keeps_everything(tmp_path) -> None:
    data = described()
    data = data.with_variable(Variable("x", "l", Measure.ORDINAL, {99: "refused"}, (99, -1), "%8.2f"))
    data = Dataset(
        data.frame, data.variables, "L", "s", ("n1", "n2"), panel=Panel("k", None, 2.0), sorted_by=("k",)
    )
    back = read(write(data, tmp_path / "d.parquet").path)
    pd.testing.assert_frame_equal(back.frame, data.frame)
    assert back.variables == data.variables
    assert (back.label, back.notes, back.panel, back.sorted_by) == ("L", ("n1", "n2"), data.panel, ("k",))


def test_spss_keeps_missing_codes(tmp_path) -> None:
    frame = pd.DataFrame(
        {"x": [1.0, 99.0, 98.0, 97.0], "y": [1.0, -4.0, -1.0, -9.0], "s": ["a", "?", "b", "a"]}
    )
    variables = (
        Variable("x", missing_codes=(97, 99)),
        Variable("y", missing_codes=(-9, -4, -3, -1)),
        Variable("s", missing_codes=("?",)),
    )
    back = read(write(Dataset(frame, variables), tmp_path / "d.sav").path)
    np.testing.assert_array_equal(back.frame["x"], frame["x"])
    assert set(back.variable("x").missing_codes) == {97, 99}
    # Four codes fit only as a range, of which those that occur come back.
    assert set(back.variable("y").missing_codes) == {-9, -4, -1}
    np.testing.assert_array_equal(back.numeric("y"), [1, np.nan, np.nan, np.nan])
    assert back.codes("s")[0].tolist() == [0, -1, 1, 0]


def test_what_a_format_cannot_hold_is_told(tmp_path) -> None:
    frame = pd.DataFrame({"x": [1.0, 99.0], "s": ["a", "b"]})
    data = Dataset(
        frame, (Variable("x", "l" * 100, missing_codes=(99,)), Variable("s", value_labels={"a": "A"}))
    )
    notes = write(data, tmp_path / "d.dta").notes
    assert [n.partition(":")[0] for n in notes[:2]] == ["x", "s"]
    assert "80" in notes[2]
    np.testing.assert_array_equal(read(tmp_path / "d.dta").numeric("x"), [1, np.nan])


@pytest.mark.parametrize("extension", [".dta", ".xlsx"])
def test_infinite_values_are_refused_where_the_format_has_none(tmp_path, extension) -> None:
    data = Dataset(pd.DataFrame({"x": [1.0, np.inf]}), (Variable("x"),))
    with pytest.raises(DataError, match=r"^x holds infinite"):
        write(data, tmp_path / f"d{extension}")
    assert os.listdir(tmp_path) == []


numbers = st.floats(allow_nan=True, allow_infinity=False, width=64).filter(
    lambda x: abs(x) < 8e307 or math.isnan(x)
)
LIKE_NUMBERS = {"na", "nan", "null", "n/a", "none", "true", "false", "inf", "infinity"}
words = st.text(st.characters(codec="utf-8", exclude_categories=("Cc", "Cs")), min_size=1, max_size=20)
words = words.filter(
    lambda s: s == s.strip() and not s[0].isdigit() and s[0] not in "+-.#" and s.lower() not in LIKE_NUMBERS
)


@pytest.mark.parametrize("extension", [".parquet", ".csv", ".tsv", ".dta", ".sav"])
@given(
    rows=st.lists(
        st.tuples(numbers, words, st.integers(-(2**31) + 100, 2**31 - 100)), min_size=1, max_size=12
    )
)
def test_any_values_survive(tmp_path_factory, extension, rows) -> None:
    frame = pd.DataFrame(rows, columns=["x", "s", "k"])
    frame["s"] = ["word", *frame["s"][1:]]  # a column that is surely text
    data = Dataset(frame, (Variable("x"), Variable("s"), Variable("k")))
    path = tmp_path_factory.mktemp("any") / f"d{extension}"
    write(data, path)
    assert_same_values(data, read(path))


# --- writing safely ----------------------------------------------------------------------------------------


def test_a_file_is_replaced_only_when_asked(tmp_path) -> None:
    data = described()
    path = write(data, tmp_path / "d").path
    assert path.name == "d.dta"
    with pytest.raises(DataError) as caught:
        write(data.select(["x"]), tmp_path / "d")
    assert caught.value.code == "file-exists"
    assert read(path).names == data.names
    write(data.select(["x"]), tmp_path / "d", replace=True)
    assert read(tmp_path / "d").names == ("x",)


@pytest.mark.parametrize("extension", WRITTEN)
def test_a_failed_write_leaves_the_old_file_and_no_other(tmp_path, extension, monkeypatch) -> None:
    data = described()
    path = write(data, tmp_path / f"d{extension}").path
    before = path.read_bytes()

    def fail(_: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", fail)
    with pytest.raises(DataError, match="the disk is full"):
        write(data, path, replace=True)
    assert path.read_bytes() == before
    assert os.listdir(tmp_path) == [path.name]


def test_writing_stops_when_asked(tmp_path) -> None:
    with pytest.raises(Cancelled):
        write(described(), tmp_path / "d.xlsx", cancel=lambda: True)
    assert os.listdir(tmp_path) == []


@pytest.mark.skipif(os.name == "nt", reason="permissions of POSIX")
def test_permissions_are_those_of_an_ordinary_file(tmp_path) -> None:
    path = write(described(), tmp_path / "d.csv").path
    (tmp_path / "plain").write_text("x")
    assert path.stat().st_mode == (tmp_path / "plain").stat().st_mode
    path.chmod(0o640)
    write(described(), path, replace=True)
    assert path.stat().st_mode & 0o777 == 0o640


@pytest.mark.parametrize(
    ("name", "code"), [("d.xyz", "unknown-format"), ("none/d.csv", "no-such-folder"), (".", "is-a-folder")]
)
def test_places_that_cannot_be_written(tmp_path, name, code) -> None:
    (tmp_path / "x.csv").mkdir()
    target = tmp_path / ("x.csv" if name == "." else name)
    with pytest.raises(DataError) as caught:
        write(described(), target, replace=True)
    assert caught.value.code == code


@pytest.mark.parametrize(
    ("values", "extension", "words"),
    [
        (["NA", "b"], ".csv", ""),
        ([".", "b"], ".xlsx", "'.' means missing"),
        (["1.10", "1.1"], ".tsv", ""),
        (["1E3", "1000"], ".csv", ""),
        (["2020-01-01", "2020-01-01 00:00"], ".csv", "its texts look like dates"),
        (["a", "a "], ".sav", "'a' and 'a ' become one value"),
        (["a\0b", "a"], ".dta", "become one value"),
        (["1", "01", "001"], ".csv", ""),
        (["12345678901234567", "12345678901234568"], ".csv", ""),
        (["1.10", "1.1", "x"], ".csv", ""),
        (["NA", "a", "a ", "1E3", "1000"], ".parquet", ""),
    ],
)
def test_text_that_a_file_does_not_keep_apart_is_told(tmp_path, values, extension, words) -> None:
    """What is told is what happens: as many groups are read as the notes leave."""
    data = from_frame(pd.DataFrame({"id": values, "k": range(len(values))}))
    written = write(data, tmp_path / f"d{extension}")
    assert (words in " ".join(written.notes)) if words else written.notes == ()
    assert (len(read(written.path).codes("id")[1]) < len(values)) == bool(words)
