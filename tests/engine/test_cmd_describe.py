"""Commands that describe the data, against pandas, SciPy, R and the summaries that courses print."""

from __future__ import annotations

import math

import numpy as np
import pandas as pd
import pytest
from data_support import cells, dataset, keyed, ok, r_dataset, r_results, refused, session_on
from hypothesis import assume, given

from terrace.data import describe
from terrace.data.dataset import Dataset, Variable
from terrace.report.cells import shown
from terrace.session.session import Session
from terrace.statistics import crosstab


@pytest.fixture
def session() -> Session:
    return session_on(r_dataset())


@pytest.fixture(scope="module")
def hsb() -> Session:
    """High School and Beyond, as the courses have it."""
    session = session_on(None)
    ok(session, "sample hsb")
    return session


# --- what courses print --------------------------------------------------------------------------------------
def test_the_students(hsb: Session) -> None:
    found = cells(ok(hsb, "sum"))
    assert found["ses"][0] == 7185
    assert (f"{found['ses'][1]:.7f}", f"{found['ses'][2]:.7f}") == ("0.0001434", "0.7793552")
    assert (f"{found['mathach'][1]:.5f}", f"{found['mathach'][2]:.6f}") == ("12.74785", "6.878246")


def test_the_schools_on_one_row_each(hsb: Session) -> None:
    ok(hsb, "egen tag = tag(id)")
    assert cells(ok(hsb, "tab tag"))["1"][0] == 160
    found = cells(ok(hsb, "sum size-meanses if tag == 1"))
    assert list(found) == ["size", "sector", "pracad", "disclim", "himinty", "meanses"]
    assert found["size"][:2] == (160, 1097.825) and f"{found['size'][2]:.4f}" == "629.5064"
    assert found["sector"][1] == 0.4375
    text = ok(hsb, "sum size if tag == 1").text
    assert "1097.825" in text and "629.5064" in text


# --- tables of counts ----------------------------------------------------------------------------------------
def test_tabulate_one(session: Session) -> None:
    outcome = ok(session, "tab a")
    counts = session.data.frame["a"].value_counts().sort_index()
    found = cells(outcome)
    assert [found[str(k)][0] for k in (0, 1, 2)] == counts.tolist()
    assert found["Total"] == (150, 100.0, None) and found["2"][2] == pytest.approx(100)
    assert [c.title for c in outcome.tables[0].columns] == ["Freq.", "Percent", "Cum."]
    assert ok(session, "di r(N) \" \" r(r)").text == "150 3"
    by_size = [r.values[0] for r in ok(session, "tab g, sort").tables[0].rows[:-1]]
    assert by_size == sorted(by_size, reverse=True)
    weighted = cells(ok(session, "tab a [fweight = w]"))
    assert weighted["1"][0] == session.data.frame.loc[session.data.frame["a"] == 1, "w"].sum()


@given(keyed(least=1))
def test_tabulate_two_is_crosstab(data: Dataset) -> None:
    everything = np.ones(len(data), dtype=bool)
    one = crosstab.levels(data, "b", everything, missing=True)
    two = crosstab.levels(data, "s", everything, missing=True)
    frame = data.frame.assign(s=data.frame["s"].fillna("\uffff"))  # behind every other text
    expected = pd.crosstab(frame["b"], frame["s"])
    np.testing.assert_array_equal(crosstab.cross(one, two), expected)
    assert two.labels[-1] == "." or data.frame["s"].notna().all()


def test_tabulate_two(session: Session) -> None:
    outcome = ok(session, "tab a g, chi2 row col cell")
    expected = pd.crosstab(session.data.frame["a"], session.data.frame["g"], margins=True)
    counts = [r.values for r in outcome.tables[0].rows if r.indent == 0]
    np.testing.assert_array_equal(np.array(counts, dtype=float), expected)
    shares = {r.label: np.array(r.values) for r in outcome.tables[0].rows[:4]}
    np.testing.assert_allclose(shares["row %"], 100 * expected.iloc[0] / expected.iloc[0, -1])
    np.testing.assert_allclose(shares["column %"], 100 * expected.iloc[0] / expected.iloc[-1])
    np.testing.assert_allclose(shares["cell %"], 100 * expected.iloc[0] / 150)
    r = r_results()["chi2"]
    returned = session.state.returned.scalars
    assert returned["chi2"] == pytest.approx(r["stat"]) and returned["p"] == pytest.approx(r["p"])
    assert f"Pearson chi2({r['df']}) = {r['stat']:.4f}" in outcome.text
    assert cells(ok(session, "tab a g, row nofreq"))["0"][-1] == 100
    v = ok(session, "tab a g, V") and session.state.returned.scalars["CramersV"]
    assert v == pytest.approx(math.sqrt(r["stat"] / 150 / 2))


def test_the_likelihood_ratio(session: Session) -> None:
    from scipy.stats import chi2_contingency

    table = pd.crosstab(session.data.frame["a"], session.data.frame["g"]).to_numpy(dtype=float)
    expected = chi2_contingency(table, correction=False, lambda_="log-likelihood")
    assert crosstab.likelihood_ratio(table) == pytest.approx(expected.statistic)
    assert crosstab.cramers_v(np.array([[1.0, 9.0], [8.0, 2.0]])) < 0


def test_tabulate_summarizes_and_makes_indicators(session: Session) -> None:
    found = cells(ok(session, "tab g, summarize(y)"))
    for row in r_results()["by_g"]:
        mean, sd, n = found[str(row["g"])]
        assert (mean, sd, n) == (pytest.approx(row["mean"]), pytest.approx(row["sd"]), row["n"])
    ok(session, "tab a, generate(d)")
    assert session.data.names[-3:] == ("d1", "d2", "d3")
    np.testing.assert_array_equal(session.data.numeric("d2"), session.data.numeric("a") == 1)
    assert len(ok(session, "tab1 a w").tables) == 2 and len(ok(session, "tab2 a w g").tables) == 3
    for command, code in {
        "tab": "syntax",
        "tab a g w": "syntax",
        "tab a, generate(d)": "variable-exists",
        "tab a [pweight = w]": "weight-kind",
        "tab a if a > 9": "no-observations",
        "tab1": "syntax",
    }.items():
        assert refused(session, command) == code, command


def test_missing_values_in_tables() -> None:
    session = session_on(dataset(a=[1.0, np.nan, 1.0], s=pd.Series(["x", None, "y"], dtype="str")))
    assert list(cells(ok(session, "tab a"))) == ["1", "Total"]
    assert list(cells(ok(session, "tab a, missing"))) == ["1", ".", "Total"]
    assert cells(ok(session, "tab a s, missing"))["."] == (0, 0, 1, 1)


# --- tables of statistics ------------------------------------------------------------------------------------
def test_tabstat(session: Session) -> None:
    found = cells(ok(session, "tabstat y, by(g) s(mean sd n p50 p25 min max)"))
    for row in r_results()["by_g"]:
        mean, sd, n, median, low, least, most = found[str(row["g"])]
        expected = (row["mean"], row["sd"], row["median"], row["p25"], row["min"], row["max"])
        assert (mean, sd, median, low, least, most) == pytest.approx(expected)
        assert n == str(row["n"])
    summary = r_results()["summary"]
    assert found["Total"][:2] == pytest.approx((summary["mean"], summary["sd"]))
    table = ok(session, "tabstat y x, statistics(mean skewness kurtosis q)").tables[0]
    assert [c.title for c in table.columns] == ["y", "x"]
    assert [r.label for r in table.rows] == ["mean", "skewness", "kurtosis", "p25", "p50", "p75"]
    assert table.rows[1].values[0] == pytest.approx(summary["skewness"])
    assert table.rows[3].values[0] == pytest.approx(summary["p"]["25"])
    across = ok(session, "tabstat y x, statistics(mean sd) columns(statistics)").tables[0]
    assert [r.label for r in across.rows] == ["y", "x"]
    both = ok(session, "tabstat y x, by(a) s(mean n) nototal").tables[0]
    assert [r.label for r in both.rows] == ["0", "mean", "N", "1", "mean", "N", "2", "mean", "N"]
    ok(session, "format y %9.2f")
    assert ok(session, "tabstat y, s(mean) format").tables[0].rows[0].values == (f"{summary['mean']:.2f}",)
    ok(session, "tabstat y, s(mean sd)")
    assert float(ok(session, "di el(r(StatTotal), 2, 1)").text) == pytest.approx(summary["sd"], rel=1e-6)
    for command, code in {
        "tabstat": "syntax",
        "tabstat y, s(middle)": "no-such-statistic",
        "tabstat y, by(q)": "no-such-variable",
        "tabstat y if g > 99": "no-observations",
    }.items():
        assert refused(session, command) == code, command


def test_summarize_detail_is_that_of_r(session: Session) -> None:
    ok(session, "su y, detail")
    r = r_results()["summary"]
    found = session.state.returned.scalars
    assert found["skewness"] == pytest.approx(r["skewness"]) and found["kurtosis"] == pytest.approx(r["kurtosis"])
    for p, value in r["p"].items():
        assert found[f"p{p}"] == pytest.approx(value), p


# --- correlations --------------------------------------------------------------------------------------------
def test_correlate(session: Session) -> None:
    table = ok(session, "cor y x w").tables[0]
    complete = session.data.frame[["y", "x", "w"]].dropna()
    expected = complete.corr().to_numpy()
    for i, row in enumerate(table.rows):
        assert row.values[: i + 1] == pytest.approx(tuple(expected[i, : i + 1]))
        assert row.values[i + 1 :] == (None,) * (2 - i)
    assert session.state.returned.scalars["N"] == len(complete)
    np.testing.assert_allclose(session.state.returned.matrices["C"].values, expected)
    ok(session, "cor y x [fweight = w], covariance means")
    again = complete.loc[complete.index.repeat(complete["w"])]
    np.testing.assert_allclose(session.state.returned.matrices["C"].values, again[["y", "x"]].cov(), rtol=1e-12)
    assert session.state.returned.scalars["N"] == len(again)


def test_pwcorr(session: Session) -> None:
    text = ok(session, "pwcorr y x w, sig obs star(.05)").text
    r = r_results()["correlation"]
    found = session.state.returned
    assert found.scalars["rho"] == pytest.approx(r["r"]) and found.scalars["N"] == r["n"]
    assert f"{r['r']:.4f}*" in text and "* p < 0.05" in text
    np.testing.assert_allclose(found.matrices["C"].values, session.data.frame[["y", "x", "w"]].corr())
    p = ok(session, "pwcorr y x, sig").tables[0].rows[3].values[0]
    assert p == pytest.approx(r["p"])
    adjusted = ok(session, "pwcorr y w a, sig bonferroni").tables[0].rows
    plain = ok(session, "pwcorr y w a, sig").tables[0].rows
    assert adjusted[3].values[0] == pytest.approx(min(1.0, 3 * plain[3].values[0]))
    assert ok(session, "pwcorr y x, listwise obs").tables[0].rows[1].values[0] == r["n"]


@given(keyed(least=2))
def test_correlations_with_holes(data: Dataset) -> None:
    from terrace.statistics.correlate import pairwise

    third = data.numeric("x")
    x = np.stack([data.numeric("y"), data.numeric("b"), np.where(np.abs(third) > 1e3, np.nan, third)], axis=1)
    found, n = pairwise(list(x.T), np.ones(len(x), dtype=bool))
    frame = pd.DataFrame(x)
    expected = frame.corr(min_periods=2)
    assume(not ((frame.std() < 1e-6) & (frame.std() > 0)).any())
    off = ~np.eye(3, dtype=bool)
    np.testing.assert_allclose(found[off], expected.to_numpy()[off], rtol=1e-6, atol=1e-9)
    there = frame.notna().astype(int)
    np.testing.assert_array_equal(n, there.T @ there)


def test_correlations_of_many_rows_and_of_a_constant() -> None:
    """Several blocks of rows, far from zero, with a constant whose variance is zero and not what rounding leaves."""
    rng = np.random.default_rng(5)
    x = rng.normal(size=(40_000, 2)) + 1e6
    x[rng.random(len(x)) < 0.1, 1] = np.nan
    session = session_on(dataset(x=x[:, 0], y=x[:, 1] + x[:, 0], c=np.full(len(x), 0.1)))
    found = ok(session, "correlate x y c, covariance means")
    complete = np.column_stack([x[:, 0], x[:, 0] + x[:, 1]])[~np.isnan(x[:, 1])].astype(np.longdouble)
    centred = complete - complete.mean(axis=0)
    expected = (centred.T @ centred / (len(centred) - 1)).astype(float)
    lower = [r.values[: k + 1] for k, r in enumerate(found.tables[1].rows)]
    np.testing.assert_allclose(lower[1], expected[1], rtol=1e-9)
    assert lower[2] == (0.0, 0.0, 0.0) and found.tables[0].rows[2].values == (0.1, 0.0, 0.1, 0.1)
    assert session.state.returned.scalars["N"] == len(complete)


def test_what_is_only_looked_at_cannot_be_changed() -> None:
    data = dataset(x=[1.0, 2.0], k=[1, 2])
    with pytest.raises(ValueError, match="read-only"):
        data.values("x")[0] = 5.0
    own = data.numeric("x")
    own[0] = 5.0
    assert data.frame["x"].tolist() == [1.0, 2.0] and data.values("k").tolist() == [1.0, 2.0]


# --- variables one by one ------------------------------------------------------------------------------------
def test_codebook() -> None:
    data = dataset(
        a=[1.0, 2.0, 2.0, np.nan], x=[0.25, 1.5, 2.0, 100.0], s=pd.Series(["u", "v", None, "u"], dtype="str")
    )
    data = data.with_variable(Variable("a", "A kind", value_labels={1: "one", 2: "two"}))
    session = session_on(data)
    a, x, s = ok(session, "codebook, tabulate(3)").tables
    assert a.title == "a: A kind" and cells_of(a)["Missing"] == "1 of 4" and cells_of(a)["2 two"].strip() == "2"
    assert (cells_of(x)["Range"], cells_of(x)["50%"], cells_of(x)["Units"]) == (".25 to 100", "1.75", ".01")
    assert cells_of(s)["Type"] == "text" and cells_of(s)["u"].strip() == "2"
    compact = cells(ok(session, "codebook, compact"))
    assert compact["a"][:2] == (3, 2) and compact["a"][-1] == "A kind"


def cells_of(table: object) -> dict[str, str]:
    return {r.label: r.values[0] for r in table.rows if r.values}  # type: ignore[attr-defined]


@given(keyed(least=1))
def test_profiles(data: Dataset) -> None:
    for name in ("x", "s"):
        p = describe.profile(data, name, limit=100)
        column = data.frame[name]
        assert (p.n, p.missing, p.unique) == (len(column), column.isna().sum(), column.nunique())
        counts = column.value_counts().sort_index()
        assert list(p.values) == counts.index.tolist() and list(p.counts) == counts.tolist()
    known = data.frame["y"]
    p = describe.profile(data, "y")
    assert (p.low, p.high) == (known.min(), known.max()) and p.mean == pytest.approx(known.mean(), abs=1e-9)


@pytest.mark.parametrize(
    ("values", "unit"), [([1.0, 2.0], 1), ([10.0, 250.0], 10), ([0.5, 2.25], 0.01), ([math.pi], 0), ([0.0, 0.0], 1)]
)
def test_units(values: list[float], unit: float) -> None:
    assert describe.profile(dataset(v=values), "v").unit == pytest.approx(unit)


def test_inspect(session: Session) -> None:
    ok(session_on(dataset(v=[-1.5, 0.0, 2.0, 2.0, np.nan])), "inspect v")
    session = session_on(dataset(v=[-1.5, 0.0, 2.0, 2.0, np.nan], s=["a"] * 5))
    found = cells(ok(session, "inspect"))
    assert found["Negative"] == (1, 0, 1) and found["Zero"] == (1, 1, 0) and found["Positive"] == (2, 2, 0)
    assert found["Missing"][0] == 1 and session.state.returned.scalars["N_unique"] == 3
    assert refused(session, "inspect s") == "text-variable"


def test_misstable(session: Session) -> None:
    found = cells(ok(session, "misstable summarize"))
    assert found["x"][:2] == (3, 147) and found["y"][:2] == (2, 148) and set(found) == {"x", "y"}
    assert len(ok(session, "misstable summarize, all").tables[0].rows) == 6
    rows = ok(session, "misstable patterns, frequency").tables[0].rows
    gone = session.data.frame[["y", "x"]].isna()
    assert [r.values for r in rows] == [(146, "+", "+"), (2, "+", "."), (1, ".", "+"), (1, ".", ".")]
    assert gone.value_counts()[(True, True)] == 1
    assert "no variable" in ok(session, "misstable summarize a").text


def test_by_describes_each_group(session: Session) -> None:
    outcome = ok(session, "bysort a: tab g")
    assert [t.title for t in outcome.tables] == ["g (a = 0)", "g (a = 1)", "g (a = 2)"]
    assert ok(session, "bysort a: tabstat y").text.count("-> a =") == 3


def test_list_formats_and_rules(session: Session) -> None:
    ok(session, "gen day = 22000 in 1/2")
    ok(session, "format day %td")
    table = ok(session, "list g day in 1/4, noobs separator(2)").tables[0]
    assert table.stub == "g" and [r.kind for r in table.rows] == ["row", "row", "total", "row"]
    assert [r.values[0] for r in table.rows] == ["2020-03-26", "2020-03-26", ".", "."]
    assert ok(session, "list if a > 9").text == ""


def test_means_have_the_decimals_of_their_column_in_a_journal() -> None:
    """The text of a listing keeps the figures of each number."""
    rng = np.random.default_rng(4)
    columns = {"x": rng.normal(12, 7, 300), "y": rng.normal(1000, 300, 300)}
    outcome = ok(session_on(dataset(**columns)), "summarize x y")
    rows = [[c.text for c in line.cells[1:3]] for line in shown(outcome.tables[0]).lines]
    for (mean, sd), values in zip(rows, columns.values(), strict=True):
        assert (mean, sd) == (f"{values.mean():,.2f}", f"{values.std(ddof=1):,.2f}")
    assert f"{columns['x'].mean():.5f}" in outcome.text
