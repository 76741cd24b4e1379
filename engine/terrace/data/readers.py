"""`read`: any file that Terrace reads, as a `Dataset`."""

from __future__ import annotations

import difflib
import os
from collections.abc import Callable
from pathlib import Path

from terrace.data import kinds
from terrace.data.dataset import Dataset
from terrace.data.memory import available_memory
from terrace.data.progress import Cancel, Progress, Report
from terrace.data.streamed import StreamedData
from terrace.data.streaming_kinds import memory_wanted, open_streamed
from terrace.errors import DataError, TerraceError


def read(
    path: str | os.PathLike[str],
    *,
    sheet: str | int | None = None,
    cells: str | None = None,
    delimiter: str | None = None,
    decimal: str | None = None,
    encoding: str | None = None,
    progress: Progress | None = None,
    cancel: Cancel | None = None,
) -> Dataset:
    """Read a file, by its extension: .dta .sav .zsav .por .sas7bdat .xpt .csv .tsv .txt .xlsx .parquet.

    Parameters
    ----------
    path
        The file. Without an extension, .dta is tried first, then the others.
    sheet, cells
        Name or number (from 1) of an Excel sheet, the first that is not empty where None; the range of its cells to
        read (``B3:F20``, or ``B3`` for all from there on).
    delimiter, decimal, encoding
        Of a text file; detected where None. The notes of the result tell what was detected.
    progress, cancel
        ``progress(stage, fraction)`` is called while reading; the work stops when ``cancel()`` is true.

    Raises `DataError` for every file that cannot be read, `Cancelled` when stopped.
    """
    file = locate(Path(path).expanduser())
    kind = _kind(file)
    report = Report(f"Reading {file.name}", progress, cancel)
    data = _in_words(file, kind, lambda: _reader(kind, sheet, cells, delimiter, decimal, encoding)(file, report))
    report(1.0)
    return data


def stream(
    path: str | os.PathLike[str], *, progress: Progress | None = None, cancel: Cancel | None = None
) -> StreamedData:
    """A Parquet or text file as a `StreamedData`, whose rows are read in batches when a model is fitted.

    Raises as `read` does, and `DataError` for a kind of file that cannot be read in batches.
    """
    file = locate(Path(path).expanduser())
    kind = _kind(file)
    report = Report(f"Opening {file.name}", progress, cancel)
    data = _in_words(file, kind, lambda: open_streamed(file, kind.key, report))
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
        return memory_wanted(file, kind.key) > left
    except Exception:  # a broken file: its reader says what is wrong
        return False


def _in_words(file: Path, kind: kinds.Kind, work: Callable[[], Dataset]) -> Dataset:
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
            f"{file.name} cannot be read: it is damaged, incomplete, or not {kind.name}.",
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
    if path.exists():
        return path
    if kinds.extension_of(path) not in kinds.BY_EXTENSION:
        for extension in kinds.EXTENSIONS:
            candidate = path.with_name(path.name + extension) if path.name else path
            if candidate.is_file():
                return candidate
    raise DataError(f"There is no file {path}.", code="no-such-file", subject=str(path), advice=_near(path))


def _near(path: Path) -> str:
    folder = path.parent
    try:
        files = [p.name for p in folder.iterdir() if p.suffix.lower() in kinds.BY_EXTENSION]
    except OSError:
        return f"There is no folder {folder}."
    lower = {name.lower(): name for name in files}
    close = difflib.get_close_matches(path.name.lower(), lower, n=3, cutoff=0.6)
    close += [n for n in lower if Path(n).stem == path.stem.lower() and n not in close]
    if close:
        return "Did you mean " + " or ".join(lower[n] for n in close[:3]) + "?"
    return f"The folder {folder.resolve()} has no file of a similar name."


def _kind(file: Path) -> kinds.Kind:
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
    extension = kinds.extension_of(file)
    declared = kinds.BY_EXTENSION.get(extension)
    found = kinds.kind_of_content(head)
    if declared is not None and found in (None, declared.key):
        return declared  # its reader tells what is wrong where content and extension disagree
    if found in kinds.BY_KEY:
        if not extension:
            return kinds.BY_KEY[found]
        right = kinds.BY_KEY[found].extensions[0]
        raise DataError(
            f"{file.name} is {kinds.described(found)} by its content, not by its extension.",
            code="wrong-extension",
            subject=str(file),
            advice=f"Rename it to {file.with_suffix(right).name}.",
        )
    if declared is None and found is None and not extension:
        return kinds.BY_KEY["text"]
    foreign = found if found in kinds.FOREIGN else extension
    what = kinds.FOREIGN.get(foreign, f"of the unknown type {extension}")
    raise DataError(
        f"{file.name} is {what}, which Terrace does not read.",
        code="unknown-format",
        subject=str(file),
        advice="Save the data as one of " + " ".join(k.extensions[0] for k in kinds.KINDS) + ".",
    )


def _reader(
    kind: kinds.Kind,
    sheet: str | int | None,
    cells: str | None,
    delimiter: str | None,
    decimal: str | None,
    encoding: str | None,
) -> Callable[[Path, Report], Dataset]:
    # Imported here: each format loads its own library, and only when it is read.
    if kind.key == "text":
        from terrace.data.delimited import read_delimited

        def read_text(file: Path, report: Report) -> Dataset:
            return read_delimited(file, report, delimiter=delimiter, decimal=decimal, encoding=encoding)

        return read_text
    if kind.key == "excel":
        from terrace.data.excel import read_excel

        return lambda file, report: read_excel(file, report, sheet=sheet, cells=cells)
    if kind.key == "parquet":
        from terrace.data.parquet import read_parquet

        return read_parquet
    from terrace.data import statfiles

    function = {
        "stata": statfiles.read_stata,
        "spss": statfiles.read_spss,
        "portable": statfiles.read_portable,
        "sas": statfiles.read_sas,
        "xport": statfiles.read_xport,
    }[kind.key]
    return lambda file, report: function(file, report, encoding)


def _denied(file: Path) -> DataError:
    return DataError(
        f"{file.name} may not be read.",
        code="no-permission",
        subject=str(file),
        advice="Close it in other programs, or ask for permission to read it.",
    )
