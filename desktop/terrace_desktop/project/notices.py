"""The strip over the workspace that tells what the user has to know of the project, until it is dismissed."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from PySide6.QtWidgets import QVBoxLayout, QWidget

from terrace_desktop.ui.widgets import Notice, named


class Notices(QWidget):
    """One notice at a time a subject; hidden while there is none."""

    def __init__(self) -> None:
        super().__init__()
        named(self, "project_notices", self.tr("About the project"))
        self._column = QVBoxLayout(self)
        self._column.setContentsMargins(16, 8, 16, 8)
        self._column.setSpacing(6)
        self._shown: dict[str, Notice] = {}
        self._lasting: set[str] = set()  # subjects that are not about the project
        self.hide()

    def put(
        self, subject: str, message: str, *, kind: str = "notice", advice: str = "",
        buttons: Sequence[tuple[str, str, Callable[[], object]]] = (), away: str = "", lasting: bool = False,
    ) -> Notice:  # fmt: skip
        """Show a message in place of the one of the same subject; `buttons` are words, object name and what they do.

        `away` are the words of the button that takes it away. One that is `lasting` stays when another project comes.
        """
        self.dismiss(subject)
        notice = Notice(message, kind=kind, advice=advice)
        for words, name, do in buttons:
            notice.add_button(words, name, do)
        notice.add_button(away or self.tr("Dismiss"), f"{subject}_dismiss", lambda: self.dismiss(subject))
        self._shown[subject] = notice
        if lasting:
            self._lasting.add(subject)
        self._column.addWidget(notice)
        self.show()
        return notice

    def dismiss(self, subject: str) -> None:
        """Take the message of a subject away."""
        notice = self._shown.pop(subject, None)
        self._lasting.discard(subject)
        if notice is not None:
            self._column.removeWidget(notice)
            notice.hide()
            notice.deleteLater()
        self.setVisible(bool(self._shown))

    def clear(self) -> None:
        """Take away all that is about the project."""
        for subject in [s for s in self._shown if s not in self._lasting]:
            self.dismiss(subject)

    def message(self, subject: str) -> str:
        """What is told of a subject; empty where nothing is."""
        notice = self._shown.get(subject)
        return "" if notice is None else notice.message.text()
