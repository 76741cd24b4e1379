"""The matrices that a session knows, by the names that expressions have for them."""

from __future__ import annotations

import re
from collections.abc import Mapping

from terrace.errors import CommandError
from terrace.language.grammar.options import did_you_mean
from terrace.language.grammar.tokens import Piece
from terrace.session.port import SessionPort
from terrace.session.state import Matrix

STORED = re.compile(r"([er])\(\s*(\w+)\s*\)")
"""``e(name)`` or ``r(name)``."""


def matrices(session: SessionPort) -> dict[str, Matrix]:
    """Every matrix by the name that an expression has for it: ``A``, ``e(b)``, ``r(table)``."""
    state = session.state
    known: dict[str, Matrix] = dict(state.matrices)
    if state.fit is not None:
        for name, values in state.fit.matrices.items():
            known[f"e({name})"] = Matrix(values, *state.fit.matrix_names[name])
    known.update({f"r({name})": m for name, m in state.returned.matrices.items()})
    return known


def find_matrix(session: SessionPort, piece: Piece) -> Matrix:
    """The matrix of a name, ``e(b)`` or ``r(table)``. `CommandError` where there is none."""
    known = matrices(session)
    text = str(piece).strip()
    stored = STORED.fullmatch(text)
    found = known.get(f"{stored[1]}({stored[2]})" if stored else text)
    if found is None:
        raise unknown_matrix(piece.strip(), text, known)
    return found


def unknown_matrix(piece: Piece, text: str, known: Mapping[str, object]) -> CommandError:
    """The error for a name that no matrix has."""
    return piece.error(
        f"There is no matrix {text}.",
        code="no-such-matrix",
        subject=text,
        advice=did_you_mean(text, list(known)) or "A matrix is e(name), r(name) or a name of your own.",
    )
