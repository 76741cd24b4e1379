"""Text of R to a tree: names, constants, calls and operators, by R's own precedence."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace

from terrace.language.grammar.tokens import Piece


@dataclass(frozen=True, slots=True)
class Node:
    """Any part; ``piece`` is its place."""

    piece: Piece

    def __str__(self) -> str:
        return " ".join(str(self.piece).split())


@dataclass(frozen=True, slots=True)
class Number(Node):
    value: float


@dataclass(frozen=True, slots=True)
class Text(Node):
    value: str


@dataclass(frozen=True, slots=True)
class Name(Node):
    name: str


@dataclass(frozen=True, slots=True)
class Call(Node):
    """A call; arguments stand with their names, empty for those without."""

    function: str
    arguments: tuple[tuple[str, Node], ...]

    def argument(self, name: str) -> Node | None:
        """The argument of a name."""
        return next((v for k, v in self.arguments if k == name), None)

    def named(self, *formals: str) -> Call:
        """The call with the names that R gives its arguments by their places; those beyond `formals` stay without."""
        given = {k for k, _ in self.arguments}
        free = (f for f in formals if f not in given)
        return replace(self, arguments=tuple((k or next(free, ""), v) for k, v in self.arguments))


@dataclass(frozen=True, slots=True)
class Inside(Node):
    """What stands in parentheses."""

    node: Node


@dataclass(frozen=True, slots=True)
class Unary(Node):
    operator: str
    operand: Node


@dataclass(frozen=True, slots=True)
class Binary(Node):
    operator: str
    left: Node
    right: Node


_TOKEN = re.compile(
    r"""\s*(?:\#[^\n]*(?:\n|$)\s*)*(?:
    (?P<number>(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?L?)
    |(?P<name>(?:[^\W\d_]|\.(?!\d))[\w.]*|`[^`]+`)
    |(?P<text>"(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*')
    |(?P<operator>%[^%\s]*%|<-|\|\||&&|==|!=|<=|>=|::|[-+*/^:~|&!<>=(),$\[\]])
    )""",
    re.VERBOSE,
)
_BINDING = {
    "<-": 0, "~": 1, "|": 2, "||": 2, "&": 3, "&&": 3, "==": 5, "!=": 5, "<": 5, ">": 5, "<=": 5, ">=": 5,
    "+": 6, "-": 6, "*": 7, "/": 7, ":": 9, "^": 11, "$": 13,
}  # fmt: skip
_SIGN, _NOT, _INFIX = 10, 4, 8
_DEEPEST = 60


@dataclass(frozen=True, slots=True)
class _Token:
    kind: str
    piece: Piece

    def __str__(self) -> str:
        return str(self.piece)


def parse_r(piece: Piece) -> Node:
    """The tree of one expression of R. Raises `CommandError` at the place where the text stops making sense."""
    if not piece:
        raise piece.error("The formula is empty.", code="syntax", advice="Write y ~ x + (x | g).")
    parser = _Parser(_scanned(piece))
    root = parser.expression(0)
    if parser.next.kind != "end":
        raise parser.next.piece.error(f"{str(parser.next)!r} is not expected here.", code="syntax")
    return root


def _scanned(piece: Piece) -> list[_Token]:
    out, at = [], piece.start
    while str(piece.at(at, piece.end)).strip():
        found = _TOKEN.match(piece.source, at, piece.end)
        if found is None or found.lastgroup is None:
            start = at + len(str(piece.at(at, piece.end))) - len(str(piece.at(at, piece.end)).lstrip())
            if piece.source[start] == "#":
                break
            raise piece.at(start, start + 1).error(f"{piece.source[start]!r} cannot be read here.", code="syntax")
        out.append(_Token(found.lastgroup, piece.at(*found.span(found.lastgroup))))
        at = found.end()
    return [*out, _Token("end", piece.at(piece.end, piece.end))]


class _Parser:
    """An operator-precedence parser over tokens."""

    def __init__(self, tokens: list[_Token]) -> None:
        self.tokens, self.at, self.depth = tokens, 0, 0

    @property
    def next(self) -> _Token:
        return self.tokens[self.at]

    def take(self) -> _Token:
        self.at += 1
        return self.tokens[self.at - 1]

    def need(self, sign: str) -> _Token:
        if str(self.next) != sign or self.next.kind != "operator":
            raise self.next.piece.error(f"{sign} is missing here.", code="syntax")
        return self.take()

    def expression(self, least: int) -> Node:
        self.depth += 1
        if self.depth > _DEEPEST:
            raise self.next.piece.error("The formula is nested too deeply.", code="too-deep")
        left = self.operand()
        while self.next.kind == "operator":
            operator = str(self.next)
            binding = _INFIX if operator.startswith("%") else _BINDING.get(operator, -1)
            if binding < least or binding < 0:
                break
            self.take()
            right = self.expression(binding if operator == "^" else binding + 1)
            left = Binary(_joined(left, right), operator, left, right)
        self.depth -= 1
        return left

    def operand(self) -> Node:
        token = self.take()
        text = str(token)
        if token.kind == "number":
            return Number(token.piece, float(text.rstrip("L")))
        if token.kind == "text":
            return Text(token.piece, re.sub(r"\\(.)", r"\1", text[1:-1]))
        if token.kind == "name":
            return self.named(token)
        if token.kind == "operator" and text in "-+~!":
            binding = {"~": 2, "!": _NOT}.get(text, _SIGN)
            operand = self.expression(binding)
            return Unary(token.piece.at(token.piece.start, operand.piece.end), text, operand)
        if text == "(":
            inside = self.expression(0)
            end = self.need(")")
            return Inside(token.piece.at(token.piece.start, end.piece.end), inside)
        if token.kind == "end":
            raise token.piece.error("The formula ends too early.", code="syntax", advice="Write y ~ x + (x | g).")
        raise token.piece.error(f"{text!r} is not expected here.", code="syntax")

    def named(self, token: _Token) -> Node:
        name = str(token).strip("`")
        if str(self.next) == "::":
            self.take()
            return self.named(self.take())
        if str(self.next) != "(" or self.next.kind != "operator":
            return Name(token.piece, name)
        self.take()
        arguments: list[tuple[str, Node]] = []
        while str(self.next) != ")":
            key = ""
            if self.next.kind in ("name", "text") and str(self.tokens[self.at + 1]) == "=":
                key = str(self.take()).strip("`\"'")
                self.take()
            arguments.append((key, self.expression(0)))
            if str(self.next) != ")":
                self.need(",")
        end = self.need(")")
        return Call(token.piece.at(token.piece.start, end.piece.end), name, tuple(arguments))


def _joined(left: Node, right: Node) -> Piece:
    return left.piece.at(left.piece.start, right.piece.end)
