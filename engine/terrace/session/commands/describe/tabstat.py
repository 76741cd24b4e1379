"""``tabstat``: chosen statistics of several variables, in groups or not."""

from __future__ import annotations

import numpy as np

from terrace.data.dataset import Dataset
from terrace.data.transforms.aggregate import STATISTICS, Cells, statistic
from terrace.data.transforms.grouping import Grouping
from terrace.errors import DataError
from terrace.language.grammar.command import ParsedCommand
from terrace.language.grammar.names import Names
from terrace.language.grammar.options import Option, choice, did_you_mean, rules
from terrace.language.grammar.tokens import words
from terrace.language.mixed_options import argument, excluding
from terrace.report.numbers import formatted, parse_format
from terrace.results.table import Column, Row, RowKind, Table
from terrace.session.commands.helpers.working import FloatArray, chosen, shown, text_of, weights
from terrace.session.effects import Effect
from terrace.session.registry import command
from terrace.session.session import Session
from terrace.session.state import CommandResult, Matrix
from terrace.statistics.crosstab import levels

_NAMES = {
    "n": "count", "q": "q", "var": "variance", "med": "median", "se": "semean", "average": "mean", "std": "sd",
}  # fmt: skip
_TITLES = {"count": "N", "sd": "SD", "semean": "SE(mean)", "cv": "CV", "iqr": "IQR"}


@command(
    "tabstat",
    syntax="tabstat variables [if] [in] [weight] [, statistics(mean sd ...) by(variable) columns(variables|statistics) "
    "nototal missing casewise save format(%fmt)]",
    help="A table of statistics: " + ", ".join(STATISTICS) + ", p1 to p99, q.",
    by="loop",
    effects=Effect.RETURNS,
)
def tabstat(session: Session, parsed: ParsedCommand) -> CommandResult:
    options = parsed.options(
        rules(
            "not:otal m:issing save case:wise",
            "s:tatistics stats by c:olumns",
            "f:ormat",
            already="nosep longs:tub",  # no rules between groups; groups and statistics both have names
        )
    )
    data = session.data
    names = parsed.variables(data.names)
    if not names:
        raise parsed.word.error("tabstat needs variables.", code="syntax", advice="Write tabstat y, s(mean sd) by(g).")
    stats = _statistics(options)
    keep = chosen(session, parsed.clauses)
    w, kind = weights(session, parsed.clauses, ("fweight", "aweight"), "tabstat")
    columns = {n: data.numeric(n) for n in names}
    if "casewise" in options:
        for x in columns.values():
            keep = keep & ~np.isnan(x)
    if not keep.any():
        raise DataError("if and in leave no rows.", code="no-observations")
    by = Names(data.names).one(argument(options["by"])) if "by" in options else None
    blocks: list[tuple[str, dict[str, dict[str, float]]]] = []
    if by is not None:
        found = levels(data, by, keep, missing="missing" in options)
        used = found.codes >= 0
        groups = Grouping(found.codes[used], len(found.values), np.zeros(int(used.sum()), dtype=bool))
        each = {n: _all(x[used], groups, stats, None if w is None else w[used], kind) for n, x in columns.items()}
        for g, label in enumerate(found.labels):
            blocks.append((label, {n: {s: v[g] for s, v in each[n].items()} for n in names}))
        keep = used
    if "nototal" not in options or by is None:
        rows = np.flatnonzero(keep)
        whole = Grouping(np.zeros(len(rows), dtype=np.int64), 1, np.zeros(len(rows), dtype=bool))
        total = {n: _all(x[rows], whole, stats, None if w is None else w[rows], kind) for n, x in columns.items()}
        blocks.append(("Total", {n: {s: v[0] for s, v in total[n].items()} for n in names}))
    table = _table(data, names, stats, blocks, by, _across(options, names), options)
    last = blocks[-1][1]
    values = np.array([[last[n][s] for n in names] for s in stats])
    matrices = {"StatTotal": Matrix(values, tuple(stats), tuple(names))}
    macros: dict[str, str] = {}
    if "save" in options and by is not None:
        for g, (label, inside) in enumerate(blocks[: len(found.labels)], start=1):
            cells = np.array([[inside[n][s] for n in names] for s in stats])
            matrices[f"Stat{g}"] = Matrix(cells, tuple(stats), tuple(names))
            macros[f"name{g}"] = label
    return shown(session, (table,), {}, matrices=matrices, macros=macros)


def _statistics(options: dict[str, Option]) -> list[str]:
    given = excluding(options, ("statistics", "stats"))
    if given is None:
        return ["mean"]
    out: list[str] = []
    for item in words(argument(options[given])):
        typed = str(item).lower().rstrip(",")
        name = _NAMES.get(typed, typed)
        if name == "q":
            out += ["p25", "p50", "p75"]
            continue
        if statistic(name) is None:
            close = [s for s in STATISTICS if len(typed) >= 2 and s.startswith(typed)]
            if len(close) != 1:
                raise item.error(
                    f"There is no statistic {typed!r}.",
                    code="no-such-statistic",
                    subject=typed,
                    advice=did_you_mean(typed, [*STATISTICS, "p25", "q"], otherwise=True),
                )
            name = close[0]
        out.append(name)
    return list(dict.fromkeys(out))


def _across(options: dict[str, Option], names: tuple[str, ...]) -> str:
    """What the columns are: statistics for one variable, variables for several, unless told."""
    if "columns" not in options:
        return "statistics" if len(names) == 1 and "by" in options else "variables"
    o = options["columns"]
    return choice(argument(o), o.value, "v:ariables s:tatistics", "what the columns are")


def _all(
    x: FloatArray, groups: Grouping, stats: list[str], w: FloatArray | None, kind: str
) -> dict[str, FloatArray]:
    cells = Cells(x, groups, w, kind)
    out = {}
    for s in stats:
        of = statistic(s)
        assert of is not None
        out[s] = of(cells)
    return out


def _table(
    data: Dataset,
    names: tuple[str, ...],
    stats: list[str],
    blocks: list[tuple[str, dict[str, dict[str, float]]]],
    by: str | None,
    across: str,
    options: dict[str, Option],
) -> Table:
    def cell(name: str, stat: str, values: dict[str, dict[str, float]]) -> float | str | int:
        x = values[name][stat]
        if stat == "count" and float(x).is_integer():
            return f"{int(x):,}"
        form = _form(data, name, options)
        return formatted(x, form) if form else float(x)

    heads = names if across == "variables" else tuple(_TITLES.get(s, s) for s in stats)
    rows: list[Row] = []
    several = len(stats) > 1 if across == "variables" else len(names) > 1
    for label, values in blocks:
        is_total = by is not None and label == "Total"
        inner = stats if across == "variables" else list(names)
        if by is not None and several:
            rows.append(Row(label, kind="total" if is_total else "group"))
        for k, item in enumerate(inner):
            cells = (
                tuple(cell(n, item, values) for n in names)
                if across == "variables"
                else tuple(cell(item, s, values) for s in stats)
            )
            text = _TITLES.get(item, item) if across == "variables" else item
            text = label if by is not None and not several else text
            kind_of: RowKind = "total" if is_total and not several and k == 0 else "row"
            rows.append(Row(text, cells, kind_of, indent=int(by is not None and several)))
    stub = by if by is not None else "Statistic" if across == "variables" else "Variable"
    title = ""
    if len(names) == 1 and across == "statistics":
        title = data.variable(names[0]).label or names[0]
        title = f"{names[0]}: {title}" if title != names[0] else title
    if by is not None:
        label = data.variable(by).label or by
        title = f"{title or 'Summary statistics'} by {label}"
    return Table(title, tuple(Column(h, h, "general") for h in heads), tuple(rows), stub, key="tabstat")


def _form(data: Dataset, name: str, options: dict[str, Option]) -> str:
    """The format that ``format`` asks for: one given, or that of the variable; empty without the option."""
    if "format" not in options:
        return ""
    given = text_of(options["format"])
    form = given or data.variable(name).format
    if form:
        parse_format(form)
    return form


