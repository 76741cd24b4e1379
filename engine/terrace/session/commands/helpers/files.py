"""Names of files in commands, and data that a second file holds."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from terrace.data.dataset import Dataset
from terrace.disk.writing import need_name
from terrace.language.grammar.options import Option, match_options, rules
from terrace.language.grammar.tokens import Piece, split, unquoted
from terrace.language.mixed_options import argument
from terrace.session.session import Session


def file_name(session: Session, piece: Piece, command_name: str) -> str:
    """The file that a piece names, with or without quotation marks, as the session finds it.

    Raises `CommandError` where it is empty.
    """
    name = unquoted(piece)
    if not name:
        raise piece.error("The name of a file is missing.", code="no-file", advice=f'Write {command_name} "file.dta".')
    if '"' in name and name == str(piece).strip():
        raise piece.error(
            "Quotation marks stand around the whole name of a file.",
            code="file-quotes",
            advice=f'Write {command_name} "my file.dta"; help {command_name} shows what else the command can do.',
        )
    if name.lower().startswith(("http://", "https://", "ftp://")):
        raise piece.error(
            "Terrace does not read from the web.",
            code="web-file",
            advice="Download the file, then open it from disk.",
        )
    return str(session.state.path(name))


def with_ending(path: Path, ending: str) -> Path:
    """The path, with the ending of its kind of file (such as ``.log``) where it has none.

    Raises `DataError` for a folder such as ``.``, which has no name to end.
    """
    need_name(path)
    return path if path.suffix else path.with_name(path.name + ending)


def read_saving(session: Session, option: Option, *, already: str = "") -> tuple[str, bool]:
    """``saving(FILE, replace)``: the file's name, and whether it may replace another.

    `already` are suboptions of Stata that say what is done anyway.
    """
    parts = split(argument(option), ",")
    inside = match_options(parts[1].strip(), rules("replace", already=already), "saving") if len(parts) > 1 else {}
    return file_name(session, parts[0].strip(), "saving"), "replace" in inside


def without_labels(data: Dataset) -> Dataset:
    """The data without value labels."""
    for v in data.variables:
        if v.value_labels:
            data = data.with_variable(replace(v, value_labels={}))
    return data


def read_using(session: Session, piece: Piece, command_name: str) -> Dataset:
    """The dataset of a file that a command names after using."""
    from terrace.data.read import read

    return read(file_name(session, piece, command_name), progress=session.report, cancel=session.cancelled)
