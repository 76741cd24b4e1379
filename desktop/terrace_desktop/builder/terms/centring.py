"""Centring a covariate from the builder: the commands that make the new variables, and the model with them."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

from PySide6.QtWidgets import QMenu

from terrace.spec import edit
from terrace.spec.model import Factor, ModelSpec
from terrace_desktop.ui.words import tr

if TYPE_CHECKING:
    from collections.abc import Container

    from terrace_desktop.builder.state import BuilderState

LONGEST = 32  # characters of a variable's name


@dataclass(frozen=True)
class Centring:
    """The commands that centre a variable, and the names of what they make (``mean`` only of groups)."""

    commands: tuple[str, ...]
    centred: str
    mean: str = ""


def centring(name: str, group: str, taken: Container[str]) -> Centring:
    """Centre `name` at its mean over all rows, or over the rows of each value of `group`."""
    if not group:
        new = _free(name, "_c", taken)
        text = f'label variable {new} "{name}, centred at the mean of all rows"'
        return Centring((f"quietly summarize {name}", f"generate double {new} = {name} - r(mean)", text), new)
    mean = _free(name, f"_{group[:12]}_mean", taken)
    new = _free(name, f"_{group[:12]}_c", taken)
    return Centring(
        (
            f"egen double {mean} = mean({name}), by({group})",
            f"generate double {new} = {name} - {mean}",
            f'label variable {mean} "mean of {name} by {group}"',
            f'label variable {new} "{name}, centred at the mean of its {group}"',
        ),
        new,
        mean,
    )


def _free(name: str, tail: str, taken: Container[str]) -> str:
    """A name of at most 32 characters that no variable has."""
    tail = tail[: LONGEST - 8]
    new = name[: LONGEST - len(tail)] + tail
    k = 2
    while new in taken:
        end = f"{tail}{k}"
        new = name[: LONGEST - len(end)] + end
        k += 1
    return new


def centred_spec(spec: ModelSpec, name: str, made: Centring, *, with_mean: bool) -> ModelSpec:
    """The model with the centred variable in place of `name` wherever it stands, perhaps with the means."""
    spec = edit.replace_variable(spec, name, made.centred)
    return edit.add_fixed(spec, Factor(made.mean)) if with_mean and made.mean else spec


def add_centring(menu: QMenu, name: str, state: BuilderState) -> None:
    """Fill a menu with the ways to centre a variable in this model."""

    def line(text: str, group: str, with_mean: bool) -> None:
        action = menu.addAction(text)
        action.setObjectName(f"centre_{group or 'all'}{'_mean' if with_mean else ''}")
        action.triggered.connect(partial(_centre, state, name, group, with_mean))

    line(tr("At the mean of all rows"), "", False)
    groups = [e.level for e in state.spec.random if e.level not in ("", edit.ALL)]
    for group in dict.fromkeys(groups):
        line(tr("At the mean of each %1").replace("%1", group), group, False)
        line(tr("At the mean of each %1, with the means as an effect").replace("%1", group), group, True)


def _centre(state: BuilderState, name: str, group: str, with_mean: bool, _checked: bool = False) -> None:
    if state.run_commands is None:
        return
    made = centring(name, group, state.dataset.names)

    def then() -> None:
        if made.centred in state.dataset:
            state.apply(centred_spec(state.spec, name, made, with_mean=with_mean))

    state.run_commands(made.commands, then)


def time_command(name: str, state: BuilderState) -> str:
    """The command that declares `name` as the time, within the lowest groups of the model where it has some."""
    path = edit.lowest_path(state.spec)
    return f"xtset {path[-1]} {name}" if path and path[-1] else f"tsset {name}"


def plain(factor: Factor) -> bool:
    """True for a covariate that can be centred: continuous, without operators."""
    return factor == Factor(factor.name)
