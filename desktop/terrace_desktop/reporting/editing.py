"""The report that is being built: its plan with what is being typed, and the commands that change it."""

from __future__ import annotations

from PySide6.QtCore import QObject

from terrace.session.document.items import Document
from terrace.session.document.report_parts import parts_of_report
from terrace.session.document.report_plan import NO_PLAN, ReportPart, ReportPlan
from terrace_desktop.reporting import texts
from terrace_desktop.ui.settings import Settings
from terrace_desktop.ui.words import from_engine
from terrace_desktop.variables.document_editing import DocumentEditing
from terrace_desktop.work.controller import Controller

REMEMBERED = {"author": "report_author", "affiliation": "report_affiliation"}
"""Fields that the next report begins with, and the names of their settings."""
PARTS = "parts"
"""The list of parts, as a field."""


class ReportEditing(DocumentEditing):
    """`changed` tells that the report is another one, by a command or by a letter that was typed."""

    def __init__(self, parent: QObject, controller: Controller, settings: Settings) -> None:
        super().__init__(parent, controller)
        self.settings = settings
        self._typed: dict[str, str] = {}  # commands of what is being typed, by their fields
        self.saver.refused.connect(self._refused)
        self.saver.saved.connect(self._follow)
        controller.changed.connect(lambda _snapshot, _what: self._follow())

    # --- what there is ------------------------------------------------------------------------------
    @property
    def plan(self) -> ReportPlan:
        """The plan as it is in the document."""
        return self.document.report

    def parts(self) -> tuple[ReportPart, ...]:
        """The parts in order."""
        return parts_of_report(self.document)

    def waiting(self) -> tuple[str, ...]:
        """The commands of what the document does not have yet."""
        return tuple(command for field, command in self._typed.items() if self.saver.holds(field))

    def begin(self) -> None:
        """A report of which nobody chose anything has the author of the last one."""
        self.saver.begin()
        found = {field: self.settings.text(name) for field, name in REMEMBERED.items()}
        commands = [texts.text(field, words) for field, words in found.items() if words]
        if self.plan == NO_PLAN and commands and self.parts():
            for command in commands:
                self.saver.now("author", command)
            self.saver.join("author of the report")

    # --- changes --------------------------------------------------------------------------------------
    def enter(self) -> None:
        """The user begins to type into a field: what is typed until `leave` is one step."""
        self.saver.begin()

    def type_in(self, field: str, command: str) -> None:
        """Something is being typed; the command runs once the typing rests."""
        self._typed[field] = command
        if field in REMEMBERED:
            self.saver.later(field, lambda: self._remembered(field))
        else:
            self.saver.later(field, lambda: self._typed.get(field, ""))
        self.changed.emit()

    def leave(self, step: str) -> None:
        """The field was left: what was typed is one step of this name."""
        self.saver.join(step)

    def run(self, field: str, command: str) -> None:
        """Change something at once."""
        if command:
            self.saver.now(field, command)

    def _remembered(self, field: str) -> str:
        command = self._typed.get(field, "")
        words = command.removeprefix(f"report {field} ")
        self.settings.set_text(REMEMBERED[field], _unquoted(words))
        return command

    # --- undo -----------------------------------------------------------------------------------------
    def holds(self) -> bool:
        return bool(self.waiting())

    def is_own(self, before: Document) -> bool:
        items = len(before) == len(self.document) and all(a is b for a, b in zip(before, self.document))
        rest = (before.title, before.look) == (self.document.title, self.document.look)
        return items and rest and before.report != self.document.report

    # --- what comes back ------------------------------------------------------------------------------
    def _follow(self) -> None:
        self._typed = {field: command for field, command in self._typed.items() if self.saver.holds(field)}
        self.changed.emit()

    def _refused(self, field: str, why: str) -> None:
        self.refused.emit(field, from_engine(why))


def _unquoted(written: str) -> str:
    from terrace.session.document.texts import read_text

    return read_text(written[1:-1])
