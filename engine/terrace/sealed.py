"""Files of several parts with a list of what they hold: estimates, and whatever else keeps people's work.

A zip archive whose ``manifest.json`` has the kind of file, the version of its form, the program that wrote it, and size
and SHA-256 of every part. Reading compares all of it before anything is used: a part that was changed, cut or swapped
is found, and told from a file of another kind or of a later program. No part is taken apart before its size is known.

`unseal` takes a file as a whole or not at all. What can do with less opens it as `Parts`, each of which is compared
when it is asked for, and writes it as a `Sealer`, part by part.
"""

from __future__ import annotations

import contextlib
import hashlib
import io
import json
import time
import zipfile
import zlib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from terrace.errors import DataError
from terrace.version import __version__

MANIFEST = "manifest.json"
BROKEN = (zipfile.BadZipFile, zlib.error, EOFError, OSError, ValueError, KeyError, NotImplementedError, RuntimeError)
"""What the standard library raises on an archive that is not whole."""
DAMAGED = " is damaged or was changed: "
"""What stands between the name of a file, or of a part, and what is wrong with it."""
Entry = Mapping[str, Any]
"""What the manifest says of a part: ``bytes`` and ``sha256``."""
_YEARS = (1980, 2107)  # that an archive can name
_SMALL = 16 << 20  # bytes: a manifest has about 120 for each part


@dataclass(frozen=True, slots=True)
class Sealed:
    """The parts of a file, as they were written. `program` is the version that wrote them."""

    version: int
    program: str
    parts: Mapping[str, bytes]


def zip_entry(name: str, how: int = zipfile.ZIP_DEFLATED) -> zipfile.ZipInfo:
    """An entry of an archive at the present time, compressed by `how`.

    A clock that went wrong, as after its battery ran out, must not keep work from being saved: a year that archives
    cannot name becomes the nearest that they can.
    """
    now = time.localtime(time.time())[:6]
    when = now if _YEARS[0] <= now[0] <= _YEARS[1] else (min(max(now[0], _YEARS[0]), _YEARS[1]), 1, 1, 0, 0, 0)
    info = zipfile.ZipInfo(name, when)
    info.compress_type, info.external_attr = how, 0o600 << 16
    return info


class Archive(zipfile.ZipFile):
    """For libraries that write archives: what they add by name is from the present time as `zip_entry` has it."""

    def writestr(
        self, zinfo_or_arcname: str | zipfile.ZipInfo, data: Any, compress_type: int | None = None,
        compresslevel: int | None = None,
    ) -> None:  # fmt: skip
        """Add an entry."""
        entry = zip_entry(zinfo_or_arcname) if isinstance(zinfo_or_arcname, str) else zinfo_or_arcname
        super().writestr(entry, data, compress_type, compresslevel)


def seal(kind: str, version: int, parts: Mapping[str, bytes]) -> bytes:
    """The bytes of a file of this kind (``estimates``); `version` is that of the form of its parts."""
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w", zipfile.ZIP_DEFLATED) as archive:
        manifest = _manifest_text(kind, version, {n: _entry(p) for n, p in parts.items()})
        archive.writestr(zip_entry(MANIFEST), manifest)
        for name, part in parts.items():
            archive.writestr(zip_entry(name), part)
    return content.getvalue()


class Sealer:
    """Writes a file of this kind part by part; the manifest comes last, when all is known that it lists."""

    def __init__(self, path: Path, kind: str, version: int) -> None:
        self._archive = zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED)
        self._kind, self._version = kind, version
        self._parts: dict[str, Entry] = {}

    def add(self, name: str, content: bytes, *, packed: bool = False) -> None:
        """Write a part; one that is `packed` already is stored as it is."""
        how = zipfile.ZIP_STORED if packed else zipfile.ZIP_DEFLATED
        self._archive.writestr(zip_entry(name, how), content)
        self._parts[name] = _entry(content)

    def close(self) -> None:
        """Write the manifest, which ends the file."""
        self._archive.writestr(zip_entry(MANIFEST), _manifest_text(self._kind, self._version, self._parts))
        self._archive.close()

    def abandon(self) -> None:
        """Close the file where writing failed."""
        with contextlib.suppress(Exception):
            self._archive.close()


class Parts:
    """The parts of a file of this kind, each compared with the manifest when it is asked for; close it after use.

    Raises `DataError` for another kind of file, a form later than `newest`, a manifest that was changed, and parts of
    more than `most` bytes together.
    """

    def __init__(self, path: Path, kind: str, newest: int, *, most: int) -> None:
        self._path = path
        try:
            self._archive = zipfile.ZipFile(path)
        except FileNotFoundError:
            raise DataError(f"The file {path} does not exist.", code="no-such-file", subject=str(path)) from None
        except PermissionError as error:
            raise DataError(
                f"{path} cannot be read: {error.strerror}.", code="unreadable-file", subject=str(path)
            ) from None
        except BROKEN as error:
            raise damaged(path, "it is incomplete") from error
        try:
            manifest = _manifest(self._archive, path, kind, newest, most)
            self._listed: Mapping[str, Entry] = manifest["parts"]
        except BROKEN as error:
            self.close()
            raise damaged(path, "it is incomplete") from error
        except DataError:
            self.close()
            raise
        self.version, self.program = int(manifest["version"]), str(manifest.get("program", ""))

    @property
    def names(self) -> tuple[str, ...]:
        """The parts that are listed."""
        return tuple(self._listed)

    def get(self, name: str) -> bytes:
        """A part. Raises `DataError` where it is not as it was written."""
        if name not in self._listed:
            raise damaged(self._path, f"{name} is missing")
        try:
            return _part(self._archive, self._path, name, self._listed[name])
        except BROKEN as error:
            raise damaged(self._path, f"{name} was changed") from error

    def close(self) -> None:
        """Let the file go."""
        self._archive.close()


def is_sealed(path: Path) -> bool:
    """True for a zip archive with a manifest, whole or not."""
    try:
        with zipfile.ZipFile(path) as archive:
            return MANIFEST in archive.namelist()
    except (OSError, zipfile.BadZipFile, ValueError, NotImplementedError):
        return False


def unseal(path: Path, kind: str, newest: int, *, most: int) -> Sealed:
    """What a file of this kind holds, every part compared with the manifest.

    Raises `DataError` for another kind of file, a form later than `newest`, parts of more than `most` bytes together,
    and whatever is not as it was written: the message names the part.
    """
    content = read_whole(path)
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            manifest = _manifest(archive, path, kind, newest, most)
            listed = manifest["parts"]
            there = {info.filename for info in archive.infolist()} - {MANIFEST}
            if there != set(listed) or len(archive.infolist()) != len(listed) + 1:
                raise damaged(path, "parts are missing, or were added")
            parts = {name: _part(archive, path, name, entry) for name, entry in listed.items()}
    except BROKEN as error:
        raise damaged(path, "it is incomplete") from error
    return Sealed(manifest["version"], str(manifest.get("program", "")), parts)


def read_whole(path: Path) -> bytes:
    """The bytes of a file. Raises `DataError` where it cannot be read."""
    try:
        return path.read_bytes()
    except OSError as error:
        raise DataError(
            f"{path} cannot be read: {error.strerror or error}.", code="unreadable-file", subject=str(path)
        ) from None


def damaged(path: Path, why: str, *, advice: str = "Use an earlier copy, or create it again.") -> DataError:
    """What to raise where a file is not as it was written; `why` is the end of a sentence."""
    return DataError(f"{path}{DAMAGED}{why}.", code="damaged-file", subject=str(path), advice=advice)


def _entry(content: bytes) -> Entry:
    return {"bytes": len(content), "sha256": hashlib.sha256(content).hexdigest()}


def _manifest_text(kind: str, version: int, parts: Mapping[str, Entry]) -> str:
    manifest: dict[str, Any] = {"terrace": kind, "version": version, "program": __version__, "parts": parts}
    manifest["sha256"] = _of_manifest(manifest)
    return json.dumps(manifest, ensure_ascii=False, indent=1)


def _manifest(archive: zipfile.ZipFile, path: Path, kind: str, newest: int, most: int) -> dict[str, Any]:
    """The manifest, of the right form and as it was written, of this kind, and of parts that memory can hold."""
    info = archive.getinfo(MANIFEST) if MANIFEST in archive.namelist() else None
    if info is None or info.file_size > _SMALL:
        raise damaged(path, "it has no list of its parts")
    found = json.loads(archive.read(info))
    if not isinstance(found, dict) or not isinstance(found.get("parts"), dict):
        raise damaged(path, "the list of its parts is not one")
    sizes = [isinstance(e, dict) and type(e.get("bytes")) is int and e["bytes"] >= 0 for e in found["parts"].values()]
    given = found.pop("sha256", None)
    if not all(sizes) or type(found.get("version")) is not int or given != _of_manifest(found):
        raise damaged(path, "the list of its parts was changed")
    _same_kind(found, path, kind, newest)
    if sum(entry["bytes"] for entry in found["parts"].values()) > most:
        raise damaged(path, "its parts are larger than memory")
    return found


def _same_kind(manifest: dict[str, Any], path: Path, kind: str, newest: int) -> None:
    if manifest.get("terrace") != kind:
        raise DataError(
            f"{path} holds {manifest.get('terrace')}, not {kind}.", code="unknown-format", subject=str(path)
        )
    if manifest["version"] > newest:
        raise DataError(
            f"{path} was written by a later version of Terrace ({manifest.get('program')}).",
            code="unknown-format",
            subject=str(path),
            advice="Use that version, or a later one.",
        )


def _part(archive: zipfile.ZipFile, path: Path, name: str, entry: Entry) -> bytes:
    info = archive.getinfo(name)
    if info.file_size != entry["bytes"]:
        raise damaged(path, f"{name} was changed")
    with archive.open(info) as stream:
        content = stream.read(info.file_size + 1)  # what it says of its size need not be true
    if len(content) != entry["bytes"] or hashlib.sha256(content).hexdigest() != entry.get("sha256"):
        raise damaged(path, f"{name} was changed")
    return content


def _of_manifest(manifest: Mapping[str, Any]) -> str:
    """SHA-256 of all that a manifest says, without its own."""
    told = {key: value for key, value in manifest.items() if key != "sha256"}
    return hashlib.sha256(json.dumps(told, sort_keys=True).encode()).hexdigest()
