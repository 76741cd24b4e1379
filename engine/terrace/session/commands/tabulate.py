"""Counts by values: ``tabulate`` of one variable or two, ``tab1``, ``tab2``."""

from __future__ import annotations

from dataclasses import replace
from itertools import combinations

import numpy as np

from terrace.data import crosstab
from terrace.data.crosstab import Levels
from terrace.data.dataset import Dataset, Measure, Variable
from terrace.data.transforms.aggregate import Cells
from terrace.data.transforms.grouping import Grouping
from terrace.errors import DataError
from terrace.inference.distributions import chi2_upper
from terrace.inference.ranktests import fisher_exact
from terrace.language.command import ParsedCommand
from terrace.language.mixed_options import argument
from terrace.language.names import Names
from terrace.language.options import Option, rules
from terrace.results.table import Column, Format, Row, Table
from terrace.session.registry import command
from terrace.session.session import Session
from terrace.session.state import CommandResult, Returned
from terrace.session.working import BoolArray, FloatArray, chosen, new_name, plural, shown, weights

MOST_ROWS = 12_000
MOST_COLUMNS = 1_200
_RULES = rules(
    "m:issing nol:abel nof:req sort row col:umn cell chi2 lr:chi2 v all exact plot nokey me:ans st:andard "
    "nost:andard nom:eans w:rap subpop",
    "gen:erate su:mmarize matcell matrow",
)
_WEIGHTS = ("fweight", "aweight")


@command(
    "tabulate",
    minimum="ta",
    syntax="tabulate variable [variable] [if] [in] [weight] [, missing nolabel sort row column cell nofreq chi2 lrchi2 "
    "exact V summarize(variable) generate(stub)]",
    help="Count the values of a variable, or the pairs of values of two.",
    by="loop",
)
def tabulate(session: Session, parsed: ParsedCommand) -> CommandResult:
    options = _options(parsed)
    names = parsed.variables(session.data.names)
    if len(names) not in (1, 2):
        raise (parsed.clauses.body or parsed.word).error(
            "tabulate takes one variable or two.", code="syntax", advice="tab1 makes a table of each of several."
        )
    keep = chosen(session, parsed.clauses)
    w, _ = weights(session, parsed.clauses, _WEIGHTS, "tabulate")
    if "summarize" in options:
        return _summaries(session, names, keep, options)
    if len(names) == 1:
        result = _one(session, names[0], keep, w, options)
        return _dummies(session, result, names[0], keep, options) if "generate" in options else result
    return _two(session, names[0], names[1], keep, w, options)


@command("tab1", syntax="tab1 variables [if] [in] [, missing nolabel sort]", help="tabulate of each variable.",
         by="loop")  # fmt: skip
@command("tab2", syntax="tab2 variables [if] [in] [, row column cell chi2]", help="tabulate of each pair of variables.",
         by="loop")  # fmt: skip
def several(session: Session, parsed: ParsedCommand) -> CommandResult:
    options = _options(parsed)
    names = parsed.variables(session.data.names)
    keep = chosen(session, parsed.clauses)
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


def _title(data: Dataset, name: str) -> str:
    return data.variable(name).label or name


def _levels(data: Dataset, name: str, keep: BoolArray, options: dict[str, Option], most: int) -> Levels:
    found = crosstab.levels(data, name, keep, missing="missing" in options, labels="nolabel" not in options)
    if not found.values:
        raise DataError(f"{name} has no values here.", code="no-observations", subject=name)
    if len(found.values) > most:
        raise DataError(
            f"{name} has {len(found.values):,} values, too many for a table.",
            code="too-many-values",
            subject=name,
            advice="codebook and summarize describe such variables.",
        )
    return found


def _one(
    session: Session, name: str, keep: BoolArray, w: FloatArray | None, options: dict[str, Option]
) -> CommandResult:
    data = session.data
    found = _levels(data, name, keep, options, MOST_ROWS)
    n = crosstab.counts(found, w)
    order = np.argsort(-n, kind="stable") if "sort" in options else np.arange(len(n))
    total = n.sum()
    share = 100 * n / total
    running = np.cumsum(share[order])
    rows = [Row(found.labels[k], (_count(n[k]), share[k], c)) for k, c in zip(order, running)]
    rows.append(Row("Total", (_count(total), 100.0, None), "total"))
    columns = (
        Column("n", "Freq.", "count"),
        Column("percent", "Percent", "fixed", 2),
        Column("cum", "Cum.", "fixed", 2),
    )
    table = Table(_title(data, name), columns, tuple(rows), name, key="tabulate")
    return shown(session, (table,), {"N": float(total), "r": float(len(n))})


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
            raise stub.error(f"There is a variable {new} already.", code="variable-exists", subject=new)
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
    return shown(session, (table,), {**sizes, **scalars})


def _tests(n: FloatArray, options: dict[str, Option]) -> tuple[list[str], dict[str, float]]:
    notes: list[str] = []
    scalars: dict[str, float] = {}
    everything = "all" in options
    chi2, df = crosstab.pearson(n)
    if "chi2" in options or everything:
        p = chi2_upper(chi2, df)
        notes.append(f"Pearson chi2({df}) = {chi2:.4f}, p = {p:.3f}.")
        scalars |= {"chi2": chi2, "p": p}
    if "lrchi2" in options or everything:
        g = crosstab.likelihood_ratio(n)
        p = chi2_upper(g, df)
        notes.append(f"Likelihood-ratio chi2({df}) = {g:.4f}, p = {p:.3f}.")
        scalars |= {"chi2_lr": g, "p_lr": p}
    if "exact" in options:
        if n.shape != (2, 2) or np.any(n != np.floor(n)):
            raise options["exact"].piece.error(
                f"Fisher's exact test is for tables of 2 by 2 counts; this one has {n.shape[0]} by {n.shape[1]}.",
                code="exact",
                subject="exact",
                advice="chi2 or lrchi2 test larger tables.",
            )
        both, one = fisher_exact(n)
        notes.append(f"Fisher's exact p = {both:.3f}, one-sided {one:.3f}.")
        scalars |= {"p_exact": both, "p1_exact": one}
    if "V" in options or "v" in options or everything:
        v = crosstab.cramers_v(n)
        notes.append(f"Cramér's V = {v:.4f}.")
        scalars["CramersV"] = v
    return notes, scalars


# --- summaries of another variable ----------------------------------------------------------------------------
def _summaries(
    session: Session, names: tuple[str, ...], keep: BoolArray, options: dict[str, Option]
) -> CommandResult:
    data = session.data
    if len(names) == 2:
        return _two_summaries(session, names, keep, options)
    target = Names(data.names).one(argument(options["summarize"]))
    x = data.numeric(target)
    keep = keep & ~np.isnan(x)
    found = _levels(data, names[0], keep, options, MOST_ROWS)
    used = found.codes >= 0
    groups = Grouping(found.codes[used], len(found.values), np.zeros(int(used.sum()), dtype=bool))
    whole = Grouping(np.zeros(int(used.sum()), dtype=np.int64), 1, groups.missing)
    rows = []
    for label, cells, kind in ((None, Cells(x[used], groups), "row"), ("Total", Cells(x[used], whole), "total")):
        sd = np.sqrt(cells.variance)
        for g in range(cells.g):
            text = label or found.labels[g]
            rows.append(Row(text, (cells.mean[g], sd[g], int(cells.n[g])), kind))  # type: ignore[arg-type]
    columns = (Column("mean", "Mean", "general"), Column("sd", "SD", "general"), Column("n", "Freq.", "count"))
    table = Table(
        f"Summary of {_title(data, target)} by {_title(data, names[0])}", columns, tuple(rows), names[0], key="tabulate"
    )
    return CommandResult(
        tables=(table,), state=replace(session.state, returned=Returned({"N": float(used.sum())}))
    )


def _two_summaries(
    session: Session, names: tuple[str, ...], keep: BoolArray, options: dict[str, Option]
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
    kinds = [k for k, off in (("mean", "nomeans"), ("sd", "nostandard"), ("n", "nofreq")) if off not in options]
    only = [k for k, on in (("mean", "means"), ("sd", "standard")) if on in options]
    kinds = only or kinds
    grids: dict[str, FloatArray] = {k: np.full((rows + 1, columns + 1), np.nan) for k in ("mean", "sd", "n")}
    for at_row, at_column in ((True, True), (True, False), (False, True), (False, False)):
        codes = (r if at_row else 0 * r) * (columns if at_column else 1) + (c if at_column else 0 * c)
        shape = (rows if at_row else 1, columns if at_column else 1)
        cells = Cells(x, Grouping(codes, shape[0] * shape[1], np.zeros(len(x), dtype=bool)))
        place = (slice(None, rows) if at_row else slice(rows, None)), (
            slice(None, columns) if at_column else slice(columns, None)
        )
        for k, values in (("mean", cells.mean), ("sd", np.sqrt(cells.variance)), ("n", cells.n)):
            grids[k][place] = values.reshape(shape)
    out: list[Row] = []
    titles = {"mean": "mean", "sd": "SD", "n": "n"}
    for i, label in enumerate((*rows_of.labels, "Total")):
        for j, kind in enumerate(kinds):
            values_of = tuple(None if np.isnan(v) else int(v) if kind == "n" else float(v) for v in grids[kind][i])
            last = i == rows and j == 0
            form: Format = "count" if kind == "n" else "general"
            text = label if j == 0 else titles[kind]
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
