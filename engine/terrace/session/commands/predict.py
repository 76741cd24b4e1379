"""New variables from a fit: ``predict``."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from terrace.data.dataset import Variable
from terrace.language.command import ParsedCommand
from terrace.language.mixed_options import argument, excluding
from terrace.language.names import parse_new_names
from terrace.language.options import Option, rules
from terrace.language.tokens import Piece, words
from terrace.session.commands.estimation import current_fit
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
