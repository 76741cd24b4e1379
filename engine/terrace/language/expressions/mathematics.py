"""Functions of numbers, choices between values, and random numbers.

What is not defined (``ln(-1)``) is missing. Missing counts as true and as larger than every number.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from terrace.language.expressions.table import Array, Surroundings, Table

FUNCTIONS = Table()


def equal(a: Array, b: Array) -> Array:
    """1 where the values are equal; missing equals missing."""
    same = a == b
    if a.dtype != object:
        same = same | (np.isnan(a) & np.isnan(b))
    return np.asarray(same, dtype=np.float64)


def less(a: Array, b: Array) -> Array:
    """1 where a < b; missing is larger than every number."""
    below = a < b
    if a.dtype != object:
        below = below | (~np.isnan(a) & np.isnan(b))
    return np.asarray(below, dtype=np.float64)


def is_missing(a: Array) -> Array:
    """Truth: NaN for numbers, the empty string for text."""
    return np.asarray(a == "", dtype=bool) if a.dtype == object else np.isnan(a)


def true(a: Array) -> Array:
    """Truth of numbers: everything but 0, missing included."""
    return np.asarray(a != 0)


def _mod(x: Array, y: Array) -> Array:
    return np.where(y > 0, x - y * np.floor(x / np.where(y > 0, y, 1.0)), np.nan)


def _round(x: Array, unit: Array | None = None) -> Array:
    """To the nearest whole number, or multiple of `unit`; halves go up."""
    if unit is None:
        return np.floor(x + 0.5)
    rounded = np.floor(x / unit + 0.5) * unit
    return np.where(unit == 0, x, rounded)


def _least(*values: Array) -> Array:
    return _fold(np.fmin, values)


def _greatest(*values: Array) -> Array:
    return _fold(np.fmax, values)


def _fold(step: Callable[[Array, Array], Array], values: tuple[Array, ...]) -> Array:
    out = values[0]
    for value in values[1:]:
        out = step(out, value)
    return np.asarray(out)


def _cond(test: Array, yes: Array, no: Array, unknown: Array | None = None) -> Array:
    out = np.where(true(test), yes, no)
    return out if unknown is None else np.where(np.isnan(test), unknown, out)


def _inlist(value: Array, *listed: Array) -> Array:
    out = equal(value, listed[0])
    for item in listed[1:]:
        out = np.maximum(out, equal(value, item))
    return out


def _inrange(value: Array, low: Array, high: Array) -> Array:
    """1 where low <= value <= high; a missing bound is no bound, a missing value is in no range."""
    if value.dtype == object:
        return np.asarray((value >= low) & (value <= high), dtype=np.float64)
    inside = (np.isnan(low) | (value >= low)) & (np.isnan(high) | (value <= high)) & ~np.isnan(value)
    return inside.astype(np.float64)


def _missing(*values: Array) -> Array:
    out = is_missing(values[0])
    for value in values[1:]:
        out = out | is_missing(value)
    return np.asarray(out, dtype=np.float64)


def _recode(value: Array, *bounds: Array) -> Array:
    """The first bound not below the value; the last where all are."""
    out = np.broadcast_to(bounds[-1], np.broadcast_shapes(value.shape, bounds[-1].shape)).copy()
    for bound in reversed(bounds[:-1]):
        out = np.where(value <= bound, bound, out)
    return np.where(np.isnan(value), np.nan, out)


def _irecode(value: Array, *bounds: Array) -> Array:
    """How many of the (rising) bounds the value exceeds."""
    out = np.zeros(np.broadcast_shapes(value.shape, *(b.shape for b in bounds)))
    for bound in bounds:
        out = out + (value > bound)
    return np.where(np.isnan(value), np.nan, out)


def _clip(value: Array, low: Array, high: Array) -> Array:
    clipped = np.fmin(np.fmax(value, low), high)
    return np.where(np.isnan(value), np.nan, clipped)


def _invlogit(x: Array) -> Array:
    return np.where(x >= 0, 1 / (1 + np.exp(-np.abs(x))), np.exp(-np.abs(x)) / (1 + np.exp(-np.abs(x))))


def _comb(n: Array, k: Array) -> Array:
    from scipy.special import comb

    ok = (n >= 0) & (k >= 0) & (k <= n) & (np.floor(n) == n) & (np.floor(k) == k)
    return np.where(ok, comb(np.where(ok, n, 0), np.where(ok, k, 0)), np.nan)


_add = FUNCTIONS.add
_add("abs", "n", np.abs)
_add("exp", "n", np.exp)
_add("expm1", "n", np.expm1)
_add("ln log", "n", np.log)
_add("log10", "n", np.log10)
_add("log2", "n", np.log2)
_add("ln1p log1p", "n", np.log1p)
_add("sqrt", "n", np.sqrt)
_add("int trunc", "n", np.trunc)
_add("floor", "n", np.floor)
_add("ceil", "n", np.ceil)
_add("round", "nN", _round)
_add("mod", "nn", _mod)
_add("sign", "n", np.sign)
_add("float", "n", lambda x: x.astype(np.float32).astype(np.float64))
_add("sin", "n", np.sin)
_add("cos", "n", np.cos)
_add("tan", "n", np.tan)
_add("asin", "n", np.arcsin)
_add("acos", "n", np.arccos)
_add("atan", "n", np.arctan)
_add("atan2", "nn", np.arctan2)
_add("sinh", "n", np.sinh)
_add("cosh", "n", np.cosh)
_add("tanh", "n", np.tanh)
_add("asinh", "n", np.arcsinh)
_add("acosh", "n", np.arccosh)
_add("atanh", "n", np.arctanh)
_add("logit", "n", lambda p: np.log(p / (1 - p)))
_add("invlogit", "n", _invlogit)
_add("cloglog", "n", lambda p: np.log(-np.log(1 - p)))
_add("invcloglog", "n", lambda x: -np.expm1(-np.exp(x)))
_add("comb", "nn", _comb)
_add("min", "n*", _least)
_add("max", "n*", _greatest)
_add("clip", "nnn", _clip)
_add("cond", "nxxX", _cond)
_add("inlist", "xx*", _inlist)
_add("inrange", "xxx", _inrange)
_add("missing mi", "a*", _missing)
_add("recode", "nn*", _recode)
_add("irecode", "nn*", _irecode)
_add("sum", "n", lambda x, around: around.running_sum(x), needs=True)


# --- random numbers: one draw a row ------------------------------------------------------------------------


def _size(around: Surroundings, *parameters: Array) -> tuple[int, ...]:
    return np.broadcast_shapes(around.shape, *(p.shape for p in parameters))


def _runiform(*given: Any) -> Array:
    *bounds, around = given
    low, high = bounds if len(bounds) == 2 else (np.array(0.0), bounds[0] if bounds else np.array(1.0))
    draws: Array = low + (high - low) * around.rng.random(_size(around, low, high))
    return draws


def _runiformint(low: Array, high: Array, around: Surroundings) -> Array:
    draws = around.rng.random(_size(around, low, high))
    return np.where(high >= low, np.floor(low) + np.floor(draws * (np.floor(high) - np.floor(low) + 1)), np.nan)


def _rnormal(*given: Any) -> Array:
    *parameters, around = given
    mean = parameters[0] if parameters else np.array(0.0)
    sd = parameters[1] if len(parameters) == 2 else np.array(1.0)
    return np.where(sd >= 0, mean + sd * around.rng.standard_normal(_size(around, mean, sd)), np.nan)


def _rbinomial(n: Array, p: Array, around: Surroundings) -> Array:
    ok = (n >= 0) & (p >= 0) & (p <= 1)
    size = _size(around, n, p)
    draws = around.rng.binomial(np.where(ok, n, 0).astype(np.int64), np.where(ok, p, 0), size)
    return np.where(ok, draws, np.nan)


def _rpoisson(mean: Array, around: Surroundings) -> Array:
    ok = (mean >= 0) & (mean < 1e18)
    return np.where(ok, around.rng.poisson(np.where(ok, mean, 0), _size(around, mean)), np.nan)


def _rchi2(df: Array, around: Surroundings) -> Array:
    return np.where(df > 0, around.rng.chisquare(np.where(df > 0, df, 1), _size(around, df)), np.nan)


def _rt(df: Array, around: Surroundings) -> Array:
    return np.where(df > 0, around.rng.standard_t(np.where(df > 0, df, 1), _size(around, df)), np.nan)


_add("runiform uniform", "NN", _runiform, needs=True)
_add("runiformint", "nn", _runiformint, needs=True)
_add("rnormal", "NN", _rnormal, needs=True)
_add("rbinomial", "nn", _rbinomial, needs=True)
_add("rpoisson", "n", _rpoisson, needs=True)
_add("rchi2", "n", _rchi2, needs=True)
_add("rt", "n", _rt, needs=True)
