"""Arithmetic and conditions of R in the words of Terrace.

A comparison with a missing value is missing in R, where Terrace has missing beyond all numbers; so is what is made of
it, but for ``NA | TRUE`` and ``NA & FALSE``. Where values can be missing, the words say so.
"""

from __future__ import annotations

from collections.abc import Callable

from terrace.code.read.r_syntax import Binary, Call, Inside, Name, Node, Number, Text, Unary
from terrace.data.dataset import Dataset
from terrace.errors import CommandError
from terrace.spec.text import number_text

_SIMPLE = {
    "log": "ln", "exp": "exp", "sqrt": "sqrt", "abs": "abs", "log10": "log10", "log1p": "log1p", "expm1": "expm1",
    "sin": "sin", "cos": "cos", "tan": "tan", "floor": "floor", "ceiling": "ceil", "trunc": "trunc",
}  # fmt: skip
FUNCTIONS = frozenset([*_SIMPLE, "round", "log2", "ifelse", "pmin", "pmax"])
"""Functions of R that a variable can be made with."""
_FORMALS = {"log": ("x", "base"), "ifelse": ("test", "yes", "no")}
_OPPOSITE = {"==": "!=", "!=": "==", "<": ">=", ">=": "<", ">": "<=", "<=": ">"}
_OPERATORS = {"&&": "&", "||": "|"}


class Expressions:
    """Writes trees of R as expressions; `name` gives the variable of a name."""

    def __init__(self, data: Dataset, name: Callable[[Node], str]) -> None:
        self.data, self.name = data, name

    def value(self, node: Node) -> str:
        """The values of an expression. `CommandError` for what is none."""
        if _is_condition(node) and not self.known(node):
            true, false = self.truth(node)
            return f"cond({true}, 1, cond({false}, 0, .))"
        match node:
            case Number():
                return number_text(node.value)
            case Text():
                return f'"{node.value}"'
            case Name():
                return self.name(node)
            case Inside():
                return f"({self.value(node.node)})"
            case Unary() if node.operator == "!":
                return f"!({self.value(node.operand)})"
            case Unary() if node.operator in "-+":
                return f"{node.operator}{self.value(node.operand)}"
            case Binary() if node.operator == "%in%":
                return self.one_of(node)
            case Binary() if node.operator in ("+", "-", "*", "/", "^", "&", "|", "&&", "||", *_OPPOSITE):
                operator = _OPERATORS.get(node.operator, node.operator)
                left, right = self.value(node.left), self.value(node.right)
                if operator != "^":
                    return f"{left} {operator} {right}"
                deep = isinstance(node.right, Binary) and node.right.operator == "^"  # R takes powers from the right
                return f"{left}^({right})" if deep else f"{left}^{right}"
            case Call() if node.arguments:
                return self.call(node)
        raise _unread(node)

    def call(self, node: Call) -> str:
        """The values of a call."""
        formals = _FORMALS.get(node.function, ())
        order = {name: k for k, name in enumerate(formals)}
        named = node.named(*formals).arguments
        values = [v for _, v in sorted(named, key=lambda one: order.get(one[0], len(order)))]
        match node.function, len(values):
            case "I" | "as.numeric", _:
                return f"({self.value(values[0])})"
            case "is.na", 1:
                return f"missing({self.value(values[0])})"
            case "log", 2:
                return f"ln({self.value(values[0])})/ln({self.value(values[1])})"
            case "log2", 1:
                return f"ln({self.value(values[0])})/ln(2)"
            case "round", 1:  # R rounds halves to the even number
                x = self.value(values[0])
                return f"cond(({x}) - floor({x}) == 0.5, 2*round(({x})/2), round({x}))"
            case "ifelse", 3:
                condition, yes, no = values
                if self.known(condition):
                    return f"cond({', '.join(map(self.value, values))})"
                true, false = self.truth(condition)
                return f"cond({true}, {self.value(yes)}, cond({false}, {self.value(no)}, .))"
            case "pmin" | "pmax", _ if not any(k for k, _ in node.arguments):
                inside = ", ".join(map(self.value, values))
                least = f"{node.function[1:]}({inside})"
                return least if all(map(self.known, values)) else f"cond(missing({inside}), ., {least})"
            case (function, 1) if function in _SIMPLE:
                return f"{_SIMPLE[function]}({self.value(values[0])})"
        raise _unread(node)

    def one_of(self, node: Binary) -> str:
        """``x %in% c(1, 2)``, which is false where x is missing."""
        inside = node.right
        if not isinstance(inside, Call) or inside.function != "c":
            raise _unread(node)
        return f"inlist({self.value(node.left)}, {', '.join(self.value(v) for _, v in inside.arguments)})"

    def condition(self, node: Node) -> str:
        """The rows of a logical expression. `CommandError` for another, which R takes for the numbers of rows."""
        inside = node
        while isinstance(inside, Inside):
            inside = inside.node
        if not _is_condition(inside):
            raise node.piece.error(f"{node} is not a condition.", code="formula-argument",
                                   advice="Write a comparison: subset = x == 1.")  # fmt: skip
        return self.truth(inside)[0]

    def truth(self, node: Node) -> tuple[str, str]:
        """The conditions under which an expression is true, and false; where neither holds it is missing."""
        match node:
            case Inside():
                return self.truth(node.node)
            case Unary() if node.operator == "!":
                true, false = self.truth(node.operand)
                return false, true
            case Binary() if node.operator in ("&", "&&", "|", "||"):
                left, right = self.truth(node.left), self.truth(node.right)
                signs = "&|" if node.operator[0] == "&" else "|&"
                return f"({left[0]}) {signs[0]} ({right[0]})", f"({left[1]}) {signs[1]} ({right[1]})"
            case Binary() if node.operator in _OPPOSITE:
                left_text, right_text = self.value(node.left), self.value(node.right)
                sides = ((node.left, left_text), (node.right, right_text))
                open_ = ", ".join(t for side, t in sides if not isinstance(side, Number | Text))
                known = f" & !missing({open_})" if open_ else ""
                true, false = (f"({left_text} {o} {right_text})" for o in (node.operator, _OPPOSITE[node.operator]))
                return f"{true}{known}", f"{false}{known}"
        text = self.value(node)
        if _is_condition(node):
            return text, f"!{text}"
        return f"({text} != 0) & !missing({text})", f"({text} == 0)"

    def known(self, node: Node) -> bool:
        """Whether an expression has a value in every row, as far as its variables tell."""
        match node:
            case Number() | Text():
                return True
            case Name():
                return bool((self.data.codes(self.name(node))[0] >= 0).all())
            case Inside():
                return self.known(node.node)
            case Unary():
                return self.known(node.operand)
            case Binary() if node.operator == "%in%":
                return True
            case Binary():
                return node.operator not in ("/", "^") and self.known(node.left) and self.known(node.right)
            case Call():
                return node.function == "is.na"
        return False


def _is_condition(node: Node) -> bool:
    """Whether an expression of R is a logical one."""
    match node:
        case Unary():
            return node.operator == "!"
        case Binary():
            return node.operator in ("&", "&&", "|", "||", "%in%", *_OPPOSITE)
        case Call():
            return node.function == "is.na"
    return False


def _unread(node: Node) -> CommandError:
    return node.piece.error(f"{node} cannot be read.", code="formula-function",
                            advice="Make a variable first: generate new = ...")  # fmt: skip
