"""Where a file goes: a name with the ending of a format, in the folder that was used last."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from PySide6.QtWidgets import QWidget

from terrace.data.formats import filter_of
from terrace.report.formats import BY_ENDING, OutputFormat
from terrace_desktop.ui import dialogs
from terrace_desktop.ui.settings import Settings

Filters = tuple[tuple[str, tuple[str, ...]], ...]  # how a dialog calls a format, and its endings


def ask_path(window: QWidget, settings: Settings, title: str, name: str, filters: Filters) -> str:
    """Ask for a file, with `name` to begin with; without an ending it has that of the first format. Empty for none."""
    shown = ";;".join(f"{words} ({filter_of(endings)})" for words, endings in filters)
    path = dialogs.ask_save(window, title, str(Path(settings.folder()) / name), shown)
    if path and not Path(path).suffix:
        path += filters[0][1][0]
    if path:
        settings.set_folder(Path(path).absolute().parent)
    return path


def beginning_with(suffix: str, kinds: Iterable[OutputFormat]) -> Filters:
    """The filters of formats, that of an ending first."""
    first = BY_ENDING[f".{suffix}"]
    return tuple((f.name, (f.ending, *f.also)) for f in (first, *(f for f in kinds if f is not first)))
