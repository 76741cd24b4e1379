"""From a Design to the order of elimination: components, stages, the crossed block, scaled columns."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from itertools import pairwise
from typing import Any

import numpy as np
import numpy.typing as npt

from terrace.deferred import Deferred, deferrable
from terrace.design.design import Design
from terrace.design.groups import compact, elimination_chain, interact, nested
from terrace.likelihood.gram import work
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

    @property
    def width(self) -> int:
        """The number of columns of z."""
        return sum(count for _, _, count in self.parts)


deferrable(Component, "z")


@dataclass(frozen=True)
class Layout:
    """How the random effects are eliminated.

    ``chain`` (finest first) is eliminated group by group; ``crossed`` goes into one dense block after that.
    ``block_slices`` give each equation's place in ψ and ``theta_slices`` that in θ, ``transforms`` its coordinates.
    ``n_random`` and ``n_theta`` are the lengths of these parts of ψ and θ.
    """

    chain: tuple[Component, ...]
    crossed: tuple[Component, ...]
    design: Design
    block_slices: tuple[slice, ...]
    theta_slices: tuple[slice, ...]
    transforms: tuple[BlockTransform, ...]
    n_random: int
    n_theta: int
    sparse: bool

    def in_terms_of(self, x: FloatArray, step: FloatArray) -> FloatArray | None:
        """How the columns of the one level follow from those of the fixed part, (p, q), where both are ``x``.

        ``step`` (p, p) are the coordinates of the fixed part after x has been centred, as it is for Z too: what both
        share is not taken apart again, so that no digits are lost. None where Z is something else.
        """
        blocks = self.design.blocks
        if len(blocks) != 1 or blocks[0].z is not x or len(self.chain) != 1 or not self.design.residuals.simple:
            return None
        transform = self.transforms[0]
        own = np.diag(1.0 / transform.scale)
        for mix in transform.mixes:
            own = own @ mix
        return np.asarray(np.linalg.solve(step, own), dtype=np.float64)

    def order(self) -> IntArray:
        """Rows sorted by the finest group of the chain (so by all above it), residual group and time."""
        keys: list[FloatArray | IntArray] = []
        if self.chain:
            keys.append(self.chain[0].codes)
        elif self.design.cluster is not None:
            keys.append(self.design.cluster)
        elif self.design.levels:
            keys.append(self.design.levels[0].codes)
        residuals = self.design.residuals
        if not residuals.simple and not residuals.structure.independent:
            keys += [residuals.groups, residuals.at]
        return np.lexsort(tuple(reversed(keys))) if keys else np.arange(self.design.n)


def _components(
    design: Design, slices: list[slice], transforms: list[BlockTransform]
) -> list[Component]:
    out: list[Component] = []
    for position, block in enumerate(design.blocks):
        if not block.names:
            continue
        first = slices[position].start
        if block.factor is None:
            bases = {first + k: e for k, e in enumerate(transforms[position].bases)}
            waiting: Any = Deferred(partial(transforms[position].columns, block.z))
            parts = ((position, 0, block.z.shape[1]),)
            out.append(Component(block.codes, block.n_groups, waiting, bases, parts, block.level.name))
            continue
        z = transforms[position].columns(block.z)
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


def _merge(components: list[Component], factors: Sequence[Factor]) -> list[Component]:
    """Components over the same partition become one with block-diagonal Σ."""
    out: list[Component] = []
    for factor in factors:
        first, *others = factor.members
        merged = components[first]
        for k in others:
            merged = _joined(merged, components[k])
        out.append(merged)
    return out


def _joined(one: Component, other: Component) -> Component:
    q1, q2 = one.width, other.width
    bases: dict[int, FloatArray] = {}
    for source, offset in ((one, 0), (other, q1)):
        for key, e in source.bases.items():
            wide = bases.setdefault(key, np.zeros((q1 + q2, q1 + q2)))
            wide[offset : offset + len(e), offset : offset + len(e)] += e
    parts = one.parts + tuple((b, c + q1, w) for b, c, w in other.parts)
    return Component(one.codes, one.n_groups, np.concatenate([one.z, other.z], axis=1), bases, parts, one.level)


@dataclass(frozen=True)
class Factor:
    """A partition of the rows that random effects belong to: ``codes`` (n,), and q effects in each of its groups.

    ``crossing`` marks effects of an ``R.`` equation, ``members`` are the components of that partition.
    """

    codes: IntArray
    n_groups: int
    q: int
    crossing: bool
    members: tuple[int, ...]

    @property
    def columns(self) -> int:
        """The number of its random effects."""
        return self.n_groups * self.q


@dataclass(frozen=True)
class Plan:
    """Which factors are eliminated group by group (``chain``, the finest first) and which stand beside (``rest``), as
    positions in ``factors``. ``n_params`` is the length of ψ."""

    factors: tuple[Factor, ...]
    chain: tuple[int, ...]
    rest: tuple[int, ...]
    sparse: bool
    n_params: int

    @property
    def outside(self) -> int:
        """The number of columns in the crossed block."""
        return sum(self.factors[k].columns for k in self.rest)


def _factors(design: Design) -> list[Factor]:
    """The partitions of `_components`, without their columns."""
    out: list[Factor] = []
    count = 0
    for block in design.blocks:
        if not block.names:
            continue
        crossing = block.factor is not None
        found = [Factor(block.codes, block.n_groups, 1 if crossing else block.z.shape[1], crossing, (count,))]
        if crossing and block.structure.n_params > 1:
            found.append(Factor(block.level.codes, block.level.n_groups, 1, True, (count + 1,)))
        count += len(found)
        for new in found:
            for k, other in enumerate(out):
                if _same(other.codes, other.n_groups, new.codes, new.n_groups):
                    out[k] = Factor(
                        other.codes, other.n_groups, other.q + new.q, other.crossing or new.crossing,
                        other.members + new.members,
                    )
                    break
            else:
                out.append(new)
    return out


def _same(a: IntArray, n_a: int, b: IntArray, n_b: int) -> bool:
    """Whether two groupings of the rows are one and the same partition."""
    return n_a == n_b and (a is b or nested(b, n_b, a))


def plan(design: Design, n_columns: int, keep_clusters: bool = False) -> Plan:
    """Choose the order of elimination from the groups alone; arguments as in `build_layout`."""
    factors = _factors(design)
    within = None if design.residuals.structure.independent else design.residuals.groups
    codes = [(f.codes, f.n_groups) for f in factors]
    columns = [f.columns for f in factors]
    if design.weights.level:
        # copies of a group share the effects that cross it, so that these come after it
        own = [k for k, f in enumerate(factors) if not f.crossing]
        chain, rest = elimination_chain([codes[k] for k in own], [columns[k] for k in own], within)
        chain, rest = [own[k] for k in chain], [own[k] for k in rest]
        rest += [k for k in range(len(factors)) if k not in own]
    else:
        chain, rest = elimination_chain(codes, columns, within)
    r = sum(b.structure.n_entries for b in design.blocks if b.names) + design.residuals.n_params
    sparse = False
    if rest and chain:
        copies = 1 + r + r * (r + 1) / 2
        width = sum(factors[k].q for k in chain) + sum(columns[k] for k in rest) + n_columns
        large = factors[chain[0]].n_groups * width**2 * copies > DENSE_LIMIT
        if large and design.residuals.simple and not design.weights.level and not keep_clusters:
            sparse = True
            lead = min(range(len(factors)), key=lambda k: sparse_work(factors, k)[0])
            rest = [k for k in sorted(range(len(factors)), key=lambda k: -factors[k].n_groups) if k != lead]
            chain = [lead]
    return Plan(tuple(factors), tuple(chain), tuple(rest), sparse, r)


def sparse_work(factors: Sequence[Factor], lead: int) -> tuple[float, float]:
    """Operations of an evaluation with its gradient where the factor at ``lead`` is eliminated sparsely: T³ to
    factorise and invert what the others leave, and products for columns that meet within a group; and bytes of lists
    for these."""
    finest = factors[lead]
    width = sum(f.columns for f in factors) - finest.columns
    rows = np.bincount(finest.codes, minlength=finest.n_groups)
    # no more columns than rows of the group, times effects a row, and than there are
    cells = np.sum([f.q * np.minimum(rows, f.n_groups) for k, f in enumerate(factors) if k != lead], axis=0)
    flops, listed = work(np.asarray(cells, dtype=np.int64), width, finest.q)
    return float(width) ** 3 + flops, listed


def build_layout(design: Design, n_columns: int, keep_clusters: bool = False) -> Layout:
    """Choose the order of elimination; `n_columns` is the number of fixed-effects columns plus outcome.

    ``keep_clusters`` asks for a likelihood that can be told cluster by cluster: sparse elimination cannot.
    """
    transforms = [block_transform(block) for block in design.blocks]
    slices, position = _slices([b.structure.n_entries if b.names else 0 for b in design.blocks])
    theta_slices, n_theta = _slices([b.structure.n_params if b.names else 0 for b in design.blocks])
    order = plan(design, n_columns, keep_clusters)
    components = _merge(_components(design, slices, transforms), order.factors)
    ordered = _renumber([components[k] for k in order.chain], design.cluster)
    return Layout(
        tuple(ordered), tuple(components[k] for k in order.rest), design, tuple(slices), tuple(theta_slices),
        tuple(transforms), position, n_theta, order.sparse,
    )


def _slices(counts: list[int]) -> tuple[list[slice], int]:
    """Places one after the other, and their sum."""
    ends = np.cumsum([0, *counts]).tolist()
    return [slice(a, b) for a, b in pairwise(ends)], ends[-1]


def _renumber(chain: list[Component], cluster: IntArray | None) -> list[Component]:
    """Group numbers in the order of their parents, so that children of a parent stand together."""
    out = []
    above = cluster
    for component in reversed(chain):
        if above is None:
            combined, count = component.codes, component.n_groups  # without gaps, as levels are
        else:
            combined, count = compact(interact(above, component.codes)[0])
        if count != component.n_groups:
            raise AssertionError("a chain must be nested")
        above = combined
        waiting: Any = Deferred(partial(getattr, component, "z"))
        out.append(Component(combined, count, waiting, component.bases, component.parts, component.level))
    return list(reversed(out))
