"""``replace`` in the order of the rows, where a row may look at the new values of rows before it.

Parts that do not look back are worked out for all rows at once, by NumPy; what is left, usually a sum or a product,
goes row by row through small functions of Python numbers that mean exactly what the operators of `expr_eval` mean.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np
import numpy.typing as npt

from terrace.data.dataset import Dataset
from terrace.data.value import Value
from terrace.errors import Cancelled
from terrace.language.expressions.context import EvalContext
from terrace.language.expressions.evaluating import Evaluator
from terrace.language.expressions.functions import functions
from terrace.language.expressions.rows import Groups
from terrace.language.expressions.tree import Binary, Call, Expression, Name, Node, Subscript, Unary, walk
from terrace.language.expressions.values import power

Step = Callable[[int], Value]
"""The value of a part in a row: a float with NaN for missing, or a text."""

_EVERY = 50_000


class Unsuited(Exception):
    """The expression has a part that cannot be worked out row by row here."""


def looks_back(node: Node, name: str) -> bool:
    """True for ``x[_n-k]`` or ``x[k]``; ``x[_n]`` and ``x[_n+k]`` are values that have not been replaced yet."""
    if not isinstance(node, Subscript) or not isinstance(node.base, Name) or len(node.indices) != 1:
        return False
    index = node.indices[0]
    ahead = isinstance(index, Binary) and index.operator == "+"
    here = isinstance(index, Name) and index.name == "_n"
    return node.base.name == name and not ahead and not here


def replaced_in_order(
    expression: Expression,
    condition: Expression | None,
    data: Dataset,
    name: str,
    context: EvalContext,
    codes: npt.NDArray[np.int64] | None,
    keep: npt.NDArray[np.bool_],
    cancelled: Callable[[], bool],
) -> npt.NDArray[Any]:
    """All values of the variable, shape (n,), after the rows of `keep` (and of the condition) were replaced in turn.

    Raises `Unsuited` where a part that looks back is neither an operator, nor a row of the variable, nor a function of
    such parts; `CommandError` at what cannot be evaluated.
    """
    evaluator = Evaluator(data, context, Groups(len(data), codes))
    with np.errstate(all="ignore"):
        start = evaluator.value(Name(expression.piece, name))
        values: list[Value] = start.tolist()
        compiler = _Compiler(evaluator, name, values, bool(start.dtype == object))
        step = compiler.compile(expression.root)
        test = None if condition is None else compiler.compile(condition.root)
        for count, i in enumerate(np.flatnonzero(keep).tolist()):
            if count % _EVERY == 0 and cancelled():
                raise Cancelled
            if test is None or test(i) != 0:
                values[i] = step(i)
    return np.array(values, dtype=start.dtype)


class _Compiler:
    def __init__(self, evaluator: Evaluator, name: str, values: list[Value], text: bool) -> None:
        self.evaluator, self.name, self.values, self.text = evaluator, name, values, text
        self.n = len(values)

    def compile(self, node: Node) -> Step:
        if not any(looks_back(part, self.name) for part in walk(node)):
            return self._whole(node)
        if isinstance(node, Subscript):
            return self._row(node)
        if isinstance(node, Binary):
            return self._binary(node)
        if isinstance(node, Unary):
            inner = self.compile(node.operand)
            if node.operator == "-":
                return lambda i: _negative(inner(i))
            if node.operator == "!":
                return lambda i: 0.0 if inner(i) != 0 else 1.0
            return inner
        if isinstance(node, Call):
            return self._call(node)
        raise Unsuited

    def _whole(self, node: Node) -> Step:
        """A part that does not look back, in all rows; the variable has its old value until its row is replaced."""
        value = self.evaluator.value(node)
        if not value.shape:
            single = value.item()
            return lambda i: single
        column = value.tolist()
        return lambda i: column[i]

    def _row(self, node: Subscript) -> Step:
        if any(looks_back(p, self.name) for p in walk(node.indices[0])):
            raise Unsuited
        index = np.broadcast_to(np.asarray(self.evaluator.value(node.indices[0]), dtype=np.float64), (self.n,))
        rows = self.evaluator.groups.pick(np.arange(self.n, dtype=np.float64), index)
        at = [-1 if math.isnan(r) else int(r) for r in rows.tolist()]
        values, nothing = self.values, "" if self.text else math.nan
        return lambda i: values[at[i]] if at[i] >= 0 else nothing

    def _binary(self, node: Binary) -> Step:
        left, right = self.compile(node.left), self.compile(node.right)
        made = _OPERATORS.get(node.operator)
        if made is None:
            raise Unsuited
        return lambda i: made(left(i), right(i))

    def _call(self, node: Call) -> Step:
        steps = [self.compile(a) for a in node.arguments]
        if node.name == "cond" and len(steps) == 3:
            test, yes, no = steps
            return lambda i: yes(i) if test(i) != 0 else no(i)
        function = functions().get(node.name)
        if function is None or function.needs_surroundings or function.least > len(steps):
            raise Unsuited
        evaluate = function.evaluate

        def call(i: int) -> Value:
            out = evaluate(*(_array(s(i)) for s in steps))
            item = out.item() if out.shape == () else out.reshape(-1)[0]
            return item if isinstance(item, str) else _finite(float(item))

        return call


def _array(value: Value) -> npt.NDArray[Any]:
    if isinstance(value, str):
        out = np.empty((), dtype=object)
        out[()] = value
        return out
    return np.asarray(value, dtype=np.float64)


def _finite(x: float) -> float:
    return math.nan if math.isinf(x) else x


def _negative(a: Value) -> float:
    if isinstance(a, str):
        raise Unsuited
    return -a


def _add(a: Value, b: Value) -> Value:
    if isinstance(a, str) and isinstance(b, str):
        return a + b
    if isinstance(a, str) or isinstance(b, str):
        raise Unsuited
    return _finite(a + b)


def _number(operation: Callable[[float, float], float]) -> Callable[[Value, Value], float]:
    def apply(a: Value, b: Value) -> float:
        if isinstance(a, str) or isinstance(b, str):
            raise Unsuited
        return operation(a, b)

    return apply


def _divided(a: float, b: float) -> float:
    return math.nan if b == 0 else _finite(a / b)


def _power(a: float, b: float) -> float:
    return float(power(np.asarray(a), np.asarray(b)))


def _same(a: Value, b: Value) -> bool:
    if isinstance(a, str) and isinstance(b, str):
        return a == b
    if isinstance(a, str) or isinstance(b, str):
        raise Unsuited
    return a == b or (math.isnan(a) and math.isnan(b))


def _less(a: Value, b: Value) -> bool:
    if isinstance(a, str) and isinstance(b, str):
        return a < b
    if isinstance(a, str) or isinstance(b, str):
        raise Unsuited
    return a < b or (math.isnan(b) and not math.isnan(a))


_OPERATORS: dict[str, Callable[[Value, Value], Value]] = {
    "+": _add,
    "-": _number(lambda a, b: _finite(a - b)),
    "*": _number(lambda a, b: _finite(a * b)),
    "/": _number(_divided),
    "^": _number(_power),
    "==": lambda a, b: float(_same(a, b)),
    "!=": lambda a, b: float(not _same(a, b)),
    "<": lambda a, b: float(_less(a, b)),
    ">": lambda a, b: float(_less(b, a)),
    "<=": lambda a, b: float(not _less(b, a)),
    ">=": lambda a, b: float(not _less(a, b)),
    "&": _number(lambda a, b: float(a != 0 and b != 0)),
    "|": _number(lambda a, b: float(a != 0 or b != 0)),
}
