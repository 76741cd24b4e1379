"""`FitResult`: everything that a fit found, frozen.

Numbers are stored once, at full precision; tables, reports and panes only read them. `model` carries the
arrays that post-estimation needs (design, covariance parameters, the factorised likelihood). Nothing else in a fit asks
for it, since a fit that was opened from a file has to make it first.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

import numpy as np
import numpy.typing as npt

from terrace.deferred import deferrable, waits
from terrace.frozen import freeze, read_only
from terrace.inference.fitted import FittedModel
from terrace.optimise.log import Iteration
from terrace.results.later import Later
from terrace.results.rendering import rendered
from terrace.results.table import Table
from terrace.spec.model import Display, Metric, ModelSpec

FloatArray = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Advice:
    """Something the user should know: what happened, and what to do next.

    ``code`` is stable (``"boundary"``, ``"collinear"``, ``"not-converged"``); ``subject`` names the variable
    or parameter concerned.
    """

    code: str
    message: str
    advice: str = ""
    subject: str = ""

    def __str__(self) -> str:
        return f"{self.message} {self.advice}".strip()


NOT_IDENTIFIED = "not identified"
"""What stands in a table for an estimate that the data do not determine."""


@dataclass(frozen=True, slots=True)
class FixedEffect:
    """One coefficient. ``term`` is its name in commands (``1.sector#c.ses``); ``label`` is for people.

    ``kind`` tells base levels, empty cells and omitted (collinear) coefficients, whose ``coef`` is 0 and
    whose other numbers are None, from estimated ones. Of ``unidentified`` ones every estimate in a range has the same
    restricted likelihood: their ``coef`` is NaN. ``df`` is None where inference is by z.
    """

    term: str
    label: str
    coef: float
    se: float | None
    stat: float | None
    df: float | None
    p: float | None
    lb: float | None
    ub: float | None
    kind: Literal["estimated", "base", "empty", "omitted", "constrained", "unidentified"] = "estimated"

    @property
    def in_model(self) -> bool:
        """Whether it is a coefficient of the model, rather than a base level or one that was left out."""
        return self.kind in ("estimated", "constrained", "unidentified")

    @property
    def shown(self) -> float | str:
        """The estimate as a table shows it."""
        return NOT_IDENTIFIED if self.kind == "unidentified" else self.coef


@dataclass(frozen=True, slots=True)
class RandomParameter:
    """One covariance parameter in one metric; `se`, `lb`, `ub` are None where they are not identified.

    ``level`` is the group variable or ``Residual``; ``structure`` a title such as ``Unstructured``;
    ``block`` counts the random-effects equations from 0, so that repeated levels stay apart.
    ``boundary`` is True where the estimate sits on the edge of the parameter space; ``interval`` says whether `lb` and
    `ub` are from the standard error or from the profile likelihood. ``identified`` is False where the data cannot tell
    the parameter from others: ``estimate`` is then NaN, for each of many values fits as well. ``group`` is the value
    label of the group of residuals(..., by()) whose code stands before the colon in ``name`` (``1:var(e)``).
    """

    level: str
    structure: str
    name: str
    estimate: float
    se: float | None
    lb: float | None
    ub: float | None
    block: int = 0
    boundary: bool = False
    interval: Literal["wald", "profile"] = "wald"
    identified: bool = True
    group: str = ""

    @property
    def shown(self) -> float | str:
        """The estimate as a table shows it."""
        return self.estimate if self.identified else NOT_IDENTIFIED


@dataclass(frozen=True, slots=True)
class GroupSummary:
    """Groups at one level: their number, and the observations in them."""

    level: str
    n_groups: int
    min: int
    avg: float
    max: int


@dataclass(frozen=True, slots=True)
class Comparison:
    """The likelihood-ratio test against the linear model. ``mixture_p`` where the exact mixture is known."""

    label: str
    stat: float
    df: int
    p: float
    conservative: bool
    mixture_p: float | None = None


@dataclass(frozen=True)
class FitResult:
    """A fitted linear mixed model.

    ``random`` is in the variance-covariance metric, ``random_sd`` in standard deviations and correlations,
    both in the order of the printed table. ``scalars``, ``macros`` and ``matrices`` hold the stored results
    by the field's names (``N``, ``ll``, ``b``, ``V``, ...); ``matrix_names`` the row and column names.
    ``sample`` marks the rows of the data that were used, shape (rows of the dataset,).
    ``tier`` is how the likelihood was computed: with ``iterative``, ``scalars`` has the Monte Carlo standard error of
    the log-likelihood (``mc_ll``), the largest of a covariance parameter in standard errors of its own (``mc_se``), and
    the number of ``probes``.
    ``n_evaluations`` counts likelihood evaluations. ``elapsed`` is in seconds. ``held`` is the model, or what makes it
    when it is first asked for. ``constraints`` are those on the fixed effects as they were defined, in the order of the
    command.
    """

    spec: ModelSpec
    command: str
    title: str
    outcome: str
    fixed: tuple[FixedEffect, ...]
    random: tuple[RandomParameter, ...]
    random_sd: tuple[RandomParameter, ...]
    random_estmetric: tuple[RandomParameter, ...]
    groups: tuple[GroupSummary, ...]
    comparison: Comparison | None
    scalars: Mapping[str, float | int | None]
    macros: Mapping[str, str]
    matrices: Mapping[str, FloatArray]
    matrix_names: Mapping[str, tuple[tuple[str, ...], tuple[str, ...]]]
    warnings: tuple[Advice, ...]
    log: tuple[Iteration, ...]
    converged: bool
    boundary: tuple[str, ...]
    sample: npt.NDArray[np.bool_]
    elapsed: float
    n_evaluations: int
    held: FittedModel | Later = field(repr=False)
    name: str = ""
    constraints: tuple[str, ...] = ()
    tier: Literal["exact", "iterative"] = "exact"

    def __post_init__(self) -> None:
        read_only(self.sample)
        if not waits(self, "matrices"):
            read_only(*self.matrices.values())
        freeze(self, (), [name for name in ("scalars", "macros", "matrices", "matrix_names") if not waits(self, name)])

    @property
    def model(self) -> FittedModel:
        """The arrays behind the numbers. Raises `TerraceError` where they cannot be made again."""
        return self.held.get() if isinstance(self.held, Later) else self.held

    @property
    def has_arrays(self) -> bool:
        """True where `model` is at hand, and asking for it makes nothing."""
        return not isinstance(self.held, Later) or self.held.is_made

    @property
    def identity(self) -> int:
        """What tells this fit from others, whatever its name and its tables are, for as long as it is held."""
        return id(self.held)

    @property
    def ll(self) -> float:
        """The log (restricted) likelihood, or log pseudolikelihood, at the estimates."""
        if waits(self, "scalars"):
            return self.model.optimum.point.ll
        found = self.scalars["ll"]
        assert found is not None
        return float(found)

    @property
    def n_parameters(self) -> int:
        """Free parameters that the data identify, as `terrace.inference.count` counts them.

        By the convention of the field e(rank) of a regression leaves its residual variance out; here it counts.
        """
        return int(self.scalars["rank"] or 0) + (self.macros.get("cmd") == "regress")

    @property
    def n_unidentified(self) -> int:
        """How many more parameters it has: dimensions on which the likelihood does not depend."""
        rank = int(self.scalars["rank"] or 0)
        return 0 if self.macros.get("cmd") == "regress" else int(self.scalars.get("k") or rank) - rank

    @property
    def state(self) -> Literal["converged", "boundary", "failed"]:
        """What the head of a model card says."""
        if not self.converged:
            return "failed"
        return "boundary" if self.boundary else "converged"

    def tables(
        self,
        style: Literal["journal", "classic"] = "journal",
        *,
        metric: Metric | None = None,
        display: Display | None = None,
        labels: Mapping[str, str] | None = None,
        warnings: bool = True,
    ) -> tuple[Table, ...]:
        """The result as tables; see `terrace.results.tables.fit_tables`."""
        found: tuple[Table, ...] = rendered(
            "tables", self, style=style, metric=metric, display=display, labels=labels, warnings=warnings
        )
        return found

    def __str__(self) -> str:
        return str(rendered("text", self))

    __repr__ = __str__

    def _repr_html_(self) -> str:
        return str(rendered("html", self))


# what of a fit can wait until somebody looks at it, which is then frozen by whoever makes it
deferrable(
    FitResult, "fixed", "random", "random_sd", "random_estmetric", "groups", "comparison", "scalars", "macros",
    "matrices", "matrix_names",
)
