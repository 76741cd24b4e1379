"""The studentised range against general quadrature and against what is known of it."""

from __future__ import annotations

import math

import pytest
from scipy import stats

from terrace.statistics.studentized import range_quantile, range_upper


@pytest.mark.parametrize("df", [1.0, 1.5, 3.0, 5.9, 6.1, 23.4, 2000.0, math.inf])
@pytest.mark.parametrize("k", [2, 4, 12])
def test_against_quadrature(k: int, df: float) -> None:
    for q in (0.5, 3.3, 7.0):
        assert range_upper(q, k, df) == pytest.approx(float(stats.studentized_range.sf(q, k, df)), abs=2e-10)


@pytest.mark.parametrize("df", [1.2, 2.0, 4.5, 17.0])
def test_two_means_are_a_t_test(df: float) -> None:
    for t in (0.1, 1.0, 2.5, 9.0):
        assert range_upper(t * math.sqrt(2), 2, df) == pytest.approx(2 * stats.t.sf(t, df), abs=1e-11)


@pytest.mark.parametrize(("k", "df", "q"), [(3, 10, 3.877), (5, 20, 4.232), (10, 60, 4.646), (4, 120, 3.685)])
def test_points_of_r(k: int, df: float, q: float) -> None:
    """Upper 5% points, as qtukey of R gives them."""
    assert range_quantile(0.05, k, df) == pytest.approx(q, abs=6e-4)
    assert range_upper(range_quantile(0.01, k, df), k, df) == pytest.approx(0.01, rel=1e-9)


def test_edges() -> None:
    assert range_upper(0.0, 3, 10) == 1.0 and range_upper(1e6, 3, 10) == pytest.approx(0.0, abs=1e-12)
    assert range_quantile(1e-12, 3, 1.0) > 1e10 or math.isinf(range_quantile(1e-12, 3, 1.0))
