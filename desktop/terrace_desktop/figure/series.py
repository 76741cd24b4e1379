"""The series of a figure: their names, colours, dashes or markers, and their order in the legend."""

from __future__ import annotations

from functools import partial

from PySide6.QtCore import QSize, Qt, Signal
from PySide6.QtGui import QAction, QColor, QIcon, QPainter, QPixmap
from PySide6.QtWidgets import QColorDialog, QMenu

from terrace.graphs.layers import SAFE
from terrace.results.layers import Series, series_of
from terrace_desktop.builder.fields import Choice
from terrace_desktop.figure import looks
from terrace_desktop.figure.editing import Editing
from terrace_desktop.figure.fields import Entry
from terrace_desktop.figure.rows import Row, Rows
from terrace_desktop.ui import theme
from terrace_desktop.ui.widgets import label, named, sized, tool_button
from terrace_desktop.ui.words import tr

SWATCH = 16  # px


def swatch(color: str) -> QIcon:
    """A colour as an icon; nothing for none."""
    size = theme.px(SWATCH)
    out = QPixmap(QSize(size, size) * 2)
    out.setDevicePixelRatio(2)
    out.fill(Qt.GlobalColor.transparent)
    if color:
        painter = QPainter(out)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(theme.colour("outline"))
        painter.setBrush(QColor(color))
        painter.drawRoundedRect(1, 1, size - 2, size - 2, 3, 3)
        painter.end()
    return QIcon(out)


def color_names() -> list[tuple[str, str]]:
    """The colours of a menu, which readers with any kind of colour vision tell apart, with their names."""
    names = (tr("Blue"), tr("Vermilion"), tr("Bluish green"), tr("Reddish purple"), tr("Sky blue"), tr("Orange"),
             tr("Black"))  # fmt: skip
    return list(zip(SAFE, names))


def pattern_titles() -> dict[str, str]:
    """The patterns of lines with their names."""
    return {
        "": tr("Automatic"), "solid": tr("Solid"), "dash": tr("Dashed"), "shortdash": tr("Short dashes"),
        "longdash": tr("Long dashes"), "dot": tr("Dotted"), "dashdot": tr("Dash-dot"), "none": tr("No line"),
    }  # fmt: skip


def marker_titles() -> dict[str, str]:
    """The markers of points with their names."""
    return {
        "": tr("Automatic"), "circle": tr("Circle"), "square": tr("Square"), "triangle": tr("Triangle"),
        "diamond": tr("Diamond"), "cross": tr("Cross"), "plus": tr("Plus"), "circle_hollow": tr("Hollow circle"),
        "square_hollow": tr("Hollow square"), "none": tr("No marker"),
    }  # fmt: skip


class SeriesRow(Row):
    """One series, by its place among those of the figure."""

    def __init__(self, editing: Editing, place: int, series: Series, is_line: bool) -> None:
        title = series.label or (tr("Line") if is_line else tr("Points"))
        super().__init__(f"figure_series_{place + 1}", title)
        self._editing, self._place, self._label, self._title = editing, place, series.label, title
        self._line = is_line
        name = self.objectName()
        self.color = tool_button("", f"{name}_color", variant="icon", accessible=self.tr("Colour of {0}").format(title))
        self.color.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonIconOnly)
        self.menu = named(QMenu(self.color), f"{name}_colors", self.tr("Colour of {0}").format(title))
        self.menu.aboutToShow.connect(self._fill)
        self.color.setMenu(self.menu)
        self.line.addWidget(self.color)
        self.name_line = Entry(f"{name}_name", self.tr("Name of {0}").format(title), lambda: self._holds("labels"))
        self.name_line.typed.connect(self._named)
        self.name_line.left.connect(editing.saver.flush)
        if series.label:
            self.line.addWidget(self.name_line, 1)
        else:
            self.name_line.hide()
            self.name_line.setParent(self)
            self.line.addWidget(label(title), 1)
        titles = pattern_titles() if is_line else marker_titles()
        words = self.tr("Line of {0}") if is_line else self.tr("Marker of {0}")
        self.pattern: Choice[str] = Choice(f"{name}_pattern", words.format(title), list(titles.items()), alone=True)
        self.pattern.chosen.connect(self._patterned)
        sized(self.pattern, height=theme.CONTROL, width=116)
        self.line.addWidget(self.pattern)

    def show_look(self, drawn: str) -> None:
        """Show what is asked of the series; `drawn` is the colour that it has, empty while nobody knows."""
        draft, look = self._editing.draft, self._editing.look
        emptied = self.name_line.hasFocus() and not self.name_line.text()  # to be typed anew
        own = looks.at(draft.labels, self._place)
        self.name_line.show_text(own or ("" if emptied else self._label), self._label)
        self.pattern.set_value(looks.at(look.patterns if self._line else look.markers, self._place))
        color = looks.at(look.colors, self._place) or drawn
        self.color.setIcon(swatch(color))
        self.color.setIconSize(QSize(theme.px(SWATCH), theme.px(SWATCH)))
        names = dict(color_names())
        self.color.setAccessibleDescription(names.get(color.lower(), color))
        self.color.setToolTip(self.tr("Colour of {0}").format(self._title))

    def _holds(self, option: str) -> bool:
        return self._editing.saver.holds(option)

    def _named(self, text: str) -> None:
        new = "" if text.strip() == self._label else text.strip()
        self._editing.change("labels", rests=True,
                             labels=looks.in_series(self._editing.draft.labels, self._place, new))  # fmt: skip

    def _patterned(self, value: str) -> None:
        draft = self._editing.draft
        if self._line:
            self._editing.change("patterns", patterns=looks.in_series(draft.patterns, self._place, value))
        else:
            self._editing.change("markers", markers=looks.in_series(draft.markers, self._place, value))

    def _fill(self) -> None:
        self.menu.clear()
        now = looks.at(self._editing.look.colors, self._place)
        for key, (color, title) in enumerate([("", self.tr("Automatic")), *color_names()]):
            action = QAction(swatch(color), title, self.menu)
            action.setObjectName(f"{self.menu.objectName()}_{key}")
            action.setCheckable(True)
            action.setChecked(color == now)
            action.triggered.connect(partial(self.choose_color, color))
            self.menu.addAction(action)
        self.menu.addSeparator()
        self.menu.addAction(self.tr("Other colour…"), self._ask)

    def choose_color(self, color: str, _checked: bool = False) -> None:
        """Give the series a colour, ``#rrggbb``; empty is the usual one."""
        self._editing.change("colors", colors=looks.in_series(self._editing.draft.colors, self._place, color))

    def _ask(self) -> None:
        dialog = named(QColorDialog(self.window()), "color_dialog", self.tr("Colour of {0}").format(self._title))
        dialog.setWindowTitle(dialog.accessibleName())
        dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        dialog.setCurrentColor(QColor(looks.at(self._editing.look.colors, self._place) or SAFE[0]))
        dialog.colorSelected.connect(lambda c: self.choose_color(c.name()))
        dialog.open()


class SeriesList(Rows):
    """All series in the order of the legend; `there` tells whether there is one."""

    there = Signal(bool)

    def __init__(self, editing: Editing) -> None:
        super().__init__("figure_series", self.tr("Series"))
        self._editing = editing
        self._shown: object = None
        self._colors: dict[int, str] = {}
        self.ordered.connect(self._ordered)

    def row(self, place: int) -> SeriesRow | None:
        """The row of a series."""
        found = self.rows.get(str(place + 1))
        return found if isinstance(found, SeriesRow) else None

    def show_colors(self, colors: dict[int, str]) -> None:
        """Show the colours that the series are drawn in."""
        if colors != self._colors:
            self._colors = colors
            self.show_look()

    def show_look(self) -> None:
        """Show the series of the figure as it looks now."""
        figure = self._editing.figure
        if figure is None:
            return
        series = series_of(figure.plot)
        if self._shown is not figure.plot:
            self._shown = figure.plot
            self.show_rows({
                str(k + 1): SeriesRow(self._editing, k, s, looks.has_lines(figure.plot, k))
                for k, s in enumerate(series)
            })  # fmt: skip
            self.there.emit(bool(series))
        self.show_order([str(n) for n in looks.series_order(len(series), self._editing.draft.order)])
        for key, row in self.rows.items():
            if isinstance(row, SeriesRow):
                row.show_look(self._colors.get(int(key) - 1, ""))

    def _ordered(self, keys: list[str]) -> None:
        numbers = tuple(map(int, keys))
        self._editing.change("order", order=() if numbers == tuple(sorted(numbers)) else numbers)
