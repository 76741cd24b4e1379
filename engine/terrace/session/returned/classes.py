"""What is in r() after a command.

Commands that store their results there (`Effect.RETURNS`) leave none of an earlier command; others, such as
``generate``, ``display``, ``predict`` and ``estimates store``, do not touch it, so that r() can be used over several of
them.
"""

from __future__ import annotations

from dataclasses import replace

from terrace.session.effects import Effect
from terrace.session.registry import Command
from terrace.session.state import CommandResult, Returned, State


def only_its_own(found: Command, result: CommandResult, before: State) -> CommandResult:
    """The result of a command, without what an earlier one left in r() where this one stores there."""
    state = result.state or before
    if Effect.RETURNS not in found.effects or state.returned is not before.returned or before.returned == Returned():
        return result
    return replace(result, state=replace(state, returned=Returned()))
