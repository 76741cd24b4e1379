"""A .dta file byte by byte, of the formats that no library writes: 102 to 113."""

from __future__ import annotations

import struct
from collections.abc import Sequence
from typing import Any

TYPES = {"byte": "b", "int": "h", "long": "i", "float": "f", "double": "d"}
_OLD = {"byte": "b", "int": "i", "long": "l", "float": "f", "double": "d"}
_NEW = {"byte": 251, "int": 252, "long": 253, "float": 254, "double": 255}


def old_dta(
    version: int,
    order: str,
    variables: Sequence[tuple[str, str, str, str]],
    rows: Sequence[Sequence[Any]],
    labels: dict[int, bytes],
    notes: Sequence[tuple[bytes, bytes, bytes]] = (),
    sorted_by: Sequence[int] = (),
) -> bytes:
    """`variables` are (name, type, format, label), a type ``str5`` or one of `TYPES`; the set of value labels
    `labels` is called ``yesno`` and belongs to the first; notes are (variable, name, text); `sorted_by` are numbers of
    variables, counted from 1."""
    name = 33 if version > 108 else 9
    form = 49 if version > 113 else 12 if version > 104 else 7
    text = 81 if version > 105 else 32
    first = 0 if version == 102 else 1 if order == ">" else 2
    out = struct.pack("BBBB", version, first, 1, 0)
    out += struct.pack(order + ("HH" if version == 102 else "HI"), len(variables), len(rows))
    out += b"a title".ljust(text, b"\0")
    if version >= 105:
        out += b"01 Jan 1999 12:00".ljust(18, b"\0")
    for _, kind, _, _ in variables:
        if kind.startswith("str"):
            out += bytes([int(kind[3:]) + (0 if version >= 111 else 127)])
        else:
            out += bytes([_NEW[kind]]) if version >= 111 else _OLD[kind].encode()
    out += b"".join(v[0].encode("cp1252").ljust(name, b"\0") for v in variables)
    out += struct.pack(f"{order}{len(variables) + 1}H", *sorted_by, *[0] * (len(variables) + 1 - len(sorted_by)))
    out += b"".join(v[2].encode().ljust(form, b"\0") for v in variables)
    out += b"".join((b"yesno" if k == 0 else b"").ljust(name, b"\0") for k in range(len(variables)))
    out += b"".join(v[3].encode("cp1252").ljust(text, b"\0") for v in variables)
    if version >= 105:
        length = "I" if version > 108 else "H"
        for of, key, note in notes:
            body = of.ljust(name, b"\0") + key.ljust(name, b"\0") + note + b"\0"
            out += b"\1" + struct.pack(order + length, len(body)) + body
        out += b"\0" + struct.pack(order + length, 0)
    for row in rows:
        for (_, kind, _, _), value in zip(variables, row, strict=True):
            if kind.startswith("str"):
                out += value.ljust(int(kind[3:]), b"\0")
            else:
                out += value if isinstance(value, bytes) else struct.pack(order + TYPES[kind], value)
    if version < 108:
        out += struct.pack(order + "H", len(labels)) + b"yesno".ljust(9, b"\0") + b"\0"
        out += b"".join(struct.pack(order + "h", k) for k in labels)
        return out + b"".join(t.ljust(8, b"\0") for t in labels.values())
    texts = b"".join(t + b"\0" for t in labels.values())
    places, at = [], 0
    for t in labels.values():
        places.append(at)
        at += len(t) + 1
    body = struct.pack(order + "II", len(labels), len(texts))
    body += struct.pack(f"{order}{len(labels)}i", *places) + struct.pack(f"{order}{len(labels)}i", *labels) + texts
    return out + struct.pack(order + "I", len(body)) + b"yesno".ljust(name, b"\0") + bytes(3) + body
