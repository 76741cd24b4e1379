"""Labels, order, reference, notes and measures, of one variable and of several at once; each is one step of undo."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from data_support import session_on

from terrace.data.dataset import Dataset, Measure, Variable
from terrace.session.out_of_date import stale
from terrace.session.session import Session

LABELS = {1: "low", 2: "middle", 3: "high", -9: "no answer"}


@pytest.fixture
def session() -> Session:
    rng = np.random.default_rng(5)
    c = rng.choice([1, 2, 3, -9], size=90, p=[0.3, 0.3, 0.3, 0.1])
    frame = pd.DataFrame({"y": rng.normal(size=90), "c": c, "d": rng.integers(1, 4, 90), "g": np.arange(90) // 9,
                          "s": ["a", "b", "c"] * 30})  # fmt: skip
    v = (Variable("y"), Variable("c", "", Measure.ORDINAL, LABELS, (-9,)), Variable("d"), Variable("g"), Variable("s"))
    return session_on(Dataset(frame, v, source="made"))


def run(session: Session, command: str) -> None:
    outcome = session.run(command)
    assert outcome.ok, (command, outcome.error)


def shown(session: Session, name: str) -> list[str]:
    """What each row says, whatever its code."""
    return [session.data.level_label(name, x) for x in session.data.frame[name]]


def test_an_order_gives_codes_anew_and_leaves_what_rows_say(session: Session) -> None:
    before, said = session.data, shown(session, "c")
    run(session, "label order c 3 1")
    v = session.data.variable("c")
    assert dict(v.value_labels) == {-9: "no answer", 1: "high", 2: "low", 3: "middle"}
    assert shown(session, "c") == said and v.missing_codes == (-9,)
    assert session.data.frame["c"].dtype == before.frame["c"].dtype
    assert session.undo_text == "order of the values of c"
    run(session, "label order c 2 3 1")  # the permutation that takes it back
    assert session.data.frame["c"].equals(before.frame["c"])
    assert dict(session.data.variable("c").value_labels) == LABELS
    steps = len(session.undo_steps)
    run(session, "label order c 1 2 3")
    assert len(session.undo_steps) == steps, "nothing changed, so nothing can be undone"


def test_a_model_with_a_factor_has_the_same_likelihood_in_another_order_and_is_out_of_date(session: Session) -> None:
    run(session, "mixed y i.c || g:")
    first = session.fit
    assert first is not None
    run(session, "label order c 3 2 1")
    assert list(stale(session.state).values()) == ["c was recoded"]
    run(session, "mixed y i.c || g:")
    assert session.fit is not None and session.fit.ll == pytest.approx(first.ll, abs=1e-8)
    assert session.fit.fixed[2].coef == pytest.approx(-first.fixed[2].coef, rel=1e-5), "low - high is -(high - low)"


def test_the_reference_stays_with_its_rows_and_is_a_step_of_its_own(session: Session) -> None:
    run(session, "fvset base 3 c")
    assert session.undo_text == "reference category of c"
    run(session, "label order c 3 1 2")
    assert session.state.bases["c"] == 1.0
    run(session, "undo")
    assert session.state.bases["c"] == 3.0
    run(session, "undo")
    assert not session.state.bases
    run(session, "redo")
    assert session.state.bases["c"] == 3.0


@pytest.mark.parametrize(
    ("command", "code"),
    [
        ("label order s a b", "text-variable"),
        ("label order y 1", "not-categories"),
        ("label order c 4 1", "no-such-level"),
        ("label order c -9 1", "no-such-level"),
        ("label order c", "syntax"),
        ("label values s, from(c)", "text-variable"),
        ('label values d 1 "x", from(c)', "syntax"),
    ],
)
def test_what_cannot_be_is_told(session: Session, command: str, code: str) -> None:
    error = session.run(command).error
    assert error is not None and error[0] == code


def test_some_labels_are_changed_and_others_stay(session: Session) -> None:
    run(session, 'label values c 2 "medium" 3 "", modify')
    assert dict(session.data.variable("c").value_labels) == {1: "low", 2: "medium", -9: "no answer"}
    assert session.undo_text == "value labels of c"
    run(session, "undo")
    assert dict(session.data.variable("c").value_labels) == LABELS


def test_labels_are_copied_from_another_variable(session: Session) -> None:
    run(session, "label values d y, from(c)")
    assert dict(session.data.variable("d").value_labels) == dict(session.data.variable("y").value_labels) == LABELS
    assert session.undo_text == "value labels of y and d"


def test_several_variables_change_in_one_step(session: Session) -> None:
    before = session.data
    for command, holds in (
        ("measure d g nominal", lambda d: d.variable("d").measure is d.variable("g").measure is Measure.NOMINAL),
        ("missing d-g 3 -8/-1", lambda d: all(d.variable(n).missing_codes == (3,) for n in "dg")),
        ('label values d g 1 "one"', lambda d: all(dict(d.variable(n).value_labels) == {1: "one"} for n in "dg")),
        ("rename (d g) t1_=", lambda d: "t1_d" in d and "t1_g" in d),
    ):
        run(session, command)
        assert holds(session.data), command
        run(session, "undo")
        assert session.data.variables == before.variables, command


def test_a_text_that_is_no_variable_is_a_value(session: Session) -> None:
    run(session, 'label values s a "Alpha" "b" "Beta"')
    assert dict(session.data.variable("s").value_labels) == {"a": "Alpha", "b": "Beta"}


def test_the_notes_on_a_variable_are_replaced_where_they_were(session: Session) -> None:
    for command in ("notes c: old", "notes: on the data", "notes c: older", "notes d: other"):
        run(session, command)
    run(session, r'notes replace c "Cut at 0.5: see the paper\nAsked in wave 2"')
    assert session.data.documents == ("c: Cut at 0.5: see the paper", "c: Asked in wave 2", "on the data", "d: other")
    assert session.undo_text == "note on c"
    run(session, "rename c wave")
    assert session.data.documents[0] == "wave: Cut at 0.5: see the paper"
    run(session, "notes replace wave")
    assert session.data.documents == ("on the data", "d: other")
