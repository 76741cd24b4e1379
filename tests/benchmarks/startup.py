#!/usr/bin/env python3
"""From the shell to the printed table: ``terrace run`` of a small model, start of Python and imports included.

    .venv/bin/python tests/benchmarks/startup.py [--runs 15]

Interleaved with an empty Python, and with R where it is there (Rscript, lme4 loaded, the same model).
"""

from __future__ import annotations

import argparse
import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
from importlib.util import find_spec
from pathlib import Path
from statistics import median

import page
from sides import environment

COMMAND = "mixed weight week || id:"
HEAVY = ("pandas", "scipy", "numpy", "pyarrow", "matplotlib", "pyreadstat", "openpyxl", "docx")
# From the shell to the first paint of the window, and until a command can be given (all imports done).
WINDOW_CODE = """
import os, sys
from PySide6.QtCore import QEvent, QObject, QTimer
from terrace_desktop import app as program
from terrace_desktop.app.window import MainWindow

class Watch(QObject):
    def eventFilter(self, thing, event):
        if event.type() == QEvent.Type.Paint:
            QTimer.singleShot(0, lambda: os._exit(0))
        return False

app = program.make_application()
if sys.argv[1] == "paint":
    watch = Watch()
    app.installEventFilter(watch)
else:
    program.open_first = lambda window, options: os._exit(0)
program.main([])
"""
R_CODE = """
suppressMessages(library(lme4))
d <- haven::read_dta(commandArgs(trailingOnly = TRUE)[1])
print(summary(lmer(weight ~ week + (1 | id), d, REML = FALSE)))
"""


def options() -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    data = Path(__file__).resolve().parents[3] / "shared" / "conformance" / "data"
    parser.add_argument("--data", type=Path, default=data, help="folder of pig.dta (../shared/conformance/data)")
    parser.add_argument("--runs", type=int, default=15, help="rounds (%(default)s)")
    parser.add_argument("--no-results", action="store_true", help="print only, leave RESULTS.md as it is")
    return parser.parse_args()


def main() -> int:
    """Time the start."""
    given = options()
    pig = given.data / "pig.dta"
    if not pig.exists():
        print(f"There is no pig.dta in {given.data}: nothing is measured.")
        return 0
    with tempfile.TemporaryDirectory() as folder:
        commands = _commands(pig, Path(folder))
        environ = _environ(Path(folder) / "bytecode")
        times: dict[str, list[tuple[float, float]]] = {name: [] for name in commands}
        before = page.load()
        for number in range(given.runs + 1):
            for name, command in commands.items():
                spent = _time(command, environ)
                if number:  # the first round fills the disk's cache and writes bytecode
                    times[name].append(spent)
        count, heavy = _imports(pig, environ)
    rows = [
        [name, page.duration(median(t[0] for t in spent)), page.duration(min(t[0] for t in spent)),
         page.duration(median(t[1] for t in spent))]
        for name, spent in times.items()
    ]  # fmt: skip
    text = "\n".join([
        "## Start", "",
        "From the shell to the printed table of the pig model, start of Python and imports included. Wanted: 1.2 s; "
        "the window on screen: 1.5 s.",
        "", page.table(["what", "median", "least", "CPU time"], rows, "lrrr"), "",
        f"`terrace run` imports {count} modules. The heavy ones, with what they import first: "
        + ", ".join(f"{name} {page.duration(seconds)}" for name, seconds in heavy) + ".", "",
        "Measured with:", "", *(f"- {line}" for line in page.machine()),
        f"- {given.runs} interleaved runs, load {before} before, {page.load()} after",
    ])  # fmt: skip
    print(text)
    if not given.no_results:
        page.write_section("startup", text)
    return 0


def _commands(pig: Path, folder: Path) -> dict[str, list[str]]:
    python = [sys.executable]
    commands = {
        "`terrace run`, pig": [*python, "-m", "terrace", "run", "--data", str(pig), "-c", COMMAND],
        "an empty Python": [*python, "-c", "pass"],
        "Python with NumPy and pandas": [*python, "-c", "import numpy, pandas"],
    }
    if find_spec("PySide6") is not None:
        commands["the window on screen"] = [*python, "-c", WINDOW_CODE, "paint"]
        commands["the window ready for a command"] = [*python, "-c", WINDOW_CODE, "ready"]
    rscript = shutil.which("Rscript")
    if rscript:
        code = folder / "pig.R"
        code.write_text(R_CODE, encoding="utf-8")
        command = [rscript, "--vanilla", str(code), str(pig)]
        if subprocess.run(command, capture_output=True, check=False).returncode == 0:
            commands["R with lme4, the same model"] = command
    return commands


def _environ(bytecode: Path) -> dict[str, str]:
    """As after an installation, which compiles what it installs: bytecode is written in the first round and used."""
    kept = {name: value for name, value in environment(0).items() if name != "PYTHONDONTWRITEBYTECODE"}
    own = {"QT_QPA_PLATFORM": "offscreen", "TERRACE_SETTINGS": str(bytecode / "s.ini"), "TERRACE_LOGS": str(bytecode)}
    return {**kept, **own, "PYTHONPYCACHEPREFIX": str(bytecode)}


def _time(command: list[str], environ: dict[str, str]) -> tuple[float, float]:
    """Wall-clock and CPU seconds of a command."""
    used, start = os.times(), time.perf_counter()
    subprocess.run(command, env=environ, stdout=subprocess.DEVNULL, check=True)
    seconds, now = time.perf_counter() - start, os.times()
    return seconds, now.children_user + now.children_system - used.children_user - used.children_system


def _imports(pig: Path, environ: dict[str, str]) -> tuple[int, list[tuple[str, float]]]:
    """How many modules ``terrace run`` imports, and the cumulative seconds of the heavy ones."""
    command = [sys.executable, "-X", "importtime", "-m", "terrace", "run", "--data", str(pig), "-c", COMMAND]
    said = subprocess.run(command, capture_output=True, text=True, check=True, env=environ).stderr
    found = re.findall(r"import time:\s+\d+ \|\s+(\d+) \|\s+(\S+)", said)
    heavy = [(name, int(spent) / 1e6) for spent, name in found if name in HEAVY]
    return len(found), sorted(heavy, key=lambda pair: -pair[1])


if __name__ == "__main__":
    raise SystemExit(main())
