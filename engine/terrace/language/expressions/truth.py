"""The rows in which a condition is known to be true: what a filter keeps.

An ``if`` follows Stata: missing is larger than every number, so that ``if x > 0`` keeps rows in which x is missing. A
filter keeps a row only where its condition is true whatever a missing value may stand for, by the three-valued logic
of Kleene, which SQL has too: a comparison with a missing value is unknown, ``unknown | true`` is true, and ``!unknown``
is unknown. What asks for missing values by themselves, ``missing(x)`` and ``x == .``, is known in every row.
"""

from __future__ import annotations

from collections.abc import Mapping
from math import isnan
from typing import Any

import numpy as np
import numpy.typing as npt

from terrace.data.dataset import Dataset
from terrace.language.expressions.context import EvalContext
from terrace.language.expressions.evaluating import COMPARISONS, Evaluator
from terrace.language.expressions.parsing import parse_expression
from terrace.language.expressions.tree import Binary, Call, Expression, Name, Node, Number, Text, Unary, walk
from terrace.language.expressions.values import is_text
from terrace.language.grammar.tokens import Piece

BoolArray = npt.NDArray[np.bool_]
_ASK_FOR_MISSING = ("missing", "mi")


def surely_true(text: str | Piece | Expression, data: Dataset) -> BoolArray:
    """The rows in which a condition is known to be true, shape (n,).

    Raises `CommandError` at the place that cannot be read or evaluated, also where the condition gives text.
    """
    expression = text if isinstance(text, Expression) else parse_expression(text)
    for name in _names(expression):  # in full: a variable that is gone must not become another that begins like it
        if name.name not in data and name.name != "_pi":
            raise name.piece.error(
                f"There is no variable {name.name!r} in the data.", code="no-such-variable", subject=name.name
            )
    with np.errstate(all="ignore"):  # what is undefined is missing
        return np.array(np.broadcast_to(_Truth(data).of(expression.root)[0], (len(data),)))


def with_names(text: str, new: Mapping[str, str]) -> str:
    """A condition with other names for its variables."""
    for name in sorted(_names(parse_expression(text)), key=lambda n: n.piece.start, reverse=True):
        text = text[: name.piece.start] + new.get(name.name, name.name) + text[name.piece.end :]
    return text


def _names(expression: Expression) -> list[Name]:
    return [n for n in walk(expression.root) if isinstance(n, Name)]


class _Truth:
    """Where parts of a condition are known to be true, and where they are known to be false."""

    def __init__(self, data: Dataset) -> None:
        self._evaluator = Evaluator(data, EvalContext())

    def of(self, node: Node) -> tuple[BoolArray, BoolArray]:
        chain: list[Binary] = []
        while isinstance(node, Binary) and node.operator in ("&", "|"):  # in a loop: a long one is a deep tree
            chain.append(node)
            node = node.left
        yes, no = self._single(node)
        for link in reversed(chain):
            also, not_also = self.of(link.right)
            if link.operator == "&":
                yes, no = yes & also, no | not_also
            else:
                yes, no = yes | also, no & not_also
        return yes, no

    def _single(self, node: Node) -> tuple[BoolArray, BoolArray]:
        if isinstance(node, Unary) and node.operator == "!":
            yes, no = self.of(node.operand)
            return no, yes
        values = self._evaluator.value(node)
        if is_text(values):
            raise node.piece.error(
                f"{node.piece} is text, and a condition is needed here.",
                code="type-mismatch",
                advice='Compare it, as in x == "a".',
            )
        known = ~self._unknown(node, values)
        return known & (values != 0), known & (values == 0)

    def _unknown(self, node: Node, values: npt.NDArray[Any] | None = None) -> BoolArray:
        if isinstance(node, Binary) and node.operator in COMPARISONS:
            sides = (node.left, node.right)
        elif isinstance(node, Call) and node.name in _ASK_FOR_MISSING:
            return np.zeros((), dtype=bool)
        elif isinstance(node, Call) and values is not None:  # a condition by itself, such as inlist(x, 1, 2)
            return _missing(values) | self._any_unknown(node.arguments)
        elif (isinstance(node, Binary) and node.operator in ("&", "|")) or _is_not(node):
            yes, no = self.of(node)
            return ~(yes | no)
        else:
            return _missing(self._evaluator.value(node) if values is None else values)
        return np.zeros((), dtype=bool) if any(map(_asks, sides)) else self._any_unknown(sides)

    def _any_unknown(self, nodes: tuple[Node, ...]) -> BoolArray:
        unknown = np.zeros((), dtype=bool)
        for node in nodes:
            if not _asks(node):
                unknown = unknown | self._unknown(node)
        return unknown


def _is_not(node: Node) -> bool:
    return isinstance(node, Unary) and node.operator == "!"


def _asks(node: Node) -> bool:
    """True for ``.`` and ``""``, which ask for missing values."""
    return (isinstance(node, Number) and isnan(node.value)) or (isinstance(node, Text) and not node.value)


def _missing(values: npt.NDArray[Any]) -> BoolArray:
    return np.asarray(values == "") if is_text(values) else np.isnan(values)
