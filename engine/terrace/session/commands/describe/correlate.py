"""``correlate`` and ``pwcorr``."""

from __future__ import annotations

import math

import numpy as np

from terrace.data.dataset import Dataset
from terrace.errors import DataError
from terrace.language.grammar.command import ParsedCommand
from terrace.language.grammar.options import Option, rules
from terrace.language.mixed_options import number
from terrace.results.table import Column, Row, Table
from terrace.session.commands.helpers.working import FloatArray, chosen, shown, weights
from terrace.session.effects import Effect
from terrace.session.registry import command
from terrace.session.session import Session
from terrace.session.state import CommandResult, Matrix
from terrace.statistics import correlate as numbers
from terrace.statistics.distributions import t_two_sided
from terrace.wording import plural


def _columns(data: Dataset, parsed: ParsedCommand) -> tuple[str, ...]:
    """The variables named; all that hold numbers where none are."""
    names = parsed.variables(data.names)
    return names or tuple(n for n in data.names if not data.is_text(n))


def _side_by_side(data: Dataset, names: tuple[str, ...]) -> FloatArray:
    """The columns, shape (n, k), each of them in one piece of memory, which sums and products are quickest of."""
    x = np.empty((len(names), len(data)))
    for row, name in zip(x, names, strict=True):
        data.numeric(name, row)
    return x.T


@command(
    "correlate",
    minimum="cor",
    syntax="correlate [variables] [if] [in] [weight] [, covariance means]",
    help="Correlations over the rows that are complete in all variables.",
    by="loop",
    effects=Effect.RETURNS,
)
def correlate(session: Session, parsed: ParsedCommand) -> CommandResult:
    options = parsed.options(rules("c:ovariance m:eans"))
    data = session.data
    names = _columns(data, parsed)
    x = _side_by_side(data, names)
    keep = chosen(session, parsed.clauses)
    for column in x.T:
        keep &= ~np.isnan(column)
    w, kind = weights(session, parsed.clauses, ("fweight", "aweight"), "correlate")
    if w is not None:
        keep &= w > 0
    if not keep.any():
        raise DataError(
            "No row is complete in all of these variables.",
            code="no-observations",
            advice="pwcorr uses all rows complete in each pair.",
        )
    if not keep.all():
        x, w = x[keep], None if w is None else w[keep]
    c, means, n = numbers.covariance(x, w, kind)
    r = numbers.correlation(c)
    shown_matrix = c if "covariance" in options else r
    tables = [_triangle(names, shown_matrix, f"{plural(n, 'observation')}.", "covariance" in options)]
    if "means" in options:
        sd = np.sqrt(np.diag(c))
        rows = tuple(
            Row(name, (m, s, float(v.min()), float(v.max()))) for name, m, s, v in zip(names, means, sd, x.T)
        )
        heads = (
            *(Column(k.lower(), k) for k in ("Mean", "SD")), *(Column(k.lower(), k, "general") for k in ("Min", "Max")),
        )  # fmt: skip
        tables.insert(0, Table("Summary", heads, rows, "Variable", key="means"))
    scalars = {"N": n}
    if len(names) > 1:
        scalars["rho"] = float(r[1, 0])
        scalars["cov_12"] = float(c[1, 0])
    return shown(session, tables, scalars, matrices={"C": Matrix(shown_matrix, names, names)})


def _triangle(names: tuple[str, ...], values: FloatArray, note: str, covariances: bool) -> Table:
    columns = tuple(Column(n, n, "general" if covariances else "fixed", None if covariances else 4) for n in names)
    rows = tuple(
        Row(n, tuple(float(values[i, j]) if j <= i else None for j in range(len(names)))) for i, n in enumerate(names)
    )
    return Table("Covariances" if covariances else "Correlations", columns, rows, "", (note,), "correlate")


@command(
    "pwcorr",
    syntax="pwcorr [variables] [if] [in] [weight] [, obs sig star(#) bonferroni sidak listwise]",
    help="Correlations over the rows that are complete in each pair of variables.",
    by="loop",
    effects=Effect.RETURNS,
)
def pwcorr(session: Session, parsed: ParsedCommand) -> CommandResult:
    options = parsed.options(rules("o:bs sig b:onferroni sid:ak l:istwise c:asewise", "st:ar p:rint"))
    data = session.data
    names = _columns(data, parsed)
    x = _side_by_side(data, names)
    keep = chosen(session, parsed.clauses)
    if "listwise" in options or "casewise" in options:
        keep &= ~np.isnan(x).any(axis=1)
    w, kind = weights(session, parsed.clauses, ("fweight", "aweight"), "pwcorr")
    if not keep.all():
        x, w = x[keep], None if w is None else w[keep]
    r, n = numbers.pairwise(x, w, kind)
    p = _p_values(r, n, options)
    rows: list[Row] = []
    for i, name in enumerate(names):
        blank = [None] * (len(names) - i - 1)
        marks = tuple("*" if _starred(p, i, j, options) else "" for j in range(i + 1))
        rows.append(Row(name, (*(_shown(r, p, i, j, options) for j in range(i + 1)), *blank), marks=marks))
        if "sig" in options:
            tests = [None if math.isnan(x) else float(x) for x in p[i, :i]]
            rows.append(Row("p", (*tests, None, *blank), indent=1, format="p"))
        if "obs" in options:
            rows.append(Row("n", (*map(float, n[i, : i + 1]), *blank), indent=1, format="count"))
    notes = []
    if "star" in options:
        notes.append(f"* p < {number(options['star']):g}")
    adjusted = next((k.capitalize() for k in ("bonferroni", "sidak") if k in options), "")
    if adjusted:
        notes.append(f"p values adjusted by {adjusted.replace('Sidak', 'Šidák')} for all pairs.")
    columns = tuple(Column(c, c, "fixed", 4) for c in names)
    table = Table("Pairwise correlations", columns, tuple(rows), "", tuple(notes), "pwcorr")
    scalars = {"N": float(n[1, 0]), "rho": float(r[1, 0])} if len(names) > 1 else {}
    return shown(session, (table,), scalars, matrices={"C": Matrix(r, names, names)})


def _p_values(r: FloatArray, n: FloatArray, options: dict[str, Option]) -> FloatArray:
    k = len(r)
    pairs = k * (k - 1) / 2
    p = np.full((k, k), np.nan)
    for i in range(k):
        for j in range(i):
            df = n[i, j] - 2
            if df <= 0 or math.isnan(r[i, j]):
                continue
            room = 1 - r[i, j] ** 2
            p[i, j] = 0.0 if room <= 0 else t_two_sided(r[i, j] * math.sqrt(df / room), df)
            if "bonferroni" in options:
                p[i, j] = min(1.0, p[i, j] * pairs)
            elif "sidak" in options:
                p[i, j] = 1 - (1 - p[i, j]) ** pairs
    return p


def _shown(r: FloatArray, p: FloatArray, i: int, j: int, options: dict[str, Option]) -> float | None:
    """One correlation: blank where print() leaves it out."""
    hidden = i != j and "print" in options and not p[i, j] <= number(options["print"])
    return None if hidden else float(r[i, j])


def _starred(p: FloatArray, i: int, j: int, options: dict[str, Option]) -> bool:
    """True where star() wants a star; a variable with itself has none."""
    return i != j and "star" in options and bool(p[i, j] <= number(options["star"]))
