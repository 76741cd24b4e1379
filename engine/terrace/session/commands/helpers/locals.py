"""Local macros changed in a state."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from terrace.session.state import State


def with_locals(state: State, changed: Mapping[str, str]) -> State:
    """The state with these local macros changed; empty contents forget one."""
    return replace(state, locals=held({**state.locals, **changed}))


def held(macros: Mapping[str, str]) -> dict[str, str]:
    return {name: contents for name, contents in macros.items() if contents}
