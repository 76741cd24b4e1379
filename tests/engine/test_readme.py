"""What the README shows works as it stands there."""

from __future__ import annotations

import os
import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest
from docs_site import MADE

ROOT = Path(__file__).resolve().parents[2]
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]
README = PAGES[0].read_text(encoding="utf-8")

SNIPPETS = re.findall(r"^```python\n(.*?)^```", README, flags=re.MULTILINE | re.DOTALL)
FIVE_MINUTES = (ROOT / "docs" / "five-minutes.md").read_text(encoding="utf-8")
TYPED = re.findall(r"^    (terrace .+)$", README + FIVE_MINUTES, flags=re.MULTILINE)
COMMANDS = [line for line in TYPED if "FILE" not in line]


def run(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, *arguments],
        capture_output=True,
        encoding="utf-8",
        env=dict(os.environ, PYTHONUTF8="1"),
        check=False,
    )


def test_there_is_something_to_try() -> None:
    assert SNIPPETS and COMMANDS


@pytest.mark.parametrize("snippet", SNIPPETS)
def test_python_runs(snippet: str) -> None:
    done = run("-c", snippet)
    assert done.returncode == 0, done.stderr
    assert done.stderr == ""
    assert done.stdout.strip()


@pytest.mark.parametrize("command", COMMANDS)
def test_command_runs(command: str) -> None:
    done = run("-m", *shlex.split(command))
    assert done.returncode == 0, done.stderr
    assert done.stdout.strip()


def title(page: Path) -> str:
    return page.relative_to(ROOT).as_posix()


@pytest.mark.parametrize("page", PAGES, ids=title)
def test_links_and_pictures_are_there(page: Path) -> None:
    for target in re.findall(r"\]\(([^)#]+)", page.read_text(encoding="utf-8")):
        made = target.removeprefix("../").startswith(MADE)  # from the program: tools/docs_site.py looks at these links
        assert "://" in target or made or (page.parent / target).exists(), target


@pytest.mark.parametrize("page", PAGES, ids=title)
def test_scripts_that_pages_name_are_there(page: Path) -> None:
    for name in re.findall(r"(?:python3|py -3\.11) ([\w/]+\.py)", page.read_text(encoding="utf-8")):
        assert (ROOT / name).exists(), name
