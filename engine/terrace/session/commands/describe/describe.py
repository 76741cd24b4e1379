"""Looking at the data: ``describe``, ``summarize``."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import numpy.typing as npt

from terrace.data.dataset import Dataset
from terrace.data.streams.batches import StreamedData
from terrace.errors import DataError
from terrace.language.grammar.command import ParsedCommand
from terrace.language.grammar.names import parse_names
from terrace.language.grammar.options import Option, rules
from terrace.language.mixed_options import number
from terrace.results.table import Column, Row, Table
from terrace.session.commands.helpers.describing import about, describe_table, in_columns
from terrace.session.commands.helpers.rows import selected
from terrace.session.commands.helpers.streamed import moments_of
from terrace.session.effects import Effect
from terrace.session.filtering import status
from terrace.session.registry import command
from terrace.session.session import Session
from terrace.session.state import CommandResult, Returned

FloatArray = npt.NDArray[np.float64]
_PERCENTILES = (1, 5, 10, 25, 50, 75, 90, 95, 99)


@command(
    "describe",
    minimum="d",
    syntax="describe [variables] [using FILE] [, short simple numbers]",
    help="Describe the data, or those of a file: rows, variables, types, labels.",
    effects=Effect.RETURNS,
)
def describe(session: Session, parsed: ParsedCommand) -> CommandResult:
    options = parsed.options(rules("s:hort si:mple n:umbers", already="f:ullnames varl:ist"))
    clauses = parsed.clauses
    if clauses.using is None:
        data = session.source
    else:
        from terrace.session.commands.helpers.files import read_using

        data = read_using(session, clauses.using, "describe using")
    names = list(parse_names(clauses.body, data.names) or data.names)
    scalars = {"N": float(data.n_rows), "k": float(len(data.names))}
    returned = Returned(scalars, {"varlist": " ".join(names)})
    state = replace(session.state, returned=returned)
    if "simple" in options:
        return CommandResult(text=in_columns(names), state=state)
    if "short" in options:
        title = [data.label] if data.label else []
        return CommandResult(text="\n".join([*title, *about(data)]), state=state)
    table = describe_table(data, names)
    if clauses.using is None and session.state.filter is not None:
        table = replace(table, notes=(*table.notes, status(session.state)))
    if "numbers" in options:
        columns = (Column("number", "Number", "count"), *table.columns)
        rows = tuple(replace(r, values=(list(data.names).index(r.label) + 1, *r.values)) for r in table.rows)
        table = replace(table, columns=columns, rows=rows)
    return CommandResult(tables=(table,), state=state)


@command(
    "summarize",
    minimum="su",
    syntax="summarize [variables] [if] [in] [weight] [, detail meanonly format separator(#)]",
    help="Count, mean, standard deviation, minimum and maximum.",
    by="loop",
    effects=Effect.RETURNS,
)
def summarize(session: Session, parsed: ParsedCommand) -> CommandResult:
    options = parsed.options(rules("d:etail mean:only f:ormat", "sep:arator", already="nosep:arator"))
    clauses = parsed.clauses
    source = session.source
    if isinstance(source, StreamedData) and clauses.weight is None and "detail" not in options:
        parts = moments_of(session, source, clauses, parse_names(clauses.body, source.names) or source.names)
        state = replace(session.state, returned=Returned(dict(parts[-1][1])))
        table = _dressed(_summary_table(parts), source, options)
        return CommandResult(tables=() if "meanonly" in options else (table,), state=state)
    data = session.data
    keep = selected(session, clauses)
    weights, kind = _weights(session, parsed, keep)
    names = parse_names(clauses.body, data.names) or data.names
    found: list[tuple[str, dict[str, float]]] = []
    for name in names:
        values = np.full(0, np.nan) if data.is_text(name) else _kept(data.numeric(name), keep)
        used = weights if weights is None or len(values) else None
        found.append((name, moments(values, used, kind)))
    detail = "detail" in options
    tables = [_dressed(_summary_table(found), data, options)]
    scalars = dict(found[-1][1])
    if detail:
        tables = []
        for name, numbers in found:
            if data.is_text(name):
                continue
            more = details(_kept(data.numeric(name), keep), weights)
            table = _detail_table(data, name, {**numbers, **more})
            if "format" in options and (form := _numeric(data, name)):
                shown = tuple(r if r.code in _OWN_UNITS else replace(r, display=form) for r in table.rows)
                table = replace(table, rows=shown)
            tables.append(table)
            scalars = {**numbers, **more}
        if not tables:
            raise DataError("These variables hold text, so there is nothing to summarize.", code="text-variable")
    elif len(found) == 0:
        raise DataError("The data have no variables.", code="no-variables")
    state = replace(session.state, returned=Returned(scalars))
    if "meanonly" in options:
        return CommandResult(state=state)
    return CommandResult(tables=tuple(tables), state=state)


def _kept(values: FloatArray, keep: npt.NDArray[np.bool_]) -> FloatArray:
    return values if keep.all() else values[keep]


_OWN_UNITS = ("N", "Var", "skewness", "kurtosis")  # not in the units of the variable


def _numeric(data: Dataset, name: str) -> str:
    """The display format of a variable where it is one of numbers."""
    from terrace.language.number_format import is_numeric_format

    form = data.variable(name).format
    return form if is_numeric_format(form) else ""


def _dressed(table: Table, data: Dataset, options: dict[str, Option]) -> Table:
    """The table with a rule after every ``separator(#)`` variables, in the formats of these with ``format``."""
    every = int(number(options["separator"], integer=True)) if "separator" in options else 0
    rows = []
    for k, row in enumerate(table.rows):
        if every and k and k % every == 0:
            row = replace(row, kind="total")
        if "format" in options and (form := _numeric(data, row.label)):
            row = replace(row, display=form)
        rows.append(row)
    return replace(table, rows=tuple(rows))


def _weights(session: Session, parsed: ParsedCommand, keep: npt.NDArray[np.bool_]) -> tuple[FloatArray | None, str]:
    weight = parsed.clauses.weight
    if weight is None:
        return None, ""
    if weight.kind not in ("fweight", "aweight"):
        raise weight.piece.error(
            f"summarize does not take {weight.kind}s.", code="weight-kind", advice="Use fweight or aweight."
        )
    from terrace.language.expressions.entry import evaluate

    found = evaluate(weight.expression, session.data, context=session.context())
    if found.dtype == object:
        raise weight.piece.error("A weight must be a number.", code="weight")
    values = np.asarray(found, dtype=np.float64)
    if np.any(values[keep] < 0):
        raise DataError(f"The weight {weight.expression} is negative in some rows.", code="negative-weights")
    return values[keep], weight.kind


def moments(values: FloatArray, weights: FloatArray | None = None, kind: str = "") -> dict[str, float]:
    """Stored results of ``summarize`` for one variable: N, sum_w, mean, Var, sd, min, max, sum.

    Frequency weights count copies; analytic weights are scaled to sum to the number of rows.
    """
    x, w = _present(values, weights)
    total = float(len(x)) if w is None else float(w.sum())
    n = total if kind == "fweight" else float(len(x))
    out = {"N": n, "sum_w": total}
    if not len(x):
        return out
    # From the first value: exact for a constant, and the deviations are small where the values are large.
    d = x - x[0]
    shift = _sum(d, w) / total
    d -= shift
    var = _sum(d * d, w) / total * n / (n - 1) if n > 1 else float("nan")
    return {
        **out,
        "mean": float(x[0]) + shift,
        "Var": var,
        "sd": float(np.sqrt(var)),
        "min": float(x.min()),
        "max": float(x.max()),
        "sum": _sum(x, w),
    }


def _present(values: FloatArray, weights: FloatArray | None) -> tuple[FloatArray, FloatArray | None]:
    """The values that are not missing, and their weights, where these are positive."""
    ok = ~np.isnan(values)
    if weights is not None:
        ok &= weights > 0
    if ok.all():
        return values, weights
    return values[ok], None if weights is None else weights[ok]


def _sum(values: FloatArray, weights: FloatArray | None) -> float:
    return float(values.sum()) if weights is None else float(weights @ values)


def details(values: FloatArray, weights: FloatArray | None = None) -> dict[str, float]:
    """Skewness, kurtosis and percentiles p1 to p99; empty where there are no values."""
    x, w = _present(values, weights)
    if not len(x):
        return {}
    total = float(len(x)) if w is None else float(w.sum())
    d = x - x[0]  # exactly 0 for a constant
    d -= _sum(d, w) / total
    square = d * d
    m2, m3, m4 = _sum(square, w) / total, _sum(square * d, w) / total, _sum(square * square, w) / total
    out = {
        "skewness": m3 / m2**1.5 if m2 > 0 else float("nan"),
        "kurtosis": m4 / m2**2 if m2 > 0 else float("nan"),
    }
    if w is None:
        x, cumulated = np.sort(x), np.arange(1.0, len(x) + 1)
    else:
        order = np.argsort(x, kind="stable")
        x, cumulated = x[order], np.cumsum(w[order])
    for p in _PERCENTILES:
        # The first value whose cumulated weight exceeds p%; the mean with its neighbour where it is equal.
        target = p / 100 * cumulated[-1]
        i = int(np.searchsorted(cumulated, target * (1 + 1e-12), side="right"))
        i = min(i, len(x) - 1)
        exact = i > 0 and np.isclose(cumulated[i - 1], target, rtol=1e-12)
        out[f"p{p}"] = float((x[i - 1] + x[i]) / 2) if exact else float(x[i])
    return out


def _summary_table(found: list[tuple[str, dict[str, float]]]) -> Table:
    keys = ("N", "mean", "sd", "min", "max")
    return Table(
        title="Summary",
        columns=(
            Column("N", "N", "count"),
            *(Column(k, t) for k, t in zip(keys[1:3], ("Mean", "SD"))),  # in journals with the decimals of a column
            *(Column(k, t, "general") for k, t in zip(keys[3:], ("Min", "Max"))),
        ),
        rows=tuple(Row(name, tuple(m.get(k) for k in keys)) for name, m in found),
        stub="Variable",
        key="summarize",
    )


def _detail_table(data: Dataset, name: str, numbers: dict[str, float]) -> Table:
    rows = [
        Row(title, (numbers.get(key),), code=key)
        for key, title in (
            ("N", "N"),
            ("mean", "Mean"),
            ("sd", "SD"),
            ("Var", "Variance"),
            ("skewness", "Skewness"),
            ("kurtosis", "Kurtosis"),
            ("min", "Minimum"),
            *((f"p{p}", f"{p}%") for p in _PERCENTILES),
            ("max", "Maximum"),
        )
    ]
    label = data.variable(name).label
    return Table(
        title=f"{name}: {label}" if label else name,
        columns=(Column("value", "Value", "general"),),
        rows=tuple(rows),
        stub="Statistic",
        key=f"summarize:{name}",
    )
