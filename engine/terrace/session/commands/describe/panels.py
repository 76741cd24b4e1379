"""Describing panels and groups: ``xtsum``, ``xtdescribe``, ``xttab``; ``tsfill`` fills gaps in time."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd

from terrace.data.dataset import Dataset
from terrace.data.digits import EXACT
from terrace.data.row_numbers import gathered
from terrace.data.transforms.aggregate import Cells
from terrace.data.transforms.grouping import Grouping, group
from terrace.errors import DataError
from terrace.language.grammar.command import ParsedCommand
from terrace.language.grammar.names import Names
from terrace.language.grammar.options import Option, rules
from terrace.language.mixed_options import argument, number
from terrace.report.numbers import of_data
from terrace.results.table import Column, Format, Row, Table
from terrace.session.commands.helpers.working import changed, chosen, plural, shown
from terrace.session.effects import Effect
from terrace.session.registry import command
from terrace.session.session import Session
from terrace.session.state import CommandResult


def _panel(session: Session, parsed: ParsedCommand, options: dict[str, Option]) -> str:
    """The group variable: ``i()``, or what xtset declared."""
    if "i" in options:
        return Names(session.data.names).one(argument(options["i"]))
    panel = session.data.panel
    if panel is None or panel.panel is None:
        raise parsed.word.error(
            f"{parsed.name} needs to know the groups.", code="no-panel", advice="Use xtset school first, or add "
                                                                                "i(school)."
        )
    return panel.panel


@command(
    "xtsum",
    syntax="xtsum [variables] [if] [in] [, i(group)]",
    help="Summarize variables between and within the groups set by xtset.",
    effects=Effect.RETURNS,
)
def xtsum(session: Session, parsed: ParsedCommand) -> CommandResult:
    options = parsed.options(rules("", "i"))
    data = session.data
    panel = _panel(session, parsed, options)
    keep = chosen(session, parsed.clauses)
    keep &= ~group(data, [panel]).missing
    names = [n for n in parsed.variables(data.names) or data.names if n != panel and not data.is_text(n)]
    groups = group(data.rows(keep), [panel])
    rows: list[Row] = []
    scalars: dict[str, float] = {}
    for name in names:
        x = data.numeric(name)[keep]
        cells = Cells(x, groups)
        means = cells.mean[cells.n > 0]
        there = ~np.isnan(x)
        n, count = int(there.sum()), len(means)
        if not n:
            continue
        grand = float(x[there].mean())
        within = (x - cells.mean[groups.codes] + grand)[there]
        # Within: deviations from group means around the grand mean, with n - 1 as the deviations themselves have.
        overall_sd = float(x[there].std(ddof=1)) if n > 1 else float("nan")
        between_sd = float(means.std(ddof=1)) if count > 1 else float("nan")
        within_sd = float(np.sqrt(((within - grand) ** 2).sum() / (n - 1))) if n > 1 else float("nan")
        rows += [
            Row(name, kind="group"),
            Row("overall", (grand, overall_sd, float(x[there].min()), float(x[there].max()), f"N = {n:,}"), indent=1),
            Row("between", (None, between_sd, float(means.min()), float(means.max()), f"n = {count:,}"), indent=1),
            Row(
                "within",
                (None, within_sd, float(within.min()), float(within.max()), f"T-bar = {n / count:.6g}"),
                indent=1,
            ),
        ]
        scalars = {
            "N": float(n), "n": float(count), "Tbar": n / count, "mean": grand,
            "sd": overall_sd, "sd_b": between_sd, "sd_w": within_sd,
            "min": float(x[there].min()), "max": float(x[there].max()),
            "min_b": float(means.min()), "max_b": float(means.max()),
            "min_w": float(within.min()), "max_w": float(within.max()),
        }  # fmt: skip
    if not rows:
        raise DataError("There are no values to summarize.", code="no-observations")
    heads = (("mean", "Mean"), ("sd", "SD"), ("min", "Min"), ("max", "Max"))
    columns = (
        *(Column(k, t, "estimate" if k in ("mean", "sd") else "general") for k, t in heads),
        Column("n", "Observations", "text"),
    )
    return shown(
        session,
        (Table(f"Variation between and within {panel}", columns, tuple(rows), "Variable", key="xtsum"),),
        scalars,
    )


@command(
    "xtdescribe",
    minimum="xtdes",
    syntax="xtdescribe [if] [in] [, patterns(#) i(group) t(time)]",
    help="Show how many groups and occasions there are, and which occasions occur together.",
    effects=Effect.RETURNS,
)
def xtdescribe(session: Session, parsed: ParsedCommand) -> CommandResult:
    options = parsed.options(rules("", "p:atterns i t"))
    data = session.data
    panel = _panel(session, parsed, options)
    declared = data.panel
    time = Names(data.names).one(argument(options["t"])) if "t" in options else declared.time if declared else None
    if time is None:
        raise parsed.word.error("xtdescribe needs a time "
                                "variable.", code="no-time", advice="Use xtset id time first.")
    most = int(number(options["patterns"], integer=True)) if "patterns" in options else 9
    keep = chosen(session, parsed.clauses) & ~group(data, [panel]).missing
    t = data.numeric(time)
    keep &= ~np.isnan(t)
    if not keep.any():
        raise DataError("if and in leave no rows.", code="no-observations")
    groups = group(data.rows(keep), [panel])
    times, place = np.unique(t[keep], return_inverse=True)
    sizes = groups.sizes
    one = Grouping(np.zeros(len(sizes), dtype=np.int64), 1, np.zeros(len(sizes), dtype=bool))
    quantiles = [Cells(sizes.astype(float), one).percentile(p)[0] for p in (5, 25, 50, 75, 95)]
    shape = ", ".join(of_data(float(v)) for v in times[:3]) + (
        ", ..., " + of_data(float(times[-1])) if len(times) > 3 else ""
    )
    spread = ", ".join(f"{p}% {q:g}" for p, q in zip((5, 25, 50, 75, 95), quantiles))
    facts = Table(
        "",
        (Column("value", "", "text"),),
        (
            Row(panel, (f"n = {groups.n_groups:,}",)),
            Row(time, (f"T = {len(times):,} ({shape})",)),
            Row("Rows a group", (f"min {sizes.min():,}, {spread}, max {sizes.max():,}",)),
        ),
        "Panel",
        key="xtdescribe",
    )  # fmt: skip
    tables = [facts]
    if len(times) <= 60:
        seen = np.zeros((groups.n_groups, len(times)), dtype=bool)
        seen[groups.codes, place] = True
        patterns, counts = np.unique(seen, axis=0, return_counts=True)
        order = np.argsort(-counts, kind="stable")
        rows, running = [], 0.0
        for k in order[:most]:
            share = 100 * counts[k] / groups.n_groups
            running += share
            rows.append(Row("".join("1" if x else "." for x in patterns[k]), (int(counts[k]), share, running)))
        rest = counts[order[most:]].sum()
        if rest:
            rows.append(Row("(other patterns)", (int(rest), 100 * rest / groups.n_groups, 100.0)))
        rows.append(Row("Total", (groups.n_groups, 100.0, None), "total"))
        columns = (
            Column("n", "Freq.", "count"),
            Column("percent", "Percent", "fixed", 2),
            Column("cum", "Cum.", "fixed", 2),
        )
        tables.append(
            Table("", columns, tuple(rows), "Pattern", (f"1 where {time} has that occasion.",), key="xtpatterns")
        )
    scalars = {
        "N": float(groups.n_groups),
        "min": float(sizes.min()),
        "max": float(sizes.max()),
        "mean": float(sizes.mean()),
    }
    return shown(session, tuple(tables), scalars)


@command(
    "xttab",
    syntax="xttab variable [if] [in] [, i(group)]",
    help="Count the values of a variable in rows and in groups.",
    effects=Effect.RETURNS,
)
def xttab(session: Session, parsed: ParsedCommand) -> CommandResult:
    from terrace.statistics.crosstab import levels

    options = parsed.options(rules("", "i"))
    data = session.data
    panel = _panel(session, parsed, options)
    names = parsed.variables(data.names)
    if len(names) != 1:
        raise parsed.word.error("xttab takes one variable.", code="one-variable")
    keep = chosen(session, parsed.clauses) & ~group(data, [panel]).missing
    found = levels(data, names[0], keep)
    used = found.codes >= 0
    if not used.any():
        raise DataError(f"{names[0]} has no values here.", code="no-observations", subject=names[0])
    ids = group(data, [panel]).codes[used]
    frame = pd.DataFrame({"v": found.codes[used], "g": ids})
    overall = frame["v"].value_counts().reindex(range(len(found.labels)), fill_value=0)
    pairs = frame.groupby(["v", "g"]).size().rename("n").reset_index()
    between = pairs.groupby("v").size().reindex(range(len(found.labels)), fill_value=0)
    size = frame.groupby("g").size()
    pairs["share"] = pairs["n"] / size.loc[pairs["g"]].to_numpy()
    within = pairs.groupby("v")["share"].mean()
    groups = len(size)
    rows = [
        Row(
            label,
            (
                int(overall[k]),
                100 * overall[k] / len(frame),
                int(between[k]),
                100 * between[k] / groups,
                100 * within[k],
            ),
        )
        for k, label in enumerate(found.labels)
        if overall[k]
    ]
    together = 100 * float((pairs["share"]).sum()) / len(pairs)
    rows.append(Row("Total", (len(frame), 100.0, int(between.sum()), 100 * between.sum() / groups, together), "total"))
    heads: tuple[tuple[str, str, Format], ...] = (
        ("n", "Freq.", "count"), ("percent", "Percent", "fixed"), ("groups", "Groups", "count"),
        ("between", "Percent", "fixed"), ("within", "Within %", "fixed"),
    )  # fmt: skip
    columns = tuple(Column(k, t, f, 2 if f == "fixed" else None) for k, t, f in heads)
    note = (
        f"{plural(groups, 'group')} of {panel}. Within: its share of the rows of the groups that have it."
    )
    return shown(
        session, (Table(names[0], columns, tuple(rows), names[0], (note,), key="xttab"),), {"n": float(groups)}
    )


@command(
    "tsfill",
    syntax="tsfill [, full]",
    help="Add rows for missing occasions between the first and last of each group, or with full between the first "
         "and last of all.",
    effects=Effect.DATA,
)
def tsfill(session: Session, parsed: ParsedCommand) -> CommandResult:
    options = parsed.options(rules("full"))
    data = session.data
    panel = data.panel
    if panel is None or panel.time is None:
        raise parsed.word.error("tsfill needs a time variable.", code="no-time", advice="tsset time, or xtset id time.")
    out = filled(data, panel.panel, panel.time, panel.delta, full="full" in options)
    count = len(out) - len(data)
    return (
        changed(session, out, f"({plural(count, 'observation')} added)")
        if count
        else CommandResult(text="(0 observations added)")
    )


def filled(data: Dataset, panel: str | None, time: str, step: float, *, full: bool) -> Dataset:
    """The data with a row for every occasion of every group, sorted; in new rows other variables are missing."""
    from terrace.data.transforms.columns import take

    names = [panel] if panel is not None else []
    groups = group(data, names)
    t = data.numeric(time)
    if np.isnan(t).any() or groups.missing.any():
        raise DataError("The panel and the time must not be missing.", code="missing-key", subject=time)
    if not (np.ptp(t) / step <= EXACT and np.abs(t).max() / step <= EXACT):
        raise DataError(
            f"{time} has values of which the next is not {step:g} apart: they are too large.", code="too-large",
            subject=time, advice=f"Leave them out, or count {time} in larger steps.",
        )  # fmt: skip
    k = np.round((t - t.min()) / step).astype(np.int64)
    low, high = (pd.Series(k).groupby(groups.codes).agg(f).to_numpy() for f in ("min", "max"))
    if full:
        low, high = np.full_like(low, k.min()), np.full_like(high, k.max())
    sizes = high - low + 1
    if sizes.sum() > 200_000_000:
        raise DataError(f"This would create {sizes.sum():,} rows.", code="too-many-rows")
    g = np.repeat(np.arange(groups.n_groups), sizes)
    when = np.arange(len(g)) - np.repeat(np.cumsum(sizes) - sizes, sizes) + low[g]
    rows = np.full(len(g), -1, dtype=np.int64)
    start = np.cumsum(sizes) - sizes
    rows[start[groups.codes] + k - low[groups.codes]] = np.arange(len(data))
    columns = {n: take(data.frame[n], rows) for n in data.names}
    columns[time] = t.min() + step * when
    if panel is not None:
        columns[panel] = take(data.frame[panel], groups.first[g])
    frame = pd.DataFrame(columns, index=pd.RangeIndex(len(g)), copy=False)
    ids = gathered(data.ids, rows)
    return replace(data, frame=frame, sorted_by=(*names, time), row_ids=ids)
