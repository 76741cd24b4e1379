"""Tests of whole terms: ``estat terms``."""

from __future__ import annotations

from dataclasses import replace

from terrace.language.grammar.command import ParsedCommand
from terrace.language.grammar.options import rules
from terrace.language.mixed_options import argument
from terrace.session.commands.helpers.fits import current_fit
from terrace.session.commands.helpers.small import by_t, tells_of_small, with_own_df
from terrace.session.effects import Effect
from terrace.session.registry import command
from terrace.session.returned.estat import terms_returned
from terrace.session.session import Session
from terrace.session.state import CommandResult


@command(
    "estat terms",
    syntax="estat terms [, type(II|III) small df(#)]",
    help="Tests of whole terms, each as type III (in the whole model) or type II (without what contains it).",
    effects=Effect.ABOUT_FIT | Effect.RETURNS,
)
@tells_of_small
def estat_terms(session: Session, parsed: ParsedCommand) -> CommandResult:
    from terrace.postestimation.tests.terms import Kind, term_table

    kinds: dict[str, Kind] = {"2": "II", "3": "III", "II": "II", "III": "III"}
    fit = current_fit(session, parsed)
    options = parsed.options(rules("small", "t:ype df"))
    fit = with_own_df(fit, options)
    kind: Kind = "III"
    if "type" in options:
        piece = argument(options["type"])
        if str(piece).upper() not in kinds:
            raise piece.error(
                f"There is no type {str(piece)!r} test.", code="type", subject="type", advice="Choose II or III."
            )
        kind = kinds[str(piece).upper()]
    table = term_table(fit, kind, small=by_t(fit, options))
    return CommandResult(tables=(table,), state=replace(session.state, returned=terms_returned(table)))
