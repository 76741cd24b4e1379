"""What the frozen program leaves out of its libraries, and why; prove.py shows that nothing needed is among it."""

from __future__ import annotations

import ast
import re
import sys
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
PACKAGES = (ROOT / "engine" / "terrace", ROOT / "desktop" / "terrace_desktop")

EXCLUDED = ["tkinter", "IPython", "pytest", "setuptools", "pip"]


NAMED = [f"matplotlib.backends.backend_{kind}" for kind in ("agg", "pdf", "svg")]
"""Modules of libraries that are found by a name in a text, which PyInstaller does not see."""


def wanted_modules() -> list[str]:
    """All modules of both packages: commands, readers and forms are imported by name."""
    out = list(NAMED)
    for package in PACKAGES:
        for file in sorted(package.rglob("*.py")):
            parts = file.relative_to(package.parent).with_suffix("").parts
            out.append(".".join(parts[:-1] if parts[-1] == "__init__" else parts))
    return out


def metadata() -> list[tuple[str, str]]:
    return []


def apply(analysis: Any) -> None:
    pass
