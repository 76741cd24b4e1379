"""What edits something of the page of results as one types, with an undo of its own, and the panel that shows it."""

from __future__ import annotations

from PySide6.QtCore import QObject, Signal
from PySide6.QtGui import QHideEvent
from shiboken6 import isValid

from terrace.session.document.items import Document
from terrace.session.steps import Step
from terrace_desktop.ui.work_panel import FormContent
from terrace_desktop.variables.saving import Saver
from terrace_desktop.work.controller import Controller


class DocumentEditing(QObject):
    """Its undo takes back what belongs to it alone. `changed` tells that what is edited is another."""

    changed = Signal()
    refused = Signal(str, str)  # a field, and why

    def __init__(self, parent: QObject, controller: Controller) -> None:
        super().__init__(parent)
        self.controller = controller
        self.saver = Saver(self, controller)

    @property
    def document(self) -> Document:
        """The page of results."""
        return self.controller.snapshot.document

    def holds(self) -> bool:
        """True while something is being typed that the document does not have yet."""
        raise NotImplementedError

    def is_own(self, before: Document) -> bool:
        """True where a document differs from the one that there is in what is edited here, and in nothing else."""
        raise NotImplementedError

    @property
    def can_undo(self) -> bool:
        """True where the last step changed what is edited here, and nothing else."""
        project = self.controller.snapshot.project
        return self.holds() or (project is not None and self._is_ours(project.undo))

    @property
    def can_redo(self) -> bool:
        """True where such a step was taken back."""
        project = self.controller.snapshot.project
        return project is not None and self._is_ours(project.redo)

    def undo(self) -> None:
        """Take the last change back."""
        self.saver.flush()
        self.controller.run("undo")

    def redo(self) -> None:
        """Make it again."""
        self.saver.flush()
        self.controller.run("redo")

    def _is_ours(self, steps: tuple[Step, ...]) -> bool:
        state = self.controller.snapshot.state
        if not steps or state is None:
            return False
        before = steps[-1].before
        others = all(getattr(state, name) is value for name, value in before.items() if name != "document")
        return others and self.is_own(before["document"])


class EditingPanel(FormContent):
    """Shows what is edited; what is being typed is saved when it is hidden."""

    undoes = True
    folds_data = True

    def __init__(self, editing: DocumentEditing) -> None:
        super().__init__()
        self._edits = editing

    @property
    def can_undo(self) -> bool:
        return self._edits.can_undo

    @property
    def can_redo(self) -> bool:
        return self._edits.can_redo

    def undo(self) -> None:
        if self.can_undo:
            self._edits.undo()

    def redo(self) -> None:
        if self.can_redo:
            self._edits.redo()

    def hideEvent(self, event: QHideEvent) -> None:
        super().hideEvent(event)
        if isValid(self._edits.saver):  # with a window that goes, it may have gone first
            self._edits.saver.flush()
