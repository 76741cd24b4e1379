"""What a fit hands to everything that comes after it: the arrays behind the numbers."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt

from terrace.data.dataset import Dataset
from terrace.design.design import Design
from terrace.frozen import freeze
from terrace.inference.bound import Bound
from terrace.inference.cells import Cell
from terrace.inference.constraints import Constraints
from terrace.inference.identification import Unidentified
from terrace.inference.parameters import NaturalEstimate
from terrace.inference.small import Small, SmallInference
from terrace.likelihood.objective import Objective
from terrace.optimise.fit import Optimum

FloatArray = npt.NDArray[np.float64]


@dataclass(frozen=True)
class FittedModel:
    """The arrays of a fit that post-estimation needs, in the user's units unless said otherwise.

    ``beta`` (p,) and ``vcov`` (p, p) belong to the columns of ``design.x``; ``phi`` is the model-based
    (X'V⁻¹X)⁻¹ where `vcov` is robust or Kenward-Roger adjusted. ``psi`` (r,) and ``point`` are those of the
    objective (scaled). ``natural`` has the covariance parameters; ``sigma2`` is σ².
    ``unknown`` has the directions of (ψ, log σ²) along which the likelihood does not change, ``attainable`` those of
    them that lead to other covariance matrices; None where there are none. ``data`` are those that the design was bound
    on, from which a fit that was stored without its arrays gets them again; None where that is not possible.
    """

    design: Design
    objective: Objective
    optimum: Optimum
    beta: FloatArray
    vcov: FloatArray
    phi: FloatArray
    psi: FloatArray
    sigma2: float
    layout: tuple[Cell, ...]
    natural: NaturalEstimate
    small: Small | None
    n_clusters: int | None = None
    constraints: Constraints | None = None
    unknown: Unidentified | None = None
    attainable: Unidentified | None = None
    data: Dataset | None = None

    @cached_property
    def bound(self) -> Bound:
        """The design under the constraints of the fit."""
        return Bound.of(self.design, self.constraints, self.objective.tier)

    @property
    def n_flat(self) -> int:
        """How many dimensions of the covariance parameters the likelihood does not tell."""
        return 0 if self.unknown is None else self.unknown.directions.shape[1]

    @property
    def df(self) -> FloatArray | None:
        """Degrees of freedom of each coefficient, (p,), by the method of the fit; None where it has none."""
        return self.small.df if isinstance(self.small, SmallInference) else None

    def __post_init__(self) -> None:
        freeze(self, ("beta", "vcov", "phi", "psi"))
