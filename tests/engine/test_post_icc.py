"""Intraclass correlations against published ones, simple formulas and the correlation matrix of the data."""

from __future__ import annotations

from functools import cache

import numpy as np
import pytest
from oracle_support import dense_of, generated_fit
from post_support import rows

import terrace
from oracles.generated import EVERY, Case
from terrace.errors import SpecError
from terrace.postestimation.tests.hypotheses import nlcom_table
from terrace.postestimation.variance.icc import icc, icc_table


@cache
def sample_fit(command: str, name: str) -> terrace.FitResult:
    return terrace.fit(command, terrace.sample(name))


def case(name: str) -> Case:
    return next(c for c in EVERY if c.id == name)


# Munnell's productivity data: the published analysis of gsp in states in regions; High School and Beyond
PRODUCTIVITY = "mixed gsp private emp hwy water other unemp || region: || state:"


def test_published_three_level() -> None:
    table = icc_table(sample_fit(PRODUCTIVITY, "produc"))
    assert table.title == "Residual intraclass correlation"
    found = rows(table)
    np.testing.assert_allclose(found["region"], [0.159893, 0.127627, 0.0287143, 0.5506202], rtol=1e-5)
    assert found["state|region"][0] == pytest.approx(0.8516263, abs=6e-8)


def test_published_two_level() -> None:
    table = icc_table(sample_fit("mixed mathach || id:", "hsb"))
    assert table.title == "Intraclass correlation"
    assert not table.notes
    np.testing.assert_allclose(rows(table)["id"], [0.1793119, 0.0185938, 0.145709, 0.2186805], rtol=1e-5)


def test_random_slopes_make_it_conditional() -> None:
    table = icc_table(sample_fit("mixed mathach ses || id: ses, cov(un)", "hsb"))
    assert table.title == "Conditional intraclass correlation"
    assert "zero values" in table.notes[0]


def test_standard_error_is_the_delta_method() -> None:
    fit = sample_fit(PRODUCTIVITY, "produc")
    inside = "(_b[region:var(_cons)] + _b[state:var(_cons)])"
    expected = rows(nlcom_table(fit, f"{inside}/({inside} + _b[var(Residual)])"))["_nl_1"]
    found = icc(fit)[1]
    assert [found.value, found.se] == pytest.approx(expected[:2], rel=1e-9)


@pytest.mark.parametrize(
    "name",
    ["two-level-codes-repeat-reml", "crossed-ml", "both-crossed-reml", "crossed-within-ml", "crossed-exchangeable-ml",
     "residual-exchangeable-ml"],
)  # fmt: skip
def test_it_is_the_correlation_of_two_rows(name: str) -> None:
    """Each ICC is an entry of the dense correlation matrix, for two rows that share just those groups."""
    fit = generated_fit(case(name))
    dense = dense_of(case(name))
    v = dense.v(np.array([p.estimate for p in fit.random]))
    d = np.sqrt(np.diag(v))
    entries = np.unique(np.round((v / np.outer(d, d))[np.triu_indices(len(v), 1)], 12))
    for found in icc(fit):
        assert np.abs(entries - found.value).min() < 1e-9, found


def test_by_groups_have_their_own() -> None:
    fit = generated_fit(case("by-not-constant-ml"))
    found = {r.name: r.estimate for r in fit.random}
    labels = [e.label for e in icc(fit)]
    assert labels == ["id (f = 1)", "id (f = 2)", "id (f = 3)"]
    for e, by in zip(icc(fit), "123", strict=True):
        residual = found[f"{by}:var(e)"]
        assert e.value == pytest.approx(found["var(_cons)"] / (found["var(_cons)"] + residual), rel=1e-10)


def test_level_of_confidence() -> None:
    fit = sample_fit("mixed mathach || id:", "hsb")
    (wide,), (usual,) = icc(fit, 99), icc(fit)
    assert wide.lower < usual.lower < usual.upper < wide.upper  # type: ignore[operator]


@pytest.mark.parametrize(
    ("name", "code"), [("slope-alone-ml", "no-random-intercept"), ("residual-unstructured-ml", "icc-structure")]
)
def test_models_without_one_say_so(name: str, code: str) -> None:
    with pytest.raises(SpecError) as caught:
        icc(generated_fit(case(name)))
    assert caught.value.code == code
