"""The one table of data formats: what each is called, how it is known, read, streamed and written.

Whatever opens, saves or lists files asks this table: `read` and `write`, the commands and their help, the command line,
the dialogs of the window, the pages of the documentation. A format is one entry of `FORMATS` and a module with its
functions; these are named as text and imported when they are used, so that each library is loaded for its own files
only.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from terrace.data.features import ALL
from terrace.data.foreign import OLE, ZIP, Foreign, begins, foreign_by_head, inside
from terrace.data.foreign import OTHERS as FOREIGN
from terrace.wording import enumerated

if TYPE_CHECKING:
    import pandas as pd

    from terrace.data.dataset import Dataset
    from terrace.data.streams.batches import StreamedData

    Reader = Callable[..., Dataset]
    Writer = Callable[..., list[str]]
    Opener = Callable[..., StreamedData]
    Again = Callable[[pd.Series], pd.Series]

Keeps = Literal["values", "labels", "everything"]
HEAD = 512
"""Bytes by which a file is known."""


@dataclass(frozen=True, slots=True)
class DataFormat:
    """One format. Functions are named as ``module:function``, with modules of `terrace.data`.

    key, article, program
        Its name in the code; its name with the article, for messages (``a Stata file``); how lists and dialogs call it
        (``Stata``). Formats of one program share that.
    endings, written
        The endings of its files in lower case, the usual one first; those that are written.
    libraries
        The distributions that read and write it; ``pyproject.toml`` has their licences.
    reader
        ``reader(path, report, **options)`` gives a `Dataset`; `options` are those of `terrace.read` that it takes.
    writer
        ``writer(data, path, report, **options)`` writes, and gives notes on what the format could not hold;
        `write_options` are those of `terrace.data.write.write` that it takes. Empty where nothing is written.
    keeps
        What comes back from a file that was written: the values, value labels too, or everything that a Dataset knows.
    holds
        The keys of the `features` that a written file holds; ``features.ALL`` for all.
    again
        ``again(texts)`` is what reading makes of a text variable that was written, both of shape (n,); empty where
        texts come back as they are.
    guessed
        Whether its reader finds out by the cells where names and data begin and end (`readers/header.py`).
    opener, memory
        ``opener(path, report)`` gives a `StreamedData`, and ``memory(path)`` the bytes that the file and a fit would
        take in memory; empty where its files cannot be read in parts.
    commands
        The commands besides ``use`` that open it.
    native
        Whether its library is native code that a damaged file may bring down: it reads in a process apart (`apart`).
    content, anywhere
        Whether the first bytes of a file are of this format; words that stand somewhere in them, line ends aside,
        for a format without a beginning of its own. Without both it is plain text. What archives are is told by what
        is in them (`foreign.inside`).
    """

    key: str
    article: str
    program: str
    endings: tuple[str, ...]
    libraries: tuple[str, ...]
    reader: str
    options: tuple[str, ...] = ()
    written: tuple[str, ...] = ()
    writer: str = ""
    write_options: tuple[str, ...] = ()
    keeps: Keeps = "values"
    holds: frozenset[str] = frozenset()
    again: str = ""
    guessed: bool = False
    opener: str = ""
    memory: str = ""
    commands: tuple[str, ...] = ()
    native: bool = False
    content: Callable[[bytes], bool] | None = None
    anywhere: tuple[bytes, ...] = ()

    @property
    def usual(self) -> str:
        """The usual ending."""
        return self.endings[0]


def _nowhere(head: bytes) -> bool:
    """For formats that their first bytes do not tell, but that are no plain text."""
    return False


def _stata(head: bytes) -> bool:
    old = len(head) > 4 and 102 <= head[0] <= 115 and head[1] in (1, 2) and head[2] == 1
    return old or head.startswith(b"<stata_dta>")


def _compressed(head: bytes) -> bool:
    """gzip, xz, Zstandard, and bzip2 with the size of its blocks and the sign of the first."""
    bzip2 = head.startswith(b"BZh") and head[4:10] == b"1AY&SY"
    return bzip2 or head.startswith((b"\x1f\x8b", b"\xfd7zXZ\0", b"\x28\xb5\x2f\xfd"))


def _workbook(head: bytes) -> bool:
    return head.startswith(ZIP) and any(part in head for part in (b"[Content_Types]", b"xl/", b"docProps"))


_SHEET = ("sheet", "cells", "names", "labels", "text")
FORMATS = (
    DataFormat(
        "stata", "a Stata file", "Stata", (".dta",), ("pandas",),
        reader="terrace.data.readers.stata:read_stata", options=("encoding",),
        written=(".dta",), writer="terrace.data.writers.stata:write_stata", keeps="labels",
        holds=ALL - {"measures", "widths"},
        again="terrace.data.writers.losses:from_stata", content=_stata,
    ),
    DataFormat(
        "spss", "an SPSS file", "SPSS", (".sav", ".zsav"), ("pyreadstat",),
        reader="terrace.data.readers.statfiles:read_spss", options=("encoding",),
        written=(".sav", ".zsav"), writer="terrace.data.writers.statfiles:write_spss", keeps="labels",
        holds=ALL - {"label sets", "panel"},
        again="terrace.data.writers.losses:from_spss", commands=("import spss",), native=True,
        content=begins(b"$FL2", b"$FL3"),
    ),
    DataFormat(
        "portable", "an SPSS portable file", "SPSS", (".por",), ("pyreadstat",),
        reader="terrace.data.readers.statfiles:read_portable", commands=("import spss",), native=True,
        anywhere=(b"SPSS PORT FILE", b"SPSSPORT"),
    ),
    DataFormat(
        "sas", "a SAS data file", "SAS", (".sas7bdat",), ("pyreadstat",),
        reader="terrace.data.readers.sas:read_sas", options=("encoding", "catalog"), commands=("import sas",),
        native=True, content=lambda head: head[12:20] == b"\xc2\xea\x81\x60\xb3\x14\x11\xcf",
    ),
    DataFormat(
        "xport", "a SAS transport file", "SAS", (".xpt",), ("pyreadstat",),
        reader="terrace.data.readers.xport:read_xport", options=("encoding", "member"),
        written=(".xpt",), writer="terrace.data.writers.xport:write_xport",
        holds=frozenset({"label", "labels", "formats"}),
        again="terrace.data.writers.losses:from_spss", commands=("import sas", "import sasxport5"),
        content=begins(b"HEADER RECORD*******"),
    ),
    DataFormat(
        "text", "delimited text", "CSV", (".csv", ".tsv", ".tab", ".txt", ".dat", ".asc"),
        ("pandas", "pyarrow", "chardet"),
        reader="terrace.data.readers.delimited:read_delimited", options=(
            "delimiter", "decimal", "encoding", "thousands", "rows", "columns", "names", "skip", "comment", "text",
            "labels", "heard",
        ),
        written=(".csv", ".tsv"), writer="terrace.data.writers.tables:write_text",
        write_options=("delimiter", "header"),
        again="terrace.data.writers.losses:from_text", guessed=True, opener="terrace.data.streams.text:open_text",
        memory="terrace.data.streams.text:memory_of_text", commands=("import delimited",),
    ),
    DataFormat(
        "excel", "an Excel workbook", "Excel", (".xlsx", ".xlsm"), ("openpyxl",),
        reader="terrace.data.readers.excel:read_excel", options=_SHEET,
        written=(".xlsx",), writer="terrace.data.writers.tables:write_excel",
        again="terrace.data.writers.losses:from_excel", guessed=True, commands=("import excel",), content=_workbook,
    ),
    DataFormat(
        "xls", "an old Excel workbook", "Excel", (".xls",), ("python-calamine",),
        reader="terrace.data.readers.excel:read_excel", options=_SHEET, commands=("import excel",),
        native=True, content=begins(OLE),
    ),
    DataFormat(
        "xlsb", "a binary Excel workbook", "Excel", (".xlsb",), ("python-calamine",),
        reader="terrace.data.readers.excel:read_excel", options=_SHEET, commands=("import excel",),
        native=True, content=_nowhere,
    ),
    DataFormat(
        "ods", "an OpenDocument spreadsheet", "OpenDocument", (".ods",), ("python-calamine",),
        reader="terrace.data.readers.excel:read_excel", options=_SHEET, commands=("import excel",),
        native=True, content=_nowhere,
        written=(".ods",), writer="terrace.data.writers.opendocument:write_ods",
        again="terrace.data.writers.losses:from_ods", guessed=True,
    ),
    DataFormat(
        "r", "an R file", "R", (".rds", ".rdata", ".rda"), ("rdata",),
        reader="terrace.data.readers.rfiles:read_r", options=("object",),
        content=begins(b"RDX2\n", b"RDX3\n", b"RDA2\n", b"RDA3\n", b"X\n\0\0\0\x02", b"X\n\0\0\0\x03"),
    ),
    DataFormat(
        "jamovi", "a jamovi file", "jamovi", (".omv",), (), reader="terrace.data.readers.jamovi:read_jamovi",
        content=_nowhere,
    ),
    DataFormat(
        "jasp", "a JASP file", "JASP", (".jasp",), (), reader="terrace.data.readers.jasp:read_jasp",
        content=_nowhere,
    ),
    DataFormat(
        "parquet", "a Parquet file", "Parquet", (".parquet", ".pq"), ("pyarrow",),
        reader="terrace.data.parquet:read_parquet",
        written=(".parquet",), writer="terrace.data.parquet:write_parquet", keeps="everything", holds=ALL,
        opener="terrace.data.streams.parquet:open_parquet", memory="terrace.data.streams.parquet:memory_of_parquet",
        content=begins(b"PAR1\x15"),
    ),
    DataFormat(
        "arrow", "an Arrow file", "Arrow", (".feather", ".arrow"), ("pyarrow",),
        reader="terrace.data.readers.arrowfiles:read_arrow",
        written=(".arrow", ".feather"), writer="terrace.data.writers.arrow:write_arrow", keeps="everything", holds=ALL,
        native=True, content=begins(b"ARROW1\0\0", b"FEA1\0\0\0\0"),
    ),
    DataFormat(
        "json", "a JSON file", "JSON", (".json", ".ndjson", ".jsonl"), (),
        reader="terrace.data.readers.jsonfiles:read_json", content=_nowhere,
    ),
    DataFormat(
        "sqlite", "an SQLite database", "SQLite", (".sqlite", ".sqlite3", ".db"), (),
        reader="terrace.data.readers.databases:read_sqlite", options=("table",),
        content=begins(b"SQLite format 3\0"),
    ),
    DataFormat(
        "duckdb", "a DuckDB database", "DuckDB", (".duckdb", ".ddb"), ("duckdb",),
        reader="terrace.data.readers.databases:read_duckdb", options=("table",),
        native=True, content=lambda head: head[8:12] == b"DUCK" and head[13:20] == bytes(7),
    ),
    DataFormat(
        "compressed", "a compressed file", "compressed", (".gz", ".zip", ".bz2", ".xz", ".zst"), ("pyarrow",),
        reader="terrace.data.readers.expand:read_compressed",
        options=("sheet", "cells", "delimiter", "decimal", "encoding", "table", "object", "member"),
        content=_compressed,
    ),
)  # fmt: skip
"""In the order in which they are listed and in which a file without ending is looked for."""

BY_KEY = {f.key: f for f in FORMATS}
BY_ENDING = {ending: f for f in FORMATS for ending in f.endings}
WRITTEN = {ending: f for f in FORMATS for ending in f.written}
USUAL = FORMATS[0].usual
"""The ending of a file that is saved without one."""
TEXT = BY_KEY["text"]
WHOLE = next(f for f in FORMATS if f.keeps == "everything")
"""The format that keeps all that a Dataset knows."""
STREAMED = tuple(f for f in FORMATS if f.opener)

OTHERS = {ending: foreign.article for ending, foreign in FOREIGN.items()}
"""What people try to open that holds no data Terrace reads: ending and name with its article."""


def content_of_file(path: Path, head: bytes) -> DataFormat | Foreign | None:
    """The format of a file, by what an archive or a container holds, or else by its first bytes (`HEAD`).

    Something that is not read, or None for text, and for a damaged archive, of which the ending has to tell.
    """
    found = inside(path, head)
    if found is not None:
        return BY_KEY[found] if isinstance(found, str) else found
    for known in FORMATS:
        if known.content is not None and known.content(head):
            return known
    if head.startswith(ZIP):
        return None
    foreign = foreign_by_head(head)
    if foreign is not None:
        return foreign
    joined = head.replace(b"\r", b"").replace(b"\n", b"")
    return next((f for f in FORMATS if any(words in joined for words in f.anywhere)), None)


def may_hold(known: DataFormat, content: DataFormat | Foreign | None) -> bool:
    """Whether a file with an ending of this format can have this content: R compresses its files, too."""
    packed = known.key == "r" and isinstance(content, DataFormat) and content.key == "compressed"
    return content is None or content is known or packed


def ending_of(path: Path) -> str:
    """The ending in lower case, empty where there is none."""
    return path.suffix.lower()


def found(path: Path) -> Path | None:
    """The file that a path means: itself, or with the ending of a format added; None where there is none."""
    if path.exists():
        return path
    if ending_of(path) not in BY_ENDING and path.name:
        return next((p for e in BY_ENDING if (p := path.with_name(path.name + e)).is_file()), None)
    return None


def opened_by(command: str) -> tuple[DataFormat, ...]:
    """The formats that a command such as ``import sas`` opens."""
    return tuple(f for f in FORMATS if command in f.commands)


def endings_of(formats: Iterable[DataFormat]) -> tuple[str, ...]:
    """All endings of these formats."""
    return tuple(ending for f in formats for ending in f.endings)


def programs(formats: Iterable[DataFormat] = FORMATS, last: str = "and") -> str:
    """The names of the formats as a list in a sentence: ``Stata, SPSS and CSV``."""
    return enumerated(dict.fromkeys(f.program for f in formats), last)


def filter_of(endings: Iterable[str]) -> str:
    """The endings as the filter of a file dialog: ``*.dta *.sav``."""
    return " ".join(f"*{ending}" for ending in endings)


def save_filters() -> tuple[tuple[str, tuple[str, ...]], ...]:
    """What can be saved: how a dialog calls it, and its endings."""
    return tuple((f.program, f.written) for f in FORMATS if f.written)


def reader_of(known: DataFormat) -> Reader:
    """The function that reads a file of this format."""
    out: Reader = function_of(known.reader)
    return out


def writer_of(known: DataFormat) -> Writer:
    """The function that writes it."""
    out: Writer = function_of(known.writer)
    return out


def again_of(known: DataFormat) -> Again | None:
    """The function that says what becomes of text in such a file; None where nothing does."""
    if not known.again:
        return None
    out: Again = function_of(known.again)
    return out


def opener_of(known: DataFormat) -> Opener:
    """The function that opens a file of this format to be read in parts."""
    out: Opener = function_of(known.opener)
    return out


def memory_wanted(known: DataFormat, path: Path) -> int:
    """Memory in bytes that this file, whole and with a fit beside it, would take; 0 where it is not known."""
    if not known.memory:
        return 0
    wanted: Callable[[Path], int] = function_of(known.memory)
    return wanted(path)


def function_of(reference: str) -> Callable[..., Any]:
    """The function that a text such as ``terrace.data.readers.excel:read_excel`` names."""
    module, _, name = reference.partition(":")
    out: Callable[..., Any] = getattr(import_module(module), name)
    return out
