"""The popup in which a condition of the filter is made or changed: a variable, then its values, a range, or words."""

from __future__ import annotations

from PySide6.QtCore import QPoint, QSize, Qt, Signal
from PySide6.QtGui import QCloseEvent, QKeyEvent
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLineEdit, QStackedWidget, QVBoxLayout, QWidget

from terrace.data.dataset import Dataset
from terrace_desktop.builder.terms.term_menu import inside
from terrace_desktop.builder.variables import NameRole, SearchLine, VariableModel, VariableView
from terrace_desktop.filters.condition_page import ConditionPage
from terrace_desktop.filters.conditions import Condition, Free, Range, Values, text_of
from terrace_desktop.filters.facts import by_range
from terrace_desktop.filters.page import Page
from terrace_desktop.filters.range_page import RangePage
from terrace_desktop.filters.values_page import ValuesPage
from terrace_desktop.filters.work import Ask
from terrace_desktop.results.segments import Segments
from terrace_desktop.ui import theme
from terrace_desktop.ui.icons import lead_with
from terrace_desktop.ui.widgets import ElidedLabel, button, icon_button, named

WIDE, HIGH = 340, 420  # px


class FilterPopup(QFrame):
    """`made` carries the condition as an expression. Escape closes, Enter in a line is the button."""

    made = Signal(str)

    def __init__(self, anchor: QWidget, dataset: Dataset, ask: Ask, change: Condition | None = None) -> None:
        super().__init__(anchor, Qt.WindowType.Popup)
        named(self, "filter_popup", self.tr("Change filter") if change else self.tr("Add filter"))
        self.setProperty("surface", "popup")
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self._anchor, self._dataset, self._ask, self._change = anchor, dataset, ask, change
        self._name = ""
        self.page: Page | None = None
        self.back = icon_button("back", "filter_back", self.tr("Another variable"), self.choose)
        self.title = ElidedLabel("", "heading")
        self.kinds = Segments(
            "filter_kinds", self.tr("By"), [("range", self.tr("Range")), ("values", self.tr("Values"))]
        )
        self.kinds.chosen.connect(self._by)
        self.stack = QStackedWidget()
        self.stack.addWidget(self._choose_page())
        self.count = ElidedLabel("", "muted")
        words = self.tr("Change filter") if change else self.tr("Add filter")
        self.apply = button(words, "filter_apply", self._apply, variant="primary")
        self._foot = QWidget()
        foot = QHBoxLayout(self._foot)
        foot.setContentsMargins(0, 0, 0, 0)
        foot.addWidget(self.count, 1)
        foot.addWidget(self.apply)
        head = QHBoxLayout()
        head.setSpacing(6)
        head.addWidget(self.back)
        head.addWidget(self.title, 1)
        head.addWidget(self.kinds)
        column = QVBoxLayout(self)
        column.setContentsMargins(12, 10, 12, 12)
        column.setSpacing(8)
        column.addLayout(head)
        column.addWidget(self.stack, 1)
        column.addWidget(self._foot)

    def _choose_page(self) -> QWidget:
        page = QWidget()
        self.model = VariableModel(self)
        self.model.set_variables(self._dataset.variables)
        self.view = VariableView("filter_variables", self.tr("Variables"), tail=True, drag=False)
        self.view.setProperty("role", "pick")
        self.view.setModel(self.model)
        self.search = SearchLine("filter_variable_search", self.tr("Search names and labels"), self.view, self.model)
        lead_with(self.search, "search")
        self.write_button = button(self.tr("Write a condition"), "filter_write", self.write, variant="add")
        column = QVBoxLayout(page)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(6)
        column.addWidget(self.search)
        column.addWidget(self.view, 1)
        column.addWidget(self.write_button, 0, Qt.AlignmentFlag.AlignLeft)
        self.view.taken.connect(self.take)
        self.view.clicked.connect(lambda index: self.take(str(index.data(NameRole))))
        return page

    # --- the pages ----------------------------------------------------------------------------------
    def open(self) -> None:
        """Show what is to be changed, or the variables."""
        change = self._change
        if change is None:
            self.choose()
        elif isinstance(change, Free) or change.name not in self._dataset:
            self.write(text_of(change))
        else:
            self.take(change.name, change)
        self.show()
        self._begin()

    def choose(self) -> None:
        """The list of variables."""
        self._leave()
        self._name = ""
        self.title.set_text(self.tr("Show only rows where"))
        self.back.hide()
        self.kinds.hide()
        self._foot.hide()
        self.stack.setCurrentIndex(0)
        self._fit(HIGH)
        self._begin()

    def take(self, name: str, given: Condition | None = None) -> None:
        """The page of a variable: a range of one that is measured, the values of any other."""
        variable = self._dataset.variable(name)
        self._name = variable.name
        number = not self._dataset.is_text(name)
        ranged = isinstance(given, Range) or (given is None and by_range(self._dataset, name))
        page: Page
        if ranged:
            page = RangePage(self._dataset, name, self._ask, given if isinstance(given, Range) else None)
        else:
            page = ValuesPage(self._dataset, name, self._ask, given if isinstance(given, Values) else None)
        self._turn_to(page, variable.name)
        self.title.setToolTip(variable.label or variable.name)
        self.kinds.setVisible(number)
        self.kinds.show_value("range" if ranged else "values")

    def _by(self, kind: str) -> None:
        if self._name and kind != ("range" if isinstance(self.page, RangePage) else "values"):
            given = Range(self._name) if kind == "range" else Values(self._name, ())
            self.take(self._name, given)

    def write(self, text: str = "") -> None:
        """The page where a condition is written."""
        self._name = ""
        page = ConditionPage(self._dataset, self._ask, text)
        self._turn_to(page, self.tr("Condition"))
        self.kinds.hide()

    def _turn_to(self, page: Page, title: str) -> None:
        self._leave()
        self.page = page
        self.stack.addWidget(page)
        self.stack.setCurrentWidget(page)
        self.title.set_text(title)
        self.back.show()
        self._foot.show()
        page.changed.connect(self._show_count)
        page.done.connect(self._apply)
        self._show_count()
        self._begin()

    def _fit(self, height: int) -> None:
        """As high as the page needs; where it stands at its anchor follows from that."""
        size = QSize(theme.px(WIDE), theme.px(height))
        if size == self.size():
            return
        self.resize(size)
        self.move(inside(self._anchor, self, QPoint(0, self._anchor.height() + 4)))

    def _leave(self) -> None:
        if self.page is not None:
            page, self.page = self.page, None
            page.close_down()
            self.stack.removeWidget(page)
            page.deleteLater()

    def _begin(self) -> None:
        if not self.isVisible():
            return
        if self.page is None:
            self.search.setFocus(Qt.FocusReason.PopupFocusReason)
        else:
            self.page.begin()

    def _show_count(self) -> None:
        page = self.page
        if page is not None:
            self._fit(page.wanted_height())
            self.count.set_text(page.told())
            self.apply.setEnabled(bool(page.text()) or isinstance(page, ConditionPage))

    def _apply(self) -> None:
        page = self.page
        if page is None:
            return
        if text := page.text():
            self.close()
            self.made.emit(text)
        elif isinstance(page, ConditionPage):
            page.finish()

    # --- events -------------------------------------------------------------------------------------
    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() == Qt.Key.Key_Escape:
            self.close()
        elif event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter) and not isinstance(self.focusWidget(), QLineEdit):
            self._apply()
        else:
            super().keyPressEvent(event)

    def closeEvent(self, event: QCloseEvent) -> None:
        if self.page is not None:
            self.page.close_down()
        super().closeEvent(event)
