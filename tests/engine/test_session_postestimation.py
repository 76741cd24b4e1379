"""Commands after a fit reach the functions behind them, with their options."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from test_session_running import ok

from terrace.data.readers.build import from_frame
from terrace.session.session import Session
from terrace.session.state import State


@pytest.fixture
def session() -> Session:
    """A fit with a random slope that is well away from every boundary."""
    rng = np.random.default_rng(11)
    g = np.repeat(np.arange(40), 6)
    x, u = rng.normal(size=240), rng.normal(size=(40, 2))
    y = 1 + u[g, 0] + (2 + u[g, 1]) * x + rng.normal(size=240)
    frame = pd.DataFrame({"g": g, "x": x, "y": y, "t": np.tile(np.arange(6.0), 40)})
    found = Session(State(dataset=from_frame(frame)))
    ok(found, "mixed y x || g: x, cov(un)")
    return found


def plain(session: Session, command: str) -> list[list[object]]:
    rows: list[list[object]] = ok(session, command).tables[0].plain()["rows"]
    return rows


def test_estat(session: Session) -> None:
    fit = session.fit
    assert fit is not None
    assert plain(session, "estat group") == [["g", 40, 6, 6.0, 6]]
    (row,) = plain(session, "estat ic")
    assert row[0] == "." and row[1] == 240 and row[3] == fit.ll and row[4] == 6
    assert row[5] == pytest.approx(-2 * fit.ll + 2 * 6)
    assert row[6] == pytest.approx(-2 * fit.ll + np.log(240) * 6)
    assert [r[0] for r in plain(session, "estat sd")] == ["sd(x)", "sd(_cons)", "corr(x,_cons)", "sd(Residual)"]
    narrow = plain(session, "estat sd, level(50)")[0]
    wide = plain(session, "estat sd")[0]
    assert narrow[1] == wide[1] and narrow[4] - narrow[3] < wide[4] - wide[3]  # type: ignore[operator]
    ok(session, "set level 50")
    assert plain(session, "estat sd")[0] == narrow
    sigma = plain(session, "estat recov")
    r = plain(session, "estat recov, corr")
    assert r[1][1] == pytest.approx(sigma[1][1] / np.sqrt(sigma[0][1] * sigma[1][2]))  # type: ignore[operator]
    v = plain(session, "estat vce")
    assert v[0][1] == pytest.approx(fit.fixed[0].se ** 2)  # type: ignore[operator]
    assert len(plain(session, "estat vce, all")) > len(v)
    assert plain(session, "estat su")[0][:2] == ["y", 240]
    assert len(plain(session, "estat df, method(residual anova)")[0]) == 3
    assert session.run("estat df, method(foo)").error is not None
    (first,) = (r for r in plain(session, "estat wcor, at(g=3) cov") if r[0] == "1")
    z = session.data.numeric("x")[18]
    wanted = sigma[0][1] * z**2 + 2 * sigma[1][1] * z + sigma[1][2] + fit.random[-1].estimate  # type: ignore
    assert first[1] == pytest.approx(wanted)
    assert session.run("estat wcor, at(3)").error is not None
    ok(session, "mixed y x || g:")
    (icc,) = plain(session, "estat icc")
    assert session.fit is not None
    between, within = (p.estimate for p in session.fit.random)
    assert icc[0] == "g" and icc[1] == pytest.approx(between / (between + within))


def test_lrtest(session: Session) -> None:
    big = session.fit
    ok(session, "est sto big")
    small = ok(session, "mixed y x || g:").fit
    assert big is not None and small is not None
    for command in ("lrtest big .", "lrtest big", "lrtest . big"):
        (row,) = plain(session, command)
        assert row[1] == pytest.approx(2 * (big.ll - small.ll)) and row[2] == 2
    assert float(ok(session, "display %14.0g r(p)").text) == pytest.approx(row[3])
    for bad, code in [("lrtest", "syntax"), ("lrtest a b c", "syntax"), ("lrtest nope", "no-such-estimates")]:
        outcome = session.run(bad)
        assert outcome.error is not None and outcome.error[0] == code


def test_estimates_stats(session: Session) -> None:
    ok(session, "est sto A")
    ok(session, "mixed y || g:")
    assert [r[0] for r in plain(session, "estimates stats A .")] == ["A", "."]
    assert session.run("estimates stats B").error is not None


def test_hypotheses(session: Session) -> None:
    fit = session.fit
    assert fit is not None
    x = fit.fixed[0]
    assert x.stat is not None
    (row,) = plain(session, "test x")
    assert row[1] == pytest.approx(x.stat**2) and row[2] == 1 and row[3] == pytest.approx(x.p)
    assert float(ok(session, "display %14.0g r(chi2)").text) == pytest.approx(x.stat**2)
    (row,) = plain(session, "lincom 2*x - 1, level(90)")
    assert row[1] == pytest.approx(2 * x.coef - 1)
    assert len(plain(session, "test (x = 1) (_cons = 0), mtest(h)")) == 3
    (row,) = plain(session, "nlcom _b[x]^2")
    assert row[1] == pytest.approx(x.coef**2)
    ok(session, "scalar k = 2")
    assert plain(session, "nlcom _b[x]^k")[0][1] == pytest.approx(x.coef**2)
    ok(session, "mixed y x i.t || g:, reml dfmethod(kr)")
    (row,) = plain(session, "testparm i.t, small")
    assert row[2] == 5
    outcome = session.run("test x = nope")
    assert outcome.error is not None and outcome.error_at == (9, 13)


def test_margins(session: Session) -> None:
    fit = ok(session, "mixed y i.t##c.x || g:").fit
    assert fit is not None
    b = {e.term: e.coef for e in fit.fixed}
    x = session.data.numeric("x")
    for command in ("margins t, at(x=(0 1))", "margins i.t, at(x = (0/1))", "mar t, at(x=0) at(x=1)"):
        rows = plain(session, command)
        assert [r[0] for r in rows] == [f"{k}#{t}" for k in (1, 2) for t in range(6)]
        assert rows[0][1] == pytest.approx(b["_cons"])
        assert rows[7][1] == pytest.approx(b["_cons"] + b["1.t"] + b["x"] + b["1.t#c.x"])
    assert ok(session, "mat list r(b)").tables[0].rows[0].values[7] == rows[7][1]
    plot = ok(session, "marginsplot").plots[0]
    assert plot.panels and ok(session, "marginsplot, x(t)").plots[0] != plot
    row = plain(session, "margins, at((mean) x) at(t=2)")[0]
    lines = [(b["_cons"] + b.get(f"{t}.t", 0), b["x"] + b.get(f"{t}.t#c.x", 0)) for t in range(6)]
    assert row[1] == pytest.approx(np.mean([cons + slope * x.mean() for cons, slope in lines]))
    slopes = plain(session, "margins, dydx(x) over(t)")
    assert slopes[1][1] == pytest.approx(b["x"] + b["1.t#c.x"])
    narrow, wide = plain(session, "margins, level(50)")[0], plain(session, "margins")[0]
    assert wide[6] - wide[5] > narrow[6] - narrow[5]  # type: ignore[operator]


@pytest.mark.parametrize(
    ("marked", "code"),
    [
        ("margins t, at(«z»=1)", "no-such-variable"),
        ("margins t, at(«x»)", "at"),
        ("margins t, at(«=1»)", "at"),
        ("margins t, at((«mode») x)", "bad-option-value"),
        ("margins t, at«(»x=(1 2)", "brackets"),
        ("margins «nope»", "no-such-variable"),
        ("margins t, «pairwise»", "no-such-option"),
        ("margins t, at(x=1 «b»)", "at"),
        ("margins t, at(x=(1 «b»))", "numlist"),
    ],
)
def test_margins_that_make_no_sense(session: Session, marked: str, code: str) -> None:
    ok(session, "mixed y i.t x || g:")
    text = marked.replace("«", "").replace("»", "")
    before = session.state
    outcome = session.run(text)
    assert outcome.error is not None and session.state is before
    assert outcome.error[0] == code
    assert outcome.error_at == (marked.index("«"), marked.index("»") - 1)


def test_slopes_need_predictors(session: Session) -> None:
    ok(session, "mixed y || g:")
    outcome = session.run("margins, dydx(*)")
    assert outcome.error is not None and outcome.error[0] == "no-predictors"


def test_a_plot_of_margins_needs_margins(session: Session) -> None:
    outcome = session.run("marginsplot")
    assert outcome.error is not None and outcome.error[0] == "no-margins"
