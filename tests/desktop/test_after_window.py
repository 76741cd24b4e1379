"""From the card to the panel and back, over the real engine: outputs stand under the model that was asked."""

from __future__ import annotations

import re
from collections.abc import Iterator

import after_help as help_
import pytest
from after_help import tick, widget, write
from builder_help import popups
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QLabel, QMenu, QPushButton, QTextEdit
from test_app import Program
from waiting import settled, wait_until

from terrace_desktop.panels.after.panel import AfterPanel
from terrace_desktop.results.model_card import ModelCard
from terrace_desktop.results.output_card import OutputCard
from terrace_desktop.ui.settings import Settings

__all__ = ["popups"]  # a fixture for every test here

ONE = "mixed distance age || subject:"
TWO = "mixed distance c.age##i.sex || subject: age, reml dfmethod(satterthwaite)"


@pytest.fixture
def program(settings: Settings, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Program]:
    p = Program(settings)
    path = tmp_path_factory.mktemp("data") / "growth.csv"
    frame = help_.data().frame.rename(columns={"y": "distance", "g": "subject", "x": "age"})
    frame.to_csv(path, index=False)
    p.run(f'use "{path}", clear')
    p.run(ONE, TWO)
    yield p
    p.window.close()
    p.window.deleteLater()


def ask(program: Program, card: ModelCard, key: str = "") -> AfterPanel:
    """Open the panel of a card by its menu."""
    menu = card.findChild(QMenu, "model_after_menu")
    menu.actions()[-1].trigger()
    wait_until(program.window.models._after.panel.isVisible, "the panel")
    panel: AfterPanel = program.window.models._after.panel
    if key:
        panel.choose(key)
        settled()
    return panel


def run(program: Program, panel: AfterPanel) -> None:
    panel.run.click()
    program.idle()
    settled()  # a message that is new in a layout is shown by the event loop


def under(program: Program) -> list[OutputCard]:
    """The outputs under the newest model."""
    results = program.window.results
    return results.under(results.newest())


def commands(program: Program) -> list[str]:
    return [e.command for e in program.window.controller.history.entries]


@pytest.mark.parametrize(
    ("model", "wanted"),
    [
        ("c.age##i.sex", "margins sex, at(age=({low}({step}){high}))"),
        ("i.sex##c.age", "margins sex, at(age=({low}({step}){high}))"),
        ("c.age##c.w", "margins, at(age=({low}({step}){high}) w=({values}))"),
        ("i.sex##i.m", "margins sex#m"),
        ("age i.sex", "margins sex"),
    ],
)
def test_the_plot_of_an_interaction_is_filled_in(program: Program, model: str, wanted: str) -> None:
    program.run("generate w = age^2 - distance", "generate byte m = mod(_n, 2)", f"mixed distance {model} || subject:")
    card = program.window.results.newest()
    menu = card.findChild(QMenu, "model_after_menu")
    next(a for a in menu.actions() if a.text() == "Interaction plot").trigger()
    wait_until(program.window.models._after.panel.isVisible, "the panel")
    panel = program.window.models._after.panel
    (command,) = panel.commands()
    frame = program.window.controller.snapshot.dataset.frame
    found = re.search(r"age=\(([-\d.]+)\(([\d.]+)\)([-\d.]+)\)", command)
    parts = {} if found is None else dict(zip(("low", "step", "high"), found.groups()))
    if found is not None:
        low, step, high = map(float, found.groups())
        assert frame.age.min() <= low < high <= frame.age.max() and 4 <= (high - low) / step <= 16
    around = [frame.w.mean() + k * frame.w.std() for k in (-1, 0, 1)]
    assert command.startswith(wanted.format(values=" ".join(f"{v:.4g}" for v in around), **parts)), command
    assert command.endswith("plot") and panel.run.isEnabled()
    run(program, panel)
    assert program.states()[-1] == (command, "ok") and under(program)[-1].figures


def test_what_is_asked_stands_under_its_model(program: Program) -> None:
    pane = program.window.results
    oldest, newest = pane.cards()
    panel = ask(program, oldest, "icc")
    assert panel.head().subtitle == "Model 1"
    run(program, panel)
    assert panel.status.full_text() == "Done. The result is below the model."
    assert [o.outcome.command for o in pane.under(oldest)] == ["estat icc"] and not pane.under(newest)
    assert "estimates restore m1" in commands(program), "the model asked is made the active one"
    again = ask(program, newest)
    assert again is panel and panel.head().subtitle == "Model 2"
    panel.choose("margins")
    write(panel, "at_age", "-1 1")
    run(program, panel)
    (margins,) = pane.under(newest)
    assert margins.outcome.command == "margins sex, at(age=(-1 1)) small plot"
    assert margins.outcome.tables and margins.outcome.plots
    assert commands(program)[-1] == margins.outcome.command, "every click is in the history"


def test_new_variables_reach_the_grid_and_the_panel_offers_another_name(program: Program) -> None:
    card = program.window.results.newest()
    panel = ask(program, card, "predict")
    tick(panel, "se")
    run(program, panel)
    names = program.window.left.grid.grid.dataset.names
    assert {"fitted", "fitted_se"} <= set(names)
    assert panel.command.text() == "predict fitted2, fitted se(fitted2_se)"
    assert not card.stale, "a new variable does not make the model stale"


def test_a_command_that_fails_says_so_in_the_panel(program: Program) -> None:
    card = program.window.results.newest()
    panel = ask(program, card, "profile")
    # what the panel could not know: values were changed behind its back
    panel.choose("influence")
    program.run("replace distance = distance + 1 in 1")
    run(program, panel)
    strip = widget(panel, "error")
    assert "not the rows that the model was fitted to" in strip.message.text()
    assert panel.run.isEnabled()


def test_comparing_uses_the_models_of_the_pane(program: Program) -> None:
    card = program.window.results.newest()
    panel = ask(program, card, "compare")
    assert panel.command.text() == 'estimates compare m1 m2, titles("Model 1" "Model 2") ml', "one is by REML"
    tick(panel, "ml", False)
    assert panel.command.text() == 'estimates compare m1 m2, titles("Model 1" "Model 2")'
    tick(panel, "ml", True)
    run(program, panel)
    table = program.window.results.outputs()[-1].outcome.tables[1]
    assert [c.title for c in table.columns] == ["Model 1", "Model 2"]
    program.run("mixed distance i.sex || subject:")
    assert panel.command.text().startswith("estimates compare m1 m2 m3, "), "a new model takes part"
    tick(panel, "models_m1", False)
    program.run("mixed distance i.sex age || subject:")
    assert panel.command.text().startswith("estimates compare m2 m3, "), "what was chosen stays"
    program.run("mixed distance c.age##i.sex || subject:, reml")
    for name in ("m3", "m4"):
        tick(panel, f"models_{name}", False)
    tick(panel, "models_m5", True)
    assert panel.command.text().startswith("estimates compare m2 m5, ") and not panel.command.text().endswith(" ml"), (
        "REML compares random effects"
    )


def test_labels_given_later_stand_on_cards_and_axes(program: Program) -> None:
    card = program.window.results.cards()[0]
    card.wake()
    card.show_part("model_plots")
    program.idle()
    before = card.browser.toPlainText()
    assert "Age in years" not in before
    program.run('label variable age "Age in years"', 'label variable distance "Length"')
    program.idle()
    assert card is program.window.results.cards()[0]
    wait_until(lambda: "Age in years" in card.browser.toPlainText(), "the label")
    program.idle()
    assert all(p.plot is not None for p in card.plots.small.values())
    assert "Length" in card.findChild(QLabel, "model_sentence").text()
    program.run("undo", "undo")
    wait_until(lambda: card.browser.toPlainText() == before, "the name again")


def test_models_by_reml_are_compared_by_ml_in_one_click(program: Program) -> None:
    program.run("mixed distance || subject:, reml")
    program.run("mixed distance age || subject:, reml")
    program.run("estimates compare m3 m4, notable")
    models = program.window.results.cards()
    output = program.window.results.outputs()[-1]
    output.wake()
    QTest.mouseClick(output.findChild(QPushButton, "output_by_ml"), Qt.MouseButton.LeftButton)
    program.idle()
    again = program.window.results.outputs()[-1]
    assert again.outcome.command == "estimates compare m3 m4, notable ml"
    assert "p" in [c.key for c in again.outcome.tables[0].columns]
    again.wake()
    assert again.findChild(QPushButton, "output_by_ml") is None
    assert program.window.results.cards() == models, "the models stay as they are"


def test_a_paragraph_to_copy(program: Program) -> None:
    card = program.window.results.newest()
    panel = ask(program, card, "apa")
    write(panel, "words_age", "age in years")
    run(program, panel)
    (output,) = under(program)
    text = output.browser.toPlainText()
    assert "age in years" in text and "A linear mixed model of" in text and output.title == "Results paragraph"


def test_long_work_is_cancelled_from_the_panel(program: Program) -> None:
    card = program.window.results.newest()
    panel = ask(program, card, "bootstrap")
    write(panel, "reps", "100000")
    panel.run.click()
    assert panel.cancel.isVisible()
    wait_until(lambda: program.window.controller.worker.running() is not None, "the bootstrap")
    panel.cancel.click()
    program.idle()
    assert panel.status.full_text() == "Cancelled" and not panel.cancel.isVisible()
    assert not under(program)


def test_the_panel_goes_with_its_model(program: Program) -> None:
    pane, models = program.window.results, program.window.models
    ask(program, pane.newest())
    pane.newest().remove()
    program.idle()
    wait_until(lambda: models._after.panel is None, "the panel to go with its model")
    ask(program, pane.newest())
    program.window.work.close_button.click()
    assert not program.window.splitter.is_open() and models._after.panel is not None, "what was begun stays"
    panel = ask(program, pane.newest(), "contrast")
    widget(panel, "edit").click()
    wait_until(lambda: models._after.panel is None and models.builder is not None, "the builder instead of the panel")
    assert models.builder.spec == pane.newest().fit.spec


def test_the_menu_opens_the_panel_of_the_newest_model(program: Program) -> None:
    action = program.window.actions_["after_all"]
    assert action.isEnabled() and action.shortcut().toString() == "Ctrl+T"
    action.trigger()
    wait_until(program.window.models._after.panel.isVisible, "the panel")
    panel = program.window.models._after.panel
    assert panel.facts.fit is program.window.results.newest().fit


def test_degrees_of_freedom_are_put_to_use_in_a_model_of_their_own(program: Program) -> None:
    pane = program.window.results
    panel = ask(program, pane.newest(), "df")
    for name in ("satterthwaite", "residual"):
        tick(panel, f"methods_{name}", False)
    tick(panel, "use")
    run(program, panel)
    wait_until(lambda: len(pane.cards()) == 3, "the model with other degrees of freedom")
    program.idle()
    fit = pane.newest().fit
    assert fit.spec.df_method == "kroger" and fit.fixed[0].df is not None
    assert [o.outcome.command for o in pane.under(pane.cards()[-2])] == ["estat df, method(kroger)"]


def test_forms_stay_open_while_the_rows_of_the_fit_are_there(program: Program) -> None:
    program.run("mixed distance age if subject > 3 || subject:")
    panel = ask(program, program.window.results.newest(), "margins")
    program.run("keep if e(sample)", "sort age")
    assert not panel.form.reason
    run(program, panel)
    assert panel.status.full_text().startswith("Done")
    program.run("drop if subject == 4")
    assert panel.form.reason.startswith("The data have changed since the fit")


def test_the_builder_begins_from_a_model_of_the_page(program: Program) -> None:
    """*Start from* offers the models that are there, the one that is shown now too."""
    w = program.window
    w.models.open_builder(None)
    builder = w.models.builder
    assert builder is not None
    menu = builder.start_menu
    menu.aboutToShow.emit()
    kept = menu.models.actions()
    assert [a.text() for a in kept] == [c.title for c in w.results.cards()]
    kept[0].trigger()
    assert builder.spec == w.results.cards()[0].fit.spec and builder.head().subtitle == "from Model 1"
    builder.undo()
    assert not builder.spec.outcome.name
    w.models.close_builder()
    w.results.clear()
    program.idle()
    w.models.open_builder(None)
    w.models.builder.start_menu.aboutToShow.emit()
    assert not w.models.builder.start_menu.models.menuAction().isVisible()


def test_notes_are_begun_from_the_menu(program: Program) -> None:
    w = program.window
    w.actions_["add_note"].trigger()
    assert w.results.findChild(QTextEdit, "note_editor") is not None
