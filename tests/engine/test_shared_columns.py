"""Where Z has the columns of X, sums of products come from those of X: they are those of the rows themselves."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

import terrace
from terrace.likelihood.crossproducts import SimpleData


def frame(far: float, groups: int = 40, alike: float = 1.0) -> pd.DataFrame:
    """y, x, w and g: x far from zero, w like x but for a part ``alike``; groups of unequal size, unsorted."""
    rng = np.random.default_rng(5)
    g = rng.permutation(np.append(np.arange(groups), rng.integers(0, groups, 400)))
    x = far + rng.normal(size=len(g))
    w = x + alike * rng.normal(size=len(g))
    y = 5 * far + x - w + rng.normal(size=groups)[g] * (x - far) + rng.normal(size=groups)[g] + rng.normal(size=len(g))
    return pd.DataFrame({"y": y, "x": x, "w": w, "g": g})


@pytest.mark.parametrize("ordered", [False, True])
@pytest.mark.parametrize("covariance", ["independent", "unstructured", "identity"])
@pytest.mark.parametrize(("far", "alike"), [(0.0, 1.0), (2000.0, 1.0), (1e6, 1.0), (10.0, 1e-4)])
def test_products_are_those_of_the_rows(far: float, alike: float, covariance: str, ordered: bool) -> None:
    data = frame(far, alike=alike)
    data = data.sort_values("g") if ordered else data
    fit = terrace.fit(f"mixed y x w || g: x w, covariance({covariance}) reml", data)
    o = fit.model.objective
    design = fit.model.design
    assert design.blocks[0].z is design.x
    assert isinstance(o.data, SimpleData)
    # by hand, with the digits of extended precision where there are any; back is the centring, then a triangle
    x = design.x.astype(np.longdouble)
    mean = np.append(design.x[:, :-1].mean(axis=0), 0)
    triangle = o.back.astype(np.longdouble)
    triangle[-1] += mean @ triangle
    xt = (x - mean) @ np.triu(triangle)
    rest = (design.y - xt @ o.ols.astype(np.longdouble)) / o.y_scale
    columns = np.column_stack([o.layout.chain[0].z, xt, rest]).astype(float)
    for k, group in enumerate(np.unique(data.g)):
        own = columns[(data.g == group).to_numpy()]
        length = np.sqrt(np.mean(columns**2, axis=0) * len(own))
        found = o.data.s[:, :, k] / np.outer(length, length)
        assert found == pytest.approx(own.T @ own / np.outer(length, length), abs=1e-11 / alike + 4e-15 * far)


def test_it_is_the_same_maximum_as_with_columns_apart() -> None:
    data = frame(2000.0)
    data["copy"] = data.x * 2.0 - 7.0  # the same space, which only the first model sees to be that of x
    one = terrace.fit("mixed y x || g: x, covariance(unstructured) reml", data)
    other = terrace.fit("mixed y x || g: copy, covariance(unstructured) reml", data)
    assert one.model.design.blocks[0].z is one.model.design.x
    assert other.model.design.blocks[0].z is not other.model.design.x
    assert one.ll == pytest.approx(other.ll, rel=1e-12)
    assert [e.coef for e in one.fixed] == pytest.approx([e.coef for e in other.fixed], rel=1e-9)
    assert one.random[0].estimate == pytest.approx(4 * other.random[0].estimate, rel=1e-6)
    assert one.random[-1].estimate == pytest.approx(other.random[-1].estimate, rel=1e-8)
