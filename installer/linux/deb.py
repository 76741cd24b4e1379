"""The package for Debian and Ubuntu: build/frozen/Terrace under /usr/lib/terrace, with what desktops read beside it.

Nothing runs when it is installed or removed: menus, types and icons are read anew by triggers of the packages that
keep them, and what the package does not list does not arise. Packed by dpkg-deb, with zstd where the oldest system
reads it.
"""

from __future__ import annotations

import gzip
import os
import shutil
import subprocess
import tempfile
from pathlib import Path

from installer import elf, freeze, icons, identity
from installer.linux import desktop

HOME = Path("usr/lib", identity.PACKAGE)
THIRD_PARTY = freeze.ROOT / "build" / "licences" / "THIRD-PARTY.txt"
OPTIONAL = ("libqgtk3.so",)
"""Plugins that are used where the system has what they need, and that nobody has to install anything for."""

ALSO_NEEDED = ("xkb-data",)  # the keyboards of libxkbcommon, which is in the folder
RECOMMENDED = ("fonts-inter", "fonts-dejavu-core", "xdg-utils")  # the fonts of the window, and what opens a report

OVERRIDES = f"""\
# Libraries come with the program in the versions that it was tested with, and find each other by their places.
{identity.PACKAGE}: embedded-library
{identity.PACKAGE}: custom-library-search-path
{identity.PACKAGE}: sharedobject-in-library-directory-missing-soname
{identity.PACKAGE}: shared-library-lacks-prerequisites
{identity.PACKAGE}: unstripped-binary-or-object
{identity.PACKAGE}: hardening-no-pie
"""


def build(frozen: Path, out: Path) -> list[Path]:
    """Write the package; the file. Needs dpkg-dev and binutils."""
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder, "root")
        fill(root, frozen)
        control(root, *dependencies(frozen))
        target = out / f"{identity.PACKAGE}_{identity.version()}_amd64.deb"
        settle(root)
        command = ["dpkg-deb", "--build", "--root-owner-group", "-Zxz", "-z6", str(root), str(target)]
        environ = {**os.environ, "SOURCE_DATE_EPOCH": freeze.source_date()}
        subprocess.run(command, check=True, env=environ, stdout=subprocess.DEVNULL)
    return [target]


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
    if THIRD_PARTY.exists():
        copy(THIRD_PARTY, documents / THIRD_PARTY.name)
    news = f"{identity.PACKAGE} ({identity.version()}) stable; urgency=medium\n\n  * Terrace {identity.version()}.\n\n"
    (documents / "changelog.gz").write_bytes(gzip.compress((news + signed()).encode(), mtime=0))


def signed() -> str:
    """The last line of an entry of a Debian changelog."""
    command = ["date", "-u", "-R", "-d", f"@{freeze.source_date()}"]
    day = subprocess.run(command, capture_output=True, text=True, check=True, env={**os.environ, "LC_ALL": "C"}).stdout
    return f" -- {maintainer()}  {day}"


def maintainer() -> str:
    """Whom the package names; the address is one that cannot exist, as the project has none."""
    return f"{identity.PUBLISHER} <terrace@localhost.localdomain>"


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
    """Depends and Recommends: the packages of the libraries that the folder has not, found by dpkg-shlibdeps."""
    files = [file.path for file in elf.natives(frozen) if file.path.name not in OPTIONAL]
    wayland = [path for path in files if "wayland" in path.name.lower() or "wayland" in path.parent.name]
    always = [path for path in files if path not in wayland]
    internal = frozen / "_internal"
    places = [internal, internal / "PySide6" / "Qt" / "lib", internal / "pyarrow", internal / "PySide6"]
    with tempfile.TemporaryDirectory() as folder:
        write(Path(folder, "debian", "control"), f"Source: {identity.PACKAGE}\n\nPackage: {identity.PACKAGE}\n")
        command = ["dpkg-shlibdeps", "-O", "--ignore-missing-info", "--warnings=0", *(f"-l{place}" for place in places)]
        asked = [f"-e{path}" for path in always], ["-dRecommends", *(f"-e{path}" for path in wayland)]
        done = subprocess.run([*command, *asked[0], *asked[1]], cwd=folder, capture_output=True, text=True, check=True)
    found = dict(line.split("=", 1) for line in done.stdout.splitlines())
    depends, recommends = found["shlibs:Depends"], found.get("shlibs:Recommends", "")
    return ", ".join([depends, *ALSO_NEEDED]), ", ".join([*filter(None, [recommends]), *RECOMMENDED])


def control(root: Path, depends: str, recommends: str) -> None:
    """The head of the package."""
    files = [path for path in root.rglob("*") if path.is_file() and not path.is_symlink()]
    size = sum(-(-path.stat().st_size // 1024) for path in files)
    write(root / "DEBIAN" / "control", f"""\
Package: {identity.PACKAGE}
Version: {identity.version()}
Architecture: amd64
Maintainer: {maintainer()}
Installed-Size: {size}
Depends: {depends}
Recommends: {recommends}
Section: math
Priority: optional
Description: {identity.SUMMARY[0].lower()}{identity.SUMMARY[1:]}
 {identity.DESCRIPTION}
""")  # fmt: skip
    sums = subprocess.run(
        ["md5sum", *sorted(str(path.relative_to(root)) for path in files)], cwd=root, capture_output=True, text=True,
        check=True,
    ).stdout  # fmt: skip
    write(root / "DEBIAN" / "md5sums", sums)


def settle(root: Path) -> None:
    """Give files the rights and times that do not depend on who builds, or when."""
    moment = int(freeze.source_date())
    for path in [root, *root.rglob("*")]:
        if not path.is_symlink():
            runs = path.is_dir() or path.name == identity.WINDOW
            path.chmod(0o755 if runs else 0o644)
        os.utime(path, (moment, moment), follow_symlinks=False)
