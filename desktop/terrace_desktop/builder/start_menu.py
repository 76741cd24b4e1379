"""The menu at the top of the builder: models to start from, a command pasted or copied, help."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from PySide6.QtGui import QAction
from PySide6.QtWidgets import QMenu, QPushButton

from terrace.spec.templates import TEMPLATES
from terrace_desktop.builder.state import BuilderState
from terrace_desktop.ui.widgets import named


class StartMenu(QMenu):
    """Of the button `start`, which shows it. What it pastes, copies and explains is the form's."""

    def __init__(
        self, start: QPushButton, state: BuilderState, paste: Callable[[], object], copy: Callable[[], object],
        explain: Callable[[], object], formula: Callable[[], object],
    ) -> None:  # fmt: skip
        super().__init__(start)
        named(self, "builder_start_menu", self.tr("Start from"))
        for template in TEMPLATES:
            action = self.addAction(f"{template.title}\t{template.purpose}")
            action.setToolTip(template.purpose)
            action.setStatusTip(template.purpose)
            action.setObjectName(f"builder_start_{template.key}")
            action.triggered.connect(lambda _c=False, key=template.key: state.start_from(key))
        self.kept: Callable[[], Sequence[tuple[str, Callable[[], object]]]] = tuple  # titles, and what begins there
        self.models = named(self.addMenu(self.tr("A kept model")), "builder_start_kept", self.tr("A kept model"))
        self.aboutToShow.connect(self._fill_models)
        self.addSeparator()
        self._line(self.tr("Empty model\tStart over with nothing chosen"), "start_empty", state.clear)
        self.reset = self._line(self.tr("Reset\tGo back to the model you started with"), "reset", state.reset)
        self.addSeparator()
        self._line(self.tr("Paste command\tCtrl+Shift+V"), "paste", paste)
        self._line(self.tr("From a formula…\tOf R, or a command of SPSS or Stata"), "formula", formula)
        self._line(self.tr("Copy command"), "copy", copy)
        self.addSeparator()
        self._line(self.tr("Help on the model builder\tF1"), "help", explain)

    def _fill_models(self) -> None:
        """The models that are on the page now."""
        found = self.kept()
        self.models.clear()
        self.models.menuAction().setVisible(bool(found))
        for k, (title, begin) in enumerate(found):
            action = self.models.addAction(title.replace("&", "&&"))
            action.setObjectName(f"builder_start_kept_{k + 1}")
            action.triggered.connect(lambda _c=False, begin=begin: begin())

    def _line(self, text: str, name: str, do: Callable[[], object]) -> QAction:
        action = self.addAction(text)
        action.setObjectName(f"builder_{name}")
        action.triggered.connect(lambda _c=False: do())
        return action
