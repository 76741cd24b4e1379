"""Many panels on one page: smaller letters and marks, fewer ticks, titles and numbers at the outer panels only."""

from __future__ import annotations

from math import ceil, sqrt
from textwrap import wrap
from typing import TYPE_CHECKING

from terrace.report.figure.letters import Letters, wrapped
from terrace.results.figure_look import PLAIN
from terrace.results.plot import Plot

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure
    from matplotlib.text import Text

_LETTERS = 11.5  # tick labels to an inch
_TITLE_LETTERS = 10.0  # of the title of an axis to an inch
_FULL = 5.0  # inches of a panel with room enough for everything
_LEAST = 0.05  # inches of a panel for which the letters around it leave no room
_REPEATED = 4  # panels that may each carry the title of their axes


class Trellis:
    """How the panels of one page are drawn. ``scale`` makes markers and lines smaller, sizes are in points."""

    def __init__(
        self, plot: Plot, rows: int, columns: int, inches: tuple[float, float], letters: Letters
    ) -> None:
        self.plot = plot
        self.letters_of_it = letters
        self.full_width = inches[0]
        self.labels = letters.tick if letters.asked else None
        self.columns = columns
        self.count = len(plot.panels)
        self.width = max(_LEAST, (inches[0] - 0.5) / columns)
        self.height = max(_LEAST, (inches[1] - 0.6) / rows)
        several = self.count > 1
        self.scale = min(1.0, max(0.55, sqrt(self.width / _FULL))) if several or plot.look.width is not None else 1.0
        small = columns >= 4 or rows >= 6
        self.tick_size = 7.0 if small else 8.5
        self.heading_size = 7.5 if small else 8.5 if columns == 3 else 9.5
        self.slanted = max(4, int(self.width / 0.16))  # labels beside each other at an angle
        if letters.asked:
            self.scale = min(self.scale * max(1.0, letters.scale), letters.scale)
            self.tick_size = self.heading_size = letters.tick
            self.slanted = max(4, int(self.width / (0.019 * letters.tick)))
        self.letters = self.width * _LETTERS * 8.5 / self.tick_size
        self.common = {a: several and self._once(a) for a in "xy"}

    def _once(self, which: str) -> bool:
        """True where the title of an axis stands once for all panels."""
        titles = {(p.x if which == "x" else p.y).title for p in self.plot.panels}
        return len(titles) == 1 and (which in self.plot.shared or self.count > _REPEATED)

    def heading(self, text: str) -> str:
        """The title of a panel on one line, or on two where it does not fit; longer ones end in dots."""
        room = max(8, int(self.width * _LETTERS * 7.2 / self.heading_size))
        lines = wrap(text, room) or [""]
        if len(lines) > 2:
            lines = [lines[0], lines[1][: max(1, room - 1)] + "…"]
        return "\n".join(lines)

    def ticks(self, which: str) -> int:
        """How many intervals between ticks there is room for; 0 leaves it to matplotlib."""
        inches = self.width if which == "x" else self.height
        if self.letters_of_it.asked:
            inches /= max(1.0, self.letters_of_it.scale)
        return 0 if inches > 2.2 else max(4, int(inches * (2.6 if which == "x" else 3.4)))

    def strip(self, axes: Axes, number: int) -> None:
        """Take away what the outer panels say for this one."""
        if self.common["x"]:
            axes.set_xlabel("")
        if self.common["y"]:
            axes.set_ylabel("")
        if "x" in self.plot.shared and number + self.columns < self.count:
            axes.tick_params(axis="x", labelbottom=False)
        if "y" in self.plot.shared and number % self.columns:
            axes.tick_params(axis="y", labelleft=False)

    def axis_title(self, text: str, which: str) -> str:
        """The title of one panel's axis, in at most three lines."""
        room = self.width if which == "x" else self.height
        return wrapped(text, max(0.8, room), self.letters_of_it.axis, most=3)

    def title(self, which: str) -> str:
        """The title that stands once for all panels, in lines; empty where each panel has its own."""
        if not self.common[which]:
            return ""
        first = self.plot.panels[0]
        if which == "x":
            room = int(70 * self.full_width / 6.5 / self.letters_of_it.scale) if self.plot.look != PLAIN else 70
            return "\n".join(wrap(first.x.title, max(20, room), max_lines=3, placeholder="…"))
        high = self.height * ceil(self.count / self.columns)
        room = max(20, int(high * _TITLE_LETTERS / self.letters_of_it.scale))
        return "\n".join(wrap(first.y.title, room, max_lines=4, placeholder="…"))

    def rewrap(self, figure: Figure) -> bool:
        """Wrap titles of axes that are longer than their axes turned out to be; True where one changed."""
        renderer = figure.canvas.get_renderer()  # type: ignore[attr-defined]  # that of Agg has one
        changed = False
        for panel, axes in zip(self.plot.panels, figure.axes):
            frame = axes.get_window_extent(renderer)
            for label, title, room, own in (
                (axes.xaxis.label, panel.x.title, frame.width, axes.xaxis.label.get_window_extent(renderer).width),
                (axes.yaxis.label, panel.y.title, frame.height, axes.yaxis.label.get_window_extent(renderer).height),
            ):
                if not label.get_text() or own <= room:
                    continue
                text = wrapped(" ".join(title.split()), room / figure.dpi, self.letters_of_it.axis, most=3)
                changed = changed or text != label.get_text()
                label.set_text(text)
        return changed

    def centre(self, figure: Figure, x_title: Text | None, y_title: Text | None) -> None:
        """Put the titles of all panels over the middle of these, once they have their places."""
        boxes = [axes.get_position() for axes in figure.axes]
        if x_title is not None:
            x_title.set_x((min(b.x0 for b in boxes) + max(b.x1 for b in boxes)) / 2)
        if y_title is not None:
            y_title.set_y((min(b.y0 for b in boxes) + max(b.y1 for b in boxes)) / 2)
