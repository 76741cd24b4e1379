"""Names of files in commands, and data that a second file holds."""

from __future__ import annotations

from dataclasses import replace

from terrace.data.dataset import Dataset
from terrace.language.grammar.tokens import Piece, unquoted
from terrace.session.session import Session


def file_name(session: Session, piece: Piece, command_name: str) -> str:
    """The file that a piece names, with or without quotation marks, as the session finds it.

    Raises `CommandError` where it is empty.
    """
    name = unquoted(piece)
    if not name:
        raise piece.error("The name of a file is missing.", code="no-file", advice=f'Write {command_name} "file.dta".')
    if name.lower().startswith(("http://", "https://", "ftp://")):
        raise piece.error(
            "Terrace does not read from the web.",
            code="web-file",
            advice="Download the file first, and open it from disk.",
        )
    return str(session.state.path(name))


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
