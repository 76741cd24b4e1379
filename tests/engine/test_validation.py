"""`terrace validate`: what it compares, that it can fail, and its report."""

from __future__ import annotations

import base64
import hashlib
import json
from copy import deepcopy
from dataclasses import replace
from datetime import UTC, datetime
from functools import cache
from importlib import metadata
from pathlib import Path

import pytest

from terrace import libraries
from terrace.cli import FAILED, OK, main
from terrace.errors import Cancelled
from terrace.validation import against_r, installation, published
from terrace.validation.agreement import against_number, against_print, same
from terrace.validation.carry_out import write
from terrace.validation.cases import Verdict
from terrace.validation.report import Validation, to_json
from terrace.validation.run import cases, run, verdict

WHEN = datetime(2026, 1, 31, 12, 0, tzinfo=UTC)


@cache
def verdicts() -> tuple[Verdict, ...]:
    return tuple(run())


def nothing_installed(**changed: object) -> installation.Installation:
    facts = {"version": "1.2.3", "engine_sha256": "0" * 64, "facts": (("Python", "3"),), "components": ()}
    return installation.Installation(**(facts | changed))  # type: ignore[arg-type]


def test_every_case_agrees_and_has_a_source() -> None:
    assert [(v.case.id, v.error, v.failed) for v in verdicts() if not v.passed] == []
    assert {v.case.kind for v in verdicts()} == {"published", "R"}
    assert len({v.case.id for v in verdicts()}) == len(verdicts()) == len(cases())
    assert all(v.case.source and len(v.data_sha256) == 64 for v in verdicts())
    assert all(sum(c.allowed is not None for c in v.checks) for v in verdicts())  # a number, not names alone


def test_a_number_of_r_that_is_another_is_told() -> None:
    """Each number of a few cases changed in turn by far more than is allowed, one at a time."""
    entry = json.loads(json.dumps(against_r._entries("lme4")[0]))
    case = against_r._case("lme4", entry)
    assert verdict(case).passed
    places = [(entry["fixed"], "coef"), (entry["fixed"], "se"), (entry["random"], "estimate"), (entry["random"], "se")]
    changed = 0
    for holder, key in places:
        for k, number in enumerate(holder[key]):
            other = deepcopy(entry)
            other["random" if holder is entry["random"] else "fixed"][key][k] = number * 1.01
            found = verdict(against_r._case("lme4", other))
            assert not found.passed and len(found.failed) in (1, 2), (key, k)  # a standard error is also a unit
            changed += 1
    assert changed > 5
    assert not verdict(against_r._case("lme4", entry | {"ll": entry["ll"] + 0.01})).passed
    assert not verdict(against_r._case("lme4", entry | {"n": entry["n"] + 1})).passed


def test_a_command_that_fails_fails_the_case() -> None:
    found = verdict(replace(published.cases()[0], commands=("mixed nothing || here:",)))
    assert not found.passed and "nothing" in found.error


@pytest.mark.parametrize(
    ("printed", "found", "passed"),
    [(".2671484", 0.26714836, True), (".2671484", 0.26716, False), (".", None, True),
     (".", 0.1, False), ("0.000", None, False), ("0.000", float("nan"), False),
     ("4689.51~3e-6", 4689.52, True), ("4689.51", 4689.7, False)],
)  # fmt: skip
def test_agreement_with_print(printed: str, found: float | None, passed: bool) -> None:
    assert against_print("x", printed, found, published.FIXED).passed is passed


def test_agreement_with_numbers_and_names() -> None:
    assert against_number("x", 1.0, 1.0 + 1e-7, 1e-6).passed
    assert not against_number("x", 1.0, 1.0 + 1e-5, 1e-6).passed
    assert not against_number("x", 1.0, None, 1e-6).passed
    assert same("rows", ["a", "b"], ["a", "b"]).passed and not same("rows", ["a", "b"], ["b", "a"]).passed


def test_cancel_stops_between_models() -> None:
    asked = iter([False] * 5 + [True] * 1000)
    with pytest.raises(Cancelled):
        list(run(cancel=lambda: next(asked)))


def test_the_two_files_belong_together_and_hold_every_number(tmp_path: Path) -> None:
    some = Validation(nothing_installed(), tuple(v for v in verdicts() if v.case.id in ("sleep", "drugs")), WHEN)
    assert some.passed
    pdf, as_json = write(some, tmp_path)
    whole = json.loads(as_json.read_text(encoding="utf-8"))
    assert whole["passed"] and len(whole["cases"]) == 2
    assert sum(len(case["numbers"]) for case in whole["cases"]) == some.numbers > 50
    assert as_json.read_bytes() == to_json(some)
    assert pdf.read_bytes().startswith(b"%PDF")
    from terrace.validation.report import _parts

    sha = hashlib.sha256(as_json.read_bytes()).hexdigest()
    assert any(isinstance(part, str) and sha in part for part in _parts(some, as_json.read_bytes()))


def test_what_does_not_agree_stands_in_the_report() -> None:
    entry = against_r._entries("lme4")[0]
    wrong = verdict(against_r._case("lme4", entry | {"ll": entry["ll"] + 1}))
    whole = Validation(nothing_installed(), (*verdicts()[:1], wrong), WHEN)
    assert not whole.passed and "1 model does not agree" in whole.summary
    assert json.loads(to_json(whole))["passed"] is False


def library(folder: Path, content: bytes, recorded: bytes) -> metadata.Distribution:
    """An installed library of one file."""
    digest = base64.urlsafe_b64encode(hashlib.sha256(recorded).digest()).rstrip(b"=").decode()
    info = folder / "lib-1.0.dist-info"
    info.mkdir()
    (folder / "lib.py").write_bytes(content)
    (info / "METADATA").write_text("Name: lib\nVersion: 1.0\n", encoding="utf-8")
    (info / "RECORD").write_text(f"lib.py,sha256={digest},{len(recorded)}\n", encoding="utf-8")
    return metadata.PathDistribution(info)


def test_an_altered_file_of_a_library_fails_the_validation(tmp_path: Path) -> None:
    (tmp_path / "good").mkdir()
    (tmp_path / "bad").mkdir()
    good = installation._component(library(tmp_path / "good", b"x = 1\n", b"x = 1\n"))
    bad = installation._component(library(tmp_path / "bad", b"x = 2\n", b"x = 1\n"))
    assert (good.files, good.altered, bad.files, bad.altered) == (1, (), 1, ("lib.py",))
    fine = Validation(nothing_installed(components=(good,)), verdicts()[:1], WHEN)
    altered = Validation(nothing_installed(components=(good, bad)), verdicts()[:1], WHEN)
    assert fine.passed and not altered.passed and "1 file of libraries differ" in altered.summary


def test_the_libraries_are_those_that_ship() -> None:
    names = {d.metadata["Name"].lower() for d in libraries.shipped()}
    assert {"numpy", "scipy", "pandas", "pyreadstat"} <= names and not {"pytest", "mypy", "terrace-mixed"} & names


def test_the_command_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    few = published.cases()[-1:]
    monkeypatch.setattr("terrace.validation.run.cases", lambda: few)
    monkeypatch.setattr("terrace.validation.carry_out.installation", nothing_installed)
    assert main(["validate", str(tmp_path)]) == OK
    said = capsys.readouterr().out
    assert "Passed:" in said and len(list(tmp_path.glob("terrace-validation-*"))) == 2
    monkeypatch.setattr("terrace.validation.run.cases", lambda: [replace(few[0], commands=("mixed",))])
    assert main(["validate", "--no-report"]) == FAILED
    assert "FAILED" in capsys.readouterr().out
    assert main(["validate", str(tmp_path / "nowhere")]) == FAILED


def test_the_page_for_users_counts_rightly() -> None:
    page = (Path(__file__).parents[2] / "README.md").read_text(encoding="utf-8")
    whole = Validation(nothing_installed(), verdicts(), WHEN)
    assert f"it fits {len(verdicts())} models" in page and f"compares {whole.numbers:,} numbers" in page


def test_a_frozen_program_is_known_by_its_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """No module is a file there: the hash over none would be the same for every program."""
    program = tmp_path / "terrace"
    program.write_bytes(b"a program")
    monkeypatch.setattr("sys.frozen", True, raising=False)
    monkeypatch.setattr("sys.executable", str(program))
    assert installation.engine_sha256() == hashlib.sha256(b"a program").hexdigest()
