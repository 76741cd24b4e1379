"""The commands of a session: data, description, fits, stored estimates, settings."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from test_session_running import make_data, ok

from terrace.data.readers.build import from_frame
from terrace.session.commands.describe.describe import details, moments
from terrace.session.session import Session
from terrace.session.state import State


@pytest.fixture
def session() -> Session:
    return Session(State(dataset=make_data()))


def error(session: Session, command: str) -> str:
    outcome = session.run(command)
    assert outcome.error is not None, command
    return outcome.error[0]


# --- data -------------------------------------------------------------------------------------------------
def test_save_and_use(session: Session, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    first = session.data
    ok(session, "save work")
    assert Path("work.dta").exists()
    assert error(session, "save work") == "file-exists"
    ok(session, "save work, replace")
    for command in ("use work", "use work.dta, clear", 'use "work"', f'use `"{tmp_path / "work.dta"}"\''):
        ok(session, "clear")
        assert session.dataset is None
        assert "48 rows, 5 variables" in ok(session, command).text
        pd.testing.assert_frame_equal(session.data.frame, first.frame, check_dtype=False)
    ok(session, "use y x using work if g < 3 in 1/10")
    assert session.data.names == ("y", "x") and len(session.data) == 10
    assert error(session, "use nowhere") == "no-such-file"
    assert error(session, "use") == "no-file"
    assert error(session, "save") == "file-exists"  # the file that was opened
    ok(session, "save, replace")
    ok(session, "use work")
    assert len(session.data) == 10
    assert error(Session(State(dataset=make_data())), "save") == "no-file"


def test_import(session: Session, tmp_path: Path) -> None:
    path = tmp_path / "t.txt"
    path.write_text("a;b\n1,5;x\n2,5;y\n", encoding="utf-8")
    ok(session, f'import delimited using "{path}", clear')
    assert session.data.frame["a"].tolist() == [1.5, 2.5]
    ok(session, f'import delimited "{path}", delimiters(";") decimal(",") encoding(utf-8)')
    assert session.data.frame["a"].tolist() == [1.5, 2.5]
    ok(session, f'import delimited "{path}", delim(comma)')
    assert len(session.data.names) != 2 or session.data.frame.iloc[0, 0] != 1.5
    sheet = tmp_path / "t.xlsx"
    with pd.ExcelWriter(sheet) as writer:
        pd.DataFrame({"a": [1, 2]}).to_excel(writer, sheet_name="one", index=False)
        pd.DataFrame({"b": [3, 4]}).to_excel(writer, sheet_name="two", index=False)
    ok(session, f'import excel "{sheet}", sheet("two") firstrow')
    assert session.data.names == ("b",)


def test_samples(session: Session) -> None:
    listed = ok(session, "sample")
    assert listed.changed == {"document"} and "hsb" in [r.label for r in listed.tables[0].rows]
    assert ok(session, "sample sleepstudy").changed == {"data", "document"}
    assert len(session.data) == 180


def test_clear(session: Session) -> None:
    ok(session, "mixed y x || g:")
    ok(session, "est sto A")
    ok(session, "clear")
    assert session.dataset is None and session.fit is not None
    ok(session, "clear all")
    assert session.fit is None and not session.stored
    assert error(session, "clear everything") == "syntax"


def test_xtset(session: Session) -> None:
    assert "Neither" in ok(session, "xtset").text
    ok(session, "xtset g t")
    panel = session.data.panel
    assert panel is not None and (panel.panel, panel.time, panel.delta) == ("g", "t", 1.0)
    ok(session, "mixed y L.x || g:")
    assert session.fit is not None and session.fit.scalars["N"] == 40
    ok(session, "tsset g t, delta(2)")
    assert session.data.panel is not None and session.data.panel.delta == 2
    outcome = session.run("tsset t")
    assert outcome.error is not None and "t 0 occurs more than once" in outcome.error[1]
    ok(session, "xtset g")
    assert session.data.panel is not None and session.data.panel.time is None
    ok(session, "xtset, clear")
    assert session.data.panel is None
    assert error(session, "xtset g t x") == "syntax"


# --- description ------------------------------------------------------------------------------------------
def test_describe(session: Session) -> None:
    outcome = ok(session, "describe x-sex")
    assert [r.label for r in outcome.tables[0].rows] == ["x", "y", "sex"]
    assert ok(session, 'display r(N) " " r(k)').text == "48 5"
    short = ok(session, "d, short")
    assert short.tables == () and short.text.startswith("48 rows, 5 variables.")


def test_summarize_leaves_results(session: Session) -> None:
    ok(session, "su y if g <= 2 in 3/l")
    values = session.data.numeric("y")[2:12]
    assert float(ok(session, "display %12.0g r(mean)").text) == pytest.approx(values.mean(), rel=1e-6)
    ok(session, "qui su y, detail")
    y = session.data.numeric("y")
    text = ok(session, 'display %12.0g r(p50) " " %12.0g r(sd)').text.split()
    assert [float(t) for t in text] == pytest.approx([np.median(y), y.std(ddof=1)], rel=1e-6)
    rows = dict(r[:2] for r in ok(session, "su sex y").tables[0].plain()["rows"])
    assert rows == {"sex": 0, "y": 48}
    assert error(session, "su sex, detail") == "text-variable"
    assert error(session, "su y [pw=t]") == "weight-kind"


finite = st.floats(-1e6, 1e6).map(lambda x: round(x, 3))


@given(st.lists(st.one_of(finite, st.just(np.nan)), min_size=1, max_size=30))
def test_moments_are_those_of_pandas(values: list[float]) -> None:
    s = pd.Series(values)
    out = moments(np.array(values))
    assert out["N"] == s.count()
    if s.count():
        wanted = {"mean": s.mean(), "min": s.min(), "max": s.max(), "sum": s.sum(), "sd": s.std()}
        for name, value in wanted.items():
            assert out[name] == pytest.approx(value, rel=1e-9, abs=1e-8, nan_ok=True)


@given(st.lists(st.tuples(finite, st.integers(0, 4)), min_size=1, max_size=12))
def test_frequency_weights_are_copies(rows: list[tuple[float, int]]) -> None:
    values, weights = (np.array(c, dtype=float) for c in zip(*rows))
    copies = np.repeat(values, weights.astype(int))
    for weighted, plain in (
        (moments(values, weights, "fweight"), moments(copies)),
        (details(values, weights), details(copies)),
    ):
        assert weighted.keys() == plain.keys()
        for name, value in plain.items():
            assert weighted[name] == pytest.approx(value, rel=1e-7, abs=1e-7, nan_ok=True)


def test_details_have_the_shape_of_known_distributions() -> None:
    x = np.arange(1.0, 101.0)
    out = details(x)
    assert out["skewness"] == pytest.approx(0, abs=1e-12)
    assert out["kurtosis"] == pytest.approx(1.8, abs=1e-3)  # that of a uniform distribution
    assert (out["p1"], out["p25"], out["p50"], out["p99"]) == (1.5, 25.5, 50.5, 99.5)
    assert details(np.array([np.nan])) == {}


def test_list(session: Session) -> None:
    table = ok(session, "list g x in 2/4").tables[0]
    assert [r.label for r in table.rows] == ["2", "3", "4"]
    assert [c.title for c in table.columns] == ["g", "x"]
    table = ok(session, "list g sex if t == 0, sepby(g) noobs").tables[0]
    assert [r.kind for r in table.rows] == ["row"] + ["total"] * 7


def test_list_shows_labels_and_missing_values() -> None:
    from terrace.data.dataset import Variable

    data = from_frame(pd.DataFrame({"a": [1.0, 2.0, np.nan], "b": ["x", None, "z"]}))
    data = data.with_variable(Variable("a", value_labels={1.0: "one"}))
    session = Session(State(dataset=data))
    rows = ok(session, "list").tables[0].rows
    assert [r.values for r in rows] == [("one", "x"), ("2", ""), (".", "z")]
    assert ok(session, "list a, nolabel").tables[0].rows[0].values == ("1",)


# --- fits -------------------------------------------------------------------------------------------------
def test_mixed_carries_the_contract_of_the_json(session: Session) -> None:
    outcome = ok(session, "mixed y x i.t || g: x, cov(un)")
    assert outcome.changed == {"results", "document"} and outcome.fit is session.fit and outcome.type == "mixed"
    payload = outcome.payload
    assert payload["scalars"]["N"] == 48 and payload["groups"][0]["level"] == "g"
    assert [r["name"] for r in payload["random"]] == ["var(x)", "var(_cons)", "cov(x,_cons)", "var(Residual)"]
    terms = [r["term"] for r in payload["fixed"]]
    assert terms[0] == "x" and terms[-1] == "_cons" and "1.t" in terms and not any(t.startswith("0") for t in terms)
    assert set(payload["comparison"]) == {"label", "stat", "df", "p", "conservative"}
    assert ok(session, "mixed y").payload["comparison"] is None
    assert session.fits == (outcome.fit, session.fit)
    assert ok(session, "xtmixed y x || g:").type == "mixed"
    assert session.fit is not None and session.fit.spec.method == "reml"


def test_replay(session: Session) -> None:
    fit = ok(session, "mixed y x || g:, reml dfmethod(kr)").fit
    again = ok(session, "mixed")
    assert again.fit is None and session.fit is fit and again.changed == {"document"} and session.fits == (fit,)
    ok(session, "mixed y x || g:")
    for option in ("small", "dftable(ci)", "dfmethod(default)"):
        assert error(session, f"mixed, {option}") == "dftable-no-df"
    assert error(session, "mixed, reml") == "misplaced-option"
    assert error(session, "mixed, nolevel") == "no-such-option"
    for level in ("5", "100", "abc"):
        assert session.run(f"mixed, level({level})").error is not None


def test_replay_shows_large_samples_unless_small_is_asked_for(session: Session) -> None:
    model = "mixed y x i.t || g:, reml nolog"
    large = ok(session, model).text
    small = ok(session, f"{model} dfmethod(kroger)").text
    assert small != large
    assert ok(session, "mixed").text == large
    for option in ("small", "dfmethod(default)", "dftable(default)"):
        assert ok(session, f"mixed, {option}").text == small
    assert "sd(_cons)" in ok(session, "xtmixed").text and "var(_cons)" in ok(session, "xtmixed, variance").text
    shown = ok(session, "mixed, dftable(pvalue) norettable").text
    assert " df " in shown and "Random-effects" not in shown and "conf." not in shown


def test_replay_at_another_level_is_the_fit_at_that_level(session: Session) -> None:
    for options in ("", "reml dfmethod(satterthwaite)", "vce(robust)", "stddeviations", "estmetric"):
        first = ok(session, f"mixed y x || g: x, nolog {options} level(80)")
        table = session.state.returned.matrices["table"].values
        ok(session, f"mixed y x || g: x, nolog {options}")
        kept = options if options in ("stddeviations", "estmetric") else "small" if "df" in options else ""
        again = ok(session, f"mixed, level(80) {kept}")
        assert again.text == first.text, options
        np.testing.assert_array_equal(session.state.returned.matrices["table"].values, table)
        assert [t.rows for t in again.tables] == [t.rows for t in first.tables]


def test_stored_parameters_have_the_names_of_other_programs(session: Session) -> None:
    ok(session, "replace y = y + x * sin(7 * g)")
    fit = ok(session, "mixed y x || g: x, cov(un)").fit
    assert fit is not None and not fit.boundary
    value = {r.name: r.estimate for r in fit.random}
    sd = {r.name: r.estimate for r in fit.random_sd}

    def shown(text: str) -> float:
        return float(ok(session, f"display %18.0g {text}").text)

    assert shown("exp(2*_b[lns1_1_1:_cons])") == pytest.approx(value["var(x)"])
    assert shown("exp([lns1_1_2]_cons)^2") == pytest.approx(value["var(_cons)"])
    assert shown("tanh([atr1_1_1_2]_b[_cons])") == pytest.approx(sd["corr(x,_cons)"])
    assert shown("exp(2*_b[lnsig_e:_cons])") == pytest.approx(value["var(Residual)"])
    assert shown("[y]_b[x]") == shown("_b[x]") == shown("[y]x") == pytest.approx(fit.fixed[0].coef)
    assert shown("_se[lns1_1_1:_cons]") == pytest.approx(fit.random_estmetric[0].se)
    assert shown("y[2]") == pytest.approx(session.data.numeric("y")[1])
    assert error(session, "display _b[lns2_1_1:_cons]") == "no-such-coefficient"
    row = ok(session, "nlcom exp(2*_b[lns1_1_1:_cons])").tables[0].rows[0].values
    assert row[0] == pytest.approx(value["var(x)"]) and row[1] == pytest.approx(fit.random[0].se)
    legend = ok(session, "mixed, coeflegend").tables[0]
    for legend_row in legend.rows:
        assert shown(str(legend_row.values[1])) == pytest.approx(legend_row.values[0])


def test_standard_errors_by_name_are_those_of_the_stored_matrix(session: Session) -> None:
    fit = ok(session, "mixed y x || g:, reml dfmethod(kroger)").fit
    assert fit is not None
    shown = float(ok(session, "display %18.0g _se[x]").text)
    assert shown == pytest.approx(fit.matrices["V"][0, 0] ** 0.5)
    assert fit.fixed[0].se == pytest.approx(fit.matrices["V_df"][0, 0] ** 0.5) and shown != fit.fixed[0].se


def test_the_ratio_of_residual_deviations_is_that_of_the_table(session: Session) -> None:
    fit = ok(session, "mixed y x || g:, residuals(independent, by(sex))").fit
    assert fit is not None
    variances = [r.estimate for r in fit.random if r.level == "Residual"]
    text = "exp(_b[lnsig_e:_cons] + _b[r_lns2ose:_cons])^2"
    assert float(ok(session, f"display %18.0g {text}").text) == pytest.approx(variances[1])
    row = ok(session, f"nlcom {text}").tables[0].rows[0].values
    assert row[0] == pytest.approx(variances[1]) and row[1] == pytest.approx(fit.random[-1].se)


def test_settings_hold_for_fits_that_follow(session: Session) -> None:
    assert ok(session, "set level 90").changed == {"settings"}
    ok(session, "set showbaselevels on")
    ok(session, "set more off")
    fit = ok(session, "mixed y i.t || g:").fit
    assert fit is not None and fit.spec.display.level == 90 and fit.spec.display.baselevels
    fit = ok(session, "mixed y i.t || g:, level(95)").fit
    assert fit is not None and fit.spec.display.level == 95
    listed = dict(r[:2] for r in ok(session, "set").tables[0].plain()["rows"])
    assert listed["level"] == "90" and listed["showbaselevels"] == "on" and listed["lstretch"] == "on"
    for bad in ("set level", "set showbaselevels maybe", "set cformat 9", "set fvwrap 1.5", "set lstretch 1"):
        session_state = session.state
        assert session.run(bad).error is not None, bad
        assert session.state is session_state


def test_random_numbers_repeat_with_a_seed(session: Session) -> None:
    draws = []
    for _ in range(2):
        ok(session, "set seed 12")
        draws.append(ok(session, "display runiform()").text)
    assert draws[0] == draws[1] != ok(session, "display runiform()").text


def test_results_by_name(session: Session) -> None:
    fit = ok(session, "mixed y x || g:").fit
    assert fit is not None
    shown = ok(session, 'display %14.0g e(ll) " " %14.0g _b[x] " " %14.0g e(b)[1,1] " " %14.0g _se[_cons]').text
    values = [float(v) for v in shown.split()]
    assert values == pytest.approx([fit.ll, fit.fixed[0].coef, fit.fixed[0].coef, fit.fixed[-1].se], rel=1e-9)
    listed = {r.label for t in ok(session, "ereturn list").tables for r in t.rows}
    assert {"e(N)", "e(ll)", "e(cmd)", "e(b)", "e(V)", "e(sample)"} <= listed
    table = session.state.returned.matrices["table"]
    assert table.rows[0] == "b" and table.columns == fit.matrix_names["b"][1]
    assert table.values[0, 0] == fit.fixed[0].coef
    assert ok(session, "return list").tables[-1].rows[0].label == "r(table)"


def test_constraints(session: Session) -> None:
    ok(session, "constraint 1 x = 2")
    ok(session, "constraint define 2 _cons = 1")
    assert session.state.constraints == {1: "x = 2", 2: "_cons = 1"}
    fit = ok(session, "mixed y x || g:, constraints(1)").fit
    assert fit is not None and fit.fixed[0].coef == pytest.approx(2)
    assert [r.label for r in ok(session, "constraint list").tables[0].rows] == ["1", "2"]
    assert [r.label for r in ok(session, "constraint dir 2").tables[0].rows] == ["2"]
    ok(session, "constraint drop 1")
    assert error(session, "mixed y x || g:, constraints(1)") == "no-such-constraint"
    ok(session, "constraint drop _all")
    assert "no constraints" in ok(session, "constraint list").text
    for bad in ("constraint", "constraint 1", "constraint 0 x=1", "constraint a x=1"):
        assert session.run(bad).error is not None, bad


# --- stored estimates -------------------------------------------------------------------------------------
def test_stored_estimates(session: Session) -> None:
    assert error(session, "est sto A") == "no-fit"
    small = ok(session, "mixed y || g:").fit
    assert ok(session, "estimates store A").changed == {"estimates"}
    big = ok(session, "mixed y x || g:").fit
    ok(session, "est sto B")
    assert tuple(session.stored) == ("A", "B") and session.stored["A"].name == "A"
    assert [r.label for r in ok(session, "est dir").tables[0].rows] == ["A", "B"]
    assert [c.title for c in ok(session, "est table A B .").tables[0].columns] == ["A", "B", "Active"]
    assert session.fit is big
    assert ok(session, "est restore A").changed == {"results"}
    assert session.fit is not None and small is not None and session.fit.ll == small.ll
    outcome = session.run("est restore C")
    assert outcome.error is not None and outcome.error[0] == "no-such-estimates" and "A, B" in outcome.error_advice
    ok(session, "est drop A")
    assert tuple(session.stored) == ("B",)
    assert error(session, "est drop") == "bad-name"
    ok(session, "est clear")
    assert not session.stored and "No estimates" in ok(session, "est dir").text
    for bad in ("est sto", "est sto A B", "est sto 1a", "est sto _all"):
        assert error(session, bad) == "bad-name"


# --- prediction -------------------------------------------------------------------------------------------
def test_predict(session: Session) -> None:
    assert error(session, "predict p") == "no-fit"
    fit = ok(session, "mixed y x || g: x, cov(un)").fit
    assert fit is not None
    assert "linear prediction" in ok(session, "predict p").text
    b = {e.term: e.coef for e in fit.fixed}
    x = session.data.numeric("x")
    assert session.data.numeric("p") == pytest.approx(b["_cons"] + b["x"] * x)
    assert session.data.variable("p").label
    ok(session, "predict double f if g < 3, fitted")
    ok(session, "predict r, residuals")
    f, r, y = (session.data.numeric(n) for n in ("f", "r", "y"))
    inside = session.data.numeric("g") < 3
    assert np.isnan(f[~inside]).all() and (f + r)[inside] == pytest.approx(y[inside])
    ok(session, "predict u*, reffects reses(se*)")
    u1, u2 = session.data.numeric("u1"), session.data.numeric("u2")
    assert (session.data.numeric("p") + u1 * x + u2)[inside] == pytest.approx(f[inside])
    assert (session.data.numeric("se1") > 0).all()
    ok(session, "predict v1 v2, ref")
    assert session.data.numeric("v2") == pytest.approx(u2)


@pytest.mark.parametrize(
    ("command", "code"),
    [
        ("predict", "number-of-names"),
        ("predict x", "variable-exists"),
        ("predict a b", "number-of-names"),
        ("predict a, reffects", "number-of-names"),
        ("predict a, fitted xb", "options-exclude"),
        ("predict a*, xb reses(b*)", "misplaced-option"),
        ("predict 1a", "bad-name"),
        ("predict a, nope", "no-such-option"),
        ("predict a if x > 1000", "no-observations"),
    ],
)
def test_predictions_that_make_no_sense(session: Session, command: str, code: str) -> None:
    ok(session, "mixed y x || g: x")
    before = session.state
    assert error(session, command) == code
    assert session.state is before


# --- display ----------------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("command", "text"),
    [
        ("display 2*3", "6"),
        ('di "a"', "a"),
        ('di "a" 2*3 "b"', "a6b"),
        ('di "a", 2, "b"', "a2b"),
        ('di "a" + "b"', "ab"),
        ('di "x" == "x"', "1"),
        ("di %9.3f exp(1)", "    2.718"),
        ('di %5.2f 1/3 " and " 1/3', " 0.33 and .33333333"),
        ('di as text "n = " as result 3', "n = 3"),
        ('di "a" _n "b" _skip(3) "c"', "a\nb   c"),
        ("di 1/0", "."),
        ('di "ab" _col(6) "c" _col(2) "d"', "ab   cd"),
        ('di _dup(3) "-" "x"', "---x"),
        ('di %6s "ab" %-4s "c" "|"', "    abc   |"),
        ('di %-6s sex "|"', "f     |"),
        ('di strlen("a, b")', "4"),
        ("di", ""),
        ("di 1e-10", "1.000e-10"),
        ('di `"say "hi""\'', 'say "hi"'),
        ("di x[1] > -100", "1"),
    ],
)
def test_display(session: Session, command: str, text: str) -> None:
    assert ok(session, command).text == text


# --- scalars and matrices ---------------------------------------------------------------------------------
def test_scalars(session: Session) -> None:
    ok(session, "scalar a = 2^3")
    ok(session, 'scalar define b = "text"')
    ok(session, "sca c = a + 1")
    assert session.state.scalars == {"a": 8.0, "b": "text", "c": 9.0}
    assert [r.label for r in ok(session, "scalar list").tables[0].rows] == ["a", "b", "c"]
    assert ok(session, "display a*c").text == "72"
    ok(session, "scalar drop a b")
    assert error(session, "scalar list a") == "no-such-scalar"
    for bad in ("scalar", "scalar a", "scalar 1 = 2", "scalar a =", "scalar drop"):
        assert session.run(bad).error is not None, bad


def test_matrices(session: Session) -> None:
    fit = ok(session, "mixed y x || g:").fit
    assert fit is not None
    ok(session, "mat base=e(b)")
    ok(session, "mixed y || g:")
    table = ok(session, "mat list base").tables[0]
    assert table.rows[0].values == pytest.approx(fit.matrices["b"][0])
    assert tuple(c.code for c in table.columns) == fit.matrix_names["b"][1]
    assert [c.title for c in table.columns] == ["y:\nx", "y:\n_cons", "lns1_1_1:\n_cons", "lnsig_e:\n_cons"]
    assert float(ok(session, "display %14.0g base[1,2]").text) == pytest.approx(fit.matrices["b"][0, 1])
    ok(session, "matrix copy = base")
    assert ok(session, "mat dir").tables[0].rows[1].values == fit.matrices["b"].shape
    assert ok(session, "matrix list r(table)").tables[0].rows[0].label == "b"
    ok(session, "matrix drop base")
    assert error(session, "matrix list base") == "no-such-matrix"
    assert error(session, "matrix a = e(nope)") == "no-such-matrix"


# --- the iteration log ------------------------------------------------------------------------------------
def test_the_iteration_log_is_what_the_options_ask_for(session: Session) -> None:
    fit = ok(session, "mixed y x || g: x").fit
    assert fit is not None

    def lines(options: str) -> tuple[int, int, int]:
        text = ok(session, f"mixed y x || g: x, {options}").text
        before = text.partition("Mixed-effects")[0]
        em, _, newton = before.partition("Gradient-based")
        return em.count("Iteration "), newton.count("Iteration "), em.count(".") if "dots" in options else 0

    assert lines("log") == (0, sum(i.phase != "EM" for i in fit.log), 0)
    assert lines("nolog") == (0, 0, 0)
    fit = ok(session, "mixed y x || g: x, emiterate(5)").fit
    assert fit is not None
    em = sum(i.phase == "EM" for i in fit.log)
    assert lines("emlog nolog emiterate(5)") == (em, 0, 0) != (0, 0, 0)
    assert lines("emdots nolog emiterate(5)") == (0, 0, em)
    assert lines("emonly emiterate(7)")[:2] == (8, 0)
    text = ok(session, "mixed y x || g: x, trace gradient showtolerance").text
    assert "gradient" in text and "step" in text and "relative change" in text
    assert "parameters (search metric)" in text
    assert "Iteration" not in ok(session, "mixed").text
