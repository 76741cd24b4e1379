"""What both frozen programs run: by its name this one is the command line or the window.

One file holds all modules, so that on Linux and macOS the command line is a link to it and adds nothing to the size.
"""

import multiprocessing
import sys
from pathlib import Path

from terrace.data.apart import served


def main() -> int:
    """Run what the program was started as; the exit status."""
    multiprocessing.freeze_support()  # a worker process of a bootstrap starts and ends here
    if served(sys.argv[1:]):  # and so does one that reads files, before Qt is loaded
        return 0
    if Path(sys.argv[0]).stem == "terrace":
        from terrace.cli import main as command_line

        return command_line()
    from terrace_desktop.app.app import main as window

    return window()


if __name__ == "__main__":
    sys.exit(main())
