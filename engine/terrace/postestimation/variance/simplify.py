"""The largest random part that the data support, found from a singular fit by steps that each have a test.

From a fit on the boundary every model one step simpler is tried: without the correlations of a level, without one
random slope, without one level. Of those off the boundary the one with most parameters, then the highest likelihood,
is taken; where all are on it, the search goes on from the one with the highest likelihood. Such backward selection
keeps the type I error where the maximal model does not converge and costs less power than dropping all slopes
(Matuschek, Kliegl, Vasishth, Baayen and Bates 2017, Journal of Memory and Language 94: 305-315).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace

from terrace.data.dataset import Dataset
from terrace.errors import Cancelled, TerraceError
from terrace.estimate import fit as fit_model
from terrace.postestimation.tests.combinations import need_data
from terrace.postestimation.tests.lrtest import lrtest
from terrace.progress import CancelCheck
from terrace.results.fit import FitResult
from terrace.results.table import Column, Row, Table
from terrace.results.tables_notes import filter_note
from terrace.spec import edit
from terrace.spec.model import ModelSpec

MOST_STEPS = 20


@dataclass(frozen=True, slots=True)
class Candidate:
    """A model one step simpler, and what it is without."""

    what: str
    spec: ModelSpec


@dataclass(frozen=True, slots=True)
class SimplerModel:
    """One step: what was left out, the fit, and its test against the model before; None where there is no test."""

    what: str
    fit: FitResult
    stat: float | None = None
    df: int | None = None
    p: float | None = None

    @property
    def singular(self) -> bool:
        """True where a variance or correlation is still at its limit."""
        return bool(self.fit.boundary)


def simpler(spec: ModelSpec) -> Iterator[Candidate]:
    """All models one step simpler in their random part, the largest first."""
    for k, e in enumerate(spec.random):
        if not edit.is_crossed(e) and len(e.terms) + e.constant > 1 and e.covariance not in (None, "independent"):
            yield Candidate(f"correlations at level {e.level}", edit.set_covariance(spec, k, None))
    for k, e in enumerate(spec.random):
        for s, term in enumerate(e.terms):
            name = " × ".join(f.name for f in term.factors)
            less = edit.remove_slope(spec, k, s)
            if less.random[k].terms or less.random[k].constant:
                if len(less.random[k].terms) + less.random[k].constant == 1:
                    less = edit.set_covariance(less, k, None)
                yield Candidate(f"the slope of {name} at level {e.level}", less)
    for k, e in enumerate(spec.random):
        if len(spec.random) > 1 and (edit.is_crossed(e) or len(e.terms) + e.constant <= 1):
            yield Candidate(f"level {edit.group_name(e)}", edit.remove_level(spec, k))


def largest_supported(
    fit: FitResult, data: Dataset, constraints: Mapping[int, str] | None = None, *, cancel: CancelCheck | None = None
) -> tuple[SimplerModel, ...]:
    """The steps from a fit to the largest model off the boundary; none where the fit is off it already.

    Parameters
    ----------
    fit
        A fit of ``mixed``.
    data
        The data that it was fitted to, row by row.
    constraints
        Texts of ``constraint define`` by number.
    cancel
        Raises `Cancelled` where it says so.

    The last step is still singular where nothing simpler with random effects is off the boundary.
    Raises `DataError` where the data are no longer those of the fit.
    """
    need_data(fit, data)
    steps: list[SimplerModel] = []
    now = fit
    while now.boundary and len(steps) < MOST_STEPS:
        tried: list[tuple[Candidate, FitResult]] = []
        for candidate in simpler(now.spec):
            spec = replace(candidate.spec, maximisation=replace(candidate.spec.maximisation, from_=None))
            try:
                tried.append((candidate, fit_model(spec, data, constraints=constraints, cancel=cancel)))
            except Cancelled:
                raise
            except TerraceError:
                continue  # a model that cannot be fitted is no proposal
        tried = [t for t in tried if t[1].converged]
        if not tried:
            break
        candidate, best = max(tried, key=lambda t: (not t[1].boundary, _size(t[1]) * (not t[1].boundary), t[1].ll))
        steps.append(_tested(candidate.what, best, now))
        now = best
    return tuple(steps)


def _size(fit: FitResult) -> int:
    return len(fit.random)


def _tested(what: str, less: FitResult, more: FitResult) -> SimplerModel:
    try:
        test = lrtest(less, more, "simpler", "larger")
    except TerraceError:
        return SimplerModel(what, less)
    return SimplerModel(what, less, test.stat, test.df, test.best_p)


def simplify_table(fit: FitResult, steps: tuple[SimplerModel, ...]) -> Table:
    """The steps as a table: what was left out, parameters, log likelihood, its test, and whether it is at a limit."""
    columns = (
        Column("k", "Parameters", "count"), Column("ll", "Log likelihood", "fixed", 2),
        Column("chi2", "LR χ²", "statistic"), Column("df", "df", "count"), Column("p", "p", "p"),
        Column("state", "At its limit", "text"),
    )  # fmt: skip
    rows = [Row("The model", (fit.n_parameters, fit.ll, None, None, None, _state(fit)), code="model")]
    for k, s in enumerate(steps, 1):
        cells = (s.fit.n_parameters, s.fit.ll, s.stat, s.df, s.p, _state(s.fit))
        rows.append(Row(f"Without {s.what}", cells, code=f"step{k}"))
    notes = ["Each step is tested against the one above. If it sets variances to zero, p is from the mixture."]
    if not fit.boundary:
        notes = ["No variance or correlation is at its limit, so the data support this model."]
    elif not steps or steps[-1].singular:
        notes.append("Every simpler model with random effects is at its limit, so the data support no random effect "
                     "here.")
    else:
        notes.append(f"The largest model that the data support: {steps[-1].fit.command}")
    notes += [n for n in (filter_note(fit),) if n]
    return Table("Largest supported model", columns, tuple(rows), "Model", tuple(notes), "simplify")


def _state(fit: FitResult) -> str:
    return ", ".join(fit.boundary) if fit.boundary else "no"
