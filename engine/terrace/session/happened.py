"""Which effects of a command came about in one run."""

from __future__ import annotations

from terrace.session.effects import Effect
from terrace.session.state import State


def happened(declared: Effect, before: State, after: State) -> Effect:
    """The effects of one run: on the data those that came about, also by a prefix or a block, and all others declared.

    Data that were opened are of a lineage of their own: ``sample hsb`` opens data, and ``sample 50`` takes rows out.
    """
    others = declared & ~(Effect.OPENS | Effect.DATA)
    old, new = before.dataset, after.dataset
    if new is old:
        return others
    opens = Effect.OPENS in declared or _begins_a_part(before, after)
    opened = opens and new is not None and (old is None or new.lineage is not old.lineage)
    return others | (Effect.OPENS if opened else Effect.DATA)


def _begins_a_part(before: State, after: State) -> bool:
    """True where a do-file, a program or a block opened data: the results document says so."""
    then, now = before.document, after.document
    return now is not then and any(i.kind == "data" for i in now.since(then))
