"""How the window looks, and what new models begin with: theme, language, convention, size of text."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Signal
from PySide6.QtWidgets import QWidget

from terrace.spec.conventions import CONVENTIONS, convention
from terrace_desktop.ui import theme, words
from terrace_desktop.ui.action import Action
from terrace_desktop.ui.words import tr

if TYPE_CHECKING:
    from terrace_desktop.ui.settings import Settings


class LooksFlow(QObject):
    """Changes it and remembers it in the settings."""

    told = Signal(str)  # a short message for the status bar
    chosen = Signal(str)  # the action whose choice holds now
    convention_changed = Signal(str)  # its key
    zoomed = Signal()

    def __init__(self, window: QWidget, settings: Settings) -> None:
        super().__init__(window)
        self.settings = settings

    def actions(self) -> list[Action]:
        """What the View menu and the settings offer to choose."""
        themes = (
            ("system", tr("S&ame as the system")), ("light", tr("&Light")), ("dark", tr("&Dark")),
            ("contrast_light", tr("&High contrast, light")), ("contrast_dark", tr("High &contrast, dark")),
        )  # fmt: skip
        now, spoken = theme.manager().choice, self.settings.language()
        return [
            *(
                Action(f"theme_{choice}", text, partial(self.set_theme, choice), chosen=choice == now)
                for choice, text in themes
            ),
            *(
                Action(f"language_{code}", text, partial(self.set_language, code), chosen=code == spoken)
                for code, text in ((words.SYSTEM, tr("S&ame as the system")), *words.languages().items())
            ),
            *(
                Action(
                    f"convention_{c.key}", tr("{0}: {1}").format(c.title, c.purpose),
                    partial(self.set_convention, c.key), chosen=c is convention(self.settings.convention()),
                )
                for c in CONVENTIONS
            ),
            Action("text_larger", tr("Lar&ger text"), partial(self.zoom_text, 1), ("Ctrl++", "Ctrl+="),
                   lambda: theme.manager().zoom < theme.ZOOMS[-1]),
            Action("text_smaller", tr("S&maller text"), partial(self.zoom_text, -1), "Ctrl+-",
                   lambda: theme.manager().zoom > theme.ZOOMS[0]),
            Action("text_usual", tr("Te&xt at 100%"), partial(self.zoom_text, 0), "Ctrl+0",
                   lambda: theme.manager().zoom != 100),
        ]  # fmt: skip

    def set_theme(self, choice: str) -> None:
        """Change the theme and remember it."""
        theme.manager().apply(choice, at_once=False)
        self.settings.set_theme(choice)
        self.chosen.emit(f"theme_{choice}")

    def zoom_text(self, step: int) -> None:
        """Text one size larger (1) or smaller (-1), or as it is usually (0), here and from the next start on."""
        manager = theme.manager()
        manager.set_zoom(manager.next_zoom(step) if step else 100, at_once=False)
        self.settings.set_zoom(manager.zoom)
        self.zoomed.emit()
        self.told.emit(self.tr("Text at {0}%").format(manager.zoom))

    def set_language(self, choice: str) -> None:
        """Remember the language; texts that stand already stay as they are."""
        self.settings.set_language(choice)
        self.chosen.emit(f"language_{choice}")
        self.told.emit(self.tr("The language changes when you next start Terrace."))

    def set_convention(self, key: str) -> None:
        """What forms write where nothing is chosen, from now on; commands keep their own defaults."""
        self.settings.set_convention(key)
        self.chosen.emit(f"convention_{key}")
        self.convention_changed.emit(key)
        told = self.tr("New models start with: {0}. Typed commands keep the defaults in the manual.")
        self.told.emit(told.format(convention(key).purpose))
