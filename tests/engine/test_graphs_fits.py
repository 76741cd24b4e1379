"""Fitted curves and bands, against R and numpy."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from terrace.graphs.fits import polynomial

X = np.array([0.0, 1, 1, 2, 3, 5, 8, 13])
Y = np.array([2.1, 1.9, 3.4, 4.2, 3.8, 7.7, 9.1, 12.5])
W = np.array([1.0, 2, 1, 3, 2, 1, 4, 2])
AT = np.array([-1.0, 0, 4, 13, 20])

# R 4.2.2, options(digits = 12); new <- data.frame(x = c(-1, 0, 4, 13, 20)); each row is fit, lwr, upr of
# predict(lm(y ~ x), new, interval = "confidence"), and of the variations named in front
R = {
    "linear": """
        1.29981735160  0.114197655889  2.48543704731
        2.13643835616  1.084810718063  3.18806599427
        5.48292237443  4.737948656519  6.22789609234
        13.01251141553 11.249811637399 14.77521119365
        18.86885844749 15.915591650169 21.82212524481""",
    "quadratic, level = 0.9": """
        0.56616243667 -1.021207016864  2.15353189020
        1.71594100870  0.602159117418  2.82972289998
        5.85948530031  4.975095614427  6.74387498620
        12.51737547685 10.865583246480 14.16916770722
        15.14454252259  8.266344232854 22.02274081233""",
    "interval = prediction": """
        1.29981735160 -1.11710833910  3.71674304229
        2.13643835616 -0.21765518928  4.49053190161
        5.48292237443  3.24890769859  7.71693705027
        13.01251141553 10.26606894584 15.75895388521
        18.86885844749 15.24151499702 22.49620189795""",
    "weights = w": """
        1.20685372585  0.052766454026  2.36094099768
        2.05036798528  1.023773697689  3.07696227287
        5.42442502300  4.746886152978  6.10196389302
        13.01605335787 11.550930368416 14.48117634732
        18.92065317387 16.399601194861 21.44170515289""",
    "rows w times": """
        1.20685372585  0.54461276416  1.86909468754
        2.05036798528  1.46128533540  2.63945063516
        5.42442502300  5.03563814022  5.81321190578
        13.01605335787 12.17533317906 13.85677353667
        18.92065317387 17.47401744033 20.36728890742""",
}
ASKED = {
    "linear": {"degree": 1, "level": 95.0},
    "quadratic, level = 0.9": {"degree": 2, "level": 90.0},
    "interval = prediction": {"degree": 1, "level": 95.0, "forecast": True},
    "weights = w": {"degree": 1, "level": 95.0, "weights": W},
    "rows w times": {"degree": 1, "level": 95.0, "weights": W, "counts": True},
}


@pytest.mark.parametrize("case", R)
def test_predict_of_r(case: str) -> None:
    expected = np.array([row.split() for row in R[case].strip().splitlines()], dtype=float)
    curve = polynomial(X, Y, at=AT, **ASKED[case])
    assert curve is not None and curve.lower is not None and curve.upper is not None
    np.testing.assert_allclose(np.column_stack([curve.y, curve.lower, curve.upper]), expected, rtol=1e-10)


@given(
    degree=st.integers(1, 2),
    seed=st.integers(0, 10_000),
    n=st.integers(4, 60),
    shift=st.sampled_from([0.0, 2000.0, -1e6]),
    unit=st.sampled_from([1.0, 1e-6, 1e5]),
)
def test_polyfit_of_numpy_in_any_unit(degree: int, seed: int, n: int, shift: float, unit: float) -> None:
    rng = np.random.default_rng(seed)
    x = rng.normal(size=n)
    y = rng.normal(size=n) + x - 0.5 * x**2
    at = np.linspace(-2, 2, 7)
    curve = polynomial(unit * (shift + x), y, degree, unit * (shift + at), level=95.0)
    plain = polynomial(x, y, degree, at, level=95.0)
    assert curve is not None and plain is not None and plain.lower is not None and curve.lower is not None
    # polyfit itself solves the plain problem only
    np.testing.assert_allclose(plain.y, np.polyval(np.polyfit(x, y, degree), at), rtol=1e-8, atol=1e-8)
    np.testing.assert_allclose(curve.y, plain.y, rtol=1e-6, atol=1e-6)
    np.testing.assert_allclose(curve.lower, plain.lower, rtol=1e-6, atol=1e-6)


def test_too_little_for_a_line_or_a_band() -> None:
    assert polynomial(np.ones(5), np.arange(5.0), 1, AT, level=95.0) is None
    two = polynomial(np.array([1.0, 2]), np.array([3.0, 5]), 1, np.array([0.0]), level=95.0)
    assert two is not None and two.lower is None and two.y == pytest.approx([1.0])
    dichotomy = np.array([0.0, 0, 1, 1])  # a quadratic curve is not determined, a line is
    quadratic = polynomial(dichotomy, np.array([1.0, 2, 3, 5]), 2, np.array([0.0, 1]), level=95.0)
    assert quadratic is not None and quadratic.y == pytest.approx([1.5, 4.0]) and quadratic.lower is not None


def test_rows_without_weight_do_not_count() -> None:
    weights = np.where(np.arange(8) < 6, W, 0.0)
    with_zero = polynomial(X, Y, 1, AT, weights=weights, level=95.0)
    without = polynomial(X[:6], Y[:6], 1, AT, weights=W[:6], level=95.0)
    assert with_zero is not None and without is not None
    np.testing.assert_allclose(with_zero.lower, without.lower)
