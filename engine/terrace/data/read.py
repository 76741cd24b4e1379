"""`read`: any file that Terrace reads, as a `Dataset`."""

from __future__ import annotations

import difflib
import logging
import os
import warnings
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from terrace.data import formats, regular_file
from terrace.data.apart.messages import cause
from terrace.data.archives import refuse_bomb
from terrace.data.dataset import Dataset
from terrace.data.foreign import OTHERS as FOREIGN
from terrace.data.foreign import ZIP, Foreign
from terrace.data.formats import DataFormat
from terrace.data.memory import available_memory
from terrace.data.progress import Cancel, Progress, Report
from terrace.data.source_file import hashed
from terrace.data.streams.batches import StreamedData
from terrace.disk.leftovers import sweep
from terrace.disk.stamps import note
from terrace.errors import DataError, TerraceError

if TYPE_CHECKING:
    from terrace.data.readers.detect import Layout
    from terrace.data.readers.header import At

T = TypeVar("T")
log = logging.getLogger(__name__)
_ALWAYS = 1 << 28  # bytes of a file that is tried, however little memory seems to be left


def read(
    path: str | os.PathLike[str],
    *,
    sheet: str | int | None = None,
    cells: str | None = None,
    delimiter: str | None = None,
    decimal: str | None = None,
    encoding: str | None = None,
    catalog: str | None = None,
    table: str | None = None,
    object: str | None = None,
    member: str | None = None,
    thousands: str | None = None,
    rows: tuple[int | None, int | None] = (None, None),
    columns: tuple[int | None, int | None] = (None, None),
    names: At = None,
    skip: int = 0,
    comment: str | None = None,
    labels: At = None,
    text: tuple[int | str, ...] = (),
    heard: Callable[[Layout], object] | None = None,
    progress: Progress | None = None,
    cancel: Cancel | None = None,
) -> Dataset:
    """Read a file of any of `formats.FORMATS`, by its extension.

    Parameters
    ----------
    path
        The file. Without an extension, .dta is tried first, then the others.
    sheet, cells
        Name or number (from 1) of a sheet of a workbook, the first that is shown and holds a table where None; the
        range of its cells to read (``B3:F20``, or ``B3`` for all from there on).
    delimiter, decimal, encoding, thousands
        Of a text file; detected where None, and no mark between thousands where that is empty. The notes of the result
        tell what was detected. `encoding` also of files of Stata, SPSS and SAS, in place of the one that they name or
        are known to have.
    catalog
        Of a SAS file: a catalog of value labels (.sas7bcat), that of the same name beside the file where None.
    table, object, member
        Which table of a database, which object of an R file, which file of a zip archive or dataset of a SAS transport
        file; the first, the first data frame, and the only file or the first dataset where None.
    rows, columns
        Of a text file: the first and last to read, counted in the file from 1; None for the beginning or the end.
    names, labels
        Of a text file or a sheet: the row of the names and that of the labels of the variables, 0 where there is none;
        a pair is the first and the last of several rows, which are put together.
    skip, comment
        Of a text file: how many lines at the beginning are passed over, what lines begin with that are no data.
    text
        Of a text file or a sheet: columns that are text whatever they hold, by the names that they get; of a text file
        also counted from 1; 0 for all.
    heard
        Of a text file: it is told how the file is read.
    progress, cancel
        ``progress(stage, fraction)`` is called while reading; the work stops when ``cancel()`` is true.

    Raises `DataError` for every file that cannot be read, `Cancelled` when stopped.
    """
    file = locate(Path(path).expanduser())
    kind = _kind(file)
    report = Report(f"Reading {file.name}", progress, cancel)
    given: dict[str, Any] = {
        "sheet": sheet, "cells": cells, "delimiter": delimiter, "decimal": decimal, "encoding": encoding,
        "catalog": catalog, "table": table, "object": object, "member": member, "thousands": thousands,
        "rows": rows, "columns": columns, "names": names, "skip": skip, "comment": comment, "text": text,
        "labels": labels, "heard": heard,
    }  # fmt: skip
    for name in ("sheet", "cells", "catalog", "table", "object", "member"):
        if given[name] is not None and name not in kind.options:
            raise DataError(
                f"{file.name} is {kind.article}, which has no {name} option.",
                code="misplaced-option",
                subject=name,
                advice=f"Leave {name}() out.",
            )
    options = {name: given[name] for name in kind.options}
    note(file)
    sweep(file.parent)
    before = regular_file.state(file)
    _refuse_larger(file, kind, before[0])
    with hashed(file) as hashing:
        data = _in_words(file, kind, lambda: _made(file, kind, report, options))
        _refuse_empty(file, data)
    if regular_file.state(file) != before:
        changed = "The file changed while it was being read. Open it again when the other program has finished."
        data = replace(data, notes=(*data.notes, changed))
    report(1.0)
    return replace(data, sha256=hashing.sha256)


def _refuse_larger(file: Path, kind: DataFormat, size: int) -> None:
    """`DataError` for a file that cannot be held: a reader would fill the memory first."""
    left = available_memory()
    if left is not None and size > max(left, _ALWAYS):
        raise _too_large(file, kind)


def _too_large(file: Path, kind: DataFormat) -> DataError:
    advice = "Close other programs, or save fewer variables or rows of it in the program it comes from."
    if kind.opener:
        advice = f'Write use "{file.name}", stream, which reads it in parts; or save fewer variables or rows of it.'
    return DataError(
        f"{file.name} does not fit into memory. It is too large, or it is damaged.",
        code="out-of-memory",
        subject=str(file),
        advice=advice,
    )


def _made(file: Path, kind: DataFormat, report: Report, options: dict[str, Any]) -> Dataset:
    if kind.native:
        from terrace.data.apart.parent import read_apart

        return read_apart(kind, file, report, options)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)  # of libraries, about odd files; their place is no terminal
        return formats.reader_of(kind)(file, report, **options)


def stream(
    path: str | os.PathLike[str], *, progress: Progress | None = None, cancel: Cancel | None = None
) -> StreamedData:
    """A file of one of `formats.STREAMED` as a `StreamedData`, whose rows are read in batches when a model is fitted.

    Raises as `read` does, and `DataError` for a kind of file that cannot be read in batches.
    """
    file = locate(Path(path).expanduser())
    kind = _kind(file)
    report = Report(f"Opening {file.name}", progress, cancel)
    note(file)
    sweep(file.parent)
    data = _in_words(file, kind, lambda: _open_streamed(file, kind, report))
    _refuse_empty(file, data)
    return data


def sheets(
    path: str | os.PathLike[str], *, progress: Progress | None = None, cancel: Cancel | None = None
) -> tuple[tuple[str, str], ...]:
    """The sheets of a workbook with the range of cells that each uses.

    Raises `DataError` for every file that cannot be read, and for one that is no workbook; `Cancelled` when stopped.
    """
    file = locate(Path(path).expanduser())
    kind = _kind(file)
    if kind not in formats.opened_by("import excel"):
        raise DataError(f"{file.name} is {kind.article}, which has no sheets.", code="no-such-sheet", subject=str(file))
    listing = replace(kind, reader="terrace.data.readers.excel:read_sheet_list")
    report = Report(f"Reading {file.name}", progress, cancel)
    found = _in_words(file, kind, lambda: _made(file, listing, report, {})).frame
    return tuple(zip(found["sheet"].tolist(), found["range"].tolist(), strict=True))


def sheet_facts(
    path: str | os.PathLike[str],
    *,
    sheet: str | int | None = None,
    cells: str | None = None,
    names: At = None,
    labels: At = None,
    progress: Progress | None = None,
    cancel: Cancel | None = None,
) -> Dataset:
    """The sheets of a workbook and what `read` finds out of the one that it reads, as `excel.read_sheet_facts` has it.

    Raises as `sheets` does.
    """
    file = locate(Path(path).expanduser())
    facts = replace(_kind(file), reader="terrace.data.readers.excel:read_sheet_facts")
    report = Report(f"Reading {file.name}", progress, cancel)
    options = {"sheet": sheet, "cells": cells, "names": names, "labels": labels}
    return _in_words(file, facts, lambda: _made(file, facts, report, options))


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
            advice=f"Save it as {formats.WHOLE.usual} first, on a computer with more memory or in the program it comes "
            "from.",
        )
    return formats.opener_of(kind)(file, report)


def _in_words(file: Path, kind: DataFormat, work: Callable[[], T]) -> T:
    """What `work` reads, with every failure as a `DataError`."""
    try:
        return work()
    except TerraceError:
        raise
    except PermissionError as error:
        raise regular_file.not_reached(file, error) from None
    except MemoryError:
        raise _too_large(file, kind) from None
    # The parsers of the libraries raise what they like on a broken file; the cause stays for the log.
    except Exception as error:
        if isinstance(error, OSError) and error.errno in regular_file.GONE:
            raise regular_file.not_reached(file, error) from error
        regular_file.first_bytes(file, 1)  # a library in between may not tell that the drive is gone
        log.info("reading a file as %s: %s", kind.key, cause(error))
        raise DataError(
            f"{file.name} cannot be read: it is damaged, incomplete, or not {kind.article}.",
            code="unreadable-file",
            subject=str(file),
            advice="Copy or download it again, or open it in the program that wrote it and save it again.",
        ) from error


def _refuse_empty(file: Path, data: Dataset) -> None:
    if not data.names or not len(data):
        what = "variables" if not data.names else "rows of data"
        usable = " that can be used" if data.left_out and not data.names else ""
        reasons = " ".join([*data.left_out.values()][:3]) if usable else ""
        raise DataError(f"{file.name} has no {what}{usable}.", code="no-rows", subject=str(file), advice=reasons)


def locate(path: Path) -> Path:
    """The file meant by `path`: itself, or with an extension added. `DataError` where there is none."""
    try:
        folder = path.is_dir()
        file = formats.found(path)
        link = os.readlink(path) if path.is_symlink() else ""
    except OSError as error:
        raise regular_file.not_reached(path, error) from error
    if folder:
        raise DataError(
            f"{path} is a folder.", code="is-a-folder", subject=str(path), advice="Choose a file in this folder."
        )
    if file is not None:
        return file
    if link:
        raise DataError(
            f"{path.name} is a link to {link}, which is not there.",
            code="no-such-file",
            subject=str(path),
            advice="Open the file itself, or connect the drive that it is on.",
        )
    raise DataError(f"The file {path} does not exist.", code="no-such-file", subject=str(path), advice=_near(path))


def _near(path: Path) -> str:
    folder = path.parent
    try:
        files = [p.name for p in folder.iterdir() if formats.ending_of(p) in formats.BY_ENDING]
    except OSError:
        return f"The folder {folder} does not exist."
    lower = {name.lower(): name for name in files}
    close = difflib.get_close_matches(path.name.lower(), lower, n=3, cutoff=0.6)
    close += [n for n in lower if Path(n).stem == path.stem.lower() and n not in close]
    if close:
        return "Did you mean " + " or ".join(lower[n] for n in close[:3]) + "?"
    return f"The folder {folder.resolve()} has no file of a similar name."


def _kind(file: Path) -> DataFormat:
    head = regular_file.first_bytes(file, formats.HEAD)
    if not head:
        raise DataError(
            f"{file.name} is empty.", code="empty-file", subject=str(file), advice="Copy or export it again."
        )
    if head.startswith(ZIP):
        refuse_bomb(file)
    extension = formats.ending_of(file)
    declared = formats.BY_ENDING.get(extension)
    content = formats.content_of_file(file, head)
    if declared is not None and formats.may_hold(declared, content):
        return declared  # its reader tells what is wrong where content and extension disagree
    if isinstance(content, DataFormat):
        if not extension:
            return content
        raise DataError(
            f"{file.name} is {content.article} inside, whatever its extension says.",
            code="wrong-extension",
            subject=str(file),
            advice=f"Rename it to {file.with_suffix(content.usual).name}.",
        )
    if declared is None and content is None and not extension:
        return formats.TEXT
    foreign = content or FOREIGN.get(extension) or Foreign(f"of an unknown type, {extension}")
    unread = "" if foreign.code == "locked-file" else ", which Terrace does not read"
    raise DataError(
        f"{file.name} is {foreign.article}{unread}.",
        code=foreign.code,
        subject=str(file),
        advice=foreign.advice or "Save the data as one of " + " ".join(f.usual for f in formats.FORMATS) + ".",
    )
