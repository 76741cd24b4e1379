"""From a model whose variances are at their limit to the largest that the data support, beside the live preview."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QVBoxLayout, QWidget

from terrace.language.mixed import parse_mixed
from terrace.report.numbers import p_value
from terrace.spec.text import format_mixed
from terrace_desktop.builder.state import BuilderState
from terrace_desktop.ui.late import LateStrip
from terrace_desktop.ui.widgets import button, label, named, tell
from terrace_desktop.work.previewer import Previewer, Request

if TYPE_CHECKING:
    from terrace.results.table import Table
    from terrace.session.preview import Preview


class Simplify(QWidget):
    """Hidden unless the model that is shown is at a limit. Nothing is searched for before the button is pressed; then
    come the steps, each with its test, and a button that takes the model that they lead to."""

    def __init__(self, state: BuilderState, previewer: Previewer) -> None:
        super().__init__()
        self.state, self.previewer = state, previewer
        self.proposed = ""
        self.search = button(
            self.tr("Find the largest model the data support"), "builder_simplify", self._begin, variant="link"
        )
        self.strip = LateStrip("builder_simplify", self.tr("The search"))
        self.strip.cancel_asked.connect(previewer.cancel)
        self.strip.update_asked.connect(self._begin)
        self.steps = named(label("", "muted", wrap=True, selectable=True), "builder_simplify_steps", "")
        self.use = button(self.tr("Use this model"), "builder_simplify_use", self._use)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 4, 0, 0)
        column.setSpacing(6)
        column.addWidget(self.search, 0, Qt.AlignmentFlag.AlignLeft)
        column.addWidget(self.strip)
        column.addWidget(self.steps)
        column.addWidget(self.use, 0, Qt.AlignmentFlag.AlignLeft)
        previewer.found.connect(self._found)
        previewer.late.connect(self._late)
        previewer.running.connect(self.strip.show_running)
        previewer.progressed.connect(self.strip.show_progress)
        previewer.failed.connect(self._failed)
        self.offer(False)

    def offer(self, singular: bool) -> None:
        """The model is another one, at a limit or not: what was found of the one before goes."""
        self.previewer.drop()
        self.strip.clear()
        self._say("")
        self.search.setVisible(singular)
        self.setVisible(singular)

    def close_down(self) -> None:
        """Nothing is searched for any more."""
        self.previewer.drop()
        self.previewer.blockSignals(True)

    def _begin(self) -> None:
        model = f"quietly {format_mixed(self.state.spec)}"
        self.previewer.ask(Request("estat simplify", (*self.state.definitions(), model)))
        self.previewer.update()

    def _found(self, preview: Preview) -> None:
        self.strip.clear()
        if preview.error:
            self._say(preview.error)
            return
        self.search.hide()
        (table,) = preview.outcome.tables
        self._say("\n".join(_steps(table)), str(preview.outcome.payload.get("proposed") or ""))

    def _late(self) -> None:
        self.offer(True)

    def _failed(self, error: Exception) -> None:
        self._say(str(error))

    def _say(self, text: str, proposed: str = "") -> None:
        self.proposed = proposed
        tell(self.steps, text)
        self.use.setVisible(bool(proposed))

    def _use(self) -> None:
        self.state.apply(parse_mixed(self.proposed), as_given=True)


def _steps(table: Table) -> list[str]:
    """The rows of ``estat simplify`` as sentences, behind them what they lead to."""
    out = []
    for row in table.rows[1:]:
        stat, df, p = (table.cell(row, key) for key in ("chi2", "df", "p"))
        test = ""
        if isinstance(stat, float) and isinstance(p, float):
            test = f": χ²({df}) = {stat:.2f}, p {p_value(p) if p_value(p)[0] in '<>' else f'= {p_value(p)}'}"
        out.append(f"{row.label}{test}")
    return [*out, *table.notes[1:]]
