"""The distribution functions of inference against scipy.stats, far into the tails."""

import math

import numpy as np
import pytest
from scipy import stats

from terrace.statistics.distributions import (
    chi2_upper,
    confidence_quantile,
    f_upper,
    normal_quantile,
    normal_two_sided,
    t_quantile,
    t_two_sided,
)


@pytest.mark.parametrize("p", [1e-300, 1e-20, 1e-5, 0.025, 0.3, 0.5, 0.75, 0.95, 0.975, 0.995, 1 - 1e-9, 0.0, 1.0])
def test_normal_quantile(p: float) -> None:
    assert normal_quantile(p) == pytest.approx(stats.norm.ppf(p), rel=1e-14, abs=1e-16)


def test_no_quantile_where_there_is_no_probability() -> None:
    assert all(math.isnan(normal_quantile(p)) for p in (math.nan, -0.1, 1.5))


@pytest.mark.parametrize("z", [0.0, 1e-8, 0.5, 1.96, -3.0, 12.0, 37.0, math.inf, math.nan])
def test_normal_tails(z: float) -> None:
    expected = 2 * stats.norm.sf(abs(z))
    assert normal_two_sided(z) == pytest.approx(expected, rel=1e-12, nan_ok=True)
    assert chi2_upper(z * z, 1) == pytest.approx(expected, rel=1e-12, nan_ok=True)
    assert t_two_sided(z, math.inf) == pytest.approx(expected, rel=1e-12, nan_ok=True)


@pytest.mark.parametrize("df", [1, 2, 5, 40, 3.5])
@pytest.mark.parametrize("x", [-1.0, 0.0, 0.1, 3.84, 50.0, 700.0])
def test_chi2_f_and_t(x: float, df: float) -> None:
    assert chi2_upper(x, df) == pytest.approx(stats.chi2.sf(x, df), rel=1e-11)
    assert f_upper(x, df, 17.3) == pytest.approx(stats.f.sf(x, df, 17.3), rel=1e-11)
    assert t_two_sided(x, df) == pytest.approx(2 * stats.t.sf(abs(x), df), rel=1e-11)


@pytest.mark.parametrize("level", [10.0, 50.0, 90.0, 95.0, 99.99])
def test_confidence_quantiles(level: float) -> None:
    p = 0.5 + level / 200
    assert confidence_quantile(level) == pytest.approx(stats.norm.ppf(p), rel=1e-14)
    assert confidence_quantile(level, 7.5) == pytest.approx(stats.t.ppf(p, 7.5), rel=1e-10)
    assert np.isclose(t_quantile(p, math.inf), stats.norm.ppf(p), rtol=1e-14)
