"""From a singular fit to the largest model that the data support: ``estat simplify``."""

from __future__ import annotations

from dataclasses import replace

from terrace.language.grammar.command import ParsedCommand
from terrace.session.commands.helpers.asking import kept_rows
from terrace.session.commands.helpers.fits import constraints_of, current_fit
from terrace.session.effects import Effect
from terrace.session.fit_rows import fit_rows
from terrace.session.registry import command
from terrace.session.session import Session
from terrace.session.state import CommandResult


@command(
    "estat simplify",
    minimum="estat simp",
    syntax="estat simplify",
    help="The largest random part that the data support, found step by step from a fit with a variance at its limit.",
    effects=Effect.ABOUT_FIT | Effect.RETURNS,
)
def simplify(session: Session, parsed: ParsedCommand) -> CommandResult:
    from terrace.postestimation.variance.simplify import largest_supported, simplify_table
    from terrace.spec.text import format_mixed

    parsed.options(())
    fit = current_fit(session, parsed)
    session.report("Fitting simpler models")
    bound = constraints_of(session, fit, "simplify it")
    steps = largest_supported(fit, fit_rows(session, fit).data, bound, cancel=session.cancel)
    result = kept_rows(session, (simplify_table(fit, steps),))
    proposed = format_mixed(steps[-1].fit.spec) if steps and not steps[-1].singular else ""
    assert result.state is not None
    returned = result.state.returned
    macros = {**returned.macros, "command": proposed} if proposed else returned.macros
    state = replace(result.state, returned=replace(returned, macros=macros))
    return replace(result, state=state, payload={**result.payload, "proposed": proposed})
