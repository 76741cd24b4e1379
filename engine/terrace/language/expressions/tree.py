"""The parts of an expression, as parsed: frozen, and each knows where it stands in the text."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, fields

from terrace.language.grammar.tokens import Piece


@dataclass(frozen=True, slots=True)
class Node:
    """Any part; ``piece`` is its place."""

    piece: Piece


@dataclass(frozen=True, slots=True)
class Number(Node):
    """A literal number; NaN for ``.`` and ``.a`` to ``.z``."""

    value: float


@dataclass(frozen=True, slots=True)
class Text(Node):
    """A literal string."""

    value: str


@dataclass(frozen=True, slots=True)
class Name(Node):
    """A variable, a scalar, a matrix, or one of ``_n _N _pi``, as typed."""

    name: str


@dataclass(frozen=True, slots=True)
class Series(Node):
    """A variable with time-series operators, outermost first: ``L2D.x``."""

    operators: tuple[tuple[str, int], ...]
    name: Name


@dataclass(frozen=True, slots=True)
class Level(Node):
    """``2.x``: 1 where x is 2, else 0."""

    level: float
    name: Name


@dataclass(frozen=True, slots=True)
class Stored(Node):
    """``e(name)`` or ``r(name)``; ``kind`` is the letter."""

    kind: str
    name: str


@dataclass(frozen=True, slots=True)
class Coefficient(Node):
    """``_b[term]`` or ``_se[term]``; ``kind`` is ``b`` or ``se``."""

    kind: str
    term: str


@dataclass(frozen=True, slots=True)
class Subscript(Node):
    """``x[_n-1]`` (one index, a row) or ``m[1,2]`` (two, of a matrix)."""

    base: Node
    indices: tuple[Node, ...]


@dataclass(frozen=True, slots=True)
class Call(Node):
    """A function with its arguments."""

    name: str
    arguments: tuple[Node, ...]


@dataclass(frozen=True, slots=True)
class Unary(Node):
    """``-x``, ``+x``, ``!x``."""

    operator: str
    operand: Node


@dataclass(frozen=True, slots=True)
class Binary(Node):
    """``x + y`` and so on; the operator in its usual spelling (``!=`` for ``~=``)."""

    operator: str
    left: Node
    right: Node


@dataclass(frozen=True, slots=True)
class Expression:
    """A parsed expression. ``piece`` is its place in what was typed."""

    root: Node
    piece: Piece

    def __str__(self) -> str:
        return str(self.piece)


def walk(node: Node) -> Iterator[Node]:
    """The node and everything in it, in the order of the text; long sums are deep trees, hence no recursion."""
    waiting = [node]
    while waiting:
        node = waiting.pop()
        yield node
        parts: list[Node] = []
        for field in fields(node):
            value = getattr(node, field.name)
            parts += [p for p in (value if isinstance(value, tuple) else (value,)) if isinstance(p, Node)]
        waiting += reversed(parts)
