"""The engine against printed numbers of other programs, to the digits printed."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from oracle_support import dataset, estimated

import terrace
from oracles.published import EVERY, Published
from oracles.rcases import frame

# Other programs stop earlier: the last digit of a variance parameter can be theirs (units of it, relative).
FIXED, RANDOM = (2.0, 3e-5), (3.0, 3e-4)


def agrees(printed: str, value: float | None, slack: tuple[float, float]) -> bool:
    if printed == "*":
        return True
    if value is None:
        return False
    units, relative = slack
    decimals = len(printed.partition(".")[2])
    return abs(value - float(printed)) <= max(units * 0.5 * 10.0**-decimals, relative * abs(float(printed)))


def misses(case: Published, result: terrace.FitResult) -> Iterator[str]:
    if not agrees(case.ll, result.ll, (1.5, 1e-6)):
        yield f"ll: printed {case.ll}, got {result.ll}"
    got = {("fixed", f.term): (f.coef, f.se) for f in estimated(result)}
    for kind, rows in (("random", result.random), ("sd", result.random_sd)):
        for row in rows:
            got[kind, row.name] = got[kind, f"{row.level}: {row.name}"] = (row.estimate, row.se)
    parts = (("fixed", case.fixed, FIXED), ("random", case.random, RANDOM), ("sd", case.sd, RANDOM))
    for kind, printed, slack in parts:
        for name, texts in printed.items():
            for text, value in zip(texts, got[kind, name]):
                if not agrees(text, value, slack):
                    yield f"{name}: printed {text}, got {value}"


@pytest.mark.parametrize("case", [pytest.param(c, id=c.id) for c in EVERY])
def test_printed_numbers(case: Published) -> None:
    data = frame(case.data)
    result = terrace.fit(case.command, dataset(data if case.derive is None else case.derive(data)))
    assert result.converged
    assert list(misses(case, result)) == [], case.source
