"""Manual pages are made of what the programs print of themselves."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT))

from installer import identity  # noqa: E402 - found by the line above
from installer.linux import manual  # noqa: E402

PROGRAMS = Path(sys.executable).parent
"""The programs of the environment, which have the names of those that are installed."""

with_programs = pytest.mark.skipif(not (PROGRAMS / identity.WINDOW).exists(), reason="the programs are not installed")


@with_programs
@pytest.mark.skipif(shutil.which("man") is None, reason="needs man")
@pytest.mark.parametrize("name", manual.WHAT)
def test_man_shows_all_that_a_program_prints_of_itself(name: str, tmp_path: Path, monkeypatch) -> None:
    monkeypatch.setenv("QT_QPA_PLATFORM", "offscreen")
    file = tmp_path / f"{name}.1"
    file.write_text(manual.page(PROGRAMS, name), encoding="utf-8")
    environ = {"PATH": "/usr/bin:/bin", "MANWIDTH": "200", "LC_ALL": "C.UTF-8", "MANROFFOPT": "-ww"}
    command = ["man", "--warnings", "-l", str(file)]
    done = subprocess.run(command, capture_output=True, text=True, check=True, env=environ)
    assert done.stderr == ""
    shown = re.sub(".\b", "", done.stdout)  # fat letters are printed twice
    for heading in ("NAME", "SYNOPSIS", "DESCRIPTION", "OPTIONS", "SEE ALSO"):
        assert f"\n{heading}\n" in shown
    asked = [(), *((action,) for action in manual.actions(manual.said(PROGRAMS / name)))]
    assert len(asked) == (6 if name == identity.CONSOLE else 1)
    missing = [word for arguments in asked for word in manual.said(PROGRAMS / name, *arguments).split()
               if word != "usage:" and word.rstrip(":").lower() not in shown.lower()]  # fmt: skip
    assert missing == []


def test_signs_of_troff_are_shown_as_they_are() -> None:
    assert manual.plain("--a `b` C:\\d") == "\\-\\-a \\(gab\\(ga C:\\ed"
    assert manual.plain(".end") == "\\&.end" and manual.plain("'x'") == "\\&'x'"
