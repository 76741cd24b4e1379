"""Influence by update formulas against generalised least squares on the rows that remain, and against refits."""

from __future__ import annotations

from dataclasses import replace
from functools import cache

import numpy as np
import pandas as pd
import pytest
from oracle_support import dataset, dense_of, generated_fit, r_data, r_fit
from post_support import r_results, rows

import terrace
from oracles.generated import EVERY, Case
from terrace.data.dataset import Dataset
from terrace.errors import Cancelled, SpecError
from terrace.postestimation.diagnose.influence import dfbetas_plot, influence, influence_plot, influence_table

CASES = [
    ("slope-unstructured-reml", "id"), ("three-level-slopes-ml", "region"), ("three-level-slopes-ml", "person"),
    ("effects-and-ar1-ml", "id"), ("both-crossed-reml", "item"), ("both-crossed-reml", "id"),
    ("crossed-slope-ml", "id"), ("intercept-ml", "observation"), ("residual-by-reml", "observation"),
]  # fmt: skip


def case(name: str) -> Case:
    return next(c for c in EVERY if c.id == name)


@cache
def data_of(name: str) -> Dataset:
    return dataset(case(name).frame)


@pytest.mark.parametrize(("name", "level"), CASES)
def test_the_coefficients_without_a_group(name: str, level: str) -> None:
    """With V held, the estimates of the rest are those of generalised least squares on the rest."""
    fit, dense = generated_fit(case(name)), dense_of(case(name))
    found = influence(fit, data_of(name), level)
    v = dense.v(np.array([p.estimate for p in fit.random]))
    whole = np.linalg.inv(dense.x.T @ np.linalg.solve(v, dense.x))
    if level == "observation":
        groups = np.arange(dense.n)
    else:
        names = ["region", "person"][: 1 + (level == "person")] if level in ("region", "person") else [level]
        groups = pd.factorize(pd.MultiIndex.from_frame(dense.frame[names]), sort=True)[0]
    assert len(found.groups) == groups.max() + 1
    for g in range(0, groups.max() + 1, max(1, (groups.max() + 1) // 9)):
        keep = groups != g
        x, y, w = dense.x[keep], dense.y[keep], np.linalg.inv(v[np.ix_(keep, keep)])
        phi = np.linalg.inv(x.T @ w @ x)
        beta = phi @ (x.T @ w @ y)
        change = beta - fit.model.beta
        np.testing.assert_allclose(found.changes[g], change, rtol=1e-5, atol=1e-8)
        cook = change @ np.linalg.solve(whole, change) / len(beta)
        assert found.cooks[g] == pytest.approx(cook, rel=1e-4)
        assert found.covratio[g] == pytest.approx(np.linalg.det(phi) / np.linalg.det(whole), rel=1e-5)
        np.testing.assert_allclose(found.dfbetas[g], change / np.sqrt(np.diag(whole)), rtol=1e-5, atol=1e-7)
        assert found.sizes[g] == (~keep).sum()


def test_refits_are_those_of_lme4() -> None:
    expected = r_results("influence")["sleepstudy"]
    fit = r_fit("mixed reaction days || subject: days, cov(un) reml", "sleepstudy")
    exact = influence(fit, r_data("sleepstudy"), refit=True)
    assert list(exact.groups) == [str(g) for g in expected["groups"]]
    want = np.array(expected["changes"])[:, [1, 0]]
    np.testing.assert_allclose(exact.changes, want, atol=2e-3)
    update = influence(fit, r_data("sleepstudy"))
    # the estimates of the covariance parameters move as well, by little
    assert np.corrcoef(update.changes.ravel(), want.ravel())[0, 1] > 0.999
    assert np.argmax(update.cooks) == np.argmax(exact.cooks)


def test_first_order_changes_of_variances_follow_the_refits() -> None:
    fit = terrace.fit("mixed mathach || id:", terrace.sample("hsb"))
    found = influence(fit, terrace.sample("hsb"))
    assert found.variance_changes is not None
    largest = np.argsort(-np.abs(found.variance_changes[:, 0]))[:3]
    frame = terrace.sample("hsb").frame
    for g in largest:
        rest = terrace.fit("mixed mathach || id:", dataset(frame[frame["id"] != int(found.groups[g])]))
        change = rest.random[0].estimate - fit.random[0].estimate
        assert found.variance_changes[g, 0] == pytest.approx(change, rel=0.1)


def test_table_and_plots() -> None:
    fit = r_fit("mixed reaction days || subject: days, cov(un) reml", "sleepstudy")
    found = influence(fit, r_data("sleepstudy"))
    table = influence_table(found, top=3)
    assert [r.values[1] for r in table.rows] == sorted(found.cooks, reverse=True)[:3]
    first = rows(table)[found.groups[int(np.argmax(found.cooks))]]
    assert first[0] == 10
    assert len(influence_table(found, top=None).rows) == 18
    (panel,) = influence_plot(found).panels
    drawn = np.concatenate([m.y for m in panel.marks if m.kind == "points"])
    np.testing.assert_allclose(np.sort(drawn), np.sort(found.cooks))
    larger = replace(found, cooks=found.cooks * found.cutoff / np.sort(found.cooks)[-3] * 1.01)
    high = next(m for m in influence_plot(larger).panels[0].marks if m.role == "highlight")
    assert len(high.y) == 3 and np.all(high.y > found.cutoff)
    assert [p.title for p in dfbetas_plot(found).panels] == ["days", "Intercept"]


def test_a_group_without_which_there_is_no_model() -> None:
    frame = r_data("sleepstudy").frame.assign(only=lambda d: (d["subject"] == 308) * d["days"])
    data = dataset(frame)
    found = influence(terrace.fit("mixed reaction days only || subject:", data), data)
    assert np.isnan(found.cooks[0]) and np.isfinite(found.cooks[1:]).all()
    assert "cannot be fitted" in influence_table(found).notes[-1]


def test_cancel_and_errors() -> None:
    fit = r_fit("mixed reaction days || subject: days, cov(un) reml", "sleepstudy")
    with pytest.raises(Cancelled):
        influence(fit, r_data("sleepstudy"), refit=True, cancel=lambda: True)
    with pytest.raises(SpecError, match="not a group variable"):
        influence(fit, r_data("sleepstudy"), "school")
