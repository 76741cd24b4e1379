"""The files of the window itself: settings, the commands of a session, logs; and data that another program changed."""

from __future__ import annotations

import errno
import json
import logging
import os
import stat
from pathlib import Path

import fakes
import pytest
from PySide6.QtCore import QByteArray
from PySide6.QtWidgets import QPushButton
from waiting import wait_idle

from terrace.disk import writing
from terrace.disk.stamps import note
from terrace.disk.writing import write_text
from terrace_desktop.app.window import MainWindow
from terrace_desktop.ui import dialogs
from terrace_desktop.ui.settings import Settings
from terrace_desktop.work import logs

private = pytest.mark.skipif(os.name == "nt", reason="permissions of POSIX")


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def names(folder: Path) -> list[str]:
    return sorted(p.name for p in folder.iterdir())


def full(*_: object) -> None:
    raise OSError(errno.ENOSPC, "")


def test_settings_come_back_as_they_were(tmp_path: Path) -> None:
    path = tmp_path / "new folder" / "settings.json"
    settings = Settings(path)
    settings.set_theme("dark")
    settings.set_flag("labels", True)
    settings.set_number("tab", 2)
    settings.set_state("window", QByteArray(bytes(range(256))))
    settings.add_recent(__file__)
    again = Settings(path)
    assert (again.theme(), again.flag("labels"), again.number("tab")) == ("dark", True, 2)
    assert again.state("window") == QByteArray(bytes(range(256))) and again.recent() == [__file__]
    again.forget_states()
    assert Settings(path).state("window") is None and Settings(path).theme() == "dark"


def test_two_windows_keep_what_the_other_has_set(tmp_path: Path) -> None:
    one, two = Settings(tmp_path / "s.json"), Settings(tmp_path / "s.json")
    one.set_theme("dark")
    two.set_flag("labels", True)
    again = Settings(tmp_path / "s.json")
    assert again.theme() == "dark" and again.flag("labels")


@pytest.mark.parametrize("content", [b"", b"[1]", b'{"theme": "da', b"\xff\xfe\x00", b"[theme]\nx=1", b"[" * 100_000])
def test_settings_that_cannot_be_read_are_set_aside(content: bytes, tmp_path: Path) -> None:
    (tmp_path / "s.json").write_bytes(content)
    settings = Settings(tmp_path / "s.json")
    assert settings.theme() == "system"
    (aside,) = names(tmp_path)
    assert aside.startswith("s.json.unreadable-2") and (tmp_path / aside).read_bytes() == content
    settings.set_theme("light")
    assert json.loads((tmp_path / "s.json").read_text())["theme"] == "light"


def test_settings_that_the_system_does_not_give_today_are_there_tomorrow(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    Settings(tmp_path / "s.json").set_theme("dark")
    usual = Path.read_text

    def fail(path: Path, *how: object, **more: object) -> str:
        raise OSError(errno.EIO, os.strerror(errno.EIO))

    monkeypatch.setattr(Path, "read_text", fail)
    settings = Settings(tmp_path / "s.json")
    assert settings.theme() == "system"
    settings.set_flag("labels", True)  # took the place of the whole file
    monkeypatch.setattr(Path, "read_text", usual)
    assert Settings(tmp_path / "s.json").theme() == "dark"
    settings.set_flag("grid", True)
    assert Settings(tmp_path / "s.json").theme() == "dark" and Settings(tmp_path / "s.json").flag("labels")


@pytest.mark.parametrize("value", [17, None, [], {"base64": 3}, {"base64": "%"}])
def test_values_of_another_kind_are_no_end_of_the_program(value: object, tmp_path: Path) -> None:
    kept = {"theme": value, "numbers/tab": value, "flags/labels": value, "state/window": value, "recent": value}
    (tmp_path / "s.json").write_text(json.dumps({**kept, "folder": value}))
    settings = Settings(tmp_path / "s.json")
    assert (settings.theme(), settings.flag("labels"), settings.recent()) == ("system", False, [])
    assert isinstance(settings.number("tab"), int) and Path(settings.folder()).is_dir()
    assert settings.state("window") is None or settings.state("window") == QByteArray.fromBase64(b"3")


def test_where_settings_cannot_be_written_the_old_ones_stay(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    settings = Settings(tmp_path / "s.json")
    settings.set_theme("dark")
    before = {n: (tmp_path / n).read_bytes() for n in names(tmp_path)}
    monkeypatch.setattr(writing.os, "fsync", full)
    settings.set_theme("light")
    monkeypatch.undo()
    assert {n: (tmp_path / n).read_bytes() for n in names(tmp_path)} == before
    assert [r.message for r in caplog.records if "the disk is full" in r.message] and settings.theme() == "light"
    settings.set_flag("labels", True)
    assert Settings(tmp_path / "s.json").theme() == "light", "written with the next change"


@private
def test_the_windows_own_files_are_for_their_owner(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TERRACE_LOGS", str(tmp_path))
    root, had = logging.getLogger(), [*logging.getLogger().handlers]
    levels = {name: logging.getLogger(name).level for name in ("", "terrace", "terrace_desktop")}
    logs.start_logs()
    logging.getLogger("terrace").info("a line")
    Settings(tmp_path / "settings.json").set_theme("dark")
    own = [tmp_path / n for n in ("terrace.log", f"running-{os.getpid()}.txt", "settings.json")]
    assert {p.name: mode(p) for p in own} == {p.name: 0o600 for p in own}
    logs.end_logs()
    for handler in [h for h in root.handlers if h not in had]:
        root.removeHandler(handler)
        handler.close()
    for name, level in levels.items():
        logging.getLogger(name).setLevel(level)


def test_data_that_another_program_has_changed_are_replaced_only_when_told_so(
    settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    session, path = fakes.FakeSession(), tmp_path / "d.dta"
    window = MainWindow(settings, lambda: session)
    window.show()
    window.begin()
    wait_idle(window.controller)
    window.controller.run("sample small")
    wait_idle(window.controller)
    monkeypatch.setattr(dialogs, "ask_save", lambda *_: str(path))
    note(write_text(path, "as it was opened"))
    path.write_text("as another program wrote it")

    def answer(button: str) -> list[str]:
        before = len(session.ran)
        window.exports.save_data()
        window.findChild(dialogs.ChangedDialog).findChild(QPushButton, f"changed_dialog_{button}").click()
        wait_idle(window.controller)
        return [c for c in session.ran[before:] if c.startswith("save")]

    assert answer("cancel") == []
    assert answer("ok") == [f'save "{path}", replace']
    window.asks_on_close = False
    window.close()
    window.deleteLater()
