"""The covariance parameters as they are printed: where each comes from, its names, its value."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from terrace.covariance.contract import NaturalParameter
from terrace.design.design import Design, RandomBlock
from terrace.likelihood.objective import Objective

FloatArray = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Cell:
    """Where one printed parameter comes from: its equation (None: residual), kind, names for each metric."""

    block: int | None
    name: str
    sd_name: str
    kind: str
    i: int
    j: int
    scale: str
    by: str = ""


def cells(design: Design) -> tuple[Cell, ...]:
    """The printed parameters of a design in order."""
    out: list[Cell] = []
    for position, block in enumerate(design.blocks):
        if not block.names:
            continue
        out += [_random_cell(position, block, parameter) for parameter in block.structure.parameters()]
    if design.residuals.simple:
        out.append(Cell(None, "var(Residual)", "sd(Residual)", "variance", 0, 0, "log"))
        return tuple(out)
    for by, p in design.residuals.reported():
        prefix = f"{by}:" if by else ""
        kind = ("variance" if p.name.startswith("var") else "covariance") if p.variance else "other"
        sd_name = p.name.replace("var(", "sd(").replace("cov(", "corr(")
        out.append(Cell(None, prefix + p.name, prefix + sd_name, kind, 0, 0, p.scale, by))
    return tuple(out)


def residual_ratios(layout: Sequence[Cell]) -> dict[int, int]:
    """The residual variances of further by() groups, and the place of the first: stored as ratios to it, where every
    group has one."""
    own = [k for k, c in enumerate(layout) if c.block is None and c.kind == "variance"]
    groups = [layout[k].by for k in own]
    return dict.fromkeys(own[1:], own[0]) if len(set(groups)) == len(groups) else {}


def _random_cell(position: int, block: RandomBlock, parameter: NaturalParameter) -> Cell:
    names, kind = block.names, parameter.kind
    i, j = parameter.where[0]
    if kind == "other":
        return Cell(position, parameter.symbol, parameter.symbol, kind, min(i, j), max(i, j), parameter.scale)
    tied = block.structure.tied
    if block.factor is not None:
        inside = names[0]
    elif tied:
        inside = ",".join(names)
    elif kind == "variance":
        inside = names[i]
    else:
        inside = f"{names[min(i, j)]},{names[max(i, j)]}"
    if kind == "variance":
        return Cell(position, f"var({inside})", f"sd({inside})", kind, i, i, "log")
    return Cell(position, f"cov({inside})", f"corr({inside})", kind, min(i, j), max(i, j), "symmetric")


def natural_values(
    objective: Objective, psi: FloatArray, sigma2: float
) -> tuple[FloatArray, FloatArray]:
    """Printed parameters in the variance metric, shape (k,), and their Jacobian (k, r + 1) in (ψ, log σ²).

    ``sigma2`` is in the user's units.
    """
    r, n_random = objective.n_params, objective.n_random
    to_entries = objective.natural_map() * sigma2
    entries = to_entries @ psi[:n_random]
    values, slope = printed(objective, entries)
    top = np.zeros((len(values), r + 1))
    top[:, :n_random] = slope @ to_entries
    top[:, r] = slope @ entries
    v, j = objective.design.residuals.natural(psi[n_random:], sigma2)
    bottom = np.zeros((len(v), r + 1))
    bottom[:, n_random:] = j
    return np.concatenate([values, v]), np.concatenate([top, bottom])


def printed(objective: Objective, entries: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Printed parameters of all random effects, (k,), of the entries of their Σ in the user's units, (n_random,), and
    the Jacobian, (k, n_random)."""
    layout = objective.layout
    values, jacobian = np.empty(layout.n_theta), np.zeros((layout.n_theta, layout.n_random))
    for block, own, out in zip(objective.design.blocks, layout.block_slices, layout.theta_slices):
        if out.stop > out.start:
            values[out], jacobian[out, own] = block.structure.printed(entries[own])
    return values, jacobian


def entries_of(objective: Objective, values: FloatArray) -> tuple[FloatArray, FloatArray]:
    """The entries of every Σ, (n_random,), of printed parameters of the random effects, (k,), and the Jacobian,
    (n_random, k): the inverse of `printed`."""
    layout = objective.layout
    entries, jacobian = np.empty(layout.n_random), np.zeros((layout.n_random, layout.n_theta))
    for block, out, own in zip(objective.design.blocks, layout.block_slices, layout.theta_slices):
        if out.stop > out.start:
            entries[out], jacobian[out, own] = block.structure.entries_of(values[own])
    return entries, jacobian


def psi_slopes(objective: Objective, psi: FloatArray, sigma2: float) -> FloatArray:
    """The Jacobian (r + 1, k) of (ψ, log σ²) in the printed parameters: the inverse of that of `natural_values`."""
    values, slopes = natural_values(objective, psi, sigma2)
    r, n_random, n_theta = objective.n_params, objective.n_random, objective.layout.n_theta
    if n_random == n_theta:
        return np.asarray(np.linalg.inv(slopes))
    # σ²ψ are the entries but for units, and ρ and σ² follow from the residual parameters alone
    out = np.zeros((r + 1, len(values)))
    out[n_random:, n_theta:] = np.linalg.inv(slopes[n_theta:, n_random:])
    jacobian = entries_of(objective, values[:n_theta])[1]
    out[:n_random, :n_theta] = np.linalg.solve(objective.natural_map() * sigma2, jacobian)
    out[:n_random] -= np.outer(psi[:n_random], out[r])
    return out


def variance_positions(layout: tuple[Cell, ...], position: int) -> tuple[int, int]:
    """The two variances behind a covariance: by position in Σ, or by the names in cov(e1,e2)."""
    c = layout[position]
    own = [k for k, o in enumerate(layout) if o.block == c.block and o.by == c.by and o.kind == "variance"]
    if len(own) == 1:
        return own[0], own[0]
    if c.block is not None:
        first = next(k for k in own if layout[k].i == c.i)
        second = next(k for k in own if layout[k].i == c.j)
        return first, second
    inside = c.name[c.name.index("cov(") + 4 : -1].split(",")
    prefix = f"{c.by}:" if c.by else ""
    by_name = {layout[k].name: k for k in own}
    return by_name[f"{prefix}var({inside[0]})"], by_name[f"{prefix}var({inside[1]})"]
