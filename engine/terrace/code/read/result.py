"""What reading a model gives: the model, and the variables that have to be made for it first."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

import numpy as np

from terrace.code.read.groups import combined
from terrace.data.dataset import Dataset, Measure, Variable
from terrace.spec.model import ModelSpec
from terrace.spec.text import format_mixed

MadeKind = Literal["generate", "std", "mean", "group"]


@dataclass(frozen=True, slots=True)
class Made:
    """A variable that is made before the fit, by the command `text`.

    ``generate`` has an expression; ``std`` and ``mean`` have one of which to take the standardised values, or those
    less their mean; ``group`` has variables, each combination of which gets a number.
    """

    name: str
    kind: MadeKind
    of: str

    @property
    def commands(self) -> tuple[str, ...]:
        """The commands that make it."""
        if self.kind == "generate":
            return (f"generate {self.name} = {self.of}",)
        if self.kind == "mean":
            return (f"egen {self.name} = mean({self.of})", f"replace {self.name} = {self.of} - {self.name}")
        return (f"egen {self.name} = {self.kind}({self.of})",)

    def added(self, data: Dataset) -> Dataset:
        """The data with it; the same values as by the commands. Raises as expressions do."""
        if self.kind == "group":
            codes, _ = combined(data, self.of.split())
            values = np.where(codes < 0, np.nan, codes + 1.0)
            return data.with_column(self.name, values, Variable(self.name, measure=Measure.IDENTIFIER))
        from terrace.language.expressions.entry import evaluate

        found = np.asarray(evaluate(self.of, data), dtype=np.float64)
        if self.kind != "generate":
            found = found - np.nanmean(found)
        if self.kind == "std":
            found = found / np.nanstd(found, ddof=1)
        return data.with_column(self.name, found, Variable(self.name))

    def same_in(self, data: Dataset) -> bool:
        """Whether the variable is in the data already, with these values."""
        if data.is_text(self.name):
            return False
        there, found = data.numeric(self.name), self.added(data).numeric(self.name)
        return bool(np.allclose(there, found, rtol=1e-12, atol=0.0, equal_nan=True))


@dataclass(frozen=True, slots=True)
class Read:
    """A model that was read, with what has to be made for it and what its reader should know."""

    spec: ModelSpec
    made: tuple[Made, ...] = ()
    notes: tuple[str, ...] = field(default=())

    @property
    def commands(self) -> tuple[str, ...]:
        """The commands that do the same: those that make variables, then the model."""
        return (*(c for m in self.made for c in m.commands), format_mixed(self.spec))

    def data(self, data: Dataset) -> Dataset:
        """The data with the variables that the model needs."""
        for one in self.made:
            data = one.added(data)
        return data
