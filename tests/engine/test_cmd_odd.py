"""Commands about data with odd arguments on odd data: whatever they are, the answer is a result or a clear error."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from data_support import session_on

from terrace.data.dataset import Dataset, Variable
from terrace.session import registry

MODULES = (
    *("variables", "panels", "means", "quantiles", "sampling", "joining", "diagrams", "table", "center"),
    "ranks",
    *("matrices", "tabulate", "tabstat", "codebook", "describe", "correlate", "listing", "manage", "generate", "egen"),
    *("restructure", "convert", "labels", "metadata", "mi", "combine"),
)
ARGUMENTS = (
    *("", "x", "y x", "x g", "s", "s g", "m x", "c g", "x, by(g)", "y, by(s)", "x, by(m)", "x if 0", "x in 1"),
    *("nothing", "x, nosuch", "q = s", "x == 0", "x, over(g)", "g, statistic(mean x)", "g s, statistic(mean m)"),
    *("x y, generate(a b)", "(mean) x, over(g)", "A = (1,2\\3,4)", "x, mv(1)", "x y, i(g) j(s)", "_all", '"x"', "(x"),
    *("x,,", "x [fw=g]", "x [aw=s]", "q = m, nq(4)", "s g, row col chi2 exact"),
)


def odd(rows: int) -> Dataset:
    """Numbers, numbers with gaps, codes, text with gaps, nothing but missing, a constant."""
    rng = np.random.default_rng(1)
    frame = pd.DataFrame(
        {
            "x": rng.normal(size=rows),
            "y": np.where(rng.random(rows) < 0.3, np.nan, rng.normal(size=rows)),
            "g": rng.integers(0, 2, rows).astype(float),
            "s": pd.Series(rng.choice(["a", "b", ""], rows), dtype="str"),
            "m": np.full(rows, np.nan),
            "c": np.ones(rows),
        }
    )
    return Dataset(frame, tuple(Variable(c) for c in frame.columns))


@pytest.mark.parametrize("rows", [0, 1, 12])
def test_no_arguments_end_in_a_defect(rows: int) -> None:
    registry.load()
    data = odd(rows)
    names = [c.name for c in registry.COMMANDS.values() if c.group in MODULES]
    assert len(names) > 80
    for name in names:
        for arguments in ARGUMENTS:
            session = session_on(data)
            outcome = session.run(f"{name} {arguments}")
            if outcome.error is not None:
                assert outcome.error[0] != "internal", (f"{name} {arguments}", outcome.error)
                assert session.state.dataset is data
