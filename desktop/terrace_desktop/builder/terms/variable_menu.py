"""What can be done with a variable of the list: one line a role, closed ones with their reason."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtWidgets import QMenu

from terrace.covariance.registry import RESIDUALS
from terrace.spec import edit
from terrace.spec.model import ModelSpec, Term
from terrace.spec.roles import Role
from terrace_desktop.builder.state import BuilderState
from terrace_desktop.ui.words import tr


def _with_slope(level: int, name: str, state: BuilderState) -> Callable[[ModelSpec], ModelSpec]:
    return lambda s: edit.add_slope(s, level, Term((state.factor(name),)))


def fill_variable_menu(menu: QMenu, name: str, state: BuilderState) -> None:
    """Fill `menu` with the roles that the variable `name` can take."""

    def line(text: str, role: Role, make: Callable[[ModelSpec], ModelSpec], level: int = 0) -> None:
        why = state.refuse(role, level)(name)
        action = menu.addAction(f"{text}   ({why})" if why else text)
        action.setEnabled(not why)
        action.setObjectName(f"use_{role}_{level}")
        action.triggered.connect(lambda: state.apply(make(state.spec)))

    line(tr("Outcome"), "outcome", lambda s: edit.set_outcome(s, name))
    line(tr("Fixed effect"), "fixed", lambda s: edit.add_fixed(s, state.factor(name)))
    line(tr("Group variable of a new level"), "level", lambda s: edit.add_level(s, name))
    for k, e in enumerate(state.spec.random):
        if not edit.is_crossed(e) and e.level:
            text = tr("Random slope in %1").replace("%1", e.level)
            line(text, "slope", _with_slope(k, name, state), k)
    if state.spec.residuals.structure in edit.TIMED:
        role: Role = "time-integer" if RESIDUALS[state.spec.residuals.structure].integer_time else "time"
        line(tr("Time of the residuals"), role, lambda s: edit.set_residuals(s, time=name))
    line(tr("Separate residuals by"), "by", lambda s: edit.set_residuals(s, by=name))
