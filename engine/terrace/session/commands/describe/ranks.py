"""Tests by ranks: ``spearman``, ``ranksum``, ``kwallis``."""

from __future__ import annotations

import numpy as np

from terrace.errors import DataError
from terrace.language.grammar.command import ParsedCommand
from terrace.language.grammar.names import Names
from terrace.language.grammar.options import rules
from terrace.language.grammar.tokens import words
from terrace.language.mixed_options import argument, number
from terrace.results.table import Column, Row, Table
from terrace.session.commands.helpers.working import chosen, shown
from terrace.session.effects import Effect
from terrace.session.registry import command
from terrace.session.session import Session
from terrace.session.state import CommandResult, Matrix
from terrace.statistics import ranks as ranktests
from terrace.statistics.crosstab import levels
from terrace.wording import p_words, plural


@command(
    "spearman",
    syntax="spearman variables [if] [in] [, pw stats(rho obs p) star(#) print(#)]",
    help="Rank correlations, over the rows that are complete in all variables, or in each pair with pw.",
    by="loop",
    effects=Effect.RETURNS,
)
def spearman(session: Session, parsed: ParsedCommand) -> CommandResult:
    options = parsed.options(rules("pw", "stats star p:rint", already="m:atrix"))
    asked = [str(w) for w in words(argument(options["stats"]))] if "stats" in options else ["rho", "p"]
    if not set(asked) <= {"rho", "obs", "p"}:
        raise options["stats"].piece.error("stats() takes rho, obs and p.", code="bad-option-value", subject="stats")
    star, print_ = (number(options[n]) if n in options else None for n in ("star", "print"))
    data = session.data
    names = parsed.variables(data.names)
    if len(names) < 2:
        raise parsed.word.error("spearman needs at least two "
                                "variables.", code="variables", advice="Write spearman y x.")
    keep = chosen(session, parsed.clauses)
    columns = {n: data.numeric(n) for n in names}
    if "pw" not in options:
        for x in columns.values():
            keep = keep & ~np.isnan(x)
    k = len(names)
    r, p, count = np.eye(k), np.full((k, k), np.nan), np.zeros((k, k))
    rows: list[Row] = []
    for i, a in enumerate(names):
        for j, b in enumerate(names[:i]):
            both = keep & ~np.isnan(columns[a]) & ~np.isnan(columns[b])
            count[i, j] = count[j, i] = both.sum()
            r[i, j], p[i, j] = ranktests.spearman(columns[a][both], columns[b][both])
            r[j, i], p[j, i] = r[i, j], p[i, j]
        shown_ = [j == i or print_ is None or p[i, j] <= print_ for j in range(i + 1)]
        marks = tuple("*" if star is not None and j < i and p[i, j] <= star else "" for j in range(k))
        first = a
        if "rho" in asked:
            cells = [float(v) if s else None for v, s in zip(r[i, : i + 1], shown_)]
            rows.append(Row(a, (*cells, *[None] * (k - i - 1)), marks=marks))
            first = ""
        if "obs" in asked:
            sizes = [int(v) for v in count[i, :i]]
            rows.append(Row(first or "N", (*sizes, *[None] * (k - i)), indent=int(not first), format="count"))
            first = ""
        if i and "p" in asked:
            tests = [float(v) if s else None for v, s in zip(p[i, :i], shown_)]
            rows.append(Row(first or "p", (*tests, *[None] * (k - i)), indent=int(not first), format="p"))
    if not count[1, 0]:
        raise DataError("No row has values of both variables.", code="no-observations")
    note = f"{int(count[1, 0]):,} observations." if "pw" not in options or k == 2 else ""
    table = Table(
        "Spearman's rank correlations", tuple(Column(n, n, "fixed", 4) for n in names), tuple(rows), "",
        (note,) if note else (), "spearman",
    )  # fmt: skip
    scalars = {"N": float(count[1, 0]), "rho": float(r[1, 0]), "p": float(p[1, 0])}
    return shown(session, (table,), scalars, matrices={"Rho": Matrix(r, names, names), "P": Matrix(p, names, names)})


@command(
    "ranksum",
    syntax="ranksum y [if] [in], by(group)",
    help="Wilcoxon's rank-sum test (Mann-Whitney) of two groups.",
    by="loop",
    effects=Effect.RETURNS,
)
@command(
    "kwallis",
    syntax="kwallis y [if] [in], by(group)",
    help="The Kruskal-Wallis test of several groups.",
    by="loop",
    effects=Effect.RETURNS,
)
def ranksum(session: Session, parsed: ParsedCommand) -> CommandResult:
    options = parsed.options(rules("", "by"))
    data = session.data
    if "by" not in options:
        raise parsed.word.error(
            f"{parsed.name} needs by().", code="syntax", advice=f"Write {parsed.name} y, by(group)."
        )
    y = Names(data.names).one(parsed.clauses.body)
    by = Names(data.names).one(argument(options["by"]))
    x = data.numeric(y)
    found = levels(data, by, chosen(session, parsed.clauses) & ~np.isnan(x))
    used = found.codes >= 0
    two = parsed.name == "ranksum"
    if len(found.values) < 2 or (two and len(found.values) > 2):
        raise DataError(
            f"{by} has {plural(len(found.values), 'value')} here, but "
            f"{parsed.name} compares two{'' if two else ' or more'}.",
            code="not-two-groups",
            subject=by,
            advice="Use kwallis for more groups." if two and len(found.values) > 2 else "",
        )
    codes = found.codes[used]
    test = ranktests.rank_sum(x[used], codes) if two else ranktests.kruskal_wallis(x[used], codes, len(found.values))
    rows = tuple(
        Row(label, (int(n), float(s), float(e)))
        for label, n, s, e in zip(found.labels, test.sizes, test.sums, test.expected)
    )
    columns = (Column("n", "Obs", "count"), Column("sum", "Rank sum", "general"), Column("e", "Expected", "general"))
    name = "z" if two else f"chi2({test.df})"
    note = f"{name} = {test.statistic:.3f}, {p_words(test.p)}, corrected for ties."
    title = f"{'Wilcoxon rank-sum' if two else 'Kruskal-Wallis'} test of {y}"
    scalars = {"N": float(used.sum()), "z" if two else "chi2_adj": test.statistic, "p": test.p, "df": float(test.df)}
    return shown(session, (Table(title, columns, rows, by, (note,), parsed.name),), scalars)
