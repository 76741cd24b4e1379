"""``replace`` row by row: ``x[_n-1]`` in it is the new value of the row before, which may hang on yet earlier rows."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from terrace.errors import Cancelled
from terrace.language.expressions.sequential import Unsuited, looks_back, replaced_in_order
from terrace.language.expressions.tree import Expression, Name, Node, Subscript, walk
from terrace.language.grammar.clauses import Clauses
from terrace.language.grammar.tokens import Piece
from terrace.session.commands.helpers.working import By, chosen

if TYPE_CHECKING:
    from terrace.session.session import Session

_HIDDEN = "__new"


def refers_back(expression: Expression | Piece | None, name: str) -> bool:
    """True where an expression takes the variable from another row that is no later one."""
    return expression is not None and any(looks_back(node, name) for node in walk(_parsed(expression).root))


def row_by_row(
    session: Session, clauses: Clauses, expression: Expression, name: str, by: By
) -> npt.NDArray[Any]:
    """All values of the variable after replacing it row by row, shape (n,).

    In turn where the parts allow it (`expr_sequential`). Otherwise the whole column is evaluated again and again, with
    what the last pass gave standing for earlier rows, until nothing changes: a row is final once the rows it looks at
    are, so that there are as many passes as the longest chain of rows has links.
    """
    from terrace.data.plain import plain_values
    from terrace.language.expressions.entry import condition, evaluate, regex_match

    data = session.data
    context = replace(session.context(), match=regex_match(clauses.condition))
    inside = chosen(session, replace(clauses, condition=None))
    asked = None if clauses.condition is None else _parsed(clauses.condition)
    try:
        return replaced_in_order(expression, asked, data, name, context, by.codes, inside, session.cancelled)
    except Unsuited:
        pass  # the slower way takes every expression
    test = None if clauses.condition is None else _redirected(_parsed(clauses.condition), name)
    formula = _redirected(expression, name)
    start = np.asarray(evaluate(name, data, context=context))
    current = start
    for step in range(len(data) + 2):
        if session.cancelled():
            raise Cancelled
        shadow = data.with_column(_HIDDEN, plain_values(current)[0].array if current.dtype == object else current)
        new = evaluate(formula, shadow, context=context, by=by.codes)
        keep = inside if test is None else inside & condition(test, shadow, context, by=by.codes)
        new = np.where(keep, new, start)
        same = new == current
        if current.dtype != object:
            same |= np.isnan(new) & np.isnan(current)
        if same.all():
            break
        current = new
        if step % 50 == 49:
            session.report("Row by row", step / (len(data) + 2))
    return current


def _parsed(expression: Expression | Piece) -> Expression:
    from terrace.language.expressions.entry import parse_expression

    return expression if isinstance(expression, Expression) else parse_expression(expression)


def _redirected(expression: Expression, name: str) -> Expression:
    """The expression with every look back at `name` turned to the hidden variable of new values."""

    def turn(part: Any) -> Any:
        if isinstance(part, tuple):
            return tuple(turn(p) for p in part)
        if not isinstance(part, Node):
            return part
        changes = {f: turn(getattr(part, f)) for f in part.__dataclass_fields__ if f != "piece"}
        if looks_back(part, name):
            assert isinstance(part, Subscript)
            changes["base"] = Name(Piece.of(_HIDDEN), _HIDDEN)
        return replace(part, **changes)

    return Expression(turn(expression.root), expression.piece)
