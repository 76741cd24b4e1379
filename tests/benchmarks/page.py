"""RESULTS.md: a section a script, so that each can be measured again alone; and what the machine is."""

from __future__ import annotations

import datetime
import os
import platform
import re
import subprocess
from importlib.metadata import version
from pathlib import Path

PAGE = Path(__file__).resolve().parent / "RESULTS.md"
TITLE = """# Benchmarks: the last results

Written by the scripts of this folder (see `README.md`); each replaces its own section. Times are wall-clock where
nothing else is said, and decide nothing by themselves: no test passes or fails by them.
"""
ORDER = (
    *("compare", "scaling", "streaming", "startup", "installed", "window", "workday", "preview"),
    *("reports", "projects", "grid", "cells", "data", "opening", "coverage"),
)  # fmt: skip


def write_section(name: str, text: str) -> None:
    """Replace the section `name` of the page, and leave the others as they are."""
    sections = dict.fromkeys(ORDER, "")
    if PAGE.exists():
        found = re.findall(r"<!-- (\w+) -->\n(.*?)\n<!-- end -->", PAGE.read_text(encoding="utf-8"), re.DOTALL)
        sections.update(found)
    sections[name] = text.strip()
    body = "\n".join(f"\n<!-- {key} -->\n{value}\n<!-- end -->" for key, value in sections.items() if value)
    PAGE.write_text(TITLE + body + "\n", encoding="utf-8")


def machine() -> list[str]:
    """The machine and the day, a line each."""
    return [
        f"{datetime.date.today():%d %B %Y}, Terrace at {_commit()}",
        f"{_processor()}, {os.cpu_count()} cores, {_memory()}, {_system()}",
        f"Python {platform.python_version()}, NumPy {version('numpy')} ({_blas()}), SciPy {version('scipy')}, "
        f"pandas {version('pandas')}",
    ]


def load() -> str:
    """How busy the machine is: the mean number of running processes in the last minute."""
    return f"{os.getloadavg()[0]:.1f}" if hasattr(os, "getloadavg") else "unknown"


def table(head: list[str], rows: list[list[str]], right: str) -> str:
    """A Markdown table; `right` has an ``r`` or ``l`` a column."""
    rule = ["---:" if side == "r" else "---" for side in right]
    return "\n".join("| " + " | ".join(row) + " |" for row in [head, rule, *rows])


def duration(seconds: float) -> str:
    """Seconds with three digits: ``3.21 ms``, ``12.4 s``."""
    value, unit = (seconds, "s") if seconds >= 1 else (seconds * 1e3, "ms")
    return f"{digits(value)} {unit}"


def digits(value: float) -> str:
    """A number with three digits, never in scientific notation."""
    return f"{value:.{max(0, 2 - len(str(int(abs(value)))) + 1)}f}"


def _commit() -> str:
    """The commit, and whether the program (not the benchmarks) differs from it."""
    root = PAGE.parents[2]
    try:
        commit, changed = (
            subprocess.run(["git", *asked], cwd=root, capture_output=True, text=True, check=True).stdout.strip()
            for asked in (["describe", "--always"], ["status", "--porcelain", "--", "engine", "desktop"])
        )
    except (OSError, subprocess.CalledProcessError):
        return "an unknown state"
    return f"{commit} with uncommitted changes" if changed else commit


def _processor() -> str:
    try:
        text = Path("/proc/cpuinfo").read_text(encoding="utf-8")
    except OSError:
        return platform.processor() or platform.machine()
    found = re.search(r"model name\s*: (.*)", text)
    return found[1].strip() if found else platform.machine()


def _memory() -> str:
    try:
        size = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    except (AttributeError, ValueError, OSError):
        return "memory unknown"
    return f"{size / 2**30:.0f} GiB"


def _system() -> str:
    try:
        return platform.freedesktop_os_release()["PRETTY_NAME"]
    except (OSError, KeyError):
        return platform.platform(terse=True)


def _blas() -> str:
    import numpy as np

    about = np.show_config(mode="dicts")["Build Dependencies"]["blas"]
    return f"{about.get('name', 'BLAS')} {about.get('version', '')}".strip()
