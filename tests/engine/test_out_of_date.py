"""Models that rest on data that have changed: which, why, and fitting them again in their place."""

from __future__ import annotations

import numpy as np
import pytest

from terrace.session.contract import Outcome
from terrace.session.out_of_date import stale
from terrace.session.session import Session

MODEL = "mixed mathach ses i.sector if size > 500 || id: ses, reml"


def ok(session: Session, command: str) -> Outcome:
    outcome = session.run(command)
    assert outcome.ok, (command, outcome.error)
    return outcome


@pytest.fixture
def session() -> Session:
    session = Session()
    for command in ("sample hsb", MODEL, "estat icc", "outline note \"mine\", under(2)"):
        ok(session, command)
    return session


@pytest.mark.parametrize(
    ("commands", "reason"),
    [
        (["replace ses = ses + 1 in 1/3"], "3 values of ses changed"),
        (["replace ses = . in 7"], "1 value of ses changed"),
        (["recode sector (0 = 1) (1 = 0)"], "sector was recoded"),
        (["drop ses"], "ses was removed"),
        (["drop in 1/12"], "12 rows were removed"),
        (["expand 2 in 1"], "1 row was added"),
        (["gsort -ses", "drop in 1", "sort size"], "1 row was removed"),
        (["gsort -ses", "replace ses = 9 in 1"], "1 value of ses changed"),
        (["missing ses -9"], "the missing codes of ses changed"),
        (["replace size = size + 1"], "size was recoded"),
        (["fvset base 1 sector"], "the reference level of sector changed"),
        (["drop ses size", "drop in 1"], "ses was removed, size was removed and more"),
        (["replace minority = 1"], ""),  # no variable of the model
        (["generate new = 1", "drop female"], ""),
        (["gsort -ses", "order ses"], ""),
        (['label variable ses "SES"', 'label define L 0 "a"', "label values sector L"], ""),
        (["drop if size < 400"], ""),  # outside the estimation sample
        (["replace ses = ses"], ""),
        (["measure ses ordinal"], "ses is now ordinal"),
        (["compress"], ""),
        (["clear"], ""),
        (["sample sleepstudy"], ""),  # of another file
        (["sample hsb"], ""),  # the same file again
        (["replace ses = 1", "undo"], ""),
    ],
)
def test_why_a_model_is_out_of_date(session: Session, commands: list[str], reason: str) -> None:
    for command in commands:
        ok(session, command)
    assert stale(session.state) == ({2: reason} if reason else {})


def test_models_are_fitted_again_in_their_place_as_one_step(session: Session) -> None:
    ok(session, "mixed mathach female || id:")
    ok(session, 'outline rename 2 "The model"')
    ok(session, "replace ses = ses * 2")
    before = session.state
    told = ok(session, "refit _stale")
    assert told.text == "Fitted again: The model." and told.changed == {"document"}
    assert not stale(session.state) and session.fit is before.fit, "the active model was not among them"
    new, old = session.state.document.item(2), before.document.item(2)
    assert new is not None and old is not None and new.heading == "The model" and new.data is session.dataset
    assert [(i.id, i.under) for i in session.state.document] == [(i.id, i.under) for i in before.document]
    fresh = Session(session.state)
    alone, icc = ok(fresh, MODEL), ok(fresh, "estat icc")
    assert new.outcome is not None and new.outcome.fit is not None and alone.fit is not None
    assert new.outcome.fit.ll == alone.fit.ll and new.outcome.fit.ll != old.outcome.fit.ll  # type: ignore[union-attr]
    under = session.state.document.item(3)
    assert under is not None and under.outcome is not None and under.outcome.tables == icc.tables
    assert session.undo_text == "fitting again"
    ok(session, "undo")
    assert session.state.document is before.document and stale(session.state) == {2: "ses was recoded"}
    assert ok(session, "redo").ok and not stale(session.state)
    assert ok(session, "refit _stale").text == "No model is out of date."


@pytest.mark.parametrize("active", [True, False])
def test_a_variable_that_a_result_made_is_made_anew_in_its_place(session: Session, active: bool) -> None:
    ok(session, "estimates restore m1")
    ok(session, "estat influence, cooksd(d) noplot")
    ok(session, "generate after = 1")
    if not active:
        ok(session, "mixed mathach female || id:")
    names, before = session.data.names, session.data.numeric("d")
    ok(session, "replace ses = ses + 1 if sector == 1")
    assert ok(session, "refit _stale").text.startswith("Fitted again: ")
    assert not stale(session.state) and session.data.names == names
    fresh = Session(session.state)
    for command in ("estimates restore m1", "estat influence, cooksd(d2) noplot"):
        ok(fresh, command)
    np.testing.assert_array_equal(fresh.data.numeric("d2"), session.data.numeric("d"))
    assert (before > 0).any() and not np.array_equal(before, session.data.numeric("d"), equal_nan=True)
    for _ in range(2):
        ok(session, "undo")
    np.testing.assert_array_equal(session.data.numeric("d"), before)


def test_what_cannot_be_fitted_again_stays_and_says_why(session: Session) -> None:
    ok(session, "mixed mathach female || id:")
    ok(session, "drop ses")
    ok(session, "replace female = 1 - female")
    told = ok(session, "refit _stale")
    assert told.text == (
        "Fitted again: Model 2: Random intercept of id. "
        "Model 1: Random slope of ses was not changed: There is no variable 'ses' in the data."
    )
    assert list(stale(session.state)) == [2] and session.fit is session.state.document.items[-1].outcome.fit  # type: ignore[union-attr]
    refused = session.run("refit 2")
    assert refused.error is not None and refused.error[0] == "not-refitted"
    for command, code in (("refit", "no-item"), ("refit 1", "not-a-model"), ("refit 99", "no-such-item")):
        outcome = session.run(command)
        assert outcome.error is not None and outcome.error[0] == code


def test_e_sample_is_that_of_the_new_fit(session: Session) -> None:
    ok(session, "replace ses = . in 1/200")
    ok(session, "refit m1")
    ok(session, "quietly count if e(sample)")
    item = session.state.document.item(2)
    assert item is not None and item.outcome is not None and item.outcome.fit is session.fit
    assert session.fit is not None and session.state.returned.scalars["N"] == session.fit.scalars["N"]
