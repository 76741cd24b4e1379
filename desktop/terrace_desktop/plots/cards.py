"""Small pictures in a row under a model; one of them opens large, with its tools."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from typing import TYPE_CHECKING

from PySide6.QtCore import QCoreApplication, QPoint, Qt, Signal
from PySide6.QtGui import QContextMenuEvent, QGuiApplication, QKeyEvent
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLabel, QMenu, QVBoxLayout, QWidget

from terrace_desktop.plots.menu import fill_export, pop_up
from terrace_desktop.plots.seen import as_seen
from terrace_desktop.plots.tools import Modes
from terrace_desktop.ui.flow import Flow
from terrace_desktop.ui.widgets import ClickFrame, ElidedLabel, button, icon_button, label, named, restyle, tool_button

if TYPE_CHECKING:
    from terrace.results.plot import Plot
    from terrace_desktop.plots.thin import Prepared
    from terrace_desktop.plots.view import PlotView

SMALL_HEIGHT = 168
CLIPBOARD = "clipboard"
"""Asked for in the place of a format."""


def plot_title(kind: str) -> str:
    """The name of a diagnostic plot."""
    return {
        "residual-fitted": QCoreApplication.translate("plots", "Residuals against fitted"),
        "qq": QCoreApplication.translate("plots", "Normal quantiles"),
        "caterpillar": QCoreApplication.translate("plots", "Random effects"),
    }.get(kind, kind)


def has_rows(plot: Plot) -> bool:
    """True where marks stand for rows of the data, so that a brush can select them."""
    return any(m.rows is not None or m.group_rows for p in plot.panels for m in p.marks)


class SmallPlot(ClickFrame):
    """A small picture; empty until its plot has been computed."""

    edit_asked = Signal()
    export_asked = Signal(object, str)  # Plot; format, or `CLIPBOARD`

    def __init__(self, kind: str, title: str) -> None:
        super().__init__(f"small_{kind}", title)
        self.kind = kind
        self.plot: Plot | None = None
        self.prepared: Prepared | None = None
        self._column = QVBoxLayout(self)
        self._column.setContentsMargins(10, 10, 10, 8)
        self._column.setSpacing(2)
        self._place: QWidget = label(self.tr("Drawing…"), "muted")
        self._place.setProperty("tone", "small")
        assert hasattr(self._place, "setAlignment")
        self._place.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self._column.addWidget(self._place, 1)
        self._caption = ElidedLabel(title, "small")
        self._caption.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self.pencil = icon_button("edit", f"small_edit_{kind}", self.tr("Edit {0}").format(title), self.edit_asked.emit)
        self.pencil.setEnabled(False)
        foot = QHBoxLayout()
        foot.addWidget(self._caption, 1)
        foot.addWidget(self.pencil)
        self._column.addLayout(foot)
        self.setMinimumHeight(SMALL_HEIGHT)

    def show_plot(self, plot: Plot | Prepared) -> None:
        """Draw the picture."""
        from terrace_desktop.plots.thin import prepare
        from terrace_desktop.plots.view import PlotView

        self.prepared = prepare(plot)
        self.plot = self.prepared.plot
        self._replace(PlotView(self.prepared, compact=True))
        self.pencil.setEnabled(True)
        self.setAccessibleDescription(self._place.accessibleDescription())
        self.setToolTip(self.tr("{0}: click to enlarge").format(self.plot.title or self.accessibleName()))

    def show_failure(self, reason: str) -> None:
        """Say why there is no picture."""
        told = label(reason, "small", wrap=True)
        told.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self._replace(told)

    def fill_menu(self, menu: QMenu) -> None:
        """What can be done with it."""
        menu.addAction(self.tr("Enlarge"), self.click)
        menu.addAction(self.tr("Edit the figure…"), self.edit_asked.emit)
        menu.addAction(self.tr("Copy figure"), lambda: self.export_asked.emit(self.plot, CLIPBOARD))
        export = named(menu.addMenu(self.tr("Export")), "plot_export_menu", self.tr("Export plot"))
        fill_export(export, lambda suffix, _seen: self.export_asked.emit(self.plot, suffix))

    def contextMenuEvent(self, event: QContextMenuEvent) -> None:
        self._pop_up(event.globalPos())

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() == Qt.Key.Key_F10 and event.modifiers() == Qt.KeyboardModifier.ShiftModifier:
            self._pop_up(self.mapToGlobal(self.rect().center()))
        else:
            super().keyPressEvent(event)

    def _pop_up(self, at: QPoint) -> None:
        if self.plot is not None:
            pop_up(self, at, self.fill_menu)

    def set_active(self, active: bool) -> None:
        """Mark the picture that is shown large."""
        self.setProperty("active", active)
        restyle(self)

    def _replace(self, widget: QWidget) -> None:
        self._column.replaceWidget(self._place, widget)
        self._column.setStretchFactor(widget, 1)
        self._place.hide()
        self._place.deleteLater()
        self._place = widget


class LargePlot(QFrame):
    """A plot with its tools: move, zoom or select, reset, copy, export, close."""

    closed = Signal()
    rows_selected = Signal(object)
    edit_asked = Signal()
    export_asked = Signal(object, str)  # Plot, whole or as it is seen; format, or `CLIPBOARD`

    def __init__(
        self, plot: Plot | Prepared, title: str = "", closable: bool = True, *, caption: str = "", framed: bool = True,
        tools: Sequence[QWidget] = (), more: Callable[[QMenu], object] | None = None,
    ) -> None:  # fmt: skip
        """Without `framed` it stands in a document: no box, a caption with `tools` for a title, others in a menu.

        `more` puts into the menu of a right click what is not the figure's own.
        """
        super().__init__()
        from terrace_desktop.plots.thin import prepare
        from terrace_desktop.plots.view import PlotView

        prepared = prepare(plot)
        plot = prepared.plot
        self.setProperty("surface", "card" if framed else "panel")
        named(self, f"plot_{plot.kind or 'card'}", title or plot.title)
        self.plot = plot
        self.view: PlotView = PlotView(prepared)
        self.view.setMinimumHeight(self.view.trellis.height)
        self.view.close_asked.connect(self.closed)
        self.view.rows_selected.connect(self.rows_selected)
        self.view.menu_asked.connect(self.pop_up_menu)
        self._more = more
        self.modes = Modes(self.view, has_rows(plot), quiet=not framed)
        self.modes.whole.clicked.connect(lambda _checked=False: self.reset())
        self._seen: Plot | None = None  # what was asked for last as it is seen
        column = QVBoxLayout(self)
        column.setContentsMargins(*((18, 10, 14, 12) if framed else (0, 0, 0, 0)))
        column.setSpacing(4)
        if framed:
            column.addLayout(self._tools(plot.title or title, closable))
        elif caption:
            shown = QLabel(caption)
            shown.setTextFormat(Qt.TextFormat.RichText)
            shown.setWordWrap(True)
            head = QHBoxLayout()
            head.addWidget(named(shown, "plot_caption", plot.title or title), 1)
            for tool in tools:
                head.addWidget(tool, 0, Qt.AlignmentFlag.AlignTop)
            column.addLayout(head)
        column.addWidget(self._sheet(plot), 1)
        if not framed:
            column.addWidget(self.modes)
        note = " ".join(x for x in (plot.note, self._thinned()) if x)
        if note:
            column.addWidget(label(note, "small", wrap=True))

    def _tools(self, title: str, closable: bool) -> QHBoxLayout:
        head = QHBoxLayout()
        head.setSpacing(4)
        head.addWidget(ElidedLabel(title, "heading"), 1)
        head.addWidget(self.modes)
        head.addWidget(icon_button("edit", "plot_edit", self.tr("Edit {0}").format(title), self.edit_asked.emit))
        head.addWidget(button(self.tr("Copy"), "plot_copy", self.copy_image, variant="flat"))
        export = tool_button(self.tr("Export") + " ▾", "plot_export", accessible=self.tr("Export plot"))
        export.setMenu(self._export_menu(export))
        head.addWidget(export)
        if closable:
            close = button("✕", "plot_close", self.closed.emit, variant="flat", accessible=self.tr("Close plot"))
            head.addWidget(close)
        return head

    def _export_menu(self, parent: QWidget) -> QMenu:
        """The formats; of a figure that was zoomed each as it is shown, and whole."""
        menu = named(QMenu(self.tr("Export"), parent), "plot_export_menu", self.tr("Export plot"))
        menu.aboutToShow.connect(lambda: self._fill_export(menu))
        self._fill_export(menu)
        return menu

    def _fill_export(self, menu: QMenu) -> None:
        zoomed = self.view.zoomed()
        fill_export(menu, self._export, zoomed, not zoomed or self.view.seen() is not None)

    def fill_menu(self, menu: QMenu) -> None:
        """Its tools as entries of a menu."""
        menu.addAction(self.tr("Edit the figure…"), self.edit_asked.emit)
        menu.addAction(self.tr("Copy figure"), self.copy_image)
        menu.addMenu(self._export_menu(menu))
        if has_rows(self.plot):
            select = menu.addAction(self.tr("Select rows"))
            select.setCheckable(True)
            select.setChecked(self.view.mode == "select")
            select.toggled.connect(lambda on: self.view.set_mode("select" if on else "move"))
        zoom = menu.addAction(self.tr("Zoom to a rectangle"))
        zoom.setCheckable(True)
        zoom.setChecked(self.view.mode == "zoom")
        zoom.toggled.connect(lambda on: self.view.set_mode("zoom" if on else "move"))
        menu.addAction(self.tr("Reset the view"), self.reset)

    def pop_up_menu(self, at: QPoint) -> None:
        """Its menu at a place of the screen."""
        pop_up(self, at, self.fill_menu, *(() if self._more is None else (self._more,)))

    def contextMenuEvent(self, event: QContextMenuEvent) -> None:
        self.pop_up_menu(event.globalPos())

    def reset(self) -> None:
        """Whole plot, nothing selected."""
        self.view.reset_view()
        self.view.clear_selection()

    def copy_image(self) -> None:
        """Copy the plot: the picture of the screen at once, and then what paper has, as it is shown here."""
        self.view.finish()
        QGuiApplication.clipboard().setPixmap(self.sheet.grab())
        self.export_asked.emit(self._as_seen() if self.view.seen() is not None else self.plot, CLIPBOARD)

    def _as_seen(self) -> Plot:
        """The plot with the ranges of the screen; itself where these are those of the whole."""
        seen = self.view.seen()
        if seen is None or seen == (None, None):
            return self.plot
        self._seen = as_seen(self.plot, *seen)
        return self._seen

    def is_of(self, plot: Plot) -> bool:
        """True for its own plot, whole or as it was seen."""
        return plot is self.plot or plot is self._seen

    def _sheet(self, plot: Plot) -> QWidget:
        """What belongs to the picture: subtitle, legend and panels."""
        from terrace_desktop.plots.line_labels import legend_above

        self.sheet = QWidget()
        self.sheet.setProperty("surface", "panel")
        column = QVBoxLayout(self.sheet)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(4)
        if plot.look.title:
            column.addWidget(label(plot.look.title, "heading", wrap=True))
        if plot.subtitle:
            column.addWidget(label(plot.subtitle, "muted", wrap=True))
        self.legend = legend_above(plot)
        if self.legend is not None:
            column.addWidget(self.legend)
        column.addWidget(self.view, 1)
        return self.sheet

    def _thinned(self) -> str:
        view = self.view
        if view.points_drawn >= view.points_total:
            return ""
        return self.tr("{0} of {1} points are drawn; exports and selections use all.").format(
            f"{view.points_drawn:,}", f"{view.points_total:,}"
        )

    def _export(self, suffix: str, seen: bool = False) -> None:
        self.export_asked.emit(self._as_seen() if seen else self.plot, suffix)


class PlotRow(QWidget):
    """The small pictures of one model, and the one that is open."""

    rows_selected = Signal(object)
    export_asked = Signal(object, str)
    opened = Signal(object)  # the plot that is shown large now
    edit_asked = Signal(str)  # the kind of a plot

    def __init__(self, kinds: tuple[str, ...], parent: QWidget | None = None) -> None:
        super().__init__(parent)
        named(self, "plot_row", self.tr("Plots of the model"))
        self.small = {kind: SmallPlot(kind, plot_title(kind)) for kind in kinds}
        self.large: LargePlot | None = None
        flow = Flow(across=14, down=14, column=200, height=SMALL_HEIGHT)
        for picture in self.small.values():
            flow.addWidget(picture)
            picture.clicked.connect(lambda _checked=False, kind=picture.kind: self.open(kind))
            picture.edit_asked.connect(partial(self.edit_asked.emit, picture.kind))
            picture.export_asked.connect(self.export_asked)
        self._column = QVBoxLayout(self)
        self._column.setContentsMargins(0, 0, 0, 0)
        self._column.setSpacing(14)
        self._column.addLayout(flow)

    def open(self, kind: str) -> None:
        """Show a plot large; asking for the one that is open closes it."""
        was = None if self.large is None else self.large.objectName()
        self.close_large()
        picture = self.small[kind]
        if picture.plot is None or picture.prepared is None or was == f"plot_{picture.plot.kind or 'card'}":
            return
        self.large = LargePlot(picture.prepared, picture.accessibleName())
        self.large.closed.connect(self.close_large)
        self.large.rows_selected.connect(self.rows_selected)
        self.large.export_asked.connect(self.export_asked)
        self.large.edit_asked.connect(partial(self.edit_asked.emit, kind))
        self._column.addWidget(self.large)
        picture.set_active(True)
        self.large.view.setFocus()
        self.opened.emit(self.large)

    def close_large(self) -> None:
        """Back to small pictures only."""
        if self.large is not None:
            self.large.hide()
            self.large.deleteLater()
            self.large = None
            self.rows_selected.emit(None)
        for picture in self.small.values():
            picture.set_active(False)
