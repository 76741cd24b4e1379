"""Matrix expressions: ``(1,2\\3,4)``, ``inv(A'*A)*A'*b``, ``e(b)[1, 1..3]``, ``A["ses", 1...]``.

Binding, the tightest first, as in Stata: ``'`` and ``[ ]``; sign; ``#`` (Kronecker); ``/`` and ``*``; ``-`` and ``+``;
``,`` (columns beside each other); ``\\`` (rows below each other). What is no matrix is an ordinary expression of one
number, which stands for a matrix of one element. Names of rows and columns travel with the values: a product
takes them from its outer factors, a sum from its left side.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from terrace.data.beside import solved
from terrace.language.grammar.options import did_you_mean
from terrace.language.grammar.tokens import NAME, Piece, closing, skip_string, split, unquoted
from terrace.wording import plural

_DEEPEST = 50
_NUMBER = re.compile(r"(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?|\.[a-z]?(?!\w)")
_RANGE = re.compile(r"\.\.\.?")


@dataclass(frozen=True)
class Named:
    """Values of shape (r, c) with the names of rows and columns; empty names are r1, r2, ... and c1, c2, ..."""

    values: npt.NDArray[np.floating[Any]]
    rows: tuple[str, ...] = ()
    columns: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        values = np.atleast_2d(np.asarray(self.values, dtype=np.float64))
        object.__setattr__(self, "values", values)
        for which, letter, size in (("rows", "r", values.shape[0]), ("columns", "c", values.shape[1])):
            if not getattr(self, which):
                object.__setattr__(self, which, tuple(f"{letter}{k}" for k in range(1, size + 1)))

    @property
    def shape(self) -> tuple[int, int]:
        """Rows and columns."""
        return self.values.shape[0], self.values.shape[1]

    @property
    def single(self) -> bool:
        """True for one element, which counts as a number."""
        return self.shape == (1, 1)


MOST = 25_000_000
"""Elements of a matrix. What multiplies its size at each step is refused before the memory is full."""
_BLOCK = 2e9  # products of numbers in one step, so that Cancel is heard between them

Find = Callable[[Piece], Named | None]
Scalar = Callable[[Piece], float]


def evaluate_matrix(piece: Piece, find: Find, scalar: Scalar) -> Named:
    """The matrix that an expression means.

    ``find`` gives the matrix of a name, ``e(b)`` or ``r(table)``, None where there is none; ``scalar`` the value of an
    ordinary expression. Raises `CommandError` at what cannot be read, is not known or does not conform.
    """
    piece = piece.strip()
    if not piece:
        raise piece.error("A matrix is missing here.", code="no-expression", advice="Write it as (1,2\\3,4).")
    reader = _Reader(piece, find, scalar)
    out = reader.rows()
    if reader.next():
        raise piece.at(reader.i, reader.i + 1).error(f"{reader.next()!r} does not belong here.", code="syntax")
    return out


class _Reader:
    """Recursive descent over one piece."""

    def __init__(self, piece: Piece, find: Find, scalar: Scalar, depth: int = 0) -> None:
        self.piece, self.find, self.scalar = piece, find, scalar
        self.i = piece.start
        self.depth = depth
        if depth > _DEEPEST:
            raise piece.at(piece.start, piece.start + 1).error(
                f"Brackets are nested more than {_DEEPEST} deep.", code="too-deep"
            )

    def next(self) -> str:
        """The next character that is no white space; empty at the end."""
        source, end = self.piece.source, self.piece.end
        while self.i < end and source[self.i].isspace():
            self.i += 1
        return source[self.i] if self.i < end else ""

    def _taken(self, letters: str) -> str:
        c = self.next()
        if not c or c not in letters:
            return ""
        self.i += 1
        return c

    # --- the grammar ------------------------------------------------------------------------------------
    def rows(self) -> Named:
        start = self.i
        out = self.columns()
        while self._taken("\\"):
            below = self.columns()
            self._room(out.shape[0] + below.shape[0], out.shape[1], start)
            self._same(out.shape[1], below.shape[1], start, "columns")
            names = _joined(out.rows, below.rows, "r")
            out = Named(np.vstack([out.values, below.values]), names, out.columns)
        return out

    def columns(self) -> Named:
        start = self.i
        out = self.sum()
        while self._taken(","):
            right = self.sum()
            self._room(out.shape[0], out.shape[1] + right.shape[1], start)
            self._same(out.shape[0], right.shape[0], start, "rows")
            names = _joined(out.columns, right.columns, "c")
            out = Named(np.hstack([out.values, right.values]), out.rows, names)
        return out

    def sum(self) -> Named:
        start = self.i
        out = self.product()
        while sign := self._taken("+-"):
            right = self.product()
            if out.shape != right.shape:
                raise self._conform(start, out, right)
            out = Named(out.values + right.values if sign == "+" else out.values - right.values, out.rows, out.columns)
        return out

    def product(self) -> Named:
        start = self.i
        out = self.kronecker()
        while sign := self._taken("*/"):
            out = self._times(out, self.kronecker(), sign, start)
        return out

    def _times(self, a: Named, b: Named, sign: str, start: int) -> Named:
        if sign == "/":
            if not b.single:
                raise self._place(start).error(
                    "A matrix can be divided only by a "
                    "number.", code="conformability", advice="Multiply by its inverse, inv()."
                )
            with np.errstate(all="ignore"):
                return Named(a.values / b.values[0, 0], a.rows, a.columns)
        if a.single != b.single:
            scaled = b if a.single else a
            return Named(a.values * b.values, scaled.rows, scaled.columns)
        if a.shape[1] != b.shape[0]:
            raise self._conform(start, a, b)
        self._room(a.shape[0], b.shape[1], start)
        return Named(_product(a.values, b.values), a.rows, b.columns)

    def kronecker(self) -> Named:
        start = self.i
        out = self.signed()
        while self._taken("#"):
            right = self.signed()
            self._room(out.shape[0] * right.shape[0], out.shape[1] * right.shape[1], start)
            rows = tuple(f"{x}:{y}" for x in out.rows for y in right.rows)
            columns = tuple(f"{x}:{y}" for x in out.columns for y in right.columns)
            out = Named(np.kron(out.values, right.values), rows, columns)
        return out

    def signed(self) -> Named:
        negative = False
        while self._taken("-"):
            negative = not negative
        inner = self.postfix()
        return Named(-inner.values, inner.rows, inner.columns) if negative else inner

    def postfix(self) -> Named:
        start = self.i
        self.next()
        start = self.i
        out = self.primary()
        while c := self.next():
            if c == "'":
                self.i += 1
                out = Named(out.values.T, out.columns, out.rows)
            elif c == "[":
                stop = closing(self.piece, self.i)
                out = self._part(out, self.piece.at(self.i + 1, stop), start)
                self.i = stop + 1
            else:
                break
        return out

    def primary(self) -> Named:
        c = self.next()
        source, end = self.piece.source, self.piece.end
        if c == "(":
            stop = closing(self.piece, self.i)
            inner = _Reader(self.piece.at(self.i + 1, stop), self.find, self.scalar, self.depth + 1)
            out = inner.rows()
            if inner.next():
                raise self.piece.at(inner.i, inner.i + 1).error(f"{inner.next()!r} does not belong "
                                                                "here.", code="syntax")
            self.i = stop + 1
            return out
        if found := _NUMBER.match(source, self.i, end):
            self.i = found.end()
            text = found[0]
            return Named(np.array([[np.nan if text.startswith(".") and not text[1:2].isdigit() else float(text)]]))
        found = NAME.match(source, self.i, end)
        if found is None:
            raise self.piece.at(min(self.i, end), min(self.i, end) + 1).error(
                "A matrix or a number is missing here.", code="syntax"
            )
        start, stop = self.i, found.end()
        if stop < end and source[stop] in "([" and (source[stop] == "(" or found[0] in ("_b", "_se", "_coef")):
            stop = closing(self.piece, stop) + 1
            self.i = stop
            return self._called(found[0], self.piece.at(start, stop))
        self.i = stop
        place = self.piece.at(start, stop)
        known = self.find(place)
        return known if known is not None else Named(np.array([[self.scalar(place)]]))

    def _called(self, name: str, place: Piece) -> Named:
        """``e(b)``, a function of matrices, or an ordinary function of numbers."""
        if name in ("e", "r"):
            known = self.find(place)
            return known if known is not None else Named(np.array([[self.scalar(place)]]))
        if name not in FUNCTIONS:
            return Named(np.array([[self.scalar(place)]]))
        inside = self.piece.at(place.start + place.source[place.start : place.end].index("(") + 1, place.end - 1)
        arguments = [_Reader(p.strip(), self.find, self.scalar, self.depth + 1).sum() for p in split(inside, ",") if p]
        least, most, function = FUNCTIONS[name]
        if not least <= len(arguments) <= most:
            wanted = str(least) if least == most else f"{least} to {most}"
            raise place.error(f"{name}() takes {wanted} argument{'s' * (most > 1)}.", code="arguments", subject=name)
        try:
            return function(*arguments)
        except ValueError as error:
            raise place.error(f"{name}(): {error}", code="conformability", subject=name) from None

    # --- parts of a matrix --------------------------------------------------------------------------------
    def _part(self, whole: Named, inside: Piece, start: int) -> Named:
        """``[i,j]``, where i and j are a number, a name in quotes, ``a..b`` or ``a...`` (to the end)."""
        parts = split(inside, ",")
        if len(parts) == 1 and 1 in whole.shape:
            vector = whole.shape[0] != 1
            parts = [parts[0], Piece.of("1")] if vector else [Piece.of("1"), parts[0]]
        if len(parts) != 2:
            raise inside.error("A part of a matrix needs rows and columns, as in [1,2].", code="matrix-index")
        i = self._indices(parts[0].strip(), whole.rows)
        j = self._indices(parts[1].strip(), whole.columns)
        if len(i) == len(j) == 1 and not (0 <= i[0] < whole.shape[0] and 0 <= j[0] < whole.shape[1]):
            return Named(np.array([[np.nan]]))
        if min(i, default=-1) < 0 or max(i) >= whole.shape[0] or min(j, default=-1) < 0 or max(j) >= whole.shape[1]:
            raise inside.error(
                f"The matrix has {plural(whole.shape[0], 'row')} and "
                f"{plural(whole.shape[1], 'column')}, and this is outside it.",
                code="matrix-index",
            )
        return Named(whole.values[np.ix_(i, j)], tuple(whole.rows[k] for k in i), tuple(whole.columns[k] for k in j))

    def _indices(self, piece: Piece, names: tuple[str, ...]) -> list[int]:
        text = str(piece)
        dots = _range_dots(piece)
        if dots is not None:
            first = self._index(piece.before(dots.start()).strip(), names)
            rest = piece.after(dots.end()).strip()
            last = self._index(rest, names) if rest else len(names) - 1
            return [*range(first, min(last, len(names)) + 1)]  # one beyond the end says as much as all of them
        if not text:
            raise piece.error("A row or a column is missing here.", code="matrix-index")
        if text.startswith('"'):
            name = unquoted(piece)
            found = [k for k, n in enumerate(names) if n == name]
            found = found or [k for k, n in enumerate(names) if n.startswith(name) and name.endswith(":")]
            if not found:
                raise piece.error(
                    f"The matrix has no row or column named {name}.",
                    code="matrix-index",
                    advice=did_you_mean(name, names) or f"Its names are: {', '.join(names[:20])}.",
                )
            return found
        return [self._index(piece, names)]

    def _index(self, piece: Piece, names: tuple[str, ...]) -> int:
        if str(piece).startswith('"'):
            return self._indices(piece, names)[0]
        value = self.scalar(piece)
        if not value == value:  # NaN is not equal to itself  # noqa: PLR0124
            raise piece.error("A matrix index must be a number.", code="matrix-index")
        return int(min(max(value, 0), len(names) + 1)) - 1

    # --- errors -------------------------------------------------------------------------------------------
    def _place(self, start: int) -> Piece:
        return self.piece.at(start, max(self.i, start + 1)).strip()

    def _same(self, one: int, other: int, start: int, what: str) -> None:
        if one != other:
            raise self._place(start).error(
                f"The parts have {one} and {other} {what}. They must be the same.", code="conformability"
            )

    def _room(self, rows: int, columns: int, start: int) -> None:
        if rows * columns > MOST:
            raise self._place(start).error(
                f"This would be a matrix of {plural(rows, 'row')} and {plural(columns, 'column')}; {MOST:,} elements "
                "is the limit.",
                code="too-large",
            )

    def _conform(self, start: int, a: Named, b: Named) -> Exception:
        return self._place(start).error(
            f"A {a.shape[0]} by {a.shape[1]} matrix and a {b.shape[0]} by {b.shape[1]} one do not conform.",
            code="conformability",
        )


def _range_dots(piece: Piece) -> re.Match[str] | None:
    """The ``..`` or ``...`` of a range, outside of quotation marks and of numbers."""
    i = piece.start
    while i < piece.end:
        if piece.source[i] == '"':
            i = skip_string(piece, i)
            continue
        if found := _RANGE.match(piece.source, i, piece.end):
            return found
        i += 1
    return None


def _joined(first: tuple[str, ...], second: tuple[str, ...], letter: str) -> tuple[str, ...]:
    """Names one after the other; plain numbers go on counting."""
    plain = [f"{letter}{k}" for k in range(1, len(second) + 1)]
    if list(second) == plain and list(first) == [f"{letter}{k}" for k in range(1, len(first) + 1)]:
        return tuple(f"{letter}{k}" for k in range(1, len(first) + len(second) + 1))
    return (*first, *second)


def _product(a: npt.NDArray[Any], b: npt.NDArray[Any]) -> npt.NDArray[Any]:
    """a b, of large matrices a few rows at a time."""
    rows = max(1, int(_BLOCK / max(1, b.size)))
    if len(a) <= rows:
        out: npt.NDArray[Any] = a @ b
        return out
    return np.vstack([a[k : k + rows] @ b for k in range(0, len(a), rows)])


# --- functions ----------------------------------------------------------------------------------------------
def _square(a: Named) -> npt.NDArray[np.floating[Any]]:
    if a.shape[0] != a.shape[1]:
        rows, columns = plural(a.shape[0], "row"), plural(a.shape[1], "column")
        raise ValueError(f"the matrix has {rows} and {columns}, and must be square.")
    return a.values


def _number(a: Named, what: str) -> float:
    if not a.single:
        raise ValueError(f"{what} must be one number.")
    return float(a.values[0, 0])


def _size(a: Named) -> int:
    n = _number(a, "the size")
    if not (n == np.floor(n) and 1 <= n <= 10_000):
        raise ValueError("a size must be a whole number from 1 to 10,000.")
    return int(n)


def _sizes(rows: Named, columns: Named) -> tuple[int, int]:
    r, c = _size(rows), _size(columns)
    if r * c > MOST:
        raise ValueError(f"{r:,} by {c:,} are more than the {MOST:,} elements that a matrix has at most.")
    return r, c


def _inverse(a: Named) -> Named:
    values = _square(a)
    if not np.isfinite(values).all():
        raise ValueError("the matrix has missing elements.")
    try:
        return Named(solved(np.linalg.inv, values), a.columns, a.rows)
    except np.linalg.LinAlgError:
        raise ValueError("the matrix is singular.") from None


def _inverse_symmetric(a: Named) -> Named:
    """The inverse; of a singular matrix a generalised one, with zero rows for what depends on earlier ones."""
    values = _square(a)
    _need_values(values)
    if not np.allclose(values, values.T, rtol=1e-8, atol=1e-12 * np.abs(values).max(initial=0.0)):
        raise ValueError("the matrix is not symmetric.")
    swept, gone = values.copy(), np.zeros(len(values), dtype=bool)
    scale = np.abs(np.diag(values)).copy()
    for k in range(len(values)):  # Goodnight (1979), the sweep operator
        pivot = swept[k, k]
        if abs(pivot) <= 1e-13 * max(scale[k], 1e-300):
            swept[k, :] = swept[:, k] = 0.0
            gone[k] = True
            continue
        column, row = swept[:, k].copy(), swept[k, :].copy()
        swept -= np.outer(column, row) / pivot
        swept[k, :], swept[:, k] = row / pivot, -column / pivot
        swept[k, k] = 1 / pivot
    swept[gone, :] = 0.0
    swept[:, gone] = 0.0
    return Named((swept + swept.T) / 2, a.columns, a.rows)


def _need_values(values: npt.NDArray[np.floating[Any]]) -> None:
    if np.isnan(values).any():
        raise ValueError("the matrix has missing values.")


def _cholesky(a: Named) -> Named:
    values = _square(a)
    _need_values(values)
    if not np.allclose(values, values.T):
        raise ValueError("the matrix is not symmetric.")
    try:
        return Named(solved(np.linalg.cholesky, values), a.rows, a.columns)
    except np.linalg.LinAlgError:
        raise ValueError("the matrix is not positive definite.") from None


def _correlation(a: Named) -> Named:
    values = _square(a)
    sd = np.sqrt(np.diag(values))
    with np.errstate(all="ignore"):
        return Named(values / np.outer(sd, sd), a.rows, a.columns)


def _diagonal(a: Named) -> Named:
    if 1 not in a.shape:
        raise ValueError("a row or a column is needed.")
    names = a.columns if a.shape[0] == 1 else a.rows
    if len(names) ** 2 > MOST:
        raise ValueError(f"{len(names):,} elements are too many for a diagonal: the limit is {MOST:,}.")
    return Named(np.diag(a.values.ravel()), names, names)


def _hadamard(a: Named, b: Named) -> Named:
    if a.shape != b.shape:
        raise ValueError("both matrices must have the same size.")
    return Named(a.values * b.values, a.rows, a.columns)


def _one(value: float) -> Named:
    return Named(np.array([[float(value)]]))


FUNCTIONS: dict[str, tuple[int, int, Callable[..., Named]]] = {
    "I": (1, 1, lambda n: Named(np.eye(_sizes(n, n)[0]))),
    "J": (3, 3, lambda r, c, z: Named(np.full(_sizes(r, c), _number(z, "the third argument")))),
    "inv": (1, 1, _inverse),
    "invsym": (1, 1, _inverse_symmetric),
    "syminv": (1, 1, _inverse_symmetric),
    "cholesky": (1, 1, _cholesky),
    "corr": (1, 1, _correlation),
    "diag": (1, 1, _diagonal),
    "vecdiag": (1, 1, lambda a: Named(np.diag(_square(a))[None, :], (), a.columns)),
    "vec": (1, 1, lambda a: Named(a.values.T.reshape(-1, 1))),
    "hadamard": (2, 2, _hadamard),
    "det": (1, 1, lambda a: _one(solved(np.linalg.det, _square(a)))),
    "trace": (1, 1, lambda a: _one(np.trace(_square(a)))),
    "rowsof": (1, 1, lambda a: _one(a.shape[0])),
    "colsof": (1, 1, lambda a: _one(a.shape[1])),
    "issymmetric": (1, 1, lambda a: _one(a.shape[0] == a.shape[1] and np.array_equal(a.values, a.values.T))),
    "matmissing": (1, 1, lambda a: _one(np.isnan(a.values).any())),
}
"""Functions of matrices: the least and the most arguments, and what they do."""
