"""What Terrace is called by the systems that it is installed on; shared by all installers."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent

NAME = "Terrace"
WINDOW, CONSOLE = "terrace-desktop", "terrace"
"""The programs: the window, and the command line."""

PACKAGE = "terrace"
"""The name among the packages of a system, of its menu entry and of its icon; the window says it to the desktop."""

APP_ID = "terrace.Terrace"
"""For AppStream and macOS, which want two words at least. It begins with no domain, as the project has none."""

PUBLISHER = "Terrace"
SUMMARY = "Multilevel models by clicking, with reports"
DESCRIPTION = (
    "Terrace fits linear mixed-effects (multilevel) models. Open data of Stata, SPSS, SAS, R, Excel and others, click "
    "the model together or type it as a command, and read, check and export the results."
)
EXTENSION = ".terrace"
MIME_TYPE = "application/x-terrace-project"
FILE_KIND = "Terrace project"
LICENCE = "BSD-3-Clause"


def version() -> str:
    """The version of the program; read from its source, as nothing is installed where installers are made."""
    text = (ROOT / "engine" / "terrace" / "version.py").read_text(encoding="utf-8")
    found = re.search(r'^__version__ = "([^"]+)"$', text, flags=re.MULTILINE)
    if found is None:
        raise SystemExit("engine/terrace/version.py names no version.")
    return found[1]


def four_numbers(version: str) -> tuple[int, int, int, int]:
    """A version as Windows compares it: the numbers that it begins with, and zeros."""
    found = re.match(r"\d+(\.\d+)*", version)
    first, second, third, fourth = [*map(int, found[0].split(".") if found else ()), 0, 0, 0, 0][:4]
    return first, second, third, fourth


def version_resource(name: str) -> Any:
    """What Windows shows of a program under Properties > Details, as PyInstaller takes it; on Windows alone."""
    from PyInstaller.utils.win32 import versioninfo as info

    numbers = four_numbers(version())
    texts = {
        "CompanyName": PUBLISHER, "FileDescription": SUMMARY if name == WINDOW else f"{NAME} on the command line",
        "FileVersion": version(), "InternalName": name, "LegalCopyright": LICENCE, "OriginalFilename": f"{name}.exe",
        "ProductName": NAME, "ProductVersion": version(),
    }  # fmt: skip
    table = info.StringTable("040904B0", [info.StringStruct(key, text) for key, text in texts.items()])
    words = [info.StringFileInfo([table]), info.VarFileInfo([info.VarStruct("Translation", [0x0409, 1200])])]
    return info.VSVersionInfo(ffi=info.FixedFileInfo(filevers=numbers, prodvers=numbers), kids=words)
