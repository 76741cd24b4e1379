"""The project file, ``.terrace``: what `parts` makes of a session, in one sealed file.

It is written whole or not at all and read back before it takes the place of the old one. A file that another window or
another machine has open is opened for reading only, and says who has it.
"""

from __future__ import annotations

import zipfile
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from terrace.data.memory import available_memory
from terrace.data.streams.batches import StreamedData
from terrace.disk.held import Held, Holder, hold_file, holder_of
from terrace.disk.writing import replacing
from terrace.errors import DataError
from terrace.sealed import DAMAGED, Parts, Sealer, is_sealed
from terrace.session.opened import Lost, ProjectFile, stamp_of
from terrace.session.project.migrations import FORM
from terrace.session.project.models import data_are_elsewhere
from terrace.session.project.parts import Project, read_layout, read_parts, write_parts
from terrace.session.project.versions import notes_on

KIND = "project"
_MOST = 1 << 36  # bytes, where the memory of the machine is not known


def save_project(
    project: Project, path: Path, *, replace: bool = False, without_data: bool = False, held: Held | None = None,
    first: Callable[[], object] | None = None,
) -> Path:  # fmt: skip
    """Write a project to a file; returns its path.

    With `without_data`, columns of data stay away, and what names rows in plots. Raises `DataError` where the file is
    there and not to be replaced, where another window has it (`held` is the hold of this one), and where the disk
    refuses. `first` is called when all is written and the file that it replaces is still there.
    """
    holder = holder_of(path)
    if holder is not None and (held is None or held.holder != holder):
        raise DataError(
            f"{path.name} is open elsewhere: {holder}.", code="open-elsewhere", subject=str(path),
            advice="Save under another name, or close it there.",
        )  # fmt: skip
    with replacing(path, replace=replace, check=_whole) as temporary:
        sealer = Sealer(temporary, KIND, FORM)
        try:
            parts = write_parts(
                project, lambda n, c: sealer.add(n, c, packed=not n.endswith(".json")), without_data=without_data
            )
            for name, content in parts.items():
                sealer.add(name, content)
            sealer.close()
            if first is not None:
                first()
        except BaseException:
            sealer.abandon()
            raise
    return path


def _whole(path: Path) -> None:
    """Read a file back. Raises `DataError` where a part is not what was written."""
    parts = _parts(path)
    try:
        for name in parts.names:
            parts.get(name)
    finally:
        parts.close()


def _parts(path: Path) -> Parts:
    return Parts(path, KIND, FORM, most=available_memory() or _MOST)


def open_project(path: Path, *, hold: bool = False) -> tuple[Project, ProjectFile]:
    """What a project file holds; with `hold` the file is kept for this process.

    Raises `DataError` for what is no project, for one of a later program, and where its list of parts is damaged. What
    is damaged beyond that is told in `ProjectFile.lost`.
    """
    if not path.is_file():
        what = "is a folder" if path.is_dir() else "is not there"
        raise DataError(f"{path} {what}.", code="no-such-file", subject=str(path))
    if not is_sealed(path):
        _refuse(path)
    stamp, parts = stamp_of(path), _parts(path)
    try:
        project, lost = read_parts(parts.get, names=parts.names)
        converted = parts.version < FORM
    finally:
        parts.close()
    found = hold_file(path) if hold else None
    notes = [*notes_on(path.name, project.program, converted=converted, models=bool(project.state.document.models()),
                       left_out=project.left_out or bool(lost))]  # fmt: skip
    if isinstance(found, Holder):
        notes.append(f"{path.name} is open elsewhere: {found}. It was opened read-only. To save changes, use another "
                     "name.")
    if isinstance(project.state.dataset, StreamedData):
        place = project.state.dataset.file.path
        notes.append(f"The data stay in {place}, which is read in parts, so the project holds none of its rows.")
    if project.without_data:
        notes.append(data_are_elsewhere(project.source))
    told = tuple(Lost(t.what, t.why.replace(f"{path}{DAMAGED}", "")) for t in lost)
    return project, ProjectFile(
        path, told, tuple(notes), found if isinstance(found, Held) else None,
        found if isinstance(found, Holder) else None, stamp, project.program,
    )  # fmt: skip


def layout_of(path: Path) -> Mapping[str, Any]:
    """What the window keeps of itself in a project file, which is read no further; nothing where that is damaged.

    Raises `DataError` for what is no project.
    """
    parts = _parts(path)
    try:
        return read_layout(parts.get)
    finally:
        parts.close()


def _of_another_program(path: Path) -> bool:
    """True for an archive that is whole and has no part of a project, such as a document of Word."""
    try:
        with zipfile.ZipFile(path) as archive:
            return "project.json" not in archive.namelist()
    except (OSError, zipfile.BadZipFile, ValueError, NotImplementedError):
        return False


def _refuse(path: Path) -> None:
    try:
        with path.open("rb") as stream:
            begin = stream.read(4)
    except OSError as error:
        raise DataError(f"{path} cannot be read: {error.strerror or error}.", code="unreadable-file",
                        subject=str(path)) from None  # fmt: skip
    if begin[:2] == b"PK" and not _of_another_program(path):
        raise DataError(
            f"{path} is damaged: the list of its parts is missing.", code="damaged-file", subject=str(path),
            advice="Use an earlier copy.",
        )  # fmt: skip
    raise DataError(f"{path} is not a Terrace project.", code="unknown-format", subject=str(path),
                    advice="Open data with use, and estimates with estimates use.")  # fmt: skip
