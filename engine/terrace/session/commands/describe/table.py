"""``table``: counts or chosen statistics by the values of one variable, two or more."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from terrace.data.transforms.aggregate import STATISTICS, Cells, statistic
from terrace.data.transforms.grouping import Grouping
from terrace.errors import DataError
from terrace.language.grammar.command import ParsedCommand
from terrace.language.grammar.names import Names, parse_names
from terrace.language.grammar.options import Option, did_you_mean, match_option, match_options, rules, scan_options
from terrace.language.grammar.tokens import Piece, closing, words
from terrace.language.mixed_options import argument
from terrace.report.numbers import formatted, parse_format
from terrace.results.table import Column, Row, RowKind, Table
from terrace.session.commands.helpers.working import BoolArray, FloatArray, IntArray, chosen, shown, text_of, weights
from terrace.session.effects import Effect
from terrace.session.registry import command
from terrace.session.session import Session
from terrace.session.state import CommandResult
from terrace.statistics.crosstab import Levels, levels

_OTHER = {
    "freq": "frequency",
    "n": "count",
    "var": "variance",
    "med": "median",
    "std": "sd",
    "average": "mean",
    "total": "sum",
}
_TITLES = {
    "frequency": "Freq.", "percent": "Percent", "mean": "Mean", "sd": "SD", "count": "N", "median": "Median",
    "min": "Min", "max": "Max", "sum": "Sum", "variance": "Variance", "semean": "SE(mean)",
}  # fmt: skip
_RULES = rules(
    "nototal nototals missing",
    "stat:istic c:ontents nformat f:ormat",
    already="row col:umn",  # totals of rows and columns, which stand there without nototals
)
_MOST = 2_000


@dataclass(frozen=True)
class Wanted:
    """One statistic of one variable; "" for frequencies and percentages of rows."""

    how: str
    name: str

    @property
    def title(self) -> str:
        """What stands over it."""
        head = _TITLES.get(self.how, self.how)
        return f"{head}({self.name})" if self.name else head


@command(
    "table",
    syntax="table rows [columns] | table (rows) (columns) [if] [in] [weight] [, statistic(mean y x) statistic(sd y) "
    "nototals nformat(%9.2f) missing]",
    help="Counts, or statistics of variables, by the values of variables along the rows and the columns.",
    effects=Effect.RETURNS,
)
def table(session: Session, parsed: ParsedCommand) -> CommandResult:
    data, clauses = session.data, parsed.clauses
    given = scan_options(clauses.options)
    named = [match_option(o, _RULES, "table").name for o in given]
    asked = [o for o, n in zip(given, named) if n in ("statistic", "contents")]
    options = match_options([o for o in given if o not in asked], _RULES, "table")
    wanted = _wanted(asked, data.names) or [Wanted("frequency", "")]
    row_names, column_names = _dimensions(clauses.body, data.names)
    if not row_names and not column_names:
        raise parsed.word.error("table needs a variable.", code="syntax", advice="Write table g, statistic(mean y).")
    keep = chosen(session, clauses)
    w, kind = weights(session, clauses, ("fweight", "aweight"), "table")
    missing = "missing" in options
    found = [levels(data, n, keep, missing=missing) for n in (*row_names, *column_names)]
    used = np.all([f.codes >= 0 for f in found], axis=0)
    if not used.any():
        raise DataError("if and in leave no rows.", code="no-observations")
    plain = "nototals" in options or "nototal" in options
    rows = _side(row_names, found[: len(row_names)], used, plain)
    columns = _side(column_names, found[len(row_names) :], used, plain)
    if len(rows.labels) * len(columns.labels) * len(wanted) > 20 * _MOST:
        raise DataError("The table would be too large to read.", code="too-many-values", advice="Choose rows with if.")
    form = text_of(options.get("nformat")) or text_of(options.get("format"))
    if form:
        parse_format(form)
    grids = [
        _grid(session, want, used, rows.codes, columns.codes, len(rows.labels), len(columns.labels), w, kind)
        for want in wanted
    ]
    made = _laid_out(wanted, grids, rows, columns, form)
    return shown(session, (made,), {"N": float(used.sum())})


@dataclass(frozen=True)
class _Side:
    """The rows or the columns: the variables, the code of each row of the data, labels, and whether a total follows."""

    names: tuple[str, ...]
    codes: IntArray
    labels: list[str]
    totals: bool

    @property
    def heads(self) -> list[str]:
        return [*self.labels, *(["Total"] if self.totals else [])]


def _side(names: tuple[str, ...], found: Sequence[Levels], used: BoolArray, plain: bool) -> _Side:
    codes, labels = _combined(found, used)
    return _Side(names, codes, labels, bool(names) and not plain)


def _laid_out(
    wanted: Sequence[Wanted], grids: Sequence[FloatArray], rows: _Side, columns: _Side, form: str
) -> Table:
    """One statistic a column where nothing stands across; several below one another otherwise."""
    across = len(columns.labels) == 1 and not columns.names
    out: list[Row] = []
    for i, label in enumerate(rows.heads):
        total = rows.totals and i == len(rows.labels)
        place = i if not total else -1
        if across:
            cells = tuple(_cell(want, g[place, 0], form) for want, g in zip(wanted, grids))
            out.append(Row(label or "All", cells, "total" if total else "row"))
            continue
        several = len(wanted) > 1
        if several:
            out.append(Row(label or "All", kind="total" if total else "group"))
        for want, g in zip(wanted, grids):
            last = len(columns.labels) if columns.totals else -1
            cells = tuple(_cell(want, g[place, -1 if j == last else j], form) for j in range(len(columns.heads)))
            kind: RowKind = "total" if total and not several else "row"
            out.append(Row(want.title if several else label or "All", cells, kind, indent=int(several)))
    heads = [want.title for want in wanted] if across else columns.heads
    stub = " ".join(rows.names) + (f" \\ {' '.join(columns.names)}" if columns.names else "")
    title = "" if across or len(wanted) > 1 else wanted[0].title
    titled = tuple(Column(f"c{j}", h, "general") for j, h in enumerate(heads))
    return Table(title, titled, tuple(out), stub, key="table")


def _dimensions(piece: Piece, names: Sequence[str]) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Variables along the rows and along the columns: two names, or two lists in parentheses."""
    if not str(piece).startswith("("):
        found = parse_names(piece, names)
        if len(found) > 2:
            raise piece.error(
                "table takes one variable along the rows and one along the columns.",
                code="syntax",
                advice="Put several in parentheses: table (a b) (c).",
            )
        return found[:1], found[1:]
    parts: list[tuple[str, ...]] = []
    rest = piece
    while str(rest).startswith("("):
        stop = closing(rest, rest.start)
        parts.append(tuple(n for n in parse_names(rest.at(rest.start + 1, stop), names)))
        rest = rest.after(stop + 1).strip()
    if rest or len(parts) > 2:
        raise (rest or piece).error("table takes rows and columns.", code="syntax", advice="Write table (a b) (c).")
    return parts[0], parts[1] if len(parts) > 1 else ()


def _wanted(options: Sequence[Option], names: Sequence[str]) -> list[Wanted]:
    out: list[Wanted] = []
    for option in options:
        items = words(argument(option))
        if "contents".startswith(option.name) and option.name != "s":
            out += _contents(items, names)
            continue
        how = _how(items[0])
        if how in ("frequency", "percent") and len(items) == 1:
            out.append(Wanted(how, ""))
            continue
        if len(items) < 2:
            raise items[0].error(f"({how}) needs a variable.", code="variables", advice=f"statistic({how} y)")
        rest = items[1].at(items[1].start, items[-1].end)
        out += [Wanted(how, n) for n in parse_names(rest, names)]
    return out


def _contents(items: Sequence[Piece], names: Sequence[str]) -> list[Wanted]:
    """``contents(mean y sd y freq)``: each statistic with its variable."""
    out: list[Wanted] = []
    k = 0
    while k < len(items):
        how = _how(items[k])
        if how == "frequency":
            out.append(Wanted(how, ""))
            k += 1
            continue
        if k + 1 >= len(items):
            raise items[k].error(f"{how} needs a variable.", code="variables", advice=f"contents({how} y)")
        out.append(Wanted(how, Names(names).one(items[k + 1])))
        k += 2
    return out


def _how(piece: Piece) -> str:
    name = str(piece).lower()
    name = _OTHER.get(name, name)
    if name in ("frequency", "percent") or statistic(name) is not None:
        return name
    close = [s for s in ("frequency", *STATISTICS) if len(name) > 2 and s.startswith(name)]
    if len(close) == 1:
        return close[0]
    raise piece.error(
        f"There is no statistic {name!r}.",
        code="no-such-statistic",
        subject=name,
        advice=did_you_mean(name, ["frequency", *STATISTICS, "p25"], otherwise=True),
    )


def _combined(parts: Sequence[Levels], used: BoolArray) -> tuple[IntArray, list[str]]:
    """One code a used row for the values of several variables, and labels of those that occur."""
    if not parts:
        return np.zeros(int(used.sum()), dtype=np.int64), [""]
    codes = np.zeros(int(used.sum()), dtype=np.int64)
    for p in parts:
        codes = codes * len(p.values) + p.codes[used]
    present, inverse = np.unique(codes, return_inverse=True)
    labels = []
    for code in present:
        texts: list[str] = []
        for p in reversed(parts):
            code, k = divmod(int(code), len(p.values))
            texts.append(p.labels[k])
        labels.append(", ".join(reversed(texts)))
    return inverse.astype(np.int64), labels


def _grid(
    session: Session,
    want: Wanted,
    used: BoolArray,
    r: IntArray,
    c: IntArray,
    rows: int,
    columns: int,
    w: FloatArray | None,
    kind: str,
) -> FloatArray:
    """The statistic in every cell, with totals in the last row and column; shape (rows + 1, columns + 1)."""
    x = session.data.numeric(want.name)[used] if want.name else np.zeros(int(used.sum()))
    own = None if w is None else w[used]
    out = np.full((rows + 1, columns + 1), np.nan)
    n = len(x)
    none = np.zeros(n, dtype=bool)
    for codes, count, place in (
        (r * columns + c, rows * columns, (slice(0, rows), slice(0, columns))),
        (r, rows, (slice(0, rows), columns)),
        (c, columns, (rows, slice(0, columns))),
        (np.zeros(n, dtype=np.int64), 1, (rows, columns)),
    ):
        cells = Cells(x, Grouping(codes, count, none), own, kind)
        if want.how in ("frequency", "percent"):
            whole = cells.count.sum()
            found = cells.count if want.how == "frequency" else 100 * cells.count / whole
            found = np.where(cells.n > 0, found, np.nan)
        else:
            of = statistic(want.how)
            assert of is not None
            found = np.where(cells.n > 0, of(cells), np.nan)
        out[place] = found.reshape(np.shape(out[place]))
    return out


def _cell(want: Wanted, value: float, form: str) -> str | float | None:
    if np.isnan(value):
        return None
    if want.how in ("frequency", "count"):
        return f"{value:,.0f}" if float(value).is_integer() else f"{value:,.2f}"
    if form:
        return formatted(float(value), form)
    return f"{value:.2f}" if want.how == "percent" else float(value)
