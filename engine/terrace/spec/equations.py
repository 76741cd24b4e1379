"""The equations of a model: level by level as multilevel texts write them, and all in one.

The notation follows Raudenbush & Bryk (2002): with two levels β and γ, with three π, β and γ; errors e at the
first level, u (or r and u) above. A predictor stands at the lowest level at which it varies, and an
interaction across levels in the equation of a slope. The result is a small structure of tokens;
`terrace.spec.equations_render` makes HTML, text and LaTeX of it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from itertools import product
from typing import Literal

from terrace.covariance.registry import RESIDUALS, STRUCTURES
from terrace.spec.counts import covariance_parameters, default_covariance
from terrace.spec.edit import group_name, has_intercept, is_crossed, level_path
from terrace.spec.model import Factor, ModelSpec, Term
from terrace.wording import plural

MAX_COLUMNS = 6
"""A factor with more columns than this is written as one symbol with a range of indices."""

_COEFFICIENTS = {1: ("β",), 2: ("β", "γ"), 3: ("π", "β", "γ"), 4: ("ψ", "π", "β", "γ")}
_EFFECTS = {1: (), 2: ("u",), 3: ("r", "u"), 4: ("r", "u", "v")}
_INDICES = "ijklmn"


@dataclass(frozen=True, slots=True)
class Token:
    """A piece of an equation.

    ``kind`` is ``symbol`` (a Greek letter or a random effect), ``variable`` (italic), ``operator``, ``math``
    (brackets and the like, as they are) or ``text`` (words); ``sub`` and ``sup`` stand below and above.
    """

    kind: Literal["symbol", "variable", "operator", "math", "text"]
    text: str
    sub: str = ""
    sup: str = ""


Line = tuple[Token, ...]


@dataclass(frozen=True, slots=True)
class Block:
    """Equations under a title, such as ``Level 2, id``."""

    title: str
    lines: tuple[Line, ...]


@dataclass(frozen=True, slots=True)
class Equations:
    """A model in notation: level by level, in one equation, and the distributions of its errors."""

    levels: tuple[Block, ...]
    combined: Line
    distributions: tuple[Line, ...]


# One column of a design: variables with, for a factor, the level that it marks.
_Atom = tuple[str, str]
_Column = tuple[_Atom, ...]
LevelsOf = Callable[[Factor], tuple[str, ...]]


def equations(
    spec: ModelSpec,
    variable_level: Mapping[str, int] | None = None,
    levels_of: LevelsOf | None = None,
    labels: Mapping[str, str] | None = None,
) -> Equations:
    """The equations of `spec`.

    Parameters
    ----------
    variable_level
        For each predictor the level at which it varies (`terrace.spec.counts.Counts.variable_level`);
        where it is not known, 1.
    levels_of
        Labels of the levels of a factor without its base; where it is not given, a factor is one column.
    labels
        Labels of variables, for the titles of levels.
    """
    return _Writer(spec, variable_level or {}, levels_of or (lambda _f: ()), labels or {}).write()


class _Writer:
    """The pieces of one model's equations; `write` puts them together."""

    def __init__(self, spec: ModelSpec, at: Mapping[str, int], levels_of: LevelsOf, labels: Mapping[str, str]) -> None:
        self.spec, self.at, self.levels_of, self.labels = spec, at, levels_of, labels
        self.path = level_path(spec)
        self.depth = len(self.path) + 1
        self.fixed: list[_Column] = [()] if spec.constant else []
        for term in spec.fixed:
            self.fixed += [c for c in self._columns(term) if c not in self.fixed]
        # random[m]: (equation, column) pairs of the random effects of level m, slopes first
        self.random: dict[int, list[tuple[int, _Column]]] = {}
        for k, e in enumerate(spec.random):
            if is_crossed(e) or e.level not in self.path:
                continue
            level = self.depth - self.path.index(e.level)
            found = self.random.setdefault(level, [])
            if has_intercept(spec, k):
                found.insert(0, (k, ()))
            found += [(k, c) for t in e.terms for c in self._columns(t)]
        # what stands in the equations of each level: paths (c₁, ..., c_m) of columns by level
        self.nodes = self._nodes()

    # --- columns and where they stand --------------------------------------------------------------------
    def _columns(self, term: Term) -> list[_Column]:
        choices: list[tuple[_Atom, ...]] = []
        for f in term.factors:
            if f.drop:
                return []
            name = "".join(letter + (str(n) if n > 1 else "") for letter, n in f.operators)
            name = f"{name}.{f.name}" if name else f.name
            levels = self.levels_of(f) if f.kind == "factor" else ()
            choices.append(tuple((name, v) for v in levels) if len(levels) > 1 else ((name, ""),))
        total = 1
        for c in choices:
            total *= len(c)
        if total > MAX_COLUMNS:
            choices = [((c[0][0], f"1…{len(c)}"),) if len(c) > 1 else c for c in choices]
        return [tuple(atoms) for atoms in product(*choices)]

    def _level(self, atom: _Atom) -> int:
        name = atom[0].rsplit(".", 1)[-1]
        return min(self.at.get(name, 1), self.depth)

    def _split(self, column: _Column) -> tuple[_Column, ...]:
        """The parts of a column at levels 1 to depth."""
        return tuple(tuple(a for a in column if self._level(a) == m) for m in range(1, self.depth + 1))

    def _nodes(self) -> dict[tuple[_Column, ...], dict[_Column, int]]:
        """For each coefficient (a path of columns) the columns of its own equation, numbered."""
        nodes: dict[tuple[_Column, ...], dict[_Column, int]] = {(): {}}
        paths = [self._split(c) for c in self.fixed]
        for m, effects in self.random.items():
            paths += [self._split(c)[: m - 1] for _, c in effects]
        for path in sorted(paths, key=any):  # intercepts first
            for m in range(len(path)):
                children = nodes.setdefault(path[:m], {})
                if path[m] not in children:
                    taken = set(children.values())
                    # 0 is the intercept's number even where there is none
                    first = 0 if path[m] == () else 1
                    children[path[m]] = next(n for n in range(first, 999) if n not in taken)
            if len(path) < self.depth:  # a random effect alone: its coefficient has an equation
                nodes.setdefault(path, {})
        return nodes

    # --- symbols -----------------------------------------------------------------------------------------
    def _coefficient(self, path: tuple[_Column, ...]) -> Token:
        """The coefficient of a path; its letter is that of the level whose equation it stands in."""
        m = len(path)
        letters = _COEFFICIENTS.get(self.depth) or tuple("β" for _ in range(self.depth))
        number = "".join(self._number(path[:k], path[k]) for k in range(m))
        group = "" if m >= self.depth else _INDICES[m : self.depth]
        return Token("symbol", letters[m - 1], number + group)

    def _number(self, parent: tuple[_Column, ...], column: _Column) -> str:
        n = str(self.nodes[parent][column])
        return n if len(n) == 1 else f"({n})"

    def _effect(self, level: int, column: _Column) -> Token:
        """The random effect of a column at a level: ``u₁ⱼ``."""
        letters = _EFFECTS.get(self.depth) or tuple("u" for _ in range(self.depth - 1))
        parts = self._split(column)
        if any(parts[level - 1 :]):  # it does not vary within these groups: no coefficient has its number
            names = " ".join(dict.fromkeys(a[0] for a in column))
            return Token("symbol", letters[level - 2], f"{names},{_INDICES[level - 1 : self.depth]}")
        path = parts[: level - 1]
        number = "".join(self._number(path[:k], path[k]) for k in range(len(path)))
        return Token("symbol", letters[level - 2], number + _INDICES[level - 1 : self.depth])

    def _variables(self, column: _Column) -> Line:
        """The variables of a column: ``ses²ᵢⱼ × sectorⱼ``."""
        out: list[Token] = []
        for atom in dict.fromkeys(column):
            power = column.count(atom)
            name = f"{atom[0]}:{atom[1]}" if atom[1] else atom[0]
            sub = _INDICES[self._level(atom) - 1 : self.depth]
            if out:
                out.append(Token("operator", "×"))
            out.append(Token("variable", name, sub, str(power) if power > 1 else ""))
        return tuple(out)

    def _crossed(self) -> list[Token]:
        out = []
        for e in self.spec.random:
            if is_crossed(e):
                where = f", {e.level}" if e.level in self.path else ""
                out.append(Token("symbol", "v", (group_name(e) or "?") + where))
        return out

    def _outcome(self) -> Token:
        return Token("variable", self.spec.outcome.name or "outcome", _INDICES[: self.depth])

    def _error(self) -> Token:
        return Token("symbol", "e", _INDICES[: self.depth])

    # --- putting together --------------------------------------------------------------------------------
    def write(self) -> Equations:
        blocks = [Block("Level 1" if self.depth > 1 else "Model", (self._first(),))]
        for m in range(2, self.depth + 1):
            name = self.path[self.depth - m]
            label = self.labels.get(name, "")
            title = f"Level {m}, {label} ({name})" if label and label != name else f"Level {m}, {name}"
            lines = tuple(self._line(path, m) for path in self.nodes if len(path) == m - 1)
            blocks.append(Block(title, lines))
        return Equations(tuple(blocks), self._combined(), tuple(self._distributions()))

    def _first(self) -> Line:
        parts = [(self._coefficient((c,)), *self._variables(c)) for c in self.nodes[()]]
        parts += [(t,) for t in (*self._crossed(), self._error())]
        return (self._outcome(), Token("operator", "="), *_sum(parts))

    def _line(self, path: tuple[_Column, ...], m: int) -> Line:
        """The equation of one coefficient at level m."""
        parts = [(self._coefficient((*path, c)), *self._variables(c)) for c in self.nodes[path]]
        for _, column in self.random.get(m, []):
            if self._split(column)[: m - 1] == path:
                rest = tuple(a for part in self._split(column)[m - 1 :] for a in part)
                parts.append((self._effect(m, column), *self._variables(rest)))
        if not parts:
            parts = [(Token("math", "0"),)]
        return (self._coefficient(path), Token("operator", "="), *_sum(parts))

    def _combined(self) -> Line:
        parts: list[Line] = [(self._coefficient(self._split(c)), *self._variables(c)) for c in self.fixed]
        for m in sorted(self.random, reverse=True):
            parts += [(self._effect(m, c), *self._variables(c)) for _, c in self.random[m]]
        parts += [(t,) for t in (*self._crossed(), self._error())]
        return (self._outcome(), Token("operator", "="), *_sum(parts))

    def _distributions(self) -> list[Line]:
        out: list[Line] = []
        for k, e in enumerate(self.spec.random):
            if is_crossed(e):
                name = group_name(e) or "?"
                effect = Token("symbol", "v", name)
                structure = STRUCTURES[e.covariance or default_covariance(e)]
                n = structure.over_values(2).n_params
                if n > 1:
                    tau = Token("symbol", "τ", name)
                    out.append((effect, *_normal(tau, structure.words.format(count=plural(n, "parameter")))))
                else:
                    out.append((effect, *_normal(Token("symbol", "τ", name, "2"))))
                continue
            if e.level not in self.path:
                continue
            level = self.depth - self.path.index(e.level)
            effects = [self._effect(level, c) for i, c in self.random.get(level, []) if i == k]
            if effects:
                out.append(self._law(k, effects))
        out.append(self._residual_law())
        return out

    def _law(self, k: int, effects: list[Token]) -> Line:
        e = self.spec.random[k]
        name = "" if len(self.spec.random) == 1 else e.level
        if len(effects) == 1:
            return (effects[0], *_normal(Token("symbol", "τ", name, "2")))
        inside: list[Token] = [Token("math", "(")]
        for n, effect in enumerate(effects):
            inside += ([Token("math", ", ")] if n else []) + [effect]
        structure = e.covariance or default_covariance(e)
        n = covariance_parameters(structure, len(effects))
        count = f"{n} parameter" + ("s" if n != 1 else "")
        words = STRUCTURES[structure].words.format(count=count)
        return (*inside, Token("math", ")"), *_normal(Token("symbol", "τ", name), words))

    def _residual_law(self) -> Line:
        r = self.spec.residuals
        index = _INDICES[: self.depth]
        strata = f" for each {r.by}" if r.by else ""
        cls = RESIDUALS[r.structure]
        if cls.independent:
            law = _normal(Token("symbol", "σ", r.by or "", "2"))
            return (Token("symbol", "e", index), *law, *([Token("text", strata)] if strata else []))
        number = r.order or cls.usual_order
        order = f"({number})" if number else ""
        words = cls.title if cls.title.isupper() or cls.title == "Toeplitz" else cls.title.lower()
        over = f" over {r.time}" if r.time else ""
        law = _normal(Token("symbol", "R"))
        return (Token("symbol", "e", index[1:]), *law, Token("text", f", {words}{order}{over}{strata}"))


def _normal(variance: Token, words: str = "") -> Line:
    """``~ N(0, variance)``, and what there is to say of the variance."""
    law = (Token("operator", "~"), Token("math", "N(0, "), variance, Token("math", ")"))
    return (*law, Token("math", ", "), variance, Token("text", " " + words)) if words else law


def _sum(parts: list[Line]) -> Line:
    out: list[Token] = []
    for n, part in enumerate(parts):
        if n:
            out.append(Token("operator", "+"))
        out += part
    return tuple(out)
