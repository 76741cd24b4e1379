"""Arrow, JSON, databases and compressed files: values without loss, and nothing written beside the user's file."""

from __future__ import annotations

import bz2
import gzip
import json
import lzma
import sqlite3
import stat
import tempfile
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import duckdb
import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from container_support import ole
from data_support import ok, session_on
from pyarrow import feather

from terrace.data import formats
from terrace.data.dataset import Dataset, Variable
from terrace.data.foreign import FOREIGN
from terrace.data.progress import Report
from terrace.data.read import read, stream
from terrace.data.readers import expand
from terrace.data.readers.pasted import read_pasted
from terrace.data.write import write
from terrace.errors import DataError

LONG = 2**53 + 1
CSV = b"id,x\n1,2\n3,4\n"


def cells(path: Path, **options: Any) -> dict[str, list[Any]]:
    frame = read(path, **options).frame
    return {str(name): [None if pd.isna(v) else v for v in frame[name]] for name in frame}


# --- Arrow ------------------------------------------------------------------------------------------------------
def test_long_whole_numbers_beside_missing_ones_never_pass_through_a_double(tmp_path: Path) -> None:
    table = pa.table({"id": pa.array([LONG, None, LONG - 1]), "n": pa.array([1, None, 3])})
    feather.write_feather(table, tmp_path / "d.feather")
    pq.write_table(table, tmp_path / "d.parquet")
    with pa.OSFile(str(tmp_path / "d.arrow"), "wb") as out, pa.ipc.new_stream(out, table.schema) as sink:
        sink.write_table(table)
    with sqlite3.connect(tmp_path / "d.sqlite") as database:
        database.execute("CREATE TABLE t (id INTEGER, n INTEGER)")
        database.executemany("INSERT INTO t VALUES (?, ?)", [(LONG, 1), (None, None), (LONG - 1, 3)])
    database.close()
    with duckdb.connect(tmp_path / "d.duckdb") as opened:
        rows = f"({LONG}, 1), (NULL, NULL), ({LONG - 1}, 3)"
        opened.execute(f"CREATE TABLE t AS SELECT * FROM (VALUES {rows}) AS v(id, n)")
    (tmp_path / "d.json").write_text(json.dumps([{"id": LONG, "n": 1}, {}, {"id": LONG - 1, "n": 3}]))
    expected = {"id": [str(LONG), None, str(LONG - 1)], "n": [1, None, 3]}
    for ending in ("feather", "parquet", "arrow", "sqlite", "duckdb", "json"):
        assert cells(tmp_path / f"d.{ending}") == expected, ending


def test_no_rows_are_said_to_be_none(tmp_path: Path) -> None:
    table = pa.table({"x": pa.array([], pa.int64())})
    pq.write_table(table, tmp_path / "d.parquet")
    feather.write_feather(table, tmp_path / "d.feather")
    for ending in ("parquet", "feather"):
        with pytest.raises(DataError, match="has no rows of data"):
            read(tmp_path / f"d.{ending}")


def test_moments_that_python_has_no_name_for(tmp_path: Path) -> None:
    """Years beyond 1 to 9999 and times finer than a microsecond made a file of other programs a damaged one."""
    last = 2**31 - 1  # how DuckDB writes the date infinity
    columns = {
        "day": pa.array([0, -800_000, last, None], pa.date32()),
        "day64": pa.array([0, 86_400_000 * 3_000_000, 86_400_000, None], pa.date64()),
        "clock": pa.array([0, 86_399_000_000_001, 1_500_000_000, None], pa.time64("ns")),
        "second": pa.array([0, 86_399, 1, None], pa.time32("s")),
        "lists": pa.DictionaryArray.from_arrays(pa.array([0, None, 0, 0]), pa.array([[1, 2]])),
        "inside": pa.array([{"at": 253_402_300_800}, None, {"at": 0}, None], pa.struct([("at", pa.timestamp("s"))])),
    }
    table = pa.table(columns)
    pq.write_table(table.drop_columns("lists"), tmp_path / "d.parquet")
    feather.write_feather(table, tmp_path / "d.feather")
    epoch = 3653  # days from 1960 to 1970
    expected = {
        "day": [epoch, epoch - 800_000, epoch + last],
        "day64": [epoch, epoch + 3_000_000, epoch + 1],
        "clock": [0, 86_399.000000001, 1.5],
        "second": [0, 86_399, 1],
    }
    for data in (read(tmp_path / "d.parquet"), read(tmp_path / "d.feather"), stream(tmp_path / "d.parquet")):
        assert data.names == tuple(expected)
        assert "inside" in data.left_out
        assert [data.variable(name).format for name in expected] == ["%td", "%td", "", ""]
        if data.n_rows == len(data):
            for name, values in expected.items():
                np.testing.assert_allclose(data.numeric(name), [*values, np.nan], rtol=0, atol=1e-11)


def test_a_file_of_nothing_but_lists_says_so(tmp_path: Path) -> None:
    pq.write_table(pa.table({"a": [[1], [2, 3]], "b": [None, {"x": 1}]}), tmp_path / "d.parquet")
    with pytest.raises(DataError) as refused:
        read(tmp_path / "d.parquet")
    assert str(refused.value) == "d.parquet has no variables that can be used."
    assert refused.value.advice == (
        "a cannot be used: row 1 holds a list. b cannot be used: row 2 holds a table of its own."
    )


@pytest.mark.parametrize("cells", [1, 700, 1 << 24])
def test_many_columns_and_row_groups_are_as_pandas_has_them(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, cells: int
) -> None:
    monkeypatch.setattr("terrace.data.parquet._CELLS", cells)
    rng = np.random.default_rng(8)
    kinds = [
        lambda n: rng.normal(size=n), lambda n: rng.integers(0, 9, n), lambda n: rng.integers(0, 9, n).astype("i2"),
        lambda n: np.where(rng.random(n) < 0.2, np.nan, rng.normal(size=n)), lambda n: rng.choice(["a", "b"], n),
    ]  # fmt: skip
    for count in (6, 300):
        frame = pd.DataFrame({f"v{k}": kinds[k % len(kinds)](50) for k in range(count)})
        numbers = frame.select_dtypes(["f8", "i8"])
        for part in (frame, numbers):
            part.to_parquet(tmp_path / "d.parquet", row_group_size=17)
            part.to_feather(tmp_path / "d.feather")
            for ending in ("parquet", "feather"):
                pd.testing.assert_frame_equal(read(tmp_path / f"d.{ending}").frame, part, check_dtype=True)


# --- JSON -------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ('[{"a": 1, "b": {"c": "x", "d": 2}}, {"a": null}]', {"a": [1, None], "b_c": ["x", None], "b_d": [2, None]}),
        ('{"a": [1, 2], "b": ["x", null]}', {"a": [1, 2], "b": ["x", None]}),
        ('{"a": {"0": 1, "1": 2}}', {"a": [1, 2]}),
        ('[["a", "b"], [1, 2]]', {"a": [1], "b": [2]}),
        ('{"columns": ["a"], "index": [0, 1], "data": [[1], [2]]}', {"a": [1, 2]}),
        ('{"a": 1}\n{"a": 2}\n\n', {"a": [1, 2]}),
        ('\ufeff{"meta": 1, "rows": [{"a": 1}]}', {"a": [1]}),
        ('[{"d": "2020-01-02"}, {"d": null}]', {"d": [21916, None]}),
        ('[{"t": "2020-01-01T01:00+01:00"}, {"t": "2020-01-01T01:00Z"}]', {"t": [21915 * 86_400_000, 1893459600000]}),
    ],
)
def test_tables_in_json(text: str, expected: dict[str, list[Any]], tmp_path: Path) -> None:
    (tmp_path / "d.json").write_text(text, encoding="utf-8")
    assert cells(tmp_path / "d.json") == expected


def test_what_pandas_writes_as_json(tmp_path: Path) -> None:
    frame = pd.DataFrame({"a": [1.5, None], "s": ["x", "ü"]})
    for orient in ("records", "split", "columns", "index", "table"):
        frame.to_json(tmp_path / "d.json", orient=orient)
        assert cells(tmp_path / "d.json") == {"a": [1.5, None], "s": ["x", "ü"]}, orient


@pytest.mark.parametrize(
    ("text", "words"),
    [("5", "not a table"), ("{}", "not a table"), ('[{"a": 1}, {"a"', "line 1"), ('{"a": 1}\n{"a"', "Line 2")],
)
def test_json_that_is_no_table(text: str, words: str, tmp_path: Path) -> None:
    (tmp_path / "d.json").write_text(text)
    with pytest.raises(DataError, match=words):
        read(tmp_path / "d.json")


# --- databases --------------------------------------------------------------------------------------------------
def test_tables_of_databases(tmp_path: Path) -> None:
    statements = (
        "CREATE TABLE empty (a INTEGER)",
        'CREATE TABLE "my t" (a INTEGER, d DATE)',
        "INSERT INTO \"my t\" VALUES (1, '2020-01-01'), (2, NULL)",
        'CREATE VIEW v AS SELECT a FROM "my t"',
    )
    with sqlite3.connect(tmp_path / "d.db") as lite:
        for statement in statements:
            lite.execute(statement)
    lite.close()
    with duckdb.connect(tmp_path / "d.duckdb") as duck:
        for statement in statements:
            duck.execute(statement)
    before = sorted(p.name for p in tmp_path.iterdir())
    for name in ("d.db", "d.duckdb"):
        data = read(tmp_path / name)
        assert cells(tmp_path / name) == {"a": [1, 2], "d": [21915, None]} and data.variable("d").format == "%td"
        assert any("Read the table my t; the others are" in note for note in data.notes)
        session = session_on(None)
        ok(session, f'use "{tmp_path / name}", table(V)')
        assert session.data.names == ("a",)
        with pytest.raises(DataError, match="no table 'w'") as caught:
            read(tmp_path / name, table="w")
        assert "my t" in caught.value.advice
    assert sorted(p.name for p in tmp_path.iterdir()) == before


def test_a_database_that_another_program_writes_to(tmp_path: Path) -> None:
    """Rows that still stand in the log of SQLite are read, and the log is left alone."""
    path = tmp_path / "d.sqlite"
    writer = sqlite3.connect(path)
    writer.execute("PRAGMA journal_mode=WAL")
    writer.execute("CREATE TABLE t (a)")
    writer.execute("INSERT INTO t VALUES (7)")
    writer.commit()
    log = tmp_path / "d.sqlite-wal"
    size = log.stat().st_size
    assert size > 0 and cells(path) == {"a": [7]}
    assert log.stat().st_size == size and len(list(tmp_path.iterdir())) == 3
    writer.close()


# --- compressed ---------------------------------------------------------------------------------------------------
def zstandard(content: bytes) -> bytes:
    sink = pa.BufferOutputStream()
    with pa.CompressedOutputStream(sink, "zstd") as out:
        out.write(content)
    return sink.getvalue().to_pybytes()


@pytest.mark.parametrize(
    ("ending", "pack"), [("gz", gzip.compress), ("bz2", bz2.compress), ("xz", lzma.compress), ("zst", zstandard)]
)
def test_compressed_files(ending: str, pack: Callable[[bytes], bytes], tmp_path: Path, monkeypatch) -> None:
    scratch = tmp_path / "scratch"
    scratch.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(scratch))
    path = tmp_path / f"d.csv.{ending}"
    path.write_bytes(pack(CSV))
    data = read(path)
    assert data.frame.to_numpy().tolist() == [[1, 2], [3, 4]]
    assert data.source == str(path) and data.notes[0] == f"Read d.csv from d.csv.{ending}."
    assert not list(scratch.iterdir())


def test_what_is_unpacked_is_private_and_limited(tmp_path: Path, monkeypatch) -> None:
    path = tmp_path / "d.csv.gz"
    path.write_bytes(gzip.compress(CSV))
    inner = expand.expand(path, tmp_path, Report(""))
    assert stat.S_IMODE(inner.stat().st_mode) == 0o600
    monkeypatch.setattr(expand, "_SMALL", 10)
    monkeypatch.setattr(expand, "_RATIO", 0)
    with pytest.raises(DataError, match="unpacks to more than"):
        read(path)


def test_archives_of_one_file_and_of_several(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "one.zip", "w") as out:
        out.writestr("__MACOSX/._d.csv", "x")
        out.writestr("read me.md", "x")
        out.writestr("data/d.csv", CSV)
    assert cells(tmp_path / "one.zip") == {"id": [1, 3], "x": [2, 4]}
    with zipfile.ZipFile(tmp_path / "two.zip", "w") as out:
        out.writestr("a.csv", CSV)
        out.writestr("../../b.csv", "id\n9\n")
    with pytest.raises(DataError, match=r"several data files: a.csv and ../../b.csv") as caught:
        read(tmp_path / "two.zip")
    assert "member(" in caught.value.advice
    session = session_on(None)
    ok(session, f'use "{tmp_path / "two.zip"}", member(b.csv)')
    assert session.data.numeric("id").tolist() == [9]
    assert not (tmp_path.parent.parent / "b.csv").exists()
    with pytest.raises(DataError, match=r"no file 'c\.csv'"):
        read(tmp_path / "two.zip", member="c.csv")
    with zipfile.ZipFile(tmp_path / "none.zip", "w") as out:
        out.writestr("a.pdf", "x")
        out.writestr("b.pdf", "x")
    with pytest.raises(DataError, match=r"no data file: a\.pdf and b\.pdf"):
        read(tmp_path / "none.zip")


# --- the clipboard ----------------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    "text",
    ["id\tx\n1\t2,5\n2\t3,5\n", "id\tx\r\n1\t2.5\r\n\r\n2\t3.5",
     "<table><tr><th>id</th><th>x</th></tr><tr><td>1</td><td>2.5</td></tr><tr><td>2<td>3.5</tr></table><p>more</p>"],
)  # fmt: skip
def test_tables_that_were_copied(text: str) -> None:
    data = read_pasted(text, Report(""))
    assert data.names == ("id", "x") and data.frame.to_numpy().tolist() == [[1, 2.5], [2, 3.5]]
    assert data.source == "clipboard"


@pytest.mark.parametrize("sign", ["\u2028", "\x0b", "\x0c", "\x85", "\x1c"])
def test_what_only_unicode_calls_a_line_end_is_text(sign: str, tmp_path: Path) -> None:
    """Line separators and form feeds inside a text made two rows of one, or no JSON of a line."""
    text = f"a{sign}b"
    assert read_pasted(f"t\tn\n{text}\t1\nc\t2\n", Report("")).frame["t"].tolist() == [text, "c"]
    lines = [json.dumps({"t": t}, ensure_ascii=False) for t in (text, "c")]
    (tmp_path / "d.ndjson").write_bytes("\n".join(lines).encode())
    if sign >= "\x80":  # others have to be escaped in JSON
        assert cells(tmp_path / "d.ndjson") == {"t": [text, "c"]}
    quoted = f'"{text}, said","1"\n"c, said","2"\n'
    (tmp_path / "d.csv").write_bytes(f"t,n\n{quoted}".encode())
    assert cells(tmp_path / "d.csv")["t"] == [f"{text}, said", "c, said"]


def test_an_empty_row_among_those_that_were_copied_is_one(tmp_path: Path) -> None:
    found = read_pasted("a\tb\n1\t2\n\t\n3\t4\n", Report(""))
    np.testing.assert_array_equal(found.frame.to_numpy(), [[1, 2], [np.nan, np.nan], [3, 4]])


def test_the_command_that_opens_what_was_copied() -> None:
    session = session_on(None)
    ok(session, r"""paste `"s\tx\na "b" \\n\t1\nc\t2"', clear""")
    assert session.data.frame["s"].tolist() == [r'a "b" \n', "c"]
    with pytest.raises(DataError, match="not contain a table"):
        read_pasted("word", Report(""))


# --- what is not read -----------------------------------------------------------------------------------------
def zipped(**parts: str) -> Callable[[Path], Path]:
    def make(path: Path) -> Path:
        with zipfile.ZipFile(path, "w") as out:
            for name, text in parts.items():
                out.writestr(name.replace("__", "/").replace("_dot_", "."), text)
        return path

    return make


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (zipped(mimetype="application/vnd.oasis.opendocument.text"), "an OpenDocument text"),
        (zipped(Index__Document_dot_iwa="x"), "a Numbers spreadsheet"),
        (zipped(**{"[Content_Types]_dot_xml": "x", "word__document_dot_xml": "x"}), "a Word document"),
        (zipped(**{"META-INF__MANIFEST_dot_MF": "allowPivoting=true", "a_dot_xml": "x"}), "a file of SPSS output"),
        (lambda path: ole(path, {"WordDocument": b"x"}), "a Word document"),
        (b"%PDF-1.7\n", "a PDF document"),
        (b"\x89PNG\r\n\x1a\n", "an image"),
        (b"\xef\xbb\xbf<!DOCTYPE html><html>", "a web page"),
        (b"version https://git-lfs.github.com/spec/v1\noid sha256:1\n", "Git LFS"),
        (b'{"url": "https://docs.google.com", "doc_id": "1"}', "a shortcut to a Google document"),
        (b"StataFileTM:00001:01100:GRAPH", "a Stata graph"),
    ],
)
def test_a_foreign_file_is_called_what_it_is(make: Any, words: str, tmp_path: Path) -> None:
    """By its content, also under the ending of a format that is read."""
    for name in ("d.xlsx", "d.csv", "d.bin", "d"):
        path = tmp_path / name
        path.write_bytes(make) if isinstance(make, bytes) else make(path)
        with pytest.raises(DataError, match=words) as caught:
            read(path)
        assert "damaged" not in caught.value.message and caught.value.advice


@pytest.mark.parametrize("name", ["PAR1", "FEA1", "ARROW1", "BZhours", "species,DUCK", "MZ"])
def test_names_of_variables_are_no_signatures(name: str, tmp_path: Path) -> None:
    (tmp_path / "d.csv").write_text(f"{name},x\n1,2,3\n4,5,6\n" if "," in name else f"{name},x\n1,2\n4,5\n")
    assert len(read(tmp_path / "d.csv")) == 2


def test_a_binary_workbook_is_known(tmp_path: Path) -> None:
    path = zipped(**{"[Content_Types]_dot_xml": "x", "xl__workbook_dot_bin": "x"})(tmp_path / "d.xlsx")
    with pytest.raises(DataError, match="a binary Excel workbook inside"):
        read(path)


def test_every_kind_of_foreign_file_has_one_entry() -> None:
    endings = [ending for foreign in FOREIGN for ending in foreign.endings]
    assert len({*endings}) == len(endings) and all(e == e.lower() for e in endings)
    assert not {*endings} & {*formats.BY_ENDING}
    assert all(f.article and f.article[0].islower() for f in FOREIGN)


def test_no_number_of_a_table_is_lost(tmp_path: Path) -> None:
    """Doubles come back bit by bit from every format that is read and written by libraries at hand."""
    values = np.random.default_rng(3).normal(size=50) * 10.0 ** np.arange(-25, 25)
    frame = pd.DataFrame({"x": values})
    feather.write_feather(frame, tmp_path / "d.feather")
    (tmp_path / "d.ndjson").write_text("\n".join(json.dumps({"x": v}) for v in values))
    with sqlite3.connect(tmp_path / "d.db") as database:
        frame.to_sql("t", database, index=False)
    database.close()
    for ending in ("feather", "ndjson", "db"):
        np.testing.assert_array_equal(read(tmp_path / f"d.{ending}").numeric("x"), values)


def test_a_byte_that_a_disk_changed_is_no_other_number(tmp_path: Path) -> None:
    """Saved data have checksums: most bytes of a Parquet file that compresses little are digits of numbers."""
    numbers = np.random.default_rng(3).normal(size=5000)
    data = Dataset(pd.DataFrame({"x": numbers}), (Variable("x"),))
    write(data, tmp_path / "d.parquet")
    whole = bytearray((tmp_path / "d.parquet").read_bytes())
    whole[len(whole) // 2] ^= 1
    (tmp_path / "d.parquet").write_bytes(whole)
    with pytest.raises(DataError, match="damaged"):
        read(tmp_path / "d.parquet")
    with pytest.raises(DataError, match="damaged"):
        stream(tmp_path / "d.parquet")
