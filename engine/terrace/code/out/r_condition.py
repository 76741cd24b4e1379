"""Conditions on rows in R, where a comparison with a missing value is missing; in Terrace it is beyond all numbers."""

from __future__ import annotations

import math

import numpy as np

from terrace.code.out.r_names import r_name, r_text
from terrace.data.dataset import Dataset
from terrace.errors import TerraceError
from terrace.language.expressions.parsing import parse_expression
from terrace.language.expressions.tree import Binary, Call, Name, Node, Number, Text, Unary
from terrace.spec.text import number_text

_FUNCTIONS = {
    "abs": "abs", "ceil": "ceiling", "cos": "cos", "exp": "exp", "floor": "floor", "int": "trunc", "ln": "log",
    "log": "log", "log10": "log10", "sin": "sin", "sqrt": "sqrt", "trunc": "trunc",
}  # fmt: skip
_TIGHT = {"|": 1, "&": 2, "==": 4, "!=": 4, "<": 4, ">": 4, "<=": 4, ">=": 4, "+": 5, "-": 5, "*": 6, "/": 6, "^": 8}


class _Untold(Exception):
    """R has no words for a part of the condition that mean the same."""


def r_condition(text: str, data: Dataset, *, surely: bool = False) -> str | None:
    """The condition in R, true in the same rows; None where it has to be told by row numbers.

    With `surely` the condition is a filter, true only where that is known, as in R under ``which()``.
    """
    try:
        root = parse_expression(text).root
        if not _is_condition(root):
            return None
        return _Writer(data, surely=surely).node(root)[0]
    except (_Untold, TerraceError):
        return None


def _is_condition(node: Node) -> bool:
    if isinstance(node, Unary) and node.operator == "!":
        return _is_condition(node.operand)
    if isinstance(node, Binary) and node.operator in "&|":
        return _is_condition(node.left) and _is_condition(node.right)
    if isinstance(node, Call):
        return node.name in ("missing", "mi", "inlist", "inrange")
    return isinstance(node, Binary) and _TIGHT[node.operator] == 4


class _Writer:
    """Writes nodes; each as text with how tightly it binds."""

    def __init__(self, data: Dataset, *, surely: bool) -> None:
        self.data, self.surely = data, surely

    def node(self, node: Node) -> tuple[str, int]:
        match node:
            case Number() if not math.isnan(node.value):
                return number_text(node.value), 9
            case Text():
                return r_text(node.value), 9
            case Name() if node.name in self.data:
                return r_name(node.name), 9
            case Unary() if node.operator == "!":
                return f"!{self.inside(node.operand, 9)}", 3
            case Unary() if node.operator == "-":
                return f"-{self.inside(node.operand, 7)}", 7
            case Binary() if _TIGHT[node.operator] == 4:
                return self.comparison(node)
            case Binary():
                tight = _TIGHT[node.operator]
                left, right = self.inside(node.left, tight), self.inside(node.right, tight + 1)
                if node.operator == "^" and isinstance(node.left, Binary) and node.left.operator == "^":
                    left = f"({self.node(node.left)[0]})"  # R takes powers from the right
                return (f"{left}^{right}" if node.operator == "^" else f"{left} {node.operator} {right}"), tight
            case Call():
                return self.call(node), 9
        raise _Untold

    def inside(self, node: Node, tight: int) -> str:
        text, own = self.node(node)
        return text if own >= tight else f"({text})"

    def call(self, node: Call) -> str:
        if node.name in ("missing", "mi"):
            parts = [f"is.na({self.node(a)[0]})" for a in node.arguments]
            return parts[0] if len(parts) == 1 else f"({' | '.join(parts)})"
        if any(self.may_be_missing(a) for a in node.arguments):
            raise _Untold
        written = [self.node(a)[0] for a in node.arguments]
        if node.name == "inlist":
            return f"is.element({written[0]}, c({', '.join(written[1:])}))"
        if node.name == "inrange" and len(written) == 3:
            return f"({written[0]} >= {written[1]} & {written[0]} <= {written[2]})"
        if node.name in _FUNCTIONS and len(written) == 1:
            return f"{_FUNCTIONS[node.name]}({written[0]})"
        raise _Untold

    def comparison(self, node: Binary) -> tuple[str, int]:
        if isinstance(node.right, Number) and math.isnan(node.right.value):
            return self.with_missing(node)
        left, right = self.inside(node.left, 5), self.inside(node.right, 5)
        plain = f"{left} {node.operator} {right}"
        if self.surely or not (self.may_be_missing(node.left) or self.may_be_missing(node.right)):
            return plain, 4
        if self.may_be_missing(node.right) or not isinstance(node.left, Name) or self.data.is_text(node.left.name):
            raise _Untold
        if node.operator in (">", ">=", "!="):
            return f"(is.na({left}) | {plain})", 9
        return f"(!is.na({left}) & {plain})", 9

    def with_missing(self, node: Binary) -> tuple[str, int]:
        left = self.node(node.left)[0]
        if str(node.right.piece).strip() != ".":
            raise _Untold  # .a and its like: which of them a value is R does not know
        if node.operator in ("<", "!="):
            return f"!is.na({left})", 3
        if node.operator in ("==", ">="):
            return f"is.na({left})", 9
        raise _Untold

    def may_be_missing(self, node: Node) -> bool:
        match node:
            case Name() if node.name in self.data:
                return not self.data.is_text(node.name) and bool(np.isnan(self.data.numeric(node.name)).any())
            case Unary():
                return self.may_be_missing(node.operand)
            case Binary():
                if node.operator in "/^":
                    return True  # 1/0 is missing in Terrace and infinite in R
                return self.may_be_missing(node.left) or self.may_be_missing(node.right)
            case Call():
                return node.name not in ("missing", "mi", "abs", "floor", "ceil", "int", "trunc", "exp") or any(
                    self.may_be_missing(a) for a in node.arguments
                )
        return False
