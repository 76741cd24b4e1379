"""`write`: a Dataset to a file, whole or not at all."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

from terrace.data import formats
from terrace.data.dataset import Dataset
from terrace.data.features import not_held
from terrace.data.formats import DataFormat
from terrace.data.progress import Cancel, Progress, Report
from terrace.data.writers.losses import row_losses, text_losses
from terrace.data.writers.unwritable import no_unicode
from terrace.data.writers.verify import read_back
from terrace.disk.stamps import changed
from terrace.disk.writing import need_name, other_names, replacing
from terrace.errors import DataError, TerraceError


@dataclass(frozen=True, slots=True)
class Written:
    """Where the data went, and what the format could not hold, in plain words."""

    path: Path
    notes: tuple[str, ...]


def write(
    data: Dataset,
    path: str | os.PathLike[str],
    *,
    replace: bool = False,
    delimiter: str | None = None,
    header: bool = True,
    progress: Progress | None = None,
    cancel: Cancel | None = None,
) -> Written:
    """Write `data` in the format of the path's extension (that of `formats.USUAL` where it has none).

    A `delimiter` asks for delimited text whatever the extension (.csv where it has none), without a line of names
    where `header` is false.
    The file appears complete or not at all, as `terrace.disk.writing` has it, after its rows have been read back.
    Raises `DataError` where the file exists and `replace` is false, where the folder
    does not allow it, and where the format cannot hold the data; `Cancelled` when stopped.
    """
    target = Path(path).expanduser()
    need_name(target)
    if not target.suffix:
        target = target.with_name(target.name + (formats.USUAL if delimiter is None else formats.TEXT.usual))
    kind = _kind(target) if delimiter is None else formats.TEXT
    given = {"delimiter": delimiter, "header": header}
    options = {name: given[name] for name in kind.write_options}
    report = Report(f"Writing {target.name}", progress, cancel)
    notes: list[str] = []
    names = other_names(target)
    if names:
        others = "another name" if names == 1 else f"{names} other names"
        notes.append(f"{target.name} had {others} (hard links), which still point to the old file.")
    overwritten = changed(target)

    def look(temporary: Path) -> None:
        report(1.0)
        read_back(data, kind, temporary, options)

    try:
        with replacing(target, replace=replace, check=look) as temporary:
            notes += formats.writer_of(kind)(data, temporary, report, **options)
            notes += text_losses(data, kind)
            notes += row_losses(data, kind) if header else []
            notes += not_held(data, kind.holds, formats.ending_of(target) or kind.usual)
    except (TerraceError, MemoryError):
        raise
    # Libraries write most formats; what they refuse, they refuse in their own ways.
    except Exception as error:
        if isinstance(error, UnicodeError) and (told := no_unicode(data)) is not None:
            raise told from None
        raise DataError(
            f"The data cannot be written as {target.suffix}: {error}",
            code="cannot-write",
            subject=str(target),
            advice=f"Write them as {formats.WHOLE.usual}, which holds everything.",
        ) from error
    if overwritten:
        notes.append(f"Another program changed {target.name} after it was opened. Its changes have been replaced.")
    return Written(target, tuple(notes))


def _kind(target: Path) -> DataFormat:
    kind = formats.WRITTEN.get(formats.ending_of(target))
    if kind is None:
        raise DataError(
            f"Terrace cannot write files of type {formats.ending_of(target)}.",
            code="unknown-format",
            subject=str(target),
            advice="Use one of " + " ".join(formats.WRITTEN) + ".",
        )
    return kind
