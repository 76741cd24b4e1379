"""The only place that knows the engine's `Session`: makes one, and reads from it what the window shows."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from terrace.session.effects import Effect
from terrace_desktop.worker import Snapshot

if TYPE_CHECKING:
    from terrace.session.contract import Outcome
    from terrace.session.session import Session


def make_session() -> Session:
    """A session; runs on the worker's thread, since it loads the engine."""
    from terrace.session.session import Session

    return Session()


def warm_up() -> None:
    """Load what the first fit and the first plot need, so that neither begins with a hitch."""
    import numpy as np
    import pandas as pd
    import pyqtgraph  # noqa: F401
    import scipy.linalg
    import scipy.sparse
    import scipy.special  # noqa: F401  (tests of several degrees of freedom; the others are for crossed effects)

    from terrace.data.dataset import Dataset, Variable
    from terrace.estimate import fit
    from terrace.postestimation import plots
    from terrace.report.html import table_html

    rng = np.random.default_rng(0)
    frame = pd.DataFrame({"y": rng.normal(size=40), "x": rng.normal(size=40), "g": np.arange(40) // 4})
    data = Dataset(frame, (Variable("y"), Variable("x"), Variable("g")))
    result = fit("mixed y x || g:", data)
    plots.residual_fitted(result, data)
    plots.caterpillar(result)
    table_html(result.tables()[0], "light")


def take_snapshot(session: Any) -> Snapshot:
    """What the window shows of a session."""
    return Snapshot(
        dataset=session.dataset,
        fit=session.fit,
        can_undo=bool(session.can_undo),
        can_redo=bool(session.can_redo),
        undo_text=session.undo_text,
        redo_text=session.redo_text,
        constraints=dict(getattr(getattr(session, "state", None), "constraints", {})),
        origins=dict(getattr(getattr(session, "state", None), "origins", {})),
    )


def keep_fit(session: Any, outcome: Outcome) -> str:
    """The command that keeps a new fit under a name, so that later commands can come back to it."""
    if outcome.fit is None or Effect.FITS not in outcome.effects:
        return ""
    if any(outcome.fit is fit for fit in session.stored.values()):
        return ""
    number = len(session.stored) + 1
    while f"m{number}" in session.stored:
        number += 1
    return f"quietly estimates store m{number}"


def known_commands() -> dict[str, str]:
    """All commands with their syntax (once a session has been made)."""
    from terrace.session.registry import COMMANDS

    return {name: c.syntax or name for name, c in COMMANDS.items()}


def command_help() -> list[tuple[str, str, str]]:
    """Name, syntax and purpose of all commands, in alphabetical order."""
    from terrace.session.registry import COMMANDS

    return [(c.name, c.syntax or c.name, c.help) for _, c in sorted(COMMANDS.items()) if c.help]
