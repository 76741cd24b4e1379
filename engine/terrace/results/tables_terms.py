"""Coefficient names taken apart: ``1.sector#c.ses`` and its label, for tables that group factor levels."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from terrace.design.columns import ColumnInfo
from terrace.results.fit import FixedEffect

INTERCEPT = "Intercept"

# 1.sector 0b.sector 1o.sector o.ses c.ses cL2.x L.x: what stands before the last full stop of one part.
_PART = re.compile(r"^(?:(?P<level>-?\d+)(?:b|bn|o|bno)?\.|o\.|c\.|c?(?P<op>(?:[LFDS]\d*)+)\.)?(?P<name>.+)$")
_RANDOM = re.compile(r"^(?:(?P<by>[^()]*?):\s*)?(?P<what>[A-Za-z_]+)\((?P<of>.*)\)$")


@dataclass(frozen=True, slots=True)
class Part:
    """One variable of a term: ``level`` is the code of a factor level, empty for a continuous variable."""

    name: str
    level: str = ""


@dataclass(frozen=True, slots=True)
class TermName:
    """A coefficient's name. ``levels`` are the codes, ``labels`` the value labels, one a factor in order."""

    parts: tuple[Part, ...]
    levels: tuple[str, ...]
    labels: tuple[str, ...]
    code: str
    label: str

    @property
    def is_factor(self) -> bool:
        """True where at least one part is a factor."""
        return bool(self.levels)

    @property
    def listing_head(self) -> str:
        """``program#day`` or ``girl#c.age``: the heading of a block in a listing."""
        single = len(self.parts) == 1
        return "#".join(p.name if p.level or single else f"c.{p.name}" for p in self.parts)

    @property
    def paper_head(self) -> str:
        """``program × day``: the heading of a block in a journal table."""
        return times(p.name for p in self.parts)

    @property
    def block(self) -> tuple[tuple[str, bool], ...]:
        """Equal for the coefficients of one term."""
        return tuple((p.name, bool(p.level)) for p in self.parts)


def times(names: Iterable[str]) -> str:
    """The names joined by ×, with equal ones as a power: ``age²``."""
    found = list(names)
    if len(found) > 1 and len(set(found)) == 1:
        return found[0] + {2: "²", 3: "³"}.get(len(found), f"^{len(found)}")
    return " × ".join(found)


def term_name(effect: FixedEffect) -> TermName:
    """The parts of a coefficient's name, with the value labels that its label shows."""
    parts = tuple(_part(text) for text in effect.term.split("#"))
    levels = tuple(p.level for p in parts if p.level)
    label = effect.label
    if effect.term == "_cons":
        label = INTERCEPT
    elif not label or label == effect.term:
        label = times(f"{p.name}: {p.level}" if p.level else p.name for p in parts)
    return TermName(parts, levels, _labels(parts, levels, label), effect.term, label)


def labelled(name: TermName, labels: Mapping[str, str]) -> TermName:
    """The name with the labels of its variables in place of their names: ``Sector of the school: Catholic``."""
    if not any(p.name in labels for p in name.parts):
        return name
    parts = tuple(Part(labels.get(p.name) or p.name, p.level) for p in name.parts)
    found = iter(name.labels)
    label = times(f"{p.name}: {next(found)}" if p.level else p.name for p in parts)
    return TermName(parts, name.levels, name.labels, name.code, label)


def column_label(info: ColumnInfo) -> str:
    """The name of a column of X for people: ``sector: Catholic``, ``Intercept``."""
    return INTERCEPT if info.name == "_cons" else info.label or info.name


def _part(text: str) -> Part:
    match = _PART.match(text)
    assert match is not None  # the name group takes anything that is not empty
    name = match["name"]
    return Part(f"{match['op']}.{name}" if match["op"] else name, match["level"] or "")


def _labels(parts: tuple[Part, ...], levels: tuple[str, ...], label: str) -> tuple[str, ...]:
    """The value labels inside ``sector: Catholic × ses``; the codes where the label has another shape."""
    if not levels:
        return ()
    pattern = r"\s*×\s*".join(rf"{re.escape(p.name)}:\s*(.+?)" if p.level else ".+?" for p in parts)
    match = re.fullmatch(pattern, label)
    return tuple(match.groups()) if match else levels


def bases(names: Sequence[tuple[FixedEffect, TermName]]) -> dict[str, str]:
    """Factor -> label of its reference category, from the base levels of the main effects."""
    return {
        t.parts[0].name: t.labels[0] for e, t in names if e.kind == "base" and len(t.parts) == 1 and t.labels
    }


class Named(Protocol):
    """What has the name of a covariance parameter, and the label of its by() group."""

    @property
    def name(self) -> str: ...
    @property
    def group(self) -> str: ...


def parameter_label(r: Named, labels: Mapping[str, str] | None = None) -> str:
    """`random_label` of a covariance parameter, with the group of by() as it is labelled: ``Girl: Var(e)``."""
    if r.group:
        return f"{r.group}: {random_label(r.name.partition(':')[2], labels=labels)}"
    return random_label(r.name, labels=labels)


def random_label(name: str, *, intercept: str = "intercept", labels: Mapping[str, str] | None = None) -> str:
    """``cov(week,_cons)`` as ``Cov(intercept, week)``; names of residual parameters as symbols."""
    match = _RANDOM.match(name)
    if match is None:
        by, _, plain = name.rpartition(":")
        text = _symbol(plain.strip())
        return f"{by}: {text}" if by else text
    what = {"var": "Var", "cov": "Cov", "sd": "SD", "corr": "Corr"}.get(match["what"], match["what"])
    of = sorted(_split(match["of"]), key=lambda x: x != "_cons")  # stable: the intercept first
    inside = ", ".join(_effect(x, intercept, labels or {}) for x in of)
    text = f"{what}({inside})"
    return f"{match['by']}: {text}" if match["by"] else text


_KINDS = ("var", "sd", "cov", "corr")


def paper_place(level: str, name: str) -> tuple[int, int, bool]:
    """Where a covariance parameter stands on paper among those of its level: variances before covariances, those of the
    intercept first. Others stay as they are."""
    what, _, inside = name.partition("(")
    if what not in _KINDS or not inside or level == "Residual":
        return 0, 0, False
    return 1, _KINDS.index(what) // 2, "_cons" not in _split(inside.rstrip(")"))


def _split(inside: str) -> list[str]:
    return [x for x in re.split(r"[,\s]+", inside) if x]


def effect_words(name: str, labels: Mapping[str, str]) -> str:
    """What a random effect is called within a sentence: ``intercept``, ``SES``, ``Sector: Catholic``."""
    return _effect(name, "intercept", labels)


def _effect(name: str, intercept: str, labels: Mapping[str, str]) -> str:
    if name == "_cons":
        return intercept
    if name.startswith("R."):
        return name[2:]
    parts = [_part(x) for x in name.split("#")]
    called = [labels.get(p.name) or p.name for p in parts]
    return times(f"{word}: {p.level}" if p.level else word for word, p in zip(called, parts))


_GREEK: Mapping[str, str] = {"rho": "ρ", "phi": "φ", "theta": "θ"}
_SUBSCRIPTS = str.maketrans("0123456789", "₀₁₂₃₄₅₆₇₈₉")


def _symbol(name: str) -> str:
    match = re.fullmatch(r"(rho|phi|theta)(\d*)", name)
    if match is None:
        return name
    return _GREEK[match[1]] + match[2].translate(_SUBSCRIPTS)
