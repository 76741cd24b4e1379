"""Distribution functions and the special functions beside them, from SciPy.

A ``tail`` is the upper probability, an ``inv`` the quantile. Degrees of freedom come first, as in Stata.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from terrace.language.expressions.table import Array, Table

FUNCTIONS = Table()


def _special(name: str) -> Callable[..., Array]:
    """A function of scipy.special, imported when it is called."""

    def call(*arguments: Array) -> Array:
        import scipy.special

        return np.asarray(getattr(scipy.special, name)(*arguments), dtype=np.float64)

    return call


_ndtr, _ndtri, _log_ndtr = _special("ndtr"), _special("ndtri"), _special("log_ndtr")
_chdtr, _chdtrc, _chdtri = _special("chdtr"), _special("chdtrc"), _special("chdtri")
_fdtr, _fdtrc = _special("fdtr"), _special("fdtrc")
_stdtr, _stdtrit = _special("stdtr"), _special("stdtrit")
_gammaincinv, _betaincinv, _betaincc = _special("gammaincinv"), _special("betaincinv"), _special("betaincc")
_bdtr, _bdtrc, _pdtr, _pdtrc = _special("bdtr"), _special("bdtrc"), _special("pdtr"), _special("pdtrc")


def _where(ok: Array, value: Array) -> Array:
    return np.where(ok, value, np.nan)


def _probability(p: Array) -> Array:
    return (p >= 0) & (p <= 1)


def _normalden(x: Array, *given: Array) -> Array:
    mean = given[0] if len(given) == 2 else np.array(0.0)
    sd = given[-1] if given else np.array(1.0)
    z = (x - mean) / sd
    return _where(sd > 0, np.exp(-0.5 * z * z) / (sd * np.sqrt(2 * np.pi)))


def _chi2(df: Array, x: Array) -> Array:
    return _where(df > 0, np.where(x <= 0, 0.0, _chdtr(df, np.maximum(x, 0))) + 0 * x)


def _chi2tail(df: Array, x: Array) -> Array:
    return _where(df > 0, np.where(x <= 0, 1.0, _chdtrc(df, np.maximum(x, 0))) + 0 * x)


def _invchi2(df: Array, p: Array) -> Array:
    return _where((df > 0) & _probability(p), 2 * _gammaincinv(df / 2, p))


def _invchi2tail(df: Array, p: Array) -> Array:
    return _where((df > 0) & _probability(p), _chdtri(df, p))


def _f(df1: Array, df2: Array, x: Array) -> Array:
    return _where((df1 > 0) & (df2 > 0), _fdtr(df1, df2, np.maximum(x, 0)))


def _ftail(df1: Array, df2: Array, x: Array) -> Array:
    return _where((df1 > 0) & (df2 > 0), _fdtrc(df1, df2, np.maximum(x, 0)))


def _invf(df1: Array, df2: Array, p: Array) -> Array:
    """By the beta quantile: F = (d2/d1) B/(1 − B) with B ~ Beta(d1/2, d2/2)."""
    b = _betaincinv(df1 / 2, df2 / 2, p)
    return _where((df1 > 0) & (df2 > 0) & _probability(p), df2 * b / (df1 * (1 - b)))


def _invftail(df1: Array, df2: Array, p: Array) -> Array:
    b = _betaincinv(df2 / 2, df1 / 2, p)  # of 1 − B, which keeps small tails exact
    return _where((df1 > 0) & (df2 > 0) & _probability(p), df2 * (1 - b) / (df1 * b))


def _t(df: Array, x: Array) -> Array:
    return _where(df > 0, _stdtr(df, x))


def _ttail(df: Array, x: Array) -> Array:
    return _where(df > 0, _stdtr(df, -x))


def _tden(df: Array, x: Array) -> Array:
    lgamma = _special("gammaln")
    log = lgamma((df + 1) / 2) - lgamma(df / 2) - 0.5 * np.log(df * np.pi)
    return _where(df > 0, np.exp(log - (df + 1) / 2 * np.log1p(x * x / df)))


def _whole(n: Array) -> Array:
    return np.where(n >= 0, n, 0).astype(np.int64)


def _binomial(n: Array, k: Array, p: Array) -> Array:
    ok = (n >= 0) & _probability(p)
    k = np.floor(k)
    below = np.where(k >= n, 1.0, _bdtr(np.clip(k, 0, None), _whole(n), p))
    return _where(ok & ~np.isnan(k), np.where(k < 0, 0.0, below))


def _binomialtail(n: Array, k: Array, p: Array) -> Array:
    """The probability of k or more."""
    ok = (n >= 0) & _probability(p)
    k = np.floor(k)
    above = np.where(k > n, 0.0, _bdtrc(np.clip(k - 1, 0, None), _whole(n), p))
    return _where(ok & ~np.isnan(k), np.where(k <= 0, 1.0, above))


def _poisson(mean: Array, k: Array) -> Array:
    return _where(mean >= 0, np.where(k < 0, 0.0, _pdtr(np.floor(np.maximum(k, 0)), mean)) + 0 * k)


def _poissontail(mean: Array, k: Array) -> Array:
    k = np.floor(k)
    return _where(mean >= 0, np.where(k <= 0, 1.0, _pdtrc(np.maximum(k - 1, 0), mean)) + 0 * k)


def _ibeta(a: Array, b: Array, x: Array) -> Array:
    inside = _special("betainc")(a, b, np.clip(x, 0, 1))
    return _where((a > 0) & (b > 0), inside)


_add = FUNCTIONS.add
_add("normal", "n", _ndtr)
_add("normalden", "nNN", _normalden)
_add("lnnormal", "n", _log_ndtr)
_add("invnormal", "n", lambda p: _where(_probability(p), _ndtri(p)))
_add("chi2", "nn", _chi2)
_add("chi2tail", "nn", _chi2tail)
_add("invchi2", "nn", _invchi2)
_add("invchi2tail", "nn", _invchi2tail)
_add("F", "nnn", _f)
_add("Ftail", "nnn", _ftail)
_add("invF", "nnn", _invf)
_add("invFtail", "nnn", _invftail)
_add("t", "nn", _t)
_add("ttail", "nn", _ttail)
_add("tden", "nn", _tden)
_add("invt", "nn", lambda df, p: _where((df > 0) & _probability(p), _stdtrit(df, p)))
_add("invttail", "nn", lambda df, p: _where((df > 0) & _probability(p), -_stdtrit(df, p)))
_add("binomial", "nnn", _binomial)
_add("binomialtail", "nnn", _binomialtail)
_add("poisson", "nn", _poisson)
_add("poissontail", "nn", _poissontail)
_add("lngamma", "n", lambda x: _where(x > 0, _special("gammaln")(x)))
_add("lnfactorial", "n", lambda x: _where((x >= 0) & (x == np.floor(x)), _special("gammaln")(x + 1)))
_add("digamma", "n", _special("digamma"))
_add("trigamma", "n", lambda x: _special("polygamma")(np.array(1), x))
_add("gammap", "nn", lambda a, x: _where(a > 0, _special("gammainc")(a, np.maximum(x, 0))))
_add("gammaptail", "nn", lambda a, x: _where(a > 0, _special("gammaincc")(a, np.maximum(x, 0))))
_add("ibeta", "nnn", _ibeta)
_add("ibetatail", "nnn", lambda a, b, x: _where((a > 0) & (b > 0), _betaincc(a, b, np.clip(x, 0, 1))))
