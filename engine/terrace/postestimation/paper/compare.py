"""Any number of models compared: fit and likelihood-ratio tests by row, or everything side by side by column."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np

from terrace.data.dataset import Dataset
from terrace.errors import DataError, SpecError, TerraceError
from terrace.postestimation.tests.lrtest import lrtest
from terrace.postestimation.variance.icc import icc
from terrace.postestimation.variance.r2 import Explained, explained
from terrace.results.criteria import count_notes, information_criteria, parameter_counts
from terrace.results.fit import FitResult
from terrace.results.table import Column, Row, Table
from terrace.results.tables_compare import compare_tables
from terrace.results.tables_notes import filters_note
from terrace.wording import plural


def models_table(fits: Sequence[FitResult], names: Sequence[str] = ()) -> Table:
    """One row a model: N, parameters, log likelihood, AIC with its difference and weight, BIC, LR against the row
    before.

    Akaike weights exp(-Δ/2), normed (Burnham & Anderson 2002). A test that does not exist is left out, with the
    reason in the notes.
    """
    names = _named(fits, names)
    found = [information_criteria(f, k) for f, k in zip(fits, parameter_counts(fits))]
    aic = np.array([c.aic for c in found])
    delta = aic - aic.min()
    weight = np.exp(-delta / 2)
    comparable, notes = _comparable(fits)
    columns = [
        Column("N", "N", "count"), Column("k", "Parameters", "count"), Column("ll", "Log likelihood", "fixed", 2),
        Column("aic", "AIC", "fixed", 2), Column("bic", "BIC", "fixed", 2),
        Column("delta", "Δ AIC", "fixed", 2), Column("weight", "Weight", "fixed", 3),
        Column("chi2", "LR χ²", "statistic"), Column("df", "df", "count"), Column("p", "p", "p"),
        Column("p_mixture", "p, mixture", "p"),
    ]  # fmt: skip
    rows = []
    for k, (fit, name) in enumerate(zip(fits, names)):
        chi2 = df = p = mixture = None
        if k:
            try:
                test = lrtest(fits[k - 1], fit, names[k - 1], name)
                chi2, df, p, mixture = test.stat, test.df, test.p, test.mixture_p
                notes += [n for n in test.notes if "higher likelihood" in n]
            except TerraceError as error:
                if error.message not in notes:  # said of all of them already
                    notes.append(f"{name} against {names[k - 1]}: {error.message}")
        d, w = (float(delta[k]), float(weight[k] / weight.sum())) if comparable else (None, None)
        own = found[k]
        rows.append(Row(name, (fit.scalars["N"], own.k, fit.ll, own.aic, own.bic, d, w, chi2, df, p, mixture)))
    keep = [j for j in range(len(columns)) if any(r.values[j] is not None for r in rows)]
    columns, rows = [columns[j] for j in keep], [replace(r, values=tuple(r.values[j] for j in keep)) for r in rows]
    tested = any(c.key == "chi2" for c in columns)
    notes += [n for n in (filters_note(fits, names),) if n] + count_notes(fits, names)
    notes.insert(0, "LR χ² compares each model with the one above. " * tested + "BIC counts observations.")
    return Table("Models compared", tuple(columns), tuple(rows), "Model", tuple(dict.fromkeys(notes)), "models")


def _named(fits: Sequence[FitResult], names: Sequence[str]) -> list[str]:
    if not fits:
        raise TerraceError("There is no model to compare.", code="no-models", advice="Give the name of at least one "
                                                                                     "stored model.")
    out = list(names) or [f.name or f"Model {i + 1}" for i, f in enumerate(fits)]
    if len(out) != len(fits):
        raise TerraceError(f"{plural(len(fits), 'model')} and {plural(len(out), 'name')}.", code="names-differ")
    return out


def _comparable(fits: Sequence[FitResult]) -> tuple[bool, list[str]]:
    """Whether AIC and BIC of all fits can be set against one another, and why not."""
    first = fits[0]
    notes = []
    y = first.model.design.y
    if any(len(f.model.design.y) != len(y) or not np.array_equal(f.model.design.y, y) for f in fits):
        notes.append("The models were fitted to different observations, so their likelihoods cannot be compared.")
    if len({f.spec.method for f in fits}) > 1:
        notes.append("Likelihoods of ML and REML fits cannot be compared.")
    elif first.spec.method == "reml" and len(_fixed_parts(fits)) > 1:
        notes.append("REML likelihoods of models with different fixed effects cannot be compared.")
    return not notes, notes


def needs_ml(fits: Sequence[FitResult]) -> bool:
    """True where likelihoods could be compared if all models were fitted by ML, and cannot as they are."""
    methods = {f.spec.method for f in fits}
    return len(methods) > 1 or (methods == {"reml"} and len(_fixed_parts(fits)) > 1)


def _fixed_parts(fits: Sequence[FitResult]) -> set[frozenset[str]]:
    return {frozenset(c.name for c in f.model.design.x_info) for f in fits}


def side_by_side_table(
    fits: Sequence[FitResult],
    names: Sequence[str] = (),
    *,
    data: Dataset | Sequence[Dataset | None] | None = None,
    labels: Mapping[str, str] | None = None,
) -> Table:
    """Coefficients, variances, counts, AIC and BIC in one column a model, with ICC and, where the data of the
    fits (one for all, or one each) are given and are still those that were fitted, marginal and conditional R².

    ``labels`` stand for the names of variables.
    """
    names = _named(fits, names)
    labels = labels or {}
    table = compare_tables(fits, names, labels=labels)
    rows = list(table.rows)
    shares: list[dict[str, float]] = []
    for fit in fits:
        try:
            shares.append({e.label: e.value for e in icc(fit) if e.value is not None})
        except TerraceError:
            shares.append({})
    for label in dict.fromkeys(x for s in shares for x in s):
        values = tuple(s.get(label) for s in shares)
        rows.append(Row(f"ICC, {labels.get(label) or label}", values, code=f"icc:{label}", format="share"))
    if data is not None:
        each = [data] * len(fits) if isinstance(data, Dataset) else data
        found = [_explained(f, d) for f, d in zip(fits, each, strict=True)]
        for code, title in (("marginal", "R², marginal"), ("conditional", "R², conditional")):
            cells = tuple(None if e is None else float(getattr(e, code)) for e in found)
            if any(c is not None and math.isfinite(c) for c in cells):
                rows.append(Row(title, cells, code=f"r2:{code}", format="share"))
    return replace(table, rows=tuple(rows))


def _explained(fit: FitResult, data: Dataset | None) -> Explained | None:
    """R² of one model; None where its data are gone."""
    if data is None:
        return None
    try:
        return explained(fit, data)
    except (DataError, SpecError):
        return None
