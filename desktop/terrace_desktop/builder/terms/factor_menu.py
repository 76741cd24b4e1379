"""What the menu of a chip of the fixed part offers: the reference level, the levels used, lags and differences."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtGui import QAction, QActionGroup
from PySide6.QtWidgets import QMenu

from terrace.data.value import Value
from terrace.spec import edit
from terrace.spec.centring import plain
from terrace.spec.model import Base, Factor, Term
from terrace.spec.rules_fixed import NO_TIME
from terrace_desktop.builder.terms.centring import add_centring, add_split, time_command
from terrace_desktop.builder.terms.picker import pick
from terrace_desktop.ui.later import soon
from terrace_desktop.ui.words import tr

if TYPE_CHECKING:
    from terrace_desktop.builder.state import BuilderState

MOST_LEVELS = 40


def _operators() -> tuple[tuple[tuple[tuple[str, int], ...], str], ...]:
    """Time-series operators of a variable, with their words."""
    return (
        ((), tr("As it is")),
        ((("L", 1),), tr("Lag: the previous value (L.)")),
        ((("L", 2),), tr("Second lag (L2.)")),
        ((("F", 1),), tr("Lead: the next value (F.)")),
        ((("D", 1),), tr("Difference from the previous value (D.)")),
    )


def fill_term_menu(menu: QMenu, term: Term, state: BuilderState) -> None:
    """Fill the menu of a main effect; interactions follow their main effects."""
    if len(term.factors) != 1:
        return
    f = term.factors[0]
    if f.kind == "factor":
        add_levels(menu, f, state)
        menu.addSeparator()
        if f.name in state.dataset and not state.dataset.is_text(f.name):
            action = menu.addAction(tr("Treat as continuous"))
            action.triggered.connect(lambda: state.apply(edit.set_kind(state.spec, f.name, "continuous")))
        return
    at = state.spec.fixed.index(term)
    if not f.operators:
        action = menu.addAction(tr("Add its next power"))
        action.triggered.connect(lambda: state.apply(edit.add_power(state.spec, at)))
        action = menu.addAction(tr("Treat as a factor"))
        action.triggered.connect(lambda: state.apply(edit.set_kind(state.spec, f.name, "factor")))
    if plain(f) and state.run_commands is not None:
        add_split(menu, f.name, state)
        add_centring(menu.addMenu(tr("Centre")), f.name, state)
    lags = menu.addMenu(tr("Lag or difference"))
    lags.setObjectName("fixed_lag_menu")
    if not state.has_time:
        closed = lags.addAction(NO_TIME)
        closed.setEnabled(False)
        if state.run_commands is not None:
            declare = lags.addAction(tr("Set the time variable…"))
            declare.setObjectName("fixed_declare_time")
            declare.triggered.connect(lambda: _declare_time(menu, state))
        return
    group = QActionGroup(lags)
    for operators, words in _operators():
        action = lags.addAction(words)
        action.setCheckable(True)
        action.setChecked(f.operators == operators)
        group.addAction(action)
        action.triggered.connect(
            lambda _c=False, o=operators: state.apply(edit.set_operators(state.spec, at, o))
        )


def _declare_time(menu: QMenu, state: BuilderState) -> None:
    anchor = menu.parentWidget()
    assert anchor is not None

    def take(name: str) -> None:
        if state.run_commands is not None:
            state.run_commands((time_command(name, state),), state.refresh)

    refuse = state.refuse("time-integer")
    soon(anchor, lambda: pick(anchor, tr("Time of the rows"), state.dataset.variables, refuse, take))


def add_levels(menu: QMenu, f: Factor, state: BuilderState) -> None:
    """The levels to compare with, and which levels have a coefficient."""
    group = QActionGroup(menu)
    levels = state.levels_of(f.name)
    now = state.base_code(f) if f.base != "freq" else -2
    for k, value in enumerate(levels[:MOST_LEVELS]):
        base = "first" if k == 0 else value
        text = tr("Compare with %1").replace("%1", state.label_of(f.name, value))
        _add_base(menu, group, f, text, base, now == k and f.base != "last", state)
    menu.addSeparator()
    for text, base in (
        (tr("Highest level"), "last"),
        (tr("Most frequent level"), "freq"),
        (tr("None (keep all levels)"), "none"),
    ):
        _add_base(menu, group, f, text, base, f.base == base, state)
    if 2 < len(levels) <= MOST_LEVELS:
        menu.addSeparator()
        _add_kept(menu.addMenu(tr("Levels with a coefficient")), f, state)


def _add_kept(menu: QMenu, f: Factor, state: BuilderState) -> None:
    """The levels to tick: those without a tick have no coefficient of their own (``i(2/4).x``)."""
    menu.setObjectName("fixed_kept_menu")
    levels = state.levels_of(f.name)
    kept = [v for v in levels if not f.levels or v in f.levels]

    def turn(value: Value) -> None:
        now = [v for v in levels if (v in kept) != (v == value)]
        state.apply(edit.set_levels(state.spec, f.name, [] if len(now) == len(levels) else now))

    for value in levels:
        action = menu.addAction(state.label_of(f.name, value).replace("&", "&&"))
        action.setCheckable(True)
        action.setChecked(value in kept)
        action.setEnabled(kept != [value])
        action.triggered.connect(lambda _c=False, v=value: turn(v))


def _add_base(
    menu: QMenu, group: QActionGroup, f: Factor, text: str, base: Base, on: bool, state: BuilderState
) -> None:
    action = QAction(text.replace("&", "&&"), menu)
    action.setCheckable(True)
    action.setChecked(on)
    group.addAction(action)
    action.triggered.connect(lambda: state.apply(edit.set_base(state.spec, f.name, base)))
    menu.addAction(action)
