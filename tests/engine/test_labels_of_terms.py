"""Journal tables name terms for people in every place, and JSON keeps the names of commands."""

from __future__ import annotations

import pytest

from terrace.report.cells import shown
from terrace.results.table import Table
from terrace.session.session import Session


@pytest.fixture(scope="module")
def session() -> Session:
    s = Session()
    for text in ("sample hsb", "mixed mathach ses i.sector || id:, reml", "estimates store a"):
        assert s.run(text).ok
    return s


def only(session: Session, command: str) -> Table:
    outcome = session.run(command)
    assert outcome.ok, outcome.error
    return outcome.tables[0]


def test_vce(session: Session) -> None:
    table = only(session, "estat vce")
    assert [r.label for r in table.rows] == [c.title for c in table.columns] == ["ses", "sector: Catholic", "Intercept"]
    plain = table.plain()
    assert [r[0] for r in plain["rows"]] == plain["columns"][1:] == ["ses", "1.sector", "_cons"]


def test_margins_of_a_factor(session: Session) -> None:
    table = only(session, "margins, dydx(*)")
    names = ["Socioeconomic status of the student", "Sector of the school: Catholic"]
    assert [r.label for r in table.rows] == names
    assert [r[0] for r in table.plain()["rows"]] == ["ses", "1.sector"]
    headings = [r.label for r in only(session, "margins, dydx(*) at(ses=(0 1))").rows if r.kind == "group"]
    assert headings == names


def test_influence(session: Session) -> None:
    outcome = session.run("estat influence, all dfbetas")
    said = {r.values[3] for r in outcome.tables[0].rows}
    assert said <= {"ses", "sector: Catholic", "Intercept"} and "sector: Catholic" in said
    assert set(outcome.payload["moves_most"]) <= {"ses", "1.sector", "_cons"}
    assert len(outcome.payload["moves_most"]) == len(outcome.tables[0].rows)
    assert [p.title for p in outcome.plots[-1].panels] == ["ses", "sector: Catholic", "Intercept"]


def test_numbers_of_journals_have_separators_but_degrees_of_freedom_do_not(session: Session) -> None:
    table = session.fit.tables()[-1]  # type: ignore[union-attr]
    (line,) = shown(table).lines
    texts = dict(zip((c.key for c in table.columns), (c.text for c in line.cells)))
    assert texts["ll"].startswith("−23,3") and texts["aic"].startswith("46,6") and texts["bic"].startswith("46,6")
    assert "," not in "".join(c.text for c in shown(table, listing=True).lines[0].cells[2:])
    session.run("regress mathach ses")
    fixed = next(t for t in session.fit.tables() if t.key == "fixed")  # type: ignore[union-attr]
    df = [c.key for c in fixed.columns].index("df")
    assert {line.cells[df].text for line in shown(fixed).lines} == {"7183"}


def test_null_model_of_regress(session: Session) -> None:
    session.run("regress mathach ses")
    assert session.fit is not None
    table = only(session, "estat ic")
    assert table.rows[0].values[1] == session.fit.scalars["ll_0"]
    session.run("regress mathach")
    assert session.fit.ll == pytest.approx(table.rows[0].values[1], abs=1e-7)


def test_models_that_cannot_be_compared_have_no_empty_columns_and_are_told_once() -> None:
    s = Session()
    for text in (
        "sample sleepstudy", "mixed reaction days || subject:, reml", "estimates store a",
        "mixed reaction || subject:, reml", "estimates store b",
    ):  # fmt: skip
        assert s.run(text).ok
    table = s.run("estimates compare a b").tables[0]
    assert [c.key for c in table.columns] == ["N", "k", "ll", "aic", "bic"]
    assert all(len(r.values) == 5 for r in table.rows)
    assert " ".join(table.notes).count("REML likelihoods of models with different fixed effects") == 1
    assert "LR" not in " ".join(table.notes)


def test_influence_names_the_coefficient_also_where_labels_are_the_same() -> None:
    """The labels of two levels can be the same words; programs still get the one that is meant."""
    session = Session()
    for command in (
        "sample hsb", "generate part = 1 + (ses > 0) + 2 * (ses > 1)", 'label define S 1 "few" 2 "many" 4 "many"',
        "label values part S", "mixed mathach i.part || id:",
    ):  # fmt: skip
        assert session.run(command).ok
    outcome = session.run("estat influence, all noplot")
    table = outcome.tables[0]
    said = outcome.payload["moves_most"]
    assert {"2.part", "4.part"} <= set(said)
    for row, name in zip(table.rows, said, strict=True):
        assert table.cell(row, "term") == {"2.part": "part: many", "4.part": "part: many", "_cons": "Intercept"}[name]
