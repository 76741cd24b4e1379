"""Means and their tests: ``mean``, ``ci means``, ``ttest``, ``oneway``, ``loneway``."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from terrace.data.transforms.aggregate import Cells
from terrace.data.transforms.grouping import Grouping
from terrace.errors import DataError
from terrace.language.grammar.command import ParsedCommand
from terrace.language.grammar.names import Names
from terrace.language.grammar.options import Option, rules
from terrace.language.grammar.tokens import NAME, Piece, split
from terrace.language.mixed_options import argument, number
from terrace.results.table import Column, Row, RowKind, Table
from terrace.session.commands.helpers.working import BoolArray, FloatArray, chosen, shown, weights
from terrace.session.effects import Effect
from terrace.session.registry import command
from terrace.session.session import Session
from terrace.session.state import CommandResult
from terrace.statistics import means as meantests
from terrace.statistics.crosstab import levels
from terrace.statistics.distributions import f_upper, normal_quantile, t_quantile
from terrace.statistics.means import Variances
from terrace.wording import p_words, plural

_ONE = ("mean", "Mean"), ("se", "Std. err."), ("sd", "Std. dev.")


def _level(session: Session, options: dict[str, Option]) -> float:
    level = number(options["level"]) if "level" in options else session.state.settings.level
    if not 10 <= level <= 99.99:
        raise options["level"].piece.error("The confidence level must be between 10 and "
                                           "99.99.", code="bad-option-value")
    return level


def _interval(mean: float, se: float, df: float, level: float) -> tuple[float, float]:
    t = t_quantile(0.5 + level / 200, df) if df > 0 else float("nan")
    return mean - t * se, mean + t * se


# --- means with intervals -----------------------------------------------------------------------------------
@command(
    "mean",
    syntax="mean variables [if] [in] [fweight] [, over(group) level(#)]",
    help="Means with standard errors and intervals, by the groups of over(); rows complete in all variables.",
    effects=Effect.RETURNS,
)
@command(
    "ci means",
    minimum="ci mean",
    syntax="ci means variables [if] [in] [fweight] [, level(#)]",
    help="Means with standard errors and intervals, each over the rows it has.",
    effects=Effect.RETURNS,
)
def mean(session: Session, parsed: ParsedCommand) -> CommandResult:
    options = parsed.options(rules("nohe:ader", "over l:evel", already="nolegend"))
    data = session.data
    names = parsed.variables(data.names)
    if not names:
        raise parsed.word.error(f"{parsed.name} needs variables.", code="syntax", advice=f"Write {parsed.name} y.")
    level = _level(session, options)
    keep = chosen(session, parsed.clauses)
    w, kind = weights(session, parsed.clauses, ("fweight",), parsed.name)
    columns = {n: data.numeric(n) for n in names}
    together = parsed.name == "mean"
    if together:
        for x in columns.values():
            keep = keep & ~np.isnan(x)
    over = Names(data.names).one(argument(options["over"])) if "over" in options else None
    labels: tuple[str, ...] = ("",)
    codes = np.where(keep, 0, -1)
    if over is not None:
        found = levels(data, over, keep)
        codes, labels = found.codes, found.labels
    used = codes >= 0
    if not used.any():
        raise DataError("if and in leave no rows.", code="no-observations")
    groups = Grouping(codes[used], len(labels), np.zeros(int(used.sum()), dtype=bool))
    rows: list[Row] = []
    scalars: dict[str, float] = {}
    for name, x in columns.items():
        cells = Cells(x[used], groups, None if w is None else w[used], kind)
        # Groups are domains of one sample: n - 1 degrees of freedom come from all rows together.
        df_all = float(cells.count.sum()) - 1
        if over is not None:
            rows.append(Row(name, kind="group"))
        for g, label in enumerate(labels):
            n = float(cells.count[g])
            m, v = float(cells.mean[g]), float(cells.variance[g])
            se = float(np.sqrt(v / n)) if n > 0 else float("nan")
            low, high = _interval(m, se, df_all, level)
            rows.append(Row(label or name, (int(n), m, se, low, high), indent=int(over is not None)))
            scalars = {"N": n, "mean": m, "se": se, "lb": low, "ub": high, "level": level}
    columns_ = (
        Column("n", "N", "count"),
        Column("mean", "Mean", "general"),
        Column("se", "Std. err.", "general"),
        Column("lb", f"[{level:g}% conf.", "general"),
        Column("ub", "interval]", "general"),
    )
    title = "" if "noheader" in options else "Mean estimation" if together else "Means"
    return shown(
        session, (Table(title, columns_, tuple(rows), over or "Variable", key=parsed.name.split()[0]),), scalars
    )


# --- t tests --------------------------------------------------------------------------------------------------
@command(
    "ttest",
    syntax="ttest y == # [if] [in] | ttest y == x [, unpaired] | ttest y, by(group) [unequal welch level(#)]",
    help="t test of a mean, of two means, or of paired differences.",
    by="loop",
    effects=Effect.RETURNS,
)
def ttest(session: Session, parsed: ParsedCommand) -> CommandResult:
    options = parsed.options(rules("une:qual w:elch unp:aired", "by l:evel"))
    level = _level(session, options)
    keep = chosen(session, parsed.clauses)
    body = parsed.clauses.body
    parts = split(body, "==")
    if len(parts) == 1:
        parts = split(body, "=")
    names = Names(session.data.names)
    y = names.one(parts[0].strip())
    x = session.data.numeric(y)
    if "by" in options:
        if len(parts) > 1:
            raise body.error("by() needs a single variable.", code="syntax", advice="Write ttest y, by(group).")
        first, second, labels = _two_groups(session, argument(options["by"]), keep)
        return _two_samples(session, y, x[first], x[second], labels, options, level)
    if len(parts) != 2:
        raise body.error("ttest needs == or by().", code="syntax", advice="Write ttest y == 0, or ttest y, by(group).")
    other = parts[1].strip()
    if NAME.match(str(other)):
        z = session.data.numeric(names.one(other))
        if "unpaired" in options:
            return _two_samples(session, y, x[keep], z[keep], (y, names.one(other)), options, level)
        both = keep & ~np.isnan(x) & ~np.isnan(z)
        return _one_sample(session, (y, names.one(other)), (x[both], z[both]), 0.0, level)
    from terrace.language.expressions.entry import evaluate_scalar

    value = evaluate_scalar(other, session.data, session.context())
    if isinstance(value, str) or value != value:  # NaN is not equal to itself  # noqa: PLR0124
        raise other.error("A number is needed here.", code="not-a-number")
    keep &= ~np.isnan(x)
    return _one_sample(session, (y,), (x[keep],), float(value), level)


def _two_groups(session: Session, by: Piece, keep: BoolArray) -> tuple[BoolArray, BoolArray, tuple[str, str]]:
    name = Names(session.data.names).one(by)
    found = levels(session.data, name, keep)
    if len(found.values) != 2:
        raise by.error(
            f"{name} has {plural(len(found.values), 'value')} here, but ttest compares two groups.",
            code="not-two-groups",
            subject=name,
            advice="Use oneway for more groups." if len(found.values) > 2 else "",
        )
    return found.codes == 0, found.codes == 1, (found.labels[0], found.labels[1])


def _row(
    label: str, n: int | None, m: float, se: float, sd: float | None, df: float, level: float, kind: RowKind = "row"
) -> Row:
    low, high = _interval(m, se, df, level)
    return Row(label, (n, m, se, sd, low, high), kind)


def _columns(level: float) -> tuple[Column, ...]:
    return (
        Column("n", "Obs", "count"),
        *(Column(k, t, "general") for k, t in _ONE),
        Column("lb", f"[{level:g}% conf.", "general"),
        Column("ub", "interval]", "general"),
    )


def _simple(label: str, x: FloatArray, level: float) -> Row:
    n = len(x)
    sd = float(x.std(ddof=1)) if n > 1 else float("nan")
    return _row(
        label, n, float(x.mean()) if n else float("nan"), sd / np.sqrt(n) if n else float("nan"), sd, n - 1, level
    )


def _needed(rows: int, name: str) -> None:
    if not rows:
        raise DataError(f"There are no values of {name} to compare.", code="no-observations", subject=name)


def _one_sample(
    session: Session, names: Sequence[str], columns: Sequence[FloatArray], value: float, level: float
) -> CommandResult:
    x = columns[0] - columns[1] if len(columns) == 2 else columns[0]
    _needed(len(x), names[0])
    found = meantests.one_sample(x, value)
    rows = [_simple(n, c, level) for n, c in zip(names, columns)]
    if len(columns) == 2:
        last = _simple("Difference", x, level)
        rows.append(Row(last.label, last.values, "total"))
    title = "Paired t test" if len(columns) == 2 else "One-sample t test"
    what = f"mean({names[0]} - {names[1]})" if len(columns) == 2 else f"mean({names[0]})"
    return _tested(session, title, rows, found, f"{what} = {value:g}", level, {"mu_1": float(columns[0].mean())})


def _two_samples(
    session: Session,
    y: str,
    a: FloatArray,
    b: FloatArray,
    labels: tuple[str, str],
    options: dict[str, Option],
    level: float,
) -> CommandResult:
    a, b = a[~np.isnan(a)], b[~np.isnan(b)]
    _needed(min(len(a), len(b)), y)
    how: Variances = "welch" if "welch" in options else "unequal" if "unequal" in options else "equal"
    found = meantests.two_samples(a, b, how)
    both = _simple("Combined", np.concatenate([a, b]), level)
    rows = [
        _simple(labels[0], a, level),
        _simple(labels[1], b, level),
        Row(both.label, both.values, "total"),
        _row("Difference", None, found.estimate, found.se, None, found.df, level, "total"),
    ]
    title = f"Two-sample t test of {y} with {'equal' if how == 'equal' else 'unequal'} variances"
    more = {"mu_1": float(a.mean()), "mu_2": float(b.mean()), "N_1": float(len(a)), "N_2": float(len(b))}
    return _tested(session, title, rows, found, f"mean({labels[0]}) = mean({labels[1]})", level, more)


def _tested(
    session: Session,
    title: str,
    rows: Sequence[Row],
    found: meantests.TTest,
    null: str,
    level: float,
    more: dict[str, float],
) -> CommandResult:
    lower, upper = found.p_lower, 1 - found.p_lower
    test = Table(
        "",
        (
            Column("t", "t", "fixed", 4), Column("df", "df", "general"), Column("lower", "P(T < t)", "p"),
            Column("both", "P(|T| > |t|)", "p"), Column("upper", "P(T > t)", "p"),
        ),
        (Row(null, (found.t, found.df, lower, found.p, upper)),),
        "Null hypothesis",
        key="ttest",
    )  # fmt: skip
    table = Table(title, _columns(level), tuple(rows), "Variable" if "Two" not in title else "Group", key="means")
    scalars = {"t": found.t, "df_t": found.df, "p": found.p, "p_l": lower, "p_u": upper, "se": found.se, "level": level}
    return shown(session, (table, test), {**scalars, **more})


# --- analysis of variance -----------------------------------------------------------------------------------
@command(
    "oneway",
    syntax="oneway y group [if] [in] [, tabulate]",
    help="One-way analysis of variance, with Bartlett's test of equal variances.",
    by="loop",
    effects=Effect.RETURNS,
)
def oneway(session: Session, parsed: ParsedCommand) -> CommandResult:
    options = parsed.options(rules("t:abulate noa:nova nom:eans nost:andard nof:req nol:abel"))
    for name in ("nomeans", "nostandard", "nofreq", "noanova"):
        if name in options and "tabulate" not in options:
            raise options[name].piece.error(f"{name} needs tabulate.", code="misplaced-option", subject=name)
    found, y, factor, labels = _anova(session, parsed, labelled="nolabel" not in options)
    tables = [] if "noanova" in options else [_anova_table(found, y, factor)]
    if "tabulate" in options:
        rows = [Row(label, (float(m), float(s), int(n))) for label, m, s, n in
                zip(labels, found.means, found.sds, found.sizes)]  # fmt: skip
        rows.append(Row("Total", (found.mean, float(np.sqrt(found.ss_total / (found.n - 1))), found.n), "total"))
        every = (Column("mean", "Mean", "general"), Column("sd", "Std. dev.", "general"), Column("n", "Freq.", "count"))
        off = [name in options for name in ("nomeans", "nostandard", "nofreq")]
        heads = tuple(c for c, gone in zip(every, off) if not gone)
        rows = [replace(r, values=tuple(v for v, gone in zip(r.values, off) if not gone)) for r in rows]
        tables.insert(0, Table(f"Summary of {y}", heads, tuple(rows), factor, key="oneway-means"))
    return shown(session, tuple(tables), _anova_scalars(found))


def _anova(
    session: Session, parsed: ParsedCommand, *, labelled: bool = True
) -> tuple[meantests.Anova, str, str, tuple[str, ...]]:
    data = session.data
    names = parsed.variables(data.names)
    if len(names) != 2:
        raise (parsed.clauses.body or parsed.word).error(
            f"{parsed.name} takes a variable and a group variable.",
            code="syntax",
            advice=f"Write {parsed.name} y group.",
        )
    y, factor = names
    x = data.numeric(y)
    found = levels(data, factor, chosen(session, parsed.clauses) & ~np.isnan(x), labels=labelled)
    used = found.codes >= 0
    if len(found.values) < 2:
        raise DataError(f"{factor} needs at least two groups here.", code="not-two-groups", subject=factor)
    return meantests.anova(x[used], found.codes[used], len(found.values)), y, factor, found.labels


def _anova_table(found: meantests.Anova, y: str, factor: str) -> Table:
    p = f_upper(found.f, found.df_between, found.df_within)
    rows = (
        Row("Between groups", (found.ss_between, found.df_between, found.ms_between, found.f, p)),
        Row("Within groups", (found.ss_within, found.df_within, found.ms_within, None, None)),
        Row("Total", (found.ss_total, found.n - 1, found.ss_total / (found.n - 1), None, None), "total"),
    )
    columns = (
        Column("ss", "SS", "general"), Column("df", "df", "count"), Column("ms", "MS", "general"),
        Column("F", "F", "fixed", 2), Column("p", "Prob > F", "p"),
    )  # fmt: skip
    notes: tuple[str, ...] = ()
    if found.bartlett is not None:
        chi2, df, bp = found.bartlett
        notes = (f"Bartlett's test of equal variances: chi2({df}) = {chi2:.4f}, {p_words(bp)}.",)
    return Table(f"One-way analysis of variance of {y} by {factor}", columns, rows, "Source", notes, key="oneway")


def _anova_scalars(found: meantests.Anova) -> dict[str, float]:
    return {
        "N": float(found.n), "F": found.f, "df_m": float(found.df_between), "df_r": float(found.df_within),
        "mss": found.ss_between, "rss": found.ss_within,
    }  # fmt: skip


@command(
    "loneway",
    syntax="loneway y group [if] [in] [, level(#)]",
    help="Intraclass correlation by analysis of variance, with its interval and the reliability of a group mean.",
    effects=Effect.RETURNS,
)
def loneway(session: Session, parsed: ParsedCommand) -> CommandResult:
    options = parsed.options(rules("", "l:evel"))
    level = _level(session, options)
    found, y, factor, _ = _anova(session, parsed)
    if found.df_within < 1 or not found.ss_total > 0:
        raise DataError(
            f"{y} does not vary, or each {factor} has only one row, so there is no intraclass correlation.",
            code="no-variation",
            subject=y,
        )
    icc = found.icc
    z = normal_quantile(0.5 + level / 200)
    low, high = max(0.0, icc.rho - z * icc.se), min(1.0, icc.rho + z * icc.se)
    rows = (
        Row("Intraclass correlation", (icc.rho, icc.se, low, high)),
        Row(f"SD of the {factor} effect", (icc.sd_between, None, None, None)),
        Row(f"SD within {factor}", (icc.sd_within, None, None, None)),
        Row(f"Reliability of a {factor} mean", (icc.reliability, None, None, None)),
    )
    columns = (
        Column("value", "Estimate", "general"), Column("se", "Std. err.", "general"),
        Column("lb", f"[{level:g}% conf.", "general"), Column("ub", "interval]", "general"),
    )  # fmt: skip
    note = (f"Reliability at a group size of {icc.size:.2f}.",)
    table = Table("", columns, rows, "", note, key="loneway")
    scalars = {**_anova_scalars(found), "rho": icc.rho, "se": icc.se, "lb": low, "ub": high, "rho_t": icc.reliability,
               "sd_b": icc.sd_between, "sd_w": icc.sd_within}  # fmt: skip
    return shown(session, (_anova_table(found, y, factor), table), scalars)
