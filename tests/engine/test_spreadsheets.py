"""Spreadsheets of every kind: which sheet, where the names stand, what cells hold, and what is told of them."""

from __future__ import annotations

import datetime as dt
import struct
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import openpyxl
import pytest
from container_support import Error, edited, ods, ods_number, ods_text, ole, workbook, xls, xlsb
from data_support import ok, session_on

from terrace.data.progress import Report
from terrace.data.read import read
from terrace.data.readers import oldsheets
from terrace.data.readers.compound import stream_of
from terrace.data.readers.excel import read_excel, sheets
from terrace.data.readers.xlsx import kind_of_format, moment
from terrace.errors import DataError
from terrace.session.session import Session

SHEET = "xl/worksheets/sheet1.xml"
TABLE = [["id", "x"], [1, 2.5], [2, 3.5]]


def values(path: Path, *names: str, **options: Any) -> list[list[float]]:
    data = read(path, **options)
    assert data.names == names
    return [data.numeric(name).tolist() for name in names]


def told(path: Path, **options: Any) -> str:
    return " ".join(read(path, **options).notes)


# --- which sheet ----------------------------------------------------------------------------------------------
def test_the_first_sheet_that_is_shown_and_holds_a_table(tmp_path: Path) -> None:
    remarks = [["See the sheet Data"], ["Version 2"]]
    shown = ("README", remarks), ("Data", TABLE), ("More", TABLE)
    path = workbook(tmp_path / "d.xlsx", ("lists", [["code"], [5]]), *shown, hidden=["lists"])
    assert values(path, "id", "x") == [[1, 2], [2.5, 3.5]]
    assert "Read the sheet Data; the others are lists (hidden), README and More." in told(path)
    assert values(path, "code", sheet="lists") == [[5]]
    session = session_on(None)
    ok(session, f'use "{path}", sheet(lists)')
    assert session.data.names == ("code",)


def test_a_hidden_sheet_where_no_other_has_rows(tmp_path: Path) -> None:
    path = workbook(tmp_path / "d.xlsx", ("Cover", [["Study"]]), ("Data", TABLE), hidden=["Data"])
    assert values(path, "id", "x") == [[1, 2], [2.5, 3.5]]


def test_a_sheet_of_one_column_of_texts_is_read_where_there_is_no_other(tmp_path: Path) -> None:
    assert read(workbook(tmp_path / "d.xlsx", ("S", [["word"], ["a"], ["b"]]))).frame["word"].tolist() == ["a", "b"]


# --- where the names stand --------------------------------------------------------------------------------------
def test_a_title_above_the_names(tmp_path: Path) -> None:
    path = workbook(tmp_path / "d.xlsx", ("S", [["Results 2020"], [], ["by", "us"][:1], *TABLE]))
    assert values(path, "id", "x") == [[1, 2], [2.5, 3.5]]
    assert "Rows 1 to 3 are above the names" in told(path)


@pytest.mark.parametrize("top", [["id"], ["id", 3, 4]])
def test_a_short_first_row_above_numbers_is_no_title(tmp_path: Path, top: list[Any]) -> None:
    data = read(workbook(tmp_path / "d.xlsx", ("S", [top, [1, 2, 3], [4, 5, 6]])))
    assert len(data) == 2 and data.names[0] == "id"


def test_names_in_two_rows_are_joined(tmp_path: Path) -> None:
    rows = [["id", "pre", None, "post", None], [None, "m", "sd", "m", "sd"], [1, 2, 3, 4, 5], [2, 3, 4, 5, 6]]
    path = workbook(tmp_path / "d.xlsx", ("S", rows))
    expected = [[1, 2], [2, 3], [3, 4], [4, 5], [5, 6]]
    assert values(path, "id", "pre_m", "pre_sd", "post_m", "post_sd") == expected
    assert "rows 1 and 2" in told(path)


def test_a_second_row_of_labels(tmp_path: Path) -> None:
    data = read(workbook(tmp_path / "d.xlsx", ("S", [["q1", "q2"], ["How old?", "How tall?"], [20, 170], [30, 180]])))
    assert [v.label for v in data.variables] == ["How old?", "How tall?"]
    np.testing.assert_array_equal(data.numeric("q1"), [20, 30])


@pytest.mark.parametrize(
    "row", [["a", "unknown", 2], ["a", "NA", "NA"], ["a", "b", None]], ids=["slip", "missing", "one text"]
)
def test_a_first_row_of_data_with_texts_is_no_row_of_names(tmp_path: Path, row: list[Any]) -> None:
    data = read(workbook(tmp_path / "d.xlsx", ("S", [["id", "x", "y"], row, ["b", 1, 2], ["c", 2, 3]])))
    assert len(data) == 3


def test_numbers_alone_are_no_names(tmp_path: Path) -> None:
    path = workbook(tmp_path / "d.xlsx", ("S", [[1, 2.5], [2, 3.5], [3, 4.5]]))
    assert values(path, "v1", "v2") == [[1, 2, 3], [2.5, 3.5, 4.5]]
    assert "read as data" in told(path)


# --- cells ----------------------------------------------------------------------------------------------------
def test_formulas_without_a_stored_result_and_errors_are_named(tmp_path: Path) -> None:
    rows = [["id", "x", "y"], [1, "=A2*2", 5], [2, "=A3*2", "#DIV/0!"], [3, "=A4*2", 7]]
    path = workbook(tmp_path / "d.xlsx", ("S", rows))
    found = edited(path, SHEET, {'<c r="B3"><f>A3*2</f><v></v>': '<c r="B3"><f>A3*2</f><v>4</v>'})
    np.testing.assert_array_equal(values(found, "id", "x", "y")[1:], [[np.nan, 4, np.nan], [5, np.nan, 7]])
    assert "B2 and B4 hold formulas without a stored result" in told(found)
    assert "C3 (#DIV/0!) holds an error" in told(found)
    assert "B2" not in told(found, cells="A1:A4")


def test_a_formula_that_gives_an_empty_text_is_stored(tmp_path: Path) -> None:
    path = workbook(tmp_path / "d.xlsx", ("S", [["id", "x"], [1, "=A2"], [2, 3]]))
    edited(path, SHEET, {'<c r="B2"><f>A2</f><v></v>': '<c r="B2" t="str"><f>A2</f><v></v>'})
    assert "formula" not in told(path)


def test_a_cell_in_the_far_corner_takes_no_rectangle(tmp_path: Path) -> None:
    book = openpyxl.Workbook()
    sheet = book.active
    assert sheet is not None
    for row in TABLE:
        sheet.append(row)
    sheet["XFD1048576"] = 7
    book.save(tmp_path / "d.xlsx")
    data = read(tmp_path / "d.xlsx")
    np.testing.assert_array_equal(data.numeric("x"), [2.5, 3.5, np.nan])
    assert data.names == ("id", "x", "v16384")
    assert "Rows 4 to 1,048,575 are blank" in " ".join(data.notes)


def test_long_whole_numbers_keep_their_digits(tmp_path: Path) -> None:
    path = workbook(tmp_path / "d.xlsx", ("S", [["id"], [1], [2]]))
    edited(path, SHEET, {"<v>1</v>": f"<v>{2**53 + 1}</v>", "<v>2</v>": f"<v>{2**53}</v>"})
    assert read(path).frame["id"].tolist() == [str(2**53 + 1), str(2**53)]


@pytest.mark.parametrize("first", ["1900", "1904"])
def test_dates_times_and_lengths_of_time(tmp_path: Path, first: str) -> None:
    book = openpyxl.Workbook()
    if first == "1904":
        book.epoch = openpyxl.utils.datetime.CALENDAR_MAC_1904
    sheet = book.active
    assert sheet is not None
    sheet.append(["day", "at", "clock", "took", "part", "yes"])
    day, at = dt.date(2020, 1, 1), dt.datetime(2020, 1, 1, 10, 30)
    sheet.append([day, at, dt.time(10, 30), dt.timedelta(hours=30), 0.5, True])
    sheet["E2"].number_format = "0.0%"
    book.save(tmp_path / "d.xlsx")
    data = read(tmp_path / "d.xlsx")
    days = (dt.date(2020, 1, 1) - dt.date(1960, 1, 1)).days
    expected = [days, days * 86_400_000 + 37_800_000, 37_800, 108_000, 0.5, 1]
    assert [data.numeric(name)[0] for name in data.names] == expected
    assert (data.variable("day").format, data.variable("at").format) == ("%td", "%tc")
    assert {"clock: times are in seconds.", "part: percentages are read as fractions: 50% is 0.5."} <= {*data.notes}


@pytest.mark.parametrize(
    ("code", "kind"),
    [("General", ""), ("0.00", ""), ("0.00E+00", ""), ('"day "0', ""), ("[Red]0;[Blue]0", ""), ("#,##0 [$kr-414]", ""),
     ("0%", "percent"), ("yyyy-mm-dd", "date"), ("d. mmmm", "date"), ("mmm", "date"),
     ("[$-409]m/d/yy h:mm AM/PM", "date"),
     ("hh:mm:ss", "time"), ("mm:ss.0", "time"), ("h:mm AM/PM", "time"), ("[h]:mm", "length"), ("[ss]", "length")],
)  # fmt: skip
def test_what_a_format_makes_of_a_number(code: str, kind: str) -> None:
    assert kind_of_format(code) == kind


def test_the_days_of_excel(tmp_path: Path) -> None:
    """Serial numbers by ECMA-376, 18.17.4.1: 1 is 1 January 1900, 61 is 1 March 1900; of 1904, 0 is 1 January."""
    assert moment(1, "date", False) == dt.datetime(1900, 1, 1)
    assert moment(61, "date", False) == dt.datetime(1900, 3, 1)
    assert moment(43831, "date", False) == dt.datetime(2020, 1, 1)
    assert moment(0, "date", True) == dt.datetime(1904, 1, 1)
    assert moment(-1, "date", False) == -1


@pytest.mark.parametrize("number", [2_958_466, 1e12, 1e300, float("inf"), float("nan"), -1.5, -1e300])
@pytest.mark.parametrize("kind", ["date", "time"])
def test_what_no_calendar_has_stays_a_number(number: float, kind: str) -> None:
    for since_1904 in (False, True):
        assert moment(number, kind, since_1904) is number


def test_the_last_day_of_each_calendar() -> None:
    assert moment(2_958_465.75, "date", False) == dt.datetime(9999, 12, 31, 18)
    assert moment(2_957_003.75, "date", True) == dt.datetime(9999, 12, 31, 18)
    assert moment(2_957_004, "date", True) == 2_957_004  # was an error, as of a damaged file
    assert moment(1e12, "length", False) == 1e12


def test_elements_of_an_extension_are_none_of_the_workbook(tmp_path: Path) -> None:
    """Excel writes ``x15:workbookPr`` behind its own; it took the calendar of 1904 away, four years and a day."""
    book = openpyxl.Workbook()
    book.epoch = openpyxl.utils.datetime.CALENDAR_MAC_1904
    sheet = book.active
    assert sheet is not None
    for row in (["day", "x"], [dt.date(2020, 1, 1), 2], [dt.date(2020, 1, 2), 3]):
        sheet.append(row)
    book.save(tmp_path / "d.xlsx")
    own = "http://schemas.microsoft.com/office/spreadsheetml/2010/11/main"
    extension = (
        f'<extLst><ext xmlns:x15="{own}" uri="u"><x15:workbookPr chartTrackingRefBase="1"/>'
        '<x15:sheet name="Other" sheetId="7"/></ext></extLst>'
    )
    edited(tmp_path / "d.xlsx", "xl/workbook.xml", {"</workbook>": f"{extension}</workbook>"})
    cell = f'<extLst><ext xmlns="{own}" uri="u"><row r="9"><c r="A9"><v>5</v></c></row></ext></extLst>'
    edited(tmp_path / "d.xlsx", SHEET, {"</worksheet>": f"{cell}</worksheet>"})
    days = (dt.date(2020, 1, 1) - dt.date(1960, 1, 1)).days
    assert values(tmp_path / "d.xlsx", "day", "x") == [[days, days + 1], [2, 3]]


def test_merged_and_hidden_cells_are_told(tmp_path: Path) -> None:
    rows = [["id", "x", "y"], [1, 2, 3], [None, 3, 4], [2, 4, 5]]
    book = openpyxl.load_workbook(workbook(tmp_path / "d.xlsx", ("S", rows)))
    book["S"].merge_cells("A2:A3")
    book["S"].row_dimensions[4].hidden = True
    book["S"].column_dimensions["C"].hidden = True
    book.save(tmp_path / "d.xlsx")
    notes = told(tmp_path / "d.xlsx")
    assert "Merged cells (A2:A3)" in notes and "1 hidden row is read" in notes
    assert "hidden column is read as well: C" in notes
    np.testing.assert_array_equal(read(tmp_path / "d.xlsx").numeric("id"), [1, np.nan, 2])


def test_dates_among_numbers_are_told(tmp_path: Path) -> None:
    path = workbook(tmp_path / "d.xlsx", ("S", [["d", "x"], [dt.date(2020, 1, 1), 1], [43831, 2]]))
    assert "d: row 2 holds a date and row 3 a number, so the variable is read as text." in read(path).notes


# --- kinds of files -----------------------------------------------------------------------------------------------
def test_strict_workbooks_and_odd_layouts(tmp_path: Path) -> None:
    """Strict Open XML, all parts in one folder, prefixes: what the standard allows and few programs write."""
    plain = workbook(tmp_path / "plain.xlsx", ("S", TABLE))
    with zipfile.ZipFile(plain) as book:
        parts = {name: book.read(name).decode() for name in book.namelist()}
    strict = {
        name: text.replace("http://schemas.openxmlformats.org/spreadsheetml/2006/main",
                           "http://purl.oclc.org/ooxml/spreadsheetml/main")
        .replace("http://schemas.openxmlformats.org/officeDocument/2006/", "http://purl.oclc.org/ooxml/officeDocument/")
        for name, text in parts.items()
    }  # fmt: skip
    flat = {name.removeprefix("xl/"): text.replace("/xl/", "/").replace('"xl/', '"') for name, text in parts.items()}
    prefixed = parts | {SHEET: parts[SHEET].replace("<", "<x:").replace("<x:/", "</x:").replace("xmlns=", "xmlns:x=")}
    backslashes = {name.replace("/", "\\") if name.startswith("xl") else name: text for name, text in parts.items()}
    for kind, layout in {"strict": strict, "flat": flat, "prefixed": prefixed, "backslashes": backslashes}.items():
        with zipfile.ZipFile(tmp_path / f"{kind}.xlsx", "w") as out:
            for name, text in layout.items():
                out.writestr(name, text)
        assert values(tmp_path / f"{kind}.xlsx", "id", "x") == [[1, 2], [2.5, 3.5]], kind


def test_blanks_around_text_as_xml_has_them(tmp_path: Path) -> None:
    path = workbook(tmp_path / "d.xlsx", ("S", [["s"], ["a"], ["b"]]))
    edited(path, SHEET, {"<t>a</t>": "<t> a </t>", "<t>b</t>": '<t xml:space="preserve"> b </t>'})
    assert read(path).frame["s"].tolist() == ["a", " b "]


def test_old_and_open_document_spreadsheets(tmp_path: Path) -> None:
    assert values(xls(tmp_path / "d.xls", TABLE), "id", "x") == [[1, 2], [2.5, 3.5]]
    rows = [[ods_text("id"), ods_text("x")], *([ods_number(a), ods_number(b)] for a, b in ((1, 2.5), (2, 3.5)))]
    path = ods(tmp_path / "d.ods", rows)
    assert values(path, "id", "x") == [[1, 2], [2.5, 3.5]]
    assert sheets(path, Report("")) == (("One", "A1:B3"),)
    session = session_on(None)
    ok(session, f'import excel "{path}", sheet(One) cellrange(B1)')
    assert session.data.names == ("x",)


WITH_ERRORS = [
    ["id", "x", "note"], [1, 2.5, "a"], [2, Error(0x2A), "b"], [3, Error(0x07, formula=True), "c" * 300],
    [4, 3.5, Error(0x17)],
]  # fmt: skip


@pytest.mark.parametrize("make", [xls, xlsb])
def test_error_cells_of_binary_workbooks_are_missing_and_named(tmp_path: Path, make: Any) -> None:
    path = make(tmp_path / f"d.{make.__name__}", WITH_ERRORS)
    data = read(path)
    np.testing.assert_array_equal(data.numeric("id"), [1, 2, 3, 4])
    np.testing.assert_array_equal(data.numeric("x"), [2.5, np.nan, np.nan, 3.5])
    assert data.frame["note"].fillna("").tolist() == ["a", "b", "c" * 300, ""]
    assert "B3 (#N/A), B4 (#DIV/0!) and C5 (#REF!) hold errors and are missing here." in data.notes
    part = read(path, cells="A1:B3")
    assert any(note.startswith("B3 (#N/A) holds an error") for note in part.notes)
    assert not any("error" in note for note in read(make(path, WITH_ERRORS[:2])).notes)


@pytest.mark.parametrize("make", [xls, xlsb])
def test_sheets_are_listed_by_the_reading_process(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, make: Any) -> None:
    """What a damaged file brings down is that process, and not this one."""
    path = make(tmp_path / f"d.{make.__name__}", WITH_ERRORS)

    def here(*_: Any) -> None:
        raise AssertionError("read in this process")

    monkeypatch.setattr(oldsheets.Workbook, "__init__", here)
    table = ok(Session(), f'import excel "{path}", describe').tables[0]
    listed = {row.label: row.values[0] for row in table.rows}
    assert listed == ({"Old": "A1:C5"} if make is xls else {"Aside": "A1:A1", "Binary": "A1:C5"})


def test_where_error_cells_cannot_be_found_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What calamine reads and this program does not understand is no file without errors."""

    def fails(*_: Any) -> list[str]:
        raise ValueError("odd")

    monkeypatch.setattr(oldsheets, "error_cells", fails)
    found = read_excel(xls(tmp_path / "d.xls", WITH_ERRORS), Report(""))
    assert any("are not named" in note for note in found.notes)


def test_a_stream_in_the_small_sectors_of_a_compound_file(tmp_path: Path) -> None:
    """Streams of less than 4,096 bytes lie in sectors of 64, inside a stream of their own."""
    content = bytes(range(256)) * 3
    path = ole(tmp_path / "d.xls", {"Workbook": content, "Other": b"other"})
    raw = bytearray(path.read_bytes())
    directory = 512 + 512
    root, book = directory, directory + 128
    start = struct.unpack_from("<I", raw, book + 116)[0]
    struct.pack_into("<IQ", raw, root + 116, start, 4096)  # what held the stream holds the small sectors
    struct.pack_into("<IQ", raw, book + 116, 0, len(content))
    links = struct.unpack_from("<I", raw, directory + 256 + 116)[0]  # the other stream, as the table of small sectors
    count = -(-len(content) // 64)
    struct.pack_into(f"<{count}I", raw, 512 * (links + 1), *range(1, count), 0xFFFFFFFE)
    struct.pack_into("<II", raw, 60, links, 1)
    path.write_bytes(raw)
    assert stream_of(path, ("Book", "workbook")) == content


def test_a_formula_of_an_open_document_without_a_result(tmp_path: Path) -> None:
    bare = '<table:table-cell table:formula="of:=[.A2]"/>'
    rows = [[ods_text("id"), ods_text("x")], [ods_number(1), bare], [ods_number(2), ods_number(3)]]
    path = ods(tmp_path / "d.ods", rows)
    assert "1 formulas" not in told(path) and "A formula has no stored result" in told(path)


def test_locked_files_are_called_so(tmp_path: Path) -> None:
    locked = [ole(tmp_path / "d.xlsx", {"EncryptionInfo": b"x", "EncryptedPackage": b"y"}),
              ole(tmp_path / "e.csv", {"EncryptionInfo": b"x", "EncryptedPackage": b"y"}),
              ods(tmp_path / "d.ods", [[ods_text("a")]], locked=True)]  # fmt: skip
    for path in locked:
        with pytest.raises(DataError, match="protected by a password") as caught:
            read(path)
        assert caught.value.code == "locked-file" and "remove the password" in caught.value.advice


class PanicException(BaseException):
    """As a library in Rust raises it, which `except Exception` lets pass."""


@pytest.mark.parametrize(("raised", "seen"), [(PanicException, ValueError), (KeyboardInterrupt, KeyboardInterrupt)])
def test_a_panic_of_the_library_is_an_error(raised: type[BaseException], seen: type[BaseException]) -> None:
    def work() -> None:
        raise raised("index out of range")

    with pytest.raises(seen):
        oldsheets.calm(work)


def test_a_kind_of_workbook_under_the_ending_of_another(tmp_path: Path) -> None:
    path = workbook(tmp_path / "d.xlsx", ("S", TABLE)).rename(tmp_path / "d.xls")
    with pytest.raises(DataError, match="an Excel workbook inside") as caught:
        read(path)
    assert "d.xlsx" in caught.value.advice
