"""The builder as a window of its own."""

from __future__ import annotations

from collections.abc import Mapping

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QCloseEvent, QGuiApplication, QKeyEvent
from PySide6.QtWidgets import QDialog, QVBoxLayout, QWidget

from terrace.data.dataset import Dataset
from terrace.data.resources import resource_path
from terrace.spec.conventions import Convention
from terrace.spec.model import ModelSpec
from terrace_desktop.builder.checking import DIRECT_ROWS
from terrace_desktop.builder.form import BuilderForm
from terrace_desktop.builder.state import RunCommands
from terrace_desktop.ui.dialogs import PageDialog
from terrace_desktop.ui.settings import Settings
from terrace_desktop.ui.widgets import named
from terrace_desktop.work.worker import Worker


class BuilderDialog(QDialog):
    """Builds a model; `fit_requested` carries its command, and the dialog closes."""

    fit_requested = Signal(str)

    def __init__(
        self,
        dataset: Dataset,
        spec: ModelSpec | None = None,
        parent: QWidget | None = None,
        settings: Settings | None = None,
        *,
        title: str = "",
        direct_rows: int = DIRECT_ROWS,
        constraints: Mapping[int, str] | None = None,
        run_commands: RunCommands | None = None,
        start_values: str = "",
        worker: Worker | None = None,
        habits: Convention | None = None,
    ) -> None:
        super().__init__(parent)
        named(self, "builder_dialog", self.tr("Model builder"))
        self.form = BuilderForm(
            dataset, spec, self, settings, title=title, direct_rows=direct_rows, constraints=constraints,
            run_commands=run_commands, start_values=start_values, worker=worker, habits=habits,
        )  # fmt: skip
        self.setWindowTitle(self.form.heading.text())
        self.setWindowFlag(Qt.WindowType.WindowMaximizeButtonHint)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(self.form)
        self.setMinimumSize(784, 440)
        self.resize(*_fitting(1120, 820))
        self.form.fit_requested.connect(self._fit)
        self.form.cancelled.connect(self.reject)
        self.form.help_wanted.connect(self.show_help)
        self._asked = False
        self.form.spec_changed.connect(self._again)

    @property
    def spec(self) -> ModelSpec:
        """The model as it stands."""
        return self.form.spec

    def show_help(self) -> None:
        """The page that explains the form."""
        text = resource_path("help", "model-builder.md").read_text(encoding="utf-8")
        PageDialog(self, "help_model_builder", self.tr("The model builder"), text).show()

    def _again(self) -> None:
        self._asked = False

    def _fit(self, command: str) -> None:
        self.fit_requested.emit(command)
        self.accept()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() == Qt.Key.Key_Escape and self.form.state.can_undo and not self._asked:
            self._asked = True  # what was built is not thrown away by one key
            self.form.status_more.set_text(self.tr("Press Escape again to discard the model"))
            return
        # Enter belongs to the field that has the focus; Ctrl+Enter fits.
        if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            event.accept()
            return
        super().keyPressEvent(event)

    def done(self, result: int) -> None:
        self.form.close_down()
        super().done(result)

    def closeEvent(self, event: QCloseEvent) -> None:
        self.form.close_down()
        super().closeEvent(event)


def _fitting(width: int, height: int) -> tuple[int, int]:
    """A size that the screen has room for, its frame included."""
    screen = QGuiApplication.primaryScreen()
    if screen is None:
        return width, height
    room = screen.availableGeometry()
    return min(width, room.width() - 16), min(height, room.height() - 48)
