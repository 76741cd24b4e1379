"""Where the data of a session came from, as another program would have to read them."""

from __future__ import annotations

import csv
from collections.abc import Collection
from dataclasses import replace
from pathlib import Path

from terrace.code.out.facts import Facts, Source, facts_of
from terrace.data.dataset import Dataset
from terrace.data.streams.batches import StreamedData
from terrace.errors import TerraceError
from terrace.language.grammar.command import parse_command
from terrace.results.fit import FitResult
from terrace.session.contract import Outcome
from terrace.session.effects import Effect
from terrace.session.session import Session

_ABOUT = frozenset(["label", "xtset", "tsset", "fvset", "format", "notes", "note", "datasignature"])
"""First words of commands that say something about the data, which their values do not depend on."""


def source_of(session: Session, data: Dataset, used: Collection[str]) -> Source:
    """The file of the data, and the commands that changed them since it was read; `used` are those of the model."""
    history, _, _ = session.whole()
    done = [o for o in history if o.ok]
    opened = max((k for k, o in enumerate(done) if Effect.OPENS in o.effects), default=None)
    if opened is None:
        return Source(data.source)
    changed = [o for o in done[opened + 1 :] if Effect.DATA in o.effects and o.type.split()[0] not in _ABOUT]
    first = [done[opened]] if not (_whole(done[opened]) and _plain(Source(data.source), used)) else []
    return Source(data.source, tuple(o.command for o in [*first, *changed]))


def _whole(opened: Outcome) -> bool:
    """Whether a command opened all of a file, as another program would."""
    try:
        clauses = parse_command(opened.command).clauses
    except TerraceError:
        return False
    options = set(str(clauses.options).replace(",", " ").split()) - {"clear"}
    parts = opened.type == "use" and clauses.using is not None and bool(clauses.body)
    return not (clauses.condition or clauses.range_ or options or parts)


def _plain(source: Source, used: Collection[str]) -> bool:
    """Whether a text file begins with the names of the variables, as programs expect it that do not look for them."""
    mark = {"csv": ",", "tsv": "\t"}.get(source.kind)
    if mark is None:
        return True
    try:
        with Path(source.path).open(encoding="utf-8-sig", newline="") as stream:
            names = next(csv.reader(stream, delimiter=mark), [])
    except (OSError, UnicodeDecodeError, csv.Error):
        return False
    return set(used) <= set(names)


def facts_of_fit(session: Session, fit: FitResult) -> Facts:
    """The facts of a fitted model, on the data that it was fitted to. Raises `TerraceError` as fitting does."""
    from terrace.design.streaming import model_variables

    data = fit.model.data if fit.model.data is not None else session.source
    used = model_variables(fit.spec, data)
    if isinstance(data, StreamedData):
        from terrace.data.progress import Report

        data = data.load(used, "The code of the model",
                         Report("Reading the data", session.report, session.cancel))  # fmt: skip
    found = facts_of(fit.spec, data, source_of(session, data, used), session.state.constraints)
    return replace(found, ll=fit.ll)
