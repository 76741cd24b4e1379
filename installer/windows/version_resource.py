"""The version resource of the programs for Windows: what the Details of their properties show. PyInstaller reads it."""

from __future__ import annotations

import re
from pathlib import Path

from installer import identity

OUT = identity.ROOT / "build" / "windows"
_ENGLISH_UNICODE = "040904B0"  # language and code page of the strings
COPYRIGHT = "BSD 3-clause licence"


def four_numbers(version: str) -> tuple[int, int, int, int]:
    """A version as Windows compares it: the numbers it begins with, and zeros."""
    found = re.match(r"\d+(\.\d+)*", version)
    numbers = [int(part) for part in found[0].split(".")] if found else []
    one, two, three, four = (numbers + [0] * 4)[:4]
    return one, two, three, four


def text(program: str, description: str) -> str:
    """The resource of a program, as PyInstaller's ``version`` takes it."""
    version = identity.version()
    strings = {
        "CompanyName": identity.PUBLISHER, "FileDescription": description, "FileVersion": version,
        "InternalName": program, "LegalCopyright": COPYRIGHT, "OriginalFilename": f"{program}.exe",
        "ProductName": identity.NAME, "ProductVersion": version,
    }  # fmt: skip
    told = ", ".join(f"StringStruct({key!r}, {value!r})" for key, value in strings.items())
    numbers = four_numbers(version)
    return (
        f"VSVersionInfo(ffi=FixedFileInfo(filevers={numbers}, prodvers={numbers}, mask=0x3F, flags=0, OS=0x40004, "
        "fileType=1, subtype=0),\n"
        f"  kids=[StringFileInfo([StringTable({_ENGLISH_UNICODE!r}, [{told}])]),\n"
        "        VarFileInfo([VarStruct('Translation', [0x0409, 1200])])])\n"
    )


def write(program: str) -> str:
    """The path of a file with the resource of a program."""
    window = program == identity.WINDOW
    OUT.mkdir(parents=True, exist_ok=True)
    file = Path(OUT, f"{program}-version.txt")
    file.write_text(text(program, identity.NAME if window else f"{identity.NAME} command line"), encoding="utf-8")
    return str(file)
