#!/usr/bin/env python3
"""Start Terrace: ``python3 start.py``. The first time it opens a sample with a model ready to fit.

It sets up what is missing by itself. On a machine without a display it runs the same analysis in the
terminal and writes its report as HTML.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent
sys.path.insert(0, str(ROOT / "tools"))

import environment  # noqa: E402 - found by the line above

SAMPLE = "hsb"
MODEL = "mixed mathach ses || id: ses, covariance(unstructured) reml"

START = "import sys; from terrace_desktop.app.app import main; sys.exit(main())"
PROBE = "import sys; from PySide6.QtGui import QGuiApplication; QGuiApplication(sys.argv[:1])"


def why_no_display(python):
    """Why no window can be shown here; empty where one can."""
    on_linux = sys.platform.startswith("linux")
    if on_linux and not any(map(os.environ.get, ("DISPLAY", "WAYLAND_DISPLAY", "QT_QPA_PLATFORM"))):
        return "This machine has no display (neither DISPLAY nor WAYLAND_DISPLAY is set)."
    # Qt ends the process where its platform fails, so another process has to try it.
    done = environment.run_quiet([python, "-c", PROBE])
    if done.returncode == 0:
        return ""
    said = [line.strip() for line in done.stdout.splitlines() if line.strip()]
    return "Qt cannot open a window here" + (f": {said[0]}" if said else ".")


def arguments(argv):
    parser = argparse.ArgumentParser(prog="start.py", description=__doc__.splitlines()[0])
    parser.add_argument("--data", metavar="FILE", help="open FILE instead of the sample")
    parser.add_argument("--model", metavar="COMMAND", help="the model to have ready, as a mixed command")
    parser.add_argument("--terminal", action="store_true", help="run the analysis in the terminal, no window")
    parser.add_argument("--no-setup", action="store_true", help="set up nothing, start what is there")
    return parser.parse_args(argv)


def main(argv):
    options = arguments(argv)
    if options.data and not os.path.isfile(options.data):
        print(f"There is no file {options.data}.", file=sys.stderr)
        return 2
    try:
        python = environment.venv_python() if options.no_setup else environment.prepare(["desktop"])
    except environment.SetupError as error:
        print(error, file=sys.stderr)
        return 1
    if not python.exists():
        print("Terrace is not set up yet: start this without --no-setup.", file=sys.stderr)
        return 1
    what = ["--data", os.path.abspath(options.data)] if options.data else ["--sample", SAMPLE]
    model = options.model or ("" if options.data else MODEL)
    if model:
        what += ["--model", model]
    reason = "" if options.terminal else why_no_display(python)
    if reason:
        print(f"{reason} The analysis runs in the terminal instead.\n", flush=True)
    if not (options.data or options.terminal or reason):
        what.append("--first")  # a sample is for those who have no work here yet
    code = [str(ROOT / "tools" / "terminal.py")] if options.terminal or reason else ["-c", START]
    command = [str(python), *code, *what]
    if environment.ON_WINDOWS:
        return subprocess.call(command, env=environment.clean_environ())
    sys.stdout.flush()
    os.execve(command[0], command, environment.clean_environ())  # signals go to the program itself


if __name__ == "__main__":
    try:
        sys.exit(main(sys.argv[1:]))
    except KeyboardInterrupt:
        sys.exit(130)
