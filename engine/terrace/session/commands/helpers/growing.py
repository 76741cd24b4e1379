"""More rows than there are: ``set obs``."""

from __future__ import annotations

from terrace.language.grammar.tokens import Piece
from terrace.session.commands.helpers.working import changed, plural
from terrace.session.session import Session
from terrace.session.state import CommandResult


def set_rows(session: Session, piece: Piece, count: int) -> CommandResult:
    """``set obs``: rows of missing values at the end, or new data."""
    from terrace.data.transforms.rows import MOST_ROWS, lengthen

    data = session.data_or_none
    have = 0 if data is None else len(data)
    if not max(have, 1) <= count <= MOST_ROWS:
        raise piece.error(
            f"set obs takes a number of rows of at least {max(have, 1):,}.",
            code="setting-value",
            subject="obs",
            advice="To remove rows, use keep in 1/100." if have else "",
        )
    return changed(session, lengthen(data, count), f"({plural(count, 'row')}, {have:,} before)")
