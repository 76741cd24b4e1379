"""Every command that changes the data: what it changes can be undone, what fails changes nothing, and the data that
were there before stay what they were, whoever still holds them."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from terrace.data.dataset import Dataset, Measure, Variable
from terrace.session import registry
from terrace.session.session import Session
from terrace.session.state import State

CHANGES = {
    "generate": "generate z = x + 1",
    "replace": "replace x = -x if y > 0",
    "egen": "egen m = mean(x), by(id)",
    "center": "center x y, by(id) means(b_)",
    "recode": "recode k (1=5) (else=0)",
    "drop": "drop if k == 1",
    "keep": "keep id x",
    "sort": "sort x",
    "gsort": "gsort -x id",
    "order": "order y x",
    "format": "format x %8.2f",
    "clonevar": "clonevar c = k",
    "rename": "rename x w",
    "label variable": 'label variable x "an x"',
    "label values": 'label values k 1 "one"',
    "label data": 'label data "my data"',
    "measure": "measure k ordinal",
    "missing": "missing k 1",
    "encode": "encode s, generate(e)",
    "decode": "decode l, generate(d)",
    "destring": "destring t, replace",
    "tostring": "tostring k, replace",
    "collapse": "collapse (mean) x, by(id)",
    "reshape wide": "reshape wide x y s t l k, i(id) j(time)",
    "reshape long": "reshape long x, i(row) j(j) string",
    "expand": "expand 2 if k == 1",
    "fillin": "fillin id k",
    "duplicates tag": "duplicates tag k, generate(dup)",
    "duplicates drop": "duplicates drop k, force",
    "merge": "merge m:1 id using FILE",
    "append": "append using FILE",
    "joinby": "joinby id using FILE",
    "cross": "cross using FILE",
    "use": "use FILE, clear",
    "clear": "clear",
    "xtset": "xtset id time",
    "tsset": "tsset id time",
    "tsfill": "tsfill",
    "sample": "sample 50",
    "bsample": "bsample",
    "contract": "contract k s",
    "separate": "separate x, by(k)",
    "mvdecode": "mvdecode k, mv(1)",
    "mvencode": "mvencode x, mv(-99)",
    "xtile": "xtile q = x, nq(3)",
    "pctile": "pctile p = x, nq(3)",
    "compress": "compress",
    "numlabel": "numlabel l, add",
    "notes": "notes: a note",
    "mi set": "mi set flong",
    "mi import": "mi import wide, imputed(x = y k)",
    "statsby": "statsby m=r(mean), by(id) clear: summarize y",
    "rolling": "rolling m=r(mean), window(2) clear: summarize y",
    "set": "set obs 40",
    "svmat": "svmat M",
    "kdensity": "kdensity y, generate(kx kd) nograph",
    "lowess": "lowess y x, generate(kl) nograph",
    "tabulate": "tabulate k, generate(dummy)",
}


def data(rows: int, seed: int) -> Dataset:
    rng = np.random.default_rng(seed)
    frame = pd.DataFrame(
        {
            "row": np.arange(1.0, rows + 1),
            "id": np.arange(rows) // 3 + 1.0,
            "time": np.where(np.arange(rows) % 3 == 2, 4.0, np.arange(rows) % 3 + 1.0),
            "x": np.where(rng.random(rows) < 0.2, np.nan, np.round(rng.normal(size=rows), 2)),
            "y": np.round(rng.normal(size=rows), 2),
            "k": rng.integers(0, 3, rows).astype(np.int8),
            "l": rng.integers(0, 2, rows).astype(float),
            "s": pd.Series(rng.choice(["a", "b", ""], rows), dtype="str"),
            "t": pd.Series([str(v) for v in rng.integers(0, 9, rows)], dtype="str"),
        }
    )
    variables = tuple(
        Variable(str(n), value_labels={0: "No", 1: "Yes"} if n == "l" else {}, measure=Measure.CONTINUOUS)
        for n in frame.columns
    )
    return Dataset(frame, variables)


@pytest.fixture(scope="module")
def file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("data") / "other.csv"
    path.write_text("id,extra\n1,10\n2,20\n99,30\n")
    return path


def started(name: str, file: Path, rows: int = 18, seed: int = 1) -> tuple[Session, str]:
    """A session in which the command can run, and the command."""
    session = Session(State(dataset=data(rows, seed)))
    before = {
        "tsfill": ["xtset id time"],
        "rolling": ["xtset id time"],
        "reshape wide": ["drop row"],
        "reshape long": ["rename x x_a", "generate x_b = y"],
        "statsby": ["drop row"],
        "svmat": ["matrix M = (1\\2)"],
    }
    for command in before.get(name, []):
        outcome = session.run(command)
        assert outcome.ok, outcome.error
    session.undo_steps.clear()
    return session, CHANGES[name].replace("FILE", f'"{file}"')


def printed(dataset: Dataset | None) -> object:
    """Everything that the data are, as plain values."""
    if dataset is None:
        return None
    values = [[None if pd.isna(v) else v for v in dataset.frame[n]] for n in dataset.names]
    described = [
        (v.name, v.label, v.measure, dict(v.value_labels), v.missing_codes, v.format) for v in dataset.variables
    ]
    return values, described, dataset.label, dataset.documents, dataset.panel


@pytest.mark.parametrize("name", [n for n in CHANGES if n != "use"])  # opening data is where undoing ends
def test_a_change_can_be_undone_and_made_again(name: str, file: Path) -> None:
    session, command = started(name, file)
    before = session.state.dataset
    as_it_was = printed(before)
    outcome = session.run(command)
    assert outcome.ok, (command, outcome.error)
    assert "data" in outcome.changed and len(session.undo_steps) == 1
    after = session.state.dataset
    changed = printed(after)
    assert printed(before) == as_it_was, "the data that were there before have changed in place"
    assert changed != as_it_was or name in ("sort", "gsort", "compress")
    assert session.run("undo").ok and session.state.dataset is before
    assert session.run("redo").ok and session.state.dataset is after
    assert printed(after) == changed


@pytest.mark.parametrize("name", [n for n in CHANGES if n != "notes"])  # any text is a note
def test_a_command_that_fails_leaves_the_data(name: str, file: Path) -> None:
    session, command = started(name, file)
    before = session.state.dataset
    as_it_was = printed(before)
    head, colon, tail = command.partition(":")
    broken = [
        f"{command} nothing_like_this ,,, nosuchoption(",
        command + (" " if "," in command else ", ") + "nosuchoption(1)",
        f"{head}:{tail} if nothing_like_this == 1"
        if colon and tail[:1] != "1"
        else f"{command.split(',')[0]} if nothing == 1",
        f"{command.split()[0]} nothing_like_this_at_all",
    ]
    failed = 0
    for line in broken:
        state = session.state
        outcome = session.run(line)
        if outcome.ok:  # some of these are correct for some commands
            session.state = state
            session.undo_steps.clear()
            continue
        failed += 1
        assert outcome.error is not None and outcome.error[0] != "internal", (line, outcome.error)
        assert session.state.dataset is before and not session.undo_steps, line
        assert printed(before) == as_it_was, line
    assert failed, command


@given(
    st.lists(st.sampled_from(sorted(set(CHANGES) - {"cross", "clear", "use", "set", "expand"})), max_size=6),
    st.integers(0, 50),
)
def test_any_sequence_can_be_taken_back(names: list[str], seed: int) -> None:
    session = Session(State(dataset=data(12, seed)))
    first = session.state.dataset
    states = [printed(first)]
    for name in names:
        outcome = session.run(CHANGES[name].replace("FILE", '"/nowhere/at/all.csv"'))
        assert outcome.error is None or outcome.error[0] != "internal", (name, outcome.error)
        if "data" in outcome.changed:
            states.append(printed(session.state.dataset))
        assert printed(session.state.dataset) == states[-1]
    while session.can_undo:
        states.pop()
        assert session.undo().ok
        assert printed(session.state.dataset) == states[-1]
    assert session.state.dataset is first


def test_no_data_command_is_left_out() -> None:
    """A new command of a module about data belongs into the list above, or changes nothing."""
    modules = (
        *("generate", "egen", "center", "manage", "convert", "combine", "restructure", "joining", "sampling"),
        "metadata",
    )
    registry.load()
    known = {c.name for c in registry.COMMANDS.values() if c.group in modules}
    looks_only = {"count", "duplicates report", "duplicates list"}
    assert known - set(CHANGES) <= looks_only
