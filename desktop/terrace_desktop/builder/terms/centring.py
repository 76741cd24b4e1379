"""Centring a covariate from the builder: the commands that make the new variables, and the model with them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
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
    """The commands that centre a variable, the name of what they make of it, and those of the means beside it."""

    commands: tuple[str, ...]
    centred: str
    means: tuple[str, ...] = ()


def centring(name: str, groups: Sequence[str], taken: Container[str]) -> Centring:
    """Centre `name` at its mean over all rows, or split it into parts.

    With `groups`, from the highest to the lowest, each nested in those before it, the parts are the deviation from the
    mean of the lowest group, the deviations of the means of each level from those of the one above, and the means of
    the highest (Enders and Tofighi 2007; Brincks et al. 2017).
    """
    used = set[str]()

    def free(head: str, tail: str = "") -> str:
        found = _free(name, head, tail, lambda n: n in taken or n in used)
        used.add(found)
        return found

    if not groups:
        new = free("c_")
        return Centring((f"center {name}, generate({new})",), new)
    commands, means, now = [], [], name
    centred = ""
    for depth in range(len(groups), 0, -1):
        tail = "" if len(groups) == 1 else f"_{groups[depth - 1][:8]}"
        mean, new = free("m_", tail), free("c_" if not centred else "c_m_", tail)
        by = " ".join(groups[:depth])
        commands.append(f"center {now}, by({by}) generate({new}) mgenerate({mean})")
        if centred:
            means.append(new)
        centred, now = centred or new, mean
    return Centring(tuple(commands), centred, (*means, now))


def _free(name: str, head: str, tail: str, is_taken: Callable[[str], bool]) -> str:
    """A name of at most 32 characters that no variable has: ``c_ses``."""
    k = 1
    while True:
        end = tail if k == 1 else f"{tail}{k}"
        new = head + name[: LONGEST - len(head) - len(end)] + end
        if not is_taken(new):
            return new
        k += 1


def centred_spec(spec: ModelSpec, name: str, made: Centring, *, with_means: bool) -> ModelSpec:
    """The model with the centred variable in place of `name` wherever it stands, perhaps with the means."""
    spec = edit.replace_variable(spec, name, made.centred)
    for mean in made.means if with_means else ():
        spec = edit.add_fixed(spec, Factor(mean))
    return spec


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


def plain(factor: Factor) -> bool:
    """True for a covariate that can be centred: continuous, without operators."""
    return factor == Factor(factor.name)
