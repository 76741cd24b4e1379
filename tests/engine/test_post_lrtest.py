"""The likelihood-ratio test: its rules, and the mixtures at the boundary."""

from __future__ import annotations

from functools import cache
from typing import Any

import numpy as np
import pytest
from oracle_support import r_fit
from scipy import stats

import terrace
from terrace.errors import SpecError
from terrace.postestimation.tests.lrtest import BOUNDARY, Mixture, lrtest, lrtest_table


@cache
def produc(random: str, fixed: str = "private emp hwy water other unemp", options: str = "") -> terrace.FitResult:
    return terrace.fit(f"mixed gsp {fixed} {random}{options}", terrace.sample("produc"))


def sleep(random: str = "", options: str = "", fixed: str = "days") -> Any:
    return r_fit(f"mixed reaction {fixed} || subject: {random}{options}", "sleepstudy")


def test_published_equality_of_variances() -> None:
    """The manual's block-diagonal example: chi2(1) = 0.00, p = .9784, whichever way round."""
    small = produc("|| region: hwy unemp, cov(identity) || region: || state:")
    large = produc("|| region: hwy unemp || state:")
    for a, b, names in ((small, large, (".", "prodr")), (large, small, ("prodr", "."))):
        table = lrtest_table(a, b, *names)
        ((_, chi2, df, p),) = table.plain()["rows"]
        assert (round(chi2, 2), df) == (0.0, 1)
        assert p == pytest.approx(0.9784, abs=2e-4)
        assert table.notes[0] == "Assumption: . nested within prodr."
        assert BOUNDARY in table.notes and "sets variances equal" in " ".join(table.notes)


def test_statistic_is_twice_the_difference() -> None:
    a, b = sleep(), sleep("days", ", cov(un)")
    found = lrtest(a, b, "a", "b")
    assert found.stat == pytest.approx(2 * (b.ll - a.ll))
    assert found.df == 2
    assert found.p == pytest.approx(stats.chi2.sf(found.stat, 2))
    assert found.boundary


def test_covariance_alone_has_no_boundary_note() -> None:
    found = lrtest(sleep("days"), sleep("days", ", cov(un)"), "a", "b")
    assert not found.boundary and found.mixture is None
    assert BOUNDARY not in found.notes


@pytest.mark.parametrize(
    ("small", "large", "first", "weights"),
    [
        (("|| region:",), ("|| region: || state:",), 0, (0.5, 0.5)),
        (("|| region:",), ("|| region: hwy, cov(un)",), 1, (0.5, 0.5)),
        (("|| region: hwy",), ("|| region: hwy unemp, cov(un)",), 3, (0.5, 0.5)),
        (("|| region:",), ("|| region: hwy unemp",), 0, (0.25, 0.5, 0.25)),
        (("|| region:",), ("|| region: hwy || state:",), 0, (0.25, 0.5, 0.25)),
        (("|| region:", "private"), ("|| region: || state:", "private emp hwy"), 2, (0.5, 0.5)),
        (("",), ("|| region:",), 0, (0.5, 0.5)),
    ],
)
def test_known_mixtures(small: Any, large: Any, first: int, weights: Any) -> None:
    found = lrtest(produc(*small), produc(*large), "a", "b")
    assert found.mixture is not None
    assert (found.mixture.first, found.mixture.weights) == (first, weights)
    assert found.boundary
    # the mixture never has more degrees of freedom than the plain test
    assert first + len(weights) - 1 == found.df
    assert found.mixture.p(found.stat) <= found.p


@pytest.mark.parametrize(
    ("small", "large"),
    [("", "|| region: hwy, cov(un)"), ("|| region:", "|| region: hwy unemp, cov(un)"),
     ("|| region: hwy, cov(identity)", "|| region: hwy unemp, cov(exchangeable)")],
)  # fmt: skip
def test_unknown_mixtures_are_not_invented(small: str, large: str) -> None:
    assert lrtest(produc(small), produc(large), "a", "b").mixture is None


def test_mixture_is_a_weighted_sum_of_tails() -> None:
    m = Mixture(0, (0.25, 0.5, 0.25))
    expected = 0.5 * stats.chi2.sf(2.3, 1) + 0.25 * stats.chi2.sf(2.3, 2)
    assert m.p(2.3) == pytest.approx(expected)
    assert m.p(0.0) == 1.0


def test_half_of_all_null_samples_have_no_variance() -> None:
    """The 50:50 weights, by counting: balanced one-way data without an effect (Stram & Lee 1994)."""
    rng = np.random.default_rng(5)
    groups, size, reps = 60, 8, 4000
    y = rng.standard_normal((reps, groups, size))
    between = size * y.mean(axis=2).var(axis=1) * groups
    within = ((y - y.mean(axis=2, keepdims=True)) ** 2).sum(axis=(1, 2))
    # closed form of the ML ratio: positive only where the between mean square exceeds the within one
    n = groups * size
    positive = between / groups > within / (n - groups)
    lr = np.where(
        positive,
        n * np.log((between + within) / n)
        - groups * np.log(between / groups)
        - (n - groups) * np.log(within / (n - groups)),
        0.0,
    )
    p = np.array([Mixture(0, (0.5, 0.5)).p(float(s)) for s in lr])
    assert abs((p <= 0.05).mean() - 0.05) < 0.015
    assert abs((stats.chi2.sf(lr, 1) <= 0.05).mean() - 0.025) < 0.012


@pytest.mark.parametrize(
    ("a", "b", "code"),
    [
        (("", ", reml"), ("", ", reml", ""), "reml-fixed"),
        (("", ""), ("days", ", reml"), "ml-and-reml"),
        (("", ""), ("days", ", vce(robust)"), "pseudolikelihood"),
    ],
)
def test_refusals(a: Any, b: Any, code: str) -> None:
    with pytest.raises(SpecError) as caught:
        lrtest(sleep(*a), sleep(*b), "a", "b")
    assert caught.value.code == code
    assert lrtest(sleep(*a), sleep(*b), "a", "b", force=True).df > 0


def test_other_samples_and_outcomes_are_refused() -> None:
    part = terrace.fit("mixed gsp unemp in 1/600 || state:", terrace.sample("produc"))
    whole = terrace.fit("mixed gsp unemp emp || state:", terrace.sample("produc"))
    other = terrace.fit("mixed emp unemp || region: || state:", terrace.sample("produc"))
    with pytest.raises(SpecError, match="different observations"):
        lrtest(part, whole, "part", "whole")
    with pytest.raises(SpecError, match="outcomes differ"):
        lrtest(whole, other, "whole", "other")


def test_equally_many_parameters_are_not_nested() -> None:
    with pytest.raises(SpecError, match="same number of parameters"):
        lrtest(produc("|| region:"), produc("|| state:"), "a", "b")


def test_a_smaller_model_that_fits_better_is_named() -> None:
    found = lrtest(produc("|| state:"), produc("|| region: hwy"), "a", "b")
    assert found.stat < 0
    assert any("higher likelihood" in n for n in found.notes)
