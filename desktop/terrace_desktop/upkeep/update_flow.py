"""New versions: whether they may be looked for, looking for them, and what is told of one. Nothing is installed."""

from __future__ import annotations

import datetime as dt
import sys
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, QTimer, QUrl, Signal
from PySide6.QtGui import QDesktopServices
from PySide6.QtWidgets import QWidget

from terrace.version import __version__
from terrace_desktop.project.notices import Notices
from terrace_desktop.ui.action import Action
from terrace_desktop.ui.words import in_words, tr
from terrace_desktop.upkeep.fetch import fetch
from terrace_desktop.upkeep.installation import Installation
from terrace_desktop.work.worker import Operation, Task, Worker

if TYPE_CHECKING:
    from terrace_desktop.ui.settings import Settings
    from terrace_desktop.upkeep.feed import Release, ReleaseList

YES, NO = "yes", "no"
ANSWER, SKIPPED, DAY, SEEN = "updates", "skipped_version", "update_day", "update_list"  # in the settings
LINES, LONGEST = 4, 200  # of what is new, at most, and letters of each
PATIENCE = 15_000  # ms after which whoever asked is told, as a name that is looked up or a proxy can take longer
Fetch = Callable[[str, Callable[[], bool]], bytes]


def look_up(
    place: Installation, get: Fetch, cancelled: Callable[[], bool] = lambda: False, seen: str = ""
) -> ReleaseList:
    """The releases after this version, the newest first; `seen` is when the last list was made. Raises `FeedError`."""
    from terrace_desktop.upkeep.feed import newer, not_before, opened

    found = not_before(opened(get(place.feed, cancelled), place.key), seen)
    return replace(found, releases=newer(found.releases, __version__))


def why_not(place: Installation) -> str:
    """Why this installation does not look for new versions; empty where it can."""
    if place.forbidden:
        return tr("Looking for new versions is switched off on this computer. Ask whoever installed Terrace.")
    if not place.can_look:
        return tr("This installation has no list of versions. Get new versions from where you got this one.")
    return ""


class UpdateFlow(QObject):
    """Looks at most once a day, on a thread of its own, where the user said yes; silent where it does not succeed."""

    told = Signal(str)  # a short message for the status bar
    question = Signal(bool)  # whether the start page is to ask
    chosen = Signal(str)  # the action whose choice holds now

    def __init__(
        self, window: QWidget, settings: Settings, notices: Notices, place: Installation, get: Fetch = fetch
    ) -> None:
        super().__init__(window)
        self.settings, self.notices, self.place = settings, notices, place
        self._get = get
        self._worker: Worker | None = None
        self._closed = self._asked = False
        self._limit = QTimer(self)
        self._limit.setSingleShot(True)
        self._limit.timeout.connect(self._too_long)

    def actions(self) -> list[Action]:
        """What the Help menu offers."""
        can, now = partial(bool, self.place.can_look), self.choice()
        return [
            Action("update_look", tr("&Look for a new version now"), self.look),
            Action("update_yes", tr("Look once a &day"), partial(self.choose, YES), enabled=can, chosen=now == YES),
            Action("update_no", tr("&Never look"), partial(self.choose, NO), enabled=can, chosen=now != YES),
        ]

    def choice(self) -> str:
        """What the user has answered: yes, no, or nothing yet."""
        return self.settings.text(ANSWER)

    def choose(self, answer: str) -> None:
        """Remember the answer; with yes, look at once."""
        self.settings.set_text(ANSWER, answer)
        self.question.emit(False)
        self.chosen.emit(f"update_{answer}")
        if answer == YES:
            self._look()
        else:
            self.told.emit(self.tr("Terrace will not look for new versions, unless you change this in the Help menu."))

    def start(self) -> None:
        """The window stands: ask, or look where that is wanted and was not done today."""
        if not self.place.can_look:
            return
        if self.choice() not in (YES, NO):
            self.question.emit(True)
        elif self.choice() == YES and self.settings.number(DAY) != dt.date.today().toordinal():
            self._look()

    def look(self) -> None:
        """Look now, as the user has asked for."""
        wrong = why_not(self.place)
        if wrong:
            self.told.emit(wrong)
        else:
            self._asked = True
            self.told.emit(self.tr("Looking for a new version…"))
            self._limit.start(PATIENCE)
            self._look()

    def stop(self) -> None:
        """The window closes: nobody waits for an answer."""
        self._closed = True
        self._limit.stop()
        if self._worker is not None:
            self._worker.stop(0.2)

    def _look(self) -> None:
        if self._closed or (self._worker is not None and self._worker.busy):
            return
        self.settings.set_number(DAY, dt.date.today().toordinal())
        self.settings.save()
        if self._worker is None:
            self._worker = Worker("updates")
            self._worker.start()
        place, get, seen = self.place, self._get, self.settings.text(SEEN)

        def work(task: Task) -> ReleaseList:
            return look_up(place, get, task.cancelled, seen)

        def failure(error: Exception) -> None:
            if self._answered():
                from terrace.errors import TerraceError

                self.told.emit(in_words(error) if isinstance(error, TerraceError) else str(error))

        self._worker.put(Operation(work, self._found, failure, "looking for a new version"))

    def _answered(self) -> bool:
        """There is an answer, or none is waited for: whether somebody has asked for it."""
        asked, self._asked = self._asked, False
        self._limit.stop()
        return asked

    def _too_long(self) -> None:
        if self._answered():
            self.told.emit(self.tr("The list of versions cannot be reached. Check your connection and try again."))

    def _found(self, found: ReleaseList) -> None:
        asked, releases = self._answered(), found.releases
        self.settings.set_text(SEEN, found.made.isoformat())
        if not releases:
            if asked:
                self.told.emit(self.tr("Terrace {0} is the newest version.").format(__version__))
            return
        newest = releases[0]
        if not asked and self.settings.text(SKIPPED) == newest.version:
            return
        words = self._words(releases)
        if asked:
            self.told.emit(words.partition("\n")[0])
        self.notices.put(
            "update", words, kind="info", lasting=True, away=self.tr("Later"),
            buttons=((self.tr("Open download page"), "update_page", partial(self._open, newest)),
                     (self.tr("Skip this version"), "update_skip", partial(self._skip, newest))),
        )  # fmt: skip

    def _words(self, releases: tuple[Release, ...]) -> str:
        told = self.tr("Terrace {0} is available. You have {1}.").format(releases[0].version, __version__)
        new = [line for release in releases for line in release.new]
        lines = [f"\u2022 {line if len(line) <= LONGEST else line[:LONGEST] + '…'}" for line in new[:LINES]]
        more = len(new) - LINES
        lines += [self.tr("and {0} more", "", more).format(more)] if more > 0 else []
        return "\n".join([told, *lines])

    def _open(self, release: Release) -> None:
        QDesktopServices.openUrl(QUrl(release.page))

    def _skip(self, release: Release) -> None:
        self.settings.set_text(SKIPPED, release.version)
        self.notices.dismiss("update")


def print_update(place: Installation, settings: Settings) -> int:
    """`terrace-desktop --look-for-update`: tell of a newer version on standard output; the exit status.

    As in the window, a list that was made before the one seen last is not used; `settings` remember that one.
    """
    from terrace.errors import TerraceError

    wrong = why_not(place)
    if wrong:
        print(wrong, file=sys.stderr)
        return 1
    try:
        found = look_up(place, fetch, seen=settings.text(SEEN))
    except TerraceError as error:
        print(in_words(error), file=sys.stderr)
        return 1
    settings.set_text(SEEN, found.made.isoformat())
    settings.save()
    if not found.releases:
        print(tr("Terrace {0} is the newest version.").format(__version__))
    for release in found.releases:
        print(f"Terrace {release.version} ({release.date.isoformat()}): {release.page}")
        for line in release.new:
            print(f"  {line}")
        for file in release.files:
            print(f"  {file.system}: {file.address}\n    SHA-256 {file.sha256}")
    return 0
