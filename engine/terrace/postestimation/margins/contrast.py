"""Contrasts of margins: ``margins r.a``, ``margins r.a@b``, and contrasts between the settings of at()."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from terrace.data.value import Value
from terrace.design.estimability import combined, estimable
from terrace.errors import SpecError
from terrace.inference.tests import WaldTest
from terrace.postestimation.margins import layout
from terrace.postestimation.margins.at import Dimension
from terrace.postestimation.margins.margins import Margins
from terrace.postestimation.margins.titles import dimension_text, inside
from terrace.postestimation.tests.cell_means import FactorInfo
from terrace.postestimation.tests.combinations import Estimate, by_f, estimable_test, wald_cells, wald_columns
from terrace.postestimation.tests.comparisons import compare, comparison_table
from terrace.postestimation.tests.contrast import Contrast, Part, coefficients_of
from terrace.postestimation.tests.notestimable import PARTIAL, why_not
from terrace.results.fit import FitResult
from terrace.results.table import Row, Table

FloatArray = npt.NDArray[np.float64]


@dataclass(frozen=True)
class MarginContrasts:
    """Contrasts of one term: ``estimates`` with labels, which ``places`` has in two parts (what it is within, the
    contrast), and the joint tests by what they are within. ``rows`` (l, p) are those of the contrasts over the
    coefficients, ``estimable`` tells which can be estimated, ``missing`` has the notes on the others."""

    text: str
    labels: tuple[str, ...]
    estimates: tuple[Estimate, ...]
    joint: tuple[tuple[str, WaldTest | None], ...]
    shown: bool
    rows: FloatArray
    estimable: npt.NDArray[np.bool_]
    missing: tuple[str, ...] = ()
    places: tuple[tuple[str, str], ...] = ()


def contrasts_of_margins(
    fit: FitResult, found: Margins, term: Contrast | None, at: str = "", mcompare: str = "none"
) -> MarginContrasts:
    """The contrasts of a term among its margins, or (``at``, an operator) of the settings of at().

    ``found`` are the margins of all cells of the term. Raises `SpecError` where there is nothing to compare.
    """
    count = len(found.labels)
    blocks = _blocks(found, at)
    size = count // len(blocks)
    if any(len(own) != size for _, own in blocks):
        raise SpecError("These margins do not form a whole table of cells.", code="nothing-to-compare")
    matrix, labels, groups = _matrix(found, term, at, blocks[0][1])
    # what the margins are besides rows·β, where they are not linear
    beyond = np.where(found.estimable, found.margins - found.rows @ fit.model.beta, 0.0)
    said = _settings(found, at, blocks[0][1]) if at else []
    weights: list[FloatArray] = []
    names: list[str] = []
    places: list[tuple[str, str]] = []
    joint: list[tuple[str, list[int]]] = []
    for where, own in blocks:
        for title, chosen in groups:
            begin = len(weights)
            joint.append((", ".join(x for x in (title, where) if x), list(range(begin, begin + len(chosen)))))
            for k in chosen:
                weights.append(np.zeros(count))
                weights[-1][own] = matrix[k]
                names.append(" ".join(x for x in (labels[k], title, where) if x))
                places.append((joint[-1][0], said[k] if said else labels[k]))
    by = np.array(weights).reshape(-1, count)
    j, offset, parts = combined(by, found.rows, 1e-12), by @ beyond, combined(by, found.excess)
    estimates = compare(
        fit, j, estimable(parts), mcompare=mcompare, level=found.level, small=found.small, offset=offset
    )
    text = term.text if term is not None else "_at"
    if len(joint) > 1:
        joint.append(("Joint", list(range(len(names)))))
    tests = tuple(
        (title or text, estimable_test(fit, j[chosen], parts[chosen], -offset[chosen], small=found.small))
        for title, chosen in joint
    )
    shown = bool(at) or (term is not None and term.has_operator)
    return MarginContrasts(text, tuple(names), estimates, tests, shown, j, estimable(parts), why_not(fit, parts),
                           tuple(places))  # fmt: skip


def _blocks(found: Margins, at: str) -> list[tuple[str, npt.NDArray[np.int64]]]:
    """Margins that are contrasted with one another: what they share, and their positions."""
    out: dict[tuple[str, ...], list[int]] = {}
    for k, dims in enumerate(found.dimensions):
        own = [d for d in dims if (d.kind == "factor" if at else d.kind == "at") or d.kind == "over"]
        shared = [dimension_text(d, found.called) for d in own]
        out.setdefault((found.effects[k] if found.effects else "", *shared), []).append(k)
    several = len({key[0] for key in out}) > 1
    return [
        (", ".join(([key[0]] if several else []) + list(key[1:])), np.array(own, dtype=np.int64))
        for key, own in out.items()
    ]


def _matrix(
    found: Margins, term: Contrast | None, at: str, own: npt.NDArray[np.int64]
) -> tuple[FloatArray, list[str], list[tuple[str, list[int]]]]:
    """Contrasts (l, cells) of one block, their labels, and by the levels of what they are within: which they are."""
    if at:
        info = FactorInfo("_at", tuple(float(k + 1) for k in range(len(own))), 1.0,
                          tuple(str(k + 1) for k in range(len(own))))  # fmt: skip
        if len(own) < 2:
            raise SpecError("There is only one setting of at().", code="nothing-to-compare", subject="contrast")
        matrix, labels = coefficients_of(Part("_at", at), info)
        return matrix, [f"_at {x}" for x in labels], [("", list(range(len(labels))))]
    assert term is not None
    infos = {n: _info(found, n, own) for n in (*(p.name for p in term.parts), *term.within)}
    weights: FloatArray = np.ones((1, 1))
    labels = [""]
    for part in term.parts:
        matrix, names = coefficients_of(part, infos[part.name])
        weights = np.asarray(np.kron(weights, matrix), dtype=np.float64)
        labels = [" ".join(x for x in (a, b) if x) for a in labels for b in names]
    cells = [""]
    for name in term.within:
        cells = [", ".join(x for x in (a, b) if x) for a in cells for b in infos[name].labels]
    inner = len(cells)
    out = np.asarray(np.kron(weights, np.eye(inner)), dtype=np.float64)
    groups = [(cell, [r * inner + k for r in range(len(labels))]) for k, cell in enumerate(cells)]
    return out, [x for x in labels for _ in cells], groups


def _settings(found: Margins, at: str, own: npt.NDArray[np.int64]) -> list[str]:
    """The contrasts between the settings of at() by what these set: ``(0 vs −1)``."""
    words = layout.values([_set(found.dimensions[k]) for k in own], found.called)
    info = FactorInfo("_at", tuple(float(k + 1) for k in range(len(own))), 1.0, tuple(words))
    return coefficients_of(Part("_at", at), info)[1]


def _info(found: Margins, name: str, own: npt.NDArray[np.int64]) -> FactorInfo:
    levels: dict[Value, str] = {}
    for k in own:
        for d in found.dimensions[k]:
            if d.name == name and d.kind == "factor":
                levels[d.value] = d.label
    base = found.bases.get(name, next(iter(levels)))
    return FactorInfo(name, tuple(levels), base, tuple(levels.values()))


def _stub(contrasts: MarginContrasts, found: Margins) -> str:
    """The term, or the variables whose settings are compared."""
    if contrasts.text != "_at":
        return contrasts.text
    return layout.names([_set(dims) for dims in found.dimensions], found.called)


def _set(dims: Sequence[Dimension]) -> list[Dimension]:
    return [d for d in dims if d.kind == "at"]


def contrast_tables_of(
    contrasts: Sequence[MarginContrasts], found: Margins, mcompare: str, notes: Sequence[str]
) -> list[Table]:
    """The contrasts where an operator asks for them, and the joint tests."""
    shown = [c for c in contrasts if c.shown]
    tables: list[Table] = []
    if shown:
        several = len(shown) > 1
        tables.append(
            comparison_table(
                [e for c in shown for e in c.estimates],
                [label for c in shown for _, label in c.places],
                heads=[[h for h in (c.text if several else "", within) if h] for c in shown for within, _ in c.places],
                codes=[f"{c.text}: {x}" if several else x for c in shown for x in c.labels],
                title=f"Contrasts of {inside(found.title)}", level=found.level, mcompare=mcompare, small=found.small,
                stub=_stub(shown[0], found) if not several else "Contrast", key="margins", several=several,
                notes=tuple(dict.fromkeys((*notes, *(note for c in shown for note in c.missing)))),
            )
        )  # fmt: skip
    as_f = by_f([t for c in contrasts for _, t in c.joint], found.small)
    missing = [note for c in contrasts for note in c.missing]
    rows: list[Row] = []
    for c in contrasts:
        if len(c.joint) > 1:
            rows.append(Row(c.text, kind="group"))
        for label, test in c.joint:
            rows.append(Row(label, wald_cells(test, as_f), indent=int(len(c.joint) > 1)))
    below = tuple(dict.fromkeys((*(() if shown else (*notes, *missing)), *((PARTIAL,) if missing else ()))))
    tables.append(Table("Joint tests of contrasts", wald_columns(as_f), tuple(rows), "Term", below, "margins-tests"))
    return tables
