"""Stored results in expressions: ``e(N)``, ``e(b)[1,2]``, ``_b[ses]``, scalars and matrices by name."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence

import numpy as np

from terrace.data.beside import solved
from terrace.data.dataset import Dataset
from terrace.errors import CommandError
from terrace.language.expressions.context import EvalContext, FloatArray, MatrixNames
from terrace.language.expressions.table import Array
from terrace.language.expressions.tree import Call, Coefficient, Name, Node, Stored, Subscript
from terrace.language.expressions.values import is_text, scalar, text

FUNCTIONS = {"rowsof": 1, "colsof": 1, "trace": 1, "det": 1, "rownumb": 2, "colnumb": 2, "el": 3, "scalar": 1}
"""Functions whose argument is a name of something stored, with their numbers of arguments."""

Value = Callable[[Node], Array]


def result(node: Stored, context: EvalContext) -> Array:
    """``e(name)``, ``r(name)`` or ``c(name)``: a number, a text, or a matrix of one element.

    What no command has stored is missing, so that programs can ask for it.
    """
    name = node.name
    if node.kind == "c":
        return _system(node, context)
    scalars, macros, matrices = _parts(node, context)
    if name in scalars:
        return scalar(scalars[name])
    if name in macros:
        return text(macros[name])
    if name in matrices:
        return single(node, matrices[name])
    return scalar(None)


def missing_result(node: Node, context: EvalContext) -> CommandError:
    """The error of a command that cannot do with a missing number for a stored result that does not exist."""
    assert isinstance(node, Stored)
    known = [name for part in _parts(node, context) for name in part]
    return node.piece.error(
        f"There is no stored result named {node.piece}.",
        code="no-stored-result",
        subject=node.name,
        advice=f"Available: {', '.join(known)}." if known else "",
    )


def absent(node: Node, context: EvalContext) -> bool:
    """True for ``e(name)`` or ``r(name)`` that does not exist: where text is meant it is the empty one."""
    if not isinstance(node, Stored) or node.kind == "c" or node.name == "sample":
        return False
    return not any(node.name in part for part in _parts(node, context))


def _parts(
    node: Stored, context: EvalContext
) -> tuple[Mapping[str, float | int | None], Mapping[str, str], Mapping[str, FloatArray]]:
    if node.kind == "e":
        return context.e_scalars, context.e_macros, context.e_matrices
    return context.r_scalars, context.r_macros, context.r_matrices


def _system(node: Stored, context: EvalContext) -> Array:
    if node.name not in context.system:
        raise node.piece.error(
            f"There is no system value {node.piece}.",
            code="no-stored-result",
            subject=node.name,
            advice=f"Available: {', '.join(context.system)}." if context.system else "",
        )
    value = context.system[node.name]
    return text(value) if isinstance(value, str) else scalar(value)


def coefficient(node: Coefficient, context: EvalContext) -> Array:
    """``_b[term]`` or ``_se[term]``."""
    if not context.b:
        raise node.piece.error(f"{node.piece} is not available: no model has been fitted.", code="no-stored-results")
    known = context.b if node.kind == "b" else context.se
    for term in coefficient_names(node.term, context.equation):
        if term in known:
            return scalar(known[term])
    raise node.piece.error(
        f"The model has no coefficient {node.term!r}.",
        code="no-such-coefficient",
        subject=node.term,
        advice=f"It has: {', '.join(context.b)}.",
    )


def coefficient_names(term: str, equation: str = "") -> list[str]:
    """The ways in which a coefficient may be stored: as typed, without `equation`, without ``c.`` and the marks of
    base levels and omitted terms."""
    before, colon, rest = term.rpartition(":")
    if colon and before != equation:
        return [term]  # a covariance parameter: its name is all there is
    out = [term] if not colon else [term, rest]
    parts = [_unmarked(part) for part in rest.split("#")]
    out.append("#".join(parts))
    if len(parts) == 1:
        out.append(parts[0].removeprefix("c."))
    else:
        out.append("#".join(p if "." in p else f"c.{p}" for p in parts))
        out += ["#".join(reversed(o.split("#"))) for o in list(out)]
    return list(dict.fromkeys(out))


def _unmarked(part: str) -> str:
    """One part of a name without what marks base levels and omitted terms: ``0b.f``, ``2o.f``, ``co.x``, ``o.x``."""
    operator, _, name = part.rpartition(".")
    if operator[:1].isdigit():
        operator = operator.rstrip("bno")
    elif re.fullmatch(r"c?o([LFDS].*)?", operator):
        operator = operator.replace("o", "", 1)
    return f"{operator}.{name}" if operator else name


def find_name(names: Sequence[str], wanted: str) -> int | None:
    """The place (from 0) of a row or column name: as it stands, or else the first that is the same without the name
    of its equation, where `wanted` has none, and without the marks of base levels and omitted terms."""
    if wanted in names:
        return names.index(wanted)
    equation = ":" in wanted

    def plain(name: str) -> str:
        before, colon, term = name.rpartition(":")
        return (before + colon if equation else "") + "#".join(map(_unmarked, term.split("#")))

    return next((k for k, name in enumerate(names) if plain(name) == plain(wanted)), None)


def matrix(node: Node, context: EvalContext, data: Dataset | None) -> tuple[FloatArray, MatrixNames | None] | None:
    """The matrix that a part names, with the names of its rows and columns; None where it names none."""
    if isinstance(node, Stored):
        kept, names = (
            (context.e_matrices, context.e_names) if node.kind == "e" else (context.r_matrices, context.r_names)
        )
        if node.name in kept:
            return np.atleast_2d(kept[node.name]), names.get(node.name)
    if isinstance(node, Name) and node.name in context.matrices and (data is None or node.name not in data):
        return np.atleast_2d(context.matrices[node.name]), context.matrix_names.get(node.name)
    return None


def element(node: Subscript, values: FloatArray, names: MatrixNames | None, value: Value) -> Array:
    """``m[i,j]``, or ``m[i]`` of a vector, by number or by name; missing outside the matrix."""
    indices = node.indices
    if len(indices) == 1:
        if 1 not in values.shape:
            raise node.piece.error(
                f"{node.base.piece} has rows and columns: give both, as in {node.base.piece}[1,2].",
                code="matrix-index",
            )
        axis = 1 if values.shape[0] == 1 else 0
        k = _position(indices[0], values.size, names[axis] if names else None, value)
        return scalar(None if k is None else float(values.ravel()[k]))
    i = _position(indices[0], values.shape[0], names[0] if names else None, value)
    j = _position(indices[1], values.shape[1], names[1] if names else None, value)
    return scalar(None if i is None or j is None else float(values[i, j]))


def single(node: Node, values: FloatArray) -> Array:
    """A matrix of one element as a number; otherwise `CommandError`."""
    if np.size(values) == 1:
        return scalar(float(np.ravel(values)[0]))
    rows, columns = np.atleast_2d(values).shape
    raise node.piece.error(
        f"{node.piece} is a matrix of {rows} by {columns}, and one number is needed here.",
        code="matrix-not-number",
        advice=f"Take one element, as in {node.piece}[1,1].",
    )


def call(node: Call, context: EvalContext, data: Dataset | None, value: Value) -> Array:
    """``rowsof(m)`` and the other `FUNCTIONS`."""
    wanted = FUNCTIONS[node.name]
    if len(node.arguments) != wanted:
        raise node.piece.error(
            f"{node.name}() takes {wanted} argument{'s' * (wanted > 1)}.", code="arguments", subject=node.name
        )
    first = node.arguments[0]
    if node.name == "scalar":
        if isinstance(first, Name) and first.name in context.scalars:
            return scalar(context.scalars[first.name])
        raise first.piece.error(f"There is no scalar {first.piece}.", code="no-such-scalar")
    found = matrix(first, context, data)
    if found is None:
        raise first.piece.error(f"There is no matrix {first.piece}.", code="no-such-matrix")
    values, names = found
    if node.name in ("rowsof", "colsof"):
        return scalar(float(values.shape[node.name == "colsof"]))
    if node.name == "trace":
        return scalar(float(np.trace(values)))
    if node.name == "det":
        if values.shape[0] != values.shape[1]:
            raise first.piece.error(f"{first.piece} is not square.", code="conformability")
        return scalar(float(solved(np.linalg.det, values)))
    if node.name == "el":
        return element(Subscript(node.piece, first, node.arguments[1:]), values, names, value)
    listed = names[node.name == "colnumb"] if names else ()
    label = str(value(node.arguments[1]))
    at = find_name(listed, label)
    return scalar(None if at is None else at + 1.0)


def _position(node: Node, size: int, names: tuple[str, ...] | None, value: Value) -> int | None:
    """The place (from 0) that an index means, by number or by name; None outside the matrix."""
    index = value(node)
    if index.shape != ():
        raise node.piece.error(
            f"{node.piece} differs between rows, but a matrix element needs one number.",
            code="matrix-index",
        )
    if is_text(index):
        at = None if names is None else find_name(names, str(index))
        if at is None:
            known = f"Its names are: {', '.join(names)}." if names else ""
            raise node.piece.error(f"The matrix has no row or column named {index}.", code="matrix-index", advice=known)
        return at
    number = float(index)
    return int(number) - 1 if 1 <= number < size + 1 else None
