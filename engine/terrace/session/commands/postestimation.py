"""What follows a fit: ``predict``, ``estat ...``, ``lrtest``."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from terrace.data.dataset import Variable
from terrace.language.command import ParsedCommand
from terrace.language.mixed_options import argument, excluding
from terrace.language.names import parse_new_names
from terrace.language.options import Option, rules
from terrace.language.tokens import Piece, words
from terrace.results.table import Table
from terrace.session.commands.estimation import current_fit
from terrace.session.commands.hypotheses import level_of, tested
from terrace.session.commands.stored import named_fit
from terrace.session.registry import command
from terrace.session.rows import selected
from terrace.session.session import Session
from terrace.session.state import CommandResult

_STATISTICS = ("xb", "stdp", "fitted", "residuals", "rstandard", "reffects", "scores")
_TYPES = ("double", "float", "byte", "int", "long")


# --- predict ----------------------------------------------------------------------------------------------
@command(
    "predict",
    minimum="predict",
    syntax="predict NAMES [if] [in] [, xb|stdp|fitted|residuals|rstandard|reffects relevel(level) reses(NAMES)]",
    help="Put predictions of the fit into new variables.",
)
def predict(session: Session, parsed: ParsedCommand) -> CommandResult:
    from terrace.postestimation import predict as predictions

    fit = current_fit(session, parsed)
    options = parsed.options(rules("xb stdp fit:ted res:iduals rsta:ndard ref:fects sc:ores", "relev:el reses"))
    data = session.data
    statistic = excluding(options, _STATISTICS) or "xb"
    errors = options.get("reses")
    if errors is not None and statistic != "reffects":
        if excluding(options, _STATISTICS):
            raise errors.piece.error(
                "reses() goes with reffects.", code="misplaced-option", subject="reses", advice="Add reffects."
            )
        statistic = "reffects"
    columns = predictions.predict(
        fit,
        data,
        statistic,
        relevel=_level(options.get("relevel")),
        reses=errors is not None,
    )
    half = len(columns) // 2 if errors is not None else len(columns)
    names = _new_names(_without_type(parsed.clauses.body), half, parsed.word)
    if errors is not None:
        names += _new_names(argument(errors), len(columns) - half, errors.piece)
    keep = selected(session, parsed.clauses)
    for name, column in zip(names, columns):
        if name in data:
            raise parsed.clauses.body.error(
                f"The variable {name} exists already.",
                code="variable-exists",
                subject=name,
                advice="Choose another name.",
            )
        data = data.with_column(name, np.where(keep, column.values, np.nan), Variable(name, column.label))
    note = [] if _says_which(options) else ["(xb, the linear prediction of the fixed part)"]
    missing = [(n, int(np.isnan(data.numeric(n)).sum())) for n in names]
    note += [f"{n}: {count:,} missing values" for n, count in missing if count]
    return CommandResult(text="\n".join(note), state=replace(session.state, dataset=data))


def _says_which(options: dict[str, Option]) -> bool:
    return any(name in options for name in (*_STATISTICS, "reses"))


def _level(option: Option | None) -> str | None:
    return None if option is None else str(argument(option))


def _without_type(piece: Piece) -> Piece:
    """The names without a storage type in front, which has no meaning here."""
    first = words(piece)[:1]
    return piece.after(first[0].end).strip() if first and str(first[0]) in _TYPES else piece


def _new_names(piece: Piece, count: int, place: Piece) -> list[str]:
    """Names for `count` new variables: as many names, or ``stub*`` for stub1, stub2, ..."""
    text = str(piece).strip()
    if text.endswith("*") and text[:-1]:
        (stub,) = parse_new_names(piece.before(piece.start + len(str(piece).rstrip()) - 1)) or ("",)
        return [f"{stub}{k + 1}" for k in range(count)]
    names = list(parse_new_names(piece))
    if len(names) != count:
        need = "1 new variable" if count == 1 else f"{count} new variables"
        raise (piece if piece else place).error(
            f"This makes {need}, and {len(names)} names are given.",
            code="number-of-names",
            advice="Give as many names, or a stub: u* for u1, u2, ...",
        )
    return names


# --- estat ------------------------------------------------------------------------------------------------
def _one(table: Table) -> CommandResult:
    return CommandResult(tables=(table,))


@command(
    "estat icc",
    syntax="estat icc [, level(#)]",
    help="Intraclass correlation at each level.",
)
def estat_icc(session: Session, parsed: ParsedCommand) -> CommandResult:
    fit = current_fit(session, parsed)
    from terrace.postestimation.icc import icc_table

    options = parsed.options(rules("", "l:evel"))
    return _one(icc_table(fit, level=level_of(options, session)))


@command("estat group", minimum="estat gr", syntax="estat group", help="Groups at each level, and their sizes.")
def estat_group(session: Session, parsed: ParsedCommand) -> CommandResult:
    fit = current_fit(session, parsed)
    from terrace.postestimation.estat import group_table

    parsed.nothing_else()
    return _one(group_table(fit))


@command("estat ic", syntax="estat ic", help="Log likelihood, AIC and BIC.")
def estat_ic(session: Session, parsed: ParsedCommand) -> CommandResult:
    fit = current_fit(session, parsed)
    from terrace.postestimation.estat import ic_table

    parsed.nothing_else()
    return _one(ic_table(fit, "."))


@command(
    "estat sd",
    syntax="estat sd",
    help="The random part as standard deviations and correlations.",
)
def estat_sd(session: Session, parsed: ParsedCommand) -> CommandResult:
    fit = current_fit(session, parsed)
    from terrace.postestimation.estat import sd_table

    parsed.options(rules("var:iance", "l:evel"))
    return _one(sd_table(fit))


@command(
    "estat recovariance",
    minimum="estat recov",
    syntax="estat recovariance [, correlation]",
    help="Covariance matrix of the random effects.",
)
def estat_recovariance(session: Session, parsed: ParsedCommand) -> CommandResult:
    fit = current_fit(session, parsed)
    from terrace.postestimation.estat import recovariance_table

    options = parsed.options(rules("corr:elation", "relev:el"))
    return _one(recovariance_table(fit, correlation="correlation" in options))


@command("estat vce", syntax="estat vce [, correlation]", help="Covariance matrix of the estimates.")
def estat_vce(session: Session, parsed: ParsedCommand) -> CommandResult:
    fit = current_fit(session, parsed)
    from terrace.postestimation.estat import vce_table

    parsed.options(rules("c:orrelation"))
    return _one(vce_table(fit))


@command("estat summarize", minimum="estat su", syntax="estat summarize", help="Summary of the estimation sample.")
def estat_summarize(session: Session, parsed: ParsedCommand) -> CommandResult:
    fit = current_fit(session, parsed)
    from terrace.postestimation.estat import summarize_table

    parsed.nothing_else()
    return _one(summarize_table(fit, session.data))


# --- comparison -------------------------------------------------------------------------------------------
@command(
    "lrtest",
    minimum="lrt",
    syntax="lrtest A [B] [, force]",
    help="Likelihood-ratio test of two fits; . is the last one.",
)
def lrtest(session: Session, parsed: ParsedCommand) -> CommandResult:
    options = parsed.options(rules("force st:ats d:ir"))
    named = words(parsed.clauses.body)
    if not 1 <= len(named) <= 2:
        raise parsed.word.error(
            "lrtest compares two fits.", code="syntax", advice="Write lrtest A B, or lrtest A for A and the last."
        )
    name_a, fit_a = named_fit(session, parsed, named[0])
    name_b, fit_b = named_fit(session, parsed, named[1]) if len(named) > 1 else (".", current_fit(session, parsed))
    from terrace.postestimation.lrtest import lrtest_table

    return tested(session, lrtest_table(fit_a, fit_b, name_a, name_b, force="force" in options))
