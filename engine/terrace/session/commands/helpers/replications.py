"""How many replications are asked for, and their seed."""

from __future__ import annotations

from terrace.language.grammar.options import Option
from terrace.language.mixed_options import number
from terrace.session.session import Session

REPS = 200
MOST_REPS = 1_000_000
"""Their numbers and random streams are kept in memory; more change no digit that is shown."""


def seed_of(options: dict[str, Option], session: Session) -> int | None:
    """The seed of ``seed()``, one drawn from ``set seed``, or None."""
    if "seed" in options:
        return int(number(options["seed"], integer=True))
    rng = session.state.rng
    return None if rng is None else int(rng.integers(2**32))


def reps_of(option: Option | None) -> int:
    """Replications asked for, at least 2."""
    if option is None or option.argument is None:
        return REPS
    return int(number(option, integer=True, least=2, most=MOST_REPS))
