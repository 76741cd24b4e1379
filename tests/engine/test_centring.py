"""When a covariate lies between groups as well as within them, held to SciPy and to data that are made so."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from scipy.stats import f_oneway

from terrace.data.dataset import Dataset, Variable
from terrace.language.mixed import parse_mixed
from terrace.spec.centring import between_p, mixed_covariate


def data() -> Dataset:
    rng = np.random.default_rng(2)
    g = np.repeat(np.arange(20.0), 6)
    h = np.tile(np.arange(6.0), 20)
    big = np.floor(g / 5)
    deviations = rng.normal(size=120)
    means = np.array([deviations[g == k].mean() for k in g])
    columns = {
        "y": rng.normal(size=120), "g": g, "h": h, "big": big, "between": rng.normal(size=20)[g.astype(int)],
        "mixed": rng.normal(size=20)[g.astype(int)] + deviations, "within": deviations - means,
        "by_h": rng.normal(size=6)[h.astype(int)] + 0.2 * deviations,
    }  # fmt: skip
    return Dataset(pd.DataFrame(columns), tuple(Variable(n) for n in columns))


@pytest.mark.parametrize("name", ["mixed", "within", "y"])
def test_the_p_is_that_of_an_analysis_of_variance(name: str) -> None:
    found = data()
    x = found.numeric(name).copy()
    x[:4] = np.nan
    found = found.with_column(name, x, found.variable(name))
    g = found.numeric("g")
    keep = np.isfinite(x)
    wanted = f_oneway(*[x[keep & (g == k)] for k in np.unique(g[keep])]).pvalue
    assert between_p(name, ("g",), found) == pytest.approx(wanted, rel=1e-9)


def test_what_does_not_vary_within_is_not_mixed() -> None:
    assert between_p("between", ("g",), data()) == 1.0
    assert between_p("within", ("g",), data()) == pytest.approx(1.0)


@pytest.mark.parametrize(
    ("command", "wanted"),
    [
        ("mixed y between within mixed || g:", ("mixed", ("g",))),
        ("mixed y mixed || big: || g:", ("mixed", ("big", "g"))),
        ("mixed y within by_h || _all: R.h || g:", ("by_h", ("h",))),
        ("mixed y between within || g:", None),
        ("mixed y mixed", None),
        ("mixed y c.mixed#c.within || g:", None),
        ("mixed y i.h || g:", None),
    ],
)
def test_the_first_covariate_that_is_mixed(command: str, wanted: object) -> None:
    assert mixed_covariate(parse_mixed(command), data()) == wanted


def test_a_model_that_has_the_means_already_is_left_alone() -> None:
    found = data()
    g, x = found.numeric("g"), found.numeric("mixed")
    means = np.round([10 + 2 * x[g == k].mean() for k in g], 3)
    found = found.with_column("means", means, Variable("means"))
    assert mixed_covariate(parse_mixed("mixed y mixed means || g:"), found) is None
    assert mixed_covariate(parse_mixed("mixed y mixed between || g:"), found) == ("mixed", ("g",))


def test_what_is_declined_is_not_named_again() -> None:
    spec = parse_mixed("mixed y mixed || g:")
    assert mixed_covariate(spec, data(), {"mixed"}) is None
