"""Dialogs: files to open and to save, what to ask before something is written, an error, pages of help."""

from __future__ import annotations

import re
from html import escape
from pathlib import Path

from PySide6.QtCore import Qt, QUrl, Signal
from PySide6.QtGui import (
    QDesktopServices,
    QTextCharFormat,
    QTextCursor,
    QTextDocument,
    QTextFrameFormat,
    QTextTable,
    QTextTableCellFormat,
)
from PySide6.QtWidgets import (
    QDialog,
    QFileDialog,
    QHBoxLayout,
    QLineEdit,
    QPlainTextEdit,
    QTextBrowser,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from terrace.data import formats
from terrace_desktop.ui import theme
from terrace_desktop.ui.later import soon
from terrace_desktop.ui.room import for_text
from terrace_desktop.ui.widgets import button, label, named
from terrace_desktop.ui.words import tr

_LARGE = (860, 560)  # px of Qt's own dialog; that of a desktop has a size of its own
_last = {"folder": ""}  # where a file was chosen last in this run


def file_dialog(parent: QWidget, title: str, folder: str, filters: str) -> QFileDialog:
    """A dialog for a file: that of the desktop, or Qt's own where there is none. No folder is the one last used."""
    dialog = QFileDialog(parent, title, folder or _last["folder"] or str(Path.home()))
    named(dialog, "file_dialog", title)
    dialog.setOption(QFileDialog.Option.HideNameFilterDetails)  # the endings of forty formats are no name
    dialog.setNameFilters(filters.split(";;"))
    dialog.resize(*map(theme.px, _LARGE))
    return dialog


def _chosen(dialog: QFileDialog) -> list[str]:
    paths = dialog.selectedFiles() if dialog.exec() else []
    dialog.deleteLater()
    if paths:
        _last["folder"] = str(Path(paths[0]).parent)
    return paths


def ask_open(parent: QWidget, title: str, folder: str, filters: str) -> str:
    """A file to open; empty where the user thought better of it."""
    dialog = file_dialog(parent, title, folder, filters)
    dialog.setFileMode(QFileDialog.FileMode.ExistingFile)
    return next(iter(_chosen(dialog)), "")


def ask_several(parent: QWidget, title: str, folder: str, filters: str) -> list[str]:
    """Files to open; none where the user thought better of it."""
    dialog = file_dialog(parent, title, folder, filters)
    dialog.setFileMode(QFileDialog.FileMode.ExistingFiles)
    return _chosen(dialog)


def ask_data(parent: QWidget, title: str, folder: str) -> str:
    """A file of data to open, of any format that is read; empty where the user thought better of it."""
    data, every = tr("Data files"), tr("All files")
    return ask_open(parent, title, folder, f"{data} ({formats.filter_of(formats.BY_ENDING)});;{every} (*)")


def ask_works(parent: QWidget, title: str, folder: str) -> list[str]:
    """A project, or one or more files of data to open; none where the user thought better of it."""
    both, projects, data, every = tr("Projects and data"), tr("Terrace projects"), tr("Data files"), tr("All files")
    endings = formats.filter_of(formats.BY_ENDING)
    kinds = (f"{both} (*.terrace {endings})", f"{projects} (*.terrace)", f"{data} ({endings})", f"{every} (*)")
    return ask_several(parent, title, folder, ";;".join(kinds))


def ask_save(parent: QWidget, title: str, suggestion: str, filters: str) -> str:
    """Where to save; empty where the user thought better of it."""
    dialog = file_dialog(parent, title, str(Path(suggestion).parent), filters)
    dialog.setAcceptMode(QFileDialog.AcceptMode.AcceptSave)
    dialog.selectFile(Path(suggestion).name)
    return next(iter(_chosen(dialog)), "")


class SmallDialog(QDialog):
    """A titled column of content over a row with Cancel and the button that does it."""

    def __init__(self, parent: QWidget | None, object_name: str, title: str, do_it: str) -> None:
        super().__init__(parent)
        named(self, object_name, title)
        self.setWindowTitle(title)
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.setMinimumWidth(420)
        outer = QVBoxLayout(self)
        outer.setContentsMargins(24, 20, 24, 20)
        outer.setSpacing(12)
        outer.addWidget(label(title, "title"))
        self.content = QVBoxLayout()
        self.content.setSpacing(8)
        outer.addLayout(self.content, 1)
        self.buttons = row = QHBoxLayout()
        row.addStretch(1)
        self.cancel_button = button(self.tr("Cancel"), object_name + "_cancel", self.reject)
        self.ok_button = button(do_it, object_name + "_ok", self.accept, variant="primary")
        self.ok_button.setDefault(True)
        row.addWidget(self.cancel_button)
        row.addWidget(self.ok_button)
        outer.addLayout(row)


class ChangedDialog(SmallDialog):
    """Before a file is replaced that another program has changed since it was opened."""

    def __init__(self, parent: QWidget | None, name: str) -> None:
        super().__init__(parent, "changed_dialog", tr("Replace the file?"), tr("Replace"))
        told = self.tr("{0} has been changed by another program since it was opened. Its changes would be lost.")
        self.content.addWidget(label(told.format(name), wrap=True))


class WritesDialog(SmallDialog):
    """Before commands run that touch files: which, line by line. They can run without what touches files, too."""

    without = Signal()

    def _list(self, told: str, lines: list[str]) -> None:
        self.setMinimumWidth(560)
        self.content.addWidget(label(told, wrap=True))
        shown = named(QPlainTextEdit("\n".join(lines)), f"{self.objectName()}_lines", self.tr("What it would do"))
        shown.setReadOnly(True)
        shown.setProperty("mono", True)
        shown.setMinimumHeight(140)
        self.content.addWidget(shown)
        text = tr("Run without writing")
        self.without_button = button(text, f"{self.objectName()}_without", self._without)
        self.buttons.insertWidget(self.buttons.indexOf(self.cancel_button), self.without_button)
        self.ok_button.setDefault(False)

    def _without(self) -> None:
        self.reject()
        self.without.emit()


class TrustDialog(WritesDialog):
    """Before a do-file runs: what it would do outside of its folder, line by line."""

    def __init__(self, parent: QWidget | None, file: str, lines: list[str]) -> None:
        super().__init__(parent, "trust_dialog", tr("Run this do-file?"), tr("Run"))
        told = self.tr("{0} writes outside its folder, or may do so. Run it only if you trust it.")
        self._list(told.format(file), lines)
        self.cancel_button.setDefault(True)


class ReplayDialog(WritesDialog):
    """Before the history runs again: the files that it wrote, which may have been edited since."""

    def __init__(self, parent: QWidget | None, lines: list[str]) -> None:
        super().__init__(parent, "replay_dialog", tr("Run the history again?"), tr("Write the files too"))
        told = self.tr("It wrote these files. Writing them again discards any changes made since.")
        self._list(told, lines)
        self.without_button.setDefault(True)


class FailureDialog(SmallDialog):
    """An unforeseen error: what it was, and a report and the log for whoever mends it."""

    report_asked = Signal()

    def __init__(self, parent: QWidget | None, summary: str, details: str, log_file: Path) -> None:
        super().__init__(parent, "failure_dialog", tr("Something went wrong"), tr("Continue"))
        self.setMinimumWidth(560)
        told = self.tr(
            "This is a fault in Terrace, not your mistake. Your data and results are still here. "
            "The log has the details."
        )
        self.content.addWidget(label(told, wrap=True))
        self.content.addWidget(label(summary, "mono", wrap=True, selectable=True))
        self._details = named(QPlainTextEdit(details), "failure_details", self.tr("Details"))
        self._details.setReadOnly(True)
        self._details.setProperty("mono", True)
        self._details.setMinimumHeight(180)
        self._details.hide()
        self.content.addWidget(self._details)
        row = QHBoxLayout()
        row.addWidget(button(self.tr("Details"), "failure_show", self._details.show, variant="link"))
        row.addWidget(button(self.tr("Report…"), "failure_report", self.report_asked.emit, variant="link"))
        row.addWidget(
            button(
                self.tr("Open the log"),
                "failure_log",
                lambda: QDesktopServices.openUrl(QUrl.fromLocalFile(str(log_file))),
                variant="link",
            )
        )
        row.addStretch(1)
        self.content.addLayout(row)
        self.cancel_button.hide()


class PageDialog(QDialog):
    """A page of text: help, shortcuts, about. It opens at the part under the heading `at`, where one is named."""

    def __init__(self, parent: QWidget | None, object_name: str, title: str, markdown: str, at: str = "") -> None:
        super().__init__(parent)
        named(self, object_name, title)
        self.setWindowTitle(title)
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.setProperty("surface", "panel")
        self.resize(*for_text(640, 600))
        page = named(QTextBrowser(), object_name + "_text", title)
        page.document().setDefaultFont(theme.text_font())
        page.document().setDocumentMargin(24)
        page.setOpenExternalLinks(True)
        page.setMarkdown(markdown)
        loosen(page.document())
        self._page = page
        self._rule()
        theme.manager().changed.connect(self._rule)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 16)
        column.addWidget(page, 1)
        row = QHBoxLayout()
        row.setContentsMargins(24, 0, 24, 0)
        row.addStretch(1)
        close = button(self.tr("Close"), object_name + "_close", self.accept)
        row.addWidget(close)
        column.addLayout(row)
        close.setFocus()
        if at:
            soon(self, lambda: self.go_to(at))  # once it is laid out

    def go_to(self, heading: str) -> None:
        """Put the part under a heading at the top."""
        block = self._page.document().begin()
        while block.isValid():
            if block.blockFormat().headingLevel() and block.text().strip() == heading:
                self._page.setTextCursor(QTextCursor(block))
                top = self._page.document().documentLayout().blockBoundingRect(block).top()
                self._page.verticalScrollBar().setValue(int(top))
                return
            block = block.next()

    def _rule(self) -> None:
        """Tables with the three rules of those of the results, in the colours of the theme."""
        rule_tables(self._page.document())


class CommandsDialog(QDialog):
    """All commands with their syntax, found by any of their words."""

    def __init__(self, parent: QWidget | None, commands: list[tuple[str, str, str]]) -> None:
        super().__init__(parent)
        title = tr("Commands")
        named(self, "commands_dialog", title)
        self.setWindowTitle(title)
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.setProperty("surface", "panel")
        self.resize(*for_text(720, 640))
        self._commands = commands
        self.search = named(QLineEdit(), "commands_search", self.tr("Search"))
        self.search.setPlaceholderText(self.tr("Search: a command, or what it does"))
        self.search.setClearButtonEnabled(True)
        for b in self.search.findChildren(QToolButton):
            named(b, "commands_search_clear", self.tr("Clear"))
        self._page = named(QTextBrowser(), "commands_text", title)
        self._page.document().setDefaultFont(theme.text_font())
        self._page.document().setDocumentMargin(0)
        self.search.textChanged.connect(self._fill)
        column = QVBoxLayout(self)
        column.setContentsMargins(24, 20, 8, 16)
        column.setSpacing(12)
        top = QHBoxLayout()
        top.setContentsMargins(0, 0, 16, 0)
        top.addWidget(self.search)
        column.addLayout(top)
        column.addWidget(self._page, 1)
        self._fill("")

    def text(self) -> str:
        """The page as plain text."""
        return self._page.toPlainText()

    def _fill(self, typed: str) -> None:
        words = typed.lower().split()
        begin = [re.compile(rf"(?<![a-z]){re.escape(w)}") for w in words]  # egen is no legend
        shown = [c for c in self._commands if all(b.search(" ".join(c).lower()) for b in begin)]
        mono = ", ".join(f"'{family}'" for family in theme.MONO)
        muted = theme.colour("muted").name()
        parts = [
            f'<p style="margin:0 0 2px 0;"><b>{escape(name)}</b></p>'
            f'<p style="margin:0 0 2px 0;font-family:{mono};font-size:{theme.px(theme.SMALL)}px;">{escape(syntax)}</p>'
            f'<p style="margin:0 16px 14px 0;color:{muted};">{escape(purpose)}</p>'
            for name, syntax, purpose in shown
        ]
        self._page.setHtml("".join(parts) or escape(self.tr("No command found.")))


def loosen(document: QTextDocument) -> None:
    """Room between paragraphs, which Qt's markdown does not leave; the title in the size of the interface."""
    cursor = QTextCursor(document)
    block = document.begin()
    while block.isValid():
        cursor.setPosition(block.position())
        form = block.blockFormat()
        inside_table = cursor.currentTable() is not None
        form.setBottomMargin(2 if inside_table else 10)
        form.setTopMargin(2 if inside_table else 0)
        cursor.setBlockFormat(form)
        if form.headingLevel():
            cursor.select(QTextCursor.SelectionType.BlockUnderCursor)
            letters = QTextCharFormat()
            letters.setFont(theme.text_font(18, bold=True))
            cursor.mergeCharFormat(letters)
        block = block.next()


def rule_tables(document: QTextDocument) -> None:
    """Draw tables as in a journal: a rule over and under the head and one under the last row, no boxes."""
    line, ink = theme.colour("line"), theme.colour("ink")
    none, solid = QTextFrameFormat.BorderStyle.BorderStyle_None, QTextFrameFormat.BorderStyle.BorderStyle_Solid
    for frame in document.rootFrame().childFrames():
        if not isinstance(frame, QTextTable):
            continue
        form = frame.format().toTableFormat()
        form.setBorder(0)
        form.setBorderCollapse(True)
        form.setCellPadding(0)
        form.setCellSpacing(0)
        form.setTopMargin(6)  # a paragraph leaves none before a table
        form.setBottomMargin(10)
        frame.setFormat(form)
        for row in range(frame.rows()):
            for column in range(frame.columns()):
                cell = frame.cellAt(row, column)
                look = QTextTableCellFormat(cell.format().toTableCellFormat())
                look.setPadding(4)
                look.setLeftPadding(0 if column == 0 else 12)
                top, bottom = row == 0, row in (0, frame.rows() - 1)
                look.setTopBorderStyle(solid if top else none)
                look.setTopBorder(1 if top else 0)
                look.setTopBorderBrush(ink)
                look.setBottomBorderStyle(solid)
                look.setBottomBorder(1)
                look.setBottomBorderBrush(ink if bottom else line)
                cell.setFormat(look)
