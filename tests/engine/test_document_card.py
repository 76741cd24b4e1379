"""The further tables of a model's card: equal to what the commands give, and none where the model has none."""

from __future__ import annotations

import numpy as np
import pytest

from terrace.session.document.card import PARTS, completed, further_tables
from terrace.session.session import Session


def fitted(command: str) -> Session:
    session = Session()
    for text in ("sample hsb", command):
        assert session.run(text).ok
    return session


def test_they_are_those_of_the_commands() -> None:
    session = fitted("mixed mathach ses i.sector || id: ses, cov(un) reml dfmethod(satterthwaite)")
    found = {t.key: t for t in further_tables(session.fit, session.dataset)}
    for key, command in (("icc", "estat icc"), ("r2", "estat r2, nolevels"), ("terms", "estat terms, small")):
        assert found[key].rows == session.run(command).tables[0].rows
    assert set(found) == {"icc", "r2", "terms", "standardized"}
    assert set(PARTS) - set(found) == {"random", "fit"}


def test_standardised_effects_are_those_of_standardised_variables() -> None:
    session = fitted("mixed mathach ses i.sector || id:, reml")
    fit, frame = session.fit, session.dataset.frame
    table = next(t for t in further_tables(fit, session.dataset) if t.key == "standardized")
    by_code = {r.code: r.values for r in table.rows}
    sd = frame["mathach"].std()
    for name in ("mathach", "ses"):
        assert session.run(f"egen z_{name} = std({name})").ok
    again = session.run("mixed z_mathach z_ses i.sector || id:, reml").fit
    wanted = {e.term: (e.coef, e.se) for e in again.fixed}
    assert by_code["ses"] == pytest.approx(wanted["z_ses"], rel=1e-8)
    share = np.std(frame["sector"], ddof=1)
    assert by_code["1.sector"] == pytest.approx([v * share for v in wanted["1.sector"]], rel=1e-8)
    assert sd > 0 and "_cons" not in by_code


def test_a_model_without_groups_or_terms_has_fewer() -> None:
    session = fitted("mixed mathach || id:, reml")
    assert {t.key for t in further_tables(session.fit, session.dataset)} == {"icc", "r2"}
    session = fitted("regress mathach ses")
    assert further_tables(session.fit, session.dataset) == ()


def test_they_are_kept_with_the_item() -> None:
    session = fitted("mixed mathach ses || id:, reml")
    item = session.state.document.models()[0]
    assert item.more is None
    tables = further_tables(session.fit, session.dataset)
    document = completed(session.state.document, item.id, tables)
    assert document.item(item.id).more == tables
    assert [i for i in document if i.id != item.id] == [i for i in session.state.document if i.id != item.id]
