"""Tests and combinations of coefficients: ``test``, ``testparm``, ``lincom``, ``nlcom``."""

from __future__ import annotations

from dataclasses import replace

from terrace.language.command import ParsedCommand
from terrace.language.mixed_options import number
from terrace.language.options import Option, choice, rules
from terrace.language.tokens import Piece, split
from terrace.results.fit import FitResult
from terrace.results.table import Table
from terrace.session.commands.estimation import current_fit
from terrace.session.registry import command
from terrace.session.session import Session
from terrace.session.state import CommandResult, Returned


def tested(session: Session, table: Table) -> CommandResult:
    """The result of a test, whose last row is left in r() under the keys of the columns."""
    scalars = {
        c.key: float(v)
        for c, v in zip(table.columns, table.rows[-1].values)
        if isinstance(v, int | float) and c.format != "interval"
    }
    return CommandResult(tables=(table,), state=replace(session.state, returned=Returned(scalars)))


def spoken_of(session: Session, parsed: ParsedCommand) -> FitResult:
    """The estimates that tests and combinations are about: the active fit, or the margins posted from it."""
    fit = current_fit(session, parsed)
    posted = session.state.posted
    return posted[1] if posted is not None and posted[0] is fit else fit


def level_of(options: dict[str, Option], session: Session) -> float:
    """The level of ``level()``, or that of the session's settings."""
    return number(options["level"]) if "level" in options else session.state.settings.level


def by_t(fit: FitResult, options: dict[str, Option]) -> bool:
    """t and F instead of z and chi2: where ``small`` asks for them, and always after ``regress``."""
    return "small" in options or fit.macros.get("cmd") == "regress"


def _body(parsed: ParsedCommand) -> Piece:
    return split(parsed.arguments, ",")[0].strip()


@command(
    "test",
    minimum="te",
    syntax="test coefficients | a = b | (a = b) (c = 0) [, small mtest(bonferroni|holm|sidak|none)]",
    help="Wald test of linear hypotheses; small uses the fitted degrees of freedom.",
)
def test(session: Session, parsed: ParsedCommand) -> CommandResult:
    from terrace.postestimation.hypotheses import test_table

    fit = spoken_of(session, parsed)
    options = parsed.options(rules("small", "", "m:test"))
    mtest = None
    if "mtest" in options:
        o = options["mtest"]
        given = o.value or "none"
        mtest = choice(o.argument or o.piece, given, "b:onferroni h:olm s:idak none", "an adjustment")
    table = test_table(fit, _body(parsed), small=by_t(fit, options), mtest=mtest)  # type: ignore[arg-type]
    return tested(session, table)


@command(
    "testparm",
    syntax="testparm terms [, equal small]",
    help="Wald test that all coefficients of these terms are zero, or equal.",
)
def testparm(session: Session, parsed: ParsedCommand) -> CommandResult:
    from terrace.postestimation.hypotheses import testparm_table

    fit = spoken_of(session, parsed)
    options = parsed.options(rules("small e:qual"))
    table = testparm_table(fit, _body(parsed), equal="equal" in options, small=by_t(fit, options))
    return tested(session, table)


@command(
    "lincom",
    syntax="lincom expression [, small level(#)]",
    help="Estimate a linear combination of coefficients.",
)
def lincom(session: Session, parsed: ParsedCommand) -> CommandResult:
    from terrace.postestimation.hypotheses import lincom_table

    fit = spoken_of(session, parsed)
    options = parsed.options(rules("small", "l:evel"))
    table = lincom_table(fit, _body(parsed), level=level_of(options, session), small=by_t(fit, options))
    return tested(session, table)


@command(
    "nlcom",
    syntax="nlcom expression | (name: expression) ... [, small level(#)]",
    help="Estimate nonlinear functions of the parameters by the delta method.",
)
def nlcom(session: Session, parsed: ParsedCommand) -> CommandResult:
    from terrace.postestimation.hypotheses import nlcom_table

    fit = spoken_of(session, parsed)
    options = parsed.options(rules("small", "l:evel"))
    scalars = {k: float(v) for k, v in session.state.scalars.items() if isinstance(v, int | float)}
    table = nlcom_table(fit, _body(parsed), level=level_of(options, session), small=by_t(fit, options), scalars=scalars)
    return tested(session, table)
