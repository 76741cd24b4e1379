"""Compressed files: .gz, .bz2, .xz and .zst with one file in them, .zip with one file of data or a choice of several.

They are unpacked into a folder that only the user can read and that is removed afterwards, and never to more than
`most_bytes`.
"""

from __future__ import annotations

import bz2
import gzip
import lzma
import os
import shutil
import tempfile
import zipfile
from dataclasses import replace
from pathlib import Path
from typing import IO, Any

from terrace.data.dataset import Dataset
from terrace.data.progress import Report
from terrace.data.regular_file import openable
from terrace.errors import DataError
from terrace.wording import enumerated

_BLOCK = 1 << 20
_SMALL = 1 << 30  # up to here any file may be unpacked
_RATIO = 200  # beyond, up to so many times its size: text of real data shrinks 3 to 30 times
_SPARE = 1 << 28  # room that is left on the disk


def read_compressed(path: Path, report: Report, *, member: str | None = None, **options: Any) -> Dataset:
    """Read the file that a compressed one holds; `options` are those of `terrace.read`.

    Raises `DataError` for an archive without a file of data, or with several of which `member` names none.
    """
    from terrace.data.read import read

    with tempfile.TemporaryDirectory(prefix="terrace-") as folder:
        inner = expand(path, Path(folder), report, member)
        data = read(inner, progress=lambda _, fraction: report(fraction), **options)
    notes = (f"Read {inner.name} from {path.name}.", *data.notes)
    return replace(data, source=str(path), notes=notes)


def expand(path: Path, folder: Path, report: Report, member: str | None = None) -> Path:
    """Unpack the one file of `path`, or of an archive the `member`, into `folder`; its path."""
    with open(path, "rb") as file:
        head = file.read(6)
    if head.startswith(b"PK"):
        with zipfile.ZipFile(path) as archive:
            entry = _chosen(path, archive, member)
            with archive.open(entry) as stream:
                return _copied(stream, folder / _base(entry.filename), path, report)
    target = folder / (path.stem or "data")
    if head.startswith(b"\x28\xb5\x2f\xfd"):
        import pyarrow as pa

        with openable(path) as source, pa.input_stream(source, compression="zstd") as stream:
            return _copied(stream, target, path, report)
    opener: Any = gzip.open if head.startswith(b"\x1f\x8b") else bz2.open if head.startswith(b"BZh") else lzma.open
    with opener(path, "rb") as stream:
        return _copied(stream, target, path, report)


def extracted(path: Path, name: str, folder: Path, report: Report) -> Path:
    """One file of the archive `path` that the format itself puts there, unpacked into `folder`."""
    with zipfile.ZipFile(path) as archive, archive.open(name) as stream:
        return _copied(stream, folder / _base(name), path, report)


def most_bytes(path: Path, folder: Path) -> int:
    """To how many bytes a compressed file may be unpacked: what the disk holds, and a plausible part of its size."""
    free = shutil.disk_usage(folder).free - _SPARE
    return max(0, min(free, max(_SMALL, _RATIO * path.stat().st_size)))


def _copied(stream: IO[bytes], target: Path, path: Path, report: Report) -> Path:
    return set_down(stream, target, report, most=most_bytes(path, target.parent), name=path.name)


def set_down(stream: IO[bytes], target: Path, report: Report, *, most: int, name: str) -> Path:
    """Write what a reader needs as a file into a temporary folder, for nobody else to read, up to `most` bytes.

    The one place where readers write. Raises `DataError` that calls the source by its `name` where there is more.
    """
    done = 0
    descriptor = os.open(target, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with open(descriptor, "wb") as out:
        while block := stream.read(_BLOCK):
            done += len(block)
            if done > most:
                raise DataError(
                    f"{name} unpacks to more than {most / 1e9:,.1f} GB.", code="too-large", subject=name,
                    advice="If you trust it and the disk has room, unpack it yourself and open the file inside.",
                )  # fmt: skip
            report(None)
            out.write(block)
    return target


def _base(name: str) -> str:
    """The name of a file in an archive without its folders, which never say where it is unpacked."""
    base = name.replace("\\", "/").rpartition("/")[2].replace("\0", "").replace(":", "_")
    return base if base.strip(". ") else "data"


def _chosen(path: Path, archive: zipfile.ZipFile, member: str | None) -> zipfile.ZipInfo:
    from terrace.data import formats

    entries = [e for e in archive.infolist() if not e.is_dir() and not _is_by_the_way(e.filename)]
    if member is not None:
        found = [e for e in entries if member.lower() in (e.filename.lower(), _base(e.filename).lower())]
    else:
        read = [e for e in entries if formats.ending_of(Path(e.filename)) in formats.BY_ENDING]
        found = read if read or len(entries) != 1 else entries
    names = [e.filename for e in found or entries]
    listed = enumerated(names if len(names) <= 8 else [*names[:7], f"{len(names) - 7:,} more"])
    if member is not None and len(found) != 1:
        raise DataError(
            f"{path.name} has {'no file' if not found else 'several files'} {member!r}.", code="no-such-member",
            subject="member", advice=f"Its files are: {listed}." if listed else "It holds no files.",
        )  # fmt: skip
    if len(found) > 1:
        raise DataError(
            f"{path.name} holds several data files: {listed}.", code="several-members", subject=str(path),
            advice=f'Choose one: use "{path.name}", member("{found[0].filename}").',
        )  # fmt: skip
    if not found:
        raise DataError(
            f"{path.name} holds no data file" + (f": {listed}." if listed else "."), code="no-rows",
            subject=str(path), advice="Unpack it and check what it contains.",
        )  # fmt: skip
    if found[0].flag_bits & 1:
        raise DataError(
            f"{found[0].filename} in {path.name} is protected by a password.", code="locked-file", subject=str(path),
            advice="Unpack it with its password, and open the file inside.",
        )  # fmt: skip
    return found[0]


def _is_by_the_way(name: str) -> bool:
    """What systems put into archives unasked."""
    parts = name.replace("\\", "/").split("/")
    return parts[0] == "__MACOSX" or parts[-1].startswith(".") or parts[-1].lower() in ("thumbs.db", "desktop.ini")
