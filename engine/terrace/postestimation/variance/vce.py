"""The covariance matrix of the estimates, whole or by equations: ``estat vce``."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import numpy.typing as npt

from terrace.design.estimability import settled
from terrace.errors import SpecError
from terrace.language.grammar.options import did_you_mean
from terrace.language.number_format import DISPLAYED
from terrace.postestimation.tests.combinations import covariance
from terrace.results.fit import FitResult
from terrace.results.stored import covariance_names
from terrace.results.table import Column, Row, Table
from terrace.results.tables_terms import column_label

FloatArray = npt.NDArray[np.float64]


def vce_table(
    fit: FitResult, correlation: bool = False, all_parameters: bool = False, display: str = ""
) -> Table:
    """The covariance (correlation) matrix of the coefficients, lower triangle.

    ``all_parameters`` adds the covariance parameters in their stored metric: log SDs, inverse hyperbolic
    tangents of correlations. After Kenward-Roger it is the large-sample matrix; see `combinations`. ``display`` is the
    format of its numbers.
    """
    matrix, names, labels = _whole(fit)
    keep = len(names) if all_parameters else len(fit.model.design.x_info)
    chosen = list(range(keep))
    return _table(fit, _scaled(matrix, correlation), names, labels, chosen, chosen, correlation, display)


def vce_blocks(
    fit: FitResult,
    rows: Sequence[str] = (),
    columns: Sequence[str] = (),
    *,
    correlation: bool = False,
    blocks: bool = False,
    diagonal: bool = False,
    display: str = "",
) -> tuple[Table, ...]:
    """The matrix of some equations (all without names), of some in rows with others in columns, or in one table a pair
    of equations (``blocks``; ``diagonal`` leaves those of an equation with itself).

    Raises `SpecError` for a name that is no equation.
    """
    matrix, names, labels = _whole(fit)
    matrix = _scaled(matrix, correlation)
    equations = [_equation(fit, n) for n in names]
    down, across = _known(rows, equations), _known(columns or rows, equations)

    def of(wanted: Sequence[str]) -> list[int]:
        return [k for name in wanted for k, e in enumerate(equations) if e == name]

    if not blocks and not diagonal:
        return (_table(fit, matrix, names, labels, of(down), of(across), correlation, display),)
    pairs = [(a, b) for i, a in enumerate(down) for b in (across if columns else across[: i + 1])]
    if diagonal:
        pairs = [(a, b) for a, b in pairs if a == b]
    out = []
    for a, b in pairs:
        table = _table(fit, matrix, names, labels, of([a]), of([b]), correlation, display)
        where = f"equation {a}" if a == b else f"equations {a} and {b}"
        out.append(replace(table, title=f"{table.title}, {where}", key=f"vce:{a}:{b}"))
    return tuple(out)


def _known(wanted: Sequence[str], equations: Sequence[str]) -> list[str]:
    found = list(dict.fromkeys(equations))
    for name in wanted:
        if name not in found:
            raise SpecError(
                f"There is no equation named {name}.", code="no-such-equation", subject=name,
                advice=did_you_mean(name, found) or f"The equations are {', '.join(found)}.",
            )  # fmt: skip
    return list(dict.fromkeys(wanted)) or found


def _whole(fit: FitResult) -> tuple[FloatArray, list[str], list[str]]:
    """The matrix of all parameters, their names for programs and for people."""
    fixed, others = covariance(fit), covariance_names(fit)
    p = len(fixed)
    matrix = np.zeros((p + len(others), p + len(others)))
    matrix[:p, :p] = fixed
    if others:
        matrix[p:, p:] = fit.matrices["V"][-len(others) :, -len(others) :]
    gone = np.flatnonzero(~settled(fit.model.design))
    matrix[gone] = matrix[:, gone] = np.nan
    info = fit.model.design.x_info
    return matrix, [*(c.name for c in info), *others], [*map(column_label, info), *others]


def _equation(fit: FitResult, name: str) -> str:
    return name.rpartition(":")[0] or fit.outcome


def _scaled(matrix: FloatArray, correlation: bool) -> FloatArray:
    if not correlation:
        return matrix
    d = np.sqrt(np.diag(matrix))
    d = np.where(d > 0, d, np.nan)
    scaled: FloatArray = matrix / np.outer(d, d)
    return scaled


def _table(
    fit: FitResult,
    matrix: FloatArray,
    names: Sequence[str],
    labels: Sequence[str],
    down: Sequence[int],
    across: Sequence[int],
    correlation: bool,
    display: str,
) -> Table:
    """Some rows and columns; the lower triangle where they are the same."""
    square = list(down) == list(across)
    display = display or ("%8.4f" if correlation else DISPLAYED)
    columns = tuple(Column(f"c{k + 1}", labels[j], display=display, code=names[j]) for k, j in enumerate(across))
    rows = []
    for a, i in enumerate(down):
        cells = [
            float(matrix[i, j]) if np.isfinite(matrix[i, j]) and not (square and b > a) else None
            for b, j in enumerate(across)
        ]
        rows.append(Row(labels[i], tuple(cells), code=names[i]))
    title = f"{'Correlations' if correlation else 'Covariance matrix'} of the estimates"
    notes = ("Robust.",) if fit.model.n_clusters is not None else ()
    return Table(title, columns, tuple(rows), "", notes, "vce")
