"""Tests and combinations of coefficients: ``test``, ``testparm``, ``lincom``, ``nlcom``."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from terrace.language.grammar.command import ParsedCommand
from terrace.language.grammar.options import choice, members, rules
from terrace.language.grammar.tokens import Piece, split
from terrace.results.table import Table
from terrace.session.commands.helpers.asking import level_of, tested
from terrace.session.commands.helpers.fits import current_fit
from terrace.session.commands.helpers.small import by_t, df_r, spoken_of, tells_of_small, with_own_df
from terrace.session.effects import Effect
from terrace.session.registry import command
from terrace.session.returned.tables import number, r_table, square, vector
from terrace.session.session import Session
from terrace.session.state import CommandResult, Matrix, Returned

if TYPE_CHECKING:
    from terrace.postestimation.tests.linear import Linear


def _test_result(
    session: Session, table: Table, found: Sequence[Linear], mtest: str | None = None
) -> CommandResult:
    """The result of a Wald test of linear hypotheses, with what was dropped of them and each by itself."""
    from terrace.postestimation.tests.combinations import follows

    dropped = follows(np.array([h.row for h in found]))
    scalars = {"drop": float(bool(dropped)), **{f"dropped_{i}": k + 1.0 for i, k in enumerate(dropped, start=1)}}
    if mtest is None:
        return tested(session, table, scalars)
    single = [r for r in table.rows if r.kind != "total"]
    kept = [k for k, c in enumerate(table.columns) if c.key != "ddf"]
    names = tuple({"p_adjusted": "adjustp"}.get(table.columns[k].key, table.columns[k].key) for k in kept)
    values = np.array([[number(r.values[k]) for k in kept] for r in single])
    each = Matrix(values, tuple(f"r{k + 1}" for k in range(len(single))), names)
    return tested(session, table, scalars, macros={"mtmethod": mtest}, matrices={"mtest": each})


def _body(parsed: ParsedCommand) -> Piece:
    return split(parsed.arguments, ",")[0].strip()


@command(
    "test",
    minimum="te",
    syntax="test coefficients | a = b | (a = b) (c = 0) [, small df(#) mtest(bonferroni|holm|sidak|none) accumulate "
    "notest]",
    help="Wald test of linear hypotheses; small uses the fitted degrees of freedom, accumulate adds to the last test.",
    effects=Effect.ABOUT_FIT | Effect.RETURNS,
)
@tells_of_small
def test(session: Session, parsed: ParsedCommand) -> CommandResult:
    from terrace.postestimation.tests.hypotheses import Mtest, hypotheses, test_table

    given = spoken_of(session, parsed)
    options = parsed.options(rules("small a:ccumulate notest", "df", "m:test"))
    fit = with_own_df(given, options)
    before: tuple[Linear, ...] = ()
    if "accumulate" in options:
        if session.state.tested is None or session.state.tested[0] is not given:
            raise options["accumulate"].piece.error(
                "There is no test of this model to add to.", code="no-test", advice="Run a test first."
            )
        before = session.state.tested[1]
    kinds: dict[str, Mtest] = members(Mtest)
    mtest: Mtest | None = None
    if "mtest" in options:
        o = options["mtest"]
        asked = o.value or "none"
        named = choice(o.argument or o.piece, asked, "b:onferroni h:olm s:idak none", "an adjustment")
        mtest = kinds[named]
    table = test_table(fit, _body(parsed), small=by_t(fit, options), mtest=mtest, before=before)
    every = (*before, *hypotheses(given, _body(parsed)))
    kept = (given, every)
    result = _test_result(session, table, every, mtest)
    assert result.state is not None
    state = replace(result.state, tested=kept)
    if "notest" in options:
        return CommandResult(text="\n".join(table.notes), state=state)
    return replace(result, state=state)


@command(
    "testnl",
    syntax="testnl expression = expression | (a = b) (c = d) [, small df(#)]",
    help="Wald test of nonlinear equations in the parameters, by the delta method.",
    effects=Effect.ABOUT_FIT | Effect.RETURNS,
)
@tells_of_small
def testnl(session: Session, parsed: ParsedCommand) -> CommandResult:
    from terrace.postestimation.tests.hypotheses import testnl_table

    fit = spoken_of(session, parsed)
    options = parsed.options(rules("small", "df"))
    fit = with_own_df(fit, options)
    return tested(session, testnl_table(fit, _body(parsed), small=by_t(fit, options), scalars=_scalars(session)))


@command(
    "testparm",
    syntax="testparm terms [, equal small df(#)]",
    help="Wald test that all coefficients of these terms are zero, or equal.",
    effects=Effect.ABOUT_FIT | Effect.RETURNS,
)
@tells_of_small
def testparm(session: Session, parsed: ParsedCommand) -> CommandResult:
    from terrace.postestimation.tests.hypotheses import hypotheses_of_terms, testparm_table

    fit = spoken_of(session, parsed)
    options = parsed.options(rules("small e:qual", "df"))
    fit = with_own_df(fit, options)
    equal = "equal" in options
    table = testparm_table(fit, _body(parsed), equal=equal, small=by_t(fit, options))
    return _test_result(session, table, hypotheses_of_terms(fit, _body(parsed), equal=equal))


@command(
    "lincom",
    syntax="lincom expression [, eform small df(#) level(#)]",
    help="Estimate a linear combination of coefficients.",
    effects=Effect.ABOUT_FIT | Effect.RETURNS,
)
@tells_of_small
def lincom(session: Session, parsed: ParsedCommand) -> CommandResult:
    from terrace.postestimation.tests.hypotheses import lincom_table

    fit = spoken_of(session, parsed)
    options = parsed.options(rules("small ef:orm", "l:evel df"))
    fit = with_own_df(fit, options)
    level, eform = level_of(options, session), "eform" in options
    table = lincom_table(fit, _body(parsed), level=level, small=by_t(fit, options), eform=eform)
    cells = dict(zip((c.key for c in table.columns), table.rows[0].values))
    interval = cells["ci"]
    ends = interval if isinstance(interval, tuple) else (None, None)
    found = {
        "estimate": cells["estimate"], "se": cells["se"], "t" if "df" in cells else "z": cells["stat"],
        "p": cells["p"], "df": cells.get("df"), "lb": ends[0], "ub": ends[1], "level": level,
    }  # fmt: skip
    returned = Returned({k: float(v) for k, v in found.items() if isinstance(v, int | float)})
    return CommandResult(tables=(table,), state=replace(session.state, returned=returned))


@command(
    "nlcom",
    syntax="nlcom expression | (name: expression) ... [, small df(#) level(#) post]",
    help="Estimate nonlinear functions of the parameters by the delta method; post lets you test them.",
    effects=Effect.ABOUT_FIT | Effect.RETURNS,
)
@tells_of_small
def nlcom(session: Session, parsed: ParsedCommand) -> CommandResult:
    from terrace.postestimation.tests.hypotheses import nlcom_table

    active = current_fit(session, parsed)
    fit = spoken_of(session, parsed)
    options = parsed.options(rules("small post", "l:evel df"))
    fit = with_own_df(fit, options)
    level, small, scalars = level_of(options, session), by_t(fit, options), _scalars(session)
    table = nlcom_table(fit, _body(parsed), level=level, small=small, scalars=scalars)
    from terrace.postestimation.tests.combinations import by_t as tells_t
    from terrace.postestimation.tests.hypotheses import combinations_of
    from terrace.postestimation.tests.nonlinear import joint_estimates, nonlinear_estimates

    found = combinations_of(fit, _body(parsed))
    pieces, names = [p for _, p in found], [n for n, _ in found]
    values, vcov = joint_estimates(fit, pieces, small=small, scalars=scalars)
    estimates = nonlinear_estimates(fit, pieces, level=level, small=small, scalars=scalars)
    returned = Returned(
        {"N": number(fit.scalars["N"]), "level": level, **df_r(fit, options)},
        {},
        {"b": vector(values, names), "V": square(vcov, names),
         "table": r_table(names, estimates, level, by_t=tells_t(estimates, small))},
    )  # fmt: skip
    state = replace(session.state, returned=returned)
    if "post" in options:
        from terrace.postestimation.margins.posted import as_estimates

        state = replace(state, posted=(active, as_estimates(fit, names, values, vcov, estimates)))
    return CommandResult(tables=(table,), state=state)


def _scalars(session: Session) -> dict[str, float]:
    """The numbers that were defined by name."""
    return {k: float(v) for k, v in session.state.scalars.items() if isinstance(v, int | float)}
