"""What is declared of the effects of commands is what they do: data, files, models and r(), seen from outside."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import pytest
from command_examples import examples, found, prepared

from terrace.data.dataset import Dataset
from terrace.data.read import read
from terrace.session import registry
from terrace.session.contract import Outcome
from terrace.session.effects import Effect
from terrace.session.session import Session
from terrace.session.state import Returned
from terrace.session.writes import written_by

LEFT = Returned({"left_over": 1.0})


@dataclass(frozen=True)
class Run:
    """One example: what was declared, what was seen, and its outcome."""

    text: str
    name: str
    declared: Effect
    seen: Effect
    outcome: Outcome


def content(data: Dataset | None) -> object:
    if data is None:
        return None
    frame = data.frame
    cells = frame.to_csv(), tuple(map(str, frame.dtypes))
    return (cells, data.variables, data.label, data.notes, data.documents, data.panel, data.sorted_by,
            data.signed)  # fmt: skip


def holds(path: Path, data: Dataset | None) -> bool:
    """True where a file has the variables, labels and values of the data."""
    if path.suffix != ".dta" or data is None:
        return False
    found = read(path)
    labels = [[dict(v.value_labels) for v in d.variables] for d in (found, data)]
    return labels[0] == labels[1] and found.frame.astype(object).equals(data.frame.astype(object))


def files(folder: Path) -> dict[str, bytes]:
    return {str(p.relative_to(folder)): p.read_bytes() if p.is_file() else b"" for p in folder.rglob("*")}


def observe(session: Session, folder: Path, command: str) -> Run:
    known = found(command)
    session.state = replace(session.state, returned=LEFT)
    before, had = session.state, files(folder)
    outcome = session.run(command)
    after, has = session.state, files(folder)
    assert outcome.ok, (command, outcome.error, outcome.error_advice)
    seen = Effect.NONE
    if content(before.dataset) != content(after.dataset) or before.bases != after.bases:
        assert "data" in outcome.changed
        seen |= Effect.DATA
        if before.dataset is not None and after.dataset is not None and before.dataset.source != after.dataset.source:
            seen = Effect.OPENS
    if had != has:
        fresh = [folder / f for f in has.keys() - had.keys()]
        seen |= Effect.SAVES if any(holds(p, after.dataset) for p in fresh) else Effect.FILES
    if outcome.fit is not None and outcome.fit.command in (command, *outcome.payload.get("commands", ())):
        seen |= Effect.FITS
    if after.document is not before.document:
        seen |= Effect.OUTLINE
    if "left_over" not in after.returned.scalars:
        seen |= Effect.RETURNS
    return Run(command, known.name, known.effects, seen, outcome)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    path, before = tmp_path_factory.mktemp("examples"), Path.cwd()
    os.chdir(path)
    yield path
    os.chdir(before)


@pytest.fixture(scope="module")
def session(folder: Path) -> Session:
    return prepared(folder)


@pytest.fixture(scope="module")
def runs(session: Session, folder: Path) -> list[Run]:
    """Every example, each from the same session and the same files."""
    out, kept = [], files(folder)
    for *ready, command in examples():
        child = session.fork(session.state)
        for text in ready:
            assert child.run(text).ok, text
        out.append(observe(child, folder, command))
        os.chdir(folder)
        for extra in files(folder).keys() - kept.keys():
            path = folder / extra
            path.rmdir() if path.is_dir() else path.unlink()
        for gone in kept.keys() - files(folder).keys():
            (folder / gone).write_bytes(kept[gone])
    return out


SEEN = Effect.OPENS | Effect.DATA | Effect.SAVES | Effect.FILES | Effect.FITS | Effect.RETURNS | Effect.OUTLINE


def test_every_command_has_an_example(runs: list[Run]) -> None:
    assert {r.name for r in runs} == set(registry.COMMANDS)


def test_no_command_does_what_it_does_not_declare(runs: list[Run]) -> None:
    assert [(r.text, r.seen & ~r.declared) for r in runs if r.seen & ~r.declared] == []


def test_what_touches_files_is_told_before_it_runs(runs: list[Run]) -> None:
    """`log close` ends what `log using` began; no other command changes files that nothing tells of, or the reverse."""
    did = {r.text for r in runs if r.seen & (Effect.SAVES | Effect.FILES)}
    planned = {r.text for r in runs if any(p.deed not in ("moves to a folder", "runs") for p in written_by(r.text))}
    assert did - planned == {"log close", "log off"}
    assert planned - did == set()


def test_every_effect_that_is_declared_is_seen(runs: list[Run]) -> None:
    """In one of the examples of the command: not every call of ``isid`` sorts the data."""
    missing = {name: c.effects & SEEN for name, c in registry.COMMANDS.items()}
    for r in runs:
        missing[r.name] &= ~r.seen
    # The options that save a graph are the same in all commands that draw: one example stands for them.
    drawn = {r.name for r in runs if r.outcome.plots and "graph" in r.outcome.payload}
    assert len(drawn) > 15
    missing |= {name: missing[name] & ~Effect.FILES for name in drawn}
    assert {name: m for name, m in missing.items() if m} == {}


def test_an_outcome_tells_what_was_done_to_the_data(runs: list[Run]) -> None:
    of_data = Effect.OPENS | Effect.DATA
    assert [r.text for r in runs if r.outcome.effects & of_data & ~r.seen and "data" not in r.outcome.changed] == []
    assert [r.text for r in runs if r.outcome.effects & Effect.OPENS != r.seen & Effect.OPENS] == []
    assert [r.text for r in runs if r.seen & Effect.SAVES and Effect.SAVES not in r.outcome.effects] == []
    opened = [r.text for r in runs if Effect.OPENS in r.outcome.effects]
    assert "sample winer43, clear" in opened
    assert not {"sample", "sample 50", "import excel rows.xlsx, describe"} & {*opened}


@pytest.mark.parametrize(
    ("command", "effects"),
    [
        ("bysort g (t): generate order = _n", Effect.DATA),
        ("bysort c: summarize y", Effect.DATA | Effect.RETURNS),  # it is sorted
        ("statsby m = r(mean), by(g): summarize y", Effect.DATA | Effect.RETURNS),
        ("bootstrap _b[x], reps(3) seed(1): mixed y x || g:", Effect.FITS | Effect.RETURNS),
        ("quietly clear", Effect.DATA | Effect.BRIEF),
        ("foreach v in y x {\nreplace `v' = 0\n}", Effect.DATA),
        ("capture drop nothing", Effect.NONE),
    ],
)
def test_prefixes_and_blocks_tell_what_they_do_to_the_data(session: Session, command: str, effects: Effect) -> None:
    outcome = session.fork(session.state).run(command)
    assert outcome.ok and outcome.effects == effects


def test_what_is_about_a_model_needs_one(session: Session) -> None:
    about = [e for e in examples() if Effect.ABOUT_FIT in found(e[-1]).effects]
    assert len(about) >= 35
    for *_, command in about:
        child = session.fork(replace(session.state, fit=None, margins=None))
        outcome = child.run(command)
        assert outcome.error is not None and outcome.error[0].startswith("no-"), (command, outcome.error)
        assert outcome.effects is Effect.NONE


def test_what_is_brief_does_more_than_to_show(runs: list[Run]) -> None:
    done = {name: False for name, c in registry.COMMANDS.items() if Effect.BRIEF in c.effects}
    for r in runs:
        if r.name in done:
            done[r.name] |= bool(r.seen & ~Effect.RETURNS) or bool(r.outcome.changed)
            assert not r.outcome.tables or "data" not in r.outcome.changed
    assert [name for name, acts in done.items() if not acts] == []


def test_a_command_must_say_what_it_does() -> None:
    with pytest.raises(TypeError, match="effects"):
        registry.command("nothing")  # type: ignore[call-arg]
