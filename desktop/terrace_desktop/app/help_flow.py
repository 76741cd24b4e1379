"""The Help menu: pages, the list of commands, the log."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from PySide6.QtCore import QObject, QUrl, Signal
from PySide6.QtGui import QDesktopServices, QKeySequence
from PySide6.QtWidgets import QWidget

from terrace_desktop.ui import dialogs
from terrace_desktop.ui.action import Action
from terrace_desktop.ui.words import tr
from terrace_desktop.work import logs, session_port
from terrace_desktop.work.controller import Controller


class HelpFlow(QObject):
    """Shows what the Help menu offers."""

    told = Signal(str)  # a short message for the status bar

    def __init__(self, window: QWidget, controller: Controller) -> None:
        super().__init__(window)
        self.window = window
        self.controller = controller
        self.keys: Callable[[], list[tuple[str, str]]] = list  # of all actions, for the sheet

    def actions(self) -> list[Action]:
        """What the menu offers."""
        page, keys = self.show_page, QKeySequence.StandardKey.HelpContents
        return [
            Action("help", tr("&First steps"), partial(page, "first-steps"), keys),
            Action("help_builder", tr("The &model builder"), partial(page, "model-builder")),
            Action("help_choices", tr("Whic&h choice, and when"), partial(page, "choices")),
            Action("help_formats", tr("&What a file keeps"), partial(page, "formats")),
            Action("shortcuts", tr("&Keyboard"), partial(page, "keyboard"), "Ctrl+/"),
            Action("commands", tr("&Commands"), self.show_commands, enabled=lambda: self.controller.is_ready),
            Action("check", tr("Check th&is installation…"), self.show_check),
            Action("log", tr("Open the &log"), self.open_log),
            Action("licences", tr("Lic&ences"), self.show_licences),
            Action("about", tr("&About Terrace"), self.show_about),
        ]

    def show_page(self, name: str) -> None:
        """Show a help page."""
        from terrace.data.formats import programs
        from terrace.data.resources import resource_path

        text = resource_path("help", f"{name}.md").read_text(encoding="utf-8").replace("{data formats}", programs())
        text = text.replace("{keys}", "\n".join(f"| {keys} | {words} |" for keys, words in self.keys()))
        title = text.lstrip("# ").split("\n")[0]
        dialogs.PageDialog(self.window, f"help_{name}", title, text).show()

    def show_commands(self) -> None:
        """All commands, with their syntax."""
        dialogs.CommandsDialog(self.window, session_port.command_help()).show()

    def show_about(self) -> None:
        """Name, version, licence."""
        import terrace

        text = self.tr(
            "# Terrace {0}\n\nMultilevel (linear mixed-effects) models.\n\nBSD-3-Clause. The libraries that come "
            "with it have licences of their own: Help > Licences."
        )
        title = self.tr("About Terrace")
        dialogs.PageDialog(self.window, "about", title, text.format(terrace.__version__)).show()

    def show_check(self) -> None:
        """Try everything in a process of its own, and tell how it went."""
        from terrace_desktop.upkeep.check_page import CheckPage

        CheckPage(self.window).show()

    def show_licences(self) -> None:
        """The terms of all libraries, which are read beside the window: they are many files."""
        from terrace.libraries import third_party
        from terrace_desktop.ui.licences_dialog import LicencesDialog

        self.controller.call_view("licences", third_party, lambda text: LicencesDialog(self.window, text).show())

    def open_log(self) -> None:
        """Open the log file."""
        path = logs.log_path()
        if path.exists():
            QDesktopServices.openUrl(QUrl.fromLocalFile(str(path)))
        else:
            self.told.emit(self.tr("The log is empty."))
