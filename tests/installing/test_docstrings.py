"""Modules without their docstrings: nothing else about them is different."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT))

from installer import docstrings, slim  # noqa: E402 - found by the line above

SOURCE = '''\
# -*- coding: latin-1 -*-
"""Of the module."""
from __future__ import annotations

TEXT = """no docstring"""


class Empty(Exception):
    """Nothing else."""


class Table:
    """Of the class."""

    size: NotThere = 3

    def double(self) -> NotThere:
        """Of the method."""
        "a second text"
        return 2 * self.size


async def later():
    """Nothing else."""


def strict(x):
    f"""{x} is no docstring."""
    assert x > 0, "assertions stay"
    return lambda: "ü"
'''


@pytest.fixture
def module(tmp_path: Path) -> dict[str, object]:
    path = tmp_path / "module.py"
    path.write_bytes(SOURCE.encode("latin-1"))
    found: dict[str, object] = {"__name__": "module"}
    exec(docstrings.codes([("module", str(path), "PYMODULE")], ())["module"], found)
    return found


def test_docstrings_go_and_nothing_else(module: dict[str, object]) -> None:
    table, strict = module["Table"], module["strict"]
    assert isinstance(table, type) and callable(strict)
    with_text = [module, vars(module["Empty"]), vars(table), vars(table)["double"], module["later"], strict]
    assert [part.get("__doc__") if hasattr(part, "get") else part.__doc__ for part in with_text] == [None] * 6
    assert module["TEXT"] == "no docstring" and table().double() == 6
    assert table.__annotations__ == {"size": "NotThere"}, "imports from the future hold"
    assert strict(1)() == "ü", "the encoding of the source holds"
    with pytest.raises(AssertionError, match="assertions stay"):
        strict(0)


def test_lines_are_those_of_the_source(module: dict[str, object]) -> None:
    strict = module["strict"]
    assert strict.__code__.co_firstlineno == SOURCE.splitlines().index("def strict(x):") + 1  # type: ignore[attr-defined]


def test_packages_that_use_their_docstrings_keep_them(tmp_path: Path) -> None:
    path = tmp_path / "a.py"
    path.write_text('"""Text."""', encoding="utf-8")
    names = ("numpy", "numpy.ma.core", "numpyro", "terrace.cli", "terrace.climate", "scipy", "made.in.C", "namespace")
    places = {"made.in.C": "c.so", "namespace": "-"}
    modules = [(name, places.get(name, str(path)), "PYMODULE") for name in names]
    assert set(docstrings.codes(modules, slim.DOCUMENTED)) == {"numpyro", "terrace.climate", "scipy"}


def test_modules_of_ours_that_read_docstrings_are_known() -> None:
    readers = set()
    for package in slim.PACKAGES:
        for file in package.rglob("*.py"):
            text = file.read_text(encoding="utf-8")
            if "__doc__" in text or "getdoc(" in text:
                readers.add(".".join(file.relative_to(package.parent).with_suffix("").parts))
    assert readers == {name for name in slim.DOCUMENTED if name.startswith("terrace")}


def test_pyqtgraph_is_loaded_without_opengl() -> None:
    """By the stand-ins of both modules, in a process of its own."""
    code = (
        "import runpy, sys; runpy.run_path(sys.argv[1]); import pyqtgraph; from PySide6.QtWidgets import QApplication; "
        "a = QApplication([]); w = pyqtgraph.PlotWidget(); w.plot([1, 2, 3], [2, 1, 3]); w.grab(); "
        "print(sorted(m for m in sys.modules if 'OpenGL' in m and hasattr(sys.modules[m], '__file__')))"
    )
    command = [sys.executable, "-c", code, slim.HOOKS[0]]
    environ = {"QT_QPA_PLATFORM": "offscreen", "PATH": "/usr/bin:/bin"}
    done = subprocess.run(command, capture_output=True, text=True, env=environ, check=False)
    assert done.returncode == 0, done.stderr
    assert "PySide6" not in done.stdout and "pyqtgraph.Qt.OpenGL" in done.stdout
