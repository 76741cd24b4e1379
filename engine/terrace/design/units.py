"""Units in which double precision cannot hold what a model needs: squares of values, of coefficients, and weights.

Variances are squares in the unit of the outcome, and in that of the outcome by that of a slope. Nothing is rescaled
behind the user's back: the variance would have no number in the units that were asked for.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from terrace.errors import DataError

FloatArray = npt.NDArray[np.float64]

LARGEST, SMALLEST = 1e150, 1e-150
"""What values, and those of the outcome beside those of another variable, can be, so that their squares have all their
digits."""

LIGHTEST, HEAVIEST = 1e-6, 1e13
"""What weights can come to in all, so that the likelihood is neither flat nor so steep that its digits are lost."""


def refuse_large(values: FloatArray, name: str) -> None:
    """Raise `DataError` where a value of the variable ``name``, missing or not, is too large to be squared."""
    top = float(np.max(np.abs(values), initial=0.0, where=~np.isnan(values)))
    if top > LARGEST:
        raise _unit(name, f"{name} has values as large as {top:.1e}: their squares are", "large")


def refuse_units(columns: FloatArray, names: list[str]) -> None:
    """Raise `DataError` where a column (n, k) is too large or too small to be squared. Columns of zeros are neither."""
    top = np.maximum(columns.max(axis=0, initial=0.0), -columns.min(axis=0, initial=0.0)).tolist()
    for name, size in zip(names, top):
        if size > LARGEST:
            how = f"as large as {size:.1e}" if np.isfinite(size) else "beyond the largest number"
            raise _unit(name, f"{name} has values {how}: their squares are", "large")
        if 0 < size < SMALLEST:
            raise _unit(name, f"{name} has no value larger than {size:.1e}: their squares are", "small")


def refuse_ratios(y: FloatArray, outcome: str, columns: FloatArray, names: list[str]) -> None:
    """Raise `DataError` where coefficients of columns (n, k), in units of y (n,) by theirs, are beyond squaring."""
    size = max(float(y.max(initial=0.0)), -float(y.min(initial=0.0)))
    for name, spread in zip(names, np.ptp(columns, axis=0).tolist() if len(columns) else ()):
        if spread > 0 and not SMALLEST < size / spread < LARGEST:
            text = f"The values of {outcome} are about {size:.0e} and those of {name} about {spread:.0e}, so that the "
            text += f"coefficient of {name} is"
            raise _unit(name, text, "large" if spread < size else "small")


def refuse_weights(total: float, names: list[str]) -> None:
    """Raise `DataError` where the weights come to too much, or too little, in all."""
    if not LIGHTEST <= total <= HEAVIEST:
        raise DataError(
            f"The weights {' and '.join(names)} add up to {total:.0e}, too far from 1 for the likelihood to keep its "
            "digits.",
            code="units", subject=names[0],
            advice="Rescale them, for example to a mean of 1.",
        )


def _unit(name: str, text: str, what: str) -> DataError:
    which = "the variables of " if "#" in name else ""
    return DataError(
        f"{text} too {what} for double precision.", code="units", subject=name,
        advice=f"Rescale {which}{name}: choose a unit with values closer to 1.",
    )
