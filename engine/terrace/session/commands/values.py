"""Scalars and matrices by name: ``scalar``, ``matrix``."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace

from terrace.language.command import ParsedCommand
from terrace.language.options import did_you_mean, rules
from terrace.language.tokens import NAME, Piece, split, words
from terrace.results.table import Column, Row, Table
from terrace.session.registry import command
from terrace.session.session import Session
from terrace.session.state import CommandResult, Matrix

_STORED = re.compile(r"([er])\(\s*(\w+)\s*\)")


def _definition(parsed: ParsedCommand) -> tuple[str, Piece]:
    """The name and the expression of ``name = expression``."""
    parts = split(parsed.arguments, "=")
    name = str(parts[0]).strip()
    value = parsed.arguments.after(parts[1].start).strip() if len(parts) > 1 else parsed.arguments
    if len(parts) < 2 or not NAME.fullmatch(name) or not value:
        raise parsed.arguments.strip().error(
            f"{parsed.name} needs a name and a value.",
            code="syntax",
            advice=f"Write {parsed.name.split()[0]} a = ...",
        )
    return name, value


def _known(piece: Piece, names: Mapping[str, object], what: str) -> list[str]:
    """The names listed; all for ``_all`` or nothing. `CommandError` at one that is not there."""
    out: list[str] = []
    for item in words(piece):
        name = str(item)
        if name != "_all" and name not in names:
            raise item.error(
                f"There is no {what} {name!r}.",
                code=f"no-such-{what}",
                subject=name,
                advice=did_you_mean(name, list(names)),
            )
        out += list(names) if name == "_all" else [name]
    return list(dict.fromkeys(out)) or list(names)


# --- scalars ----------------------------------------------------------------------------------------------
@command(
    "scalar define",
    minimum="sca de",
    syntax="scalar [define] name = expression",
    help="Keep the value of an expression under a name.",
)
@command("scalar", minimum="sca", syntax="scalar name = expression", help="As scalar define.")
def scalar(session: Session, parsed: ParsedCommand) -> CommandResult:
    from terrace.language.expressions import evaluate_scalar

    name, expression = _definition(parsed)
    value = evaluate_scalar(expression, session.dataset, session.context())
    return CommandResult(state=replace(session.state, scalars={**session.state.scalars, name: value}))


@command("scalar list", minimum="sca li", syntax="scalar list [names]", help="Show scalars.")
@command("scalar dir", minimum="sca di", syntax="scalar dir", help="As scalar list.")
def scalar_list(session: Session, parsed: ParsedCommand) -> CommandResult:
    scalars = session.state.scalars
    names = _known(parsed.arguments, scalars, "scalar")
    if not names:
        return CommandResult(text="There are no scalars.")
    table = Table(
        title="Scalars",
        columns=(Column("value", "Value", "general"),),
        rows=tuple(Row(n, (scalars[n],)) for n in names),
        stub="Name",
        key="scalars",
    )
    return CommandResult(tables=(table,))


@command("scalar drop", minimum="sca drop", syntax="scalar drop names|_all", help="Forget scalars.")
def scalar_drop(session: Session, parsed: ParsedCommand) -> CommandResult:
    gone = _known(_needed(parsed), session.state.scalars, "scalar")
    kept = {k: v for k, v in session.state.scalars.items() if k not in gone}
    return CommandResult(state=replace(session.state, scalars=kept))


def _needed(parsed: ParsedCommand) -> Piece:
    if not parsed.arguments:
        raise parsed.word.error(f"{parsed.name} needs names, or _all.", code="syntax")
    return parsed.arguments


# --- matrices ---------------------------------------------------------------------------------------------
def find_matrix(session: Session, piece: Piece) -> Matrix:
    """The matrix that ``e(b)``, ``r(table)`` or a name means. `CommandError` where there is none."""
    text = str(piece).strip()
    state = session.state
    known: dict[str, Matrix] = dict(state.matrices)
    if state.fit is not None:
        for name, values in state.fit.matrices.items():
            known[f"e({name})"] = Matrix(values, *state.fit.matrix_names[name])
    known.update({f"r({name})": m for name, m in state.returned.matrices.items()})
    stored = _STORED.fullmatch(text)
    key = f"{stored[1]}({stored[2]})" if stored else text
    if key not in known:
        raise piece.strip().error(
            f"There is no matrix {text}.",
            code="no-such-matrix",
            subject=text,
            advice=did_you_mean(key, list(known)) or "A matrix is e(name), r(name) or a name of your own.",
        )
    return known[key]


@command(
    "matrix define",
    minimum="mat de",
    syntax="matrix [define] name = e(name)|r(name)|name",
    help="Keep a stored matrix under a name of its own.",
)
@command("matrix", minimum="mat", syntax="matrix name = e(b)", help="As matrix define.")
def matrix(session: Session, parsed: ParsedCommand) -> CommandResult:
    name, value = _definition(parsed)
    found = find_matrix(session, value)
    return CommandResult(state=replace(session.state, matrices={**session.state.matrices, name: found}))


@command("matrix list", minimum="mat l", syntax="matrix list name", help="Show a matrix.")
def matrix_list(session: Session, parsed: ParsedCommand) -> CommandResult:
    options = parsed.options(rules("nob:lank noh:eader non:ames", "", "f:ormat t:itle"))
    body = parsed.clauses.body
    found = find_matrix(session, body)
    title = options["title"].value if "title" in options else str(body)
    table = Table(
        title=title,
        columns=tuple(Column(c, c, "general") for c in found.columns),
        rows=tuple(Row(r, tuple(map(float, v))) for r, v in zip(found.rows, found.values)),
        key="matrix",
    )
    return CommandResult(tables=(table,))


@command("matrix dir", minimum="mat dir", syntax="matrix dir", help="List the matrices of your own.")
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


@command("matrix drop", minimum="mat drop", syntax="matrix drop names|_all", help="Forget matrices.")
def matrix_drop(session: Session, parsed: ParsedCommand) -> CommandResult:
    gone = _known(_needed(parsed), session.state.matrices, "matrix")
    kept = {k: m for k, m in session.state.matrices.items() if k not in gone}
    return CommandResult(state=replace(session.state, matrices=kept))
