"""One file for users without rights of an administrator, on any Linux that is new enough: it installs itself.

A shell script with the folder behind it, packed by xz. An AppImage needs a runtime that mounts it, which is fetched
from elsewhere and asks the system for FUSE; here a shell, tar and xz do. Unpacked once, the program starts as fast as
an installed one, and runs from wherever its folder is. `menu.sh` adds it to the menu and removes it.
"""

from __future__ import annotations

import re
import shutil
import tempfile
from pathlib import Path

from installer import elf, freeze, icons, identity, trust
from installer.linux import deb, desktop, packing

HERE = Path(__file__).resolve().parent


def build(frozen: Path, out: Path) -> list[Path]:
    """Write the file. Needs tar and xz."""
    target = out / f"{identity.NAME}-{identity.version()}-linux-x86_64.run"
    with tempfile.TemporaryDirectory() as place:
        folder, packed = Path(place, "folder"), Path(place, "packed.tar.xz")
        fill(folder, frozen)
        packing.packed(folder, packed)
        unpacked = sum(path.lstat().st_size for path in folder.rglob("*"))
        values = {
            "VERSION": identity.version(), "GLIBC": elf.highest(elf.natives(folder), "GLIBC")[0], "FILE": target.name,
            "SIZE": str(packed.stat().st_size), "SUM": trust.sha256(packed),
            "UNPACKED": str(round(unpacked / 1e6)),
        }  # fmt: skip
        target.write_bytes(head(values).encode() + packed.read_bytes())
    target.chmod(0o755)
    return [target]


def head(values: dict[str, str]) -> str:
    """The script before the packed folder, with the names between @ replaced."""
    return re.sub(r"@([A-Z]+)@", lambda found: values[found[1]], (HERE / "head.sh").read_text(encoding="utf-8"))


def fill(folder: Path, frozen: Path) -> None:
    """What the file unpacks to: the program, and what desktops read, for `menu.sh`."""
    shutil.copytree(frozen, folder, symlinks=True)
    menu = folder / "terrace-menu"
    deb.copy(HERE / "menu.sh", menu)
    share = folder / "share"
    deb.write(share / f"{identity.PACKAGE}.desktop", desktop.menu_entry(identity.WINDOW))
    deb.write(share / f"{identity.PACKAGE}.xml", desktop.mime_type())
    for size in desktop.ICON_SIZES:
        deb.copy(icons.png(size), share / icons.png(size).name)
    deb.copy(freeze.ROOT / "LICENSE", folder / "LICENSE.txt")
    if trust.THIRD_PARTY.exists():
        deb.copy(trust.THIRD_PARTY, folder / trust.THIRD_PARTY.name)
    deb.settle(folder)
    menu.chmod(0o755)
