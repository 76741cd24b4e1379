"""How margins stand in a table: what several of them are at is a head above them, and no name is said twice.

The innermost variable has a row for each of its values, and its name heads the labels; each variable outside of it has
a head for each of its values (American Psychological Association 2020, section 7.13: headings that group the entries).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import groupby

from terrace.postestimation.margins.at import Dimension
from terrace.postestimation.margins.margins import Margins
from terrace.postestimation.margins.titles import dimension_text

Varied = Sequence[Sequence[Dimension]]
"""What each margin is at."""
Placed = tuple[tuple[str, ...], str]
"""The heads above a margin, from the outermost on, and its label below these."""


def places(found: Margins) -> tuple[Placed, ...]:
    """Heads and label of each margin, in order."""
    several = len(set(found.effects)) > 1
    varied = any(found.dimensions)
    alike = _same_inner(found)
    effects = _effect_places(found) if several and not varied else []
    out: list[Placed] = []
    for k, dims in enumerate(found.dimensions):
        if effects:
            out.append(effects[k])
            continue
        heads = [effect_text(found, found.effects[k])] if several else []
        heads += [head_text(d, found.called) for d in dims[:-1]]
        if not dims:
            label = effect_text(found, found.effects[k]) if found.effects else "Average"
        elif alike:
            label = dims[-1].label
        elif dims[-1].bare:  # the setting of one variable beside those of others
            label = dimension_text(dims[-1], found.called)
        else:
            heads.append(_called(dims[-1].name, found.called))
            label = dims[-1].label
        out.append((tuple(heads), label))
    return tuple(out)


def stub(found: Margins) -> str:
    """What heads the labels: the variable that they are values of, where it is one and the same."""
    own = {dims[-1].name for dims in found.dimensions if dims}
    return _called(own.pop(), found.called) if len(own) == 1 and _same_inner(found) else ""


def names(varied: Varied, called: Mapping[str, str]) -> str:
    """The variables that margins vary over, where each margin is named by its values of all of them."""
    return ", ".join(dict.fromkeys(_called(d.name, called) for dims in varied for d in dims))


def values(varied: Varied, called: Mapping[str, str]) -> list[str]:
    """What each margin is at in one line: ``1, Public`` where `names` says of what."""
    alike = len({tuple(d.name for d in dims) for dims in varied}) == 1
    return [", ".join(d.label if alike else dimension_text(d, called) for d in dims) for dims in varied]


def cell_texts(found: Margins) -> list[str]:
    """All that each margin is in one line: its effect where there are several, and what it is at."""
    at = values(found.dimensions, found.called)
    if len(set(found.effects)) < 2:
        return at
    return [", ".join(filter(None, (effect_text(found, effect), text))) for effect, text in zip(found.effects, at)]


def order(found: Margins) -> list[int]:
    """The margins as they stand below each other: those of one effect together."""
    effects = found.effects
    if not effects:
        return list(range(len(found.labels)))
    return sorted(range(len(effects)), key=lambda k: effects.index(effects[k]))


def head_text(d: Dimension, called: Mapping[str, str]) -> str:
    """A value as a head, with its variable: ``SES = 1``, ``Sector: Public``."""
    return dimension_text(d, called) if d.bare else f"{_called(d.name, called)}: {d.label}"


def effect_text(found: Margins, effect: str) -> str:
    """What an effect is of: ``SES``, ``Sector: Catholic``."""
    name, level = _effect_parts(found, effect)
    return f"{name}: {level}" if level else name


def _effect_places(found: Margins) -> list[Placed]:
    """Effects one below the other: those of several levels of a factor under its name."""
    out: list[Placed] = []
    parts = [_effect_parts(found, e) for e in found.effects]
    for (name, is_factor), own in groupby(parts, key=lambda part: (part[0], bool(part[1]))):
        levels = [level for _, level in own]
        if is_factor and len(levels) > 1:
            out += [((name,), level) for level in levels]
        else:
            out += [((), f"{name}: {level}" if level else name) for level in levels]
    return out


def _effect_parts(found: Margins, effect: str) -> tuple[str, str]:
    """The variable of an effect by its label, and the level, empty where it is no factor."""
    words = found.words.get(effect, effect)
    name = effect.rpartition(".")[2]
    if words == name or not words.startswith(f"{name}: "):
        return found.called.get(words) or words, ""
    return _called(name, found.called), words.removeprefix(f"{name}: ")


def _same_inner(found: Margins) -> bool:
    return len({dims[-1].name if dims else "" for dims in found.dimensions}) == 1


def _called(name: str, called: Mapping[str, str]) -> str:
    return called.get(name) or name
