"""Files of SPSS: text in the encoding that a file names, whatever it is."""

from __future__ import annotations

import struct
from pathlib import Path

import pandas as pd
import pyreadstat
import pytest
from data_support import ok, session_on

from terrace.data.read import read
from terrace.errors import DataError


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "d.sav"
    frame = pd.DataFrame({"v\xe4r": ["\u0418\u0432", "plain", ""], "x": [1.0, -9, 3]})
    pyreadstat.write_sav(
        frame, str(path), column_labels={"x": "\xfcber x"}, variable_value_labels={"x": {1.0: "gr\xfcn"}},
        missing_ranges={"x": [-9.0]},
    )  # fmt: skip
    return path


def named(file: Path, encoding: bytes) -> Path:
    """The file with another name of its encoding, of five letters as that which it has."""
    raw = file.read_bytes()
    assert raw.count(b"UTF-8") == 1
    file.write_bytes(raw.replace(b"UTF-8", encoding))
    return file


def other(text: str, encoding: str) -> str:
    return text.encode().decode(encoding)


def test_text_is_in_the_encoding_that_the_file_names(file) -> None:
    data = read(file)
    assert data.frame["v\xe4r"].fillna("").tolist() == ["\u0418\u0432", "plain", ""]
    assert data.variable("x").label == "\xfcber x" and dict(data.variable("x").value_labels) == {1: "gr\xfcn"}
    data = read(named(file, b"CP866"))
    assert data.frame.iloc[:, 0].fillna("").tolist() == [other("\u0418\u0432", "cp866"), "plain", ""]
    assert data.variable("x").label == other("\xfcber x", "cp866")
    assert dict(data.variable("x").value_labels) == {1: other("gr\xfcn", "cp866")}
    assert data.variable("x").missing_codes == (-9,)


def test_the_option_says_otherwise(file) -> None:
    named(file, b"CP866")
    session = session_on(read(file))
    ok(session, f'import spss "{file}", encoding(utf-8) clear')
    assert session.data.variable("x").label == "\xfcber x"
    with pytest.raises(DataError, match="not in the encoding ascii"):
        read(file, encoding="ascii")


def test_an_encoding_that_nobody_knows_is_named(file) -> None:
    raw = named(file, b"XYZ-8").read_bytes()
    file.write_bytes(raw.replace(struct.pack("<i", 65001), struct.pack("<i", 99999)))  # the number says it too
    with pytest.raises(DataError, match="XYZ-8") as caught:
        read(file)
    assert "encoding()" in caught.value.advice
    assert read(file, encoding="utf-8").variable("x").label == "\xfcber x"


def test_text_that_is_not_in_its_encoding_is_read_as_cp1252(file) -> None:
    raw = file.read_bytes()
    file.write_bytes(raw.replace("\xfcber x".encode(), b"\xfcbber x"))
    data = read(file)
    assert data.variable("x").label == "\xfcbber x" and "cp1252" in data.notes[0]
