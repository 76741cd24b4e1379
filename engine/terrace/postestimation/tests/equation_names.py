"""Coefficients written by their equation: ``[mathach]ses``, ``[lns1_1_1]_cons``.

Covariance parameters have names of their own here (``id:lnsd(_cons)``), and those that Stata gives them, by which
its courses write ``exp(2*[lns1_1_1]_cons)``: ``lns`` with the numbers of the level (from the highest), of the
equation within it and of the effect, ``atr`` with those of two effects, ``lnsig_e`` for the residual.
"""

from __future__ import annotations

import re

from terrace.inference.stored_names import stored_names
from terrace.language.grammar.tokens import Piece
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
    model = fit.model
    return {name: f"{name}:_cons" for name in stored_names(model.design, model.layout)}
