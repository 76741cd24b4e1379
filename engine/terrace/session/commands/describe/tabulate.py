"""Counts by values: ``tabulate`` of one variable or two, ``tab1``, ``tab2``."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from itertools import combinations

import numpy as np

from terrace.data.dataset import Dataset, Measure, Variable
from terrace.data.transforms.aggregate import Cells
from terrace.data.transforms.grouping import Grouping
from terrace.errors import DataError
from terrace.language.grammar.command import ParsedCommand
from terrace.language.grammar.names import Names
from terrace.language.grammar.options import Option, rules
from terrace.language.mixed_options import argument
from terrace.results.table import Column, Format, Row, RowKind, Table
from terrace.session.commands.helpers.working import BoolArray, FloatArray, chosen, new_name, plural, shown, weights
from terrace.session.effects import Effect
from terrace.session.registry import command
from terrace.session.session import Session
from terrace.session.state import CommandResult, Matrix, Returned
from terrace.statistics import crosstab
from terrace.statistics.crosstab import Levels
from terrace.statistics.distributions import chi2_upper
from terrace.statistics.ranks import fisher_exact
from terrace.wording import p_words

MOST_ROWS = 12_000
_STARS = 50  # of the largest frequency in plot
MOST_COLUMNS = 1_200
_RULES = rules(
    "m:issing nol:abel nof:req sort row col:umn cell chi2 lr:chi2 v all exact plot me:ans st:andard "
    "nost:andard nom:eans",
    "gen:erate su:mmarize matcell matrow matcol subpop",
    already="nokey",
)
_OF_TWO = ("row", "column", "cell", "chi2", "lrchi2", "v", "V", "exact", "all", "matcol")
_OF_ONE = ("sort", "plot", "generate")
_OF_SUMMARIES = ("means", "standard", "nostandard", "nomeans")
_WEIGHTS = ("fweight", "aweight")


@command(
    "tabulate",
    minimum="ta",
    syntax="tabulate variable [variable] [if] [in] [weight] [, missing nolabel sort row column cell nofreq chi2 lrchi2 "
    "exact V plot summarize(variable) generate(stub) subpop(variable) matcell(name) matrow(name) matcol(name)]",
    help="Count the values of a variable, or the pairs of values of two.",
    by="loop",
    effects=Effect.DATA | Effect.RETURNS | Effect.ANALYSES,
)
def tabulate(session: Session, parsed: ParsedCommand) -> CommandResult:
    options = _options(parsed)
    names = parsed.variables(session.data.names)
    if len(names) not in (1, 2):
        raise (parsed.clauses.body or parsed.word).error(
            "tabulate takes one variable or two.", code="syntax", advice="For a table of each of several, use tab1."
        )
    _check(options, len(names))
    keep = chosen(session, parsed.clauses) & _subpopulation(session, options)
    w, kind = weights(session, parsed.clauses, _WEIGHTS, "tabulate")
    if "summarize" in options:
        return _summaries(session, names, keep, options, w, kind)
    if len(names) == 1:
        result = _one(session, names[0], keep, w, options)
        return _dummies(session, result, names[0], keep, options) if "generate" in options else result
    return _two(session, names[0], names[1], keep, w, options)


@command("tab1", syntax="tab1 variables [if] [in] [weight] [, missing nolabel sort plot]",
         help="tabulate of each variable.", by="loop", effects=Effect.RETURNS)  # fmt: skip
@command("tab2", syntax="tab2 variables [if] [in] [weight] [, row column cell chi2]",
         help="tabulate of each pair of variables.", by="loop", effects=Effect.RETURNS)  # fmt: skip
def several(session: Session, parsed: ParsedCommand) -> CommandResult:
    options = _options(parsed)
    names = parsed.variables(session.data.names)
    _check(options, 1 if parsed.name == "tab1" else 2, several=True)
    keep = chosen(session, parsed.clauses) & _subpopulation(session, options)
    w, _ = weights(session, parsed.clauses, _WEIGHTS, parsed.name)
    least = 1 if parsed.name == "tab1" else 2
    if len(names) < least:
        raise parsed.word.error(f"{parsed.name} needs {plural(least, 'variable')} or more.", code="syntax")
    if parsed.name == "tab1":
        results = [_one(session, n, keep, w, options) for n in names]
    else:
        results = [_two(session, a, b, keep, w, options) for a, b in combinations(names, 2)]
    return replace(results[-1], tables=tuple(t for r in results for t in r.tables))


def _options(parsed: ParsedCommand) -> dict[str, Option]:
    # V of Cramér is customarily a capital; options are otherwise small letters.
    return parsed.options((*_RULES, *rules("V")))


def _check(options: dict[str, Option], variables: int, *, several: bool = False) -> None:
    """`CommandError` at an option that would say nothing in a table of so many variables."""
    table = "one variable" if variables == 1 else "two variables"
    wrong = dict.fromkeys(_OF_TWO if variables == 1 else _OF_ONE, f"does not apply to a table of {table}")
    if "summarize" not in options:
        wrong |= dict.fromkeys(_OF_SUMMARIES, "needs summarize()")
    if several:
        names = ("summarize", "generate", "matcell", "matrow", "matcol")
        wrong |= dict.fromkeys(names, "needs tabulate, which makes a single table")
    if "summarize" in options:
        wrong |= dict.fromkeys((*_OF_TWO, *_OF_ONE, "matcell", "matrow"), "cannot be combined with summarize()")
    for name, option in options.items():
        if name in wrong:
            raise option.piece.error(f"{name} {wrong[name]}.", code="misplaced-option", subject=name)


def _subpopulation(session: Session, options: dict[str, Option]) -> BoolArray | bool:
    """The rows in which the variable of ``subpop()`` is neither zero nor missing."""
    if "subpop" not in options:
        return True
    values = session.data.numeric(Names(session.data.names).one(argument(options["subpop"])))
    there: BoolArray = (values != 0) & ~np.isnan(values)
    return there


def _kept(
    result: CommandResult, session: Session, options: dict[str, Option], found: dict[str, Matrix]
) -> CommandResult:
    """The result with matrices under the names that ``matcell()``, ``matrow()`` and ``matcol()`` give them."""
    made = {str(argument(options[k])): m for k, m in found.items() if k in options}
    if not made:
        return result
    state = result.state or session.state
    return replace(result, state=replace(state, matrices={**state.matrices, **made}))


def _values(name: str, values: Sequence[object]) -> Matrix:
    numbers = [[float(v)] if isinstance(v, int | float) else [np.nan] for v in values]
    rows = tuple(f"r{k + 1}" for k in range(len(numbers)))
    return Matrix(np.array(numbers, dtype=np.float64).reshape(-1, 1), rows, (name,))


def _title(data: Dataset, name: str) -> str:
    return data.variable(name).label or name


def _levels(data: Dataset, name: str, keep: BoolArray, options: dict[str, Option], most: int) -> Levels:
    found = crosstab.levels(data, name, keep, missing="missing" in options, labels="nolabel" not in options)
    _check_number(name, len(found.values), most)
    return found


def _check_number(name: str, values: int, most: int) -> None:
    """`DataError` where there are no values, or more than a table can show."""
    if not values:
        raise DataError(f"{name} has no values here.", code="no-observations", subject=name)
    if values > most:
        raise DataError(
            f"{name} has {values:,} values, too many for a table.",
            code="too-many-values",
            subject=name,
            advice="Use codebook or summarize for such variables.",
        )


def _one(
    session: Session, name: str, keep: BoolArray, w: FloatArray | None, options: dict[str, Option]
) -> CommandResult:
    data = session.data
    found = crosstab.tally(data, name, keep, w, missing="missing" in options, labels="nolabel" not in options)
    _check_number(name, len(found.values), MOST_ROWS)
    n = found.n
    order = np.argsort(-n, kind="stable") if "sort" in options else np.arange(len(n))
    total = n.sum()
    share = 100 * n / total
    running = np.cumsum(share[order])
    columns = [Column("n", "Freq.", "count")]
    if "nofreq" in options:
        columns = []
    columns += [Column("percent", "Percent", "fixed", 2), Column("cum", "Cum.", "fixed", 2)]
    if "plot" in options:
        columns = [columns[0], Column("plot", "", "text")]
        rows = [Row(found.labels[k], (_count(n[k]), "*" * round(_STARS * n[k] / n.max()))) for k in order]
        rows.append(Row("Total", (_count(total), None), "total"))
    else:
        rows = [Row(found.labels[k], (_count(n[k]), share[k], c)) for k, c in zip(order, running)]
        rows.append(Row("Total", (_count(total), 100.0, None), "total"))
        if "nofreq" in options:
            rows = [replace(r, values=r.values[1:]) for r in rows]
    table = Table(_title(data, name), tuple(columns), tuple(rows), name, key="tabulate")
    result = shown(session, (table,), {"N": float(total), "r": float(len(n))})
    cells = Matrix(n[order][:, None].astype(np.float64), tuple(f"r{k + 1}" for k in range(len(n))), ("c1",))
    values = _values(name, [found.values[k] for k in order])
    return _kept(result, session, options, {"matcell": cells, "matrow": values})


def _count(x: float) -> int | float:
    return int(x) if float(x).is_integer() else float(x)


def _dummies(
    session: Session, result: CommandResult, name: str, keep: BoolArray, options: dict[str, Option]
) -> CommandResult:
    """The result with indicator variables stub1, stub2, ... added to the data."""
    data = session.data
    found = _levels(data, name, keep, options, MOST_COLUMNS)
    stub = argument(options["generate"])
    for k, label in enumerate(found.labels):
        new = f"{stub}{k + 1}"
        if new in data:
            new_name(stub, data)
            raise stub.error(f"A variable named {new} already exists.", code="variable-exists", subject=new)
        values = np.where(found.codes >= 0, (found.codes == k).astype(np.float64), np.nan)
        data = data.with_column(new, values, Variable(new, f"{name}=={label}", Measure.NOMINAL))
    assert result.state is not None
    return replace(result, state=replace(result.state, dataset=data))


# --- two variables --------------------------------------------------------------------------------------------
def _two(
    session: Session, a: str, b: str, keep: BoolArray, w: FloatArray | None, options: dict[str, Option]
) -> CommandResult:
    data = session.data
    missing = "missing" in options
    both = keep if missing else keep & (data.codes(a)[0] >= 0) & (data.codes(b)[0] >= 0)
    rows_of, columns_of = _levels(data, a, both, options, MOST_ROWS), _levels(data, b, both, options, MOST_COLUMNS)
    n = crosstab.cross(rows_of, columns_of, w)
    total = n.sum()
    kinds: list[str] = [k for k in ("row", "column", "cell") if k in options]
    kinds = ([] if "nofreq" in options and kinds else ["freq"]) + kinds
    margin = np.vstack([n, n.sum(axis=0)])
    full = np.column_stack([margin, margin.sum(axis=1)])
    with np.errstate(invalid="ignore", divide="ignore"):
        shares = {
            "row": 100 * full / full[:, -1:],
            "column": 100 * full / full[-1:, :],
            "cell": 100 * full / total,
        }
    out: list[Row] = []
    for i, label in enumerate((*rows_of.labels, "Total")):
        for k, kind in enumerate(kinds):
            cells = tuple(_count(x) for x in full[i]) if kind == "freq" else tuple(float(x) for x in shares[kind][i])
            text = label if k == 0 else {"row": "row %", "column": "column %", "cell": "cell %"}[kind]
            out.append(
                Row(
                    text,
                    cells,
                    "total" if label == "Total" and i == len(rows_of.labels) and k == 0 else "row",
                    indent=int(k > 0),
                    format="count" if kind == "freq" else "fixed",
                    decimals=None if kind == "freq" else 2,
                )
            )
    notes, scalars = _tests(n, options)
    if len(kinds) == 1 and kinds[0] != "freq":
        notes = [f"{kinds[0].capitalize()} percentages.", *notes]
    columns = tuple(Column(f"c{j}", t, "count") for j, t in enumerate((*columns_of.labels, "Total")))
    title = f"{_title(data, a)} by {_title(data, b)}"
    table = Table(title, columns, tuple(out), f"{a} \\ {b}", tuple(notes), "tabulate")
    sizes = {"N": float(total), "r": float(n.shape[0]), "c": float(n.shape[1])}
    result = shown(session, (table,), {**sizes, **scalars})
    rows_, columns_ = (tuple(f"{x}{k + 1}" for k in range(size)) for x, size in zip("rc", n.shape))
    across = _values(b, columns_of.values)
    across = Matrix(across.values.T, ("r1",), columns_)
    kept = {"matcell": Matrix(n.astype(np.float64), rows_, columns_), "matrow": _values(a, rows_of.values)}
    return _kept(result, session, options, {**kept, "matcol": across})


def _tests(n: FloatArray, options: dict[str, Option]) -> tuple[list[str], dict[str, float]]:
    notes: list[str] = []
    scalars: dict[str, float] = {}
    everything = "all" in options
    chi2, df = crosstab.pearson(n)
    if "chi2" in options or everything:
        p = chi2_upper(chi2, df)
        notes.append(f"Pearson chi2({df}) = {chi2:.4f}, {p_words(p)}.")
        scalars |= {"chi2": chi2, "p": p}
    if "lrchi2" in options or everything:
        g = crosstab.likelihood_ratio(n)
        p = chi2_upper(g, df)
        notes.append(f"Likelihood-ratio chi2({df}) = {g:.4f}, {p_words(p)}.")
        scalars |= {"chi2_lr": g, "p_lr": p}
    if "exact" in options:
        if n.shape != (2, 2) or np.any(n != np.floor(n)):
            raise options["exact"].piece.error(
                f"Fisher's exact test needs a table of 2 by 2 counts, but this one has {n.shape[0]} by {n.shape[1]}.",
                code="exact",
                subject="exact",
                advice="For larger tables, use chi2 or lrchi2.",
            )
        both, one = fisher_exact(n)
        notes.append(f"Fisher's exact test: {p_words(both)}, one-sided {p_words(one)}.")
        scalars |= {"p_exact": both, "p1_exact": one}
    if "V" in options or "v" in options or everything:
        v = crosstab.cramers_v(n)
        notes.append(f"Cramér's V = {v:.4f}.")
        scalars["CramersV"] = v
    return notes, scalars


# --- summaries of another variable ----------------------------------------------------------------------------
def _summaries(
    session: Session,
    names: tuple[str, ...],
    keep: BoolArray,
    options: dict[str, Option],
    w: FloatArray | None,
    kind: str,
) -> CommandResult:
    data = session.data
    if w is not None:
        keep = keep & (w > 0)
    if len(names) == 2:
        return _two_summaries(session, names, keep, options, w, kind)
    target = Names(data.names).one(argument(options["summarize"]))
    x = data.numeric(target)
    keep = keep & ~np.isnan(x)
    found = _levels(data, names[0], keep, options, MOST_ROWS)
    used = found.codes >= 0
    groups = Grouping(found.codes[used], len(found.values), np.zeros(int(used.sum()), dtype=bool))
    whole = Grouping(np.zeros(int(used.sum()), dtype=np.int64), 1, groups.missing)
    own = None if w is None else w[used]
    kinds = _kinds(options)
    rows = []
    parts: tuple[tuple[str | None, Cells, RowKind], ...] = (
        (None, Cells(x[used], groups, own, kind), "row"), ("Total", Cells(x[used], whole, own, kind), "total"),
    )  # fmt: skip
    for label, cells, place in parts:
        sd = np.sqrt(cells.variance)
        for g in range(cells.g):
            every = {"mean": cells.mean[g], "sd": sd[g], "n": _count(cells.count[g])}
            rows.append(Row(label or found.labels[g], tuple(every[k] for k in kinds), place))
    every_head = Column("mean", "Mean", "general"), Column("sd", "SD", "general"), Column("n", "Freq.", "count")
    columns = tuple(c for c in every_head if c.key in kinds)
    table = Table(
        f"Summary of {_title(data, target)} by {_title(data, names[0])}", columns, tuple(rows), names[0], key="tabulate"
    )
    return CommandResult(
        tables=(table,), state=replace(session.state, returned=Returned({"N": float(used.sum())}))
    )


def _kinds(options: dict[str, Option]) -> list[str]:
    """Which of mean, SD and frequency a summary shows."""
    only = [k for k, on in (("mean", "means"), ("sd", "standard")) if on in options]
    return only or [k for k, off in (("mean", "nomeans"), ("sd", "nostandard"), ("n", "nofreq")) if off not in options]


def _two_summaries(
    session: Session,
    names: tuple[str, ...],
    keep: BoolArray,
    options: dict[str, Option],
    w: FloatArray | None,
    kind: str,
) -> CommandResult:
    """Mean, SD and frequency of a variable for each pair of values; the options leave some of them out."""
    data = session.data
    target = Names(data.names).one(argument(options["summarize"]))
    x = data.numeric(target)
    keep = keep & ~np.isnan(x)
    for n in names:
        keep = keep & (data.codes(n)[0] >= 0)
    rows_of, columns_of = (_levels(data, n, keep, options, m) for n, m in zip(names, (MOST_ROWS, MOST_COLUMNS)))
    r, c, x = rows_of.codes[keep], columns_of.codes[keep], x[keep]
    rows, columns = len(rows_of.values), len(columns_of.values)
    kinds = _kinds(options)
    own = None if w is None else w[keep]
    grids: dict[str, FloatArray] = {k: np.full((rows + 1, columns + 1), np.nan) for k in ("mean", "sd", "n")}
    for at_row, at_column in ((True, True), (True, False), (False, True), (False, False)):
        codes = (r if at_row else 0 * r) * (columns if at_column else 1) + (c if at_column else 0 * c)
        shape = (rows if at_row else 1, columns if at_column else 1)
        cells = Cells(x, Grouping(codes, shape[0] * shape[1], np.zeros(len(x), dtype=bool)), own, kind)
        place = (slice(None, rows) if at_row else slice(rows, None)), (
            slice(None, columns) if at_column else slice(columns, None)
        )
        for k, values in (("mean", cells.mean), ("sd", np.sqrt(cells.variance)), ("n", cells.count)):
            grids[k][place] = values.reshape(shape)
    out: list[Row] = []
    titles = {"mean": "mean", "sd": "SD", "n": "n"}
    for i, label in enumerate((*rows_of.labels, "Total")):
        for j, what in enumerate(kinds):
            values_of = tuple(None if np.isnan(v) else _count(v) if what == "n" else float(v) for v in grids[what][i])
            last = i == rows and j == 0
            form: Format = "count" if what == "n" else "general"
            text = label if j == 0 else titles[what]
            out.append(Row(text, values_of, "total" if last else "row", indent=int(j > 0), format=form))
    heads = (*columns_of.labels, "Total")
    table = Table(
        f"Summary of {_title(data, target)} by {_title(data, names[0])} and {_title(data, names[1])}",
        tuple(Column(f"c{j}", t, "general") for j, t in enumerate(heads)),
        tuple(out),
        f"{names[0]} \\ {names[1]}",
        (f"In each cell: {', '.join(titles[k] for k in kinds)}.",),
        "tabulate",
    )
    return shown(session, (table,), {"N": float(len(x))})
