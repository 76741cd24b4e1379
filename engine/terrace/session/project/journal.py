"""The journal of a window: its work on the disk as it goes, outside the files of the user, to find again after a crash.

One folder a window. ``blobs/`` has what parts lead to, each file named by its SHA-256 and written once, ``packs/`` has
many small ones in one file, where many are new at once (`packs.py`); a generation, ``state-000123.json``, has the parts
themselves. It is written when its blobs are on the disk, and holds its own checksum, so that one that can be read is
whole. The last generations are kept, and the oldest of the last hour.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import os
import re
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from terrace.disk import kept
from terrace.disk.held import Held, hold_file, holder_of
from terrace.errors import DataError
from terrace.session.opened import Lost
from terrace.session.project.codec import BROKEN, Memory, as_bytes, blob_name, damaged_part, from_bytes
from terrace.session.project.packs import places, write_pack
from terrace.session.project.parts import Project, read_parts, write_parts

KEEP = 5
"""Generations that are kept in any case."""
_HOUR = 3600.0
_SMALL, _MANY, _PACK = 1 << 16, 50, 1 << 24  # bytes of a blob for a pack, how many make one, and bytes of a full one
LOCK = "window.lock"
"""The small file that says whose a journal is."""
_NAME = re.compile(r"state-(\d{6,})\.json")


@dataclass(frozen=True)
class Recoverable:
    """Work that a window left behind: its folder, when it was last written (ISO 8601), and what it was called.

    ``about`` is what the window said of it when it was written.
    """

    folder: Path
    when: str
    title: str
    source: str
    about: Mapping[str, Any] = field(default_factory=dict)


class Journal:
    """The journal of one window, in a folder of its own. `begin` before anything else; one thread at a time."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._blobs = folder / "blobs"
        self._packs = folder / "packs"
        self._held: Held | None = None
        self._memory = Memory()
        self._number = 0

    def begin(self) -> None:
        """Take the folder for this process. Raises `DataError` where another has it, or it cannot be written."""
        kept.make_private(self.folder)
        kept.make_private(self._blobs)
        kept.make_private(self._packs)
        found = hold_file(self.folder, name=LOCK)
        if not isinstance(found, Held):
            raise DataError(f"{self.folder} is in use by another window.", code="open-elsewhere")
        self._held = found
        kept.remove_begun(self.folder)
        kept.remove_begun(self._blobs)
        kept.remove_begun(self._packs)
        self._memory = Memory()
        self._memory.stored.update({n: place.size for n, place in places(self._packs).items()})
        self._memory.stored.update({f"blobs/{n}": size for n, size in kept.names(self._blobs).items()})
        self._number = max(_generations(self.folder), default=0)

    def commit(self, project: Project, about: Mapping[str, Any] | None = None) -> bool:
        """Write what is new of a project; False where there was nothing to keep.

        `about` is JSON that `list_recoverable` tells without opening the project, such as the file that it belongs to.

        A project in which nothing was done (data were opened, at most) writes nothing, so that it never takes the place
        of work. Raises `DataError` where the disk refuses; what was kept before is still there then.
        """
        if self._held is None:
            raise DataError("The journal has not begun.", code="internal")
        if project.is_trivial:
            return False
        fresh: list[str] = []
        small: dict[str, bytes] = {}
        waiting = 0  # bytes of them

        def put(name: str, content: bytes) -> None:
            nonlocal waiting
            fresh.append(name)
            if len(content) >= _SMALL:
                kept.put(self._blobs, name.removeprefix("blobs/"), content)
                return
            small[name] = content
            waiting += len(content)
            if waiting >= _PACK:
                self._put_small(small)
                waiting = 0

        try:
            parts = write_parts(project, put, memory=self._memory)
            self._put_small(small)
        except BaseException:
            for name in fresh:  # they may be named before they are settled
                self._memory.stored.pop(name, None)
            raise
        if fresh:
            kept.settle(self._blobs)
            kept.settle(self._packs)
        body = {
            "when": dt.datetime.now().astimezone().isoformat(timespec="seconds"),
            "title": _as_text(project.state.document.title), "source": _as_text(project.source),
            "about": dict(about or {}),
            "parts": {name: part.decode("ascii") for name, part in parts.items()},
        }  # fmt: skip
        self._number += 1
        kept.put(self.folder, f"state-{self._number:06d}.json", _sealed(body))
        kept.settle(self.folder)
        self._sweep()
        return True

    def _put_small(self, small: dict[str, bytes]) -> None:
        """Write small blobs, many of them as a pack, and have none left."""
        if len(small) >= _MANY:
            write_pack(self._packs, small)
        else:
            for name, content in small.items():
                kept.put(self._blobs, name.removeprefix("blobs/"), content)
        small.clear()

    def latest(self) -> tuple[Project, tuple[Lost, ...]] | None:
        """The newest generation that is whole, and what of it was lost all the same; None where there is none."""
        return latest(self.folder)

    def discard(self) -> None:
        """Delete the journal: its work was saved, or is not wanted. It can `begin` again."""
        self.end()
        discard(self.folder)

    def end(self) -> None:
        """Let the folder go; what it holds stays and can be recovered."""
        if self._held is not None:
            self._held.release()
            self._held = None

    def _sweep(self) -> None:
        """Delete generations that are not kept, and then blobs that no generation leads to."""
        there = _generations(self.folder)
        wanted = set(sorted(there)[-KEEP:])
        recent = [n for n, path in there.items() if _age(path) <= _HOUR]
        wanted |= {min(recent)} if recent else set()
        gone = [n for n in there if n not in wanted]
        if not gone:
            return
        used: set[str] = set()
        for number in wanted:
            try:
                used.update(_blobs_of(_body(there[number])))
            except BROKEN:
                continue
        kept.remove(self.folder, [there[n].name for n in gone])
        kept.settle(self.folder)
        packed = places(self._packs)
        needed = {place.pack for name, place in packed.items() if name in used}  # as a whole, for one that is used
        unused = {n for n in self._memory.stored if n not in used and not (n in packed and packed[n].pack in needed)}
        for name in unused:
            self._memory.stored.pop(name, None)
        kept.remove(self._packs, [name for name in kept.names(self._packs) if self._packs / name not in needed])
        kept.remove(self._blobs, [name.removeprefix("blobs/") for name in unused])


# --- what a folder holds -------------------------------------------------------------------------------------
def latest(folder: Path) -> tuple[Project, tuple[Lost, ...]] | None:
    """The newest generation of a journal that is whole. Takes nothing, and changes nothing."""
    found = latest_with_about(folder)
    return None if found is None else found[:2]


def latest_with_about(folder: Path) -> tuple[Project, tuple[Lost, ...], Mapping[str, Any]] | None:
    """`latest`, with what was said of it when it was written."""
    for body in _whole(folder):
        try:
            return *_project(folder, body), _about(body)
        except BROKEN:
            continue
    return None


def list_recoverable(root: Path) -> list[Recoverable]:
    """The work that windows left behind in the folders under `root`, the newest first; never that of a living one."""
    folders = sorted(root.iterdir()) if root.is_dir() else []
    left = [f for f in folders if f.is_dir() and holder_of(f, name=LOCK) is None]
    return sorted((r for f in left if (r := _recoverable(f)) is not None), key=lambda r: r.when, reverse=True)


def _recoverable(folder: Path) -> Recoverable | None:
    body = next(_whole(folder), None)
    return None if body is None else Recoverable(folder, body["when"], body["title"], body["source"], _about(body))


def _whole(folder: Path) -> Iterator[dict[str, Any]]:
    """What the generations hold that are as they were written and whose blobs are there, the newest first."""
    there, packed = _generations(folder), places(folder / "packs")
    for number in sorted(there, reverse=True):
        try:
            body = _body(there[number])
            whole = all(n in packed or (folder / n).is_file() for n in _blobs_of(body))
        except BROKEN:
            continue
        if whole:
            yield body


def _about(body: dict[str, Any]) -> Mapping[str, Any]:
    about = body.get("about")
    return about if isinstance(about, dict) else {}


def discard(folder: Path) -> None:
    """Delete a journal that nobody has: the list of what it holds first, so that no half of it is ever offered."""
    if holder_of(folder, name=LOCK) is not None:
        return
    kept.remove_begun(folder)
    kept.remove(folder, [p.name for p in _generations(folder).values()])
    kept.settle(folder)
    for inside in (folder / "blobs", folder / "packs"):
        kept.remove_begun(inside)
        kept.remove(inside, list(kept.names(inside)))
        kept.remove_folder(inside)
    kept.remove(folder, [LOCK])
    kept.remove_folder(folder)


def _project(folder: Path, body: dict[str, Any]) -> tuple[Project, tuple[Lost, ...]]:
    parts, packed = body["parts"], places(folder / "packs")

    def get(name: str) -> bytes:
        if name in parts:
            return bytes(parts[name].encode("ascii"))
        if os.path.basename(name) != name.removeprefix("blobs/"):
            raise damaged_part(name, "it is no name of a part")
        try:
            content = packed[name].read() if name in packed else (folder / name).read_bytes()
        except OSError as error:
            raise damaged_part(name, "it cannot be read") from error
        if blob_name(content, name.rpartition(".")[2]) != name:
            raise damaged_part(name, "it is not what was written")
        return content

    return read_parts(get, names=(*parts, *_blobs_of(body)))


def _generations(folder: Path) -> dict[int, Path]:
    return {int(m[1]): folder / n for n in kept.names(folder) if (m := _NAME.fullmatch(n))}


def _sealed(body: dict[str, Any]) -> bytes:
    content = as_bytes(body)
    return as_bytes({"sha256": hashlib.sha256(content).hexdigest()}) + b"\n" + content


def _body(path: Path) -> dict[str, Any]:
    """What a generation holds. Raises `DataError` where it is not as it was written."""
    try:
        head, _, content = path.read_bytes().partition(b"\n")
    except OSError as error:
        raise damaged_part(path.name, "it cannot be read") from error
    if from_bytes(head, path.name).get("sha256") != hashlib.sha256(content).hexdigest():
        raise damaged_part(path.name, "it is incomplete")
    body: dict[str, Any] = from_bytes(content, path.name)
    return body


def _blobs_of(body: dict[str, Any]) -> list[str]:
    found: list[str] = from_bytes(body["parts"]["project.json"].encode("ascii"), "project.json")["blobs"]
    return found


def _age(path: Path) -> float:
    try:
        return time.time() - path.stat().st_mtime
    except OSError:
        return 0.0


def _as_text(text: str) -> str:
    return text.encode("utf-8", "replace").decode()
