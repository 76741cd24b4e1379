#!/usr/bin/env python3
"""Prove that slim.py left out nothing that is needed: ``python3 installer/prove.py [TESTS ...]``.

1. Every native file of build/frozen/Terrace finds what it needs, in the folder or among the libraries of a desktop.
2. The tests of readers, writers, exports, plots, reports and the theme, or those that are named, pass with the
   modules and libraries of the folder: what is not in it cannot be imported. pytest and its like come from .venv.

Runs in Debian's Python, whose version the frozen one has. What the program does as a whole is tried by linux/try.py.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from installer import elf, freeze, identity, slim  # noqa: E402 - found by the line above

FROZEN = freeze.FROZEN / identity.NAME
MODULES = ROOT / "build" / "prove" / "modules"
TESTS = (
    *(f"tests/engine/test_{name}.py" for name in (
        "apart", "cli", "cmd_data", "cmd_describe", "cmd_resample", "covariance", "data_files", "data_samples",
        "effects", "estimation", "figure_checks", "figure_print", "figure_proof", "files_of_jamovi_and_jasp",
        "files_of_r",
        "files_of_sas", "files_of_spss", "files_of_stata", "formats", "graphs_commands", "graphs_figure", "guide",
        "import_codebook", "inference_distributions", "other_formats", "plots", "post_apa", "post_bootstrap",
        "post_margins", "project_file", "project_journal", "readers", "report_export", "report_figure",
        "report_html", "report_pages", "report_writers", "round_trips", "spreadsheets", "streamed", "text_files",
        "validation",
    )),
    "tests/desktop/test_theme.py",
)  # fmt: skip

NOT_HERE = ("tests/engine/test_apart.py::test_a_frozen_program_is_its_own_reader",)
"""Tests that make a frozen program of the checkout's own."""

TOOLS = (
    "pytest", "_pytest", "pluggy", "iniconfig", "pytest_timeout", "pytestqt", "hypothesis", "_hypothesis_pytestplugin",
    "_hypothesis_globals", "_hypothesis_ftz_detector", "sortedcontainers", "pygments", "py", "grimp", "PySide6.QtTest",
)  # fmt: skip
"""What tests need and programs do not: the only modules from .venv."""

_EXTRACT = """
import marshal, sys
from pathlib import Path
from importlib.util import MAGIC_NUMBER
from PyInstaller.archive.readers import CArchiveReader
archive, out = CArchiveReader(sys.argv[1]).open_embedded_archive("PYZ.pyz"), Path(sys.argv[2])
for name, (kind, _, _) in archive.toc.items():
    code = archive.extract(name)
    if code is None: continue
    *folders, last = [*name.split("."), "__init__"] if kind == 1 else name.split(".")
    file = out.joinpath(*folders, last + ".pyc")
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_bytes(MAGIC_NUMBER + bytes(12) + marshal.dumps(code))
"""
"""Modules of the program as files that any Python of its version can import."""

_RUN = """
import json, runpy, sys
from importlib.machinery import PathFinder
given = json.loads(sys.argv[1])
class Tools:
    @staticmethod
    def find_spec(name, path=None, target=None):
        top = name.partition(".")[0]
        if {name, top} & set(given["tools"]):
            return PathFinder.find_spec(name, ["/".join([given["site"], *name.split(".")[:-1]])])
        if {name, top} & set(given["excluded"]):
            raise ModuleNotFoundError(f"{name} is not in the frozen program", name=name)
        return None
sys.meta_path.insert(0, Tools)
sys.path[:] = [*given["frozen"], *(p for p in sys.path if "packages" not in p)]
for hook in given["hooks"]: runpy.run_path(hook)
import pytest
sys.exit(pytest.main(given["arguments"], plugins=given["plugins"]))
"""


def loads() -> list[str]:
    """What native files need and neither the folder nor this desktop has."""
    files = elf.natives(FROZEN)
    known = subprocess.run(["/sbin/ldconfig", "-p"], capture_output=True, text=True, check=True).stdout
    there = {line.split()[0] for line in known.splitlines() if "=>" in line}
    missing = [f"{name} for {', '.join(sorted(p.name for p in by))}" for name, by in elf.outside(files).items()
               if name not in there]  # fmt: skip
    print(f"{len(files)} native files; glibc {elf.highest(files, 'GLIBC')[0]} or newer")
    return missing


def tests(names: list[str]) -> int:
    """Run tests with what is in the folder; the exit status."""
    shutil.rmtree(MODULES, ignore_errors=True)
    MODULES.mkdir(parents=True)
    program = str(FROZEN / identity.WINDOW)
    subprocess.run([str(freeze.venv_python()), "-c", _EXTRACT, program, str(MODULES)], check=True)
    internal = FROZEN / "_internal"
    for folder in internal.iterdir():  # a package has its native modules beside its others
        if folder.is_dir():
            merge(folder, MODULES / folder.name)
        elif folder.suffix == ".so":
            (MODULES / folder.name).symlink_to(folder)
    given = {
        "excluded": slim.excluded(), "hooks": slim.HOOKS, "tools": TOOLS, "frozen": [str(MODULES)],
        "site": str(next((ROOT / ".venv" / "lib").glob("python3*")) / "site-packages"),
        "plugins": ["pytest_timeout", "pytestqt.plugin", "_hypothesis_pytestplugin"],
        "arguments": ["-q", "-p", "no:cacheprovider", *(f"--deselect={name}" for name in NOT_HERE), *names],
    }  # fmt: skip
    environ = {**os.environ, "CI": "1", "QT_QPA_PLATFORM": "offscreen", "OPENBLAS_NUM_THREADS": "1",
               "PYTHONPATH": str(MODULES)}  # for processes that tests start  # fmt: skip
    return subprocess.call([str(freeze.DEBIAN), "-s", "-E", "-B", "-c", _RUN, json.dumps(given)], env=environ, cwd=ROOT)


def merge(source: Path, target: Path) -> None:
    """Link what a folder has into another, file by file."""
    for file in source.rglob("*"):
        link = target / file.relative_to(source)
        if not file.is_dir() and not link.exists():
            link.parent.mkdir(parents=True, exist_ok=True)
            link.symlink_to(file)


def main() -> int:
    missing = loads()
    print(*(f"not found: {line}" for line in missing), sep="\n", end="\n" if missing else "")
    return tests(sys.argv[1:] or list(TESTS)) or bool(missing)


if __name__ == "__main__":
    sys.exit(main())
