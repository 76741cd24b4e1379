"""What a file keeps of data: nothing is lost without a note, and the help page says what was found."""

from __future__ import annotations

import datetime as dt
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyreadstat
import pytest

from terrace.cli import main
from terrace.data import formats
from terrace.data.dataset import Dataset, Measure, Variable
from terrace.data.extended import CODES
from terrace.data.read import read
from terrace.data.write import write
from terrace.data.writers import stata
from terrace.errors import DataError

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "tools"))
import kept


@pytest.fixture(scope="module")
def found(tmp_path_factory: pytest.TempPathFactory) -> dict[str, list[str]]:
    return kept.matrix(tmp_path_factory.mktemp("kept"))


def test_nothing_is_lost_without_a_note(found: dict[str, list[str]]) -> None:
    assert [(title, cells) for title, cells in found.items() if kept.LOST in cells] == []


def test_the_help_page_is_what_was_found(found: dict[str, list[str]]) -> None:
    assert kept.PAGE.read_text(encoding="utf-8") == kept.page(found), "run tools/kept.py"


def test_a_format_that_keeps_everything_does(found: dict[str, list[str]]) -> None:
    for known in formats.FORMATS:
        if known.keeps == "everything":
            at = kept.endings().index(known.written[0])
            assert {cells[at] for cells in found.values()} == {kept.KEPT}


def test_a_loss_without_a_note_would_be_seen(tmp_path: Path) -> None:
    """The comparison can fail: a reader that forgets a label is found out."""
    forgetful = replace(kept.SPECIMENS[0], same=lambda before, after: False)
    assert kept.outcome(forgetful, ".dta", tmp_path) == kept.LOST


# --- through one program and back --------------------------------------------------------------------------
def survey() -> Dataset:
    """Labels, formats, missing values of two kinds, dates and notes that Stata and SPSS both hold."""
    frame = pd.DataFrame({"x": [1.25, 2.5, -8.0, 99.0, np.nan], "d": [21915.0, 0.0, -1.0, 1.0, np.nan],
                          "s": ["007", "NA", None, "b", "é"]})  # fmt: skip
    variables = (
        Variable("x", "The x", Measure.NOMINAL, {1: "one", 99: "none", -8: "refused"}, (99,), "%9.2f", ((-9.0, -1.0),)),
        Variable("d", "A day", format="%td"),
        Variable("s", "Some text", Measure.NOMINAL),
    )
    return Dataset(frame, variables, label="A survey", documents=("First looked at in May.",))


def test_from_spss_to_stata_and_back(tmp_path: Path) -> None:
    first = read(write(survey(), tmp_path / "a.sav").path)
    written = write(first, tmp_path / "b.dta")
    assert any("-8 is .a and 99 is .b" in n for n in written.notes)
    second = read(written.path)
    raw = second.frame["x"].to_numpy()
    assert raw[2] == CODES["a"] and raw[3] == CODES["b"] and np.isnan(raw[4])
    assert dict(second.variable("x").value_labels) == {1: "one", CODES["a"]: "refused", CODES["b"]: "none"}
    back = read(write(second, tmp_path / "c.sav").path)
    np.testing.assert_array_equal(back.numeric("x"), survey().numeric("x"))
    for data in (first, second, back):
        assert data.label == "A survey" and data.documents == ("First looked at in May.",)
        assert [v.label for v in data.variables] == ["The x", "A day", "Some text"]
        assert data.variable("d").format == "%td" and data.frame["s"].dropna().tolist() == ["007", "NA", "b", "é"]
    assert back.variable("x").native_format == "F9.2" and second.variable("x").format == "%9.2f"


def test_from_stata_to_spss_and_back(tmp_path: Path) -> None:
    frame = pd.DataFrame({"x": [1.0, CODES["c"], np.nan, 4.0], "k": np.array([1, 2, 100, -127], dtype=np.int8)})
    x = Variable("x", "The x", Measure.NOMINAL, {CODES["c"]: "refused", 1: "one"}, (CODES["c"],), "%8.1f")
    first = read(write(Dataset(frame, (x, Variable("k"))), tmp_path / "a.dta").path)
    assert first.frame["k"].dtype.itemsize == 1 or first.frame["k"].tolist() == [1, 2, 100, -127]
    written = write(first, tmp_path / "b.sav")
    assert any(n.startswith("SPSS has no .a to .z; in x") for n in written.notes)
    back = read(write(read(written.path), tmp_path / "c.dta").path)
    np.testing.assert_array_equal(back.numeric("x"), first.numeric("x"))
    np.testing.assert_array_equal(back.numeric("k"), first.numeric("k"))
    assert back.variable("x").format == "%8.1f" and dict(back.variable("x").value_labels) == {1: "one"}


def test_from_excel_to_text(tmp_path: Path) -> None:
    frame = pd.DataFrame({"id": ["007", "010", "1.10"], "y": [1.0, np.nan, 3.5], "d": [21915.0, 0.0, np.nan]})
    data = Dataset(frame, (Variable("id", measure=Measure.NOMINAL), Variable("y"), Variable("d", format="%td")))
    back = read(write(read(write(data, tmp_path / "a.xlsx").path), tmp_path / "b.csv").path)
    assert kept.values(data, back) and back.variable("d").format == "%td"


# --- SPSS -----------------------------------------------------------------------------------------------------
def test_a_file_of_spss_is_saved_as_it_was(tmp_path: Path) -> None:
    """All that pyreadstat finds in a file is in the file that is saved, also after a variable was added."""
    one, two = tmp_path / "one.sav", tmp_path / "two.sav"
    days = (dt.date(2020, 2, 26) - dt.date(1582, 10, 14)).days * 86_400.0  # SPSS counts seconds
    frame = pd.DataFrame({"v": [1.0, 2, -5, 99, 3], "s": ["a", "b", "Z", "c", "a"], "t": [36000.0, 1, 2, 3, 4],
                          "d": [days, days + 86_400, 99.0, days, days], "r": [1.0, 2, -9, -7, 50]})  # fmt: skip
    pyreadstat.write_sav(
        frame, one, file_label="f", note=["a note", "b"],
        missing_ranges={"v": [{"lo": -8, "hi": -1}, 99], "s": ["Z"], "r": [{"lo": -np.inf, "hi": -1}], "d": [99]},
        variable_format={"t": "TIME8", "d": "ADATE10", "v": "PCT8.2", "r": "DOLLAR8.2"},
        variable_value_labels={"v": {99: "no answer", -8: "x"}, "r": {-7: "refused"}, "d": {99.0: "never"}},
        variable_display_width={"v": 12}, variable_measure=dict.fromkeys("vtdr", "scale") | {"s": "nominal"},
    )  # fmt: skip
    data = read(one)
    assert np.isnan(data.numeric("d")[2]) and data.numeric("d")[0] == (dt.date(2020, 2, 26) - dt.date(1960, 1, 1)).days
    assert write(data.with_column("z", np.arange(5.0)), two).notes == ()
    (values, meta), (again, found) = (pyreadstat.read_sav(p, user_missing=True, disable_datetime_conversion=True)
                                      for p in (one, two))  # fmt: skip
    pd.testing.assert_frame_equal(again[values.columns], values)
    for name in ("original_variable_types", "variable_display_width", "missing_ranges", "variable_value_labels"):
        there = getattr(found, name)
        assert {k: v for k, v in there.items() if k != "z"} == getattr(meta, name), name
    assert (found.notes, found.file_label) == (meta.notes, meta.file_label)


def test_missing_values_that_spss_cannot_declare_are_missing_in_the_file(tmp_path: Path) -> None:
    x = Variable("x", missing_codes=(1, 3, 5, 7))
    written = write(Dataset(pd.DataFrame({"x": [1.0, 2, 3, 4, 5, 6, 7]}), (x,)), tmp_path / "a.sav")
    assert any(n.startswith("x: SPSS allows three missing codes") and "7" in n for n in written.notes)
    np.testing.assert_array_equal(read(written.path).numeric("x"), [np.nan, 2, np.nan, 4, np.nan, 6, np.nan])


def test_a_format_that_the_user_gave_outdoes_that_of_the_file(tmp_path: Path) -> None:
    data = Dataset(pd.DataFrame({"x": [1.0]}), (Variable("x", format="%9.3f", native_format="DOLLAR8.2"),))
    assert read(write(data, tmp_path / "a.sav").path).variable("x").native_format == "F9.3"


# --- Stata ----------------------------------------------------------------------------------------------------
def test_pandas_reads_what_is_written_for_stata(tmp_path: Path) -> None:
    """Another reader finds types, missing values, long text, labels by their sets and notes of the sort order."""
    rng = np.random.default_rng(3)
    n = 2000
    frame = pd.DataFrame({
        "b": rng.integers(-127, 101, n).astype(np.int8), "wide": rng.integers(101, 128, n).astype(np.int8),
        "i": rng.integers(-32767, 32741, n).astype(np.int16), "l": rng.integers(-(2**31) + 1, 2**31 - 27, n),
        "beyond": np.full(n, 2**31 - 1), "f": rng.normal(size=n).astype(np.float32), "x": rng.normal(size=n),
        "s": [f"é{k}" for k in range(n)], "strl": ["a" * 3000 if k % 3 else f"b{k}" for k in range(n)],
    })  # fmt: skip
    frame.loc[::7, "x"] = np.nan
    variables = tuple(Variable(c, c.upper(), value_labels={1: "one"} if c in "bi" else {}, label_set="set")
                      for c in frame.columns)  # fmt: skip
    path = write(Dataset(frame, variables, label="Many"), tmp_path / "a.dta").path
    with pd.io.stata.StataReader(path, convert_categoricals=False, preserve_dtypes=True) as reader:
        back = reader.read()
        assert reader.value_labels() == {"set": {1: "one"}} and reader.data_label == "Many"
        assert reader.variable_labels() == {c: c.upper() for c in frame.columns}
    kinds = ["int8", "int16", "int16", "int32", "float64", "float32", "float64"]
    assert [str(t) for t in back.dtypes[:7]] == kinds
    for c in frame.columns[:7]:
        np.testing.assert_array_equal(back[c], frame[c], err_msg=c)
    assert back["s"].tolist() == frame["s"].tolist() and back["strl"].tolist() == frame["strl"].tolist()


def test_more_variables_than_version_118_holds(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Version 119 counts variables, and finds long text, in other widths."""
    monkeypatch.setattr(stata, "MOST_118", 3)
    frame = pd.DataFrame({"a": [1.0, 2], "b": ["x", "y" * 3000], "c": [np.nan, 4], "d": ["é" * 3000, ""]})
    path = write(Dataset(frame, tuple(map(Variable, frame.columns)), sorted_by=("a",)), tmp_path / "a.dta").path
    assert b"<release>119</release>" in path.read_bytes()[:60]
    pd.testing.assert_frame_equal(pd.read_stata(path), frame, check_dtype=False)


def test_pyreadstat_finds_notes_and_missing_values_of_stata(tmp_path: Path) -> None:
    frame = pd.DataFrame({"x": [1.0, CODES["a"], np.nan, -5.0], "y": [1.0, 2, 3, 4]})
    x = Variable("x", value_labels={CODES["a"]: "refused", -5: "never"}, missing_codes=(CODES["a"], -5))
    data = Dataset(frame, (x, Variable("y")), documents=("on all", "x: on x"), sorted_by=("y",))
    path = write(data, tmp_path / "a.dta").path
    back, meta = pyreadstat.read_dta(path, user_missing=True)
    assert back["x"].tolist()[:2] == [1.0, "a"] and back["x"].tolist()[3] == "b"
    assert meta.notes == ["on all"] and meta.variable_value_labels["x"] == {"a": "refused", "b": "never"}
    assert b"note1" in path.read_bytes() and b"on x\0" in path.read_bytes()


# --- names ----------------------------------------------------------------------------------------------------
def test_the_order_of_the_rows_is_told_under_the_new_names(tmp_path: Path) -> None:
    """Data sorted by byte and x are not sorted by x."""
    frame = pd.DataFrame({"byte": [1.0, 1, 2], "x": [1.0, 3, 2]})
    path = write(Dataset(frame, (Variable("byte"), Variable("x")), sorted_by=("byte", "x")), tmp_path / "a.dta").path
    assert b"<sortlist>\1\0\2\0\0\0</sortlist>" in path.read_bytes()


@pytest.mark.parametrize(
    ("ending", "names", "expected"),
    [
        (".dta", ["byte", "byte_", "str12", "e", "x", "X"], ["byte__2", "byte_", "str12_", "e_", "x", "X"]),
        (".sav", ["_2019", "v_2019", "x", "X", "all"], ["v_2019_2", "v_2019", "x", "X_2", "all_"]),
        (".xpt", ["größe", "x", "X", "_1"], ["gro_e", "x", "X_2", "_1"]),
    ],
)
def test_forbidden_names_are_mended(tmp_path: Path, ending: str, names: list[str], expected: list[str]) -> None:
    frame = pd.DataFrame([np.arange(float(len(names)))], columns=names)
    written = write(Dataset(frame, tuple(map(Variable, names))), tmp_path / f"a{ending}")
    back = read(written.path)
    assert list(back.names) == expected
    (note,) = [n for n in written.notes if n.startswith("Names that ")]
    for old, new in zip(names, expected):
        assert (f"{old} is {new}" in note) == (old != new)
        assert back.variable(new).label == (old if old != new else "")
        assert back.numeric(new)[0] == names.index(old)


# --- text -----------------------------------------------------------------------------------------------------
@pytest.mark.parametrize("ending", [".csv", ".tsv", ".xlsx"])
def test_declared_missing_values_are_empty_in_tables_of_plain_values(tmp_path: Path, ending: str) -> None:
    frame = pd.DataFrame({"x": [1.0, -5.0, 99.0, -2.0], "s": ["a", "?", "b", "c"]})
    x = Variable("x", missing_codes=(99,), missing_ranges=((-8.0, -1.0),))
    variables = (x, Variable("s", missing_codes=("?",)))
    written = write(Dataset(frame, variables), tmp_path / f"a{ending}")
    assert "x: 99, -5 and -2 mean missing and are written as empty." in written.notes
    assert "s: ? means missing and is written as empty." in written.notes
    back = read(written.path)
    np.testing.assert_array_equal(back.numeric("x"), [1, np.nan, np.nan, np.nan])
    assert back.frame["s"].fillna("").tolist() == ["a", "", "b", "c"]


@pytest.mark.parametrize(
    ("ending", "text"),
    [(e, t) for e in (".xlsx", ".ods", ".dta", ".sav", ".xpt", ".csv", ".tsv") for t in ("a ", "a\x01b", "a\0b")]
    + [(e, "a" * n) for e in (".xlsx", ".ods", ".dta") for n in (32_767, 32_768)],
)
def test_a_text_that_a_format_does_not_hold_whole_is_told(tmp_path: Path, ending: str, text: str) -> None:
    frame = pd.DataFrame({"s": [text, "b"], "y": [1.0, 2.0]})
    written = write(Dataset(frame, (Variable("s"), Variable("y"))), tmp_path / f"a{ending}")
    told = [n for n in written.notes if n.startswith("s: such a file cannot hold all of 'a")]
    assert bool(told) == (read(written.path).frame["s"].tolist() != [text, "b"]) and all(len(n) < 150 for n in told)


@pytest.mark.parametrize("ending", formats.WRITTEN)
def test_half_of_a_pair_of_surrogates_is_refused_by_variable_and_row(tmp_path: Path, ending: str) -> None:
    frame = pd.DataFrame({"y": [1.0, 2, 3], "s": pd.Series(["a", "b", "x\ud800y"], dtype=object)})
    with pytest.raises(DataError, match=r"^s holds text that is not valid Unicode \(row 3\)") as caught:
        write(Dataset(frame, (Variable("y"), Variable("s"))), tmp_path / f"a{ending}")
    assert caught.value.subject == "s" and 'replace s = "" in 3' in caught.value.advice
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("words", "message"),
    [
        ({"label": "\udc00"}, "The label of the data is"),
        ({"variables": (Variable("y", label="\udc00"),)}, "The label of y is"),
        ({"variables": (Variable("y", value_labels={1: "\udc00"}),)}, "The label of the value 1 of y is"),
        ({"documents": ("fine", "\udc00")}, "Note 2 of the data is"),
    ],
)
def test_where_the_words_on_the_data_are_no_unicode_is_told(tmp_path: Path, words: Any, message: str) -> None:
    data = Dataset(pd.DataFrame({"y": [1.0, 2]}), (Variable("y"),))
    with pytest.raises(DataError, match=f"^{message} not valid Unicode") as caught:
        write(replace(data, **words), tmp_path / "a.dta")
    assert caught.value.advice


@pytest.mark.parametrize("ending", [".xpt", ".sav"])
@pytest.mark.parametrize("letter", ["x", "\u00e4"])
def test_a_text_that_is_too_long_for_a_format_is_named(tmp_path: Path, ending: str, letter: str) -> None:
    count = 32_767 // len(letter.encode())

    def data(text: str) -> Dataset:
        return Dataset(pd.DataFrame({"y": [1.0, 2], "s": ["a", text]}), (Variable("y"), Variable("s")))

    assert read(write(data(letter * count), tmp_path / f"a{ending}").path).frame["s"].tolist() == ["a", letter * count]
    with pytest.raises(DataError, match=r"^s holds text of 32,76\d bytes") as caught:
        write(data(letter * (count + 1)), tmp_path / f"b{ending}")
    assert "(row 2)" in caught.value.message and "holds 32,767." in caught.value.message
    assert "substr(s" in caught.value.advice and not (tmp_path / f"b{ending}").exists()


def test_texts_that_a_spreadsheet_would_run_are_told_with_their_row(tmp_path: Path) -> None:
    frame = pd.DataFrame({"s": ["a", "=1+1", "b"], "t": ["-5", "+3.5", "x"], "u": ["a", "b", "@z"], "n": [-5.0, 1, 2]})
    written = write(Dataset(frame, tuple(map(Variable, frame.columns))), tmp_path / "a.csv")
    told = [n for n in written.notes if "formula" in n]
    assert [n[:1] for n in told] == ["s", "u"] and "row 2" in told[0] and "row 3" in told[1]
    assert read(written.path).frame["s"].tolist() == ["a", "=1+1", "b"]


@pytest.mark.parametrize("ending", [".csv", ".tsv", ".xlsx", ".ods", ".parquet"])
@pytest.mark.parametrize(
    "text",
    ["007", "1e5", "+5", "TRUE", "1,5", "1,234", "\t5", " 5", ".", ".a", "NULL", "2019-01-01", "10:00", "-", "inf",
     "5%", "a\nb", '"q"', "'=x", "=1", "#c", "x;y", "12345678901234567890"],
)  # fmt: skip
def test_a_text_comes_back_as_it_was_or_is_told(tmp_path: Path, ending: str, text: str) -> None:
    frame = pd.DataFrame({"s": [text, text], "y": [1.0, 2.0]})
    written = write(Dataset(frame, (Variable("s"), Variable("y"))), tmp_path / f"a{ending}")
    back = read(written.path)
    same = back.is_text("s") and back.frame["s"].tolist() == [text, text]
    told = [n for n in written.notes if n.startswith("s:") or n.endswith(" s.")]
    assert same or [n for n in told if "formula" not in n]


@pytest.mark.parametrize("ending", [".csv", ".tsv", ".xlsx", ".ods", ".parquet", ".dta", ".sav", ".xpt"])
def test_rows_of_nothing_come_back_or_are_told(tmp_path: Path, ending: str) -> None:
    for filled in ([2], [0, 2, 4], [0], [4], []):
        frame = pd.DataFrame({"x": [k + 1.0 if k in filled else np.nan for k in range(5)]})
        written = write(Dataset(frame, (Variable("x"),)), tmp_path / f"a{ending}", replace=True)
        told = [n for n in written.notes if "only missing values" in n]
        if told:  # of the ends only
            assert ending in (".xlsx", ".ods") and ("first" in told[0]) == bool(filled and filled[0])
            assert ("last" in told[0]) == (not filled or filled[-1] < 4)
        else:
            np.testing.assert_array_equal(read(written.path).frame["x"], frame["x"])


@pytest.mark.parametrize(
    ("text", "column", "kept_as"),
    [
        ('"id","y"\n"7","1"\n"10","2"\n', "id", [7.0, 10.0]),  # quoted throughout: the marks say nothing
        ('"id","y"\n"7",1\n"NA",2\n', "id", ["7", "NA"]),
        ('id,y\n"7",1\n"10",2\n', "id", [7.0, 10.0]),
        ('id,y\n"007",1\n"NA",2\n', "id", ["007", "NA"]),
        ('"id","y"\n"1,234",1\n"5",2\n', "id", [1234.0, 5.0]),  # a number that needs its marks
        ('"id","y"\n"7",1\nNA,2\n', "id", [7.0, None]),
        ('"d","y"\n"2020-01-01",1\n"2020-01-02",2\n', "d", [21915.0, 21916.0]),
        ('"s","y"\n"a ""b"", c",1\n"NA",2\n', "s", ['a "b", c', "NA"]),
        ('"id","y"\r\n"7",1\r\n"8",2', "id", ["7", "8"]),
    ],
)
def test_quotation_marks_tell_text_where_they_tell_anything(
    tmp_path: Path, text: str, column: str, kept_as: list[object]
) -> None:
    (tmp_path / "a.csv").write_bytes(text.encode())
    data = read(tmp_path / "a.csv")
    assert [None if pd.isna(v) else v for v in data.frame[column]] == kept_as


def test_text_alone_cannot_be_told_from_numbers_and_is_warned_of(tmp_path: Path) -> None:
    data = Dataset(pd.DataFrame({"s": ["1", "2", "NA"]}), (Variable("s"),))
    assert any(n.startswith("s: its texts look like numbers") for n in write(data, tmp_path / "a.csv").notes)


@pytest.mark.parametrize("ending", [".csv", ".xlsx"])
def test_a_row_of_nothing_is_a_row(tmp_path: Path, ending: str) -> None:
    data = Dataset(pd.DataFrame({"x": [1.0, np.nan, 3.0, np.nan, 5.0]}), (Variable("x"),))
    np.testing.assert_array_equal(read(write(data, tmp_path / f"a{ending}").path).numeric("x"), data.numeric("x"))
    text = Dataset(pd.DataFrame({"s": ["a", None, "b"]}), (Variable("s"),))
    assert read(write(text, tmp_path / f"b{ending}").path).frame["s"].fillna("").tolist() == ["a", "", "b"]


def test_looks_of_dates_are_left_out_of_text(tmp_path: Path) -> None:
    frame = pd.DataFrame({"d": [21915.0, 21916.0], "y": [1.0, 2.0]})
    data = Dataset(frame, (Variable("d", format="%dD_m_Y"), Variable("y")))
    assert write(data, tmp_path / "a.csv").path.read_text().splitlines()[1:] == ["2020-01-01,1", "2020-01-02,2"]
    assert pyreadstat.read_dta(write(data, tmp_path / "a.dta").path)[1].original_variable_types["d"] == "%dD_m_Y"


def test_the_command_line_prints_what_a_file_does_not_hold(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "a.csv").write_text("byte,x\n1,2\n3,4\n")
    assert main(["run", "--data", "a.csv", "-c", "save b.dta"]) == 0
    assert "Note: Names that Stata does not allow were changed: byte is byte_." in capsys.readouterr().out


@pytest.mark.parametrize("ending", [".csv", ".tsv", ".xlsx", ".ods"])
@pytest.mark.parametrize(
    ("columns", "note"),
    [
        ({"a": ["x", "y", "Total"], "b": [1.0, 2.0, np.nan]}, "The last row looks like a remark"),
        ({"a": ["x", "y", "Note: all of us"], "b": ["u", "v", None]}, "The last row looks like a remark"),
        ({"height": ["cm", "1", "2"], "weight": ["kg", "3", "4"]}, "The first row looks like labels"),
        ({"a": ["x", "y", "z"], "b": [1.0, 2.0, 3.0]}, ""),
        ({"a": ["x", "y", None], "b": [1.0, 2.0, np.nan]}, ""),
    ],
)
def test_rows_that_reading_takes_for_something_else_are_told(
    tmp_path: Path, ending: str, columns: dict[str, list[object]], note: str
) -> None:
    data = Dataset(pd.DataFrame(columns), tuple(Variable(n) for n in columns))
    told = " ".join(write(data, tmp_path / f"d{ending}").notes)
    rows = len(read(tmp_path / f"d{ending}"))
    assert (note in told) if note else "looks like" not in told
    assert rows == len(data) or note or "only missing values" in told


@pytest.mark.parametrize("ending", [".csv", ".tsv", ".xlsx", ".ods", ".dta", ".sav"])
@pytest.mark.parametrize(
    ("format_", "values"),
    [
        ("%td", [0.0, 20_200_102.0, np.nan, 1.0]),  # a number that reads as a date, formatted as days
        ("%td", [0.0, -1e6, np.nan, 1.0]),
        ("%td", [0.0, 0.5, np.nan, 1.0]),
        ("%tc", [0.0, 1e15, np.nan, 1.0]),
        ("%td", [0.0, -100_000.0, np.nan, 1.0]),  # 1686, which Excel has not
    ],
)
def test_dates_that_no_calendar_has_come_back_as_numbers(
    tmp_path: Path, ending: str, format_: str, values: list[float]
) -> None:
    data = Dataset(pd.DataFrame({"d": values, "k": 1.0}), (Variable("d", format=format_), Variable("k")))
    told = " ".join(write(data, tmp_path / f"d{ending}").notes)
    found = read(tmp_path / f"d{ending}")
    np.testing.assert_array_equal(found.numeric("d"), values)
    assert found.variable("d").format[:3] == format_ or "d: its dates are written as" in told


def test_milliseconds_are_the_same_after_a_file_of_spss(tmp_path: Path) -> None:
    """It holds seconds since 1582, in which a millisecond of today is no decimal: 123 came back as 122.9993."""
    moments = 1_893_456_000_000.0 + np.arange(0.0, 3000.0, 0.5)
    data = Dataset(pd.DataFrame({"c": moments}), (Variable("c", format="%tc"),))
    write(data, tmp_path / "d.sav")
    np.testing.assert_array_equal(read(tmp_path / "d.sav").numeric("c"), moments)


def test_a_transport_file_that_cannot_hold_the_end_is_refused_in_words(tmp_path: Path) -> None:
    for rows in (["x", None], ["x", "  "]):
        data = Dataset(pd.DataFrame({"a": rows}), (Variable("a"),))
        with pytest.raises(DataError, match="Row 2 contains only blanks"):
            write(data, tmp_path / "d.xpt")
    assert [*tmp_path.iterdir()] == []
