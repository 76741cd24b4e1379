"""The strip over the workspace that tells what the user has to know of the project, until it is dismissed."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from PySide6.QtWidgets import QVBoxLayout, QWidget

from terrace_desktop.ui.widgets import Notice, clear_layout, named


class Notices(QWidget):
    """One notice at a time a subject; hidden while there is none."""

    def __init__(self) -> None:
        super().__init__()
        named(self, "project_notices", self.tr("About the project"))
        self._column = QVBoxLayout(self)
        self._column.setContentsMargins(16, 8, 16, 8)
        self._column.setSpacing(6)
        self._shown: dict[str, Notice] = {}
        self.hide()

    def put(
        self, subject: str, message: str, *, kind: str = "notice", advice: str = "",
        buttons: Sequence[tuple[str, str, Callable[[], object]]] = (),
    ) -> Notice:  # fmt: skip
        """Show a message in place of the one of the same subject; `buttons` are words, object name and what they do."""
        self.dismiss(subject)
        notice = Notice(message, kind=kind, advice=advice)
        for words, name, do in buttons:
            notice.add_button(words, name, do)
        notice.add_button(self.tr("Dismiss"), f"{subject}_dismiss", lambda: self.dismiss(subject))
        self._shown[subject] = notice
        self._column.addWidget(notice)
        self.show()
        return notice

    def dismiss(self, subject: str) -> None:
        """Take the message of a subject away."""
        notice = self._shown.pop(subject, None)
        if notice is not None:
            self._column.removeWidget(notice)
            notice.hide()
            notice.deleteLater()
        self.setVisible(bool(self._shown))

    def clear(self) -> None:
        """Take all away."""
        self._shown.clear()
        clear_layout(self._column)
        self.hide()

    def message(self, subject: str) -> str:
        """What is told of a subject; empty where nothing is."""
        notice = self._shown.get(subject)
        return "" if notice is None else notice.message.text()
