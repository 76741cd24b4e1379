"""Margins beyond averages: elasticities, expressions, contrasts of margins, rows that were chosen."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pandas as pd
import pytest
from scipy import stats
from test_session_post_options import refused, row
from test_session_running import ok

from terrace.data.readers.build import from_frame
from terrace.session.session import Session
from terrace.session.state import State

MODEL = "mixed y i.t##c.x c.x#c.x i.s || g:, reml dfmethod(satterthwaite)"


def frame() -> pd.DataFrame:
    """Positive outcomes, unequal cells."""
    rng = np.random.default_rng(21)
    g = np.repeat(np.arange(25), 6)
    x, t = rng.uniform(1, 3, 150), rng.choice([1.0, 2.0, 5.0], 150, p=[0.5, 0.3, 0.2])
    s = np.where(rng.random(150) < 0.3, "b", "a")
    y = 6 + rng.normal(size=25)[g] + (1 + 0.3 * (t == 2)) * x + 0.2 * x * x + (s == "b") + rng.normal(size=150)
    return pd.DataFrame({"y": y, "x": x, "t": t, "s": s, "g": g})


@pytest.fixture(scope="module")
def state() -> State:
    session = Session(State(dataset=from_frame(frame())))
    ok(session, MODEL)
    return session.state


def prediction(beta: dict[str, float], f: pd.DataFrame) -> np.ndarray:
    """xβ written out."""
    out = beta["_cons"] + beta["x"] * f.x + beta["c.x#c.x"] * f.x**2 + beta["2.s"] * (f.s == "b")
    for t in (2, 5):
        out = out + (f.t == t) * (beta[f"{t}.t"] + beta[f"{t}.t#c.x"] * f.x)
    return out.to_numpy()


def by_delta(session: Session, g: Callable[[dict[str, float]], float]) -> tuple[float, float]:
    """The value of a function of the coefficients, and its SE by central differences."""
    fit = session.fit
    assert fit is not None
    names = [c.name for c in fit.model.design.x_info]
    at = dict(zip(names, fit.model.beta))
    slope = np.array([(g(at | {n: at[n] + 1e-5}) - g(at | {n: at[n] - 1e-5})) / 2e-5 for n in names])
    return g(at), float(np.sqrt(slope @ fit.model.vcov @ slope))


def moved(beta: dict[str, float], f: pd.DataFrame) -> np.ndarray:
    """The derivative of xβ by x."""
    h = 1e-4
    return (prediction(beta, f.assign(x=f.x + h)) - prediction(beta, f.assign(x=f.x - h))) / (2 * h)


@pytest.mark.parametrize(
    ("command", "g"),
    [
        ("margins, eyex(x)", lambda b, f: (moved(b, f) * f.x / prediction(b, f)).mean()),
        ("margins, dyex(x)", lambda b, f: (moved(b, f) * f.x).mean()),
        ("margins, eydx(x)", lambda b, f: (moved(b, f) / prediction(b, f)).mean()),
        (
            "margins, eyex(x) at(x=2 t=5)",
            lambda b, f: (
                moved(b, f.assign(x=2.0, t=5.0)) * 2 / prediction(b, f.assign(x=2.0, t=5.0))
            ).mean(),
        ),
        (
            "margins if s == \"b\", eydx(s)",
            lambda b, f: (
                np.log(prediction(b, f.assign(s="b"))) - np.log(prediction(b, f.assign(s="a")))
            )[f.s == "b"].mean(),
        ),
        ("margins, expression(exp(predict(xb)/4))", lambda b, f: np.exp(prediction(b, f) / 4).mean()),
        (
            "margins, expression(ln(xb()) + _b[x]*x) at(t=2)",
            lambda b, f: (np.log(prediction(b, f.assign(t=2.0))) + b["x"] * f.x).mean(),
        ),
        (
            "margins, expression(exp(predict()/4)) dydx(x)",
            lambda b, f: (np.exp(prediction(b, f) / 4) * moved(b, f) / 4).mean(),
        ),
    ],
)  # fmt: skip
def test_nonlinear_margins(state: State, command: str, g: Callable[[dict[str, float], pd.DataFrame], float]) -> None:
    """Against the same averages written out in full, with their delta-method errors."""
    session, f = Session(state), frame()
    value, se = by_delta(session, lambda b: float(g(b, f)))
    got = row(session, command)
    assert got[0] == pytest.approx(value, rel=1e-6) and got[1] == pytest.approx(se, rel=1e-5)


def test_an_expression_by_group_and_by_pairs(state: State) -> None:
    session, f = Session(state), frame()
    table = ok(session, "margins t, expression(exp(predict(xb)/4)) over(s)").tables[0]
    assert len(table.plain()["rows"]) == 6 and table.title.startswith("Average of exp(predict(xb)/4) by ")
    inside = (f.s == "b").to_numpy()

    def g(beta: dict[str, float], t: float) -> float:
        return float(np.exp(prediction(beta, f.assign(t=t)) / 4)[inside].mean())

    assert row(session, "margins t, expression(exp(predict(xb)/4)) over(s)")[0] == pytest.approx(
        by_delta(session, lambda b: g(b, 5.0))[0], rel=1e-6
    )
    value, se = by_delta(session, lambda b: float((np.exp(prediction(b, f.assign(t=5.0)) / 4)
                                                   - np.exp(prediction(b, f.assign(t=2.0)) / 4)).mean()))  # fmt: skip
    pairs = row(session, "margins t, expression(exp(predict(xb)/4)) pwcompare")
    contrast = row(session, "margins ar.t, expression(exp(predict(xb)/4))", table=0)
    for got in (pairs, contrast):
        assert got[0] == pytest.approx(value, rel=1e-6) and got[1] == pytest.approx(se, rel=1e-5)


def test_what_has_no_elasticity(state: State) -> None:
    session = Session(state)
    refused(session, "margins, eyex(t)", "elasticity-factor")
    refused(session, "margins, dydx(x) eyex(x)", "options-exclude")
    refused(session, "margins, eydx(x) expression(predict(xb))", "options-exclude")
    refused(session, "margins, expression(predict(fitted))", "bad-option-value")
    ok(session, "replace y = y - 30")
    ok(session, "mixed y x i.s || g:")
    refused(session, "margins, eydx(s)", "no-elasticity")


def test_contrasts_of_margins(state: State) -> None:
    """Each is the linear combination of margins that it stands for."""
    session = Session(state)
    contrasts, joint = ok(session, "margins ar.t@s").tables
    assert [r.label for r in contrasts.rows] == ["a", "(2 vs 1)", "(5 vs 2)", "b", "(2 vs 1)", "(5 vs 2)"]
    assert [r.label for r in joint.rows] == ["ar.t@s", "a", "b", "Joint"]
    second = row(session, "margins ar.t@s", at=1)
    slopes = row(session, "margins r.t, dydx(x) small", at=0, table=0)
    adjusted = row(session, "margins r.t, mcompare(bonferroni)", at=0, table=0)
    plain = row(session, "margins r.t", at=0, table=0)
    ok(session, "margins t#s, post")
    assert row(session, "lincom 5.t#1.s - 2.t#1.s") == pytest.approx(list(contrasts.plain()["rows"][1][1:]))
    assert row(session, "test (2.t#2.s = 1.t#2.s) (5.t#2.s = 2.t#2.s)") == pytest.approx(second) and second[1] == 2
    ok(session, "mixed")
    assert slopes == pytest.approx(row(session, "lincom 2.t#c.x, small"))
    assert adjusted[3] == pytest.approx(min(1.0, 2 * plain[3])) and adjusted[:3] == plain[:3]


def test_contrasts_of_settings(state: State) -> None:
    session = Session(state)
    got = row(session, "margins, at(x=(1 2)) at(x=3 t=5) contrast(atcontrast(r))", table=0)
    ok(session, "margins, at(x=(1 2)) at(x=3 t=5) post")
    assert got == pytest.approx(row(session, "lincom 3._at - 1._at"))
    joint = row(Session(state), "margins t, contrast small")
    assert joint[1] == 2 and 0 < joint[3] < 1 and joint[3] == pytest.approx(stats.f.sf(joint[0], 2, joint[2]))
    refused(Session(state), "margins, contrast", "syntax")
    refused(Session(state), "margins r.t, post", "options-exclude")
    refused(Session(state), "margins r.g", "not-a-factor")


def test_columns_that_are_left_out(state: State) -> None:
    session = Session(state)
    keys = [c.key for c in ok(session, "margins t, nopvalues noci").tables[0].columns]
    assert keys == ["estimate", "se"]
    legend = ok(session, "margins t, coeflegend").tables[0]
    assert [r.values[-1] for r in legend.rows] == ["1.t", "2.t", "5.t"]
    assert row(session, "margins, subpop(if x > 2)") == row(session, "margins if x > 2")


def test_how_margins_are_drawn(state: State) -> None:
    """The same numbers as lines, points, bars, bands, in panels, lying down."""
    session = Session(state)
    table = ok(session, "margins t#s, at(x=(1 2 3))").tables[0]
    values = [r.values[0] for r in table.rows if r.values]
    lows = [r.values[4][0] for r in table.rows if r.values]

    def marks(command: str, kind: str) -> list[object]:
        return [m for p in ok(session, command).plots[0].panels for m in p.marks if m.kind == kind]

    lines = marks("marginsplot", "line")
    assert len(lines) == 6 and sorted(float(v) for m in lines for v in m.y) == pytest.approx(sorted(values))
    panels = ok(session, "marginsplot, by(s)").plots[0].panels
    assert [p.title for p in panels] == ["s = a", "s = b"] and all(len(p.marks) == 6 for p in panels)
    assert len(ok(session, "marginsplot, bydimension(s t) noci").plots[0].panels) == 6
    bands = marks("marginsplot, recastci(rarea)", "band")
    assert sorted(float(v) for m in bands for v in m.lower) == pytest.approx(sorted(lows))
    assert len(marks("marginsplot, recastci(rline)", "line")) == 18 and not marks("marginsplot, noci", "interval")
    bars = marks("marginsplot, x(t) recast(bar) by(x)", "bars")
    assert len(bars) == 6 and sorted(float(v) for m in bars for v in m.y) == pytest.approx(sorted(values))
    at = sorted(float(v) for m in bars[:2] for v in m.x)
    assert min(np.diff(at)) >= bars[0].width  # they do not overlap
    lying = ok(session, "marginsplot, horizontal recast(scatter)").plots[0].panels[0]
    points = [m for m in lying.marks if m.kind == "points"]
    assert lying.y.title == "x" and sorted(float(v) for m in points for v in m.x) == pytest.approx(sorted(values))
    assert all(m.horizontal for m in lying.marks if m.kind == "interval")
    assert "plotopts" in ok(session, "marginsplot, plotopts(lwidth(thick))").warnings[0]
    refused(session, "marginsplot, by(g)", "no-such-dimension")
    refused(session, "marginsplot, x(t) by(t)", "no-such-dimension")
    refused(session, "marginsplot, recast(pie)", "bad-option-value")


def test_settings_that_differ_by_row(state: State) -> None:
    """generate(): what one more of x changes, with everything as observed."""
    session, f = Session(state), frame()

    def g(beta: dict[str, float]) -> float:
        return float((prediction(beta, f.assign(x=f.x + 1)) - prediction(beta, f)).mean())

    value, se = by_delta(session, g)
    got = row(session, "margins, at(x=generate(x)) at(x=generate(x + 1)) contrast(atcontrast(r))", table=0)
    assert got[0] == pytest.approx(value, rel=1e-8) and got[1] == pytest.approx(se, rel=1e-6)
    slope = row(session, "margins, dydx(x) at(x=generate(x/2))")
    want = by_delta(session, lambda b: float(moved(b, f.assign(x=f.x / 2)).mean()))
    assert slope[:2] == pytest.approx(want, rel=1e-6)
    elasticity = row(session, "margins, eyex(x) at(x=generate(x/2))")
    half = f.assign(x=f.x / 2)
    want = by_delta(session, lambda b: float((moved(b, half) * half.x / prediction(b, half)).mean()))
    assert elasticity[:2] == pytest.approx(want, rel=1e-5)
    mean = row(session, "margins, expression(exp(xb()/9)) at(x=generate(x/2))")
    want = by_delta(session, lambda b: float(np.exp(prediction(b, half) / 9).mean()))
    assert mean[:2] == pytest.approx(want, rel=1e-5)
    refused(session, "margins, at(t=generate(t))", "at")
    refused(session, "margins, at(x=generate(ln(x - 2)))", "at")


def test_groups_of_variables_and_labels_in_at(state: State) -> None:
    session = Session(state)
    assert row(session, "margins, at((mean) _all)") == pytest.approx(row(session, "margins, atmeans"))
    assert row(session, "margins, at((mean) _continuous)") == pytest.approx(row(session, "margins, at((mean) x)"))
    assert row(session, "margins, at((asbalanced) _factor)") == pytest.approx(row(session, "margins, asbalanced"))
    assert row(session, "margins, at(s=(a b))", at=1) == pytest.approx(row(session, 'margins, at(s="b")'))
    assert row(session, "margins, over(i.s)", at=1) == pytest.approx(row(session, "margins, over(s)", at=1))
    note = ok(session, "margins s, atmeans").tables[0].notes[1]
    f = frame()
    assert f"x = {f.x.mean():.2f}" in note and f"5 {(f.t == 5).mean():.2f}" in note and "; s:" not in note
