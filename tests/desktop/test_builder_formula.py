"""A formula of R or syntax of SPSS becomes the model of the builder; a model's card gives its code."""

from __future__ import annotations

from pathlib import Path

import pytest
from builder_help import child, click, popups, schools, shown, start_with
from PySide6.QtCore import Qt
from PySide6.QtGui import QGuiApplication
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QMenu
from test_app import Program, program
from waiting import settled

from terrace_desktop.results.output_card import OutputCard
from terrace_desktop.ui import dialogs

__all__ = ["popups", "program"]

DATA = schools()


def test_a_formula_is_typed() -> None:
    form = shown(DATA, "mixed score || id:")
    start_with(form, "builder_formula")
    edit = form.live.command
    assert edit.isVisible() and edit.toPlainText() == "" and edit.hasFocus()
    QTest.keyClicks(edit, "score ~ ses + (ses | idd)")
    assert form.live.wrong.isVisible() and "idd" in form.live.wrong.text()
    QTest.keyClick(edit, Qt.Key.Key_Return, Qt.KeyboardModifier.ControlModifier)
    assert edit.textCursor().selectedText() == "idd"
    assert form.command == "mixed score || id:", "a formula with a mistake leaves the model as it was"
    QTest.keyClicks(edit, "id")
    assert not form.live.wrong.isVisible()
    click(form, "builder_use_command")
    assert form.command == "mixed score ses || id: ses, covariance(unstructured) reml"
    click(form, "work_undo")
    assert form.command == "mixed score || id:"
    form.close_down()
    form.close()
    form.deleteLater()


def test_the_button_that_uses_a_formula_is_in_sight_in_a_low_panel(program: Program) -> None:
    """Whatever the window leaves for it, and with a word on what is wrong; a long text makes the box higher."""
    program.run("sample hsb")
    window = program.window
    window.resize(1280, 720)
    window.models.open_builder(None)
    program.idle()
    live = window.models.builder.live
    live.begin_foreign()
    low = live.command.height()
    QTest.keyClicks(live.command, "mathach ~ ses + (ses | idd)")
    settled()
    assert live.wrong.isVisible()
    area = child(window.models.builder, "builder_live_scroll").viewport()
    assert area.rect().contains(live.use.mapTo(area, live.use.rect().bottomRight()))
    live.command.setPlainText("\n".join(["ses"] * 40))
    assert low < live.command.height() < 40 * live.command.fontMetrics().lineSpacing()


@pytest.mark.parametrize(
    ("text", "command"),
    [
        ("score ~ ses * sector + (1 | district/id)", "mixed score c.ses##i.sector || district: || id:, reml"),
        ("lmer(score ~ ses +\n  (1 | id), data = d, REML = FALSE)", "mixed score ses || id:"),
        ("MIXED score WITH ses\n  /FIXED=ses\n  /RANDOM=INTERCEPT ses | SUBJECT(id) COVTYPE(UN).",
         "mixed score ses || id: ses, covariance(unstructured) reml"),
    ],
)  # fmt: skip
def test_what_other_programs_say_is_pasted(text: str, command: str) -> None:
    form = shown(DATA, "mixed score || id:")
    QGuiApplication.clipboard().setText(text)
    start_with(form, "builder_paste")
    assert form.command == command
    form.close_down()
    form.close()
    form.deleteLater()


def test_a_formula_that_needs_variables_names_their_commands() -> None:
    form = shown(DATA, "mixed score || id:")
    QGuiApplication.clipboard().setText("score ~ scale(ses) + (1 | id)")
    start_with(form, "builder_paste")
    assert child(form, "builder_command_error").isVisible()
    assert "egen ses_z = std(ses)" in form.live.wrong.text()
    assert form.command == "mixed score || id:"
    form.close_down()
    form.close()
    form.deleteLater()


def test_variables_of_a_formula_are_made_in_the_window(program: Program) -> None:
    program.run("sample sleepstudy")
    program.window.models.open_builder(None)
    builder = program.window.models.builder
    assert builder is not None
    builder.use_text("reaction ~ scale(days) + (1 | subject)")
    program.idle()
    assert builder.command == "mixed reaction days_z || subject:, reml"
    assert program.window.controller.snapshot.dataset is not None
    assert "days_z" in program.window.controller.snapshot.dataset
    program.window.models.discard_builder()


def test_a_card_gives_its_code(program: Program, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    program.run("sample sleepstudy", "mixed reaction days || subject: days, covariance(unstructured) reml")
    card = program.window.results.newest()
    menu = card.menu.findChild(QMenu, "model_code_menu")
    next(a for a in menu.actions() if a.objectName() == "model_code_r").trigger()
    program.idle()
    (output,) = (c for c in program.window.results.findChildren(OutputCard) if c.outcome.type == "code")
    assert "lmer(reaction ~ days + (days | subject)" in output.outcome.text
    output.copy_text()
    assert "library(lme4)" in QGuiApplication.clipboard().text()
    last, asked = tmp_path / "analysis", []
    last.mkdir()
    program.window.settings.set_folder(last)
    monkeypatch.setattr(dialogs, "ask_save", lambda *given: asked.append(given[2:]) or str(tmp_path / "growth"))
    next(a for a in output.menu.actions() if a.objectName() == "output_save_code").trigger()
    program.idle()
    assert asked == [(str(last / "model.R"), "R (lme4) (*.R)")], "in the folder that was used last"
    assert (tmp_path / "growth.R").read_text("utf-8") == output.outcome.payload["code"], "the ending is put behind it"
    assert program.window.settings.folder() == str(tmp_path) and program.window.status.message() == "growth.R written"
