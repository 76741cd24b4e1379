"""``margins``: average predictions and slopes."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import numpy.typing as npt

from terrace.data.dataset import Dataset
from terrace.language.command import ParsedCommand
from terrace.language.mixed_options import argument
from terrace.language.names import Names, parse_names
from terrace.language.numlist import parse_numlist
from terrace.language.options import Option, choice, match_options, rules, scan_options
from terrace.language.tokens import NAME, Piece, closing, skip_string, unquoted
from terrace.language.varlist import parse_terms
from terrace.results.fit import FitResult
from terrace.results.table import Column, Table
from terrace.session.commands.contrasts import mcompare_of
from terrace.session.commands.estimation import current_fit
from terrace.session.commands.hypotheses import by_t, level_of
from terrace.session.fit_rows import fit_rows
from terrace.session.registry import command
from terrace.session.rows import selected
from terrace.session.session import Session
from terrace.session.state import CommandResult, Matrix, Returned

_STATISTICS = "mean median min max zero base asbal:anced asobs:erved " + " ".join(f"p{k}" for k in range(1, 100))
_RULES = rules(
    "atmeans pwc:ompare post plot small noestimcheck vsquish noatlegend grand",
    "at dydx over l:evel m:compare predict vce",
    "asbal:anced",
)
_WORD = re.compile(r"[^\s()=,]+")

Setting = dict[str, list[float | str] | str]


@command(
    "margins",
    minimum="mar",
    syntax="margins [factors] [if] [in] [, at(x=(1/5) (mean) z) atmeans dydx(x) over(g) asbalanced[(factors)] "
    "pwcompare mcompare(tukey|...) post plot small level(#)]",
    help="Average predictions of the fixed part, at values that you set; or slopes.",
)
def margins(session: Session, parsed: ParsedCommand) -> CommandResult:
    fit = current_fit(session, parsed, rows=True)
    data, inside = _rows(session, fit, parsed)
    names = data.names
    given = scan_options(parsed.clauses.options)
    settings = [_at(argument(o), names) for o in given if o.name == "at"]  # the one option that may repeat
    options = match_options([o for o in given if o.name != "at"], _RULES, "margins")
    from terrace.postestimation.margins import margins as estimate
    from terrace.postestimation.margins_show import margins_plot, margins_table

    _check_kind(options)
    terms = parse_terms(parsed.clauses.body, names)
    if "dydx" in options and not any(not f.drop for t in fit.spec.fixed for f in t.factors):
        raise options["dydx"].piece.error("The model has no predictors, so it has no slopes.", code="no-predictors")
    found = estimate(
        fit,
        data,
        ["#".join(f.name for f in t.factors) for t in terms],
        at=settings,
        atmeans="atmeans" in options,
        dydx=_names(argument(options["dydx"]), names) if "dydx" in options else None,
        over=parse_names(argument(options["over"]), names) if "over" in options else None,
        asbalanced=_balanced(options, names),
        level=level_of(options, session),
        small=by_t(fit, options),
        pwcompare="pwcompare" in options,
        mcompare=mcompare_of(options),
        inside=inside,
    )
    returned = Returned(
        {"N": float(found.n), "level": found.level},
        {},
        {
            "b": Matrix(found.margins[None, :], ("y1",), found.labels),
            "V": Matrix(found.vcov, found.labels, found.labels),
        },
    )
    state = replace(session.state, returned=returned, margins=found, posted=None)
    plots = (margins_plot(replace(found, pairs=())),) if "plot" in options else ()
    if "post" not in options:
        return CommandResult(tables=(margins_table(found),), plots=plots, state=state)
    from terrace.postestimation.posted import posted

    margins_ = posted(fit, replace(found, pairs=()), data)
    table = _named(margins_table(replace(found, pairs=())), [e.term for e in margins_.fixed])
    return CommandResult(tables=(table,), plots=plots, state=replace(state, posted=(fit, margins_)))


def _rows(
    session: Session, fit: FitResult, parsed: ParsedCommand
) -> tuple[Dataset, npt.NDArray[np.bool_] | None]:
    """The data in the order of the fit, and the rows of the sample that if and in keep, None for all."""
    there = fit_rows(session, fit)
    clauses = parsed.clauses
    for piece in (clauses.weight.piece if clauses.weight is not None else None, clauses.using):
        if piece is not None:
            raise piece.error(
                "margins takes no weights of its own.",
                code="no-rows",
                subject="weights",
                advice="It averages with the weights of the fit.",
            )
    if clauses.condition is None and clauses.range_ is None:
        return there.data, None
    kept = selected(session, clauses).astype(np.float64)
    return there.data, there.gather(kept)[fit.sample] == 1.0


def _named(table: Table, names: list[str]) -> Table:
    """The table with the names that commands use in front, for what is written next."""
    column = Column("name", "Name", "text")
    found = iter(names)
    rows = tuple(r if r.kind == "group" else replace(r, values=(*r.values, next(found))) for r in table.rows)
    note = "test, lincom and nlcom speak of these margins by their names until the next fit or margins."
    return replace(table, columns=(*table.columns, column), rows=rows, notes=(*table.notes, note))


def _balanced(options: dict[str, Option], names: Sequence[str]) -> bool | list[str]:
    """Whether factors are averaged with equal weights, or which of them."""
    option = options.get("asbalanced")
    return option is not None and (option.argument is None or list(parse_names(argument(option), names)))


def _check_kind(options: dict[str, Option]) -> None:
    """`CommandError` for what margins of a mixed model do not have."""
    if "mcompare" in options and "pwcompare" not in options:
        raise options["mcompare"].piece.error(
            "mcompare() adjusts comparisons.", code="misplaced-option", subject="mcompare", advice="Add pwcompare."
        )
    if "pwcompare" in options and "post" in options:
        raise options["post"].piece.error(
            "post keeps the margins themselves.", code="options-exclude", subject="post", advice="Leave out pwcompare."
        )
    for name, allowed in (("predict", ("xb",)), ("vce", ("delta",))):
        if name in options and options[name].value not in allowed:
            raise options[name].piece.error(
                f"margins knows {name}({allowed[0]}) only.", code="bad-option-value", subject=name
            )


def _names(piece: Piece, names: Sequence[str]) -> list[str]:
    return ["*"] if str(piece) in ("*", "_all") else [f.name for t in parse_terms(piece, names) for f in t.factors]


def _at(piece: Piece, names: Sequence[str]) -> Setting:
    """``x=(1/5) z=2 (mean) w v``: what each variable is set to."""
    known = Names(names)
    out: Setting = {}
    statistic = ""
    source, i = piece.source, piece.start
    while i < piece.end:
        if source[i].isspace() or source[i] == ",":
            i += 1
        elif source[i] == "(":
            stop = closing(piece, i)
            inside = piece.at(i + 1, stop).strip()
            statistic = choice(inside, str(inside), _STATISTICS, "a statistic", subject="at")
            i = stop + 1
        else:
            found = _WORD.match(source, i, piece.end)
            if not found:
                raise piece.after(i).error("A variable is missing here.", code="at", advice="at(x=1 z=(1/5))")
            word = piece.at(i, found.end())
            sign = re.compile(r"\s*=\s*").match(source, found.end(), piece.end)
            if sign is None and not statistic:
                raise word.error(
                    f"at() needs a value for {word}.", code="at", advice=f"Write at({word}=1) or at((mean) {word})."
                )
            if sign is None:
                out.update(dict.fromkeys(known.expand(word), statistic))
                i = found.end()
            else:
                value, i = _value(piece, sign.end())
                out[known.one(word)] = value
    return out


def _value(piece: Piece, start: int) -> tuple[list[float | str], int]:
    """The values after ``=``, and the position after them."""
    source = piece.source
    if start < piece.end and source[start] == "(":
        stop = closing(piece, start)
        inside = piece.at(start + 1, stop)
        end = stop + 1
    else:
        end = start
        if start < piece.end and source[start] in '"`':
            end = skip_string(piece, start)
        while end < piece.end and not source[end].isspace():
            end += 1
        inside = piece.at(start, end)
    text = str(inside).strip()
    if not text:
        raise piece.at(start, max(end, start + 1)).error("A value is missing here.", code="at")
    if text[0] in '"`':
        return [unquoted(inside)], end
    if NAME.fullmatch(text):  # the value label of a factor, or a level of a text variable
        return [text], end
    return list(parse_numlist(inside)), end
