"""The data of ICU that Qt brings on Linux, without the parts that no function is called for that Qt takes from ICU.

Qt takes its collation, its converters, its names of time zones and its changes of case from ICU. Words, numbers,
currencies, units, names of languages and transliteration are there for other programs. The package has the format of
``icupkg`` ("CmnD", version 1): a header, the number of items, their names and places, the names, the items.
"""

from __future__ import annotations

import re
import struct
import subprocess
import tempfile
from pathlib import Path

SYMBOL = re.compile(r"^icudt\d+_dat$")
NEEDLESS = re.compile(r"/(brkitr|curr|lang|rbnf|region|translit|unit)/")
"""Folders of breaks, currencies, languages, spelt numbers, regions, transliteration and units."""

_ALIGNED = 16  # bytes, on which ICU wants each item to begin


def items(package: bytes) -> dict[str, bytes]:
    """The items of a package by their names. Raises `ValueError` where it is none."""
    if package[2:4] != b"\xda\x27" or package[12:16] != b"CmnD" or package[8]:
        raise ValueError("this is no package of ICU with the order of bytes of this processor")
    (begin,) = struct.unpack_from("<H", package)
    (count,) = struct.unpack_from("<I", package, begin)
    toc = [struct.unpack_from("<II", package, begin + 4 + 8 * k) for k in range(count)]
    ends = [place for _, place in toc[1:]] + [len(package) - begin]
    out = {}
    for (name, place), end in zip(toc, ends, strict=True):
        stop = package.index(b"\0", begin + name)
        out[package[begin + name : stop].decode("ascii")] = package[begin + place : begin + end]
    return out


def packed(header: bytes, kept: dict[str, bytes]) -> bytes:
    """A package with a header of another; names are sorted, as ICU looks them up by halves."""
    names = sorted(kept)
    at = 4 + 8 * len(names)
    texts, toc, body = b"", [], b""
    space = at + sum(len(name) + 1 for name in names)
    space += -(len(header) + space) % _ALIGNED
    for name in names:
        toc.append((at + len(texts), space + len(body)))
        texts += name.encode("ascii") + b"\0"
        body += kept[name] + bytes(-len(kept[name]) % _ALIGNED)
    head = struct.pack("<I", len(names)) + b"".join(struct.pack("<II", *entry) for entry in toc) + texts
    return header + head.ljust(space, b"\0") + body


def slimmer(package: bytes) -> bytes:
    """A package without what is needless."""
    header = package[: struct.unpack_from("<H", package)[0]]
    return packed(header, {name: item for name, item in items(package).items() if not NEEDLESS.search(name)})


def shrink(library: Path) -> None:
    """Put a smaller package into a ``libicudata``; by objdump's neighbours in binutils, which need no compiler."""
    symbol, place, end = _where(library)
    package = slimmer(library.read_bytes()[place:end])
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "data").write_bytes(package)
        constant = ".data=.rodata,alloc,load,readonly,data,contents"
        for command in (
            ["ld", "-r", "-b", "binary", "-z", "noexecstack", "-o", "data.o", "data"],
            ["objcopy", "--rename-section", constant, "--set-section-alignment", f".data={_ALIGNED}", "data.o"],
            ["ld", "-shared", "-soname", library.name, "-z", "noexecstack", "--hash-style=gnu", "--build-id=none",
             "--defsym", f"{symbol}=_binary_data_start", "-o", "out.so", "data.o"],
        ):  # fmt: skip
            subprocess.run(command, check=True, cwd=folder)
        library.write_bytes((folder / "out.so").read_bytes())


def _where(library: Path) -> tuple[str, int, int]:
    """The symbol of the data, and where they begin and end in the file: the section that the symbol begins."""
    command = ["objdump", "-T", "-h", str(library)]
    said = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    sections = re.findall(r"^\s+\d+ \S+\s+([0-9a-f]{8}) +([0-9a-f]{16}) +[0-9a-f]{16} +([0-9a-f]{8}) ", said, re.M)
    for line in said.splitlines():
        words = line.split()
        if words and SYMBOL.match(words[-1]):
            address = int(words[0], 16)
            for size, begin, offset in (tuple(int(number, 16) for number in found) for found in sections):
                if begin == address:
                    return words[-1], offset, offset + size
    raise SystemExit(f"{library.name} does not hold the data of ICU where it always did. Look at installer/icu.py.")
