"""Margins against R's emmeans, and against predictions of changed data, one row after the other."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from oracle_support import dataset, r_data, r_fit
from post_support import rows

import terrace
from oracles import rcases
from terrace.data.dataset import Dataset
from terrace.errors import SpecError
from terrace.postestimation.margins.margins import margins
from terrace.postestimation.margins.show import margins_plot, margins_table
from terrace.postestimation.tests.pwcompare import pwcompare_table
from terrace.results.fit import FitResult

CASES = rcases.every("emmeans")
HSB = "mixed mathach c.ses##i.sector##i.female c.ses#c.ses meanses || id: ses, cov(un) reml"


@pytest.fixture(scope="module")
def hsb() -> tuple[FitResult, Dataset]:
    data = terrace.sample("hsb")
    return terrace.fit(HSB, data), data


def predicted(fit: FitResult, data: Dataset, **changes: Any) -> np.ndarray:
    """xb of every row with some variables changed: another way to the same averages."""
    from terrace.design.newdata import column_values

    for name, value in changes.items():
        data = data.with_column(name, np.full(len(data), float(value)) if np.isscalar(value) else value)
    return column_values(fit.spec.fixed, fit.model.design.x_info, data)


def steps(kind: str) -> list[Any]:
    return [
        pytest.param(c, s, id=f"{c['id']}-{s['command'].replace(' ', '-')}")
        for c in CASES
        for s in c["then"]
        if s["type"] == kind
    ]


@pytest.mark.parametrize(("case", "step"), steps("margins"))
def test_margins_are_those_of_emmeans(case: Any, step: Any) -> None:
    name = step["command"].split()[1]
    fit = r_fit(case["command"], case["data"])
    found = margins_table(margins(fit, r_data(case["data"]), [name])).plain()["rows"]
    for got, want in zip(found, step["rows"], strict=True):
        assert got[0] == want["label"]
        np.testing.assert_allclose(got[1:4], [want["estimate"], want["se"], want["stat"]], rtol=1e-5)


@pytest.mark.parametrize(("case", "step"), steps("pwcompare"))
def test_pairwise_comparisons_are_those_of_emmeans(case: Any, step: Any) -> None:
    words, _, options = step["command"].partition(",")
    name = words.split()[1]
    method = options.partition("(")[2].rstrip(") ") or "none"
    small = "small" in options
    fit = r_fit(case["command"], case["data"])
    found = rows(pwcompare_table(fit, name, mcompare=method, small=small))
    assert len(found) == len(step["rows"])
    for want in step["rows"]:
        a, b = (part.replace(f"f_{name}", "") for part in want["label"].split(" - "))
        got = found[f"{a} vs {b}"]
        got = [*got[:2], *got[3:]] if small else got  # df stands before t
        np.testing.assert_allclose(got[:3], [want["estimate"], want["se"], want["stat"]], rtol=2e-5)
        # emmeans rounds its Tukey probabilities at 1e-6 or so
        assert got[3] == pytest.approx(want["p"], rel=2e-3, abs=2e-6)
    same = margins(fit, r_data(case["data"]), [name], pwcompare=True, mcompare=method, small=small)
    for row in margins_table(same).plain()["rows"]:
        np.testing.assert_allclose(row[1:5], found[row[0]][:4], rtol=1e-6, atol=1e-9)


def test_average_of_predictions_at_values(hsb: Any) -> None:
    fit, data = hsb
    found = margins(fit, data, ["sector"], at={"ses": [-1, 0.5]})
    assert found.labels == ("1#Public", "1#Catholic", "2#Public", "2#Catholic")
    k = 0
    for ses in (-1.0, 0.5):
        for sector in (0.0, 1.0):
            j = predicted(fit, data, ses=ses, sector=sector).mean(axis=0)
            assert found.margins[k] == pytest.approx(j @ fit.model.beta, rel=1e-10)
            assert found.estimates[k].se == pytest.approx(np.sqrt(j @ fit.model.vcov @ j), rel=1e-10)
            k += 1


def test_slopes_are_derivatives(hsb: Any) -> None:
    fit, data = hsb
    step = 1e-5
    ses = data.numeric("ses")
    up, down = predicted(fit, data, ses=ses + step), predicted(fit, data, ses=ses - step)
    j = ((up - down) / (2 * step)).mean(axis=0)
    found = margins(fit, data, dydx="ses")
    assert found.labels == ("ses",)
    assert found.margins[0] == pytest.approx(j @ fit.model.beta, rel=1e-7)
    assert found.estimates[0].se == pytest.approx(np.sqrt(j @ fit.model.vcov @ j), rel=1e-6)


def test_effect_of_a_factor_is_a_discrete_change(hsb: Any) -> None:
    fit, data = hsb
    j = (predicted(fit, data, sector=1.0) - predicted(fit, data, sector=0.0)).mean(axis=0)
    found = margins(fit, data, dydx="*")
    assert found.labels == ("ses", "1.sector", "1.female", "meanses")
    assert found.margins[1] == pytest.approx(j @ fit.model.beta, rel=1e-9)


def test_over_groups(hsb: Any) -> None:
    fit, data = hsb
    found = margins(fit, data, over="minority")
    x = predicted(fit, data)
    for k, value in enumerate((0.0, 1.0)):
        inside = data.numeric("minority") == value
        assert found.margins[k] == pytest.approx(x[inside].mean(axis=0) @ fit.model.beta, rel=1e-10)


def test_means_shares_and_balance(hsb: Any) -> None:
    fit, data = hsb
    b = {f.term: f.coef for f in fit.fixed}
    ses, meanses = data.numeric("ses").mean(), data.numeric("meanses").mean()
    names = list(b)
    share = {"female": (data.numeric("female") == 1).mean(), "sector": (data.numeric("sector") == 1).mean()}

    def at(female: float, sector: float) -> float:
        total = 0.0
        for name in names:
            value = 1.0
            for part in name.split("#"):
                value *= {
                    "ses": ses, "c.ses": ses, "meanses": meanses, "_cons": 1.0, "1.female": female,
                    "1.sector": sector,
                }.get(part, 0.0)  # fmt: skip
            total += value * b[name]
        return total

    assert margins(fit, data, atmeans=True).margins[0] == pytest.approx(at(share["female"], share["sector"]))
    balanced = margins(fit, data, ["sector"], atmeans=True, asbalanced=True)
    assert balanced.margins == pytest.approx([at(0.5, 0.0), at(0.5, 1.0)])
    named = margins(fit, data, at={"sector": "asbalanced", "female": "mean", "ses": "mean", "meanses": "mean"})
    assert named.margins[0] == pytest.approx(at(share["female"], 0.5))


def test_statistics_of_at(hsb: Any) -> None:
    fit, data = hsb
    ses = data.frame["ses"]
    names = ["mean", "median", "p25", "min", "max", "zero"]
    values = [ses.mean(), ses.median(), np.quantile(ses, 0.25, method="averaged_inverted_cdf"), ses.min(), ses.max(), 0]
    by_name = margins(fit, data, at={"ses": names})
    by_value = margins(fit, data, at={"ses": values})
    np.testing.assert_allclose(by_name.margins, by_value.margins, rtol=1e-12)
    observed = margins(fit, data, at={"ses": "asobserved", "sector": 1}, atmeans=True)
    assert observed.margins[0] != pytest.approx(margins(fit, data, at={"sector": 1}, atmeans=True).margins[0])


def test_weights_average_as_expanded_rows() -> None:
    frame = rcases.frame("orthodont").assign(w=lambda d: 1 + (d["subject"] % 3))
    weighted = terrace.fit("mixed distance c.time##i.female || subject:, fweight(w)", dataset(frame))
    copies = []
    for k in range(3):
        part = frame[frame["w"] > k].copy()
        part["subject"] = part["subject"] * 10 + k
        copies.append(part)
    import pandas as pd

    expanded = dataset(pd.concat(copies))
    plain = terrace.fit("mixed distance c.time##i.female || subject:", expanded)
    a = margins(weighted, dataset(frame), ["female"])
    b = margins(plain, expanded, ["female"])
    np.testing.assert_allclose(a.margins, b.margins, rtol=1e-6)
    assert a.estimates[0].se == pytest.approx(b.estimates[0].se, rel=1e-5)


def test_empty_cells_are_not_estimable() -> None:
    frame = rcases.frame("cake")
    frame = frame[~((frame["recipe"] == 2) & (frame["temperature"] == 3))]
    data = dataset(frame)
    fit = terrace.fit("mixed angle i.recipe##i.temperature || replicate:", data)
    found = margins(fit, data, ["recipe#temperature"])
    table = rows(margins_table(found))
    assert table["2#3"][0] == "not estimable"
    assert sum(found.estimable) == 17
    cell = frame[(frame["recipe"] == 1) & (frame["temperature"] == 3)]["angle"].mean()
    assert table["1#3"][0] == pytest.approx(cell, abs=0.3)
    compared = rows(pwcompare_table(fit, "recipe"))
    assert compared["2 vs 1"][0] == "not estimable"
    assert compared["3 vs 1"][0] != "not estimable"


def test_omitted_collinear_terms_do_not_hide_what_can_be_estimated() -> None:
    data = terrace.sample("hsb")
    data = data.with_column("twice", 2 * data.numeric("ses"))
    fit = terrace.fit("mixed mathach ses twice i.sector || id:", data)
    assert margins(fit, data, ["sector"]).estimable.all()
    assert margins(fit, data, at={"ses": 1, "twice": 2}).estimable.all()
    assert not margins(fit, data, at={"ses": 1, "twice": 1}).estimable.any()


def test_small_sample_margins_have_degrees_of_freedom() -> None:
    fit = r_fit("mixed distance c.time##i.female || subject: time, cov(un) reml dfmethod(kroger)", "orthodont_gaps")
    found = margins(fit, r_data("orthodont_gaps"), ["female"], at={"time": [1, 4]}, small=True)
    assert all(e.df is not None and 15 < e.df < 40 for e in found.estimates)
    assert [c.key for c in margins_table(found).columns] == ["estimate", "se", "df", "stat", "p", "ci"]
    j = found.rows[2]
    assert found.estimates[2].se == pytest.approx(np.sqrt(j @ fit.model.vcov @ j))


def test_plot_has_a_line_for_each_level(hsb: Any) -> None:
    fit, data = hsb
    found = margins(fit, data, ["sector"], at={"ses": [-1, 0, 1]})
    (panel,) = margins_plot(found).panels
    lines = [m for m in panel.marks if m.kind == "line"]
    bands = [m for m in panel.marks if m.kind == "band"]
    assert [m.label for m in lines] == ["Public", "Catholic"]
    np.testing.assert_array_equal(lines[0].x, [-1, 0, 1])
    np.testing.assert_allclose(lines[1].y, found.margins[1::2])
    np.testing.assert_allclose(bands[0].lower, [e.lower for e in found.estimates[0::2]])  # type: ignore[arg-type]
    kinds = [m.kind for m in margins_plot(found, recastci="interval").panels[0].marks]
    assert "band" not in kinds and "interval" in kinds
    other = margins_plot(found, x="sector").panels[0]
    assert [t for _, t in other.x.ticks or ()] == ["Public", "Catholic"]
    assert len(margins_plot(margins(fit, data, dydx="*", over="minority")).panels) == 4
    with pytest.raises(SpecError, match="do not vary"):
        margins_plot(found, x="female")


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        ({"variables": ["ses"]}, "not-a-factor"),
        ({"at": {"size": 1}}, "not-in-model"),
        ({"at": {"sector": 7}}, "no-such-level"),
        ({"at": {"ses": "typical"}}, "at-statistic"),
        ({"dydx": "size"}, "not-in-model"),
        ({"small": True}, "no-df-method"),
        ({"level": 101}, "level"),
        ({"pwcompare": True}, "nothing-to-compare"),
        ({"variables": ["sector"], "pwcompare": True, "mcompare": "duncan"}, "mcompare"),
    ],
)
def test_errors(hsb: Any, arguments: Any, code: str) -> None:
    with pytest.raises(SpecError) as caught:
        margins(*hsb, **arguments)
    assert caught.value.code == code
