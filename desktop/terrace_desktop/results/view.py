"""The page of the document: a card an item, shown by difference; what is near the view is there, the rest is room."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from functools import partial

from PySide6.QtCore import QPoint, Qt, QTimer, Signal
from PySide6.QtGui import QResizeEvent, QShowEvent
from PySide6.QtWidgets import QFrame, QScrollArea, QVBoxLayout, QWidget

from terrace.session.document.items import Document, Item
from terrace_desktop.results.card import Card, Setting
from terrace_desktop.results.look import DOCUMENT, WIDEST
from terrace_desktop.results.note_card import Draft
from terrace_desktop.results.title_line import Title
from terrace_desktop.ui import theme
from terrace_desktop.ui.later import soon
from terrace_desktop.ui.tab_order import order_tabs
from terrace_desktop.ui.widgets import named
from terrace_desktop.work import outline

NEAR, FAR = 0.75, 2.5  # heights of the view within which cards are made, and beyond which they are dropped
MARGIN = 12  # px above what is scrolled to
Make = Callable[[Item, Setting], Card]


class DocumentView(QScrollArea):
    """Scrolls the document. Where heights change above what is read, what is read stays where it is."""

    command_asked = Signal(str)
    at_changed = Signal(int)  # the id of what is read now

    def __init__(self, make: Make) -> None:
        super().__init__()
        named(self, "results_document", self.tr("Results document"))
        self.setWidgetResizable(True)
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.cards: dict[int, Card] = {}
        self.draft: Draft | None = None
        self.notices: list[QWidget] = []
        self._make = make
        self._order: list[int] = []
        self._anchor: tuple[QWidget, int] | None = None  # what stays at its place, and how far it is scrolled
        self._placing = False
        self._unchained = True  # the Tab key does not go yet as one reads
        self._at = 0
        self._old: set[int] = set()  # ids of cards that have other colours or sizes of text
        page = named(QWidget(), "results_page", self.tr("Results document"))
        self.setWidget(page)
        self._column = QVBoxLayout(page)
        self._column.setContentsMargins(DOCUMENT, 16, DOCUMENT, DOCUMENT)
        self._column.setSpacing(0)
        self.title = Title(
            "document_title", self.tr("Title of the document"), "document", clicks=1, empty=self.tr("Add a title")
        )
        self.title.changed.connect(lambda text: self.command_asked.emit(outline.title(text)))
        self._column.addWidget(self.title)
        self._column.addStretch(1)
        self._looker = QTimer(self)
        self._looker.setSingleShot(True)
        self._looker.setInterval(0)
        self._looker.timeout.connect(self.look)
        bar = self.verticalScrollBar()
        bar.valueChanged.connect(self._scrolled)
        bar.rangeChanged.connect(lambda _low, _high: self._grown())

    # --- content ------------------------------------------------------------------------------------
    def show_document(self, document: Document, settings: Mapping[int, Setting]) -> list[int]:
        """Show a document; the ids of the items that are new on the page, in order."""
        if not self.title.editing:
            self.title.set_text(document.title)
        wanted = list(visible(document))
        ids = [item.id for item in wanted]
        for gone in [i for i in self.cards if i not in set(ids)]:
            self._remove(gone)
        new = []
        for place, item in enumerate(wanted):
            card = self.cards.get(item.id)
            if card is not None and not card.suits(item):  # an undone one had the same number
                self._remove(item.id)
                card = None
            if card is None:
                card = self.cards[item.id] = self._make(item, settings[item.id])
                card.woken.connect(self._grown)
                card.moved.connect(self._moved)
                new.append(item.id)
            else:
                card.show_item(item, settings[item.id])
            if self._column.indexOf(card) != place + 1:  # the title is the first
                self._column.insertWidget(place + 1, card)
        self._unchained = self._unchained or ids != self._order
        self._order = ids
        self._place_draft()
        self.look_soon()
        return new

    def scroll_to(self, widget: QWidget) -> None:
        """Bring a card to the top of the view; it stays there as it grows."""
        if isinstance(widget, Card):
            widget.wake()
            self._at = widget.item.id
        self._anchor = (widget, (widget.gap if isinstance(widget, Card) else 0) - MARGIN)
        self._place()
        self.look_soon()

    def bring_into_view(self, widget: QWidget) -> None:
        """Scroll as little as shows all of a widget that has just opened, once it has its place."""

        def scroll() -> None:
            top = self._top(widget)
            bottom, value, height = top + widget.height(), self.verticalScrollBar().value(), self.viewport().height()
            if bottom > value + height:
                self.verticalScrollBar().setValue(min(top - MARGIN, bottom + MARGIN - height))
            elif top < value:
                self.verticalScrollBar().setValue(top - MARGIN)

        # its height comes with the next layout
        soon(widget, lambda: soon(widget, scroll))

    def add_notice(self, widget: QWidget) -> None:
        """Put something at the end that is no part of the document."""
        self.notices.append(widget)
        self._column.insertWidget(self._column.count() - 1, widget)
        self._anchor = None
        self.bring_into_view(widget)

    def remove_notice(self, widget: QWidget) -> None:
        """Take it away."""
        if widget in self.notices:
            self.notices.remove(widget)
            self._column.removeWidget(widget)
            widget.hide()
            widget.deleteLater()

    def begin_draft(self, kind: str, behind: int, command: Callable[[str], str]) -> None:
        """A note or a heading is written behind an item, 0 the end; `command` makes one of its text."""
        self.end_draft()
        draft = self.draft = Draft(kind, behind, command)
        draft.command_asked.connect(self.command_asked)
        draft.over.connect(self.end_draft)
        self._place_draft()
        draft.begin()
        self.bring_into_view(draft)

    def end_draft(self) -> None:
        """It is written, or not wanted."""
        draft, self.draft = self.draft, None
        if draft is not None:
            self._column.removeWidget(draft)
            draft.hide()
            draft.deleteLater()

    def _place_draft(self) -> None:
        if self.draft is not None:
            behind, order = self.draft.behind, self._order
            self._column.insertWidget(order.index(behind) + 2 if behind in order else len(order) + 1, self.draft)

    def _remove(self, id_: int) -> None:
        card = self.cards.pop(id_)
        self._old.discard(id_)
        if self._anchor is not None and (self._anchor[0] is card or card.isAncestorOf(self._anchor[0])):
            self._anchor = None
        card.sleep()
        self._column.removeWidget(card)
        card.hide()
        card.deleteLater()

    # --- near and far -------------------------------------------------------------------------------
    def look_soon(self) -> None:
        """Make what is near and drop what is far, once the window is at rest."""
        self._looker.start()

    def look(self) -> None:
        """Make one card that is near, the nearest first, and come back for the next; drop what is far off.

        While something else stands in the place of the document, nothing is made.
        """
        if not self.isVisible():
            return
        top, height = self.verticalScrollBar().value(), max(1, self.viewport().height())
        wanting = None
        nearest = NEAR * height
        for card in self.ordered():
            away = max(card.y() - (top + height), top - (card.y() + card.height()), 0)
            if card.awake and away > FAR * height and card.can_sleep():
                card.sleep()
                self._old.discard(card.item.id)
            elif self._wants(card) and away <= nearest and (wanting is None or away < nearest):
                wanting, nearest = card, away
        if wanting is not None and wanting.awake:
            self._redress(wanting)
            self.look_soon()
        elif wanting is not None:
            wanting.wake()  # which asks to look again
        elif self._unchained:
            self._unchained = False
            order_tabs(self)
        self._tell_at()

    def _wants(self, card: Card) -> bool:
        return not card.awake or card.item.id in self._old

    def redress(self) -> None:
        """Colours or sizes of text are others: what is seen follows before it is painted, what is near after that."""
        top = self.verticalScrollBar().value()
        bottom = top + self.viewport().height()
        self._old = {card.item.id for card in self.ordered() if card.awake}
        for card in self.ordered():
            if card.awake and card.y() < bottom and card.y() + card.height() > top:
                theme.manager().before_seen(card, partial(self._redress, card))
        self.look_soon()

    def _redress(self, card: Card) -> None:
        if card.item.id in self._old and card.awake:
            self._old.discard(card.item.id)
            card.redress()

    def ordered(self) -> Iterable[Card]:
        """The cards from top to bottom."""
        return (self.cards[i] for i in self._order)

    # --- scrolling ----------------------------------------------------------------------------------
    def _scrolled(self, value: int) -> None:
        if not self._placing and not self._kept_back(value):
            self._hold(value)
        self.look_soon()

    def _kept_back(self, value: int) -> bool:
        """True where the page ends before the anchor comes to its place: nobody has scrolled."""
        if self._anchor is None or value != self.verticalScrollBar().maximum():
            return False
        widget, offset = self._anchor
        return self._top(widget) + offset >= value

    def _grown(self) -> None:
        """There is more or less on the page than before."""
        self._place()
        self._unchained = True
        self.look_soon()

    def _moved(self, card: Card) -> None:
        """Heights above a card have changed: what is read goes back to its place before anything is painted."""
        if self._anchor is not None and self._anchor[0] is card:
            self._place()

    def _hold(self, value: int) -> None:
        """What is at the top of the view now stays there."""
        for card in self.ordered():
            if card.y() + card.height() > value:
                self._anchor = (card, value - card.y())
                return
        self._anchor = None

    def _place(self) -> None:
        """Scroll to where the anchor is now: heights have changed."""
        if self._anchor is None:
            return
        widget, offset = self._anchor
        self._placing = True
        self.verticalScrollBar().setValue(self._top(widget) + offset)
        self._placing = False

    def _top(self, widget: QWidget) -> int:
        """Where a widget is on the page."""
        page = self.widget()
        return 0 if page is None else widget.mapTo(page, QPoint(0, 0)).y()

    def _tell_at(self) -> None:
        bar, line = self.verticalScrollBar(), self.viewport().height() // 4
        at = 0
        for card in self.ordered():
            if at and card.y() > bar.value() + line:
                break
            at = card.item.id
        if bar.value() == bar.maximum() and self._anchor is not None:
            held = next((c for c in self.ordered() if c is self._anchor[0]), None)
            at = held.item.id if held is not None else at  # the last ones never come to the top
        if at and at != self._at:
            self._at = at
            self.at_changed.emit(at)

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        self.look_soon()

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        side = max(DOCUMENT, (self.viewport().width() - WIDEST) // 2)
        margins = self._column.contentsMargins()
        if margins.left() != side:
            self._column.setContentsMargins(side, margins.top(), side, margins.bottom())
        self.look_soon()


def visible(document: Document) -> Iterable[Item]:
    """The items that are on the page: what is under a folded one is not."""
    hidden: set[int] = set()
    for item in document:
        if item.under in hidden:
            hidden.add(item.id)
            continue
        yield item
        if item.folded:
            hidden.add(item.id)
