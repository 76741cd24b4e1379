"""Options of commands that look at data and change them: each has its effect, or is refused."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from data_support import ok, refused

from terrace.data.readers.build import from_frame
from terrace.session.session import Session
from terrace.session.state import State


@pytest.fixture(scope="module")
def frame() -> pd.DataFrame:
    rng = np.random.default_rng(3)
    n = 60
    out = pd.DataFrame({"id": np.repeat(np.arange(1.0, 13), 5), "g": np.tile([1.0, 2, 3], 20)})
    out["h"] = rng.integers(0, 2, n).astype(float)
    out["x"], out["w"] = np.round(rng.normal(size=n), 2), rng.integers(1, 4, n).astype(float)
    out["name"] = rng.choice(["Oslo", "Rome", "Paris"], n)
    return out


@pytest.fixture
def session(frame: pd.DataFrame) -> Session:
    made = Session(State(dataset=from_frame(frame)))
    ok(made, 'label define three 1 "One" 2 "Two" 3 "Three"')
    ok(made, "label values g three")
    return made


def column(session: Session, name: str) -> np.ndarray:
    return session.data.numeric(name)


def cells(session: Session, command: str, k: int = 0) -> list[tuple]:
    return [r.values for r in ok(session, command).tables[k].rows]


# --- tabulate -------------------------------------------------------------------------------------------------
def test_tabulate_with_weights_and_a_subpopulation(session: Session, frame: pd.DataFrame) -> None:
    rows = cells(session, "tabulate g [fw=w], summarize(x)")
    long = frame.loc[frame.index.repeat(frame.w.astype(int))]
    for k, g in enumerate((1, 2, 3)):
        own = long.x[long.g == g]
        assert rows[k] == pytest.approx((own.mean(), own.std(ddof=1), len(own)))
    assert rows[-1] == pytest.approx((long.x.mean(), long.x.std(ddof=1), len(long)))
    both = cells(session, "tabulate g h [fw=w], summarize(x) means")
    assert both[0][:2] == pytest.approx([long.x[(long.g == 1) & (long.h == h)].mean() for h in (0, 1)])
    assert len(ok(session, "tabulate g, summarize(x) nofreq").tables[0].columns) == 2
    ok(session, "tabulate g, subpop(h) matcell(F) matrow(V)")
    count = [int(((frame.g == g) & (frame.h == 1)).sum()) for g in (1, 2, 3)]
    assert session.state.matrices["F"].values.ravel().tolist() == count
    assert session.state.matrices["V"].values.ravel().tolist() == [1, 2, 3]
    ok(session, "tabulate g h, matcell(T) matcol(C)")
    assert session.state.matrices["T"].values.tolist() == pd.crosstab(frame.g, frame.h).to_numpy().tolist()
    assert session.state.matrices["C"].values.tolist() == [[0, 1]]


def test_bars_of_a_table(session: Session, frame: pd.DataFrame) -> None:
    rows = cells(session, "tabulate name, plot")
    most = frame.name.value_counts().max()
    assert all(len(stars) == round(50 * n / most) for n, stars in rows[:-1])


@pytest.mark.parametrize(
    "command",
    ["tabulate g, chi2", "tabulate g, row", "tabulate g h, sort", "tabulate g h, plot", "tabulate g, means",
     "tabulate g, summarize(x) chi2", "tab1 g h, summarize(x)", "tab2 g h, generate(d)", "tab1 g, column"],
)  # fmt: skip
def test_what_has_no_meaning_in_a_table(session: Session, command: str) -> None:
    assert refused(session, command) == "misplaced-option"


# --- summaries --------------------------------------------------------------------------------------------------
def test_summarize_in_the_format_of_the_variable(session: Session, frame: pd.DataFrame) -> None:
    ok(session, "format x %9.3f")
    lines = ok(session, "summarize x, format").text.splitlines()
    assert lines[4].split() == ["x", "60", f"{frame.x.mean():.3f}", f"{frame.x.std():.3f}", f"{frame.x.min():.3f}",
                                f"{frame.x.max():.3f}"]  # fmt: skip
    assert ok(session, "summarize x, format").tables[0].rows[0].values[0] == 60, "numbers stay numbers"
    detail = ok(session, "summarize x, detail format").text
    assert f"{frame.x.median():.3f}" in detail
    ruled = ok(session, "summarize id g h x w, separator(2)").text.splitlines()
    assert [i for i, line in enumerate(ruled) if line.startswith("---")] == [1, 3, 6, 9, 11]


def test_tabstat_saves_its_groups(session: Session, frame: pd.DataFrame) -> None:
    ok(session, "tabstat x, by(g) stats(mean n) save")
    r = session.state.returned
    for k, (g, label) in enumerate(((1, "One"), (2, "Two"), (3, "Three")), start=1):
        own = frame.x[frame.g == g]
        assert r.matrices[f"Stat{k}"].values.ravel() == pytest.approx([own.mean(), len(own)])
        assert r.macros[f"name{k}"] == label
    assert refused(session, "tabstat x, varwidth(8)") == "no-such-option"


def test_alternative_percentiles(session: Session, frame: pd.DataFrame) -> None:
    ok(session, "_pctile x, percentiles(10 33 50 90) altdef")
    found = [session.state.returned.scalars[f"r{k}"] for k in (1, 2, 3, 4)]
    assert found == pytest.approx(np.percentile(frame.x, [10, 33, 50, 90], method="weibull"))
    ok(session, "xtile q = x, nquantiles(4) altdef")
    breaks = np.percentile(frame.x, [25, 50, 75], method="weibull")
    assert column(session, "q").tolist() == (np.searchsorted(breaks, frame.x, side="left") + 1).tolist()
    assert refused(session, "_pctile x [fw=w], percentiles(10) altdef") == "options-exclude"


def test_spearman_shows_what_is_asked_for(session: Session) -> None:
    plain = ok(session, "spearman id x w, stats(rho obs p)").tables[0]
    assert len(plain.rows) == 8 and plain.rows[3].values[0] == 60
    p = session.state.returned.matrices["P"].values
    marked = ok(session, "spearman id x w, star(.5) print(.5)").tables[0]
    row = next(r for r in marked.rows if r.label == "w")
    for j in range(2):
        assert (row.values[j] is None) == (p[2, j] > 0.5) and (row.marks[j] == "*") == (p[2, j] <= 0.5)
    assert refused(session, "spearman x w, stats(all)") == "bad-option-value"


def test_oneway_leaves_out_what_it_is_told(session: Session) -> None:
    both = ok(session, "oneway x g, tabulate").tables
    assert [t.key for t in ok(session, "oneway x g, tabulate noanova").tables] == [both[0].key]
    assert [c.key for c in ok(session, "oneway x g, tabulate nomeans nofreq").tables[0].columns] == ["sd"]
    assert [r.label for r in ok(session, "oneway x g, tabulate nolabel").tables[0].rows] == ["1", "2", "3", "Total"]
    assert refused(session, "oneway x g, noanova") == "misplaced-option"


def test_lists_and_descriptions(session: Session) -> None:
    table = ok(session, "list name x in 1/2, string(2) abbreviate(5)").tables[0]
    assert all(r.values[0].endswith("..") and len(r.values[0]) == 4 for r in table.rows)
    ok(session, "rename x averylongname")
    heads = [c.title for c in ok(session, "list averylongname id in 1, abbreviate(8)").tables[0].columns]
    assert heads == ["averyl~e", "id"]
    assert [r.values[0] for r in ok(session, "describe id h, numbers").tables[0].rows] == [1, 3]
    ok(session, "notes: Made for a test.")
    assert "Made for a test." in ok(session, "codebook h, notes").text
    assert "60" in ok(session, "codebook h, header").text.split("\n\n", maxsplit=1)[0]
    assert ok(session, "ds id h, detail").tables[0].key == "describe"


def test_patterns_of_missing_values_in_their_orders(session: Session) -> None:
    for command in ("replace x = . in 1/9", "replace w = . in 5/7", "replace h = . in 20"):
        ok(session, command)
    assert [c.key for c in ok(session, "misstable patterns x h w, asis").tables[0].columns[1:]] == ["x", "h", "w"]
    counted = ok(session, "misstable patterns x h w, bypatterns frequency").tables[0]
    gone = [sum(v == "." for v in r.values[1:]) for r in counted.rows]
    assert gone == sorted(gone) and sum(r.values[0] for r in counted.rows) == 60
    assert refused(session, "misstable summarize, frequency") == "no-such-option"


# --- changing data --------------------------------------------------------------------------------------------
def test_encode_takes_the_numbers_of_a_set(session: Session, frame: pd.DataFrame) -> None:
    ok(session, 'label define city 10 "Rome" 20 "Oslo"')
    assert refused(session, "encode name, generate(c) label(city) noextend") == "no-such-label"
    ok(session, "encode name, generate(c) label(city)")
    wanted = frame.name.map({"Rome": 10, "Oslo": 20, "Paris": 21}).to_numpy()
    assert column(session, "c").tolist() == wanted.tolist()
    assert session.state.label_sets["city"] == {10: "Rome", 20: "Oslo", 21: "Paris"}
    ok(session, "decode c, generate(short) maxlength(3)")
    assert set(session.data.frame["short"]) == {"Rom", "Osl", "Par"}
    ok(session, 'recode g (1 = 0 "Low") (2/3 = 1 "High"), generate(two) label(lohi)')
    assert session.state.label_sets["lohi"] == {0: "Low", 1: "High"}


def test_labels_stay_behind_with_nolabel(session: Session, tmp_path: Path) -> None:
    file = tmp_path / "own.dta"
    ok(session, f'save "{file}"')
    ok(session, f'use "{file}", clear nolabel')
    assert not session.data.variable("g").value_labels
    ok(session, f'use "{file}", clear')
    assert session.data.variable("g").value_labels
    ok(session, "keep id h")
    ok(session, "duplicates drop id, force")
    ok(session, f'merge 1:m id using "{file}", keepusing(g) nolabel nogenerate')
    assert not session.data.variable("g").value_labels
    assert refused(session, f'merge m:m id using "{file}", force') == "no-such-option"


def test_centre_and_its_labels(session: Session) -> None:
    ok(session, "center x w, nolabel")
    assert session.data.variable("c_x").label == ""
    ok(session, 'center h, addtolabel(" (new)")')
    assert session.data.variable("c_h").label.endswith("the mean (new)")


def test_names_of_a_file_in_one_case(session: Session, tmp_path: Path) -> None:
    file = tmp_path / "t.csv"
    file.write_text("Id,YEAR\n1,2\n3,4\n")
    ok(session, f'import delimited "{file}", clear case(lower)')
    assert session.data.names == ("id", "year")
    ok(session, f'import delimited "{file}", clear case(upper) varnames(1)')
    assert session.data.names == ("ID", "YEAR")
    ok(session, f'import delimited "{file}", clear varnames(nonames)')
    assert session.data.names == ("v1", "v2") and len(session.data) == 3
    assert refused(session, f'import delimited "{file}", clear varnames(none)') == "bad-option-value"


def test_isid_sorts(session: Session, frame: pd.DataFrame) -> None:
    ok(session, "generate k = 100 - _n")
    ok(session, "isid k, sort")
    assert column(session, "k").tolist() == sorted(100 - np.arange(1, 61))


# --- repeated commands ------------------------------------------------------------------------------------------
def test_idcluster_tells_groups_apart_that_are_drawn_twice(session: Session) -> None:
    plain = ok(session, "bootstrap, cluster(id) reps(20) seed(1) nodots: mixed x || id:").tables[0]
    own = ok(session, "bootstrap, cluster(id) idcluster(drawn) reps(20) seed(1) nodots: mixed x || drawn:").tables[0]
    assert [r.values[:2] for r in own.rows if r.values] == [
        pytest.approx(r.values[:2]) for r in plain.rows if r.values
    ]
    assert "drawn" not in session.data
    assert refused(session, "bootstrap, idcluster(k) reps(5): mixed x || id:") == "misplaced-option"
    titled = ok(session, 'bootstrap, reps(5) seed(1) title("Own"): summarize x')
    assert titled.tables[0].title == "Own"


def test_imputations_that_fail_and_what_they_cost(session: Session) -> None:
    rng = np.random.default_rng(8)
    n, m = 30, 4
    parts = []
    for k in range(m + 1):
        part = pd.DataFrame({"_mi_m": float(k), "_mi_id": np.arange(1.0, n + 1), "z": np.linspace(0, 1, n)})
        part["y"] = part.z + rng.normal(size=n) * 0.3
        parts.append(part)
    parts[0].loc[:5, "y"] = np.nan
    parts[2]["y"] = np.nan
    session = Session(State(dataset=from_frame(pd.concat(parts, ignore_index=True))))
    ok(session, "mi set flong")
    assert not session.run("mi estimate: regress y z").ok
    outcome = ok(session, "mi estimate, errorok vartable: regress y z")
    assert len(outcome.warnings) == 1 and session.state.returned.scalars["M_mi"] == 3
    fits = [np.polyfit(p.z, p.y, 1) for p in (parts[1], parts[3], parts[4])]
    table = outcome.tables[0]
    z = next(r for r in table.rows if r.code == "z").values
    between = np.var([f[0] for f in fits], ddof=1)
    assert z[1] == pytest.approx(between) and z[2] == pytest.approx(z[0] + (1 + 1 / 3) * between)
    assert z[3] == pytest.approx((1 + 1 / 3) * between / z[0]) and z[5] == pytest.approx(1 / (1 + z[4] / 3))
    assert not session.run("mi estimate, post: regress y z").ok


def test_regress_shows_less(session: Session) -> None:
    text = ok(session, "regress x h, notable").text
    assert "Number of obs" in text and "Coefficient" not in text
    for option in ("variance", "nogroup", "dftable(ci)"):
        assert refused(session, f"regress x h, {option}") == "no-such-option"
