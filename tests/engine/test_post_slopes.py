"""Simple slopes and regions of significance, by their definition."""

from __future__ import annotations

import math
from functools import cache
from typing import Any

import numpy as np
import pytest
from oracle_support import r_data, r_fit

import terrace
from terrace.errors import SpecError
from terrace.postestimation.margins.margins import margins
from terrace.postestimation.margins.show import margins_plot
from terrace.postestimation.margins.slopes import (
    johnson_neyman,
    johnson_neyman_plot,
    johnson_neyman_table,
    predicted_lines,
    simple_slopes,
)


@cache
def hsb(options: str = "") -> Any:
    data = terrace.sample("hsb")
    return terrace.fit(f"mixed mathach c.ses##c.meanses i.sector##c.ses || id: ses, cov(un) reml{options}", data), data


def test_slopes_at_the_mean_and_a_standard_deviation_around() -> None:
    fit, data = hsb()
    m = data.frame["meanses"]
    found = simple_slopes(fit, data, "ses", "meanses")
    b = {"#".join(sorted(f.term.split("#"))): f.coef for f in fit.fixed}
    share = (data.frame["sector"] == 1).mean()
    for value, got in zip((m.mean() - m.std(), m.mean(), m.mean() + m.std()), found.margins, strict=True):
        want = b["ses"] + b["c.meanses#c.ses"] * value + b["1.sector#c.ses"] * share
        assert got == pytest.approx(want, rel=1e-9)
    levels = simple_slopes(fit, data, "ses", "sector")
    assert levels.labels == ("1", "2") and len(levels.margins) == 2


@pytest.mark.parametrize("x", ["ses", "sector"])
def test_at_the_bounds_p_is_five_per_cent(x: str) -> None:
    fit, data = hsb()
    moderator = "meanses" if x == "ses" else "ses"
    found = johnson_neyman(fit, data, x, moderator)
    assert len(found.bounds) == 2
    for bound in found.bounds:
        (e,) = margins(fit, data, at={moderator: bound}, dydx=x).estimates
        assert e.p == pytest.approx(0.05, rel=1e-6)
    for a, b in found.regions:
        inside = b - 0.1 if math.isinf(a) else a + 0.1 if math.isinf(b) else (a + b) / 2
        (e,) = margins(fit, data, at={moderator: inside}, dydx=x).estimates
        assert e.p < 0.05


def test_with_degrees_of_freedom() -> None:
    fit = r_fit("mixed distance c.time##i.female || subject: time, cov(un) reml dfmethod(kroger)", "orthodont_gaps")
    data = r_data("orthodont_gaps")
    found = johnson_neyman(fit, data, "female", "time", small=True)
    assert found.bounds
    for bound in found.bounds:
        (e,) = margins(fit, data, at={"time": bound}, dydx="female", small=True).estimates
        assert e.p == pytest.approx(0.05, rel=1e-5)


def test_powers_of_the_moderator() -> None:
    data = r_data("sleepstudy")
    data = data.with_column("late", (data.numeric("subject") > 340).astype(float))
    fit = terrace.fit("mixed reaction i.late##c.days##c.days || subject:", data)
    found = johnson_neyman(fit, data, "late", "days")
    for value, got in zip(found.at[::30], found.curve[::30]):
        (e,) = margins(fit, data, at={"days": float(value)}, dydx="late").estimates
        assert got == pytest.approx(e.value, rel=1e-8)
    for bound in found.bounds:
        (e,) = margins(fit, data, at={"days": bound}, dydx="late").estimates
        assert e.p == pytest.approx(0.05, rel=1e-6)


def test_table_and_plot() -> None:
    fit, data = hsb()
    found = johnson_neyman(fit, data, "sector", "ses")
    table = johnson_neyman_table(found)
    ends = [v for r in table.rows for v in r.values if isinstance(v, float)]
    assert set(ends) <= set(found.bounds)
    (panel,) = johnson_neyman_plot(found).panels
    band = next(m for m in panel.marks if m.kind == "band")
    np.testing.assert_allclose(band.y, found.curve)
    assert np.all(band.lower < band.y) and np.all(band.y < band.upper)  # type: ignore[operator]
    lines = margins_plot(predicted_lines(fit, data, "ses", "sector", points=5), x="ses").panels[0]
    assert [m.label for m in lines.marks if m.kind == "line"] == ["Public", "Catholic"]  # as where margins names them


@pytest.mark.parametrize(
    ("x", "moderator", "code"),
    [("ses", "size", "not-in-model"), ("meanses", "sector", "no-interaction"), ("ses", "sector", "moderator-factor"),
     ("ses", "ses", "no-interaction")],
)  # fmt: skip
def test_errors(x: str, moderator: str, code: str) -> None:
    with pytest.raises(SpecError) as caught:
        johnson_neyman(*hsb(), x, moderator)
    assert caught.value.code == code


def test_lines_at_mean_and_sds_have_decimals_that_tell_them_apart_and_no_more() -> None:
    from terrace.postestimation.margins.show import _short_texts

    assert _short_texts([-0.4074154, 0.006138483, 0.4196924]) == ["−0.41", "0.01", "0.42"]
    assert _short_texts([-1.0, 0.0, 1.0]) == ["−1", "0", "1"], "exact ones stay"
    assert _short_texts([-0.5, 0.0, 0.25]) == ["−0.5", "0", "0.25"]
    assert _short_texts([1234.567, 2345.678]) == ["1235", "2346"]
    assert _short_texts([0.123456, 0.123567]) == ["0.12346", "0.12357"]
    assert _short_texts([-1e-9, 0.5123, 1.0]) == ["0.00", "0.51", "1.00"], "no minus before nothing"
