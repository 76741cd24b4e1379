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


def replayed(session: Session) -> Session:
    """A session in which the commands of another that ran are run as one do-file."""
    other = Session()
    text = "".join(f"{o.command}\n" for o in session.history if o.ok)
    assert [o.error for o in other.run_do(text) if not o.ok] == []
    return other


def shown(session: Session) -> list[tuple[object, ...]]:
    return [
        (i.id, i.kind, i.number, i.heading, i.under, i.text, i.outcome and (i.outcome.text, i.outcome.number))
        for i in session.state.document
    ]


def test_the_history_of_a_do_file_runs_again_with_its_programs_and_what_was_caught() -> None:
    text = """sample sleepstudy
program define double, rclass
* a comment
args v
if "`v'" != "" {
    generate twice_`v' = 2 * ///
        `v'
}
return scalar n = 2
end
double days
capture {
    generate a = 1
    drop nothing
    generate b = 1
}
foreach v in reaction days {
    capture confirm variable not_`v'
    if _rc {
        generate not_`v' = !`v'
    }
}
"""
    session = Session()
    assert all(o.ok for o in session.run_do(text))
    other = replayed(session)
    pd.testing.assert_frame_equal(other.data.frame, session.data.frame)
    assert set(other.data.names) == {"subject", "days", "reaction", "twice_days", "a", "not_reaction", "not_days"}
    assert [o.command for o in other.history] == [o.command for o in session.history]
    assert other.run("double reaction").ok and other.state.returned.scalars == {"n": 2}


def test_a_block_that_was_typed_is_one_step_and_the_same_results_in_a_do_file() -> None:
    session = Session()
    for command in (
        "sample sleepstudy", "generate a = 1", "forvalues i = 1/3 {\ngenerate b`i' = 1\nsummarize b`i'\n}", "undo",
        "summarize a", "if 1 {\nmixed reaction days || subject:\nestat icc\nsummarize days\n}", "summarize reaction",
        "outline delete 7", "quietly {\ngenerate c = 1\n}", "generate d = 1", "undo", "if 1 {\nsummarize a\n}",
        "foreach v in x y {\ngenerate `v' = 1\ngenerate `v'2 = 1\n}", "outline note \"n\", after(5)",
    ):  # fmt: skip
        outcome = session.run(command)
        assert outcome.ok, (command, outcome.error)
    other = replayed(session)
    assert [s.name for s in other.undo_steps] == [s.name for s in session.undo_steps]
    for _ in range(len(session.undo_steps) + 1):
        pd.testing.assert_frame_equal(other.data.frame, session.data.frame)
        assert shown(other) == shown(session)
        assert other.undo_text == session.undo_text
        session.undo()
        other.undo()
    assert not other.can_undo and "a" not in other.data


def test_a_block_that_opens_data_is_where_undo_ends() -> None:
    session = Session()
    for command in ("sample hsb", "generate a = 1", "if 1 {\nsample sleepstudy\ngenerate b = 1\n}"):
        assert session.run(command).ok
    other = replayed(session)
    assert not session.can_undo and not other.can_undo and "b" in other.data
