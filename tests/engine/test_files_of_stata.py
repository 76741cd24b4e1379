"""Files of Stata: every format and byte order, missing values by their bits, long texts, encodings, damaged files."""

from __future__ import annotations

import math
import struct
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from data_support import ok, session_on
from stata_bytes import old_dta

from terrace.data.dataset import Dataset, Panel, Variable
from terrace.data.extended import CODES
from terrace.data.read import read
from terrace.data.readers import stata
from terrace.data.write import write
from terrace.errors import DataError
from terrace.session.session import Session

ORDERS = {"<": "little", ">": "big"}
NAN = math.nan


def equal(data: Any, name: str, values: list[float]) -> None:
    found = data.frame[name].to_numpy(dtype=np.float64)
    np.testing.assert_array_equal(found, values)


# --- missing values ------------------------------------------------------------------------------------------
def with_missing(path: Path, order: str, version: int, values: list[int | str]) -> None:
    """Variables b i l f d of these values, in which ``.`` to ``.z`` stand as in the manual ([P] file formats .dta)."""
    plain = np.array([77 if isinstance(v, str) else v for v in values])
    kinds = {"b": "int8", "i": "int16", "l": "int32", "f": "float32", "d": "float64"}
    frame = pd.DataFrame({name: plain.astype(kind) for name, kind in kinds.items()})
    frame.to_stata(path, write_index=False, version=version, byteorder=ORDERS[order])
    raw = bytearray(path.read_bytes())
    width = 1 + 2 + 4 + 4 + 8
    start = raw.index(b"<data>") + 6 if version >= 117 else len(raw) - width * len(values)
    for row, value in enumerate(values):
        if isinstance(value, str):
            k = 0 if value == "." else ord(value[1]) - 96
            raw[start + row * width : start + (row + 1) * width] = struct.pack(
                order + "bhiIQ", 101 + k, 32741 + k, 2147483621 + k, 0x7F000000 + 0x800 * k,
                0x7FE0000000000000 + 0x10000000000 * k,
            )  # fmt: skip
    path.write_bytes(raw)


@pytest.mark.parametrize("order", ORDERS)
@pytest.mark.parametrize("version", [114, 117, 118])
@pytest.mark.parametrize(
    "values",
    [
        [1, 2, ".a", ".", 3, ".", 4],
        [".r", ".r"],
        [".", ".a", ".", ".b"],
        [".", 0, *(f".{letter}" for letter in CODES), ".", -5, "."],
    ],
)
def test_missing_values_are_known_by_their_bits(tmp_path, order, version, values) -> None:
    with_missing(tmp_path / "d.dta", order, version, values)
    data = read(tmp_path / "d.dta")
    expected = [v if isinstance(v, int) else NAN if v == "." else CODES[v[1]] for v in values]
    letters = sorted({CODES[v[1]] for v in values if isinstance(v, str) and v != "."})
    for name in "bilfd":
        equal(data, name, expected)
        assert not data.is_text(name) and list(data.variable(name).missing_codes) == letters
        np.testing.assert_array_equal(data.numeric(name), [v if isinstance(v, int) else NAN for v in values])


def test_a_model_leaves_missing_values_out(tmp_path) -> None:
    rng = np.random.default_rng(3)
    frame = pd.DataFrame({"g": np.repeat(np.arange(20), 10).astype("int8"), "x": np.tile([1, 2, 3, 4, 5], 40)})
    frame = frame.astype({"x": "int8"}).assign(y=rng.normal(size=200))
    frame.to_stata(tmp_path / "d.dta", write_index=False, version=117)
    raw = bytearray((tmp_path / "d.dta").read_bytes())
    start = raw.index(b"<data>") + 6
    for row, code in ((3, 102), (9, 101), (50, 101)):
        raw[start + row * 10 + 1] = code
    (tmp_path / "d.dta").write_bytes(raw)
    session = session_on(read(tmp_path / "d.dta"))
    assert ok(session, "count if missing(x)").text == "3"
    ok(session, "summarize x")
    found = session.state.returned.scalars
    assert (found["N"], found["min"], found["max"]) == (197, 1, 5)


def test_columns_keep_the_type_of_the_file(tmp_path) -> None:
    frame = pd.DataFrame({"b": [1, 100, -127], "f": [1.5, 2, 3], "d": [1e300, 2, 3], "m": [1.0, NAN, 3]})
    frame.astype({"b": "int8", "f": "float32", "m": "float32"}).to_stata(tmp_path / "d.dta", write_index=False)
    data = read(tmp_path / "d.dta")
    assert [str(t) for t in data.frame.dtypes] == ["int8", "float32", "float64", "float64"]
    equal(data, "m", [1, NAN, 3])


# --- formats -------------------------------------------------------------------------------------------------
OLD_ROWS = [
    (-127, 300, 70_000, 0.5, 1e200, b"abc"), (2, -2, -3, -0.25, 0.1, b"d\0jk"), (1, 0, 0, 0.0, 0.0, b"\xe9tude"),
]  # fmt: skip
OLD_VARIABLES = [
    ("b", "byte", "%8.0g", "first"), ("i", "int", "%8.0g", ""), ("l", "long", "%8.0g", ""),
    ("f", "float", "%9.2f", ""), ("d", "double", "%10.0g", ""), ("s", "str5", "%9s", "caf\xe9"),
]  # fmt: skip


@pytest.mark.parametrize("order", ORDERS)
@pytest.mark.parametrize("version", [102, 103, 104, 105, 108, 110, 111, 113])
def test_old_formats_as_pandas_reads_them(tmp_path, order, version) -> None:
    if version == 102 and order == ">":
        pytest.skip("format 102 names no byte order, and files of it are from personal computers")
    past = {"b": 127, "h": 32767, "i": 2147483647} if version < 113 else {"b": 101, "h": 32741, "i": 2147483621}
    double = 2.0**333 if version <= 105 else 2.0**1023
    gone = (*past.values(), 2.0**127, double, b"")
    path = tmp_path / "d.dta"
    notes = [(b"_dta", b"note1", b"the first"), (b"f", b"note1", b"of f"), (b"_dta", b"note0", b"1")]
    path.write_bytes(old_dta(version, order, OLD_VARIABLES, [*OLD_ROWS, gone], {1: b"no", 2: b"yes"}, notes))
    data = read(path)
    other = pd.read_stata(path, convert_categoricals=False)
    assert data.names == tuple(other.columns) and data.label == "a title"
    for name in "bilfd":
        equal(data, name, other[name].tolist())
        assert math.isnan(data.numeric(name)[3]) and data.variable(name).missing_codes == ()
    assert data.frame["s"].fillna("").tolist() == ["abc", "d", "\xe9tude", ""]
    assert dict(data.variable("b").value_labels) == {1: "no", 2: "yes"}
    assert (data.variable("b").label, data.variable("s").label) == ("first", "caf\xe9")
    assert data.variable("f").format == "%9.2f"
    if version >= 105:
        assert "the first" in data.documents and "f: of f" in data.documents
        assert not any("note0" in n or n == "1" for n in data.notes)


@pytest.mark.parametrize("order", ORDERS.values())
@pytest.mark.parametrize("version", [114, 117, 118, 119])
def test_new_formats_as_pandas_reads_them(tmp_path, monkeypatch, order, version) -> None:
    rng = np.random.default_rng(version)
    n = 1000
    frame = pd.DataFrame({
        "b": rng.integers(-100, 100, n).astype("int8"), "i": rng.integers(-30_000, 30_000, n).astype("int16"),
        "l": rng.integers(-(2**31) + 10, 2**31 - 100, n).astype("int32"), "f": rng.normal(size=n).astype("float32"),
        "d": np.where(rng.random(n) < 0.1, NAN, rng.normal(size=n)),
        "s": np.array(["", "a", "caf\xe9", "xyz"])[rng.integers(0, 4, n)],
        "c": pd.Categorical(np.array(["low", "high"])[rng.integers(0, 2, n)]),
    })  # fmt: skip
    long = {} if version < 117 else {"convert_strl": ["s"]}
    path = tmp_path / "d.dta"
    frame.to_stata(path, write_index=False, version=version, byteorder=order, data_label="t", **long)
    for part in (2_000_000, 1):  # in one part, and each row by itself
        monkeypatch.setattr(stata, "_PART", part)
        monkeypatch.setattr(stata, "_ROWS", part)
        data = read(path)
        other = pd.read_stata(path, convert_categoricals=False)
        for name in "bilfd":
            equal(data, name, other[name].astype(float).tolist())
        assert data.frame["s"].fillna("").tolist() == frame["s"].tolist()
        assert dict(data.variable("c").value_labels) == {0: "high", 1: "low"} and data.label == "t"


def test_a_newer_format_and_an_alias_are_refused_by_name(tmp_path) -> None:
    path = tmp_path / "d.dta"
    pd.DataFrame({"x": [1.0]}).to_stata(path, write_index=False, version=118)
    raw = path.read_bytes()
    path.write_bytes(raw.replace(b"<release>118", b"<release>131"))
    with pytest.raises(DataError, match="format 131"):
        read(path)
    start = raw.index(b"<variable_types>") + 16
    path.write_bytes(raw[:start] + struct.pack("<H", 65525) + raw[start + 2 :])
    with pytest.raises(DataError, match=r"x of d\.dta is an alias"):
        read(path)


def test_the_old_date_format_is_one(tmp_path) -> None:
    path = tmp_path / "d.dta"
    rows = [(21915,), (21916,)]
    path.write_bytes(old_dta(113, "<", [("d", "int", "%dD_m_Y", "")], rows, {}))
    session = session_on(read(path))
    assert session.data.variable("d").format == "%dD_m_Y"
    assert "01 Jan 20" in ok(session, "list").text


def test_labels_of_extended_missing_values(tmp_path) -> None:
    path = tmp_path / "d.dta"
    labels = {1: b"one", 2147483621 + 3: b"refused", 2147483621: b"nothing"}
    path.write_bytes(old_dta(113, "<", [("x", "byte", "%8.0g", "")], [(1,), (104,)], labels))
    data = read(path)
    assert dict(data.variable("x").value_labels) == {1: "one", CODES["c"]: "refused"}
    equal(data, "x", [1, CODES["c"]])


# --- text ----------------------------------------------------------------------------------------------------
def picture(path: Path, order: str = "<") -> bytes:
    content = b"\x89PNG\r\n\x1a\n" + bytes(range(256))
    remark = ["short", "long " * 600, "\xe9"]
    frame = pd.DataFrame({"id": [1, 2, 3], "remark": remark, "picture": ["P" * 264, "-", "-"]})
    frame.to_stata(path, version=118, convert_strl=["remark", "picture"], write_index=False, byteorder=ORDERS[order])
    raw = bytearray(path.read_bytes())
    start = raw.index(b"P" * 264)
    raw[start - 5] = 129  # binary
    raw[start : start + 264] = content
    path.write_bytes(raw)
    return bytes(raw)


@pytest.mark.parametrize("order", ORDERS)
def test_a_long_text_that_is_binary_is_told(tmp_path, order) -> None:
    picture(tmp_path / "d.dta", order)
    data = read(tmp_path / "d.dta")
    equal(data, "id", [1, 2, 3])
    assert data.frame["remark"].tolist() == ["short", "long " * 600, "\xe9"]
    assert data.frame["picture"].fillna("").tolist() == ["", "-", "-"]
    (note,) = data.notes
    assert note.startswith("picture: ") and "row 1" in note and "binary" in note


def test_a_long_text_that_is_not_there(tmp_path) -> None:
    raw = picture(tmp_path / "d.dta")
    first = raw.index(b"GSO")
    second = raw.index(b"GSO", first + 3)
    (tmp_path / "d.dta").write_bytes(raw[:first] + raw[second:])
    with pytest.raises(DataError, match="row 1 of remark"):
        read(tmp_path / "d.dta")


def test_encodings_of_old_files(tmp_path) -> None:
    def file(texts: list[bytes]) -> Path:
        rows = [(k, t) for k, t in enumerate(texts)]
        path = tmp_path / f"d{len(list(tmp_path.iterdir()))}.dta"
        path.write_bytes(old_dta(113, "<", [("k", "int", "%8.0g", ""), ("s", "str8", "%9s", "")], rows, {}))
        return path

    data = read(file(["caf\xe9".encode("cp1252"), b"\x81x"]))
    assert data.frame["s"].tolist() == ["caf\xe9", "\x81x"]
    assert any("encoding()" in note for note in data.notes)
    russian = file(["\u0418\u0432\u0430\u043d".encode("cp1251")])
    assert read(russian, encoding="cp1251").frame["s"].tolist() == ["\u0418\u0432\u0430\u043d"]
    session = session_on(read(russian))
    ok(session, f'use "{russian}", encoding(cp1251) clear')
    assert session.data.frame["s"].tolist() == ["\u0418\u0432\u0430\u043d"] and not session.data.notes
    assert read(file(["\u0418\u0432".encode()])).frame["s"].tolist() == ["\u0418\u0432"]  # UTF-8 all through
    with pytest.raises(DataError, match="not in the encoding utf-8") as caught:
        read(russian, encoding="utf-8")
    assert caught.value.code == "wrong-encoding"
    with pytest.raises(DataError) as caught:
        read(russian, encoding="cp99999")
    assert caught.value.code == "no-such-encoding"


# --- files that are damaged ----------------------------------------------------------------------------------
@pytest.mark.parametrize("version", [113, 118])
def test_a_file_cut_anywhere_is_refused_in_words(tmp_path, version) -> None:
    path = tmp_path / "d.dta"
    if version == 118:
        whole = picture(path)
    else:
        whole = old_dta(113, "<", OLD_VARIABLES, OLD_ROWS, {1: b"no", 2: b"yes"}, [(b"_dta", b"note1", b"t")])
    for size in {*range(2, len(whole), 97), len(whole) - 1, len(whole) - 7}:
        path.write_bytes(whole[:size])
        with pytest.raises(DataError) as caught:
            read(path)
        assert caught.value.code in ("truncated-file", "unreadable-file") and caught.value.__cause__ is None
        assert "cut off" in caught.value.message or "damaged" in caught.value.message


def test_a_header_that_announces_too_much_costs_nothing(tmp_path) -> None:
    path = tmp_path / "d.dta"
    whole = picture(path)
    at = whole.index(b"<N>") + 3
    for rows in (4, 2**20, 2**40, 2**63):
        path.write_bytes(whole[:at] + struct.pack("<Q", rows) + whole[at + 8 :])
        with pytest.raises(DataError, match=r"cut off|damaged"):
            read(path)
    at = whole.index(b"<K>") + 3
    path.write_bytes(whole[:at] + struct.pack("<H", 65_000) + whole[at + 2 :])
    with pytest.raises(DataError, match=r"cut off|damaged"):
        read(path)
    at = whole.index(b"GSO") + 16
    path.write_bytes(whole[:at] + struct.pack("<I", 2**32 - 1) + whole[at + 4 :])
    with pytest.raises(DataError, match="long text"):
        read(path)


# --- the panel and the order of the rows ----------------------------------------------------------------------
PANEL_VARIABLES = [("id", "int", "%8.0g", ""), ("x", "float", "%9.0g", ""), ("t", "double", "%tc", "")]
PANEL_ROWS = [(1, 2.0, 0.0), (1, 3.0, 3_600_000.0), (2, 9.0, 0.0)]


@pytest.mark.parametrize("order", ORDERS)
@pytest.mark.parametrize("version", [105, 110, 113])
@pytest.mark.parametrize(
    ("said", "panel"),
    [
        ({b"_TSpanel": b"id", b"_TStvar": b"t", b"_TSdelta": b"+1.b774000000000X+015"}, Panel("id", "t", 3_600_000)),
        ({b"iis": b"id", b"tis": b"t"}, Panel("id", "t")),
        ({b"iis": b"id"}, Panel("id", None)),
        ({b"_TStvar": b"t", b"_TSdelta": b"an hour"}, Panel(None, "t")),
        ({b"_TSpanel": b"gone", b"_TStvar": b""}, None),
    ],
)
def test_what_xtset_declared_is_known(tmp_path, order, version, said, panel) -> None:
    path = tmp_path / "d.dta"
    notes = [(b"_dta", key, text) for key, text in said.items()] + [(b"x", b"iis", b"x")]
    path.write_bytes(old_dta(version, order, PANEL_VARIABLES, PANEL_ROWS, {1: b"one"}, notes, sorted_by=(1, 3)))
    data = read(path)
    assert data.panel == panel and data.sorted_by == ("id", "t") and data.documents == ()


def test_lags_after_opening(tmp_path) -> None:
    path = tmp_path / "d.dta"
    said = {b"_TSpanel": b"id", b"_TStvar": b"t", b"_TSdelta": b"+1.b774000000000X+015"}
    notes = [(b"_dta", key, text) for key, text in said.items()]
    path.write_bytes(old_dta(113, "<", PANEL_VARIABLES, PANEL_ROWS, {1: b"one"}, notes))
    session = Session()
    ok(session, f'use "{path}"')
    ok(session, "generate before = L.x")
    equal(session.data, "before", [NAN, 2, NAN])


@pytest.mark.parametrize("step", [1.0, 0.1, 3_600_000.0, 7.0, 1e-7])
def test_the_panel_is_written_as_stata_does(tmp_path, step) -> None:
    frame = pd.DataFrame({"byte": [1.0, 1, 2], "t": [0, step, 0]})
    data = Dataset(frame, (Variable("byte"), Variable("t")), panel=Panel("byte", "t", step), sorted_by=("byte", "t"))
    path = write(data, tmp_path / "d.dta").path
    back = read(path)
    assert back.panel == Panel("byte_", "t", step) and back.sorted_by == ("byte_", "t")
    said = characteristics_of(path)
    assert said["_TSpanel"] == said["iis"] == "byte_" and said["_TStvar"] == said["tis"] == "t"
    assert said["_TSitrvl"] == "1"
    if step == 0.1:
        assert said["_TSdelta"] == "+1.999999999999aX-004"  # what display %21x 0.1 shows


def characteristics_of(path: Path) -> dict[str, str]:
    """The characteristics of the data by the widths of format 118; no library gives them."""
    part = path.read_bytes().partition(b"<characteristics>")[2].partition(b"</characteristics>")[0]
    entries = [entry[4 + 129 :] for entry in part.split(b"<ch>")[1:]]  # after the length, and the name of a variable
    return {e.split(b"\0")[0].decode(): e[129:].split(b"\0")[0].decode() for e in entries}


def test_a_panel_of_text_is_told(tmp_path) -> None:
    frame = pd.DataFrame({"id": ["a", "b"], "t": [1.0, 2.0]})
    data = Dataset(frame, (Variable("id"), Variable("t")), panel=Panel("id", "t"))
    written = write(data, tmp_path / "d.dta")
    assert any("panels of text" in note and "id" in note for note in written.notes)
    assert read(written.path).panel is None


def test_stata_is_told_no_order_that_is_not_its_own(tmp_path) -> None:
    """Text that is missing comes last here and first in Stata, which takes what a file says of its order on trust."""
    frame = pd.DataFrame({"k": [1.0, 1, 1, 2], "s": ["a", "b", None, "a"], "late": [1.0, 3, 2, NAN]})
    variables = tuple(map(Variable, frame))
    path = write(Dataset(frame, variables, sorted_by=("k", "s", "late")), tmp_path / "d.dta").path
    assert read(path).sorted_by == ("k",)
    path = write(Dataset(frame.iloc[[0, 1, 3]].reset_index(drop=True), variables, sorted_by=("k", "s", "late")), path,
                 replace=True).path  # fmt: skip
    assert read(path).sorted_by == ("k", "s", "late")
