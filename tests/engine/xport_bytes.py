"""A SAS transport file byte by byte (TS-140), with several datasets, special missing values and short numbers."""

from __future__ import annotations

import struct
from collections.abc import Sequence
from fractions import Fraction
from typing import Any


def ibm(value: float | str, width: int = 8) -> bytes:
    """A number as a mainframe has it, by exact fractions; a special missing value by its letter."""
    if isinstance(value, str):
        return value.encode().ljust(width, b"\0")
    if not value:
        return bytes(width)
    left, power = abs(Fraction(value)), 64
    while left >= 1:
        left, power = left / 16, power + 1
    while left < Fraction(1, 16):
        left, power = left * 16, power - 1
    sign = 128 if value < 0 else 0
    return (bytes([sign + power]) + int(left * 2**56).to_bytes(7, "big"))[:width]


def _record(name: str, rest: str = "0" * 30) -> bytes:
    return f"HEADER RECORD*******{name:<8}HEADER RECORD!!!!!!!{rest}".ljust(80).encode()


def _padded(raw: bytes) -> bytes:
    return raw + b" " * (-len(raw) % 80)


def member(
    name: str, variables: Sequence[tuple[str, int, str, str]], rows: Sequence[Sequence[Any]], new: bool = False,
    stated: bool = False,
) -> bytes:  # fmt: skip
    """`variables` are (name, width, label, format), a width below 0 for text; ``new`` is version 8."""
    kinds = ("MEMBV8", "DSCPTV8", "NAMSTV8", "OBSV8") if new else ("MEMBER", "DSCRPTR", "NAMESTR", "OBS")
    out = _record(kinds[0], "000000000000000001600000000140") + _record(kinds[1])
    out += f"SAS     {name:<{32 if new else 8}}SASDATA 9.4     LINUX".ljust(80).encode() + b" " * 80
    out += _record(kinds[2], f"{len(variables):010d}" + "0" * 20)
    described = b""
    for k, (title, width, label, form) in enumerate(variables):
        short = form.rstrip("0123456789")
        one = struct.pack(">hhhh", 1 if width > 0 else 2, 0, abs(width), k + 1)
        one += title[:8].ljust(8).encode() + label[:40].ljust(40).encode()
        one += short.ljust(8).encode() + struct.pack(">hhh2s", int(form[len(short):] or 0), 0, 0, b"")
        one += b" " * 8 + struct.pack(">hhl", 0, 0, 0)
        described += (one + (title.ljust(32).encode() if new else b"")).ljust(140, b"\0")
    out += _padded(described)
    if new and any(len(v[2]) > 40 for v in variables):
        long = [(k + 1, v[0].encode(), v[2].encode()) for k, v in enumerate(variables) if len(v[2]) > 40]
        out += _record("LABELV8", str(len(long)))
        out += _padded(b"".join(struct.pack(">HHH", k, len(n), len(t)) + n + t for k, n, t in long))
    out += _record(kinds[3], f"{len(rows):15d}" if stated else "0" * 30)
    cells = [(v[1], cell) for row in rows for v, cell in zip(variables, row, strict=True)]
    return out + _padded(b"".join(ibm(cell, width) if width > 0 else cell.ljust(-width) for width, cell in cells))


def library(*members: bytes, new: bool = False) -> bytes:
    """The file of these datasets."""
    return _record("LIBV8" if new else "LIBRARY") + b"SAS     SAS     SASLIB".ljust(80) + b" " * 80 + b"".join(members)
