"""What is wrong with a model, as data: the place, the reason, and the model that mends it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from terrace.data.dataset import Dataset
from terrace.spec.facts import Facts, Sample
from terrace.spec.model import ModelSpec

Severity = Literal["error", "warning", "note"]


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing that keeps a model from being fitted (``error``), or that its user should know.

    ``field`` is the place: ``outcome``, ``fixed``, ``fixed:2`` (a term), ``level:0``, ``level:0:group``,
    ``level:0:slope:1``, ``level:0:covariance``, ``level:0:weight``, ``residuals``, ``residuals:time``,
    ``residuals:by``, ``residuals:order``, ``method``, ``df``, ``vce``, ``cluster``, ``confidence``,
    ``weight``, ``pwscale``, ``maximisation``, ``rows``, ``model``. ``fix`` is the mended model, which
    ``fix_label`` names as a button would; ``code`` is stable.
    """

    field: str
    code: str
    message: str
    fix: ModelSpec | None = None
    fix_label: str = ""
    severity: Severity = "error"

    def __str__(self) -> str:
        return f"{self.message} {self.fix_label}.".strip(" .") + "." if self.fix_label else self.message


@dataclass(frozen=True)
class Context:
    """What a rule may look at: the model, the data, and the rows that the model uses."""

    spec: ModelSpec
    dataset: Dataset
    facts: Facts
    sample: Sample
