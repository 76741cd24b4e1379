"""Names of variables as other programs allow them: what they forbid is mended, the same way each time, and told."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from terrace.data.dataset import Dataset
from terrace.data.names import free_name

_STATA_RESERVED = re.compile(
    r"_all|_b|byte|_coef|_cons|double|e|float|if|in|int|long|_n|_N|_pi|_pred|_rc|_skip|str\d+|strL|using|with"
)
_SPSS_RESERVED = frozenset(["ALL", "AND", "BY", "EQ", "GE", "GT", "LE", "LT", "NE", "NOT", "OR", "TO", "WITH"])


@dataclass(frozen=True, slots=True)
class NameRule:
    """What a program allows: `legal` names, `mended` what is near to one, at most `size` of `length` long.

    `fold` gives names that count as one the same key.
    """

    program: str
    size: int
    length: Callable[[str], int]
    legal: Callable[[str], bool]
    mended: Callable[[str], str]
    fold: Callable[[str], str] = str


def named(data: Dataset, rule: NameRule) -> tuple[Dataset, list[str]]:
    """The data under names that the program allows, and a note that tells each that is new.

    A name that is allowed stays. A new one is the nearest that is allowed and free, in the order of the variables; a
    variable without a label gets its old name as one.
    """
    new = new_names(data.names, rule)
    changed = {old: name for old, name in zip(data.names, new, strict=True) if old != name}
    if not changed:
        return data, []
    out = data.with_names(changed)
    labelled = (replace(v, label=v.label or old) if v.name != old else v for v, old in zip(out.variables, data.names))
    out = replace(out, variables=tuple(labelled))
    told = ", ".join(f"{old} is {name}" for old, name in changed.items())
    return out, [f"Names that {rule.program} does not allow were changed: {told}."]


def allows(names: Sequence[str], rule: NameRule) -> bool:
    """True where the names stay as they are under the rule."""
    legal = all(rule.legal(name) and rule.length(name) <= rule.size for name in names)
    return legal and len(set(map(rule.fold, names))) == len(names)


def new_names(names: Sequence[str], rule: NameRule) -> tuple[str, ...]:
    """Distinct names that the rule allows, one for each name."""
    kept: dict[int, str] = {}
    taken: set[str] = set()
    last: dict[str, int] = {}

    def fits(name: str) -> bool:
        return rule.length(name) <= rule.size

    def free(name: str) -> bool:
        return rule.fold(name) not in taken and rule.legal(name)

    for k, name in enumerate(names):
        if fits(name) and free(name):
            kept[k] = name
            taken.add(rule.fold(name))
    for k, name in enumerate(names):
        if k not in kept:
            stem = name if rule.legal(name) else rule.mended(name)
            kept[k] = free_name(stem if rule.legal(stem) else f"v{k + 1}", fits, free, last)
            taken.add(rule.fold(kept[k]))
    return tuple(kept[k] for k in range(len(names)))


def _bytes(name: str) -> int:
    return len(name.encode("utf-8"))


def _latin(name: str) -> str:
    """Letters without their accents, and _ for what is no letter or digit of ASCII."""
    plain = unicodedata.normalize("NFKD", name)
    return re.sub(r"[^A-Za-z0-9_]+", "_", "".join(c for c in plain if not unicodedata.combining(c)))


def _spss_legal(name: str) -> bool:
    return name[:1].isalpha() and not name.endswith(".") and name.upper() not in _SPSS_RESERVED


def _spss_mended(name: str) -> str:
    return f"{name}_" if name[:1].isalpha() else f"v{name}"


def _sas_legal(name: str) -> bool:
    return re.fullmatch(r"[A-Za-z_][A-Za-z0-9_]*", name) is not None


def _sas_mended(name: str) -> str:
    plain = _latin(name)
    return plain if _sas_legal(plain) and plain.strip("_") else f"v{plain.lstrip('_')}"


STATA = NameRule(
    "Stata", 32, len, lambda name: not _STATA_RESERVED.fullmatch(name), lambda name: f"{name}_",
)  # fmt: skip
"""Letters, digits and _, at most 32, and none of the words of [U] 11.3; capitals differ from small letters."""
SPSS = NameRule("SPSS", 64, _bytes, _spss_legal, _spss_mended, str.upper)
"""At most 64 bytes, beginning with a letter; capitals and small letters are the same."""
XPORT = NameRule("a SAS transport file", 32, len, _sas_legal, _sas_mended, str.lower)
"""Of version 8: at most 32 letters of ASCII, digits and _; capitals and small letters are the same."""
XPORT_5 = replace(XPORT, size=8)
"""Of version 5, which is written only where these are the names: it mends none."""
