"""A table of the variables of a model over the rows that it used: means and SDs, or counts and percentages."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np

from terrace.data.dataset import Dataset, Measure
from terrace.design.sample import estimation_sample
from terrace.results.fit import FitResult
from terrace.results.table import Column, Row, Table
from terrace.wording import decimals, enumerated, plural

_MOST_DECIMALS = 4
_MOST_LEVELS = 12
"""Values of a variable that are counted one by one."""


def descriptives_table(fits: Sequence[FitResult], data: Dataset) -> Table | None:
    """Outcomes and predictors of the fits over the rows that the last of them used; None where there are none.

    Rows of a factor are counts and percentages of its values; those of any other variable mean, SD (n - 1), least and
    greatest value. Raises `DataError` where the data no longer hold the rows of the fit.
    """
    last = fits[-1]
    rows = last.sample if len(last.sample) == len(data) else estimation_sample(last.spec, data)
    kept = data.rows(np.flatnonzero(rows))
    factors = {f.name for fit in fits for t in fit.spec.fixed for f in t.factors if f.kind != "continuous"}
    named = [n for fit in fits for n in _names(fit)]
    found = [row for n in dict.fromkeys(named) if n in kept for row in _rows(kept, n, n in factors)]
    if not found:
        return None
    columns = _columns(_MOST_DECIMALS)
    full = Table("", columns, tuple(found))
    spreads = [sd for r in found if isinstance(sd := full.cell(r, "sd"), float)]
    columns = _columns(min(max(map(decimals, spreads), default=2), _MOST_DECIMALS))
    keep = [j for j in range(len(columns)) if any(r.values and r.values[j] is not None for r in found)]
    columns = tuple(columns[j] for j in keep)
    short = tuple(Row(r.label, tuple(r.values[j] for j in keep) if r.values else (), r.kind, r.indent) for r in found)
    return Table("Descriptive statistics", columns, short, "Variable", (_note(last, kept),), "descriptives")


def _columns(places: int) -> tuple[Column, ...]:
    return (
        Column("n", "n", "count"), Column("percent", "%", "percent"),
        *(Column(key, title, "fixed", places) for key, title in
          (("mean", "M"), ("sd", "SD"), ("min", "Min"), ("max", "Max"))),
    )  # fmt: skip


def _names(fit: FitResult) -> Iterator[str]:
    yield fit.spec.outcome.name
    for term in (*fit.spec.fixed, *(t for e in fit.spec.random for t in e.terms)):
        yield from (f.name for f in term.factors)


def _rows(data: Dataset, name: str, factor: bool) -> Iterator[Row]:
    variable = data.variable(name)
    label = variable.label or name
    if factor or data.is_text(name) or variable.measure is Measure.NOMINAL:
        codes, values = data.codes(name)
        if len(values) <= _MOST_LEVELS:
            counts = np.bincount(codes[codes >= 0], minlength=len(values))
            yield Row(label, kind="group")
            for value, count in zip(values, counts):
                share = float(count) / max(int(counts.sum()), 1)
                yield Row(data.level_label(name, value), (int(count), share, None, None, None, None), indent=1)
            return
        if data.is_text(name):
            yield Row(label, (int((codes >= 0).sum()), None, None, None, None, None))
            return
    x = data.numeric(name)
    x = x[np.isfinite(x)]
    sd = float(x.std(ddof=1)) if len(x) > 1 else None
    numbers = (float(x.mean()), sd, float(x.min()), float(x.max())) if len(x) else (None,) * 4
    yield Row(label, (len(x), None, *numbers))


def _note(fit: FitResult, data: Dataset) -> str:
    rows = len(data)
    labels = {v.name: v.label or v.name for v in data.variables}
    levels = [g for g in reversed(fit.groups) if g.level != "_all"]
    groups = [f"{plural(g.n_groups, 'group')} of {labels.get(g.level, g.level)}" for g in levels]
    where = f" in {enumerated(groups)}" if groups else ""
    return f"{plural(rows, 'observation')}{where}."
