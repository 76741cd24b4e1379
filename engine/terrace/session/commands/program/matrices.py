"""Matrices by name: ``matrix A = ...``, ``matrix list``, ``mkmat``, ``svmat``."""

from __future__ import annotations

import re
from dataclasses import replace

import numpy as np

from terrace.data.beside import solved
from terrace.errors import DataError
from terrace.language.grammar.command import ParsedCommand
from terrace.language.grammar.names import parse_names
from terrace.language.grammar.options import rules
from terrace.language.grammar.tokens import NAME, Piece, split, unquoted, words
from terrace.language.mixed_options import argument, read_format
from terrace.language.number_format import DISPLAYED
from terrace.results.table import Column, Row, Table
from terrace.session.commands.program.scalars import definition, listed, needed
from terrace.session.effects import Effect
from terrace.session.program.matrices import STORED, matrices, unknown_matrix
from terrace.session.registry import command
from terrace.session.session import Session
from terrace.session.state import CommandResult, Matrix, Returned
from terrace.wording import plural

_CELL = re.compile(r"([^\W\d]\w*)\s*\[(.*)\]", re.DOTALL)


@command(
    "matrix define",
    minimum="mat de",
    syntax="matrix [define] name = expression | matrix [define] name[i,j] = expression",
    help="Store a matrix under a name: (1,2\\3,4), e(b), A', A*B, inv(A), A[1..2,1], ...",
    effects=Effect.NONE,
)
@command("matrix", minimum="mat", syntax="matrix name = expression", help="Same as matrix define.", effects=Effect.NONE)
@command(
    "matrix input",
    minimum="mat in",
    syntax="matrix input name = (1,2\\3,4)",
    help="Same as matrix define.",
    effects=Effect.NONE,
)
def matrix(session: Session, parsed: ParsedCommand) -> CommandResult:
    parts = split(parsed.arguments, "=")
    target = parts[0].strip()
    cell = _CELL.fullmatch(str(target))
    if cell and len(parts) > 1:
        return _into_cell(session, target.at(target.start, target.start + cell.end(1)), target, parsed)
    name, value = definition(parsed)
    return _kept(session, name, matrix_value(session, value))


def matrix_value(session: Session, piece: Piece) -> Matrix:
    """The matrix that an expression means. Raises `CommandError` at what is not known or does not conform."""
    from terrace.language.expressions.entry import evaluate_scalar
    from terrace.language.expressions.matrices import Named, evaluate_matrix
    from terrace.language.expressions.stored import absent
    from terrace.language.expressions.tree import Stored

    known = matrices(session)

    def find(name: Piece) -> Named | None:
        stored = STORED.fullmatch(str(name).strip())
        m = known.get(f"{stored[1]}({stored[2]})" if stored else str(name).strip())
        return None if m is None else Named(m.values, m.rows, m.columns)

    def scalar(place: Piece) -> float:
        text = str(place).strip()
        if NAME.fullmatch(text) and text not in session.state.scalars:
            raise unknown_matrix(place.strip(), text, known)  # no variable: its first value is rarely what is meant
        if (stored := STORED.fullmatch(text)) and absent(Stored(place, stored[1], stored[2]), session.context()):
            raise unknown_matrix(place.strip(), text, known)
        value = evaluate_scalar(place, session.dataset, session.context())
        if isinstance(value, str):
            raise place.strip().error(f"{text} is text, but a number is needed here.", code="type-mismatch")
        return value

    out = evaluate_matrix(piece, find, scalar)
    return Matrix(np.asarray(out.values, dtype=np.float64), out.rows, out.columns)


def _kept(session: Session, name: str, matrix: Matrix) -> CommandResult:
    return CommandResult(state=replace(session.state, matrices={**session.state.matrices, name: matrix}))


def _into_cell(session: Session, place: Piece, target: Piece, parsed: ParsedCommand) -> CommandResult:
    """``A[i,j] = value``"""
    from terrace.language.expressions.entry import evaluate_scalar
    from terrace.language.expressions.stored import find_name

    old = session.state.matrices.get(str(place))
    if old is None:
        raise place.error(f"There is no matrix {place}.", code="no-such-matrix", subject=str(place))
    inside = target.at(target.source.index("[", place.end) + 1, target.end - 1)
    at = []
    for part, names in zip(split(inside, ","), (old.rows, old.columns)):
        value = evaluate_scalar(part, session.dataset, session.context())
        named = find_name(names, value) if isinstance(value, str) else None
        k = value if named is None else named + 1
        if isinstance(k, str) or not k == np.floor(k) or not 1 <= k <= len(names):
            raise part.error("This is outside the matrix.", code="matrix-index")
        at.append(int(k) - 1)
    if len(at) != 2:
        raise inside.error("An element needs a row and a column, as in [1,2].", code="matrix-index")
    equals = split(parsed.arguments, "=")[1]
    new = matrix_value(session, parsed.arguments.after(equals.start).strip())
    values = old.values.copy()
    rows, columns = new.values.shape
    if at[0] + rows > values.shape[0] or at[1] + columns > values.shape[1]:
        raise equals.strip().error("This does not fit into the matrix at that place.", code="conformability")
    values[at[0] : at[0] + rows, at[1] : at[1] + columns] = new.values
    return _kept(session, str(place), replace(old, values=values))


@command(
    "matrix rownames",
    minimum="mat rown",
    syntax="matrix rownames A = names",
    help="Name the rows of a matrix.",
    effects=Effect.NONE,
)
@command(
    "matrix colnames",
    minimum="mat coln",
    syntax="matrix colnames A = names",
    help="Name the columns of a matrix.",
    effects=Effect.NONE,
)
def matrix_names(session: Session, parsed: ParsedCommand) -> CommandResult:
    name, value = definition(parsed)
    place = parsed.arguments.strip()
    if name not in session.state.matrices:
        raise unknown_matrix(place.at(place.start, place.start + len(name)), name, session.state.matrices)
    old = session.state.matrices[name]
    which = "rows" if parsed.name.endswith("rownames") else "columns"
    given = tuple(unquoted(w) for w in words(value))
    count = len(getattr(old, which))
    if len(given) > count:
        raise value.error(f"{plural(len(given), 'name')} for {plural(count, which[:-1])}.", code="conformability")
    given += given[-1:] * (count - len(given))  # the last one counts for the rest
    named = replace(old, rows=given) if which == "rows" else replace(old, columns=given)
    return _kept(session, name, named)


@command(
    "matrix symeigen",
    minimum="mat syme",
    syntax="matrix symeigen X v = A",
    help="Eigenvectors (columns of X) and eigenvalues (v, the largest first) of a symmetric matrix.",
    effects=Effect.NONE,
)
def matrix_symeigen(session: Session, parsed: ParsedCommand) -> CommandResult:
    parts = split(parsed.arguments, "=")
    names = [str(w) for w in words(parts[0])]
    if len(parts) != 2 or len(names) != 2:
        raise parsed.arguments.strip().error("Give two names.", code="syntax", advice=parsed.name + " X v = A")
    a = matrix_value(session, parts[1].strip())
    if a.values.shape[0] != a.values.shape[1] or not np.allclose(a.values, a.values.T):
        raise parts[1].strip().error("The matrix is not symmetric.", code="conformability")
    values, vectors = solved(np.linalg.eigh, a.values)
    vectors = vectors[:, ::-1]
    signs = np.where(vectors[np.abs(vectors).argmax(axis=0), range(len(values))] < 0, -1.0, 1.0)
    labels = tuple(f"e{k}" for k in range(1, len(values) + 1))
    made = {
        names[0]: Matrix(vectors * signs, a.rows, labels),
        names[1]: Matrix(values[::-1][None, :], ("r1",), labels),
    }
    return CommandResult(state=replace(session.state, matrices={**session.state.matrices, **made}))


@command(
    "matrix accum",
    minimum="mat ac",
    syntax="matrix accum A = variables [if] [in] [, noconstant deviations means(name)]",
    help="The cross-products X'X of variables, with a constant unless noconstant.",
    effects=Effect.RETURNS,
)
def matrix_accum(session: Session, parsed: ParsedCommand) -> CommandResult:
    from terrace.session.commands.helpers.working import chosen

    options = parsed.options(rules("nocons:tant dev:iations", "means"))
    data = session.data
    parts = split(parsed.clauses.body, "=")
    name = str(parts[0]).strip()
    if len(parts) != 2 or not NAME.fullmatch(name):
        raise parsed.arguments.strip().error("Write matrix accum A = variables.", code="syntax")
    variables = parse_names(parts[1], data.names)
    x = np.column_stack([data.numeric(n) for n in variables]) if variables else np.empty((len(data), 0))
    x = x[chosen(session, parsed.clauses) & ~np.isnan(x).any(axis=1)]
    if not len(x):
        raise DataError("No row is complete in these variables.", code="no-observations")
    means = x.mean(axis=0)
    labels = variables
    if "deviations" in options:
        x = x - means
    if "noconstant" not in options:
        x, labels, means = np.column_stack([x, np.ones(len(x))]), (*variables, "_cons"), np.append(means, 1.0)
    made = {name: Matrix(x.T @ x, labels, labels)}
    if "means" in options:
        made[options["means"].value] = Matrix(means[None, :], ("_cons",), labels)
    state = replace(session.state, matrices={**session.state.matrices, **made})
    return CommandResult(text=f"(obs={len(x):,})", state=replace(state, returned=Returned({"N": float(len(x))})))


@command(
    "mkmat",
    minimum="mkmat",
    syntax="mkmat variables [if] [in], matrix(name)",
    help="A matrix of the values of variables; without matrix() a column of each.",
    effects=Effect.NONE,
)
def mkmat(session: Session, parsed: ParsedCommand) -> CommandResult:
    from terrace.session.commands.helpers.working import chosen

    options = parsed.options(rules("nomis:sing", "mat:rix"))
    data = session.data
    names = parsed.variables(data.names)
    if not names:
        raise parsed.word.error("mkmat needs variables.", code="syntax", advice="Write mkmat x y, matrix(A).")
    x = np.column_stack([data.numeric(n) for n in names])[chosen(session, parsed.clauses)]
    if "nomissing" in options:
        x = x[~np.isnan(x).any(axis=1)]
    if len(x) * len(names) > 10_000_000:
        raise DataError(f"A matrix of {len(x):,} rows is too large.", code="too-many-rows")
    labels = tuple(f"r{k}" for k in range(1, len(x) + 1))
    if "matrix" in options:
        made = {options["matrix"].value: Matrix(x, labels, names)}
    else:
        made = {n: Matrix(x[:, [k]], labels, (n,)) for k, n in enumerate(names)}
    return CommandResult(state=replace(session.state, matrices={**session.state.matrices, **made}))


@command(
    "svmat",
    syntax="svmat A [, names(col|eqcol|matcol|stub)]",
    help="Variables from the columns of a matrix, A1 A2 ... or by their names.",
    effects=Effect.DATA,
)
def svmat(session: Session, parsed: ParsedCommand) -> CommandResult:
    from terrace.data.dataset import Variable
    from terrace.data.names import legal_names
    from terrace.data.transforms.rows import lengthen
    from terrace.session.commands.helpers.working import changed, new_name

    options = parsed.options(rules("", "n:ames"))
    source = words(parsed.clauses.body)[-1] if parsed.clauses.body else parsed.word
    found = matrix_value(session, source)
    kind = options["names"].value if "names" in options else ""
    stub = str(source) if kind in ("", "matcol") else kind
    made = [c if kind in ("col", "eqcol") else f"{stub}{k}" for k, c in enumerate(found.columns, 1)]
    made = legal_names(made)[0]
    rows = len(found.values)
    data = session.data_or_none
    data = lengthen(data, rows) if data is None or len(data) < rows else data
    for k, name in enumerate(made):
        new_name(Piece.of(name), data)
        values = np.full(len(data), np.nan)
        values[:rows] = found.values[:, k]
        data = data.with_column(name, values, Variable(name))
    return changed(session, data)


@command(
    "matrix list",
    minimum="mat l",
    syntax="matrix list name [, format(%9.3f) title(text)]",
    help="Show a matrix.",
    effects=Effect.NONE,
)
def matrix_list(session: Session, parsed: ParsedCommand) -> CommandResult:
    options = parsed.options(rules("noh:eader non:ames", "f:ormat t:itle", already="nob:lank noha:lf"))
    body = parsed.clauses.body
    found = matrix_value(session, body)
    title = unquoted(argument(options["title"])) if "title" in options else _sized(body, found)
    form = read_format(options["format"]) if "format" in options else DISPLAYED
    bare = "nonames" in options
    table = Table(
        title="" if "noheader" in options else title,
        columns=tuple(Column(c, "" if bare else _head(c), "general", display=form, code=c) for c in found.columns),
        rows=tuple(Row("" if bare else r, tuple(map(float, v)), code=r) for r, v in zip(found.rows, found.values)),
        key="matrix",
    )
    return CommandResult(tables=(table,))


def _sized(name: Piece, found: Matrix) -> str:
    """``e(b)[1,3]``, ``symmetric e(V)[3,3]``."""
    rows, columns = found.values.shape
    symmetric = found.rows == found.columns and np.array_equal(found.values, found.values.T, equal_nan=True)
    return f"{'symmetric ' if symmetric and rows > 1 else ''}{name}[{rows},{columns}]"


def _head(name: str) -> str:
    """The name of a column with its equation on a line of its own."""
    equation, colon, own = name.rpartition(":")
    return f"{equation}:\n{own}" if colon else name


@command("matrix dir", minimum="mat d", syntax="matrix dir", help="List your matrices.", effects=Effect.NONE)
def matrix_dir(session: Session, parsed: ParsedCommand) -> CommandResult:
    parsed.nothing_else()
    found = session.state.matrices
    if not found:
        return CommandResult(text="There are no matrices.")
    table = Table(
        title="Matrices",
        columns=(Column("rows", "Rows", "count"), Column("columns", "Columns", "count")),
        rows=tuple(Row(n, m.values.shape) for n, m in found.items()),
        stub="Name",
        key="matrices",
    )
    return CommandResult(tables=(table,))


@command(
    "matrix drop",
    minimum="mat drop",
    syntax="matrix drop names|_all",
    help="Delete matrices.",
    effects=Effect.NONE,
)
def matrix_drop(session: Session, parsed: ParsedCommand) -> CommandResult:
    gone = listed(needed(parsed), session.state.matrices, "matrix")
    kept = {k: m for k, m in session.state.matrices.items() if k not in gone}
    return CommandResult(state=replace(session.state, matrices=kept))
