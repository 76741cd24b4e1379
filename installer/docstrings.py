"""Modules without their docstrings, which nothing shows in an installed program; packed, they are a sixth of all.

What Python's own ``-OO`` does besides is not done: assertions stay, and modules that use their docstrings keep them.
"""

from __future__ import annotations

import ast
import importlib.util
from collections.abc import Iterable
from pathlib import Path
from types import CodeType

Entry = tuple[str, str, str]
"""A module in the lists of PyInstaller: its name, its source, its kind."""

_DOCUMENTED = (ast.Module, ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)


def without(source: str) -> ast.Module:
    """The tree of a module, each of whose docstrings is gone; lines and columns are those of the source."""
    tree = ast.parse(source)
    for node in ast.walk(tree):
        if isinstance(node, _DOCUMENTED):
            first = node.body[0] if node.body else node
            while ast.get_docstring(node, clean=False) is not None:  # a text behind it would take its place
                node.body = node.body[1:]
            if not node.body and not isinstance(node, ast.Module):
                node.body = [ast.copy_location(ast.Pass(), first)]
    return tree


def compiled(path: Path) -> CodeType:
    """The code of a source file without its docstrings."""
    tree = without(importlib.util.decode_source(path.read_bytes()))
    return compile(tree, str(path), "exec", dont_inherit=True, optimize=0)


def codes(modules: Iterable[Entry], kept: tuple[str, ...]) -> dict[str, CodeType]:
    """The code of each module by its name. Those that are `kept`, or in a package that is, are left to PyInstaller."""
    out = {}
    for name, place, _ in modules:
        if place.endswith(".py") and not any(f"{name}.".startswith(f"{package}.") for package in kept):
            out[name] = compiled(Path(place))
    return out
