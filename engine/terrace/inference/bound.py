"""A design with what constraints leave free of its fixed part."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from terrace.design.design import Design
from terrace.inference.constraints import Constraints, null_space
from terrace.likelihood.objective import Objective
from terrace.likelihood.tiers import Tier, objective_of

FloatArray = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Bound:
    """What is estimated from which numbers: β = transform·β_c + fixed, β itself without constraints.

    ``transform`` is (p, p_c), ``fixed`` (p,); ``tier`` is how the likelihood is computed.
    """

    design: Design
    constraints: Constraints | None
    transform: FloatArray | None
    fixed: FloatArray
    tier: Tier = "exact"

    @classmethod
    def of(cls, design: Design, constraints: Constraints | None = None, tier: Tier = "exact") -> Bound:
        """The design under these constraints, or without any."""
        if constraints is None:
            return cls(design, None, None, np.zeros(design.x.shape[1]), tier)
        return cls(design, constraints, *null_space(constraints), tier)

    def objective(
        self, *, careful: bool = False, keep_clusters: bool = False, tick: Callable[[], None] | None = None
    ) -> Objective:
        """The (restricted) likelihood; see `Objective`."""
        offset = None if self.transform is None else self.design.x @ self.fixed
        return objective_of(
            self.design, self.tier, reml=self.design.spec.method == "reml", transform=self.transform, offset=offset,
            careful=careful, keep_clusters=keep_clusters, tick=tick,
        )

    @property
    def x(self) -> FloatArray:
        """The columns of the free coefficients, (n, p_c): those of the design where all are free."""
        return self.design.x if self.transform is None else self.design.x @ self.transform

    @property
    def y(self) -> FloatArray:
        """The outcome less what is fixed, (n,)."""
        return self.design.y if self.transform is None else self.design.y - self.design.x @ self.fixed

    def lifted(self, columns: FloatArray) -> FloatArray:
        """From the free coefficients (p_c, ...) to all, (p, ...), as slopes go; `beta` is for estimates."""
        return columns if self.transform is None else self.transform @ columns

    def beta(self, free: FloatArray) -> FloatArray:
        """β (p,) of the free coefficients, (p_c,)."""
        return self.fixed + self.lifted(free)
