"""What stands in a formula of R for a variable: as factors of terms, with the variables that have to be made first."""

from __future__ import annotations

import re
from dataclasses import replace

from terrace.code.read.r_expressions import FUNCTIONS, Expressions
from terrace.code.read.r_syntax import Binary, Call, Inside, Name, Node, Number, Text
from terrace.code.read.result import Made, MadeKind
from terrace.data.dataset import Dataset, Measure
from terrace.language.grammar.names import Names
from terrace.spec.model import Factor

_FACTORS = ("factor", "as.factor", "C", "relevel", "ordered", "as.ordered", "as.character", "droplevels")
_SPLINES = ("ns", "bs", "s", "te", "rcs")


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
        if isinstance(node, Call) and node.function in ("as.numeric", *_FACTORS) and len(node.arguments) == 1:
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
            if isinstance(first, Call) and first.function != "as.character":
                raise node.piece.error(f"{node} numbers the levels.", code="formula-function",
                                       advice="Write as.numeric(x) for the values of x.")  # fmt: skip
            return [(Factor(self.name(first)),)]
        if function == "I":
            product = self.product(first)
            return [product if product is not None else (Factor(self.generated(first)),)]
        if function == "poly":
            return self.polynomial(node)
        if function == "scale":
            return [(Factor(self.scaled(node)),)]
        if function in FUNCTIONS:
            return [(Factor(self.generated(node)),)]
        raise node.piece.error(f"The function {function}() cannot be read.", code="formula-function",
                               advice="Make a variable first: generate new = ...")  # fmt: skip

    def factor(self, node: Call) -> Factor:
        """A factor with the base that its calls give it. `CommandError` where they leave levels out."""
        first = node.arguments[0][1]
        inner = isinstance(first, Call) and first.function in _FACTORS
        found = self.factor(first) if isinstance(first, Call) and inner else Factor(self.name(first), "factor")
        if node.function == "relevel":
            return self.releveled(node, found)
        node = node.named("x", *(("levels", "labels", "exclude", "ordered") if node.function != "C" else ("contr",)))
        if node.argument("exclude") is not None:
            raise node.piece.error(f"{node} cannot be read.", code="formula-function", advice="Leave exclude out.")
        levels = node.argument("levels")
        if levels is not None:
            found = replace(found, base=self.first_of(levels, found.name))
        ordered = node.function in ("ordered", "as.ordered") or str(node.argument("ordered")) in ("TRUE", "T")
        if ordered or node.argument("contr") is not None:
            told = f"The levels of {found.name} are compared with the first; the fit is the same in any coding."
            self.notes[told] = None
        return found

    def releveled(self, node: Call, found: Factor) -> Factor:
        """A factor with the level `ref` as its base; a number is the place of a level in R, not its value."""
        ref = node.named("x", "ref").argument("ref")
        every = self.data.codes(found.name)[1]
        if isinstance(ref, Text):
            return replace(found, base=self.level(found.name, ref.value))
        if isinstance(ref, Number) and ref.value in range(1, len(every) + 1) and found.base == "first":
            return replace(found, base=every[int(ref.value) - 1])
        raise (ref or node).piece.error("ref must be a level.", code="formula-function",
                                        advice='Write its name in quotation marks: ref = "a".')  # fmt: skip

    def first_of(self, levels: Node, name: str) -> str | float:
        """The first of the levels of a factor, which have to be all that there are."""
        parts = [v for _, v in levels.arguments] if isinstance(levels, Call) and levels.function == "c" else [levels]
        told = [self.level(name, v.value) for v in parts if isinstance(v, Text | Number)]
        if len(told) < len(parts) or not set(self.data.codes(name)[1]) <= set(told):
            raise levels.piece.error(f"The levels {levels} are not all that {name} has.", code="formula-function",
                                     advice="Name all of them, or leave rows out with subset.")  # fmt: skip
        return next(v for v in told if v in self.data.codes(name)[1])

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

    def is_orthogonal(self, node: Node) -> bool:
        """Whether an atom is a call of ``poly`` that does not ask for plain powers."""
        if isinstance(node, Inside):
            return self.is_orthogonal(node.node)
        return isinstance(node, Call) and node.function == "poly" and str(node.argument("raw")) not in ("TRUE", "T")

    def polynomial(self, node: Call) -> list[tuple[Factor, ...]]:
        named = node.named("x", "degree")
        degree = named.argument("degree")
        if not isinstance(degree, Number) or not 1 <= degree.value <= 7:
            raise node.piece.error("poly() needs a degree from 1 to 7.", code="formula-function")
        if any(not key for key, _ in named.arguments):
            raise node.piece.error("poly() needs one number.", code="formula-function")
        if self.is_orthogonal(node):
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
        given = {k: str(v) for k, v in node.named("x", "center", "scale").arguments[1:]}
        off = {k for k, text in given.items() if text in ("FALSE", "F")}
        if set(given) > {"center", "scale"} or "center" in off or not {*given.values()} <= {"TRUE", "T", "FALSE", "F"}:
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
        return Expressions(self.data, self.name).value(node)

    def condition(self, node: Node) -> str:
        """Rows that R's subset keeps."""
        return Expressions(self.data, self.name).condition(node)
