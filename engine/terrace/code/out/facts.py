"""What code of a model has to know: the specification, the data with their file, and the design that they give."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

from terrace.data.dataset import Dataset
from terrace.design.design import Design, RandomBlock, build_design
from terrace.spec.edit import ALL
from terrace.spec.model import Factor, ModelSpec, Residuals

_KINDS = {
    ".dta": "stata", ".sav": "spss", ".zsav": "spss", ".por": "por", ".sas7bdat": "sas", ".xpt": "xpt", ".csv": "csv",
    ".tsv": "tsv", ".tab": "tsv", ".xlsx": "excel", ".xls": "excel", ".parquet": "parquet", ".rds": "rds",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Source:
    """Where the data came from: a file's path, and the commands that changed the data since."""

    path: str = ""
    changes: tuple[str, ...] = ()

    @property
    def kind(self) -> str:
        """``stata``, ``csv``, ...; empty where no other program could read the file, or it no longer has the data."""
        return "" if self.changes else _KINDS.get(Path(self.path).suffix.lower(), "")


@dataclass(frozen=True)
class Facts:
    """A model bound to its data. ``ll`` is its log likelihood, where it has been fitted."""

    spec: ModelSpec
    data: Dataset
    design: Design
    source: Source = field(default_factory=Source)
    constraints: Mapping[int, str] = field(default_factory=dict)
    ll: float | None = None

    @property
    def blocks(self) -> tuple[RandomBlock, ...]:
        """The random effects that there are; levels without any are left out."""
        return tuple(b for b in self.design.blocks if b.names)

    def chain(self, level: str) -> tuple[str, ...]:
        """The variables whose combinations are the groups of a level, the highest first; empty for ``_all``."""
        names = [v.name for v in self.design.levels]
        return tuple(n for n in names[: names.index(level) + 1] if n != ALL)

    @property
    def residual_chain(self) -> tuple[str, ...]:
        """The variables whose combinations are the groups within which residuals are correlated."""
        return self.chain(self.design.levels[-1].name) if self.design.levels else ()

    @property
    def residuals(self) -> Residuals:
        """The residuals, each structure under its simplest name: a full band is unstructured, a band of 0 by time."""
        found = self.spec.residuals
        last = len(self.design.residuals.structure.times) - 1
        if found.structure == "banded" and (found.order is None or found.order >= last):
            return replace(found, structure="unstructured", order=None)
        if found.structure == "toeplitz" and found.order is not None and found.order >= self.longest_lag:
            return replace(found, order=None)
        return found

    @property
    def longest_lag(self) -> int:
        """The longest distance between whole times of the sample."""
        times = self.design.residuals.structure.times
        return int(times.max() - times.min()) if len(times) else 0

    @property
    def independent(self) -> bool:
        """True for residuals with one variance and nothing else."""
        return self.spec.residuals.structure == "independent" and self.spec.residuals.by is None

    @property
    def variables(self) -> tuple[str, ...]:
        """The variables that a row has to be complete in, in the order of the command."""
        spec = self.spec
        terms = [*spec.fixed, *(t for e in spec.random for t in e.terms)]
        named = [spec.outcome.name, *(f.name for t in terms for f in t.factors if not f.drop)]
        for e in spec.random:
            named += [n for n in (e.level, e.factor) if n is not None and n != ALL]
        more = (spec.residuals.time, spec.residuals.by, spec.cluster)
        return tuple(dict.fromkeys([*named, *(n for n in more if n is not None)]))

    def factors(self) -> dict[str, Factor]:
        """The factor variables of the fixed part by name."""
        return {f.name: f for t in self.spec.fixed for f in t.factors if f.kind == "factor" and not f.drop}


def facts_of(
    spec: ModelSpec,
    data: Dataset,
    source: Source | None = None,
    constraints: Mapping[int, str] | None = None,
    ll: float | None = None,
) -> Facts:
    """The facts of a model. Raises as `build_design` does for a model that these data do not allow."""
    return Facts(spec, data, build_design(spec, data), source or Source(data.source), constraints or {}, ll)
