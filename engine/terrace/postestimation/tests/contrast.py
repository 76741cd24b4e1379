"""``contrast``: differences of cell means by operators, and joint tests of them.

r. with the base, a. with the next level, ar. with the one before, g. with the grand mean, h. with the mean of
later levels (Helmert), j. with that of earlier ones, p. and q. orthogonal polynomials (of unit length) in the
levels' values or their order. ``r.a@b`` asks within each level of b, ``r.a#ar.b`` for differences of differences.
Cell means average other factors with equal weights, and leave continuous variables out.
"""

from __future__ import annotations

import itertools
import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from terrace.data.dataset import Dataset
from terrace.design.estimability import combined, estimable, excess
from terrace.errors import SpecError
from terrace.inference.tests import WaldTest
from terrace.language.grammar.numlist import parse_numlist
from terrace.language.grammar.tokens import Piece, words
from terrace.postestimation.tests.cell_means import FactorInfo, Number, cell_row, factors, grid, need_term, written
from terrace.postestimation.tests.coefficients import expanded
from terrace.postestimation.tests.combinations import (
    Estimate,
    by_f,
    confidence_level,
    estimable_test,
    need_small,
    wald_cells,
    wald_columns,
)
from terrace.postestimation.tests.comparisons import compare, comparison_table
from terrace.postestimation.tests.hypotheses import UNADJUSTED
from terrace.postestimation.tests.notestimable import PARTIAL, why_not
from terrace.results.fit import FitResult
from terrace.results.table import Row, Table

FloatArray = npt.NDArray[np.float64]
OPERATORS = ("r", "a", "ar", "g", "h", "j", "p", "q")
_ITEM = re.compile(r"(?:(?P<op>[a-z]+)(?P<base>\d+)?(?:\((?P<degrees>[\d\s/]+)\))?\.)?(?P<name>[^\W\d]\w*)")
_POWERS = ("linear", "quadratic", "cubic", "quartic", "quintic")


@dataclass(frozen=True)
class Part:
    """One factor of a contrast: its operator (empty: any set that spans), the base, degrees of polynomials."""

    name: str
    operator: str = ""
    base: str = ""
    degrees: tuple[int, ...] = ()


@dataclass(frozen=True)
class Contrast:
    """One term: what is contrasted, the continuous parts, and the factors within whose levels."""

    parts: tuple[Part, ...]
    numbers: tuple[Number, ...]
    within: tuple[str, ...]
    text: str

    @property
    def has_operator(self) -> bool:
        """True where an operator was written."""
        return any(p.operator for p in self.parts)


def parse_contrast(text: str | Piece) -> list[Contrast]:
    """Read ``r.a``, ``a#b``, ``a##b``, ``ar.a@b``, ``r.a#c.x``, several of them. Raises `CommandError`."""
    piece = Piece.of(text) if isinstance(text, str) else text
    out: list[Contrast] = []
    for item in words(piece):
        left, at, right = str(item).partition("@")
        within = tuple(p.rpartition(".")[2].strip() for p in right.split("#")) if at else ()
        if at and not all(w.isidentifier() for w in within):
            raise item.error("A factor must follow @.", code="syntax", advice="Example: r.drug@sex.")
        for term in expanded(left):
            out.append(_term(item, term, within))
    if not out:
        raise piece.error("Choose what to contrast.", code="syntax", advice="Example: contrast r.drug.")
    return out


def _term(item: Piece, text: str, within: tuple[str, ...]) -> Contrast:
    parts: list[Part] = []
    numbers: list[Number] = []
    for piece in text.split("#"):
        found = _ITEM.fullmatch(piece.strip())
        if not found:
            raise item.error(f"{piece.strip()!r} is not a factor.", code="syntax")
        operator = found["op"] or ""
        if operator == "c":
            numbers.append((found["name"], ()))
            continue
        operator, base = ("r", found["base"]) if operator in ("rb", "b") else (operator, found["base"] or "")
        operator = "" if operator == "i" else operator
        if operator and operator not in OPERATORS:
            raise item.error(
                f"{operator}. is not a contrast operator.",
                code="contrast-operator",
                advice="There are " + ", ".join(f"{o}." for o in OPERATORS) + ".",
            )
        degrees: tuple[int, ...] = ()
        if found["degrees"]:
            degrees = tuple(int(d) for d in parse_numlist(Piece.of(found["degrees"]), integer=True))
        parts.append(Part(found["name"], operator, base or "", degrees))
    if not parts and not numbers:
        raise item.error("Choose what to contrast.", code="syntax")
    shown = text + ("@" + "#".join(within) if within else "")
    return Contrast(tuple(parts), tuple(numbers), within, shown)


def coefficients_of(part: Part, info: FactorInfo) -> tuple[FloatArray, list[str]]:
    """Contrasts of the levels of one factor, (l, levels), with their labels.

    Raises `SpecError` for a base that is no level, or degrees that the levels do not allow.
    """
    k = len(info.levels)
    names = info.labels
    operator = part.operator or "r"
    eye = np.eye(k)
    if operator == "r":
        base = info.levels.index(info.base)
        if part.base:
            tokens = [str(int(v)) if isinstance(v, float) and v.is_integer() else str(v) for v in info.levels]
            if part.base not in tokens:
                raise SpecError(
                    f"{part.base} is not a level of {part.name}.", code="no-such-level", subject=part.name,
                    advice="Its levels are " + ", ".join(tokens[:15]) + ".",
                )  # fmt: skip
            base = tokens.index(part.base)
        others = [i for i in range(k) if i != base]
        return eye[others] - eye[base], [f"({names[i]} vs {names[base]})" for i in others]
    if operator == "a":
        return eye[:-1] - eye[1:], [f"({names[i]} vs {names[i + 1]})" for i in range(k - 1)]
    if operator == "ar":
        return eye[1:] - eye[:-1], [f"({names[i + 1]} vs {names[i]})" for i in range(k - 1)]
    if operator == "g":
        return eye - 1.0 / k, [f"({n} vs mean)" for n in names]
    if operator == "h":
        rows = [np.r_[np.zeros(i), 1.0, np.full(k - i - 1, -1.0 / (k - i - 1))] for i in range(k - 1)]
        last = [f"({names[i]} vs >{names[i]})" for i in range(k - 2)] + [f"({names[k - 2]} vs {names[k - 1]})"]
        return np.array(rows), last
    if operator == "j":
        rows = [np.r_[np.full(i, -1.0 / i), 1.0, np.zeros(k - i - 1)] for i in range(1, k)]
        first = [f"({names[1]} vs {names[0]})"] + [f"({names[i]} vs <{names[i]})" for i in range(2, k)]
        return np.array(rows), first
    return _polynomials(part, info)


def _polynomials(part: Part, info: FactorInfo) -> tuple[FloatArray, list[str]]:
    k = len(info.levels)
    if part.operator == "p" and any(isinstance(v, str) for v in info.levels):
        raise SpecError(
            f"p. needs numeric levels, but those of {part.name} are text.",
            code="contrast-operator",
            subject=part.name,
            advice="Use q. for polynomials in the order of the levels.",
        )
    x = np.arange(k, dtype=np.float64) if part.operator == "q" else np.array(info.levels, dtype=np.float64)
    x = (x - x.mean()) / np.abs(x - x.mean()).max()
    q, r = np.linalg.qr(np.vander(x, k, increasing=True))
    rows = (q * np.sign(np.diag(r))).T[1:]
    degrees = part.degrees or tuple(range(1, k))
    if any(not 1 <= d < k for d in degrees):
        raise SpecError(
            f"{part.name} has {k} levels, so polynomials have degrees 1 to {k - 1}.", code="degree", subject=part.name
        )
    names = [_POWERS[d - 1] if d <= len(_POWERS) else f"degree {d}" for d in degrees]
    return rows[[d - 1 for d in degrees]], [f"({n})" for n in names]


@dataclass(frozen=True)
class Rows:
    """The contrasts of one term: ``rows`` (l, p), labels, which ``places`` has in two parts (what it is within, the
    contrast), ``excess`` (l, q), and by joint test: the label of each group
    of rows that are tested together."""

    rows: FloatArray
    labels: tuple[str, ...]
    excess: FloatArray
    groups: tuple[tuple[str, tuple[int, ...]], ...]
    places: tuple[tuple[str, str], ...]

    @property
    def estimable(self) -> npt.NDArray[np.bool_]:
        """Which contrasts the data determine, (l,)."""
        return estimable(self.excess)


def contrast_rows(fit: FitResult, term: Contrast, data: Dataset | None = None) -> Rows:
    """All contrasts of a term over the coefficients."""
    info = factors(fit, data)
    numbers: Counter[Number] = Counter(term.numbers)
    names = [p.name for p in term.parts]
    need_term(fit, info, [*names, *term.within], numbers)
    if len(set(names) | set(term.within)) < len(names) + len(term.within):
        raise SpecError(f"{term.text} names a factor twice.", code="syntax")
    every = [coefficients_of(p, info[p.name]) for p in term.parts]
    rows: list[FloatArray] = []
    lost: list[FloatArray] = []
    labels: list[str] = []
    places: list[tuple[str, str]] = []
    groups: list[tuple[str, tuple[int, ...]]] = []
    for within in grid(info, list(term.within)):
        cells = grid(info, names)
        both = [cell_row(fit, info, cell | within, numbers) for cell in cells]
        kept = np.array([b[0] for b in both])
        gone = np.array([b[1] for b in both])
        begin = len(rows)
        where = written(info, within)
        for picked in itertools.product(*(range(len(labels_)) for _, labels_ in every)):
            weights: FloatArray = np.ones(1)
            for (matrix, _), position in zip(every, picked):
                weights = np.kron(weights, matrix[position])
            rows.append(combined(weights[None], kept, 1e-12)[0])
            lost.append(combined(weights[None], gone, 1e-12)[0])
            label = " ".join(names_[p] for (_, names_), p in zip(every, picked))
            labels.append(" ".join(x for x in (label, where) if x) or term.text)
            places.append((written(info, within, ", "), label or term.text))
        groups.append((where or term.text, tuple(range(begin, len(rows)))))
    design = fit.model.design
    every_row = np.array(rows).reshape(len(rows), len(design.x_info))
    parts = excess(design, every_row, np.array(lost).reshape(len(rows), len(design.lost)))
    return Rows(every_row, tuple(labels), parts, tuple(groups), tuple(places))


def contrast_tables(
    fit: FitResult,
    text: str | Piece,
    *,
    mcompare: str = "none",
    level: float | None = None,
    small: bool = False,
    effects: bool | None = None,
    data: Dataset | None = None,
    overall: bool = False,
) -> tuple[Table, ...]:
    """The contrasts of each term with their inference, and the joint tests.

    ``effects`` None shows the contrasts where a term has an operator; the joint tests always follow, or stand
    alone. ``overall`` adds the test of all terms together.
    """
    if small:
        need_small(fit)
    chosen = confidence_level(fit, level)
    terms = parse_contrast(text)
    if mcompare == "tukey":
        raise SpecError("tukey is only for pairwise comparisons.", code="mcompare", subject="mcompare",
                        advice="Use pwcompare, or choose bonferroni, sidak, scheffe or holm.")  # fmt: skip
    found = [contrast_rows(fit, t, data) for t in terms]
    shown = [(t, r) for t, r in zip(terms, found) if effects or (effects is None and t.has_operator)]
    tables = []
    if shown:
        estimates: list[Estimate] = []
        labels: list[str] = []
        codes: list[str] = []
        heads: list[list[str]] = []
        missing: tuple[str, ...] = ()
        for t, r in shown:
            missing += why_not(fit, r.excess)
            estimates += compare(fit, r.rows, r.estimable, mcompare=mcompare, level=chosen, small=small)
            codes += [f"{t.text}: {label}" for label in r.labels] if len(shown) > 1 else r.labels
            labels += [label for _, label in r.places]
            heads += [[h for h in (t.text if len(shown) > 1 else "", within) if h] for within, _ in r.places]
        tables.append(
            comparison_table(
                estimates, labels, title="Contrasts of margins", level=chosen, mcompare=mcompare, small=small,
                stub=shown[0][0].text if len(shown) == 1 else "Contrast", key="contrast", several=len(shown) > 1,
                notes=tuple(dict.fromkeys(missing)), codes=codes, heads=heads,
            )
        )  # fmt: skip
    tables.append(_joint_table(fit, terms, found, small, overall and len(terms) > 1))
    return tuple(tables)


def contrast_table(fit: FitResult, text: str | Piece, *, mcompare: str = "none") -> Table:
    """The first of `contrast_tables`."""
    return contrast_tables(fit, text, mcompare=mcompare)[0]


def _joint_table(
    fit: FitResult, terms: Sequence[Contrast], found: Sequence[Rows], small: bool, overall: bool
) -> Table:
    tests: list[tuple[str, str, WaldTest | None]] = []
    for term, r in zip(terms, found):
        groups = list(r.groups)
        if len(groups) > 1:
            groups.append(("Joint", tuple(k for _, own in groups for k in own)))
        for label, own in groups:
            test = estimable_test(fit, r.rows[list(own)], r.excess[list(own)], small=small)
            tests.append((term.text, label, test))
    every, parts = np.concatenate([r.rows for r in found]), np.concatenate([r.excess for r in found])
    together = estimable_test(fit, every, parts, small=small) if overall else None
    if together is not None:
        tests.append(("Overall", "Overall", together))
    as_f = by_f([t for _, _, t in tests], small)
    rows: list[Row] = []
    for term in terms:
        own_tests = [(label, t) for text, label, t in tests if text == term.text]
        if len(own_tests) > 1:
            rows.append(Row(term.text, kind="group"))
        for label, t in own_tests:
            cells = wald_cells(t, as_f)
            code = term.text if label in ("Joint", term.text) else f"{term.text}:{label}"
            rows.append(Row(label, cells, indent=int(len(own_tests) > 1), code=code))
    if together is not None:
        rows.append(Row("Overall", wald_cells(together, as_f), "total", code="Overall"))
    used = {p.name for t in terms for p in t.parts} | {w for t in terms for w in t.within}
    notes = ["Other factors are averaged with equal weights."] if set(factors(fit)) - used else []
    missing = why_not(fit, parts)
    notes += [*missing, PARTIAL] if missing else []
    if small and not as_f:
        notes.append(UNADJUSTED)
    return Table("Joint tests of contrasts", wald_columns(as_f), tuple(rows), "Term", tuple(notes), "contrast-tests")


__all__ = ["Contrast", "contrast_rows", "contrast_table", "contrast_tables", "parse_contrast"]
