"""The structures that there are, by the names that they have in commands: one line each."""

from __future__ import annotations

from collections.abc import Mapping

from terrace.covariance.contract import RandomStructure, ResidualStructure
from terrace.covariance.random.exchangeable import Exchangeable
from terrace.covariance.random.identity import Identity
from terrace.covariance.random.independent import Independent
from terrace.covariance.random.unstructured import Unstructured
from terrace.covariance.residual.ar import Ar
from terrace.covariance.residual.banded import Banded
from terrace.covariance.residual.exchangeable import Exchangeable as ExchangeableResiduals
from terrace.covariance.residual.exponential import Exponential
from terrace.covariance.residual.independent import Independent as IndependentResiduals
from terrace.covariance.residual.ma import Ma
from terrace.covariance.residual.toeplitz import Toeplitz
from terrace.covariance.residual.unstructured import Unstructured as UnstructuredResiduals

STRUCTURES: dict[str, type[RandomStructure]] = {
    cls.key: cls
    for cls in (
        Independent,
        Identity,
        Exchangeable,
        Unstructured,
    )
}

RESIDUALS: dict[str, type[ResidualStructure]] = {
    cls.key: cls
    for cls in (
        IndependentResiduals,
        ExchangeableResiduals,
        Ar,
        Ma,
        UnstructuredResiduals,
        Banded,
        Toeplitz,
        Exponential,
    )
}


def spellings(structures: Mapping[str, type[RandomStructure] | type[ResidualStructure]]) -> str:
    """Their names with the shortest abbreviation before a colon, ``un:structured``, as rules of options have them."""
    return " ".join(f"{c.short}:{key.removeprefix(c.short)}" if c.short else key for key, c in structures.items())


def random_structure(key: str, size: int) -> RandomStructure:
    """The structure of that name for `size` random effects; one effect alone is always `Identity`."""
    return Identity(size) if size == 1 else STRUCTURES[key](size)
