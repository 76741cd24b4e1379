"""Quantiles: ``xtile``, ``pctile``, ``centile``."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from terrace.data.dataset import Measure, Variable
from terrace.data.transforms.aggregate import Cells
from terrace.data.transforms.grouping import Grouping
from terrace.errors import DataError
from terrace.language.grammar.command import ParsedCommand
from terrace.language.grammar.numlist import parse_numlist
from terrace.language.grammar.options import Option, rules
from terrace.language.grammar.tokens import split
from terrace.language.mixed_options import argument, number
from terrace.results.table import Column, Row, Table
from terrace.session.commands.helpers.working import FloatArray, changed, chosen, new_name, shown, weights
from terrace.session.effects import Effect
from terrace.session.registry import command
from terrace.session.session import Session
from terrace.session.state import CommandResult
from terrace.wording import plural


def _whole(x: FloatArray, w: FloatArray | None, kind: str) -> Cells:
    return Cells(x, Grouping(np.zeros(len(x), dtype=np.int64), 1, np.zeros(len(x), dtype=bool)), w, kind)


def _assigned(session: Session, parsed: ParsedCommand) -> tuple[str, FloatArray]:
    """The new name and the values of ``name = expression``."""
    from terrace.language.expressions.entry import evaluate

    parts = split(parsed.clauses.body, "=")
    if len(parts) < 2:
        raise (parsed.clauses.body or parsed.word).error(
            f"{parsed.name} needs a name and an expression.", code="syntax", advice=f"Write {parsed.name} q = x, nq(4)."
        )
    name = new_name(parts[0].strip(), session.data)
    body = parsed.clauses.body.after(parts[1].start).strip()
    values = evaluate(body, session.data, context=session.context())
    if values.dtype == object:
        raise body.error(f"{body} is text, but a number is needed here.", code="type-mismatch")
    return name, values


_QUANTILES = 1000  # as many are allowed in any case


def _count(options: dict[str, Option], rows: int) -> int:
    """How many quantile groups are asked for; beyond the number of rows there is nothing more to tell apart."""
    if "nquantiles" not in options:
        return 2
    option = options["nquantiles"]
    count = int(number(option, least=2, integer=True))
    most = max(rows + 1, _QUANTILES)
    if count > most:
        raise option.piece.error(
            f"{plural(count, 'quantile')} cannot be made of {plural(rows, 'row')}.",
            code="option-number", subject="nquantiles",
            advice=f"nquantiles() can be at most {most:,} here.",
        )  # fmt: skip
    return count


def _breaks(cells: Cells, count: int, options: dict[str, Option]) -> FloatArray:
    return _percentiles(cells, [100 * k / count for k in range(1, count)], options)


def _percentiles(cells: Cells, wanted: Sequence[float], options: dict[str, Option]) -> FloatArray:
    """Percentiles; with ``altdef`` by interpolation between the ordered values at (n + 1)p/100."""
    if "altdef" not in options:
        return np.array([cells.percentile(p)[0] for p in wanted])
    if cells.weights is not None:
        raise options["altdef"].piece.error("altdef cannot be combined with weights.", code="options-exclude")
    x = np.sort(cells.x)
    x = np.concatenate([x[:1], x, x[-1:]])
    place = (len(x) - 1) * np.asarray(wanted, dtype=np.float64) / 100.0
    at = np.floor(place).astype(np.int64)
    return np.asarray(x[at] + (place - at) * (x[np.minimum(at + 1, len(x) - 1)] - x[at]))


@command(
    "xtile",
    syntax="xtile name = expression [if] [in] [weight] [, nquantiles(#) cutpoints(variable) altdef]",
    help="Number the quantile groups of a variable: two, or as many as nquantiles() says.",
    effects=Effect.DATA,
)
def xtile(session: Session, parsed: ParsedCommand) -> CommandResult:
    options = parsed.options(rules("alt:def", "n:quantiles c:utpoints"))
    data = session.data
    name, values = _assigned(session, parsed)
    keep = chosen(session, parsed.clauses) & ~np.isnan(values)
    w, kind = weights(session, parsed.clauses, ("fweight", "aweight"), "xtile")
    if not keep.any():
        raise DataError("if and in leave no rows.", code="no-observations")
    if "cutpoints" in options:
        from terrace.language.grammar.names import Names

        points = data.numeric(Names(data.names).one(argument(options["cutpoints"])))
        breaks = np.unique(points[~np.isnan(points)])
    else:
        count = _count(options, int(keep.sum()))
        breaks = _breaks(_whole(values[keep], None if w is None else w[keep], kind), count, options)
    # The k-th group holds what lies above the (k-1)-th quantile and at or below the k-th.
    out = np.where(keep, np.searchsorted(breaks, values, side="left") + 1.0, np.nan)
    label = f"{len(breaks) + 1} quantiles of {str(parsed.clauses.body).partition('=')[2].strip()}"
    return changed(session, data.with_column(name, out, Variable(name, label, Measure.ORDINAL)))


@command(
    "pctile",
    syntax="pctile name = expression [if] [in] [weight] [, nquantiles(#) genp(name) altdef]",
    help="Put the quantiles of a variable into the first rows of a new one.",
    effects=Effect.DATA | Effect.RETURNS,
)
@command(
    "_pctile",
    syntax="_pctile expression [if] [in] [weight] [, nquantiles(#) percentiles(list) altdef]",
    help="Quantiles into r(r1), r(r2), ...",
    effects=Effect.RETURNS,
)
def pctile(session: Session, parsed: ParsedCommand) -> CommandResult:
    options = parsed.options(rules("alt:def", "n:quantiles p:ercentiles genp"))
    data = session.data
    quiet = parsed.name == "_pctile"
    if quiet:
        from terrace.language.expressions.entry import evaluate

        name, values = "", evaluate(parsed.clauses.body, data, context=session.context())
        if values.dtype == object:
            raise parsed.clauses.body.error(
                f"{parsed.clauses.body} is text, but a number is needed here.", code="type-mismatch"
            )
    else:
        name, values = _assigned(session, parsed)
    keep = chosen(session, parsed.clauses) & ~np.isnan(values)
    w, kind = weights(session, parsed.clauses, ("fweight", "aweight"), parsed.name)
    cells = _whole(values[keep], None if w is None else w[keep], kind)
    if "percentiles" in options:
        wanted = parse_numlist(argument(options["percentiles"]))
    else:
        count = _count(options, int(keep.sum()))
        wanted = tuple(100 * k / count for k in range(1, count))
    if not all(0 < p < 100 for p in wanted):
        raise options["percentiles"].piece.error("A percentile must be between 0 and 100.", code="option-number")
    found = _percentiles(cells, wanted, options)
    scalars = {f"r{k}": float(v) for k, v in enumerate(found, 1)}
    if quiet:
        return shown(session, (), scalars)
    if len(found) > len(data):
        told = f"There is no room for {plural(len(found), 'quantile')} in {plural(len(data), 'row')}."
        raise DataError(told, code="too-few-rows")
    out = np.full(len(data), np.nan)
    out[: len(found)] = found
    data = data.with_column(name, out, Variable(name, "Percentiles", Measure.CONTINUOUS))
    if "genp" in options:
        other = new_name(argument(options["genp"]), data)
        at = np.full(len(out), np.nan)
        at[: len(found)] = wanted
        data = data.with_column(other, at, Variable(other, "Percentages", Measure.CONTINUOUS))
    return changed(session, data, returned=scalars)


@command(
    "centile",
    syntax="centile variables [if] [in] [, centile(list) level(#)]",
    help="Percentiles with intervals that assume no distribution.",
    by="loop",
    effects=Effect.RETURNS,
)
def centile(session: Session, parsed: ParsedCommand) -> CommandResult:
    options = parsed.options(rules("", "c:entile l:evel"))
    data = session.data
    level = number(options["level"]) if "level" in options else session.state.settings.level
    wanted = parse_numlist(argument(options["centile"])) if "centile" in options else (50.0,)
    if not all(0 <= p <= 100 for p in wanted):
        raise options["centile"].piece.error("A percentile must be between 0 and 100.", code="option-number")
    keep = chosen(session, parsed.clauses)
    rows: list[Row] = []
    scalars: dict[str, float] = {}
    names = parsed.variables(data.names)
    if not names:
        raise parsed.word.error("centile needs variables.", code="syntax", advice="Write centile y, centile(25 50 75).")
    for name in names:
        x = np.sort(data.numeric(name)[keep])
        x = x[~np.isnan(x)]
        for k, p in enumerate(wanted):
            value, low, high = order_interval(x, p / 100, level)
            rows.append(Row(name if k == 0 else "", (len(x), p, value, low, high), code=f"{name}:{p:g}"))
            scalars |= {f"c_{k + 1}": value, f"lb_{k + 1}": low, f"ub_{k + 1}": high, "N": float(len(x))}
    columns = (
        Column("n", "Obs", "count"), Column("p", "Percentile", "general"), Column("centile", "Centile", "general"),
        Column("lb", f"[{level:g}% conf.", "general"), Column("ub", "interval]", "general"),
    )  # fmt: skip
    return shown(session, (Table("", columns, tuple(rows), "Variable", key="centile"),), scalars)


def order_interval(x: FloatArray, p: float, level: float) -> tuple[float, float, float]:
    """The p quantile of sorted values at place (n + 1) p, and its binomial interval, both interpolated.

    The interval's ends are order statistics between which the quantile lies with the probability wanted (Conover
    1999, §3.2), by linear interpolation between the cumulative binomial probabilities (as Stata's centile does).
    """
    from scipy.special import bdtr

    n = len(x)
    if n == 0:
        return (float("nan"),) * 3

    def at(place: float) -> float:
        place = min(max(place, 1.0), float(n))
        k = int(place)
        return float(x[k - 1] + (place - k) * (x[min(k, n - 1)] - x[k - 1]))

    value = at((n + 1) * p)
    if not 0 < p < 1:
        return value, value, value
    alpha = (1 - level / 100) / 2
    below = bdtr(np.arange(-1, n + 1).clip(0), n, p)  # P(X <= k - 1) at k = 0 ... n + 1
    below[0] = 0.0

    def end(target: float) -> float:
        k = int(np.searchsorted(below, target, side="right")) - 1  # below[k] <= target < below[k + 1]
        if k >= n:
            return float(n)
        share = (target - below[k]) / (below[k + 1] - below[k])
        return float(k + share)

    return value, at(end(alpha)), at(end(1 - alpha))
