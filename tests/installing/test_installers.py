"""What installers are made of: the parts that need no build. The whole is tried by installer/linux/try.py."""

from __future__ import annotations

import hashlib
import re
import subprocess
import sys
import tomllib
import xml.etree.ElementTree as ET
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT))

from installer import elf, identity, slim  # noqa: E402 - found by the line above
from installer.linux import desktop, packing, portable  # noqa: E402

OBJDUMP = """
/x/libA.so.1:     file format elf64-x86-64

Dynamic Section:
  NEEDED               libB.so.2
  NEEDED               libc.so.6
  SONAME               libA.so.1

Version References:
  required from libc.so.6:
    0x06969194 0x00 03 GLIBC_2.14
    0x09691a75 0x00 02 GLIBC_2.2.5

/x/libB.so.2:     file format elf64-x86-64

Dynamic Section:
  SONAME               libB.so.2

Version References:
  required from libc.so.6:
    0x069691b4 0x00 03 GLIBC_2.34

/x/libC.so.3:     file format elf64-x86-64

Dynamic Section:
  NEEDED               libA.so.1
  SONAME               libC.so.3

/x/module.so:     file format elf64-x86-64

Dynamic Section:
  NEEDED               libB.so.2
"""


def test_versions_are_those_of_the_project() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    assert identity.version() == project["version"]
    assert {identity.CONSOLE, identity.WINDOW} == {*project["scripts"], *project["gui-scripts"]}


def test_the_window_has_the_name_of_its_menu_entry() -> None:
    source = (ROOT / "desktop" / "terrace_desktop" / "app" / "app.py").read_text(encoding="utf-8")
    assert f'setDesktopFileName("{identity.PACKAGE}")' in source


def test_native_files_are_read_and_the_newest_glibc_is_found_by_number() -> None:
    files = elf.parsed(OBJDUMP)
    assert [file.path.name for file in files] == ["libA.so.1", "libB.so.2", "libC.so.3", "module.so"]
    assert elf.highest(files, "GLIBC") == ("2.34", Path("/x/libB.so.2"))  # 2.5 of text is not above 2.34
    assert elf.outside(files) == {"libc.so.6": {Path("/x/libA.so.1")}}


def test_what_only_unused_libraries_need_is_unused() -> None:
    # nobody needs C; A is needed by it alone; B by a module too
    assert [path.name for path in elf.unused(elf.parsed(OBJDUMP))] == ["libA.so.1", "libC.so.3"]


@pytest.mark.parametrize(
    ("name", "out"),
    [
        ("pyarrow/libarrow_flight.so.2600", True),
        ("pyarrow\\arrow_flight.dll", True),
        ("pyarrow/libarrow.so.2600", False),
        ("pyarrow/libarrow_python.so.2600", False),
        ("pyarrow/libarrow_python.so.2600.1.0", True),
        ("numpy.libs/libgfortran-040039e1-0352e75f.so.5.0.0", False),
        ("PySide6/Qt/plugins/platforms/libqxcb.so", False),
        ("PySide6/Qt/plugins/platforms/libqoffscreen.so", False),
        ("PySide6/Qt/plugins/platforms/libqminimal.so", True),
        ("PySide6/plugins/platforms/qwindows.dll", False),
        ("PySide6/Qt/translations/qt_help_de.qm", True),
        ("matplotlib/mpl-data/fonts/ttf/DejaVuSans.ttf", False),
        ("matplotlib/mpl-data/fonts/afm/cmr10.afm", True),
        ("numpy-2.4.6.dist-info/RECORD", True),
        ("numpy-2.4.6.dist-info/METADATA", False),
        ("terrace/_resources/samples/hsb.parquet", False),
    ],
)
def test_what_is_left_out(name: str, out: bool) -> None:
    assert bool(slim.left_out(name)) is out


def test_no_file_of_ours_is_left_out() -> None:
    files = [file for file in (ROOT / "resources").rglob("*") if file.is_file()]
    names = [f"terrace/_resources/{file.relative_to(ROOT / 'resources').as_posix()}" for file in files]
    assert len(names) > 50
    assert [name for name in names if slim.left_out(name) and not name.endswith(".py")] == []


def test_what_our_modules_import_is_not_excluded() -> None:
    text = "\n".join(file.read_text(encoding="utf-8") for package in slim.PACKAGES for file in package.rglob("*.py"))
    named = set(re.findall(r"^\s*(?:from|import) ([\w.]+)", text, flags=re.MULTILINE))
    tops = {".".join(name.split(".")[:n]) for name in named for n in range(1, name.count(".") + 2)}
    assert {"sqlite3", "pyarrow.csv", "PySide6.QtWidgets"} <= tops
    assert tops & set(slim.excluded()) == set()


def test_a_command_of_a_menu_entry_is_quoted() -> None:
    assert desktop.quoted("terrace-desktop") == "terrace-desktop"
    assert desktop.quoted("/a b/ü") == '"/a b/ü"'
    assert desktop.quoted('/$x"%') == '"/\\\\$x\\\\"%%"'


def test_files_of_the_desktop_are_well_formed() -> None:
    mime = ET.fromstring(desktop.mime_type().encode())
    assert [element.get("pattern") for element in mime.iter() if element.tag.endswith("glob")] == ["*.terrace"]
    about = ET.fromstring(desktop.metainfo().encode())
    assert about.findtext("id") == identity.APP_ID
    assert f"MimeType={identity.MIME_TYPE};" in desktop.menu_entry("terrace-desktop")


def packed(folder: Path) -> Path:
    """A file that installs itself, of a program that is two lines."""
    content = folder / "content"
    (content / "share").mkdir(parents=True)
    program = content / "terrace-desktop"
    program.write_text('#!/bin/sh\necho "started with $1"\n', encoding="utf-8")
    program.chmod(0o755)
    menu = content / "terrace-menu"
    menu.write_bytes((portable.HERE / "menu.sh").read_bytes())
    menu.chmod(0o755)
    (content / "share" / "terrace.desktop").write_text(desktop.menu_entry("terrace-desktop"), encoding="utf-8")
    (content / "share" / "terrace.xml").write_text(desktop.mime_type(), encoding="utf-8")
    for size in desktop.ICON_SIZES:
        (content / "share" / f"terrace-{size}.png").write_bytes(b"x")
    packing.packed(content, folder / "packed")
    body = (folder / "packed").read_bytes()
    values = {"VERSION": "1", "GLIBC": "2.35", "FILE": "t.run", "SIZE": str(len(body)), "UNPACKED": "1",
              "SUM": hashlib.sha256(body).hexdigest()}  # fmt: skip
    file = folder / "t.run"
    file.write_bytes(portable.head(values).encode() + body)
    return file


def run(command: list[str], home: Path) -> subprocess.CompletedProcess[str]:
    environ = {"HOME": str(home), "PATH": "/usr/bin:/bin"}
    return subprocess.run(command, env=environ, capture_output=True, text=True, check=False)


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="of Linux")
def test_a_file_installs_itself_starts_from_its_menu_entry_and_goes(tmp_path: Path) -> None:
    home = tmp_path / "home of $someone 100%"
    home.mkdir()
    target = home / "Übung \"1\"" / "Terrace"
    file = packed(tmp_path)
    done = run(["sh", str(file), "--to", str(target)], home)
    assert done.returncode == 0, done.stderr
    entry = home / ".local/share/applications/terrace.desktop"
    line = next(x for x in entry.read_text(encoding="utf-8").splitlines() if x.startswith("Exec="))
    # a desktop takes the backslashes of the file off first, then reads quotes as a shell does, then %% and %f
    said = run(["sh", "-c", "printf '%s\\n' " + line.removeprefix("Exec=").replace("\\\\", "\\")], home).stdout
    words = [word.replace("%%", "%").replace("%f", "a.terrace") for word in said.splitlines()]
    assert run(words, home).stdout == "started with a.terrace\n"
    assert run(["sh", str(file), "--to", str(target)], home).returncode == 0  # again, over the old one
    assert run([str(target / "terrace-menu"), "uninstall"], home).returncode == 0
    assert not target.exists()
    left = [path for path in home.rglob("*") if path.is_file()]  # caches of the desktop at most
    assert [path for path in left if "terrace" in path.name or b"x-terrace" in path.read_bytes()] == []


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="of Linux")
def test_a_damaged_file_and_a_folder_of_others_are_refused(tmp_path: Path) -> None:
    home = tmp_path / "home"
    other = home / "letters"
    other.mkdir(parents=True)
    (other / "letter").write_text("dear", encoding="utf-8")
    file = packed(tmp_path)
    refused = run(["sh", str(file), "--to", str(other)], home)
    assert refused.returncode == 1 and "something else" in refused.stderr
    assert (other / "letter").exists()
    body = bytearray(file.read_bytes())
    body[-10] ^= 1
    file.write_bytes(body)
    refused = run(["sh", str(file)], home)
    assert refused.returncode == 1 and "damaged" in refused.stderr
    assert not (home / ".local").exists()
