"""The parts of the editor that are fields: style, titles and legend, axes, size and file. Each shows what holds."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING

from PySide6.QtCore import QSignalBlocker, Signal
from PySide6.QtWidgets import QCheckBox, QHBoxLayout, QSizePolicy, QVBoxLayout, QWidget

from terrace.report import formats
from terrace.report.figure.legend import place_of
from terrace.results.figure_look import FONTS
from terrace.results.figure_presets import PRESETS
from terrace_desktop.builder.fields import Choice
from terrace_desktop.figure import looks
from terrace_desktop.figure.editing import Editing
from terrace_desktop.figure.fields import Entry, NumberEntry, field_title
from terrace_desktop.results.segments import Segments
from terrace_desktop.ui import theme
from terrace_desktop.ui.widgets import label, named, sized, tell
from terrace_desktop.ui.words import tr
from terrace_desktop.variables.fields import heading

if TYPE_CHECKING:
    from terrace.report.figure.proof import Proof, Span
    from terrace.results.plot import Plot

FILES = ("pdf", "svg", "png", "tiff")
"""Formats of files, in the order in which they are offered."""
MEMBERS = {"title": "title", "subtitle": "subtitle", "xtitle": "x_title", "ytitle": "y_title", "note": "note"}
"""The options of texts with the members of the look that they set."""


class Section(QWidget):
    """A heading with rows of fields under it, and what is wrong with one of them. `entered` tells which is at work."""

    entered = Signal(str)  # the option of ``figure`` that the field with the focus sets

    def __init__(self, editing: Editing, object_name: str, title: str) -> None:
        super().__init__()
        named(self, object_name, title)
        self.editing = editing
        self.column = QVBoxLayout(self)
        self.column.setContentsMargins(0, 0, 0, 0)
        self.column.setSpacing(6)
        self.column.addWidget(heading(title))
        self.problem = named(label("", "reason", wrap=True), f"{object_name}_problem", "")
        self.problem.hide()

    def show_look(self) -> None:
        """Show what holds now."""

    def field(self, option: str) -> QWidget | None:
        """The field that sets an option of ``figure``; None where it is another section's."""
        return None

    def say(self, words: str) -> None:
        """What is wrong with a field; nothing where nothing is."""
        tell(self.problem, words)

    def row(self, title: str, *widgets: QWidget, buddy: Entry | None = None) -> QWidget:
        """A row of fields behind their name."""
        out = QWidget()
        line = QHBoxLayout(out)
        line.setContentsMargins(0, 0, 0, 0)
        line.setSpacing(8)
        line.addWidget(field_title(title, buddy))
        for w in widgets:
            line.addWidget(w)
        if not any(isinstance(w, Entry) and not isinstance(w, NumberEntry) for w in widgets):
            line.addStretch(1)
        self.column.addWidget(out)
        return out

    def holds(self, option: str) -> Callable[[], bool]:
        """Tells whether what was typed for an option is not saved yet."""
        return lambda: self.editing.saver.holds(option)

    def number(self, name: str, accessible: str, option: str, member: str, **limits: object) -> NumberEntry:
        """A field of a number that is a member of the look."""
        out = NumberEntry(name, accessible, self.holds(option), **limits)  # type: ignore[arg-type]
        out.given.connect(lambda value: self.editing.change(option, rests=True, **{member: value}))
        out.wrong.connect(self.say)
        out.left.connect(self.editing.saver.flush)
        out.entered.connect(lambda: self.entered.emit(option))
        return out


class StyleSection(Section):
    """The preset, and colour or grey."""

    def __init__(self, editing: Editing) -> None:
        super().__init__(editing, "figure_style", tr("Style"))
        self.preset: Choice[str] = Choice("figure_preset", self.tr("Preset"), alone=True)
        self.preset.chosen.connect(lambda key: editing.change("preset", preset=key or ""))
        sized(self.preset, height=theme.CONTROL)
        self.preset.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.grey = Segments(
            "figure_grey", self.tr("Colours"), [("colour", self.tr("Colour")), ("grey", self.tr("Grey"))]
        )
        self.grey.chosen.connect(lambda key: editing.change("grey", grey=key == "grey"))
        line = QHBoxLayout()
        line.setSpacing(8)
        line.addWidget(self.preset, 1)
        line.addWidget(self.grey)
        self.column.addLayout(line)
        colours = [("program", self.tr("Colours of Terrace")), ("safe", self.tr("Okabe–Ito, for colour-blind readers"))]
        self.palette_: Choice[str] = Choice("figure_palette", self.tr("Palette"), colours, alone=True)
        self.palette_.chosen.connect(lambda key: editing.change("palette", palette=key or ""))
        self.palette_.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        sized(self.palette_, height=theme.CONTROL)
        self.column.addWidget(self.palette_)
        self.column.addWidget(self.problem)

    def show_look(self) -> None:
        style = PRESETS.get(self.editing.style.preset)
        usual = self.tr("As all figures ({0})").format(style.title) if style is not None else self.tr("No preset")
        self.preset.set_options([("", usual), *((p.name, p.title) for p in PRESETS.values())])
        self.preset.set_value(self.editing.draft.preset)
        self.grey.show_value("grey" if self.editing.look.grey else "colour")
        self.palette_.setVisible(not self.editing.look.grey)
        self.palette_.set_value(self.editing.look.palette or "program")

    def field(self, option: str) -> QWidget | None:
        palette = self.grey if self.palette_.isHidden() else self.palette_
        return {"preset": self.preset, "grey": self.grey, "palette": palette}.get(option)


class TitlesSection(Section):
    """Title, titles of axes, note, and where the legend stands."""

    def __init__(self, editing: Editing) -> None:
        super().__init__(editing, "figure_titles", tr("Titles"))
        titles = {"title": self.tr("Title"), "subtitle": self.tr("Subtitle"), "xtitle": self.tr("X axis"),
                  "ytitle": self.tr("Y axis"), "note": self.tr("Note")}  # fmt: skip
        self.lines: dict[str, Entry] = {}
        self.rows: dict[str, QWidget] = {}
        self._note: tuple[Plot | None, str] = (None, "")  # of the figure that was drawn last, where that is its own
        for option, title in titles.items():
            line = Entry(f"figure_{option}", title, self.holds(option))
            line.typed.connect(partial(self._typed, option))
            line.left.connect(editing.saver.flush)
            line.entered.connect(partial(self.entered.emit, option))
            self.lines[option] = line
            self.rows[option] = self.row(title, line, buddy=line)
        places = [("above", self.tr("Above")), ("inside", self.tr("Inside")), ("right", self.tr("Right")),
                  ("lines", self.tr("On lines")), ("none", self.tr("None"))]  # fmt: skip
        self.legend = Segments("figure_legend", self.tr("Legend"), places)
        self.legend.chosen.connect(lambda place: editing.change("legend", legend=place))
        self.legend_row = self.row(self.tr("Legend"), self.legend)
        self.column.addWidget(self.problem)

    def show_look(self) -> None:
        figure, draft = self.editing.figure, self.editing.draft
        if figure is None:
            return
        for option, line in self.lines.items():
            member = MEMBERS[option]
            own, automatic = getattr(draft, member), self._automatic(member)
            none = self.tr("None; the caption is outside the figure") if option == "title" else self.tr("None")
            line.show_text(automatic if own is None else own, none)
        self.rows["subtitle"].setVisible(bool(figure.plot.subtitle or draft.subtitle))
        self.legend_row.setVisible(figure.plot.legend)
        place = place_of(replace(figure.plot, look=self.editing.look))
        self.legend.show_value(place if place != "below" else "")

    def field(self, option: str) -> QWidget | None:
        return self.legend if option == "legend" else self.lines.get(option)

    def show_drawn(self, note: str) -> None:
        """The note under the figure as it is drawn: it tells of points that are not shown, and of intervals."""
        figure = self.editing.figure
        if figure is None or self.editing.draft.note is not None:
            return
        if self._note[0] is not figure.plot or self._note[1] != note:
            self._note = (figure.plot, note)
            self.show_look()

    def _automatic(self, member: str) -> str:
        figure = self.editing.figure
        if figure is None:
            return ""
        if member == "note" and self._note[0] is figure.plot:
            return self._note[1]
        return looks.automatic_text(figure.plot, member, self.editing.look)

    def _typed(self, option: str, text: str) -> None:
        figure, member = self.editing.figure, MEMBERS[option]
        if figure is not None:
            same = text.strip() == self._automatic(member).strip()
            self.editing.change(option, rests=True, **{member: None if same else text.strip()})


class AxesSection(Section):
    """Where the axes begin and end, and how far their ticks are apart."""

    def __init__(self, editing: Editing) -> None:
        super().__init__(editing, "figure_axes", tr("Axes"))
        self.entries: dict[str, NumberEntry] = {}
        self._rows: dict[str, QWidget] = {}
        self._drawn: dict[str, Span | None] = {"x": None, "y": None}
        words = {"x": (self.tr("X from"), self.tr("X axis from"), self.tr("X axis to"), self.tr("X axis: ticks every")),
                 "y": (self.tr("Y from"), self.tr("Y axis from"), self.tr("Y axis to"), self.tr("Y axis: ticks every"))}
        for which, (title, from_, to, every) in words.items():
            low = self._entry(from_, f"{which}range", f"{which}_from")
            high = self._entry(to, f"{which}range", f"{which}_to")
            step = self._entry(every, f"{which}step", f"{which}_step")
            self._rows[which] = self.row(
                title, low, label(self.tr("to"), "muted"), high, label(self.tr("every"), "muted"), step, buddy=low
            )
        self.grid = named(QCheckBox(self.tr("Grid lines")), "figure_grid", self.tr("Grid lines"))
        self.grid.toggled.connect(lambda on: editing.change("grid", grid=on))
        self.row("", self.grid)
        self.column.addWidget(self.problem)

    def _entry(self, accessible: str, option: str, member: str) -> NumberEntry:
        least = 1e-12 if option.endswith("step") else -1e300
        out = self.number(f"figure_{member}", accessible, option, member, least=least, width=64)
        self.entries[member] = out
        return out

    def show_drawn(self, proof: Proof) -> None:
        """Show where the axes begin and end as they are drawn."""
        self._drawn = {"x": proof.x, "y": proof.y}
        self.show_look()

    def show_look(self) -> None:
        figure, draft = self.editing.figure, self.editing.draft
        if figure is None:
            return
        for which, row in self._rows.items():
            row.setEnabled(looks.is_numeric(figure.plot, which))
            span = self._drawn[which]
            drawn = (None, None, None) if span is None else (span.low, span.high, span.step)
            for end, value in zip(("from", "to", "step"), drawn):
                member = f"{which}_{end}"
                self.entries[member].show_number(getattr(draft, member), value)
        with QSignalBlocker(self.grid):
            self.grid.setChecked(self.editing.look.grid is not False)

    def field(self, option: str) -> QWidget | None:
        return {"xrange": self.entries["x_from"], "yrange": self.entries["y_from"], "xstep": self.entries["x_step"],
                "ystep": self.entries["y_step"], "grid": self.grid}.get(option)  # fmt: skip


class SizeSection(Section):
    """Size, text, and the kind of file."""

    file_chosen = Signal(str)

    def __init__(self, editing: Editing) -> None:
        super().__init__(editing, "figure_size", tr("Size and file"))
        cm = {"unit": "cm", "least": 1.0, "most": 100.0, "width": 78}
        self.width_ = self.number("figure_width", self.tr("Width"), "size", "width", **cm)
        self.height_ = self.number("figure_height", self.tr("Height"), "size", "height", **cm)
        self.columns = Segments(
            "figure_columns", self.tr("Columns of the page"), [("1", self.tr("1 col")), ("2", self.tr("2 col"))]
        )
        self.columns.chosen.connect(self._columns)
        self.row(self.tr("Size"), self.width_, label(self.tr("by"), "muted"), self.height_, self.columns,
                 buddy=self.width_)  # fmt: skip
        self.points = self.number("figure_points", self.tr("Size of text"), "points", "points", unit="pt", least=1.0,
                                  most=96.0, width=78)  # fmt: skip
        self.family: Choice[str] = Choice("figure_font", self.tr("Font"), alone=True)
        self.family.chosen.connect(lambda name: editing.change("font", font=name or ""))
        sized(self.family, height=theme.CONTROL)
        self.row(self.tr("Text"), self.points, self.family, buddy=self.points)
        names = {f.suffix: f.suffix.upper() for f in formats.PLOTS}
        self.file = Segments("figure_file", self.tr("File"), [(f, names[f]) for f in FILES if f in names])
        self.file.chosen.connect(self.file_chosen)
        self.dpi = self.number("figure_dpi", self.tr("Dots per inch"), "dpi", "dpi", unit="dpi", least=50, most=2400,
                               whole=True, width=78)  # fmt: skip
        self.row(self.tr("File"), self.file, self.dpi)
        self.column.addWidget(self.problem)
        self._inches: tuple[float, float] | None = None

    def show_drawn(self, proof: Proof) -> None:
        """Show the size as it is drawn."""
        self._inches = proof.inches
        self.show_look()

    def show_look(self) -> None:
        from terrace.report.figure.figure import CM, DPI
        from terrace.report.figure.letters import USUAL

        draft, look, drawn = self.editing.draft, self.editing.look, self._inches
        cm = (None, None) if drawn is None else tuple(float(f"{v * CM:.3g}") for v in drawn)
        self.width_.show_number(draft.width, look.width or cm[0])
        self.height_.show_number(draft.height, look.height or cm[1])
        preset = PRESETS.get(look.preset)
        several = preset is not None and preset.widths[0] != preset.widths[1]
        self.columns.setVisible(several)
        now = looks.columns_of(look) if several else None
        self.columns.show_value("" if now is None else str(now))
        self.points.show_number(draft.points, look.points or USUAL)
        usual = looks.without(draft, self.editing.style, "font").font
        words = self.tr("Automatic ({0})").format(usual) if usual else self.tr("Automatic")
        fonts = dict.fromkeys([*FONTS, *([draft.font] if draft.font else [])])
        self.family.set_options([("", words), *((f, f) for f in fonts if f != usual)])
        self.family.set_value(draft.font)
        self.dpi.show_number(draft.dpi, look.dpi or DPI)

    def show_file(self, suffix: str) -> None:
        """Show the kind of file that is written."""
        self.file.show_value(suffix)

    def field(self, option: str) -> QWidget | None:
        columns = self.width_ if self.columns.isHidden() else self.columns
        return {"size": self.width_, "columns": columns, "points": self.points, "font": self.family,
                "dpi": self.dpi}.get(option)  # fmt: skip

    def _columns(self, number: str) -> None:
        """The figure takes the width of columns: one of its own gives way."""
        if self.editing.draft.width is not None:
            self.editing.change("size", width=None)
        self.editing.change("columns", columns=int(number))
