"""The parts of a fit in tables: ``estat icc``, ``estat sd``, ``estat recovariance`` and others."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import Literal

from terrace.language.grammar.command import ParsedCommand
from terrace.language.grammar.names import Names
from terrace.language.grammar.options import Option, choice, match_options, rules
from terrace.language.grammar.tokens import Piece, split, unquoted, words
from terrace.language.mixed_options import argument, excluding, number, read_format
from terrace.results.table import Table
from terrace.session.commands.helpers.asking import level_of
from terrace.session.commands.helpers.fits import active_name, current_fit
from terrace.session.effects import Effect
from terrace.session.fit_rows import fit_rows
from terrace.session.registry import command
from terrace.session.returned.estat import (
    criteria_returned,
    df_returned,
    icc_returned,
    recovariance_returned,
    sd_returned,
    summary_returned,
    vce_returned,
    wcorrelation_returned,
)
from terrace.session.session import Session
from terrace.session.state import CommandResult, Returned
from terrace.spec.model import DfInformation

_METHODS = "res:idual rep:eated an:ova sat:terthwaite kr:oger"


def _stored(session: Session, table: Table, returned: Returned) -> CommandResult:
    return CommandResult(tables=(table,), state=replace(session.state, returned=returned))


def _no_body(parsed: ParsedCommand) -> None:
    """`CommandError` where something stands before the comma."""
    if parsed.clauses.body:
        raise parsed.clauses.body.error(f"{parsed.name} takes only options.", code="syntax")


def _text(option: Option | None) -> str | None:
    return None if option is None else str(argument(option))


@command(
    "estat icc",
    syntax="estat icc [, level(#)]",
    help="Intraclass correlation at each level.",
    effects=Effect.ABOUT_FIT | Effect.RETURNS,
)
def estat_icc(session: Session, parsed: ParsedCommand) -> CommandResult:
    fit = current_fit(session, parsed)
    from terrace.postestimation.variance.icc import icc_table

    options = parsed.options(rules("", "l:evel"))
    level = level_of(options, session)
    return _stored(session, icc_table(fit, level=level), icc_returned(fit, level))


@command(
    "estat group",
    minimum="estat gr",
    syntax="estat group",
    help="Groups at each level, and their sizes.",
    effects=Effect.ABOUT_FIT | Effect.RETURNS,
)
def estat_group(session: Session, parsed: ParsedCommand) -> CommandResult:
    fit = current_fit(session, parsed)
    from terrace.postestimation.variance.parts import group_table

    parsed.nothing_else()
    return CommandResult(tables=(group_table(fit),))


@command(
    "estat ic",
    syntax="estat ic [, n(#) all]",
    help="Log likelihood, AIC and BIC; all adds AICc and CAIC.",
    effects=Effect.ABOUT_FIT | Effect.RETURNS,
)
def estat_ic(session: Session, parsed: ParsedCommand) -> CommandResult:
    fit = current_fit(session, parsed)
    from terrace.postestimation.variance.parts import ic_table

    options = parsed.options(rules("all", "n"))
    _no_body(parsed)
    n = number(options["n"]) if "n" in options else None
    table = ic_table(fit, active_name(session), n=n, more="all" in options)
    return _stored(session, table, criteria_returned(table))


@command(
    "estat sd",
    syntax="estat sd [, variance level(#) post verbose]",
    help="The random part as standard deviations and correlations, or as variances; verbose adds the fixed part.",
    effects=Effect.ABOUT_FIT | Effect.RETURNS,
)
def estat_sd(session: Session, parsed: ParsedCommand) -> CommandResult:
    fit = current_fit(session, parsed)
    from terrace.postestimation.variance.parts import sd_table

    options = parsed.options(rules("var:iance verb:ose post coefl:egend", "l:evel"))
    _no_body(parsed)
    metric: Literal["sd", "variance"] = "variance" if "variance" in options else "sd"
    level = level_of(options, session)
    table = sd_table(fit, level=level, metric=metric)
    if {"post", "coeflegend"} & set(options):  # there is nothing to post: nlcom knows them in any case
        named = fit.random_sd if metric == "sd" else fit.random
        names = [f"_b[{r.name}]" if r.level == "Residual" else f"_b[{r.level}:{r.name}]" for r in named]
        table = replace(table, notes=(*table.notes, f"nlcom and testnl can use {', '.join(names)}."))
    result = _stored(session, table, sd_returned(fit, level, metric))
    return replace(result, tables=(*fit.tables()[:1], table)) if "verbose" in options else result


@command(
    "estat recovariance",
    minimum="estat recov",
    syntax="estat recovariance [, correlation relevel(level) format(%fmt)]",
    help="Covariance matrix of the random effects.",
    effects=Effect.ABOUT_FIT | Effect.RETURNS,
)
def estat_recovariance(session: Session, parsed: ParsedCommand) -> CommandResult:
    fit = current_fit(session, parsed)
    from terrace.postestimation.variance.parts import recovariance_table

    options = parsed.options(rules("corr:elation", "relev:el l:evel f:ormat"))
    _no_body(parsed)
    level = excluding(options, ("relevel", "level"))
    relevel = None if level is None else _text(options[level])
    correlation = "correlation" in options
    table = recovariance_table(fit, correlation, relevel, _format(options))
    return _stored(session, table, recovariance_returned(fit, correlation, relevel))


def _format(options: dict[str, Option]) -> str:
    """The display format of ``format()``; empty without it."""
    return read_format(options["format"]) if "format" in options else ""


@command(
    "estat vce",
    syntax="estat vce [, correlation covariance all equation(names [\\ names]) block diag format(%fmt)]",
    help="Covariance matrix of the coefficients; all, equation(), block and diag add the covariance parameters.",
    effects=Effect.ABOUT_FIT | Effect.RETURNS,
)
def estat_vce(session: Session, parsed: ParsedCommand) -> CommandResult:
    fit = current_fit(session, parsed)
    from terrace.postestimation.variance.vce import vce_blocks, vce_table

    options = parsed.options(rules("cov:ariance c:orrelation all bl:ock d:iag", "eq:uation f:ormat"))
    _no_body(parsed)
    correlation = excluding(options, ("covariance", "correlation")) == "correlation"
    display = _format(options)
    if not {"equation", "block", "diag"} & set(options):
        table = vce_table(fit, correlation, "all" in options, display)
        return _stored(session, table, vce_returned(fit, correlation))
    rows, columns = _equations(options.get("equation"))
    blocks, diagonal = "block" in options, "diag" in options
    tables = vce_blocks(
        fit, rows, columns, correlation=correlation, blocks=blocks, diagonal=diagonal, display=display
    )
    return replace(_stored(session, tables[0], vce_returned(fit, correlation)), tables=tables)


def _equations(option: Option | None) -> tuple[list[str], list[str]]:
    """``a b \\ c``: the equations in rows and in columns; one list stands for both."""
    if option is None:
        return [], []
    parts = split(argument(option), "\\")
    if len(parts) > 2:
        raise option.piece.error("equation() takes one list, or two separated by \\.", code="syntax")
    both = [[str(w).rstrip(":") for w in words(p)] for p in parts]
    return both[0], both[1] if len(both) > 1 else []


@command(
    "estat summarize",
    minimum="estat su",
    syntax="estat summarize [variables] [, labels]",
    help="Summary of the estimation sample.",
    effects=Effect.ABOUT_FIT | Effect.RETURNS,
)
def estat_summarize(session: Session, parsed: ParsedCommand) -> CommandResult:
    fit = current_fit(session, parsed)
    from terrace.postestimation.variance.parts import summarize_table

    options = parsed.options(rules("lab:els", already="nohea:der nowei:ghts"))
    names = parsed.variables(session.data.names) if parsed.clauses.body else ()
    table = summarize_table(fit, fit_rows(session, fit).data, names, labels="labels" in options)
    return _stored(session, table, summary_returned(table))


@command(
    "estat df",
    syntax="estat df [, method(residual repeated anova satterthwaite kroger) eim oim post]",
    help="Degrees of freedom of each coefficient, by one or more methods. post sets the first of them for the fit.",
    effects=Effect.ABOUT_FIT | Effect.RETURNS,
)
def estat_df(session: Session, parsed: ParsedCommand) -> CommandResult:
    fit = current_fit(session, parsed)
    from terrace.postestimation.variance.parts import df_table

    options = parsed.options(rules("eim oim post", "m:ethod"))
    _no_body(parsed)
    excluding(options, ("eim", "oim"))
    methods: list[str] = []
    information: DfInformation = "oim" if "oim" in options else "eim"
    if "method" in options:
        parts = split(argument(options["method"]), ",")
        methods = [choice(w, str(w), _METHODS, "a DF method") for w in words(parts[0])]
        if len(parts) > 1 and "oim" in match_options(parts[1], rules("eim oim"), "method()"):
            information = "oim"
    table = df_table(fit, methods, information)
    returned = df_returned(fit, table, information)
    if "post" not in options:
        return _stored(session, table, returned)
    from terrace.postestimation.variance.parts import with_method

    posted = with_method(fit, fit_rows(session, fit).data, table.columns[0].key, information)
    origins = dict(session.state.origins)
    if (origin := origins.get(fit.identity)) is not None:
        origins[posted.identity] = replace(origin, model=posted.held)
    state = replace(session.state, fit=posted, origins=origins, posted=None, returned=returned)
    note = "mixed now shows the fit with these degrees of freedom, and small uses them."
    return CommandResult(tables=(replace(table, notes=(*table.notes, note)),), state=state)


@command(
    "estat wcorrelation",
    minimum="estat wcor",
    syntax="estat wcorrelation [, at(level=value ...) all covariance correlation sd list nosort format(%fmt)]",
    help="Standard deviations and correlations of the outcome within one group.",
    effects=Effect.ABOUT_FIT | Effect.RETURNS,
)
def estat_wcorrelation(session: Session, parsed: ParsedCommand) -> CommandResult:
    fit = current_fit(session, parsed)
    from terrace.postestimation.variance.wcorrelation import wcorrelation_table

    options = parsed.options(rules("cov:ariance corr:elation sd list all nosort", "at f:ormat"))
    _no_body(parsed)
    excluding(options, ("covariance", "correlation"))
    excluding(options, ("covariance", "sd"))
    excluding(options, ("at", "all"))
    at = _group(argument(options["at"]), session.data.names) if "at" in options else None
    data = fit_rows(session, fit).data
    every, ordered = "all" in options, "nosort" not in options
    some = {"sd", "correlation"} & set(options)
    table = wcorrelation_table(
        fit, data, at=at, covariance="covariance" in options, sd=not some or "sd" in some,
        correlation=not some or "correlation" in some, every=every, ordered=ordered, display=_format(options),
    )  # fmt: skip
    result = _stored(session, table, wcorrelation_returned(fit, data, at, every, ordered))
    if "list" not in options:
        return result
    from terrace.postestimation.variance.wcorrelation import cluster_table

    return replace(result, tables=(table, cluster_table(fit, data, at, every, ordered)))


_SETTING = re.compile(r"[\s,;]*(\w+)\s*=\s*(`\".*?\"'|\"[^\"]*\"|[^\s,;]+)[\s,;]*")


def _group(piece: Piece, names: tuple[str, ...]) -> dict[str, float | str]:
    """``region=1 state="Ohio"``: one value a level; blanks around =, and commas or semicolons between, as one likes."""
    out: dict[str, float | str] = {}
    known = Names(names)
    i = piece.start
    while piece.after(i).strip():
        found = _SETTING.match(piece.source, i, piece.end)
        if not found:
            raise piece.after(i).error("at() takes level=value.", code="at", advice="Example: at(region=1 state=2).")
        name = known.one(piece.at(*found.span(1)))
        try:
            out[name] = float(found[2])
        except ValueError:
            out[name] = unquoted(piece.at(*found.span(2)))
        i = found.end()
    return out


