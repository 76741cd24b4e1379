"""Centring a covariate from the builder: the menu, and what a choice of it does."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from PySide6.QtWidgets import QMenu

from terrace.spec import edit
from terrace.spec.centring import centred_spec, centring
from terrace_desktop.ui.words import tr

if TYPE_CHECKING:
    from terrace_desktop.builder.state import BuilderState

def add_centring(menu: QMenu, name: str, state: BuilderState) -> None:
    """Fill a menu with the ways to centre a variable in this model, nested and crossed levels alike."""

    def line(text: str, groups: tuple[str, ...], with_means: bool) -> None:
        action = menu.addAction(text)
        action.setObjectName(f"centre_{'_'.join(groups) or 'all'}{'_mean' if with_means else ''}")
        action.triggered.connect(partial(_centre, state, name, groups, with_means))

    line(tr("At the mean of all rows"), (), False)
    path = edit.level_path(state.spec)
    crossed = [g for e in state.spec.random if edit.is_crossed(e) and (g := edit.group_name(e))]
    for group in dict.fromkeys((*path, *crossed)):
        line(tr("Within {0}").format(group), (group,), False)
        line(tr("Within and between {0}: its mean becomes an effect too").format(group), (group,), True)
    if len(path) > 1:
        told = tr("Within and between all levels: {0}").format(", ".join(path))
        line(told, path, True)


def split(state: BuilderState, name: str, groups: tuple[str, ...]) -> None:
    """Make the parts of a covariate within and between groups, and put them into the model in its place."""
    _centre(state, name, groups, True)


def add_split(menu: QMenu, name: str, state: BuilderState) -> None:
    """A line of a menu that splits a covariate by the levels of the model, where it has some."""
    path = edit.level_path(state.spec)
    crossed = [g for e in state.spec.random if edit.is_crossed(e) and (g := edit.group_name(e))]
    groups = tuple(g for g in path if g) or tuple(crossed[:1])
    if groups:
        words = tr("Split within and between groups of {0}").format(", ".join(groups))
        menu.addAction(words, partial(split, state, name, groups)).setObjectName("fixed_split")


def _centre(
    state: BuilderState, name: str, groups: tuple[str, ...], with_means: bool, _checked: bool = False
) -> None:
    if state.run_commands is None:
        return
    made = centring(name, groups, state.dataset.names)

    def then() -> None:
        if made.centred in state.dataset:
            state.apply(centred_spec(state.spec, name, made, with_means=with_means))

    state.run_commands(made.commands, then)


def time_command(name: str, state: BuilderState) -> str:
    """The command that declares `name` as the time, within the lowest groups of the model where it has some."""
    path = edit.lowest_path(state.spec)
    return f"xtset {path[-1]} {name}" if path and path[-1] else f"tsset {name}"
