"""The panel by keys and mouse: what is chosen is what its command says, and nothing stays between models."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import after_help as help_
import pytest
from after_help import choose, hidden, shown, tick, tick_row, widget, write
from builder_help import popups
from PySide6.QtCore import Qt
from PySide6.QtGui import QAccessible, QGuiApplication
from PySide6.QtTest import QSignalSpy, QTest
from PySide6.QtWidgets import QApplication, QCheckBox, QLabel, QPushButton, QScrollArea, QWidget
from test_accessibility import unnamed
from waiting import settled

from terrace.session.contract import Outcome
from terrace_desktop.forms.listing import HEAD, EntryDelegate
from terrace_desktop.panels.after.panel import AfterPanel
from terrace_desktop.ui import theme
from terrace_desktop.ui.work_panel import WorkPanel

__all__ = ["popups"]  # a fixture for every test here

Opener = Callable[..., AfterPanel]


@pytest.fixture
def opened() -> Iterator[Opener]:
    dialogs: list[WorkPanel] = []

    def make(*args: object, **kwargs: object) -> AfterPanel:
        dialogs.append(shown(help_.facts(*args, **kwargs)))  # type: ignore[arg-type]
        panel = dialogs[-1].content()
        assert isinstance(panel, AfterPanel)
        return panel

    yield make
    for d in dialogs:
        d.hide()
        d.deleteLater()


@pytest.fixture
def panel(opened: Opener) -> AfterPanel:
    return opened()


def test_opens_ready_to_search(panel: AfterPanel) -> None:
    panel.window().activateWindow()
    assert panel.head().title == "After the fit" and panel.head().subtitle == "Model 1"
    assert QApplication.focusWidget() is panel.search
    assert panel.list.current().key == "test" and not panel.run.isEnabled()  # type: ignore[union-attr]
    assert panel.problem() == "Choose at least one coefficient." == panel.status.full_text()
    assert panel.commands() == []


def test_a_test_by_mouse(panel: AfterPanel) -> None:
    tick(panel, "names_x")
    tick(panel, "names_1.t#c.x")
    assert panel.command.text() == "test x 1.t#c.x, small"
    choose(panel, "kind", "equal")
    tick(panel, "small", False)
    choose(panel, "mtest", "holm")
    assert panel.command.text() == "test x = 1.t#c.x, mtest(holm)"
    spy = QSignalSpy(panel.run_asked)
    QTest.mouseClick(panel.run, Qt.MouseButton.LeftButton)
    assert spy.count() == 1 and spy.at(0)[0] == ["test x = 1.t#c.x, mtest(holm)"]


def test_by_the_keyboard_alone(panel: AfterPanel) -> None:
    panel.window().activateWindow()
    QTest.keyClicks(panel.search, "pairwise")
    assert [e.key for e in panel.list.entries()] == ["pwcompare"]
    QTest.keyClick(panel.search, Qt.Key.Key_Return)
    assert QApplication.focusWidget() is widget(panel, "terms_t")
    QTest.keyClick(QApplication.focusWidget(), Qt.Key.Key_Tab)
    QTest.keyClick(QApplication.focusWidget(), Qt.Key.Key_Space)
    assert panel.command.text() == "pwcompare t sex, mcompare(tukey) small"
    spy = QSignalSpy(panel.run_asked)
    QTest.keyClick(QApplication.focusWidget(), Qt.Key.Key_Return, Qt.KeyboardModifier.ControlModifier)
    assert spy.count() == 1
    panel.show_outcome(Outcome("pwcompare", "pwcompare", "ok", 0.1))
    QTest.keyClick(QApplication.focusWidget(), Qt.Key.Key_F, Qt.KeyboardModifier.ControlModifier)
    assert QApplication.focusWidget() is panel.search and panel.search.selectedText() == "pairwise"
    QTest.keyClick(panel.search, Qt.Key.Key_Escape)
    assert panel.search.text() == "" and panel.window().isVisible()
    closing = QSignalSpy(panel.window().close_asked)
    QTest.keyClick(panel.search, Qt.Key.Key_Escape)
    assert closing.count() == 1


def test_arrows_skip_the_headings(panel: AfterPanel) -> None:
    seen = []
    for _ in range(40):
        seen.append(panel.list.current().key)  # type: ignore[union-attr]
        QTest.keyClick(panel.search, Qt.Key.Key_Down)
    assert list(dict.fromkeys(seen)) == [e.key for e in panel.list.entries()]


def test_search_that_finds_nothing_says_so(panel: AfterPanel) -> None:
    QTest.keyClicks(panel.search, "qqqq")
    assert panel.nothing.isVisible() and panel.commands() == [] and not panel.run.isEnabled()
    panel.search.clear()
    assert not panel.nothing.isVisible() and panel.list.current() is not None and panel.form is not None


def test_fields_come_and_go_with_what_they_belong_to(panel: AfterPanel) -> None:
    panel.choose("predict")
    assert hidden(panel, "level") and hidden(panel, "reses") and hidden(panel, "name_xb")
    tick(panel, "pi")
    write(panel, "level", "90")
    assert panel.command.text() == "predict fitted, fitted pi(fitted_pi_low fitted_pi_high) level(90)"
    choose(panel, "what", "reffects")
    assert hidden(panel, "pi") and hidden(panel, "level")
    tick(panel, "reses")
    assert panel.command.text() == "predict u*, reffects reses(u_se*)"
    write(panel, "name_reffects", "2u")
    assert not panel.run.isEnabled() and "start with a letter" in panel.status.full_text()


def test_what_is_closed_says_why(opened: Opener) -> None:
    panel = opened(help_.PLAIN)
    panel.choose("terms")
    small = widget(panel, "small")
    assert not small.isEnabled() and not small.isChecked()
    assert "without degrees of freedom" in small.accessibleDescription()
    panel.choose("df")
    assert not widget(panel, "methods_kroger").isEnabled()
    assert "REML" in widget(panel, "methods_kroger").toolTip()
    assert panel.command.text() == "estat df, method(residual)"
    panel.choose("contrast")
    assert panel.list.reason_of("contrast") == widget(panel, "reason").message.text()
    assert panel.commands() == [] and not panel.run.isEnabled() and not panel.copy.isEnabled()
    spy = QSignalSpy(panel.edit_asked)
    widget(panel, "edit").click()
    assert spy.count() == 1


def test_numbers_are_judged_as_they_are_typed(panel: AfterPanel) -> None:
    panel.choose("bootstrap")
    for text, ready in (("500", True), ("1", False), ("2.5", False), ("many", False), ("", True)):
        write(panel, "reps", text)
        assert panel.run.isEnabled() is ready, text
    write(panel, "seed", "7")
    assert panel.command.text() == "estat bootstrap, seed(7)"
    panel.choose("icc")
    write(panel, "level", "9")
    assert panel.status.full_text().startswith("Confidence level, %: enter a number from 10 to 99.99")


def test_margins_at_values(panel: AfterPanel) -> None:
    panel.choose("margins")
    assert panel.command.text() == "margins t, small plot"
    write(panel, "at_x", "0 1")
    write(panel, "at_w", "(mean)")
    choose(panel, "rest", "asbalanced")
    choose(panel, "over", "sex")
    assert panel.command.text() == "margins t, at(x=(0 1) (mean) w) asbalanced over(sex) small plot"
    choose(panel, "compare", "r")
    assert hidden(panel, "plot") and panel.command.text().startswith("margins r.t, at(")
    assert hidden(panel, "mcompare") and not hidden(panel, "adjust")
    choose(panel, "compare", "pairs")
    assert hidden(panel, "plot") and panel.command.text().endswith("pwcompare mcompare(tukey) small")
    write(panel, "at_t", "1")
    assert "Choose one" in panel.status.full_text()


def test_pieces_are_inserted_into_an_expression(panel: AfterPanel) -> None:
    panel.choose("lincom")
    menu = widget(panel, "expression_insert").menu()
    line = widget(panel, "expression")
    line.setText("2*")
    next(a for a in menu.actions() if a.text().endswith("1.t#c.x")).trigger()
    next(a for a in menu.actions() if a.text() == "w").trigger()
    assert panel.command.text() == "lincom 2*1.t#c.x + w, small"
    assert panel.run.isEnabled()


def test_a_long_list_is_ticked_by_keys(panel: AfterPanel) -> None:
    wide = help_.data()
    for k in range(6):
        wide = wide.with_column(f"z{k}", wide.numeric("x") + k)
    panel.set_facts(help_.facts(dataset=wide))
    panel.choose("residuals")
    tick_row(panel, "variables", "z3")
    assert panel.command.text() == "estat residuals z3"
    widget(panel, "variables_all").click()
    assert " z0 z1 z2 z3 " in panel.command.text()
    widget(panel, "variables_none").click()
    assert panel.command.text() == "estat residuals"


def test_nothing_is_remembered_between_models(panel: AfterPanel) -> None:
    panel.choose("icc")
    write(panel, "level", "80")
    panel.choose("predict")
    write(panel, "name_fitted", "mine")
    panel.choose("icc")
    assert panel.command.text() == "estat icc", "a form opens as new"
    write(panel, "level", "80")
    panel.set_facts(help_.facts(help_.NESTED))
    assert panel.form is not None and panel.form.entry.key == "icc"
    assert panel.command.text() == "estat icc" and widget(panel, "level").text() == ""
    panel.set_facts(help_.facts(help_.LINEAR))
    assert panel.commands() == [] and widget(panel, "reason")


def test_what_is_typed_survives_other_data_for_the_same_model(panel: AfterPanel) -> None:
    panel.choose("predict")
    tick(panel, "se")
    form = panel.form
    panel.set_facts(help_.facts())
    assert panel.form is form, "nothing changed, so nothing is made anew"
    more = help_.data().with_column("fitted", help_.data().numeric("x"))
    panel.set_facts(help_.facts(dataset=more))
    assert panel.command.text() == "predict fitted2, fitted se(fitted2_se)", "a free name, and the rest as it was"
    write(panel, "name_fitted", "mine")
    panel.set_facts(help_.facts(dataset=more.with_column("fitted2", more.numeric("x"))))
    assert panel.command.text() == "predict mine, fitted se(mine_se)"


def test_running_and_what_comes_of_it(panel: AfterPanel) -> None:
    panel.choose("icc")
    panel.request_run()
    assert panel.status.full_text() == "Running …" and not panel.run.isEnabled() and panel.cancel.isVisible()
    spy = QSignalSpy(panel.cancel_asked)
    panel.cancel.click()
    assert spy.count() == 1
    panel.show_outcome(None)
    assert panel.status.full_text() == "Cancelled" and panel.run.isEnabled() and not panel.cancel.isVisible()
    panel.request_run()
    failed = Outcome("estat icc", "estat icc", "error", 0.1, error=("x", "It cannot be."), error_advice="Do this.")
    panel.show_outcome(failed)
    settled()
    strip = widget(panel, "error")
    assert strip.message.text() == "It cannot be." and panel.run.isEnabled()
    panel.request_run()
    assert hidden(panel, "error"), "an old message goes when the command runs again"
    panel.show_outcome(Outcome("estat icc", "estat icc", "ok", 0.1, text="Fine."))
    assert panel.status.full_text() == "Fine."
    panel.choose("sd")
    assert panel.status.full_text() == ""


def test_the_command_is_copied(panel: AfterPanel) -> None:
    panel.choose("r2")
    panel.copy.click()
    assert QGuiApplication.clipboard().text() == "estat r2"
    assert panel.status.full_text() == "Command copied"


def test_the_wheel_over_a_list_of_choices_changes_nothing(panel: AfterPanel) -> None:
    panel.choose("contrast")
    before = panel.command.text()
    box = widget(panel, "operator")
    QTest.keyClick(box, Qt.Key.Key_Down)
    assert panel.command.text() != before, "the arrow keys do"


# --- looks ----------------------------------------------------------------------------------------------
@pytest.mark.parametrize("model", [help_.FULL, help_.LINEAR])
def test_every_control_has_a_name(opened: Opener, model: str) -> None:
    panel = opened(model)
    for entry in panel.list.entries():
        panel.choose(entry.key)
        settled()
        assert unnamed(panel.window()) == [], entry.key
    index = panel.list.model().index(1, 0)
    spoken = str(index.data(Qt.ItemDataRole.AccessibleTextRole))
    assert spoken == "Test coefficients"
    interface = QAccessible.queryAccessibleInterface(panel.run)
    assert interface.text(QAccessible.Text.Name) == "Show"


def test_a_reason_is_read_out(opened: Opener) -> None:
    panel = opened(help_.PLAIN)
    rows = [panel.list.model().index(k, 0) for k in range(panel.list.model().rowCount())]
    spoken = [str(i.data(Qt.ItemDataRole.AccessibleTextRole)) for i in rows]
    assert "Simple slopes. Does not apply: The model has no interaction." in spoken


@pytest.mark.parametrize("size", [(520, 380), (640, 480), (1100, 900)])
@pytest.mark.parametrize("choice", ["light", "dark"])
def test_fits_any_size_in_both_themes(opened: Opener, size: tuple[int, int], choice: str) -> None:
    panel = opened()
    theme.manager().apply(choice)
    try:
        panel.window().resize(*size)
        for entry in panel.list.entries():
            panel.choose(entry.key)
            settled()
            area = panel.scroller
            assert isinstance(area, QScrollArea) and area.horizontalScrollBar().maximum() == 0, entry.key
            assert panel.form is not None and panel.form.width() <= area.viewport().width() + 1, entry.key
            assert not cut(panel.form), entry.key
        image = panel.window().grab().toImage()
        ground = theme.manager().theme.ground
        assert image.pixelColor(8, 8).name() == ground
    finally:
        theme.manager().apply("light")


def cut(form: QWidget) -> list[str]:
    """Texts of the form that have less room than they need."""
    out = []
    for one in form.findChildren(QLabel):
        if one.isVisible() and one.wordWrap() and one.height() < one.heightForWidth(one.width()):
            out.append(one.text())
    for box in form.findChildren(QCheckBox):
        if box.isVisible() and box.mapTo(form, box.rect().topRight()).x() > form.width():
            out.append(box.text())
    return out


def test_buttons_stay_in_reach_at_the_least_size(panel: AfterPanel) -> None:
    panel.window().resize(1, 1)
    settled()
    panel.choose("margins")
    write(panel, "at_x", "0(1)30")
    settled()
    for b in (panel.run, panel.copy):
        corner = b.mapTo(panel.window(), b.rect().bottomRight())
        assert panel.window().rect().contains(corner)
    assert isinstance(panel.run, QPushButton) and panel.run.width() >= panel.run.sizeHint().width()


def test_a_long_list_gives_its_rows_room(panel: AfterPanel) -> None:
    delegate = panel.list.itemDelegate()
    assert isinstance(delegate, EntryDelegate)
    heights = {panel.list.visualRect(panel.list.model().index(k, 0)).height() for k in (0, 1)}
    assert HEAD in heights and len(heights) == 2


def test_a_form_that_is_clicked_has_the_focus(panel: AfterPanel) -> None:
    """The list gives way to it in a narrow panel, and Qt would hand the focus to whatever comes next in the window."""
    panel.window().activateWindow()
    panel.window().resize(400, 700)
    panel.show_list()
    settled()
    panel.list.scrollTo(panel.list.currentIndex())
    at = panel.list.visualRect(panel.list.currentIndex()).center()
    QTest.mouseClick(panel.list.viewport(), Qt.MouseButton.LeftButton, pos=at)
    assert not panel.list.isVisible(), "narrow"
    assert QApplication.focusWidget() is panel.form.first_field()  # type: ignore[union-attr]


def test_the_focus_is_on_the_button_again_when_it_has_run(panel: AfterPanel) -> None:
    panel.window().activateWindow()
    panel.choose("icc")
    panel.run.setFocus()
    QTest.keyClick(panel.run, Qt.Key.Key_Space)
    assert not panel.run.isEnabled() and panel.isAncestorOf(panel.cancel)
    assert QApplication.focusWidget() is panel, "not a button that stands elsewhere in the window"
    panel.show_outcome(Outcome("estat icc", "estat", "ok", 0.1))
    assert QApplication.focusWidget() is panel.run


def test_what_is_about_several_models_names_none(panel: AfterPanel) -> None:
    panel.choose("etable")
    assert panel.head().title == "Table of models" and panel.head().subtitle == ""
    panel.choose("margins")
    assert panel.head().title == "Estimated marginal means" and panel.head().subtitle == "Model 1"
