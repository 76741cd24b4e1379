"""Names of contrasts and of pairwise comparisons for programs: ``r2vs1.drug``, ``ar3vs2.a#r2vs1.b@1.c``, ``2vs1.a``."""

from __future__ import annotations

import itertools

from terrace.data.value import Value
from terrace.postestimation.tests.cell_means import FactorInfo, grid
from terrace.postestimation.tests.contrast import Contrast, Part


def level_code(info: FactorInfo, level: Value) -> str:
    """A level as commands write it: its number, or the place of a text among the texts."""
    return str(info.levels.index(level) + 1) if isinstance(level, str) else f"{float(level):g}"


def contrast_names(term: Contrast, info: dict[str, FactorInfo]) -> list[str]:
    """One name a contrast of a term, in the order of `contrast_rows`."""
    each = [_part_names(p, info[p.name]) for p in term.parts]
    numbers = [f"c.{name}" for name, _ in term.numbers]
    out = []
    for within in grid(info, list(term.within)):
        where = "#".join(f"{level_code(info[n], v)}.{n}" for n, v in within.items())
        for picked in itertools.product(*each):
            out.append("#".join([*picked, *numbers]) + (f"@{where}" if where else ""))
    return out


def cell_names(names: list[str], info: dict[str, FactorInfo]) -> list[list[str]]:
    """The levels of each cell of some factors, as commands write them, in the order of `grid`."""
    return [[level_code(info[n], v) for n, v in cell.items()] for cell in grid(info, names)]


def _part_names(part: Part, info: FactorInfo) -> list[str]:
    codes = [level_code(info, v) for v in info.levels]
    k = len(codes)
    operator = part.operator or "r"
    if operator == "r":
        base = part.base or codes[info.levels.index(info.base)]
        pairs = [f"{c}vs{base}" for c in codes if c != base]
    elif operator == "a":
        pairs = [f"{codes[i]}vs{codes[i + 1]}" for i in range(k - 1)]
    elif operator == "ar":
        pairs = [f"{codes[i + 1]}vs{codes[i]}" for i in range(k - 1)]
    elif operator == "g":
        pairs = codes
    elif operator in ("h", "j"):
        pairs = codes[:-1] if operator == "h" else codes[1:]
    else:
        pairs = [str(d) for d in part.degrees or range(1, k)]
    return [f"{operator}{p}.{part.name}" for p in pairs]
