"""What stands in a formula of R for a variable: as factors of terms, with the variables that have to be made first."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import replace

from terrace.code.read.r_syntax import Binary, Call, Inside, Name, Node, Number, Text, Unary
from terrace.code.read.result import Made, MadeKind
from terrace.data.dataset import Dataset, Measure
from terrace.errors import CommandError
from terrace.language.grammar.names import Names
from terrace.spec.model import Factor
from terrace.spec.text import number_text

_FUNCTIONS = {
    "log": "ln", "exp": "exp", "sqrt": "sqrt", "abs": "abs", "log10": "log10", "log1p": "log1p", "expm1": "expm1",
    "sin": "sin", "cos": "cos", "tan": "tan", "round": "round", "floor": "floor", "ceiling": "ceil", "trunc": "trunc",
}  # fmt: skip
_FACTORS = ("factor", "as.factor", "C", "relevel", "ordered", "as.ordered", "as.character", "droplevels")
_SPLINES = ("ns", "bs", "s", "te", "rcs")
_COMPARISONS = ("==", "!=", "<", ">", "<=", ">=")
_OPERATORS = {"&&": "&", "||": "|"}


class Variables:
    """The variables of a dataset by their names in R."""

    def __init__(self, data: Dataset) -> None:
        self.data = data
        self.made: dict[tuple[str, str], Made] = {}
        self.notes: dict[str, None] = {}

    # --- names ------------------------------------------------------------------------------------------
    def name(self, node: Node) -> str:
        """The variable of a name; one of R with dots has underscores here. `CommandError` where there is none."""
        if isinstance(node, Inside):
            return self.name(node.node)
        if isinstance(node, Binary) and node.operator == "$":
            return self.name(node.right)
        if isinstance(node, Call) and node.function in ("as.numeric", *_FACTORS) and node.arguments:
            return self.name(node.arguments[0][1])
        if not isinstance(node, Name):
            raise node.piece.error(f"A variable is expected here, not {node}.", code="syntax")
        if node.name == ".":
            raise node.piece.error("The dot for all variables cannot be read.", code="formula-dot",
                                   advice="Write the variables out.")  # fmt: skip
        for name in (node.name, re.sub(r"\W", "_", node.name)):
            if name in self.data:
                return name
        Names(self.data.names).one(node.piece)  # which says what may have been meant
        raise node.piece.error(f"There is no variable {node.name!r} in the data.", code="no-such-variable")

    def is_factor(self, name: str) -> bool:
        """Whether R would have a factor here: text, and categories whose values have labels."""
        v = self.data.variable(name)
        return self.data.is_text(name) or (v.measure in (Measure.NOMINAL, Measure.ORDINAL) and bool(v.value_labels))

    # --- atoms ------------------------------------------------------------------------------------------
    def choices(self, node: Node) -> list[tuple[Factor, ...]]:
        """What an atom of a formula stands for: one column or several, each a product of variables."""
        match node:
            case Inside():
                return self.choices(node.node)
            case Name():
                name = self.name(node)
                if self.is_factor(name):
                    if not self.data.is_text(name):
                        told = f"{name} is a factor here, as its values have labels; as.numeric({name}) is a number."
                        self.notes[told] = None
                    return [(Factor(name, "factor"),)]
                return [(Factor(name),)]
            case Binary() if node.operator == "$":
                return self.choices(node.right)
            case Call():
                return self.call(node)
        raise node.piece.error(f"{node} cannot be a term of the model.", code="formula-term",
                               advice="Write I(...) around arithmetic.")  # fmt: skip

    def call(self, node: Call) -> list[tuple[Factor, ...]]:
        function = node.function
        if function in _SPLINES:
            raise node.piece.error(f"Splines such as {function}() cannot be read.", code="formula-function",
                                   advice="Make variables of their columns first.")  # fmt: skip
        if not node.arguments:
            raise node.piece.error(f"{function}() is empty.", code="formula-function")
        first = node.arguments[0][1]
        if function in _FACTORS:
            return [(self.factor(node),)]
        if function == "as.numeric":
            return [(Factor(self.name(first)),)]
        if function == "I":
            product = self.product(first)
            return [product if product is not None else (Factor(self.generated(first)),)]
        if function == "poly":
            return self.polynomial(node)
        if function == "scale":
            return [(Factor(self.scaled(node)),)]
        if function in _FUNCTIONS or function in ("log2", "ifelse", "pmin", "pmax"):
            return [(Factor(self.generated(node)),)]
        raise node.piece.error(f"The function {function}() cannot be read.", code="formula-function",
                               advice="Make a variable first: generate new = ...")  # fmt: skip

    def factor(self, node: Call) -> Factor:
        name = self.name(node.arguments[0][1])
        found = Factor(name, "factor")
        ref = node.argument("ref")
        if node.function == "relevel" and ref is not None:
            value = ref.value if isinstance(ref, Text | Number) else None
            if value is None:
                raise ref.piece.error("ref must be a level.", code="formula-function")
            return replace(found, base=self.level(name, value))
        if node.function in ("ordered", "as.ordered") or (node.function == "C" and len(node.arguments) > 1):
            self.notes[f"The levels of {name} are compared with the first; the fit is the same in any coding."] = None
        return found

    def level(self, name: str, value: str | float) -> str | float:
        """A level as it is in the data, where R says it as text or by its label."""
        if self.data.is_text(name) or not isinstance(value, str):
            return value
        labels = {text: v for v, text in self.data.variable(name).value_labels.items()}
        if value in labels:
            return labels[value]
        try:
            return float(value)
        except ValueError:
            return value

    def polynomial(self, node: Call) -> list[tuple[Factor, ...]]:
        degree = node.argument("degree", 1)
        if not isinstance(degree, Number) or not 1 <= degree.value <= 7:
            raise node.piece.error("poly() needs a degree from 1 to 7.", code="formula-function")
        raw = node.argument("raw")
        if raw is None or str(raw) not in ("TRUE", "T"):
            told = f"{node} becomes powers of the variable: the fit is the same, with other coefficients"
            self.notes[f"{told} and, under REML, a log likelihood that differs by a constant."] = None
        one = self.choices(node.arguments[0][1])
        if len(one) != 1 or any(f.kind == "factor" for f in one[0]):
            raise node.piece.error("poly() needs one number.", code="formula-function")
        return [one[0] * k for k in range(1, int(degree.value) + 1)]

    def product(self, node: Node) -> tuple[Factor, ...] | None:
        """``x^2`` and ``x*z`` as a product of variables; None for any other arithmetic."""
        match node:
            case Inside():
                return self.product(node.node)
            case Name():
                return (Factor(self.name(node)),)
            case Binary() if node.operator == "^" and isinstance(node.right, Number):
                base, power = self.product(node.left), node.right.value
                return base * int(power) if base is not None and power in (1, 2, 3, 4, 5, 6, 7) else None
            case Binary() if node.operator == "*":
                left, right = self.product(node.left), self.product(node.right)
                return (*left, *right) if left is not None and right is not None else None
        return None

    # --- variables that are made ------------------------------------------------------------------------
    def generated(self, node: Node) -> str:
        """The name of a variable that is made of an expression."""
        return self.make("generate", self.expression(node), str(node))

    def scaled(self, node: Call) -> str:
        inside = node.arguments[0][1]
        name = self.expression(inside)
        off = {k for k in ("center", "scale") if str(node.argument(k) or "") in ("FALSE", "F")}
        if len(node.arguments) - sum(bool(k) for k, _ in node.arguments) > 1 or "center" in off:
            raise node.piece.error(f"{node} cannot be read.", code="formula-function",
                                   advice="scale(x) and scale(x, scale = FALSE) can.")  # fmt: skip
        return self.make("mean" if "scale" in off else "std", name, f"{inside}_{'c' if off else 'z'}")

    def make(self, kind: MadeKind, of: str, wanted: str) -> str:
        """The name of a variable that is made in this way, the same for the same."""
        if (kind, of) not in self.made:
            base = re.sub(r"\W+", "_", wanted).strip("_")[:28] or "made"
            base = base if not base[0].isdigit() else f"v{base}"
            taken = {m.name for m in self.made.values()}
            for name in (base, *(f"{base}_{k}" for k in range(2, 1000))):
                one = Made(name, kind, of)
                if name in self.data and one.same_in(self.data):
                    return name  # made before, as where the same formula is run again
                if name not in taken and name not in self.data:
                    self.made[kind, of] = one
                    break
        return self.made[kind, of].name

    def expression(self, node: Node) -> str:
        """Arithmetic of R in the words of Terrace. `CommandError` for what is none."""
        match node:
            case Number():
                return number_text(node.value)
            case Text():
                return f'"{node.value}"'
            case Name():
                return self.name(node)
            case Inside():
                return f"({self.expression(node.node)})"
            case Unary() if node.operator == "!":
                return f"!({self.expression(node.operand)})"
            case Unary() if node.operator in "-+":
                return f"{node.operator}{self.expression(node.operand)}"
            case Binary() if node.operator == "%in%":
                inside = node.right
                if isinstance(inside, Call) and inside.function == "c":
                    values = [self.expression(v) for _, v in inside.arguments]
                    return f"inlist({self.expression(node.left)}, {', '.join(values)})"
            case Binary() if node.operator in ("+", "-", "*", "/", "^", "&", "|", "&&", "||", *_COMPARISONS):
                operator = _OPERATORS.get(node.operator, node.operator)
                left, right = self.expression(node.left), self.expression(node.right)
                if operator != "^":
                    return f"{left} {operator} {right}"
                deep = isinstance(node.right, Binary) and node.right.operator == "^"  # R takes powers from the right
                return f"{left}^({right})" if deep else f"{left}^{right}"
            case Call() if node.function in ("I", "as.numeric"):
                return f"({self.expression(node.arguments[0][1])})"
            case Call() if node.function == "is.na":
                return f"missing({self.expression(node.arguments[0][1])})"
            case Call() if node.function == "log" and len(node.arguments) == 2:
                return f"ln({self.expression(node.arguments[0][1])})/ln({self.expression(node.arguments[1][1])})"
            case Call() if node.function == "log2":
                return f"ln({self.expression(node.arguments[0][1])})/ln(2)"
            case Call() if node.function == "ifelse" and len(node.arguments) == 3:
                return f"cond({', '.join(self.expression(v) for _, v in node.arguments)})"
            case Call() if node.function in ("pmin", "pmax"):
                return f"{node.function[1:]}({', '.join(self.expression(v) for _, v in node.arguments)})"
            case Call() if node.function in _FUNCTIONS and len(node.arguments) == 1:
                return f"{_FUNCTIONS[node.function]}({self.expression(node.arguments[0][1])})"
        raise self.unread(node)

    def unread(self, node: Node) -> CommandError:
        return node.piece.error(f"{node} cannot be read.", code="formula-function",
                                advice="Make a variable first: generate new = ...")  # fmt: skip

    def condition(self, node: Node) -> str:
        """Rows that R's subset keeps: a comparison with a missing value is not true there."""
        text = self.expression(node)
        names = dict.fromkeys(self.names_in(node))
        return f"({text}) & !missing({', '.join(names)})" if names else text

    def names_in(self, node: Node) -> Iterable[str]:
        """The variables of an expression."""
        match node:
            case Name():
                yield self.name(node)
            case Inside():
                yield from self.names_in(node.node)
            case Unary():
                yield from self.names_in(node.operand)
            case Binary():
                yield from self.names_in(node.left)
                yield from self.names_in(node.right)
            case Call():
                for _, value in node.arguments:
                    yield from self.names_in(value)
