"""Without a display, `start.py` runs its analysis in the terminal and writes a report."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT))

import start  # noqa: E402 - found by the line above


def terminal(*arguments: str) -> subprocess.CompletedProcess[str]:
    """Run the terminal's script with the Python of the tests."""
    return subprocess.run(
        [sys.executable, str(ROOT / "tools" / "terminal.py"), *arguments],
        capture_output=True,
        encoding="utf-8",
        env=dict(os.environ, PYTHONUTF8="1"),
        check=False,
    )


def test_the_sample_is_fitted_printed_and_reported(tmp_path: Path) -> None:
    done = terminal("--sample", start.SAMPLE, "--model", start.MODEL, "--out", str(tmp_path / "out"))
    assert done.returncode == 0, done.stderr
    assert done.stderr == ""
    assert f". {start.MODEL}" in done.stdout
    found = re.search(r"^Written to (.+)\.$", done.stdout, flags=re.MULTILINE)
    assert found, done.stdout
    page = Path(found[1]).read_text(encoding="utf-8")
    # The slope of ses in the printed text, to the digits of the report.
    printed = re.search(r"^ *ses\b[ |│]+(-?\d*\.\d+)", done.stdout, flags=re.MULTILINE)
    assert printed, done.stdout
    assert f"{float(printed[1]):.2f}" in page
    assert len(re.findall(r"<svg\b|<img\b", page)) == 3


def test_a_file_is_fitted_under_its_name_with_spaces(tmp_path: Path) -> None:
    rows = [f"{g},{t},{10 + g % 3 + 2 * t + (g * 7 + t * 5) % 4}" for g in range(6) for t in range(5)]
    path = tmp_path / "my data.csv"
    path.write_text("\n".join(["group,time,y", *rows]) + "\n", encoding="utf-8")
    done = terminal("--data", str(path), "--model", "mixed y time || group:", "--out", str(tmp_path))
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "my data-report.html").exists()


@pytest.mark.parametrize(
    ("arguments", "named"),
    [
        (("--data", "no such file.csv"), "no such file.csv"),
        (("--sample", "hsb", "--model", "mixed mathach nosuch || id:"), "nosuch"),
    ],
)
def test_a_mistake_is_named_without_a_traceback(arguments: tuple[str, ...], named: str) -> None:
    done = terminal(*arguments)
    assert done.returncode == 1
    assert named in done.stderr
    assert "Traceback" not in done.stderr


def test_no_display_is_noticed_and_named(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("DISPLAY", "WAYLAND_DISPLAY", "QT_QPA_PLATFORM"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr(start.sys, "platform", "linux")
    assert "DISPLAY" in start.why_no_display(Path(sys.executable))


def test_a_display_that_does_not_answer_is_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("PySide6")
    monkeypatch.setenv("DISPLAY", ":4711")
    monkeypatch.setenv("QT_QPA_PLATFORM", "xcb")
    assert start.why_no_display(Path(sys.executable)).startswith("Qt cannot open a window")
    monkeypatch.setenv("QT_QPA_PLATFORM", "offscreen")
    assert start.why_no_display(Path(sys.executable)) == ""
