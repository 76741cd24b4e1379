"""A stream of a compound file, the container of .xls ([MS-CFB]): sectors in chains, with a table of what follows what.
"""

from __future__ import annotations

import struct
from collections.abc import Callable, Sequence
from pathlib import Path

_LAST = 0xFFFFFFFA  # sectors have numbers up to here; those beyond say that a chain ends
_ENTRY = 128
_IN_HEADER = 109  # sectors of the table that the header lists itself


def stream_of(path: Path, names: Sequence[str]) -> bytes:
    """The first of these streams that the file has, upper case or not.

    Raises `LookupError` without one, and `LookupError`, `ValueError` or `struct.error` for a damaged file.
    """
    content = path.read_bytes()
    sector, mini = (1 << shift for shift in struct.unpack_from("<HH", content, 30))
    first, cutoff, first_mini = (struct.unpack_from("<I", content, at)[0] for at in (48, 56, 60))

    def part(number: int) -> bytes:
        return content[sector * (number + 1) : sector * (number + 2)]

    table = _numbers(b"".join(map(part, _table(content, part))))
    directory = b"".join(map(part, _chain(table, first)))
    entries = [directory[at : at + _ENTRY] for at in range(0, len(directory) - _ENTRY + 1, _ENTRY)]
    by_name = {_name(entry).lower(): entry for entry in reversed(entries)}
    wanted = next((by_name[name.lower()] for name in names if name.lower() in by_name), None)
    if wanted is None:
        raise LookupError(f"no stream {' or '.join(names)}")
    start, size = struct.unpack_from("<II", wanted, 116)
    if size >= cutoff:
        return b"".join(map(part, _chain(table, start)))[:size]
    small = b"".join(map(part, _chain(table, struct.unpack_from("<I", entries[0], 116)[0])))
    links = _numbers(b"".join(map(part, _chain(table, first_mini))))
    return b"".join(small[mini * k : mini * (k + 1)] for k in _chain(links, start))[:size]


def _table(content: bytes, part: Callable[[int], bytes]) -> list[int]:
    """The sectors of the table: the first in the header, others in sectors that each name the next of their kind."""
    listed = list(struct.unpack_from(f"<{_IN_HEADER}I", content, 76))
    (more,) = struct.unpack_from("<I", content, 68)
    seen: set[int] = set()
    while more < _LAST and more not in seen:
        seen.add(more)
        *numbers, more = _numbers(part(more))
        listed += numbers
    return [k for k in listed if k < _LAST]


def _numbers(raw: bytes) -> tuple[int, ...]:
    return struct.unpack(f"<{len(raw) // 4}I", raw[: len(raw) // 4 * 4])


def _chain(table: Sequence[int], at: int) -> list[int]:
    out: list[int] = []
    while at < _LAST:
        if len(out) > len(table):
            raise ValueError("a chain of sectors runs in a circle")
        out.append(at)
        at = table[at]
    return out


def _name(entry: bytes) -> str:
    (length,) = struct.unpack_from("<H", entry, 64)
    return entry[: max(0, length - 2)].decode("utf-16-le", "replace")
