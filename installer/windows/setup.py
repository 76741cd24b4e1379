#!/usr/bin/env python3
"""The setup for Windows: ``build(frozen, out)`` packs the frozen folder with NSIS (``makensis``, version 3 or newer).

Where ``TERRACE_SIGN_WINDOWS`` holds a command that signs the file named after it, such as
``signtool sign /fd SHA256 /tr ADDRESS /td SHA256 /sha1 THUMBPRINT``, the programs, the
uninstaller and the setup are signed.
"""

from __future__ import annotations

import os
import shlex
import shutil
import subprocess
from pathlib import Path

from installer import icons, identity

HERE = Path(__file__).resolve().parent
WORK = identity.ROOT / "build" / "windows"
SIGN = "TERRACE_SIGN_WINDOWS"
OWN_FOLDER = "terrace"
"""In the local data of the user: settings and logs (``platformdirs`` in the program)."""


class SetupError(SystemExit):
    """The setup cannot be made; the message says what to do."""


def build(frozen: Path, out: Path, *, target: str = "") -> list[Path]:
    """Write the setup of a frozen folder into ``out``; the file. Raises `SetupError` where it cannot be made.

    ``target`` is NSIS's kind of program, such as amd64-unicode; the usual one of 32 bits runs everywhere.
    """
    makensis = shutil.which("makensis") or _in_program_files()
    if makensis is None:
        raise SetupError("makensis is missing. Install NSIS 3 (on Debian: apt-get install nsis).")
    setup = out.resolve() / f"{identity.NAME}-{identity.version()}-setup.exe"
    sign = os.environ.get(SIGN, "")
    if sign:
        for program in (identity.WINDOW, identity.CONSOLE):
            subprocess.run([*shlex.split(sign), str(frozen / f"{program}.exe")], check=True)
    else:
        print(f"The setup is not signed: {SIGN} is not set.")
    WORK.mkdir(parents=True, exist_ok=True)
    names = WORK / "names.nsh"
    names.write_text(defines(frozen, setup, sign), encoding="utf-8-sig")
    options = ["-V2", "-WX", "-INPUTCHARSET", "UTF8", f"-DNAMES={names}", *([f"-DTARGET={target}"] if target else [])]
    subprocess.run([makensis, *options, "terrace.nsi"], check=True, cwd=HERE)
    return [setup]


def defines(frozen: Path, setup: Path, sign: str = "") -> str:
    """What the script has to know, as ``!define`` lines."""
    size = sum(file.stat().st_size for file in frozen.rglob("*") if file.is_file())
    values = {
        "NAME": identity.NAME, "VERSION": identity.version(), "PUBLISHER": identity.PUBLISHER,
        "SUMMARY": identity.SUMMARY, "COPYRIGHT": identity.LICENCE,
        "FOUR": ".".join(map(str, identity.four_numbers(identity.version()))),
        "WINDOW": identity.WINDOW, "CONSOLE": identity.CONSOLE, "EXTENSION": identity.EXTENSION,
        "MIME_TYPE": identity.MIME_TYPE, "FILE_KIND_ENGLISH": identity.FILE_KIND, "OWN_FOLDER": OWN_FOLDER,
        "KILOBYTES": str(size // 1024), "FROZEN": frozen.resolve().as_posix(), "OUT": str(setup),
        "ICON": str(icons.icon_for("win32")), "LICENCE": str(identity.ROOT / "LICENSE"),
    } | ({"SIGN": sign} if sign else {})  # fmt: skip
    return "".join(f"!define {name} {quoted(value)}\n" for name, value in values.items())


def quoted(value: str) -> str:
    """A value as a word of an NSIS script, whose own signs it may hold."""
    return '"' + value.replace("$", "$$").replace('"', '$\\"').replace("\n", "$\\n") + '"'


def _in_program_files() -> str | None:
    """Where its own setup puts makensis, which leaves PATH alone."""
    folders = (os.environ.get(name) for name in ("ProgramFiles(x86)", "ProgramFiles"))
    places = (Path(folder, "NSIS", "makensis.exe") for folder in folders if folder)
    return next((str(place) for place in places if place.exists()), None)
