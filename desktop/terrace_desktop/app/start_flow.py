"""What the start page asks for: the way to it and back, files, guided paths, work of before."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QObject
from PySide6.QtWidgets import QWidget

from terrace_desktop.app.start_page import PATHS, StartPage
from terrace_desktop.ui import dialogs
from terrace_desktop.ui.action import Action
from terrace_desktop.ui.words import tr

if TYPE_CHECKING:
    from terrace_desktop.app.data_flow import DataFlow
    from terrace_desktop.app.model_flow import ModelFlow
    from terrace_desktop.app.places_flow import PlacesFlow
    from terrace_desktop.project.flow import ProjectFlow
    from terrace_desktop.ui.settings import Settings


class StartFlow(QObject):
    """Hands it to those who do it."""

    def __init__(
        self, window: QWidget, page: StartPage, places: PlacesFlow, data: DataFlow, models: ModelFlow,
        projects: ProjectFlow, settings: Settings,
    ) -> None:  # fmt: skip
        super().__init__(window)
        self.window, self.page, self.places, self.settings = window, page, places, settings
        self.data, self.models, self.projects = data, models, projects
        page.open_asked.connect(data.ask_open)
        page.file_asked.connect(data.choose)
        page.sample_asked.connect(data.open_sample)
        page.path_asked.connect(self.begin_path)
        page.rescue_asked.connect(projects.bring_back)
        page.discard_asked.connect(projects.drop)
        page.back_asked.connect(self.leave)
        projects.listed.connect(page.show_projects)

    def actions(self) -> list[Action]:
        """What the File menu offers."""
        return [Action("start", tr("Start pa&ge"), self.show)]

    def show(self) -> None:
        """Go to the start page; what is open stays."""
        self.page.show_back(self.projects.has_work())
        self.places.pages.setCurrentWidget(self.page)
        self.projects.look()

    def leave(self) -> None:
        """Go back to the work."""
        self.places.leave_start()
        self.places.left.begin()

    def begin_path(self, key: str) -> None:
        """A guided path: data first, then its first question."""
        guided = next(g for k, g, *_ in PATHS if k == key)
        path = dialogs.ask_data(self.window, self.tr("Open data"), self.settings.folder())
        if path:
            self.data.open_file(path, lambda: self.models.open_guide(guided))
