"""Where the results stand while a report is built: its pages, one large and all of them small."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QEvent, QObject, Qt, QTimer, Signal
from PySide6.QtGui import QHideEvent, QImage, QKeyEvent, QResizeEvent, QShowEvent
from PySide6.QtWidgets import QFrame, QHBoxLayout, QScrollArea, QVBoxLayout, QWidget

from terrace_desktop.reporting.editing import ReportEditing
from terrace_desktop.reporting.pages import Pages, Request
from terrace_desktop.reporting.sheet import Sheet
from terrace_desktop.reporting.thumbs import WIDE, Thumbs
from terrace_desktop.results.segments import Segments
from terrace_desktop.ui import theme
from terrace_desktop.ui.narrow_head import fit_head
from terrace_desktop.ui.widgets import ElidedLabel, hairline, icon_button, label, named, sized, tell
from terrace_desktop.ui.work_panel import Keys, KeyTaker

if TYPE_CHECKING:
    from terrace.session.report_pages import ReportPages

PAGE, WIDTH = "page", "width"
AROUND = 24  # px around the page
ROOM = 560  # px at 100%: in less the small pages give way
AS_PAGES = ("docx", "pdf")  # formats that have these pages
LEAST, LARGEST = 0.3, 2.4  # px for a point


class ReportPage(KeyTaker):
    """Shows the pages. `picked` carries a part that was clicked, `paged` how many pages there are and the numbers."""

    picked = Signal(str)
    paged = Signal(int, object)
    failed = Signal(object)

    def __init__(self, editing: ReportEditing) -> None:
        super().__init__()
        named(self, "report_page", self.tr("Page preview"))
        self.editing = editing
        self.shown: ReportPages | None = None
        self.page = 0
        self._part = ""
        self._awaited = False  # the part is not on the pages that are shown, but may be on the next ones
        self._large: tuple[int, int] = (-1, 0)  # the page and width of the picture that is shown
        self._thumbed: set[int] = set()
        self._format = AS_PAGES[0]
        self.pages = Pages(self, editing.controller.preview_worker)
        self.sheet, self.thumbs = Sheet(), Thumbs()
        self.message = named(label("", "muted", wrap=True), "report_message", "")
        self.message.setAlignment(Qt.AlignmentFlag.AlignCenter)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addWidget(self._head())
        column.addWidget(hairline())
        column.addWidget(self._middle(), 1)
        self._again = QTimer(self)  # the room has another size
        self._again.setSingleShot(True)
        self._again.setInterval(0)
        self._again.timeout.connect(self._lay)
        self._connect()

    def _connect(self) -> None:
        self.editing.changed.connect(self.refresh)
        self.pages.found.connect(self._found)
        self.pages.drawn.connect(self._drawn)
        self.pages.failed.connect(self._failed)
        self.sheet.picked.connect(self._picked)
        self.thumbs.chosen.connect(self.go_to)
        self.thumbs.seen.connect(self._draw)
        theme.manager().changed.connect(self._again.start)

    def _head(self) -> QWidget:
        head = named(QFrame(), "report_page_head", self.tr("Page preview"))
        sized(head, height=theme.HEAD)
        row = QHBoxLayout(head)
        row.setContentsMargins(16, 0, 8, 0)
        row.setSpacing(4)
        self.title = ElidedLabel(self.tr("Page preview"), "heading")
        self.told = ElidedLabel("", "muted")
        self.back = icon_button("back", "report_back", self.tr("The page before (PgUp)"), lambda: self.turn(-1))
        self.on = icon_button("forward", "report_on", self.tr("The next page (PgDown)"), lambda: self.turn(1))
        self.place = named(label(""), "report_place", "")
        self.zoom = Segments("report_zoom", self.tr("Zoom"), [(PAGE, self.tr("Page")), (WIDTH, self.tr("Width"))])
        self.zoom.chosen.connect(lambda _key: self._lay())
        row.addWidget(self.title)
        row.addSpacing(8)
        row.addWidget(self.told, 1)
        for w in (self.back, self.place, self.on):
            row.addWidget(w)
        row.addSpacing(8)
        row.addWidget(self.zoom)
        self._head_row = row
        return head

    def _middle(self) -> QWidget:
        page = QWidget()
        column = QVBoxLayout(page)
        column.setContentsMargins(AROUND, AROUND, AROUND, AROUND)
        column.addWidget(self.message)
        column.addWidget(self.sheet, 0, Qt.AlignmentFlag.AlignHCenter | Qt.AlignmentFlag.AlignTop)
        column.addStretch(1)
        self.scroller = named(QScrollArea(), "report_view", self.tr("Page of the report"))
        self.scroller.setWidgetResizable(True)
        self.scroller.setFrameShape(QFrame.Shape.NoFrame)
        self.scroller.setWidget(page)
        self.scroller.installEventFilter(self)
        both = QFrame()
        both.setProperty("surface", "sunk")
        row = QHBoxLayout(both)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(0)
        row.addWidget(self.scroller, 1)
        row.addWidget(self.thumbs)
        return both

    # --- what is shown --------------------------------------------------------------------------------
    def show_format(self, suffix: str) -> None:
        """Which file is wanted: not every one has pages."""
        self._format = suffix
        self._say()

    def refresh(self) -> None:
        """Ask for the pages as the plan has them now."""
        state = self.editing.controller.snapshot.state
        if state is None or not self.isVisible():
            return
        self.pages.ask(Request(state, self.editing.waiting()))
        self._say()

    def settled(self) -> bool:
        """True where what is shown is what was asked for last, with its pictures."""
        return not self.pages.busy and self.shown is not None and self._large[0] == self.page

    def _found(self, pages: ReportPages) -> None:
        self.shown = pages
        self.page = min(self.page, len(pages.sizes) - 1)
        if self._awaited:  # a part that was added, or shown again, is where its user is at work
            self.page = next((p.page for p in pages.places if p.part == self._part), self.page)
            self._awaited = False
        self._large, self._thumbed = (-1, 0), set()
        self.thumbs.show_pages(pages.sizes)
        self.paged.emit(len(pages.sizes), pages.numbers)
        self._show_page(clear=False)

    def _failed(self, error: Exception) -> None:
        self._say(self.tr("The pages cannot be drawn. The report can be saved all the same."))
        self.failed.emit(error)

    def _say(self, problem: str = "") -> None:
        words = problem
        if not words and self.shown is None:
            words = self.tr("Preparing the pages…")
        tell(self.message, words)
        self.sheet.setVisible(self.shown is not None)
        if self._format in AS_PAGES:
            self.told.set_text(self.tr("As Word will show it. Click a part to find it in the list."))
        else:
            self.told.set_text(self.tr("As pages of Word or PDF. Click a part to find it in the list."))

    def _show_page(self, *, clear: bool) -> None:
        pages = self.shown
        if pages is None:
            return
        if clear:
            self.sheet.clear()
        self.sheet.show_page(pages.sizes[self.page], [p for p in pages.places if p.page == self.page])
        self.sheet.mark(self._part)
        self.thumbs.point_at(self.page)
        words = self.tr("{0} of {1}").format(f"{self.page + 1:,}", f"{len(pages.sizes):,}")
        self.place.setText(words)
        self.place.setAccessibleName(self.tr("Page {0} of {1}").format(self.page + 1, len(pages.sizes)))
        self.sheet.setAccessibleName(self.tr("Page {0} of {1}").format(self.page + 1, len(pages.sizes)))
        self.back.setEnabled(self.page > 0)
        self.on.setEnabled(self.page + 1 < len(pages.sizes))
        self._say()
        self._lay()

    # --- going from page to page ----------------------------------------------------------------------
    def go_to(self, page: int) -> None:
        """Show a page from its top."""
        if self.shown is not None and 0 <= page < len(self.shown.sizes) and page != self.page:
            self.page, self._awaited = page, False
            self._show_page(clear=True)
            self.scroller.verticalScrollBar().setValue(0)

    def turn(self, by: int) -> None:
        """So many pages on, or back."""
        self.go_to(self.page + by)

    def keys(self) -> Keys:
        last = 0 if self.shown is None else len(self.shown.sizes) - 1
        return {
            "PgUp": lambda: self._leaf(-1), "PgDown": lambda: self._leaf(1),
            "Ctrl+PgUp": lambda: self.turn(-1), "Ctrl+PgDown": lambda: self.turn(1),
            "Home": lambda: self.go_to(0), "End": lambda: self.go_to(last),
        }  # fmt: skip

    def _leaf(self, by: int) -> None:
        """On within a page that is higher than its room, then to the next one."""
        bar = self.scroller.verticalScrollBar()
        if (by > 0 and bar.value() < bar.maximum()) or (by < 0 and bar.value() > 0):
            bar.setValue(bar.value() + by * bar.pageStep())
        else:
            self.turn(by)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Page keys are for pages, before the scrolling of one takes them."""
        if watched is self.scroller and isinstance(event, QKeyEvent) and event.type() == QEvent.Type.KeyPress:
            do = self._meant(event)
            if do is not None:
                do()
                return True
        return super().eventFilter(watched, event)

    def mark(self, part: str) -> None:
        """Show a part: its page, with the part marked."""
        self._part = part
        if self.shown is None:
            return
        found = [p for p in self.shown.places if p.part == part]
        self._awaited = not found
        if found and self.page not in [p.page for p in found]:
            self.go_to(found[0].page)
        self.sheet.mark(part)
        self._bring(part)

    def _bring(self, part: str) -> None:
        box = self.sheet.place_of(part)
        if not box.isEmpty():
            top = self.sheet.y() + round(box.top())
            bar, high = self.scroller.verticalScrollBar(), self.scroller.viewport().height()
            if not bar.value() <= top <= bar.value() + high - min(high, round(box.height())):
                bar.setValue(top - AROUND)

    def _picked(self, part: str) -> None:
        if part:
            self._part = part
            self.sheet.mark(part)
            self.picked.emit(part)

    # --- pictures and room ----------------------------------------------------------------------------
    def _scale(self) -> float:
        assert self.shown is not None
        across, down = self.shown.sizes[self.page]
        view = self.scroller.maximumViewportSize()
        wide = (view.width() - 2 * AROUND) / across
        if self.zoom.value() == WIDTH:
            wide = (view.width() - 2 * AROUND - self.scroller.verticalScrollBar().sizeHint().width()) / across
            return max(LEAST, min(wide, LARGEST))
        return max(LEAST, min(wide, (view.height() - 2 * AROUND) / down, LARGEST))

    def _lay(self) -> None:
        self._fit_head()
        pages = self.shown
        if pages is None or not self.isVisible():
            return
        many = len(pages.sizes) > 1
        self.thumbs.setVisible(many and self.width() >= theme.px(ROOM))
        self.sheet.set_scale(self._scale())
        self._draw()

    def _fit_head(self) -> None:
        """In a narrow page the head loses its words, then its title, then the choice of zoom."""
        fit_head(self._head_row, self.width(), self.told, self.title, self.zoom, 140)

    def _draw(self) -> None:
        """Ask for the pictures that are seen and not there yet, the large one first."""
        pages = self.shown
        if pages is None or not self.isVisible():
            return
        ratio = self.devicePixelRatioF()
        large = (self.page, round(self.sheet.width() * ratio))
        small = round(theme.px(WIDE) * ratio)
        wanted = [large] if large != self._large else []
        wanted += [(k, small) for k in self.thumbs.visible_pages() if k not in self._thumbed and (k, small) != large]
        self.pages.draw(pages.pdf, wanted)

    def _drawn(self, page: int, width: int, image: QImage) -> None:
        ratio = self.devicePixelRatioF()
        if page == self.page and width == round(self.sheet.width() * ratio):
            self._large = (page, width)
            self.sheet.show_image(image)
        if width == round(theme.px(WIDE) * ratio):
            self._thumbed.add(page)
            self.thumbs.pages.take(page, image)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._again.start()

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        self.refresh()
        self._again.start()

    def hideEvent(self, event: QHideEvent) -> None:
        super().hideEvent(event)
        self.pages.drop()
