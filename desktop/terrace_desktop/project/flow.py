"""The project that is open: saving it, opening another, keeping it as it grows, and what is asked before it is lost."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

from PySide6.QtCore import QObject, QTimer, Signal
from PySide6.QtGui import QKeySequence
from PySide6.QtWidgets import QWidget

from terrace.session.effects import Effect
from terrace_desktop.project.about import about, saved_words
from terrace_desktop.project.autosave import Autosave
from terrace_desktop.project.notices import Notices
from terrace_desktop.project.pictures import Pictures
from terrace_desktop.project.questions import UnsavedDialog
from terrace_desktop.project.recent import Recent, recent
from terrace_desktop.project.rescue import Rescued, drop, rescued
from terrace_desktop.ui import dialogs
from terrace_desktop.ui.action import Action
from terrace_desktop.ui.words import from_engine, tr
from terrace_desktop.work import commands
from terrace_desktop.work.controller import Controller
from terrace_desktop.work.session_port import document_name

if TYPE_CHECKING:
    from terrace.data.dataset import Dataset
    from terrace.session.contract import Outcome
    from terrace.session.document.items import Item
    from terrace.session.project.parts import Project
    from terrace.session.session import Session
    from terrace_desktop.ui.settings import Settings

ENDING = ".terrace"
AGAIN = 20_000  # ms until the time since the last saving is told anew
WORK = frozenset({"data", "document", "estimates", "settings"})  # what a project would lose
MOST_TOLD = 6  # parts that were lost, by name
Saved = Callable[[bool], object]


class Own(Protocol):
    """What the window itself gives to a project and takes from one."""

    def draft(self) -> dict[str, Any]:
        """The model that is being built; empty where there is none."""

    def draft_title(self) -> str:
        """What it is called."""

    def layout_now(self) -> dict[str, Any]:
        """How the window is set up, as JSON."""

    def bring_back(self, drafts: Mapping[str, Any], layout: Mapping[str, Any]) -> None:
        """Set the window up like that."""


def _tells_of_data(item: Item) -> bool:
    """True for what says that data were opened, changed or saved, which is nothing to lose where they are in a file."""
    about = Effect.OPENS | Effect.SAVES | Effect.DATA
    changed = item.kind == "output" and item.outcome is not None and bool(item.outcome.effects & about)
    return item.kind == "data" or changed


class ProjectFlow(QObject):
    """Knows which file the work belongs to and whether it is in there. `root` has the journals; None keeps none."""

    told = Signal(str)
    state_changed = Signal()  # what the title says
    listed = Signal(object, object)  # recent projects, work that can be brought back

    def __init__(
        self, window: QWidget, controller: Controller, settings: Settings, notices: Notices, own: Own,
        root: Path | None,
    ) -> None:  # fmt: skip
        super().__init__(window)
        self.window, self.controller, self.settings, self.notices = window, controller, settings, notices
        self._own, self._root = own, root
        self._pictures = Pictures()
        self._version = self._saved = 0  # of the work, and of what its file has
        self._in_file: Dataset | None = None  # the data as they are in a file of data
        self._draft: dict[str, Any] = {}
        self._when: dt.datetime | None = None
        self._saving, self._closed, self._discarded = 0, False, False
        self.autosave = None if root is None else Autosave(root, self._to_keep)
        if self.autosave is not None:
            self.autosave.failed.connect(self._not_kept)
            self.autosave.kept.connect(self._draw)
        self._clock = QTimer(self)
        self._clock.setInterval(AGAIN)
        self._clock.timeout.connect(self.state_changed)

    def actions(self) -> list[Action]:
        """What the File menu offers."""
        std, some = QKeySequence.StandardKey, self.has_work
        return [
            Action("save", tr("&Save"), self.save, std.Save, some),
            Action("save_as", tr("Save &as…"), self.save_as, "Ctrl+Shift+S", some),
            Action("save_bare", tr("Save a copy &without data…"), self.save_bare, enabled=some),
        ]

    def start(self) -> None:
        """Begin to keep the work."""
        if self.autosave is not None:
            self.autosave.start()
        self._clock.start()

    # --- what is known ------------------------------------------------------------------------------
    def has_work(self) -> bool:
        """True where there is anything to save."""
        snapshot = self.controller.snapshot
        return snapshot.dataset is not None or len(snapshot.document) > 0

    @property
    def edited(self) -> bool:
        """True where the work is another than in its file."""
        return self._version != self._saved

    def unsaved(self) -> bool:
        """True where work would be lost. Data that were opened and looked at are none, nor are data in their file."""
        project = self._project()
        if project is None or not self.edited or project.is_trivial:
            return False
        document = project.state.document
        only_data = all(_tells_of_data(i) for i in document) and not project.drafts and not document.title
        return not (only_data and project.state.dataset is self._in_file)

    def unsaved_data(self) -> bool:
        """True where data were changed and are neither in a file of data nor in the project as they are."""
        dataset = self.controller.snapshot.dataset
        return dataset is not None and self.edited and dataset is not self._in_file

    def name(self) -> str:
        """The file, or what the data are called."""
        snapshot = self.controller.snapshot
        return document_name(snapshot.dataset) if snapshot.file is None else snapshot.file.path.name

    def words(self) -> str:
        """How the work stands: ``Saved 2 minutes ago``, ``Edited``, ``Not saved yet``; empty where there is none."""
        file = self.controller.snapshot.file
        if self._saving:
            return self.tr("Saving…")
        if file is not None and file.read_only:
            return self.tr("Read-only")
        if file is None:
            return self.tr("Not saved yet") if self.unsaved() else ""
        if self.edited:
            return self.tr("Edited")
        return "" if self._when is None else saved_words(self._when, dt.datetime.now())

    def _project(self) -> Project | None:
        project = self.controller.snapshot.project
        return None if project is None else replace(project, drafts=self._own.draft())

    # --- what happens -------------------------------------------------------------------------------
    def changed(self, what: frozenset[str]) -> None:
        """A command has changed something of the session."""
        if what & WORK:
            self._touch()

    def draft_changed(self) -> None:
        """The model that is being built is another."""
        now = self._own.draft()
        if now != self._draft:
            self._draft = now
            self._touch()

    def in_file(self) -> None:
        """The data as they are now are in a file of data: they were opened, or saved there."""
        self._in_file = self.controller.snapshot.dataset

    def _touch(self) -> None:
        self._version += 1
        if self.autosave is not None:
            self.autosave.changed()
        self.state_changed.emit()

    def took_over(self, outcome: Outcome) -> None:
        """A project has taken the place of all that was open."""
        snapshot = self.controller.snapshot
        project, file = snapshot.project, snapshot.file
        self.notices.clear()
        if project is None:
            return
        found = project.layout.get("about")
        self._pictures.know(project, found.get("picture") if isinstance(found, Mapping) else None)
        self._own.bring_back(project.drafts, project.layout)
        self._draft = self._own.draft()
        self._version += 1
        recovered = outcome.type == "project recover"
        self._saved = -1 if recovered else self._version
        self._in_file = None if recovered else snapshot.dataset
        self._when = None
        if file is not None:
            self._when = dt.datetime.fromtimestamp(file.stamp[0] / 1e9)
            self.settings.add_project(file.path)
        if self.autosave is not None:
            self.autosave.changed()
        lost = [str(what) for what in outcome.payload.get("lost", ())]
        version = outcome.payload.get("version", 0)
        self._tell_lost(lost, self.name(), later=version > 0)
        others = [w for w in outcome.warnings if not w.startswith("Lost: ")]
        self._tell(others, refit=version < 0 and bool(snapshot.document.models()))
        self.state_changed.emit()

    def _tell_lost(self, lost: list[str], name: str, *, later: bool = False) -> None:
        """What a damaged file, or one of a later version, was opened without, each by name."""
        if not lost:
            return
        words = [from_engine(what) for what in lost]
        shown, more = words[:MOST_TOLD], words[MOST_TOLD:]
        why = self.tr("{0} is of a later version of Terrace. Everything in it is here except:") if later else self.tr(
            "{0} is damaged. Everything in it is here except:"
        )
        told = [why.format(name)]
        told += [f"\u2022 {w}" for w in shown]
        told += [self.tr("and {0} more", "", len(more)).format(len(more))] if more else []
        file = self.controller.snapshot.file
        advice = "" if file is None or later else self.tr("When you save, a copy of the damaged file is kept.")
        save = (self.tr("Save as…"), "lost_save_as", self.save_as)
        notice = self.notices.put("lost", "\n".join(told), advice=advice, buttons=(save,))
        notice.setToolTip("\n".join(words) if more else "")

    def _tell(self, others: list[str], *, refit: bool = False) -> None:
        """What else there is to know; with `refit` there are models of an earlier version."""
        if others:
            file = self.controller.snapshot.file
            save = (self.tr("Save as…"), "notice_save_as", self.save_as)
            elsewhere = (file is not None and file.read_only) or any("Save this" in w for w in others)
            again = (self.tr("Fit all models again"), "notice_refit", partial(self.controller.run, "refit _all"))
            buttons = ((again,) if refit else ()) + ((save,) if elsewhere else ())
            self.notices.put("project", "\n".join(others), kind="info", buttons=buttons)

    # --- saving -------------------------------------------------------------------------------------
    def save(self, then: Saved | None = None) -> None:
        """Save to the file that the work belongs to, or ask for one."""
        file = self.controller.snapshot.file
        if file is None or file.read_only:
            self.save_as(then)
        elif file.changed:
            dialog = dialogs.ChangedDialog(self.window, file.path.name)
            dialog.accepted.connect(lambda: self._write(file.path, then))
            dialog.open()
        else:
            self._write(file.path, then)

    def save_as(self, then: Saved | None = None) -> None:
        """Save under another name, which is the file of the work from then on."""
        path = self._ask(self.tr("Save project"), self._proposed())
        if path is not None:
            self._write(path, then)

    def save_bare(self) -> None:
        """Write a copy without the data, to be passed on."""
        path = self._ask(self.tr("Save a copy without data"), f"{Path(self._proposed()).stem}-without-data{ENDING}")
        if path is not None:
            self._prepare()
            self.controller.run(commands.save_project(path, bare=True), partial(self._copied, path))

    def _copied(self, path: Path, outcome: Outcome | None) -> None:
        if outcome is not None and outcome.ok:
            self.told.emit(self.tr("{0} has no data. You can pass it on.").format(path.name))

    def _proposed(self) -> str:
        """A name for the first time: that of the file, else of the data."""
        file = self.controller.snapshot.file
        name = Path(document_name(self.controller.snapshot.dataset)).stem if file is None else file.path.stem
        return (name or self.tr("project")) + ENDING

    def _ask(self, title: str, name: str) -> Path | None:
        kind = self.tr("Terrace projects")
        filters = f"{kind} (*{ENDING})"
        path = dialogs.ask_save(self.window, title, str(Path(self.settings.folder()) / name), filters)
        if not path:
            return None
        return Path(path) if path.lower().endswith(ENDING) else Path(path + ENDING)

    def _prepare(self) -> None:
        """Put what is the window's own into the session, behind what is queued."""
        drafts, layout = self._own.draft(), self._own.layout_now()
        title, pictures = self._own.draft_title(), self._pictures

        def prepare(session: Session) -> None:
            from terrace.session.project.parts import Project

            now = Project.of(session)
            session.drafts = drafts
            session.layout = {**layout, "about": about(now, title, pictures.of(now))}

        self.controller.call("preparing to save", prepare, lambda _none: None)

    def _write(self, path: Path, then: Saved | None = None) -> None:
        self._saving += 1
        version = self._version
        self._prepare()
        self.controller.run(commands.save_project(path), lambda outcome: self._written(outcome, version, path, then))
        self.state_changed.emit()

    def _written(self, outcome: Outcome | None, version: int, path: Path, then: Saved | None) -> None:
        self._saving -= 1
        ok = outcome is not None and outcome.ok
        if ok:
            self._saved, self._when = version, dt.datetime.now()
            for subject in ("save", "project", "lost"):
                self.notices.dismiss(subject)
            if outcome is not None and outcome.payload.get("aside"):
                self.notices.put("aside", from_engine(str(outcome.payload["aside"])), kind="info")
            self.settings.add_project(path)
            if self.autosave is not None:
                self.autosave.changed()
        self.state_changed.emit()
        if then is not None:
            then(ok)

    def save_failed(self, outcome: Outcome) -> None:
        """Say why the project is not saved, and that nothing is lost."""
        assert outcome.error is not None
        told = self.tr("Not saved: {0} Your work is still here.").format(outcome.error[1])
        again = ((self.tr("Try again"), "save_again", self.save), (self.tr("Save as…"), "save_elsewhere", self.save_as))
        self.notices.put("save", told, kind="error", advice=outcome.error_advice, buttons=again)

    # --- before work is lost ------------------------------------------------------------------------
    def guard(self, do: Callable[[], object], *, data: bool = False) -> None:
        """Do it now where nothing is lost by it, else after the user was asked. `data`: it only replaces the data."""
        if self.unsaved_data() and self.unsaved() if data else self.unsaved():
            self.ask(do, opening=True)
        else:
            do()

    def ask(
        self, do: Callable[[], object], *, opening: bool = False, discard: Callable[[], object] | None = None
    ) -> None:
        """Ask once whether to save: then, or where the user discards the work, do it."""
        if self.window.findChild(UnsavedDialog) is not None:
            return
        dialog = UnsavedDialog(self.window, self.name(), opening=opening)
        dialog.accepted.connect(lambda: self.save(lambda ok: do() if ok else None))
        dialog.discarded.connect(discard or do)
        dialog.open()

    # --- the journal --------------------------------------------------------------------------------
    def _to_keep(self) -> tuple[Project, Callable[[Project], tuple[Project, Mapping[str, Any]]]] | None:
        """What the journal is to have now."""
        project = self.controller.snapshot.project
        file, closed = self.controller.snapshot.file, self._closed
        begun = self.autosave is not None and self.autosave.begun
        if project is None or not (self.edited or begun or file is not None):
            return None  # a project that was opened is kept from then on, so that its first change is written soon
        title, pictures = self._own.draft_title(), self._pictures
        said = {
            "file": "" if file is None else str(file.path), "stamp": [] if file is None else list(file.stamp),
            "saved": file is not None and not self.edited, "closed": closed,
            "lost": [] if file is None else [found.what for found in file.lost],
        }  # fmt: skip
        project = replace(project, drafts=self._own.draft(), layout=self._own.layout_now())

        def finish(project: Project) -> tuple[Project, Mapping[str, Any]]:
            found = about(project, title, pictures.known(project) or {})
            return replace(project, layout={**project.layout, "about": found}), {**said, "about": found}

        return project, finish

    def _draw(self) -> None:
        """The work is on the disk: make its picture, which comes with the next writing."""
        project, autosave = self.controller.snapshot.project, self.autosave
        if project is not None and autosave is not None and self._pictures.known(project) is None:
            autosave.beside("drawing", partial(self._pictures.of, project), lambda _made: autosave.changed())

    def _not_kept(self, why: str) -> None:
        told = self.tr("Your work is not kept as you go: {0} Save the project often.").format(why)
        self.notices.put("journal", told)

    def discard(self) -> None:
        """The user does not want what is not saved."""
        self._discarded = True

    def stop(self) -> None:
        """The window closes: what is not saved and was not discarded stays in the journal, for the next start."""
        self._clock.stop()
        if self.autosave is not None:
            self._closed = True
            self.autosave.stop(keep=self.unsaved() and not self._discarded)
        file = self.controller.snapshot.file
        if file is not None:
            file.release()

    def had_work(self) -> bool:
        """True where there are projects, or work to bring back, of before."""
        left = self._root is not None and next(self._root.glob("*/state-*.json"), None) is not None
        return left or bool(self.settings.projects())

    # --- the start page -----------------------------------------------------------------------------
    def look(self) -> None:
        """Look for recent projects, and for work that can be brought back."""
        paths, root = self.settings.projects(), self._root

        def work() -> tuple[list[Recent], list[Rescued]]:
            return recent(paths), [] if root is None else rescued(root)

        self.controller.call_view("looking for projects", work, lambda found: self.listed.emit(*found))

    def bring_back(self, folder: Path) -> None:
        """Bring back what a window left behind; it is deleted there once the journal of this window has it."""

        def done(outcome: Outcome | None) -> None:
            if outcome is not None and outcome.ok and self.autosave is not None:
                self.autosave.now(lambda kept: self.drop(folder) if kept else None)

        self.guard(lambda: self.controller.run(commands.recover(folder), done))

    def drop(self, folder: Path) -> None:
        """Delete what a window left behind."""
        self.controller.call_view("deleting work that is not wanted", lambda: drop(folder), lambda _none: self.look())
