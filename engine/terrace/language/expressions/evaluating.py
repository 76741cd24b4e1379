"""Expression and data to values.

Numbers are float64 arrays with NaN for missing, text object arrays with the empty string for missing; both of
shape () (a constant) or (n,). Every error points at the part of the text that cannot be evaluated.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from terrace.data.dataset import Dataset
from terrace.errors import CommandError, DataError
from terrace.language.expressions import mathematics as expr_math
from terrace.language.expressions import stored
from terrace.language.expressions.context import EvalContext, FloatArray
from terrace.language.expressions.functions import functions, suggestion
from terrace.language.expressions.rows import Groups, Timeline
from terrace.language.expressions.strings import regex_group
from terrace.language.expressions.table import Array, Function, Surroundings, elementwise
from terrace.language.expressions.tree import (
    Binary,
    Call,
    Coefficient,
    Level,
    Name,
    Node,
    Number,
    Series,
    Stored,
    Subscript,
    Text,
    Unary,
)
from terrace.language.expressions.values import (
    compare,
    exact_number,
    finite,
    is_text,
    joined,
    literal_digits,
    power,
    scalar,
    text,
)
from terrace.language.grammar.names import Names

COMPARISONS = ("==", "!=", "<", ">", "<=", ">=")


class Evaluator:
    """Evaluates the parts of one expression.

    With ``first_row`` a variable stands for its value in the first row, as in ``display x``.
    """

    def __init__(
        self, data: Dataset | None, context: EvalContext, groups: Groups | None = None, *, first_row: bool = False
    ) -> None:
        self.data = data
        self.context = context
        self.n = 0 if data is None else len(data)
        self.first_row = first_row or data is None
        self.shape: tuple[int, ...] = () if self.first_row else (self.n,)
        self.groups = groups if groups is not None else Groups(self.n)
        self._names = Names(() if data is None else data.names)
        self._timeline: Timeline | None = None
        self._columns: dict[str, Array] = {}
        self._match: Call | None = context.match

    # --- parts ---------------------------------------------------------------------------------------------
    def value(self, node: Node) -> Array:
        """The value of any part, shape () or (n,). Raises `CommandError` at its place."""
        match node:
            case Binary():
                return self._chain(node)
            case Number():
                return np.asarray(exact_number(node))
            case Text():
                return text(node.value)
            case Name():
                return self._name(node)
            case Unary():
                return self._unary(node)
            case Call():
                return self._call(node)
            case Subscript():
                return self._subscript(node)
            case Series():
                return self._series(node)
            case Level():
                level = expr_math.equal(self._number(node.name), np.asarray(node.level))
                return np.where(np.isnan(self._number(node.name)), np.nan, level)
            case Stored():
                if node.kind == "e" and node.name == "sample":
                    return self._sample(node)
                return stored.result(node, self.context)
            case Coefficient():
                return stored.coefficient(node, self.context)
        raise AssertionError(f"unknown node {type(node).__name__}")

    def _chain(self, node: Binary) -> Array:
        """A binary operator and those to its left in a loop: a long sum is a deep tree."""
        chain = [node]
        while isinstance(chain[-1].left, Binary):
            chain.append(chain[-1].left)
        left = self._text_test(chain[-1])
        if left is None:
            left = self._left(chain[-1])
        else:
            chain.pop()
        for link in reversed(chain):
            digits = literal_digits(link.right) if link.operator in COMPARISONS and is_text(left) else ""
            left = self._binary(link, left, text(digits) if digits else self.value(link.right))
        return left

    def _left(self, node: Binary) -> Array:
        """The left side; digits that are compared with text are text."""
        digits = literal_digits(node.left) if node.operator in COMPARISONS else ""
        return text(digits) if digits and is_text(self.value(node.right)) else self.value(node.left)

    def _text_test(self, node: Binary) -> Array | None:
        """``name == "text"``, asked of the column itself, which is many times faster than of objects.

        Digits that no number holds are text here.
        """
        if node.operator not in ("==", "!=") or not isinstance(node.left, Name) or self.first_row:
            return None
        wanted = node.right.value if isinstance(node.right, Text) else literal_digits(node.right)
        if not (wanted or isinstance(node.right, Text)) or self.data is None or node.left.name not in self.data:
            return None
        name = node.left.name
        if not self.data.is_text(name) or self.data.variable(name).missing_codes:
            return None
        column = self.data.frame[name]
        same = column.eq(wanted).fillna(False).to_numpy(dtype=bool)
        if wanted == "":
            same = same | column.isna().to_numpy()
        return np.asarray(same == (node.operator == "=="), dtype=np.float64)

    def _number(self, node: Node) -> FloatArray:
        value = self.value(node)
        if is_text(value):
            raise node.piece.error(
                f"{node.piece} is text, and a number is needed here.",
                code="type-mismatch",
                advice="Use real() to turn text into a number.",
            )
        return value

    # --- operators -----------------------------------------------------------------------------------------
    def _binary(self, node: Binary, left: Array, right: Array) -> Array:
        operator = node.operator
        if is_text(left) != is_text(right):
            left, right = self._or_empty(node.left, left, right), self._or_empty(node.right, right, left)
        if operator in COMPARISONS:
            self._alike(node, left, right)
            return compare(operator, left, right)
        if is_text(left) or is_text(right):
            if operator == "+" and is_text(left) and is_text(right):
                try:
                    return joined(left, right)
                except ValueError as error:
                    raise node.piece.error(str(error), code="too-long") from None
            wrong = node.left if is_text(left) else node.right
            raise wrong.piece.error(
                f"{wrong.piece} is text, which {operator} does not take.",
                code="type-mismatch",
                advice="Text can only be joined by + or compared.",
            )
        if operator == "+":
            return np.asarray(left + right)
        if operator == "-":
            return np.asarray(left - right)
        if operator == "*":
            return np.asarray(left * right)
        if operator == "/":
            return finite(left / right)
        if operator == "^":
            return power(left, right)
        if operator == "&":
            return np.asarray(expr_math.true(left) & expr_math.true(right), dtype=np.float64)
        return np.asarray(expr_math.true(left) | expr_math.true(right), dtype=np.float64)

    def _or_empty(self, node: Node, value: Array, other: Array) -> Array:
        """The value of a part beside `other`: a stored result that does not exist is empty text beside text."""
        return text("") if is_text(other) and stored.absent(node, self.context) else value

    def _alike(self, node: Binary, left: Array, right: Array) -> None:
        if (is_text(left)) != (is_text(right)):
            text, number = (node.left, node.right) if is_text(left) else (node.right, node.left)
            raise node.piece.error(
                f"{text.piece} is text and {number.piece} is a number, so they cannot be compared.",
                code="type-mismatch",
                advice="Leave the quotation marks out to compare numbers."
                if isinstance(text, Text)
                else 'Put text between quotation marks: x == "a".',
            )

    def _unary(self, node: Unary) -> Array:
        value = self._number(node.operand)
        if node.operator == "-":
            return np.asarray(-value)
        if node.operator == "!":
            return np.asarray(~expr_math.true(value), dtype=np.float64)
        return value

    # --- names ---------------------------------------------------------------------------------------------
    def _name(self, node: Name) -> Array:
        name = node.name
        if name in ("_n", "_N"):
            if self.first_row:
                rows = 0.0 if self.data is None else float(self.data.n_rows)
                return np.asarray(rows if name == "_N" else 1.0)
            return self.groups.place if name == "_n" else self.groups.size
        if name == "_pi":
            return np.asarray(math.pi)
        if self.data is not None and name in self.data:
            return self._column(node, name)
        if name in self.context.scalars:
            return scalar(self.context.scalars[name])
        if name in self.context.matrices:
            return stored.single(node, self.context.matrices[name])
        return self._column(node, self._variable(node))

    def _variable(self, node: Name) -> str:
        if self.data is None:
            raise node.piece.error(
                f"There is no scalar named {node.name!r}, and no data are open.",
                code="no-such-variable",
                subject=node.name,
            )
        try:
            return self._names.one(node.piece)
        except CommandError as error:
            if node.name in functions():
                error.advice = f"{node.name} is a function: write {node.name}(...)."
            raise

    def _full(self, name: str) -> Array:
        """All rows of a variable: missing codes as NaN, missing text as the empty string."""
        if name not in self._columns:
            assert self.data is not None
            if self.data.is_text(name):
                column = self.data.frame[name]
                codes = self.data.variable(name).missing_codes
                gone = column.isna() | column.isin(list(codes)) if codes else column.isna()
                self._columns[name] = np.where(gone, "", column.to_numpy(dtype=object))
            else:
                self._columns[name] = self._numbers(name)
        return self._columns[name]

    def _numbers(self, name: str) -> FloatArray:
        assert self.data is not None
        column = self.data.frame[name]
        if column.dtype == np.float64 and not self.data.variable(name).declares_missing:
            return column.to_numpy()  # the data's own memory, only read
        return self.data.numeric(name)

    def _column(self, node: Node, name: str) -> Array:
        values = self._full(name)
        if not self.first_row:
            return values
        if self.n == 0:
            raise node.piece.error(f"{name} has no rows.", code="no-observations", subject=name)
        return np.asarray(values[0], dtype=values.dtype)

    def _series(self, node: Series) -> Array:
        name = self._variable(node.name)
        assert self.data is not None
        if self.data.is_text(name):
            raise node.piece.error(f"{name} is text and has no {node.piece}.", code="type-mismatch", subject=name)
        if self._timeline is None:
            self._timeline = Timeline(self.data)
        try:
            values = self._timeline.apply(self._full(name), node.operators)
        except DataError as error:
            raise node.piece.error(error.message, code=error.code, advice=error.advice, subject=error.subject) from None
        return np.asarray(values[0]) if self.first_row and self.n else values

    # --- rows and matrices ---------------------------------------------------------------------------------
    def _subscript(self, node: Subscript) -> Array:
        # Two indices mean a matrix, also where a variable has the same name.
        matrix = stored.matrix(node.base, self.context, self.data if len(node.indices) == 1 else None)
        if matrix is not None:
            return stored.element(node, *matrix, self.value)
        if len(node.indices) != 1:
            raise node.base.piece.error(
                f"There is no matrix {node.base.piece}.", code="no-such-matrix", subject=str(node.base.piece)
            )
        if not isinstance(node.base, Name):
            raise node.base.piece.error(
                "Only a variable or a matrix takes [ ].", code="syntax", advice="Generate a variable first."
            )
        values = self._full(self._variable(node.base))
        steps = None if self.first_row else _lag_of(node.indices[0])
        if steps is not None:
            return self.groups.lag(values, steps)
        index = self._number(node.indices[0])
        if self.first_row:
            row = float(index)
            inside = 1 <= row < self.n + 1
            if is_text(values):
                return text(values[int(row) - 1] if inside else "")
            return np.asarray(values[int(row) - 1] if inside else np.nan)
        return self.groups.pick(values, np.broadcast_to(index, self.shape))

    def _sample(self, node: Stored) -> Array:
        mask = self.context.e_sample
        if mask is None:
            raise node.piece.error(
                "There is no e(sample): no model has been fitted to these data.",
                code="no-stored-results",
                subject="sample",
            )
        if len(mask) != self.n:
            raise node.piece.error(
                "e(sample) belongs to data with a different number of rows.",
                code="stale-sample",
                advice="Fit the model again.",
            )
        values = np.asarray(mask, dtype=np.float64)
        return np.asarray(values[0]) if self.first_row and self.n else values

    # --- functions -----------------------------------------------------------------------------------------
    def _call(self, node: Call) -> Array:
        if node.name in stored.FUNCTIONS:
            return stored.call(node, self.context, self.data, self.value)
        if node.name in ("regexs", "ustrregexs"):
            return self._regex_group(node)
        function = functions().get(node.name)
        place = node.piece.at(node.piece.start, node.piece.start + len(node.name))
        if function is None:
            raise place.error(
                f"There is no function {node.name}().",
                code="no-such-function",
                subject=node.name,
                advice=suggestion(node.name),
            )
        count = len(node.arguments)
        if count < function.least or (function.most is not None and count > function.most):
            raise node.piece.error(
                f"{node.name}() takes {function.form}, and here are {count or 'none'}.",
                code="arguments",
                subject=node.name,
            )
        arguments = self._arguments(node, function)
        if function.needs_surroundings:
            arguments.append(Surroundings(self.shape, self._running_sum, self._rng()))
        if node.name in ("regexm", "ustrregexm"):
            self._match = node
        try:
            return finite(function.evaluate(*arguments))
        except ValueError as error:
            raise node.piece.error(str(error), code="arguments", subject=node.name) from None

    def _regex_group(self, node: Call) -> Array:
        """``regexs(1)``: of the match that the expression, or its ``if``, asked for last, row by row."""
        if len(node.arguments) != 1:
            raise node.piece.error(f"{node.name}() takes one argument.", code="arguments", subject=node.name)
        if self._match is None or len(self._match.arguments) != 2:
            raise node.piece.error(
                f"{node.name}() needs a match, and there is none.",
                code="no-match",
                advice=f'Write it with regexm() in one command: gen part = {node.name}(1) if regexm(text, "([0-9]+)").',
            )
        text, pattern = (self.value(a) for a in self._match.arguments)
        return np.asarray(elementwise(regex_group, number=False)(text, pattern, self._number(node.arguments[0])))

    def _arguments(self, node: Call, function: Function) -> list[Any]:
        values: list[Any] = []
        first: Array | None = None
        for i, argument in enumerate(node.arguments):
            kind = function.kind(i)
            digits = literal_digits(argument) if kind == "x" and first is not None and is_text(first) else ""
            value = text(digits) if digits else self.value(argument)
            if kind == "x":
                first = value if first is None else first
                wants_text = is_text(first)
            else:
                wants_text = {"n": False, "s": True}.get(kind, is_text(value))
            if wants_text and stored.absent(argument, self.context):
                value = text("")
            if is_text(value) != wants_text:
                found, wanted = ("text", "a number") if is_text(value) else ("a number", "text")
                raise argument.piece.error(
                    f"{argument.piece} is {found}, and {node.name}() takes {wanted} here.",
                    code="type-mismatch",
                    subject=node.name,
                )
            values.append(value)
        return values

    def _running_sum(self, values: Array) -> Array:
        if self.first_row:
            return np.nan_to_num(values)
        return self.groups.running_sum(np.broadcast_to(values, self.shape))

    def _rng(self) -> np.random.Generator:
        return self.context.rng or np.random.default_rng()


def _lag_of(index: Node) -> int | None:
    """k where an index is ``_n``, ``_n-k`` or ``_n+k``, the usual ones; otherwise None."""
    if isinstance(index, Name) and index.name == "_n":
        return 0
    if not (isinstance(index, Binary) and index.operator in ("+", "-")):
        return None
    if not (isinstance(index.left, Name) and index.left.name == "_n" and isinstance(index.right, Number)):
        return None
    step = index.right.value
    if not step.is_integer():
        return None
    return int(step) if index.operator == "-" else -int(step)
