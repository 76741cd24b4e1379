"""The engine stands without Qt, and its folders import only upward in the list of docs/architecture.md."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
ENGINE = ROOT / "engine" / "terrace"
FORBIDDEN = ("PySide6", "shiboken6", "pyqtgraph", "terrace_desktop")
SOURCES = sorted(ENGINE.rglob("*.py"))
# Imports downward that we want all the same, each with its reason. They stand inside functions.
ALLOWED = {
}


def layers() -> list[str]:
    """The names of folders and modules in the order of the list in docs/architecture.md."""
    text = (ROOT / "docs" / "architecture.md").read_text(encoding="utf-8")
    return re.findall(r"^    (\w+)(?:/|\.py)(?=\s|$)", text, flags=re.MULTILINE)


def layer_of(module: str) -> str | None:
    """The first part below ``terrace``: ``terrace.data.dataset`` -> ``data``; None for anything else."""
    parts = module.split(".")
    return parts[1] if parts[0] == "terrace" and len(parts) > 1 else None


def module_name(path: Path) -> str:
    parts = path.relative_to(ENGINE.parent).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def type_only(node: ast.AST) -> bool:
    """True for ``if TYPE_CHECKING:``, whose imports do not happen when the program runs."""
    return isinstance(node, ast.If) and ast.unparse(node.test) in ("TYPE_CHECKING", "typing.TYPE_CHECKING")


def imports(tree: ast.AST, module: str, is_package: bool) -> Iterator[tuple[str, int]]:
    """Every module that a source names in an import at any depth, or as text to `import_module`."""
    for node in ast.iter_child_nodes(tree):
        if type_only(node):
            for child in getattr(node, "orelse", []):
                yield from imports(child, module, is_package)
            continue
        if isinstance(node, ast.Import):
            yield from ((alias.name, node.lineno) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            base = node.module or ""
            if node.level:
                above = module.split(".")
                above = above[: len(above) - node.level + is_package]
                base = ".".join([*above, base] if base else above)
            # `from terrace import data` names a folder too, so each name counts as a possible module.
            yield from ((f"{base}.{alias.name}", node.lineno) for alias in node.names)
        elif isinstance(node, ast.Call) and ast.unparse(node.func).endswith(("import_module", "__import__")):
            yield from ((a.value, node.lineno) for a in node.args[:1] if isinstance(a, ast.Constant))
        yield from imports(node, module, is_package)


def imports_of(path: Path) -> list[tuple[str, int]]:
    tree = ast.parse(path.read_text(encoding="utf-8"), str(path))
    return list(imports(tree, module_name(path), path.name == "__init__.py"))


def offences(path: Path, order: list[str]) -> list[str]:
    """What is wrong with the imports of one file of the engine."""
    where = path.relative_to(ROOT)
    found = [
        f"{where}:{line} imports {name}"
        for name, line in imports_of(path)
        if name.split(".")[0] in FORBIDDEN
    ]
    own = layer_of(module_name(path))
    inside = path.relative_to(ENGINE).as_posix()
    if own in (None, "__main__"):  # __init__.py hands out names of every layer, on first use; __main__ is the cli
        return found
    if own not in order:
        return [*found, f"{where}: {own} is not in docs/architecture.md"]
    for name, line in imports_of(path):
        other = layer_of(name)
        if other == own or other is None or (inside, other) in ALLOWED:
            continue
        if other not in order:
            if (ENGINE / other).exists() or (ENGINE / f"{other}.py").exists():
                found.append(f"{where}:{line} imports {name}: {other} is not in docs/architecture.md")
        elif order.index(other) > order.index(own):
            found.append(f"{where}:{line} imports {name}, but {other} stands below {own}")
    return found


def test_the_list_and_the_folders_agree() -> None:
    order = layers()
    assert order[0] == "errors" and order[-1] == "cli", order
    folders = {p.name for p in ENGINE.iterdir() if (p / "__init__.py").exists()}
    modules = {p.stem for p in ENGINE.glob("*.py")} - {"__init__", "__main__"}
    assert folders | modules <= set(order), "add what is new at its place in docs/architecture.md"


@pytest.mark.parametrize("path", SOURCES, ids=lambda p: str(p.relative_to(ENGINE)))
def test_imports_go_upward_and_never_to_qt(path: Path) -> None:
    assert offences(path, layers()) == []


@pytest.mark.parametrize(("file", "layer"), ALLOWED)
def test_exceptions_are_in_use_and_inside_functions(file: str, layer: str) -> None:
    tree = ast.parse((ENGINE / file).read_text(encoding="utf-8"))
    inside = {
        id(node)
        for function in ast.walk(tree)
        if isinstance(function, ast.FunctionDef)
        for node in ast.walk(function)
    }
    uses = [
        node
        for node in ast.walk(tree)
        if isinstance(node, ast.ImportFrom) and (node.module or "").startswith(f"terrace.{layer}")
    ]
    assert uses and all(id(node) in inside for node in uses)


@pytest.mark.parametrize(
    ("text", "offends"),
    [
        ("import PySide6.QtCore", True),
        ("def f():\n    from pyqtgraph import mkPen", True),
        ("from terrace_desktop import app", True),
        ("from terrace.session.session import Session", True),
        ("from terrace import session", True),
        ("from ..session import contract", True),
        ("from .. import session", True),
        ("from importlib import import_module\nimport_module('terrace.cli')", True),
        ("from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    from terrace.cli import main", False),
        ("from terrace.errors import TerraceError", False),
        ("from ..data.dataset import Dataset", False),
        ("from .structures import find", False),
        ("import numpy as np\nimport json", False),
    ],
)
def test_the_check_sees_an_offence(
    text: str, offends: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    package = tmp_path / "engine" / "terrace"
    (package / "session").mkdir(parents=True)
    source = package / "design" / "made_up.py"
    source.parent.mkdir()
    source.write_text(text, encoding="utf-8")
    monkeypatch.setattr(sys.modules[__name__], "ENGINE", package)
    order = layers()
    monkeypatch.setattr(sys.modules[__name__], "ROOT", tmp_path)
    assert bool(offences(source, order)) is offends


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
    names = [module_name(path) for path in SOURCES if path.name != "__main__.py"]
    script = QT_BLOCKED.format(forbidden=FORBIDDEN, names=names)
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
