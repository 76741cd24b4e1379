"""The card of a command that is not a model: its tables, figures or text, and notes on data that were opened."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QMenu, QVBoxLayout, QWidget

from terrace_desktop.results import face
from terrace_desktop.results.browser import GrowingBrowser
from terrace_desktop.results.card import LINE, Card, Setting
from terrace_desktop.results.clipboard import tables_mime
from terrace_desktop.results.command_box import command_box
from terrace_desktop.ui.widgets import Notice, button, named
from terrace_desktop.ui.words import marked
from terrace_desktop.work.history import duration

if TYPE_CHECKING:
    from terrace.results.plot import Plot
    from terrace.results.table import Table
    from terrace.session.contract import Outcome
    from terrace.session.document.items import Item
    from terrace_desktop.plots.cards import LargePlot

PICTURE = 320  # px of a figure that has not been drawn yet


class OutputCard(Card):
    """Tables (or text) and figures of a command."""

    edit_asked = Signal(str)  # a command, for the command bar
    use_asked = Signal(str)  # a model that is proposed, for the builder
    run_asked = Signal(str)  # a command that goes on from this one
    export_plot_asked = Signal(object, str)
    figure_asked = Signal(int)  # which of its figures is to be edited
    save_code_asked = Signal(object)  # what `code` gives
    rows_selected = Signal(object)

    def __init__(self, item: Item, setting: Setting) -> None:
        assert item.outcome is not None
        self._browser: GrowingBrowser | None = None
        self._opened = False
        self.figures: list[LargePlot] = []
        super().__init__(item, setting)

    @property
    def outcome(self) -> Outcome:
        """What the command gave."""
        assert self.item.outcome is not None
        return self.item.outcome

    @property
    def title(self) -> str:
        """Its title; the program's own in the user's language."""
        return self.item.title or marked("OutputCard", self.item.automatic)

    @property
    def browser(self) -> GrowingBrowser | None:
        """The tables or the text on screen; None where a figure says it all."""
        self.wake()
        return self._browser

    def tables(self) -> tuple[Table, ...]:
        """The tables as they are shown."""
        return tuple(face.dressed(t, self.setting.look) for t in self.outcome.tables)

    def plots(self) -> tuple[Plot, ...]:
        """The figures as they are shown."""
        from terrace.session.document.figures import plots_of

        return plots_of(self.item, self.setting.figure_style)

    def estimate(self) -> int:
        height = self.gap + LINE
        if self.folded:
            return height
        outcome = self.outcome
        for table in outcome.tables:
            height += LINE * (len(table.rows) + 2 + len(table.notes))
        if not outcome.tables and not outcome.plots:
            height += 16 * (outcome.text.count("\n") + 2)
        return height + PICTURE * len(outcome.plots) + LINE

    # --- contents -----------------------------------------------------------------------------------
    def build(self, column: QVBoxLayout) -> None:
        outcome, setting = self.outcome, self.setting
        alone = self._alone()
        copy = self.sign("copy", "output_copy", self.tr("Copy {0}"), self.copy_tables)
        if self.folded or alone is None:
            column.addLayout(self.head("model", copy))
        elif alone == "table":
            html = face.caption(setting.numbers.table, self.title, setting.look.style)
            column.addLayout(self.caption_head(html, copy))
        else:
            html = face.figure_caption(setting.numbers.figure, self.title, setting.look.style)
            column.addLayout(self.caption_head(html, self._pencil(0)))
        if self.folded:
            return
        for warning in outcome.warnings:
            column.addWidget(Notice(warning))
        if again := str(outcome.payload.get("by_ml") or ""):
            column.addWidget(self._by_ml(again))
        if outcome.tables or (outcome.text.strip() and not outcome.plots):
            self._add_browser(column)
        for i, plot in enumerate(self.plots()):
            shown = self._figure(plot, i, alone == "figure")
            if not outcome.tables:
                shown.setAccessibleDescription(outcome.text.strip())
            column.addWidget(shown)
        proposed = str(outcome.payload.get("proposed") or "")
        if proposed:
            use = button(
                self.tr("Use this model"), "output_use", lambda: self.use_asked.emit(proposed),
                tip=self.tr("Open it in the builder, where it can be kept"),
            )  # fmt: skip
            column.addWidget(use, 0, Qt.AlignmentFlag.AlignLeft)
        if self._opened:
            column.addWidget(command_box(outcome.command, self._facts(), self.copy_command))

    def redress(self) -> None:
        if self._browser is not None:
            self._fill(self._browser)

    def _by_ml(self, command: str) -> Notice:
        """REML was used for models whose likelihoods it cannot compare."""
        told = self.tr("AIC, BIC and likelihood-ratio tests of these models need maximum likelihood.")
        out = Notice(told, kind="info", advice=self.tr("The models themselves stay as they are."))
        out.add_button(self.tr("Compare by maximum likelihood"), "output_by_ml", lambda: self.run_asked.emit(command))
        return out

    def dropped(self) -> None:
        self._browser = None
        self.figures = []

    def _alone(self) -> str | None:
        """``table`` or ``figure`` where one of them is all there is: its caption is the heading then."""
        outcome = self.outcome
        if self.setting.view == "tables" and len(outcome.tables) == 1 and not outcome.plots and self._prose() == "":
            return "table"
        return "figure" if len(outcome.plots) == 1 and not outcome.tables else None

    def _prose(self) -> str:
        return str(self.outcome.payload.get("prose") or "")

    def _add_browser(self, column: QVBoxLayout) -> None:
        self._browser = named(GrowingBrowser(), "output_text", self.tr("Output of {0}").format(self.title))
        self._browser.copy_asked.connect(self.copy_tables)
        self._browser.setAccessibleDescription(self.outcome.text)
        self._browser.resize(self.width(), LINE)
        column.addWidget(self._browser)
        self._fill(self._browser)

    def _fill(self, browser: GrowingBrowser) -> None:
        prose, lines, bare = self._prose(), self._lines(), self._alone() == "table"
        if prose or lines:  # text for people, which wraps
            from html import escape

            words = prose or "<br>".join(escape(line) for line in lines)
            browser.show_html(f'<p style="margin:0;line-height:140%;">{words}</p>')
        elif self.outcome.tables and self.setting.view == "tables":
            first, look = self.setting.numbers.table, self.setting.look
            tables = [replace(t, title=t.title or self.title) for t in self.outcome.tables]
            browser.show_html(
                face.tables_html(tables, first, look, bare=bare),
                face.tables_html(tables, first, look, bare=bare, narrow=True),
            )
        else:
            browser.show_plain(self.outcome.text.strip("\n"))

    def _lines(self) -> Sequence[str]:
        """What there is to say of data that were opened: what their reader noted, else what they are."""
        if self.item.kind != "data":
            return ()
        notes = () if self.item.data is None else self.item.data.notes
        return notes or ([] if self.outcome.tables else self.outcome.text.strip().splitlines())

    def _figure(self, plot: Plot, at: int, alone: bool) -> QWidget:
        from terrace_desktop.plots.cards import LargePlot

        caption = ""
        if not alone:
            numbers, style = self.setting.numbers, self.setting.look.style
            caption = face.figure_caption(numbers.figure + at, plot.title, style)
        tools = () if alone else (self._pencil(at),)
        large = LargePlot(plot, closable=False, caption=caption, framed=False, tools=tools, more=self.report_menu)
        large.edit_asked.connect(lambda: self.figure_asked.emit(at))
        large.export_asked.connect(self.export_plot_asked)
        large.rows_selected.connect(self.rows_selected)
        self.figures.append(large)
        return large

    def _pencil(self, at: int) -> QWidget:
        words = self.tr("Edit figure {0}").format(self.setting.numbers.figure + at)
        return self.sign("edit", "figure_edit", words, lambda: self.figure_asked.emit(at))

    def refilled(self, item: Item, setting: Setting) -> bool:
        """A figure that nobody sees, since it is being edited in its place, is drawn when it is seen again."""
        only_looks = item.outcome is self.item.outcome and (item.figures, setting.figure_style) != (
            self.item.figures, self.setting.figure_style)  # fmt: skip
        if only_looks and self.outcome.plots and not self.isVisible():
            self.sleep()
            return True
        return False

    # --- actions ------------------------------------------------------------------------------------
    def fill_menu(self, menu: QMenu) -> None:
        if self.outcome.tables:
            menu.addAction(self.tr("Copy tables"), self.copy_tables)
        for i, plot in enumerate(self.plots()):
            self._plot_menu(menu, plot, i)
        if self.code is None:
            menu.addAction(self.tr("Copy text"), self.copy_text)
        else:
            menu.addAction(self.tr("Copy code"), self.copy_text)
            save = menu.addAction(self.tr("Save code…"), lambda: self.save_code_asked.emit(self.code))
            save.setObjectName("output_save_code")
        menu.addSeparator()
        details = menu.addAction(self.tr("Command and details"))
        details.setCheckable(True)
        details.setChecked(self._opened)
        details.triggered.connect(self.show_details)
        menu.addAction(self.tr("Copy command"), self.copy_command)
        menu.addAction(self.tr("Edit in the command bar"), lambda: self.edit_asked.emit(self.outcome.command))
        if self.outcome.tables:
            menu.addSeparator()
            self.looks_menu(menu)

    def show_details(self, shown: bool) -> None:
        """Show the command under the result, or not."""
        self._opened = shown
        self.rebuild()

    def _facts(self) -> str:
        from terrace.version import __version__

        return self.tr("{0}. Terrace {1}.").format(duration(self.outcome.elapsed), __version__)

    def _plot_menu(self, menu: QMenu, plot: Plot, at: int) -> None:
        several = len(self.outcome.plots) > 1
        into = menu if not several else menu.addMenu(plot.title or self.tr("Figure {0}").format(at + 1))
        self.wake()
        if at < len(self.figures):
            self.figures[at].fill_menu(into)

    @property
    def code(self) -> dict[str, str] | None:
        """What `code` wrote: the code, its language, the ending of its files and the model; None for other commands."""
        found = self.outcome.payload
        return found if self.outcome.type == "code" and "saving(" not in self.outcome.command else None

    def copy_tables(self) -> None:
        """Copy the tables, or the text where there are none."""
        if self.outcome.tables:
            QGuiApplication.clipboard().setMimeData(tables_mime(self.tables()))
        elif self.outcome.plots:
            self.wake()
            self.figures[0].copy_image()
        else:
            self.copy_text()

    def copy_text(self) -> None:
        """Copy the plain text."""
        QGuiApplication.clipboard().setText(self.outcome.text)

    def copy_command(self) -> None:
        """Copy the command."""
        QGuiApplication.clipboard().setText(self.outcome.command)


