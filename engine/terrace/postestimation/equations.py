"""Coefficients written by their equation: ``[mathach]ses``, ``[lns1_1_1]_cons``.

Covariance parameters have names of their own here (``id:lnsd(_cons)``), and those that Stata gives them, by which
its courses write ``exp(2*[lns1_1_1]_cons)``: ``lns`` with the numbers of the level (from the highest), of the
equation within it and of the effect, ``atr`` with those of two effects, ``lnsig_e`` for the residual.
"""

from __future__ import annotations

import re

from terrace.inference.parameters import estmetric
from terrace.language.tokens import Piece
from terrace.results.fit import FitResult

_EQUATION = re.compile(r"(?<![\w\]])\[(?P<equation>/?[^\W\d]\w*)\](?P<name>_cons|[^\W\d][\w.#]*|\d+\.[\w.#]+)")
_CLASSIC = re.compile(r"_b\[/?(?P<equation>(?:lns|atr)[\d_]+|lnsig_e)(?::_cons)?\]")


def with_equations(fit: FitResult, piece: Piece) -> Piece:
    """The text with ``[equation]name`` and Stata's names of covariance parameters as ``_b[...]``."""
    text = str(piece)
    if "[" not in text:
        return piece
    found = _EQUATION.sub(lambda m: f"_b[{m['equation']}:{m['name']}]", text)
    names = classic_names(fit)
    found = _CLASSIC.sub(lambda m: f"_b[{names.get(m['equation'], m['equation'])}]", found)
    return piece if found == text else Piece.of(found)


def classic_names(fit: FitResult) -> dict[str, str]:
    """Stata's names of the covariance parameters, and those that ``_b[]`` takes."""
    _, _, stored = estmetric(fit.model.layout, fit.model.natural)
    design = fit.model.design
    out: dict[str, str] = {}
    levels: list[str] = []
    count: dict[str, int] = {}
    numbers: dict[int, tuple[int, int]] = {}
    for position, block in enumerate(design.blocks):
        if not block.names:
            continue
        level = block.level.name
        if level not in levels:
            levels.append(level)
        count[level] = count.get(level, 0) + 1
        numbers[position] = levels.index(level) + 1, count[level]
    effects: dict[int, int] = {}
    for cell, name in zip(fit.model.layout, stored):
        if cell.block is None:
            if name == "lnsd(Residual)":
                out["lnsig_e"] = name
            continue
        where, equation = numbers[cell.block]
        full = f"{design.blocks[cell.block].level.name}:{name}"
        if cell.kind == "variance":
            effects[cell.block] = effects.get(cell.block, 0) + 1
            out[f"lns{where}_{equation}_{effects[cell.block]}"] = full
        else:
            block_names = design.blocks[cell.block].names
            inside = name.partition("(corr(")[2].rstrip(")").split(",")
            places = [block_names.index(n) + 1 for n in inside if n in block_names]
            if len(places) == 2:
                out[f"atr{where}_{equation}_{min(places)}_{max(places)}"] = full
    return out
