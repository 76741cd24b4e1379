"""The figures of the results document by their numbers: what each looks like, and how its user changes that.

A figure is a plot of an outcome on the page. It is counted in the order of the page, from 1, as captions count it. The
plot that a command made stays as it was; its look stands beside it in the item, and what the figures have in common in
the document.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from terrace.graphs.dressed import dressed
from terrace.results.figure_look import PLAIN, STYLE, FigureLook, own_part, style_part
from terrace.results.figure_presets import asked_by, effective
from terrace.results.plot import Plot
from terrace.session.document.items import Document, Item


@dataclass(frozen=True, slots=True)
class Figure:
    """One figure. ``plot`` is as its command made it, ``own`` its own look and ``look`` all that counts together.

    ``item`` is the id of what it belongs to, ``place`` which plot of that it is, from 0.
    """

    number: int
    item: int
    place: int
    title: str
    plot: Plot
    own: FigureLook
    look: FigureLook

    @property
    def dressed(self) -> Plot:
        """The figure as it is shown, printed and saved."""
        return dressed(self.plot, self.look)

    def _repr_svg_(self) -> str | None:
        return self.dressed._repr_svg_()

    def _repr_png_(self) -> bytes | None:
        return self.dressed._repr_png_()


def figures(document: Document) -> tuple[Figure, ...]:
    """All figures of the page, in order."""
    out: list[Figure] = []
    for item in document:
        for place, plot in enumerate(() if item.outcome is None else item.outcome.plots):
            own = own_look(item, place)
            look = effective(own, document.figure_style)
            single = item.outcome is not None and len(item.outcome.plots) == 1
            title = (single and item.title) or plot.title or item.heading
            out.append(Figure(len(out) + 1, item.id, place, title, plot, own, look))
    return tuple(out)


def figure(document: Document, number: int) -> Figure | None:
    """The figure of a number; None where there is none."""
    return next((f for f in figures(document) if f.number == number), None)


def own_look(item: Item, place: int) -> FigureLook:
    """The look of its own that a plot of an item has."""
    return item.figures[place] if place < len(item.figures) else FigureLook()


def plots_of(item: Item, style: FigureLook) -> tuple[Plot, ...]:
    """The plots of an item as they are shown; `style` is `Document.figure_style`."""
    plots = () if item.outcome is None else item.outcome.plots
    return tuple(dressed(p, effective(own_look(item, k), style)) for k, p in enumerate(plots))


def as_shown(document: Document, plot: Plot) -> Plot:
    """A plot as the page shows it; one that is not on the page has the style of all figures."""
    found = next((f for f in figures(document) if f.plot is plot), None)
    return found.dressed if found is not None else dressed(plot, effective(FigureLook(), document.figure_style))


# --- changes ------------------------------------------------------------------------------------------------
def with_look(document: Document, number: int, look: FigureLook) -> Document:
    """The document in which a figure has this look of its own. Raises `KeyError` where there is none of this number."""
    found = figure(document, number)
    if found is None:
        raise KeyError(number)
    if found.own == look:
        return document
    return replace(document, items=tuple(_looking(i, found.place, look) if i.id == found.item else i for i in document))


def with_style(document: Document, style: FigureLook) -> Document:
    """The document in which figures that say nothing else look like this."""
    return document if style == document.figure_style else replace(document, figure_style=style)


def styled_like(document: Document, number: int) -> Document:
    """The document in which all figures have the style of one: what was their own of that is given up.

    Titles, axes, layers and series stay those of each. Raises `KeyError` where there is no figure of this number.
    """
    found = figure(document, number)
    if found is None:
        raise KeyError(number)
    style = common_style(found.own, document.figure_style)
    items = tuple(
        replace(i, figures=_trimmed(tuple(map(own_part, i.figures)))) if i.figures else i for i in document
    )
    return replace(document, items=items, figure_style=style)


def common_style(own: FigureLook, style: FigureLook) -> FigureLook:
    """The style in which all figures look as one does: what its preset says is left to the preset."""
    if style_part(own) == PLAIN:
        return style
    look, preset = effective(own, style), own.preset or style.preset
    asked = asked_by(preset, look.columns)
    said = {n: getattr(look, n) for n in STYLE if getattr(look, n) != getattr(asked, n)}
    return replace(FigureLook(), **{**said, "preset": preset})


def _looking(item: Item, place: int, look: FigureLook) -> Item:
    looks = [own_look(item, k) for k in range(max(len(item.figures), place + 1))]
    looks[place] = look
    return replace(item, figures=_trimmed(tuple(looks)))


def _trimmed(looks: tuple[FigureLook, ...]) -> tuple[FigureLook, ...]:
    """The looks without those at the end that say nothing."""
    most = max((k + 1 for k, look in enumerate(looks) if look != FigureLook()), default=0)
    return looks[:most]
