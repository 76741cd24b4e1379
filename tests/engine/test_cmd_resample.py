"""Prefixes that run a command many times: statsby, rolling, bootstrap, jackknife, mi estimate."""

from __future__ import annotations

import math
from functools import partial
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from data_support import R, cells, dataset, ok, r_dataset, r_results, refused, session_on

from terrace.errors import TerraceError
from terrace.postestimation.resample.replication import bootstrap, jackknife
from terrace.postestimation.resample.rubin import joint_test, pool
from terrace.session.replicates import pool as workers
from terrace.session.replicates.resampling import draw, make_units, resampled
from terrace.session.session import Session


@pytest.fixture
def session() -> Session:
    return session_on(r_dataset())


@pytest.fixture
def grouped() -> Session:
    rng = np.random.default_rng(4)
    g = np.repeat(np.arange(1.0, 13.0), 6)
    x = rng.normal(size=72)
    y = 1 + 0.5 * x + rng.normal(size=12)[g.astype(int) - 1] + rng.normal(size=72)
    return session_on(dataset(g=g, t=np.tile(np.arange(6.0), 12), x=x, y=y))


# --- statsby and rolling -------------------------------------------------------------------------------------
def test_statsby_is_a_loop(session: Session, tmp_path: Path) -> None:
    before = session.data
    expected = {}
    for g in sorted(set(before.numeric("g"))):
        ok(session, f"regress y x if g == {g:g}")
        assert session.fit is not None
        expected[g] = (*session.fit.matrices["b"][0], session.fit.scalars["r2"])
    path = tmp_path / "lines.dta"
    outcome = ok(session, f'statsby slope=_b[x] cut=_b[_cons] fit=e(r2), by(g) saving("{path}"): regress y x')
    assert session.data is before and outcome.changed == {"document"} and "6 groups of g" in outcome.text
    assert session.run(f'statsby slope=_b[x], by(g) saving("{path}"): regress y x').error[0] == "file-exists"  # type: ignore[index]
    ok(session, f'use "{path}"')
    assert session.data.names == ("g", "slope", "cut", "fit")
    for row in session.data.frame.itertuples():
        assert (row.slope, row.cut, row.fit) == pytest.approx(expected[row.g])


def test_statsby_by_default_and_where_a_group_fails(session: Session) -> None:
    ok(session, "replace y = . if g == 2")
    outcome = ok(session, "statsby, by(g): regress y x")
    assert session.data.names == ("g", "_b_x", "_b_cons") and len(session.data) == 6
    assert np.isnan(session.data.numeric("_b_x")).tolist() == [False, True, False, False, False, False]
    assert "failed in 1 of them" in outcome.text
    ok(session, "undo")
    ok(session, "statsby _b _se, by(a): regress y x")
    assert session.data.names == ("a", "_b_x", "_b_cons", "_se_x", "_se_cons")
    ok(session, "undo")
    ok(session, "statsby, by(a): summarize y")
    assert session.data.names[:4] == ("a", "N", "sum_w", "mean")
    ok(session, "undo")
    assert refused(session, "statsby: regress y x") == "syntax"
    assert refused(session, "statsby m=r(nothing), by(a): summarize y") == "no-stored-result"
    assert refused(session, "statsby, by(a): regress q x") == "no-such-variable"
    ok(session, "replace y = .")
    assert refused(session, "statsby, by(a): regress y x") == "no-observations"


def cells_by_group() -> Session:
    """Groups of p and v: 1 has all cells, 2 no p = 2, 3 no p = 1, 4 no cell of p = 1 and v = 1; one has no name."""
    rng = np.random.default_rng(5)
    rows = [
        (g, p, v)
        for g in (1.0, 2.0, 3.0, 4.0, np.nan) for p in (1, 2, 3) for v in (0, 1) for _ in range(4)
        if (g, p) not in ((2, 2), (3, 1)) and (g, p, v) != (4, 1, 1)
    ]  # fmt: skip
    frame = pd.DataFrame(rows, columns=["g", "p", "v"])
    frame["x"] = rng.normal(size=len(frame))
    frame["y"] = rng.normal(size=len(frame)) + frame["p"] + 2 * frame["x"]
    frame["q"] = frame["p"].map({1: "a", 2: "b", 3: "c"})
    return session_on(dataset(**{n: frame[n].to_numpy() for n in frame}))


def test_statsby_leaves_out_groups_without_a_name_unless_they_are_wanted() -> None:
    session = cells_by_group()
    outcome = ok(session, "statsby m=r(mean) n=r(N), by(g) clear: summarize y")
    assert session.data.numeric("g").tolist() == [1, 2, 3, 4] and "4 groups of g" in outcome.text
    assert "24 rows without g left out; by(g, missing)" in outcome.text
    session = cells_by_group()
    outcome = ok(session, "statsby n=r(N), by(g, missing) clear: summarize y")
    assert np.isnan(session.data.numeric("g")[-1]) and session.data.numeric("n").tolist() == [24, 16, 16, 20, 24]
    assert "left out" not in outcome.text
    session = cells_by_group()
    ok(session, "statsby n=r(N), by(g) total clear: summarize y")
    assert session.data.numeric("n").tolist() == [24, 16, 16, 20, 100]
    assert refused(session, "statsby, by(n, all): summarize g") == "no-such-option"
    ok(session, "replace n = .")
    assert refused(session, "statsby, by(n): summarize g") == "no-observations"


@pytest.mark.parametrize("factor", ["p", "q"])
def test_coefficients_of_statsby_are_differences_of_the_same_means_in_every_row(factor: str) -> None:
    """A level, the base level or a cell that a group lacks: what depends on it is missing, the rest as computed."""
    session = cells_by_group()
    frame = session.data.frame.astype({"p": int, "v": int})
    mean = frame.groupby(["g", "p", "v"])["y"].mean()
    outcome = ok(session, f"statsby _b _se, by(g) clear: regress y i.{factor}##i.v")
    assert "In 2 of them levels or cells are empty" in outcome.text
    wanted = {
        f"_b_{k}_{factor}": [mean.get((g, k, 0), np.nan) - mean.get((g, 1, 0), np.nan) for g in (1, 2, 3, 4)]
        for k in (2, 3)
    }
    wanted["_b_1_v"] = [mean.get((g, 1, 1), np.nan) - mean.get((g, 1, 0), np.nan) for g in (1, 2, 3, 4)]
    wanted["_b_cons"] = [mean.get((g, 1, 0), np.nan) for g in (1, 2, 3, 4)]
    for name, values in wanted.items():
        assert session.data.numeric(name) == pytest.approx(values, rel=1e-9, nan_ok=True)
        se = session.data.numeric(name.replace("_b", "_se", 1))
        assert (np.isnan(se) == np.isnan(values)).all()


def test_statsby_keeps_coefficients_that_no_empty_level_touches_and_expressions_go_with_theirs() -> None:
    session = cells_by_group()
    ok(session, "statsby _b, by(g) clear: regress y i.p x")
    assert not np.isnan(session.data.numeric("_b_x")).any()
    assert np.isnan(session.data.numeric("_b_3_p")).tolist() == [False, False, True, False]
    session = cells_by_group()
    ok(session, "statsby two=_b[2.p] se=_se[3.p] slope=_b[x] n=e(N), by(g) clear: regress y i.p x")
    assert np.isnan(session.data.numeric("two")).tolist() == [False, True, True, False]
    assert np.isnan(session.data.numeric("se")).tolist() == [False, False, True, False]
    assert not np.isnan(session.data.numeric("slope")).any() and not np.isnan(session.data.numeric("n")).any()
    session = cells_by_group()
    assert refused(session, "statsby a=_b[7.p], by(g) clear: regress y i.p") == "no-such-coefficient"


def test_rolling_is_that_of_pandas() -> None:
    rng = np.random.default_rng(3)
    frame = pd.DataFrame({"id": np.repeat([1.0, 2.0], 12), "t": np.tile(np.arange(2000.0, 2012.0), 2)})
    frame["x"] = rng.normal(size=24)
    session = session_on(dataset(**{c: frame[c] for c in frame}))
    assert refused(session, "rolling m=r(mean), window(4): summarize x") == "no-time"
    ok(session, "xtset id t")
    assert refused(session, "rolling m=r(mean): summarize x") == "syntax"
    assert refused(session, "rolling m=r(mean), window(40): summarize x") == "no-window"
    ok(session, "rolling m=r(mean) s=r(sd), window(4): summarize x")
    rolled = frame.groupby("id")["x"].rolling(4)
    np.testing.assert_allclose(session.data.numeric("m"), rolled.mean().dropna())
    np.testing.assert_allclose(session.data.numeric("s"), rolled.std().dropna())
    assert session.data.numeric("start")[:2].tolist() == [2000, 2001]
    assert session.data.numeric("end")[0] == 2003 and session.data.numeric("id").tolist() == [1] * 9 + [2] * 9
    ok(session, "undo")
    ok(session, "rolling m=r(mean), window(4) recursive: summarize x")
    np.testing.assert_allclose(session.data.numeric("m")[:9], frame["x"][:12].expanding().mean()[3:])


# --- bootstrap -------------------------------------------------------------------------------------------------
def test_bootstrap_of_a_mean_by_hand(session: Session) -> None:
    ok(session, "bootstrap m=r(mean), reps(40) seed(11) processes(1): summarize y")
    y = session.data.numeric("y")
    units = make_units(session.data, np.ones(150, dtype=bool), (), ())
    seeds = np.random.SeedSequence(11).spawn(40)
    means = np.array([np.nanmean(y[draw(units, np.random.default_rng(s), None)]) for s in seeds])
    returned = session.state.returned.matrices
    assert returned["se"].values[0, 0] == pytest.approx(means.std(ddof=1))
    assert returned["bias"].values[0, 0] == pytest.approx(means.mean() - np.nanmean(y))
    np.testing.assert_allclose(returned["ci_percentile"].values[:, 0], np.quantile(means, [0.025, 0.975]))
    assert means.std(ddof=1) == pytest.approx(np.nanstd(y) / np.sqrt(148), rel=0.35)


def test_the_same_seed_gives_the_same_numbers(grouped: Session, tmp_path: Path) -> None:
    command = "reps(6) seed(5) {}: mixed y x || g:"
    one = ok(grouped, "bootstrap, processes(1) " + command.format("")).tables[0]
    two = ok(grouped, "bootstrap, processes(2) " + command.format(f'saving("{tmp_path / "r"}")')).tables[0]
    assert [r.values for r in one.rows] == [r.values for r in two.rows]
    other = ok(grouped, "bootstrap, processes(1) reps(6) seed(6): mixed y x || g:").tables[0]
    assert [r.values for r in one.rows] != [r.values for r in other.rows]
    ok(grouped, "set seed 8")
    first = ok(grouped, "bootstrap, reps(5): mixed y x || g:").tables[0]
    ok(grouped, "set seed 8")
    assert ok(grouped, "bootstrap, reps(5): mixed y x || g:").tables[0] == first
    ok(grouped, f'use "{tmp_path / "r.dta"}"')
    assert len(grouped.data) == 6 and grouped.data.names[:2] == ("_b_x", "_b_cons")
    assert grouped.data.numeric("_b_x").std(ddof=1) == pytest.approx(two.rows[0].values[1])


def test_groups_are_drawn_whole_and_numbered_anew(grouped: Session) -> None:
    data = grouped.data
    units = make_units(data, np.ones(72, dtype=bool), ("g",), ())
    drawn = draw(units, np.random.default_rng(1), None)
    assert len(drawn) == 12 and len(set(drawn)) < 12
    sample = resampled(data, units, drawn)
    assert sample.frame.groupby("g").size().tolist() == [6] * 12
    for number, unit in enumerate(drawn, 1):
        own = sample.frame[sample.frame["g"] == number]
        np.testing.assert_array_equal(own["y"], data.numeric("y")[data.numeric("g") == unit + 1])
    strata = make_units(data, np.ones(72, dtype=bool), (), ("t",))
    counts = pd.Series(data.numeric("t")[draw(strata, np.random.default_rng(2), None)]).value_counts()
    assert (counts == 12).all()


def test_bootstrap_takes_over_the_standard_errors(grouped: Session) -> None:
    outcome = ok(grouped, "bootstrap, reps(8) seed(2): mixed y x || g:")
    rows = cells(outcome)
    assert "12 groups of g resampled, 8 replications, seed 2" in outcome.text
    assert set(rows) == {"x", "_cons", "var(_cons)", "var(Residual)"}
    assert float(ok(grouped, "di %18.0g _se[x]").text) == pytest.approx(rows["x"][1])
    stat = next(iter(cells(ok(grouped, "test x")).values()))[0]
    assert stat == pytest.approx((rows["x"][0] / rows["x"][1]) ** 2)


def test_if_and_in_choose_the_rows_once(session: Session) -> None:
    values = {}
    for text in ("summarize y in 5/40", "summarize y if _n >= 5 & _n <= 40"):
        outcome = ok(session, f"jackknife m=r(mean): {text}")
        values[text] = outcome.tables[0].rows[0].values
        assert "36 rows left out in turn" in outcome.text
    y = session.data.numeric("y")[4:40]
    expected = np.nanstd(y, ddof=1) / np.sqrt(np.sum(~np.isnan(y)))
    one, two = values.values()
    assert one == two and one[1] == pytest.approx(expected, rel=0.02)


def test_bootstrap_refuses(grouped: Session) -> None:
    for command, code in {
        "bootstrap, reps(1): mixed y x || g:": "option-number",
        "bootstrap, nothing: mixed y x || g:": "no-such-option",
        "bootstrap: mixed y x || _all: R.g": "no-clusters",
        "bootstrap: mixed y x [fweight = g] || g:": "weights",
        "bootstrap r(nothing): summarize y": "no-stored-result",
        "bootstrap: list y": "no-statistics",
        "bootstrap 1 +: summarize y": "syntax",
        "bootstrap: mixed q x || g:": "no-such-variable",
    }.items():
        assert refused(grouped, command) == code, command


def test_cancel_leaves_everything(grouped: Session) -> None:
    before = grouped.state
    for processes in (1, 2):
        asked = iter([False] * 4 + [True] * 1000)
        outcome = grouped.run(
            f"bootstrap, reps(500) processes({processes}): mixed y x || g:", cancel=lambda asked=asked: next(asked)
        )
        assert outcome.error is not None and outcome.error[0] == "cancelled"
        assert grouped.state.fit is before.fit and grouped.state.dataset is before.dataset


def test_progress_is_told(grouped: Session) -> None:
    told = []
    grouped.run("bootstrap, reps(5) seed(1): regress y x", progress=told.append)
    fractions = [p.fraction for p in told if p.stage == "Bootstrap"]
    assert fractions == [0.2, 0.4, 0.6, 0.8, 1.0]


# --- the arithmetic --------------------------------------------------------------------------------------------
def test_jackknife_of_a_mean_is_its_standard_error(session: Session) -> None:
    outcome = ok(session, "jackknife m=r(mean): summarize x if x < .")
    x = session.data.frame["x"].dropna()
    value, se, t, p, _ = outcome.tables[0].rows[0].values
    assert (value, se) == pytest.approx((x.mean(), x.sem())) and t == pytest.approx(x.mean() / x.sem())
    from scipy.stats import t as student

    assert p == pytest.approx(2 * student.sf(abs(t), len(x) - 1))


def test_jackknife_leaves_out_groups(grouped: Session) -> None:
    ok(grouped, "jackknife: mixed y x || g:")
    se = grouped.state.returned.matrices["se"].values[0, 0]
    slopes = []
    for g in range(1, 13):
        session = session_on(grouped.data)
        ok(session, f"mixed y x if g != {g} || g:")
        slopes.append(session.fit.fixed[0].coef)  # type: ignore[union-attr]
    assert se == pytest.approx(np.sqrt(11 / 12 * np.sum((np.array(slopes) - np.mean(slopes)) ** 2)), rel=1e-6)


def test_intervals_and_bias() -> None:
    rng = np.random.default_rng(0)
    replicates = rng.normal([1.0, -2.0], [1.0, 0.5], (4000, 2))
    replicates[7] = np.nan
    found = bootstrap(np.array([1.0, -2.2]), replicates, 90)
    good = np.delete(replicates, 7, axis=0)
    assert found.used == 3999
    np.testing.assert_allclose(found.vcov, np.cov(good.T))
    np.testing.assert_allclose(found.percentile, np.quantile(good, [0.05, 0.95], axis=0).T)
    # where the observed value is the median, correcting the bias changes little; below it moves the interval down
    assert found.corrected[0] == pytest.approx(found.percentile[0], abs=0.1)
    assert (found.corrected[1] < found.percentile[1] - 0.2).all()
    assert np.isnan(bootstrap(np.array([1.0]), np.array([[np.nan]]), 95).vcov).all()
    mse = bootstrap(np.array([1.0, -2.2]), replicates, 90, mse=True)
    assert mse.se[1] ** 2 == pytest.approx(np.mean((good[:, 1] + 2.2) ** 2))
    left_out = np.array([[1.0], [2.0], [4.0]])
    assert jackknife(np.array([2.0]), left_out).se[0] == pytest.approx(np.sqrt(2 / 3 * (16 / 9 + 1 / 9 + 25 / 9)))


# --- worker processes ------------------------------------------------------------------------------------------
def test_workers_work_off_every_task() -> None:
    found: dict[int, float] = {}
    workers.run(
        partial, math.sqrt, [1.0, 4.0, 9.0, 16.0, 25.0], processes=2, done=found.__setitem__, cancelled=lambda: False
    )
    assert found == {0: 1.0, 1: 2.0, 2: 3.0, 3: 4.0, 4: 5.0}


def test_a_worker_that_fails_says_so() -> None:
    with pytest.raises(TerraceError, match="ValueError"):
        workers.run(partial, math.sqrt, [-1.0], processes=1, done=lambda i, v: None, cancelled=lambda: False)


# --- multiple imputation ---------------------------------------------------------------------------------------
@pytest.fixture
def imputed() -> Session:
    from terrace.data.readers.build import from_frame

    return session_on(from_frame(pd.read_csv(R / "imputed.csv")))


def test_rubin_is_that_of_r(imputed: Session) -> None:
    assert "5 imputations of 146 rows" in ok(imputed, "mi import flong, m(m) id(row)").text
    outcome = ok(imputed, "mi estimate: regress y x")
    r = r_results()["rubin"]
    rows = {row.code: row.values for row in outcome.tables[0].rows}
    for k, term in enumerate(("_cons", "x")):
        coef, se, df = rows[term][:3]
        assert (coef, se, df) == pytest.approx((r["b"][k], r["se"][k], r["df"][k]), rel=1e-9)
    assert imputed.state.returned.scalars["M_mi"] == 5


def test_large_sample_degrees_of_freedom(imputed: Session) -> None:
    ok(imputed, "mi import flong, m(m) id(row)")
    fits = []
    for m in range(1, 6):
        session = session_on(imputed.data)
        ok(session, f"regress y x if m == {m}")
        fits.append(session.fit)
    found = pool(np.array([f.model.beta for f in fits]), np.array([f.model.vcov for f in fits]))  # type: ignore[union-attr]
    r = r_results()["rubin"]
    np.testing.assert_allclose(found.df, [r["df_large"][1], r["df_large"][0]], rtol=1e-8)  # here x comes first
    low, high = found.interval(95)
    assert ((low < found.estimate) & (found.estimate < high)).all() and (found.p() <= 1).all()


def test_a_joint_test_of_one_is_the_square_of_t() -> None:
    rng = np.random.default_rng(1)
    found = pool(rng.normal(1, 0.2, (8, 1)), np.full((8, 1, 1), 0.3))
    test = joint_test(found, np.array([True]))
    assert test is not None and test.f == pytest.approx((found.estimate[0] / found.se[0]) ** 2)
    assert test.rvi == pytest.approx(found.rvi[0]) and joint_test(found, np.array([False])) is None


def test_equal_imputations_change_nothing(grouped: Session) -> None:
    ok(grouped, "mixed y x || g:")
    fit = grouped.fit
    assert fit is not None
    ok(grouped, "gen row = _n")
    ok(grouped, "expand 4")
    ok(grouped, "bysort row: gen m = _n - 1")
    ok(grouped, "mi import flong, m(m) id(row)")
    outcome = ok(grouped, "mi estimate: mixed y x || g:")
    rows = {row.code: row.values for row in outcome.tables[0].rows}
    for e in fit.fixed:
        assert rows[e.term][:2] == pytest.approx((e.coef, e.se)) and rows[e.term][-1] == 0
    sd = {row.code: row.values for row in outcome.tables[1].rows if row.kind == "row"}
    for r in fit.random_sd:
        assert sd[r.name][0] == pytest.approx(r.estimate) and sd[r.name][1] == pytest.approx((r.lb, r.ub))


def test_imputed_data_are_checked(imputed: Session) -> None:
    assert refused(imputed, "mi estimate: regress y x") == "mi-not-set"
    assert refused(imputed, "mi set wide") == "mi-style"
    assert refused(imputed, "mi import flong") == "syntax"
    ok(imputed, "gen h = mod(row, 10)")
    ok(imputed, "mi import flong, m(m) id(row)")
    for command, code in {
        "mi estimate: summarize y": "prefix",
        "mi estimate: mixed y x || h:, reml dfmethod(kroger)": "mi-df",
        "mi estimate, nimputations(1): regress y x": "option-number",
        "mi estimate, imputations(2): regress y x": "mi-too-few",
        "mi estimate: regress q x": "no-such-variable",
    }.items():
        assert refused(imputed, command) == code, command
    found = cells(ok(imputed, "mi describe"))
    assert found == {}  # the original is complete here
    ok(imputed, "replace y = . if _mi_m == 0 & row < 4")
    assert cells(ok(imputed, "mi describe"))["y"] == (3, 0)
    ok(imputed, "drop if _mi_m == 2 & row == 5")
    assert refused(imputed, "mi estimate: regress y x") == "mi-rows"
    ok(imputed, "undo")
    ok(imputed, "mi extract 2")
    assert len(imputed.data) == 146 and "_mi_m" not in imputed.data and set(imputed.data.numeric("m")) == {2}
