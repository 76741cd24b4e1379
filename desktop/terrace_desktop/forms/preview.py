"""Under a form, what its commands would give: tables, a figure, or what would become of the data."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from html import escape
from typing import TYPE_CHECKING

from PySide6.QtWidgets import QVBoxLayout, QWidget

from terrace.session.document.items import Look
from terrace_desktop.results import face
from terrace_desktop.results.browser import GrowingBrowser
from terrace_desktop.ui import theme
from terrace_desktop.ui.announce import announce
from terrace_desktop.ui.late import LateStrip
from terrace_desktop.ui.widgets import hairline, label, named, tell
from terrace_desktop.work.previewer import Previewer, Request

if TYPE_CHECKING:
    from terrace.results.plot import Plot
    from terrace.results.table import Table
    from terrace.session.preview import Made, Preview
    from terrace_desktop.plots.legend import Legend
    from terrace_desktop.plots.view import PlotView

HEIGHT = 240  # px of a figure
ROWS = 40  # of a table; all of them are made by running the command


class FormPreview(QWidget):
    """Shows the preview of the commands that it was given last; hidden while there is none."""

    def __init__(self, home: QWidget, previewer: Previewer, lead: Callable[[], tuple[str, ...]] = tuple) -> None:
        """`home` has it while no form does."""
        super().__init__(home)
        self._home = home
        named(self, "form_preview", self.tr("Preview"))
        self.previewer, self._lead = previewer, lead
        self.shown: Preview | None = None
        self._asked: tuple[str, ...] = ()
        self.plot: PlotView | None = None
        self.legend: Legend | None = None
        self.strip = LateStrip("form_preview", self.tr("This"))
        self.words = named(label("", "muted", wrap=True, selectable=True), "form_preview_words", "")
        self.browser = named(GrowingBrowser(), "form_preview_output", self.tr("Preview"))
        self._column = QVBoxLayout(self)
        self._column.setContentsMargins(0, 8, 0, 0)
        self._column.setSpacing(8)
        self._column.addWidget(hairline())
        self._column.addWidget(label(self.tr("Preview"), "heading"))
        for w in (self.strip, self.words, self.browser):
            self._column.addWidget(w)
        self.strip.update_asked.connect(previewer.update)
        self.strip.cancel_asked.connect(previewer.cancel)
        previewer.found.connect(self._found)
        previewer.late.connect(self._late)
        previewer.running.connect(self.strip.show_running)
        previewer.progressed.connect(self.strip.show_progress)
        previewer.failed.connect(self._failed)
        self.destroyed.connect(previewer.drop)
        theme.manager().changed.connect(self._render)
        self.hide()

    def show_commands(self, commands: Sequence[str]) -> None:
        """Preview these commands; none where the form is not complete."""
        asked = tuple(commands)
        if not asked:
            self.previewer.drop()
            self._asked = ()
            self._empty()
            return
        self._asked = asked
        self.strip.clear()
        self.previewer.ask(Request(asked[-1], (*self._lead(), *asked[:-1])))

    def leave(self) -> None:
        """Out of the form that it stands in, which goes; what is shown is of that form."""
        self.previewer.drop()
        self._empty()
        self.setParent(self._home)

    def _empty(self) -> None:
        """Nothing of what was shown is left: the next one may have to wait, under words of its own."""
        self.shown = None
        self.strip.clear()
        self._say([])
        self.browser.hide()
        self._draw([])
        self.hide()

    # --- what comes ---------------------------------------------------------------------------------
    def _found(self, preview: Preview) -> None:
        self.strip.clear()
        self.shown = preview
        self._render()
        self._draw([p for o in preview.shown for p in o.plots][:1])
        self.setVisible(not (self.words.isHidden() and self.browser.isHidden() and self.plot is None))
        titles = [t.title for o in preview.shown for t in o.tables]
        announce(self, ". ".join(x for x in (self.tr("Preview"), self.words.text(), *titles) if x))

    def _failed(self, error: Exception) -> None:
        self._say([str(error)])

    def _late(self) -> None:
        self.strip.show_late()
        self.show()

    def _render(self) -> None:
        if self.shown is None:
            return
        self._say([self.shown.error] if self.shown.error else list(self._told(self.shown)))
        tables = [t for o in self.shown.shown for t in o.tables]
        self.browser.setVisible(bool(tables))
        if tables:
            self.browser.show_html("".join(_table(self._first(t)) for t in tables))
            self.browser.setAccessibleDescription(self.browser.toPlainText())

    def _told(self, preview: Preview) -> Iterator[str]:
        """What becomes of the data, the words of commands without tables, and warnings."""
        for made in preview.made:
            yield self._of_variable(made)
        if preview.rows is not None:
            before, after = (f"{n:,}" for n in preview.rows)
            yield self.tr("Rows: {0} become {1}").format(before, after)
        for outcome in preview.shown:
            if not (outcome.tables or outcome.plots or preview.made):
                yield outcome.text.strip()
            yield from outcome.warnings

    def _of_variable(self, made: Made) -> str:
        if made.mean is None or made.sd is None:
            return self.tr("Adds {0}: {1} values").format(made.name, f"{made.n:,}")
        return self.tr("Adds {0}: mean {1}, SD {2}").format(made.name, _short(made.mean), _short(made.sd))

    def _first(self, table: Table) -> Table:
        if len(table.rows) <= ROWS:
            return table
        note = self.tr("The first {0} of {1} rows.").format(ROWS, f"{len(table.rows):,}")
        return replace(table, rows=table.rows[:ROWS], notes=(note, *table.notes))

    def _say(self, lines: list[str]) -> None:
        text = "\n".join(line for line in lines if line)
        tell(self.words, text)

    def _draw(self, plots: list[Plot]) -> None:
        for widget in (self.plot, self.legend):
            if widget is not None:
                widget.hide()
                widget.deleteLater()
        self.plot = self.legend = None
        if plots:
            from terrace_desktop.plots.line_labels import legend_above
            from terrace_desktop.plots.view import PlotView

            self.legend = legend_above(plots[0])
            if self.legend is not None:
                self._column.addWidget(self.legend)
            self.plot = PlotView(plots[0])
            self.plot.setFixedHeight(max(HEIGHT, min(self.plot.trellis.height, 2 * HEIGHT)))
            self._column.addWidget(self.plot)


def _table(table: Table) -> str:
    """A table under its title, without a number: it is in no document yet."""
    title = f'<p style="margin:0;font-weight:600;">{escape(table.title)}</p>' if table.title else ""
    return title + face.table_html(table, Look(), gap=face.TIGHT) + '<p style="margin:0;font-size:8px;">&nbsp;</p>'


def _short(x: float) -> str:
    """Two decimals, or three figures of a number that needs more; what rounding left of zero is 0."""
    if abs(x) < 1e-9:
        return "0"
    return (f"{x:,.2f}" if abs(x) >= 0.1 else f"{x:.3g}").replace("-", "−")
