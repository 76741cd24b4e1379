"""Starting costs only what it needs: which modules are loaded, counted and not timed.

Each case runs in a process of its own and reads `sys.modules` at the end.
"""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

# Nothing that is not in the standard library may come with `import terrace`.
LIBRARIES = {
    "docx",
    "lxml",
    "matplotlib",
    "numpy",
    "openpyxl",
    "pandas",
    "platformdirs",
    "pyarrow",
    "pyqtgraph",
    "pyreadstat",
    "PySide6",
    "re2",
    "scipy",
}
# What the fit of a small CSV file from the command line has no use for. pandas loads pyarrow by itself.
NEVER_FOR_A_FIT = {
    "docx",
    "lxml",
    "matplotlib",
    "openpyxl",
    "PIL",
    "pyarrow.dataset",
    "pyqtgraph",
    "pyreadstat",
    "PySide6",
    "re2",
    "scipy",
    "terrace.data.apart.parent",
    "terrace_desktop",
}

LOADED = "\nimport json, sys; print('LOADED', json.dumps(sorted(sys.modules)), file=sys.stderr)"


def loaded_after(code: str, *arguments: str) -> set[str]:
    """The modules loaded when `code` has run with `arguments` in a new interpreter."""
    done = subprocess.run(
        [sys.executable, "-c", code + LOADED, *arguments], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    (line,) = [part for part in done.stderr.splitlines() if part.startswith("LOADED ")]
    return set(json.loads(line.removeprefix("LOADED ")))


RUN = """
import sys
from terrace.cli import main
try:
    status = main(sys.argv[1:])
except SystemExit as stop:
    status = stop.code
assert not status, status
"""


@pytest.fixture
def small_csv(tmp_path: Path) -> Path:
    """Six groups of five, enough to fit a random intercept."""
    rows = [
        f"{group},{time},{10 + group % 3 + 2 * time + (group * 7 + time * 5) % 4}"
        for group in range(6)
        for time in range(5)
    ]
    path = tmp_path / "small.csv"
    path.write_text("\n".join(["group,time,y", *rows]) + "\n", encoding="utf-8")
    return path


def test_import_terrace_loads_no_library() -> None:
    assert loaded_after("import terrace") & LIBRARIES == set()


def test_a_name_of_the_package_still_resolves() -> None:
    modules = loaded_after("import terrace; terrace.Dataset; terrace.ModelSpec")
    assert "pandas" in modules  # or the test above shows nothing
    assert modules & NEVER_FOR_A_FIT == set()


def test_help_loads_no_library() -> None:
    assert loaded_after(RUN, "--help") & LIBRARIES == set()


def test_a_fit_from_the_command_line_loads_only_what_it_uses(small_csv: Path, tmp_path: Path) -> None:
    out = tmp_path / "out.json"
    modules = loaded_after(
        RUN, "run", "--data", str(small_csv), "-c", "mixed y time || group:", "--json", str(out)
    )
    assert json.loads(out.read_text(encoding="utf-8"))[0]["status"] == "ok"
    assert "numpy" in modules
    assert modules & NEVER_FOR_A_FIT == set()
