"""Models built one on the other, in columns, each tested against the step before.

Estimates are those of the models as they were fitted. Tests and AIC are of the same models by ML, since likelihoods of
REML fits with other fixed effects cannot be compared; where only the random part grew, p is that of the boundary
mixture where it is known (Self & Liang 1987; Stram & Lee 1994).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from terrace.data.dataset import Dataset
from terrace.errors import TerraceError
from terrace.estimate import fit as fit_model
from terrace.postestimation.paper.compare import side_by_side_table
from terrace.postestimation.tests.combinations import need_data
from terrace.postestimation.tests.lrtest import Comparison, lrtest
from terrace.progress import CancelCheck
from terrace.results.criteria import information_criteria
from terrace.results.fit import FitResult
from terrace.results.table import Row, Table
from terrace.spec.refit import by_ml

REFITTED = "Tests and AIC are for the same models fitted by ML."
LEFT_OUT = frozenset({"ll", "aic", "bic", "rank"})
"""Rows of a comparison that depend on how each model was fitted."""


def ml_fits(
    fits: Sequence[FitResult], data: Sequence[Dataset], *, cancel: CancelCheck | None = None
) -> tuple[FitResult, ...]:
    """The same models by ML: those fitted by ML as they are, the others fitted again to the data of each."""
    out = []
    for fit, rows in zip(fits, data, strict=True):
        if fit.spec.method == "ml":
            out.append(fit)
            continue
        need_data(fit, rows)
        bound = dict(enumerate(fit.constraints, start=1))  # without those that follow from others
        spec = replace(by_ml(fit.spec), df_method=None, constraints=tuple(bound))
        out.append(fit_model(spec, rows, constraints=bound, cancel=cancel))
    return tuple(out)


def without_criteria(table: Table) -> Table:
    """A comparison without what depends on the method, beside one by ML: likelihoods, criteria, and notes on these."""
    rows = tuple(r for r in table.rows if r.code not in LEFT_OUT)
    told = tuple(n for n in table.notes if "cannot be compared" not in n or "observations" in n)
    return replace(table, rows=rows, notes=told)


def steps_table(
    fits: Sequence[FitResult],
    names: Sequence[str],
    data: Sequence[Dataset],
    *,
    labels: Mapping[str, str] | None = None,
    cancel: CancelCheck | None = None,
) -> Table:
    """The table: coefficients with standard errors, variances, R², then AIC by ML and the test of each step.

    ``labels`` stand for the names of variables.

    Raises `TerraceError` where the fits are of other outcomes or rows, and `Cancelled`.
    """
    table = side_by_side_table(fits, names, data=data, labels=labels)
    refitted = ml_fits(fits, data, cancel=cancel)
    tests: list[Comparison | None] = [None]
    notes = []
    for k in range(1, len(fits)):
        try:
            tests.append(lrtest(refitted[k - 1], refitted[k], names[k - 1], names[k]))
        except TerraceError as error:
            tests.append(None)
            notes.append(f"{names[k]}: {error.message}")
    table = without_criteria(table)
    rows = list(table.rows)
    rows.append(Row("Compared by ML", kind="group"))
    aic = tuple(information_criteria(f)[1] for f in refitted)
    rows.append(Row("AIC", aic, indent=1, code="aic", format="fixed", decimals=1))
    chi2 = tuple(None if t is None else t.stat for t in tests)
    df = tuple(None if t is None else t.df for t in tests)
    p = tuple(None if t is None else t.best_p for t in tests)
    rows.append(Row("Against the step before: χ²", chi2, indent=1, code="chi2", format="statistic"))
    rows.append(Row("df", df, indent=1, code="df", format="count"))
    rows.append(Row("p", p, indent=1, code="p", format="p"))
    reml = any(f.spec.method == "reml" for f in fits)
    told = [*table.notes, REFITTED] if reml else list(table.notes)
    if any(t is not None and t.mixture is not None for t in tests):
        told.append("The p value for a variance is from the mixture distribution.")
    return Table("Steps compared", table.columns, tuple(rows), "", (*told, *notes), "steps")
