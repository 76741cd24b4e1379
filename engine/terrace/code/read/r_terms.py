"""The algebra of formulas: ``a * b``, ``(a + b)^2``, ``- a:b`` as terms (Chambers & Hastie 1992, section 2.4)."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from terrace.code.read.r_syntax import Binary, Call, Inside, Name, Node, Number, Unary
from terrace.code.read.r_variables import Variables
from terrace.spec.edit import term_key
from terrace.spec.model import Factor, Term

Atoms = tuple[str, ...]
_MOST_TERMS = 400
_MOST_FACTORS = 8
ORTHOGONAL = "poly() is orthogonal here: powers in its place would be another model."
RAW = "Write poly(x, 2, raw = TRUE) for powers."


@dataclass
class Terms:
    """Terms as sets of atoms, in the order in which they came; ``bars`` are random effects, ``offsets`` offsets."""

    terms: dict[frozenset[str], Atoms] = field(default_factory=dict)
    constant: bool = True
    bars: list[Binary] = field(default_factory=list)
    offsets: list[Node] = field(default_factory=list)


class Formula:
    """Reads the right side of a formula; atoms are kept by their text."""

    def __init__(self, variables: Variables) -> None:
        self.variables = variables
        self.atoms: dict[str, Node] = {}
        self._constant = True  # of the formula that is read: 0 and 1 mean all of it, also inside parentheses

    def read(self, node: Node) -> Terms:
        """Terms, constant, random effects and offsets of the right side."""
        out = Terms()
        self._constant = True
        self._add(node, out, 1)
        out.constant = self._constant
        return out

    def _add(self, node: Node, out: Terms, sign: int) -> None:
        """Add the parts of a sum, or take them away."""
        if isinstance(node, Binary) and node.operator in "+-":
            self._add(node.left, out, sign)
            self._add(node.right, out, sign if node.operator == "+" else -sign)
        elif isinstance(node, Unary) and node.operator in "+-":
            self._add(node.operand, out, sign if node.operator == "+" else -sign)
        elif isinstance(node, Number) and node.value in (0, 1):
            self._constant = (node.value == 1) == (sign > 0)
        elif isinstance(node, Inside) and isinstance(node.node, Binary) and node.node.operator in ("|", "||"):
            if sign < 0:
                raise node.piece.error("A random effect cannot be taken away.", code="formula-term")
            out.bars.append(node.node)
        elif isinstance(node, Binary) and node.operator in ("|", "||"):
            raise node.piece.error("Random effects need parentheses.", code="formula-bars",
                                   advice="Write (x | g).")  # fmt: skip
        elif isinstance(node, Call) and node.function == "offset" and node.arguments:
            out.offsets.append(node.arguments[0][1])
        elif isinstance(node, Inside) and isinstance(node.node, Binary) and node.node.operator in "+-":
            self._add(node.node, out, sign)
        else:
            for key, atoms in self._expanded(node).items():
                if sign > 0:
                    out.terms.setdefault(key, atoms)
                else:
                    out.terms.pop(key, None)

    def _expanded(self, node: Node) -> dict[frozenset[str], Atoms]:
        match node:
            case Inside():
                inner = Terms()
                self._add(node.node, inner, 1)
                if inner.bars or inner.offsets:
                    raise node.piece.error("Random effects and offsets cannot be part of a product.",
                                           code="formula-term")  # fmt: skip
                return inner.terms
            case Binary() if node.operator in (":", "%in%"):
                return self._crossed(self._expanded(node.left), self._expanded(node.right), node)
            case Binary() if node.operator == "*":
                left, right = self._expanded(node.left), self._expanded(node.right)
                return {**left, **right, **self._crossed(left, right, node)}
            case Binary() if node.operator == "/":
                left, right = self._expanded(node.left), self._expanded(node.right)
                whole = tuple(dict.fromkeys(a for atoms in left.values() for a in atoms))
                return {**left, **self._crossed({frozenset(whole): whole}, right, node)}
            case Binary() if node.operator == "^":
                return self._power(node)
            case Binary() if node.operator in "+-":
                inner = Terms()
                self._add(node, inner, 1)
                return inner.terms
            case Number():
                raise node.piece.error(f"{node} cannot be a term of the model.", code="formula-term",
                                       advice="Only 0 and 1, for the constant, can.")  # fmt: skip
        self.variables.choices(node)  # which says what is wrong with it
        text = str(node.node) if isinstance(node, Inside) else str(node)
        self.atoms.setdefault(text, node)
        return {frozenset((text,)): (text,)}

    def _power(self, node: Binary) -> dict[frozenset[str], Atoms]:
        if not isinstance(node.right, Number) or node.right.value not in range(1, _MOST_FACTORS + 1):
            raise node.right.piece.error("A power of terms is a whole number from 1 to 8.", code="formula-term")
        if isinstance(node.left, Name):
            raise node.piece.error(f"In a formula {node} is {node.left} alone.", code="formula-power",
                                   advice=f"Write I({node}).")  # fmt: skip
        base = self._expanded(node.left)
        out = dict(base)
        for _ in range(int(node.right.value) - 1):
            out = {**out, **self._crossed(out, base, node)}
        return out

    def _crossed(
        self, left: dict[frozenset[str], Atoms], right: dict[frozenset[str], Atoms], node: Node
    ) -> dict[frozenset[str], Atoms]:
        out: dict[frozenset[str], Atoms] = {}
        for a, b in itertools.product(left.values(), right.values()):
            atoms = tuple(dict.fromkeys((*a, *b)))
            out.setdefault(frozenset(atoms), atoms)
            if len(out) > _MOST_TERMS or len(atoms) > _MOST_FACTORS:
                raise node.piece.error("The formula has too many terms.", code="too-many-terms")
        return out

    def orthogonal(self, found: Terms) -> list[tuple[Node, Atoms]]:
        """The calls of orthogonal polynomials, each with the rest of its term."""
        every = [(self.atoms[a], tuple(b for b in atoms if b != a)) for atoms in found.terms.values() for a in atoms]
        return [(node, rest) for node, rest in every if self.variables.is_orthogonal(node)]

    def terms(self, found: Terms) -> tuple[Term, ...]:
        """The terms as those of a model, by degree as R has them.

        Without the constant R keeps all levels of the first factor that is a main effect. Powers span what orthogonal
        polynomials span only where the rest of the term is in the model, the constant for a main effect.
        """
        for node, rest in self.orthogonal(found):
            if not (frozenset(rest) in found.terms if rest else found.constant):
                raise node.piece.error(ORTHOGONAL, code="formula-poly", advice=RAW)
        ordered = sorted(found.terms.values(), key=len)
        out: list[Term] = []
        seen: set[object] = set()
        whole = not found.constant
        for atoms in ordered:
            for chosen in itertools.product(*(self.variables.choices(self.atoms[a]) for a in atoms)):
                factors = _ordered([f for part in chosen for f in part])
                if whole and len(factors) == 1 and factors[0].kind == "factor":
                    factors, whole = (replace(factors[0], base="none"),), False
                term = Term(factors)
                if term_key(term) not in seen:
                    seen.add(term_key(term))
                    out.append(term)
        return tuple(out)


def _ordered(factors: Sequence[Factor]) -> tuple[Factor, ...]:
    """A factor that stands twice in a term stands once; numbers are multiplied."""
    out: list[Factor] = []
    for f in factors:
        if f.kind == "continuous" or f not in out:
            out.append(f)
    return tuple(out)
