"""What a function of expressions is, and tables of them.

A function gets arrays, float64 or object (text), of shape () or (n,), and gives one such array; text is never
missing but empty. Infinite results become missing in the evaluator. Each subject registers its functions in
its own file: `expr_math`, `expr_distributions`, `expr_strings`, `expr_dates`.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

Array = npt.NDArray[Any]


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What a few functions need besides their arguments."""

    shape: tuple[int, ...]
    running_sum: Callable[[Array], Array]
    rng: np.random.Generator


@dataclass(frozen=True, slots=True)
class Function:
    """One function.

    ``kinds`` has a letter for each argument: ``n`` number, ``s`` text, ``a`` any, ``x`` any, but all of the
    ``x`` alike; capitals are optional arguments; a final ``*`` repeats the last letter any number of times.
    """

    name: str
    kinds: str
    evaluate: Callable[..., Array]
    needs_surroundings: bool = False

    @property
    def least(self) -> int:
        """The smallest number of arguments."""
        return sum(k.islower() for k in self.kinds)

    @property
    def most(self) -> int | None:
        """The largest number of arguments; None for any number."""
        return None if self.kinds.endswith("*") else len(self.kinds)

    def kind(self, i: int) -> str:
        """The lower-case letter for argument `i`."""
        letters = self.kinds.rstrip("*")
        return letters[min(i, len(letters) - 1)].lower()

    @property
    def form(self) -> str:
        """How many arguments it takes, in words."""
        if self.most is None:
            return f"at least {self.least} argument" + "s" * (self.least != 1)
        if self.least == self.most:
            return {0: "no argument", 1: "one argument"}.get(self.least, f"{self.least} arguments")
        return f"{self.least} to {self.most} arguments"


class Table(dict[str, Function]):
    """Functions of one subject, being registered."""

    def add(self, names: str, kinds: str, evaluate: Callable[..., Array], *, needs: bool = False) -> None:
        """Register a function under each of the names (separated by blanks)."""
        for name in names.split():
            self[name] = Function(name, kinds, evaluate, needs)


def elementwise(function: Callable[..., Any], *, number: bool) -> Callable[..., Array]:
    """A function of single values, applied to arrays; each distinct combination is worked out once."""

    def call(*arguments: Array) -> Array:
        shape = np.broadcast_shapes(*(a.shape for a in arguments))
        known: dict[tuple[Any, ...], Any] = {}

        def value(*single: Any) -> Any:
            found = known.get(single)
            if found is None:
                found = known[single] = function(*single)
            return found

        many = [i for i, a in enumerate(arguments) if a.shape]
        if len(many) == 1 and arguments[many[0]].dtype == object:
            # One column of text: codes and distinct texts, which pandas finds faster than a dictionary.
            codes, distinct = pd.factorize(arguments[many[0]])
            single = [a.item() if not a.shape else None for a in arguments]
            results = np.empty(len(distinct), dtype=np.float64 if number else object)
            for k, text in enumerate(distinct):
                single[many[0]] = text
                results[k] = function(*single)
            return results[codes]

        columns = [np.broadcast_to(a, shape).ravel().tolist() for a in arguments]
        out = np.empty(math.prod(shape), dtype=np.float64 if number else object)
        out[:] = [value(*row) for row in zip(*columns, strict=True)]
        return out.reshape(shape)

    return call
