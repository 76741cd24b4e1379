"""How the filter of a session bears on a command: which commands see it, and what is said of it with their results.

Which ones do is declared with their effects: all but those that change, open or save data, take them as a whole, or
speak of a model, which has rows of its own.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from terrace.data.changes import changes
from terrace.data.dataset import Dataset
from terrace.data.streams.batches import StreamedData
from terrace.errors import TerraceError
from terrace.language.expressions.entry import variables_in
from terrace.language.expressions.truth import with_names
from terrace.session.effects import Effect
from terrace.session.filter import Filtered, Restriction, kept_rows, used_expression
from terrace.session.outcome import result_text

if TYPE_CHECKING:
    from terrace.results.plot import Plot
    from terrace.results.table import Table
    from terrace.session.state import CommandResult, State

_ALL_ROWS = Effect.OPENS | Effect.DATA | Effect.SAVES | Effect.WHOLE


def sees_filter(effects: Effect) -> bool:
    """True for commands that are restricted to the rows that a filter keeps."""
    return Effect.ANALYSES in effects or not effects & (_ALL_ROWS | Effect.ABOUT_FIT)


def restriction(state: State, effects: Effect, outer: Restriction | None) -> Restriction:
    """The filter as a command with these effects sees it."""
    return Restriction(used_expression(state.filter) if sees_filter(effects) else "", outer)


def filtered(expression: str, data: Dataset) -> Filtered:
    """The filter with the numbers of rows, which nobody counts in a file that is read in parts.

    Raises `DataError` where it does not fit the data any more.
    """
    if isinstance(data, StreamedData):
        return Filtered(expression)
    return Filtered(expression, int(kept_rows(expression, data).sum()), len(data))


# --- what is said with results ------------------------------------------------------------------------------
def with_note(result: CommandResult, told: Filtered) -> CommandResult:
    """The result of a command that was restricted, with the filter named under its last table and its plots."""
    note = str(told)
    text = f"{result.text}\n{note}" if result.text and note not in result.text else result.text
    if any(note in t.notes for t in result.tables):  # of a fit, which says so itself
        return replace(result, text=text)
    plots = tuple(noted_plot(p, told) for p in result.plots)
    return replace(result, tables=_noted(result.tables, note), plots=plots, text=text)


def noted_plot(plot: Plot, told: Filtered) -> Plot:
    """The plot with the filter named under it, where it is not named yet."""
    if f"Filter: {told.expression}" in plot.note:
        return plot
    return replace(plot, note="\n".join(n for n in (plot.note, str(told)) if n))


def _noted(tables: tuple[Table, ...], note: str) -> tuple[Table, ...]:
    if not tables:
        return tables
    return (*tables[:-1], replace(tables[-1], notes=(*tables[-1].notes, note)))


def with_ignored(result: CommandResult, name: str, effects: Effect, before: State) -> CommandResult:
    """The result of a command that uses all rows, which says so where a filter is in use and it changed or wrote rows.

    It stands behind what the command says, in the same line where that is one.
    """
    expression = used_expression(before.filter)
    if not expression or Effect.OUTLINE in effects or not _takes_all_rows(effects):
        return result
    if not (effects & (Effect.SAVES | Effect.WHOLE) or _changed_rows(before, result.state or before)):
        return result
    said = result_text(result)
    note = f"The filter {expression} was not applied: {name} uses all rows."
    apart = "\n" if "\n" in said else " "
    return replace(result, text=f"{said}{apart}{note}" if said else note)


def _takes_all_rows(effects: Effect) -> bool:
    return bool(effects & _ALL_ROWS) and not sees_filter(effects)


def _changed_rows(before: State, after: State) -> bool:
    then, now = before.dataset, after.dataset
    if then is None or now is None or now is then or isinstance(now, StreamedData) or isinstance(then, StreamedData):
        return False
    found = changes(then, now)
    return bool(found.added or found.edited or found.rows)


def kept_on(before: State, after: State, *, opened: bool) -> tuple[State, str]:
    """The state after a command, and what is to be said of the filter: other data have none, new names of variables
    are taken over, and a filter that does not fit the data any more is told of at once."""
    found, then, now = after.filter, before.dataset, after.dataset
    if found is None or found is not before.filter or then is now:
        return after, ""
    if opened or now is None:
        return replace(after, filter=None), f"The filter {found.expression} was removed with the data it was for."
    if then is None or isinstance(now, StreamedData) or isinstance(then, StreamedData):
        return after, ""
    names = [n for n in variables_in(found.expression, then) if n in now]
    try:
        kept_rows(found.expression, now.select(names or now.names[:1]).rows(np.arange(0)))
    except TerraceError as error:
        new = dict(changes(then, now).renamed)
        if new:
            renamed = replace(found, expression=with_names(found.expression, new))
            return replace(after, filter=renamed), f"The filter is now {renamed.expression}."
        return after, f"{error.message} {error.advice}"
    return after, ""


def status(state: State) -> str:
    """The filter in words: what it is, its rows, and what it is used for."""
    found = state.filter
    if found is None or state.dataset is None:
        return "There is no filter."
    told = filtered(found.expression, state.dataset)
    use = "Analyses use these rows." if found.in_use else "It is for viewing only: analyses use all rows."
    return f"{told} {use}"
