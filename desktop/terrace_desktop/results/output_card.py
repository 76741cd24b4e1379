"""The card of a command that is not a model, and of one that failed."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from PySide6.QtCore import QCoreApplication, Signal
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QWidget

from terrace.session.document.titles import TITLES
from terrace_desktop.results.browser import GrowingBrowser
from terrace_desktop.results.card import Card
from terrace_desktop.results.clipboard import tables_mime
from terrace_desktop.results.segments import Segments
from terrace_desktop.ui import theme
from terrace_desktop.ui.widgets import Notice, named
from terrace_desktop.ui.words import marked, tr
from terrace_desktop.work.history import duration
from terrace_desktop.work.ml_test import REFUSED

if TYPE_CHECKING:
    from terrace.results.plot import Plot
    from terrace.results.table import Table
    from terrace.session.contract import Outcome
    from terrace_desktop.work.history import Entry


MOST = 88  # characters of a command beside an error


def pointed(outcome: Outcome) -> str:
    """The command with a caret line under the place that an error is about; empty where it has none.

    Of a long line the part around the place is shown.
    """
    if outcome.error_at is None:
        return ""
    start, end = outcome.error_at
    line_start = outcome.command.rfind("\n", 0, start) + 1
    line = outcome.command[line_start:].split("\n")[0]
    at, width = start - line_start, max(1, min(end - start, MOST // 2))
    if len(line) > MOST:
        first = max(0, min(at - MOST // 3, len(line) - MOST))
        cut = line[first : first + MOST]
        head, tail = ("…" if first else ""), ("…" if first + MOST < len(line) else "")
        line, at = head + cut + tail, at - first + len(head)
    return f"{line}\n{' ' * at}{'^' * width}"


def mended(outcome: Outcome) -> tuple[str, str]:
    """The word to write for what an error is about, and the command with it; empty without one."""
    word = outcome.error_instead
    if not word.isidentifier() or outcome.error_at is None:
        return "", ""
    start, end = outcome.error_at
    if not outcome.command[start:end].isidentifier():
        return "", ""
    return word, outcome.command[:start] + word + outcome.command[end:]


def joined_html(tables: list[Table], colours: str, numbered: bool = False) -> str:
    """Tables one under the other as one piece of HTML.

    Titles are set here: Qt drops the margin between a paragraph and the table after it, so a thin line
    of its own stands for it.
    """
    from html import escape

    from terrace.report.html.html import table_html

    def space(px: int) -> str:
        return f'<p style="margin:0;font-size:{px}px;line-height:100%;">&nbsp;</p>'

    out = []
    for i, table in enumerate(tables):
        title = tr("Table {0}. {1}").format(i + 1, table.title) if numbered else table.title
        if i:
            out.append(space(10))
        if title:
            out.append(f'<p style="font-weight:600;margin:0;">{escape(title)}</p>{space(4)}')
        out.append(table_html(table, colours, title=False))
    return "".join(out)


class OutputCard(Card):
    """Tables (or text) of a command; on an error the message, the place and what to do."""

    edit_asked = Signal(str)
    export_plot_asked = Signal(object, str)
    rows_selected = Signal(object)
    log_asked = Signal()
    run_asked = Signal(str)  # a command
    ml_asked = Signal(str)  # a likelihood-ratio test that needs fits by ML

    def __init__(self, entry: Entry, outcome: Outcome, title: str = "") -> None:
        shown = "" if outcome.error_at is not None else outcome.command
        if not title and len(outcome.tables) == 1:
            title = outcome.tables[0].title  # the head says it, so the table need not
        if not title and not outcome.tables and len(outcome.plots) == 1:
            title = outcome.plots[0].title
        if not title:
            words = TITLES.get(outcome.type)
            title = marked("OutputCard", words) if words else outcome.type or entry.command
        if outcome.error is not None and outcome.line is not None:
            title = QCoreApplication.translate("OutputCard", "{0}, line {1}").format(title, outcome.line)
        super().__init__(f"output_{entry.id}", title, shown)
        self.entry = entry
        self.outcome = outcome
        self._browser: GrowingBrowser | None = None
        if outcome.error is not None:
            self._show_error(outcome)
        else:
            self._show_output(outcome)
        self.menu.addAction(self.tr("Copy command"), self.copy_command)
        self.menu.addAction(self.tr("Edit in the command bar"), lambda: self.edit_asked.emit(outcome.command))
        self.finish_menu()
        theme.manager().changed.connect(self._render)

    def copy_tables(self) -> None:
        """Copy the tables, or the text where there are none."""
        if self.outcome.tables:
            QGuiApplication.clipboard().setMimeData(tables_mime(self.outcome.tables))
        else:
            self.copy_text()

    def copy_text(self) -> None:
        """Copy the plain text."""
        QGuiApplication.clipboard().setText(self.outcome.text)

    def copy_command(self) -> None:
        """Copy the command."""
        QGuiApplication.clipboard().setText(self.outcome.command)

    def _show_error(self, outcome: Outcome) -> None:
        assert outcome.error is not None
        self.set_pill(self.tr("failed"), "bad")
        strip = Notice(outcome.error[1], kind="error", advice=outcome.error_advice, code=pointed(outcome))
        word, command = mended(outcome)
        if word:
            strip.add_button(self.tr("Use {0}").format(word), "error_mend", lambda: self.run_asked.emit(command))
        if outcome.type == "lrtest" and outcome.error[0] in REFUSED:
            strip.add_button(
                self.tr("Refit both by ML and test"), "error_by_ml", lambda: self.ml_asked.emit(outcome.command)
            )
        strip.add_button(
            self.tr("Edit the command"), "error_edit", lambda: self.edit_asked.emit(outcome.command)
        )
        if outcome.error[0] == "internal":
            strip.add_button(self.tr("Open the log"), "error_log", self.log_asked.emit)
        strip.add_button(self.tr("Dismiss"), "error_dismiss", self.delete_asked.emit)
        self.strips.addWidget(strip)
        self.body_widget.hide()

    def _show_output(self, outcome: Outcome) -> None:
        for warning in outcome.warnings:
            self.strips.addWidget(Notice(warning))
        told = outcome.text.strip()
        drawn = bool(outcome.plots) and not outcome.tables  # the plot says what the text says
        if outcome.tables or (told and not drawn):
            self._browser = named(
                GrowingBrowser(), "output_text", self.tr("Output of {0}").format(self.title)
            )
            self._browser.copy_asked.connect(self.copy_tables)
            self._browser.setAccessibleDescription(outcome.text)
            self.body.addWidget(self._browser)
        if outcome.tables and outcome.text.strip():
            self._view = Segments(
                "output_view", self.tr("View"), [("tables", self.tr("Tables")), ("text", self.tr("Text"))]
            )
            self._view.chosen.connect(lambda _k: self._render())
            self.add_beside_command(self._view)
        if self._browser is not None:
            self.add_action(self.tr("Copy"), "output_copy", self.copy_tables)
        if outcome.elapsed >= 1:
            self.set_pill(duration(outcome.elapsed))
        for plot in outcome.plots:
            shown = self._plot(plot)
            if drawn:
                shown.setAccessibleDescription(told)
            self.body.addWidget(shown)
        self._render()

    def _plot(self, plot: Plot) -> QWidget:
        from terrace_desktop.plots.cards import LargePlot

        large = LargePlot(plot, closable=False, inside=self.title)
        large.export_asked.connect(self.export_plot_asked)
        large.rows_selected.connect(self.rows_selected)
        return large

    def _render(self) -> None:
        if self._browser is None:
            return
        prose = self.outcome.payload.get("prose")
        if prose:  # a paragraph, which wraps as text does
            self._browser.show_html(f'<p style="margin:0;line-height:140%;">{prose}</p>')
            return
        as_text = not self.outcome.tables or (hasattr(self, "_view") and self._view.value() == "text")
        if as_text:
            self._browser.show_plain(self.outcome.text.strip("\n"))
        else:
            tables = [replace(t, title="" if t.title == self.title else t.title) for t in self.outcome.tables]
            self._browser.show_html(joined_html(tables, theme.manager().theme.name))
