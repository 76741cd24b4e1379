"""What a path can lead to besides a sound file: pipes, devices, drives that are gone, files made to fill the memory."""

from __future__ import annotations

import errno
import os
import socket
import sys
import zipfile
from pathlib import Path

import duckdb
import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

import terrace
from terrace.data import archives, formats, regular_file
from terrace.data import read as reading
from terrace.data.progress import Report
from terrace.data.read import larger_than_memory, read
from terrace.data.readers import line_limit, table
from terrace.data.readers.encoding import find_encoding
from terrace.data.samples import sample
from terrace.data.write import write
from terrace.errors import DataError
from terrace.session.session import Session

posix = pytest.mark.skipif(os.name != "posix", reason="of POSIX")
linux = pytest.mark.skipif(sys.platform != "linux", reason="of Linux")


def refused(path: Path | str) -> DataError:
    with pytest.raises(DataError) as caught:
        read(path)
    return caught.value


@posix
@pytest.mark.parametrize("name", ["d.csv", "d.sav", "d.dta", "d.xlsx", "d.parquet", "d"])
def test_a_pipe_is_refused_at_once(name, tmp_path) -> None:
    """Opening one would wait for somebody to write into it."""
    os.mkfifo(tmp_path / name)
    (tmp_path / f"link{name}").symlink_to(tmp_path / name)
    for path in (tmp_path / name, tmp_path / f"link{name}"):
        error = refused(path)
        assert error.code == "not-a-file" and f"{path} is a pipe" in error.message
    outcome = Session().run(f'use "{tmp_path / name}"')
    assert outcome.error is not None and outcome.error[0] == "not-a-file"


@posix
def test_a_socket_is_refused(tmp_path, monkeypatch) -> None:
    monkeypatch.chdir(tmp_path)  # the name of a socket must be short
    with socket.socket(socket.AF_UNIX) as one:
        one.bind("s.csv")
        assert "a socket" in refused("s.csv").message


@posix
@pytest.mark.parametrize("name", ["/dev/zero", "/dev/null", "/dev/random"])
def test_a_device_is_refused(name, tmp_path) -> None:
    assert "a device" in refused(name).message
    (tmp_path / "z.sav").symlink_to(name)
    assert "a device" in refused(tmp_path / "z.sav").message


@linux
@pytest.mark.parametrize("name", ["/proc/meminfo", "/proc/self/status"])
def test_what_the_system_makes_up_is_refused(name) -> None:
    assert refused(name).code == "not-a-file"


@posix
def test_links_that_lead_nowhere_are_named(tmp_path) -> None:
    (tmp_path / "a.sav").symlink_to("gone.sav")
    error = refused(tmp_path / "a.sav")
    assert error.message == "a.sav is a link to gone.sav, which is not there." and error.code == "no-such-file"
    (tmp_path / "loop.csv").symlink_to("loop.csv")
    assert refused(tmp_path / "loop.csv").code == "no-such-file"


def test_a_folder_with_an_ending_is_a_folder(tmp_path) -> None:
    (tmp_path / "d.sav").mkdir()
    assert refused(tmp_path / "d.sav").code == "is-a-folder"


def test_a_name_that_is_too_long_is_refused(tmp_path) -> None:
    assert refused(tmp_path / ("x" * 5000 + ".csv")).code in ("unreadable-file", "no-such-file")


@pytest.mark.parametrize("name", ["EIO", "ESTALE", "ENODEV"])
@pytest.mark.parametrize("call", ["stat", "open"])
def test_a_drive_that_is_gone_is_not_a_damaged_file(name, call, tmp_path, monkeypatch) -> None:
    path = tmp_path / "d.csv"
    path.write_text("a,b\n1,2\n")
    number = getattr(errno, name)
    real = getattr(os, call)

    def fails(file, *arguments, **options):
        if str(file) == str(path):
            raise OSError(number, os.strerror(number))
        return real(file, *arguments, **options)

    monkeypatch.setattr(os, call, fails)
    error = refused(path)
    assert error.code == "unreadable-file" and os.strerror(number) in error.message and "drive" in error.advice
    assert "damaged" not in error.message


def test_a_drive_that_goes_while_a_file_is_read(tmp_path, monkeypatch) -> None:
    path = tmp_path / "d.csv"
    path.write_text("a,b\n1,2\n")

    def goes(*arguments, **options):
        raise OSError(errno.EIO, os.strerror(errno.EIO))

    monkeypatch.setattr(pd, "read_csv", goes)
    error = refused(path)
    assert "damaged" not in error.message and "drive" in error.advice


def test_a_file_that_grows_is_read_to_where_it_was_and_says_so(tmp_path, monkeypatch) -> None:
    path = tmp_path / "d.csv"
    path.write_text("a,b\n" + "1,2\n" * 1000)

    def grow(stage, fraction):
        with open(path, "a", encoding="utf-8") as file:
            file.write("3,4\n")

    data = read(path, progress=grow)
    assert len(data) >= 1000 and data.numeric("a")[:1000].tolist() == [1.0] * 1000
    assert any("changed while it was being read" in note for note in data.notes)
    assert not any("changed" in note for note in read(path).notes)


# --- files that are more than memory holds -----------------------------------------------------------------


def test_an_archive_that_unpacks_to_far_more_is_refused(tmp_path) -> None:
    path = tmp_path / "bomb.xlsx"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("[Content_Types].xml", "x")
        with archive.open("xl/sharedStrings.xml", "w") as member:
            for _ in range(100):
                member.write(b" " * (1 << 20))
    error = refused(path)
    assert error.code == "unpacks-too-large" and "bomb.xlsx unpacks to 0.1 GB" in error.message
    outcome = Session().run(f'import excel "{path}", describe')
    assert outcome.error is not None and outcome.error[0] == "unpacks-too-large"


def test_a_workbook_of_like_rows_is_no_bomb(tmp_path, monkeypatch) -> None:
    """The tightest that real data are packed."""
    monkeypatch.setattr(archives, "_SMALL", 0)
    path = tmp_path / "d.xlsx"
    pd.DataFrame(np.zeros((3000, 10)), columns=list("abcdefghij")).to_excel(path, index=False)
    assert len(read(path)) == 3000
    monkeypatch.setattr(archives, "available_memory", lambda: 1000)
    assert refused(path).code == "unpacks-too-large"


@pytest.mark.parametrize("name", ["d.csv", "d.sav", "d.dta"])
def test_a_file_of_58_gigabytes_is_refused_before_it_is_read(name, tmp_path, monkeypatch) -> None:
    path = tmp_path / name
    path.write_bytes(b"$FL2" if name == "d.sav" else b"a,b\n1,")
    try:
        os.truncate(path, 58 * 10**9)
    except OSError:
        pytest.skip("no sparse files here")
    monkeypatch.setattr(reading, "available_memory", lambda: 10**10)
    assert refused(path).code == "out-of-memory"
    if name == "d.csv":
        for how in ("", ", stream"):
            outcome = Session().run(f'use "{path}"{how}')
            assert outcome.error is not None and outcome.error[0] in ("not-text", "out-of-memory")


def test_a_line_without_end_is_refused(tmp_path, monkeypatch) -> None:
    path = tmp_path / "d.csv"
    path.write_bytes(b"a,b\n1," + b"x" * 3_000_000)
    assert len(read(path)) == 1
    monkeypatch.setattr(line_limit, "LONGEST", 2_500_000)
    assert refused(path).code == "not-text"
    path.write_bytes(b"a,b\n" + b"1,2\n" * 2_000_000)
    assert len(read(path)) == 2_000_000


def test_a_hole_in_a_text_file_is_named(tmp_path) -> None:
    """What is left of a download that had its room before its content."""
    path = tmp_path / "d.csv"
    path.write_bytes(b"a,b\n" + b"1,2\n" * 300_000 + bytes(3_000_000))
    error = refused(path)
    assert error.code == "not-text" and "zeros" in error.message


def test_a_column_of_one_value_that_is_longer_than_memory_is_refused(tmp_path) -> None:
    """A few bytes of Parquet can stand for any number of rows."""
    path = tmp_path / "d.parquet"
    chunk = pa.table({"x": pa.array(np.zeros(1 << 20))})
    with pq.ParquetWriter(path, chunk.schema, compression="zstd") as writer:
        for _ in range(4):
            writer.write_table(chunk)
    assert len(read(path)) == 4 << 20
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("terrace.data.parquet.available_memory", lambda: 1 << 24)
        assert refused(path).code == "out-of-memory"


def test_the_kinds_of_what_is_no_file_do_not_stop_a_file(tmp_path) -> None:
    path = tmp_path / "d"
    path.write_bytes(b"words")
    assert regular_file.first_bytes(path, 3) == b"wor"
    path.write_bytes(b"")
    assert regular_file.first_bytes(path, 3) == b""


@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere names are text")
@pytest.mark.parametrize("ending", list(formats.WRITTEN))
def test_names_that_are_no_utf8_are_written_and_read(ending, tmp_path) -> None:
    data = sample("sleepstudy")
    path = Path(os.fsdecode(os.fsencode(tmp_path) + b"/a\xff" + ending.encode()))
    write(data, path)
    assert len(read(path)) == len(data)


@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere names are text")
def test_a_database_whose_name_is_no_utf8_is_read_with_what_lies_beside_it(tmp_path) -> None:
    plain = tmp_path / "a.duckdb"
    database = duckdb.connect(str(plain), config={"checkpoint_threshold": "1TB"})
    database.execute("PRAGMA disable_checkpoint_on_shutdown")
    database.execute("CREATE TABLE t AS SELECT range AS x FROM range(5)")
    database.close()
    beside = tmp_path / "a.duckdb.wal"
    assert beside.stat().st_size > 0
    folder = Path(os.fsdecode(os.fsencode(tmp_path) + b"/\xff"))
    folder.mkdir()
    path = folder / os.fsdecode(b"b\xfe.duckdb")
    plain.rename(path)
    beside.rename(folder / os.fsdecode(b"b\xfe.duckdb.wal"))
    assert read(path).numeric("x").tolist() == [0, 1, 2, 3, 4]


@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere names are text")
@pytest.mark.parametrize("ending", [".parquet", ".csv"])
def test_a_streamed_file_whose_name_is_no_utf8_is_fitted(ending, tmp_path) -> None:
    data = sample("sleepstudy")
    path = Path(os.fsdecode(os.fsencode(tmp_path) + b"/a\xff" + ending.encode()))
    write(data, path)
    fits = [terrace.fit("mixed reaction days || subject:", found) for found in (data, terrace.stream(path))]
    assert fits[1].ll == pytest.approx(fits[0].ll, rel=1e-12) and not larger_than_memory(path)


@linux
@pytest.mark.parametrize("ending", [".arrow", ".ods", ".parquet", ".csv.zst"])
@pytest.mark.parametrize("sound", [True, False], ids=["sound", "broken"])
def test_a_file_that_a_library_reads_is_closed_at_once(ending, sound, tmp_path) -> None:
    """Not when nobody has it any more: an error that is kept has it for long."""
    path = Path(os.fsdecode(os.fsencode(tmp_path) + b"/a\xff" + ending.encode()))
    if ending.endswith(".zst"):
        path.write_bytes(pa.Codec("zstd").compress(b"x,y\n1,2\n", asbytes=True))
    else:
        write(sample("sleepstudy"), path)
    if not sound:
        path.write_bytes(path.read_bytes()[:-20])
    kind = formats.BY_ENDING[path.suffix]
    kept = None
    try:
        assert len(formats.reader_of(kind)(path, Report("")))
    except Exception as error:
        kept = error
    assert (kept is None) == sound
    still = [n for n in os.listdir("/proc/self/fd") if os.path.realpath(f"/proc/self/fd/{n}") == str(path)]
    assert still == []


def test_a_file_that_is_cut_while_it_is_opened_in_parts_is_an_error(tmp_path, monkeypatch) -> None:
    """Mapped into memory, it would end the process."""
    path = tmp_path / "d.csv"
    path.write_bytes(b"x,y\n" + b"1,2\n" * 1_000_000)

    def cut(data, file):
        found = find_encoding(data, file)
        os.truncate(file, 1000)
        return found

    monkeypatch.setattr(table, "find_encoding", cut)
    with pytest.raises(DataError, match=r"d\.csv cannot be read"):
        terrace.stream(path)


@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere names are text")
def test_a_compressed_file_whose_name_is_no_utf8_is_read(tmp_path) -> None:
    path = Path(os.fsdecode(os.fsencode(tmp_path) + b"/a\xff.csv.zst"))
    with path.open("wb") as file, pa.CompressedOutputStream(file, "zstd") as out:
        out.write(b"x,y\n1,2\n3,4\n")
    assert len(read(path)) == 2


@pytest.mark.parametrize(
    ("name", "content", "code"),
    [
        ("d.xlsx", b"PK\x03\x04 and no more", "unreadable-file"),
        ("d.xls", b"no workbook", "unreadable-file"),
        ("d.csv", b"x,y\n1,2\n", "no-such-sheet"),
        ("d.xlsx", b"", "empty-file"),
    ],
)
def test_sheets_of_what_is_no_workbook_are_refused_in_words(name, content, code, tmp_path) -> None:
    path = tmp_path / name
    path.write_bytes(content)
    outcome = Session().run(f'import excel "{path}", describe')
    assert outcome.error is not None and outcome.error[0] == code


@pytest.mark.parametrize("row", [",,,", ";;", " , ,", "\t\t"])
def test_a_sheet_of_nothing_but_delimiters_is_empty_and_not_damaged(row, tmp_path) -> None:
    path = tmp_path / "d.csv"
    path.write_text(f"{row}\r\n" * 5)
    with pytest.raises(DataError, match="contains only blanks"):
        read(path)
    path.write_text(f"{row}\r\n" * 700 + "a,b\r\n1,2\r\n")  # a table below them, far beyond what tells of the delimiter
    assert len(read(path)) >= 1
