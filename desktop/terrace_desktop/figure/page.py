"""Where the results stand while a figure is edited: the figure as it prints, and what there is to say of it."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING

from PySide6.QtCore import Qt, QTimer, Signal
from PySide6.QtGui import QGuiApplication, QHideEvent, QImage, QPainter, QResizeEvent, QShowEvent
from PySide6.QtWidgets import QBoxLayout, QFrame, QHBoxLayout, QMenu, QScrollArea, QVBoxLayout, QWidget

from terrace.results.plot_words import figure_words
from terrace.session.document.figures import common_style
from terrace_desktop.figure import looks
from terrace_desktop.figure.editing import Editing
from terrace_desktop.figure.pictures import SCREEN, Pictures, Request
from terrace_desktop.figure.sheet import EDGE, Sheet, image_of
from terrace_desktop.figure.side import WIDTH, Side
from terrace_desktop.results.segments import Segments
from terrace_desktop.ui import theme
from terrace_desktop.ui.narrow_head import fit_head
from terrace_desktop.ui.widgets import ElidedLabel, hairline, icon_button, label, named, sized, tell

if TYPE_CHECKING:
    from terrace.report.figure.checks import Check
    from terrace.report.figure.proof import Part, Proof
    from terrace_desktop.figure.panel import FigurePanel

ACTUAL, DOUBLE, FIT = "actual", "double", "fit"
AROUND = 24  # px around the sheet
LEAST_SHEET = 320  # px: with less beside it, what there is to say stands under the sheet
WIDEST = 16_777_215  # px: as wide as there is room
LEAST, LARGEST = 0.25, 4.0  # times the size of print, to fit


class FigurePage(QFrame):
    """Shows what is edited. `save_asked` tells that its file is wanted."""

    save_asked = Signal()

    def __init__(self, editing: Editing, panel: FigurePanel) -> None:
        super().__init__()
        named(self, "figure_page", self.tr("The figure as it prints"))
        self.setProperty("surface", "sunk")
        self.editing, self.panel = editing, panel
        self.proof: Proof | None = None
        self._judged = self._chose = False
        self.pictures = Pictures(self, editing.controller.preview_worker)
        self.sheet, self.side = Sheet(), Side()
        self.problem = named(label("", "warning", wrap=True), "figure_problem", "")
        self.problem.hide()
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addWidget(self._head())
        column.addWidget(hairline())
        column.addWidget(self._middle(), 1)
        self._again = QTimer(self)  # the room has another size
        self._again.setSingleShot(True)
        self._again.setInterval(0)
        self._again.timeout.connect(self._resized)
        self._asked: tuple[object, ...] = ()
        self._connect()

    def _connect(self) -> None:
        self.editing.changed.connect(self.refresh)
        self.pictures.shown.connect(self._show)
        self.pictures.judged.connect(self._judge)
        self.pictures.failed.connect(self._not_drawn)
        self.sheet.picked.connect(self._picked)
        self.side.mend_asked.connect(self.panel.go_to)
        self.side.all_asked.connect(self.editing.use_for_all)
        self.panel.entered.connect(self.sheet.mark)
        theme.manager().changed.connect(self._again.start)

    def _head(self) -> QWidget:
        head = named(QFrame(), "figure_head", self.tr("Figure"))
        head.setProperty("surface", "panel")
        sized(head, height=theme.HEAD)
        row = QHBoxLayout(head)
        row.setContentsMargins(16, 0, 8, 0)
        row.setSpacing(8)
        self.title = ElidedLabel("", "heading")
        self.told = ElidedLabel("", "muted")
        self._zooms = [(ACTUAL, self.tr("Actual size")), (DOUBLE, self.tr("200%")), (FIT, self.tr("Fit"))]
        self.zoom = Segments("figure_zoom", self.tr("Size on the screen"), self._zooms)
        self.zoom.show_value(DOUBLE)
        self.zoom.chosen.connect(self._zoomed)
        row.addWidget(self.title)
        row.addWidget(self.told, 1)
        row.addWidget(self.zoom)
        row.addWidget(icon_button("copy", "figure_copy", self.tr("Copy the figure"), self.copy))
        more = icon_button("more", "figure_more", self.tr("More about the figure"))
        self.menu = named(QMenu(more), "figure_menu", self.tr("More about the figure"))
        self.menu.aboutToShow.connect(self._fill_menu)
        more.setMenu(self.menu)
        row.addWidget(more)
        self._head_row = row
        return head

    def _fill_menu(self) -> None:
        self.menu.clear()
        if self.zoom.isHidden():
            for key, text in self._zooms:
                action = self.menu.addAction(text, partial(self.zoom.choose, key))
                action.setCheckable(True)
                action.setChecked(key == self.zoom.value())
            self.menu.addSeparator()
        self.menu.addAction(self.tr("Copy the figure"), self.copy)
        self.menu.addAction(self.tr("Copy as a command"), self.copy_command)
        self.menu.addAction(self.tr("Save file…"), self.save_asked.emit)

    def _middle(self) -> QWidget:
        page = QWidget()
        self._row = QBoxLayout(QBoxLayout.Direction.LeftToRight, page)
        self._row.setContentsMargins(AROUND, AROUND, AROUND, AROUND)
        self._row.setSpacing(AROUND)
        left = QVBoxLayout()
        left.setSpacing(12)
        left.addWidget(self.problem)
        left.addWidget(self.sheet)
        left.addStretch(1)
        self._row.addLayout(left)
        self._row.addWidget(self.side)
        self._row.addStretch(1)
        self.scroller = named(QScrollArea(), "figure_view", self.tr("The figure as it prints"))
        self.scroller.setWidgetResizable(True)
        self.scroller.setFrameShape(QFrame.Shape.NoFrame)
        self.scroller.setWidget(page)
        return self.scroller

    # --- what is shown --------------------------------------------------------------------------------
    def scale(self) -> float:
        """How many times the size of print the figure has on the screen."""
        chosen = self.zoom.value()
        if chosen != FIT:
            return 1.0 if chosen == ACTUAL else 2.0
        wide, high = (v * SCREEN for v in self._inches())
        down = self.scroller.viewport().height() - 2 * AROUND - self.sheet.around(round(wide))
        return max(LEAST, min(self._room() / wide, down / high, LARGEST))

    def _inches(self) -> tuple[float, float]:
        """The size in print, as far as it is known."""
        figure = self.editing.figure
        if self.proof is not None or figure is None:
            return (1.0, 1.0) if self.proof is None else self.proof.inches
        from terrace.report.figure.figure import usual_size

        return usual_size(replace(figure.plot, look=self.editing.look))

    def _room(self) -> int:
        """px across for the picture."""
        beside = theme.px(WIDTH) + AROUND if self._can_be_beside() else 0
        return self._across() - 2 * AROUND - 2 * EDGE - beside

    def _across(self) -> int:
        """px across for all of it. The bar beside it has its room from the beginning: it comes with a longer list."""
        return self.scroller.width() - self.scroller.verticalScrollBar().sizeHint().width()

    def begin(self) -> None:
        """Another figure."""
        self.proof, self._asked = None, ()
        self.sheet.clear()
        self._resized()

    def refresh(self) -> None:
        """Show the figure as it looks now."""
        figure = self.editing.figure
        if figure is None or not self.isVisible():
            return
        self._say_what()
        self._lay()
        scale, screen = self.scale(), self.devicePixelRatioF()
        self.sheet.set_scale(scale, self._inches())
        asked = (figure.plot, self.editing.look, scale, screen)
        if asked != self._asked or (self.proof is None and not self.pictures.busy):
            self._asked = asked
            self.pictures.ask(Request(figure.plot, self.editing.look, SCREEN * scale * screen, SCREEN * screen))
            self._judged = False

    def _zoomed(self, _key: str) -> None:
        self._chose = True
        self.refresh()

    def settled(self) -> bool:
        """True where what is shown is what was asked for last."""
        return not self.pictures.busy and self.proof is not None and self._judged

    def _say_what(self) -> None:
        figure = self.editing.figure
        assert figure is not None
        name = self.tr("Figure {0}").format(figure.number)
        self.title.set_text(name)
        sizes = {
            ACTUAL: self.tr("Shown at the printed size. Click any text or line to edit it."),
            DOUBLE: self.tr("Shown at twice the printed size. Click any text or line to edit it."),
            FIT: self.tr("Click any text or line to edit it."),
        }
        self.told.set_text(sizes[self.zoom.value()])
        self.sheet.setAccessibleDescription(figure_words(figure.plot))
        printed = looks.printed_title(figure.plot, self.editing.look)
        self.sheet.show_caption(name, "" if printed else figure.title)
        style = self.editing.style
        same = figure.own == self.editing.draft and common_style(figure.own, style) == style
        self.side.show_others(self.editing.others(), same)

    def _show(self, proof: Proof, note: str) -> None:
        self.proof = proof
        tell(self.problem, "")
        self.sheet.show_proof(proof, self.scale())
        self.panel.titles.show_drawn(note)
        self.panel.axes.show_drawn(proof)
        self.panel.size_.show_drawn(proof)
        self.panel.series.show_colors(dict(proof.colors or {}))
        self.panel.layers.show_drawn(proof.layers or {})
        self._lay()
        if self.zoom.value() == FIT:
            self._again.start()

    def _judge(self, grey: Proof, checks: tuple[Check, ...]) -> None:
        self._judged = True
        self.side.show_judged(grey, checks)
        self._lay()

    def _not_drawn(self, _error: Exception) -> None:
        self._judged = True
        tell(self.problem, self.tr("The figure cannot be drawn at this size. Make it larger, or its text smaller."))

    def _picked(self, part: Part) -> None:
        if part.name == "series" and part.series is not None:
            self.panel.go_to_series(part.series)
        elif part.name == "layer":
            self.panel.go_to_layer(part.layer)
        else:
            self.panel.go_to({"xaxis": "xrange", "yaxis": "yrange"}.get(part.name, part.name))

    # --- copying --------------------------------------------------------------------------------------
    def copy(self) -> None:
        """Put the picture on the clipboard, as it is shown."""
        if self.proof is not None:
            shown = image_of(self.proof)
            paper = QImage(shown.size(), QImage.Format.Format_RGB32)
            paper.fill(Qt.GlobalColor.white)
            painter = QPainter(paper)
            painter.drawImage(0, 0, shown)
            painter.end()
            QGuiApplication.clipboard().setImage(paper)

    def copy_command(self) -> None:
        """Put the command that gives the figure its look on the clipboard."""
        from terrace.session.document.figure_text import figure_command

        figure = self.editing.figure
        if figure is not None:
            text = figure_command(figure.number, figure.own) or f"figure {figure.number}, reset"
            QGuiApplication.clipboard().setText(text)

    # --- room -----------------------------------------------------------------------------------------
    def _can_be_beside(self) -> bool:
        return self._across() >= theme.px(WIDTH) + LEAST_SHEET + 3 * AROUND

    def _is_beside(self) -> bool:
        """True where both have room beside each other, so that nobody has to go across for what there is to say."""
        fits = self.zoom.value() == FIT or self.scale() * SCREEN * self._inches()[0] <= self._room()
        return self._can_be_beside() and fits

    def _lay(self) -> None:
        """What there is to say stands beside the sheet, or under it where there is no room."""
        beside = self._is_beside()
        down, across = QBoxLayout.Direction.TopToBottom, QBoxLayout.Direction.LeftToRight
        self._row.setDirection(across if beside else down)
        width = theme.px(WIDTH)
        self.side.setMinimumWidth(width if beside else 0)
        self.side.setMaximumWidth(width if beside else WIDEST)

    def _resized(self) -> None:
        """Until its user chooses, the figure has twice its size in print where there is room for that."""
        self._lay()
        if not self._chose and self.editing.figure is not None:
            self.zoom.show_value(DOUBLE if 2 * SCREEN * self._inches()[0] <= self._room() else FIT)
        self.refresh()

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._fit_head()
        self._again.start()

    def _fit_head(self) -> None:
        """In a narrow page the head loses its words, its title, which the sheet has, and sizes, which the menu has."""
        fit_head(self._head_row, self.width(), self.told, self.title, self.zoom, 160)

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        self._again.start()

    def hideEvent(self, event: QHideEvent) -> None:
        super().hideEvent(event)
        self.pictures.drop()
        self._asked = ()
