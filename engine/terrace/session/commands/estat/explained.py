"""What a model explains and how well it sees its groups: ``estat r2``, ``estat reliability``."""

from __future__ import annotations

from terrace.language.grammar.command import ParsedCommand
from terrace.language.grammar.options import rules
from terrace.language.grammar.tokens import Piece
from terrace.language.mixed_options import argument
from terrace.session.commands.helpers.asking import kept_rows
from terrace.session.commands.helpers.fits import current_fit, named_fit
from terrace.session.effects import Effect
from terrace.session.fit_rows import fit_rows
from terrace.session.registry import command
from terrace.session.returned.tables import number
from terrace.session.session import Session
from terrace.session.state import CommandResult


@command(
    "estat r2",
    syntax="estat r2 [, nolevels null(NAME)]",
    help="Marginal and conditional R², and how much less variance each level has than in a null model.",
    effects=Effect.ABOUT_FIT | Effect.RETURNS,
)
def estat_r2(session: Session, parsed: ParsedCommand) -> CommandResult:
    fit = current_fit(session, parsed)
    from terrace.postestimation.variance.r2 import r2_table

    options = parsed.options(rules("nolev:els", "null"))
    null = named_fit(session, parsed, argument(options["null"]))[1] if "null" in options else None
    if "nolevels" not in options and null is None:
        session.report("Fitting the null model")
    data = fit_rows(session, fit).data
    tables = r2_table(fit, data, levels="nolevels" not in options, null=null, cancel=session.cancel)
    result = kept_rows(session, tables)
    found = {f"r2_{r.code}": number(tables[0].cell(r, "r2")) for r in tables[0].rows}
    return _with_scalars(result, found)


@command(
    "estat reliability",
    minimum="estat rel",
    syntax="estat reliability [, groups relevel(level)]",
    help="Reliability of the random effects: the mean over the groups, or each group.",
    effects=Effect.ABOUT_FIT | Effect.RETURNS,
)
def estat_reliability(session: Session, parsed: ParsedCommand) -> CommandResult:
    fit = current_fit(session, parsed)
    from terrace.postestimation.variance.reliability import reliability_groups_table, reliability_table

    options = parsed.options(rules("gr:oups", "relev:el"))
    table = reliability_table(fit)
    result = kept_rows(session, (table,))
    means = [table.cell(r, "mean") for r in table.rows]
    found = {f"mean_{k}": number(v) for k, v in enumerate(means, 1) if isinstance(v, float)}
    if "groups" in options or "relevel" in options:
        level: Piece | None = argument(options["relevel"]) if "relevel" in options else None
        groups = reliability_groups_table(fit, fit_rows(session, fit).data, None if level is None else str(level))
        result = kept_rows(session, (table, groups))
    return _with_scalars(result, found)


def _with_scalars(result: CommandResult, scalars: dict[str, float]) -> CommandResult:
    from dataclasses import replace

    from terrace.session.state import Returned

    assert result.state is not None
    return replace(result, state=replace(result.state, returned=Returned(scalars)))
