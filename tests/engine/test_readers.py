"""Reading: what is detected in text files, and what is said of files that cannot be read."""

import datetime as dt
import os
import shutil
import subprocess
from pathlib import Path

import numpy as np
import openpyxl
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from terrace.data.dataset import Dataset, Measure, Variable
from terrace.data.read import read
from terrace.data.samples import sample
from terrace.data.write import write
from terrace.errors import Cancelled, DataError


def text_file(folder: Path, text: str, encoding: str = "utf-8", name: str = "d.csv") -> Path:
    path = folder / name
    path.write_bytes(text.encode(encoding))
    return path


def columns(data: Dataset) -> dict[str, list]:
    return {n: data.frame[n].tolist() for n in data.names}


# --- delimited text ----------------------------------------------------------------------------------------

NAMES = ["Zoë", "Jürgen", "Łucja", "日本"]


@pytest.mark.parametrize(
    ("encoding", "names"),
    [
        ("utf-8", NAMES),
        ("utf-8-sig", NAMES),
        ("utf-16", NAMES),
        ("utf-16-le", ["Zoë", "Jürgen"]),
        ("utf-16-be", ["Zoë", "Jürgen"]),
        ("utf-32", NAMES),
        ("latin-1", ["Zoë", "Jürgen"]),
        ("cp1252", ["Zoë", "“quoted” €"]),
    ],
)
def test_encoding_is_detected(tmp_path, encoding, names) -> None:
    text = "größe,name\n" + "".join(f"{i}.5,{n}\n" for i, n in enumerate(names))
    data = read(text_file(tmp_path, text, encoding))
    assert data.names == ("größe", "name")
    assert data.frame["name"].tolist() == names


def test_an_accent_far_down_the_file_is_not_mistaken(tmp_path) -> None:
    text = "x,name\n" + "1,plain\n" * 300_000 + "2,Zoë\n"
    assert read(text_file(tmp_path, text, "latin-1")).frame["name"].iloc[-1] == "Zoë"
    assert read(text_file(tmp_path, text, "utf-8")).frame["name"].iloc[-1] == "Zoë"


def test_a_character_across_a_block_boundary(tmp_path) -> None:
    head = "x,name\n1,"
    text = head + "a" * ((1 << 20) - len(head) - 1) + "ë\n2,b\n"
    assert read(text_file(tmp_path, text)).frame["name"].iloc[0].endswith("ë")


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("a,b,c\n1,2.5,x\n2,3.5,y\n", "commas"),
        ("a;b;c\n1;2,5;x\n2;3,5;y\n", "semicolons, with decimal commas"),
        ("a;b;c\n1;2.5;x\n2;3.5;y\n", "semicolons"),
        ("a\tb\tc\n1\t2.5\tx\n2\t3.5\ty\n", "tabs"),
        ("a\tb\tc\n1\t2,5\tx\n2\t3,5\ty\n", "tabs, with decimal commas"),
        ("a|b|c\n1|2.5|x\n2|3.5|y\n", "bars"),
        ("a b  c\n1 2.5  x\n2   3.5 y\n", "spaces"),
        ('"a","b","c"\r\n"1","2,5","x"\r\n"2","3,5","y"\r\n', "commas, with decimal commas"),
        ("sep=;\na;b;c\n1;2,5;x\n2;3,5;y\n", "semicolons, with decimal commas"),
        ("\n\na,b,c\n1,2.5,x\n\n2,3.5,y\n\n", "commas"),
        ("a, b, c\n1, 2.5, x\n2, 3.5, y\n", "commas"),
    ],
)
def test_delimiter_and_decimal_mark_are_detected(tmp_path, text, said) -> None:
    data = read(text_file(tmp_path, text))
    found = columns(data)
    found["c"] = [c.strip() for c in found["c"]]
    assert found == {"a": [1, 2], "b": [2.5, 3.5], "c": ["x", "y"]}
    assert data.notes[0] == f"Read as UTF-8 text separated by {said}, with a header."


@pytest.mark.parametrize(
    ("text", "values"),
    [
        ("x;y\n1.234,5;1\n2.345.678,25;2\n", [1234.5, 2345678.25]),
        ('x,y\n"1,234.5",1\n"2,345,678.25",2\n', [1234.5, 2345678.25]),
        ('x,y\n"1,234",1\n"2,345",2\n', [1234, 2345]),
        ("x;y\n5,876;1\n19,708;2\n", [5.876, 19.708]),
    ],
)
def test_thousands(tmp_path, text, values) -> None:
    assert read(text_file(tmp_path, text)).frame["x"].tolist() == values


def test_one_column_with_decimal_commas(tmp_path) -> None:
    assert columns(read(text_file(tmp_path, "x\n1,5\n2,5\n"))) == {"x": [1.5, 2.5]}


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("1,2.5\n2,3.5\n", ("v1", "v2")),
        ("id,2001,2002\na,1,2\nb,3,4\n", ("id", "_2001", "_2002")),
        ("name,town\nAnn,Ulm\nBob,Bonn\n", ("name", "town")),
        ('x,y\n1,"a\nb"\n2,c\n', ("x", "y")),
        ("x,y,\n1,2,\n3,4,\n", ("x", "y")),
        ('"x","y"\n"1",1,2\n"2",3,4\n', ("row", "x", "y")),
        ("x,x,if\n1,2,3\n", ("x", "x_2", "if_")),
    ],
)
def test_header(tmp_path, text, names) -> None:
    assert read(text_file(tmp_path, text)).names == names


def test_signs_of_missing(tmp_path) -> None:
    data = read(text_file(tmp_path, "x,s\n1,a\nNA,NA\n.,b\n,\n.a,c\n2,d\n"))
    np.testing.assert_array_equal(data.numeric("x"), [1, np.nan, np.nan, np.nan, np.nan, 2])
    assert data.frame["s"].isna().tolist() == [False, True, False, True, False, False]


def test_truth_and_dates(tmp_path) -> None:
    data = read(
        text_file(tmp_path, "t,day,at\nTRUE,1960-01-02,1960-01-01 00:00:01\nFALSE,,1960-01-01T01:00\n")
    )
    np.testing.assert_array_equal(data.numeric("t"), [1, 0])
    np.testing.assert_array_equal(data.numeric("day"), [1, np.nan])
    np.testing.assert_array_equal(data.numeric("at"), [1000, 3_600_000])
    assert [v.format for v in data.variables] == ["", "%td", "%tc"]


def test_a_slip_of_the_pen_is_pointed_out(tmp_path) -> None:
    rows = [f"{i}.5,{i}" for i in range(40)]
    rows[7] = "7.5x,7"
    data = read(text_file(tmp_path, "x,y\n" + "\n".join(rows) + "\n"))
    assert data.is_text("x") and not data.is_text("y")
    assert any("'7.5x' in row 9" in note for note in data.notes)


def test_what_the_caller_says_is_not_detected(tmp_path) -> None:
    path = text_file(tmp_path, "a;b\n1,5;2,5\n", "latin-1")
    with pytest.raises(DataError, match="more fields"):
        read(path, delimiter=",")
    assert columns(read(path, delimiter="semicolon", decimal=",", encoding="latin-1")) == {
        "a": [1.5],
        "b": [2.5],
    }
    assert read(path, decimal=".").is_text("a")


@pytest.mark.parametrize(
    ("options", "code"),
    [
        ({"encoding": "utf-9"}, "no-such-encoding"),
        ({"encoding": "ascii"}, "wrong-encoding"),
        ({"delimiter": ";;"}, "bad-delimiter"),
        ({"decimal": "·"}, "bad-decimal"),
    ],
)
def test_options_that_cannot_be(tmp_path, options, code) -> None:
    with pytest.raises(DataError) as caught:
        read(text_file(tmp_path, "x;ä\n1;2\n"), **options)
    assert caught.value.code == code


@pytest.mark.parametrize(
    ("text", "code", "words"),
    [
        ("a,b\n1,2\n3,4,5\n", "ragged-file", "3"),
        ("a,b\n" + "1,2\n" * 20_000 + "3,4,5\n", "ragged-file", "20002"),
        ('a,b\n1,2\n3,"open\n5,6\n', "truncated-file", "quotation mark"),
        ("a,b\n", "no-rows", "rows"),
        ("   \n\n", "empty-file", "blanks"),
        ("", "empty-file", "empty"),
        ("<!DOCTYPE html><html></html>", "unknown-format", "web page"),
        ("a\0\0b\1\2\0c", "not-text", "not a text file"),
    ],
)
def test_broken_text_files(tmp_path, text, code, words) -> None:
    with pytest.raises(DataError) as caught:
        read(text_file(tmp_path, text))
    assert caught.value.code == code
    assert words in caught.value.message


def test_a_last_line_cut_short_is_noted(tmp_path) -> None:
    data = read(text_file(tmp_path, "a,b,c\n1,2,3\n4,5"))
    assert len(data) == 2
    assert data.notes[-1] == "The last line has 2 of 3 fields, so the file may be incomplete."


def thousandths(drawn: bytes) -> list[tuple[float, ...]]:
    """Rows of three numbers of all sizes up to 1e15, with three decimals, from eight bytes each.

    One draw of bytes takes a tenth of the time of as many draws of numbers, too long a time on a busy machine.
    """
    whole = (int.from_bytes(drawn[k : k + 8], "big", signed=True) for k in range(0, len(drawn) - 7, 8))
    fields = [round((n >> 8 >> n % 8 * 7) / 36, 3) for n in whole]
    return [tuple(fields[k : k + 3]) for k in range(0, len(fields) - 2, 3)]


@settings(max_examples=max(40, settings.default.max_examples), deadline=None)
@given(
    rows=st.binary(min_size=2 * 24, max_size=15 * 24).map(thousandths),
    delimiter=st.sampled_from([",", ";", "\t", "|"]),
    decimal=st.sampled_from([".", ","]),
    newline=st.sampled_from(["\n", "\r\n"]),
)
def test_any_table_of_numbers_is_recognised(tmp_path_factory, rows, delimiter, decimal, newline) -> None:
    def show(x: float) -> str:
        # A value in the first row with other than three decimals: 5,876 alone could be either.
        return f"{x:.4f}".replace(".", decimal)

    quote = '"' if delimiter == decimal else ""
    lines = [delimiter.join(["a", "b", "c"])]
    lines += [delimiter.join(quote + show(x) + quote for x in row) for row in rows]
    path = tmp_path_factory.mktemp("any") / "d.csv"
    path.write_bytes((newline.join(lines) + newline).encode())
    data = read(path)
    assert data.names == ("a", "b", "c")
    np.testing.assert_array_equal(data.frame.to_numpy(dtype=float), np.array(rows))


# --- Excel -------------------------------------------------------------------------------------------------


def workbook(folder: Path, sheets: dict[str, list[list]]) -> Path:
    book = openpyxl.Workbook()
    book.remove(book.active)
    for name, rows in sheets.items():
        sheet = book.create_sheet(name)
        for row in rows:
            sheet.append(row)
    path = folder / "d.xlsx"
    book.save(path)
    return path


def test_excel_columns(tmp_path) -> None:
    """A blank row between others is a row of missing values, as in the sheet."""
    rows = [
        ["id", "score", "when", "ok", "word", None],
        [1, 1.5, dt.datetime(1960, 1, 3), True, "a", None],
        [None] * 6,
        [2, "NA", None, False, 7, None],
        [3, "#N/A", dt.datetime(1960, 1, 1), None, None, None],
    ]
    data = read(workbook(tmp_path, {"One": rows}))
    assert data.names == ("id", "score", "when", "ok", "word")
    np.testing.assert_array_equal(data.numeric("score"), [1.5, np.nan, np.nan, np.nan])
    np.testing.assert_array_equal(data.numeric("when"), [2, np.nan, np.nan, 0])
    np.testing.assert_array_equal(data.numeric("ok"), [1, np.nan, 0, np.nan])
    assert data.frame["word"].dropna().tolist() == ["a", "7"]
    assert "D5 (#N/A)" not in " ".join(data.notes) and any("B5 (#N/A)" in note for note in data.notes)
    assert data.variable("when").format == "%td"
    assert data.variable("id").measure is Measure.IDENTIFIER


def test_excel_sheets(tmp_path) -> None:
    path = workbook(tmp_path, {"Empty": [], "First": [["x"], [1]], "Second": [["y"], [2]]})
    assert read(path).names == ("x",)
    assert "First" in read(path).notes[0] and "Second" in read(path).notes[0]
    assert read(path, sheet="second").names == ("y",)
    assert read(path, sheet=3).names == ("y",)
    with pytest.raises(DataError, match="'Third'") as caught:
        read(path, sheet="Third")
    assert "Empty, First, Second" in caught.value.advice


@pytest.mark.parametrize("rows", [[], [["x", "y"]]])
def test_excel_without_rows(tmp_path, rows) -> None:
    with pytest.raises(DataError) as caught:
        read(workbook(tmp_path, {"Sheet": rows}))
    assert caught.value.code == "no-rows"
    assert "Sheet" in caught.value.message


def test_excel_names_repeated_blank_and_illegal(tmp_path) -> None:
    data = read(workbook(tmp_path, {"S": [["a b", "a b", None, 2001.0], [1, 2, 3, 4]]}))
    assert data.names == ("a_b", "a_b_2", "v3", "_2001")
    assert len(data.notes) == 4


# --- files of other programs -------------------------------------------------------------------------------


def test_stata_missing_values_and_floats(tmp_path) -> None:
    frame = pd.DataFrame({"x": np.array([1.1, 2.2], dtype=np.float32), "k": [1, 2], "label": ["a", ""]})
    frame.to_stata(tmp_path / "d.dta", write_index=False, version=114, variable_labels={"x": "The x"})
    data = read(tmp_path / "d.dta")
    np.testing.assert_array_equal(data.numeric("x"), frame["x"].astype(float))
    assert data.variable("x").label == "The x"
    assert data.frame["label"].isna().tolist() == [False, True]


def test_stata_extended_missing_values(tmp_path) -> None:
    import pyreadstat

    frame = pd.DataFrame({"x": [1.0, "a", "z", 2.0]})
    pyreadstat.write_dta(
        frame,
        tmp_path / "d.dta",
        missing_user_values={"x": ["a", "z"]},
        variable_value_labels={"x": {1: "one"}},
    )
    data = read(tmp_path / "d.dta")
    np.testing.assert_array_equal(data.numeric("x"), [1, np.nan, np.nan, 2])
    assert dict(data.variable("x").value_labels) == {1: "one"}


def test_sas_transport_and_spss_portable(tmp_path) -> None:
    import pyreadstat

    day = dt.date(1960, 1, 11)
    frame = pd.DataFrame({"X": [1.5, np.nan], "S": ["a", "b"], "DAY": [day, day]})
    pyreadstat.write_xport(frame, tmp_path / "d.xpt", column_labels={"X": "The x"})
    pyreadstat.write_por(frame, tmp_path / "d.por", column_labels={"X": "The x"})
    for name in ("d.xpt", "d.por"):
        data = read(tmp_path / name)
        assert data.names == ("X", "S", "DAY")
        np.testing.assert_array_equal(data.numeric("X"), [1.5, np.nan])
        np.testing.assert_array_equal(data.numeric("DAY"), [10, 10])
        assert (data.variable("X").label, data.variable("DAY").format) == ("The x", "%td")


@pytest.mark.skipif(shutil.which("Rscript") is None, reason="takes a file from R's haven")
def test_sas_data_file() -> None:
    found = subprocess.run(
        ["Rscript", "-e", 'cat(system.file("examples", "iris.sas7bdat", package = "haven"))'],
        capture_output=True,
        text=True,
        check=False,
    ).stdout
    if not found:
        pytest.skip("haven is not installed")
    data = read(found)
    assert (len(data), len(data.names)) == (150, 5)
    assert data.numeric(data.names[0]).mean() == pytest.approx(5.843333, abs=1e-6)
    assert data.is_text(data.names[4])


def test_parquet_of_another_program(tmp_path) -> None:
    frame = pd.DataFrame(
        {
            "k": pd.array([1, None], dtype="Int64"),
            "c": pd.Categorical(["u", "v"]),
            "t": pd.to_datetime(["1960-01-02", None]),
            "b": [True, False],
        },
        index=["r1", "r2"],
    )
    frame.to_parquet(tmp_path / "d.parquet")
    data = read(tmp_path / "d.parquet")
    assert data.names[:4] == ("k", "c", "t", "b")
    np.testing.assert_array_equal(data.numeric("k"), [1, np.nan])
    assert data.frame["c"].tolist() == ["u", "v"]
    np.testing.assert_array_equal(data.numeric("t"), [1, np.nan])
    assert dict(data.variable("b").value_labels) == {0: "false", 1: "true"}


def test_parquet_changed_by_another_program_keeps_the_labels_that_fit(tmp_path) -> None:
    import pyarrow.parquet as pq

    path = write(sample("hsb"), tmp_path / "d.parquet").path
    table = pq.read_table(path)
    pq.write_table(table.drop_columns(["ses"]), path)
    data = read(path)
    assert "ses" not in data
    assert data.variable("sector") == sample("hsb").variable("sector")


# --- files that cannot be read -----------------------------------------------------------------------------


@pytest.mark.parametrize("extension", [".dta", ".sav", ".zsav", ".xlsx", ".parquet"])
@pytest.mark.parametrize("part", [0.01, 0.3, 0.6, 0.9, 0.999])
def test_a_half_written_file_is_an_error_that_names_it(tmp_path, extension, part) -> None:
    data = sample("sleepstudy")
    path = write(data, tmp_path / f"d{extension}").path
    whole = path.read_bytes()
    path.write_bytes(whole[: int(part * len(whole))])
    with pytest.raises(DataError, match=rf"d\{extension}") as caught:
        read(path)
    assert caught.value.code in ("unreadable-file", "truncated-file")
    assert caught.value.advice


@pytest.mark.parametrize("extension", [".dta", ".sav", ".por", ".sas7bdat", ".xpt", ".xlsx", ".parquet"])
def test_text_under_a_false_extension(tmp_path, extension) -> None:
    with pytest.raises(DataError) as caught:
        read(text_file(tmp_path, "a,b\n1,2\n" * 20, name=f"d{extension}"))
    assert caught.value.code in ("unreadable-file", "truncated-file")


@pytest.mark.parametrize("extension", [".dta", ".sav", ".xlsx", ".parquet"])
@pytest.mark.parametrize("false", [".csv", ".dta", ".xyz"])
def test_a_false_extension_is_named_with_the_right_one(tmp_path, extension, false) -> None:
    if extension == false:
        pytest.skip("it is the right one")
    path = write(sample("winer43"), tmp_path / f"d{extension}").path.rename(tmp_path / f"d{false}")
    with pytest.raises(DataError) as caught:
        read(path)
    assert caught.value.code == "wrong-extension"
    assert f"d{extension}" in caught.value.advice


@pytest.mark.parametrize("name", ["d.docx", "d.numbers", "d.gph", "d.pdf", "d.xyz"])
def test_formats_that_are_not_read(tmp_path, name) -> None:
    with pytest.raises(DataError, match="does not read"):
        read(text_file(tmp_path, "hello\n", name=name))


def test_a_missing_file_is_named_with_its_neighbours(tmp_path) -> None:
    write(sample("winer43"), tmp_path / "winer43.sav")
    with pytest.raises(DataError, match=r"winer34\.sav") as caught:
        read(tmp_path / "winer34.sav")
    assert "winer43.sav" in caught.value.advice
    with pytest.raises(DataError) as caught:
        read(tmp_path / "Winer43.csv")
    assert "winer43.sav" in caught.value.advice
    with pytest.raises(DataError) as caught:
        read(tmp_path / "none" / "d.csv")
    assert "does not exist" in caught.value.advice


def test_a_path_without_extension(tmp_path) -> None:
    data = sample("winer43")
    write(data, tmp_path / "d.csv")
    assert read(tmp_path / "d").source.endswith("d.csv")
    write(data.select(["score"]), tmp_path / "d.dta")
    assert read(tmp_path / "d").names == ("score",)
    (tmp_path / "d.csv").rename(tmp_path / "plain")
    assert read(tmp_path / "plain").names == data.names
    (tmp_path / "d.dta").rename(tmp_path / "bare")
    assert read(tmp_path / "bare").names == ("score",)


def test_a_folder(tmp_path) -> None:
    with pytest.raises(DataError) as caught:
        read(tmp_path)
    assert caught.value.code == "is-a-folder"


@pytest.mark.skipif(os.name == "nt" or os.geteuid() == 0, reason="the administrator may read everything")
def test_a_file_that_may_not_be_read(tmp_path) -> None:
    path = text_file(tmp_path, "a,b\n1,2\n")
    path.chmod(0)
    with pytest.raises(DataError, match="permission denied"):
        read(path)


# --- progress ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("extension", [".dta", ".csv", ".xlsx", ".parquet"])
def test_progress_rises_to_one_and_reading_stops_when_asked(tmp_path, extension) -> None:
    frame = pd.DataFrame({"x": np.arange(5000.0)})
    path = write(Dataset(frame, (Variable("x"),)), tmp_path / f"d{extension}").path
    seen: list[float] = []
    read(path, progress=lambda stage, fraction: seen.append(fraction or 0.0))
    assert seen == sorted(seen) and seen[-1] == 1.0 and len(seen) >= 2
    with pytest.raises(Cancelled):
        read(path, cancel=lambda: len(seen) > 0)


def test_large_files_are_read_in_pieces(tmp_path, monkeypatch) -> None:
    from terrace.data import formats
    from terrace.data.progress import Report
    from terrace.data.readers import stata, statfiles

    data = sample("hsb")
    for extension, module, size in ((".dta", stata, "_PART"), (".sav", statfiles, "_CELLS")):
        path = write(data, tmp_path / f"d{extension}").path
        reader = formats.reader_of(formats.BY_ENDING[extension])  # in this process, where the size is another
        monkeypatch.setattr(module, size, 10**7)
        whole = reader(path, Report(""))
        monkeypatch.setattr(module, size, 1000 * len(data.names))
        seen: list[float] = []
        parts = reader(path, Report("", lambda stage, fraction, seen=seen: seen.append(fraction or 0.0)))
        pd.testing.assert_frame_equal(whole.frame, parts.frame)
        assert len(seen) >= 8
