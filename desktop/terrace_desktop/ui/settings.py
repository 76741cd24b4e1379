"""What the window remembers from one start to the next."""

from __future__ import annotations

import os
from pathlib import Path

from PySide6.QtCore import QByteArray

from terrace_desktop.ui.store import Store
from terrace_desktop.ui.theme import CHOICES

MOST_RECENT, MOST_PROJECTS = 8, 60


class Settings:
    """Sizes, tabs, theme, language and recent files, in a file of the user's folder of settings or in the file given.

    The environment variable ``TERRACE_SETTINGS`` names a file to use instead, for tests and portable use.
    """

    def __init__(self, path: str | Path | None = None) -> None:
        given = path or os.environ.get("TERRACE_SETTINGS")
        self.store = Store(Path(given) if given else _usual_file())

    def theme(self) -> str:
        """One of the choices of themes."""
        found = str(self.store.value("theme", "system"))
        return found if found in CHOICES else "system"

    def set_theme(self, choice: str) -> None:
        """Remember the theme."""
        self.store.set_value("theme", choice)
        self.save()

    def zoom(self) -> int:
        """The size of text in percent."""
        return self.number("zoom", 100)

    def set_zoom(self, percent: int) -> None:
        """Remember the size of text."""
        self.set_number("zoom", percent)
        self.save()

    def language(self) -> str:
        """system, or the code of a language such as en."""
        return str(self.store.value("language", "system"))

    def set_language(self, choice: str) -> None:
        """Remember the language for the next start."""
        self.store.set_value("language", choice)
        self.save()

    def convention(self) -> str:
        """What forms write where nothing is chosen: the key of a convention, empty until it was chosen."""
        return str(self.store.value("convention", ""))

    def set_convention(self, key: str) -> None:
        """Remember the convention."""
        self.store.set_value("convention", key)
        self.save()

    def flag(self, name: str, default: bool = False) -> bool:
        """A remembered yes or no."""
        return str(self.store.value(f"flags/{name}", str(default))).lower() in ("true", "1")

    def set_flag(self, name: str, value: bool) -> None:
        """Remember a yes or no."""
        self.store.set_value(f"flags/{name}", bool(value))
        self.save()

    def number(self, name: str, default: int = 0) -> int:
        """A remembered number."""
        try:
            return int(str(self.store.value(f"numbers/{name}", default)))
        except ValueError:
            return default

    def set_number(self, name: str, value: int) -> None:
        """Remember a number."""
        self.store.set_value(f"numbers/{name}", int(value))

    def text(self, name: str) -> str:
        """A remembered text, empty where there is none."""
        found = self.store.value(f"texts/{name}", "")
        return found if isinstance(found, str) else ""

    def set_text(self, name: str, value: str) -> None:
        """Remember a text."""
        self.store.set_value(f"texts/{name}", value)
        self.save()

    def state(self, name: str) -> QByteArray | None:
        """The saved state of a splitter, header or window."""
        value = self.store.value(f"state/{name}")
        return value if isinstance(value, QByteArray) and not value.isEmpty() else None

    def set_state(self, name: str, value: QByteArray) -> None:
        """Save the state of a splitter, header or window."""
        self.store.set_value(f"state/{name}", value)

    def forget_states(self) -> None:
        """Forget sizes and places, so that the next start has the original ones."""
        self.store.remove("state")
        self.save()

    def folder(self) -> str:
        """The folder last used for opening or saving."""
        found = str(self.store.value("folder", ""))
        return found if found and Path(found).is_dir() else str(Path.home())

    def set_folder(self, folder: str | Path) -> None:
        """A file was opened from there or saved there."""
        self.store.set_value("folder", str(folder))
        self.save()

    def recent(self) -> list[str]:
        """Recently opened files that still exist, newest first."""
        value = self.store.value("recent", [])
        names = [value] if isinstance(value, str) else list(value) if isinstance(value, list | tuple) else []
        return [str(n) for n in names if Path(str(n)).is_file()][:MOST_RECENT]

    def add_recent(self, path: str | Path) -> None:
        """A file was opened: it comes first."""
        path = str(Path(path).absolute())
        names = [path, *(n for n in self.recent() if n != path)]
        self.store.set_value("recent", names[:MOST_RECENT])
        self.store.set_value("folder", str(Path(path).parent))
        self.save()

    def projects(self) -> list[str]:
        """Projects that were opened or saved and still exist, newest first."""
        value = self.store.value("projects", [])
        names = list(value) if isinstance(value, list | tuple) else []
        return [str(n) for n in names if Path(str(n)).is_file()][:MOST_PROJECTS]

    def add_project(self, path: str | Path) -> None:
        """A project was opened or saved: it comes first, among the recent files too."""
        path = str(Path(path).absolute())
        self.store.set_value("projects", [path, *(n for n in self.projects() if n != path)][:MOST_PROJECTS])
        self.add_recent(path)

    def save(self) -> None:
        """Write everything now."""
        self.store.save()


def _usual_file() -> Path:
    import platformdirs

    return Path(platformdirs.user_config_dir("terrace", appauthor=False)) / "settings.json"
