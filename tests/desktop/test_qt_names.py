"""Attributes of widgets: none hides a method of its Qt class, which Qt would call in its place and crash."""

from __future__ import annotations

import ast
import importlib
import inspect
import pkgutil
from types import ModuleType

import builder_help
import pytest
from PySide6.QtWidgets import QWidget

import terrace_desktop
from terrace_desktop.builder.form import BuilderForm

MODULES = [m.name for m in pkgutil.walk_packages(terrace_desktop.__path__, "terrace_desktop.")]


def hidden(module: ModuleType) -> list[str]:
    """``Class.name`` of attributes that are set on self and are methods of the Qt class underneath."""
    out = []
    for node in ast.parse(inspect.getsource(module)).body:
        if not isinstance(node, ast.ClassDef):
            continue
        qt = next((c for c in getattr(module, node.name).__mro__ if c.__module__.startswith("PySide6.")), None)
        for n in ast.walk(node):
            stored = isinstance(n, ast.Attribute) and isinstance(n.ctx, ast.Store)
            if stored and isinstance(n.value, ast.Name) and n.value.id == "self" and hasattr(qt, n.attr):
                out.append(f"{node.name}.{n.attr}")
    return out


@pytest.mark.parametrize("name", [m for m in MODULES if not m.endswith("__main__")])
def test_no_attribute_hides_a_method_of_qt(name: str) -> None:
    assert hidden(importlib.import_module(name)) == []


def test_every_section_of_the_builder_can_be_drawn_alone() -> None:
    """QPaintDevice asks the widget itself for its metric()."""
    form = BuilderForm(builder_help.schools())
    form.show()
    form.further.make()
    for name in ("estimation", "maximisation"):
        section = form.findChild(QWidget, f"builder_{name}")
        assert not section.grab().isNull()
    form.close()
    form.deleteLater()
