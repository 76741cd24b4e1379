"""The report of a crash or of an error, to be read, and then copied, saved or mailed by the user. Nothing is sent."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from urllib.parse import quote

from PySide6.QtCore import Qt, QUrl
from PySide6.QtGui import QDesktopServices, QGuiApplication
from PySide6.QtWidgets import QCheckBox, QDialog, QHBoxLayout, QLineEdit, QPlainTextEdit, QVBoxLayout, QWidget

from terrace_desktop.ui import dialogs
from terrace_desktop.ui.room import for_text
from terrace_desktop.ui.widgets import button, label, named, tell
from terrace_desktop.ui.words import in_words
from terrace_desktop.upkeep.crash_text import Crash, crash_text
from terrace_desktop.upkeep.installation import installation

LONGEST_MAIL = 1500  # characters in the address that opens a mail: Windows cuts what is much longer


def mail_address(to: str, subject: str, report: str, pasted: str) -> str:
    """The address that opens a mail with the report; one that is too long is to be pasted, as `pasted` says."""
    body = report if len(quote(report)) <= LONGEST_MAIL else pasted
    return f"mailto:{quote(to, safe='@')}?subject={quote(subject)}&body={quote(body)}"


class CrashPage(QDialog):
    """`known` are the commands with their syntax, by which names are told from the words of the language."""

    def __init__(self, parent: QWidget | None, found: Crash, known: Mapping[str, str]) -> None:
        super().__init__(parent)
        title = self.tr("What happened")
        named(self, "crash_page", title)
        self.setWindowTitle(title)
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.setProperty("surface", "panel")
        self.resize(*for_text(760, 620))
        self._found, self._known = found, known
        self._mail = installation().mail
        column = QVBoxLayout(self)
        column.setContentsMargins(24, 20, 24, 16)
        column.setSpacing(10)
        column.addWidget(label(title, "title"))
        intro = self.tr("This report helps to mend the fault. It has none of your data, and nothing is sent unless you "
                        "send it.")  # fmt: skip
        column.addWidget(label(intro, "muted", wrap=True))
        doing = label(self.tr("What you were doing (optional)"))
        self.doing = named(QLineEdit(), "crash_doing", doing.text())
        doing.setBuddy(self.doing)
        self.doing.textChanged.connect(self._show)
        column.addWidget(doing)
        column.addWidget(self.doing)
        words = self.tr("Include the names of variables")
        self.names = named(QCheckBox(words), "crash_names", words)
        self.names.toggled.connect(self._show)
        column.addWidget(self.names)
        self.text = named(QPlainTextEdit(), "crash_text", self.tr("The report"))
        self.text.setReadOnly(True)
        self.text.setProperty("mono", True)
        column.addWidget(self.text, 1)
        self.told = named(label("", "muted", wrap=True), "crash_told", "")
        self.told.hide()
        column.addWidget(self.told)
        row = QHBoxLayout()
        row.addWidget(button(self.tr("Copy"), "crash_copy", self.copy))
        row.addWidget(button(self.tr("Save as…"), "crash_save", self.save))
        self.mail_button = button(self.tr("Write mail…"), "crash_mail", self.write_mail)
        self.mail_button.setVisible(bool(self._mail))
        row.addWidget(self.mail_button)
        row.addStretch(1)
        close = button(self.tr("Close"), "crash_close", self.accept)
        row.addWidget(close)
        column.addLayout(row)
        self._show()
        close.setFocus()

    def report(self) -> str:
        """The report as it stands."""
        return self.text.toPlainText()

    def _show(self) -> None:
        place = self.text.verticalScrollBar().value()
        shown = crash_text(self._found, self._known, names=self.names.isChecked(), doing=self.doing.text())
        self.text.setPlainText(shown)
        self.text.verticalScrollBar().setValue(place)

    def copy(self) -> None:
        """Copy the report."""
        QGuiApplication.clipboard().setText(self.report())
        tell(self.told, self.tr("The report is on the clipboard."))

    def save(self) -> None:
        """Save the report as a text file."""
        from terrace.disk.writing import write_text
        from terrace.errors import TerraceError

        suggestion = str(Path.home() / "terrace-report.txt")
        path = dialogs.ask_save(self, self.tr("Save the report"), suggestion, self.tr("Text (*.txt)"))
        if not path:
            return
        try:
            write_text(path, self.report())
        except TerraceError as error:
            tell(self.told, in_words(error))
        else:
            tell(self.told, self.tr("{0} written").format(Path(path).name))

    def write_mail(self) -> None:
        """Open a mail with the report in the user's own program for mail; it is on the clipboard, too."""
        self.copy()
        pasted = self.tr("Paste the report here: it is on the clipboard.")
        address = mail_address(self._mail, self.tr("Terrace report"), self.report(), pasted)
        if QDesktopServices.openUrl(QUrl(address)):
            tell(self.told, self.tr("Your mail program has opened. If the mail is empty, paste the report into it."))
        else:
            tell(self.told, self.tr("No mail program opened. Mail the report to {0}: it is on the "
                                    "clipboard.").format(self._mail))  # fmt: skip
