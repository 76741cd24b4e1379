"""Conditions on rows in the words of SPSS, SAS and pandas, where they mean the same there."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from terrace.code.out.facts import Facts
from terrace.data.dataset import Dataset
from terrace.data.value import Value
from terrace.design.sample import selected_rows
from terrace.errors import TerraceError
from terrace.language.expressions.parsing import parse_expression
from terrace.language.expressions.tree import Binary, Call, Name, Node, Number, Text, Unary
from terrace.spec.text import number_text


@dataclass(frozen=True, slots=True)
class Dialect:
    """How a language writes what conditions are made of; ``missing`` is a pattern for one variable."""

    equal: str
    unequal: str
    both: str
    either: str
    negated: str
    missing: str
    power: str = "**"


SPSS = Dialect("=", "~=", "AND", "OR", "NOT ({})", "MISSING({})")
SAS = Dialect("=", "ne", "and", "or", "not ({})", "missing({})")
PANDAS = Dialect("==", "!=", "and", "or", "not ({})", "{}.isna()")


class _Untold(Exception):
    """The language has no words here that mean the same."""


def written(text: str, data: Dataset, dialect: Dialect) -> str | None:
    """The condition in another language; None where it would mean something else there."""
    try:
        return _node(parse_expression(text).root, data, dialect)
    except (_Untold, TerraceError):
        return None


def numbered_rows(facts: Facts, dialect: Dialect) -> list[tuple[int, int]]:
    """The rows of a model as pairs of a first and a last number from 1, where its conditions would mean something else
    in the language; empty where they can be written."""
    texts = [t for t in (facts.spec.condition, facts.spec.filter) if t is not None]
    if all(written(t, facts.data, dialect) for t in texts):
        return []
    out: list[tuple[int, int]] = []
    for k in (np.flatnonzero(selected_rows(facts.spec, facts.data)) + 1).tolist():
        if out and out[-1][1] == k - 1:
            out[-1] = (out[-1][0], k)
        else:
            out.append((k, k))
    return out


def constant(value: Value) -> str:
    """A number or a string in double quotes."""
    return '"' + value.replace('"', '""') + '"' if isinstance(value, str) else number_text(value)


def _node(node: Node, data: Dataset, d: Dialect) -> str:
    match node:
        case Number() if not math.isnan(node.value):
            return number_text(node.value)
        case Text():
            return constant(node.value)
        case Name() if node.name in data:
            if not data.is_text(node.name) and bool(np.isnan(data.numeric(node.name)).any()):
                raise _Untold  # missing is larger than every number in Terrace
            return node.name
        case Unary() if node.operator == "!":
            return d.negated.format(_node(node.operand, data, d))
        case Unary() if node.operator == "-":
            return f"-{_node(node.operand, data, d)}"
        case Call() if node.name in ("missing", "mi") and len(node.arguments) == 1:
            name = node.arguments[0]
            if isinstance(name, Name) and name.name in data:
                return d.missing.format(name.name)
        case Call() if node.name == "inlist":
            first, *rest = (_node(a, data, d) for a in node.arguments)
            return "(" + f" {d.either} ".join(f"{first} {d.equal} {x}" for x in rest) + ")"
        case Call() if node.name == "inrange" and len(node.arguments) == 3:
            x, low, high = (_node(a, data, d) for a in node.arguments)
            return f"({x} >= {low} {d.both} {x} <= {high})"
        case Binary():
            if node.operator in ("!=", "==", "<", ">", ">=", "<=") and _tests_missing(node):
                return _with_missing(node, data, d)
            operators = {"==": d.equal, "!=": d.unequal, "&": d.both, "|": d.either, "^": d.power}
            left, right = (_node(n, data, d) for n in (node.left, node.right))
            return f"({left} {operators.get(node.operator, node.operator)} {right})"
    raise _Untold


def _tests_missing(node: Binary) -> bool:
    return isinstance(node.right, Number) and math.isnan(node.right.value) and str(node.right.piece).strip() == "."


def _with_missing(node: Binary, data: Dataset, d: Dialect) -> str:
    if not isinstance(node.left, Name) or node.left.name not in data or node.operator in (">", "<="):
        raise _Untold
    test = d.missing.format(node.left.name)
    return test if node.operator in ("==", ">=") else d.negated.format(test)
