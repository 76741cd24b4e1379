"""Centring a covariate: the commands that make the new variables, and the model with them."""

from __future__ import annotations

from collections.abc import Callable, Container, Sequence
from dataclasses import dataclass

from terrace.spec import edit
from terrace.spec.model import Factor, ModelSpec

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


def plain(factor: Factor) -> bool:
    """True for a covariate that can be centred: continuous, without operators."""
    return factor == Factor(factor.name)
