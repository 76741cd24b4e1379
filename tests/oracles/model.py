"""A linear mixed model written down plainly, and its matrices, for the dense oracle.

The fixed part is a tuple of column names as the program prints them (``_cons``, ``age``, ``2.drug``,
``1.female#c.age``); `column` turns each into numbers without any notion of base levels. `describe` reads
the random part and the residual option from a command that is written in a narrow, unabbreviated form.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field

import numpy as np
import pandas as pd


@dataclass(frozen=True)
class Random:
    """One ``|| level:`` equation. ``groups`` are the columns that together name a group; none is `_all`."""

    level: str
    groups: tuple[str, ...]
    columns: tuple[str, ...]
    structure: str


@dataclass(frozen=True)
class Residual:
    """``residuals(structure order, t() by())`` within ``groups``, the columns of the lowest level."""

    structure: str = "independent"
    order: int | None = None
    time: str | None = None
    by: str | None = None
    groups: tuple[str, ...] = ()


@dataclass(frozen=True)
class Model:
    """The whole model; ``fixed`` in the order in which the coefficients are printed."""

    outcome: str
    fixed: tuple[str, ...]
    random: tuple[Random, ...] = ()
    residual: Residual = field(default_factory=Residual)
    reml: bool = False


def column(frame: pd.DataFrame, name: str) -> np.ndarray:
    """The values of one printed coefficient name, shape (n,)."""
    out = np.ones(len(frame))
    if name == "_cons":
        return out
    for part in name.split("#"):
        head, dot, tail = part.rpartition(".")
        if not dot or head == "c":
            out = out * frame[tail].to_numpy(float)
        else:
            out = out * (frame[tail].to_numpy(float) == float(head))
    return out


def design(frame: pd.DataFrame, names: tuple[str, ...]) -> np.ndarray:
    """The columns side by side, shape (n, p); ``R.x`` is one indicator for every value of x."""
    blocks = [np.zeros((len(frame), 0))]
    for name in names:
        if name.startswith("R."):
            values = frame[name[2:]].to_numpy()
            blocks.append((values[:, None] == np.unique(values)[None, :]).astype(float))
        else:
            blocks.append(column(frame, name)[:, None])
    return np.hstack(blocks)


def group_codes(frame: pd.DataFrame, groups: tuple[str, ...]) -> np.ndarray:
    """Codes 0, 1, ... of the groups, shape (n,)."""
    if not groups:
        return np.zeros(len(frame), dtype=int)
    return frame.groupby(list(groups), sort=True).ngroup().to_numpy()


def complete(frame: pd.DataFrame, model: Model) -> pd.DataFrame:
    """The rows without a missing value in any variable of the model."""
    used = {model.outcome, *(n for r in model.random for n in r.groups), *model.residual.groups}
    used |= {n for n in (model.residual.time, model.residual.by) if n}
    for name in (*model.fixed, *(c for r in model.random for c in r.columns)):
        used |= {part.rpartition(".")[2] for part in name.split("#")} - {"_cons"}
    return frame.dropna(subset=sorted(used)).reset_index(drop=True)


def describe(command: str, fixed: tuple[str, ...]) -> Model:
    """A `Model` from a command with unabbreviated options and with the coefficient names spelled out."""
    head, *equations = [part.strip() for part in command.split("||")]
    tail = ""
    last = equations[-1] if equations else head
    body, options = _cut(last)
    general = re.findall(r"\b(reml|residuals\([^()]*(?:\([^()]*\)[^()]*)*\))", options)
    tail = " ".join(general)
    outcome = _cut(head)[0].split()[1]
    random: list[Random] = []
    nested: tuple[str, ...] = ()
    for position, text in enumerate(equations):
        body, options = _cut(text)
        level, _, terms = (s.strip() for s in body.partition(":"))
        if level != "_all" and level not in nested:
            nested = (*nested, level)
        repeated = position + 1 < len(equations) and equations[position + 1].split(":")[0].strip() == level
        columns = tuple(terms.split())
        crossed = any(c.startswith("R.") for c in columns)
        if not (crossed or repeated or "noconstant" in options.split()):
            columns = (*columns, "_cons")
        found = re.search(r"cov\((\w+)\)", options)
        full = {"un": "unstructured", "ex": "exchangeable", "id": "identity", "ind": "independent"}
        structure = full.get(found[1], found[1]) if found else "identity" if crossed else "independent"
        if columns:
            random.append(Random(level, () if level == "_all" else nested, columns, structure))
    return Model(outcome, fixed, tuple(random), _residual(tail, nested), "reml" in tail.split())


def _cut(text: str) -> tuple[str, str]:
    """The part before the first comma that stands outside parentheses, and the part after it."""
    depth = 0
    for i, c in enumerate(text):
        depth += (c == "(") - (c == ")")
        if c == "," and depth == 0:
            return text[:i].strip(), text[i + 1 :].strip()
    return text.strip(), ""


def _residual(options: str, groups: tuple[str, ...]) -> Residual:
    found = re.search(r"residuals\((\w+)\s*(\d*)\s*(?:,(.*))?\)", options)
    if not found:
        return Residual(groups=groups)
    rest = found[3] or ""
    time, by = re.search(r"\bt\((\w+)\)", rest), re.search(r"\bby\((\w+)\)", rest)
    return Residual(
        found[1],
        int(found[2]) if found[2] else None,
        time[1] if time else None,
        by[1] if by else None,
        groups,
    )
