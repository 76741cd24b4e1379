"""The layers of a figure: which are drawn, in what order, and the options of each."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial

from PySide6.QtCore import QSignalBlocker, Signal
from PySide6.QtWidgets import QCheckBox, QGridLayout, QLabel, QWidget

from terrace.report.figure.proof import Drawn
from terrace.results.layers import Layer
from terrace_desktop.figure import looks
from terrace_desktop.figure.editing import Editing
from terrace_desktop.figure.fields import NumberEntry, shown
from terrace_desktop.figure.looks import LayerFacts
from terrace_desktop.figure.rows import Row, Rows
from terrace_desktop.ui.icons import set_icon
from terrace_desktop.ui.widgets import icon_button, label, named
from terrace_desktop.ui.words import from_engine

OPTION = "layer"


class LayerRow(Row):
    """A tick, the name, what there is to say of the layer, and its options behind an arrow."""

    wrong = Signal(str)

    def __init__(self, editing: Editing, facts: LayerFacts) -> None:
        layer = facts.layer
        title = from_engine(layer.name)
        super().__init__(f"figure_layer_{layer.key}", title)
        self._editing, self._facts = editing, facts
        self._drawn = Drawn()
        self.tick = named(QCheckBox(title), f"figure_layer_{layer.key}_shown", title)
        self.tick.toggled.connect(self._ticked)
        self.about = label("", "small")
        self.more = icon_button("unfold", f"figure_layer_{layer.key}_more", self.tr("Options of {0}").format(title),
                                lambda: self.open(not self._open))  # fmt: skip
        self.line.addWidget(self.tick, 1)
        self.line.addWidget(self.about)
        self.line.addWidget(self.more)
        self.entries: dict[str, NumberEntry] = {}
        self.options = named(QWidget(), f"figure_layer_{layer.key}_options", self.tr("Options of {0}").format(title))
        self._grid()
        self.column.addWidget(self.options)
        self._open = False
        self.open(False)
        self.more.setVisible(bool(self.entries))

    def _grid(self) -> None:
        grid = QGridLayout(self.options)
        grid.setContentsMargins(46, 0, 0, 6)
        grid.setHorizontalSpacing(8)
        grid.setVerticalSpacing(4)
        wanted = [
            (self._facts.layer.can_sample, "sample", self.tr("Points drawn at most"), "", 1, 1e9, True),
            (self._facts.layer.level is not None, "level", self.tr("Level of the interval"), "%", 1, 99.99, False),
            (self._facts.lines, "width", self.tr("Width of lines"), "pt", 0.1, 20, False),
            (self._facts.points, "size", self.tr("Size of points"), "pt", 0.2, 40, False),
            (True, "opacity", self.tr("Opacity"), "%", 1, 100, False),
        ]
        for is_there, member, title, unit, least, most, whole in wanted:
            if not is_there:
                continue
            name = f"figure_layer_{self._facts.layer.key}_{member}"
            entry = NumberEntry(name, title, lambda: self._editing.saver.holds(OPTION), unit=unit, least=least,
                                most=most, whole=whole, width=76)  # fmt: skip
            entry.given.connect(partial(self._given, member))
            entry.wrong.connect(self.wrong)
            entry.left.connect(self._editing.saver.flush)
            words = QLabel(title)
            words.setProperty("tone", "muted")
            words.setBuddy(entry)
            at = len(self.entries)
            grid.addWidget(words, at, 0)
            grid.addWidget(entry, at, 1)
            self.entries[member] = entry
        grid.setColumnStretch(0, 1)

    def open(self, on: bool) -> None:
        """Show the options, or hide them."""
        self._open = on
        self.options.setVisible(on)
        set_icon(self.more, "up" if on else "down", "muted")
        self.more.setAccessibleDescription(self.tr("open") if on else self.tr("closed"))

    def show_drawn(self, drawn: Drawn) -> None:
        """Show how the layer is drawn where nothing is asked of it."""
        self._drawn = drawn
        self.show_look()

    def show_look(self) -> None:
        """Show what is asked of the layer."""
        layer, look = self._facts.layer, self._editing.look
        with QSignalBlocker(self.tick):
            self.tick.setChecked(looks.is_shown(layer, look))
        self.tick.setProperty("tone", "ink" if self.tick.isChecked() else "muted")
        own, all_ = self._editing.draft.layer(layer.key), look.layer(layer.key)
        # a figure may draw some of its points by itself; who asks for the layer by name has all
        usual = layer.count if all_.shown else self._facts.drawn or layer.count
        drawn = self._drawn
        automatic = {"sample": usual, "level": layer.level, "opacity": drawn.opacity,
                     "width": look.line_width or drawn.width, "size": look.marker_size or drawn.size}  # fmt: skip
        for member, entry in self.entries.items():
            entry.show_number(getattr(own, member), automatic[member])
        self.about.setText(self._about(layer, all_.sample or usual, all_.level))

    def _about(self, layer: Layer, sample: int, level: float | None) -> str:
        if layer.can_sample:
            if sample < layer.count:
                return self.tr("{0} of {1} points").format(f"{sample:,}", f"{layer.count:,}")
            return self.tr("{0} point(s)", "", layer.count).format(f"{layer.count:,}")
        if layer.level is not None:
            return f"{shown(level if level is not None else layer.level)}%"
        return ""

    def _ticked(self, on: bool) -> None:
        self._editing.change_layer(self._facts.layer.key, shown=None if on == self._facts.layer.shown else on)

    def _given(self, member: str, value: float | None) -> None:
        self._editing.change_layer(self._facts.layer.key, rests=True, **{member: value})


class LayerList(Rows):
    """All layers, the lowest first."""

    wrong = Signal(str)

    def __init__(self, editing: Editing) -> None:
        super().__init__("figure_layers", self.tr("Layers"))
        self._editing = editing
        self._shown: object = None
        self.ordered.connect(self._ordered)

    def row(self, key: str) -> LayerRow | None:
        """The row of a layer."""
        found = self.rows.get(key)
        return found if isinstance(found, LayerRow) else None

    def show_drawn(self, drawn: Mapping[str, Drawn]) -> None:
        """Show how the layers are drawn where nothing is asked of them."""
        for key in self.rows:
            row = self.row(key)
            if row is not None and key in drawn:
                row.show_drawn(drawn[key])

    def show_look(self) -> None:
        """Show the layers of the figure as it looks now."""
        figure = self._editing.figure
        if figure is None:
            return
        facts = looks.layer_facts(figure.plot)
        if self._shown is not figure.plot:
            self._shown = figure.plot
            rows = {key: LayerRow(self._editing, f) for key, f in facts.items()}
            for row in rows.values():
                row.wrong.connect(self.wrong)
            self.show_rows(rows)
        self.show_order(looks.ordered(list(facts), self._editing.draft.layer_order))
        for shown_row in self.rows.values():
            if isinstance(shown_row, LayerRow):
                shown_row.show_look()

    def _ordered(self, keys: list[str]) -> None:
        figure = self._editing.figure
        usual = [] if figure is None else list(looks.layer_facts(figure.plot))
        self._editing.change(looks.LAYERS, layer_order=() if keys == usual else tuple(keys))
