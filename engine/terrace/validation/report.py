"""The report of a validation: JSON for programs, PDF for people to sign. The PDF names the SHA-256 of the JSON."""

from __future__ import annotations

import hashlib
import json
from dataclasses import asdict, dataclass
from datetime import datetime

from terrace.report.parts import Part
from terrace.report.pdf import document_pdf
from terrace.results.table import Column, Row, Table
from terrace.validation.agreement import Check
from terrace.validation.cases import Verdict
from terrace.validation.installation import Installation
from terrace.wording import plural

FORMAT = 1
"""The version of the form of the JSON."""
_SCOPE = (
    "This report shows that Terrace, as it is installed on this machine, finds the numbers that others published and "
    "that R computed for the same models and data. It can be part of the evidence for an installation and operational "
    "qualification. It certifies neither the program for a purpose nor the analysis of any data."
)
_TITLE = "Validation of Terrace"


@dataclass(frozen=True, slots=True)
class Validation:
    """What was installed, and the verdict on every case. `when` has its time zone."""

    installed: Installation
    verdicts: tuple[Verdict, ...]
    when: datetime

    @property
    def passed(self) -> bool:
        """True where every case agrees and no file of a library is altered."""
        return bool(self.verdicts) and all(v.passed for v in self.verdicts) and not self.installed.altered

    @property
    def numbers(self) -> int:
        """How many numbers and names were compared."""
        return sum(len(v.checks) for v in self.verdicts)

    @property
    def summary(self) -> str:
        """One sentence, with what is wrong where anything is."""
        wrong = sum(not v.passed for v in self.verdicts)
        said = f"Compared {plural(self.numbers, 'number')} of {plural(len(self.verdicts), 'model')}: "
        said += "all agree" if not wrong else f"{wrong} model{'s do' if wrong > 1 else ' does'} not agree"
        altered = len(self.installed.altered)
        if altered:
            said += f", and {altered} file{'s' if altered > 1 else ''} of libraries differ from what was installed"
        return said + "."


def to_json(validation: Validation) -> bytes:
    """The whole report as JSON in UTF-8: every number with its source, what was found, and how far it may be off."""
    installed = validation.installed
    whole = {
        "report": _TITLE,
        "format": FORMAT,
        "when": validation.when.isoformat(timespec="seconds"),
        "passed": validation.passed,
        "summary": validation.summary,
        "program": {"version": installed.version, "engine_sha256": installed.engine_sha256},
        "machine": dict(installed.facts),
        "libraries": [asdict(c) for c in installed.components],
        "cases": [
            {
                "id": v.case.id,
                "kind": v.case.kind,
                "source": v.case.source,
                "data": v.case.data,
                "data_sha256": v.data_sha256,
                "commands": [*v.case.opening[1:], *v.case.commands],
                "passed": v.passed,
                "error": v.error,
                "numbers": [asdict(c) for c in v.checks],
            }
            for v in validation.verdicts
        ],
    }
    return (json.dumps(whole, indent=1, ensure_ascii=False) + "\n").encode()


def to_pdf(validation: Validation, json_report: bytes) -> bytes:
    """The report as A4 pages: the verdict, the installation, a line for each case, what failed, and where to sign."""
    generated = f"{validation.when:%Y-%m-%d %H:%M:%S %z}, Terrace {validation.installed.version}"
    return document_pdf(_TITLE, _parts(validation, json_report), generated=generated)


def _parts(validation: Validation, json_report: bytes) -> list[Part]:
    verdict = "PASSED" if validation.passed else "FAILED"
    parts: list[Part] = [
        f"# {verdict}",
        validation.summary,
        _SCOPE,
        f"All numbers are in the JSON file that was written with this one. Its SHA-256 is "
        f"{hashlib.sha256(json_report).hexdigest()}.",
        _signatures(),
        "# Installation",
        _facts(validation.installed),
        _libraries(validation.installed),
    ]
    wrong = [v.case.id for v in validation.verdicts if not v.passed]
    if wrong:
        parts += ["# What does not agree", ", ".join(wrong) + "."]
    for kind, title in _KINDS:
        parts.append(f"# {title}")
        parts += [part for v in validation.verdicts if v.case.kind == kind for part in _case(v)]
    return parts


_KINDS = (("published", "Published numbers"), ("R", "Numbers computed by R"))


def _signatures() -> Table:
    line = "_" * 22
    rows = tuple(Row(who, (line, line, "_" * 12)) for who in ("Carried out by", "Checked by"))
    return Table("Signatures", (_text("name", "Name"), _text("signature", "Signature"), _text("date", "Date")), rows)


def _facts(installed: Installation) -> Table:
    facts = (*installed.facts, ("SHA-256 of the engine", installed.engine_sha256))
    return Table("The machine and the program", (_text("value", ""),), tuple(Row(k, (v,)) for k, v in facts))


def _libraries(installed: Installation) -> Table:
    rows = tuple(
        Row(c.name, (c.version, c.files, "not recorded" if not c.record else c.record[:16], len(c.altered)))
        for c in installed.components
    )
    columns = (
        _text("version", "Version"),
        Column("files", "Files", "count"),
        _text("record", "SHA-256 of their list"),
        Column("altered", "Altered", "count"),
    )
    notes = ("Each file is compared with the hash it was installed with. Whole SHA-256 in the JSON file.",)
    return Table("Libraries", columns, rows, stub="Library", notes=notes)


def _case(verdict: Verdict) -> list[Part]:
    """A model: its source, data and commands, and every number."""
    case = verdict.case
    said = f"{case.source}. Data: {case.data}, SHA-256 {verdict.data_sha256}."
    commands = [f". {command}" for command in (*case.opening[1:], *case.commands)]
    parts: list[Part] = [f"## {case.id}: {'pass' if verdict.passed else 'FAIL'}", said, *commands]
    if verdict.error:
        return [*parts, f"! {verdict.error}"]
    rows = tuple(
        Row(c.name, (*_pair(c), _short(c.difference), _short(c.allowed), "pass" if c.passed else "FAIL"))
        for c in verdict.checks
    )
    parts += [f"! {c.name}: expected {c.expected}; found {c.found}" for c in verdict.failed if c.allowed is None]
    titles = ("Source", "Terrace", "Difference", "Allowed", "Verdict")
    return [*parts, Table("", tuple(_text(t.lower(), t) for t in titles), rows, stub="Number")]


def _pair(check: Check) -> tuple[str, str]:
    """What was expected and found; lists of names, which are wider than a page, stand in the JSON file only."""
    return ("", "") if check.allowed is None and len(check.expected) > 12 else (check.expected, check.found)


def _short(number: float | None) -> str:
    return "" if number is None else f"{number:.1e}"


def _text(key: str, title: str) -> Column:
    return Column(key, title, "text")
