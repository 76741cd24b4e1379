"""The program, watched: tells on standard error what has classes of Qt and was loaded off the window's thread.

See `terrace_desktop/app/loading.py` for what that would do. Run by `test_app.py`.
"""

from __future__ import annotations

import sys
import threading

BINDINGS = ("PySide6", "shiboken6", "pyqtgraph")


def main() -> int:
    """Run the program; its exit status."""
    window = threading.get_ident()
    loaded: set[str] = set()

    def heard(event: str, arguments: tuple[object, ...]) -> None:
        if event == "import" and threading.get_ident() != window:
            loaded.add(str(arguments[0]))

    sys.addaudithook(heard)
    from terrace_desktop.app import app

    status = app.main()
    for name in sorted(loaded & set(sys.modules)):
        if name.startswith(BINDINGS) or has_classes(name):
            print(f"{name} was loaded off the window's thread", file=sys.stderr)
    return status


def has_classes(name: str) -> bool:
    """True where a module has classes of Qt, its own or imported."""
    from PySide6.QtCore import QObject

    return any(isinstance(value, type(QObject)) for value in vars(sys.modules[name]).values())


if __name__ == "__main__":
    sys.exit(main())
