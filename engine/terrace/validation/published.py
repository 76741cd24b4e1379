"""Published numbers: ``resources/validation/published.toml``, whose README tells the columns and how close is close."""

from __future__ import annotations

import tomllib
from collections.abc import Iterator
from functools import cache, partial
from typing import Any

from terrace.data.resources import resource_path
from terrace.validation.agreement import Check, Slack, against_print, same
from terrace.validation.cases import Case, Outcomes

Step = dict[str, Any]

# Optimisers stop at slightly different points; the flatter the likelihood, the more of the later digits move.
SCALAR, FIXED, RANDOM = Slack(0.75, 1e-6), Slack(1.0, 3e-5), Slack(1.5, 3e-4)
_FIXED_COLUMNS = ("coef", "se", "stat", "p", "lb", "ub")
_RANDOM_COLUMNS = ("estimate", "se", "lb", "ub")
_GROUP_COLUMNS = ("n_groups", "min", "avg", "max")
_NOT_PRINTED = "*"


@cache
def published() -> dict[str, Any]:
    """The file as it is: ``sources`` and a list ``case``. Do not change it."""
    return tomllib.loads(resource_path("validation", "published.toml").read_text(encoding="utf-8"))


def cases() -> list[Case]:
    """A case each, in the order of the file."""
    found = published()
    return [
        Case(
            case["id"],
            "published",
            f"{found['sources'][case['source']]}, {case['where']}",
            f"samples/{case['data']}.parquet",
            (f"sample {case['data']}",),
            tuple(step["command"] for step in case["step"]),
            partial(_judge, case["step"]),
        )
        for case in found["case"]
    ]


def _judge(steps: list[Step], outcomes: Outcomes) -> list[Check]:
    return [check for step, outcome in zip(steps, outcomes, strict=True) for check in checks(step, outcome)]


def checks(step: Step, result: dict[str, Any]) -> Iterator[Check]:
    """The numbers of one step against the result of its command, as ``terrace run --json`` writes it."""
    yield from (
        against_print(name, text, result["scalars"].get(name), SCALAR) for name, text in step.get("scalars", {}).items()
    )
    if "comparison" in step:
        yield same("comparison", step["comparison"], (result["comparison"] or {}).get("label"))
    blocks = (
        ("groups", _GROUP_COLUMNS, SCALAR, lambda row: row["level"]),
        ("fixed", _FIXED_COLUMNS, FIXED, lambda row: row["term"]),
        ("random", _RANDOM_COLUMNS, RANDOM, lambda row: f"{row['level']}: {row['name']}"),
    )
    for block, columns, slack, name_of in blocks:
        if block not in step:
            continue
        found = {name_of(row): row for row in result[block]}
        yield same(f"rows of {block}", list(step[block]), list(found))
        for label, printed in step[block].items():
            yield from _row(label, columns, printed, found.get(label, {}), slack)
    if "rows" in step:
        rows = result["tables"][0]["rows"]
        yield same("number of rows", len(step["rows"]), len(rows))
        for (label, printed), (name, *cells) in zip(step["rows"], rows):
            if label != _NOT_PRINTED:
                yield same("row", label, name)
            columns = tuple(result["tables"][0]["columns"][1:])
            yield from _row(name, columns, printed, dict(zip(columns, cells)), RANDOM)


def _row(label: str, columns: tuple[str, ...], printed: str, row: dict[str, Any], slack: Slack) -> Iterator[Check]:
    """The numbers of a row; columns at the end may be left out."""
    for column, text in zip(columns, printed.split()):
        if text != _NOT_PRINTED:
            yield against_print(f"{label}, {column}", text, row.get(column), slack)
