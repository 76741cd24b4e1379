"""What the results document holds: models, outputs under their model, notes and headings, in the order of the user.

Frozen, like everything that a session hands out: a change makes a new `Document`, which shares its items with the old
one. A window, a report and a project file show, print and keep this; none of them decides what is in it.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, fields
from typing import TYPE_CHECKING, Literal

from terrace.results.figure_look import PLAIN, FigureLook
from terrace.session.document.report_plan import NO_PLAN, ReportPlan

if TYPE_CHECKING:
    from terrace.data.dataset import Dataset
    from terrace.results.fit import FitResult
    from terrace.results.table import Table
    from terrace.session.contract import Outcome

ItemKind = Literal["data", "model", "output", "note", "heading"]


@dataclass(frozen=True, slots=True)
class Look:
    """How the tables of an item are shown; None and the empty text leave it to the document, and that to the program.

    ``decimals`` are those of estimates. ``style`` is ``apa``, ``ama`` or ``plain``, ``metric`` that of random effects,
    ``variance`` or ``sd``; ``labels`` shows labels (True) or names of variables. ``parts`` names what of a model is
    shown beside its fixed effects, by the keys of its tables.
    """

    decimals: int | None = None
    style: str = ""
    metric: str = ""
    labels: bool | None = None
    parts: tuple[str, ...] | None = None


@dataclass(frozen=True, slots=True, weakref_slot=True)
class Item:
    """One entry of the document. ``id`` stays its own wherever it stands, and is never given again.

    A ``data`` item stands for data that were opened, with what changed them under it; an ``output`` for any other
    result. ``outcome`` is what the command gave, None for notes and headings. ``number`` counts models from 1.
    ``title`` is the user's own, empty where there is none: `heading` is what is shown. ``under`` is the id of the
    item that this one belongs to, 0 at the top; ``origin`` the id of the model that a model was made from, 0 for
    none. ``text`` is a note in Markdown. ``data`` are those that a model was fitted to, ``stored`` the name that
    commands find its fit by. ``when`` is as ISO 8601 has it. ``more`` are further tables of a
    model (`terrace.session.document.card`), None until they have been worked out. ``figures`` are the looks that the
    user gave its plots, by their places; there may be fewer than plots. ``called`` are variables with what stands for
    them in the titles of the outcome, ``made`` is the outcome with the titles of its day where labels have changed
    since (`terrace.session.document.retitled`).
    """

    id: int
    kind: ItemKind
    outcome: Outcome | None = None
    number: int = 0
    title: str = ""
    automatic: str = ""
    under: int = 0
    origin: int = 0
    folded: bool = False
    text: str = ""
    data: Dataset | None = None
    stored: str = ""
    when: str = ""
    look: Look = Look()
    more: tuple[Table, ...] | None = None
    figures: tuple[FigureLook, ...] = ()
    called: tuple[tuple[str, str], ...] = ()
    made: Outcome | None = None

    @property
    def heading(self) -> str:
        """The title: the user's, or else the program's."""
        return self.title or self.automatic

    @property
    def fit(self) -> FitResult | None:
        """The fit that its command gave; None where it gave none, and for what is no outcome."""
        return None if self.outcome is None else self.outcome.fit


@dataclass(frozen=True, slots=True, weakref_slot=True)
class Document:
    """All items in their order: each stands behind the one that it belongs to. ``next_id`` is that of the next one.

    ``figure_style`` is how all figures look that say nothing else.
    ``report`` is what its user chose of the report of these results.
    """

    title: str = ""
    items: tuple[Item, ...] = ()
    look: Look = Look()
    next_id: int = 1
    figure_style: FigureLook = PLAIN
    report: ReportPlan = NO_PLAN

    def __iter__(self) -> Iterator[Item]:
        return iter(self.items)

    def __len__(self) -> int:
        return len(self.items)

    def item(self, id_: int) -> Item | None:
        """The item of this id; None where there is none."""
        return next((i for i in self.items if i.id == id_), None)

    def under(self, id_: int) -> tuple[Item, ...]:
        """What belongs to an item, in order; 0 gives the items at the top."""
        return tuple(i for i in self.items if i.under == id_)

    def models(self) -> tuple[Item, ...]:
        """The models, in order."""
        return tuple(i for i in self.items if i.kind == "model")

    def since(self, before: Document) -> tuple[Item, ...]:
        """What came to an earlier state of this document, in order."""
        return tuple(i for i in self.items if i.id >= before.next_id)

    def only_outputs_since(self, before: Document) -> bool:
        """True where nothing else came to an earlier state of this document, and nothing of it was changed but titles
        that follow labels."""
        old = [i for i in self.items if i.id < before.next_id]
        same = len(old) == len(before.items) and all(map(_same_but_titles, old, before.items))
        said = (self.title, self.look, self.figure_style, self.report)
        was = (before.title, before.look, before.figure_style, before.report)
        return same and said == was and all(i.kind == "output" for i in self.since(before))

    def place(self, id_: int) -> int:
        """The place of an item among all, counted from 0. Raises `KeyError` where there is none of this id."""
        for place, item in enumerate(self.items):
            if item.id == id_:
                return place
        raise KeyError(id_)

    def family(self, id_: int) -> tuple[Item, ...]:
        """An item with all that belongs to it, directly or not, in order."""
        ids = {id_}
        for item in self.items[self.place(id_) + 1 :]:
            if item.under not in ids:
                break
            ids.add(item.id)
        return tuple(i for i in self.items if i.id in ids)

    def end_of(self, id_: int) -> int:
        """The place behind an item and all that belongs to it."""
        return self.place(id_) + len(self.family(id_))


_TITLED = ("outcome", "made", "automatic")  # what labels change of an item


def _same_but_titles(a: Item, b: Item) -> bool:
    others = (f.name for f in fields(Item) if f.name not in _TITLED)
    return a is b or ((a.made or a.outcome) is (b.made or b.outcome) and all(
        getattr(a, name) is getattr(b, name) for name in others))  # fmt: skip
