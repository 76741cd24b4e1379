"""Terms to columns: factor levels, base levels, interactions, names.

The rule for which levels of a factor an interaction keeps is that of the field: inside a term, a factor
loses its base level where the term without that factor is also in the model (so i.f#c.x loses it beside x
and keeps it alone); a main effect always loses it, unless it is written ibn.; an interaction of factors
without any lower-order term loses the one cell in which all are at their base.
"""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Literal, TypeVar

import numpy as np
import numpy.typing as npt

from terrace.data.dataset import Dataset
from terrace.data.digits import whole_text
from terrace.data.value import Value
from terrace.errors import SpecError
from terrace.spec.model import Factor, Term
from terrace.wording import plural

FloatArray = npt.NDArray[np.float64]
T = TypeVar("T", bound=np.generic)
ColumnKind = Literal["estimated", "base", "empty", "omitted"]


@dataclass(frozen=True, slots=True)
class ColumnInfo:
    """One column of a design matrix, or one that was left out of it.

    ``name`` is the name in commands, ``label`` the one for people, ``term`` the position of its term in the
    specification. ``levels`` gives the level of each factor of the term, None for continuous ones; ``bases`` names
    the factors that are at their base level.
    """

    name: str
    label: str
    term: int
    kind: ColumnKind = "estimated"
    levels: tuple[Value | None, ...] = ()
    variables: tuple[str, ...] = ()
    bases: tuple[str, ...] = ()

    @property
    def stored(self) -> str:
        """The name in e(b), which marks what has no coefficient: ``0b.f``, ``2o.f``, ``0b.f#co.x``, ``o.x``."""
        if self.kind == "estimated":
            return self.name
        return "#".join(_marked(part, self.bases) for part in self.name.split("#"))


@dataclass(frozen=True, slots=True)
class FactorLevels:
    """The levels of a factor variable in the estimation sample, its base, and how they are written."""

    values: tuple[Value, ...]
    codes: npt.NDArray[np.int64]
    base: Value | None
    tokens: tuple[str, ...]
    labels: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Columns:
    """Columns of one linear predictor: ``matrix`` (n, k) and the k descriptions; ``all`` with what was left
    out, in printing order."""

    matrix: FloatArray
    info: tuple[ColumnInfo, ...]
    all: tuple[ColumnInfo, ...]


class ColumnBuilder:
    """Builds columns for the rows of one estimation sample, reading each variable once."""

    def __init__(
        self, data: Dataset, rows: npt.NDArray[np.bool_], counts: npt.NDArray[np.int64] | None = None
    ) -> None:
        """``counts`` (n,) tells how many rows each row of the sample stands for; None where each is one."""
        self.data = data
        self.rows = rows
        self.counts = counts
        self._values: dict[tuple[str, tuple[tuple[str, int], ...]], FloatArray] = {}
        self._levels: dict[str, FactorLevels] = {}

    @cached_property
    def n(self) -> int:
        """Rows in the sample."""
        return int(np.count_nonzero(self.rows))

    def picked(self, values: npt.NDArray[T]) -> npt.NDArray[T]:
        """Those of the rows of the sample, which are the values themselves where it has all."""
        return picked_rows(values, self.rows, self.n)

    def values(self, factor: Factor) -> FloatArray:
        """The numbers of a continuous variable in the sample, shape (n,)."""
        key = (factor.name, factor.operators)
        if key not in self._values:
            self._values[key] = self.picked(variable_values(self.data, factor))
        return self._values[key]

    def levels(self, factor: Factor) -> FactorLevels:
        """Levels in the sample with the base that the factor asks for."""
        if factor.name not in self._levels:
            self._levels[factor.name] = self._read_levels(factor)
        found = self._levels[factor.name]
        return FactorLevels(
            found.values, found.codes, self._base(factor, found), found.tokens, found.labels
        )

    def _read_levels(self, factor: Factor) -> FactorLevels:
        name = factor.name
        codes, values = self.data.codes(name)
        codes = codes[self.rows]
        present = np.unique(codes[codes >= 0])
        relabel = np.full(len(values) + 1, -1)
        relabel[present] = np.arange(len(present))
        kept = [values[i] for i in present]
        if self.data.is_text(name):
            # a text variable is written by the position of its value, as if it had been encoded
            tokens = tuple(str(i + 1) for i in present)
        else:
            for v in kept:
                if not float(v).is_integer() or v < 0:
                    raise SpecError(
                        f"{name} cannot be a factor: it holds the value {whole_text(v)}, but factor levels "
                        "must be whole numbers from 0 up.",
                        code="factor-values",
                        subject=name,
                        advice=f"Use it as a continuous variable (c.{name}), or recode it.",
                    )
            tokens = tuple(str(int(v)) for v in kept)
        labels = tuple(self.data.level_label(name, v) for v in kept)
        return FactorLevels(tuple(kept), relabel[codes], kept[0] if kept else None, tokens, labels)

    def _base(self, factor: Factor, levels: FactorLevels) -> Value | None:
        base = factor.base
        if not levels.values or base == "none":
            return None
        if base == "first":
            return levels.values[0]
        if base == "last":
            return levels.values[-1]
        if base == "freq":
            return levels.values[int(np.argmax(np.bincount(levels.codes, weights=self.counts)))]
        if isinstance(base, tuple):
            if not 1 <= base[1] <= len(levels.values):
                raise SpecError(
                    f"{factor.name} has {plural(len(levels.values), 'level')} in the sample; there is no level number "
                    f"{base[1]}.",
                    code="no-such-level",
                    subject=factor.name,
                )
            return levels.values[base[1] - 1]
        for value, token in zip(levels.values, levels.tokens):
            if value == base or token == _token(base):
                return value
        raise SpecError(
            f"{_token(base)} is not a level of {factor.name} in the sample.",
            code="no-such-level",
            subject=factor.name,
            advice="Its levels are " + ", ".join(levels.tokens[:15]) + ".",
        )

    def build(self, terms: Sequence[Term], constant: bool, *, bare: bool = False) -> Columns:
        """All columns of `terms`, without the constant. ``bare`` drops the ``c.`` from names (random part)."""
        margins = {_margin(t) for t in terms}
        columns: list[FloatArray] = []
        kept: list[ColumnInfo] = []
        everything: list[ColumnInfo] = []
        place: dict[str, int] = {}  # in `everything`
        for position, term in enumerate(terms):
            for info, column in self._term(term, position, margins, constant, bare):
                if info.name in place:
                    # said twice: the first counts, unless it is a base that the second, without one, asks to keep
                    at = place[info.name]
                    if everything[at].kind != "base" or column is None or not _keeps_all(term):
                        continue
                    everything[at] = info
                else:
                    place[info.name] = len(everything)
                    everything.append(info)
                if column is not None:
                    columns.append(column)
                    kept.append(info)
        matrix = np.empty((self.n, len(columns)), order="F")
        for k, column in enumerate(columns):
            matrix[:, k] = column
        return Columns(matrix, tuple(kept), tuple(everything))

    def _term(
        self, term: Term, position: int, margins: set[frozenset[str]], constant: bool, bare: bool
    ) -> list[tuple[ColumnInfo, FloatArray | None]]:
        factors = [f for f in term.factors if f.kind == "factor"]
        product = self._product([f for f in term.factors if f.kind == "continuous" and not f.drop])
        if not factors:
            return [self._number(term, position, bare, product)]
        every = {f: self.levels(f) for f in factors}
        reduced = {f: _reduced(term, f, margins, constant) for f in factors}
        out = []
        for cell in itertools.product(*[range(len(every[f].values)) for f in factors]):
            chosen = dict(zip(factors, cell))
            if all(_wanted(f, every[f].values[i], every[f].tokens[i]) for f, i in chosen.items()):
                base = _at_reference(term, chosen, every, reduced, constant)
                out.append(self._cell(term, position, bare, every, chosen, base, product))
        return out

    def _product(self, numbers: list[Factor]) -> FloatArray:
        """The product of continuous variables, (n,); ones where there are none."""
        product = self.values(numbers[0]) if numbers else np.ones(self.n)
        with np.errstate(over="ignore"):  # columns are looked at in their units where they are put together
            for f in numbers[1:]:
                product = product * self.values(f)
        return product

    def _number(
        self, term: Term, position: int, bare: bool, product: FloatArray
    ) -> tuple[ColumnInfo, FloatArray | None]:
        """The one column of a term without factors."""
        variables = tuple(dict.fromkeys(f.name for f in term.factors))
        dropped = any(f.drop for f in term.factors)
        kind: ColumnKind = "omitted" if dropped else "estimated"
        info = ColumnInfo(_join(term, {}, bare), _label(term, {}, self.data), position, kind, (), variables)
        return info, None if dropped else product

    def _cell(
        self,
        term: Term,
        position: int,
        bare: bool,
        every: dict[Factor, FactorLevels],
        chosen: dict[Factor, int],
        base: bool,
        product: FloatArray,
    ) -> tuple[ColumnInfo, FloatArray | None]:
        """The column of one combination of levels, ``chosen`` by position; ``base`` where it has no coefficient."""
        mask = np.ones(self.n, dtype=bool)
        for f, i in chosen.items():
            mask &= every[f].codes == i
        kind: ColumnKind = "base" if base else "estimated"
        left_out = any(_left_out(f, every[f].values[i], every[f].tokens[i]) for f, i in chosen.items())
        if left_out or any(f.drop for f in term.factors):
            kind = "omitted"
        elif not base and not mask.any():
            kind = "empty"
        info = ColumnInfo(
            _join(term, {f: every[f].tokens[i] for f, i in chosen.items()}, bare),
            _label(term, {f: every[f].labels[i] for f, i in chosen.items()}, self.data),
            position,
            kind,
            tuple(every[f].values[chosen[f]] if f.kind == "factor" else None for f in term.factors),
            tuple(dict.fromkeys(f.name for f in term.factors)),
            tuple(f.name for f, i in chosen.items() if _is_base(f, every[f], i)),
        )
        return info, np.where(mask, product, 0.0) if kind == "estimated" else None


def _reduced(term: Term, factor: Factor, margins: set[frozenset[str]], constant: bool) -> bool:
    """Whether a factor of a term goes without its base level: where the term without it is in the model."""
    rest = _without(term, factor)
    return len(term.factors) == 1 or rest in margins or (not rest and constant)


def _is_base(factor: Factor, levels: FactorLevels, position: int) -> bool:
    return levels.values[position] == levels.base and factor.base != "none"


def _at_reference(
    term: Term,
    chosen: dict[Factor, int],
    every: dict[Factor, FactorLevels],
    reduced: dict[Factor, bool],
    constant: bool,
) -> bool:
    """Whether a combination of levels has no coefficient: at the base of a reduced factor, or, of a full cross beside
    the constant, at the base of all."""
    at_base = {f: _is_base(f, every[f], i) for f, i in chosen.items()}
    numbers = any(f.kind == "continuous" and not f.drop for f in term.factors)
    full_cross = not numbers and constant and len(term.factors) > 1 and not any(reduced.values())
    return any(b and reduced[f] for f, b in at_base.items()) or (full_cross and all(at_base.values()))


def _marked(part: str, bases: tuple[str, ...]) -> str:
    """One part of the name of a column without a coefficient: ``b`` after a base level, ``o`` after any other."""
    operator, _, name = part.rpartition(".")
    if operator.isdigit():
        return f"{operator}{'b' if name in bases else 'o'}.{name}"
    letter = "c" if operator.startswith("c") else ""
    return f"{letter}o{operator.removeprefix('c')}.{name}"


def picked_rows(values: npt.NDArray[T], rows: npt.NDArray[np.bool_], n: int) -> npt.NDArray[T]:
    """The rows of the sample, n of them; the values themselves where these are all."""
    return values if n == len(rows) else values[rows]


def variable_values(data: Dataset, factor: Factor) -> FloatArray:
    """Values of a continuous variable with its time-series operators, shape (rows of the data,)."""
    if not factor.operators:
        return data.values(factor.name)
    from terrace.language.expressions.entry import evaluate

    text = "".join(f"{op}{k}" for op, k in factor.operators) + "." + factor.name
    return np.asarray(evaluate(text, data), dtype=np.float64)


def _margin(term: Term) -> frozenset[str]:
    """The term as a set, for "is this margin in the model": factors by name, numbers with their powers."""
    counts: dict[str, int] = {}
    for f in term.factors:
        key = f.name if f.kind == "factor" else "c." + _operators(f) + f.name
        counts[key] = counts.get(key, 0) + 1
    return frozenset(f"{k}^{c}" if k.startswith("c.") else k for k, c in counts.items())


def _without(term: Term, gone: Factor) -> frozenset[str]:
    rest = tuple(f for f in term.factors if not (f.kind == "factor" and f.name == gone.name))
    return _margin(Term(rest)) if rest else frozenset()


def _keeps_all(term: Term) -> bool:
    """True where the levels that are written are all kept: ``ibn.x``, ``2.x``."""
    return all(f.base == "none" or f.levels for f in term.factors if f.kind == "factor")


def _wanted(f: Factor, value: Value, token: str) -> bool:
    return not f.levels or any(value == w or token == _token(w) for w in f.levels)


def _left_out(f: Factor, value: Value, token: str) -> bool:
    return any(value == w or token == _token(w) for w in f.omitted)


def _token(value: Value) -> str:
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return str(value)


def _operators(f: Factor) -> str:
    text = "".join(f"{op}{k}" if k != 1 else op for op, k in f.operators)
    return text + "." if text else ""


def _in_order(term: Term) -> list[Factor]:
    """The factors of a term as names give them: factor variables before continuous ones."""
    return sorted(term.factors, key=lambda f: f.kind != "factor")


def _join(term: Term, tokens: dict[Factor, str], bare: bool) -> str:
    single = len(term.factors) == 1
    parts = []
    for f in _in_order(term):
        if f.kind == "factor":
            parts.append(f"{tokens[f]}.{f.name}")
        else:
            operators = _operators(f)
            c = "" if single or bare else "c"
            parts.append(f"{c}{operators}{f.name}" if operators else f"{c}.{f.name}" if c else f.name)
    return "#".join(parts)


def _label(term: Term, names: dict[Factor, str], data: Dataset) -> str:
    parts: list[str] = []
    for f in _in_order(term):
        parts.append(f"{f.name}: {names[f]}" if f.kind == "factor" else _operators(f) + f.name)
    if len(set(parts)) == 1 and len(parts) > 1:
        return parts[0] + {2: "²", 3: "³"}.get(len(parts), f"^{len(parts)}")
    return " × ".join(parts)
