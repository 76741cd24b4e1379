"""A result that was handed out cannot be changed, so that several may hold it."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import fields, is_dataclass
from typing import Any

import numpy as np
import pandas as pd
import pytest

import terrace
from terrace.postestimation.variance.icc import icc
from terrace.postestimation.variance.profile import profile


def fitted() -> terrace.FitResult:
    rng = np.random.default_rng(4)
    g = np.repeat(np.arange(12), 5)
    x = rng.normal(size=60)
    y = x + rng.normal(size=12)[g] + rng.normal(size=60)
    return terrace.fit("mixed y x || g: x, cov(un) reml dfmethod(kroger)", pd.DataFrame({"g": g, "x": x, "y": y}))


def arrays(owner: Any, path: str, depth: int = 3) -> list[tuple[str, np.ndarray]]:
    """Every array in the fields of a frozen dataclass, of tuples and of mappings in them."""
    found: list[tuple[str, np.ndarray]] = []
    values = [(f.name, getattr(owner, f.name)) for f in fields(owner)]
    while values:
        name, value = values.pop()
        where = f"{path}.{name}"
        if isinstance(value, np.ndarray):
            found.append((where, value))
        elif isinstance(value, tuple):
            values += [(f"{name}[{k}]", v) for k, v in enumerate(value)]
        elif hasattr(value, "items") and not isinstance(value, pd.DataFrame):
            values += [(f"{name}[{k}]", v) for k, v in value.items()]
        elif depth and is_dataclass(value) and not isinstance(value, type):
            found += arrays(value, where, depth - 1)
    return found


def test_no_array_of_a_result_can_be_written() -> None:
    fit = fitted()
    mine = arrays(fit, "fit", 0) + arrays(fit.model, "fit.model", 0) + arrays(fit.model.design, "fit.model.design", 1)
    mine += arrays(fit.model.natural, "fit.model.natural", 0) + arrays(fit.model.optimum.point, "point", 1)
    assert fit.model.small is not None
    mine += arrays(fit.model.small, "fit.model.small", 1)
    assert len(mine) > 35
    assert [name for name, array in mine if array.flags.writeable] == []
    with pytest.raises(ValueError, match="read-only"):
        fit.matrices["b"][0, 0] = 99.0


@pytest.mark.parametrize("name", ["scalars", "macros", "matrices", "matrix_names"])
def test_no_mapping_of_a_result_can_be_changed(name: str) -> None:
    mapping = getattr(fitted(), name)
    with pytest.raises(TypeError):
        mapping["ll"] = 0


def test_the_users_data_stay_writable() -> None:
    frame = pd.DataFrame({"g": np.repeat(np.arange(6), 4), "y": np.random.default_rng(1).normal(size=24)})
    terrace.fit("mixed y || g:", frame)
    frame.loc[0, "y"] = 5.0
    assert frame["y"][0] == 5.0


def test_two_threads_hold_one_result() -> None:
    fit = fitted()
    expected = icc(fit), profile(fit, ["sd(Residual)"], metric="sd")[0].upper
    with ThreadPoolExecutor(4) as pool:
        found = list(pool.map(lambda _: (icc(fit), profile(fit, ["sd(Residual)"], metric="sd")[0].upper), range(8)))
    assert all(a == expected[0] for a, _ in found)
    assert [b for _, b in found] == pytest.approx([expected[1]] * 8, rel=1e-9)
