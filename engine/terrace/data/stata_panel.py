"""What ``xtset`` and ``tsset`` declared, as Stata keeps it in a .dta file: characteristics of the data.

``_TSpanel`` and ``_TStvar`` name the panel and the time, ``_TSdelta`` is the step in the format %21x; ``iis`` and
``tis`` are the names of both from before Stata 10, which are written beside them still.
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping

from terrace.data.dataset import Panel

KEYS = ("_TSpanel", "_TStvar", "_TSdelta", "iis", "tis")
"""The characteristics of the data that are read."""
_HEXADECIMAL = re.compile(r"([+-]?)([01]\.[0-9a-f]{13})X([+-][0-9a-f]{3})", re.IGNORECASE)


def panel_of(said: Mapping[str, str], names: Mapping[str, str]) -> Panel | None:
    """What the characteristics declare, None for nothing; `names` of variables by their names in the file."""
    panel = names.get(said.get("_TSpanel") or said.get("iis", ""))
    time = names.get(said.get("_TStvar") or said.get("tis", ""))
    if panel is None and time is None:
        return None
    step = _from_hexadecimal(said.get("_TSdelta", ""))
    return Panel(panel, time, step if step is not None and 0 < step < math.inf else 1.0)


def characteristics(panel: Panel) -> dict[str, str]:
    """What Stata writes for such a panel."""
    out = {} if panel.panel is None else {"iis": panel.panel, "_TSpanel": panel.panel}
    if panel.time is not None:
        out |= {"tis": panel.time, "_TStvar": panel.time, "_TSdelta": _hexadecimal(panel.delta), "_TSitrvl": "1"}
    return out


def _hexadecimal(number: float) -> str:
    """A positive number in %21x: 1.5 times 2^10 is ``+1.8000000000000X+00a``, its exponent hexadecimal too."""
    mantissa, exponent = math.frexp(number)
    digits = (2 * mantissa).hex()  # 0x1.8p+0, of 13 digits after the point
    return f"+{digits[2:].partition('p')[0]}X{exponent - 1:+04x}"


def _from_hexadecimal(text: str) -> float | None:
    found = _HEXADECIMAL.fullmatch(text.strip())
    if found is None:
        return None
    return math.ldexp(float.fromhex(f"{found[1]}0x{found[2]}"), int(found[3], 16))
