"""Titles of results follow the labels of variables: those of tables and figures, of axes and of entries of a legend.

What a command made is not computed again. An item keeps what its variables were called when it was made, and what its
command gave then (`Item.made`), so that labels that change again and again never leave a trace. What a user has asked
for in the command stays as it is; what was asked for since stands in the look of the figure, over all of this.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from typing import TYPE_CHECKING

from terrace.session.document.titles import output_title

if TYPE_CHECKING:
    from terrace.data.dataset import Dataset
    from terrace.results.plot import Axis, Plot, PlotPanel
    from terrace.results.table import Table
    from terrace.session.contract import Outcome
    from terrace.session.document.items import Document, Item

Called = tuple[tuple[str, str], ...]
"""Names of variables, each with what stands for it in the titles of a result."""


def called_in(outcome: Outcome, data: Dataset | None, names: tuple[str, ...]) -> Called:
    """What the variables of `data` are called in the titles of a result: their labels, or without one their names.

    Of variables without a label only those of its command and of `names` count: any other word is just a word.
    """
    texts = list(_texts(outcome))
    if data is None or not texts:
        return ()
    spoken = {*names, *re.findall(r"\w+", outcome.command)}
    return tuple(
        (v.name, v.label or v.name)
        for v in data.variables
        if (v.label or v.name in spoken) and any((v.label or v.name) in text for text in texts)
    )


def retitled(document: Document, data: Dataset, same_source: Callable[[Dataset, Dataset], bool]) -> Document:
    """The document in which the results of these data speak of their variables by the labels that these have now.

    Results are of the data that were opened last before them, those under a model of the data of the model.
    """
    opened = max((i.id for i in document if i.kind == "data"), default=0)
    others = {m.id for m in document.models() if m.data is None or not same_source(m.data, data)}
    now = {v.name: v.label or v.name for v in data.variables}
    items = tuple(
        _item(i, now) if i.called and i.id > opened and i.under not in others else i for i in document
    )
    same = all(a is b for a, b in zip(items, document.items))
    return document if same else replace(document, items=items)


def _item(item: Item, now: Mapping[str, str]) -> Item:
    made = item.made or item.outcome
    assert made is not None and item.outcome is not None
    words = {old: now[name] for name, old in item.called if name in now and now[name] != old}
    outcome = _outcome(made, words) if words else made
    if list(_texts(outcome)) == list(_texts(item.outcome)):
        return item
    own = item.automatic == output_title(item.outcome)
    return replace(
        item, outcome=outcome, made=made if words else None,
        automatic=output_title(outcome) if own else item.automatic,
    )  # fmt: skip


# --- texts --------------------------------------------------------------------------------------------------
def _texts(outcome: Outcome) -> Iterator[str]:
    """All that a change of a label can change."""
    yield from (t.title for t in outcome.tables)
    for plot in outcome.plots:
        yield from (plot.title, plot.note, *plot.legend_order)
        for panel in plot.panels:
            yield from (panel.x.title, panel.y.title, *(m.label for m in panel.marks))
            if plot.kind in _OF_TERMS:
                yield from (text for _, text in panel.y.ticks or ())


_OF_TERMS = ("forest",)  # figures with terms of a model along the vertical axis


def _outcome(made: Outcome, words: Mapping[str, str]) -> Outcome:
    """The result in which these words stand in the place of those."""
    pattern = re.compile("|".join(rf"(?<!\w){re.escape(old)}(?!\w)" for old in sorted(words, key=len, reverse=True)))

    def put(text: str) -> str:
        asked = f'"{text}"' in made.command or f"title({text})" in made.command
        return text if asked else pattern.sub(lambda found: words[found[0]], text)

    return replace(
        made, tables=tuple(_table(t, put) for t in made.tables), plots=tuple(_plot(p, put) for p in made.plots)
    )


def _table(table: Table, put: Callable[[str], str]) -> Table:
    return replace(table, title=put(table.title))


def _plot(plot: Plot, put: Callable[[str], str]) -> Plot:
    return replace(
        plot,
        title=plot.title if plot.options.get("title") == "asked" else put(plot.title),
        note=put(plot.note),
        legend_order=tuple(map(put, plot.legend_order)),
        panels=tuple(_panel(p, put, plot.kind in _OF_TERMS) for p in plot.panels),
    )


def _panel(panel: PlotPanel, put: Callable[[str], str], of_terms: bool) -> PlotPanel:
    y = _axis(panel.y, put)
    if of_terms and y.ticks:
        y = replace(y, ticks=tuple((at, put(text)) for at, text in y.ticks))
    marks, hidden = (tuple(replace(m, label=put(m.label)) for m in layers) for layers in (panel.marks, panel.hidden))
    return replace(panel, x=_axis(panel.x, put), y=y, marks=marks, hidden=hidden)


def _axis(axis: Axis, put: Callable[[str], str]) -> Axis:
    return replace(axis, title=put(axis.title))
