"""Expressions: ``exp(e(b)[1,2])^2/nj``, ``score[_n-1] if inlist(group, 1, 2) & !missing(age)``.

Parsed by a parser of our own and evaluated with NumPy; no text of a user is ever run as code. Meaning follows
Stata: missing is larger than every number and counts as true, ``==`` compares missing with missing, an
undefined result (``1/0``) is missing, text has no missing value but the empty one. A name is a variable, then
a scalar or matrix, then the beginning of one variable's name.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from terrace.data.dataset import Dataset
from terrace.language.expressions.context import EvalContext
from terrace.language.expressions.evaluating import Evaluator
from terrace.language.expressions.functions import functions
from terrace.language.expressions.parsing import parse_expression
from terrace.language.expressions.rows import Groups
from terrace.language.expressions.tree import Call, Expression, Level, Name, Series, Stored, Subscript, walk
from terrace.language.expressions.values import finite, is_text
from terrace.language.grammar.names import Names
from terrace.language.grammar.tokens import Piece

__all__ = [
    "EvalContext",
    "Expression",
    "condition",
    "evaluate",
    "evaluate_scalar",
    "looks_at_other_rows",
    "parse_expression",
    "regex_match",
    "variables_in",
]


def evaluate(
    text: str | Piece | Expression,
    data: Dataset,
    *,
    context: EvalContext | None = None,
    by: npt.NDArray[np.int64] | None = None,
) -> npt.NDArray[Any]:
    """The value in every row, shape (n,): float64 with NaN for missing, or object for text.

    ``by`` holds group codes, shape (n,): ``_n``, ``_N``, subscripts and ``sum()`` then count within groups, in
    the order of the rows. Raises `CommandError` at the place that cannot be read or evaluated.
    """
    expression = _parsed(text)
    value = _run(expression, Evaluator(data, context or EvalContext(), Groups(len(data), by)))
    if value.shape and value.flags.owndata and value.flags.writeable:
        return value
    # Never the data's own memory: what is returned may be written to.
    return np.array(np.broadcast_to(value, (len(data),)))


def evaluate_scalar(
    text: str | Piece | Expression, data: Dataset | None = None, context: EvalContext | None = None
) -> float | str:
    """One value, as for ``display`` or ``scalar``: a variable stands for its value in the first row.

    Raises `CommandError` at the place that cannot be read or evaluated.
    """
    expression = _parsed(text)
    value = _run(expression, Evaluator(data, context or EvalContext(), first_row=True))
    item = value.reshape(-1)[0]
    return str(item) if is_text(value) else float(item)


def condition(
    text: str | Piece | Expression,
    data: Dataset,
    context: EvalContext | None = None,
    *,
    by: npt.NDArray[np.int64] | None = None,
) -> npt.NDArray[np.bool_]:
    """The rows in which the expression is true (not 0; missing is true), shape (n,), of an ``if``.

    Raises `CommandError` also where the expression gives text.
    """
    expression = _parsed(text)
    values = evaluate(expression, data, context=context, by=by)
    if is_text(values):
        raise expression.piece.error(
            f"{expression} is text, and a condition is needed here.",
            code="type-mismatch",
            advice='Compare it, as in x == "a".',
        )
    return np.asarray(values != 0)


def regex_match(text: str | Piece | Expression | None) -> Call | None:
    """The last call of regexm() in an expression, such as that of an ``if``; None where there is none."""
    if text is None or "regexm" not in str(text):
        return None
    calls = [n for n in walk(_parsed(text).root) if isinstance(n, Call) and n.name in ("regexm", "ustrregexm")]
    return calls[-1] if calls else None


def variables_in(text: str | Piece | Expression, data: Dataset) -> tuple[str, ...]:
    """The variables of `data` that an expression names, each once, in the order of the text."""
    names = Names(data.names)
    out: dict[str, None] = {}
    for node in walk(_parsed(text).root):
        if isinstance(node, Series | Level):
            out[names.one(node.name.piece)] = None
        elif isinstance(node, Name):
            fits = [v for v in data.names if v.startswith(node.name)]
            if node.name in data or len(fits) == 1:
                out[node.name if node.name in data else fits[0]] = None
    return tuple(out)


def looks_at_other_rows(text: str | Piece | Expression) -> bool:
    """True where a row's value depends on other rows, on its number, or on chance."""
    for node in walk(_parsed(text).root):
        if isinstance(node, Series) or (isinstance(node, Subscript) and len(node.indices) == 1):
            return True
        if isinstance(node, Stored) and node.name == "sample":
            return True
        if isinstance(node, Name) and node.name in ("_n", "_N"):
            return True
        if isinstance(node, Call):
            known = functions().get(node.name)
            if known is not None and known.needs_surroundings:
                return True
    return False


def _parsed(text: str | Piece | Expression) -> Expression:
    return text if isinstance(text, Expression) else parse_expression(text)


def _run(expression: Expression, evaluator: Evaluator) -> npt.NDArray[Any]:
    with np.errstate(all="ignore"):  # what overflows or is undefined becomes missing
        value = evaluator.value(expression.root)
        return value if isinstance(expression.root, Name) else finite(value)
