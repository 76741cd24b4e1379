"""The session: commands, errors that change nothing, undo, history, do-files."""

from __future__ import annotations

import pickle
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from terrace.data.dataset import Dataset
from terrace.data.readers.build import from_frame
from terrace.errors import DataError, DidYouMean
from terrace.language.grammar.command import PREFIXES
from terrace.session import registry
from terrace.session.contract import Outcome
from terrace.session.groups import group_rows, sort_rows
from terrace.session.outcome import pointed
from terrace.session.registry import COMMANDS
from terrace.session.session import MAX_UNDO, Session
from terrace.session.state import CommandResult, State


@pytest.fixture(autouse=True)
def logs_stay_here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The log of defects goes to the test's own folder, on every system."""
    import platformdirs

    folder = tmp_path / "log"
    monkeypatch.setattr(platformdirs, "user_log_dir", lambda *a, **k: str(folder))
    return folder


def make_data() -> Dataset:
    rng = np.random.default_rng(7)
    g = np.repeat(np.arange(1.0, 9.0), 6)
    x = rng.normal(size=48)
    frame = pd.DataFrame(
        {
            "g": g,
            "x": x,
            "y": 1 + 2 * x + rng.normal(size=8)[g.astype(int) - 1] + rng.normal(size=48),
            "sex": np.tile(["f", "m"], 24),
            "t": np.tile(np.arange(6.0), 8),
        }
    )
    return from_frame(frame)


@pytest.fixture
def session() -> Session:
    return Session(State(dataset=make_data()))


def ok(session: Session, command: str) -> Outcome:
    outcome = session.run(command)
    assert outcome.ok, f"{command}: {pointed(outcome)}"
    return outcome


# --- outcomes ---------------------------------------------------------------------------------------------
def test_a_command_gives_an_outcome(session: Session) -> None:
    outcome = ok(session, "  summarize x y")
    assert (outcome.command, outcome.type, outcome.status) == ("  summarize x y", "summarize", "ok")
    assert outcome.elapsed > 0 and "Mean" in outcome.text and outcome.changed == {"document"}
    assert session.history == (outcome,)
    x = session.data.numeric("x")
    assert outcome.tables[0].plain()["rows"][0] == pytest.approx(["x", 48, x.mean(), x.std(ddof=1), x.min(), x.max()])


@pytest.mark.parametrize(
    ("marked", "code"),
    [
        ("«foo» x", "no-such-command"),
        ("«estimates»", "no-such-command"),
        ("estimates «stre» A", "no-such-command"),
        ("quietly «foo»", "no-such-command"),
        ("summarize «z»", "no-such-variable"),
        ("  mixed y x || g:, «foo»", "no-such-option"),
        ("mixed y «z» || g:", "no-such-variable"),
        ("mixed y x || g:, «dfm(kr)»", "df-needs-reml"),
        ("«estat» ic", "no-fit"),
        ("quietly «mixed», small", "no-fit"),
        ("summarize x if «nope» > 3", "no-such-variable"),
        ("display 1 + «q»", ""),
        ("list in «100»", "range"),
        ("describe x, «foo»", "no-such-option"),
        ("«by g:» describe", "prefix"),
        ("set level «high»", "option-number"),
        ("set level «5»", "setting-value"),
        ("set «levle» 90", "no-such-setting"),
        ("«undo»", "nothing-to-undo"),
        ("use «https://x/y.dta»", "web-file"),
        ('report «heading "Method"»', "file-quotes"),
        ("sample «hbs»", "no-such-sample"),
        ('display "open', "open-quote"),
    ],
)
def test_errors_point_into_the_command_and_change_nothing(session: Session, marked: str, code: str) -> None:
    before = session.state
    text = marked.replace("«", "").replace("»", "")
    outcome = session.run(text)
    assert not outcome.ok and outcome.error is not None
    if code:
        assert outcome.error[0] == code, outcome.error
    assert outcome.command == text and session.state is before and not outcome.changed
    if "«" in marked and outcome.error_at is not None:
        start, end = outcome.error_at
        assert text[start:end] == text[marked.index("«") : marked.index("»") - 1]
        assert "^" in pointed(outcome)
    else:
        assert code in ("open-quote", "no-such-sample")


def test_nothing_open_is_an_error_that_says_so() -> None:
    empty = Session()
    for command in ("mixed y x || g:", "describe", "summarize", "list", "save", "predict z", "by g: su x"):
        outcome = empty.run(command)
        assert outcome.error is not None and outcome.error[0] in ("no-data", "no-fit"), command
    assert empty.dataset is None
    with pytest.raises(DataError):
        _ = empty.data


def test_quietly_shows_nothing_but_keeps_the_result(session: Session) -> None:
    outcome = ok(session, "qui su x")
    assert outcome.quiet and outcome.text == "" and len(outcome.tables) == 1
    assert ok(session, "qui noi su x").text


def test_capture_goes_on_after_an_error(session: Session) -> None:
    assert ok(session, "capture summarize nope").warnings == ("There is no variable 'nope' in the data.",)
    assert ok(session, "display _rc").text == "111"
    ok(session, "capture summarize x")
    assert ok(session, "display _rc").text == "0"
    before = session.state
    assert session.run("capture").error is not None
    assert session.state is before


def test_comments_are_no_commands(session: Session) -> None:
    for text in ("* hello", "// hello", "  ", "/* x */"):
        assert ok(session, text).type == "comment"
    assert ok(session, "display 2*3 // six").text == "6"
    assert ok(session, "  di 1 ").command == "  di 1 "
    outcome = session.run("display 1\ndisplay 2")
    assert outcome.error is not None and outcome.error[0] == "several-commands"


def test_a_defect_is_logged_and_the_session_goes_on(
    session: Session, monkeypatch: pytest.MonkeyPatch, logs_stay_here: Path
) -> None:
    def broken(session: Session, parsed: object) -> CommandResult:
        session.data.frame["no such column"]
        return CommandResult()

    monkeypatch.setitem(COMMANDS, "describe", SimpleCommand(broken))
    before = session.state
    outcome = session.run("describe")
    assert outcome.error is not None and outcome.error[0] == "internal"
    written = (logs_stay_here / "terrace.log").read_text(encoding="utf-8")
    assert "command: describe" in written and "KeyError" in written
    assert str(logs_stay_here / "terrace.log") in outcome.error_advice
    assert "Traceback" not in pointed(outcome)
    assert session.state is before and ok(session, "su x")


def test_running_out_of_memory_is_said_plainly(session: Session, monkeypatch: pytest.MonkeyPatch) -> None:
    def hungry(session: Session, parsed: object) -> CommandResult:
        raise MemoryError

    monkeypatch.setitem(COMMANDS, "describe", SimpleCommand(hungry))
    outcome = session.run("describe")
    assert outcome.error is not None and outcome.error[0] == "out-of-memory"


def SimpleCommand(handler: object) -> registry.Command:
    return registry.Command("describe", "d", handler, type="describe")  # type: ignore[arg-type]


# --- undo -------------------------------------------------------------------------------------------------
def test_each_change_is_one_step(session: Session) -> None:
    first = session.dataset
    assert not session.can_undo and not session.can_redo
    fit = ok(session, "mixed y x || g:").fit
    assert session.undo_text == "Model 1: Random intercept of g"
    assert ok(session, "predict a").changed == {"data"}
    second = session.dataset
    ok(session, "predict b, fitted")
    third = session.dataset
    assert (session.undo_text, session.redo_text) == ("new variable b", "")
    undone = session.undo()
    assert undone.changed == {"data"} and session.dataset is second and undone.text == "Undone: new variable b"
    assert session.undo().ok and session.dataset is first and session.fit is fit
    assert session.undo().changed == {"document", "results"} and session.fit is None
    assert not session.can_undo and session.redo_text == "Model 1: Random intercept of g"
    for command in ("redo", "redo", "redo"):
        ok(session, command)
    assert session.dataset is third and session.fit is fit and not session.can_redo
    session.undo()
    ok(session, "predict c, stdp")  # a new change ends the line that could be made again
    assert not session.can_redo and "b" not in session.data and "c" in session.data


def test_a_failed_command_is_no_step(session: Session) -> None:
    ok(session, "generate a = 1")
    assert not session.run("generate a = 1").ok
    assert session.undo_text == "new variable a" and len(session.undo_steps) == 1


def test_opening_data_is_where_undoing_ends() -> None:
    session = Session()
    for command in ("sample sleepstudy", "mixed reaction days || subject:"):
        ok(session, command)
    ok(session, "undo")
    refused = session.undo()
    assert refused.error == ("nothing-to-undo", "There is nothing to undo.") and session.dataset is not None
    ok(session, "redo")
    ok(session, "sample hsb")
    assert not session.can_undo and not session.can_redo


@given(st.lists(st.sampled_from(["undo", "redo", "xtset g t", "xtset, clear", "clear", "bad"]), max_size=25))
def test_undo_and_redo_are_inverse(commands: list[str]) -> None:
    session = Session(State(dataset=make_data()))
    past, future, now = [], [], session.dataset  # what an undo stack is
    for command in commands:
        outcome = session.run(command)
        if command == "undo" and past:
            future.append(now)
            now = past.pop()
        elif command == "redo" and future:
            past.append(now)
            now = future.pop()
        elif outcome.ok and session.dataset is not now:
            past.append(now)
            future.clear()
            now = session.dataset
        elif outcome.ok and "document" in outcome.changed:
            past.append(now)
            future.clear()
        assert session.dataset is now
        assert (session.can_undo, session.can_redo) == (bool(past), bool(future))


def test_steps_are_limited(session: Session) -> None:
    for k in range(MAX_UNDO + 5):
        ok(session, "xtset, clear" if k % 2 else "xtset g t")
    assert len(session.undo_steps) == MAX_UNDO


# --- registry ---------------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("typed", "name"),
    [
        ("d", "describe"),
        ("di 1", "display"),
        ("des", "describe"),
        ("su x", "summarize"),
        ("sum x", "summarize"),
        ("l x", "list"),
        ("u x", "use"),
        ("est sto A", "estimates store"),
        ("est store A", "estimates store"),
        ("estimates store A", "estimates store"),
        ("est tab", "estimates table"),
        ("estat ic", "estat ic"),
        ("estat icc", "estat icc"),
        ("estat recov", "estat recovariance"),
        ("eret list", "ereturn list"),
        ("import delim x", "import delimited"),
        ("const 1 x=0", "constraint"),
        ("constraint define 1 x=0", "constraint define"),
        ("const drop 1", "constraint drop"),
        ("cons 1 x=0", "constraint"),
        ("sca l", "scalar list"),
        ("sca l = 3", "scalar"),
        ("scalar list = 3", "scalar"),
        ("mat l A", "matrix list"),
        ("mat d", "matrix dir"),
        ("mat d = (1,2)", "matrix"),
        ("mat rown A = a b", "matrix rownames"),
        ("dup r x", "duplicates report"),
        ("e", "exit"),
        ("ta x", "tabulate"),
        ("g y = 1", "generate"),
        ("reg y x", "regress"),
        ("te x", "test"),
        ("ret li", "return list"),
        ("estat wcor", "estat wcorrelation"),
        ("estat su", "estat summarize"),
        ("estat gr", "estat group"),
        ("est stats A", "estimates stats"),
        ("est res A", "estimates restore"),
        ("la var x", "label variable"),
        ("la val x", "label values"),
        ("lrt A", "lrtest"),
        ("xtmixed y", "xtmixed"),
    ],
)
def test_abbreviations(typed: str, name: str) -> None:
    from terrace.language.grammar.command import parse_command

    registry.load()
    assert registry.find(parse_command(typed))[0].name == name


def test_every_command_is_found_by_its_name_and_its_shortest_spelling() -> None:
    from terrace.language.grammar.command import parse_command

    registry.load()
    for command in COMMANDS.values():
        for spelling in (command.name, command.minimum):
            assert registry.find(parse_command(spelling))[0] is command, spelling
        assert command.help and command.syntax, command.name


def test_help_explains_every_command(session: Session) -> None:
    listed = ok(session, "help")
    prefixes = {r.label.removesuffix(":") for r in listed.tables[0].rows if r.label.endswith(":")}
    assert prefixes == set(PREFIXES) | {"version"}
    assert {r.label for r in listed.tables[0].rows if not r.label.endswith(":")} == set(COMMANDS)
    for name in prefixes - set(COMMANDS):
        assert "command" in ok(session, f"help {name}").text
    for name in COMMANDS:
        assert COMMANDS[name].help in ok(session, f"help {name}").text
    outcome = session.run("help mixd")
    assert outcome.error is not None and "mixed" in outcome.error_advice


@pytest.mark.parametrize(
    ("command", "word"),
    [
        ("summarize xx", "x"),
        ("summarize SEX", "sex"),
        ("sumarize x", "summarize"),
        ("summarize x, detial", "detail"),
        ("generate z = xx + 1", "x"),
    ],
)
def test_an_error_names_the_word_to_write_instead(session: Session, command: str, word: str) -> None:
    outcome = session.run(command)
    assert outcome.error is not None and outcome.error_instead == word
    assert f"Did you mean {word}?" in outcome.error_advice and outcome.error_at is not None
    start, end = outcome.error_at
    ok(session, command[:start] + word + command[end:])
    assert session.run("summarize nothinglikeit").error_instead == ""


def test_advice_stays_what_it_is_when_it_is_copied() -> None:
    advice = DidYouMean("sex", "Upper and lower case differ.")
    again = pickle.loads(pickle.dumps(advice))
    assert (again, again.word) == (advice, "sex") and advice == "Did you mean sex? Upper and lower case differ."


# --- by ---------------------------------------------------------------------------------------------------
def test_by_runs_a_command_once_a_group(session: Session) -> None:
    before = session.dataset
    outcome = ok(session, "by sex: su x")
    frame = session.data.frame
    for table, (value, part) in zip(outcome.tables, frame.groupby("sex")["x"], strict=True):
        assert f"sex = {value}" in table.title
        assert table.rows[0].values[1] == pytest.approx(part.mean())
    assert session.dataset is before
    assert outcome.text.count("-> sex = ") == 2
    fitted = ok(session, "by sex: mixed y x || g:, nolog")
    assert session.fit is fitted.fit and fitted.fit is not None and fitted.fit.scalars["N"] == 24


def test_bysort_sorts_the_data(session: Session) -> None:
    outcome = ok(session, "bysort sex (x): su x")
    assert outcome.changed == {"data", "document"} and session.undo_text == "sorting"
    frame = session.data.frame
    assert frame["sex"].is_monotonic_increasing
    assert all(part["x"].is_monotonic_increasing for _, part in frame.groupby("sex"))


def test_by_goes_on_past_groups_without_rows_but_not_past_mistakes(session: Session) -> None:
    assert len(ok(session, "by g: su x if g < 3").tables) == 2
    for command in ("by g: su nope", "by g: su x if g > 99"):
        assert session.run(command).error is not None


frames = st.lists(
    st.tuples(st.sampled_from([1.0, 2.0, np.nan]), st.sampled_from(["a", "b", None]), st.integers(0, 3)),
    min_size=1,
    max_size=20,
)


@given(frames)
def test_sorting_and_grouping_agree_with_pandas(rows: list[tuple[float, str, int]]) -> None:
    frame = pd.DataFrame(rows, columns=["a", "b", "c"])
    frame["row"] = np.arange(len(frame))
    data = from_frame(frame.astype({"c": float}))
    wanted = frame.sort_values(["a", "b", "c"], kind="stable")["row"].tolist()
    assert sort_rows(data, ("a", "b", "c")).frame["row"].tolist() == wanted
    found = list(group_rows(data, ("a", "b")))
    groups = frame.groupby(["a", "b"], dropna=False, sort=True)["row"].apply(list)
    assert sorted(r.tolist() for _, r in found) == sorted(groups)
    keys = [(np.inf if a is None else a, "~" if b is None else b) for (a, b), _ in found]
    assert keys == sorted(keys)


# --- do-files ---------------------------------------------------------------------------------------------
DO_FILE = """* a comment
summarize x   // first
mixed y x /// joined
  || g:
describe nope
display "never"
"""


def test_a_do_file_stops_at_the_first_error(session: Session, tmp_path: Path) -> None:
    path = tmp_path / "a.do"
    path.write_text(DO_FILE, encoding="utf-8")
    for source in (path, str(path), DO_FILE):
        outcomes = list(session.run_do(source))
        assert [(o.type, o.ok, o.line) for o in outcomes] == [
            ("summarize", True, 2),
            ("mixed", True, 3),
            ("describe", False, 5),
        ]
    assert session.history[-1] is outcomes[-1]


def test_do_runs_whole_or_not_at_all(session: Session, tmp_path: Path) -> None:
    path = tmp_path / "b.do"
    path.write_text("mixed y x || g:\npredict p\nsu p nope\n", encoding="utf-8")
    before = session.state
    outcome = session.run(f'do "{path}"')
    assert outcome.error == ("no-such-variable", "b.do, line 3: There is no variable 'nope' in the data.")
    assert session.state is before
    path.write_text("mixed y x || g:\npredict p\nsu p\nexit\nfoo\n", encoding="utf-8")
    outcome = ok(session, f"do {path.with_suffix('')}")
    assert outcome.changed == {"data", "results", "document"} and ". predict p" in outcome.text
    assert session.undo_text == "Model 1: Random intercept of g"
    assert outcome.fit is session.fit


def test_a_do_file_that_is_not_there(session: Session) -> None:
    (outcome,) = session.run_do("nowhere.do")
    assert outcome.error is not None and outcome.error[0] == "no-such-file"
    assert session.run("do nowhere").error is not None


def test_windows_text_is_read(session: Session, tmp_path: Path) -> None:
    path = tmp_path / "c.do"
    path.write_bytes('display "gr\xf6\xdfe"\r\n'.encode("cp1252"))
    assert [o.text for o in session.run_do(path)] == ["größe"]


# --- progress and cancel ----------------------------------------------------------------------------------
def test_progress_and_cancel_reach_the_fit(session: Session) -> None:
    stages: list[str] = []
    outcome = session.run("mixed y x || g:", progress=lambda p: stages.append(p.stage))
    assert outcome.ok and stages
    before = session.state
    outcome = session.run("mixed y x || g: x", cancel=lambda: True)
    assert outcome.error is not None and outcome.error[0] == "cancelled"
    assert session.state is before and session.progress is None and session.cancel is None
    calls = SimpleNamespace(n=0)

    def later() -> bool:
        calls.n += 1
        return calls.n > 2

    outcome = session.run("capture by g: su x", cancel=later)
    assert outcome.error is not None and outcome.error[0] == "cancelled"  # capture catches errors, not this


# --- any text ---------------------------------------------------------------------------------------------
WORDS = (
    *("mixed", "y", "x", "g", "sex", "t", "nope", "||", "g:", "_all:", "R.g", "i.t", "c.x##i.sex", "L.x", "#"),
    *(",", "reml", "cov(un)", "res(ar, t(t))", "dfm(res)", "level(90)", "if", "in", "x>0", "1/20", "[fw=t]"),
    *("quietly", "capture", "by", "bysort", ":", "su", "list", "describe", "predict", "p", "fitted", "display"),
    *("est", "sto", "A", "estat", "ic", "icc", "sd", "lrtest", ".", "test", "lincom", "set", "undo", "redo"),
    *("(", ")", '"', "1", "-", "*", "=", "e(ll)", "_b[x]", "matrix", "scalar", "list", "help", "xtset", "save"),
)


@given(st.lists(st.sampled_from([w for w in WORDS if w != "save"]), max_size=8), st.booleans())
def test_any_text_is_answered(words: list[str], fitted: bool) -> None:
    session = FITTED if fitted else Session(State(dataset=make_data()))
    session = session.fork(session.state)
    before = session.state
    text = " ".join(words)
    outcome = session.run(text)
    assert outcome.ok or outcome.error is not None
    if outcome.error is not None:
        assert outcome.error[0] != "internal", f"{text}: {outcome.error_advice}"
        assert outcome.error[1].strip() and session.state is before
        assert outcome.error_at is None or 0 <= outcome.error_at[0] < outcome.error_at[1] <= len(text) + 1


FITTED = Session(State(dataset=make_data()))
FITTED.run("mixed y x || g:")
