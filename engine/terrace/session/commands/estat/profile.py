"""Intervals without large-sample theory: ``estat profile``, ``estat bootstrap``."""

from __future__ import annotations

from dataclasses import replace

from terrace.language.grammar.command import ParsedCommand
from terrace.language.grammar.options import Option, rules
from terrace.language.grammar.tokens import words
from terrace.language.mixed_options import excluding
from terrace.session.commands.helpers.asking import kept_rows, level_of
from terrace.session.commands.helpers.fits import current_fit
from terrace.session.commands.helpers.replications import REPS, reps_of, seed_of
from terrace.session.effects import Effect
from terrace.session.registry import command
from terrace.session.session import Session
from terrace.session.state import CommandResult, Returned

_POINTS = 8  # of each profile between the limits, so that its plot is smooth


def metric_of(options: dict[str, Option]) -> str | None:
    """``variance``, ``sd``, or None for that of the fit."""
    given = excluding(options, ("variance", "sd", "stddeviations"))
    return "sd" if given == "stddeviations" else given


@command(
    "estat profile",
    minimum="estat pro",
    syntax="estat profile [parameters] [, coefficients variance sd level(#) noplot]",
    help="Profile-likelihood intervals of the covariance parameters, or of coefficients (maximum likelihood).",
    effects=Effect.ABOUT_FIT | Effect.RETURNS,
)
def estat_profile(session: Session, parsed: ParsedCommand) -> CommandResult:
    from terrace.postestimation.variance.profile import profile, profile_plot, profile_table

    fit = current_fit(session, parsed)
    options = parsed.options(rules("coef:ficients var:iance sd std:deviations noplot", "l:evel"))
    names = [str(w) for w in words(parsed.clauses.body)] or None
    found = profile(
        fit,
        names,
        metric=metric_of(options),
        level=level_of(options, session),
        points=0 if "noplot" in options else _POINTS,
        coefficients="coefficients" in options,
        progress=session.progress,
        cancel=session.cancel,
    )
    result = kept_rows(session, (profile_table(found, fit),))
    return result if "noplot" in options else replace(result, plots=(profile_plot(found),))


@command(
    "estat bootstrap",
    minimum="estat boot",
    syntax=f"estat bootstrap [, reps(#) seed(#) variance sd level(#)]; {REPS} replications without reps()",
    help="Parametric bootstrap: bias, standard error and percentile interval of every parameter.",
    effects=Effect.ABOUT_FIT | Effect.RETURNS,
)
def estat_bootstrap(session: Session, parsed: ParsedCommand) -> CommandResult:
    from terrace.postestimation.resample.bootstrap import bootstrap, bootstrap_table

    fit = current_fit(session, parsed)
    if parsed.clauses.body:
        raise parsed.clauses.body.error("estat bootstrap takes only options.", code="syntax")
    options = parsed.options(rules("var:iance sd std:deviations", "r:eps se:ed l:evel"))
    found = bootstrap(
        fit,
        reps_of(options.get("reps")),
        seed=seed_of(options, session),
        progress=session.progress,
        cancel=session.cancel,
    )
    table = bootstrap_table(found, metric=metric_of(options), level=level_of(options, session))
    scalars = {"N_reps": float(len(found.beta)), "N_failed": float(found.failed), "seed": float(found.seed)}
    return CommandResult(tables=(table,), state=replace(session.state, returned=Returned(scalars)))
