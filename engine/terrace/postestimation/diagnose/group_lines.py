"""Predicted lines of a few groups over one covariate: the picture of random intercepts and slopes.

All other columns stand at their mean in the group, so that a line shows what the covariate does there.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from terrace.errors import TerraceError
from terrace.postestimation.diagnose import plots_arrays as arrays
from terrace.postestimation.diagnose.plots import lowest_level
from terrace.postestimation.predict import columns as predict
from terrace.postestimation.tests.combinations import need_data
from terrace.results.fit import FitResult
from terrace.results.plot import Plot
from terrace.spec.model import Factor

if TYPE_CHECKING:
    from terrace.data.dataset import Dataset

FloatArray = npt.NDArray[np.float64]
MOST = 60  # groups: more lines than that hide each other in a small picture
LONGEST = 40  # characters of a label that a narrow picture has room for
FEW = 50  # points of a line; a group with more rows has every k-th of them in order of the covariate


def group_lines(fit: FitResult, data: Dataset, x: str = "", most: int = MOST) -> Plot:
    """Lines of at most `most` groups of the lowest level, evenly chosen, over `x` (default: `line_variable`).

    Raises `TerraceError` where the model has no groups, no continuous covariate, or was fitted to other data.
    """
    need_data(fit, data)
    group, x = lowest_level(fit), x or line_variable(fit)
    inside = np.flatnonzero(fit.sample).astype(np.int64)
    codes = np.asarray(data.codes(group)[0])[inside]
    values = data.numeric(x)[inside]
    fitted, linear = predict.fitted(fit, data)[inside], predict.linear(fit, data)[inside]
    rest = without(fit, x)
    level = rest - means_by(rest, codes)
    chosen = np.unique(codes)
    note = ""
    if len(chosen) > most:
        note = f"{most} of {len(chosen):,} groups, evenly chosen."
        chosen = chosen[np.linspace(0, len(chosen) - 1, most).round().astype(int)]
    kept = np.concatenate([_few(np.flatnonzero(codes == g), values) for g in chosen])
    plot = arrays.spaghetti_plot(
        values[kept], (fitted - level)[kept], codes[kept],
        average=(values, linear - rest + rest.mean()),
        title=f"Predicted {fit.outcome} by {group}",
        x_title=_title(data, x), y_title=_title(data, fit.outcome),
        kind="group-lines",
    )  # fmt: skip
    return Plot(plot.title, plot.panels, plot.kind, note=note, legend=plot.legend)


def line_variable(fit: FitResult) -> str:
    """The covariate that lines are drawn over: that of the first random slope, else the first that varies in groups."""
    continuous = [
        t.factors[0].name for t in fit.spec.fixed
        if len(t.factors) == 1 and t.factors[0].kind == "continuous" and not t.factors[0].operators
    ]  # fmt: skip
    slopes = [n for b in fit.model.design.blocks if b.factor is None for n in b.names]
    for name in slopes:
        if name in continuous:
            return name
    codes = fit.model.design.blocks[-1].codes if fit.model.design.blocks else None
    for name in continuous:
        k = next((k for k, c in enumerate(fit.model.design.x_info) if c.name == name), None)
        if k is not None and codes is not None and len(codes) == len(fit.model.design.x):
            x = fit.model.design.x[:, k]
            if np.any(np.abs(x - means_by(x, codes)) > 1e-9 * (float(np.abs(x).max()) or 1.0)):
                return name
    raise TerraceError(
        "Lines need a continuous predictor that varies within the groups.",
        code="no-line",
        advice="Add one to the fixed effects.",
    )


def _title(data: Dataset, name: str) -> str:
    label = data.variable(name).label
    return label if 0 < len(label) <= LONGEST else name


def without(fit: FitResult, x: str) -> FloatArray:
    """Xβ of the columns that `x` has no part in, shape (n,)."""
    design = fit.model.design
    apart = [k for k, c in enumerate(design.x_info) if x not in {f.name for f in _factors(fit, c.term)}]
    out: FloatArray = design.x[:, apart] @ np.nan_to_num(np.asarray(fit.model.beta))[apart]
    return out


def _factors(fit: FitResult, term: int) -> tuple[Factor, ...]:
    return fit.spec.fixed[term].factors if 0 <= term < len(fit.spec.fixed) else ()


def means_by(values: FloatArray, codes: npt.NDArray[np.int64]) -> FloatArray:
    """The mean of each row's group, shape (n,)."""
    _, codes = np.unique(codes, return_inverse=True)
    sums = np.bincount(codes, weights=values)
    out: FloatArray = (sums / np.bincount(codes))[codes]
    return out


def _few(rows: npt.NDArray[np.int64], x: FloatArray) -> npt.NDArray[np.int64]:
    """At most about `FEW` rows of a group in order of x, both ends among them."""
    rows = rows[np.argsort(x[rows], kind="stable")]
    at = np.unique(np.linspace(0, len(rows) - 1, min(len(rows), FEW)).round().astype(int))
    out: npt.NDArray[np.int64] = rows[at]
    return out
