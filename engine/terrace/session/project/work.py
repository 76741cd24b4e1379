"""A `State` as JSON, member by member: what belongs to the work, and which rows its fits saw."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import numpy as np
import pandas as pd

from terrace.results.fit import FitResult
from terrace.session.project.codec import Decoder, Encoder, Json, Unknown
from terrace.session.project.hints import members
from terrace.session.state import Origin, State

_MEMBERS = (
    *("dataset", "fit", "stored", "settings", "constraints", "scalars", "matrices", "returned", "rng", "rc", "margins"),
    *("posted", "tested", "graphs", "label_sets", "preserved", "reshaped", "locals", "globals", "programs", "bases"),
    "filter",
)


def stored_members() -> tuple[str, ...]:
    """The members of a state that are kept. A log that is open, the folder and a line begun belong to the session."""
    return _MEMBERS


def _member_json(encoder: Encoder, state: State, name: str) -> Json:
    """A member without what no file can hold: of names, those are left out; anything else is None then.

    Only data have to be held whole: what is left of them would be other data.
    """
    value = getattr(state, name)
    if name in ("fit", "posted", "tested"):
        held = value if isinstance(value, tuple) else (value,)
        if any(isinstance(v, FitResult) and _stands_in(v) for v in held):
            value = None
    try:
        return encoder(value)
    except Unknown:
        if name in ("dataset", "preserved"):
            raise
        if isinstance(value, Mapping):
            return mapping_json(encoder, value)
        return None


def mapping_json(encoder: Encoder, values: Mapping[str, object]) -> Json:
    """Values by name, without those that no file can hold."""

    def can_be_held(value: object) -> bool:
        try:
            encoder(value)
        except Unknown:
            return False
        return True

    return encoder({name: value for name, value in values.items() if can_be_held(value)})


def state_json(encoder: Encoder, state: State, names: tuple[str, ...]) -> Json:
    """The members of a state that are kept, of those named, and which rows its fits saw."""
    known = (*stored_members(), "document")
    members = {n: j for n in names if n in known and (j := _member_json(encoder, state, n)) is not None}
    return {"members": members, "origins": origins_json(encoder, state)}


def state_of(decoder: Decoder, content: Json) -> State:
    """The state again, all of it or none."""
    hints = members(State, decoder.kinds.classes)
    found = {n: decoder.read(j, hints[n]) for n, j in content["members"].items() if n in (*_MEMBERS, "document")}
    return State(**found, origins=origins_of(decoder, content["origins"]))


def _stands_in(fit: FitResult) -> bool:
    """True for a fit that nothing in a file gives again, as one that another program made."""
    from terrace.session.project.models import recipe_of

    return recipe_of(fit) is None


def fits_of(state: State) -> Iterator[FitResult]:
    """Every fit that the state holds."""
    if state.fit is not None:
        yield state.fit
    yield from state.stored.values()
    yield from (i.outcome.fit for i in state.document if i.outcome is not None and i.outcome.fit is not None)


def origins_json(encoder: Encoder, state: State) -> Json:
    """The rows that each fit saw: the fit, the mark of the lineage, the numbers of the rows."""
    from terrace.session.project.columns import column_json, mark_of

    fits = {f.identity: f for f in fits_of(state)}
    out = []
    for key, origin in state.origins.items():
        if key in fits:
            ids = None if origin.row_ids is None else column_json(encoder, pd.Series(origin.row_ids, copy=False))
            rows = None if origin.row_ids is None else len(origin.row_ids)
            out.append({"fit": encoder(fits[key]), "lineage": mark_of(origin.lineage), "row_ids": ids, "rows": rows})
    return out


def origins_of(decoder: Decoder, content: Json) -> dict[int, Origin]:
    """`State.origins` again, by the identity that the fits have now."""
    from terrace.session.project.columns import column_of

    out: dict[int, Origin] = {}
    for entry in content:
        fit = decoder.read(entry["fit"], FitResult)
        ids = None if entry["row_ids"] is None else column_of(decoder, entry["row_ids"], entry["rows"]).to_numpy()
        lineage = decoder.special["lineage"](decoder, entry["lineage"])
        out[fit.identity] = Origin(fit.held, lineage, None if ids is None else ids.astype(np.int64, copy=False))
    return out
