#!/usr/bin/env python3
"""Try the setup: install without a question, look at files and registry, update, run, remove, look for leftovers.

    python3 installer/windows/try_setup.py              under Wine, with stand-ins for the programs (Debian: apt-get
                                                        install nsis wine64 xvfb; see docs/installing.md)
    python installer/windows/try_setup.py SETUP.exe     on Windows, with the real setup; it checks itself there

It changes the registry of the user it runs as, and refuses where Terrace is installed already.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT))

from installer import identity  # noqa: E402 - found by the line above

ON_WINDOWS = os.name == "nt"
PATIENCE = 120.0  # s for an uninstaller, which goes on after its first process has ended
CLASSES = r"Software\Classes"
ENTRY = rf"Software\Microsoft\Windows\CurrentVersion\Uninstall\{identity.NAME}"
PATHS = rf"Software\Microsoft\Windows\CurrentVersion\App Paths\{identity.WINDOW}.exe"
KIND = rf"{CLASSES}\{identity.NAME}.Project"
ENDING = rf"{CLASSES}\{identity.EXTENSION}"
OPENS = rf"{CLASSES}\Applications\{identity.WINDOW}.exe"
ALL_KEYS = (ENTRY, PATHS, KIND, ENDING, OPENS)


class Wrong(Exception):
    """What the setup did is not what it should do."""


def expect(holds: object, what: str) -> None:
    if not holds:
        raise Wrong(what)


def run(*command: object, encoding: str = "utf-8") -> subprocess.CompletedProcess[str]:
    """Run a command of Windows; what it prints is in this encoding."""
    whole = [*_wine(), *map(str, command)]
    patience = 10 * PATIENCE
    return subprocess.run(
        whole, capture_output=True, encoding=encoding, errors="replace", check=False, timeout=patience
    )


def start(*command: object) -> subprocess.Popen[bytes]:
    nowhere = subprocess.DEVNULL
    return subprocess.Popen([*_wine(), *map(str, command)], stdin=nowhere, stdout=nowhere, stderr=nowhere)


def _wine() -> list[str]:
    return [] if ON_WINDOWS else ["wine"]


def in_windows(path: Path) -> str:
    """A path as programs for Windows write it."""
    if ON_WINDOWS:
        return str(path)
    return run("winepath", "-w", path).stdout.strip()


def here(path: str) -> Path:
    """A path of Windows as this Python opens it."""
    if ON_WINDOWS:
        return Path(path)
    return Path(subprocess.run(["winepath", "-u", path], capture_output=True, text=True, check=True).stdout.strip())


def variable(name: str) -> str:
    """A variable of the environment of Windows."""
    if ON_WINDOWS:
        return os.environ.get(name, "")
    return run("cmd", "/c", f"echo %{name}%", encoding="cp850").stdout.strip()


def value(key: str, name: str = "", root: str = "HKCU") -> str | int | None:
    """A value of the registry; None where there is none."""
    if ON_WINDOWS:
        return _values(key, root).get(name)
    which = ["/v", name] if name else ["/ve"]
    done = run("reg", "query", rf"{root}\{key}", *which, "/reg:64", encoding="cp850")  # that of its consoles
    lines = [line for line in done.stdout.splitlines() if "REG_" in line]
    if done.returncode or not lines:
        return None
    kind, _, text = lines[0].split("REG_", 1)[1].partition("    ")
    return int(text, 16) if kind == "DWORD" else text.strip()


def has_key(key: str, root: str = "HKCU") -> bool:
    if ON_WINDOWS:
        return bool(_values(key, root))
    return run("reg", "query", rf"{root}\{key}", "/reg:64").returncode == 0


def _values(key: str, root: str) -> dict[str, Any]:
    """All values of a key, and whether it is there."""
    import winreg

    whole: Any = winreg  # which has these names on Windows alone
    roots = {"HKCU": whole.HKEY_CURRENT_USER, "HKLM": whole.HKEY_LOCAL_MACHINE}
    try:
        with whole.OpenKey(roots[root], key, 0, whole.KEY_READ | whole.KEY_WOW64_64KEY) as opened_key:
            count = whole.QueryInfoKey(opened_key)[1]
            return {n: v for n, v, _ in (whole.EnumValue(opened_key, k) for k in range(count))} | {"there": True}
    except FileNotFoundError:
        return {}


def wait_until(holds: Callable[[], object], what: str) -> None:
    ends = time.monotonic() + PATIENCE
    while not holds():
        expect(time.monotonic() < ends, f"{what} did not come")
        time.sleep(0.2)


class Trial:
    """A setup, and where it puts things."""

    def __init__(self, setup: Path, stands_in: bool) -> None:
        self.setup = setup
        self.stands_in = stands_in
        self.local = here(variable("LOCALAPPDATA"))
        self.folder = self.local / "Programs" / identity.NAME
        self.menu = here(variable("APPDATA")) / "Microsoft/Windows/Start Menu/Programs" / f"{identity.NAME}.lnk"

    def install(self, *options: str) -> int:
        # /D= is read up to the end of the line and may not be quoted, as one word with blanks would be
        return run(self.setup, *" ".join(["/S", *options]).split(" ")).returncode

    def remove(self, folder: Path, *options: str) -> None:
        """Run the uninstaller and wait until the program is gone."""
        expect(run(folder / "uninstall.exe", "/S", *options).returncode == 0, "the uninstaller does not start")
        wait_until(lambda: not (folder / f"{identity.WINDOW}.exe").exists(), "the end of the uninstaller")
        for key in (ENTRY, KIND):
            wait_until(lambda key=key: not has_key(key) and not has_key(key, "HKLM"), f"the end of {key}")
        time.sleep(1)  # its last lines

    def expect_installed(self, folder: Path, root: str = "HKCU") -> None:
        for program in (identity.WINDOW, identity.CONSOLE):
            expect((folder / f"{program}.exe").is_file(), f"{program}.exe is not in {folder}")
        shown = in_windows(folder)
        command = f'"{shown}\\{identity.WINDOW}.exe" "%1"'
        wanted = {
            (ENTRY, "DisplayName"): identity.NAME, (ENTRY, "DisplayVersion"): identity.version(),
            (ENTRY, "Publisher"): identity.PUBLISHER, (ENTRY, "InstallLocation"): shown,
            (ENTRY, "QuietUninstallString"): f'"{shown}\\uninstall.exe" /S',
            (ENDING, ""): f"{identity.NAME}.Project", (ENDING, "Content Type"): identity.MIME_TYPE,
            (rf"{KIND}\shell\open\command", ""): command, (rf"{OPENS}\shell\open\command", ""): command,
            (PATHS, ""): f"{shown}\\{identity.WINDOW}.exe",
        }  # fmt: skip
        found = {place: value(*place, root=root) for place in wanted}
        expect(found == wanted, f"the registry has {found}")
        size = int(value(ENTRY, "EstimatedSize", root) or 0)
        real = sum(f.stat().st_size for f in folder.rglob("*") if f.is_file() and f.name != "uninstall.exe") // 1024
        expect(abs(size - real) <= 1, f"the size in the list of apps is {size} KB, in truth {real} KB")

    def expect_gone(self, folder: Path) -> None:
        left = [str(f) for f in folder.rglob("*")] if folder.exists() else []
        expect(not folder.exists(), f"left in the folder of the program: {left}")
        keys = [f"{root}\\{key}" for root in ("HKCU", "HKLM") for key in ALL_KEYS if has_key(key, root)]
        expect(not keys, f"left in the registry: {keys}")
        expect(not self.menu.exists(), "the entry in the start menu is left")


def for_one(t: Trial) -> None:
    """For one user, in the usual folder; the program works, and is removed without leftovers."""
    project = here(variable("USERPROFILE")) / "a ü.terrace"
    project.write_bytes(b"work")
    settings = t.local / "terrace" / "settings.json"
    settings.parent.mkdir(exist_ok=True)
    had = settings.exists()
    if not had:
        settings.write_text("{}", encoding="utf-8")
    expect(t.install() == 0, "the setup fails")
    t.expect_installed(t.folder)
    expect(t.menu.is_file(), "no entry in the start menu")
    if not t.stands_in:
        works(t.folder)
    t.remove(t.folder)
    t.expect_gone(t.folder)
    expect(project.read_bytes() == b"work", "a project of the user is gone")
    expect(settings.exists(), "the settings are gone without being asked for")
    project.unlink()
    if not had:
        expect(t.install() == 0, "the setup fails a second time")
        t.remove(t.folder, "/PURGE")
        t.expect_gone(t.folder)
        wait_until(lambda: not settings.parent.exists(), "the end of the settings by /PURGE")


def works(folder: Path) -> None:
    """The real programs check themselves."""
    for command in (
        [folder / f"{identity.WINDOW}.exe", "--self-test"],
        [folder / f"{identity.CONSOLE}.exe", "validate", "--no-report"],
        [folder / f"{identity.CONSOLE}.exe", "licences", "numpy"],
    ):
        done = run(*command)
        expect(done.returncode == 0, f"{command} fails: {done.stdout[-2000:]} {done.stderr[-2000:]}")


def opened(t: Trial) -> None:
    """A project that is opened by a double click is the argument of the program.

    Under Wine only where the setup was for everyone: it does not look up the associations of one user.
    """
    project = here(variable("USERPROFILE")) / "a ü.terrace"
    project.write_bytes(b"work")
    with standing(lambda: start("start", in_windows(project))) as told:  # which holds on to the output
        text = told.read_bytes().decode("utf-16-le")
        expect(f'"{in_windows(project)}"' in text and identity.WINDOW in text, f"the program was started as {text}")
    project.unlink()


@contextmanager
def standing(starts: Callable[[], object]) -> Iterator[Path]:
    """While a stand-in runs: the file where it noted how it was started."""
    temporary = here(variable("TEMP"))
    told, stop = temporary / "stand-in.txt", temporary / "STOP"
    for file in (told, stop):
        file.unlink(missing_ok=True)
    starts()
    wait_until(lambda: told.exists() and told.stat().st_size, "the start of the program")
    try:
        yield told
    finally:
        stop.touch()
        time.sleep(1)
        told.unlink()
        stop.unlink()


def while_it_runs(t: Trial) -> None:
    """Neither replaced nor removed while it runs, and then it is."""
    expect(t.install() == 0, "the setup fails")
    program = t.folder / f"{identity.WINDOW}.exe"
    with standing(lambda: start(program)):
        expect(t.install() == 3, "the setup replaces a program that runs")
        run(t.folder / "uninstall.exe", "/S")
        time.sleep(3)
        stays = program.exists() and (t.folder / "_internal").is_dir() and has_key(ENTRY)
        expect(stays, "a running program is removed")
    expect(t.install() == 0, "the setup fails after the program has ended")
    t.remove(t.folder)
    t.expect_gone(t.folder)


def over_an_older_one(t: Trial) -> None:
    """In a folder with umlauts and blanks; replaced there without being told again; what is the user's stays."""
    folder = t.local / "Größe 2 programs" / "Ter race"
    expect(t.install(f"/D={in_windows(folder)}") == 0, "the setup fails with /D=")
    t.expect_installed(folder)
    old, own = folder / "_internal" / "gone-in-this-version.dll", folder / "notes of mine.txt"
    for file in (old, own):
        file.write_text("x", encoding="utf-8")
    expect(t.install() == 0, "the setup fails over an older version")
    expect(not old.exists(), "a file of the older version is left")
    expect(own.exists() and not t.folder.exists(), "it is not replaced in its place")
    t.remove(folder)
    expect([f.name for f in folder.iterdir()] == [own.name], "the user's own file is gone, or more is left than that")
    own.unlink()
    folder.rmdir()
    folder.parent.rmdir()
    t.expect_gone(folder)


def taken_over(t: Trial) -> None:
    """An ending that another program has taken over since stays with it."""
    expect(t.install() == 0, "the setup fails")
    run("reg", "add", rf"HKCU\{ENDING}", "/ve", "/d", "Other.Kind", "/f", "/reg:64")
    t.remove(t.folder)
    expect(value(ENDING) == "Other.Kind", "the association of another program is gone")
    run("reg", "delete", rf"HKCU\{ENDING}", "/f", "/reg:64")
    t.expect_gone(t.folder)


def for_everyone(t: Trial) -> None:
    """By /ALLUSERS into Program Files, as an administrator."""
    folder = here(variable("ProgramW6432") or variable("ProgramFiles")) / identity.NAME
    expect(t.install("/ALLUSERS") == 0, "the setup fails with /ALLUSERS")
    t.expect_installed(folder, "HKLM")
    expect(not has_key(ENTRY) and not t.menu.exists(), "something is in the part of one user")
    if t.stands_in:
        opened(t)
    t.remove(folder)
    t.expect_gone(folder)


def make_stand_in(folder: Path) -> Path:
    """A setup for 64 bits with stand-ins for the programs."""
    from installer.windows import setup

    frozen = folder / identity.NAME
    (frozen / "_internal" / "ä ö").mkdir(parents=True)
    (frozen / "_internal" / "ä ö" / "file.bin").write_bytes(bytes(100_000))
    for program in (identity.WINDOW, identity.CONSOLE):
        script = [f"-DOUT={frozen / program}.exe", str(Path(__file__).with_name("stand_in.nsi"))]
        subprocess.run(["makensis", "-V2", *script], check=True)
    return setup.build(frozen, folder, target="amd64-unicode")[0]


def begin_wine() -> None:
    """Have an empty Wine whose server stays between commands, with nothing that holds on to the output of one."""
    Path(os.environ["WINEPREFIX"]).mkdir(parents=True, exist_ok=True)
    nowhere: dict[str, Any] = {"stdin": subprocess.DEVNULL, "stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
    for command in (["wineserver", "-p"], ["wine", "wineboot", "-i"], ["wine", "winecfg", "-v", "win10"]):
        subprocess.run(command, check=True, timeout=PATIENCE, **nowhere)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("setup", nargs="?", type=Path, help="the setup to try; without it, one with stand-ins")
    parser.add_argument("--only", metavar="STEP", help="one step, such as for_everyone")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as made:
        if not ON_WINDOWS:
            os.environ.setdefault("WINEPREFIX", str(Path(made, "wine")))
            os.environ.setdefault("WINEDEBUG", "-all")
            begin_wine()
        if has_key(ENTRY) or has_key(ENTRY, "HKLM"):
            print("Terrace is installed here. Remove it, then start this again.")
            return 1
        try:
            passed = tried(options.setup, Path(made), options.only)
        finally:
            if not ON_WINDOWS:
                subprocess.run(["wineserver", "-k"], check=False)
    return 0 if passed else 1


def tried(setup: Path | None, made: Path, only: str | None) -> bool:
    """Go through the steps, up to one that fails."""
    trial = Trial(setup or make_stand_in(made), stands_in=setup is None)
    steps = [for_one, over_an_older_one, taken_over, for_everyone, *([while_it_runs] if trial.stands_in else [])]
    steps = [step for step in steps if only in (None, step.__name__)]
    for step in steps:
        try:
            step(trial)
        except Wrong as wrong:
            print(f"{step.__name__}: {wrong}.")
            return False
        print(f"{step.__name__}: as it should be", flush=True)
    print(f"{len(steps)} passed, 0 failed")
    return True


if __name__ == "__main__":
    sys.exit(main())
