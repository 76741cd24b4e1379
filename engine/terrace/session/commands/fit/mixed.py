"""Fitting: ``mixed``, its replay, ``ereturn list``, ``constraint``."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from dataclasses import replace

from terrace.data.dataset import Dataset
from terrace.errors import CommandError
from terrace.language.grammar.command import ParsedCommand
from terrace.language.grammar.numlist import parse_numlist
from terrace.language.grammar.tokens import Piece, split, words
from terrace.language.mixed import parse_model, parse_replay
from terrace.language.mixed_options import REPLAY_RULES
from terrace.language.number_format import STORED
from terrace.results.fit import FitResult
from terrace.results.stored import covariance_names
from terrace.results.table import Column, Row, Table
from terrace.session.commands.helpers.fits import current_fit
from terrace.session.effects import Effect
from terrace.session.iterations import iteration_text
from terrace.session.payload import fit_payload
from terrace.session.registry import command
from terrace.session.returned.tables import r_table
from terrace.session.session import Session
from terrace.session.state import CommandResult, Returned
from terrace.spec.model import Display, ModelSpec
from terrace.wording import plural

_SYNTAX = "mixed outcome [terms] [if] [in] [weight] [|| level: [slopes] [, options]] [, options]"


@command(
    "mixed",
    syntax=_SYNTAX,
    help="Fit a linear mixed-effects model. Without a model, show the last one again.",
    by="loop",
    effects=Effect.FITS | Effect.RETURNS,
)
@command(
    "xtmixed",
    type="mixed",
    syntax="xtmixed ...",
    help="mixed with REML and SDs as defaults.",
    by="loop",
    effects=Effect.FITS | Effect.RETURNS,
)
def mixed(session: Session, parsed: ParsedCommand) -> CommandResult:
    if not str(split(parsed.arguments, ",")[0]).strip():
        return _replay(session, parsed)
    data = session.source
    spec = parse_model(
        parsed.arguments,
        data.names,
        alias=parsed.name == "xtmixed",
        display=session.state.settings.display(),
    )
    from terrace.session.commands.helpers.bases import with_bases
    from terrace.session.commands.helpers.filtered_fit import with_count, with_filter

    spec = with_filter(session, _with_start(session, with_bases(session.state, spec)))
    result = mixed_result(session, spec, data, session.state.constraints, parsed.bare.strip())
    result = with_count(session, result)
    shown = _shown(result, spec.display)
    return replace(
        shown,
        text="\n\n".join(filter(None, (iteration_text(result), shown.text))),
        fit=result,
        state=replace(session.state, fit=result, returned=fit_returned(result)),
        warnings=tuple(str(w) for w in result.warnings),
    )


def _with_start(session: Session, spec: ModelSpec) -> ModelSpec:
    """The model with the numbers of a matrix that from() names, so that it can be fitted again without the matrix."""
    text = spec.maximisation.from_
    head, _, tail = (text or "").partition(",")
    if not re.match(r"\s*[^\W\d]", head) or "=" in head:
        return spec
    from terrace.session.program.matrices import find_matrix

    found = find_matrix(session, Piece.of(head.strip()))
    if 1 not in found.values.shape:
        raise CommandError(
            f"from({text}): {head.strip()} has {plural(found.values.shape[0], 'row')} and "
            f"{plural(found.values.shape[1], 'column')}.",
            code="from",
            advice="One row (or one column) of starting values is expected, as in e(b).",
        )
    numbers = [repr(float(x)) for x in found.values.ravel()]
    if "copy" in tail.split():
        written = " ".join(numbers)
    else:
        names = found.columns if found.values.shape[0] == 1 else found.rows
        written = " ".join(f"{name}={number}" for name, number in zip(names, numbers))
        written += ", skip" if "skip" in tail.split() else ""
    return replace(spec, maximisation=replace(spec.maximisation, from_=written))


def mixed_result(
    session: Session, spec: ModelSpec, data: Dataset, constraints: Mapping[int, str], command: str
) -> FitResult:
    """Fit a model under the progress and the stop of the session."""
    from terrace.estimate import fit

    return fit(
        spec, data, progress=session.progress, cancel=session.cancel, constraints=constraints, command=command
    )


def _replay(session: Session, parsed: ParsedCommand) -> CommandResult:
    result = current_fit(session, parsed)
    if result.macros.get("cmd") != "mixed":
        raise parsed.word.error(
            "The last model was not fitted by mixed.",
            code="no-fit",
            advice=f"Write mixed y x || school:; {result.macros.get('cmd', 'estimates replay')} shows the last one.",
        )
    return show_again(session, parsed, result)


def show_again(session: Session, parsed: ParsedCommand, result: FitResult) -> CommandResult:
    """A fit once more, with the display options of the command: by z unless ``small`` or ``dftable()`` asks for t."""
    from terrace.results.replay import shown_again

    begun = session.state.settings.display()
    if parsed.name == "xtmixed":
        begun = replace(begun, metric="sd")
    display = parse_replay(parsed.arguments, begun)
    given = parsed.options(REPLAY_RULES)
    small = next((given[n] for n in ("small", "dfmethod", "dftable") if n in given), None)
    if small is not None and result.spec.df_method is None:
        raise small.piece.error(
            f"{small.name} needs a fit with dfmethod().",
            code="dftable-no-df",
            advice="Fit the model again with dfmethod().",
        )
    again = shown_again(result, display.level, small=small is not None)
    shown = _shown(again, display)
    state = replace(session.state, returned=fit_returned(again), posted=None)
    return replace(shown, payload=fit_payload(result), state=state)


def _shown(result: FitResult, display: Display) -> CommandResult:
    from terrace.report.text.text import fit_text
    from terrace.results.tables import fit_tables

    return CommandResult(
        text=fit_text(result, display),
        tables=fit_tables(result, display=display),
        payload=fit_payload(result),
    )


def fit_returned(result: FitResult) -> Returned:
    """r(level) and r(table) of an estimation: one column a column of e(b)."""
    from terrace.postestimation.tests.combinations import Estimate, infer

    level = result.spec.display.level
    found = [Estimate(e.coef, e.se, e.stat, e.df, e.p, e.lb, e.ub) for e in result.fixed]
    for r in result.random_estmetric[: len(covariance_names(result))]:
        found.append(replace(infer(r.estimate, r.se, level), lower=r.lb, upper=r.ub))
    by_t = any(e.df is not None for e in result.fixed)
    return Returned({"level": level}, {}, {"table": r_table(result.matrix_names["b"][1], found, level, by_t=by_t)})


# --- stored results ---------------------------------------------------------------------------------------
@command(
    "ereturn list",
    minimum="eret li",
    syntax="ereturn list",
    help="List the stored results of the fit.",
    effects=Effect.NONE,
)
def ereturn_list(session: Session, parsed: ParsedCommand) -> CommandResult:
    parsed.nothing_else()
    fit = current_fit(session, parsed)
    sample = {"sample": "1 in the rows of the fit, 0 in others"}
    return CommandResult(
        tables=returned_tables("e", fit.scalars, fit.macros, {k: m.shape for k, m in fit.matrices.items()}, sample)
    )


@command(
    "return list",
    minimum="ret li",
    syntax="return list",
    help="List what the last command returned.",
    effects=Effect.NONE,
)
def return_list(session: Session, parsed: ParsedCommand) -> CommandResult:
    parsed.nothing_else()
    r = session.state.returned
    shapes = {k: m.values.shape for k, m in r.matrices.items()}
    return CommandResult(tables=returned_tables("r", r.scalars, r.macros, shapes, {}))


def returned_tables(
    letter: str,
    scalars: Mapping[str, float | int | None],
    macros: Mapping[str, str],
    shapes: Mapping[str, tuple[int, ...]],
    functions: Mapping[str, str],
) -> tuple[Table, ...]:
    """Tables of scalars, macros and matrices by name; those that are empty are left out."""

    def table(title: str, column: Column, rows: list[Row]) -> Table:
        return Table(title=title, columns=(column,), rows=tuple(rows), stub="Name", key=title.lower())

    def name(key: str) -> str:
        return f"{letter}({key})"

    tables = [
        table(
            "Scalars",
            Column("value", "Value", "general", display=STORED),
            [Row(name(k), (math.nan if v is None else v,)) for k, v in scalars.items()],
        ),
        table("Macros", Column("value", "Value", "text"), [Row(name(k), (v,)) for k, v in macros.items()]),
        table(
            "Matrices",
            Column("size", "Size", "text"),
            [Row(name(k), (" x ".join(map(str, s)),)) for k, s in shapes.items()],
        ),
        table("Functions", Column("value", "Value", "text"), [Row(name(k), (v,)) for k, v in functions.items()]),
    ]
    return tuple(t for t in tables if t.rows)


# --- constraints ------------------------------------------------------------------------------------------
def _number(piece: Piece) -> int:
    (number,) = parse_numlist(piece, integer=True, what="the number of a constraint")[:1]
    if not 1 <= number <= 1999:
        raise piece.error("Constraint numbers go from 1 to 1999.", code="constraint")
    return int(number)


@command(
    "constraint define",
    minimum="cons de",
    syntax="constraint [define] # term = value",
    help="Define a linear constraint on fixed effects, for constraints().",
    effects=Effect.NONE,
)
@command(
    "constraint",
    minimum="cons",
    syntax="constraint # term = value",
    help="Same as constraint define.",
    effects=Effect.NONE,
)
def constraint(session: Session, parsed: ParsedCommand) -> CommandResult:
    parts = words(parsed.arguments)
    if len(parts) < 2:
        raise parsed.word.error(
            "A constraint needs a number and an equation.",
            code="constraint",
            advice="Write constraint 1 x1 = x2.",
        )
    number = _number(parts[0])
    text = str(parsed.arguments.after(parts[0].end)).strip()
    constraints = {**session.state.constraints, number: text}
    return CommandResult(state=replace(session.state, constraints=constraints))


@command(
    "constraint list",
    minimum="cons li",
    syntax="constraint list [numbers]",
    help="List constraints.",
    effects=Effect.NONE,
)
@command("constraint dir", minimum="cons dir", syntax="constraint dir", help="Same as constraint list.",
         effects=Effect.NONE)  # fmt: skip
def constraint_list(session: Session, parsed: ParsedCommand) -> CommandResult:
    found = session.state.constraints
    chosen = _numbers(parsed.arguments, found)
    if not chosen:
        return CommandResult(text="There are no constraints.")
    table = Table(
        title="Constraints",
        columns=(Column("text", "Constraint", "text"),),
        rows=tuple(Row(str(k), (found[k],)) for k in chosen),
        stub="Number",
        key="constraints",
    )
    return CommandResult(tables=(table,))


@command(
    "constraint get",
    minimum="cons g",
    syntax="constraint get #",
    help="Put a constraint in r(contents).",
    effects=Effect.RETURNS,
)
def constraint_get(session: Session, parsed: ParsedCommand) -> CommandResult:
    number = _number(parsed.arguments.strip() if parsed.arguments else parsed.word)
    text = session.state.constraints.get(number, "")
    returned = Returned({"defined": float(bool(text))}, {"contents": text} if text else {})
    return CommandResult(text=text, state=replace(session.state, returned=returned))


@command(
    "constraint free",
    minimum="cons free",
    syntax="constraint free",
    help="Find a free constraint number.",
    effects=Effect.RETURNS,
)
def constraint_free(session: Session, parsed: ParsedCommand) -> CommandResult:
    parsed.nothing_else()
    free = next(k for k in range(1, 2001) if k not in session.state.constraints)
    return CommandResult(text=str(free), state=replace(session.state, returned=Returned({"free": float(free)})))


@command(
    "constraint drop",
    minimum="cons drop",
    syntax="constraint drop numbers|_all",
    help="Drop constraints.",
    effects=Effect.NONE,
)
def constraint_drop(session: Session, parsed: ParsedCommand) -> CommandResult:
    gone = _numbers(parsed.arguments, session.state.constraints)
    kept = {k: v for k, v in session.state.constraints.items() if k not in gone}
    return CommandResult(state=replace(session.state, constraints=kept))


def _numbers(piece: Piece, known: Mapping[int, str]) -> list[int]:
    if str(piece).strip() in ("", "_all"):
        return sorted(known)
    wanted = [int(n) for n in parse_numlist(piece, integer=True, dashes=True)]
    return [n for n in wanted if n in known]
