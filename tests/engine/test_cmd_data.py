"""Commands that change the data: each is one step that can be undone, and one that fails changes nothing."""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from data_support import cells, dataset, keyed, ok, refused, session_on
from hypothesis import given
from hypothesis import strategies as st

from terrace.data.dataset import Dataset, Measure
from terrace.session.session import Session


@pytest.fixture
def session() -> Session:
    return session_on(
        dataset(
            id=[2.0, 1.0, 2.0, 1.0, 3.0],
            t=[2.0, 1.0, 1.0, 2.0, 1.0],
            x=[1.0, 2.0, np.nan, 4.0, 5.0],
            s=pd.Series(["b", "a", None, "a", "c"], dtype="str"),
        )
    )


def values(session: Session, name: str) -> list:
    column = session.data.frame[name]
    return [None if pd.isna(v) else v for v in column]


# --- generate and replace ----------------------------------------------------------------------------------
def test_generate(session: Session) -> None:
    outcome = ok(session, "g double y = x*2 + id if x < 5")
    assert values(session, "y") == [4.0, 5.0, None, 9.0, None]
    assert outcome.text == "(2 missing values generated)" and outcome.changed == {"data"}
    ok(session, 'gen str1 u = s + "!" in 1/2')
    assert values(session, "u") == ["b!", "a!", None, None, None] and session.data.is_text("u")
    ok(session, "gen z = 1, before(x)")
    assert session.data.names == ("id", "t", "z", "x", "s", "y", "u")
    ok(session, "gen z2 = x > 1, after(s)")
    assert session.data.names[5] == "z2" and session.data.variable("z2").measure is Measure.NOMINAL
    ok(session, "by id: gen n = _n")
    assert values(session, "n") == [1, 1, 2, 2, 1]
    ok(session, "by id: gen last = t[_N] if _n == 1")
    assert values(session, "last") == [1, 2, None, None, 1]
    ok(session, "bysort id (t): gen first = t == t[1]")
    assert values(session, "id") == [1, 1, 2, 2, 3] and values(session, "first") == [1, 0, 1, 0, 1]


def test_generate_refuses(session: Session) -> None:
    for command, code in {
        "gen x = 1": "variable-exists",
        "gen 1x = 1": "bad-name",
        "gen _n = 1": "bad-name",
        "gen y": "syntax",
        "gen y =": "syntax",
        "gen y = nothing + 1": "no-such-variable",
        "gen y = s + 1": "type-mismatch",
        "gen y = 1 if s": "type-mismatch",
        "gen y = 1 in 4/9": "range",
        "gen y = 1, before(q)": "no-such-variable",
        "gen y = 1, fast": "no-such-option",
        "replace y = 1": "no-such-variable",
        "replace s = 1": "type-mismatch",
        "replace x = s": "type-mismatch",
        "by q: gen y = 1": "no-such-variable",
    }.items():
        assert refused(session, command) == code, command


def test_replace(session: Session) -> None:
    assert ok(session, "replace x = 0 if x > 1").text == "(4 real changes made)"  # missing is larger than 1
    assert values(session, "x") == [1, 0, 0, 0, 0]
    assert ok(session, "replace x = . in 1").text == "(1 real change made, 1 to missing)"
    before = session.data
    outcome = ok(session, "replace x = . in 1")
    assert outcome.text == "(0 real changes made)" and not outcome.changed and session.data is before
    ok(session, 'replace s = "q" if missing(s)')
    assert values(session, "s") == ["b", "a", "q", "a", "c"]
    ok(session, 'replace s = "" in 1')
    assert values(session, "s")[0] is None


def test_replace_keeps_the_type_where_it_can() -> None:
    session = session_on(dataset(k=np.array([1, 2, 3], dtype=np.int8)))
    ok(session, "replace k = 9 in 2")
    assert session.data.frame["k"].dtype == np.int8 and values(session, "k") == [1, 9, 3]
    ok(session, "replace k = 1000 in 2")
    assert values(session, "k") == [1, 1000, 3]
    ok(session, "replace k = .5 in 1")
    assert values(session, "k") == [0.5, 1000, 3]


def test_replace_leaves_missing_codes_of_other_rows(session: Session) -> None:
    from dataclasses import replace

    data = session.data.with_column("x", [-9.0, 1.0, -9.0, 2.0, 3.0])
    session = session_on(data.with_variable(replace(data.variable("x"), missing_codes=(-9,))))
    ok(session, "replace x = 7 if id == 1")
    assert values(session, "x") == [-9, 7, -9, 7, 3]


formulas = st.sampled_from(
    [
        ("x[_n-1] + 1", "x[_n-1] < .", lambda x, i, j: x[j] + 1, lambda x, i, j: not math.isnan(x[j])),
        ("x[_n-1]", "missing(x)", lambda x, i, j: x[j], lambda x, i, j: math.isnan(x[i])),
        ("x + x[_n-2]", "1", None, None),
        ("x[1] * 2", "_n > 1", None, None),
        ("x[_n+1]", "1", None, None),
        ("y", "x[_n-1] > 0", None, None),
    ]
)


@given(keyed(most=12), formulas, st.booleans())
def test_replace_goes_from_row_to_row(data: Dataset, formula: tuple, by: bool) -> None:
    text, condition, _, _ = formula
    session = session_on(data)
    ok(session, f"{'by b: ' if by else ''}replace x = {text} if {condition}")
    x, y = data.numeric("x").copy(), data.numeric("y")
    groups = data.numeric("b") if by else np.zeros(len(data))
    for g in np.unique(groups):
        rows = list(np.flatnonzero(groups == g))
        for n, i in enumerate(rows):

            def at(k: int, rows: list[int] = rows) -> float:
                return x[rows[k]] if 0 <= k < len(rows) else math.nan

            lag, lag2, lead = at(n - 1), at(n - 2), at(n + 1)
            hit = {
                "x[_n-1] < .": not math.isnan(lag),
                "missing(x)": math.isnan(x[i]),
                "1": True,
                "_n > 1": n > 0,
                "x[_n-1] > 0": math.isnan(lag) or lag > 0,
            }[condition]
            new = {
                "x[_n-1] + 1": lag + 1,
                "x[_n-1]": lag,
                "x + x[_n-2]": x[i] + lag2,
                "x[1] * 2": at(0) * 2,
                "x[_n+1]": lead,
                "y": y[i],
            }[text]
            if hit:
                x[i] = new
    np.testing.assert_allclose(session.data.numeric("x"), x, rtol=1e-12)


# --- egen ----------------------------------------------------------------------------------------------------
def test_egen(session: Session) -> None:
    ok(session, "egen m = mean(x), by(id)")
    assert values(session, "m") == [1, 3, 1, 3, 5]
    ok(session, "bysort id: egen n = count(x)")
    assert values(session, "id") == [1, 1, 2, 2, 3] and values(session, "n") == [2, 2, 1, 1, 1]
    ok(session, "egen double total = total(x + 1) if t == 1")
    assert values(session, "total") == [9, None, None, 9, 9]
    ok(session, "egen tag = tag(id)")
    assert values(session, "tag") == [1, 0, 1, 0, 1]
    ok(session, "egen g = group(s), label")
    assert values(session, "g") == [1, 1, 2, None, 3]
    assert dict(session.data.variable("g").value_labels) == {1: "a", 2: "b", 3: "c"}
    ok(session, "egen p = pctile(x), p(25)")
    assert set(values(session, "p")) == {1.5}
    ok(session, "egen z = std(x)")
    ok(session, "egen r = rowmean(x t)")
    ok(session, "by id: egen rank = rank(t)")
    assert values(session, "rank") == [1, 2, 2, 1, 1]
    ok(session, "egen c = count(s)")
    assert set(values(session, "c")) == {4}
    for command, code in {
        "egen x = mean(t)": "variable-exists",
        "egen q = middle(t)": "no-such-function",
        "egen q = mean(t) + 1": "syntax",
        "egen q = mean(s)": "type-mismatch",
        "egen q": "syntax",
        "by id: egen q = group(t)": "prefix",
        "egen q = tag()": "arguments",
    }.items():
        assert refused(session, command) == code, command


# --- rows and variables --------------------------------------------------------------------------------------
def test_drop_and_keep(session: Session) -> None:
    assert ok(session, "drop if x == .").text == "(1 observation deleted)"
    ok(session, "keep in 2/l")
    assert values(session, "id") == [1, 1, 3]
    ok(session, "by id: drop if _n > 1")
    assert values(session, "id") == [1, 3]
    ok(session, "drop s")
    ok(session, "keep id-t")
    assert session.data.names == ("id", "t")
    assert not ok(session, "drop if id > 5").changed
    ok(session, "keep if id > 5")
    assert len(session.data) == 0
    for _ in range(6):
        ok(session, "undo")
    assert session.data.names == ("id", "t", "x", "s") and len(session.data) == 5
    assert refused(session, "drop") == "syntax"
    assert refused(session, "drop x if x > 1") == "syntax"
    assert refused(session, "keep q*") == "no-such-variable"


def test_count(session: Session) -> None:
    assert ok(session, "count if x < 5").text == "3"
    assert ok(session, "count if x > 99 & x < .").text == "0"
    assert ok(session, 'di r(N) + 1').text == "1"


def test_sorting(session: Session) -> None:
    ok(session, "sort id t")
    assert values(session, "t") == [1, 2, 1, 2, 1] and session.data.sorted_by == ("id", "t")
    assert not ok(session, "sort id").changed  # in that order already
    ok(session, "gsort -x id")
    assert values(session, "x") == [5, 4, 2, 1, None] and session.data.sorted_by == ()
    ok(session, "gsort id -x, generate(number) mfirst")
    assert values(session, "x") == [4, 2, None, 1, 5] and values(session, "number") == [1, 2, 3, 4, 5]
    assert refused(session, "sort") == "syntax" and refused(session, "gsort -") == "syntax"


def test_order(session: Session) -> None:
    ok(session, "order s x")
    assert session.data.names == ("s", "x", "id", "t")
    ok(session, "order s, after(id)")
    assert session.data.names == ("x", "id", "s", "t")
    ok(session, "order x, last")
    ok(session, "order t, before(id)")
    assert session.data.names == ("t", "id", "s", "x")
    ok(session, "order _all, alphabetic")
    assert session.data.names == ("id", "s", "t", "x")
    assert refused(session, "order x, before(x)") == "syntax"


def test_rename(session: Session) -> None:
    ok(session, "rename x y")
    ok(session, "ren (id t) (t id)")
    assert session.data.names == ("t", "id", "y", "s") and values(session, "t") == [2, 1, 2, 1, 3]
    ok(session, "rename ?, upper")
    assert session.data.names == ("T", "id", "Y", "S")
    session.run("rename T t_a")
    ok(session, "rename t_* time_*")
    assert session.data.names[0] == "time_a"
    assert refused(session, "rename (Y S) (a)") == "number-of-names"
    assert refused(session, "rename (Y S) (a a)") == "name-taken"
    assert refused(session, "rename Y 1a") == "bad-name"


def test_formats_and_labels(session: Session) -> None:
    ok(session, "format x t %8.3f")
    assert session.data.variable("x").format == "%8.3f"
    assert ok(session, "list x in 1").tables[0].rows[0].values == ("1.000",)
    assert refused(session, "format x %8.3q") == "bad-format"
    assert refused(session, "format s %8.3f") == "bad-format"
    assert refused(session, "format x %8.3f %9.0g") == "syntax"
    ok(session, 'label define when 1 "first" 2 "second"')
    ok(session, "label values t when")
    assert session.data.variable("t").value_labels == {1: "first", 2: "second"}
    ok(session, 'label define when 2 "later" 3 "last", modify')
    assert session.data.variable("t").value_labels == {1: "first", 2: "later", 3: "last"}
    assert cells(ok(session, "label list when")) == {"1": ("first",), "2": ("later",), "3": ("last",)}
    assert refused(session, 'label define when 4 "x"') == "name-taken"
    assert refused(session, 'label define when 3 "x", add') == "name-taken"
    assert refused(session, "label values t nothing") == "no-such-labels"
    assert refused(session, "label values s when") == "text-variable"
    ok(session, "label values t")
    assert not session.data.variable("t").value_labels
    ok(session, "label drop when")
    assert refused(session, "label values t when") == "no-such-labels"
    ok(session, 'label variable x "Some length"')
    ok(session, 'label data "A title"')
    assert session.data.variable("x").label == "Some length" and session.data.label == "A title"


def test_conversions(session: Session) -> None:
    ok(session, "encode s, generate(k)")
    assert values(session, "k") == [2, 1, None, 1, 3]
    ok(session, "decode k, generate(s2)")
    assert values(session, "s2") == values(session, "s")
    ok(session, "tostring x, generate(tx)")
    assert values(session, "tx") == ["1", "2", ".", "4", "5"]
    ok(session, "destring tx, replace")
    assert values(session, "tx") == [1, 2, None, 4, 5]
    before = session.data
    assert "'b'" in ok(session, "destring s, replace").text and session.data is before
    ok(session, "destring s, generate(n) force")
    assert values(session, "n") == [None] * 5
    ok(session, "clonevar copy = k if x < 3")
    assert values(session, "copy") == [2, 1, None, None, None]
    assert session.data.variable("copy").value_labels == session.data.variable("k").value_labels
    assert refused(session, "encode x, generate(q)") == "not-text"
    assert refused(session, "decode x, generate(q)") == "no-value-labels"
    assert refused(session, "destring s") == "syntax"


def test_recode(session: Session) -> None:
    ok(session, 'recode t (1 = 0 "start") (2/max = 1 "later"), generate(late)')
    assert values(session, "late") == [1, 0, 0, 1, 0]
    assert session.data.variable("late").value_labels == {0: "start", 1: "later"}
    ok(session, "recode x 1 2 = 10 4/5 = 20 missing = -1")
    assert values(session, "x") == [10, 10, -1, 20, 20]
    ok(session, "recode x t (min/10 = 0) (else = 9), prefix(r_)")
    assert values(session, "r_x") == [0, 0, 0, 9, 9] and values(session, "r_t") == [0] * 5
    assert refused(session, "recode x") == "recode-rule"
    assert refused(session, "recode x (1 = a)") == "recode-rule"
    assert refused(session, "recode s (1 = 2)") == "text-variable"
    assert refused(session, "recode x t (1 = 2), generate(u)") == "number-of-names"


# --- files -----------------------------------------------------------------------------------------------------
def test_merge_and_append(session: Session, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    ok(session, "save rows")
    ok(session, "collapse (mean) mx=x (count) n=x, by(id)")
    assert values(session, "mx") == [3, 1, 5] and values(session, "n") == [2, 1, 1]
    ok(session, "drop if id == 3")
    ok(session, "save groups")
    ok(session, "use rows")
    outcome = ok(session, "merge m:1 id using groups")
    assert values(session, "mx") == [1, 3, 1, 3, None] and values(session, "_merge") == [3, 3, 3, 3, 1]
    assert [r.values[0] for r in outcome.tables[0].rows] == [1, 1, 0, 4]
    assert ok(session, "di r(N_match)").text == "4"
    assert refused(session, "merge m:1 id using groups") == "variable-exists"
    ok(session, "drop _merge mx n")
    ok(session, "merge m:1 id using groups, keep(match) nogenerate keepusing(n)")
    assert len(session.data) == 4 and "_merge" not in session.data and "mx" not in session.data
    ok(session, "drop n")
    for command, code in {
        "merge m:m id using groups": "merge-kind",
        "merge id using groups": "syntax",
        "merge m:1 id": "no-file",
        "merge m:1 id using nowhere": "no-such-file",
        "merge 1:1 id using groups": "not-unique",
        "merge m:1 q using groups": "no-such-variable",
        "merge m:1 id using groups, keep(all)": "bad-option-value",
        "merge m:1 t using groups": "no-such-variable",
        "append using nowhere": "no-such-file",
        "append": "no-file",
    }.items():
        assert refused(session, command) == code, command
    ok(session, "use rows")
    assert refused(session, "merge m:1 id using groups, assert(match)") == "merge-assert"
    assert "5 observations added" in ok(session, "append using rows, generate(from)").text
    assert len(session.data) == 10 and values(session, "from") == [0] * 5 + [1] * 5


def test_export(session: Session, tmp_path: Path) -> None:
    ok(session, 'label define when 1 "first" 2 "second"')
    ok(session, "label values t when")
    ok(session, f'export delimited id t using "{tmp_path / "a"}" if id < 3, delimiter(";")')
    text = (tmp_path / "a.csv").read_text(encoding="utf-8").replace('"', "")
    assert text.splitlines() == ["id;t", "2;second", "1;first", "2;first", "1;second"]
    assert refused(session, f'export delimited using "{tmp_path / "a.csv"}"') == "file-exists"
    ok(session, f'export excel using "{tmp_path / "b"}", nolabel')
    assert pd.read_excel(tmp_path / "b.xlsx")["t"].tolist() == values(session, "t")


def test_preserve_and_restore(session: Session) -> None:
    before = session.data
    ok(session, "preserve")
    ok(session, "collapse x")
    assert refused(session, "preserve") == "preserved"
    ok(session, "restore")
    assert session.data is before
    assert refused(session, "restore") == "not-preserved"


# --- shape -----------------------------------------------------------------------------------------------------
def test_reshape_and_back(session: Session) -> None:
    before = session.data
    outcome = ok(session, "reshape wide x s, i(id) j(t)")
    assert session.data.names == ("id", "x1", "s1", "x2", "s2") and len(session.data) == 3
    assert outcome.tables[0].rows[0].values == ("3",)
    ok(session, "reshape long x s, i(id) j(t)")
    assert session.data.names == ("id", "t", "x", "s")
    ok(session, "drop if missing(x) & missing(s) & !(id == 2 & t == 1)")
    expected = before.frame.sort_values(["id", "t"]).reset_index(drop=True)
    pd.testing.assert_frame_equal(session.data.frame, expected, check_dtype=False)
    assert refused(session, "reshape wide x, i(id)") == "syntax"
    assert refused(session, "reshape long, i(id) j(k)") == "syntax"
    assert refused(session, "reshape sideways x, i(id) j(k)") == "no-such-command"


def test_rows_of_nothing(session: Session) -> None:
    ok(session, "set obs 7")
    assert values(session, "x")[5:] == [None, None] and values(session, "s")[5:] == [None, None]
    assert refused(session, "set obs 3") == "setting-value"
    empty = session_on(None)
    ok(empty, "set obs 4")
    ok(empty, "set seed 3")
    ok(empty, "gen z = rnormal()")
    ok(empty, "gen n = _n")
    assert values(empty, "n") == [1, 2, 3, 4] and len(set(values(empty, "z"))) == 4


def test_collapse_and_its_errors(session: Session) -> None:
    for command, code in {
        "collapse": "syntax",
        "collapse (middle) x": "no-such-statistic",
        "collapse q": "no-such-variable",
        "collapse (mean) s": "text-variable",
        "collapse x (sd) x": "name-taken",
        "collapse x if id > 9": "no-observations",
        "collapse (sd) x [pweight = t]": "weight-kind",
        "collapse x, by(q)": "no-such-variable",
    }.items():
        assert refused(session, command) == code, command
    ok(session, "collapse (p50) x (sum) total = t (first) s if id < 3 [fweight = t], by(id)")
    assert values(session, "x") == [4, 1] and values(session, "total") == [5, 5] and values(session, "s") == ["a", "b"]


def test_rows_made_and_counted(session: Session) -> None:
    ok(session, "expand t if id == 2, generate(new)")
    assert values(session, "new") == [0] * 5 + [1]
    ok(session, "duplicates tag id t, generate(others)")
    assert values(session, "others") == [1, 0, 0, 0, 0, 1]
    assert cells(ok(session, "duplicates report id t")) == {"1": (4, 0), "2": (2, 1)}
    assert [r.label for r in ok(session, "duplicates list id t").tables[0].rows] == ["1", "6"]
    assert refused(session, "duplicates drop id") == "needs-force"
    ok(session, "drop new")
    ok(session, "duplicates drop")
    assert len(session.data) == 5
    ok(session, "drop others")
    ok(session, "fillin id t")
    assert len(session.data) == 6 and sum(values(session, "_fillin")) == 1
    assert refused(session, "fillin id t") == "variable-exists"
    assert refused(session, "fillin id") == "syntax"
    assert refused(session, "expand") == "syntax"


# --- every command is one step ---------------------------------------------------------------------------------
STEPS = {  # with what their steps are called
    "gen q = x + 1": "new variable q",
    "replace x = 9": "edit of x",
    "recode x (1 = 2)": "edit of x",
    "egen q = mean(x), by(id)": "new variable q",
    "drop x": "removal of x",
    "keep x": "removal of 3 variables",
    "drop if id == 1": "removal of 2 rows",
    "sort x": "sorting",
    "gsort -x": "sorting",
    "order x": "order of variables",
    "rename x y": "renaming of x to y",
    'label variable x "L"': "label of x",
    "format x %9.2f": "format of x",
    "encode s, generate(q)": "new variable q",
    "collapse x, by(id)": "collapsed data",
    "reshape wide x s, i(id) j(t)": "reshaping to wide",
    "expand 2": "copies of rows",
    "fillin id t": "rows for all combinations",
    "duplicates tag id, generate(q)": "new variable q",
    "bysort id: gen q = _n": "new variable q",
    "tabulate id, generate(q)": "3 new variables",
    "statsby m=r(mean), by(id): summarize x": "other data",
    "tostring x, replace": "edit of x",
    "clonevar q = x": "new variable q",
    'label data "T"': "label of the data",
    "mi set flong": "set-up of multiple imputation",
    "xtset id t": "panel and time",
}


@pytest.mark.parametrize("command", STEPS)
def test_each_command_is_one_step(session: Session, command: str) -> None:
    before = session.data
    frame = before.frame.copy()
    outcome = ok(session, command)
    assert outcome.changed - {"document"} == {"data"}
    assert session.undo_text == STEPS[command] and len(session.undo_steps) == 1
    pd.testing.assert_frame_equal(before.frame, frame)  # the data it began with are untouched
    after = session.data
    ok(session, "undo")
    assert session.data is before
    ok(session, "redo")
    assert session.data is after


def test_a_row_order_that_follows_the_fit() -> None:
    rng = np.random.default_rng(1)
    data = dataset(g=np.repeat(np.arange(6.0), 5), y=rng.normal(size=30), x=rng.normal(size=30), n=np.arange(30.0))
    session = session_on(data)
    ok(session, "mixed y x if n >= 10 || g:")
    for command in ("gsort -x", "drop if n == 12", "expand 2 if n == 15", "undo", "undo", "undo"):
        ok(session, command)
        ok(session, "quietly count if e(sample) != (n >= 10)")  # what shows something would be a step itself
        assert session.state.returned.scalars["N"] == 0, command
    ok(session, "collapse x, by(g)")
    assert refused(session, "count if e(sample)") == "no-stored-results"
