"""The setup for Windows: what its script is told, and, where NSIS is installed, what it makes of a folder."""

from __future__ import annotations

import re
import shutil
import struct
import subprocess
import sys
from pathlib import Path
from types import ModuleType

import pytest

from installer import icons, identity
from installer.windows import setup

SCRIPTS = Path(setup.__file__).parent


@pytest.mark.parametrize(
    ("version", "four"),
    [("0.1.0", "0.1.0.0"), ("2", "2.0.0.0"), ("1.2.3rc1", "1.2.3.0"), ("1.2.3.4.5", "1.2.3.4"), ("dev", "0.0.0.0"),
     ("0.10.0.dev3", "0.10.0.0"), ("1.2.post1", "1.2.0.0")],
)  # fmt: skip
def test_a_version_has_four_numbers_in_the_setup_and_in_the_programs(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, version: str, four: str
) -> None:
    info = ModuleType("versioninfo")
    for name in ("StringTable", "StringStruct", "StringFileInfo", "VarFileInfo", "VarStruct"):
        setattr(info, name, lambda *_: None)
    info.FixedFileInfo = lambda filevers, prodvers: (filevers, prodvers)  # type: ignore[attr-defined]
    info.VSVersionInfo = lambda ffi, kids: ffi  # type: ignore[attr-defined]
    win32 = ModuleType("win32")
    win32.versioninfo = info  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "PyInstaller.utils.win32", win32)  # which only Windows has
    monkeypatch.setattr(identity, "version", lambda: version)
    numbers = tuple(map(int, four.split(".")))
    assert identity.version_resource(identity.WINDOW) == (numbers, numbers)
    assert f'!define FOUR "{four}"' in setup.defines(frozen(tmp_path), tmp_path / "s.exe")


def test_signs_of_nsis_in_a_value_stay_what_they_are() -> None:
    assert setup.quoted('a "b" $c') == '"a $\\"b$\\" $$c"'


def frozen(folder: Path) -> Path:
    """A folder as the frozen program has it, with a name that is not ASCII and one that has a blank."""
    made = folder / "with blank" / identity.NAME
    (made / "_internal" / "ä").mkdir(parents=True)
    for name in (f"{identity.WINDOW}.exe", f"{identity.CONSOLE}.exe", "_internal/ä/é.bin"):
        (made / name).write_bytes(b"x" * 5000)
    return made


def test_the_script_is_told_what_identity_says(tmp_path: Path) -> None:
    lines = setup.defines(frozen(tmp_path), tmp_path / "s.exe")
    told = dict(re.findall(r'^!define (\w+) "(.*)"$', lines, re.MULTILINE))
    assert told["VERSION"] == identity.version() and told["MIME_TYPE"] == identity.MIME_TYPE
    assert told["KILOBYTES"] == str(15_000 // 1024) and "SIGN" not in told
    assert 'define SIGN "tool $\\"x$\\""' in setup.defines(frozen(tmp_path / "b"), tmp_path / "s.exe", 'tool "x"')
    script = (SCRIPTS / "terrace.nsi").read_text(encoding="utf-8") + (SCRIPTS / "words.nsh").read_text(encoding="utf-8")
    used = set(re.findall(r"\$\{([A-Z_]+)\}", script)) | set(re.findall(r"!ifdef ([A-Z]+)", script))
    defined = set(re.findall(r"!define ([A-Z_]+)", script))
    ours = {n for n in used - defined - {"TARGET", "SIGN", "NAMES"} if not n.startswith("LANG_")}
    assert ours == told.keys()


def test_each_text_is_there_in_both_languages() -> None:
    words = re.findall(r"^LangString (\w+) \$\{LANG_(\w+)\} \"(.+)\"$",
                       (SCRIPTS / "words.nsh").read_text(encoding="utf-8"), re.MULTILINE)  # fmt: skip
    by_language = {language: {n for n, lang, _ in words if lang == language} for language in ("ENGLISH", "GERMAN")}
    assert by_language["ENGLISH"] == by_language["GERMAN"] and len(words) == 2 * len(by_language["GERMAN"])
    script = (SCRIPTS / "terrace.nsi").read_text(encoding="utf-8")
    assert set(re.findall(r"\$\(([A-Z_]+)\)", script)) == by_language["ENGLISH"]
    assert not any("please" in text.lower() or "bitte" in text.lower() or "!" in text for *_, text in words)


def icon(path: Path) -> Path:
    """An icon of one white point."""
    picture = struct.pack("<IiiHHIIiiII", 40, 1, 2, 1, 32, 0, 8, 0, 0, 0, 0) + b"\xff" * 4 + bytes(4)
    head = struct.pack("<HHHBBBBHHII", 0, 1, 1, 1, 1, 0, 0, 1, 32, len(picture), 22)
    path.write_bytes(head + picture)
    return path


@pytest.mark.skipif(shutil.which("makensis") is None, reason="needs NSIS")
def test_the_setup_is_compiled_with_all_files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(icons, "icon_for", lambda _system: icon(tmp_path / "i.ico"))
    monkeypatch.delenv(setup.SIGN, raising=False)
    made = setup.build(frozen(tmp_path), tmp_path)
    assert made == [tmp_path / f"Terrace-{identity.version()}-setup.exe"] and made[0].read_bytes()[:2] == b"MZ"
    told = made[0].read_bytes()
    assert identity.version().encode("utf-16-le") in told and b"dpiAware" in told and b"asInvoker" in told
    if shutil.which("7z"):
        command = ["7z", "l", "-ba", str(made[0])]
        listed = subprocess.run(command, capture_output=True, encoding="utf-8", check=True).stdout
        assert all(n in listed for n in (f"{identity.WINDOW}.exe", f"{identity.CONSOLE}.exe", "é.bin"))


def test_without_nsis_it_says_what_to_install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shutil, "which", lambda _name: None)
    monkeypatch.delenv("ProgramFiles", raising=False)
    monkeypatch.delenv("ProgramFiles(x86)", raising=False)
    with pytest.raises(setup.SetupError, match="Install NSIS 3"):
        setup.build(frozen(tmp_path), tmp_path)
