"""The page of the validation: every model that is compared with other people's numbers, compared as it is made."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from manual.commands import plain
from terrace.validation.cases import Verdict
from terrace.validation.run import run
from terrace.version import __version__

_HEAD = """\
# Validation

Terrace {version}, compared with printed results of others and with R as this page was built: **{numbers:,} numbers of
{models} models, {outcome}**. `terrace validate FOLDER` does the same on your machine, looks whether any file of a
library was altered, and writes a report to sign, with every number, the difference and how much of it is allowed.

*Worst, of allowed* is the largest difference of a model's numbers, as a share of the difference that is allowed. How
much that is, and why, stands in `resources/validation/README.md` of the source; the scripts that fitted the models in R
stand beside it. Apart from these, the tests compare the likelihood with a dense matrix computation that shares no code
with the engine, fits with each other under changes that must not matter (origin, unit, order, coding), and intervals
with their coverage in simulations.
"""
_KINDS = {"published": "Printed by others", "R": "Computed by R"}


def page(verdicts: Iterable[Verdict] | None = None) -> str:
    """The page. All models are compared where no verdicts are given."""
    found = list(run() if verdicts is None else verdicts)
    wrong = [v.case.id for v in found if not v.passed]
    outcome = "all agree" if not wrong else f"{_models(len(wrong))} not agree: {', '.join(wrong)}"
    numbers = sum(len(v.checks) for v in found)
    parts = [_HEAD.format(version=__version__, numbers=numbers, models=len(found), outcome=outcome)]
    for kind, title in _KINDS.items():
        parts += [f"## {title}", _table([v for v in found if v.case.kind == kind])]
    return "\n\n".join(parts) + "\n"


def _models(n: int) -> str:
    return "1 model does" if n == 1 else f"{n} models do"


def _table(verdicts: list[Verdict]) -> str:
    lines = [
        "| model | source | data | numbers | worst, of allowed | |",
        "| --- | --- | --- | ---: | ---: | --- |",
    ]
    for v in verdicts:
        source, data = plain(v.case.source), Path(v.case.data).stem
        said = "agrees" if v.passed else "**differs**"
        lines.append(f"| {plain(v.case.id)} | {source} | {data} | {len(v.checks)} | {_share(v)} | {said} |")
    return "\n".join(lines)


def _share(verdict: Verdict) -> str:
    """How much of the allowed difference the worst number takes."""
    shares = [c.difference / c.allowed for c in verdict.checks if c.difference is not None and c.allowed]
    return f"{100 * max(shares):.0f}%" if shares else ""
