"""Commands after a fit whose parameters the data do not identify: no number of these, and a word on it."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from data_support import cells, ok, session_on
from identification_support import MODEL, SEXES, data

from terrace.data.readers.frames import as_dataset
from terrace.session.session import Session


def said(session: Session, command: str) -> str:
    """All that a command says, in one line."""
    outcome = ok(session, command)
    return " ".join(" ".join([outcome.text, *map(str, outcome.tables)]).split())


def on(frame: pd.DataFrame) -> Session:
    return session_on(as_dataset(frame))


def test_stored_results_keep_positions_and_lack_what_is_not_identified() -> None:
    session = on(data())
    ok(session, MODEL)
    assert session.fit is not None
    names = session.fit.matrix_names["b"][1]
    b, v = session.fit.matrices["b"][0], session.fit.matrices["V"]
    missing = {n for n, value in zip(names, b) if np.isnan(value)}
    assert missing == {*(f"y:{k}.g" for k in range(1, 8)), "y:_cons", "lns1_1_2:_cons", "atr1_1_1_2:_cons"}
    assert b[names.index("y:0b.g")] == 0
    assert np.isnan(np.diag(v)).tolist() == np.isnan(b).tolist()
    known = np.flatnonzero(~np.isnan(b))
    assert np.isfinite(v[np.ix_(known, known)]).all()
    for text in ("_b[2.g]", "_se[2.g]", "_b[lns1_1_2:_cons]", "_b[2.g] - _b[1.g]"):
        assert ok(session, f"display {text}").text.strip() == ".", text
    assert "not identified" in said(session, "estimates table")
    assert "not identified" in said(session, "etable")
    payload = ok(session, "mixed").payload
    assert {"1.g", "_cons", "g: cov(x,_cons)"} <= set(payload["not_identified"])
    # what is missing in a start begins as if nothing were said
    ll = session.fit.ll
    for start in ("from(b)", "from(b, copy)"):
        ok(session, "matrix b = e(b)")
        ok(session, f"{MODEL} {start}")
        assert session.fit.ll == pytest.approx(ll, abs=1e-7)


def test_the_legend_of_coefficients_says_what_is_not_identified() -> None:
    session = on(data())
    ok(session, MODEL)
    outcome = ok(session, "mixed, coeflegend")
    lines = [line.split("_b[")[0] for line in outcome.text.splitlines() if "_b[" in line]
    assert [line.split()[0] for line in lines if "not identified" in line] == [
        *(f"{k}.g" for k in range(1, 8)), "_cons", "lns1_1_2", "atr1_1_1_2",
    ]  # fmt: skip
    assert not any(line.endswith(" .  ") for line in lines)
    table = next(t for t in outcome.tables if t.key == "legend")
    assert [r.code for r in table.rows if r.values[0] == "not identified"] == [
        line.split()[0] for line in lines if "not identified" in line
    ]


def test_combinations_say_that_they_are_not_identified() -> None:
    session = on(data())
    ok(session, MODEL)
    for text in ("lincom 2.g - 1.g", "test 2.g", "testparm i.g", "nlcom exp(_b[2.g])", "testnl _b[2.g] = 1",
                 "nlcom _b[var(_cons)]", "nlcom _b[corr(x,_cons)]^2", "nlcom _b[cov(x,_cons)]^2"):  # fmt: skip
        shown = said(session, text)
        assert "not estimable" in shown, text
        assert "cov(x,_cons)" in shown.replace("\n", " "), text
    for text in ("lincom x", "nlcom _b[x]^2", "nlcom _b[var(x)]", "test x"):
        assert "ot estimable" not in said(session, text), text
    (joint,) = cells(ok(session, "testparm x i.g")).values()
    assert joint[1] == 1  # df: the slope alone
    assert "not estimable" in said(session, "estat terms")


def test_predictions_lack_what_is_not_identified_and_say_so() -> None:
    session = on(data())
    ok(session, MODEL)
    assert "cov(x,_cons)" in ok(session, "predict xb, xb").text
    assert "cov(x,_cons)" in ok(session, "predict u*, reffects").text
    assert "missing" not in ok(session, "predict f, fitted").text
    frame = session.data.frame
    assert frame.xb.isna().all() and frame.u2.isna().all()
    assert frame.u1.notna().all() and frame.f.notna().all()


def test_prefixes_show_no_number_of_what_is_not_identified() -> None:
    frame = data(groups=12, size=4)
    session = on(frame)
    for text in ("bootstrap, reps(4) seed(1) processes(1): ", "jackknife, processes(1): "):
        outcome = ok(session, text + SEXES)
        rows = {r.label: r.values for r in outcome.tables[0].rows}
        assert rows["cov(0.sex,1.sex)"] == ("not identified", None, None, None, None)
        assert rows["var(0.sex)"][1] is not None
        b = session.state.returned.matrices["b"]
        assert np.isnan(b.values[0]).tolist() == [n.endswith("cov_0_sex_1_sex") for n in b.columns]
        assert session.state.returned.scalars["N_reps"] > 3
    ok(session, "statsby, by(t): mixed y x || g:")
    session = on(data())
    outcome = ok(session, f"bootstrap, reps(3) seed(1) processes(1) cluster(t): {MODEL}")
    rows = {r.label: r.values for r in outcome.tables[0].rows}
    assert rows["2.g"] == ("not identified", None, None, None, None)
    assert rows["x"][0] is not None
    assert np.isfinite(cells(ok(session, "lincom x"))["x"][1])
    outcome = ok(session, f"statsby, by(sex): {MODEL}")
    frame = session.data.frame
    assert frame["_b_x"].notna().all()
    assert frame["_b_cons"].isna().all()


def test_imputations_show_no_number_of_what_is_not_identified() -> None:
    rng = np.random.default_rng(3)
    frame = data()
    parts = [frame.assign(m=m, row=np.arange(len(frame)), y=frame.y + 0.1 * m * rng.normal(size=len(frame)))
             for m in range(4)]  # fmt: skip
    session = on(pd.concat(parts, ignore_index=True))
    ok(session, "mi import flong, m(m) id(row)")
    outcome = ok(session, f"mi estimate, vartable: {MODEL}")
    tables = {t.key: {r.code: r.values for r in t.rows} for t in outcome.tables}
    assert tables["mi-fixed"]["2.g"][0] == "not identified"
    assert isinstance(tables["mi-fixed"]["x"][0], float)
    assert tables["mi-variance"]["2.g"][0] == "not identified"
    assert tables["mi-random"]["sd(_cons)"] == ("not identified", None, None)
    assert tables["mi-random"]["corr(x,_cons)"] == ("not identified", None, None)
    assert isinstance(tables["mi-random"]["sd(x)"][0], float)
    returned = session.state.returned
    assert np.isfinite(returned.matrices["b_mi"].values[0, 0])
    assert np.isnan(returned.matrices["b_mi"].values[0, 1:]).all()
    assert returned.scalars["df_m_mi"] == 1


def test_covariances_within_groups_stand_where_they_do_not_move() -> None:
    """Of dense V: in every entry the variance that i.g takes up moves it; that of two sexes moves none."""
    session = on(data())
    ok(session, MODEL)
    for text in ("estat wcorrelation", "estat recovariance"):
        assert "not identified" in said(session, text)
    assert np.isnan(session.state.returned.matrices["Cov2"].values).tolist() == [[False, True], [True, True]]
    session = on(data(groups=30))
    ok(session, SEXES)
    assert "not identified" not in said(session, "estat wcorrelation")


def test_what_follows_a_fit_says_so() -> None:
    session = on(data())
    ok(session, MODEL)
    rows = cells(ok(session, "estat df"))
    assert [label for label, values in rows.items() if values[0] is not None] == ["x"]
    ok(session, "estat vce")
    v = session.state.returned.matrices["V"].values
    assert np.isfinite(np.diag(v)).sum() == 4  # x, the base level, var(x), var(Residual)
    for command in ("estat residuals x, type(marginal)", "estat r2"):
        outcome = session.run(command)
        assert outcome.error is not None and outcome.error[0] == "not-identified", command
    outcome = session.run("matrix w = syminv(e(V))")
    assert outcome.error is not None and "missing values" in outcome.error[1]
    paragraph = ok(session, "apa").text
    assert "the intercept are not identified" in paragraph
    assert "(R²) is not identified" in paragraph
    boot = {r.code: r.values for r in ok(session, "estat bootstrap, reps(3) seed(1)").tables[0].rows}
    assert boot["2.g"] == ("not identified", None, None, None)
    assert isinstance(boot["x"][1], float)
    ok(session, "margins g, post")
    assert "cov(x,_cons)" in said(session, "lincom 1.g")
