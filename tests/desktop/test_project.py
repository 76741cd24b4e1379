"""The project that is open: saved, kept as it grows, brought back after a crash; what is asked before it is lost."""

from __future__ import annotations

import datetime as dt
import json
import os
import shutil
import subprocess
import sys
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest
from PySide6.QtWidgets import QLabel, QPushButton
from waiting import settled, wait_idle, wait_until

from terrace.disk import writing
from terrace.results.plot import Axis, Marks, Plot, PlotPanel
from terrace.session.project.journal import latest, list_recoverable
from terrace.session.session import Session
from terrace_desktop.app.window import MainWindow
from terrace_desktop.project import about as words
from terrace_desktop.project.pictures import is_picture, picture_of
from terrace_desktop.project.questions import DifferencesDialog, UnsavedDialog
from terrace_desktop.ui import dialogs
from terrace_desktop.ui.settings import Settings

MODEL = "mixed reaction days || subject: days, covariance(unstructured) reml"


class Office:
    """Windows over the engine that share their settings and the place of their journals, as those of one user do."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.journals = folder, folder / "windows"
        self.windows: list[MainWindow] = []

    def open(self) -> MainWindow:
        w = MainWindow(Settings(self.folder / "settings.json"), journals=self.journals)
        w.resize(1440, 900)
        self.windows.append(w)
        w.show()
        w.begin()
        wait_idle(w.controller)
        return w

    def close(self, w: MainWindow) -> None:
        self.windows.remove(w)
        w.asks_on_close = False
        w.close()
        w.deleteLater()

    def crash(self, w: MainWindow) -> None:
        """End a window as kill -9 does: what it has on the disk stays as it is, and its lock goes."""
        kept(w)
        autosave = w.projects.autosave
        assert autosave is not None and autosave._journal is not None
        journal, autosave._journal, autosave._work = autosave._journal, None, lambda: None
        journal.end()
        self.close(w)


@pytest.fixture
def office(tmp_path: Path) -> Iterator[Office]:
    o = Office(tmp_path)
    yield o
    for w in list(o.windows):
        o.close(w)


def run(w: MainWindow, *commands: str) -> None:
    for command in commands:
        w.controller.run(command)
    wait_idle(w.controller)
    bad = [(e.command, e.message) for e in w.controller.history.entries if e.state != "ok"]
    assert not bad, bad


def kept(w: MainWindow) -> None:
    """Until all that was done is on the disk."""
    wait_until(lambda: not w.projects.autosave.busy, "the journal")


def asked(w: MainWindow) -> UnsavedDialog:
    found = w.findChild(UnsavedDialog)
    assert found is not None
    return found


def press(w: MainWindow, name: str) -> None:
    found = w.findChild(QPushButton, name)
    assert found is not None, name
    found.click()


def texts(w: MainWindow) -> list[str]:
    return [x.text() for x in w.start.findChildren(QLabel) if x.isVisibleTo(w.start)]


def listed(w: MainWindow, done: Callable[[], bool]) -> None:
    w.projects.look()
    wait_until(done, "the start page")


def choose(monkeypatch: pytest.MonkeyPatch, path: Path | None) -> list[str]:
    """The file that the dialogs give; what they proposed."""
    proposed: list[str] = []

    def ask(*given: object) -> str:
        proposed.append(str(given[2]))
        return "" if path is None else str(path)

    monkeypatch.setattr(dialogs, "ask_save", ask)
    monkeypatch.setattr(dialogs, "ask_open", ask)
    monkeypatch.setattr(dialogs, "ask_several", lambda *given: [found] if (found := ask(*given)) else [])
    return proposed


# --- saving --------------------------------------------------------------------------------------------------
def test_the_first_saving_proposes_a_name_and_the_title_says_how_the_work_stands(
    office: Office, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    w = office.open()
    assert not w.actions_["save"].isEnabled()
    run(w, "sample sleepstudy")
    assert w.projects.words() == "" and not w.unsaved(), "a sample that is looked at is no work"
    run(w, MODEL)
    assert w.projects.words() == "Not saved yet" and w.actions_.document.full_text() == "Not saved yet   sleepstudy"
    proposed = choose(monkeypatch, tmp_path / "study")
    w.actions_["save"].trigger()
    assert w.projects.words() == "Saving…"
    wait_idle(w.controller)
    assert Path(proposed[0]).name == "sleepstudy.terrace" and (tmp_path / "study.terrace").exists()
    assert w.actions_.document.full_text() == "Saved just now   study.terrace"
    assert w.windowTitle() == "study.terrace – Saved just now – Terrace" and not w.unsaved()
    run(w, "generate late = days > 5")
    assert w.projects.words() == "Edited" and w.unsaved()
    w.actions_["save"].trigger()
    wait_idle(w.controller)
    assert len(proposed) == 1 and w.projects.words() == "Saved just now"


def test_a_project_is_open_again_as_it_was(office: Office, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    w = office.open()
    run(w, "sample sleepstudy", MODEL, "estat icc", "generate late = days > 5")
    w.models.edit_newest()
    w.models.builder.state.clear()  # a draft that is no command yet, with a step of its own
    w.left.labels.choose("codes")
    run(w, "filter days > 3, view")
    choose(monkeypatch, tmp_path / "study.terrace")
    w.projects.save()
    wait_idle(w.controller)
    fit, w_outputs = w.results.newest().fit, w.results.outputs()
    before = w.controller.snapshot
    entries = [e.command for e in w.controller.history.entries if not e.command.startswith("project")]
    kept_draft = w.models.kept_draft()["builder"]
    office.close(w)
    again = office.open()
    again.data.open_file(str(tmp_path / "study.terrace"))
    wait_idle(again.controller)
    now = again.controller.snapshot
    assert now.dataset.frame.equals(before.dataset.frame)
    assert again.results.newest().fit.ll == fit.ll
    assert [c.outcome.type for c in again.results.outputs()] == [c.outcome.type for c in w_outputs]
    assert [e.command for e in again.controller.history.entries] == entries
    assert now.undo_text == before.undo_text and again.actions_["undo"].text() == f"&Undo {before.undo_text}"
    assert again.left.labels.value() == "codes" and again.left.rows_shown() == 108
    draft = again.models.kept_draft()["builder"]
    assert {k: draft[k] for k in ("spec", "first", "undo", "title")} == {
        k: kept_draft[k] for k in ("spec", "first", "undo", "title")
    }
    assert not again.unsaved() and again.projects.words().startswith("Saved ")
    run(again, "undo", "undo")
    assert "late" not in again.controller.snapshot.dataset


def test_opening_a_project_that_no_window_saved_changes_nothing(office: Office, tmp_path: Path) -> None:
    """It lacks the further tables of its model, which are worked out once they are seen."""
    path = tmp_path / "script.terrace"
    session = Session()
    for command in ("sample sleepstudy", MODEL, f'project save "{path}"'):
        assert session.run(command).ok
    before = path.read_bytes()
    w = office.open()
    w.data.open_file(str(path))
    wait_until(lambda: w.results.has_cards() and w.results.newest().item.more is not None, "the further tables")
    wait_idle(w.controller)
    assert not w.projects.edited and w.projects.words().startswith("Saved ") and not w.unsaved()
    run(w, "estat icc")
    assert w.projects.words() == "Edited"
    office.close(w)
    assert path.read_bytes() == before


def test_a_copy_without_data_is_not_the_file_of_the_work(
    office: Office, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    w = office.open()
    run(w, "sample sleepstudy", MODEL)
    proposed = choose(monkeypatch, tmp_path / "to-share.terrace")
    w.actions_["save_bare"].trigger()
    wait_idle(w.controller)
    assert Path(proposed[0]).name == "sleepstudy-without-data.terrace" and w.projects.words() == "Not saved yet"
    other = office.open()
    other.data.open_file(str(tmp_path / "to-share.terrace"))
    wait_idle(other.controller)
    assert other.controller.snapshot.dataset is None and other.results.newest() is not None
    assert "The data are not in this copy" in other.notices.message("project")
    assert other.pages.currentWidget() is other.splitter


def test_a_saving_that_fails_says_why_and_loses_nothing(
    office: Office, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    w = office.open()
    path = tmp_path / "study.terrace"
    choose(monkeypatch, path)
    run(w, "sample sleepstudy", MODEL)
    w.projects.save()
    wait_idle(w.controller)
    before = path.read_bytes()
    run(w, "generate late = days > 5")
    with monkeypatch.context() as full:
        full.setattr(writing.os, "fsync", lambda _h: (_ for _ in ()).throw(OSError(28, "No space left on device")))
        w.projects.save()
        wait_idle(w.controller)
    told = w.notices.message("save")
    assert told.startswith("Not saved: ") and told.endswith("Your work is still here.") and w.isVisible()
    assert path.read_bytes() == before and w.unsaved() and not w.results.errors()
    press(w, "save_again")
    wait_idle(w.controller)
    assert w.notices.message("save") == "" and not w.unsaved() and path.read_bytes() != before


def test_a_project_that_is_open_elsewhere_is_for_reading(
    office: Office, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = office.open()
    path = tmp_path / "study.terrace"
    choose(monkeypatch, path)
    run(first, "sample sleepstudy", MODEL)
    first.projects.save()
    wait_idle(first.controller)
    second = office.open()
    second.data.open_file(str(path))
    wait_idle(second.controller)
    told = second.notices.message("project")
    assert "open elsewhere" in told and " since " in told and second.projects.words() == "Read-only"
    choose(monkeypatch, tmp_path / "mine.terrace")
    press(second, "notice_save_as")
    wait_idle(second.controller)
    assert second.projects.name() == "mine.terrace" and second.notices.message("project") == ""
    assert first.projects.name() == "study.terrace"


def damage(path: Path, names: Callable[[str], bool]) -> None:
    """Change the last bytes of parts of a project."""
    with zipfile.ZipFile(path) as old:
        parts = {n: old.read(n) for n in old.namelist()}
    assert any(map(names, parts))
    with zipfile.ZipFile(path, "w") as new:
        for name, content in parts.items():
            new.writestr(name, content[:-2] + b"xx" if names(name) else content)


def blob_of(path: Path, heading: str) -> str:
    """The part of a project that one result is in."""
    with zipfile.ZipFile(path) as archive:
        items = json.loads(archive.read("document.json"))["items"]
    return next(i["item"]["b"] for i in items if i["heading"] == heading)


def test_a_damaged_project_opens_without_what_was_hit_and_names_it(
    office: Office, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    w = office.open()
    path = tmp_path / "study.terrace"
    choose(monkeypatch, path)
    run(w, "sample sleepstudy", "mixed reaction days || subject:", MODEL, "estat icc")
    w.projects.save()
    wait_idle(w.controller)
    title = w.results.cards()[1].title
    office.close(w)
    broken = blob_of(path, title)
    damage(path, lambda n: n in ("history.json", broken))
    damaged = path.read_bytes()
    w = office.open()
    w.data.open_file(str(path))
    wait_idle(w.controller)
    told = w.notices.message("lost").splitlines()
    assert told[0] == "study.terrace is damaged. Everything in it is here except:"
    assert told[1:] == [f"• {title}", "• The history of commands"] and title.startswith("Model 2")
    assert len(w.results.cards()) == 1
    notes = [i for i in w.controller.snapshot.document if i.kind == "note"]
    assert [i.heading for i in notes] == [f"Lost: {title}"]  # in its place, with what was under it
    assert w.controller.snapshot.document.under(notes[0].id)[0].kind == "output"
    run(w, "generate late = days > 5")
    w.projects.save()
    wait_idle(w.controller)
    aside = tmp_path / "study (damaged).terrace"
    assert aside.read_bytes() == damaged and w.notices.message("lost") == ""
    assert w.notices.message("aside") == "The damaged file was kept as study (damaged).terrace."
    run(w, "drop late")
    w.projects.save()  # what is whole by now is not kept again
    wait_idle(w.controller)
    assert sorted(p.name for p in tmp_path.glob("*.terrace")) == [aside.name, path.name]
    press(w, "aside_dismiss")
    assert not w.notices.isVisible()


def test_a_damaged_file_is_kept_after_a_crash_too(
    office: Office, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    w = office.open()
    path = tmp_path / "study.terrace"
    choose(monkeypatch, path)
    run(w, "sample sleepstudy", MODEL)
    w.projects.save()
    wait_idle(w.controller)
    office.close(w)
    damage(path, lambda n: n == "history.json")
    w = office.open()
    w.data.open_file(str(path))
    wait_idle(w.controller)
    run(w, "generate late = days > 5")
    office.crash(w)
    w = office.open()
    [left] = list_recoverable(office.journals)
    w.projects.bring_back(left.folder)
    wait_idle(w.controller)
    assert w.notices.message("lost") == ""  # nothing more was lost
    w.projects.save()
    wait_idle(w.controller)
    assert (tmp_path / "study (damaged).terrace").exists()


def test_a_file_that_was_written_by_another_program_is_replaced_only_when_told_so(
    office: Office, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    w = office.open()
    path = tmp_path / "study.terrace"
    choose(monkeypatch, path)
    run(w, "sample sleepstudy", MODEL)
    w.projects.save()
    wait_idle(w.controller)
    path.write_bytes(b"another")
    run(w, "generate late = days > 5")
    w.projects.save()
    w.findChild(dialogs.ChangedDialog).reject()
    wait_idle(w.controller)
    assert path.read_bytes() == b"another" and w.unsaved()


# --- questions -----------------------------------------------------------------------------------------------
def test_closing_over_work_asks_once(office: Office, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    w = office.open()
    w.asks_on_close = True
    run(w, "sample sleepstudy", MODEL)
    w.close()
    assert w.isVisible()
    w.close()
    assert len(w.findChildren(UnsavedDialog)) == 1
    asked(w).cancel_button.click()
    wait_until(lambda: w.findChild(UnsavedDialog) is None, "the question to go")
    choose(monkeypatch, None)
    w.close()
    asked(w).ok_button.click()  # and no file is chosen
    settled()
    assert w.isVisible()
    wait_until(lambda: w.findChild(UnsavedDialog) is None, "the question to go")
    choose(monkeypatch, tmp_path / "study.terrace")
    w.close()
    asked(w).ok_button.click()
    wait_until(lambda: not w.isVisible(), "the window to close")
    assert (tmp_path / "study.terrace").exists() and list_recoverable(office.journals) == []


def test_what_is_discarded_is_gone_and_a_sample_that_was_looked_at_asks_nothing(office: Office) -> None:
    w = office.open()
    w.asks_on_close = True
    run(w, "sample sleepstudy", MODEL)
    kept(w)
    assert w.projects.autosave.folder.exists()
    w.close()
    press(w, "unsaved_discard")
    assert not w.isVisible() and not w.projects.autosave.folder.exists()
    w = office.open()
    w.asks_on_close = True
    run(w, "sample hsb")
    w.close()
    assert not w.isVisible() and not w.projects.autosave.folder.exists()


def test_opening_data_over_edits_asks_and_over_models_alone_does_not(office: Office) -> None:
    w = office.open()
    run(w, "sample sleepstudy", MODEL)
    w.data.open_sample("winer43")  # the results stay
    wait_idle(w.controller)
    assert w.findChild(UnsavedDialog) is None and len(w.results.cards()) == 1
    run(w, "replace score = 99 in 1")
    w.data.open_sample("hsb")
    assert w.findChild(UnsavedDialog) is not None and w.projects.name() == "winer43"
    asked(w).cancel_button.click()
    wait_idle(w.controller)
    assert w.controller.snapshot.dataset.frame["score"].iloc[0] == 99
    wait_until(lambda: w.findChild(UnsavedDialog) is None, "the question to go")
    w.data.open_sample("hsb")
    press(w, "unsaved_discard")
    wait_idle(w.controller)
    assert w.projects.name() == "hsb"


def test_opening_a_project_over_work_asks(office: Office, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    w = office.open()
    choose(monkeypatch, tmp_path / "study.terrace")
    run(w, "sample sleepstudy", MODEL)
    w.projects.save()
    wait_idle(w.controller)
    run(w, "estat icc")
    shutil.copy(tmp_path / "study.terrace", tmp_path / "other.terrace")
    w.data.open_file(str(tmp_path / "other.terrace"))
    assert "What you open takes its place" in " ".join(x.text() for x in asked(w).findChildren(QLabel))
    asked(w).ok_button.click()
    wait_until(lambda: w.projects.name() == "other.terrace", "the other project")
    wait_idle(w.controller)
    w.data.open_file(str(tmp_path / "study.terrace"))
    wait_idle(w.controller)
    assert any(c.outcome.type == "estat icc" for c in w.results.outputs()), "saved before the other one was opened"


# --- bringing work back --------------------------------------------------------------------------------------
def test_work_of_a_window_that_broke_off_is_offered_and_brought_back_exactly(office: Office) -> None:
    w = office.open()
    run(w, "sample sleepstudy", MODEL, "estat icc", "generate late = days > 5", 'outline note "Look at 308"')
    w.models.edit_newest()
    w.models.builder.state.clear()
    kept(w)
    before, draft = w.controller.snapshot, w.models.kept_draft()["builder"]["spec"]
    office.crash(w)
    again = office.open()
    wait_until(lambda: any("closed unexpectedly" in t for t in texts(again)), "the offer")
    told = next(t for t in texts(again) if "closed unexpectedly" in t)
    assert told.startswith("Terrace closed unexpectedly today at ") and told.endswith("changes that were rescued.")
    assert again.pages.currentWidget() is again.start
    press(again, "rescue_look_0")
    wait_until(lambda: bool(again.results.cards()), "the model")
    wait_idle(again.controller)
    now = again.controller.snapshot
    assert now.dataset.frame.equals(before.dataset.frame) and now.undo_text == before.undo_text
    assert [i.heading for i in now.document] == [i.heading for i in before.document]
    assert again.models.kept_draft()["builder"]["spec"] == draft and again.unsaved()
    wait_until(lambda: len(list(office.journals.iterdir())) == 1, "the old journal to go")
    run(again, "undo", "undo")
    assert "late" not in again.controller.snapshot.dataset


def test_two_windows_keep_their_work_apart_and_a_third_finds_both(office: Office) -> None:
    a, b = office.open(), office.open()
    run(a, "sample sleepstudy", MODEL)
    run(b, "sample winer43", "generate x = score + 1")
    kept(a)
    kept(b)
    c = office.open()
    listed(c, c.start.isVisible)
    assert not any("rescued" in t for t in texts(c)), "both live"
    office.crash(a)
    office.crash(b)
    run(c, "sample hsb")  # a session without work takes nothing away
    office.close(c)
    d = office.open()
    wait_until(lambda: sum("rescued" in t for t in texts(d)) == 2, "both")
    press(d, "rescue_discard_1")
    assert len(list_recoverable(office.journals)) == 2, "asked once more"
    press(d, "rescue_discard_1")
    wait_until(lambda: sum("rescued" in t for t in texts(d)) == 1, "one to go")
    assert len(list_recoverable(office.journals)) == 1


def test_a_session_that_ended_without_a_question_is_continued(office: Office) -> None:
    w = office.open()
    run(w, "sample sleepstudy", MODEL, 'outline note "Ask about subject 308"')
    office.close(w)  # as at the end of the system
    again = office.open()
    wait_until(lambda: again.start.findChild(QPushButton, "start_continue") is not None, "the card")
    wait_until(lambda: any(t.startswith("Not saved, closed today at ") for t in texts(again)), "what is said of it")
    assert any("Ask about subject 308" in t for t in texts(again))
    assert not any("unexpectedly" in t for t in texts(again))
    press(again, "start_continue")
    wait_until(lambda: bool(again.results.cards()), "the model")
    assert again.projects.words() == "Not saved yet"


def test_saved_work_is_not_offered_twice_and_changes_since_go_to_its_file(
    office: Office, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    w = office.open()
    path = tmp_path / "study.terrace"
    choose(monkeypatch, path)
    run(w, "sample sleepstudy", MODEL)
    w.projects.save()
    wait_idle(w.controller)
    office.crash(w)
    w = office.open()
    wait_until(lambda: w.start.findChild(QPushButton, "start_continue") is not None, "the project")
    assert not any("rescued" in t for t in texts(w)) and list(office.journals.iterdir()) == []
    press(w, "start_continue")
    wait_until(lambda: w.projects.name() == "study.terrace", "the project")
    run(w, "generate late = days > 5")
    office.crash(w)
    w = office.open()
    wait_until(lambda: any("study has changes that were rescued" in t for t in texts(w)), "the offer")
    press(w, "rescue_look_0")
    wait_until(lambda: w.projects.words() == "Edited", "the work of the file")
    assert w.projects.name() == "study.terrace"
    wait_idle(w.controller)
    office.crash(w)
    os.utime(path, ns=(1, 1))  # saved again elsewhere
    w = office.open()
    wait_until(lambda: w.findChild(QPushButton, "rescue_look_0") is not None, "the offer")
    press(w, "rescue_look_0")
    wait_until(lambda: "has been saved again since" in w.notices.message("project"), "the warning")
    assert w.controller.snapshot.file is None


# --- autosave ------------------------------------------------------------------------------------------------
def test_a_draft_alone_is_work_and_is_kept(office: Office) -> None:
    w = office.open()
    run(w, "sample sleepstudy")
    w.models.open_builder(None)
    w.models.builder.state.start_from("growth")
    wait_until(lambda: bool(w.models.kept_draft()), "the draft")
    kept(w)
    found = latest(w.projects.autosave.folder)
    assert found is not None and found[0].drafts["builder"]["spec"] == w.models.builder.spec


def test_writing_waits_a_second_and_never_longer(office: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    w = office.open()
    run(w, "sample sleepstudy", MODEL)
    kept(w)
    autosave = w.projects.autosave
    clock = autosave._begun
    monkeypatch.setattr("terrace_desktop.project.autosave.time.monotonic", lambda: clock + 0.3)
    autosave.changed()
    assert autosave._timer.isActive() and autosave._timer.interval() == 700
    autosave.changed()
    assert autosave._timer.interval() == 700, "another change does not put it off"
    monkeypatch.undo()
    kept(w)


def test_a_journal_that_cannot_be_written_is_told_once(office: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    w = office.open()
    run(w, "sample sleepstudy", MODEL)
    kept(w)
    before = latest(w.projects.autosave.folder)
    from terrace.disk import kept as disk

    with monkeypatch.context() as full:
        full.setattr(disk.os, "fsync", lambda _h: (_ for _ in ()).throw(OSError(28, "No space left on device")))
        run(w, "generate late = days > 5")
        kept(w)
    assert "Your work is not kept as you go" in w.notices.message("journal")
    assert before is not None and latest(w.projects.autosave.folder)[0].state.dataset.frame.equals(
        before[0].state.dataset.frame
    )
    run(w, "generate early = days < 2")
    kept(w)
    assert "early" in latest(w.projects.autosave.folder)[0].state.dataset


def test_windows_that_are_killed_at_work_lose_nothing_that_was_kept(tmp_path: Path) -> None:
    script = Path(__file__).with_name("kills_windows.py")
    done = subprocess.run([sys.executable, str(script), str(tmp_path), "7", "10"], capture_output=True, text=True,
                          check=False, timeout=300)  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr
    assert "10 windows were killed at work" in done.stdout


def test_what_leads_to_others_is_on_the_disk_after_them(office: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    """Of each generation: all blobs are flushed and named, the names flushed, then the list of them, then its name."""
    from terrace.disk import kept as disk

    w = office.open()
    run(w, "sample sleepstudy", MODEL)
    kept(w)
    folder, said = w.projects.autosave.folder, []
    open_, fsync, replace = disk.os.open, disk.os.fsync, disk.os.replace
    names: dict[int, str] = {}

    def opened(path: object, *more: object, **rest: object) -> int:
        handle = open_(path, *more, **rest)
        names[handle] = str(path)
        return handle

    def flushed(handle: int) -> None:
        said.append(("flush", names.get(handle, "")))
        fsync(handle)

    def renamed(old: object, new: object) -> None:
        said.append(("name", f"{old} {new}"))
        replace(old, new)

    monkeypatch.setattr(disk.os, "open", opened)
    monkeypatch.setattr(disk.os, "fsync", flushed)
    monkeypatch.setattr(disk.os, "replace", renamed)
    run(w, "generate late = days > 5")
    kept(w)
    monkeypatch.undo()
    mine = [(what, text) for what, text in said if str(folder) in text]
    last = next(k for k, (what, text) in enumerate(mine) if what == "name" and "/state-" in text)
    blobs = [k for k, (what, text) in enumerate(mine) if what == "name" and "/blobs/" in text and k < last]
    assert blobs and all(mine[k - 1] == ("flush", mine[k][1].split()[0]) for k in (*blobs, last))
    assert ("flush", str(folder / "blobs")) in mine[blobs[-1] + 1 : last - 1]
    assert ("flush", str(folder)) in mine[last + 1 :]


# --- the start page ------------------------------------------------------------------------------------------
def test_recent_projects_have_a_picture_of_their_last_figure(
    office: Office, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    w = office.open()
    run(w, "sample sleepstudy", MODEL)
    for k in range(5):
        choose(monkeypatch, tmp_path / f"study-{k}.terrace")
        w.projects.save_as()
        wait_idle(w.controller)
        os.utime(tmp_path / f"study-{k}.terrace", (1.7e9 + k, 1.7e9 + k))
    w.beginning.show()
    from terrace_desktop.project.pictures import PictureView

    def every() -> str:
        found = w.start.findChildren(QPushButton, "start_all")
        return found[-1].text() if found else ""

    wait_until(lambda: every() == "All 5 projects", "the list with the last one, read beside the window")
    settled()  # the list of before is gone
    card = w.start.findChild(QLabel, "start_continue_title")
    assert card is not None and card.text()
    pictures = [p for p in w.start.findChildren(PictureView) if p.isVisibleTo(w.start)]
    assert len(pictures) == 4 and all(p.picture.get("marks") for p in pictures)
    press(w, "start_all")
    assert w.start.findChild(QPushButton, "project_study-0.terrace") is not None
    press(w, "start_back")
    assert w.pages.currentWidget() is w.splitter


def test_a_guided_path_opens_data_and_then_its_first_question(
    office: Office, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import terrace
    from terrace.data.write import write

    path = write(terrace.sample("sleepstudy"), tmp_path / "sleep.dta").path
    w = office.open()
    choose(monkeypatch, path)
    w.start.path_asked.emit("times")
    wait_until(lambda: w.models.guide.panel is not None, "the guide")
    climb = w.models.guide.panel.climb
    assert climb is not None and (climb.step, climb.answers.path, climb.answers.time) == ("null", "repeated", "days")
    kept(w)
    found = latest(w.projects.autosave.folder)
    assert found is not None and found[0].drafts["guide"] == climb.text()
    w.models.bring_draft({"guide": "no draft"})
    assert w.models.guide.draft() == ""
    w.models.bring_draft(found[0].drafts)
    assert w.models.guide.panel.climb == climb


def test_the_convention_is_chosen_on_the_start_page(office: Office) -> None:
    w = office.open()
    line = w.start.convention
    assert line.text.text().startswith("Psychology and education: REML") and line.choices.isHidden()
    line.change.click()
    assert line.choices.isVisible()
    line._buttons["stata"].click()
    assert w.settings.convention() == "stata" and w.actions_["convention_stata"].isChecked()
    assert line.text.text().startswith("Stata: ML")


def test_nothing_opens_a_sample_over_the_work_of_before(office: Office, tmp_path: Path) -> None:
    from terrace_desktop.app import app

    options = app.parse_arguments(["--sample", "hsb", "--first"])
    w = office.open()
    run(w, "sample sleepstudy", MODEL)
    office.crash(w)
    w = office.open()
    app.open_first(w, options)
    wait_idle(w.controller)
    assert w.controller.snapshot.dataset is None and w.pages.currentWidget() is w.start


# --- data and models -----------------------------------------------------------------------------------------
def test_data_are_updated_after_their_differences_were_shown(office: Office, tmp_path: Path) -> None:
    path = tmp_path / "wave.csv"
    path.write_text("id,y\n1,1\n2,2\n3,3\n")
    w = office.open()
    run(w, f'use "{path}"')
    path.write_text("id,y\n1,1\n2,5\n3,3\n4,4\n")
    w.actions_["update_data"].trigger()
    wait_until(lambda: w.findChild(DifferencesDialog) is not None, "the differences")
    dialog = w.findChild(DifferencesDialog)
    lines = dialog.findChild(QLabel, "differences_lines").text().splitlines()
    assert "Rows added: 1" in lines and "Values of y: 1" in lines
    assert len(w.controller.snapshot.dataset) == 3, "nothing has changed yet"
    dialog.ok_button.click()
    wait_until(lambda: len(w.controller.snapshot.dataset) == 4, "the update")
    wait_idle(w.controller)
    assert w.actions_["undo"].text().startswith("&Undo ") and w.actions_["undo"].text() != "&Undo"


def test_models_that_are_out_of_date_are_fitted_again_in_one_step(office: Office) -> None:
    w = office.open()
    run(w, "sample sleepstudy", MODEL, "mixed reaction days || subject:", "replace reaction = reaction + days")
    w.actions_["refit_stale"].trigger()
    wait_idle(w.controller)
    slopes = [c.fit.fixed[0].coef if c.fit.fixed[0].term == "days" else c.fit.fixed[1].coef for c in w.results.cards()]
    assert slopes == pytest.approx([11.467286, 11.467286], abs=1e-4)  # 10.467286 of lme4, and 1
    run(w, "undo")
    assert [round(f.coef, 3) for c in w.results.cards() for f in c.fit.fixed if f.term == "days"] == [10.467, 10.467]


def test_undo_is_named_in_the_menu_and_on_the_button(office: Office) -> None:
    w = office.open()
    run(w, "sample sleepstudy", "replace reaction = 1 in 1")
    name = w.controller.snapshot.undo_text
    assert name and w.actions_["undo"].text() == f"&Undo {name}"
    assert w.actions_.buttons["undo"].toolTip().startswith(f"Undo {name} (")
    run(w, "undo")
    assert w.actions_["undo"].text() == "&Undo" and w.actions_["redo"].text() == f"&Redo {name}"


# --- words and pictures --------------------------------------------------------------------------------------
def test_times_are_said_as_people_say_them() -> None:
    now = dt.datetime(2026, 3, 20, 12, 0)
    ago = [dt.timedelta(seconds=20), dt.timedelta(minutes=1), dt.timedelta(minutes=59)]
    assert [words.saved_words(now - a, now) for a in ago] == [
        "Saved just now", "Saved 1 minute ago", "Saved 59 minutes ago",
    ]  # fmt: skip
    assert words.saved_words(dt.datetime(2026, 3, 19, 17, 42), now).startswith("Saved yesterday at ")
    assert words.day_words(dt.datetime(2026, 3, 17, 9), now) == "on Tuesday"
    assert words.day_words(dt.datetime(2026, 3, 2, 9), now) == "on 2 March"
    assert words.day_words(dt.datetime(2025, 3, 20, 9), now) == "on 20 March 2025"


def test_a_picture_keeps_the_shape_of_a_figure_and_little_else() -> None:
    x = np.tile(np.append(np.arange(50.0), np.nan), 200)
    y = np.concatenate([np.append(k + 2 * np.arange(50.0), np.nan) for k in range(200)])
    mean = Marks("line", np.arange(50.0), 100 + 2 * np.arange(50.0), role="fit")
    plot = Plot("p", (PlotPanel(Axis(), Axis(), (Marks("line", x, y), mean)),), "twoway")
    found = picture_of(plot)
    assert is_picture(found) and len(found["marks"]) <= 61
    strong = [m for m in found["marks"] if m[1]]
    assert len(strong) == 1
    at = np.reshape(strong[0][2], (-1, 2))
    assert np.allclose(np.polyfit(at[:, 0], at[:, 1], 1)[0], np.ptp(mean.y) / (np.nanmax(y) - np.nanmin(y)) , atol=0.5)
    assert not is_picture({"marks": [["line", True, ["x"]]]}) and not is_picture(None)
    assert picture_of(Plot("p", (PlotPanel(Axis(), Axis(), ()),), "twoway")) == {}
