"""Looking for trouble: ``estat diagnostics``, ``estat residuals``, ``estat acf``, ``estat influence``."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from terrace.data.dataset import Variable
from terrace.errors import CommandError
from terrace.language.grammar.command import ParsedCommand
from terrace.language.grammar.names import Names
from terrace.language.grammar.options import Option, choice, members, rules
from terrace.language.mixed_options import argument, excluding, number
from terrace.session.commands.helpers.asking import kept_rows, level_of
from terrace.session.commands.helpers.fits import current_fit
from terrace.session.commands.helpers.working import new_name
from terrace.session.effects import Effect
from terrace.session.fit_rows import fit_rows
from terrace.session.registry import command
from terrace.session.session import Session
from terrace.session.state import CommandResult, Returned


@command(
    "estat diagnostics",
    minimum="estat diag",
    syntax="estat diagnostics",
    help="A check list in plain words: what was checked, what was found, what to do.",
    effects=Effect.ABOUT_FIT | Effect.RETURNS,
)
def estat_diagnostics(session: Session, parsed: ParsedCommand) -> CommandResult:
    from terrace.postestimation.diagnose.checklist import checklist, checklist_table, checklist_text

    fit = current_fit(session, parsed)
    parsed.nothing_else()
    there = fit_rows(session, fit)
    session.report("Checking")
    found = checklist(fit, there.data, cancel=session.cancel)
    table = checklist_table(found)
    scalars = {"N_checks": float(len(found)), "N_found": float(sum(c.state != "good" for c in found))}
    text = f"{table.title}\n\n{checklist_text(found)}\n\n{' '.join(table.notes)}"
    return CommandResult(text=text, tables=(table,), state=replace(session.state, returned=Returned(scalars)))


@command(
    "estat residuals",
    minimum="estat res",
    syntax="estat residuals [variables] [, type(rstandard|residuals|marginal)]",
    help="Shape of the residuals and of the random effects at every level; plots against the variables named.",
    effects=Effect.ABOUT_FIT | Effect.RETURNS,
)
def estat_residuals(session: Session, parsed: ParsedCommand) -> CommandResult:
    from terrace.postestimation.diagnose.residual_checks import Kind, residual_covariate_plot, shapes, shapes_table

    fit = current_fit(session, parsed)
    options = parsed.options(rules("", "type"))
    kinds: dict[str, Kind] = members(Kind)
    kind: Kind = "rstandard"
    if "type" in options:
        allowed = "rsta:ndard res:iduals marg:inal"
        piece = argument(options["type"])
        kind = kinds[choice(piece, options["type"].value, allowed, "a kind of residual", subject="type")]
    there = fit_rows(session, fit)
    plots = tuple(
        residual_covariate_plot(fit, there.data, name, kind=kind)
        for name in parsed.variables(session.data.names)
    )
    result = kept_rows(session, (shapes_table(shapes(fit, there.data)),))
    return replace(result, plots=plots)


@command(
    "estat acf",
    syntax="estat acf [, time(variable) lags(#) level(#) noplot]",
    help="Autocorrelation of the residuals within groups, by lag.",
    effects=Effect.ABOUT_FIT | Effect.RETURNS,
)
def estat_acf(session: Session, parsed: ParsedCommand) -> CommandResult:
    from terrace.postestimation.diagnose.residual_checks import (
        autocorrelation,
        autocorrelation_plot,
        autocorrelation_table,
    )

    fit = current_fit(session, parsed)
    options = parsed.options(rules("noplot", "t:ime lag:s l:evel"))
    there = fit_rows(session, fit)
    found = autocorrelation(
        fit,
        there.data,
        Names(session.data.names).one(argument(options["time"])) if "time" in options else None,
        max_lag=int(number(options["lags"], integer=True, least=1)) if "lags" in options else None,
        level=level_of(options, session),
    )
    scalars = {f"acf{lag}": float(v) for lag, v in zip(found.lags, found.values) if lag and np.isfinite(v)}
    plots = () if "noplot" in options else (autocorrelation_plot(found),)
    state = replace(session.state, returned=Returned(scalars))
    return CommandResult(tables=(autocorrelation_table(found),), plots=plots, state=state)


@command(
    "estat influence",
    minimum="estat inf",
    syntax="estat influence [, relevel(level|observation) top(#) all refit dfbetas cooksd(NAME) noplot]",
    help="Influence of each group on the fixed effects: Cook's distance, and the coefficient it moves most.",
    effects=Effect.ABOUT_FIT | Effect.RETURNS,
)
def estat_influence(session: Session, parsed: ParsedCommand) -> CommandResult:
    from terrace.postestimation.diagnose.influence import dfbetas_plot, influence, influence_plot, influence_table

    fit = current_fit(session, parsed)
    options = parsed.options(rules("all refit dfb:etas noplot", "relev:el top cook:sd"))
    excluding(options, ("all", "top"))
    there = fit_rows(session, fit)
    level = _level(options.get("relevel"), session)
    found = influence(
        fit,
        there.data,
        level,
        refit="refit" in options,
        progress=session.progress,
        cancel=session.cancel,
    )
    top = 10 if "top" not in options else int(number(options["top"], integer=True, least=1))
    table = influence_table(found, None if "all" in options else top)
    scalars = {
        "N_g": float(len(found.groups)),
        "cutoff": found.cutoff,
        "max_cooksd": float(np.nanmax(found.cooks, initial=0.0)),
        "N_above": float((found.cooks > found.cutoff).sum()),
    }
    state = replace(session.state, returned=Returned(scalars))
    text, made = "", {}
    if "cooksd" in options:
        from terrace.postestimation.diagnose.influence import _groups

        name = new_name(argument(options["cooksd"]), session.data)
        codes = _groups(fit, session.data, level)[0]
        values = np.full(len(fit.sample), np.nan)
        values[fit.sample] = found.cooks[codes]
        label = f"Cook's distance of {found.level}"
        state = replace(state, dataset=session.data.with_column(name, there.spread(values), Variable(name, label)))
        made = {"made": [name]}  # which `refit` makes anew
    plots = [] if "noplot" in options else [influence_plot(found)]
    if "dfbetas" in options:
        plots.append(dfbetas_plot(found))
    most = [found.moves_most(g) for g in found.shown(None if "all" in options else top)]
    payload = {"moves_most": [None if k is None else found.names[k] for k in most], **made}  # the table has labels
    return CommandResult(text=text, tables=(table,), plots=tuple(plots), state=state, payload=payload)


def _level(option: Option | None, session: Session) -> str | None:
    """The level that is meant: a variable by its full name, or ``observation``."""
    if option is None:
        return None
    piece = argument(option)
    if str(piece) and "observation".startswith(str(piece)) and str(piece) not in session.data:
        return "observation"
    try:
        return Names(session.data.names).one(piece)
    except CommandError:
        return str(piece)


@command(
    "estat vif",
    syntax="estat vif [, uncentered]",
    help="Variance inflation factors of the predictors, after regress and for the fixed part of mixed.",
    effects=Effect.ABOUT_FIT | Effect.RETURNS,
)
def estat_vif(session: Session, parsed: ParsedCommand) -> CommandResult:
    from terrace.postestimation.diagnose.vif import inflation, vif_table

    fit = current_fit(session, parsed)
    options = parsed.options(rules("unc:entered"))
    if parsed.clauses.body:
        raise parsed.clauses.body.error("estat vif takes only options.", code="syntax")
    found = inflation(fit, uncentered="uncentered" in options)
    scalars = {f"vif_{k}": float(v) for k, v in enumerate(found.vif, start=1)}
    state = replace(session.state, returned=Returned({**scalars, "mean_vif": float(found.vif.mean())}))
    return CommandResult(tables=(vif_table(found),), state=state)
