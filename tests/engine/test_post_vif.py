"""Variance inflation factors: against regressions of each column on the others, by least squares and weighted."""

from __future__ import annotations

import numpy as np
import pytest

import terrace
from terrace.postestimation.diagnose.vif import inflation, vif_table
from terrace.postestimation.variance.wcorrelation import marginal_covariance
from terrace.session.session import Session

TERMS = "mathach ses i.sector c.size"


@pytest.fixture
def session() -> Session:
    s = Session()
    assert s.run("sample hsb").ok
    return s


def squares(column: np.ndarray, others: np.ndarray) -> float:
    """The sum of squares that is left of a column after least squares on others."""
    beta = np.linalg.lstsq(others, column, rcond=None)[0]
    return float(((column - others @ beta) ** 2).sum())


def test_after_regress_it_is_one_over_one_less_r_squared(session: Session) -> None:
    session.run(f"regress {TERMS}")
    outcome = session.run("estat vif")
    assert outcome.ok and session.fit is not None
    x, names = session.fit.model.design.x, [c.name for c in session.fit.model.design.x_info]
    wanted = {}
    for k, name in enumerate(names):
        if name != "_cons":
            rest = np.delete(x, k, axis=1)
            wanted[name] = squares(x[:, k], np.ones((len(x), 1))) / squares(x[:, k], rest)
    rows = {r.code: r.values for r in outcome.tables[0].rows}
    for name, value in wanted.items():
        assert rows[name][0] == pytest.approx(value, rel=1e-8)
        assert rows[name][1] == pytest.approx(1 / value, rel=1e-8)
    assert rows["mean"][0] == pytest.approx(np.mean(list(wanted.values())), rel=1e-8)
    found = [r.values[0] for r in outcome.tables[0].rows[:-1]]
    assert found == sorted(found, reverse=True)
    # R 4.2: V <- vcov(lm(MathAch ~ SES + Sector + Size))[-1, -1]; diag(solve(cov2cor(V)))
    assert [rows[n][0] for n in ("ses", "1.sector", "size")] == pytest.approx(
        [1.03749459058, 1.25880678551, 1.21908996146], rel=1e-8
    )


def test_of_a_mixed_model_it_is_that_of_the_columns_weighted_by_the_inverse_of_v(session: Session) -> None:
    fit = terrace.fit(f"mixed {TERMS} if id < 2000 || id: ses, reml", terrace.sample("hsb"))
    design = fit.model.design
    v = marginal_covariance(fit, np.arange(design.n))
    white = np.linalg.solve(np.linalg.cholesky(v), design.x)
    names = [c.name for c in design.x_info]
    constant = white[:, [names.index("_cons")]]
    found = inflation(fit)
    assert set(found.names) == set(names) - {"_cons"}
    for name, value in zip(found.names, found.vif):
        k = names.index(name)
        wanted = squares(white[:, k], constant) / squares(white[:, k], np.delete(white, k, axis=1))
        assert value == pytest.approx(wanted, rel=1e-6)
    whole = inflation(fit, uncentered=True)
    for name, value in zip(whole.names, whole.vif):
        k = names.index(name)
        wanted = float((white[:, k] ** 2).sum()) / squares(white[:, k], np.delete(white, k, axis=1))
        assert value == pytest.approx(wanted, rel=1e-6)


def test_of_a_mixed_model_against_lme4(session: Session) -> None:
    """R 4.2, lme4: V <- vcov(lmer(MathAch ~ SES + Sector + Size + (1 | School)))[-1, -1]; diag(solve(cov2cor(V)))."""
    session.run(f"mixed {TERMS} || id:, reml")
    rows = {r.code: r.values for r in session.run("estat vif").tables[0].rows}
    assert [rows[n][0] for n in ("ses", "1.sector", "size")] == pytest.approx(
        [1.00857370062, 1.26074077365, 1.25150424896], rel=1e-5
    )


def test_the_scale_of_a_column_does_not_matter(session: Session) -> None:
    session.run("generate big = size * 1e9 + 5")
    session.run("regress mathach ses i.sector size")
    small = session.run("estat vif").tables[0].rows
    session.run("regress mathach ses i.sector big")
    large = session.run("estat vif").tables[0].rows
    assert [r.values[0] for r in large] == pytest.approx([r.values[0] for r in small], rel=1e-6)


def test_labels_are_for_people_and_codes_for_programs(session: Session) -> None:
    session.run(f"regress {TERMS}")
    assert session.fit is not None
    table = vif_table(inflation(session.fit))
    assert [r.label for r in table.rows if r.code == "1.sector"] == ["sector: Catholic"]
    assert "1.sector" in [r[0] for r in table.plain()["rows"]]


@pytest.mark.parametrize(
    ("model", "command", "code"),
    [
        ("regress mathach", "estat vif", "no-predictors"),
        ("mixed mathach || id:", "estat vif", "no-predictors"),
        ("regress mathach ses", "estat vif ses", "syntax"),
    ],
)
def test_what_cannot_be_is_told(session: Session, model: str, command: str, code: str) -> None:
    assert session.run(model).ok
    outcome = session.run(command)
    assert outcome.error is not None and outcome.error[0] == code
