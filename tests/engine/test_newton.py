"""When a search says that it has converged: at a maximum, or where rounding hides the rest, not where it stalls."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from terrace.likelihood.objective import Evaluation
from terrace.optimise.newton import Tolerances, maximise
from terrace.optimise.search import SearchPoint


class Made:
    """A space in which the likelihood and its derivatives need not agree."""

    logarithms = keep_hessians = False

    def __init__(self, ll: Any, slope: Any) -> None:
        self.ll, self.slope = ll, slope
        self.asked = 0

    def point(self, theta: np.ndarray, *, average: bool = False, frames: Any = None) -> SearchPoint:
        self.asked += 1
        x = float(theta[0])
        e = Evaluation(self.ll(x), np.zeros(1), -np.eye(1), 1.0, np.zeros(0), np.zeros((0, 0)), -np.eye(2))
        return SearchPoint(
            np.array([x]), np.array([x]), e, np.array([self.slope(x)]), -np.eye(1), np.eye(1), np.zeros((1, 1, 1)),
            True, (),
        )

    def turned(self, point: SearchPoint) -> SearchPoint:
        return point


def search(ll: Any, slope: Any, **more: Any) -> Any:
    return maximise(Made(ll, slope), np.array([1.0]), Tolerances(**more))  # type: ignore[arg-type]


def test_a_parabola_is_climbed_in_a_step() -> None:
    found = search(lambda x: -100.0 - 0.5 * x * x, lambda x: -x)
    assert found.converged and found.point.theta[0] == pytest.approx(0.0, abs=1e-12)


def test_a_search_that_no_step_helps_has_not_converged() -> None:
    """Derivatives promise a gain of a half, and the likelihood never gives it."""
    found = search(lambda _: -100.0, lambda _: 1.0)
    assert not found.converged
    assert found.reason == "no further step improves the fit"


def test_what_rounding_hides_is_no_reason_to_go_on() -> None:
    """A slope of 1e-4 promises 5e-9, less than the digits of a likelihood of a million can show."""
    found = search(lambda _: -1e6, lambda _: 1e-4, iterations=200)
    assert found.converged


def test_iterations_that_run_out_are_told() -> None:
    found = search(lambda x: -100.0 - 0.5 * (x - 50) ** 2, lambda x: 50 - x, iterations=2)
    assert not found.converged and found.reason == "no convergence in 2 iterations"
