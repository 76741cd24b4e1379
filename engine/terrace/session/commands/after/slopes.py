"""How an effect depends on another variable: ``simpleslopes``, ``johnsonneyman``."""

from __future__ import annotations

from dataclasses import replace

from terrace.language.grammar.command import ParsedCommand
from terrace.language.grammar.names import Names
from terrace.language.grammar.numlist import parse_numlist
from terrace.language.grammar.options import rules
from terrace.language.grammar.tokens import words
from terrace.language.mixed_options import argument
from terrace.results.plot import Plot
from terrace.session.commands.helpers.asking import level_of
from terrace.session.commands.helpers.fits import current_fit
from terrace.session.commands.helpers.small import by_t, tells_of_small
from terrace.session.effects import Effect
from terrace.session.fit_rows import fit_rows
from terrace.session.labelling import as_shown
from terrace.session.registry import command
from terrace.session.session import Session
from terrace.session.state import CommandResult, Matrix, Returned


def _pair(session: Session, parsed: ParsedCommand) -> tuple[str, str]:
    """The two variables of an interaction as typed."""
    known = Names(session.data.names)
    items = words(parsed.clauses.body)
    if len(items) != 2:
        raise (parsed.clauses.body if items else parsed.word).error(
            f"{parsed.name} takes two variables: the one whose effect you want, and the moderator.",
            code="syntax",
            advice=f"Example: {parsed.name} ses meanses.",
        )
    one, other = (known.one(item) for item in items)
    return one, other


@command(
    "simpleslopes",
    minimum="simples",
    syntax="simpleslopes x moderator [, at(values) small level(#) noplot]",
    help="The effect of x at values of the moderator (mean and 1 SD around it, or the levels), with its lines.",
    effects=Effect.ABOUT_FIT | Effect.RETURNS,
)
@tells_of_small
def simpleslopes(session: Session, parsed: ParsedCommand) -> CommandResult:
    from terrace.postestimation.margins.show import margins_plot, margins_table
    from terrace.postestimation.margins.slopes import predicted_lines, simple_slopes

    fit = current_fit(session, parsed)
    options = parsed.options(rules("small noplot", "at l:evel"))
    x, moderator = _pair(session, parsed)
    values = list(parse_numlist(argument(options["at"]))) if "at" in options else None
    level = level_of(options, session)
    data = as_shown(session.state, fit_rows(session, fit).data)
    found = simple_slopes(fit, data, x, moderator, values, level=level, small=by_t(fit, options))
    called_x = found.called.get(x) or x
    plots: tuple[Plot, ...] = ()
    if "noplot" not in options:
        lines = predicted_lines(fit, data, x, moderator, values, level=level)
        by = found.called.get(moderator) or moderator
        plots = (replace(margins_plot(lines, x), title=f"Effect of {called_x} by {by}"),)
    returned = Returned(
        {"N": float(found.n), "level": level},
        {},
        {"b": Matrix(found.margins[None, :], ("y1",), found.labels)},
    )
    table = replace(margins_table(found), title=f"Simple slopes of {called_x}")
    return CommandResult(tables=(table,), plots=plots, state=replace(session.state, returned=returned))


@command(
    "johnsonneyman",
    minimum="johnson",
    syntax="johnsonneyman x moderator [, small level(#) noplot]",
    help="The values of a moderator at which the effect of x differs from zero (Johnson-Neyman).",
    effects=Effect.ABOUT_FIT | Effect.RETURNS,
)
@tells_of_small
def johnsonneyman(session: Session, parsed: ParsedCommand) -> CommandResult:
    from terrace.postestimation.margins.slopes import johnson_neyman, johnson_neyman_plot, johnson_neyman_table

    fit = current_fit(session, parsed)
    options = parsed.options(rules("small noplot", "l:evel"))
    x, moderator = _pair(session, parsed)
    data = as_shown(session.state, fit_rows(session, fit).data)
    found = johnson_neyman(fit, data, x, moderator, level=level_of(options, session), small=by_t(fit, options))
    bounds = {f"bound{k}": float(v) for k, v in enumerate(found.bounds, 1)}
    state = replace(session.state, returned=Returned({**bounds, "level": found.level}))
    plots = () if "noplot" in options else (johnson_neyman_plot(found),)
    return CommandResult(tables=(johnson_neyman_table(found),), plots=plots, state=state)
