"""The package for Debian and Ubuntu: build/frozen/Terrace under /usr/lib/terrace, with what desktops read beside it.

Nothing runs when it is installed or removed: menus, types and icons are read anew by triggers of the packages that
keep them, and what the package does not list does not arise. Packed with xz, which dpkg of all these systems reads,
also with the filter for code: dpkg-deb has no option for it, and it saves 6 MB.
"""

from __future__ import annotations

import gzip
import os
import re
import shutil
import subprocess
import tempfile
import textwrap
from pathlib import Path

from installer import elf, freeze, icons, identity, trust
from installer.linux import desktop, manual, packing

HOME = Path("usr/lib", identity.PACKAGE)
HEAD = "DEBIAN"
OPTIONAL = ("libqgtk3.so",)
"""Plugins that are used where the system has what they need, and that nobody has to install anything for."""

ALSO_NEEDED = ("xkb-data",)  # the keyboards of libxkbcommon, which is in the folder
RECOMMENDED = ("fonts-inter", "fonts-dejavu-core", "xdg-utils")  # the fonts of the window, and what opens a report

OVERRIDES = f"""\
# There is nobody yet to whom mail could be sent.
{identity.PACKAGE}: bogus-mail-host
{identity.PACKAGE}: bogus-mail-host-in-debian-changelog
# Libraries come with the program in the versions that it was tested with, and find each other by their places.
{identity.PACKAGE}: embedded-library
{identity.PACKAGE}: custom-library-search-path
{identity.PACKAGE}: sharedobject-in-library-directory-missing-soname
{identity.PACKAGE}: shared-library-lacks-prerequisites
{identity.PACKAGE}: unstripped-binary-or-object
{identity.PACKAGE}: hardening-no-pie
{identity.PACKAGE}: library-not-linked-against-libc
# Figures are the same on each computer, so their fonts are those that they were tested with.
{identity.PACKAGE}: duplicate-font-file
"""


def build(frozen: Path, out: Path) -> list[Path]:
    """Write the package; the file. Needs dpkg, binutils, tar and xz."""
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder, "root")
        fill(root, frozen)
        control(root, *dependencies(frozen))
        target = out / f"{identity.PACKAGE}_{identity.version()}_amd64.deb"
        settle(root)
        pack(root, target)
    return [target]


def pack(root: Path, target: Path) -> None:
    """Make a package of a folder whose head is in DEBIAN, and let dpkg read all of it."""
    with tempfile.TemporaryDirectory() as folder:
        head, data = Path(folder, "control.tar.xz"), Path(folder, "data.tar.xz")
        packing.packed(root / HEAD, head)
        packing.packed(root, data, without=[HEAD])
        members = [("debian-binary", b"2.0\n"), *((file.name, file.read_bytes()) for file in (head, data))]
        target.write_bytes(packing.archive(members))
    for question in ("--info", "--contents"):
        subprocess.run(["dpkg-deb", question, str(target)], check=True, stdout=subprocess.DEVNULL)


def fill(root: Path, frozen: Path) -> None:
    """All files of the package."""
    shutil.copytree(frozen, root / HOME, symlinks=True)
    share = root / "usr" / "share"
    (root / "usr" / "bin").mkdir(parents=True)
    for name in (identity.WINDOW, identity.CONSOLE):
        (root / "usr" / "bin" / name).symlink_to(Path("..", "lib", identity.PACKAGE, name))
    write(share / "applications" / f"{identity.PACKAGE}.desktop", desktop.menu_entry(identity.WINDOW))
    write(share / "mime" / "packages" / f"{identity.PACKAGE}.xml", desktop.mime_type())
    write(share / "metainfo" / f"{identity.APP_ID}.metainfo.xml", desktop.metainfo())
    for size in desktop.ICON_SIZES:
        copy(icons.png(size), share / "icons" / "hicolor" / f"{size}x{size}" / "apps" / f"{identity.PACKAGE}.png")
    copy(icons.SOURCE, share / "icons" / "hicolor" / "scalable" / "apps" / f"{identity.PACKAGE}.svg")
    write(share / "lintian" / "overrides" / identity.PACKAGE, OVERRIDES)
    documents = share / "doc" / identity.PACKAGE
    write(documents / "copyright", copyright_text())
    if trust.THIRD_PARTY.exists():
        copy(trust.THIRD_PARTY, documents / trust.THIRD_PARTY.name)
    version = identity.version()
    news = f"{identity.PACKAGE} ({package_version(version)}) stable; urgency=medium\n\n  * Terrace {version}.\n\n"
    (documents / "changelog.gz").write_bytes(gzip.compress((news + signed()).encode(), mtime=0))
    for name in manual.WHAT:
        page = share / "man" / "man1" / f"{name}.1.gz"
        page.parent.mkdir(parents=True, exist_ok=True)
        page.write_bytes(gzip.compress(manual.page(frozen, name).encode(), mtime=0))


def package_version(version: str) -> str:
    """A version as dpkg orders it: one for trying out, such as 0.2.0rc1, comes before the one that it leads to."""
    return re.sub(r"\.?dev(?=\d)", "~~dev", re.sub(r"(a|b|rc)(?=\d)", r"~\1", version))


def signed() -> str:
    """The last line of an entry of a Debian changelog."""
    command = ["date", "-u", "-R", "-d", f"@{freeze.source_date()}"]
    day = subprocess.run(command, capture_output=True, text=True, check=True, env={**os.environ, "LC_ALL": "C"}).stdout
    return f" -- {maintainer()}  {day}"


def maintainer() -> str:
    """Whom the package names; the address is one that cannot exist, as the project has none."""
    return f"{identity.PUBLISHER} <nobody@localhost>"


def write(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")


def copy(source: Path, target: Path) -> None:
    target.parent.mkdir(parents=True, exist_ok=True)
    shutil.copyfile(source, target)


def copyright_text() -> str:
    """The licence of the program, and where those of its libraries are."""
    licence = (freeze.ROOT / "LICENSE").read_text(encoding="utf-8")
    holder = next(line for line in licence.splitlines() if line.startswith("Copyright"))
    body = "".join(f" {line}\n" if line.strip() else " .\n" for line in licence.splitlines())
    return (
        "Format: https://www.debian.org/doc/packaging-manuals/copyright-format/1.0/\n"
        f"Upstream-Name: {identity.NAME}\n"
        "Comment: The licences of the libraries that come with the program are in THIRD-PARTY.txt beside this file.\n"
        f"\nFiles: *\nCopyright: {holder.removeprefix('Copyright').strip()}\nLicense: {identity.LICENCE}\n{body}"
    )


def dependencies(frozen: Path) -> tuple[str, str]:
    """Depends and Recommends: the packages of the libraries that files of the folder need and that are not in it.

    Versions are asked of glibc alone: a system that has it in that version has the others.
    """
    files = elf.natives(frozen)
    floor, _ = elf.highest(files, "GLIBC")
    depends, recommends = set(ALSO_NEEDED), set(RECOMMENDED)
    for name, by in elf.outside(files).items():
        needing = {path for path in by if path.name not in OPTIONAL}
        if needing:
            (recommends if all("wayland" in str(path).lower() for path in needing) else depends).add(package_of(name))
    return in_order({f"{d} (>= {floor})" if d == "libc6" else d for d in depends}), in_order(recommends - depends)


def in_order(packages: set[str]) -> str:
    """As a field of the head has them; those that Ubuntu 24.04 renamed are provided there under the old name too."""
    return ", ".join(sorted(packages))


def package_of(library: str) -> str:
    """The Debian package that has a library, by its name for the loader."""
    done = subprocess.run(["dpkg", "-S", f"*-linux-gnu/{library}"], capture_output=True, text=True, check=False)
    found = {line.split(":")[0] for line in done.stdout.splitlines() if not line.startswith("diversion")}
    if len(found) != 1:
        raise SystemExit(f"{library} is in {len(found)} packages of this system: {', '.join(sorted(found)) or 'none'}.")
    return found.pop()


def control(root: Path, depends: str, recommends: str) -> None:
    """The head of the package."""
    files = [path for path in root.rglob("*") if path.is_file() and not path.is_symlink()]
    size = sum(-(-path.stat().st_size // 1024) for path in files)
    write(root / HEAD / "control", f"""\
Package: {identity.PACKAGE}
Version: {package_version(identity.version())}
Architecture: amd64
Maintainer: {maintainer()}
Installed-Size: {size}
Depends: {depends}
Recommends: {recommends}
Section: math
Priority: optional
Description: {identity.SUMMARY[0].lower()}{identity.SUMMARY[1:]}
 {textwrap.fill(identity.DESCRIPTION, 78, subsequent_indent=" ")}
""")  # fmt: skip
    sums = subprocess.run(
        ["md5sum", *sorted(str(path.relative_to(root)) for path in files)], cwd=root, capture_output=True, text=True,
        check=True,
    ).stdout  # fmt: skip
    write(root / HEAD / "md5sums", sums)


def settle(root: Path) -> None:
    """Give files the rights and times that do not depend on who builds, or when."""
    moment = int(freeze.source_date())
    for path in [root, *root.rglob("*")]:
        if not path.is_symlink():
            runs = path.is_dir() or path.name == identity.WINDOW or path.suffix == ".sh"
            path.chmod(0o755 if runs else 0o644)
        os.utime(path, (moment, moment), follow_symlinks=False)
