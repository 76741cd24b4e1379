"""What goes into a report: models with what was asked about them, and what belongs to no model, in their order."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from terrace.results.fit import FitResult
from terrace.results.plot import Plot
from terrace.session.contract import Outcome
from terrace.session.document.fits import fit_named
from terrace.session.effects import Effect
from terrace.session.session import Session

if TYPE_CHECKING:
    from terrace.report.parts import Part


@dataclass
class Block:
    """A model with the results about it; without a `fit`, one result that belongs to no model."""

    number: int
    fit: FitResult | None = None
    results: list[Outcome] = field(default_factory=list)


def blocks(session: Session, fits: Sequence[FitResult], numbers: Sequence[int] | None, alone: bool) -> list[Block]:
    """The blocks of a report of these fits, in the order in which they came.

    `numbers` are those of the results to show, None for all; results of no model are left out where the report is
    of models only (`alone`) and no numbers were given.
    """
    of_fit = {id(f.model): Block(0, f) for f in fits}
    out: list[Block] = []
    active: FitResult | None = None
    for outcome in session.history:
        if not outcome.ok:
            continue
        chosen = numbers is None or outcome.number in numbers
        if Effect.FITS in outcome.effects and outcome.fit is not None:
            active = outcome.fit
            block = of_fit.get(id(active.model))
            if block is not None and not block.number:
                block.number = outcome.number
                continue
            if numbers is None:
                continue  # a fit that is shown again, or is not asked for
        elif outcome.type == "estimates restore":
            active = fit_named(session.state, outcome.command.split()[-1]) or active
        if not chosen or not outcome.number or outcome.quiet:
            continue
        about = active is not None and Effect.ABOUT_FIT in outcome.effects
        block = of_fit.get(id(active.model)) if about and active is not None else None
        if block is not None:
            block.results.append(outcome)
        elif numbers is not None or not (alone or about):
            out.append(Block(outcome.number, None, [outcome]))
    models = list(of_fit.values())
    for model in models:  # fits keep their order; one read from a file has no number and comes where it is named
        at = next((k for k, b in enumerate(out) if b.fit is None and b.number > model.number > 0), len(out))
        last = max((k for k, b in enumerate(out) if b.fit is not None), default=-1)
        out.insert(max(at, last + 1), model)
    return out


def parts_of(block: Block, named: FitResult | None, draw: Callable[[FitResult], list[Plot]]) -> list[Part]:
    """The parts of one block: the fit under its name, its plots, then the commands with their tables and plots."""
    parts: list[Part] = []
    shown: set[tuple[str, str]] = set()
    if block.fit is not None:
        assert named is not None
        parts.append(named)
        plots = draw(block.fit)
        parts += plots
        shown = {(p.kind, p.title) for p in plots}
    for outcome in block.results:
        plots = [p for p in outcome.plots if (p.kind, p.title) not in shown]
        if outcome.tables or plots:
            parts += [f". {' '.join(outcome.command.split())}", *outcome.tables, *plots]
    return parts
