"""Published numbers of models whose data are in this project: each holds to the digits that were printed."""

from __future__ import annotations

import json
import math
import tempfile
import tomllib
from collections.abc import Iterator
from copy import deepcopy
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from terrace.cli import main

HERE = Path(__file__).parent
PUBLISHED = tomllib.loads((HERE / "published.toml").read_text(encoding="utf-8"))
CASES: dict[str, dict[str, Any]] = {case["id"]: case for case in PUBLISHED["case"]}


@dataclass(frozen=True)
class Slack:
    """How far a number may be from the printed one: in units of the last printed place, or as a share of its size."""

    units: float
    share: float


# Optimisers stop at slightly different points; the flatter the likelihood, the more of the later digits move.
SCALAR, FIXED, RANDOM = Slack(0.75, 1e-6), Slack(1.0, 3e-5), Slack(1.5, 3e-4)
FIXED_COLUMNS = ("coef", "se", "stat", "p", "lb", "ub")
RANDOM_COLUMNS = ("estimate", "se", "lb", "ub")
GROUP_COLUMNS = ("n_groups", "min", "avg", "max")


def last_place(printed: str) -> float:
    """The unit of the last printed place: .001 for 2.480, 1e-8 for 7.89e-06."""
    mantissa, _, exponent = printed.lower().partition("e")
    return 10.0 ** (int(exponent or 0) - len(mantissa.partition(".")[2]))


def agrees(printed: str, found: Any, slack: Slack) -> bool:
    """Whether a number is the printed one; ``*`` was not printed, ``.`` is a missing number.

    A share of its own stands behind a tilde where what was printed is known to be short of the maximum.
    """
    if printed == "*":
        return True
    if printed == ".":
        return found is None
    if not isinstance(found, (int, float)) or not math.isfinite(found):
        return False
    printed, _, share = printed.partition("~")
    expected = float(printed)
    allowed = max(slack.units * last_place(printed), max(slack.share, float(share or 0)) * abs(expected))
    return abs(found - expected) <= allowed


def row_differs(label: str, columns: tuple[str, ...], printed: str, row: dict[str, Any], slack: Slack) -> Iterator[str]:
    """What is not as printed in a row; columns at the end may be left out."""
    texts = printed.split()
    assert 0 < len(texts) <= len(columns), f"{label}: {printed}"
    for column, text in zip(columns, texts):
        if not agrees(text, row.get(column), slack):
            yield f"{label}, {column}: published {text}, here {row.get(column)}"


def differences(step: dict[str, Any], result: dict[str, Any]) -> Iterator[str]:
    """What is not as published in the result of a command, as ``terrace run --json`` writes it."""
    assert set(step) <= {"command", "scalars", "comparison", "groups", "fixed", "random", "rows"}
    assert result["command"] == step["command"]
    if result["status"] != "ok":
        yield str(result["error"])
        return
    for name, text in step.get("scalars", {}).items():
        if not agrees(text, result["scalars"].get(name), SCALAR):
            yield f"{name}: published {text}, here {result['scalars'].get(name)}"
    if "comparison" in step and (result["comparison"] or {}).get("label") != step["comparison"]:
        yield f"comparison: published {step['comparison']}, here {result['comparison']}"
    blocks = (
        ("groups", GROUP_COLUMNS, SCALAR, lambda row: row["level"]),
        ("fixed", FIXED_COLUMNS, FIXED, lambda row: row["term"]),
        ("random", RANDOM_COLUMNS, RANDOM, lambda row: f"{row['level']}: {row['name']}"),
    )
    for block, columns, slack, name_of in blocks:
        if block not in step:
            continue
        found = {name_of(row): row for row in result[block]}
        if list(found) != list(step[block]):
            yield f"{block}: published {list(step[block])}, here {list(found)}"
        for label, printed in step[block].items():
            yield from row_differs(label, columns, printed, found.get(label, {}), slack)
    if "rows" in step:
        rows = result["tables"][0]["rows"]
        if len(rows) != len(step["rows"]):
            yield f"{len(step['rows'])} rows published, {len(rows)} here"
        for (label, printed), (name, *cells) in zip(step["rows"], rows):
            if label not in ("*", name):
                yield f"a row named {label} was published, {name} is here"
            columns = tuple(result["tables"][0]["columns"][1:])
            yield from row_differs(label, columns, printed, dict(zip(columns, cells)), RANDOM)


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
            assert len(list(differences(other, result))) == 1, f"{step['command']}, {key}: {words[position]}"
            container[key] = text
            changed += 1
    assert changed


def test_every_case_has_a_source_and_every_source_a_case() -> None:
    assert {case["source"] for case in CASES.values()} == set(PUBLISHED["sources"])
    assert len(CASES) == len(PUBLISHED["case"])
    assert all(case["where"] for case in CASES.values())
