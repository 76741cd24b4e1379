"""`read`: any file that Terrace reads, as a `Dataset`."""

from __future__ import annotations

import difflib
import os
from collections.abc import Callable
from pathlib import Path

from terrace.data import formats
from terrace.data.dataset import Dataset
from terrace.data.formats import DataFormat
from terrace.data.memory import available_memory
from terrace.data.progress import Cancel, Progress, Report
from terrace.data.streams.batches import StreamedData
from terrace.errors import DataError, TerraceError


def read(
    path: str | os.PathLike[str],
    *,
    sheet: str | int | None = None,
    cells: str | None = None,
    delimiter: str | None = None,
    decimal: str | None = None,
    encoding: str | None = None,
    thousands: str | None = None,
    rows: tuple[int | None, int | None] = (None, None),
    columns: tuple[int | None, int | None] = (None, None),
    names: int | None = None,
    skip: int = 0,
    comment: str | None = None,
    text: tuple[int, ...] = (),
    progress: Progress | None = None,
    cancel: Cancel | None = None,
) -> Dataset:
    """Read a file of any of `formats.FORMATS`, by its extension.

    Parameters
    ----------
    path
        The file. Without an extension, .dta is tried first, then the others.
    sheet, cells
        Name or number (from 1) of an Excel sheet, the first that is not empty where None; the range of its cells to
        read (``B3:F20``, or ``B3`` for all from there on).
    delimiter, decimal, encoding, thousands
        Of a text file; detected where None. The notes of the result tell what was detected.
    rows, columns
        Of a text file: the first and last to read, counted in the file from 1; None for the beginning or the end.
    names, skip, comment
        Of a text file: the row of the names (0 where there is none), how many lines at the beginning are passed over,
        what lines begin with that are no data.
    text
        Of a text file: columns that are text whatever they hold, counted from 1; 0 for all.
    progress, cancel
        ``progress(stage, fraction)`` is called while reading; the work stops when ``cancel()`` is true.

    Raises `DataError` for every file that cannot be read, `Cancelled` when stopped.
    """
    file = locate(Path(path).expanduser())
    kind = _kind(file)
    report = Report(f"Reading {file.name}", progress, cancel)
    given = {
        "sheet": sheet, "cells": cells, "delimiter": delimiter, "decimal": decimal, "encoding": encoding,
        "thousands": thousands, "rows": rows, "columns": columns, "names": names, "skip": skip, "comment": comment,
        "text": text,
    }  # fmt: skip
    options = {name: given[name] for name in kind.options}
    data = _in_words(file, kind, lambda: formats.reader_of(kind)(file, report, **options))
    report(1.0)
    return data


def stream(
    path: str | os.PathLike[str], *, progress: Progress | None = None, cancel: Cancel | None = None
) -> StreamedData:
    """A file of one of `formats.STREAMED` as a `StreamedData`, whose rows are read in batches when a model is fitted.

    Raises as `read` does, and `DataError` for a kind of file that cannot be read in batches.
    """
    file = locate(Path(path).expanduser())
    kind = _kind(file)
    report = Report(f"Opening {file.name}", progress, cancel)
    data = _in_words(file, kind, lambda: _open_streamed(file, kind, report))
    assert isinstance(data, StreamedData)
    return data


def larger_than_memory(path: str | os.PathLike[str]) -> bool:
    """True for a file that could be streamed and, whole and with a fit beside it, would not fit into memory."""
    file = locate(Path(path).expanduser())
    kind = _kind(file)
    left = available_memory()
    if left is None or file.stat().st_size < left / 1000:
        return False
    try:
        return formats.memory_wanted(kind, file) > left
    except Exception:  # a broken file: its reader says what is wrong
        return False


def _open_streamed(file: Path, kind: DataFormat, report: Report) -> StreamedData:
    if not kind.opener:
        raise DataError(
            f"{file.name} cannot be streamed: that needs a {formats.programs(formats.STREAMED, 'or')} file.",
            code="cannot-stream",
            subject=str(file),
            advice=f"Save it as {formats.WHOLE.usual} once, on a machine that holds it in memory or in the program it "
            "comes from.",
        )
    return formats.opener_of(kind)(file, report)


def _in_words(file: Path, kind: DataFormat, work: Callable[[], Dataset]) -> Dataset:
    """What `work` reads, with every failure as a `DataError`."""
    try:
        data = work()
    except TerraceError:
        raise
    except PermissionError:
        raise _denied(file) from None
    except MemoryError:
        raise DataError(
            f"{file.name} does not fit into memory.", code="out-of-memory", subject=str(file)
        ) from None
    # The parsers of five libraries raise what they like on a broken file; the cause stays for the log.
    except Exception as error:
        raise DataError(
            f"{file.name} cannot be read: it is damaged, incomplete, or not {kind.article}.",
            code="unreadable-file",
            subject=str(file),
            advice="Copy or download it again, or open it in the program that wrote it and save it anew.",
        ) from error
    if not data.names or not len(data):
        what = "variables" if not data.names else "rows of data"
        raise DataError(f"{file.name} has no {what}.", code="no-rows", subject=str(file))
    return data


def locate(path: Path) -> Path:
    """The file meant by `path`: itself, or with an extension added. `DataError` where there is none."""
    if path.is_dir():
        raise DataError(
            f"{path} is a folder.", code="is-a-folder", subject=str(path), advice="Choose a file in it."
        )
    file = formats.found(path)
    if file is not None:
        return file
    raise DataError(f"There is no file {path}.", code="no-such-file", subject=str(path), advice=_near(path))


def _near(path: Path) -> str:
    folder = path.parent
    try:
        files = [p.name for p in folder.iterdir() if formats.ending_of(p) in formats.BY_ENDING]
    except OSError:
        return f"There is no folder {folder}."
    lower = {name.lower(): name for name in files}
    close = difflib.get_close_matches(path.name.lower(), lower, n=3, cutoff=0.6)
    close += [n for n in lower if Path(n).stem == path.stem.lower() and n not in close]
    if close:
        return "Did you mean " + " or ".join(lower[n] for n in close[:3]) + "?"
    return f"The folder {folder.resolve()} has no file of a similar name."


def _kind(file: Path) -> DataFormat:
    try:
        with open(file, "rb") as stream:
            head = stream.read(512)
    except PermissionError:
        raise _denied(file) from None
    except OSError as error:
        raise DataError(
            f"{file.name} cannot be opened: {error.strerror}.", code="unreadable-file", subject=str(file)
        ) from error
    if not head:
        raise DataError(
            f"{file.name} is empty.", code="empty-file", subject=str(file), advice="Copy or export it again."
        )
    extension = formats.ending_of(file)
    declared = formats.BY_ENDING.get(extension)
    content = formats.content_of(head)
    if declared is not None and content in (None, declared):
        return declared  # its reader tells what is wrong where content and extension disagree
    if isinstance(content, DataFormat):
        if not extension:
            return content
        raise DataError(
            f"{file.name} is {content.article} by its content, not by its extension.",
            code="wrong-extension",
            subject=str(file),
            advice=f"Rename it to {file.with_suffix(content.usual).name}.",
        )
    if declared is None and content is None and not extension:
        return formats.TEXT
    what = content or formats.OTHERS.get(extension, f"of the unknown type {extension}")
    raise DataError(
        f"{file.name} is {what}, which Terrace does not read.",
        code="unknown-format",
        subject=str(file),
        advice="Save the data as one of " + " ".join(f.usual for f in formats.FORMATS) + ".",
    )


def _denied(file: Path) -> DataError:
    return DataError(
        f"{file.name} may not be read.",
        code="no-permission",
        subject=str(file),
        advice="Close it in other programs, or ask for permission to read it.",
    )
