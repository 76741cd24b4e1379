"""Models compared: every number against where it comes from."""

from __future__ import annotations

from functools import cache

import numpy as np
import pytest
from oracle_support import r_data, r_fit
from post_support import rows

import terrace
from terrace.errors import TerraceError
from terrace.postestimation.paper.compare import models_table, side_by_side_table
from terrace.postestimation.tests.lrtest import lrtest
from terrace.postestimation.variance.icc import icc
from terrace.postestimation.variance.r2 import explained

COMMANDS = (
    "mixed reaction days", "mixed reaction days || subject:", "mixed reaction days || subject: days, cov(un)",
)  # fmt: skip


@cache
def fits() -> tuple[terrace.FitResult, ...]:
    return tuple(r_fit(c, "sleepstudy") for c in COMMANDS)


def test_rows() -> None:
    table = models_table(fits(), ["ols", "intercept", "slope"])
    found = rows(table)
    keys = [c.key for c in table.columns]
    for fit, (name, cells) in zip(fits(), found.items(), strict=True):
        cell = dict(zip(keys, cells))
        assert cell["ll"] == fit.ll
        k = fit.scalars["rank"]
        assert cell["aic"] == pytest.approx(2 * k - 2 * fit.ll)
        assert cell["bic"] == pytest.approx(k * np.log(180) - 2 * fit.ll)
        assert name in ("ols", "intercept", "slope")
    last = dict(zip(keys, found["slope"]))
    test = lrtest(fits()[1], fits()[2], "a", "b")
    assert [last["chi2"], last["df"], last["p"]] == [test.stat, test.df, test.p]
    assert test.mixture is not None and last["p_mixture"] == test.mixture.p(test.stat)
    weights = [dict(zip(keys, c))["weight"] for c in found.values()]
    assert sum(weights) == pytest.approx(1)
    assert weights[1] / weights[2] == pytest.approx(np.exp((found["slope"][3] - found["intercept"][3]) / 2))


def test_what_cannot_be_compared_is_said() -> None:
    reml = r_fit("mixed reaction days || subject:, reml", "sleepstudy")
    table = models_table([fits()[1], reml], ["ml", "reml"])
    found = dict(zip([c.key for c in table.columns], rows(table)["reml"]))
    assert not {"chi2", "df", "p", "delta", "weight"} & set(found)  # columns without a number are left out
    assert any("ML and" in n for n in table.notes)
    with pytest.raises(TerraceError, match="no model"):
        models_table([])
    with pytest.raises(TerraceError, match="3 models and 1 name"):
        models_table(fits(), ["a"])


def test_side_by_side() -> None:
    table = side_by_side_table(fits(), ["a", "b", "c"], data=r_data("sleepstudy"))
    found = rows(table)
    assert found["days"] == [next(e.coef for e in f.fixed if e.term == "days") for f in fits()]
    assert table.alike, "numbers of one outcome have the same decimals in all columns"
    assert found["icc:subject"][0] is None
    assert found["icc:subject"][1:] == [icc(f)[0].value for f in fits()[1:]]
    assert found["r2:conditional"] == [explained(f, r_data("sleepstudy")).conditional for f in fits()]
    assert found["r2:marginal"][0] == found["r2:conditional"][0]
    assert "r2:marginal" not in rows(side_by_side_table(fits()))
