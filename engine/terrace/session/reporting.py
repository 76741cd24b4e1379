"""What goes into a report of the results: models with what was asked about them, and what belongs to no model."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from terrace.results.fit import FitResult
from terrace.results.plot import Plot
from terrace.results.table import Table
from terrace.session.contract import Outcome
from terrace.session.document.figures import plots_of
from terrace.session.document.fits import same_fit
from terrace.session.document.items import Item
from terrace.session.effects import Effect
from terrace.session.session import Session

if TYPE_CHECKING:
    from terrace.report.parts import Part


@dataclass
class Block:
    """A model with the results about it; without a `fit`, one result that belongs to no model, or a text of the page.

    A result that is a text is a note. ``item`` is that of the model on the page.
    ``place`` is where it stands among the results, from 1; 0 for a fit that is none of them.
    """

    place: int
    fit: FitResult | None = None
    results: list[Outcome | str] = field(default_factory=list)
    item: Item | None = None


def blocks(
    session: Session, fits: Sequence[FitResult], numbers: Sequence[int] | None, alone: bool, notes: bool = False
) -> list[Block]:
    """The blocks of a report of these fits, in the order of the results document; fits keep their own.

    `numbers` are those of the results to show, None for all; results of no model are left out where the report is
    of models only (`alone`) and no numbers were given. With `notes` the title, the headings and the notes of the page
    stand where they are there.
    """
    models = [Block(0, f) for f in fits]
    of_item: dict[int, Block] = {}
    title = session.state.document.title.strip()
    out = [Block(0, None, [f"# {title}"])] if notes and title else []
    for place, item in enumerate(session.state.document, start=1):
        outcome = item.outcome
        if outcome is None:
            text = _words_of(item) if notes else ""
            if text and item.under in of_item:
                of_item[item.under].results.append(text)
            elif text:
                out.append(Block(place, None, [text]))
            continue
        if item.kind == "model" and outcome.fit is not None:
            fit = outcome.fit
            block = next((b for b in models if b.fit is not None and not b.place and same_fit(b.fit, fit)), None)
            if block is not None:
                block.place, block.item = place, item
                of_item[item.id] = block
                continue
            if numbers is None:
                continue  # it is not asked for
        if not outcome.number or (numbers is not None and outcome.number not in numbers):
            continue
        outcome = replace(outcome, plots=plots_of(item, session.state.document.figure_style))
        if item.under in of_item:
            of_item[item.under].results.append(outcome)
        elif numbers is not None or not (alone or Effect.ABOUT_FIT in outcome.effects):
            out.append(Block(place, None, [outcome]))
    for model in models:  # one that is no result comes where it is named
        at = next((k for k, b in enumerate(out) if b.fit is None and b.place > model.place > 0), len(out))
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
        if block.item is not None:
            parts += shares(block.item)
        plots = draw(block.fit)
        parts += plots
        shown = {(p.kind, p.title) for p in plots}
    for outcome in block.results:
        if isinstance(outcome, str):
            parts.append(outcome)
            continue
        plots = [p for p in outcome.plots if (p.kind, p.title) not in shown]
        if outcome.tables or plots:
            parts += [f". {' '.join(outcome.command.split())}", *outcome.tables, *plots]
    return parts


def shares(item: Item) -> tuple[Table, ...]:
    """The intraclass correlations and R² of a model in one row, as its card has them; empty where it has none."""
    from terrace.session.document.card import further_tables, summary

    more = item.more
    if more is None:
        more = () if item.data is None or item.fit is None else further_tables(item.fit, item.data)
    known = {t.key: t for t in more}
    title = " and ".join(words for key, words in (("icc", "ICC"), ("r2", "R²")) if key in known)
    return (replace(summary(None, known, ("icc", "r2")), title=title),) if title else ()


def _words_of(item: Item) -> str:
    """A heading or a note as a text of a report."""
    from terrace.report.notes import note_text

    return f"# {item.heading}" if item.kind == "heading" else note_text(item.text)
