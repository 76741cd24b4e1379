"""What commands do besides printing: declared with each command, and told with each outcome."""

from __future__ import annotations

from enum import Flag, auto
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from terrace.session.state import State


class Effect(Flag):
    """What a command can do. Registering a command says which of these hold of it.

    OPENS
        Opens data: they are as they are in a file or a sample.
    DATA
        Changes the data that are open, or what is known of them; also closes them.
    SAVES
        Writes the data to a file as they are.
    FILES
        Makes, writes or removes any other file.
    FITS
        Fits a mixed model, which becomes the active one.
    ABOUT_FIT
        Speaks of the active model: what it shows belongs under that.
    RETURNS
        Leaves results in r(), and none of an earlier command there.
    BRIEF
        Does something else than to show: what it prints is a line that may be told in passing.
    """

    NONE = 0
    OPENS = auto()
    DATA = auto()
    SAVES = auto()
    FILES = auto()
    FITS = auto()
    ABOUT_FIT = auto()
    RETURNS = auto()
    BRIEF = auto()


def happened(declared: Effect, before: State, after: State) -> Effect:
    """What of a command's effects on the data came about in one run, with all its other effects.

    Data that were opened are of a lineage of their own: ``sample hsb`` opens data, and ``sample 50`` takes rows out.
    """
    old, new = before.dataset, after.dataset
    if new is old:
        return declared & ~(Effect.OPENS | Effect.DATA)
    if new is None or (old is not None and new.lineage is old.lineage):
        return declared & ~Effect.OPENS
    return declared & ~Effect.DATA if Effect.OPENS in declared else declared
