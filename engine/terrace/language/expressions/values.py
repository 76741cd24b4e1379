"""Values of expressions: what they are, and how operators combine them."""

from __future__ import annotations

import numpy as np

from terrace.data.digits import EXACT, begins_with_zero, too_long
from terrace.language.expressions import mathematics as expr_math
from terrace.language.expressions.table import Array
from terrace.language.expressions.tree import Node, Number, Unary
from terrace.language.grammar.macros import LONGEST_TEXT
from terrace.language.grammar.numlist import literal


def joined(left: Array, right: Array) -> Array:
    """Text joined to text. Raises `ValueError` where a constant would become too long."""
    if not left.shape and not right.shape and len(left.item()) + len(right.item()) > LONGEST_TEXT:
        raise ValueError(f"A text has at most {LONGEST_TEXT:,} characters.")
    return np.asarray(left + right, dtype=object)


def is_text(value: Array) -> bool:
    """True for text, false for numbers."""
    return value.dtype == object


def text(value: str) -> Array:
    """One text as a value, shape ()."""
    out = np.empty((), dtype=object)
    out[()] = value
    return out


def literal_digits(node: Node) -> str:
    """The digits of a literal whole number that no number holds, as in ``id == 12345678901234567`` or ``id == 007``.

    Where such a literal meets text it stands for these digits. Empty for anything else.
    """
    sign = ""
    if isinstance(node, Unary) and node.operator == "-":
        sign, node = "-", node.operand
    digits = str(node.piece).strip() if isinstance(node, Number) else ""
    return sign + digits if digits.isdigit() and (begins_with_zero(digits) or too_long(digits)) else ""


def exact_number(node: Number) -> float:
    """The value of a literal. `CommandError` for a whole number that double precision would change."""
    digits = str(node.piece).strip()
    return literal(digits, node.piece) if abs(node.value) > EXACT and digits.isdigit() else node.value


def scalar(value: float | str | None) -> Array:
    """One number or text as a value, shape (); None is missing."""
    return text(value) if isinstance(value, str) else np.asarray(np.nan if value is None else float(value))


def finite(values: Array) -> Array:
    """The values with infinite ones, which no result is, as missing."""
    values = np.asarray(values)
    if values.dtype == object:
        return values
    if values.dtype != np.float64:
        values = values.astype(np.float64)
    infinite = np.isinf(values)
    return np.where(infinite, np.nan, values) if infinite.any() else values


def compare(operator: str, left: Array, right: Array) -> Array:
    """1 or 0 by a comparison; missing is equal to missing and larger than every number."""
    if operator == "==":
        return expr_math.equal(left, right)
    if operator == "!=":
        return 1 - expr_math.equal(left, right)
    if operator == "<":
        return expr_math.less(left, right)
    if operator == ">":
        return expr_math.less(right, left)
    if operator == "<=":
        return 1 - expr_math.less(right, left)
    return 1 - expr_math.less(left, right)


def power(base: Array, exponent: Array) -> Array:
    """``base^exponent``, missing where it is not a real number."""
    out = np.power(base, exponent)
    unknown = np.isnan(base) | np.isnan(exponent)  # NumPy says 1 for 1^NaN and NaN^0
    return finite(np.where(unknown, np.nan, out))
