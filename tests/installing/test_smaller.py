"""What makes native files of the frozen program smaller: an ICU package and a dynamic section written anew."""

from __future__ import annotations

import os
import re
import shutil
import struct
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT))

from installer import elf, icu, slim  # noqa: E402 - found by the line above

HEADER = struct.pack("<HBBHHBBBB", 32, 0xDA, 0x27, 20, 0, 0, 0, 2, 0) + b"CmnD" + bytes((1, 0, 0, 0, 3, 0, 0, 0))
HEADER = HEADER.ljust(32, b"\0")
NAMES = ("icudt73l/coll/de.res", "icudt73l/curr/de.res", "icudt73l/root.res", "icudt73l/zone/de.res")
ITEMS = {name: name.encode() * (3 + k) for k, name in enumerate(NAMES)}

on_linux = pytest.mark.skipif(
    not sys.platform.startswith("linux") or not all(map(shutil.which, ("ld", "nm", "objdump", "objcopy", "readelf"))),
    reason="needs binutils on Linux",
)


def test_a_package_keeps_all_but_what_is_needless() -> None:
    found = icu.items(icu.slimmer(icu.packed(HEADER, ITEMS)))
    assert sorted(found) == [name for name in NAMES if "/curr/" not in name]
    for name, item in found.items():
        assert item.rstrip(b"\0") == ITEMS[name] and len(item) % 16 == 0
    with pytest.raises(ValueError, match="package"):
        icu.items(b"\0" * 64)


@pytest.mark.skipif(shutil.which("icupkg") is None, reason="needs icupkg")
def test_icupkg_reads_the_package(tmp_path: Path) -> None:
    """Each item as ICU's own tool takes it: with a header of its own that says what it is."""
    kind = struct.pack("<HBBHHBBBB", 32, 0xDA, 0x27, 20, 0, 0, 0, 2, 0) + b"Test" + bytes((1, 0, 0, 0, 0, 0, 0, 0))
    file = tmp_path / "icudt73l.dat"
    file.write_bytes(icu.packed(HEADER, {name: kind.ljust(32, b"\0") + item for name, item in ITEMS.items()}))
    done = subprocess.run([shutil.which("icupkg") or "", "-l", str(file)], capture_output=True, text=True, check=False)
    assert done.stdout.split() == [name.partition("/")[2] for name in NAMES], done.stderr


def linked(folder: Path, name: str, *needed: str, defines: str = "") -> Path:
    """A shared library without code, that needs others and defines a symbol."""
    (folder / "data").write_bytes(b"x" * 16)
    subprocess.run(["ld", "-r", "-b", "binary", "-o", "data.o", "data"], cwd=folder, check=True)
    symbol = [f"--defsym={defines}=_binary_data_start"] if defines else []
    command = ["ld", "-shared", "--no-as-needed", "-soname", name, *symbol, "-o", name, "data.o", *needed]
    subprocess.run(command, cwd=folder, check=True)
    return folder / name


@on_linux
def test_a_library_that_nothing_is_taken_from_is_no_longer_needed(tmp_path: Path) -> None:
    one, two = linked(tmp_path, "libone.so", defines="one"), linked(tmp_path, "libtwo.so", defines="two")
    user = linked(tmp_path, "libuser.so", "./libone.so", "./libtwo.so")
    assert next(f for f in elf.natives(tmp_path) if f.path == user).needed == {"libone.so", "libtwo.so"}
    user.write_bytes(elf.without_needed(user.read_bytes(), "libone.so"))
    said = subprocess.run(["readelf", "-d", str(user)], capture_output=True, text=True, check=True).stdout
    assert re.findall(r"NEEDED.*\[(.*)\]", said) == ["libtwo.so"]
    one.unlink()
    code = "import ctypes, sys; ctypes.CDLL(sys.argv[1])"
    environ = {**os.environ, "LD_LIBRARY_PATH": str(tmp_path)}
    assert subprocess.run([sys.executable, "-c", code, str(user)], env=environ, check=False).returncode == 0
    two.unlink()
    assert subprocess.run([sys.executable, "-c", code, str(user)], env=environ, check=False,
                          capture_output=True).returncode != 0  # fmt: skip


@on_linux
def test_a_library_that_something_is_taken_from_stays_needed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    linked(tmp_path, "libone.so", defines="one")
    user = linked(tmp_path, "libuser.so", "./libone.so")
    taken = {"libuser.so": {"one"}}
    real = elf.symbols

    def symbols(path: Path, *, defined: bool) -> set[str]:
        return real(path, defined=True) if defined else taken.get(path.name, set())

    monkeypatch.setattr(elf, "symbols", symbols)
    elf.unlink(elf.natives(tmp_path), ("libone",))
    assert next(f for f in elf.natives(tmp_path) if f.path == user).needed == {"libone.so"}
    taken.clear()
    elf.unlink(elf.natives(tmp_path), ("libone",))
    assert next(f for f in elf.natives(tmp_path) if f.path == user).needed == set()


@on_linux
def test_the_data_of_icu_are_put_into_their_library(tmp_path: Path) -> None:
    (tmp_path / "data").write_bytes(icu.packed(HEADER, ITEMS))
    for command in (
        ["ld", "-r", "-b", "binary", "-o", "data.o", "data"],
        ["objcopy", "--rename-section", ".data=.rodata,alloc,load,readonly,data,contents", "data.o"],
        ["ld", "-shared", "-soname", "libicudata.so.73", "--defsym", "icudt73_dat=_binary_data_start",
         "-o", "libicudata.so.73", "data.o"],
    ):  # fmt: skip
        subprocess.run(command, cwd=tmp_path, check=True)
    library = tmp_path / "libicudata.so.73"
    icu.shrink(library)
    assert elf.parsed(subprocess.run(["objdump", "-p", str(library)], capture_output=True, text=True, check=True)
                      .stdout)[0].soname == "libicudata.so.73"  # fmt: skip
    assert "icudt73_dat" in elf.symbols(library, defined=True)
    code = "import ctypes, sys; data = ctypes.c_char.in_dll(ctypes.CDLL(sys.argv[1]), 'icudt73_dat'); "
    code += "p = ctypes.addressof(data); sys.stdout.buffer.write(ctypes.string_at(p, int(sys.argv[2])))"
    wanted = icu.slimmer(icu.packed(HEADER, ITEMS))
    done = subprocess.run([sys.executable, "-c", code, str(library), str(len(wanted))], capture_output=True, check=True)
    assert done.stdout == wanted


def test_a_library_that_is_there_twice_is_kept_once(tmp_path: Path) -> None:
    first, second = tmp_path / "_internal" / "a.libs", tmp_path / "_internal" / "b.libs"
    for folder, other in ((first, b"1"), (second, b"2")):
        folder.mkdir(parents=True)
        (folder / "libsame.so").write_bytes(b"same")
        (folder / "libother.so").write_bytes(other)
    slim.once(tmp_path)
    assert (second / "libsame.so").is_symlink() and (second / "libsame.so").read_bytes() == b"same"
    assert not (first / "libsame.so").is_symlink() and not (second / "libother.so").is_symlink()
    assert not (second / "libsame.so").readlink().is_absolute()


def test_texts_of_qt_go_with_the_languages_of_the_program() -> None:
    assert slim.left_out("PySide6/Qt/translations/qtbase_ka.qm")
    assert not slim.left_out("PySide6/translations/qtbase_en.qm")
