"""The results: a head, the outline, and the document of the session, which this shows and changes by commands alone."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import TYPE_CHECKING, TypeVar

from PySide6.QtCore import QMimeData, QPoint, Qt, Signal
from PySide6.QtGui import QGuiApplication, QKeySequence, QResizeEvent, QShortcut, QShowEvent
from PySide6.QtWidgets import (
    QFrame,
    QHBoxLayout,
    QMenu,
    QPushButton,
    QStackedLayout,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from terrace.session.document.edits import HOLDERS
from terrace.session.document.items import Document, Item
from terrace_desktop.results import look
from terrace_desktop.results.card import Card, Setting, fill_figure_style, fill_looks
from terrace_desktop.results.clipboard import tables_mime
from terrace_desktop.results.dragging import item_mime
from terrace_desktop.results.error_card import ErrorCard
from terrace_desktop.results.find import FindBar, mark
from terrace_desktop.results.model_card import ModelCard
from terrace_desktop.results.next_step import NextStep
from terrace_desktop.results.note_card import HeadingCard, NoteCard
from terrace_desktop.results.numbering import look_of, numbering
from terrace_desktop.results.outline.view import OutlinePanel
from terrace_desktop.results.output_card import OutputCard
from terrace_desktop.results.progress import ProgressCard
from terrace_desktop.results.segments import Segments
from terrace_desktop.results.view import DocumentView
from terrace_desktop.ui import theme
from terrace_desktop.ui.icons import set_icon
from terrace_desktop.ui.widgets import button, icon_button, label, named, sized, tool_button
from terrace_desktop.work import outline

if TYPE_CHECKING:
    from terrace.data.dataset import Variable
    from terrace.session.contract import Outcome, Progress
    from terrace_desktop.work.history import Entry

C = TypeVar("C", bound=Card)
MANY = 3  # new items at once are a project that was opened, or a do-file: the page stays where it is


class ResultsPane(QFrame):
    """The zone at the right. What it asks for is run by others; what comes of it arrives as a document."""

    edit_asked = Signal(object)  # ModelCard
    panel_asked = Signal(object, str)  # ModelCard, the key of a form or ""
    after_asked = Signal(object, str)  # ModelCard, a command about its fit
    model_asked = Signal(str)  # a model for the builder, as its command
    export_asked = Signal(object, str)  # ModelCard, format
    refit_asked = Signal(object)
    refilter_asked = Signal(object)  # ModelCard: again, to the rows that analyses use now
    refit_all_asked = Signal()  # all that are out of date
    open_asked = Signal(object)  # ModelCard: the data that it was fitted to
    mend_asked = Signal(object, object)  # ModelCard, Advice
    plots_asked = Signal(object, object)  # ModelCard, PlotRow
    outline_asked = Signal(str)  # a command that changes the document
    command_edit_asked = Signal(str)
    command_run_asked = Signal(str)
    ml_test_asked = Signal(str)  # the command of a likelihood-ratio test
    plot_export_asked = Signal(object, str, object)  # Plot, format, ModelCard or None
    figure_asked = Signal(int, int)  # the id of an item, and which of its figures is to be edited
    save_code_asked = Signal(object)  # what `code` wrote: see `OutputCard.code`
    diagnostic_asked = Signal(object, str)  # ModelCard, the kind of a diagnostic plot that is to be edited
    further_asked = Signal(object)  # ModelCard: tables that are worked out where they are seen
    rows_selected = Signal(object)
    figures_drawn = Signal()  # some that were not there before
    models_changed = Signal()
    new_model_asked = Signal()
    draft_asked = Signal()
    describe_asked = Signal()
    log_asked = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        named(self, "results_pane", self.tr("Results"))
        self.setProperty("surface", "panel")
        self.shown = Document()
        self._stale: Mapping[int, str] = {}
        self._refiltered: Mapping[int, str] = {}
        self._others: Mapping[int, tuple[Variable, ...]] = {}
        self._draft = ("", 0)
        self._building = False  # the draft stands open beside the results
        self._view = "tables"
        self.progress = ProgressCard()
        self.progress.hide()
        self.searching = FindBar()
        self.view = DocumentView(self._make)
        self.contents = OutlinePanel(self._mime)
        self._hint = self._make_hint()
        self.next = NextStep()
        self._own = QWidget()
        self._pages = QStackedLayout(self)  # the document, and what stands in its place for a while
        self._pages.addWidget(self._own)
        column = QVBoxLayout(self._own)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addWidget(self._head())
        column.addWidget(self.searching)
        column.addWidget(self.progress)
        self._row = QHBoxLayout()
        self._row.setSpacing(0)
        self._row.addWidget(self.contents)
        self._row.addWidget(self.view, 1)
        self._row.addWidget(self._hint, 1)
        column.addLayout(self._row, 1)
        column.addWidget(self.next)
        self._connect()
        theme.manager().changed.connect(self._redress)
        self._narrow = False
        self._refresh()

    def _connect(self) -> None:
        tree = self.contents.tree
        tree.chosen.connect(self.go_to)
        tree.command_asked.connect(self.outline_asked)
        tree.draft_asked.connect(self.draft_asked)
        tree.menu_of = self._menu_of
        self.contents.note_asked.connect(lambda: self.begin_draft("note"))
        self.contents.heading_asked.connect(lambda: self.begin_draft("heading"))
        self.next.model_asked.connect(self.new_model_asked)
        self.next.describe_asked.connect(self.describe_asked)
        self.next.draft_asked.connect(self.draft_asked)
        self.next.after_asked.connect(self._after_newest)
        self.view.command_asked.connect(self.outline_asked)
        self.view.at_changed.connect(tree.point_at)
        self.searching.found.connect(self._found)
        self.searching.closed.connect(self._search_over)
        shortcut = QShortcut(QKeySequence(QKeySequence.StandardKey.Find), self)
        shortcut.setContext(Qt.ShortcutContext.WidgetWithChildrenShortcut)
        shortcut.activated.connect(self.searching.begin)
        escape = QShortcut(QKeySequence(Qt.Key.Key_Escape), self.contents)
        escape.setContext(Qt.ShortcutContext.WidgetWithChildrenShortcut)
        escape.activated.connect(self._leave_contents)

    # --- the head -----------------------------------------------------------------------------------
    def _head(self) -> QWidget:
        head = named(QFrame(), "results_head", self.tr("Results"))
        sized(head, height=theme.HEAD)
        row = QHBoxLayout(head)
        row.setContentsMargins(look.INSET, 0, 8, 0)
        row.setSpacing(4)
        self.contents_button = tool_button(self.tr("Contents"), "results_contents", variant="act")
        self.contents_button.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextBesideIcon)
        self.contents_button.setCheckable(True)
        set_icon(self.contents_button, "contents", "accent_text")
        self.contents_button.toggled.connect(self.show_contents)
        title = self._title = named(label(self.tr("Results")), "results_title", self.tr("Results"))
        self.view_choice = Segments(
            "results_view", self.tr("View"), [("tables", self.tr("Tables")), ("text", self.tr("Text"))]
        )
        self.view_choice.chosen.connect(self.set_view)
        copy = self._sign("copy", "results_copy", self.tr("Copy the selection in the outline"))
        copy.clicked.connect(lambda _checked=False: self.copy())
        search = self._sign("search", "results_search", self.tr("Search in the results (Ctrl+F)"))
        search.clicked.connect(lambda _checked=False: self.searching.begin())
        more = self._sign("more", "results_more", self.tr("More about the results"))
        self.menu = named(QMenu(more), "results_menu", self.tr("More about the results"))
        self.menu.aboutToShow.connect(self._fill_menu)
        more.setMenu(self.menu)
        row.addWidget(self.contents_button)
        row.addWidget(title)
        row.addStretch(1)
        row.addWidget(self.view_choice)
        for b in (copy, search, more):
            row.addWidget(b)
        self._head_row = row
        return head

    def _fit_head(self) -> None:
        """In a narrow pane the head loses words, then its title, then the choice of view, which the menu has too."""
        row = self._head_row
        beside, alone = Qt.ToolButtonStyle.ToolButtonTextBesideIcon, Qt.ToolButtonStyle.ToolButtonIconOnly
        self.contents_button.setToolButtonStyle(beside)
        for part in (self._title, self.view_choice):
            part.show()
        steps: tuple[Callable[[], object], ...] = (
            partial(self.contents_button.setToolButtonStyle, alone), self._title.hide, self.view_choice.hide,
        )  # fmt: skip
        for shorten in steps:
            if row.sizeHint().width() <= self.width():
                break
            shorten()
            row.invalidate()

    def _sign(self, sign: str, name: str, words: str) -> QToolButton:
        return icon_button(sign, name, words)

    def _fill_menu(self) -> None:
        menu = self.menu
        menu.clear()
        for old in menu.findChildren(QMenu):
            old.deleteLater()
        if self.view_choice.isHidden():
            other = "text" if self.view_choice.value() == "tables" else "tables"
            words = self.tr("Show as text") if other == "text" else self.tr("Show as tables")
            menu.addAction(words, lambda: self.view_choice.choose(other))
            menu.addSeparator()
        menu.addAction(self.tr("Collapse all"), lambda: self.set_folded(True)).setEnabled(self.has_cards())
        menu.addAction(self.tr("Expand all"), lambda: self.set_folded(False)).setEnabled(self.has_cards())
        menu.addSeparator()
        fill_looks(menu, self.shown.look, lambda **choices: self.outline_asked.emit(outline.look(0, **choices)))
        fill_figure_style(menu, self.shown.figure_style.preset, self.outline_asked.emit)
        menu.addSeparator()
        again = menu.addAction(self.tr("Fit all out-of-date models again"), self.refit_all_asked.emit)
        again.setEnabled(bool(self._stale))
        menu.addAction(self.tr("Remove all results"), self.clear).setEnabled(self.has_cards())

    # --- content ------------------------------------------------------------------------------------
    def show_document(self, document: Document) -> None:
        """Show another document: only what differs is made anew, wherever the difference comes from."""
        before = self.shown
        self.shown = document
        settings, chosen = self._settings(), self.contents.tree.current()
        new = self.view.show_document(document, settings)
        self.contents.tree.show_document(document, self._draft)
        self.searching.show_document(document)
        self._refresh()
        if _models(document) != _models(before):
            self.models_changed.emit()
        if 0 < len(new) <= MANY and len(before):
            self.go_to(new[-1])
        elif new:
            self.contents.tree.point_at(new[0])
        elif moved := moved_item(before, document, 0 if chosen is None else chosen.id):
            self.go_to(moved)

    def show_labels(self, others: Mapping[int, tuple[Variable, ...]]) -> None:
        """The variables of models whose labels are others by now, by the ids of their items."""
        if dict(others) != self._others:
            self._others = dict(others)
            self._show_settings()

    def show_stale(self, stale: Mapping[int, str], refiltered: Mapping[int, str] | None = None) -> None:
        """Why models no longer hold, and how their filter differs from the one in use, by the ids of their items."""
        refiltered = refiltered or {}
        if (dict(stale), dict(refiltered)) != (self._stale, self._refiltered):
            self._stale, self._refiltered = dict(stale), dict(refiltered)
            self._show_settings()

    def show_draft(self, title: str, origin: int = 0) -> None:
        """The model that is being built, and the id of the one that it is made from; no title ends it."""
        self._draft = (title, origin)
        self.contents.tree.show_document(self.shown, self._draft)
        self._show_next()

    def show_building(self, on: bool) -> None:
        """Whether the model that is being built stands open in the panel: then what comes next is there."""
        if on != self._building:
            self._building = on
            self._show_next()

    def _settings(self) -> dict[int, Setting]:
        from terrace.session.document.report_parts import parts_of_report

        numbers, document = numbering(self.shown), self.shown
        in_report = {p.item: p.shown for p in parts_of_report(document) if p.kind in ("item", "heading")}
        return {
            item.id: Setting(
                look_of(item, document), numbers[item.id], self._view, self._stale.get(item.id, ""),
                self._refiltered.get(item.id, ""), self._others.get(item.id, ()), document.figure_style,
                in_report.get(item.id),
            )
            for item in document
        }

    def _show_settings(self) -> None:
        settings = self._settings()
        for card in self.view.ordered():
            card.show_item(card.item, settings[card.item.id])

    def _make(self, item: Item, setting: Setting) -> Card:
        card: Card
        if item.kind == "model" and item.outcome is not None and item.outcome.fit is not None:
            card = self._model(ModelCard(item, setting))
        elif item.outcome is not None:
            card = self._output(OutputCard(item, setting))
        elif item.kind == "note":
            card = NoteCard(item, setting)
        else:
            card = HeadingCard(item, setting)
        card.command_asked.connect(self.outline_asked)
        return card

    def _model(self, card: ModelCard) -> ModelCard:
        card.edit_asked.connect(lambda: self.edit_asked.emit(card))
        card.panel_asked.connect(lambda key: self.panel_asked.emit(card, key))
        card.after_asked.connect(lambda command: self.after_asked.emit(card, command))
        card.export_asked.connect(lambda suffix: self.export_asked.emit(card, suffix))
        card.refit_asked.connect(lambda: self.refit_asked.emit(card))
        card.refilter_asked.connect(lambda: self.refilter_asked.emit(card))
        card.open_asked.connect(lambda: self.open_asked.emit(card))
        card.mend_asked.connect(lambda advice: self.mend_asked.emit(card, advice))
        card.plots_asked.connect(lambda row: self.plots_asked.emit(card, row))
        card.plot_export_asked.connect(lambda plot, suffix: self.plot_export_asked.emit(plot, suffix, card))
        card.diagnostic_asked.connect(lambda kind: self.diagnostic_asked.emit(card, kind))
        card.rows_selected.connect(self.rows_selected)
        card.reveal_asked.connect(self.view.bring_into_view)
        card.reveal_asked.connect(lambda _opened: self.figures_drawn.emit())
        card.further_asked.connect(lambda: self.further_asked.emit(card))
        return card

    def _output(self, card: OutputCard) -> OutputCard:
        card.edit_asked.connect(self.command_edit_asked)
        card.use_asked.connect(self.model_asked)
        card.run_asked.connect(self.command_run_asked)
        card.save_code_asked.connect(self.save_code_asked)
        card.export_plot_asked.connect(lambda plot, suffix: self.plot_export_asked.emit(plot, suffix, None))
        card.figure_asked.connect(lambda place: self.figure_asked.emit(card.item.id, place))
        card.rows_selected.connect(self.rows_selected)
        card.woken.connect(self.figures_drawn)
        return card

    # --- what stands in its place -------------------------------------------------------------------
    def show_page(self, page: QWidget, on: bool = True) -> None:
        """Show something else in the place of the document; without `on` the document again, where `page` stood."""
        if on and self._pages.indexOf(page) < 0:
            self._pages.addWidget(page)
        if on or self._pages.currentWidget() is page:
            self._pages.setCurrentWidget(page if on else self._own)

    # --- errors and progress ------------------------------------------------------------------------
    def show_error(self, entry: Entry, outcome: Outcome) -> ErrorCard:
        """Tell at the end of the page that a command failed; the next command takes it away."""
        card = ErrorCard(entry, outcome)
        card.edit_asked.connect(self.command_edit_asked)
        card.run_asked.connect(self.command_run_asked)
        card.ml_asked.connect(self.ml_test_asked)
        card.log_asked.connect(self.log_asked)
        card.delete_asked.connect(lambda: self._dismiss(card))
        self.view.add_notice(card)
        self._refresh()
        return card

    def errors(self) -> list[ErrorCard]:
        """What has been told of commands that failed and still stands, oldest first."""
        return [n for n in self.view.notices if isinstance(n, ErrorCard)]

    def dismiss_errors(self) -> None:
        """Take it away: a next command ran."""
        for card in self.errors():
            self._dismiss(card)

    def _dismiss(self, card: ErrorCard) -> None:
        self.view.remove_notice(card)
        self._refresh()

    def show_progress(self, entry: Entry | None, progress: Progress | None, seconds: float) -> None:
        """Show what runs, over the document."""
        self.progress.show_progress(entry, progress, seconds)
        self.progress.show()

    def hide_progress(self) -> None:
        """Nothing runs any more."""
        self.progress.hide()

    # --- what there is ------------------------------------------------------------------------------
    def cards(self) -> list[ModelCard]:
        """The models on the page, from top to bottom."""
        return self._of(ModelCard)

    def outputs(self) -> list[OutputCard]:
        """The outputs on the page, from top to bottom."""
        return self._of(OutputCard)

    def _of(self, kind: type[C]) -> list[C]:
        return [card for card in self.view.ordered() if isinstance(card, kind)]

    def newest(self) -> ModelCard | None:
        """The model fitted last."""
        return max(self.cards(), key=lambda card: card.item.id, default=None)

    def card(self, id_: int) -> Card | None:
        """The card of an item; None where it is not on the page."""
        return self.view.cards.get(id_)

    def under(self, card: ModelCard) -> list[OutputCard]:
        """The outputs under a model."""
        return [c for c in self.outputs() if c.item.under == card.item.id]

    def has_cards(self) -> bool:
        """True where the document holds anything."""
        return bool(len(self.shown))

    # --- going about --------------------------------------------------------------------------------
    def go_to(self, id_: int) -> None:
        """Show an item at the top of the page."""
        card = self.view.cards.get(id_)
        if card is not None:
            self.contents.tree.point_at(id_)
            self.view.scroll_to(card)

    def begin(self) -> None:
        """Put the focus on the document, which the arrows scroll, or on the button where there is none."""
        target = self.view if self.has_cards() else self._hint.findChild(QPushButton, "hint_new_model")
        if target is not None:
            target.setFocus(Qt.FocusReason.ShortcutFocusReason)

    def begin_draft(self, kind: str) -> None:
        """Write a note or a heading, behind what is chosen in the outline."""
        item = self.contents.tree.current()
        self.show_contents(False)
        if item is None:
            self.view.begin_draft(kind, 0, outline.note if kind == "note" else outline.heading)
        elif kind == "heading":  # it stands at the top, behind all that belongs to the item
            last = self.shown.family(item.under or item.id)[-1].id
            self.view.begin_draft(kind, last, lambda text: outline.heading(text, item.id))
        elif item.kind in HOLDERS:
            under = self.shown.under(item.id)
            place = {"before": under[0].id} if under else {"under": item.id}
            self.view.begin_draft(kind, item.id, lambda text: outline.note(text, **place))
        else:
            self.view.begin_draft(kind, item.id, lambda text: outline.note(text, after=item.id))

    def show_contents(self, shown: bool) -> None:
        """The outline over a narrow document, or not."""
        if not self._narrow:
            return
        self.contents.setVisible(shown)
        self.contents_button.setChecked(shown)
        if shown:
            self._place_contents()
            self.contents.raise_()
            self.contents.tree.setFocus(Qt.FocusReason.PopupFocusReason)

    def _leave_contents(self) -> None:
        self.show_contents(False)
        self.view.setFocus(Qt.FocusReason.OtherFocusReason)

    def set_view(self, view: str) -> None:
        """Tables, or the plain text of the command line."""
        self._view = view
        self._show_settings()

    def set_metric(self, metric: str) -> None:
        """Variances or SDs in the whole document."""
        self.outline_asked.emit(outline.look(0, metric=metric))

    def set_folded(self, folded: bool) -> None:
        """Collapse or expand all."""
        self.outline_asked.emit(outline.fold(None, folded))

    def clear(self) -> None:
        """Take everything away; undo brings it back."""
        if self.has_cards():
            self.outline_asked.emit(outline.delete(None))

    def copy(self) -> None:
        """Copy the selection in the outline: tables as tables, a figure as a picture; all tables where nothing is."""
        item = self.contents.tree.current()
        card = None if item is None else self.view.cards.get(item.id)
        if isinstance(card, ModelCard | OutputCard):
            card.copy_tables()
        elif item is not None:
            QGuiApplication.clipboard().setMimeData(item_mime(item, (), self.shown.figure_style))
        else:
            tables = [t for c in self.view.ordered() if isinstance(c, ModelCard | OutputCard) for t in c.tables()]
            if tables:
                QGuiApplication.clipboard().setMimeData(tables_mime(tables))

    def _mime(self, id_: int) -> QMimeData:
        card, item = self.view.cards.get(id_), self.shown.item(id_)
        tables = card.tables() if isinstance(card, ModelCard | OutputCard) else ()
        return QMimeData() if item is None else item_mime(item, tables, self.shown.figure_style)

    def _menu_of(self, id_: int) -> QMenu | None:
        card = self.view.cards.get(id_)
        return None if card is None else card.menu

    def _found(self, id_: int, words: str) -> None:
        for card in self.view.ordered():
            mark(card, "")
        if id_ not in self.view.cards:  # it is under something that is collapsed
            over = self.shown.item(id_)
            while over is not None and over.id not in self.view.cards:
                over = self.shown.item(over.under)
            id_ = 0 if over is None else over.id
        self.go_to(id_)
        card_ = self.view.cards.get(id_)
        if card_ is not None:
            mark(card_, words)

    def _search_over(self) -> None:
        for card in self.view.ordered():
            mark(card, "")
        self.view.setFocus(Qt.FocusReason.OtherFocusReason)

    # --- looks --------------------------------------------------------------------------------------
    def _make_hint(self) -> QWidget:
        hint = named(QWidget(), "results_hint", self.tr("No results yet"))
        column = QVBoxLayout(hint)
        column.setContentsMargins(look.DOCUMENT, 96, look.DOCUMENT, look.DOCUMENT)
        column.setSpacing(8)
        title = label(self.tr("No results yet"), "title")
        text = label(
            self.tr("Models, tables and figures appear here. You can reorder them and add notes."),
            "muted",
            wrap=True,
        )
        for w in (title, text):
            w.setAlignment(Qt.AlignmentFlag.AlignHCenter)
            column.addWidget(w)
        row = QHBoxLayout()
        row.addStretch(1)
        row.addWidget(button(self.tr("New model"), "hint_new_model", self.new_model_asked.emit))
        row.addStretch(1)
        column.addSpacing(8)
        column.addLayout(row)
        column.addStretch(1)
        return hint

    def _refresh(self) -> None:
        empty = not self.has_cards() and not self.view.notices
        self._hint.setVisible(empty)
        self.view.setVisible(not empty)
        self._show_next()
        self._place_outline()

    def _place_outline(self) -> None:
        """Beside the document in a wide window, else behind a button."""
        narrow = self.window().width() < theme.px(look.WIDE)
        if narrow != self._narrow:
            self._narrow = narrow
            self.contents.set_popup(narrow)
            if narrow:
                self._row.removeWidget(self.contents)
                self.contents_button.setChecked(False)
                self.contents.hide()
                self._place_contents()
            else:
                self._row.insertWidget(0, self.contents)
        self.contents_button.setVisible(narrow and self.has_cards())
        self._fit_head()
        if not narrow:
            self.contents.setVisible(self.has_cards() or bool(self._draft[0]))

    def _show_next(self) -> None:
        """What comes next; an empty page has its own words for that."""
        models = self.shown.models()
        newest = max(models, key=lambda item: item.id, default=None)
        self.next.show_state(self._draft[0], "" if newest is None else newest.heading)
        self.next.setVisible(self.has_cards() and not self._building)

    def _after_newest(self) -> None:
        if (card := self.newest()) is not None:
            self.panel_asked.emit(card, "")

    def _place_contents(self) -> None:
        at = self.view.mapTo(self, QPoint(8, 8)) if self.view.isVisible() else QPoint(8, 48)
        self.contents.setGeometry(at.x(), at.y(), theme.px(look.OUTLINE_OVER), max(160, self.height() - at.y() - 16))

    def _redress(self) -> None:
        self._place_outline()
        self.view.redress()

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._place_outline()
        if self._narrow and self.contents.isVisible():
            self._place_contents()

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        self._place_outline()


def moved_item(before: Document, now: Document, chosen: int) -> int:
    """The item that was moved, with all that belongs to it; 0 where there is none or more is different.

    Where two have changed places either may have moved: it is the one that was `chosen`, if that is one of them.
    """
    old, new = ([(i.id, i.under) for i in d] for d in (before, now))
    if old == new or sorted(i for i, _ in old) != sorted(i for i, _ in new):
        return 0
    found = [i.id for i in now if _without(before, i.id) == _without(now, i.id)]
    return chosen if chosen in found else next(iter(found), 0)


def _without(document: Document, id_: int) -> list[tuple[int, int]]:
    family = {i.id for i in document.family(id_)}
    return [(i.id, i.under) for i in document if i.id not in family]


def _models(document: Document) -> Sequence[tuple[int, str, str]]:
    return [(item.id, item.heading, item.stored) for item in document.models()]
