"""Names and constants as R writes them."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Sequence

from terrace.data.value import Value
from terrace.spec.text import number_text

_RESERVED = {
    "if", "else", "repeat", "while", "function", "for", "next", "break", "in",
    "TRUE", "FALSE", "NULL", "Inf", "NaN", "NA",
}  # fmt: skip
_PLAIN = re.compile(r"(?:[A-Za-z]|\.(?![0-9]))[A-Za-z0-9._]*")


def r_name(name: str) -> str:
    """A name, in backticks where R could not read it bare."""
    return name if _PLAIN.fullmatch(name) and name not in _RESERVED else f"`{name}`"


def r_text(text: str) -> str:
    """A string constant."""
    inside = text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
    return f'"{inside}"'


def r_value(value: Value) -> str:
    """A number or a string."""
    if isinstance(value, str):
        return r_text(value)
    if math.isinf(value):
        return "Inf" if value > 0 else "-Inf"
    return number_text(value)


def r_vector(values: Sequence[Value]) -> str:
    """Values as ``c(1, 2)``; one alone as it is."""
    texts = [r_value(v) for v in values]
    return texts[0] if len(texts) == 1 else f"c({', '.join(texts)})"


def r_rows(numbers: Iterable[int]) -> str:
    """Row numbers, those in sequence as ranges: ``c(1:3, 7)``."""
    parts: list[list[int]] = []
    for k in numbers:
        if parts and k == parts[-1][1] + 1:
            parts[-1][1] = k
        else:
            parts.append([k, k])
    return f"c({', '.join(str(a) if a == b else f'{a}:{b}' for a, b in parts)})"


def free_name(wanted: str, taken: set[str]) -> str:
    """A name that is not taken, as near to the wanted one as can be; it counts as taken from then on."""
    base = re.sub(r"\W+", "_", wanted)
    name, k = base, 1
    while name in taken:
        k += 1
        name = f"{base}_{k}"
    taken.add(name)
    return name
