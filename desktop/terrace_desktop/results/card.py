"""A card: one item of the document on the page. Its contents are made near the view, and dropped far off."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from PySide6.QtCore import QSize, Qt, Signal
from PySide6.QtGui import QAction, QActionGroup, QMoveEvent
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLabel, QMenu, QPushButton, QToolButton, QVBoxLayout, QWidget

from terrace.results.figure_look import PLAIN, FigureLook
from terrace.session.document.items import Look
from terrace_desktop.results.numbering import Numbers
from terrace_desktop.results.title_line import Title
from terrace_desktop.ui.icons import set_icon
from terrace_desktop.ui.widgets import button, icon_button, named
from terrace_desktop.work import outline

if TYPE_CHECKING:
    from terrace.data.dataset import Variable
    from terrace.session.document.items import Item

LINE = 24  # px of a row of a table, for what has not been laid out yet
DECIMALS = range(6)


@dataclass(frozen=True)
class Setting:
    """What a card needs to know of the document around it.

    ``look`` is how its tables are shown, ``numbers`` where theirs begin; ``view`` is ``tables`` or ``text``. ``stale``
    says why the result no longer holds, empty where it does; ``refiltered`` how its filter differs from the one in use.
    ``others`` are the variables of a model whose labels are others by now than they were for its fit.
    ``figure_style`` is how all figures look that say nothing else. ``in_report`` says whether the report shows it,
    None where it has no part there.
    """

    look: Look
    numbers: Numbers
    view: str = "tables"
    stale: str = ""
    refiltered: str = ""
    others: tuple[Variable, ...] = ()
    figure_style: FigureLook = PLAIN
    in_report: bool | None = field(default=None, compare=False)  # its menu alone shows that


class Card(QFrame):
    """Base of all cards. It always exists and knows its item; `wake` makes what is seen of it, `sleep` drops that."""

    command_asked = Signal(str)  # a command that changes the document
    export_asked = Signal(object)
    woken = Signal()
    moved = Signal(object)  # itself, to another place on the page
    gap = 12  # px above

    def __init__(self, item: Item, setting: Setting) -> None:
        super().__init__()
        self.item = item
        self.setting = setting
        self._inner: QWidget | None = None
        self._column = QVBoxLayout(self)
        self._column.setContentsMargins(0, self.gap, 0, 0)
        self._column.setSpacing(0)
        self._height = 0
        self._menu: QMenu | None = None
        self._title: Title | None = None
        named(self, f"{item.kind}_{item.id}", item.heading)
        self.setFixedHeight(self.estimate())

    # --- awake and asleep ---------------------------------------------------------------------------
    @property
    def awake(self) -> bool:
        """True while its contents are there."""
        return self._inner is not None

    def wake(self) -> None:
        """Make the contents."""
        if self._inner is not None:
            return
        self._inner = QWidget()
        column = QVBoxLayout(self._inner)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(8)
        self.build(column)
        self._column.addWidget(self._inner)
        self.setMinimumHeight(0)
        self.setMaximumHeight(16_777_215)
        self.woken.emit()

    def sleep(self) -> None:
        """Drop the contents and keep their height."""
        if self._inner is None:
            return
        self.setFixedHeight(max(self.height(), 1))
        self._drop()

    def can_sleep(self) -> bool:
        """False while the user is at work in it."""
        inside = self._inner
        return inside is None or not inside.isAncestorOf(inside.window().focusWidget() or self)

    def suits(self, item: Item) -> bool:
        """True where an item can be shown by this kind of card."""
        mine, other = self.item.outcome, item.outcome
        same = (mine is None) == (other is None) and (mine is None or other is None or
                                                      (mine.fit is None) == (other.fit is None))  # fmt: skip
        return item.kind == self.item.kind and same

    def show_item(self, item: Item, setting: Setting) -> None:
        """The item, or what it has to know of the document, is another."""
        if item is self.item and setting == self.setting:
            self.setting = setting
            return
        before, around = self.item, self.setting
        self.item, self.setting = item, setting
        self.setAccessibleName(item.heading)
        if not (self.awake and self.refilled(before, around)):
            self.rebuild()

    def rebuild(self) -> None:
        """Make the contents anew where they are there."""
        if self._inner is not None:
            self._drop()
            self.wake()
        else:
            self.setFixedHeight(self.estimate())

    def redress(self) -> None:
        """Colours or sizes of text are others, and the contents are there: show what style sheets do not reach."""

    def _drop(self) -> None:
        inner, self._inner = self._inner, None
        if inner is not None:
            self.dropped()
            self._title = None
            if self._menu is not None:
                self._menu.deleteLater()
                self._menu = None
            self._column.removeWidget(inner)
            inner.hide()
            inner.deleteLater()

    # --- what a kind of card says -------------------------------------------------------------------
    def build(self, column: QVBoxLayout) -> None:
        """Put the contents into a column."""
        raise NotImplementedError

    def refilled(self, item: Item, setting: Setting) -> bool:
        """True where contents made for another item and setting could be kept, and now show these."""
        return False

    def dropped(self) -> None:
        """The contents are about to go."""

    def estimate(self) -> int:
        """A height in px before the contents have ever been there."""
        return self.gap + LINE

    def fill_menu(self, menu: QMenu) -> None:
        """Put what is special to a kind of card at the top of its menu."""

    @property
    def title(self) -> str:
        """The name of the item."""
        return self.item.heading

    @property
    def folded(self) -> bool:
        """True where only the heading shows."""
        return self.item.folded

    # --- building blocks ----------------------------------------------------------------------------
    def head(self, role: str = "model", *actions: QWidget) -> QHBoxLayout:
        """The heading with its actions, and ⋯ at the end."""
        row = QHBoxLayout()
        row.setSpacing(4)
        row.setContentsMargins(0, 0, 0, 0)
        if self.item.folded:
            row.addWidget(self.sign("unfold", "card_unfold", self.tr("Expand {0}"), self.toggle_fold))
        title = Title("card_title", self.tr("Title"), role)
        title.set_text(self.title)
        title.changed.connect(lambda text: self.command_asked.emit(outline.rename(self.item.id, text)))
        self._title = title
        row.addWidget(title, 1)
        for widget in actions:
            row.addWidget(widget, 0, Qt.AlignmentFlag.AlignTop)
        row.addWidget(self.more(), 0, Qt.AlignmentFlag.AlignTop)
        return row

    def caption_head(self, html: str, *actions: QWidget) -> QHBoxLayout:
        """A caption in the place of a heading."""
        row = QHBoxLayout()
        row.setSpacing(4)
        row.setContentsMargins(0, 0, 0, 0)
        words = QLabel(html)
        words.setTextFormat(Qt.TextFormat.RichText)
        words.setWordWrap(True)
        named(words, "card_caption", self.title)
        row.addWidget(words, 1)
        for widget in actions:
            row.addWidget(widget, 0, Qt.AlignmentFlag.AlignTop)
        row.addWidget(self.more(), 0, Qt.AlignmentFlag.AlignTop)
        return row

    def act(self, sign: str, text: str, object_name: str, on_click: Callable[[], object] | None = None) -> QPushButton:
        """A flat button of a sign and a word."""
        b = button(text, object_name, on_click, variant="act", accessible=self.tr("{0}: {1}").format(text, self.title))
        set_icon(b, sign)
        return b

    def sign(self, name: str, object_name: str, text: str, on_click: Callable[[], object]) -> QToolButton:
        """A flat button of a sign alone; ``{0}`` in its name is the title."""
        return icon_button(name, object_name, text.format(self.title), on_click)

    def more(self) -> QToolButton:
        """The ⋯ button."""
        b = icon_button("more", "card_more", self.tr("More actions for {0}").format(self.title))
        b.setMenu(self._empty_menu())  # filled when it is opened
        return b

    # --- the menu -----------------------------------------------------------------------------------
    @property
    def menu(self) -> QMenu:
        """What can be done with it; the outline shows the same."""
        menu = self._empty_menu()
        self._refill()
        return menu

    def _empty_menu(self) -> QMenu:
        if self._menu is None:
            self._menu = named(QMenu(self), "card_menu", self.tr("More actions"))
            self._menu.aboutToShow.connect(self._refill)
        return self._menu

    def _refill(self) -> None:
        menu = self._menu
        assert menu is not None
        menu.clear()
        for old in menu.findChildren(QMenu):
            old.deleteLater()
        self.fill_menu(menu)
        if menu.actions():
            menu.addSeparator()
        self.report_menu(menu)
        menu.addAction(self.tr("Rename"), self.rename)
        menu.addAction(self.tr("Expand") if self.folded else self.tr("Collapse"), self.toggle_fold)
        menu.addAction(self.tr("Remove"), self.remove)

    def report_menu(self, menu: QMenu) -> None:
        """Whether the report shows it."""
        shown = self.setting.in_report
        if shown is None:
            return
        action = menu.addAction(self.tr("In the report"))
        action.setObjectName("card_in_report")
        action.setCheckable(True)
        action.setChecked(shown)
        action.triggered.connect(lambda on: self.command_asked.emit(outline.in_report(self.item.id, on)))

    def looks_menu(self, menu: QMenu, parts: tuple[tuple[str, str], ...] = (), metric: bool = False) -> None:
        """Decimals, style, labels, and for a model variances or SDs and its parts."""
        fill_looks(menu, self.setting.look, self.choose_look, parts=parts, metric=metric)

    def choose_look(self, **choices: object) -> None:
        """Show the tables in another way."""
        self.command_asked.emit(outline.look(self.item.id, **choices))

    def rename(self) -> None:
        """Edit the title where it stands."""
        self.wake()
        if self._title is not None:
            self._title.edit()

    def toggle_fold(self) -> None:
        """Collapse or expand."""
        self.set_folded(not self.folded)

    def set_folded(self, folded: bool) -> None:
        """Collapse or expand."""
        if folded != self.folded:
            self.command_asked.emit(outline.fold([self.item.id], folded))

    def remove(self) -> None:
        """Take it out of the document, with what is under it."""
        self.command_asked.emit(outline.delete([self.item.id]))

    def moveEvent(self, event: QMoveEvent) -> None:
        super().moveEvent(event)
        self.moved.emit(self)

    def minimumSizeHint(self) -> QSize:
        """Narrow enough for any pane: what does not fit gives way."""
        hint = super().minimumSizeHint()
        return QSize(min(240, hint.width()), hint.height())


def fill_looks(
    menu: QMenu,
    look: Look,
    choose: Callable[..., object],
    *,
    parts: tuple[tuple[str, str], ...] = (),
    metric: bool = True,
) -> None:
    """Choices of how tables are shown, as sub-menus of a menu; `choose` gets the one that is taken."""
    from terrace.session.document.card import parts_of
    from terrace_desktop.ui.words import tr

    decimals = [(str(n), str(n), n == look.decimals) for n in DECIMALS]
    _choices(menu, tr("Decimals"), "decimals", decimals, lambda n: choose(decimals=int(n)))
    styles = (("apa", tr("APA")), ("ama", tr("AMA")), ("plain", tr("Plain")))
    now = look.style or "apa"
    _choices(menu, tr("Style"), "style", [(k, t, k == now) for k, t in styles], lambda k: choose(style=k))
    labels = (("labels", tr("Labels"), look.labels is not False), ("names", tr("Names"), look.labels is False))
    _choices(menu, tr("Variables by"), "labels", list(labels), lambda k: choose(labels=k == "labels"))
    if metric:
        kinds = (("variance", tr("Variances")), ("sd", tr("SDs and correlations")))
        shown = look.metric or "variance"
        found = [(k, t, k == shown) for k, t in kinds]
        _choices(menu, tr("Random effects as"), "metric", found, lambda k: choose(metric=k))
    if parts:
        here = parts_of(look)
        sub = named(menu.addMenu(tr("Parts")), "look_parts", tr("Parts"))
        for key, title in parts:
            action = sub.addAction(title)
            action.setCheckable(True)
            action.setChecked(key in here)
            wanted = tuple(k for k, _ in parts if (k in here) != (k == key))
            action.triggered.connect(lambda _checked=False, w=wanted: choose(parts=w))


def fill_figure_style(menu: QMenu, preset: str, run: Callable[[str], object]) -> None:
    """The style of all figures as a sub-menu; `run` gets the command of the one that is chosen."""
    from terrace.results.figure_presets import PRESETS
    from terrace_desktop.ui.words import tr

    choices = [("none", tr("No preset"), not preset), *((p.name, p.title, p.name == preset) for p in PRESETS.values())]
    commands = {"none": "figure style, reset(preset)"}
    _choices(menu, tr("Style of all figures"), "figures", choices, lambda k: run(commands.get(k, f"figure style {k}")))


def _choices(
    menu: QMenu, title: str, name: str, choices: list[tuple[str, str, bool]], choose: Callable[[str], object]
) -> None:
    sub = named(menu.addMenu(title), f"look_{name}", title)
    group = QActionGroup(sub)
    for key, text, on in choices:
        action = QAction(text, sub)
        action.setObjectName(f"look_{name}_{key}")
        action.setCheckable(True)
        action.setChecked(on)
        action.triggered.connect(lambda _checked=False, k=key: choose(k))
        group.addAction(action)
        sub.addAction(action)


class Folds(QWidget):
    """Lines side by side that open what stands under them; that is made when it is opened."""

    toggled = Signal(str, bool)

    def __init__(self) -> None:
        super().__init__()
        self.buttons: dict[str, QPushButton] = {}
        self._make: dict[str, Callable[[], QWidget]] = {}
        self._inside: dict[str, QWidget] = {}
        self._row = QHBoxLayout()
        self._row.setSpacing(16)
        self._row.addStretch(1)
        self._column = QVBoxLayout(self)
        self._column.setContentsMargins(0, 0, 0, 0)
        self._column.setSpacing(6)
        self._column.addLayout(self._row)

    def add(self, name: str, text: str, make: Callable[[], QWidget], opened: bool = False) -> None:
        """One of them: `make` gives what it opens."""
        b = button(text, f"{name}_toggle", lambda: self.set_open(name, not self.is_open(name)), variant="fold")
        self.buttons[name] = b
        self._make[name] = make
        self._row.insertWidget(self._row.count() - 1, b)
        self._dress(name)
        if opened:
            self._open(name)

    def is_open(self, name: str) -> bool:
        """True where it shows what it holds."""
        return name in self._inside

    def inside(self, name: str) -> QWidget | None:
        """What it holds; None while it is closed."""
        return self._inside.get(name)

    def set_open(self, name: str, opened: bool) -> None:
        """Open or close."""
        if opened == self.is_open(name):
            return
        if opened:
            self._open(name)
        else:
            inside = self._inside.pop(name)
            inside.hide()
            inside.deleteLater()
            self._dress(name)
        self.toggled.emit(name, opened)

    def _open(self, name: str) -> None:
        self._inside[name] = made = self._make[name]()
        self._column.addWidget(made)
        self._dress(name)

    def _dress(self, name: str) -> None:
        b, opened = self.buttons[name], self.is_open(name)
        set_icon(b, "down" if opened else "unfold", "muted")
        b.setAccessibleDescription(self.tr("open") if opened else self.tr("closed"))
