"""Both packages keep to the layers of docs/architecture.md, without circles, and the engine stands without Qt."""

from __future__ import annotations

import re
import subprocess
import sys
from itertools import pairwise
from pathlib import Path

import grimp
import layers
import pytest


@pytest.fixture(scope="module")
def graph() -> grimp.ImportGraph:
    """Every import of both packages."""
    return layers.graph_of(layers.SOURCES)


def test_imports_go_round_in_no_circle(graph: grimp.ImportGraph) -> None:
    assert [" -> ".join(circle) for circle in layers.cycles(graph)] == []


@pytest.mark.parametrize("package", layers.SOURCES)
def test_imports_go_upward_in_the_list_and_the_engine_never_to_qt(graph: grimp.ImportGraph, package: str) -> None:
    assert layers.offences(graph, package, layers.layers(package)) == []


def test_the_lists_of_the_page_are_read() -> None:
    engine, window = (layers.layers(package) for package in layers.SOURCES)
    assert engine[0] == "errors" and engine[-1] == "cli" and "data" in engine
    assert window[0] == "ui" and window[-1] == "app" and "builder" in window


def test_the_graph_has_every_module_of_both_packages(graph: grimp.ImportGraph) -> None:
    for package, folder in layers.SOURCES.items():
        files = {layers.module_name(file, folder) for file in folder.rglob("*.py")}
        assert files == {m for m in graph.modules if m.split(".")[0] == package} and len(files) > 100


ORDER = ["errors", "data", "design", "session", "cli"]
CHECKING = "from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    "


def made_up(folder: Path, monkeypatch: pytest.MonkeyPatch, **texts: str) -> grimp.ImportGraph:
    """The graph of a package with a module in each layer; `texts` are the sources of some."""
    root = folder / "made_up"
    monkeypatch.setattr(sys, "path", [str(folder), *sys.path])
    monkeypatch.setitem(layers.NEVER, "made_up", layers.NEVER["terrace"])
    for layer in ORDER:
        (root / layer).mkdir(parents=True)
        (root / layer / "__init__.py").touch()
        for module in ("one", "two"):
            text = texts.get(f"{layer}_{module}", "")
            (root / layer / f"{module}.py").write_text(text, encoding="utf-8")
    (root / "__init__.py").write_text(f"{CHECKING}from made_up.cli import one", encoding="utf-8")
    (root / "__main__.py").write_text("from made_up.cli import one", encoding="utf-8")
    return layers.graph_of({"made_up": root})


@pytest.mark.parametrize(
    ("text", "offends"),
    [
        ("import PySide6.QtCore", True),
        ("def f():\n    from pyqtgraph import mkPen", True),
        ("from terrace_desktop import app", True),
        ("from made_up.session.one import Session", True),
        ("from made_up import session", True),
        ("from ..session import one", True),
        ("from .. import session", True),
        ("def f():\n    from made_up.session import one", True),
        (f"{CHECKING}from made_up.cli.one import main", True),
        ("from importlib import import_module\nimport_module('made_up.cli.one')", True),
        ("from made_up import __version__", True),
        ("from made_up.errors.one import TerraceError", False),
        ("from ..data.one import Dataset", False),
        (f"{CHECKING}from ..data.one import Dataset", False),
        ("from .two import find", False),
        ("import numpy as np\nimport json", False),
    ],
)
def test_an_offence_is_seen(text: str, offends: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    graph = made_up(tmp_path, monkeypatch, design_one=text)
    found = layers.offences(graph, "made_up", ORDER)
    assert bool(found) is offends
    assert all(".design.one" in line for line in found)
    assert layers.cycles(graph) == []


@pytest.mark.parametrize(
    ("one", "two", "length"),
    [
        ("from . import two", "from . import one", 2),
        ("from . import two", "def f():\n    from .one import g", 2),
        (f"{CHECKING}from . import two", f"{CHECKING}from . import one", 2),
        ("from . import two", "import made_up", 4),  # the package has cli.one, which has design.one
        ("from . import two", "", 0),
    ],
)
def test_a_circle_is_seen(
    one: str, two: str, length: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    graph = made_up(tmp_path, monkeypatch, design_one=one, design_two=two, cli_one="from ..design import one")
    found = layers.cycles(graph)
    assert [len(set(circle)) for circle in found] == [length] * bool(length)
    for circle in found:
        assert circle[0] == circle[-1]
        assert all(graph.direct_import_exists(importer=a, imported=b) for a, b in pairwise(circle))


def test_a_layer_that_is_not_in_the_list_is_told_and_one_that_is_nowhere(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    graph = made_up(tmp_path, monkeypatch)
    found = layers.offences(graph, "made_up", ["errors", "data", "design", "elsewhere", "session"])
    assert [line.partition(": ")[2] for line in found] == [
        "cli is not in architecture.md",
        "architecture.md has elsewhere, which is not there",
    ]


QT_BLOCKED = """
import sys
from importlib import import_module

class NoQt:
    def find_spec(self, name, path=None, target=None):
        if name.split(".")[0] in {forbidden!r}:
            raise ImportError(f"{{name}} is blocked")

sys.meta_path.insert(0, NoQt())
try:
    import PySide6
except ImportError:
    pass
else:
    sys.exit("Qt was not blocked")
for name in {names!r}:
    import_module(name)
"""


def test_every_module_imports_with_qt_uninstalled() -> None:
    folder = layers.SOURCES["terrace"]
    names = [layers.module_name(f, folder) for f in sorted(folder.rglob("*.py")) if f.name != "__main__.py"]
    script = QT_BLOCKED.format(forbidden=layers.NEVER["terrace"], names=names)
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


def test_families_of_commands_share_only_helpers(graph: grimp.ImportGraph) -> None:
    """A family imports from another what stands in helpers, whose names say so; `fit` has none above it."""
    commands = "terrace.session.commands."
    across = {
        (importer.split(".")[3], imported.split(".")[3])
        for importer in graph.modules
        if importer.startswith(commands)
        for imported in graph.find_modules_directly_imported_by(importer)
        if imported.startswith(commands) and "." in imported.removeprefix(commands)
    }
    lowest = {"helpers", "fit"}
    assert {(a, b) for a, b in across if a != b and b not in lowest} == set()
    assert {b for a, b in across if a == "helpers"} <= {"helpers"}


def test_the_page_names_files_that_are_there() -> None:
    folders = (layers.ROOT, *layers.SOURCES.values())
    named = set(re.findall(r"`([\w/]+\.py)`", layers.PAGE.read_text(encoding="utf-8")))
    assert len(named) > 30
    assert {n for n in named if not any((folder / n).is_file() for folder in folders)} == set()


def test_the_picture_has_every_room() -> None:
    drawn = (layers.PAGE.parent / "rooms.svg").read_text(encoding="utf-8")
    for package in layers.SOURCES:
        assert all(f">{room}</text>" in drawn for room in layers.layers(package))
