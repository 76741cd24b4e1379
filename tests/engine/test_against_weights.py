"""Weights and robust variances against their definitions: expanded rows, and quadrature of the integral."""

from __future__ import annotations

from dataclasses import replace
from functools import cache
from typing import Any

import numpy as np
import pandas as pd
import pytest
from oracle_support import column, dataset, estimated, natural

import terrace
from oracles.dense import Dense
from oracles.generated import panel
from oracles.model import describe, design
from oracles.numerics import hessian, jacobian
from oracles.weighted import group_logs, robust_fixed, sandwich, scale
from terrace.errors import SpecError
from terrace.language.mixed import parse_mixed

PLAIN = ("x", "z", "_cons")


@cache
def weighted_panel() -> pd.DataFrame:
    """Complete rows with weights: ``w1`` by row, ``w2`` by person, and whole numbers ``k1`` and ``k2``."""
    rng = np.random.default_rng(5)
    frame = panel().dropna().reset_index(drop=True)
    frame["w1"] = rng.uniform(0.4, 2.5, len(frame))
    frame["k1"] = rng.integers(1, 4, len(frame))
    for name, values in (("w2", rng.uniform(0.5, 3, 100)), ("k2", rng.integers(1, 4, 100))):
        frame[name] = values[frame["id"].to_numpy()]
    return frame


def same(one: terrace.FitResult, other: terrace.FitResult) -> None:
    """Ten digits, as the specification of frequency weights asks; SEs a little less."""
    assert one.ll == pytest.approx(other.ll, rel=1e-10)
    spread = column(estimated(other), "se")
    np.testing.assert_allclose(
        column(estimated(one), "coef") / spread, column(estimated(other), "coef") / spread, atol=1e-8
    )
    np.testing.assert_allclose(column(estimated(one), "se"), spread, rtol=1e-8)
    np.testing.assert_allclose(natural(one), natural(other), rtol=1e-7)
    np.testing.assert_allclose(column(list(one.random), "se"), column(list(other.random), "se"), rtol=1e-6)
    assert (one.comparison is None) == (other.comparison is None)
    if one.comparison is not None and other.comparison is not None:
        assert one.comparison.stat == pytest.approx(other.comparison.stat, rel=1e-8)
    for name in ("N", "ll_c", "chi2", "F", "ddf_m", "df_m", "k", "rank"):
        expected = other.scalars.get(name)
        close = expected if expected is None else pytest.approx(expected, rel=1e-6 if name == "ddf_m" else 1e-8)
        assert one.scalars.get(name) == close, name


@pytest.mark.parametrize("random", ["|| id:", "|| id: x, cov(unstructured)", "|| region: || person: x"])
def test_frequency_weights_of_rows_are_repeated_rows(random: str) -> None:
    frame = weighted_panel()
    expanded = frame.loc[frame.index.repeat(frame["k1"])].reset_index(drop=True)
    weighted = terrace.fit(f"mixed y x z [fw=k1] {random}", dataset(frame))
    plain = terrace.fit(f"mixed y x z {random}", dataset(expanded))
    same(weighted, plain)
    assert weighted.scalars["N"] == len(expanded)


def copied(frame: pd.DataFrame) -> pd.DataFrame:
    """Every person as often as ``k2`` says, each copy a person of its own."""
    copies = [frame[frame["k2"] > copy].assign(id=lambda f, copy=copy: f["id"] + 1000 * copy) for copy in range(3)]
    return pd.concat(copies)


REPEATED = (
    "id: x, cov(unstructured)",
    # no random effects at the weighted level, and residuals that are correlated within it
    "id:, noconstant residuals(exchangeable)",
    "id:, noconstant residuals(ar 1, t(t))",
    "id:, noconstant residuals(ar 1, t(t) by(g))",
    "id:, residuals(exponential, t(t))",
)


@pytest.mark.parametrize("random", REPEATED)
def test_frequency_weights_of_groups_are_repeated_groups(random: str) -> None:
    frame = weighted_panel()
    weight = " fweight(k2)" if "," in random else ", fweight(k2)"
    weighted = terrace.fit(f"mixed y x z || {random}{weight}", dataset(frame))
    plain = terrace.fit(f"mixed y x z || {random}", dataset(copied(frame)))
    same(weighted, plain)


def pseudolikelihood(frame: pd.DataFrame, kind: str) -> tuple[Any, Any]:
    """(log by group times its weight, total) as functions of (beta, log sd_u, log sd_e)."""
    codes = frame["id"].to_numpy()
    inner, outer = scale(kind, frame["w1"].to_numpy(), frame["w2"].to_numpy(), codes)
    y, x = frame["y"].to_numpy(float), design(frame, PLAIN)
    first = np.array([np.flatnonzero(codes == g)[0] for g in np.unique(codes)])

    def logs(parameters: np.ndarray) -> np.ndarray:
        return outer[first] * group_logs(y, x, codes, inner, parameters)

    return logs, lambda parameters: float(logs(parameters).sum())


@pytest.mark.parametrize("kind", ["", "size", "effective", "gk"])
def test_pseudolikelihood_is_the_quadrature_of_its_definition(kind: str) -> None:
    frame = weighted_panel()
    option = f" pwscale({kind})" if kind else ""
    result = terrace.fit(f"mixed y x z [pw=w1] || id:, pweight(w2){option}", dataset(frame))
    logs, total = pseudolikelihood(frame, kind)
    rows = estimated(result)
    at = np.concatenate([column(rows, "coef"), 0.5 * np.log(natural(result))])
    assert result.ll == pytest.approx(total(at), rel=1e-10)

    curve = -hessian(total, at)
    step = np.linalg.solve(curve, jacobian(total, at, step=0.005))
    assert np.abs(step / np.sqrt(np.diag(np.linalg.inv(curve)))).max() < 1e-4

    # the bread is block diagonal: fixed effects, and variances with the fixed effects profiled out
    scores = jacobian(logs, at, step=0.005)
    p = len(rows)
    profiled = curve[p:, p:] - curve[p:, :p] @ np.linalg.solve(curve[:p, :p], curve[:p, p:])
    fixed = np.sqrt(np.diag(sandwich(scores[:, :p], np.linalg.inv(curve[:p, :p]))))
    np.testing.assert_allclose(column(rows, "se"), fixed, rtol=1e-5)
    variances = np.sqrt(np.diag(sandwich(scores[:, p:], np.linalg.inv(profiled))))
    np.testing.assert_allclose(column(list(result.random), "se"), 2 * natural(result) * variances, rtol=1e-5)


def test_equal_sampling_weights_do_not_move_the_estimates() -> None:
    frame = weighted_panel().assign(two=2.0, one=1.0)
    plain = terrace.fit("mixed y x z || id: x", dataset(frame))
    for weights in ("[pw=one] || id: x", "|| id: x, pweight(two)", "[pw=two] || id: x, pwscale(size)"):
        result = terrace.fit(f"mixed y x z {weights}", dataset(frame))
        np.testing.assert_allclose(column(estimated(result), "coef"), column(estimated(plain), "coef"), rtol=1e-6)
        np.testing.assert_allclose(natural(result), natural(plain), rtol=1e-5)


def test_robust_variances_are_sums_of_squared_scores() -> None:
    frame = weighted_panel().assign(w1=1.0, w2=1.0)
    result = terrace.fit("mixed y x z || id:, vce(robust)", dataset(frame))
    logs, total = pseudolikelihood(frame, "")
    rows = estimated(result)
    at = np.concatenate([column(rows, "coef"), 0.5 * np.log(natural(result))])
    curve, scores, p = -hessian(total, at), jacobian(logs, at, step=0.005), len(rows)
    fixed = sandwich(scores[:, :p], np.linalg.inv(curve[:p, :p]))
    np.testing.assert_allclose(column(rows, "se"), np.sqrt(np.diag(fixed)), rtol=1e-6)
    assert result.scalars["N_clust"] == frame["id"].nunique()


def test_clusters_above_the_top_level() -> None:
    frame = weighted_panel()
    by_region = terrace.fit("mixed y x z || id:, vce(cluster region)", dataset(frame))
    by_id = terrace.fit("mixed y x z || id:, vce(cluster id)", dataset(frame))
    robust = terrace.fit("mixed y x z || id:, vce(robust)", dataset(frame))
    np.testing.assert_allclose(column(estimated(by_id), "se"), column(estimated(robust), "se"), rtol=1e-10)
    assert by_region.scalars["N_clust"] == 6
    assert np.all(column(estimated(by_region), "se") != column(estimated(robust), "se"))


SMALL = ("residual", "repeated", "anova", "satterthwaite", "kroger", "kroger, oim")


@pytest.mark.parametrize("method", SMALL)
@pytest.mark.parametrize("level", ["rows", "groups"])
def test_frequency_weights_under_reml_with_degrees_of_freedom(level: str, method: str) -> None:
    """Everything that is told about the weighted fit is told about the data with each copy written out."""
    frame = weighted_panel()
    random = f"|| id: x, cov(unstructured) reml dfmethod({method})"
    if level == "rows":
        weighted = terrace.fit(f"mixed y x z [fw=k1] {random}", dataset(frame))
        expanded = frame.loc[frame.index.repeat(frame["k1"])].reset_index(drop=True)
    else:
        weighted = terrace.fit(f"mixed y x z {random} fweight(k2)", dataset(frame))
        expanded = copied(frame)
    plain = terrace.fit(f"mixed y x z {random}", dataset(expanded))
    same(weighted, plain)
    np.testing.assert_allclose(column(estimated(weighted), "df"), column(estimated(plain), "df"), rtol=1e-6)
    np.testing.assert_allclose(column(estimated(weighted), "p"), column(estimated(plain), "p"), rtol=1e-6)
    assert [(g.n_groups, g.min, g.max) for g in weighted.groups] == [(g.n_groups, g.min, g.max) for g in plain.groups]


@pytest.mark.parametrize("reml", ["", " reml"])
@pytest.mark.parametrize("random", ["|| _all: R.item || id: x, cov(unstructured)", "|| _all: R.item || _all: R.id,"])
def test_frequency_weights_of_rows_with_crossed_effects(random: str, reml: str) -> None:
    frame = weighted_panel()
    expanded = frame.loc[frame.index.repeat(frame["k1"])].reset_index(drop=True)
    same(
        terrace.fit(f"mixed y x z [fw=k1] {random}{reml}", dataset(frame)),
        terrace.fit(f"mixed y x z {random}{reml}", dataset(expanded)),
    )


def test_copies_of_a_group_share_the_effects_that_cross_it() -> None:
    frame = weighted_panel()
    command = "mixed y x z || _all: R.item || id: x, cov(unstructured)"
    same(terrace.fit(f"{command} fweight(k2)", dataset(frame)), terrace.fit(command, dataset(copied(frame))))


def test_weights_of_a_group_need_effects_of_its_own_to_repeat() -> None:
    frame = weighted_panel()
    for command in ("mixed y x || id: R.f || id:, fweight(k2)", "mixed y x || id: R.f, fweight(k2)"):
        with pytest.raises(SpecError) as caught:
            terrace.fit(command, dataset(frame))
        assert caught.value.code == "weights-crossed"


@pytest.mark.parametrize("residuals", ["ar 1, t(t)", "exchangeable"])
def test_row_weights_that_are_constant_in_a_group_weigh_its_residuals_as_a_whole(residuals: str) -> None:
    """Without random effects at that level they are weights of the group."""
    frame = weighted_panel()
    option = f"noconstant residuals({residuals})"
    rows = terrace.fit(f"mixed y x z [pw=w2] || id:, {option}", dataset(frame))
    groups = terrace.fit(f"mixed y x z || id:, pweight(w2) {option}", dataset(frame))
    same(rows, groups)
    assert rows.ll != pytest.approx(terrace.fit(f"mixed y x z || id:, {option}", dataset(frame)).ll)


def test_robust_variances_with_effects_that_cross_within_clusters() -> None:
    frame = weighted_panel()
    command = "mixed y x z || region: R.t || person:, reml"
    result = terrace.fit(f"{command} vce(robust)", dataset(frame))
    dense = Dense(describe(command, PLAIN), frame)
    expected = robust_fixed(dense, natural(result), frame["region"].to_numpy())
    np.testing.assert_allclose(column(estimated(result), "se"), np.sqrt(np.diag(expected)), rtol=1e-7)
    assert result.scalars["N_clust"] == 6


def test_clusters_that_share_effects_are_refused() -> None:
    frame = weighted_panel()
    spec = replace(parse_mixed("mixed y x || _all: R.item || id:", frame.columns), vce="cluster", cluster="region")
    with pytest.raises(SpecError) as caught:
        terrace.fit(spec, dataset(frame))
    assert caught.value.code == "robust-crossed"


def test_robust_variances_of_variance_parameters_under_reml() -> None:
    """The restricted likelihood splits by cluster: score -(tr P_cc V_a,cc - v_c'V_a v_c)/2 with v = V^-1 r."""
    frame = weighted_panel()
    command = "mixed y x z || id:, reml"
    result = terrace.fit(f"{command} vce(robust)", dataset(frame))
    dense = Dense(describe(command, PLAIN), frame)
    at = natural(result)
    inverse = np.linalg.inv(dense.v(at))
    _, phi, rest, _ = dense.pieces(at)
    p = inverse - inverse @ dense.x @ phi @ dense.x.T @ inverse
    codes = frame["id"].to_numpy()
    scores = []
    for group in np.unique(codes):
        rows = np.flatnonzero(codes == group)
        v = (inverse @ rest)[rows]
        own = np.ix_(rows, rows)
        scores.append([-0.5 * (np.sum(p[own] * d[own]) - v @ d[own] @ v) for d in dense.dv(at)])
    total = np.array(scores)
    np.testing.assert_allclose(total.sum(axis=0), 0, atol=1e-6 * np.abs(total).max())
    expected = sandwich(total, dense.covariance(at))
    np.testing.assert_allclose(column(list(result.random), "se"), np.sqrt(np.diag(expected)), rtol=1e-5)
