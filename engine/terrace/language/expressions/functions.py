"""The functions of expressions, by name."""

from __future__ import annotations

import difflib
from functools import cache

from terrace.language.expressions import (
    dates as expr_dates,
)
from terrace.language.expressions import (
    distributions as expr_distributions,
)
from terrace.language.expressions import (
    mathematics as expr_math,
)
from terrace.language.expressions import (
    strings as expr_strings,
)
from terrace.language.expressions.table import Function


@cache
def functions() -> dict[str, Function]:
    """All functions; loaded on first use."""
    return {
        **expr_math.FUNCTIONS,
        **expr_distributions.FUNCTIONS,
        **expr_strings.FUNCTIONS,
        **expr_dates.FUNCTIONS,
    }


def suggestion(name: str) -> str:
    """A function of a similar name, as a question; empty where there is none."""
    close = difflib.get_close_matches(name, functions(), n=2)
    return "Did you mean " + " or ".join(f"{c}()" for c in close) + "?" if close else ""
