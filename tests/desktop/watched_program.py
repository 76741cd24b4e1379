"""The program, watched: tells on standard error what has classes of Qt and was loaded off the window's thread, and any
use of the network.

See `terrace_desktop/app/loading.py` for what the first would do. Python's own network is seen by audit events, also in
the process apart that reads files, and that of Qt by its library, which no part of the program has to load. A worker
that does not end is told as well. Run by `test_app.py`.
"""

from __future__ import annotations

import os
import sys
import tempfile
import threading
from pathlib import Path

BINDINGS = ("PySide6", "shiboken6", "pyqtgraph")
NETWORK = ("socket.connect", "socket.getaddrinfo", "socket.gethostby", "socket.sendto", "socket.bind", "urllib.Request")

WATCH = f"""
import os, sys
told = os.open({{file!r}}, os.O_APPEND | os.O_CREAT | os.O_WRONLY)
def heard(event, arguments, told=told, write=os.write):
    if event.startswith({NETWORK}):
        write(told, f"{{{{event}}}} {{{{arguments}}}} in the process apart\\n".encode())
sys.addaudithook(heard)
os.write(told, b"\\n")
"""
"""Runs first in a process apart: writes to a file that it is watched, by an empty line, and what it hears."""


def main() -> int:
    """Run the program; its exit status."""
    from terrace.data.apart import parent

    with tempfile.TemporaryDirectory() as folder:
        told = Path(folder, "apart.txt")
        parent._BOOT = f"{WATCH.format(file=str(told))}\n{parent._BOOT}"
        status = watched()
        lines = told.read_text(encoding="utf-8").splitlines() if told.exists() else []
    for line in filter(None, lines):
        print(f"the network was used: {line}", file=sys.stderr)
    if not lines:
        print("no process apart was watched", file=sys.stderr)
    return status


def watched() -> int:
    """Run the program and tell what this process was seen to do; its exit status."""
    window = threading.get_ident()
    loaded: set[str] = set()
    asked: set[str] = set()

    def heard(event: str, arguments: tuple[object, ...]) -> None:
        if event == "import" and threading.get_ident() != window:
            loaded.add(str(arguments[0]))
        elif event.startswith(NETWORK):
            asked.add(f"{event} {arguments}")

    sys.addaudithook(heard)
    from terrace_desktop.app import app

    os._exit = lambda _status: print("a worker still ran at the end", file=sys.stderr)  # type: ignore[assignment]
    status = app.main()
    for name in sorted(loaded & set(sys.modules)):
        if name.startswith(BINDINGS) or has_classes(name):
            print(f"{name} was loaded off the window's thread", file=sys.stderr)
    for found in (*sorted(asked), *qt_network()):
        print(f"the network was used: {found}", file=sys.stderr)
    return status


def qt_network() -> list[str]:
    """Qt's library for the network, where this process has loaded it and the system tells."""
    maps = Path("/proc/self/maps")
    lines = maps.read_text(encoding="utf-8").splitlines() if maps.exists() else []
    return sorted({line.split()[-1] for line in lines if "Qt6Network" in line})


def has_classes(name: str) -> bool:
    """True where a module has classes of Qt, its own or imported."""
    from PySide6.QtCore import QObject

    return any(isinstance(value, type(QObject)) for value in vars(sys.modules[name]).values())


if __name__ == "__main__":
    sys.exit(main())
