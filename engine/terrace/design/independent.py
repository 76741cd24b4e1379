"""Which columns of a matrix depend linearly on those before them."""

from __future__ import annotations

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
    products, squares = _products(x, mean)
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


def _products(x: FloatArray, mean: FloatArray) -> tuple[FloatArray, FloatArray]:
    """(x - mean)'(x - mean), (k, k), and the squares of x summed by column, block by block: x is never copied."""
    k = x.shape[1]
    products, squares = np.zeros((k, k)), np.zeros(k)
    for first in range(0, len(x), _BLOCK):
        block = x[first : first + _BLOCK]
        squares += np.einsum("ij,ij->j", block, block)
        block = block - mean
        products += block.T @ block
    return products, squares
