"""Kinds of file: by name and by content."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Kind:
    """One format: its extensions, the first being the usual one; `name` with its article, for messages."""

    key: str
    name: str
    extensions: tuple[str, ...]


KINDS = (
    Kind("stata", "a Stata file", (".dta",)),
    Kind("spss", "an SPSS file", (".sav", ".zsav")),
    Kind("portable", "an SPSS portable file", (".por",)),
    Kind("sas", "a SAS data file", (".sas7bdat",)),
    Kind("xport", "a SAS transport file", (".xpt",)),
    Kind("text", "delimited text", (".csv", ".tsv", ".tab", ".txt", ".dat", ".asc")),
    Kind("excel", "an Excel workbook", (".xlsx", ".xlsm")),
    Kind("parquet", "a Parquet file", (".parquet", ".pq")),
)
BY_KEY = {kind.key: kind for kind in KINDS}
BY_EXTENSION = {extension: kind for kind in KINDS for extension in kind.extensions}
EXTENSIONS = tuple(BY_EXTENSION)

FOREIGN = {
    ".xls": "an old Excel workbook",
    ".ods": "an OpenDocument spreadsheet",
    ".rds": "an R file",
    ".rdata": "an R file",
    ".rda": "an R file",
    ".zip": "a zip archive",
    ".gz": "a compressed file",
    ".pdf": "a PDF document",
    ".html": "a web page",
    ".htm": "a web page",
    ".json": "a JSON file",
    ".sas7bcat": "a SAS catalog of value labels",
    ".do": "a do-file",
}
"""What people try to open that holds no data Terrace reads."""


def kind_of_content(head: bytes) -> str | None:
    """The key of the kind, or the extension of a foreign one, in the first 512 bytes; None for text."""
    if head.startswith(b"<stata_dta>"):
        return "stata"
    if len(head) > 4 and 102 <= head[0] <= 115 and head[1] in (1, 2) and head[2] == 1:
        return "stata"
    if head[:4] in (b"$FL2", b"$FL3"):
        return "spss"
    if head.startswith(b"HEADER RECORD*******"):
        return "xport"
    if head[12:20] == b"\xc2\xea\x81\x60\xb3\x14\x11\xcf":
        return "sas"
    if head.startswith(b"PAR1"):
        return "parquet"
    if head.startswith(b"PK\x03\x04"):
        return "excel" if b"[Content_Types]" in head or b"xl/" in head or b"docProps" in head else ".zip"
    if head.startswith(b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"):
        return ".xls"
    if head.startswith(b"\x1f\x8b"):
        return ".gz"
    if head.startswith(b"%PDF"):
        return ".pdf"
    if head.lstrip()[:14].lower().startswith((b"<!doctype html", b"<html")):
        return ".html"
    if b"SPSS PORT FILE" in (joined := head.replace(b"\r", b"").replace(b"\n", b"")) or b"SPSSPORT" in joined:
        return "portable"
    return None


def described(key: str) -> str:
    """A kind's name with its article, for a key or the extension of a foreign kind."""
    return BY_KEY[key].name if key in BY_KEY else FOREIGN[key]


def extension_of(path: Path) -> str:
    """The extension in lower case, empty where there is none."""
    return path.suffix.lower()
