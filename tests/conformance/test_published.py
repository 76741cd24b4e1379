"""Published numbers of models whose data are in this project: each holds to the digits that were printed."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Iterator
from copy import deepcopy
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from terrace.cli import main
from terrace.validation.agreement import Check, last_place
from terrace.validation.published import checks, published

PUBLISHED = published()
CASES: dict[str, dict[str, Any]] = {case["id"]: case for case in PUBLISHED["case"]}


def differences(step: dict[str, Any], result: dict[str, Any]) -> list[Check]:
    """What is not as published in the result of a command, as ``terrace run --json`` writes it."""
    assert set(step) <= {"command", "scalars", "comparison", "groups", "fixed", "random", "rows"}
    assert result["command"] == step["command"]
    assert result["status"] == "ok", result["error"]
    return [check for check in checks(step, result) if not check.passed]


@cache
def results(name: str) -> list[dict[str, Any]]:
    """What ``terrace run`` says to the commands of a case, a result a step."""
    case = CASES[name]
    commands = [step["command"] for step in case["step"]]
    opened = ["-c", f"sample {case['data']}"]
    with tempfile.TemporaryDirectory() as folder:
        out = Path(folder, "out.json")
        main(["run", *opened, *(word for command in commands for word in ("-c", command)), "--json", str(out)])
        found: list[dict[str, Any]] = json.loads(out.read_text(encoding="utf-8"))
    return found[-len(commands) :]


@pytest.mark.parametrize("name", CASES)
def test_the_program_finds_what_was_published(name: str) -> None:
    steps = CASES[name]["step"]
    assert [d for step, result in zip(steps, results(name), strict=True) for d in differences(step, result)] == []


def printed_numbers(step: dict[str, Any]) -> Iterator[tuple[Any, Any, int]]:
    """Where the numbers of a step stand: (container, key, position among the words of the text)."""
    for block in ("scalars", "groups", "fixed", "random"):
        for key, text in step.get(block, {}).items():
            yield from ((step[block], key, k) for k, word in enumerate(text.split()) if word not in ("*", "."))
    for row in step.get("rows", []):
        yield from ((row, 1, k) for k, word in enumerate(row[1].split()) if word not in ("*", "."))


@pytest.mark.parametrize("name", CASES)
def test_another_number_is_told_from_the_published_one(name: str) -> None:
    """Each number changed in turn, by three units of its last place and a thousandth of its size."""
    changed = 0
    for step, result in zip(CASES[name]["step"], results(name), strict=True):
        for container, key, position in printed_numbers(other := deepcopy(step)):
            text = container[key]
            words = text.split()
            number = words[position].partition("~")[0]
            words[position] = repr(float(number) + 3 * last_place(number) + 1e-3 * abs(float(number)))
            container[key] = " ".join(words)
            assert len(differences(other, result)) == 1, f"{step['command']}, {key}: {words[position]}"
            container[key] = text
            changed += 1
    assert changed


def test_every_case_has_a_source_and_every_source_a_case() -> None:
    assert {case["source"] for case in CASES.values()} == set(PUBLISHED["sources"])
    assert len(CASES) == len(PUBLISHED["case"])
    assert all(case["where"] for case in CASES.values())
