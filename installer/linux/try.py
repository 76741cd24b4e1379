#!/usr/bin/env python3
"""Try the installers of Linux as users do: ``python3 installer/linux/try.py DEB RUN [--root FOLDER]``, as root.

The package goes into a new minimal Debian 12 (debootstrap), whose user without rights starts the program on a virtual
display of X11, by its menu entry and by one of its files, and lets it test itself; then it is removed, and what is left
is listed. The file that installs itself is run by the same user, with what the package needed still there: in a path
with blanks and umlauts, without a network, from a folder that cannot be written, with a home whose file system has no
locks and no links, behind a proxy that answers nothing. What fails is printed; the exit status is 1 then.
"""

from __future__ import annotations

import argparse
import os
import shlex
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT))

from installer import identity  # noqa: E402 - found by the line above

SUITE = "bookworm"
USER, HOME = "user", "/home/user"
DESKTOP = ("xvfb", "xauth", "x11-utils", "shared-mime-info", "desktop-file-utils", "hicolor-icon-theme", "libgtk-3-bin",
           "libglib2.0-bin", "xdg-utils", "xz-utils", "util-linux", "passwd")  # fmt: skip
"""What the root gets before the program: a display, and what desktops keep their menus and types with."""

PATIENCE = 120.0  # seconds for a window to come, on a busy machine
HARMLESS = ("libEGL", "MESA", "dbus", "This plugin does not support", "Gtk-WARNING", "Warning: ")
INSTALLED = f"/usr/bin/{identity.WINDOW}"


class Failed(Exception):
    """A trial went wrong; the message says what."""


class Root:
    """A system of its own in a folder: commands run in it as root or as its user."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def run(self, command: str, *, user: str = "root", network: bool = True, seconds: float = 600) -> str:
        """What a command of the shell prints; raises `Failed` where it fails."""
        inner = f"exec su -s /bin/sh {user} -c {shlex.quote(command)}" if user != "root" else command
        apart = ["unshare", "--mount", "--pid", "--fork", "--kill-child", *([] if network else ["--net"])]
        mounts = "mount -t proc proc /proc; mount -t tmpfs tmpfs /dev/shm; mount -t tmpfs tmpfs /run 2>/dev/null; "
        mounts += "chmod 1777 /dev/shm; ip link set lo up 2>/dev/null || true; "
        full = [*apart, "chroot", str(self.folder), "/bin/sh", "-c", mounts + inner]
        environ = {"PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "DEBIAN_FRONTEND": "noninteractive", "LC_ALL": "C.UTF-8"}
        environ |= {"HOME": HOME if user != "root" else "/root", "TERM": "dumb"}
        done = subprocess.run(full, env=environ, capture_output=True, text=True, timeout=seconds, check=False)
        if done.returncode:
            raise Failed(f"{command}\nended with {done.returncode}:\n{(done.stdout + done.stderr)[-3000:]}")
        return done.stdout + done.stderr

    def files(self) -> set[str]:
        """All files and folders, without those that come and go by themselves."""
        passing = ("proc", "sys", "dev", "run", "tmp", "var/log", "var/cache", "var/lib/apt", "var/lib/dpkg", "root")
        found = set()
        for folder, folders, names in os.walk(self.folder):
            where = os.path.relpath(folder, self.folder)
            folders[:] = [n for n in folders if os.path.normpath(os.path.join(where, n)) not in passing]
            found |= {os.path.normpath(os.path.join(where, name)) for name in (*folders, *names)}
        return found


def made(folder: Path) -> Root:
    """A minimal Debian with a display and a user; one that is there already is used again."""
    root = Root(folder)
    if not (folder / "usr/bin/apt-get").exists():
        subprocess.run(["debootstrap", "--variant=minbase", SUITE, str(folder)], check=True, stdout=subprocess.DEVNULL)
    (folder / "etc/resolv.conf").write_bytes(Path("/etc/resolv.conf").read_bytes())
    for source in Path("/etc/apt").glob("*.conf.d/*"):  # how this machine reaches its packages
        target = folder / source.relative_to("/")
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(source.read_bytes())
    certificates = Path("/etc/ssl/certs/ca-certificates.crt")
    if certificates.exists():
        (folder / "etc/ssl/certs").mkdir(parents=True, exist_ok=True)
        (folder / "etc/ssl/certs/ca-certificates.crt").write_bytes(certificates.read_bytes())
    root.run("apt-get update -qq && apt-get install -y -qq --no-install-recommends " + " ".join(DESKTOP))
    root.run(f"id {USER} 2>/dev/null || useradd -m -s /bin/sh {USER}")
    return root


def on_display(command: str, seconds: float = 300) -> str:
    """A command of the shell on a virtual display of X11."""
    lines = (
        "export QT_QPA_PLATFORM=xcb XDG_RUNTIME_DIR=$HOME",
        "cd && xvfb-run -a -s '-screen 0 1440x900x24 -nolisten tcp' "
        f"timeout {seconds:.0f} sh -c {shlex.quote(command)}",
    )
    return "; ".join(lines)


def window_comes(start: str, title: str = identity.NAME) -> str:
    """A command that starts the program and ends well when a window of this title is there."""
    return on_display(
        f"({start}) > /tmp/said 2>&1 & n=0; "
        f"until xwininfo -root -tree 2>/dev/null | grep -q {shlex.quote(title)}; do "
        f"n=$((n+1)); [ $n -lt {PATIENCE * 5:.0f} ] || {{ cat /tmp/said; exit 1; }}; sleep 0.2; done"
    )


def complaints(said: str) -> None:
    """Fail by what a program printed and should not have."""
    lines = [line for line in said.splitlines() if line.strip() and not any(word in line for word in HARMLESS)]
    wrong = [line for line in lines if not line.startswith(("Terrace ", "passed ", "Self-test passed"))]
    if wrong:
        raise Failed("it said: " + "\n".join(wrong))


def agreed(said: str) -> None:
    """Fail unless all published numbers came out, and no file of a library counts as altered."""
    if not said.strip().endswith("all agree."):
        raise Failed(f"it said: {said[-1000:]}")


# ------------------------------------------------------------------------------------------ the package


def package(root: Root, deb: Path) -> Iterator[tuple[str, Callable[[], object]]]:
    """The trials of the package, in order."""
    before = root.files()
    (root.folder / "tmp" / deb.name).write_bytes(deb.read_bytes())
    yield "apt installs it", lambda: root.run(f"apt-get install -y -qq --no-install-recommends /tmp/{deb.name}")
    yield "command line", lambda: root.run(f"{identity.CONSOLE} run -c 'sample sleepstudy' -c 'mixed reaction days || "
                                           "subject: days'", user=USER, network=False)  # fmt: skip
    yield "published numbers", lambda: agreed(root.run(f"{identity.CONSOLE} validate --no-report", user=USER))
    yield "workers of a bootstrap", lambda: root.run(
        f"{identity.CONSOLE} run -c 'sample sleepstudy' -c 'bootstrap m=r(mean), reps(40) seed(1) processes(2): "
        "summarize reaction'", user=USER)  # fmt: skip
    yield "self-test", lambda: complaints(root.run(on_display(f"{INSTALLED} --self-test"), user=USER, network=False))
    yield "menu entry", lambda: root.run(window_comes(f"gtk-launch {identity.PACKAGE}"), user=USER)
    project = f"{HOME}/my work.terrace"
    yield "a project is saved", lambda: root.run(
        f"{identity.CONSOLE} run -c 'sample sleepstudy' -c 'project save \"{project}\", replace'", user=USER
    )
    yield "its type", lambda: known_type(root, project)
    click = window_comes(f"gio open '{project}'", "my work")
    yield "a double click on it", lambda: root.run(click, user=USER)
    yield "apt removes it", lambda: root.run(f"apt-get purge -y -qq {identity.PACKAGE}")
    yield "nothing is left", lambda: nothing_left(root, before)


def known_type(root: Root, project: str) -> None:
    asked = f"gio info -a standard::content-type '{project}'; xdg-mime query default {identity.MIME_TYPE}"
    said = root.run(asked, user=USER)
    if identity.MIME_TYPE not in said or f"{identity.PACKAGE}.desktop" not in said:
        raise Failed(f"its type and its program are {said}")


def nothing_left(root: Root, before: set[str]) -> None:
    """Fail by files that name the program, outside of what its user made."""
    new = {name for name in root.files() - before if not name.startswith(HOME[1:])}
    left = sorted(name for name in new if identity.PACKAGE in name.lower())
    if left:
        raise Failed("left: " + ", ".join(left))
    places = "/usr/share/mime /usr/share/applications /var/lib/dpkg/info"
    cached = root.run(f"grep -rlI {identity.MIME_TYPE} {places} || true")
    if cached.strip():
        raise Failed(f"still named in {cached}")


# ------------------------------------------------------------------------- the file that installs itself


def portable(root: Root, file: Path) -> Iterator[tuple[str, Callable[[], object]]]:
    """The trials of the file, in order."""
    (root.folder / "tmp" / file.name).write_bytes(file.read_bytes())
    folder = f"{HOME}/Übungen für alle/Terrace"
    quoted = shlex.quote(folder)
    program = f"'{folder}/{identity.WINDOW}'"
    as_user: Callable[[str], str] = lambda command: root.run(command, user=USER, network=False)  # noqa: E731
    yield "unpacked in a path with blanks and umlauts", lambda: as_user(f"sh /tmp/{file.name} --to {quoted}")
    yield "self-test without a network", lambda: complaints(as_user(on_display(f"{program} --self-test")))
    yield "published numbers", lambda: agreed(as_user(f"'{folder}/{identity.CONSOLE}' validate --no-report"))
    yield "menu entry", lambda: as_user(window_comes("gtk-launch terrace"))
    yield "behind a proxy", lambda: complaints(as_user(
        "export http_proxy=http://127.0.0.1:9 https_proxy=http://127.0.0.1:9; " + on_display(f"{program} --self-test")))
    yield "a folder that cannot be written", lambda: complaints(root.run(
        f"mount --bind {quoted} {quoted} && mount -o remount,ro,bind {quoted} && exec su -s /bin/sh {USER} -c "
        + shlex.quote(f"! touch {quoted}/x 2>/dev/null && " + on_display(f"{program} --self-test")), network=False))
    yield "a home without locks and links", lambda: complaints(as_user(
        on_display(f"LD_PRELOAD=/tmp/no-locks.so {program} --self-test")))
    yield "uninstalled", lambda: as_user(f"{quoted}/terrace-menu uninstall; ! test -e {quoted}")
    yield "nothing is left", lambda: as_user(
        'test -z "$(find ~/.local/share/applications ~/.local/share/icons ~/.local/share/mime/packages '
        '-name "*terrace*" 2>/dev/null)"')  # fmt: skip


NO_LOCKS = """
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <sys/file.h>
#include <unistd.h>
#include <dlfcn.h>
int flock(int f, int o) { errno = ENOLCK; return -1; }
int lockf(int f, int c, off_t l) { errno = ENOLCK; return -1; }
int link(const char *a, const char *b) { errno = EPERM; return -1; }
int linkat(int a, const char *b, int c, const char *d, int e) { errno = EPERM; return -1; }
int symlink(const char *a, const char *b) { errno = EPERM; return -1; }
int fcntl64(int f, int c, ...) {
    va_list l; va_start(l, c); void *a = va_arg(l, void *); va_end(l);
    if (c == F_SETLK || c == F_SETLKW) { errno = ENOLCK; return -1; }
    int (*next)(int, int, ...) = dlsym(RTLD_NEXT, "fcntl64");
    return next(f, c, a);
}
"""
"""What a share of a network answers that has neither locks nor links; loaded before the C library."""


def without_locks(root: Root) -> None:
    """Compile `NO_LOCKS` into the root."""
    target = root.folder / "tmp" / "no-locks.so"
    with tempfile.NamedTemporaryFile("w", suffix=".c") as source:
        source.write(NO_LOCKS)
        source.flush()
        command = ["gcc", "-D_GNU_SOURCE", "-w", "-shared", "-fPIC", "-o", str(target), source.name, "-ldl"]
        subprocess.run(command, check=True)


@contextmanager
def folder_of(given: Path | None) -> Iterator[Path]:
    """The folder that is given, or one that is deleted in the end."""
    if given is not None:
        yield given
        return
    with tempfile.TemporaryDirectory(prefix="terrace-root-") as name:
        yield Path(name, "root")  # not that folder itself, which is closed to the user who tries


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("deb", type=Path)
    parser.add_argument("run", type=Path)
    parser.add_argument("--root", type=Path, help="a folder for the system that stays, for another run")
    options = parser.parse_args()
    passed = failed = 0
    with folder_of(options.root) as folder:
        root = made(folder)
        without_locks(root)
        for name, trials in (("package", package(root, options.deb)), ("file", portable(root, options.run))):
            for what, trial in trials:
                begun = time.monotonic()
                try:
                    trial()
                except (Failed, subprocess.TimeoutExpired) as error:
                    failed += 1
                    print(f"{name}: {what}: FAILED: {error}", flush=True)
                else:
                    passed += 1
                    print(f"{name}: {what}: {time.monotonic() - begun:.0f} s", flush=True)
    print(f"{passed} passed, {failed} failed")
    return int(failed > 0)


if __name__ == "__main__":
    sys.exit(main())
