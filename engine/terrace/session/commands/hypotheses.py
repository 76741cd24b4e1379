"""Tests and combinations of coefficients: ``test``, ``testparm``, ``lincom``, ``nlcom``."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from terrace.language.command import ParsedCommand
from terrace.language.mixed_options import excluding, number
from terrace.language.options import Option, choice, rules
from terrace.language.tokens import Piece, split
from terrace.results.fit import FitResult
from terrace.results.table import Table
from terrace.session.commands.estimation import current_fit
from terrace.session.registry import command
from terrace.session.session import Session
from terrace.session.state import CommandResult, Returned

if TYPE_CHECKING:
    from terrace.postestimation.linear import Linear


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
    """t and F instead of z and chi2: where ``small`` or ``df()`` asks for them, and always after ``regress``."""
    return "small" in options or "df" in options or fit.macros.get("cmd") == "regress"


def with_own_df(fit: FitResult, options: dict[str, Option]) -> FitResult:
    """The fit with the degrees of freedom of ``df(#)``, or as it is without that option."""
    if "df" not in options:
        return fit
    from terrace.postestimation.combinations import with_df

    excluding(options, ("df", "small"))
    return with_df(fit, number(options["df"]))


def _body(parsed: ParsedCommand) -> Piece:
    return split(parsed.arguments, ",")[0].strip()


@command(
    "test",
    minimum="te",
    syntax="test coefficients | a = b | (a = b) (c = 0) [, small df(#) mtest(bonferroni|holm|sidak|none) accumulate "
    "notest]",
    help="Wald test of linear hypotheses; small uses the fitted degrees of freedom, accumulate adds to the last test.",
)
def test(session: Session, parsed: ParsedCommand) -> CommandResult:
    from terrace.postestimation.hypotheses import hypotheses, test_table

    given = spoken_of(session, parsed)
    options = parsed.options(rules("small a:ccumulate notest", "df", "m:test"))
    fit = with_own_df(given, options)
    before: tuple[Linear, ...] = ()
    if "accumulate" in options:
        if session.state.tested is None or session.state.tested[0] is not given:
            raise options["accumulate"].piece.error(
                "There is no test of this model to add to.", code="no-test", advice="Test something first."
            )
        before = session.state.tested[1]
    mtest = None
    if "mtest" in options:
        o = options["mtest"]
        asked = o.value or "none"
        mtest = choice(o.argument or o.piece, asked, "b:onferroni h:olm s:idak none", "an adjustment")
    table = test_table(fit, _body(parsed), small=by_t(fit, options), mtest=mtest, before=before)  # type: ignore[arg-type]
    kept = (given, (*before, *hypotheses(given, _body(parsed))))
    if "notest" in options:
        return CommandResult(text="\n".join(table.notes), state=replace(session.state, tested=kept))
    result = tested(session, table)
    assert result.state is not None
    return replace(result, state=replace(result.state, tested=kept))


@command(
    "testnl",
    syntax="testnl expression = expression | (a = b) (c = d) [, small df(#)]",
    help="Wald test of nonlinear equations in the parameters, by the delta method.",
)
def testnl(session: Session, parsed: ParsedCommand) -> CommandResult:
    from terrace.postestimation.hypotheses import testnl_table

    fit = spoken_of(session, parsed)
    options = parsed.options(rules("small", "df"))
    fit = with_own_df(fit, options)
    return tested(session, testnl_table(fit, _body(parsed), small=by_t(fit, options), scalars=_scalars(session)))


@command(
    "testparm",
    syntax="testparm terms [, equal small df(#)]",
    help="Wald test that all coefficients of these terms are zero, or equal.",
)
def testparm(session: Session, parsed: ParsedCommand) -> CommandResult:
    from terrace.postestimation.hypotheses import testparm_table

    fit = spoken_of(session, parsed)
    options = parsed.options(rules("small e:qual", "df"))
    fit = with_own_df(fit, options)
    table = testparm_table(fit, _body(parsed), equal="equal" in options, small=by_t(fit, options))
    return tested(session, table)


@command(
    "lincom",
    syntax="lincom expression [, eform small df(#) level(#)]",
    help="Estimate a linear combination of coefficients.",
)
def lincom(session: Session, parsed: ParsedCommand) -> CommandResult:
    from terrace.postestimation.hypotheses import lincom_table

    fit = spoken_of(session, parsed)
    options = parsed.options(rules("small ef:orm", "l:evel df"))
    fit = with_own_df(fit, options)
    level, eform = level_of(options, session), "eform" in options
    table = lincom_table(fit, _body(parsed), level=level, small=by_t(fit, options), eform=eform)
    return tested(session, table)


@command(
    "nlcom",
    syntax="nlcom expression | (name: expression) ... [, small df(#) level(#) post]",
    help="Estimate nonlinear functions of the parameters by the delta method; post lets tests speak of them.",
)
def nlcom(session: Session, parsed: ParsedCommand) -> CommandResult:
    from terrace.postestimation.hypotheses import nlcom_table

    active = current_fit(session, parsed)
    fit = spoken_of(session, parsed)
    options = parsed.options(rules("small post", "l:evel df"))
    fit = with_own_df(fit, options)
    level, small, scalars = level_of(options, session), by_t(fit, options), _scalars(session)
    table = nlcom_table(fit, _body(parsed), level=level, small=small, scalars=scalars)
    result = tested(session, table)
    if "post" not in options:
        return result
    from terrace.postestimation.hypotheses import combinations_of
    from terrace.postestimation.nonlinear import joint_estimates, nonlinear_estimates
    from terrace.postestimation.posted import as_estimates

    found = combinations_of(fit, _body(parsed))
    pieces = [p for _, p in found]
    values, vcov = joint_estimates(fit, pieces, small=small, scalars=scalars)
    estimates = nonlinear_estimates(fit, pieces, level=level, small=small, scalars=scalars)
    kept = as_estimates(fit, [n for n, _ in found], values, vcov, estimates)
    assert result.state is not None
    return replace(result, state=replace(result.state, posted=(active, kept)))


def _scalars(session: Session) -> dict[str, float]:
    """The numbers that were defined by name."""
    return {k: float(v) for k, v in session.state.scalars.items() if isinstance(v, int | float)}
