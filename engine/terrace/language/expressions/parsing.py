"""Text to expression: a scanner and an operator-precedence parser.

Binding, the tightest first, as in Stata: ``!``; ``^`` (from the left: ``2^3^2`` is 64); sign; ``* /``; ``+ -``;
the comparisons; ``&``; ``|``.
"""

from __future__ import annotations

import math
import re
from dataclasses import dataclass

from terrace.language.expressions.dates import read_date
from terrace.language.expressions.tree import (
    Binary,
    Call,
    Coefficient,
    Expression,
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
from terrace.language.grammar.factors import parse_prefix, prefix_end
from terrace.language.grammar.tokens import NAME, Piece, closing, skip_string, unquoted

_NUMBER = re.compile(r"(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?")
_MISSING = re.compile(r"\.[a-z]?(?!\w)")
_OPERATOR = re.compile(r"==|!=|~=|>=|<=|&&|\|\||[-+*/^<>&|!~()\[\],=]")
_SPELLING = {"~=": "!=", "~": "!", "&&": "&", "||": "|"}
_BINDING = {
    "|": 1,
    "&": 2,
    "==": 3,
    "!=": 3,
    "<": 3,
    ">": 3,
    "<=": 3,
    ">=": 3,
    "+": 4,
    "-": 4,
    "*": 5,
    "/": 5,
    "^": 7,
}
_SIGN = 6
_DEEPEST = 100

_EQUATION = re.compile(r"\[\s*(?P<equation>\w+)\s*\](?:(?P<kind>_b|_coef|_se)\[|(?P<term>\w[\w.#]*))")
_AFTER_VALUE = re.compile(r"[\w)\]]\s*$")  # a [ after a value is a subscript


@dataclass(frozen=True, slots=True)
class Token:
    """A word of an expression, with its place."""

    kind: str  # number, text, name, stored, coefficient, prefix, level, operator, end
    piece: Piece
    value: object = None

    def __str__(self) -> str:
        return str(self.piece)


def parse_expression(text: str | Piece) -> Expression:
    """Parse an expression; a `Piece` keeps error positions those of the whole command.

    Raises `CommandError` with the place where the text stops making sense.
    """
    whole = text if isinstance(text, Piece) else Piece.of(text)
    piece = whole.strip()
    if not piece:
        raise whole.error("An expression is missing here.", code="no-expression")
    parser = _Parser(_scan(piece))
    root = parser.expression(0)
    parser.finish()
    return Expression(root, piece)


def _scan(piece: Piece) -> list[Token]:
    source = piece.source
    tokens: list[Token] = []
    i, depth = piece.start, 0
    while i < piece.end:
        if source[i].isspace():
            i += 1
            continue
        depth += (source[i] in "([") - (source[i] in ")]")
        if depth > _DEEPEST:  # here, before what follows is looked through again for each of them
            raise piece.at(i, i + 1).error("The expression is nested too deeply.", code="too-deep")
        token = token_at(piece, i)
        tokens.append(token)
        i = token.piece.end
    tokens.append(Token("end", piece.at(piece.end, piece.end)))
    return tokens


def token_at(piece: Piece, i: int) -> Token:
    """The word that begins at a position. Raises `CommandError` where none can."""
    source = piece.source
    if source[i] == '"' or source.startswith('`"', i):
        place = piece.at(i, skip_string(piece, i))
        return Token("text", place, unquoted(place))
    if found := _NUMBER.match(source, i, piece.end):
        after = found.end()
        if after < piece.end and (source[after].isalpha() or source[after] == "_"):
            if found[0].rstrip(".").isdigit() and found[0].endswith("."):
                return Token("level", piece.at(i, after), float(found[0]))
            raise piece.at(i, after + 1).error(
                "A name cannot begin with a digit, and a number ends here.",
                code="syntax",
                advice="Put an operator between them.",
            )
        return Token("number", piece.at(i, after), float(found[0]))
    if found := _MISSING.match(source, i, piece.end):
        return Token("number", piece.at(i, found.end()), float("nan"))
    if found := NAME.match(source, i, piece.end):
        return _name_token(piece, i, found.end())
    if source[i] == "[" and not _AFTER_VALUE.search(source, piece.start, i):
        token = _in_equation(piece, i)
        if token is not None:
            return token
    if found := _OPERATOR.match(source, i, piece.end):
        return Token("operator", piece.at(i, found.end()), _SPELLING.get(found[0], found[0]))
    raise piece.at(i, i + 1).error(f"{source[i]!r} does not belong in an expression.", code="syntax", subject=source[i])


def _in_equation(piece: Piece, i: int) -> Token | None:
    """``[weight]_b[week]``, ``[lns1_1_1]_cons``: a coefficient with its equation in front; None where it is none."""
    found = _EQUATION.match(piece.source, i, piece.end)
    if found is None:
        return None
    if found["kind"] is None:
        place = piece.at(i, found.end())
        return Token("coefficient", place, f"{found['equation']}:{found['term']}")
    stop = closing(piece, found.end() - 1)
    inside = str(piece.at(found.end(), stop)).strip()
    return Token("coefficient", piece.at(i, stop + 1), f"{found['equation']}:{inside}")


def _name_token(piece: Piece, i: int, end: int) -> Token:
    """A name; ``e(b)`` and ``_b[1.x#c.z]`` whole; the operators of ``L2.x`` where a name follows them."""
    source = piece.source
    name = source[i:end]
    if name in ("_b", "_coef", "_se") and source.startswith("[", end):
        stop = closing(piece, end)
        return Token("coefficient", piece.at(i, stop + 1), piece.at(end + 1, stop).strip())
    if name == "td" and source.startswith("(", end):
        stop = closing(piece, end)
        inside = piece.at(end + 1, stop).strip()
        day = read_date(str(inside), "DMY")
        if math.isnan(day):
            raise inside.error(f"{str(inside)!r} is not a date, such as 31jan2020.", code="bad-date")
        return Token("number", piece.at(i, stop + 1), day)
    if name in ("c", "e", "r") and source.startswith("(", end):
        stop = closing(piece, end)
        return Token("stored", piece.at(i, stop + 1), piece.at(end + 1, stop).strip())
    if end < piece.end and source[end] in ".(":
        dot = prefix_end(piece, i)
        if dot > i and NAME.match(source, dot, piece.end):
            chunk = piece.at(i, dot - 1)
            prefix = parse_prefix(chunk)
            if prefix.kind is not None or len(prefix.operators) != 1:
                raise chunk.error(
                    f"{chunk}. cannot be used in an expression.",
                    code="operator",
                    advice="L. F. D. S. with one number can, and 2.x is 1 where x is 2.",
                )
            return Token("prefix", piece.at(i, dot), prefix.operators[0])
    return Token("name", piece.at(i, end), name)


class _Parser:
    def __init__(self, tokens: list[Token]) -> None:
        self._tokens = tokens
        self._i = 0
        self._depth = 0

    @property
    def _next(self) -> Token:
        return self._tokens[self._i]

    def _take(self) -> Token:
        token = self._tokens[self._i]
        self._i += token.kind != "end"
        return token

    def _is(self, operator: str) -> bool:
        return self._next.kind == "operator" and self._next.value == operator

    def _expect(self, operator: str, opened: Token) -> Token:
        if self._is(operator):
            return self._take()
        if self._next.kind == "end":
            raise opened.piece.error(f"This {opened} is not closed.", code="brackets", advice=f"Add {operator}.")
        raise self._unexpected()

    def _unexpected(self) -> Exception:
        token = self._next
        if token.kind == "end":
            last = self._tokens[max(0, self._i - 1)].piece
            return last.error("The expression is incomplete.", code="syntax")
        if token.value == "=":
            return token.piece.error("A single = does not compare.", code="syntax", advice="Write ==.")
        if token.kind == "operator" and token.value in (")", "]"):
            return token.piece.error(f"This {token} has no matching bracket.", code="brackets")
        if token.kind == "operator":
            return token.piece.error(f"A value is missing before {token}.", code="syntax")
        return token.piece.error(
            f"{token} does not belong here.", code="syntax", advice="An operator may be missing before it."
        )

    def finish(self) -> None:
        if self._next.kind != "end":
            raise self._unexpected()

    def expression(self, least: int) -> Node:
        self._depth += 1
        if self._depth > _DEEPEST:
            raise self._next.piece.error("The expression is nested too deeply.", code="too-deep")
        left = self._operand()
        while self._next.kind == "operator" and self._next.value in _BINDING:
            operator = str(self._next.value)
            binding = _BINDING[operator]
            if binding < least:
                break
            self._take()
            right = self.expression(binding + 1)
            left = Binary(_span(left, right), operator, left, right)
        self._depth -= 1
        return left

    def _operand(self) -> Node:
        token = self._next
        if token.kind == "operator" and token.value in ("-", "+", "!"):
            self._take()
            # A sign takes in a power to its right (-2^2 is -4); ! takes the next value only.
            inner = self.expression(_SIGN + 1 if token.value != "!" else 8)
            place = token.piece.at(token.piece.start, inner.piece.end)
            return Unary(place, str(token.value), inner)
        return self._subscripts(self._primary())

    def _primary(self) -> Node:
        token = self._next
        if token.kind == "number":
            self._take()
            assert isinstance(token.value, float)
            return Number(token.piece, token.value)
        if token.kind == "text":
            self._take()
            return Text(token.piece, str(token.value))
        if token.kind in ("prefix", "level"):
            self._take()
            name = self._take()
            assert name.kind == "name"
            variable = Name(name.piece, str(name.value))
            place = token.piece.at(token.piece.start, name.piece.end)
            if token.kind == "level":
                assert isinstance(token.value, float)
                return Level(place, token.value, variable)
            assert isinstance(token.value, tuple)
            return Series(place, token.value, variable)
        if token.kind == "name":
            self._take()
            return self._named(token)
        if token.kind == "stored":
            self._take()
            return _stored(token)
        if token.kind == "coefficient":
            self._take()
            return _coefficient(token)
        if self._is("("):
            opened = self._take()
            inner = self.expression(0)
            self._expect(")", opened)
            return inner
        raise self._unexpected()

    def _named(self, token: Token) -> Node:
        name = str(token.value)
        if not self._is("("):
            return Name(token.piece, name)
        opened = self._take()
        arguments: list[Node] = []
        if not self._is(")"):
            arguments.append(self.expression(0))
            while self._is(","):
                self._take()
                arguments.append(self.expression(0))
        end = self._expect(")", opened).piece.end
        return Call(token.piece.at(token.piece.start, end), name, tuple(arguments))

    def _subscripts(self, node: Node) -> Node:
        while self._is("["):
            opened = self._take()
            indices = [self.expression(0)]
            if self._is(","):
                self._take()
                indices.append(self.expression(0))
            end = self._expect("]", opened).piece.end
            node = Subscript(node.piece.at(node.piece.start, end), node, tuple(indices))
        return node


def _stored(token: Token) -> Node:
    kind = str(token)[0]
    if not NAME.fullmatch(str(token.value)):
        raise token.piece.error(f"{kind}() takes the name of one stored result, such as {kind}(N).", code="syntax")
    return Stored(token.piece, kind, str(token.value))


def _coefficient(token: Token) -> Node:
    name = "_se" if re.match(r"(\[[^]]*\]\s*)?_se\[", str(token)) else "_b"
    term = re.sub(r"\s+", "", str(token.value))
    if not term:
        raise token.piece.error(f"{name}[] takes the name of a coefficient.", code="syntax")
    return Coefficient(token.piece, "se" if name == "_se" else "b", term)


def _span(left: Node, right: Node) -> Piece:
    return left.piece.at(left.piece.start, right.piece.end)
