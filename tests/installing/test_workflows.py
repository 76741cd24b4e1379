"""The workflows of the forge: rights, pins, time limits, and what they call is there."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
WORKFLOWS = sorted((ROOT / ".github" / "workflows").glob("*.yml"))


@pytest.mark.parametrize("file", WORKFLOWS, ids=lambda f: f.name)
def test_rights_pins_and_limits(file: Path) -> None:
    text = file.read_text(encoding="utf-8")
    assert "\npermissions:\n  contents: read\n" in text and "\nconcurrency:\n" in text
    uses = re.findall(r"uses: (\S+)", text)
    assert uses and all(re.fullmatch(r"actions/[\w-]+@v\d+", used) for used in uses)
    assert text.count("runs-on:") == text.count("timeout-minutes:")
    assert text.count("actions/checkout@") == text.count("persist-credentials: false")
    runs = re.sub(r"(?m)^\s+\w+: \$\{\{ secrets.+$", "", text)
    assert "secrets." not in re.sub(r"(?m)^#.*$", "", runs)  # secrets reach a step by its environment alone


@pytest.mark.parametrize("file", WORKFLOWS, ids=lambda f: f.name)
def test_each_is_read_and_each_job_has_steps(file: Path) -> None:
    """By PyYAML, which comes with what builds the documentation."""
    yaml = pytest.importorskip("yaml")
    jobs = yaml.safe_load(file.read_text(encoding="utf-8"))["jobs"]
    assert jobs and all(("run" in step) ^ ("uses" in step) for job in jobs.values() for step in job["steps"])


@pytest.mark.parametrize("file", WORKFLOWS, ids=lambda f: f.name)
def test_the_scripts_they_call_are_there(file: Path) -> None:
    called = re.findall(r"(?:python3?|bash) ((?:installer|tools|\.ci)/\S+)", file.read_text(encoding="utf-8"))
    assert called and all((ROOT / name).is_file() for name in called)
