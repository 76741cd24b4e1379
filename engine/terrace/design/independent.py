"""Which columns of a matrix depend linearly on those before them, and how."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

FloatArray = npt.NDArray[np.float64]
TOLERANCE = 1e-10
_BLOCK = 1 << 16


def dependent_columns(x: FloatArray, first: FloatArray | None = None) -> set[int]:
    """Positions of the columns of x, shape (n, k), that depend on earlier ones and on the columns of `first`.

    Columns are brought to mean zero (where `first` holds a constant) and unit length before the test, so that
    neither the units nor the origin of a variable decide. The cross-products settle the clear cases; only
    where they come near to singular is the matrix itself factorised.
    """
    n, k = x.shape
    if k == 0:
        return set()
    mean = x.mean(axis=0) if first is not None else np.zeros(k)
    products, squares = _products((x,), mean)
    length = np.sqrt(np.diag(products))
    scale = np.sqrt(squares)
    gone = {j for j in range(k) if not length[j] > TOLERANCE * max(scale[j], 1e-300)}
    keep = [j for j in range(k) if j not in gone]
    if not keep:
        return gone
    gram = products[np.ix_(keep, keep)] / length[keep] / length[keep, None]
    try:
        if np.diag(np.linalg.cholesky(gram)).min() > 1e-3 and len(keep) <= n:
            return gone
    except np.linalg.LinAlgError:
        pass
    scaled = (x[:, keep] - mean[keep]) / length[keep]
    kept: list[int] = []
    basis = np.zeros((n, 0))
    for position, j in enumerate(keep):
        v = scaled[:, position]
        for _ in range(2):  # twice is enough (Giraud et al. 2005)
            v = v - basis @ (basis.T @ v)
        norm = float(np.linalg.norm(v))
        if norm < TOLERANCE ** 0.75 or len(kept) >= n:
            gone.add(j)
        else:
            kept.append(j)
            basis = np.column_stack([basis, v / norm])
    return gone


@dataclass(frozen=True)
class Dependence:
    """How q columns follow from p others: gone - level = (kept - centre) @ slopes, row by row of the data.

    ``slopes`` (p, q), ``centre`` (p,), ``level`` (q,). Where one of the p is a constant, ``constant`` is its position,
    its slopes and its centre are 0, and the others are taken about their means; without one, all means are 0.
    ``places`` (q,) are the positions of the columns in the list that they belong to.
    """

    slopes: FloatArray
    centre: FloatArray
    level: FloatArray
    places: npt.NDArray[np.int64]
    constant: int | None = None


def dependence(kept: FloatArray, gone: FloatArray, constant: bool) -> Dependence:
    """The dependence of the columns of `gone` (n, q) on those of `kept` (n, p), the last of which may be a constant."""
    p, q = kept.shape[1], gone.shape[1]
    own = p - constant
    both = (kept[:, :own], gone)
    mean = np.concatenate([x.mean(axis=0) for x in both]) if constant else np.zeros(own + q)
    products, squares = _products(both, mean)
    length = np.sqrt(np.diag(products))
    # what is left of a column that does not vary is rounding
    flat = ~(length > TOLERANCE * np.maximum(np.sqrt(squares), 1e-300))
    size = np.where(flat, 1.0, length)
    slopes = np.zeros((p, q))
    if own and q:
        gram = products / size / size[:, None]
        inner = gram[:own, :own]
        try:
            clear = bool(np.diag(np.linalg.cholesky(inner)).min() > 1e-3)
        except np.linalg.LinAlgError:
            clear = False
        if clear:
            scaled = np.linalg.solve(inner, gram[:own, own:])
        else:
            z = (np.column_stack(both) - mean) / size
            scaled = np.linalg.lstsq(z[:, :own], z[:, own:], rcond=None)[0]
        scaled[:, flat[own:]] = 0.0
        scaled[np.abs(scaled) < 1e-7] = 0.0  # columns are left out where they depend to about this
        slopes[:own] = scaled / size[:own, None] * size[own:]
    centre = np.append(mean[:own], 0.0) if constant else mean[:own]
    return Dependence(slopes, centre, mean[own:], np.arange(q), own if constant else None)


def _products(parts: Sequence[FloatArray], mean: FloatArray) -> tuple[FloatArray, FloatArray]:
    """(x - mean)'(x - mean), (k, k), and the squares of x summed by column, block by block: x is never copied.

    ``parts`` are the columns of x, side by side.
    """
    k = sum(x.shape[1] for x in parts)
    products, squares = np.zeros((k, k)), np.zeros(k)
    for first in range(0, len(parts[0]), _BLOCK):
        block = np.hstack([x[first : first + _BLOCK] for x in parts])
        squares += np.einsum("ij,ij->j", block, block)
        block = block - mean
        products += block.T @ block
    return products, squares
