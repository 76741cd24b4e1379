"""Files of SAS: transport files of several datasets, special missing values, encodings, catalogs."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from data_support import ok, refused, session_on
from xport_bytes import library, member

from terrace.data.extended import CODES
from terrace.data.progress import Report
from terrace.data.read import read
from terrace.data.readers import sas, xport
from terrace.data.readers.binary_text import LatinText
from terrace.data.write import write
from terrace.errors import DataError

NAN = math.nan
VARIABLES = [("x", 8, "The x", ""), ("s", -5, "", ""), ("day", 4, "", "DATE9"), ("short", 3, "", "")]
ROWS = [
    (0.1, b"north", 10, -2.0), ("A", b"", 11, "."), (".", b"caf\xc3\xa9", "Z", 0.5), (-1e30, b" a", -3, 1000.0),
    ("_", b"b", 0, "B"),
]  # fmt: skip


@pytest.fixture
def two(tmp_path: Path) -> Path:
    path = tmp_path / "two.xpt"
    path.write_bytes(library(member("FIRST", VARIABLES, ROWS), member("SECOND", [("y", 8, "", "")], [(1.0,), (2.0,)])))
    return path


def values(data: Any, name: str) -> list[float]:
    found: list[float] = data.frame[name].tolist()
    return found


def test_numbers_of_a_mainframe_and_special_missing_values(two, monkeypatch) -> None:
    for part in (4_000_000, 1):
        monkeypatch.setattr(xport, "_PART", part)
        data = read(two)
        underscore = CODES["y"]  # the last letter that the file does not use
        np.testing.assert_array_equal(values(data, "x"), [0.1, CODES["a"], NAN, -1e30, underscore])
        np.testing.assert_array_equal(values(data, "day"), [10, 11, CODES["z"], -3, 0])
        np.testing.assert_array_equal(values(data, "short"), [-2, NAN, 0.5, 1000, CODES["b"]])
        np.testing.assert_array_equal(data.numeric("x"), [0.1, NAN, NAN, -1e30, NAN])
        assert data.frame["s"].fillna("").tolist() == ["north", "", "caf\xe9", " a", "b"]
        assert data.variable("day").format == "%td" and data.variable("x").label == "The x"
        assert data.variable("x").missing_codes == (CODES["a"], underscore)
        assert any("._" in note and ".y" in note for note in data.notes)


def test_numbers_as_pandas_reads_them(tmp_path) -> None:
    rng = np.random.default_rng(8)
    powers = [10.0 ** rng.integers(-70, 70, 50), -(2.0 ** rng.integers(0, 200, 50))]
    numbers = np.concatenate([rng.normal(size=50), *powers])
    path = tmp_path / "d.xpt"
    path.write_bytes(library(member("D", [("x", 8, "", ""), ("y", 5, "", "")], [(v, v) for v in numbers.tolist()])))
    data, other = read(path), pd.read_sas(path)
    np.testing.assert_array_equal(values(data, "x"), other["x"])
    np.testing.assert_array_equal(values(data, "x"), numbers)
    np.testing.assert_array_equal(values(data, "y"), other["y"])


def test_the_years_4000_and_8000_are_no_leap_years_of_sas(tmp_path) -> None:
    # days as SAS counts them, from its communities (thread 663467) and pandas' reader of .sas7bdat
    days = {745153: "4000-02-28", 745154: "4000-03-01", 2206122: "8000-02-28", 2206123: "8000-03-01",
            2936547: "9999-12-31", 20892: "2017-03-14", -3: "1959-12-29"}  # fmt: skip
    path = tmp_path / "d.xpt"
    variables = [("d", 8, "", "DATE"), ("t", 8, "", "DATETIME"), ("l", 8, "", "E8601LX")]
    path.write_bytes(library(member("D", variables, [(d, d * 86400 + 60, d * 86400 + 60) for d in days])))
    data = read(path)
    epoch = np.datetime64("1960-01-01", "ms")
    wanted = np.array(list(days.values()), "datetime64[ms]") - epoch
    np.testing.assert_array_equal(values(data, "d"), wanted / np.timedelta64(1, "D"))
    for name in ("t", "l"):
        assert data.variable(name).format == "%tc"
        np.testing.assert_array_equal(values(data, name), wanted.astype(float) + 60_000)
    write(data, tmp_path / "again.xpt")
    np.testing.assert_array_equal(values(read(tmp_path / "again.xpt"), "d"), values(data, "d"))
    written = pd.read_sas(tmp_path / "again.xpt")
    assert [int(x) for x in written.iloc[:, 0]] == list(days)
    np.testing.assert_allclose(written.iloc[:, 1], np.array(list(days)) * 86400.0 + 60)


def test_a_file_of_several_datasets(two) -> None:
    data = read(two)
    assert len(data) == 5 and any("SECOND" in note and "member()" in note for note in data.notes)
    assert values(read(two, member="second"), "y") == [1, 2]
    session = session_on(data)
    ok(session, f'import sasxport5 "{two}", member(SECOND) clear')
    assert session.data.names == ("y",)
    ok(session, f'import sas "{two}", member(first) clear')
    assert session.data.names == ("x", "s", "day", "short")
    assert refused(session, f'import sas "{two}", member(third) clear') == "no-such-member"
    with pytest.raises(DataError) as caught:
        read(two, member="third")
    assert "FIRST and SECOND" in caught.value.advice


@pytest.mark.parametrize("stated", [True, False])
def test_version_8_has_long_names_and_labels(tmp_path, stated) -> None:
    path = tmp_path / "d.xpt"
    long = "a label of more than forty characters, as version 8 has"
    variables = [("a_name_of_many_letters", 8, long, ""), ("b", -3, "", "")]
    path.write_bytes(library(member("D", variables, [(1.5, b"u"), (2.5, b"v")], True, stated), new=True))
    data = read(path)
    assert data.names == ("a_name_of_many_letters", "b") and data.variable(data.names[0]).label == long
    assert values(data, data.names[0]) == [1.5, 2.5] and values(data, "b") == ["u", "v"]


@pytest.mark.parametrize("rows", range(1, 12))
def test_blanks_at_the_end_are_no_rows(tmp_path, rows) -> None:
    path = tmp_path / "d.xpt"
    path.write_bytes(library(member("D", [("s", -7, "", "")], [(f"t{k}".encode(),) for k in range(rows)])))
    assert values(read(path), "s") == [f"t{k}" for k in range(rows)]


def test_a_transport_file_cut_anywhere_is_refused_in_words(two) -> None:
    wide = [("x", 8, "", ""), *((f"t{k}", -90, "", "") for k in range(3))]
    whole = library(member("WIDE", wide, [(k + 0.5, b"a", b"b", b"c" * 90) for k in range(3)]))
    for size in range(81, len(whole), 37):
        two.write_bytes(whole[:size])
        try:
            data = read(two)
        except DataError as error:
            assert error.code in ("truncated-file", "unreadable-file", "no-rows") and error.__cause__ is None
        else:  # only at the end of a row nobody can tell
            assert len(data) < 3 and (size - whole.index(b"OBS     ") - 60) // 278 == len(data)


def test_encodings_of_text() -> None:
    vietnamese = LatinText(Path("d"), "cp1258")
    written = ["\u0110\u00f4ng", "h\u1ed3", "east", "\u00e2"]
    # In this encoding some accents are letters of their own, behind the letter that they belong to.
    raw = [t.encode("cp1258") for t in ("\u0110\u00f4ng", "h\u00f4\u0300", "east", "\u00e2")]
    found = vietnamese.column(pd.Series([r.decode("latin-1") for r in raw], dtype=object))
    import unicodedata

    assert [unicodedata.normalize("NFC", t) for t in found] == written
    cut = LatinText(Path("d"), "utf-8")  # a width of bytes ends within a letter
    assert cut.of("\u0c32\u0c4b".encode()[:-1].decode("latin-1")) == "\u0c32"
    with pytest.raises(DataError, match="not in the encoding utf-8"):
        cut.of("caf\xe9")
    unknown = LatinText(Path("d.sas7bdat"), "euc_tw")
    assert unknown.of("plain") == "plain"
    with pytest.raises(DataError, match="euc_tw"):
        unknown.of("caf\xe9")
    assert LatinText(Path("d"), "iso2022_jp").of("\x1b$B;3ED\x1b(B") == "\u5c71\u7530"
    assert LatinText(Path("d"), "cp1252").of("\x93a\x94\x81") == "\u201ca\u201d\x81"


def test_every_encoding_of_sas_that_python_has_reads_ascii() -> None:
    import codecs

    known = []
    for name in sas._ENCODINGS.values():
        try:
            codecs.lookup(name)
        except LookupError:
            continue
        known.append(name)
        assert LatinText(Path("d"), name).of("plain text 1") == "plain text 1"
    assert {"cp1252", "cp1258", "utf-8", "gb18030", "euc_jp", "mac_arabic", "iso8859_9"} <= set(known)


class _Meta:
    """What pyreadstat tells of a file."""

    column_names = ("x", "s")
    column_labels = ("The x", "")
    original_variable_types = {"x": "XFMT", "s": "$XFMT"}  # noqa: RUF012
    readstat_variable_types = {"x": "double", "s": "string"}  # noqa: RUF012
    file_label = ""


def test_a_catalog_labels_values_and_special_missing_values(tmp_path, monkeypatch) -> None:
    """pyreadstat writes no files of SAS; what it hands out is made here."""
    path, catalog = tmp_path / "d.sas7bdat", tmp_path / "labels.sas7bcat"
    for file in (path, catalog):
        file.write_bytes(bytes(70) + b"\x3e" + bytes(30))  # wlatin1
    frame = pd.DataFrame({"x": pd.Series([1.0, "A", NAN, "_", 2.0], dtype=object), "s": ["A", "b\xe9", "", "A", "_"]})
    sets = {"XFMT": {1.0: "one", "A": "Apple", "_": "under"}, "$XFMT": {"A": "a text"}}

    class Described:
        value_labels = sets

    monkeypatch.setattr(sas, "read_in_parts", lambda *_args, **_options: (frame, _Meta()))
    import pyreadstat

    monkeypatch.setattr(pyreadstat, "read_sas7bcat", lambda *_args, **_options: (None, Described()))
    data = sas.read_sas(path, Report(""), catalog=str(catalog))
    np.testing.assert_array_equal(values(data, "x"), [1, CODES["a"], NAN, CODES["z"], 2])
    assert dict(data.variable("x").value_labels) == {1: "one", CODES["a"]: "Apple", CODES["z"]: "under"}
    assert dict(data.variable("s").value_labels) == {"A": "a text"}
    assert data.frame["s"].fillna("").tolist() == ["A", "b\xe9", "", "A", "_"]
    assert any("labels.sas7bcat" in note for note in data.notes) and any("._" in note for note in data.notes)
    assert not sas.read_sas(path, Report("")).variable("x").value_labels
    catalog.rename(path.with_suffix(".sas7bcat"))
    assert sas.read_sas(path, Report("")).variable("x").value_labels[1] == "one"
    with pytest.raises(DataError, match="does not exist") as caught:
        sas.read_sas(path, Report(""), catalog=str(catalog))
    assert caught.value.subject == "catalog"


def test_a_catalog_for_another_file(two) -> None:
    with pytest.raises(DataError, match="no catalog option"):
        read(two, catalog="labels.sas7bcat")
