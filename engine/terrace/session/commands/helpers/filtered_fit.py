"""The filter of the session in a model: in its specification, and the rows that it kept in its stored results."""

from __future__ import annotations

from dataclasses import replace

from terrace.data.streams.batches import StreamedData
from terrace.results.fit import FitResult
from terrace.session.filter import kept_rows
from terrace.session.session import Session
from terrace.spec.model import ModelSpec


def with_filter(session: Session, spec: ModelSpec) -> ModelSpec:
    """The model with the filter that is in use, which goes with it wherever it is fitted again."""
    expression = session.filtering.take()
    return replace(spec, filter=expression) if expression else spec


def with_count(session: Session, fit: FitResult) -> FitResult:
    """The fit with e(N_filter), the rows that its filter keeps; not of a file that is read in parts."""
    data = session.source
    if not fit.spec.filter or isinstance(data, StreamedData):
        return fit
    kept = int(kept_rows(fit.spec.filter, data).sum())
    return replace(fit, scalars={**fit.scalars, "N_filter": kept})
