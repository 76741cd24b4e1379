"""A command from the clipboard opens as a model, or says what is wrong with it."""

from __future__ import annotations

import pytest
from builder_help import child, click, popups, schools, shown, start_with
from PySide6.QtGui import QGuiApplication

from terrace_desktop.builder.pasting import read_paste

__all__ = ["popups"]

DATA = schools()

LOG = """. * growth of pigs
. constraint 1 x = z

. quietly mixed y c.x##c.z i.some_factor_with_a_long_name || school: x, covariance(un
> structured) reml
"""


@pytest.mark.parametrize(
    ("text", "defined", "command"),
    [
        ("mixed y x || g:", {}, "mixed y x || g:"),
        ("  . mixed y x || g:\r\n", {}, "mixed y x || g:"),
        ("use pig\nmixed y ///  the outcome\n   x ///\n || g:, reml // a comment\nestat icc", {},
         "mixed y x || g:, reml"),
        ("const de 12 a = b\nconstraint 3 a = 0\nxtmixed y a b, constr(3 12)", {12: "a = b", 3: "a = 0"},
         "xtmixed y a b, constr(3 12)"),
        (LOG, {1: "x = z"},
         "mixed y c.x##c.z i.some_factor_with_a_long_name || school: x, covariance(unstructured) reml"),
        ("* mixed y x\n// mixed y z\nregress y x", {}, ""),
        ("mixedness", {}, ""),
        ("", {}, ""),
    ],
)  # fmt: skip
def test_a_command_is_found_in_what_is_pasted(text: str, defined: dict[int, str], command: str) -> None:
    assert read_paste(text) == (defined, command)


def test_pasting() -> None:
    form = shown(DATA, "mixed score ses || id:", constraints={})  # type: ignore[arg-type]
    clipboard = QGuiApplication.clipboard()
    clipboard.setText("constraint 2 ses = week\nmixed score ses week || id: ses, cov(un) const(2)")
    start_with(form, "builder_paste")
    pasted = "mixed score ses week || id: ses, covariance(unstructured) constraints(2)"
    assert form.command == pasted and form.definitions() == ("constraint 2 ses = week",)
    assert form.fit.isEnabled() and form.status_more.full_text() == "Command pasted"
    clipboard.setText("mixed score sess || id:")
    start_with(form, "builder_paste")
    assert form.command == pasted, "a command with a mistake leaves the model as it was"
    assert child(form, "builder_command").isVisible() and "sess" in form.live.wrong.text()
    clipboard.setText("a paragraph")
    start_with(form, "builder_paste")
    assert form.status_more.full_text() == "The clipboard has no model command"
    click(form, "work_undo")
    assert form.command == "mixed score ses || id:"
    form.close_down()
    form.close()
    form.deleteLater()
