"""The window offers the formats of the engine's tables, and no others."""

from __future__ import annotations

import re
from pathlib import Path

import fakes
import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QMenu, QPushButton, QTextBrowser, QWidget
from waiting import wait_idle

from terrace.data import formats
from terrace.report import formats as output
from terrace_desktop.app.window import MainWindow
from terrace_desktop.forms.controls import control_of
from terrace_desktop.forms.entry import Field
from terrace_desktop.ui import dialogs
from terrace_desktop.ui.settings import Settings


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The filters of the dialogs for files that were shown; no file is chosen."""
    shown: list[str] = []

    def ask(_parent: QWidget, _title: str, _where: str, filters: str) -> str:
        shown.append(filters)
        return ""

    def several(parent: QWidget, title: str, where: str, filters: str) -> list[str]:
        ask(parent, title, where, filters)
        return []

    monkeypatch.setattr(dialogs, "ask_open", ask)
    monkeypatch.setattr(dialogs, "ask_several", several)
    monkeypatch.setattr(dialogs, "ask_save", ask)
    return shown


def endings(filters: str) -> list[str]:
    return [word.removeprefix("*") for word in re.findall(r"[*][^ )]*", filters)]


def items(menu: QMenu | None) -> list[str]:
    assert menu is not None
    return [action.text() for action in menu.actions()]


def test_dialogs_and_menus_offer_what_the_tables_have(settings: Settings, asked: list[str]) -> None:
    session = fakes.FakeSession()
    window = MainWindow(settings, lambda: session)
    window.begin()
    c = window.controller
    wait_idle(c)
    for command in ("sample small", "mixed score ses || school:"):
        c.run(command)
    wait_idle(c)

    window.data.ask_open()
    data = formats.endings_of(formats.FORMATS)
    assert endings(asked.pop()) == [".terrace", *data, ".terrace", *data, ""]  # both, projects, data, any file
    window.exports.save_data()
    saved = asked.pop()
    assert endings(saved) == list(formats.WRITTEN)
    assert saved.startswith(f"{formats.FORMATS[0].program} (*{formats.USUAL})")
    window.reports.save("pdf")
    assert asked[-1].startswith("PDF (*.pdf);;")
    assert set(endings(asked.pop())) == {e for f in output.REPORTS for e in (f.ending, *f.also)}

    (card,) = window.results.cards()
    assert items(card.menu.findChild(QMenu, "model_export_menu")) == [f"{f.name}…" for f in output.REPORTS]
    for known in output.REPORTS:
        window.exports.export_card(card, known.suffix)
        assert asked.pop() == f"{known.name} (*{known.ending})"
    for known in output.PLOTS:
        window.exports.export_plot(fakes.plot(), known.suffix)
        assert asked.pop() == f"{known.name} (*{known.ending})"
    card.show_part("model_plots")
    wait_idle(c)
    row = card.plots
    row.small["qq"].clicked.emit()
    assert items(window.findChild(QMenu, "plot_export_menu")) == [f"{f.name}…" for f in output.PLOTS]

    window.help.show_page("first-steps")
    page = window.findChild(QTextBrowser, "help_first-steps_text")
    assert f"reads {formats.programs()} files" in page.toPlainText()
    for dialog in QApplication.topLevelWidgets():
        if isinstance(dialog, dialogs.PageDialog):
            dialog.close()
    window.close()
    window.deleteLater()


def test_a_form_takes_any_data_file(qapp: QApplication, asked: list[str], tmp_path: Path) -> None:
    control = control_of(Field("file", "File", "file"))
    (browse,) = control.findChildren(QPushButton)
    QTest.mouseClick(browse, Qt.MouseButton.LeftButton)
    assert endings(asked.pop()) == [*formats.endings_of(formats.FORMATS), ""]
    control.set_value(str(tmp_path / "d"))
    assert str(tmp_path / "d") in control.problem()
    (tmp_path / "d.sav").write_text("x")  # as the command will find it
    assert control.problem() == ""
    control.deleteLater()
