"""Values that are declared missing, as people read and type them: ``-9``, ``.a``, ``-8/-1``."""

from __future__ import annotations

import math
import re
from typing import TYPE_CHECKING

from terrace.data.extended import extended_name
from terrace.data.value import Value

if TYPE_CHECKING:
    from terrace.data.dataset import Variable

_LOW, _HIGH = "lowest", "highest"
_RANGE = re.compile(r"\s*(\S+?)\s*/\s*(\S+)\s*")


def missing_texts(variable: Variable) -> list[str]:
    """The declared ranges, then the codes outside of them; text as it is."""
    codes = [c for c in variable.missing_codes if isinstance(c, str) or not variable.in_missing_range(c)]
    return [range_text(*r) for r in variable.missing_ranges] + [code_text(c) for c in codes]


def code_text(code: Value) -> str:
    """One value: a number in full, an extended missing value by its letter, text as it is."""
    from terrace.data.digits import whole_text  # the window reads ranges before any library is loaded

    return code if isinstance(code, str) else extended_name(code) or whole_text(code)


def range_text(low: float, high: float) -> str:
    """``-8/-1``; a range without an end says ``lowest`` or ``highest``."""
    return f"{_LOW if math.isinf(low) else code_text(low)}/{_HIGH if math.isinf(high) else code_text(high)}"


def range_of(text: str) -> tuple[float, float] | None:
    """The inverse: both ends included; None where the text is no range of numbers from low to high."""
    found = _RANGE.fullmatch(text)
    if found is None:
        return None
    try:
        low = -math.inf if found[1].lower() == _LOW else float(found[1])
        high = math.inf if found[2].lower() == _HIGH else float(found[2])
    except ValueError:
        return None
    return (low, high) if low <= high else None
