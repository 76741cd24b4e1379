"""egen of values, panels, means and their tests, quantiles, samples, joins: against pandas, SciPy and definitions."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from data_support import dataset, keyed, ok, refused, session_on
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from terrace.data.dataset import Dataset
from terrace.session.session import Session


@pytest.fixture
def session() -> Session:
    return session_on(
        dataset(
            id=[1.0, 1.0, 1.0, 2.0, 2.0, 3.0],
            t=[1.0, 2.0, 4.0, 1.0, 2.0, 3.0],
            x=[5.0, np.nan, 5.0, 1.0, 2.0, 7.0],
            y=[1.0, 2.0, 3.0, 3.0, np.nan, 3.0],
            s=pd.Series(["b", "a", "b", "c", None, "a"], dtype="str"),
        )
    )


def made(session: Session, command: str) -> list:
    ok(session, f"egen _new = {command}")
    data = session.data
    out = [None if pd.isna(v) else v for v in data.frame["_new"]]
    ok(session, "drop _new")
    return out


def test_egen_of_values(session: Session) -> None:
    cases = {
        "rowfirst(x y)": [5, 2, 5, 1, 2, 7],
        "rowlast(x y)": [1, 2, 3, 3, 2, 3],
        "anycount(x y), values(3 5)": [1, 0, 2, 1, 0, 1],
        "anymatch(x y), values(3 5)": [1, 0, 1, 1, 0, 1],
        "anyvalue(y), values(2/3)": [None, 2, 3, 3, None, 3],
        "cut(x), at(0 2 6)": [2, None, 2, 0, 2, None],
        "cut(x), at(0 2 6) icodes": [1, None, 1, 0, 1, None],
        "cut(x), group(2)": [1, None, 1, 0, 0, 1],
        "seq(), to(3)": [1, 2, 3, 1, 2, 3],
        "seq(), from(2) to(1) block(2)": [2, 2, 1, 1, 2, 2],
        "seq(), by(id)": [1, 2, 3, 1, 2, 1],
        "mode(y)": [3] * 6,
        "mode(x), by(id)": [5, 5, 5, None, None, 7],
        "mode(x), by(id) minmode": [5, 5, 5, 1, 1, 7],
        "mode(x), by(id) maxmode": [5, 5, 5, 2, 2, 7],
        "mode(s), by(id)": ["b", "b", "b", "c", "c", "a"],
        "concat(id t), format(%3.1f)": ["1.01.0", "1.02.0", "1.04.0", "2.01.0", "2.02.0", "3.03.0"],
        "concat(id s), punct(-)": ["1-b", "1-a", "1-b", "2-c", "2-", "3-a"],
        "diff(x y)": [1, 1, 1, 1, 1, 1],
        "fill(1 3)": [1, 3, 5, 7, 9, 11],
        "fill(1 2 1 2)": [1, 2, 1, 2, 1, 2],
        "fill(1 1 2 2)": [1, 1, 2, 2, 3, 3],
        "mad(t)": [1] * 6,
        "mdev(t), by(id)": [pytest.approx(10 / 9)] * 3 + [0.5, 0.5, 0],
        "pc(x), by(id) prop": [0.5, None, 0.5, pytest.approx(1 / 3), pytest.approx(2 / 3), 1],
        "ma(t)": [None, pytest.approx(7 / 3), pytest.approx(7 / 3), pytest.approx(7 / 3), 2, None],
        "mean(x) if t < 4, by(id)": [5, 5, None, 1.5, 1.5, 7],
    }
    for command, expected in cases.items():
        assert made(session, command) == expected, command
    for command, code in {
        "egen q = cut(x)": "syntax",
        "egen q = cut(x), at(3 2)": "bad-option-value",
        "egen q = anycount(x)": "syntax",
        "egen q = seq(x)": "syntax",
        "egen q = ma(x), t(2)": "option-number",
        "egen q = fill(1)": "arguments",
        "by id: egen q = diff(x y)": "prefix",
        "egen q = anyvalue(x y), values(1)": "one-variable",
    }.items():
        assert refused(session, command) == code, command


@given(keyed())
def test_mode_is_that_of_pandas(data: Dataset) -> None:
    s = session_on(data)
    ok(s, "egen low = mode(x), by(a) minmode")
    expected = data.frame.groupby("a", dropna=False)["x"].transform(lambda v: v.mode().min())
    np.testing.assert_array_equal(s.data.numeric("low"), expected.to_numpy(dtype=float))


# --- panels ---------------------------------------------------------------------------------------------------
def test_xtsum_and_fill(session: Session) -> None:
    ok(session, "xtset id t")
    ok(session, "xtsum t")
    r = session.state.returned.scalars
    t, means = np.array([1, 2, 4, 1, 2, 3.0]), np.array([7 / 3, 1.5, 3])
    within = t - np.repeat(means, [3, 2, 1])
    assert r["sd"] == pytest.approx(t.std(ddof=1)) and r["sd_b"] == pytest.approx(means.std(ddof=1))
    assert r["sd_w"] == pytest.approx(np.sqrt((within**2).sum() / 5)) and r["Tbar"] == 2
    patterns = ok(session, "xtdescribe").tables[1].rows
    assert [(p.label, p.values[0]) for p in patterns] == [("..1.", 1), ("11..", 1), ("11.1", 1), ("Total", 3)]
    assert ok(session, "tsfill").text == "(1 observation added)"
    assert session.data.numeric("t").tolist() == [1, 2, 3, 4, 1, 2, 3]
    assert np.isnan(session.data.numeric("x")[2])
    ok(session, "tsfill, full")
    assert session.data.numeric("t").tolist() == [1, 2, 3, 4] * 3
    tab = ok(session, "xttab s, i(id)").tables[0]
    assert [r.values[:3] for r in tab.rows] == [(2, 40.0, 2), (2, 40.0, 1), (1, 20.0, 1), (5, 100.0, 4)]
    ok(session, "xtset, clear")
    assert refused(session, "xtsum x") == "no-panel" and refused(session, "tsfill") == "no-time"


# --- means ----------------------------------------------------------------------------------------------------
@given(st.integers(0, 10_000), st.integers(3, 30), st.integers(3, 30))
def test_tests_of_means_are_those_of_scipy(seed: int, n: int, m: int) -> None:
    rng = np.random.default_rng(seed)
    x = np.concatenate([rng.normal(0, 1, n), rng.normal(0.5, 3, m)])
    g = np.repeat([1.0, 2.0], [n, m])
    s = session_on(dataset(x=x, g=g, z=rng.normal(size=n + m)))
    for command, expected in {
        "ttest x == 0.25": stats.ttest_1samp(x, 0.25),
        "ttest x == z": stats.ttest_rel(x, s.data.numeric("z")),
        "ttest x, by(g)": stats.ttest_ind(x[:n], x[n:]),
        "ttest x, by(g) unequal": stats.ttest_ind(x[:n], x[n:], equal_var=False),
    }.items():
        ok(s, command)
        r = s.state.returned.scalars
        assert r["t"] == pytest.approx(expected.statistic, rel=1e-9, abs=1e-12), command
        assert r["p"] == pytest.approx(expected.pvalue, rel=1e-7), command
        assert r["df_t"] == pytest.approx(expected.df, rel=1e-9), command
    outcome = ok(s, "oneway x g")
    r, expected = s.state.returned.scalars, stats.f_oneway(x[:n], x[n:])
    assert r["F"] == pytest.approx(expected.statistic, rel=1e-8)
    assert f"{stats.bartlett(x[:n], x[n:]).statistic:.4f}" in outcome.tables[0].notes[0]
    ok(s, "mean x, over(g)")
    r = s.state.returned.scalars
    assert r["se"] == pytest.approx(x[n:].std(ddof=1) / np.sqrt(m))
    half = stats.t.ppf(0.975, n + m - 1) * r["se"]
    assert r["lb"] == pytest.approx(x[n:].mean() - half)


def test_intraclass_correlation_by_anova() -> None:
    rng = np.random.default_rng(3)
    g = np.repeat(np.arange(20.0), 6)
    x = rng.normal(size=20)[g.astype(int)] + rng.normal(size=120)
    s = session_on(dataset(x=x, g=g))
    ok(s, "loneway x g")
    r = s.state.returned.scalars
    table = x.reshape(20, 6)
    msb, msw = 6 * table.mean(1).var(ddof=1), table.var(axis=1, ddof=1).mean()
    rho = (msb - msw) / (msb + 5 * msw)
    assert r["rho"] == pytest.approx(rho) and r["rho_t"] == pytest.approx(1 - msw / msb)
    # In balanced data Smith's variance is Fisher's, 2(1 − ρ)²(1 + (n − 1)ρ)²/(n²) · (1/(k(n − 1)) + 1/(k − 1)).
    fisher = 2 * (1 - rho) ** 2 * (1 + 5 * rho) ** 2 / 36 * (1 / (20 * 5) + 1 / 19)
    assert r["se"] == pytest.approx(np.sqrt(fisher))


# --- quantiles ------------------------------------------------------------------------------------------------
@given(st.lists(st.integers(-5, 20).map(float), min_size=4, max_size=60), st.integers(2, 6))
def test_quantile_groups(values: list[float], count: int) -> None:
    s = session_on(dataset(x=values))
    ok(s, f"xtile q = x, nq({count})")
    ok(s, f"_pctile x, nq({count})")
    r = s.state.returned.scalars
    breaks = [np.quantile(values, k / count, method="averaged_inverted_cdf") for k in range(1, count)]
    np.testing.assert_allclose([r[f"r{k}"] for k in range(1, count)], breaks)
    np.testing.assert_array_equal(s.data.numeric("q"), 1 + (np.array(values)[:, None] > breaks).sum(axis=1))


def test_centile_interval_covers_by_the_binomial() -> None:
    x = np.arange(1.0, 26.0)
    s = session_on(dataset(x=x))
    ok(s, "centile x")
    r = s.state.returned.scalars
    # Conover's interval for the median of 25 values: order statistics 8 and 18 cover with 95.7%, 9 and 17 with 89%.
    assert r["c_1"] == 13 and 8 <= r["lb_1"] < 9 and 17 < r["ub_1"] <= 18
    assert r["lb_1"] + r["ub_1"] == pytest.approx(26)


# --- rows -----------------------------------------------------------------------------------------------------
def test_samples(session: Session) -> None:
    s = session_on(dataset(g=np.repeat([1.0, 2.0], [40, 60]), v=np.arange(100.0)))
    ok(s, "set seed 3")
    ok(s, "sample 10, by(g)")
    assert [int((s.data.numeric("g") == k).sum()) for k in (1, 2)] == [4, 6]
    first = s.data.numeric("v").tolist()
    ok(s, "undo")
    ok(s, "set seed 3")
    ok(s, "sample 10, by(g)")
    assert s.data.numeric("v").tolist() == first and sorted(first) == first
    ok(s, "undo")
    ok(s, "sample 5 if g == 1, count")
    assert [int((s.data.numeric("g") == k).sum()) for k in (1, 2)] == [5, 60]
    ok(s, "undo")
    ok(s, "bsample, cluster(g) idcluster(n)")
    sizes = s.data.frame.groupby("n").size()
    assert len(sizes) == 2 and set(sizes) <= {40, 60}
    assert refused(s, "sample 101") == "sample-size" and refused(s, "sample 1.5, count") == "sample-size"
    assert ok(s, "sample").tables[0].key == "samples"


def test_codes_of_missing_values(session: Session) -> None:
    assert ok(session, "mvdecode x y, mv(5 3)").text.splitlines() == [
        "x: 2 missing values generated",
        "y: 3 missing values generated",
    ]
    assert refused(session, "mvencode x, mv(7)") == "value-in-use"
    ok(session, "mvencode x y, mv(-9)")
    assert session.data.numeric("x").tolist() == [-9, -9, -9, 1, 2, 7]


def test_contract(session: Session) -> None:
    ok(session, "contract id y, zero freq(n) percent(p)")
    data = session.data
    assert data.names == ("id", "y", "n", "p") and len(data) == 12
    assert data.numeric("n").sum() == 6 and data.numeric("p").sum() == pytest.approx(100)
    assert refused(session, "contract nothing") == "no-such-variable"


@given(keyed(), keyed())
def test_joinby_is_an_inner_merge(left: Dataset, right: Dataset) -> None:
    from terrace.session.commands.data.joining import join

    right = right.renamed("x", "z").select(["a", "z"])
    out = join(left, right, ("a",), "none", None)
    a, b = left.frame.assign(a=left.numeric("a")), right.frame.assign(a=right.numeric("a"))
    expected = a.reset_index().merge(b.reset_index(), on="a", how="inner", suffixes=("", "_r"))
    expected = expected.sort_values(["index", "index_r"])
    np.testing.assert_array_equal(out.numeric("z"), expected["z"].to_numpy(dtype=float))
    np.testing.assert_array_equal(out.numeric("x"), expected["x"].to_numpy(dtype=float))
    every = join(left, right, ("a",), "both", "_merge")
    outer = a.merge(b, on="a", how="outer", indicator=True)
    counts = pd.Series(every.numeric("_merge")).value_counts()
    assert {1: "left_only", 2: "right_only", 3: "both"} and {
        k: int(counts.get(c, 0)) for k, c in (("left_only", 1), ("right_only", 2), ("both", 3))
    } == {k: int((outer["_merge"] == k).sum()) for k in ("left_only", "right_only", "both")}


# --- questions ------------------------------------------------------------------------------------------------
def test_questions_about_variables(session: Session, tmp_path: Path) -> None:
    ok(session, 'label variable y "Yearly income"')
    assert ok(session, "ds").text.split() == ["id", "t", "x", "y", "s"]
    assert ok(session, "ds, has(type string)").text == "s"
    assert ok(session, "ds x y, not").text.split() == ["id", "t", "s"]
    assert [r.label for r in ok(session, "lookfor income").tables[0].rows] == ["y"]
    assert refused(session, "isid id") == "not-unique" and refused(session, "isid t y") == "missing-key"
    ok(session, "isid id t")
    assert ok(session, "levelsof y").text == "1 2 3" and session.state.returned.scalars["r"] == 3
    assert ok(session, "levelsof s, clean separate(,)").text == "a,b,c"
    ok(session, "assert t >= 1")
    ok(session, "by id: assert t[1] == 1 if id < 3")
    assert refused(session, "assert x < 6") == "assertion"
    ok(session, "assert _N == 6")
    assert ok(session, "compress").text == "(84 bytes saved)"
    assert session.data.frame["t"].dtype == np.int8 and session.data.frame["x"].dtype == np.float64
    assert ok(session, "compress").text == "(0 bytes saved)"
    ok(session, 'label values t 1 "one"')
    ok(session, "numlabel, add")
    assert session.data.variable("t").value_labels == {1: "1. one"}
    ok(session, "numlabel, remove")
    assert session.data.variable("t").value_labels == {1: "one"}
    ok(session, "note: first look")
    assert ok(session, "notes").text.endswith("first look")
    ok(session, "separate x, by(id)")
    assert session.data.numeric("x3").tolist()[-1] == 7 and np.isnan(session.data.numeric("x1")[3:]).all()


def test_describe_using_looks_at_the_file(session: Session, tmp_path: Path) -> None:
    path = tmp_path / "other.csv"
    path.write_text("a,b\n1,2\n3,4\n")
    outcome = ok(session, f'describe using "{path}"')
    assert [r.label for r in outcome.tables[0].rows] == ["a", "b"] and outcome.changed == {"document"}
    assert ok(session, "display r(N) r(k)").text == "2 2"
    assert ok(session, "describe, simple").text.split() == ["id", "t", "x", "y", "s"]


def test_by_names_the_groups_without_rows_in_one_line(session: Session) -> None:
    text = ok(session, "by id: summarize x if t > 3").text
    assert text.count("->") == 1 and text.endswith("(2 groups have no rows after if and in: id = 2; id = 3)")
    assert refused(session, "by id: summarize x if t > 30") == "no-observations"
    ok(session, "levelsof id if t < 3, local(ids)")
    assert ok(session, 'display "`ids\'"').text == "1 2"


# --- tables ---------------------------------------------------------------------------------------------------
@given(keyed(least=2))
def test_tables_are_pivot_tables(data: Dataset) -> None:
    s = session_on(data)
    frame = data.frame.assign(x=data.numeric("x"), s=data.frame["s"].fillna(""))
    frame = frame[frame["s"] != ""]
    if not len(frame):
        assert refused(s, "table b s, statistic(mean x)") == "no-observations"
        return
    made = ok(s, "table b s, statistic(mean x)").tables[0]
    expected = frame.pivot_table("x", "b", "s", aggfunc="mean", dropna=False)
    total = frame.groupby("b")["x"].mean()
    assert made.rows[-1].label == "Total"
    for row in made.rows[:-1]:
        for column, value in zip(made.columns, row.values):
            b = float(row.label)
            wanted = total[b] if column.title == "Total" else expected.get(column.title, pd.Series(dtype=float)).get(b)
            assert value == pytest.approx(wanted) if wanted is not None and not pd.isna(wanted) else value is None
    assert ok(s, "tabulate b s, summarize(y)").tables[0].rows[-1].values[-1] == len(frame)


def test_table_forms(session: Session) -> None:
    new = ok(session, "table id, statistic(mean x) statistic(sd x) statistic(frequency)").tables[0]
    old = ok(session, "table id, contents(mean x sd x freq)").tables[0]
    assert new == old and [c.title for c in new.columns] == ["Mean(x)", "SD(x)", "Freq."]
    assert new.rows[0].values == (5.0, 0.0, "3") and new.rows[-1].label == "Total"
    deep = ok(session, "table (id s) (y), nototals").tables[0]
    assert [r.label for r in deep.rows] == ["1, a", "1, b", "2, c", "3, a"]
    assert [c.title for c in deep.columns] == ["1", "2", "3"]
    assert refused(session, "table id s y") == "syntax"
    assert refused(session, "table id, statistic(mean)") == "variables"
    assert refused(session, "table id, statistic(meanest x)") == "no-such-statistic"


def test_standardised_coefficients() -> None:
    rng = np.random.default_rng(5)
    x, z = rng.normal(2, 3, 50), rng.integers(0, 2, 50).astype(float)
    s = session_on(dataset(y=1 + x - 2 * z + rng.normal(size=50), x=x, z=z))
    table = next(t for t in ok(s, "regress y x i.z, beta").tables if t.key == "fixed")
    assert table.columns[-1].title == "Beta" and all(c.format != "interval" for c in table.columns)
    scaled = {n: (v - v.mean()) / v.std() for n, v in (("y", s.data.numeric("y")), ("x", x), ("z", z))}
    design = np.column_stack([scaled["x"], scaled["z"]])
    expected = np.linalg.lstsq(design, scaled["y"], rcond=None)[0]
    found = {r.code: r.values[-1] for r in table.rows if r.values}
    assert [found["x"], found["1.z"]] == pytest.approx(list(expected)) and found["_cons"] is None
    assert "Beta" in ok(s, "regress, beta").text


def test_imputations_beside_each_other_and_of_incomplete_rows_only() -> None:
    n = 12
    x = np.arange(n, dtype=float)
    y = np.where(x < 3, np.nan, x)
    wide = session_on(dataset(x=x, y=y, y1=np.where(x < 3, 1.0, x), y2=np.where(x < 3, 2.0, x)))
    ok(wide, "mi import wide, imputed(y = y1 y2) drop")
    assert wide.data.names == ("x", "y", "_mi_m", "_mi_id") and len(wide.data) == 3 * n
    few = x[:3]
    long = session_on(
        dataset(
            m=np.r_[np.zeros(n), np.ones(3), np.full(3, 2.0)],
            row=np.r_[x, few, few],
            x=np.r_[x, few, few],
            y=np.r_[y, np.ones(3), np.full(3, 2.0)],
        )
    )
    ok(long, "mi import mlong, m(m) id(row)")
    pooled = [ok(s, "mi estimate: regress y x").tables[0].rows for s in (wide, long)]
    assert pooled[0] == pooled[1]
    assert refused(wide, "mi import wide, imputed(x = y)") == "mi-set"
    assert refused(long, "mi import mlong, m(m)") == "syntax"


def test_endless_degrees_of_freedom_are_a_chi_square() -> None:
    from terrace.statistics.distributions import chi2_upper, f_upper, normal_two_sided, t_two_sided

    assert f_upper(5.0, 2, 1e50) == pytest.approx(chi2_upper(10.0, 2)) and f_upper(5.0, 2, 1e9) == pytest.approx(
        stats.chi2.sf(10, 2), rel=1e-6
    )
    assert t_two_sided(3.0, 1e50) == pytest.approx(normal_two_sided(3.0))


def test_commands_of_other_programs_are_told_from_misspellings(session: Session) -> None:
    outcome = session.run("xtreg y x, fe")
    assert outcome.error is not None and outcome.error[0] == "no-such-command"
    assert "mixed" in outcome.error_advice


# --- forms ----------------------------------------------------------------------------------------------------
@given(keyed(least=1))
def test_centring_within_groups(data: Dataset) -> None:
    s = session_on(data)
    ok(s, "center x, by(b) prefix(w_) means(b_)")
    x = pd.Series(data.numeric("x"))
    means = x.groupby(data.numeric("b")).transform("mean")
    np.testing.assert_allclose(s.data.numeric("w_x"), (x - means).to_numpy(), atol=1e-9)
    np.testing.assert_allclose(s.data.numeric("b_x"), means.to_numpy(), atol=1e-9)
    if np.isfinite(x).any():
        ok(s, "center x, generate(z) standardize")
        z = s.data.numeric("z")
        assert np.isnan(z).all() or np.nanmean(z) == pytest.approx(0, abs=1e-9)
    assert refused(s, "center x, generate(b_x)") == "variable-exists"
    assert refused(s, "center x, generate(a1 a2)") == "option-argument"


def test_reshape_goes_back_by_itself(session: Session) -> None:
    ok(session, "keep id t x")
    before = session.data.frame.sort_values(["id", "t"]).reset_index(drop=True)
    ok(session, "reshape wide x, i(id) j(t)")
    assert session.data.names == ("id", "x1", "x2", "x3", "x4")
    ok(session, "reshape long")
    ok(session, "drop if missing(x)")
    pd.testing.assert_frame_equal(session.data.frame, before.dropna().reset_index(drop=True), check_dtype=False)
    ok(session, "reshape wide")
    assert session.data.names == ("id", "x1", "x2", "x3", "x4")


def test_listings_without_rules_or_names(session: Session) -> None:
    assert ok(session, "list id t in 1/2, clean noobs").text.splitlines() == ["id  t", "1   1", "1   2"]
    assert "id" not in ok(session, "list id t in 1/2, noheader").text


def test_parts_of_a_sheet(session: Session, tmp_path: Path) -> None:
    path = tmp_path / "book.xlsx"
    frame = pd.DataFrame({"a": [1, 2, 3], "b": ["x", "y", "z"]})
    with pd.ExcelWriter(path) as book:
        frame.to_excel(book, sheet_name="one", index=False)
        frame.to_excel(book, sheet_name="two", index=False, startrow=3, startcol=2)
    sheets = ok(session, f'import excel "{path}", describe').tables[0]
    assert [(r.label, r.values[0]) for r in sheets.rows] == [("one", "A1:B4"), ("two", "C4:D7")]
    ok(session, f'import excel "{path}", sheet(two) cellrange(C4:C6) firstrow clear')
    assert session.data.names == ("a",) and session.data.numeric("a").tolist() == [1, 2]
    ok(session, f'import excel "{path}", sheet(two) cellrange(C4) firstrow clear')
    assert session.data.names == ("a", "b") and len(session.data) == 3
    assert refused(session, f'import excel "{path}", cellrange(D4:A1)') == "cell-range"
    out = tmp_path / "out.csv"
    ok(session, f'export delimited a using "{out}", novarnames')
    assert out.read_text().split() == ["1", "2", "3"]


@given(st.integers(0, 10_000), st.integers(4, 30))
def test_rank_tests_are_those_of_scipy(seed: int, n: int) -> None:
    rng = np.random.default_rng(seed)
    x, z = rng.integers(0, 9, n).astype(float), rng.normal(size=n)
    g = np.arange(n) % 2 + 1.0
    s = session_on(dataset(x=x, z=z, g=g, h=np.arange(n) % 3.0))
    if len(set(x)) < 2:
        return
    ok(s, "spearman x z")
    expected = stats.spearmanr(x, z)
    assert s.state.returned.scalars["rho"] == pytest.approx(expected.statistic, abs=1e-12)
    assert s.state.returned.scalars["p"] == pytest.approx(expected.pvalue, rel=1e-6, abs=1e-12)
    ok(s, "ranksum x, by(g)")
    expected = stats.mannwhitneyu(x[g == 1], x[g == 2], use_continuity=False, method="asymptotic")
    assert s.state.returned.scalars["p"] == pytest.approx(expected.pvalue, rel=1e-8)
    ok(s, "kwallis x, by(h)")
    expected = stats.kruskal(*(x[np.arange(n) % 3 == k] for k in range(3)))
    assert s.state.returned.scalars["chi2_adj"] == pytest.approx(expected.statistic, rel=1e-8)
    assert refused(s, "ranksum x, by(h)") == "not-two-groups"


@given(st.lists(st.integers(0, 12), min_size=4, max_size=4))
def test_exact_test_is_that_of_scipy(counts: list[int]) -> None:
    a, b, c, d = counts
    if not (a + b and c + d and a + c and b + d):
        return
    s = session_on(dataset(x=np.repeat([0.0, 0, 1, 1], counts), y=np.repeat([0.0, 1, 0, 1], counts)))
    ok(s, "tabulate x y, exact")
    expected = stats.fisher_exact([[a, b], [c, d]])
    assert s.state.returned.scalars["p_exact"] == pytest.approx(expected.pvalue, rel=1e-6)


def test_storage_types_keep_whole_numbers(session: Session) -> None:
    ok(session, "generate int a = t*1.7")
    assert session.data.numeric("a").tolist() == [1, 3, 6, 1, 3, 5]
    outcome = ok(session, "generate byte b = cond(_n == 1, 300, -t/2)")
    np.testing.assert_array_equal(session.data.numeric("b"), [np.nan, -1, -2, 0, -1, -1])
    assert outcome.warnings == ("1 value beyond the range of byte, so missing.",)
    ok(session, "generate float c = 0.1")
    assert session.data.numeric("c")[0] == 0.1
    ok(session, "egen int m = mean(t)")
    assert session.data.numeric("m")[0] == 2


def test_by_lists_only_groups_with_rows(session: Session) -> None:
    text = ok(session, "by id: list x if x > 6 & !missing(x)").text
    assert text.count("->") == 1 and "2 groups have no rows" in text


def test_recode_leaves_what_it_does_not_name(session: Session) -> None:
    ok(session, 'label values id 1 "one" 2 "two" 3 "three" 9 "nine"')
    ok(session, "missing id 3")
    ok(session, "recode id (1=2)")
    assert session.data.variable("id").value_labels == {2: "two", 3: "three", 9: "nine"}
    assert session.data.frame["id"].tolist() == [2, 2, 2, 2, 2, 3]  # the code of a missing value is still there


def test_collapse_with_sampling_weights(session: Session) -> None:
    ok(session, "generate w = _n")
    ok(session, "collapse (mean) m=x (sum) s=x (count) n=x [pweight=w], by(id)")
    assert session.data.numeric("m").tolist() == pytest.approx([5, (4 + 10) / 9, 7])
    assert session.data.numeric("s").tolist() == [20, 14, 42] and session.data.numeric("n").tolist() == [2, 2, 1]
    assert refused(session, "collapse (sd) m [pweight=n]") == "weight-kind"


def test_rename_by_an_equals_sign(session: Session) -> None:
    ok(session, "rename (x y) =_old")
    ok(session, "rename t pre_=")
    assert session.data.names == ("id", "pre_t", "x_old", "y_old", "s")
    ok(session, "rename *_old new_=")
    assert session.data.names == ("id", "pre_t", "new_x_old", "new_y_old", "s")
    assert refused(session, "rename (id s) =+") == "bad-name"
