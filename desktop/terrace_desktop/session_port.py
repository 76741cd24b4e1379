"""The only place that knows the engine's `Session`: makes one, and reads from it what the window shows."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from terrace_desktop.worker import Snapshot

if TYPE_CHECKING:
    from terrace.session.session import Session


def make_session() -> Session:
    """A session, with the libraries that the first minutes need; runs on the worker's thread."""
    from terrace.session.session import Session

    session = Session()
    import pandas  # noqa: F401 - the first look at data shall not wait for these
    import pyqtgraph  # noqa: F401
    import scipy.linalg  # noqa: F401

    return session


def take_snapshot(session: Any) -> Snapshot:
    """What the window shows of a session."""
    return Snapshot(
        dataset=session.dataset,
        models=tuple(session.stored),
        can_undo=bool(session.can_undo),
        can_redo=bool(session.can_redo),
        undo_text=session.undo_text,
        redo_text=session.redo_text,
    )


def known_commands() -> set[str]:
    """Names of all commands (once a session has been made)."""
    from terrace.session.registry import COMMANDS

    return set(COMMANDS)
