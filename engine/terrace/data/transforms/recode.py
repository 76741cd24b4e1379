"""Values into other values, by rules that are tried in order."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
import numpy.typing as npt

FloatArray = npt.NDArray[np.float64]


Other = Literal["", "else", "nonmissing", "missing"]


@dataclass(frozen=True, slots=True)
class Rule:
    """Values in one of the `ranges` (both ends belong to them) become `to`; NaN means missing.

    ``other`` extends the rule to all values (``else``), those that are not missing, or those that are.
    """

    to: float
    ranges: tuple[tuple[float, float], ...] = ()
    other: Other = ""
    label: str = ""
    copy: bool = False


def recode(values: FloatArray, rules: Sequence[Rule]) -> tuple[FloatArray, npt.NDArray[np.bool_]]:
    """The new values and which rows a rule fitted, each of shape (n,). The first rule that fits counts.

    ``else`` rules, wherever they stand, are for rows that no other rule fits. A rule with ``copy`` leaves the
    value as it is.
    """
    out = values.copy()
    done = np.zeros(len(values), dtype=bool)
    missing = np.isnan(values)
    for rule in sorted(rules, key=lambda r: r.other != ""):
        fits = np.zeros(len(values), dtype=bool)
        for low, high in rule.ranges:
            if np.isnan(low):
                fits |= missing
            else:
                with np.errstate(invalid="ignore"):
                    fits |= (values >= low) & (values <= high)
        if rule.other == "else":
            fits[:] = True
        elif rule.other:
            fits |= missing if rule.other == "missing" else ~missing
        fits &= ~done
        done |= fits
        if not rule.copy:
            out[fits] = rule.to
    return out, done
