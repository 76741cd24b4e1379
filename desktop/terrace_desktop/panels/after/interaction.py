"""What the form of margins begins with where somebody asks for the plot of an interaction."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from terrace_desktop.forms.facts import Facts

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

_STEPS = 8  # between the ends of the axis, about


def interaction_values(facts: Facts) -> dict[str, Any]:
    """A line over the first variable of an interaction for each level or three values of the other one.

    A continuous variable with a factor comes before other interactions. Empty where the model has none.
    """
    pairs = facts.interactions
    mixed = [(x, by) for x, by in pairs if x not in facts.factors and by in facts.factors]
    if not pairs:
        return {}
    x, by = (mixed or pairs)[0]
    drawn: dict[str, Any] = {"compare": "", "plot": True}
    if x in facts.factors:
        return drawn | {"terms": tuple(c for c in facts.cells if set(c.split("#")) == {x, by}), "at": {}}
    if by in facts.factors:
        return drawn | {"terms": (by,), "at": {x: _over(facts, x)}}
    return drawn | {"terms": (), "at": {x: _over(facts, x), by: _around_mean(facts, by)}}


def _over(facts: Facts, name: str) -> str:
    """Round numbers from the least value of a variable to its largest one, such as ``-3(1)2``."""
    from terrace.graphs.axes import nice_ticks

    values = _finite(facts, name)
    if not len(values):
        return ""
    low, high = float(values.min()), float(values.max())
    inside = [t for t in nice_ticks(low, high, _STEPS) if low <= t <= high]
    if len(inside) < 2:
        return ""
    return f"{inside[0]:g}({inside[1] - inside[0]:g}){inside[-1]:g}"


def _around_mean(facts: Facts, name: str) -> str:
    """The mean, and one standard deviation on either side."""
    values = _finite(facts, name)
    if len(values) < 2:
        return ""
    mean, sd = float(values.mean()), float(values.std(ddof=1))
    return " ".join(f"{v:.4g}" for v in (mean - sd, mean, mean + sd))


def _finite(facts: Facts, name: str) -> npt.NDArray[np.float64]:
    """The values of a variable in the data that are open, shape (k,)."""
    import numpy as np

    if facts.dataset is None or name not in facts.numeric:
        return np.zeros(0)
    values: npt.NDArray[np.float64] = facts.dataset.frame[name].to_numpy(dtype=float, na_value=np.nan)
    kept: npt.NDArray[np.float64] = values[np.isfinite(values)]
    return kept
