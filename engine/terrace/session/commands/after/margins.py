"""``margins``: average predictions and slopes."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from terrace.data.dataset import Dataset
from terrace.data.value import Value
from terrace.graphs.dress import ticks_at_values
from terrace.language.grammar.command import ParsedCommand
from terrace.language.grammar.names import Names, parse_names
from terrace.language.grammar.numlist import parse_numlist
from terrace.language.grammar.options import Option, choice, match_options, rules, scan_options
from terrace.language.grammar.tokens import NAME, Piece, closing, skip_string, unquoted, words
from terrace.language.grammar.varlist import parse_terms
from terrace.language.mixed_options import argument, excluding
from terrace.results.fit import FitResult
from terrace.results.plot import Plot
from terrace.results.table import Column, Table
from terrace.session.commands.after.contrasts import asked_of, chosen_columns, mcompare_of
from terrace.session.commands.helpers.asking import level_of
from terrace.session.commands.helpers.fits import current_fit
from terrace.session.commands.helpers.margin_points import points_beneath
from terrace.session.commands.helpers.rows import selected
from terrace.session.commands.helpers.small import by_t, tells_of_small, with_own_df
from terrace.session.effects import Effect
from terrace.session.fit_rows import fit_rows
from terrace.session.labelling import as_shown
from terrace.session.registry import command
from terrace.session.returned.contrasts import margin_contrasts_returned, margins_returned
from terrace.session.session import Session
from terrace.session.state import CommandResult, Returned
from terrace.wording import plural

if TYPE_CHECKING:
    from terrace.postestimation.margins.margins import Margins
    from terrace.postestimation.margins.rows import Given
    from terrace.postestimation.tests.contrast import Contrast

_STATISTICS = "mean median min max zero base asbal:anced asobs:erved " + " ".join(f"p{k}" for k in range(1, 100))
_RULES = rules(
    "atmeans post small noatlegend nopv:alues noci coefl:egend",
    "at dydx eyex dyex eydx over l:evel m:compare pr:edict exp:ression vce df subpop",
    "asbal:anced contrast pwc:ompare plot",
    already="vsquish",  # no line is blank
)
_EFFECTS = ("dydx", "eyex", "dyex", "eydx")
_OPERATOR = re.compile(r"(?<![\w.])(?:(?:r|rb|a|ar|g|h|j|p|q)\d*(?:\([\d\s/]+\))?\.)|@")
_WORD = re.compile(r"[^\s()=,]+")

Setting = dict[str, "list[Value | Given] | str"]


@command(
    "margins",
    minimum="mar",
    syntax="margins [factors] [if] [in] [, at(x=(1/5) (mean) z w=generate(w+1)) atmeans "
    "dydx(x)|eyex(x)|dyex(x)|eydx(x) over(g) asbalanced[(factors)] expression(exp(predict(xb))) pwcompare "
    "contrast[(atcontrast(r))] mcompare(tukey|...) post plot[(data residuals)] small df(#) "
    "level(#) nopvalues noci noatlegend]; factors may carry contrast operators: r.a ar.a@b",
    help="Average predictions of the fixed part at values that you set, or their slopes, elasticities or contrasts. "
    "plot(data) draws them over the data, plot(residuals) over partial residuals.",
    effects=Effect.ABOUT_FIT | Effect.RETURNS,
)
@tells_of_small
def margins(session: Session, parsed: ParsedCommand) -> CommandResult:
    active = current_fit(session, parsed, rows=True)
    given = scan_options(parsed.clauses.options)
    options = match_options([o for o in given if o.name != "at"], _RULES, "margins")
    data, inside = _rows(session, active, parsed, options)
    data = as_shown(session.state, data)
    names = data.names
    # at() is the one option that may repeat
    settings = [_at(argument(o), names, active, partial(_generated, session, active)) for o in given if o.name == "at"]
    fit = with_own_df(active, options)
    from terrace.postestimation.margins.margins import margins as estimate
    from terrace.postestimation.margins.show import margins_plot, margins_table

    _check_kind(options)
    kind = excluding(options, _EFFECTS) or "dydx"
    if kind in options and not any(not f.drop for t in fit.spec.fixed for f in t.factors):
        raise options[kind].piece.error("The model has no predictors, so it has no slopes.", code="no-predictors")

    def estimated(variables: Sequence[str]) -> Margins:
        return estimate(
            fit,
            data,
            variables,
            at=settings,
            atmeans="atmeans" in options,
            dydx=_names(argument(options[kind]), names) if kind in options else None,
            over=_names(argument(options["over"]), names) if "over" in options else None,
            asbalanced=_balanced(options, names),
            level=level_of(options, session),
            small=by_t(fit, options),
            pwcompare="pwcompare" in options,
            mcompare=mcompare_of(options),
            inside=inside,
            kind=kind,
            expression=_expression(options),
            context=session.context(),
        )

    if _OPERATOR.search(str(parsed.clauses.body)) or "contrast" in options:
        return _contrasts(session, fit, parsed, options, estimated)
    if "mcompare" in options and "pwcompare" not in options:
        raise options["mcompare"].piece.error(
            "mcompare() needs comparisons to adjust.", code="misplaced-option", subject="mcompare",
            advice="Add pwcompare, or a contrast operator: margins r.drug.",
        )  # fmt: skip
    terms = parse_terms(parsed.clauses.body, names)
    paired = _inner(options, "pwcompare", f"sort {_EFFECT_COLUMNS}")
    found = estimated(["#".join(f.name for f in t.factors) for t in terms])
    if "sort" in paired:
        by_size = sorted(found.pairs, key=lambda pair: (pair[1].value is None, pair[1].value or 0.0))
        found = replace(found, pairs=tuple(by_size))
    returned = _returned(session, fit, parsed, options, found)
    state = replace(session.state, returned=returned, margins=found, posted=None)
    plots: tuple[Plot, ...] = ()
    if "plot" in options:
        asked = _inner(options, "plot", "data", optional="resid:uals")
        drawn = margins_plot(replace(found, pairs=()), **points_beneath(session, parsed, found, asked))
        plots = (replace(drawn, panels=tuple(map(ticks_at_values, drawn.panels))),)
    if "post" not in options:
        table = margins_table(found)
        if "coeflegend" in options and not found.pairs:
            from terrace.postestimation.margins.posted import margin_names

            table = _named(table, dict(zip(found.labels, margin_names(found, data))), posted=False)
        return CommandResult(tables=(_shown(table, options | paired),), plots=plots, state=state)
    from terrace.postestimation.margins.posted import posted

    margins_ = posted(fit, replace(found, pairs=()), data)
    names_ = dict(zip(found.labels, (e.term for e in margins_.fixed)))
    table = _named(margins_table(replace(found, pairs=())), names_)
    return CommandResult(
        tables=(_shown(table, options),), plots=plots, state=replace(state, posted=(active, margins_))
    )


def _contrasts(
    session: Session,
    fit: FitResult,
    parsed: ParsedCommand,
    options: dict[str, Option],
    estimated: Callable[[Sequence[str]], Margins],
) -> CommandResult:
    """Contrasts of margins, term by term, or between the settings of at()."""
    from terrace.postestimation.margins.contrast import contrast_tables_of, contrasts_of_margins
    from terrace.postestimation.margins.show import margins_notes
    from terrace.postestimation.tests.contrast import parse_contrast

    for other in ("pwcompare", "post"):
        if other in options:
            raise options[other].piece.error(
                f"{other} cannot be combined with contrasts of margins.", code="options-exclude", subject=other
            )
    at = _at_operator(options)
    terms = parse_contrast(parsed.clauses.body) if parsed.clauses.body else []
    if not terms and not at:
        raise (options["contrast"].piece if "contrast" in options else parsed.word).error(
            "Give the factor whose margins to contrast, or use atcontrast(r).",
            code="syntax",
            advice="Examples: margins r.drug; margins, at(x=(1 2)) contrast(atcontrast(r)).",
        )
    mcompare = mcompare_of(options)
    found: list[tuple[Contrast | None, Margins]]
    found = [(t, estimated(["#".join([*(p.name for p in t.parts), *t.within])])) for t in terms]
    found = found or [(None, estimated([]))]
    contrasts = [contrasts_of_margins(fit, m, t, at, mcompare) for t, m in found]
    margins_ = found[0][1]
    # what of the contrasts cannot be estimated is another matter than what of the margins
    notes = margins_notes(replace(margins_, missing=()))
    tables = contrast_tables_of(contrasts, margins_, mcompare, notes)
    own = _returned(session, fit, parsed, options, margins_)
    asked = asked_of(session, parsed, fit, options)
    returned = margin_contrasts_returned(fit, contrasts, tables[-1], own, asked)
    state = replace(session.state, returned=returned, margins=margins_, posted=None)
    inner = _of_contrast(options)
    shown = [*(chosen_columns(t, inner) for t in tables[:-1]), tables[-1]]
    if "nowald" in inner and len(shown) > 1:
        shown.pop()
    return CommandResult(tables=tuple(shown), state=state)


def _returned(
    session: Session, fit: FitResult, parsed: ParsedCommand, options: dict[str, Option], found: Margins
) -> Returned:
    """What margins leaves in r()."""
    kind = next((k for k in _EFFECTS if k in options), "")
    given = parsed.clauses
    return margins_returned(
        fit, found, asked_of(session, parsed, fit, options),
        terms=str(given.body).strip(),
        over=_names(argument(options["over"]), session.data.names) if "over" in options else (),
        dydx=options[kind].value if kind else "",
        inside=options["subpop"].value if "subpop" in options else "",
    )  # fmt: skip


_EFFECT_COLUMNS = "eff:ects pveff:ects cieff:ects"


def _inner(
    options: dict[str, Option], name: str, flags: str, valued: str = "", optional: str = ""
) -> dict[str, Option]:
    """The options in the parentheses of ``contrast()``, ``pwcompare()`` or ``plot()``; none without them."""
    option = options.get(name)
    if option is None or option.argument is None:
        return {}
    inner = match_options(option.argument, rules(flags, valued, optional), f"{name}()")
    excluding(inner, ("effects", "pveffects", "cieffects"))
    return inner


def _at_operator(options: dict[str, Option]) -> str:
    """The operator of ``contrast(atcontrast(r))``; empty without one."""
    inner = _of_contrast(options)
    if "atcontrast" not in inner:
        return ""
    known = "r a ar g h j p q"
    return choice(argument(inner["atcontrast"]), inner["atcontrast"].value.rstrip("."), known, "a contrast operator")


def _of_contrast(options: dict[str, Option]) -> dict[str, Option]:
    return _inner(options, "contrast", f"nowald {_EFFECT_COLUMNS}", "atcontrast")


def _expression(options: dict[str, Option]) -> str:
    return options["expression"].value if "expression" in options else ""


def _shown(table: Table, options: dict[str, Option]) -> Table:
    """The table less what nopvalues, noci and noatlegend leave out."""
    if "noatlegend" in options:
        table = replace(table, notes=tuple(n for n in table.notes if not n.startswith("At")))
    return chosen_columns(table, options)


def _rows(
    session: Session, fit: FitResult, parsed: ParsedCommand, options: dict[str, Option]
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
                advice="It uses the weights of the fit.",
            )
    if clauses.condition is None and clauses.range_ is None and "subpop" not in options:
        return there.data, None
    kept = selected(session, clauses).astype(np.float64)
    if "subpop" in options:
        from terrace.language.expressions.entry import condition

        text = re.sub(r"^\s*if\s+", "", options["subpop"].value)
        kept *= condition(text, session.data, session.context())
    return there.data, there.gather(kept)[fit.sample] == 1.0


def _named(table: Table, names: Mapping[str, str], *, posted: bool = True) -> Table:
    """The table with the names that commands use beside it, by the codes of its rows, for what is written next."""
    column = Column("name", "Name", "text")
    rows = tuple(r if r.kind == "group" else replace(r, values=(*r.values, names[r.code])) for r in table.rows)
    note = "test, lincom and nlcom use these margins by name until the next fit or margins command."
    if not posted:
        note = "Names for test, lincom and nlcom after margins with post."
    return replace(table, columns=(*table.columns, column), rows=rows, notes=(*table.notes, note))


def _balanced(options: dict[str, Option], names: Sequence[str]) -> bool | list[str]:
    """Whether factors are averaged with equal weights, or which of them."""
    option = options.get("asbalanced")
    return option is not None and (option.argument is None or list(parse_names(argument(option), names)))


def _check_kind(options: dict[str, Option]) -> None:
    """`CommandError` for what margins of a mixed model do not have."""
    if "pwcompare" in options and "post" in options:
        raise options["post"].piece.error(
            "post keeps margins, not "
            "comparisons.", code="options-exclude", subject="post", advice="Leave out pwcompare."
        )
    if "expression" in options and any(k in options for k in _EFFECTS[1:]):
        raise options["expression"].piece.error("Elasticities are those of the prediction.", code="options-exclude",
                                                subject="expression")  # fmt: skip
    for name, allowed in (("predict", ("xb",)), ("vce", ("delta",))):
        if name in options and options[name].value not in allowed:
            raise options[name].piece.error(
                f"margins allows only {name}({allowed[0]}).", code="bad-option-value", subject=name
            )


def _names(piece: Piece, names: Sequence[str]) -> list[str]:
    return ["*"] if str(piece) in ("*", "_all") else [f.name for t in parse_terms(piece, names) for f in t.factors]


def _generated(session: Session, fit: FitResult, piece: Piece) -> Given:
    """The values of ``generate(expression)`` in the rows of the sample."""
    from terrace.language.expressions.entry import evaluate
    from terrace.postestimation.margins.rows import Given

    there = fit_rows(session, fit)
    found = np.broadcast_to(evaluate(piece, there.data, context=session.context()), (len(there.data),))
    values = np.asarray(found, dtype=np.float64)[fit.sample]
    if np.isnan(values).any():
        raise piece.error(
            f"{str(piece).strip()} is missing in {plural(int(np.isnan(values).sum()), 'row')} of the sample.", code="at"
        )
    return Given(values, f"generate({str(piece).strip()})")


def _groups_of(fit: FitResult) -> dict[str, list[str]]:
    """What ``_all``, ``_continuous`` and ``_factor`` stand for in at()."""
    found = {"_continuous": "continuous", "_factor": "factor", "_all": ""}
    factors = [f for t in fit.spec.fixed for f in t.factors if not f.drop]
    return {k: list(dict.fromkeys(f.name for f in factors if kind in ("", f.kind))) for k, kind in found.items()}


def _at(piece: Piece, names: Sequence[str], fit: FitResult, generated: Callable[[Piece], Given]) -> Setting:
    """``x=(1/5) z=2 (mean) w v y=generate(y+1)``: what each variable is set to."""
    known, groups = Names(names), _groups_of(fit)
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
                out.update(dict.fromkeys(groups.get(str(word)) or known.expand(word), statistic))
                i = found.end()
            else:
                assert sign is not None
                made = re.compile(r"gen(?:e|er|era|erat|erate)?\s*\(").match(source, sign.end(), piece.end)
                if made is not None:
                    stop = closing(piece, made.end() - 1)
                    out[known.one(word)] = [generated(piece.at(made.end(), stop))]
                    i = stop + 1
                    continue
                value, i = _value(piece, sign.end())
                out[known.one(word)] = value
    return out


def _value(piece: Piece, start: int) -> tuple[list[Value | Given], int]:
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
    if not any(c.isdigit() or c in "()/" for c in text):  # labels: sector=(Public Catholic)
        return [unquoted(w) for w in words(inside)], end
    return list(parse_numlist(inside)), end
