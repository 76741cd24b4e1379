"""The further tables of a model's card: equal to what the commands give, and none where the model has none."""

from __future__ import annotations

import numpy as np
import pytest

from terrace.session.document.card import (
    PARTS,
    complete,
    completed,
    further_tables,
    model_tables,
    needs_more,
    table_keys,
)
from terrace.session.document.items import Look
from terrace.session.session import Session


def fitted(command: str) -> Session:
    session = Session()
    for text in ("sample hsb", command):
        assert session.run(text).ok
    return session


def test_they_are_those_of_the_commands() -> None:
    session = fitted("egen size3 = cut(size), group(3)")
    assert session.run("mixed mathach ses i.size3 || id: ses, cov(un) reml dfmethod(satterthwaite)").ok
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


# --- what the card shows ----------------------------------------------------------------------------------
def card(command: str, look: Look | None = None):
    session = fitted(command)
    id_ = session.state.document.models()[-1].id
    complete(session, id_)
    item = session.state.document.item(id_)
    return item, {t.key: t for t in model_tables(item, look or Look(labels=False))}


def test_the_usual_parts_stand_in_one_row_beside_the_effects() -> None:
    item, tables = card("mixed mathach ses i.sector || id:, reml")
    assert list(tables) == ["fixed", "random", "summary"] == list(table_keys(item, Look()))
    columns = [c.title for c in tables["summary"].columns]
    assert columns == ["ICC", "R² marginal", "R² conditional", "Log restricted-likelihood", "AIC", "BIC"]
    cells = dict(zip(columns, tables["summary"].rows[0].values))
    fit = item.outcome.fit
    assert cells["Log restricted-likelihood"] == fit.ll
    variances = {r.name: r.estimate for r in fit.random}
    total = variances["var(_cons)"] + variances["var(Residual)"]
    assert cells["ICC"] == pytest.approx(variances["var(_cons)"] / total, rel=1e-12)


@pytest.mark.parametrize(
    ("parts", "keys"),
    [((), ["fixed"]), (("random",), ["fixed", "random"]), (("icc",), ["fixed", "summary"]),
     (("fit", "terms"), ["fixed", "summary"])],
)  # fmt: skip
def test_each_part_can_be_switched(parts, keys) -> None:
    item, tables = card("mixed mathach ses i.sector || id:, reml", Look(parts=parts))
    assert list(tables) == keys == list(table_keys(item, Look(parts=parts)))


def test_standardised_effects_are_a_column_on_request() -> None:
    _, tables = card("mixed mathach ses i.sector || id:, reml", Look(parts=("standardized",)))
    titles = [c.title for c in tables["fixed"].columns]
    assert titles[:3] == ["Estimate", "SE", "β"]
    assert tables["fixed"].rows[0].values[2] is None, "the intercept has none"
    assert all(len(r.values) == len(titles) for r in tables["fixed"].rows)


def test_tests_of_terms_stand_where_a_term_has_several_coefficients() -> None:
    session = Session()
    for text in ("sample hsb", "egen size3 = cut(size), group(3)", "mixed mathach ses i.size3 || id:, reml"):
        assert session.run(text).ok
    id_ = session.state.document.models()[-1].id
    complete(session, id_)
    keys = table_keys(session.state.document.item(id_), Look())
    assert keys == ("fixed", "random", "summary", "terms")


def test_working_them_out_is_no_step() -> None:
    session = fitted("mixed mathach ses || id:, reml")
    before = session.undo_text
    complete(session, session.state.document.models()[0].id)
    assert session.undo_text == before and not needs_more(session.state.document.models()[0], Look())
    complete(session, 99)


def test_a_part_that_there_is_not_is_named() -> None:
    session = fitted("mixed mathach ses || id:, reml")
    outcome = session.run("outline look, parts(random nonsense)")
    assert outcome.error is not None and "nonsense" in outcome.error[1] and "icc" in outcome.error_advice
