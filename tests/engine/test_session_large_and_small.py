"""After a fit with degrees of freedom: typed commands show z and say that t is to be had, ``small`` shows t."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from data_support import ok, refused

from terrace.data.readers.build import from_frame
from terrace.session.session import Session
from terrace.session.state import State

COMMANDS = (
    "test x", "testparm i.t", "testnl _b[x] = 1", "lincom x", "nlcom _b[x]", "contrast t", "contrast r.t@s",
    "pwcompare t", "estat terms", "margins t", "margins r.t", "margins, dydx(x)", "simpleslopes x t, noplot",
    "johnsonneyman x z, noplot",
)  # fmt: skip
NOTE = "For t and F, use the option small (Satterthwaite)."


@pytest.fixture(scope="module")
def state() -> State:
    rng = np.random.default_rng(11)
    n, k = 14, 6
    frame = pd.DataFrame({"id": np.repeat(np.arange(n), k), "t": np.tile([1, 2, 3] * 2, n)})
    frame["x"] = rng.normal(size=n * k)
    frame["s"], frame["z"] = np.repeat(np.arange(n) % 2, k), rng.normal(size=n * k)
    frame["y"] = frame.x * frame.z + frame.t + np.repeat(rng.normal(size=n), k) + rng.normal(size=n * k)
    session = Session(State(dataset=from_frame(frame)))
    ok(session, "mixed y c.x##i.t##i.s c.x##c.z || id:, reml dfmethod(satterthwaite)")
    return session.state


@pytest.mark.parametrize("command", COMMANDS)
def test_what_is_typed_tells_of_t(state: State, command: str) -> None:
    outcome = ok(Session(state), command)
    told = " ".join(outcome.text.split())
    assert NOTE in told and outcome.tables[-1].notes[-1].endswith(NOTE)
    assert not any(c.title in ("t", "F") for t in outcome.tables for c in t.columns)
    small = ok(Session(state), command + (" small" if "," in command else ", small"))
    assert NOTE not in " ".join(small.text.split())
    assert any(c.title in ("t", "F") for t in small.tables for c in t.columns) or command.startswith("johnson")


def test_without_degrees_of_freedom_nothing_is_told(state: State) -> None:
    session = Session(state)
    ok(session, "mixed y x i.t || id:")
    assert "small" not in ok(session, "test x").text
    ok(session, "regress y x")
    assert "small" not in ok(session, "test x").text


def test_margins_that_were_posted(state: State) -> None:
    session = Session(state)
    ok(session, "margins t, post")
    assert "use the option small" not in ok(session, "test 1.t = 2.t").text, "these have no degrees of freedom"
    ok(session, "margins t, post small")
    assert NOTE in " ".join(ok(session, "test 1.t = 2.t").text.split())


# --- columns and legends --------------------------------------------------------------------------------------
def keys(session: Session, command: str, k: int = 0) -> set[str]:
    return {c.key for c in ok(session, command).tables[k].columns}


def test_effects_choose_columns(state: State) -> None:
    session = Session(state)
    for command in ("pwcompare t, {}", "contrast r.t, {}", "margins t, pwcompare({})", "margins r.t, contrast({})"):
        assert keys(session, command.format("effects")) >= {"se", "stat", "p", "ci"}
        assert keys(session, command.format("pveffects")) == {"estimate", "se", "stat", "p"}
        assert keys(session, command.format("cieffects")) == {"estimate", "se", "ci"}
        bad = command.format("pveffects cieffects")
        assert refused(session, bad) == "options-exclude"
    assert len(ok(session, "margins r.t, contrast(nowald)").tables) == 1
    values = [r.values[0] for r in ok(session, "margins t, pwcompare(sort)").tables[0].rows]
    assert values == sorted(values)
    assert refused(session, "margins t, pwcompare(groups)") == "no-such-option"


def test_the_legend_of_at_can_be_left_out(state: State) -> None:
    session = Session(state)
    assert "At x = 1." in ok(session, "margins t, at(x=1)").text
    assert "At x" not in ok(session, "margins t, at(x=1) noatlegend").text
    for option in ("grand", "noestimcheck"):
        assert refused(session, f"margins t, {option}") == "no-such-option"
