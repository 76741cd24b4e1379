#!/usr/bin/env python3
"""How long the installed program takes to show its window, cold and warm, on a virtual display of X11.

    .venv/bin/python tests/benchmarks/installed.py [build/frozen/Terrace/terrace-desktop] [--runs 5]

From the start of the process to the first pixels on the screen, which Xvfb keeps in a file. Cold: the system forgets
before each run what it has read of any file, which takes root; without that, only warm starts are timed.
"""

from __future__ import annotations

import argparse
import mmap
import os
import subprocess
import tempfile
import time
from pathlib import Path
from statistics import median

import page

ROOT = Path(__file__).resolve().parents[2]
LIMITS = {"cold": 2.5, "warm": 1.2}  # s, what an installed program allows itself
FORGET = Path("/proc/sys/vm/drop_caches")
SETTLE = 4.0  # s, until a window that came has loaded the rest


def main() -> int:
    """Time the starts."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    frozen = ROOT / "build" / "frozen" / "Terrace" / "terrace-desktop"
    parser.add_argument("program", nargs="?", type=Path, default=frozen)
    parser.add_argument("--runs", type=int, default=5, help="starts of each kind (%(default)s)")
    parser.add_argument("--no-results", action="store_true", help="print only, leave RESULTS.md as it is")
    given = parser.parse_args()
    if not given.program.exists():
        print(f"There is no {given.program}: run installer/freeze.py.")
        return 0
    before = page.load()
    times: dict[str, list[float]] = {"warm": [], "cold": []}
    with tempfile.TemporaryDirectory() as folder:
        server, display = screen(folder)
        try:
            start(given.program, display, folder)  # the first is neither
            for kind, seconds in times.items():
                for _ in range(given.runs if kind == "warm" or os.access(FORGET, os.W_OK) else 0):
                    if kind == "cold":
                        os.sync()
                        FORGET.write_text("3", encoding="ascii")
                    seconds.append(start(given.program, display, folder))
        finally:
            server.terminate()
            server.wait()
    rows = [
        [kind, page.duration(median(t)), page.duration(min(t)), page.duration(max(t)), f"{LIMITS[kind]} s"]
        for kind, t in times.items() if t
    ]  # fmt: skip
    text = "\n".join([
        "## The window of the installed program\n", *(f"- {line}" for line in page.machine()),
        f"- {given.runs} starts of each kind; running processes before: {before}, after: {page.load()}\n",
        page.table(["start", "median", "least", "most", "allowed"], rows, "lrrrr"),
    ])  # fmt: skip
    print(text)
    if not given.no_results:
        page.write_section("installed", text)
    return 0


def screen(folder: str) -> tuple[subprocess.Popen[bytes], str]:
    """An X server whose screen is a file in the folder, and the name of its display."""
    ours, theirs = os.pipe()
    command = ["Xvfb", "-displayfd", str(theirs), "-screen", "0", "1440x900x24", "-fbdir", folder, "-nolisten", "tcp"]
    server = subprocess.Popen(command, pass_fds=[theirs], stderr=subprocess.DEVNULL)
    os.close(theirs)
    with os.fdopen(ours) as answer:
        return server, ":" + answer.readline().strip()


def start(program: Path, display: str, folder: str) -> float:
    """Seconds from the start of the program to its first pixels."""
    with tempfile.TemporaryDirectory() as home, Path(folder, "Xvfb_screen0").open("rb") as file:
        pixels = mmap.mmap(file.fileno(), 0, prot=mmap.PROT_READ)
        environ = {**os.environ, "DISPLAY": display, "QT_QPA_PLATFORM": "xcb", "HOME": home, "XDG_RUNTIME_DIR": home}
        environ = {k: v for k, v in environ.items() if k not in ("WAYLAND_DISPLAY", "TERRACE_LOGS")}
        empty = pixels[4096::40013]
        begun = time.monotonic()
        process = subprocess.Popen(
            [str(program)], env=environ, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )
        try:
            while pixels[4096::40013] == empty and process.poll() is None:
                time.sleep(0.005)
            seconds = time.monotonic() - begun
            if process.poll() is not None:
                raise SystemExit(f"{program} ended with status {process.returncode} before its window came.")
            time.sleep(SETTLE)
        finally:
            process.terminate()
            process.wait()
        time.sleep(0.3)
        return seconds


if __name__ == "__main__":
    raise SystemExit(main())
