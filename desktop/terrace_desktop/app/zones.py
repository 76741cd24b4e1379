"""The three zones of the window: data, work panel, results; their widths, and what gives way where there is no room."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, TypeGuard

from PySide6.QtCore import QPoint, Qt, QTimer, Signal
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QApplication, QSplitter, QWidget

from terrace_desktop.app.data_pane import RAIL, DataPane
from terrace_desktop.ui import theme
from terrace_desktop.ui.settings import Settings
from terrace_desktop.ui.tab_order import order_tabs, reading_order
from terrace_desktop.ui.widgets import named
from terrace_desktop.ui.work_panel import WorkContent, WorkPanel

if TYPE_CHECKING:
    from terrace_desktop.results.pane import ResultsPane

DATA, DATA_NARROW, PANEL = 344, 288, 392  # px
WIDE = 1360  # px: a narrower window has narrower data
ROOMY = 1180  # px: a narrower one has no room for data beside the panel
LEAST_DATA, LEAST_PANEL, LEAST_RESULTS = 220, 384, 200
READABLE = 520  # px of results beside the panel: data that were made wider without it give way to them
TORN = (440, 760)
WIDTHS = ("data", "beside", "panel")  # that the user gives: data alone, data beside the panel, the panel


class Zones(QSplitter):
    """Lays the zones out. What the user has made of their widths is kept in the settings until it is reset."""

    panel_changed = Signal()  # it was opened or closed, or shows something else

    def __init__(self, data: DataPane, panel: WorkPanel, results: ResultsPane, settings: Settings) -> None:
        super().__init__(Qt.Orientation.Horizontal)
        named(self, "splitter", self.tr("Data, work and results"))
        self.data, self.panel, self.results, self._settings = data, panel, results, settings
        self._before: QWidget | None = None  # where the focus was when the panel opened
        self._wanted_fold: bool | None = None  # by the user, until the room is another
        self._crowded = False
        self.setHandleWidth(1)
        self.setChildrenCollapsible(False)
        for widget in (data, panel, results):
            self.addWidget(widget)
        for at, stretch in enumerate((0, 0, 1)):
            self.setStretchFactor(at, stretch)
        data.setMinimumWidth(LEAST_DATA)
        results.setMinimumWidth(LEAST_RESULTS)
        panel.hide()
        panel.close_asked.connect(self.close_panel)
        panel.tear_asked.connect(self.tear)
        panel.turned.connect(self._lay)
        self._chain = QTimer(self)  # once for all that changes in a moment
        self._chain.setSingleShot(True)
        self._chain.timeout.connect(self.order_tabs)
        panel.headed.connect(self._chain.start)
        data.fold_asked.connect(self.fold)
        self.splitterMoved.connect(self._moved)
        self._floats = settings.flag("panel_torn")

    # --- the panel ----------------------------------------------------------------------------------
    def open(self, content: WorkContent) -> None:
        """Show something in the panel and put the focus there."""
        now = QApplication.focusWidget()
        if now is not None and not self.panel.isAncestorOf(now):
            self._before = now
        self.panel.show_content(content)
        if self.is_torn() or self._floats:
            self._show_window()
        else:
            self.panel.show()
        self._lay()
        content.begin()
        self.panel_changed.emit()

    def order_tabs(self) -> None:
        """The Tab key goes through the panel as one reads it, wherever its contents were made, between data and
        results.
        """
        before = None if self.is_torn() else next(reversed(reading_order(self.data)), None)
        order_tabs(self.panel, before)

    def close_panel(self) -> None:
        """Close the panel; its width goes to the results and the focus to where it was."""
        self._keep_window()
        now = QApplication.focusWidget()
        inside = now is not None and self.panel.isAncestorOf(now)
        self.panel.hide()
        self._lay()
        before, self._before = self._before, None
        if _is_shown(before):
            before.setFocus(Qt.FocusReason.OtherFocusReason)
        elif inside:
            self.results.setFocus(Qt.FocusReason.OtherFocusReason)  # Qt would take the next button in the chain
        self.panel_changed.emit()

    def is_open(self, content: WorkContent | None = None) -> bool:
        """True where the panel is shown, with these contents where some are given."""
        shown = not self.panel.isHidden() and self.panel.content() is not None
        return shown and (content is None or self.panel.content() is content)

    def is_torn(self) -> bool:
        """True where the panel is a window of its own."""
        return self.panel.parentWidget() is not self

    def tear(self) -> None:
        """Make the panel a window of its own, or put it back."""
        self._floats = not self.is_torn()
        self._settings.set_flag("panel_torn", self._floats)
        if self._floats:
            self._show_window()
        else:
            self._dock()
            self.panel.show()
        self._lay()
        content = self.panel.content()
        if content is not None:
            content.begin()

    def _show_window(self) -> None:
        if not self.is_torn():
            at = self.mapToGlobal(QPoint(24, 24))
            self.panel.setParent(self.window(), Qt.WindowType.Window)
            kept = self._settings.state("panel_window")
            if kept is None or not self.panel.restoreGeometry(kept):
                self.panel.resize(*TORN)
                self.panel.move(at)
            self.panel.show_torn(True)
        self.panel.show()
        self.panel.raise_()
        self.panel.activateWindow()

    def _dock(self) -> None:
        self._keep_window()
        self.panel.setParent(self, Qt.WindowType.Widget)
        self.insertWidget(1, self.panel)
        self.setStretchFactor(1, 0)
        self.setStretchFactor(2, 1)
        self.panel.show_torn(False)

    def _keep_window(self) -> None:
        if self.is_torn() and self.panel.isVisible():
            self._settings.set_state("panel_window", self.panel.saveGeometry())

    # --- the data -----------------------------------------------------------------------------------
    def fold(self, on: bool) -> None:
        """Fold the data to a rail, or unfold them, as the user wants it while the room is what it is."""
        self._wanted_fold = on
        if not self._crowded:
            self._settings.set_flag("data_folded", on)
        self._lay()

    def _docked(self) -> bool:
        return not self.is_torn() and not self.panel.isHidden()

    def _lay(self) -> None:
        """Give each zone its width."""
        width = self.width()
        content = self.panel.content()
        crowded = self._docked() and (width < theme.px(ROOMY) or (content is not None and content.folds_data))
        if crowded != self._crowded:
            self._crowded, self._wanted_fold = crowded, None
        folded = self._wanted_fold
        if folded is None:
            folded = crowded or self._settings.flag("data_folded")
        self.data.set_folded(folded)
        usual = theme.px(DATA if width >= theme.px(WIDE) else DATA_NARROW)
        room = max(LEAST_PANEL, width - theme.px(RAIL) - LEAST_RESULTS)  # large text gives way to a small window
        self.panel.setMinimumWidth(min(theme.px(LEAST_PANEL), room))
        panel = 0
        if self._docked():
            wished = theme.px(max(PANEL, content.wide if content is not None else 0))
            panel = max(min(wished, room), self._settings.number("zone_panel"))
        data = theme.px(RAIL) if folded else self._data_width(usual, width - panel - theme.px(READABLE))
        over = max(0, data + panel + LEAST_RESULTS - width)
        if not folded:
            data = max(LEAST_DATA, data - over)
        sizes = [data, panel, max(width - data - panel, LEAST_RESULTS)]
        self.setSizes(sizes if not self.is_torn() else [sizes[0], sizes[2]])

    def _data_width(self, usual: int, room: int) -> int:
        """The data as wide as the user has them; beside the panel they have a width of their own, which is at first no
        more than `room`."""
        alone = self._settings.number("zone_data") or usual
        if not self._docked():
            return alone
        return self._settings.number("zone_beside") or max(min(alone, room), min(alone, usual))

    def _moved(self, _at: int, _index: int) -> None:
        sizes = self.sizes()
        if not self.data.is_folded():
            self._settings.set_number("zone_beside" if self._docked() else "zone_data", sizes[0])
        if self._docked():
            self._settings.set_number("zone_panel", sizes[1])

    def follow_text(self) -> None:
        """The size of text is another one: so are the widths that the user has not chosen."""
        self._lay()

    def reset(self) -> None:
        """Widths as on the first day, the panel in its place."""
        for name in WIDTHS:
            self._settings.set_number(f"zone_{name}", 0)
        self._settings.set_flag("data_folded", False)
        self._settings.set_flag("panel_torn", False)
        self._floats, self._wanted_fold = False, None
        if self.is_torn():
            shown = self.panel.isVisible()
            self._dock()
            self.panel.setVisible(shown)
        self._lay()

    def layout_now(self) -> dict[str, int | bool]:
        """What the user has made of the widths, for a project to keep."""
        number, flag = self._settings.number, self._settings.flag
        widths = {name: number(f"zone_{name}") for name in WIDTHS}
        return {**widths, "folded": flag("data_folded")}

    def bring_back(self, layout: Mapping[str, Any]) -> None:
        """Widths that were kept."""
        for name in WIDTHS:
            width = layout.get(name)
            if isinstance(width, int) and 0 <= width < 10_000:
                self._settings.set_number(f"zone_{name}", width)
        self._settings.set_flag("data_folded", bool(layout.get("folded")))
        self._wanted_fold = None
        self._lay()

    def remember(self) -> None:
        """The window goes away: keep where the torn panel stood."""
        self._keep_window()

    # --- going between zones ------------------------------------------------------------------------
    def go(self, step: int) -> None:
        """The focus into the next zone, or the one before."""
        now = QApplication.focusWidget()
        zones: list[QWidget] = [self.data, *([self.panel] if self.is_open() else []), self.results]
        inside = next((k for k, z in enumerate(zones) if now is not None and (z is now or z.isAncestorOf(now))), None)
        to = zones[(inside + step) % len(zones)] if inside is not None else zones[0 if step > 0 else -1]
        if to is self.panel:
            self.panel.activateWindow()
            content = self.panel.content()
            if content is not None:
                content.begin()
            return
        self.window().activateWindow()
        if to is self.data:
            self.data.begin()
        else:
            first = _first_of(self.results)
            first.setFocus(Qt.FocusReason.ShortcutFocusReason)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._lay()


def _is_shown(widget: QWidget | None) -> TypeGuard[QWidget]:
    """True for a widget that is still there and can be seen."""
    try:
        return widget is not None and widget.isVisible()
    except RuntimeError:  # it is gone
        return False


def _first_of(root: QWidget) -> QWidget:
    """The first widget under `root` that takes the Tab key, or `root`."""
    for widget in root.findChildren(QWidget):
        if widget.isVisible() and widget.isEnabled() and widget.focusPolicy() & Qt.FocusPolicy.TabFocus:
            return widget
    return root
