"""Variables one by one: ``codebook``, ``inspect``, ``misstable``."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from terrace.data.dataset import Dataset, Measure
from terrace.data.dates import is_date_format
from terrace.data.describe import PERCENTILES, Profile, missing_patterns, profile
from terrace.data.describe import inspect as inspected
from terrace.data.missing import missing_texts
from terrace.data.value import Value
from terrace.errors import DataError
from terrace.language.grammar.command import ParsedCommand
from terrace.language.grammar.options import Option, rules
from terrace.language.mixed_options import number
from terrace.report.numbers import general, of_data
from terrace.report.text.text import table_text
from terrace.results.table import Column, Row, Table
from terrace.session.commands.helpers.describing import shortened, storage
from terrace.session.commands.helpers.working import chosen, plural, shown
from terrace.session.effects import Effect
from terrace.session.registry import command
from terrace.session.session import Session
from terrace.session.state import CommandResult

_WIDTH, _LEAST_LABEL = 80, 12


@command(
    "codebook",
    minimum="codebook",
    syntax="codebook [variables] [if] [in] [, compact header notes all tabulate(#)]",
    help="Describe the values of each variable.",
    by="loop",
    effects=Effect.RETURNS,
)
def codebook(session: Session, parsed: ParsedCommand) -> CommandResult:
    options = parsed.options(rules("c:ompact h:eader n:otes all", "t:abulate"))
    data = session.data
    names = parsed.variables(data.names) or data.names
    keep = chosen(session, parsed.clauses)
    limit = int(number(options["tabulate"], integer=True)) if "tabulate" in options else 9
    profiles = [profile(data, n, keep, limit=limit) for n in names]
    if "compact" in options:
        return CommandResult(tables=(_compact(data, profiles),))
    pages = [_page(data, p) for p in profiles]
    return CommandResult(tables=(*_head(data, options), *pages))


def _head(data: Dataset, options: dict[str, Option]) -> list[Table]:
    """What ``header`` and ``notes`` (both by ``all``) put before the variables."""
    rows: list[Row] = []
    if {"header", "all"} & set(options):
        rows += [Row("Label", (data.label or "",)), Row("Source", (str(data.source or ""),))]
        rows += [Row("SHA-256 of the source", (data.sha256,))] * bool(data.sha256)
        rows += [Row("Rows", (f"{len(data):,}",)), Row("Variables", (f"{len(data.names):,}",))]
    if {"notes", "all"} & set(options):
        rows += [Row(f"Note {k}", (text,)) for k, text in enumerate((*data.documents, *data.notes), start=1)]
    return [Table("Data", (Column("value", "Value", "text"),), tuple(rows), "About", key="codebook")] if rows else []


def _shown(data: Dataset, name: str, value: float) -> str:
    form = data.variable(name).format
    if is_date_format(form):
        from terrace.data.dates import date_text

        return date_text(value, form)
    return of_data(value)


def _page(data: Dataset, p: Profile) -> Table:
    """The table of one variable: facts, then its values or its percentiles."""
    v = data.variable(p.name)
    rows = [Row("Type", (_type(data, p),)), Row("Measure", (str(v.measure),))]
    if not p.text and p.low is not None and p.high is not None:
        rows.append(Row("Range", (f"{_shown(data, p.name, p.low)} to {_shown(data, p.name, p.high)}",)))
        if p.unit:
            rows.append(Row("Units", (general(p.unit),)))
    rows.append(Row("Unique values", (f"{p.unique:,}",)))
    rows.append(Row("Missing", (f"{p.missing:,} of {p.n:,}",)))
    if v.declares_missing:
        rows.append(Row("Missing codes", (", ".join(missing_texts(v)),)))
    if p.values:
        rows.append(Row("Values", kind="group"))
        width = max(len(f"{c:,}") for c in p.counts)
        rows += [Row(_level(v.value_labels, x), (f"{c:,}".rjust(width),), indent=1) for x, c in zip(p.values, p.counts)]
    elif p.mean is not None and p.sd is not None and v.measure is not Measure.IDENTIFIER:
        rows.append(Row("Mean", (general(p.mean),)))
        rows.append(Row("SD", (general(p.sd),)))
        rows.append(Row("Percentiles", kind="group"))
        rows += [Row(f"{q}%", (_shown(data, p.name, x),), indent=1) for q, x in zip(PERCENTILES, p.percentiles)]
    elif p.examples:
        rows.append(Row("Examples", ("; ".join(p.examples),)))
    title = f"{p.name}: {v.label}" if v.label else p.name
    return Table(title, (Column("value", "Value", "text"),), tuple(rows), "Statistic", key=f"codebook:{p.name}")


def _type(data: Dataset, p: Profile) -> str:
    if p.text:
        return "text"
    form = data.variable(p.name).format
    kind = "date" if is_date_format(form) else f"number ({storage(data, p.name)})"
    return f"{kind}, labelled" if data.variable(p.name).value_labels else kind


def _level(labels: Mapping[Value, str], value: Value) -> str:
    if isinstance(value, str):
        return value
    text = of_data(float(value))
    label = labels.get(value)
    return f"{text} {label}" if label else text


def _compact(data: Dataset, profiles: list[Profile]) -> Table:
    columns = (
        Column("n", "Obs", "count"),
        Column("unique", "Unique", "count"),
        *(Column(k, t, "general") for k, t in (("mean", "Mean"), ("min", "Min"), ("max", "Max"))),
        Column("label", "Label", "text"),
    )
    rows = tuple(Row(p.name, (p.n - p.missing, p.unique, p.mean, p.low, p.high)) for p in profiles)
    numbers = Table("Codebook", columns[:-1], rows, "Variable", key="codebook")
    room = max(_LEAST_LABEL, _WIDTH - max(len(line) for line in table_text(numbers, 1000).split("\n")) - 2)
    labels = [shortened(data.variable(p.name).label, room) for p in profiles]
    if not any(labels):
        return numbers
    labelled = tuple(replace(r, values=(*r.values, label)) for r, label in zip(rows, labels))
    return replace(numbers, columns=columns, rows=labelled)


@command(
    "inspect",
    minimum="ins",
    syntax="inspect [variables] [if] [in]",
    help="Count negative, zero, positive, whole and missing values.",
    by="loop",
    effects=Effect.RETURNS,
)
def inspect(session: Session, parsed: ParsedCommand) -> CommandResult:
    parsed.options(())
    data = session.data
    names = parsed.variables(data.names) or data.names
    keep = chosen(session, parsed.clauses)
    tables = []
    scalars: dict[str, float] = {}
    for name in names:
        if data.is_text(name):
            continue
        found = inspected(data.numeric(name)[keep])
        rows = [
            Row("Negative", found.negative),
            Row("Zero", found.zero),
            Row("Positive", found.positive),
            Row("Total", found.total, "total"),
            Row("Missing", (found.missing, None, None)),
        ]
        heads = (("total", "Total"), ("whole", "Integers"), ("other", "Other"))
        columns = tuple(Column(k, t, "count") for k, t in heads)
        label = data.variable(name).label
        note = f"{plural(found.unique, 'unique value')}."
        title = f"{name}: {label}" if label else name
        tables.append(Table(title, columns, tuple(rows), "Values", (note,), f"inspect:{name}"))
        scalars = {
            "N": float(found.total[0]),
            "N_neg": float(found.negative[0]),
            "N_0": float(found.zero[0]),
            "N_pos": float(found.positive[0]),
            "N_negint": float(found.negative[1]),
            "N_posint": float(found.positive[1]),
            "N_unique": float(found.unique),
            "N_undoc": float("nan"),
        }
    if not tables:
        raise DataError("These variables hold text. Use codebook to describe them.", code="text-variable")
    return shown(session, tables, scalars)


@command(
    "misstable summarize",
    minimum="misstable sum",
    syntax="misstable summarize [variables] [if] [in] [, all]",
    help="Count missing values, variable by variable.",
    effects=Effect.RETURNS,
)
@command(
    "misstable patterns",
    minimum="misstable pat",
    syntax="misstable patterns [variables] [if] [in] [, frequency asis bypatterns]",
    help="Show which variables are missing together.",
    effects=Effect.RETURNS,
)
def misstable(session: Session, parsed: ParsedCommand) -> CommandResult:
    summary = parsed.name.endswith("summarize")
    options = parsed.options(rules("all") if summary else rules("freq:uency asis bypat:terns"))
    data = session.data
    names = parsed.variables(data.names) or data.names
    keep = chosen(session, parsed.clauses)
    profiles = {n: profile(data, n, keep, limit=0) for n in names}
    incomplete = [n for n in names if profiles[n].missing]
    if summary:
        return _missing_summary(session, profiles, list(names) if "all" in options else incomplete)
    if not incomplete:
        return CommandResult(text="(no variable has missing values)")
    if "asis" not in options:  # the most incomplete variable last, as patterns are read from the left
        incomplete.sort(key=lambda n: profiles[n].missing)
    patterns, counts = missing_patterns(data, incomplete, keep)
    if "bypatterns" in options:  # by how many are missing, and which
        order = sorted(range(len(counts)), key=lambda k: (int(patterns[k].sum()), patterns[k].tolist()))
        patterns, counts = patterns[order], counts[order]
    total = int(counts.sum())
    as_counts = "frequency" in options
    value = Column("n", "Rows", "count") if as_counts else Column("share", "Percent", "percent")
    rows = tuple(
        Row("complete" if not p.any() else "", (int(c) if as_counts else c / total, *("." if m else "+" for m in p)))
        for p, c in zip(patterns, counts)
    )
    table = Table(
        "Patterns of missing values",
        (value, *(Column(n, n, "text") for n in incomplete)),
        rows,
        "Pattern",
        ("+ present, . missing.", f"{plural(total, 'row')}, {plural(len(counts), 'pattern')}."),
        "misstable",
    )
    complete = int(counts[~patterns.any(axis=1)].sum())
    return shown(session, (table,), {"N_complete": float(complete), "N_incomplete": float(total - complete)})


def _missing_summary(session: Session, profiles: dict[str, Profile], names: list[str]) -> CommandResult:
    if not names:
        return CommandResult(text="(no variable has missing values)")
    columns = (
        Column("missing", "Missing", "count"),
        Column("n", "Not missing", "count"),
        Column("share", "Percent", "percent"),
        Column("unique", "Unique", "count"),
        Column("min", "Min", "general"),
        Column("max", "Max", "general"),
    )
    rows = tuple(
        Row(n, (p.missing, p.n - p.missing, p.missing / p.n if p.n else None, p.unique, p.low, p.high))
        for n, p in ((n, profiles[n]) for n in names)
    )
    table = Table("Missing values", columns, rows, "Variable", key="misstable")
    return shown(session, (table,), {"max": float(max(profiles[n].missing for n in names))})
