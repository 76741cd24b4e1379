"""The filter: what its words mean, which rows it keeps, who sees it, and that results say so and can be had again."""

from __future__ import annotations

import math
import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from command_examples import examples, found, made, prepared
from hypothesis import assume, given
from hypothesis import strategies as st

from terrace.data.dataset import Dataset, Measure, Variable
from terrace.data.write import write
from terrace.language.expressions.friendly import plain_expression
from terrace.language.expressions.truth import surely_true
from terrace.language.grammar.tokens import Piece
from terrace.session.contract import Outcome
from terrace.session.filter import Filter
from terrace.session.filtering import sees_filter
from terrace.session.out_of_date import other_filters, stale
from terrace.session.preview import preview
from terrace.session.session import Session


def schools() -> Dataset:
    """200 rows in 10 groups: y, x and z with missing values, sector with labels, name (text)."""
    rng = np.random.default_rng(5)
    g = np.repeat(np.arange(1, 11), 20)
    x, z = rng.normal(size=200).round(2), rng.normal(size=200).round(2)
    y = (2 + x + rng.normal(size=10)[g - 1] + rng.normal(size=200)).round(3)
    x[rng.random(200) < 0.15], z[rng.random(200) < 0.15] = np.nan, np.nan
    sector = rng.integers(1, 4, 200).astype(float)
    sector[::17] = np.nan
    frame = pd.DataFrame({"y": y, "x": x, "z": z, "g": g, "sector": sector,
                          "name": rng.choice(["Ann", "Bob", ""], 200), "public": g % 2})  # fmt: skip
    labels = {1: "Public", 2: "Catholic", 3: "Roman Catholic (new)"}
    return Dataset(frame, tuple(
        Variable(n, "", Measure.NOMINAL, labels) if n == "sector" else Variable(n) for n in frame.columns
    ))  # fmt: skip


def session_of(data: Dataset, *commands: str) -> Session:
    session = Session()
    session.state = replace(session.state, dataset=data)
    for command in commands:
        ran(session, command)
    return session


def ran(session: Session, command: str) -> Outcome:
    outcome = session.run(command)
    assert outcome.ok, (command, outcome.error, outcome.error_advice)
    return outcome


# --- words ----------------------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("typed", "means"),
    [
        ("x > 0", "x > 0"),
        ("x > 0 & z < 1 | y == 2", "x > 0 & z < 1 | y == 2"),
        ("x > 0 and z < 1 OR y = 2", "x > 0 & z < 1 | y == 2"),
        ("not x > 0", "!(x > 0)"),
        ("not x > 0 and z < 1", "!(x > 0) & z < 1"),
        ("not (x > 0 or z < 1) and y = 1", "!(x > 0 | z < 1) & y == 1"),
        ("(not x > 0) or not not z", "(!(x > 0)) | !(!(z))"),
        ('sector = "Catholic"', "sector == 2"),
        ('sector != "catholic"', "sector != 2"),
        ("sector is catholic", "sector == 2"),
        ("sector is not Roman Catholic (new) and x > 0", "sector != 3 & x > 0"),
        ('sector is "Public" or sector is Catholic', "sector == 1 | sector == 2"),
        ("name is Ann", 'name == "Ann"'),
        ('name = "and or not"', 'name == "and or not"'),
        ("x is missing or name is not missing", 'x == . | name != ""'),
        ("sec = 2", "sector == 2"),
        ("inlist(sector, 1, 2) and abs(x)<=1", "inlist(sector, 1, 2) & abs(x)<=1"),
        ("x >= -1 and 2.sector", "x >= -1 & 2.sector"),
        ("x ≥ 0 and x <> 1", "x >= 0 & x != 1"),
        ("sector == g", "sector == g"),
        ("x + 1 > z", "x + 1 > z"),
    ],
)
def test_friendly_words_make_an_ordinary_expression(typed: str, means: str) -> None:
    assert plain_expression(Piece.of(typed), schools()).text == means


@pytest.mark.parametrize(
    ("typed", "wrong", "says"),
    [
        ("filter sector is Cathlic", "Cathlic", "no value label Cathlic"),
        ('filter x > 0 and sector = "Catolic"', '"Catolic"', "no value label Catolic"),
        ('filter x = "Public"', '"Public"', "x is a number and has no value labels"),
        ("filter sector is public", "public", "is a variable and also a label of sector"),
        ("filter x > 0 and nothing < 1", "nothing", "no variable"),
        ("filter x > 0 z < 1", "z", "operator is missing before z"),
        ("filter x > 0 and name > 3", "name > 3", "cannot be compared"),
        ("filter x > 0 and (z < 1", "(", "not closed"),
        ("filter x > 0 and", "&", "incomplete"),
        ("filter x > e(ll)", "e(ll)", "only use variables"),
        ("filter x > x[3]", "x > x[3]", "values in each row"),
        ("filter y > 1, views", "views", "views"),
    ],
)
def test_an_error_names_its_place(typed: str, wrong: str, says: str) -> None:
    outcome = session_of(schools()).run(typed)
    assert outcome.error is not None and says in outcome.error[1]
    assert outcome.error_at is not None
    shown = typed[slice(*outcome.error_at)]
    assert shown == ("and" if wrong == "&" else wrong)


# --- missing values -------------------------------------------------------------------------------------------
Row = dict[str, float | None]
Told = bool | None
VARIABLES = ("x", "z", "sector")


@dataclass(frozen=True)
class Condition:
    """An expression and what it is in one row, by the truth tables of Kleene; None where that is unknown."""

    text: str
    of: Callable[[Row], Told]


def _compared(name: str, sign: str, number: float) -> Condition:
    tests: dict[str, Callable[[float], bool]] = {
        "<": lambda v: v < number, ">": lambda v: v > number, "<=": lambda v: v <= number,
        ">=": lambda v: v >= number, "==": lambda v: v == number, "!=": lambda v: v != number,
    }  # fmt: skip

    def of(row: Row) -> Told:
        value = row[name]
        return None if value is None else tests[sign](value)

    return Condition(f"{name} {sign} {number:g}", of)


def _both(a: Condition, b: Condition) -> Condition:
    def of(row: Row) -> Told:
        told = a.of(row), b.of(row)
        return False if False in told else None if None in told else True

    return Condition(f"({a.text}) and ({b.text})", of)


def _either(a: Condition, b: Condition) -> Condition:
    def of(row: Row) -> Told:
        told = a.of(row), b.of(row)
        return True if True in told else None if None in told else False

    return Condition(f"({a.text}) or ({b.text})", of)


def _not(a: Condition) -> Condition:
    def of(row: Row) -> Told:
        told = a.of(row)
        return None if told is None else not told

    return Condition(f"not ({a.text})", of)


def _missing(name: str) -> Condition:
    return Condition(f"missing({name})", lambda row: row[name] is None)


_SIMPLE = st.one_of(
    st.builds(
        _compared, st.sampled_from(VARIABLES), st.sampled_from(["<", ">", "<=", ">=", "==", "!="]),
        st.sampled_from([-0.5, 0, 0.25, 1, 2]),
    ),
    st.builds(_missing, st.sampled_from(VARIABLES)),
)  # fmt: skip
CONDITIONS = st.recursive(
    _SIMPLE, lambda c: st.one_of(st.builds(_both, c, c), st.builds(_either, c, c), st.builds(_not, c)), max_leaves=6
)
DATA = schools()
ROWS: list[Row] = [
    {n: None if math.isnan(v) else float(v) for n, v in zip(VARIABLES, values)}
    for values in DATA.frame[list(VARIABLES)].itertuples(index=False)
]


def kept_by_hand(condition: Condition) -> np.ndarray:
    return np.array([condition.of(row) is True for row in ROWS])


@given(condition=CONDITIONS)
def test_a_row_is_kept_where_the_condition_is_surely_true(condition: Condition) -> None:
    plain = plain_expression(Piece.of(condition.text), DATA).text
    assert np.array_equal(surely_true(plain, DATA), kept_by_hand(condition))


@pytest.mark.parametrize(
    ("expression", "kept"),
    [
        ("a > 0", [1]), ("!(a > 0)", [0]), ("a < .", [0, 1]), ("a == .", [2]), ("a != .", [0, 1]),
        ("a > 0 | b == 1", [1, 2]), ("a > 0 & b == 1", []), ("a", [0, 1]), ("!inlist(a, 1, 3)", [0]),
        ("(a > 0) == b", []), ('s != "u"', [1]), ('s == ""', [2]), ("missing(a, b)", [2]), ("1.a", [1]),
        ("a/0 > 1", []), ("a + b > -9", [0, 1]), ("1", [0, 1, 2]), (".", []),
    ],
)  # fmt: skip
def test_missing_values_leave_a_row_out_unless_they_are_asked_for(expression: str, kept: list[int]) -> None:
    frame = pd.DataFrame({"a": [-1.0, 1.0, np.nan], "b": [2.0, 0.0, 1.0], "s": ["u", "v", ""]})
    data = Dataset(frame, tuple(Variable(n) for n in frame.columns))
    assert list(np.flatnonzero(surely_true(expression, data))) == kept


def test_an_if_keeps_what_it_kept() -> None:
    """As in Stata: missing is larger than every number. The filter that is on takes more rows out, never fewer."""
    session = session_of(DATA)
    missing = int(np.isnan(DATA.frame["x"]).sum())
    known = int((DATA.frame["x"] > 0).sum())
    assert ran(session, "count if x > 0").text == f"{known + missing}"
    ran(session, "filter x > 0")
    ran(session, "count")
    assert session.state.returned.scalars["N"] == known
    ran(session, "count if x > 0")
    assert session.state.returned.scalars["N"] == known


# --- analyses -------------------------------------------------------------------------------------------------
ANALYSES = (
    "count", "count if z > 0", "summarize x y, detail", "tabulate sector g, chi2", "tabstat y x, by(sector)",
    "correlate x y z", "pwcorr x y z", "regress y x i.sector", "oneway y sector", "ttest y == 0",
    "mixed y x || g:", "list y x if z > 0", "scatter y x", "histogram y", "graph box y, over(sector)",
    "codebook x", "levelsof sector", "table sector", "by g: summarize y", "centile y", "misstable patterns x z",
    "kdensity y", "lowess y x", "graph bar y, over(sector)", "xtsum y, i(g)", "statsby m = r(mean), by(g): summarize y",
)  # fmt: skip


def content(session: Session, outcome: Outcome) -> object:
    """What a command found: numbers of its tables and plots, r() and the estimates."""
    if not outcome.ok:
        return outcome.error[0] if outcome.error else ""
    plots = [
        [(m.kind, _list(m.x), _list(m.y), _list(m.lower), _list(m.upper)) for panel in p.panels for m in panel.marks]
        for p in outcome.plots
    ]
    r, fit = session.state.returned, outcome.fit or session.state.fit
    estimates = None if fit is None else [_list(fit.matrices["b"]), _list(fit.matrices["V"]), fit.scalars.get("N")]
    matrices = {n: _list(m.values) for n, m in r.matrices.items()}
    changed = session.state.dataset if outcome.type == "summarize" and "statsby" in outcome.command else None
    return (
        [(t.title, [(x.label, x.values) for x in t.rows if x.kind != "group"]) for t in outcome.tables],
        plots, dict(r.scalars), dict(r.macros), matrices, estimates,
        None if changed is None else changed.frame.to_csv(),
    )  # fmt: skip


def _list(values: object) -> object:
    return None if values is None else np.asarray(values).tolist()


def same(a: object, b: object) -> bool:
    """Equal to the last digits but two: sums over rows are taken in another order."""
    if isinstance(a, float) and isinstance(b, float | int):
        return (math.isnan(a) and math.isnan(b)) or a == pytest.approx(b, rel=1e-6, abs=1e-7)
    if isinstance(a, list | tuple) and isinstance(b, list | tuple):
        return len(a) == len(b) and all(map(same, a, b))
    if isinstance(a, dict) and isinstance(b, dict):
        return a.keys() == b.keys() and all(same(v, b[k]) for k, v in a.items())
    return a == b


@given(condition=CONDITIONS, command=st.sampled_from(ANALYSES))
def test_an_analysis_sees_what_it_sees_when_the_other_rows_are_gone(condition: Condition, command: str) -> None:
    assume(kept_by_hand(condition).any())
    on, gone = session_of(DATA, f"filter {condition.text}"), session_of(DATA.rows(kept_by_hand(condition)))
    one, other = on.run(command), gone.run(command)
    if command.startswith("list"):  # rows keep their numbers
        assert [r.values for t in one.tables for r in t.rows] == [r.values for t in other.tables for r in t.rows]
        return
    assert same(content(on, one), content(gone, other)), (one.text, other.text)


@given(condition=CONDITIONS)
def test_it_is_the_same_as_an_if_where_nothing_is_missing(condition: Condition) -> None:
    data = DATA.rows(DATA.frame[list(VARIABLES)].notna().all(axis=1).to_numpy())
    plain = plain_expression(Piece.of(condition.text), data).text
    on, typed = session_of(data, f"filter {condition.text}"), session_of(data)
    for command in ("regress y x", "summarize y"):
        one, other = on.run(command), typed.run(f"{command} if {plain}")
        assert same(content(on, one), content(typed, other))


def test_in_counts_the_rows_of_the_data() -> None:
    session = session_of(DATA, "filter x > 0", "count in 1/50")
    assert session.state.returned.scalars["N"] == (DATA.frame["x"][:50] > 0).sum()


# --- every command --------------------------------------------------------------------------------------------
FILTER = Filter("x > -0.3 & (k < 1 | c == 2)")


@pytest.fixture(scope="module")
def workshop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Session]:
    path, before = tmp_path_factory.mktemp("filtered"), Path.cwd()
    os.chdir(path)
    session = prepared(path)
    session.writes = False
    yield session
    os.chdir(before)


def _children(workshop: Session, ready: list[str], last: str, filter_: Filter | None) -> tuple[Session, Outcome]:
    child = workshop.fork(workshop.state)
    for text in (*ready, "set seed 1"):
        assert child.run(text).ok, text
    child.state = replace(child.state, filter=filter_)
    return child, child.run(last)


WITHOUT_ROWS = ("help", "?", "filter", "describe", "graph display")
OF_STORED_FITS = ("compare", "estimates", "estimates_files", "lrtest")


def test_what_only_looks_sees_the_filter_and_nothing_else_does(workshop: Session) -> None:
    """Each registered command by its declared effects: one that looks at rows finds the same as where the others are
    gone; one that changes data leaves the same as without a filter."""
    looked = changed = 0
    for *ready, last in examples():
        known = found(last)
        if known.name in WITHOUT_ROWS or known.group in OF_STORED_FITS or " in " in last:
            continue
        if sees_filter(known.effects):
            if any(found(r).name not in ("fvset base",) for r in ready):
                continue
            on, one = _children(workshop, [], last, FILTER)
            rows = surely_true(FILTER.expression, workshop.data)
            gone = workshop.fork(replace(workshop.state, dataset=workshop.data.rows(rows)))
            other = gone.run(last)
            if known.name in ("list", "duplicates list"):  # rows keep their numbers
                assert [r.values for t in one.tables for r in t.rows] == [
                    r.values for t in other.tables for r in t.rows
                ]
            else:
                assert same(content(on, one), content(gone, other)), last
            looked += one.filter is not None
        else:
            on, one = _children(workshop, ready, last, FILTER)
            off, other = _children(workshop, ready, last, None)
            assert one.ok == other.ok and one.filter is None, (last, one.error)
            assert _frame(on) == _frame(off), last
            assert [t.rows for t in one.tables] == [t.rows for t in other.tables], last
            changed += "was not applied" in one.text
    assert looked > 40 and changed > 25


def _frame(session: Session) -> str:
    return "" if session.dataset is None else session.dataset.frame.to_csv()


# --- what results say, and how they are had again -------------------------------------------------------------
SHORT = "filter z > 0"


def test_a_result_names_its_filter_and_its_rows() -> None:
    session = session_of(DATA, "filter sector is Catholic and z > 0")
    kept = int(((DATA.frame["sector"] == 2) & (DATA.frame["z"] > 0)).sum())
    note = f"Filter: sector == 2 & z > 0 ({kept} of 200 rows)."
    for command in ("summarize y", "tab1 sector g", "mixed y x || g:", "mixed", "regress y x", "by g: summarize y"):
        outcome = ran(session, command)
        assert sum(note in n for t in outcome.tables for n in t.notes) == 1, command
        assert outcome.text.count(note) == 1, command
    assert ran(session, "scatter y x").plots[0].note == note
    for command in ("help filter", "estimates dir", "display 1", "label list", "graph dir"):
        assert "Filter:" not in ran(session, command).text, command
    ran(session, "regress y x")
    assert session.fit is not None
    assert (session.fit.macros["filter"], session.fit.scalars["N_filter"]) == ("sector == 2 & z > 0", kept)
    (model,) = session.state.document.models()[:1]
    assert model.outcome is not None and model.outcome.filter is not None
    assert (model.outcome.filter.kept, model.outcome.filter.rows) == (kept, 200)


def test_what_uses_all_rows_says_so_once(tmp_path: Path) -> None:
    session = session_of(DATA, SHORT, "mixed y x || g:")
    told = "The filter z > 0 was not applied: {} uses all rows."
    for command, name in (
        ("generate a = 1", "generate"), ("by g: replace a = 2", "replace"), ("predict fitted", "predict"),
        (f'save "{tmp_path / "all.dta"}"', "save"), (f'export delimited using "{tmp_path / "all.csv"}"',
                                                     "export delimited"),
    ):  # fmt: skip
        assert ran(session, command).text.count(told.format(name)) == 1, command
    assert session.data.frame["a"].eq(2).all()
    assert len(pd.read_csv(tmp_path / "all.csv")) == 200
    for command in ('label variable a "A"', "order a", "rename a b", "filter off", "generate c = 1"):
        assert "not applied" not in ran(session, command).text, command
    assert [i for i in session.state.document if "generate" in i.heading] == []


def test_view_only_restricts_nothing() -> None:
    session = session_of(DATA, f"{SHORT}, view", "count")
    assert session.state.returned.scalars["N"] == 200
    assert "viewing only" in ran(session, "filter").text
    ran(session, "filter use")
    assert "100" not in ran(session, "count").text.splitlines()[0]
    ran(session, "filter view")
    assert session.state.filter == Filter("z > 0", in_use=False)
    ran(session, "filter off")
    assert session.state.filter is None and ran(session, "filter").text == "There is no filter."
    assert session.run("filter use").error == ("no-filter", "There is no filter.")


def test_a_filter_is_a_step_that_can_be_undone() -> None:
    session = session_of(DATA, SHORT)
    assert session.undo_text == "filter"
    ran(session, "filter z > 1")
    assert ran(session, "undo").changed >= {"filter"}
    assert session.state.filter == Filter("z > 0")
    ran(session, "redo")
    assert session.state.filter == Filter("z > 1")


def test_other_data_have_no_filter(tmp_path: Path) -> None:
    write(made(), tmp_path / "other.dta")
    session = session_of(DATA, SHORT)
    assert "was removed" in ran(session, f'use "{tmp_path / "other.dta"}", clear').text
    assert session.state.filter is None


def test_a_filter_whose_variable_is_gone_stops_analyses_and_says_what_to_do() -> None:
    session = session_of(DATA, SHORT)
    told = "The filter z > 0 does not fit the data: There is no variable 'z' in the data."
    assert told in ran(session, "drop z").text
    outcome = session.run("summarize y")
    assert outcome.error is not None and outcome.error[1].startswith(told) and "filter off" in outcome.error_advice
    assert told in ran(session, "filter off").text or session.state.filter is None
    ran(session, "summarize y")


def test_a_model_says_that_its_filter_has_changed_and_keeps_its_rows() -> None:
    session = session_of(DATA, SHORT, "mixed y x || g:")
    (model,) = session.state.document.models()
    sample = session.fit.sample if session.fit is not None else None
    assert stale(session.state) == {}
    for command, reason in (
        ("filter off", "the filter z > 0 is not in use now"),
        ("filter z > 1", "the filter changed from z > 0 to z > 1"),
        ("filter view", "the filter z > 0 is not in use now"),
    ):  # fmt: skip
        ran(session, command)
        assert stale(session.state) == other_filters(session.state) == {model.id: reason}
        assert stale(session.state, filters=False) == {}
    assert session.fit is not None and np.array_equal(session.fit.sample, sample)
    ran(session, "count if e(sample)")
    assert session.state.returned.scalars["N"] == session.fit.scalars["N"]
    ran(session, "filter z > 1")
    ran(session, "estat summarize")
    ran(session, "margins, at(x = (0 1))")
    ran(session, "filter off")
    ran(session, "mixed y x || g:")
    ran(session, SHORT)
    assert list(stale(session.state).values()) == ["it was fitted without the filter z > 0"]


def test_fitting_again_keeps_the_filter_of_the_model_unless_the_present_one_is_asked_for() -> None:
    session = session_of(DATA, SHORT, "mixed y x || g:", "replace y = y + 1 in 1/20", "filter z > 1")

    def model() -> tuple[object, object]:
        (item,) = session.state.document.models()
        assert item.fit is not None
        return item.fit.spec.filter, item.fit.scalars["N"]

    before = model()
    (changed,), (filtered,) = stale(session.state, filters=False).values(), other_filters(session.state).values()
    assert "y" in changed and filtered == "the filter changed from z > 0 to z > 1"
    assert "Fitted again" in ran(session, "refit _stale").text
    assert model() == before and session.state.filter == Filter("z > 1")
    assert "refit _stale, filter" in ran(session, "refit _stale").text
    assert "Fitted again" in ran(session, "refit _stale, filter").text
    assert model()[0] == "z > 1" and stale(session.state) == {}
    alone = session_of(DATA.rows(surely_true("z > 1", DATA)), "mixed y x || g:").fit
    assert alone is not None and model()[1] == alone.scalars["N"]
    ran(session, "filter off")
    ran(session, "sample orthodont")
    assert other_filters(session.state) == {}, "of other data"


def test_the_history_gives_the_same_results_again() -> None:
    commands = (SHORT, "mixed y x || g:", "filter view", "summarize y", "filter use", "filter sector is Public",
                "regress y x", "filter off", "summarize y")  # fmt: skip
    first = session_of(DATA, *commands)
    again = session_of(DATA, *(o.command for o in first.history))
    assert [o.text for o in first.history] == [o.text for o in again.history]


def test_results_of_a_model_follow_its_filter() -> None:
    """What fits a model again from its specification, or draws its rows anew, keeps to the rows of the model."""
    on = session_of(DATA, SHORT, "mixed y x || g:, reml")
    gone = session_of(DATA.rows(surely_true("z > 0", DATA)), "mixed y x || g:, reml")
    ran(on, "filter off")
    for command in (
        "estat icc", "estat r2", "estat influence, noplot", "estat profile, noplot", "estat simplify",
        "estat summarize", "estat bootstrap, reps(3) seed(1)", "margins, at(x = (0 1))", "contrast x",
        "estat reliability",
    ):  # fmt: skip
        one, other = on.run(command), gone.run(command)
        assert one.ok == other.ok, (command, one.error, other.error)
        assert same([t.plain()["rows"] for t in one.tables], [t.plain()["rows"] for t in other.tables]), command


def test_prefixes_see_the_filter() -> None:
    on, gone = session_of(DATA, SHORT), session_of(DATA.rows(surely_true("z > 0", DATA)))
    for command in (
        "bootstrap _b[x], reps(4) seed(3): regress y x", "bootstrap r(mean), reps(4) seed(3): summarize y",
        "jackknife r(mean), cluster(g): summarize y", "bootstrap _b[x], reps(3) seed(1): mixed y x || g:",
        "bysort g: regress y x",
    ):  # fmt: skip
        assert same(content(on, ran(on, command)), content(gone, ran(gone, command))), command


def test_programs_and_blocks_see_it_command_by_command() -> None:
    session = session_of(DATA, SHORT)
    text = "foreach v in y x {\n summarize `v'\n generate new_`v' = `v'\n}"
    outcome = ran(session, text)
    assert session.data.frame["new_y"].notna().all()
    assert session.state.returned.scalars["N"] == (DATA.frame["x"].notna() & (DATA.frame["z"] > 0)).sum()
    assert outcome.text.count("Filter: z > 0") == 2


def test_imputations_are_restricted(tmp_path: Path) -> None:
    copies = [made().frame[["y", "x", "k", "g"]].assign(id=range(60), m=m) for m in (0, 1, 2)]
    frame = pd.concat(copies, ignore_index=True)
    frame["k"] = frame["k"].where(frame["m"] == 0, frame["k"].fillna(0.5))
    data = Dataset(frame, tuple(Variable(n) for n in frame.columns))
    ready = ("mi import flong, m(m) id(id)", "mi register imputed k")
    on = session_of(data, *ready, "filter x > 0")
    gone = session_of(data.rows(data.frame["x"].to_numpy() > 0), *ready)
    command = "mi estimate: regress y k"
    assert same(content(on, ran(on, command)), content(gone, ran(gone, command)))


# --- where it is kept -----------------------------------------------------------------------------------------
def test_a_preview_uses_the_filter_that_is_on() -> None:
    session = session_of(DATA, SHORT)
    found = preview(session.state, "mixed y x || g:")
    ran(session, "mixed y x || g:")
    assert found.fit is not None and session.fit is not None
    assert found.fit.scalars == session.fit.scalars and found.fit.spec.filter == "z > 0"


def test_a_project_keeps_it(tmp_path: Path) -> None:
    session = session_of(DATA, SHORT, "mixed y x || g:", "filter z > 1, view")
    ran(session, f'project save "{tmp_path / "work"}"')
    again = Session()
    ran(again, f'project use "{tmp_path / "work"}"')
    assert again.state.filter == Filter("z > 1", in_use=False)
    (item,) = again.state.document.models()
    assert item.outcome is not None and item.outcome.filter is not None and item.fit is not None
    assert item.outcome.filter.expression == item.fit.spec.filter == "z > 0"
    assert np.array_equal(item.fit.sample, session.fit.sample if session.fit is not None else None)
    one, other = ran(again, "estat icc"), ran(session, "estat icc")
    assert same([t.plain()["rows"] for t in one.tables], [t.plain()["rows"] for t in other.tables])
    for _ in range(2):
        ran(again, "undo")
    assert again.state.filter == Filter("z > 0")


def test_a_file_that_is_read_in_parts(tmp_path: Path) -> None:
    from terrace.data.read import read, stream

    path = tmp_path / "rows.csv"
    DATA.frame.to_csv(path, index=False)
    streamed, whole = session_of(stream(path), SHORT), session_of(read(path), SHORT)
    for command in ("count", "count in 1/90", "summarize y x", "mixed y x || g:"):
        assert same(content(streamed, ran(streamed, command)), content(whole, ran(whole, command))), command
    assert "Filter: z > 0." in ran(streamed, "summarize y").text
    assert ran(streamed, "filter").text.startswith("Filter: z > 0. Analyses")
    refused = streamed.run("list y in 1/3")
    assert refused.error is not None and not refused.ok


def test_a_saved_model_and_a_written_account_still_name_it(tmp_path: Path) -> None:
    session = session_of(DATA, SHORT, "mixed y x || g:")
    assert "restricted to rows with z > 0" in ran(session, "apa").text
    file = tmp_path / "kept.fit"
    ran(session, f'estimates save "{file}"')
    again = Session()
    ran(again, f'estimates use "{file}"')
    assert "Filter: z > 0" in ran(again, "mixed").text
    assert again.fit is not None and session.fit is not None and again.fit.ll == pytest.approx(session.fit.ll)


def test_it_follows_a_variable_to_its_new_name_and_no_other_takes_its_place() -> None:
    session = session_of(DATA, "generate zz = y", "filter z > 0 and not missing(z)")
    assert "The filter is now score > 0 & !(missing(score))." in ran(session, "rename z score").text
    kept = ran(session, "count").text.splitlines()[0]
    assert kept == str(int((DATA.frame["z"] > 0).sum()))
    ran(session, "drop score")
    assert session.run("count").error is not None
    session = session_of(DATA, "generate zz = y", SHORT, "drop z")
    assert session.run("count").error is not None  # zz begins with z


def test_a_graph_takes_the_name_of_its_filter_along(tmp_path: Path) -> None:
    save = f'saving("{tmp_path / "k.svg"}")'
    session = session_of(DATA, SHORT, "scatter y x, name(G)", f"kdensity y, generate(at d) {save}")
    kept = int((DATA.frame["z"] > 0).sum())
    assert session.state.graphs["G"][0].note == f"Filter: z > 0 ({kept} of 200 rows)."
    assert f"({kept} of 200 rows)" in (tmp_path / "k.svg").read_text()
    assert "not applied" not in session.history[-1].text
    ran(session, "tabulate sector, generate(s_)")
    assert "not applied" not in session.history[-1].text and "Filter: z > 0" in session.history[-1].text


def test_models_side_by_side_name_their_filters() -> None:
    session = session_of(DATA, SHORT, "mixed y || g:", "mixed y x || g:")
    for command in ("filter off", "mixed y x || g:", "mixed y z || g:"):
        ran(session, command)
    kept = int(np.sum(surely_true("z > 0", DATA)))
    one = f"Filter: z > 0 ({kept:,} of {len(DATA):,} rows)."
    several = f"m2: filter {one[8:-1]}; m3: no filter."
    for command in ("etable, estimates({})", "estimates table {}", "estimates steps {}", "estimates compare {}"):
        for models, note in (("m1 m2", one), ("m2 m3", several), ("m3 m4", "")):
            table = ran(session, command.format(models)).tables[0]
            assert [n for n in table.notes if "ilter" in n] == ([note] if note else []), (command, models)
    ran(session, "estimates restore m2")
    assert ran(session, "estat simplify").tables[0].notes[-1] == one
    ran(session, "estimates restore m3")
    assert not any("ilter" in n for n in ran(session, "estat simplify").tables[0].notes)
