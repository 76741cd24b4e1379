"""The check list finds what was put into the data, and stays quiet where nothing is wrong."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import cache
from typing import Any

import numpy as np
import pandas as pd
import pytest
from oracle_support import dataset

import terrace
from terrace.data.dataset import Dataset, Panel
from terrace.errors import Cancelled
from terrace.postestimation.diagnose.checklist import Check, checklist, checklist_table, checklist_text

GROUPS, SIZE = 60, 16
COMMAND = "mixed y x z || g:, reml"


def made(change: Callable[[dict[str, Any], np.random.Generator], Any] | None = None, seed: int = 5) -> Dataset:
    """A two-level sample that obeys the model, or breaks one of its assumptions."""
    rng = np.random.default_rng(seed)
    g = np.repeat(np.arange(GROUPS), SIZE)
    v: dict[str, Any] = {
        "g": g, "x": rng.standard_normal(len(g)), "z": rng.uniform(0, 4, len(g)), "t": np.tile(np.arange(SIZE), GROUPS),
        "u": rng.standard_normal(GROUPS), "e": rng.standard_normal(len(g)), "shift": np.zeros(len(g)),
    }  # fmt: skip
    if change:
        change(v, rng)
    y = 1 + 0.5 * v["x"] - 0.3 * v["z"] + v["u"][g] + v["e"] + v["shift"]
    if v.get("transform"):
        y = v["transform"](y)
    return dataset(pd.DataFrame({k: v[k] for k in ("g", "x", "z", "t")}).assign(y=y))


@cache
def checked(name: str) -> dict[str, Check]:
    data = made(BREAKS[name][0]) if name else made()
    fit = terrace.fit(COMMAND, data)
    return {c.code: c for c in checklist(fit, data)}


def _skewed(v: dict[str, Any], rng: np.random.Generator) -> None:
    v["e"] = rng.exponential(1.5, len(v["e"])) ** 1.3


def _bent(v: dict[str, Any], rng: np.random.Generator) -> None:
    v["shift"] = 0.8 * v["x"] ** 2


def _growing(v: dict[str, Any], rng: np.random.Generator) -> None:
    v["transform"] = lambda y: np.exp(0.45 * y)


def _unequal(v: dict[str, Any], rng: np.random.Generator) -> None:
    v["e"] = v["e"] * np.exp(0.6 * rng.standard_normal(GROUPS))[v["g"]]


def _outlier(v: dict[str, Any], rng: np.random.Generator) -> None:
    v["e"][100] = 9.0


def _skewed_groups(v: dict[str, Any], rng: np.random.Generator) -> None:
    v["u"] = 2.5 * rng.exponential(1, GROUPS) ** 1.5


def _serial(v: dict[str, Any], rng: np.random.Generator) -> None:
    e = v["e"].reshape(GROUPS, SIZE)
    for t in range(1, SIZE):
        e[:, t] = 0.85 * e[:, t - 1] + 0.6 * e[:, t]
    v["e"] = e.ravel()


def _confounded(v: dict[str, Any], rng: np.random.Generator) -> None:
    v["x"] = v["x"] + 1.2 * v["u"][v["g"]]


def _one_group(v: dict[str, Any], rng: np.random.Generator) -> None:
    v["x"] = np.where(v["g"] == 7, 30 * v["x"], v["x"])
    v["shift"] = np.where(v["g"] == 7, -2.0 * v["x"], 0.0)


def _twins(v: dict[str, Any], rng: np.random.Generator) -> None:
    v["z"] = v["x"] + 0.05 * v["z"]


def _no_group_effect(v: dict[str, Any], rng: np.random.Generator) -> None:
    # group means forced to their overall mean: the variance between groups is estimated as zero
    v["u"] = np.zeros(GROUPS)
    e = v["e"].reshape(GROUPS, SIZE)
    v["e"] = (e - e.mean(axis=1, keepdims=True)).ravel()


BREAKS: dict[str, Any] = {
    "skewed": (_skewed, "residual-normality"),
    "bent": (_bent, "linearity"),
    "growing": (_growing, "spread-fitted"),
    "unequal": (_unequal, "spread-groups"),
    "outlier": (_outlier, "outliers"),
    "skewed-groups": (_skewed_groups, "effects-g-_cons"),
    "confounded": (_confounded, "within-between"),
    "one-group": (_one_group, "influence"),
    "twins": (_twins, "collinearity"),
    "no-effect": (_no_group_effect, "boundary"),
}


def test_data_that_obey_the_model_pass() -> None:
    found = checked("")
    assert {c.state for c in found.values()} == {"good"}
    assert {"convergence", "boundary", "groups", "residual-normality", "outliers", "linearity"} <= set(found)
    assert {"influence", "within-between", "spread-groups", "spread-fitted", "collinearity"} <= set(found)


@pytest.mark.parametrize("name", BREAKS)
def test_what_was_broken_is_found(name: str) -> None:
    check = checked(name)[BREAKS[name][1]]
    assert check.state != "good"
    assert check.advice


def test_correlation_over_time_is_found() -> None:
    data = made(_serial)
    data = replace(data, panel=Panel("g", "t"))
    found = {c.code: c for c in checklist(terrace.fit("mixed y x z || g:, reml", data), data)}
    assert found["serial"].state == "look"
    plain = replace(made(), panel=Panel("g", "t"))
    assert {c.code: c.state for c in checklist(terrace.fit(COMMAND, plain), plain)}["serial"] == "good"


def test_the_outlying_row_is_named() -> None:
    assert "row 101" in checked("outlier")["outliers"].found


def test_few_groups() -> None:
    data = made()
    few = {c.code: c for c in checklist(terrace.fit("mixed y x if g < 12 || g:, reml", data), data)}
    assert few["groups"].state == "look" and "kroger" in few["groups"].advice
    enough = terrace.fit("mixed y x if g < 12 || g:, reml dfmethod(kroger)", data)
    assert {c.code: c.state for c in checklist(enough, data)}["groups"] == "good"
    fewer = terrace.fit("mixed y x if g < 4 || g:, reml", data)
    assert {c.code: c.state for c in checklist(fewer, data)}["groups"] == "problem"


def test_a_model_without_groups_has_the_checks_that_it_can_have() -> None:
    data = made()
    found = [c.code for c in checklist(terrace.fit("mixed y x z", data), data)]
    assert "linearity" in found and "groups" not in found and "influence" not in found


def test_table_and_cancel() -> None:
    found = tuple(checked("bent").values())
    table = checklist_table(found)
    assert len(table.rows) == len(found)
    assert table.notes[0].startswith(str(sum(c.state != "good" for c in found)))
    text = checklist_text(found)
    assert text.count("Look     ") == sum(c.state == "look" for c in found)
    assert max(map(len, text.splitlines())) <= 78
    data = made()
    with pytest.raises(Cancelled):
        checklist(terrace.fit(COMMAND, data), data, cancel=lambda: True)
