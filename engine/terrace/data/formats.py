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
_HEAD = 512  # bytes by which a file is known


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
    again
        ``again(texts)`` is what reading makes of a text variable that was written, both of shape (n,); empty where
        texts come back as they are.
    opener, memory
        ``opener(path, report)`` gives a `StreamedData`, and ``memory(path)`` the bytes that the file and a fit would
        take in memory; empty where its files cannot be read in parts.
    commands
        The commands besides ``use`` that open it.
    content, anywhere
        Whether the first bytes of a file are of this format; words that stand somewhere in them, line ends aside,
        for a format without a beginning of its own. Without both it is plain text.
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
    again: str = ""
    opener: str = ""
    memory: str = ""
    commands: tuple[str, ...] = ()
    content: Callable[[bytes], bool] | None = None
    anywhere: tuple[bytes, ...] = ()

    @property
    def usual(self) -> str:
        """The usual ending."""
        return self.endings[0]


def _begins(*beginnings: bytes) -> Callable[[bytes], bool]:
    return lambda head: head.startswith(beginnings)


def _stata(head: bytes) -> bool:
    old = len(head) > 4 and 102 <= head[0] <= 115 and head[1] in (1, 2) and head[2] == 1
    return old or head.startswith(b"<stata_dta>")


def _workbook(head: bytes) -> bool:
    return head.startswith(_ZIP) and any(part in head for part in (b"[Content_Types]", b"xl/", b"docProps"))


_ZIP = b"PK\x03\x04"

FORMATS = (
    DataFormat(
        "stata", "a Stata file", "Stata", (".dta",), ("pyreadstat",),
        reader="terrace.data.readers.statfiles:read_stata", options=("encoding",),
        written=(".dta",), writer="terrace.data.writers.statfiles:write_stata", keeps="labels",
        again="terrace.data.writers.losses:from_stata", content=_stata,
    ),
    DataFormat(
        "spss", "an SPSS file", "SPSS", (".sav", ".zsav"), ("pyreadstat",),
        reader="terrace.data.readers.statfiles:read_spss", options=("encoding",),
        written=(".sav", ".zsav"), writer="terrace.data.writers.statfiles:write_spss", keeps="labels",
        again="terrace.data.writers.losses:from_spss", commands=("import spss",), content=_begins(b"$FL2", b"$FL3"),
    ),
    DataFormat(
        "portable", "an SPSS portable file", "SPSS", (".por",), ("pyreadstat",),
        reader="terrace.data.readers.statfiles:read_portable", commands=("import spss",),
        anywhere=(b"SPSS PORT FILE", b"SPSSPORT"),
    ),
    DataFormat(
        "sas", "a SAS data file", "SAS", (".sas7bdat",), ("pyreadstat",),
        reader="terrace.data.readers.statfiles:read_sas", options=("encoding",), commands=("import sas",),
        content=lambda head: head[12:20] == b"\xc2\xea\x81\x60\xb3\x14\x11\xcf",
    ),
    DataFormat(
        "xport", "a SAS transport file", "SAS", (".xpt",), ("pyreadstat",),
        reader="terrace.data.readers.statfiles:read_xport", options=("encoding",),
        commands=("import sas", "import sasxport5"),
        content=_begins(b"HEADER RECORD*******"),
    ),
    DataFormat(
        "text", "delimited text", "CSV", (".csv", ".tsv", ".tab", ".txt", ".dat", ".asc"),
        ("pandas", "pyarrow", "chardet"),
        reader="terrace.data.readers.delimited:read_delimited", options=(
            "delimiter", "decimal", "encoding", "thousands", "rows", "columns", "names", "skip", "comment", "text",
        ),
        written=(".csv", ".tsv"), writer="terrace.data.writers.tables:write_text",
        write_options=("delimiter", "header"),
        again="terrace.data.writers.losses:from_text", opener="terrace.data.streams.text:open_text",
        memory="terrace.data.streams.text:memory_of_text", commands=("import delimited",),
    ),
    DataFormat(
        "excel", "an Excel workbook", "Excel", (".xlsx", ".xlsm"), ("openpyxl",),
        reader="terrace.data.readers.excel:read_excel", options=("sheet", "cells"),
        written=(".xlsx",), writer="terrace.data.writers.tables:write_excel",
        again="terrace.data.writers.losses:from_excel", commands=("import excel",), content=_workbook,
    ),
    DataFormat(
        "parquet", "a Parquet file", "Parquet", (".parquet", ".pq"), ("pyarrow",),
        reader="terrace.data.parquet:read_parquet",
        written=(".parquet",), writer="terrace.data.parquet:write_parquet", keeps="everything",
        opener="terrace.data.streams.parquet:open_parquet", memory="terrace.data.streams.parquet:memory_of_parquet",
        content=_begins(b"PAR1"),
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

_OTHERS: tuple[tuple[str, tuple[str, ...], Callable[[bytes], bool] | None], ...] = (
    ("an old Excel workbook", (".xls",), _begins(b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1")),
    ("an OpenDocument spreadsheet", (".ods",), None),
    ("an R file", (".rds", ".rdata", ".rda"), None),
    ("a zip archive", (".zip",), _begins(_ZIP)),
    ("a compressed file", (".gz",), _begins(b"\x1f\x8b")),
    ("a PDF document", (".pdf",), _begins(b"%PDF")),
    ("a web page", (".html", ".htm"), lambda head: head.lstrip().lower().startswith((b"<!doctype html", b"<html"))),
    ("a JSON file", (".json",), None),
    ("a SAS catalog of value labels", (".sas7bcat",), None),
    ("a do-file", (".do",), None),
)
OTHERS = {ending: article for article, endings, _ in _OTHERS for ending in endings}
"""What people try to open that holds no data Terrace reads: ending and name with its article."""


def content_of(head: bytes) -> DataFormat | str | None:
    """The format by the first 512 bytes of a file, the name of one that is not read, or None for text."""
    head = head[:_HEAD]
    for known in FORMATS:
        if known.content is not None and known.content(head):
            return known
    for article, _, content in _OTHERS:
        if content is not None and content(head):
            return article
    joined = head.replace(b"\r", b"").replace(b"\n", b"")
    return next((f for f in FORMATS if any(words in joined for words in f.anywhere)), None)


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
    out: Reader = _function(known.reader)
    return out


def writer_of(known: DataFormat) -> Writer:
    """The function that writes it."""
    out: Writer = _function(known.writer)
    return out


def again_of(known: DataFormat) -> Again | None:
    """The function that says what becomes of text in such a file; None where nothing does."""
    if not known.again:
        return None
    out: Again = _function(known.again)
    return out


def opener_of(known: DataFormat) -> Opener:
    """The function that opens a file of this format to be read in parts."""
    out: Opener = _function(known.opener)
    return out


def memory_wanted(known: DataFormat, path: Path) -> int:
    """Memory in bytes that this file, whole and with a fit beside it, would take; 0 where it is not known."""
    if not known.memory:
        return 0
    wanted: Callable[[Path], int] = _function(known.memory)
    return wanted(path)


def _function(reference: str) -> Callable[..., Any]:
    module, _, name = reference.partition(":")
    out: Callable[..., Any] = getattr(import_module(module), name)
    return out
