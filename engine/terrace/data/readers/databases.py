"""A table of an SQLite or a DuckDB file. The files are only read: nothing is written into them or beside them."""

from __future__ import annotations

import sqlite3
import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, closing, contextmanager
from pathlib import Path
from typing import Any

from terrace.data.arrow import plain_series
from terrace.data.dataset import Dataset
from terrace.data.progress import Report
from terrace.data.readers.build import RawColumn, build_dataset
from terrace.data.readers.expand import set_down
from terrace.data.readers.records import column_of
from terrace.data.regular_file import is_utf8
from terrace.errors import DataError
from terrace.wording import others_are

_BLOCK = 10_000


def read_sqlite(path: Path, report: Report, *, table: str | None = None) -> Dataset:
    """Read a table or a view, the first with rows where `table` is None; the others are told in a note."""
    report()
    with opened_sqlite(path, report) as database:
        names = [
            name for (name,) in database.execute(
                "SELECT name FROM sqlite_master WHERE type IN ('table', 'view')"
                " AND name NOT LIKE 'sqlite@_%' ESCAPE '@' ORDER BY type, rowid"
            )
        ]  # fmt: skip
        chosen = _chosen(path, names, table, lambda n: bool(database.execute(
            f"SELECT 1 FROM {_quoted(n)} LIMIT 1").fetchall()))  # fmt: skip
        rows = database.execute(f"SELECT * FROM {_quoted(chosen)}")
        titles = [str(entry[0]) for entry in rows.description]
        values: list[list[Any]] = [[] for _ in titles]
        while block := rows.fetchmany(_BLOCK):
            for column, more in zip(values, zip(*block, strict=True), strict=True):
                column.extend(more)
            report(None)
    columns = [RawColumn(title, column_of(column)) for title, column in zip(titles, values, strict=True)]
    return build_dataset(columns, source=str(path), notes=_which(names, chosen))


@contextmanager
def opened_sqlite(path: Path, report: Report) -> Iterator[sqlite3.Connection]:
    """A connection that cannot write. Changes that another program has not yet merged are read from a copy."""
    pending = [p for end in ("-wal", "-journal") if (p := path.with_name(path.name + end)).is_file() and _filled(p)]
    with ExitStack() as stack:
        file, how = path, "mode=ro&immutable=1"
        if pending:
            folder = stack.enter_context(tempfile.TemporaryDirectory(prefix="terrace-"))
            for p in (path, *pending):
                with open(p, "rb") as stream:
                    set_down(stream, Path(folder, p.name), report, most=sys.maxsize, name=p.name)
            file, how = Path(folder, path.name), "mode=rw"
        database = stack.enter_context(closing(sqlite3.connect(f"{file.resolve().as_uri()}?{how}", uri=True)))
        database.text_factory = lambda content: content.decode("utf-8", errors="replace")
        yield database


def read_duckdb(path: Path, report: Report, *, table: str | None = None) -> Dataset:
    """Read a table or a view, the first with rows where `table` is None; the others are told in a note."""
    import duckdb

    report()
    with ExitStack() as stack:
        try:
            database = stack.enter_context(_opened_duckdb(path))
        except duckdb.Error as error:
            if "newer version" in str(error) or "older" in str(error) or "version number" in str(error):
                raise DataError(
                    f"{path.name} was written by a different version of "
                    "DuckDB.", code="unreadable-file", subject=str(path),
                    advice="In DuckDB, write the table with COPY name TO 'name.parquet'.",
                ) from error  # fmt: skip
            raise
        listed = database.execute(
            "SELECT table_schema, table_name FROM information_schema.tables WHERE table_catalog = current_database()"
        ).fetchall()
        places = {n if s == "main" else f"{s}.{n}": f"{_quoted(s)}.{_quoted(n)}" for s, n in listed}
        chosen = _chosen(path, [*places], table, lambda n: bool(
            database.execute(f"SELECT 1 FROM {places[n]} LIMIT 1").fetchall()))  # fmt: skip
        arrow: Any = database.sql(f"SELECT * FROM {places[chosen]}").to_arrow_table()
    report()
    columns = [RawColumn(name, plain_series(arrow.column(k))) for k, name in enumerate(arrow.column_names)]
    return build_dataset(columns, source=str(path), notes=_which([*places], chosen))


@contextmanager
def _opened_duckdb(path: Path) -> Iterator[Any]:
    """A connection that cannot write.

    A file whose name is no UTF-8 is opened by a link and called ``data``, as DuckDB takes every name for UTF-8; a link
    leads to what lies beside it too, changes that are not yet merged.
    """
    import duckdb

    if is_utf8(path):
        with closing(duckdb.connect(str(path), read_only=True, config={"enable_external_access": "false"})) as database:
            yield database
        return
    with tempfile.TemporaryDirectory(prefix="terrace-") as folder, closing(duckdb.connect()) as database:
        link = Path(folder, "data.duckdb")
        for end in ("", ".wal"):
            beside = path.with_name(path.name + end).absolute()
            if beside.exists():
                link.with_name(link.name + end).symlink_to(beside)
        where = str(link).replace("'", "''")
        for command in (f"ATTACH '{where}' AS data (READ_ONLY)", "USE data", "SET enable_external_access = false"):
            database.execute(command)
        yield database


def _filled(path: Path) -> bool:
    return path.stat().st_size > 0


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'


def _chosen(path: Path, names: Sequence[str], table: str | None, has_rows: Any) -> str:
    if not names:
        raise DataError(f"{path.name} has no tables.", code="no-rows", subject=str(path))
    if table is None:
        return next((n for n in names if has_rows(n)), names[0])
    found = next((n for n in names if n.lower() == table.lower()), None)
    if found is None:
        raise DataError(
            f"{path.name} has no table {table!r}.", code="no-such-table", subject="table",
            advice=f"Its tables are: {', '.join(names)}.",
        )  # fmt: skip
    return found


def _which(names: Sequence[str], chosen: str) -> list[str]:
    others = [n for n in names if n != chosen]
    if not others:
        return []
    return [f"Read the table {chosen}; {others_are(others)}. Use the option table() to open another."]
