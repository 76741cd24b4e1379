"""No module but those of `terrace.disk` opens a file for writing, or gives one another name."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
_OPENERS = {"open", "fdopen", "FileIO"}
_NEVER = {
    "write_text", "write_bytes", "NamedTemporaryFile", "TemporaryFile", "mkstemp", "QSaveFile", "QFile", "QSettings",
    "renames", "move_file", "copyfile", "copy2", "link", "FileHandler", "RotatingFileHandler",
}  # fmt: skip
_ALLOWED = {
    "work/logs.py": {"FileHandler"},  # whose file the room opens
    "data/apart/child.py": {"fdopen", "open"},  # pipes, and the null device
    "data/apart/parent.py": {"TemporaryFile"},  # without a name: what the reading process prints
    # these are handed the temporary file of `disk.writing.replacing`
    **{f"data/writers/{name}.py": {"open"} for name in ("opendocument", "stata", "tables")},
    "data/readers/expand.py": {"write_bytes", "open", "mkstemp"},  # what an archive holds, while it is read
}  # fmt: skip


def offences(source: str) -> list[str]:
    """The calls that make, change or rename a file by themselves, with their lines."""
    found = []
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.ImportFrom) and node.module and node.module.startswith("PySide6"):
            found += [f"{node.lineno}: {a.name}" for a in node.names if a.name in _NEVER]
        if isinstance(node, ast.ClassDef):
            found += [f"{node.lineno}: {n}" for b in node.bases if (n := ast.unparse(b).split(".")[-1]) in _NEVER]
        if not isinstance(node, ast.Call):
            continue
        attribute = isinstance(node.func, ast.Attribute)
        name = node.func.attr if attribute else getattr(node.func, "id", "")
        owner = ast.unparse(node.func.value) if attribute else ""
        written = [a.value for a in [*node.args, *(k.value for k in node.keywords)] if isinstance(a, ast.Constant)]
        mode = any(isinstance(w, str) and re.fullmatch(r"[rbt]*[wax+][wax+bt]*", w) for w in written)
        flags = any(re.search("O_(WRONLY|RDWR|CREAT|APPEND)", ast.unparse(a)) for a in node.args)
        # of a path with one path, of a text with two, of a column with a mapping or a name
        one = len(node.args) == 1 and not node.keywords
        one = one and isinstance(node.args[0], ast.Name | ast.Attribute | ast.BinOp)
        renames = name in ("rename", "replace") and attribute and (owner == "os" or one)
        if (name in _OPENERS and (mode or flags)) or (attribute and name in _NEVER) or renames:
            found.append(f"{node.lineno}: {name}")
    return found


def test_no_other_module_opens_a_file_for_writing() -> None:
    past = []
    for package in ("engine/terrace", "desktop/terrace_desktop"):
        for file in sorted((ROOT / package).rglob("*.py")):
            where = file.relative_to(ROOT / package)
            if where.parts[0] != "disk":
                allowed = _ALLOWED.get(where.as_posix(), set())
                calls = [o for o in offences(file.read_text(encoding="utf-8")) if o.split(": ")[1] not in allowed]
                past += [f"{where}:{o}" for o in calls]
    assert past == []


@pytest.mark.parametrize(
    "line",
    [
        'open(p, "w")', 'p.open("ab")', 'open(p, mode="x")', "p.write_text(t)", "os.open(p, os.O_WRONLY | os.O_CREAT)",
        "os.replace(a, b)", "a.rename(b)", "a.replace(b / c)", "tempfile.mkstemp()", 'open(p, "r+b")',
        "from PySide6.QtCore import QSettings", "class A(logging.FileHandler): pass",
    ],
)  # fmt: skip
def test_the_search_finds_what_it_should(line: str) -> None:
    assert offences(line)
    assert not offences('open(p, "rb"); text.replace("a", "b"); frame.rename(columns=n); replace(x, a=1); open(p)')
