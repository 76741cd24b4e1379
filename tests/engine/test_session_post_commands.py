"""Comparisons, explained variance, slopes, intervals and diagnostics reach the functions behind them."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from test_session_running import ok

import terrace
from terrace.data.readers.build import from_frame
from terrace.postestimation.margins.margins import margins
from terrace.postestimation.tests.contrast import contrast_tables
from terrace.postestimation.tests.pwcompare import pwcompare_table
from terrace.postestimation.tests.terms import term_table
from terrace.session.contract import Outcome
from terrace.session.session import Session
from terrace.session.state import State

MODEL = "mixed y i.t##c.x i.sex || g: x, cov(un) reml dfmethod(satterthwaite)"


def frame() -> pd.DataFrame:
    """Thirty groups of eight rows with random slopes well away from every boundary."""
    rng = np.random.default_rng(4)
    g = np.repeat(np.arange(30), 8)
    x, u = rng.normal(size=240), rng.normal(size=(30, 2))
    t, sex = np.tile([0.0, 1.0, 2.0, 3.0], 60), np.where(rng.random(240) < 0.4, "f", "m")
    y = 1 + u[g, 0] + (1 + u[g, 1] + 0.4 * (t == 2)) * x + 0.5 * t + (sex == "m") + rng.normal(size=240)
    return pd.DataFrame({"g": g, "x": x, "y": y, "t": t, "sex": sex, "week": np.tile(np.arange(1, 9), 30)})


@pytest.fixture
def session() -> Session:
    found = Session(State(dataset=from_frame(frame())))
    ok(found, MODEL)
    return found


def rows(outcome: Outcome, table: int = 0) -> list[list[object]]:
    out: list[list[object]] = outcome.tables[table].plain()["rows"]
    return out


def fails(session: Session, marked: str, code: str) -> None:
    """The command fails with this code at the place between « and »."""
    outcome = session.run(marked.replace("«", "").replace("»", ""))
    assert outcome.error is not None and outcome.error[0] == code, outcome
    if "«" in marked:
        assert outcome.error_at == (marked.index("«"), marked.index("»") - 1)


# --- contrasts --------------------------------------------------------------------------------------------
def test_contrast(session: Session) -> None:
    fit, data = session.fit, session.data
    assert fit is not None
    want = contrast_tables(fit, "ar.t", mcompare="holm", level=90, small=True, data=data)
    got = ok(session, "contrast ar.t, mcompare(holm) level(90) small")
    assert got.tables == want and len(got.tables) == 2
    assert ok(session, "contrast ar.t, mcompare(holm) level(90) small nowald").tables == want[:1]
    joint = contrast_tables(fit, "t sex", data=data)
    assert [t.rows for t in ok(session, "contrast t sex").tables] == [t.rows for t in joint] and len(joint) == 1
    alone = contrast_tables(fit, "r.t", effects=False, data=data)
    assert [t.rows for t in ok(session, "contrast r.t, noeffects").tables] == [t.rows for t in alone]
    assert len(ok(session, "contrast t, effects").tables) == 2
    assert rows(ok(session, "contrast t, nowald"))[0][0] == "(1 vs 0)"
    ok(session, "contrast t")
    chi2 = float(ok(session, "display %18.0g r(chi2)").text)
    assert chi2 == pytest.approx(rows(ok(session, "contrast t"))[0][1])
    fails(session, "contrast t, noeffects «nowald»", "options-exclude")
    fails(session, "contrast «r2d2.t»", "syntax")
    fails(session, "contrast t, mcompare(«fisher»)", "bad-option-value")
    fails(session, "contrast week", "not-a-factor")


def test_pwcompare(session: Session) -> None:
    fit, data = session.fit, session.data
    assert fit is not None
    want = pwcompare_table(fit, "t", mcompare="tukey", level=95, data=data)
    assert ok(session, "pwcompare t, mcompare(tukey)").tables[0].rows == want.rows
    assert ok(session, "pwcompare i.t, mcompare(noadj)").tables[0].rows == pwcompare_table(fit, "t", data=data).rows
    ordered = [r[1] for r in rows(ok(session, "pwcompare t, sort"))]
    assert ordered == sorted(ordered) and len(ordered) == 6  # type: ignore[type-var]


def test_tests_of_terms(session: Session) -> None:
    assert session.fit is not None
    for kind, text in (("II", "type(2) small"), ("III", "type(iii) small")):
        want = term_table(session.fit, kind, small=True)  # type: ignore[arg-type]
        assert ok(session, f"estat terms, {text}").tables == (want,)
    fails(session, "estat terms, type(«IV»)", "type")


# --- margins ----------------------------------------------------------------------------------------------
def test_margins_compared(session: Session) -> None:
    assert session.fit is not None
    found = margins(session.fit, session.data, ["t"], pwcompare=True, mcompare="sidak")
    got = rows(ok(session, "margins t, pwcompare mcompare(sidak)"))
    assert [(r[0], r[1], r[4]) for r in got] == [(label, e.value, e.p) for label, e in found.pairs]
    one = margins(session.fit, session.data, asbalanced=["t"])
    assert rows(ok(session, "margins, asbalanced(t)"))[0][1] == pytest.approx(one.margins[0])
    assert rows(ok(session, "margins"))[0][1] != pytest.approx(one.margins[0])
    drawn, again = (ok(session, c).plots[0] for c in ("margins t, at(x=(0 1)) plot", "marginsplot"))
    np.testing.assert_array_equal(drawn.panels[0].marks[0].y, again.panels[0].marks[0].y)
    fails(session, "margins t, «mcompare(tukey)»", "misplaced-option")
    fails(session, "margins t, pwcompare «post»", "options-exclude")
    fails(session, "margins t, «predict(fitted)»", "bad-option-value")


def test_posted_margins_are_tested_by_name(session: Session) -> None:
    fit = session.fit
    assert fit is not None
    posted = ok(session, "margins t, at(x=(0 1)) post")
    assert [r[-1] for r in rows(posted)][:5] == [*(f"1._at#{t}.t" for t in range(4)), "2._at#0.t"]
    by_hand = rows(ok(session, "lincom 2._at#2.t - 1._at#2.t"))[0]
    ok(session, "margins")  # the model's coefficients have their names back
    direct = rows(ok(session, "lincom x + 2.t#c.x"))[0]
    assert by_hand[1:5] == pytest.approx(direct[1:5], rel=1e-9)  # type: ignore[arg-type]
    ok(session, "margins sex, dydx(x) over(t) post small")
    one = rows(ok(session, "lincom 1.t#1.sex#x - 0.t#1.sex#x, small"))[0]
    ok(session, "margins")
    other = rows(ok(session, "lincom 1.t#c.x, small"))[0]
    assert one[1:] == pytest.approx(other[1:], rel=1e-9)  # type: ignore[arg-type]
    ok(session, "margins t, post")
    joint = rows(ok(session, "test 0.t = 1.t = 2.t = 3.t"))[0]
    assert joint[2] == 3
    ok(session, "mixed y x || g:")
    assert rows(ok(session, "test x"))[0][2] == 1, "a fit ends what was posted"
    outcome = session.run("test 0.t")
    assert outcome.error is not None and outcome.error[0] == "no-such-coefficient"


# --- slopes -----------------------------------------------------------------------------------------------
def test_slopes(session: Session) -> None:
    b = {e.term: e.coef for e in session.fit.fixed}  # type: ignore[union-attr]
    got = ok(session, "simpleslopes x t")
    assert [r[1] for r in rows(got)] == pytest.approx([b["x"] + b.get(f"{t}.t#c.x", 0.0) for t in range(4)])
    assert got.plots[0].title == "Effect of x by t" and len(got.plots[0].panels) == 1
    assert not ok(session, "simpleslopes x t, noplot").plots
    ok(session, "mixed y c.x##c.week || g:")
    b = {e.term: e.coef for e in session.fit.fixed}  # type: ignore[union-attr]
    at = rows(ok(session, "simpleslopes x week, at(1 4) noplot"))
    assert [r[1] for r in at] == pytest.approx([b["x"] + k * b["c.x#c.week"] for k in (1, 4)])
    found = ok(session, "johnsonneyman x week")
    assert found.plots and found.tables[0].key == "johnson-neyman"
    fails(session, "simpleslopes «x»", "syntax")
    ok(session, "mixed y x week || g:")
    fails(session, "johnsonneyman x week", "no-interaction")


# --- explained variance and reliability -------------------------------------------------------------------
def test_r2_and_reliability(session: Session) -> None:
    first, second = ok(session, "estat r2").tables
    assert float(ok(session, "display %18.0g r(r2_marginal)").text) == pytest.approx(first.rows[0].values[0])
    assert [r.label for r in second.rows] == ["g", "Residual"]
    assert len(ok(session, "estat r2, nolevels").tables) == 1
    ok(session, "estimates store full")
    ok(session, "mixed y || g:, reml")
    ok(session, "estimates store null")
    ok(session, "estimates restore full")
    again = rows(ok(session, "estat r2, null(null)"), 1)[0]
    assert again[1:3] == pytest.approx(second.rows[0].values[:2], rel=1e-6)
    (mean,) = ok(session, "estat reliability").tables
    by_mean, groups = ok(session, "estat reliability, groups").tables
    assert by_mean == mean and len(groups.rows) == 30
    assert mean.rows[1].values[0] == pytest.approx(np.mean([r.values[2] for r in groups.rows]))
    fails(session, "estat reliability, relevel(t)", "no-such-level")


# --- comparison -------------------------------------------------------------------------------------------
def test_models_by_reml_are_compared_by_ml_on_request(session: Session) -> None:
    commands = {"small": "mixed y x || g:", "large": "mixed y x i.t || g:"}
    for name, command in commands.items():
        for method in ("reml", "ml"):
            ok(session, f"{command}, {method}")
            ok(session, f"estimates store {name}_{method}")
    test = rows(ok(session, "lrtest small_ml large_ml"))[0]
    by_hand = ok(session, "estimates compare small_ml large_ml, notable")
    assert "by_ml" not in by_hand.payload
    warned = ok(session, "estimates compare small_reml large_reml")
    assert not {"chi2", "delta"} & {c.key for c in warned.tables[0].columns}
    assert warned.payload["by_ml"] == "estimates compare small_reml large_reml, ml"
    before = session.stored
    found = ok(session, warned.payload["by_ml"])
    assert "by_ml" not in found.payload
    table, beside = found.tables
    for row, own in zip(table.rows, by_hand.tables[0].rows):
        assert row.values == pytest.approx(own.values)
    assert dict(zip([c.key for c in table.columns], table.rows[1].values))["p"] == pytest.approx(test[3])
    estimates = {r.code: r.values for r in beside.rows}
    kept = {e.term: e.coef for e in before["large_reml"].fixed}
    assert estimates["x"][1] == kept["x"] and not {"ll", "aic", "bic"} & set(estimates)
    assert not any("cannot be compared" in n for t in found.tables for n in t.notes)
    assert session.stored == before
    mixed = ok(session, 'estimates compare small_ml large_reml, titles("A" "B") notable')
    assert mixed.payload["by_ml"] == 'estimates compare small_ml large_reml, titles("A" "B") notable ml'


def test_models_beside_one_another(session: Session, tmp_path: Path) -> None:
    ok(session, "mixed y x || g:")
    ok(session, "estimates store small")
    ok(session, "mixed y x i.t || g: x")
    ok(session, "estimates store large")
    lr = rows(ok(session, "lrtest small large"))[0]
    models, beside = ok(session, "estimates compare small large").tables
    assert [r.label for r in models.rows] == ["small", "large"]
    assert models.rows[1].values[7:10] == pytest.approx(lr[1:4])
    assert any(r.code == "icc:g" for r in beside.rows) and any(r.code == "r2:marginal" for r in beside.rows)
    assert len(ok(session, "estimates compare _all, notable").tables) == 1
    fails(session, "estimates compare «small»", "one-model")
    table = ok(session, "etable, estimates(small large) column(estimates)").tables[0]
    assert [c.title for c in table.columns] == ["small", "large"] and table.key == "etable"
    fits = session.stored
    b = {e.term: e for e in fits["large"].fixed}
    cell = {r.code: r.values[1] for r in table.rows if r.values}
    assert cell["x"] == b["x"].coef and cell["se(x)"] == b["x"].se and cell["N"] == 240
    assert cell["g:var(x)"] == fits["large"].random[0].estimate
    titles = {"depvar": ["y", "y"], "index": ["1", "2"]}
    for kind, wanted in titles.items():
        shown = ok(session, f"etable, estimates(small large) column({kind})").tables[0]
        assert [c.title for c in shown.columns] == wanted
    assert [c.title for c in ok(session, "etable").tables[0].columns] == ["y"]
    own = ok(session, 'etable, estimates(small large) titles("One" "Two and more")').tables[0]
    assert [c.title for c in own.columns] == ["One", "Two and more"]
    own = ok(session, 'estimates compare small large, titles("One" "Two")').tables[0]
    assert [r.label for r in own.rows] == ["One", "Two"]
    fails(session, 'etable, «titles("One" "Two")»', "titles")
    path = tmp_path / "models.md"
    ok(session, f'etable, estimates(_all) sd title("My table") export("{path}")')
    assert "SD(intercept)" in path.read_text() and "My table" in path.read_text()
    outcome = session.run(f'etable, export("{path}")')
    assert outcome.error is not None, "nothing is overwritten unasked"
    ok(session, f'etable, export("{path}", replace)')
    fails(session, "etable «small»", "syntax")


# --- intervals --------------------------------------------------------------------------------------------
def test_profile_and_bootstrap(session: Session) -> None:
    assert session.fit is not None
    one = ok(session, "estat profile sd(x), sd")
    assert one.plots[0].kind == "profile" and len(rows(one)) == 1
    estimate, low, high = rows(one)[0][1:4]
    assert low < estimate == session.fit.random_sd[0].estimate < high  # type: ignore[operator]
    squared = rows(ok(session, "estat profile g:var(x), variance noplot"))[0]
    assert squared[2:] == pytest.approx([low**2, high**2])  # type: ignore[operator]
    fails(session, "estat profile sd(z)", "no-such-parameter")
    first = ok(session, "estat bootstrap, reps(12) seed(5)").tables
    assert first == ok(session, "estat bootstrap, reps(12) seed(5)").tables
    ok(session, "set seed 5")
    drawn = ok(session, "estat bootstrap, reps(12)").tables
    ok(session, "set seed 5")
    assert drawn == ok(session, "estat bootstrap, reps(12)").tables != first
    fails(session, "estat bootstrap, reps(«1»)", "option-number")
    ok(session, "mixed y x || g:")
    ok(session, "estimates store a")
    ok(session, "mixed y || g:")
    test = rows(ok(session, "lrtest a ., bootstrap(9) seed(1)"))[0]
    assert test[3] == pytest.approx(0.1) and test[4] == pytest.approx(rows(ok(session, "lrtest a ."))[0][3])


def test_long_work_can_be_cancelled(session: Session) -> None:
    for command in ("estat profile", "estat bootstrap", "estat influence, refit", "estat r2"):
        before = session.state
        outcome = session.run(command, cancel=lambda: True)
        assert outcome.error is not None and outcome.error[0] == "cancelled", command
        assert session.state is before
    told: list[float] = []
    outcome = session.run("estat bootstrap, reps(5)", progress=lambda p: told.append(p.fraction or 0.0))
    assert outcome.ok and told == sorted(told) and len(told) == 5


# --- diagnostics ------------------------------------------------------------------------------------------
def test_residuals(session: Session) -> None:
    table = ok(session, "estat residuals").tables[0]
    assert [r.code for r in table.rows] == ["residual", "g:x", "g:_cons"]
    assert [p.panels[0].x.title for p in ok(session, "estat residuals x week").plots] == ["x", "week"]
    raw = ok(session, "estat residuals x, type(marginal)").plots[0]
    assert session.fit is not None
    design = session.fit.model.design
    points = next(m for m in raw.panels[0].marks if m.kind == "points")
    np.testing.assert_allclose(np.sort(points.y), np.sort(design.y - design.x @ session.fit.model.beta))


def test_acf(session: Session) -> None:
    got = ok(session, "estat acf, time(week) lags(3)")
    assert [r[0] for r in rows(got)] == ["0", "1", "2", "3"] and got.plots
    returned = float(ok(session, "display %18.0g r(acf1)").text)
    ok(session, "predict r, rstandard")
    r = session.data.numeric("r").reshape(30, 8)
    want = (r[:, 1:] * r[:, :-1]).mean() / (r**2).mean()
    assert rows(got)[1][1] == pytest.approx(want) and returned == pytest.approx(want)


def test_influence(session: Session) -> None:
    got = ok(session, "estat influence, cooksd(d) dfbetas top(3)")
    assert len(rows(got)) == 3 and [p.kind for p in got.plots] == ["influence", "dfbetas"]
    d = pd.Series(session.data.numeric("d")).groupby(frame()["g"]).first()
    assert [str(g) for g in d.sort_values(ascending=False).index[:3]] == [r[0] for r in rows(got)]
    assert rows(got)[0][2] == pytest.approx(d.max())
    assert len(rows(ok(session, "estat influence, all noplot"))) == 30
    assert rows(ok(session, "estat influence, relevel(obs) top(1)"))[0][1] == 1
    fails(session, "estat influence, relevel(t)", "no-such-level")
    fails(session, "estat influence, cooksd(«y»)", "variable-exists")


def test_check_list(session: Session) -> None:
    got = ok(session, "estat diagnostics")
    table = got.tables[0]
    assert {"convergence", "boundary", "groups", "residual-normality"} <= {r.code for r in table.rows}
    assert all(str(r.values[1]) in " ".join(got.text.split()) for r in table.rows), "the text says what the table says"
    looks = [r for r in table.rows if r.values[0] != "Fine"]
    assert float(ok(session, "display r(N_found)").text) == len(looks)


def test_a_paragraph(session: Session) -> None:
    got = ok(session, 'apa, labels(x "hours of study")')
    b = next(e for e in session.fit.fixed if e.term == "x")  # type: ignore[union-attr]
    assert "hours of study" in got.text and f"{b.coef:.2f}".replace("-", "−") in got.text
    assert "<i>" in got.payload["prose"] and "\n" not in got.text
    assert ok(session, "display r(text)").text.strip() == ok(session, 'apa, labels(x "hours of study")').text
    fails(session, "apa, labels(«x»)", "syntax")
    fails(session, 'apa, labels(«nope» "words")', "no-such-variable")


def test_plots_over_a_variable_and_of_a_level(session: Session, tmp_path: Path) -> None:
    kinds = {"lines week": "fitted-lines", "spag week": "spaghetti", "effects g": "qq-effects", "hist": "histogram"}
    for text, kind in kinds.items():
        assert ok(session, f"plot {text}").plots[0].kind == kind
    ok(session, f'plot lines week, saving("{tmp_path / "lines.png"}")')
    fails(session, "plot «lines»", "no-variable")
    fails(session, "plot hist «week»", "no-such-plot")
    fails(session, "plot lines «nope»", "no-such-variable")


def test_without_a_fit_each_says_so() -> None:
    session = Session(State(dataset=from_frame(frame())))
    for command in (
        *("contrast t", "pwcompare t", "estat terms", "estat r2", "estat reliability", "simpleslopes x t"),
        *("johnsonneyman x t", "estat profile", "estat bootstrap", "estat residuals", "estat acf"),
        *("estat influence", "etable", "estimates compare", "estat diagnostics", "apa"),
    ):
        fails(session, command, "no-fit")


def test_the_model_of_a_do_file_for_a_workshop(tmp_path: Path) -> None:
    """Two stored models in one table, as courses write it."""
    session = Session(State(dataset=terrace.sample("hsb")))
    for command in ("mixed mathach ses || id:", "est sto a", "mixed mathach ses i.sector || id:", "est sto b"):
        ok(session, command)
    text = ok(session, "etable, estimates(a b) column(estimates)").text
    label = session.data.variable("sector").label
    assert "Var(intercept)" in text and "7,185" in text and f"{label}: Catholic" in text
    assert "sector: Catholic" in ok(session, "etable, estimates(a b) novarlabel").text
