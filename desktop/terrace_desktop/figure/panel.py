"""A figure in the work panel: style, layers, titles, axes, series, size and file, applied as one types."""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QFrame, QHBoxLayout, QVBoxLayout, QWidget

from terrace.results.figure_look import FigureLook
from terrace_desktop.figure.editing import Editing
from terrace_desktop.figure.layers import LayerList
from terrace_desktop.figure.sections import AxesSection, Section, SizeSection, StyleSection, TitlesSection
from terrace_desktop.figure.series import SeriesList
from terrace_desktop.ui.icons import set_icon
from terrace_desktop.ui.widgets import button, hairline, named
from terrace_desktop.ui.words import tr
from terrace_desktop.ui.work_panel import Head, Keys, done_keys
from terrace_desktop.variables.document_editing import EditingPanel
from terrace_desktop.variables.fields import scrolling

GAP = 14  # px between sections
OF_SERIES = ("labels", "colors", "patterns", "markers", "order")  # options that are set in the rows of series,
OF_LAYERS = {"layers": "", "layer": "", "lwidth": "width", "msize": "size"}  # and in those of layers, by their fields


class ListSection(Section):
    """A heading with a list of rows under it."""

    def __init__(self, editing: Editing, object_name: str, title: str, rows: LayerList | SeriesList) -> None:
        super().__init__(editing, object_name, title)
        self.rows = rows
        self.column.setSpacing(4)
        self.column.addWidget(rows)
        self.column.addWidget(self.problem)

    def show_look(self) -> None:
        self.rows.show_look()


class FigurePanel(EditingPanel):
    """One figure; `done` tells that the user is through, `save_asked` that its file is wanted."""

    wide = 416
    done = Signal()
    save_asked = Signal()
    entered = Signal(str)  # the option whose field has the focus

    def __init__(self, editing: Editing) -> None:
        super().__init__(editing)
        named(self, "figure_panel", self.tr("Figure"))
        self.editing = editing
        self.layers, self.series = LayerList(editing), SeriesList(editing)
        self.style_, self.titles = StyleSection(editing), TitlesSection(editing)
        self.axes, self.size_ = AxesSection(editing), SizeSection(editing)
        self.layers_part = ListSection(editing, "figure_layers_part", tr("Layers"), self.layers)
        self.series_part = ListSection(editing, "figure_series_part", tr("Series"), self.series)
        self.sections: tuple[Section, ...] = (
            self.style_, self.layers_part, self.titles, self.axes, self.series_part, self.size_,
        )  # fmt: skip
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(0)
        layout.addWidget(self._middle(), 1)
        layout.addWidget(hairline())
        layout.addWidget(self._foot())
        self._connect()

    def _connect(self) -> None:
        self.layers.wrong.connect(self.layers_part.say)
        self.series.there.connect(self.series_part.setVisible)
        for section in self.sections:
            section.entered.connect(self.entered)
        self.editing.changed.connect(self.show_look)
        self.editing.refused.connect(self._refused)

    def _middle(self) -> QWidget:
        page = QFrame()
        page.setProperty("surface", "work")
        page.setMinimumWidth(200)
        column = QVBoxLayout(page)
        column.setContentsMargins(16, 12, 16, 16)
        column.setSpacing(GAP)
        for section in self.sections:
            column.addWidget(section)
        column.addStretch(1)
        self.scroller = scrolling(page, "figure_scroll", self.tr("Figure"))
        return self.scroller

    def _foot(self) -> QWidget:
        out = named(QFrame(), "figure_foot", self.tr("Reset, save or end"))
        out.setProperty("surface", "form")
        row = QHBoxLayout(out)
        row.setContentsMargins(12, 10, 16, 10)
        row.setSpacing(8)
        self.reset = button(self.tr("Reset"), "figure_reset", self.editing.reset, variant="plain",
                            tip=self.tr("As the command made it, in the style of all figures"))  # fmt: skip
        self.save = button(self.tr("Save file"), "figure_save", self.save_asked.emit)
        set_icon(self.save, "save")
        self.end = button(self.tr("Done"), "figure_done", self._end, variant="primary", tip=self.tr("Ctrl+Enter"))
        set_icon(self.end, "check", "on_accent")
        row.addWidget(self.reset)
        row.addStretch(1)
        row.addWidget(self.save)
        row.addWidget(self.end)
        return out

    # --- as contents of the work panel ----------------------------------------------------------------
    def head(self) -> Head:
        figure, model = self.editing.figure, self.editing.model
        if figure is None:
            return Head("image", self.tr("Figure"))
        about = self.tr("of Model {0}").format(model.number) if model is not None and model.number else ""
        return Head("image", self.tr("Figure {0}").format(figure.number), about)

    def tool(self) -> str:
        return "tool_plot"

    def keys(self) -> Keys:
        return {**super().keys(), **done_keys(self._end)}

    def begin(self) -> None:
        self.style_.preset.setFocus(Qt.FocusReason.OtherFocusReason)

    def _end(self) -> None:
        self.editing.saver.flush()
        self.done.emit()

    # --- what is shown --------------------------------------------------------------------------------
    def show_look(self) -> None:
        """Show the figure as it looks now."""
        if self.editing.figure is None:
            return
        for section in self.sections:
            section.show_look()
        self.reset.setEnabled(self.editing.draft != FigureLook())
        self.head_changed.emit()

    def go_to(self, option: str) -> None:
        """Put the focus into the field that sets an option of ``figure``, where it is seen."""
        if option in OF_SERIES:
            self.go_to_series(0)
        elif option in OF_LAYERS:
            member = OF_LAYERS[option]
            rows = [(key, self.layers.row(key)) for key in self.layers.order()]
            having = [key for key, row in rows if row is not None and (not member or member in row.entries)]
            self.go_to_layer(having[0] if having else "", member)
        for section in self.sections:
            field = section.field(option)
            if field is not None and field.isEnabled():
                self._into(field)
                return

    def go_to_series(self, place: int) -> None:
        """Put the focus into the row of a series."""
        row = self.series.row(place)
        if row is not None:
            self._into(row.name_line if row.name_line.isVisibleTo(row) else row.color)

    def go_to_layer(self, key: str, member: str = "") -> None:
        """Put the focus into the row of a layer, with its options open, or into one of these."""
        row = self.layers.row(key)
        if row is not None:
            row.open(True)
            self._into(row.entries.get(member, row.tick))

    def _into(self, field: QWidget) -> None:
        self.scroller.ensureWidgetVisible(field, 0, 40)
        self.window().activateWindow()
        target = field
        if field.focusPolicy() == Qt.FocusPolicy.NoFocus:  # choices side by side: the one that holds, or else the first
            parts = field.findChildren(QWidget)
            holds = next((w for w in parts if w.focusPolicy() == Qt.FocusPolicy.StrongFocus), None)
            target = holds or next((w for w in parts if w.focusPolicy() != Qt.FocusPolicy.NoFocus), field)
        target.setFocus(Qt.FocusReason.OtherFocusReason)
        select = getattr(target, "selectAll", None)
        if callable(select):
            select()

    def _refused(self, option: str, why: str) -> None:
        section = next((s for s in self.sections if s.field(option) is not None), self.layers_part)
        section.say(why)
