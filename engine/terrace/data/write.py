"""`write`: a Dataset to a file, whole or not at all."""

from __future__ import annotations

import contextlib
import os
import tempfile
from dataclasses import dataclass
from pathlib import Path

from terrace.data import formats
from terrace.data.dataset import Dataset
from terrace.data.features import not_held
from terrace.data.formats import DataFormat
from terrace.data.progress import Cancel, Progress, Report
from terrace.data.writers.losses import text_losses
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
    The file appears complete or not at all: it is written beside its place under another name, flushed to
    the disk and renamed. Raises `DataError` where the file exists and `replace` is false, where the folder
    does not allow it, and where the format cannot hold the data; `Cancelled` when stopped.
    """
    target = Path(path).expanduser()
    if not target.suffix:
        target = target.with_name(target.name + (formats.USUAL if delimiter is None else formats.TEXT.usual))
    kind = _kind(target) if delimiter is None else formats.TEXT
    given = {"delimiter": delimiter, "header": header}
    options = {name: given[name] for name in kind.write_options}
    if target.is_dir():
        raise DataError(f"{target} is a folder.", code="is-a-folder", subject=str(target))
    if target.exists() and not replace:
        raise DataError(
            f"The file {target} exists already.",
            code="file-exists",
            subject=str(target),
            advice="Choose another name, or replace it (option replace).",
        )
    if not target.parent.is_dir():
        raise DataError(
            f"There is no folder {target.parent}.", code="no-such-folder", subject=str(target.parent)
        )
    report = Report(f"Writing {target.name}", progress, cancel)
    notes: list[str] = []
    with _atomically(target) as temporary:
        try:
            notes += formats.writer_of(kind)(data, temporary, report, **options)
            notes += text_losses(data, kind)
            notes += not_held(data, kind.holds, formats.ending_of(target) or kind.usual)
            report(1.0)
        except (TerraceError, OSError):
            raise
        # Five libraries write the formats; what they refuse, they refuse in their own ways.
        except Exception as error:
            raise DataError(
                f"The data cannot be written as {target.suffix}: {error}",
                code="cannot-write",
                subject=str(target),
                advice=f"Write them as {formats.WHOLE.usual}, which holds everything.",
            ) from error
    return Written(target, tuple(notes))


class _atomically(contextlib.AbstractContextManager[Path]):
    """Gives a temporary path beside `target`; on leaving without an error it takes the target's place."""

    def __init__(self, target: Path) -> None:
        self._target = target
        self._temporary: Path | None = None

    def __enter__(self) -> Path:
        try:
            handle, name = tempfile.mkstemp(
                dir=self._target.parent, prefix=f".{self._target.stem}-", suffix=self._target.suffix
            )
        except OSError as error:
            raise self._refused(error) from None
        os.close(handle)
        self._temporary = Path(name)
        return self._temporary

    def __exit__(self, kind: object, error: BaseException | None, trace: object) -> None:
        assert self._temporary is not None
        try:
            if error is None:
                self._settle(self._temporary)
        except OSError as problem:
            raise self._refused(problem) from None
        finally:
            self._temporary.unlink(missing_ok=True)
        if isinstance(error, OSError):
            raise self._refused(error) from None

    def _settle(self, temporary: Path) -> None:
        with open(temporary, "rb+") as file:
            os.fsync(file.fileno())
        temporary.chmod(self._mode())
        os.replace(temporary, self._target)
        if hasattr(os, "O_DIRECTORY"):  # so that the new name survives a power cut too
            folder = os.open(self._target.parent, os.O_RDONLY | os.O_DIRECTORY)
            try:
                os.fsync(folder)
            except OSError:
                pass  # some network file systems do not allow it
            finally:
                os.close(folder)

    def _mode(self) -> int:
        """The permissions of the replaced file, or of any new one: a temporary file is private."""
        if self._target.exists():
            return self._target.stat().st_mode & 0o777
        mask = os.umask(0)
        os.umask(mask)
        return 0o666 & ~mask

    def _refused(self, error: OSError) -> DataError:
        return DataError(
            f"{self._target} cannot be written: {error.strerror or error}.",
            code="cannot-write",
            subject=str(self._target),
            advice="Choose another folder, or close the file in other programs.",
        )


def _kind(target: Path) -> DataFormat:
    kind = formats.WRITTEN.get(formats.ending_of(target))
    if kind is None:
        raise DataError(
            f"Terrace does not write files of the type {formats.ending_of(target)}.",
            code="unknown-format",
            subject=str(target),
            advice="Use one of " + " ".join(formats.WRITTEN) + ".",
        )
    return kind
