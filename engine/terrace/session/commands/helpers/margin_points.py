"""The rows beneath a plot of margins, as commands ask for them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, TypedDict

import numpy as np

from terrace.language.grammar.command import ParsedCommand
from terrace.language.grammar.options import Option, choice
from terrace.session.commands.helpers.fits import current_fit
from terrace.session.fit_rows import fit_rows

if TYPE_CHECKING:
    from terrace.postestimation.margins.beneath import Beneath
    from terrace.postestimation.margins.margins import Margins
    from terrace.session.session import Session


class Points(TypedDict):
    """What `margins_plot` takes of them."""

    under: Beneath | None
    points: tuple[str, ...]
    grid: bool


def points_beneath(session: Session, parsed: ParsedCommand, found: Margins, options: Mapping[str, Option]) -> Points:
    """What the options ``data`` and ``residuals[(grid)]`` ask for beneath margins.

    Raises `TerraceError` where the margins are those of another fit than the current one, or have no such points.
    """
    kinds = tuple(key for name, key in (("data", "raw"), ("residuals", "residuals")) if name in options)
    if not kinds:
        return {"under": None, "points": (), "grid": False}
    from terrace.postestimation.margins.beneath import beneath

    fit = current_fit(session, parsed, rows=True)
    asked = options.get("residuals", options.get("data"))
    assert asked is not None
    if not np.array_equal(found.beta, fit.model.beta, equal_nan=True):
        raise asked.piece.error("These margins are of another model.", code="other-model", subject=asked.name,
                                advice="Run margins again, then plot them.")  # fmt: skip
    inner = options["residuals"].argument if "residuals" in options else None
    grid = inner is not None and choice(inner, str(inner).strip(), "grid", "a place for residuals") == "grid"
    there = fit_rows(session, fit)
    under = beneath(found, fit, there.data, found.inside)
    if there.position is not None:
        under = replace(under, rows=there.position[under.rows])
    return {"under": under, "points": kinds, "grid": grid}
