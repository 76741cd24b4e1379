"""From a Design to the order of elimination: components, stages, the crossed block, scaled columns."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from terrace.design.design import Design
from terrace.design.groups import compact, elimination_chain, interact, nested
from terrace.likelihood.transform import BlockTransform, block_transform

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int64]

# Above this many numbers (cross-products of all groups with all their derivatives) a crossed factor is kept
# sparse: 2.5e7 doubles are 200 MB.
DENSE_LIMIT = 2.5e7


@dataclass(frozen=True)
class Component:
    """Random effects that belong to one partition of the rows: ``bases[i]`` (q, q) is ∂Σ/∂ψ_i.

    ``parts`` lists (block, first column, number of columns, sign of the covariance role) of the equations
    merged here; a crossed ``R.`` exchangeable equation contributes to two components.
    """

    codes: IntArray
    n_groups: int
    z: FloatArray
    bases: dict[int, FloatArray]
    parts: tuple[tuple[int, int, int], ...]
    level: str


@dataclass(frozen=True)
class Layout:
    """How the random effects are eliminated.

    ``chain`` (finest first) is eliminated group by group; ``crossed`` goes into one dense block after that.
    ``order`` sorts the rows by the chain, coarsest first. ``block_slices`` give each equation's place in ψ,
    ``transforms`` its coordinates.
    """

    chain: tuple[Component, ...]
    crossed: tuple[Component, ...]
    order: IntArray
    block_slices: tuple[slice, ...]
    transforms: tuple[BlockTransform, ...]
    n_random: int
    sparse: bool


def _components(
    design: Design, slices: list[slice], transforms: list[BlockTransform]
) -> list[Component]:
    out: list[Component] = []
    for position, block in enumerate(design.blocks):
        if not block.names:
            continue
        first = slices[position].start
        z = transforms[position].columns(block.z)
        if block.factor is None:
            bases = {first + k: e for k, e in enumerate(transforms[position].bases)}
            out.append(
                Component(
                    block.codes, block.n_groups, z, bases, ((position, 0, z.shape[1]),), block.level.name
                )
            )
            continue
        one = np.ones((1, 1))
        if block.structure.n_params == 1:
            bases = {first: one}
            out.append(
                Component(block.codes, block.n_groups, z, bases, ((position, 0, 1),), block.level.name)
            )
        else:
            # exchangeable values: each its own effect with variance var - cov, plus one shared by the level
            out.append(
                Component(
                    block.codes, block.n_groups, z, {first: one, first + 1: -one}, ((position, 0, 1),),
                    block.level.name,
                )
            )
            out.append(
                Component(
                    block.level.codes, block.level.n_groups, z, {first + 1: one}, ((position, 0, 1),),
                    block.level.name,
                )
            )
    return out


def _merge(components: list[Component]) -> list[Component]:
    """Components over the same partition become one with block-diagonal Σ."""
    out: list[Component] = []
    for component in components:
        for k, other in enumerate(out):
            same = other.n_groups == component.n_groups and (
                other.codes is component.codes or nested(component.codes, component.n_groups, other.codes)
            )
            if not same:
                continue
            q1, q2 = other.z.shape[1], component.z.shape[1]
            bases: dict[int, FloatArray] = {}
            for source, offset in ((other, 0), (component, q1)):
                for key, e in source.bases.items():
                    wide = bases.setdefault(key, np.zeros((q1 + q2, q1 + q2)))
                    wide[offset : offset + len(e), offset : offset + len(e)] += e
            parts = other.parts + tuple((b, c + q1, w) for b, c, w in component.parts)
            out[k] = Component(
                other.codes, other.n_groups, np.concatenate([other.z, component.z], axis=1), bases, parts,
                other.level,
            )
            break
        else:
            out.append(component)
    return out


def build_layout(design: Design, n_columns: int) -> Layout:
    """Choose the order of elimination; `n_columns` is the number of fixed-effects columns plus outcome."""
    slices, transforms, position = [], [], 0
    for block in design.blocks:
        count = block.structure.n_params if block.names else 0
        slices.append(slice(position, position + count))
        transforms.append(block_transform(block))
        position += count
    components = _merge(_components(design, slices, transforms))
    within = None if design.residuals.key == "independent" else design.residuals.groups
    factors = [(c.codes, c.n_groups) for c in components]
    columns = [c.n_groups * c.z.shape[1] for c in components]
    chain, rest = elimination_chain(factors, columns, within)
    r = position + design.residuals.n_params
    copies = 1 + r + r * (r + 1) / 2
    outside = sum(columns[k] for k in rest)
    sparse = False
    if rest and chain:
        finest = components[chain[0]]
        width = sum(components[k].z.shape[1] for k in chain) + outside + n_columns
        if finest.n_groups * width**2 * copies > DENSE_LIMIT and within is None and not design.weights.level:
            sparse = True
            rest = rest + chain[1:]
            chain = chain[:1]
    ordered = [components[k] for k in chain]
    rows = _row_order(design, ordered)
    return Layout(
        tuple(_renumber(ordered, rows)), tuple(components[k] for k in rest), rows, tuple(slices), tuple(transforms),
        position, sparse,
    )


def _row_order(design: Design, chain: list[Component]) -> IntArray:
    """Rows sorted by the chain from the coarsest group to the finest, then by residual group and time."""
    keys: list[FloatArray | IntArray] = [c.codes for c in reversed(chain)]
    if design.cluster is not None:
        keys.insert(0, design.cluster)
    if not design.residuals.simple and design.residuals.key != "independent":
        keys += [design.residuals.groups, design.residuals.at]
    if not keys:
        return np.arange(design.n)
    if all(np.all(np.diff(k) >= 0) for k in keys[:1]) and len(keys) == 1:
        return np.arange(design.n)
    return np.lexsort(tuple(reversed(keys)))


def _renumber(chain: list[Component], rows: IntArray) -> list[Component]:
    """Group numbers in the order of the sorted rows, so that children of a parent stand together."""
    out = []
    above: IntArray | None = None
    for component in reversed(chain):
        codes = component.codes[rows]
        combined = codes if above is None else interact(above, codes)[0]
        combined, count = compact(combined)
        if count != component.n_groups:
            raise AssertionError("a chain must be nested")
        above = combined
        back = np.empty_like(combined)
        back[rows] = combined
        out.append(
            Component(back, count, component.z, component.bases, component.parts, component.level)
        )
    return list(reversed(out))
