"""A history that is run again writes nothing unless asked, and names what it left undone."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest
from command_examples import examples, found, prepared

from terrace.session.effects import Effect
from terrace.session.session import Session


@pytest.fixture
def history(tmp_path: Path) -> str:
    """What somebody did: the outcome doubled and saved over its source, a report, and a log."""
    frame = pd.DataFrame({"g": [1, 1, 2, 2, 3, 3, 4, 4], "y": [1.0, 2, 4, 3, 5, 7, 1, 1]})
    frame.to_csv(tmp_path / "trial.csv", index=False)
    return "\n".join(
        [
            f'use "{tmp_path}/trial.csv"',
            "replace y = 2 * y",
            "save, replace",
            "mixed y || g:",
            f'report "{tmp_path}/paper.md", replace',
            f'local name "{tmp_path}/more"',
            "forvalues k = 1/2 {",
            '    export delimited using "`name\'`k\'.csv", replace',
            "}",
            f'bootstrap, reps(3) seed(1) saving("{tmp_path}/reps.dta", replace): mixed y || g:',
            f'log using "{tmp_path}/l.log", replace',
            "summarize y",
            "",
        ]
    )


def contents(folder: Path) -> dict[str, bytes]:
    return {p.name: p.read_bytes() for p in folder.iterdir() if p.is_file()}


def test_a_second_run_leaves_every_file_and_says_so(history: str, tmp_path: Path) -> None:
    assert all(o.ok for o in Session().run_do(history))
    (tmp_path / "paper.md").write_text("edited by hand", encoding="utf-8")
    (tmp_path / "l.log").unlink()
    before = contents(tmp_path)
    session = Session()
    outcomes = list(session.run_do(history, writes=False))
    assert all(o.ok for o in outcomes) and contents(tmp_path) == before
    held = [o for o in outcomes if o.type == "held back"]
    assert [o.command.split()[0] for o in held] == ["save,", "report", "export", "export", "bootstrap,", "log"]
    named = ["trial.csv", "paper.md", "more1.csv", "more2.csv", "reps.dta", "l.log"]
    for outcome, name in zip(held, named, strict=True):
        assert name in outcome.warnings[0] and outcome.warnings[0].startswith("Not run because it ")
    assert session.fit is not None and session.writes  # everything else ran


def test_a_do_file_in_a_do_file_and_a_program_write_nothing_either(tmp_path: Path) -> None:
    (tmp_path / "inner.do").write_text(f'sample sleepstudy\nsave "{tmp_path}/inner.dta"\n', encoding="utf-8")
    text = f'do "{tmp_path}/inner.do"\nprogram define keep\nsave "{tmp_path}/program.dta"\nend\nkeep\n'
    session = Session()
    outcomes = list(session.run_do(text, writes=False))
    assert all(o.ok for o in outcomes) and {p.name for p in tmp_path.iterdir()} == {"inner.do"}
    assert any("inner.dta" in w for o in outcomes for w in o.warnings)
    assert all(o.ok for o in Session().run_do(text))
    assert {p.name for p in tmp_path.iterdir()} == {"inner.do", "inner.dta", "program.dta"}


def test_no_example_of_any_command_touches_a_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    session = prepared(tmp_path)
    begun = session.state
    before = {str(p): p.read_bytes() if p.is_file() else b"" for p in tmp_path.rglob("*")}
    tried = 0
    for *before_it, command in examples():
        if not found(command).effects & (Effect.FILES | Effect.SAVES):
            continue
        session.state = begun
        list(session.run_do("\n".join([*before_it, command, ""]), writes=False))
        now = {str(p): p.read_bytes() if p.is_file() else b"" for p in tmp_path.rglob("*")}
        assert now == before, command
        tried += 1
    assert tried > 25
