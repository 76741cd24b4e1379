"""Packs: many small blobs of a journal in one file.

A file is on the disk only once it is flushed, which takes a few thousandths of a second each. The first generation of
a large project has thousands of blobs; as one file they take one flush. A pack is a line of JSON, the name and size of
each blob, and then the blobs in this order. Each is compared with its SHA-256 when it is read, like one that is a file.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from terrace.disk import kept
from terrace.session.project.codec import BROKEN, as_bytes, from_bytes

_ENDING = ".pack"


@dataclass(frozen=True, slots=True)
class Place:
    """Where a blob stands in a pack, in bytes."""

    pack: Path
    start: int
    size: int

    def read(self) -> bytes:
        """The blob. Raises `OSError`; fewer bytes where the pack was cut."""
        with self.pack.open("rb") as stream:
            stream.seek(self.start)
            return stream.read(self.size)


def write_pack(folder: Path, blobs: Mapping[str, bytes]) -> str:
    """Write one more pack, flushed but not settled; returns its name. Raises `DataError` where that is refused."""
    there = [int(n.removesuffix(_ENDING)) for n in _packs(folder)]
    name = f"{max(there, default=0) + 1:06d}{_ENDING}"
    head = as_bytes([[n, len(content)] for n, content in blobs.items()])
    kept.put(folder, name, b"".join((head, b"\n", *blobs.values())))
    return name


def places(folder: Path) -> dict[str, Place]:
    """Where each blob of the packs of a folder stands; without what is in a pack that cannot be read or was cut."""
    return {name: place for pack, size in _packs(folder).items() for name, place in _places(folder / pack, size)}


def _packs(folder: Path) -> dict[str, int]:
    return {n: size for n, size in kept.names(folder).items() if n.removesuffix(_ENDING).isdecimal()}


def _places(pack: Path, size: int) -> Iterator[tuple[str, Place]]:
    try:
        with pack.open("rb") as stream:
            head = stream.readline()
        start, blobs = len(head), [(str(name), int(many)) for name, many in from_bytes(head, pack.name)]
    except BROKEN:
        return
    for name, many in blobs:
        if start + many <= size:
            yield name, Place(pack, start, many)
        start += many
