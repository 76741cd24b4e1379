"""What the start page says of a project: its title, what it holds, and its picture, as JSON that is kept with it."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QDate, QLocale, QTime

from terrace_desktop.ui.words import tr

if TYPE_CHECKING:
    from terrace.session.project.parts import Project
    from terrace_desktop.project.pictures import Picture

NOTE = 60  # characters of a note


@dataclass(frozen=True, slots=True)
class About:
    """A project in short. ``draft`` is the title of a model that is being built, ``note`` begins the last note."""

    title: str = ""
    models: int = 0
    figures: int = 0
    draft: str = ""
    note: str = ""
    picture: Mapping[str, Any] = field(default_factory=dict)


def about(project: Project, draft: str, picture: Picture) -> dict[str, Any]:
    """The JSON of what is said of a project."""
    items = list(project.state.document)
    notes = [i.text for i in items if i.kind == "note" and i.text.strip()]
    source = project.source or (project.state.dataset.source if project.state.dataset is not None else "")
    label = project.state.dataset.label if project.state.dataset is not None else ""
    return {
        "title": project.state.document.title or label or Path(source.removeprefix("sample ")).stem,
        "models": sum(1 for i in items if i.kind == "model"),
        "figures": sum(1 for i in items if i.outcome is not None and i.outcome.plots and i.kind != "model"),
        "draft": draft, "note": _first_words(notes[-1]) if notes else "", "picture": dict(picture),
    }  # fmt: skip


def read_about(found: object) -> About:
    """What a file says, whatever it holds."""
    if not isinstance(found, Mapping):
        return About()

    def text(name: str) -> str:
        value = found.get(name)
        return value if isinstance(value, str) else ""

    def count(name: str) -> int:
        value = found.get(name)
        return value if isinstance(value, int) else 0

    picture = found.get("picture")
    return About(text("title"), count("models"), count("figures"), text("draft"), text("note"),
                 picture if isinstance(picture, Mapping) else {})  # fmt: skip


def _first_words(note: str) -> str:
    plain = " ".join(re.sub(r"[*_#>`]", "", note).split())
    return plain if len(plain) <= NOTE else f"{plain[:NOTE].rsplit(' ', 1)[0]} …"


# --- times --------------------------------------------------------------------------------------------------
def saved_words(then: dt.datetime, now: dt.datetime) -> str:
    """How long ago a project was saved: ``Saved 2 minutes ago``."""
    seconds = (now - then).total_seconds()
    if seconds < 60:
        return tr("Saved just now")
    if seconds < 3600:
        minutes = int(seconds // 60)
        return tr("Saved {0} minute(s) ago", "", minutes).format(minutes)
    return tr("Saved {0}").format(day_words(then, now, at=True))


def day_words(then: dt.datetime, now: dt.datetime, *, at: bool = False) -> str:
    """A day as people say it, within a sentence: ``today at 14:20``, ``yesterday``, ``on Tuesday``, ``on 3 November``.

    `at` gives the time to the days that are near enough.
    """
    days = (now.date() - then.date()).days
    clock = QLocale().toString(QTime(then.hour, then.minute), QLocale.FormatType.ShortFormat)
    if days <= 0:
        return tr("today at {0}").format(clock)
    if days == 1:
        return tr("yesterday at {0}").format(clock) if at else tr("yesterday")
    if days < 7:
        return tr("on {0}").format(QLocale().dayName(then.isoweekday()))
    form = "d MMMM" if then.year == now.year else "d MMMM yyyy"
    return tr("on {0}").format(QLocale().toString(QDate(then.year, then.month, then.day), form))


def holds_words(about: About) -> str:
    """``4 models, 3 figures``."""
    parts = [tr("{0} model(s)", "", about.models).format(about.models)] if about.models else []
    parts += [tr("{0} figure(s)", "", about.figures).format(about.figures)] if about.figures else []
    return ", ".join(parts) or tr("no results yet")
