"""Names of the covariance parameters in e(b): ``lns1_1_2``, ``atr1_1_1_2``, ``lnsig_e``."""

from __future__ import annotations

from terrace.design.design import Design
from terrace.inference.cells import Cell, residual_ratios


def stored_names(design: Design, layout: tuple[Cell, ...]) -> tuple[str, ...]:
    """One name a parameter, in the order of `layout`, each once.

    ``lnsL_E_K`` is the log SD of the K-th effect of the E-th equation of level L, counted from the highest;
    ``atrL_E_J_K`` the inverse hyperbolic tangent of a correlation. ``lnsig_e`` is the log SD of the residuals, of
    the first group under ``by()`` and of the first time where they differ. Of further groups ``r_lns2ose``, ... is the
    log ratio of their SD to it; of further times ``lnsig_e2``, ... are the log SDs themselves. Of the other residual
    parameters ``r_atr1`` is an inverse hyperbolic tangent, ``r_logitr1`` a logit, ``r_phi1`` as printed.
    """
    levels = [level.name for level in design.levels]
    equations: dict[int, tuple[int, int]] = {}
    count = [0] * len(levels)
    for k, block in enumerate(design.blocks):
        level = levels.index(block.level.name)
        count[level] += 1
        equations[k] = (level + 1, count[level])
    out: list[str] = []
    groups: list[str] = []
    sigmas = 0
    inside: dict[tuple[str, str], int] = {}
    ratios = residual_ratios(layout)
    for k, cell in enumerate(layout):
        if cell.block is not None:
            level, equation = equations[cell.block]
            where = f"{level}_{equation}_{cell.i + 1}"
            out.append(f"lns{where}" if cell.kind == "variance" else f"atr{where}_{cell.j + 1}")
            continue
        if cell.kind == "variance":
            sigmas += 1
            further = f"r_lns{sigmas}ose" if k in ratios else f"lnsig_e{sigmas}"
            out.append("lnsig_e" if sigmas == 1 else further)
            continue
        if cell.by not in groups:
            groups.append(cell.by)
        kind = "atr" if cell.kind == "covariance" or cell.scale == "tanh" else "logitr"
        if kind == "logitr" and cell.scale != "logit":
            kind = cell.name.rpartition(":")[2].rstrip("0123456789")
        inside[kind, cell.by] = inside.get((kind, cell.by), 0) + 1
        out.append(f"r_{kind}{groups.index(cell.by) + 1}_{inside[kind, cell.by]}")
    for kind_by, n in inside.items():  # a parameter that is alone in its group needs no second number
        if n == 1:
            name = f"r_{kind_by[0]}{groups.index(kind_by[1]) + 1}_1"
            out[out.index(name)] = name[:-2]
    return tuple(out)
