"""The engine against committed results of R: lme4, nlme, glmmTMB, lmerTest, pbkrtest, clubSandwich, emmeans.

`resources/validation/r/*.R` made them with tight tolerances. A case states its own tolerances where its package stops
early; they are in units of the larger of an estimate and its standard error.
"""

from __future__ import annotations

from functools import cache
from typing import Any

import numpy as np
import pytest
from oracle_support import column, estimated, natural, r_data, r_fit, session_on

from oracles import rcases
from oracles.intervals import interval

FITS = ("lme4", "nlme", "glmmtmb", "textbooks")


def fits(*scripts: str, also: str = "") -> list[Any]:
    """Parameters for pytest."""
    found = rcases.cases(*scripts, also=frozenset(also.split()))
    return [pytest.param(c, id=c["id"]) for c in found]


def interior(*scripts: str) -> list[Any]:
    """The cases whose solution is not at the boundary."""
    return [p for p in fits(*scripts) if "boundary" not in p.values[0]["features"]]


def tolerance(case: dict[str, Any], what: str) -> float:
    """Relative, for ``estimate`` or ``se``."""
    return float(case.get("tolerance", {}).get(what, {"estimate": 1e-5, "se": 1e-5}[what]))


@pytest.mark.parametrize("case", fits(*FITS))
def test_likelihood(case: dict[str, Any]) -> None:
    result = r_fit(case["command"], case["data"])
    assert result.scalars["N"] == case["n"]
    assert result.ll == pytest.approx(case["ll"], rel=1e-7)
    assert result.converged


@pytest.mark.parametrize("case", interior(*FITS))
def test_fixed_effects(case: dict[str, Any]) -> None:
    rows = estimated(r_fit(case["command"], case["data"]))
    assert [f.term for f in rows] == case["fixed"]["terms"]
    scale = column(rows, "se")
    np.testing.assert_allclose(
        column(rows, "coef") / scale,
        np.array(case["fixed"]["coef"]) / scale,
        atol=tolerance(case, "estimate"),
    )
    if "se" in case["fixed"]:
        np.testing.assert_allclose(scale, case["fixed"]["se"], rtol=tolerance(case, "estimate"))


@pytest.mark.parametrize("case", interior("lme4"))
def test_covariance_of_the_fixed_effects(case: dict[str, Any]) -> None:
    result = r_fit(case["command"], case["data"])
    expected = np.array(case["fixed"]["vcov"])
    at = [i for i, f in enumerate(result.fixed) if f.kind == "estimated"]
    whole = result.matrices["V"]
    names = result.matrix_names["V"][0]
    assert len(names) == len(whole)
    wide = len(whole) > len(at) and len(result.fixed) + len(result.random) == len(whole)
    got = whole[np.ix_(at, at)] if wide else whole[: len(at), : len(at)]
    spread = np.sqrt(np.diag(expected))
    np.testing.assert_allclose(got / np.outer(spread, spread), expected / np.outer(spread, spread), atol=1e-5)


@pytest.mark.parametrize("case", interior(*FITS))
def test_variance_parameters(case: dict[str, Any]) -> None:
    result = r_fit(case["command"], case["data"])
    random = case["random"]
    assert [(p.level, p.name) for p in result.random] == list(zip(random["level"], random["name"], strict=True))
    expected = np.array(random["estimate"])
    scale = np.abs(expected)
    if random.get("se"):
        scale = np.maximum(scale, random["se"])
    error = np.abs(natural(result) - expected) / scale
    assert error.max() < tolerance(case, "estimate"), dict(zip(random["name"], error, strict=True))


@pytest.mark.parametrize("case", [p for p in interior(*FITS) if p.values[0]["random"].get("se")])
def test_standard_errors_and_intervals_of_variance_parameters(case: dict[str, Any]) -> None:
    result = r_fit(case["command"], case["data"])
    np.testing.assert_allclose(column(list(result.random), "se"), case["random"]["se"], rtol=tolerance(case, "se"))
    for row, estimate, se in zip(result.random, case["random"]["estimate"], case["random"]["se"], strict=True):
        kind = "var" if row.name.startswith("var") else "cov"
        if kind == "cov" and not row.name.startswith("cov"):
            continue  # correlations of residuals: in test_against_dense
        limits = interval(kind, estimate, se)
        loose = 5 * tolerance(case, "se")
        assert (row.lb, row.ub) == pytest.approx(limits, rel=loose, abs=loose * se), row.name


@pytest.mark.parametrize("case", fits("lme4", also="boundary"))
def test_boundary_solution_is_found_and_named(case: dict[str, Any]) -> None:
    """lme4 ends on a singular fit here; the correlation goes to 1 and has no standard error."""
    result = r_fit(case["command"], case["data"])
    assert result.state == "boundary"
    assert result.boundary
    assert result.warnings
    np.testing.assert_allclose(
        column(estimated(result), "coef"), case["fixed"]["coef"], atol=2e-3 * max(case["fixed"]["se"])
    )
    np.testing.assert_allclose(natural(result), case["random"]["estimate"], rtol=5e-3)
    assert any(p.boundary for p in (*result.random, *result.random_sd))
    corr = next(p for p in result.random_sd if p.name.startswith("corr("))
    assert abs(corr.estimate) > 0.999
    assert corr.se is None


# --- small samples ---------------------------------------------------------------------------------------
def small(feature: str) -> list[Any]:
    """The REML models of smallsample.R when the method is implemented."""
    wanted = frozenset({feature})
    if not wanted <= rcases.IMPLEMENTED:
        return []
    return fits("smallsample")


@pytest.mark.parametrize("case", small("satterthwaite"))
def test_satterthwaite_with_observed_information_is_lmertest(case: dict[str, Any]) -> None:
    result = r_fit(f"{case['command']} dfmethod(satterthwaite, oim)", case["data"])
    rows, expected = estimated(result), case["satterthwaite"]
    assert [f.term for f in rows] == case["terms"]
    np.testing.assert_allclose(column(rows, "df"), expected["df"], rtol=1e-4)
    np.testing.assert_allclose(column(rows, "p"), expected["p"], rtol=1e-3, atol=1e-14)
    if len(rows) > 1:
        assert result.scalars["F"] == pytest.approx(expected["F"], rel=1e-5)
        assert result.scalars["ddf_m"] == pytest.approx(expected["ddf"], rel=1e-3)


@pytest.mark.parametrize("case", small("kroger"))
def test_kenward_roger_is_pbkrtest(case: dict[str, Any]) -> None:
    result = r_fit(f"{case['command']} dfmethod(kroger)", case["data"])
    rows, expected = estimated(result), case["kroger"]
    np.testing.assert_allclose(column(rows, "df"), expected["df"], rtol=1e-5)
    np.testing.assert_allclose(column(rows, "se"), expected["se"], rtol=1e-5)
    if len(rows) > 1:
        assert result.scalars["F"] == pytest.approx(expected["F"], rel=1e-5)
        assert result.scalars["ddf_m"] == pytest.approx(expected["ddf"], rel=1e-5)


# --- robust variances ------------------------------------------------------------------------------------
@pytest.mark.parametrize("case", fits("sandwich"))
def test_robust_standard_errors_are_cr1(case: dict[str, Any]) -> None:
    result = r_fit(case["command"], case["data"])
    rows = estimated(result)
    assert result.ll == pytest.approx(case["ll"], rel=1e-8)
    assert [f.term for f in rows] == case["fixed"]["terms"]
    np.testing.assert_allclose(column(rows, "se"), case["fixed"]["se"], rtol=1e-5)


@pytest.mark.parametrize("kind", ["CR0", "CR1", "CR2"])
@pytest.mark.parametrize("case", fits("fewclusters"))
def test_robust_inference_with_few_clusters_is_clubsandwich(case: dict[str, Any], kind: str) -> None:
    """Standard errors, Satterthwaite degrees of freedom and, for CR2, the approximate Hotelling test; ML and REML."""
    cluster = f"cluster {case['cluster']}" if "cluster" in case["features"] else "robust"
    result = r_fit(f"{case['command']} vce({cluster}, {kind.lower()}) dfmethod(satterthwaite)", case["data"])
    rows, expected = estimated(result), case["types"][kind]
    assert result.ll == pytest.approx(case["ll"], rel=1e-8)
    assert [f.term for f in rows] == case["terms"]
    np.testing.assert_allclose(column(rows, "se"), expected["se"], rtol=1e-5)
    np.testing.assert_allclose(column(rows, "df"), expected["df"], rtol=1e-5)
    np.testing.assert_allclose(column(rows, "p"), expected["p"], rtol=1e-4)
    if "F" in expected:
        assert result.scalars["F"] == pytest.approx(expected["F"], rel=1e-5)
        assert result.scalars["ddf_m"] == pytest.approx(expected["ddf"], rel=1e-5)


# --- margins, comparisons, contrasts -----------------------------------------------------------------------
def steps() -> list[Any]:
    """(case, step) of the commands that exist."""
    return [
        pytest.param(c, step, id=f"{c['id']}: {step['command']}")
        for c in rcases.cases("emmeans")
        for step in c["then"]
        if step["type"] in rcases.IMPLEMENTED
    ]


@pytest.mark.parametrize(("case", "step"), steps())
def test_margins_comparisons_and_contrasts(case: dict[str, Any], step: dict[str, Any]) -> None:
    """Estimate, standard error, statistic and p of every row, in order."""
    outcome = terrace_session(case["command"], case["data"], case["ll"]).run(step["command"])
    assert outcome.ok, outcome.error
    columns = [c.key for c in outcome.tables[0].columns]
    wanted = [columns.index(key) for key in ("estimate", "se", "stat", "p")]
    rows = [[r.values[k] for k in wanted] for r in outcome.tables[0].rows]
    expected = [[r["estimate"], r["se"], r["stat"], r["p"]] for r in step["rows"]]
    np.testing.assert_allclose(np.array(rows, float), expected, rtol=2e-4, atol=1e-8)


@cache
def terrace_session(command: str, data: str, ll: float) -> Any:
    """A session with the data loaded and the model fitted."""
    session = session_on(r_data(data))
    outcome = session.run(command)
    assert outcome.ok, outcome.error
    assert outcome.fit is not None
    assert outcome.fit.ll == pytest.approx(ll, rel=1e-8)
    return session
