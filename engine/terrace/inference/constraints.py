"""Linear constraints on the fixed effects: Rβ = c, solved by a change of variables.

β = Tβ_c + a with the columns of T an orthonormal basis of the null space of R and a the shortest solution
(manual, *Fixed-effects constraints*).
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from terrace.design.design import Design
from terrace.errors import SpecError
from terrace.language.expressions.stored import coefficient_names
from terrace.spec.model import ModelSpec

FloatArray = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Constraints:
    """Linear constraints Rβ = c on the coefficients of the design's x: ``r`` (l, p), ``c`` (l,), as typed.

    ``redundant`` are those that follow from the others, which are left out.
    """

    r: FloatArray
    c: FloatArray
    texts: tuple[str, ...]
    redundant: tuple[str, ...] = ()



def bind_constraints(spec: ModelSpec, design: Design, texts: Mapping[int, str]) -> Constraints:
    """R and c of the constraints named in the specification.

    Raises
    ------
    SpecError
        A number without a definition, a name that is no coefficient, a constraint that contradicts those before.
    """
    names = [c.name for c in design.x_info]
    rows: list[FloatArray] = []
    values: list[float] = []
    shown: list[str] = []
    shown_numbers: list[int] = []
    redundant: list[str] = []
    for number in spec.constraints:
        if number not in texts:
            raise SpecError(
                f"Constraint {number} is not defined.",
                code="no-such-constraint",
                subject="constraints",
                advice=f"Define it first: constraint define {number} x1 = x2.",
            )
        row, value = parse_constraint(texts[number], names, spec.outcome.name, design)
        relation = _relation(row, value, rows, values)
        if relation == "contradicts":
            before = f" what {_named(shown_numbers)} say{'s' * (len(shown_numbers) == 1)}" if rows else " itself"
            raise SpecError(
                f"Constraint {number} ({texts[number]}) contradicts{before}.",
                code="constraints-contradict",
                subject="constraints",
                advice="Remove one of them from constraints().",
            )
        if relation == "follows":
            redundant.append(texts[number])
            continue
        rows.append(row)
        values.append(value)
        shown.append(texts[number])
        shown_numbers.append(number)
    r = np.array(rows) if rows else np.zeros((0, len(names)))
    return Constraints(r, np.array(values), tuple(shown), tuple(redundant))


def _named(numbers: list[int]) -> str:
    return f"constraint{'s' * (len(numbers) > 1)} " + ", ".join(map(str, numbers))


def _relation(row: FloatArray, value: float, rows: list[FloatArray], values: list[float]) -> str:
    """Whether an equation ``follows`` from others or ``contradicts`` them; empty where it says something new."""
    if not np.any(row):
        return "follows" if abs(value) < 1e-12 else "contradicts"
    if not rows:
        return ""
    weights = np.linalg.lstsq(np.array(rows).T, row, rcond=None)[0]
    size = float(np.abs(row).max())
    if np.abs(np.array(rows).T @ weights - row).max() > 1e-9 * size:
        return ""
    implied = float(weights @ np.array(values))
    return "follows" if abs(implied - value) <= 1e-8 * max(size, abs(value), 1.0) else "contradicts"


def parse_constraint(
    text: str, names: list[str], outcome: str, design: Design | None = None
) -> tuple[FloatArray, float]:
    """One linear equation such as ``a = 2*b + 1``, ``[y]a - [y]b = 0`` or ``a`` (meaning a = 0)."""
    left, equals, right = text.partition("=")
    row = np.zeros(len(names))
    value = 0.0
    for side, sign in ((left, 1.0), (right, -1.0)):
        if side is right and not equals:
            continue
        part, constant = _linear(side, names, outcome, text, design)
        row += sign * part
        value -= sign * constant
    return row, value


def _linear(
    side: str, names: list[str], outcome: str, text: str, design: Design | None
) -> tuple[FloatArray, float]:
    row = np.zeros(len(names))
    constant = 0.0
    cleaned = re.sub(r"\[\s*" + re.escape(outcome) + r"\s*\]", "", side).strip()
    cleaned = re.sub(r"_b\[([^\]]*)\]", r"\1", cleaned)
    position = 0
    while position < len(cleaned):
        match = re.match(
            r"\s*([+-]?)\s*(?:(\d+(?:\.\d*)?(?:[eE][+-]?\d+)?|\.\d+)(?![\w.#])\s*\*?\s*)?([A-Za-z0-9_.][\w.#]*)?",
            cleaned[position:],
        )
        if match is None or match.end() == 0 or not (match.group(2) or match.group(3)):
            raise SpecError(
                f"The constraint {text!r} cannot be read near {cleaned[position:]!r}.",
                code="constraint-syntax", subject="constraints",
                advice="Write a linear equation, for example x1 = 2*x2.",
            )
        sign = -1.0 if match.group(1) == "-" else 1.0
        factor = float(match.group(2)) if match.group(2) else 1.0
        name = match.group(3)
        if name is None:
            constant += sign * factor
        else:
            position_of = _position(name, names, text, outcome, design)
            if position_of is not None:
                row[position_of] += sign * factor
        position += match.end()
    return row, constant


def _position(name: str, names: list[str], text: str, outcome: str, design: Design | None) -> int | None:
    """Where a coefficient stands; None for a base level or another that is zero in any case."""
    zero = [] if design is None else [c.name for c in design.columns if c.name not in names]
    for known in coefficient_names(name, outcome):
        if known in names:
            return names.index(known)
        if known in zero:
            return None
    raise SpecError(
        f"The constraint {text!r} names {name}, which is not a coefficient of the model.",
        code="no-such-coefficient",
        subject="constraints",
        advice="The coefficients are " + ", ".join(names[:12]) + ("." if len(names) <= 12 else ", ..."),
    )


def null_space(constraints: Constraints) -> tuple[FloatArray, FloatArray]:
    """T (p, p - rank R) with orthonormal columns and a (p,), the shortest solution of Ra = c."""
    r, c = constraints.r, constraints.c
    if len(r) == 0:
        return np.eye(r.shape[1]), np.zeros(r.shape[1])
    _, s, vt = np.linalg.svd(r)
    rank = int((s > 1e-10 * s.max()).sum())
    a = np.asarray(np.linalg.lstsq(r, c, rcond=None)[0], dtype=np.float64)
    return np.asarray(vt[rank:].T, dtype=np.float64), a
