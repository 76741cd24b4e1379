"""What an expression may refer to besides the data."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from terrace.language.expressions.tree import Call

FloatArray = npt.NDArray[np.float64]
MatrixNames = tuple[tuple[str, ...], tuple[str, ...]]


@dataclass(frozen=True)
class EvalContext:
    """Stored results, scalars and matrices, and the source of random numbers.

    ``e_scalars`` and ``e_matrices`` (with ``e_names``: row and column names) are those of the last fit,
    ``e_macros`` its strings, ``e_sample`` marks its rows, shape (n,); ``r_...`` are those of the last command.
    A scalar may be a string. ``b`` and ``se`` map a coefficient's name (``1.sector#c.ses``, ``_cons``,
    ``lns1_1_1:_cons``) to its value; ``equation`` may stand before those of the fixed part. ``system`` has the
    values of ``c()``. ``rng`` None means random
    numbers that cannot be repeated. ``match`` is a call of regexm() that stood in the command before the expression,
    for regexs().
    """

    e_scalars: Mapping[str, float | int | None] = field(default_factory=dict)
    e_macros: Mapping[str, str] = field(default_factory=dict)
    e_matrices: Mapping[str, FloatArray] = field(default_factory=dict)
    e_names: Mapping[str, MatrixNames] = field(default_factory=dict)
    e_sample: npt.NDArray[np.bool_] | None = None
    r_scalars: Mapping[str, float | int | None] = field(default_factory=dict)
    r_macros: Mapping[str, str] = field(default_factory=dict)
    r_matrices: Mapping[str, FloatArray] = field(default_factory=dict)
    r_names: Mapping[str, MatrixNames] = field(default_factory=dict)
    scalars: Mapping[str, float | str] = field(default_factory=dict)
    matrices: Mapping[str, FloatArray] = field(default_factory=dict)
    matrix_names: Mapping[str, MatrixNames] = field(default_factory=dict)
    b: Mapping[str, float | None] = field(default_factory=dict)
    se: Mapping[str, float | None] = field(default_factory=dict)
    equation: str = ""
    system: Mapping[str, float | str] = field(default_factory=dict)
    rng: np.random.Generator | None = None
    match: Call | None = None
